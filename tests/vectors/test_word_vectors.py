import os
import re
import sys

import numpy as np
import pytest

from keras_transfer_sentiment import NotFittedError, SkipGramPretrainer, TextEncoder, WordVectors
from keras_transfer_sentiment.vectors.files import read_vectors
from keras_transfer_sentiment.vectors.subwords import CharNgrams

from ..contracts import raises, run_python

FORMATS = [("words.vec", "word2vec"), ("words.bin", "word2vec-binary"), ("words.glove", "glove")]
NO_GENSIM = "gensim comes with the benchmarks extra only"


def vectors_of(words, matrix, counts=None, lowercase=True):
    """Returns word vectors of words of any kind, stop words and upper case too."""
    encoder = TextEncoder(None, lowercase=lowercase)
    return WordVectors.from_words(list(words), np.asarray(matrix, "float32"), counts, encoder)


def cosine(a, b):
    a, b = np.float64(a), np.float64(b)
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


@pytest.fixture
def model(rng):
    words = ["film", "good", "bad", "plot", "warm", "cold", "noisy", "café"]
    return vectors_of(words, rng.normal(size=(len(words), 5)), counts=[10] * len(words))


def written(tmp_path, content, name="words.vec"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# gensim.


@pytest.mark.parametrize("name", ["wordsim353.tsv", "simlex999.txt"])
def test_word_pairs_agree_with_gensim(rng, name):
    models = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    datapath = pytest.importorskip("gensim.test.utils", reason=NO_GENSIM).datapath
    with open(datapath(name), encoding="utf-8") as file:
        words = sorted({word.lower() for line in file if line[0] != "#" for word in line.split("\t")[:2]})[::3]
    words = [*words, *(word for word in ("tiger", "cat", "old", "new") if word not in words)]
    ours = vectors_of(words, rng.normal(size=(len(words), 6)))
    theirs = models.KeyedVectors(6)
    theirs.add_vectors(words, ours.matrix[1:])
    pearson, spearman, missing = theirs.evaluate_word_pairs(datapath(name))
    found = ours.evaluate_word_pairs(datapath(name))
    assert found["pairs"] > 20
    assert found["spearman"] == pytest.approx(spearman[0], abs=1e-4)
    assert found["pearson"] == pytest.approx(pearson[0], abs=1e-6)
    assert 100 * found["missing"] / (found["pairs"] + found["missing"]) == pytest.approx(missing)


def test_analogies_agree_with_gensim(model):
    models = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    theirs = models.KeyedVectors(5)
    theirs.add_vectors(model.encoder.vocabulary[1:], model.matrix[1:])
    unit = model.matrix[3] / np.linalg.norm(model.matrix[3])  # gensim adds vectors that are given as they are
    for positive, negative in ((["good", "warm"], ["bad"]), (["good"], []), (["film", unit], ["cold"])):
        expected = theirs.most_similar(positive=positive, negative=negative, topn=3)
        found = model.most_similar(positive, negative, top_n=3)
        assert [word for word, _ in found] == [word for word, _ in expected]
        np.testing.assert_allclose([c for _, c in found], [c for _, c in expected], rtol=1e-5)


# Questions.


def test_getting_and_similarity(model):
    np.testing.assert_array_equal(model["bad"], model.matrix[3])
    assert model["bad"].dtype == np.float32
    expected = cosine(model.matrix[1], model.matrix[2])
    assert type(model.similarity("film", "good")) is float
    assert model.similarity("film", "good") == pytest.approx(expected, abs=1e-6)
    assert model.similarity("good", "film") == pytest.approx(expected, abs=1e-6)
    assert 1 - 1e-6 <= model.similarity("film", "film") <= 1.0
    for use in (
        model.__getitem__,
        lambda word: model.similarity("film", word),
        lambda word: model.similarity(word, "film"),
    ):
        with raises(KeyError, "'unseen' is not in the vocabulary"):
            use("unseen")


def test_most_similar_to_one_word(model):
    vectors = model.matrix
    expected = sorted(((cosine(vectors[2], vectors[i]), i) for i in (1, 3, 4, 5, 6, 7, 8)), reverse=True)
    found = model.most_similar("good", top_n=3)
    assert [word for word, _ in found] == [model.encoder.vocabulary[i] for _, i in expected[:3]]
    np.testing.assert_allclose([c for _, c in found], [c for c, _ in expected[:3]], atol=1e-6)
    assert all(type(c) is float for _, c in found)
    assert len(model.most_similar("good")) == 7
    assert model.most_similar(["good"]) == model.most_similar("good") == model.most_similar(("good",))


def test_most_similar_to_several(model, rng):
    vectors, words = model.matrix, model.encoder.vocabulary
    vector = 100 * rng.normal(size=5)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    query = unit[1] + unit[2] + vector / np.linalg.norm(vector) - unit[3]
    expected = sorted(((cosine(query, vectors[i]), words[i]) for i in (4, 5, 6, 7, 8)), reverse=True)
    for positive in (["film", "good", vector], ("film", "good", vector), iter(["film", "good", vector])):
        found = model.most_similar(positive, "bad")
        assert [word for word, _ in found] == [word for _, word in expected]
        np.testing.assert_allclose([c for _, c in found], [c for c, _ in expected], atol=1e-6)


def test_most_similar_to_vectors(model):
    best = model.most_similar(model.matrix[4], top_n=1)
    assert best[0][0] == "plot"
    assert best[0][1] == pytest.approx(1.0)
    assert len(model.most_similar(model.matrix[1], top_n=99)) == 8  # no word is given, so none is left out
    assert model.most_similar(model.matrix[1:3]) == model.most_similar([model.matrix[1], model.matrix[2]])
    assert model.most_similar([], negative=["good"])[0][0] == model.most_similar(-model["good"])[0][0]


def test_words_of_any_kind(rng):
    words = [7, ("new", "york"), "film", frozenset({1}), np.int64(9)]
    model = vectors_of(words, rng.normal(size=(5, 4)))
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
)
def test_most_similar_refuses(model, arguments, kind, parts):
    with raises(kind, *parts):
        model.most_similar(*arguments)


