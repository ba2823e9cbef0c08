import contextlib
import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder
from keras_transfer_sentiment.text import corpus_cache
from keras_transfer_sentiment.text.corpus_cache import CorpusCache, open_folder

from ..contracts import raises

TEXTS = ["a good film", "not a bad film at all", "", "good good plot", "xyz"] * 40


def encode(folder, texts=TEXTS, encoder=None, report=lambda texts: None, **options):
    """Encodes texts in a folder; returns the encoder and the corpus."""
    encoder = TextEncoder() if encoder is None else encoder
    with open_folder(folder) as path:
        cache = CorpusCache(path, encoder, **options)
        rest = itertools.islice(texts, cache.texts_read, None)
        return encoder, cache.encode(encoder.check_stream(rest, "fit", first=cache.texts_read), report)


def check_same(corpus, encoded):
    assert len(corpus) == len(encoded)
    np.testing.assert_array_equal(corpus.ids, encoded.ids)
    np.testing.assert_array_equal(corpus.offsets, encoded.offsets)
    size = int(encoded.ids.max(initial=0)) + 1
    np.testing.assert_array_equal(corpus.counts(size), encoded.counts(size))


@pytest.mark.parametrize("phrases", [False, 0.2])
def test_corpus_in_files_is_the_one_in_memory(tmp_path, phrases):
    reference = TextEncoder(phrases=phrases)
    expected = reference.adapt_and_encode(TEXTS)
    encoder, corpus = encode(tmp_path, encoder=TextEncoder(phrases=phrases))
    check_same(corpus, expected)
    assert encoder.get_vocabulary_state() == reference.get_vocabulary_state()
    assert corpus.ids.dtype == np.int32
    assert corpus.offsets.dtype == np.int64


def test_several_chunks_of_several_sizes_are_the_same_corpus(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_cache, "READ_TEXTS", 17)
    monkeypatch.setattr(corpus_cache, "READ_WORDS", 5)
    check_same(encode(tmp_path)[1], TextEncoder().adapt_and_encode(TEXTS))


def test_with_a_vocabulary_texts_are_only_encoded(tmp_path):
    encoder = TextEncoder()
    encoder.adapt(["good plot"])
    _, corpus = encode(tmp_path, encoder=encoder)
    check_same(corpus, encoder.encode(TEXTS))
    assert encoder.vocabulary == ["", "good", "plot"]


def test_growing_goes_through_files_too(tmp_path):
    encoder, reference = TextEncoder(), TextEncoder()
    for one in (encoder, reference):
        one.adapt(["good plot"])
    _, corpus = encode(tmp_path, encoder=encoder, grow=True)
    check_same(corpus, reference.grow_and_encode(TEXTS))
    assert encoder.vocabulary == reference.vocabulary


def test_tokens_of_any_kind_survive(tmp_path):
    baskets = [[1, "milk", (2, "a")], [1, (2, "a")]] * 3
    encoder, _ = encode(tmp_path, baskets, TextEncoder(None))
    assert encoder.vocabulary == ["", 1, (2, "a"), "milk"]
    again, corpus = encode(tmp_path, [], TextEncoder(None))
    assert again.vocabulary == encoder.vocabulary
    assert corpus.ids.tolist() == [1, 3, 2, 1, 2] * 3


def test_a_complete_corpus_is_not_read_again(tmp_path):
    encode(tmp_path)
    encoder = TextEncoder()
    corpus = CorpusCache(tmp_path, encoder).encode(never())
    check_same(corpus, TextEncoder().adapt_and_encode(TEXTS))
    assert encoder.vocabulary[1] == "good"
    check_same(CorpusCache(tmp_path, encoder).encode(never()), encoder.encode(TEXTS))  # by the one that has adapted


def never():
    raise AssertionError("the texts were read")
    yield


def stopped(texts, after):
    for number, text in enumerate(texts):
        if number == after:
            raise KeyboardInterrupt
        yield text


