"""What can be made ready for many training steps at once: noise words, and the positions of each word of a step."""

from typing import NamedTuple

import numpy as np

from keras_transfer_sentiment.compiler import GAMMA, compiled, prefetch, splitmix64

_AHEAD = 16  # positions whose group is fetched before it is needed


class Groups(NamedTuple):
    """Positions of an array, grouped by the table row that stands there: one entry per step.

    Group `g` of a step is the row `rows[g]` and the positions `positions[bounds[g]:bounds[g + 1]]`.
    """

    sizes: np.ndarray
    rows: np.ndarray
    bounds: np.ndarray
    positions: np.ndarray


def empty_groups(steps: int, positions: int) -> Groups:
    """Returns room for the groups of some steps."""
    return Groups(
        np.empty(steps, "int64"),
        np.empty((steps, positions), "int32"),
        np.empty((steps, positions + 1), "int32"),
        np.empty((steps, positions), "int32"),
    )


def groups_of(groups: Groups, step: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Returns the groups of one step, as the functions here take them."""
    return (int(groups.sizes[step]), groups.rows[step], groups.bounds[step], groups.positions[step])


@compiled
def prepare_steps(start, stop, ids, columns, draw, group_of, words, contexts):
    """Draws the noise words of some steps and groups the positions of each step by word.

    Args:
        start, stop: the first of the steps, and the first after them.
        ids: int32 array `(steps, rows, length)`.
        columns: int32 array `(steps, rows, width)`, set to the ids of the contexts: the words, the noise words, 0.
        draw: threshold and alias of the noise, the seed, the number of the first step and that of noise words per row.
        group_of: int32 array, -1, an entry per table row.
        words, contexts: `Groups` that are set.
    """
    threshold, alias, seed, first_step, noise_words = draw
    _, rows, length = ids.shape
    group_at = np.empty(rows * columns.shape[2], np.int32)
    for s in range(start, stop):
        step = splitmix64(seed * GAMMA + splitmix64(first_step + np.uint64(s)))
        for r in range(rows):
            state, later = splitmix64(step + np.uint64(r)), splitmix64(step + np.uint64(r + 1))
            for i in range(length):
                columns[s, r, i] = ids[s, r, i]
            for i in range(length, length + noise_words):
                state += GAMMA
                later += GAMMA
                soon = _slot(splitmix64(later), len(alias))
                prefetch(threshold, soon)
                prefetch(alias, soon)
                bits = splitmix64(state)
                slot = _slot(bits, len(alias))
                coin = np.float32(bits & np.uint64(0xFFFFFF)) * np.float32(2.0**-24)
                columns[s, r, i] = slot + 1 if coin < threshold[slot] else alias[slot]
            for i in range(length + noise_words, columns.shape[2]):
                columns[s, r, i] = 0
        words.sizes[s] = group_positions(
            ids[s].ravel(), group_of, group_at, words.rows[s], words.bounds[s], words.positions[s]
        )
        contexts.sizes[s] = group_positions(
            columns[s].ravel(), group_of, group_at, contexts.rows[s], contexts.bounds[s], contexts.positions[s]
        )


@compiled
def _slot(bits, size):
    return np.int64((bits >> np.uint64(32)) * np.uint64(size) >> np.uint64(32))


@compiled
def group_positions(ids, group_of, group_at, rows, bounds, positions):
    """Sorts the positions of `ids` by id, in order of first appearance, 0 left out; returns the number of groups.

    `group_of` has an entry per table row, -1 before and after; `group_at` is room for one per position. `bounds` first
    counts each group, then holds where it starts, is moved to where it stops, and is shifted back by one in the end.
    """
    size, last = 0, len(ids) - 1
    bounds[:] = 0
    group_of[0] = last + 1  # padding's, which has no more than a count
    for i in range(len(ids)):  # without a branch: which ids are new is unpredictable
        prefetch(group_of, ids[min(i + _AHEAD, last)])
        group = group_of[ids[i]]
        is_new = group < 0
        group = size if is_new else group
        rows[min(size, last)] = ids[i]
        group_of[ids[i]] = group_at[i] = group
        bounds[group] += 1
        size += is_new
    total = 0
    for group in range(size):
        count = bounds[group]
        bounds[group] = total
        total += count
    for i in range(len(ids)):
        group = group_at[i]
        if group <= last:
            positions[bounds[group]] = i
            bounds[group] += 1
    for group in range(size - 1, -1, -1):
        bounds[group + 1] = bounds[group]
        group_of[rows[group]] = -1
    bounds[0], group_of[0] = 0, -1
    return size
