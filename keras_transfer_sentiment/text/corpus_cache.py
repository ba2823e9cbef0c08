"""A corpus of word ids in files, for texts larger than memory; made once, and not lost by an interruption."""

import contextlib
import errno
import json
import math
import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_transfer_sentiment import storage
from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.storage import checksum, write_whole
from keras_transfer_sentiment.text.cache_state import STATE, CacheState
from keras_transfer_sentiment.text.codes import WordCounter
from keras_transfer_sentiment.text.encoded import CodedTexts, EncodedFile, map_array
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text.vocabulary import Translation, WordCounts, add_counts, check_json, word_from_json

SAVE_SECONDS = 10.0  # the longest time of reading that is done again after an interruption
READ_TEXTS, READ_WORDS = 1 << 15, 1 << 19  # texts and words translated in one go
_VOCABULARY = "vocabulary.json"
_COUNTS = ("code_counts.0", "code_counts.1")  # written in turn: the state names the one that belongs to it
_READING = ("codes", "lengths", "words")  # files that are written to while texts are read
_TEMPORARY = (*_READING, *_COUNTS)  # not needed once the corpus is complete
_RESULT = ("ids", "offsets", "counts.npy", _VOCABULARY)


@contextlib.contextmanager
def open_folder(folder: str | os.PathLike) -> Iterator[Path]:
    """Gives the folder of a corpus, made where it is not there, and keeps other processes from it.

    Args:
        folder: the argument `cache_dir`.

    Raises:
        TypeError: it is no path.
        ValueError: it cannot be a folder, or holds files of others.
        BlockingIOError: another process uses it.
    """
    if not isinstance(folder, (str, os.PathLike)):
        raise TypeError(
            f"`cache_dir` must be the path of a folder. Received {short(folder)} of type {type(folder).__name__}. "
            "Pass a str or a `pathlib.Path`."
        )
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"`cache_dir` must be a folder, or a place where one can be made. Received {short(str(path))}: "
            f"{error.strerror}. Pass another."
        ) from None
    if not (path / STATE).exists():
        # Where reading broke off at once, files of ours are left.
        own = (storage.LOCK, storage.HOLDER, STATE, *_TEMPORARY)
        if any(one.name not in own and not storage.is_leftover(one, own) for one in path.iterdir()):
            raise ValueError(
                "`cache_dir` must be a new or an empty folder, or one that an earlier `fit` made. "
                f"{short(str(path))} holds other files. Pass another."
            )
    with storage.lock_folder(path, "cache_dir"):
        yield path


