import numpy as np
import pytest

from keras_transfer_sentiment import TextEncoder, __version__
from keras_transfer_sentiment.origin import Origin

from .contracts import raises


def encoder_of(*words, **options):
    encoder = TextEncoder(None, **options)
    encoder.adapt([list(words)])
    return encoder


WORDS = ["good", "\ud800", 7, ("red", 1)]


def test_an_origin_is_read_as_it_was_written():
    origin = Origin.of(encoder_of(*WORDS), ["bad", "good"], is_fitted=False)
    array = origin.to_array()
    assert array.dtype == np.uint8
    assert Origin.from_array(array) == origin
    assert origin.vocabulary["words"] == ["", *WORDS]
    assert origin.version == __version__


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, b'{"settings": 1}'])
def test_a_damaged_origin(text):
    with raises(ValueError, "its note of what it belongs to is damaged"):
        Origin.from_array(np.frombuffer(text, "uint8"))


def test_words_that_no_file_can_hold_are_left_out():
    origin = Origin.of(encoder_of("good", frozenset({1})))
    assert Origin.from_array(origin.to_array()).vocabulary is None
    assert origin.explain_difference(Origin.of(encoder_of("bad"))) == ""


SAME = Origin.of(encoder_of("good", "bad", "fair"), ["a", "b"])


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Origin.of(encoder_of("good", "bad", "fair"), ["a", "b"]), ""),
        (Origin.of(TextEncoder(None)), ""),
        (Origin.of(encoder_of("good", "bad", "fair", min_count=1, max_vocabulary=7)), ""),
        (
            Origin.of(encoder_of("good", "fair", "bad")),
            "a vocabulary of 3 words, and this model has one of as many: word 2 is 'bad' there and 'fair' here",
        ),
        (Origin.of(encoder_of("good", "bad")), "a vocabulary of 3 words, and this model has one of 2"),
        (
            Origin.of(encoder_of("good", "very", "bad", "fair")),
            "a vocabulary of 3 words, and this model has one of 4: word 2 is 'bad' there and 'very' here",
        ),
        (
            Origin.of(encoder_of("good", "bad", "fair"), ["b", "a"]),
            "the classes ['a', 'b'], and this model has ['b', 'a']",
        ),
        (
            Origin.of(encoder_of("good", "bad", "fair", lowercase=False)),
            "`lowercase=True`, and this model has `lowercase=False`",
        ),
        (
            Origin.of(encoder_of("good", "bad", "fair", stop_words=["of"])),
            "`stop_words='auto'`, and this model has `stop_words=['of']`",
        ),
    ],
)
def test_differences(other, expected):
    assert SAME.explain_difference(other) == expected


def test_numbers_and_booleans_are_other_classes():
    numbers, booleans = (Origin.of(encoder_of("good"), classes) for classes in ([0, 1], [False, True]))
    assert numbers.explain_difference(booleans) == "the classes [0, 1], and this model has [False, True]"


def test_other_phrases_of_the_same_words():
    origins = []
    for phrases in ([("a", "b")], []):
        encoder = encoder_of("a", "b", "a_b")
        encoder.set_vocabulary_state({**encoder.get_vocabulary_state(), "phrases": phrases})
        origins.append(Origin.of(encoder))
    assert origins[0].explain_difference(origins[1]) == "the same words with other phrases than this model"
