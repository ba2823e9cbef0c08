"""The classes of a classifier in the user's own words: labels to class numbers and back, weights, and hold-outs."""

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from keras_transfer_sentiment.checks import check_class_weight, is_collection, is_missing, short
from keras_transfer_sentiment.text.batches import as_list, is_tensor, read_tensor

Label = str | int | bool

# Names of the two ends of a scale, the lower one first. The first pair whose names are both among the classes counts.
_ENDS = [
    ("very negative", "very positive"),
    ("negative", "positive"),
    ("neg", "pos"),
    ("bad", "good"),
    ("差评", "好评"),
    ("负面", "正面"),
    ("消极", "积极"),
    ("负", "正"),
    ("差", "好"),
]
_NUMBER_SCALES = [{0, 1}, {-1, 1}, {-1, 0, 1}]
_MOST_STARS = 5

_LEAVE_OUT = "Leave out texts without a label here; they can go into the pretraining."


class ClassLabels:
    """The classes of a classifier, numbered from 0 in a fixed order.

    Args:
        classes: iterable of at least two different labels: all int, all bool or all str, Python's or NumPy's.

    Raises:
        TypeError: something else, or labels of several kinds.
        ValueError: fewer than two classes, a missing one, or one that comes twice.

    Examples:
        >>> labels = ClassLabels(["bad", "fair", "good"])
        >>> labels.encode(["good", "bad"], 2, "fit").tolist()
        [[2.0], [0.0]]
        >>> labels.decode([2, 0]).tolist()
        ['good', 'bad']
        >>> labels.scale_ends
        (0, 2)
    """

    def __init__(self, classes: Iterable) -> None:
        if isinstance(classes, (set, frozenset)) or not is_collection(classes):
            raise TypeError(
                f"`classes` must be a list of labels in a fixed order. Received {short(classes)} of type "
                f"{type(classes).__name__}. Pass, for example, `classes=['negative', 'neutral', 'positive']`."
            )
        values = _plain(list(classes), "TransferSentimentClassifier", "classes")
        if len(set(values)) < len(values):
            twice = next(value for place, value in enumerate(values) if value in values[:place])
            raise ValueError(f"`classes` must differ from each other. Received {short(twice)} twice. Name each once.")
        if len(values) < 2:
            raise ValueError(f"`classes` must be two labels or more. Received {short(values)}. Name every class.")
        self.classes: tuple[Label, ...] = tuple(values)
        self._numbers = {value: number for number, value in enumerate(values)}

    def __len__(self) -> int:
        return len(self.classes)

    def __contains__(self, label) -> bool:
        return label in self._numbers

    @classmethod
    def learn(cls, labels: list, caller: str, order: list | None = None) -> "ClassLabels":
        """Returns the classes that occur among labels, in sorted order or in one that is given.

        Args:
            labels: what `read_labels` returned.
            caller: name of the public method, for the message.
            order: list that has every class, such as `category_order` returns, or None.

        Raises:
            ValueError: they are all the same.
        """
        different = set(labels)
        if len(different) < 2:
            raise _one_class(labels, caller)
        return cls(sorted(different) if order is None else [label for label in order if label in different])

    @property
    def outputs(self) -> int:
        """Number of outputs of a head: 1 for two classes, a sigmoid; else one per class, a softmax."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    @property
    def scale_ends(self) -> tuple[int, int] | None:
        """Numbers of the classes at the two ends of a known scale, the negative one first, or None.

        Known are the numbers 0/1 and -1/1, with or without a 0 between; False/True; stars from 1 to 5, of which the
        lowest is at most 2 and the highest is 5; and the names in the table of this module, whatever stands
        between them, in lower or upper case. Digits may be str.
        """
        names = [value.strip().casefold() if isinstance(value, str) else value for value in self.classes]
        for low, high in _ENDS:
            if low in names and high in names:
                return names.index(low), names.index(high)
        try:
            stars = [int(name) for name in names]
        except ValueError:
            return None
        lowest, highest = min(stars), max(stars)
        is_scale = set(stars) in _NUMBER_SCALES or (1 <= lowest <= 2 and highest == _MOST_STARS)
        return (stars.index(lowest), stars.index(highest)) if is_scale else None

    def number(self, label: Label) -> int:
        """Returns the number of a class."""
        return self._numbers[label]

    def encode(self, labels, count: int, caller: str, argument: str = "y", one_class_ok: bool = False) -> np.ndarray:
        """Returns the class number of each label, as a float32 column `(count, 1)`.

        Args:
            labels: labels as for `read_labels`, or what it returned.
            count: number of texts.
            caller: name of the public method, for the message.
            argument: name of its argument, for the message.
            one_class_ok: whether labels of one class only are fine (they are when evaluating).

        Raises:
            TypeError: labels that are no labels.
            ValueError: a wrong shape or length, a label that is no class, or one class only.
        """
        labels = read_labels(labels, count, caller, argument)
        found = [self._numbers.get(label, -1) for label in labels]
        if -1 in found:
            position = found.index(-1)
            unknown = labels[position]
            received = f"Received {short(unknown)}{self._kind_of(unknown)} at position {position}."
            if self is UNLEARNED:
                raise ValueError(
                    f"`{caller}` comes before the first `fit`, which learns the classes; until then labels in "
                    f"`{argument}` are 0 and 1. {received} Call `fit` first, or make the classifier with "
                    "`classes=[...]`."
                )
            raise ValueError(
                f"`{caller}` expects labels in `{argument}` to be among the classes {short(list(self.classes), 120)}. "
                f"{received} Map it to one of them, or make a new classifier with `classes=[...]`."
            )
        if count and not one_class_ok and len(set(found)) < 2:
            raise _one_class(labels, caller)
        return np.array(found, "float32").reshape(-1, 1)

    def decode(self, class_numbers) -> np.ndarray:
        """Returns the labels of class numbers: an int64, bool or str array `(n,)`."""
        return np.array(self.classes)[np.asarray(class_numbers, int)]

    def weights(self, class_weight: Mapping | None) -> np.ndarray:
        """Returns the weight of each class, float32 `(classes,)`, from a dict or None.

        Raises:
            TypeError: a weight that is no number.
            ValueError: no dict, a key that is no class, or a weight below 0.
        """
        result = np.ones(len(self.classes), "float32")
        if class_weight is None:
            return result
        if not isinstance(class_weight, Mapping) or not all(key in self._numbers for key in class_weight):
            example = dict.fromkeys(self.classes[:3], 1.0)
            raise ValueError(
                f"`class_weight` must be a dict from classes ({short(list(self.classes))}) to weights. Received "
                f"{short(class_weight)}. Pass, for example, `{short(example, 90)}`."
            )
        for key, weight in class_weight.items():
            result[self._numbers[key]] = check_class_weight(weight, f"class_weight[{key!r}]")
        return result

    def _kind_of(self, label):
        return "" if type(label) is type(self.classes[0]) else f" of type {type(label).__name__}"


def read_labels(labels, count: int, caller: str, argument: str = "y") -> list[Label]:
    """Returns labels as a list of Python's int, bool or str, all of one kind.

    Args:
        labels: list, tuple, NumPy array, Series or categorical of int, bool, str or whole floats, of shape
            `(count,)` or `(count, 1)`.
        count: number of texts.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.

    Raises:
        TypeError: not a batch of labels, or labels of several kinds.
        ValueError: a wrong shape or length, or a missing label.
    """
    if labels is None:
        raise ValueError(f"`{caller}` received texts without labels. Pass `{argument}`: one label per text.")
    if is_tensor(labels):
        labels = read_tensor(labels, caller, argument)
    if isinstance(labels, (str, bytes, Mapping, set, frozenset)) or not hasattr(labels, "__len__"):
        raise TypeError(
            f"`{caller}` expects a batch of labels as `{argument}`: a list, 1D array or Series, one per text. Received "
            f"{short(labels)} of type {type(labels).__name__}. Pass a list, such as `[0, 1]`."
        )
    shape: tuple[int, ...] = np.shape(labels) if hasattr(labels, "ndim") else ()
    if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
        raise _no_column(labels, count, caller, argument)
    if len(shape) == 2:
        labels = np.asarray(labels)[:, 0]
    values = as_list(labels, caller, argument)
    values = list(labels) if values is None else values
    if values and all(isinstance(value, (list, tuple, np.ndarray)) and len(value) == 1 for value in values):
        values = [value[0] for value in values]
    if any(isinstance(value, (list, tuple, np.ndarray)) for value in values):
        raise _no_column(labels, count, caller, argument)
    if len(values) != count:
        raise ValueError(
            f"`{caller}` received {count} texts and {len(values)} labels in `{argument}`. Pass one label per text."
        )
    return _plain(values, caller, argument)


def category_order(labels: Any) -> list[Label] | None:
    """Returns the categories of an ordered categorical of pandas, lowest first, and None for any other labels."""
    categorical = getattr(labels, "cat", labels)  # of a Series
    if not getattr(categorical, "ordered", False) or not hasattr(categorical, "categories"):
        return None
    return _plain(list(categorical.categories), "fit", "y")


def stratified_mask(class_numbers: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Returns which examples to hold out: a bool array `(n,)`, True for `fraction` of each class, drawn at random.

    Args:
        class_numbers: array `(n,)`.
        fraction: float from 0 to 1.
        seed: int.

    Raises:
        ValueError: nothing is held out, or a class is left without an example to train on.
    """
    rng = np.random.default_rng(seed)
    held_out = np.zeros(len(class_numbers), bool)
    present = np.unique(class_numbers)
    for number in present:
        rows = rng.permutation(np.flatnonzero(class_numbers == number))
        held_out[rows[: round(len(rows) * fraction)]] = True
    if not held_out.any() or len(np.unique(class_numbers[~held_out])) < len(present):
        raise ValueError(
            f"`validation_split={fraction}` of {len(held_out)} texts leaves none to validate on, or none of a class "
            "to train on. Change it, or pass `validation_data`."
        )
    return held_out


