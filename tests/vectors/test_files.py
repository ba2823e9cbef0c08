import bz2
import gzip
import lzma
import math
import os
import re
import tracemalloc
import warnings

import numpy as np
import pytest

from keras_transfer_sentiment.vectors.files import read_vectors, write_vectors

from ..contracts import raises

FORMATS = [("words.vec", "word2vec"), ("words.bin", "word2vec-binary"), ("words.glove", "glove")]
NO_GENSIM = "gensim comes with the benchmarks extra only"


@pytest.fixture
def table(rng):
    """Words that are hard to write, and numbers that are hard to keep."""
    words = ["film", "naïve", "电影", "New\xa0York", "\u2028", "#", "1", "👍", "n't", "a\x85b"]
    vectors = rng.normal(size=(len(words), 7)).astype("float32")
    vectors[:2, :6] = [[0.1, 1 / 3, 1e-45, 1.17549435e-38, 3.4028235e38, -0.0], [1, 0, -1, 2**24, 1e20, 5e-324]]
    return words, vectors


def written(tmp_path, content, name="words.vec"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# Files: there and back.


@pytest.mark.parametrize("ending", ["", ".gz", ".xz"])
@pytest.mark.parametrize(("name", "file_format"), FORMATS)
def test_what_is_written_is_read_bit_by_bit(tmp_path, table, name, file_format, ending):
    words, vectors = table
    path = tmp_path / (name + ending)
    write_vectors(path, words, vectors, file_format)
    for given in ("auto", file_format):
        read_words, read = read_vectors(path, given)
        assert read_words == words
        assert read.dtype == np.float32
        assert read.tobytes() == vectors.tobytes()
    assert os.listdir(tmp_path) == [path.name]
    if ending:
        opener = {".gz": gzip, ".xz": lzma}[ending]
        with opener.open(path) as file:
            assert words[0].encode() in file.read()


@pytest.mark.parametrize("name", ["words.vec", "words.txt", "words.bin", "words.vec.gz", "words.bin.xz"])
def test_the_name_tells_the_format_to_write(tmp_path, name):
    write_vectors(str(tmp_path / name), ["a", "b"], [[1, 2], [3, 4]])
    assert read_vectors(tmp_path / name)[1].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    opener = {".gz": gzip.open, ".xz": lzma.open}.get(name[-3:], open)
    with opener(tmp_path / name, "rb") as file:
        content = file.read()
    binary = b"2 2\na " + np.float32([1, 2]).tobytes() + b"b " + np.float32([3, 4]).tobytes()
    assert content == (binary if ".bin" in name else b"2 2\na 1 2\nb 3 4\n")


@pytest.mark.parametrize("name", ["words", "words.npy", "glove.6B.50d.txt", "my-GloVe.bin"])
def test_a_name_that_does_not_tell_the_format(tmp_path, name):
    with raises(ValueError, "does not tell the format", "'word2vec-binary'", repr(name)):
        write_vectors(tmp_path / name, ["a"], [[1.0]])
    assert not os.listdir(tmp_path)
    write_vectors(tmp_path / name, ["a"], [[1.0, 2.0]], "glove")
    assert (tmp_path / name).read_text() == "a 1 2\n"


def test_binary_is_recognised_without_its_ending(tmp_path, table):
    for dim in (3, 7):
        write_vectors(tmp_path / "model", table[0], table[1][:, -dim:], "word2vec-binary")
        assert read_vectors(tmp_path / "model")[0] == table[0]


def test_binary_with_a_newline_after_each_vector(tmp_path):
    rows = [word + b" " + np.float32([i, 10]).tobytes() + b"\n" for i, word in enumerate([b"</s>", b"film"])]
    path = written(tmp_path, b"2 2\n" + b"".join(rows), "words.bin")
    words, vectors = read_vectors(path)
    assert words == ["</s>", "film"]
    assert vectors.tolist() == [[0, 10], [1, 10]]


def test_binary_longer_than_a_block(tmp_path, rng, monkeypatch):
    monkeypatch.setattr("keras_transfer_sentiment.vectors.files.BLOCK_BYTES", 100)
    words, vectors = [f"word{i}" for i in range(300)], rng.normal(size=(300, 40)).astype("float32")
    write_vectors(tmp_path / "words.bin", words, vectors)
    read_words, read = read_vectors(tmp_path / "words.bin")
    assert read_words == words
    np.testing.assert_array_equal(read, vectors)


def test_the_table_grows(tmp_path, rng, monkeypatch):
    monkeypatch.setattr("keras_transfer_sentiment.vectors.files.FIRST_NUMBERS", 6)
    words, vectors = [f"word{i}" for i in range(9)], rng.normal(size=(9, 3)).astype("float32")
    for name, file_format in FORMATS:
        write_vectors(tmp_path / name, words, vectors, file_format)
        np.testing.assert_array_equal(read_vectors(tmp_path / name)[1], vectors)


def test_fasttexts_text(tmp_path):
    path = written(tmp_path, "2 3\n</s> 0.1 -0.2 3e-5 \nfilm 1 2 3 \n")
    words, vectors = read_vectors(path)
    assert words == ["</s>", "film"]
    np.testing.assert_array_equal(vectors, np.float32([[0.1, -0.2, 3e-5], [1, 2, 3]]))


def test_glove_with_spaces_in_words_and_windows_line_ends(tmp_path):
    path = written(tmp_path, ". . . 0.1 0.2\r\nat name@domain.com 1 2\r\nNew\xa0York 3 4\r\n\r\n")
    words, vectors = read_vectors(path)
    assert words == [". . .", "at name@domain.com", "New\xa0York"]
    np.testing.assert_array_equal(vectors, np.float32([[0.1, 0.2], [1, 2], [3, 4]]))


@pytest.mark.parametrize(("name", "file_format"), FORMATS)
def test_max_words(tmp_path, table, name, file_format):
    words, vectors = table
    write_vectors(tmp_path / name, words, vectors, file_format)
    for most in (1, 3, len(words), 99):
        read_words, read = read_vectors(tmp_path / name, max_words=most)
        assert read_words == words[:most]
        np.testing.assert_array_equal(read, vectors[:most])


def test_a_word_that_comes_twice(tmp_path):
    path = written(tmp_path, "4 1\nfilm 1\nbad 2\nfilm 3\nbad 4\n")
    with pytest.warns(UserWarning, match=r"words\.vec: 2 words are repeated, such as 'film'\. The first") as caught:
        words, vectors = read_vectors(path)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert words == ["film", "bad"]
    assert vectors.tolist() == [[1.0], [2.0]]


def test_a_file_of_repeated_words_is_refused_before_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_transfer_sentiment.vectors.files.MOST_REPEATED", 3)
    path = written(tmp_path, "film 1\n" * 9 + "broken\n")
    with raises(ValueError, "words.vec, line 5: more than half of the words are repeated, as 'film'"):
        read_vectors(path)


def test_large_finite_values_are_fine(tmp_path):
    write_vectors(tmp_path / "words.vec", ["a"], np.full((1, 4), 3e38))
    assert np.isfinite(read_vectors(tmp_path / "words.vec")[1]).all()


# Files that are wrong.


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ("words.vec is empty", "Copy, download or save")),
        (b" \n\n", ("words.vec is empty",)),
        (b"0 5\n", ("line 1: '0 5', expected two integers above 0",)),
        (b"5 0\n", ("line 1: '5 0', expected two integers above 0",)),
        (b"2 3", ("words.vec is empty: it has no word vectors",)),
        (b"2 3\na 1 2 3\nb 1 2\n", ("words.vec, line 3: 2 values, expected 3 as in line 1. Copy",)),
        (b"2 3\na 1 2 3\nb 1 2 3 4\n", ("words.vec, line 3: 4 values, expected 3 as in line 1",)),
        (b"2 3\na  1 2 3\nb 1 2 3\n", ("words.vec, line 2: 4 values, expected 3",)),
        (b"2 3\na;1;2;3\nb 1 2 3\n", ("words.vec, line 2: 0 values, expected 3",)),
        (b"a 1 2 3\n\nb 1 2\n", ("words.vec, line 3: 2 values, expected 3 as in line 1",)),
        (b"a\tb\n", ("words.vec, line 1: 1 values, expected a word and numbers, a space between",)),
        (b"<html>some page</html>\n", ("words.vec, line 1: 1 values, expected a word and numbers",)),
        (b"2 3\na 1 2 3\nb 1 two 3\n", ("words.vec, line 3: 'two', expected a number",)),
        (b"2 3\na 1 2 3\nb 1 \xff 3\n", ("words.vec, line 3:", "expected a number")),
        (b"2 3\na 1 2 3\nb 1 nan 3\n", ("words.vec, line 3: the vector of 'b' has the value nan", "finite float32")),
        (b"a 1 2 3\nb 1 2 -inf\n", ("words.vec, line 2: the vector of 'b' has the value -inf",)),
        (b"2 3\na 1 2 3\nb 1 1e39 3\n", ("words.vec, line 3: the vector of 'b' has the value inf",)),
        (b"2 3\na 1 2 3\ncaf\xe9 1 2 3\n", ("words.vec, line 3: b'caf\\xe9' is not UTF-8", "iconv")),
        (b"2 3\na 1 2 3\n 1 2 3\n", ("words.vec, line 3: values without a word",)),
        (b"5 3\na 1 2 3\nb 1 2 3\n", ("words.vec: cut short, line 1 promises 5 words, there are 2", "`max_words=2`")),
        (b"1 3\na 1 2 3\nb 1 2 3\n", ("words.vec: damaged, line 1 promises 1 words, there are more", "`max_words=1`")),
        (b"\x80\x04\x95\x1b\x00\x00\x00", ("words.vec is a Python pickle", "`.kv`", "save_word2vec_format")),
        (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00", ("fastText's own binary format", "`.vec` file")),
        ("a " + "x" * 10_000 + " 1\n" + "b\n", ("words.vec, line 2: 0 values, expected 1",)),
    ],
)
def test_text_that_is_wrong(tmp_path, content, parts):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with raises(ValueError, *parts):
            read_vectors(written(tmp_path, content))


