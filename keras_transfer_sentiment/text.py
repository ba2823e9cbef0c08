"""From text to word ids: tokenising, the vocabulary, encoding."""

import functools
import itertools
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np

from keras_transfer_sentiment.errors import NotFittedError, check_choice, check_number, check_texts, short
from keras_transfer_sentiment.tokenizers import TOKENIZERS, named_tokenizer

LANGUAGES = ("english", "chinese")

_CHUNK = 2048  # texts tokenised between two conversions to an array
_STOP = -1  # what a stop word is encoded as, before it is dropped
_SUFFIX = "_NEG"  # what NLTK's mark_negation appends


@functools.cache
def word_lists(language: str) -> dict:
    """Returns the word lists shipped for a language: `stop_words` (a frozenset) and `seed_words` (two lists)."""
    check_choice(language, "language", LANGUAGES)
    raw = tomllib.loads(
        resources.files("keras_transfer_sentiment").joinpath("words", f"{language}.toml").read_text("utf-8")
    )
    return {
        "stop_words": frozenset(raw["stop_words"].split()),
        "seed_words": {polarity: words.split() for polarity, words in raw["seed_words"].items()},
    }


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


class TextEncoder:
    """Turns texts into word ids: a tokeniser, stop words and a vocabulary.

    The vocabulary is learned by `adapt`. Id 0 is padding; words outside the vocabulary and stop words are dropped
    from the encoded text, and the former are counted (`EncodedTexts.coverage`).

    The shipped stop words leave out what other lists delete and sentiment needs: negators (*not*, *never*, *n't*),
    intensifiers (*very*, *too*, *most*) and contrast words (*but*, *although*).

    Args:
        language: `"english"`, `"chinese"` or None. Picks the stop words and, for a classifier, the seed words. None
            has neither.
        tokenizer: `"words"` (see `split_words`), NLTK's `"tweet"` (Twitter text: keeps emoticons, cuts `sooooo` to
            `sooo`) or `"treebank"` (Penn Treebank), or a callable from str to list of str.
        lowercase: bool. Whether texts are lower-cased first.
        stop_words: `"auto"` (those of `language`), `"english"`, `"chinese"`, None, or a collection of str.
        stem: bool. Whether words are reduced to their stems by NLTK's Snowball stemmer of `language`.
        mark_negation: bool. Whether words between a negator and the end of its clause get the suffix `_NEG`, by
            NLTK's `mark_negation` (Pang, Lee and Vaithyanathan 2002).
        min_count: int or `"auto"`. Rarer words stay out of the vocabulary. `"auto"` is 1 below 20,000 words of
            text, 2 below a million, 5 from there on.
        max_vocabulary: int or None. The most frequent so many words make the vocabulary.

    Raises:
        ValueError: an unknown name, a number out of range, or stemming in a language without a stemmer.
        TypeError: an argument of the wrong type.

    Examples:
        >>> encoder = TextEncoder()
        >>> encoder.tokenize("The film isn't bad at all!")
        ['film', "n't", 'bad', 'all']
        >>> encoder.adapt(["not a bad film", "a good film"])
        >>> encoder.vocabulary
        ['', 'film', 'not', 'bad', 'good']
        >>> TextEncoder(mark_negation=True).tokenize("I don't like this part. The rest is fine.")
        ["n't", 'like_NEG', 'part_NEG', 'rest', 'fine']
    """

    def __init__(
        self,
        language: str | None = "english",
        *,
        tokenizer: str | Callable[[str], list[str]] = "words",
        lowercase: bool = True,
        stop_words: str | Iterable[str] | None = "auto",
        stem: bool = False,
        mark_negation: bool = False,
        min_count: int | str = "auto",
        max_vocabulary: int | None = 200_000,
    ):
        self.language = check_choice(language, "language", (*LANGUAGES, None))
        if not callable(tokenizer):
            check_choice(tokenizer, "tokenizer", TOKENIZERS)
        if stop_words is not None and not isinstance(stop_words, str):
            words = list(stop_words) if isinstance(stop_words, Iterable) else [stop_words]
            if not all(isinstance(word, str) for word in words):
                raise TypeError(
                    f"`stop_words` must be 'auto', the name of a language, None or a collection of str. Received "
                    f"{short(stop_words)} of type {type(stop_words).__name__}."
                )
            stop_words = sorted(set(words))
        elif isinstance(stop_words, str):
            check_choice(stop_words, "stop_words", ("auto", *LANGUAGES))
        if min_count != "auto":
            min_count = check_number(min_count, "min_count", 1, kind=int)
        if max_vocabulary is not None:
            max_vocabulary = check_number(max_vocabulary, "max_vocabulary", 1, kind=int)
        self.tokenizer = tokenizer
        self.lowercase = bool(lowercase)
        self.stop_words = stop_words
        self.stem = bool(stem)
        self.mark_negation = bool(mark_negation)
        self.min_count = min_count
        self.max_vocabulary = max_vocabulary
        self._stop_set = self._resolve_stop_words()
        self._split = tokenizer if callable(tokenizer) else named_tokenizer(tokenizer, self.mark_negation)
        self._stem = self._resolve_stemmer()
        self._words: list[str] = []
        self._counts = np.empty(0, "int64")
        self._index: dict = {}

    @property
    def is_adapted(self) -> bool:
        """Whether there is a vocabulary."""
        return bool(self._words)

    @property
    def vocabulary(self) -> list[str]:
        """list of str: the word of each id, the most frequent first; id 0, padding, is `''`."""
        self._check_adapted()
        return list(self._words)

    @property
    def counts(self) -> np.ndarray:
        """int64 array `(len(vocabulary),)`: how often `adapt` saw each word; 0 for padding."""
        self._check_adapted()
        return self._counts.copy()

    @property
    def size(self) -> int:
        """int: the number of ids, of the words of the vocabulary and of padding; 0 before `adapt`."""
        return len(self._words)

    def __contains__(self, word) -> bool:
        return self._index.get(word, _STOP) > 0

    def word_id(self, word: str) -> int:
        """Returns the id of a word.

        Raises:
            KeyError: the word is not in the vocabulary.
        """
        self._check_adapted()
        if word not in self:
            raise KeyError(
                f"{short(word)} is not in the vocabulary of {len(self._words) - 1} words. Try its lower-case form, "
                "or see how a text is cut with `encoder.tokenize(text)`."
            )
        return self._index[word]

    def tokenize(self, text: str) -> list[str]:
        """Returns the words of one text, stop words left out.

        Raises:
            TypeError: `text` is not a str.
        """
        if not isinstance(text, str):
            raise TypeError(
                f"`TextEncoder.tokenize` expects one str. Received {short(text)} of type {type(text).__name__}. "
                "For many texts use `[encoder.tokenize(text) for text in texts]`."
            )
        return [word for word in self._tokens(text) if word not in self._stop_set]

    def adapt(self, texts: Iterable) -> None:
        """Learns the vocabulary from texts, in place of the one there may have been.

        Args:
            texts: iterable of str or of token lists: list, NumPy array, Series, generator. It is read once.

        Raises:
            TypeError: not texts.
            ValueError: no texts, or none with a word that may enter the vocabulary.
        """
        self._learn(texts, keep_ids=False)

    def adapt_and_encode(self, texts: Iterable) -> EncodedTexts:
        """Does `adapt(texts)` and returns `encode(texts)`, tokenising only once."""
        encoded = self._learn(texts, keep_ids=True)
        assert encoded is not None
        return encoded

    def encode(self, texts: Sequence) -> EncodedTexts:
        """Returns texts as word ids.

        Args:
            texts: batch of str or of token lists: list, tuple, 1D NumPy array, Series.

        Raises:
            NotFittedError: there is no vocabulary yet.
            TypeError: not a batch of texts.
        """
        self._check_adapted()
        texts = check_texts(texts, "TextEncoder.encode", "texts", allow_empty=True)
        parts = []
        for tokens, lengths in self._chunks(texts):
            codes = np.fromiter(map(self._index.get, tokens, itertools.repeat(0)), "int32", int(lengths.sum()))
            parts.append(_drop(codes, lengths))
        return EncodedTexts.concatenate(parts) if parts else _drop(np.empty(0, "int32"), np.empty(0, "int64"))

    def get_config(self) -> dict:
        """Returns the constructor's arguments; the vocabulary is apart, see `get_vocabulary_state`."""
        names = "language tokenizer lowercase stop_words stem mark_negation min_count max_vocabulary"
        return {name: getattr(self, name) for name in names.split()}

    @classmethod
    def from_config(cls, config: dict) -> "TextEncoder":
        """Returns an encoder without a vocabulary from the result of `get_config`."""
        return cls(**config)

    def get_vocabulary_state(self) -> dict:
        """Returns what `adapt` learned, as `words` (list of str) and `counts` (list of int)."""
        return {"words": list(self._words), "counts": self._counts.tolist()}

    def set_vocabulary_state(self, state: dict) -> None:
        """Takes over the result of `get_vocabulary_state`."""
        self._set_vocabulary(list(state["words"]), np.asarray(state["counts"], "int64"))

    def copy(self) -> "TextEncoder":
        """Returns an encoder of the same settings and vocabulary that shares nothing with this one."""
        twin = type(self).from_config(self.get_config())
        twin.set_vocabulary_state(self.get_vocabulary_state())
        return twin

    def _check_adapted(self):
        if not self._words:
            raise NotFittedError("This `TextEncoder` has no vocabulary yet: call `adapt(texts)` first.")

    def _resolve_stop_words(self):
        name = self.language if self.stop_words == "auto" else self.stop_words
        if name is None:
            return frozenset()
        return word_lists(name)["stop_words"] if isinstance(name, str) else frozenset(name)

    def _resolve_stemmer(self):
        if not self.stem:
            return None
        from nltk.stem import SnowballStemmer

        if self.language not in SnowballStemmer.languages:
            raise ValueError(
                f"`stem=True` needs a language with a Snowball stemmer. Received `language={self.language!r}`. "
                "Leave `stem` off, or pass a `tokenizer` callable that stems."
            )
        return functools.lru_cache(200_000)(SnowballStemmer(self.language).stem)

    def _tokens(self, text):
        text = text.lower() if self.lowercase else text
        tokens = self._checked(self._split(text)) if callable(self.tokenizer) else self._split(text)
        if self.mark_negation:
            from nltk.sentiment.util import mark_negation

            tokens = [self._unmark_stop(token) for token in mark_negation(tokens)]
        if self.tokenizer != "words" or self.mark_negation:
            tokens = [token for token in tokens if token.isalnum() or not _is_punctuation(token)]
        if self._stem:
            tokens = [self._stemmed(token) for token in tokens]
        return tokens

    def _stemmed(self, token):
        base = token.removesuffix(_SUFFIX)
        return token if base in self._stop_set else self._stem(base) + token[len(base) :]

    def _checked(self, tokens):
        if not isinstance(tokens, (list, tuple)) or not all(isinstance(token, str) for token in tokens):
            raise TypeError(
                f"The `tokenizer` must return a list of str for each text. Received {short(tokens)} of type "
                f"{type(tokens).__name__}. Return a list, such as `text.split()`."
            )
        return tokens

    def _unmark_stop(self, token):
        base = token.removesuffix(_SUFFIX)
        return base if base in self._stop_set or _is_punctuation(base) else token

    def _chunks(self, texts) -> Iterator[tuple[Iterable[str], np.ndarray]]:
        texts = iter(texts)
        while chunk := list(itertools.islice(texts, _CHUNK)):
            tokens = [self._tokens(text) for text in chunk] if isinstance(chunk[0], str) else _checked_tokens(chunk)
            yield itertools.chain.from_iterable(tokens), np.fromiter(map(len, tokens), "int64", len(tokens))

    def _learn(self, texts, keep_ids):
        numbers: dict = defaultdict(itertools.count().__next__)  # gives each new word the next number, in C
        counts = np.zeros(0, "int64")
        kept = []
        for tokens, lengths in self._chunks(_checked_stream(texts, "TextEncoder.adapt")):
            codes = np.fromiter(map(numbers.__getitem__, tokens), "int32", int(lengths.sum()))
            fresh = np.bincount(codes, minlength=len(numbers))
            fresh[: len(counts)] += counts
            counts = fresh
            if keep_ids:
                kept.append((codes, lengths))
        words = list(numbers)
        new_ids = self._rank(words, counts)
        if not keep_ids:
            return None
        return EncodedTexts.concatenate([_drop(new_ids[codes], lengths) for codes, lengths in kept])

    def _rank(self, words, counts):
        """Makes the vocabulary of counted words and returns the id of each: 0 if it is rare, `_STOP` if it is one."""
        is_stop = np.fromiter((word in self._stop_set for word in words), bool, len(words))
        floor = self.min_count
        if floor == "auto":
            total = int(counts.sum())
            floor = 1 if total < 20_000 else 2 if total < 1_000_000 else 5
        chosen = np.flatnonzero(~is_stop & (counts >= floor))
        if not len(chosen):
            raise ValueError(
                f"No word may enter the vocabulary: of {len(words)} different words in the texts, "
                f"{int(is_stop.sum())} are stop words and the others occur fewer than {floor} times "
                "(`min_count`). Pass more text, or lower `min_count`."
            )
        chosen = chosen[np.argsort(-counts[chosen], kind="stable")][: self.max_vocabulary]
        self._set_vocabulary(["", *(words[i] for i in chosen)], np.concatenate([[0], counts[chosen]]))
        new_ids = np.zeros(len(words), "int32")
        new_ids[is_stop] = _STOP
        new_ids[chosen] = np.arange(1, len(chosen) + 1)
        return new_ids

    def _set_vocabulary(self, words, counts):
        self._words, self._counts = words, counts
        self._index = dict.fromkeys(self._stop_set, _STOP)
        self._index.update(zip(words[1:], range(1, len(words)), strict=True))


