"""What the two models share: text in, the encoder and its vocabulary kept in the saved file, checked loading."""

import contextlib
import json
import os
import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_transfer_sentiment.archive import check_unpacked, write_contents
from keras_transfer_sentiment.checked_weights import CheckedWeights
from keras_transfer_sentiment.checks import (
    NotFittedError,
    check_choice,
    check_flag,
    check_name,
    check_number,
    check_path,
    short,
    warn_caller,
)
from keras_transfer_sentiment.datasets import dataset_batches, is_dataset
from keras_transfer_sentiment.forks import check_not_forked
from keras_transfer_sentiment.storage import whole_file
from keras_transfer_sentiment.text.batches import is_tensor
from keras_transfer_sentiment.text.encoded import check_ids, check_range
from keras_transfer_sentiment.text.encoder import EncodedTexts, TextEncoder, check_encoder
from keras_transfer_sentiment.text.vocabulary import check_json, word_from_json
from keras_transfer_sentiment.vectors.subwords import CharNgrams, NearestWords
from keras_transfer_sentiment.weights_file import explain, read_arrays

_VOCABULARY_FILE = "vocabulary.json"
_NGRAMS_FILE = "ngrams.npz"
_JSON_FILE: dict = {"encoding": "utf-8", "errors": "surrogatepass"}  # a token may hold any code point
_EXPORTS = ("tf_saved_model", "onnx", "openvino", "litert", "torch")  # Keras's formats
_SPECS = (keras.InputSpec, keras.KerasTensor)


