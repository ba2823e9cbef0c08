"""Other backends of Keras than TensorFlow: the classifier is written in Keras's own terms."""

import importlib.util
import json

import numpy as np
import pytest

from keras_transfer_sentiment import load_model

from .contracts import run_python

_ON_BACKEND = """
import json, sys
import keras
from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier, demo, load_model

folder, backend = sys.argv[1:]
assert keras.backend.backend() == backend
comments, answers = demo.film_comments(), {}
for name in ("frozen", "trainable"):
    model = TransferSentimentClassifier(
        folder + "/pretrainer.keras", seed_words=None, seed=0, trainable_embedding=name == "trainable"
    )
    model.fit(comments.texts, comments.labels, verbose=0)
    loss, accuracy = model.evaluate(comments.texts, comments.labels, verbose=0)
    assert accuracy == 1.0
    model.save(folder + f"/{backend}_{name}.keras")
    answers[name] = model.predict(comments.texts).tolist()
    assert load_model(folder + f"/{backend}_{name}.keras").predict(comments.texts).tolist() == answers[name]
answers["classifier"] = load_model(folder + "/classifier.keras").predict(comments.texts).tolist()
try:
    SkipGramPretrainer(4).fit(comments.texts)
except RuntimeError as error:
    answers["refusal"] = str(error)
print(json.dumps(answers))
"""


@pytest.mark.parametrize("backend", ["jax"])
def test_a_classifier_is_trained_used_and_exchanged(backend, saved, comments):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    shown = run_python(_ON_BACKEND, saved, backend, flags=("-W", "ignore"), KERAS_BACKEND=backend)
    answers = json.loads(shown)
    assert "needs Keras's TensorFlow backend. Received the backend 'jax'" in answers.pop("refusal")
    for name, answer in answers.items():
        path = saved / ("classifier.keras" if name == "classifier" else f"{backend}_{name}.keras")
        np.testing.assert_allclose(load_model(path).predict(comments.texts), answer, atol=1e-5)
