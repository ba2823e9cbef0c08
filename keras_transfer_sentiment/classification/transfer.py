"""The transfer: how word vectors come into the embedding of a classifier."""

import numpy as np


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
