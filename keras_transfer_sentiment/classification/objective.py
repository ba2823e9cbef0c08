"""The loss of a classifier: that of labelled texts and seed words, and the head's prior."""

from typing import Any

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


# Losses by their names, without underscores and in lower case, as those of functions and of classes are then alike.
_BINARY_LOSSES = {"binarycrossentropy", "binaryfocalcrossentropy"}
_SPARSE_LOSSES = {"sparsecategoricalcrossentropy"}
_ONE_HOT_LOSSES = {"categoricalcrossentropy", "categoricalfocalcrossentropy"}


def check_loss(loss: Any, outputs: int, advice: str = "Compile again") -> None:
    """Refuses a loss that cannot serve the classes; one of an unknown name is left alone.

    Args:
        loss: as for Keras's `compile`.
        outputs: number of outputs of the head, 1 for two classes.
        advice: how to mend it, for the message.

    Raises:
        ValueError: it cannot serve.
    """
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    plain = name.replace("_", "").lower()
    if plain in (_SPARSE_LOSSES | _ONE_HOT_LOSSES if outputs == 1 else _BINARY_LOSSES | _ONE_HOT_LOSSES):
        classes, right = ("two", "binary") if outputs == 1 else (outputs, "sparse_categorical")
        raise ValueError(
            f"The loss {short(name)} does not fit {classes} classes, whose labels reach it as class numbers. {advice}; "
            f"a loss that fits is '{right}_crossentropy'."
        )
