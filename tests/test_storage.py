import errno
import os
import re
import signal
import subprocess
import sys

import pytest

from keras_transfer_sentiment.storage import digest, lock_folder, name_file_in_errors, part_of, whole_file, write_whole

from .contracts import raises


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(part):
        part.write_text("half")
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match=f"full: .{re.escape(str(path))}"):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_leftover_part_is_deleted(tmp_path):
    path = tmp_path / "words.vec.gz"
    part_of(path).write_text("left by a killed process, longer than what comes")
    with whole_file(str(path)) as part, open(part, "x") as file:
        file.write("new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == [path.name]


def test_a_part_keeps_folder_and_suffix(tmp_path):
    seen = []
    write_whole(tmp_path / "words.vec.gz", lambda part: (seen.append(part), part.touch()))
    assert seen[0].suffix == ".gz"
    assert seen[0].parent == tmp_path


def test_errors_without_a_number_stay_as_they_are():
    with pytest.raises(OSError, match="own words"), name_file_in_errors("file"):
        raise OSError("own words")


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
                raises(BlockingIOError, "`cache_dir`: ", "is in use by another process", "Wait for its end"),
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
        raises(BlockingIOError, "by another call in this one"),
        lock_folder(tmp_path, "cache_dir"),
    ):
        raise AssertionError("both have it")
