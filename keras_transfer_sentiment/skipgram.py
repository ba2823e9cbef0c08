"""The training kernel: skip-gram with negative sampling, trained block by block.

A corpus is cut into rows of `length` words and a step takes many rows at a time, so that almost all the work is
matrix products: negative sampling after Mikolov et al. (2013), https://arxiv.org/abs/1310.4546, batched after the
idea of HogBatch (Ji et al. 2016), https://arxiv.org/abs/1604.04661. Each table is updated only where a step touched
it, by Adagrad (Duchi et al. 2011) with one accumulator a row.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_transfer_sentiment.text import EncodedTexts

ACCUMULATOR_START = 0.1
RATE_FLOOR = 0.02  # share of the learning rate that the last step still has
STEPS_PER_CHUNK = 32  # steps handed to TensorFlow at a time; the hand-over costs as much as a step
_COUNT_FLOOR = 40.0  # sqrt(r) + r reaches 1 at r = 0.38: words seen up to 100 times are never thinned out
_PAIRS_PER_CENTRE = 6.0  # what a centre counts when the window is the whole text: the mean of a window of 5


class Layout(NamedTuple):
    """How a corpus is cut: rows of `length` words, `rows` rows a step, `steps` steps a pass."""

    length: int
    rows: int
    steps: int


class Tables(NamedTuple):
    """The four TensorFlow variables that training changes; row 0 belongs to padding.

    `words` and `contexts` are float32 `(vocabulary, dim)`, their accumulators float32 `(vocabulary, 1)`.
    """

    words: tf.Variable
    contexts: tf.Variable
    words_squares: tf.Variable
    contexts_squares: tf.Variable


class Noise(NamedTuple):
    """Tables to draw words in proportion to `count ** 0.75`, by Walker's alias method; entry `i` is word `i + 1`."""

    threshold: np.ndarray
    alias: np.ndarray


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


def noise_tables(counts: np.ndarray) -> Noise:
    """Returns the noise distribution of a vocabulary whose entry 0 is padding.

    Args:
        counts: int array `(vocabulary,)`.
    """
    weights = np.asarray(counts[1:], "float64") ** 0.75
    scaled = weights / weights.sum() * len(weights)
    alias = np.arange(len(scaled), dtype="int32")
    threshold = np.ones(len(scaled), "float32")
    small = list(np.flatnonzero(scaled < 1.0))
    large = list(np.flatnonzero(scaled >= 1.0))
    while small and large:
        low, high = small.pop(), large[-1]
        threshold[low], alias[low] = scaled[low], high
        scaled[high] -= 1.0 - scaled[low]
        if scaled[high] < 1.0:
            small.append(large.pop())
    return Noise(threshold, alias + 1)


