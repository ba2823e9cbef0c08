import contextlib
import os

import keras
import numpy as np
import pytest

from keras_transfer_sentiment import SkipGramPretrainer
from keras_transfer_sentiment.pretraining import backup
from keras_transfer_sentiment.pretraining.backup import TrainingBackup

from ..contracts import raises


def test_backup_gives_back_what_was_saved(tmp_path, monkeypatch):
    saved_training = TrainingBackup(tmp_path / "training.npz", {"epochs": 3})
    saved = {"words": np.arange(3.0)}
    arrays = {"words": np.zeros(3)}
    assert not saved_training.restore(arrays)
    saved_training.save_if_due(lambda: saved)
    assert not saved_training.restore(arrays)  # not due yet
    monkeypatch.setattr(backup, "BACKUP_SECONDS", 0.0)
    saved_training = TrainingBackup(tmp_path / "training.npz", {"epochs": 3})
    saved_training.save_if_due(lambda: saved)
    assert saved_training.restore(arrays)
    assert arrays["words"].tolist() == [0, 1, 2]
    with raises(ValueError, "had `epochs` 3; it is 4 now"):
        TrainingBackup(tmp_path / "training.npz", {"epochs": 4}).restore(arrays)
    assert os.listdir(tmp_path) == ["training.npz"]
    saved_training.delete()
    assert not saved_training.restore(arrays)


def test_a_damaged_backup_is_refused(tmp_path):
    (tmp_path / "training.npz").write_bytes(b"PK half a file")
    with raises(ValueError, "training.npz", "is damaged, or was written by another version. Delete it"):
        TrainingBackup(tmp_path / "training.npz", {}).restore({})


def test_a_backup_damaged_inside_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "BACKUP_SECONDS", 0.0)
    path = tmp_path / "training.npz"
    saved_training = TrainingBackup(path, {})
    saved_training.save_if_due(lambda: {"words": np.ones(500), "contexts": np.ones(500)})
    content = bytearray(path.read_bytes())
    content[-2000] ^= 1
    path.write_bytes(content)
    arrays = {"words": np.zeros(500), "contexts": np.zeros(500)}
    with raises(ValueError, "training.npz", "is damaged, or was written by another version. Delete it"):
        saved_training.restore(arrays)
    assert not any(array.any() for array in arrays.values())


def test_no_flipped_bit_goes_unseen(tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "BACKUP_SECONDS", 0.0)
    path = tmp_path / "training.npz"
    saved_training = TrainingBackup(path, {"epochs": 3})
    saved = {"words": np.arange(4.0), "progress": np.arange(3)}
    saved_training.save_if_due(lambda: saved)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        arrays = {"words": np.zeros(4), "progress": np.zeros(3, "int64")}
        with contextlib.suppress(ValueError):
            saved_training.restore(arrays)
        restored = [np.array_equal(arrays[name], saved[name]) for name in saved]
        assert all(restored) or not any(array.any() for array in arrays.values())


def test_a_backup_of_other_shapes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "BACKUP_SECONDS", 0.0)
    saved_training = TrainingBackup(tmp_path / "training.npz", {})
    saved_training.save_if_due(lambda: {"words": np.ones(4)})
    for array in (np.zeros(5), np.zeros(4, "float32"), np.zeros((2, 2))):
        with raises(ValueError, "training.npz", "is damaged, or was written by another version"):
            saved_training.restore({"words": array})


class Stop(keras.callbacks.Callback):
    """Stops a training as the user does, by an exception."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def test_the_same_call_of_the_same_model_goes_on(tmp_path, monkeypatch, corpus):
    monkeypatch.setattr(backup, "BACKUP_SECONDS", 0.0)
    monkeypatch.setattr(backup, "BACKUP_PAUSE", 0.0)
    whole = SkipGramPretrainer(8, seed=0)
    whole.fit(corpus, epochs=6, verbose=0, cache_dir=tmp_path / "whole")
    model = SkipGramPretrainer(8, seed=0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(corpus, epochs=6, verbose=0, cache_dir=tmp_path / "run", callbacks=[Stop()])
    assert (tmp_path / "run" / "training.npz").exists()
    history = model.fit(corpus, epochs=6, verbose=0, cache_dir=tmp_path / "run")
    assert history.epoch == [3, 4, 5]
    np.testing.assert_array_equal(model.word_vectors.matrix, whole.word_vectors.matrix)
    assert not (tmp_path / "run" / "training.npz").exists()