def test_analogy():
    words = ["man", "woman", "king", "queen", "film"]
    vectors = [[1, 0, 0.1], [0, 1, 0.1], [1, 0, 1], [0, 1, 1], [1, 1, -1]]
    model = vectors_of(words, vectors)
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
    model = vectors_of(["A", "b", "c", "d"], [[1, 0], [1, 0], [0, 1], [1, 1]], lowercase=False)
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
        ("", ("pairs.tsv holds no pair", "`word word score`")),
        ("good bad 5\nfilm unseen 3\n", ("pairs.tsv: 1 of 2 pairs", "Pretrain on more text")),
        ("good bad 5\nfilm plot 5\n", ("pairs.tsv: 2 of 2 pairs", "that differ")),
        (b"good bad 5\ncaf\xe9 plot 5\n", ("pairs.tsv, line 2: b'caf\\xe9", "is not UTF-8", "iconv")),
    ],
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
    unit = model.matrix[[1, 2, 3, 8]] / np.linalg.norm(model.matrix[[1, 2, 3, 8]], axis=1, keepdims=True)
    unit -= unit.mean(axis=0)
    variance = np.linalg.eigvalsh(unit.T @ unit)[::-1]
    np.testing.assert_allclose((points**2).sum(axis=0), variance[:2], rtol=1e-4)
    assert [text.get_text() for text in ax.texts] == ["film", "good", "bad", "café"]
    for text, point in zip(ax.texts, points, strict=True):
        np.testing.assert_array_equal(text.xy, point)
    again = np.asarray(model.plot(["film", "good", "bad", "café"]).collections[0].get_offsets())
    np.testing.assert_array_equal(points, again)


