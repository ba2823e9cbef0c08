"""Texts streamed from files, for corpora larger than memory."""

import codecs
import glob
import itertools
import json
import os
from collections.abc import Sequence

from keras_transfer_sentiment.checks import check_path, short
from keras_transfer_sentiment.storage import digest
from keras_transfer_sentiment.text.readers import COMPRESSIONS, READERS, TextFile, import_pyarrow

_INSTEAD = {
    ".json": "If it has one object per line, rename it to .jsonl; if it is one list, pass `json.load(file)`.",
    ".xlsx": "Save it as .csv, or pass the column: `pandas.read_excel(path)['text']`.",
}


class TextFiles:
    """Texts in files, read anew and a little at a time by each `iter()`.

    The suffix of a file tells its format: `.txt`, one text per line, blank lines skipped; `.csv` and `.tsv` with a
    header, where quoted fields may go over lines; `.jsonl` or `.ndjson`, one object or str per line; `.parquet`, which
    needs pyarrow: `pip install 'keras-transfer-sentiment[parquet]'`. All but `.parquet` may be compressed: `.gz`,
    `.xz`, `.bz2`. Lines end with `\\n` or `\\r\\n` and are counted from 1, as are the rows of `.parquet`; a byte order
    mark is dropped.

    The iterator has a property `fraction`, from 0 to 1: how much of the files it has read, for a progress bar.

    Args:
        paths: str, path-like, or list of them. Files, or patterns such as `"reviews/*.jsonl.xz"`, `**` for folders
            in folders; the files that a pattern matches are sorted. They are looked up once, here.
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
                fix = "Pass the name of a column." if name == "column" else "Pass 'utf-8'."
                raise TypeError(
                    f"`{name}` must be a str. Received {short(value)} of type {type(value).__name__}. {fix}"
                )
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
            import_pyarrow()
        next(READERS[self._sources[0].kind](self._sources[0], lambda position: None), None)
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

        Two equal ones tell that the texts are the same, without reading them.
        """
        states = [(path, os.stat(path)) for path in self.files]
        parts = [[[path, state.st_size, state.st_mtime_ns] for path, state in states], self.column, self.encoding]
        return digest([json.dumps(parts)])

    def __iter__(self) -> "TextIterator":
        return TextIterator(self._sources)

    def __repr__(self) -> str:
        names = [source.name for source in self._sources]
        column = "" if self.column is None else f", column={short(self.column)}"
        return f"TextFiles({short(names if len(names) > 1 else names[0])}{column})"


class TextIterator:
    """The iterator of `TextFiles`: gives the texts once, and tells how far it is."""

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

            yield from READERS[source.kind](source, moved)
            self._done, self._here = self._done + size, 0
        self._done = self._total


def _matches(path):
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise TypeError(
            "`paths` must be a file, a pattern or a list of them, each a str or a path. Received "
            f"{short(path)} of type {type(path).__name__}. Texts themselves need no `TextFiles`: pass them as a list."
        )
    name = os.path.expanduser(check_path(path, "paths", "reviews.txt"))
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
    compression = suffix if suffix in COMPRESSIONS else ""
    kind = os.path.splitext(stem)[1] if compression else suffix
    if kind not in READERS or (compression and kind == ".parquet"):
        fix = _INSTEAD.get(kind, "Rename it, narrow the pattern, or pass its texts as a list or a generator.")
        raise ValueError(
            f"{name} has no suffix that tells its format. Expected {', '.join(READERS)}; all but .parquet may be "
            f"followed by {', '.join(COMPRESSIONS)}. {fix}"
        )
    with open(name, "rb"):  # raises what tells why it cannot be read
        return TextFile(name, os.path.abspath(name), kind, compression, column, encoding)
