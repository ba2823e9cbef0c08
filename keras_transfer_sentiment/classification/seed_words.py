"""Seed words: words of known polarity that stand in for labelled texts."""

import warnings
from collections.abc import Iterable, Mapping

import numpy as np

from keras_transfer_sentiment.checks import check_choice, short
from keras_transfer_sentiment.classification.labelled import Examples
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text.languages import languages, word_lists

POLARITIES = ("positive", "negative")
WEIGHT = 15.0  # what a seed word counts, in labelled texts


def seed_word_lists(seed_words, language: str | None) -> dict[str, list[str]] | None:
    """Returns seed words as a dict of two lists, or None for none (Turney and Littman 2003).

    Args:
        seed_words: `"auto"` (the list of `language`, if it has one), `"english"`, `"chinese"`, None, or a mapping
            with the keys `"positive"` and `"negative"`, each a collection of str.
        language: the encoder's.

    Raises:
        ValueError: an unknown name, other keys, or no words on one side.
        TypeError: something else, or words that are not str.

    Examples:
        >>> seed_word_lists("auto", "english")["positive"][:3]
        ['excellent', 'wonderful', 'great']
        >>> seed_word_lists({"positive": ["fresh"], "negative": ["stale"]}, "english")
        {'positive': ['fresh'], 'negative': ['stale']}
    """
    if seed_words == "auto":
        seed_words = language
    if seed_words is None:
        return None
    if isinstance(seed_words, str):
        check_choice(seed_words, "seed_words", ("auto", *languages(), None))
        return {polarity: list(word_lists(seed_words)["seed_words"][polarity]) for polarity in POLARITIES}
    if not isinstance(seed_words, Mapping):
        raise TypeError(
            "`seed_words` must be 'auto', the name of a language, None or a dict of two lists. Received "
            f"{short(seed_words)} of type {type(seed_words).__name__}. "
            "Pass `{'positive': [...], 'negative': [...]}`."
        )
    if set(seed_words) != set(POLARITIES):
        raise ValueError(
            "`seed_words` must have the keys 'positive' and 'negative'. Received "
            f"{short(sorted(map(str, seed_words)))}. Pass `{{'positive': [...], 'negative': [...]}}`."
        )
    lists = {}
    for polarity in POLARITIES:
        words = seed_words[polarity]
        if isinstance(words, Iterable) and not isinstance(words, str):
            words = list(words)
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise TypeError(
                f"`seed_words[{polarity!r}]` must be a list of str. Received {short(words)} of type "
                f"{type(words).__name__}. Pass a list, such as ['fine', 'fresh']."
            )
        lists[polarity] = words
        if not words:
            raise ValueError(
                f"`seed_words[{polarity!r}]` is empty. Pass at least one word a side, or `seed_words=None`."
            )
    return lists


def check_known(lists: Mapping, encoder: TextEncoder) -> None:
    """Warns of the seed words that are not in the encoder's vocabulary.

    Args:
        lists: what `seed_word_lists` returned.
        encoder: an adapted encoder.

    Raises:
        ValueError: none is, or none of one side.
    """
    words = [word for polarity in POLARITIES for word in lists[polarity]]
    known = encoder.encode(words).lengths > 0
    per_side = np.split(known, [len(lists[POLARITIES[0]])])
    unknown = [word for word, is_known in zip(words, known, strict=True) if not is_known]
    if not known.any():
        raise ValueError(
            f"None of the {len(words)} seed words is in the vocabulary of {encoder.size - 1} words: {short(unknown)}. "
            "Pass `seed_words={'positive': [...], 'negative': [...]}` with words of your texts, or "
            "`seed_words=None`."
        )
    for polarity, side in zip(POLARITIES, per_side, strict=True):
        if not side.any():
            raise ValueError(
                f"None of the {polarity} seed words is in the vocabulary of {encoder.size - 1} words: "
                f"{short(lists[polarity])}. Seed words of one side only would tell the classifier nothing else: pass "
                "words of your texts for both sides, or `seed_words=None`."
            )
    if unknown:
        warnings.warn(
            f"{len(unknown)} of {len(words)} seed words are not in the vocabulary and do nothing: "
            f"{', '.join(unknown[:8])}{', ...' if len(unknown) > 8 else ''}.",
            stacklevel=4,
        )


def seed_examples(lists: Mapping, encoder: TextEncoder) -> Examples:
    """Returns the seed words in the vocabulary as labelled texts of one word, each of weight `WEIGHT`.

    Args:
        lists: what `seed_word_lists` returned.
        encoder: an adapted encoder.
    """
    texts = encoder.encode([word for polarity in POLARITIES for word in lists[polarity]])
    labels = np.repeat(np.array([1, 0], "float32"), [len(lists[polarity]) for polarity in POLARITIES])[:, None]
    examples = Examples(texts, labels, np.full(len(labels), WEIGHT, "float32"))
    return examples.take(np.flatnonzero(texts.lengths))
