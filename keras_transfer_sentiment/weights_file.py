"""Files of weights, HDF5 alone or inside a `.keras` file: sealed when written, and looked through without trust."""

import contextlib
import hashlib
import math
import os
import re
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from keras_transfer_sentiment import __version__
from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.origin import Origin

ORIGIN = "origin"  # the name of the array, beside the model's own
_SEAL = b"\nsha256 "  # at the end of a file, which HDF5 does not look at
_SEAL_SIZE = len(_SEAL) + 64
_BLOCK = 1 << 22  # bytes read, or numbers looked at, in one go
_FLOOR = 1 << 20  # bytes that a file may always declare
_MOST_EXPANSION = 20  # times its size
_AGAIN = "Expected a file written by `model.save_weights('name.weights.h5')`. Copy or save it again."


class Weights(NamedTuple):
    """What a look through a file of weights finds.

    Attributes:
        shapes: the shape of each array by its path.
        origin: what they belong to; None in files of version 0.1.
    """

    shapes: dict[str, tuple[int, ...]]
    origin: Origin | None


class UnloadableError(ValueError):
    """The reason why a file cannot be loaded, where there is better advice than to save it again.

    Args:
        reason: goes on after the file's name and "cannot be loaded:".
        advice: a sentence.
    """

    def __init__(self, reason: str, advice: str):
        super().__init__(reason)
        self.advice = advice


def add_seal(path: str | os.PathLike) -> None:
    """Writes the SHA-256 of a file at its end."""
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        digest = _digest(file, size)
        file.write(_SEAL + digest.encode("ascii"))


def _has_whole_seal(file: BinaryIO) -> bool:
    """Returns whether a file has a seal; raises an error where it does not fit."""
    size = file.seek(0, os.SEEK_END) - _SEAL_SIZE
    file.seek(max(size, 0))
    end = file.read()
    if not end.startswith(_SEAL) or not re.fullmatch(rb"[0-9a-f]{64}", end[len(_SEAL) :]):
        return False
    if _digest(file, size) != end[len(_SEAL) :].decode("ascii"):
        raise ValueError("its contents are others than those that were written")
    return True


def _digest(file, size):
    file.seek(0)
    state = hashlib.sha256()
    while size:
        part = file.read(min(size, _BLOCK))
        state.update(part)
        size -= len(part)
    return state.hexdigest()


@contextlib.contextmanager
def naming_file(path: str | os.PathLike, advice: str = _AGAIN) -> Iterator[None]:
    """Turns every error that reading a file may raise into one line with the file's name.

    Libraries below, and Keras's pages, raise errors of a dozen kinds for files that are damaged. Errors of the system,
    such as that of a file that may not be read, stay.

    Args:
        path: the file.
        advice: the end of the message.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None and os.fspath(error.filename) == os.fspath(path):
            raise
        advice = getattr(error, "advice", advice)
        raise ValueError(f"{short(os.fspath(path))} cannot be loaded: {explain(error)}. {advice}") from None


def explain(error: BaseException, room: int = 160) -> str:
    """Returns the reason that an error gives, in one line without a full stop, out of Keras's page if need be."""
    text = str(error)
    for pattern in (r"Example error message for object .*?:\n\n(.*?)(?:\n\n|$)", r"Exception encountered: (.*)"):
        if found := re.search(pattern, text, re.DOTALL):
            text = found[1]
    text = " ".join(text.split())
    if unknown := re.search(r"unexpected keyword argument '(\w{1,60})", text):
        text = f"the setting {unknown[1]!r} is unknown to version {__version__}"
    elif isinstance(error, KeyError):
        text = f"it lacks {text}"
    elif isinstance(error, (MemoryError, RecursionError)) or not text:
        text = f"{type(error).__name__} {text}".strip()
    return (text if len(text) <= room else text[: room - 3] + "...").rstrip(".")


def read_weights(path: str | os.PathLike) -> Weights:
    """Looks through a file that `save_weights` wrote.

    Raises:
        OSError: there is no such file, or it may not be read.
        ValueError: it is damaged, changed, hostile, or has weights that are not finite.
    """
    with open(path, "rb") as file, naming_file(path):
        has_seal = _has_whole_seal(file)
        found = look_through(file)
        if found.origin is not None and found.origin.is_sealed and not has_seal:
            raise ValueError("it does not end where it did when it was written")
        return found


def look_through(file: Any) -> Weights:
    """Looks through the arrays of an HDF5 file without trust in it.

    Args:
        file: open for reading bytes, at any place of it.

    Raises:
        ValueError: an array that no model writes, one larger than the file can hold, or a number that is not finite.
        Exception: of many kinds, where it is no HDF5 file or damaged.
    """
    import h5py

    room = _FLOOR + _MOST_EXPANSION * file.seek(0, os.SEEK_END)
    found: dict[str, Any] = {}
    with h5py.File(file, "r") as h5:
        h5.visititems(lambda name, item: found.update({name: item}) if isinstance(item, h5py.Dataset) else None)
        for name, array in found.items():
            room -= math.prod(array.shape) * array.dtype.itemsize
            is_plain = array.dtype.kind in "fiub" or array.attrs.get("dtype") == "bfloat16"
            if array.external or array.is_virtual or not is_plain:
                raise ValueError(f"it holds {short(name)}, which is no plain array of numbers")
            if room < 0:
                raise ValueError(f"it declares {short(name)} of shape {short(array.shape)}, more than it holds")
        for name, array in found.items():
            if not _is_finite(array):
                raise UnloadableError(
                    f"its weights {short(name)} are not finite",
                    "The training that wrote them went wrong: save the model before it, or lower the learning rate.",
                )
        note = found.pop(f"vars/{ORIGIN}", None)
        origin = None if note is None else Origin.from_array(note[()])
        return Weights({name: array.shape for name, array in found.items()}, origin)


def read_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Returns the arrays of an `.npz` file that is not compressed.

    Raises:
        ValueError: an array that declares another size than it has, or is none of finite numbers.
        Exception: of many kinds, where it is no such file or damaged.
    """
    with zipfile.ZipFile(path) as opened:
        for part in opened.infolist():
            with opened.open(part) as file:
                np.lib.format.read_magic(file)
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                declared = math.prod(shape) * dtype.itemsize
                if part.file_size > part.compress_size or declared != part.file_size - file.tell():
                    raise ValueError(f"{short(part.filename)} declares {short(shape)}, which it does not hold")
    with np.load(path, allow_pickle=False) as arrays:
        found = dict(arrays)
    for name, array in found.items():
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise ValueError(f"{short(name)} is no array of finite numbers")
    return found


def _is_finite(array):
    import ml_dtypes

    as_stored = array.attrs.get("dtype") != "bfloat16"
    if (array.dtype.kind != "f" and as_stored) or not math.prod(array.shape):
        return True
    rows = max(_BLOCK // max(math.prod(array.shape[1:]), 1), 1)
    places = (slice(first, first + rows) for first in range(0, array.shape[0], rows)) if array.shape else [()]
    parts = (np.asarray(array[place]) for place in places)
    return all(np.isfinite(part if as_stored else part.view(ml_dtypes.bfloat16)).all() for part in parts)
