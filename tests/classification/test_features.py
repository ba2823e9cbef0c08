import numpy as np
import pytest

from keras_transfer_sentiment import EncodedTexts
from keras_transfer_sentiment.classification.features import Plan, compute_by_length, plan_training


@pytest.mark.parametrize("batch_size", [None, 1, 7])
def test_by_length_keeps_the_order(rng, batch_size):
    lengths = np.r_[rng.integers(0, 90, 500), 20_000]  # the last one is a batch by itself
    ids = rng.integers(1, 99, lengths.sum()).astype("int32")
    texts = EncodedTexts(ids, np.r_[0, np.cumsum(lengths)], np.zeros(501, "int32"))
    sizes = []

    def total(padded):
        sizes.append(padded.shape)
        return padded.sum(axis=1, keepdims=True).astype("float64")

    found = compute_by_length(texts, total, batch_size)
    expected = [part.sum() for part in np.split(ids, texts.offsets[1:-1])]
    assert found[:, 0].tolist() == expected
    assert all(rows * columns <= 16_384 + 15 * rows for rows, columns in sizes[:-1])
    assert batch_size is None or max(rows for rows, _ in sizes) <= batch_size


@pytest.mark.parametrize(
    ("count", "batch_size", "epochs", "initial_epoch", "expected"),
    [
        (8, None, None, 0, Plan(8, 10, 30)),
        (8, None, None, 5, Plan(8, 15, 30)),
        (100, None, None, 0, Plan(100, 10, 30)),
        (101, None, None, 0, Plan(100, 150, None)),
        (8, None, 5, 0, Plan(32, 5, None)),
        (8, 4, None, 0, Plan(4, 150, None)),
        (99_999, 4, None, 2, Plan(4, 5, None)),
        (8, 4, 7, 2, Plan(4, 7, None)),
    ],
)
def test_plan_of_a_training(count, batch_size, epochs, initial_epoch, expected):
    assert plan_training(count, batch_size, epochs, initial_epoch, full_batch=100) == expected
