"""A sentiment classifier on transferred word vectors."""

import functools
import inspect
import random
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_transfer_sentiment.checks import (
    VERBOSE,
    check_choice,
    check_labels,
    check_number,
    check_texts,
    check_weights,
    short,
)
from keras_transfer_sentiment.classification.heads import MeanPoolHead, SentimentHead
from keras_transfer_sentiment.classification.labelled import (
    TIME_MULTIPLE,
    Examples,
    PaddedBatches,
    class_weights,
    texts_of,
    unzip,
)
from keras_transfer_sentiment.classification.seed_words import check_known, seed_examples, seed_word_lists
from keras_transfer_sentiment.model_file import find_word_vectors
from keras_transfer_sentiment.registration import PACKAGE
from keras_transfer_sentiment.text.encoder import EncodedTexts, TextEncoder
from keras_transfer_sentiment.text_model import TextModel
from keras_transfer_sentiment.vectors.arithmetic import center_and_shorten

_FULL_BATCH = 32_768  # up to so many pooled texts make one batch
_AUTO_STEPS = 300  # training steps where the user picks no epochs
_AUTO_EPOCHS = 10
_BATCH_WORDS = 16_384  # padded words of a batch outside training: their vectors stay in the cache
_PART = 4096  # texts tokenised between two hand-overs to TensorFlow


class _Shape(NamedTuple):
    """What a classifier needs to know to be made again from its config: vectors come with the weights."""

    encoder: TextEncoder
    matrix: np.ndarray
    nearest_words: None = None


