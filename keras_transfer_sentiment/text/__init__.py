"""From texts to word ids: tokenisers, the vocabulary, the encoder, files of texts. Needs NumPy alone."""

from keras_transfer_sentiment.exports import load_on_use

_MODULES = {"EncodedTexts": "encoded", "TextEncoder": "encoder", "TextFiles": "files", "WordCounts": "vocabulary"}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = load_on_use(__name__, _MODULES)
