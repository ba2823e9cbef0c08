"""Emoji and emoticons, which become words, and addresses, which become none."""

import functools
import re

# A prepared text knows a word by its characters (`tokenizers.prepare`), and punctuation is in none. So each character
# of a symbol stands there as one for private use, which no text keeps, until its words are shown.
_PRIVATE = 0xF0000  # added to a character
_TAGS = 0x2FF00  # the same for the letters of a region's flag
_IS_PRIVATE = re.compile("[\U000f0000-\U0010ffff]+")

_ONE_EMOJI = "[\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u2600-\u2775\u2794-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55"
_ONE_EMOJI += "\U0001f000-\U0001f0ff\U0001f170-\U0001f1e5\U0001f200-\U0001faff]"
_EMOJI = (
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag: the two letters of a country
    "|[0-9#*]\u20e3"  # a keycap
    f"|{_ONE_EMOJI}[\U000e0020-\U000e007f]*"  # with the letters of a region's flag
    f"(?:\u200d(?:{_ONE_EMOJI}|[\u2190-\u21ff\u2640\u2642]))*"
)
_WESTERN = (  # begins with a set of characters, which is found fast; it looks back from there
    r"[>:;=()<](?:"
    r"(?:(?<=[:;])|(?<=>)[:;])'?[-o^]?(?:\)+|\(+(?![\w'\"$(]))"
    r"|(?<![\w:;=)\]].)(?:(?:(?<=[:;])|(?<=>)[:;])'?[-o^]?[\]\[}{/\\|*3dDpPsSxXoO]|(?<==)-?[)(\]/dDpP])\)*(?![\w/\\:;=|(])"
    r"|(?<!\S.)(?<=[()])[()]*[-o^]?'?[:;=](?!\S)"  # mirrored
    r"|(?<![\w.].)(?<=<)/?3+(?![\w%]|[-.,]\d)"
    ")"
)
_FACE = (
    r"(?<![\w^])\^[-_.oO]{0,5}\^(?![\w^])"
    r"|(?<![\w*+=~.@;-])(?:(?P<eye>[tTuUxXqQ*;+=~@.<>$-])_{1,5}(?P=eye)|>_{1,5}<|[oO0]_{1,5}[oO0])(?![\w*+=~@-])"
    "|(?<!\\w)(?:(?P<round>[\u2229\u25d5\u25cf\u30fb\u2022\u0ca0\u0298\u2565\u2299\u00b0\u25c9\u2665\u1d54\u25d4])"
    "[_.\u25bd\u2200\u03c9\u203f\u25e1\u1d25]{1,5}(?P=round)|\u2267[_.o\u25bd\u2200\u03c9\u25e1]{1,5}\u2266)(?!\\w)"
    r"|\\_\(" + "\u30c4" + r"\)_/"
)
_EMOTICONS = re.compile(f"{_WESTERN}|{_FACE}")
_WESTERNS, _FACES, _EMOJIS = re.compile(_WESTERN), re.compile(_FACE), re.compile(f"{_EMOJI}|{_FACE}")
_MOUTHS = r"[)(\]\[}{/\\|*3dDpPsSxXoO]"
# Tests that seldom say yes where there is none. Each begins with one character, which is found fast.
_COLON, _SEMICOLON, _EQUALS = (re.compile(rf"{eyes}(?:['o^-]{{0,2}}{_MOUTHS}|(?<=[()'o^-].))") for eyes in ":;=")
_MOUTH, _EYES = re.compile(r"_(?:[^\w\s]|[tTuUxXqQoO0](?!\w))"), re.compile(r"\^[-_.oO]{0,5}\^")
_BEYOND_ASCII = re.compile("[\u20e3\u2200-\u2bff\u203f\u1d25\u0ca0\u30fb\u30c4\U0001f000-\U0001faff]")
_SHRUG = "\u00af\\_(\u30c4)_/\u00af"
_SYMBOL = re.compile(f"{_WESTERN}|{_FACE}|{_EMOJI}|{re.escape(_SHRUG)}")
_PARTS = re.compile(r"(>?[:;=]'?)[-o^]?(.)(?:\2|\))*")
_MIRROR = str.maketrans("()", ")(")
_REPEATED = re.compile("([_3])\\1+")
_SPELLINGS = 1 << 14  # kept in memory

