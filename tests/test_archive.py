import hashlib
import json
import zipfile

import pytest

from keras_transfer_sentiment import __version__
from keras_transfer_sentiment.archive import check_unpacked, open_archive, write_contents

from .contracts import raises

PARTS = {"config.json": b"{}", "metadata.json": b"{}", "model.weights.h5": b"weights" * 99, "assets/words.json": b"[]"}
AGAIN = "Copy or save it again."


def write(path, parts=PARTS, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def sealed(path):
    write(path)
    write_contents(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_contents_are_the_version_and_the_digests(tmp_path):
    parts = sealed(tmp_path / "model.keras")
    contents = json.loads(parts.pop("contents.json"))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in PARTS.items()}
    assert contents == {"version": __version__, "sha256": digests}
    assert parts == PARTS
    with open_archive(tmp_path / "model.keras") as archive:
        assert archive.version == __version__
        assert archive.config() == {}
        assert archive.read("assets/words.json") == b"[]"


def test_a_file_without_contents_is_opened(tmp_path):
    with open_archive(write(tmp_path / "model.keras")) as archive:
        assert archive.version is None


def test_a_file_that_was_packed_again_is_opened(tmp_path):
    parts = {"assets/": b"", **sealed(tmp_path / "model.keras")}
    with open_archive(write(tmp_path / "again.keras", parts, zipfile.ZIP_DEFLATED)) as archive:
        assert archive.version == __version__


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"config.json": b'{"a": 1}'}, "its part 'config.json' was changed after the model was saved"),
        ({"assets/more.json": b"1"}, "its part 'assets/more.json' was changed"),
        ({"assets/words.json": None}, "its part 'assets/words.json' was changed"),
        ({"metadata.json": None}, "it lacks ['metadata.json']"),
        ({"contents.json": b"[]"}, "has no attribute 'get'"),
        ({"contents.json": b'{"version": 1}'}, "its part 'contents.json' is damaged"),
        ({"contents.json": b"{"}, "cannot be loaded"),
        ({"../evil": b"x"}, "a part outside of its folder, '../evil'"),
        ({"assets/../../evil": b"x"}, "a part outside of its folder"),
        ({"/evil": b"x"}, "a part outside of its folder, '/evil'"),
        ({"C:evil": b"x"}, "a part outside of its folder"),
        ({"..\\evil": b"x"}, "a part outside of its folder"),
    ],
)
def test_parts_that_were_changed(tmp_path, change, part):
    parts = {name: content for name, content in {**sealed(tmp_path / "model.keras"), **change}.items() if content}
    write(tmp_path / "changed.keras", parts)
    with raises(ValueError, "changed.keras", part, AGAIN), open_archive(tmp_path / "changed.keras"):
        pass


def test_parts_that_grow(tmp_path):
    path = write(tmp_path / "bomb.keras", {**PARTS, "assets/bomb": bytes(50 << 20)}, zipfile.ZIP_DEFLATED)
    with (
        raises(ValueError, "bomb.keras", "its 'assets/bomb' would grow from", "to 52,428,800 bytes"),
        open_archive(path),
    ):
        pass


def test_parts_of_one_name(tmp_path):
    with zipfile.ZipFile(write(tmp_path / "twice.keras"), "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"[]")
    with raises(ValueError, "twice.keras", "it has 5 parts under 4 names"), open_archive(tmp_path / "twice.keras"):
        pass


def test_every_bit_of_a_small_file(tmp_path):
    path = tmp_path / "model.keras"
    parts = sealed(path)
    whole, refused = path.read_bytes(), []
    for place in range(0, len(whole), 7):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            with open_archive(path) as archive:
                found = {name: archive.read(name) for name in PARTS}
        except ValueError as error:
            refused.append(error)
        else:
            assert found == {name: parts[name] for name in PARTS}
    assert len(refused) > 100
    assert all("model.keras" in str(error) and len(str(error)) < 400 for error in refused)


def test_an_unpacked_file_is_compared_with_its_contents(tmp_path):
    sealed(tmp_path / "model.keras")
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        archive.extractall(folder)
    check_unpacked(folder)
    (folder / "config.json").write_text("[]")
    with raises(ValueError, "its part 'config.json' was changed after the model was saved"):
        check_unpacked(folder)
    (folder / "contents.json").unlink()
    check_unpacked(folder)
