import itertools

import numpy as np
import pytest

from keras_transfer_sentiment import EncodedTexts, TextEncoder, WordCounts
from keras_transfer_sentiment.text.batches import check_stream
from keras_transfer_sentiment.text.codes import WordCounter
from keras_transfer_sentiment.text.encoded import CodedTexts
from keras_transfer_sentiment.text.vocabulary import VocabularyRules, build_vocabulary

from ..contracts import raises

SETTINGS = [{}, {"min_count": 2}, {"max_vocabulary": 40}, {"language": None, "lowercase": False}]


class FileChunks:
    """Texts in two files, given out a few at a time, again and again."""

    def __init__(self, folder, coded, texts_a_time):
        codes, lengths = (np.concatenate(part) for part in zip(*coded, strict=True))
        codes.tofile(folder / "codes")
        self.codes = np.memmap(folder / "codes", "int32", "r")
        self.ends = np.concatenate([[0], np.cumsum(lengths)])
        self.step = texts_a_time
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        for first in range(0, len(self.ends) - 1, self.step):
            ends = self.ends[first : first + self.step + 1]
            yield CodedTexts(self.codes[ends[0] : ends[-1]], np.diff(ends))


def count(encoder, texts, counter=None, grow=False):
    """Returns the counter of texts, and the coded texts."""
    counter = encoder.start_counting(grow) if counter is None else counter
    return counter, list(encoder.count_batches(check_stream(texts, "my_corpus"), counter))


