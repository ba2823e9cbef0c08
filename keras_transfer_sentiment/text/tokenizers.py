"""From text to words: the default tokeniser, NLTK's by name, and the settings that go with them."""

import functools
import html
import operator
import re
import unicodedata
from collections.abc import Callable, Collection

from keras_transfer_sentiment.checks import check_choice, short
from keras_transfer_sentiment.text.negation import is_punctuation, mark_negated, split_mark
from keras_transfer_sentiment.text.symbols import (
    drop_addresses,
    drop_private,
    hide_emoji,
    hide_emoticons,
    show_symbols,
    spell,
)

TOKENIZERS = ("words", "tweet", "treebank")

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_HAN = re.compile("[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_APOSTROPHES = "\u2019\u2018\u00b4\u02bc"
# Characters that may have another form: most scripts past Latin, and some of Latin. A cheap test that most texts fail.
_MAY_CHANGE = re.compile(
    "[\u0300-\u1fff\u2060-\U0010ffff\u00aa\u00b2\u00b3\u00b5\u00b9\u00ba\u00bc-\u00be\u0132\u0133\u013f\u0140\u0149"
    "\u017f\u01c4-\u01cc\u01f1-\u01f3\u02b0-\u02ff]"
)
# Soft hyphens and word joiners, where a word goes on; variation selectors; skin tones.
_INVISIBLE = re.compile("[\u00ad\u2060\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]")
_NO_JAMO = re.compile("[^\u3131-\u318e]+")  # Korean writes laughing and crying with these, which must stay as typed
_MOST_MARKS = 8  # on one letter; no script has more
_MANY_MARKS = re.compile(rf"[^\w\x00-\u02ff]{{{_MOST_MARKS + 1}}}")  # a fast test
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_STEMS = 200_000  # stems that are kept in memory


class Tokenizer:
    """Cuts texts into words by the settings of a `TextEncoder`; stop words stay in, and phrases are not joined.

    Args:
        tokenizer: one of `TOKENIZERS`, or a callable from str to list of str.
        lowercase: whether texts are lower-cased first.
        stem: callable that reduces a word to its stem, see `load_stemmer`, or None.
        mark_negation: whether words that a negator reaches are marked.
        stop_words: words that are neither stemmed nor marked.
        contrast_words: words that end the reach of a negator, as the end of a clause does.

    Examples:
        >>> Tokenizer("words", lowercase=True).cut("A Film isn't it?")
        ['a', 'film', 'is', "n't", 'it']
    """

    def __init__(
        self,
        tokenizer: str | Callable[[str], list[str]],
        *,
        lowercase: bool,
        stem: Callable[[str], str] | None = None,
        mark_negation: bool = False,
        stop_words: Collection[str] = frozenset(),
        contrast_words: Collection[str] = frozenset(),
    ):
        self._split = _check_result(tokenizer) if callable(tokenizer) else named_tokenizer(tokenizer, mark_negation)
        self._lowercase, self._mark_negation = lowercase, mark_negation
        self._stop_words, self._contrast_words = stop_words, contrast_words
        self._stem = stem
        self._has_punctuation = tokenizer != "words" or mark_negation
        # Words are then the runs of word characters of a prepared text, which compiled code can find.
        self._is_plain = stem is None and not self._has_punctuation

    def cut(self, text: str) -> list[str]:
        """Returns the words of one text.

        Raises:
            TypeError: a tokeniser of the user returned something else than a list of str.
        """
        tokens = self._split(text, self._lowercase)
        if self._mark_negation:
            tokens = mark_negated(tokens, self._stop_words, self._contrast_words)
        if self._has_punctuation:
            tokens = [token for token in tokens if token.isalnum() or not is_punctuation(token)]
        return tokens if self._stem is None else [self._reduce(token, self._stem) for token in tokens]

    def cut_batch(self, texts: list) -> list:
        """Returns the words of each text of a batch, a list of lists; or of plain texts, a list of prepared str.

        The words of a prepared str are those of `cut_prepared`. Texts that are lists of tokens are left as they are.
        """
        if not texts or not isinstance(texts[0], str):
            return texts
        if self._is_plain:
            return [prepare(text, self._lowercase) for text in texts]
        return [self.cut(text) for text in texts]

    def _reduce(self, token, stem):
        word, mark = split_mark(token)
        return token if word in self._stop_words else stem(word) + mark


def _check_result(tokenizer):
    def split(text, lowercase):
        tokens = tokenizer(text.lower() if lowercase else text)
        if not isinstance(tokens, (list, tuple)) or not all(isinstance(token, str) for token in tokens):
            raise TypeError(
                f"The `tokenizer` must return a list of str for each text. Received {short(tokens)} of type "
                f"{type(tokens).__name__}. Return a list, such as `text.split()`."
            )
        return tokens

    return split


def load_stemmer(language: str | None) -> Callable[[str], str]:
    """Returns the Snowball stemmer of a language.

    Raises:
        ValueError: the language has none.
    """
    from nltk.stem import SnowballStemmer

    if language not in SnowballStemmer.languages:
        raise ValueError(
            f"`stem=True` needs a language with a Snowball stemmer. Received `language={language!r}`. "
            "Leave `stem` off, or pass a `tokenizer` callable that stems."
        )
    return functools.lru_cache(_STEMS)(SnowballStemmer(language).stem)


def named_tokenizer(name: str, punctuation: bool) -> Callable[[str, bool], list[str]]:
    """Returns the tokeniser of that name, one of `TOKENIZERS`: it takes a text, and whether to lower-case it.

    Args:
        name: `"words"` is `split_words`; `"tweet"` and `"treebank"` are NLTK's.
        punctuation: whether `"words"` gives the ends of clauses too; NLTK's always do.

    Raises:
        ValueError: there is none of that name.
    """
    check_choice(name, "tokenizer", TOKENIZERS)
    if name == "words":
        return lambda text, lowercase: cut_prepared(prepare(text, lowercase), punctuation)
    if name == "tweet":
        from nltk.tokenize import TweetTokenizer

        tweet = TweetTokenizer(reduce_len=True)
        return lambda text, lowercase: tweet.tokenize(_straighten(text.lower() if lowercase else text))
    from nltk.tokenize import NLTKWordTokenizer

    treebank = NLTKWordTokenizer()

    def split(text, lowercase):
        text = _straighten(text.lower() if lowercase else text)
        # It cuts off only the last full stop of what it is given, so it is given one sentence at a time.
        return [token for sentence in _SENTENCE_END.split(text) for token in treebank.tokenize(sentence)]

    return split


@functools.cache
def _marks() -> str:
    """Returns a regular expression of one combining mark or joiner, which Python's `\\w` leaves out."""
    marks = (chr(i) for i in range(0x300, 0x20000) if unicodedata.category(chr(i))[0] == "M")
    return f"[{''.join(marks)}\u200c\u200d]"


@functools.cache
def _no_word() -> re.Pattern:
    """Returns a pattern of what is beyond ASCII and of no word: marks too, unless a character of a word is before."""
    marks = _marks()[1:-1]
    return re.compile(rf"[^\x00-\x7f\w\U000f0000-\U0010ffff](?<![\w{marks}][{marks}])[{marks}]*")


@functools.cache
def _too_many_marks() -> re.Pattern:
    return re.compile(f"(?<={_marks()}{{{_MOST_MARKS}}}){_marks()}+")


# All that is beyond ASCII in a prepared text is of words.
_CHAR = "[0-9A-Za-z_\x80-\U0010ffff]+"
_WORD = re.compile(f"{_CHAR}(?:'{_CHAR})*")
_WORD_OR_END = re.compile(f"{_CHAR}(?:'{_CHAR})*|[.:;!?]")


def _pairs(match: re.Match) -> str:
    run = match.group()
    return f" {' '.join(map(operator.add, run, run[1:])) if len(run) > 1 else run} "


def _straighten(text: str) -> str:
    for apostrophe in _APOSTROPHES:
        text = text.replace(apostrophe, "'")
    return text


def normalize(text: str) -> str:
    """Returns a text in the form in which its words are compared: spellings that look alike become one.

    That is Unicode's NFKC, without the invisible characters inside words, skin tones and variation selectors, and with
    one apostrophe. Of more than eight marks on one letter, eight are left.

    Examples:
        >>> normalize("cafe\u0301 \uff27\uff4f\uff4f\uff44 \ufb01lm isn\u2019t")
        "café Good film isn't"
    """
    return _normalize(text)[0]


def _normalize(text):
    """Returns a normalised text, and whether there may be other scripts or emoji in it."""
    if text.isascii():
        return text, False
    text = _straighten(text).replace("\u00ad", "")
    if _MAY_CHANGE.search(text) is None:
        return text, False
    # Unicode sorts the marks of a letter, which takes the square of their number.
    text = _INVISIBLE.sub("", drop_private(text))
    if _MANY_MARKS.search(text) is not None:
        text = _too_many_marks().sub("", text)
    return _NO_JAMO.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text), True


