"""Real pre-forking servers."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

ROOT = Path(__file__).parent.parent
TEXTS = ["tender witty", "clumsy stale mess"]
# What the documentation warns of: the parent loads the model, and the workers are forked from it.
LOADED_TOO_EARLY = """
import os
from keras_transfer_sentiment import load_model
MODEL = load_model(os.environ["MODEL"])
VECTORS = load_model(os.environ["VECTORS"]).word_vectors
def app(environ, start_response):
    try:
        answer = str(MODEL.predict(["a film"])) if "text=" in environ["QUERY_STRING"] else str(VECTORS["film"])
    except RuntimeError as error:
        answer = str(error)
    start_response("200 OK", [])
    return [answer.encode()]
"""


def answers_of(folder, queries, saved):
    """Returns what a server of two workers, whose parent loads the app of a folder, answers to each query."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--timeout", "60", "--bind", address]
    paths = {"MODEL": str(saved / "classifier.keras"), "VECTORS": str(saved / "pretrainer.keras")}
    environment = {**os.environ, **paths, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    server = subprocess.Popen([*command, "--chdir", str(folder), "server:app"], env=environment)
    try:
        return [ask(f"http://{address}/?{query}", server) for query in queries]
    finally:
        server.terminate()
        server.wait(30)


def ask(url, server):
    """Returns the answer of a server, for which it may take a while to start."""
    for _ in range(600):
        assert server.poll() is None, "the server has ended"
        try:
            with urlopen(url, timeout=60) as answer:
                return answer.read().decode()
        except HTTPError:
            raise
        except URLError:
            time.sleep(0.1)
    raise AssertionError("the server does not start")


def test_the_example_answers_from_workers_of_a_preloaded_app(saved, classifier):
    queries = ["", *[urlencode([("text", text) for text in TEXTS])] * 4]
    first, *others = answers_of(ROOT / "examples", queries, saved)
    assert json.loads(first) == {"labels": []}
    for answer in others:
        assert json.loads(answer) == {"labels": classifier.predict_labels(TEXTS).tolist()}


def test_a_model_that_the_parent_loaded_is_refused_at_once_and_vectors_answer(saved, pretrainer, tmp_path):
    (tmp_path / "server.py").write_text(LOADED_TOO_EARLY, "utf-8")
    refusal, vector = answers_of(tmp_path, ["text=film", ""], saved)
    assert "`predict` needs TensorFlow, and this process was forked after" in refusal
    assert vector == str(pretrainer.word_vectors["film"])


def test_the_documentation_shows_the_example_and_the_message():
    page = (ROOT / "docs/serving.md").read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    assert (ROOT / "examples/server.py").read_text("utf-8").endswith(code)
