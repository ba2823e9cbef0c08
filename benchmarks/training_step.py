"""The training step alone: milliseconds for 128 rows of 32 words, with one thing changed at a time.

    python benchmarks/training_step.py [--types 50000] [--repeats 7]

Text of Zipf-distributed words, 100 dimensions, window 5. `words/s` counts the words that a step takes: frequent words
that are thinned out are not among them. Each figure is the best of the repeats, in which the variants take turns.
"""

import argparse
import time

import keras
import numpy as np
import tensorflow as tf
from common import report

from keras_transfer_sentiment import EncodedTexts
from keras_transfer_sentiment.pretraining import blocks, numba_engine, skipgram, tables, tensorflow_engine

DIM, WINDOW, TEXT_WORDS, WORDS = 100, 5, 200, 1_000_000


def corpus(types):
    rng = np.random.default_rng(0)
    share = np.cumsum(1.0 / np.arange(1, types + 1))
    ids = (np.searchsorted(share, rng.random(WORDS) * share[-1]) + 1).astype("int32")
    texts = WORDS // TEXT_WORDS
    return EncodedTexts(ids, np.arange(texts + 1) * TEXT_WORDS, np.zeros(texts, "int32"))


def variants(types):
    """Yields a name, a trainer, a chunk and the words of a step for each variant."""
    texts = corpus(types)
    counts = np.bincount(texts.ids, minlength=types + 1)
    keep = skipgram.keep_probability(counts, 1e-3)
    noise = skipgram.noise_tables(counts, WINDOW)
    usual = blocks.shared_negatives(blocks.plan_layout(WORDS, WINDOW, 128).length)
    for name, engine, rows, negatives, threads in (
        ("TensorFlow's operations", tensorflow_engine, 128, usual, None),
        ("Numba and BLAS, one thread", numba_engine, 128, usual, 1),
        ("Numba and BLAS, all threads", numba_engine, 128, usual, None),
        *(
            (f"the same, {negatives} noise words a row", numba_engine, 128, negatives, None)
            for negatives in (16, 48, 64)
        ),
        ("the same, 64 rows a step", numba_engine, 64, usual, None),
        ("the same, 256 rows a step", numba_engine, 256, usual, None),
    ):
        layout = blocks.plan_layout(float(keep @ counts), WINDOW, rows)._replace(rows=rows)
        objective = skipgram.Objective(WINDOW, 5, negatives, noise)
        weights = tables.add_tables(keras.layers.Layer(), None, types + 1, DIM, None, [0])
        chunk = [tf.constant(part) for part in next(blocks.chunks(texts, keep, layout, [0]))]
        if engine is tensorflow_engine:
            trainer = engine.Trainer(weights, objective)
        else:
            trainer = engine.Trainer(weights, objective, rows, layout.length, threads=threads)
        yield name, trainer, chunk, rows * layout.length


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--types", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    runs = list(variants(options.types))
    best = [np.inf] * len(runs)
    for repeat in range(options.repeats + 1):  # the first one warms up
        for i, (_, trainer, (ids, texts), _) in enumerate(runs):
            start = time.perf_counter()
            trainer.train(ids, texts, np.full(len(ids), 0.1, "float32"), 1, len(ids) * repeat)
            if repeat:
                best[i] = min(best[i], (time.perf_counter() - start) / len(ids))
    rows = [
        {"variant": name, "ms": 1e3 * seconds, "words/s": words / seconds}
        for (name, *_, words), seconds in zip(runs, best, strict=True)
    ]
    report("training_step", rows, ["variant", "ms", "words/s"], {"types": options.types})


if __name__ == "__main__":
    main()
