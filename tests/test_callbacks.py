import importlib.util
import os

import keras
import numpy as np
import pytest

from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier, load_model

from .contracts import raises, unchanged

EPOCHS = 4
KINDS = ["pretrainer", "classifier", "classifier with a trainable embedding"]


@pytest.fixture
def start(pretrainer, comments, corpus):
    """Returns, for one of `KINDS`, a new model and a function that fits it with callbacks."""

    def make(kind):
        if kind == "pretrainer":
            model = SkipGramPretrainer(8, seed=0)
            return model, lambda *given, **options: model.fit(
                corpus, **{"epochs": EPOCHS, "verbose": 0, "callbacks": list(given), **options}
            )
        model = TransferSentimentClassifier(
            pretrainer, seed_words=None, seed=0, trainable_embedding="trainable" in kind
        )
        return model, lambda *given, **options: model.fit(
            comments.texts, comments.labels, **{"epochs": EPOCHS, "verbose": 0, "callbacks": list(given), **options}
        )

    return make


# Stock callbacks, each on each model.


@pytest.mark.parametrize("kind", KINDS)
def test_early_stopping_stops(start, kind):
    _, fit = start(kind)
    assert fit(keras.callbacks.EarlyStopping("loss", min_delta=1000.0, patience=1)).epoch == [0, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_is_the_model_at_its_epoch(start, kind, tmp_path, comments):
    model, fit = start(kind)
    fit(keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{epoch}.keras" for epoch in range(1, EPOCHS + 1)]
    expected = model.predict(comments.texts)
    np.testing.assert_array_equal(load_model(tmp_path / f"{EPOCHS}.keras").predict(comments.texts), expected)
    assert (load_model(tmp_path / "1.keras").predict(comments.texts) != expected).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_log_has_a_line_for_each_epoch(start, kind, tmp_path):
    _, fit = start(kind)
    history = fit(keras.callbacks.CSVLogger(tmp_path / "log.csv"))
    head, *lines = (tmp_path / "log.csv").read_text().splitlines()
    column = head.split(",").index("loss")
    np.testing.assert_allclose([float(line.split(",")[column]) for line in lines], history.history["loss"], rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_functions_are_called_at_each_epoch(start, kind):
    _, fit = start(kind)
    losses = []
    history = fit(keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: losses.append(logs["loss"])))
    assert losses == history.history["loss"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bar_is_shown(start, kind, capsys):
    _, fit = start(kind)
    fit(keras.callbacks.ProgbarLogger(), verbose=1)
    assert f"Epoch {EPOCHS}/{EPOCHS}" in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_training_is_restored(start, kind, tmp_path, comments):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise InterruptedError("now")

    model, fit = start(kind)
    fit()
    expected = model.predict(comments.texts)
    with pytest.raises(InterruptedError, match="now"):  # a stand-in for Ctrl-C
        start(kind)[1](keras.callbacks.BackupAndRestore(tmp_path), Interrupt())
    model, fit = start(kind)
    assert fit(keras.callbacks.BackupAndRestore(tmp_path)).epoch == [2, 3]
    if kind != "classifier with a trainable embedding":  # its batches are in another order
        np.testing.assert_allclose(model.predict(comments.texts), expected, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_training_without_nan_goes_on_to_its_end(start, kind):
    assert len(start(kind)[1](keras.callbacks.TerminateOnNaN()).epoch) == EPOCHS


@pytest.mark.parametrize("kind", KINDS[1:])
def test_training_with_nan_stops(start, kind):
    model, fit = start(kind)
    model.head.hidden.bias.assign(np.full(model.head.hidden.bias.shape, np.nan))
    before = model.head.hidden.kernel.numpy()
    with raises(ValueError, "numbers that are not finite (a loss of nan in epoch 1)", "Lower the learning rate"):
        fit(keras.callbacks.TerminateOnNaN())
    np.testing.assert_array_equal(model.head.hidden.kernel, before)


@pytest.mark.parametrize("kind", KINDS)
def test_tensorboard_writes_or_says_what_it_needs(start, kind, tmp_path):
    model, fit = start(kind)
    board = keras.callbacks.TensorBoard(tmp_path / "board")
    if importlib.util.find_spec("tensorboard") is None:
        with raises(ImportError, "`TensorBoard` needs a package that is not installed", "`pip install tensorboard`"):
            fit(board)
        assert kind != "pretrainer" or not model.encoder.is_adapted
        return
    fit(board)
    assert list((tmp_path / "board").rglob("events.out.tfevents*"))


# Callbacks that change an optimizer.


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_classifier_obeys_its_learning_rate(start, kind):
    model, fit = start(kind)
    history = fit(keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1)))
    np.testing.assert_allclose(history.history["learning_rate"], [0.01, 0.005, 0.01 / 3, 0.0025], rtol=1e-6)
    model, fit = start(kind)
    fit(keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=100.0))
    assert float(model.optimizer.learning_rate) < 0.5 * model.head.learning_rate


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_averaged_weights_are_swapped_in(start, kind, momentum):
    model, fit = start(kind)
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=momentum)
    model.compile(optimizer, loss="binary_crossentropy")
    steps, average = [], None

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(np.array(model.head.hidden.kernel))

    fit(Watch(), keras.callbacks.SwapEMAWeights(swap_on_epoch=True), batch_size=8)
    for step in steps:
        average = step if average is None else momentum * average + (1 - momentum) * step
    np.testing.assert_allclose(np.array(model.head.hidden.kernel), average, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_weights_that_are_not_averaged_cannot_be_swapped(start, kind):
    model, fit = start(kind)
    with (
        unchanged(model),
        raises(ValueError, "`SwapEMAWeights` needs an optimizer that averages the weights", "use_ema=True"),
    ):
        fit(keras.callbacks.SwapEMAWeights())


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.1),
        keras.callbacks.ReduceLROnPlateau("loss"),
        keras.callbacks.SwapEMAWeights(),
    ],
)
def test_a_pretrainer_has_no_optimizer_to_change(start, callback):
    model, fit = start("pretrainer")
    with raises(
        ValueError, f"cannot obey the callback `{type(callback).__name__}`", "`SkipGramPretrainer(learning_rate=...)`"
    ):
        fit(callback)
    assert not model.encoder.is_adapted


