import numpy as np
import pandas as pd
import pytest

from keras_transfer_sentiment.classification.labels import BINARY, ClassLabels, read_labels, stratified_mask

from ..contracts import raises

HUGE = ["positive" * 30] * 25_000
MOODS = ClassLabels(["negative", "neutral", "positive"])


# What labels may be.


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1, 1],
        (0, 1, 1),
        [0.0, 1.0, 1.0],
        np.array([0, 1, 1], "uint8"),
        np.array([0, 1, 1], "float32"),
        np.array([[0], [1], [1]]),
        [[0], [1], [1]],
        [np.int8(0), np.int64(1), 1],
        np.array([0, 1, 1], object),
        [0, True, True],
        pd.Series([0, 1, 1], index=[5, 6, 7]),
        pd.Series([0, 1, 1], dtype="Int64"),
        pd.Categorical([0, 1, 1]),
        pd.Series([0, 1, 1], dtype="category"),
    ],
    ids=str,
)
def test_whole_numbers_are_int(labels):
    read = read_labels(labels, 3, "fit")
    assert read == [0, 1, 1]
    assert set(map(type, read)) == {int}


@pytest.mark.parametrize(
    "labels",
    [
        [False, True],
        np.array([False, True]),
        np.array([False, True], object),
        pd.Series([False, True]),
        [np.False_, np.True_],
    ],
    ids=str,
)
def test_bools_stay_bool(labels):
    read = read_labels(labels, 2, "fit")
    assert read == [False, True]
    assert set(map(type, read)) == {bool}


@pytest.mark.parametrize(
    "labels",
    [
        ["bad", "good"],
        np.array(["bad", "good"]),
        np.array(["bad", "good"], object),
        np.array([["bad"], ["good"]]),
        pd.Series(["bad", "good"]),
        pd.Categorical(["bad", "good"], categories=["good", "bad", "unused"]),
    ],
    ids=str,
)
def test_strings_stay_str(labels):
    read = read_labels(labels, 2, "fit")
    assert read == ["bad", "good"]
    assert set(map(type, read)) == {str}


MISSING = "can go into the pretraining"


@pytest.mark.parametrize(
    ("labels", "kind", "parts"),
    [
        (None, ValueError, ("received texts without labels", "Pass `y`")),
        ("ab", TypeError, ("a batch of labels as `y`", "'ab' of type str")),
        (1, TypeError, ("a batch of labels", "1 of type int")),
        ({"a": 1, "b": 0}, TypeError, ("a batch of labels", "of type dict")),
        ([b"pos", b"neg"], TypeError, ("to be int, bool or str", "of type bytes", "label.decode('utf-8')")),
        ([1j, 2j], TypeError, ("to be int, bool or str", "of type complex", "Map it")),
        ([1, "pos"], TypeError, ("of one kind", "1 of type int and 'pos' of type str", "`[str(label)")),
        (["pos", True], TypeError, ("of one kind", "'pos' of type str and True of type bool")),
        ([0, None], ValueError, ("a missing label in `y`. Received None", MISSING)),
        (["good", float("nan")], ValueError, ("a missing label in `y`. Received nan", MISSING)),
        (pd.Series([0, None], dtype="Int64"), ValueError, ("a missing label in `y`", MISSING)),
        (pd.Categorical(["good", None]), ValueError, ("a missing label in `y`. Received nan", MISSING)),
        (np.array([0, np.nan], object), ValueError, ("a missing label in `y`. Received nan", MISSING)),
        ([0.5, 1], ValueError, ("to be classes", "Received 0.5", "int(score > 0.5)")),
        ([0, np.inf], ValueError, ("to be classes", "Received inf")),
        (np.eye(2), ValueError, ("one label per text", "(2,) or (2, 1)", "shape (2, 2)", "labels.argmax(axis=1)")),
        ([[0, 1], [1, 0]], ValueError, ("one label per text", "labels.argmax(axis=1)")),
        (np.zeros((2, 1, 1)), ValueError, ("one label per text", "(2, 1, 1)")),
        (pd.DataFrame({"a": [1, 0], "b": [0, 1]}), ValueError, ("one label per text", "labels.argmax(axis=1)")),
        ([[0], [1, 0]], ValueError, ("one label per text",)),
        ([0, 1, 1], ValueError, ("received 2 texts and 3 labels in `y`", "Pass one label per text")),
        ([], ValueError, ("received 2 texts and 0 labels in `y`",)),
        (HUGE, ValueError, ("received 2 texts and 25000 labels",)),
    ],
)
def test_what_is_no_label(labels, kind, parts):
    with raises(kind, "`fit`", *parts):
        read_labels(labels, 2, "fit")


