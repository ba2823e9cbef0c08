import inspect

import numpy as np
import pandas as pd
import pytest

from keras_transfer_sentiment import SkipGramPretrainer, checks

from .contracts import raises

HUGE = ["a long review " * 50] * 25_000


# Short forms.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("film", "'film'"),
        (3, "3"),
        (None, "None"),
        (["a", "b"], "['a', 'b']"),
        (np.zeros((3, 2), "float32"), "ndarray of shape (3, 2), dtype float32"),
        (np.float32(2.5), "2.5"),
        ("two\nlines", r"'two\nlines'"),
    ],
)
def test_short(value, text):
    assert checks.short(value).removeprefix("np.float32(").removesuffix(")" if "np." in repr(value) else "") == text


@pytest.mark.parametrize(
    "value",
    [
        HUGE,
        tuple(HUGE),
        set(map(str, range(9999))),
        dict.fromkeys(range(9999), "x" * 999),
        "x" * 10**6,
        [[["x" * 99] * 99] * 99] * 99,
        np.array(HUGE, object),
        pd.Series(HUGE),
        type("Verbose", (), {"__repr__": lambda self: "line\n" * 9999})(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_short_is_short_whatever_the_value(value):
    text = checks.short(value)
    assert 0 < len(text) <= 70
    assert "\n" not in text
    assert len(checks.short(value, limit=20)) <= 20


# Texts.


@pytest.mark.parametrize(
    "texts",
    [
        ["one", "two"],
        ("one", "two"),
        np.array(["one", "two"]),
        np.array(["one", "two"], object),
        pd.Series(["one", "two"], index=[4, 2]),
        pd.Series(["one", "two"], dtype="string"),
    ],
    ids=["list", "tuple", "array", "object array", "series", "string series"],
)
def test_check_texts_returns_a_list(texts):
    checked = checks.check_texts(texts, "fit")
    assert checked == ["one", "two"]
    assert type(checked) is list
    assert checked is not texts


def test_check_texts_takes_str_subclasses_and_token_lists():
    assert checks.check_texts([np.str_("one"), "two"], "fit") == ["one", "two"]
    assert checks.check_texts([["a", "b"], ("c",)], "fit") == [["a", "b"], ("c",)]


def test_check_texts_takes_what_has_to_list():
    class Column:
        ndim = 1

        def to_list(self):
            return ["one"]

    assert checks.check_texts(Column(), "fit") == ["one"]


def test_check_texts_allows_none_only_on_request():
    assert checks.check_texts([], "fit", allow_empty=True) == []
    with raises(ValueError, "`fit` received no texts: `x` is empty", "Pass at least one text"):
        checks.check_texts([], "fit")


@pytest.mark.parametrize(
    ("texts", "kind", "parts"),
    [
        ("good", TypeError, ("`fit` expects a batch", "one str: 'good'", "Wrap it in a list: `fit([text])`")),
        (HUGE[0] * 1000, TypeError, ("one str: 'a long review", "Wrap it in a list")),
        (b"good", TypeError, ("one bytes: b'good'", "Wrap it in a list")),
        ([*HUGE, None], TypeError, ("None of type NoneType at position 25000", "Drop missing texts")),
        ([*HUGE, np.nan], TypeError, ("nan of type float at position 25000", "or replace them with ''")),
        (["good", pd.NA], TypeError, ("of type NAType at position 1", "Drop missing texts")),
        (pd.Series(["good", None]), TypeError, ("at position 1", "Drop missing texts")),
        ([*HUGE, 7], TypeError, ("7 of type int at position 25000", "Convert each text with `str`")),
        ([*HUGE, b"x" * 9999], TypeError, ("of type bytes at position 25000", "Decode bytes first")),
        ([None], TypeError, ("None of type NoneType at position 0",)),
        ([HUGE], TypeError, ()),
        ([["a"], "b"], TypeError, ("'b' of type str at position 1", "list of tokens, like the first one")),
        ([["a"], "b c"], TypeError, ("such as `text.split()`",)),
        (["a", HUGE], TypeError, ("of type list at position 1", "to be a str, like the first one", "`' '.join(text)`")),
        ([{"a", "b"}], TypeError, ("a str or a list of tokens", "of type set", "`[sorted(text) for text in x]`")),
        ([np.array(["a"])], TypeError, ("of type ndarray at position 0", "`[list(text) for text in x]`")),
        (np.array([HUGE[:9]]), ValueError, ("of one dimension", "shape (1, 9)", "Pass one column")),
        (np.array("good"), ValueError, ("of one dimension", "Pass one column")),
        (pd.DataFrame({"text": HUGE}), ValueError, ("of one dimension", "frame['text']")),
        (set(HUGE[:1]), TypeError, ("of type set", "`list(x)`")),
        ({"text": HUGE}, TypeError, ("of type dict", "`x['text']`")),
        ((text for text in HUGE), TypeError, ("of type generator", "`list(x)`")),
        (None, TypeError, ("None of type NoneType",)),
        (5, TypeError, ("5 of type int",)),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, tuple) else None,
)
def test_check_texts_refuses(texts, kind, parts):
    if parts:
        with raises(kind, *parts):
            checks.check_texts(texts, "fit")
    else:  # a list of lists of str is a batch of one text, already split
        assert len(checks.check_texts(texts, "fit")) == 1


def test_check_texts_names_the_argument():
    with raises(ValueError, "`adapt` received no texts: `texts` is empty"):
        checks.check_texts([], "adapt", "texts")


# Weights.


def test_check_weights():
    assert checks.check_weights(None, 2, "fit") is None
    for weights in ([0, 2.5], (0, 2.5), np.array([[0.0], [2.5]]), pd.Series([0, 2.5])):
        checked = checks.check_weights(weights, 2, "fit")
        assert checked.dtype == np.float32
        assert checked.tolist() == [0.0, 2.5]


@pytest.mark.parametrize(
    ("weights", "parts"),
    [
        ([1], ("received 2 texts and 1 values in `sample_weight`", "Pass one weight a text")),
        ([1.0] * 25_000, ("received 2 texts and 25000 values",)),
        ([1, -2], ("finite weights of 0 or more", "Received -2", "the weight 0")),
        ([1, np.nan], ("finite weights", "Received nan")),
        ([1, np.inf], ("finite weights", "Received inf")),
    ],
)
def test_check_weights_refuses(weights, parts):
    with raises(ValueError, "`fit`", *parts):
        checks.check_weights(weights, 2, "fit")


@pytest.mark.parametrize("weights", ["ab", ["heavy", "light"], [None, 1], {"a": 1}, [[1], [1, 2]]])
def test_check_weights_refuses_what_is_no_number(weights):
    with pytest.raises((TypeError, ValueError), match="`sample_weight`") as caught:
        checks.check_weights(weights, 2, "fit")
    assert "`fit`" in str(caught.value)
    assert len(str(caught.value)) < 400


# Numbers and choices.


def test_check_number():
    assert checks.check_number(3, "units", 1, kind=int) == 3
    assert type(checks.check_number(np.int64(3), "units", 1, kind=int)) is int
    assert type(checks.check_number(3, "rate", 0.0)) is float
    assert checks.check_number(1.0, "rate", 0.0, 1.0) == 1.0


@pytest.mark.parametrize(
    ("value", "options", "kind", "parts"),
    [
        (0, {"low": 1, "kind": int}, ValueError, ("`n` must be an integer, 1 or more", "Received 0")),
        (9, {"low": 1, "high": 5, "kind": int}, ValueError, ("between 1 and 5", "Received 9")),
        (2.0, {"low": 1, "kind": int}, TypeError, ("an integer", "2.0 of type float")),
        (True, {"low": 1, "kind": int}, TypeError, ("an integer", "True of type bool")),
        (None, {"low": 0.0}, TypeError, ("a number, 0.0 or more", "None of type NoneType")),
        ("x" * 9999, {"low": 0.0}, TypeError, ("a number", "of type str")),
        (float("nan"), {"low": 0.0}, ValueError, ("Received nan",)),
        (1.5, {"low": 0.0, "high": 1.0}, ValueError, ("between 0.0 and 1.0", "Received 1.5")),
    ],
)
def test_check_number_refuses(value, options, kind, parts):
    with raises(kind, *parts):
        checks.check_number(value, "n", **options)


def test_check_choice():
    assert checks.check_choice("a", "kind", ("a", None)) == "a"
    assert checks.check_choice(None, "kind", ("a", None)) is None
    with raises(ValueError, "`kind` must be one of 'a', None", "Received 'b'"):
        checks.check_choice("b", "kind", ("a", None))
    with raises(ValueError, "`kind` must be one of 'a'"):
        checks.check_choice(HUGE, "kind", ("a",))


def test_not_fitted_error_is_a_value_error():
    assert issubclass(checks.NotFittedError, ValueError)


def test_a_frame_in_place_of_a_column():
    frame = pd.DataFrame({"review": ["a good film"] * 9, "stars": range(9)})
    with raises(
        ValueError, "Received DataFrame of shape (9, 2) with the columns ['review', 'stars']", "`frame['text']`"
    ):
        checks.check_texts(frame, "fit")
    with raises(ValueError, "Received ndarray of shape (9, 2), dtype object", "`x[:, 0]`"):
        checks.check_texts(frame.to_numpy(), "fit")


# Warnings.


def test_a_warning_points_at_the_line_of_the_user(tmp_path, recwarn):
    path = tmp_path / "words.vec"
    path.write_text("2 1\nfilm 1\ngood 2")  # without the end of the last line
    line = inspect.currentframe().f_lineno + 1
    SkipGramPretrainer.from_word_vectors(path)
    assert [(warning.filename, warning.lineno) for warning in recwarn] == [(__file__, line)]
