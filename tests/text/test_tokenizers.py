import random
import sys

import pytest

from keras_transfer_sentiment import TextEncoder
from keras_transfer_sentiment.text.tokenizers import normalize_word, prepare, split_words


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
        ("good 😀👍🏽 film", ["good", "😀", "👍", "film"]),
        ("😀😀", ["😀", "😀"]),
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
        ("\U0001f1e9 \U0001f3fd \u200d family", ["family"]),  # half a flag, a skin tone, a joiner
        (" \u0301 \ufe0fa\ufe0f", ["a"]),
        ("won\u00adder\u00adful caf\u00e9", ["wonderful", "caf\u00e9"]),
        ("\u0915\u094d\u0937", ["\u0915\u094d\u0937"]),  # a mark between letters is of the word
    ],
)
def test_marks_alone_are_no_word_and_soft_hyphens_are_none(text, words):
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I\u2764\ufe0fyou \u2764", ["I", "\u2764", "you", "\u2764"]),
        ("\U0001f44d\U0001f44d\U0001f3fd\U0001f44d\U0001f3ff", ["\U0001f44d"] * 3),  # skin tones
        ("\U0001f937\U0001f3fd\u200d\u2640\ufe0fok", ["\U0001f937\u200d\u2640", "ok"]),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", ["\U0001f468\u200d\U0001f469\u200d\U0001f467"]),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", ["\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"]),
        ("1\ufe0f\u20e3 #\ufe0f\u20e3", ["1\u20e3", "#\u20e3"]),
        (
            "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            ["\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"],
        ),
        ("好\U0001f60d看 \u2605\u2606", ["好", "\U0001f60d", "看", "\u2605", "\u2606"]),
        ("&#128525; &#x2764;&#xfe0f;", ["\U0001f60d", "\u2764"]),
    ],
)
def test_each_emoji_is_a_word(text, words):
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (":) :-) :)))) (: great:)", [":)", ":)", ":)", ":)", "great", ":)"]),
        (":( :-( :-(( ): bad:(", [":(", ":(", ":(", ":(", "bad", ":("]),
        (";) ;-) :D :-D =) =D", [";)", ";)", ":D", ":D", "=)", "=D"]),
        (":'( >:( :/ :-/ :P :p :| :* :o)", [":'(", ">:(", ":/", ":/", ":P", ":p", ":|", ":*", ":)"]),
        ("<3 <33 </3 &lt;3 xD", ["<3", "<3", "</3", "<3", "xD"]),
        ("^^ ^_^ (^_^) (*^__^*) ^-^", ["^^", "^_^", "^_^", "^_^", "^-^"]),
        ("T_T ;_; -_- >_< o_O x_x @_@ orz", ["T_T", ";_;", "-_-", ">_<", "o_O", "x_x", "@_@", "orz"]),
        (
            "\u0ca0_\u0ca0 (\u2267\u25bd\u2266) (\u2229_\u2229)",
            ["\u0ca0_\u0ca0", "\u2267\u25bd\u2266", "\u2229_\u2229"],
        ),
        ("\u00af\\_(\u30c4)_/\u00af", ["\u00af\\_(\u30c4)_/\u00af"]),
        ("很好\uff1a\uff09差（＾＿＾）", ["很好", ":)", "差", "^_^"]),
        ("\u3160\u3160 \u314b\u314b", ["\u3160\u3160", "\u314b\u314b"]),
    ],
)
def test_each_emoticon_is_a_word(text, words):
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("at 10:30, 3:2", ["at", "10", "30", "3", "2"]),
        ("a:b x=(1+2) p=0.05", ["a", "b", "x", "1", "2", "p", "0", "05"]),
        ("list: (a) one; (b) two", ["list", "a", "one", "b", "two"]),
        ("reasons:(1) cheap C:/dir C:\\dir", ["reasons", "1", "cheap", "C", "dir", "C", "dir"]),
        ("<b>note</b>:<br/>(see) :<i>Dull</i>", ["note", "see", "Dull"]),
        ("snake_case __init__ a^b a^^b", ["snake", "case", "init", "a", "b", "a", "b"]),
        ("x<3 and n <3.5", ["x", "3", "and", "n", "3", "5"]),
        ("---- ____ ===== ... ;;;; ((((", []),
    ],
)
def test_ordinary_text_holds_no_emoticon(text, words):
    assert split_words(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "see http://t.co/aB:Dx1 it",
        "see https://example.com/a_b?c=d&e=f#g it",
        "see HTTP://EXAMPLE.COM it",
        "see www.example.com/:) it",
        "see me.too+x@mail.example.com it",
        "see @some_name it",
        "see @\u5c0f\u660e it",
    ],
)
def test_addresses_leave_no_word(text):
    assert split_words(text) == ["see", "it"]


