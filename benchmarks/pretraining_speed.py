"""Pretraining speed: skip-gram on the IMDB reviews, beside gensim and fastText with the same settings.

    python benchmarks/pretraining_speed.py [--epochs 1] [--engines ours gensim fasttext]

Each engine runs in a process of its own, on two threads. Ours is timed from a list of strings to trained vectors,
tokenising included; gensim (`corpus_file`, its fastest mode) and fastText from a file of ready tokens, so their
tokenising is free. Words per second count the words of the corpus once an epoch.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import imdb, report

DIM, WINDOW, NEGATIVES, SUBSAMPLE, MIN_COUNT = 100, 5, 5, 1e-3, 5


def tokens_file(path):
    from keras_transfer_sentiment.tokenizers import split_words

    count = 0
    with open(path, "w", encoding="utf-8") as file:
        for text in imdb()[0]:
            words = split_words(text.lower())
            file.write(" ".join(words) + "\n")
            count += len(words)
    return count


def ours(path, epochs):
    import keras  # noqa: F401 - loading TensorFlow is no part of the training

    from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder

    texts = imdb()[0]
    encoder = TextEncoder(None, min_count=MIN_COUNT)
    pretrainer = SkipGramPretrainer(
        DIM, window=WINDOW, negative_samples=NEGATIVES, subsample=SUBSAMPLE, encoder=encoder, seed=0
    )
    start = time.perf_counter()
    pretrainer.fit(texts, epochs=epochs, verbose=0)
    return time.perf_counter() - start, encoder.vocabulary[1:], pretrainer.vectors[1:]


def gensim(path, epochs):
    from gensim.models import Word2Vec

    start = time.perf_counter()
    model = Word2Vec(
        corpus_file=path, vector_size=DIM, window=WINDOW, negative=NEGATIVES, sample=SUBSAMPLE, min_count=MIN_COUNT,
        sg=1, workers=2, epochs=epochs, seed=0,
    )  # fmt: skip
    return time.perf_counter() - start, model.wv.index_to_key, model.wv.vectors


def fasttext(path, epochs):
    import fasttext

    start = time.perf_counter()
    model = fasttext.train_unsupervised(
        path, model="skipgram", dim=DIM, ws=WINDOW, neg=NEGATIVES, t=SUBSAMPLE, minCount=MIN_COUNT, epoch=epochs,
        thread=2, maxn=0, verbose=0,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    return seconds, model.words, np.array([model.get_word_vector(word) for word in model.words])


ENGINES = {"ours": ours, "gensim": gensim, "fasttext": fasttext}


def run_engine(name, path, epochs):
    """Trains with one engine and prints its figures as JSON."""
    from gensim.models import KeyedVectors
    from gensim.test.utils import datapath

    seconds, words, vectors = ENGINES[name](path, epochs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    keyed = KeyedVectors(DIM)
    keyed.add_vectors(list(words), vectors)
    similarity = {
        "WordSim-353": float(keyed.evaluate_word_pairs(datapath("wordsim353.tsv"))[1][0]),
        "SimLex-999": float(keyed.evaluate_word_pairs(datapath("simlex999.txt"))[1][0]),
    }
    print(json.dumps({"seconds": seconds, "peak MiB": round(peak), "word types": len(words), **similarity}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--one", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--tokens", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_engine(options.one, options.tokens, options.epochs)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "tokens.txt")
        words = tokens_file(path)
        rows = []
        for name in options.engines:
            command = [sys.executable, __file__, "--one", name, "--tokens", path, "--epochs", str(options.epochs)]
            output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ)).stdout
            row = {"engine": name, **json.loads(output.splitlines()[-1])}
            row["words/s"] = words * options.epochs / row["seconds"]
            rows.append(row)
    base = next((row["words/s"] for row in rows if row["engine"] == "gensim"), None)
    for row in rows:
        row["x gensim"] = row["words/s"] / base if base else ""
    columns = ["engine", "seconds", "words/s", "x gensim", "peak MiB", "WordSim-353", "SimLex-999"]
    report("pretraining_speed", rows, columns, {"words": words, "epochs": options.epochs})


if __name__ == "__main__":
    main()