def test_plot_takes_the_frequent_words_and_other_axes(pyplot, rng):
    model = vectors_of(range(60), rng.normal(size=(60, 8)))
    _, axes = pyplot.subplots(1, 2, figsize=(20, 10))
    assert model.plot(ax=axes[1]) is axes[1]
    assert [text.get_text() for text in axes[1].texts] == [str(i) for i in range(50)]
    assert not axes[0].texts


def test_labels_do_not_cover_each_other(pyplot, rng):
    words = [f"word number {i}" for i in range(30)]
    ax = vectors_of(words, rng.normal(size=(30, 20))).plot(words)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if not text.arrow_patch]  # of others, the line is part
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert len(boxes) > 20
    assert not any(a.overlaps(b) for a, b in pairs)
    frame = ax.get_window_extent()
    assert all(frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1 for box in boxes)


def test_plot_takes_labels_as_they_are(pyplot):
    model = vectors_of(["$x^$", "a_b", "%"], np.eye(3))
    ax = model.plot()
    ax.figure.canvas.draw()
    assert [text.get_text() for text in ax.texts] == ["$x^$", "a_b", "%"]
    flat = vectors_of(["a", "b"], [[1.0], [-1.0]]).plot()
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
def test_save_for_other_tools(tmp_path, model, name, file_format):
    model.save(tmp_path / name, file_format)
    words, vectors = read_vectors(tmp_path / name)
    assert words == list(model)
    np.testing.assert_array_equal(vectors, model.matrix[1:])
    loaded = WordVectors.load(tmp_path / name, encoder=TextEncoder(None))
    assert list(loaded) == words
    np.testing.assert_array_equal(loaded.matrix, model.matrix)
    assert len(WordVectors.load(tmp_path / name, encoder=TextEncoder(None), max_words=3)) == 3


def test_save_refuses(tmp_path, model):
    with raises(ValueError, "does not tell the format", ".safetensors"):
        model.save(tmp_path / "words")
    for word in ("New York", "a\nb"):
        with raises(ValueError, "cannot hold", "replace its spaces"):
            vectors_of(["film", word], np.eye(2), lowercase=False).save(tmp_path / "words.vec")
    with raises(ValueError, "hold str only", "7 of type int", "`.safetensors`"):
        vectors_of(["film", 7], np.eye(2)).save(tmp_path / "words.vec")
    with raises(FileNotFoundError, "No folder"):
        model.save(tmp_path / "missing" / "words.safetensors")
    assert not os.listdir(tmp_path)


def test_load_refuses(tmp_path, model):
    model.save(tmp_path / "words.vec")
    model.save(tmp_path / "words.safetensors")
    with raises(FileNotFoundError, "No file of word vectors at"):
        WordVectors.load(tmp_path / "other.vec")
    with raises(ValueError, "`file_format` must be one of", "'safetensors'"):
        WordVectors.load(tmp_path / "words.vec", file_format="vec")
    for name in ("words.vec", "words.safetensors"):
        with raises(ValueError, "the vocabulary from the", "one of 8 words", "a new `TextEncoder`"):
            WordVectors.load(tmp_path / name, encoder=model.encoder)


