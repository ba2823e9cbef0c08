import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import ops

from keras_transfer_sentiment import (
    MeanPoolHead,
    NotFittedError,
    SentimentHead,
    SkipGramPretrainer,
    TextEncoder,
    TransferSentimentClassifier,
    load_model,
)
from keras_transfer_sentiment.classification import features
from keras_transfer_sentiment.classification.features import compute_by_length
from keras_transfer_sentiment.classification.labelled import PaddedBatches

from ..contracts import raises, unchanged, weights_of

SEEDS = {"positive": ["charming", "witty"], "negative": ["clumsy", "tedious"]}
UNKNOWN = ["zzz unseen", "", "the and of"]


def make(pretrainer, head=None, *, seed_words=None, seed=0, **options):
    return TransferSentimentClassifier(pretrainer, head, seed_words=seed_words, seed=seed, **options)


def record_fits(monkeypatch):
    """Returns a list that gets the arguments of each training by Keras, which does not take place."""
    given = []

    def fit(self, *args, callbacks, **kwargs):
        given.append((args, kwargs))
        return keras.callbacks.History()

    monkeypatch.setattr(keras.Model, "fit", fit)
    return given


def features_of(model, texts):
    return np.concatenate([ops.convert_to_numpy(model.pool(model.encode([text]).padded(16))) for text in texts])


def dataset(*columns):
    return tf.data.Dataset.from_tensor_slices(columns if len(columns) > 1 else columns[0])


class CountingHead(MeanPoolHead):
    """The default head, counting how often it pools."""

    pooled = 0

    def pool(self, vectors, mask=None):
        type(self).pooled += 1
        return super().pool(vectors, mask=mask)


class MaxPoolHead(SentimentHead):
    """A head of `pool` and `classify`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.output_layer = keras.layers.Dense(1, activation="sigmoid")

    def pool(self, vectors, mask=None):
        return ops.max(ops.where(mask[..., None], vectors, -1e9), axis=1)

    def classify(self, pooled, training=None):
        return self.output_layer(pooled)


class RecurrentHead(SentimentHead):
    """A head that overrides `call`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lstm = keras.layers.LSTM(4)
        self.output_layer = keras.layers.Dense(1, activation="sigmoid")

    def call(self, vectors, mask=None, training=None):
        return self.output_layer(self.lstm(vectors, mask=mask))


