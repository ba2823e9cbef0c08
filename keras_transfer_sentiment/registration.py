"""Makes the library's classes known to Keras by name, so that it can load their files without their import."""

import importlib
from types import ModuleType
from typing import Any

PACKAGE = "keras_transfer_sentiment"

# The name in a file, and the module and name of the class.
_CLASSES = {
    "MaskedMeanPooling": (f"{PACKAGE}.layers", "MaskedMeanPooling"),
    "MeanPoolHead": (f"{PACKAGE}.classification.heads", "MeanPoolHead"),
    "SentimentHead": (f"{PACKAGE}.classification.heads", "SentimentHead"),
    "SkipGramPretrainer": (f"{PACKAGE}.pretraining.pretrainer", "SkipGramPretrainer"),
    "TransferSentimentClassifier": (f"{PACKAGE}.classification.classifier", "TransferSentimentClassifier"),
    "UnitLength": ("keras.layers", "UnitNormalization"),  # its name in files of version 0.1
}


class DeferredClass:
    """Stands for a class in Keras's registry until a file needs it; the import then puts the class there."""

    def __init__(self, module, name):
        self._module, self._name = module, name

    def from_config(self, config: dict) -> Any:
        """Returns what the class makes of a config."""
        return getattr(importlib.import_module(self._module), self._name).from_config(config)


def register_classes(keras: ModuleType) -> None:
    """Puts every class into Keras's registry, those that are not imported yet as a name.

    Args:
        keras: the module, which may have been imported before this library or after it.
    """
    registry = keras.saving.get_custom_objects()
    for name, place in _CLASSES.items():
        registry.setdefault(f"{PACKAGE}>{name}", DeferredClass(*place))