@keras.saving.register_keras_serializable(PACKAGE)
class TransferSentimentClassifier(TextModel):
    """Classifies texts as positive or negative, from word vectors learned on other text and a few labels.

    The pretrainer's vectors are copied into a frozen `keras.layers.Embedding`, centred (the mean vector of running
    text is subtracted); above it stands a head, by default average pooling, unit length, a hidden `Dense` layer and
    a sigmoid. Seed words, such as "excellent" and "awful", act as labelled texts of one word: `fit()` without any
    text makes a classifier from them alone, and a few labels refine it. It is a `keras.Model`, compiled on
    construction (Adam, binary cross-entropy, accuracy); `compile` overrides that.

    Args:
        word_vectors: `WordVectors`, a `SkipGramPretrainer` that has them, or the path of a file of either: what `save`
            wrote, or vectors that `WordVectors.load` reads.
        head: a `SentimentHead`, or any Keras layer from `(batch, time, dim)` to probabilities `(batch, 1)`. None
            makes a `MeanPoolHead`.
        seed_words: `"auto"` (the list of the encoder's language), `"english"`, `"chinese"`, None, or a dict of two
            lists, `{"positive": [...], "negative": [...]}`.
        trainable_embedding: bool. Whether `fit` changes the word vectors too.
        seed: int or None. For the initial weights of the default head and the order of batches; None takes one from
            Python's `random`, which `keras.utils.set_random_seed` seeds.
        name: str or None.

    Raises:
        TypeError: an argument of the wrong type.
        NotFittedError: the pretrainer has no vocabulary yet.
        ValueError: a file that holds no word vectors, a head of the wrong output shape, or seed words of which none is
            in the vocabulary.

    References:
        Seed words: Turney and Littman (2003), https://arxiv.org/abs/cs/0309034. Averaged vectors under a
        classifier: Iyyer, Manjunatha, Boyd-Graber and Daume (2015), "Deep Unordered Composition Rivals Syntactic
        Methods for Text Classification".

    Examples:
        >>> unlabelled = ["a warm and funny film", "cold and boring", "warm funny moving", "boring cold plot"] * 5
        >>> pretrainer = SkipGramPretrainer(embedding_dim=8, seed=0)
        >>> history = pretrainer.fit(unlabelled, verbose=0)
        >>> classifier = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
        >>> history = classifier.fit(["funny", "boring"], [1, 0], verbose=0)
        >>> classifier.predict_labels(["moving and warm", "a cold plot"]).tolist()
        [1, 0]
    """

    def __init__(
        self,
        word_vectors: Any,
        head: keras.layers.Layer | None = None,
        *,
        seed_words: str | dict[str, list[str]] | None = "auto",
        trainable_embedding: bool = False,
        seed: int | None = None,
        name: str | None = None,
    ):
        source = word_vectors if isinstance(word_vectors, _Shape) else find_word_vectors(word_vectors)
        lists = seed_word_lists(seed_words, source.encoder.language)
        super().__init__(source.encoder.copy() if source.encoder.is_adapted else source.encoder, name=name)
        self._nearest = source.nearest_words
        self.seed = seed if seed is None else check_number(seed, "seed", 0, 2**31 - 1, kind=int)
        self._run_seed = random.randint(1, 10**9) if self.seed is None else self.seed
        # Tuples: Keras wraps the lists that a model holds.
        self._seed_words = {polarity: tuple(words) for polarity, words in lists.items()} if lists else None
        self.embedding = keras.layers.Embedding(
            *source.matrix.shape, trainable=bool(trainable_embedding), name="word_vectors"
        )
        self.embedding.build()
        if self.encoder.is_adapted:
            self.embedding.embeddings.assign(center_and_shorten(source.matrix, self.encoder.counts))
            if lists:
                check_known(lists, self.encoder)
        self.head = self._built_head(MeanPoolHead(seed=self._run_seed) if head is None else head)
        self._prior_share = self.add_weight(name="prior_share", shape=(), initializer="zeros", trainable=False)
        self.built = True
        self.compile(
            keras.optimizers.Adam(getattr(self.head, "learning_rate", SentimentHead.learning_rate)),
            loss="binary_crossentropy",
            metrics=["accuracy"],
            jit_compile=False,  # XLA takes longer to compile such a small network than to train it
        )
        self.optimizer.build(self.trainable_variables)  # or a model saved before any `fit` warns when loaded

    @property
    def vocabulary_size(self):
        """Number of rows of the embedding: the words of the vocabulary and padding."""
        return self.embedding.input_dim

    @property
    def seed_words(self):
        """The seed words in use as a dict of two lists, or None."""
        return self._seed_words and {polarity: list(words) for polarity, words in self._seed_words.items()}

    def call(self, inputs, training=None):
        """Returns probabilities `(batch, 1)`.

        Args:
            inputs: int ids `(batch, time)` padded with 0, or float text vectors `(batch, any)` as `head.pool`
                returns them.
            training: bool or None.
        """
        if keras.backend.is_float_dtype(keras.backend.standardize_dtype(inputs.dtype)):
            return self.head.classify(inputs, training=training)
        vectors, mask = self._word_vectors(inputs)
        return self._call_head(self.head, vectors, mask, training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        if training and isinstance(self.head, SentimentHead):
            loss = loss + self._prior_share * self.head.penalty()
        return loss

    def fit(
        self,
        x=None,
        y=None,
        batch_size: int | None = None,
        epochs: int | None = None,
        verbose: str | int = "auto",
        callbacks: list | None = None,
        validation_split: float = 0.0,
        validation_data=None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight=None,
        initial_epoch: int = 0,
        validation_freq: int | list[int] = 1,
    ) -> keras.callbacks.History:
        """Trains the head, and the embedding too if it is trainable. A second `fit` goes on from the first.

        Args:
            x: texts: list, tuple, 1D NumPy array or Series of str or of token lists, `EncodedTexts`, an int array of
                ids, or a finite `tf.data.Dataset` of `(texts, labels)` or `(texts, labels, weights)`. None trains on
                the seed words alone.
            y: labels, 0 (negative) or 1 (positive), one a text; None where `x` is a Dataset.
            batch_size: int or None. None takes all texts at once where they are pooled beforehand (up to 32,768),
                and 32 otherwise.
            epochs: int or None. None trains for 300 steps, or at least 3 passes over the texts, which suits 8 labels
                as well as 25,000.
            verbose: `"auto"`, 0, 1 or 2, as in Keras.
            callbacks: list of `keras.callbacks.Callback`.
            validation_split: float. Share of the texts to hold out, drawn at random from each class.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or such a Dataset, or None.
            shuffle: bool. Whether batches are drawn in a new order each epoch.
            class_weight: dict from class (0, 1) to weight, or None.
            sample_weight: float array `(len(x),)`, or None.
            initial_epoch: int, as in Keras.
            validation_freq: int or list of int, as in Keras.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            TypeError: not texts, or labels that are not numbers.
            ValueError: empty input, lengths that differ, labels other than 0 and 1, or of one class only.
        """
        check_choice(verbose, "verbose", VERBOSE)
        if epochs is not None:
            epochs = check_number(epochs, "epochs", 1, kind=int)
        if batch_size is not None:
            batch_size = check_number(batch_size, "batch_size", 1, kind=int)
        check_number(validation_split, "validation_split", 0.0, 0.99)
        per_class = class_weights(class_weight)
        examples = None
        if x is not None:
            examples = self._examples(x, y, sample_weight, "fit")
            if validation_data is None and validation_split:
                examples, held_out = examples.split(validation_split, self._run_seed)
                validation_data = self._inputs(held_out)
            elif validation_data is not None:
                validation_data = self._validation_inputs(validation_data)
            examples = examples._replace(weights=examples.weights * per_class[examples.labels[:, 0].astype(int)])
        elif y is not None or sample_weight is not None or validation_split:
            raise ValueError("`fit` received labels, weights or a split but no texts. Pass the texts as `x`.")
        elif validation_data is not None:
            validation_data = self._validation_inputs(validation_data)
        examples = self._with_seed_words(examples)
        total = float(examples.weights.sum())
        if not total > 0:
            raise ValueError("`fit` received weights that are all 0. Give at least one text of each class a weight.")
        self._prior_share.assign(1.0 / total)
        examples = examples._replace(weights=examples.weights * (len(examples.weights) / total))

        count = len(examples.texts)
        one_batch = count <= (_FULL_BATCH if self.pools_once else 32)
        common = {
            "verbose": verbose,
            "callbacks": callbacks,
            "validation_data": validation_data,
            "initial_epoch": initial_epoch,
            "validation_freq": validation_freq,
        }
        if one_batch and batch_size is None and epochs is None:
            inputs = self._inputs(examples)
            whole = tf.data.Dataset.from_tensors(inputs if self.pools_once else inputs[0]).repeat()
            steps = _AUTO_STEPS // _AUTO_EPOCHS
            return super().fit(
                whole, epochs=initial_epoch + _AUTO_EPOCHS, steps_per_epoch=steps, shuffle=False, **common
            )
        if batch_size is None:
            batch_size = min(count, _FULL_BATCH) if self.pools_once and epochs is None else 32
        if epochs is None:
            epochs = initial_epoch + max(3, -(-_AUTO_STEPS // -(-count // batch_size)))
        if self.pools_once:
            features, labels, weights = self._inputs(examples)
            return super().fit(
                features, labels, sample_weight=weights, batch_size=batch_size, epochs=epochs, shuffle=shuffle, **common
            )
        batches = PaddedBatches(examples, batch_size, self._run_seed if shuffle else None)
        return super().fit(batches, epochs=epochs, shuffle=False, **common)

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight=None,
        callbacks: list | None = None,
        **kwargs,
    ) -> list[float] | dict[str, float]:
        """Returns the loss and the metrics on labelled texts.

        Args:
            x: texts, as for `fit`.
            y: labels, as for `fit`; one class only is fine here.
            batch_size: int or None. None is 1024.
            verbose: as in Keras.
            sample_weight: float array `(len(x),)`, or None.
            callbacks: list of `keras.callbacks.Callback`.
            **kwargs: `return_dict`, as in Keras.

        Returns:
            list of float, loss first, or a dict with `return_dict=True`.
        """
        if not kwargs.get("_use_cached_eval_dataset"):  # Keras evaluates in `fit` this way, on prepared inputs
            inputs = self._inputs(self._examples(x, y, sample_weight, "evaluate", one_class_ok=True))
            x, y, sample_weight = inputs if isinstance(inputs, tuple) else (inputs, None, None)
            batch_size = (batch_size or 1024) if y is not None else None
        return super().evaluate(
            x, y, batch_size=batch_size, verbose=verbose, sample_weight=sample_weight, callbacks=callbacks, **kwargs
        )

    def predict(self, x, batch_size: int | None = None, verbose: str | int = 0) -> np.ndarray:
        """Returns the probability that each text is positive.

        Args:
            x: batch of texts: list, tuple, 1D NumPy array or Series of str or of token lists, a `tf.data.Dataset`,
                `EncodedTexts`, or int ids `(batch, time)`. A text without a known word gets the same
                probability as any other such text, the classifier's prior, never NaN.
            batch_size: int or None. Most texts to compute at a time; None chooses.
            verbose: 0, `"auto"` or 1. 1 shows a progress bar.

        Returns:
            float32 array `(len(x), 1)`.
        """
        if isinstance(x, tf.data.Dataset):
            x = texts_of(x, "predict")
        if isinstance(x, (tf.data.Dataset, EncodedTexts)) or getattr(x, "ndim", 1) != 1:
            encoded = self._encoded(x, "predict")
            count, part = (len(encoded), lambda first: encoded.take(np.arange(first, min(first + _PART, count))))
        else:
            self._check_vocabulary("predict")
            texts = check_texts(x, "predict")
            count, part = len(texts), lambda first: self._encoded(texts[first : first + _PART], "predict")
        # TensorFlow computes one part while Python tokenises the next.
        with ThreadPoolExecutor(1) as worker:
            jobs = [worker.submit(self._probabilities, part(first), batch_size) for first in range(0, count, _PART)]
        bar = keras.utils.Progbar(count) if verbose == 1 else None
        results = []
        for job in jobs:
            results.append(job.result())
            if bar:
                bar.add(len(results[-1]))
        return np.concatenate(results)

    def predict_labels(self, x, threshold: float = 0.5, **kwargs) -> np.ndarray:
        """Returns 1 for each text whose probability of being positive is above `threshold`, 0 for the others.

        Args:
            x: batch of texts, as for `predict`.
            threshold: float from 0 to 1.
            **kwargs: as for `predict`.

        Returns:
            int64 array `(len(x),)`.
        """
        threshold = check_number(threshold, "threshold", 0.0, 1.0)
        return (self.predict(x, **kwargs)[:, 0] > threshold).astype("int64")

    @property
    def pools_once(self) -> bool:
        """Whether `fit` pools each text only once, as it can if the embedding is frozen and `pool` has no weights."""
        return self._pool_is_fixed and not self.embedding.trainable

    # Concrete functions: a tf.function that each of many classifiers traces anew makes TensorFlow warn.
    @functools.cached_property
    def _pool_function(self):
        function = tf.function(lambda ids: self.head.pool(*self._word_vectors(ids)), autograph=False)
        return function.get_concrete_function(tf.TensorSpec((None, None), tf.int32))

    @functools.cached_property
    def _probability_function(self):
        spec = tf.TensorSpec((None, None), tf.int32)
        if self._pool_is_fixed:
            spec = tf.TensorSpec((None, *self._pool_function.output_shapes[1:]), tf.float32)
        function = tf.function(lambda inputs: self(inputs, training=False), autograph=False)
        return function.get_concrete_function(spec)

    def get_config(self):
        return {
            **super().get_config(),
            "embedding_dim": self.embedding.output_dim,
            "vocabulary_size": self.vocabulary_size,
            "head": keras.saving.serialize_keras_object(self.head),
            "seed_words": self.seed_words,
            "trainable_embedding": self.embedding.trainable,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["head"] = keras.saving.deserialize_keras_object(config["head"])
        vectors = np.zeros((config.pop("vocabulary_size"), config.pop("embedding_dim")), "float32")
        return cls(_Shape(cls.encoder_from_config(config.pop("encoder")), vectors), **config)

    def build_from_config(self, config):
        """Does nothing: `from_config` has built every layer."""

    def _word_vectors(self, ids):
        mask = tf.not_equal(ids, 0)
        vectors = self.embedding(ids)
        if self.embedding.trainable:  # without a gradient, the vector of padding stays zero
            vectors *= tf.cast(mask, vectors.dtype)[:, :, None]
        # A text without a known word would be all padding. Its first place counts instead: the zero vector.
        mask = tf.concat([tf.ones_like(mask[:, :1]), mask[:, 1:]], 1)
        return vectors, mask

    @staticmethod
    def _call_head(head, vectors, mask, training=None):
        given = inspect.signature(head.call).parameters
        kwargs = {"mask": mask} if "mask" in given else {}
        if "training" in given:
            kwargs["training"] = training
        with warnings.catch_warnings():
            # A Sequential uses the mask and then drops it, which is right here; Keras warns that it does.
            warnings.filterwarnings("ignore", message=".*does not support masking", category=UserWarning)
            return head(vectors, **kwargs)

    def _built_head(self, head):
        if not isinstance(head, keras.layers.Layer):
            raise TypeError(
                "`head` must be a Keras layer, such as a `SentimentHead` or a `keras.Sequential`. Received "
                f"{short(head)} of type {type(head).__name__}. Pass an instance, not a class: `head=MyHead()`."
            )
        vectors = tf.zeros((2, TIME_MULTIPLE, self.embedding.output_dim))
        mask = tf.ones((2, TIME_MULTIPLE), tf.bool)
        shape = tuple(self._call_head(head, vectors, mask).shape)
        if shape != (2, 1):
            raise ValueError(
                f"`head` must turn word vectors (batch, time, {self.embedding.output_dim}) into probabilities "
                f"(batch, 1). Received a {type(head).__name__} that turned (2, {TIME_MULTIPLE}, "
                f"{self.embedding.output_dim}) into {short(shape)}. End it with `Dense(1, activation='sigmoid')`."
            )
        # Large random vectors: without a sigmoid, some of their outputs are no probabilities.
        noise = tf.random.stateless_normal((64, TIME_MULTIPLE, self.embedding.output_dim), [0, 0], stddev=10.0)
        outputs = self._call_head(head, noise, tf.ones((64, TIME_MULTIPLE), tf.bool)).numpy()
        if not ((outputs >= 0.0) & (outputs <= 1.0)).all():
            raise ValueError(
                f"`head` must return probabilities, from 0 to 1. Received a {type(head).__name__} that returns values "
                f"from {outputs.min():.3g} to {outputs.max():.3g}. End it with `Dense(1, activation='sigmoid')`."
            )
        self._pool_is_fixed = False
        if isinstance(head, SentimentHead) and type(head).call is SentimentHead.call:
            with tf.GradientTape() as tape:
                head.pool(vectors, mask=mask)
            self._pool_is_fixed = not tape.watched_variables()
        return head

    def _with_seed_words(self, examples):
        if self._seed_words is None:
            if examples is None:
                raise ValueError(
                    "`fit` received no texts and this classifier has no seed words. Pass texts and labels, or "
                    "`seed_words='english'` when you make it."
                )
            return examples
        seeds = seed_examples(self._seed_words, self.encoder)
        if examples is None:
            check_labels(seeds.labels, len(seeds.labels), "fit", "seed_words")
            return seeds
        return examples.joined(seeds)

    def _examples(self, x, y, sample_weight, caller, one_class_ok=False):
        if isinstance(x, tf.data.Dataset):
            if y is not None or sample_weight is not None:
                raise ValueError(
                    f"`{caller}` received a Dataset and labels or weights apart. Zip them into the Dataset."
                )
            x, y, sample_weight = unzip(x, caller)
        texts = self._encoded(x, caller)
        labels = check_labels(y, len(texts), caller, one_class_ok=one_class_ok)
        weights = check_weights(sample_weight, len(texts), caller)
        return Examples(texts, labels, np.ones(len(texts), "float32") if weights is None else weights)

    def _validation_inputs(self, data):
        if isinstance(data, tf.data.Dataset):
            data = (data, None)
        if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
            raise ValueError(
                "`validation_data` must be `(x, y)`, `(x, y, sample_weight)` or a Dataset. Received "
                f"{short(data)}. Pass a tuple, such as `(texts, labels)`."
            )
        x, y, weights = (*data, None)[:3]
        return self._inputs(self._examples(x, y, weights, "fit(validation_data=...)", one_class_ok=True))

    def _inputs(self, examples):
        """Returns what Keras trains or evaluates on: a tuple of pooled texts, labels and weights, or a PyDataset."""
        if self.pools_once:
            return self._pooled(examples.texts), examples.labels, examples.weights
        return PaddedBatches(examples, 32)

    def _pooled(self, encoded, batch_size=None):
        return self._by_length(encoded, self._pool_function, batch_size)

    def _probabilities(self, encoded, batch_size=None):
        if self._pool_is_fixed:
            return self._probability_function(tf.constant(self._pooled(encoded, batch_size))).numpy()
        return self._by_length(encoded, self._probability_function, batch_size)

    def _by_length(self, encoded, function, batch_size=None):
        """Returns `function(ids)` of all texts, as an array in their order, computed in batches of similar length."""
        lengths = encoded.lengths
        order = np.argsort(lengths, kind="stable")
        result = None
        first = 0
        while first < len(order):
            # The longest text of a batch, its last one, sets the padded size of all.
            sizes = np.maximum(lengths[order[first : first + 4096]], TIME_MULTIPLE)
            fitting = int(np.searchsorted(sizes * np.arange(1, len(sizes) + 1), _BATCH_WORDS, "right"))
            last = first + min(max(fitting, 1), batch_size or 4096)
            rows = order[first:last]
            part = function(tf.constant(encoded.take(rows).padded(TIME_MULTIPLE))).numpy()
            if result is None:
                result = np.empty((len(order), part.shape[1]), part.dtype)
            result[rows] = part
            first = last
        return result