class WeightedPoolHead(MaxPoolHead):
    """A head whose `pool` has weights, so that it cannot be done beforehand."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.projection = keras.layers.Dense(3)

    def pool(self, vectors, mask=None):
        return super().pool(self.projection(vectors), mask=mask)


def sequential(*layers):
    return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])


HEADS = {
    "max pool": MaxPoolHead,
    "call": RecurrentHead,
    "weighted pool": WeightedPoolHead,
    "lstm": lambda: sequential(keras.layers.LSTM(4)),
    "conv": lambda: sequential(keras.layers.Conv1D(4, 3, activation="relu"), keras.layers.GlobalMaxPooling1D()),
    "stock mean, relu": lambda: sequential(
        keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(8, activation="relu")
    ),
    "stock mean, tanh": lambda: sequential(
        keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(8, activation="tanh")
    ),
}


# The default classifier.


def test_eight_labels_are_enough_for_the_story(classifier, comments):
    assert classifier.predict_labels(comments.test_texts).tolist() == comments.test_labels
    assert classifier.evaluate(comments.texts, comments.labels, verbose=0)[1] == 1.0


def test_predict_shapes(classifier, corpus):
    probabilities = classifier.predict(corpus)
    assert probabilities.shape == (len(corpus), 1)
    assert probabilities.dtype == np.float32
    assert ((probabilities > 0) & (probabilities < 1)).all()
    labels = classifier.predict_labels(corpus)
    assert labels.shape == (len(corpus),)
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, probabilities[:, 0] > 0.5)
    np.testing.assert_array_equal(classifier.predict_labels(corpus, threshold=0.7), probabilities[:, 0] > 0.7)
    assert classifier.predict_labels(corpus, threshold=1.0).sum() == 0


def test_predict_matches_numpy(classifier, pretrainer, corpus):
    vectors = np.float64(pretrainer.word_vectors.matrix)
    counts = pretrainer.encoder.counts
    table = vectors - (counts / counts.sum()) @ vectors
    table /= np.sqrt(np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12))
    words = [[pretrainer.encoder.word_id(w) for w in pretrainer.encoder.tokenize(text)] for text in corpus]
    mean = np.array([table[text].mean(axis=0) for text in words])
    unit = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    (hidden, bias), (out, out_bias) = (classifier.head.hidden.get_weights(), classifier.head.probability.get_weights())
    expected = 1 / (1 + np.exp(-(np.tanh(unit @ hidden + bias) @ out + out_bias)))
    np.testing.assert_allclose(classifier.predict(corpus), expected, rtol=1e-4)


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_predict_in_batches_of_mixed_length(classifier, corpus, batch_size):
    texts = [*corpus, " ".join(corpus), "", *corpus[::-1], "zzz"]
    one_by_one = np.concatenate([classifier.predict([text]) for text in texts[60:80]])
    whole = classifier.predict(texts, batch_size=batch_size)
    np.testing.assert_allclose(whole[60:80], one_by_one, rtol=1e-4)


def test_predict_of_many_parts(classifier, corpus):
    texts = (corpus * 130)[:9001]
    np.testing.assert_allclose(
        classifier.predict(texts), np.tile(classifier.predict(corpus), (130, 1))[:9001], rtol=1e-4
    )


def test_predict_with_a_progress_bar(classifier, corpus, capsys):
    expected = classifier.predict(corpus)
    assert capsys.readouterr().out == ""
    np.testing.assert_allclose(classifier.predict(corpus, verbose=1), expected, rtol=1e-5)
    assert "70/70" in capsys.readouterr().out


def test_model_call_agrees_with_predict(classifier, corpus):
    ids = classifier.encoder.encode(corpus).padded()
    np.testing.assert_allclose(np.asarray(classifier(ids)), classifier.predict(corpus), rtol=1e-4)


def test_evaluate_matches_numpy(classifier, comments):
    probabilities = np.float64(classifier.predict(comments.test_texts)[:, 0])
    labels, weights = np.array(comments.test_labels), np.array([1.0, 3.0])
    losses = -np.log(np.where(labels == 1, probabilities, 1 - probabilities))
    loss, accuracy = classifier.evaluate(comments.test_texts, labels, verbose=0)
    np.testing.assert_allclose([loss, accuracy], [losses.mean(), 1.0], rtol=1e-4)
    weighted = classifier.evaluate(
        comments.test_texts, labels, sample_weight=weights, verbose=0, return_dict=True, batch_size=1
    )
    np.testing.assert_allclose(weighted["loss"], np.mean(losses * weights), rtol=1e-4)


def test_evaluate_takes_one_class(classifier, comments):
    loss, accuracy = classifier.evaluate(comments.texts[:4], comments.labels[:4], verbose=0)
    assert accuracy == 1.0
    assert loss < 0.7


# Every kind of input.


def kinds_of(texts, labels, encoder):
    tokens = [encoder.tokenize(text) for text in texts]
    encoded = encoder.encode(texts)
    return {
        "list": (texts, labels),
        "tuple": (tuple(texts), tuple(labels)),
        "array": (np.array(texts), np.array(labels)),
        "object array": (np.array(texts, object), np.array(labels, object)),
        "series": (pd.Series(texts, index=range(9, 9 + len(texts))), pd.Series(labels, dtype=bool)),
        "column": (texts, np.array(labels, "float32")[:, None]),
        "tokens": (tokens, labels),
        "ids": (encoded.padded(), labels),
        "encoded": (encoded, labels),
        "tf.data": (dataset(texts, labels), None),
        "tf.data in batches": (dataset(texts, labels).batch(3), None),
        "tf.data of ids": (dataset(encoded.padded(), labels).batch(3), None),
    }


KINDS = ["tuple", "array", "object array", "series", "column", "tokens", "ids", "encoded"]
KINDS += ["tf.data", "tf.data in batches", "tf.data of ids"]


@pytest.mark.parametrize("kind", KINDS)
def test_predict_and_evaluate_take_every_kind(classifier, comments, kind):
    texts, labels = [*comments.texts, "unseen words"], [*comments.labels, 1]
    x, y = kinds_of(texts, labels, classifier.encoder)[kind]
    np.testing.assert_allclose(classifier.predict(x), classifier.predict(texts), rtol=1e-5)
    np.testing.assert_allclose(
        classifier.evaluate(x, y, verbose=0), classifier.evaluate(texts, labels, verbose=0), rtol=1e-5
    )


def test_predict_takes_datasets_of_texts_alone(classifier, comments):
    expected = classifier.predict(comments.texts)
    for data in (dataset(comments.texts), dataset(comments.texts).batch(3)):
        np.testing.assert_allclose(classifier.predict(data), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_fit_takes_every_kind(classifier, pretrainer, comments, kind, monkeypatch):
    # What reaches Keras is compared, not trained on again: that takes a second each.
    given = record_fits(monkeypatch)
    model = make(pretrainer)
    for x, y in (kinds_of(comments.texts, comments.labels, model.encoder)[which] for which in ("list", kind)):
        model.fit(x, y, epochs=2, verbose=0)
    (expected, settings), (received, others) = given
    for left, right in zip(expected, received, strict=True):
        np.testing.assert_array_equal(np.asarray(left), np.asarray(right))
    np.testing.assert_array_equal(settings.pop("sample_weight"), others.pop("sample_weight"))
    assert settings == others
    assert settings["epochs"] == 2


@pytest.mark.parametrize("kind", ["series", "tf.data", "encoded"])
def test_fit_on_other_kinds_gives_the_same_model(classifier, untrained, comments, kind):
    x, y = kinds_of(comments.texts, comments.labels, untrained.encoder)[kind]
    untrained.fit(x, y, verbose=0)
    np.testing.assert_allclose(untrained.predict(comments.texts), classifier.predict(comments.texts), rtol=1e-5)


# Training.


def test_the_seed_decides_the_model(classifier, pretrainer, comments):
    again, other = make(pretrainer), make(pretrainer, seed=1)
    for model in (again, other):
        model.fit(comments.texts, comments.labels, verbose=0)
    np.testing.assert_allclose(again.predict(comments.test_texts), classifier.predict(comments.test_texts), rtol=1e-5)
    assert np.abs(other.predict(comments.test_texts) - classifier.predict(comments.test_texts)).min() > 1e-4


def test_the_seed_decides_the_order_of_batches(pretrainer, corpus):
    labels = np.arange(len(corpus)) % 2
    found = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(3)
        model = make(pretrainer, sequential(keras.layers.GlobalMaxPooling1D()), seed=seed)
        model.fit(corpus, labels, epochs=1, verbose=0)
        found.append(model.predict(corpus))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)
    assert np.abs(found[0] - found[2]).max() > 1e-4


def test_history_and_epochs(untrained, comments):
    history = untrained.fit(comments.texts, comments.labels, epochs=4, verbose=0)
    assert isinstance(history, keras.callbacks.History)
    assert {key: len(values) for key, values in history.history.items()} == {"loss": 4, "accuracy": 4}
    later = untrained.fit(comments.texts, comments.labels, epochs=6, initial_epoch=4, verbose=0)
    assert later.epoch == [4, 5]


def test_a_second_fit_goes_on(untrained, comments):
    first = untrained.fit(comments.texts, comments.labels, epochs=5, verbose=0).history["loss"]
    before = untrained.predict(comments.texts)
    second = untrained.fit(comments.texts, comments.labels, epochs=5, verbose=0).history["loss"]
    assert second[0] < first[-1] < first[0]
    assert (untrained.predict(comments.texts) != before).any()
    assert untrained.optimizer.iterations == 10


@pytest.mark.parametrize("trainable", [False, True])
def test_freezing_and_training_never_touch_the_pretrainer(pretrainer, comments, trainable):
    model = make(pretrainer, trainable_embedding=trainable)
    vectors = np.array(model.embedding.embeddings)
    with unchanged(pretrainer):
        model.fit(comments.texts, comments.labels, epochs=2, verbose=0)
    moved = (np.array(model.embedding.embeddings) != vectors).any()
    assert moved == trainable
    assert model.embedding.trainable == trainable
    assert pretrainer.trainable
    assert len(model.trainable_weights) == 4 + trainable
    assert model.encoder is not pretrainer.encoder


def test_unfreezing_after_the_fact(untrained, comments):
    vectors = np.array(untrained.embedding.embeddings)
    untrained.fit(comments.texts, comments.labels, epochs=1, verbose=0)
    untrained.embedding.trainable = True
    untrained.compile("adam", loss="binary_crossentropy")
    untrained.fit(comments.texts, comments.labels, epochs=1, verbose=0)
    assert (np.array(untrained.embedding.embeddings) != vectors).any()
    assert np.isfinite(untrained.predict(comments.test_texts)).all()


def test_texts_are_pooled_once_a_fit(pretrainer, comments, monkeypatch):
    pooled = []

    def compute(encoded, *args):
        pooled.append(len(encoded))
        return compute_by_length(encoded, *args)

    monkeypatch.setattr(features, "compute_by_length", compute)
    model = make(pretrainer, CountingHead())
    assert model.uses_cached_features
    CountingHead.pooled = 0
    model.fit(comments.texts, comments.labels, epochs=5, batch_size=2, verbose=0)
    assert pooled == [8]
    assert CountingHead.pooled == 1  # no graph of an epoch holds the pooling
    model.fit(comments.texts, comments.labels, verbose=0)
    assert pooled == [8, 8]
    assert CountingHead.pooled == 1


@pytest.mark.parametrize(
    ("head", "options", "expected"),
    [
        (MeanPoolHead, {}, True),
        (MaxPoolHead, {}, True),
        (MeanPoolHead, {"trainable_embedding": True}, False),
        (WeightedPoolHead, {}, False),
        (RecurrentHead, {}, False),
        (HEADS["lstm"], {}, False),
    ],
)
def test_which_heads_pool_once(pretrainer, head, options, expected):
    assert make(pretrainer, head(), **options).uses_cached_features is expected


def test_pooling_beforehand_changes_no_result(pretrainer, comments):
    class Whole(MeanPoolHead):
        def call(self, vectors, mask=None, training=None):
            return super().call(vectors, mask=mask, training=training)

    results = []
    for head in (MeanPoolHead(seed=3), Whole(seed=3)):
        model = make(pretrainer, head)
        model.fit(comments.texts, comments.labels, epochs=20, batch_size=8, verbose=0)
        results.append(model.predict(comments.test_texts))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-3)
    assert abs(results[0][0, 0] - 0.5) > 0.05


@pytest.mark.parametrize("pooled", [True, False])
def test_a_text_of_weight_0_does_not_matter(pretrainer, comments, pooled):
    results = []
    texts, labels = [*comments.texts, comments.test_texts[0]], [*comments.labels, 0]
    for extra, weights in ((0, None), (1, [1.0] * 8 + [0.0]), (1, None)):
        model = make(pretrainer, MeanPoolHead(seed=1), trainable_embedding=not pooled)
        count = 8 + extra
        model.fit(texts[:count], labels[:count], sample_weight=weights, epochs=20, batch_size=32, verbose=0)
        results.append(model.predict(comments.test_texts))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-3)
    assert np.abs(results[0] - results[2]).max() > 0.02


def test_class_weight_draws_towards_its_class(pretrainer, comments):
    results = {}
    for weight in (None, {0: 1.0, 1: 20.0}, {0: 20.0}):
        model = make(pretrainer)
        model.fit(comments.texts, comments.labels, class_weight=weight, epochs=30, verbose=0)
        results[str(weight)] = model.predict(comments.unlabelled).mean()
    negative, middle, positive = (results["{0: 20.0}"], results["None"], results["{0: 1.0, 1: 20.0}"])
    assert negative + 0.02 < middle < positive - 0.02


def test_sample_weight_equals_class_weight(pretrainer, comments):
    results = []
    weights = np.where(np.array(comments.labels) == 1, 5.0, 1.0)
    for options in ({"class_weight": {1: 5.0}}, {"sample_weight": weights}):
        model = make(pretrainer)
        model.fit(comments.texts, comments.labels, epochs=5, verbose=0, **options)
        results.append(model.predict(comments.test_texts))
    np.testing.assert_allclose(*results, rtol=1e-5)


def test_validation_split_of_sorted_labels_is_stratified(pretrainer, comments, monkeypatch):
    given = record_fits(monkeypatch)
    texts, labels = (comments.unlabelled[::2] + comments.unlabelled[1::2], [1] * 31 + [0] * 31)
    model = make(pretrainer)
    model.fit(texts, labels, validation_split=0.25, epochs=1, verbose=0)
    (texts_in, trained), settings = given[0]
    held_features, held_out, weights = settings["validation_data"]
    assert len(held_out) == len(held_features) == len(weights) == 16
    assert held_out.sum() == 8
    assert trained.sum() == 23
    assert len(trained) == len(texts_in) == 46
    every = features_of(model, texts)
    rows = [int(np.abs(every - row).sum(axis=1).argmin()) for row in held_features]
    assert rows != [*range(23, 31), *range(54, 62)]  # drawn from all over, not the last of each class
    assert not {tuple(row) for row in held_features} & {tuple(row) for row in texts_in}


@pytest.mark.parametrize("head", [None, HEADS["lstm"]])
def test_validation_figures_are_those_of_evaluate(pretrainer, comments, head):
    for data in ((comments.test_texts, comments.test_labels), dataset(comments.test_texts, comments.test_labels)):
        model = make(pretrainer, head and head())
        history = model.fit(comments.texts, comments.labels, validation_data=data, epochs=2, verbose=0).history
        loss, accuracy = model.evaluate(comments.test_texts, comments.test_labels, verbose=0)
        np.testing.assert_allclose(history["val_loss"][-1], loss, rtol=1e-5)
        np.testing.assert_allclose(history["val_accuracy"][-1], accuracy)
        assert len(history["val_loss"]) == 2


def test_validation_data_with_weights_and_one_class(untrained, comments):
    data = (comments.test_texts[:1], [1], [2.0])
    history = untrained.fit(comments.texts, comments.labels, validation_data=data, epochs=1, verbose=0).history
    expected = untrained.evaluate(*data[:2], sample_weight=data[2], verbose=0)
    np.testing.assert_allclose([history["val_loss"][0], history["val_accuracy"][0]], expected, rtol=1e-5)


def test_early_stopping_and_checkpoint(untrained, comments, tmp_path):
    stop = keras.callbacks.EarlyStopping("val_loss", patience=0, min_delta=10.0)
    keep = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras")
    history = untrained.fit(
        comments.texts,
        comments.labels,
        validation_data=(comments.test_texts, comments.test_labels),
        callbacks=[stop, keep],
        epochs=9,
        verbose=0,
    )
    assert len(history.epoch) == 2
    loaded = load_model(tmp_path / "best.keras")
    np.testing.assert_allclose(loaded.predict(comments.unlabelled), untrained.predict(comments.unlabelled), rtol=1e-5)


def test_compile_of_the_user(untrained, comments):
    untrained.compile(
        keras.optimizers.SGD(0.5), loss=keras.losses.BinaryFocalCrossentropy(), metrics=[keras.metrics.AUC(name="auc")]
    )
    history = untrained.fit(comments.texts, comments.labels, epochs=3, verbose=0).history
    assert set(history) == {"loss", "auc"}
    assert history["loss"][-1] < history["loss"][0]
    assert untrained.evaluate(comments.texts, comments.labels, verbose=0, return_dict=True).keys() == {"loss", "auc"}


def test_run_eagerly(untrained, comments):
    untrained.compile("adam", loss="binary_crossentropy", run_eagerly=True)
    history = untrained.fit(comments.texts, comments.labels, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_default_learning_rate_comes_from_the_head(pretrainer):
    assert float(make(pretrainer).optimizer.learning_rate) == pytest.approx(0.03)
    assert float(make(pretrainer, MaxPoolHead()).optimizer.learning_rate) == pytest.approx(1e-3)


# Heads.


@pytest.mark.parametrize("name", HEADS)
def test_heads_train_and_predict_without_nan(pretrainer, comments, name, tmp_path):
    model = make(pretrainer, HEADS[name]())
    before = weights_of(model)
    history = model.fit([*comments.texts, *UNKNOWN], [*comments.labels, 1, 0, 1], epochs=3, batch_size=4, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    after = weights_of(model)
    assert all(np.isfinite(value).all() for value in after.values())
    for weight in model.head.trainable_weights:
        if "recurrent" not in weight.path:
            assert (before[weight.path] != after[weight.path]).any(), weight.path
    probabilities = model.predict([*comments.texts, *UNKNOWN, "gem"])
    assert probabilities.shape == (12, 1)
    assert np.isfinite(probabilities).all()
    assert len(np.unique(probabilities[8:11])) == 1
    assert np.isfinite(model.evaluate(UNKNOWN, [1, 0, 1], verbose=0)).all()
    # A text gives the same whatever it shares a batch with.
    alone = np.concatenate([model.predict([text]) for text in comments.texts])
    np.testing.assert_allclose(probabilities[:8], alone, rtol=1e-3)


@pytest.mark.parametrize("name", ["max pool", "lstm", "stock mean, relu"])
def test_a_batch_of_unknown_words_alone_leaves_no_nan(pretrainer, comments, name):
    model = make(pretrainer, HEADS[name]())
    with pytest.warns(UserWarning, match="3 of 3 texts have no known word, and 0% of all words are known"):
        model.fit(UNKNOWN, [1, 0, 1], epochs=2, verbose=0)
    assert all(np.isfinite(value).all() for value in weights_of(model).values())
    assert np.isfinite(model.predict(comments.texts)).all()


def test_padding_reaches_heads_as_mask(pretrainer):
    seen = []

    class Spy(MaxPoolHead):
        def pool(self, vectors, mask=None):
            seen.append((vectors, mask))
            return super().pool(vectors, mask=mask)

    model = make(pretrainer, Spy())
    seen.clear()
    model(tf.constant([[3, 1, 0, 0], [0, 0, 0, 0]]))
    vectors, mask = seen[0]
    assert np.asarray(mask).tolist() == [[True, True, False, False], [True, False, False, False]]
    assert not np.asarray(vectors)[1].any()
    assert vectors.shape == (2, 4, 16)


def test_one_head_prior_loss_for_the_whole_training_set(pretrainer, comments):
    class Heavy(MaxPoolHead):
        def prior_loss(self):
            return 4000.0

    model = make(pretrainer, Heavy())
    history = model.fit(comments.texts, comments.labels, epochs=1, verbose=0).history
    assert history["loss"][0] == pytest.approx(4000.0 / 8, abs=5.0)
    assert model.evaluate(comments.texts, comments.labels, verbose=0)[0] < 5.0


@pytest.mark.parametrize(
    ("head", "kind", "parts"),
    [
        (lambda: keras.layers.GlobalMaxPooling1D(), ValueError, ("into (batch, 16)", "Dense(1, activation='sigmoid')")),
        (lambda: keras.layers.Dense(1), ValueError, ("`head` must turn word vectors", "into (batch, 16, 1)")),
        (lambda: keras.Sequential([keras.layers.LSTM(3), keras.layers.Dense(2)]), ValueError, ("into (batch, 2)",)),
        (lambda: "lstm", TypeError, ("`head` must be a Keras layer", "'lstm' of type str")),
        (lambda: MeanPoolHead, TypeError, ("Pass an instance, not a class: `head=MeanPoolHead()`",)),
        (lambda: lambda vectors: vectors, TypeError, ("`head` must be a Keras layer", "of type function")),
        (lambda: ["x" * 99] * 25_000, TypeError, ("`head` must be a Keras layer", "of type list")),
    ],
)
def test_bad_heads(pretrainer, head, kind, parts):
    with raises(kind, *parts):
        make(pretrainer, head())


# Seed words.


def test_fit_without_texts_learns_from_seed_words_alone(pretrainer, comments):
    model = make(pretrainer, seed_words=SEEDS)
    assert model.seed_words == SEEDS
    assert model.fit(verbose=0).history["accuracy"][-1] == 1.0
    assert model.predict_labels(comments.test_texts).tolist() == comments.test_labels
    loss, accuracy = model.evaluate(comments.texts, comments.labels, verbose=0)
    assert accuracy >= 0.75
    model.fit(comments.texts, comments.labels, verbose=0)
    assert model.evaluate(comments.texts, comments.labels, verbose=0)[0] < loss


def test_seed_words_are_labelled_texts(pretrainer, comments, monkeypatch):
    given = record_fits(monkeypatch)
    model = make(pretrainer, seed_words={"positive": ["Charming", "witty gem"], "negative": ["clumsy"]})
    model.fit(comments.texts, comments.labels, epochs=1)
    (pooled, labels), settings = given[0]
    assert labels[:, 0].tolist() == [*comments.labels, 1, 1, 0]
    weights = settings["sample_weight"]
    assert (weights[8:] > weights[0]).all()
    np.testing.assert_allclose(weights.mean(), 1.0, rtol=1e-6)
    expected = features_of(model, ["charming", "witty gem", "clumsy"])
    np.testing.assert_allclose(pooled[8:], expected, atol=1e-6)


def test_seed_words_that_are_partly_unknown_warn(pretrainer):
    words = {"positive": ["charming", "zzz", "yyy"], "negative": ["clumsy"]}
    with pytest.warns(
        UserWarning, match="2 of 4 seed words are not in the vocabulary and do nothing: zzz, yyy"
    ) as seen:
        model = make(pretrainer, seed_words=words)
    assert seen[0].filename == __file__
    model.fit(epochs=1, verbose=0)


def test_many_unknown_seed_words_make_a_short_warning(pretrainer):
    words = {"positive": ["charming"], "negative": ["clumsy", *(f"unseen{i}" for i in range(9999))]}
    with pytest.warns(UserWarning, match="9999 of 10001 seed words") as seen:
        make(pretrainer, seed_words=words)
    assert len(str(seen[0].message)) < 400


def test_seed_words_of_one_side_unknown(pretrainer):
    with raises(ValueError, "None of the negative seed words is in the vocabulary", "for every key"):
        make(pretrainer, seed_words={"positive": ["charming"], "negative": ["zzz"]})


def test_a_head_without_a_sigmoid_is_refused(pretrainer):
    head = keras.Sequential([keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)])
    with raises(ValueError, "must return probabilities, from 0 to 1", "`Dense(1, activation='sigmoid')`"):
        make(pretrainer, head=head)


@pytest.mark.parametrize("many", [1, 25_000])
def test_seed_words_that_are_all_unknown(pretrainer, many):
    words = {"positive": [f"zzz{i}" for i in range(many)], "negative": ["yyy"]}
    with raises(ValueError, f"None of the {many + 1} seed words is in the vocabulary", "`seed_words=None`"):
        make(pretrainer, seed_words=words)


def test_bad_seed_words(pretrainer):
    with raises(ValueError, "`seed_words` must be one of 'auto'", "'klingon'"):
        make(pretrainer, seed_words="klingon")
    with raises(TypeError, "a dict of lists"):
        make(pretrainer, seed_words=["good"])


def test_seed_words_auto_follow_the_language():
    texts = ["excellent wonderful film", "awful terrible film", "很好 很差"]
    for language, first in (("english", "excellent"), ("chinese", "很好")):
        pretrainer = SkipGramPretrainer(4, encoder=TextEncoder(language), seed=0)
        pretrainer.adapt(texts)
        with pytest.warns(UserWarning, match="seed words are not in the vocabulary"):
            model = TransferSentimentClassifier(pretrainer)
        assert model.seed_words["positive"][0] == first
    pretrainer = SkipGramPretrainer(4, encoder=TextEncoder(None), seed=0)
    pretrainer.adapt(texts)
    assert TransferSentimentClassifier(pretrainer).seed_words is None


def test_fit_without_texts_and_seed_words(untrained, comments):
    with unchanged(untrained):
        with raises(ValueError, "no texts and this classifier has no seed words", "`seed_words='english'`"):
            untrained.fit(verbose=0)
        for options in ({"y": comments.labels}, {"sample_weight": [1.0]}, {"validation_split": 0.5}):
            with raises(ValueError, "received labels, weights or a split but no texts", "Pass the texts as `x`"):
                untrained.fit(verbose=0, **options)


# Texts without a known word.


def test_texts_without_a_known_word_get_the_neutral_answer(classifier):
    probabilities = classifier.predict(UNKNOWN)
    (_, bias), (out, out_bias) = (classifier.head.hidden.get_weights(), classifier.head.probability.get_weights())
    neutral = 1 / (1 + np.exp(-(np.tanh(bias) @ out + out_bias)))
    np.testing.assert_allclose(probabilities[:, 0], np.repeat(neutral, 3), rtol=1e-5)
    assert 0.3 < neutral[0] < 0.7


@pytest.mark.parametrize("trainable", [False, True])
def test_training_on_texts_without_a_known_word(pretrainer, comments, trainable):
    model = make(pretrainer, trainable_embedding=trainable)
    history = model.fit([*comments.texts, *UNKNOWN], [*comments.labels, 1, 0, 0], epochs=3, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(value).all() for value in weights_of(model).values())
    assert np.isfinite(model.predict([*UNKNOWN, "gem"])).all()


@pytest.mark.parametrize("trainable", [False, True])
def test_every_text_without_a_known_word(pretrainer, trainable):
    model = make(pretrainer, trainable_embedding=trainable)
    with pytest.warns(UserWarning, match="3 of 3 texts have no known word, and 0% of all words are known"):
        model.fit(UNKNOWN, [1, 0, 1], epochs=3, verbose=0)
    assert np.isfinite(model.predict(UNKNOWN)).all()


# Wrong input: refused with one short message, the model left as it was.

BAD_TEXTS = [
    ("one text", TypeError, ("expects a batch of texts", "Wrap it in a list")),
    (b"one text", TypeError, ("expects a batch of texts", "one bytes")),
    ([], ValueError, ("received no texts", "Pass at least one text")),
    (np.array([], object), ValueError, ("received no texts",)),
    (["good", None], TypeError, ("None of type NoneType at position 1", "Drop missing texts")),
    (["good", float("nan")], TypeError, ("nan of type float at position 1", "Drop missing texts")),
    (["good", pd.NA], TypeError, ("of type NAType at position 1", "Drop missing texts")),
    (["good", 5], TypeError, ("5 of type int at position 1", "with `str`")),
    ([b"good", b"bad"], TypeError, ("at position 0", "text.decode('utf-8')")),
    ([5, "good"], TypeError, ("5 of type int at position 0",)),
    (["good"] * 25_000 + [None], TypeError, ("at position 25000",)),
    (5, TypeError, ("5 of type int", "Pass a list of str")),
    ({"good": 1, "bad": 0}, TypeError, ("of type dict",)),
    ((text for text in ["good", "bad"]), TypeError, ("of type generator", "list(x)")),
    (np.array([["good"], ["bad"]]), ValueError, ("of one dimension", "Pass one column")),
    (pd.DataFrame({"text": ["good", "bad"]}), ValueError, ("of one dimension", "x['text']")),
    (np.array([[1, 10_000], [1, 2]]), ValueError, ("expects word ids from 0 to", "from 1 to 10000")),
    (np.array([[1, -3], [1, 2]]), ValueError, ("expects word ids from 0 to", "from -3 to 2")),
    (np.array([[0.5, 1.0], [1.0, 2.0]]), ValueError, ("of one dimension",)),
    (np.array([1, 2]), TypeError, ("of type int at position 0",)),
]


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "predict_labels", "encode"])
@pytest.mark.parametrize(("texts", "kind", "parts"), BAD_TEXTS, ids=[str(row[0])[:30] for row in BAD_TEXTS])
def test_bad_texts(classifier, texts, kind, parts, method):
    labels = ([1, 0],) if method in ("fit", "evaluate") else ()
    with unchanged(classifier), raises(kind, f"`{method}`", *parts):
        getattr(classifier, method)(texts, *labels)


BAD_LABELS = [
    (["pos", "neg"], ValueError, ("among the classes [0, 1]", "'pos' of type str", "`classes=[...]`")),
    (np.array(["pos", "neg"]), ValueError, ("among the classes [0, 1]", "'pos' of type str")),
    (["pos", 1], TypeError, ("of one kind", "'pos' of type str and 1 of type int")),
    (None, ValueError, ("received texts without labels",)),
    ([1, None], ValueError, ("a missing label", "None")),
    ([1, float("nan")], ValueError, ("a missing label", "nan", "without a label")),
    ([1, 2], ValueError, ("among the classes [0, 1]", "Received 2")),
    ([1, 0.5], ValueError, ("to be classes", "Received 0.5", "int(score > 0.5)")),
    (np.eye(2), ValueError, ("shape (2,) or (2, 1)", "One-hot labels become")),
    ([1, 0, 1], ValueError, ("2 texts and 3 labels",)),
    ([1], ValueError, ("2 texts and 1 labels",)),
    (["label" * 99] * 25_000, ValueError, ("2 texts and 25000 labels",)),
]


@pytest.mark.parametrize("method", ["fit", "evaluate"])
@pytest.mark.parametrize(("labels", "kind", "parts"), BAD_LABELS, ids=[str(row[0])[:30] for row in BAD_LABELS])
def test_bad_labels(classifier, labels, kind, parts, method):
    with unchanged(classifier), raises(kind, f"`{method}`", *parts):
        getattr(classifier, method)(["good", "bad"], labels, verbose=0)


def test_fit_refuses_one_class(untrained):
    with unchanged(untrained), raises(ValueError, "labels of one class only: all 2 are 1", "one of the other"):
        untrained.fit(["good", "bad"], [1, 1], verbose=0)


BAD_OPTIONS = [
    ({"sample_weight": [1.0]}, ValueError, ("4 texts and 1 values in `sample_weight`",)),
    ({"sample_weight": [1, 1, 1, -1]}, ValueError, ("finite weights of 0 or more", "-1")),
    ({"sample_weight": [1, 1, 1, np.nan]}, ValueError, ("finite weights", "nan")),
    ({"sample_weight": [0, 0, 0, 0]}, ValueError, ("weights that are all 0",)),
    ({"class_weight": {0: 0, 1: 0}}, ValueError, ("weights that are all 0",)),
    ({"class_weight": "balanced"}, ValueError, ("`class_weight` must be a dict",)),
    ({"class_weight": {2: 1.0}}, ValueError, ("`class_weight` must be a dict",)),
    ({"validation_split": 1.5}, ValueError, ("`validation_split` must be a number, between 0.0 and 0.99",)),
    ({"validation_split": -0.1}, ValueError, ("`validation_split` must be a number",)),
    ({"validation_split": "half"}, TypeError, ("`validation_split` must be a number", "'half' of type str")),
    ({"validation_split": 0.01}, ValueError, ("leaves none to validate on",)),
    ({"validation_split": 0.9}, ValueError, ("`validation_split",)),
    ({"validation_data": "texts"}, ValueError, ("`validation_data` must be `(x, y)`", "'texts'")),
    ({"validation_data": (["a"],)}, ValueError, ("`validation_data` must be `(x, y)`",)),
    ({"validation_data": [1, 2, 3, 4]}, ValueError, ("`validation_data` must be `(x, y)`",)),
    ({"validation_data": (["a"], [2])}, ValueError, ("Received 2",)),
    ({"validation_data": (["a"], [1, 0])}, ValueError, ("1 texts and 2 labels",)),
    ({"validation_data": ("a", [1])}, TypeError, ("Wrap it in a list",)),
    ({"validation_data": (["a"], [1], [1, 2])}, ValueError, ("1 texts and 2 values",)),
    ({"epochs": 0}, ValueError, ("`epochs` must be an integer, 1 or more",)),
    ({"verbose": 3}, ValueError, ("`verbose` must be one of 'auto', 0, 1, 2",)),
    ({"epochs": "many"}, TypeError, ("`epochs` must be an integer",)),
    ({"batch_size": 0}, ValueError, ("`batch_size` must be an integer, 1 or more",)),
    ({"batch_size": 2.5}, TypeError, ("`batch_size` must be an integer",)),
]


@pytest.mark.parametrize(("options", "kind", "parts"), BAD_OPTIONS, ids=[str(row[0]) for row in BAD_OPTIONS])
def test_bad_options_of_fit(classifier, options, kind, parts):
    with unchanged(classifier), raises(kind, *parts):
        classifier.fit(["good", "bad", "fine", "dull"], [1, 0, 1, 0], **{"verbose": 0, **options})


def test_bad_datasets(classifier):
    labelled = dataset(["good", "bad"], [1, 0])
    with unchanged(classifier):
        for method in ("fit", "evaluate"):
            use = getattr(classifier, method)
            with raises(ValueError, f"`{method}` reads a whole dataset", "repeats without end", ".take(n)"):
                use(labelled.repeat())
            with raises(ValueError, f"`{method}` received a Dataset and labels", "Zip them"):
                use(labelled, [1, 0])
            with raises(ValueError, f"`{method}` expects a Dataset of `(texts, labels)`", "Zip the labels in"):
                use(dataset(["good", "bad"]))
            with raises(ValueError, f"`{method}` received an empty Dataset"):
                use(labelled.take(0))
        with raises(ValueError, "`predict` reads a whole dataset"):
            classifier.predict(dataset(["good"]).repeat())
        with raises(ValueError, "`predict`", "empty"):
            classifier.predict(dataset(["good"]).take(0))


@pytest.mark.parametrize("threshold", [-0.1, 1.1, "half", None])
def test_bad_threshold(classifier, threshold):
    with raises(TypeError if threshold in ("half", None) else ValueError, "`threshold` must be a number, between 0.0"):
        classifier.predict_labels(["gem"], threshold=threshold)


@pytest.mark.parametrize(
    ("pretrainer", "kind", "parts"),
    [
        (None, TypeError, ("expects `WordVectors`, a `SkipGramPretrainer`", "None of type NoneType")),
        (SkipGramPretrainer, TypeError, ("expects `WordVectors`, a `SkipGramPretrainer`", "of type type")),
        (["text"] * 25_000, TypeError, ("expects `WordVectors`, a `SkipGramPretrainer`", "of type list")),
        (np.zeros((9, 3)), TypeError, ("expects `WordVectors`, a `SkipGramPretrainer`", "shape (9, 3)")),
    ],
)
def test_bad_pretrainers(pretrainer, kind, parts):
    with raises(kind, *parts):
        TransferSentimentClassifier(pretrainer)


def test_unfitted_pretrainer():
    with raises(
        NotFittedError, "received a SkipGramPretrainer that has no vectors yet as `word_vectors`", "`fit(texts)`"
    ):
        TransferSentimentClassifier(SkipGramPretrainer(4))


@pytest.mark.parametrize("seed", [-1, 1.5, "one"])
def test_bad_seed(pretrainer, seed):
    with pytest.raises((TypeError, ValueError), match="`seed` must be an integer, 0 or more"):
        make(pretrainer, seed=seed)


def test_encoder_adapted_again(untrained, pretrainer):
    size = pretrainer.encoder.size
    untrained.encoder.adapt(["a new vocabulary"])
    for use in (untrained.predict, lambda x: untrained.fit(x, [1, 0]), lambda x: untrained.evaluate(x, [1, 0])):
        with raises(ValueError, "The encoder was adapted again", "`encoder.copy()`"):
            use(["a new", "vocabulary"])
    assert pretrainer.encoder.size == size


def test_a_refused_fit_does_not_hinder_the_next(untrained, classifier, comments):
    with raises(ValueError, "all 8 are 2"):
        untrained.fit(comments.texts, [2] * 8)
    untrained.fit(comments.texts, comments.labels, verbose=0)
    np.testing.assert_allclose(
        untrained.predict(comments.test_texts), classifier.predict(comments.test_texts), rtol=1e-5
    )


def test_batches_of_heads_that_cannot_pool_beforehand(pretrainer, comments, monkeypatch):
    given = record_fits(monkeypatch)
    model = make(pretrainer, RecurrentHead())
    model.fit(comments.texts, comments.labels, epochs=1)
    ((batches,), _) = given[0]
    assert isinstance(batches, PaddedBatches)
    assert len(batches) == 1


# A training that fails.


@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("classes", ["two", "three"])
def test_a_training_that_diverges_leaves_everything_as_it_was(pretrainer, comments, trainable, classes):
    model = make(pretrainer, trainable_embedding=trainable)
    model.compile(keras.optimizers.SGD(1e38), "binary_crossentropy" if classes == "two" else None)
    labels = comments.labels if classes == "two" else [number % 3 for number in range(len(comments.texts))]
    ids = model.encode(comments.texts).padded()
    before, predicted = weights_of(model), np.asarray(model(ids))
    with raises(
        ValueError, "`fit` ended in numbers that are not finite", "the weights of before are back", "learning rate"
    ):
        model.fit(comments.texts, labels, epochs=3, verbose=0)
    assert model.classes is None
    for path, value in weights_of(model).items():
        assert np.isfinite(value).all()
        np.testing.assert_array_equal(value, before[path], err_msg=path)
    np.testing.assert_array_equal(np.asarray(model(ids)), predicted)
    with raises(NotFittedError, "not trained yet"):
        model.predict(comments.texts)
    model.compile("adam")
    model.fit(comments.texts, comments.labels, epochs=1, verbose=0)


def test_a_fit_that_a_callback_breaks_off_fixes_no_classes(pretrainer, comments):
    class Breaks(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("stop")

    model = make(pretrainer)
    ids = model.encode(comments.texts).padded()
    predicted = np.asarray(model(ids))
    with pytest.raises(RuntimeError, match="stop"):
        model.fit(
            comments.texts, ["a", "b", "c", "a", *["b"] * (len(comments.texts) - 4)], callbacks=[Breaks()], verbose=0
        )
    assert model.classes is None
    np.testing.assert_array_equal(np.asarray(model(ids)), predicted)


@pytest.mark.parametrize(
    ("options", "kind", "parts"),
    [
        ({"batch_size": 0}, ValueError, ("`batch_size` must be an integer, 1 or more",)),
        ({"batch_size": -1}, ValueError, ("`batch_size` must be an integer, 1 or more",)),
        ({"batch_size": "a"}, TypeError, ("`batch_size` must be an integer", "'a' of type str")),
        ({"verbose": "x"}, ValueError, ("`verbose` must be one of",)),
    ],
)
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "predict_labels"])
def test_bad_batches(classifier, comments, method, options, kind, parts):
    labels = (comments.labels,) if method in ("fit", "evaluate") else ()
    with unchanged(classifier), raises(kind, *parts):
        getattr(classifier, method)(comments.texts, *labels, **options)


@pytest.mark.parametrize("options", [{"shuffle": "no"}, {"validation_freq": 0}, {"initial_epoch": -1}])
def test_bad_settings_of_fit(classifier, comments, options):
    with unchanged(classifier), pytest.raises((TypeError, ValueError), match=f"`{next(iter(options))}` must be"):
        classifier.fit(comments.texts, comments.labels, **options)


def test_ids_beyond_the_type_are_refused(classifier):
    with raises(ValueError, "`predict` expects word ids from 0 to", "from 1 to 4294967297"):
        classifier.predict(np.array([[1, 2**32 + 1]]))
    with raises(ValueError, "`predict` received no texts"):
        classifier.predict(np.zeros((0, 3), int))


def test_labels_before_the_first_fit(untrained):
    parts = ("`train_on_batch` comes before the first `fit`", "'good' of type str at position 0", "`classes=")
    with raises(ValueError, *parts):
        untrained.train_on_batch(["a film"], ["good"])


def test_seed_words_in_place_of_a_head(pretrainer):
    with raises(TypeError, "`head` must be a Keras layer", "`seed_words={'positive': ['gem']}`"):
        TransferSentimentClassifier(pretrainer, {"positive": ["gem"]})


def test_a_single_text_in_a_call(classifier):
    with raises(TypeError, "`call` expects a batch of texts", "Wrap it in a list"):
        classifier("a text")
