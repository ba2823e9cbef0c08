"""The only place of the classifier where TensorFlow is named: what Keras has no name of its own for.

On other backends the same is done in Keras's own terms, without compiling what computes predictions.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np


def compile_function(
    function: Callable, shape: tuple[int | None, ...], dtype: str
) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function from one array to one array, compiled where the backend is TensorFlow.

    Args:
        function: from one tensor to one tensor.
        shape: of its argument; None where any length goes.
        dtype: of its argument.
    """
    if keras.backend.backend() != "tensorflow":
        return lambda array: keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(array, dtype)))
    import tensorflow as tf

    @functools.cache
    def trace():
        # A concrete function: a tf.function that each of many classifiers traces anew makes TensorFlow warn.
        return tf.function(function, autograph=False).get_concrete_function(tf.TensorSpec(shape, dtype))

    return lambda array: trace()(tf.constant(array, dtype)).numpy()


def count_replicas() -> int:
    """Returns the number of devices whose gradients are added up in a training step, by a strategy of TensorFlow's."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def repeat_batch(batch: tuple[np.ndarray, ...]) -> Any:
    """Returns an endless source of one batch, for Keras's `fit` with `steps_per_epoch`."""
    if keras.backend.backend() != "tensorflow":
        return _RepeatedBatch(batch)
    import tensorflow as tf

    return tf.data.Dataset.from_tensors(batch).repeat()  # the batch is not copied at every step


class _RepeatedBatch(keras.utils.PyDataset):
    """The same batch at every index."""

    def __init__(self, batch):
        super().__init__()
        self._batch = batch

    def __len__(self):
        return sys.maxsize

    def __getitem__(self, index):
        return self._batch
