"""The transfer: how word vectors come into the embedding of a classifier."""

import math
import os
from dataclasses import dataclass

import numpy as np

from keras_transfer_sentiment.checks import check_number
from keras_transfer_sentiment.text.encoder import TextEncoder


def transfer_vectors(vectors: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Returns word vectors as a classifier's embedding takes them, float32: centred, and long ones shortened.

    Without the mean vector of running text, which all texts have in common, the differences count. A vector's length
    says how topical its word is rather than how polar; its square root is left.

    Args:
        vectors: float32 `(vocabulary, dim)`.
        counts: int64 `(vocabulary,)`: how often each word was seen.
    """
    table = vectors - (counts / counts.sum()) @ vectors
    table /= np.sqrt(np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12))
    table[0] = 0.0
    return table.astype("float32")


@dataclass(frozen=True)
class NoVectors:
    """Stands for word vectors of a size, which come later with the weights of a classifier.

    Attributes:
        encoder: its encoder, without a vocabulary.
        shape: `(vocabulary, dim)`.

    Raises:
        TypeError: sizes that are no ints.
        ValueError: sizes below 1, or above the memory of this machine.
    """

    encoder: TextEncoder
    shape: tuple[int, int]

    def __post_init__(self):
        for name, number in zip(("vocabulary_size", "embedding_dim"), self.shape, strict=True):
            check_number(number, name, 1, 2**31 - 1, kind=int)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else math.inf
        if 4 * math.prod(self.shape) > memory:
            raise ValueError(f"word vectors of the shape {self.shape} are larger than the memory of this machine")
