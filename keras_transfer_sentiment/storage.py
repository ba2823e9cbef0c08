"""Files that are there as a whole or not at all, folders that one process uses at a time, digests."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from keras_transfer_sentiment.checks import short

LOCK = "lock"  # the file in a folder that is locked
_PART = "part."  # put before the name of a file that is being written, so that its suffix stays


@contextlib.contextmanager
def name_file_in_errors(path: str | os.PathLike) -> Iterator[None]:
    """Lets every `OSError` inside name the user's file: a full disk names none, and a temporary file is not known.

    Args:
        path: the file to name.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None


@contextlib.contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a path to write a file at; at the end of the block it takes the place of the one at `path`, or never does.

    The part has the folder and the suffix of the file, and the same name each time. So what a killed process leaves
    behind is deleted by the next one, and two processes must not write the same file at the same time.

    Args:
        path: the file.

    Raises:
        OSError: it cannot be written; the error names `path`.

    Examples:
        >>> path = Path(tempfile.mkdtemp()) / "notes.txt"
        >>> with whole_file(path) as part:
        ...     _ = part.write_text("all of it")
        >>> path.read_text()
        'all of it'
    """
    path = Path(path)
    part = part_of(path)
    try:
        with name_file_in_errors(path):
            part.unlink(missing_ok=True)
            yield part
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike, write: Callable[[Path], object]) -> None:
    """Writes a file by a function that gets the path of `whole_file`."""
    with whole_file(path) as part:
        write(part)


def part_of(path: Path) -> Path:
    """Returns the path at which `whole_file` has a file written before it is complete."""
    return path.with_name(f"{_PART}{path.name}")


@contextlib.contextmanager
def lock_folder(folder: Path, argument: str) -> Iterator[None]:
    """Keeps a folder from all other processes that lock it, until the block ends or this process does.

    The system gives the lock of a killed process back. The empty file `LOCK` stays in the folder and does nothing.

    Args:
        folder: an existing folder.
        argument: name of the public argument that the folder was passed as, for the message.

    Raises:
        BlockingIOError: another process has locked it, or another call in this one.
    """
    import filelock

    lock = filelock.FileLock(folder / LOCK)
    try:
        with name_file_in_errors(folder / LOCK):
            lock.acquire(timeout=0)
    except filelock.Timeout:
        raise BlockingIOError(
            f"`{argument}`: {short(str(folder))} is in use by another process, or by another call in this one. Wait "
            "for its end, or pass another folder."
        ) from None
    try:
        yield
    finally:
        lock.release()


def digest(parts: Iterable[str]) -> str:
    """Returns the SHA-256 of strings, one after the other, in hexadecimal.

    Examples:
        >>> digest(["good ", "film"]) == digest(["good film"])
        True
        >>> digest(["good"])[:8]
        '770e6076'
    """
    state = hashlib.sha256()
    for part in parts:
        state.update(part.encode("utf-8", "surrogatepass"))
    return state.hexdigest()
