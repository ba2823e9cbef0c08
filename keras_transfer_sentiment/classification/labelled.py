"""Labelled texts on their way into training: examples, hold-out, batches, datasets taken apart."""

import itertools
from typing import NamedTuple

import keras
import numpy as np

from keras_transfer_sentiment.checks import check_number, short
from keras_transfer_sentiment.text.encoder import EncodedTexts
from keras_transfer_sentiment.text_model import dataset_batches

TIME_MULTIPLE = 16  # padded lengths are multiples of this: fewer shapes, and room for a convolution's kernel


class Examples(NamedTuple):
    """Labelled texts: labels float32 `(n, 1)`, weights float32 `(n,)`."""

    texts: EncodedTexts
    labels: np.ndarray
    weights: np.ndarray

    def take(self, rows):
        """Returns the examples at `rows`, an int array."""
        return Examples(self.texts.take(rows), self.labels[rows], self.weights[rows])

    def joined(self, other):
        """Returns these examples and those of `other` after them."""
        return Examples(
            EncodedTexts.concatenate([self.texts, other.texts]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.weights, other.weights]),
        )

    def split(self, share, seed):
        """Returns the examples to train on and those to hold out, `share` of each class, drawn at random.

        Raises:
            ValueError: nothing is held out, or a class is left without an example to train on.
        """
        rng = np.random.default_rng(seed)
        held_out = np.zeros(len(self.labels), bool)
        for polarity in (0, 1):
            rows = rng.permutation(np.flatnonzero(self.labels[:, 0] == polarity))
            held_out[rows[: round(len(rows) * share)]] = True
        if not held_out.any() or len(np.unique(self.labels[~held_out])) < 2:
            raise ValueError(
                f"`validation_split={share}` of {len(held_out)} texts leaves none to validate on, or none of a class "
                "to train on. Change it, or pass `validation_data`."
            )
        return self.take(np.flatnonzero(~held_out)), self.take(np.flatnonzero(held_out))


class PaddedBatches(keras.utils.PyDataset):
    """Batches of padded ids, of texts of similar length, in a new order each epoch."""

    def __init__(self, examples, batch_size, seed=None):
        super().__init__()
        self._examples, self._batch_size = examples, batch_size
        self._rng = np.random.default_rng(seed)
        self._shuffle = seed is not None
        self._order = np.arange(len(examples.texts))
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self._order) // self._batch_size)

    def __getitem__(self, index):
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        batch = self._examples.take(rows)
        return batch.texts.padded(TIME_MULTIPLE), batch.labels, batch.weights

    def on_epoch_end(self):
        """Draws a new order, as Keras asks after each epoch."""
        if not self._shuffle:
            return
        # Sorting by a blurred length keeps padding short and the batches different from epoch to epoch.
        blurred = self._examples.texts.lengths * self._rng.uniform(0.8, 1.25, len(self._order))
        order = np.argsort(blurred)
        batches = [order[i : i + self._batch_size] for i in range(0, len(order), self._batch_size)]
        last = batches.pop()  # the short one stays last, where `__getitem__` expects it
        self._rng.shuffle(batches)
        self._order = np.concatenate([*batches, last])


def class_weights(class_weight):
    """Returns the weights of class 0 and 1, float32 `(2,)`, from a dict or None.

    Raises:
        ValueError: something else, or weights below 0.
    """
    if class_weight is None:
        return np.ones(2, "float32")
    if not isinstance(class_weight, dict) or not set(class_weight) <= {0, 1}:
        raise ValueError(
            f"`class_weight` must be a dict from 0 and 1 to weights. Received {short(class_weight)}. "
            "Pass, for example, `{0: 1.0, 1: 2.0}`."
        )
    return np.array([check_number(class_weight.get(c, 1.0), f"class_weight[{c}]", 0.0) for c in (0, 1)], "float32")


def texts_of(dataset, caller):
    """Returns a dataset of texts alone, from one of texts or of `(texts, ...)`."""
    for batch in dataset_batches(dataset, caller):
        if isinstance(batch, tuple):
            return dataset.map(lambda x, *_: x)
        break
    return dataset


def unzip(dataset, caller):
    """Returns texts, labels and weights (or None) of a whole dataset of `(texts, labels)` with or without weights.

    Raises:
        ValueError: an empty dataset, or elements of another form.
    """
    columns = None
    for batch in dataset_batches(dataset, caller):
        if not isinstance(batch, tuple) or len(batch) not in (2, 3):
            raise ValueError(
                f"`{caller}` expects a Dataset of `(texts, labels)` or `(texts, labels, weights)`. Received elements "
                f"such as {short(batch)}. Zip the labels in: `tf.data.Dataset.from_tensor_slices((texts, labels))`."
            )
        columns = columns or [[] for _ in batch]
        for column, values in zip(columns, batch, strict=True):
            column.append(values)
    if columns is None:
        raise ValueError(f"`{caller}` received an empty Dataset. Pass at least one text.")
    texts, labels, *weights = columns
    joined = list(itertools.chain.from_iterable(texts)) if isinstance(texts[0], list) else np.concatenate(texts)
    return (joined, np.concatenate(labels), np.concatenate(weights[0]) if weights else None)