# Classes.


def test_classes_are_learned_in_sorted_order():
    assert ClassLabels.learn(["neutral", "good", "bad", "good"], "fit").classes == ("bad", "good", "neutral")
    assert ClassLabels.learn([5, -1, 3], "fit").classes == (-1, 3, 5)
    assert ClassLabels.learn([True, False], "fit").classes == (False, True)
    with raises(ValueError, "`fit` received labels of one class only: all 2 are 'good'", "of each class"):
        ClassLabels.learn(["good", "good"], "fit")


def test_outputs():
    assert (BINARY.outputs, len(BINARY)) == (1, 2)
    assert (MOODS.outputs, len(MOODS)) == (3, 3)


@pytest.mark.parametrize(
    ("labels", "given", "numbers", "dtype"),
    [
        (MOODS, ["positive", "negative"], [2, 0], "<U8"),
        (BINARY, [1, 0], [1, 0], "int64"),
        (BINARY, [True, False], [1, 0], "int64"),
        (ClassLabels([5, 1, 3]), [1, 3, 5], [1, 2, 0], "int64"),
        (ClassLabels(np.array([1, 5], "uint8")), np.array([5, 5, 1]), [1, 1, 0], "int64"),
        (ClassLabels([False, True]), [False, True], [0, 1], "bool"),
        (ClassLabels(["差评", "好评"]), ["好评", "差评"], [1, 0], "<U2"),
    ],
)
def test_encode_and_decode(labels, given, numbers, dtype):
    encoded = labels.encode(given, len(given), "fit")
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [[number] for number in numbers]
    decoded = labels.decode(encoded[:, 0])
    assert decoded.dtype == dtype
    assert decoded.tolist() == list(given)


def test_a_label_that_is_no_class():
    with raises(ValueError, "among the classes ['negative', 'neutral', 'positive']", "Received 'mixed'", "`classes="):
        MOODS.encode(["neutral", "mixed"], 2, "evaluate")
    with raises(ValueError, "among the classes [0, 1]", "Received '1' of type str"):
        BINARY.encode(["1", "0"], 2, "fit")
    with raises(ValueError, "Received 'x"):
        ClassLabels([HUGE[0], "y" * 999]).encode(["x" * 999], 1, "fit")


def test_one_class_on_request():
    assert BINARY.encode([1, 1], 2, "evaluate", one_class_ok=True).tolist() == [[1.0], [1.0]]
    with raises(ValueError, "one class only: all 2 are 1"):
        BINARY.encode([1, 1], 2, "fit")
    assert MOODS.encode(["neutral", "positive"], 2, "fit").tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("classes", "kind", "parts"),
    [
        ("ab", TypeError, ("`classes` must be a list of labels", "'ab' of type str")),
        (3, TypeError, ("`classes` must be a list", "3 of type int")),
        ({"a", "b"}, TypeError, ("in a fixed order", "of type set")),
        ({"a": 0, "b": 1}, TypeError, ("in a fixed order", "of type dict")),
        (np.eye(2), TypeError, ("`classes` must be a list",)),
        (["good"], ValueError, ("`classes` must be two labels or more", "['good']")),
        ([], ValueError, ("`classes` must be two labels or more",)),
        (["good", "bad", "good"], ValueError, ("`classes` must differ", "'good' twice")),
        ([1, True], ValueError, ("`classes` must differ", "1 twice")),
        ([1, "good"], TypeError, ("of one kind", "1 of type int and 'good' of type str")),
        ([1, None], ValueError, ("`classes` must not hold a missing label",)),
        (HUGE, ValueError, ("`classes` must differ",)),
    ],
)
def test_bad_classes(classes, kind, parts):
    with raises(kind, *parts):
        ClassLabels(classes)


