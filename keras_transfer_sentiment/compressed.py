"""What the first bytes of a file tell: how it is compressed, or that it is no text; and how far it may expand."""

import contextlib
import os
from importlib import import_module
from typing import IO, Any

_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\0": "lzma", b"BZh": "bz2"}
_BZIP2_BLOCK = b"1AY&SY"  # after `BZh` and a digit: text may begin with `BZh` too
_ARCHIVES = {
    b"PK\3\4": ("is a ZIP archive", "Unpack it first."),
    b"7z\xbc\xaf\x27\x1c": ("is a 7z archive", "Unpack it first."),
    b"\x28\xb5\x2f\xfd": ("is compressed by Zstandard", "Unpack it first: `zstd -d`."),
    b"\x04\x22\x4d\x18": ("is compressed by LZ4", "Unpack it first: `lz4 -d`."),
    b"\x1f\x9d": ("is compressed by `compress`", "Unpack it first: `uncompress`."),
    b"PAR1": ("is a Parquet file", "Rename it to .parquet, and read it with `TextFiles`."),
    b"\x93NUMPY": ("is an array of NumPy", "Read it with `numpy.load`."),
    b"\x89HDF": ("is an HDF5 file", "Read it with the library that wrote it."),
    b"%PDF-": ("is a PDF document", "Save its text as a .txt file."),
}
HEAD = 64  # bytes that tell
EXPANSION, EXPANDED = 100, 1 << 26  # times its size, and bytes: a file may not expand beyond both


def find_compression(head: bytes, name: str) -> Any:
    """Returns the module that decompresses a file that begins with `head` (`gzip`, `lzma` or `bz2`), or None.

    Args:
        head: the first `HEAD` bytes.
        name: of the file, for messages.

    Raises:
        ValueError: an archive, or another kind of file that holds no lines.
    """
    for start, (problem, fix) in _ARCHIVES.items():
        if head.startswith(start):
            raise ValueError(f"{name} {problem}. {fix}")
    for start, module in _COMPRESSIONS.items():
        if head.startswith(start) and (module != "bz2" or head[4:10] == _BZIP2_BLOCK):
            return import_module(module)
    return None


def looks_like_utf_16(head: bytes) -> bool:
    """Returns whether every second byte of some text's first bytes is 0, as in UTF-16 without a mark."""
    return len(head) >= 16 and any(head) and not (any(head[::2]) and any(head[1::2]))


def open_file(raw: IO[bytes], name: str, suffix: str = "") -> IO[bytes]:
    """Returns an open file as it is when decompressed, by what it holds and not by its name.

    Args:
        raw: the file, open, at its start.
        name: of the file, for messages.
        suffix: `".gz"`, `".xz"` or `".bz2"` if the name says so: then the file has to be compressed.

    Raises:
        ValueError: an archive, or another kind of file that holds no lines; a file that is compressed twice.
    """
    module = find_compression(raw.read(HEAD), name)
    raw.seek(0)
    if module is None:
        if suffix and os.fstat(raw.fileno()).st_size:
            raise ValueError(f"{name} is no valid {suffix} file. Copy or download it again, or rename it.")
        return raw
    file = module.open(raw)
    head = b""
    with contextlib.suppress(Exception):  # each compression raises kinds of its own; the reader meets them again
        head = file.read(HEAD)
    if find_compression(head, name) is not None:
        raise ValueError(f"{name} is compressed twice. Unpack it once.")
    raw.seek(0)
    return module.open(raw)


def check_expansion(name: str, expanded: int, size: int) -> None:
    """Raises an error for a file that becomes more than 64 MiB, and more than 100 times its size, when decompressed.

    Args:
        name: of the file.
        expanded: bytes that were decompressed so far.
        size: bytes of the file.

    Raises:
        ValueError: it is such a file.
    """
    if expanded > max(EXPANDED, EXPANSION * size):
        raise ValueError(
            f"{name} expands to more than {EXPANSION} times its size, as no text and no vectors do. If it is right "
            "nevertheless, unpack it first."
        )
