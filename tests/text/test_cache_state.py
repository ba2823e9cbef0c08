import json

import pytest

from keras_transfer_sentiment.text.cache_state import STATE, CacheState

from ..contracts import raises

KEY = {"encoder": {"lowercase": True, "tokenizer": "words"}, "vocabulary": "", "grow_vocabulary": False, "texts": "a"}


def test_a_new_folder_has_read_nothing(tmp_path):
    state = CacheState(tmp_path, KEY)
    assert (state.stage, state.texts, state.words, state.turn, state.sizes) == ("reading", 0, 0, 0, {})
    assert not list(tmp_path.iterdir())


def test_what_is_saved_is_read_back(tmp_path):
    CacheState(tmp_path, KEY).save(stage="read", texts=3, sizes={"codes": 12}, checks={"codes": 5})
    state = CacheState(tmp_path, KEY)
    assert (state.stage, state.texts, state.sizes, state.checks) == ("read", 3, {"codes": 12}, {"codes": 5})
    assert [path.name for path in tmp_path.iterdir()] == [STATE]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 5}', "\x00", "[" * 100_000])
def test_a_damaged_state_is_refused(tmp_path, content):
    (tmp_path / STATE).write_text(content)
    with raises(ValueError, "corpus.json", "is damaged. Delete the folder to make it anew."):
        CacheState(tmp_path, KEY)


def test_every_flipped_bit_is_found(tmp_path):
    CacheState(tmp_path, KEY).save(stage="complete", texts=3, result="7f")
    path = tmp_path / STATE
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        with pytest.raises(ValueError, match=r"damaged|another version of this package"):
            CacheState(tmp_path, KEY)


def test_another_version_is_refused(tmp_path):
    CacheState(tmp_path, KEY).save()
    state = json.loads((tmp_path / STATE).read_text())
    (tmp_path / STATE).write_text(json.dumps({**state, "version": 99}))
    with raises(ValueError, "another version of this package: its format is 99", "Pass another `cache_dir`"):
        CacheState(tmp_path, KEY)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"encoder": {"lowercase": False, "tokenizer": "words"}},
            "by another encoder: `lowercase` was True and is False",
        ),
        ({"encoder": {"lowercase": True}}, "by another encoder: `tokenizer` was 'words' and is None now"),
        ({"vocabulary": "7f"}, "with another vocabulary"),
        ({"grow_vocabulary": True, "vocabulary": "7f"}, "with another vocabulary"),
        ({"texts": "b"}, "of other texts"),
    ],
)
def test_another_key_is_refused(tmp_path, change, text):
    CacheState(tmp_path, KEY).save(texts=3)
    with raises(ValueError, "The corpus in", f"was made {text}", "Pass another `cache_dir`, or delete this one"):
        CacheState(tmp_path, {**KEY, **change})


def test_an_encoder_with_the_vocabulary_of_the_corpus_is_welcome(tmp_path):
    CacheState(tmp_path, KEY).save(stage="complete", result="7f")
    assert CacheState(tmp_path, {**KEY, "vocabulary": "7f", "grow_vocabulary": True}).stage == "complete"