def test_the_way_out_of_a_wrong_count_works(tmp_path):
    path = written(tmp_path, "5 3\na 1 2 3\nb 1 2 3\n")
    assert read_vectors(path, max_words=2)[0] == ["a", "b"]
    path = written(tmp_path, "1 3\na 1 2 3\nb 1 2 3\n")
    assert read_vectors(path, max_words=1)[0] == ["a"]


def test_fasttexts_own_model_whatever_the_format(tmp_path):
    content = (793712314).to_bytes(4, "little") + bytes(100)
    for file_format in ("auto", "word2vec", "word2vec-binary", "glove"):
        with raises(ValueError, "cc.en.bin is a model in fastText's own binary format", "fasttext print-word-vectors"):
            read_vectors(written(tmp_path, content, "cc.en.bin"), file_format)


def test_a_format_that_is_not_there(tmp_path):
    path = written(tmp_path, "a 1 2\nb 3 4\n")
    for file_format in ("word2vec", "word2vec-binary"):
        with raises(ValueError, "line 1: 'a 1 2', expected two integers", "`file_format='glove'`"):
            read_vectors(path, file_format)
    with raises(ValueError, "line 2: 2 values, expected 1 as in line 1"):
        read_vectors(written(tmp_path, "2 2\na 1 2\nb 3 4\n"), "glove")
    with raises(ValueError, "`file_format` must be one of 'auto', 'word2vec'", "'gensim'"):
        read_vectors(path, "gensim")
    with raises(ValueError, "`file_format` must be one of"):
        write_vectors(path, ["a"], [[1.0]], "gensim")


