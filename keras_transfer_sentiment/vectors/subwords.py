"""Character n-grams of words, for vectors that misspelt and unseen words have too."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np

from keras_transfer_sentiment.checks import check_count, short
from keras_transfer_sentiment.vectors.arithmetic import scale_to_unit_length

NEAR = 0.5  # cosine from which on a word stands for one that is not in the vocabulary
_MEMORY = 1_000_000  # words outside the vocabulary that are remembered
_BATCH = 256  # words compared with the vocabulary at a time


class NgramRows(NamedTuple):
    """The n-grams of each word of a vocabulary: those of word `w` are `rows[offsets[w]:offsets[w + 1]]`."""

    offsets: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class CharNgrams:
    """The vectors of character n-grams, for words outside the vocabulary.

    Attributes:
        table: float32 `(buckets, dim)`: a vector for each bucket of n-grams.
        lengths: the shortest and the longest n-gram.
    """

    table: np.ndarray
    lengths: tuple[int, int]

    def vector(self, word: Hashable) -> np.ndarray | None:
        """Returns the mean of the vectors of a word's n-grams, float32 `(dim,)`; None if it has none."""
        rows = ngram_rows(word, self.lengths, len(self.table))
        return self.table[rows].mean(0) if rows else None

    def __eq__(self, other: object) -> bool:
        """Tells whether lengths and vectors are the same."""
        if not isinstance(other, CharNgrams):
            return NotImplemented
        return self.lengths == other.lengths and np.array_equal(self.table, other.table)


def ngram_rows(word: Hashable, lengths: tuple[int, int], buckets: int) -> list[int]:
    """Returns the table rows of a word's character n-grams, as in Bojanowski et al. (2017).

    The word is put between `<` and `>` first, so that its beginning and its end count as such. N-grams share
    `buckets` rows by their CRC-32.

    Args:
        word: str. Other tokens have no n-grams.
        lengths: the shortest and the longest n-gram.
        buckets: number of rows.

    Examples:
        >>> len(ngram_rows("film", (3, 4), 1000))  # <fi fil ilm lm> <fil film ilm>
        7
        >>> set(ngram_rows("films", (3, 4), 1000)) & set(ngram_rows("film", (3, 4), 1000)) != set()
        True
    """
    if not isinstance(word, str):
        return []
    marked = f"<{word}>"
    shortest, longest = lengths
    return [
        crc32(marked[start : start + length].encode("utf-8", "surrogatepass")) % buckets
        for length in range(shortest, min(longest, len(marked) - 1) + 1)
        for start in range(len(marked) - length + 1)
    ]


def collect_ngram_rows(words: Iterable, lengths: tuple[int, int], buckets: int) -> NgramRows:
    """Returns the n-grams of words; padding, `''`, has none."""
    found = [ngram_rows(word, lengths, buckets) if word != "" else [] for word in words]
    offsets = np.concatenate([[0], np.cumsum([len(rows) for rows in found])])
    return NgramRows(offsets.astype("int64"), np.array([row for rows in found for row in rows], "int32"))


def compose_vectors(words: np.ndarray, ngrams: np.ndarray, of_words: NgramRows) -> np.ndarray:
    """Returns the vectors of a vocabulary: the mean of each word's own vector and those of its n-grams.

    Args:
        words: float32 `(vocabulary, dim)`.
        ngrams: float32 `(buckets, dim)`.
        of_words: see `collect_ngram_rows`.
    """
    return _add_ngrams(words, ngrams, of_words, 1) / (1 + np.diff(of_words.offsets)[:, None]).astype("float32")


def take_apart(vectors: np.ndarray, ngrams: np.ndarray, of_words: NgramRows) -> np.ndarray:
    """Returns the words' own vectors from those that `compose_vectors` made of them and the n-grams."""
    return _add_ngrams(vectors * (1 + np.diff(of_words.offsets)[:, None]).astype("float32"), ngrams, of_words, -1)


def _add_ngrams(words, ngrams, of_words, sign):
    sums = words.copy()
    offsets, counts = of_words.offsets, np.diff(of_words.offsets)
    for first in range(0, len(words), 10_000):
        last = min(first + 10_000, len(words))
        start, stop = offsets[first], offsets[last]
        some = np.flatnonzero(counts[first:last])
        if len(some):
            sums[first + some] += sign * np.add.reduceat(
                ngrams[of_words.rows[start:stop]], offsets[first + some] - start
            )
    return sums


def check_lengths(lengths) -> tuple[int, int] | None:
    """Returns the lengths of the shortest and the longest n-gram as a tuple, None as it is.

    Raises:
        TypeError: not two ints.
        ValueError: an empty range.
    """
    if lengths is None:
        return None
    if not isinstance(lengths, (list, tuple)) or len(lengths) != 2:
        raise TypeError(
            "`char_ngrams` must be the lengths of the shortest and of the longest n-gram, such as (3, 6). Received "
            f"{short(lengths)} of type {type(lengths).__name__}. Pass two ints, or None for no n-grams."
        )
    shortest = check_count(lengths[0], "char_ngrams[0]")
    return (shortest, check_count(lengths[1], "char_ngrams[1]", shortest))


class NearestWords:
    """Finds for words outside a vocabulary the word inside that is most like them, by their n-grams.

    Args:
        vectors: float32 `(vocabulary, dim)`: of the words inside; row 0 is padding's.
        ngrams: the vectors of n-grams.
    """

    def __init__(self, vectors: np.ndarray, ngrams: CharNgrams):
        self.vectors, self.ngrams = vectors, ngrams
        self._units = scale_to_unit_length(vectors)
        self._found: dict = {}

    def __call__(self, words: Sequence) -> np.ndarray:
        """Returns the id of the nearest word of each, int32 `(len(words),)`; 0 if none is near."""
        if len(self._found) > _MEMORY:
            self._found.clear()
        fresh = [word for word in dict.fromkeys(words) if word not in self._found]
        none = np.zeros(self.vectors.shape[1], "float32")
        for first in range(0, len(fresh), _BATCH):
            part = fresh[first : first + _BATCH]
            made = [none if (vector := self.ngrams.vector(word)) is None else vector for word in part]
            cosine = scale_to_unit_length(np.array(made, "float32")) @ self._units.T
            best = cosine.argmax(1)
            near = cosine[np.arange(len(part)), best] >= NEAR
            self._found.update(zip(part, np.where(near, best, 0).tolist(), strict=True))
        return np.array([self._found[word] for word in words], "int32")
