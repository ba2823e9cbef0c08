import random

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_transfer_sentiment import (
    NotFittedError,
    SkipGramPretrainer,
    TextEncoder,
    TransferSentimentClassifier,
    load_model,
)
from keras_transfer_sentiment.vectors import subwords

from ..contracts import raises, unchanged, weights_of


def trained(texts, *, epochs=1, seed=0, **options):
    model = SkipGramPretrainer(8, seed=seed, **options)
    model.fit(texts, epochs=epochs, verbose=0)
    return model


@pytest.fixture(scope="module")
def small_file(corpus, tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "words.keras"
    trained(corpus).save(path)
    return path


@pytest.fixture
def small(small_file):
    """A small pretrainer that a test may change."""
    return load_model(small_file)


# Training.


def test_fit_returns_a_falling_loss(pretrainer):
    losses = pretrainer.history.history["loss"]
    assert len(losses) == 10
    assert losses[-1] < losses[0]
    assert np.isfinite(losses).all()


def test_vectors(pretrainer):
    vectors = pretrainer.word_vectors.matrix
    assert vectors.shape == (pretrainer.encoder.size, 16) == (pretrainer.vocabulary_size, 16)
    assert vectors.dtype == np.float32
    assert not vectors[0].any()
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("window", [None, 5])
def test_the_seed_decides_the_vectors(corpus, window):
    first, again, other = (trained(corpus, seed=seed, window=window) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.word_vectors.matrix, again.word_vectors.matrix)
    assert np.abs(first.word_vectors.matrix - other.word_vectors.matrix).max() > 1e-3


def test_the_seed_also_decides_the_start(corpus):
    models = [SkipGramPretrainer(8, seed=seed) for seed in (1, 1, 2)]
    for model in models:
        model.adapt(corpus)
    np.testing.assert_array_equal(models[0].word_vectors.matrix, models[1].word_vectors.matrix)
    assert (models[0].word_vectors.matrix[1:] != models[2].word_vectors.matrix[1:]).all(axis=1).any()


def test_without_a_seed_pythons_random_decides(corpus):
    starts = []
    for seed in (5, 5, 6):
        random.seed(seed)
        model = SkipGramPretrainer(4)
        model.adapt(corpus)
        starts.append(model.word_vectors.matrix)
        assert model.get_config()["seed"] is None
    np.testing.assert_array_equal(starts[0], starts[1])
    assert (starts[0] != starts[2]).any()


def test_training_moves_every_word(corpus):
    model = SkipGramPretrainer(8, seed=0)
    model.adapt(corpus)
    before = model.word_vectors.matrix
    model.fit(corpus, epochs=3, verbose=0)
    assert (model.word_vectors.matrix[1:] != before[1:]).any(axis=1).all()


def test_a_second_fit_goes_on_with_the_same_vocabulary(small, corpus):
    words, vectors = small.encoder.vocabulary, small.word_vectors.matrix
    small.fit([*corpus[:3], "unseen words only"], epochs=1, verbose=0)
    assert small.encoder.vocabulary == words
    seen = np.isin(np.arange(len(words)), small.encoder.encode(corpus[:3]).ids)
    assert (small.word_vectors.matrix[seen] != vectors[seen]).any(axis=1).all()
    # It goes on, it does not begin again.
    np.testing.assert_array_equal(small.word_vectors.matrix[~seen], vectors[~seen])


def test_a_grown_vocabulary_keeps_the_old_vectors_as_a_start(small):
    words, before = small.encoder.vocabulary, small.word_vectors.matrix
    contexts = small.tables.contexts.copy()

    # Before the first step, the tables have grown and nothing is trained yet.
    class Interrupt(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small.fit(["zebra lion"] * 3, verbose=0, grow_vocabulary=True, callbacks=[Interrupt()])
    assert small.encoder.vocabulary == [*words, "zebra", "lion"]
    np.testing.assert_array_equal(small.word_vectors.matrix[: len(words)], before)
    np.testing.assert_array_equal(small.tables.contexts[: len(words)], contexts)
    assert small.word_vectors.matrix[len(words) :].any(axis=1).all()
    assert len(small.get_weights()) == 5


def test_fit_grows_the_vocabulary_where_it_is_told_to(small, tmp_path):
    size = small.encoder.size
    new = ["the zebra is boring", "zebra lion grass", "a lion is boring"] * 20
    small.fit(new, epochs=2, verbose=0)
    assert small.encoder.size == small.vocabulary_size == size
    start = small.word_vectors
    small.fit(new, epochs=20, verbose=0, grow_vocabulary=True)
    assert small.encoder.vocabulary[size:] == ["zebra", "lion", "grass"]
    assert small.word_vectors.matrix.shape == (size + 3, 8)
    assert small.word_vectors.similarity("zebra", "lion") > small.word_vectors.similarity("zebra", "plot")
    assert small.word_vectors.drift(start, top_n=1, min_count=0)[0][0] == "boring"
    assert small.predict(["zebra"]).any()
    small.save(tmp_path / "grown.keras")
    loaded = load_model(tmp_path / "grown.keras")
    np.testing.assert_array_equal(loaded.word_vectors.matrix, small.word_vectors.matrix)
    loaded.fit(new, epochs=1, verbose=0)
    small.fit(new, epochs=1, verbose=0)
    np.testing.assert_array_equal(loaded.word_vectors.matrix, small.word_vectors.matrix)


def test_backup_and_restore_goes_on_with_the_same_vectors(corpus, tmp_path):
    def train(*callbacks):
        model = SkipGramPretrainer(8, seed=0)
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
        history = model.fit(corpus, epochs=6, verbose=0, callbacks=[backup, *callbacks])
        return model, history

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Interrupt())
    resumed, history = train()
    assert history.epoch == [4, 5]
    np.testing.assert_array_equal(resumed.word_vectors.matrix, trained(corpus, epochs=6).word_vectors.matrix)


def test_an_interrupted_fit_goes_on_from_its_cache_dir(corpus, tmp_path, monkeypatch):
    for name in ("BACKUP_SECONDS", "BACKUP_PAUSE"):
        monkeypatch.setattr(f"keras_transfer_sentiment.pretraining.backup.{name}", 0.0)
    # So that an epoch has several groups.
    monkeypatch.setattr("keras_transfer_sentiment.pretraining.blocks.STEPS_PER_GROUP", 3)
    epochs = []

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            epochs.append(epoch)

        def on_train_batch_end(self, batch, logs=None):
            if epochs[-1] == 2 and batch == 1:
                raise KeyboardInterrupt

    def train(*callbacks, **options):
        model = SkipGramPretrainer(8, window=5, seed=0)
        return model, model.fit(
            corpus, **{"batch_size": 1, "epochs": 6, **options}, verbose=0, callbacks=callbacks, cache_dir=tmp_path
        )

    with pytest.raises(KeyboardInterrupt):
        train(Interrupt())
    with raises(ValueError, "had `epochs` 6; it is 7 now"):
        train(epochs=7)
    model, history = train()
    assert history.epoch == [2, 3, 4, 5]
    expected = SkipGramPretrainer(8, window=5, seed=0)
    expected.fit(corpus, batch_size=1, epochs=6, verbose=0)
    np.testing.assert_array_equal(model.word_vectors.matrix, expected.word_vectors.matrix)
    again, history = train()
    assert history.epoch == list(range(6))
    np.testing.assert_array_equal(again.word_vectors.matrix, expected.word_vectors.matrix)


def test_the_same_call_on_the_same_model_goes_on_after_an_interruption(corpus, tmp_path, monkeypatch):
    for name in ("BACKUP_SECONDS", "BACKUP_PAUSE"):
        monkeypatch.setattr(f"keras_transfer_sentiment.pretraining.backup.{name}", 0.0)
    model, expected = (SkipGramPretrainer(8, window=5, seed=0) for _ in range(2))

    def fit(*callbacks, **options):
        return model.fit(corpus, **{"epochs": 6, **options}, verbose=0, callbacks=callbacks, cache_dir=tmp_path)

    class Interrupt(keras.callbacks.Callback):
        def __init__(self, epoch):
            super().__init__()
            self.last = epoch

        def on_epoch_end(self, epoch, logs=None):
            if epoch == self.last:
                raise KeyboardInterrupt

    for epoch in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            fit(Interrupt(epoch))
        with unchanged(model), raises(ValueError, "had `epochs` 6; it is 7 now"):
            fit(epochs=7)
    assert fit().epoch == [4, 5]
    expected.fit(corpus, epochs=6, verbose=0)
    np.testing.assert_array_equal(model.word_vectors.matrix, expected.word_vectors.matrix)
    assert not (tmp_path / "training.npz").exists()
    fit()
    expected.fit(corpus, epochs=6, verbose=0)
    np.testing.assert_array_equal(model.word_vectors.matrix, expected.word_vectors.matrix)


def test_the_backup_of_another_training_is_refused(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_transfer_sentiment.pretraining.backup.BACKUP_SECONDS", 0.0)
    model = SkipGramPretrainer(8, seed=0)

    def interrupt(epoch, logs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.fit(
            corpus,
            epochs=6,
            verbose=0,
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=interrupt)],
            cache_dir=tmp_path,
        )
    model.fit(corpus, epochs=1, verbose=0)
    with unchanged(model), raises(ValueError, "began at step 0; this model has taken", "Call `fit` on a new model"):
        model.fit(corpus, epochs=6, verbose=0, cache_dir=tmp_path)
    advised = SkipGramPretrainer(8, seed=0)
    assert advised.fit(corpus, epochs=6, verbose=0, cache_dir=tmp_path).epoch == [1, 2, 3, 4, 5]


def test_one_cache_serves_several_trainings(corpus, tmp_path):
    first = trained(corpus)
    second = SkipGramPretrainer(8, seed=0)
    second.fit(iter(corpus), epochs=1, verbose=0, cache_dir=tmp_path)
    third = SkipGramPretrainer(8, seed=0)
    third.fit(iter(corpus), epochs=1, verbose=0, cache_dir=tmp_path)
    np.testing.assert_array_equal(second.word_vectors.matrix, first.word_vectors.matrix)
    np.testing.assert_array_equal(third.word_vectors.matrix, first.word_vectors.matrix)
    third.fit(iter(corpus), epochs=1, verbose=0, cache_dir=tmp_path)
    first.fit(corpus, epochs=1, verbose=0)
    np.testing.assert_array_equal(third.word_vectors.matrix, first.word_vectors.matrix)


def test_weights_are_copies_that_training_leaves_alone(corpus, small):
    weights = small.get_weights()
    kept = [weight.copy() for weight in weights]
    small.fit(corpus, epochs=1, verbose=0)
    assert all((weight == copy).all() for weight, copy in zip(weights, kept, strict=True))
    after = small.word_vectors.matrix
    assert (after != weights[0]).any()
    small.set_weights(weights)
    np.testing.assert_array_equal(small.word_vectors.matrix, weights[0])
    small.fit(corpus, epochs=1, verbose=0)
    np.testing.assert_array_equal(small.word_vectors.matrix, after)


def test_set_weights_refuses_others(small):
    weights = small.get_weights()
    with unchanged(small), raises(ValueError, "expects the 5 arrays", "Received 2"):
        small.set_weights(weights[:2])
    with unchanged(small), raises(ValueError, "do not fit the model", "same vocabulary"):
        small.set_weights([weights[0][:-1], *weights[1:]])


def test_tables_have_no_keras_variables_but_count(small):
    assert not small.weights
    assert small.count_params() == sum(weight.size for weight in small.get_weights()[:-1])
    assert SkipGramPretrainer(4).count_params() == 0


def test_early_stopping_restores_the_best_weights(corpus):
    class Rising(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["loss"] = float(epoch)
            if epoch == 0:
                first.append(self.model.word_vectors.matrix)

    first = []
    stopping = keras.callbacks.EarlyStopping("loss", patience=2, restore_best_weights=True)
    model = SkipGramPretrainer(8, seed=0)
    history = model.fit(corpus, epochs=9, verbose=0, callbacks=[Rising(), stopping])
    assert len(history.epoch) == 3
    np.testing.assert_array_equal(model.word_vectors.matrix, first[0])


@pytest.mark.parametrize("weights_only", [False, True])
def test_checkpoints_hold_the_vectors_of_their_epoch(corpus, tmp_path, weights_only):
    seen = []
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(model.word_vectors.matrix))
    name = "epoch{epoch}.weights.h5" if weights_only else "epoch{epoch}.keras"
    checkpoint = keras.callbacks.ModelCheckpoint(str(tmp_path / name), save_weights_only=weights_only)
    model = SkipGramPretrainer(8, seed=0)
    model.fit(corpus, epochs=3, verbose=0, callbacks=[record, checkpoint])
    for epoch, vectors in enumerate(seen, 1):
        path = tmp_path / name.format(epoch=epoch)
        if weights_only:
            model.load_weights(path)
            loaded = model
        else:
            loaded = load_model(path)
        np.testing.assert_array_equal(loaded.word_vectors.matrix, vectors)


def test_baskets_of_any_tokens():
    baskets = [[1, (2, "a")], [(2, "a"), 1, 3.5], ["milk", 7], [7, "milk"]] * 30
    model = trained(baskets, epochs=10, encoder=TextEncoder(None))
    assert model.word_vectors.most_similar(1, top_n=1)[0][0] in [(2, "a"), 3.5]
    assert model.word_vectors.most_similar("milk", top_n=1)[0][0] == 7
    assert model.predict([[1, 7]]).shape == (1, 8)


# Character n-grams.


@pytest.fixture(scope="module")
def with_ngrams(corpus):
    return trained(corpus, epochs=10, char_ngrams=(3, 5), ngram_buckets=2000)


def test_ngrams_give_unseen_words_a_vector(with_ngrams):
    assert "borring" not in with_ngrams.encoder
    rows = subwords.ngram_rows("borring", (3, 5), 2000)
    expected = with_ngrams.tables.ngrams[rows].mean(0)
    np.testing.assert_allclose(with_ngrams.word_vectors["borring"], expected, rtol=1e-5, atol=1e-6)
    known = [word for word, _ in with_ngrams.word_vectors.most_similar("borring", top_n=5)]
    assert len(known) == 5
    assert known == [
        word for word, _ in with_ngrams.word_vectors.most_similar(with_ngrams.word_vectors["borring"], top_n=5)
    ]
    with raises(KeyError, "in the vocabulary"):
        with_ngrams.word_vectors[""]


def test_an_unknown_word_counts_as_the_nearest_known_one(with_ngrams):
    nearest = with_ngrams.word_vectors.most_similar("borring", top_n=1)[0][0]
    np.testing.assert_array_equal(with_ngrams.predict(["borring"]), with_ngrams.predict([nearest]))
    assert with_ngrams.encode(["borring"]).coverage.tolist() == [1.0]


def test_ngrams_are_saved(with_ngrams, corpus, tmp_path):
    with_ngrams.save(tmp_path / "ngrams.keras")
    loaded = load_model(tmp_path / "ngrams.keras")
    assert loaded.char_ngrams == (3, 5)
    np.testing.assert_array_equal(loaded.word_vectors.matrix, with_ngrams.word_vectors.matrix)
    np.testing.assert_array_equal(loaded.word_vectors["borring"], with_ngrams.word_vectors["borring"])
    loaded.fit(["zebra zebras"] * 9, epochs=1, verbose=0, grow_vocabulary=True)
    assert loaded.word_vectors.matrix.shape == (with_ngrams.vocabulary_size + 2, 8)


# Vectors from elsewhere.


@pytest.mark.parametrize("name", ["words.vec", "words.safetensors", "words.keras", None])
def test_word_vectors_feed_a_classifier_and_train_on(pretrainer, corpus, comments, tmp_path, name):
    source = pretrainer.word_vectors
    if name is not None:
        source = tmp_path / name
        (pretrainer if name.endswith(".keras") else pretrainer.word_vectors).save(source)
    classifier = TransferSentimentClassifier(source, seed_words=None, seed=0)
    classifier.fit(comments.texts, comments.labels, verbose=0)
    assert classifier.predict_labels(comments.test_texts).tolist() == list(comments.test_labels)
    model = SkipGramPretrainer.from_word_vectors(source, seed=0)
    assert model.encoder.vocabulary == pretrainer.encoder.vocabulary
    np.testing.assert_array_equal(model.word_vectors.matrix, pretrainer.word_vectors.matrix)
    model.fit(corpus, epochs=1, verbose=0)
    assert (model.word_vectors.matrix != pretrainer.word_vectors.matrix).any()


def test_word_vectors_with_ngrams_train_on(with_ngrams, corpus):
    model = SkipGramPretrainer.from_word_vectors(with_ngrams.word_vectors, seed=0)
    assert (model.char_ngrams, model.ngram_buckets) == ((3, 5), 2000)
    np.testing.assert_allclose(model.word_vectors.matrix, with_ngrams.word_vectors.matrix, atol=1e-5)
    np.testing.assert_array_equal(model.word_vectors["borring"], with_ngrams.word_vectors["borring"])
    model.fit(corpus, epochs=1, verbose=0)
    assert (model.word_vectors["borring"] != with_ngrams.word_vectors["borring"]).any()


def test_from_word_vectors_refuses(pretrainer, saved):
    for name, value in (("embedding_dim", 16), ("encoder", TextEncoder()), ("char_ngrams", (3, 6))):
        with raises(TypeError, f"takes `{name}` from the vectors", "Leave it out"):
            SkipGramPretrainer.from_word_vectors(pretrainer.word_vectors, **{name: value})
    with raises(TypeError, "expects `WordVectors`, a `SkipGramPretrainer`", "Received 5 of type int"):
        SkipGramPretrainer.from_word_vectors(5)
    with raises(ValueError, "classifier.keras', which holds a TransferSentimentClassifier"):
        SkipGramPretrainer.from_word_vectors(saved / "classifier.keras")
    with raises(FileNotFoundError, "No file of word vectors at"):
        SkipGramPretrainer.from_word_vectors("missing.vec")


def test_evaluate_word_pairs_without_a_known_word(pretrainer, tmp_path):
    (tmp_path / "pairs.tsv").write_text("zzq\tqqz\t3\n")
    with raises(ValueError, "0 of 1 pairs"):
        pretrainer.word_vectors.evaluate_word_pairs(tmp_path / "pairs.tsv")


def test_vectors_carry_polarity(pretrainer):
    positive = {"charming", "witty", "brilliant", "lovely", "funny", "gem", "delight", "heartfelt", "warm", "touching"}
    negative = {"clumsy", "boring", "wooden", "noisy", "stale", "endless", "flat", "lazy", "mess", "dreary", "slow"}
    agree = total = 0
    for words, others in ((positive, negative), (negative, positive)):
        for word in words:
            near = [other for other, _ in pretrainer.word_vectors.most_similar(word, top_n=10)]
            agree += len(words.intersection(near))
            total += len((words | others).intersection(near))
    assert total > 20
    assert agree / total > 0.8


@pytest.mark.parametrize(
    "kind", ["tuple", "array", "object array", "series", "generator", "callable", "tf.data", "ids", "tokens"]
)
def test_every_kind_of_input_gives_the_same_vectors(small, corpus, kind):
    encoder = TextEncoder()
    given = {
        "tuple": lambda: tuple(corpus),
        "array": lambda: np.array(corpus),
        "object array": lambda: np.array(corpus, object),
        "series": lambda: pd.Series(corpus, index=range(5, 5 + len(corpus))),
        "generator": lambda: (text for text in corpus),
        "callable": lambda: lambda: iter(corpus),
        "tf.data": lambda: tf.data.Dataset.from_tensor_slices(corpus).batch(7),
        "ids": lambda: encoder.adapt_and_encode(corpus),
        "tokens": lambda: [encoder.tokenize(text) for text in corpus],
    }[kind]()
    model = SkipGramPretrainer(8, seed=0, encoder=encoder)
    model.fit(given, epochs=1, verbose=0)
    np.testing.assert_array_equal(model.word_vectors.matrix, small.word_vectors.matrix)


def test_callbacks_and_epochs(corpus):
    epochs, batches = [], []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epochs.append((epoch, logs["loss"])),
        on_train_batch_end=lambda batch, logs: batches.append(batch),
    )
    model = SkipGramPretrainer(4, seed=0)
    history = model.fit(corpus, epochs=3, callbacks=[record], verbose=0)
    assert isinstance(history, keras.callbacks.History)
    assert [epoch for epoch, _ in epochs] == [0, 1, 2]
    assert history.history["loss"] == [loss for _, loss in epochs]
    assert len(batches) >= 3


