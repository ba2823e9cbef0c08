import itertools
import math
from collections import Counter
from datetime import date

import nltk
import numpy as np
import pandas as pd
import pytest

from keras_transfer_sentiment import NotFittedError, SkipGramPretrainer, TextEncoder
from keras_transfer_sentiment.text.batches import check_texts

from ..contracts import raises


def adapted(*texts, **options):
    encoder = TextEncoder(**options)
    encoder.adapt(list(texts))
    return encoder


def same(left, right):
    for name in ("ids", "offsets", "unknown"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    return True


# Options of tokenising.


def test_tokenize_lower_cases_and_leaves_out_stop_words():
    assert TextEncoder().tokenize("The Film isn't BAD at all!") == ["film", "n't", "bad", "all"]


def test_lowercase_off_keeps_case():
    encoder = TextEncoder(None, lowercase=False)
    assert encoder.tokenize("Film film DON'T") == ["Film", "film", "DO", "N'T"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["film", "我们", "们是"]),
        ({"language": "chinese"}, ["the", "film", "们是"]),
        ({"language": None}, ["the", "film", "我们", "们是"]),
        ({"language": None, "stop_words": "english"}, ["film", "我们", "们是"]),
        ({"stop_words": "chinese"}, ["the", "film", "们是"]),
        ({"stop_words": None}, ["the", "film", "我们", "们是"]),
        ({"stop_words": {"film"}}, ["the", "我们", "们是"]),
        ({"stop_words": (word for word in ["film", "the"])}, ["我们", "们是"]),
        ({"stop_words": []}, ["the", "film", "我们", "们是"]),
    ],
)
def test_stop_words_options(options, words):
    assert TextEncoder(**options).tokenize("the film 我们是") == words


def test_tweet_tokenizer_keeps_emoticons_and_shortens():
    words = TextEncoder(tokenizer="tweet").tokenize("Sooooo good :) #film, @you!!")
    assert words == ["sooo", "good", ":)", "#film", "@you", "!", "!"]


def test_treebank_tokenizer_splits_contractions():
    assert TextEncoder(tokenizer="treebank", stop_words=None).tokenize("It can't be, they're gone.") == [
        "it",
        "ca",
        "n't",
        "be",
        "they",
        "'re",
        "gone",
    ]


def test_treebank_tokenizer_cuts_off_the_full_stop_of_every_sentence():
    assert TextEncoder(tokenizer="treebank").tokenize("A bad film. We left.") == ["bad", "film", "left"]


def test_callable_tokenizer_replaces_the_default():
    encoder = TextEncoder(tokenizer=lambda text: text.split("|"))
    assert encoder.tokenize("Warm film|it's cold") == ["warm film", "it's cold"]
    assert TextEncoder(tokenizer=str.split).tokenize("the great-film , 10/10") == ["great-film", "10/10"]


@pytest.mark.parametrize("result", ["one string", None, [1, 2], iter("ab")])
def test_callable_tokenizer_must_return_words(result):
    with raises(TypeError, "The `tokenizer` must return a list of str", type(result).__name__, "text.split()"):
        TextEncoder(tokenizer=lambda text: result).tokenize("some text")


def test_stem_reduces_words_but_not_stop_words():
    assert TextEncoder(stem=True).tokenize("loved loving loves, he was") == ["love", "love", "love"]
    assert TextEncoder(stem=True, stop_words=None).tokenize("movies having") == ["movi", "have"]


@pytest.mark.parametrize("language", ["chinese", None])
def test_stem_needs_a_language_with_a_stemmer(language):
    with raises(ValueError, "Snowball stemmer", f"language={language!r}", "Leave `stem` off"):
        TextEncoder(language, stem=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't like this part. The rest is fine.", ["n't", "like_NEG", "part_NEG", "rest", "fine"]),
        ("Never boring! Good", ["never", "boring_NEG", "!", "good"]),
        ("no good: bad; worse? fine", ["no", "good_NEG", "bad", "worse", "?", "fine"]),
        ("a good film", ["good", "film"]),
        ("not the film", ["not", "film_NEG"]),
    ],
)
def test_mark_negation_ends_at_punctuation_and_spares_stop_words(text, words):
    assert TextEncoder(mark_negation=True).tokenize(text) == words


def test_mark_negation_and_stem_combine():
    words = TextEncoder(mark_negation=True, stem=True).tokenize("I didn't like loving it. Loved the music.")
    assert words == ["n't", "like_NEG", "love_NEG", "love", "music"]


