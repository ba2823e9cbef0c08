"""Texts in every container that Keras or the data world hands out: they work, or the advice of the error does."""

import pathlib
import re

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_transfer_sentiment import (
    SkipGramPretrainer,
    TextEncoder,
    TextFiles,
    TransferSentimentClassifier,
    WordVectors,
)

TEXTS = ["a warm film", "a cold film", "warm funny plot", "cold boring plot"]
LABELS = [1, 0, 1, 0]
STEPS = 4  # pieces of advice that may follow one another


class Batches(keras.utils.PyDataset):
    def __init__(self, with_labels=True):
        super().__init__()
        self.with_labels = with_labels

    def __len__(self):
        return 2

    def __getitem__(self, index):
        part = slice(2 * index, 2 * index + 2)
        texts = np.array(TEXTS[part])
        return (texts, np.array(LABELS[part])) if self.with_labels else texts


def slices(*columns):
    return tf.data.Dataset.from_tensor_slices(columns if len(columns) > 1 else columns[0])


def arrow():
    return pytest.importorskip("pyarrow")


def polars():
    return pytest.importorskip("polars")


# Columns of texts: name, and what makes one.
COLUMNS = {
    "list": lambda: TEXTS,
    "tuple": lambda: tuple(TEXTS),
    "list of np.str_": lambda: list(np.array(TEXTS)),
    "array": lambda: np.array(TEXTS),
    "object array": lambda: np.array(TEXTS, object),
    "StringDType": lambda: np.array(TEXTS, np.dtypes.StringDType()),
    "bytes array": lambda: np.array([text.encode() for text in TEXTS]),
    "bytes": lambda: [text.encode() for text in TEXTS],
    "column of a matrix": lambda: np.array(TEXTS)[:, None],
    "array of three dimensions": lambda: np.array(TEXTS)[:, None, None],
    "missing": lambda: [*TEXTS[:3], None],
    "missing in an array": lambda: np.array([*TEXTS[:3], None], object),
    "missing in a Series": lambda: pd.Series([*TEXTS[:3], None], dtype="string"),
    "not a number in a Series": lambda: pd.Series([*TEXTS[:3], float("nan")], dtype=object),
    "numbers among texts": lambda: [*TEXTS[:3], 7],
    "Series": lambda: pd.Series(TEXTS),
    "object Series": lambda: pd.Series(TEXTS, dtype=object),
    "string Series": lambda: pd.Series(TEXTS, dtype="string"),
    "arrow Series": lambda: pd.Series(TEXTS, dtype=arrow() and "string[pyarrow]"),
    "categorical Series": lambda: pd.Series(TEXTS, dtype="category"),
    "Categorical": lambda: pd.Categorical(TEXTS),
    "Index": lambda: pd.Index(TEXTS),
    "column of a frame": lambda: pd.DataFrame({"label": LABELS, "review": TEXTS})["review"],
    "frame": lambda: pd.DataFrame({"label": LABELS, "review": TEXTS}),
    "dict of columns": lambda: {"label": LABELS, "review": TEXTS},
    "arrow array": lambda: arrow().array(TEXTS),
    "arrow chunks": lambda: arrow().chunked_array([TEXTS[:2], TEXTS[2:]]),
    "arrow dictionary": lambda: arrow().array(TEXTS).dictionary_encode(),
    "arrow with nulls": lambda: arrow().array([*TEXTS[:3], None]),
    "arrow binary": lambda: arrow().array([text.encode() for text in TEXTS]),
    "list of arrow scalars": lambda: list(arrow().array(TEXTS)),
    "arrow table": lambda: arrow().table({"label": LABELS, "review": TEXTS}),
    "polars Series": lambda: polars().Series(TEXTS),
    "polars categorical": lambda: polars().Series(TEXTS, dtype=polars().Categorical),
    "polars frame": lambda: polars().DataFrame({"label": LABELS, "review": TEXTS}),
    "tensor": lambda: tf.constant(TEXTS),
    "column of a tensor": lambda: tf.constant(TEXTS)[:, None],
    "list of tensors": lambda: list(tf.constant(TEXTS)),
    "ragged tensor": lambda: tf.strings.split(TEXTS),
    "sparse tensor": lambda: tf.sparse.from_dense(TEXTS),
    "sparse matrix": lambda: tf.strings.split(TEXTS).to_sparse(),
    "set": lambda: set(TEXTS),
    "keys": lambda: dict.fromkeys(TEXTS).keys(),
    "values": lambda: dict(enumerate(TEXTS)).values(),
    "dict of texts": lambda: dict(enumerate(TEXTS)),
    "generator": lambda: (text for text in TEXTS),
    "generator of arrays": lambda: (np.array(part) for part in (TEXTS[:2], TEXTS[2:])),
    "list of arrays": lambda: [np.array(TEXTS[:2]), np.array(TEXTS[2:])],
    "rows": lambda: [{"text": text} for text in TEXTS],
    "sets of words": lambda: [set(text.split()) for text in TEXTS],
    "words and texts": lambda: [TEXTS[0].split(), *TEXTS[1:]],
    "texts and words": lambda: [TEXTS[0], *(text.split() for text in TEXTS[1:])],
    "pairs": lambda: list(zip(TEXTS, LABELS, strict=True)),
    "texts and labels": lambda: (TEXTS, LABELS),
    "names of files": lambda: ["texts.txt"],
    "paths of files": lambda: [pathlib.Path("texts.txt")],
}
DATASETS = {
    "tf.data": lambda: slices(TEXTS, LABELS),
    "tf.data in batches": lambda: slices(TEXTS, LABELS).batch(3),
    "tf.data in columns": lambda: slices([[text] for text in TEXTS], LABELS).batch(2),
    "tf.data of dicts": lambda: slices({"label": LABELS, "text": TEXTS}),
    "tf.data of dicts in batches": lambda: slices({"review": TEXTS, "stars": LABELS}).batch(2),
    "tf.data of dicts and labels": lambda: slices({"review": TEXTS}, LABELS),
    "tf.data of Latin-1": lambda: slices([b"caf\xe9 warm", *TEXTS[1:]], LABELS),
    "tf.data that fails": lambda: slices([*TEXTS, "x"], [*LABELS, 1]).map(fail_on_x),
    "PyDataset": Batches,
}