def test_save_projector(tmp_path):
    model = vectors_of(["film", "a\tb", "c\nd\\n", 7, "电影"], np.float32([[0.1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]))
    folder = tmp_path / "new" / "logs"
    model.save_projector(folder, max_words=4)
    assert sorted(os.listdir(folder)) == ["metadata.tsv", "projector_config.pbtxt", "vectors.tsv"]
    assert (folder / "metadata.tsv").read_text("utf-8") == "film\na\\tb\nc\\nd\\\\n\n7\n"
    np.testing.assert_array_equal(np.loadtxt(folder / "vectors.tsv", "float32", delimiter="\t"), model.matrix[1:5])
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
    later = vectors_of(["new", *words[:0:-1]], np.concatenate([np.ones((1, 5)), 2 * model.matrix[:1:-1]]))
    assert later.drift(model, top_n=3) == [(word, pytest.approx(0.0, abs=1e-6)) for word, _ in later.drift(model, 3)]
    turned = np.array(later.matrix[1:])
    turned[later.encoder.word_id("plot") - 1] *= -1
    found = vectors_of(list(later), turned).drift(model)
    assert len(found) == len(words) - 1
    assert found[0] == ("plot", pytest.approx(2.0))
    assert found[1][1] == pytest.approx(0.0, abs=1e-6)
    assert all(0.0 <= distance <= 2.0 and type(distance) is float for _, distance in found)


def test_drift_after_a_rotation(rng):
    words, vectors = [f"word{i}" for i in range(40)], rng.normal(size=(40, 4)).astype("float32")
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    later = vectors @ rotation
    later[3] *= -1
    before, now = vectors_of(words, vectors), vectors_of(words[::-1], later[::-1])
    assert now.drift(before, top_n=5)[4][1] > 0.5
    aligned = now.drift(before, top_n=2, align=True)
    assert aligned[0][0] == "word3"
    assert aligned[0][1] > 1.5
    assert aligned[1][1] < 0.1


def test_drift_leaves_out_rare_words():
    model = vectors_of(["a", "b", "c"], np.eye(3), counts=[9, 5, 4])
    assert {word for word, _ in model.drift(model)} == {"a", "b"}
    assert {word for word, _ in model.drift(model, min_count=0)} == {"a", "b", "c"}
    assert {word for word, _ in model.drift(model, min_count=9)} == {"a"}


def test_drift_refuses(model):
    with raises(TypeError, "expects `WordVectors` as `other`", "'words.keras'"):
        model.drift("words.keras")
    other = vectors_of(["film"], np.ones((1, 3)))
    for align in (False, True):
        with raises(ValueError, "vectors of one length", "Received 3 in `other` and 5 here"):
            model.drift(other, align=align)
    with raises(ValueError, "no word that is in both vocabularies", "5 times"):
        model.drift(vectors_of(["unseen"], np.ones((1, 5))))
    with raises(ValueError, "occurs 11 times or more", "Lower `min_count`"):
        model.drift(model, min_count=11)
    with raises(ValueError, "`top_n` must be an integer, 1 or more"):
        model.drift(model, top_n=0)
    with raises(ValueError, "`min_count` must be an integer, 0 or more"):
        model.drift(model, min_count=-1)


# A value.


def test_reads_like_a_mapping(model):
    words = model.encoder.vocabulary[1:]
    assert len(model) == len(words) == 8
    assert list(model) == list(model.keys()) == words
    assert "film" in model
    assert all(other not in model for other in ("unseen", "", 7, None, ["film"]))
    np.testing.assert_array_equal(model["plot"], model.matrix[4])
    assert model.get("unseen") is None
    np.testing.assert_array_equal(np.array(list(model.values())), model.matrix[1:])
    assert [word for word, _ in model.items()] == words
    assert repr(model) == "WordVectors(8 words, embedding_dim=5)"


def test_equals_one_of_the_same_content(model, tmp_path):
    words = list(model)
    same = vectors_of(words, model.matrix[1:], model.counts[1:])
    assert model == same
    assert model != vectors_of(words[::-1], model.matrix[1:])
    assert model != vectors_of(words, 2 * model.matrix[1:])
    assert model != vectors_of(words, model.matrix[1:], counts=range(1, 9))
    assert model != vectors_of(words, model.matrix[1:], lowercase=False)
    assert model != {}


def test_nothing_changes_it(model):
    matrix = np.array(model.matrix)
    encoder = model.encoder.copy()
    vectors = WordVectors(encoder, matrix)
    matrix[1] = 9.0
    encoder.adapt(["other words"])
    assert vectors == model
    with pytest.raises(ValueError, match="read-only"):
        vectors.matrix[1] = 9.0
    vectors["film"][:] = 9.0
    assert vectors == model


def test_transform_is_the_mean_of_the_known_words(model, rng):
    texts = [
        "film plot",
        "",
        "unseen",
        "Good, good film: unseen!",
        *(" ".join(rng.choice(list(model), 9)) for _ in range(99)),
    ]
    expected = [
        np.mean([model[word] for word in words], axis=0) if words else np.zeros(5)
        for words in ([word for word in model.encoder.tokenize(text) if word in model] for text in texts)
    ]
    found = model.transform(texts)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model.transform(model.encode(texts)), found)
    np.testing.assert_array_equal(model.transform([["good", "film"]]), model.transform(["good film"]))


