"""A corpus cut into blocks of words for the training steps, whatever its length, in flat memory."""

import contextlib
import itertools
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from keras_transfer_sentiment.compiler import GAMMA, compiled, prefetch, splitmix64
from keras_transfer_sentiment.text.encoded import EncodedCorpus

STEPS_PER_GROUP = 32  # the hand-over of a group costs as much as a step
_TRAINING_WORDS = 10_000_000  # words to train on, all passes together, where the user sets no epochs
_AUTO_EPOCHS = 10  # at most: over a small text, an epoch is several passes
_PIECE_WORDS = 1 << 16  # words read from the corpus in one go
_AHEAD = 32  # words whose chance to be kept is fetched ahead
POOL_PIECES = 64  # pieces, drawn from all over the corpus, whose rows are shuffled together

T = TypeVar("T")


class BlockLayout(NamedTuple):
    """How a corpus is cut: rows of `length` words, `rows` rows per step, `steps` steps per pass."""

    length: int
    rows: int
    steps: int


def plan_layout(words: float, window: int | None, rows: int | None = None) -> BlockLayout:
    """Returns how to cut a corpus.

    Args:
        words: number of words that a pass is expected to keep.
        window: reach of a word to either side, or None for its whole text.
        rows: rows per step; None chooses: fewer for a small corpus, so that a pass has several steps.
    """
    length = 64 if window is None else int(np.clip(2 ** np.ceil(np.log2(4 * window + 1)), 32, 256))
    if window is not None and window < 8:
        length = 32
    # Subsampling is random: room for three standard deviations more than expected.
    total = int(np.ceil((words + 3 * np.sqrt(words)) / length)) + 1
    # Many small steps teach more than few large ones, until their overhead counts.
    most = rows or max(1, min(total // 16, int(np.clip(total // 1024, 8, 128))))
    steps = -(-total // most)
    return BlockLayout(length, -(-total // steps), steps)


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


def groups_per_pass(layout: BlockLayout) -> int:
    """Returns how many groups `step_groups` yields for each pass."""
    return -(-layout.steps // STEPS_PER_GROUP)


def step_groups(
    corpus: EncodedCorpus,
    keep: np.ndarray,
    layout: BlockLayout,
    seed: Sequence[int],
    first_pass: int = 0,
    done: int = 0,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields step groups of a corpus without end, one pass after the other: what is handed over at a time.

    Every pass thins out frequent words afresh, cuts the rows at another place and shuffles them: all of a corpus of
    up to four million words, the rows of pieces from all over it otherwise.

    Args:
        corpus: the encoded texts, in memory or in a file.
        keep: float32 array `(vocabulary,)`, see `skipgram.keep_probability`.
        layout: see `plan_layout`.
        seed: ints. The same seed gives the same groups.
        first_pass: int. Number of the pass to start with.
        done: int. Steps from there on that were done before an interruption: the groups come without them.

    Yields:
        Two int32 arrays `(steps, rows, length)`: word ids, 0 for padding, and the number of the text of each. A group
        has `STEPS_PER_GROUP` steps, the last one of a pass what remains.
    """
    for number in itertools.count(first_pass):
        for ids, texts in _pass_groups(corpus, keep, layout, [*seed, number]):
            yield ids[done:], texts[done:]
            done = max(0, done - len(ids))


def made_ahead(items: Iterator[T], size: int = 4) -> Iterator[T]:
    """Yields what an iterator does, made by a thread of its own, up to `size` items ahead.

    Closing the generator, as happens when it is deleted, ends the thread.
    """
    ready: queue.Queue = queue.Queue(size)
    is_over = threading.Event()

    def put(item, error=None):
        while not is_over.is_set():
            try:
                ready.put((item, error), timeout=0.1)
                break
            except queue.Full:
                continue

    def work():
        try:
            for item in items:
                put(item)
                if is_over.is_set():
                    return
            put(None, StopIteration())
        except BaseException as error:
            put(None, error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item
    finally:
        is_over.set()
        with contextlib.suppress(queue.Empty):
            while True:
                ready.get_nowait()
        thread.join()


def _pass_groups(corpus, keep, layout, seed):
    length, rows, steps = layout
    pools = _pools(corpus, keep, length, np.random.default_rng(seed))
    pool, order = np.empty((2, 0, length), "int32"), np.empty(0, "int64")
    for first in range(0, steps, STEPS_PER_GROUP):
        last = min(first + STEPS_PER_GROUP, steps)
        group = np.empty((2, (last - first) * rows, length), "int32")
        filled = 0
        while filled < group.shape[1]:
            if not len(order):
                if (more := next(pools, None)) is None:
                    break
                pool, order = more
            some, order = np.split(order, [group.shape[1] - filled])
            for part, own in zip(group, pool, strict=True):
                np.take(own, some, 0, part[filled : filled + len(some)], "clip")
            filled += len(some)
        group[:, filled:] = 0
        yield tuple(group.reshape(2, last - first, rows, length))


def _pools(corpus, keep, length, rng):
    """Yields the rows of a pass, int32 `(2, rows, length)`, some at a time, and a random order of them.

    The next ones overwrite them.
    """
    words = len(corpus.ids)
    pieces = rng.permutation(-(-words // _PIECE_WORDS))
    grid = np.empty((2, min(words, POOL_PIECES * _PIECE_WORDS) + 2 * length), "int32")
    filled = int(rng.integers(length))
    grid[:, :filled] = 0
    for first in range(0, len(pieces), POOL_PIECES):
        for piece in pieces[first : first + POOL_PIECES]:
            start, stop = piece * _PIECE_WORDS, min((piece + 1) * _PIECE_WORDS, words)
            offsets = corpus.offsets
            text = int(np.searchsorted(offsets, start, "right")) - 1
            ends = offsets[text + 1 : int(np.searchsorted(offsets, stop, "left")) + 1]
            state = rng.integers(2**63, dtype="uint64")
            filled = _thin(
                np.asarray(corpus.ids[start:stop]), np.asarray(ends) - start, text, keep, state, grid, filled
            )
        whole = filled // length
        if first + POOL_PIECES >= len(pieces):
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
        state += GAMMA
        coin = np.float32(splitmix64(state) >> np.uint64(40)) * np.float32(2.0**-24)
        prefetch(keep, ids[min(i + _AHEAD, len(ids) - 1)])
        grid[0, filled] = ids[i]
        grid[1, filled] = text + end
        filled += coin < keep[ids[i]]  # an unpredictable branch saved
    return filled
