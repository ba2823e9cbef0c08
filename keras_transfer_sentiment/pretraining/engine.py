"""What trains the tables, step by step: the engines' common face, and which one is taken."""

from typing import Protocol

import numpy as np

from keras_transfer_sentiment.pretraining.blocks import BlockLayout
from keras_transfer_sentiment.pretraining.numba_engine import NumbaEngine
from keras_transfer_sentiment.pretraining.skipgram import Objective
from keras_transfer_sentiment.pretraining.tables import Tables
from keras_transfer_sentiment.vectors.subwords import NgramRows


class Engine(Protocol):
    """Trains the tables that it was made with."""

    def train(
        self, ids: np.ndarray, texts: np.ndarray, rates: np.ndarray, seed: int, first_step: int
    ) -> tuple[float, float]:
        """Takes some steps, one after the other.

        Args:
            ids: int32 array `(steps, rows, length)`, 0 for padding.
            texts: int32, of the same shape: which text each word belongs to; pairs never cross texts.
            rates: float32 `(steps,)`, the learning rate of each step.
            seed: int. With the number of the step, it gives the noise words.
            first_step: int. Number of the first of the steps.

        Returns:
            The summed loss of the pairs within the window, and the sum of their weights.
        """

    def write_back(self) -> None:
        """Sets the tables to what was learned; until then they may be as they were."""

    def close(self) -> None:
        """Gives back threads and memory. What was not written back is lost."""


def runs_on_accelerator(has_ngrams: bool) -> bool:
    """Returns whether TensorFlow trains the tables: where it sees a GPU, unless words have n-grams."""
    import tensorflow as tf

    return not has_ngrams and bool(tf.config.list_physical_devices("GPU"))


def make_engine(
    tables: Tables,
    objective: Objective,
    layout: BlockLayout,
    ngram_rows: NgramRows | None = None,
    run_eagerly: bool = False,
) -> Engine:
    """Returns the engine for this machine: TensorFlow's or Numba's, see `runs_on_accelerator`.

    Args:
        tables: what is trained.
        objective: what is learned.
        layout: shape of the blocks.
        ngram_rows: the n-grams of each word, or None.
        run_eagerly: bool. Whether TensorFlow runs operation by operation.
    """
    import tensorflow as tf

    if runs_on_accelerator(ngram_rows is not None):
        from keras_transfer_sentiment.pretraining.tensorflow_engine import TensorFlowEngine

        return TensorFlowEngine(tables, objective, run_eagerly)
    threads = tf.config.threading.get_intra_op_parallelism_threads()  # 0 where the user has set none
    return NumbaEngine(tables, objective, layout.rows, layout.length, ngram_rows, threads or None)
