import numpy as np
import pytest

from keras_transfer_sentiment import TextEncoder
from keras_transfer_sentiment.classification.labelled import Examples
from keras_transfer_sentiment.classification.labels import BINARY, ClassLabels
from keras_transfer_sentiment.classification.seed_words import WEIGHT, SeedWords, add_seed_words, seed_examples
from keras_transfer_sentiment.text.languages import word_lists

from ..contracts import raises

MOODS = ClassLabels(["negative", "neutral", "positive"])
TOPICS = ClassLabels(["politics", "sports"])
POLAR = {"positive": ["fresh"], "negative": ["stale"]}


@pytest.fixture(scope="module")
def encoder():
    encoder = TextEncoder()
    encoder.adapt(["fresh stale plain well made"])
    return encoder


# What is given.


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_auto_takes_the_language_of_the_encoder(language):
    seeds = SeedWords.read("auto", language)
    assert seeds.are_guessed
    assert seeds.lists == word_lists(language)["seed_words"]
    assert set(seeds.lists) == {"positive", "negative"}


def test_auto_without_a_language_is_none():
    assert SeedWords.read("auto", None) is None
    assert SeedWords.read(None, "english") is None


def test_a_name_outweighs_the_language():
    assert "excellent" in SeedWords.read("english", "chinese").lists["positive"]
    assert "很差" in SeedWords.read("chinese", None).lists["negative"]
    assert not SeedWords.read("english", "english").are_guessed


def test_lists_are_copies():
    SeedWords.read("auto", "english").lists["positive"].clear()
    assert SeedWords.read("auto", "english").lists["positive"]


@pytest.mark.parametrize("collection", [list, tuple, set, dict.fromkeys, iter])
def test_a_dict_of_any_collections(collection):
    seeds = SeedWords.read({"positive": collection(["fresh"]), 1: collection(["stale"])}, "english")
    assert seeds.lists == {"positive": ["fresh"], 1: ["stale"]}
    assert not seeds.are_guessed


@pytest.mark.parametrize(
    ("seed_words", "kind", "parts"),
    [
        ("klingon", ValueError, ("`seed_words` must be one of 'auto', 'chinese', 'english', None", "'klingon'")),
        (["good", "bad"], TypeError, ("a dict of lists", "of type list", "{'positive': [...], 'negative': [...]}")),
        (["good"] * 25_000, TypeError, ("a dict of lists",)),
        (5, TypeError, ("5 of type int",)),
        ({"positive": ["good"]}, ValueError, ("a list for two classes or more", "['positive']", "as keys")),
        ({}, ValueError, ("a list for two classes or more", "[]")),
        ({None: ["a"], "b": ["b"]}, TypeError, ("(str, int or bool) as keys", "None of type NoneType")),
        ({"positive": [], "negative": ["b"]}, ValueError, ("`seed_words['positive']` is empty", "at least one word")),
        ({"positive": ["a"], "negative": ()}, ValueError, ("`seed_words['negative']` is empty",)),
        ({1: [], 0: ["b"]}, ValueError, ("`seed_words[1]` is empty",)),
        ({"positive": "good fine", "negative": ["b"]}, TypeError, ("`seed_words['positive']` must be a list of str",)),
        ({"positive": ["a", None], "negative": ["b"]}, TypeError, ("`seed_words['positive']` must be a list",)),
        ({"positive": ["a"], "negative": 7}, TypeError, ("`seed_words['negative']` must be a list", "7 of type int")),
        ({"positive": ["a"], "negative": None}, TypeError, ("`seed_words['negative']` must be a list", "NoneType")),
    ],
)
def test_bad_seed_words(seed_words, kind, parts):
    with raises(kind, *parts):
        SeedWords.read(seed_words, "english")


# By class.


@pytest.mark.parametrize(
    ("classes", "given", "expected"),
    [
        (BINARY, POLAR, {1: ["fresh"], 0: ["stale"]}),
        (MOODS, POLAR, {2: ["fresh"], 0: ["stale"]}),
        (ClassLabels([1, 2, 3, 4, 5]), POLAR, {4: ["fresh"], 0: ["stale"]}),
        (ClassLabels([5, 1]), POLAR, {0: ["fresh"], 1: ["stale"]}),
        (TOPICS, {"sports": ["goal"], "politics": ["vote"]}, {1: ["goal"], 0: ["vote"]}),
        (MOODS, {**POLAR, "neutral": ["plain"]}, {2: ["fresh"], 0: ["stale"], 1: ["plain"]}),
        (BINARY, {1: ["fresh"], 0: ["stale"]}, {1: ["fresh"], 0: ["stale"]}),
        (BINARY, {**POLAR, 1: ["crisp"]}, {1: ["fresh", "crisp"], 0: ["stale"]}),
    ],
)
def test_lists_go_to_classes(classes, given, expected):
    assert SeedWords.read(given, "english").by_class(classes) == expected


