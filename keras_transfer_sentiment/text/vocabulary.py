"""The vocabulary: how it is learned, and texts as its ids."""

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.compiler import compiled, prefetch
from keras_transfer_sentiment.text.phrases import PairJoiner, find_pairs, joined
from keras_transfer_sentiment.text.word_table import Chunk, WordCodes

_AHEAD = 32  # entries that are fetched before they are needed
STOP = -1  # what a stop word is encoded as, before it is dropped
_NO_CONTRACTION = ("n't", "N'T")  # cut off by the tokeniser, so that all negations share it: not joined again


@dataclass(frozen=True)
class EncodedTexts:
    """Texts as word ids, one after the other, without padding.

    Attributes:
        ids: int32 array `(words,)`: the known words of all texts. No id is 0.
        offsets: int64 array `(texts + 1,)`: text `i` is `ids[offsets[i]:offsets[i + 1]]`.
        unknown: int32 array `(texts,)`: how many words of each text, stop words aside, are not in the vocabulary.

    Examples:
        >>> encoder = TextEncoder()
        >>> encoder.adapt(["good film", "bad film"])
        >>> encoded = encoder.encode(["a good good film", "unseen"])
        >>> encoded.ids.tolist(), encoded.offsets.tolist(), encoded.coverage.tolist()
        ([2, 2, 1], [0, 3, 3], [1.0, 0.0])
        >>> encoded.padded().tolist()
        [[2, 2, 1], [0, 0, 0]]
    """

    ids: np.ndarray
    offsets: np.ndarray
    unknown: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """int64 array `(texts,)`: number of known words of each text."""
        return np.diff(self.offsets)

    @property
    def coverage(self) -> np.ndarray:
        """float64 array `(texts,)`: share of each text's words, stop words aside, that are known; 0 if it has none."""
        return self.lengths / np.maximum(self.lengths + self.unknown, 1)

    def take(self, rows: Sequence[int] | np.ndarray) -> "EncodedTexts":
        """Returns the texts at `rows` (ints), in that order."""
        rows = np.asarray(rows, "int64")
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return EncodedTexts(self.ids[places], offsets, self.unknown[rows])

    def padded(self, multiple: int = 1) -> np.ndarray:
        """Returns the ids as an int32 array `(texts, time)`, padded with 0 at the end.

        Args:
            multiple: int. `time` is the longest text's length rounded up to a multiple of this, at least one.
        """
        lengths = self.lengths
        time = -(-max(int(lengths.max(initial=0)), 1) // multiple) * multiple
        grid = np.zeros((len(self), time), "int32")
        grid[np.arange(time) < lengths[:, None]] = self.ids
        return grid

    @staticmethod
    def concatenate(parts: "Sequence[EncodedTexts]") -> "EncodedTexts":
        """Returns the texts of all `parts`, in order."""
        lengths = np.concatenate([part.lengths for part in parts])
        return EncodedTexts(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([[0], np.cumsum(lengths)]),
            np.concatenate([part.unknown for part in parts]),
        )


@dataclass(frozen=True)
class Vocabulary:
    """What is learned from texts.

    Attributes:
        words: list: the word of each id; that of id 0, padding, is `''`.
        counts: int64 array `(words,)`: how often each was seen.
        phrases: list of the pairs of words that are joined.
    """

    words: list = field(default_factory=list)
    counts: np.ndarray = field(default_factory=lambda: np.empty(0, "int64"))
    phrases: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class VocabularyRules:
    """What may enter a vocabulary.

    Attributes:
        stop_words: frozenset.
        min_count: int or `"auto"`.
        max_vocabulary: int or None.
        phrases: float or None: the threshold from which on pairs of words are joined; None joins none.
    """

    stop_words: frozenset
    min_count: int | str
    max_vocabulary: int | None
    phrases: float | None


class VocabularyLearner:
    """Learns a vocabulary in two steps; between them, the texts are numbers that may lie in a file.

    First `count` reads the texts, once, and gives each word a provisional number. Then `finish` makes the vocabulary
    and translates the numbers into ids.

    Args:
        rules: `VocabularyRules`.
        tokenise: callable from the texts to an iterator over chunks of them, as `WordCodes` takes them.
        done: callable that gets the finished `Vocabulary`.
        old: `Vocabulary` or None. One to go on from: its words keep their ids, its phrases stay.

    Examples:
        >>> encoder = TextEncoder()
        >>> learner = encoder.learner("my_corpus")
        >>> chunks = list(learner.count(["a good film", "a bad film"]))
        >>> chunks[0][0].tolist(), chunks[0][1].tolist()
        ([0, 1, 2, 0, 3, 2], [3, 3])
        >>> [encoded.ids.tolist() for encoded in learner.finish(chunks)]
        [[2, 1, 3, 1]]
        >>> encoder.vocabulary
        ['', 'film', 'good', 'bad']
    """

    def __init__(
        self,
        rules: VocabularyRules,
        tokenise: Callable[[Iterable], Iterator[list]],
        done: Callable[[Vocabulary], None],
        old: Vocabulary | None = None,
    ):
        self._rules, self._tokenise, self._done = rules, tokenise, done
        self._old = old if old is not None and old.words else Vocabulary([""], np.zeros(1, "int64"))
        # The old words come first: their number is their id less one.
        self._begin(self._old.words[1:], np.zeros(len(self._old.words) - 1, "int64"))

    def _begin(self, words, counts):
        self._words, self._counts = words, counts
        self._text_counts = np.empty(0, "int64")
        self._made_numbers: _Numbers | None = None
        self._coder = WordCodes(words, range(len(words)), remember=True)

    @property
    def words(self) -> list:
        """list: the word of each provisional number given so far; those of the old vocabulary come first."""
        return list(self._words)

    @property
    def text_counts(self) -> np.ndarray:
        """int64 array: how often each word of the finished vocabulary is in the texts that were counted."""
        return self._text_counts

    @property
    def _numbers(self):
        if self._made_numbers is None:  # large, and texts that are str go without
            self._made_numbers = _Numbers(self._words)
        return self._made_numbers

    @property
    def counts(self) -> np.ndarray:
        """int64 array: how often each of `words` was counted so far."""
        return self._counts[: len(self._words)].copy()

    def resume(self, words: Iterable, counts: np.ndarray) -> None:
        """Goes on from the `words` and `counts` of another learner of the same encoder, in place of its own.

        Raises:
            ValueError: they do not fit the vocabulary that is to grow, or each other.
        """
        words, old = list(words), self._old.words[1:]
        if words[: len(old)] != old or len(words) != len(counts) or len(set(words)) != len(words):
            raise ValueError(
                f"`resume` expects the words that another learner of this encoder had counted, {len(old)} or more, "
                f"and a count for each. Received {len(words)} words and {len(counts)} counts. Count the texts anew."
            )
        self._begin(words, np.array(counts, "int64"))

    @property
    def reads_chunks(self) -> bool:
        """Whether `finish` reads the texts to make the vocabulary: it does for phrases."""
        return self._rules.phrases is not None or bool(self._old.phrases)

    def count(self, texts: Iterable) -> Iterator[Chunk]:
        """Yields texts as provisional codes, and counts the words of what has been yielded.

        Args:
            texts: iterable of texts. It is read once, a chunk at a time.
        """
        for chunk in self._tokenise(texts):
            # What the coder does not know of a str is new, as long as it has seen every word.
            is_new = self._made_numbers is None and bool(chunk) and type(chunk[0]) is str
            codes, lengths = self._coder(chunk, self._number_new if is_new else self._number)
            if len(self._counts) < len(self._words):
                self._counts = np.concatenate([self._counts, np.zeros(len(self._words), "int64")])
            add_counts(codes, self._counts)
            yield codes, lengths

    def _number(self, words):
        return np.fromiter(map(self._numbers.__getitem__, words), "int32", len(words))

    def _number_new(self, words):
        self._words += words
        return np.arange(len(self._words) - len(words), len(self._words), dtype="int32")

    def finish(self, chunks: Iterable[Chunk] = ()) -> Iterator[EncodedTexts]:
        """Makes the vocabulary, and returns an iterator over the encoded chunks.

        Args:
            chunks: all that `count` yielded, in any partition that leaves texts whole: a list, or any object that
                gives the same again each time it is iterated over. The result reads it once; unless `reads_chunks`, it
                may be left out where only the vocabulary is wanted. Phrases take two passes more, or a few.

        Raises:
            ValueError: no word may enter the vocabulary.
        """
        floor = self._floor()
        join = None
        if not self.reads_chunks:
            vocabulary, ids = self._rank(self.counts, floor, [])
        else:
            phrases = self._phrases(chunks, floor)
            while True:
                join, counts = self._join(chunks, phrases)
                vocabulary, ids = self._rank(counts, floor, phrases)
                # A phrase outside the vocabulary would only hide its two words.
                kept = [pair for pair in phrases if ids[self._numbers[joined(*pair)]] > 0]
                if len(kept) == len(phrases):
                    break
                phrases = kept
        self._done(vocabulary)
        return self._encoded(chunks, join, ids)

    def _encoded(self, chunks, join, ids):
        for codes, lengths in chunks:
            if join is not None:
                codes, lengths = join(codes, lengths)
            yield drop_unknown(_translated(codes, ids), lengths)

    def _floor(self):
        if self._rules.min_count != "auto":
            return int(self._rules.min_count)
        total = int(self._counts.sum())
        return 1 if total < 20_000 else 2 if total < 1_000_000 else 5

    def _members(self, words):
        return np.fromiter(map(frozenset(words).__contains__, self._words), bool, len(self._words))

    def _phrases(self, chunks, floor):
        if self._rules.phrases is None:
            return self._old.phrases
        excluded = (self._members(self._rules.stop_words), self._members(_NO_CONTRACTION))
        pairs = find_pairs(chunks, self.counts, excluded, floor, self._rules.phrases)
        words = self._words
        return list(dict.fromkeys([*self._old.phrases, *((words[left], words[right]) for left, right in pairs)]))

    def _join(self, chunks, phrases):
        """Returns what joins the phrases in codes, and how often each word is there once they are joined."""
        numbers = self._numbers
        pairs = np.array([(numbers[left], numbers[right]) for left, right in phrases], "int64")
        join = PairJoiner(pairs, np.array([numbers[joined(*pair)] for pair in phrases], "int32"))
        counts = np.zeros(len(self._words), "int64")
        for codes, lengths in chunks:
            add_counts(join(codes, lengths)[0], counts)
        return join, counts

    def _rank(self, counts, floor, phrases):
        """Returns the vocabulary, and the id of each provisional code: 0 if it is rare, `STOP` if it is one."""
        words, old = self._words, len(self._old.words) - 1
        is_stop = self._members(self._rules.stop_words)
        is_stop[:old] = False
        may_enter = ~is_stop & (counts >= floor)
        may_enter[:old] = False
        chosen = np.flatnonzero(may_enter)
        if not len(chosen) and not counts[:old].any():
            seen, stops = int((counts > 0).sum()), int((is_stop & (counts > 0)).sum())
            found = f"of {seen} different words in the texts, {stops} are stop words"
            if stops == seen:
                found = f"{found}. Pass more text" if seen else "there is no word in the texts. Pass more text"
            else:
                found += f" and the others occur fewer than {floor} times (`min_count`)."
                found += " Pass more text, or lower `min_count`"
            raise ValueError(f"No word may enter the vocabulary: {found}.")
        limit = self._rules.max_vocabulary
        room = None if limit is None else max(limit - old, 0)
        chosen = chosen[np.argsort(-counts[chosen], kind="stable")][:room]
        ids = np.zeros(len(words), "int32")
        ids[is_stop] = STOP
        ids[:old] = np.arange(1, old + 1)
        ids[chosen] = np.arange(old + 1, old + 1 + len(chosen))
        self._text_counts = np.concatenate([[0], counts[:old], counts[chosen]])
        before = np.concatenate([self._old.counts, np.zeros(len(chosen), "int64")])
        vocabulary = Vocabulary(
            [*self._old.words, *map(words.__getitem__, chosen.tolist())], before + self._text_counts, phrases
        )
        return vocabulary, ids


class _Numbers(dict):
    """The number of each word of a list; a word that is not there enters it, and gets the next number."""

    def __init__(self, words):
        super().__init__(zip(words, itertools.count()))
        self._words = words

    def __missing__(self, word):
        number = self[word] = len(self._words)
        self._words.append(word)
        return number


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
        what: str. What the error's message begins with: it goes on with the kinds of words that may be.
        fix: str. What it ends with.

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


def drop_unknown(codes: np.ndarray, lengths: np.ndarray) -> EncodedTexts:
    """Returns encoded texts from ids, without those that are no word of the vocabulary: 0, and `STOP`."""
    return EncodedTexts(*_known(codes, lengths))


@compiled
def _known(codes, lengths):
    ids, unknown = np.empty_like(codes), np.zeros(len(lengths), np.int32)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    size = place = 0
    for text in range(len(lengths)):
        rare = 0
        for _ in range(lengths[text]):
            code = codes[place]
            ids[size] = code
            size += code > 0
            rare += code == 0
            place += 1
        unknown[text] = rare
        offsets[text + 1] = size
    return ids[:size].copy(), offsets, unknown


@compiled
def _translated(codes, ids):
    """Returns `ids[codes]`."""
    translated = np.empty_like(codes)
    for i in range(len(codes)):
        prefetch(ids, codes[min(i + _AHEAD, len(codes) - 1)])
        translated[i] = ids[codes[i]]
    return translated


@compiled
def add_counts(codes: np.ndarray, counts: np.ndarray) -> None:
    """Adds to `counts`, int64, how often each code is there."""
    for i in range(len(codes)):
        prefetch(counts, codes[min(i + _AHEAD, len(codes) - 1)])
        counts[codes[i]] += 1
