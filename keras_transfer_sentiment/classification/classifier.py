"""A sentiment classifier on transferred word vectors."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np

from keras_transfer_sentiment.callbacks import check_callbacks, list_callbacks
from keras_transfer_sentiment.checks import (
    VERBOSE,
    check_choice,
    check_count,
    check_flag,
    check_frequency,
    check_number,
    check_schedule,
)
from keras_transfer_sentiment.classification import labelled
from keras_transfer_sentiment.classification.features import plan_training
from keras_transfer_sentiment.classification.heads import MeanPoolHead
from keras_transfer_sentiment.classification.labelled_weights import LabelledWeights
from keras_transfer_sentiment.classification.labels import BINARY, UNLEARNED, ClassLabels, category_order
from keras_transfer_sentiment.classification.network import TextNetwork, check_dtype
from keras_transfer_sentiment.classification.raw_batches import RawBatches
from keras_transfer_sentiment.classification.seed_words import SeedWords, add_seed_words
from keras_transfer_sentiment.classification.transfer import NoVectors, transfer_vectors
from keras_transfer_sentiment.datasets import is_dataset
from keras_transfer_sentiment.forks import check_not_forked
from keras_transfer_sentiment.model_file import check_numbers, find_word_vectors
from keras_transfer_sentiment.registration import PACKAGE
from keras_transfer_sentiment.text.batches import is_tensor
from keras_transfer_sentiment.text.encoder import EncodedTexts

_PART = 4096  # texts tokenised between two hand-overs to the backend


@keras.saving.register_keras_serializable(PACKAGE)
class TransferSentimentClassifier(RawBatches, LabelledWeights, TextNetwork):
    """Classifies texts, from word vectors learned on other text and a few labels.

    The vectors are copied into a frozen `keras.layers.Embedding`, centred (the mean vector of running
    text is subtracted); above it stands a head, by default average pooling, unit length, a hidden `Dense` layer and
    a sigmoid, or a softmax where there are more than two classes. Seed words, such as "excellent" and "awful", act as
    labelled texts of one word: `fit()` without any text makes a classifier from them alone, and a few labels refine
    it. It is a `keras.Model`, compiled on construction (Adam, cross-entropy, accuracy); `compile` overrides that.

    Args:
        word_vectors: `WordVectors`, a `SkipGramPretrainer` that has them, or the path of a file of either: what `save`
            wrote, or vectors that `WordVectors.load` reads.
        head: a `SentimentHead`, or any Keras layer from `(batch, time, dim)` to probabilities: `(batch, 1)` for two
            classes, one per class for more. None makes a `MeanPoolHead`.
        classes: list of labels (int, bool or str) in a fixed order, or None. None takes those of the first `fit`, in
            sorted order.
        seed_words: `"auto"` (the lists of the encoder's language), `"english"`, `"chinese"`, None, or a dict of lists
            by class, or by `"positive"` and `"negative"`: the two ends of a scale of classes.
        trainable_embedding: bool. Whether `fit` changes the word vectors too.
        seed: int or None. For the initial weights of the default head and the order of batches; None takes one from
            Python's `random`, which `keras.utils.set_random_seed` seeds.
        dtype: str, `keras.DTypePolicy` or None. The precision, as for any Keras layer; None takes Keras's default. In
            half precision throughout, `"float16"` or `"bfloat16"`, it can predict and not be trained.
        name: str or None.

    Raises:
        TypeError: an argument of the wrong type.
        NotFittedError: the pretrainer has no vocabulary yet.
        ValueError: a file that holds no word vectors, a head of the wrong output shape, or seed words of which none
            is in the vocabulary.

    References:
        Seed words: Turney and Littman (2003), https://arxiv.org/abs/cs/0309034. Averaged vectors under a
        classifier: Iyyer, Manjunatha, Boyd-Graber and Daume (2015), "Deep Unordered Composition Rivals Syntactic
        Methods for Text Classification".

    Examples:
        >>> unlabelled = ["a warm and funny film", "cold and boring", "warm funny moving", "boring cold plot"] * 5
        >>> pretrainer = SkipGramPretrainer(embedding_dim=8, seed=0)
        >>> history = pretrainer.fit(unlabelled, verbose=0)
        >>> classifier = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
        >>> history = classifier.fit(["funny", "boring"], ["good", "bad"], verbose=0)
        >>> classifier.classes
        ['bad', 'good']
        >>> classifier.predict_labels(["moving and warm", "a cold plot"]).tolist()
        ['good', 'bad']
    """

    def __init__(
        self,
        word_vectors: Any,
        head: keras.layers.Layer | None = None,
        *,
        classes: Sequence | None = None,
        seed_words: str | dict | None = "auto",
        trainable_embedding: bool = False,
        seed: int | None = None,
        dtype: str | keras.DTypePolicy | None = None,
        name: str | None = None,
    ):
        check_not_forked(type(self).__name__)
        source = word_vectors
        if not isinstance(source, NoVectors):
            source = find_word_vectors(word_vectors, "TransferSentimentClassifier")
        labels = None if classes is None else ClassLabels(classes)
        seeds = SeedWords.read(seed_words, source.encoder.language)
        super().__init__(source.encoder.copy(), name=name, dtype=check_dtype(dtype))
        self.seed = seed if seed is None else check_count(seed, "seed", 0)
        self._run_seed = random.randint(1, 10**9) if self.seed is None else self.seed
        self._seeds = SimpleNamespace(words=seeds)  # Keras wraps the dicts and tuples that a model holds
        self._labels = labels
        if labels is not None:
            self._take_seeds(labels, self._match_seeds(labels))
        if head is None:
            head = MeanPoolHead(seed=self._run_seed, dtype=self.dtype_policy)
        shape = source.shape if isinstance(source, NoVectors) else source.matrix.shape
        self._make_layers(shape, trainable_embedding, head, (labels or UNLEARNED).outputs)
        if isinstance(source, NoVectors):
            return
        self._has_vectors = True
        self._nearest = source.nearest_words
        self.embedding.embeddings.assign(transfer_vectors(source.matrix, source.counts))
        if self._seeds.words is not None:
            self._seeds.words.check_known(self.encoder)

    @property
    def classes(self) -> list | None:
        """The classes in the order of their numbers; None before the first `fit`, unless they were given."""
        return None if self._labels is None else list(self._labels.classes)

    @property
    def seed_words(self) -> dict | None:
        """The seed words in use as a dict of lists, or None."""
        seeds = self._seeds.words
        return None if seeds is None else {key: list(words) for key, words in seeds.lists.items()}

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
        class_weight: dict | None = None,
        sample_weight=None,
        initial_epoch: int = 0,
        validation_freq: int | list[int] = 1,
    ) -> keras.callbacks.History:
        """Trains the head, and the embedding too if it is trainable. A second `fit` goes on from the first.

        Args:
            x: texts: list, tuple, 1D NumPy array or Series of str or of token lists, `EncodedTexts`, an int array of
                ids, or a finite `tf.data.Dataset` of `(texts, labels)` or `(texts, labels, weights)`. None trains on
                the seed words alone.
            y: labels, one per text: a list, NumPy array, Series or categorical of int, bool or str. The classes are
                those of the first `fit`, unless they were given; None where `x` is a Dataset.
            batch_size: int or None. None takes all texts at once where they are pooled beforehand (up to 32,768),
                and 32 otherwise.
            epochs: int or None. None trains for 300 steps, or at least 3 passes over the texts, which suits 8 labels
                as well as 25,000.
            verbose: `"auto"`, 0, 1 or 2, as in Keras.
            callbacks: list of `keras.callbacks.Callback`.
            validation_split: float. Fraction of the texts to hold out, drawn at random from each class.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or such a Dataset, or None.
            shuffle: bool. Whether batches are drawn in a new order each epoch.
            class_weight: dict from class to weight, or None.
            sample_weight: float array `(len(x),)`, or None.
            initial_epoch: int, as in Keras.
            validation_freq: int or list of int, as in Keras.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            TypeError: not texts, or not labels.
            ValueError: empty input, lengths that differ, a label that is no class, labels of one class only, or a
                callback that waits for what this `fit` does not report.
            RuntimeError: this process was forked after TensorFlow had started.
        """
        check_not_forked("fit")
        batch_size, epochs, initial_epoch, verbose = check_schedule(batch_size, epochs, initial_epoch, verbose)
        validation_split = check_number(validation_split, "validation_split", 0.0, 0.99)
        validation_freq = check_frequency(validation_freq)
        shuffle = check_flag(shuffle, "shuffle")
        self._check_vocabulary("fit")
        self._check_precision("fit")
        callbacks = check_callbacks(callbacks, self.optimizer, bool(validation_data is not None or validation_split))
        examples = held_out = None
        if x is not None:
            texts, given, weights = labelled.read_examples(x, y, sample_weight, self._encoded, "fit")
            labels = self._labels or ClassLabels.learn(given, "fit", category_order(y))
            examples = labelled.Examples(texts, labels.encode(given, len(texts), "fit"), weights)
        elif y is not None or sample_weight is not None or validation_split:
            raise ValueError("`fit` received labels, weights or a split but no texts. Pass the texts as `x`.")
        else:
            labels = self._labels or (BINARY if self._seeds.words is None else self._seeds.words.classes())
        if validation_data is not None:
            held_out = self._examples(*labelled.take_validation(validation_data), "fit(validation_data=...)", labels)
        elif validation_split and examples is not None:
            examples, held_out = examples.split(validation_split, self._run_seed)
        if examples is not None:
            per_class = labels.weights(class_weight)
            examples = examples._replace(weights=examples.weights * per_class[examples.labels[:, 0].astype(int)])
        seeds = self._match_seeds(labels)
        examples = add_seed_words(examples, seeds, labels, self.encoder)
        total = float(examples.weights.sum())
        if not total > 0:
            raise ValueError("`fit` received weights that are all 0. Give at least one text of each class a weight.")
        if x is not None:
            labelled.warn_of_unknown(texts)
        before, known = self._trained_state(), (self._labels, self._seeds.words, self.seeded_classes, self._is_fitted)
        try:
            self._set_classes(labels, seeds)
            self._is_fitted = True
            self.prior_share.assign(1.0 / total)
            examples = examples._replace(weights=examples.weights * (len(examples.weights) / total))
            trainer = self._trainer
            history = trainer.fit(
                examples,
                plan_training(len(examples.texts), batch_size, epochs, initial_epoch, trainer.full_batch),
                self._run_seed if shuffle else None,
                verbose=verbose,
                callbacks=callbacks,
                validation_data=None if held_out is None else trainer.inputs(held_out),
                initial_epoch=initial_epoch,
                validation_freq=validation_freq,
            )
            self._check_finite(history)
        except Exception:
            self._put_back(before)
            self._labels, self._seeds.words, self.seeded_classes, self._is_fitted = known
            raise
        return history

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight=None,
        callbacks: list | None = None,
        return_dict: bool = False,
        **kwargs,
    ) -> list[float] | dict[str, float]:
        """Returns the loss and the metrics on labelled texts.

        Args:
            x: texts, as for `fit`.
            y: labels, as for `fit`; one class only is fine here.
            batch_size: int or None. None is 1024, or 32 where texts are not pooled beforehand.
            verbose: as in Keras.
            sample_weight: float array `(len(x),)`, or None.
            callbacks: list of `keras.callbacks.Callback`.
            return_dict: bool. Whether to return a dict.
            **kwargs: those that Keras passes when it evaluates in `fit`.

        Returns:
            list of float, loss first, or a dict with `return_dict=True`.

        Raises:
            NotFittedError: before any `fit`.
            RuntimeError: this process was forked after TensorFlow had started.
        """
        check_not_forked("evaluate")
        if isinstance(x, labelled.PaddedBatches):  # from Keras, which evaluates in `fit`
            return super().evaluate(x, verbose=verbose, callbacks=callbacks, return_dict=return_dict, **kwargs)
        if kwargs:
            raise TypeError(
                f"`evaluate` has no argument `{next(iter(kwargs))}`: it goes through all texts once. Leave it out."
            )
        verbose = check_choice(verbose, "verbose", VERBOSE)
        batch_size = batch_size if batch_size is None else check_count(batch_size, "batch_size")
        options = {"return_dict": check_flag(return_dict, "return_dict")}
        self._check_fitted("evaluate")
        callbacks = list_callbacks(callbacks)
        examples = self._examples(x, y, sample_weight, "evaluate")
        return self._trainer.evaluate(examples, batch_size, verbose=verbose, callbacks=callbacks, **options)

    def predict(self, x, batch_size: int | None = None, verbose: str | int = 0) -> np.ndarray:
        """Returns the probabilities of the classes of each text.

        Args:
            x: batch of texts: list, tuple, 1D NumPy array or Series of str or of token lists, a `tf.data.Dataset`,
                `EncodedTexts`, or int ids `(batch, time)`. A text without a known word gets the same
                probabilities as any other such text, the classifier's prior, never NaN.
            batch_size: int or None. Most texts to compute at a time; None chooses.
            verbose: 0, `"auto"`, 1 or 2. 1 shows a progress bar.

        Returns:
            float32 array `(len(x), 1)`, the probability of the later of two classes in `classes`, or
            `(len(x), classes)`.

        Raises:
            NotFittedError: before any `fit`. Seed words alone are enough for one: call `fit()`.
            RuntimeError: this process was forked after TensorFlow had started.
        """
        return self._probabilities(x, batch_size, verbose, "predict")

    def _probabilities(self, x, batch_size, verbose, caller):
        check_not_forked(caller)
        verbose = check_choice(verbose, "verbose", VERBOSE)
        batch_size = batch_size if batch_size is None else check_count(batch_size, "batch_size")
        self._check_fitted(caller)
        if is_dataset(x) or isinstance(x, EncodedTexts) or is_tensor(x) or getattr(x, "ndim", 1) != 1:
            encoded = self._encoded(x, caller)
            count, part = len(encoded), lambda first: encoded.take(np.arange(first, min(first + _PART, count)))
        else:
            encode, nearest, texts = self.encoder.encode_checked, self._nearest_words(), self.encoder.check(x, caller)
            count, part = len(texts), lambda first: encode(texts[first : first + _PART], nearest)
        # The backend computes one part while Python tokenises the next.
        compute = (self._pooled or self._whole).probabilities
        with ThreadPoolExecutor(1) as worker:
            jobs = [worker.submit(compute, part(first), batch_size) for first in range(0, count, _PART)]
        bar = keras.utils.Progbar(count) if verbose == 1 else None
        results = []
        for job in jobs:
            results.append(job.result())
            if bar:
                bar.add(len(results[-1]))
        return np.concatenate(results)

    def predict_labels(
        self, x, threshold: float = 0.5, batch_size: int | None = None, verbose: str | int = 0
    ) -> np.ndarray:
        """Returns the class of each text, in the labels that `fit` received.

        Args:
            x: batch of texts, as for `predict`.
            threshold: float from 0 to 1. Of two classes, the later one is returned where its probability is above
                it. Of more, the most probable one is returned, and there is no other threshold.
            batch_size: as for `predict`.
            verbose: as for `predict`.

        Returns:
            int64, bool or str array `(len(x),)`.

        Raises:
            NotFittedError: before any `fit`.
        """
        check_not_forked("predict_labels")
        threshold = check_number(threshold, "threshold", 0.0, 1.0)
        labels = self._labels or UNLEARNED
        if labels.outputs > 1 and threshold != 0.5:
            raise ValueError(
                f"`threshold` is for two classes. Received {threshold} with {len(labels)} classes. Leave it out, or "
                "choose by the columns of `predict`, which are in the order of `classes`."
            )
        probabilities = self._probabilities(x, batch_size, verbose, "predict_labels")
        if labels.outputs == 1:
            return labels.decode(probabilities[:, 0] > threshold)
        return labels.decode(probabilities.argmax(axis=1))

    def get_config(self):
        seeds = self._seeds.words
        return {
            **super().get_config(),
            "embedding_dim": self.embedding.output_dim,
            "vocabulary_size": self.vocabulary_size,
            "vocabulary": self.name_vocabulary(),
            "head": keras.saving.serialize_keras_object(self.head),
            "classes": self.classes,
            # Pairs, as JSON has only str for keys.
            "seed_words": None if seeds is None else [[key, list(words)] for key, words in seeds.lists.items()],
            "trainable_embedding": self.embedding.trainable,
            "seed": self.seed,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }

    @classmethod
    def from_config(cls, config):
        check_not_forked(cls.__name__)
        with cls.reading_settings():
            config = {"classes": [0, 1], "dtype": "float32", **config}  # files of version 0.1 have neither
            vectors = NoVectors(
                cls.encoder_from_config(config.pop("encoder")),
                (config.pop("vocabulary_size"), config.pop("embedding_dim")),
            )
            vocabulary, seeds = config.pop("vocabulary", None), config.pop("seed_words")
            check_numbers(config["head"])
            config["head"] = keras.saving.deserialize_keras_object(config["head"])
            config["seed_words"] = None if seeds is None else dict(seeds)
            model = cls(vectors, **config)
            model.find_vocabulary(vocabulary)
        return model

    def build_from_config(self, config):
        """Does nothing: `from_config` has built every layer."""

    def _examples(self, x, y, sample_weight, caller, labels=None):
        texts, given, weights = labelled.read_examples(x, y, sample_weight, self._encoded, caller)
        numbers = (labels or self._labels or UNLEARNED).encode(given, len(texts), caller, one_class_ok=True)
        return labelled.Examples(texts, numbers, weights)
