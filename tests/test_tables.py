import numpy as np
import pytest
import tensorflow as tf

from keras_transfer_sentiment import skipgram, tables


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
