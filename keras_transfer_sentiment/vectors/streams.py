"""Reading kit for files of vectors and word pairs: decompressing, lines, errors that name the position."""

import bz2
import contextlib
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

from keras_transfer_sentiment.checks import short

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\0": lzma.open, b"BZh": bz2.open}
_REFUSED = {
    b"PK\3\4": ("is a ZIP archive", "Unpack it first."),
    b"\xff\xfe": ("is UTF-16", "Convert it: `iconv -f UTF-16 -t UTF-8`."),
    b"\xfe\xff": ("is UTF-16", "Convert it: `iconv -f UTF-16 -t UTF-8`."),
}
_LONGEST_LINE = 1 << 24  # bytes: a row of a million numbers
_AGAIN = "Copy, download or save the file again."


def open_decompressed(path: str | os.PathLike) -> Any:
    """Returns an open binary file, decompressed where its content is compressed (gzip, xz or bzip2).

    Raises:
        ValueError: a ZIP archive, or text in UTF-16.
    """
    with open(path, "rb") as file:
        head = file.read(6)
    for start, (problem, fix) in _REFUSED.items():
        if head.startswith(start):
            raise file_error(os.path.basename(path), problem, fix)
    return next((opener for start, opener in _OPENERS.items() if head.startswith(start)), open)(path, "rb")


@contextlib.contextmanager
def damage_named(name: str) -> Iterator[None]:
    """Turns the errors of broken compressed data into a `ValueError` that names the file."""
    try:
        yield
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise file_error(name, f"is damaged or cut short: {short(str(error))}") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise file_error(name, f"is damaged or cut short: {short(str(error))}") from None


def numbered_lines(file: IO[bytes], name: str, first: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yields the lines of a file with their number, their end included.

    Args:
        file: open binary file.
        name: of the file, for messages.
        first: number of the next line.

    Raises:
        ValueError: a line of more than 16 MiB, as no file of vectors has.
    """
    number = first
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise file_error(f"{name}, line {number}", f"more than {_LONGEST_LINE:,} bytes, which is no row of vectors")
        yield number, line
        number += 1


def decode_utf8(raw: bytes, position: str, fix: str = "Convert the file: `iconv -t UTF-8`.") -> str:
    """Returns bytes as str; an error names the position if they are not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise file_error(position, f"{short(raw)} is not UTF-8", fix) from None


def is_number(field: str | bytes) -> bool:
    """Returns whether a str or bytes is a number."""
    with contextlib.suppress(ValueError):
        return float(field) is not None
    return False


def file_error(position: str, problem: str, fix: str = _AGAIN) -> ValueError:
    """Returns the error for a problem at a position in a file."""
    mark = " " if problem.startswith("is ") else ": "
    return ValueError(f"{position}{mark}{problem}. {fix}")
