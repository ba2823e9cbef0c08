"""Files of word vectors, as word2vec, fastText, GloVe and gensim write and read them."""

import contextlib
import gzip
import itertools
import lzma
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from keras_transfer_sentiment.checks import check_choice, check_count, check_path, short, warn_caller
from keras_transfer_sentiment.storage import whole_file
from keras_transfer_sentiment.text.tokens import check_words
from keras_transfer_sentiment.vectors.streams import (
    BYTE_ORDER_MARK,
    TO_UTF8,
    damage_named,
    decode_utf8,
    file_error,
    is_number,
    numbered_lines,
    open_decompressed,
)

FORMATS = ("auto", "safetensors", "word2vec", "word2vec-binary", "glove")
_FOREIGN = ("auto", *FORMATS[2:])  # those that are read and written here
_FASTTEXT = (793_712_314).to_bytes(4, "little")  # how fastText's own binary models begin
_HEADER = re.compile(rb"(\d+)[ \t]+(\d+)[ \t\r]*(?:\n|$)")
_MOST_DIGITS = 12  # of the numbers in line 1
BLOCK_BYTES = 1 << 20  # bytes read at a time
FIRST_NUMBERS = 1 << 22  # room for as many at first, doubled when full: GloVe files do not tell their length
_TEXTS = (".csv", ".jsonl", ".ndjson", ".json", ".parquet")  # names that no word vectors have
_LONGEST_WORD = 1 << 16  # bytes
MOST_REPEATED = 100_000  # words, where they are more than the others
_MOST_DIMENSIONS = 1 << 16
_TO_UTF8_BINARY = "Write the file again, with words in UTF-8 and without spaces: `iconv` would ruin its numbers."
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_MISALIGNED = (
    "Either line 1 is wrong, or words of the file hold spaces, which this format cannot tell from their ends: write it "
    "again without them."
)
_AGAIN = "Copy, download or save the file again."


def read_vectors(
    path: str | os.PathLike, file_format: str = "auto", max_words: int | None = None
) -> tuple[list[str], np.ndarray]:
    """Reads word vectors from a file of word2vec, fastText (`.vec`), GloVe or gensim.

    Args:
        path: str or path. What is compressed by gzip, xz or bzip2 is decompressed, up to 100 times its size; a byte
            order mark is dropped.
        file_format: `"word2vec"` (text: a line `words dim`, then a line for each word; fastText's `.vec` is the same),
            `"word2vec-binary"` (the same with float32 numbers, often called `.bin`), `"glove"` (text without the
            first line), or `"auto"`, which tells them apart.
        max_words: int or None. At most this many words are read; files have the frequent ones first.

    Returns:
        `(words, vectors)`: list of str, and float32 array `(len(words), dim)`. Of a repeated word the first
        vector is kept, with a warning; a text whose last line has no end gives a warning too. In text, a word may
        contain spaces: the last `dim` fields are the numbers.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file that is empty, cut short, damaged, not UTF-8 or of another format, or has a value that is
            missing, no number or not finite. The message names the line.

    Examples:
        >>> from keras_transfer_sentiment.vectors.files import read_vectors, write_vectors
        >>> path = os.path.join(tempfile.mkdtemp(), "words.vec.gz")
        >>> write_vectors(path, ["good", "film"], [[0.25, 2.0], [-1.5, 1.0]])
        >>> words, vectors = read_vectors(path)
        >>> words, vectors.tolist()
        (['good', 'film'], [[0.25, 2.0], [-1.5, 1.0]])
    """
    check_choice(file_format, "file_format", _FOREIGN)
    limit = max_words if max_words is None else check_count(max_words, "max_words")
    file_path = _check_file(path)
    name = os.path.basename(file_path)
    if name.endswith(".keras"):
        raise ValueError(
            f"{short(name)} is a saved model, not a file of word vectors. Read it with `load_model`, and take the "
            "`word_vectors` of a pretrainer."
        )
    with damage_named(name), open_decompressed(file_path) as file:
        head = file.read(4096)
        mark = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
        file_format, count, dim = _layout(name, head[mark:], file_format)
        file.seek(mark)
        if count:
            file.readline()
        if file_format == "word2vec-binary":
            return _collect(_binary_rows(file, name, count, dim), f"{name}, word", count, limit, _TO_UTF8_BINARY)
        return _collect(_text_rows(file, name, dim), f"{name}, line", count, limit)


