"""Reading texts from files of each format, some at a time, with errors that name the file and the line."""

import codecs
import contextlib
import csv
import itertools
import json
import os
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.compressed import HEAD, check_expansion, looks_like_utf_16, open_file

COMPRESSIONS = (".gz", ".xz", ".bz2")
BLOCK = 1 << 18  # bytes read at a time: small enough to leave memory flat, large enough to decode at full speed
ROWS = 256  # rows of a table taken at a time
LONGEST_FIELD = 1 << 24  # characters of a CSV field; a longer one is a quote that is never closed
_END = "\0end"  # a line put after a CSV file's last: a quote left open swallows it
_STRINGS = ("string", "large_string", "string_view")  # Arrow's types

Report = Callable[[int], None]  # is told how many bytes of a file have been read


class TextFile(NamedTuple):
    """A file of texts: where it is, how it is read, and the errors that name it."""

    name: str  # as the user wrote it, for messages
    path: str
    kind: str
    compression: str
    column: str | None
    encoding: str

    def error(self, line: int | None, problem: str) -> ValueError:
        """Returns the error for a problem in a line or row, counted from 1, or in the file as a whole."""
        place = "" if line is None else f", {'row' if self.kind == '.parquet' else 'line'} {line}"
        return ValueError(f"{self.name}{place}: {problem}")

    def pick(self, columns: list[str], line: int | None = None) -> str:
        """Returns the name of the column that holds the text.

        Raises:
            ValueError: there is no such column, or more than one.
        """
        column = self.column
        if column is None:
            column = columns[0] if len(columns) == 1 else "text"
        if columns.count(column) == 1:
            return column
        listed = ", ".join(short(name, 30) for name in columns[:6]) + (", ..." if len(columns) > 6 else "")
        problem = f"{'more than one' if column in columns else 'no'} column {short(column)} among {listed or 'none'}"
        raise self.error(line, f"{problem}. Name the one that holds the text: `TextFiles(paths, column=...)`.")

    def not_text(self, line: int, value) -> ValueError:
        """Returns the error for a value that is no text."""
        fix = "Name the column that holds the text: `TextFiles(paths, column=...)`."
        if value is None or value != value:
            fix = "It is missing: leave it out, or write an empty text."
        received = f"{short(value)} of type {type(value).__name__}"
        return self.error(line, f"expected the text to be a str, received {received}. {fix}")

    def lines(self, moved: Report) -> Iterator[tuple[int, list[str]]]:
        """Yields blocks of whole lines without their ends: the number of the first, and the lines."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        first, data = 1, b" "
        begun: list[str] = []
        with open(self.path, "rb") as raw, self._open(raw) as file:
            size, expanded = os.path.getsize(self.path), 0
            while data:
                data = self._read(file, first)
                if not expanded:
                    self._check_head(data)
                expanded += len(data)
                if file is not raw:
                    check_expansion(self.name, expanded, size)
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

    def _open(self, raw):
        return open_file(raw, self.name, self.compression)

    def _check_head(self, data):
        """Raises an error for bytes that would be read as text, and are not what they seem."""
        is_utf_8 = codecs.lookup(self.encoding).name == "utf-8"
        if is_utf_8 and looks_like_utf_16(data[:HEAD]):
            little = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
            raise self.error(1, f"every second byte is 0, as in UTF-16: pass encoding={little!r}.")
        if data.count(b"\r") > 1 and b"\n" not in data:
            raise self.error(None, "its lines end with a carriage return alone. Convert it: `tr '\\r' '\\n'`.")

    def _read(self, file, line):
        try:
            return file.read(BLOCK)
        except Exception as error:  # each compression raises kinds of its own
            if isinstance(error, MemoryError) or getattr(error, "errno", None) is not None:
                raise
            problem = "is cut short" if isinstance(error, EOFError) else "is damaged"
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
        fix = f"pass encoding={other!r}, or the one it was saved in. If that is {encoding.upper()}, it is damaged"
        return self.error(line, f"{what} is not {encoding.upper()}: {fix}.")


# Each reader yields lists of texts; the first one, which may be empty, once the column is known to be there.


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
        first, taken = _take(source, rows, ROWS)
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
    limit = csv.field_size_limit(LONGEST_FIELD)  # of all readers in this process; by default 131,072, short for a text
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
    arrow = import_pyarrow()
    size, done = os.path.getsize(source.path), 0
    try:
        # Buffered, so that not the whole of a group of rows is in memory.
        with arrow.parquet.ParquetFile(source.path, buffer_size=BLOCK) as file:
            column = source.pick(file.schema_arrow.names)
            kind = file.schema_arrow.field(column).type
            kind = kind.value_type if arrow.types.is_dictionary(kind) else kind
            if str(kind) not in _STRINGS:
                others = [field.name for field in file.schema_arrow if str(field.type) in _STRINGS]
                fix = f"Pass `column=...`: {', '.join(map(short, others[:6]))}." if others else "Convert it to strings."
                raise source.error(None, f"column {short(column)} holds {kind}, not strings. {fix}")
            yield []
            for batch in file.iter_batches(ROWS, columns=[column]):
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


def import_pyarrow():
    """Returns the package `pyarrow`.

    Raises:
        ImportError: it is not installed; the message says how to install it.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("`.parquet` needs pyarrow: pip install 'keras-transfer-sentiment[parquet]'.") from error
    return pyarrow


READERS = {".txt": _read_txt, ".parquet": _read_parquet}
READERS |= {".csv": _read_csv, ".tsv": _read_csv, ".jsonl": _read_jsonl, ".ndjson": _read_jsonl}
SUFFIXES = tuple(kind + compression for kind in READERS for compression in ("", *COMPRESSIONS))
