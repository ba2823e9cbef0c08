"""The training step on processors: compiled by Numba, its matrix products by BLAS, spread over all cores.

The threads share out the rows of a step, then the words to update, and each sum is taken by one thread in a fixed
order: the same seed gives the same vectors, bit for bit, with any number of threads.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import NamedTuple

import numpy as np
import scipy.linalg.cython_blas  # noqa: F401 - the products' library; it has to be there when its threads are limited
import tensorflow as tf
from threadpoolctl import ThreadpoolController

from keras_transfer_sentiment.compiler import GOLDEN, compiled, mixed, prefetch
from keras_transfer_sentiment.pretraining.skipgram import PAIRS_PER_CENTRE, Objective, Tables, pair_weights
from keras_transfer_sentiment.pretraining.tables import arrays_of, take_over
from keras_transfer_sentiment.vectors.subwords import NgramRows

_PARALLEL_WORDS = 1024  # words a step from which on threads pay
_AHEAD = 8  # rows of a table that are fetched before they are needed


class _Groups(NamedTuple):
    """Places of an array, grouped by the row of a table that stands there: one entry a step.

    Group `g` of a step is the row `rows[g]` and the places `places[bounds[g]:bounds[g + 1]]`.
    """

    sizes: np.ndarray
    rows: np.ndarray
    bounds: np.ndarray
    places: np.ndarray


def _empty_groups(steps, places):
    return _Groups(
        np.empty(steps, "int64"),
        np.empty((steps, places), "int32"),
        np.empty((steps, places + 1), "int32"),
        np.empty((steps, places), "int32"),
    )


class Trainer:
    """Trains tables on blocks of text, in place.

    Args:
        tables: TensorFlow variables. Their memory is written to: tensors that were read from them before stay as they
            are, tensors read while the trainer is in use may change.
        objective: what is learned.
        rows, length: shape of the blocks.
        bags: the n-grams of each word, or None.
        threads: int or None. None takes as many as TensorFlow does, see
            `tf.config.threading.set_intra_op_parallelism_threads`.
    """

    def __init__(
        self,
        tables: Tables,
        objective: Objective,
        rows: int,
        length: int,
        bags: NgramRows | None = None,
        threads: int | None = None,
    ):
        for variable in tables:
            if variable is not None:
                take_over(variable)
        self._tables = tables
        self._objective = objective
        self._bags = bags
        dim = tables.words.shape[1]
        entries = max(table.shape[0] + 1 for table in (tables.words, tables.ngrams) if table is not None)
        wanted = threads or tf.config.threading.get_intra_op_parallelism_threads() or _cores()
        self._threads = min(wanted, rows) if rows * length >= _PARALLEL_WORDS else 1
        self._pool = ThreadPoolExecutor(self._threads) if self._threads > 1 else None
        self._blas = ThreadpoolController().select(user_api="blas")
        self._group_of = [np.full(entries, -1, "int32") for _ in range(self._threads)]
        self._pair_weights = pair_weights(objective.window, length)
        self._most = np.float32(PAIRS_PER_CENTRE if objective.window is None else np.inf)
        self._word_grads = np.empty((rows, length, dim), "float32")
        self._context_grads = np.empty((rows, length + objective.shared_negatives, dim), "float32")
        self._row_sums = np.empty((rows, 2))

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
        ids, texts = ids.numpy(), texts.numpy()
        steps, rows, length = ids.shape
        width = self._context_grads.shape[1]
        columns = np.empty((steps, rows, width), "int32")
        words, contexts = _empty_groups(steps, rows * length), _empty_groups(steps, rows * width)
        draw = (*self._objective.noise, np.uint64(seed), np.uint64(first_step))

        def prepare(part, start, stop):
            _prepare(start, stop, ids, columns, draw, self._group_of[part], words, contexts)

        sums = np.zeros(2)
        with self._blas.limit(limits=1), arrays_of(self._tables) as arrays:
            self._share_out(prepare, steps)
            for i in range(steps):
                self._step(arrays, ids[i], texts[i], columns[i], rates[i], _of(words, i), _of(contexts, i))
                sums += self._row_sums.sum(0)
        return float(sums[0]), float(sums[1])

    def _step(self, tables, ids, texts, columns, rate, words, contexts):
        weight = np.float32(self._objective.negative_samples / self._objective.shared_negatives)
        dim = self._word_grads.shape[-1]
        table, index = tables.words, ids
        if self._bags is not None:
            table, index = np.empty((words[0] + 1, dim), "float32"), np.empty_like(ids)
            bags, ngram_groups = self._ngram_groups(words, index)

        def compose(part, start, stop):
            _compose(start, stop, words, tables.words, tables.ngrams, bags, table)

        def gradients(part, start, stop):
            _gradients(
                start, stop, table, index, ids, tables.contexts, columns, texts, self._pair_weights, self._most, weight,
                self._word_grads, self._context_grads, self._row_sums,
            )  # fmt: skip

        def update(part, start, stop):
            context_grads = self._context_grads.reshape(-1, dim)
            _update(part, self._threads, contexts, context_grads, tables.contexts, tables.contexts_squares, rate)
            word_grads = self._word_grads.reshape(-1, dim)
            if self._bags is None:
                _update(part, self._threads, words, word_grads, tables.words, tables.words_squares, rate)
            else:
                _sum_groups(part, self._threads, words, word_grads, bags, table)

        def update_bags(part, start, stop):
            each = np.arange(words[0] + 1, dtype="int32")
            own = (words[0], words[1], each, each)
            _update(part, self._threads, own, table, tables.words, tables.words_squares, rate)
            _update(part, self._threads, ngram_groups, table, tables.ngrams, tables.ngrams_squares, rate)

        if self._bags is not None:
            self._share_out(compose, words[0])
        self._share_out(gradients, len(ids))
        self._share_out(update, self._threads)
        if self._bags is not None:
            self._share_out(update_bags, self._threads)

    def _ngram_groups(self, words, index):
        """Returns the n-grams of each word of a step, and the words of each of its n-grams as groups."""
        assert self._bags is not None
        bags, owners = _bags_of(words, *self._bags, index.reshape(-1))
        groups = _empty_groups(1, len(owners))
        groups.sizes[0] = _group(
            bags[1] + 1, self._group_of[0], np.empty_like(owners), groups.rows[0], groups.bounds[0], groups.places[0]
        )
        size, rows, bounds, places = _of(groups, 0)
        return bags, (size, rows - 1, bounds, owners[places])

    def close(self) -> None:
        """Ends the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _share_out(self, task: Callable[[int, int, int], None], size: int) -> None:
        """Calls `task(part, start, stop)` on every thread, `size` things shared out among them."""
        if self._pool is None:
            task(0, 0, size)
            return
        cuts = [size * part // self._threads for part in range(self._threads + 1)]
        futures = [self._pool.submit(task, part, cuts[part], cuts[part + 1]) for part in range(1, self._threads)]
        try:
            task(0, 0, cuts[1])
        finally:  # no thread may write to the tables once this is over
            wait(futures)
        for future in futures:
            future.result()


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _of(groups, step):
    return (int(groups.sizes[step]), groups.rows[step], groups.bounds[step], groups.places[step])


@compiled
def _prepare(start, stop, ids, columns, draw, group_of, words, contexts):
    """Draws the noise words of some steps and groups their places by word."""
    threshold, alias, seed, first_step = draw
    _, rows, length = ids.shape
    group_at = np.empty(rows * columns.shape[2], np.int32)
    for s in range(start, stop):
        step = mixed(seed * GOLDEN + mixed(first_step + np.uint64(s)))
        for r in range(rows):
            state, later = mixed(step + np.uint64(r)), mixed(step + np.uint64(r + 1))
            for i in range(length):
                columns[s, r, i] = ids[s, r, i]
            for i in range(length, columns.shape[2]):
                state += GOLDEN
                later += GOLDEN
                soon = _slot(mixed(later), len(alias))
                prefetch(threshold, soon)
                prefetch(alias, soon)
                bits = mixed(state)
                slot = _slot(bits, len(alias))
                coin = np.float32(bits & np.uint64(0xFFFFFF)) * np.float32(2.0**-24)
                columns[s, r, i] = slot + 1 if coin < threshold[slot] else alias[slot]
        words.sizes[s] = _group(ids[s].ravel(), group_of, group_at, words.rows[s], words.bounds[s], words.places[s])
        contexts.sizes[s] = _group(
            columns[s].ravel(), group_of, group_at, contexts.rows[s], contexts.bounds[s], contexts.places[s]
        )


@compiled
def _slot(bits, size):
    return np.int64((bits >> np.uint64(32)) * np.uint64(size) >> np.uint64(32))


@compiled
def _group(ids, group_of, group_at, rows, bounds, places):
    """Sorts the places of `ids` by id, in order of first appearance, 0 left out; returns the number of groups.

    `group_of` has an entry a table row, -1 before and after; `group_at` is room for one a place.
    """
    size, last = 0, len(ids) - 1
    bounds[:] = 0
    group_of[0] = last + 1  # padding's, which has no more than a count
    for i in range(len(ids)):  # without a branch: which ids are new, no processor can guess
        prefetch(group_of, ids[min(i + 2 * _AHEAD, last)])
        group = group_of[ids[i]]
        is_new = group < 0
        group = size if is_new else group
        rows[min(size, last)] = ids[i]
        group_of[ids[i]] = group_at[i] = group
        bounds[group] += 1
        size += is_new
    total = 0
    for group in range(size):  # now where each group starts
        count = bounds[group]
        bounds[group] = total
        total += count
    for i in range(len(ids)):
        group = group_at[i]
        if group <= last:
            places[bounds[group]] = i
            bounds[group] += 1  # in the end, where it stops
    for group in range(size - 1, -1, -1):
        bounds[group + 1] = bounds[group]
        group_of[rows[group]] = -1
    bounds[0], group_of[0] = 0, -1
    return size


@compiled
def _sigmoid(x):
    """Returns 1 / (1 + exp(-x)), to float32's precision: a rational function, which vectorises."""
    x = max(np.float32(-18.0), min(np.float32(18.0), x)) * np.float32(0.5)
    square = x * x
    p = square * np.float32(-2.76076847742355e-16) + np.float32(2.00018790482477e-13)
    p = p * square + np.float32(-8.60467152213735e-11)
    p = p * square + np.float32(5.12229709037114e-08)
    p = p * square + np.float32(1.48572235717979e-05)
    p = p * square + np.float32(6.37261928935436e-04)
    p = p * square + np.float32(4.89352455891786e-03)
    q = square * np.float32(1.19825839466702e-06) + np.float32(1.18534705686654e-04)
    q = q * square + np.float32(2.26843463243900e-03)
    q = q * square + np.float32(4.89352518554385e-03)
    return np.float32(0.5) + np.float32(0.5) * (x * p / q)


@compiled
def _gradients(
    start, stop, words, index, ids, contexts, columns, texts, pair_weights, most, weight,
    word_grads, context_grads, row_sums,
):  # fmt: skip
    length, width, dim = ids.shape[1], columns.shape[1], words.shape[1]
    x = np.empty((length, dim), np.float32)
    y = np.empty((width, dim), np.float32)
    scores = np.empty((length, width), np.float32)
    pulls, reach = np.empty(length, np.float32), len(pair_weights) - 1
    for r in range(start, stop):
        for i in range(length):
            row = words[index[r, i]]
            for d in range(dim):
                x[i, d] = row[d]
        for i in range(width):
            row = contexts[columns[r, i]]
            for d in range(dim):
                y[i, d] = row[d]
        np.dot(x, y.T, scores)
        for i in range(length):
            if r + 1 < stop:
                prefetch(words, index[r + 1, i])
                for j in range(width * i // length, width * (i + 1) // length):
                    prefetch(contexts, columns[r + 1, j])
            for j in range(width):
                scores[i, j] = _sigmoid(scores[i, j])
        loss, pairs = 0.0, np.float32(0)
        for i in range(length):
            if ids[r, i] == 0:
                scores[i] = np.float32(0)
                continue
            pulls[:] = np.float32(0)
            near, centre_loss, product = np.float32(0), 0.0, np.float32(1)
            for distance in range(1, reach + 1):
                pair_weight = pair_weights[distance]
                for side in range(2):
                    j = i - distance if side == 0 else i + distance
                    if 0 <= j < length and texts[r, j] == texts[r, i] and ids[r, j] > 0:
                        near += pair_weight
                        product *= max(scores[i, j], np.float32(1e-8))
                        pulls[j] = pair_weight * (scores[i, j] - np.float32(1))
                if product < np.float32(1e-20) or distance == reach or pair_weights[distance + 1] != pair_weight:
                    centre_loss -= pair_weight * np.log(product)
                    product = np.float32(1)
            share = most / near if near > most else np.float32(1)
            for j in range(length):
                scores[i, j] = share * pulls[j]
            for j in range(length, width):
                scores[i, j] *= weight * share * near
            loss += float(share) * centre_loss
            pairs += share * near
        np.dot(scores, y, word_grads[r])
        np.dot(scores.T, x, context_grads[r])
        row_sums[r, 0] = loss
        row_sums[r, 1] = pairs


@compiled
def _share(part, parts, size, bounds):
    """Returns the first of the groups of a part, and the first after them, all groups cut into parts of equal work."""
    cuts = np.empty(2, np.int64)
    for i in range(2):
        work = (bounds[size] + size) * (part + i) // parts
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            if bounds[middle] + middle < work:
                low = middle + 1
            else:
                high = middle
        cuts[i] = low
    return cuts[0], cuts[1]


@compiled
def _update(part, parts, groups, grads, table, squares, rate):
    """Takes a step on a share of the rows of a table, the gradients of each row summed first."""
    size, rows, bounds, places = groups
    dim = table.shape[1]
    total = np.empty(dim, np.float32)
    first, stop = _share(part, parts, size, bounds)
    for group in range(first, stop):
        later = rows[min(group + _AHEAD, stop - 1)]
        prefetch(table, later)
        prefetch(squares, later)
        prefetch(grads, places[min(bounds[group] + _AHEAD, bounds[stop] - 1)])
        grad = grads[places[bounds[group]]]
        for d in range(dim):
            total[d] = grad[d]
        for place in range(bounds[group] + 1, bounds[group + 1]):
            prefetch(grads, places[min(place + _AHEAD, bounds[stop] - 1)])
            grad = grads[places[place]]
            for d in range(dim):
                total[d] += grad[d]
        square = np.float32(0)
        for d in range(dim):
            square += total[d] * total[d]
        row = rows[group]
        squares[row, 0] += square / np.float32(dim)
        factor = rate / np.sqrt(np.sqrt(squares[row, 0]))
        vector = table[row]
        for d in range(dim):
            vector[d] -= factor * total[d]


@compiled
def _bags_of(words, offsets, rows, index):
    """Returns the n-grams of the words of a step, the word of each n-gram, and sets `index` to each place's word."""
    size, ids, bounds, places = words
    starts = np.zeros(size + 1, np.int64)
    for group in range(size):
        starts[group + 1] = starts[group] + offsets[ids[group] + 1] - offsets[ids[group]]
    index[:] = size  # padding
    ngrams, owners = np.empty(starts[size], np.int32), np.empty(starts[size], np.int32)
    for group in range(size):
        for i in range(starts[group], starts[group + 1]):
            ngrams[i] = rows[offsets[ids[group]] + i - starts[group]]
            owners[i] = group
        for place in range(bounds[group], bounds[group + 1]):
            index[places[place]] = group
    return (starts, ngrams), owners


@compiled
def _compose(start, stop, words, table, ngrams, bags, vectors):
    """Sets `vectors` to the mean of each word's own vector and those of its n-grams."""
    ids, dim = words[1], table.shape[1]
    starts, rows = bags
    vectors[words[0]] = np.float32(0)
    for group in range(start, stop):
        vector = vectors[group]
        row = table[ids[group]]
        for d in range(dim):
            vector[d] = row[d]
        for i in range(starts[group], starts[group + 1]):
            row = ngrams[rows[i]]
            for d in range(dim):
                vector[d] += row[d]
        share = np.float32(1) / np.float32(1 + starts[group + 1] - starts[group])
        for d in range(dim):
            vector[d] *= share


@compiled
def _sum_groups(part, parts, words, grads, bags, sums):
    """Sets `sums` to the gradient of each vector that makes up a word of the step."""
    size, _, bounds, places = words
    starts = bags[0]
    for group in range(part, size, parts):
        total = sums[group]
        total[:] = np.float32(0)
        for place in range(bounds[group], bounds[group + 1]):
            grad = grads[places[place]]
            for d in range(len(total)):
                total[d] += grad[d]
        share = np.float32(1) / np.float32(1 + starts[group + 1] - starts[group])
        for d in range(len(total)):
            total[d] *= share
