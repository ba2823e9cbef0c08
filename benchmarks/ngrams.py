"""Character n-grams: what they cost and what they bring, on IMDB reviews as they are and with spelling mistakes.

    python benchmarks/ngrams.py [--draws 20]

Pretrains on the unlabelled and the training reviews with the defaults, with and without `char_ngrams=(3, 6)`, and
trains on 8 labels. In the misspelt test, each word of four letters or more has a chance of 15 % that two neighbouring
letters change places or one is left out.
"""

import argparse
import random
import re
import time

import numpy as np
from common import balanced_draws, imdb, report

from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier


def misspelt(text, draw):
    def spoil(match):
        word = match.group()
        if draw.random() > 0.15:
            return word
        place = draw.randrange(1, len(word) - 1)
        if draw.random() < 0.5:
            return word[:place] + word[place + 1 :]
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]

    return re.sub(r"[A-Za-z]{4,}", spoil, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20)
    options = parser.parse_args()
    unlabelled, texts, labels, test_texts, test_labels = imdb()
    draw = random.Random(0)
    tests = {"": test_texts, ", misspelt": [misspelt(text, draw) for text in test_texts]}
    rows = []
    for ngrams in (None, (3, 6)):
        pretrainer = SkipGramPretrainer(char_ngrams=ngrams, seed=0)
        start = time.perf_counter()
        pretrainer.fit(unlabelled, verbose=2)
        row = {"char_ngrams": str(ngrams), "pretraining (s)": time.perf_counter() - start}
        train = pretrainer.encode(texts)
        for name, test in tests.items():
            start = time.perf_counter()
            encoded = pretrainer.encode(test)
            row[f"encoding{name} (s)"] = time.perf_counter() - start
            row[f"coverage{name}"] = float(encoded.coverage.mean())
            for seed_words in ("auto", None):
                scores = []
                for seed, some in enumerate(balanced_draws(labels, 8, options.draws)):
                    classifier = TransferSentimentClassifier(pretrainer, seed_words=seed_words, seed=seed)
                    classifier.fit(train.take(some), labels[some], verbose=0)
                    scores.append((classifier.predict_labels(encoded) == test_labels).mean())
                row[f"8 labels{', seed words' if seed_words else ''}{name}"] = float(np.mean(scores))
        rows.append(row)
    report("ngrams", rows, list(rows[-1]))


if __name__ == "__main__":
    main()
