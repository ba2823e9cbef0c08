import bz2
import gzip
import io
import lzma

import pytest

from keras_transfer_sentiment.compressed import check_expansion, find_compression, looks_like_utf_16, open_file

from .contracts import raises

CONTENT = b"a good film\n" * 9


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress, bz2.compress], ids=["", "gz", "xz", "bz2"])
def test_files_are_decompressed_by_their_content(tmp_path, compress):
    path = tmp_path / "file"
    path.write_bytes(compress(CONTENT))
    with open(path, "rb") as raw, open_file(raw, "file") as file:
        assert file.read() == CONTENT


def test_a_suffix_that_is_wrong(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(CONTENT)
    with open(path, "rb") as raw, raises(ValueError, "a.gz is no valid .gz file. Copy or download it again"):
        open_file(raw, "a.gz", ".gz")
    path.write_bytes(bz2.compress(CONTENT))
    with open(path, "rb") as raw, open_file(raw, "a.gz", ".gz") as file:
        assert file.read() == CONTENT


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"PK\3\4", "is a ZIP archive. Unpack it first."),
        (b"7z\xbc\xaf\x27\x1c", "is a 7z archive."),
        (b"\x04\x22\x4d\x18", "is compressed by LZ4. Unpack it first: `lz4 -d`."),
        (b"\x1f\x9d\x90", "is compressed by `compress`."),
        (b"\x89HDF\r\n", "is an HDF5 file."),
        (b"\x93NUMPY\1", "is an array of NumPy."),
    ],
)
def test_archives_are_named(head, text):
    with raises(ValueError, f"words {text}"):
        find_compression(head + bytes(60), "words")


def test_a_damaged_beginning_is_met_by_the_reader(tmp_path):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(CONTENT)[:12])
    with open(path, "rb") as raw, open_file(raw, "file.gz") as file, pytest.raises(EOFError, match="ended before"):
        file.read()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("a good film".encode("utf-16-le"), True),
        ("a good film".encode("utf-16-be"), True),
        (b"a good film, is it?", False),
        (bytes(64), False),
        ("abc".encode("utf-16-le"), False),
        ("电影很好看啊我喜欢".encode("utf-16-le"), False),
    ],
)
def test_utf_16_without_a_mark(head, expected):
    assert looks_like_utf_16(head) == expected


def test_how_far_a_file_may_expand():
    check_expansion("a.gz", 1 << 26, 1)
    check_expansion("a.gz", 1 << 30, 1 << 24)
    with raises(ValueError, "a.gz expands to more than 100 times its size", "unpack it first"):
        check_expansion("a.gz", (1 << 26) + 1, 1)


def test_a_file_in_memory_has_no_suffix():
    with open_file(io.BytesIO(CONTENT), "memory") as file:
        assert file.read() == CONTENT