@pytest.mark.parametrize("size", [0, 1, 5, 12, 20, 30])
def test_binary_cut_short(tmp_path, size):
    rows = b"".join(word + b" " + np.float32([1, 2, 3]).tobytes() for word in (b"good", b"film"))
    path = written(tmp_path, b"2 3\n" + rows[:size], "words.bin")
    parts = ("words.bin, word", "of 2: cut short inside its 3 values") if size else ("words.bin is empty",)
    with raises(ValueError, *parts):
        read_vectors(path)


def test_binary_cut_between_words_and_other_damage(tmp_path):
    row = b"good " + np.float32([1, 2, 3]).tobytes()
    with raises(ValueError, "words.bin: cut short, line 1 promises 2 words, there are 1"):
        read_vectors(written(tmp_path, b"2 3\n" + row, "words.bin"))
    with raises(ValueError, "words.bin, word 1: b'\\xff' is not UTF-8"):
        read_vectors(written(tmp_path, b"1 3\n\xff" + row[4:], "words.bin"))
    with raises(ValueError, "words.bin, word 1: values without a word"):
        read_vectors(written(tmp_path, b"1 3\n" + row[4:], "words.bin"))
    wrong = b"2 3\n" + row + b"bad " + np.float32([1, np.nan, 3]).tobytes()
    with raises(ValueError, "words.bin, word 2: the vector of 'bad' has the value nan"):
        read_vectors(written(tmp_path, wrong, "words.bin"))
    with raises(ValueError, "words.bin, line 1: 999999999 dimensions, expected 65536 at most"):
        read_vectors(written(tmp_path, b"99999999 999999999\n" + row, "words.bin"))