class CorpusCache:
    """A folder that holds an encoded corpus, or the part of one that earlier runs had made when they were interrupted.

    The texts are read and cut once, into provisional codes; the vocabulary is made from their counts; then the codes
    are translated into ids. Reading goes on where an earlier run stopped.

    Args:
        folder: a folder that `open_folder` gave.
        encoder: `TextEncoder`. It is given the vocabulary.
        grow: bool. Whether its vocabulary grows, if it has one.
        source: str. Tells the texts from others: the same for the same texts.

    Raises:
        ValueError: the folder holds a corpus made by another encoder or of other texts, or a damaged one.
    """

    def __init__(self, folder: Path, encoder: TextEncoder, grow: bool = False, source: str = ""):
        self.folder = folder
        self._encoder, self._grow = encoder, grow
        self._counter = encoder.start_counting(grow) if grow or not encoder.is_adapted else None
        config: dict[str, Any] = {name: _describe(value) for name, value in encoder.get_config().items()}
        state = encoder.get_vocabulary_state()
        _check_words(state["words"])
        vocabulary = storage.digest([json.dumps(state)]) if encoder.is_adapted else ""
        key = {"encoder": config, "vocabulary": vocabulary, "grow_vocabulary": grow, "texts": source}
        self._state = CacheState(folder, key)
        if self.is_complete:
            self._delete_temporary()
        elif self._counter is not None and self.texts_read:
            self._resume()

    @property
    def texts_read(self) -> int:
        """Number of texts that were read so far, by earlier runs too."""
        return self._state.texts

    @property
    def is_complete(self) -> bool:
        """Whether `encode` has nothing left to do."""
        return self._state.stage == "complete"

    def encode(self, batches: Iterable[list], report: Callable[[int], None] = lambda texts: None) -> EncodedFile:
        """Returns the corpus, and gives the encoder its vocabulary.

        Args:
            batches: checked texts in batches, from text `texts_read` on, see `TextEncoder.check_stream`. They are not
                touched where the corpus is complete.
            report: callable that is told, after each batch, how many texts were read.

        Raises:
            OSError: the disk is full.
            ValueError: no texts, or no word in them that can enter the vocabulary.
        """
        before, was_complete = self._encoder.get_vocabulary_state(), self.is_complete
        try:
            if self._state.stage == "reading":
                self._read(batches, report)
            if self._state.stage == "read":
                self._check_files(("codes", "lengths"))
                self._translate()
        except BaseException as error:
            self._encoder.set_vocabulary_state(before)
            if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise OSError(
                error.errno,
                f"No space left on the disk for the encoded corpus in {short(str(self.folder))}, after "
                f"{self.texts_read} texts. It takes up to 8 bytes per word. Free some, or pass a `cache_dir` on "
                "another disk; what was read into a `cache_dir` is kept, and the same call goes on from there",
            ) from None
        if was_complete:
            self._take_vocabulary()
        corpus = EncodedFile(self.folder)
        if len(corpus) != self.texts_read:
            raise self._state.damage()
        return corpus

    def _take_vocabulary(self):
        """Gives the encoder the vocabulary of a complete corpus, whose files are checked first."""
        self._check_files(_RESULT)
        try:
            state = json.loads((self.folder / _VOCABULARY).read_text("utf-8"))
            words = [word_from_json(word) for word in state["words"]]
            self._encoder.set_vocabulary_state({**state, "words": words})
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise self._state.damage() from None

    def _check_files(self, names):
        """Raises the error of a damaged folder if a file is not the one that was written."""
        for name in names:
            try:
                if checksum(self.folder / name, self._state.sizes.get(name)) != self._state.checks.get(name, 0):
                    raise EOFError
            except (OSError, EOFError):
                raise self._state.damage() from None

    def _resume(self):
        self._check_files(("words", _COUNTS[self._state.turn]))
        with open(self.folder / "words", "rb") as file:  # without what was written after the state was saved
            lines = file.read(self._state.sizes["words"]).splitlines()
        words = [word_from_json(word) for line in lines for word in json.loads(line)]
        self._counter = WordCounter(WordCounts(words, np.fromfile(self.folder / _COUNTS[self._state.turn], "int64")))

    def _read(self, batches, report):
        texts_read, saved = self._state.texts, -math.inf  # saved once at first, to know at once that it can be done
        coded = self._encode(batches) if self._counter is None else self._encoder.count_batches(batches, self._counter)
        with contextlib.ExitStack() as stack:
            files = {name: stack.enter_context(self._open(name)) for name in _READING}
            for codes, lengths in coded:
                files["codes"].write(np.asarray(codes, "int32").data)
                files["lengths"].write(np.asarray(lengths, "int64").data)
                texts_read += len(lengths)
                report(texts_read)
                if time.monotonic() - saved > SAVE_SECONDS:
                    self._save_reading(files, texts_read, "reading")
                    saved = time.monotonic()
            self._save_reading(files, texts_read, "read")

    @contextlib.contextmanager
    def _open(self, name):
        """Opens a file to go on writing where it was when the state was saved."""
        path = self.folder / name
        path.touch()
        self._check_files([name] if name in self._state.sizes else [])
        with path.open("r+b") as file:
            yield _CheckedFile(file, self._state.sizes.get(name, 0), self._state.checks.get(name, 0))

    def _encode(self, batches) -> Iterator[CodedTexts]:
        for batch in batches:
            encoded = self._encoder.encode_checked(batch)
            yield CodedTexts(encoded.ids, encoded.lengths)

    def _save_reading(self, files, texts_read, stage):
        words, turn = self._state.words, 1 - self._state.turn
        checks = {}
        if self._counter is not None:
            counts = self._counter.counts
            new = counts.words[words:]
            _check_words(new)
            files["words"].write(json.dumps(new).encode() + b"\n")
            words += len(new)
            path = self.folder / _COUNTS[turn]
            write_whole(path, lambda part: part.write_bytes(counts.counts.data))
            checks[path.name] = checksum(path)
        for name, file in files.items():
            file.sync()
            checks[name] = file.check
        sizes = {name: file.size for name, file in files.items()}
        self._state.save(stage=stage, texts=texts_read, words=words, sizes=sizes, checks=checks, turn=turn)

    def _translate(self):
        translate, counts = Translation(), np.zeros(self._encoder.size, "int64")
        if self._counter is not None:
            before = self._encoder.counts if self._grow and self._encoder.is_adapted else counts[:0]
            translate = self._encoder.learn(self._counter.counts, self, self._grow)
            counts = self._encoder.counts
            counts[: len(before)] -= before
        end = 0
        with contextlib.ExitStack() as stack:
            ids, offsets = (stack.enter_context(self._new(name)) for name in ("ids", "offsets"))
            offsets.write(np.zeros(1, "int64").data)
            for coded in self:
                encoded = translate(coded)
                ids.write(encoded.ids.data)
                offsets.write((encoded.offsets[1:] + end).data)
                end += len(encoded.ids)
                if self._counter is None:
                    add_counts(encoded.ids, counts)
        write_whole(self.folder / "counts.npy", lambda path: _save_array(path, counts))
        vocabulary = json.dumps(self._encoder.get_vocabulary_state())
        write_whole(self.folder / _VOCABULARY, lambda path: path.write_text(vocabulary, "utf-8"))
        checks = {name: checksum(self.folder / name) for name in _RESULT}
        self._state.save(stage="complete", sizes={}, checks=checks, result=storage.digest([vocabulary]))
        self._delete_temporary()

    @contextlib.contextmanager
    def _new(self, name):
        with storage.whole_file(self.folder / name) as part, open(part, "wb") as file:
            yield file

    def _delete_temporary(self):
        names = (STATE, *_TEMPORARY, *_RESULT)
        for path in self.folder.iterdir():
            if path.name in _TEMPORARY or storage.is_leftover(path, names):
                path.unlink(missing_ok=True)

    def __iter__(self) -> Iterator[CodedTexts]:
        """Yields the texts that were read as provisional codes, from the first on each time."""
        start = 0
        for first in range(0, self._state.texts, READ_TEXTS):
            block = np.array(map_array(self.folder / "lengths", "int64")[first : first + READ_TEXTS])
            ends = np.cumsum(block)
            for lengths in np.split(block, np.searchsorted(ends, np.arange(READ_WORDS, ends[-1], READ_WORDS), "right")):
                stop = start + int(lengths.sum())
                yield CodedTexts(np.array(map_array(self.folder / "codes", "int32")[start:stop]), lengths)
                start = stop


class _CheckedFile:
    """A file that is written piece by piece, with the checksum of all that it holds; it goes on after `size` bytes."""

    def __init__(self, file, size, check):
        file.truncate(size)
        file.seek(size)
        self._file, self.size, self.check = file, size, check

    def write(self, data):
        self.size += self._file.write(data)
        self.check = zlib.crc32(data, self.check)

    def sync(self):
        self._file.flush()
        os.fsync(self._file.fileno())


def _save_array(path, array):
    with open(path, "wb") as file:
        np.save(file, array)


def _describe(value):
    """Returns a setting of an encoder in JSON's types: a tokeniser by its name."""
    if callable(value):
        return getattr(value, "__qualname__", type(value).__qualname__)
    return value


def _check_words(words):
    check_json(
        words,
        "Encoded texts lie in files, where words are",
        "Map such tokens to str, or pass the texts as a list, without `cache_dir`.",
    )
