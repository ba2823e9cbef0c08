"""Whatever texts come in for pretraining, as ids: in memory where they are there already, through files otherwise."""

import hashlib
import itertools
import os
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from keras_transfer_sentiment.checks import check_texts, short
from keras_transfer_sentiment.pretraining.progress import reading_bar
from keras_transfer_sentiment.text.corpus_cache import CorpusCache, EncodedFile
from keras_transfer_sentiment.text.encoder import EncodedTexts, TextEncoder
from keras_transfer_sentiment.text.files import TextFiles
from keras_transfer_sentiment.text.readers import SUFFIXES
from keras_transfer_sentiment.text_model import dataset_batches

_FIRST_TEXTS = 100  # of a stream, which tell whether it is the one that a cache was made of


def texts_of(x, caller: str) -> Any:
    """Returns the texts of a source as an iterable, checked where they are in memory.

    Args:
        x: texts (list, tuple, 1D NumPy array, Series), `TextFiles`, a path or a list of paths, a `tf.data.Dataset` of
            str, a generator, or a callable that returns an iterable.
        caller: name of the public method, for messages.

    Raises:
        TypeError: none of these.
    """
    names = [x] if isinstance(x, str) else x if isinstance(x, list) and len(x) < 1000 else []
    if names and all(isinstance(name, str) and _is_file(name) for name in names):
        raise TypeError(
            f"`{caller}` takes a str as a text. Received the name of a file: {short(names[0])}. Pass "
            f"`TextFiles({short(names[0])})`, or a `pathlib.Path`, to read it."
        )
    if isinstance(x, str) and x.endswith(SUFFIXES):
        raise TypeError(
            f"`{caller}` takes a str as a text. Received what looks like the name of a file or a pattern: {short(x)}. "
            f"No file is called that: correct it, and pass `TextFiles({short(x)})`, which takes patterns too."
        )
    if isinstance(x, Mapping):
        raise TypeError(
            f"`{caller}` expects texts. Received a {type(x).__name__} with {len(x)} keys. Pass the column that "
            "holds them, such as `x['text']`."
        )
    if isinstance(x, tf.data.Dataset):
        return (text for batch in dataset_batches(x, caller) for text in batch)
    if isinstance(x, os.PathLike) or (isinstance(x, list) and x and all(isinstance(one, os.PathLike) for one in x)):
        return TextFiles(x)
    texts = x() if callable(x) else x
    if isinstance(texts, (str, bytes)) or _in_memory(texts):
        return check_texts(texts, caller)
    if not isinstance(texts, Iterable):
        raise TypeError(
            f"`{caller}` expects texts: a list, array, Series, generator or Dataset of str, `TextFiles` or a path. "
            f"Received {short(texts)} of type {type(texts).__name__}."
        )
    return texts


def encoded(x, encoder: TextEncoder, grow: bool, cache_dir, verbose, stack) -> EncodedTexts | EncodedFile:
    """Returns a source of texts as ids, after learning or growing the vocabulary of the encoder.

    Args:
        x: see `texts_of`.
        encoder: it learns its vocabulary, if it has none.
        grow: whether its vocabulary grows, if it has one.
        cache_dir: path of the folder for the ids, or None: a temporary one, for what is not in memory.
        verbose: whether to show a progress bar, as in Keras.
        stack: `contextlib.ExitStack` that keeps the temporary folder.
    """
    texts = texts_of(x, "fit")
    if _in_memory(texts) and cache_dir is None:
        if not encoder.is_adapted:
            return encoder.adapt_and_encode(texts)
        return encoder.grow_and_encode(texts) if grow else encoder.encode(texts)
    folder = cache_dir
    if folder is None:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="keras_transfer_sentiment-"))
    if isinstance(texts, TextFiles):
        source = texts.fingerprint()
    elif _in_memory(texts):
        source = _digest(texts)
    else:  # all that can be told without reading it to its end
        rest = iter(texts)
        first = list(itertools.islice(rest, _FIRST_TEXTS))
        source, texts = _digest(first), itertools.chain(first, rest)
    cache = CorpusCache(folder, encoder, grow, source)
    with reading_bar("Reading", 0 if cache.is_complete else verbose) as report:
        return cache.encode(texts, report)


def _digest(texts):
    digest = hashlib.sha256()
    for text in texts:
        digest.update(repr(text).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _is_file(name):
    return "\n" not in name and len(name) < 1000 and name.endswith(SUFFIXES) and os.path.isfile(name)


def _in_memory(x):
    return isinstance(x, (list, tuple)) or hasattr(x, "ndim")
