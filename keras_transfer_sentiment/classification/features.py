"""From encoded texts to features and from features to probabilities: pooled once, in batches of similar length."""

import math
import weakref
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from keras_transfer_sentiment.classification.backend import compile_function, repeat_batch
from keras_transfer_sentiment.classification.labelled import LENGTH_MULTIPLE, Examples, PaddedBatches
from keras_transfer_sentiment.classification.objective import SeedObjective
from keras_transfer_sentiment.text.encoder import EncodedTexts

FULL_BATCH = 32_768  # up to this many pooled texts make one batch
EVALUATION_BATCH = 1024
_AUTO_STEPS = 300  # training steps where the user picks no epochs
_AUTO_EPOCHS = 10
_BATCH_WORDS = 16_384  # padded words of a batch outside training: their vectors stay in the cache
_MOST_TEXTS = 4096


def compute_by_length(
    encoded: EncodedTexts, function: Callable[[np.ndarray], np.ndarray], batch_size: int | None = None
) -> np.ndarray:
    """Returns `function(ids)` of all texts, in their order, computed in batches of similar length.

    Args:
        encoded: the texts.
        function: from padded ids `(batch, time)` to an array `(batch, any)`.
        batch_size: int or None. Most texts in a batch; None chooses.
    """
    lengths = encoded.lengths
    order = np.argsort(lengths, kind="stable")
    result = np.empty((0, 0))
    first = 0
    while first < len(order):
        # The longest text of a batch, its last one, sets the padded size of all.
        sizes = np.maximum(lengths[order[first : first + _MOST_TEXTS]], LENGTH_MULTIPLE)
        fitting = int(np.searchsorted(sizes * np.arange(1, len(sizes) + 1), _BATCH_WORDS, "right"))
        last = first + min(max(fitting, 1), batch_size or _MOST_TEXTS)
        rows = order[first:last]
        part = function(encoded.take(rows).padded(LENGTH_MULTIPLE))
        if not first:
            result = np.empty((len(order), part.shape[1]), part.dtype)
        result[rows] = part
        first = last
    return result


class Plan(NamedTuple):
    """How long `fit` trains and in which batches; with `steps_per_epoch`, on all texts at every step."""

    batch_size: int
    epochs: int
    steps_per_epoch: int | None


