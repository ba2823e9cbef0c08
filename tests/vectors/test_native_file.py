import contextlib
import json

import numpy as np
import pytest
import safetensors.numpy

from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder, WordVectors
from keras_transfer_sentiment.vectors.subwords import CharNgrams

from ..contracts import raises


@pytest.fixture
def vectors(rng):
    encoder = TextEncoder(None, phrases=0.1, lowercase=False)
    state = {"words": ["", "waste_of", "\ud800", 7, ("a", (True, 2.5))], "counts": [0, 9, 5, 5, 2]}
    encoder.set_vocabulary_state({**state, "phrases": [["waste", "of"]]})
    matrix = np.concatenate([np.zeros((1, 3)), rng.normal(size=(4, 3))])
    return WordVectors(encoder, matrix, CharNgrams(rng.normal(size=(11, 3)).astype("float32"), (3, 4)))


@pytest.fixture
def path(vectors, tmp_path):
    vectors.save(tmp_path / "words.safetensors")
    return tmp_path / "words.safetensors"


@pytest.mark.parametrize("memory_map", [False, True])
def test_everything_is_read_back(vectors, path, memory_map):
    loaded = WordVectors.load(path, memory_map=memory_map)
    assert loaded == vectors
    assert list(map(type, loaded)) == list(map(type, vectors))
    assert loaded.encoder.get_config() == vectors.encoder.get_config()
    assert isinstance(loaded.matrix, np.memmap) == memory_map
    np.testing.assert_array_equal(loaded["waste_off"], vectors["waste_off"])


def test_the_first_words_alone(vectors, path):
    loaded = WordVectors.load(path, max_words=2)
    assert list(loaded) == ["waste_of", "\ud800"]
    np.testing.assert_array_equal(loaded.matrix, vectors.matrix[:3])


def test_other_readers_of_safetensors_read_it(vectors, path):
    arrays = safetensors.numpy.load_file(path)
    np.testing.assert_array_equal(arrays["vectors"], vectors.matrix)
    np.testing.assert_array_equal(arrays["counts"], vectors.counts)
    np.testing.assert_array_equal(arrays["char_ngrams"], vectors.char_ngrams.table)
    assert json.loads(arrays["vocabulary"].tobytes())["words"][1] == "waste_of"


def cut_at_bars(text):
    return text.split("|")


def test_a_tokeniser_of_ones_own_is_given_again(tmp_path):
    pretrainer = SkipGramPretrainer(4, encoder=TextEncoder(None, tokenizer=cut_at_bars), seed=0)
    pretrainer.adapt(["a b|c", "c|d"])
    pretrainer.word_vectors.save(tmp_path / "words.safetensors")
    with raises(ValueError, "a tokenizer of your own, which is not in the file", "encoder=TextEncoder(tokenizer=...)"):
        WordVectors.load(tmp_path / "words.safetensors")
    encoder = TextEncoder(None, tokenizer=cut_at_bars)
    assert WordVectors.load(tmp_path / "words.safetensors", encoder=encoder) == pretrainer.word_vectors
    assert not encoder.is_adapted


def test_words_that_cannot_be_saved_leave_the_old_file_alone(tmp_path):
    path = tmp_path / "words.safetensors"
    path.write_bytes(b"older")
    with raises(TypeError, "Word vectors can be saved if the words are str", "b'a' of type bytes"):
        WordVectors.from_words([b"a"], [[1.0]], encoder=TextEncoder(None)).save(path)
    assert path.read_bytes() == b"older"
    assert [file.name for file in tmp_path.iterdir()] == ["words.safetensors"]


def edited(content, change):
    """Returns the file with a changed header."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda header: header["__metadata__"].update(version="2"), ("a newer version", "'2', expected '1'")),
        (lambda header: header["__metadata__"].update(kind="x"), ("holds no `WordVectors`",)),
        (lambda header: header.pop("__metadata__"), ("holds no `WordVectors`",)),
        (lambda header: header["vectors"].update(shape=[4, 3]), ("is damaged", "size of an array")),
        (lambda header: header["vectors"].update(shape=[10**9, 10**9]), ("is damaged", "size of an array")),
        (lambda header: header["vectors"].update(shape=[-5, -3]), ("is damaged",)),
        (lambda header: header["vectors"].update(dtype="F64"), ("is damaged",)),
        (lambda header: header["vectors"].update(data_offsets=[0, 10**12]), ("is damaged", "does not end where")),
        (lambda header: header["counts"].update(shape=[1, 5]), ("is damaged",)),
        (lambda header: header.pop("counts"), ("is damaged",)),
        (lambda header: header["__metadata__"].update(encoder="{}"), ("is damaged",)),
        (lambda header: header["__metadata__"].update(char_ngrams="3"), ("is damaged",)),
    ],
    ids=range(12),
)
def test_edited_files(path, change, parts):
    path.write_bytes(edited(path.read_bytes(), change))
    for memory_map in (False, True):
        with raises(ValueError, "words.safetensors'", *parts):
            WordVectors.load(path, memory_map=memory_map)


def test_cut_and_flipped_files_say_so_or_read_as_something(path):
    content = path.read_bytes()
    length = 8 + int.from_bytes(content[:8], "little")
    for end in {*range(9, len(content), 7), len(content) - 1, length}:
        path.write_bytes(content[:end])
        with pytest.raises(ValueError, match="is damaged"):
            WordVectors.load(path)
    for place in range(8, length - 20, 11):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with contextlib.suppress(ValueError):  # one flipped bit may make another word or number
            WordVectors.load(path)
