"""Ways to damage a file of a model, to change it by hand, or to make it hostile."""

import copy
import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Callable

import h5py
import keras
import numpy as np

CONFIG, WEIGHTS, VOCABULARY, NGRAMS = "config.json", "model.weights.h5", "assets/vocabulary.json", "assets/ngrams.npz"
CONTENTS = "contents.json"
_HUGE = (10**8, 10**9, 10**10, 2**31, 2**63, 10**300)
_ODD = (
    None,
    -1,
    0,
    1,
    2.5,
    True,
    "",
    "x" * 100_000,
    [],
    {},
    [[[]]],
    ["a"] * 1000,
    float("nan"),
    float("inf"),
    "../../x",
)
_FUNCTIONS = [
    ("os", "system"),
    ("posix", "system"),
    ("subprocess", "Popen"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("keras.utils", "get_file"),
    ("keras.config", "enable_unsafe_deserialization"),
    ("keras.src.utils.python_utils", "func_load"),
    ("keras.activations", "relu"),
    ("keras.saving", "load_model"),
]


def _run_code(x):
    import os

    os.system("true")
    return x


def pick(rng, values):
    """Returns one of a sequence, as it is."""
    return values[int(rng.integers(len(values)))]


# Bytes of any file.


def flip_bits(rng, content):
    content = bytearray(content)
    for place in rng.integers(0, len(content), rng.integers(1, 21)):
        content[place] ^= 1 << rng.integers(8)
    return bytes(content)


def flip_bits_at_end(rng, content):
    start = max(len(content) - 1500, 0)
    return content[:start] + flip_bits(rng, content[start:])


def cut(rng, content):
    how, place = rng.integers(4), int(rng.integers(1, len(content)))
    size = int(rng.choice([1, 2, 16, 512, 4096]))
    return [content[:-size], content[size:], content[:place], content[:place] + content[place + size :]][how]


def overwrite(rng, content):
    place, size = int(rng.integers(len(content))), int(rng.choice([1, 50, 2000]))
    filling = bytes(size) if rng.integers(2) else rng.bytes(size)
    return content[:place] + filling + content[place + size * int(rng.integers(2)) :]


DAMAGES: list[Callable] = [flip_bits, flip_bits_at_end, cut, overwrite]


# Parts of a `.keras` file: a dict from names to bytes, which is changed in place; `other` is that of another file.


def swap(rng, parts, other):
    name = pick(rng, [name for name in parts if name in other])
    parts[name] = other[name]


def drop(rng, parts, other):
    del parts[pick(rng, sorted(parts))]


def rename(rng, parts, other):
    name = pick(rng, sorted(parts))
    new = ["../../evil", "/tmp/evil", "assets/../../evil", "..\\evil", "evil", f"{name}.txt", "assets/evil.pkl"]
    parts[pick(rng, new)] = parts[name] if rng.integers(2) else parts.pop(name)


def damage_part(rng, parts, other):
    name = pick(rng, sorted(parts))
    parts[name] = pick(rng, DAMAGES)(rng, parts[name])


def edit_config(rng, parts, other):
    config = json.loads(parts[CONFIG])
    place = pick(rng, [*_places(config), None])
    _edit(rng, config, place)
    parts[CONFIG] = json.dumps(config).encode()


def add_setting(rng, parts, other):
    config = json.loads(parts[CONFIG])
    target = rng.choice(
        np.array([config, config["config"], config["config"]["encoder"], config.get("build_config") or {}])
    )
    target[str(rng.choice(["new_setting", "dtype", "trainable", "from_future"]))] = rng.choice(
        np.array(_ODD, dtype=object)
    )
    parts[CONFIG] = json.dumps(config, default=int).encode()


def enlarge(rng, parts, other):
    config = json.loads(parts[CONFIG])
    sizes = [place for place in _places(config) if isinstance(place[1], str) and type(_value(place)) is int]
    container, key = pick(rng, sizes)
    container[key] = pick(rng, _HUGE)
    parts[CONFIG] = json.dumps(config).encode()


def enlarge_tables(rng, parts, other):
    config, size = json.loads(parts[CONFIG]), pick(rng, _HUGE)
    if rng.integers(2):
        config["config"]["embedding_dim"] = size
    elif "vocabulary_size" in config["config"]:
        config["config"]["vocabulary_size"] = size
    else:
        config["build_config"]["vocabulary_size"] = size
    parts[CONFIG] = json.dumps(config).encode()


def edit_vocabulary(rng, parts, other):
    state = json.loads(parts[VOCABULARY])
    words, how = state["words"], rng.integers(9)
    place = int(rng.integers(1, len(words)))
    if how == 0:
        words[1], words[place] = words[place], words[1]
    elif how == 1:
        del words[place], state["counts"][place]
    elif how == 2:
        words[place] = words[1]
    elif how == 3:
        words.append("more")
        state["counts"].append(1)
    elif how == 4:
        state["counts"][place] = int(rng.choice([-1, 2**62]))
    elif how == 5:
        _edit(rng, state, pick(rng, [*_places(state), None]))
    elif how == 6:
        words[place] = pick(rng, [{"a": 1}, {}, None, "x" * 10**6])
    elif how == 7:
        words[0] = "padding"
    parts[VOCABULARY] = b"[" * 100_000 if how == 8 else json.dumps(state).encode()


def edit_ngrams(rng, parts, other):
    if NGRAMS not in parts:
        return edit_vocabulary(rng, parts, other)
    with np.load(io.BytesIO(parts[NGRAMS])) as file:
        arrays = dict(file)
    name = pick(rng, sorted(arrays))
    how = rng.integers(6)
    if how == 0:
        arrays[name] = arrays[name][: len(arrays[name]) // 2]
    elif how == 1:
        arrays[name] = np.array([{}, len], dtype=object)
    elif how == 2:
        arrays[name] = arrays[name] * np.float32("nan")
    elif how == 3:
        del arrays[name]
    elif how == 4:
        arrays[name] = rng.normal(size=(3, 3, 3))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    parts[NGRAMS] = buffer.getvalue().replace(b"(", b"(9999999", 1) if how == 5 else buffer.getvalue()
    return None


def name_code(rng, parts, other):
    config = json.loads(parts[CONFIG])
    places = [place for place in _places(config) if isinstance(_value(place), (dict, str))]
    container, key = pick(rng, places)
    if "head" in config["config"] and rng.integers(2):
        container, key = config["config"], "head"
    container[key] = _hostile_object(rng)
    parts[CONFIG] = json.dumps(config).encode()


def name_class(rng, parts, other):
    config = json.loads(parts[CONFIG])
    objects = [config, *(_value(place) for place in _places(config) if "class_name" in str(_value(place))[:2000])]
    target = pick(rng, [item for item in objects if isinstance(item, dict)])
    module, name = pick(rng, _FUNCTIONS)
    target.update({"module": module, "class_name": name, "registered_name": pick(rng, [name, "x>y", None])})
    parts[CONFIG] = json.dumps(config).encode()


def edit_weights(rng, parts, other):
    parts[WEIGHTS] = edit_h5(rng, parts[WEIGHTS])


CHANGES: list[Callable] = [
    *(swap, drop, rename, damage_part, edit_config, edit_config, add_setting, enlarge, enlarge_tables),
    *(edit_vocabulary, edit_ngrams, name_code, name_class, edit_weights),
]


def edit_h5(rng, content):
    """Returns an HDF5 file with one of its arrays changed."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "a") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        name = pick(rng, names)
        value, how = file[name][()], rng.integers(9)
        if how == 8:  # the array stays, one of its numbers does not
            file[name][(0,) * value.ndim] = np.asarray(7, value.dtype)
            return _closed(file, buffer)
        del file[name]
        if how == 0:
            file[name] = np.asarray(value) * np.float32(rng.choice([np.nan, np.inf]))
        elif how == 1:
            file[name] = np.zeros((*np.shape(value), 2), "float32")
        elif how == 2:
            file.create_dataset(name, (10**6, 10**5), "float32", chunks=(1000, 1000), compression="gzip")
        elif how == 3:
            file[name] = h5py.SoftLink("/vars")
        elif how == 4:
            file[name] = h5py.ExternalLink("/etc/passwd", "/x")
        elif how == 5:
            file.create_dataset(name, (3,), h5py.string_dtype(), data=["a", "b", "c"])
        elif how == 6:
            file.create_dataset(name, np.shape(value), "float32", external=[("/etc/passwd", 0, 10**6)])
        return _closed(file, buffer)


def _closed(file, buffer):
    file.close()
    return buffer.getvalue()


def seal(rng, content, old):
    """Returns a file of weights with its seal: the old one, none, or most often one that fits."""
    new = b"\nsha256 " + hashlib.sha256(content).hexdigest().encode()
    return content + pick(rng, [old, b"", new, new])


# Archives.


def unpack(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(rng, parts):
    """Returns the bytes of an archive of parts, at times one that Keras would not write."""
    buffer = io.BytesIO()
    how = rng.integers(12)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if how == 0 else zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        if how == 1:
            archive.writestr("assets/bomb", bytes(200 << 20), zipfile.ZIP_DEFLATED)
        elif how == 2:
            link = zipfile.ZipInfo("assets/link")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc/passwd")
    if how == 3:
        return pack_bomb(rng, parts)
    return buffer.getvalue()


def pack_bomb(rng, parts):
    buffer = io.BytesIO()
    bomb = pick(rng, [CONFIG, WEIGHTS, VOCABULARY])
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, (b"[" + b" " * (200 << 20) + b"]") if name == bomb else content)
    return buffer.getvalue()


def forge(parts):
    """Makes the table of contents fit the parts again."""
    digests = {name: hashlib.sha256(part).hexdigest() for name, part in parts.items() if name != CONTENTS}
    parts[CONTENTS] = json.dumps({"version": "0.1.0", "sha256": digests}).encode()


# Values in JSON.


def _places(value):
    """Returns every place of a nested value, as its container and the key there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, item in list(items)[:60]:
        found += [(value, key), *_places(item)]
    return found


def _value(place):
    return place[0][place[1]]


def _edit(rng, whole, place):
    if place is None:
        whole["more"] = 1
        return
    container, key = place
    how = rng.integers(4)
    if how == 0:
        del container[key]
    elif how == 1:
        container[key] = pick(rng, _HUGE)
    else:
        container[key] = copy.deepcopy(pick(rng, _ODD))


def _hostile_object(rng):
    how = rng.integers(6)
    if how == 0:
        layer = keras.layers.Lambda(_run_code)
        return {"module": "keras.layers", "class_name": "Lambda", "config": layer.get_config(), "registered_name": None}
    if how == 1:
        return keras.layers.Lambda(lambda x: __import__("os").system("true") or x).get_config()["function"]
    if how == 2:
        config = {"filepath": "/tmp/none", "call_endpoint": "serve", "name": "x"}
        return {"module": "keras.layers", "class_name": "TFSMLayer", "config": config, "registered_name": None}
    if how == 3:
        config = {"vocabulary": "/etc/passwd", "name": "x"}
        return {"module": "keras.layers", "class_name": "StringLookup", "config": config, "registered_name": None}
    module, name = pick(rng, _FUNCTIONS)
    if how == 4:
        return {"module": module, "class_name": "function", "config": name, "registered_name": name}
    return {"module": module, "class_name": name, "config": {"name": "x", "args": ["true"]}, "registered_name": None}
