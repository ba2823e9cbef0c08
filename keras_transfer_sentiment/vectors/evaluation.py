"""How good word vectors are, and how they changed, in figures."""

import os

import numpy as np

from keras_transfer_sentiment.checks import check_path, short
from keras_transfer_sentiment.vectors.arithmetic import scale_to_unit_length
from keras_transfer_sentiment.vectors.streams import (
    damage_named,
    decode_utf8,
    file_error,
    is_number,
    numbered_lines,
    open_decompressed,
)


def read_word_pairs(path: str | os.PathLike, delimiter: str | None, lowercase: bool) -> list[tuple[str, str, float]]:
    """Returns `(word, word, score)` of each line of a file.

    Args:
        path: the file, see `WordVectors.evaluate_word_pairs`.
        delimiter: the mark between the columns; None is a tab, else a comma, else white space.
        lowercase: whether words are lower-cased.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line without two words and a number, or no line at all.
    """
    path = check_path(path, "path", "pairs.tsv")
    if delimiter is not None and (not isinstance(delimiter, str) or not delimiter):
        raise TypeError(
            f"`delimiter` must be a str or None. Received {short(delimiter)} of type {type(delimiter).__name__}. Pass "
            "the mark between the columns, such as `delimiter=';'`."
        )
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No file of word pairs at {short(path)}. Check the path.")
    pairs, headings = [], True
    name = os.path.basename(path)
    with damage_named(name), open_decompressed(path) as file:
        for number, raw in numbered_lines(file, name):
            position = f"{name}, line {number}"
            line = decode_utf8(raw, position).strip("\ufeff \r\n\t")
            if not line or line.startswith("#"):
                continue
            mark = delimiter or next((mark for mark in "\t," if mark in line), None)
            fields = [field.strip().strip('"') for field in line.split(mark)]
            if len(fields) > 2 and is_number(fields[2]) and np.isfinite(float(fields[2])):
                first, second = (word.lower() if lowercase else word for word in fields[:2])
                pairs.append((first, second, float(fields[2])))
            elif not headings or len(fields) < 3:
                fix = "Put a tab, a comma or a space between the three, or pass `delimiter`."
                raise file_error(position, f"{short(line)}, expected two words and a number", fix)
            headings = False
    if not pairs:
        raise ValueError(f"{name} holds no pair. Expected a line `word word score` for each.")
    return pairs


def correlate(cosines: np.ndarray, scores: np.ndarray, total: int, path: str | os.PathLike) -> dict[str, float]:
    """Returns the correlations of cosines with scores, as `WordVectors.evaluate_word_pairs` does.

    Args:
        cosines: float array `(pairs,)`, of the pairs whose words are both known.
        scores: float array `(pairs,)`.
        total: int. Number of all pairs.
        path: of the file of pairs, for messages.

    Raises:
        ValueError: fewer than two pairs that differ.
    """
    from scipy import stats  # heavy, and needed here alone

    if not len(cosines) or not (np.ptp(cosines) and np.ptp(scores)):
        raise ValueError(
            f"{os.path.basename(path)}: {len(cosines)} of {total} pairs have both words in the vocabulary; a "
            "correlation needs two or more that differ. Pretrain on more text, or take pairs of its domain."
        )
    spearman, pearson = stats.spearmanr(cosines, scores), stats.pearsonr(cosines, scores)
    correlations = {"spearman": float(spearman.statistic), "pearson": float(pearson.statistic)}
    return {**correlations, "pairs": len(cosines), "missing": total - len(cosines)}


def cosine_distances(now: np.ndarray, before: np.ndarray, align: bool) -> np.ndarray:
    """Returns one minus the cosine between the rows of two arrays, float `(rows,)`, from 0 to 2.

    Args:
        now: float array `(rows, dim)`.
        before: float array `(rows, dim)`.
        align: whether `before` is first rotated to fit `now` best.
    """
    now, before = scale_to_unit_length(now), scale_to_unit_length(before)
    if align:
        from scipy import linalg

        before = before @ linalg.orthogonal_procrustes(before, now)[0]
    return np.clip(1.0 - (now * before).sum(axis=1), 0.0, 2.0)
