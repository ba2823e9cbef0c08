"""Pretraining: speed and quality of skip-gram on the IMDB reviews, beside gensim and fastText, same settings.

    python benchmarks/pretraining_speed.py [--engines ours gensim fasttext] [--epochs 5] [--seeds 3] [--wide]

Each run has a process of its own, on two threads. Ours is timed from a list of strings to trained vectors, tokenising
included; gensim (`corpus_file`, its fastest mode) and fastText (without n-grams, its fastest mode) from a file of
ready tokens, so their tokenising is free. Words per second count the words of the corpus once an epoch. fastText runs
with one seed only, for the time it takes. `--wide` compares windows: ours of the whole text, gensim's of 63 words.

IMDB is the accuracy on the 24,996 test reviews of a logistic regression on 128 labels (mean of 20 draws), from the
standardised mean word vectors of the reviews: nothing of this package's classifier.
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
from common import balanced_draws, imdb, report

DIM, NEGATIVES, SUBSAMPLE, MIN_COUNT = 100, 5, 1e-3, 5
WINDOWS = {False: {"ours": 5, "gensim": 5, "fasttext": 5}, True: {"ours": None, "gensim": 63, "fasttext": 63}}
LABELS, DRAWS = 128, 20


def tokens_file(path):
    from keras_transfer_sentiment.text.tokenizers import split_words

    count = 0
    with open(path, "w", encoding="utf-8") as file:
        for text in imdb()[0]:
            words = split_words(text.lower())
            file.write(" ".join(words) + "\n")
            count += len(words)
    return count


def ours(path, window, epochs, seed):
    import keras  # noqa: F401 - loading TensorFlow is no part of the training

    from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder

    texts = imdb()[0]
    encoder = TextEncoder(None, min_count=MIN_COUNT)
    pretrainer = SkipGramPretrainer(
        DIM, window=window, negative_samples=NEGATIVES, subsample=SUBSAMPLE, encoder=encoder, seed=seed
    )
    start = time.perf_counter()
    pretrainer.fit(texts, epochs=epochs, verbose=0)
    return time.perf_counter() - start, encoder.vocabulary[1:], pretrainer.word_vectors.matrix[1:]


def gensim(path, window, epochs, seed):
    from gensim.models import Word2Vec

    start = time.perf_counter()
    model = Word2Vec(
        corpus_file=path, vector_size=DIM, window=window, negative=NEGATIVES, sample=SUBSAMPLE, min_count=MIN_COUNT,
        sg=1, workers=2, epochs=epochs, seed=seed,
    )  # fmt: skip
    return time.perf_counter() - start, model.wv.index_to_key, model.wv.vectors


def fasttext(path, window, epochs, seed):
    import fasttext

    start = time.perf_counter()
    model = fasttext.train_unsupervised(
        path, model="skipgram", dim=DIM, ws=window, neg=NEGATIVES, t=SUBSAMPLE, minCount=MIN_COUNT, epoch=epochs,
        thread=2, maxn=0, verbose=0,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    return seconds, model.words, np.array([model.get_word_vector(word) for word in model.words])


ENGINES = {"ours": ours, "gensim": gensim, "fasttext": fasttext}


def run_engine(name, tokens, window, epochs, seed, target):
    """Trains with one engine, saves its vectors and prints its figures as JSON."""
    seconds, words, vectors = ENGINES[name](tokens, window, epochs, seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.savez(target, words=np.array(words), vectors=vectors)
    print(json.dumps({"seconds": seconds, "peak MiB": round(peak), "word types": len(words)}))


def quality(words, vectors, tokens):
    """Returns the three figures of quality of some vectors."""
    from gensim.models import KeyedVectors
    from gensim.test.utils import datapath
    from sklearn.linear_model import LogisticRegression

    keyed = KeyedVectors(DIM)
    keyed.add_vectors(list(words), vectors)
    means = {name: _means(keyed, texts) for name, texts in tokens.items() if name in ("train", "test")}
    low, scale = means["train"].mean(0), means["train"].std(0)
    train, test = ((means[name] - low) / scale for name in ("train", "test"))
    scores = [
        LogisticRegression(max_iter=1000)
        .fit(train[rows], tokens["train labels"][rows])
        .score(test, tokens["test labels"])
        for rows in balanced_draws(tokens["train labels"], LABELS, DRAWS)
    ]
    return {
        "WordSim-353": float(keyed.evaluate_word_pairs(datapath("wordsim353.tsv"))[1][0]),
        "SimLex-999": float(keyed.evaluate_word_pairs(datapath("simlex999.txt"))[1][0]),
        f"IMDB, {LABELS} labels": float(np.mean(scores)),
    }


def _means(keyed, texts):
    index = keyed.key_to_index
    rows = ([index[word] for word in text if word in index] for text in texts)
    return np.array([keyed.vectors[row].mean(0) if row else np.zeros(DIM) for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--wide", action="store_true", help="compare wide windows")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--one", nargs=3, metavar=("ENGINE", "SEED", "TARGET"), help=argparse.SUPPRESS)
    parser.add_argument("--tokens", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, seed, target = options.one
        run_engine(name, options.tokens, WINDOWS[options.wide][name], options.epochs, int(seed), target)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "tokens.txt")
        words = tokens_file(path)
        rows = [run_seeds(name, path, folder, words, options) for name in options.engines]
    base = next((row["words/s"] for row in rows if row["engine"] == "gensim"), None)
    for row in rows:
        row["x gensim"] = row["words/s"] / base if base else ""
    columns = ["engine", "window", "seconds", "words/s", "x gensim", "peak MiB"]
    columns += ["WordSim-353", "SimLex-999", f"IMDB, {LABELS} labels"]
    name = "pretraining_speed_wide" if options.wide else "pretraining_speed"
    report(name, rows, columns, {"words": words, "epochs": options.epochs, "seeds": options.seeds})


def run_seeds(name, tokens, folder, words, options):
    """Returns the figures of an engine: the best time of all seeds, the mean quality."""
    from keras_transfer_sentiment.text.tokenizers import split_words

    _, train, train_labels, test, test_labels = imdb()
    reviews = {
        "train": [split_words(text.lower()) for text in train],
        "test": [split_words(text.lower()) for text in test],
        "train labels": train_labels,
        "test labels": test_labels,
    }
    runs = []
    for seed in range(1 if name == "fasttext" else options.seeds):
        target = str(Path(folder) / "vectors.npz")
        command = [sys.executable, __file__, "--one", name, str(seed), target, "--tokens", tokens]
        command += ["--epochs", str(options.epochs), *(["--wide"] if options.wide else [])]
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ)).stdout
        with np.load(target) as vectors:
            run = {**json.loads(output.splitlines()[-1]), **quality(vectors["words"], vectors["vectors"], reviews)}
        print(name, seed, run, file=sys.stderr)
        runs.append(run)
    row = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    row["seconds"] = min(run["seconds"] for run in runs)
    window = WINDOWS[options.wide][name]
    return {**row, "engine": name, "window": window or "text", "words/s": words * options.epochs / row["seconds"]}


if __name__ == "__main__":
    main()
