"""A corpus of word ids in files, for texts larger than memory; made once, and not lost by an interruption."""

import contextlib
import errno
import hashlib
import itertools
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_transfer_sentiment.checks import naming, short
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text.vocabulary import add_counts, check_json, drop_unknown, word_from_json
from keras_transfer_sentiment.text.word_table import Chunk

_VERSION = 3
SAVE_SECONDS = 10.0  # so much reading, at most, is done again after an interruption
_READ_TEXTS, _READ_WORDS = 1 << 15, 1 << 19  # texts and words translated in one go
_BATCH = 2048  # texts encoded in one go
_READING = ("codes", "lengths", "words")  # files that are written to while texts are read
_COUNTS = "code_counts.npy"
_OWN_AT_FIRST = {*_READING, _COUNTS, "corpus.json"}
_WHAT_CHANGED = {
    "encoder": "by another encoder",
    "vocabulary": "with another vocabulary",
    "grow_vocabulary": "with another `grow_vocabulary`",
    "texts": "of other texts",
}


class EncodedFile:
    """Texts as word ids in a folder: what `EncodedTexts` is in memory."""

    def __init__(self, folder: Path):
        self._folder = folder

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> np.ndarray:
        """int64 array `(vocabulary,)`, read anew each time: how often each word is there."""
        return np.load(self._folder / "counts.npy")

    @property
    def ids(self) -> np.ndarray:
        """int32 array `(words,)`, mapped anew each time: what is read takes memory only as long as its slice."""
        return _mapped(self._folder / "ids", "int32")

    @property
    def offsets(self) -> np.ndarray:
        """int64 array `(texts + 1,)`, mapped anew each time."""
        return _mapped(self._folder / "offsets", "int64")