# Scales.


@pytest.mark.parametrize(
    ("classes", "ends"),
    [
        (["negative", "positive"], (0, 1)),
        (["positive", "negative"], (1, 0)),
        (["negative", "neutral", "positive"], (0, 2)),
        (["Neg", "POS "], (0, 1)),
        (["bad", "good"], (0, 1)),
        (["好评", "差评"], (1, 0)),
        (["中性", "正面", "负面"], (2, 1)),
        (["negative", "neutral", "positive", "very negative", "very positive"], (3, 4)),
        ([0, 1], (0, 1)),
        ([1, -1], (1, 0)),
        ([-1, 0, 1], (0, 2)),
        ([False, True], (0, 1)),
        (["0", "1"], (0, 1)),
        ([1, 2, 3, 4, 5], (0, 4)),
        ([5, 4, 2, 1], (3, 0)),
        (["1", "3", "5"], (0, 2)),
        ([0, 1, 2], None),
        ([1, 2, 3], None),
        ([1, 2, 3, 4], None),  # topics are numbered so
        ([1, 2], None),
        ([3, 4, 5], None),
        (["sports", "politics"], None),
        (["good", "worse"], None),
        (["a", "1"], None),
    ],
    ids=str,
)
def test_ends_of_a_scale(classes, ends):
    assert ClassLabels(classes).scale_ends == ends


# Weights and hold-outs.


def test_weights():
    assert BINARY.weights(None).tolist() == [1.0, 1.0]
    assert BINARY.weights({0: 2, 1: 0.5}).tolist() == [2.0, 0.5]
    assert BINARY.weights({np.int64(1): np.float32(3)}).tolist() == [1.0, 3.0]
    assert MOODS.weights({"positive": 4}).tolist() == [1.0, 1.0, 4.0]


@pytest.mark.parametrize(
    ("weights", "kind", "parts"),
    [
        ([1, 2], ValueError, ("`class_weight` must be a dict from classes ([0, 1])", "[1, 2]", "{0: 1.0, 1: 1.0}")),
        ("balanced", ValueError, ("`class_weight` must be a dict", "'balanced'")),
        ({2: 1.0}, ValueError, ("`class_weight` must be a dict", "{2: 1.0}")),
        ({"positive": 1.0}, ValueError, ("`class_weight` must be a dict",)),
        (dict.fromkeys(range(25_000), 1.0), ValueError, ("`class_weight` must be a dict",)),
        ({1: -1}, ValueError, ("`class_weight[1]` must be a number, between 0.0 and 1000000.0", "-1")),
        ({0: "heavy"}, TypeError, ("`class_weight[0]` must be a number", "'heavy' of type str")),
        ({0: float("inf")}, ValueError, ("`class_weight[0]`", "inf")),
    ],
)
def test_bad_weights(weights, kind, parts):
    with raises(kind, *parts):
        BINARY.weights(weights)


def test_stratified_mask():
    numbers = np.repeat([0, 1, 2], [60, 40, 20])
    held_out = stratified_mask(numbers, 0.2, seed=1)
    assert np.bincount(numbers[held_out]).tolist() == [12, 8, 4]
    assert np.flatnonzero(held_out)[:12].tolist() != list(range(12))
    np.testing.assert_array_equal(stratified_mask(numbers, 0.2, seed=1), held_out)
    assert (stratified_mask(numbers, 0.2, seed=2) != held_out).any()
    with raises(ValueError, "`validation_split=0.9` of 5 texts leaves none to validate on, or none of a class"):
        stratified_mask(np.array([0, 0, 0, 1, 2]), 0.9, seed=1)
