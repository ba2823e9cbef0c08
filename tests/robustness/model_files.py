"""Loads damaged, changed and hostile files of models: no code is run, no answer changes, each error is one line.

What may load is what answers exactly as the file did before. A file whose digests were made to fit the change, or were
taken out, is another model: that one must answer with finite numbers, or be refused in one clear line.
"""

import hashlib
import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder, TransferSentimentClassifier, load_model
from tests.robustness import model_mutations as mutations
from tests.robustness.harness import Report, case_rng, explain_message, run_script
from tests.robustness.workers import run_cases

GOOD = ["warm and funny film", "a charming story, lovely cast", "tender and witty"]
BAD = ["cold and boring film", "a dreary plot, awful cast", "clumsy and dull"]
TEXTS = [*GOOD, *BAD, "unseen", "wittyy and duller", "very warm, very cold"]
SEAL_SIZE = 72
ROUTES = ["ours", "ours", "ours", "keras", "source"]


def write_originals(folder: str) -> None:
    """Writes the files that are damaged: of both models, with and without n-grams, of two orders of words."""
    for name, texts, options in [
        ("first", GOOD * 4 + BAD * 4, {}),
        ("other", BAD * 4 + GOOD * 4, {}),
        ("ngrams", GOOD * 4 + BAD * 4, {"char_ngrams": (3, 4), "ngram_buckets": 50}),
    ]:
        pretrainer = SkipGramPretrainer(6, encoder=TextEncoder(min_count=1), seed=0, **options)
        pretrainer.fit(texts, epochs=3, verbose=0)
        pretrainer.save(os.path.join(folder, f"{name}_words.keras"))
        pretrainer.save_weights(os.path.join(folder, f"{name}_words.weights.h5"))
        pool = keras.layers.GlobalMaxPooling1D()
        head = keras.Sequential([pool, keras.layers.Dense(4), keras.layers.Dense(3, activation="softmax")])
        for kind, classes, own in [("two", ["bad", "good"], None), ("three", ["bad", "fair", "good"], head)]:
            model = TransferSentimentClassifier(pretrainer, own, classes=classes, seed_words=None, seed=0)
            model.fit(GOOD + BAD, ["good"] * 3 + ["bad"] * 3, epochs=3, verbose=0)
            model.save(os.path.join(folder, f"{name}_{kind}.keras"))
            model.save_weights(os.path.join(folder, f"{name}_{kind}.weights.h5"))


class Loader:
    """Makes a file of a case's number, loads it, and judges how that ended."""

    def __init__(self, folder: str, seed: int):
        warnings.simplefilter("ignore")
        self.folder, self.seed = Path(folder), seed
        self.originals = {path.name: path.read_bytes() for path in sorted(self.folder.iterdir()) if path.is_file()}
        self.names = sorted(name for name in self.originals if not name.startswith("other"))
        self.work = Path(tempfile.mkdtemp(dir=folder))
        self.models = {name: load_model(self._whole(name)) for name in self.names if name.endswith(".h5")}
        self.right = {
            (name, route): load(self.folder / name) for name in self.names for route, load in self._loads(name).items()
        }

    def _whole(self, name):
        return self.folder / name.replace(".weights.h5", ".keras")

    def _loads(self, name):
        """Returns the ways to load a kind of file, each a function from its path to the answers."""
        if name.endswith(".h5"):
            return {"weights": lambda path: self._with_weights(name, path)}
        loads = {
            "ours": lambda path: load_model(path).predict(TEXTS),
            "keras": lambda path: keras.models.load_model(path).predict(TEXTS),
        }
        if "words" in name:
            loads["source"] = lambda path: np.array(
                TransferSentimentClassifier(path, seed_words=None, seed=0).embedding.embeddings.value
            )
        return loads

    def _with_weights(self, name, path):
        model = self.models[name]
        try:
            model.load_weights(path)
        except Exception:
            if not np.array_equal(model.predict(TEXTS), self.right[name, "weights"]):
                raise RuntimeError("the refused file changed the model") from None
            raise
        answer = model.predict(TEXTS)
        model.load_weights(self.folder / name)
        return answer

    def __call__(self, case: int) -> tuple[str, str]:
        """Returns the outcome of a case, and the bound that it broke or `""`."""
        rng = case_rng(self.seed, case)
        kind = ".keras" if rng.integers(4) else ".h5"
        name = mutations.pick(rng, [name for name in self.names if name.endswith(kind)])
        content, what, is_forged = self._changed(rng, name)
        loads = self._loads(name)
        route = mutations.pick(rng, [*loads, *(["ours"] * 2 if "ours" in loads else [])])
        path = self.work / f"case{case}{''.join(Path(name).suffixes)}"
        path.write_bytes(content)
        try:
            return self._judge(lambda: loads[route](path), self.right[name, route], path, f"{what}, {route}", is_forged)
        finally:
            path.unlink()

    def _changed(self, rng, name):
        content = self.originals[name]
        if rng.integers(3) == 0:
            damage = mutations.pick(rng, mutations.DAMAGES)
            return damage(rng, content), damage.__name__, False
        if not name.endswith(".keras"):
            edited = mutations.edit_h5(rng, content[:-SEAL_SIZE])
            changed = mutations.seal(rng, edited, content[-SEAL_SIZE:])
            return changed, "edit_h5", hashlib.sha256(edited).hexdigest().encode() in changed
        parts, other = mutations.unpack(content), mutations.unpack(self.originals[f"other_{name.split('_')[1]}"])
        change = mutations.pick(rng, mutations.CHANGES)
        change(rng, parts, other)
        is_forged = bool(rng.integers(2))
        if is_forged:
            mutations.forge(parts)
        return mutations.pack(rng, parts), change.__name__, is_forged or mutations.CONTENTS not in parts

    def _judge(self, load, right, path, what, is_forged):
        try:
            answer = load()
        except Exception as error:
            problem = explain_message(error, path.name)
            if not isinstance(error, ValueError):
                problem = f"no ValueError, but {type(error).__name__}: {str(error)[:300]!r}"
            # Keras's own function has messages of its own.
            return f"{what}: {type(error).__name__}", "" if what.endswith(", keras") else problem
        if np.array_equal(answer, right):
            return f"{what}: the same answers", ""
        is_fine = is_forged and np.isfinite(answer).all()
        return f"{what}: another model", "" if is_fine else f"other answers, {np.ravel(answer)[:6].tolist()}"


def run(report: Report, cases: Sequence[int]) -> None:
    """Loads a file for each case, in two processes."""
    with tempfile.TemporaryDirectory() as folder:
        write_originals(folder)
        settings = {"folder": folder, "seed": report.seed}
        run_cases(report, "tests.robustness.model_files:Loader", cases, settings, seconds=20)


if __name__ == "__main__":
    run_script(__doc__, run, count=1000)
