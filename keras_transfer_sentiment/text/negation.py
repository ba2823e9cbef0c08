"""Marking the words that a negator reaches, and telling punctuation from words."""

import unicodedata
from collections.abc import Collection, Sequence

_MARK = "_NEG"  # appended by NLTK's `mark_negation`


def mark_negated(tokens: Sequence[str], stop_words: Collection[str]) -> list[str]:
    """Returns the words of a text, those between a negator and the end of its clause with the suffix `_NEG`.

    NLTK's `mark_negation` marks them (Pang, Lee and Vaithyanathan 2002); stop words and punctuation lose the mark.

    Args:
        tokens: the words of one text, with the ends of its clauses.
        stop_words: words that stay as they are.
    """
    from nltk.sentiment.util import mark_negation

    return [_unmark_empty(token, stop_words) for token in mark_negation(tokens)]


def split_mark(token: str) -> tuple[str, str]:
    """Returns a word without its mark, and the mark, `""` for none.

    Examples:
        >>> split_mark("like_NEG"), split_mark("like")
        (('like', '_NEG'), ('like', ''))
    """
    word = token.removesuffix(_MARK)
    return word, token[len(word) :]


def is_punctuation(token: str) -> bool:
    """Returns whether a token is a single punctuation mark other than `!` and `?`, which carry feeling."""
    return len(token) == 1 and unicodedata.category(token)[0] == "P" and token not in "!?"


def _unmark_empty(token, stop_words):
    word = split_mark(token)[0]
    return word if word in stop_words or is_punctuation(word) else token
