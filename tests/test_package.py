import ast
import graphlib
import importlib
import sys
from importlib import metadata, resources
from pathlib import Path

import pytest

import keras_transfer_sentiment

from .contracts import raises, run_python

FOLDER = Path(keras_transfer_sentiment.__file__).parent
# The rooms of the house, sub-packages and single modules: each may import those before it.
ROOMS = [
    *(
        "exports",
        "checks",
        "storage",
        "compressed",
        "compiler",
        "forks",
        "registration",
        "text",
        "vectors",
        "layers",
        "datasets",
        "origin",
        "weights_file",
        "archive",
        "checked_weights",
        "callbacks",
        "text_model",
        "model_file",
    ),
    *("classification", "pretraining", "demo", "native_logs", "cli", "__init__"),
]
MODULES = sorted(str(path.relative_to(FOLDER).with_suffix("")).replace("/", ".") for path in FOLDER.rglob("*.py"))
# Everything a reader may use; a new name is added here on purpose.
PUBLIC = [
    "EncodedTexts",
    "MaskedMeanPooling",
    "MeanPoolHead",
    "NotFittedError",
    "SentimentHead",
    "SkipGramPretrainer",
    "TextEncoder",
    "TextFiles",
    "TransferSentimentClassifier",
    "WordCounts",
    "WordVectors",
    "load_model",
]


def path_of(module):
    return FOLDER.joinpath(*module.split(".")).with_suffix(".py")


def imports_of(module):
    """Returns the modules of the package that a module imports, wherever in its code."""
    found = set()
    for node in ast.walk(ast.parse(path_of(module).read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "keras_transfer_sentiment":
                found |= {".".join(parts[1:end]) for end in (2, 3)} & set(MODULES)
    return found


def room_of(module):
    return module.partition(".")[0]


def test_importing_is_silent_and_loads_nothing_heavy():
    code = (
        "import sys, keras_transfer_sentiment\n"
        "heavy = {'keras', 'tensorflow', 'numpy', 'nltk', 'rich', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert run_python(code, flags=("-W", "error")) == ""


def test_text_work_loads_no_keras():
    code = (
        "import sys\n"
        "from keras_transfer_sentiment import TextEncoder\n"
        "encoder = TextEncoder()\n"
        "encoder.adapt(['good film'])\n"
        "assert not {'keras', 'tensorflow', 'nltk'} & set(sys.modules)\n"
        "print(encoder.vocabulary)"
    )
    assert run_python(code, flags=("-W", "error")) == "['', 'good', 'film']\n"


def test_public_names():
    assert keras_transfer_sentiment.__all__ == PUBLIC
    assert set(PUBLIC) <= set(dir(keras_transfer_sentiment))
    for name in PUBLIC:
        value = getattr(keras_transfer_sentiment, name)
        assert value.__name__ == name
        assert value.__module__.startswith("keras_transfer_sentiment.")
        assert value.__doc__
        assert getattr(keras_transfer_sentiment, name) is value


@pytest.mark.parametrize("room", ["classification", "pretraining", "text", "vectors"])
def test_public_names_of_a_room(room):
    package = importlib.import_module(f"keras_transfer_sentiment.{room}")
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name).__module__.startswith(f"{package.__name__}.")
        assert name not in PUBLIC or getattr(package, name) is getattr(keras_transfer_sentiment, name)
    with raises(AttributeError, f"module '{package.__name__}' has no attribute 'Missing'"):
        _ = package.Missing


def test_star_import_gives_the_public_names():
    names = {}
    exec("from keras_transfer_sentiment import *", names)
    assert sorted(names.keys() - {"__builtins__"}) == sorted(PUBLIC)


def test_unknown_name():
    with raises(AttributeError, "module 'keras_transfer_sentiment' has no attribute 'Missing'"):
        _ = keras_transfer_sentiment.Missing


def test_version_is_the_installed_one():
    assert metadata.version("keras-transfer-sentiment") == keras_transfer_sentiment.__version__


def test_every_module_has_its_room():
    assert {room_of(module) for module in MODULES} == set(ROOMS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module):
    before = ROOMS[: ROOMS.index(room_of(module)) + 1]
    assert {room_of(other) for other in imports_of(module)} <= set(before)


def test_the_classifier_does_not_know_who_trained_its_vectors():
    assert ROOMS.index("classification") < ROOMS.index("pretraining")


def test_no_module_imports_itself_by_way_of_others():
    graphlib.TopologicalSorter({module: imports_of(module) for module in MODULES}).prepare()


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("classification.")])
def test_the_classifier_names_tensorflow_at_its_door_alone(module):
    names = {node.id for node in ast.walk(ast.parse(path_of(module).read_text("utf-8"))) if isinstance(node, ast.Name)}
    assert module == "classification.backend" or not {"tf", "tensorflow"} & names


def test_the_import_check_sees_imports():
    assert {"checks", "pretraining.run", "model_file"} <= imports_of("pretraining.pretrainer")
    assert "demo" in imports_of("cli")  # inside a function


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_short_and_documented(module):
    source = path_of(module).read_text("utf-8")
    assert len(source.splitlines()) <= 510
    assert ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("path", ["py.typed", "data/film_comments.json", "words/english.toml", "words/chinese.toml"])
def test_data_files_are_part_of_the_package(path):
    file = resources.files("keras_transfer_sentiment").joinpath(*path.split("/"))
    assert file.is_file()
    assert path == "py.typed" or len(file.read_text("utf-8")) > 500


@pytest.mark.skipif(sys.platform == "win32", reason="the script is an .exe there")
def test_the_command_is_installed():
    (command,) = metadata.entry_points(group="console_scripts", name="keras-transfer-sentiment")
    assert command.load() is __import__("keras_transfer_sentiment.cli", fromlist=["main"]).main
