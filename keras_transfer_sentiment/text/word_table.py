"""Codes of the words of many texts, which are cut and looked up in compiled code, as UTF-8.

`codes.code_batch` gives the same codes with a regular expression and a dict, and is the reference for this module. A
word of up to eight bytes is its own key in the table, so that most look-ups compare two numbers; of a longer word, the
key is a hash, and the bytes are compared.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np

from keras_transfer_sentiment.compiler import compiled, prefetch, splitmix64
from keras_transfer_sentiment.text.encoded import CodedTexts
from keras_transfer_sentiment.text.symbols import hide_word, show_symbols

_LETTER, _APOSTROPHE = 1, 2
# The letters around the apostrophe of a negation that is contracted: n't, N'T.
_NEGATIONS = {"n": 4, "t": 8, "N": 16, "T": 32}
_LETTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz" + bytes(range(0x80, 0x100))
_KINDS = bytes(
    _LETTER | _NEGATIONS.get(chr(byte), 0) if byte in _LETTERS else _APOSTROPHE if byte == ord("'") else 0
    for byte in range(256)
)
_LINE_FEED = 10
_PADDING = b"\n" * 8  # words are taken eight bytes at a time
_END = 0xFF  # after each word of the table; no byte of UTF-8
_CODE_BITS = 31
_CODE = np.int64((1 << _CODE_BITS) - 1)
_AHEAD = 16
_NEW_WORDS = 1 << 16  # places of words that may be new, looked at in one go
_FULL = 0.6  # share of a table's slots that may be taken
_FIRST_SLOTS = 1 << 12


class WordTable:
    """A table of words and their codes: those that it was told, and those that it has asked for.

    Its length is the number of words in it.

    Args:
        words: the words that have a code. Those that no prepared text holds, such as tokens that are no str, are left
            out.
        codes: ints from -1, one per word.
        remember: bool. Whether a word that was asked for enters the table.

    Examples:
        >>> from keras_transfer_sentiment.text.word_table import WordTable
        >>> known = {"good": 1, "film": 2}
        >>> table = WordTable(known, known.values())
        >>> texts = ["a good film, isn't it?", "good"]
        >>> codes, lengths = table(texts, ask=lambda words: np.array([known.get(word, 0) for word in words]))
        >>> codes.tolist(), lengths.tolist()
        ([0, 1, 2, 0, 0, 0, 1], [6, 1])
    """

    def __init__(self, words: Iterable[Hashable], codes: Iterable[int], remember: bool = False):
        self._remember = remember
        self._slots, self._text = np.zeros((_FIRST_SLOTS, 2), "int64"), np.empty(1 << 16, "uint8")
        self._size = self._used = 0  # words in the table, and bytes of its text
        # Zeros fill up a short word's key, so that no word in the table can have them.
        own = [
            (hidden.encode("utf-8", "surrogatepass"), code)
            for word, code in zip(words, codes, strict=True)
            if type(word) is str and (hidden := hide_word(word)) and "\0" not in word
        ]
        data = np.frombuffer(b"".join([*(word for word, _ in own), _PADDING]), "uint8")
        ends = np.cumsum([0, *(len(word) for word, _ in own)])
        own_codes = np.array([code for _, code in own], "int32")
        self._find_or_add(data, np.repeat(ends, 2)[1:-1], np.arange(len(own)), lambda new: own_codes[new])

    def __len__(self) -> int:
        return self._size

    def __call__(self, texts: Sequence[str], ask: Callable[[list], np.ndarray]) -> CodedTexts:
        """Returns the codes of the words of texts.

        Args:
            texts: list of str, see `tokenizers.prepare`.
            ask: callable that gets the words that are not in the table, a list in the order of the texts, and returns
                their codes, int32.
        """
        parts = [text.encode() for text in texts]
        raw = b"\n".join([*parts, _PADDING])
        data, kinds = np.frombuffer(raw, "uint8"), np.frombuffer(raw.translate(_KINDS), "uint8")
        bounds = _find_bounds(_count_bounds(kinds))
        ends = np.cumsum(np.fromiter(map(len, parts), "int64", len(parts)) + 1) - 1
        lengths = np.diff(np.searchsorted(bounds[::2], ends), prepend=0)
        codes, missing = _look_up(data, bounds, self._slots, self._text)

        def ask_at(places):
            words = show_symbols(_collect(data, bounds, places).tobytes().decode()).split("\n")[:-1]
            return np.asarray(ask(words), "int32") if words else np.empty(0, "int32")

        if not self._remember:
            codes[missing] = ask_at(missing)
        else:
            for some in np.split(missing, range(_NEW_WORDS, len(missing), _NEW_WORDS)):
                codes[some] = self._find_or_add(data, bounds, some, ask_at)
        return CodedTexts(codes, lengths)

    def _find_or_add(self, data, bounds, places, code):
        """Returns the codes of words; those that are not in the table yet enter it.

        `code` gets the places of these, each word once, and returns their codes.
        """
        used = self._used + int((bounds[2 * places + 1] - bounds[2 * places] + 1).sum())
        if used > len(self._text):
            self._text = np.concatenate([self._text[: self._used], np.empty(2 * used - self._used, "uint8")])
        if self._size + len(places) > _FULL * len(self._slots):
            slots = 1 << int(np.ceil(np.log2((self._size + len(places)) / _FULL)))
            self._slots = _enlarge(self._slots, slots)
        codes, new, slots, self._used = _add(data, bounds, places, self._slots, self._text, self._used)
        self._size += len(new)
        _settle(codes, code(new), slots, self._slots)
        return codes


# The key of a word of up to eight bytes is these; that of a longer one is negative, and others may share it.
# A slot of a table is the key of a word, 0 in an empty one; and its code plus 1, with the place of its text above.


@compiled
def _eight(data, start, count):
    """Returns the first `count` of eight bytes as a number."""
    number = np.uint64(0)
    for i in range(8):
        number |= np.uint64(data[start + i]) << np.uint64(8 * i)
    return number & (np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - 8 * count))


@compiled
def _key_of(data, start, stop):
    if stop - start <= 8:
        return np.int64(_eight(data, start, stop - start))
    state = np.uint64(0)
    while stop - start > 8:
        state = splitmix64(state + _eight(data, start, 8))
        start += 8
    return np.int64(splitmix64(state + _eight(data, start, stop - start)) | np.uint64(1 << 63))


@compiled
def _first_slot(key, mask):
    return np.int64(splitmix64(np.uint64(key))) & mask


@compiled
def _is_at(place, text, data, start, stop):
    """Returns whether a long word is at `place` of a table's text."""
    while start < stop and text[place] == data[start]:
        start += 1
        place += 1
    return start == stop and text[place] == _END


