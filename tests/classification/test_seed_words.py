import pytest

from keras_transfer_sentiment.classification.seed_words import seed_word_lists
from keras_transfer_sentiment.text.languages import word_lists

from ..contracts import raises


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_auto_takes_the_language_of_the_encoder(language):
    lists = seed_word_lists("auto", language)
    assert lists == word_lists(language)["seed_words"]
    assert set(lists) == {"positive", "negative"}


def test_auto_without_a_language_is_none():
    assert seed_word_lists("auto", None) is None
    assert seed_word_lists(None, "english") is None


def test_a_name_outweighs_the_language():
    assert "excellent" in seed_word_lists("english", "chinese")["positive"]
    assert "很差" in seed_word_lists("chinese", None)["negative"]


def test_lists_are_copies():
    seed_word_lists("auto", "english")["positive"].clear()
    assert seed_word_lists("auto", "english")["positive"]


@pytest.mark.parametrize("collection", [list, tuple, set, dict.fromkeys, iter])
def test_a_dict_of_any_collections(collection):
    lists = seed_word_lists({"positive": collection(["fresh"]), "negative": collection(["stale"])}, "english")
    assert lists == {"positive": ["fresh"], "negative": ["stale"]}


@pytest.mark.parametrize(
    ("seed_words", "kind", "parts"),
    [
        ("klingon", ValueError, ("`seed_words` must be one of 'auto', 'chinese', 'english', None", "'klingon'")),
        (["good", "bad"], TypeError, ("a dict of two lists", "of type list", "{'positive': [...], 'negative': [...]}")),
        (["good"] * 25_000, TypeError, ("a dict of two lists",)),
        (5, TypeError, ("5 of type int",)),
        ({"positive": ["good"]}, ValueError, ("keys 'positive' and 'negative'", "['positive']")),
        ({"good": ["a"], "bad": ["b"]}, ValueError, ("keys 'positive' and 'negative'", "['bad', 'good']")),
        ({1: ["a"], 0: ["b"]}, ValueError, ("keys 'positive' and 'negative'", "['0', '1']")),
        ({"positive": [], "negative": ["b"]}, ValueError, ("`seed_words['positive']` is empty", "at least one word")),
        ({"positive": ["a"], "negative": ()}, ValueError, ("`seed_words['negative']` is empty",)),
        ({"positive": "good fine", "negative": ["b"]}, TypeError, ("`seed_words['positive']` must be a list of str",)),
        ({"positive": ["a", None], "negative": ["b"]}, TypeError, ("`seed_words['positive']` must be a list",)),
        ({"positive": ["a"], "negative": 7}, TypeError, ("`seed_words['negative']` must be a list", "7 of type int")),
        ({"positive": ["a"], "negative": None}, TypeError, ("`seed_words['negative']` must be a list", "NoneType")),
        ({str(key): ["a"] for key in range(9999)}, ValueError, ("keys 'positive' and 'negative'",)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_seed_words(seed_words, kind, parts):
    with raises(kind, *parts):
        seed_word_lists(seed_words, "english")
