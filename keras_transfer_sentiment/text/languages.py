"""The word lists that ship with the package, one file per language: stop words, contrast words and seed words."""

import functools
import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import TypedDict

from keras_transfer_sentiment.checks import check_choice, is_collection, short

_SUFFIX = ".toml"


class WordLists(TypedDict):
    """The lists of one language.

    Attributes:
        stop_words: words that say nothing about the topic or the feeling of a text.
        contrast_words: words that turn to another thought, such as "but".
        seed_words: words of known polarity: the keys are `"positive"` and `"negative"`.
    """

    stop_words: frozenset[str]
    contrast_words: frozenset[str]
    seed_words: dict[str, list[str]]


@functools.cache
def languages() -> tuple[str, ...]:
    """Returns the names of the languages that have word lists, in alphabetical order.

    Examples:
        >>> languages()
        ('chinese', 'english')
    """
    files = resources.files("keras_transfer_sentiment").joinpath("words").iterdir()
    return tuple(sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX)))


def check_language(language: str | None) -> str | None:
    """Returns the argument `language` of an encoder.

    Raises:
        ValueError: neither the name of a language that has word lists nor None.
    """
    if language is None or (isinstance(language, str) and language in languages()):
        return language
    raise ValueError(
        f"`language` must be {' or '.join(map(repr, languages()))}, which have word lists, or None. Received "
        f"{short(language)}. For any other language pass `TextEncoder(None, stop_words=[...])`, and seed words of your "
        "own to the classifier."
    )


@functools.cache
def word_lists(language: str) -> WordLists:
    """Returns the word lists of a language, which are shared: callers must not change them.

    Args:
        language: one of `languages()`.

    Raises:
        ValueError: there is no such language.
    """
    check_choice(language, "language", languages())
    file = resources.files("keras_transfer_sentiment").joinpath("words", f"{language}{_SUFFIX}")
    raw = tomllib.loads(file.read_text("utf-8"))
    return {
        "stop_words": frozenset(raw["stop_words"].split()),
        "contrast_words": frozenset(raw["contrast_words"].split()),
        "seed_words": {polarity: words.split() for polarity, words in raw["seed_words"].items()},
    }


def check_stop_words(stop_words: str | Iterable[str] | None) -> str | list[str] | None:
    """Returns the argument `stop_words`: a collection of words as a sorted list, all else as it is.

    Raises:
        TypeError: neither a name, a collection of str nor None.
        ValueError: a name of no language.
    """
    if stop_words is None:
        return None
    if isinstance(stop_words, str):
        return check_choice(stop_words, "stop_words", ("auto", *languages()))
    words: list = list(stop_words) if is_collection(stop_words) else [stop_words]
    if not all(isinstance(word, str) for word in words):
        raise TypeError(
            f"`stop_words` must be 'auto', the name of a language, None or a collection of str. Received "
            f"{short(stop_words)} of type {type(stop_words).__name__}. Pass a list such as ['the', 'of'], or None."
        )
    return sorted(set(words))


def find_stop_words(stop_words: str | list[str] | None) -> frozenset[str]:
    """Returns the stop words of a language, or those of a list; None is no words."""
    if isinstance(stop_words, str):
        return word_lists(stop_words)["stop_words"]
    return frozenset(stop_words or ())
