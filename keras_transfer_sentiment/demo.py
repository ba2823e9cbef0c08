"""The story of the library on data that ships with it: 72 film comments, 8 of them labelled."""

import json
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple

import numpy as np

from keras_transfer_sentiment.classification.classifier import TransferSentimentClassifier
from keras_transfer_sentiment.pretraining.pretrainer import SkipGramPretrainer
from keras_transfer_sentiment.storage import write_whole

EMBEDDING_DIM = 50


class FilmComments(NamedTuple):
    """The data: comments as lists of str, labels as lists of 0 and 1."""

    unlabelled: list
    texts: list
    labels: list
    test_texts: list
    test_labels: list


@dataclass(frozen=True)
class DemoResult:
    """What the demo measured.

    Attributes:
        scratch: float32 array `(seeds, 2)`: probabilities of the test comments without transfer.
        transfer: float32 array `(seeds, 2)`: the same with transfer.
        words: list of str, the vocabulary of the first seed, and `points`, float array `(words, 2)`: its vectors
            projected on their two main directions, and `polarity`, float array `(words,)`: the probability that its
            classifier gives each word.
    """

    comments: FilmComments
    scratch: np.ndarray
    transfer: np.ndarray
    words: list
    points: np.ndarray
    polarity: np.ndarray

    def accuracy(self, way: str) -> float:
        """Returns the mean accuracy over seeds and test comments, of `"scratch"` or `"transfer"`."""
        probabilities = getattr(self, way)
        return float(((probabilities > 0.5) == np.array(self.comments.test_labels)).mean())

    def summary(self) -> dict:
        """Returns the figures as a dict that can become JSON."""
        return {
            "scratch": self.accuracy("scratch"),
            "transfer": self.accuracy("transfer"),
            "seeds": len(self.transfer),
            "comments": [
                {"text": text, "label": label, "scratch": float(scratch), "transfer": float(transfer)}
                for text, label, scratch, transfer in zip(
                    self.comments.test_texts,
                    self.comments.test_labels,
                    self.scratch.mean(0),
                    self.transfer.mean(0),
                    strict=True,
                )
            ],
        }


def film_comments() -> FilmComments:
    """Returns the 72 film comments: 62 without labels, 8 labelled, 2 for the test.

    No content word of the test comments occurs in the labelled ones; only the unlabelled ones connect them.
    """
    file = resources.files("keras_transfer_sentiment").joinpath("data", "film_comments.json")
    data = json.loads(file.read_text("utf-8"))
    columns = [[row[key] for row in data[part]] for part in ("labelled", "test") for key in ("text", "label")]
    return FilmComments(data["unlabelled"], *columns)


def run(
    seeds: int = 50,
    workers: int | None = None,
    on_seed: Callable[[np.ndarray, np.ndarray], object] = lambda scratch, transfer: None,
) -> DemoResult:
    """Trains from scratch and with transfer, once per seed.

    Args:
        seeds: int. How many runs.
        workers: int or None. How many processes share them, this one among them; None takes one per processor.
        on_seed: called after each run, with its probabilities of the test comments: two float32 arrays `(2,)`.
    """
    comments = film_comments()
    workers = min(workers or os.cpu_count() or 1, seeds)
    models: list = []  # of the first seed

    def train_first():
        models.extend(_trained(comments, 0, transfer) for transfer in (False, True))
        return [model.predict(comments.test_texts)[:, 0] for model in models]

    pairs = {}
    for seed, pair in _shared_out(seeds, workers, train_first):
        pairs[seed] = pair
        on_seed(*pair)
    classifier = models[1]
    words = classifier.encoder.vocabulary[1:]
    vectors = np.asarray(classifier.embedding.embeddings)[1:]
    _, _, directions = np.linalg.svd(vectors - vectors.mean(0), full_matrices=False)
    scratch, transfer = np.array([pairs[seed] for seed in range(seeds)]).transpose(1, 0, 2)
    polarity = classifier.predict([[word] for word in words])[:, 0]
    return DemoResult(comments, scratch, transfer, words, vectors @ directions[:2].T, polarity)


def _shared_out(seeds, workers, train_first):
    """Yields each seed and its results as they come, the runs shared out among this process and others."""
    if workers == 1:
        yield 0, train_first()
        yield from ((seed, _both_ways(seed)) for seed in range(1, seeds))
        return
    with ProcessPoolExecutor(workers - 1, mp_context=multiprocessing.get_context("spawn")) as pool:
        runs = {pool.submit(_both_ways, seed): seed for seed in range(1, seeds)}
        yield 0, train_first()  # while the others start
        while runs:
            mine = next((run for run in reversed(runs) if run.cancel()), None)
            if mine is not None:  # no other process has begun with it
                seed = runs.pop(mine)
                yield seed, _both_ways(seed)
            else:
                wait(runs, return_when=FIRST_COMPLETED)
            for run in [run for run in runs if run.done()]:
                yield runs.pop(run), run.result()


def _trained(comments, seed, transfer):
    pretrainer = SkipGramPretrainer(EMBEDDING_DIM, seed=seed)
    if transfer:
        pretrainer.fit([*comments.unlabelled, *comments.texts], verbose=0)
    else:  # the same network and vocabulary, its vectors random and learned from the 8 labels
        pretrainer.adapt([*comments.unlabelled, *comments.texts])
    classifier = TransferSentimentClassifier(pretrainer, seed_words=None, trainable_embedding=not transfer, seed=seed)
    # The same training, with the 30 steps of an epoch at a time: so small a network waits for Python otherwise.
    classifier.compile(
        classifier.optimizer,
        loss="binary_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
        steps_per_execution=30,
    )
    classifier.fit(comments.texts, comments.labels, verbose=0)
    return classifier


def _both_ways(seed):
    comments = film_comments()
    return [_trained(comments, seed, transfer).predict(comments.test_texts)[:, 0] for transfer in (False, True)]


def plot(result: DemoResult, path) -> None:
    """Draws the map of the words, coloured by polarity, beside the two accuracies.

    Args:
        result: what `run` returned.
        path: where to write the picture; its ending picks the format.

    Raises:
        ImportError: matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7), layout="constrained")
    words, bars = figure.subplots(1, 2, width_ratios=(4, 1))
    colours = words.scatter(*result.points.T, c=result.polarity, cmap="coolwarm_r", vmin=0, vmax=1, s=18)
    for word, point in zip(result.words, result.points, strict=True):
        words.annotate(word, point, fontsize=8, xytext=(3, 2), textcoords="offset points")
    words.set_title("Words of the film comments, by their transferred vectors")
    words.set_xticks([])
    words.set_yticks([])
    figure.colorbar(colours, ax=words, location="bottom", shrink=0.5, label="probability of positive")
    values = [result.accuracy("scratch"), result.accuracy("transfer")]
    drawn = bars.bar(["from scratch", "with transfer"], values, color=["0.7", "tab:green"])
    bars.bar_label(drawn, fmt="{:.2f}", padding=3)
    bars.axhline(0.5, color="0.4", linestyle=":", linewidth=1)
    bars.set_ylim(0, 1.1)
    bars.set_title(f"Accuracy, mean of {len(result.transfer)} seeds")
    bars.spines[["top", "right"]].set_visible(False)
    write_whole(path, lambda part: figure.savefig(part, dpi=120))