@pytest.mark.parametrize("tokenizer", ["words", "tweet", "treebank"])
def test_curly_apostrophes_are_straightened_for_every_named_tokenizer(tokenizer):
    encoder = TextEncoder(None, tokenizer=tokenizer)
    assert encoder.tokenize("I don\u2019t") == encoder.tokenize("I don't") != []


def test_a_callable_tokenizer_gets_the_text_as_it_is():
    assert TextEncoder(None, tokenizer=str.split, lowercase=False).tokenize("I don\u2019t") == ["I", "don\u2019t"]


def test_nltk_options_need_no_download(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError(f"nltk was asked for data: {args}")

    for module, name in ((nltk, "download"), (nltk.data, "load"), (nltk.data, "find")):
        monkeypatch.setattr(module, name, refuse)
    seen = set()
    for tokenizer in ("words", "tweet", "treebank"):
        for stem in (False, True):
            for mark_negation in (False, True):
                encoder = TextEncoder(tokenizer=tokenizer, stem=stem, mark_negation=mark_negation)
                encoder.adapt(["I don't like boring films . Good ones are fine :)"])
                assert encoder.encode(["films"]).coverage.tolist() == [0.0 if mark_negation else 1.0]
                seen.add(tuple(encoder.vocabulary))
    assert len(seen) > 6


@pytest.mark.parametrize("text", [None, 3, b"bytes", ["a", "list"], ["long text"] * 25_000])
def test_tokenize_takes_one_str(text):
    with raises(TypeError, "`TextEncoder.tokenize` expects one str", type(text).__name__, "encoder.tokenize(text)"):
        TextEncoder().tokenize(text)


# The vocabulary.


def test_adapt_orders_words_by_count_then_by_appearance():
    encoder = adapted("good film", "bad film", "a dull film, good")
    assert encoder.vocabulary == ["", "film", "good", "bad", "dull"]
    assert encoder.counts.tolist() == [0, 3, 2, 1, 1]
    assert encoder.counts.dtype == np.int64
    assert encoder.size == 5
    assert [encoder.word_id(word) for word in ("film", "dull")] == [1, 4]
    assert "film" in encoder
    assert "a" not in encoder
    assert "unseen" not in encoder
    assert "" not in encoder


def test_vocabulary_and_counts_are_copies():
    encoder = adapted("good film")
    encoder.vocabulary.clear()
    encoder.counts[:] = 9
    assert encoder.vocabulary == ["", "good", "film"]
    assert encoder.counts.tolist() == [0, 1, 1]


@pytest.mark.parametrize("word", ["unseen", "", None, "x" * 10_000])
def test_word_id_of_an_unknown_word(word):
    with raises(KeyError, "is not in the vocabulary of 2 words", "encoder.tokenize(text)"):
        adapted("good film").word_id(word)


@pytest.mark.parametrize(("word", "cut"), [("Film", "film"), ("don't", "n't"), ("a good", "good")])
def test_word_id_says_what_a_word_is_in_a_text(word, cut):
    with raises(KeyError, "is not in the vocabulary of 3 words") as error:
        adapted("good film don't").word_id(word)
    assert f"In a text it becomes {[cut]}: take {cut!r}." in error.value.args[0]


def test_word_id_of_a_stop_word():
    with raises(KeyError, "'the' is a stop word of this `TextEncoder`", "other `stop_words`"):
        adapted("good film").word_id("the")


def test_adapt_replaces_the_vocabulary():
    encoder = adapted("good film")
    encoder.adapt(["bad"])
    assert encoder.vocabulary == ["", "bad"]
    assert "film" not in encoder


@pytest.mark.parametrize(("words", "floor"), [(19_999, 1), (20_000, 2), (999_999, 2), (1_000_000, 5)])
def test_min_count_auto_grows_with_the_text(words, floor):
    rare = [name for times in range(1, 6) for name in [f"seen{times}"] * times]
    encoder = TextEncoder(None)
    encoder.adapt([[*rare, *["often"] * (words - len(rare))]])
    assert encoder.vocabulary[1:] == ["often", *(f"seen{times}" for times in range(5, floor - 1, -1))]


def test_min_count_and_max_vocabulary():
    texts = ["a a a b b c"]
    assert adapted(*texts, language=None, min_count=2).vocabulary == ["", "a", "b"]
    assert adapted(*texts, language=None, max_vocabulary=1).vocabulary == ["", "a"]
    assert adapted(*texts, language=None, max_vocabulary=None).vocabulary == ["", "a", "b", "c"]


@pytest.mark.parametrize(
    "texts",
    [
        ["good film", "bad film"],
        ("good film", "bad film"),
        np.array(["good film", "bad film"]),
        np.array(["good film", "bad film"], object),
        pd.Series(["good film", "bad film"], index=[7, 3]),
        (text for text in ["good film", "bad film"]),
        [["good", "film"], ["bad", "film"]],
        [("good", "film"), ("bad", "film")],
        ({"good film": 0, "bad film": 1}).keys(),
    ],
    ids=["list", "tuple", "array", "object array", "series", "generator", "token lists", "token tuples", "keys"],
)
def test_adapt_takes_any_iterable_of_texts(texts):
    encoder = TextEncoder()
    encoder.adapt(texts)
    assert encoder.vocabulary == ["", "film", "good", "bad"]


def test_token_lists_are_taken_as_they_are():
    encoder = adapted(["Good film", "THE", "the", "n't"])
    assert encoder.vocabulary == ["", "Good film", "THE", "n't"]
    assert encoder.encode([["THE", "the", "thE"]]).ids.tolist() == [2]


@pytest.mark.parametrize("many", [1, 25_000])
def test_adapt_on_stop_words_alone(many):
    with raises(
        ValueError,
        "No word can enter the vocabulary",
        "3 are stop words. Pass more text",
    ):
        TextEncoder().adapt(["the of and"] * many)


def test_adapt_where_all_words_are_too_rare():
    with raises(ValueError, "No word can enter the vocabulary", "occur fewer than 3 times", "lower `min_count`"):
        TextEncoder(min_count=3).adapt(["good film", "good"])


@pytest.mark.parametrize("texts", [[], (), np.array([], object), pd.Series([], dtype=object), (t for t in [])])
def test_adapt_on_nothing(texts):
    with raises(ValueError, "`TextEncoder.adapt` received no texts", "Pass at least one text"):
        TextEncoder().adapt(texts)


@pytest.mark.parametrize("texts", [5, None, object()])
def test_adapt_on_what_is_no_iterable(texts):
    with raises(TypeError, "expects an iterable of str", type(texts).__name__):
        TextEncoder().adapt(texts)


def test_adapt_checks_every_chunk_of_a_generator():
    texts = ["good film"] * 5000
    texts[4000] = None
    encoder = TextEncoder()
    with raises(TypeError, "expects every text in `texts` to be a str", "None", "Drop missing texts"):
        encoder.adapt(text for text in texts)
    assert not encoder.is_adapted


def test_a_failed_adapt_keeps_the_old_vocabulary():
    encoder = adapted("good film")
    with raises(ValueError, "No word can enter the vocabulary"):
        encoder.adapt(["the"])
    assert encoder.vocabulary == ["", "good", "film"]


@pytest.mark.parametrize(
    "use",
    [
        lambda encoder: encoder.vocabulary,
        lambda encoder: encoder.counts,
        lambda encoder: encoder.word_id("film"),
        lambda encoder: encoder.encode(["film"]),
    ],
)
def test_before_adapt(use):
    encoder = TextEncoder()
    assert not encoder.is_adapted
    assert encoder.size == 0
    assert "film" not in encoder
    with raises(NotFittedError, "has no vocabulary yet", "call `adapt(texts)`"):
        use(encoder)


# Encoding.


def test_encode_drops_and_counts_unknown_words_but_not_stop_words():
    encoder = adapted("good film", "bad film")
    result = encoder.encode(["The good good film and the unseen one", "", "the", "new words", "bad"])
    assert result.ids.tolist() == [2, 2, 1, 3]
    assert result.offsets.tolist() == [0, 3, 3, 3, 3, 4]
    assert result.unknown.tolist() == [1, 0, 0, 2, 0]
    assert result.lengths.tolist() == [3, 0, 0, 0, 1]
    assert result.coverage.tolist() == [0.75, 0.0, 0.0, 0.0, 1.0]
    assert (result.ids.dtype, result.offsets.dtype, result.unknown.dtype) == (np.int32, np.int64, np.int32)
    assert len(result) == 5


def test_encode_of_no_texts_is_empty():
    result = adapted("good film").encode([])
    assert len(result) == 0
    assert result.ids.shape == (0,)
    assert result.coverage.shape == (0,)


def test_encode_of_more_texts_than_a_chunk(rng):
    words = np.array(["film", "good", "bad", "unseen"])
    texts = [" ".join(rng.choice(words, size=rng.integers(0, 5))) for _ in range(5000)]
    encoder = adapted("film film film good good bad")
    numbers = {"film": 1, "good": 2, "bad": 3}
    result = encoder.encode(texts)
    for row in (0, 2047, 2048, 4095, 4096, 4999):
        expected = [numbers[word] for word in texts[row].split() if word in numbers]
        assert result.ids[result.offsets[row] : result.offsets[row + 1]].tolist() == expected
        assert result.unknown[row] == texts[row].split().count("unseen")


@pytest.mark.parametrize(
    "options",
    [
        *({}, {"min_count": 2}, {"max_vocabulary": 3}, {"language": None}, {"stem": True}),
        *(
            {"phrases": 0.0},
            {"phrases": True},
            {"phrases": 0.1, "max_vocabulary": 12},
            {"phrases": 0.1, "min_count": 2},
        ),
        {"phrases": 0.0, "mark_negation": True, "stem": True, "tokenizer": "tweet"},
    ],
)
def test_adapt_and_encode_is_adapt_then_encode(comments, options):
    once, twice = TextEncoder(**options), TextEncoder(**options)
    together = once.adapt_and_encode(comments.unlabelled)
    twice.adapt(comments.unlabelled)
    assert once.vocabulary == twice.vocabulary
    assert same(together, twice.encode(comments.unlabelled))
    assert len(together.ids) > 10
    assert together.unknown.any() == ("min_count" in options or "max_vocabulary" in options)


@pytest.mark.parametrize(
    ("texts", "kind", "parts"),
    [
        ("one text", TypeError, ("expects a batch of texts", "one str", "Wrap it in a list")),
        (b"one text", TypeError, ("expects a batch of texts", "one bytes")),
        ("word " * 100_000, TypeError, ("expects a batch of texts", "Wrap it in a list")),
        (["good", None], TypeError, ("at position 1", "None", "Drop missing texts")),
        (["good", float("nan")], TypeError, ("at position 1", "nan", "Drop missing texts")),
        (["good", 3], TypeError, ("at position 1", "3 of type int", "with `str`")),
        ([b"good", "film"], TypeError, ("at position 0", "bytes", "text.decode('utf-8')")),
        (["good"] * 25_000 + [None], TypeError, ("at position 25000", "Drop missing texts")),
        ([["good"], "film"], TypeError, ("list of tokens, like the first one", "at position 1")),
        (np.array([["good"], ["film"]]), ValueError, ("of one dimension", "(2, 1)", "Pass one column")),
        (pd.DataFrame({"text": ["good"]}), ValueError, ("of one dimension", "`texts['text']`")),
        (iter(["good"]), TypeError, ("a list, tuple, 1D array or Series", "Make it a list first")),
        (7, TypeError, ("a list, tuple, 1D array or Series", "7 of type int")),
    ],
)
def test_encode_refuses_what_is_no_batch_of_texts(texts, kind, parts):
    with raises(kind, *parts):
        adapted("good film").encode(texts)


@pytest.mark.parametrize("texts", [["good film", "bad film"], [["good", "film"], ["bad", "film"]]])
def test_a_batch_is_checked_once(monkeypatch, texts):
    checked = []

    def watched(batch, *args, **kwargs):
        checked.append(batch)
        return check_texts(batch, *args, **kwargs)

    monkeypatch.setattr("keras_transfer_sentiment.text.encoder.check_texts", watched)
    monkeypatch.setattr("keras_transfer_sentiment.text.batches.check_texts", watched)
    pretrainer = SkipGramPretrainer(4, seed=0)
    uses = [TextEncoder().adapt, TextEncoder().adapt_and_encode, adapted("good film").encode, TextEncoder().count]
    for use in (*uses, lambda x: pretrainer.fit(x, epochs=1, verbose=0), pretrainer.predict, pretrainer.encode):
        checked.clear()
        use(texts)
        assert checked == [texts]


# Tokens of any kind.


def test_tokens_are_kept_as_they_are():
    texts = [[3, ("red", 7), "3", b"3"], [3, ("red", 7), 2.5], (3, "", date(2024, 1, 2))]
    encoder = TextEncoder()
    encoded_texts = encoder.adapt_and_encode(texts)
    assert encoder.vocabulary == ["", 3, ("red", 7), "3", b"3", 2.5, "", date(2024, 1, 2)]
    assert encoded_texts.ids.tolist() == [1, 2, 3, 4, 1, 2, 5, 1, 6, 7]
    assert same(encoder.encode(texts), encoded_texts)
    assert encoder.word_id(("red", 7)) == 2
    assert 3 in encoder
    assert 4 not in encoder
    assert encoder.encode([[4, 3, "unseen"], []]).unknown.tolist() == [2, 0]


def test_a_token_of_no_letters_is_not_padding():
    encoder = TextEncoder()
    encoder.adapt([["", "film", "film"], ["", ""]])
    assert encoder.vocabulary == ["", "", "film"]
    assert encoder.word_id("") == 1
    assert encoder.encode([["", "film"]]).ids.tolist() == [1, 2]
    twin = encoder.copy()
    assert twin.encode([["", "film"]]).ids.tolist() == [1, 2]
    twin.grow([["", "new"]])
    assert twin.vocabulary == ["", "", "film", "new"]
    assert twin.counts.tolist() == [0, 4, 2, 1]


def test_stop_words_are_dropped_among_other_tokens():
    encoder = TextEncoder()
    encoder.adapt([["the", 7, ("the",)]])
    assert encoder.vocabulary == ["", 7, ("the",)]


@pytest.mark.parametrize(
    ("token", "kept"),
    [
        (np.int64(5), 5),
        (np.float32(0.5), 0.5),
        (np.str_("film"), "film"),
        (np.bool_(True), True),
        ((np.int8(1), (np.str_("a"), 2)), (1, ("a", 2))),
    ],
)
def test_numpy_scalars_become_pythons_own(token, kept):
    encoder = TextEncoder()
    encoder.adapt([[token, "book"], [kept, token]])
    assert encoder.vocabulary == ["", kept, "book"]
    word = encoder.vocabulary[1]
    assert type(word) is type(kept)
    assert not isinstance(word, tuple) or list(map(type, word)) == [int, tuple]
    assert encoder.encode([[kept, token]]).ids.tolist() == [1, 1]


USES = {
    "adapt": lambda encoder, texts: encoder.adapt(texts),
    "adapt_and_encode": lambda encoder, texts: encoder.adapt_and_encode(text for text in texts),
    "grow": lambda encoder, texts: encoder.grow(texts),
    "encode": lambda encoder, texts: encoder.encode(texts),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(
    ("token", "parts"),
    [
        (["nested"], ("expects tokens that have a hash", "['nested'] of type list", "`tuple(token)`")),
        ({"a": 1}, ("expects tokens that have a hash", "of type dict", "map other kinds to str")),
        (("a", ["b"]), ("expects tokens that have a hash", "of type tuple")),
        (np.arange(3), ("expects tokens that have a hash", "ndarray of shape (3,)")),
        (None, ("received a missing token", "None of type NoneType", "Leave it out of its text")),
        (float("nan"), ("received a missing token", "nan of type float")),
        (np.float32("nan"), ("received a missing token", "of type float32")),
        (("a", (float("nan"),)), ("received a missing token", "of type tuple")),
        (pd.NA, ("received a missing token", "of type NAType")),
        (pd.NaT, ("received a missing token", "of type NaTType")),
    ],
)
def test_tokens_that_are_none(use, token, parts):
    encoder = adapted("good film")
    with raises(TypeError, *parts, "in text 3000"):
        use(encoder, [["good", 1, ("film", 2.0)]] * 3000 + [["film", token, "good"]])
    assert encoder.vocabulary == ["", "good", "film"]


# Phrases.

WASTE = ["What waste of time", "a waste of talent", "not waste of money", "time and money for talent"]


def naive_phrases(texts, stop_words, threshold, floor):
    """Returns texts with their phrases joined: the words, NPMI and joining in plain Python."""
    words = Counter(word for text in texts for word in text)
    pairs = Counter(pair for text in texts for pair in itertools.pairwise(text))
    total = sum(words.values())
    chosen = set()
    for (left, right), count in pairs.items():
        npmi = math.log(count * total / (words[left] * words[right])) / -math.log(count / total)
        if count >= floor and npmi >= threshold and not {left, right} <= stop_words:
            chosen.add((left, right))
    joined = []
    for text in texts:
        rest, out = list(text), []
        while rest:
            out.append("_".join(rest[:2]) if tuple(rest[:2]) in chosen else rest[0])
            rest = rest[2:] if tuple(rest[:2]) in chosen else rest[1:]
        joined.append(out)
    return joined


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.5])
def test_phrases_match_plain_python(rng, threshold):
    names = np.array(["the", "of", "film", "good", "waste", "time", "plot"])
    share = rng.dirichlet(np.ones(len(names)))
    texts = [[*rng.choice(names, rng.integers(0, 9), p=share), *["new", "york"] * (i % 3)] for i in range(300)]
    joined = naive_phrases(texts, {"the", "of"}, threshold, floor=2)
    expected = Counter(word for text in joined for word in text if word not in ("the", "of"))

    encoder = TextEncoder(stop_words=["the", "of"], phrases=threshold)
    encoded_texts = encoder.adapt_and_encode(texts)

    assert dict(zip(encoder.vocabulary[1:], encoder.counts[1:].tolist(), strict=True)) == expected
    assert "new_york" in expected
    ends = encoded_texts.offsets
    for row, text in enumerate(joined):
        words = [encoder.vocabulary[i] for i in encoded_texts.ids[ends[row] : ends[row + 1]]]
        assert words == [word for word in text if word not in ("the", "of")]


