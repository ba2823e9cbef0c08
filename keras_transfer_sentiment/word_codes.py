"""Codes of the words of texts: plain ASCII texts are cut and looked up in one compiled pass, others word by word."""

import itertools
from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np

from keras_transfer_sentiment.compiler import compiled

# Texts as numbers: the codes of their words, int32, one text after the other, and the length of each, int64.
Chunk = tuple[np.ndarray, np.ndarray]

_WORD, _APOSTROPHE = 1, 2
_KINDS = np.zeros(256, "uint8")
_KINDS[[*b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"]] = _WORD
_KINDS[ord("'")] = _APOSTROPHE
_END = 0xFF  # after each word of the table; no ASCII character
_CODE_BITS = 31
_CODE = np.int64((1 << _CODE_BITS) - 1)
_FULL = 0.6  # share of a table's slots that may be taken
_FIRST_SLOTS = 1 << 12


class WordCodes:
    """Looks up the codes of words, in a table of the ASCII words that it was told and has seen so far.

    Args:
        words: the words that have a code; those that are no ASCII str are looked up elsewhere.
        codes: ints from -1, one a word.
        remember: bool. Whether what `unknown` returned goes into the table.

    Examples:
        >>> from keras_transfer_sentiment.word_codes import WordCodes
        >>> known = {"good": 1, "film": 2}
        >>> coder = WordCodes(known, known.values())
        >>> texts = ["a good film, isn't it?", ["good", ("no", "str")]]
        >>> codes, lengths = coder(texts, unknown=lambda words: np.array([known.get(word, 0) for word in words]))
        >>> codes.tolist(), lengths.tolist()
        ([0, 1, 2, 0, 0, 1, 0], [5, 2])
    """

    def __init__(self, words: Iterable[Hashable], codes: Iterable[int], remember: bool = False):
        self._remember = remember
        self._slots, self._text = np.zeros((_FIRST_SLOTS, 2), "int64"), np.empty(1 << 16, "uint8")
        self._size = self._used = 0  # words in the table, and bytes of its text
        own = [(word, code) for word, code in zip(words, codes, strict=True) if type(word) is str and word.isascii()]
        self._insert([word for word, _ in own], np.array([code for _, code in own], "int32"))

    def __call__(self, texts: Sequence, unknown: Callable[[list], np.ndarray]) -> Chunk:
        """Returns the codes of texts.

        Args:
            texts: list of str and lists of words. The str are ASCII; their words are runs of letters, digits and
                underscores, and apostrophes between them.
            unknown: callable that gets the words that are not in the table, and all words of lists, a list in the
                order of the texts, and returns their codes, int32.
        """
        plain = [text for text in texts if type(text) is str]
        if not plain:
            lengths = np.fromiter(map(len, texts), "int64", len(texts))
            return _asked(list(itertools.chain.from_iterable(texts)), unknown), lengths
        data = np.frombuffer("\n".join(plain).encode("ascii"), "uint8")
        ends = np.cumsum(np.fromiter(map(len, plain), "int64", len(plain)) + 1) - 1
        codes, lengths, starts, stops, places = _scan(data, ends, _KINDS, self._slots, self._text)
        missing = [data[start:stop].tobytes().decode("ascii") for start, stop in zip(starts, stops, strict=True)]
        if len(plain) == len(texts):
            found = _asked(missing, unknown)
            codes[places] = found
        else:
            codes, lengths, found = _merged(texts, codes, lengths, places, missing, unknown)
        if self._remember and missing:
            new = dict(zip(missing, found.tolist(), strict=True))
            self._insert(list(new), np.fromiter(new.values(), "int32", len(new)))
        return codes, lengths

    def _insert(self, words, codes):
        text = np.frombuffer("".join(words).encode("ascii"), "uint8")
        ends = np.cumsum(np.fromiter(map(len, words), "int64", len(words)))
        used = self._used + len(text) + len(words)
        if used > len(self._text):
            self._text = np.concatenate([self._text[: self._used], np.empty(2 * used - self._used, "uint8")])
        if self._size + len(words) > _FULL * len(self._slots):
            slots = 1 << int(np.ceil(np.log2(2 * (self._size + len(words)) / _FULL)))
            self._slots = _rehashed(self._slots, slots)
        added, self._used = _insert(text, ends, codes, self._slots, self._text, self._used)
        self._size += added


def _asked(words, unknown):
    return np.asarray(unknown(words), "int32") if words else np.empty(0, "int32")


def _merged(texts, plain_codes, plain_lengths, places, missing, unknown):
    """Returns all codes and lengths, and the codes of the words that are missing in plain texts."""
    is_plain = np.fromiter((type(text) is str for text in texts), bool, len(texts))
    lengths = np.fromiter((0 if type(text) is str else len(text) for text in texts), "int64", len(texts))
    lengths[is_plain] = plain_lengths
    in_plain = np.repeat(is_plain, lengths)
    codes = np.empty(len(in_plain), "int32")
    codes[in_plain] = plain_codes
    # Asked for in the order of the texts, as new words get their numbers in that order.
    asked = np.concatenate([np.flatnonzero(in_plain)[places], np.flatnonzero(~in_plain)])
    words = [*missing, *itertools.chain.from_iterable(text for text in texts if type(text) is not str)]
    order = np.argsort(asked)
    found = np.empty(len(words), "int32")
    found[order] = _asked([words[i] for i in order], unknown)
    codes[asked] = found
    return codes, lengths, found[: len(missing)]


# A slot of a table is the hash of a word, 0 in an empty one; and its code plus 1, with the place of its text above.


@compiled
def _hashed(data, start, stop):
    """Returns a hash that is not 0, FNV-1a with its bits mixed at the end."""
    state = np.uint64(0xCBF29CE484222325)
    for i in range(start, stop):
        state = (state ^ np.uint64(data[i])) * np.uint64(0x100000001B3)
    state = (state ^ (state >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    state ^= state >> np.uint64(29)
    return np.int64(state | np.uint64(1))


@compiled
def _slot_of(data, start, stop, slots, text):
    """Returns the slot of a word, an empty one if it is not there, and the hash of the word."""
    wanted = _hashed(data, start, stop)
    mask = np.int64(len(slots) - 1)
    slot = (wanted >> np.int64(1)) & mask
    while slots[slot, 0] != 0:
        if slots[slot, 0] == wanted:
            place = slots[slot, 1] >> _CODE_BITS
            i = start
            while i < stop and text[place] == data[i]:
                i += 1
                place += 1
            if i == stop and text[place] == _END:
                break
        slot = (slot + 1) & mask
    return slot, wanted


@compiled
def _insert(data, ends, codes, slots, text, used):
    added = start = 0
    for i in range(len(ends)):
        slot, hashed = _slot_of(data, start, ends[i], slots, text)
        if slots[slot, 0] == 0:
            slots[slot, 0] = hashed
            slots[slot, 1] = (np.int64(used) << _CODE_BITS) | (np.int64(codes[i]) + 1)
            for place in range(start, ends[i]):
                text[used] = data[place]
                used += 1
            text[used] = _END
            used += 1
            added += 1
        start = ends[i]
    return added, used


@compiled
def _rehashed(slots, size):
    larger = np.zeros((size, 2), np.int64)
    mask = np.int64(size - 1)
    for i in range(len(slots)):
        if slots[i, 0] != 0:
            slot = (slots[i, 0] >> np.int64(1)) & mask
            while larger[slot, 0] != 0:
                slot = (slot + 1) & mask
            larger[slot] = slots[i]
    return larger


@compiled
def _scan(data, ends, kinds, slots, text):
    """Returns the codes of words, the lengths of the texts, and which words are not in the table.

    Of these: from where to where they lie in `data`, and at which place among the codes.
    """
    most = len(data) // 2 + 1
    codes = np.empty(most, np.int32)
    starts, stops, places = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    lengths = np.zeros(len(ends), np.int64)
    size = misses = i = 0
    for t in range(len(ends)):
        before, end = size, ends[t]
        while i < end:
            if kinds[data[i]] != _WORD:
                i += 1
                continue
            start = i
            i += 1
            while i < end and (
                kinds[data[i]] == _WORD
                or (kinds[data[i]] == _APOSTROPHE and i + 1 < end and kinds[data[i + 1]] == _WORD)
            ):
                i += 1
            slot, _ = _slot_of(data, start, i, slots, text)
            if slots[slot, 0] != 0:
                codes[size] = np.int32((slots[slot, 1] & _CODE) - 1)
            else:
                codes[size] = -1
                starts[misses], stops[misses], places[misses] = start, i, size
                misses += 1
            size += 1
        lengths[t] = size - before
        i = end + 1
    return codes[:size].copy(), lengths, starts[:misses].copy(), stops[:misses].copy(), places[:misses].copy()
