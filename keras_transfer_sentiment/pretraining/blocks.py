"""A corpus cut into blocks of words for the training steps, whatever its length, in flat memory."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_transfer_sentiment.compiler import GOLDEN, compiled, mixed, prefetch
from keras_transfer_sentiment.text.encoded import EncodedCorpus

STEPS_PER_CHUNK = 32  # steps handed over at a time; the hand-over costs as much as a step
_TRAINING_WORDS = 10_000_000  # words to train on, all passes together, where the user sets no epochs
_AUTO_EPOCHS = 10  # at most so many then: over a small text, an epoch is several passes
_PIECE_WORDS = 1 << 16  # words read from the corpus in one go
_AHEAD = 32  # chances to be kept that are fetched before they are needed
_POOL_PIECES = 64  # pieces, drawn from all over the corpus, whose rows are shuffled together


class Layout(NamedTuple):
    """How a corpus is cut: rows of `length` words, `rows` rows a step, `steps` steps a pass."""

    length: int
    rows: int
    steps: int


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


def plan_epochs(words: float) -> tuple[int, int]:
    """Returns how many epochs a corpus needs, and how many passes each has.

    Args:
        words: number of words that a pass is expected to keep.
    """
    passes = int(np.clip(np.ceil(_TRAINING_WORDS / max(words, 1)), 3, 200))
    per_epoch = -(-passes // _AUTO_EPOCHS)
    return -(-passes // per_epoch), per_epoch


def shared_negatives(length: int) -> int:
    """Returns how many noise words a row of `length` words has: enough for vectors as good as with more."""
    return max(32, length // 2)


def chunks_a_pass(layout: Layout) -> int:
    """Returns how many chunks `chunks` yields for each pass."""
    return -(-layout.steps // STEPS_PER_CHUNK)


def chunks(
    corpus: EncodedCorpus, keep: np.ndarray, layout: Layout, seed: Sequence[int], first_pass: int = 0, done: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields chunks of a corpus without end, one pass after the other.

    Every pass thins out frequent words afresh, cuts the rows at another place and shuffles them: all of a corpus of
    up to four million words, the rows of pieces from all over it otherwise.

    Args:
        corpus: the encoded texts, in memory or in a file.
        keep: float32 array `(vocabulary,)`, see `skipgram.keep_probability`.
        layout: see `plan_layout`.
        seed: ints. The same seed gives the same chunks.
        first_pass: int. Number of the pass to start with.
        done: int. Steps from there on that were done before an interruption: their chunks come without them.

    Yields:
        Two int32 arrays `(steps, rows, length)`: word ids, 0 for padding, and the number of the text of each. A chunk
        has `STEPS_PER_CHUNK` steps, the last one of a pass what remains.
    """
    for number in itertools.count(first_pass):
        for ids, texts in _pass_chunks(corpus, keep, layout, [*seed, number]):
            yield ids[done:], texts[done:]
            done = max(0, done - len(ids))


def dataset(next_chunk: Callable[[], tuple[np.ndarray, np.ndarray]], size: int, layout: Layout) -> tf.data.Dataset:
    """Returns what a function gives, called `size` times in a thread ahead of the training, as a dataset.

    Args:
        next_chunk: callable that returns the next of `chunks`.
        size: int. Number of chunks.
        layout: see `plan_layout`.
    """

    def element(_):
        parts = tf.numpy_function(next_chunk, [], (tf.int32, tf.int32))
        return (tuple(tf.ensure_shape(part, (None, layout.rows, layout.length)) for part in parts),)

    # Not from_generator: that makes TensorFlow give every freed tensor back to the system, a third of the time.
    data = tf.data.Dataset.range(size).map(element).prefetch(4)
    options = tf.data.Options()
    options.autotune.enabled = False  # its thread sleeps, and may keep the end of `fit` waiting for many seconds
    return data.with_options(options)


def _pass_chunks(corpus, keep, layout, seed):
    length, rows, steps = layout
    pools = _pools(corpus, keep, length, np.random.default_rng(seed))
    pool, order = np.empty((2, 0, length), "int32"), np.empty(0, "int64")
    for first in range(0, steps, STEPS_PER_CHUNK):
        last = min(first + STEPS_PER_CHUNK, steps)
        chunk = np.empty((2, (last - first) * rows, length), "int32")
        filled = 0
        while filled < chunk.shape[1]:
            if not len(order):
                if (more := next(pools, None)) is None:
                    break
                pool, order = more
            some, order = np.split(order, [chunk.shape[1] - filled])
            for part, own in zip(chunk, pool, strict=True):
                np.take(own, some, 0, part[filled : filled + len(some)], "clip")
            filled += len(some)
        chunk[:, filled:] = 0
        yield tuple(chunk.reshape(2, last - first, rows, length))


def _pools(corpus, keep, length, rng):
    """Yields the rows of a pass, int32 `(2, rows, length)`, some at a time, and a random order of them.

    They stay what they are until the next ones are made.
    """
    words = len(corpus.ids)
    pieces = rng.permutation(-(-words // _PIECE_WORDS))
    grid = np.empty((2, min(words, _POOL_PIECES * _PIECE_WORDS) + 2 * length), "int32")
    filled = int(rng.integers(length))
    grid[:, :filled] = 0
    for first in range(0, len(pieces), _POOL_PIECES):
        for piece in pieces[first : first + _POOL_PIECES]:
            start, stop = piece * _PIECE_WORDS, min((piece + 1) * _PIECE_WORDS, words)
            offsets = corpus.offsets
            text = int(np.searchsorted(offsets, start, "right")) - 1
            ends = offsets[text + 1 : int(np.searchsorted(offsets, stop, "left")) + 1]
            state = rng.integers(2**63, dtype="uint64")
            filled = _thin(
                np.asarray(corpus.ids[start:stop]), np.asarray(ends) - start, text, keep, state, grid, filled
            )
        whole = filled // length
        if first + _POOL_PIECES >= len(pieces):
            whole = -(-filled // length)
            grid[:, filled : whole * length] = 0
        rows = grid[:, : whole * length].reshape(2, whole, length)
        yield rows, rng.permutation(whole)
        filled = max(filled - whole * length, 0)
        grid[:, :filled] = grid[:, whole * length : whole * length + filled]


@compiled
def _thin(ids, ends, text, keep, state, grid, filled):
    """Appends the words that are kept, and the number of the text of each, to `grid`."""
    end = 0
    for i in range(len(ids)):
        while i >= ends[end]:
            end += 1
        state += GOLDEN
        coin = np.float32(mixed(state) >> np.uint64(40)) * np.float32(2.0**-24)
        prefetch(keep, ids[min(i + _AHEAD, len(ids) - 1)])
        grid[0, filled] = ids[i]
        grid[1, filled] = text + end
        filled += coin < keep[ids[i]]  # no branch: no processor can guess it
    return filled
