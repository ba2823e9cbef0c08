import numpy as np
import pandas as pd
import pytest

from keras_transfer_sentiment.text.batches import check_texts

from ..contracts import raises

HUGE = ["a long review " * 50] * 25_000


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
    checked = check_texts(texts, "fit")
    assert checked == ["one", "two"]
    assert type(checked) is list
    assert checked is not texts


def test_check_texts_takes_str_subclasses_and_token_lists():
    assert check_texts([np.str_("one"), "two"], "fit") == ["one", "two"]
    assert check_texts([["a", "b"], ("c",)], "fit") == [["a", "b"], ("c",)]


def test_check_texts_takes_what_has_to_list():
    class Column:
        ndim = 1

        def to_list(self):
            return ["one"]

    assert check_texts(Column(), "fit") == ["one"]


def test_check_texts_allows_none_only_on_request():
    assert check_texts([], "fit", allow_empty=True) == []
    with raises(ValueError, "`fit` received no texts: `x` is empty", "Pass at least one text"):
        check_texts([], "fit")


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
        ([["a"], "b"], TypeError, ("'b' of type str at position 1", "list of tokens, like the first one")),
        ([["a"], "b c"], TypeError, ("`[text.split() if isinstance(text, str) else text for text in x]`",)),
        (
            ["a", HUGE],
            TypeError,
            ("of type list at position 1", "to be a str, like the first one", "else ' '.join(text) for text in x]`"),
        ),
        ([{"a", "b"}], TypeError, ("a str or a list of tokens", "of type set", "`[sorted(text) for text in x]`")),
        ([np.array(["a"])], TypeError, ("of type ndarray at position 0", "`[list(text) for text in x]`")),
        (np.array([HUGE[:9]]), ValueError, ("of one dimension", "shape (1, 9)", "Pass one column")),
        (np.array("good"), ValueError, ("of one dimension", "Received one value", "`[x.item()]`")),
        (pd.DataFrame({"text": HUGE}), ValueError, ("of one dimension", "`x['text']`")),
        (set(HUGE[:1]), TypeError, ("of type set", "`sorted(x)`")),
        ({"text": HUGE}, TypeError, ("of type dict", "`x['text']`")),
        ((text for text in HUGE), TypeError, ("of type generator", "`list(x)`")),
        (None, TypeError, ("None of type NoneType",)),
        (5, TypeError, ("5 of type int",)),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, tuple) else None,
)
def test_check_texts_refuses(texts, kind, parts):
    with raises(kind, *parts):
        check_texts(texts, "fit")


def test_tokens_that_are_texts_give_a_warning():
    with pytest.warns(UserWarning, match=r"pass `\[text for batch in x for text in batch\]`"):
        assert check_texts([HUGE], "fit") == [HUGE]


def test_check_texts_names_the_argument():
    with raises(ValueError, "`adapt` received no texts: `texts` is empty"):
        check_texts([], "adapt", "texts")


def test_a_frame_in_place_of_a_column():
    frame = pd.DataFrame({"review": ["a good film"] * 9, "stars": range(9)})
    with raises(ValueError, "Received DataFrame of shape (9, 2) with the columns ['review', 'stars']", "`x['review']`"):
        check_texts(frame, "fit")
    with raises(ValueError, "Received ndarray of shape (9, 2), dtype object", "`x[:, 0]`"):
        check_texts(frame.to_numpy(), "fit")
