"""The vocabulary: counts of words that can be added up, what is made of them, and the way from codes to ids."""

import functools
import itertools
import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import numpy as np

from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.storage import digest
from keras_transfer_sentiment.text.encoded import CodedTexts, EncodedTexts, drop_unknown
from keras_transfer_sentiment.text.phrases import PairJoiner, find_pairs, join_pair
from keras_transfer_sentiment.text.tokens import check_words

STOP_WORD = -1  # the id of stop words, until they are dropped
_SMALL_TEXT, _MEDIUM_TEXT = 20_000, 1_000_000  # words; below these, `min_count="auto"` is 1 and 2, else 5
_NO_CONTRACTION = ("n't", "N'T")  # cut off by the tokeniser, so that all negations share it: not joined again


def _no_counts():
    return np.empty(0, "int64")


@dataclass(frozen=True, eq=False)
class WordCounts:
    """How often words are in texts. Counts of parts of a corpus add up to the counts of the whole.

    `TextEncoder.count` makes them, in any number of processes; `TextEncoder.adapt` and `grow` take them in place of
    texts. The parts have to be added in the order of the texts for the vocabulary of the whole corpus to be the same:
    among words of equal counts, the one that came first comes first.

    Attributes:
        words: list of the different words, in the order in which they first came.
        counts: int64 array `(words,)`: how often each was there.
        settings: dict or None. The settings of the encoder that cut the texts, as far as they tell how; None where they
            are not known. Only counts of the same settings add up.

    Examples:
        >>> encoder = TextEncoder()
        >>> counts = encoder.count(["a good film"]) + encoder.count(["a bad film"])
        >>> dict(zip(counts.words, counts.counts.tolist()))
        {'a': 2, 'good': 1, 'film': 2, 'bad': 1}
        >>> encoder.adapt(counts)
        >>> encoder.vocabulary
        ['', 'film', 'good', 'bad']
    """

    words: list = field(default_factory=list)
    counts: np.ndarray = field(default_factory=_no_counts)
    settings: dict | None = None

    def __add__(self, other: "WordCounts") -> "WordCounts":
        if not isinstance(other, WordCounts):
            return NotImplemented
        check_counts(self, "WordCounts + WordCounts", other.settings)
        check_counts(other, "WordCounts + WordCounts")
        numbers = Numbers(list(self.words))
        codes = np.fromiter(map(numbers.__getitem__, other.words), "int64", len(other.words))
        counts = np.zeros(len(numbers), "int64")
        counts[: len(self.words)] = self.counts
        counts[codes] += other.counts
        return WordCounts(numbers.words, counts, self.settings if self.settings is not None else other.settings)

    def __radd__(self, other: object) -> "WordCounts":
        return self if isinstance(other, int) and other == 0 else NotImplemented  # what `sum` starts from

    def __repr__(self) -> str:
        return f"WordCounts({len(self.words):,} words, {self.total:,} in all)"

    @property
    def total(self) -> int:
        """int: the number of words in the texts, each counted as often as it is there."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class Vocabulary:
    """The words that have an id.

    Attributes:
        words: list: the word of each id; that of id 0, padding, is `''`. Empty where nothing was learned.
        counts: int64 array `(words,)`: how often each was seen.
        phrases: list of the pairs of words that are joined.
    """

    words: list = field(default_factory=list)
    counts: np.ndarray = field(default_factory=_no_counts)
    phrases: list[tuple[str, str]] = field(default_factory=list)

    @functools.cached_property
    def digest(self) -> str:
        """str: tells the words in their order, and the phrases, from others."""
        return digest([json.dumps([self.words, self.phrases], default=repr)])

    @classmethod
    def from_state(cls, state: dict) -> "Vocabulary":
        """Returns the vocabulary of what `WordIds.get_vocabulary_state` returned; `phrases` may be absent.

        Raises:
            ValueError: a state that no vocabulary has.
        """
        try:
            words, counts = list(state["words"]), np.asarray(state["counts"], "int64")
            phrases = [(left, right) for left, right in state.get("phrases", ())]
            is_whole = len(set(words[1:])) == len(words[1:]) and len(words) == len(counts) and words[:1] in ([], [""])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ValueError(f"The vocabulary is damaged: {short(str(error))}.") from None
        if not is_whole or (counts < 0).any() or not all(isinstance(word, str) for pair in phrases for word in pair):
            raise ValueError(
                f"The vocabulary is damaged: it has {len(words)} words and {counts.size} counts. Expected different "
                "words, the first one '', with a count of 0 or more each."
            )
        return cls(words, counts, phrases)


@dataclass(frozen=True)
class VocabularyRules:
    """The rules by which words enter a vocabulary.

    Attributes:
        stop_words: frozenset.
        min_count: int or `"auto"`.
        max_vocabulary: int or None.
        phrases: float or None: the threshold of the NPMI at which pairs of words are joined; None joins none.
    """

    stop_words: frozenset
    min_count: int | str
    max_vocabulary: int | None
    phrases: float | None

    def floor(self, words: int) -> int:
        """Returns the count from which a word enters the vocabulary of texts that have `words` words in all."""
        if self.min_count != "auto":
            return int(self.min_count)
        return 1 if words < _SMALL_TEXT else 2 if words < _MEDIUM_TEXT else 5


@dataclass(frozen=True)
class Translation:
    """Makes word ids of codes: joins the phrases, looks the codes up, drops what is no word of the vocabulary.

    Attributes:
        ids: int32 array, the id of each code, 0 for none and `STOP_WORD` for stop words; None where codes are ids.
        join: `PairJoiner` of codes, or None.
    """

    ids: np.ndarray | None = None
    join: PairJoiner | None = None

    def __call__(self, coded: CodedTexts) -> EncodedTexts:
        """Returns coded texts as word ids."""
        if self.join is not None:
            coded = self.join(coded)
        return drop_unknown(coded if self.ids is None else CodedTexts(self.ids.take(coded.codes), coded.lengths))


class Numbers(dict):
    """The number of each word of a list; a word that is not there enters both, and gets the next number."""

    def __init__(self, words: list):
        super().__init__(zip(words, itertools.count()))
        self.words = words

    def __missing__(self, word):
        number = self[word] = len(self.words)
        self.words.append(word)
        return number


def build_vocabulary(
    counts: WordCounts, rules: VocabularyRules, old: Vocabulary | None = None, coded: Iterable[CodedTexts] | None = None
) -> tuple[Vocabulary, Translation]:
    """Returns the vocabulary of texts, and how codes of their words become its ids.

    Args:
        counts: the words of the texts; the code of a word is its position there.
        rules: `VocabularyRules`.
        old: `Vocabulary` or None. One to go on from: its words keep their ids, its phrases stay.
        coded: the texts, in any partition: a list of `CodedTexts`, or any object that gives the same again each time
            it is iterated over. They are needed for phrases alone, which take two passes or a few.

    Raises:
        ValueError: no word can enter the vocabulary, or there are phrases to find and no texts.

    Examples:
        >>> counts = WordCounts(["a", "good", "film"], np.array([2, 1, 2]))
        >>> vocabulary, translate = build_vocabulary(counts, VocabularyRules(frozenset("a"), 1, None, None))
        >>> vocabulary.words
        ['', 'film', 'good']
        >>> translate(CodedTexts(np.array([0, 1, 2], "int32"), np.array([3]))).ids.tolist()
        [2, 1]
    """
    old = old if old is not None and old.words else Vocabulary([""], np.zeros(1, "int64"))
    floor = rules.floor(counts.total)
    if rules.phrases is None and not old.phrases:
        vocabulary, ids = _rank(counts, rules, floor, old, [])
        return vocabulary, Translation(ids)
    if coded is None:
        raise ValueError(
            "Counts of words do not tell which words are neighbours, and `phrases` need that. Pass the texts "
            "themselves, or use an encoder with `phrases=False`."
        )
    phrases = old.phrases if rules.phrases is None else _find_phrases(counts, rules, floor, old, coded)
    numbers = Numbers(list(counts.words))
    while True:
        join = PairJoiner(
            np.array([(numbers[left], numbers[right]) for left, right in phrases], "int64"),
            np.array([numbers[join_pair(*pair)] for pair in phrases], "int32"),
        )
        joined = np.zeros(len(numbers), "int64")
        for part in coded:
            add_counts(join(part).codes, joined)
        vocabulary, ids = _rank(WordCounts(numbers.words, joined), rules, floor, old, phrases)
        # A phrase outside the vocabulary would only hide its two words.
        kept = [pair for pair in phrases if ids[numbers[join_pair(*pair)]] > 0]
        if len(kept) == len(phrases):
            return vocabulary, Translation(ids, join)
        phrases = kept


def _find_phrases(counts, rules, floor, old, coded):
    words = counts.words
    excluded = (_members(words, rules.stop_words), _members(words, _NO_CONTRACTION))
    pairs = find_pairs(coded, counts.counts, excluded, floor, rules.phrases)
    return list(dict.fromkeys([*old.phrases, *((words[left], words[right]) for left, right in pairs)]))


def _rank(counts, rules, floor, old, phrases):
    """Returns the vocabulary, and the id of each counted word: 0 if it is rare, `STOP_WORD` if it is one."""
    words, counts = counts.words, counts.counts
    ids = np.zeros(len(words), "int32")
    if len(old.words) > 1:
        old_ids = dict(zip(old.words[1:], itertools.count(1)))
        ids[:] = np.fromiter(map(old_ids.get, words, itertools.repeat(0)), "int32", len(words))
    is_old = ids > 0
    is_stop = _members(words, rules.stop_words) & ~is_old
    chosen = np.flatnonzero(~is_stop & ~is_old & (counts >= floor))
    if not len(chosen) and not counts[is_old].any():
        raise _no_word_error(int((counts > 0).sum()), int((is_stop & (counts > 0)).sum()), floor)
    limit = rules.max_vocabulary
    room = None if limit is None else max(limit - len(old.words) + 1, 0)
    chosen = chosen[np.argsort(-counts[chosen], kind="stable")][:room]
    ids[is_stop] = STOP_WORD
    ids[chosen] = np.arange(len(old.words), len(old.words) + len(chosen))
    total = np.concatenate([old.counts, counts[chosen]])
    total[ids[is_old]] += counts[is_old]
    return Vocabulary([*old.words, *map(words.__getitem__, chosen.tolist())], total, phrases), ids


def _no_word_error(seen, stop_words, floor):
    found = f"of {seen} different words in the texts, {stop_words} are stop words"
    if not seen:
        found = "there is no word in the texts. Pass more text"
    elif stop_words == seen:
        found += ". Pass more text"
    else:
        found += f" and the others occur fewer than {floor} times (`min_count`). Pass more text, or lower `min_count`"
    return ValueError(f"No word can enter the vocabulary: {found}.")


def _members(words, wanted):
    return np.fromiter(map(frozenset(wanted).__contains__, words), bool, len(words))


def add_counts(codes: np.ndarray, counts: np.ndarray) -> None:
    """Adds to `counts`, int64, how often each code is there."""
    np.add.at(counts, codes, 1)


def check_counts(counts: WordCounts, caller: str, settings: dict | None = None) -> None:
    """Raises an error for counts that no texts can have, or of texts that were cut in another way.

    Args:
        counts: the counts.
        caller: name of the public method, for the message.
        settings: those that the counts' must equal, where both are known.

    Raises:
        TypeError: `words` is no list, or `counts` no array of ints.
        ValueError: a word is there twice, a count is negative, there is not one count per word, or other settings.
    """
    if settings is not None and counts.settings is not None and counts.settings != settings:
        name = next(name for name, value in settings.items() if counts.settings.get(name) != value)
        raise ValueError(
            f"`{caller}` takes `WordCounts` of the same settings. Received "
            f"`{name}={short(counts.settings.get(name), 40)}` and `{name}={short(settings[name], 40)}`. Count all "
            "texts with copies of one encoder: `encoder.count(texts)`."
        )
    words, numbers = counts.words, counts.counts
    if not isinstance(words, list) or not isinstance(numbers, np.ndarray) or numbers.dtype.kind not in "iu":
        raise TypeError(
            f"`{caller}` expects `WordCounts` of a list and an array of ints. Received {short(words)} of type "
            f"{type(words).__name__} and {short(numbers)}. Make them with `encoder.count(texts)`."
        )
    different = len(set(check_words(words, "words")))
    if numbers.shape != (len(words),) or different < len(words) or (numbers < 0).any():
        raise ValueError(
            f"`{caller}` expects `WordCounts` with one count of 0 or more for each word. Received {len(words)} words, "
            f"{different} of them different, and {numbers.size} counts from {numbers.min(initial=0)} on. Add up parts "
            "with `+`."
        )


def word_from_json(word) -> Hashable:
    """Returns a word as it was before JSON, which has no tuples and makes them lists; no word is a list.

    Examples:
        >>> word_from_json(["shirt", ["red", 7]])
        ('shirt', ('red', 7))
    """
    return tuple(map(word_from_json, word)) if isinstance(word, list) else word


def check_json(words: Iterable, what: str, fix: str) -> None:
    """Raises an error for the first word that JSON would not give back as it was.

    Args:
        words: words of a vocabulary.
        what: the start of the error's message, which goes on with the kinds of words that are allowed.
        fix: the end of the message.

    Raises:
        TypeError: there is one.
    """
    for word in words:
        if type(word) is not str and (wrong := _not_json(word)) is not None:
            raise TypeError(
                f"{what} str, int, float, bool or tuples of these. Received {short(word)}"
                f"{'' if wrong is word else ', which holds a value'} of type {type(wrong).__name__}. {fix}"
            )


def _not_json(word):
    if type(word) is tuple:
        return next((wrong for part in word if (wrong := _not_json(part)) is not None), None)
    return None if isinstance(word, str) or type(word) in (int, float, bool, type(None)) else word
