import numpy as np
import pytest

from keras_transfer_sentiment import EncodedTexts, TextEncoder
from keras_transfer_sentiment.text import vocabulary

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


class FileChunks:
    """Texts in two files, given out a few at a time, again and again."""

    def __init__(self, folder, chunks, texts_a_chunk):
        codes, lengths = (np.concatenate(part) for part in zip(*chunks, strict=True))
        codes.tofile(folder / "codes")
        self.codes = np.memmap(folder / "codes", "int32", "r")
        self.ends = np.concatenate([[0], np.cumsum(lengths)])
        self.step = texts_a_chunk
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        for first in range(0, len(self.ends) - 1, self.step):
            ends = self.ends[first : first + self.step + 1]
            yield self.codes[ends[0] : ends[-1]], np.diff(ends)


@pytest.mark.parametrize("grow", [False, True])
@pytest.mark.parametrize("phrases", [False, 0.1])
def test_chunks_in_a_file_give_what_chunks_in_memory_do(corpus, tmp_path, phrases, grow):
    in_memory, from_file = TextEncoder(phrases=phrases), TextEncoder(phrases=phrases)
    if grow:
        in_memory.adapt(corpus[:20])
        from_file.adapt(corpus[:20])
    expected = in_memory.grow_and_encode(corpus) if grow else in_memory.adapt_and_encode(corpus)

    learner = from_file.learner("my_corpus", grow=grow)
    view = FileChunks(tmp_path, list(learner.count(corpus)), texts_a_chunk=7)
    parts = learner.finish(view)
    assert (view.passes > 0) == learner.reads_chunks == bool(phrases)
    assert from_file.vocabulary == in_memory.vocabulary  # before the first part is read
    parts = list(parts)

    assert len(parts) == -(-len(corpus) // 7)
    together = EncodedTexts.concatenate(parts)
    for name in ("ids", "offsets", "unknown"):
        np.testing.assert_array_equal(getattr(together, name), getattr(expected, name))
    np.testing.assert_array_equal(from_file.counts, in_memory.counts)
    assert ("_" in "".join(from_file.vocabulary)) == bool(phrases)


def test_the_vocabulary_changes_only_when_learning_is_finished():
    encoder = TextEncoder()
    learner = encoder.learner("my_corpus")
    counting = learner.count(iter(["good film"]))
    codes, lengths = next(counting)
    assert (codes.dtype, lengths.dtype) == (np.int32, np.int64)
    assert not encoder.is_adapted
    learner.finish()
    assert encoder.vocabulary == ["", "good", "film"]


def test_texts_are_read_once_and_a_chunk_at_a_time():
    read = []
    chunks = TextEncoder().learner("my_corpus").count(read.append(i) or "good film" for i in range(10_000))
    assert len(next(chunks)[1]) == len(read) < 10_000
    assert sum(len(lengths) for _, lengths in chunks) + 2048 == len(read) == 10_000


@pytest.mark.parametrize("grow", [False, True])
def test_a_learner_goes_on_where_another_stopped(corpus, grow):
    whole, halves = TextEncoder(phrases=0.1), TextEncoder(phrases=0.1)
    if grow:
        whole.adapt(corpus[:9])
        halves.adapt(corpus[:9])
    learner = whole.learner("my_corpus", grow=grow)
    learner.finish(list(learner.count(corpus)))

    first, second = (halves.learner("my_corpus", grow=grow) for _ in range(2))
    chunks = list(first.count(corpus[:30]))
    second.resume(first.words, first.counts)
    chunks += second.count(corpus[30:])
    second.finish(chunks)

    assert halves.vocabulary == whole.vocabulary
    assert halves.counts.tolist() == whole.counts.tolist()


@pytest.mark.parametrize(
    ("words", "counts"), [(["film"], [1]), (["good", "film"], [1]), (["good", "film", "film"], [1, 1, 1]), ([], [])]
)
def test_a_learner_goes_on_only_from_what_fits(words, counts):
    encoder = TextEncoder()
    encoder.adapt(["good film"])
    with raises(ValueError, "`resume` expects the words", f"{len(words)} words and {len(counts)}", "anew"):
        encoder.learner("my_corpus", grow=True).resume(words, np.array(counts))


@pytest.mark.parametrize("first", ["str", "list"])
def test_texts_and_token_lists_share_their_words(first):
    """Where one stream has both, chunk by chunk, no word gets two numbers."""
    texts = [["good film, bad film", "a new one"] * 1024, [["film", "plot", ("red", 7)], ["new", "end"]] * 1024]
    order = {"str": [0, 1, 0, 1], "list": [1, 0, 1, 0]}[first]
    texts[0][-1] = "a new one at the end of a plot"
    learner = TextEncoder(stop_words=None).learner("my_corpus")
    chunks = list(learner.count(text for i in order for text in texts[i]))
    assert len(chunks) == 4
    assert len(set(learner.words)) == len(learner.words)
    read = [learner.words[code] for codes, _ in chunks for code in codes]
    split = [text.replace(",", "").split() if isinstance(text, str) else text for i in order for text in texts[i]]
    assert read == [word for words in split for word in words]
    assert learner.counts.tolist() == [read.count(word) for word in learner.words]


def test_errors_give_the_place_in_the_whole_stream():
    texts = ["good film"] * 5_000
    texts[2_500] = None
    with raises(TypeError, "None of type NoneType at position 2500"):
        list(TextEncoder().learner("my_corpus").count(iter(texts)))


def test_errors_name_the_caller():
    with raises(TypeError, "`my_corpus` expects an iterable of str", "5 of type int"):
        list(TextEncoder().learner("my_corpus").count(5))


def test_adapt_without_phrases_keeps_no_text(monkeypatch):
    """Every chunk is gone when the next one is made."""
    import weakref

    alive = []
    encoder = TextEncoder()
    add_counts = vocabulary.add_counts

    def watched(codes, counts):
        assert all(chunk() is None for chunk in alive[:-1])
        alive.append(weakref.ref(codes))
        add_counts(codes, counts)

    monkeypatch.setattr(vocabulary, "add_counts", watched)
    encoder.adapt("good film" for _ in range(10_000))
    assert len(alive) == 5
