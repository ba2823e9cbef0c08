import errno
import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from keras_transfer_sentiment import (
    MeanPoolHead,
    SentimentHead,
    SkipGramPretrainer,
    TransferSentimentClassifier,
    load_model,
)

from .contracts import raises, run_python, weights_of

# A head in a module of its own, as a user would keep it, so that a new process can import it.
HEAD_MODULE = """
import keras
from keras import ops

from keras_transfer_sentiment import SentimentHead


@keras.saving.register_keras_serializable("tests")
class ScaledHead(SentimentHead):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale
        self.output_layer = keras.layers.Dense(1, activation="sigmoid")

    def pool(self, vectors, mask=None):
        return self.scale * ops.max(ops.where(mask[..., None], vectors, -1e9), axis=1)

    def classify(self, pooled, training=None):
        return self.output_layer(pooled)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}
"""

PREDICT = """
import json, sys
{imports}
texts = json.loads(sys.argv[1])
models = [load_model(path) for path in sys.argv[2:]]
print(json.dumps([[type(model).__name__, model.predict(texts).tolist()] for model in models]))
"""


@pytest.fixture(scope="module")
def scaled_head(tmp_path_factory):
    """The class `ScaledHead` and the folder of its module, `my_heads`."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "my_heads.py").write_text(HEAD_MODULE)
    names = {"__name__": "my_heads"}
    exec(HEAD_MODULE, names)
    return names["ScaledHead"], folder


def predict_elsewhere(paths, texts, imports):
    """Returns what a new process that loads the files gives: the class's name and its predictions, for each."""
    out = run_python(PREDICT.format(imports=imports), json.dumps(texts), *paths, flags=("-W", "error"))
    return [(kind, np.array(numbers, "float32")) for kind, numbers in json.loads(out)]


def layers_head(*layers):
    return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])


