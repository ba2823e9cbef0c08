"""Pictures of word vectors."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.storage import whole_file
from keras_transfer_sentiment.vectors.arithmetic import scale_to_unit_length


def draw_words(words: Sequence, vectors: np.ndarray, ax: Any = None) -> Any:
    """Draws words as points, in the plane of the first two principal components of their unit vectors.

    Args:
        words: list of words.
        vectors: float32 `(len(words), dim)`.
        ax: `matplotlib.axes.Axes` to draw into; None makes a figure.

    Returns:
        The `matplotlib.axes.Axes`.

    Raises:
        ImportError: matplotlib is not installed.
    """
    if ax is not None and not (hasattr(ax, "scatter") and hasattr(ax, "figure")):
        raise TypeError(
            f"`ax` must be a `matplotlib.axes.Axes` or None. Received {short(ax)} of type {type(ax).__name__}. Pass "
            "one of `pyplot.subplots()`."
        )
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("`plot` needs matplotlib: pip install keras-transfer-sentiment[plot]") from None
    unit = np.float64(scale_to_unit_length(vectors))
    left, scale, _ = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    points = np.pad(left * scale, [(0, 0), (0, 1)])[:, :2]
    points *= np.where(points[np.abs(points).argmax(axis=0), [0, 1]] < 0, -1, 1)  # the sign is free: fix it
    ax = pyplot.subplots(figsize=(9, 7), layout="constrained")[1] if ax is None else ax
    ax.scatter(*points.T, s=12)
    ax.set(xticks=[], yticks=[], xlabel="first principal component", ylabel="second principal component")
    ax.set_aspect("equal", "datalim")
    ax.margins(0.08)
    _place_labels(ax, points, [str(word) for word in words])
    return ax


def write_projector(folder: str | os.PathLike, words: Sequence, vectors: np.ndarray) -> None:
    """Writes the files of TensorBoard's projector.

    Args:
        folder: path, made if it is not there.
        words: list of words.
        vectors: float32 `(len(words), dim)`.
    """
    escapes = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
    config = 'tensor_name: "words" tensor_path: "vectors.tsv" metadata_path: "metadata.tsv"'
    contents = {
        "vectors.tsv": ("\t".join(f"{number:.9g}" for number in row) for row in vectors.tolist()),
        "metadata.tsv": (str(word).translate(escapes) for word in words),
        "projector_config.pbtxt": [f"embeddings {{ {config} }}"],
    }
    os.makedirs(folder, exist_ok=True)
    for name, lines in contents.items():
        path = os.path.join(folder, name)
        with whole_file(path) as part, open(part, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)


def _place_labels(ax, points, labels):
    """Writes each label where it covers least: close round its point, or further off with a line to it."""
    figure = ax.figure.canvas.figure
    figure.draw_without_rendering()  # settles where the points are, in pixels
    pixel, frame = 72 / figure.dpi, ax.get_window_extent().extents
    anchors = ax.transData.transform(points)
    taken = np.concatenate([anchors - 3 / pixel, anchors + 3 / pixel], axis=1)
    turns = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)] * 5)
    rings = np.repeat([0, 8, 18, 30, 45], 8)
    line = {"arrowstyle": "-", "color": "0.7", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 2}
    style = {"fontsize": 8, "ha": "center", "va": "center", "parse_math": False}
    for label, anchor, point in zip(labels, anchors, points, strict=True):
        note = ax.text(0, 0, label, **style)
        half = note.get_window_extent().size / 2 + 1
        note.remove()
        shifts = turns * (half + (3 + rings[:, None]) / pixel)
        boxes = np.concatenate([anchor + shifts - half, anchor + shifts + half], axis=1)
        covered = np.minimum(boxes[:, None, 2:], taken[:, 2:]) - np.maximum(boxes[:, None, :2], taken[:, :2])
        outside = np.maximum(frame[:2] - boxes[:, :2], boxes[:, 2:] - frame[2:]).clip(0).sum(axis=1)
        best = np.argmin(covered.clip(0).prod(axis=2).sum(axis=1) + 99 * outside + 0.5 * rings)
        link = line if rings[best] else None
        ax.annotate(label, point, shifts[best] * pixel, textcoords="offset points", arrowprops=link, **style)
        taken = np.concatenate([taken, boxes[best : best + 1]])