@pytest.mark.parametrize("ending", [".gz", ".xz"])
def test_compressed_files_that_are_damaged(tmp_path, rng, ending):
    path = tmp_path / f"words.vec{ending}"
    write_vectors(path, [f"word{i}" for i in range(2000)], rng.normal(size=(2000, 5)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with raises(ValueError, f"words.vec{ending} is damaged or cut short", "Copy, download"):
        read_vectors(path)
    path.write_bytes(whole[:100] + bytes(100) + whole[200:])
    with raises(ValueError, f"words.vec{ending} is damaged or cut short"):
        read_vectors(path)


SPACED = b"2 3\nnew york " + np.float32([1, 2, 3]).tobytes() + b"\nbad " + np.float32([3, 4, 5]).tobytes() + b"\n"
BINARY = b"2 2\nfilm " + np.float32([1, 2]).tobytes() + b"\nbad " + np.float32([3, 4]).tobytes() + b"\n"


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress, bz2.compress], ids=["", "gz", "xz", "bz2"])
@pytest.mark.parametrize(
    "content",
    [
        b"2 2\nfilm 1 2\nbad 3 4\n",
        b"film 1 2\nbad 3 4\n",
        b"2\t2\r\nfilm\t1\t2\r\nbad\t3\t4\r\n",
        b"film\t1\t2\nbad\t3\t4\n",
        b"\xef\xbb\xbf2 2\nfilm 1 2\nbad 3 4\n",
        b"\xef\xbb\xbffilm 1.0 2.0\r\nbad 3e0 4 \r\n\r\n",
        BINARY,
        BINARY.replace(b"\nbad", b"bad")[:-1],
    ],
    ids=["word2vec", "glove", "tabs", "glove, tabs", "mark", "glove, mark", "binary", "binary without newlines"],
)
def test_kinds_and_compressions_are_told_by_the_content(tmp_path, content, compress):
    for name in ("words.vec", "words.bin", "words", "words.gz"):
        words, vectors = read_vectors(written(tmp_path, compress(content), name), max_words=None)
        assert words == ["film", "bad"]
        assert vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (BINARY.replace(b"film", b"new york"), ("words.bin, word 2 of 2:", "is no word")),
        (SPACED, ("words.bin, word 2 of 2:", "is no word", "hold spaces")),
        (b"1" + BINARY[1:], ("words.bin: there is more after the 1 words of 2 numbers", "hold spaces")),
        (BINARY.replace(b"2 2", b"2 1", 1), ("words.bin",)),
        (BINARY.replace(b"2 2", b"3 2", 1), ("words.bin: cut short, line 1 promises 3 words, there are 2",)),
        (BINARY + b"bad", ("words.bin: there is more after",)),
        (b"2 2\n" + bytes(70_000), ("words.bin, word 1 of 2: cut short",)),
        (BINARY.replace(b"film", "café".encode("latin-1")), ("is not UTF-8", "`iconv` would ruin its numbers")),
        ("film 1 2\n".encode("utf-16"), ("words.bin is UTF-16", "`iconv -f UTF-16 -t UTF-8`")),
        (b"PK\3\4" + bytes(99), ("words.bin is a ZIP archive", "Unpack it first")),
    ],
    ids=range(10),
)
def test_binary_files_that_are_not_what_line_1_says(tmp_path, content, parts):
    path = written(tmp_path, content, "words.bin")
    with raises(ValueError, *parts):
        read_vectors(path)


