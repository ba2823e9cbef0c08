"""Speed of the classifier, beside scikit-learn's TF-IDF pipeline and model2vec.

    python benchmarks/prediction_speed.py [--pretrainer FILE.keras] [--repeats 3]

Each figure is the best of several repeats, all in this process. model2vec gets the classifier's own word vectors and
vocabulary, and a logistic regression on top. Without `--pretrainer`, vectors are learned on the 24,873 training
reviews first (one epoch; their quality does not matter here).
"""

import argparse
import time
from pathlib import Path

import numpy as np
from common import imdb, report
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier, load_model


def seconds(function, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def model2vec_pipeline(pretrainer, texts, labels):
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    words = pretrainer.encoder.vocabulary
    words[0] = "[PAD]"
    index = {word: i for i, word in enumerate([*words, "[UNK]"])}
    tokenizer = Tokenizer(models.WordLevel(index, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.vstack([pretrainer.word_vectors.matrix, np.zeros((1, pretrainer.embedding_dim), "float32")])
    model = StaticModel(vectors, tokenizer, config={"normalize": True})
    head = LogisticRegression(max_iter=1000).fit(model.encode(texts), labels)
    return lambda batch: head.predict_proba(model.encode(batch))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pretrainer", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    _, texts, labels, test_texts, _ = imdb()
    if options.pretrainer:
        pretrainer = load_model(options.pretrainer)
    else:
        pretrainer = SkipGramPretrainer(seed=0)
        pretrainer.fit(texts, epochs=1, verbose=0)

    few, few_labels = texts[:4] + texts[-4:], [1, 1, 1, 1, 0, 0, 0, 0]
    start = time.perf_counter()
    small = TransferSentimentClassifier(pretrainer, seed=0)
    small.fit(few, few_labels, verbose=0)
    small.predict(test_texts[:2])
    few_seconds = time.perf_counter() - start
    small.predict(test_texts[2:3])
    one = seconds(lambda: small.predict(test_texts[:1]), 50)

    fits, predictions = {}, {}

    def fit_ours():
        fits["ours"] = TransferSentimentClassifier(pretrainer, seed=0)
        fits["ours"].fit(texts, labels, verbose=0)

    def fit_tfidf():
        fits["tf-idf"] = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
        fits["tf-idf"].fit(texts, labels)

    fit_seconds = {"ours": seconds(fit_ours, options.repeats), "tf-idf": seconds(fit_tfidf, 1)}
    unigrams = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)).fit(texts, labels)
    static = model2vec_pipeline(pretrainer, texts[::20], labels[::20])
    predictions["ours"] = seconds(lambda: fits["ours"].predict(test_texts), options.repeats)
    predictions["tf-idf"] = seconds(lambda: fits["tf-idf"].predict_proba(test_texts), options.repeats)
    predictions["tf-idf, single words"] = seconds(lambda: unigrams.predict_proba(test_texts), options.repeats)
    predictions["model2vec"] = seconds(lambda: static(test_texts), options.repeats)

    rows = [
        {
            "engine": name,
            "fit on all (s)": fit_seconds.get(name, ""),
            "predict on the test (s)": value,
            "reviews/s": len(test_texts) / value,
            "x ours": value / predictions["ours"],
        }
        for name, value in predictions.items()
    ]
    report("prediction_speed", rows, list(rows[0]), {"fit_8_predict_2_seconds": few_seconds, "predict_1_seconds": one})
    print(f"\nfit on 8 texts and predict on 2: {few_seconds:.2f} s; predict on one text: {one * 1000:.2f} ms")


if __name__ == "__main__":
    main()