def test_transform_in_parts(model, rng, monkeypatch):
    texts = ["film plot", "", "unseen", *(" ".join(rng.choice(list(model), 9)) for _ in range(99)), ""]
    whole = model.transform(texts)
    monkeypatch.setattr("keras_transfer_sentiment.vectors.arithmetic.WORDS_AT_A_TIME", 7)
    np.testing.assert_allclose(model.transform(texts), whole, rtol=1e-5, atol=1e-6)


def test_from_words_leaves_out_what_no_text_gives():
    words, matrix = ["The", "the", "film", "Film", "good"], np.arange(1, 11).reshape(5, 2)
    vectors = WordVectors.from_words(words, matrix)
    assert vectors.vocabulary == ["", "film", "good"]
    assert vectors.matrix.tolist() == [[0, 0], [5, 6], [9, 10]]
    assert vectors.counts.tolist() == [0, 1_000_000, 500_000]
    assert WordVectors.from_words(words, matrix, [5, 4, 3, 2, 1]).counts.tolist() == [0, 3, 1]
    assert list(vectors_of(words, matrix, lowercase=False)) == words


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "parts"),
    [
        ((["Film"], [[1.0]]), {}, ValueError, ("None of the 1 words", "`lowercase`")),
        ((["film"], [[1.0], [2.0]]), {}, ValueError, ("each of 1 words", "Received [[1.0], [2.0]]")),
        (
            (["film"], [[1.0]]),
            {"counts": [1, 2]},
            ValueError,
            ("`counts` must be ints", "each of 1 words", "Received [1, 2]"),
        ),
        ((["film", "film"], [[1.0], [2.0]]), {}, ValueError, ("1 of the words are repeated",)),
        ((["film"], [[1.0]]), {"encoder": TextEncoder(phrases=True)}, ValueError, ("which words are phrases",)),
        ((["film"], [[np.inf]]), {}, ValueError, ("finite float32 numbers", "in row 1")),
    ],
)
def test_from_words_refuses(arguments, options, kind, parts):
    with raises(kind, *parts):
        WordVectors.from_words(*arguments, **options)


def test_the_constructor_refuses(model):
    with raises(TypeError, "`encoder` must be a `TextEncoder`", "['film'] of type list", "from_words"):
        WordVectors(["film"], np.eye(2))
    with raises(NotFittedError, "has no vocabulary yet"):
        WordVectors(TextEncoder(), np.eye(2))
    for matrix in (model.matrix[1:], np.ones(9), np.array([["a"] * 5] * 9), np.empty((9, 0))):
        with raises(ValueError, "`matrix` must be a float array (9, embedding_dim)"):
            WordVectors(model.encoder, matrix)
    with raises(ValueError, "Row 0 of `matrix` belongs to padding"):
        WordVectors(model.encoder, np.ones((9, 5)))
    with raises(ValueError, "`char_ngrams` must have vectors of the length of the words', 5", "(7, 3)"):
        WordVectors(model.encoder, model.matrix, CharNgrams(np.ones((7, 3), "float32"), (3, 4)))


def test_messages_name_the_method_that_was_called(model):
    for name in ("transform", "encode"):
        with raises(TypeError, f"`WordVectors.{name}` expects a batch of texts as `texts`", "Wrap it in a list"):
            getattr(model, name)("a film")


# Of a pretrainer.


def test_word_vectors_of_a_pretrainer(pretrainer, tmp_path):
    vectors = pretrainer.word_vectors
    assert vectors.vocabulary == pretrainer.encoder.vocabulary
    assert vectors is pretrainer.word_vectors
    vectors.save(tmp_path / "words.safetensors")
    assert WordVectors.load(tmp_path / "words.safetensors") == vectors


