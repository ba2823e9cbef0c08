"""Calls every public function, class and method with wrong arguments: one or two at a time, the others right.

A call returns numbers that are finite, or raises an error of ours: its class is documented, it comes out of the
library's own code, is one short line, and names an argument or the method. A refused call changes nothing.
"""

import contextlib
import functools
import hashlib
import inspect
import io
import os
import pathlib
import signal
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

import keras_transfer_sentiment as kts
from tests.robustness import nasty
from tests.robustness.harness import Report, case_rng, explain_message, run_script

PACKAGE = os.path.dirname(kts.__file__)
SECONDS = 10  # a call may take
DOCUMENTED = (TypeError, ValueError, KeyError, ImportError)
TEXTS = ["a warm and funny film", "cold and boring", "warm funny moving", "boring cold plot"]
LABELS = [1, 0, 1, 0]

# Methods that are no doors for users: parts of Keras's protocol, and steps that take what others have checked.
EXEMPT = {
    *(
        "get_config",
        "from_config",
        "get_build_config",
        "build_from_config",
        "get_compile_config",
        "compile_from_config",
    ),
    *("save_assets", "load_assets", "save_own_variables", "load_own_variables", "build", "call", "compute_mask"),
    *(
        "compute_output_shape",
        "find_vocabulary",
        "find_word",
        "origin",
        "compute_loss",
        "compute_metrics",
        "reset_metrics",
        "make_train_function",
        "train_step",
    ),
    *("pool", "classify", "prior_loss", "has_fixed_pool", "make_output_layer", "encoder_from_config"),
    *(
        "check",
        "check_stream",
        "check_any",
        "encode_any",
        "encode_checked",
        "learn_and_encode",
        "learn_batches",
        "count_batches",
    ),
    *(
        "start_counting",
        "learn",
        "set_vocabulary",
        "set_vocabulary_state",
        "find_vocabulary",
        "get_vocabulary_state",
        "fingerprint",
    ),
    *("get_weights", "set_weights", "count_params", "summary", "embedding_layer", "copy", "can_produce"),
}


class TookTooLong(BaseException):
    """Raised in a call that goes on too long; no `except Exception` holds it up."""


class Door(NamedTuple):
    """A public function: its name, what it is a method of (None for none), and its parameters."""

    name: str
    subject: str | None
    parameters: dict[str, inspect.Parameter]


