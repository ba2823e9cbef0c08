"""Growth: what a word costs with few and with many word types, and how much memory a long corpus takes.

    python benchmarks/growth.py [--runs 50000:20 1000000:20 50000:300 1000000:300] [--folder /tmp]

A run `TYPES:MILLIONS` writes so many million words of synthetic text to files on disk: word types drawn by Zipf's law,
200 words a text, a million words a file. Then it pretrains on the files for one epoch, in a process of its own (100
dimensions, window 5, subsample 1e-3), and looks at its memory every second: all that is resident, and what is its own,
without the pages of libraries and mapped files, which the system takes back where it needs room.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from common import report

DIM, TEXT_WORDS, FILE_WORDS = 100, 200, 1_000_000


def write_text(folder, types, words, seed=0):
    """Writes text files of Zipf-distributed words."""
    rng = np.random.default_rng(seed)
    share = np.cumsum(1.0 / np.arange(1, types + 1))
    names = np.array([f"w{i}" for i in range(types)], object)
    for number in range(words // FILE_WORDS):
        drawn = names[np.searchsorted(share, rng.random(FILE_WORDS) * share[-1])]
        lines = (" ".join(row) for row in drawn.reshape(-1, TEXT_WORDS))
        (folder / f"{number:05d}.txt").write_text("\n".join(lines) + "\n", "ascii")


def resident():
    """Returns the memory of this process in MiB: all that is resident, and without libraries and mapped files."""
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    values = {words[0]: int(words[1]) / 1024 for words in lines if words[0] in ("VmRSS:", "RssAnon:")}
    return values["VmRSS:"], values["RssAnon:"]


def train(folder):
    """Pretrains on the files of a folder and prints figures as JSON."""
    import keras

    from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder, TextFiles

    class Marks(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            marks["training"] = time.perf_counter()

    marks = {"start": time.perf_counter()}
    memory = [resident()]
    done = threading.Event()

    def watch():
        while not done.wait(1):
            memory.append(resident())

    watcher = threading.Thread(target=watch)
    start = memory[0]
    watcher.start()
    encoder = TextEncoder(None, min_count=5, max_vocabulary=None)
    pretrainer = SkipGramPretrainer(DIM, window=5, subsample=1e-3, encoder=encoder, seed=0)
    cache = folder / "cache"
    pretrainer.fit(TextFiles(folder / "*.txt"), epochs=1, verbose=0, cache_dir=cache, callbacks=[Marks()])
    end = time.perf_counter()
    done.set()
    watcher.join()
    tables = sum(table.nbytes for table in pretrainer.tables.present().values()) / 2**20
    print(
        json.dumps(
            {
                "vocabulary": encoder.size - 1,
                "reading (s)": marks["training"] - marks["start"],
                "training (s)": end - marks["training"],
                "tables MiB": tables,
                "start MiB": start[0],
                "peak MiB": max(memory)[0],
                "own at start MiB": start[1],
                "own peak MiB": max(own for _, own in memory),
                "cache MiB": sum(path.stat().st_size for path in cache.iterdir()) / 2**20,
                "own MiB each second": [round(own) for _, own in memory],
            }
        )
    )


def run_alone(types, millions, parent):
    """Writes text and pretrains on it in a process of its own; returns what that prints, and the size of the text."""
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        write_text(Path(folder), types, millions * 1_000_000)
        text = sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**20
        command = [sys.executable, __file__, "--one", folder]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout, text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", nargs="+", default=["50000:20", "1000000:20", "50000:300", "1000000:300"])
    parser.add_argument("--folder", help="where the text is written; the system's temporary folder by default")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        train(options.one)
        return
    rows = []
    run_alone(1_000, 1, options.folder)  # compiles what every installation compiles once
    for run in options.runs:
        types, millions = map(int, run.split(":"))
        output, text = run_alone(types, millions, options.folder)
        row = {"types": types, "words": millions * 1_000_000, "text MiB": text, **json.loads(output.splitlines()[-1])}
        row["ns/word"] = 1e9 * (row["reading (s)"] + row["training (s)"]) / row["words"]
        row["ns/word, training"] = 1e9 * row["training (s)"] / row["words"]
        row["own peak less tables MiB"] = row["own peak MiB"] - row["tables MiB"]
        print(json.dumps(row), file=sys.stderr)
        rows.append(row)
    columns = ["types", "words", "vocabulary", "reading (s)", "training (s)", "ns/word", "ns/word, training"]
    columns += ["text MiB", "cache MiB", "tables MiB", "start MiB", "peak MiB"]
    columns += ["own at start MiB", "own peak MiB", "own peak less tables MiB"]
    report("growth", rows, columns)


if __name__ == "__main__":
    main()