# What is not there to watch, and what is no callback.


@pytest.mark.parametrize(
    ("callback", "figure"),
    [
        (keras.callbacks.EarlyStopping(), "val_loss"),
        (keras.callbacks.EarlyStopping("val_accuracy"), "val_accuracy"),
        (keras.callbacks.ModelCheckpoint("never.keras", save_best_only=True), "val_loss"),
        (keras.callbacks.ModelCheckpoint("{epoch:02d}-{val_loss:.2f}.keras"), "val_loss"),
    ],
)
def test_a_figure_that_is_not_reported_cannot_be_watched(start, callback, figure):
    name = type(callback).__name__
    model, fit = start("pretrainer")
    with raises(ValueError, f"`{name}` waits for '{figure}'", "reports 'loss' alone", "`monitor='loss'`"):
        fit(callback)
    assert not model.encoder.is_adapted
    model, fit = start("classifier")
    with (
        unchanged(model),
        raises(ValueError, f"`{name}` waits for '{figure}'", "no texts to validate on", "`validation_split=0.2`"),
    ):
        fit(callback)
    assert model.classes is None


def test_the_advice_works(start, comments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    callbacks = [keras.callbacks.EarlyStopping(), keras.callbacks.ModelCheckpoint("{epoch}-{val_loss:.2f}.keras")]
    start("classifier")[1](*callbacks, validation_split=0.2)
    assert len(os.listdir(tmp_path)) == EPOCHS
    start("classifier")[1](*callbacks, validation_data=(comments.texts, comments.labels))
    start("pretrainer")[1](keras.callbacks.EarlyStopping(monitor="loss"))
    start("pretrainer")[1](keras.callbacks.ModelCheckpoint("{epoch}-{loss:.2f}.keras"))


@pytest.mark.parametrize("kind", KINDS[:2])
@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (["x"], ("Received 'x' of type str at position 0", "`[keras.callbacks.TerminateOnNaN()]`")),
        ("x", ("Received 'x' of type str at position 0",)),
        ([keras.callbacks.History(), 3], ("Received 3 of type int at position 1",)),
        ([keras.callbacks.TerminateOnNaN], ("of type type", "`TerminateOnNaN()` in place of the class")),
    ],
)
def test_what_is_no_callback_is_refused_before_anything_changes(start, kind, given, parts):
    model, fit = start(kind)
    with raises(TypeError, "`callbacks` must be a list of instances of `keras.callbacks.Callback`", *parts):
        fit(callbacks=given)
    assert kind != "pretrainer" or not model.encoder.is_adapted
    assert kind == "pretrainer" or model.classes is None


@pytest.mark.parametrize("kind", KINDS[:2])
def test_one_callback_and_a_list_of_keras_pass(start, kind):
    for given in (keras.callbacks.TerminateOnNaN(), [[keras.callbacks.TerminateOnNaN()]], None, []):
        assert len(start(kind)[1](callbacks=given).epoch) == EPOCHS
    model, fit = start(kind)
    listed = keras.callbacks.CallbackList([keras.callbacks.History()], model=model)
    fit(callbacks=listed)
    with raises(ValueError, "`EarlyStopping` waits for 'val_loss'"):
        start(kind)[1](callbacks=keras.callbacks.CallbackList([keras.callbacks.EarlyStopping()]))


def test_evaluate_takes_callbacks_too(classifier, comments):
    ends = []
    given = keras.callbacks.LambdaCallback(on_test_end=lambda logs: ends.append(logs["loss"]))
    loss, _ = classifier.evaluate(comments.texts, comments.labels, verbose=0, callbacks=[given])
    assert ends == [pytest.approx(loss)]
    with raises(TypeError, "`callbacks` must be a list of instances", "'x' of type str"):
        classifier.evaluate(comments.texts, comments.labels, verbose=0, callbacks=["x"])