_URL = re.compile("(?:https?|ftp)://[!-;=?-~\u00a1-\u1fff]+|(?<!\\w)www\\.[!-;=?-~\u00a1-\u1fff]+", re.IGNORECASE)
_LOCAL, _LABEL = "A-Za-z0-9_.+-", "[A-Za-z0-9-]++"
_ADDRESS = re.compile(rf"(?<![{_LOCAL}])[{_LOCAL}]++@{_LABEL}(?:\.{_LABEL})+|(?<!\w)@\w{{1,30}}(?![\w@])")


def drop_addresses(text: str) -> str:
    """Returns a text without URLs, e-mail addresses and @names.

    Examples:
        >>> drop_addresses("Thanks @united, see https://example.com/a?b=c or mail me@example.com")
        'Thanks  , see   or mail  '
    """
    if (":" in text and "://" in text) or "www." in text:
        text = _URL.sub(" ", text)
    return _ADDRESS.sub(" ", text) if "@" in text else text


def hide_emoticons(text: str) -> str:
    """Returns a text whose emoticons of ASCII are runs of characters for private use, which `show_symbols` undoes."""
    if (
        (":" in text and _COLON.search(text) is not None)
        or (";" in text and _SEMICOLON.search(text) is not None)
        or ("=" in text and _EQUALS.search(text) is not None)
        or ("<" in text and "3" in text)
    ):
        text = _WESTERNS.sub(_hide, text)
    if ("_" in text and _MOUTH.search(text) is not None) or ("^" in text and _EYES.search(text) is not None):
        text = _FACES.sub(_hide, text)
    return text


def hide_emoji(text: str) -> str:
    """Does the same for emoji, and for emoticons of other characters."""
    return text if _BEYOND_ASCII.search(text) is None else _EMOJIS.sub(_hide, text)


def show_symbols(text: str) -> str:
    """Returns a text or a word with the symbols that were hidden."""
    return text if text.isascii() else _IS_PRIVATE.sub(_show, text)


def drop_private(text: str) -> str:
    """Returns a text without the characters that stand for symbols, before these are hidden."""
    return _IS_PRIVATE.sub(" ", text)


def hide_word(word: str) -> str:
    """Returns a word as prepared texts have it, and `""` for one that none has."""
    if word.isalnum():
        return word
    if _IS_PRIVATE.search(word) is not None:
        return ""
    return _move(word) if is_symbol(word) else word


def spell(symbol: str) -> str:
    """Returns the one spelling of an emoji or emoticon: mouths once, without a nose, eyes first; else the word itself.

    Examples:
        >>> [spell(word) for word in (":-)))", "(:", "^___^", "film")]
        [':)', ':)', '^_^', 'film']
    """
    if _EMOTICONS.fullmatch(symbol) is None:
        return symbol
    if symbol[0] == "\\":
        return _SHRUG
    if symbol[0] in "()":
        symbol = symbol[::-1].translate(_MIRROR)
    parts = _PARTS.fullmatch(symbol)
    return "".join(parts.groups()) if parts is not None else _REPEATED.sub(r"\1", symbol)


def is_symbol(word: str) -> bool:
    """Returns whether a word is an emoji or an emoticon."""
    return _SYMBOL.fullmatch(word) is not None


@functools.lru_cache(_SPELLINGS)
def _hidden(symbol):
    word = spell(symbol)
    return f" {word if word.isalnum() else _move(word)} "


def _hide(match):
    return _hidden(match[0])


def _show(match):
    return "".join(chr(ord(char) - (_TAGS if ord(char) >= 0x10FF00 else _PRIVATE)) for char in match[0])


def _move(word):
    return "".join(chr(ord(char) + (_TAGS if ord(char) >= 0xE0000 else _PRIVATE)) for char in word)
