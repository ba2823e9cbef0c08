"""What training has in common on every device: skip-gram with negative sampling, block by block.

A corpus is cut into rows of some dozen words (see `blocks`) and a step takes many rows at a time, so that almost all
the work is matrix products: negative sampling after Mikolov et al. (2013), https://arxiv.org/abs/1310.4546, batched
after the idea of HogBatch (Ji et al. 2016), https://arxiv.org/abs/1604.04661. Each row has `shared_negatives` noise
words of its own, shared by its words and weighted so that each pair counts as many as `negative_samples`: one set of
noise words for a whole step would ruin the vectors. Each table is updated only where a step touched it, as in Adagrad
(Duchi et al. 2011) but by the fourth root of the accumulated squares, of which there is one a row.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from keras_transfer_sentiment.compiler import compiled

ACCUMULATOR_START = 0.1
_GENTLEST_START = 700.0
RATE_FLOOR = 0.02  # share of the learning rate that the last step still has
PAIRS_PER_CENTRE = 6.0  # what a centre counts when the window is the whole text: the mean of a window of 5
_COUNT_FLOOR = 40.0  # sqrt(r) + r reaches 1 at r = 0.38: words seen up to 100 times are never thinned out


class Tables(NamedTuple):
    """What training changes, as TensorFlow variables or as NumPy arrays; row 0 belongs to padding.

    `words` and `contexts` are float32 `(vocabulary, dim)`, `ngrams`, where words have them, `(buckets, dim)`; the
    accumulators are float32 `(rows, 1)`.
    """

    words: Any
    contexts: Any
    words_squares: Any
    contexts_squares: Any
    ngrams: Any = None
    ngrams_squares: Any = None


class Noise(NamedTuple):
    """Tables to draw words by, after Walker's alias method; entry `i` is word `i + 1`."""

    threshold: np.ndarray
    alias: np.ndarray


class Objective(NamedTuple):
    """What is learned.

    Attributes:
        window: reach of a word to either side; None for its whole text, where each centre counts at most
            `PAIRS_PER_CENTRE`.
        negative_samples: noise words a pair.
        shared_negatives: noise words a row.
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


def table_shapes(size: int, dim: int, buckets: int | None) -> dict[str, tuple[int, int]]:
    """Returns the shapes of `Tables`, by name.

    Args:
        size: int. Words of the vocabulary, padding included.
        dim: int. Length of the vectors.
        buckets: int or None. Rows of the table of n-grams, if there is one.
    """
    rows = {"words": size, "contexts": size} | ({} if buckets is None else {"ngrams": buckets})
    return {name: (number, dim) for name, number in rows.items()} | {
        f"{name}_squares": (number, 1) for name, number in rows.items()
    }


def fill_start(tables: Tables, seed, first: int = 0) -> None:
    """Sets NumPy arrays to what training starts from: small random vectors, contexts of zero.

    Args:
        tables: the arrays.
        seed: int or ints.
        first: int. The words before this one, and the n-grams if it is not 0, stay as they are.
    """
    rng = np.random.default_rng(seed)
    with ThreadPoolExecutor(1) as pool:  # the first touch of much memory takes long, but both can be touched at a time
        zeros = pool.submit(tables.contexts[first:].fill, 0.0)
        _fill_random(tables.words, rng, first)
        zeros.result()
    tables.words_squares[first:] = tables.contexts_squares[first:] = ACCUMULATOR_START
    if not first:
        tables.words[0] = 0.0
        if tables.ngrams is not None:
            _fill_random(tables.ngrams, rng)
            tables.ngrams_squares[:] = ACCUMULATOR_START


def soften_start(tables: Tables, window: int | None, passes: int) -> None:
    """Gives words that were never trained smaller first steps, the smaller the more passes there are to come.

    That serves similarity, where there is a window. In one pass the words need the large steps; contexts always do.

    Args:
        tables: the arrays.
        window: see `Objective`.
        passes: int.
    """
    if window is not None and tables.ngrams is None:
        fresh = tables.words_squares == np.float32(ACCUMULATOR_START)
        tables.words_squares[fresh] = min(6.0 * passes**3, _GENTLEST_START)


def _fill_random(table, rng, first=0):
    for start in range(0, len(table), 1 << 12):  # no second table in memory
        rows = table[start : start + (1 << 12)]
        values = (rng.random(rows.shape, dtype="float32") - np.float32(0.5)) / np.float32(table.shape[1])
        kept = min(max(first - start, 0), len(rows))
        rows[kept:] = values[kept:]


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
