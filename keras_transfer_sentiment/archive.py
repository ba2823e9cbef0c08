"""The `.keras` file as a zip archive: its table of contents with digests, and a look through it without trust."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keras_transfer_sentiment import __version__
from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.weights_file import Weights, look_through, naming_file

CONFIG, WEIGHTS, CONTENTS = "config.json", "model.weights.h5", "contents.json"
_PARTS = {CONFIG, WEIGHTS, "metadata.json"}
_BLOCK = 1 << 20
_FLOOR = 1 << 20  # bytes that a part may always have
_MOST_EXPANSION = 20  # times its size in the file; Keras does not compress
_MOST_PARTS = 10_000
AGAIN = "Expected a file written by `model.save('name.keras')`. Copy or save it again."


class Archive:
    """A `.keras` file that was looked through.

    Attributes:
        path: str.
        version: str or None: of the library that wrote it, where the file tells.
    """

    def __init__(self, path: str, opened: zipfile.ZipFile):
        self.path, self._opened = path, opened
        self._check_parts()
        contents = self._contents()
        self.version: str | None = contents.get("version")
        self._check_digests(contents.get("sha256"))

    def _check_parts(self):
        parts = self._opened.infolist()
        names = [part.filename for part in parts]
        if missing := _PARTS - set(names):
            raise ValueError(f"it lacks {short(sorted(missing))}")
        if len(parts) > _MOST_PARTS or len(set(names)) < len(names):
            raise ValueError(f"it has {len(parts)} parts under {len(set(names))} names")
        for part in parts:
            if not _is_safe(part.filename):
                raise ValueError(f"it has a part outside of its folder, {short(part.filename)}")
            if part.file_size > _FLOOR + _MOST_EXPANSION * part.compress_size:
                raise ValueError(
                    f"its {short(part.filename)} would grow from {part.compress_size:,} to {part.file_size:,} bytes"
                )
        size = os.path.getsize(self.path)
        if sum(part.compress_size for part in parts) > size:
            raise ValueError(f"its parts lie on top of each other in {size:,} bytes")

    def _contents(self):
        if CONTENTS not in self._opened.namelist():
            return {}  # a file of version 0.1, or one that Keras wrote by itself
        contents = json.loads(self.read(CONTENTS))
        if not isinstance(contents.get("version"), str) or not isinstance(contents.get("sha256"), dict):
            raise ValueError(f"its part {CONTENTS!r} is damaged")
        return contents

    def _check_digests(self, expected):
        """Reads every part, which compares the archive's own check sums as well."""
        found = {}
        for name in self._opened.namelist():
            try:
                with self._opened.open(name) as part:
                    found[name] = _digest(part)
            except Exception as error:
                raise ValueError(f"it is damaged in {short(name)}: {short(str(error))}") from None
        found = {name: digest for name, digest in found.items() if name != CONTENTS and not name.endswith("/")}
        if expected is not None:
            _compare(found, expected)

    def read(self, name: str) -> bytes:
        """Returns the bytes of a part."""
        return self._opened.read(name)

    def config(self) -> Any:
        """Returns the config that Keras makes the model of."""
        return json.loads(self.read(CONFIG))

    def weights(self) -> Weights:
        """Looks through the weights; see `look_through`."""
        return look_through(io.BytesIO(self.read(WEIGHTS)))


@contextmanager
def open_archive(path: str | os.PathLike) -> Iterator[Archive]:
    """Opens a `.keras` file and looks through it: names and sizes of its parts, check sums, digests.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is cut short, damaged or hostile, was changed after it was saved, or is no `.keras` file.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No model file at {short(path)}. Save one with `model.save('name.keras')`.")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{short(path)} is no `.keras` file, or one cut short. {AGAIN}")
    with naming_file(path, AGAIN):
        opened = zipfile.ZipFile(path)
    with opened:
        with naming_file(path, AGAIN):
            archive = Archive(path, opened)
        yield archive


def write_contents(path: str | os.PathLike) -> None:
    """Adds the table of contents to a `.keras` file: the version of this library, and the SHA-256 of each part."""
    with zipfile.ZipFile(path, "a") as opened:
        digests = {}
        for name in opened.namelist():
            with opened.open(name) as part:
                digests[name] = _digest(part)
        opened.writestr(CONTENTS, json.dumps({"version": __version__, "sha256": digests}, indent=1))


def check_unpacked(folder: str | os.PathLike) -> None:
    """Compares the files of an unpacked `.keras` file with its table of contents, where it has one.

    Raises:
        ValueError: a file is missing, or was changed.
    """
    folder = Path(folder)
    if not (folder / CONTENTS).is_file():
        return
    expected = json.loads((folder / CONTENTS).read_bytes())["sha256"]
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.name != CONTENTS:
            with open(path, "rb") as file:
                found[path.relative_to(folder).as_posix()] = _digest(file)
    _compare(found, expected)


def _compare(found, expected):
    if found != expected:
        names = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
        raise ValueError(f"its part {short(names[0])} was changed after the model was saved")


def _digest(file):
    state = hashlib.sha256()
    while part := file.read(_BLOCK):
        state.update(part)
    return state.hexdigest()


def _is_safe(name):
    return not (name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/"))
