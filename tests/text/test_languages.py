import pytest

from keras_transfer_sentiment.text.languages import languages, word_lists

from ..contracts import raises


@pytest.mark.parametrize(
    ("language", "kept"),
    [
        ("english", "no not n't never nothing nobody none nor neither without cannot hardly barely"),
        ("english", "very too so really quite rather more most less least all only just even still again"),
        ("english", "but though although however yet despite while instead except"),
        ("chinese", "没有 不是 不能 不会 并不 非常 特别 真的 太了 有点 但是 不过 可是 虽然 然而 只是"),
    ],
)
def test_stop_words_leave_negators_intensifiers_and_contrast_in(language, kept):
    assert not word_lists(language)["stop_words"] & set(kept.split())


@pytest.mark.parametrize("language", languages())
def test_word_lists_hold_no_contradiction(language):
    lists = word_lists(language)
    positive, negative = (lists["seed_words"]["positive"], lists["seed_words"]["negative"])
    assert len(set(positive)) == len(positive) >= 10
    assert len(set(negative)) == len(negative) >= 10
    assert not set(positive) & set(negative)
    assert not lists["stop_words"] & {*positive, *negative}
    assert len(lists["stop_words"]) > 50


def test_every_file_of_the_folder_is_a_language():
    assert languages() == ("chinese", "english")


def test_an_unknown_language():
    with raises(ValueError, "`language` must be one of 'chinese', 'english'. Received 'klingon'", "Pass one of these"):
        word_lists("klingon")
