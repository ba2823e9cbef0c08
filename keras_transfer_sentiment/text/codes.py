"""The one place where words become numbers: looked up in a vocabulary, or counted while one is learned."""

import functools
import sys
from collections.abc import Callable, Hashable
from itertools import chain, repeat
from typing import Any

import numpy as np

from keras_transfer_sentiment.text.encoded import CodedTexts
from keras_transfer_sentiment.text.phrases import PairJoiner, join_pair
from keras_transfer_sentiment.text.tokenizers import cut_prepared
from keras_transfer_sentiment.text.vocabulary import (
    STOP_WORD,
    Numbers,
    Translation,
    Vocabulary,
    WordCounts,
    add_counts,
)

MANY_TEXTS = 256  # texts that are worth a table of the vocabulary
MANY_TEXTS_COLD = 8192  # the same, where Numba has to be imported first
LONG_TEXT = 1000  # characters: a longer text is worth as much as several


def code_batch(batch: list, look_up: Callable[[list], np.ndarray], table: Any = None) -> CodedTexts:
    """Returns the codes of the words of some texts.

    Args:
        batch: list of prepared str or of lists of words, see `Tokenizer.cut_batch`.
        look_up: callable from a list of words to their codes, int32.
        table: `WordTable` or None. It does the same for prepared str, and calls `look_up` for words that are not in it.
    """
    is_text = bool(batch) and type(batch[0]) is str
    if is_text and table is not None:
        return table(batch, look_up)
    lists = list(map(cut_prepared, batch)) if is_text else batch
    lengths = np.fromiter(map(len, lists), "int64", len(lists))
    return CodedTexts(look_up(list(chain.from_iterable(lists))), lengths)


class WordCodes:
    """The codes of the words of a vocabulary, and how they become ids.

    To join phrases, their words need codes of their own, be they in the vocabulary or not; all other words have their
    id for a code.

    Args:
        vocabulary: `Vocabulary` with at least padding.
        stop_words: frozenset. They get the code `STOP_WORD`.

    Attributes:
        ids: dict from each word to its id, and from each stop word to `STOP_WORD`.
        translate: the `Translation` of codes into ids.

    Examples:
        >>> codes = WordCodes(Vocabulary(["", "film", "good"], np.array([0, 2, 1])), frozenset(["a"]))
        >>> codes(["a good film", "unseen"]).codes.tolist()
        [-1, 2, 1, 0]
    """

    def __init__(self, vocabulary: Vocabulary, stop_words: frozenset):
        self.ids: dict[Hashable, int] = dict.fromkeys(stop_words, STOP_WORD)
        self.ids.update(zip(vocabulary.words[1:], range(1, len(vocabulary.words)), strict=True))
        self._codes, self.translate = self.ids, Translation()
        if vocabulary.phrases:
            self._codes, self.translate = _code_phrases(self.ids, vocabulary)
        self._table: Any = None

    def __call__(
        self, batch: list, nearest: Callable[[list], np.ndarray] | None = None, expected: int = 0
    ) -> CodedTexts:
        """Returns the codes of texts.

        Args:
            batch: see `code_batch`.
            nearest: callable or None. Gets a list of words without a code, and returns the codes to take, int32.
            expected: how many texts are to be coded, this batch and those after it.
        """
        if self._table is None and _is_worth_a_table(expected, batch):
            self._table = _make_table(self._codes, self._codes.values())

        def look_up(words):
            codes = np.fromiter(map(self._codes.get, words, repeat(0)), "int32", len(words))
            if nearest is not None:
                unknown = np.flatnonzero(codes == 0)
                codes[unknown] = nearest([words[i] for i in unknown])
            return codes

        return code_batch(batch, look_up, self._table)


class WordCounter:
    """Gives each word of texts a number, in the order in which they first come, and counts them.

    Args:
        counts: `WordCounts` or None. Those of the texts before, to go on from.
        expected: how many texts are to be counted, as far as that is known.

    Examples:
        >>> counter = WordCounter()
        >>> counter(["a good film", "a bad film"]).codes.tolist()
        [0, 1, 2, 0, 3, 2]
        >>> counter.counts.words
        ['a', 'good', 'film', 'bad']
    """

    def __init__(self, counts: WordCounts | None = None, expected: int = 0):
        counts = WordCounts() if counts is None else counts
        self._words, self._counts = list(counts.words), counts.counts.copy()
        self._numbers: Numbers | None = None  # large, and not needed where the table has every word
        self._table: Any = None
        self._expected, self._texts = expected, 0

    @property
    def counts(self) -> WordCounts:
        """The `WordCounts` so far; they share memory with the counter."""
        return WordCounts(self._words, self._counts[: len(self._words)])

    def __call__(self, batch: list) -> CodedTexts:
        """Returns texts as the numbers of their words, and counts these.

        Args:
            batch: see `code_batch`.
        """
        self._texts += len(batch)
        is_text = bool(batch) and type(batch[0]) is str
        if is_text and self._table is None and _is_worth_a_table(max(self._expected, self._texts), batch):
            self._table = _make_table(self._words, range(len(self._words)), remember=True)
            if self._table is not None and len(self._table) == len(self._words):
                self._numbers = None
        # The table asks once for each word that it lacks: where no dict is needed beside it, such a word is new.
        is_new = is_text and self._table is not None and self._numbers is None and len(self._table) == len(self._words)
        coded = code_batch(batch, self._add if is_new else self._find_or_add, self._table)
        if len(self._counts) < len(self._words):
            self._counts = np.concatenate([self._counts, np.zeros(len(self._words), "int64")])
        add_counts(coded.codes, self._counts)
        return coded

    def _add(self, words):
        self._words += words
        return np.arange(len(self._words) - len(words), len(self._words), dtype="int32")

    def _find_or_add(self, words):
        if self._numbers is None:
            self._numbers = Numbers(self._words)
        return np.fromiter(map(self._numbers.__getitem__, words), "int32", len(words))


def _code_phrases(ids, vocabulary):
    size = len(vocabulary.words)
    hidden = [word for word in dict.fromkeys(chain.from_iterable(vocabulary.phrases)) if ids.get(word, 0) <= 0]
    codes = {**ids, **dict(zip(hidden, range(size, size + len(hidden)), strict=True))}
    join = PairJoiner(
        np.array([[codes[word] for word in pair] for pair in vocabulary.phrases]),
        np.array([ids.get(join_pair(*pair), 0) for pair in vocabulary.phrases]),
    )
    # The last entry is found by -1 too: the other stop words.
    return codes, Translation(
        np.array([*range(size), *(ids.get(word, 0) for word in hidden), STOP_WORD], "int32"), join
    )


def _is_worth_a_table(texts, batch):
    """Returns whether there are many texts, or those of a batch are long."""
    many = MANY_TEXTS if sys.modules.get("numba") is not None else MANY_TEXTS_COLD
    return texts >= many or (bool(batch) and type(batch[0]) is str and sum(map(len, batch)) >= many * LONG_TEXT)


def _make_table(words, codes, remember=False):
    """Returns a `WordTable`, or None where Numba is not installed."""
    make = _import_table()
    return None if make is None else make(words, codes, remember)


@functools.cache
def _import_table():
    try:
        from keras_transfer_sentiment.text.word_table import WordTable
    except ImportError:
        return None
    return WordTable
