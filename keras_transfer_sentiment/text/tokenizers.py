"""From text to tokens: the default tokeniser, and NLTK's by name."""

import functools
import html
import operator
import re
import unicodedata
from collections.abc import Callable

TOKENIZERS = ("words", "tweet", "treebank")

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_HAN = re.compile("[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_APOSTROPHES = "\u2019\u02bc\uff07"
# Scripts that may need care: everything past Latin, without general punctuation. A cheap test that most texts fail.
_BEYOND_LATIN = re.compile("[\u0300-\u1fff\u2070-\U0010ffff]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def named_tokenizer(name: str, punctuation: bool) -> Callable[[str], list[str]]:
    """Returns the tokeniser of that name, one of `TOKENIZERS`.

    Args:
        name: `"words"` is `split_words`; `"tweet"` and `"treebank"` are NLTK's.
        punctuation: whether `"words"` gives the ends of clauses too; NLTK's always do.
    """
    if name == "words":
        return functools.partial(split_words, punctuation=True) if punctuation else split_words
    if name == "tweet":
        from nltk.tokenize import TweetTokenizer

        tweet = TweetTokenizer(reduce_len=True)
        return lambda text: tweet.tokenize(_straightened(text))
    from nltk.tokenize import NLTKWordTokenizer

    treebank = NLTKWordTokenizer()
    # It cuts off only the last full stop of what it is given, so it is given one sentence at a time.
    return lambda text: [
        token for sentence in _SENTENCE_END.split(_straightened(text)) for token in treebank.tokenize(sentence)
    ]


@functools.cache
def _marks() -> str:
    """Returns a regular expression of one combining mark or joiner, which Python's `\\w` leaves out."""
    marks = (chr(i) for i in range(0x300, 0x20000) if unicodedata.category(chr(i))[0] == "M")
    return f"[{''.join(marks)}\u200c\u200d]"


@functools.cache
def _no_word() -> re.Pattern:
    """Returns a pattern of what is beyond ASCII and of no word: marks too, unless a character of a word is before."""
    marks = _marks()[1:-1]
    return re.compile(rf"[^\x00-\x7f\w](?<![\w{marks}][{marks}])[{marks}]*")


@functools.cache
def _word_pattern(punctuation: bool, ascii_only: bool) -> re.Pattern:
    inner = r"\w+" if ascii_only else f"(?:\\w|{_marks()})+"
    word = f"{inner}(?:'{inner})*"
    return re.compile(f"{word}|[.:;!?]" if punctuation else word, re.ASCII if ascii_only else 0)


def _pairs(match: re.Match) -> str:
    run = match.group()
    return f" {' '.join(map(operator.add, run, run[1:])) if len(run) > 1 else run} "


def _straightened(text: str) -> str:
    for apostrophe in _APOSTROPHES:
        text = text.replace(apostrophe, "'")
    return text


def split_words(text: str, punctuation: bool = False) -> list[str]:
    """Cuts a text into words: the default tokeniser.

    A word is a run of letters, digits and combining marks of any script, with the apostrophes inside it: `it's`,
    `o'clock`. The negation of a contraction becomes a word of its own, as in the Penn Treebank: `don't` gives `do`,
    `n't`. A run of Han characters becomes its overlapping pairs. HTML tags and entities are taken out.

    Args:
        text: str. Its case is kept.
        punctuation: bool. Whether `.`, `:`, `;`, `!` and `?` are tokens too.

    Returns:
        list of str.

    Examples:
        >>> split_words("It's funny, but I don't laugh.")
        ["It's", 'funny', 'but', 'I', 'do', "n't", 'laugh']
        >>> split_words("这部电影")
        ['这部', '部电', '电影']
    """
    text = prepared(text)
    return _word_pattern(punctuation, text.isascii()).findall(text)


def prepared(text: str) -> str:
    """Returns a text whose words are its runs of word characters: what `split_words` does first.

    Of the characters beyond ASCII, only those of words are left.
    """
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if "_" in text:
        text = text.replace("_", " ")
    if not text.isascii():
        text = _straightened(text).replace("\u00ad", "")  # soft hyphens, where a word may be parted
        if _BEYOND_LATIN.search(text) is not None:
            text = _HAN.sub(_pairs, unicodedata.normalize("NFC", text))
        text = _no_word().sub(" ", text)
    if "'" in text:
        text = text.replace("n't", " n't").replace("N'T", " N'T")
    return text
