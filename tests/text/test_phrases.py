import itertools
import math
from collections import Counter

import numpy as np
import pytest

from keras_transfer_sentiment.text import phrases
from keras_transfer_sentiment.text.encoded import CodedTexts
from keras_transfer_sentiment.text.phrases import PairJoiner, check_threshold, find_pairs, join_words

from ..contracts import raises


def random_texts(rng, alphabet, count=60, longest=12):
    return [rng.integers(0, alphabet, size=rng.integers(0, longest)).tolist() for _ in range(count)]


def as_coded(texts):
    codes = np.array([code for text in texts for code in text], "int32")
    return CodedTexts(codes, np.array([len(text) for text in texts], "int64"))


def as_texts(codes, lengths):
    return [part.tolist() for part in np.split(codes, np.cumsum(lengths)[:-1])] if len(lengths) else []


def naive_npmi(texts):
    """Returns the NPMI and the count of every pair of neighbours, by Bouma's formula."""
    words = Counter(word for text in texts for word in text)
    pairs = Counter(pair for text in texts for pair in itertools.pairwise(text))
    total = sum(words.values())
    scores = {}
    for (left, right), count in pairs.items():
        together = count / total
        chance = words[left] / total * (words[right] / total)
        scores[left, right] = (math.log(together / chance) / -math.log(together), count)
    return scores


def naive_pairs(texts, together, never_second, floor, threshold):
    return {
        (left, right)
        for (left, right), (score, count) in naive_npmi(texts).items()
        if score >= threshold and count >= floor
        if not (left in together and right in together) and right not in never_second
    }


def members(codes, size):
    return np.isin(np.arange(size), list(codes))


def found(texts, size, together=(), never_second=(), floor=1, threshold=0.1, parts=1):
    counts = np.bincount(as_coded(texts)[0], minlength=size)
    chunks = [as_coded(texts[part::parts]) for part in range(parts)]
    excluded = (members(together, size), members(never_second, size))
    return find_pairs(chunks, counts, excluded, floor, threshold)


# Finding.


@pytest.mark.parametrize("seed", range(20))
def test_find_pairs_matches_bouma_in_python(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 12))
    texts = random_texts(rng, size)
    together, never_second = set(rng.integers(0, size, 3).tolist()), set(rng.integers(0, size, 1).tolist())
    threshold = float(rng.choice([0.0, 0.05, 0.1, 0.2]))
    expected = naive_pairs(texts, together, never_second, 2, threshold)

    pairs = found(texts, size, together, never_second, threshold=threshold)

    assert pairs.shape == (len(expected), 2)
    assert set(map(tuple, pairs.tolist())) == expected


def test_random_texts_have_pairs_on_both_sides_of_the_threshold(rng):
    texts = random_texts(rng, 8)
    assert 5 < len(found(texts, 8, threshold=0.05)) < len({p for p, (_, n) in naive_npmi(texts).items() if n > 1})


def test_words_that_only_come_together_have_the_npmi_1():
    texts = [[0, 1, 2], [3, 0, 1], [3, 2, 0, 1]]
    assert naive_npmi(texts)[0, 1] == (pytest.approx(1.0), 3)
    assert found(texts, 4, threshold=0.999).tolist() == [[0, 1]]


def test_the_most_frequent_pair_comes_first():
    texts = [[0, 1]] * 3 + [[2, 3]] * 5 + [[4, 5]] * 4
    assert found(texts, 6).tolist() == [[2, 3], [4, 5], [0, 1]]


def test_pairs_do_not_cross_texts():
    assert found([[0], [1], [0], [1], [], [0], [1]], 2, threshold=0.0).tolist() == []


def test_the_partition_into_chunks_does_not_matter(rng, monkeypatch):
    texts = random_texts(rng, 30, count=400)
    whole = found(texts, 30, threshold=0.02)
    assert len(whole) > 20
    monkeypatch.setattr(phrases, "PENDING", 50)
    for parts in (2, 7, 400):
        split = found(texts, 30, threshold=0.02, parts=parts)
        assert sorted(split.tolist()) == sorted(whole.tolist())


@pytest.mark.parametrize(
    ("others", "times", "floor", "is_found"),
    [(0, 1, 1, False), (0, 2, 1, True), (0, 2, 3, False), (0, 3, 3, True), (20_000, 4, 1, False), (20_000, 5, 1, True)],
)
def test_a_pair_must_be_seen_often_enough(others, times, floor, is_found):
    texts = [[0, 1]] * times + [[2]] * (10 + others)
    assert (found(texts, 3, floor=floor).tolist() == [[0, 1]]) is is_found


