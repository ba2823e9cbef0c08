import keras
import numpy as np
from keras import ops

from keras_transfer_sentiment import MaskedMeanPooling


def numpy_mean(words, lengths):
    return np.array([row[:n].mean(axis=0) if n else 0 * row[0] for row, n in zip(words, lengths, strict=True)])


def test_masked_mean_matches_numpy(rng):
    words = rng.normal(size=(5, 6, 3)).astype("float32")
    lengths = np.array([6, 3, 1, 0, 5])
    mask = np.arange(6) < lengths[:, None]

    pooled = ops.convert_to_numpy(MaskedMeanPooling()(words, mask=mask))

    np.testing.assert_allclose(pooled, numpy_mean(words, lengths), rtol=1e-5, atol=1e-6)
    assert pooled.dtype == np.float32
    assert not pooled[3].any()


def test_masked_mean_takes_gaps(rng):
    words = rng.normal(size=(1, 4, 2)).astype("float32")
    pooled = ops.convert_to_numpy(MaskedMeanPooling()(words, mask=np.array([[True, False, False, True]])))
    np.testing.assert_allclose(pooled[0], (words[0, 0] + words[0, 3]) / 2, rtol=1e-5)


def test_masked_mean_without_mask_is_the_mean(rng):
    words = rng.normal(size=(2, 6, 3)).astype("float32")
    np.testing.assert_allclose(ops.convert_to_numpy(MaskedMeanPooling()(words)), words.mean(1), rtol=1e-5, atol=1e-6)


def test_masked_mean_takes_the_mask_of_an_embedding():
    embedding = keras.layers.Embedding(5, 3, mask_zero=True)
    words = embedding(np.array([[1, 2, 0], [0, 0, 0]]))
    pooled = MaskedMeanPooling()(words)
    expected = ops.convert_to_numpy(words)[0, :2].mean(0)
    np.testing.assert_allclose(ops.convert_to_numpy(pooled), [expected, np.zeros(3)], rtol=1e-5, atol=1e-7)
    assert getattr(pooled, "_keras_mask", None) is None


def test_masked_mean_of_padding_has_a_finite_gradient(rng):
    import tensorflow as tf

    words = tf.Variable(rng.normal(size=(2, 3, 2)).astype("float32"))
    mask = np.array([[True, True, False], [False, False, False]])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(MaskedMeanPooling()(words, mask=mask))
    gradient = tape.gradient(total, words).numpy()
    np.testing.assert_allclose(gradient, np.repeat(mask[..., None] * 0.5, 2, -1), atol=1e-7)


def test_output_shape_and_config():
    assert MaskedMeanPooling().compute_output_shape((None, 7, 3)) == (None, 3)
    made = MaskedMeanPooling.from_config(MaskedMeanPooling(name="mine").get_config())
    assert made.name == "mine"
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made)).name == "mine"
