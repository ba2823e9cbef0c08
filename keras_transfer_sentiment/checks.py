"""Argument checks and the wording of every error: what was received, what was expected, how to fix it.

Each kind of argument, such as a flag, a number, a choice or a path, is checked here and nowhere else.
"""

import math
import numbers
import os
import reprlib
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = _repr.maxtuple = _repr.maxset = _repr.maxdict = _repr.maxarray = 3
_repr.maxlevel = 2


_INSIDE = ("keras_transfer_sentiment", "keras", "functools", "contextlib")  # packages that a warning is not about
VERBOSE = ("auto", 0, 1, 2)  # the values of `verbose` that Keras accepts
MOST = 2**31 - 1  # the largest size, seed or number of epochs
_LEAST_WEIGHT, _MOST_WEIGHT = 1e-6, 1e6  # of a labelled text: beyond, sums of float32 lose one side or the other


class NotFittedError(ValueError, AttributeError):
    """Raised when a method needs a vocabulary, vectors or a classifier that have not been learned yet.

    It is an `AttributeError` too, as the error of that name in scikit-learn is.
    """


def short(value, limit=70):
    """Returns a one-line repr of `value` of at most `limit` characters, whatever its size."""
    try:
        text = _describe(value)
    except Exception:  # the repr of a stranger may fail in any way
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _describe(value):
    if not hasattr(value, "shape") or isinstance(value, type) or getattr(value, "ndim", None) == 0:
        return " ".join(_repr.repr(value).split())
    text = f"{type(value).__name__} of shape {tuple(value.shape)}"
    if hasattr(value, "dtype"):
        text += f", dtype {getattr(value.dtype, 'name', value.dtype)}"
    elif hasattr(value, "columns"):
        columns = getattr(value, "column_names", value.columns)  # pyarrow's `columns` hold the values
        text += f" with the columns {_repr.repr(list(columns))}"
    return text


def warn_caller(message: str) -> None:
    """Warns at the line of the user's code that called this library, however deep inside the reason was found."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _INSIDE:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


def is_missing(value: Any) -> bool:
    """Returns whether a value stands for none: None, NaN, or what pandas has for these."""
    return value is None or is_nan(value) or type(value).__name__ in ("NAType", "NaTType")


def is_nan(value: Any) -> bool:
    """Returns whether a value is the number NaN."""
    return isinstance(value, numbers.Real) and value != value


def is_collection(value: Any) -> bool:
    """Returns whether a value is a list, or some other collection of one dimension, of known length or read once."""
    if isinstance(value, (str, bytes, bytearray, memoryview, Mapping)) or hasattr(value, "columns"):
        return False
    return isinstance(value, (Collection, Iterator)) and getattr(value, "ndim", 1) == 1


def check_weights(weights: Any, count: int, caller: str) -> np.ndarray | None:
    """Returns sample weights as float32 `(count,)`, or None as it is.

    Raises:
        TypeError: weights that are not numbers.
        ValueError: a wrong length, or a weight that is negative, not finite, or out of the range that can be summed up.
    """
    if weights is None:
        return None
    try:
        array = np.asarray(weights)
        if array.dtype.kind not in "biuf" and array.dtype.kind != "O":
            raise TypeError
        array = array.astype("float64").reshape(-1)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(
            f"`{caller}` expects `sample_weight` to be numbers, one a text. Received {short(weights)} of type "
            f"{type(weights).__name__}. Pass a list or array of floats."
        ) from None
    if len(array) != count:
        raise ValueError(
            f"`{caller}` received {count} texts and {len(array)} values in `sample_weight`. Pass one weight a text."
        )
    if not (np.isfinite(array).all() and (array >= 0).all()):
        wrong = array[~(np.isfinite(array) & (array >= 0))][0]
        raise ValueError(
            f"`{caller}` expects finite weights of 0 or more in `sample_weight`. Received {wrong:g}. "
            "Give a text that should not count the weight 0."
        )
    if (wrong := array[(array > 0) & ((array < _LEAST_WEIGHT) | (array > _MOST_WEIGHT))]).size:
        raise ValueError(
            f"`{caller}` expects weights in `sample_weight` of 0, or from {_LEAST_WEIGHT:g} to {_MOST_WEIGHT:g}: how "
            f"many labelled texts a text counts for. Received {wrong[0]:g}. Divide them by their mean, "
            "`sample_weight / np.mean(sample_weight)`, and give those that are still lower the weight 0."
        )
    return array.astype("float32")


def check_class_weight(weight: Any, name: str) -> float:
    """Returns the weight of a class, checked as that of a text.

    Raises:
        TypeError: no number.
        ValueError: out of range.
    """
    weight = check_number(weight, name, 0.0, _MOST_WEIGHT)
    if 0.0 < weight < _LEAST_WEIGHT:
        raise ValueError(
            f"`{name}` must be 0, or from {_LEAST_WEIGHT:g} to {_MOST_WEIGHT:g}. Received {weight:g}. Divide the "
            "weights of all classes by their mean; 0 leaves a class out."
        )
    return weight


def check_number(value, name, low, high=None, kind=float):
    """Returns `value` as `kind` if it lies in `[low, high]`.

    Raises:
        TypeError: not a number of that kind.
        ValueError: out of range.
    """
    wanted = numbers.Integral if kind is int else numbers.Real
    bounds = f"{low} or more" if high is None or high == MOST else f"between {low} and {high}"
    noun = "an integer" if kind is int else "a number"
    expected = f"`{name}` must be {noun}, {bounds}."
    if isinstance(value, bool) or not isinstance(value, wanted):
        received = f"Received {short(value)} of type {type(value).__name__}."
        raise TypeError(f"{expected} {received} Pass {noun} in that range.")
    if not isinstance(value, numbers.Integral) and not math.isfinite(value):
        raise ValueError(f"{expected} Received {short(value)}. Pass a finite number.")
    high = sys.float_info.max if high is None and kind is float else high
    if value < low or (high is not None and value > high):
        limit = f"at least {low}" if value < low else f"at most {high}"
        raise ValueError(f"{expected} Received {short(value)}. Pass {limit}.")
    return kind(value)


def check_count(value: Any, name: str, low: int = 1) -> int:
    """Returns a number of things, an int from `low` on that a size in memory can be; see `check_number`."""
    return check_number(value, name, low, MOST, kind=int)


def check_choice(value, name, choices):
    """Returns the one of `choices` that equals `value`.

    Raises:
        ValueError: none does.
    """
    is_plain = value is None or isinstance(value, (str, numbers.Number))
    if not is_plain or value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        fix = f"Pass one of these, such as `{name}={choices[0]!r}`."
        raise ValueError(f"`{name}` must be one of {listed}. Received {short(value)}. {fix}")
    return next(choice for choice in choices if choice == value)


def check_flag(value: Any, name: str) -> bool:
    """Returns `value` as a bool if it is one, Python's or NumPy's.

    Raises:
        TypeError: anything else, for "False" and "no" would count as true.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(
            f"`{name}` must be True or False. Received {short(value)} of type {type(value).__name__}. Pass "
            f"`{name}=True` or `{name}=False`, without quotation marks."
        )
    return bool(value)


