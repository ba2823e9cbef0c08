import random
import sys

import pytest

from keras_transfer_sentiment.text.tokenizers import split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A warm, funny film.", ["A", "warm", "funny", "film"]),
        ("I don't", ["I", "do", "n't"]),
        ("DON'T", ["DO", "N'T"]),
        ("can't won't isn't", ["ca", "n't", "wo", "n't", "is", "n't"]),
        ("don\u2019t", ["do", "n't"]),
        ("don\u02bct", ["do", "n't"]),
        ("It\u2019s o'clock", ["It's", "o'clock"]),
        ("'quoted'", ["quoted"]),
        ("rock 'n' roll", ["rock", "n", "roll"]),
        ("10/10, 3.5 stars, 2nd", ["10", "10", "3", "5", "stars", "2nd"]),
        ("snake_case __init__", ["snake", "case", "init"]),
        ("good<br /><br />bad", ["good", "bad"]),
        ('<a href="x.html">link</a> text', ["link", "text"]),
        ("1 < 2 and 3 > 2", ["1", "2", "and", "3", "2"]),
        ("Tom &amp; Jerry &quot;fun&quot;", ["Tom", "Jerry", "fun"]),
        ("don&#39;t caf&eacute;", ["do", "n't", "café"]),
        ("café naïve Überraschung", ["café", "naïve", "Überraschung"]),
        ("хороший фильм", ["хороший", "фильм"]),
        ("这部电影", ["这部", "部电", "电影"]),
        ("好", ["好"]),
        ("看了这部film很好", ["看了", "了这", "这部", "film", "很好"]),
        ("很好，不错。", ["很好", "不错"]),
        ("हिन्दी फ़िल्म", ["हिन्दी", "फ़िल्म"]),
        ("good 😀👍🏽 film", ["good", "film"]),
        ("😀😀", []),
        ("?!...", []),
        ("", []),
        (" \t\n\u00a0", []),
    ],
)
def test_split_words(text, words):
    assert split_words(text) == words


def test_split_words_treats_composed_and_decomposed_letters_alike():
    assert split_words("cafe\u0301") == split_words("caf\u00e9") == ["caf\u00e9"]


def test_split_words_keeps_punctuation_on_request():
    assert split_words("Good, no! Why?", punctuation=True) == ["Good", "no", "!", "Why", "?"]


def test_split_words_of_random_text_never_raises_and_gives_no_empty_word():
    random_state = random.Random(0)
    alphabets = [
        "abcN'T n't ",
        "<>&;#/ br\"=x_'",
        "".join(map(chr, range(32, 0x250))),
        "电影很好，。 \u3007\U00020000",
        "".join(map(chr, range(0x900, 0x980))) + "\u200c\u200d",
        "".join(map(chr, range(0x1F600, 0x1F640))) + "\ufe0f",
    ]
    words = 0
    for number in range(400):
        if number % 2:
            alphabet = random_state.choice(alphabets)
            text = "".join(random_state.choices(alphabet, k=random_state.randrange(40)))
        else:  # any code point at all, surrogates too
            text = "".join(chr(random_state.randrange(sys.maxunicode + 1)) for _ in range(random_state.randrange(40)))
        for punctuation in (False, True):
            found = split_words(text, punctuation)
            assert all(isinstance(word, str) and word and not word.isspace() for word in found), (text, found)
        words += len(found)
    assert words > 400


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\U0001f468\u200d\U0001f469 \u2764\ufe0f family", ["family"]),
        (" \u0301 \ufe0fa\ufe0f", ["a\ufe0f"]),
        ("won\u00adder\u00adful caf\u00e9", ["wonderful", "caf\u00e9"]),
        ("\u0915\u094d\u0937", ["\u0915\u094d\u0937"]),  # a mark between letters is of the word
    ],
)
def test_marks_alone_are_no_word_and_soft_hyphens_are_none(text, words):
    assert split_words(text) == words
