"""Texts streamed from files, for corpora larger than memory."""

import codecs
import contextlib
import csv
import glob
import hashlib
import importlib
import itertools
import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keras_transfer_sentiment.checks import short

_BLOCK = 1 << 18  # bytes read at a time: small enough to leave memory flat, large enough to decode at full speed
_ROWS = 256  # rows of a table taken at a time
_FIELD = 1 << 24  # characters of a CSV field; a longer one is a quote that is never closed
_END = "\0end"  # a line put after a CSV file's last: a quote left open swallows it
_INSTEAD = {
    ".json": "If it has an object a line, rename it to .jsonl; if it is one list, pass `json.load(file)`.",
    ".xlsx": "Save it as .csv, or pass the column: `pandas.read_excel(path)['text']`.",
}
_COMPRESSIONS = {".gz": "gzip", ".xz": "lzma", ".bz2": "bz2"}


class TextFiles:
    """Texts in files, read anew and a little at a time by each `iter()`.

    What a file holds is told by its suffix: `.txt`, one text a line, blank lines skipped; `.csv` and `.tsv` with a
    header, where quoted fields may go over lines; `.jsonl` or `.ndjson`, an object or a str a line; `.parquet`, which
    needs pyarrow: `pip install 'keras-transfer-sentiment[parquet]'`. All but `.parquet` may be compressed: `.gz`,
    `.xz`, `.bz2`. Lines end with `\\n` or `\\r\\n` and are counted from 1, as are the rows of `.parquet`; a byte order
    mark is dropped.

    The iterator has a property `fraction`, from 0 to 1: how much of the files it has read, for a progress bar.

    Args:
        paths: str, path-like, or list of them. Files, or patterns such as `"reviews/*.jsonl.xz"`, `**` for folders
            in folders; what a pattern matches is sorted. They are looked up once, here.
        column: str or None. The column, or key, that holds the text. None takes the only one, or else `"text"`.
            `.txt` has no columns.
        encoding: str. Of all files but `.parquet`.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an unknown suffix or encoding, a file without the column, or broken from its start; raised while
            reading too, where a file is broken further on, with its name and line.
        FileNotFoundError: no such file, or none that matches. A folder is an `IsADirectoryError`.
        ImportError: there is a `.parquet` file, and no pyarrow.

    Examples:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "reviews.csv")
        ...     with open(path, "w", newline="\\n") as file:
        ...         _ = file.write("stars,text\\n5,A warm film\\n1,'Cold, and boring'\\n".replace("'", '"'))
        ...     texts = TextFiles(os.path.join(folder, "*.csv"))
        ...     list(texts), list(texts)[1], texts.bytes_total
        (['A warm film', 'Cold, and boring'], 'Cold, and boring', 46)
    """

    def __init__(
        self,
        paths: str | os.PathLike | Sequence[str | os.PathLike],
        column: str | None = None,
        encoding: str = "utf-8",
    ):
        for name, value in (("column", "" if column is None else column), ("encoding", encoding)):
            if not isinstance(value, str):
                raise TypeError(f"`{name}` must be a str. Received {short(value)} of type {type(value).__name__}.")
        try:
            " ".encode(encoding)
            codecs.getincrementaldecoder(encoding)
        except (LookupError, ValueError):
            raise ValueError(
                "`encoding` must be one that Python knows, such as 'utf-8', 'latin-1', 'cp1252' or 'gb18030'. "
                f"Received {short(encoding)}."
            ) from None
        self.column = column
        self.encoding = encoding
        names = [name for path in (paths if isinstance(paths, (list, tuple)) else [paths]) for name in _matches(path)]
        if not names:
            raise ValueError("`paths` is an empty list. Pass at least one file or pattern, such as 'reviews/*.txt'.")
        self._sources = [_source(name, column, encoding) for name in names]
        if any(source.kind == ".parquet" for source in self._sources):
            _import_pyarrow()
        next(_READERS[self._sources[0].kind](self._sources[0], lambda position: None), None)
        if not self.bytes_total:
            what = f"{names[0]} is" if len(names) == 1 else f"All {len(names)} files are"
            raise ValueError(f"{what} empty: no text to read. Check what wrote {'it' if len(names) == 1 else 'them'}.")

    @property
    def files(self) -> list[str]:
        """list of str: the absolute path of each file, in the order of reading."""
        return [source.path for source in self._sources]

    @property
    def bytes_total(self) -> int:
        """int: the sizes of all files, as they are on disk."""
        return sum(map(os.path.getsize, self.files))

    def fingerprint(self) -> str:
        """Returns a SHA-256 in hexadecimal that changes with any file's path, size or time of change, or an argument.

        Two that are equal tell that the texts are the same, without reading them.
        """
        states = [(path, os.stat(path)) for path in self.files]
        parts = [[[path, state.st_size, state.st_mtime_ns] for path, state in states], self.column, self.encoding]
        return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()

    def __iter__(self) -> "TextIterator":
        return TextIterator(self._sources)

    def __repr__(self) -> str:
        names = [source.name for source in self._sources]
        column = "" if self.column is None else f", column={short(self.column)}"
        return f"TextFiles({short(names if len(names) > 1 else names[0])}{column})"


