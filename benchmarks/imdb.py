"""IMDB: pretrain on 75,000 reviews, classify the 24,996 test reviews, by number of labels.

    python benchmarks/imdb.py [--draws 20] [--pretrainer FILE.keras]

All settings are the library's defaults. `tf-idf` is scikit-learn's TfidfVectorizer (words and pairs of words) with
logistic regression, on the same draws.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from common import balanced_draws, imdb, report
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier, load_model

SIZES = (8, 32, 128, 1024)


def pretrain(texts, path):
    if path and path.exists():
        return load_model(path), None
    pretrainer = SkipGramPretrainer(seed=0)
    start = time.perf_counter()
    pretrainer.fit(texts, verbose=2)
    seconds = time.perf_counter() - start
    if path:
        pretrainer.save(path)
    return pretrainer, seconds


def accuracy(classifier, test, labels):
    return float((classifier.predict_labels(test) == labels).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--pretrainer", type=Path, help="load the pretrainer from here, or save it here")
    options = parser.parse_args()
    unlabelled, texts, labels, test_texts, test_labels = imdb()
    pretrainer, seconds = pretrain(unlabelled, options.pretrainer)
    train, test = pretrainer.encoder.encode(texts), pretrainer.encoder.encode(test_texts)
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    train_features = words.fit_transform(texts)
    test_features = words.transform(test_texts)

    def ours(rows, seed, seed_words="auto"):
        classifier = TransferSentimentClassifier(pretrainer, seed_words=seed_words, seed=seed)
        if rows is None:
            classifier.fit(verbose=0)
        else:
            classifier.fit(train.take(rows), labels[rows], verbose=0)
        return accuracy(classifier, test, test_labels)

    def tfidf(rows, _):
        model = LogisticRegression(C=10.0, max_iter=1000).fit(train_features[rows], labels[rows])
        return float(model.score(test_features, test_labels))

    everything = np.arange(len(labels))
    ways = {
        "default": ours,
        "seed_words=None": lambda rows, seed: ours(rows, seed, None),
        "tf-idf + logistic regression": tfidf,
    }
    results = []
    for name, run in ways.items():
        row = {"classifier": name}
        if name == "default":
            row["0 labels"] = float(np.mean([run(None, seed) for seed in range(3)]))
        for size in SIZES:
            scores = [run(rows, seed) for seed, rows in enumerate(balanced_draws(labels, size, options.draws))]
            row[f"{size}"] = float(np.mean(scores))
            row[f"{size} (sd)"] = float(np.std(scores))
        row["all"] = run(everything, 0)
        results.append(row)
        print(row, flush=True)
    columns = ["classifier", "0 labels", *map(str, SIZES), "all"]
    report("imdb", results, columns, {"draws": options.draws, "pretraining_seconds": seconds})


if __name__ == "__main__":
    main()
