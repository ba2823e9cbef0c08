"""From text to word ids: tokenising, the vocabulary, encoding."""

import functools
import itertools
import tomllib
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from importlib import resources
from typing import NamedTuple

import numpy as np

from keras_transfer_sentiment.checks import (
    NotFittedError,
    check_choice,
    check_number,
    check_texts,
    check_tokens,
    short,
)
from keras_transfer_sentiment.text.phrases import PairJoiner, check_threshold, join_words, joined
from keras_transfer_sentiment.text.tokenizers import TOKENIZERS, named_tokenizer, prepared
from keras_transfer_sentiment.text.vocabulary import (
    STOP,
    EncodedTexts,
    Vocabulary,
    VocabularyLearner,
    VocabularyRules,
    drop_unknown,
)
from keras_transfer_sentiment.text.word_table import WordCodes

LANGUAGES = ("english", "chinese")

_CHUNK = 2048  # texts tokenised between two conversions to an array
_MANY = 256  # texts from which on a table of the vocabulary is worth its making
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


class TextEncoder:
    """Turns texts into word ids: a tokeniser, stop words and a vocabulary.

    The vocabulary is learned by `adapt` and widened by `grow`. Id 0 is padding; words outside the vocabulary and stop
    words are dropped from the encoded text, and the former are counted (`EncodedTexts.coverage`).

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
        phrases: bool or float. Whether `adapt` finds pairs of words that belong together, by their normalised
            pointwise mutual information (Bouma 2009), and makes each one word: `waste of` becomes `waste_of`. A float
            from 0 to 1 is the NPMI from which on words are joined; True is 0.3.

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
        phrases: bool | float = False,
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
        self._threshold = check_threshold(phrases)
        self.phrases = phrases if isinstance(phrases, bool) else self._threshold
        self._stop_set = self._resolve_stop_words()
        self._split = tokenizer if callable(tokenizer) else named_tokenizer(tokenizer, self.mark_negation)
        self._stem = self._resolve_stemmer()
        self._made_lookup: _Lookup | None = None  # of the vocabulary, made when it is needed
        self._coder: WordCodes | None = None  # made when many texts are encoded
        self._set_vocabulary(Vocabulary())

    @property
    def is_adapted(self) -> bool:
        """Whether there is a vocabulary."""
        return bool(self._words)

    @property
    def vocabulary(self) -> list:
        """list: the word of each id; id 0, padding, is `''`.

        What `adapt` learned comes first, the most frequent word before the others; then what each `grow` added,
        likewise. Words are str, unless the texts were lists of tokens of other kinds.
        """
        self._check_adapted()
        return list(self._words)

    @property
    def counts(self) -> np.ndarray:
        """int64 array `(len(vocabulary),)`: how often `adapt` and `grow` saw each word; 0 for padding."""
        self._check_adapted()
        return self._counts.copy()

    @property
    def size(self) -> int:
        """int: the number of ids, of the words of the vocabulary and of padding; 0 before `adapt`."""
        return len(self._words)

    def __contains__(self, word) -> bool:
        return self._number(word) > 0

    def _number(self, word):
        number = self._lookup.numbers.get(word)
        if number is None and isinstance(word, str):  # as the default tokeniser composes accents
            number = self._lookup.numbers.get(unicodedata.normalize("NFC", word))
        return STOP if number is None else number

    def may_hold(self, word: Hashable) -> bool:
        """Returns whether a word can come out of a text: no stop word, and none in upper case where texts are not."""
        if isinstance(word, str) and (not word or (self.lowercase and word != word.lower())):
            return False
        return word not in self._stop_set

    def word_id(self, word: Hashable) -> int:
        """Returns the id of a word.

        Raises:
            KeyError: the word is not in the vocabulary.
        """
        self._check_adapted()
        if word not in self:
            if word in self._stop_set:
                raise KeyError(
                    f"{short(word)} is a stop word of this `TextEncoder`, so it has no vector. Take another word, or "
                    "pretrain with an encoder of other `stop_words`."
                )
            cut = self.tokenize(word) if isinstance(word, str) else []
            there = [part for part in cut if part in self]
            fix = "See how a text is cut with `encoder.tokenize(text)`."
            if there:
                fix = f"In a text it becomes {short(cut)}: take {short(there[0])}."
            raise KeyError(f"{short(word)} is not in the vocabulary of {len(self._words) - 1} words. {fix}")
        return self._number(word)

    def tokenize(self, text: str) -> list[str]:
        """Returns the words of one text, stop words left out and the phrases joined that `adapt` found.

        Raises:
            TypeError: `text` is not a str.
        """
        if not isinstance(text, str):
            raise TypeError(
                f"`TextEncoder.tokenize` expects one str. Received {short(text)} of type {type(text).__name__}. "
                "For many texts use `[encoder.tokenize(text) for text in texts]`."
            )
        words = self._tokens(text)
        if self._phrases:
            words = join_words(words, self._phrases)
        return [word for word in words if word not in self._stop_set]

    def adapt(self, texts: Iterable) -> None:
        """Learns the vocabulary from texts, in place of the one there may have been.

        Args:
            texts: iterable of str or of lists of tokens: list, NumPy array, Series, generator. It is read once.
                Tokens may be anything with a hash: str, numbers, tuples.

        Raises:
            TypeError: not texts.
            ValueError: no texts, or none with a word that may enter the vocabulary.
        """
        self._learn(texts, self.learner("TextEncoder.adapt"), encode=False)

    def adapt_and_encode(self, texts: Iterable) -> EncodedTexts:
        """Does `adapt(texts)` and returns `encode(texts)`, tokenising only once."""
        return self._learn(texts, self.learner("TextEncoder.adapt"), encode=True)

    def grow(self, texts: Iterable) -> None:
        """Adds the words of further texts to the vocabulary; without one, does what `adapt` does.

        Words that are known keep their ids, and their counts increase. Words that are new and frequent enough in
        these texts (`min_count`) come after them, the most frequent first, up to `max_vocabulary` in all. Phrases
        stay, and with `phrases` on, those found in these texts are added.

        Args:
            texts: as for `adapt`.

        Raises:
            TypeError: not texts.
            ValueError: no texts, or none with a word that is known or may enter the vocabulary.

        Examples:
            >>> encoder = TextEncoder()
            >>> encoder.adapt(["a good film", "a bad film"])
            >>> encoder.grow(["a good book", "a dull book"])
            >>> encoder.vocabulary
            ['', 'film', 'good', 'bad', 'book', 'dull']
            >>> encoder.counts.tolist()
            [0, 2, 2, 1, 2, 1]
        """
        self._learn(texts, self.learner("TextEncoder.grow", grow=True), encode=False)

    def grow_and_encode(self, texts: Iterable) -> EncodedTexts:
        """Does `grow(texts)` and returns `encode(texts)`, tokenising only once."""
        return self._learn(texts, self.learner("TextEncoder.grow", grow=True), encode=True)

    def learner(self, caller: str, grow: bool = False) -> VocabularyLearner:
        """Returns what learns this encoder's vocabulary in two steps, for texts that do not fit into memory.

        Args:
            caller: str. The name of the public method, for the messages of errors.
            grow: bool. Whether the vocabulary is to grow, or to be replaced.
        """
        rules = VocabularyRules(self._stop_set, self.min_count, self.max_vocabulary, self._threshold)
        old = Vocabulary(self._words, self._counts, list(self._phrases)) if grow else None
        only_str = self._threshold is not None or (grow and bool(self._phrases))
        return VocabularyLearner(
            rules,
            lambda texts: self._chunks(_checked_stream(texts, caller), caller, only_str, compiled=True),
            self._set_vocabulary,
            old,
        )

    def encode(self, texts: Sequence, nearest: Callable[[list], np.ndarray] | None = None) -> EncodedTexts:
        """Returns texts as word ids.

        Args:
            texts: batch of str or of lists of tokens: list, tuple, 1D NumPy array, Series.
            nearest: callable or None. Gets a list of words outside the vocabulary and returns the ids, int32, of the
                words to take in their place; 0 for none.

        Raises:
            NotFittedError: there is no vocabulary yet.
            TypeError: not a batch of texts.
        """
        self._check_adapted()
        texts = check_texts(texts, "TextEncoder.encode", "texts", allow_empty=True)
        parts, lookup = [], self._lookup

        def code(words):
            codes = np.fromiter(map(lookup.codes.get, words, itertools.repeat(0)), "int32", len(words))
            if nearest is not None:
                unknown = np.flatnonzero(codes == 0)
                codes[unknown] = nearest([words[i] for i in unknown])
            return codes

        if self._coder is None and len(texts) >= _MANY:
            self._coder = WordCodes(lookup.codes, lookup.codes.values())
        compiled = self._coder is not None
        coder = self._coder or WordCodes((), ())
        for chunk in self._chunks(texts, "TextEncoder.encode", bool(self._phrases), compiled):
            codes, lengths = coder(chunk, code)
            if lookup.join is not None:
                codes, lengths = lookup.join(codes, lengths)
                codes = lookup.ids[codes]
            parts.append(drop_unknown(codes, lengths))
        return EncodedTexts.concatenate(parts) if parts else drop_unknown(np.empty(0, "int32"), np.empty(0, "int64"))

    def get_config(self) -> dict:
        """Returns the constructor's arguments; the vocabulary is apart, see `get_vocabulary_state`."""
        names = "language tokenizer lowercase stop_words stem mark_negation min_count max_vocabulary phrases"
        return {name: getattr(self, name) for name in names.split()}

    @classmethod
    def from_config(cls, config: dict) -> "TextEncoder":
        """Returns an encoder without a vocabulary from the result of `get_config`."""
        return cls(**config)

    def get_vocabulary_state(self) -> dict:
        """Returns what was learned: `words` (list), `counts` (list of int) and `phrases` (list of lists of two str)."""
        return {
            "words": list(self._words),
            "counts": self._counts.tolist(),
            "phrases": [list(pair) for pair in self._phrases],
        }

    def set_vocabulary_state(self, state: dict) -> None:
        """Takes over the result of `get_vocabulary_state`; `phrases` may be absent."""
        phrases = [(left, right) for left, right in state.get("phrases", ())]
        self._set_vocabulary(Vocabulary(list(state["words"]), np.asarray(state["counts"], "int64"), phrases))

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

    def _chunks(self, texts, caller, only_str, compiled) -> Iterator[list]:
        """Yields some texts at a time, as `WordCodes` takes them; cut into words unless `compiled` code does it."""
        texts = iter(texts)
        first = 0
        is_plain = compiled and self.tokenizer == "words" and not self.mark_negation and not self.stem
        while chunk := list(itertools.islice(texts, _CHUNK)):
            if not isinstance(chunk[0], str):
                yield check_tokens(chunk, caller, first, only_str)
            elif is_plain:
                yield [prepared(text.lower() if self.lowercase else text) for text in chunk]
            else:
                yield [self._tokens(text) for text in chunk]
            first += len(chunk)

    def _learn(self, texts, learner, encode):
        chunks = learner.count(texts)
        if encode or learner.reads_chunks:
            chunks = list(chunks)
        else:
            for _ in chunks:  # nothing but the counts is needed
                pass
        encoded = learner.finish(chunks)
        return EncodedTexts.concatenate(list(encoded)) if encode else None

    def _set_vocabulary(self, vocabulary):
        self._words, self._counts = vocabulary.words, vocabulary.counts
        self._phrases = {pair: joined(*pair) for pair in vocabulary.phrases}
        self._made_lookup, self._coder = None, None

    @property
    def _lookup(self):
        if self._made_lookup is None:  # large, and pretraining does not need it
            self._made_lookup = _lookup_of(self._words, self._stop_set, self._phrases)
        return self._made_lookup