def test_batch_size_changes_the_steps_but_not_the_words(corpus):
    one = trained(corpus)
    other = SkipGramPretrainer(8, seed=0)
    other.fit(corpus, batch_size=2, epochs=1, verbose=0)
    assert other.encoder.vocabulary == one.encoder.vocabulary
    assert np.abs(other.word_vectors.matrix - one.word_vectors.matrix).max() > 1e-4


def test_one_word_texts_train_without_nan():
    model = trained(["good", "bad", "good"])
    assert np.isfinite(model.word_vectors.matrix).all()
    assert np.isfinite(model.history.history["loss"]).all()


def test_run_eagerly(corpus):
    model = SkipGramPretrainer(4, seed=0)
    model.compile(run_eagerly=True)
    model.fit(corpus[:10], epochs=1, verbose=0)
    assert np.isfinite(model.word_vectors.matrix).all()
    with pytest.raises(TypeError, match="optimizer"):
        model.compile(optimizer="adam")


# Using the vectors.


def test_predict_is_the_mean_of_the_word_vectors(pretrainer):
    texts = ["Charming, witty and charming!", "", "unseen words", "A dull plot, unseen", "gem"]
    vectors, ids = pretrainer.word_vectors.matrix, pretrainer.encoder.word_id
    words = [["charming", "witty", "charming"], [], [], ["dull", "plot"], ["gem"]]
    expected = [vectors[[ids(w) for w in text]].mean(0) if text else np.zeros(16) for text in words]
    predicted = pretrainer.predict(texts)
    np.testing.assert_allclose(predicted, expected, rtol=1e-5, atol=1e-6)
    assert predicted.shape == (5, 16)
    assert predicted.dtype == np.float32
    assert not predicted[1:3].any()


