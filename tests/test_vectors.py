import gzip
import lzma
import math
import os
import sys
import warnings

import numpy as np
import pytest

from keras_transfer_sentiment import NotFittedError, SkipGramPretrainer, TextEncoder
from keras_transfer_sentiment.vector_files import read_vectors, write_vectors
from keras_transfer_sentiment.vectors import WordVectors

from .contracts import raises

FORMATS = [("words.vec", "word2vec"), ("words.bin", "word2vec-binary"), ("words.glove", "glove")]
NO_GENSIM = "gensim comes with the benchmarks extra only"


class Encoder:
    """The part of a `TextEncoder` that word vectors need, for words of any kind."""

    def __init__(self, words, counts=None, lowercase=True):
        self.vocabulary = ["", *words]
        self.counts = np.array([0, *(counts or [10] * len(words))])
        self.lowercase = lowercase
        self._index = {word: i for i, word in enumerate(self.vocabulary) if i}

    def __contains__(self, word):
        return word in self._index

    def word_id(self, word):
        if word not in self._index:
            raise KeyError(f"{word!r} is not in the vocabulary")
        return self._index[word]


class Model(WordVectors):
    def __init__(self, words, vectors, **options):
        self.encoder = Encoder(words, **options)
        vectors = np.asarray(vectors, "float32")
        self.vectors = np.concatenate([np.zeros((1, vectors.shape[1]), "float32"), vectors])

    def _check_vocabulary(self, caller):
        assert hasattr(self, caller)


class Pretrainer(SkipGramPretrainer, WordVectors):
    pass


def cosine(a, b):
    a, b = np.float64(a), np.float64(b)
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


@pytest.fixture
def model(rng):
    words = ["film", "good", "bad", "plot", "warm", "cold", "noisy", "café"]
    return Model(words, rng.normal(size=(len(words), 5)))


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
    monkeypatch.setattr("keras_transfer_sentiment.vector_files._BLOCK", 100)
    words, vectors = [f"word{i}" for i in range(300)], rng.normal(size=(300, 40)).astype("float32")
    write_vectors(tmp_path / "words.bin", words, vectors)
    read_words, read = read_vectors(tmp_path / "words.bin")
    assert read_words == words
    np.testing.assert_array_equal(read, vectors)


def test_the_table_grows(tmp_path, rng, monkeypatch):
    monkeypatch.setattr("keras_transfer_sentiment.vector_files._FIRST_ROWS", 2)
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
    with pytest.warns(UserWarning, match=r"words\.vec: 2 words come again, such as 'film'\. The first") as caught:
        words, vectors = read_vectors(path)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert words == ["film", "bad"]
    assert vectors.tolist() == [[1.0], [2.0]]


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
        (b"2 3\na\t1\t2\t3\nb 1 2 3\n", ("words.vec, line 2: 0 values, expected 3",)),
        (b"a 1 2 3\n\nb 1 2\n", ("words.vec, line 3: 2 values, expected 3 as in line 1",)),
        (b"a\tb\n", ("words.vec, line 1: 0 values, expected a word and numbers, a space between",)),
        (b"<html>some page</html>\n", ("words.vec, line 1: 1 values, expected a word and numbers",)),
        (b"2 3\na 1 2 3\nb 1 two 3\n", ("words.vec, line 3: 'two', expected a number",)),
        (b"2 3\na 1 2 3\nb 1 \xff 3\n", ("words.vec, line 3:", "expected a number")),
        (b"2 3\na 1 2 3\nb 1 nan 3\n", ("words.vec, line 3: the vector of 'b' has the value nan", "finite float32")),
        (b"a 1 2 3\nb 1 2 -inf\n", ("words.vec, line 2: the vector of 'b' has the value -inf",)),
        (b"2 3\na 1 2 3\nb 1 1e39 3\n", ("words.vec, line 3: the vector of 'b' has the value inf",)),
        (b"2 3\na 1 2 3\ncaf\xe9 1 2 3\n", ("words.vec, line 3: b'caf\\xe9' is not UTF-8", "iconv")),
        (b"2 3\na 1 2 3\n 1 2 3\n", ("words.vec, line 3: values without a word",)),
        (b"5 3\na 1 2 3\nb 1 2 3\n", ("words.vec: cut short, line 1 promises 5 words, there are 2", "`max_words=2`")),
        (b"1 3\na 1 2 3\nb 1 2 3\n", ("words.vec: damaged, line 1 promises 1 words, there are 2", "`max_words=1`")),
        (b"\x80\x04\x95\x1b\x00\x00\x00", ("words.vec is a Python pickle", "`.kv`", "save_word2vec_format")),
        (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00", ("fastText's own binary format", "`.vec` file")),
        ("a " + "x" * 10_000 + " 1\n" + "b\n", ("words.vec, line 2: 0 values, expected 1",)),
    ],
    ids=lambda value: str(value)[:30],
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
    with raises(ValueError, "words.bin, word 1 of 99999999: cut short inside its 999999999 values"):
        read_vectors(written(tmp_path, b"99999999 999999999\n" + row, "words.bin"))


