"""The loss of a classifier: that of labelled texts and seed words, and the head's prior."""

from typing import Any

import keras
from keras import ops

from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.classification.backend import count_replicas
from keras_transfer_sentiment.classification.heads import SentimentHead


class SeedObjective:
    """The loss and the metrics of a Keras model with a head, a mixin to stand before `keras.Model`.

    A word such as "awful" tells a bad text from a good one. It does not tell that a text is no neutral one. So where
    the class `neutral` has no seed words, the loss of a seed word is that of the other classes among themselves: their
    probabilities, made to add up to 1. Such an example has its class number raised by the number of classes.

    Attributes:
        head: the head.
        prior_share: scalar variable, 1 over the sum of the training weights: what the prior counts.
        seeded_classes: tuple of 1.0 and 0.0 per class, whether it has seed words; None where all have.
    """

    head: Any
    prior_share: Any
    seeded_classes: tuple[float, ...] | None = None

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y, y_pred = self._among_seeded(y, y_pred)
        loss = super().compute_loss(  # type: ignore[misc]
            x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training
        )
        if training and isinstance(self.head, SentimentHead):
            # The gradients of the replicas are added up, and the prior counts once.
            prior = self.prior_share * self.head.prior_loss() / count_replicas()
            loss = loss + ops.cast(prior, loss.dtype)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        y, y_pred = self._among_seeded(y, y_pred)
        return super().compute_metrics(x, y, y_pred, sample_weight)  # type: ignore[misc]

    def _among_seeded(self, y, y_pred):
        if self.seeded_classes is None:
            return y, y_pred
        classes = len(self.seeded_classes)
        is_seed = ops.greater_equal(y, classes)
        kept = ops.where(is_seed, ops.cast([self.seeded_classes], y_pred.dtype), 1.0) * y_pred
        total = ops.maximum(ops.sum(kept, axis=-1, keepdims=True), 1e-12)
        return ops.where(is_seed, y - classes, y), ops.where(is_seed, kept / total, y_pred)


# Losses and metrics by their names, in lower case without underscores: those of functions and classes are then alike.
_BINARY_LOSSES = {"binarycrossentropy", "binaryfocalcrossentropy"}
_SPARSE_LOSSES = {"sparsecategoricalcrossentropy"}
_ONE_HOT_LOSSES = {"categoricalcrossentropy", "categoricalfocalcrossentropy"}
_BINARY_METRICS = {
    *("auc", "precision", "recall", "precisionatrecall", "recallatprecision", "sensitivityatspecificity"),
    *("specificityatsensitivity", "truepositives", "truenegatives", "falsepositives", "falsenegatives"),
    *("binaryaccuracy", "binarycrossentropy", "binaryiou"),
}
_SPARSE_METRICS = {"sparsecategoricalaccuracy", "sparsecategoricalcrossentropy", "sparsetopkcategoricalaccuracy"}
_ONE_HOT_METRICS = {
    *("categoricalaccuracy", "categoricalcrossentropy", "topkcategoricalaccuracy", "onehotiou", "onehotmeaniou"),
    *("f1score", "fbetascore"),
}
_ANY_METRICS = ("accuracy", "acc", "crossentropy", "ce")  # Keras takes the one of these that fits


def default_loss(outputs: int) -> str:
    """Returns the name of the cross-entropy that serves a number of outputs, 1 for two classes."""
    return "binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy"


def check_compiled(options: dict) -> None:
    """Refuses an optimizer, loss or metrics that Keras does not know.

    Args:
        options: the arguments of `compile`.

    Raises:
        TypeError: metrics that are no list.
        ValueError: an unknown name, or what is none of these.
    """
    _find(keras.optimizers.get, options.get("optimizer", "rmsprop"), "optimizer", "adam", keras.optimizers.Optimizer)
    if options.get("loss") is not None:
        _find(keras.losses.get, options["loss"], "loss", "binary_crossentropy")
    for name in ("metrics", "weighted_metrics"):
        metrics = options.get(name)
        if metrics is None:
            continue
        if not isinstance(metrics, (list, tuple)):
            raise TypeError(
                f"`{name}` must be a list of metrics. Received {short(metrics)} of type {type(metrics).__name__}. Pass "
                f"`{name}=['accuracy']`."
            )
        for metric in metrics:
            if not isinstance(metric, str) or metric not in _ANY_METRICS:
                _find(keras.metrics.get, metric, name, "accuracy")


def _find(get, identifier, name, example, kind=object):
    try:
        found = get(identifier)
    except Exception:  # whatever Keras makes of an identifier that it does not know
        found = None
    if found is None or not (callable(found) or kind is not object) or not isinstance(found, kind):
        article, kind_name = "an" if name == "optimizer" else "a", name.replace("metrics", "metric")
        raise ValueError(
            f"`{name}` must be the name of {article} {kind_name} of Keras, or one itself. Received "
            f"{short(identifier)}. Pass, for example, {example!r}."
        )


def check_loss(loss: Any, outputs: int, advice: str = "Compile again") -> None:
    """Refuses a loss that cannot serve the classes; one of an unknown name is left alone.

    Args:
        loss: as for Keras's `compile`.
        outputs: number of outputs of the head, 1 for two classes.
        advice: how to mend it, for the message.

    Raises:
        ValueError: it cannot serve.
    """
    name, plain = _plain_name(loss)
    if plain in (_SPARSE_LOSSES | _ONE_HOT_LOSSES if outputs == 1 else _BINARY_LOSSES | _ONE_HOT_LOSSES):
        classes = "two" if outputs == 1 else outputs
        raise ValueError(
            f"The loss {short(name)} does not fit {classes} classes, whose labels reach it as class numbers. {advice}; "
            f"a loss that fits is '{default_loss(outputs)}'."
        )


def check_metrics(metrics: Any, outputs: int) -> None:
    """Refuses metrics that would be wrong or fail, as their labels or probabilities have another form.

    Args:
        metrics: list of metrics as for Keras's `compile`, or None.
        outputs: number of outputs of the head, 1 for two classes.

    Raises:
        ValueError: one cannot serve.
    """
    for metric in metrics or ():
        name, plain = _plain_name(metric)
        if outputs == 1 and plain in ("f1score", "fbetascore") and getattr(metric, "threshold", None) is not None:
            continue
        if plain in (_SPARSE_METRICS if outputs == 1 else _BINARY_METRICS) | _ONE_HOT_METRICS:
            classes = "two" if outputs == 1 else outputs
            fix = "'accuracy' fits; others can be had of `predict_labels`, as by scikit-learn's `f1_score`"
            if outputs == 1 and plain.startswith("f"):
                fix = f"`{name}(threshold=0.5)` fits"
            raise ValueError(
                f"The metric {short(name)} does not fit {classes} classes, whose labels reach it as class numbers of "
                f"shape (batch, 1) with probabilities of shape (batch, {outputs}). Compile again: {fix}."
            )


def _plain_name(identifier):
    name = identifier if isinstance(identifier, str) else getattr(identifier, "__name__", type(identifier).__name__)
    return name, name.replace("_", "").lower()
