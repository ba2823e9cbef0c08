"""Damaged and hostile files of vectors, texts and encoded corpora: one clear error each, or what line 1 declares.

`.safetensors` and the folder of a corpus carry digests: any change of a bit has to be found. The formats of others have
no checksum. There a changed letter or digit makes another word or number, which nobody can see: a file that is read has
to have the declared number of words, rows of one length and finite numbers, and text files give str.
"""

import bz2
import gzip
import json
import lzma
import random
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np

from keras_transfer_sentiment import TextEncoder, TextFiles, WordVectors
from keras_transfer_sentiment.text.corpus_cache import CorpusCache, open_folder
from keras_transfer_sentiment.vectors import native_file
from keras_transfer_sentiment.vectors.files import read_vectors, write_vectors
from keras_transfer_sentiment.vectors.subwords import CharNgrams
from tests.robustness.harness import case_rng, explain_message, run_script
from tests.robustness.workers import run_cases

WORDS = ["film", "naïve", "电影", "New\xa0York", "👍", "n't", "#", "well-made", *(f"w{i}" for i in range(40))]
TEXTS = [" ".join(WORDS[(i * j) % len(WORDS)] for j in range(1, 9)) for i in range(60)]
FOREIGN = ("words.vec", "words.bin", "words.glove", "words.vec.gz", "words.bin.xz", "words.vec.bz2")
TEXT_FILES = ("a.txt", "a.csv", "a.tsv", "a.jsonl", "a.txt.gz", "a.jsonl.xz", "a.csv.bz2", "a.parquet")
KINDS = (*FOREIGN, *TEXT_FILES, *["words.safetensors"] * 5, *["cache"] * 5, *["unfinished"] * 3, "bomb", "bomb")


def prepare(seed):
    """Makes a good file of each kind; returns the function that damages and reads one."""
    folder = Path(tempfile.mkdtemp(prefix="data_files-"))
    make_files(folder)

    def compute(case):
        rng = case_rng(seed, case)
        kind = KINDS[case % len(KINDS)]
        with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return check(folder, kind, Path(name), rng)

    return compute


