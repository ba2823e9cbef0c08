import os

import numpy as np

from keras_transfer_sentiment.pretraining import backup
from keras_transfer_sentiment.pretraining.backup import TrainingBackup

from ..contracts import raises


def test_backup_gives_back_what_was_saved(tmp_path, monkeypatch):
    saved_training = TrainingBackup(tmp_path / "training.npz", {"epochs": 3})
    saved = {"words": np.arange(3)}
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
