"""Marking the words that a negator reaches, and telling punctuation from words."""

import unicodedata
from collections.abc import Collection, Sequence

from keras_transfer_sentiment.text.symbols import is_symbol

_MARK = "_NEG"  # appended by NLTK's `mark_negation`


def mark_negated(
    tokens: Sequence[str], stop_words: Collection[str], contrast_words: Collection[str] = frozenset()
) -> list[str]:
    """Returns the words of a text, those between a negator and the end of its clause with the suffix `_NEG`.

    NLTK's `mark_negation` marks them (Pang, Lee and Vaithyanathan 2002), to the next punctuation mark or contrast word.
    Stop words, punctuation, emoji and emoticons lose the mark.

    Args:
        tokens: the words of one text, with the ends of its clauses.
        stop_words: words that stay as they are.
        contrast_words: words that begin another clause, such as "but".

    Examples:
        >>> mark_negated(["not", "good", "but", "funny"], [], ["but"])
        ['not', 'good_NEG', 'but', 'funny']
    """
    from nltk.sentiment.util import NEGATION_RE, mark_negation

    clauses: list[list[str]] = [[]]
    for token in tokens:
        word = token.lower()
        # "not yet" is about time.
        is_adverb = word == "yet" and bool(clauses[-1]) and NEGATION_RE.search(clauses[-1][-1]) is not None
        if word in contrast_words and not is_adverb:
            clauses.append([])
        clauses[-1].append(token)
    return [_unmark_empty(token, stop_words) for clause in clauses for token in mark_negation(clause)]


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
    return word if word in stop_words or is_punctuation(word) or (word != token and is_symbol(word)) else token
