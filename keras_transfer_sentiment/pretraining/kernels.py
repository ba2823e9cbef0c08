"""The compiled functions of a training step on processors: gradients, and the update of the tables."""

from typing import NamedTuple

import numpy as np

from keras_transfer_sentiment.compiler import compiled, prefetch
from keras_transfer_sentiment.pretraining.products import LANES, ROWS, multiply

_AHEAD = 8  # rows of a table that are fetched before they are needed


class Workspace(NamedTuple):
    """What a thread computes with, one row of words at a time; columns past `dim` are 0.

    `words` is float32 `(length, columns)`, `words_by_column` its transpose, `contexts` `(width, columns)`, `scores`
    `(width, length)`. The others have an entry per word of the row: its text, or -1 for padding; what its pairs count;
    what it is pushed away from noise words by; the loss.
    """

    words: np.ndarray
    words_by_column: np.ndarray
    contexts: np.ndarray
    scores: np.ndarray
    keys: np.ndarray
    near: np.ndarray
    push: np.ndarray
    losses: np.ndarray


def make_workspace(length: int, width: int, columns: int) -> Workspace:
    """Returns the workspace of a thread for rows of `length` words, with `width` contexts."""
    return Workspace(
        np.zeros((length, columns), "float32"),
        np.zeros((columns, length), "float32"),
        np.zeros((width, columns), "float32"),
        np.zeros((width, length), "float32"),
        np.zeros(length, "int32"),
        np.zeros(length, "float32"),
        np.zeros(length, "float32"),
        np.zeros(length, "float32"),
    )


@compiled
def sigmoid(x):
    """Returns 1 / (1 + exp(-x)) to float32's precision: a rational function, which vectorises.

    It is (1 + tanh(x / 2)) / 2, with the coefficients of Eigen's `generic_fast_tanh_float` (MathFunctionsImpl.h).
    """
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
def log(x):
    """Returns the natural logarithm of a normal float32, which vectorises, with the coefficients of Cephes's `logf`."""
    bits = np.float32(x).view(np.int32)
    exponent = np.int32(bits - 0x3F3504F3) >> np.int32(23)  # of the power of 2 that leaves 0.7 to 1.4
    x = np.int32(bits - (exponent << 23)).view(np.float32) - np.float32(1)
    power = np.float32(exponent)
    y = x * np.float32(7.0376836292e-2) - np.float32(1.1514610310e-1)
    y = y * x + np.float32(1.1676998740e-1)
    y = y * x - np.float32(1.2420140846e-1)
    y = y * x + np.float32(1.4249322787e-1)
    y = y * x - np.float32(1.6668057665e-1)
    y = y * x + np.float32(2.0000714765e-1)
    y = y * x - np.float32(2.4999993993e-1)
    y = y * x + np.float32(3.3333331174e-1)
    return power * np.float32(0.6931471805599453) + (x - np.float32(0.5) * x * x + x * x * x * y)


@compiled
def compute_gradients(
    start, stop, words, index, ids, contexts, columns, texts, pair_weights, reach, most, weight,
    workspace, word_grads, context_grads, row_sums,
):  # fmt: skip
    """Computes the gradients of some rows of a step, and the loss and the pairs of each.

    Args:
        start, stop: the first of the rows, and the first after them.
        words, index: the table of word vectors, and the row of each word in it, int `(rows, length)`.
        ids, texts: int32 `(rows, length)`.
        contexts, columns: the table of context vectors, and the row of each in it, int32 `(rows, width)`.
        pair_weights: float32 `(length, length)`: what each pair of positions counts within a text.
        reach: int. The largest difference of positions that counts.
        most: what a word's pairs may count together.
        weight: what a noise word counts, for each that the pairs of a word count.
        workspace: see `Workspace`.
        word_grads: float32 `(rows, length, columns)` that are set.
        context_grads: float32 `(rows, width, columns)` that are set.
        row_sums: float64 `(rows, 2)`, set to loss and pairs.
    """
    length, width, size = ids.shape[1], columns.shape[1], word_grads.shape[2]
    x, x_by_column, y, scores = workspace[:4]
    flat_scores = scores.reshape(-1)
    for r in range(start, stop):
        _gather(words, index[r], contexts, columns[r], x, x_by_column, y)
        _score(x_by_column, y, flat_scores, length, width, reach)
        row_sums[r] = _weigh_pairs(scores, ids[r], texts[r], pair_weights, most, weight, workspace)
        flat_words, flat_contexts = word_grads[r].reshape(-1), context_grads[r].reshape(-1)
        for i in range(0, length, ROWS):
            low, high = max(i - reach, 0), min(i + ROWS + reach, length)
            multiply(
                flat_scores, low * length + i, 1, length, y.reshape(-1), low * size, size,
                high - low, length - high, width - length, flat_words, i * size, size, size,
            )  # fmt: skip
            if r + 1 < stop:
                for k in range(i, i + ROWS):
                    prefetch(words, index[r + 1, k])
        for j in range(0, width, ROWS):
            low, high = (max(j - reach, 0), min(j + ROWS + reach, length)) if j < length else (0, length)
            multiply(
                flat_scores, j * length + low, length, 1, x.reshape(-1), low * size, size, high - low, 0, 0,
                flat_contexts, j * size, size, size,
            )  # fmt: skip
            if r + 1 < stop:
                for k in range(j, j + ROWS):
                    prefetch(contexts, columns[r + 1, k])


