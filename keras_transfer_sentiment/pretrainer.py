"""Word vectors from unlabelled text."""

import random
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_transfer_sentiment import skipgram
from keras_transfer_sentiment.errors import check_number, check_texts
from keras_transfer_sentiment.pooling import PACKAGE, MaskedMeanPooling
from keras_transfer_sentiment.text import EncodedTexts, TextEncoder
from keras_transfer_sentiment.text_model import TextModel, dataset_batches

_TRAINING_WORDS = 10_000_000  # words to train on, all passes together, where the user sets no epochs
_AUTO_EPOCHS = 10  # at most so many then: over a small text, an epoch is several passes
_COMPILE_WORDS = 1_000_000  # from so many words of training on, compiling the step pays
_PREDICT_WORDS = 200_000  # words averaged at a time: small enough for the cache, large enough to fill the threads


@keras.saving.register_keras_serializable(PACKAGE)
class SkipGramPretrainer(TextModel):
    """Learns word vectors from unlabelled text by skip-gram with negative sampling.

    From each word the other words of its text are predicted: vectors of words that share texts are pulled together,
    those of randomly drawn words pushed apart. Words of one review share its polarity, so the vectors carry
    sentiment before the first label is seen. It is a `keras.Model`: `fit` shows Keras's progress bar, takes its
    callbacks and returns a `History`; `save` and `load_model` work.

    Args:
        embedding_dim: int. Length of the word vectors.
        window: int or None. How many words to either side count as context. None, every other word of the same
            text, suits sentiment; 5 suits word similarity.
        negative_samples: int. Randomly drawn words to push away for each pair.
        subsample: float or None. Words with a larger share of the text than this are thinned out in each pass; None
            keeps all.
        learning_rate: float. Of the row-wise Adagrad update; falls linearly to almost 0 during a `fit`.
        encoder: `TextEncoder` or None. How texts become words; None is the default one, for English.
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
        >>> sorted(word for word, _ in pretrainer.most_similar("boring", top_n=2))
        ['cold', 'plot']
    """

    def __init__(
        self,
        embedding_dim: int = 200,
        *,
        window: int | None = None,
        negative_samples: int = 5,
        subsample: float | None = 1e-4,
        learning_rate: float = 0.2,
        encoder: TextEncoder | None = None,
        seed: int | None = None,
        name: str | None = None,
    ):
        super().__init__(TextEncoder() if encoder is None else encoder, name=name)
        self.embedding_dim = check_number(embedding_dim, "embedding_dim", 1, kind=int)
        self.window = window if window is None else check_number(window, "window", 1, 255, kind=int)
        self.negative_samples = check_number(negative_samples, "negative_samples", 1, kind=int)
        self.subsample = subsample if subsample is None else check_number(subsample, "subsample", 1e-12, 1.0)
        self.learning_rate = check_number(learning_rate, "learning_rate", 1e-12)
        self.seed = seed if seed is None else check_number(seed, "seed", 0, 2**31 - 1, kind=int)
        self._run_seed = random.randint(1, 10**9) if self.seed is None else self.seed
        self._tables: skipgram.Tables | None = None
        self.train_function: Callable | None = None
        self._mean = MaskedMeanPooling()
        self._mean_loss = keras.metrics.Mean(name="loss")
        super().compile(optimizer=None, jit_compile=False)

    @property
    def vocabulary_size(self):
        """Number of word vectors, padding's included; 0 before there are any."""
        return 0 if self._tables is None else self._tables.words.shape[0]

    @property
    def vectors(self) -> np.ndarray:
        """float32 array `(vocabulary, embedding_dim)`: the word vectors, by id; row 0, padding, is 0."""
        return self._fitted_tables.words.numpy()

    @property
    def metrics(self):
        return [self._mean_loss]

    def compile(self, run_eagerly: bool = False) -> None:
        """Sets how `fit` runs; the loss and the update rule are part of skip-gram and cannot be chosen.

        Args:
            run_eagerly: bool. Whether to run step by step, for debugging.
        """
        super().compile(optimizer=None, run_eagerly=run_eagerly, jit_compile=False)

    def get_compile_config(self):
        return None

    def adapt(self, texts) -> None:
        """Learns the vocabulary and gives each word a random vector, without training.

        Args:
            texts: iterable of str or of token lists.
        """
        if self._tables is not None:
            raise ValueError(
                f"This pretrainer has vectors for {self.encoder.size - 1} words already; a new vocabulary would not "
                "fit them. Make a new `SkipGramPretrainer` for it."
            )
        self.encoder.adapt(self._stream(texts, "adapt"))
        self._create_tables(self.encoder.size)

    def fit(
        self,
        x,
        batch_size: int | None = None,
        epochs: int | None = None,
        verbose: str | int = "auto",
        callbacks: list | None = None,
        initial_epoch: int = 0,
    ) -> keras.callbacks.History:
        """Learns word vectors, after the vocabulary if there is none yet. A second `fit` goes on from the first.

        Args:
            x: texts: list, tuple, 1D NumPy array, Series or generator of str or of token lists, a callable that
                returns such an iterable, a `tf.data.Dataset` of str, or `EncodedTexts` of this model's encoder.
            batch_size: int or None. Rows of words a training step takes; None chooses by the size of the text.
            epochs: int or None. Passes over the text. None takes as many as its size needs: 3 for a large corpus,
                up to 200 for a few sentences, then several passes an epoch.
            verbose: `"auto"`, 0, 1 or 2, as in Keras.
            callbacks: list of `keras.callbacks.Callback`.
            initial_epoch: int. Epoch to start from, as in Keras.

        Returns:
            A `keras.callbacks.History` with the `loss` of each epoch: the mean over pairs of words of one text. The
            noise words are left out of it, so that it may rise while the vectors improve.

        Raises:
            TypeError: not texts.
            ValueError: no texts, or no word of them in the vocabulary.
        """
        if epochs is not None:
            epochs = check_number(epochs, "epochs", 1, kind=int)
        if batch_size is not None:
            batch_size = check_number(batch_size, "batch_size", 1, kind=int)
        corpus = self._encode_corpus(x)
        counts = self.encoder.counts
        keep = skipgram.keep_probability(counts, self.subsample)
        expected = float(keep[corpus.ids].sum())
        layout = skipgram.plan_layout(expected, self.window, batch_size)
        passes_per_epoch = 1
        if epochs is None:
            passes = int(np.clip(np.ceil(_TRAINING_WORDS / max(expected, 1)), 3, 200))
            passes_per_epoch = -(-passes // _AUTO_EPOCHS)
            epochs = initial_epoch + -(-passes // passes_per_epoch)
        passes = (epochs - initial_epoch) * passes_per_epoch
        self._noise = skipgram.noise_tables(counts)
        self._compiled = passes * expected > _COMPILE_WORDS
        self._rate_start.assign(self._step)
        self._rate_steps.assign(passes * layout.steps)
        chunks = skipgram.passes(corpus, keep, layout, self._run_seed + int(self._step.numpy()))
        steps_per_epoch = -(-layout.steps // skipgram.STEPS_PER_CHUNK) * passes_per_epoch

        def next_chunk(_):
            chunk = tf.numpy_function(lambda: next(chunks), [], (tf.int32, tf.int32))
            return (tuple(tf.ensure_shape(part, (None, layout.rows, layout.length)) for part in chunk),)

        # Not from_generator: that makes TensorFlow give every freed tensor back to the system, a third of the time.
        data = tf.data.Dataset.range((epochs - initial_epoch) * steps_per_epoch).map(next_chunk).prefetch(4)
        self.make_train_function(force=True)  # the noise and the layout are part of the graph
        return super().fit(
            data,
            epochs=epochs,
            steps_per_epoch=steps_per_epoch,
            verbose=verbose,
            callbacks=callbacks,
            initial_epoch=initial_epoch,
            shuffle=False,  # the chunks are shuffled already
        )

    def make_train_function(self, force=False):
        # Keras nests the step in functions of its own, inside which the same step takes twice as long.
        if self.train_function is None or force:
            step = self.train_step if self.run_eagerly else tf.function(self.train_step, autograph=False)
            self.train_function = lambda iterator: step(next(iterator))
        return self.train_function

    def train_step(self, data):
        """Trains on one chunk: int32 ids and text numbers, `(steps, rows, length)` each."""
        ((ids, texts),) = data
        total = tf.maximum(tf.cast(self._rate_steps, tf.float32), 1.0)

        def one(i, loss, pairs):
            done = tf.cast(self._step - self._rate_start, tf.float32) / total
            block_loss, block_pairs = skipgram.train_block(
                self._fitted_tables,
                self._noise,
                ids[i],
                texts[i],
                window=self.window,
                negative_samples=self.negative_samples,
                shared_negatives=ids.shape[-1] // 2,
                rate=self.learning_rate * tf.maximum(1.0 - done, skipgram.RATE_FLOOR),
                seed=tf.stack([self._run_seed, 3 * self._step]),
                compiled=self._compiled,
            )
            self._step.assign_add(1)
            return i + 1, loss + block_loss, pairs + block_pairs

        _, loss, pairs = tf.while_loop(lambda i, *_: i < tf.shape(ids)[0], one, (0, 0.0, 0.0), parallel_iterations=1)
        self._mean_loss.update_state(loss / tf.maximum(pairs, 1.0), sample_weight=pairs)
        return {"loss": self._mean_loss.result()}

    def call(self, inputs):
        """Returns mean word vectors `(batch, embedding_dim)` of int ids `(batch, time)` padded with 0."""
        return self._mean(tf.gather(self._fitted_tables.words, inputs), mask=inputs != 0)

    def predict(self, x, verbose: str | int = 0) -> np.ndarray:
        """Returns the mean word vector of each text; the zero vector where no word is known.

        Args:
            x: batch of texts (or their ids), as for `encode`.
            verbose: accepted for compatibility with Keras; there is no progress bar.

        Returns:
            float32 array `(len(x), embedding_dim)`.
        """
        return mean_vectors(self.vectors, self._encoded(x, "predict"))

    def vector(self, word: str) -> np.ndarray:
        """Returns the vector of a word, float32 `(embedding_dim,)`.

        Raises:
            KeyError: the word is not in the vocabulary.
        """
        self._check_vocabulary("vector")
        return self._fitted_tables.words[self.encoder.word_id(word)].numpy()

    def most_similar(self, word: str, top_n: int = 10) -> list[tuple[str, float]]:
        """Returns the words whose vectors point most nearly the same way.

        Args:
            word: str.
            top_n: int. How many.

        Returns:
            list of `(word, cosine similarity)`, the most similar first, `word` itself left out.

        Raises:
            KeyError: the word is not in the vocabulary.
        """
        self._check_vocabulary("most_similar")
        top_n = check_number(top_n, "top_n", 1, kind=int)
        place = self.encoder.word_id(word)
        vectors = self.vectors
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        cosine = unit @ unit[place]
        cosine[[0, place]] = -np.inf
        best = np.argsort(-cosine)[: min(top_n, len(cosine) - 2)]
        words = self.encoder.vocabulary
        return [(words[i], float(cosine[i])) for i in best]

    def embedding_layer(self) -> keras.layers.Embedding:
        """Returns a frozen `keras.layers.Embedding` with a copy of the vectors; id 0 is masked."""
        vectors = self.vectors
        layer = keras.layers.Embedding(*vectors.shape, mask_zero=True, trainable=False, name="word_vectors")
        layer.build()
        layer.embeddings.assign(vectors)
        return layer

    def get_config(self):
        names = "embedding_dim window negative_samples subsample learning_rate seed"
        return {**super().get_config(), **{name: getattr(self, name) for name in names.split()}}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "encoder": cls.encoder_from_config(config["encoder"])})

    def get_build_config(self):
        return {"vocabulary_size": self.vocabulary_size}

    def build_from_config(self, config):
        if config["vocabulary_size"]:
            self._create_tables(config["vocabulary_size"])

    @property
    def _fitted_tables(self):
        self._check_vocabulary("vectors")
        assert self._tables is not None
        return self._tables

    def _create_tables(self, size):
        start = np.random.default_rng(self._run_seed).uniform(-0.5, 0.5, (size, self.embedding_dim))
        start[0] = 0.0

        def table(name, value, trainable):
            weight = self.add_weight(name=name, shape=value.shape, initializer="zeros", trainable=trainable)
            weight.assign(value)
            return weight.value

        squares = np.full((size, 1), skipgram.ACCUMULATOR_START, "float32")
        self._tables = skipgram.Tables(
            table("words", start / self.embedding_dim, True),
            table("contexts", np.zeros((size, self.embedding_dim), "float32"), True),
            table("words_squares", squares, False),
            table("contexts_squares", squares, False),
        )
        counter = {"shape": (), "dtype": "int32", "initializer": "zeros", "trainable": False}
        self._step = self.add_weight(name="step", **counter).value
        self._rate_start = self.add_weight(name="rate_start", **counter).value
        self._rate_steps = self.add_weight(name="rate_steps", **counter).value
        self.built = True

    def _stream(self, x, caller):
        if isinstance(x, tf.data.Dataset):
            return (text for batch in dataset_batches(x, caller) for text in batch)
        if callable(x):
            return x()
        if isinstance(x, (str, bytes, list, tuple)) or hasattr(x, "ndim"):
            return check_texts(x, caller)
        return x

    def _encode_corpus(self, x):
        if self._tables is None and not self.encoder.is_adapted:
            corpus = self.encoder.adapt_and_encode(self._stream(x, "fit"))
        elif isinstance(x, EncodedTexts):
            corpus = self._checked_ids(x, "fit")
        else:
            corpus = self.encoder.encode(list(self._stream(x, "fit")))
        if not len(corpus.ids):
            raise ValueError(
                f"`fit` received {len(corpus)} texts without a known word. The vocabulary of "
                f"{self.encoder.size - 1} words was learned before, from other text: for a new language or domain "
                "make a new `SkipGramPretrainer`."
            )
        if self._tables is None:
            self._create_tables(self.encoder.size)
        self._check_vocabulary("fit")
        return corpus


def mean_vectors(table, encoded):
    """Returns the mean row of `table` for each of the encoded texts, float32 `(texts, dim)`."""
    pooled = np.zeros((len(encoded), table.shape[1]), "float32")
    ends = encoded.offsets
    first = 0
    while first < len(encoded):
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + _PREDICT_WORDS, "right")) - 1)
        rows = np.repeat(np.arange(last - first), encoded.lengths[first:last])
        words = tf.gather(table, encoded.ids[ends[first] : ends[last]])
        pooled[first:last] = tf.math.unsorted_segment_mean(words, rows, last - first)
        first = last
    return pooled