def plan_layout(words: float, window: int | None, rows: int | None = None) -> Layout:
    """Returns how to cut a corpus.

    Args:
        words: number of words that a pass is expected to keep.
        window: reach of a word to either side, or None for its whole text.
        rows: rows a step; None chooses: fewer for a small corpus, so that a pass has several steps.
    """
    length = 64 if window is None else int(np.clip(2 ** np.ceil(np.log2(4 * window + 1)), 32, 256))
    if window is not None and window < 8:
        length = 32
    # Subsampling is random: room for three standard deviations more than expected.
    total = int(np.ceil((words + 3 * np.sqrt(words)) / length)) + 1
    # Many small steps teach more than few large ones, until their overhead counts.
    most = rows or max(1, min(total // 16, int(np.clip(total // 1024, 8, 128))))
    steps = -(-total // most)
    return Layout(length, -(-total // steps), steps)


def passes(corpus: EncodedTexts, keep: np.ndarray, layout: Layout, seed: int) -> Iterator[tuple]:
    """Yields chunks of a corpus without end, one pass after the other.

    Every pass thins out frequent words afresh, cuts the rows at another place and shuffles them.

    Args:
        corpus: the encoded texts.
        keep: float32 array `(vocabulary,)`, see `keep_probability`.
        layout: see `plan_layout`.
        seed: int. The same seed gives the same chunks.

    Yields:
        Two int32 arrays `(steps, rows, length)`: word ids, 0 for padding, and the number of the text of each.
    """
    length, rows, steps = layout
    places = steps * rows * length
    rng = np.random.default_rng(seed)
    text_of_word = np.repeat(np.arange(len(corpus), dtype="int32"), corpus.lengths)
    while True:
        kept = rng.random(len(corpus.ids), dtype="float32") < keep[corpus.ids]
        start = int(rng.integers(length))
        grid = np.zeros((2, places), "int32")
        for row, source in zip(grid, (corpus.ids, text_of_word), strict=True):
            chosen = source[kept][: places - start]
            row[start : start + len(chosen)] = chosen
        ids, texts = grid.reshape(2, -1, length)
        order = rng.permutation(steps * rows).reshape(steps, rows)
        for first in range(0, steps, STEPS_PER_CHUNK):
            chunk = order[first : first + STEPS_PER_CHUNK]
            yield ids[chunk], texts[chunk]


def _shifted(seed, stream):
    return tf.stack([seed[0], seed[1] + stream])


def draw_noise(noise: Noise, shape, seed: tf.Tensor) -> tf.Tensor:
    """Returns int32 word ids of `shape`, drawn from a noise distribution; `seed` is an int tensor `(2,)`."""
    slot = tf.random.stateless_uniform(shape, seed, 0, len(noise.alias), tf.int32)
    coin = tf.random.stateless_uniform(shape, _shifted(seed, 1))
    return tf.where(coin < tf.gather(noise.threshold, slot), slot + 1, tf.gather(noise.alias, slot))


def train_block(
    tables: Tables,
    noise: Noise,
    ids: tf.Tensor,
    texts: tf.Tensor,
    *,
    window: int | None,
    negative_samples: int,
    shared_negatives: int,
    rate: tf.Tensor,
    seed: tf.Tensor,
    compiled: bool = False,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Trains the tables on one block of text, in place.

    Each row has `shared_negatives` noise words of its own, shared by its words and weighted so that each pair counts
    as many as `negative_samples`. One set of noise words for the whole block would ruin the vectors.

    Args:
        tables: the variables to change.
        noise: see `noise_tables`.
        ids: int32 `(rows, length)`, 0 for padding.
        texts: int32 `(rows, length)`: which text each word belongs to; pairs never cross texts.
        window: reach to either side, drawn anew for each centre from 1 to `window` as in word2vec; None for the whole
            text, where each centre counts like one with a window of 5.
        negative_samples: noise words a pair.
        shared_negatives: noise words a row.
        rate: float32 scalar, the learning rate.
        seed: int tensor `(2,)`; the second may grow by 3 from block to block.
        compiled: whether XLA compiles the products: twice as fast, after half a second of compiling.

    Returns:
        The summed loss of the pairs within the window, and how many pairs it sums, both float32 scalars.
    """
    rows, length = ids.shape
    dim = tables.words.shape[1]
    radius = None
    if window is not None:
        radius = tf.random.stateless_uniform((rows, length, 1), _shifted(seed, 2), 1, window + 1, tf.int32)
    noise_ids = draw_noise(noise, (rows, shared_negatives), seed)
    x = tf.gather(tables.words, ids)
    y = tf.gather(tables.contexts, ids)
    z = tf.gather(tables.contexts, noise_ids)
    grad_x, grad_y, grad_z, loss, pairs = (_compiled_gradients if compiled else _gradients)(
        x, y, z, ids, texts, radius, negative_samples
    )

    ids, noise_ids = tf.reshape(ids, [-1]), tf.reshape(noise_ids, [-1])
    grad_x, grad_y, grad_z = (tf.reshape(grad, [-1, dim]) for grad in (grad_x, grad_y, grad_z))
    update_rows(tables.words, tables.words_squares, grad_x, ids, rate)
    update_rows(
        tables.contexts,
        tables.contexts_squares,
        tf.concat([grad_y, grad_z], 0),
        tf.concat([ids, noise_ids], 0),
        rate,
    )
    return loss, pairs


def _gradients(x, y, z, ids, texts, radius, negative_samples):
    length = ids.shape[-1]
    real = ids > 0
    place = tf.range(length)
    distance = tf.abs(place[:, None] - place)
    near = (texts[:, :, None] == texts[:, None, :]) & real[:, :, None] & real[:, None, :] & (distance > 0)
    if radius is not None:
        near &= distance <= radius
    near = tf.cast(near, tf.float32)
    pairs = tf.reduce_sum(near, -1, keepdims=True)
    if radius is None:
        scale = tf.minimum(1.0, _PAIRS_PER_CENTRE / tf.maximum(pairs, 1.0))
        near, pairs = near * scale, pairs * scale
    scores = tf.matmul(x, y, transpose_b=True)
    pull = near * (tf.sigmoid(scores) - 1.0)
    push = pairs * (negative_samples / z.shape[1]) * tf.sigmoid(tf.matmul(x, z, transpose_b=True))
    grad_x = tf.matmul(pull, y) + tf.matmul(push, z)
    grad_y = tf.matmul(pull, x, transpose_a=True)
    grad_z = tf.matmul(push, x, transpose_a=True)
    return grad_x, grad_y, grad_z, tf.reduce_sum(near * tf.nn.softplus(-scores)), tf.reduce_sum(pairs)


_compiled_gradients = tf.function(_gradients, jit_compile=True)


def update_rows(table: tf.Variable, squares: tf.Variable, grad: tf.Tensor, ids: tf.Tensor, rate: tf.Tensor) -> None:
    """Takes an Adagrad step on the rows `ids` of a table, those that repeat summed first.

    Args:
        table: float32 `(vocabulary, dim)`.
        squares: float32 `(vocabulary, 1)`, the accumulators: the sum of each row's mean squared gradient.
        grad: float32 `(n, dim)`.
        ids: int32 `(n,)`.
        rate: float32 scalar.
    """
    ids, place = tf.unique(ids)
    grad = tf.math.unsorted_segment_sum(grad, place, tf.shape(ids)[0])
    total = tf.gather(squares, ids) + tf.reduce_mean(grad * grad, -1, keepdims=True)
    squares.scatter_update(tf.IndexedSlices(total, ids))
    table.scatter_sub(tf.IndexedSlices(rate * grad * tf.math.rsqrt(total), ids))
