"""Phrases: finding the pairs of words that belong together, and joining them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from keras_transfer_sentiment.checks import check_number, short
from keras_transfer_sentiment.text.encoded import CodedTexts

THRESHOLD = 0.3  # of the NPMI, where the user sets none
LARGE_TEXT = 20_000  # words; a pair must be seen `_LARGE_FLOOR` times in that many, `_SMALL_FLOOR` times in fewer
_LARGE_FLOOR, _SMALL_FLOOR = 5, 2
MOST_PAIRS = 20_000_000  # different pairs in memory; the rarest are forgotten where there are more
PENDING = 2_000_000  # counts, or more, that wait to be merged into the table
_SHIFT = 32  # a pair of codes is one int64: the left code above these bits


def check_threshold(phrases: bool | float) -> float | None:
    """Returns the threshold that the argument `phrases` stands for; None is no phrases.

    Raises:
        TypeError: neither a bool nor a number.
        ValueError: a number out of range.
    """
    if isinstance(phrases, (bool, np.bool_)):
        return THRESHOLD if phrases else None
    if isinstance(phrases, (int, np.integer)):
        raise TypeError(
            f"`phrases` must be True, False or a threshold between 0 and 1. Received {short(phrases)} of type int. "
            "Pass `phrases=True` or False, or a float."
        )
    try:
        return check_number(phrases, "phrases", 0.0, 1.0)
    except TypeError:
        raise TypeError(
            f"`phrases` must be True, False or a threshold between 0 and 1. Received {short(phrases)} of type "
            f"{type(phrases).__name__}. Pass `phrases=True` for a threshold of {THRESHOLD}."
        ) from None


def join_pair(left: str, right: str) -> str:
    """Returns the word that a pair of words becomes.

    Examples:
        >>> join_pair("waste", "of")
        'waste_of'
    """
    return f"{left}_{right}"


def join_words(words: Sequence[str], phrases: Mapping[tuple[str, str], str]) -> list[str]:
    """Returns the words of one text with its phrases joined, from left to right.

    Args:
        words: list of str.
        phrases: dict from pairs of words to what they become.

    Examples:
        >>> join_words(["a", "new", "york", "film"], {("new", "york"): "new_york"})
        ['a', 'new_york', 'film']
    """
    out = []
    place = 0
    while place < len(words):
        phrase = phrases.get((words[place], words[place + 1])) if place + 1 < len(words) else None
        out.append(words[place] if phrase is None else phrase)
        place += 1 if phrase is None else 2
    return out


class PairJoiner:
    """Joins phrases in texts whose words are codes; what `join_words` does, on arrays.

    Args:
        pairs: int array `(phrases, 2)`: the codes of the two words, 0 or more.
        becomes: int array `(phrases,)`: the code that each pair becomes.

    Examples:
        >>> join = PairJoiner(np.array([[1, 1]]), np.array([9]))
        >>> codes, lengths = join(CodedTexts(np.array([1, 1, 1, 2, 1, 1], "int32"), np.array([5, 1])))
        >>> codes.tolist(), lengths.tolist()
        ([9, 1, 2, 1, 1], [4, 1])
    """

    def __init__(self, pairs: np.ndarray, becomes: np.ndarray):
        pairs = np.asarray(pairs, "int64").reshape(-1, 2)
        keys = _pack(pairs[:, 0], pairs[:, 1])
        order = np.argsort(keys)
        self._keys, self._becomes = keys[order], np.asarray(becomes, "int32")[order]
        # Two cheap tests that most positions fail. The last entry is for -1 and for all codes above.
        self._starts, self._ends = (_membership(side) for side in pairs.T)

    def __call__(self, coded: CodedTexts) -> CodedTexts:
        """Returns texts with the phrases joined."""
        codes, lengths = coded
        if not len(self._keys) or len(codes) < 2:
            return coded
        text_ends = np.cumsum(lengths)
        maybe = _tell(self._starts, codes[:-1]) & _tell(self._ends, codes[1:])
        maybe[_last_words(text_ends)] = False
        places = np.flatnonzero(maybe)
        keys = _pack(codes[places], codes[places + 1])
        found = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        hit = self._keys[found] == keys
        places, found = places[hit], found[hit]
        # Hits at neighbouring places share a word. From left to right, every other one of such a run is joined,
        # starting with its first; a place without a hit ends the run.
        number = np.arange(len(places))
        first = np.diff(places, prepend=-2) != 1
        odd = (number - np.maximum.accumulate(np.where(first, number, 0))) % 2
        places, found = places[odd == 0], found[odd == 0]
        out = np.array(codes, "int32")
        out[places] = self._becomes[found]
        keep = np.ones(len(out), bool)
        keep[places + 1] = False
        texts = np.searchsorted(text_ends, places, "right")
        return CodedTexts(out[keep], lengths - np.bincount(texts, minlength=len(lengths)))


def find_pairs(
    coded: Iterable[CodedTexts],
    counts: np.ndarray,
    excluded: tuple[np.ndarray, np.ndarray],
    floor: int,
    threshold: float,
) -> np.ndarray:
    """Returns the pairs of neighbouring words whose normalised pointwise mutual information reaches a threshold.

    The NPMI of a pair is `ln(p(x, y) / (p(x) p(y))) / -ln p(x, y)`: 1 for words that only come together, 0 for words
    that meet no more often than by chance. All probabilities are shares of the words of the text.

    Args:
        coded: the texts, in any partition that leaves each whole.
        counts: int array `(words,)`: how often each code is in the text.
        excluded: two bool arrays `(words,)`: a pair is none if both of its words are in the first, or its second
            word is in the other.
        floor: int. Rarer words stay out of the vocabulary. A pair must be seen that often too, and at least
            5 times in a text of 20,000 words or more, twice in a shorter one.
        threshold: float from 0 to 1.

    Returns:
        int64 array `(pairs, 2)`, the most frequent pair first.

    References:
        Bouma (2009), *Normalized (pointwise) mutual information in collocation extraction*, GSCL. Joining frequent
        pairs before learning word vectors: Mikolov, Sutskever, Chen, Corrado and Dean (2013),
        https://arxiv.org/abs/1310.4546.
    """
    total = float(counts.sum())
    floor = max(floor, _LARGE_FLOOR if total >= LARGE_TEXT else _SMALL_FLOOR)
    together, never_second = excluded
    first = counts >= floor
    second = first & ~never_second
    table = PairTable()
    for codes, lengths in coded:
        if len(codes) < 2:
            continue
        left, right = codes[:-1], codes[1:]
        valid = first[left] & second[right] & ~(together[left] & together[right])
        valid[_last_words(np.cumsum(lengths))] = False
        table.add(_pack(left[valid], right[valid]))
    keys, seen = table.result()
    keys, seen = keys[seen >= floor], seen[seen >= floor]
    left, right = keys >> _SHIFT, keys & ((1 << _SHIFT) - 1)
    share = seen / total
    npmi = np.log(share * total / counts[left] * total / counts[right]) / -np.log(share)
    chosen = np.flatnonzero(npmi >= threshold)
    chosen = chosen[np.argsort(-seen[chosen], kind="stable")]
    return np.stack([left[chosen], right[chosen]], axis=1)


class PairTable:
    """Counts of packed pairs, in memory that stays bounded; its length is the number of different pairs."""

    def __init__(self):
        self._keys = np.empty(0, "int64")
        self._counts = np.empty(0, "int64")
        self._pending = []
        self._waiting = 0
        self._floor = 1

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, keys: np.ndarray) -> None:
        """Counts packed pairs, int64."""
        keys = np.sort(keys)
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        self._pending.append((keys[starts], np.diff(starts, append=len(keys))))
        self._waiting += len(starts)
        if self._waiting >= max(PENDING, len(self._keys) // 2):
            self._merge()

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the pairs, in ascending order, and their counts."""
        self._merge()
        return self._keys, self._counts

    def _merge(self):
        keys, counts = (np.concatenate(part) for part in zip((self._keys, self._counts), *self._pending, strict=True))
        self._pending, self._waiting = [], 0
        order = np.argsort(keys, kind="stable")  # which makes use of the parts being sorted
        keys, counts = keys[order], counts[order]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        keys, counts = keys[starts], np.add.reduceat(counts, starts) if len(starts) else counts
        while len(keys) > MOST_PAIRS:  # the rarest go first; what is left is counted from too late on, if at all
            self._floor += 1
            keys, counts = keys[counts >= self._floor], counts[counts >= self._floor]
        self._keys, self._counts = keys, counts


def _pack(left, right):
    return left.astype("int64") << _SHIFT | right


def _last_words(text_ends):
    """Returns the places of the words that another text follows."""
    ends = text_ends[:-1] - 1
    return ends[(ends >= 0) & (ends < text_ends[-1] - 1)]


def _membership(members):
    table = np.zeros(int(members.max(initial=-1)) + 2, bool)
    table[members] = True
    return table


def _tell(table, codes):
    return table[np.minimum(codes, len(table) - 1)]
