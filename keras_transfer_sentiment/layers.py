"""From word vectors to one vector a text."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

PACKAGE = "keras_transfer_sentiment"
_WORDS = 200_000  # averaged at a time: few enough for the processor's cache, enough to fill its threads


@keras.saving.register_keras_serializable(PACKAGE)
class MaskedMeanPooling(keras.layers.Layer):
    """Averages word vectors over the real words of each text.

    Padding does not count. A text with no known word gives the zero vector, never NaN.

    Call arguments:
        inputs: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`; None counts every position.

    Output shape:
        `(batch, dim)`, in the dtype of `inputs`.

    Examples:
        >>> words = np.array([[[2.0], [4.0], [9.0]]], dtype="float32")
        >>> mask = np.array([[True, True, False]])
        >>> ops.convert_to_numpy(MaskedMeanPooling()(words, mask=mask)).tolist()
        [[3.0]]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return ops.mean(inputs, axis=1)
        weights = ops.cast(mask, inputs.dtype)
        # A product with the mask, not a masked copy: the copy costs more than the sum.
        total = ops.squeeze(ops.matmul(weights[:, None, :], inputs), 1)
        return total / ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1.0)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[-1]


@keras.saving.register_keras_serializable(PACKAGE)
class UnitLength(keras.layers.Layer):
    """Scales each vector to length 1, so that only its direction counts. The zero vector stays zero.

    Call arguments:
        inputs: float tensor `(batch, dim)`.

    Output shape:
        `(batch, dim)`, in the dtype of `inputs`.

    Examples:
        >>> ops.convert_to_numpy(UnitLength()(np.array([[0.0, 4.0], [0.0, 0.0]], "float32"))).tolist()
        [[0.0, 1.0], [0.0, 0.0]]
    """

    def call(self, inputs):
        length = ops.sqrt(ops.sum(inputs * inputs, axis=-1, keepdims=True))
        return inputs / ops.maximum(length, 1e-12)

    def compute_output_shape(self, input_shape):
        return input_shape


def mean_vectors(table, encoded):
    """Returns the mean row of `table` for each of the encoded texts, float32 `(texts, dim)`."""
    pooled = np.zeros((len(encoded), table.shape[1]), "float32")
    ends = encoded.offsets
    first = 0
    while first < len(encoded):
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + _WORDS, "right")) - 1)
        rows = np.repeat(np.arange(last - first), encoded.lengths[first:last])
        words = tf.gather(table, encoded.ids[ends[first] : ends[last]])
        pooled[first:last] = tf.math.unsorted_segment_mean(words, rows, last - first)
        first = last
    return pooled
