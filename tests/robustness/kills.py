"""`kill -9` at random moments, and right before each file operation, of reading, training and saving.

After a kill the files that were there are the old ones or the new ones, as a whole. The same call then ends with the
very bytes of a run that nobody interrupted, and leaves no part of a file behind; no folder stays locked.
"""

import json
import os
import select
import signal
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np

from keras_transfer_sentiment.native_logs import leave_out_native_logs
from keras_transfer_sentiment.storage import digest
from tests.robustness.harness import case_rng, run_script

with leave_out_native_logs():
    import keras
    import tensorflow  # noqa: F401 - loaded once, before any process is forked; each starts it for itself

    from keras_transfer_sentiment import (
        SkipGramPretrainer,
        TextEncoder,
        TransferSentimentClassifier,
        WordVectors,
        demo,
        load_model,
    )
    from keras_transfer_sentiment.text.corpus_cache import CorpusCache, open_folder

_EVENTS = {"open", "os.rename", "os.remove", "os.truncate", "os.mkdir", "os.rmdir", "os.chmod", "os.scandir"}
_SECONDS = 120  # that a process may take


def _texts():
    rng = np.random.default_rng(0)
    for words in rng.zipf(1.4, (400, 30)):
        yield " ".join(f"w{word % 700}" for word in words)


def _pretrainer(seed):
    model = SkipGramPretrainer(8, window=5, seed=seed)
    model.fit([" ".join(f"w{i}" for i in range(50))] * 4, epochs=1, verbose=0)
    return model


# Each job: what is there before (`make`), what is done (`work`), and the digest of what is there (`tell`).


class Reading:
    """Texts that are read into a `cache_dir`."""

    def make(self, folder):
        """Nothing is there."""

    def work(self, folder):
        """Reads, with a state after each batch."""
        with (
            mock.patch("keras_transfer_sentiment.text.corpus_cache.SAVE_SECONDS", 0.0),
            mock.patch("keras_transfer_sentiment.text.batches.BATCH_TEXTS", 50),
            open_folder(folder) as path,
        ):
            encoder = TextEncoder()
            cache = CorpusCache(path, encoder)
            rest = list(_texts())[cache.texts_read :]
            cache.encode(encoder.check_stream(iter(rest), "fit", first=cache.texts_read))

    def tell(self, folder):
        """Returns a digest of the files; the state holds their checksums."""
        return _digest_of_files(folder, "ids", "offsets", "counts.npy", "vocabulary.json")


class Training(Reading):
    """A training with a backup after each group of steps."""

    def work(self, folder):
        """Trains, and writes the vectors."""
        model = SkipGramPretrainer(8, window=5, seed=0)
        with (
            mock.patch("keras_transfer_sentiment.text.corpus_cache.SAVE_SECONDS", 0.0),
            mock.patch("keras_transfer_sentiment.pretraining.backup.BACKUP_SECONDS", 0.0),
            mock.patch("keras_transfer_sentiment.pretraining.backup.BACKUP_PAUSE", 0.0),
        ):
            model.fit(_texts, epochs=5, verbose=0, cache_dir=folder / "run")
        model.word_vectors.save(folder / "words.safetensors")

    def tell(self, folder):
        """Returns a digest of the vectors."""
        assert not (folder / "run" / "training.npz").exists()
        return digest([WordVectors.load(folder / "words.safetensors").matrix.tobytes()])


class Saving:
    """A model, its weights and its vectors, written over older ones."""

    def make(self, folder):
        """Writes the older files."""
        self._write(_pretrainer(1), folder)

    def work(self, folder):
        """Writes the new files."""
        self._write(_pretrainer(2), folder)

    def _write(self, model, folder):
        model.save(folder / "m.keras")
        model.save_weights(folder / "m.weights.h5")
        for name in ("v.safetensors", "v.vec.gz", "v.bin"):
            model.word_vectors.save(folder / name)
        model.word_vectors.save_projector(folder / "projector")

    def tell(self, folder):
        """Returns a digest of the numbers in each file: all are whole."""
        found = [array.tobytes() for array in load_model(folder / "m.keras").get_weights()]
        other = _pretrainer(3)
        other.load_weights(folder / "m.weights.h5")
        found += [array.tobytes() for array in other.get_weights()]
        found += [WordVectors.load(folder / name).matrix.tobytes() for name in ("v.safetensors", "v.vec.gz", "v.bin")]
        found += [np.loadtxt(folder / "projector" / "vectors.tsv", dtype="float32").tobytes()]
        return [digest([one]) for one in found]


