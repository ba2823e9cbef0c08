"""The default tokeniser in Python and in compiled code, on random strings of all planes: the same words and ids.

Hypothesis makes the strings: of any code points, and of the pieces on which two ways to cut a text might differ. They
are cut in batches; a batch that differs is made smaller until one text is left.
"""

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from keras_transfer_sentiment.text.codes import code_batch
from keras_transfer_sentiment.text.tokenizers import Tokenizer, cut_prepared, prepare, split_words
from tests.robustness.harness import run_script
from tests.text.odd import ODD

_TEXTS = 50  # in an example
_ANY = st.characters(exclude_categories=())  # surrogates too
_MARKS = st.sampled_from("\u0300\u0301\u0323\u200c\u200d\ufe0f\u0483\u0e34\u093c\u20e3\U0001f3fd\U000e0061")
_SIGNS = st.sampled_from(
    [*":;=^_()-<3/@.&#'\u2019\0\n\t \u202e\u2067\u00ad", "&amp;", "&#x1f600;", "<b>", "http://", "n't"]
)
_PIECE = st.one_of(_ANY, _MARKS, _SIGNS, st.sampled_from(ODD), st.text(st.characters(codec="ascii"), max_size=4))
TEXT = st.one_of(st.text(_ANY, max_size=30), st.lists(_PIECE, max_size=30).map("".join))


def differences(texts, lowercase):
    """Returns a line for each way in which the two tokenisers, or two paths to the same words, differ on texts."""
    from keras_transfer_sentiment.text.word_table import WordTable

    words = None if lowercase else [split_words(text) for text in texts]
    tokenizer = Tokenizer("words", lowercase=lowercase)
    plain = [tokenizer.cut(text) for text in texts]
    prepared = tokenizer.cut_batch(texts)
    found = []
    if words is not None and words != plain:
        found.append("`split_words` and `Tokenizer` differ")
    if [cut_prepared(text) for text in prepared] != plain:
        found.append("texts cut at once and in two halves differ")
    if [prepare(text, lowercase) for text in texts] != prepared:
        found.append("a text alone and in a batch differ")
    numbers: dict[str, int] = {}
    for one in plain:
        for word in one:
            numbers.setdefault(word, len(numbers) + 1)
    known = dict(list(numbers.items())[::2])  # the other half is asked for

    def ask(asked):
        return np.array([numbers[word] for word in asked], "int32")

    reference = code_batch(plain, ask)
    for remember in (False, True):
        table = WordTable(known, known.values(), remember)
        for _ in range(2):
            coded = table(prepared, ask)
            if not (np.array_equal(coded.codes, reference.codes) and np.array_equal(coded.lengths, reference.lengths)):
                found.append(f"compiled code and Python differ, remember={remember}")
    return found


def run(report, cases):
    """Compares the tokenisers on as many texts as there are cases."""
    cases = list(cases)

    @seed(report.seed + cases[0])
    @settings(
        max_examples=-(-len(cases) // _TEXTS),
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(TEXT, min_size=_TEXTS, max_size=_TEXTS), st.booleans())
    def compare(texts, lowercase):
        found = differences(texts, lowercase)
        assert not found, f"{found} on {[text for text in texts if differences([text], lowercase)]!r:.600}"
        report.outcomes["the same"] += len(texts)

    try:
        compare()
    except Exception as error:
        report.add("different", cases[0], f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    run_script(__doc__, run, count=100_000)
