"""What weights belong to: the words in their order, the text settings and the classes, kept beside them in a file."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from keras_transfer_sentiment import __version__
from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.text.encoder import TextEncoder
from keras_transfer_sentiment.text.vocabulary import check_json, word_from_json

# Those that say which word a text becomes; the others say which words are learned.
_SETTINGS = ("language", "lowercase", "stop_words", "stem", "mark_negation")
_ROOM = 60  # characters of a word or a list of classes in a message


@dataclass(frozen=True)
class Origin:
    """What weights belong to.

    Attributes:
        settings: the settings of the encoder that change the words of a text.
        vocabulary: what `TextEncoder.get_vocabulary_state` returns; None where JSON cannot keep the words.
        classes: the classes of a classifier in their order, or None.
        is_fitted: whether the weights are trained.
        is_sealed: whether a seal is at the end of the file, see `weights_file`.
        version: of this library.
    """

    settings: dict
    vocabulary: dict | None
    classes: list | None = None
    is_fitted: bool = True
    is_sealed: bool = False
    version: str = __version__

    @classmethod
    def of(cls, encoder: TextEncoder, classes: list | None = None, is_fitted: bool = True) -> "Origin":
        """Returns the origin of the weights of a model.

        Args:
            encoder: the model's.
            classes: those of a classifier, or None.
            is_fitted: whether the model is trained.
        """
        settings = {name: getattr(encoder, name) for name in _SETTINGS}
        settings["tokenizer"] = _name_of(encoder.tokenizer)
        state = encoder.get_vocabulary_state()
        try:
            check_json(state["words"], "", "")
        except TypeError:
            return cls(settings, None, classes, is_fitted)
        return cls(settings, state, classes, is_fitted)

    def to_array(self) -> np.ndarray:
        """Returns the origin as JSON, in a uint8 array."""
        return np.frombuffer(json.dumps(asdict(self)).encode("ascii"), "uint8")

    @classmethod
    def from_array(cls, array: np.ndarray) -> "Origin":
        """Returns the origin that `to_array` wrote.

        Raises:
            ValueError: the array holds none.
        """
        try:
            found = json.loads(np.asarray(array, "uint8").tobytes().decode("ascii"))
            origin = cls(**{name: found[name] for name in cls.__dataclass_fields__})
            if origin.vocabulary is not None:
                words = list(map(word_from_json, origin.vocabulary["words"]))
                return cls(**{**vars(origin), "vocabulary": {**origin.vocabulary, "words": words}})
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"its note of what it belongs to is damaged: {short(str(error))}") from None
        return origin

    def explain_difference(self, own: "Origin") -> str:
        """Returns in what weights of this origin differ from those of a model, or `""`.

        What one of the two does not have, such as classes before a `fit`, is no difference.

        Args:
            own: the origin of the model's weights.
        """
        for name, value in self.settings.items():
            if name in own.settings and value != own.settings[name]:
                return f"`{name}={short(value, _ROOM)}`, and this model has `{name}={short(own.settings[name], _ROOM)}`"
        if self.vocabulary is not None and own.vocabulary is not None and own.vocabulary["words"]:
            if difference := _explain_words(self.vocabulary["words"], own.vocabulary["words"]):
                return difference
            if self.vocabulary.get("phrases", []) != own.vocabulary["phrases"]:
                return "the same words with other phrases than this model"
        if self.classes is not None and own.classes is not None and not _are_same(self.classes, own.classes):
            return f"the classes {short(self.classes, _ROOM)}, and this model has {short(own.classes, _ROOM)}"
        return ""


def _explain_words(words, own):
    sizes = f"a vocabulary of {len(words) - 1} words"
    place = next((i for i, pair in enumerate(zip(words, own, strict=False)) if pair[0] != pair[1]), None)
    if len(words) != len(own):
        sizes += f", and this model has one of {len(own) - 1}"
    elif place is None:
        return ""
    else:
        sizes += ", and this model has one of as many"
    if place is None:
        return sizes
    return f"{sizes}: word {place} is {short(words[place], _ROOM)} there and {short(own[place], _ROOM)} here"


def _are_same(classes, others):
    return classes == others and list(map(type, classes)) == list(map(type, others))


def _name_of(tokenizer: str | Callable) -> Any:
    return tokenizer if isinstance(tokenizer, str) else f"function {getattr(tokenizer, '__name__', type(tokenizer))}"
