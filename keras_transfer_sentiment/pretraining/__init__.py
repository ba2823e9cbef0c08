"""Learning word vectors from unlabelled text."""

from keras_transfer_sentiment.exports import load_on_use

_MODULES = {"SkipGramPretrainer": "pretrainer"}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = load_on_use(__name__, _MODULES)