@compiled
def _add(data, bounds, places, slots, text, used):
    """Adds words that are not in the table yet, their slots inverted and numbered in place of a code.

    Returns the code of each word, of new ones -2 less their number; the places of the new ones; their slots; and how
    much of `text` is used.
    """
    codes, new, new_slots = np.empty(len(places), np.int32), np.empty_like(places), np.empty_like(places)
    mask = np.int64(len(slots) - 1)
    size = 0
    for i in range(len(places)):
        start, stop = bounds[2 * places[i]], bounds[2 * places[i] + 1]
        key = _key_of(data, start, stop)
        slot = _first_slot(key, mask)
        while slots[slot, 0] != 0:
            value = slots[slot, 1]
            place = (value if value >= 0 else ~value) >> _CODE_BITS
            if slots[slot, 0] == key and (key > 0 or _is_at(place, text, data, start, stop)):
                break
            slot = (slot + 1) & mask
        if slots[slot, 0] == 0:
            slots[slot, 0] = key
            slots[slot, 1] = ~((np.int64(used) << _CODE_BITS) | size)
            if key < 0:
                for place in range(start, stop):
                    text[used] = data[place]
                    used += 1
                text[used] = _END
                used += 1
            new[size], new_slots[size] = places[i], slot
            size += 1
        value = slots[slot, 1]
        codes[i] = np.int32((value & _CODE) - 1 if value >= 0 else -2 - (~value & _CODE))
    return codes, new[:size].copy(), new_slots[:size].copy(), used