def test_phrases_are_joined_wherever_text_is_read():
    encoder = adapted(*WASTE, phrases=0.3)
    assert encoder.vocabulary == ["", "waste_of", "time", "talent", "money", "not"]
    assert encoder.tokenize("Waste of a film, a waste!") == ["waste_of", "film", "waste"]
    assert encoder.encode(["Waste of time", "waste", "of waste"]).ids.tolist() == [1, 2]
    assert encoder.encode([["waste", "of", "time"], ["waste_of"]]).ids.tolist() == [1, 2, 1]
    assert encoder.encode(["waste of a waste", "of"]).unknown.tolist() == [1, 0]
    assert adapted(*WASTE).vocabulary == ["", "waste", "time", "talent", "money", "not"]


def test_words_inside_and_outside_a_phrase_have_their_own_ids():
    encoder = adapted(*WASTE, "waste not", phrases=0.3)
    assert encoder.counts[encoder.word_id("waste_of")] == 3
    assert encoder.counts[encoder.word_id("waste")] == 1
    ids = encoder.encode(["waste of waste"]).ids
    assert [encoder.vocabulary[i] for i in ids] == ["waste_of", "waste"]


def test_two_stop_words_are_no_phrase():
    texts = ["of the film", "of the plot", "of the music"]
    assert not any("_" in word for word in adapted(*texts, phrases=0.0).vocabulary)
    assert "of_the" in adapted(*texts, stop_words=None, phrases=0.0).vocabulary


