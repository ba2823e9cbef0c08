"""Texts that come in batches, with labels or without: a `tf.data.Dataset`, or a `keras.utils.PyDataset`."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.forks import check_not_forked
from keras_transfer_sentiment.text.batches import as_list, decode, is_tensor

_TRANSCODE = "tf.strings.unicode_transcode(text, 'ISO-8859-1', 'UTF-8')"


def is_dataset(value: Any) -> bool:
    """Returns whether this is a dataset of batches, without importing TensorFlow where nobody has."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(value, tensorflow.data.Dataset):
        return True
    return isinstance(value, keras.utils.PyDataset)


def dataset_batches(dataset: Any, caller: str, argument: str = "x") -> Iterator[Any]:
    """Yields the batches of a dataset, single elements as batches of one: tuples of columns, or one column.

    A column is a list of str, or a NumPy array.

    Args:
        dataset: for which `is_dataset` holds.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.

    Raises:
        TypeError: elements that are neither a column nor a tuple of columns.
        ValueError: the dataset never ends, cannot be read, or its strings are not UTF-8.
        LostThreadsError: this process was forked after TensorFlow had started.
    """
    first = 0
    for element in _elements(dataset, caller, argument):
        is_tuple = isinstance(element, tuple)
        columns = element if is_tuple else (element,)
        for column in columns:
            if isinstance(column, (Mapping, tuple)):
                raise _not_columns(element, caller, argument)
        decoded = f"text, *rest: ({_TRANSCODE}, *rest)" if is_tuple else f"text: {_TRANSCODE}"
        fix = f"`{argument}.map(lambda {decoded})`"
        read = tuple(_read(column, caller, argument, first, fix) for column in columns)
        if isinstance(read[0], np.ndarray) and read[0].ndim == 1 and read[0].dtype.kind in "iu":
            raise ValueError(
                f"`{caller}` expects word ids in batches, (batch, time). Received a dataset of single texts, whose ids "
                f"are {short(read[0].tolist())}. Pass `{argument}.padded_batch(32)`."
            )
        yield read if is_tuple else read[0]
        first += len(read[0])


def _elements(dataset, caller, argument):
    if isinstance(dataset, keras.utils.PyDataset):
        size = dataset.num_batches
        if size is None:
            raise _endless(caller, "Give it a `__len__` that returns its number of batches.")
        for number in range(size):
            yield dataset[number]
        return
    import tensorflow as tf

    check_not_forked(caller)  # its elements are made by threads
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise _endless(caller, "Drop `.repeat()`, or bound it with `.take(n)`.")
    rest, number = iter(dataset), 0
    while True:
        try:
            element = next(rest)
        except StopIteration:
            return
        except tf.errors.OpError as error:
            reason = " ".join((error.message or type(error).__name__).split())
            raise ValueError(
                f"`{caller}` could not read element {number} of `{argument}`: {reason[:120]}. Mend what the Dataset "
                f"reads, or leave out what fails: `{argument}.ignore_errors()`."
            ) from None
        yield element
        number += 1


def _read(column, caller, argument, first, fix):
    if is_tensor(column):
        if hasattr(column, "dense_shape"):
            raise TypeError(
                f"`{caller}` takes no sparse tensors from `{argument}`. Received one of shape {tuple(column.shape)}. "
                f"Pass `{argument}.map(lambda text, *rest: (tf.sparse.to_dense(text), *rest))`."
            )
        if hasattr(column, "to_list"):  # ragged
            values = column.to_list() if column.dtype.name == "string" else None
            return column.to_tensor().numpy() if values is None else decode(values, caller, argument, first, fix)
        column = column.numpy()  # Python's bytes, or a scalar of NumPy, where there is one value
    if isinstance(column, (bytes, str)):
        return decode([column], caller, argument, first, fix)
    if isinstance(column, (np.ndarray, np.generic)) and column.dtype.kind not in "OSUT":
        return np.atleast_1d(column)
    if isinstance(column, np.ndarray):
        column = column.reshape(-1) if column.ndim == 0 or column.shape[1:] == (1,) else column
    values = as_list(column, caller, argument)
    return np.asarray(column) if values is None else decode(values, caller, argument, first, fix)


def _not_columns(element, caller, argument):
    inner = element[0] if isinstance(element, tuple) else element
    names, rest = ("row, *rest", ", *rest") if isinstance(element, tuple) else ("row", "")
    take = "row[0]"
    if isinstance(inner, Mapping):
        keys = list(inner)
        texts = [key for key in keys if getattr(getattr(inner[key], "dtype", None), "name", "str") in ("string", "str")]
        text = "text" if "text" in keys else (texts or keys)[0]
        take = f"row[{text!r}]"
        others = [key for key in keys if key != text]
        if others and not rest:
            label = "label" if "label" in others else others[0]
            rest = f", row[{label!r}]"
    taken = f"({take}{rest})" if rest else take
    return TypeError(
        f"`{caller}` expects a dataset of texts, or of `(texts, labels)`. Received elements such as "
        f"{short(element, 110)}. Pass `{argument}.map(lambda {names}: {taken})`."
    )


def _endless(caller, fix):
    return ValueError(
        f"`{caller}` reads a whole dataset and encodes it once. Received one that repeats without end. {fix}"
    )
