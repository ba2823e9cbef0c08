"""An audit hook over import, demo, fit, save and load: no socket, no pickle, no process, nothing written elsewhere.

A case is the order of the calls, in a process of its own. What may be written: what the paths given hold, the
temporary folder, and `__pycache__`, where Python keeps its byte code and Numba its machine code, in pickles. Packages
do this and that while they are imported, such as Keras in `~/.keras` and Matplotlib in `~/.cache`: it is listed.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.robustness.harness import Report, case_rng, run_script

ROOT = Path(__file__).parents[2]
# Python's names of what starts a process, opens a way out or runs what a file says.
_FORBIDDEN = (
    *("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.system"),
    *("pty.spawn", "pickle.", "webbrowser.", "urllib.", "ftplib.", "http.", "smtplib.", "telnetlib."),
)
_CHANGES = {
    *("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.rename", "os.chmod", "os.chown"),
    *("os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile", "shutil.make_archive", "shutil.unpack_archive"),
}
_NUMBA_ARRAY = "('numpy', 'ndarray')"  # by which machine code that returns an array knows the class, in its own memory
_NUMBA_CACHE = os.path.join("numba", "core", "caching.py")  # which keeps machine code in pickles, in `__pycache__`
_OF_OTHERS = {".keras", ".cache", ".config"}  # in the home: Keras's settings, Matplotlib's fonts
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """Notes what must not happen in this process from now on.

    Args:
        folders: where files may be written.

    Attributes:
        caught: what happened, one line each.
        of_others: what other packages did while they were imported.
    """

    def __init__(self, folders: Sequence[str]):
        self.caught: set[str] = set()
        self.of_others: set[str] = set()
        self._folders = [os.path.realpath(folder) for folder in folders]
        sys.addaudithook(self._note)

    def _note(self, event, args):
        if event.startswith(_FORBIDDEN):
            self._catch(event, repr(args[:2]))
        elif event == "open":
            path, _, flags = args
            if isinstance(flags, int) and flags & _WRITING and not isinstance(path, int):
                self._check(event, path, -1)
        elif event in _CHANGES:
            folder = args[-1] if isinstance(args[-1], int) and event in ("os.remove", "os.rmdir", "os.mkdir") else -1
            for path in args[:2]:
                if isinstance(path, (str, bytes, os.PathLike)):
                    self._check(event, path, folder)

    def _check(self, event, path, folder):
        inside = "" if folder < 0 else os.readlink(f"/proc/self/fd/{folder}")
        real = os.path.realpath(os.path.join(inside, os.fsdecode(path)))
        is_allowed = real == os.devnull or "__pycache__" in real.split(os.sep)
        if not is_allowed and not any(os.path.commonpath([real, folder]) == folder for folder in self._folders):
            self._catch(event, real)

    def _catch(self, event, what):
        if event == "pickle.find_class" and what == _NUMBA_ARRAY:
            return
        frame = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if event == "pickle.find_class" and name.endswith(_NUMBA_CACHE):
                return
            if name.startswith("<frozen importlib"):
                self.of_others.add(f"{event} {what}"[:200])
                return
            if name.startswith(str(ROOT / "keras_transfer_sentiment")):
                break
            frame = frame.f_back
        self.caught.add(f"{event} {what}"[:200])


def main(folder: str, seed: int, case: int) -> list[list[str]]:
    """Makes all calls, the later ones in an order drawn by the case; returns what was caught, and what others did."""
    watch = Watch([folder, tempfile.gettempdir()])
    from keras_transfer_sentiment import (
        SkipGramPretrainer,
        TextFiles,
        TransferSentimentClassifier,
        WordVectors,
        demo,
        load_model,
    )

    comments = demo.film_comments()
    corpus, place = [*comments.unlabelled, *comments.texts], Path(folder)
    (place / "texts.txt").write_text("\n".join(corpus), "utf-8")
    pretrainer = SkipGramPretrainer(8, seed=0)
    pretrainer.fit(TextFiles(place / "texts.txt"), epochs=2, verbose=0, cache_dir=place / "cache")
    classifier = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
    classifier.fit(comments.texts, comments.labels, epochs=2, verbose=0)
    calls = [
        lambda: demo.run(seeds=1, workers=1),
        lambda: SkipGramPretrainer(8, seed=1).fit(corpus, epochs=2, verbose=0),
        lambda: SkipGramPretrainer(8, char_ngrams=(3, 4), ngram_buckets=100).fit(iter(corpus), epochs=1, verbose=0),
        lambda: classifier.evaluate(comments.texts, comments.labels, verbose=0),
        lambda: classifier.save(place / "classifier.keras"),
        lambda: pretrainer.save(place / "pretrainer.keras"),
        lambda: load_model(place / "classifier.keras").predict(corpus),
        lambda: load_model(place / "pretrainer.keras").predict(corpus),
        lambda: pretrainer.word_vectors.save(place / "words.safetensors"),
        lambda: WordVectors.load(place / "words.safetensors"),
        lambda: pretrainer.word_vectors.save(place / "words.vec"),
        lambda: WordVectors.load(place / "words.vec"),
        lambda: classifier.export(place / "served", verbose=False),
    ]
    before = {6: 4, 7: 5, 9: 8, 11: 10}  # what is loaded was saved
    order = [int(i) for i in case_rng(seed, case).permutation(len(calls))]
    done: set[int] = set()
    for number in order:
        for each in (before.get(number, number), number):
            if each not in done or each == number:
                calls[each]()
                done.add(each)
    return [sorted(watch.caught), sorted(watch.of_others)]


def run(report: Report, cases: Sequence[int]) -> None:
    """Makes the calls in a process per case."""
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            home, here, given = (Path(folder, name) for name in ("home", "here", "given"))
            for path in (home, here, given):
                path.mkdir()
            command = [sys.executable, "-m", "tests.robustness.audit", "--inside"]
            command += [str(given), str(report.seed), str(case)]
            environment = {**os.environ, "HOME": str(home), "TMPDIR": str(given), "PYTHONPATH": str(ROOT)}
            environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
            done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True)
            caught, of_others = [done.stderr[-500:]], []
            if done.returncode == 0:
                caught, of_others = json.loads(done.stdout.splitlines()[-1])
            # Files that native code leaves, of which Python tells nothing.
            caught += [f"left {path.name}" for path in here.rglob("*")]
            caught += [f"left in the home {path.name}" for path in home.iterdir() if path.name not in _OF_OTHERS]
            report.add("all calls", case, "; ".join(caught[:5]))
            for line in of_others:
                report.add(f"at the import of others: {line.replace(folder, '')}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        print(json.dumps(main(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
    else:
        run_script(__doc__, run, count=20)
