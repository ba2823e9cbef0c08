"""Settings that hold for all of Keras or TensorFlow: with each, both models are trained, used, saved and loaded."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier, load_model

from .contracts import raises, run_python

EPOCHS = 10


@contextlib.contextmanager
def policy(name):
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


@contextlib.contextmanager
def switched(on, off):
    on()
    try:
        yield
    finally:
        off()


@contextlib.contextmanager
def floatx(name):
    with switched(lambda: keras.config.set_floatx(name), lambda: keras.config.set_floatx("float32")):
        yield


def image_format(name):
    return switched(
        lambda: keras.config.set_image_data_format(name), lambda: keras.config.set_image_data_format("channels_last")
    )


SETTINGS = {
    **{name: lambda name=name: policy(name) for name in ("mixed_float16", "mixed_bfloat16", "float64")},
    **{f"floatx {name}": lambda name=name: floatx(name) for name in ("float16", "bfloat16", "float64")},
    "channels first": lambda: image_format("channels_first"),
    "functions run eagerly": lambda: switched(
        lambda: tf.config.run_functions_eagerly(True), lambda: tf.config.run_functions_eagerly(False)
    ),
    "whole tracebacks": lambda: switched(
        keras.config.disable_traceback_filtering, keras.config.enable_traceback_filtering
    ),
    "no interactive logging": lambda: switched(
        keras.config.disable_interactive_logging, keras.config.enable_interactive_logging
    ),
    "epsilon": lambda: switched(lambda: keras.config.set_epsilon(1e-4), lambda: keras.config.set_epsilon(1e-7)),
    "checked numbers": lambda: switched(tf.debugging.enable_check_numerics, tf.debugging.disable_check_numerics),
    "XLA for graphs": lambda: switched(
        lambda: tf.config.optimizer.set_jit("autoclustering"), lambda: tf.config.optimizer.set_jit("")
    ),
}


@pytest.fixture(scope="module")
def plain(pretrainer, comments):
    """A classifier that was trained without any of the settings."""
    model = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
    model.fit(comments.texts, comments.labels, epochs=EPOCHS, verbose=0)
    return model


@pytest.mark.filterwarnings("ignore:Even though the `tf.config.experimental_run_functions_eagerly`")
@pytest.mark.parametrize("setting", SETTINGS)
def test_both_models_work(setting, pretrainer, classifier, plain, comments, corpus, saved, tmp_path):
    texts, labels = comments.texts, comments.labels
    with SETTINGS[setting]():
        vectors = SkipGramPretrainer(16, seed=0)
        vectors.fit(corpus, verbose=0)
        vectors.save(tmp_path / "vectors.keras")
        loaded = load_model(tmp_path / "vectors.keras")
        for model in (vectors, loaded):
            np.testing.assert_array_equal(model.word_vectors.matrix, pretrainer.word_vectors.matrix)
            np.testing.assert_array_equal(model.predict(texts), pretrainer.predict(texts))
            np.testing.assert_allclose(model(model.encode(texts).padded()), pretrainer.predict(texts), atol=1e-6)

        model = TransferSentimentClassifier(vectors, seed_words=None, seed=0)
        model.fit(texts, labels, epochs=EPOCHS, verbose=0)
        probabilities = model.predict(texts)
        np.testing.assert_allclose(probabilities, plain.predict(texts), atol=0.01)
        figures = list(map(float, model.evaluate(texts, labels, verbose=0)))
        np.testing.assert_allclose(figures, plain.evaluate(texts, labels, verbose=0), atol=0.02)
        np.testing.assert_allclose(model.predict_on_batch(texts), probabilities, atol=0.01)
        model.save(tmp_path / "model.keras")
        np.testing.assert_allclose(load_model(tmp_path / "model.keras").predict(texts), probabilities, atol=1e-6)
        earlier = load_model(saved / "classifier.keras")  # which was saved without the setting
        np.testing.assert_allclose(earlier.predict(texts), classifier.predict(texts), atol=1e-6)

        whole = TransferSentimentClassifier(vectors, seed_words=None, seed=0, trainable_embedding=True)
        whole.fit(texts, labels, epochs=1, verbose=0)
        assert np.isfinite(whole.predict(texts)).all()


@pytest.mark.parametrize(
    ("options", "trainable"),
    [
        ({"run_eagerly": True}, False),
        ({"run_eagerly": True}, True),
        ({"jit_compile": True}, False),
        ({"jit_compile": True}, True),
        ({"steps_per_execution": 3}, False),
        ({"auto_scale_loss": True}, False),
    ],
)
def test_options_of_compile(options, trainable, pretrainer, comments, tmp_path):
    def fitted(**options):
        model = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0, trainable_embedding=trainable)
        model.compile(keras.optimizers.Adam(0.03), loss="binary_crossentropy", metrics=["accuracy"], **options)
        model.fit(comments.texts, comments.labels, epochs=5, verbose=0)
        return model

    model, plain = fitted(**options), fitted()
    np.testing.assert_allclose(model.predict(comments.texts), plain.predict(comments.texts), atol=1e-3)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(comments.texts), model.predict(comments.texts), atol=1e-6)
    loaded.fit(comments.texts, comments.labels, epochs=1, verbose=0)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_half_precision_throughout_predicts_and_is_not_trained(name, pretrainer, classifier, comments, tmp_path):
    with policy(name):
        model = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
        with raises(ValueError, f"`fit` cannot train weights of the precision '{name}'", f"`dtype='mixed_{name}'`"):
            model.fit(comments.texts, comments.labels)
        with raises(ValueError, "`train_on_batch` cannot train weights"):
            model.train_on_batch(comments.texts, comments.labels)
        assert model.classes is None
        model.set_weights([weight.astype(name) for weight in classifier.get_weights()])
        assert np.isfinite(model.predict(["no known one"])).all()
        np.testing.assert_allclose(model.predict(comments.texts), classifier.predict(comments.texts), atol=0.05)
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(loaded.predict(comments.texts), model.predict(comments.texts))
        vectors = SkipGramPretrainer(16, seed=0)
        vectors.fit(comments.unlabelled, epochs=1, verbose=0)
        assert vectors(np.array([[1, 2]])).dtype == "float32"
    advised = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0, dtype=f"mixed_{name}")
    advised.fit(comments.texts, comments.labels, verbose=0)
    np.testing.assert_allclose(advised.predict(comments.texts), classifier.predict(comments.texts), atol=0.01)


@pytest.mark.parametrize("name", ["int8_from_float32", "float8_from_float32"])
def test_policies_that_quantize_are_refused(name, pretrainer):
    for make in (
        lambda: TransferSentimentClassifier(pretrainer, dtype=keras.dtype_policies.get(name)),
        lambda: TransferSentimentClassifier(pretrainer, dtype=name),
    ):
        with raises(ValueError, "`dtype` must be a floating-point policy", f"'{name}', which quantizes"):
            make()
    with policy(name):
        assert pretrainer(np.array([[1, 2]])).shape == (1, 16)


# Settings that Keras and TensorFlow cannot take back.

_FOR_GOOD = """
import sys
import keras
import numpy as np
import tensorflow as tf
from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier, demo, load_model