def write_vectors(
    path: str | os.PathLike, words: Sequence[str], vectors: np.ndarray, file_format: str = "auto"
) -> None:
    """Writes word vectors to a file that gensim and the tools of word2vec, fastText and GloVe read.

    Reading it gives back exactly the same float32 numbers. A write that fails leaves the file that was there before.

    Args:
        path: str or path. If its name ends in `.gz` or `.xz`, the file is compressed.
        words: list of str, all different, none empty or with white space: such files cannot hold them.
        vectors: array `(len(words), dim)`.
        file_format: as in `read_vectors`. `"auto"` goes by the name: `.bin` is binary, `.vec` and `.txt` are
            word2vec's text. For GloVe's format and other endings, say which.

    Raises:
        FileNotFoundError: there is no such folder.
        TypeError: words that are not str.
        ValueError: a name that does not tell the format, words that cannot be written, or wrong vectors.
    """
    check_choice(file_format, "file_format", _FOREIGN)
    file_format = format_of_name(path, file_format)
    if file_format == "safetensors":
        raise ValueError(
            f"`write_vectors` writes the formats of other tools. Received the name {short(os.fspath(path))}. Let it "
            "end in .vec or .bin, or use `WordVectors.from_words(words, vectors).save(path)`."
        )
    words = check_words(words, "words")
    with np.errstate(over="ignore"):
        vectors = np.asarray(vectors, "<f4")
    _check_writable(words, vectors)
    template = " ".join(["%.9g"] * vectors.shape[1]) + "\n"  # nine digits tell all float32 numbers apart
    with replaced_whole(path) as file:
        if file_format != "glove":
            file.write("{} {}\n".format(*vectors.shape).encode())
        for word, row in zip(words, vectors, strict=True):
            binary = file_format == "word2vec-binary"
            file.write(f"{word} ".encode() + (row.tobytes() if binary else (template % tuple(row.tolist())).encode()))


def tell_format(path: str | os.PathLike, file_format: str = "auto") -> str:
    """Returns `"safetensors"` for a file of this library, and `file_format` as it is for all others.

    Args:
        path: the file.
        file_format: one of `FORMATS`.

    Raises:
        FileNotFoundError: there is no such file.
    """
    check_choice(file_format, "file_format", FORMATS)
    name = _check_file(path)
    if file_format == "auto":
        if name.endswith(".safetensors"):
            return "safetensors"
        with open(name, "rb") as file:
            head = file.read(9)
        # The length of the header in eight bytes, and its first mark: in no text, and in no file of word2vec.
        return "safetensors" if head[4:8] == bytes(4) and head[8:9] == b"{" else "auto"
    return file_format


def format_of_name(path: str | os.PathLike, file_format: str = "auto") -> str:
    """Returns the format to write a file in, by its name where `file_format` is `"auto"`.

    Raises:
        ValueError: the name does not tell the format.
    """
    name = os.path.basename(check_path(path, "path", "words.safetensors"))
    if check_choice(file_format, "file_format", FORMATS) != "auto":
        return file_format
    endings = {".bin": "word2vec-binary", ".vec": "word2vec", ".txt": "word2vec"}
    found = endings.get(os.path.splitext(_uncompressed(name))[1], "auto")
    found = "safetensors" if name.endswith(".safetensors") else found
    if found == "auto" or (found != "safetensors" and "glove" in name.lower()):
        raise ValueError(
            f"The name {short(name)} does not tell the format. Let it end in .safetensors (this library's), .vec or "
            ".bin; or pass `file_format`: 'safetensors', 'word2vec', 'word2vec-binary' or 'glove'."
        )
    return found


def _check_file(path):
    """Returns the path of a file of word vectors as a str, checked."""
    path = check_path(path, "path", "words.vec")
    if path.endswith(_TEXTS):
        raise ValueError(
            f"{short(path)} has the name of a file of texts, not of word vectors. Train a `SkipGramPretrainer` on "
            "`TextFiles(path)`; or rename it."
        )
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No file of word vectors at {short(path)}. Check the path.")
    return path


