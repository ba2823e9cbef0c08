"""The weights of a classifier: they belong to classes, which it takes, and are worth nothing before a `fit`."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from keras_transfer_sentiment.checked_weights import CheckedWeights
from keras_transfer_sentiment.checks import NotFittedError, short
from keras_transfer_sentiment.classification.labels import ClassLabels
from keras_transfer_sentiment.origin import Origin


class LabelledWeights(CheckedWeights):
    """Lets a `TextNetwork` with classes refuse weights of other classes, a mixin to stand before it."""

    _labels: ClassLabels | None
    _seeds: SimpleNamespace
    _check_vocabulary: Any
    _set_outputs: Any
    seeded_classes: tuple[float, ...] | None

    def origin(self) -> Origin:
        """Returns what the weights belong to."""
        classes = None if self._labels is None else list(self._labels.classes)
        return Origin.of(self.encoder, classes, self._is_fitted)

    def _take_origin(self, origin):
        super()._take_origin(origin)
        if self._labels is None and origin.classes is not None:
            labels = ClassLabels(origin.classes)
            self._set_classes(labels, self._match_seeds(labels))

    def _restorer(self) -> Callable[[], None]:
        restore, labels, seeds = super()._restorer(), self._labels, self._seeds.words

        def restore_all():
            restore()
            self._labels, self._seeds.words = labels, seeds

        return restore_all

    def _exported(self):
        self._check_fitted("export")
        return super()._exported()  # type: ignore[misc]

    def _match_seeds(self, labels):
        """Returns the seed words by class number, or None."""
        return None if self._seeds.words is None else self._seeds.words.by_class(labels)

    def _set_classes(self, labels, seeds):
        """Takes the classes of a `fit`."""
        advice = f"Pass `classes={short(list(labels.classes), 90)}` when you make the classifier"
        self._set_outputs(labels.outputs, advice)
        self._labels = labels
        self._take_seeds(labels, seeds)

    def _take_seeds(self, labels, seeds):
        if seeds is None:
            self._seeds.words = None
        elif len(seeds) < len(labels):
            self.seeded_classes = tuple(float(number in seeds) for number in range(len(labels)))

    def _check_fitted(self, caller: str) -> None:
        """Raises an error before any training: the head would give every text the same probability.

        Args:
            caller: name of the public method, for the message.

        Raises:
            NotFittedError: there was no training, or there is nothing to train on yet.
        """
        self._check_vocabulary(caller)
        if not self._is_fitted:
            fix = "Call `fit(texts, labels)` first"
            if self._seeds.words is not None:
                fix += ", or `fit()` to learn from the seed words alone"
            raise NotFittedError(f"`{caller}`: this {type(self).__name__} is not trained yet. {fix}.")
