"""Texts as numbers: codes while a vocabulary is learned, word ids from then on, in memory or in files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from keras_transfer_sentiment.checks import check_count, short


class CodedTexts(NamedTuple):
    """Texts as the codes of their words: numbers that are no word ids yet.

    Attributes:
        codes: int32 array `(words,)`: the words of all texts, one text after the other.
        lengths: int64 array `(texts,)`: the number of words of each text.
    """

    codes: np.ndarray
    lengths: np.ndarray


class EncodedCorpus(Protocol):
    """Texts as word ids, in memory (`EncodedTexts`) or in files (`EncodedFile`)."""

    @property
    def ids(self) -> np.ndarray:
        """int32 array `(words,)`: the known words of all texts, one text after the other."""

    @property
    def offsets(self) -> np.ndarray:
        """int64 array `(texts + 1,)`: text `i` is `ids[offsets[i]:offsets[i + 1]]`."""

    @property
    def lengths(self) -> np.ndarray:
        """int64 array `(texts,)`: number of known words of each text."""

    def counts(self, size: int) -> np.ndarray:
        """Returns how often each word of a vocabulary of `size` is there, an int64 array `(size,)`."""

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class EncodedTexts:
    """Texts as word ids, one after the other, without padding.

    Attributes:
        ids: int32 array `(words,)`: the known words of all texts. No id is 0.
        offsets: int64 array `(texts + 1,)`: text `i` is `ids[offsets[i]:offsets[i + 1]]`.
        unknown: int32 array `(texts,)`: how many words of each text, stop words aside, are not in the vocabulary.

    Examples:
        >>> encoder = TextEncoder()
        >>> encoder.adapt(["good film", "bad film"])
        >>> encoded = encoder.encode(["a good good film", "unseen"])
        >>> encoded.ids.tolist(), encoded.offsets.tolist(), encoded.coverage.tolist()
        ([2, 2, 1], [0, 3, 3], [1.0, 0.0])
        >>> encoded.padded().tolist()
        [[2, 2, 1], [0, 0, 0]]
    """

    ids: np.ndarray
    offsets: np.ndarray
    unknown: np.ndarray

    def __post_init__(self) -> None:
        for name in ("ids", "offsets", "unknown"):
            array = getattr(self, name)
            if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind not in "iu":
                raise TypeError(
                    f"`{name}` must be an int array of one dimension. Received {short(array)} of type "
                    f"{type(array).__name__}. Pass `np.array({name}, int)`, or let an encoder make `EncodedTexts`."
                )
        offsets = self.offsets
        if len(offsets) != len(self.unknown) + 1 or offsets[0] != 0 or offsets[-1] != len(self.ids):
            raise ValueError(
                f"`offsets` must go from 0 to the number of words, {len(self.ids)}, in one entry more than the "
                f"{len(self.unknown)} texts of `unknown`. Received {short(offsets.tolist())}. Let an encoder make "
                "`EncodedTexts`."
            )
        if (offsets[1:] < offsets[:-1]).any():
            raise ValueError(
                f"`offsets` must not fall. Received {short(offsets.tolist())}. Let an encoder make `EncodedTexts`."
            )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """int64 array `(texts,)`: number of known words of each text."""
        return np.diff(self.offsets)

    @property
    def coverage(self) -> np.ndarray:
        """float64 array `(texts,)`: share of each text's words, stop words aside, that are known; 0 if it has none."""
        return self.lengths / np.maximum(self.lengths + self.unknown, 1)

    def counts(self, size: int) -> np.ndarray:
        """Returns how often each word of a vocabulary is there.

        Args:
            size: int. The size of the vocabulary, with padding.

        Returns:
            int64 array `(size,)`.
        """
        check_range(self.ids, check_count(size, "size"), "EncodedTexts.counts")
        return np.bincount(self.ids, minlength=size)

    def take(self, rows: Sequence[int] | np.ndarray) -> "EncodedTexts":
        """Returns the texts at `rows` (ints), in that order."""
        try:
            rows = np.asarray(rows)
        except ValueError:  # lists of different lengths
            rows = np.empty((0, 0))
        count = len(self)
        is_number = rows.ndim == 1 and (not rows.size or rows.dtype.kind in "iu")
        if not is_number or (rows.size and not -count <= rows.min() <= rows.max() < count):
            raise ValueError(
                f"`take` expects a list of numbers of texts, ints from 0 to {count - 1}. Received {short(rows)}. A "
                "mask becomes one by `np.flatnonzero(mask)`."
            )
        rows = rows.astype("int64")
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        words = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return EncodedTexts(self.ids[words], offsets, self.unknown[rows])

    def padded(self, multiple: int = 1) -> np.ndarray:
        """Returns the ids as an int32 array `(texts, time)`, padded with 0 at the end.

        Args:
            multiple: int. `time` is the longest text's length rounded up to a multiple of this, at least one.
        """
        multiple = check_count(multiple, "multiple")
        lengths = self.lengths
        time = -(-max(int(lengths.max(initial=0)), 1) // multiple) * multiple
        grid = np.zeros((len(self), time), "int32")
        grid[np.arange(time) < lengths[:, None]] = self.ids
        return grid

    @staticmethod
    def concatenate(parts: "Sequence[EncodedTexts]") -> "EncodedTexts":
        """Returns the texts of all `parts`, in order; of no parts, no texts."""
        if not isinstance(parts, (list, tuple)) or not all(isinstance(part, EncodedTexts) for part in parts):
            raise TypeError(
                f"`concatenate` expects a list of `EncodedTexts`. Received {short(parts)} of type "
                f"{type(parts).__name__}. Pass what `encoder.encode(texts)` returned."
            )
        if not parts:
            return EncodedTexts(np.empty(0, "int32"), np.zeros(1, "int64"), np.empty(0, "int32"))
        lengths = np.concatenate([part.lengths for part in parts])
        return EncodedTexts(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([[0], np.cumsum(lengths)]),
            np.concatenate([part.unknown for part in parts]),
        )


class EncodedFile:
    """Texts as word ids in a folder: in files, the counterpart of `EncodedTexts`.

    Args:
        folder: the folder with the files `ids`, `offsets` and `counts.npy`.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def ids(self) -> np.ndarray:
        """int32 array `(words,)`, mapped anew each time: only the slices that are in use take memory."""
        return map_array(self._folder / "ids", "int32")

    @property
    def offsets(self) -> np.ndarray:
        """int64 array `(texts + 1,)`, mapped anew each time."""
        return map_array(self._folder / "offsets", "int64")

    @property
    def lengths(self) -> np.ndarray:
        """int64 array `(texts,)`: number of known words of each text; it takes memory."""
        return np.diff(self.offsets)

    def counts(self, size: int) -> np.ndarray:
        """Returns how often each word of a vocabulary of `size` is there, int64 `(size,)`; read anew each time.

        Raises:
            ValueError: the file was written for a vocabulary of another size.
        """
        counts = np.load(self._folder / "counts.npy")
        if counts.shape != (size,):
            raise ValueError(
                f"The corpus in {str(self._folder)!r} has counts of {counts.size} words. Expected {size}, the size of "
                "the vocabulary. Delete the folder to make it anew."
            )
        return counts


def check_ids(encoded: EncodedTexts, size: int, caller: str) -> EncodedTexts:
    """Returns encoded texts whose ids are all of a vocabulary of `size`; see `check_range`."""
    check_range(encoded.ids, size, caller)
    return encoded


def check_range(ids: np.ndarray, size: int, caller: str) -> None:
    """Raises an error for ids that a vocabulary does not have.

    Args:
        ids: int array of any shape and width.
        size: int. The size of the vocabulary, with padding.
        caller: name of the public method, for the message.

    Raises:
        ValueError: there is one.
    """
    if ids.size and not (ids.min() >= 0 and ids.max() < size):
        raise ValueError(
            f"`{caller}` expects word ids from 0 to {size - 1}, the size of this model's vocabulary. Received "
            f"ids from {ids.min()} to {ids.max()}. Encode the texts with this model's own `encoder`."
        )


def map_array(path: Path, dtype: str) -> np.ndarray:
    """Returns the numbers in a file as an array in memory that the system fills as it is read."""
    return np.memmap(path, dtype, "r") if path.stat().st_size else np.empty(0, dtype)


def drop_unknown(coded: CodedTexts) -> EncodedTexts:
    """Returns texts whose codes are word ids, without those of no word: 0, which is counted, and negative codes."""
    codes, ends = coded.codes, np.concatenate([[0], np.cumsum(coded.lengths)])
    known, unknown = np.flatnonzero(codes > 0), np.flatnonzero(codes == 0)
    return EncodedTexts(
        codes.take(known), np.searchsorted(known, ends), np.diff(np.searchsorted(unknown, ends)).astype("int32")
    )