class Stage:
    """The objects that calls are made on and with, made when they are needed and again once a call has changed them."""

    def __init__(self, folder: str):
        self.folder = pathlib.Path(folder)
        self._made: dict[str, Any] = {}
        self._models: dict[str, str] = {}

    def get(self, name: str) -> Any:
        """Returns an object by the name of its class."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def forget(self, name: str) -> None:
        """Lets an object be made anew."""
        self._made.pop(name, None)

    def path(self, name: str, model: Any = None) -> str:
        """Returns the path of a file in the folder, written by `model.save` if it is not there."""
        path = self.folder / name
        if model is not None and not path.exists():
            model.save(path)
        return str(path)

    def _make(self, name):
        if name in ("SkipGramPretrainer", "TransferSentimentClassifier"):
            if name not in self._models:
                self._models[name] = self.path(f"{name}.keras", self._train(name))
            return kts.load_model(self._models[name])
        if name == "TextEncoder":
            encoder = kts.TextEncoder()
            encoder.adapt(TEXTS)
            return encoder
        if name == "EncodedTexts":
            return self.get("TextEncoder").encode(TEXTS)
        if name == "WordCounts":
            return self.get("TextEncoder").count(TEXTS)
        if name == "WordVectors":
            return kts.WordVectors.from_words(["warm", "cold", "funny", "boring"], np.eye(4, 8))
        if name == "TextFiles":
            (self.folder / "texts.txt").write_text("\n".join(TEXTS))
            return kts.TextFiles(self.folder / "texts.txt")
        return getattr(kts, name)()

    def _train(self, name):
        if name == "SkipGramPretrainer":
            pretrainer = kts.SkipGramPretrainer(8, seed=0)
            pretrainer.fit(TEXTS, epochs=2, verbose=0)
            return pretrainer
        classifier = kts.TransferSentimentClassifier(self.get("SkipGramPretrainer"), seed_words=None, seed=0)
        classifier.fit(TEXTS, LABELS, epochs=2, verbose=0)
        return classifier


def right_values(stage: Stage) -> dict[str, Callable[[], Any]]:
    """Returns a function for each name of a parameter, or of a method and a parameter, that makes a right value."""
    vectors = functools.partial(stage.get, "WordVectors")
    file = functools.partial(stage.path, "SkipGramPretrainer.keras")
    right: dict[str, Callable[[], Any]] = {
        **dict.fromkeys(("x", "texts"), lambda: list(TEXTS)),
        **dict.fromkeys(("y", "TransferSentimentClassifier.fit.y"), lambda: list(LABELS)),
        **dict.fromkeys(("word", "other", "a", "b", "c", "positive"), lambda: "warm"),
        **dict.fromkeys(("epochs", "embedding_dim", "batch_size"), lambda: 2),
        **dict.fromkeys(("size", "multiple", "top_n", "max_words"), lambda: 9),
        "text": lambda: TEXTS[0],
        "verbose": lambda: 0,
        "ids": lambda: np.array([1, 2]),
        "offsets": lambda: np.array([0, 2]),
        "unknown": lambda: np.array([0]),
        "rows": lambda: [0, 1],
        "parts": lambda: [stage.get("EncodedTexts")],
        "word_vectors": vectors,
        "WordVectors.drift.other": vectors,
        "encoder": lambda: kts.TextEncoder(),
        "WordVectors.encoder": lambda: vectors().encoder,
        "WordVectors.matrix": lambda: vectors().matrix,
        "words": lambda: ["warm", "cold"],
        "matrix": lambda: np.eye(2, 8),
        "counts": lambda: [3, 2],
        "WordCounts.counts": lambda: np.array([3, 2]),
        "paths": lambda: stage.get("TextFiles").files,
        "path": lambda: stage.path("vectors.safetensors", vectors()),
        "load_model.path": file,
        "filepath": lambda: str(stage.folder / "again.keras"),
        "folder": lambda: str(stage.folder / "projector"),
        "WordVectors.save.path": lambda: str(stage.folder / "again.safetensors"),
        "WordVectors.evaluate_word_pairs.path": lambda: stage.path("pairs.tsv"),
        "subsample": lambda: None,
        "seed_words": lambda: None,
    }
    (stage.folder / "pairs.tsv").write_text("warm\tfunny\t5\nwarm\tcold\t1\nfunny\tboring\t2\n")
    return right


def doors() -> list[Door]:
    """Returns the public functions, classes and methods of the library, those of `EXEMPT` left out."""
    found = []
    for name in kts.__all__:
        value = getattr(kts, name)
        if not inspect.isclass(value):
            found.append(Door(name, None, _parameters(value)))
            continue
        if issubclass(value, Exception):
            continue
        found.append(Door(name, None, _parameters(value)))
        for method in sorted(dir(value)):
            attribute = inspect.getattr_static(value, method)
            function = getattr(attribute, "__func__", attribute)
            is_ours = (getattr(function, "__module__", None) or "").startswith("keras_transfer_sentiment.")
            if inspect.isfunction(function) and is_ours and method not in EXEMPT and not method.startswith("_"):
                is_bound = inspect.isfunction(attribute)
                parameters = _parameters(getattr(value, method), skip=int(is_bound))
                found.append(Door(f"{name}.{method}", name if is_bound else None, parameters))
    return [door for door in found if door.parameters]


def _parameters(function, skip=0):
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    items = list(inspect.signature(function).parameters.items())[skip:]
    return {name: parameter for name, parameter in items if parameter.kind in kinds}


def run(report: Report, cases: Sequence[int]) -> None:
    """Makes calls, each chosen by the seed and its number alone."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.chdir(folder)  # where a str that is taken for a path may be written
        try:
            stage = Stage(folder)
            right, wrong, all_doors = right_values(stage), nasty.values(), doors()
            for case in cases:
                _call_once(report, case, stage, right, wrong, all_doors)
        finally:
            os.chdir(before)


def _call_once(report, case, stage, right, wrong, all_doors):
    rng = case_rng(report.seed, case)
    door = all_doors[rng.integers(len(all_doors))]
    names = list(door.parameters)
    spoiled = set(rng.choice(names, min(len(names), int(rng.integers(1, 3))), replace=False).tolist())
    arguments = {}
    for name, parameter in door.parameters.items():
        make = right.get(f"{door.name}.{name}", right.get(name))
        if name in spoiled:
            arguments[name] = wrong[rng.integers(len(wrong))]()
        elif parameter.default is inspect.Parameter.empty:
            assert make is not None, f"no right value for `{name}` of {door.name}: add one to `right_values`"
            arguments[name] = make()
        elif make is not None and (name in ("epochs", "verbose", "subsample", "y", "seed_words") or rng.random() < 0.3):
            arguments[name] = make()
    if isinstance(arguments.get("x"), kts.EncodedTexts) or hasattr(arguments.get("x"), "element_spec"):
        arguments.pop("y", None) if "y" not in spoiled and hasattr(arguments["x"], "element_spec") else None
    subject = None if door.subject is None else stage.get(door.subject)
    described = f"{door.name}({', '.join(f'{name}={_shown(arguments[name])}' for name in sorted(spoiled))})"
    state = digest(subject)
    try:
        with time_limit(SECONDS), contextlib.redirect_stdout(io.StringIO()):
            called = getattr(kts, door.name) if "." not in door.name else _method(door, subject)
            result = called(**arguments)
            problem = "a result that is not finite" if holds_nan(result) else ""
            outcome = "a result"
    except TookTooLong:
        outcome, problem = "no end", f"took more than {SECONDS} s"
    except Exception as error:
        is_theirs = any(callable(value) for value in arguments.values()) and explain_origin(error)
        outcome, problem = type(error).__name__, "" if is_theirs else explain_error(error, door)
        if digest(subject) != state:
            problem += " the call was refused and has changed what it was made on"
    if digest(subject) != state:
        stage.forget(door.subject)
    told = f"{described}: {problem}".encode("ascii", "backslashreplace").decode()  # a terminal may not show all of it
    report.add(outcome, case, told if problem else "")