def test_predict_in_parts(pretrainer, corpus, monkeypatch):
    whole = pretrainer.predict([*corpus, "", "unseen", *corpus, ""])
    monkeypatch.setattr("keras_transfer_sentiment.vectors.arithmetic.WORDS_AT_A_TIME", 7)
    parts = pretrainer.predict([*corpus, "", "unseen", *corpus, ""])
    np.testing.assert_allclose(parts, whole, rtol=1e-5, atol=1e-6)


def test_predict_and_call_agree(pretrainer, corpus):
    ids = pretrainer.encoder.encode([*corpus, "unseen"]).padded()
    np.testing.assert_allclose(np.asarray(pretrainer(ids)), pretrainer.predict(ids), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(pretrainer.predict([*corpus, "unseen"]), pretrainer.predict(ids))


def test_vector(pretrainer):
    place = pretrainer.encoder.word_id("charming")
    np.testing.assert_array_equal(pretrainer.word_vectors["charming"], pretrainer.word_vectors.matrix[place])
    for word in ("unseen", "Charming", ""):
        with raises(KeyError, "is not in the vocabulary", repr(word)):
            pretrainer.word_vectors[word]
    with raises(KeyError, "'the' is a stop word of this `TextEncoder`", "`stop_words`"):
        pretrainer.word_vectors["the"]


def test_most_similar_matches_numpy(pretrainer):
    vectors, words = np.float64(pretrainer.word_vectors.matrix), pretrainer.encoder.vocabulary
    place = words.index("witty")
    cosine = vectors @ vectors[place] / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
    cosine /= np.linalg.norm(vectors[place])
    order = [i for i in np.argsort(-cosine) if i not in (0, place)]
    found = pretrainer.word_vectors.most_similar("witty", top_n=5)
    assert [word for word, _ in found] == [words[i] for i in order[:5]]
    np.testing.assert_allclose([score for _, score in found], cosine[order[:5]], rtol=1e-4)
    assert len(pretrainer.word_vectors.most_similar("witty")) == 10
    assert len(pretrainer.word_vectors.most_similar("witty", top_n=10_000)) == len(words) - 2
    with raises(KeyError, "'unseen' is not in the vocabulary"):
        pretrainer.word_vectors.most_similar("unseen")
    with raises(ValueError, "`top_n` must be an integer, 1 or more"):
        pretrainer.word_vectors.most_similar("witty", top_n=0)


def test_embedding_layer_is_a_frozen_copy_with_a_mask(small):
    layer = small.embedding_layer()
    ids = np.array([[2, 1, 0]])
    np.testing.assert_array_equal(np.asarray(layer(ids)), small.word_vectors.matrix[ids])
    assert np.asarray(layer.compute_mask(ids)).tolist() == [[True, True, False]]
    assert not layer.trainable_weights
    before = small.word_vectors.matrix
    layer.embeddings.assign(np.zeros(layer.embeddings.shape))
    np.testing.assert_array_equal(small.word_vectors.matrix, before)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.word_vectors.matrix,
        lambda model: model.predict(["film"]),
        lambda model: model.word_vectors["film"],
        lambda model: model.word_vectors.most_similar("film"),
        lambda model: model.embedding_layer(),
        lambda model: model.encode(["film"]),
    ],
)
def test_before_fit(use):
    with raises(NotFittedError, "has no vocabulary yet", "call `fit(texts)`"):
        use(SkipGramPretrainer(4))


