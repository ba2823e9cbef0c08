"""The tables of word vectors as TensorFlow variables, and their memory as NumPy arrays: no second copy of them."""

import contextlib
import ctypes
import mmap
import sys
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from keras_transfer_sentiment.pretraining.skipgram import Tables, fill_start, table_shapes


def add_tables(
    layer: keras.layers.Layer,
    old: Tables | None,
    size: int,
    dim: int,
    buckets: int | None,
    seed: list[int],
) -> Tables:
    """Returns tables that are weights of a layer, filled with what training starts from.

    Args:
        layer: it gets the weights as attributes, such as `_words_weight`.
        old: `Tables` or None. Those that the layer has: the new ones take their place and begin with their rows.
        size, dim, buckets: see `skipgram.table_shapes`.
        seed: see `skipgram.fill_start`.
    """
    variables = {}
    for name, shape in table_shapes(size, dim, buckets).items():
        if old is not None:
            delattr(layer, f"_{name}_weight")
        trainable = name in ("words", "contexts", "ngrams")
        weight = layer.add_weight(shape, _empty, "float32", trainable=trainable, name=name)
        setattr(layer, f"_{name}_weight", weight)
        variables[name] = weight.value
    tables = Tables(**variables)
    with arrays_of(tables) as arrays:
        fill_start(arrays, seed, 0 if old is None else old.words.shape[0])
        for array, before in zip(arrays, old or (), strict=False):
            if before is not None:
                array[: before.shape[0]] = before.numpy()
    return tables


def _empty(shape, dtype=None):
    """Returns a tensor of anything, in memory that Linux is asked to give in large pages once it is written to.

    Training is all over the tables, and half of what it costs to get a row from memory is to find its page.
    """
    tensor = tf.raw_ops.Empty(shape=shape, dtype=tf.float32)
    if sys.platform == "linux":
        memory = np.asarray(memoryview(tensor))
        start = -(-memory.ctypes.data // mmap.PAGESIZE) * mmap.PAGESIZE
        size = memory.ctypes.data + memory.nbytes - start
        if size > 0:  # where it is refused, the pages stay small
            ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), mmap.MADV_HUGEPAGE)
    return tensor


def take_over(variable: tf.Variable) -> None:
    """Makes the memory of a variable its own: copied, if a tensor that was read from it or assigned to it is there."""
    # Whether it is, only TensorFlow knows, which looks before it changes a part. The part stays what it was.
    first = tf.identity(variable.read_value()[:1])
    tf.raw_ops.ResourceStridedSliceAssign(ref=variable.handle, begin=[0], end=[1], strides=[1], value=first)
    tf.raw_ops.DisableCopyOnRead(resource=variable.handle)  # which the change turned on


@contextlib.contextmanager
def arrays_of(tables: Tables) -> Iterator[Tables]:
    """Gives TensorFlow variables as NumPy arrays to write to: their own memory, where that is to be had.

    Args:
        tables: the variables. What is written is theirs when the context ends.
    """
    variables = [variable for variable in tables if variable is not None]
    names = [name for name, variable in tables._asdict().items() if variable is not None]
    tensors = [variable.read_value() for variable in variables]
    arrays = [np.asarray(memoryview(tensor)) for tensor in tensors]
    yield Tables(**{name: _writable(array) for name, array in zip(names, arrays, strict=True)})
    for variable, array in zip(variables, arrays, strict=True):
        # A variable that an operation has gathered from hands out copies of its memory from then on, and so does one
        # in the memory of another device.
        if np.asarray(memoryview(variable.read_value())).ctypes.data != array.ctypes.data:
            variable.assign(array)


def _writable(array):
    return np.ctypeslib.as_array(ctypes.cast(array.ctypes.data, ctypes.POINTER(ctypes.c_float)), array.shape)