def plan_training(count: int, batch_size: int | None, epochs: int | None, initial_epoch: int, full_batch: int) -> Plan:
    """Returns the plan for `count` examples, from what the user picked.

    Args:
        count: number of examples.
        batch_size: int or None, to choose.
        epochs: int or None, to choose.
        initial_epoch: int.
        full_batch: how many examples make one batch at most where neither is picked.
    """
    if batch_size is None and epochs is None and count <= full_batch:
        return Plan(count, initial_epoch + _AUTO_EPOCHS, _AUTO_STEPS // _AUTO_EPOCHS)
    if batch_size is None:
        batch_size = min(count, full_batch) if epochs is None else 32
    if epochs is None:
        epochs = initial_epoch + max(3, math.ceil(_AUTO_STEPS / math.ceil(count / batch_size)))
    return Plan(batch_size, epochs, None)


class FeatureModel(SeedObjective, keras.Model):
    """The head of a classifier on pooled features, which `fit` trains in place of the whole classifier.

    It has the classifier's head, optimizer, loss and metrics. Callbacks see the classifier.
    """

    def __init__(self, classifier):
        super().__init__(dtype=classifier.dtype_policy)
        self._reference = weakref.ref(classifier)  # a layer as an attribute would become a part of this one
        self.head, self.prior_share = classifier.head, classifier.prior_share
        self.built = True

    def call(self, features, training=None):
        return keras.ops.cast(self.head.classify(features, training=training), self.variable_dtype)

    @property
    def classifier(self):
        """The classifier that this is the head of."""
        return self._reference()

    @property
    def seeded_classes(self):  # type: ignore[override]
        return self.classifier.seeded_classes

    # The metrics of `compile` are the classifier's, where callbacks look for them. Each model has its own mean loss.

    @property
    def metrics(self):
        own = super().metrics
        taken = {id(metric) for metric in own}
        return own + [each for each in self.classifier.metrics if each.name != "loss" and id(each) not in taken]

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        self.classifier.compute_metrics(x, y, y_pred, sample_weight)
        return self.get_metrics_result()

    def build_metrics(self, labels):
        """Makes the variables of the metrics, for the backends that cannot do so while they compile a step."""
        y = keras.ops.convert_to_tensor(labels[:1])
        self.classifier.compute_metrics(None, y, keras.ops.ones((1, self.classifier.outputs), y.dtype))
        self.classifier.reset_metrics()

    # What callbacks tell their model, which is the classifier.

    @property
    def stop_training(self):
        return self.classifier.stop_training

    @stop_training.setter
    def stop_training(self, value):
        self.classifier.stop_training = value

    @property
    def history(self):
        return self.classifier.history

    @property
    def _initial_epoch(self):  # Keras's own name, which its `BackupAndRestore` sets on the model
        return self.classifier._initial_epoch

    @_initial_epoch.setter
    def _initial_epoch(self, value):
        pass


class FeatureRunner:
    """Runs a head whose `pool` has no weights in two steps: texts are pooled once, then features are classified."""

    full_batch = FULL_BATCH

    def __init__(self, classifier):
        model = self.model = FeatureModel(classifier)
        dtype = model.variable_dtype
        self._pool = compile_function(
            lambda ids: keras.ops.cast(model.classifier.pool(ids), dtype), (None, None), "int32"
        )
        self._classify: Callable[[np.ndarray], np.ndarray] | None = None

    def features(self, encoded: EncodedTexts, batch_size: int | None = None) -> np.ndarray:
        """Returns the pooled texts, float `(texts, any)`."""
        return compute_by_length(encoded, self._pool, batch_size)

    def probabilities(self, encoded: EncodedTexts, batch_size: int | None = None) -> np.ndarray:
        """Returns the probabilities, float `(texts, outputs)`."""
        features = self.features(encoded, batch_size)
        if self._classify is None:
            model, shape = self.model, (None, features.shape[1])
            self._classify = compile_function(lambda inputs: model(inputs, training=False), shape, features.dtype.name)
        return self._classify(features)

    def inputs(self, examples: Examples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns what Keras trains and evaluates on: features, class numbers and weights."""
        return self.features(examples.texts), examples.labels, examples.weights

    def fit(self, examples: Examples, plan: Plan, seed: int | None, verbose, callbacks, **options):
        """Trains the head; `seed` is None where the order of the examples is to stay. Returns a `History`."""
        features, labels, weights = self.inputs(examples)
        self.model.build_metrics(labels)
        steps = plan.steps_per_epoch or math.ceil(len(labels) / plan.batch_size)
        callbacks = self._callbacks(callbacks, verbose, plan.epochs, steps, add_history=True)
        options |= {"epochs": plan.epochs, "verbose": verbose, "callbacks": callbacks}
        if plan.steps_per_epoch:
            batch = repeat_batch((features, labels, weights))
            return self.model.fit(batch, steps_per_epoch=steps, shuffle=False, **options)
        options |= {"sample_weight": weights, "batch_size": plan.batch_size}
        return self.model.fit(features, labels, shuffle=seed is not None, **options)

    def evaluate(self, examples: Examples, batch_size: int | None, verbose, callbacks, **options):
        """Returns what Keras's `evaluate` does."""
        features, labels, weights = self.inputs(examples)
        self.model.build_metrics(labels)
        batch_size = batch_size or EVALUATION_BATCH
        callbacks = self._callbacks(callbacks, verbose, 1, math.ceil(len(labels) / batch_size))
        options |= {"batch_size": batch_size, "verbose": verbose, "callbacks": callbacks}
        return self.model.evaluate(features, labels, sample_weight=weights, **options)

    def _callbacks(self, callbacks, verbose, epochs, steps, add_history=False):
        if isinstance(callbacks, keras.callbacks.CallbackList):
            return callbacks
        return keras.callbacks.CallbackList(
            callbacks,
            add_history=add_history,
            add_progbar=verbose != 0,
            verbose=verbose,
            epochs=epochs,
            steps=steps,
            model=self.model.classifier,
        )


class WordRunner:
    """Runs a head on the word vectors of the texts, each time anew: because it needs them, or because they change."""

    full_batch = 32

    def __init__(self, classifier):
        self._classifier = classifier = weakref.ref(classifier)
        self._call = compile_function(lambda ids: classifier()(ids, training=False), (None, None), "int32")

    def probabilities(self, encoded: EncodedTexts, batch_size: int | None = None) -> np.ndarray:
        """Returns the probabilities, float `(texts, outputs)`."""
        return compute_by_length(encoded, self._call, batch_size)

    def inputs(self, examples: Examples) -> PaddedBatches:
        """Returns what Keras evaluates on: batches of padded ids, class numbers and weights."""
        return PaddedBatches(examples, self.full_batch)

    def fit(self, examples: Examples, plan: Plan, seed: int | None, **options):
        """Trains the classifier; `seed` is None where the order of the examples is to stay. Returns a `History`."""
        if plan.steps_per_epoch:
            batches = repeat_batch(PaddedBatches(examples, plan.batch_size)[0])
        else:
            batches = PaddedBatches(examples, plan.batch_size, seed)
        options |= {"epochs": plan.epochs, "steps_per_epoch": plan.steps_per_epoch}
        return keras.Model.fit(self._classifier(), batches, shuffle=False, **options)

    def evaluate(self, examples: Examples, batch_size: int | None, **options):
        """Returns what Keras's `evaluate` does."""
        batches = PaddedBatches(examples, batch_size or self.full_batch)
        return keras.Model.evaluate(self._classifier(), batches, **options)