def make_files(folder):
    """Writes a good file of every kind."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(len(WORDS), 5)).astype("float32")
    write_vectors(folder / "words.vec", WORDS, matrix)
    write_vectors(folder / "words.bin", WORDS, matrix)
    write_vectors(folder / "words.glove", WORDS, matrix, "glove")
    (folder / "words.vec.gz").write_bytes(gzip.compress((folder / "words.vec").read_bytes()))
    (folder / "words.bin.xz").write_bytes(lzma.compress((folder / "words.bin").read_bytes()))
    (folder / "words.vec.bz2").write_bytes(bz2.compress((folder / "words.vec").read_bytes()))
    vectors = WordVectors.from_words(WORDS, matrix, encoder=TextEncoder(lowercase=False, stop_words=None))
    ngrams = CharNgrams(rng.normal(size=(11, 5)).astype("float32"), (3, 4))
    native_file.write(folder / "words.safetensors", vectors.encoder, vectors.matrix, ngrams)
    lines = "".join(f"{text}\n" for text in TEXTS)
    contents = {
        "a.txt": lines,
        "a.csv": "text\n" + lines,
        "a.tsv": "id\ttext\n" + "".join(f"{i}\t{text}\n" for i, text in enumerate(TEXTS)),
        "a.jsonl": "".join(json.dumps({"text": text}) + "\n" for text in TEXTS),
    }
    for name, content in contents.items():
        (folder / name).write_text(content, "utf-8")
    (folder / "a.txt.gz").write_bytes(gzip.compress(contents["a.txt"].encode()))
    (folder / "a.jsonl.xz").write_bytes(lzma.compress(contents["a.jsonl"].encode()))
    (folder / "a.csv.bz2").write_bytes(bz2.compress(contents["a.csv"].encode()))
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"text": TEXTS}), folder / "a.parquet")
    read_corpus(folder / "cache", iter(TEXTS))
    try:
        read_corpus(folder / "unfinished", (text if i < 40 else 1 / 0 for i, text in enumerate(TEXTS)), 10)
    except ZeroDivisionError:
        pass


def read_corpus(folder, texts, batch=2048):
    """Returns the ids of texts by a cache, and the vocabulary."""
    from unittest import mock

    with (
        mock.patch("keras_transfer_sentiment.text.corpus_cache.SAVE_SECONDS", 0.0),
        mock.patch("keras_transfer_sentiment.text.batches.BATCH_TEXTS", batch),
        open_folder(folder) as path,
    ):
        encoder = TextEncoder()
        cache = CorpusCache(path, encoder)
        rest = iter(list(TEXTS)[cache.texts_read :]) if cache.texts_read else texts
        corpus = cache.encode(encoder.check_stream(rest, "fit", first=cache.texts_read))
        return corpus.ids.tolist(), encoder.get_vocabulary_state()


def damage(content, rng, choice=None):
    """Returns bytes that were damaged in one of several ways, and which."""
    way = choice or rng.choice(["bit", "bits", "cut", "begin", "hole", "insert", "swap", "repeat", "digits", "line"])
    size, data = len(content), bytearray(content)
    place = int(rng.integers(size))
    other = int(rng.integers(size))
    first, last = min(place, other), max(place, other)
    if way == "bit":
        data[place] ^= 1 << int(rng.integers(8))
    elif way == "bits":
        for one in rng.integers(size, size=8):
            data[one] ^= 1 << int(rng.integers(8))
    elif way == "cut":
        del data[place:]
    elif way == "begin":
        del data[: place // 8 + 1]
    elif way == "hole":
        data[first:last] = bytes(last - first)
    elif way == "insert":
        data[place:place] = rng.bytes(int(rng.integers(1, 40)))
    elif way == "swap":
        width = min(16, size // 3)
        a, b = sorted(rng.choice(max(size - width, 1), 2))
        data[a : a + width], data[b : b + width] = data[b : b + width], data[a : a + width]
    elif way == "repeat":
        data[place:place] = data[first:last]
    elif way == "digits":
        places = [i for i, byte in enumerate(content) if 48 <= byte < 58]
        if places:
            place = places[int(rng.integers(min(len(places), 400)))]
            data[place : place + 1] = str(10 ** int(rng.integers(1, 25))).encode()
    else:
        lines = content.split(b"\n")
        random.Random(int(rng.integers(1 << 30))).shuffle(lines)
        data = bytearray(b"\n".join(lines))
    return bytes(data), way


def check(folder, kind, place, rng):
    """Damages a file of a kind in the folder `place` and reads it."""
    if kind == "bomb":
        return check_bomb(place, rng)
    if kind in ("cache", "unfinished"):
        return check_cache(folder, kind, place, rng)
    content = (folder / kind).read_bytes()
    changed, way = damage(content, rng)
    path = place / kind
    path.write_bytes(changed)
    outcome = f"{kind.partition('.')[2] or kind}, {way}"
    try:
        if kind == "words.safetensors":
            return outcome + ": read", check_native(folder / kind, path)
        if kind in FOREIGN:
            return outcome + ": read", check_vectors(path)
        texts = list(TextFiles(str(path), column="text"))
        return outcome + ": read", "" if all(isinstance(text, str) for text in texts) else "no texts"
    except (ValueError, OSError) as error:
        return outcome + ": refused", explain_message(error, kind.partition(".")[0]) or wrong_kind(error)


def wrong_kind(error):
    """Returns the problem of an error that is not one of ours."""
    if type(error) in (ValueError, IsADirectoryError, FileNotFoundError):
        return ""
    return f"a raw {type(error).__name__}: {error}"


def check_native(good, path):
    """Returns what is wrong with a `.safetensors` that was read."""
    found = WordVectors.load(path)
    if found == WordVectors.load(good):
        return ""  # the same bytes, or white space elsewhere
    return "read as something else"


def check_vectors(path):
    """Returns what is wrong with vectors that were read: the count, the shape or the numbers."""
    words, vectors = read_vectors(path)
    with open(path, "rb") as file:
        head = file.read(2)
    opener = {b"\x1f\x8b": gzip.open, b"\xfd7": lzma.open, b"BZ": bz2.open}.get(head, open)
    with opener(path, "rb") as file:
        first = file.readline().split()
    if vectors.shape[0] != len(words) or not np.isfinite(vectors).all() or not all(words):
        return "words, shape or numbers are wrong"
    if len(first) == 2 and all(field.isdigit() for field in first) and ".glove" not in path.name:
        dim = int(first[1])
        if vectors.shape[1] != dim or len(words) > int(first[0]):
            return f"line 1 declares {first}, the shape is {vectors.shape}"
    return ""


def check_cache(folder, kind, place, rng):
    """Damages a file in the folder of a corpus, and reads it or goes on with it."""
    path = place / "cache"
    shutil.copytree(folder / kind, path)
    names = sorted(one.name for one in path.iterdir() if one.stat().st_size)
    name = names[int(rng.integers(len(names)))]
    way = rng.choice(["bit", "cut", "insert", "swap files", "digits", "gone"])
    changed = True
    if way == "gone":
        (path / name).unlink()
    elif way == "swap files":
        other = names[int(rng.integers(len(names)))]
        changed = (path / name).read_bytes() != (path / other).read_bytes()
        (path / name).rename(path / "third")
        if other != name:
            (path / other).rename(path / name)
        (path / "third").rename(path / other)
    else:
        content = (path / name).read_bytes()
        after, _ = damage(content, rng, way)
        changed = after != content
        (path / name).write_bytes(after)
    outcome = f"{kind}, {name}, {way}"
    try:
        found = read_corpus(path, iter(TEXTS))
    except (ValueError, OSError) as error:
        problem = explain_message(error, "cache") or wrong_kind(error)
        return outcome + ": refused", problem if changed else f"refused, though nothing changed: {error}"
    return outcome + ": read", "" if found == read_corpus(folder / "cache", iter(())) else "read as something else"


def check_bomb(place, rng):
    """Reads a small file that declares, or expands to, very much."""
    big = 300 << 20
    bombs = {
        "one row": lambda: gzip.compress(b"film" + b" 0" * (big // 2), 1),
        "declared dimensions": lambda: gzip.compress(b"5 400000000\nfilm " + bytes(big), 1),
        "declared words": lambda: b"999999999999 65536\nfilm 1\n",
        "blank lines": lambda: gzip.compress(b"film 1 2\n" + b"\n" * big, 1),
        "one line of zeros": lambda: gzip.compress(b"2 3\nfilm " + b"0" * big, 1),
        "same word": lambda: lzma.compress(b"film 1 2\n" * (big // 9), preset=0),
        "digits": lambda: b"7" * 4000 + b" 2\n",
        "long row": lambda: b"film" + b" 1" * 2_000_000,
        "binary zeros": lambda: gzip.compress(b"900000 300\n" + b"film " + bytes(big), 1),
    }
    name = sorted(bombs)[int(rng.integers(len(bombs)))]
    kind = ["vectors", "texts"][int(rng.integers(2))]
    path = place / ("bomb.vec" if kind == "vectors" else "bomb.txt")
    path.write_bytes(bombs[name]())
    outcome = f"bomb, {name}, {kind}"
    try:
        if kind == "vectors":
            read_vectors(path)
        else:
            for _ in TextFiles(path):
                pass
    except ValueError as error:
        return outcome + ": refused", explain_message(error, "bomb.")
    return outcome + ": read", "" if kind == "texts" else "read"


def run(report, cases):
    """Damages and reads a file for each case, in processes of their own with bounds."""
    run_cases(report, "tests.robustness.data_files:prepare", cases, {"seed": report.seed}, seconds=30)


if __name__ == "__main__":
    run_script(__doc__, run, count=1000)