def test_guessed_lists_that_do_not_fit_are_none():
    with pytest.warns(UserWarning, match="are no known scale from negative to positive") as seen:
        assert SeedWords.read("auto", "english").by_class(TOPICS) is None
    assert seen[0].filename == __file__
    assert set(SeedWords.read("auto", "english").by_class(MOODS)) == {0, 2}


@pytest.mark.parametrize(
    ("classes", "given", "parts"),
    [
        (
            TOPICS,
            "english",
            ("the key 'positive', which is none of the classes ['politics', 'sports']",),
        ),
        (BINARY, {"good": ["a"], "bad": ["b"]}, ("the key 'good'", "[0, 1]", "{0: [...], 1: [...]}")),
        (MOODS, {**POLAR, "mixed": ["a"]}, ("the key 'mixed'",)),
        (BINARY, {0: ["a"], "negative": ["b"]}, ("of one class only", "stand for 0", "another class")),
    ],
)
def test_lists_that_fit_no_class(classes, given, parts):
    with raises(ValueError, "`seed_words` has", *parts):
        SeedWords.read(given, "english").by_class(classes)


def test_classes_of_the_keys():
    assert SeedWords.read(POLAR, None).classes().classes == (0, 1)
    assert SeedWords.read({"sports": ["a"], "politics": ["b"]}, None).classes().classes == ("politics", "sports")
    assert SeedWords.read({5: ["a"], 1: ["b"], 3: ["c"]}, None).classes().classes == (1, 3, 5)
    with raises(TypeError, "of one kind", "1 of type int and 'a' of type str"):
        SeedWords.read({"a": ["a"], 1: ["b"]}, None).classes()


# In the vocabulary.


def test_unknown_seed_words_warn(encoder):
    with pytest.warns(
        UserWarning, match="2 of 4 seed words are not in the vocabulary and do nothing: zzz, yyy"
    ) as seen:
        SeedWords({"positive": ["fresh", "zzz", "yyy"], "negative": ["stale"]}).check_known(encoder)
    assert seen[0].filename == __file__
    SeedWords(POLAR).check_known(encoder)


def test_no_known_seed_word(encoder):
    with raises(ValueError, "None of the 2 seed words is in the vocabulary of 5 words", "`seed_words=None`"):
        SeedWords({"positive": ["zzz"], "negative": ["yyy"]}).check_known(encoder)
    with raises(ValueError, "None of the negative seed words is in the vocabulary of 5 words", "for every key"):
        SeedWords({"positive": ["fresh"], "negative": ["yyy"]}).check_known(encoder)


# As examples.


def test_seed_words_are_heavy_texts_of_one_word(encoder):
    examples = seed_examples({0: ["stale", "zzz"], 1: ["fresh", "well made"]}, 2, encoder)
    assert examples.labels.tolist() == [[1.0], [1.0], [0.0]]
    assert examples.texts.lengths.tolist() == [1, 2, 1]
    assert examples.weights.tolist() == [WEIGHT] * 3


def test_class_numbers_are_raised_where_a_class_has_no_seed_words(encoder):
    assert seed_examples({0: ["stale"], 2: ["fresh"]}, 3, encoder).labels.tolist() == [[5.0], [3.0]]
    every = {0: ["stale"], 1: ["plain"], 2: ["fresh"]}
    assert seed_examples(every, 3, encoder).labels.tolist() == [[2.0], [1.0], [0.0]]


def test_they_are_added_to_texts(encoder):
    given = Examples(encoder.encode(["plain"]), np.zeros((1, 1), "float32"), np.ones(1, "float32"))
    seeds = {0: ["stale"], 1: ["fresh"]}
    assert add_seed_words(given, None, BINARY, encoder) is given
    assert add_seed_words(given, seeds, BINARY, encoder).labels.tolist() == [[0.0], [1.0], [0.0]]
    assert add_seed_words(None, seeds, BINARY, encoder).labels.tolist() == [[1.0], [0.0]]


def test_seed_words_alone_must_be_of_every_class(encoder):
    with raises(ValueError, "no texts and this classifier has no seed words", "`seed_words='english'`"):
        add_seed_words(None, None, BINARY, encoder)
    with raises(ValueError, "needs seed words of every class", "'neutral' has none", "'neutral': [...]"):
        add_seed_words(None, {0: ["stale"], 2: ["fresh"]}, MOODS, encoder)
