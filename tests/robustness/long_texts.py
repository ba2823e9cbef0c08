"""Long and hostile texts: time has to grow in proportion to their length, on every way that a text may take.

A case is a way and a kind of text. It is timed at a length and at four times that length; more than eight times as long
breaks the bound. It is loose, so that a busy machine does not matter, and no test: its result depends on the machine.
NLTK's tokenisers are counted and break no bound here.
"""

import time

import numpy as np

from keras_transfer_sentiment import TextEncoder
from keras_transfer_sentiment.vectors.subwords import ngram_rows
from tests.robustness.harness import run_script

LENGTH, OTHERS_LENGTH = 40_000, 4_000  # the second where NLTK cuts
_FACTOR, _MOST = 4, 8.0
_SHORT = 0.02  # seconds that prove nothing

TEXTS = {
    "marks": "\u0301\u0323",
    "a letter with marks": "e\u0301\u0323",
    "Thai marks": "\u0e01\u0e34",
    "one word": "x",
    "one word beyond Latin": "\u0434",
    "digits": "7",
    "joiners": "\u200d",
    "joined emoji": "\U0001f468\u200d",
    "flags": "\U0001f1e9",
    "skin tones": "\U0001f3fd",
    "keycaps": "1\ufe0f\u20e3",
    "tags of flags": "\U000e0067",
    "addresses": "://",
    "http": "http://",
    "www": "www.",
    "at": "@",
    "mail": "a@",
    "mail with dots": "a.",
    "sad": ":(",
    "colons": ":",
    "brackets": "(",
    "eyes": "^_",
    "crying": "T_T",
    "underscores": "_",
    "right to left": "\u202e",
    "Arabic": "\ufdfa",
    "surrogates": "\ud800",
    "zeros": "\0",
    "apostrophes": "'",
    "letters and apostrophes": "n't",
    "tags": "<b",
    "comparisons": "<",
    "entities": "&amp",
    "ampersands": "&",
    "numbers of characters": "&#x1f600;",
    "Chinese": "\u597d",
    "Chinese and Latin": "\u597da",
    "jamo": "\u314b",
    "private": "\U000f003a",
    "spaces": " ",
    "full stops": ".",
    "words": "good ",
    "not": "not good ",
    "dashes": "-",
    "hashes": "#",
}


def _encode(text, **settings):
    encoder = TextEncoder(**settings)
    encoder.adapt(["good film", "\u597d\u7535\u5f71"])
    start = time.perf_counter()
    encoder.encode([text])
    return time.perf_counter() - start


def _adapt(text, **settings):
    encoder = TextEncoder(**settings)
    start = time.perf_counter()
    encoder.adapt([text, "good film, good film"])
    return time.perf_counter() - start


def _count_ngrams(text):
    start = time.perf_counter()
    ngram_rows(text, (3, 6), 1000)
    return time.perf_counter() - start


WAYS = {
    "encode": _encode,
    "encode, case kept": lambda text: _encode(text, lowercase=False),
    "encode, Chinese": lambda text: _encode(text, language="chinese"),
    "adapt": _adapt,
    "adapt, phrases": lambda text: _adapt(text, phrases=True),
    "adapt, negation": lambda text: _adapt(text, mark_negation=True),
    "adapt, stems": lambda text: _adapt(text, stem=True),
    "adapt, tweet": lambda text: _adapt(text, tokenizer="tweet"),
    "adapt, treebank": lambda text: _adapt(text, tokenizer="treebank"),
    "n-grams": _count_ngrams,
}
OTHERS = ("adapt, tweet", "adapt, treebank")
CASES = [(way, kind) for way in WAYS for kind in TEXTS]


def check(way, kind):
    """Times a case; returns what went wrong."""
    piece, work = TEXTS[kind], WAYS[way]
    first = OTHERS_LENGTH if way in OTHERS else LENGTH
    short, long = (piece * (length // len(piece)) for length in (first, _FACTOR * first))
    for _ in range(2):  # once more, if something else was in the way
        before = min(work(short) for _ in range(2))
        after = work(long)
        if after < _SHORT or after < _MOST * before:
            return ""
    return f"{len(short)} characters {before:.3f} s, {len(long)} characters {after:.3f} s"


def compare_chinese():
    """Returns what is wrong with one long Chinese text, beside the same characters in short ones."""
    characters = np.random.default_rng(0).integers(0x4E00, 0x4F00, 2_000_000)
    text = "".join(map(chr, characters))
    encoder = TextEncoder("chinese")
    encoder.adapt([text[:10_000]])
    parts = [text[i : i + 100] for i in range(0, len(text), 100)]
    encoder.encode(parts[:10_000])  # compiles
    seconds = []
    for texts in ([text], parts):
        start = time.perf_counter()
        encoder.encode(texts)
        seconds.append(time.perf_counter() - start)
    ratio = seconds[0] / seconds[1]
    return "" if ratio < 4 else f"one text takes {ratio:.1f} times as long as {len(parts)} short ones"


def run(report, cases):
    """Times the cases, and one long Chinese text beside many short ones."""
    for case in cases:
        if case < len(CASES):
            way, kind = CASES[case]
            try:
                problem = check(way, kind)
            except TimeoutError:  # NLTK has a limit of five seconds of its own
                report.add(f"{way}: refused by NLTK", case)
                continue
            if problem and way in OTHERS:
                report.add(f"{way}: NLTK's time grows faster", case)
                continue
            report.add(way, case, f"{kind}: {problem}" if problem else "")
        elif case == len(CASES):
            report.add("one Chinese text and many", case, compare_chinese())


if __name__ == "__main__":
    run_script(__doc__, run, count=len(CASES) + 1)
