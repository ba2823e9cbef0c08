"""The training step alone: milliseconds for 128 rows of 32 words, with one thing changed at a time.

    python benchmarks/training_step.py [--types 50000] [--repeats 7]

Text of Zipf-distributed words, 100 dimensions, window 5. `words/s` counts the words that a step takes: frequent words
that are thinned out are not among them. Each figure is the best of the repeats, in which the variants take turns.
"""

import argparse
import time

import numpy as np
from common import report

from keras_transfer_sentiment import EncodedTexts
from keras_transfer_sentiment.pretraining import blocks, skipgram
from keras_transfer_sentiment.pretraining.numba_engine import NumbaEngine
from keras_transfer_sentiment.pretraining.tables import create_tables
from keras_transfer_sentiment.pretraining.tensorflow_engine import TensorFlowEngine

DIM, WINDOW, TEXT_WORDS, WORDS = 100, 5, 200, 1_000_000


def corpus(types):
    rng = np.random.default_rng(0)
    share = np.cumsum(1.0 / np.arange(1, types + 1))
    ids = (np.searchsorted(share, rng.random(WORDS) * share[-1]) + 1).astype("int32")
    texts = WORDS // TEXT_WORDS
    return EncodedTexts(ids, np.arange(texts + 1) * TEXT_WORDS, np.zeros(texts, "int32"))


def variants(types):
    """Yields a name, an engine, a step group and the words of a step for each variant."""
    texts = corpus(types)
    counts = np.bincount(texts.ids, minlength=types + 1)
    keep = skipgram.keep_probability(counts, 1e-3)
    noise = skipgram.noise_tables(counts, WINDOW)
    usual = blocks.shared_negatives(blocks.plan_layout(WORDS, WINDOW, 128).length)
    for name, kind, rows, negatives, threads in (
        ("TensorFlow's operations", TensorFlowEngine, 128, usual, None),
        ("Numba, one thread", NumbaEngine, 128, usual, 1),
        ("Numba, all threads", NumbaEngine, 128, usual, None),
        *((f"the same, {number} noise words per row", NumbaEngine, 128, number, None) for number in (16, 48, 64)),
        ("the same, 64 rows per step", NumbaEngine, 64, usual, None),
        ("the same, 256 rows per step", NumbaEngine, 256, usual, None),
    ):
        layout = blocks.plan_layout(float(keep @ counts), WINDOW, rows)._replace(rows=rows)
        objective = skipgram.Objective(WINDOW, 5, negatives, noise)
        tables = create_tables(types + 1, DIM, None, [0])
        group = next(blocks.step_groups(texts, keep, layout, [0]))
        if kind is TensorFlowEngine:
            engine = TensorFlowEngine(tables, objective)
        else:
            engine = NumbaEngine(tables, objective, rows, layout.length, threads=threads)
        yield name, engine, group, rows * layout.length


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--types", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    runs = list(variants(options.types))
    best = [np.inf] * len(runs)
    for repeat in range(options.repeats + 1):  # the first one warms up
        for i, (_, engine, (ids, texts), _) in enumerate(runs):
            start = time.perf_counter()
            engine.train(ids, texts, np.full(len(ids), 0.1, "float32"), 1, len(ids) * repeat)
            if repeat:
                best[i] = min(best[i], (time.perf_counter() - start) / len(ids))
    rows = [
        {"variant": name, "ms": 1e3 * seconds, "words/s": words / seconds}
        for (name, *_, words), seconds in zip(runs, best, strict=True)
    ]
    report("training_step", rows, ["variant", "ms", "words/s"], {"types": options.types})


if __name__ == "__main__":
    main()
