"""Seed words: words of known polarity that stand in for labelled texts."""

from collections.abc import Iterable, Mapping

from keras_transfer_sentiment.errors import check_choice, short
from keras_transfer_sentiment.text import LANGUAGES, word_lists

POLARITIES = ("positive", "negative")


def seed_word_lists(seed_words, language: str | None) -> dict[str, list[str]] | None:
    """Returns seed words as a dict of two lists, or None for none (Turney and Littman 2003).

    Args:
        seed_words: `"auto"` (the list of `language`, if it has one), `"english"`, `"chinese"`, None, or a mapping
            with the keys `"positive"` and `"negative"`, each a collection of str.
        language: the encoder's.

    Raises:
        ValueError: an unknown name, other keys, or no words on one side.
        TypeError: something else, or words that are not str.

    Examples:
        >>> seed_word_lists("auto", "english")["positive"][:3]
        ['excellent', 'wonderful', 'great']
        >>> seed_word_lists({"positive": ["fresh"], "negative": ["stale"]}, "english")
        {'positive': ['fresh'], 'negative': ['stale']}
    """
    if seed_words == "auto":
        seed_words = language
    if seed_words is None:
        return None
    if isinstance(seed_words, str):
        check_choice(seed_words, "seed_words", ("auto", *LANGUAGES, None))
        return {polarity: list(word_lists(seed_words)["seed_words"][polarity]) for polarity in POLARITIES}
    if not isinstance(seed_words, Mapping):
        raise TypeError(
            "`seed_words` must be 'auto', the name of a language, None or a dict of two lists. Received "
            f"{short(seed_words)} of type {type(seed_words).__name__}. "
            "Pass `{'positive': [...], 'negative': [...]}`."
        )
    if set(seed_words) != set(POLARITIES):
        raise ValueError(
            "`seed_words` must have the keys 'positive' and 'negative'. Received "
            f"{short(sorted(map(str, seed_words)))}. Pass `{'positive': [...], 'negative': [...]}`."
        )
    lists = {}
    for polarity in POLARITIES:
        words = seed_words[polarity]
        if isinstance(words, str) or not isinstance(words, Iterable) or not all(isinstance(w, str) for w in words):
            raise TypeError(
                f"`seed_words[{polarity!r}]` must be a list of str. Received {short(words)} of type "
                f"{type(words).__name__}. Pass a list, such as ['fine', 'fresh']."
            )
        lists[polarity] = list(words)
        if not lists[polarity]:
            raise ValueError(
                f"`seed_words[{polarity!r}]` is empty. Pass at least one word a side, or `seed_words=None`."
            )
    return lists
