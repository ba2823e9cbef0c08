"""Files that are there as a whole or not at all, folders that one process uses at a time, digests."""

import contextlib
import errno
import hashlib
import itertools
import os
import platform
import re
import shutil
import stat
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from keras_transfer_sentiment.checks import short, warn_caller

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK, HOLDER = "lock", "holder"  # the files in a folder that is locked: the lock, and which process has it
_PART = "part."  # put before the name of a file that is being written, so that its suffix stays
_SLOTS = 8  # names of parts in which leftovers of dead processes are looked for
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF)
_BLOCK = 1 << 20


@contextlib.contextmanager
def whole_file(path: str | os.PathLike, size: int = 0) -> Iterator[Path]:
    """Gives a path to write a file at; at the end of the block it takes the place of the one at `path`, or never does.

    What was written is on the disk before it takes that place, so that neither a killed process nor a power cut leaves
    half a file. The part has the folder and the suffix of the file. Beside it lies a lock, by which the next writer of
    the same file tells the part of a living process, which it leaves alone, from that of a killed one, which it
    deletes.

    Args:
        path: the file; where it is a symbolic link, the file that the link leads to.
        size: bytes that the file takes at least, if that is known. Where the disk has less the block does not run.

    Raises:
        OSError: it cannot be written; the error names `path`. The file that was there before is unchanged.

    Examples:
        >>> path = Path(tempfile.mkdtemp()) / "notes.txt"
        >>> with whole_file(path) as part:
        ...     _ = part.write_text("all of it")
        >>> path.read_text()
        'all of it'
    """
    target = Path(os.path.realpath(path))
    _check_replaceable(path, target)
    with _naming_errors(path), _claim_part(target) as part:
        try:
            disk = shutil.disk_usage(target.parent)
            if disk.total and size > disk.free:  # some network drives tell neither
                raise OSError(errno.ENOSPC, "")
            yield part
            if target.exists():
                shutil.copymode(target, part)
            _sync(part)
            os.replace(part, target)
        except OSError as error:
            raise _explained(error, target, max(size, part.stat().st_size if part.exists() else 0)) from None
        finally:
            part.unlink(missing_ok=True)
        _sync(target.parent)


def write_whole(path: str | os.PathLike, write: Callable[[Path], object]) -> None:
    """Writes a file by a function that gets the path of `whole_file`."""
    with whole_file(path) as part:
        write(part)


def part_of(path: Path, slot: int | str = 0) -> Path:
    """Returns the path at which `whole_file` has a file written before it is complete.

    Args:
        path: the file.
        slot: 0 for the first that writes the file, 1 for one that does so at the same time, and so on.
    """
    return path.with_name(f"{_PART}{f'{slot}.' if slot else ''}{path.name}")


def lock_of(part: Path) -> Path:
    """Returns the path of the lock beside a part."""
    return part.with_name(f"{part.name}.lock")


def is_leftover(path: Path, names: Iterable[str]) -> bool:
    """Returns whether a file is the part, or the lock of one, that a killed writer of the files `names` left."""
    plain = re.sub(rf"^{re.escape(_PART)}(\d+\.)?", "", path.name)
    return plain != path.name and (plain in names or plain.removesuffix(".lock") in names)


