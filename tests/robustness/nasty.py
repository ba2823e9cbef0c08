"""Values that callers pass by mistake, for every kind of argument; each is made anew, as some can be used once."""

import datetime
import decimal
import fractions
import functools
import pathlib
import types

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from keras_transfer_sentiment import EncodedTexts, TextEncoder


class Rude:
    """Raises an error whatever is asked of it."""

    def __repr__(self):
        raise RuntimeError("no repr")

    def __len__(self):
        raise RuntimeError("no length")

    def __iter__(self):
        raise RuntimeError("no elements")


def _numbers():
    plain = [0, 1, -1, 2, 3, 7, 2**31, 2**32 + 1, 2**70, 10**400, -(2**63)]
    real = [0.0, -0.0, 0.5, -0.5, 1.5, 1e-40, 1e-320, 1e30, 1e300, float("nan"), float("inf"), -float("inf")]
    odd = [1j, np.int64(3), np.uint64(2**63), np.float32(0.5), np.float32("nan"), np.bool_(True), True, False]
    return plain + real + odd + [decimal.Decimal("0.5"), fractions.Fraction(1, 3)]


def _strings():
    names = ["", "x", "False", "no", "auto", "a.txt", "a.keras", "a.safetensors", "a.vec", "missing/a.txt", "*.csv"]
    odd = ["\0", "\ud800", "x" * 10_000, "good film", "english", "\u6761\u76ee", "line\nline", ".", "/"]
    return names + odd + [b"", b"x", b"\xff", np.str_("x"), np.bytes_(b"x"), bytearray(b"x"), memoryview(b"x")]


def _containers():
    return [
        *(list, lambda: (), dict, set, frozenset, lambda: [None], lambda: [float("nan")], lambda: [[]]),
        *(lambda: [1, 2], lambda: [0.5, -1.0], lambda: ["a", "b"], lambda: ["good film", "bad film", "a film"]),
        *(lambda: [[1, 2], [3]], lambda: [["good"], ["bad", "film"]], lambda: [b"a", b"b"], lambda: ["a", 1]),
        *(
            lambda: ["a", None],
            lambda: [["a"], "b"],
            lambda: [{"text": "a"}],
            lambda: [("good film", 1), ("bad film", 0)],
        ),
        *(
            lambda: (["good film", "bad film"], [1, 0]),
            lambda: (1, 2),
            lambda: (2, 1),
            lambda: ("a", ["b"]),
            lambda: [True],
        ),
        *(
            lambda: {"a": 1},
            lambda: {"text": ["a", "b"]},
            lambda: {0: 1.0, 1: 1e-45},
            lambda: {0: "heavy"},
            lambda: {1},
        ),
        *(
            lambda: {"positive": ["good"], "negative": ["bad"]},
            lambda: {None: []},
            lambda: {"a", "b"},
            lambda: range(5),
        ),
        *(
            lambda: iter([]),
            lambda: iter(["good film"]),
            lambda: (text for text in ["a", "b"]),
            lambda: zip("ab", "cd", strict=True),
        ),
        *(lambda: {"a": "b"}.values(), lambda: [1e-40] * 4, lambda: [2e38] * 4, lambda: ["a.txt", "b.csv"]),
        *(
            lambda: [pathlib.Path("a.txt")],
            lambda: [[[["deep"]]]],
            lambda: [Rude()],
            lambda: [2**70],
            lambda: ["x"] * 5000,
        ),
    ]


def _arrays():
    masked = functools.partial(np.ma.masked_array, ["a", "b"], mask=[True, False])
    return [
        *(lambda: np.zeros(0), lambda: np.zeros((0, 3), int), lambda: np.zeros((2, 0), int), lambda: np.zeros((2, 3))),
        *(
            lambda: np.zeros((2, 3), int),
            lambda: np.ones((3, 2, 2)),
            lambda: np.full(8, 1e300),
            lambda: np.full(8, np.nan),
        ),
        *(lambda: np.array([[1, 2**32 + 1]]), lambda: np.array([[1, -2]]), lambda: np.array("a"), lambda: np.array(5)),
        *(lambda: np.array(["a", "b"]), lambda: np.array([b"a"]), lambda: np.array(["a", None], object), masked),
        *(lambda: np.array([["a"], ["b"]]), lambda: np.array([], object), lambda: np.array(["2020"], "datetime64[Y]")),
        *(
            lambda: np.array([("a", 1)], [("word", "U3"), ("count", int)]),
            lambda: np.eye(4),
            lambda: np.array([True, False]),
        ),
        *(
            lambda: np.array(["a"], np.dtypes.StringDType()),
            lambda: np.array([0, 1, 1, 0]),
            lambda: np.full((4, 8), 1e39),
        ),
        *(lambda: pd.Series(["good film", "bad film"]), lambda: pd.Series([1, None]), lambda: pd.Series([], dtype=str)),
        *(
            lambda: pd.DataFrame({"text": ["a"], "label": [1]}),
            lambda: pd.Categorical(["a", "b"]),
            lambda: pd.Index(["a"]),
        ),
        *(
            lambda: pd.DataFrame(),
            lambda: pd.NA,
            lambda: pd.NaT,
            lambda: pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]),
        ),
        *(
            lambda: tf.constant(["good", "bad"]),
            lambda: tf.constant([[1, 2]]),
            lambda: tf.constant(0.5),
            lambda: tf.constant("a"),
        ),
        *(
            lambda: tf.ragged.constant([["a"], []]),
            lambda: tf.ragged.constant([[1], []]),
            lambda: tf.constant([["a"], ["b"]]),
        ),
        *(lambda: tf.sparse.from_dense([["a", ""]]), lambda: tf.constant([b"\xff"]), lambda: tf.Variable([1.0])),
        *(lambda: keras.KerasTensor((None, 3)), lambda: tf.data.Dataset.from_tensor_slices(["good film", "bad film"])),
        *(lambda: tf.data.Dataset.from_tensor_slices({"a": ["x"]}), lambda: tf.data.Dataset.range(3)),
        lambda: tf.data.Dataset.from_tensor_slices((["good", "bad"], [1, 0])).batch(2),
        lambda: tf.data.Dataset.from_tensor_slices([b"\xe9t\xe9"]).repeat(),
    ]


def _objects():
    return [
        *(lambda: None, object, lambda: object, lambda: Rude(), lambda: len, lambda: lambda *_: None, lambda: types),
        *(lambda: pathlib.Path("a.txt"), lambda: pathlib.Path("missing/a.keras"), lambda: pathlib.Path(".")),
        *(
            lambda: slice(1),
            lambda: Ellipsis,
            lambda: NotImplemented,
            lambda: datetime.date(2020, 1, 1),
            lambda: ValueError,
        ),
        *(lambda: keras.layers.Dense(1), lambda: keras.layers.Dense, lambda: keras.optimizers.Adam(), lambda: "adam"),
        *(
            lambda: keras.callbacks.History(),
            lambda: TextEncoder(),
            lambda: TextEncoder,
            lambda: keras.DTypePolicy("float16"),
        ),
        lambda: EncodedTexts(np.array([1]), np.array([0, 1]), np.array([0])),
        lambda: EncodedTexts(np.array([2**32 + 1]), np.array([0, 1]), np.array([0])),
    ]


def values() -> list:
    """Returns functions without arguments, each of which makes one value."""
    constants = [functools.partial(lambda value: value, value) for value in [*_numbers(), *_strings()]]
    return [*constants, *_containers(), *_arrays(), *_objects()]
