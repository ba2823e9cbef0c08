"""Keras's callbacks: those that a `fit` could not obey are refused before it begins."""

import importlib.util
import string
from typing import Any

import keras

from keras_transfer_sentiment.checks import short

_RATE_CALLBACKS = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.SwapEMAWeights,
)
_ALWAYS_KNOWN = {"epoch", "batch", "loss"}  # by these names a callback can be told of any training


def list_callbacks(callbacks: Any) -> Any:
    """Returns callbacks as a list, or as the `CallbackList` that they are.

    Args:
        callbacks: None, a `keras.callbacks.Callback`, or a list of them.

    Raises:
        TypeError: not callbacks.
        ImportError: a `TensorBoard` without the package that it needs.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    flat = [] if callbacks is None else keras.tree.flatten(callbacks)
    for position, callback in enumerate(flat):
        if not isinstance(callback, keras.callbacks.Callback):
            fix = "`[keras.callbacks.TerminateOnNaN()]`"
            if isinstance(callback, type):
                fix = f"`{callback.__name__}()` in place of the class"
            raise TypeError(
                f"`callbacks` must be a list of instances of `keras.callbacks.Callback`. Received {short(callback)} of "
                f"type {type(callback).__name__} at position {position}. Pass instances, such as {fix}."
            )
        if isinstance(callback, keras.callbacks.TensorBoard) and importlib.util.find_spec("tensorboard") is None:
            raise ImportError(
                "The callback `TensorBoard` needs a package that is not installed: `pip install tensorboard`."
            )
    return flat


def check_callbacks(callbacks: Any, optimizer: Any, validates: bool) -> Any:
    """Returns the callbacks of a `fit` as `list_callbacks` does.

    Args:
        callbacks: see `list_callbacks`.
        optimizer: the optimizer that the callbacks may change, or None where a training has no Keras optimizer and
            reports its loss alone.
        validates: whether `fit` has texts to validate on.

    Raises:
        TypeError: not callbacks.
        ImportError: a callback without the package that it needs.
        ValueError: a callback that changes an optimizer in a way that it has not, or that watches a figure that this
            `fit` does not report.
    """
    listed = list_callbacks(callbacks)
    for callback in listed.callbacks if isinstance(listed, keras.callbacks.CallbackList) else listed:
        name = type(callback).__name__
        if optimizer is None and isinstance(callback, _RATE_CALLBACKS):
            raise ValueError(
                f"`fit` of a SkipGramPretrainer cannot obey the callback `{name}`: it has no Keras optimizer, and its "
                "learning rate falls linearly to almost 0. Leave the callback out; `SkipGramPretrainer(learning_rate="
                "...)` sets the rate."
            )
        if isinstance(callback, keras.callbacks.SwapEMAWeights) and not _averages(optimizer):
            raise ValueError(
                f"The callback `{name}` needs an optimizer that averages the weights. Compile with one first: "
                "`classifier.compile(keras.optimizers.Adam(0.03, use_ema=True), loss='binary_crossentropy')`."
            )
        for figure in sorted(_figures(callback)):
            if optimizer is None and figure not in _ALWAYS_KNOWN:
                raise ValueError(
                    f"The callback `{name}` waits for {short(figure)}, and a SkipGramPretrainer reports 'loss' alone. "
                    f"Pass `monitor='loss'` to `{name}`, or leave the callback out."
                )
            if figure.startswith("val_") and not validates:
                raise ValueError(
                    f"The callback `{name}` waits for {short(figure)}, and this `fit` has no texts to validate on. "
                    f"Pass `validation_split=0.2` or `validation_data` to `fit`, or `monitor='loss'` to `{name}`."
                )
    return listed


def _averages(optimizer):
    return getattr(getattr(optimizer, "inner_optimizer", optimizer), "use_ema", True)


def _figures(callback):
    """Returns the names of the figures that a stock callback cannot do without."""
    if isinstance(callback, (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau)):
        return {callback.monitor}
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        in_name = {field for _, field, _, _ in string.Formatter().parse(str(callback.filepath)) if field}
        return in_name | ({callback.monitor} if callback.save_best_only else set())
    return set()
