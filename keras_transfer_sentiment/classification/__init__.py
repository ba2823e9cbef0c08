"""From word vectors and labels to probabilities."""

from keras_transfer_sentiment.exports import load_on_use

_MODULES = {"MeanPoolHead": "heads", "SentimentHead": "heads", "TransferSentimentClassifier": "classifier"}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = load_on_use(__name__, _MODULES)
