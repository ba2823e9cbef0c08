"""Character n-grams of words, for vectors that misspelt and unseen words have too."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np

from keras_transfer_sentiment.checks import check_number, short

NEAR = 0.5  # cosine from which on a word stands for one that is not in the vocabulary
_MEMORY = 1_000_000  # words outside the vocabulary that are remembered
_BATCH = 256  # words compared with the vocabulary at a time


class Bags(NamedTuple):
    """The n-grams of each word of a vocabulary: those of word `w` are `rows[offsets[w]:offsets[w + 1]]`."""

    offsets: np.ndarray
    rows: np.ndarray


def ngram_rows(word, lengths: tuple[int, int], buckets: int) -> list[int]:
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


def bags(words: Iterable, lengths: tuple[int, int], buckets: int) -> Bags:
    """Returns the n-grams of words; padding, `''`, has none."""
    rows = [ngram_rows(word, lengths, buckets) if word != "" else [] for word in words]
    offsets = np.concatenate([[0], np.cumsum([len(own) for own in rows])])
    return Bags(offsets.astype("int64"), np.array([row for own in rows for row in own], "int32"))


def composed(words: np.ndarray, ngrams: np.ndarray, own: Bags) -> np.ndarray:
    """Returns the vectors of a vocabulary: the mean of each word's own vector and those of its n-grams.

    Args:
        words: float32 `(vocabulary, dim)`.
        ngrams: float32 `(buckets, dim)`.
        own: see `bags`.
    """
    sums = words.copy()
    counts = np.diff(own.offsets)
    for first in range(0, len(words), 10_000):
        last = min(first + 10_000, len(words))
        start, stop = own.offsets[first], own.offsets[last]
        some = np.flatnonzero(counts[first:last])
        if len(some):
            sums[first + some] += np.add.reduceat(ngrams[own.rows[start:stop]], own.offsets[first + some] - start)
    return sums / (1 + counts[:, None]).astype("float32")


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
            f"{short(lengths)} of type {type(lengths).__name__}."
        )
    shortest = check_number(lengths[0], "char_ngrams[0]", 1, kind=int)
    return (shortest, check_number(lengths[1], "char_ngrams[1]", shortest, kind=int))


class NearestWords:
    """Finds for words outside a vocabulary the word inside that is most like them, by their n-grams.

    Args:
        vectors: float32 `(vocabulary, dim)`: of the words inside; row 0 is padding's.
        ngrams: float32 `(buckets, dim)`.
        lengths: the shortest and the longest n-gram.
    """

    def __init__(self, vectors: np.ndarray, ngrams: np.ndarray, lengths: tuple[int, int]):
        self.vectors, self.ngrams, self.lengths = vectors, ngrams, lengths
        self._units = _unit(vectors)
        self._found: dict = {}

    def __call__(self, words: Sequence) -> np.ndarray:
        """Returns the id of the nearest word of each, int32 `(len(words),)`; 0 if none is near."""
        if len(self._found) > _MEMORY:
            self._found.clear()
        fresh = [word for word in dict.fromkeys(words) if word not in self._found]
        for first in range(0, len(fresh), _BATCH):
            part = fresh[first : first + _BATCH]
            cosine = _unit(np.array([self.vector(word) for word in part], "float32")) @ self._units.T
            best = cosine.argmax(1)
            near = cosine[np.arange(len(part)), best] >= NEAR
            self._found.update(zip(part, np.where(near, best, 0).tolist(), strict=True))
        return np.array([self._found[word] for word in words], "int32")

    def vector(self, word) -> np.ndarray:
        """Returns the mean of the vectors of a word's n-grams, float32 `(dim,)`; zeros if it has none."""
        rows = ngram_rows(word, self.lengths, len(self.ngrams))
        return self.ngrams[rows].mean(0) if rows else np.zeros(self.ngrams.shape[1], "float32")


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
