"""Texts as numbers: codes while a vocabulary is learned, word ids from then on, in memory or in files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np


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
        return np.bincount(self.ids, minlength=size)

    def take(self, rows: Sequence[int] | np.ndarray) -> "EncodedTexts":
        """Returns the texts at `rows` (ints), in that order."""
        rows = np.asarray(rows, "int64")
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        words = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return EncodedTexts(self.ids[words], offsets, self.unknown[rows])

    def padded(self, multiple: int = 1) -> np.ndarray:
        """Returns the ids as an int32 array `(texts, time)`, padded with 0 at the end.

        Args:
            multiple: int. `time` is the longest text's length rounded up to a multiple of this, at least one.
        """
        lengths = self.lengths
        time = -(-max(int(lengths.max(initial=0)), 1) // multiple) * multiple
        grid = np.zeros((len(self), time), "int32")
        grid[np.arange(time) < lengths[:, None]] = self.ids
        return grid

    @staticmethod
    def concatenate(parts: "Sequence[EncodedTexts]") -> "EncodedTexts":
        """Returns the texts of all `parts`, in order; of no parts, no texts."""
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