class _Lookup(NamedTuple):
    """What words are looked up in.

    Attributes:
        numbers: dict from each word to its id, and from each stop word to `STOP`.
        codes: the same; to join phrases, their words need codes of their own, known or not.
        join: `PairJoiner` or None. Joins the phrases in codes.
        ids: int32 array: the id of each code.
    """

    numbers: dict[Hashable, int]
    codes: dict[Hashable, int]
    join: PairJoiner | None
    ids: np.ndarray | None


def _lookup_of(words, stop_set, phrases):
    size = len(words)
    numbers: dict[Hashable, int] = dict.fromkeys(stop_set, STOP)
    numbers.update(zip(words[1:], range(1, size), strict=True))
    if not phrases:
        return _Lookup(numbers, numbers, None, None)
    parts = dict.fromkeys(itertools.chain.from_iterable(phrases))
    hidden = [word for word in parts if numbers.get(word, 0) <= 0]
    codes = {**numbers, **dict(zip(hidden, range(size, size + len(hidden)), strict=True))}
    # The last entry is found by -1 too: the other stop words.
    ids = np.array([*range(size), *(numbers.get(word, 0) for word in hidden), STOP], "int32")
    join = PairJoiner(
        np.array([[codes[word] for word in pair] for pair in phrases]),
        np.array([numbers.get(phrase, 0) for phrase in phrases.values()]),
    )
    return _Lookup(numbers, codes, join, ids)


def _is_punctuation(token):
    return len(token) == 1 and unicodedata.category(token)[0] == "P" and token not in "!?"


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
    first = 0
    while (chunk := list(itertools.islice(texts, _CHUNK))) or not first:
        yield from check_texts(chunk, caller, "texts", first=first)
        first += max(len(chunk), 1)