@pytest.mark.parametrize("options", [{}, {"lowercase": False}, {"stop_words": None}])
def test_contractions_are_not_joined_again(options):
    encoder = adapted(*["I DON'T like it, don't bother", "don't bother"] * 3, phrases=0.0, **options)
    assert not any(word.lower().endswith("_n't") for word in encoder.vocabulary)
    assert "n't_bother" in encoder


def test_phrases_come_after_stems_and_marks():
    texts = ["moving pictures", "moved picture", "a moving picture, never dull", "not good", "plot not good"]
    encoder = adapted(*texts, phrases=0.3, mark_negation=True, stem=True)
    assert encoder.tokenize("Moving pictures, not good. Good!") == ["move_pictur", "not_good_NEG", "good", "!"]
    assert encoder.encode(texts).coverage.tolist() == [1.0] * 5


def test_a_phrase_outside_the_vocabulary_does_not_hide_its_words():
    texts = ["new york film"] * 3 + ["film plot"] * 5 + ["new", "york"] * 3
    assert "new_york" in adapted(*texts, phrases=0.1)
    for options in ({"max_vocabulary": 4}, {"min_count": 4}):
        encoder = adapted(*texts, phrases=0.1, **options)
        assert "new_york" not in encoder
        assert encoder.tokenize("new york") == ["new", "york"]
        assert encoder.counts[encoder.word_id("new")] == 6
        assert encoder.encode(["new york"]).coverage.tolist() == [1.0]


