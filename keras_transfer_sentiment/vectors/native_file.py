"""The library's own file of word vectors: one file of arrays, by the format of safetensors.

The format is eight bytes with the length of a header, the header in JSON, and the arrays one after the other
(https://github.com/huggingface/safetensors). It is read and written here, in a few lines, because the numbers are to
be mapped into memory, which the library `safetensors` does not do for NumPy, and NumPy is to be enough. The header
carries two digests: of itself with the vocabulary and the counts, and of the tables.
"""

import dataclasses
import json
import os
from typing import Any

import numpy as np

import keras_transfer_sentiment as package
from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.storage import digest
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text.vocabulary import check_json, word_from_json
from keras_transfer_sentiment.vectors.files import replaced_whole
from keras_transfer_sentiment.vectors.subwords import CharNgrams

_KIND, _VERSIONS = "keras_transfer_sentiment.WordVectors", ("1", "2")  # 1 had no digests
_HEAD, _TABLES = ("vocabulary", "counts"), ("vectors", "char_ngrams")
_NO_DIGEST = "0" * 64  # stands where the digest of the header comes
_DTYPES = {"F32": "<f4", "I64": "<i8", "U8": "|u1"}
_LONGEST_HEADER = 1 << 20
_ALIGNMENT = 64  # bytes, of the first array: as NumPy and the processor's cache have it
_AGAIN = "Copy, download or save the file again."


@dataclasses.dataclass(frozen=True)
class Content:
    """The parts of a file.

    Attributes:
        encoder: `TextEncoder` without vocabulary; None where its tokeniser is not in the file.
        vocabulary: what `TextEncoder.set_vocabulary_state` takes.
        matrix: float32 `(vocabulary, dim)`.
        char_ngrams: `CharNgrams` or None.
    """

    encoder: TextEncoder | None
    vocabulary: dict[str, Any]
    matrix: np.ndarray
    char_ngrams: CharNgrams | None

    def first(self, limit: int | None) -> "Content":
        """Returns the content with its first, most frequent words alone, `limit` of them at most."""
        if limit is None or limit >= len(self.matrix) - 1:
            return self
        words, counts = (self.vocabulary[name][: limit + 1] for name in ("words", "counts"))
        vocabulary = {**self.vocabulary, "words": words, "counts": counts}
        return dataclasses.replace(self, vocabulary=vocabulary, matrix=self.matrix[: limit + 1])

    def with_encoder(
        self, encoder: TextEncoder | None, path: str | os.PathLike
    ) -> tuple[TextEncoder, np.ndarray, CharNgrams | None]:
        """Returns the arguments of `WordVectors`.

        Args:
            encoder: takes the vocabulary; None makes one from the settings in the file.
            path: of the file, for messages.

        Raises:
            ValueError: the encoder has a vocabulary already, or the file's has a tokeniser that is not in the file.
        """
        if encoder is None:
            if self.encoder is None:
                raise ValueError(
                    f"{short(os.fspath(path))} was saved with a tokenizer of your own, which is not in the file. Pass "
                    "it: `WordVectors.load(path, encoder=TextEncoder(tokenizer=...))`."
                )
            encoder = self.encoder
        elif encoder.is_adapted:
            raise ValueError(
                f"`WordVectors.load` takes the vocabulary from the file. Received an `encoder` that has one of "
                f"{encoder.size - 1} words. Pass a new `TextEncoder` with the same settings."
            )
        else:
            encoder = encoder.copy()
        encoder.set_vocabulary_state(self.vocabulary)
        return encoder, self.matrix, self.char_ngrams


