"""The README's code and the example scripts do what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


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
