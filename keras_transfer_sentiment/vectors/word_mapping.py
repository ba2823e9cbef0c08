"""A read-only mapping from words to vectors, and the questions about its words: which are near, which fit."""

import functools
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np

from keras_transfer_sentiment.checks import check_count, is_collection, short
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text.tokens import has_hash
from keras_transfer_sentiment.vectors.arithmetic import scale_to_unit_length
from keras_transfer_sentiment.vectors.subwords import CharNgrams

_OWNER = "vectors.encoder"  # what messages call the encoder


class WordMapping(Mapping):
    """Maps words to vectors: the base of `WordVectors`, without texts and files.

    Args:
        encoder: `TextEncoder` with a vocabulary: it says which word has which row.
        matrix: float32 array `(encoder.size, embedding_dim)`, see `check_matrix`.
        char_ngrams: `CharNgrams` or None. They give words outside the vocabulary a vector.
    """

    def __init__(self, encoder: TextEncoder, matrix: np.ndarray, char_ngrams: CharNgrams | None = None):
        self.encoder = encoder
        self.matrix = matrix
        self.char_ngrams = char_ngrams

    @property
    def embedding_dim(self) -> int:
        """int: the length of the vectors."""
        return self.matrix.shape[1]

    @property
    def vocabulary(self) -> list:
        """list: the word of each row of `matrix`; that of row 0, padding, is `''`."""
        return self.encoder.vocabulary

    @property
    def counts(self) -> np.ndarray:
        """int64 array `(len(vocabulary),)`: how often each word was seen; 0 for padding."""
        return self.encoder.counts

    def __getitem__(self, word: Hashable) -> np.ndarray:
        """Returns the vector of a word, float32 `(embedding_dim,)`.

        Raises:
            KeyError: the word is not in the vocabulary, and has no n-grams either.
        """
        return self._rows([word], "WordVectors[word]")[0]

    def __contains__(self, word: object) -> bool:
        return word in self.encoder

    def __iter__(self) -> Iterator:
        return iter(self.encoder.vocabulary[1:])

    def __len__(self) -> int:
        return self.encoder.size - 1

    def similarity(self, word: Hashable, other: Hashable) -> float:
        """Returns the cosine between the vectors of two words: 1 in the same direction, 0 at a right angle.

        Raises:
            KeyError: a word is not in the vocabulary.

        Examples:
            >>> vectors = WordVectors.from_words(["film", "good"], [[0.0, 1.0], [3.0, 4.0]])
            >>> round(vectors.similarity("film", "good"), 3)
            0.8
        """
        first, second = scale_to_unit_length(self._rows([word, other], "WordVectors.similarity"))
        return float(np.clip(first @ second, -1.0, 1.0))

    def most_similar(self, positive: Any, negative: Any = (), top_n: int = 10) -> list[tuple[Any, float]]:
        """Returns the words whose vectors point most nearly the same way.

        Args:
            positive: a word, a vector `(embedding_dim,)`, or a list of words and vectors, whose unit vectors are
                added up. A tuple that is itself a word of the vocabulary counts as that word.
            negative: the same, to be taken away.
            top_n: int. How many.

        Returns:
            list of `(word, cosine similarity)`, the most similar first, the words given left out.

        Raises:
            KeyError: a word is not in the vocabulary.
            TypeError: neither a word nor a vector.
            ValueError: nothing at all, or a vector of another length.

        Examples:
            >>> words = ["warm", "funny", "cold", "boring"]
            >>> vectors = WordVectors.from_words(words, [[1.0, 0.2], [0.9, 0.4], [-1.0, 0.3], [-0.8, 0.6]])
            >>> [word for word, _ in vectors.most_similar(["cold"], negative="warm", top_n=1)]
            ['boring']
        """
        return self._most_similar(positive, negative, top_n, "most_similar")

    def _most_similar(self, positive, negative, top_n, caller):
        top_n = check_count(top_n, "top_n")
        items = [(item, 1.0) for item in self._items(positive)] + [(item, -1.0) for item in self._items(negative)]
        if not items:
            raise ValueError(f"`{caller}` received no word or vector. Pass at least one as `positive`.")
        query, given = np.zeros(self.embedding_dim, "float32"), {0}
        for item, sign in items:
            if item in self.encoder:
                given.add(self.encoder.word_id(item))
            query += sign * scale_to_unit_length(self._as_vector(item, caller))
        cosine = self.matrix @ scale_to_unit_length(query) / self._lengths
        cosine[list(given)] = -np.inf
        words = self.encoder.vocabulary
        best = np.argsort(-cosine, kind="stable")[: min(top_n, len(words) - len(given))]
        return [(words[i], float(np.clip(cosine[i], -1.0, 1.0))) for i in best]

    def analogy(self, a: Hashable, b: Hashable, c: Hashable, top_n: int = 1) -> list[tuple[Any, float]]:
        """Answers "`a` is to `b` as `c` is to ...?" by the words nearest to `b - a + c`.

        Args:
            a: word, such as "man".
            b: word, such as "king".
            c: word, such as "woman".
            top_n: int. How many answers.

        Returns:
            list of `(word, cosine similarity)`, the best first; `a`, `b` and `c` are left out.

        Raises:
            KeyError: a word is not in the vocabulary.

        References:
            Mikolov, Yih and Zweig (2013), https://aclanthology.org/N13-1090.
        """
        for word in (a, b, c):
            self.encoder.find_word(word, "WordVectors.analogy", _OWNER)
        return self._most_similar([b, c], [a], top_n, "analogy")

    @functools.cached_property
    def _lengths(self):
        return np.maximum(np.linalg.norm(self.matrix, axis=1), 1e-12)

    def _rows(self, words, caller):
        """Returns the vectors of words; those outside the vocabulary are made of n-grams, where there are any."""
        rows = np.empty((len(words), self.embedding_dim), "float32")
        for row, word in zip(rows, words, strict=True):
            made = None if self.char_ngrams is None or word in self.encoder else self.char_ngrams.vector(word)
            row[:] = self.matrix[self.encoder.find_word(word, caller, _OWNER)] if made is None else made
        return rows

    def _as_vector(self, item, caller):
        """Returns a vector, checked and of a length that can be squared, or that of a word."""
        if has_hash(item):
            return self._rows([item], f"WordVectors.{caller}")[0]
        if not hasattr(item, "ndim"):
            raise TypeError(
                f"`{caller}` expects words and vectors. Received {short(item)} of type {type(item).__name__}. "
                "Pass one flat list; a vector is a NumPy array of one dimension."
            )
        vector = np.asarray(item)
        if vector.dtype.kind not in "fiu" or vector.shape != (self.embedding_dim,) or not np.isfinite(vector).all():
            raise ValueError(
                f"`{caller}` expects vectors of {self.embedding_dim} finite numbers. Received {short(item)}. Take "
                "one from `transform`, or a row of `matrix`."
            )
        vector = vector.astype("float64")
        return vector / (np.abs(vector).max() or 1.0)

    def _items(self, given):
        """Returns the list of words and vectors that is given, or one of them as a list."""
        if isinstance(given, (str, bytes)) or (
            getattr(given, "ndim", 0) == 1 and np.asarray(given).dtype.kind in "fiu"
        ):
            return [given]
        if getattr(given, "ndim", 0) == 2:
            return list(np.asarray(given))
        if isinstance(given, (set, frozenset)) or not is_collection(given):
            return [given]
        return [given] if given in self else list(given)