class PlainHead(SentimentHead):
    """A head that is not registered with Keras."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.output_layer = keras.layers.Dense(1, activation="sigmoid")

    def call(self, vectors, mask=None):
        return self.output_layer(ops.sum(vectors, axis=1))


# Whole files.


def test_classifier_round_trip(saved, classifier, corpus):
    loaded = load_model(saved / "classifier.keras")
    assert type(loaded) is TransferSentimentClassifier
    np.testing.assert_allclose(loaded.predict(corpus), classifier.predict(corpus), rtol=1e-5)
    assert loaded.encoder.vocabulary == classifier.encoder.vocabulary
    assert loaded.get_config() == classifier.get_config()
    before, after = weights_of(classifier), weights_of(loaded)
    assert before.keys() == after.keys()
    for path, value in before.items():
        np.testing.assert_array_equal(after[path], value, err_msg=path)


def test_a_loaded_classifier_trains_on_as_the_saved_one_would(untrained, comments, tmp_path):
    untrained.fit(comments.texts, comments.labels, epochs=3, verbose=0)
    untrained.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    before = loaded.predict(comments.test_texts)
    for model in (untrained, loaded):
        assert model.optimizer.iterations == 3
        model.fit(comments.texts, comments.labels, epochs=3, verbose=0)
    after = loaded.predict(comments.test_texts)
    np.testing.assert_allclose(after, untrained.predict(comments.test_texts), rtol=1e-4)
    assert np.abs(after - before).min() > 1e-3


def test_path_of_a_pretrainer_makes_a_classifier(saved, classifier, comments):
    for path in (saved / "pretrainer.keras", str(saved / "pretrainer.keras")):
        model = TransferSentimentClassifier(path, seed_words=None, seed=0)
        np.testing.assert_array_equal(np.array(model.embedding.embeddings), np.array(classifier.embedding.embeddings))
    model.fit(comments.texts, comments.labels, verbose=0)
    np.testing.assert_allclose(model.predict(comments.test_texts), classifier.predict(comments.test_texts), rtol=1e-5)


def test_settings_survive(pretrainer, tmp_path):
    words = {"positive": ["charming"], "negative": ["clumsy"]}
    head = MeanPoolHead(hidden_units=4, activation="relu", prior_precision=0.5)
    model = TransferSentimentClassifier(
        pretrainer, head, seed_words=words, trainable_embedding=True, seed=7, name="mine"
    )
    model.save(tmp_path / "mine.keras")
    loaded = load_model(tmp_path / "mine.keras")
    assert loaded.seed_words == words
    assert loaded.embedding.trainable
    assert (loaded.seed, loaded.name) == (7, "mine")
    assert (loaded.head.hidden_units, loaded.head.prior_precision) == (4, 0.5)
    loaded.head.prior_loss()
    loaded.fit(epochs=1, verbose=0)


def test_the_prior_stays_centred_on_the_start(saved, classifier):
    loaded = load_model(saved / "classifier.keras")
    assert float(classifier.head.prior_loss()) > 0.01
    np.testing.assert_allclose(float(loaded.head.prior_loss()), float(classifier.head.prior_loss()), rtol=1e-6)


def test_compilation_of_the_user_survives(untrained, comments, tmp_path):
    untrained.compile(keras.optimizers.SGD(0.5), loss="binary_focal_crossentropy", metrics=["auc"])
    untrained.fit(comments.texts, comments.labels, epochs=1, verbose=0)
    untrained.save(tmp_path / "mine.keras")
    loaded = load_model(tmp_path / "mine.keras")
    assert isinstance(loaded.optimizer, keras.optimizers.SGD)
    np.testing.assert_allclose(
        loaded.evaluate(comments.texts, comments.labels, verbose=0),
        untrained.evaluate(comments.texts, comments.labels, verbose=0),
        rtol=1e-6,
    )


HEADS = {
    "max": lambda: layers_head(keras.layers.GlobalMaxPooling1D()),
    "lstm": lambda: layers_head(keras.layers.LSTM(4)),
    "conv": lambda: layers_head(keras.layers.Conv1D(4, 3), keras.layers.GlobalMaxPooling1D()),
}


@pytest.mark.parametrize("name", HEADS)
def test_heads_of_keras_layers_round_trip(pretrainer, corpus, name, tmp_path):
    model = TransferSentimentClassifier(pretrainer, HEADS[name](), seed_words=None, seed=0)
    model.fit(corpus[:2], [0, 1], epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    for load in (load_model, keras.models.load_model):
        np.testing.assert_allclose(load(tmp_path / "model.keras").predict(corpus), model.predict(corpus), rtol=1e-5)


def test_unregistered_head_needs_custom_objects(pretrainer, corpus, tmp_path):
    model = TransferSentimentClassifier(pretrainer, PlainHead(), seed_words=None)
    model.fit(corpus[:2], [0, 1], epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras", custom_objects={"PlainHead": PlainHead})
    np.testing.assert_allclose(loaded.predict(corpus), model.predict(corpus), rtol=1e-5)


def test_loading_leaves_the_file_alone(saved, classifier, corpus):
    before = (saved / "classifier.keras").read_bytes()
    load_model(saved / "classifier.keras").predict(corpus)
    assert (saved / "classifier.keras").read_bytes() == before


def test_the_file_holds_the_vocabulary_as_text(saved, classifier):
    with zipfile.ZipFile(saved / "classifier.keras") as archive:
        names = archive.namelist()
        (assets,) = [name for name in names if name.endswith("vocabulary.json")]
        state = json.loads(archive.read(assets))
    assert state["words"] == classifier.encoder.vocabulary
    assert not [name for name in names if name.endswith((".pkl", ".pickle"))]


# In a new process.


def test_models_in_a_new_process(saved, pretrainer, classifier, comments, scaled_head, tmp_path):
    head, folder = scaled_head
    custom = TransferSentimentClassifier(pretrainer, head(scale=3.0), seed_words=None, seed=0)
    custom.fit(comments.texts, comments.labels, epochs=2, verbose=0)
    custom.save(tmp_path / "custom.keras")
    texts = [*comments.unlabelled, "unseen"]
    paths = [saved / "pretrainer.keras", saved / "classifier.keras", tmp_path / "custom.keras"]
    imports = f"sys.path.insert(0, {str(folder)!r})\nimport my_heads\nfrom keras_transfer_sentiment import load_model"

    found = predict_elsewhere(paths, texts, imports)

    for (kind, numbers), model in zip(found, (pretrainer, classifier, custom), strict=True):
        assert kind == type(model).__name__
        np.testing.assert_allclose(numbers, model.predict(texts), rtol=1e-5, atol=1e-7)
        assert np.ptp(numbers) > 1e-3


@pytest.mark.parametrize(
    "imports",
    [
        "import keras_transfer_sentiment\nfrom keras.models import load_model",
        "from keras.models import load_model\nimport keras_transfer_sentiment",
        "from keras.models import load_model\nfrom keras_transfer_sentiment import TransferSentimentClassifier",
    ],
    ids=["before keras", "after keras", "with the class"],
)
def test_keras_loads_in_a_new_process(saved, classifier, corpus, imports):
    ((kind, numbers),) = predict_elsewhere([saved / "classifier.keras"], corpus, imports)
    assert kind == "TransferSentimentClassifier"
    np.testing.assert_allclose(numbers, classifier.predict(corpus), rtol=1e-5)


# Files of version 0.1.

OLD = Path(__file__).parent / "files_of_0_1"
EXPECTED = json.loads((OLD / "predictions.json").read_text("utf-8"))


@pytest.mark.parametrize("name", EXPECTED["predictions"])
@pytest.mark.parametrize("load", [load_model, keras.models.load_model], ids=["ours", "keras"])
def test_files_of_version_0_1_are_read(name, load):
    model = load(OLD / f"{name}.keras")
    np.testing.assert_allclose(model.predict(EXPECTED["texts"]), EXPECTED["predictions"][name], atol=1e-6)


def test_a_pretrainer_of_version_0_1_trains_on(corpus):
    models = [load_model(OLD / "pretrainer.keras") for _ in range(2)]
    for model in models:
        model.fit(corpus, epochs=1, verbose=0)
    np.testing.assert_array_equal(models[0].word_vectors.matrix, models[1].word_vectors.matrix)
    unfitted = load_model(OLD / "pretrainer_unfitted.keras")
    unfitted.fit(corpus, epochs=1, verbose=0)
    assert unfitted.word_vectors.embedding_dim == 4


# Files that are no model of this library.


def damaged(folder, saved, how):
    """Returns the path of a file that is damaged in one way."""
    path = folder / "model.keras"
    whole = saved / "classifier.keras"
    if how == "missing":
        return path
    if how == "folder":
        path.mkdir()
    elif how == "truncated":
        path.write_bytes(whole.read_bytes()[:-500])
    elif how == "halved":
        path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    elif how == "front":
        path.write_bytes(whole.read_bytes()[1:])
    elif how == "directory":
        content = bytearray(whole.read_bytes())
        content[content.rindex(b"PK\x01\x02")] ^= 1
        path.write_bytes(content)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("not a model\n" * 25_000)
    elif how == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "no model")
    elif how == "damaged":
        content = bytearray(whole.read_bytes())
        with zipfile.ZipFile(whole) as archive:
            start = archive.getinfo("model.weights.h5").header_offset + 2000
        content[start : start + 50] = bytes(50)
        path.write_bytes(content)
    elif how == "plain model":
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]).save(path)
    elif how == "no vocabulary":
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
            for name in source.namelist():
                if not name.endswith("vocabulary.json"):
                    target.writestr(name, source.read(name))
    return path


SAVE_AGAIN = "Copy or save it again."
FILES = [
    ("missing", FileNotFoundError, ("No model file at", "`model.save('name.keras')`")),
    ("folder", FileNotFoundError, ("No model file at",)),
    ("truncated", ValueError, ("is no `.keras` file, or one cut short", SAVE_AGAIN)),
    ("halved", ValueError, ("is no `.keras` file, or one cut short", SAVE_AGAIN)),
    ("empty", ValueError, ("is no `.keras` file, or one cut short", SAVE_AGAIN)),
    ("front", ValueError, ("cannot be loaded", SAVE_AGAIN)),
    ("directory", ValueError, ("Bad magic number for central directory", SAVE_AGAIN)),
    ("text", ValueError, ("is no `.keras` file, or one cut short", SAVE_AGAIN)),
    ("zip", ValueError, ("lacks ['config.json', 'metadata.json', 'model.weights.h5']", SAVE_AGAIN)),
    ("damaged", ValueError, ("is damaged in 'model.weights.h5'", SAVE_AGAIN)),
    ("plain model", ValueError, ("holds a Sequential", "SkipGramPretrainer")),
    ("no vocabulary", ValueError, ("vocabulary",)),
]


@pytest.mark.parametrize("load", [load_model, TransferSentimentClassifier], ids=["load_model", "classifier"])
@pytest.mark.parametrize(("how", "kind", "parts"), FILES, ids=[row[0] for row in FILES])
def test_files_that_are_no_model(saved, tmp_path, how, kind, parts, load):
    path = damaged(tmp_path, saved, how)
    if how == "no vocabulary" and load is TransferSentimentClassifier:
        parts = ("model.keras",)  # it is no pretrainer either: which of the two is said does not matter
    with raises(kind, *parts):
        load(path)
    with raises(kind, *parts):
        load(str(path))


def test_a_classifier_is_no_pretrainer(saved):
    with raises(ValueError, "holds a TransferSentimentClassifier", "expects `WordVectors`, a `SkipGramPretrainer`"):
        TransferSentimentClassifier(saved / "classifier.keras")


def test_messages_stay_short_for_long_paths(tmp_path):
    with raises(FileNotFoundError, "No model file at"):
        load_model("x" * 10_000 + ".keras")
    with raises(FileNotFoundError, "No model file at"):
        load_model(tmp_path / "/".join(["folder"] * 100) / "model.keras")


@pytest.mark.parametrize("path", [None, 5, ["a.keras"]])
def test_what_is_no_path(path):
    with pytest.raises(TypeError, match="`path` must be a str or a path"):
        load_model(path)


def test_loading_does_not_need_the_folder_it_was_saved_in(saved, tmp_path, classifier, corpus):
    shutil.copy(saved / "classifier.keras", tmp_path / "moved.keras")
    np.testing.assert_allclose(
        load_model(tmp_path / "moved.keras").predict(corpus), classifier.predict(corpus), rtol=1e-5
    )


def test_saving_over_a_file_replaces_it(saved, tmp_path, corpus):
    path = tmp_path / "model.keras"
    shutil.copy(saved / "classifier.keras", path)
    pretrainer = SkipGramPretrainer(4, seed=0)
    pretrainer.adapt(corpus)
    pretrainer.save(path)
    assert type(load_model(path)) is SkipGramPretrainer


def test_a_save_that_fails_leaves_the_older_file(saved, tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    shutil.copy(saved / "classifier.keras", path)
    before = path.read_bytes()
    model = load_model(path)

    def fail(dir_path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(model, "save_assets", fail)
    checkpoint = keras.callbacks.ModelCheckpoint(path)
    checkpoint.set_model(model)
    for save in (lambda: model.save(path), lambda: checkpoint.on_epoch_end(0, {})):
        with raises(OSError, "No space left on device", str(path)):
            save()
        assert path.read_bytes() == before
        assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


def test_a_file_is_not_overwritten_where_that_is_asked_for(saved, tmp_path):
    model = load_model(saved / "pretrainer.keras")
    model.save(tmp_path / "model.keras", overwrite=False)
    with raises(FileExistsError, "There is a file", "model.keras", "`overwrite=True`"):
        model.save(tmp_path / "model.keras", overwrite=False)


# Files that were changed, of a newer version, or hostile: with digests that fit, or none.


def changed(folder, source, change, version="0.1.0"):
    """Returns the path of a copy of a file whose parts a function changes, with a table of contents that fits."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != "contents.json"}
    config = json.loads(parts["config.json"])
    change(config, parts)
    parts["config.json"] = json.dumps(config).encode()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    parts["contents.json"] = json.dumps({"version": version, "sha256": digests}).encode()
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return folder / "model.keras"


