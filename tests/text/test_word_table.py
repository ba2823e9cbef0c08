import numpy as np
import pytest

from keras_transfer_sentiment.text.tokenizers import prepare, split_words
from keras_transfer_sentiment.text.word_table import WordTable

from .odd import odd_texts


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
    table = WordTable([], [], remember=True)
    for _ in range(6):
        texts = odd_texts(rng, 60)
        codes, lengths = table(list(map(prepare, texts)), number)
        words = [split_words(text) for text in texts]
        assert lengths.tolist() == list(map(len, words))
        np.testing.assert_array_equal(codes, code([word for own in words for word in own]))
    assert list(numbers) == list(expected)  # in order of first appearance


def test_table_grows_and_asks_once_for_each_word():
    asked = []
    _, number = counter()
    table = WordTable([], [], remember=True)

    def ask(words):
        asked.extend(words)
        return number(words)

    words = [f"word{i}" for i in range(30_000)]
    for start in range(0, len(words), 7_000):
        table([" ".join(words[start : start + 7_000])], ask)
    codes, lengths = table([" ".join(words[::-1])], ask)
    assert codes.tolist() == list(range(30_000))[::-1]
    assert lengths.tolist() == [30_000]
    assert asked == words


def test_words_that_are_not_remembered_are_asked_for_again():
    asked = []
    words = ["good", "the", 7, "caf\u00e9"]
    table = WordTable(words, [5, -1, 6, 8])
    assert len(table) == 3  # 7 comes out of no text

    def ask(new):
        asked.extend(new)
        return zeros(new)

    for _ in range(2):
        assert table(["the good old"], ask)[0].tolist() == [-1, 5, 0]
    assert asked == ["old", "old"]


def test_words_that_differ_in_little_are_told_apart():
    words = ["a", "a\0", "", "abcdefgh", "abcdefghi", "abcdefghj", "abcdefgh12345678", "abcdefgh12345679"]
    table = WordTable(words, range(len(words)))
    assert table([" ".join(words)], zeros)[0].tolist() == [0, 0, 3, 4, 5, 6, 7]


def test_nothing_gives_nothing():
    table = WordTable([], [])
    for texts in ([], [""], ["", "."]):
        codes, lengths = table(texts, zeros)
        assert codes.tolist() == []
        assert lengths.tolist() == [0] * len(texts)
        assert codes.dtype == np.int32
        assert lengths.dtype == np.int64