def fail_on_x(text, label):
    with tf.control_dependencies([tf.debugging.assert_none_equal(text, "x")]):
        return tf.identity(text), label


def follow(use, make, argument):
    """Calls a function and follows what its errors advise; returns what came in the end."""
    told = []
    names = {"tf": tf, "np": np, "TextFiles": TextFiles}
    for _ in range(STEPS):
        try:
            return use(make())
        except (TypeError, ValueError) as error:
            told.append(str(error))
        pieces = re.findall(r"`([^`]+)`", told[-1])
        is_advice = re.compile(rf"\b{argument}\b.*[.\[(]|[.\[(].*\b{argument}\b|TextFiles\(")
        advice = [piece for piece in pieces if is_advice.search(piece)]
        assert advice, f"no advice in {told[-1]!r}"

        def make(make=make, code=advice[0]):  # word for word, with what was received at first
            return eval(code, {**names, argument: make()})

    raise AssertionError(f"the advice does not lead to a working call: {told}")


@pytest.fixture(scope="module")
def model():
    pretrainer = SkipGramPretrainer(8, seed=0)
    pretrainer.fit(TEXTS, epochs=1, verbose=0)
    classifier = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
    classifier.fit(TEXTS, LABELS, epochs=1, verbose=0)
    return classifier


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))


def adapted(texts):
    encoder = TextEncoder(min_count=1)
    encoder.adapt(texts)
    return encoder.vocabulary


def pretrained(texts):
    pretrainer = SkipGramPretrainer(2, seed=0)
    pretrainer.fit(texts, epochs=1, verbose=0)
    return pretrainer.encoder.vocabulary


