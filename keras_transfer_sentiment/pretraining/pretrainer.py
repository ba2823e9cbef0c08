"""Word vectors from unlabelled text."""

import contextlib
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_transfer_sentiment.callbacks import check_callbacks
from keras_transfer_sentiment.checks import check_count, check_flag, check_number, check_path, check_schedule, short
from keras_transfer_sentiment.forks import check_not_forked
from keras_transfer_sentiment.model_file import find_word_vectors
from keras_transfer_sentiment.pretraining import sources
from keras_transfer_sentiment.pretraining.engine import runs_on_accelerator
from keras_transfer_sentiment.pretraining.run import Settings, TrainingRun
from keras_transfer_sentiment.pretraining.table_model import TableModel
from keras_transfer_sentiment.registration import PACKAGE
from keras_transfer_sentiment.text.encoder import EncodedTexts, TextEncoder
from keras_transfer_sentiment.text.vocabulary import WordCounts
from keras_transfer_sentiment.vectors import subwords
from keras_transfer_sentiment.vectors.word_vectors import WordVectors

_HIGHEST_RATE = 10.0  # of learning; Adagrad's steps are no longer than that, so vectors stay finite


@keras.saving.register_keras_serializable(PACKAGE)
class SkipGramPretrainer(TableModel):
    """Learns word vectors from unlabelled text by skip-gram with negative sampling.

    From each word the other words of its text are predicted: vectors of words that share texts are pulled together,
    those of randomly drawn words pushed apart. Words of one review share its polarity, so the vectors carry
    sentiment before the first label is seen. It is a `keras.Model`: `fit` shows Keras's progress bar, takes its
    callbacks and returns a `History`; `save` and `load_model` work.

    Args:
        embedding_dim: int. Length of the word vectors.
        window: int or None. How many words to either side count as context, near ones more than far ones. None, every
            other word of the same text, suits sentiment; 5 suits word similarity.
        negative_samples: int. Randomly drawn words to push away for each pair.
        subsample: float or None. Words with a larger share of the text than this are thinned out in each pass; None
            keeps all.
        learning_rate: float. Of the first steps of a word; falls linearly to almost 0 during a `fit`.
        encoder: `TextEncoder` or None. How texts become words; None is the default one, for English.
        char_ngrams: two ints or None. The shortest and the longest character n-gram that has a vector; a word's
            vector is then the mean of its own and those of its n-grams, and misspelt and unseen words have one too
            (Bojanowski, Grave, Joulin and Mikolov 2017). (3, 6) is usual. Takes two to three times as long.
        ngram_buckets: int. Rows of the table of n-grams, which share them by a hash.
        seed: int or None. The same seed gives the same vectors on the same machine; None takes one from Python's
            `random`, which `keras.utils.set_random_seed` seeds.
        name: str or None.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a number out of range.

    References:
        Mikolov, Sutskever, Chen, Corrado and Dean (2013), https://arxiv.org/abs/1310.4546. How it is computed:
        see the module `skipgram`.

    Examples:
        >>> texts = ["a warm and funny film", "cold and boring", "warm funny moving", "boring cold plot"] * 5
        >>> pretrainer = SkipGramPretrainer(embedding_dim=8, seed=0)
        >>> history = pretrainer.fit(texts, verbose=0)
        >>> pretrainer.predict(["a warm film", "boring"]).shape
        (2, 8)
        >>> sorted(word for word, _ in pretrainer.word_vectors.most_similar("boring", top_n=2))
        ['cold', 'plot']
    """

    def __init__(
        self,
        embedding_dim: int = 200,
        *,
        window: int | None = None,
        negative_samples: int = 5,
        subsample: float | None = 1e-4,
        learning_rate: float = 0.1,
        encoder: TextEncoder | None = None,
        char_ngrams: tuple[int, int] | None = None,
        ngram_buckets: int = 200_000,
        seed: int | None = None,
        name: str | None = None,
    ):
        super().__init__(TextEncoder() if encoder is None else encoder, name=name)
        self.embedding_dim = check_count(embedding_dim, "embedding_dim")
        self.window = window if window is None else check_number(window, "window", 1, 255, kind=int)
        self.negative_samples = check_number(negative_samples, "negative_samples", 1, 1000, kind=int)
        self.subsample = subsample if subsample is None else check_number(subsample, "subsample", 1e-12, 1.0)
        self.learning_rate = check_number(learning_rate, "learning_rate", 1e-12, _HIGHEST_RATE)
        self.char_ngrams = subwords.check_lengths(char_ngrams)
        self.ngram_buckets = check_number(ngram_buckets, "ngram_buckets", 1, 2**30, kind=int)
        self.seed = seed if seed is None else check_count(seed, "seed", 0)
        self._first_seed = random.randint(1, 10**9) if self.seed is None else self.seed
        self.train_function: Callable | None = None
        self._loss_sums = np.zeros(2)  # of an epoch: of the losses, and the number of pairs
        super().compile(optimizer=None, jit_compile=False)

    @property
    def metrics(self):
        return []  # the loss is summed up without Keras, whose metrics would take longer than small steps

    def reset_metrics(self):
        super().reset_metrics()
        self._loss_sums = np.zeros(2)

    def compile(self, run_eagerly: bool = False) -> None:
        """Sets how `fit` runs; the loss and the update rule are part of skip-gram and cannot be chosen.

        Args:
            run_eagerly: bool. Whether to run step by step, for debugging.
        """
        run_eagerly = check_flag(run_eagerly, "run_eagerly")
        super().compile(optimizer=None, run_eagerly=run_eagerly, jit_compile=False)

    def get_compile_config(self):
        return None

    def adapt(self, texts) -> None:
        """Learns the vocabulary and gives each word a random vector, without training.

        Args:
            texts: iterable of str or of token lists, or any other source of texts that `fit` takes, or `WordCounts`.
        """
        if self.vocabulary_size:
            raise ValueError(
                f"This pretrainer has vectors for {self.encoder.size - 1} words already; a new vocabulary would not "
                "fit them. Make a new `SkipGramPretrainer` for it, or call `fit(texts, grow_vocabulary=True)`."
            )
        if isinstance(texts, WordCounts):
            self.encoder.adapt(texts)
        else:
            with sources.open_source(texts, "adapt") as source:
                source.adapt(self.encoder)
        self._create_tables(self.encoder.size)

    def fit(
        self,
        x,
        y=None,
        batch_size: int | None = None,
        epochs: int | None = None,
        verbose: str | int = "auto",
        callbacks: list | None = None,
        initial_epoch: int = 0,
        grow_vocabulary: bool = False,
        cache_dir: str | os.PathLike | None = None,
    ) -> keras.callbacks.History:
        """Learns word vectors, after the vocabulary if there is none yet. A second `fit` goes on from the first.

        Lists and arrays are encoded in memory. All other texts may be of any length: they are read once, and lie as
        word ids in a file, in `cache_dir` or a temporary folder, while the vectors are trained.

        Args:
            x: texts: list, tuple, 1D NumPy array or Series of str or of token lists; `TextFiles`, the `pathlib.Path`
                of a file or a list of them; a generator, a callable that returns a fresh iterable, a
                `tf.data.Dataset` of str; or `EncodedTexts` of this model's encoder.
            y: None. It stands where Keras has labels; there are none here.
            batch_size: int or None. Rows of words a training step takes; None chooses by the size of the text.
            epochs: int or None. Passes over the text. None takes as many as its size needs: 3 for a large corpus,
                up to 200 for a few sentences, then several passes an epoch. A number means single passes: a few
                thousand texts need dozens of them.
            verbose: `"auto"`, 0, 1 or 2, as in Keras.
            callbacks: list of `keras.callbacks.Callback`. They are told the `loss` alone.
            initial_epoch: int. Epoch to start from, as in Keras.
            grow_vocabulary: bool. Whether new words of these texts enter the vocabulary, after those there are, which
                keep their vectors as a start. See `TextEncoder.grow`.
            cache_dir: path of a folder or None. Where the encoded texts are kept and, every half a minute, the state
                of the training. The same call goes on from there after an interruption, even `kill -9`; another
                `fit` on the same texts need not encode them again.

        Returns:
            A `keras.callbacks.History` with the `loss` of each epoch: the mean over pairs of words of one text. The
            noise words are left out of it, so that it may rise while the vectors improve.

        Raises:
            TypeError: not texts, or labels with them.
            ValueError: no texts, or no word of them in the vocabulary; a `cache_dir` of other texts or another encoder;
                a callback that changes the learning rate, or waits for more than `loss`; a `tf.distribute` strategy.
            RuntimeError: another backend of Keras than TensorFlow; or, on a GPU, a process that was forked after
                TensorFlow had started.
            OSError: a file that cannot be read, a full disk, or a `cache_dir` that another process uses.
        """
        if y is not None:
            raise TypeError(
                f"`fit` learns from texts alone and takes no labels. Received `y`: {short(y)}. Leave it out; "
                "`TransferSentimentClassifier.fit` takes labels."
            )
        batch_size, epochs, initial_epoch, verbose = check_schedule(batch_size, epochs, initial_epoch, verbose)
        grow_vocabulary = check_flag(grow_vocabulary, "grow_vocabulary")
        if cache_dir is not None:
            cache_dir = check_path(cache_dir, "cache_dir", "cache")
        callbacks = check_callbacks(callbacks, None, validates=False)
        self._check_place()
        self._word_vectors = None
        opened = contextlib.nullcontext(x) if isinstance(x, EncodedTexts) else sources.open_source(x, "fit", cache_dir)
        with opened as source, contextlib.ExitStack() as stack:
            corpus = self._encode_corpus(source, grow_vocabulary, cache_dir, verbose)
            self._run = TrainingRun(
                self._current_state(),
                Settings(self.window, self.negative_samples, self.subsample, self.learning_rate),
                corpus,
                self.encoder.counts,
                rows=batch_size,
                epochs=epochs,
                initial_epoch=initial_epoch,
                ngram_rows=self._ngram_rows,
                run_eagerly=self.run_eagerly,
                backup=None if cache_dir is None else (Path(cache_dir) / "training.npz", self._backup_key()),
            )
            stack.callback(self._end_run)
            return self._train(self._run, verbose, callbacks)

    def _check_place(self):
        """Refuses to train where it would end in an error of TensorFlow's, or never."""
        if runs_on_accelerator(self.char_ngrams is not None):
            check_not_forked("fit")
        if keras.backend.backend() != "tensorflow":
            raise RuntimeError(
                "`fit` of a SkipGramPretrainer needs Keras's TensorFlow backend. Received the backend "
                f"{keras.backend.backend()!r}. Train with `KERAS_BACKEND=tensorflow` and save the vectors; "
                "a classifier takes their file on any backend."
            )
        strategy = self.distribute_strategy
        if tf.distribute.has_strategy() or strategy is not tf.distribute.get_strategy():
            raise ValueError(
                "`fit` of a SkipGramPretrainer uses all cores of one machine and no `tf.distribute` strategy. Received "
                f"a model in the scope of a {type(strategy).__name__}. Make and fit the pretrainer "
                "outside of `strategy.scope()`; the classifier may be inside."
            )

    def _train(self, run, verbose, callbacks):
        # Keras gets the numbers of the step groups alone: as tensors, the groups themselves would take time and memory.
        numbers = tf.data.Dataset.range(run.schedule.groups)
        options = tf.data.Options()
        options.autotune.enabled = False  # its thread sleeps, and may keep the end of `fit` waiting for many seconds
        history = super().fit(
            numbers.with_options(options),
            epochs=run.schedule.epochs,
            steps_per_epoch=run.schedule.groups_per_epoch,
            verbose=verbose,
            callbacks=callbacks,
            initial_epoch=run.next_epoch,
            shuffle=False,
        )
        run.delete_backup()
        return history

    def _backup_key(self):
        names = ("embedding_dim", "window", "negative_samples", "subsample", "learning_rate", "seed")
        key = {name: getattr(self, name) for name in names}
        return {**key, "char_ngrams": self.char_ngrams and list(self.char_ngrams)}

    def _end_run(self):
        run, self._run = self._run, None
        if run is not None:
            run.__exit__()

    def make_train_function(self, force=False):
        # Not Keras's, which is a graph: the step is compiled already.
        self.train_function = lambda iterator: self.train_step(next(iterator))
        return self.train_function

    def train_step(self, data):
        """Trains on the next step group; `data` is its number."""
        if self._run is None:
            raise ValueError("`train_step` is a part of `fit`. Received a call from outside. Call `fit(texts)`.")
        self._loss_sums += self._run.train_group()
        self._word_vectors = None
        return {"loss": self._loss_sums[0] / max(self._loss_sums[1], 1.0)}

    def get_config(self):
        names = ("embedding_dim", "window", "negative_samples", "subsample", "learning_rate", "seed", "char_ngrams")
        return {**super().get_config(), **{name: getattr(self, name) for name in (*names, "ngram_buckets")}}

    @classmethod
    def from_word_vectors(cls, word_vectors: WordVectors | str | os.PathLike, **options: Any) -> "SkipGramPretrainer":
        """Returns a pretrainer that starts from word vectors, for `fit` to train on.

        Args:
            word_vectors: `WordVectors`, or the path of a file that `WordVectors.load` reads.
            **options: further arguments of `SkipGramPretrainer`; the vectors tell `embedding_dim`, `encoder` and
                `char_ngrams`.

        Raises:
            TypeError: an argument that the vectors tell, or no word vectors.
            FileNotFoundError: there is no such file.
            ValueError: the file is broken.

        Examples:
            >>> vectors = WordVectors.from_words(["film", "good"], [[0.0, 1.0], [3.0, 4.0]])
            >>> pretrainer = SkipGramPretrainer.from_word_vectors(vectors, seed=0)
            >>> history = pretrainer.fit(["a good film"], epochs=1, verbose=0, grow_vocabulary=True)
        """
        if told := sorted({"embedding_dim", "encoder", "char_ngrams"} & set(options)):
            raise TypeError(
                f"`from_word_vectors` takes `{told[0]}` from the vectors. Received `{told[0]}="
                f"{short(options[told[0]])}`. Leave it out."
            )
        vectors = find_word_vectors(word_vectors, "SkipGramPretrainer.from_word_vectors")
        ngrams = vectors.char_ngrams
        if ngrams is not None:
            options = {**options, "char_ngrams": ngrams.lengths, "ngram_buckets": len(ngrams.table)}
        pretrainer = cls(vectors.embedding_dim, encoder=vectors.encoder.copy(), **options)
        pretrainer._start_from(vectors)
        return pretrainer

    def _start_from(self, vectors):
        self._create_tables(self.encoder.size)
        matrix, tables = vectors.matrix, self.tables
        self._set_ngram_rows()
        if self._ngram_rows is not None and tables.ngrams is not None:
            matrix = subwords.take_apart(matrix, vectors.char_ngrams.table, self._ngram_rows)
            tables.ngrams[...] = vectors.char_ngrams.table
        tables.words[...] = matrix

    @classmethod
    def from_config(cls, config):
        with cls.reading_settings():
            return cls(**{**config, "encoder": cls.encoder_from_config(config["encoder"])})

    def _encode_corpus(self, source, grow, cache_dir, verbose):
        if isinstance(source, EncodedTexts):
            if grow or cache_dir is not None:
                raise ValueError(
                    f"`{'grow_vocabulary' if grow else 'cache_dir'}` needs texts. Received `EncodedTexts`, which are "
                    "word ids already. Pass the texts themselves."
                )
            corpus = self._checked_ids(source, "fit")
        else:
            corpus = source.encode(self.encoder, grow, verbose)
        if not len(corpus.ids):
            raise ValueError(
                f"`fit` received {len(corpus)} texts without a known word. The vocabulary of "
                f"{self.encoder.size - 1} words was learned before, from other text: for a new language or domain "
                "make a new `SkipGramPretrainer`, or pass `grow_vocabulary=True`."
            )
        if not self.vocabulary_size or (grow and self.encoder.size > self.vocabulary_size):
            self._create_tables(self.encoder.size)
        self._check_vocabulary("fit")
        if self.char_ngrams is not None and (
            self._ngram_rows is None or len(self._ngram_rows.offsets) <= self.vocabulary_size
        ):
            self._set_ngram_rows()
        return corpus
