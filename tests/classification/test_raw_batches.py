import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_transfer_sentiment import TransferSentimentClassifier

from ..contracts import raises


def forms(texts):
    return {
        "list": texts,
        "tuple": tuple(texts),
        "array": np.array(texts),
        "object array": np.array(texts, object),
        "series": pd.Series(texts),
        "tokens": [text.split() for text in texts],
        "tensor": tf.constant(texts),
    }


@pytest.mark.parametrize("form", forms(["a"]))
def test_a_call_and_a_batch_take_raw_texts(classifier, comments, form):
    texts = ["tender witty", "clumsy stale mess"]
    given, expected = forms(texts)[form], classifier.predict(texts)
    np.testing.assert_allclose(np.array(classifier(given)), expected, rtol=1e-5)
    np.testing.assert_allclose(classifier.predict_on_batch(given), expected, rtol=1e-5)
    np.testing.assert_allclose(classifier.predict(given), expected, rtol=1e-5)


def test_a_call_and_a_batch_take_ids(classifier, comments):
    ids, expected = classifier.encode(comments.texts).padded(), classifier.predict(comments.texts)
    for given in (ids, tf.constant(ids)):
        np.testing.assert_allclose(np.array(classifier(given)), expected, rtol=1e-5)
        np.testing.assert_allclose(classifier.predict_on_batch(given), expected, rtol=1e-5)


def test_test_on_batch_is_evaluate(classifier, comments):
    weights = np.arange(1.0, 9.0)
    found = classifier.test_on_batch(comments.texts, comments.labels, sample_weight=weights, return_dict=True)
    expected = classifier.evaluate(comments.texts, comments.labels, sample_weight=weights, return_dict=True, verbose=0)
    assert found == pytest.approx(expected, rel=1e-5)


def test_train_on_batch_learns(pretrainer, comments):
    model = TransferSentimentClassifier(pretrainer, classes=["bad", "good"], seed_words=None, seed=0)
    labels = np.array(["bad", "good"])[comments.labels]
    losses = [model.train_on_batch(comments.texts, labels)[0] for _ in range(20)]
    assert losses[-1] < losses[0]
    assert model.predict_labels(comments.texts).tolist() == labels.tolist()
    model.train_on_batch(comments.texts, labels, class_weight={"bad": 0.0})


def test_labels_that_are_no_classes(classifier, untrained):
    with raises(
        ValueError,
        "`train_on_batch` comes before the first `fit`",
        "'good' of type str at position 0",
        "`classes=[...]`",
    ):
        untrained.train_on_batch(["fine"], ["good"])
    with raises(ValueError, "`test_on_batch` received 1 texts and 2 labels"):
        classifier.test_on_batch(["fine"], [0, 1])


def test_strings_in_a_graph_are_refused(classifier):
    with raises(TypeError, "outside of TensorFlow's graphs", "`encode(texts).padded()`"):
        tf.function(lambda texts: classifier(texts), autograph=False).get_concrete_function(
            tf.TensorSpec((None,), tf.string)
        )
