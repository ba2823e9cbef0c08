"""Skip-gram with negative sampling, block by block: what the engines have in common.

A corpus is cut into rows of some dozen words (see `blocks`) and a step takes many rows at a time, so that almost all
the work is matrix products: negative sampling after Mikolov et al. (2013), https://arxiv.org/abs/1310.4546, batched
after the idea of HogBatch (Ji et al. 2016), https://arxiv.org/abs/1604.04661. Each row has `shared_negatives` noise
words of its own, shared by its words and weighted so that each pair counts as many as `negative_samples`: one set of
noise words for a whole step would ruin the vectors. Each table is updated only where a step touched it, as in Adagrad
(Duchi et al. 2011) but by the fourth root of the accumulated squares, of which each row has one.
"""

from typing import NamedTuple

import numpy as np

from keras_transfer_sentiment.compiler import compiled

RATE_FLOOR = 0.02  # share of the learning rate that the last step still has
PAIRS_PER_CENTRE = 6.0  # what a centre counts when the window is the whole text: the mean of a window of 5
_COUNT_FLOOR = 40.0  # sqrt(r) + r reaches 1 at r = 0.38: words seen up to 100 times are never thinned out


class Noise(NamedTuple):
    """Tables to draw words by, after Walker's alias method; entry `i` is word `i + 1`."""

    threshold: np.ndarray
    alias: np.ndarray


class Objective(NamedTuple):
    """What a step minimises: the loss of the pairs of words within the window and of randomly drawn ones.

    Attributes:
        window: reach of a word to either side; None for its whole text, where each centre counts at most
            `PAIRS_PER_CENTRE`.
        negative_samples: noise words of each pair.
        shared_negatives: noise words of each row.
        noise: see `noise_tables`.
    """

    window: int | None
    negative_samples: int
    shared_negatives: int
    noise: Noise


def pair_weights(window: int | None, length: int) -> np.ndarray:
    """Returns what a pair of words counts, by the distance between them.

    Near words count more than far ones, a word within the window one on average: the root of what word2vec comes to,
    which draws the reach of each centre from 1 to `window`. In a window of the whole text all count one.

    Args:
        window: see `Objective`.
        length: words of a row.

    Returns:
        float32 array; entry 0 is 0, and pairs further apart than the last entry do not count.
    """
    if window is None:
        return np.array([0, *[1] * (length - 1)], "float32")
    near = np.sqrt(np.arange(window, 0, -1))
    return np.array([0, *near / near.mean()], "float32")[:length]


def keep_probability(counts: np.ndarray, subsample: float | None) -> np.ndarray:
    """Returns the chance of each word to be kept in a pass, float32 `(vocabulary,)`: word2vec's subsampling.

    Words seen fewer than 100 times are always kept. In a few sentences every word has a large share.

    Args:
        counts: int array `(vocabulary,)`.
        subsample: the share of the corpus from which on a word is thinned out, or None to keep everything.
    """
    if subsample is None:
        return np.ones(len(counts), "float32")
    ratio = max(subsample * counts.sum(), _COUNT_FLOOR) / np.maximum(counts, 1)
    return np.minimum(1.0, np.sqrt(ratio) + ratio).astype("float32")


def noise_tables(counts: np.ndarray, window: int | None) -> Noise:
    """Returns the noise distribution of a vocabulary whose entry 0 is padding: a power of the counts.

    For the whole text it is 0.75, as in word2vec, for a window 0.5, as in fastText: much better for similarity.

    Args:
        counts: int array `(vocabulary,)`.
        window: see `Objective`.
    """
    weights = np.asarray(counts[1:], "float64") ** (0.75 if window is None else 0.5)
    scaled = weights / weights.sum() * len(weights)
    return Noise(*_alias_tables(scaled))


@compiled
def _alias_tables(scaled):
    size = len(scaled)
    threshold = np.ones(size, np.float32)
    alias = np.arange(1, size + 1).astype(np.int32)
    small, large = np.empty(size, np.int64), np.empty(size, np.int64)
    smalls = larges = 0
    for i in range(size):
        if scaled[i] < 1.0:
            small[smalls] = i
            smalls += 1
        else:
            large[larges] = i
            larges += 1
    while smalls and larges:
        smalls -= 1
        low, high = small[smalls], large[larges - 1]
        threshold[low], alias[low] = scaled[low], high + 1
        scaled[high] -= 1.0 - scaled[low]
        if scaled[high] < 1.0:
            larges -= 1
            small[smalls] = high
            smalls += 1
    return threshold, alias
