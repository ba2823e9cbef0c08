import json
from collections import namedtuple

import numpy as np
import pytest
import tensorflow as tf

from keras_transfer_sentiment import (
    NotFittedError,
    SkipGramPretrainer,
    TextEncoder,
    TransferSentimentClassifier,
    load_model,
)
from keras_transfer_sentiment.text_model import TextModel

from .contracts import raises

KINDS = ["word", "", "\ud800", 7, -(2**70), True, 2.5, float("inf"), ("a", 1), (1, ("b", None, 2.0), ()), 0]


def model_of(tokens, **options):
    encoder = TextEncoder(None, **options)
    encoder.adapt([tokens])
    return TextModel(encoder)


def test_words_of_every_kind_are_read_back_as_they_were(tmp_path):
    model = model_of(KINDS)
    model.save_assets(tmp_path)
    loaded = TextModel(TextEncoder(None))
    loaded.load_assets(tmp_path)
    words = loaded.encoder.vocabulary
    assert words == ["", *KINDS]
    assert list(map(type, words)) == list(map(type, ["", *KINDS]))
    assert type(words[10][1][2]) is float
    assert loaded.encoder.encode([[("a", 1), 7]]).ids.tolist() == [9, 4]


def test_a_saved_pretrainer_of_baskets_knows_its_items(tmp_path):
    pretrainer = SkipGramPretrainer(4, encoder=TextEncoder(None), seed=0)
    pretrainer.adapt([[1, 2, ("red", 3)], [1, 2]])
    pretrainer.save(tmp_path / "items.keras")
    loaded = load_model(tmp_path / "items.keras")
    assert loaded.encoder.vocabulary == ["", 1, 2, ("red", 3)]
    assert loaded.word_vectors[("red", 3)].tolist() == pretrainer.word_vectors[("red", 3)].tolist()


def test_phrases_are_saved(tmp_path):
    encoder = TextEncoder(phrases=0.1)
    pretrainer = SkipGramPretrainer(4, encoder=encoder, seed=0)
    pretrainer.adapt(["a waste of time", "what waste of talent", "time and talent"])
    assert encoder.tokenize("waste of film") == ["waste_of", "film"]
    pretrainer.save(tmp_path / "phrases.keras")
    loaded = load_model(tmp_path / "phrases.keras").encoder
    assert loaded.get_config() == encoder.get_config()
    assert loaded.tokenize("waste of film") == ["waste_of", "film"]
    assert loaded.encode(["waste of time"]).ids.tolist() == encoder.encode(["waste of time"]).ids.tolist()


def test_a_file_from_before_phrases_is_read(tmp_path):
    (tmp_path / "vocabulary.json").write_text(json.dumps({"words": ["", "film"], "counts": [0, 3]}), "utf-8")
    model = TextModel(TextEncoder(phrases=True))
    model.load_assets(tmp_path)
    assert model.encoder.vocabulary == ["", "film"]
    assert model.encoder.tokenize("a film") == ["film"]


@pytest.mark.parametrize(
    ("token", "parts"),
    [
        (b"bytes", ("b'bytes' of type bytes",)),
        (frozenset({1}), ("frozenset({1}) of type frozenset",)),
        (("a", b"b"), ("('a', b'b'), which holds a value of type bytes",)),
        (1j, ("of type complex",)),
        (namedtuple("Item", "name")("a"), ("of type Item",)),
        (("x" * 999, b"y" * 999), ("of type bytes",)),
    ],
)
def test_words_that_cannot_be_saved_leave_the_old_file_alone(token, parts, tmp_path):
    model = model_of(["word", token])
    path = tmp_path / "model.keras"
    path.write_bytes(b"an older model")
    for save in (lambda: model.save(path), lambda: model.save_assets(tmp_path)):
        with raises(TypeError, "can be saved if the words of its vocabulary are str, int", *parts, "`str(token)`"):
            save()
    assert path.read_bytes() == b"an older model"
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize("tokenizer", [str.split, lambda text: text.split()])
def test_a_tokenizer_that_is_not_found_again_warns_and_is_not_saved(tokenizer, tmp_path):
    encoder = TextEncoder(tokenizer=tokenizer)
    encoder.adapt(["good film"])
    with pytest.warns(UserWarning, match="cannot be saved.*register_keras_serializable"):
        model = TextModel(encoder)
    with raises(ValueError, "`save`: what is written could not be loaded", "register_keras_serializable"):
        model.save(tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())


# Exports.


@pytest.fixture(params=["pretrainer", "classifier"])
def exported(request, tmp_path):
    """A model and what TensorFlow loads of its export."""
    model = request.getfixturevalue(request.param)
    model.export(tmp_path / "served", verbose=False)
    return model, tf.saved_model.load(tmp_path / "served")


def test_an_exported_model_answers_the_same(exported, corpus):
    model, served = exported
    texts = [*corpus, "no known one"]
    found = served.serve(model.encode(texts).padded()).numpy()
    np.testing.assert_allclose(found, model.predict(texts), atol=1e-6)
    assert served.serve(model.encode(texts[:1]).padded()).shape[0] == 1


@pytest.mark.parametrize(
    ("options", "expected"), [({"trainable_embedding": True}, np.float32), ({"dtype": "float64"}, np.float64)]
)
def test_an_exported_classifier_keeps_its_precision(pretrainer, comments, options, expected, tmp_path):
    model = TransferSentimentClassifier(pretrainer, seed_words=None, classes=["a", "b", "c"], seed=0, **options)
    model.fit(["warm funny", "cold dull", "plot"], ["a", "b", "c"], verbose=0)
    model.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    found = served.serve(model.encode(comments.texts).padded()).numpy()
    np.testing.assert_allclose(found, model.predict(comments.texts), atol=1e-6)
    assert found.dtype == expected


def test_a_loaded_model_is_exported_without_a_call_before(saved, tmp_path, classifier, comments):
    load_model(saved / "classifier.keras").export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    ids = classifier.encode(comments.texts).padded()
    np.testing.assert_allclose(served.serve(ids).numpy(), classifier.predict(comments.texts), atol=1e-6)


def test_an_export_of_nothing_is_refused(untrained, tmp_path):
    with raises(NotFittedError, "`export`", "call `fit(texts)` or `adapt(texts)` first"):
        SkipGramPretrainer(4).export(tmp_path / "served")
    with raises(NotFittedError, "`export`: this TransferSentimentClassifier is not trained yet"):
        untrained.export(tmp_path / "served")
    assert not (tmp_path / "served").exists()
