"""Raw texts where Keras has a method for one batch: `model(texts)`, `train_on_batch` and its like."""

from typing import Any

import numpy as np

from keras_transfer_sentiment.checks import check_flag, check_weights
from keras_transfer_sentiment.classification.labelled import LENGTH_MULTIPLE
from keras_transfer_sentiment.classification.labels import UNLEARNED, ClassLabels
from keras_transfer_sentiment.forks import check_not_forked


class RawBatches:
    """Lets a `TextModel` with classes take raw texts batch by batch, a mixin to stand before it."""

    _labels: ClassLabels | None
    _encoded: Any
    _check_fitted: Any
    _is_fitted: bool
    _check_precision: Any

    def __call__(self, inputs, *args, **kwargs):
        """Calls the model on ids or, outside of a graph, on raw texts."""
        if kwargs.get("training"):
            self._is_fitted = True
        elif _holds_texts(inputs):
            self._check_fitted("call")
        if _holds_texts(inputs):
            inputs = self._padded(inputs, "call")
        return super().__call__(inputs, *args, **kwargs)  # type: ignore[misc]

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """Takes one training step, on texts or ids and labels; else as in Keras.

        Classes must be known: pass `classes=` when the classifier is made, or label with 0 and 1.
        """
        self._check_precision("train_on_batch")
        return_dict = check_flag(return_dict, "return_dict")
        x, y = self._batch(x, y, "train_on_batch")
        weights = check_weights(sample_weight, len(y), "train_on_batch")
        if class_weight is not None:
            per_class = (self._labels or UNLEARNED).weights(class_weight)[y[:, 0].astype(int)]
            weights = per_class if weights is None else weights * per_class
        self._is_fitted = True
        return super().train_on_batch(x, y, sample_weight=weights, return_dict=return_dict)  # type: ignore[misc]

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Returns the loss and the metrics of one batch, of texts or ids and labels; else as in Keras."""
        return_dict = check_flag(return_dict, "return_dict")
        self._check_fitted("test_on_batch")
        x, y = self._batch(x, y, "test_on_batch")
        weights = check_weights(sample_weight, len(y), "test_on_batch")
        return super().test_on_batch(x, y, sample_weight=weights, return_dict=return_dict)  # type: ignore[misc]

    def predict_on_batch(self, x):
        """Returns the probabilities of one batch, of texts or ids."""
        self._check_fitted("predict_on_batch")
        return super().predict_on_batch(self._padded(x, "predict_on_batch"))  # type: ignore[misc]

    def _batch(self, x, y, caller):
        x = self._padded(x, caller)
        return x, (self._labels or UNLEARNED).encode(y, len(x), caller, one_class_ok=True)

    def _padded(self, x, caller):
        check_not_forked(caller)
        return self._encoded(x, caller).padded(LENGTH_MULTIPLE)


def _holds_texts(value):
    if isinstance(value, (str, bytes)):
        return True
    if isinstance(value, (list, tuple)):
        first = value[0] if value else None
        return isinstance(first, str) or (isinstance(first, (list, tuple)) and all(isinstance(x, str) for x in first))
    dtype = getattr(value, "dtype", None)
    return str(dtype) in ("str", "string", "<dtype: 'string'>", "object") or (
        isinstance(dtype, np.dtype) and dtype.kind in "OU"
    )
