"""Weights that know what they belong to: written with it, and compared with the model before they are loaded."""

import contextlib
import os
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from keras_transfer_sentiment.archive import open_archive
from keras_transfer_sentiment.checks import NotFittedError, check_flag, check_number, check_path, short, warn_caller
from keras_transfer_sentiment.origin import Origin
from keras_transfer_sentiment.storage import whole_file
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text.vocabulary import Vocabulary
from keras_transfer_sentiment.weights_file import ORIGIN, add_seal, naming_file, read_weights

# The vocabularies of the models of this process: a config names one, and so does its copy by `clone_model`.
_vocabularies: weakref.WeakValueDictionary[str, Vocabulary] = weakref.WeakValueDictionary()


class CheckedWeights:
    """Lets a Keras model with an encoder refuse the weights of another one, a mixin to stand before `keras.Model`."""

    encoder: TextEncoder
    _is_fitted = False  # whether the weights are trained
    _named_vocabulary: str | None = None  # by the config that the model was made of
    _is_sealing = False  # whether a seal will follow on what is being written

    def save_weights(
        self, filepath: str | os.PathLike, overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Writes the weights to a file, with what they belong to: the vocabulary, the text settings and the classes.

        Args:
            filepath: path of the file, which ends in `.weights.h5`.
            overwrite: bool. Whether a file that is there is replaced, or an error.
            max_shard_size: as in Keras, which then writes several files; they are not sealed.

        Raises:
            NotFittedError: there are no weights yet.
            ValueError: another ending.
            FileExistsError: there is such a file, with `overwrite=False`.
            OSError: the file cannot be written.
        """
        path = check_path(filepath, "filepath", "model.weights.h5")
        overwrite = check_flag(overwrite, "overwrite")
        self._check_vocabulary("save_weights")  # type: ignore[attr-defined]
        if max_shard_size is not None:
            max_shard_size = check_number(max_shard_size, "max_shard_size", 1e-6)
        ending = ".weights.h5" if max_shard_size is None else ".weights.json"
        if not path.endswith(ending):
            raise ValueError(
                f"`save_weights` writes files whose names end in {ending!r}. Received {short(path)} as `filepath`. "
                "Pass such a name, or write the whole model with `save('name.keras')`."
            )
        if not overwrite and os.path.exists(path):
            raise FileExistsError(f"There is a file {short(path)}. Pass another name, or `overwrite=True`.")
        if max_shard_size is not None:
            super().save_weights(path, max_shard_size=max_shard_size)  # type: ignore[misc]
            return
        # HDF5 ends the process where a disk gets full while it writes: so the size is compared first.
        with whole_file(path, self.size_in_file()) as part, self._sealing():
            super().save_weights(part)  # type: ignore[misc]
            add_seal(part)

    def size_in_file(self) -> int:
        """Returns about how many bytes the weights take in a file."""
        return 4 * self.count_params() if self.built else 0  # type: ignore[attr-defined]

    @contextlib.contextmanager
    def _sealing(self):
        self._is_sealing = True
        try:
            yield
        finally:
            self._is_sealing = False

    def load_weights(self, filepath: str | os.PathLike, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Loads weights that `save_weights` or `save` wrote, after comparing what they belong to with this model.

        A model without a vocabulary or classes takes those of the file. An error leaves the model as it was.

        Args:
            filepath: path of a `.weights.h5` or `.keras` file.
            skip_mismatch: as in Keras.
            **kwargs: as in Keras.

        Raises:
            FileNotFoundError: there is no such file.
            NotFittedError: a model without a vocabulary, and a file of version 0.1, which tells none.
            ValueError: the file is damaged, or its weights belong to another vocabulary, to other text settings or
                classes, or to a model of other sizes.
        """
        path = check_path(filepath, "filepath", "model.weights.h5")
        skip_mismatch = check_flag(skip_mismatch, "skip_mismatch")
        if not os.path.exists(path):
            raise FileNotFoundError(f"No file of weights at {short(path)}. Write one with `save_weights(filepath)`.")
        if path.endswith(".keras"):
            with open_archive(path) as archive, naming_file(path):
                found = archive.weights()
        elif path.endswith(".weights.h5"):
            found = read_weights(path)
        elif path.endswith((".weights.json", ".h5")) or os.path.isdir(path):  # other forms of Keras's own
            with naming_file(path, "Write weights with `save_weights('name.weights.h5')`."):
                super().load_weights(path, skip_mismatch=skip_mismatch, **kwargs)  # type: ignore[misc]
            return
        else:
            raise ValueError(
                f"`load_weights` reads files whose names end in '.weights.h5' or '.keras'. Received {short(path)} as "
                "`filepath`. Write weights with `save_weights('name.weights.h5')`."
            )
        if found.origin is None:
            self._warn_of_unknown_origin(path)
        elif difference := found.origin.explain_difference(self.origin()):
            raise ValueError(
                f"`load_weights`: the weights in {short(path)} belong to {difference}. Load them into the model that "
                "they were saved from, or its like; `load_model` reads a whole model, written by `save`."
            )
        with self._restored_on_error(), naming_file(path, "Load it into a model of the same settings and sizes."):
            if found.origin is not None:
                self._take_origin(found.origin)
            super().load_weights(path, skip_mismatch=skip_mismatch, **kwargs)  # type: ignore[misc]
        self._is_fitted = found.origin is None or found.origin.is_fitted

    def _warn_of_unknown_origin(self, path):
        if not self.encoder.is_adapted:
            raise NotFittedError(
                f"`load_weights`: {short(path)} holds weights without their vocabulary, and this "
                f"{type(self).__name__} has none. Load a whole model, written by `save`, with `load_model`."
            )
        warn_caller(
            f"{short(path)} does not tell which vocabulary and classes its weights belong to, as files of version 0.1 "
            "do not: they are loaded unchecked, and give wrong answers if this model has other ones. Save them again."
        )

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Sets the weights to what `get_weights` of a model of the same vocabulary, settings and classes returned."""
        super().set_weights(weights)  # type: ignore[misc]
        self._is_fitted = True

    def origin(self) -> Origin:
        """Returns what the weights belong to."""
        return Origin.of(self.encoder, None, self._is_fitted)

    def save_own_variables(self, store):
        self._store_arrays(store)
        store[ORIGIN] = replace(self.origin(), is_sealed=self._is_sealing).to_array()

    def _store_arrays(self, store):
        super().save_own_variables(store)  # type: ignore[misc]

    def _load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        super().load_own_variables(arrays)  # type: ignore[misc]

    def load_own_variables(self, store):
        origin = Origin.from_array(store[ORIGIN]) if ORIGIN in store.keys() else None  # noqa: SIM118 - no iterator
        if origin is not None and (difference := origin.explain_difference(self.origin())):
            raise ValueError(f"the weights belong to {difference}")
        self._load_arrays(_WithoutOrigin(store))
        self._is_fitted = origin is None or origin.is_fitted

    def _take_origin(self, origin: Origin) -> None:
        """Takes over the vocabulary of weights, where there is none yet."""
        if not self.encoder.is_adapted:
            if origin.vocabulary is None:
                raise ValueError("its words are of kinds that no file can hold. Learn the vocabulary first")
            self.encoder.set_vocabulary_state(origin.vocabulary)

    @contextlib.contextmanager
    def _restored_on_error(self) -> Iterator[None]:
        """Sets all weights, and the vocabulary, back where the block ends in an error."""
        restore = self._restorer()
        try:
            yield
        except BaseException:
            restore()
            raise

    def _restorer(self) -> Callable[[], None]:
        vocabulary = self.encoder.get_vocabulary()
        return lambda: self.encoder.set_vocabulary(vocabulary)

    def name_vocabulary(self) -> str | None:
        """Returns the digest of the vocabulary, by which a config names it; None where there is none."""
        vocabulary = self.encoder.get_vocabulary()
        if not vocabulary.words:
            return None
        _vocabularies[vocabulary.digest] = vocabulary
        return vocabulary.digest

    def find_vocabulary(self, name: str | None) -> None:
        """Takes over the vocabulary that a config names, if a model of this process has it."""
        self._named_vocabulary = name
        vocabulary = _vocabularies.get(name or "")
        if vocabulary is not None:
            self.encoder.set_vocabulary(vocabulary)

    def check_named_vocabulary(self) -> None:
        """Compares the vocabulary that was read with the one that the config named, if it did.

        Raises:
            ValueError: they differ.
        """
        if self._named_vocabulary not in (None, self.encoder.get_vocabulary().digest):
            raise ValueError("its vocabulary is another than the one that its settings name")


class _WithoutOrigin(Mapping):
    """The arrays of one of Keras's stores but for the origin, read when they are asked for."""

    def __init__(self, store):
        self._store = store

    def __getitem__(self, key):
        return self._store[key]

    def __iter__(self):
        return (key for key in self._store.keys() if key != ORIGIN)  # noqa: SIM118 - it has no iterator

    def __len__(self):
        return sum(1 for _ in self)
