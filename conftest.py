"""Names that the examples in docstrings, the documentation and the README may use."""

import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
from keras import ops

import keras_transfer_sentiment


@pytest.fixture(autouse=True)
def doctest_names(doctest_namespace):
    """Adds what a reader would import to every example."""
    names = {name: getattr(keras_transfer_sentiment, name) for name in keras_transfer_sentiment.__all__}
    doctest_namespace.update(names, keras=keras, np=np, ops=ops, os=os, tempfile=tempfile)
