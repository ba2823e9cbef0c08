import json
import shutil

import h5py
import keras
import numpy as np
import pytest

from keras_transfer_sentiment import (
    NotFittedError,
    SkipGramPretrainer,
    TextEncoder,
    TransferSentimentClassifier,
    load_model,
)

from .contracts import raises, run_python, unchanged, weights_of

GOOD, BAD = ["good nice", "bad awful", "good"], ["bad awful", "good nice", "bad"]


def pretrainer_of(texts, dim=4, **options):
    model = SkipGramPretrainer(dim, encoder=TextEncoder(None, min_count=1), seed=0, **options)
    model.fit(texts * 5, epochs=2, verbose=0)
    return model


def classifier_of(texts, labels=(1, 0), **options):
    model = TransferSentimentClassifier(pretrainer_of(texts), seed_words=None, seed=0, **options)
    if labels is not None:
        model.fit(["good nice", "bad awful"], list(labels), epochs=5, verbose=0)
    return model


def without_origin(path, folder):
    """Returns the path of a copy of a file of weights as version 0.1 wrote it."""
    old = folder / "old.weights.h5"
    old.write_bytes(path.read_bytes()[:-72])
    with h5py.File(old, "a") as file:
        del file["vars/origin"]
    return old


# Weights of another model.


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_weights_of_the_same_words_in_another_order_are_refused(tmp_path, ending):
    model, other = classifier_of(GOOD), classifier_of(BAD)
    path = tmp_path / f"model{ending}"
    (model.save if ending == ".keras" else model.save_weights)(path)
    message = ("of 4 words, and this model has one of as many: word 1 is 'good' there and 'bad' here", "`load_weights`")
    with unchanged(other), raises(ValueError, *message, path.name, "`load_model`"):
        other.load_weights(path)
    same = classifier_of(GOOD, None)
    same.load_weights(path)
    np.testing.assert_array_equal(same.predict(GOOD), model.predict(GOOD))


def test_weights_of_other_classes_are_refused(tmp_path):
    path = tmp_path / "model.weights.h5"
    classifier_of(GOOD, ("yes", "no")).save_weights(path)
    other = classifier_of(GOOD, classes=[1, 0])
    with unchanged(other), raises(ValueError, "the classes ['no', 'yes'], and this model has [1, 0]"):
        other.load_weights(path)
    assert other.classes == [1, 0]


