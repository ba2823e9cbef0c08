import zipfile

import h5py
import numpy as np
import pytest

from keras_transfer_sentiment import TextEncoder
from keras_transfer_sentiment.origin import Origin
from keras_transfer_sentiment.weights_file import add_seal, explain, naming_file, read_arrays, read_weights

from .contracts import raises


def write(path, is_sealed=True, **arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name.replace("_", "/")] = array
    if is_sealed:
        add_seal(path)
    return path


def test_shapes_and_origin_are_found(tmp_path):
    origin = Origin.of(TextEncoder(None), ["a", "b"])
    table = np.ones((3, 2), "float32")
    found = read_weights(write(tmp_path / "a.h5", vars_0=table, head_vars_0=table[0], vars_origin=origin.to_array()))
    assert found.shapes == {"vars/0": (3, 2), "head/vars/0": (2,)}
    assert found.origin == origin
    assert read_weights(write(tmp_path / "b.h5", vars_0=table)).origin is None


def test_a_seal_tells_every_changed_byte(tmp_path):
    path = write(tmp_path / "a.h5", vars_0=np.ones(3, "float32"))
    whole = path.read_bytes()
    for place in range(0, len(whole) - 72, 97):
        changed = bytearray(whole)
        changed[place] ^= 4
        path.write_bytes(changed)
        with raises(ValueError, "a.h5", "its contents are others than those that were written"):
            read_weights(path)


def test_a_seal_that_should_be_there(tmp_path):
    sealed = Origin({}, None, is_sealed=True).to_array()
    with raises(ValueError, "a.h5", "it does not end where it did when it was written"):
        read_weights(write(tmp_path / "a.h5", is_sealed=False, vars_origin=sealed))


def make_link(file):
    file["vars/1"] = h5py.ExternalLink("/etc/hostname", "/x")


def make_external(file):
    file.create_dataset("vars/1", (4,), "float32", external=[("/etc/hostname", 0, 100)])


def make_large(file):
    file.create_dataset("vars/1", (10**6, 10**6), "float32", chunks=(100, 100), compression="gzip")


def make_long(file):
    file.create_dataset("vars/1", (10**15, 0), "float32")


def make_text(file):
    file["vars/1"] = "text"


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (make_external, "it holds 'vars/1', which is no plain array of numbers"),
        (make_text, "it holds 'vars/1', which is no plain array of numbers"),
        (make_large, "it declares 'vars/1' of shape (1000000, 1000000), more than it holds"),
    ],
)
def test_arrays_that_no_model_writes(tmp_path, make, part):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make(file)
    with raises(ValueError, "a.h5", part):
        read_weights(tmp_path / "a.h5")


def test_arrays_that_are_not_followed_or_have_no_numbers(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make_link(file)
    assert read_weights(tmp_path / "a.h5").shapes == {}
    with h5py.File(tmp_path / "b.h5", "w") as file:
        make_long(file)
    assert read_weights(tmp_path / "b.h5").shapes == {"vars/1": (10**15, 0)}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_numbers_that_are_not_finite(tmp_path, value, dtype):
    array = np.ones((5, 3), dtype)
    array[4, 1] = value
    with raises(ValueError, "a.h5", "its weights 'head/vars/0' are not finite", "lower the learning rate"):
        read_weights(write(tmp_path / "a.h5", vars_0=np.arange(3), head_vars_0=array))


def test_arrays_of_npz_files(tmp_path):
    arrays = {"a": np.arange(3), "b": np.ones((2, 2), "float32")}
    np.savez(tmp_path / "a.npz", **arrays)
    found = read_arrays(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    with zipfile.ZipFile(tmp_path / "a.npz") as whole, zipfile.ZipFile(tmp_path / "b.npz", "w") as larger:
        larger.writestr("a.npy", whole.read("a.npy").replace(b"'shape': (3,)", b"'shape': (9,)"))
    np.savez_compressed(tmp_path / "c.npz", a=np.zeros(1000))
    np.savez(tmp_path / "d.npz", a=np.array([np.nan]))
    np.savez(tmp_path / "e.npz", a=np.array([{}], dtype=object))
    for name, part in [
        ("b", r"declares \(9,\), which it does not hold"),
        ("c", r"declares \(1000,\), which it does not hold"),
        ("d", "'a' is no array of finite numbers"),
        ("e", r"declares \(1,\), which it does not hold"),
    ]:
        with pytest.raises(ValueError, match=part):
            read_arrays(tmp_path / f"{name}.npz")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("tokenizer"), "it lacks 'tokenizer'"),
        (MemoryError(), "MemoryError"),
        (ValueError("one.\ntwo."), "one. two"),
        (ValueError("x" * 1000), "x" * 157),
        (TypeError("f() got an unexpected keyword argument 'more'"), "the setting 'more' is unknown to version"),
        (
            ValueError(
                "A total of 1 objects could not be loaded. Example error message for object <A>:\n\nwhy\n\nList"
            ),
            "why",
        ),
    ],
)
def test_reasons_are_one_short_line(error, reason):
    assert explain(error).startswith(reason)
    assert len(explain(error)) <= 160
    parts = ("'a.keras' cannot be loaded: ", reason[:100], "Do it again.")
    with raises(ValueError, *parts), naming_file("a.keras", "Do it again."):
        raise error


def test_errors_of_the_system_stay(tmp_path):
    with pytest.raises(PermissionError, match=r"a\.h5"), naming_file(tmp_path / "a.h5"):
        raise PermissionError(13, "Permission denied", str(tmp_path / "a.h5"))
