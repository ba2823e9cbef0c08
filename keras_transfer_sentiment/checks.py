"""Argument checks and the wording of every error: what was received, what was expected, how to fix it."""

import itertools
import math
import numbers
import operator
import reprlib
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = _repr.maxtuple = _repr.maxset = _repr.maxdict = _repr.maxarray = 3
_repr.maxlevel = 2


_INSIDE = ("keras_transfer_sentiment", "keras", "functools", "contextlib")  # packages that a warning is not about
VERBOSE = ("auto", 0, 1, 2)  # the values of `verbose` that Keras accepts
BATCH_TEXTS = 2048  # texts of a stream that are checked, and cut into words, in one go

# Tokens of these types need no check one by one: they are hashable, equal to themselves and not of NumPy.
_PLAIN_TOKENS = {str, int, bool, bytes}


class NotFittedError(ValueError, AttributeError):
    """Raised when a method needs a vocabulary, vectors or a classifier that have not been learned yet.

    It is an `AttributeError` too, as the error of that name in scikit-learn is.
    """


def short(value, limit=70):
    """Returns a one-line repr of `value` of at most `limit` characters, whatever its size."""
    if hasattr(value, "shape") and getattr(value, "ndim", None) != 0:
        text = f"{type(value).__name__} of shape {tuple(value.shape)}"
        if hasattr(value, "dtype"):
            text += f", dtype {value.dtype}"
        elif hasattr(value, "columns"):
            text += f" with the columns {_repr.repr(list(value.columns))}"
    else:
        text = " ".join(_repr.repr(value).split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def warn_caller(message: str) -> None:
    """Warns at the line of the user's code that called this library, however deep inside the reason was found."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _INSIDE:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


def check_texts(
    texts: Any, caller: str, argument: str = "x", allow_empty: bool = False, first: int = 0, only_str: bool = False
) -> list:
    """Returns a batch of texts as a list of `str`, or of lists of tokens where the texts come split already.

    A batch is checked once, where it comes in from the user; functions further in take what this returned and trust it.

    Args:
        texts: list, tuple, or anything of one dimension with `tolist` or `to_list` (NumPy array, pandas or polars
            Series). Its elements are `str`, or lists of tokens; a token is anything hashable but a missing value.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.
        allow_empty: whether a batch of no texts is fine.
        first: the position of the first of these texts among all, for the message.
        only_str: whether tokens have to be `str`, because they will be joined into phrases.

    Returns:
        A new list; NumPy's scalars among tokens have become Python's own.

    Raises:
        TypeError: not a batch, or not texts; a token that is missing, not hashable, or no `str` where it has to be.
        ValueError: empty, or of more than one dimension.
    """
    if isinstance(texts, (str, bytes)):
        raise TypeError(
            f"`{caller}` expects a batch of texts as `{argument}`: a list of str or a 1D array of str. "
            f"Received one {type(texts).__name__}: {short(texts)}. Wrap it in a list: `{caller}([text])`."
        )
    if isinstance(texts, Mapping):
        raise TypeError(
            f"`{caller}` expects texts as `{argument}`. Received {short(texts)} of type {type(texts).__name__}. Pass "
            f"the column that holds the texts, such as `{argument}['text']`."
        )
    if _is_table(texts):
        column = "`frame['text']`" if hasattr(texts, "columns") else f"`{argument}[:, 0]`"
        raise ValueError(
            f"`{caller}` expects `{argument}` of one dimension, one text per row. Received "
            f"{short(texts, 110)}. Pass one column, such as {column}."
        )
    if hasattr(texts, "tolist"):
        texts = texts.tolist()
    elif hasattr(texts, "to_list"):
        texts = texts.to_list()
    elif not isinstance(texts, (list, tuple)):
        raise TypeError(
            f"`{caller}` expects a batch of texts as `{argument}`: a list, tuple, 1D array or Series of str. "
            f"Received {short(texts)} of type {type(texts).__name__}. Make it a list first: `list({argument})`."
        )
    if not len(texts) and not allow_empty:
        raise ValueError(f"`{caller}` received no texts: `{argument}` is empty. Pass at least one text.")
    kinds = set(map(type, texts))
    if not (kinds <= {str} or kinds <= {list, tuple}):
        _check_each(texts, caller, argument, first)
    texts = list(texts)
    return _check_tokens(texts, caller, first, only_str) if texts and isinstance(texts[0], (list, tuple)) else texts


def check_stream(
    texts: Any, caller: str, argument: str = "texts", first: int = 0, only_str: bool = False
) -> Iterator[list]:
    """Yields the texts of an iterable as lists of up to `BATCH_TEXTS`, each checked by `check_texts` first.

    Args:
        texts: iterable of texts.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.
        first: how many texts of the stream were read before: it may be at its end then, and positions count on.
        only_str: as for `check_texts`.

    Raises:
        TypeError: not an iterable, or not of texts.
        ValueError: no texts at all, or a table instead of a column.
    """
    if not isinstance(texts, Iterable):
        raise TypeError(
            f"`{caller}` expects an iterable of str as `{argument}`. Received {short(texts)} of type "
            f"{type(texts).__name__}. Pass a list, an array, a Series or a generator of str."
        )
    rest = iter(texts)
    while (batch := list(itertools.islice(rest, BATCH_TEXTS))) or not first:
        yield check_texts(batch, caller, argument, first=first, only_str=only_str)
        first += len(batch)


def split_batches(texts: list) -> Iterator[list]:
    """Yields a list of texts in parts of up to `BATCH_TEXTS`."""
    for start in range(0, len(texts), BATCH_TEXTS):
        yield texts[start : start + BATCH_TEXTS]


def check_any(texts: Any, caller: str, argument: str, only_str: bool = False) -> tuple[Iterator[list], int]:
    """Returns a batch or a stream of texts in checked batches, and the number of texts, 0 for that of a stream.

    Arguments and errors are those of `check_texts` and `check_stream`.
    """
    if is_batch(texts):
        texts = check_texts(texts, caller, argument, only_str=only_str)
        return split_batches(texts), len(texts)
    return check_stream(texts, caller, argument, only_str=only_str), 0


def is_batch(texts: Any) -> bool:
    """Returns whether `check_texts` has a say on a value as a whole, so that it is no stream of texts."""
    kinds = (str, bytes, list, tuple, Mapping)
    return isinstance(texts, kinds) or hasattr(texts, "tolist") or hasattr(texts, "to_list") or _is_table(texts)


def _is_table(texts):
    return getattr(texts, "ndim", 1) != 1 or (hasattr(texts, "columns") and not hasattr(texts, "tolist"))


def _check_each(texts, caller, argument, first):
    wanted = (list, tuple) if isinstance(texts[0], (list, tuple)) else str
    for position, text in enumerate(texts, first):
        if isinstance(text, wanted):
            continue
        expected = "a str" if wanted is str else "a list of tokens, like the first one"
        fix = "Convert each text with `str`."
        if isinstance(text, bytes):
            fix = "Decode bytes first: `text.decode('utf-8')`."
        elif _is_missing(text):
            fix = "Drop missing texts, or replace them with ''."
        elif isinstance(text, str):
            fix = "Cut it into tokens as well, such as `text.split()`."
        elif isinstance(text, (list, tuple)):
            expected, fix = "a str, like the first one", "Join its tokens: `' '.join(text)`."
        elif isinstance(text, (set, frozenset)) or getattr(text, "ndim", 0) == 1:
            expected = "a str or a list of tokens"
            make = "list" if hasattr(text, "ndim") else "sorted"  # sets have another order each time
            fix = f"Make each a list: `[{make}(text) for text in {argument}]`."
        raise TypeError(
            f"`{caller}` expects every text in `{argument}` to be {expected}. "
            f"Received {short(text)} of type {type(text).__name__} at position {position}. {fix}"
        )


def _is_missing(value):
    return value is None or _is_nan(value) or type(value).__name__ in ("NAType", "NaTType")


def _is_nan(value):
    return isinstance(value, numbers.Real) and value != value


def _check_tokens(texts, caller, first, only_str):
    kinds = set(map(type, itertools.chain.from_iterable(texts)))
    if kinds <= ({str} if only_str else _PLAIN_TOKENS):
        return texts
    try:
        different = dict.fromkeys(itertools.chain.from_iterable(texts))
    except TypeError:
        _refuse_token(
            texts,
            lambda token: not _has_hash(token),
            f"`{caller}` expects tokens that have a hash: str, numbers or tuples of them.",
            "Make a list a tuple: `tuple(token)`; map other kinds to str.",
            first,
        )
    plain = {}
    for token in different:
        if _is_missing(token) or _holds_nan(token):
            _refuse_token(
                texts,
                lambda other, token=token: other is token,
                f"`{caller}` received a missing token.",
                "Leave it out of its text, or replace it with a word of your own.",
                first,
            )
        value = _as_python(token)
        if only_str and not isinstance(value, str):
            _refuse_token(
                texts,
                lambda other, token=token: other is token,
                f"`{caller}` joins words into phrases and expects tokens to be str.",
                "Convert each token with `str`, or use `TextEncoder(phrases=False)`.",
                first,
            )
        if value is not token:
            plain[token] = value
    return [[plain.get(token, token) for token in text] for text in texts] if plain else texts


def _refuse_token(texts, is_wrong, expected, fix, first):
    number, token = next((i, token) for i, text in enumerate(texts, first) for token in text if is_wrong(token))
    raise TypeError(f"{expected} Received {short(token)} of type {type(token).__name__} in text {number}. {fix}")


def _has_hash(value):
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _holds_nan(value):
    return _is_nan(value) or (isinstance(value, tuple) and any(map(_holds_nan, value)))


def _as_python(value):
    if isinstance(value, np.generic):
        return value.item()
    if type(value) is not tuple:
        return value
    parts = tuple(map(_as_python, value))
    return value if all(map(operator.is_, parts, value)) else parts


def check_weights(weights, count, caller):
    """Returns sample weights as float32 `(count,)`, or None as it is.

    Raises:
        TypeError: weights that are not numbers.
        ValueError: a wrong length, or a weight that is negative or not finite.
    """
    if weights is None:
        return None
    try:
        array = np.asarray(weights, "float32").reshape(-1)
    except (TypeError, ValueError):
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
    return array


def check_number(value, name, low, high=None, kind=float):
    """Returns `value` as `kind` if it lies in `[low, high]`.

    Raises:
        TypeError: not a number of that kind.
        ValueError: out of range.
    """
    wanted = numbers.Integral if kind is int else numbers.Real
    bounds = f"{low} or more" if high is None else f"between {low} and {high}"
    noun = "an integer" if kind is int else "a number"
    expected = f"`{name}` must be {noun}, {bounds}."
    if isinstance(value, bool) or not isinstance(value, wanted):
        received = f"Received {short(value)} of type {type(value).__name__}."
        raise TypeError(f"{expected} {received} Pass {noun} in that range.")
    if not math.isfinite(value):
        raise ValueError(f"{expected} Received {short(value)}. Pass a finite number.")
    if value < low or (high is not None and value > high):
        limit = f"at least {low}" if value < low else f"at most {high}"
        raise ValueError(f"{expected} Received {short(value)}. Pass {limit}.")
    return kind(value)


def check_choice(value, name, choices):
    """Returns `value` if it is one of `choices`.

    Raises:
        ValueError: it is not.
    """
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        fix = f"Pass one of these, such as `{name}={choices[0]!r}`."
        raise ValueError(f"`{name}` must be one of {listed}. Received {short(value)}. {fix}")
    return value