def test_there_is_nothing_to_evaluate(pretrainer, corpus):
    with raises(TypeError, "`evaluate`: a SkipGramPretrainer has no labels", "evaluate_word_pairs"):
        pretrainer.evaluate(corpus * 100)


def test_summary_shows_the_tables(small, capsys):
    lines = []
    small.summary(print_fn=lines.append)
    small.summary()
    assert "\n".join(lines) + "\n" == capsys.readouterr().out
    size = small.vocabulary_size
    for name, shape in (("words", (size, 8)), ("contexts", (size, 8)), ("words_accumulator", (size, 1))):
        assert f"│ {name} " in lines[0]
        assert str(shape) in lines[0]
    assert f"Floats in all: {18 * size:,}" in lines[0]
    SkipGramPretrainer(4).summary(print_fn=lines.append)
    assert "Floats in all: 0" in lines[-1]


# Saving.


def test_save_and_load_keep_everything(small, corpus, tmp_path):
    small.save(tmp_path / "words.keras")
    for loaded in (load_model(tmp_path / "words.keras"), keras.models.load_model(tmp_path / "words.keras")):
        assert type(loaded) is SkipGramPretrainer
        np.testing.assert_array_equal(loaded.word_vectors.matrix, small.word_vectors.matrix)
        assert loaded.encoder.vocabulary == small.encoder.vocabulary
        np.testing.assert_array_equal(loaded.encoder.counts, small.encoder.counts)
        np.testing.assert_array_equal(loaded.predict(corpus), small.predict(corpus))
        assert loaded.get_config() == small.get_config()
    small.fit(corpus, epochs=1, verbose=0)
    loaded.fit(corpus, epochs=1, verbose=0)
    np.testing.assert_array_equal(loaded.word_vectors.matrix, small.word_vectors.matrix)