def test_a_phrase_and_a_token_of_the_same_name_are_one_word():
    texts = [["new", "york"]] * 3 + [["new_york"]] * 2
    encoder = TextEncoder(phrases=0.1)
    assert encoder.adapt_and_encode(texts).ids.tolist() == [1] * 5
    assert encoder.vocabulary == ["", "new_york"]
    assert encoder.counts.tolist() == [0, 5]


def test_phrases_are_part_of_state_and_copy():
    encoder = adapted(*WASTE, phrases=0.3)
    state = encoder.get_vocabulary_state()
    assert state["phrases"] == [["waste", "of"]]
    for twin in (encoder.copy(), TextEncoder(phrases=0.3)):
        twin.set_vocabulary_state(state)
        assert same(twin.encode(WASTE), encoder.encode(WASTE))
        assert twin.tokenize(WASTE[0]) == encoder.tokenize(WASTE[0])
    del state["phrases"]
    twin.set_vocabulary_state(state)
    assert twin.tokenize("waste of time") == ["waste", "time"]


def test_adapt_forgets_old_phrases():
    encoder = adapted(*WASTE, phrases=0.3)
    encoder.adapt(["time of waste"])
    assert encoder.tokenize("waste of time") == ["waste", "time"]
    assert encoder.encode(["waste of time"]).ids.tolist() == [2, 1]


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_phrases_need_tokens_of_str(use):
    encoder = adapted(*WASTE, phrases=0.3)
    with raises(TypeError, "joins words into phrases and expects tokens to be str", "7 of type int in text 1", "`str`"):
        use(encoder, [["good"], [7]])
    with raises(TypeError, "received a missing token", "in text 0"):
        use(encoder, [[None]])
    use(encoder, [[np.str_("time")]])


