import json

import numpy as np
import pytest
import safetensors.numpy

from keras_transfer_sentiment import TextEncoder, WordVectors
from keras_transfer_sentiment.vectors import native_file
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
    adapted = TextEncoder(None, tokenizer=cut_at_bars)
    adapted.adapt(["a b|c", "c|d"])
    vectors = WordVectors(adapted, np.eye(4, k=-1)[:, :2])
    vectors.save(tmp_path / "words.safetensors")
    with raises(ValueError, "a tokenizer of your own, which is not in the file", "encoder=TextEncoder(tokenizer=...)"):
        WordVectors.load(tmp_path / "words.safetensors")
    encoder = TextEncoder(None, tokenizer=cut_at_bars)
    assert WordVectors.load(tmp_path / "words.safetensors", encoder=encoder) == vectors
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
        (
            lambda header: header["__metadata__"].update(version="3"),
            ("a newer version of this library, '0.1.0'", "'3', expected '2'"),
        ),
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


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda header: header["__metadata__"].update(digest="0" * 64), "words or settings"),
        (lambda header: header["__metadata__"].update(encoder="{}"), "words or settings"),
        (lambda header: header["__metadata__"].pop("digest"), "'digest'"),
        (lambda header: header["vectors"].update(shape=[3, 5]), "words or settings"),
    ],
    ids=range(4),
)
def test_what_the_digest_covers(path, change, part):
    path.write_bytes(edited(path.read_bytes(), change))
    for memory_map in (False, True):
        with raises(ValueError, "words.safetensors' is damaged: ", part):
            WordVectors.load(path, memory_map=memory_map)


def without_digest(header):
    header["__metadata__"].update(version="1")
    for name in ("digest", "digest_of_tables", "written_by"):
        del header["__metadata__"][name]


def test_files_of_version_1_are_read(vectors, path):
    path.write_bytes(edited(path.read_bytes(), without_digest))
    assert WordVectors.load(path) == vectors


def test_settings_that_are_unknown_here_are_named(path):
    def change(header):
        without_digest(header)
        header["__metadata__"]["written_by"] = "0.9"
        config = {**json.loads(header["__metadata__"]["encoder"]), "spelling": "british"}
        header["__metadata__"]["encoder"] = json.dumps(config)

    path.write_bytes(edited(path.read_bytes(), change))
    with raises(
        ValueError, "words.safetensors' has the setting 'spelling'", "Version '0.9' wrote it: install that one."
    ):
        WordVectors.load(path)


@pytest.mark.parametrize("name", ["vectors", "char_ngrams"])
def test_numbers_that_are_not_finite_are_refused(vectors, tmp_path, name):
    matrix, table = vectors.matrix.copy(), vectors.char_ngrams.table.copy()
    (matrix if name == "vectors" else table)[2, 1] = np.nan
    native_file.write(tmp_path / "words.safetensors", vectors.encoder, matrix, CharNgrams(table, (3, 4)))
    with raises(ValueError, f"its {name} hold numbers that are not finite"):
        WordVectors.load(tmp_path / "words.safetensors")


def test_no_cut_and_no_flipped_bit_goes_unseen(path):
    content = path.read_bytes()
    length = 8 + int.from_bytes(content[:8], "little")
    for end in {*range(len(content)), length}:
        path.write_bytes(content[:end])
        with pytest.raises(ValueError, match=r"words\.safetensors' is "):
            WordVectors.load(path)
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        with pytest.raises(ValueError, match=r"words\.safetensors' (is|was written by a newer)"):
            WordVectors.load(path)
        if place >= length:
            continue
        with pytest.raises(ValueError, match=r"words\.safetensors' (is|was written by a newer)"):
            WordVectors.load(path, memory_map=True)