ROWS = [("film", "1", "-2.5"), ("naïve", "3e0", "4"), ("New\xa0York", "0.5", ".25")]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress, bz2.compress], ids=["", "gz", "xz", "bz2"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n", "\n\n"], ids=["unix", "windows", "fasttext", "blank lines"])
@pytest.mark.parametrize("separator", [" ", "\t"], ids=["space", "tab"])
@pytest.mark.parametrize("header", [True, False], ids=["word2vec", "glove"])
def test_separators_line_ends_marks_and_compressions(tmp_path, header, separator, end, mark, compress):
    rows = [("3", "2"), *ROWS] if header else ROWS
    content = mark + "".join(separator.join(row) + end for row in rows).encode()
    words, vectors = read_vectors(written(tmp_path, compress(content)))
    assert words == ["film", "naïve", "New\xa0York"]
    assert vectors.tolist() == [[1, -2.5], [3, 4], [0.5, 0.25]]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("film 1 2\nbad 3 4\n".encode("utf-16"), ("words.vec is UTF-16", "`iconv -f UTF-16 -t UTF-8`")),
        ("film 1 2\nbad 3 4\n".encode("utf-16-le"), ("words.vec is UTF-16 without a mark", "UTF-16LE")),
        ("2 2\nfilm 1 2\nbad 3 4\n".encode("utf-16-be"), ("words.vec is UTF-16 without a mark", "UTF-16BE")),
        ("film 1 2\n".encode("utf-32"), ("words.vec is UTF-32", "`iconv -f UTF-32 -t UTF-8`")),
        (gzip.compress("film 1 2\n".encode("utf-16")), ("words.vec is UTF-16",)),
        ("1 2\ncafé 1 2\n".encode("latin-1"), ("words.vec, line 2:", "not UTF-8", "`iconv -f LATIN1 -t UTF-8`")),
        (b"2 2\rfilm 1 2\rbad 3 4\r", ("lines that end with a carriage return alone", "`tr '\\r' '\\n'`")),
        (b"film,1,2\nbad,3,4\n", ("words.vec, line 1: 0 values, expected a word and numbers, a space between",)),
        (b"film 1,5 2,5\nbad 3 4\n", ("words.vec, line 1: 2 values, expected a word and numbers",)),
        (b"2 2\nfilm 1 2\nbad 3 4_000\n", ("words.vec, line 3: '4_000', expected a number",)),
        (gzip.compress(gzip.compress(b"film 1 2\n")), ("words.vec is compressed twice. Unpack it once.",)),
        (gzip.compress(b"PK\3\4" + bytes(99)), ("words.vec is a ZIP archive. Unpack it first.",)),
        (b"\x28\xb5\x2f\xfd" + bytes(99), ("words.vec is compressed by Zstandard. Unpack it first: `zstd -d`.",)),
        (b"\x93NUMPY" + bytes(99), ("words.vec is an array of NumPy. Read it with `numpy.load`.",)),
        (gzip.compress(b"film 1 2\n") + b"trailing", ("words.vec is damaged or cut short",)),
        (b"film 1 2\n" + b"\n" * 70_000, ("words.vec, line 65538: 65,537 blank lines, one after the other",)),
        (b"film" + b" 1" * 70_000, ("words.vec, line 1: 70000 values, expected 65536 at most",)),
    ],
    ids=range(17),
)
def test_encodings_and_kinds_that_are_not_read(tmp_path, content, parts):
    with raises(ValueError, *parts):
        read_vectors(written(tmp_path, content))


