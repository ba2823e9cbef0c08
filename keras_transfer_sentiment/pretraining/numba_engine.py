"""The training step on processors: compiled by Numba and spread over all cores.

The threads share out the rows of a step, then the words to update, and each sum is taken by one thread in a fixed
order: the same seed gives the same vectors, bit for bit, with any number of threads.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import numpy as np

from keras_transfer_sentiment.pretraining import kernels, preparation
from keras_transfer_sentiment.pretraining.counters import can_share, give_up
from keras_transfer_sentiment.pretraining.products import LENGTH_MULTIPLE, ROWS, padded_columns
from keras_transfer_sentiment.pretraining.skipgram import PAIRS_PER_CENTRE, Objective, pair_weights
from keras_transfer_sentiment.pretraining.steps import (
    Gradients,
    Pairs,
    StepNgrams,
    Steps,
    count_steps,
    train_ngram_step,
    train_steps,
)
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
        many = can_share and rows * length >= _PARALLEL_WORDS
        self.threads = min(threads or _cores(), rows) if many else 1
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None
        entries = max(table.shape[0] + 1 for table in (tables.words, tables.ngrams) if table is not None)
        self._group_of = [np.full(entries, -1, "int32") for _ in range(self.threads)]
        self._length = _multiple(length, LENGTH_MULTIPLE)
        width = self._length + _multiple(objective.shared_negatives, ROWS)
        columns = padded_columns(tables.words.shape[1])
        self._workspaces = [kernels.make_workspace(self._length, width, columns) for _ in range(self.threads)]
        weights = pair_weights(objective.window, length)
        distance = np.abs(np.arange(self._length)[:, None] - np.arange(self._length))
        self._pairs = Pairs(
            np.append(weights, np.float32(0))[np.minimum(distance, len(weights))],
            len(weights) - 1,
            np.float32(PAIRS_PER_CENTRE if objective.window is None else np.inf),
            np.float32(objective.negative_samples / objective.shared_negatives),
        )
        self._grads = Gradients(allocate((rows, self._length, columns)), allocate((rows, width, columns)))

    def train(
        self, ids: np.ndarray, texts: np.ndarray, rates: np.ndarray, seed: int, first_step: int
    ) -> tuple[float, float]:
        if missing := self._length - ids.shape[2]:
            ids, texts = (np.pad(part, ((0, 0), (0, 0), (0, missing))) for part in (ids, texts))
        steps = self._prepare(ids, texts, rates, np.uint64(seed), np.uint64(first_step))
        if self._ngram_rows is None:
            self._train(steps)
        else:
            for step in range(len(ids)):
                self._train_ngrams(steps, step, self._ngram_rows)
        loss, pairs = steps.row_sums.sum(1).sum(0)
        return float(loss), float(pairs)

    def _prepare(self, ids, texts, rates, seed, first_step):
        steps, rows, length = ids.shape
        width = self._grads.contexts.shape[1]
        columns = np.empty((steps, rows, width), "int32")
        words = preparation.empty_groups(steps, rows * length)
        contexts = preparation.empty_groups(steps, rows * width)
        draw = (*self._objective.noise, seed, first_step, self._objective.shared_negatives)
        cuts = [steps * part // self.threads for part in range(self.threads + 1)]

        def prepare(part):
            some = cuts[part], cuts[part + 1]
            preparation.prepare_steps(*some, ids, columns, draw, self._group_of[part], words, contexts)

        counters = count_steps(steps)
        self._share_out(prepare, counters)
        sums = np.empty((steps, rows, 2))
        return Steps(ids, texts, columns, np.asarray(rates, "float32"), words, contexts, sums, counters)

    def _train(self, steps):
        def train(part):
            train_steps(
                0, len(steps.ids), self.threads, steps, self._tables, self._pairs, self._workspaces[part], self._grads
            )

        self._share_out(train, steps.counters)

    def _train_ngrams(self, steps, step, ngram_rows):
        ngrams = self._find_ngrams(preparation.groups_of(steps.words, step), ngram_rows, steps.ids[step])

        def train(part):
            train_ngram_step(
                step, self.threads, steps, self._tables, self._pairs, self._workspaces[part], self._grads, ngrams
            )

        self._share_out(train, steps.counters)

    def _find_ngrams(self, words, ngram_rows, ids):
        """Returns the n-grams of a step."""
        index = np.empty_like(ids)
        of_words, owners = kernels.ngrams_of(words, *ngram_rows, index.reshape(-1))
        groups = preparation.empty_groups(1, len(owners))
        groups.sizes[0] = preparation.group_positions(
            of_words[1] + 1, self._group_of[0], np.empty_like(owners), groups.rows[0], groups.bounds[0],
            groups.positions[0],
        )  # fmt: skip
        size, rows, bounds, positions = preparation.groups_of(groups, 0)
        each = np.arange(words[0] + 1, dtype="int32")
        vectors = np.zeros((words[0] + 1, self._tables.words.shape[1]), "float32")  # the last one is padding's
        return StepNgrams(
            of_words, (words[0], words[1], each, each), (size, rows - 1, bounds, owners[positions]), vectors, index
        )

    def write_back(self) -> None:
        """Does nothing: the tables are trained where they are."""

    def close(self) -> None:
        """Ends the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _share_out(self, task: Callable[[int], None], counters: np.ndarray) -> None:
        """Calls `task(part)` on every thread; the threads may wait for each other by the counters."""
        if self._pool is None:
            task(0)
            return

        def try_task(part):
            try:
                task(part)
            except BaseException:
                give_up(counters)  # or the other threads would wait for ever
                raise

        futures: list[Future] = []
        try:
            futures.extend(self._pool.submit(try_task, part) for part in range(1, self.threads))
            try_task(0)
        except BaseException:
            give_up(counters)
            raise
        finally:  # no thread may write to the tables once this is over
            wait(futures)
        for future in futures:
            future.result()


def _multiple(size, of):
    return -(-size // of) * of


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
