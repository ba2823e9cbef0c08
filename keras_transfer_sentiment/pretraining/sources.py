"""The texts that `fit` takes, opened for as long as they are needed, and encoded: in memory, or through files."""

import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.datasets import dataset_batches, is_dataset
from keras_transfer_sentiment.pretraining.progress import reading_bar
from keras_transfer_sentiment.storage import digest
from keras_transfer_sentiment.text.batches import is_batch, split_batches
from keras_transfer_sentiment.text.corpus_cache import CorpusCache, open_folder
from keras_transfer_sentiment.text.encoded import EncodedCorpus
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text.files import TextFiles
from keras_transfer_sentiment.text.readers import SUFFIXES

_FIRST_TEXTS = 100  # of a stream, by which it is told from the one that a cache was made of


class Source:
    """Texts of any kind, open for the length of a `with` block; see `open_source`.

    Args:
        texts: a batch of texts in memory, or any other iterable of texts.
        caller: name of the public method, for messages.
        folder: the folder for the ids, or None where they stay in memory.
    """

    def __init__(self, texts: Any, caller: str, folder: Path | None):
        self._texts, self._caller, self._folder = texts, caller, folder

    def encode(self, encoder: TextEncoder, grow: bool = False, verbose: str | int = 0) -> EncodedCorpus:
        """Returns the texts as ids, after learning or growing the vocabulary of an encoder.

        Args:
            encoder: it learns its vocabulary, if it has none.
            grow: whether its vocabulary grows, if it has one.
            verbose: whether to show a progress bar, as in Keras.

        Raises:
            TypeError: not texts.
            ValueError: no texts, or no word in them that can enter the vocabulary; a folder of other texts.
        """
        if self._folder is not None:
            return self._encode_in_files(self._folder, encoder, grow, verbose)
        return encoder.encode_any(self._texts, self._caller, grow)

    def adapt(self, encoder: TextEncoder) -> None:
        """Lets an encoder learn its vocabulary from the texts."""
        encoder.learn_batches(*encoder.check_any(self._texts, self._caller, "texts"))

    def _encode_in_files(self, folder, encoder, grow, verbose):
        texts = encoder.check(self._texts, self._caller) if is_batch(self._texts) else self._texts
        texts, name = _name_texts(texts)
        cache = CorpusCache(folder, encoder, grow, name)
        read = cache.texts_read
        if isinstance(texts, list):
            batches = split_batches(texts[read:])
        else:
            texts = iter(texts)
            batches = encoder.check_stream(itertools.islice(texts, read, None), self._caller, first=read)
        with reading_bar("Reading", 0 if cache.is_complete else verbose) as report:
            return cache.encode(batches, lambda number: report(number, getattr(texts, "fraction", None)))


@contextlib.contextmanager
def open_source(x: Any, caller: str, cache_dir: str | os.PathLike | None = None) -> Iterator[Source]:
    """Opens a source of texts, of which nothing is read yet.

    The folder for the ids lives as long as the block: a `cache_dir` is locked, and a temporary one, for texts that are
    not in memory, is deleted at the end.

    Args:
        x: texts (list, tuple, 1D NumPy array, Series), `TextFiles`, a path or a list of paths, a `tf.data.Dataset` of
            str, a generator, or a callable that returns an iterable.
        caller: name of the public method, for messages.
        cache_dir: path of the folder for the ids, or None.

    Raises:
        TypeError: none of these.
        ValueError: the folder is not one of ours.
        BlockingIOError: another process uses the folder.
    """
    texts = _find_texts(x, caller)
    if cache_dir is not None:
        opened: contextlib.AbstractContextManager = open_folder(cache_dir)
    elif is_batch(texts):
        opened = contextlib.nullcontext()
    else:
        opened = tempfile.TemporaryDirectory(prefix="keras_transfer_sentiment-")
    with opened as folder:
        yield Source(texts, caller, None if folder is None else Path(folder))


def _find_texts(x, caller):
    """Returns the texts of a source as an iterable."""
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
    if is_dataset(x):  # whose labels, if there are some, are left aside
        batches = dataset_batches(x, caller)
        return (text for batch in batches for text in (batch[0] if isinstance(batch, tuple) else batch))
    if isinstance(x, os.PathLike) or (isinstance(x, list) and x and all(isinstance(one, os.PathLike) for one in x)):
        return TextFiles(x)
    texts = x() if callable(x) else x
    if not isinstance(texts, Iterable) and not is_batch(texts):
        raise TypeError(
            f"`{caller}` expects texts. Received {short(texts)} of type {type(texts).__name__}. Pass a list, array, "
            "Series, generator or Dataset of str, `TextFiles` or a path."
        )
    return texts


def _name_texts(texts):
    """Returns texts, and a digest by which they are told from others."""
    if isinstance(texts, TextFiles):
        return texts, texts.fingerprint()
    if isinstance(texts, list):
        return texts, digest(map(repr, texts))
    rest = iter(texts)  # it can be read once: its first texts have to do
    first = list(itertools.islice(rest, _FIRST_TEXTS))
    return itertools.chain(first, rest), digest(map(repr, first))


def _is_file(name):
    return "\n" not in name and len(name) < 1000 and name.endswith(SUFFIXES) and os.path.isfile(name)