class TextModel(CheckedWeights, keras.Model):
    """A Keras model with a `TextEncoder`: takes raw texts and keeps its vocabulary in the `.keras` file."""

    def __init__(self, encoder, name=None, dtype="float32"):
        super().__init__(name=check_name(name), dtype=dtype)
        check_encoder(encoder)
        if problem := _explain_unloadable(encoder.tokenizer):
            warn_caller(f"This model cannot be saved. {problem}")
        self.encoder = encoder
        self._nearest: NearestWords | None = None  # for words outside the vocabulary, where words have n-grams

    def __call__(self, *args, **kwargs):
        """Calls the model on ids, as in Keras."""
        check_not_forked("call")
        return super().__call__(*args, **kwargs)

    def encode(self, x) -> EncodedTexts:
        """Returns a batch as encoded texts.

        Args:
            x: texts (list, tuple, 1D NumPy array or Series of str, or lists of tokens), a finite `tf.data.Dataset`
                of str or of ids, an int array `(batch, time)` of ids padded with 0, or `EncodedTexts`. Labels in a
                Dataset are passed over.

        Raises:
            NotFittedError: there is no vocabulary yet.
            TypeError: not a batch of texts.
            ValueError: ids outside the vocabulary.
        """
        return self._encoded(x, "encode")

    def _encoded(self, x, caller):
        self._check_vocabulary(caller)
        if is_dataset(x):
            batches = dataset_batches(x, caller)
            parts = [self._encoded(part[0] if isinstance(part, tuple) else part, caller) for part in batches]
            encoded = EncodedTexts.concatenate(parts)
        elif isinstance(x, EncodedTexts):
            encoded = self._checked_ids(x, caller)
        elif (grid := _id_grid(x)) is not None:
            check_range(grid, self.encoder.size, caller)
            is_word = grid != 0
            ends = np.concatenate([[0], np.cumsum(is_word.sum(1))]).astype("int64")
            encoded = EncodedTexts(grid[is_word].astype("int32"), ends, np.zeros(len(grid), "int32"))
        else:
            return self.encoder.encode_checked(self.encoder.check(x, caller), self._nearest_words())
        if not len(encoded):
            raise ValueError(f"`{caller}` received no texts: {short(x)} is empty. Pass at least one text.")
        return encoded

    def _nearest_words(self):
        return self._nearest

    def _checked_ids(self, encoded, caller):
        return check_ids(encoded, self.encoder.size, caller)

    @property
    def vocabulary_size(self) -> int:
        """Number of rows of the embedding: the words of the vocabulary and padding; 0 before there are any."""
        raise NotImplementedError

    def _check_vocabulary(self, caller):
        if not self.vocabulary_size or not self.encoder.is_adapted:
            raise NotFittedError(
                f"`{caller}`: this {type(self).__name__} has no vocabulary yet: call `fit(texts)` or "
                "`adapt(texts)` first."
            )
        if self.encoder.size != self.vocabulary_size:
            raise ValueError(
                f"`{caller}`: the encoder has {self.encoder.size} words and the embedding {self.vocabulary_size} "
                "rows, so the ids no longer fit. The encoder was adapted again after the model took it: give each "
                "model its own, with `encoder.copy()`."
            )

    def get_config(self):
        encoder = self.encoder.get_config()
        if callable(encoder["tokenizer"]):
            encoder["tokenizer"] = keras.saving.serialize_keras_object(encoder["tokenizer"])
        return {"name": self.name, "encoder": encoder}

    @classmethod
    @contextlib.contextmanager
    def reading_settings(cls) -> Iterator[None]:
        """Turns every error that reading a config may raise into one line, in place of Keras's page."""
        try:
            yield
        except Exception as error:
            raise ValueError(
                f"The settings of this {cls.__name__} cannot be read: {explain(error)}. Expected those that "
                "`get_config` of this version gave; a newer version may have others."
            ) from error

    @staticmethod
    def encoder_from_config(config: dict) -> TextEncoder:
        """Returns an encoder without vocabulary from a model's config."""
        config = dict(config)
        tokenizer = config["tokenizer"]
        if isinstance(tokenizer, dict):
            if str(tokenizer.get("module")).partition(".")[0] == "keras":
                raise ValueError(f"its tokenizer is {short(tokenizer.get('config'))} of Keras, which cuts no texts")
            config["tokenizer"] = keras.saving.deserialize_keras_object(tokenizer)
        return TextEncoder.from_config(config)

    def save(self, filepath: str | os.PathLike, overwrite: bool = True, zipped: bool | None = None, **kwargs) -> None:
        """Writes the model to one `.keras` file; a write that fails leaves the file that was there before.

        Args:
            filepath: path of the file.
            overwrite: bool. Whether a file that is there is replaced, or an error.
            zipped: as in Keras; False writes a folder in place of a file.
            **kwargs: as in Keras.

        Raises:
            ValueError: a name that does not end in `.keras`, or a `tokenizer` of the user that Keras cannot find again.
            FileExistsError: there is such a file, with `overwrite=False`.
            TypeError: the vocabulary holds words that JSON cannot keep.
            OSError: the file cannot be written.
        """
        path = check_path(filepath, "filepath", "model.keras")
        overwrite = check_flag(overwrite, "overwrite")
        zipped = zipped if zipped is None else check_flag(zipped, "zipped")
        if path.endswith((".h5", ".hdf5")):
            raise ValueError(
                f"`save` writes `.keras` files, which hold the vocabulary too. Received {short(path)}. "
                "Pass a name such as 'model.keras'."
            )
        if problem := _explain_unloadable(self.encoder.tokenizer):
            raise ValueError(f"`save`: what is written could not be loaded. {problem}")
        _check_writable(self.encoder.get_vocabulary_state()["words"])  # Keras calls `save_assets` too late for that
        if not overwrite and os.path.exists(path):
            raise FileExistsError(f"There is a file {short(path)}. Pass another name, or `overwrite=True`.")
        if path.endswith(".keras") is (zipped is False):
            wanted, example = "end in '.keras'", "model.keras"
            if zipped is False:
                wanted, example = "be the name of a folder, with `zipped=False`", "model"
            raise ValueError(f"`filepath` must {wanted}. Received {short(path)}. Pass a name such as '{example}'.")
        if zipped is False:
            super().save(filepath, zipped=zipped, **kwargs)
            return
        with whole_file(path, self.size_in_file()) as part:
            super().save(part, zipped=zipped, **kwargs)
            write_contents(part)

    def export(
        self,
        filepath: str | os.PathLike,
        format: str = "tf_saved_model",  # noqa: A002 - Keras's name
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs,
    ) -> None:
        """Writes what computes answers from word ids, for TensorFlow Serving and others that know no Python.

        Texts become ids in Python: `encode(texts).padded()` makes the int32 ids `(batch, time)` that the exported
        function `serve` takes. It returns what `predict` does.

        Args:
            filepath: path of the folder or file.
            format: as in Keras.
            verbose: as in Keras.
            input_signature: as in Keras; None takes ids of any number of texts, of any length.
            **kwargs: as in Keras.

        Raises:
            NotFittedError: there is no vocabulary yet, or a classifier is not trained.
            RuntimeError: this process was forked after TensorFlow had started.
            TypeError, ValueError: an argument of the wrong kind, or a format that Keras does not know.

        Examples:
            >>> pretrainer = SkipGramPretrainer(embedding_dim=4, seed=0)
            >>> pretrainer.adapt(["warm and funny", "cold and dull"])
            >>> path = os.path.join(tempfile.mkdtemp(), "served")
            >>> pretrainer.export(path, verbose=False)
            >>> import tensorflow as tf
            >>> served = tf.saved_model.load(path)
            >>> served.serve(pretrainer.encode(["a warm film"]).padded()).shape
            TensorShape([1, 4])
        """
        check_not_forked("export")
        filepath = check_path(filepath, "filepath", "folder")
        check_choice(format, "format", _EXPORTS)
        if verbose is not None:
            verbose = check_flag(verbose, "verbose")
        if input_signature is None:
            input_signature = [keras.InputSpec(shape=(None, None), dtype="int32")]
        if not isinstance(input_signature, list) or not all(isinstance(one, _SPECS) for one in input_signature):
            raise TypeError(
                f"`input_signature` must be a list of `keras.InputSpec`. Received {short(input_signature)} of type "
                f"{type(input_signature).__name__}. Leave it out, or pass "
                "`[keras.InputSpec(shape=(None, None), dtype='int32')]`."
            )
        self._check_vocabulary("export")
        self._exported().export(filepath, format, verbose=verbose, input_signature=input_signature, **kwargs)

    def _exported(self):
        """Returns the object whose `export` writes the model."""
        return super()

    def save_assets(self, dir_path):
        state = self.encoder.get_vocabulary_state()
        _check_writable(state["words"])
        # JSON has every kind of word as it is but tuples: they become arrays, which nothing else does.
        with open(os.path.join(dir_path, _VOCABULARY_FILE), "w", **_JSON_FILE) as file:
            json.dump(state, file, ensure_ascii=False)
        if self._nearest is not None:
            nearest = self._nearest
            np.savez(
                os.path.join(dir_path, _NGRAMS_FILE),
                vectors=nearest.vectors, ngrams=nearest.ngrams.table, lengths=nearest.ngrams.lengths,
            )  # fmt: skip

    def load_assets(self, dir_path):
        check_unpacked(os.path.dirname(dir_path))  # where Keras puts the whole file
        path = os.path.join(dir_path, _VOCABULARY_FILE)
        if not os.path.isfile(path):
            raise ValueError("it lacks its vocabulary")
        with open(path, **_JSON_FILE) as file:
            state = json.load(file)
        self.encoder.set_vocabulary_state({**state, "words": [word_from_json(word) for word in state["words"]]})
        self.check_named_vocabulary()
        path = os.path.join(dir_path, _NGRAMS_FILE)
        if os.path.exists(path):
            arrays = read_arrays(path)
            shortest, longest = (check_number(n, "char_ngrams", 1, kind=int) for n in arrays["lengths"].tolist())
            self._nearest = NearestWords(arrays["vectors"], CharNgrams(arrays["ngrams"], (shortest, longest)))
        self._check_assets()

    def _check_assets(self):
        """Raises an error where what `load_assets` read is not of the model's sizes."""


def _explain_unloadable(tokenizer):
    """Returns what is wrong with a tokeniser that a saved model would not find again, and how to mend it, or `""`."""
    if not callable(tokenizer):
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = keras.saving.serialize_keras_object(tokenizer)
            if callable(keras.saving.deserialize_keras_object(config)):
                return ""
    except (TypeError, ValueError, AttributeError, ImportError):
        pass
    return (
        f"Keras cannot find the `tokenizer` {short(tokenizer)} again: write a function with `def`, and put "
        "`@keras.saving.register_keras_serializable()` above it."
    )


def _check_writable(words):
    check_json(
        words,
        "A model can be saved if the words of its vocabulary are",
        "Map such tokens to str before `fit` or `adapt`: `str(token)`.",
    )


def _id_grid(x):
    """Returns an array or a tensor of ids `(batch, time)` as an array, and None for anything else."""
    if is_tensor(x) and hasattr(x, "numpy") and x.dtype.is_integer:
        x = (x.to_tensor() if hasattr(x, "to_list") else x).numpy()
    if is_tensor(x) or hasattr(x, "columns") or getattr(x, "ndim", 0) != 2:
        return None
    grid = np.asarray(x)
    return grid if grid.dtype.kind in "iu" else None