def test_words_may_hold_what_numbers_may_not(tmp_path):
    words, _ = read_vectors(written(tmp_path, "a_b 1 2\n1_000 3 4\n"))
    assert words == ["a_b", "1_000"]


@pytest.mark.parametrize("header", [b"900000 5000\n", b""])
def test_a_small_file_does_not_become_a_huge_one(tmp_path, monkeypatch, header):
    monkeypatch.setattr("keras_transfer_sentiment.compressed.EXPANDED", 1 << 20)
    rows = header + b"".join(b"w%d%s\n" % (number, b" 0" * 5000) for number in range(400))
    with raises(ValueError, "words.vec expands to more than 100 times its size", "unpack it first"):
        read_vectors(written(tmp_path, gzip.compress(rows)))


def test_a_header_that_promises_too_much_takes_no_memory(tmp_path):
    for header in (b"5 400000000", b"999999999999 65536", b"9" * 4000 + b" 2"):
        tracemalloc.start()
        with raises(ValueError, "words.vec"):
            read_vectors(written(tmp_path, header + b"\nfilm 0 0\n"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 50e6


def test_a_count_that_is_too_small_is_seen_without_reading_on(tmp_path):
    path = written(tmp_path, "1 1\n" + "".join(f"w{i} 1\n" for i in range(1000)) + "broken\n")
    with raises(ValueError, "line 1 promises 1 words, there are more", "`max_words=1`"):
        read_vectors(path)
    with raises(ValueError, "line 1 promises 1 words, there are more"):
        read_vectors(path, max_words=2)


def test_a_line_without_end_is_refused_in_little_memory(tmp_path):
    path = tmp_path / "words.vec.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"film")
        for _ in range(40):
            file.write(b" 0.5" * (1 << 18))
    tracemalloc.start()
    with raises(ValueError, "words.vec.gz, line 1: more than 2,097,152 bytes"):
        read_vectors(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def test_paths_that_are_not_there(tmp_path):
    with raises(FileNotFoundError, "No file of word vectors at", "words.vec"):
        read_vectors(tmp_path / "words.vec")
    with raises(FileNotFoundError, "No file of word vectors at"):
        read_vectors(tmp_path)
    (tmp_path / "words.keras").touch()
    with raises(ValueError, "'words.keras' is a saved model", "`load_model`"):
        read_vectors(tmp_path / "words.keras")
    with raises(FileNotFoundError, "No folder", "words.vec", "os.makedirs"):
        write_vectors(tmp_path / "none" / "words.vec", ["a"], [[1.0]])


@pytest.mark.parametrize(("value", "kind"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("all", TypeError)])
def test_max_words_refuses(tmp_path, value, kind):
    with raises(kind, "`max_words` must be an integer, 1 or more"):
        read_vectors(written(tmp_path, "a 1 2\n"), max_words=value)


@pytest.mark.parametrize(
    ("words", "vectors", "kind", "parts"),
    [
        (["New York"], [[1.0]], ValueError, ("cannot hold 'New York'", "replace its spaces")),
        (["a\tb"], [[1.0]], ValueError, ("cannot hold 'a\\tb'",)),
        (["a\nb"], [[1.0]], ValueError, ("cannot hold",)),
        ([""], [[1.0]], ValueError, ("cannot hold ''", "empty")),
        (["\ud800"], [[1.0]], ValueError, ("cannot hold", "no valid Unicode")),
        (["a", 5], [[1.0], [2.0]], TypeError, ("expects words to be str", "5 of type int", "str(word)")),
        (["a", "b", "a"], np.ones((3, 2)), ValueError, ("1 of the words are repeated",)),
        (["a", "b"], np.ones((3, 2)), ValueError, ("a vector for each of 2 words", "(3, 2)", "`vectors[1:]`")),
        (["a"], [1.0], ValueError, ("a vector for each of 1 words", "(1,)")),
        ([], np.ones((0, 2)), ValueError, ("at least one", "(0, 2)")),
        (["a"], np.ones((1, 0)), ValueError, ("at least one",)),
        (["a", "b"], [[1.0], [math.nan]], ValueError, ("Word 2: the vector of 'b' has the value nan",)),
        (["a"], [[1e300]], ValueError, ("Word 1: the vector of 'a' has the value inf",)),
    ],
)
@pytest.mark.parametrize("name", ["words.vec", "words.bin"])
def test_write_refuses_and_leaves_the_old_file(tmp_path, name, words, vectors, kind, parts):
    path = written(tmp_path, "before", name)
    with raises(kind, *parts):
        write_vectors(path, words, vectors)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == [name]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = written(tmp_path, "before")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with raises(OSError, "disk full"):
        write_vectors(path, ["a"], [[1.0]])
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["words.vec"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_written_files_have_the_usual_permissions(tmp_path):
    usual = written(tmp_path, "", "usual").stat().st_mode
    write_vectors(tmp_path / "words.vec", ["a"], [[1.0]])
    assert (tmp_path / "words.vec").stat().st_mode == usual


# gensim.


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves files open
@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(("name", "file_format"), FORMATS)
def test_gensim_reads_what_is_written(tmp_path, table, name, file_format, ending):
    models = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    words, vectors = table
    path = tmp_path / (name + ending)
    write_vectors(path, words, vectors, file_format)
    read = models.KeyedVectors.load_word2vec_format(
        str(path), binary=file_format == "word2vec-binary", no_header=file_format == "glove"
    )
    assert read.index_to_key == words
    assert read.vectors.tobytes() == vectors.tobytes()


@pytest.mark.parametrize(("name", "file_format"), FORMATS)
def test_what_gensim_writes_is_read(tmp_path, table, name, file_format):
    models = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    words, vectors = table
    theirs = models.KeyedVectors(vectors.shape[1])
    theirs.add_vectors(words, vectors)
    path = str(tmp_path / name)
    theirs.save_word2vec_format(path, binary=file_format == "word2vec-binary", write_header=file_format != "glove")
    for given in ("auto", file_format):
        read_words, read = read_vectors(path, given)
        assert read_words == words
        assert read.tobytes() == vectors.tobytes()


@pytest.mark.parametrize("file_format", ["word2vec", "glove"])
def test_a_last_line_without_an_end_gives_a_warning(tmp_path, file_format):
    path = tmp_path / "vectors.txt"
    write_vectors(path, ["good", "bad"], np.float32([[1.25, 2.5], [3.5, 4.75]]), file_format)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.warns(UserWarning, match="the last line has no end, so its last number may be cut short"):
        _, vectors = read_vectors(path)
    assert vectors[1].tolist() == [3.5, np.float32(4.7)]


@pytest.mark.parametrize("ending", ["vec", "bin", "vec.gz"])
def test_a_full_disk_is_named_with_the_file(tmp_path, rng, ending):
    resource = pytest.importorskip("resource", reason="only Unix can limit the size of a file")
    path = tmp_path / f"words.{ending}"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OSError, match=rf"File too large \(it takes .* bytes or more.*{re.escape(str(path))}"):
            write_vectors(path, [f"w{i}" for i in range(500)], rng.random((500, 100)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"old"]