def test_a_classifier_takes_the_classes_of_weights(tmp_path):
    model = TransferSentimentClassifier(pretrainer_of(GOOD), seed_words=None, seed=0)
    model.fit(["good", "bad", "nice"], ["a", "b", "c"], epochs=5, verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = classifier_of(GOOD, None)
    fresh.load_weights(tmp_path / "model.weights.h5")
    assert fresh.classes == ["a", "b", "c"]
    np.testing.assert_array_equal(fresh.predict(GOOD), model.predict(GOOD))


@pytest.mark.parametrize("make", [lambda: pretrainer_of(GOOD, 8), lambda: classifier_of(GOOD)])
def test_weights_of_other_sizes_leave_the_model_as_it_was(tmp_path, make):
    wide = TransferSentimentClassifier(pretrainer_of(GOOD, 8), seed_words=None, seed=0)
    wide.fit(["good", "bad"], ["x", "y"], epochs=1, verbose=0)
    path = tmp_path / "model.weights.h5"
    (pretrainer_of(GOOD) if isinstance(make(), SkipGramPretrainer) else wide).save_weights(path)
    model = make()
    if isinstance(model, TransferSentimentClassifier):
        model = classifier_of(GOOD, None)
    classes = getattr(model, "classes", None)
    with unchanged(model), raises(ValueError, path.name, "cannot be loaded", "the same settings and sizes"):
        model.load_weights(path)
    assert getattr(model, "classes", None) == classes


def test_checkpoints_of_weights_are_checked_too(tmp_path):
    path = tmp_path / "best.weights.h5"
    model = classifier_of(GOOD, None)
    checkpoint = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    model.fit(["good nice", "bad awful"], [1, 0], epochs=3, verbose=0, callbacks=[checkpoint])
    with raises(ValueError, "word 1 is 'good' there and 'bad' here"):
        classifier_of(BAD).load_weights(path)
    fresh = classifier_of(GOOD, None)
    fresh.load_weights(path)
    np.testing.assert_array_equal(fresh.predict(GOOD), model.predict(GOOD))


# Files of weights.


def test_a_fresh_pretrainer_takes_the_vocabulary_of_weights(tmp_path):
    for options in ({}, {"char_ngrams": (3, 4), "ngram_buckets": 50}):
        model = pretrainer_of(GOOD, **options)
        model.save_weights(tmp_path / "words.weights.h5")
        fresh = SkipGramPretrainer(4, encoder=TextEncoder(None, min_count=1), seed=0, **options)
        fresh.load_weights(tmp_path / "words.weights.h5")
        np.testing.assert_array_equal(fresh.word_vectors.matrix, model.word_vectors.matrix)
        for each in (model, fresh):
            each.fit(BAD, epochs=1, verbose=0)
        np.testing.assert_array_equal(fresh.word_vectors.matrix, model.word_vectors.matrix)


def test_a_fresh_pretrainer_of_other_sizes_stays_fresh(tmp_path):
    pretrainer_of(GOOD).save_weights(tmp_path / "words.weights.h5")
    fresh = SkipGramPretrainer(8, encoder=TextEncoder(None, min_count=1), seed=0)
    with raises(ValueError, "words.weights.h5", "cannot be loaded"):
        fresh.load_weights(tmp_path / "words.weights.h5")
    assert not fresh.encoder.is_adapted
    fresh.fit(BAD, epochs=1, verbose=0)
    assert fresh.encoder.vocabulary[1] == "bad"


def test_weights_without_an_origin_are_loaded_with_a_warning(tmp_path):
    model = classifier_of(GOOD)
    model.save_weights(tmp_path / "model.weights.h5")
    old = without_origin(tmp_path / "model.weights.h5", tmp_path)
    fresh = classifier_of(GOOD, None)
    with pytest.warns(UserWarning, match="loaded unchecked, and give wrong answers if this model has other ones"):
        fresh.load_weights(old)
    np.testing.assert_array_equal(fresh.predict(GOOD), model.predict(GOOD))
    pretrainer_of(GOOD).save_weights(tmp_path / "words.weights.h5")
    old = without_origin(tmp_path / "words.weights.h5", tmp_path)
    with raises(NotFittedError, "old.weights.h5", "weights without their vocabulary", "`load_model`"):
        SkipGramPretrainer(4).load_weights(old)


def test_a_damaged_file_of_weights_leaves_the_model_as_it_was(tmp_path):
    model, path = classifier_of(GOOD), tmp_path / "model.weights.h5"
    model.save_weights(path)
    whole = path.read_bytes()
    middle = bytearray(whole)
    middle[len(whole) // 2] ^= 1
    for content in (bytes(middle), whole[:-1], whole[:-72], whole[:500], whole[1:], b"", whole + b"x"):
        path.write_bytes(content)
        with unchanged(model), raises(ValueError, "model.weights.h5", "cannot be loaded", "Copy or save it again."):
            model.load_weights(path)
    with pytest.raises(FileNotFoundError, match=r"absent\.weights\.h5"):
        model.load_weights(tmp_path / "absent.weights.h5")


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_weights_that_are_not_finite_are_refused(tmp_path, ending):
    model, path = classifier_of(GOOD), tmp_path / f"model{ending}"
    model.head.hidden.kernel.assign(np.full(model.head.hidden.kernel.shape, np.nan))
    (model.save if ending == ".keras" else model.save_weights)(path)
    other = classifier_of(GOOD)
    with unchanged(other), raises(ValueError, path.name, "are not finite", "lower the learning rate"):
        other.load_weights(path)
    if ending == ".keras":
        with raises(ValueError, path.name, "are not finite"):
            load_model(path)


def test_a_file_of_weights_is_whole_or_not_there(tmp_path):
    model, path = classifier_of(GOOD), tmp_path / "model.weights.h5"
    with raises(ValueError, "`save_weights` writes files whose names end in '.weights.h5'", "'model.h5'"):
        model.save_weights("model.h5")
    model.save_weights(path)
    with raises(FileExistsError, "There is a file", "`overwrite=True`"):
        model.save_weights(path, overwrite=False)
    with raises(NotFittedError, "`save_weights`", "no vocabulary yet"):
        SkipGramPretrainer(4).save_weights(tmp_path / "words.weights.h5")
    assert [file.name for file in tmp_path.iterdir()] == ["model.weights.h5"]


def test_sharded_weights_come_back(tmp_path):
    model, fresh = classifier_of(GOOD), classifier_of(GOOD, None)
    model.save_weights(tmp_path / "model.weights.json", max_shard_size=0.1)
    fresh.load_weights(tmp_path / "model.weights.json")
    np.testing.assert_array_equal(fresh.predict(GOOD), model.predict(GOOD))


# Clones and configs.


def test_a_clone_of_a_classifier_has_the_words_and_takes_the_weights(tmp_path):
    model = classifier_of(GOOD)
    clone = keras.models.clone_model(model)
    assert clone.encoder.vocabulary == model.encoder.vocabulary
    for call in (lambda: clone.predict(GOOD), lambda: clone.fit(GOOD, [1, 0, 1], verbose=0), lambda: clone.fit()):
        with raises(NotFittedError, "made from a config", "`clone.set_weights(model.get_weights())`"):
            call()
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(GOOD), model.predict(GOOD))
    fresh = classifier_of(GOOD, None)
    clone = keras.models.clone_model(fresh)
    clone.set_weights(fresh.get_weights())
    for each in (clone, fresh):
        each.fit(["good nice", "bad awful"], [1, 0], epochs=5, verbose=0)
    np.testing.assert_array_equal(clone.predict(GOOD), fresh.predict(GOOD))
    model.save_weights(tmp_path / "model.weights.h5")
    clone = keras.models.clone_model(model)
    clone.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(clone.predict(GOOD), model.predict(GOOD))


def test_a_clone_of_a_pretrainer_has_the_words_and_new_vectors():
    for options in ({}, {"char_ngrams": (3, 4), "ngram_buckets": 50}):
        model = pretrainer_of(GOOD, **options)
        clone = keras.models.clone_model(model)
        assert clone.encoder.vocabulary == model.encoder.vocabulary
        assert not np.array_equal(clone.word_vectors.matrix, model.word_vectors.matrix)
        clone.fit(GOOD * 5, epochs=2, verbose=0)
        np.testing.assert_array_equal(clone.word_vectors.matrix, model.word_vectors.matrix)
        clone = keras.models.clone_model(model)
        clone.set_weights(model.get_weights())
        np.testing.assert_array_equal(clone.predict(GOOD), model.predict(GOOD))


def test_a_config_makes_a_pretrainer_without_a_vocabulary():
    model = pretrainer_of(GOOD)
    fresh = SkipGramPretrainer.from_config(json.loads(json.dumps(model.get_config())))
    with raises(NotFittedError, "`predict`", "no vocabulary yet: call `fit(texts)`"):
        fresh.predict(GOOD)
    fresh.fit(GOOD * 5, epochs=2, verbose=0)
    np.testing.assert_array_equal(fresh.word_vectors.matrix, model.word_vectors.matrix)


def test_a_config_in_another_process_waits_for_the_weights(tmp_path):
    model = classifier_of(GOOD)
    model.save_weights(tmp_path / "model.weights.h5")
    code = (
        "import json, sys\n"
        "from keras_transfer_sentiment import TransferSentimentClassifier\n"
        "model = TransferSentimentClassifier.from_config(json.loads(sys.argv[1]))\n"
        "try:\n    model.predict(['good'])\nexcept ValueError as error:\n    print(error)\n"
        "model.load_weights(sys.argv[2])\n"
        "print(json.dumps(model.predict(['good', 'bad awful']).tolist()))"
    )
    lines = run_python(code, json.dumps(model.get_config()), tmp_path / "model.weights.h5").splitlines()
    assert "made from a config, which holds neither word vectors nor their words" in lines[0]
    np.testing.assert_allclose(json.loads(lines[1]), model.predict(["good", "bad awful"]), rtol=1e-6)


@keras.saving.register_keras_serializable("tests")
class Tempered(TransferSentimentClassifier):
    """A subclass with arguments of its own, as Keras's guide makes one."""

    def __init__(self, word_vectors, temperature=1.0, **kwargs):
        super().__init__(word_vectors, **kwargs)
        self.temperature = temperature

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature}


