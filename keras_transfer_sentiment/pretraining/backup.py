"""The state of a training in a file, for the training to go on after an interruption."""

import io
import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.storage import write_whole

BACKUP_SECONDS = 30.0  # of training, at least, from one backup to the next
BACKUP_PAUSE = 60.0  # the same, as a multiple of the time that a backup takes
_LONGEST_KEY = 1 << 16  # bytes


class TrainingBackup:
    """A file with the state of a training, from which an interrupted one goes on.

    Args:
        path: the file.
        key: what has to be the same for a training to go on: settings by name, in JSON's types.
        first_steps: the numbers of the steps, each as good as the others, at which the training may have begun; the
            first one counts where there is nothing to go on from.
    """

    def __init__(self, path: str | os.PathLike, key: dict, first_steps: Sequence[int] = (0,)):
        self._path = Path(path)
        self._key = key
        self._first_steps = first_steps
        self._first_step = first_steps[0]
        self._due = time.monotonic() + BACKUP_SECONDS

    def restore(self, arrays: Mapping[str, np.ndarray]) -> bool:
        """Sets arrays, by name, to what was last saved; returns whether anything was.

        Raises:
            ValueError: they were saved with other settings, or the file is damaged; no array has changed then.
        """
        if not self._path.exists():
            return False
        key = self._saved_key(arrays)
        for name, value in self._key.items():
            if key.get(name) != value:
                raise ValueError(
                    f"The interrupted training in {short(str(self._path))} had `{name}` {short(key.get(name))}; it is "
                    f"{short(value)} now. Go on with the same settings, or delete the file to train anew."
                )
        if key.get("first_step") not in self._first_steps:
            raise ValueError(
                f"The interrupted training in {short(str(self._path))} began at step {short(key.get('first_step'))}; "
                f"this model has taken {self._first_steps[0]} steps. Call `fit` on a new model of the same settings, "
                "which goes on, or delete the file to train anew."
            )
        with zipfile.ZipFile(self._path) as archive:
            for name, array in arrays.items():  # one at a time: they may be large
                with archive.open(f"{name}.npy") as file:
                    _read_description(file)
                    file.readinto(array.reshape(-1).view("uint8").data)  # type: ignore[attr-defined]
        self._first_step = key["first_step"]
        return True

    def _saved_key(self, arrays):
        """Returns the key of the file, after checking that it is whole and that all arrays have the same shapes."""
        try:
            with zipfile.ZipFile(self._path) as archive:
                if archive.getinfo("key.npy").file_size > _LONGEST_KEY or archive.testzip() is not None:
                    raise EOFError
                for name, array in arrays.items():
                    with archive.open(f"{name}.npy") as file:
                        if _read_description(file) != (array.shape, False, array.dtype):
                            raise EOFError
                with archive.open("key.npy") as file:
                    return json.loads(str(np.load(io.BytesIO(file.read()), allow_pickle=False)))
        except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError):
            # RuntimeError and its NotImplementedError: flipped bits may look like a password or an unknown compression.
            raise ValueError(
                f"{short(str(self._path))} is damaged, or was written by another version. Delete it to train anew."
            ) from None

    def save_if_due(self, state: Callable[[], Mapping[str, np.ndarray]]) -> None:
        """Saves arrays if the last time is long enough ago: saving takes two percent of the time at most.

        Args:
            state: callable that returns the arrays by name.
        """
        start = time.monotonic()
        if start < self._due:
            return
        key = np.array(json.dumps({**self._key, "first_step": self._first_step}))
        arrays = {**state(), "key": key}
        write_whole(self._path, lambda path: _save_arrays(path, arrays))
        now = time.monotonic()
        self._due = now + max(BACKUP_SECONDS, BACKUP_PAUSE * (now - start))

    def delete(self) -> None:
        """Deletes the file: the training is at its end."""
        self._path.unlink(missing_ok=True)


def _read_description(file):
    """Returns shape, order and dtype of an array, and leaves the file at its numbers."""
    np.lib.format.read_magic(file)
    return np.lib.format.read_array_header_1_0(file)


def _save_arrays(path, arrays):
    """Does what `np.savez` does, without copies of parts of the arrays."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
                file.write(array.reshape(-1).view("uint8").data)
