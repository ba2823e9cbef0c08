"""Loading saved models, whichever of the two."""

import os

# Importing the models also registers them with Keras.
from keras_transfer_sentiment.classification.classifier import TransferSentimentClassifier
from keras_transfer_sentiment.pretraining.pretrainer import SkipGramPretrainer
from keras_transfer_sentiment.text_model import load_checked


def load_model(
    path: str | os.PathLike, custom_objects: dict | None = None
) -> SkipGramPretrainer | TransferSentimentClassifier:
    """Returns the pretrainer or classifier saved at `path` by `model.save(path)`.

    It does what `keras.saving.load_model` does, in safe mode, after checking the file; and it knows this library's
    classes, which Keras only does once one of them has been imported.

    Args:
        path: str or path of a `.keras` file.
        custom_objects: dict from names to classes or functions, such as heads of your own that are not registered
            with `keras.saving.register_keras_serializable`.

    Returns:
        A `SkipGramPretrainer` or a `TransferSentimentClassifier`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is cut short or damaged, no `.keras` file, or holds another model.

    Examples:
        >>> pretrainer = SkipGramPretrainer(embedding_dim=4)
        >>> pretrainer.adapt(["warm and funny", "cold and dull"])
        >>> path = os.path.join(tempfile.mkdtemp(), "words.keras")
        >>> pretrainer.save(path)
        >>> load_model(path).encoder.vocabulary
        ['', 'warm', 'funny', 'cold', 'dull']
    """
    return load_checked(path, (SkipGramPretrainer, TransferSentimentClassifier), custom_objects)