def _checked_tokens(texts):
    for kind in set(map(type, itertools.chain.from_iterable(texts))):
        if not issubclass(kind, str):
            token = next(token for text in texts for token in text if type(token) is kind)
            raise TypeError(
                f"Texts that are split already must be lists of str. Received the token {short(token)} of type "
                f"{kind.__name__}. Convert each token with `str`."
            )
    return texts


def _is_punctuation(token):
    return len(token) == 1 and unicodedata.category(token)[0] == "P" and token not in "!?"


def _drop(codes, lengths):
    """Returns encoded texts from codes, without those that are no word of the vocabulary."""
    ends = np.concatenate([[0], np.cumsum(lengths)])
    known = np.concatenate([[0], np.cumsum(codes > 0)])[ends]
    unknown = np.concatenate([[0], np.cumsum(codes == 0)])[ends]
    return EncodedTexts(codes[codes > 0], known, np.diff(unknown).astype("int32"))


def _checked_stream(texts, caller):
    """Yields texts from any iterable, each chunk checked before it is used."""
    if isinstance(texts, (str, bytes, list, tuple)) or hasattr(texts, "tolist") or hasattr(texts, "to_list"):
        yield from check_texts(texts, caller, "texts")
        return
    if not isinstance(texts, Iterable):
        raise TypeError(
            f"`{caller}` expects an iterable of str as `texts`. Received {short(texts)} of type "
            f"{type(texts).__name__}. Pass a list, an array, a Series or a generator of str."
        )
    texts = iter(texts)
    first = True
    while (chunk := list(itertools.islice(texts, _CHUNK))) or first:
        yield from check_texts(chunk, caller, "texts")
        first = False
