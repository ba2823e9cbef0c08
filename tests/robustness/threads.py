"""Eight threads ask one model and get the same bits each time, while others are trained; memory stays flat.

A case is a second of asking: `python -m tests.robustness.threads --count 600` takes ten minutes.
"""

import gc
import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier, demo, load_model
from tests.robustness.harness import Report, case_rng, run_script

ASKING = 8
MOST_GROWTH = 64 * 2**20  # bytes from a quarter of the time to its end
CLOSE = 1e-4  # TensorFlow adds up gradients in another order each time, also where nothing else runs
LONG = 20  # seconds from which on memory is looked at: before, everything is new


def questions(pretrainer: SkipGramPretrainer, classifier: TransferSentimentClassifier) -> dict[str, Callable[[], Any]]:
    """Returns calls by name, whose answers are to be the same at any time."""
    comments = demo.film_comments()
    few, many = comments.texts, [*comments.unlabelled, *comments.texts] * 150
    vectors = pretrainer.word_vectors
    ids = classifier.encode(few).padded()
    return {
        "predict one text": lambda: classifier.predict(few[:1]),
        "predict": lambda: classifier.predict(few),
        "predict many texts": lambda: classifier.predict(many),
        "predict labels": lambda: classifier.predict_labels(few),
        "predict ids": lambda: classifier.predict(ids),
        "call": lambda: np.array(classifier(ids)),
        "encode": lambda: classifier.encode(many[:3000]).ids,
        "text vectors": lambda: pretrainer.predict(few),
        "near words": lambda: np.array(vectors.most_similar("film"), object),
    }


def fits(pretrainer: SkipGramPretrainer, folder: Path) -> dict[str, Callable[[], Any]]:
    """Returns trainings by name, whose results are to be the same at any time, those of classifiers within `CLOSE`."""
    comments = demo.film_comments()
    corpus = [*comments.unlabelled, *comments.texts]

    def trainer(model):
        variables = [*model.weights, *model.optimizer.variables]
        start = [keras.ops.convert_to_numpy(variable) for variable in variables]

        def fit():  # the same model again: of each that is made and trained, Keras keeps some 5 MiB
            for variable, value in zip(variables, start, strict=True):
                variable.assign(value)
            model.fit(comments.texts, comments.labels, epochs=8, verbose=0)
            return model.predict(comments.test_texts)

        return fit

    def pretrain():
        model = SkipGramPretrainer(8, seed=1)
        model.fit(corpus * 20, epochs=1, verbose=0)  # by several threads
        return model.word_vectors.matrix

    return {
        "fit another model": trainer(TransferSentimentClassifier(pretrainer, seed_words=None, seed=1)),
        "fit a copy": trainer(load_model(folder / "classifier.keras")),
        "pretrain": pretrain,
    }


def run(report: Report, cases: Sequence[int]) -> None:
    """Asks for a second per case."""
    seconds = len(cases)
    comments = demo.film_comments()
    pretrainer = SkipGramPretrainer(16, seed=0)
    pretrainer.fit([*comments.unlabelled, *comments.texts], verbose=0)
    classifier = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
    classifier.fit(comments.texts, comments.labels, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        classifier.save(Path(folder) / "classifier.keras")
        asked, trained = questions(pretrainer, classifier), fits(pretrainer, Path(folder))
        expected = {name: call() for name, call in {**asked, **trained}.items()}
        start = time.monotonic()
        end = start + seconds

        def work(calls, number, pause=0.0):
            rng, names = case_rng(report.seed, number), sorted(calls)
            for turn in itertools.count():
                name = names[turn % len(names)] if pause else names[rng.integers(len(names))]
                try:
                    answer, right = calls[name](), expected[name]
                    same = np.array_equal(answer, right) or (
                        name.startswith("fit") and np.allclose(answer, right, atol=CLOSE)
                    )
                    report.add(name, number, "" if same else "another answer")
                except Exception as error:
                    report.add(name, number, f"{type(error).__name__}: {error}")
                if time.monotonic() > end:
                    return
                time.sleep(pause)

        threads = [threading.Thread(target=work, args=(asked, number)) for number in range(ASKING)]
        threads.append(threading.Thread(target=work, args=(trained, ASKING, 0.01)))
        for thread in threads:
            thread.start()
        if seconds >= LONG:
            _watch_memory(report, start, seconds)
        for thread in threads:
            thread.join()


def _watch_memory(report, start, seconds):
    """Compares the memory at a quarter of the time, when all is loaded, with that at its end."""
    time.sleep(max(start + seconds / 4 - time.monotonic(), 0))
    before = _resident()
    time.sleep(max(start + seconds - 1 - time.monotonic(), 0))
    gc.collect()
    growth = _resident() - before
    problem = f"{growth / 2**20:.0f} MiB more" if growth > MOST_GROWTH else ""
    report.add(f"memory: {before / 2**20:.0f} MiB, then {growth / 2**20:+.0f} MiB", "memory", problem)


def _resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) * 1024


if __name__ == "__main__":
    run_script(__doc__, run, count=600)
