import errno
import os
import re
import signal
import subprocess
import sys
import threading
import zlib

import pytest

from keras_transfer_sentiment import storage
from keras_transfer_sentiment.storage import (
    checksum,
    digest,
    is_leftover,
    lock_folder,
    lock_of,
    part_of,
    whole_file,
    write_whole,
)

from .contracts import raises, run_python


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(part):
        part.write_text("half")
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match=f"No space left on device .* is unchanged: '{re.escape(str(path))}'"):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_leftovers_of_dead_writers_are_deleted(tmp_path):
    path = tmp_path / "words.vec.gz"
    for slot in (0, 1, 3):
        part_of(path, slot).write_text("left by a killed process, longer than what comes")
        lock_of(part_of(path, slot)).touch()
    with whole_file(str(path)) as part, open(part, "x") as file:
        file.write("new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == [path.name]


def test_writers_at_the_same_time_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "file"
    both, problems = threading.Barrier(3), []

    def write(letter):
        try:
            for _ in range(20):
                with whole_file(path) as part, open(part, "x") as file:
                    file.write(letter * 1000)
                    both.wait(10)
                    file.write(letter * 1000)
                assert len(set(path.read_text())) == 1
                assert len(path.read_text()) == 2000
        except BaseException as error:
            problems.append(error)
            both.abort()

    threads = [threading.Thread(target=write, args=letter) for letter in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert os.listdir(tmp_path) == ["file"]


WRITE = """
import sys
from keras_transfer_sentiment.storage import whole_file
with whole_file(sys.argv[1]) as part:
    part.write_text("half")
    print("begun", flush=True)
    sys.stdin.read()
"""


def test_the_part_of_a_living_process_stays_and_that_of_a_killed_one_goes(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    command = [sys.executable, "-c", WRITE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "begun\n"
        write_whole(path, lambda part: part.write_text("new"))
        assert part_of(path).read_text() == "half"
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert sorted(os.listdir(tmp_path)) == ["file", "part.file", "part.file.lock"]
    assert path.read_text() == "new"
    write_whole(path, lambda part: part.write_text("newer"))
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_text() == "newer"


def test_without_locks_each_writer_has_a_part_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "fcntl", None)
    path = tmp_path / "words.vec"
    with whole_file(path) as part:
        part.write_text("first")
        write_whole(tmp_path / "other.vec", lambda other: other.write_text("other"))
        assert str(os.getpid()) in part.name
        assert part.suffix == ".vec"
    assert sorted(os.listdir(tmp_path)) == ["other.vec", "words.vec"]


def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "best").symlink_to(tmp_path / "disk" / "best.1")
    write_whole(tmp_path / "best", lambda part: part.write_text("new"))
    assert (tmp_path / "best").is_symlink()
    assert os.listdir(tmp_path / "disk") == ["best.1"]


def test_the_permissions_of_a_file_stay(tmp_path):
    path = tmp_path / "file"
    write_whole(path, lambda part: part.write_text("private"))
    path.chmod(0o600)
    write_whole(path, lambda part: part.write_text("new"))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("", IsADirectoryError, "Is a folder: pass the name of a file"),
        ("pipe", OSError, "Is a device or a pipe: pass the name of a file"),
        ("locked", PermissionError, "Is write-protected: allow writing, or pass another name"),
        ("none/file", FileNotFoundError, "No such file or directory"),
        ("closed/file", PermissionError, "its folder must allow files"),
    ],
)
def test_places_that_cannot_be_written_are_refused_at_once(tmp_path, monkeypatch, name, kind, text):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "locked").write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: os.path.basename(path) != "locked")  # root may do all
    real = os.open

    def refuse(path, *args, **kwargs):
        if "closed" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    with raises(kind, text, str(tmp_path / name)), whole_file(tmp_path / name):
        raise AssertionError("the block ran")


LIMITED = """
import resource, signal, sys
from keras_transfer_sentiment.storage import write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_whole(sys.argv[1], lambda part: part.write_bytes(bytes(250_000)))
except OSError as error:
    print(error)
"""


def test_a_size_limit_leaves_the_old_file_and_tells_the_space_needed(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    message = run_python(LIMITED, path)
    assert "File too large (it takes 100,000 bytes or more, " in message
    assert " are free); a file that was there before is unchanged: " in message
    assert str(path) in message
    assert message.count("\n") == 1
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_errors_of_hdf5_are_understood(tmp_path):
    def fail(part):
        raise OSError("Can't write data (file write failed: time = Wed, errno = 28, error message = '...')")

    with (
        raises(OSError, "No space left on device (it takes 7,000,000 bytes or more", str(tmp_path / "file")),
        whole_file(tmp_path / "file", 7_000_000) as part,
    ):
        fail(part)


def test_space_that_is_not_there_is_told_at_once(tmp_path):
    with (
        raises(OSError, "No space left on device (it takes 1,000,000,000,000,000 bytes or more"),
        whole_file(tmp_path / "file", 10**15),
    ):
        raise AssertionError("the block ran")
    assert not os.listdir(tmp_path)


def test_what_was_written_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, real=real: (done.append(name), real(*args))[1])
    write_whole(tmp_path / "file", lambda part: part.write_text("new"))
    assert done == ["fsync", "replace", "fsync"]