def test_subclasses_with_their_own_constructor(tmp_path):
    model = Tempered(pretrainer_of(GOOD), 2.5, seed_words=None, seed=0)
    model.fit(["good nice", "bad awful"], [1, 0], epochs=5, verbose=0)
    model.save(tmp_path / "model.keras")
    for load in (load_model, keras.models.load_model):
        loaded = load(tmp_path / "model.keras")
        assert type(loaded) is Tempered
        assert loaded.temperature == 2.5
        np.testing.assert_array_equal(loaded.predict(GOOD), model.predict(GOOD))
    clone = keras.models.clone_model(model)
    assert clone.temperature == 2.5


def test_settings_that_are_unknown_or_missing():
    config = classifier_of(GOOD).get_config()
    with raises(ValueError, "the setting 'more' is unknown to version", "a newer version may have others"):
        TransferSentimentClassifier.from_config({**config, "more": 1})
    with raises(ValueError, "it lacks 'head'"):
        TransferSentimentClassifier.from_config({name: value for name, value in config.items() if name != "head"})
    with raises(ValueError, "larger than the memory"):
        TransferSentimentClassifier.from_config({**config, "vocabulary_size": 2**31 - 1, "embedding_dim": 2**20})
    with raises(ValueError, "it lacks 'encoder'"):
        SkipGramPretrainer.from_config({"embedding_dim": 4})
    encoder = {**config["encoder"], "tokenizer": {"module": "keras.activations", "class_name": "function"}}
    with raises(ValueError, "of Keras, which cuts no texts"):
        TransferSentimentClassifier.from_config({**config, "encoder": encoder})


