"""Texts that come as lists of tokens: which tokens are fine, and which lists are no texts at all."""

import itertools
import numbers
import operator
from typing import Any

import numpy as np

from keras_transfer_sentiment.checks import is_collection, is_missing, is_nan, short, warn_caller

# Tokens of these types need no check one by one: they are hashable, equal to themselves and not of NumPy.
_PLAIN_TOKENS = {str, int, bool, bytes}
_LOOKED_AT = 256  # texts from the start of a batch that tell what it is
_MOST_SPACES = 2  # a token with more spaces than that is rather a text


def check_tokens(texts: list, caller: str, argument: str, first: int, only_str: bool) -> list:
    """Returns texts that are lists of tokens, with Python's own scalars in place of NumPy's.

    Args:
        texts: list of lists or tuples.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.
        first: the position of the first of these texts among all, for the message.
        only_str: whether tokens have to be `str`.

    Raises:
        TypeError: a token that is missing, has no hash, or is no `str` where it has to be; pairs of texts and labels.
    """
    _refuse_pairs(texts, caller, argument)
    _warn_of_texts(texts, caller, argument, first)
    kinds = set(map(type, itertools.chain.from_iterable(texts)))
    if kinds <= ({str} if only_str else _PLAIN_TOKENS):
        return texts
    try:
        different = dict.fromkeys(itertools.chain.from_iterable(texts))
    except TypeError:
        _refuse_token(
            texts,
            lambda token: not has_hash(token),
            f"`{caller}` expects tokens that have a hash: str, numbers or tuples of them.",
            "Make a list a tuple: `tuple(token)`; map other kinds to str.",
            first,
        )
    plain = {}
    for token in different:
        if is_missing(token) or _holds_nan(token):
            _refuse_token(
                texts,
                lambda other, token=token: other is token,
                f"`{caller}` received a missing token.",
                "Leave it out of its text, or replace it with a word of your own.",
                first,
            )
        value = _as_python(token)
        if only_str and not isinstance(value, str):
            _refuse_token(
                texts,
                lambda other, token=token: other is token,
                f"`{caller}` joins words into phrases and expects tokens to be str.",
                "Convert each token with `str`, or use `TextEncoder(phrases=False)`.",
                first,
            )
        if value is not token:
            plain[token] = value
    return [[plain.get(token, token) for token in text] for text in texts] if plain else texts


def refuse_columns(texts: list, columns: list, caller: str, argument: str) -> None:
    """Raises an error for texts and labels, one list after the other, in place of texts.

    Args:
        texts: what was received, a list of two or three.
        columns: the same as lists; None for what is none.
        caller: name of the public method, for the message.
        argument: name of its argument, for the message.

    Raises:
        TypeError: the first is of texts, and the others are labels or weights for each of them.
    """
    if not 2 <= len(columns) <= 3 or any(column is None for column in columns):
        return
    first, *others = columns
    if len(first) < 2 or not all(isinstance(text, str) for text in first):
        return
    if any(len(column) != len(first) for column in others):
        return
    is_number = all(isinstance(value, numbers.Number) for value in others[0])
    if is_number or (_mostly_spaced(first) and not _mostly_spaced(others[0])):
        raise TypeError(
            f"`{caller}` expects texts as `{argument}`. Received texts and labels in one {type(texts).__name__}: "
            f"{short(columns)}. Pass the texts alone, `{argument}[0]`; labels go into `y`, where there is one."
        )


def _refuse_pairs(texts, caller, argument):
    some = texts[:_LOOKED_AT]
    if len(some[0]) not in (2, 3) or len(set(map(len, some))) > 1 or not all(isinstance(text[0], str) for text in some):
        return
    is_number = all(isinstance(value, (numbers.Real, np.bool_)) for text in some for value in text[1:])
    is_spaced = _mostly_spaced([text[0] for text in some])
    if (is_number and is_spaced) or (len(some) > 1 and (is_number or is_spaced)):
        raise TypeError(
            f"`{caller}` expects texts, or lists of tokens, as `{argument}`. Received what looks like pairs of a text "
            f"and its label: {short(texts[0])}. Pass the texts alone, `[text for text, *_ in {argument}]`; labels go "
            "into `y`, where there is one. In words of your own replace spaces, such as by `_`."
        )


def _warn_of_texts(texts, caller, argument, first):
    if first:
        return
    tokens = [token for text in texts[:_LOOKED_AT] for token in text if isinstance(token, str)]
    if tokens and sum(token.count(" ") for token in tokens) > _MOST_SPACES * len(tokens):
        warn_caller(
            f"`{caller}` takes each token of a list as one word, as it is: {short(tokens[0])}. If these are texts in "
            f"batches, pass `[text for batch in {argument} for text in batch]`."
        )


def _mostly_spaced(values):
    spaced = sum(isinstance(value, str) and " " in value.strip() for value in values)
    return 2 * spaced >= len(values)


def _refuse_token(texts, is_wrong, expected, fix, first):
    number, token = next((i, token) for i, text in enumerate(texts, first) for token in text if is_wrong(token))
    raise TypeError(f"{expected} Received {short(token)} of type {type(token).__name__} in text {number}. {fix}")


def check_words(words: Any, name: str) -> list[Any]:
    """Returns words as a list.

    Args:
        words: list or any other iterable of tokens; the keys of a dict are none.
        name: name of the argument, for the message.

    Raises:
        TypeError: no iterable, one str, or a word that has no hash or is missing.
    """
    if not is_collection(words):
        raise TypeError(
            f"`{name}` must be a list of words. Received {short(words)} of type {type(words).__name__}. Pass a list, "
            "such as ['warm', 'cold']."
        )
    values = [_as_python(word) for word in words]
    for place, word in enumerate(values):
        if not has_hash(word) or is_missing(word):
            raise TypeError(
                f"`{name}` must hold words: str, numbers or tuples of them. Received {short(word)} of type "
                f"{type(word).__name__} at position {place}. Leave it out, or map it to str."
            )
    return values


def has_hash(value: Any) -> bool:
    """Returns whether a value has a hash, as every word must."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _holds_nan(value):
    return is_nan(value) or (isinstance(value, tuple) and any(map(_holds_nan, value)))


def _as_python(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if type(value) is not tuple:
        return value
    parts = tuple(map(_as_python, value))
    return value if all(map(operator.is_, parts, value)) else parts