def test_hashtags_and_chinese_beside_addresses_stay():
    assert split_words("#amazing \u597dhttp://t.co/x\u5dee me@x.com\u5dee") == ["amazing", "\u597d", "\u5dee", "\u5dee"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("\uff27\uff4f\uff4f\uff44", "Good"),
        ("\U0001d406\U0001d428\U0001d428\U0001d41d", "Good"),
        ("\ufb01lm", "film"),
        ("o\u2019clock", "o'clock"),
        ("o\u2018clock", "o'clock"),
        ("o\u00b4clock", "o'clock"),
        ("\ufeff\u0061\u0323\u0307", "a\u0323\u0307"),
        ("\u0061\u0307\u0323", "\u1ea1\u0307"),
    ],
)
def test_spellings_that_look_alike_are_one_word(text, word):
    assert split_words(text) == split_words(word)
    assert len(split_words(word)) == 1


def test_letters_of_other_forms_are_lowered_too():
    assert prepare("\U0001d406\U0001d428\U0001d428\U0001d41d \u2122", lowercase=True).split() == ["good", "tm"]


@pytest.mark.parametrize("word", [":)", ":'(", "<3", "^_^", "T_T", "\u2764", "1\u20e3", ">_<"])
def test_a_symbol_stays_the_same_when_spelled_again(word):
    assert normalize_word(word) == word
    assert split_words(f"a {word} b") == ["a", word, "b"]


def test_words_keep_a_few_marks_of_many():
    (word,) = split_words("a" + "\u0301\u0323" * 4000)
    assert len(word) < 10


def test_characters_for_private_use_are_no_word():
    assert split_words("a\U000f003a\U000f0029b \ue03a \U0010ffff") == ["a", "b"]


@pytest.mark.parametrize(
    ("language", "text", "marked"),
    [
        ("english", "not good but fine", ["good"]),
        ("english", "not good, however fine", ["good"]),
        ("english", "nothing but joy", []),
        ("english", "not yet good", ["yet", "good"]),
        ("english", "not good yet fine", ["good"]),
        ("english", "not good :( \U0001f621 film", ["good", "film"]),
        ("chinese", "not good 但是 fine", ["good"]),
        (None, "not good but fine", ["good", "but", "fine"]),
    ],
)
def test_contrast_words_end_a_negation_and_symbols_are_not_marked(language, text, marked):
    words = TextEncoder(language, stop_words=None, mark_negation=True).tokenize(text)
    assert [word.removesuffix("_NEG") for word in words if word.endswith("_NEG")] == marked


def test_a_symbol_is_found_in_any_of_its_spellings():
    encoder = TextEncoder()
    encoder.adapt(["film :-) \u2764\ufe0f \U0001f44d\U0001f3fd"])
    assert encoder.vocabulary == ["", "film", ":)", "\u2764", "\U0001f44d"]
    for word in (":)", ":-)", "(:", "\u2764", "\u2764\ufe0f", "\U0001f44d\U0001f3ff"):
        assert word in encoder
