"""Keras layers between word vectors and text vectors."""

import keras
from keras import ops

from keras_transfer_sentiment.registration import PACKAGE


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
        if inputs.dtype in ("float16", "bfloat16"):  # which cannot count beyond 2048 and 256
            weights = ops.cast(mask, "float32")
        count = ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1.0)
        return total / ops.cast(count, inputs.dtype)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[-1]