class TextIterator:
    """What `iter(TextFiles(...))` gives: the texts, once, and how far it is."""

    def __init__(self, sources):
        self._sizes = [os.path.getsize(source.path) for source in sources]
        self._total = max(sum(self._sizes), 1)
        self._done = self._here = 0
        self._texts = itertools.chain.from_iterable(self._blocks(sources))

    @property
    def fraction(self) -> float:
        """float from 0 to 1: the share of the files' bytes that have been read."""
        return (self._done + self._here) / self._total

    def __iter__(self) -> "TextIterator":
        return self

    def __next__(self) -> str:
        return next(self._texts)

    def _blocks(self, sources):
        for source, size in zip(sources, self._sizes, strict=True):

            def moved(position, size=size):
                self._here = min(position, size)

            yield from _READERS[source.kind](source, moved)
            self._done, self._here = self._done + size, 0
        self._done = self._total


class _Source(NamedTuple):
    name: str  # as the user wrote it, for messages
    path: str
    kind: str
    compression: str
    column: str | None
    encoding: str

    def error(self, line, problem):
        place = "" if line is None else f", {'row' if self.kind == '.parquet' else 'line'} {line}"
        return ValueError(f"{self.name}{place}: {problem}")

    def pick(self, columns, line=None):
        """Returns the name of the column that holds the text."""
        column = self.column
        if column is None:
            column = columns[0] if len(columns) == 1 else "text"
        if columns.count(column) == 1:
            return column
        listed = ", ".join(short(name, 30) for name in columns[:6]) + (", ..." if len(columns) > 6 else "")
        problem = f"{'more than one' if column in columns else 'no'} column {short(column)} among {listed or 'none'}"
        raise self.error(line, f"{problem}. Name the one that holds the text: `TextFiles(paths, column=...)`.")

    def not_text(self, line, value):
        fix = "Name the column that holds the text: `TextFiles(paths, column=...)`."
        if value is None or value != value:
            fix = "It is missing: leave it out, or write an empty text."
        received = f"{short(value)} of type {type(value).__name__}"
        return self.error(line, f"expected the text to be a str, received {received}. {fix}")

    def lines(self, moved) -> Iterator[tuple[int, list[str]]]:
        """Yields blocks of whole lines without their ends: the number of the first, and the lines."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        first, data = 1, b" "
        begun: list[str] = []
        with open(self.path, "rb") as raw, self._decompressed(raw) as file:
            while data:
                data = self._read(file, first)
                state = decoder.getstate()
                try:
                    text = decoder.decode(data, not data)
                except UnicodeError as error:
                    decoder.setstate(state)
                    raise self._not_decoded(first, decoder, data, error) from None
                moved(raw.tell())
                if first == 1 and not any(begun):
                    text = text.removeprefix("\ufeff")
                # Not splitlines, which also splits at other characters, such as U+2028.
                whole, end, rest = text.rpartition("\n")
                if end:
                    whole = "".join([*begun, whole])
                    if "\r" in whole:
                        whole = whole.replace("\r\n", "\n").removesuffix("\r")
                    lines = whole.split("\n")
                    yield first, lines
                    first, begun = first + len(lines), []
                begun.append(rest)
        if last := "".join(begun).removesuffix("\r"):
            yield first, [last]

    def _decompressed(self, raw):
        return importlib.import_module(_COMPRESSIONS[self.compression]).open(raw) if self.compression else raw

    def _read(self, file, line):
        try:
            return file.read(_BLOCK)
        except Exception as error:  # each compression raises kinds of its own
            if isinstance(error, MemoryError) or getattr(error, "errno", None) is not None:
                raise
            problem = "is cut short" if isinstance(error, EOFError) else f"is no valid {self.compression} file"
            problem = f"{self.name} {problem}, at line {line} or after: {short(str(error))}"
            raise ValueError(f"{problem}. Copy or download it again.") from error

    def _not_decoded(self, line, decoder, data, error):
        with contextlib.suppress(UnicodeError):
            for place in range(len(data)):
                line += decoder.decode(data[place : place + 1]).count("\n")
        encoding = codecs.lookup(self.encoding).name
        other, what = ("latin-1" if encoding == "utf-8" else "utf-8"), "it"
        if isinstance(error, UnicodeDecodeError):
            byte = error.object[error.start]
            what = f"byte 0x{byte:02x}"
            other = "utf-16" if line == 1 and error.start == 0 and byte in (0xFE, 0xFF) else other
        fix = f"pass encoding={other!r}, or what else the file was saved in. If it is {encoding.upper()}, it is damaged"
        return self.error(line, f"{what} is not {encoding.upper()}: {fix}.")


def _matches(path):
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise TypeError(
            "`paths` must be a file, a pattern or a list of them, each a str or a path. Received "
            f"{short(path)} of type {type(path).__name__}."
        )
    name = os.path.expanduser(path)
    if os.path.isdir(name):
        raise IsADirectoryError(f"{name} is a folder. Pass files in it: {os.path.join(name, '*.txt')!r}.")
    found = [name] if os.path.isfile(name) else sorted(filter(os.path.isfile, glob.glob(name, recursive=True)))
    if not found:
        folder = os.path.dirname(name)
        while glob.has_magic(folder):
            folder = os.path.dirname(folder)
        there = "holds no such file" if os.path.isdir(folder or ".") else "does not exist"
        raise FileNotFoundError(
            f"No file matches {name!r}: the folder {os.path.abspath(folder)} {there}. Correct the path or the pattern."
        )
    return found


def _source(name, column, encoding):
    stem, suffix = os.path.splitext(name.lower())
    compression = suffix if suffix in _COMPRESSIONS else ""
    kind = os.path.splitext(stem)[1] if compression else suffix
    if kind not in _READERS or (compression and kind == ".parquet"):
        fix = _INSTEAD.get(kind, "Rename it, narrow the pattern, or pass its texts as a list or a generator.")
        raise ValueError(
            f"{name} has no suffix that tells its format. Expected {', '.join(_READERS)}; all but .parquet may be "
            f"followed by {', '.join(_COMPRESSIONS)}. {fix}"
        )
    with open(name, "rb"):  # raises what tells why it cannot be read
        return _Source(name, os.path.abspath(name), kind, compression, column, encoding)


# The readers yield lists of texts. What comes first comes once the column is known to be there.


def _read_txt(source, moved):
    for _, lines in source.lines(moved):
        yield [line for line in lines if line and not line.isspace()]


def _read_jsonl(source, moved):
    decode = json.JSONDecoder().raw_decode  # twice as fast as json.loads
    for first, lines in source.lines(moved):
        texts = []
        for number, line in enumerate(lines, first):
            line = line.strip()
            if not line:
                continue
            try:
                value, end = decode(line)
                if end < len(line):
                    raise json.JSONDecodeError("Extra data", line, end)
            except (ValueError, RecursionError) as error:
                # Without the place in the message of `json`, which calls every line the first.
                problem = f"expected a JSON object or string, received {short(line)}: {str(error).partition(':')[0]}"
                raise source.error(number, f"{problem}. Write one a line, whole.") from None
            if isinstance(value, dict):
                if source.column not in value:
                    source = source._replace(column=source.pick(list(value), number))
                value = value[source.column]
            if type(value) is not str:
                raise source.not_text(number, value)
            texts.append(value)
        yield texts


def _read_csv(source, moved):
    lines = itertools.chain.from_iterable([f"{line}\n" for line in lines] for _, lines in source.lines(moved))
    rows = csv.reader(itertools.chain(lines, [_END]), delimiter="\t" if source.kind == ".tsv" else ",")
    header: list[str] = []
    while not header:
        first, (header,) = _take(source, rows, 1)
    if header == [_END]:
        raise source.error(1, "the file is empty. Expected a header that names the columns.")
    if len(header) == 1 and source.column is None and re.search("[;|\t]", header[0]):
        problem = f"one column, {short(header[0])}. Separate columns by commas, in .tsv by tabs"
        raise source.error(first, f"{problem}; or, if there is only one, name it: `column=...`.")
    place, width = header.index(source.pick(header, first)), len(header)
    yield []
    is_last = False
    while not is_last:
        first, taken = _take(source, rows, _ROWS)
        is_last = taken[-1] == [_END]
        texts = []
        for number, row in enumerate(taken[:-1] if is_last else taken):
            if len(row) == width or (place < len(row) and not any(row[width:])):
                texts.append(row[place])
            elif row:
                problem = f"expected {width} fields, as in the header, received {len(row)}: {short(row)}"
                fix = "Put a text that holds the separator between quotes, or leave the row out."
                raise source.error(_line_after(first, taken[:number]), f"{problem}. {fix}")
        yield texts


def _take(source, reader, count):
    """Returns up to `count` rows of a CSV file, after the line of the first."""
    first, problem = reader.line_num + 1, ""
    rows: list[list[str]] = []
    limit = csv.field_size_limit(_FIELD)  # of all readers in this process; by default 131,072, short for a text
    try:
        rows.extend(itertools.islice(reader, count))
        if rows[-1] and rows[-1][-1].endswith("\n" + _END):
            rows.pop()
            problem = "a quote is never closed"
    except csv.Error as error:
        problem = str(error).partition(" - ")[0]
    finally:
        csv.field_size_limit(limit)
    if problem:
        raise source.error(_line_after(first, rows), f"{problem}. Close the quotes, and double those inside a text.")
    return first, rows


def _line_after(first, rows):
    return first + sum(1 + sum(field.count("\n") for field in row) for row in rows)


def _read_parquet(source, moved):
    arrow = _import_pyarrow()
    size, done = os.path.getsize(source.path), 0
    try:
        # Buffered, so that not the whole of a group of rows is in memory.
        with arrow.parquet.ParquetFile(source.path, buffer_size=_BLOCK) as file:
            column = source.pick(file.schema_arrow.names)
            kind = file.schema_arrow.field(column).type
            kind = kind.value_type if arrow.types.is_dictionary(kind) else kind
            if str(kind) not in _STRINGS:
                others = [field.name for field in file.schema_arrow if str(field.type) in _STRINGS]
                fix = f"Pass `column=...`: {', '.join(map(short, others[:6]))}." if others else "No column does."
                raise source.error(None, f"column {short(column)} holds {kind}, not strings. {fix}")
            yield []
            for batch in file.iter_batches(_ROWS, columns=[column]):
                texts = batch.column(column).to_pylist()
                if None in texts:
                    raise source.not_text(done + texts.index(None) + 1, None)
                done += len(texts)
                moved(size * done // file.metadata.num_rows)
                yield texts
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        problem = f"no valid Parquet: {short(str(error))}. Write or download it again."
        raise source.error(done + 1 if done else None, problem) from error


_STRINGS = ("string", "large_string", "string_view")  # Arrow's types


def _import_pyarrow():
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("`.parquet` needs pyarrow: pip install 'keras-transfer-sentiment[parquet]'.") from error
    return pyarrow


_READERS = {".txt": _read_txt, ".parquet": _read_parquet}
_READERS |= {".csv": _read_csv, ".tsv": _read_csv, ".jsonl": _read_jsonl, ".ndjson": _read_jsonl}
SUFFIXES = tuple(kind + compression for kind in _READERS for compression in ("", *_COMPRESSIONS))
