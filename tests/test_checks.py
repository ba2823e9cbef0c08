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


@pytest.mark.parametrize("weights", [[1e-40, 1], [1, 1e-7], [2e38, 1], [1e7, 1]])
def test_check_weights_refuses_what_cannot_be_summed_up(weights):
    with raises(ValueError, "of 0, or from 1e-06 to 1e+06", "`sample_weight / np.mean(sample_weight)`"):
        checks.check_weights(weights, 2, "fit")


def test_the_advice_on_weights_leads_to_right_ones():
    sample_weight = [1e-40] * 4
    assert checks.check_weights(sample_weight / np.mean(sample_weight), 4, "fit").tolist() == [1.0] * 4


def test_check_class_weight():
    assert checks.check_class_weight(0, "w") == 0.0
    assert checks.check_class_weight(1e-6, "w") == 1e-6
    with raises(ValueError, "`w` must be 0, or from 1e-06 to 1e+06. Received 1e-45", "by their mean"):
        checks.check_class_weight(1e-45, "w")


# Flags, paths, names and schedules.


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
def test_check_flag(value):
    assert checks.check_flag(value, "stem") is bool(value)


@pytest.mark.parametrize("value", ["False", "no", "", 0, 1, None, [], np.array([True]), float("nan")])
def test_check_flag_refuses(value):
    with raises(TypeError, "`stem` must be True or False", f"of type {type(value).__name__}", "`stem=True`"):
        checks.check_flag(value, "stem")


def test_check_path(tmp_path):
    assert checks.check_path("a.txt") == "a.txt"
    assert checks.check_path(tmp_path) == str(tmp_path)


@pytest.mark.parametrize(
    ("path", "kind", "parts"),
    [
        (b"a.txt", TypeError, ("b'a.txt' of type bytes", "`os.fsdecode(path)`")),
        (None, TypeError, ("None of type NoneType", "`pathlib.Path('file')`")),
        (5, TypeError, ("5 of type int",)),
        ("", ValueError, ("an empty str",)),
        ("a\0b", ValueError, ("a character that no name can have",)),
        pytest.param("\ud800", ValueError, ("a character that no name can have",), id="half a character"),
    ],
)
def test_check_path_refuses(path, kind, parts):
    with raises(kind, "`path` must be", *parts):
        checks.check_path(path)


@pytest.mark.parametrize(("name", "kind"), [("a/b", ValueError), ("", ValueError), (5, TypeError), ([], TypeError)])
def test_check_name_refuses(name, kind):
    assert checks.check_name(None) is None
    assert checks.check_name("films") == "films"
    with raises(kind, "`name` must be a str without '/'", "`name='films'`"):
        checks.check_name(name)


def test_check_schedule():
    assert checks.check_schedule(None, None, 0, "auto") == (None, None, 0, "auto")
    assert checks.check_schedule(np.int64(2), 5, 4, True) == (2, 5, 4, 1)
    with raises(ValueError, "`batch_size` must be an integer, 1 or more", "Received -1"):
        checks.check_schedule(-1, 5, 0, 0)
    with raises(TypeError, "`batch_size` must be an integer", "0.5 of type float"):
        checks.check_schedule(0.5, 5, 0, 0)
    with raises(ValueError, "`initial_epoch` must be an integer", "Received -1"):
        checks.check_schedule(None, 5, -1, 0)
    with raises(ValueError, "`initial_epoch` must be less than `epochs`", "`initial_epoch=5` and `epochs=5`"):
        checks.check_schedule(None, 5, 5, 0)
    with raises(ValueError, "`verbose` must be one of 'auto', 0, 1, 2", "Received 'x'"):
        checks.check_schedule(None, 5, 0, "x")


def test_check_frequency():
    assert checks.check_frequency(2) == 2
    assert checks.check_frequency((1, np.int64(3))) == [1, 3]
    with raises(ValueError, "`validation_freq` must be an integer, 1 or more. Received 0"):
        checks.check_frequency(0)


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


@pytest.mark.parametrize("value", [np.array(["a", "b"]), pd.Series(["a"]), {"a"}, ["a"]])
def test_check_choice_refuses_containers(value):
    with raises(ValueError, "`kind` must be one of 'a'"):
        checks.check_choice(value, "kind", ("a",))


@pytest.mark.parametrize("value", [10**400, -(10**400)])
def test_check_number_of_huge_integers(value):
    with raises(ValueError, "`rate` must be a number"):
        checks.check_number(value, "rate", 0.0)


def test_short_of_what_has_no_repr():
    class Rude:
        def __repr__(self):
            raise RuntimeError("no")

    assert "Rude" in checks.short(Rude())
    assert checks.short(10**9999) == "<int>"


def test_not_fitted_error_is_a_value_error():
    assert issubclass(checks.NotFittedError, ValueError)


# Warnings.


def test_a_warning_points_at_the_line_of_the_user(tmp_path, recwarn):
    path = tmp_path / "words.vec"
    path.write_text("2 1\nfilm 1\ngood 2")  # without the end of the last line
    line = inspect.currentframe().f_lineno + 1
    SkipGramPretrainer.from_word_vectors(path)
    assert [(warning.filename, warning.lineno) for warning in recwarn] == [(__file__, line)]
