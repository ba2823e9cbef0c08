"""Files of models: checked reading, and the word vectors in them."""

import os
import re
import zipfile
from typing import Any

import keras

from keras_transfer_sentiment.checks import NotFittedError, check_path, short
from keras_transfer_sentiment.text_model import TextModel
from keras_transfer_sentiment.vectors.word_vectors import WordVectors

_PARTS = {"config.json", "metadata.json", "model.weights.h5"}


def check_model_file(path: str | os.PathLike) -> None:
    """Raises an error unless `path` is a whole `.keras` file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is cut short, damaged, or no `.keras` file at all.
    """
    path = check_path(path, "path", "model.keras")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No model file at {short(path)}. Save one with `model.save('name.keras')`.")
    expected = "Expected a file written by `model.save('name.keras')`. Copy or save it again."
    if path.endswith((".safetensors", ".vec", ".bin", ".txt", ".gz", ".xz")):
        raise ValueError(
            f"{short(path)} is no `.keras` file of a model. Word vectors are read by `WordVectors.load(path)`, and a "
            "classifier takes the path itself: `TransferSentimentClassifier(path)`."
        )
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{short(path)} is no `.keras` file, or one cut short. {expected}")
    with zipfile.ZipFile(path) as archive:
        missing = _PARTS - set(archive.namelist())
        damaged = None if missing else archive.testzip()
    if missing or damaged:
        what = f"lacks {short(sorted(missing))}" if missing else f"is damaged in {short(damaged)}"
        raise ValueError(f"{short(path)} {what}. {expected}")


def load_model(path: str | os.PathLike, custom_objects: dict | None = None) -> TextModel:
    """Returns the pretrainer or classifier saved at `path` by `model.save(path)`.

    It does what `keras.saving.load_model` does, in safe mode, after checking the file.

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
    check_model_file(path)
    if custom_objects is not None and not isinstance(custom_objects, dict):
        raise TypeError(
            f"`custom_objects` must be a dict from names to classes or functions, or None. Received "
            f"{short(custom_objects)} of type {type(custom_objects).__name__}. Pass "
            f"`custom_objects={{'MyHead': MyHead}}`."
        )
    try:
        model = keras.saving.load_model(path, custom_objects=custom_objects)
    except (TypeError, ValueError) as error:
        missing = re.search(r"Could not locate (?:class|function) '([^']+)'", str(error))
        if not missing:
            raise
        raise ValueError(
            f"{short(os.fspath(path))} needs `{missing[1]}`, which is not known here. Import the module that defines "
            f"and registers it first, or pass `custom_objects={{'{missing[1]}': {missing[1]}}}`."
        ) from None
    except OSError as error:
        raise ValueError(
            f"{short(os.fspath(path))} is damaged: {short(str(error))}. Expected a file written by "
            "`model.save('name.keras')`. Copy or save it again."
        ) from None
    if not isinstance(model, TextModel):
        raise ValueError(
            f"{short(os.fspath(path))} holds a {type(model).__name__}. Expected a SkipGramPretrainer or a "
            "TransferSentimentClassifier: save one with `.save('name.keras')`."
        )
    if model.vocabulary_size and not model.encoder.is_adapted:
        raise ValueError(
            f"{short(os.fspath(path))} lacks its vocabulary. Expected a file written by `model.save('name.keras')`. "
            "Copy or save it again."
        )
    return model


def find_word_vectors(source: Any, caller: str, argument: str = "word_vectors") -> WordVectors:
    """Returns the word vectors of a source.

    Args:
        source: `WordVectors`, a model that has them as `word_vectors`, or the path of a file of either.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.

    Raises:
        TypeError: none of these.
        NotFittedError: a model without a vocabulary.
        FileNotFoundError: there is no such file.
        ValueError: the file is broken, or holds another model.
    """
    path = check_path(source, argument, "words.safetensors") if isinstance(source, (str, os.PathLike)) else None
    if path is not None:
        source = load_model(path) if zipfile.is_zipfile(path) or _is_named_as_model(path) else WordVectors.load(path)
    if isinstance(source, WordVectors):
        return source
    try:
        found = getattr(source, "word_vectors", None)
    except NotFittedError:
        raise NotFittedError(
            f"`{caller}` received a {type(source).__name__} that has no vectors yet as `{argument}`. Call its "
            "`fit(texts)` first."
        ) from None
    if isinstance(found, WordVectors):
        return found
    what = f"{short(source)} of type" if path is None else f"{short(path)}, which holds a"
    fix = "Save vectors with `pretrainer.word_vectors.save('words.safetensors')`."
    if path is not None:
        fix = ""
    elif isinstance(source, (list, tuple)):
        fix = "Of texts make them by `SkipGramPretrainer().fit(texts)`, and pass that pretrainer once it is trained."
    elif hasattr(source, "shape"):
        fix = "Of an array make them by `WordVectors.from_words(words, array)`."
    raise (TypeError if path is None else ValueError)(
        f"`{caller}` expects `WordVectors`, a `SkipGramPretrainer`, or the path of a file of either as `{argument}`. "
        f"Received {what} {type(source).__name__}. {fix}".rstrip()
    )


def _is_named_as_model(path):
    return os.fspath(path).endswith(".keras")
