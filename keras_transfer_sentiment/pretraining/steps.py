"""Training steps as each thread runs them: it takes rows, then words to update, until none are left, and waits.

Who takes which is left to chance, so that a thread that is held up holds up no other for long; every sum is taken by
one thread in a fixed order all the same.
"""

from typing import NamedTuple

import numpy as np

from keras_transfer_sentiment.compiler import compiled
from keras_transfer_sentiment.pretraining.counters import make_counters, take, wait_for_all
from keras_transfer_sentiment.pretraining.kernels import (
    compose_words,
    compute_gradients,
    sum_word_gradients,
    update_rows,
)
from keras_transfer_sentiment.pretraining.preparation import Groups

_PARTS = 4  # per thread, into which work is cut
# A step has a counter for each kind of work, of how much is taken, and one of the threads that have done with it.
_WORK = 5
_COMPOSE, _GRADIENTS, _CONTEXTS, _WORDS, _NGRAMS = range(_WORK)


Group = tuple[int, np.ndarray, np.ndarray, np.ndarray]


class Steps(NamedTuple):
    """Some steps that are ready to be trained.

    Attributes:
        ids, texts: int32 `(steps, rows, length)`.
        columns: int32 `(steps, rows, width)`, see `preparation.prepare_steps`.
        rates: float32 `(steps,)`.
        words, contexts: the positions of each word and of each context.
        row_sums: float64 `(steps, rows, 2)`, set to the loss and the pairs of each row.
        counters: see `count_steps`.
    """

    ids: np.ndarray
    texts: np.ndarray
    columns: np.ndarray
    rates: np.ndarray
    words: Groups
    contexts: Groups
    row_sums: np.ndarray
    counters: np.ndarray


class Pairs(NamedTuple):
    """What pairs of words count, see `kernels.compute_gradients`."""

    weights: np.ndarray
    reach: int
    most: np.float32
    noise_weight: np.float32


class Gradients(NamedTuple):
    """Room for the gradients of a step: float32 `(rows, length, columns)` and `(rows, width, columns)`."""

    words: np.ndarray
    contexts: np.ndarray


class StepNgrams(NamedTuple):
    """The n-grams of one step, see `kernels.ngrams_of`.

    Attributes:
        of_words: the n-grams of each word.
        own, groups: the words of each word, itself alone, and of each n-gram, as groups.
        vectors: float32 `(words + 1, dim)`: room for the vector of each word, then for its gradient.
        places: int32 `(rows, length)`: the word at each position.
    """

    of_words: tuple[np.ndarray, np.ndarray]
    own: Group
    groups: Group
    vectors: np.ndarray
    places: np.ndarray


def count_steps(steps: int) -> np.ndarray:
    """Returns the counters of some steps: `(steps, kinds of work, 2, LINE)`."""
    return make_counters(steps, _WORK, 2)


@compiled
def train_steps(first, stop, threads, steps, tables, pairs, workspace, grads):
    """Trains the tables on some steps, together with the other threads that call this with the same.

    Args:
        first, stop: the first of the steps, and the first after them.
        threads: the number of the threads.
        steps: `Steps`.
        tables: `Tables`.
        pairs: `Pairs`.
        workspace: the thread's own `Workspace`.
        grads: `Gradients`.
    """
    for step in range(first, stop):
        counters, rate = steps.counters[step], steps.rates[step]
        words, contexts = _groups_of(steps.words, step), _groups_of(steps.contexts, step)
        index = steps.ids[step]
        _take_rows(step, steps, tables.words, index, tables.contexts, pairs, workspace, grads, threads)
        wait_for_all(counters[_GRADIENTS, 1], threads)
        of_contexts, of_words = _by_position(grads.contexts), _by_position(grads.words)
        _take_updates(
            counters[_CONTEXTS, 0], contexts, of_contexts, tables.contexts, tables.contexts_accumulator, rate, threads
        )
        _take_updates(counters[_WORDS, 0], words, of_words, tables.words, tables.words_accumulator, rate, threads)
        wait_for_all(counters[_WORDS, 1], threads)


@compiled
def train_ngram_step(step, threads, steps, tables, pairs, workspace, grads, ngrams):
    """Does what `train_steps` does for one step, where words have `StepNgrams`."""
    counters, rate = steps.counters[step], steps.rates[step]
    words, contexts = _groups_of(steps.words, step), _groups_of(steps.contexts, step)
    size, vectors = words[0], ngrams.vectors
    some = -(-size // (threads * _PARTS))
    start = take(counters[_COMPOSE, 0], some)
    while start < size:
        stop = min(start + some, size)
        compose_words(start, stop, words, tables.words, tables.ngrams, ngrams.of_words, vectors)
        start = take(counters[_COMPOSE, 0], some)
    wait_for_all(counters[_COMPOSE, 1], threads)
    _take_rows(step, steps, vectors, ngrams.places, tables.contexts, pairs, workspace, grads, threads)
    wait_for_all(counters[_GRADIENTS, 1], threads)
    of_contexts, of_words = _by_position(grads.contexts), _by_position(grads.words)
    _take_updates(
        counters[_CONTEXTS, 0], contexts, of_contexts, tables.contexts, tables.contexts_accumulator, rate, threads
    )
    start = take(counters[_WORDS, 0], some)
    while start < size:
        sum_word_gradients(start, min(start + some, size), words, of_words, ngrams.of_words, vectors)
        start = take(counters[_WORDS, 0], some)
    wait_for_all(counters[_WORDS, 1], threads)
    _take_updates(counters[_NGRAMS, 0], ngrams.own, vectors, tables.words, tables.words_accumulator, rate, threads)
    _take_updates(counters[_NGRAMS, 1], ngrams.groups, vectors, tables.ngrams, tables.ngrams_accumulator, rate, threads)


@compiled
def _groups_of(groups, step):
    return groups.sizes[step], groups.rows[step], groups.bounds[step], groups.positions[step]


@compiled
def _by_position(grads):
    return grads.reshape(-1, grads.shape[2])


@compiled
def _take_rows(step, steps, words, index, contexts, pairs, workspace, grads, threads):
    rows = len(index)
    some = -(-rows // (threads * _PARTS))
    counter = steps.counters[step, _GRADIENTS, 0]
    start = take(counter, some)
    while start < rows:
        compute_gradients(
            start, min(start + some, rows), words, index, steps.ids[step], contexts, steps.columns[step],
            steps.texts[step], pairs.weights, pairs.reach, pairs.most, pairs.noise_weight, workspace, grads.words,
            grads.contexts, steps.row_sums[step],
        )  # fmt: skip
        start = take(counter, some)


@compiled
def _take_updates(counter, groups, grads, table, accumulator, rate, threads):
    parts = threads * _PARTS
    part = take(counter, 1)
    while part < parts:
        update_rows(part, parts, groups, grads, table, accumulator, rate)
        part = take(counter, 1)
