"""Batches of texts in whatever container they come: taken as lists of Python's own str, or refused with the way out."""

import itertools
import numbers
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from keras_transfer_sentiment.checks import is_missing, short
from keras_transfer_sentiment.text.readers import SUFFIXES
from keras_transfer_sentiment.text.tokens import check_tokens, refuse_columns

BATCH_TEXTS = 2048  # texts of a stream that are checked, and cut into words, in one go
_LONGEST_NAME = 1000  # characters of a file's
_PRINTED_TENSOR = re.compile(r"tf\.Tensor\(.*dtype=string\)|b'.*'|b\".*\"", re.DOTALL)
_TO_LIST = ("to_pylist", "tolist", "to_list")  # of pyarrow; NumPy, pandas and torch; polars


def check_texts(
    texts: Any, caller: str, argument: str = "x", allow_empty: bool = False, first: int = 0, only_str: bool = False
) -> list:
    """Returns a batch of texts as a list of `str`, or of lists of tokens where the texts come split already.

    A batch is checked once, where it comes in from the user; functions further in take what this returned and trust it.

    Args:
        texts: list, tuple, or any column: a NumPy array of one dimension, a Series or array of pandas, polars or
            pyarrow, a tensor of strings, of one dimension or ragged. Its elements are `str`, or lists of tokens; a
            token is anything hashable but a missing value.
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
    values = as_list(texts, caller, argument)
    if values is None:
        raise _no_batch(texts, caller, argument)
    if not values:
        if allow_empty:
            return []
        raise ValueError(f"`{caller}` received no texts: `{argument}` is empty. Pass at least one text.")
    kinds = set(map(type, values))
    if not kinds <= {str}:
        if 2 <= len(values) <= 3:
            refuse_columns(texts, [_column_or_none(value) for value in values], caller, argument)
        if not kinds <= {list, tuple}:
            _check_each(values, texts, caller, argument, first)
    if isinstance(values[0], str):
        _refuse_names(values, caller, argument)
        return values
    return check_tokens(values, caller, argument, first, only_str)


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
    kinds = (str, bytes, list, tuple, Mapping, set, frozenset, os.PathLike)
    is_column = _lister(texts) is not None or _is_table(texts) or is_tensor(texts)
    return isinstance(texts, kinds) or is_column or _is_dataset(texts)


def is_tensor(value: Any) -> bool:
    """Returns whether this is a tensor of TensorFlow, dense, ragged or sparse, or of Keras, without importing "
    "either."""
    module = type(value).__module__.partition(".")[0]
    return module in ("tensorflow", "keras") and hasattr(value, "dtype") and hasattr(value, "shape")


def as_list(values: Any, caller: str, argument: str) -> list | None:
    """Returns a container of one dimension as a list of Python's own scalars, or None where it is no such container.

    Args:
        values: list, tuple, or a column of NumPy, pandas, polars, pyarrow, TensorFlow or torch.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.

    Raises:
        TypeError: a tensor whose values are not known yet, or are sparse.
        ValueError: a table or a single value instead of a column; bytes in a tensor that are not UTF-8.
    """
    if isinstance(values, (list, tuple)):
        return list(values)
    if isinstance(values, (str, bytes, Mapping)):
        return None
    if is_tensor(values):
        values = read_tensor(values, caller, argument)
    if _is_table(values):
        raise _no_column(values, caller, argument)
    if isinstance(values, list):
        return values
    lister = _lister(values)
    return None if lister is None else list(lister())


def _lister(values):
    if isinstance(values, type):
        return None
    return next((method for name in _TO_LIST if callable(method := getattr(values, name, None))), None)


def _is_table(values):
    if isinstance(values, type):
        return False
    return getattr(values, "ndim", 1) != 1 or (hasattr(values, "columns") and not hasattr(values, "tolist"))


def _is_dataset(value):
    return hasattr(value, "element_spec") or (hasattr(value, "num_batches") and hasattr(value, "__getitem__"))


def _read_dataset(dataset, argument):
    """Returns the code that makes a list of the texts of a dataset of TensorFlow or Keras."""
    if not hasattr(dataset, "element_spec"):
        column = "[0]" if isinstance(dataset[0], tuple) else ""
        return f"[text for number in range(len({argument})) for text in {argument}[number]{column}]"
    spec, name, rest = dataset.element_spec, "batch", ""
    if isinstance(spec, tuple):
        spec, rest = spec[0], ", *_"
    if isinstance(spec, Mapping):
        key = next((key for key, each in spec.items() if getattr(each.dtype, "name", "") == "string"), next(iter(spec)))
        spec, name = spec[key], f"batch[{key!r}]"
    if not spec.shape.rank:
        return f"[{name}.decode() for batch{rest} in {argument}.as_numpy_iterator()]"
    return f"[text.decode() for batch{rest} in {argument}.as_numpy_iterator() for text in {name}.ravel()]"