def edited_vocabulary(edit):
    def change(config, parts):
        state = json.loads(parts["assets/vocabulary.json"])
        edit(state["words"], state["counts"])
        parts["assets/vocabulary.json"] = json.dumps(state).encode()

    return change


def swap_words(words, counts):
    words[1], words[2] = words[2], words[1]


def drop_a_word(words, counts):
    del words[3], counts[3]


LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "registered_name": None}
SYSTEM = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
CHANGES = [
    (
        lambda config, parts: config["config"].update(vocabulary_size=10**10),
        ("declare a table of the shape (10000000000",),
    ),
    (lambda config, parts: config["config"].update(embedding_dim=10**9), ("declare a table of the shape",)),
    (
        lambda config, parts: config["config"]["head"]["config"].update(hidden_units=10**8),
        ("its head declares `'hidden_units'=100000000`, which its weights do not have",),
    ),
    (lambda config, parts: config["config"].update(later=1), ("the setting 'later' is unknown to version",)),
    (lambda config, parts: config["config"]["encoder"].pop("tokenizer"), ("it lacks 'tokenizer'",)),
    (lambda config, parts: config["config"]["encoder"].update(tokenizer=SYSTEM), ("it needs `system`",)),
    (
        lambda config, parts: config["config"].update(
            head={**LAMBDA, "config": keras.layers.Lambda(lambda x: x).get_config()}
        ),
        ("lambda",),
    ),
    (lambda config, parts: config["config"].update(classes=["x"] * 10**5), ("`classes` must differ from each other",)),
    (lambda config, parts: config["config"].update(classes=["bad", "good"]), ("the weights belong to the classes",)),
    (lambda config, parts: config["config"]["encoder"].update(stop_words=["warm"]), ("belong to `stop_words='auto'`",)),
    (edited_vocabulary(swap_words), ("its vocabulary is another than",)),
    (edited_vocabulary(drop_a_word), ("its vocabulary",)),
    (lambda config, parts: parts.update({"assets/vocabulary.json": b'{"words":'}), ("cannot be loaded",)),
    (lambda config, parts: parts.pop("assets/vocabulary.json"), ("it lacks its vocabulary",)),
    (lambda config, parts: config.update(class_name="Model", module="keras", registered_name=None), ("holds a Model",)),
    (lambda config, parts: config.update(class_name="Mine", module="m", registered_name="m>Mine"), ("needs `Mine`",)),
]