def check_matrix(matrix: Any, size: int) -> np.ndarray:
    """Returns a matrix of word vectors as float32 that cannot be written to.

    Args:
        matrix: float array `(size, embedding_dim)`. It is copied, unless nobody can write to it.
        size: int. Number of words, padding included.

    Raises:
        ValueError: another shape, values that are not finite, or a vector for padding.
    """
    try:
        given = np.asanyarray(matrix)  # a mapped file stays one
    except ValueError:  # rows of different lengths
        given = np.empty(0, object)
    if given.dtype.kind not in "fiu" or given.ndim != 2 or len(given) != size or not given.shape[1]:
        raise ValueError(
            f"`matrix` must be a float array ({size}, embedding_dim), a row for each word and one for padding. "
            f"Received {short(matrix)}. For words without padding use `WordVectors.from_words(words, matrix)`."
        )
    with np.errstate(over="ignore"):
        given = given.astype("float32", copy=given.flags.writeable)  # what can be written to may change: copied
    with np.errstate(all="ignore"):
        # A file that is mapped is not read here: that may take long, and it was checked when it was written.
        if not isinstance(given, np.memmap) and not np.isfinite(given.sum()) and not np.isfinite(given).all():
            row = int(np.flatnonzero(~np.isfinite(given).all(axis=1))[0])
            raise ValueError(f"`matrix` must hold finite float32 numbers. Received others in row {row}. Leave it out.")
    if given[0].any():
        raise ValueError(
            f"Row 0 of `matrix` belongs to padding and must be 0. Received {short(given[0].tolist())}. For words "
            "without padding use `WordVectors.from_words(words, matrix)`."
        )
    given.flags.writeable = False
    return given


def read_rows(matrix: Any, size: int, caller: str) -> np.ndarray:
    """Returns the vectors of words as an array of numbers `(size, embedding_dim)`.

    Args:
        matrix: array, list of lists, or DataFrame.
        size: int. Number of words.
        caller: name of the public method, for the message.

    Raises:
        ValueError: no numbers, or another shape.
    """
    try:
        rows = np.asarray(matrix)
    except ValueError:  # of different lengths
        rows = np.empty(0, object)
    if rows.dtype.kind not in "fiu" or rows.ndim != 2 or len(rows) != size or not rows.size:
        raise ValueError(
            f"`{caller}` expects a vector of numbers for each of {size} words, at least one: an array ({size}, "
            f"embedding_dim). Received {short(matrix)}. Pass, for example, `np.stack(vectors)`; without padding it is "
            "`matrix[1:]`."
        )
    return rows