def test_save_and_load_an_unfitted_pretrainer(corpus, tmp_path):
    with pytest.warns(UserWarning, match="not yet been built"):
        SkipGramPretrainer(8, window=3, seed=0).save(tmp_path / "words.keras")
    loaded = load_model(tmp_path / "words.keras")
    loaded.fit(corpus, epochs=1, verbose=0)
    assert loaded.window == 3
    assert loaded.word_vectors.matrix.shape[1] == 8


@keras.saving.register_keras_serializable("tests")
def cut_at_bars(text):
    return text.split("|")


def test_save_keeps_the_encoders_settings(tmp_path):
    encoder = TextEncoder(None, tokenizer=cut_at_bars, lowercase=False, stop_words=["x"], min_count=2)
    model = trained(["a b|c|x", "a b|C|x", "c|C"], encoder=encoder)
    model.save(tmp_path / "words.keras")
    loaded = load_model(tmp_path / "words.keras")
    assert loaded.encoder.vocabulary == ["", "a b", "c", "C"]
    assert loaded.encoder.tokenize("a b|x|C") == ["a b", "C"]
    assert loaded.encoder.get_config() == encoder.get_config()


# Wrong input.


@pytest.mark.parametrize(
    ("texts", "kind", "parts"),
    [
        ("one text", TypeError, ("`fit` expects a batch of texts", "Wrap it in a list")),
        (b"one text", TypeError, ("`fit` expects a batch of texts",)),
        ([], ValueError, ("received no texts", "Pass at least one text")),
        (iter([]), ValueError, ("received no texts",)),
        (["good film", None], TypeError, ("at position 1", "Drop missing texts")),
        (["good film", float("nan")], TypeError, ("at position 1", "Drop missing texts")),
        (["good film", 5], TypeError, ("at position 1", "Convert each text")),
        (iter(["good film", None]), TypeError, ("at position 1", "Drop missing texts")),
        ([b"good film"], TypeError, ("Decode bytes first",)),
        (["good film"] * 25_000 + [None], TypeError, ("at position 25000",)),
        (np.array([["good"], ["film"]]), ValueError, ("of one dimension", "Pass one column")),
        (["the and", "of"], ValueError, ("No word can enter the vocabulary",)),
        (5, TypeError, ("5 of type int",)),
        (None, TypeError, ("None of type NoneType",)),
        (tf.data.Dataset.from_tensors("good film").repeat(), ValueError, ("repeats without end", ".take(n)")),
    ],
)
def test_fit_refuses_and_stays_unfitted(texts, kind, parts):
    model = SkipGramPretrainer(4)
    with raises(kind, *parts):
        model.fit(texts, verbose=0)
    assert not model.encoder.is_adapted
    assert not model.weights


