from zlib import crc32

import numpy as np

from keras_transfer_sentiment.vectors import subwords


def test_ngram_rows_are_the_hashed_ngrams_of_the_marked_word():
    expected = ["<ab", "abc", "bc>", "<abc", "abc>"]
    assert subwords.ngram_rows("abc", (3, 4), 997) == [crc32(ngram.encode()) % 997 for ngram in expected]


def test_ngram_rows_do_not_repeat_the_whole_word_and_leave_other_tokens_out():
    assert len(subwords.ngram_rows("a", (3, 6), 997)) == 0  # `<a>` is the word itself
    assert subwords.ngram_rows(7, (3, 6), 997) == []
    assert subwords.ngram_rows("好看", (1, 1), 997) == [crc32(c.encode()) % 997 for c in "<好看>"]


def test_composed_vectors_are_the_mean_of_a_word_and_its_ngrams(rng):
    words = ["", "film", "filmed", 5, "x"]
    own = subwords.collect_ngram_rows(words, (3, 4), 50)
    table, ngrams = rng.normal(size=(5, 3)).astype("float32"), rng.normal(size=(50, 3)).astype("float32")
    expected = [
        np.mean([table[i], *(ngrams[row] for row in (subwords.ngram_rows(word, (3, 4), 50) if word else []))], axis=0)
        for i, word in enumerate(words)
    ]
    np.testing.assert_allclose(subwords.compose_vectors(table, ngrams, own), expected, rtol=1e-5, atol=1e-6)


def test_nearest_words_are_those_of_the_same_ngrams(rng):
    words = ["", "boring", "charming", "x"]
    ngrams = rng.normal(size=(500, 8)).astype("float32")
    own = subwords.collect_ngram_rows(words, (3, 5), 500)
    vectors = subwords.compose_vectors(np.zeros((4, 8), "float32"), ngrams, own)
    nearest = subwords.NearestWords(vectors, subwords.CharNgrams(ngrams, (3, 5)))
    found = nearest(["borring", "charmming", "borring", "zzz", "", 5])
    assert found.dtype == np.int32
    assert found.tolist() == [1, 2, 1, 0, 0, 0]


def test_vectors_of_ngrams(rng):
    table = rng.normal(size=(500, 8)).astype("float32")
    ngrams = subwords.CharNgrams(table, (3, 5))
    rows = subwords.ngram_rows("borring", (3, 5), 500)
    np.testing.assert_allclose(ngrams.vector("borring"), table[rows].mean(0))
    assert ngrams.vector("") is None
    assert ngrams.vector(7) is None
    assert ngrams == subwords.CharNgrams(table.copy(), (3, 5))
    assert ngrams not in (subwords.CharNgrams(table, (3, 4)), subwords.CharNgrams(table + 1, (3, 5)), None)


def test_taking_apart_undoes_composing(rng):
    of_words = subwords.collect_ngram_rows(["", "boring", "x", "charming"], (3, 4), 50)
    words, ngrams = rng.normal(size=(4, 8)).astype("float32"), rng.normal(size=(50, 8)).astype("float32")
    composed = subwords.compose_vectors(words, ngrams, of_words)
    np.testing.assert_allclose(subwords.take_apart(composed, ngrams, of_words), words, atol=1e-5)
