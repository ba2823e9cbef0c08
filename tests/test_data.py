"""What the library reaches on real reviews; skipped where the corpora are not at hand."""

import gzip
import json
import lzma
import os
from pathlib import Path

import numpy as np
import pytest

from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder, TransferSentimentClassifier

FOLDER = Path(os.environ.get("KTS_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))

pytestmark = pytest.mark.data


def read(name):
    """Returns the texts and labels (or None) of one corpus, shuffled."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"there is no {name} in {FOLDER}; set KTS_DATA to the folder of the review corpora")
    opened = lzma.open if path.suffix == ".xz" else gzip.open
    with opened(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    order = np.random.default_rng(0).permutation(len(rows))
    return [rows[i]["text"] for i in order], np.array([rows[i].get("label", -1) for i in order])


def accuracy(classifier, texts, labels):
    return float((classifier.predict_labels(texts) == labels).mean())


@pytest.fixture(scope="module")
def films():
    """Film reviews with labels, and a pretrainer of 4,500 of them and 500 book reviews."""
    texts, labels = read("imdb_train.jsonl.xz")
    books, _ = read("amazon_books.jsonl.gz")
    pretrainer = SkipGramPretrainer(50, seed=0)
    pretrainer.fit([*texts[:4500], *books[:500]], epochs=5, verbose=0)
    return texts, labels, pretrainer


def test_eight_labels_of_film_reviews(films):
    texts, labels, pretrainer = films
    held_out = slice(-500, None)
    rows = [*np.flatnonzero(labels[:4500] == 1)[:4], *np.flatnonzero(labels[:4500] == 0)[:4]]
    classifier = TransferSentimentClassifier(pretrainer, seed=0)
    classifier.fit([texts[row] for row in rows], labels[rows], verbose=0)
    assert accuracy(classifier, texts[held_out], labels[held_out]) > 0.6


def test_more_labels_of_film_reviews_do_better(films):
    texts, labels, pretrainer = films
    classifier = TransferSentimentClassifier(pretrainer, seed=0)
    history = classifier.fit(texts[:2000], labels[:2000], validation_split=0.1, verbose=0).history
    assert accuracy(classifier, texts[-500:], labels[-500:]) > 0.65
    assert history["val_accuracy"][-1] > 0.6


def test_neighbours_of_film_words(films):
    _, _, pretrainer = films
    near = {word for word, _ in pretrainer.word_vectors.most_similar("horror", top_n=30)}
    assert near & {"gore", "slasher", "scary", "zombie", "killer", "blood", "creepy", "suspense", "monster", "vampire"}


def test_every_review_is_covered(films):
    texts, _, pretrainer = films
    encoded = pretrainer.encode(texts[-500:])
    assert encoded.coverage.mean() > 0.9
    assert encoded.lengths.min() > 0


def test_chinese_shop_reviews_from_seed_words_alone():
    texts, labels = read("online_shopping_zh.jsonl.gz")
    pretrainer = SkipGramPretrainer(50, encoder=TextEncoder("chinese"), seed=0)
    pretrainer.fit(texts[:8000], epochs=3, verbose=0)
    classifier = TransferSentimentClassifier(pretrainer, seed=0)
    classifier.fit(verbose=0)
    assert accuracy(classifier, texts[-500:], labels[-500:]) > 0.7
