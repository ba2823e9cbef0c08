import numpy as np
import pytest

from keras_transfer_sentiment import TextEncoder
from keras_transfer_sentiment.text import codes
from keras_transfer_sentiment.text.codes import WordCodes, WordCounter, code_batch
from keras_transfer_sentiment.text.tokenizers import prepare
from keras_transfer_sentiment.text.vocabulary import Vocabulary
from keras_transfer_sentiment.text.word_table import WordTable

from ..contracts import run_python
from .odd import odd_texts


@pytest.fixture
def plain(monkeypatch):
    """Lets the test switch the compiled table off and on."""

    def switch(is_plain):
        monkeypatch.setattr(codes, "MANY_TEXTS", 10**9 if is_plain else 1)
        monkeypatch.setattr(codes, "MANY_TEXTS_COLD", 10**9 if is_plain else 1)

    return switch


@pytest.mark.parametrize("seed", range(20))
def test_the_table_and_the_dict_give_the_same_codes(seed):
    rng = np.random.default_rng(seed)
    batch = list(map(prepare, odd_texts(rng, 200)))
    words = sorted({word for text in batch for word in text.split()})
    known = {word: i - 1 for i, word in enumerate(words[:: 1 + seed % 3])}

    def look_up(words):
        return np.array([known.get(word, 0) for word in words], "int32")

    expected, found = code_batch(batch, look_up), code_batch(batch, look_up, WordTable(known, known.values()))
    for left, right in zip(expected, found, strict=True):
        np.testing.assert_array_equal(left, right)
        assert left.dtype == right.dtype


@pytest.mark.parametrize("seed", range(5))
def test_words_are_counted_alike_with_and_without_the_table(seed, plain):
    rng = np.random.default_rng(seed)
    batches = [list(map(prepare, odd_texts(rng, 60))) for _ in range(6)]
    batches.insert(3, [["caf\u00e9", ("red", 7), ""], ["w1"]])
    results = []
    for switches in ([True] * 7, [False] * 7, [True, True, False, False, True, True, True]):
        counter, coded = WordCounter(), []
        for is_plain, batch in zip(switches, batches, strict=True):
            plain(is_plain)
            coded.append(counter(batch))
        results.append((counter.counts, coded))
    (expected, coded), *others = results
    for counts, parts in others:
        assert counts.words == expected.words
        np.testing.assert_array_equal(counts.counts, expected.counts)
        for left, right in zip(coded, parts, strict=True):
            np.testing.assert_array_equal(left.codes, right.codes)
            np.testing.assert_array_equal(left.lengths, right.lengths)


def test_lists_of_words_are_looked_up_one_by_one(plain):
    plain(False)
    lookup = WordCodes(Vocabulary(["", "good", 7], np.array([0, 2, 1])), frozenset(["the"]))
    assert lookup(["the good 7 old"], expected=1).codes.tolist() == [-1, 1, 0, 0]
    assert lookup([["the", "good", 7], ["old"]], expected=2).codes.tolist() == [-1, 1, 2, 0]


def test_nearest_is_asked_for_what_is_unknown(plain):
    for is_plain in (True, False):
        plain(is_plain)
        lookup = WordCodes(Vocabulary(["", "good"], np.array([0, 2])), frozenset())
        asked = []

        def nearest(words, asked=asked):
            asked.extend(words)
            return np.ones(len(words), "int32")

        assert lookup(["good god", "gud"], nearest, expected=2).codes.tolist() == [1, 1, 1]
        assert asked == ["god", "gud"]


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


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_one_long_text_goes_through_the_table_too(monkeypatch, language):
    text = "a good film, \u597d\u7535\u5f71 " * 30
    reference, encoder = TextEncoder(language), TextEncoder(language)
    expected = reference.adapt_and_encode([text])
    monkeypatch.setattr(codes, "MANY_TEXTS", 2)
    monkeypatch.setattr(codes, "MANY_TEXTS_COLD", 2)
    monkeypatch.setattr(codes, "LONG_TEXT", 100)
    tables = []
    make = codes._import_table()
    if make is None:
        pytest.skip("needs Numba")
    monkeypatch.setattr(codes, "_import_table", lambda: lambda *args: tables.append(make(*args)) or tables[-1])
    for encoded in (encoder.adapt_and_encode([text]), encoder.encode([text])):
        np.testing.assert_array_equal(encoded.ids, expected.ids)
    assert len(tables) == 2  # one for counting, one for the vocabulary


def test_the_table_goes_with_the_vocabulary():
    encoder = TextEncoder()
    encoder.adapt(["good film"])
    assert set(encoder.encode(["good"] * 300).ids) == {1}
    encoder.grow(["fine film"])
    assert set(encoder.encode(["good fine"] * 300).ids) == {1, 3}
    encoder.adapt(["film film good"])
    assert set(encoder.encode(["good fine"] * 300).ids) == {2}


BLOCKED = """
import random, sys
for name in ("keras", "tensorflow", "nltk", "scipy", BLOCK):
    sys.modules[name] = None
from keras_transfer_sentiment import TextEncoder, WordCounts
words = random.Random(0)
texts = [" ".join(f"w{int(words.paretovariate(0.8)) % 900}" for _ in range(20)) for _ in range(9000)]
for phrases in (False, 0.3):
    encoder = TextEncoder(phrases=phrases)
    many = encoder.adapt_and_encode(texts)
    few = encoder.encode(texts[:300])
    again = encoder.encode(texts)
    encoder.grow(texts[:400] + ["new words"] * 9)
    assert again.ids.tolist() == many.ids.tolist()
    assert few.ids.tolist() == many.ids[: len(few.ids)].tolist()
    print(encoder.vocabulary, encoder.counts.tolist(), many.ids.sum(), many.unknown.sum())
print(encoder.count(texts).total)

"""


def test_text_needs_numpy_alone():
    blocked = run_python(BLOCKED.replace("BLOCK", "'numba', 'llvmlite', 'threadpoolctl', 'filelock'"))
    free = run_python(BLOCKED.replace("BLOCK", "'nothing'"))
    assert blocked == free
    assert "180000" in blocked


def test_few_texts_load_no_numba():
    code = (
        "import sys\n"
        "from keras_transfer_sentiment import TextEncoder\n"
        "encoder = TextEncoder()\n"
        "encoder.adapt(['good film'] * 3000)\n"
        "encoder.encode(['good film'] * 3000)\n"
        "assert 'numba' not in sys.modules\n"
        "encoder.encode(['good film'] * 9000)\n"
        "assert 'numba' in sys.modules\n"
    )
    run_python(code)
