"""Strategies of `tf.distribute`; two devices have to be made before TensorFlow starts, in a process of its own."""

import json

import numpy as np
import pytest
import tensorflow as tf

from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier, load_model

from .contracts import raises, run_python

_IN_SCOPE = """
import json, sys
import tensorflow as tf
from keras_transfer_sentiment import TransferSentimentClassifier, demo

path, mode = sys.argv[1:]
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
texts, labels = demo.film_comments()[1:3]
with strategy.scope():
    model = TransferSentimentClassifier(path, seed_words=None, seed=0, trainable_embedding=mode == "words")
model.fit(texts, labels, verbose=0, shuffle=False)
assert strategy.num_replicas_in_sync == 2
print(json.dumps([model.predict(texts).tolist(), model.evaluate(texts, labels, verbose=0)]))
"""


@pytest.mark.parametrize("mode", ["features", "words"])
def test_a_classifier_is_the_same_on_two_devices(saved, comments, mode):
    answer = run_python(_IN_SCOPE, saved / "pretrainer.keras", mode, flags=("-W", "ignore"))
    probabilities, figures = json.loads(answer)
    model = TransferSentimentClassifier(
        saved / "pretrainer.keras", seed_words=None, seed=0, trainable_embedding=mode == "words"
    )
    model.fit(comments.texts, comments.labels, verbose=0, shuffle=False)
    np.testing.assert_allclose(probabilities, model.predict(comments.texts), atol=2e-3)
    np.testing.assert_allclose(figures, model.evaluate(comments.texts, comments.labels, verbose=0), rtol=1e-2)


def test_a_classifier_in_the_scope_of_one_device(pretrainer, classifier, comments, tmp_path):
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
        model.fit(comments.texts, comments.labels, verbose=0)
        inside = model.predict(comments.texts)
    np.testing.assert_allclose(inside, classifier.predict(comments.texts), atol=1e-4)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras").predict(comments.texts), inside)


def test_a_pretrainer_is_told_to_train_outside_of_the_scope(pretrainer, corpus):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    parts = "no `tf.distribute` strategy", "a MirroredStrategy", "outside of `strategy.scope()`"
    with strategy.scope():
        model = SkipGramPretrainer(8, seed=0)
        with raises(ValueError, *parts):
            model.fit(corpus, verbose=0)
    with raises(ValueError, *parts):
        model.fit(corpus, verbose=0)
    assert not model.encoder.is_adapted
    with strategy.scope():
        np.testing.assert_array_equal(pretrainer.predict(["film"]), pretrainer.predict(["film"]))
    SkipGramPretrainer(8, seed=0).fit(corpus, epochs=1, verbose=0)