VECTORS = WordVectors.from_words(["warm", "cold", "funny", "boring", "film", "plot"], np.eye(6))
CHANGED = ("missing", "not a number", "numbers among", "arrow with nulls", "set", "sets", "names", "paths")


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("use", ["predict", "evaluate", "fit", "pretrainer", "adapt", "encode", "transform"])
def test_a_column_works_or_its_advice_does(model, folder, monkeypatch, kind, use):
    x = COLUMNS[kind]
    if use in ("predict", "evaluate", "fit"):
        monkeypatch.setattr(keras.Model, "fit", lambda *args, **kwargs: keras.callbacks.History())
        call = {
            "predict": model.predict,
            "evaluate": lambda x: model.evaluate(x, LABELS, verbose=0),
            "fit": lambda x: model.fit(x, LABELS, epochs=1, verbose=0) and LABELS,
        }[use]
        expected, result = call(TEXTS), follow(call, x, "x")
        assert np.shape(result) == np.shape(expected)
    elif use in ("pretrainer", "adapt"):
        call = pretrained if use == "pretrainer" else adapted
        expected, result = call(TEXTS), follow(call, x, "x" if use == "pretrainer" else "texts")
        assert sorted(result) == sorted(expected) or kind.startswith(CHANGED)
        return
    else:
        call = (lambda texts: VECTORS.encoder.encode(texts).padded(4)) if use == "encode" else VECTORS.transform
        expected, result = call(TEXTS), follow(call, x, "texts")
    if not kind.startswith(CHANGED):
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("kind", DATASETS)
@pytest.mark.parametrize("use", ["predict", "evaluate", "fit", "pretrainer", "adapt", "transform"])
def test_a_dataset_works_or_its_advice_does(model, monkeypatch, kind, use):
    if use in ("adapt", "transform") and kind in ("tf.data of Latin-1", "tf.data that fails"):
        pytest.skip("the advice reads the dataset itself, which TensorFlow or Python refuses")
    x = DATASETS[kind]
    monkeypatch.setattr(keras.Model, "fit", lambda *args, **kwargs: keras.callbacks.History())
    if use == "predict":
        assert follow(model.predict, x, "x").shape == (4, 1)
    elif use == "evaluate":
        result = follow(lambda x: model.evaluate(x, verbose=0), x, "x")
        assert "Latin" in kind or result == pytest.approx(model.evaluate(TEXTS, LABELS, verbose=0), rel=1e-5)
    elif use == "fit":
        follow(lambda x: model.fit(x, epochs=1, verbose=0), x, "x")
    elif use == "transform":
        np.testing.assert_array_equal(follow(VECTORS.transform, x, "texts"), VECTORS.transform(TEXTS))
    else:
        call, argument = (pretrained, "x") if use == "pretrainer" else (adapted, "texts")
        expected = {*call(TEXTS), "caf\xe9"} if "Latin" in kind else set(call(TEXTS))
        assert set(follow(call, x, argument)) == expected


def test_generators_of_pairs_and_of_batches(model):
    pairs = [*zip(TEXTS, LABELS, strict=True)]
    for make in (lambda: iter(pairs), lambda: iter([(TEXTS[:2], LABELS[:2]), (TEXTS[2:], LABELS[2:])])):
        with pytest.raises(TypeError, match="`fit` expects texts and labels in lists") as caught:
            model.fit(make(), verbose=0)
        statements = [piece for piece in re.findall(r"`([^`]+)`", str(caught.value)) if " = " in piece]
        names = {"x": make()}
        exec(statements[not isinstance(next(make())[0], str)], names)
        assert names["x"] == tuple(TEXTS)
        model.fit(names["x"], names["y"], epochs=1, verbose=0)


def test_printed_tensors_are_refused(model):
    for texts in ([str(text) for text in tf.constant(TEXTS)], [str(text.encode()) for text in TEXTS]):
        with pytest.raises(ValueError, match="the printed form of tensors or bytes"):
            model.predict(texts)
        with pytest.raises(ValueError, match=r"write `text.numpy\(\).decode\('utf-8'\)` for a tensor"):
            adapted(texts)


def test_labels_of_every_kind(model):
    for labels in (tf.constant(LABELS), tf.constant(LABELS)[:, None], pd.Series(LABELS), arrow().array(LABELS)):
        assert model.evaluate(TEXTS, labels, verbose=0) == model.evaluate(TEXTS, LABELS, verbose=0)


def test_an_ordered_categorical_gives_the_order_of_the_classes():
    stars = pd.Categorical(["poor", "good", "fair", "good"], ["poor", "fair", "good", "best"], ordered=True)
    for labels in (stars, pd.Series(stars), pd.CategoricalIndex(stars)):
        classifier = TransferSentimentClassifier(VECTORS, seed_words=None, seed=0)
        classifier.fit(TEXTS, labels, epochs=1, verbose=0)
        assert classifier.classes == ["poor", "fair", "good"]