def test_can_produce_tells_what_no_text_gives():
    encoder = TextEncoder()
    for word, can in (("film", True), ("Film", False), ("the", False), ("", False), (7, True), (("red", 7), True)):
        assert encoder.can_produce(word) is can
    assert TextEncoder(None, lowercase=False).can_produce("The")


# Growing.


def test_grow_keeps_ids_and_appends_the_frequent_first():
    encoder = adapted("good film", "bad film", "a dull film, good")
    encoder.grow(["dull new book", "the book", "good old book"])
    assert encoder.vocabulary == ["", "film", "good", "bad", "dull", "book", "new", "old"]
    assert encoder.counts.tolist() == [0, 3, 3, 1, 2, 3, 1, 1]
    assert encoder.encode(["film book the"]).ids.tolist() == [1, 5]


def test_grow_and_encode_is_grow_then_encode(corpus):
    for options in (
        {},
        {"phrases": 0.1},
        {"min_count": 2},
        {"max_vocabulary": 40},
        {"phrases": 0.0, "max_vocabulary": 40},
    ):
        once, twice = adapted(*corpus[:5], **options), adapted(*corpus[:5], **options)
        old = once.vocabulary
        together = once.grow_and_encode(text for text in corpus)
        twice.grow(corpus)
        assert once.vocabulary == twice.vocabulary
        assert once.vocabulary[: len(old)] == old
        assert len(old) < once.size <= options.get("max_vocabulary", 10**6) + 1
        assert same(together, twice.encode(corpus))


