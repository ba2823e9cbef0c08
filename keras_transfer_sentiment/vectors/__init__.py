"""Word vectors with their vocabulary, as a value that trainers make and classifiers take."""

from keras_transfer_sentiment.exports import load_on_use

_MODULES = {"CharNgrams": "subwords", "WordVectors": "word_vectors", "read_vectors": "files", "write_vectors": "files"}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = load_on_use(__name__, _MODULES)