folder, setting = sys.argv[1:]
exec(setting)
comments = demo.film_comments()
vectors = SkipGramPretrainer(16, seed=0)
vectors.fit([*comments.unlabelled, *comments.texts], verbose=0)
model = TransferSentimentClassifier(vectors, seed_words=None, seed=0)
model.fit(comments.texts, comments.labels, verbose=0)
model.save(folder + "/model.keras")
vectors.save(folder + "/vectors.keras")
assert (load_model(folder + "/model.keras").predict(comments.texts) == model.predict(comments.texts)).all()
assert (load_model(folder + "/vectors.keras").predict(comments.texts) == vectors.predict(comments.texts)).all()
"""


@pytest.mark.parametrize(
    "setting",
    [
        "keras.utils.set_random_seed(0); tf.config.experimental.enable_op_determinism()",
        "tf.config.threading.set_intra_op_parallelism_threads(1); keras.utils.clear_session(); "
        "keras.config.enable_unsafe_deserialization(); tf.experimental.numpy.experimental_enable_numpy_behavior(); "
        "tf.data.experimental.enable_debug_mode()",
    ],
)
def test_settings_for_good(setting, pretrainer, classifier, comments, tmp_path):
    run_python(_FOR_GOOD, tmp_path, setting, flags=("-W", "ignore"))
    vectors, model = load_model(tmp_path / "vectors.keras"), load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(vectors.word_vectors.matrix, pretrainer.word_vectors.matrix)
    np.testing.assert_allclose(model.predict(comments.texts), classifier.predict(comments.texts), atol=1e-3)