def _column_or_none(value):
    if isinstance(value, (str, bytes)):
        return None
    if isinstance(value, (list, tuple)):
        return list(value)
    lister = None if _is_table(value) else _lister(value)
    return None if lister is None else list(lister())


def read_tensor(tensor: Any, caller: str, argument: str) -> Any:
    """Returns a tensor as an array; strings as a list of str, or of lists where it is ragged.

    Args:
        tensor: for which `is_tensor` holds.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.

    Raises:
        TypeError: its values are not known yet, or it is sparse.
        ValueError: strings that are not UTF-8.
    """
    if hasattr(tensor, "dense_shape"):  # sparse
        make = (
            f"tf.sparse.to_dense({argument})" if len(tensor.shape) == 1 else f"tf.RaggedTensor.from_sparse({argument})"
        )
        raise TypeError(
            f"`{caller}` takes no sparse tensors as `{argument}`. Received one of shape {tuple(tensor.shape)}. "
            f"Pass `{make}`."
        )
    if hasattr(tensor, "to_list"):  # ragged
        return decode(tensor.to_list(), caller, argument)
    if not hasattr(tensor, "numpy"):
        raise TypeError(
            "Texts become word ids in Python, outside of TensorFlow's graphs. Received a symbolic tensor of strings. "
            "Call `encode(texts).padded()` first and pass the ids, or `predict(texts)`."
        )
    if not len(tensor.shape):
        raise _no_column(tensor, caller, argument)
    array = tensor.numpy()
    if str(getattr(tensor.dtype, "name", tensor.dtype)) != "string":
        return array
    if array.ndim == 2 and array.shape[1] == 1:  # a column, as Keras makes one of a batch
        array = array[:, 0]
    return decode(array.tolist(), caller, argument) if array.ndim == 1 else array


def decode(values: list, caller: str, argument: str, first: int = 0, fix: str = "") -> list:
    """Returns bytes, or lists of them, decoded from UTF-8; other values as they are.

    Args:
        values: what a tensor of strings holds.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.
        first: the position of the first of these values among all, for the message.
        fix: how to make UTF-8 of Latin-1, for the message; `""` for what goes for tensors.

    Raises:
        ValueError: bytes that are not UTF-8.
    """
    try:
        return [_decode_one(value) for value in values]
    except UnicodeDecodeError:
        pass
    fix = fix or f"`tf.strings.unicode_transcode({argument}, 'ISO-8859-1', 'UTF-8')`"
    for number, value in enumerate(values, first):
        try:
            _decode_one(value)
        except UnicodeDecodeError as error:
            raise ValueError(
                f"`{caller}` expects strings of UTF-8 in `{argument}`. Received {short(value, 50)} at position "
                f"{number}: byte {error.start} is none. If it is Latin-1, pass {fix}."
            ) from None
    return values


def _decode_one(value):
    if isinstance(value, list):
        return [_decode_one(each) for each in value]
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _no_batch(texts, caller, argument):
    """Returns the error for what is no container of texts, with the way to make one of it."""
    kind, fix = type(texts).__name__, f"Make it a list first: `list({argument})`."
    if isinstance(texts, (set, frozenset)):
        fix = f"A set has another order each time: make it a list, `sorted({argument})`."
    expected = f"`{caller}` expects a batch of texts as `{argument}`"
    if isinstance(texts, os.PathLike) or (isinstance(texts, str) and _is_name(texts)):
        return TypeError(
            f"{expected}. Received the name of a file: {short(texts)}. Read its texts first: "
            f"`list(TextFiles({argument}))`."
        )
    if isinstance(texts, (str, bytes)):
        make = "text" if isinstance(texts, str) else "text.decode('utf-8')"
        return TypeError(
            f"{expected}: a list of str or a 1D array of str. Received one {kind}: {short(texts)}. Wrap it in a list: "
            f"`{caller}([{make}])`."
        )
    if isinstance(texts, Mapping):
        key = next((key for key, value in texts.items() if not isinstance(value, str)), None)
        fix = f"Pass its texts: `list({argument}.values())`."
        if key is not None:
            fix = f"Pass its texts: `list({argument})`."
            fix = fix if isinstance(texts[key], numbers.Number) else _pick_column(texts, argument)
        return TypeError(f"{expected}. Received {short(texts)} of type {kind}. {fix}")
    if _is_dataset(texts):
        return TypeError(
            f"{expected}, in a list, as it knows no datasets. Received {short(texts)}. Pass "
            f"`{_read_dataset(texts, argument)}`."
        )
    if not isinstance(texts, Iterable):
        fix = f"Pass a list of str, such as `{caller}(['a warm film'])`."
    return TypeError(
        f"{expected}: a list, tuple, 1D array or Series of str. Received {short(texts)} of type {kind}. {fix}"
    )


