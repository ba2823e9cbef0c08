import mmap
import re
from pathlib import Path

import numpy as np
import pytest

from keras_transfer_sentiment.pretraining.tables import (
    Progress,
    Tables,
    TrainingState,
    allocate,
    create_tables,
    damp_first_steps,
    initialize,
)

from ..contracts import raises


@pytest.mark.parametrize("shape", [(3, 2), (1_000_000, 1), (0, 5)])
def test_allocated_arrays_are_zeros_to_write_to(shape):
    array = allocate(shape)
    assert (array.shape, array.dtype) == (shape, np.float32)
    assert not array.any()
    array[:] = 1.0
    assert array.all()


def test_systems_that_refuse_large_pages_give_small_ones(monkeypatch):
    class Refusing(mmap.mmap):
        def madvise(self, option):
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(mmap, "mmap", Refusing)
    assert not allocate((1_000_000, 1)).any()
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    assert not allocate((1_000_000, 1)).any()


def flags_of(address):
    """Returns the system's flags of the memory at an address."""
    there = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if span := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            there = int(span[1], 16) <= address < int(span[2], 16)
        elif there and line.startswith("VmFlags:"):
            return line.split()[1:]
    return []


@pytest.mark.skipif(
    not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="only Linux gives large pages, and not every one"
)
def test_tables_are_in_memory_that_may_have_large_pages():
    made = create_tables(20_000, 100, None, [0])
    for table in (made.words, made.contexts):
        assert table.ctypes.data % (2 << 20) == 0
        assert "hg" in flags_of(table.ctypes.data + 4_000_000)


def test_start_is_small_random_vectors_and_keeps_what_there_was():
    def filled(rows, first=0, seed=1):
        tables = Tables(*(np.full((rows, columns), 7.0, "float32") for columns in (10, 10, 1, 1)))
        initialize(tables, seed, first)
        return tables

    tables = filled(9_000)  # more than is filled in one go
    assert not tables.words[0].any()
    assert np.abs(tables.words).max() <= 0.05
    np.testing.assert_allclose(tables.words[1:].std(axis=0), 0.1 / np.sqrt(12), rtol=0.05)
    np.testing.assert_allclose(tables.words[5_000:].std(axis=0), 0.1 / np.sqrt(12), rtol=0.05)
    assert not tables.contexts.any()
    assert set(tables.words_accumulator[:, 0]) == set(tables.contexts_accumulator[:, 0]) == {np.float32(0.1)}
    np.testing.assert_array_equal(tables.words, filled(9_000).words)
    assert (tables.words != filled(9_000, seed=2).words).any()
    grown = filled(9_000, first=5_000)
    for table, whole in zip(grown[:4], tables[:4], strict=True):
        assert set(table[:5_000].ravel()) == {7.0}
        np.testing.assert_array_equal(table[5_000:], whole[5_000:])


@pytest.mark.parametrize(("window", "passes", "start"), [(5, 1, 6), (5, 3, 162), (5, 200, 700), (None, 5, 0.1)])
def test_more_passes_have_smaller_first_steps_for_words_not_trained_yet(window, passes, start):
    accumulator = np.float32([[0.1], [7.0], [0.1]])
    tables = Tables(np.zeros((3, 2)), np.zeros((3, 2)), accumulator, accumulator.copy())
    damp_first_steps(tables, window, passes)
    np.testing.assert_allclose(accumulator, [[start], [7.0], [start]], rtol=1e-6)
    np.testing.assert_allclose(tables.contexts_accumulator, [[0.1], [7.0], [0.1]], rtol=1e-6)


def test_grown_tables_begin_with_the_old_ones():
    old = create_tables(50, 4, 9, [1])
    new = create_tables(60, 4, 9, [1, 60], old)
    for name, table in old.present().items():
        np.testing.assert_array_equal(getattr(new, name)[: len(table)], table)
    assert new.words[50:].any(axis=1).all()
    assert set(new.words_accumulator[50:, 0]) == {np.float32(0.1)}


def test_a_state_takes_over_the_arrays_of_another():
    first, second = (TrainingState(create_tables(5, 3, None, [seed]), Progress(seed, seed)) for seed in (1, 2))
    second.assign(first.arrays())
    assert second.progress == Progress(1, 1)
    np.testing.assert_array_equal(second.tables.words, first.tables.words)


def test_a_state_takes_over_the_numbered_arrays_of_version_0_1():
    state, other = (TrainingState(create_tables(5, 3, 2, [seed]), Progress(seed)) for seed in (1, 2))
    order = (
        "words",
        "contexts",
        "ngrams",
        "words_accumulator",
        "contexts_accumulator",
        "ngrams_accumulator",
        "progress",
    )
    state.assign({str(i): other.arrays()[name] for i, name in enumerate(order)})
    for name, array in other.arrays().items():
        np.testing.assert_array_equal(state.arrays()[name], array)


def test_a_state_refuses_other_arrays_and_stays_as_it_is():
    state, other = (TrainingState(create_tables(size, 3, None, [1]), Progress(1)) for size in (5, 6))
    before = state.tables.words.copy()
    with raises(ValueError, "These weights do not fit the model", "(5, 3)", "(6, 3)", "same vocabulary"):
        state.assign(other.arrays())
    np.testing.assert_array_equal(state.tables.words, before)
