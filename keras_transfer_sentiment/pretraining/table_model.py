"""A Keras model of word vectors whose weights are NumPy arrays."""

import io
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_transfer_sentiment.checks import VERBOSE, NotFittedError, check_choice
from keras_transfer_sentiment.forks import check_not_forked
from keras_transfer_sentiment.layers import MaskedMeanPooling
from keras_transfer_sentiment.pretraining.run import TrainingRun
from keras_transfer_sentiment.pretraining.tables import Progress, Tables, TrainingState, create_tables
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text_model import TextModel
from keras_transfer_sentiment.vectors import subwords
from keras_transfer_sentiment.vectors.word_vectors import WordVectors


class TableModel(TextModel):
    """The base of the pretrainer: keeps its tables, uses them as word vectors, saves and restores them.

    They are no variables of Keras's, as compiled code that knows nothing of tensors writes to them: `weights` is empty.
    """

    embedding_dim: int
    ngram_buckets: int
    char_ngrams: tuple[int, int] | None
    _first_seed: int
    _declared_size: int = 0  # of the vocabulary, in the config that the model was made of
    _state: TrainingState | None = None
    _run: TrainingRun | None = None  # while `fit` trains
    _ngram_rows: subwords.NgramRows | None = None
    _word_vectors: WordVectors | None = None  # a copy of the present vectors, if it was asked for

    def __init__(self, encoder: TextEncoder, name: str | None = None):
        super().__init__(encoder, name=name)
        self._mean = MaskedMeanPooling(dtype="float32")  # the vectors' own, whatever Keras's policy is

    @property
    def vocabulary_size(self) -> int:
        """Number of word vectors, padding's included; 0 before there are any."""
        return 0 if self._state is None else len(self._state.tables.words)

    @property
    def tables(self) -> Tables:
        """`Tables`: the NumPy arrays that training changes, not copies of them.

        Raises:
            NotFittedError: there is no vocabulary yet.
        """
        self._check_vocabulary("tables")
        return self._current_state().tables

    def _current_state(self) -> TrainingState:
        if self._state is None:
            raise NotFittedError(
                f"This {type(self).__name__} has no vectors yet: call `fit(texts)` or `adapt(texts)` first."
            )
        if self._run is not None:
            self._run.write_back()
        return self._state

    @property
    def word_vectors(self) -> WordVectors:
        """`WordVectors`: a copy of the vectors as they are now, with the vocabulary.

        Training goes on without changing it.

        Raises:
            NotFittedError: there is no vocabulary yet.
        """
        self._check_vocabulary("word_vectors")
        if self._word_vectors is None:
            tables, ngrams = self.tables, None
            if self._ngram_rows is None or tables.ngrams is None or self.char_ngrams is None:
                matrix = tables.words.copy()
            else:
                ngrams = subwords.CharNgrams(tables.ngrams.copy(), self.char_ngrams)
                matrix = subwords.compose_vectors(tables.words, ngrams.table, self._ngram_rows)
            matrix.flags.writeable = False  # so that it need not be copied again
            self._word_vectors = WordVectors(self.encoder, matrix, ngrams)
        return self._word_vectors

    def call(self, inputs):
        """Returns mean word vectors `(batch, embedding_dim)` of int ids `(batch, time)` padded with 0."""
        return self._mean(tf.gather(self.word_vectors.matrix, inputs), mask=inputs != 0)

    def predict(self, x, verbose: str | int = 0) -> np.ndarray:
        """Returns the mean word vector of each text; the zero vector where no word is known.

        Args:
            x: batch of texts (or their ids), as for `encode`.
            verbose: accepted for compatibility with Keras; there is no progress bar.

        Returns:
            float32 array `(len(x), embedding_dim)`.
        """
        check_choice(verbose, "verbose", VERBOSE)
        encoded = self._encoded(x, "predict")
        return self.word_vectors.transform(encoded)

    def evaluate(self, *args, **kwargs):
        """Is an error: word vectors have no labels to be measured by."""
        raise TypeError(
            f"`evaluate`: a {type(self).__name__} has no labels to measure itself by. Use "
            "`word_vectors.evaluate_word_pairs(path)`, or evaluate a `TransferSentimentClassifier` made of it."
        )

    def predict_on_batch(self, x) -> np.ndarray:
        """Returns what `predict` does."""
        return self.predict(x)

    def _exported(self):
        ids = keras.Input((None,), dtype="int32")
        return keras.Model(ids, self._mean(self._make_embedding("float32")(ids)))

    def _nearest_words(self):
        return self.word_vectors.nearest_words

    def embedding_layer(self) -> keras.layers.Embedding:
        """Returns a frozen `keras.layers.Embedding` with a copy of the vectors; id 0 is masked."""
        check_not_forked("embedding_layer")
        return self._make_embedding(None)

    def _make_embedding(self, dtype):
        vectors = self.word_vectors.matrix
        layer = keras.layers.Embedding(
            *vectors.shape, mask_zero=True, trainable=False, dtype=dtype, name="word_vectors"
        )
        layer.build()
        layer.embeddings.assign(vectors)
        return layer

    def get_weights(self) -> list[np.ndarray]:
        """Returns copies of the tables, then the progress of the training."""
        return [] if self._state is None else [array.copy() for array in self._current_state().arrays().values()]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Sets the tables and the progress of the training to what `get_weights` returned.

        Raises:
            ValueError: arrays of another number or of other shapes.
        """
        names = [] if self._state is None else list(self._state.arrays())
        if len(names) != len(weights):
            raise ValueError(
                f"`set_weights` expects the {len(names)} arrays that `get_weights` of this model returns. Received "
                f"{len(weights)}. Call `fit` or `adapt` before, on a model of the same settings."
            )
        self._take_over(dict(zip(names, map(np.asarray, weights), strict=True)))

    def count_params(self) -> int:
        """Returns the number of floats in the tables."""
        return 0 if self._state is None else sum(table.size for table in self._state.tables.present().values())

    def summary(self, print_fn: Callable[[str], object] | None = None, **options: Any) -> None:
        """Prints the tables with their shapes.

        Args:
            print_fn: callable that gets the text; None is `print`.
            **options: those of Keras's `summary`, which say how layers are shown; there are none here.
        """
        from rich.console import Console
        from rich.table import Table

        grid = Table("Table", "Shape", "Floats")
        for name, table in ({} if self._state is None else self._state.tables.present()).items():
            grid.add_row(name, str(table.shape), f"{table.size:,}")
        text = io.StringIO()
        console = Console(width=80, file=text)
        console.print(f'Model: "{self.name}"', highlight=False)
        console.print(grid, f"Floats in all: {self.count_params():,} ({4 * self.count_params() / 2**20:.1f} MiB)")
        (print_fn or print)(text.getvalue().rstrip("\n"))

    def _store_arrays(self, store):
        if self._state is not None:
            for name, array in self._current_state().arrays().items():
                store[name] = array

    def _load_arrays(self, arrays):
        if self._declared_size and self._state is None:
            self._check_shapes({arrays[name].shape for name in arrays if not name.endswith("_accumulator")})
            self._create_tables(self._declared_size)
        if self._state is not None:
            self._take_over(arrays)

    def _check_shapes(self, found):
        """Compares the sizes in the config with those of a file, before there is memory for them."""
        expected = {(self._declared_size, self.embedding_dim)}
        if self.char_ngrams is not None:
            expected.add((self.ngram_buckets, self.embedding_dim))
        if not expected <= found:
            raise ValueError(
                f"its settings declare tables of the shapes {sorted(expected)}, and its weights have others"
            )

    def _take_origin(self, origin):
        super()._take_origin(origin)
        if self._state is None:
            self._create_tables(self.encoder.size)
            self._set_ngram_rows()

    def _restorer(self):
        restore, state, rows = super()._restorer(), self._state, self._ngram_rows

        def restore_all():  # the tables themselves change as a whole or not at all
            restore()
            self._state, self._ngram_rows, self._word_vectors = state, rows, None
            self.built = state is not None

        return restore_all

    def _take_over(self, arrays: Mapping[str, np.ndarray]) -> None:
        if self._run is not None:
            self._run.release()
        if self._state is not None:
            self._state.assign(arrays)
        self._word_vectors = None

    def _set_ngram_rows(self):
        if self.char_ngrams is not None:
            self._ngram_rows = subwords.collect_ngram_rows(
                self.encoder.vocabulary, self.char_ngrams, self.ngram_buckets
            )

    def load_assets(self, dir_path):
        super().load_assets(dir_path)
        self._word_vectors = None
        if self.encoder.is_adapted:
            self._set_ngram_rows()

    def _check_assets(self):
        if self._declared_size and self._state is None:
            return  # the weights were refused
        if self.encoder.size != self.vocabulary_size:
            raise ValueError(f"its vocabulary has {self.encoder.size} words, and its tables {self.vocabulary_size}")

    def get_build_config(self):
        return {"vocabulary_size": self.vocabulary_size, "vocabulary": self.name_vocabulary()}

    def build_from_config(self, config):
        """Makes the tables of a clone; those of a file wait for its weights, whose sizes they have to be of."""
        self._declared_size = config["vocabulary_size"]
        if self._declared_size:
            self.find_vocabulary(config.get("vocabulary"))
        if self.encoder.is_adapted:
            self._check_declared(self.encoder.size)
            self._create_tables(self.encoder.size)
            self._set_ngram_rows()

    def _check_declared(self, size):
        shape = (self._declared_size, self.embedding_dim)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else math.inf
        if self._declared_size > size or 8 * size * self.embedding_dim > memory:
            raise ValueError(
                f"its settings declare tables of the shapes [{shape}], which {size} words do not need or this machine "
                "has no memory for"
            )

    def _create_tables(self, size: int) -> None:
        """Makes the tables for a vocabulary of `size`; the rows there were stay as they are."""
        self._word_vectors = None
        buckets = self.ngram_buckets if self.char_ngrams else None
        if self._state is None:
            tables = create_tables(size, self.embedding_dim, buckets, [self._first_seed])
            self._state = TrainingState(tables, Progress(self._first_seed))
        else:
            seed = [self._first_seed, size]
            self._state.tables = create_tables(size, self.embedding_dim, buckets, seed, self._state.tables)
        self.built = True