@pytest.mark.parametrize(("change", "parts"), CHANGES)
def test_changed_and_hostile_files(saved, tmp_path, change, parts):
    path = changed(tmp_path, saved / "classifier.keras", change)
    with raises(ValueError, "model.keras' cannot be loaded: ", *parts):
        load_model(path)
    with pytest.raises((ValueError, TypeError), match=r"\w"):  # in Keras's words, where it does not ask ours
        keras.models.load_model(path)


def test_a_file_of_another_version_says_so(saved, tmp_path):
    path = changed(tmp_path, saved / "classifier.keras", lambda config, parts: config["config"].update(later=1), "9.9")
    with raises(ValueError, "the setting 'later' is unknown", "Version '9.9' of this library wrote it, and this is"):
        load_model(path)
    path = changed(tmp_path, saved / "classifier.keras", lambda config, parts: None, "9.9")
    load_model(path)


@pytest.mark.parametrize("size", [(10**9, 4), (5, 10**9)])
def test_a_pretrainer_of_huge_tables(saved, tmp_path, size):
    def enlarge(config, parts):
        config["build_config"]["vocabulary_size"], config["config"]["embedding_dim"] = size

    path = changed(tmp_path, saved / "pretrainer.keras", enlarge)
    with raises(ValueError, "model.keras", "declare a table of the shape"):
        load_model(path)
    with pytest.raises(ValueError, match="settings declare tables of the shapes"):
        keras.models.load_model(path)