def test_grow_before_adapt_is_adapt(corpus):
    grown, plain = TextEncoder(phrases=0.1), TextEncoder(phrases=0.1)
    assert same(grown.grow_and_encode(corpus), plain.adapt_and_encode(corpus))
    assert grown.get_vocabulary_state() == plain.get_vocabulary_state()


def test_grow_minds_min_count_and_max_vocabulary():
    encoder = adapted("film film good good bad", min_count=2)
    encoder.grow(["new new bad film"])
    assert encoder.vocabulary == ["", "film", "good", "new"]
    assert encoder.counts.tolist() == [0, 3, 2, 2]
    full = adapted("film good", max_vocabulary=3)
    full.grow(["new newer newer film"])
    assert full.vocabulary == ["", "film", "good", "newer"]
    full.grow(["newest film"])
    assert full.vocabulary == ["", "film", "good", "newer"]
    assert full.counts.tolist() == [0, 3, 1, 2]


def test_grow_keeps_old_phrases_and_adds_new_ones():
    encoder = adapted(*WASTE, phrases=0.3)
    encoder.grow(["old york", "new york", "new york, waste of york", "a new film"])
    assert encoder.tokenize("waste of new york") == ["waste_of", "new_york"]
    assert encoder.counts[encoder.word_id("waste_of")] == 4
    assert encoder.counts[encoder.word_id("new_york")] == 2
    assert encoder.counts[encoder.word_id("new")] == 1
    assert encoder.word_id("waste_of") == 1


def test_growing_a_full_vocabulary_hides_no_word_behind_a_phrase():
    encoder = adapted("new", "york", "new", "york", phrases=0.1, max_vocabulary=2)
    encoder.grow(["new york", "new york", "film", "film"])
    assert encoder.vocabulary == ["", "new", "york"]
    assert encoder.counts.tolist() == [0, 4, 4]
    assert encoder.encode(["new york"]).ids.tolist() == [1, 2]