def test_fit_takes_no_labels(corpus):
    for labels in ([0, 1], np.array([0, 1])):
        with raises(TypeError, "takes no labels", "`TransferSentimentClassifier.fit` takes labels"):
            SkipGramPretrainer(4).fit(corpus[:2], labels)
        with raises(TypeError, "takes no labels"):
            SkipGramPretrainer(4).fit(corpus[:2], y=labels)


def test_save_refuses_files_without_room_for_the_vocabulary(pretrainer, tmp_path):
    with raises(ValueError, "`save` writes `.keras` files", "model.keras"):
        pretrainer.save(tmp_path / "words.h5")
    assert not list(tmp_path.iterdir())


def test_fit_works_after_a_refusal():
    model = SkipGramPretrainer(4)
    with raises(TypeError, "at position 1"):
        model.fit(["a good film", None], verbose=0)
    model.fit(["a good film", "a bad film"], epochs=1, verbose=0)
    assert model.word_vectors.matrix.shape == (4, 4)


@pytest.mark.parametrize(
    ("texts", "kind", "parts"),
    [
        ("one text", TypeError, ("`predict` expects a batch of texts", "Wrap it in a list")),
        ([], ValueError, ("`predict` received no texts",)),
        (["good", None], TypeError, ("`predict` expects every text", "Drop missing texts")),
        (np.array([[1, 10_000]]), ValueError, ("`predict` expects word ids from 0 to", "from 1 to 10000")),
        (np.array([[1, -1]]), ValueError, ("`predict` expects word ids from 0 to", "from -1 to 1")),
        (np.ones((2, 2)), ValueError, ("`predict` expects `x` of one dimension",)),
    ],
)
def test_predict_refuses(pretrainer, texts, kind, parts):
    with raises(kind, *parts):
        pretrainer.predict(texts)


