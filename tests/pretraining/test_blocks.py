import itertools
import threading

import numpy as np
import pytest

from keras_transfer_sentiment import EncodedTexts
from keras_transfer_sentiment.pretraining import blocks


@pytest.mark.parametrize("words", [1.0, 50.0, 5_000.0, 3e6])
@pytest.mark.parametrize("window", [None, 1, 5, 8, 255])
def test_layout_has_room_for_the_corpus(words, window):
    layout = blocks.plan_layout(words, window)
    assert layout.length * layout.rows * layout.steps >= words + layout.length
    assert layout.length >= (2 if window is None else min(2 * window, 256))
    assert layout.length * layout.rows <= 8192


def test_layout_takes_the_rows_of_the_user():
    assert blocks.plan_layout(100_000, None, rows=10).rows <= 10
    assert blocks.plan_layout(100_000, None, rows=10).steps >= 156


def test_groups_hold_every_kept_word_once_a_pass(rng):
    lengths = rng.integers(0, 30, 40)
    ids = rng.integers(1, 50, lengths.sum()).astype("int32")
    corpus = EncodedTexts(ids, np.r_[0, np.cumsum(lengths)], np.zeros(40, "int32"))
    layout = blocks.plan_layout(len(ids), None)
    stream = blocks.step_groups(corpus, np.ones(50, "float32"), layout, seed=[1])
    text_of_word = np.repeat(np.arange(40), lengths)
    seen = []
    for _ in range(3):
        groups = [next(stream) for _ in range(blocks.groups_per_pass(layout))]
        grid, texts = (np.concatenate(parts).reshape(-1, layout.length) for parts in zip(*groups, strict=True))
        assert grid.dtype == texts.dtype == np.int32
        real = grid > 0
        assert sorted(zip(grid[real], texts[real], strict=True)) == sorted(zip(ids, text_of_word, strict=True))
        seen.append(grid)
    assert (seen[0] != seen[1]).any()


def test_groups_thin_out_frequent_words():
    corpus = EncodedTexts(np.tile(np.int32([1, 2]), 5000), np.array([0, 10_000]), np.zeros(1, "int32"))
    keep = np.float32([1.0, 0.25, 1.0])
    layout = blocks.plan_layout(float(keep[corpus.ids].sum()), None)
    ids, _ = next(blocks.step_groups(corpus, keep, layout, seed=[1]))
    counts = np.bincount(ids.ravel())
    assert counts[2] == 5000
    assert 1100 < counts[1] < 1400


def test_groups_are_made_by_the_seed():
    corpus = EncodedTexts(np.arange(1, 500, dtype="int32"), np.array([0, 499]), np.zeros(1, "int32"))
    layout = blocks.plan_layout(499, 5)
    first, again, other = (
        next(blocks.step_groups(corpus, np.ones(500, "float32"), layout, [seed]))[0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def long_corpus(rng, words=700_000):
    lengths = rng.integers(0, 400, words // 150)
    lengths = lengths[np.cumsum(lengths) <= words]
    ids = np.arange(1, lengths.sum() + 1, dtype="int32")
    return EncodedTexts(ids, np.r_[0, np.cumsum(lengths)], np.zeros(len(lengths), "int32"))


def test_a_corpus_of_several_pools_is_whole_too(rng, monkeypatch):
    monkeypatch.setattr(blocks, "POOL_PIECES", 3)
    corpus = long_corpus(rng)
    assert len(corpus.ids) > 9 * blocks._PIECE_WORDS
    layout = blocks.plan_layout(len(corpus.ids), None)
    stream = blocks.step_groups(corpus, np.ones(len(corpus.ids) + 1, "float32"), layout, [1])
    groups = list(itertools.islice(stream, blocks.groups_per_pass(layout)))
    assert [len(ids) for ids, _ in groups[:-1]] == [blocks.STEPS_PER_GROUP] * (len(groups) - 1)
    ids, texts = (np.concatenate(parts).ravel() for parts in zip(*groups, strict=True))
    order = np.argsort(ids, kind="stable")[(ids == 0).sum() :]
    np.testing.assert_array_equal(ids[order], corpus.ids)
    np.testing.assert_array_equal(texts[order], np.repeat(np.arange(len(corpus)), corpus.lengths))
    rows = ids.reshape(-1, layout.length).astype("int64")
    neighbours = (np.diff(rows, axis=1) == 1) | (rows[:, 1:] == 0) | (rows[:, :-1] == 0)
    assert neighbours.mean() > 0.99  # rows are runs of the corpus, cut only where pieces meet
    assert np.corrcoef(rows[:, 1], np.arange(len(rows)))[0, 1] < 0.1  # and come in random order


def test_groups_leave_out_what_was_done(rng):
    corpus = long_corpus(rng, 50_000)
    layout = blocks.plan_layout(len(corpus.ids), 5)
    keep = np.full(len(corpus.ids) + 1, 0.5, "float32")
    whole = list(itertools.islice(blocks.step_groups(corpus, keep, layout, [1]), 3 * blocks.groups_per_pass(layout)))
    a_pass = blocks.groups_per_pass(layout)
    rest = list(itertools.islice(blocks.step_groups(corpus, keep, layout, [1], 1, 40), 2 * a_pass))
    assert [len(ids) for ids, _ in rest[:2]] == [0, 24]
    for got, expected in zip(rest, whole[a_pass:], strict=True):
        for part, other in zip(got, expected, strict=True):
            np.testing.assert_array_equal(part, other[len(other) - len(part) :])


@pytest.mark.parametrize(
    ("words", "epochs", "per_epoch"), [(1e9, 3, 1), (2e6, 5, 1), (1e6, 10, 1), (9e5, 6, 2), (500, 10, 20), (0, 10, 20)]
)
def test_small_corpora_get_more_passes_but_few_epochs(words, epochs, per_epoch):
    assert blocks.plan_epochs(words) == (epochs, per_epoch)


def test_items_made_ahead_are_the_same_and_come_from_another_thread():
    makers = []

    def items():
        for number in range(20):
            makers.append(threading.get_ident())
            yield number

    assert list(blocks.made_ahead(items())) == list(range(20))
    assert set(makers) != {threading.get_ident()}


def test_no_more_items_are_made_ahead_than_asked_for_and_closing_ends_the_thread():
    before = threading.active_count()
    made = []
    ahead = blocks.made_ahead((made.append(number) or number for number in itertools.count()), 3)
    assert [next(ahead) for _ in range(5)] == list(range(5))
    assert len(made) <= 5 + 3 + 1
    ahead.close()
    assert threading.active_count() == before


def test_an_error_of_the_thread_is_raised_where_its_items_are_taken():
    def items():
        yield 1
        raise OSError("the disk is gone")

    ahead = blocks.made_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)