def check_path(path: Any, name: str = "path", example: str = "file") -> str:
    """Returns a path as a str.

    Args:
        path: str or path-like.
        name: name of the argument, for the message.
        example: the path in the example of the message.

    Raises:
        TypeError: neither.
        ValueError: it is empty, or holds a character that no path can hold.
    """
    try:
        found = os.fspath(path)
    except TypeError:
        found = path
    if not isinstance(found, str):
        fix = "`os.fsdecode(path)`" if isinstance(found, bytes) else f"{example!r} or `pathlib.Path({example!r})`"
        raise TypeError(
            f"`{name}` must be a str or a path. Received {short(path)} of type {type(path).__name__}. Pass {fix}."
        )
    if not found or not _can_be_encoded(found):
        what = "an empty str" if not found else f"{short(found)}, with a character that no name can have"
        raise ValueError(f"`{name}` must be the name of a file or folder. Received {what}. Pass, such as, {example!r}.")
    return found


def _can_be_encoded(path):
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def check_name(name: Any) -> str | None:
    """Returns the name of a model, or None.

    Raises:
        TypeError: no str.
        ValueError: one that Keras cannot use.
    """
    if name is None or (isinstance(name, str) and name and "/" not in name and name.isprintable()):
        return name
    kind = ValueError if isinstance(name, str) else TypeError
    raise kind(
        f"`name` must be a str without '/', or None. Received {short(name)} of type {type(name).__name__}. Pass, for "
        "example, `name='films'`."
    )


def check_schedule(
    batch_size: Any, epochs: Any, initial_epoch: Any, verbose: Any
) -> tuple[int | None, int | None, int, str | int]:
    """Returns the arguments that say how long and how loud a `fit` trains; None is for `fit` to choose.

    Raises:
        TypeError: a number of the wrong kind.
        ValueError: out of range, or no epoch left.
    """
    verbose = check_choice(verbose, "verbose", VERBOSE)
    batch_size = None if batch_size is None else check_count(batch_size, "batch_size")
    epochs = None if epochs is None else check_count(epochs, "epochs")
    initial_epoch = check_number(initial_epoch, "initial_epoch", 0, MOST // 2, kind=int)
    if epochs is not None and initial_epoch >= epochs:
        raise ValueError(
            f"`initial_epoch` must be less than `epochs`. Received `initial_epoch={initial_epoch}` and "
            f"`epochs={epochs}`. `epochs` counts those before `initial_epoch` too."
        )
    return batch_size, epochs, initial_epoch, verbose


def check_frequency(value: Any, name: str = "validation_freq") -> int | list[int]:
    """Returns a number of epochs, or the list of those after which to do something.

    Raises:
        TypeError: neither an int nor a list of them.
        ValueError: a number below 1.
    """
    if isinstance(value, (list, tuple)):
        return [check_count(epoch, name) for epoch in value]
    return check_count(value, name)