@pytest.mark.parametrize(
    ("texts", "options", "kind", "parts"),
    [
        (["unseen words", "only"], {}, ValueError, ("2 texts without a known word", "new `SkipGramPretrainer`")),
        (["unseen"] * 25_000, {}, ValueError, ("25000 texts without a known word",)),
        ("one text", {}, TypeError, ("Wrap it in a list",)),
        (["gem", None], {}, TypeError, ("at position 1",)),
        (["gem"], {"epochs": 0}, ValueError, ("`epochs` must be an integer, 1 or more",)),
        (["gem"], {"epochs": 1.5}, TypeError, ("`epochs` must be an integer",)),
        (["gem"], {"batch_size": 0}, ValueError, ("`batch_size` must be an integer, 1 or more",)),
        (["gem"], {"verbose": "x"}, ValueError, ("`verbose` must be one of 'auto', 0, 1, 2",)),
    ],
)
def test_a_refused_second_fit_changes_nothing(pretrainer, texts, options, kind, parts):
    with unchanged(pretrainer), raises(kind, *parts):
        pretrainer.fit(texts, **{"verbose": 0, **options})


def test_fit_refuses_foreign_ids(small, corpus):
    other = TextEncoder(None, min_count=1)
    encoded = other.adapt_and_encode([*corpus, " ".join(f"word{i}" for i in range(500))])
    with unchanged(small), raises(ValueError, "expects word ids from 0 to", "this model's own `encoder`"):
        small.fit(encoded, verbose=0)


