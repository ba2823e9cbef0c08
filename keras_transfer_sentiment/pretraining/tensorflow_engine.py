"""The training step in TensorFlow's operations: runs whole on an accelerator, where TensorFlow sees one."""

import numpy as np
import tensorflow as tf

from keras_transfer_sentiment.pretraining.skipgram import PAIRS_PER_CENTRE, Noise, Objective, pair_weights
from keras_transfer_sentiment.pretraining.tables import Tables


class TensorFlowEngine:
    """Trains tables on blocks of text, see `Engine`: on copies of them, where TensorFlow places them.

    Args:
        tables: what `write_back` writes to.
        objective: what is learned.
        run_eagerly: bool. Whether TensorFlow runs operation by operation.
    """

    def __init__(self, tables: Tables, objective: Objective, run_eagerly: bool = False):
        self._tables = tables
        self._variables = Tables(**{name: tf.Variable(table) for name, table in tables.present().items()})
        self._objective = objective
        self._graph = self._steps if run_eagerly else tf.function(self._steps, autograph=False)

    def train(
        self, ids: np.ndarray, texts: np.ndarray, rates: np.ndarray, seed: int, first_step: int
    ) -> tuple[float, float]:
        arguments = map(tf.constant, (ids, texts, rates, [seed, 2 * first_step]))
        loss, pairs = self._graph(*arguments)
        return float(loss), float(pairs)

    def write_back(self) -> None:
        """Copies the tables from where TensorFlow has them."""
        for name, table in self._tables.present().items():
            table[...] = getattr(self._variables, name).numpy()

    def close(self) -> None:
        """Does nothing: the copies go with the engine."""

    def _steps(self, ids, texts, rates, seed):
        def one(i, loss, pairs):
            more = train_block(self._variables, self._objective, ids[i], texts[i], rates[i], _shifted(seed, 2 * i))
            return i + 1, loss + more[0], pairs + more[1]

        start = (tf.constant(0), tf.constant(0.0), tf.constant(0.0))
        return tf.while_loop(lambda i, *_: i < tf.shape(ids)[0], one, start, parallel_iterations=1)[1:]


def _shifted(seed, stream):
    return tf.stack([seed[0], seed[1] + stream])


def draw_noise(noise: Noise, shape, seed: tf.Tensor) -> tf.Tensor:
    """Returns int32 word ids of `shape`, drawn from a noise distribution; `seed` is an int tensor `(2,)`."""
    slot = tf.random.stateless_uniform(shape, seed, 0, len(noise.alias), tf.int32)
    coin = tf.random.stateless_uniform(shape, _shifted(seed, 1))
    return tf.where(coin < tf.gather(noise.threshold, slot), slot + 1, tf.gather(noise.alias, slot))


def train_block(tables: Tables, objective: Objective, ids, texts, rate, seed) -> tuple[tf.Tensor, tf.Tensor]:
    """Takes one step on tables of variables, see `Engine.train`; `seed` is an int tensor `(2,)`."""
    rows, _ = ids.shape
    dim = tables.words.shape[1]
    noise_ids = draw_noise(objective.noise, (rows, objective.shared_negatives), seed)
    x = tf.gather(tables.words, ids)
    y = tf.gather(tables.contexts, ids)
    z = tf.gather(tables.contexts, noise_ids)
    grad_x, grad_y, grad_z, loss, pairs = _gradients(x, y, z, ids, texts, objective)

    ids, noise_ids = tf.reshape(ids, [-1]), tf.reshape(noise_ids, [-1])
    grad_x, grad_y, grad_z = (tf.reshape(grad, [-1, dim]) for grad in (grad_x, grad_y, grad_z))
    update_rows(tables.words, tables.words_accumulator, grad_x, ids, rate)
    update_rows(
        tables.contexts,
        tables.contexts_accumulator,
        tf.concat([grad_y, grad_z], 0),
        tf.concat([ids, noise_ids], 0),
        rate,
    )
    return loss, pairs


def _gradients(x, y, z, ids, texts, objective):
    real, position = ids > 0, tf.range(ids.shape[-1])
    weights = pair_weights(objective.window, ids.shape[-1])
    distance = tf.abs(position[:, None] - position)
    weight = tf.gather(tf.constant(weights), tf.where(distance < len(weights), distance, 0))
    near = (texts[:, :, None] == texts[:, None, :]) & real[:, :, None] & real[:, None, :]
    near = tf.cast(near, tf.float32) * weight
    pairs = tf.reduce_sum(near, -1, keepdims=True)
    if objective.window is None:
        scale = tf.minimum(1.0, PAIRS_PER_CENTRE / tf.maximum(pairs, 1.0))
        near, pairs = near * scale, pairs * scale
    scores = tf.matmul(x, y, transpose_b=True)
    pull = near * (tf.sigmoid(scores) - 1.0)
    push = pairs * (objective.negative_samples / z.shape[1]) * tf.sigmoid(tf.matmul(x, z, transpose_b=True))
    grad_x = tf.matmul(pull, y) + tf.matmul(push, z)
    grad_y = tf.matmul(pull, x, transpose_a=True)
    grad_z = tf.matmul(push, x, transpose_a=True)
    return grad_x, grad_y, grad_z, tf.reduce_sum(near * tf.nn.softplus(-scores)), tf.reduce_sum(pairs)


def update_rows(table: tf.Variable, accumulator: tf.Variable, grad: tf.Tensor, ids: tf.Tensor, rate: tf.Tensor) -> None:
    """Takes a step on the rows `ids` of a table, those that repeat summed first.

    Args:
        table: float32 `(vocabulary, dim)`.
        accumulator: float32 `(vocabulary, 1)`, the sum of each row's mean squared gradient.
        grad: float32 `(n, dim)`.
        ids: int32 `(n,)`.
        rate: float32 scalar.
    """
    ids, position = tf.unique(ids)
    grad = tf.math.unsorted_segment_sum(grad, position, tf.shape(ids)[0])
    total = tf.gather(accumulator, ids) + tf.reduce_mean(grad * grad, -1, keepdims=True)
    accumulator.scatter_update(tf.IndexedSlices(total, ids))
    table.scatter_sub(tf.IndexedSlices(rate * grad * tf.math.rsqrt(tf.math.sqrt(total)), ids))
