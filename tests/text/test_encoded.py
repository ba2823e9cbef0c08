import numpy as np
import pytest

from keras_transfer_sentiment import EncodedTexts
from keras_transfer_sentiment.text.encoded import CodedTexts, EncodedFile, drop_unknown

from ..contracts import raises


def encoded(*texts):
    """Returns texts, given as lists of ids, as EncodedTexts."""
    lengths = [len(text) for text in texts]
    return EncodedTexts(
        np.array([word for text in texts for word in text], "int32"),
        np.concatenate([[0], np.cumsum(lengths)]).astype("int64"),
        np.arange(len(texts), dtype="int32"),
    )


def test_padded_matches_numpy():
    texts = encoded([3, 1], [], [2, 2, 5])
    np.testing.assert_array_equal(texts.padded(), [[3, 1, 0], [0, 0, 0], [2, 2, 5]])
    assert texts.padded().dtype == np.int32
    assert texts.padded(16).shape == (3, 16)
    np.testing.assert_array_equal(texts.padded(16)[:, :3], texts.padded())
    assert not texts.padded(16)[:, 3:].any()
    assert texts.padded(3).shape == (3, 3)
    assert encoded([], []).padded().shape == (2, 1)
    assert encoded().padded(4).shape == (0, 4)


def test_take_matches_lists(rng):
    lists = [rng.integers(1, 9, size=size).tolist() for size in (3, 0, 1, 5)]
    texts = encoded(*lists)
    for rows in ([2, 0], [1], [3, 3, 1, 0], [], np.array([0, 3])):
        taken = texts.take(rows)
        assert [taken.ids[a:b].tolist() for a, b in zip(taken.offsets, taken.offsets[1:], strict=False)] == [
            lists[row] for row in rows
        ]
        np.testing.assert_array_equal(taken.unknown, np.asarray(rows, int))
        assert len(taken) == len(rows)


def test_concatenate_undoes_take():
    texts = encoded([3, 1], [], [2, 2, 5], [4])
    parts = [texts.take([0]), texts.take([1, 2]), texts.take([]), texts.take([3])]
    together = EncodedTexts.concatenate(parts)
    for name in ("ids", "offsets", "unknown"):
        np.testing.assert_array_equal(getattr(together, name), getattr(texts, name), err_msg=name)
    assert together.ids.dtype == np.int32


def test_nothing_concatenated_is_no_texts():
    assert len(EncodedTexts.concatenate([])) == 0
    assert EncodedTexts.concatenate([]).offsets.tolist() == [0]


def test_counts_are_the_same_in_memory_and_in_files(tmp_path):
    texts = encoded([3, 1], [], [3, 3, 4])
    texts.ids.tofile(tmp_path / "ids")
    texts.offsets.tofile(tmp_path / "offsets")
    np.save(tmp_path / "counts.npy", texts.counts(6))
    in_files = EncodedFile(tmp_path)
    assert texts.counts(6).tolist() == in_files.counts(6).tolist() == [0, 1, 0, 3, 1, 0]
    for name in ("ids", "offsets", "lengths"):
        np.testing.assert_array_equal(getattr(in_files, name), getattr(texts, name))
    assert len(in_files) == len(texts) == 3
    with raises(ValueError, "has counts of 6 words. Expected 9", "Delete the folder"):
        in_files.counts(9)


@pytest.mark.parametrize("seed", range(3))
def test_drop_unknown_matches_plain_python(seed):
    rng = np.random.default_rng(seed)
    lists = [rng.integers(-1, 3, size=size).tolist() for size in rng.integers(0, 5, size=20)]
    codes = np.array([code for text in lists for code in text], "int32")
    known = drop_unknown(CodedTexts(codes, np.array([len(text) for text in lists])))
    assert known.ids.tolist() == [code for code in codes.tolist() if code > 0]
    assert known.lengths.tolist() == [sum(code > 0 for code in text) for text in lists]
    assert known.unknown.tolist() == [text.count(0) for text in lists]
    assert (known.ids.dtype, known.offsets.dtype, known.unknown.dtype) == (np.int32, np.int64, np.int32)


@pytest.mark.parametrize(
    ("arguments", "kind", "parts"),
    [
        (([1], np.array([0, 1]), np.array([0])), TypeError, ("`ids` must be an int array", "`np.array(ids, int)`")),
        ((np.array([1.0]), np.array([0, 1]), np.array([0])), TypeError, ("`ids` must be an int array",)),
        ((np.array([1]), np.array([0, 2]), np.array([0])), ValueError, ("`offsets` must go from 0", "words, 1,")),
        ((np.array([1]), np.array([1, 1]), np.array([0])), ValueError, ("`offsets` must go from 0",)),
        ((np.array([1]), np.array([0, 1]), np.array([0, 0])), ValueError, ("2 texts of `unknown`",)),
        ((np.array([1]), np.array([0, 2, 1]), np.array([0, 0])), ValueError, ("`offsets` must not fall",)),
    ],
)
def test_arrays_that_are_no_texts(arguments, kind, parts):
    with raises(kind, *parts):
        EncodedTexts(*arguments)


@pytest.mark.parametrize("rows", [[0.5], [5], [-5], [True], [[0]], "a"])
def test_take_refuses(rows):
    texts = EncodedTexts(np.array([1, 2]), np.array([0, 1, 2]), np.array([0, 0]))
    with raises(ValueError, "`take` expects a list of numbers of texts, ints from 0 to 1", "`np.flatnonzero(mask)`"):
        texts.take(rows)
