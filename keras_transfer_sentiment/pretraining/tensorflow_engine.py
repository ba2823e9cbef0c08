"""The training step in TensorFlow's operations: runs whole on an accelerator, where TensorFlow sees one."""

import tensorflow as tf

from keras_transfer_sentiment.pretraining.skipgram import PAIRS_PER_CENTRE, Noise, Objective, Tables, pair_weights


class Trainer:
    """Trains tables on blocks of text, in place.

    Args:
        tables: TensorFlow variables.
        objective: what is learned.
        run_eagerly: bool. Whether TensorFlow runs operation by operation.
    """

    def __init__(self, tables: Tables, objective: Objective, run_eagerly: bool = False):
        self._tables = tables
        self._objective = objective
        self._graph = self._steps if run_eagerly else tf.function(self._steps, autograph=False)

    def train(self, ids, texts, rates, seed: int, first_step: int) -> tuple[float, float]:
        """Trains on some steps, one after the other.

        Args:
            ids: int32 tensor `(steps, rows, length)`, 0 for padding.
            texts: int32, of the same shape: which text each word belongs to; pairs never cross texts.
            rates: float32 `(steps,)`, the learning rate of each step.
            seed: int. With the number of the step, it gives the noise words.
            first_step: int. Number of the first of the steps.

        Returns:
            The summed loss of the pairs within the window, and the sum of their weights.
        """
        loss, pairs = self._graph(ids, texts, tf.constant(rates), tf.constant([seed, 2 * first_step]))
        return float(loss), float(pairs)

    def close(self) -> None:
        """Does nothing; for the sake of the other device's."""

    def _steps(self, ids, texts, rates, seed):
        def one(i, loss, pairs):
            more = train_block(self._tables, self._objective, ids[i], texts[i], rates[i], _shifted(seed, 2 * i))
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
    """Takes one step, see `Trainer.train`; `seed` is an int tensor `(2,)`."""
    rows, _ = ids.shape
    dim = tables.words.shape[1]
    noise_ids = draw_noise(objective.noise, (rows, objective.shared_negatives), seed)
    x = tf.gather(tables.words, ids)
    y = tf.gather(tables.contexts, ids)
    z = tf.gather(tables.contexts, noise_ids)
    grad_x, grad_y, grad_z, loss, pairs = _gradients(x, y, z, ids, texts, objective)

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


def _gradients(x, y, z, ids, texts, objective):
    real, place = ids > 0, tf.range(ids.shape[-1])
    weights = pair_weights(objective.window, ids.shape[-1])
    distance = tf.abs(place[:, None] - place)
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


def update_rows(table: tf.Variable, squares: tf.Variable, grad: tf.Tensor, ids: tf.Tensor, rate: tf.Tensor) -> None:
    """Takes a step on the rows `ids` of a table, those that repeat summed first.

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
    table.scatter_sub(tf.IndexedSlices(rate * grad * tf.math.rsqrt(tf.math.sqrt(total)), ids))
