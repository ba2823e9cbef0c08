"""Files of models: checked loading, and the word vectors in them."""

import os
import re
import zipfile
from typing import Any

import keras

from keras_transfer_sentiment import __version__
from keras_transfer_sentiment.archive import AGAIN, Archive, open_archive
from keras_transfer_sentiment.checks import NotFittedError, check_path, short
from keras_transfer_sentiment.registration import PACKAGE, DeferredClass
from keras_transfer_sentiment.text_model import TextModel
from keras_transfer_sentiment.vectors.word_vectors import WordVectors
from keras_transfer_sentiment.weights_file import UnloadableError, naming_file

_VECTOR_ENDINGS = (".safetensors", ".vec", ".bin", ".txt", ".gz", ".xz")
# Settings that are sizes of arrays, and those of metrics that nothing in the file bounds, with what is plausible.
_SIZES = {"units", "filters", "hidden_units", "key_dim", "input_dim", "output_dim"}
_BOUNDS = {"num_thresholds": 1 << 16, "num_classes": 1 << 12}
_LARGE, _ABSURD = 1 << 16, 1 << 24  # more units than a head has, and than any layer has


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
        RuntimeError: it holds a classifier, and this process was forked after TensorFlow had started.

    Examples:
        >>> pretrainer = SkipGramPretrainer(embedding_dim=4)
        >>> pretrainer.adapt(["warm and funny", "cold and dull"])
        >>> path = os.path.join(tempfile.mkdtemp(), "words.keras")
        >>> pretrainer.save(path)
        >>> load_model(path).encoder.vocabulary
        ['', 'warm', 'funny', 'cold', 'dull']
    """
    path = check_path(path, "path", "model.keras")
    if custom_objects is not None and not isinstance(custom_objects, dict):
        raise TypeError(
            f"`custom_objects` must be a dict from names to classes or functions, or None. Received "
            f"{short(custom_objects)} of type {type(custom_objects).__name__}. Pass "
            f"`custom_objects={{'MyHead': MyHead}}`."
        )
    if path.endswith(_VECTOR_ENDINGS) and os.path.isfile(path):
        raise ValueError(
            f"{short(path)} is no `.keras` file of a model. Word vectors are read by `WordVectors.load(path)`, and a "
            "classifier takes the path itself: `TransferSentimentClassifier(path)`."
        )
    with open_archive(path) as archive:
        advice = _advise(archive.version)
        with naming_file(path, advice):
            _check_class(archive.config(), custom_objects)
            _check_sizes(archive)
    with naming_file(path, advice):
        try:
            model = keras.saving.load_model(path, custom_objects=custom_objects)
        except Exception as error:
            missing = re.search(r"Could not locate (?:class|function) '([^']{1,60})'", str(error))
            raise _missing(missing[1]) if missing else error from None
        if model.vocabulary_size and not model.encoder.is_adapted:
            raise ValueError("it lacks its vocabulary")
    return model


def _advise(version):
    if version in (None, __version__):
        return AGAIN
    return f"Version {short(version)} of this library wrote it, and this is {__version__}: install that one to read it."


def _missing(name):
    return UnloadableError(
        f"it needs `{name}`, which is not known here",
        f"Import the module that defines and registers it first, or pass `custom_objects={{'{name}': {name}}}`.",
    )


def _check_class(config, custom_objects):
    """Refuses a model that is none of this library's, before anything is made of its config."""
    name = config["class_name"]
    known = keras.saving.get_registered_object(config.get("registered_name"), custom_objects)
    known = known or (custom_objects or {}).get(name)
    if isinstance(known, DeferredClass) or (isinstance(known, type) and issubclass(known, TextModel)):
        return
    if known is None and str(config.get("module")).partition(".")[0] != "keras":
        raise _missing(str(name)[:60])
    raise UnloadableError(
        f"it holds a {str(name)[:60]}",
        "Expected a SkipGramPretrainer or a TransferSentimentClassifier: save one with `.save('name.keras')`.",
    )


def _check_sizes(archive: Archive) -> None:
    """Compares the sizes that the settings declare with those of the weights, before there is memory for them."""
    config, shapes = archive.config(), set(archive.weights().shapes.values())
    settings, dims = config["config"], {dim for shape in shapes for dim in shape}
    size = settings.get("vocabulary_size", (config.get("build_config") or {}).get("vocabulary_size"))
    tables = [(size, settings["embedding_dim"])] if size else []
    if tables and settings.get("char_ngrams"):
        tables.append((settings["ngram_buckets"], settings["embedding_dim"]))
    for shape in tables:
        if shape not in shapes:
            raise ValueError(f"its settings declare a table of the shape {short(shape)}, which its weights do not have")
    check_numbers(settings.get("head"), dims)
    for name, number in _numbers(config.get("compile_config")):
        if number > _BOUNDS.get(name, number):
            raise ValueError(f"its compilation declares `{short(name)}={short(number)}`")


def check_numbers(head: Any, dims: set[int] | None = None) -> None:
    """Compares the sizes that a head's settings declare with those of its weights, before there is memory for them.

    Args:
        head: the settings. Those of classes that are neither Keras's nor this library's may be anything.
        dims: all lengths of the weights' axes; None where they are not known, and only absurd sizes are told.

    Raises:
        ValueError: a size that is none of them.
    """
    for name, number in _numbers(head):
        if "seed" in name or name.endswith("_id") or number in (dims or ()):
            continue
        if number > (_ABSURD if dims is None else _LARGE) or (name in _SIZES and dims is not None):
            raise ValueError(f"its head declares `{short(name)}={short(number)}`, which its weights do not have")


def _numbers(config, name=""):
    """Yields all numbers of settings, each with its name."""
    if isinstance(config, dict):
        if str(config.get("module") or "keras").partition(".")[0] not in ("keras", PACKAGE):
            return
        for key, value in config.items():
            yield from _numbers(value, key)
    elif isinstance(config, list):
        for value in config:
            yield from _numbers(value, name)
    elif isinstance(config, (int, float)) and not isinstance(config, bool):
        yield name, config


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
        # No default where there is a property: `NotFittedError` is an `AttributeError` too.
        found = source.word_vectors if hasattr(type(source), "word_vectors") else getattr(source, "word_vectors", None)
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
