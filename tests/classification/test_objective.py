import keras
import numpy as np
import pytest
from keras import ops

from keras_transfer_sentiment import SentimentHead
from keras_transfer_sentiment.classification.objective import SeedObjective, check_loss

from ..contracts import raises

SPARSE = "sparse_categorical_crossentropy"


class Head(SentimentHead):
    def prior_loss(self):
        return 6.0


class Model(SeedObjective, keras.Model):
    """A model that has no layers of its own: its loss is looked at."""

    def __init__(self, loss, seeded_classes=None):
        super().__init__()
        self.head, self.prior_share, self.seeded_classes = Head(), 0.5, seeded_classes
        self.compile(loss=loss, metrics=["accuracy"])


def loss_of(model, labels, probabilities, training, weights=None):
    y, y_pred = (ops.convert_to_tensor(values, "float32") for values in (labels, probabilities))
    return float(model.compute_loss(y=y, y_pred=y_pred, sample_weight=weights, training=training))


def test_the_prior_counts_in_training_alone():
    model = Model("binary_crossentropy")
    expected = -np.log([0.8, 0.6]).mean()
    np.testing.assert_allclose(loss_of(model, [[1], [0]], [[0.8], [0.4]], False), expected, rtol=1e-5)
    np.testing.assert_allclose(loss_of(model, [[1], [0]], [[0.8], [0.4]], True), expected + 3.0, rtol=1e-5)


def test_seed_words_leave_classes_without_any_out_of_account():
    model = Model(SPARSE, seeded_classes=(1.0, 0.0, 1.0))
    probabilities = [[0.2, 0.5, 0.3], [0.2, 0.5, 0.3], [0.2, 0.5, 0.3]]
    expected = -np.log([0.5, 0.3 / 0.5, 0.2 / 0.5])
    labels = [[1], [2 + 3], [0 + 3]]
    np.testing.assert_allclose(loss_of(model, labels, probabilities, False), expected.mean(), rtol=1e-5)
    weights = np.float32([1, 0, 2])
    np.testing.assert_allclose(
        loss_of(model, labels, probabilities, False, weights), (expected * weights).mean(), rtol=1e-5
    )


def test_metrics_know_seed_words_too():
    model = Model(SPARSE, seeded_classes=(1.0, 0.0, 1.0))
    labels, probabilities = np.float32([[1], [5], [3]]), np.float32([[0.2, 0.5, 0.3]] * 3)
    found = model.compute_metrics(None, ops.convert_to_tensor(labels), ops.convert_to_tensor(probabilities))
    np.testing.assert_allclose(float(found["accuracy"]), 2 / 3, rtol=1e-5)


def test_a_probability_of_0_gives_no_nan():
    model = Model(SPARSE, seeded_classes=(1.0, 0.0, 1.0))
    assert np.isfinite(loss_of(model, [[5]], [[0.0, 1.0, 0.0]], False))


@pytest.mark.parametrize(
    ("loss", "outputs", "right"),
    [
        (SPARSE, 1, "'binary_crossentropy'"),
        (keras.losses.SparseCategoricalCrossentropy(), 1, "'binary_crossentropy'"),
        ("binary_crossentropy", 3, f"'{SPARSE}'"),
        (keras.losses.BinaryFocalCrossentropy(), 3, f"'{SPARSE}'"),
        (keras.losses.binary_crossentropy, 3, f"'{SPARSE}'"),
        ("categorical_crossentropy", 3, f"'{SPARSE}'"),
    ],
)
def test_losses_that_do_not_fit(loss, outputs, right):
    with raises(ValueError, "does not fit", "Compile again", f"a loss that fits is {right}"):
        check_loss(loss, outputs)


@pytest.mark.parametrize(
    ("loss", "outputs"), [("binary_crossentropy", 1), (SPARSE, 3), ("mse", 3), (None, 1), (lambda y, p: p, 3)]
)
def test_losses_that_fit(loss, outputs):
    check_loss(loss, outputs)
