"""From text to word ids: the encoder, its settings and its vocabulary."""

import collections
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from keras_transfer_sentiment.checks import check_count, check_flag, short
from keras_transfer_sentiment.text.batches import BATCH_TEXTS, check_any, check_stream, check_texts
from keras_transfer_sentiment.text.codes import WordCounter
from keras_transfer_sentiment.text.encoded import CodedTexts, EncodedTexts
from keras_transfer_sentiment.text.languages import (
    check_language,
    check_stop_words,
    find_stop_words,
    languages,
    word_lists,
)
from keras_transfer_sentiment.text.phrases import check_threshold, join_words
from keras_transfer_sentiment.text.tokenizers import Tokenizer, load_stemmer
from keras_transfer_sentiment.text.vocabulary import VocabularyRules, WordCounts, check_counts
from keras_transfer_sentiment.text.word_ids import WordIds


class TextEncoder(WordIds):
    """Turns texts into word ids: a tokeniser, stop words and a vocabulary.

    The vocabulary is learned by `adapt` and widened by `grow`. Id 0 is padding. Stop words and words outside the
    vocabulary are dropped from the encoded text; words outside the vocabulary are counted (`EncodedTexts.coverage`).

    The shipped stop words leave out what other lists delete and sentiment needs: negators (*not*, *never*, *n't*),
    intensifiers (*very*, *too*, *most*) and contrast words (*but*, *although*).

    Args:
        language: `"english"`, `"chinese"` or None. Picks the stop words and, for a classifier, the seed words; None
            has neither.
        tokenizer: `"words"` (see `split_words`), NLTK's `"tweet"` (Twitter text: keeps emoticons, cuts `sooooo` to
            `sooo`) or `"treebank"` (Penn Treebank), or a callable from str to list of str.
        lowercase: bool. Whether texts are lower-cased first.
        stop_words: `"auto"` (those of `language`), `"english"`, `"chinese"`, None, or a collection of str.
        stem: bool. Whether words are reduced to their stems by NLTK's Snowball stemmer of `language`.
        mark_negation: bool. Whether words between a negator and the end of its clause get the suffix `_NEG`, by
            NLTK's `mark_negation` (Pang, Lee and Vaithyanathan 2002).
        min_count: int or `"auto"`. Rarer words stay out of the vocabulary. `"auto"` is 1 below 20,000 words of
            text, 2 below a million, 5 from there on.
        max_vocabulary: int or None. The largest number of words in the vocabulary: the most frequent ones.
        phrases: bool or float. Whether `adapt` finds pairs of words that belong together, by their normalised
            pointwise mutual information (Bouma 2009), and makes each one word: `waste of` becomes `waste_of`. A float
            from 0 to 1 is the lowest NPMI of words that are joined; True is 0.3.

    Raises:
        ValueError: an unknown name, a number out of range, or stemming in a language without a stemmer.
        TypeError: an argument of the wrong type.

    Examples:
        >>> encoder = TextEncoder()
        >>> encoder.tokenize("The film isn't bad at all!")
        ['film', "n't", 'bad', 'all']
        >>> encoder.adapt(["not a bad film", "a good film"])
        >>> encoder.vocabulary
        ['', 'film', 'not', 'bad', 'good']
        >>> TextEncoder(mark_negation=True).tokenize("I don't like this part. The rest is fine.")
        ["n't", 'like_NEG', 'part_NEG', 'rest', 'fine']
    """

    def __init__(
        self,
        language: str | None = "english",
        *,
        tokenizer: str | Callable[[str], list[str]] = "words",
        lowercase: bool = True,
        stop_words: str | Iterable[str] | None = "auto",
        stem: bool = False,
        mark_negation: bool = False,
        min_count: int | str = "auto",
        max_vocabulary: int | None = 200_000,
        phrases: bool | float = False,
    ):
        self.language = check_language(language)
        if not (isinstance(min_count, str) and min_count == "auto"):
            min_count = check_count(min_count, "min_count")
        if max_vocabulary is not None:
            max_vocabulary = check_count(max_vocabulary, "max_vocabulary")
        self.tokenizer = tokenizer
        self.lowercase = check_flag(lowercase, "lowercase")
        self.stop_words = check_stop_words(stop_words)
        self.stem = check_flag(stem, "stem")
        self.mark_negation = check_flag(mark_negation, "mark_negation")
        self.min_count = min_count
        self.max_vocabulary = max_vocabulary
        threshold = check_threshold(phrases)
        self.phrases = phrases if isinstance(phrases, bool) else threshold
        stop_set = find_stop_words(language if self.stop_words == "auto" else self.stop_words)
        super().__init__(VocabularyRules(stop_set, min_count, max_vocabulary, threshold), self.lowercase)
        self._tokenizer = Tokenizer(
            tokenizer,
            lowercase=self.lowercase,
            stem=load_stemmer(language) if self.stem else None,
            mark_negation=self.mark_negation,
            stop_words=stop_set,
            contrast_words=word_lists(language)["contrast_words"] if language is not None else frozenset(),
        )

    def tokenize(self, text: str) -> list[str]:
        """Returns the words of one text, stop words left out and the phrases joined that `adapt` found.

        Raises:
            TypeError: `text` is not a str.
        """
        if not isinstance(text, str):
            raise TypeError(
                f"`TextEncoder.tokenize` expects one str. Received {short(text)} of type {type(text).__name__}. "
                "For many texts use `[encoder.tokenize(text) for text in texts]`."
            )
        words = self._tokenizer.cut(text)
        if self._phrases:
            words = join_words(words, self._phrases)
        return [word for word in words if word not in self._rules.stop_words]

    def count(self, texts: Iterable) -> WordCounts:
        """Returns how often each word is in texts; counts of parts of a corpus can be added up.

        The vocabulary stays as it is. `adapt` and `grow` take the counts in place of texts, also those of another
        encoder of the same settings.

        Args:
            texts: as for `adapt`.

        Raises:
            TypeError: not texts.
            ValueError: no texts.

        Examples:
            >>> TextEncoder().count(["a good film", "a bad film"]).words
            ['a', 'good', 'film', 'bad']
        """
        batches, expected = self.check_any(texts, "TextEncoder.count", "texts")
        counter = WordCounter(expected=expected)
        collections.deque(self.count_batches(batches, counter), maxlen=0)  # none of them stays in memory
        return dataclasses.replace(counter.counts, settings=self._cutting())

    def _cutting(self):
        """Returns the settings that say which words a text has, before any is dropped."""
        config = self.get_config()
        names = ["tokenizer", "lowercase", "stem", "mark_negation"]
        if self.stem or self.mark_negation:  # which need the lists of a language
            names += ["language", "stop_words"]
        return {name: config[name] for name in names}

    def adapt(self, texts: Iterable | WordCounts) -> None:
        """Learns the vocabulary from texts, in place of the one there may have been.

        Args:
            texts: iterable of str or of lists of tokens: list, NumPy array, Series, generator. It is read once.
                Tokens may be anything hashable: str, numbers, tuples. Or `WordCounts`, which `count` returned; an
                encoder with `phrases` needs the texts themselves.

        Raises:
            TypeError: not texts.
            ValueError: no texts, or none with a word that can enter the vocabulary.
        """
        self._learn(texts, "TextEncoder.adapt")

    def adapt_and_encode(self, texts: Iterable) -> EncodedTexts:
        """Does `adapt(texts)` and returns `encode(texts)`, tokenising only once."""
        return self.learn_and_encode(*self.check_any(texts, "TextEncoder.adapt_and_encode", "texts"))

    def grow(self, texts: Iterable | WordCounts) -> None:
        """Adds the words of further texts to the vocabulary; without one, does what `adapt` does.

        Words that are known keep their ids, and their counts increase. Words that are new and frequent enough in
        these texts (`min_count`) come after them, the most frequent first, up to `max_vocabulary` in all. Phrases
        stay, and with `phrases` on, those found in these texts are added.

        Args:
            texts: as for `adapt`.

        Raises:
            TypeError: not texts.
            ValueError: no texts, or none with a word that is known or can enter the vocabulary.

        Examples:
            >>> encoder = TextEncoder()
            >>> encoder.adapt(["a good film", "a bad film"])
            >>> encoder.grow(["a good book", "a dull book"])
            >>> encoder.vocabulary
            ['', 'film', 'good', 'bad', 'book', 'dull']
            >>> encoder.counts.tolist()
            [0, 2, 2, 1, 2, 1]
        """
        self._learn(texts, "TextEncoder.grow", grow=True)

    def grow_and_encode(self, texts: Iterable) -> EncodedTexts:
        """Does `grow(texts)` and returns `encode(texts)`, tokenising only once."""
        return self.learn_and_encode(*self.check_any(texts, "TextEncoder.grow_and_encode", "texts"), grow=True)

    def encode(self, texts: Sequence, nearest: Callable[[list], np.ndarray] | None = None) -> EncodedTexts:
        """Returns texts as word ids.

        Args:
            texts: batch of str or of lists of tokens: list, tuple, 1D NumPy array, Series.
            nearest: callable or None. Gets a list of words outside the vocabulary and returns the ids, int32, of the
                words to take in their place; 0 for none.

        Raises:
            NotFittedError: there is no vocabulary yet.
            TypeError: not a batch of texts.
        """
        self._check_adapted()
        if nearest is not None and not callable(nearest):
            raise TypeError(
                f"`nearest` must be a function or None. Received {short(nearest)} of type {type(nearest).__name__}. "
                "Pass one from a list of words to their ids."
            )
        return self.encode_checked(self.check(texts, "TextEncoder.encode", "texts", allow_empty=True), nearest)

    def check(self, texts: Sequence, caller: str, argument: str = "x", allow_empty: bool = False) -> list:
        """Returns a batch of texts checked, as `encode_checked` takes it; see `batches.check_texts`."""
        return check_texts(texts, caller, argument, allow_empty, only_str=self._joins_words)

    def check_stream(self, texts: Iterable, caller: str, argument: str = "x", first: int = 0) -> Iterator[list]:
        """Yields texts in checked batches; see `batches.check_stream`."""
        return check_stream(texts, caller, argument, first, only_str=self._joins_words)

    def check_any(self, texts: Iterable, caller: str, argument: str = "x") -> tuple[Iterator[list], int]:
        """Returns texts in checked batches, and their number, as far as it is known; see `batches.check_any`."""
        return check_any(texts, caller, argument, only_str=self._joins_words)

    def encode_checked(self, texts: list, nearest: Callable[[list], np.ndarray] | None = None) -> EncodedTexts:
        """Returns texts as word ids, for callers who have checked them.

        Args:
            texts: a batch that `check` returned, or a part of one.
            nearest: as for `encode`.
        """
        codes, parts = self._word_codes(), []
        for start in range(0, len(texts), BATCH_TEXTS):
            batch = self._tokenizer.cut_batch(texts[start : start + BATCH_TEXTS])
            parts.append(codes.translate(codes(batch, nearest, expected=len(texts))))
        return EncodedTexts.concatenate(parts)

    def encode_any(self, texts: Iterable, caller: str, grow: bool = False) -> EncodedTexts:
        """Returns a batch or a stream of texts as word ids, after learning or growing the vocabulary.

        Args:
            texts: as for `check_any`.
            caller: name of the public method, for messages.
            grow: whether the vocabulary grows, if there is one.
        """
        batches, number = self.check_any(texts, caller)
        if grow or not self.is_adapted:
            return self.learn_and_encode(batches, number, grow)
        return self.encode_checked(list(itertools.chain.from_iterable(batches)))

    def learn_and_encode(self, batches: Iterable[list], expected: int = 0, grow: bool = False) -> EncodedTexts:
        """Learns the vocabulary from texts, or lets it grow, and returns the texts as word ids.

        Args:
            batches: checked texts, see `check_any`.
            expected: how many texts there are, as far as that is known.
            grow: whether the words that are there keep their ids.
        """
        counter = self.start_counting(grow, expected)
        coded = list(self.count_batches(batches, counter))
        translate = self.learn(counter.counts, coded, grow)
        return EncodedTexts.concatenate([translate(part) for part in coded])

    def learn_batches(self, batches: Iterable[list], expected: int = 0, grow: bool = False) -> None:
        """Does what `learn_and_encode` does, and keeps no text in memory, but for phrases."""
        counter = self.start_counting(grow, expected)
        coded = collections.deque(self.count_batches(batches, counter), maxlen=None if self._joins_words else 0)
        self.learn(counter.counts, coded, grow)

    def _learn(self, texts, caller, grow=False):
        if isinstance(texts, WordCounts):
            check_counts(texts, caller, self._cutting())
            self.learn(texts, grow=grow)
        else:
            self.learn_batches(*self.check_any(texts, caller, "texts"), grow=grow)

    def count_batches(self, batches: Iterable[list], counter: WordCounter) -> Iterator[CodedTexts]:
        """Yields texts as the numbers that a counter gives their words: the first half of learning a vocabulary.

        Args:
            batches: checked texts, see `check_any`. They are read once, a batch at a time.
            counter: it counts the words of the batches that were yielded.
        """
        return (counter(self._tokenizer.cut_batch(batch)) for batch in batches)

    def get_config(self) -> dict:
        """Returns the constructor's arguments; the vocabulary is apart, see `get_vocabulary_state`."""
        return {
            "language": self.language,
            "tokenizer": self.tokenizer,
            "lowercase": self.lowercase,
            "stop_words": self.stop_words,
            "stem": self.stem,
            "mark_negation": self.mark_negation,
            "min_count": self.min_count,
            "max_vocabulary": self.max_vocabulary,
            "phrases": self.phrases,
        }

    @classmethod
    def from_config(cls, config: dict) -> "TextEncoder":
        """Returns an encoder without a vocabulary from the result of `get_config`."""
        return cls(**config)

    def copy(self) -> "TextEncoder":
        """Returns an encoder of the same settings and vocabulary; a change to one does not change the other."""
        twin = type(self).from_config(self.get_config())
        twin.set_vocabulary(self._vocabulary)  # a value, which nothing changes
        return twin

    def _explain_unknown(self, word):
        cut = self.tokenize(word) if isinstance(word, str) else []
        known = [part for part in cut if part in self]
        return f"In a text it becomes {short(cut)}: take {short(known[0])}." if known else ""


def check_encoder(encoder: Any, name: str = "encoder") -> TextEncoder:
    """Returns an argument that has to be a `TextEncoder`.

    Raises:
        TypeError: it is none.
    """
    if isinstance(encoder, TextEncoder):
        return encoder
    make = f"TextEncoder({encoder!r})" if isinstance(encoder, str) and encoder in languages() else "TextEncoder(None)"
    raise TypeError(
        f"`{name}` must be a `TextEncoder`. Received {short(encoder)} of type {type(encoder).__name__}. Pass "
        f"`{name}={make}`; for words and an array of vectors there is `WordVectors.from_words(words, matrix)`."
    )