class Checkpoints:
    """The checkpoints of a classifier's training."""

    def make(self, folder):
        """An older checkpoint is there."""
        self._classifier().save(folder / "best.keras")

    def work(self, folder):
        """Trains with a checkpoint after each epoch."""
        comments = demo.film_comments()
        saving = [keras.callbacks.ModelCheckpoint(folder / "best.keras"), self._weights(folder)]
        self._classifier().fit(comments.texts, comments.labels, epochs=3, verbose=0, callbacks=saving)

    def _classifier(self):
        return TransferSentimentClassifier(_pretrainer(1), seed_words=None, seed=0)

    def _weights(self, folder):
        return keras.callbacks.ModelCheckpoint(folder / "best.weights.h5", save_weights_only=True)

    def tell(self, folder):
        """Loads the last checkpoint; a digest of what training does not change, as its sums depend on threads."""
        models = [load_model(folder / "best.keras")]
        if (folder / "best.weights.h5").exists():
            models.append(self._classifier())
            models[-1].load_weights(folder / "best.weights.h5")
        weights = [model.get_weights() for model in models]
        assert all(np.isfinite(array).all() for arrays in weights for array in arrays)
        return digest(array.tobytes() for array in weights[0] if array.shape[:1] == (models[0].vocabulary_size,))


JOBS = {"reading": Reading(), "training": Training(), "saving": Saving(), "checkpoints": Checkpoints()}


def _digest_of_files(folder, *names):
    return digest((folder / name).read_bytes() for name in names)


# Processes.


def in_process(function, seconds=None):
    """Returns `(status, value)` of a function in a forked process, killed after some seconds if any are given.

    The status is 0, or minus the signal that ended it; the value is what the function returned, of JSON's types.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        code = 1
        try:
            signal.alarm(_SECONDS)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os.write(writing, b" ")
            os.write(writing, json.dumps([True, function()]).encode())
            code = 0
        except BaseException as error:
            os.write(writing, json.dumps([False, f"{type(error).__name__}: {error}"[:500]]).encode())
        finally:
            os._exit(code)
    os.close(writing)
    os.read(reading, 1)
    if seconds is not None:
        select.select([reading], [], [], seconds)
        os.kill(child, signal.SIGKILL)
    text = b""
    while part := os.read(reading, 1 << 16):
        text += part
    os.close(reading)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, json.loads(text)[1] if text else None


def counting(job, folder, kill_at=0):
    """Returns a function that does a job, counts the file operations in its folder, and kills itself before one."""

    def work():
        count = 0

        def note(event, args):
            nonlocal count
            inside = event == "os.fsync" or (
                event in _EVENTS and isinstance(args[0], (str, os.PathLike)) and str(args[0]).startswith(str(folder))
            )
            count += inside
            if inside and count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        fsync = os.fsync

        def noted_fsync(descriptor):
            note("os.fsync", ())
            fsync(descriptor)

        start = time.monotonic()
        with mock.patch("os.fsync", noted_fsync):
            sys.addaudithook(note)
            job.work(folder)
        return count, time.monotonic() - start

    return work


def measure(name):
    """Returns the outcome of a job that nobody interrupts, its file operations and its seconds."""
    with tempfile.TemporaryDirectory(prefix="kills-") as path:
        folder, job = Path(path), JOBS[name]
        status, before = in_process(lambda: (job.make(folder), sorted(os.listdir(folder)))[1])
        assert status == 0, before
        status, old = in_process(lambda: job.tell(folder)) if before else (0, None)
        assert status == 0, old
        status, done = in_process(counting(job, folder))
        assert status == 0, done
        status, new = in_process(lambda: job.tell(folder))
        assert status == 0, new
        return old, new, *done


def check(name, measured, rng):
    """Kills a job once; returns how that was done, and what went wrong."""
    old, new, operations, seconds = measured
    with tempfile.TemporaryDirectory(prefix="kills-") as path:
        folder, job = Path(path), JOBS[name]
        in_process(lambda: job.make(folder))
        if rng.random() < 0.7:
            way = "before a file operation"
            at = int(rng.integers(1, operations + 1))
            status, value = in_process(counting(job, folder, at))
        else:
            way = "at a moment"
            status, value = in_process(lambda: job.work(folder), float(rng.uniform(0, seconds)))
        outcome = f"{name}, {way}"
        if status not in (0, -signal.SIGKILL):
            return outcome, f"the job ended with {status}: {value}"
        if old is not None:
            status, found = in_process(lambda: job.tell(folder))
            if status:
                return outcome, f"a file is lost or broken: {found}"
            if isinstance(old, list) and not all(one in pair for one, *pair in zip(found, old, new, strict=True)):
                return outcome, "a file is neither the old nor the new one"
        status, value = in_process(lambda: job.work(folder))
        if status:
            return outcome, f"the same call fails: {status}, {value}"
        status, found = in_process(lambda: job.tell(folder))
        if found != new:
            return outcome, f"the end is another: {found}"
        left = [one.name for one in folder.rglob("*") if one.name.startswith("part.")]
        return outcome, f"left behind: {left}" if left else ""


def run(report, cases):
    """Kills the jobs in turn."""
    measured = {}
    for case in cases:
        name = list(JOBS)[case % len(JOBS)]
        if name not in measured:
            measured[name] = measure(name)
        outcome, problem = check(name, measured[name], case_rng(report.seed, case))
        report.add(outcome, case, problem)


if __name__ == "__main__":
    run_script(__doc__, run, count=100)
