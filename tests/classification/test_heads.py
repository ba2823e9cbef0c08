import keras
import numpy as np
import pytest
from keras import ops

from keras_transfer_sentiment import MeanPoolHead, SentimentHead
from keras_transfer_sentiment.classification.heads import build_head

from ..contracts import raises


@pytest.fixture
def words(rng):
    return rng.normal(size=(5, 6, 3)).astype("float32")


@pytest.fixture
def mask():
    return np.arange(6) < np.array([6, 3, 1, 1, 5])[:, None]


def numpy_head(head, words, mask):
    """What the default head computes, in NumPy."""
    mean = np.array([row[real].mean(axis=0) for row, real in zip(words, mask, strict=True)])
    unit = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
    (hidden, bias), (out, out_bias) = (head.hidden.get_weights(), head.probability.get_weights())
    return 1 / (1 + np.exp(-(np.tanh(unit @ hidden + bias) @ out + out_bias)))


def test_mean_pool_head_matches_numpy(words, mask, rng):
    head = MeanPoolHead(hidden_units=4)
    head(words, mask=mask)
    for weight in head.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    words[3] = 0.0
    result = ops.convert_to_numpy(head(words, mask=mask))
    np.testing.assert_allclose(result, numpy_head(head, words, mask), rtol=1e-5)
    assert result.shape == (5, 1)
    assert head.compute_output_shape((None, 6, 3)) == (None, 1)


def test_untrained_mean_pool_head_is_undecided(words, mask):
    np.testing.assert_allclose(ops.convert_to_numpy(MeanPoolHead()(words, mask=mask)), 0.5, atol=1e-6)


def test_mean_pool_head_ignores_padding(words, mask):
    head = MeanPoolHead(seed=1)
    head(words, mask=mask)
    head.probability.kernel.assign(np.ones(head.probability.kernel.shape))
    before = ops.convert_to_numpy(head(words, mask=mask))
    words[~mask] = 99.0
    np.testing.assert_array_equal(ops.convert_to_numpy(head(words, mask=mask)), before)


def test_mirror_start_has_two_halves_of_turned_signs(words):
    head = MeanPoolHead(hidden_units=6, seed=1)
    head(words)
    hidden, out = (ops.convert_to_numpy(layer.kernel) for layer in (head.hidden, head.probability))
    np.testing.assert_array_equal(hidden[:, :3], hidden[:, 3:])
    np.testing.assert_array_equal(out[:3], -out[3:])
    assert len(np.unique(hidden[:, :3])) == 9
    other = MeanPoolHead(hidden_units=6, seed=1)
    other(words)
    np.testing.assert_array_equal(ops.convert_to_numpy(other.hidden.kernel), hidden)


def test_prior_loss_is_the_distance_from_the_start(words, rng):
    head = MeanPoolHead(hidden_units=4, prior_precision=3.0)
    head(words)
    assert float(head.prior_loss()) == 0.0
    moves = [rng.normal(size=layer.kernel.shape).astype("float32") for layer in (head.hidden, head.probability)]
    for layer, move in zip((head.hidden, head.probability), moves, strict=True):
        layer.kernel.assign_add(move)
    head.probability.bias.assign([5.0])  # biases are free
    np.testing.assert_allclose(float(head.prior_loss()), 1.5 * sum((move**2).sum() for move in moves), rtol=1e-5)
    free = MeanPoolHead(prior_precision=0.0)
    free(words)
    free.hidden.kernel.assign_add(np.ones(free.hidden.kernel.shape))
    assert float(free.prior_loss()) == 0.0


def test_mean_pool_head_config_round_trip():
    config = MeanPoolHead(hidden_units=6, activation="relu", prior_precision=0.5, seed=3, name="mine").get_config()
    twin = MeanPoolHead.from_config(config)
    assert twin.get_config() == config
    assert (twin.hidden_units, twin.prior_precision, twin.seed, twin.name) == (6, 0.5, 3, "mine")
    assert twin.hidden.activation is keras.activations.relu


@pytest.mark.parametrize(
    ("options", "kind", "parts"),
    [
        ({"hidden_units": 3}, ValueError, ("`hidden_units` must be even", "Received 3")),
        ({"hidden_units": 0}, ValueError, ("`hidden_units` must be an integer, 2 or more",)),
        ({"hidden_units": "many"}, TypeError, ("`hidden_units` must be an integer", "'many' of type str")),
        ({"hidden_units": ["x" * 99] * 25_000}, TypeError, ("`hidden_units` must be an integer",)),
        ({"prior_precision": -1}, ValueError, ("`prior_precision` must be a number, between 0.0 and",)),
        ({"prior_precision": None}, TypeError, ("`prior_precision` must be a number",)),
    ],
)
def test_bad_arguments(options, kind, parts):
    with raises(kind, *parts):
        MeanPoolHead(**options)


def test_base_class_asks_for_its_methods(words):
    class Unfinished(SentimentHead):
        pass

    class WithoutClassify(SentimentHead):
        def pool(self, vectors, mask=None):
            return vectors[:, 0]

    for head in (Unfinished(), WithoutClassify()):
        with pytest.raises(NotImplementedError, match="must override `call`, or both `pool` and `classify`"):
            head(words)
        with raises(NotImplementedError, f"{type(head).__name__} must override `call`"):
            head.classify(words)


def test_base_class_has_no_prior_loss_and_drops_the_mask(words, mask):
    head = SentimentHead()
    assert head.prior_loss() == 0.0
    assert head.compute_mask(words, mask=mask) is None


def test_a_head_with_the_old_name_of_its_prior_is_refused():
    class OldHead(MeanPoolHead):
        def penalty(self):
            return 0.0

    class BothHead(OldHead):
        def prior_loss(self):
            return 0.0

    class OldBase(SentimentHead):
        def penalty(self):
            return 0.0

    with raises(TypeError, "`OldBase.penalty` is named `prior_loss` now", "Rename the method"):
        build_head(OldBase(), 1, 4)
    with raises(TypeError, "`OldHead.penalty` is named `prior_loss` now"):
        build_head(OldHead(), 1, 4)
    build_head(BothHead(), 1, 4)