def _method(door, subject):
    owner, method = door.name.split(".")
    return getattr(getattr(kts, owner) if subject is None else subject, method)


def _shown(value):
    try:
        return " ".join(repr(value).split())[:80]
    except Exception:
        return type(value).__name__


def explain_error(error: BaseException, door: Door) -> str:
    """Returns what is wrong with the error of a refused call, or `""`."""
    if isinstance(error, OSError) and error.errno is not None:
        return ""
    if problem := explain_origin(error) or explain_message(error):
        return problem
    if isinstance(error, OSError) or _raised_by_the_value(error):
        return ""  # it names the file, or is the caller's own
    names = [*door.parameters, door.name.rpartition(".")[2]]
    return "" if any(name in str(error) for name in names) else f"a message without an argument's name: {str(error)!r}"


def explain_origin(error: BaseException) -> str:
    """Returns `""` where an error was raised by a line of this library, or by an object of the caller's own."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    told = f"{type(error).__name__}: {str(error)[:200]!r} in {frame.filename}:{frame.lineno}"
    if _raised_by_the_value(error):
        return ""
    if not isinstance(error, (*DOCUMENTED, OSError)):
        return f"an internal error, {told}"
    if not frame.filename.startswith(PACKAGE):
        return f"an error of others, {told}"
    is_raised = (frame.line or "").lstrip().startswith(("raise", ")", 'f"', '"', "(", "'"))
    return "" if is_raised else f"an error that Python raised, {told}"


def _raised_by_the_value(error):
    return traceback.extract_tb(error.__traceback__)[-1].filename == nasty.__file__


def digest(subject: Any) -> str:
    """Returns a digest of the state of an object: weights, vocabulary, settings, classes, what it was compiled with."""
    parts: list[Any] = []
    if isinstance(subject, keras.Model):
        parts += [np.asarray(each) for each in subject.get_weights()]
        parts += [subject.encoder.get_vocabulary_state(), subject.encoder.get_config()]
        parts += [
            getattr(subject, name, None) for name in ("classes", "seed_words", "seeded_classes", "outputs", "loss")
        ]
        if subject.optimizer is not None:
            parts += [subject.optimizer.get_config(), *(np.asarray(each.value) for each in subject.optimizer.variables)]
    elif isinstance(subject, kts.TextEncoder):
        parts += [subject.get_vocabulary_state(), subject.get_config()]
    elif isinstance(subject, kts.WordVectors):
        parts += [subject.matrix, subject.encoder.get_vocabulary_state()]
    elif isinstance(subject, kts.EncodedTexts):
        parts += [subject.ids, subject.offsets, subject.unknown]
    elif isinstance(subject, kts.WordCounts):
        parts += [subject.words, subject.counts]
    found = hashlib.sha256()
    for part in parts:
        found.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def holds_nan(result: Any) -> bool:
    """Returns whether there is a number that is not finite in what a call returned."""
    if isinstance(result, keras.callbacks.History):
        return holds_nan(result.history)
    if isinstance(result, kts.WordVectors):
        return holds_nan(result.matrix)
    if isinstance(result, keras.Model):
        return any(map(holds_nan, result.get_weights()))
    if isinstance(result, float | np.floating):
        return not np.isfinite(result)
    if isinstance(result, np.ndarray):
        return result.dtype.kind == "f" and not np.isfinite(result).all()
    if isinstance(result, Mapping):
        return any(map(holds_nan, result.values()))
    return isinstance(result, list | tuple) and any(map(holds_nan, result))


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raises `TookTooLong` in a block that takes longer."""

    def stop(number, frame):
        raise TookTooLong

    old = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)  # again and again: an exception in a finalizer is lost
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


if __name__ == "__main__":
    run_script(__doc__, run, count=10_000)