class CorpusCache:
    """A folder that holds an encoded corpus, or what earlier runs had of it when they were interrupted.

    The texts are read and tokenised once, into provisional codes; the vocabulary is made from their counts; then the
    codes are translated into ids. Reading goes on where an earlier run stopped.

    Args:
        folder: path. It is created where it is not there.
        encoder: `TextEncoder`. It is given the vocabulary.
        grow: bool. Whether its vocabulary grows, if it has one.
        source: str. What the texts are, as far as that can be told: the same for the same texts.

    Raises:
        ValueError: the folder holds something else, or a corpus made by another encoder or of other texts.
    """

    def __init__(self, folder, encoder: TextEncoder, grow: bool = False, source: str = ""):
        if not isinstance(folder, (str, os.PathLike)):
            raise TypeError(
                f"`cache_dir` must be the path of a folder. Received {short(folder)} of type {type(folder).__name__}."
            )
        self.folder = Path(folder)
        self._encoder = encoder
        self._learner = encoder.learner("fit", grow=grow) if grow or not encoder.is_adapted else None
        config: dict[str, Any] = {name: _readable(value) for name, value in encoder.get_config().items()}
        state = encoder.get_vocabulary_state()
        _check_writable(state["words"])
        vocabulary = _digest(json.dumps(state)) if encoder.is_adapted else ""
        self._key: dict[str, Any] = {"encoder": config, "vocabulary": vocabulary}
        self._key.update(grow_vocabulary=grow, texts=source)
        self._state: dict[str, Any] = {"version": _VERSION, "key": self._key, "stage": "reading", "texts": 0}
        self._state.update(words=0, sizes={})
        self._load()
        if self._learner is not None and self._state["texts"] and not self.is_complete:
            try:
                with self._opened("words") as file:  # without what was written after the state was saved
                    file.seek(0)
                    words = [word_from_json(word) for line in file for word in json.loads(line)]
                self._learner.resume(words, np.load(self.folder / _COUNTS))
            except (OSError, ValueError, EOFError):
                raise ValueError(
                    f"The corpus in {short(str(self.folder))} is damaged. Delete the folder to make it anew."
                ) from None

    @property
    def texts_read(self) -> int:
        """Number of texts that were read so far, by earlier runs too."""
        return self._state["texts"]

    @property
    def is_complete(self) -> bool:
        """Whether `encode` has nothing left to do."""
        return self._state["stage"] == "complete"

    def encode(
        self, texts: Iterable, report: Callable[[int, float | None], None] = lambda texts, share: None
    ) -> EncodedFile:
        """Returns the corpus, and gives the encoder its vocabulary.

        Args:
            texts: iterable of texts, from the first on. It is not touched where the corpus is complete.
            report: callable that gets, time and again, how many texts were read, and the share of all that is, where
                the iterator tells it by an attribute `fraction`.

        Raises:
            OSError: the disk is full.
            ValueError: no texts, or no word in them that may enter the vocabulary.
        """
        before, was_complete = self._encoder.get_vocabulary_state(), self.is_complete
        try:
            if self._state["stage"] == "reading":
                self._read(iter(texts), report)
            if self._state["stage"] == "read":
                self._translate()
        except BaseException as error:
            self._encoder.set_vocabulary_state(before)
            if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise OSError(
                error.errno,
                f"No space left on the disk for the encoded corpus in {short(str(self.folder))}, after "
                f"{self.texts_read} texts. It takes up to 8 bytes a word. Free some, or pass a `cache_dir` on another "
                "disk; what was read into a `cache_dir` is kept, and the same call goes on from there",
            ) from None
        try:
            if was_complete:
                state = json.loads((self.folder / "vocabulary.json").read_text("utf-8"))
                words = [word_from_json(word) for word in state["words"]]
            corpus = EncodedFile(self.folder)
            whole = len(corpus) == self.texts_read and len(corpus.ids) == corpus.offsets[-1] == corpus.counts.sum()
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            whole = False
        if not whole:
            raise ValueError(f"The corpus in {short(str(self.folder))} is damaged. Delete the folder to make it anew.")
        if was_complete:
            self._encoder.set_vocabulary_state({**state, "words": words})
        return corpus

    def _load(self):
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"`cache_dir` must be a folder, or a place where one can be made. Received {short(str(self.folder))}: "
                f"{error.strerror}. Pass another."
            ) from None
        path = self.folder / "corpus.json"
        if not path.exists():
            # Those of ours alone are left where reading broke off at once.
            if {path.name.removesuffix(".part") for path in self.folder.iterdir()} - _OWN_AT_FIRST:
                raise ValueError(
                    "`cache_dir` must be a new or an empty folder, or one that an earlier `fit` made. "
                    f"{short(str(self.folder))} holds other files. Pass another."
                )
            return
        try:
            state = json.loads(path.read_text("utf-8"))
            version, key = state["version"], state["key"]
            changed = [name for name in self._key if key[name] != self._key[name]]
            if state.get("result", "") == self._key["vocabulary"]:  # the encoder has its vocabulary from here
                changed = [name for name in changed if name not in ("vocabulary", "grow_vocabulary")]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{short(str(path))} is damaged. Delete the folder to start anew.") from None
        if version != _VERSION:
            raise ValueError(f"{short(str(self.folder))} was made by another version of this package. Delete it.")
        if changed:
            what = _WHAT_CHANGED[changed[0]]
            if changed[0] == "encoder":
                old, new = key["encoder"], self._key["encoder"]
                name = next(name for name in new if old.get(name) != new[name])
                what += f": `{name}` was {short(old.get(name))} and is {short(new[name])} now"
            raise ValueError(
                f"The corpus in {short(str(self.folder))} was made {what}. Pass another `cache_dir`, or delete this "
                "one to make it anew."
            )
        self._state = state

    def _save(self, **changes):
        self._state.update(changes)
        write_whole(self.folder / "corpus.json", lambda path: path.write_text(json.dumps(self._state), "utf-8"))

    def _read(self, texts, report):
        for _ in itertools.islice(texts, self._state["texts"]):  # read by an earlier run
            pass
        chunks = self._learner.count(texts) if self._learner is not None else self._encoded(texts)
        with contextlib.ExitStack() as stack:
            files = {name: stack.enter_context(self._opened(name)) for name in _READING}
            texts_read, saved = self._state["texts"], -math.inf  # once at first, to know at once that it can be done
            for codes, lengths in chunks:
                files["codes"].write(np.asarray(codes, "int32").data)
                files["lengths"].write(np.asarray(lengths, "int64").data)
                texts_read += len(lengths)
                report(texts_read, getattr(texts, "fraction", None))
                if time.monotonic() - saved > SAVE_SECONDS:
                    self._save_reading(files, texts_read, "reading")
                    saved = time.monotonic()
            self._save_reading(files, texts_read, "read")

    def _opened(self, name):
        """Opens a file to go on writing where it was when the state was saved."""
        path = self.folder / name
        path.touch()
        file = path.open("r+b")
        file.truncate(self._state["sizes"].get(name, 0))
        file.seek(0, os.SEEK_END)
        return file

    def _encoded(self, texts) -> Iterator[Chunk]:
        while chunk := list(itertools.islice(texts, _BATCH)):
            encoded = self._encoder.encode(chunk)
            yield encoded.ids, encoded.lengths

    def _save_reading(self, files, texts_read, stage):
        words = self._state["words"]
        if self._learner is not None:
            new = self._learner.words[words:]
            _check_writable(new)
            files["words"].write(json.dumps(new).encode() + b"\n")
            words += len(new)
            counts = self._learner.counts
            write_whole(self.folder / _COUNTS, lambda path: _save_array(path, counts))
        for file in files.values():
            file.flush()
        sizes = {name: file.tell() for name, file in files.items()}
        self._save(stage=stage, texts=texts_read, words=words, sizes=sizes)

    def _translate(self):
        encoded = self._learner.finish(self) if self._learner is not None else (drop_unknown(*chunk) for chunk in self)
        counts = np.zeros(self._encoder.size, "int64") if self._learner is None else self._learner.text_counts
        end = 0
        with open(self.folder / "ids", "wb") as ids, open(self.folder / "offsets", "wb") as offsets:
            offsets.write(np.zeros(1, "int64").data)
            for chunk in encoded:
                ids.write(chunk.ids.data)
                offsets.write((chunk.offsets[1:] + end).data)
                end += len(chunk.ids)
                if self._learner is None:
                    add_counts(chunk.ids, counts)
        _save_array(self.folder / "counts.npy", counts)
        vocabulary = json.dumps(self._encoder.get_vocabulary_state())
        (self.folder / "vocabulary.json").write_text(vocabulary, "utf-8")
        self._save(stage="complete", result=_digest(vocabulary))
        for name in (*_READING, _COUNTS):
            (self.folder / name).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[Chunk]:
        """Yields what was read as chunks of provisional codes, for the learner."""
        start = 0
        for first in range(0, self._state["texts"], _READ_TEXTS):
            block = np.array(_mapped(self.folder / "lengths", "int64")[first : first + _READ_TEXTS])
            ends = np.cumsum(block)
            for lengths in np.split(
                block, np.searchsorted(ends, np.arange(_READ_WORDS, ends[-1], _READ_WORDS), "right")
            ):
                stop = start + int(lengths.sum())
                yield np.array(_mapped(self.folder / "codes", "int32")[start:stop]), lengths
                start = stop


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Writes a file so that it is there as a whole or not at all.

    Args:
        path: the file.
        write: callable that writes the file at the path that it is given.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with naming(path):
            write(part)
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _save_array(path, array):
    with open(path, "wb") as file:
        np.save(file, array)


def _mapped(path, dtype):
    return np.memmap(path, dtype, "r") if path.stat().st_size else np.empty(0, dtype)


def _readable(value):
    if callable(value):
        return getattr(value, "__qualname__", type(value).__qualname__)
    return value


def _check_writable(words):
    check_json(
        words,
        "Encoded texts lie in files, where words are",
        "Map such tokens to str, or pass the texts as a list, without `cache_dir`.",
    )


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()
