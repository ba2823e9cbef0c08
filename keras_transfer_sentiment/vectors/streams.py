"""Reading kit for files of vectors and word pairs: decompressing, lines, errors that name the position."""

import contextlib
import gzip
import io
import itertools
import lzma
import os
import zlib
from collections.abc import Iterator
from typing import IO, Any

from keras_transfer_sentiment import compressed
from keras_transfer_sentiment.checks import short

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ENCODINGS = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
TO_UTF8 = "Convert the file, from the encoding that it has: `iconv -f LATIN1 -t UTF-8`, for example."
_LONGEST_LINE = 1 << 21  # bytes: 65,536 numbers of 17 digits and more
_MOST_BLANK_LINES = 1 << 16
_AGAIN = "Copy, download or save the file again."


def open_decompressed(path: str | os.PathLike) -> IO[bytes]:
    """Returns an open binary file, decompressed where its content is compressed (gzip, xz or bzip2).

    Raises:
        ValueError: a kind of file that holds no lines of UTF-8 and no vectors. Reading raises it too, where a small
            file becomes a very large one.
    """
    name = os.path.basename(path)
    raw = open(path, "rb")  # noqa: SIM115
    try:
        opened = compressed.open_file(raw, name)
        file = raw if opened is raw else io.BufferedReader(_Expanding(opened, raw, name), 1 << 16)
        head = file.read(compressed.HEAD)
        file.seek(0)
        for start, encoding in _ENCODINGS.items():
            if head.startswith(start):
                raise file_error(name, f"is {encoding}", f"Convert it: `iconv -f {encoding} -t UTF-8`.")
        if compressed.looks_like_utf_16(head):
            raise file_error(name, "is UTF-16 without a mark", "Convert it: `iconv -f UTF-16LE -t UTF-8`, or UTF-16BE.")
    except BaseException:
        raw.close()
        raise
    return file


class _Expanding(io.RawIOBase):
    """A compressed file as it is when decompressed, up to a multiple of its size."""

    def __init__(self, file, raw, name):
        self._file, self._raw, self._name = file, raw, name
        self._size = os.fstat(raw.fileno()).st_size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        compressed.check_expansion(self._name, self._file.tell(), self._size)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        self._raw.close()
        super().close()


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
        ValueError: a line of more than 2 MiB, as no file of vectors has, or thousands of blank ones.
    """
    blank = 0
    for number in itertools.count(first):
        line = file.readline(_LONGEST_LINE + 1)
        if not line:
            return
        if len(line) > _LONGEST_LINE:
            raise file_error(f"{name}, line {number}", f"more than {_LONGEST_LINE:,} bytes, which is no row of vectors")
        blank = blank + 1 if line.isspace() else 0
        if blank > _MOST_BLANK_LINES:
            raise file_error(f"{name}, line {number}", f"{blank:,} blank lines, one after the other")
        yield number, line


def decode_utf8(raw: bytes, position: str, fix: str = TO_UTF8) -> str:
    """Returns bytes as str; an error names the position if they are not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise file_error(position, f"{short(raw)} is not UTF-8", fix) from None


def is_number(field: str | bytes) -> bool:
    """Returns whether a str or bytes is a number, without the `_` that Python takes between digits."""
    with contextlib.suppress(ValueError):
        return float(field) is not None and "_" not in (field if isinstance(field, str) else field.decode("latin-1"))
    return False


def file_error(position: str, problem: str, fix: str = _AGAIN) -> ValueError:
    """Returns the error for a problem at a position in a file."""
    mark = " " if problem.startswith(("is ", "has ")) else ": "
    return ValueError(f"{position}{mark}{problem}. {fix}")