def test_ngrams_of_another_length_are_refused_at_loading(corpus, tmp_path):
    pretrainer = SkipGramPretrainer(4, char_ngrams=(3, 4), ngram_buckets=20, seed=0)
    pretrainer.fit(corpus, epochs=1, verbose=0)
    TransferSentimentClassifier(pretrainer, seed_words=None).save(tmp_path / "whole.keras")

    def shorten(config, parts):
        with np.load(io.BytesIO(parts["assets/ngrams.npz"])) as file:
            arrays = dict(file)
        buffer = io.BytesIO()
        np.savez(buffer, **{**arrays, "vectors": arrays["vectors"][:-1]})
        parts["assets/ngrams.npz"] = buffer.getvalue()

    with raises(ValueError, "model.keras", "n-grams are of another size than those of its words"):
        load_model(changed(tmp_path, tmp_path / "whole.keras", shorten))


def test_a_part_of_another_file_is_refused(saved, corpus, tmp_path):
    other = SkipGramPretrainer(16, seed=0)
    other.adapt(corpus[::-1])
    other.save(tmp_path / "other.keras")
    with zipfile.ZipFile(saved / "pretrainer.keras") as first, zipfile.ZipFile(tmp_path / "other.keras") as second:
        for part in ("config.json", "model.weights.h5", "assets/vocabulary.json"):
            with zipfile.ZipFile(tmp_path / "mixed.keras", "w") as mixed:
                for name in first.namelist():
                    mixed.writestr(name, (second if name == part else first).read(name))
            for load in (load_model, keras.models.load_model):
                with pytest.raises(ValueError, match=f"its part '{part}' was changed after the model was saved"):
                    load(tmp_path / "mixed.keras")