def test_a_part_keeps_folder_and_suffix(tmp_path):
    seen = []
    write_whole(tmp_path / "words.vec.gz", lambda part: (seen.append(part), part.touch()))
    assert seen[0].suffix == ".gz"
    assert seen[0].parent == tmp_path


def test_errors_without_a_number_stay_as_they_are(tmp_path):
    with pytest.raises(OSError, match="own words"), whole_file(tmp_path / "file"):
        raise OSError("own words")


def test_leftovers_are_known_by_their_names(tmp_path):
    names = ["a.npy", "b"]
    for slot in (0, 1, 12):
        for name in names:
            part = part_of(tmp_path / name, slot)
            assert is_leftover(part, names)
            assert is_leftover(lock_of(part), names)
    for name in ("a.npy", "part.c", "b.lock", "part.", "thesis.part.b"):
        assert not is_leftover(tmp_path / name, names)


def test_checksum_of_a_file_and_of_its_beginning(tmp_path):
    (tmp_path / "file").write_bytes(b"good film")
    assert checksum(tmp_path / "file") == zlib.crc32(b"good film")
    assert checksum(tmp_path / "file", 4) == zlib.crc32(b"good")
    assert checksum(tmp_path / "file", 0) == 0
    with raises(EOFError, "is shorter than expected"):
        checksum(tmp_path / "file", 10)


def test_digest_takes_any_string():
    assert digest(["a", "b"]) == digest(["ab"]) != digest(["ba"])
    assert len(digest(["\ud800"])) == 64


HOLD = """
import sys
from pathlib import Path
from keras_transfer_sentiment.storage import lock_folder
with lock_folder(Path(sys.argv[1]), "cache_dir"):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["kill", "end"])
def test_two_processes_do_not_share_a_folder(tmp_path, end):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "locked\n"
            with (
                raises(BlockingIOError, "`cache_dir`: ", f"is in use by process {other.pid}. Wait for its end"),
                lock_folder(tmp_path, "cache_dir"),
            ):
                raise AssertionError("both have it")
        finally:
            other.send_signal(signal.SIGKILL) if end == "kill" else other.stdin.close()
            other.wait()
    for _ in range(2):
        with lock_folder(tmp_path, "cache_dir"):
            pass
    assert os.listdir(tmp_path) == ["lock"]


def test_a_folder_is_locked_within_one_process_too(tmp_path):
    with (
        lock_folder(tmp_path, "cache_dir"),
        raises(BlockingIOError, "is in use by another call in this process"),
        lock_folder(tmp_path, "cache_dir"),
    ):
        raise AssertionError("both have it")


def test_another_machine_that_holds_a_folder_is_named(tmp_path, monkeypatch):
    with lock_folder(tmp_path, "cache_dir"):
        (tmp_path / "holder").write_text("7 elsewhere")
        with raises(BlockingIOError, "is in use by process 7 on 'elsewhere'"), lock_folder(tmp_path, "cache_dir"):
            raise AssertionError("both have it")
        (tmp_path / "holder").write_text("")
        with raises(BlockingIOError, "is in use by another process"), lock_folder(tmp_path, "cache_dir"):
            raise AssertionError("both have it")
    assert os.listdir(tmp_path) == ["lock"]


@pytest.mark.parametrize("error", [OSError(errno.ENOLCK, "No locks available"), NotImplementedError("no flock")])
def test_a_file_system_without_locks_gives_a_warning(tmp_path, monkeypatch, error):
    def acquire(self, **options):
        raise error

    monkeypatch.setattr("filelock.FileLock.acquire", acquire)
    with pytest.warns(UserWarning, match="has no locks. See to it that no other"), lock_folder(tmp_path, "cache_dir"):
        pass


FORK = """
import os, sys, time
from pathlib import Path
from keras_transfer_sentiment.storage import lock_folder
with lock_folder(Path(sys.argv[1]), "cache_dir"):
    child = os.fork()
    if not child:
        print(os.getpid(), flush=True)  # what is done after a fork is done
    time.sleep(100)
"""


def test_an_orphan_of_a_killed_process_holds_nothing(tmp_path):
    command = [sys.executable, "-c", FORK, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        child = int(other.stdout.readline())
        other.kill()
        other.wait()
        with lock_folder(tmp_path, "cache_dir"):
            os.kill(child, signal.SIGKILL)
