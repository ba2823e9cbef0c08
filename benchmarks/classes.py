"""Three classes: airline tweets on word vectors of film reviews, by number of labels per class.

    python benchmarks/classes.py [--draws 6] [--pretrainer FILE.keras]

Pretrains as `imdb.py` does, then classifies tweets as negative, neutral or positive, with the library's defaults. The
test has 1,000 tweets of each class; labels are drawn from the others, the same number of each class. `tf-idf` is
scikit-learn's TfidfVectorizer (words and pairs of words) with logistic regression, on the same draws.
"""

import argparse
from pathlib import Path

import numpy as np
from common import imdb, read, report
from imdb import pretrain
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from keras_transfer_sentiment import TransferSentimentClassifier

SIZES = (8, 32, 128)
TEST_SIZE = 1000  # tweets of each class


def balanced_split(texts, labels, size, seed=0):
    """Returns the rows of a test of `size` rows of each class, and the other rows that repeat no text of it."""
    rng = np.random.default_rng(seed)
    test = np.concatenate(
        [rng.choice(np.flatnonzero(labels == label), size, replace=False) for label in np.unique(labels)]
    )
    in_test = {texts[row] for row in test}
    return test, np.array([row for row, text in enumerate(texts) if text not in in_test])


def draw(labels, rows, size, draws, seed=0):
    """Yields `draws` times `size` of the rows of each class."""
    rng = np.random.default_rng([seed, size])
    for _ in range(draws):
        yield np.concatenate(
            [rng.choice(rows[labels[rows] == label], size, replace=False) for label in np.unique(labels)]
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=6)
    parser.add_argument("--pretrainer", type=Path, help="load the pretrainer from here, or save it here")
    options = parser.parse_args()
    pretrainer, seconds = pretrain(imdb()[0], options.pretrainer)
    tweets = read("airline_tweets.jsonl.gz")
    texts, labels = [row["text"] for row in tweets], np.array([row["label"] for row in tweets])
    test, pool = balanced_split(texts, labels, TEST_SIZE)
    encoded = pretrainer.encoder.encode(texts)
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    words.fit([texts[row] for row in pool])
    features = words.transform(texts)

    def ours(rows, seed, seed_words="auto"):
        classifier = TransferSentimentClassifier(pretrainer, seed_words=seed_words, seed=seed)
        classifier.fit(encoded.take(rows), labels[rows], verbose=0)
        return classifier.predict_labels(encoded.take(test))

    def tfidf(rows, _):
        return LogisticRegression(C=10.0, max_iter=1000).fit(features[rows], labels[rows]).predict(features[test])

    ways = {
        "default": ours,
        "seed_words=None": lambda rows, seed: ours(rows, seed, None),
        "tf-idf + logistic regression": tfidf,
    }
    results = []
    for name, run in ways.items():
        row = {"classifier": name}
        for size in SIZES:
            found = [run(rows, seed) for seed, rows in enumerate(draw(labels, pool, size, options.draws))]
            accuracies = [float((predicted == labels[test]).mean()) for predicted in found]
            row[f"{size}"] = float(np.mean(accuracies))
            row[f"{size} (sd)"] = float(np.std(accuracies))
            row[f"{size}, F1"] = float(np.mean([f1_score(labels[test], each, average="macro") for each in found]))
        results.append(row)
        print(row, flush=True)
    columns = ["classifier", *map(str, SIZES), *(f"{size}, F1" for size in SIZES)]
    report("classes", results, columns, {"draws": options.draws, "pretraining_seconds": seconds})


if __name__ == "__main__":
    main()
