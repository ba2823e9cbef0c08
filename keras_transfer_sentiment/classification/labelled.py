"""Labelled texts on their way into training: examples, hold-out, batches, datasets taken apart."""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_transfer_sentiment.checks import check_weights, short, warn_caller
from keras_transfer_sentiment.classification.labels import read_labels, stratified_mask
from keras_transfer_sentiment.datasets import dataset_batches, is_dataset
from keras_transfer_sentiment.text.encoder import EncodedTexts

LENGTH_MULTIPLE = 16  # padded lengths are multiples of this: fewer shapes, and room for a convolution's kernel


class Examples(NamedTuple):
    """Labelled texts: class numbers float32 `(n, 1)`, weights float32 `(n,)`."""

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

    def split(self, fraction, seed):
        """Returns the examples to train on and those to hold out, `fraction` of each class, drawn at random.

        Raises:
            ValueError: nothing is held out, or a class is left without an example to train on.
        """
        held_out = stratified_mask(self.labels[:, 0], fraction, seed)
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
        return batch.texts.padded(LENGTH_MULTIPLE), batch.labels, batch.weights

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
    texts, labels, *weights = map(_join, columns)
    return texts, labels, weights[0] if weights else None


def _join(batches):
    if isinstance(batches[0], list):
        return list(itertools.chain.from_iterable(batches))
    if batches[0].ndim == 2:  # ids, padded to the longest text of each batch
        time = max(batch.shape[1] for batch in batches)
        batches = [np.pad(batch, [(0, 0), (0, time - batch.shape[1])]) for batch in batches]
    return np.concatenate(batches)


def read_examples(x, y, sample_weight, encode, caller):
    """Returns encoded texts, their labels and weights, float32 `(n,)`, of whatever `fit` or `evaluate` received.

    Args:
        x: texts, or a `tf.data.Dataset` of them with labels.
        y: labels, or None with a Dataset.
        sample_weight: weights or None.
        encode: function from texts to `EncodedTexts`.
        caller: name of the public method, for the message.

    Raises:
        TypeError: no texts, or labels that are no labels.
        ValueError: lengths that differ, or a Dataset with labels beside it.
    """
    if is_dataset(x):
        if y is not None or sample_weight is not None:
            raise ValueError(f"`{caller}` received a Dataset and labels or weights apart. Zip them into the Dataset.")
        x, y, sample_weight = unzip(x, caller)
    if y is None and isinstance(x, Iterator):
        raise TypeError(
            f"`{caller}` expects texts and labels in lists, as it reads them more than once. Received {short(x)} of "
            f"type {type(x).__name__}. Of pairs make lists by `x, y = zip(*x)`; of batches, by "
            "`x, y = zip(*(pair for batch in x for pair in zip(*batch)))`."
        )
    _check_index(x, y, caller)
    texts = encode(x, caller)
    labels = read_labels(y, len(texts), caller)
    weights = check_weights(sample_weight, len(texts), caller)
    return texts, labels, np.ones(len(texts), "float32") if weights is None else weights


def warn_of_unknown(texts: EncodedTexts) -> None:
    """Warns where half of the texts or more have no known word: nothing can be learned from these."""
    bare = int((texts.lengths == 0).sum())
    if 2 * bare >= len(texts):
        known = len(texts.ids) / max(len(texts.ids) + int(texts.unknown.sum()), 1)
        warn_caller(
            f"{bare} of {len(texts)} texts have no known word, and {known:.0%} of all words are known: `fit` learns "
            "nothing from such texts. Train the vectors on texts of the same language and kind, "
            "`pretrainer.fit(texts, grow_vocabulary=True)`, and make the classifier anew."
        )


def take_validation(data: Any) -> tuple[Any, Any, Any]:
    """Returns texts, labels and weights (or None) of the `validation_data` of a `fit`.

    Raises:
        ValueError: it is neither a dataset nor a pair or triple.
    """
    if is_dataset(data):
        return data, None, None
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise ValueError(
            "`validation_data` must be `(x, y)`, `(x, y, sample_weight)` or a Dataset. Received "
            f"{short(data)}. Pass a tuple, such as `(texts, labels)`."
        )
    x, y, weights = (*data, None)[:3]
    return x, y, weights


def _check_index(x, y, caller):
    """Refuses two Series of the same rows in another order, of which each label would meet another row's text."""
    first: Any = getattr(x, "index", None)
    second: Any = getattr(y, "index", None)
    if not hasattr(first, "equals") or not hasattr(second, "equals") or first.equals(second):
        return
    if len(first) == len(second) and first.sort_values().equals(second.sort_values()):
        raise ValueError(
            f"`{caller}` received texts and labels whose index has the same rows in another order. Bring them into "
            "one order, with `labels.loc[texts.index]`, or pass `.to_numpy()` where the order is right as it is."
        )