def _plain(values, caller, argument):
    """Returns a list of labels as Python's int, bool or str, all of one kind."""
    kinds = set(map(type, values))
    if not kinds <= {str} and not kinds <= {int} and not kinds <= {bool}:
        values = [_plain_label(value, place, caller, argument) for place, value in enumerate(values)]
        kinds = set(map(type, values))
    if kinds == {int, bool}:
        return [int(value) for value in values]
    if len(kinds) > 1:
        place, other = next(item for item in enumerate(values) if type(item[1]) is not type(values[0]))
        raise TypeError(
            f"`{caller}` expects labels in `{argument}` of one kind: all int, all bool or all str. Received "
            f"{short(values[0])} of type {type(values[0]).__name__} and {short(other)} of type "
            f"{type(other).__name__} at position {place}. Map them first, such as `[str(label) for label in labels]`."
        )
    return values


def _plain_label(value: Any, place: int, caller: str, argument: str) -> Label:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (str, int)):
        return value if type(value) in (str, int, bool) else (str(value) if isinstance(value, str) else int(value))
    received = f"Received {short(value)} of type {type(value).__name__} at position {place}."
    if is_missing(value):
        if argument == "classes":
            raise ValueError(f"`classes` must not hold a missing label. {received} Leave it out.")
        raise ValueError(f"`{caller}` received a missing label in `{argument}`. {received} {_LEAVE_OUT}")
    is_number = isinstance(value, numbers.Real)
    if is_number and float(value).is_integer():
        return int(value)
    if is_number:
        raise ValueError(
            f"`{caller}` expects labels in `{argument}` to be classes: int, bool, str or whole floats. {received} "
            "Turn scores into classes first: `[int(score > 0.5) for score in labels]`."
        )
    fix = "Decode it: `label.decode('utf-8')`." if isinstance(value, bytes) else "Map it to str or int first."
    raise TypeError(f"`{caller}` expects labels in `{argument}` to be int, bool or str. {received} {fix}")


def _no_column(labels, count, caller, argument):
    return ValueError(
        f"`{caller}` expects one label per text in `{argument}`: shape ({count},) or ({count}, 1). "
        f"Received {short(labels)}. One-hot labels become class numbers with `labels.argmax(axis=1)`."
    )


def _one_class(labels, caller):
    return ValueError(
        f"`{caller}` received labels of one class only: all {len(labels)} are {short(labels[0])}. "
        "Pass at least one text of each class; one of the other is enough."
    )


BINARY = ClassLabels([0, 1])  # what a classifier learns from seed words of its language alone
UNLEARNED = ClassLabels([0, 1])  # what it is made for before it has seen a label