def test_word_vectors_stay_as_they_were_when_training_goes_on(corpus):
    model = SkipGramPretrainer(6, seed=0)
    model.fit(corpus, epochs=1, verbose=0)
    before = model.word_vectors
    kept = np.array(before.matrix)
    model.fit([*corpus, "zebra zebra"], epochs=1, verbose=0, grow_vocabulary=True)
    np.testing.assert_array_equal(before.matrix, kept)
    assert "zebra" in model.word_vectors
    assert "zebra" not in before
    assert (model.word_vectors["film"] != before["film"]).any()


def test_a_pretrainer_without_a_vocabulary_has_none():
    with raises(NotFittedError, "`word_vectors`", "has no vocabulary yet", "call `fit(texts)`"):
        _ = SkipGramPretrainer(4).word_vectors


# Where only NumPy is installed.

WITHOUT = """
import sys
for name in ("keras", "tensorflow", "numba", "llvmlite", "scipy", "nltk", "rich", "threadpoolctl", "matplotlib"):
    sys.modules[name] = None
from keras_transfer_sentiment import WordVectors
path, texts = sys.argv[1], ["A warm and charming film.", "unseen"] * int(sys.argv[2])
for options in ({}, {"memory_map": True}):
    vectors = WordVectors.load(path, **options)
    assert vectors.transform(texts).shape == (len(texts), vectors.embedding_dim)
print(vectors.most_similar("charming", top_n=1)[0][0])
"""


@pytest.mark.parametrize("texts", [1, 500])
def test_vectors_work_where_only_numpy_is_installed(pretrainer, tmp_path, texts):
    pretrainer.word_vectors.save(tmp_path / "words.safetensors")
    found = run_python(WITHOUT, tmp_path / "words.safetensors", texts)
    assert found.strip() == pretrainer.word_vectors.most_similar("charming", top_n=1)[0][0]


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_most_similar_to_vectors_of_any_length(scale):
    vectors = WordVectors.from_words(["warm", "cold"], [[1.0, 0.0], [0.6, 0.8]])
    found = vectors.most_similar(np.array([0.0, 1.0]) * scale)
    assert [word for word, _ in found] == ["cold", "warm"]
    np.testing.assert_allclose([cosine for _, cosine in found], [0.8, 0.0], atol=1e-6)


def test_messages_name_the_method_that_the_user_called():
    vectors = WordVectors.from_words(["warm", "cold"], np.eye(2))
    for use, name in (
        (lambda: vectors["zzz"], "`WordVectors[word]`: 'zzz'"),
        (lambda: vectors.similarity("warm", "zzz"), "`WordVectors.similarity`: 'zzz'"),
        (lambda: vectors.most_similar("zzz"), "`WordVectors.most_similar`: 'zzz'"),
        (lambda: vectors.analogy("warm", "zzz", "cold"), "`WordVectors.analogy`: 'zzz'"),
        (lambda: vectors.plot(["warm", "zzz"]), "`WordVectors.plot`: 'zzz'"),
    ):
        with pytest.raises(KeyError, match=re.escape(name)) as caught:
            use()
        assert "`vectors.encoder.tokenize(text)`" in str(caught.value)
    with raises(TypeError, "`WordVectors[word]` takes one word at a time", "['warm', 'cold'] of type list"):
        vectors[["warm", "cold"]]


@pytest.mark.parametrize("words", ["ab", {"a": 1}, 5, [["a"]], [None], np.array([["a"]])])
def test_what_is_no_list_of_words(words):
    with pytest.raises(TypeError, match="`words` must"):
        WordVectors.from_words(words, np.eye(2))


@pytest.mark.parametrize("counts", [[1], [1.5, 2], [-1, 2], [0, 0], ["a", "b"], 5])
def test_what_are_no_counts(counts):
    with raises(ValueError, "`counts` must be ints of 0 or more, one for each of 2 words"):
        WordVectors.from_words(["a", "b"], np.eye(2), counts=counts)