@compiled
def _gather(words, index, contexts, columns, x, x_by_column, y):
    dim = words.shape[1]
    for i in range(len(index)):
        row = words[index[i]]
        for d in range(dim):
            x[i, d] = row[d]
        for d in range(dim):
            x_by_column[d, i] = row[d]
    for i in range(len(columns)):
        row = contexts[columns[i]]
        for d in range(dim):
            y[i, d] = row[d]


@compiled
def _score(x_by_column, y, scores, length, width, reach):
    """Sets `scores[j, i]` to the product of context `j` and word `i`, of the row's own words where `reach` has them."""
    size = y.shape[1]
    for j in range(0, width, ROWS):
        low, columns = 0, length
        if j < length:
            low, high = max(j - reach, 0), min(j + ROWS + reach, length)
            columns = min(max(-(-(high - low) // LANES), 2) * LANES, length)
            low = min(low, length - columns)
        multiply(
            y.reshape(-1), j * size, size, 1, x_by_column.reshape(-1), low, length, size,
            0, 0, scores, j * length + low, length, columns,
        )  # fmt: skip


@compiled
def _weigh_pairs(scores, ids, texts, pair_weights, most, weight, workspace):
    """Replaces the scores of a row by the gradients of the loss, and returns the loss and the pairs."""
    length, width = len(ids), len(scores)
    keys, near, push, losses = workspace[4:]
    for i in range(length):
        keys[i] = texts[i] if ids[i] > 0 else np.int32(-1)
        losses[i] = np.float32(0)
    for j in range(length):
        near[j] = _weigh_context(j, scores, keys, pair_weights, losses)
    loss = pairs = 0.0
    capped = False
    for i in range(length):
        share = most / near[i] if near[i] > most else np.float32(1)
        capped |= near[i] > most
        loss += share * losses[i]
        pairs += share * near[i]
        push[i] = weight * share * near[i]
        near[i] = share
    if capped:
        for j in range(length):
            for i in range(length):
                scores[j, i] *= near[i]
    for j in range(length, width):
        for i in range(length):
            scores[j, i] = push[i] * sigmoid(scores[j, i])
    return loss, pairs


@compiled
def _weigh_context(j, scores, keys, pair_weights, losses):
    """Replaces the scores of one context by its gradients; returns what its pairs count.

    With more arrays in the loop, or with indices that may be negative for all that the compiler knows, it would not
    be vectorised.
    """
    key, near = keys[j], np.float32(0)
    for i in range(len(keys)):
        pair_weight = pair_weights[j, i] if (keys[i] == key) & (key >= 0) else np.float32(0)
        likelihood = sigmoid(scores[j, i])
        losses[i] -= pair_weight * log(max(likelihood, np.float32(1e-8)))
        scores[j, i] = pair_weight * (likelihood - np.float32(1))
        near += pair_weight
    return near


@compiled
def _part_of(part, parts, size, bounds):
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
def update_rows(part, parts, groups, grads, table, accumulator, rate):
    """Takes a step on a part of the rows of a table, the gradients of each row summed first."""
    size, rows, bounds, positions = groups
    dim = table.shape[1]
    total = np.empty(dim, np.float32)
    first, stop = _part_of(part, parts, size, bounds)
    for group in range(first, stop):
        later = rows[min(group + _AHEAD, stop - 1)]
        prefetch(table, later)
        prefetch(accumulator, later)
        prefetch(grads, positions[min(bounds[group] + _AHEAD, bounds[stop] - 1)])
        grad = grads[positions[bounds[group]]]
        for d in range(dim):
            total[d] = grad[d]
        for i in range(bounds[group] + 1, bounds[group + 1]):
            prefetch(grads, positions[min(i + _AHEAD, bounds[stop] - 1)])
            grad = grads[positions[i]]
            for d in range(dim):
                total[d] += grad[d]
        square = np.float32(0)
        for d in range(dim):
            square += total[d] * total[d]
        row = rows[group]
        accumulator[row, 0] += square / np.float32(dim)
        factor = rate / np.sqrt(np.sqrt(accumulator[row, 0]))
        vector = table[row]
        for d in range(dim):
            vector[d] -= factor * total[d]


@compiled
def ngrams_of(words, offsets, rows, index):
    """Returns the n-grams of the words of a step, the word of each n-gram, and sets `index` to each position's word."""
    size, ids, bounds, positions = words
    starts = np.zeros(size + 1, np.int64)
    for group in range(size):
        starts[group + 1] = starts[group] + offsets[ids[group] + 1] - offsets[ids[group]]
    index[:] = size  # padding
    ngrams, owners = np.empty(starts[size], np.int32), np.empty(starts[size], np.int32)
    for group in range(size):
        for i in range(starts[group], starts[group + 1]):
            ngrams[i] = rows[offsets[ids[group]] + i - starts[group]]
            owners[i] = group
        for i in range(bounds[group], bounds[group + 1]):
            index[positions[i]] = group
    return (starts, ngrams), owners


@compiled
def compose_words(start, stop, words, table, ngrams, ngram_rows, vectors):
    """Sets `vectors` to the mean of each word's own vector and those of its n-grams."""
    ids, dim = words[1], table.shape[1]
    starts, rows = ngram_rows
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
def sum_word_gradients(part, parts, words, grads, ngram_rows, sums):
    """Sets `sums` to the gradient of each vector that makes up a word of the step."""
    size, _, bounds, positions = words
    starts = ngram_rows[0]
    for group in range(part, size, parts):
        total = sums[group]
        total[:] = np.float32(0)
        for i in range(bounds[group], bounds[group + 1]):
            grad = grads[positions[i]]
            for d in range(len(total)):
                total[d] += grad[d]
        share = np.float32(1) / np.float32(1 + starts[group + 1] - starts[group])
        for d in range(len(total)):
            total[d] *= share
