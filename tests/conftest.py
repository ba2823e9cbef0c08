"""Fixtures shared by the whole suite: what is slow to make is made once."""

import re

import numpy as np
import pytest

from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier, demo

EMBEDDING_DIM = 16


def pytest_make_parametrize_id(val):
    """Names a parameter the same in every process, short and without addresses."""
    val = sorted(val, key=str) if isinstance(val, (set, frozenset)) else val
    return re.sub(r" at 0x\w+", "", " ".join(str(val).split()))[:30]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def comments():
    return demo.film_comments()


@pytest.fixture(scope="session")
def corpus(comments):
    return [*comments.unlabelled, *comments.texts]


@pytest.fixture(scope="session")
def pretrainer(corpus):
    """Trained once; tests only read it."""
    model = SkipGramPretrainer(EMBEDDING_DIM, seed=0)
    model.fit(corpus, verbose=0)
    return model


@pytest.fixture(scope="session")
def classifier(pretrainer, comments):
    """Trained once; tests only read it."""
    model = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
    model.fit(comments.texts, comments.labels, verbose=0)
    return model


@pytest.fixture
def untrained(pretrainer):
    """A fresh classifier on the trained vectors, for tests that change it."""
    return TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)


@pytest.fixture(scope="session")
def saved(tmp_path_factory, pretrainer, classifier):
    """A folder with `pretrainer.keras` and `classifier.keras`."""
    folder = tmp_path_factory.mktemp("saved")
    pretrainer.save(folder / "pretrainer.keras")
    classifier.save(folder / "classifier.keras")
    return folder


@pytest.fixture(scope="session")
def demo_result():
    """The demo, run with two seeds."""
    ticks = []
    result = demo.run(seeds=2, workers=1, on_seed=lambda *probabilities: ticks.append(probabilities))
    np.testing.assert_array_equal(np.array(ticks), np.stack([result.scratch, result.transfer], axis=1))
    return result
