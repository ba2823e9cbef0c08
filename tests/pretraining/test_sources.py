import gzip
import json

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder, TextFiles
from keras_transfer_sentiment.pretraining.sources import open_source

from ..contracts import raises, unchanged


def encoded(x, **options):
    encoder = TextEncoder()
    with open_source(x, "fit", options.get("cache_dir")) as source:
        corpus = source.encode(encoder, options.get("grow", False), options.get("verbose", 0))
        return encoder, np.array(corpus.ids), np.array(corpus.offsets)


@pytest.fixture
def files(tmp_path, corpus):
    (tmp_path / "a.txt").write_text("\n".join(corpus[:30]) + "\n", "utf-8")
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as file:
        for text in corpus[30:]:
            file.write(json.dumps({"id": 1, "text": text}) + "\n")
    return [tmp_path / "a.txt", tmp_path / "b.jsonl.gz"]


KINDS = {
    "list": lambda corpus, files: corpus,
    "array": lambda corpus, files: np.array(corpus),
    "TextFiles": lambda corpus, files: TextFiles(files),
    "paths": lambda corpus, files: files,
    "generator": lambda corpus, files: (text for text in corpus),
    "callable": lambda corpus, files: lambda: iter(corpus),
    "callable of a list": lambda corpus, files: lambda: corpus,
    "dataset": lambda corpus, files: tf.data.Dataset.from_tensor_slices(corpus).batch(7),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_source_gives_the_same_corpus(corpus, files, kind):
    encoder, ids, offsets = encoded(KINDS[kind](corpus, files))
    reference = TextEncoder()
    expected = reference.adapt_and_encode(corpus)
    np.testing.assert_array_equal(ids, expected.ids)
    np.testing.assert_array_equal(offsets, expected.offsets)
    assert encoder.vocabulary == reference.vocabulary


def test_a_path_alone(tmp_path):
    (tmp_path / "a.txt").write_text("good film\nbad film\n")
    assert encoded(tmp_path / "a.txt")[0].vocabulary == ["", "film", "good", "bad"]


def test_a_stream_leaves_no_file_behind(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    encoded(iter(corpus))
    with pytest.raises(ZeroDivisionError):
        encoded(1 / 0 if i == 5 else "text" for i in range(9))
    assert not list(tmp_path.iterdir())


def test_reading_shows_a_bar(corpus, capsys):
    encoded(iter(corpus), verbose=1)
    assert f"{len(corpus)} texts" in capsys.readouterr().out
    encoded(iter(corpus), verbose=0)
    assert capsys.readouterr().out == ""


def test_a_cache_is_bound_to_its_files(files, tmp_path):
    folder = tmp_path / "cache"
    encoded(TextFiles(files), cache_dir=folder)
    encoded(TextFiles(files), cache_dir=folder)
    with files[0].open("a") as file:
        file.write("one more\n")
    with raises(ValueError, "was made of other texts"):
        encoded(TextFiles(files), cache_dir=folder)


@pytest.mark.parametrize(
    ("x", "kind", "parts"),
    [
        (5, TypeError, ("`fit` expects texts", "Received 5 of type int")),
        ("one text", TypeError, ("Wrap it in a list",)),
        (lambda: 5, TypeError, ("`fit` expects texts", "int")),
        (lambda: "one text", TypeError, ("Wrap it in a list",)),
        (iter([]), ValueError, ("empty",)),
        (iter(["text", 5]), TypeError, ("5",)),
        (iter(["", ""]), ValueError, ("No word can enter the vocabulary: there is no word in the texts",)),
    ],
)
def test_refuses(x, kind, parts):
    with raises(kind, *parts):
        encoded(x)


def test_a_cache_is_bound_to_its_texts(corpus, tmp_path):
    for x, other in ((corpus, corpus[:-1]), (lambda: iter(corpus), lambda: iter(corpus[1:]))):
        folder = tmp_path / type(x).__name__
        encoded(x, cache_dir=folder)
        encoded(x, cache_dir=folder)
        with raises(ValueError, "was made of other texts"):
            encoded(other, cache_dir=folder)


def test_the_name_of_a_file_is_not_a_text(files, monkeypatch):
    monkeypatch.chdir(files[0].parent)
    for x in ("a.txt", ["a.txt"], [str(file) for file in files]):
        with raises(TypeError, "Received the name of a file", "TextFiles("):
            encoded(x)
    assert encoded(["a.txt", "text"])[0].vocabulary  # one of two may be a text
    for x in ("no.txt", "*.jsonl.gz"):
        with raises(TypeError, "what looks like the name of a file", f"TextFiles({x!r})", "No file is called that"):
            encoded(x)


def test_a_dict_is_no_text():
    with raises(TypeError, "of type dict", "`x['text']`"):
        encoded({"text": ["good film"]})


@pytest.mark.parametrize("x", [{"text": ["good film"]}, pd.DataFrame({"text": ["good film"], "label": [1]})])
def test_a_table_is_no_text(x):
    for use in (encoded, SkipGramPretrainer(4).adapt, TextEncoder().adapt, TextEncoder().grow, TextEncoder().count):
        with raises(TypeError if isinstance(x, dict) else ValueError, "expects", "['text']"):
            use(x)


def test_adapt_names_itself():
    with raises(ValueError, "`adapt` received no texts: `texts` is empty"):
        SkipGramPretrainer(4).adapt(iter([]))


def test_the_vocabulary_of_a_stream_is_that_of_a_list(corpus):
    of_list, of_stream = SkipGramPretrainer(4), SkipGramPretrainer(4)
    of_list.adapt(corpus)
    of_stream.adapt(iter(corpus))
    assert of_stream.encoder.vocabulary == of_list.encoder.vocabulary


def test_a_bad_cache_dir(corpus, files):
    with raises(TypeError, "`cache_dir` must be the path of a folder. Received 5"):
        encoded(corpus, cache_dir=5)
    with raises(ValueError, "`cache_dir` must be a folder", "File exists"):
        encoded(corpus, cache_dir=files[0])


def test_an_empty_file_is_an_empty_corpus(tmp_path):
    (tmp_path / "a.txt").write_text("\n\n")
    with raises(ValueError, "empty"):
        encoded(TextFiles(tmp_path / "a.txt"))


def test_a_min_count_that_empties_the_vocabulary(tmp_path, corpus):
    encoder = TextEncoder(min_count=10_000)
    with open_source(iter(corpus), "fit") as source, raises(ValueError, "fewer than 10000 times", "lower `min_count`"):
        source.encode(encoder)
    assert not encoder.is_adapted


def test_a_broken_line_names_the_file_and_changes_nothing(tmp_path, pretrainer):
    (tmp_path / "a.txt").write_bytes(b"fine\n" * 16 + b"caf\xe9\n")
    (tmp_path / "fresh.txt").write_bytes(b"fine\n" * 200_000 + b"caf\xe9\n")
    with raises(ValueError, "a.txt", "line 17", "0xe9"):
        SkipGramPretrainer(4).fit(tmp_path / "a.txt", verbose=0)
    with unchanged(pretrainer), raises(ValueError, "fresh.txt", "line 200001"):
        pretrainer.fit(tmp_path / "fresh.txt", verbose=0, grow_vocabulary=True)