@pytest.mark.parametrize("ending", [".gz", ".xz"])
def test_compressed_files_that_are_damaged(tmp_path, rng, ending):
    path = tmp_path / f"words.vec{ending}"
    write_vectors(path, [f"word{i}" for i in range(2000)], rng.normal(size=(2000, 5)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with raises(ValueError, f"words.vec{ending} is damaged or cut short", "Copy, download"):
        read_vectors(path)
    path.write_bytes(b"a 1 2\n")
    with raises(ValueError, f"words.vec{ending} is damaged or cut short"):
        read_vectors(path)


def test_paths_that_are_not_there(tmp_path):
    with raises(FileNotFoundError, "No file of word vectors at", "words.vec"):
        read_vectors(tmp_path / "words.vec")
    with raises(FileNotFoundError, "No file of word vectors at"):
        read_vectors(tmp_path)
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
        (["a", "b", "a"], np.ones((3, 2)), ValueError, ("1 of the words come again",)),
        (["a", "b"], np.ones((3, 2)), ValueError, ("a vector for each of 2 words", "(3, 2)", "`vectors[1:]`")),
        (["a"], [1.0], ValueError, ("a vector for each of 1 words", "(1,)")),
        ([], np.ones((0, 2)), ValueError, ("at least one", "(0, 2)")),
        (["a"], np.ones((1, 0)), ValueError, ("at least one",)),
        (["a", "b"], [[1.0], [math.nan]], ValueError, ("Word 2: the vector of 'b' has the value nan",)),
        (["a"], [[1e300]], ValueError, ("Word 1: the vector of 'a' has the value inf",)),
    ],
    ids=lambda value: str(value)[:20],
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


@pytest.mark.parametrize("name", ["wordsim353.tsv", "simlex999.txt"])
def test_word_pairs_agree_with_gensim(rng, name):
    models = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    datapath = pytest.importorskip("gensim.test.utils", reason=NO_GENSIM).datapath
    with open(datapath(name), encoding="utf-8") as file:
        words = sorted({word.lower() for line in file if line[0] != "#" for word in line.split("\t")[:2]})[::3]
    words = [*words, *(word for word in ("tiger", "cat", "old", "new") if word not in words)]
    ours = Model(words, rng.normal(size=(len(words), 6)))
    theirs = models.KeyedVectors(6)
    theirs.add_vectors(words, ours.vectors[1:])
    pearson, spearman, missing = theirs.evaluate_word_pairs(datapath(name))
    found = ours.evaluate_word_pairs(datapath(name))
    assert found["pairs"] > 20
    assert found["spearman"] == pytest.approx(spearman[0], abs=1e-4)
    assert found["pearson"] == pytest.approx(pearson[0], abs=1e-6)
    assert 100 * found["missing"] / (found["pairs"] + found["missing"]) == pytest.approx(missing)


def test_analogies_agree_with_gensim(model):
    models = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    theirs = models.KeyedVectors(5)
    theirs.add_vectors(model.encoder.vocabulary[1:], model.vectors[1:])
    unit = model.vectors[3] / np.linalg.norm(model.vectors[3])  # gensim adds vectors that are given as they are
    for positive, negative in ((["good", "warm"], ["bad"]), (["good"], []), (["film", unit], ["cold"])):
        expected = theirs.most_similar(positive=positive, negative=negative, topn=3)
        found = model.most_similar(positive, negative, top_n=3)
        assert [word for word, _ in found] == [word for word, _ in expected]
        np.testing.assert_allclose([c for _, c in found], [c for _, c in expected], rtol=1e-5)


# Questions.


def test_vector_and_similarity(model):
    np.testing.assert_array_equal(model.vector("bad"), model.vectors[3])
    assert model.vector("bad").dtype == np.float32
    expected = cosine(model.vectors[1], model.vectors[2])
    assert type(model.similarity("film", "good")) is float
    assert model.similarity("film", "good") == pytest.approx(expected, abs=1e-6)
    assert model.similarity("good", "film") == pytest.approx(expected, abs=1e-6)
    assert 1 - 1e-6 <= model.similarity("film", "film") <= 1.0
    for use in (model.vector, lambda word: model.similarity("film", word), lambda word: model.similarity(word, "film")):
        with raises(KeyError, "'unseen' is not in the vocabulary"):
            use("unseen")


def test_most_similar_to_one_word(model):
    vectors = model.vectors
    expected = sorted(((cosine(vectors[2], vectors[i]), i) for i in (1, 3, 4, 5, 6, 7, 8)), reverse=True)
    found = model.most_similar("good", top_n=3)
    assert [word for word, _ in found] == [model.encoder.vocabulary[i] for _, i in expected[:3]]
    np.testing.assert_allclose([c for _, c in found], [c for c, _ in expected[:3]], atol=1e-6)
    assert all(type(c) is float for _, c in found)
    assert len(model.most_similar("good")) == 7
    assert model.most_similar(["good"]) == model.most_similar("good") == model.most_similar(("good",))


def test_most_similar_to_several(model, rng):
    vectors, words = model.vectors, model.encoder.vocabulary
    vector = 100 * rng.normal(size=5)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    query = unit[1] + unit[2] + vector / np.linalg.norm(vector) - unit[3]
    expected = sorted(((cosine(query, vectors[i]), words[i]) for i in (4, 5, 6, 7, 8)), reverse=True)
    for positive in (["film", "good", vector], ("film", "good", vector), iter(["film", "good", vector])):
        found = model.most_similar(positive, "bad")
        assert [word for word, _ in found] == [word for _, word in expected]
        np.testing.assert_allclose([c for _, c in found], [c for c, _ in expected], atol=1e-6)


def test_most_similar_to_vectors(model):
    best = model.most_similar(model.vectors[4], top_n=1)
    assert best[0][0] == "plot"
    assert best[0][1] == pytest.approx(1.0)
    assert len(model.most_similar(model.vectors[1], top_n=99)) == 8  # no word is given, so none is left out
    assert model.most_similar(model.vectors[1:3]) == model.most_similar([model.vectors[1], model.vectors[2]])
    assert model.most_similar([], negative=["good"])[0][0] == model.most_similar(-model.vector("good"))[0][0]


def test_words_of_any_kind(rng):
    words = [7, ("new", "york"), "film", frozenset({1}), np.int64(9)]
    model = Model(words, rng.normal(size=(5, 4)))
    assert model.most_similar(7, top_n=4)[0][0] in words[1:]
    assert len(model.most_similar(np.int64(9))) == 4
    assert len(model.most_similar(("new", "york"))) == 4  # one word
    assert len(model.most_similar((7, "film"))) == 3  # two
    assert len(model.most_similar([("new", "york"), 7])) == 3
    assert len(model.most_similar(frozenset({1}))) == 4
    assert model.similarity(7, ("new", "york")) == model.similarity(("new", "york"), 7)
    assert len(model.analogy(7, ("new", "york"), "film", top_n=9)) == 2
    with raises(KeyError, "8 is not in the vocabulary"):
        model.most_similar(8)


@pytest.mark.parametrize(
    ("arguments", "kind", "parts"),
    [
        (("unseen",), KeyError, ("'unseen' is not in the vocabulary",)),
        ((["good"], ["unseen"]), KeyError, ("'unseen' is not in the vocabulary",)),
        ((b"good",), KeyError, ("b'good' is not in the vocabulary",)),
        ((None,), KeyError, ("None is not in the vocabulary",)),
        (([],), ValueError, ("received no word or vector", "`positive`")),
        (([["good"]],), TypeError, ("expects words and vectors", "['good'] of type list", "one flat list")),
        ((np.ones(4),), ValueError, ("vectors of 5 finite numbers", "shape (4,)")),
        ((np.full(5, np.nan),), ValueError, ("vectors of 5 finite numbers",)),
        (([np.ones((2, 5))],), ValueError, ("vectors of 5 finite numbers", "shape (2, 5)")),
        (("good", (), 0), ValueError, ("`top_n` must be an integer, 1 or more",)),
        (("good", (), 2.0), TypeError, ("`top_n` must be an integer",)),
    ],
    ids=lambda value: str(value)[:30],
)
def test_most_similar_refuses(model, arguments, kind, parts):
    with raises(kind, *parts):
        model.most_similar(*arguments)


def test_analogy():
    words = ["man", "woman", "king", "queen", "film"]
    vectors = [[1, 0, 0.1], [0, 1, 0.1], [1, 0, 1], [0, 1, 1], [1, 1, -1]]
    model = Model(words, vectors)
    ((word, score),) = model.analogy("man", "king", "woman")
    assert word == "queen"
    assert score > 0.9
    assert [word for word, _ in model.analogy("man", "king", "woman", top_n=9)] == ["queen", "film"]
    with raises(KeyError, "'boy' is not in the vocabulary"):
        model.analogy("boy", "king", "woman")


# Word pairs.

PAIRS = {
    "tab": "# from people\nWord 1\tWord 2\tHuman\ngood\tbad\t5.5\nFilm\tplot\t9\nwarm\tcold\t3\nwarm\tunseen\t1\n",
    "comma": 'Word 1,Word 2,Human\r\n"good","bad",5.5\r\nFilm,plot,9\r\nwarm,cold,3\r\n\r\nwarm,unseen,1\r\n',
    "space": "\ufeffgood bad 5.5 more columns\nFilm  plot 9\n   warm cold\t3\nwarm unseen 1".replace("\t", " "),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_evaluate_word_pairs(tmp_path, model, kind):
    found = model.evaluate_word_pairs(written(tmp_path, PAIRS[kind], "pairs.csv"))
    cosines = [model.similarity(*pair) for pair in (("good", "bad"), ("film", "plot"), ("warm", "cold"))]
    ranks = np.argsort(np.argsort(cosines))
    assert found == {
        "spearman": pytest.approx(np.corrcoef(ranks, [1, 2, 0])[0, 1]),
        "pearson": pytest.approx(np.corrcoef(cosines, [5.5, 9, 3])[0, 1], abs=1e-6),
        "pairs": 3,
        "missing": 1,
    }


def test_word_pairs_with_ties_case_and_a_mark_of_ones_own(tmp_path):
    model = Model(["A", "b", "c", "d"], [[1, 0], [1, 0], [0, 1], [1, 1]], lowercase=False)
    path = written(tmp_path, "A;b;9\nA;c;1\nA;d;4\nb;c;4\na;b;9\n", "pairs.txt")
    found = model.evaluate_word_pairs(path, delimiter=";")
    # Cosines 1, 0, 0.71, 0 have the ranks 4, 1.5, 3, 1.5; scores 9, 1, 4, 4 have 4, 1, 2.5, 2.5.
    assert found["spearman"] == pytest.approx(np.corrcoef([4, 1.5, 3, 1.5], [4, 1, 2.5, 2.5])[0, 1])
    assert (found["pairs"], found["missing"]) == (4, 1)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("good\tbad\t5\nfilm\tplot\n", ("pairs.tsv, line 2:", "expected two words and a number", "`delimiter`")),
        ("good\tbad\t5\n# x\nfilm\tplot\tnine\n", ("pairs.tsv, line 3:", "expected two words and a number")),
        ("good\tbad\tnan\nfilm\tplot\tinf\n", ("pairs.tsv, line 2:",)),
        ("good;bad;5\n", ("pairs.tsv, line 1: 'good;bad;5', expected",)),
        ("", ("pairs.tsv: 0 of 0 pairs", "two or more that differ")),
        ("good bad 5\nfilm unseen 3\n", ("pairs.tsv: 1 of 2 pairs", "Pretrain on more text")),
        ("good bad 5\nfilm plot 5\n", ("pairs.tsv: 2 of 2 pairs", "that differ")),
        (b"good bad 5\ncaf\xe9 plot 5\n", ("pairs.tsv, line 2: b'caf\\xe9", "is not UTF-8", "iconv")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_word_pairs_that_are_wrong(tmp_path, model, content, parts):
    with raises(ValueError, *parts):
        model.evaluate_word_pairs(written(tmp_path, content, "pairs.tsv"))


def test_word_pairs_that_are_not_there(tmp_path, model):
    with raises(FileNotFoundError, "No file of word pairs at"):
        model.evaluate_word_pairs(tmp_path / "pairs.tsv")


# Pictures.


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib comes with the plot extra only")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_plot(pyplot, model):
    ax = model.plot(["film", "good", "bad", "café", "film"])
    points = np.asarray(ax.collections[0].get_offsets())
    unit = model.vectors[[1, 2, 3, 8]] / np.linalg.norm(model.vectors[[1, 2, 3, 8]], axis=1, keepdims=True)
    unit -= unit.mean(axis=0)
    variance = np.linalg.eigvalsh(unit.T @ unit)[::-1]
    np.testing.assert_allclose((points**2).sum(axis=0), variance[:2], rtol=1e-4)
    assert [text.get_text() for text in ax.texts] == ["film", "good", "bad", "café"]
    for text, point in zip(ax.texts, points, strict=True):
        np.testing.assert_array_equal(text.xy, point)
    again = np.asarray(model.plot(["film", "good", "bad", "café"]).collections[0].get_offsets())
    np.testing.assert_array_equal(points, again)


def test_plot_takes_the_frequent_words_and_other_axes(pyplot, rng):
    model = Model(range(60), rng.normal(size=(60, 8)))
    _, axes = pyplot.subplots(1, 2, figsize=(20, 10))
    assert model.plot(ax=axes[1]) is axes[1]
    assert [text.get_text() for text in axes[1].texts] == [str(i) for i in range(50)]
    assert not axes[0].texts


def test_labels_do_not_cover_each_other(pyplot, rng):
    words = [f"word number {i}" for i in range(30)]
    ax = Model(words, rng.normal(size=(30, 20))).plot(words)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if not text.arrow_patch]  # of others, the line is part
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert len(boxes) > 20
    assert not any(a.overlaps(b) for a, b in pairs)
    frame = ax.get_window_extent()
    assert all(frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1 for box in boxes)


def test_plot_takes_labels_as_they_are(pyplot):
    model = Model(["$x^$", "a_b", "%"], np.eye(3))
    ax = model.plot()
    ax.figure.canvas.draw()
    assert [text.get_text() for text in ax.texts] == ["$x^$", "a_b", "%"]
    flat = Model(["a", "b"], [[1.0], [-1.0]]).plot()
    np.testing.assert_allclose(np.abs(flat.collections[0].get_offsets()), [[1, 0], [1, 0]])


def test_plot_refuses(model, monkeypatch):
    with raises(ValueError, "`plot` needs at least two words", "['film']"):
        model.plot("film")
    with raises(ValueError, "`plot` needs at least two words"):
        model.plot([])
    with raises(KeyError, "'unseen' is not in the vocabulary"):
        model.plot(["film", "unseen"])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with raises(ImportError, "`plot` needs matplotlib: pip install keras-transfer-sentiment[plot]"):
        model.plot()


# Files of a model.


@pytest.mark.parametrize(("name", "file_format"), FORMATS)
def test_save_vectors(tmp_path, model, name, file_format):
    model.save_vectors(tmp_path / name, file_format)
    words, vectors = read_vectors(tmp_path / name)
    assert words == model.encoder.vocabulary[1:]
    np.testing.assert_array_equal(vectors, model.vectors[1:])


def test_save_vectors_refuses(tmp_path, model):
    with raises(ValueError, "does not tell the format"):
        model.save_vectors(tmp_path / "words")
    for word in ("New York", "a\nb"):
        with raises(ValueError, "cannot hold", "replace its spaces"):
            Model(["film", word], np.eye(2)).save_vectors(tmp_path / "words.vec")
    with raises(ValueError, "hold str only", "7 of type int", "Map such words to str", "write_vectors"):
        Model(["film", 7], np.eye(2)).save_vectors(tmp_path / "words.vec")
    assert not os.listdir(tmp_path)


def test_save_projector(tmp_path):
    model = Model(["film", "a\tb", "c\nd\\n", 7, "电影"], np.float32([[0.1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]))
    folder = tmp_path / "new" / "logs"
    model.save_projector(folder, max_words=4)
    assert sorted(os.listdir(folder)) == ["metadata.tsv", "projector_config.pbtxt", "vectors.tsv"]
    assert (folder / "metadata.tsv").read_text("utf-8") == "film\na\\tb\nc\\nd\\\\n\n7\n"
    np.testing.assert_array_equal(np.loadtxt(folder / "vectors.tsv", "float32", delimiter="\t"), model.vectors[1:5])
    config = (folder / "projector_config.pbtxt").read_text("utf-8")
    assert config.startswith("embeddings {")
    assert 'tensor_path: "vectors.tsv"' in config
    assert 'metadata_path: "metadata.tsv"' in config
    model.save_projector(folder)
    assert (folder / "metadata.tsv").read_text("utf-8").splitlines()[-1] == "电影"
    with raises(ValueError, "`max_words` must be an integer, 1 or more"):
        model.save_projector(folder, max_words=0)


# Drift.


def test_drift(model):
    words = model.encoder.vocabulary[1:]
    later = Model(["new", *words[:0:-1]], np.concatenate([np.ones((1, 5)), 2 * model.vectors[:1:-1]]))
    assert later.drift(model, top_n=3) == [(word, pytest.approx(0.0, abs=1e-6)) for word, _ in later.drift(model, 3)]
    moved = later.encoder.word_id("plot")
    later.vectors[moved] = -later.vectors[moved]
    found = later.drift(model)
    assert len(found) == len(words) - 1
    assert found[0] == ("plot", pytest.approx(2.0))
    assert found[1][1] == pytest.approx(0.0, abs=1e-6)
    assert all(0.0 <= distance <= 2.0 and type(distance) is float for _, distance in found)


def test_drift_after_a_rotation(rng):
    words, vectors = [f"word{i}" for i in range(40)], rng.normal(size=(40, 4)).astype("float32")
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    later = vectors @ rotation
    later[3] *= -1
    before, now = Model(words, vectors), Model(words[::-1], later[::-1])
    assert now.drift(before, top_n=5)[4][1] > 0.5
    aligned = now.drift(before, top_n=2, align=True)
    assert aligned[0][0] == "word3"
    assert aligned[0][1] > 1.5
    assert aligned[1][1] < 0.1


def test_drift_leaves_out_rare_words():
    model = Model(["a", "b", "c"], np.eye(3), counts=[9, 5, 4])
    assert {word for word, _ in model.drift(model)} == {"a", "b"}
    assert {word for word, _ in model.drift(model, min_count=0)} == {"a", "b", "c"}
    assert {word for word, _ in model.drift(model, min_count=9)} == {"a"}


def test_drift_refuses(model):
    with raises(TypeError, "expects a pretrainer as `other`", "'words.keras'"):
        model.drift("words.keras")
    other = Model(["film"], np.ones((1, 3)))
    for align in (False, True):
        with raises(ValueError, "vectors of one length", "Received 3 in `other` and 5 here"):
            model.drift(other, align=align)
    with raises(ValueError, "no word that both models know", "5 times"):
        model.drift(Model(["unseen"], np.ones((1, 5))))
    with raises(ValueError, "occurs 11 times or more", "Lower `min_count`"):
        model.drift(model, min_count=11)
    with raises(ValueError, "`top_n` must be an integer, 1 or more"):
        model.drift(model, top_n=0)
    with raises(ValueError, "`min_count` must be an integer, 0 or more"):
        model.drift(model, min_count=-1)


# With the pretrainer.


@pytest.fixture(scope="module")
def small(corpus):
    model = Pretrainer(6, seed=0, encoder=TextEncoder(min_count=1))
    model.adapt(corpus[:20])
    return model


def test_with_a_pretrainer(small, tmp_path):
    words = small.encoder.vocabulary
    assert small.most_similar(words[1], top_n=2)[0][0] in words[2:]
    np.testing.assert_array_equal(small.vector(words[5]), small.vectors[5])
    assert len(small.analogy(*words[1:4], top_n=3)) == 3
    small.save_vectors(tmp_path / "words.bin")
    read_words, vectors = read_vectors(tmp_path / "words.bin")
    assert read_words == words[1:]
    np.testing.assert_array_equal(vectors, small.vectors[1:])
    assert small.drift(small, top_n=1, min_count=1)[0][1] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    "use",
    [
        lambda model, path: model.vector("film"),
        lambda model, path: model.similarity("film", "plot"),
        lambda model, path: model.most_similar("film"),
        lambda model, path: model.analogy("film", "plot", "good"),
        lambda model, path: model.evaluate_word_pairs(path),
        lambda model, path: model.plot(),
        lambda model, path: model.save_vectors(path),
        lambda model, path: model.save_projector(path),
        lambda model, path: model.drift(model),
    ],
)
def test_before_fit(use, tmp_path):
    with raises(NotFittedError, "has no vocabulary yet", "call `fit(texts)`"):
        use(Pretrainer(4), tmp_path / "words.vec")
    assert not os.listdir(tmp_path)
