"""The training step on processors: compiled by Numba and spread over all cores.

The threads share out the rows of a step, then the words to update, and each sum is taken by one thread in a fixed
order: the same seed gives the same vectors, bit for bit, with any number of threads.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np

from keras_transfer_sentiment.pretraining import kernels, preparation
from keras_transfer_sentiment.pretraining.products import LENGTH_MULTIPLE, ROWS, padded_columns
from keras_transfer_sentiment.pretraining.skipgram import PAIRS_PER_CENTRE, Objective, pair_weights
from keras_transfer_sentiment.pretraining.tables import Tables, allocate
from keras_transfer_sentiment.vectors.subwords import NgramRows

_PARALLEL_WORDS = 1024  # words per step from which on threads pay


class NumbaEngine:
    """Trains tables on blocks of text, see `Engine`, in place.

    Args:
        tables: NumPy arrays, which are written to.
        objective: what is learned.
        rows, length: shape of the blocks.
        ngram_rows: the n-grams of each word, or None.
        threads: int or None. None takes all cores that this process may use.
    """

    def __init__(
        self,
        tables: Tables,
        objective: Objective,
        rows: int,
        length: int,
        ngram_rows: NgramRows | None = None,
        threads: int | None = None,
    ):
        self._tables = tables
        self._objective = objective
        self._ngram_rows = ngram_rows
        self.threads = min(threads or _cores(), rows) if rows * length >= _PARALLEL_WORDS else 1
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None
        entries = max(table.shape[0] + 1 for table in (tables.words, tables.ngrams) if table is not None)
        self._group_of = [np.full(entries, -1, "int32") for _ in range(self.threads)]
        self._length = _multiple(length, LENGTH_MULTIPLE)
        width = self._length + _multiple(objective.shared_negatives, ROWS)
        columns = padded_columns(tables.words.shape[1])
        self._workspaces = [kernels.make_workspace(self._length, width, columns) for _ in range(self.threads)]
        weights = pair_weights(objective.window, length)
        self._reach = len(weights) - 1
        distance = np.abs(np.arange(self._length)[:, None] - np.arange(self._length))
        self._pair_weights = np.append(weights, np.float32(0))[np.minimum(distance, len(weights))]
        self._most = np.float32(PAIRS_PER_CENTRE if objective.window is None else np.inf)
        self._word_grads = allocate((rows, self._length, columns))
        self._context_grads = allocate((rows, width, columns))
        self._row_sums = np.empty((rows, 2))

    def train(
        self, ids: np.ndarray, texts: np.ndarray, rates: np.ndarray, seed: int, first_step: int
    ) -> tuple[float, float]:
        if missing := self._length - ids.shape[2]:
            ids, texts = (np.pad(part, ((0, 0), (0, 0), (0, missing))) for part in (ids, texts))
        steps, rows, length = ids.shape
        width = self._context_grads.shape[1]
        columns = np.empty((steps, rows, width), "int32")
        words = preparation.empty_groups(steps, rows * length)
        contexts = preparation.empty_groups(steps, rows * width)
        draw = (*self._objective.noise, np.uint64(seed), np.uint64(first_step), self._objective.shared_negatives)

        def prepare(part, start, stop):
            preparation.prepare_steps(start, stop, ids, columns, draw, self._group_of[part], words, contexts)

        sums = np.zeros(2)
        self._share_out(prepare, steps)
        for i in range(steps):
            groups = preparation.groups_of(words, i), preparation.groups_of(contexts, i)
            self._step(ids[i], texts[i], columns[i], rates[i], *groups)
            sums += self._row_sums.sum(0)
        return float(sums[0]), float(sums[1])

    def _step(self, ids, texts, columns, rate, words, contexts):
        tables = self._tables
        weight = np.float32(self._objective.negative_samples / self._objective.shared_negatives)
        dim, size = tables.words.shape[1], self._word_grads.shape[-1]
        table, index = tables.words, ids
        if self._ngram_rows is not None:
            table, index = np.empty((words[0] + 1, dim), "float32"), np.empty_like(ids)
            of_words, ngram_groups = self._ngram_groups(words, self._ngram_rows, index)

        def compose(part, start, stop):
            kernels.compose_words(start, stop, words, tables.words, tables.ngrams, of_words, table)

        def gradients(part, start, stop):
            kernels.compute_gradients(
                start, stop, table, index, ids, tables.contexts, columns, texts, self._pair_weights, self._reach,
                self._most, weight, self._workspaces[part], self._word_grads, self._context_grads, self._row_sums,
            )  # fmt: skip

        def update(part, start, stop):
            context_grads = self._context_grads.reshape(-1, size)
            kernels.update_rows(
                part, self.threads, contexts, context_grads, tables.contexts, tables.contexts_accumulator, rate
            )
            word_grads = self._word_grads.reshape(-1, size)
            if self._ngram_rows is None:
                kernels.update_rows(part, self.threads, words, word_grads, tables.words, tables.words_accumulator, rate)
            else:
                kernels.sum_word_gradients(part, self.threads, words, word_grads, of_words, table)

        def update_ngrams(part, start, stop):
            each = np.arange(words[0] + 1, dtype="int32")
            own = (words[0], words[1], each, each)
            kernels.update_rows(part, self.threads, own, table, tables.words, tables.words_accumulator, rate)
            kernels.update_rows(part, self.threads, ngram_groups, table, tables.ngrams, tables.ngrams_accumulator, rate)

        if self._ngram_rows is not None:
            self._share_out(compose, words[0])
        self._share_out(gradients, len(ids))
        self._share_out(update, self.threads)
        if self._ngram_rows is not None:
            self._share_out(update_ngrams, self.threads)

    def _ngram_groups(self, words, ngram_rows, index):
        """Returns the n-grams of each word of a step, and the words of each of its n-grams as groups."""
        of_words, owners = kernels.ngrams_of(words, *ngram_rows, index.reshape(-1))
        groups = preparation.empty_groups(1, len(owners))
        groups.sizes[0] = preparation.group_positions(
            of_words[1] + 1, self._group_of[0], np.empty_like(owners), groups.rows[0], groups.bounds[0],
            groups.positions[0],
        )  # fmt: skip
        size, rows, bounds, positions = preparation.groups_of(groups, 0)
        return of_words, (size, rows - 1, bounds, owners[positions])

    def write_back(self) -> None:
        """Does nothing: the tables are trained where they are."""

    def close(self) -> None:
        """Ends the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _share_out(self, task: Callable[[int, int, int], None], size: int) -> None:
        """Calls `task(part, start, stop)` on every thread, `size` things shared out among them."""
        if self._pool is None:
            task(0, 0, size)
            return
        cuts = [size * part // self.threads for part in range(self.threads + 1)]
        futures = [self._pool.submit(task, part, cuts[part], cuts[part + 1]) for part in range(1, self.threads)]
        try:
            task(0, 0, cuts[1])
        finally:  # no thread may write to the tables once this is over
            wait(futures)
        for future in futures:
            future.result()


def _multiple(size, of):
    return -(-size // of) * of


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