def test_rare_pairs_are_forgotten_where_memory_would_not_do(rng, monkeypatch):
    monkeypatch.setattr(phrases, "PENDING", 100)
    monkeypatch.setattr(phrases, "MOST_PAIRS", 300)
    size = 2000
    texts = [[0, 1, *rng.integers(2, size, 10).tolist()] for _ in range(1000)]
    table = phrases.PairTable()
    for text in texts:
        codes = np.array(text)
        table.add(codes[:-1].astype("int64") << 32 | codes[1:])
        assert len(table) <= 300
    keys, counts = table.result()
    assert counts[keys == 1].tolist() == [1000]
    assert found(texts, size, threshold=0.5, parts=100).tolist() == [[0, 1]]


def test_no_texts_and_no_pairs():
    assert find_pairs([], np.empty(0, "int64"), (np.empty(0, bool),) * 2, 1, 0.1).shape == (0, 2)
    assert found([[], [0], []], 1).shape == (0, 2)


# Joining.


@pytest.mark.parametrize("seed", range(40))
def test_joining_codes_is_joining_words_from_left_to_right(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 6))
    texts = random_texts(rng, size, longest=int(rng.integers(2, 20)))
    every = [(left, right) for left in range(size) for right in range(size)]
    pairs = [every[i] for i in rng.choice(len(every), rng.integers(1, len(every) + 1), replace=False)]
    becomes = 100 + np.arange(len(pairs))
    names = dict(zip(pairs, becomes.tolist(), strict=True))

    codes, lengths = PairJoiner(np.array(pairs), becomes)(as_coded(texts))

    assert as_texts(codes, lengths) == [join_words(text, names) for text in texts]
    assert (codes.dtype, lengths.dtype) == (np.int32, np.int64)


@pytest.mark.parametrize(
    ("word_list", "expected"),
    [
        ("ha ha", "ha_ha"),
        ("ha ha ha", "ha_ha ha"),
        ("ha ha ha ha", "ha_ha ha_ha"),
        ("new york city", "new_york city"),
        ("old new york city hall", "old new_york city_hall"),
        ("york new", "york new"),
        ("new", "new"),
        ("", ""),
    ],
)
def test_runs_of_pairs_are_joined_from_the_left(word_list, expected):
    pairs = [("ha", "ha"), ("new", "york"), ("york", "city"), ("city", "hall")]
    names = {pair: "_".join(pair) for pair in pairs}
    assert join_words(word_list.split(), names) == expected.split()

    codes = {word: code for code, word in enumerate(["ha", "new", "york", "city", "hall", "old"])}
    every = [*codes, *names.values()]
    join = PairJoiner(np.array([[codes[word] for word in pair] for pair in pairs]), np.arange(6, 10))
    got, lengths = join(as_coded([[codes[word] for word in word_list.split()]]))
    assert [every[code] for code in got] == expected.split()
    assert lengths.tolist() == [len(expected.split())]


def test_joining_leaves_its_input_and_unknown_codes_alone():
    codes, lengths = as_coded([[0, 1, -1, -1, 0], [1, 50, 0, 1]])
    before = codes.copy()
    codes.setflags(write=False)  # as those of a file are
    joined, new_lengths = PairJoiner(np.array([[0, 1]]), np.array([9]))(CodedTexts(codes, lengths))
    assert joined.tolist() == [9, -1, -1, 0, 1, 50, 9]
    assert new_lengths.tolist() == [4, 3]
    np.testing.assert_array_equal(codes, before)
    assert lengths.tolist() == [5, 4]


def test_joining_without_pairs():
    codes, lengths = PairJoiner(np.empty((0, 2), "int64"), np.empty(0, "int32"))(as_coded([[0, 1], []]))
    assert codes.tolist() == [0, 1]
    assert lengths.tolist() == [2, 0]


# The argument.


@pytest.mark.parametrize(
    ("value", "threshold"),
    [(False, None), (True, phrases.THRESHOLD), (0.4, 0.4), (0.0, 0.0), (1.0, 1.0), (np.float32(0.5), 0.5)],
)
def test_check_threshold(value, threshold):
    assert check_threshold(value) == threshold


@pytest.mark.parametrize("value", ["yes", None, [0.4], 0, 1, 5])
def test_check_threshold_refuses_other_kinds(value):
    with raises(TypeError, "`phrases` must be True, False or a threshold", type(value).__name__, "`phrases=True`"):
        check_threshold(value)


@pytest.mark.parametrize("value", [-0.1, 1.5, 5.0, float("nan"), float("inf")])
def test_check_threshold_refuses_other_numbers(value):
    with raises(ValueError, "`phrases` must be a number, between 0.0 and 1.0"):
        check_threshold(value)
