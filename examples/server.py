"""A web server whose worker processes each load the model: `/?text=...` answers with its class.

MODEL=film.keras gunicorn --workers 2 --preload --bind 127.0.0.1:8000 server:app
"""

import functools
import json
import os
from urllib.parse import parse_qs

from keras_transfer_sentiment import load_model


@functools.cache
def model():
    """Returns the model, loaded by the worker at its first request: the parent, which forks, has none."""
    return load_model(os.environ["MODEL"])


def app(environ, start_response):
    texts = parse_qs(environ["QUERY_STRING"]).get("text", [])
    labels = model().predict_labels(texts).tolist() if texts else []
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"labels": labels}).encode()]