@pytest.mark.parametrize("grow", [False, True])
@pytest.mark.parametrize("phrases", [False, 0.1])
def test_texts_in_a_file_give_the_vocabulary_and_ids_of_texts_in_memory(corpus, tmp_path, phrases, grow):
    in_memory, from_file = TextEncoder(phrases=phrases), TextEncoder(phrases=phrases)
    if grow:
        in_memory.adapt(corpus[:20])
        from_file.adapt(corpus[:20])
    expected = in_memory.grow_and_encode(corpus) if grow else in_memory.adapt_and_encode(corpus)

    counter, coded = count(from_file, corpus, grow=grow)
    view = FileChunks(tmp_path, coded, texts_a_time=7)
    translate = from_file.learn(counter.counts, view, grow)
    assert (view.passes > 0) == bool(phrases)
    assert from_file.vocabulary == in_memory.vocabulary
    parts = list(map(translate, view))

    assert len(parts) == -(-len(corpus) // 7)
    together = EncodedTexts.concatenate(parts)
    for name in ("ids", "offsets", "unknown"):
        np.testing.assert_array_equal(getattr(together, name), getattr(expected, name))
    np.testing.assert_array_equal(from_file.counts, in_memory.counts)
    assert ("_" in "".join(from_file.vocabulary)) == bool(phrases)


# Counts that are added up.


@pytest.mark.parametrize("options", SETTINGS)
@pytest.mark.parametrize("ends", [[1], [36], [5, 5, 20, 70]])
@pytest.mark.parametrize("grow", [False, True])
def test_counts_of_parts_give_the_vocabulary_of_the_whole(corpus, options, ends, grow):
    whole, parts, known = (TextEncoder(**options) for _ in range(3))
    if grow:
        for encoder in (whole, parts, known):
            encoder.adapt(corpus[10:30])
    bounds = [0, *ends, len(corpus)]
    counts = [TextEncoder(**options).count(corpus[a:b]) for a, b in itertools.pairwise(bounds) if a < b]
    total = sum(counts, start=WordCounts())
    if grow:
        whole.grow(corpus)
        parts.grow(total)
    else:
        whole.adapt(corpus)
        parts.adapt(total)
    assert parts.get_vocabulary_state() == whole.get_vocabulary_state()
    np.testing.assert_array_equal(parts.encode(corpus).ids, whole.encode(corpus).ids)
    assert total.words == whole.count(corpus).words
    assert total.total == whole.count(corpus).total == total.counts.sum()


def test_counting_leaves_the_vocabulary_alone(corpus):
    encoder = TextEncoder()
    counts = encoder.count(corpus)
    assert not encoder.is_adapted
    encoder.adapt(["good film"])
    assert encoder.count(corpus).words == counts.words
    assert encoder.vocabulary == ["", "good", "film"]


def test_adding_counts_changes_neither_part():
    left, right = WordCounts(["a", "b"], np.array([1, 2])), WordCounts(["b", ("red", 7)], np.array([3, 4]))
    total = left + right
    assert (total.words, total.counts.tolist()) == (["a", "b", ("red", 7)], [1, 5, 4])
    assert (left.words, left.counts.tolist()) == (["a", "b"], [1, 2])
    assert (right.words, right.counts.tolist()) == (["b", ("red", 7)], [3, 4])
    with pytest.raises(TypeError, match="unsupported operand"):
        left + 5


def test_counts_do_not_tell_phrases(corpus):
    encoder = TextEncoder(phrases=True)
    with raises(ValueError, "Counts of words do not tell which words are neighbours", "`phrases=False`"):
        encoder.adapt(encoder.count(corpus))
    assert not encoder.is_adapted
    encoder.adapt(corpus)
    with raises(ValueError, "Counts of words do not tell", "Pass the texts"):
        encoder.grow(encoder.count(corpus))


@pytest.mark.parametrize(
    ("words", "counts", "kind", "parts"),
    [
        (["a", "a"], [1, 1], ValueError, ("Received 2 words, 1 of them different, and 2 counts", "with `+`")),
        (["a"], [1, 1], ValueError, ("one count of 0 or more for each word. Received 1 words",)),
        (["a"], [-1], ValueError, ("counts from -1 on",)),
        (["a"], [0.5], TypeError, ("of a list and an array of ints", "float64", "encoder.count(texts)")),
        ("a", [1], TypeError, ("of a list and an array of ints. Received 'a' of type str",)),
    ],
)
def test_counts_that_no_texts_have(words, counts, kind, parts):
    for use in (TextEncoder().adapt, TextEncoder().grow):
        with raises(kind, "expects `WordCounts`", *parts):
            use(WordCounts(words, np.array(counts)))


def test_counts_of_nothing():
    with raises(ValueError, "No word can enter the vocabulary: there is no word in the texts. Pass more text"):
        TextEncoder().adapt(WordCounts())
    with raises(ValueError, "`TextEncoder.count` received no texts: `texts` is empty"):
        TextEncoder().count([])


def test_a_stop_word_has_no_id_and_a_rare_word_is_unknown():
    counts = WordCounts(["the", "film", "rare"], np.array([9, 2, 1]))
    vocabulary, translate = build_vocabulary(counts, VocabularyRules(frozenset(["the"]), 2, None, None))
    assert vocabulary.words == ["", "film"]
    encoded = translate(CodedTexts(np.array([0, 1, 2, 1], "int32"), np.array([4, 0])))
    assert encoded.ids.tolist() == [1, 1]
    assert encoded.unknown.tolist() == [1, 0]


# Counting a stream.


def test_the_vocabulary_changes_only_when_learning_is_finished():
    encoder = TextEncoder()
    counter = WordCounter()
    codes, lengths = next(encoder.count_batches(check_stream(iter(["good film"]), "my_corpus"), counter))
    assert (codes.dtype, lengths.dtype) == (np.int32, np.int64)
    assert not encoder.is_adapted
    encoder.learn(counter.counts)
    assert encoder.vocabulary == ["", "good", "film"]


def test_texts_are_read_once_and_a_batch_at_a_time():
    read = []
    texts = (read.append(i) or "good film" for i in range(10_000))
    coded = TextEncoder().count_batches(check_stream(texts, "my_corpus"), WordCounter())
    assert len(next(coded).lengths) == len(read) < 10_000
    assert sum(len(part.lengths) for part in coded) + 2048 == len(read) == 10_000


@pytest.mark.parametrize("grow", [False, True])
def test_a_counter_goes_on_where_another_stopped(corpus, grow):
    whole, halves = TextEncoder(phrases=0.1), TextEncoder(phrases=0.1)
    if grow:
        whole.adapt(corpus[:9])
        halves.adapt(corpus[:9])
    counter, coded = count(whole, corpus, grow=grow)
    whole.learn(counter.counts, coded, grow)

    first, coded = count(halves, corpus[:30], grow=grow)
    second, rest = count(halves, corpus[30:], WordCounter(first.counts))
    halves.learn(second.counts, [*coded, *rest], grow)

    assert halves.vocabulary == whole.vocabulary
    assert halves.counts.tolist() == whole.counts.tolist()
    assert first.counts.total < second.counts.total


@pytest.mark.parametrize("first", ["str", "list"])
def test_texts_and_token_lists_share_their_words(first):
    """Where one stream has both, batch by batch, no word gets two numbers."""
    texts = [["good film, bad film", "a new one"] * 1024, [["film", "plot", ("red", 7)], ["new", "end"]] * 1024]
    order = {"str": [0, 1, 0, 1], "list": [1, 0, 1, 0]}[first]
    texts[0][-1] = "a new one at the end of a plot"
    counter, coded = count(TextEncoder(stop_words=None), (text for i in order for text in texts[i]))
    words, counts = counter.counts.words, counter.counts.counts
    assert len(coded) == 4
    assert len(set(words)) == len(words)
    read = [words[code] for codes, _ in coded for code in codes]
    split = [text.replace(",", "").split() if isinstance(text, str) else text for i in order for text in texts[i]]
    assert read == [word for words in split for word in words]
    assert counts.tolist() == [read.count(word) for word in words]


def test_where_the_vocabulary_grows_its_words_get_the_first_numbers():
    encoder = TextEncoder()
    encoder.adapt(["good film"])
    counter, coded = count(encoder, ["a new film"], grow=True)
    assert counter.counts.words == ["good", "film", "a", "new"]
    assert counter.counts.counts.tolist() == [0, 1, 1, 1]
    assert coded[0].codes.tolist() == [2, 3, 1]


def test_errors_give_the_position_in_the_whole_stream():
    texts = ["good film"] * 5_000
    texts[2_500] = None
    with raises(TypeError, "None of type NoneType at position 2500"):
        TextEncoder().count(iter(texts))


def test_adapt_without_phrases_keeps_no_text(monkeypatch):
    """Every batch is gone when the next one is made."""
    import weakref

    from keras_transfer_sentiment.text import codes

    alive = []
    add_counts = codes.add_counts

    def watched(batch, counts):
        assert all(part() is None for part in alive[:-1])
        alive.append(weakref.ref(batch))
        add_counts(batch, counts)

    monkeypatch.setattr(codes, "add_counts", watched)
    TextEncoder().adapt("good film" for _ in range(10_000))
    assert len(alive) == 5


def test_counts_of_other_settings_do_not_add_up():
    counts, others = TextEncoder().count(["A good film"]), TextEncoder(lowercase=False).count(["A bad film"])
    with raises(
        ValueError, "`WordCounts` of the same settings", "`lowercase=True`", "`lowercase=False`", "`encoder.count"
    ):
        counts + others
    with raises(ValueError, "`TextEncoder.adapt` takes `WordCounts` of the same settings"):
        TextEncoder().adapt(others)
    TextEncoder(min_count=3).adapt(sum([counts, counts, counts]))  # which words are kept may differ


def test_sums_and_repr_of_counts():
    encoder = TextEncoder()
    parts = [encoder.count([text]) for text in ("a good film", "a bad film")]
    total = sum(parts)
    assert dict(zip(total.words, total.counts.tolist(), strict=True)) == {"a": 2, "good": 1, "film": 2, "bad": 1}
    assert repr(total) == "WordCounts(4 words, 6 in all)"