def test_the_compilation_is_kept_without_a_setting_of_its_own(tmp_path):
    model = classifier_of(GOOD, None)
    assert "is_default" not in model.get_compile_config()
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    loaded.fit(["good", "bad", "nice"], ["a", "b", "c"], epochs=1, verbose=0)  # compiled anew for three classes
    assert loaded.predict(GOOD).shape == (3, 3)
    assert weights_of(loaded).keys() == weights_of(load_model(tmp_path / "model.keras")).keys()


def test_weights_in_bfloat16_are_read_back(tmp_path):
    model = TransferSentimentClassifier(pretrainer_of(GOOD), seed_words=None, seed=0, dtype="bfloat16")
    model.fit(["good nice", "bad awful"], [1, 0], epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras").predict(GOOD), model.predict(GOOD))


def test_a_saved_file_may_be_moved_before_its_weights_are_loaded(tmp_path):
    model = classifier_of(GOOD)
    model.save_weights(tmp_path / "model.weights.h5")
    shutil.move(tmp_path / "model.weights.h5", tmp_path / "moved.weights.h5")
    fresh = classifier_of(GOOD, None)
    fresh.load_weights(tmp_path / "moved.weights.h5")
    np.testing.assert_array_equal(fresh.predict(GOOD), model.predict(GOOD))
