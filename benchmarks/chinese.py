"""Chinese shop reviews: pretrain on all texts, classify a balanced test over the nine categories, by labels.

    python benchmarks/chinese.py [--draws 20]

All settings are the library's defaults, with `TextEncoder("chinese")`. The test takes 250 reviews of each class from
each category, or half of them where there are fewer (heaters: 50 negative). Labels are drawn from another such sample
of up to 500 a class and category; `all` trains on every review outside the test.
"""

import argparse
import time

import numpy as np
from common import balanced_draws, read, report, texts_and_labels

from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder, TransferSentimentClassifier

SIZES = (8, 32, 128, 1024)
TEST_CELL, POOL_CELL = (250, 500)  # reviews of a category and class in the test, and to draw labels from


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20)
    options = parser.parse_args()
    rows = read("online_shopping_zh.jsonl.gz")
    texts, labels = texts_and_labels(rows)
    domains = np.array([row["domain"] for row in rows])
    rng = np.random.default_rng(0)
    in_test, in_pool = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for domain in np.unique(domains):
        for polarity in (0, 1):
            cell = rng.permutation(np.flatnonzero((domains == domain) & (labels == polarity)))
            size = min(TEST_CELL, len(cell) // 2)
            in_test[cell[:size]] = True
            in_pool[cell[size : size + POOL_CELL]] = True
    repeats = {text for text, is_test in zip(texts, in_test, strict=True) if is_test}
    fresh = np.array([text not in repeats for text in texts])
    pool, everything = np.flatnonzero(in_pool & fresh), np.flatnonzero(~in_test & fresh)
    pretrainer = SkipGramPretrainer(encoder=TextEncoder("chinese"), seed=0)
    start = time.perf_counter()
    pretrainer.fit(texts, verbose=2)
    seconds = time.perf_counter() - start
    encoded = pretrainer.encoder.encode(texts)
    test, test_labels = encoded.take(np.flatnonzero(in_test)), labels[in_test]

    def run(rows, seed, seed_words="auto"):
        classifier = TransferSentimentClassifier(pretrainer, seed_words=seed_words, seed=seed)
        if rows is None:
            classifier.fit(verbose=0)
        else:
            classifier.fit(encoded.take(rows), labels[rows], verbose=0)
        return float((classifier.predict_labels(test) == test_labels).mean())

    results = []
    for name, seed_words in (("default", "auto"), ("seed_words=None", None)):
        row = {"classifier": name}
        if seed_words:
            row["0 labels"] = float(np.mean([run(None, seed) for seed in range(3)]))
        for size in SIZES:
            draws = balanced_draws(labels[pool], size, options.draws)
            row[f"{size}"] = float(np.mean([run(pool[rows], seed, seed_words) for seed, rows in enumerate(draws)]))
        row["all"] = run(everything, 0, seed_words)
        results.append(row)
    columns = ["classifier", "0 labels", *map(str, SIZES), "all"]
    report(
        "chinese",
        results,
        columns,
        {"draws": options.draws, "test": int(in_test.sum()), "pretraining_seconds": seconds},
    )


if __name__ == "__main__":
    main()
