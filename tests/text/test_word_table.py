import numpy as np
import pytest

from keras_transfer_sentiment import TextEncoder
from keras_transfer_sentiment.text.tokenizers import prepared, split_words
from keras_transfer_sentiment.text.word_table import WordCodes

ODD = ["it's", "o'clock''s", "'tis'", "don't", "''", "a_b", "x\0y", "r2d2", "\n", "", "rock'n'roll'"]
ODD += ["caf\u00e9", "\u597d\u7535\u5f71", "\u2019s", "\u2026", "e\u0301", "\u0e01\u0e34\u0e19", "\ud800x", "\u00bd"]
ODD += ["\uff07a", "\u0434\u043e\u043c", "\u00e9l\u00e9gante", "\u00ab\u00e0\u00bb", "\U0001f600", "\U00020000\u4e00"]
ODD += ["\u200d", "\u00e9\u200cb", "\u2764\ufe0f", "\u00ad"]


def odd_texts(rng, count):
    """Returns texts of odd pieces and single characters, some of them not ASCII."""
    pieces = [*ODD, *map(chr, range(32, 127)), *(f"w{i}" for i in range(500))]
    lengths = rng.integers(0, 40, count)
    glue = [" ", "", "-", ", "]
    return [glue[rng.integers(4)].join(pieces[i] for i in rng.integers(len(pieces), size=n)) for n in lengths]


def counter():
    numbers = {}
    return numbers, lambda words: np.array([numbers.setdefault(word, len(numbers)) for word in words], "int32")


def zeros(words):
    return np.zeros(len(words), "int32")


@pytest.mark.parametrize("seed", range(5))
def test_codes_are_those_of_a_plain_dict(seed):
    rng = np.random.default_rng(seed)
    numbers, number = counter()
    expected, code = counter()
    coder = WordCodes([], [], remember=True)
    for _ in range(6):
        texts = odd_texts(rng, 60)
        codes, lengths = coder(list(map(prepared, texts)), number)
        words = [split_words(text) for text in texts]
        assert lengths.tolist() == list(map(len, words))
        np.testing.assert_array_equal(codes, code([word for own in words for word in own]))
    assert list(numbers) == list(expected)  # in order of first appearance


def test_table_grows_and_asks_once_for_each_word():
    asked = []
    _, number = counter()
    coder = WordCodes([], [], remember=True)

    def ask(words):
        asked.extend(words)
        return number(words)

    words = [f"word{i}" for i in range(30_000)]
    for start in range(0, len(words), 7_000):
        coder([" ".join(words[start : start + 7_000])], ask)
    codes, lengths = coder([" ".join(words[::-1])], ask)
    assert codes.tolist() == list(range(30_000))[::-1]
    assert lengths.tolist() == [30_000]
    assert asked == words


def test_words_that_are_not_remembered_are_asked_for_again():
    asked = []
    words = ["good", "the", 7, "caf\u00e9"]
    coder = WordCodes(words, [5, -1, 6, 8])

    def ask(new):
        asked.extend(new)
        return zeros(new)

    for _ in range(2):
        assert coder(["the good old"], ask)[0].tolist() == [-1, 5, 0]
    assert coder([["the", "good", 7]], ask)[0].tolist() == [0, 0, 0]  # of lists, `unknown` is asked for every word
    assert asked == ["old", "old", "the", "good", 7]


def test_words_that_differ_in_little_are_told_apart():
    words = ["a", "a\0", "", "abcdefgh", "abcdefghi", "abcdefghj", "abcdefgh12345678", "abcdefgh12345679"]
    coder = WordCodes(words, range(len(words)))
    assert coder([" ".join(words)], zeros)[0].tolist() == [0, 0, 3, 4, 5, 6, 7]
    assert coder([words], lambda new: np.array([90 + words.index(word) for word in new]))[0].tolist() == [
        *range(90, 98)
    ]


def test_nothing_gives_nothing():
    coder = WordCodes([], [])
    for texts in ([""], ["", "."], [[]], [[], []]):
        codes, lengths = coder(texts, zeros)
        assert codes.tolist() == []
        assert lengths.tolist() == [0] * len(texts)
        assert codes.dtype == np.int32
        assert lengths.dtype == np.int64


@pytest.mark.parametrize("options", [{}, {"lowercase": False}, {"phrases": 0.1}, {"stop_words": None}])
def test_many_texts_are_encoded_like_each_alone(rng, options):
    texts = odd_texts(rng, 400)
    encoder = TextEncoder(min_count=2, **options)
    encoder.adapt(texts)
    encoded = encoder.encode(texts)
    few = encoder.copy()  # it never sees many texts, so that it looks words up one by one
    for i, text in enumerate(texts):
        alone = few.encode([text])
        assert encoded.ids[encoded.offsets[i] : encoded.offsets[i + 1]].tolist() == alone.ids.tolist()
        assert encoded.unknown[i] == alone.unknown[0]
        known = [encoder.word_id(word) for word in encoder.tokenize(text) if word in encoder]
        assert alone.ids.tolist() == known


def test_the_table_goes_with_the_vocabulary():
    encoder = TextEncoder()
    encoder.adapt(["good film"])
    assert set(encoder.encode(["good"] * 300).ids) == {1}
    encoder.grow(["fine film"])
    assert set(encoder.encode(["good fine"] * 300).ids) == {1, 3}
    encoder.adapt(["film film good"])
    assert set(encoder.encode(["good fine"] * 300).ids) == {2}