@pytest.mark.parametrize("after", [3, 7, 150])
def test_reading_goes_on_where_it_was_interrupted(tmp_path, monkeypatch, after):
    monkeypatch.setattr(corpus_cache, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr("keras_transfer_sentiment.text.batches.BATCH_TEXTS", 2)
    with pytest.raises(KeyboardInterrupt):
        encode(tmp_path, stopped(TEXTS, after))
    encoder = TextEncoder()
    unfinished = CorpusCache(tmp_path, encoder)
    assert unfinished.texts_read == after // 2 * 2
    reports = []
    check_same(encode(tmp_path, encoder=encoder, report=reports.append)[1], TextEncoder().adapt_and_encode(TEXTS))
    assert reports[0] > after // 2 * 2
    assert reports[-1] == len(TEXTS)


def flip(path, place):
    """Flips the lowest bit of one byte of a file."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["codes", "lengths", "words", "code_counts.1"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_an_interrupted_corpus_that_is_damaged_says_so(tmp_path, monkeypatch, name, damage):
    monkeypatch.setattr(corpus_cache, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr("keras_transfer_sentiment.text.batches.BATCH_TEXTS", 2)
    with pytest.raises(KeyboardInterrupt):
        encode(tmp_path, stopped(TEXTS, 7))
    if damage == "cut":
        os.truncate(tmp_path / name, 5)
    elif damage == "gone":
        (tmp_path / name).unlink()
    else:
        flip(tmp_path / name, 9)
    encoder = TextEncoder()
    with raises(ValueError, "The corpus in", "is damaged. Delete the folder to make it anew."):
        encode(tmp_path, encoder=encoder)
    assert not encoder.is_adapted


def test_translating_starts_again_after_an_interruption(tmp_path, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TextEncoder, "learn", interrupted)
        with pytest.raises(KeyboardInterrupt):
            encode(tmp_path)
    (tmp_path / "ids").write_bytes(b"half")
    encoder = TextEncoder()
    check_same(CorpusCache(tmp_path, encoder).encode(never()), TextEncoder().adapt_and_encode(TEXTS))


@pytest.mark.parametrize("learns", [True, False])
@pytest.mark.parametrize("batch", [2048, 60])
@pytest.mark.parametrize("after", range(10))
def test_a_run_that_breaks_off_at_any_write_goes_on_from_there(tmp_path, monkeypatch, after, batch, learns):
    monkeypatch.setattr(corpus_cache, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr("keras_transfer_sentiment.text.batches.BATCH_TEXTS", batch)
    expected = TextEncoder()
    corpus = expected.adapt_and_encode(TEXTS)
    writes = itertools.count()
    write_whole = corpus_cache.write_whole

    def breaking(path, write):
        if next(writes) == after:
            raise KeyboardInterrupt
        write_whole(path, write)

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(corpus_cache, "write_whole", breaking)
        encode(tmp_path, encoder=TextEncoder() if learns else expected.copy())
    encoder, again = encode(tmp_path, encoder=TextEncoder() if learns else expected.copy())
    check_same(again, corpus)
    assert encoder.get_vocabulary_state() == expected.get_vocabulary_state()


def test_leftovers_of_a_run_killed_at_its_end_are_deleted(tmp_path):
    encode(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"corpus.json", "counts.npy", "ids", "lock", "offsets", "vocabulary.json"}
    for name in ("words", "code_counts.0", "codes", "part.corpus.json", "part.corpus.json.lock", "part.1.ids"):
        (tmp_path / name).write_bytes(b"left")
    encode(tmp_path, [])
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_full_disk_says_so_and_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_cache, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr("keras_transfer_sentiment.text.batches.BATCH_TEXTS", 2)

    def full(texts):
        for number, text in enumerate(texts):
            if number == 51:
                raise OSError(errno.ENOSPC, "No space left on device")
            yield text

    with pytest.raises(OSError, match=r"No space left on the disk .* after 50 texts.*goes on from there"):
        encode(tmp_path, full(TEXTS))
    assert CorpusCache(tmp_path, TextEncoder()).texts_read == 50
    check_same(encode(tmp_path)[1], TextEncoder().adapt_and_encode(TEXTS))


# What does not fit.


def test_another_encoder_is_refused(tmp_path):
    encode(tmp_path)
    with raises(ValueError, "was made by another encoder: `lowercase` was True and is False now", "Pass another"):
        CorpusCache(tmp_path, TextEncoder(lowercase=False))


def test_another_vocabulary_is_refused(tmp_path):
    encode(tmp_path)
    encoder = TextEncoder()
    encoder.adapt(["something else"])
    with raises(ValueError, "was made with another vocabulary"):
        CorpusCache(tmp_path, encoder)


def test_other_texts_are_refused(tmp_path):
    encode(tmp_path, source="a")
    with raises(ValueError, "was made of other texts"):
        CorpusCache(tmp_path, TextEncoder(), source="b")


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with raises(ValueError, "`cache_dir` must be a new or an empty folder", "holds other files"):
        encode(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", ["ids", "offsets", "counts.npy", "vocabulary.json"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_damaged_files_are_refused(tmp_path, name, damage):
    encode(tmp_path)
    if damage == "cut":
        os.truncate(tmp_path / name, (tmp_path / name).stat().st_size // 2)
    elif damage == "gone":
        (tmp_path / name).unlink()
    else:
        flip(tmp_path / name, -2)
    encoder = TextEncoder()
    with raises(ValueError, "The corpus in", "is damaged. Delete the folder"):
        encode(tmp_path, encoder=encoder)
    assert not encoder.is_adapted


# Real kills.

RUN = """
import random, sys, time
import numpy as np
from keras_transfer_sentiment import SkipGramPretrainer
from keras_transfer_sentiment.pretraining import backup
from keras_transfer_sentiment.text import corpus_cache
folder, target, pause = sys.argv[1], sys.argv[2], float(sys.argv[3])
backup.BACKUP_SECONDS = corpus_cache.SAVE_SECONDS = 0.05
def texts():
    words = random.Random(0)
    for _ in range(3000):
        time.sleep(pause)
        yield " ".join(f"w{int(words.paretovariate(0.8)) % 900}" for _ in range(40))
pretrainer = SkipGramPretrainer(32, window=5, seed=SEED)
pretrainer.fit(texts, epochs=40, verbose=0, cache_dir=folder)
np.save(target, pretrainer.word_vectors.matrix)
"""


def start_run(folder, target, pause, seed=0):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    code = RUN.replace("SEED", str(seed))
    return subprocess.Popen([sys.executable, "-c", code, folder, target, str(pause)], env=environment)


def kill_once(process, happened):
    deadline = time.monotonic() + 100
    while not happened():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_killed_run_ends_with_the_same_vectors(tmp_path):
    folder = tmp_path / "cache"

    def texts_read():
        try:
            return json.loads((folder / "corpus.json").read_text())["texts"]
        except FileNotFoundError:
            return 0

    whole = start_run(tmp_path / "whole", tmp_path / "whole.npy", 0.0)
    assert whole.wait(100) == 0
    kill_once(start_run(folder, tmp_path / "killed.npy", 0.002), lambda: 0 < texts_read() < 3000)
    read = texts_read()
    kill_once(start_run(folder, tmp_path / "killed.npy", 0.0), lambda: (folder / "training.npz").exists())
    assert 0 < read < texts_read() == 3000
    with np.load(folder / "training.npz") as state:
        _, step, start, total = state["progress"]
    assert start == 0 < step < total
    assert not (tmp_path / "killed.npy").exists()
    assert start_run(folder, tmp_path / "killed.npy", 0.0).wait(100) == 0
    assert not (folder / "training.npz").exists()
    np.testing.assert_array_equal(np.load(tmp_path / "killed.npy"), np.load(tmp_path / "whole.npy"))


def test_a_second_run_in_one_folder_is_refused_at_once(tmp_path):
    folder = tmp_path / "cache"
    first = start_run(folder, tmp_path / "first.npy", 0.002)
    try:
        deadline = time.monotonic() + 100
        while not (folder / "corpus.json").exists():
            assert first.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        model = SkipGramPretrainer(4)
        with raises(BlockingIOError, "`cache_dir`", f"is in use by process {first.pid}. Wait", "pass another folder"):
            model.fit(["a good film"], verbose=0, cache_dir=folder)
        assert not model.encoder.is_adapted
    finally:
        first.kill()
        first.wait()
    with raises(ValueError, "was made by another encoder"):  # the lock is free again
        SkipGramPretrainer(4, encoder=TextEncoder(None)).fit(["a good film"], verbose=0, cache_dir=folder)


@pytest.mark.parametrize("names", ["codes words lengths", "codes part.code_counts.1", "lock part.corpus.json"])
def test_a_run_killed_before_its_first_state_leaves_a_folder_to_use(tmp_path, names):
    for name in names.split():
        (tmp_path / name).write_bytes(b"half")
    _, corpus = encode(tmp_path, ["a good film", "a bad film"])
    assert corpus.ids.tolist() == [2, 1, 3, 1]


@pytest.mark.parametrize("token", [frozenset([7]), b"red", ("shirt", b"red")])
def test_tokens_that_no_file_can_hold_are_refused_at_once(tmp_path, token):
    read = []

    def baskets():
        for i in range(10_000):
            read.append(i)
            yield ["shirt", token]

    with raises(TypeError, "Encoded texts lie in files, where words are str, int", "pass the texts as a list"):
        encode(tmp_path, baskets(), TextEncoder(None))
    assert len(read) < 10_000
    known = TextEncoder(None)
    known.adapt([["shirt", token]])
    with raises(TypeError, "Encoded texts lie in files, where words are str, int", "pass the texts as a list"):
        CorpusCache(tmp_path, known)
    encode(tmp_path, [["shirt"]], TextEncoder(None))  # the folder is as good as new