def test_grow_without_new_words_is_fine_and_without_known_ones_is_not():
    encoder = adapted("good film", min_count=1, max_vocabulary=2)
    encoder.grow(["good"])
    assert encoder.counts.tolist() == [0, 2, 1]
    with raises(ValueError, "No word can enter the vocabulary", "of 1 different words", "1 are stop words"):
        encoder.grow(["the the"])
    with raises(ValueError, "`TextEncoder.grow` received no texts"):
        encoder.grow([])
    with raises(TypeError, "`TextEncoder.grow` expects every text in `texts` to be a str", "at position 1"):
        encoder.grow(["good", None])
    assert encoder.counts.tolist() == [0, 2, 1]


def test_a_copy_grows_alone():
    encoder = adapted("good film")
    twin = encoder.copy()
    twin.grow(["good new film"])
    assert "new" not in encoder
    assert encoder.counts.tolist() == [0, 1, 1]


# Settings.


def test_config_round_trip(corpus):
    options = {
        "language": "english",
        "tokenizer": "tweet",
        "lowercase": False,
        "stop_words": ["film", "plot"],
        "stem": True,
        "mark_negation": True,
        "min_count": 2,
        "max_vocabulary": 50,
        "phrases": 0.2,
    }
    encoder = TextEncoder(**options)
    assert encoder.get_config() == options
    twin = TextEncoder.from_config(encoder.get_config())
    assert not twin.is_adapted
    encoder.adapt(corpus)
    twin.set_vocabulary_state(encoder.get_vocabulary_state())
    assert twin.vocabulary == encoder.vocabulary
    np.testing.assert_array_equal(twin.counts, encoder.counts)
    assert same(twin.encode(corpus), encoder.encode(corpus))


def test_copy_shares_nothing(corpus):
    encoder = adapted(*corpus)
    twin = encoder.copy()
    assert same(twin.encode(corpus), encoder.encode(corpus))
    twin.adapt(["other words"])
    assert "charming" in encoder
    assert "charming" not in twin


def test_changing_the_vocabulary_state_does_not_change_the_encoder():
    encoder = adapted("good film")
    encoder.get_vocabulary_state()["words"].append("intruder")
    assert encoder.vocabulary == ["", "good", "film"]


@pytest.mark.parametrize(
    ("options", "kind", "parts"),
    [
        (
            {"language": "klingon"},
            ValueError,
            ("`language` must be 'chinese' or 'english'", "or None", "'klingon'", "TextEncoder(None, stop_words="),
        ),
        ({"language": "x" * 9999}, ValueError, ("`language` must be",)),
        ({"tokenizer": "spacy"}, ValueError, ("`tokenizer` must be one of 'words', 'tweet', 'treebank'", "'spacy'")),
        ({"stop_words": "klingon"}, ValueError, ("`stop_words` must be one of 'auto', 'chinese', 'english'",)),
        ({"min_count": 0}, ValueError, ("`min_count` must be an integer, 1 or more", "0")),
        ({"min_count": 1.5}, TypeError, ("`min_count` must be an integer", "1.5 of type float")),
        ({"min_count": True}, TypeError, ("`min_count` must be an integer", "bool")),
        ({"max_vocabulary": 0}, ValueError, ("`max_vocabulary` must be an integer, 1 or more",)),
        ({"phrases": "all"}, TypeError, ("`phrases` must be True, False or a threshold", "'all' of type str")),
        ({"phrases": 2.0}, ValueError, ("`phrases` must be a number, between 0.0 and 1.0", "2")),
        ({"max_vocabulary": "all"}, TypeError, ("`max_vocabulary` must be an integer", "'all' of type str")),
    ],
)
def test_bad_settings(options, kind, parts):
    with raises(kind, *parts):
        TextEncoder(**options)


@pytest.mark.parametrize("stop_words", [5, [1, 2], [None]])
def test_stop_words_must_be_words(stop_words):
    with raises(TypeError, "`stop_words`"):
        TextEncoder(stop_words=stop_words)


def test_accents_are_found_in_either_form():
    encoder = TextEncoder()
    encoder.adapt(["cafe\u0301 film"])
    assert "cafe\u0301" in encoder
    assert encoder.word_id("cafe\u0301") == encoder.word_id("caf\u00e9")
    assert "cafe" not in encoder
