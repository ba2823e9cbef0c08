import numpy as np
import pytest
import tensorflow as tf

from keras_transfer_sentiment import EncodedTexts
from keras_transfer_sentiment.classification.labelled import (
    LENGTH_MULTIPLE,
    Examples,
    PaddedBatches,
    unzip,
)

from ..contracts import raises


def make_examples(rng, labels):
    labels = np.float32(labels)
    lengths = rng.integers(0, 40, len(labels))
    # The ids of text i are all i + 1: so a text can be told wherever it goes.
    ids = np.repeat(np.arange(1, len(labels) + 1, dtype="int32"), lengths)
    texts = EncodedTexts(ids, np.r_[0, np.cumsum(lengths)], np.arange(len(labels), dtype="int32"))
    return Examples(texts, labels[:, None], np.arange(len(labels), dtype="float32"))


def numbers(examples):
    """Returns which of the original texts these are, by their count of unknown words."""
    return examples.texts.unknown.tolist()


def test_take_and_joined_keep_texts_labels_and_weights_together(rng):
    examples = make_examples(rng, [0, 1, 1, 0])
    joined = examples.take([2, 0]).joined(examples.take([3]))
    assert numbers(joined) == [2, 0, 3]
    assert joined.labels.tolist() == [[1.0], [0.0], [0.0]]
    assert joined.weights.tolist() == [2.0, 0.0, 3.0]
    assert set(joined.texts.ids.tolist()) <= {3, 1, 4}


def test_split_of_sorted_labels_is_stratified_and_shuffled(rng):
    examples = make_examples(rng, [0] * 60 + [1] * 40)
    rest, held_out = examples.split(0.2, seed=1)
    assert len(held_out.labels) == 20
    assert held_out.labels.sum() == 8
    assert rest.labels.sum() == 32
    assert sorted(numbers(rest) + numbers(held_out)) == list(range(100))
    assert numbers(held_out) != [*range(12), *range(60, 68)]
    assert numbers(held_out) != [*range(48, 60), *range(92, 100)]
    np.testing.assert_array_equal(held_out.labels[:, 0], np.array(numbers(held_out)) >= 60)
    np.testing.assert_array_equal(held_out.weights, numbers(held_out))


def test_split_follows_the_seed(rng):
    examples = make_examples(rng, [0] * 20 + [1] * 20)
    assert numbers(examples.split(0.25, 1)[1]) == numbers(examples.split(0.25, 1)[1])
    assert numbers(examples.split(0.25, 1)[1]) != numbers(examples.split(0.25, 2)[1])


@pytest.mark.parametrize(
    ("labels", "share"), [([0, 0, 0, 1, 1, 1], 0.05), ([0, 0, 0, 0, 1], 0.9), ([0] * 10 + [1], 0.5 + 0.1)]
)
def test_split_that_leaves_nothing(rng, labels, share):
    with raises(ValueError, f"`validation_split={share}` of {len(labels)} texts leaves none", "`validation_data`"):
        make_examples(rng, labels).split(share, seed=1)


def test_padded_batches_hold_every_example_once_and_shuffle(rng):
    examples = make_examples(rng, [0, 1] * 25 + [1])
    batches = PaddedBatches(examples, 8, seed=3)
    orders = []
    for _ in range(2):
        assert len(batches) == 7
        order = []
        for index in range(len(batches)):
            ids, labels, weights = batches[index]
            assert ids.shape[1] % LENGTH_MULTIPLE == 0
            assert len(ids) == len(labels) == len(weights) <= 8
            rows = weights.astype(int)
            np.testing.assert_array_equal(labels, examples.labels[rows])
            np.testing.assert_array_equal((ids > 0).sum(1), examples.texts.lengths[rows])
            np.testing.assert_array_equal(ids.max(1), np.where(examples.texts.lengths[rows], rows + 1, 0))
            order += rows.tolist()
        assert sorted(order) == list(range(51))
        orders.append(order)
        batches.on_epoch_end()
    assert orders[0] != orders[1]


def test_padded_batches_without_seed_keep_the_order(rng):
    batches = PaddedBatches(make_examples(rng, [0, 1] * 5), 4)
    batches.on_epoch_end()
    order = np.concatenate([batches[index][2] for index in range(len(batches))])
    assert order.tolist() == list(range(10))


def test_padded_batches_of_similar_length(rng):
    examples = make_examples(rng, rng.integers(0, 2, 640))
    padded = sum(batch.size for batch, _, _ in map(PaddedBatches(examples, 32, seed=0).__getitem__, range(20)))
    unsorted = sum(batch.size for batch, _, _ in map(PaddedBatches(examples, 32).__getitem__, range(20)))
    assert padded < 0.8 * unsorted


def dataset(*columns):
    return tf.data.Dataset.from_tensor_slices(columns if len(columns) > 1 else columns[0])


@pytest.mark.parametrize("batch", [None, 2, 5])
def test_unzip_datasets_batched_or_not(batch):
    data = dataset(["good", "bad", "caf\u00e9"], [1, 0, 1], [1.0, 2.0, 3.0])
    texts, labels, weights = unzip(data.batch(batch) if batch else data, "fit")
    assert texts == ["good", "bad", "caf\u00e9"]
    assert labels.tolist() == [1, 0, 1]
    assert weights.tolist() == [1.0, 2.0, 3.0]
    texts, labels, weights = unzip(dataset(["good", "bad"], [1, 0]), "fit")
    assert weights is None


def test_unzip_a_dataset_of_ids():
    texts, labels, _ = unzip(dataset(np.int32([[1, 0], [2, 3]]), [1, 0]).batch(1), "fit")
    assert texts.tolist() == [[1, 0], [2, 3]]
    assert labels.tolist() == [1, 0]


def test_unzip_refuses():
    with raises(ValueError, "`fit` expects a Dataset of `(texts, labels)`", "Zip the labels in"):
        unzip(dataset(["good"] * 9), "fit")
    with raises(ValueError, "`fit` expects a Dataset of `(texts, labels)`"):
        unzip(dataset(["good"], [1], [1.0], [2.0]).batch(1), "fit")
    with raises(ValueError, "`fit` received an empty Dataset"):
        unzip(dataset(["good"], [1]).take(0), "fit")
    with raises(ValueError, "repeats without end", ".take(n)"):
        unzip(dataset(["good"], [1]).repeat(), "fit")