def _no_column(table, caller, argument):
    """Returns the error for a table, or for a single value, in place of a column."""
    if getattr(table, "ndim", 1) == 0:
        return ValueError(
            f"`{caller}` expects `{argument}` of one dimension, one text per row. Received one value: {short(table)}. "
            f"Wrap it in a list: `{f'[{argument}.numpy().decode()]' if is_tensor(table) else f'[{argument}.item()]'}`."
        )
    fix = f"`{argument}.reshape(-1)`" if getattr(table, "ndim", 2) > 2 else f"`{argument}[:, 0]`"
    fix = _pick_column(table, argument) if hasattr(table, "columns") else f"Pass one column, such as {fix}."
    return ValueError(
        f"`{caller}` expects `{argument}` of one dimension, one text per row. Received {short(table, 110)}. {fix}"
    )


def _pick_column(table, argument):
    """Returns the advice to pass the first column that holds str."""
    names = list(table) if isinstance(table, Mapping) else list(getattr(table, "column_names", table.columns))
    for name in names:
        column = _column_or_none(table[name])
        if column and isinstance(column[0], (str, list)):
            return f"Pass the column that holds the texts, such as `{argument}[{name!r}]`."
    return "Pass the column that holds the texts; none of these holds str."


def _check_each(texts, container, caller, argument, first):
    wanted = (list, tuple) if isinstance(texts[0], (list, tuple)) else str
    expected = "a str" if wanted is str else "a list of tokens, like the first one"
    for position, text in enumerate(texts, first):
        if not isinstance(text, wanted):
            instead, fix = _mend(text, container, argument)
            raise TypeError(
                f"`{caller}` expects every text in `{argument}` to be {instead or expected}. "
                f"Received {short(text)} of type {type(text).__name__} at position {position}. {fix}"
            )


def _mend(text, container, argument):
    """Returns what is expected in place of a text, `""` for the usual, and how to make texts of such ones."""
    is_arrow = hasattr(container, "to_pylist")
    if isinstance(text, bytes):
        fix = f"`{argument}.cast('string')`" if is_arrow else f"`[text.decode('utf-8') for text in {argument}]`"
        return "", f"Decode bytes first: {fix}."
    if is_missing(text):
        fix = f"[text if isinstance(text, str) else '' for text in {argument}]"
        fix = f"{argument}.fill_null('')" if is_arrow else fix
        return "", f"Drop missing texts, or replace them with '': `{fix}`."
    if isinstance(text, os.PathLike):
        return "", f"These are names of files. Read their texts first: `list(TextFiles({argument}))`."
    if isinstance(text, str):
        return "", f"Cut it as well: `[text.split() if isinstance(text, str) else text for text in {argument}]`."
    if isinstance(text, (list, tuple)):
        fix = f"[text if isinstance(text, str) else ' '.join(text) for text in {argument}]"
        return "a str, like the first one", f"Join its tokens: `{fix}`."
    if isinstance(text, Mapping):
        key = next((key for key, value in text.items() if isinstance(value, str)), "text")
        return "", f"Take the text out of each: `[row[{key!r}] for row in {argument}]`."
    if hasattr(text, "as_py"):
        return "", f"Take what Arrow's scalars hold: `[text.as_py() for text in {argument}]`."
    if is_tensor(text):
        if not len(text.shape):
            return "", f"Take what each tensor holds: `[text.numpy().decode('utf-8') for text in {argument}]`."
        return "", f"Take batches apart: `[text.decode('utf-8') for batch in {argument} for text in batch.numpy()]`."
    if isinstance(text, (set, frozenset)):  # which have another order each time
        return "a str or a list of tokens", f"Make each a list: `[sorted(text) for text in {argument}]`."
    column = _column_or_none(text)
    if column is None:
        return "", f"Convert each text with `str`: `[str(text) for text in {argument}]`."
    if column and isinstance(column[0], str) and " " in column[0]:
        return "", f"Take batches apart: `[text for batch in {argument} for text in batch]`."
    return "a str or a list of tokens", f"Make each a list: `[list(text) for text in {argument}]`."


def _refuse_names(texts, caller, argument):
    """Refuses what was made of tensors by `str`, and names of files: words of neither are meant."""
    if _PRINTED_TENSOR.fullmatch(texts[0]) and all(map(_PRINTED_TENSOR.fullmatch, texts)):
        raise ValueError(
            f"`{caller}` received in `{argument}` the printed form of tensors or bytes: {short(texts[0])}. Where they "
            "were made, write `text.numpy().decode('utf-8')` for a tensor and `text.decode('utf-8')` for bytes in "
            "place of `str(text)`."
        )
    if _is_name(texts[0]) and all(map(_is_name, texts)):
        raise TypeError(
            f"`{caller}` takes a str as a text. Received what looks like names of files: {short(texts)}. Read their "
            f"texts first: `list(TextFiles({argument}))`."
        )


def _is_name(text):
    if not text.lower().endswith(SUFFIXES) or len(text) > _LONGEST_NAME or "\n" in text:
        return False
    return " " not in text or os.path.isfile(text)