@contextlib.contextmanager
def replaced_whole(path: str | os.PathLike, size: int = 0) -> Iterator[Any]:
    """Gives an open binary file that takes the place of the one at `path` when all is written, or never does.

    It is compressed if its name says so.

    Args:
        path: the file.
        size: bytes that it takes at least, if that is known.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    folder, name = os.path.split(os.fspath(path))
    if not os.path.isdir(folder or "."):
        raise FileNotFoundError(f"No folder {short(folder)} to write {short(name)} to. Make it with `os.makedirs`.")
    opener: Any = {".gz": gzip.open, ".xz": lzma.open}.get(name[-3:], open)
    with whole_file(path, size) as part, opener(part, "xb") as file:
        yield file


def _uncompressed(name):
    return re.sub(r"\.[gx]z$", "", name)


def _layout(name, head, file_format):
    """Returns the format, the promised number of words (None without a header) and dim of a file that begins so."""
    if not head.strip():
        raise ValueError(f"{name} is empty. Expected word vectors. {_AGAIN}")
    if head.startswith(_FASTTEXT):
        raise ValueError(
            f"{name} is a model in fastText's own binary format. Expected vectors: use the `.vec` file that fastText "
            "writes beside it, or export one with `fasttext print-word-vectors`."
        )
    if head[0] == 0x80 and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        raise ValueError(
            f"{name} is a Python pickle, as gensim's `.model` and `.kv` files are. Expected a file of vectors: load it "
            "with gensim, and write one with `KeyedVectors.save_word2vec_format('words.vec')`."
        )
    if b"\r" in head.partition(b"\n")[0].rstrip(b"\r"):
        raise file_error(name, "has lines that end with a carriage return alone", "Convert it: `tr '\\r' '\\n'`.")
    header = _HEADER.match(head)
    if file_format == "glove" or (file_format == "auto" and not header):
        return "glove", None, None
    first = short(head.split(b"\n")[0].decode("utf-8", "replace"))
    if not header or max(map(len, header.groups())) > _MOST_DIGITS or not int(header[1]) or not int(header[2]):
        what = f"{first}, expected two integers above 0, the numbers of words and of dimensions"
        raise file_error(f"{name}, line 1", what, "For text without such a line pass `file_format='glove'`.")
    count, dim = int(header[1]), int(header[2])
    if dim > _MOST_DIMENSIONS:
        raise file_error(f"{name}, line 1", f"{dim} dimensions, expected {_MOST_DIMENSIONS} at most")
    if file_format == "auto":
        file_format = "word2vec" if _is_text(name, head[header.end() :], dim) else "word2vec-binary"
    return file_format, count, dim


def _is_text(name, head, dim):
    """Returns whether rows that begin so are text, by the numbers after the first word; by the name if there are none.

    All bytes of numbers in text are printable, up to the end of the line; those of float32 are not.
    """
    _, _, numbers = head.replace(b"\t", b" ").partition(b" ")
    numbers = numbers.partition(b"\n")[0][: 4 * dim]
    if not numbers:
        return not _uncompressed(name).endswith(".bin")
    return not re.search(rb"[^\r -~]", numbers)


def _text_rows(file, name, dim):
    """Yields line number, word and values; without a header the first line tells `dim`."""
    line = b"\n"
    for number, line in numbered_lines(file, name, 2 if dim else 1):
        fields = line.replace(b"\t", b" ").rstrip(b" \r\n").split(b" ")
        if fields == [b""]:
            continue
        if len(fields) > _MOST_DIMENSIONS + 1:
            what = f"{len(fields) - 1} values, expected {dim or _MOST_DIMENSIONS} at most"
            raise file_error(f"{name}, line {number}", what)
        dim = dim or sum(1 for _ in itertools.takewhile(is_number, fields[:0:-1]))
        extra = len(fields) - 1 - dim
        # More fields belong to the word, as in GloVe's ". . .", unless they look like values.
        if extra < 0 or not dim or (extra and (not fields[extra] or is_number(fields[extra]))):
            wanted = f"expected {dim} as in line 1" if dim else "expected a word and numbers, a space between"
            raise file_error(f"{name}, line {number}", f"{len(fields) - 1} values, {wanted}")
        word = b" ".join(fields[: extra + 1])
        try:
            if line.find(b"_", len(word)) >= 0:  # which Python takes between digits
                raise ValueError
            values = np.fromiter(map(float, fields[extra + 1 :]), "float32", dim)
        except ValueError:
            field = next(field for field in fields[extra + 1 :] if not is_number(field)).decode("utf-8", "replace")
            raise file_error(f"{name}, line {number}", f"{short(field)}, expected a number") from None
        yield number, word, values
    if not line.endswith(b"\n"):
        text = f"{name}: the last line has no end, so its last number may be cut short. {_AGAIN}"
        warn_caller(text)


def _binary_rows(file, name, count, dim):
    """Yields number, word and values of `count` words, or of those that are there."""
    data, start = b"", 0
    for number in range(1, count + 1):
        while (space := data.find(b" ", start)) < 0 or len(data) - space - 1 < 4 * dim:
            more, rest = file.read(BLOCK_BYTES), data[start:]
            if not more and not rest.strip(b"\n"):
                return
            if not more or (space < 0 and len(rest) > _LONGEST_WORD):
                raise file_error(f"{name}, word {number} of {count}", f"cut short inside its {dim} values")
            data, start = rest + more, 0
        # word2vec ends each vector with a newline, gensim does not.
        word = data[start:space].lstrip(b"\n")
        if _CONTROL.search(word):
            raise file_error(f"{name}, word {number} of {count}", f"{short(word)} is no word", _MISALIGNED)
        yield number, word, np.frombuffer(data, "<f4", dim, space + 1)
        start = space + 1 + 4 * dim
    if (data[start:] + file.read(BLOCK_BYTES)).strip(b"\n"):
        raise file_error(
            name,
            f"there is more after the {count} words of {dim} numbers that line 1 promises",
            _MISALIGNED,
        )


def _collect(rows, place, promised, limit, fix=TO_UTF8):
    """Returns the words and the vectors of rows, checked; `place` and a number say where a row is."""
    numbers: dict[str, int] = {}
    table, seen, name = np.empty((0, 0), "float32"), 0, place.rpartition(",")[0]
    twice, repeated = 0, ""
    # One more row than is promised tells that there are more.
    most = limit if promised is None else min(promised + 1, limit or promised + 1)
    with np.errstate(over="ignore"):  # what is too large for a float32 is reported below
        for seen, (number, raw, values) in enumerate(itertools.islice(rows, most), 1):
            if seen == 1:
                rows_at_first = max(1, min(FIRST_NUMBERS // len(values), promised or FIRST_NUMBERS))
                table = np.empty((rows_at_first, len(values)), "float32")
            word = decode_utf8(raw, f"{place} {number}", fix)
            if not word:
                raise file_error(f"{place} {number}", "values without a word before them")
            if word in numbers:
                twice, repeated = twice + 1, repeated or word
                if twice > max(MOST_REPEATED, len(numbers)):
                    raise file_error(f"{place} {number}", f"more than half of the words are repeated, as {short(word)}")
                continue
            if len(numbers) == len(table):
                table.resize((2 * len(table), table.shape[1]), refcheck=False)
            table[len(numbers)] = values
            numbers[word] = number
    if not seen:
        raise ValueError(f"{name} is empty: it has no word vectors. {_AGAIN}")
    if promised is not None and seen != promised and (seen > promised or seen != limit):
        there = f"damaged, line 1 promises {promised} words, there are more"
        if seen < promised:
            there = f"cut short, line 1 promises {promised} words, there are {seen}"
        raise file_error(name, there, f"{_AGAIN} Or take what is there: `max_words={min(seen, promised)}`.")
    table.resize((len(numbers), table.shape[1]), refcheck=False)
    words = list(numbers)
    _check_finite(words, table, lambda row: f"{place} {numbers[words[row]]}")
    if twice:
        text = f"{name}: {twice} words are repeated, such as {short(repeated)}. The first vector of each is kept."
        warn_caller(text)
    return words, table


def _check_finite(words, vectors, place):
    with np.errstate(all="ignore"):
        suspects = np.flatnonzero(~np.isfinite(vectors.sum(axis=1)))  # finite values may add up to infinity
    for row in suspects:
        for value in vectors[row][~np.isfinite(vectors[row])]:
            what = f"the vector of {short(words[row])} has the value {value:g}, expected finite float32 numbers"
            raise file_error(place(row), what, "Leave that word out.")


def _check_writable(words, vectors):
    if vectors.ndim != 2 or len(vectors) != len(words) or not vectors.size:
        raise ValueError(
            f"`write_vectors` expects a vector for each of {len(words)} words, and at least one. Received an array of "
            f"shape {vectors.shape}. Without padding it is `vectors[1:]`."
        )
    for word in words:
        if not isinstance(word, str):
            raise TypeError(
                f"`write_vectors` expects words to be str. Received {short(word)} of type {type(word).__name__}. "
                "Map them: `[str(word) for word in words]`."
            )
        if not word or re.search("[\t-\r \ud800-\udfff]", word):
            raise ValueError(
                f"Files of word vectors cannot hold {short(word)}: it is empty, has white space or is no valid "
                "Unicode. Leave it out, or replace its spaces, such as by `_`."
            )
    if len(set(words)) < len(words):
        raise ValueError(f"{len(words) - len(set(words))} of the words are repeated. Pass each word once.")
    _check_finite(words, vectors, lambda row: f"Word {row + 1}")
