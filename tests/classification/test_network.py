import keras
import numpy as np
import pytest
from keras import ops

from keras_transfer_sentiment import MeanPoolHead, SentimentHead, TransferSentimentClassifier, load_model

from ..contracts import raises

CLASSES = ["negative", "neutral", "positive"]


@pytest.fixture
def three(comments):
    """Labels of three classes for the comments."""
    labels = [CLASSES[2 * label] for label in comments.labels]
    return [*labels[:3], "neutral", *labels[4:7], "neutral"]


def make(pretrainer, head=None, **options):
    return TransferSentimentClassifier(pretrainer, head, **{"seed_words": None, "seed": 0, **options})


@keras.saving.register_keras_serializable("tests")
class MaxPoolHead(SentimentHead):
    """A head that makes its last layer in `build`."""

    def build(self, input_shape):
        self.probability = self.make_output_layer()

    def pool(self, vectors, mask=None):
        return ops.max(ops.where(mask[..., None], vectors, -1e9), axis=1)

    def classify(self, pooled, training=None):
        return self.probability(pooled)


class FixedHead(SentimentHead):
    """A head of one output, whatever the classes."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.probability = keras.layers.Dense(1, activation="sigmoid")

    def call(self, vectors, mask=None):
        return self.probability(ops.mean(vectors, axis=1))


def softmax_head(outputs=3):
    return keras.Sequential([keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(outputs, activation="softmax")])


# More than two classes.


@pytest.mark.parametrize("head", [None, MeanPoolHead, MaxPoolHead])
def test_three_classes_found_by_fit(pretrainer, comments, three, head, tmp_path):
    model = make(pretrainer, head and head())
    history = model.fit(comments.texts, three, validation_data=(comments.texts, three), epochs=40, verbose=0).history
    assert history.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    probabilities = model.predict(comments.texts)
    assert probabilities.shape == (8, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    assert model.classes == CLASSES
    assert model.predict_labels(comments.texts).tolist() == [CLASSES[i] for i in probabilities.argmax(axis=1)]
    loss, accuracy = model.evaluate(comments.texts, three, verbose=0)
    numbers = [CLASSES.index(label) for label in three]
    np.testing.assert_allclose(loss, -np.log(probabilities[range(8), numbers]).mean(), rtol=1e-4)
    assert accuracy == pytest.approx((probabilities.argmax(axis=1) == numbers).mean())
    model.save(tmp_path / "three.keras")
    loaded = load_model(tmp_path / "three.keras")
    np.testing.assert_allclose(loaded.predict(comments.texts), probabilities, rtol=1e-5)
    assert loaded.classes == CLASSES
    assert loaded.get_config() == model.get_config()


def test_the_old_head_leaves_no_weights(pretrainer, comments, three):
    found, given = make(pretrainer), make(pretrainer, classes=CLASSES)
    for model in (found, given):
        model.fit(comments.texts, three, epochs=3, verbose=0)
    assert [weight.shape for weight in found.weights] == [weight.shape for weight in given.weights]
    assert len(found.layers) == 2
    np.testing.assert_allclose(found.predict(comments.texts), given.predict(comments.texts), rtol=1e-5)


def test_an_untrained_head_gives_every_class_the_same(pretrainer, comments):
    model = make(pretrainer, classes=CLASSES)
    ids = model.encode(comments.texts).padded()
    np.testing.assert_allclose(ops.convert_to_numpy(model(ids)), 1 / 3, rtol=1e-5)


def test_a_layer_for_three_classes(pretrainer, comments, three):
    model = make(pretrainer, softmax_head(), classes=CLASSES)
    model.fit(comments.texts, three, epochs=2, verbose=0)
    assert model.predict(comments.texts).shape == (8, 3)


def test_heads_that_cannot_serve_three_classes(pretrainer, comments, three):
    sigmoid = keras.Sequential([keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(1, activation="sigmoid")])
    with raises(ValueError, "a Sequential, was built for two", "`classes=['negative', 'neutral', 'positive']`"):
        make(pretrainer, sigmoid).fit(comments.texts, three, verbose=0)
    with raises(ValueError, "into (batch, 1)", "in `build`, with `self.make_output_layer()`"):
        make(pretrainer, FixedHead()).fit(comments.texts, three, verbose=0)
    with raises(ValueError, "probabilities (batch, 3)", "Dense(3, activation='softmax')"):
        make(pretrainer, softmax_head(2), classes=CLASSES)
    with raises(ValueError, "that add up to 1", "whose 3 outputs"):
        head = keras.Sequential([keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(3, activation="sigmoid")])
        make(pretrainer, head, classes=CLASSES)


def test_a_loss_that_cannot_serve(pretrainer, comments, three):
    model = make(pretrainer)
    model.compile("adam", loss="binary_crossentropy")
    with raises(ValueError, "'binary_crossentropy' does not fit 3 classes", "Pass `classes="):
        model.fit(comments.texts, three, verbose=0)
    model.fit(comments.texts, comments.labels, epochs=1, verbose=0)  # nothing has changed
    with raises(ValueError, "does not fit two classes", "Compile again", "'binary_crossentropy'"):
        model.compile("adam", loss="sparse_categorical_crossentropy")


def test_a_loss_for_classes_to_come(pretrainer, comments, three):
    model = make(pretrainer)
    model.compile(keras.optimizers.SGD(0.125), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(comments.texts, three, epochs=2, verbose=0)
    assert isinstance(model.optimizer, keras.optimizers.SGD)
    assert float(model.optimizer.learning_rate) == 0.125
    assert model.optimizer.iterations == 2


def test_a_saved_classifier_without_classes_still_finds_them(pretrainer, comments, three, tmp_path):
    make(pretrainer).save(tmp_path / "new.keras")
    loaded = load_model(tmp_path / "new.keras")
    assert loaded.classes is None
    loaded.fit(comments.texts, three, epochs=1, verbose=0)
    assert loaded.predict(comments.texts).shape == (8, 3)


# What callbacks see.


def test_callbacks_see_the_classifier(pretrainer, comments, tmp_path):
    seen = []

    class Spy(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((self.model, self.model.predict(comments.test_texts)))
            self.model.stop_training = epoch == 2

    model = make(pretrainer)
    history = model.fit(comments.texts, comments.labels, epochs=9, callbacks=[Spy()], verbose=0)
    assert len(history.epoch) == 3
    assert model.history is history
    assert {id(each) for each, _ in seen} == {id(model)}
    assert (seen[0][1] != seen[1][1]).any()


def test_the_best_weights_come_back(pretrainer, comments):
    model = make(pretrainer)
    stop = keras.callbacks.EarlyStopping("loss", mode="max", patience=2, restore_best_weights=True)
    before = []
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: before.append(model.head.hidden.get_weights()[0]))
    model.fit(comments.texts, comments.labels, epochs=9, callbacks=[stop, keep], verbose=0)
    np.testing.assert_array_equal(model.head.hidden.get_weights()[0], before[0])


def test_an_interrupted_fit_goes_on(pretrainer, comments, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise InterruptedError

    def fit(*callbacks):
        model = make(pretrainer)
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
        return model.fit(comments.texts, comments.labels, epochs=4, callbacks=[backup, *callbacks], verbose=0)

    with pytest.raises(InterruptedError):
        fit(Stop())
    assert fit().epoch == [2, 3]


# Numbers of other precision.


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_policies(pretrainer, comments, policy, tmp_path):
    texts, labels = comments.texts, np.array(["bad", "good"])[comments.labels]
    model = make(pretrainer, dtype=policy)
    model.fit(texts, labels, verbose=0)
    probabilities = model.predict(texts)
    assert probabilities.dtype == ("float64" if policy == "float64" else "float32")
    assert model.predict_labels(texts).tolist() == labels.tolist()
    plain = make(pretrainer)
    plain.fit(texts, labels, verbose=0)
    np.testing.assert_allclose(probabilities, plain.predict(texts), atol=0.03)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert loaded.dtype_policy.name == policy
    np.testing.assert_allclose(loaded.predict(texts), probabilities, atol=1e-5)


def test_the_policy_of_the_session_counts(pretrainer, comments):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = make(pretrainer)
        model.fit(comments.texts, comments.labels, epochs=2, verbose=0)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.embedding.compute_dtype == "bfloat16"
    assert model.predict(comments.texts).dtype == np.float32


# Looks.


def test_summary_shows_shapes(pretrainer, capsys):
    make(pretrainer, classes=CLASSES).summary()
    shown = capsys.readouterr().out
    assert "(None, None, 16)" in shown
    assert "(None, 3)" in shown
    assert "?" not in shown
    assert "unbuilt" not in shown


def test_compile_without_a_loss_takes_the_one_that_fits(pretrainer, comments, three):
    model = make(pretrainer)
    model.compile("adam")
    model.fit(comments.texts, three, epochs=1, verbose=0)
    assert model.loss == "sparse_categorical_crossentropy"
    model.compile("adam")
    assert model.loss == "sparse_categorical_crossentropy"


@pytest.mark.parametrize(
    ("metric", "part"),
    [
        ("auc", "'accuracy' fits"),
        (keras.metrics.Precision(), "`predict_labels`"),
        (keras.metrics.F1Score(), "`f1_score`"),
        ("categorical_accuracy", "does not fit 3 classes"),
    ],
)
def test_metrics_that_cannot_serve_three_classes(pretrainer, comments, three, metric, part):
    model = make(pretrainer)
    model.compile("adam", metrics=[metric])
    with raises(ValueError, "does not fit 3 classes", part):
        model.fit(comments.texts, three, epochs=1, verbose=0)
    assert model.classes is None


def test_metrics_of_two_classes(pretrainer, comments):
    model = make(pretrainer, classes=[0, 1])
    for metric in (keras.metrics.F1Score(), "sparse_categorical_accuracy", "categorical_accuracy"):
        with raises(ValueError, "does not fit two classes", "Compile again"):
            model.compile("adam", metrics=[metric])
    with raises(ValueError, "`F1Score(threshold=0.5)` fits"):
        model.compile("adam", metrics=[keras.metrics.F1Score()])
    model.compile("adam", metrics=["auc", keras.metrics.F1Score(threshold=0.5), "accuracy"])
    history = model.fit(comments.texts, comments.labels, epochs=1, verbose=0).history
    assert 0.0 <= history["f1_score"][0] <= 1.0


@pytest.mark.parametrize(
    ("options", "kind", "parts"),
    [
        ({"optimizer": "adamm"}, ValueError, ("`optimizer` must be the name of an optimizer of Keras", "'adamm'")),
        ({"loss": "crossentropi"}, ValueError, ("`loss` must be the name of a loss of Keras",)),
        ({"metrics": "accuracy"}, TypeError, ("`metrics` must be a list", "`metrics=['accuracy']`")),
        ({"metrics": ["acuracy"]}, ValueError, ("`metrics` must be the name of a metric of Keras", "'acuracy'")),
    ],
)
def test_what_keras_does_not_know_is_refused_by_compile(pretrainer, options, kind, parts):
    model = make(pretrainer)
    with raises(kind, *parts):
        model.compile(**options)
