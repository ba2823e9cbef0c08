"""What training changes: the tables of vectors, as NumPy arrays of this package's own, and how far it has come."""

import math
import mmap
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

ACCUMULATOR_START = 0.1
_GENTLEST_START = 700.0
_LARGE_PAGE = 2 << 20
_ROWS = 1 << 12  # filled in one go: no second table in memory


class Tables(NamedTuple):
    """The tables, by name; row 0 belongs to padding.

    `words` and `contexts` are float32 `(vocabulary, dim)`, `ngrams`, where words have them, `(buckets, dim)`; the
    accumulators, sums of each row's mean squared gradients, are float32 `(rows, 1)`.
    """

    words: np.ndarray
    contexts: np.ndarray
    words_accumulator: np.ndarray
    contexts_accumulator: np.ndarray
    ngrams: np.ndarray | None = None
    ngrams_accumulator: np.ndarray | None = None

    def present(self) -> dict[str, np.ndarray]:
        """Returns the tables that there are, by name."""
        return {name: table for name, table in self._asdict().items() if table is not None}


class Progress(NamedTuple):
    """How far a training has come: its seed, the steps taken, how many of them before this `fit`, how many it takes."""

    seed: int
    step: int = 0
    first_step: int = 0
    total_steps: int = 0


@dataclass
class TrainingState:
    """All that a training goes on from."""

    tables: Tables
    progress: Progress

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the tables themselves and a copy of the progress, int64 `(4,)`, by name."""
        return {**self.tables.present(), "progress": np.array(self.progress, "int64")}

    def assign(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes over the values of arrays named as in `arrays()`; of version 0.1 those numbered as it did.

        Raises:
            ValueError: arrays of other names or shapes, or a vector for padding; nothing has changed then.
        """
        names = {name: name for name in self.arrays()}
        if "0" in arrays:  # Keras's numbers: the trainable weights first
            accumulators = [name for name in names if name.endswith("_accumulator")]
            first = [name for name in names if name not in (*accumulators, "progress")]
            names = {name: str(i) for i, name in enumerate([*first, *accumulators, "progress"])}
        expected = {key: np.shape(self.arrays()[name]) for name, key in names.items()}
        received = {key: tuple(arrays[key].shape) for key in arrays.keys()}  # noqa: SIM118 - Keras's stores have no iterator
        if expected != received:
            raise ValueError(
                f"These weights do not fit the model. Expected arrays of the shapes {expected}; received {received}. "
                "Load them into a model of the same vocabulary and settings."
            )
        if np.any(arrays[names["words"]][0]):
            raise ValueError("The vector of padding, the first row of the words' table, must be 0. Received another.")
        for name, table in self.tables.present().items():
            table[...] = arrays[names[name]]
        self.progress = Progress(*(int(number) for number in arrays[names["progress"]]))


def allocate(shape: tuple[int, ...]) -> np.ndarray:
    """Returns a float32 array of zeros, in memory that Linux is asked to give in large pages.

    Training is all over the tables, and half of what it costs to get a row from memory is to find its page. The memory
    goes back to the system with the array.

    Args:
        shape: ints.
    """
    size = math.prod(shape)
    if 4 * size < _LARGE_PAGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.zeros(shape, "float32")
    memory = mmap.mmap(-1, 4 * size + _LARGE_PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        memory.madvise(mmap.MADV_HUGEPAGE)
    except OSError:  # a system without large pages
        pass
    start = -np.frombuffer(memory, "uint8").ctypes.data % _LARGE_PAGE
    return np.frombuffer(memory, "float32", size, start).reshape(shape)


def create_tables(size: int, dim: int, buckets: int | None, seed, old: Tables | None = None) -> Tables:
    """Returns tables filled with what training starts from.

    Args:
        size: int. Words of the vocabulary, padding included.
        dim: int. Length of the vectors.
        buckets: int or None. Rows of the table of n-grams, if there is one.
        seed: see `initialize`.
        old: `Tables` of fewer words or None. The new ones begin with their rows.
    """
    rows = {"words": size, "contexts": size} | ({} if buckets is None else {"ngrams": buckets})
    tables = Tables(
        **{name: allocate((number, dim)) for name, number in rows.items()},
        **{f"{name}_accumulator": allocate((number, 1)) for name, number in rows.items()},
    )
    initialize(tables, seed, 0 if old is None else len(old.words))
    if old is not None:
        for name, table in old.present().items():
            getattr(tables, name)[: len(table)] = table
    return tables


def initialize(tables: Tables, seed, first: int = 0) -> None:
    """Sets tables to what training starts from: small random vectors, contexts of zero.

    Args:
        tables: the tables.
        seed: int or ints.
        first: int. The words before this one, and the n-grams if it is not 0, stay as they are.
    """
    rng = np.random.default_rng(seed)
    with ThreadPoolExecutor(1) as pool:  # the first touch of much memory takes long, but both can be touched at a time
        zeros = pool.submit(tables.contexts[first:].fill, 0.0)
        _fill_randomly(tables.words, rng, first)
        zeros.result()
    tables.words_accumulator[first:] = tables.contexts_accumulator[first:] = ACCUMULATOR_START
    if not first:
        tables.words[0] = 0.0
        if tables.ngrams is not None and tables.ngrams_accumulator is not None:
            _fill_randomly(tables.ngrams, rng)
            tables.ngrams_accumulator[:] = ACCUMULATOR_START


def damp_first_steps(tables: Tables, window: int | None, passes: int) -> None:
    """Gives words that were never trained smaller first steps, the smaller the more passes there are to come.

    That serves similarity, where there is a window. In one pass the words need the large steps; contexts always do.

    Args:
        tables: the tables.
        window: see `skipgram.Objective`.
        passes: int.
    """
    if window is not None and tables.ngrams is None:
        fresh = tables.words_accumulator == np.float32(ACCUMULATOR_START)
        tables.words_accumulator[fresh] = min(6.0 * passes**3, _GENTLEST_START)


def _fill_randomly(table, rng, first=0):
    for start in range(0, len(table), _ROWS):
        rows = table[start : start + _ROWS]
        values = (rng.random(rows.shape, dtype="float32") - np.float32(0.5)) / np.float32(table.shape[1])
        kept = min(max(first - start, 0), len(rows))
        rows[kept:] = values[kept:]
