"""The README's code and the example scripts do what they say."""

import ast
import importlib
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "keras_transfer_sentiment"
PAGES = {path.name: path.read_text("utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
EXAMPLES = sorted(set((ROOT / "examples").glob("*.py")) - {ROOT / "examples" / "server.py"})  # see test_serving.py


def run(*arguments):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


def test_code_of_the_readme_runs(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert blocks
    script = tmp_path / "readme.py"
    script.write_text("\n".join(blocks) + "\nprint(probabilities.shape)\n", encoding="utf-8")

    done = run(str(script))

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("(2, 1)\n")


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.name)
def test_example_runs_without_a_warning(script):
    done = run(str(script))

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


# Names.


def find(name):
    """Returns what a dotted name stands for, its modules imported."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise AssertionError(name)


def names_of(page):
    """Returns the dotted names of this library that a page names, in directives, links, imports and code."""
    text = PAGES[page]
    names = set(re.findall(rf"\b{PACKAGE}(?:\.\w+)+", text))
    for code in re.findall(r"```(?:python|pycon)\n(.*?)```", text, re.DOTALL):
        lines = re.findall(rf"^(?:>>> )?((?:from|import) {PACKAGE}.*)$", code, re.MULTILINE)
        for node in ast.walk(ast.parse("\n".join(map(textwrap.dedent, lines)))):
            if isinstance(node, ast.ImportFrom):
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
    for directive in re.findall(r"\.\. auto\w+:: (\S+)", text):
        names.add(directive if directive.startswith(PACKAGE) else f"{PACKAGE}.{directive}")
    return names


@pytest.mark.parametrize("page", PAGES)
def test_names_can_be_imported(page):
    for name in names_of(page):
        assert find(name) is not None, name


def test_the_reference_names_members_that_exist():
    documented = re.findall(r"\.\. autoclass:: (\S+)\n((?: {3}.*\n)*)", PAGES["api.md"])
    assert len(documented) > 8
    for name, options in documented:
        owner = find(name if name.startswith(PACKAGE) else f"{PACKAGE}.{name}")
        for member in re.findall(r"\w+", options.partition(":members:")[2]):
            assert hasattr(owner, member) or member in getattr(owner, "__dataclass_fields__", ()), f"{name}.{member}"


def test_the_reference_has_every_public_name():
    assert {f"{PACKAGE}.{name}" for name in find(PACKAGE).__all__} <= names_of("api.md")
