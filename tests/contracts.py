"""Checks that several tests share."""

import contextlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest

LONGEST_MESSAGE = 400


@contextlib.contextmanager
def raises(kind, *parts):
    """Expects an error of exactly this kind whose short message holds every one of `parts` (plain str)."""
    with pytest.raises(kind, match=re.escape(parts[0])) as caught:
        yield caught
    message = str(caught.value)
    assert type(caught.value) is kind
    assert len(message) < LONGEST_MESSAGE, f"{len(message)} characters: {message[:600]}"
    assert "\n" not in message
    for part in parts:
        assert part in message


def weights_of(model):
    """Returns a copy of every weight of a model, by its path; a pretrainer's, which have none, by their numbers."""
    if model.weights:
        return {weight.path: np.array(weight) for weight in model.weights}
    return {str(number): np.array(weight) for number, weight in enumerate(model.get_weights())}


@contextlib.contextmanager
def unchanged(*models):
    """Checks that no weight and no word of the models changes, bit by bit."""
    weights = [weights_of(model) for model in models]
    words = [model.encoder.get_vocabulary_state()["words"] for model in models]
    yield
    for model, before, vocabulary in zip(models, weights, words, strict=True):
        after = weights_of(model)
        assert after.keys() == before.keys()
        for path, value in before.items():
            np.testing.assert_array_equal(after[path], value, err_msg=path)
        assert model.encoder.get_vocabulary_state()["words"] == vocabulary


def run_python(code, *arguments, flags=(), **variables):
    """Runs Python code in a new process and returns its standard output; fails with what it wrote to stderr.

    `variables` are set in its environment.
    """
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", **variables}
    command = [sys.executable, *flags, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