def normalize_word(word: str) -> str:
    """Returns a word as `split_words` spells it; its case is kept."""
    return spell(normalize(word))


def split_words(text: str, punctuation: bool = False) -> list[str]:
    """Cuts a text into words: the default tokeniser.

    A word is a run of letters, digits and combining marks of any script, with the apostrophes inside it: `it's`,
    `o'clock`. The negation of a contraction becomes a word of its own, as in the Penn Treebank: `don't` gives `do`,
    `n't`. A run of Han characters becomes its overlapping pairs. Each emoji and each emoticon is a word. HTML tags and
    entities, URLs, e-mail addresses and @names are taken out.

    Args:
        text: str. Its case is kept.
        punctuation: bool. Whether `.`, `:`, `;`, `!` and `?` are tokens too.

    Returns:
        list of str.

    Examples:
        >>> split_words("It's funny, but I don't laugh :-)")
        ["It's", 'funny', 'but', 'I', 'do', "n't", 'laugh', ':)']
        >>> split_words("这部电影")
        ['这部', '部电', '电影']
    """
    return cut_prepared(prepare(text), punctuation)


def cut_prepared(text: str, punctuation: bool = False) -> list[str]:
    """Returns the words of a text that `prepare` returned: the second half of `split_words`."""
    if "'" in text:
        text = text.replace("n't", " n't").replace("N'T", " N'T")
    words = (_WORD_OR_END if punctuation else _WORD).findall(text)
    return words if text.isascii() else list(map(show_symbols, words))


def prepare(text: str, lowercase: bool = False) -> str:
    """Returns a text whose words are its runs of word characters: the first half of `split_words`.

    Of the characters beyond ASCII, only those of words are left. Emoji and emoticons are hidden until `show_symbols`
    brings them back. The second half makes the negation of a contraction a word of its own.
    """
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    text, is_rich = _normalize(text)
    if lowercase:
        text = text.lower()
    text = hide_emoticons(drop_addresses(text))
    if is_rich:
        text = hide_emoji(_HAN.sub(_pairs, text))
    if not text.isascii():
        text = _no_word().sub(" ", text)
    if "_" in text:
        text = text.replace("_", " ")
    return text
