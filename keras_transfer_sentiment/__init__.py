"""Sentiment classification for people who have much text and few labels.

Word vectors are learned from unlabelled text and transferred into a classifier that learns from a few labels. Names
are loaded on first use, so that the import costs nothing.
"""

import contextlib

import keras_transfer_sentiment.forks  # noqa: F401 - looks at this process before other imports start threads
from keras_transfer_sentiment.exports import load_on_use

__version__ = "0.1.0"

_MODULES = {
    "EncodedTexts": "text.encoded",
    "MaskedMeanPooling": "layers",
    "MeanPoolHead": "classification.heads",
    "NotFittedError": "checks",
    "SentimentHead": "classification.heads",
    "SkipGramPretrainer": "pretraining.pretrainer",
    "TextEncoder": "text.encoder",
    "TextFiles": "text.files",
    "TransferSentimentClassifier": "classification.classifier",
    "WordCounts": "text.vocabulary",
    "WordVectors": "vectors.word_vectors",
    "load_model": "model_file",
}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = load_on_use(__name__, _MODULES)

# Keras can load this library's files as soon as both are imported, in whatever order.
with contextlib.suppress(ImportError):  # word vectors alone need NumPy and nothing else
    import wrapt

    wrapt.register_post_import_hook("keras_transfer_sentiment.registration:register_classes", "keras")