@compiled
def _settle(codes, found, new_slots, slots):
    """Gives the words that `_add` added their codes."""
    for i in range(len(new_slots)):
        value = ~slots[new_slots[i], 1]
        slots[new_slots[i], 1] = (value & ~_CODE) | (np.int64(found[i]) + 1)
    for i in range(len(codes)):
        if codes[i] < -1:
            codes[i] = found[-2 - codes[i]]


@compiled
def _enlarge(slots, size):
    larger = np.zeros((size, 2), np.int64)
    mask = np.int64(size - 1)
    for i in range(len(slots)):
        if slots[i, 0] != 0:
            slot = _first_slot(slots[i, 0], mask)
            while larger[slot, 0] != 0:
                slot = (slot + 1) & mask
            larger[slot] = slots[i]
    return larger


@compiled
def _count_bounds(kinds):
    """Returns how many words start or stop at each byte: two where the negation of a contraction does both.

    No byte waits for the one before, so that the processor takes many at a time.
    """
    size = len(kinds) - len(_PADDING)
    negations, inside, counts = np.empty(size + 2, np.uint8), np.empty(size + 1, np.uint8), np.empty(size + 1, np.uint8)
    for i in range(size + 2):
        before, after = kinds[i] >> 2, kinds[i + 2] >> 3
        negations[i] = (kinds[i + 1] >> 1) & ((before & after) | ((before >> 2) & (after >> 2))) & 1
    inside[0] = counts[0] = kinds[0] & _LETTER
    for i in range(1, size + 1):
        is_apostrophe_inside = (kinds[i] >> 1) & kinds[i - 1] & kinds[i + 1] & ~negations[i + 1]
        inside[i] = (kinds[i] | is_apostrophe_inside) & _LETTER
    for i in range(1, size + 1):
        counts[i] = (inside[i] ^ inside[i - 1]) + 2 * (negations[i] & inside[i - 1])
    return counts


@compiled
def _find_bounds(counts):
    """Returns where each word starts and where it stops, in turn."""
    total = 0
    for count in counts:
        total += count
    bounds = np.empty(total + 2, np.int64)
    size = np.uint64(0)
    for i in range(len(counts)):
        bounds[size] = bounds[size + np.uint64(1)] = i
        size += np.uint64(counts[i])
    return bounds[:-2]


@compiled
def _look_up(data, bounds, slots, text):
    """Returns the codes of words, and which of them are not in the table."""
    size = len(bounds) // 2
    keys, codes, missing = np.empty(size, np.int64), np.empty(size, np.int32), np.empty(size, np.int64)
    mask = np.int64(len(slots) - 1)
    for i in range(size):
        keys[i] = _key_of(data, bounds[2 * i], bounds[2 * i + 1])
    misses = 0
    for i in range(size):
        later, soon, key = keys[min(i + 2 * _AHEAD, size - 1)], keys[min(i + _AHEAD, size - 1)], keys[i]
        prefetch(slots, _first_slot(later, mask))
        if soon < 0:
            prefetch(text, slots[_first_slot(soon, mask), 1] >> _CODE_BITS)
        slot = _first_slot(key, mask)
        while slots[slot, 0] != 0:
            if slots[slot, 0] == key:
                if key > 0:
                    break
                if _is_at(slots[slot, 1] >> _CODE_BITS, text, data, bounds[2 * i], bounds[2 * i + 1]):
                    break
            slot = (slot + 1) & mask
        if slots[slot, 0] != 0:
            codes[i] = np.int32((slots[slot, 1] & _CODE) - 1)
        else:
            missing[misses] = i
            misses += 1
    return codes, missing[:misses].copy()


@compiled
def _collect(data, bounds, words):
    """Returns words one after the other, each with a line feed."""
    size = 0
    for word in words:
        size += bounds[2 * word + 1] - bounds[2 * word] + 1
    joined = np.empty(size, np.uint8)
    size = 0
    for word in words:
        for place in range(bounds[2 * word], bounds[2 * word + 1]):
            joined[size] = data[place]
            size += 1
        joined[size] = _LINE_FEED
        size += 1
    return joined
