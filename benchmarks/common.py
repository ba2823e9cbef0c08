"""What the benchmarks share: the review corpora, tables and result files."""

import gzip
import json
import lzma
import os
import platform
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent
DATA = Path(os.environ.get("KTS_DATA", ROOT.parent.parent / "shared" / "data"))


def read(name):
    """Returns the rows of a corpus, a list of dicts."""
    path = DATA / name
    if not path.exists():
        raise SystemExit(f"No {name} in {DATA}. Set KTS_DATA to the folder of the review corpora.")
    opener = lzma.open if path.suffix == ".xz" else gzip.open
    with opener(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def texts_and_labels(rows):
    """Returns the texts (list of str) and labels (int array) of corpus rows."""
    return [row["text"] for row in rows], np.array([row["label"] for row in rows])


def imdb():
    """Returns IMDB as (pretraining texts, training texts, training labels, test texts, test labels).

    The 270 unlabelled reviews whose text is also a test review are left out of the pretraining.
    """
    train_texts, train_labels = texts_and_labels(read("imdb_train.jsonl.xz"))
    test_texts, test_labels = texts_and_labels(read("imdb_test.jsonl.xz"))
    seen = set(test_texts)
    unlabelled = [row["text"] for row in read("imdb_unsup.jsonl.xz") if row["text"] not in seen]
    return unlabelled + train_texts, train_texts, train_labels, test_texts, test_labels


def balanced_draws(labels, size, draws, seed=0):
    """Yields `draws` times the rows of `size` examples, half of each class."""
    rng = np.random.default_rng([seed, size])
    for _ in range(draws):
        yield np.concatenate(
            [rng.choice(np.flatnonzero(labels == polarity), size // 2, replace=False) for polarity in (0, 1)]
        )


def report(name, rows, columns, details=None):
    """Prints rows (dicts) as a Markdown table and writes them to results/NAME.json."""
    cells = [[_cell(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(len(column), *(len(row[i]) for row in cells)) for i, column in enumerate(columns)]
    for line in [columns, ["-" * width for width in widths], *cells]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
    folder = ROOT / "results"
    folder.mkdir(exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    result = {"benchmark": name, "machine": machine, "rows": rows, **(details or {})}
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _cell(value):
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