def test_encoder_adapted_again(small):
    small.encoder.adapt(["a new vocabulary"])
    for use in (small.predict, small.encode, small.fit):
        with raises(ValueError, "adapted again", "`encoder.copy()`"):
            use(["a new vocabulary"])


def test_adapt_with_another_size(small):
    before = weights_of(small)
    words = small.encoder.vocabulary
    with raises(ValueError, "has vectors for", "Make a new `SkipGramPretrainer`"):
        small.adapt(["another vocabulary"])
    for path, value in weights_of(small).items():
        np.testing.assert_array_equal(value, before[path])
    assert small.encoder.vocabulary == words


@pytest.mark.parametrize(
    ("options", "kind", "parts"),
    [
        ({"embedding_dim": 0}, ValueError, ("`embedding_dim` must be an integer, 1 or more", "0")),
        ({"embedding_dim": 2.5}, TypeError, ("`embedding_dim` must be an integer", "2.5 of type float")),
        ({"embedding_dim": ["texts"] * 25_000}, TypeError, ("`embedding_dim` must be an integer", "of type list")),
        ({"window": 0}, ValueError, ("`window` must be an integer, between 1 and 255",)),
        ({"window": 256}, ValueError, ("`window` must be an integer, between 1 and 255",)),
        ({"negative_samples": 0}, ValueError, ("`negative_samples` must be an integer, between 1 and 1000",)),
        ({"subsample": 0}, ValueError, ("`subsample` must be a number",)),
        ({"subsample": 1.5}, ValueError, ("`subsample` must be a number",)),
        ({"learning_rate": 0}, ValueError, ("`learning_rate` must be a number",)),
        ({"learning_rate": 1e30}, ValueError, ("`learning_rate` must be a number, between 1e-12 and 10.0",)),
        ({"learning_rate": float("nan")}, ValueError, ("`learning_rate` must be a number", "nan")),
        ({"learning_rate": float("inf")}, ValueError, ("`learning_rate` must be a number", "inf")),
        ({"seed": -1}, ValueError, ("`seed` must be an integer, 0 or more",)),
        ({"seed": "one"}, TypeError, ("`seed` must be an integer", "'one' of type str")),
        ({"encoder": "english"}, TypeError, ("`encoder` must be a `TextEncoder`", "'english' of type str")),
        ({"encoder": TextEncoder}, TypeError, ("`encoder` must be a `TextEncoder`", "of type type")),
    ],
)
def test_bad_arguments(options, kind, parts):
    with raises(kind, *parts):
        SkipGramPretrainer(**options)


@pytest.mark.parametrize("options", [{}, {"window": 2, "char_ngrams": (3, 4)}])
def test_vectors_stay_finite_at_the_highest_learning_rate(corpus, options):
    model = SkipGramPretrainer(8, learning_rate=10.0, seed=0, **options)
    history = model.fit(corpus, epochs=30, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert np.isfinite(model.word_vectors.matrix).all()


def test_adapt_to_counts(corpus):
    model, other = SkipGramPretrainer(2, seed=0), SkipGramPretrainer(2, seed=0)
    model.adapt(model.encoder.count(corpus))
    other.adapt(corpus)
    assert model.encoder.vocabulary == other.encoder.vocabulary
