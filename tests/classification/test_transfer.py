import numpy as np

from keras_transfer_sentiment import TransferSentimentClassifier
from keras_transfer_sentiment.classification.transfer import transfer_vectors


def test_vectors_are_centred_on_running_text_and_their_lengths_are_roots(rng):
    vectors = rng.normal(size=(6, 4)).astype("float32") + 3.0
    vectors[0] = 0.0
    counts = np.array([0, 50, 9, 3, 1, 1])
    text = np.repeat(vectors, counts, axis=0)
    found = transfer_vectors(vectors, counts)
    assert found.dtype == np.float32
    assert not found[0].any()
    for word in range(1, 6):
        expected = vectors[word] - text.mean(axis=0)
        np.testing.assert_allclose(found[word], expected / np.sqrt(np.linalg.norm(expected)), rtol=1e-4)


def test_a_word_like_all_running_text_becomes_zero():
    assert transfer_vectors(np.float32([[0, 0], [1, 2]]), np.array([0, 7])).tolist() == [[0, 0], [0, 0]]


def test_the_embedding_of_a_classifier_has_the_transferred_vectors(pretrainer):
    classifier = TransferSentimentClassifier(pretrainer, seed_words=None)
    expected = transfer_vectors(pretrainer.word_vectors.matrix, pretrainer.encoder.counts)
    np.testing.assert_array_equal(np.asarray(classifier.embedding.embeddings), expected)
