import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transfer_sentiment.pretraining import skipgram, tables


@pytest.mark.parametrize("gathered", [False, True])
def test_arrays_of_variables_write_to_the_variables(gathered):
    variables = skipgram.Tables(*(tf.Variable(np.zeros((3, 2), "float32")) for _ in range(4)))
    if gathered:
        tf.gather(variables.words, [1])  # from now on this variable hands out copies
    with tables.arrays_of(variables) as arrays:
        arrays.words[1, 1] = 7.0
        arrays.contexts[2, 0] = 5.0
        assert arrays.ngrams is None
    assert variables.words.numpy().tolist() == [[0, 0], [0, 7], [0, 0]]
    assert variables.contexts.numpy().tolist() == [[0, 0], [0, 0], [5, 0]]


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
    made = tables.add_tables(keras.layers.Layer(), None, 20_000, 100, None, [0])
    for variable in (made.words, made.contexts):
        middle = np.asarray(memoryview(variable.read_value())).ctypes.data + 4_000_000
        assert "hg" in flags_of(middle)