def _check_replaceable(path, target):
    """Raises an error where a file must not be replaced, before anything is written."""
    try:
        mode = target.stat().st_mode
    except OSError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "Is a folder: pass the name of a file", os.fspath(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Is a device or a pipe: pass the name of a file", os.fspath(path))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "Is write-protected: allow writing, or pass another name", os.fspath(path))


@contextlib.contextmanager
def _naming_errors(path):
    """Lets every `OSError` inside name the user's file: a full disk names none, and a part is not known to him."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None


def _explained(error, target, size):
    """Returns the error of a write that failed, with the space that is needed where that is the reason."""
    found = re.search(r"errno = (\d+)", str(error))  # how HDF5 tells it
    number = error.errno or (int(found[1]) if found else None)
    if number is None:
        return error
    text = os.strerror(number)
    if number in _FULL:
        free = shutil.disk_usage(target.parent).free
        text += f" (it takes {size:,} bytes or more, {free:,} are free)"
    return OSError(number, f"{text}; a file that was there before is unchanged")


@contextlib.contextmanager
def _claim_part(target):
    """Gives the path of a part that no other process or thread writes to, and deletes those of dead ones."""
    for slot in itertools.count():
        part = part_of(target, slot)
        try:
            descriptor = _try_lock(lock_of(part))
        except OSError as error:
            if error.errno in _FORBIDDEN:
                if lock_of(part).exists() and slot < _SLOTS:  # of another user
                    continue
                text = f"{os.strerror(error.errno)}: a part is written beside the file, so its folder must allow files"
                raise OSError(error.errno, text) from None
            if error.errno not in _UNSUPPORTED:
                raise
            # Nothing tells whether the writer of a part is alive: each has names of its own.
            lock_of(part).unlink(missing_ok=True)
            yield part_of(target, f"{os.getpid()}-{threading.get_ident()}")
            return
        if descriptor is not None:
            break
    try:
        part.unlink(missing_ok=True)
        for other in range(slot + 1, _SLOTS):
            _delete_leftover(part_of(target, other))
        yield part
    finally:
        lock_of(part).unlink(missing_ok=True)
        os.close(descriptor)


def _delete_leftover(part):
    if lock_of(part).exists() and (descriptor := _try_lock(lock_of(part))) is not None:
        part.unlink(missing_ok=True)
        lock_of(part).unlink(missing_ok=True)
        os.close(descriptor)


def _try_lock(path):
    """Returns the descriptor of a file that is locked now, or None where another has locked it."""
    if fcntl is None:
        raise OSError(errno.ENOSYS, "no locks")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):  # another has it, or has just deleted it
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _sync(path):
    """Waits until a file, or the names in a folder, are on the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:  # some file systems cannot do it for folders
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def lock_folder(folder: Path, argument: str) -> Iterator[None]:
    """Keeps a folder from all other processes that lock it, until the block ends or this process does.

    The system gives the lock of a killed process back, so the empty file `LOCK` that stays in the folder does nothing.
    Where the file system has no locks there is a warning, and the caller has to see to it.

    Args:
        folder: an existing folder.
        argument: name of the public argument that the folder was passed as, for the message.

    Raises:
        BlockingIOError: another process has locked it, or another call in this one.
    """
    import filelock

    lock = filelock.FileLock(folder / LOCK)
    try:
        with _naming_errors(folder / LOCK):
            lock.acquire(timeout=0)
    except filelock.Timeout:
        raise BlockingIOError(
            f"`{argument}`: {short(str(folder))} is in use by {_describe_holder(folder)}. Wait for its end, or pass "
            "another folder."
        ) from None
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _UNSUPPORTED:
            raise
        warn_caller(
            f"`{argument}`: the file system of {short(str(folder))} has no locks. See to it that no other process uses "
            "this folder at the same time, or pass one on a local disk."
        )
    try:
        with contextlib.suppress(OSError):  # it is for messages alone
            (folder / HOLDER).write_text(f"{os.getpid()} {platform.node()}")
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / HOLDER).unlink()
        lock.release()


def _describe_holder(folder):
    try:
        process, machine = (folder / HOLDER).read_text().split()
    except (OSError, ValueError):
        return "another process"
    if machine != platform.node():
        return f"process {process} on {short(machine)}"
    return "another call in this process" if int(process) == os.getpid() else f"process {process}"


def digest(parts: Iterable[str | bytes | memoryview]) -> str:
    """Returns the SHA-256 of strings, or of bytes, one after the other, in hexadecimal.

    Examples:
        >>> digest(["good ", "film"]) == digest(["good film"]) == digest([b"good film"])
        True
        >>> digest(["good"])[:8]
        '770e6076'
    """
    state = hashlib.sha256()
    for part in parts:
        state.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part)
    return state.hexdigest()


def checksum(path: str | os.PathLike, size: int | None = None) -> int:
    """Returns the CRC-32 of a file, or of its first bytes.

    Args:
        path: the file.
        size: how many bytes count; None takes all of them.

    Raises:
        EOFError: the file is shorter.
    """
    total, left = 0, os.path.getsize(path) if size is None else size
    with open(path, "rb") as file:
        while left:
            block = file.read(min(left, _BLOCK))
            if not block:
                raise EOFError(f"{short(os.fspath(path))} is shorter than expected")
            total, left = zlib.crc32(block, total), left - len(block)
    return total
