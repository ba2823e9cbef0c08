"""Names that the examples in docstrings, the documentation and the README may use."""

import os
import tempfile

import numpy as np
import pytest

import keras_transfer_sentiment
from keras_transfer_sentiment.native_logs import leave_out_native_logs

with leave_out_native_logs():
    import keras
    import tensorflow as tf
    from keras import ops

    tf.config.list_physical_devices()  # which logs that there is no GPU
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # for the processes that tests start


@pytest.fixture(autouse=True)
def doctest_names(doctest_namespace):
    """Adds what a reader would import to every example."""
    names = {name: getattr(keras_transfer_sentiment, name) for name in keras_transfer_sentiment.__all__}
    doctest_namespace.update(names, keras=keras, np=np, ops=ops, os=os, tempfile=tempfile)