def write(path: str | os.PathLike, encoder: TextEncoder, matrix: np.ndarray, char_ngrams: CharNgrams | None) -> None:
    """Writes word vectors, as a whole or not at all.

    Args:
        path: the file.
        encoder: its settings and its vocabulary are written; a tokeniser of one's own is left out.
        matrix: float32 `(vocabulary, dim)`.
        char_ngrams: or None.

    Raises:
        FileNotFoundError: there is no such folder.
        TypeError: the vocabulary holds words that JSON cannot keep.
    """
    state, config = encoder.get_vocabulary_state(), encoder.get_config()
    check_json(
        state["words"],
        "Word vectors can be saved if the words are",
        "Map such tokens to str before `fit` or `adapt`: `str(token)`.",
    )
    if callable(config["tokenizer"]):
        config["tokenizer"] = None
    vocabulary = json.dumps({"words": state["words"], "phrases": state["phrases"]}).encode("ascii")
    arrays = {
        "vectors": np.asarray(matrix, "<f4"),
        "counts": np.asarray(state["counts"], "<i8"),
        "vocabulary": np.frombuffer(vocabulary, "|u1"),
    }
    metadata = {"kind": _KIND, "version": _VERSIONS[-1], "digest": _NO_DIGEST, "written_by": package.__version__}
    metadata["encoder"] = json.dumps(config)
    if char_ngrams is not None:
        arrays["char_ngrams"] = np.asarray(char_ngrams.table, "<f4")
        metadata["char_ngrams"] = json.dumps(list(char_ngrams.lengths))
    metadata["digest_of_tables"] = _digest_of(arrays, _TABLES)
    names = {np.dtype(dtype).str: name for name, dtype in _DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": metadata}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        header[name] = {"dtype": names[array.dtype.str], "shape": list(array.shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode("ascii")
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    found = digest([text, _digest_of(arrays, _HEAD)])
    text = text.replace(_NO_DIGEST.encode(), found.encode(), 1)
    with replaced_whole(path, 8 + len(text) + end) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(_bytes_of(array))


def read(path: str | os.PathLike, memory_map: bool) -> Content:
    """Reads a file that `write` wrote.

    Args:
        path: the file.
        memory_map: whether the vectors stay in the file; then their digest is not compared.

    Raises:
        ValueError: the file is damaged, was written by a newer version, or holds something else.
    """
    path = os.fspath(path)
    text, header = _read_header(path)
    metadata = header.pop("__metadata__", {})
    try:
        arrays = {name: _map_array(path, 8 + len(text), entry) for name, entry in header.items()}
        if metadata["version"] != "1":
            plain = text.replace(metadata["digest"].encode(), _NO_DIGEST.encode(), 1)
            if digest([plain, _digest_of(arrays, _HEAD)]) != metadata["digest"]:
                raise ValueError("its words or settings are not those that were written")
            if not memory_map and _digest_of(arrays, _TABLES) != metadata["digest_of_tables"]:
                raise ValueError("its numbers are not those that were written")
        state = json.loads(arrays["vocabulary"].tobytes())
        words = [word_from_json(word) for word in state["words"]]
        vocabulary = {**state, "words": words, "counts": arrays["counts"].tolist()}
        config, matrix = json.loads(metadata["encoder"]), arrays["vectors"]
        if unknown := sorted(set(config) - set(TextEncoder().get_config())):
            raise _OtherFile(
                f"{short(path)} has the setting {short(unknown[0])}, which is unknown to this version of the library "
                f"({package.__version__}). Version {short(metadata.get('written_by'))} wrote it: install that one."
            )
        encoder = None if config["tokenizer"] is None else TextEncoder.from_config(config)
        ngrams = None
        if "char_ngrams" in arrays:
            shortest, longest = json.loads(metadata["char_ngrams"])
            table = arrays["char_ngrams"] if memory_map else np.array(arrays["char_ngrams"])
            ngrams = CharNgrams(table, (int(shortest), int(longest)))
        if not len(words) == len(vocabulary["counts"]) == len(matrix):
            raise ValueError("words, counts and vectors differ in number")
        if not memory_map:
            _check_finite(arrays)
    except _OtherFile as error:
        raise ValueError(str(error)) from None
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{short(path)} is damaged: {short(str(error))}. {_AGAIN}") from None
    if not memory_map:
        matrix = np.array(matrix)
        matrix.flags.writeable = False  # so that it need not be copied
    return Content(encoder, vocabulary, matrix, ngrams)


def _read_header(path):
    """Returns the bytes of the header, and the header as a dict."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(min(length, _LONGEST_HEADER + 1))
    try:
        if not 0 < length == len(text) <= _LONGEST_HEADER:
            raise ValueError("its header is cut short")
        header = json.loads(text)
        _check_version(path, header.get("__metadata__", {}))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        if os.path.getsize(path) != 8 + length + max(ends):
            raise ValueError("it does not end where its header says")
    except _OtherFile as error:
        raise ValueError(str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{short(path)} is damaged: {short(str(error))}. {_AGAIN}") from None
    return text, header


class _OtherFile(Exception):  # noqa: N818
    """A file that is whole, and not for this version."""


def _check_version(path, metadata):
    if metadata.get("kind") != _KIND:
        raise _OtherFile(
            f"{short(path)} is a file of safetensors, but holds no `WordVectors`. Expected one that "
            "`WordVectors.save('words.safetensors')` wrote."
        )
    if metadata.get("version") not in _VERSIONS:
        raise _OtherFile(
            f"{short(path)} was written by a newer version of this library, {short(metadata.get('written_by'))}: its "
            f"format is {short(metadata.get('version'))}, expected {_VERSIONS[-1]!r}. Install the newer library."
        )


def _digest_of(arrays, names):
    return digest(_bytes_of(arrays[name]) for name in names if name in arrays)


def _bytes_of(array):
    return np.ascontiguousarray(array).reshape(-1).view("u1").data


def _check_finite(arrays):
    for name in _TABLES:
        if name in arrays and not np.isfinite(arrays[name]).all():
            raise ValueError(f"its {name} hold numbers that are not finite")


def _map_array(path, data, entry):
    """Returns an array of a file as it lies there."""
    dtype, shape = np.dtype(_DTYPES[entry["dtype"]]), tuple(map(int, entry["shape"]))
    start, end = entry["data_offsets"]
    if min(shape, default=0) <= 0 or start < 0 or end - start != dtype.itemsize * int(np.prod(shape, dtype=object)):
        raise ValueError("the size of an array is not that of its numbers")
    return np.memmap(path, dtype, "r", data + start, shape)
