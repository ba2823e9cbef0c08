import json

import keras
import numpy as np
import pytest

from keras_transfer_sentiment import NotFittedError, TransferSentimentClassifier, load_model

from ..contracts import raises, run_python

CALLS = {
    "predict": lambda model, texts: model.predict(texts),
    "predict_labels": lambda model, texts: model.predict_labels(texts),
    "evaluate": lambda model, texts: model.evaluate(texts, [0] * len(texts), verbose=0),
    "predict_on_batch": lambda model, texts: model.predict_on_batch(texts),
    "test_on_batch": lambda model, texts: model.test_on_batch(texts, [0] * len(texts)),
    "call": lambda model, texts: model(texts),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_untrained_classifier_says_so(untrained, comments, name):
    fix = f"`{name}`: this TransferSentimentClassifier is not trained yet. Call `fit(texts, labels)` first."
    with raises(NotFittedError, fix) as caught:
        CALLS[name](untrained, comments.texts)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, AttributeError)
    untrained.fit(comments.texts, comments.labels, epochs=1, verbose=0)
    CALLS[name](untrained, comments.texts)


def test_seed_words_answer_after_a_fit(pretrainer, comments):
    model = TransferSentimentClassifier(pretrainer, seed_words={"positive": ["warm"], "negative": ["dull"]}, seed=0)
    with raises(NotFittedError, "or `fit()` to learn from the seed words alone"):
        model.predict(comments.texts)
    model.fit(verbose=0)
    warm, dull = model.predict(["warm", "dull"])[:, 0]
    assert warm > 0.7 > 0.3 > dull


def test_a_saved_untrained_classifier_stays_untrained(untrained, tmp_path):
    untrained.save(tmp_path / "model.keras")
    untrained.save_weights(tmp_path / "model.weights.h5")
    for load in (load_model, keras.models.load_model):
        with raises(NotFittedError, "not trained yet"):
            load(tmp_path / "model.keras").predict(["warm"])
    untrained.load_weights(tmp_path / "model.weights.h5")
    with raises(NotFittedError, "not trained yet"):
        untrained.predict(["warm"])


def test_steps_of_ones_own_are_training(pretrainer, comments, tmp_path):
    for train in (train_on_batch, train_by_tape):
        model = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
        train(model, comments)
        answers = model.predict(comments.texts)
        assert np.ptp(answers) > 1e-4
        model.save(tmp_path / "model.keras")
        np.testing.assert_array_equal(load_model(tmp_path / "model.keras").predict(comments.texts), answers)


def train_on_batch(model, comments):
    model.train_on_batch(comments.texts, comments.labels)


def train_by_tape(model, comments):
    import tensorflow as tf

    ids, labels = model.encode(comments.texts).padded(), np.array(comments.labels, "float32")[:, None]
    with tf.GradientTape() as tape:
        loss = keras.ops.mean(keras.losses.binary_crossentropy(labels, model(ids, training=True)))
    model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)


def test_an_untrained_classifier_in_a_new_process(untrained, tmp_path):
    untrained.save(tmp_path / "model.keras")
    code = (
        "import json, sys\n"
        "from keras_transfer_sentiment import load_model\n"
        "try:\n    load_model(sys.argv[1]).predict(['warm'])\nexcept AttributeError as error:\n"
        "    print(json.dumps([type(error).__name__, str(error)]))"
    )
    kind, message = json.loads(run_python(code, tmp_path / "model.keras"))
    assert kind == "NotFittedError"
    assert "Call `fit(texts, labels)` first" in message
