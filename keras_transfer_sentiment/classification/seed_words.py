"""Seed words: words of known class that stand in for labelled texts."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from keras_transfer_sentiment.checks import check_choice, is_collection, short, warn_caller
from keras_transfer_sentiment.classification.labelled import Examples
from keras_transfer_sentiment.classification.labels import BINARY, ClassLabels, Label
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text.languages import languages, word_lists

POLARITIES = ("negative", "positive")
WEIGHT = 15.0  # what a seed word counts, in labelled texts

_EXAMPLE = "{'positive': [...], 'negative': [...]}"


class SeedWords(NamedTuple):
    """Lists of seed words by key: a class, or "negative" and "positive" for the two ends of a scale.

    `are_guessed` says that nobody asked for them: they come with the language of the encoder.
    """

    lists: dict[Label, list[str]]
    are_guessed: bool = False

    @classmethod
    def read(cls, seed_words, language: str | None) -> "SeedWords | None":
        """Returns seed words, or None for none (Turney and Littman 2003).

        Args:
            seed_words: `"auto"` (the lists of `language`, if it has some), `"english"`, `"chinese"`, None, or a
                mapping from classes, or from `"positive"` and `"negative"`, to collections of str.
            language: the encoder's.

        Raises:
            ValueError: an unknown name, fewer than two keys, or a key without words.
            TypeError: something else, keys that are no labels, or words that are not str.

        Examples:
            >>> SeedWords.read("auto", "english").lists["positive"][:3]
            ['excellent', 'wonderful', 'great']
            >>> SeedWords.read({"fresh": ["crisp"], "stale": ["old", "limp"]}, "english").lists
            {'fresh': ['crisp'], 'stale': ['old', 'limp']}
        """
        is_auto = isinstance(seed_words, str) and seed_words == "auto"
        if is_auto:
            seed_words = language
        if seed_words is None:
            return None
        if isinstance(seed_words, str):
            check_choice(seed_words, "seed_words", ("auto", *languages(), None))
            shipped = word_lists(seed_words)["seed_words"]
            return cls({polarity: list(shipped[polarity]) for polarity in reversed(POLARITIES)}, is_auto)
        if not isinstance(seed_words, Mapping):
            raise TypeError(
                "`seed_words` must be 'auto', the name of a language, None or a dict of lists. Received "
                f"{short(seed_words)} of type {type(seed_words).__name__}. Pass `{_EXAMPLE}`."
            )
        if len(seed_words) < 2:
            raise ValueError(
                f"`seed_words` must have a list for two classes or more. Received the keys {short(list(seed_words))}. "
                f"Pass `{_EXAMPLE}`, or the classes themselves as keys."
            )
        return cls({_check_key(key): _check_words(key, words) for key, words in seed_words.items()})

    def by_class(self, labels: ClassLabels) -> dict[int, list[str]] | None:
        """Returns the lists by class number, or None, with a warning, where guessed lists do not fit the classes.

        Keys that are classes go to them; the keys "negative" and "positive" go to the two ends of a known scale.

        Raises:
            ValueError: a key that is neither.
        """
        ends = labels.scale_ends
        found: dict[int, list[str]] = {}
        for key, words in self.lists.items():
            if key in labels:
                number = labels.number(key)
            elif ends is not None and key in POLARITIES:
                number = ends[POLARITIES.index(str(key))]
            elif self.are_guessed:
                warn_caller(
                    f"The classes {short(list(labels.classes), 90)} are no known scale from negative to positive, so "
                    "the seed words of the language are left out. Pass your own by class, such as "
                    f"`seed_words={{{labels.classes[0]!r}: [...], ...}}`, or `seed_words=None`."
                )
                return None
            else:
                raise ValueError(
                    f"`seed_words` has the key {short(key)}, which is none of the classes "
                    f"{short(list(labels.classes), 90)} nor the end of a known scale. Pass "
                    f"`seed_words={{{labels.classes[0]!r}: [...], {labels.classes[1]!r}: [...]}}`, or None."
                )
            found[number] = [*found.get(number, []), *words]
        if len(found) < 2:
            raise ValueError(
                f"`seed_words` has words of one class only: all keys, {short(list(self.lists))}, stand for "
                f"{labels.classes[next(iter(found))]!r}. Give another class words too, or pass `seed_words=None`."
            )
        return found

    def classes(self) -> ClassLabels:
        """Returns the classes that the keys stand for: 0 and 1 for "negative" and "positive", else the sorted keys."""
        if set(self.lists) == set(POLARITIES):
            return BINARY
        return ClassLabels(sorted(self.lists, key=lambda key: (isinstance(key, str), key)))

    def check_known(self, encoder: TextEncoder) -> None:
        """Warns of the seed words that are not in the encoder's vocabulary.

        Args:
            encoder: an adapted encoder.

        Raises:
            ValueError: none is, or none of one key.
        """
        words = [word for side in self.lists.values() for word in side]
        known = encoder.encode(words).lengths > 0
        unknown = [word for word, is_known in zip(words, known, strict=True) if not is_known]
        if not known.any():
            raise ValueError(
                f"None of the {len(words)} seed words is in the vocabulary of {encoder.size - 1} words: "
                f"{short(unknown)}. Pass `seed_words={_EXAMPLE}` with words of your texts, or `seed_words=None`."
            )
        ends = np.cumsum([len(side) for side in self.lists.values()])[:-1]
        for (key, side), is_known in zip(self.lists.items(), np.split(known, ends), strict=True):
            if not is_known.any():
                raise ValueError(
                    f"None of the {short(key).strip(chr(39))} seed words is in the vocabulary of {encoder.size - 1} "
                    f"words: {short(side)}. Without them the others tell nothing apart: pass words of your texts for "
                    "every key, or `seed_words=None`."
                )
        if unknown:
            warn_caller(
                f"{len(unknown)} of {len(words)} seed words are not in the vocabulary and do nothing: "
                f"{', '.join(unknown[:8])}{', ...' if len(unknown) > 8 else ''}."
            )


def seed_examples(lists: Mapping[int, list[str]], classes: int, encoder: TextEncoder) -> Examples:
    """Returns the seed words in the vocabulary as labelled texts of one word, each of weight `WEIGHT`.

    Where a class has no seed words, the others' say nothing about it: their class numbers are raised by `classes`,
    and `objective.SeedObjective` leaves the class out of account.

    Args:
        lists: words by class number.
        classes: number of classes.
        encoder: an adapted encoder.
    """
    ordered = sorted(lists.items(), reverse=True)
    texts = encoder.encode([word for _, words in ordered for word in words])
    raised = classes if len(lists) < classes else 0
    labels = np.concatenate([np.full((len(words), 1), number + raised, "float32") for number, words in ordered])
    examples = Examples(texts, labels, np.full(len(labels), WEIGHT, "float32"))
    return examples.take(np.flatnonzero(texts.lengths))


def add_seed_words(
    examples: Examples | None, seeds: Mapping[int, list[str]] | None, labels: ClassLabels, encoder: TextEncoder
) -> Examples:
    """Returns the examples of a `fit` with the seed words after them.

    Args:
        examples: labelled texts, or None for the seed words alone.
        seeds: words by class number, or None.
        labels: the classes.
        encoder: an adapted encoder.

    Raises:
        ValueError: neither texts nor seed words, or no texts and a class without seed words.
    """
    if examples is None and seeds is None:
        raise ValueError(
            "`fit` received no texts and this classifier has no seed words. Pass texts and labels, or "
            "`seed_words='english'` when you make it."
        )
    if seeds is None:
        return examples  # type: ignore[return-value]
    if examples is None and len(seeds) < len(labels):
        bare = next(label for number, label in enumerate(labels.classes) if number not in seeds)
        raise ValueError(
            f"`fit` without texts needs seed words of every class. The class {short(bare)} has none. Pass texts and "
            f"labels, or make the classifier with `seed_words={{{bare!r}: [...], ...}}`."
        )
    made = seed_examples(seeds, len(labels), encoder)
    return made if examples is None else examples.joined(made)


def _check_key(key):
    key = key.item() if isinstance(key, np.generic) else key
    if not isinstance(key, (str, int)):
        raise TypeError(
            f"`seed_words` must have classes (str, int or bool) as keys. Received {short(key)} of type "
            f"{type(key).__name__}. Pass `{_EXAMPLE}`, or the classes themselves as keys."
        )
    return key


def _check_words(key, words):
    if is_collection(words) or isinstance(words, Mapping):
        words = list(words)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise TypeError(
            f"`seed_words[{key!r}]` must be a list of str. Received {short(words)} of type "
            f"{type(words).__name__}. Pass a list, such as ['fine', 'fresh']."
        )
    if not words:
        raise ValueError(f"`seed_words[{key!r}]` is empty. Pass at least one word per key, or `seed_words=None`.")
    return words
