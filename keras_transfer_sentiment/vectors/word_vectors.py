"""What a model with word vectors can be asked: near words, pictures and figures."""

import os
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_transfer_sentiment.checks import check_number, naming, short
from keras_transfer_sentiment.vectors.files import decoded, is_number, opened, write_vectors, wrong


class WordVectors:
    """What a model with word vectors can be asked: a mixin for one with `vectors` and `encoder`.

    `vectors` is a float32 array `(vocabulary, dim)` whose row 0 is padding, `encoder` a `TextEncoder`.
    """

    encoder: Any
    _check_vocabulary: Any

    if TYPE_CHECKING:

        @property
        def vectors(self) -> Any: ...  # noqa: D102

    def vector(self, word) -> np.ndarray:
        """Returns the vector of a word, float32 `(dim,)`.

        Raises:
            KeyError: the word is not in the vocabulary.
        """
        self._check_vocabulary("vector")
        return self._rows([word])[0]

    def similarity(self, word, other) -> float:
        """Returns the cosine between the vectors of two words: 1 in the same direction, 0 at a right angle.

        Raises:
            KeyError: a word is not in the vocabulary.

        Examples:
            >>> texts = ["a warm and funny film", "cold and boring", "warm funny moving", "boring cold plot"] * 5
            >>> pretrainer = SkipGramPretrainer(embedding_dim=8, seed=0)
            >>> history = pretrainer.fit(texts, verbose=0)
            >>> pretrainer.similarity("cold", "boring") > pretrainer.similarity("cold", "funny")
            True
        """
        self._check_vocabulary("similarity")
        first, second = _unit(self._rows([word, other]))
        return float(np.clip(first @ second, -1.0, 1.0))

    def most_similar(self, positive, negative=(), top_n: int = 10) -> list[tuple[Any, float]]:
        """Returns the words whose vectors point most nearly the same way.

        Args:
            positive: a word, a vector `(dim,)`, or a list of words and vectors, whose unit vectors are added up. A
                tuple that is itself a word of the vocabulary counts as that word.
            negative: the same, to be taken away.
            top_n: int. How many.

        Returns:
            list of `(word, cosine similarity)`, the most similar first, the words given left out.

        Raises:
            KeyError: a word is not in the vocabulary.
            TypeError: neither a word nor a vector.
            ValueError: nothing at all, or a vector of another length.

        Examples:
            >>> texts = ["a warm and funny film", "cold and boring", "warm funny moving", "boring cold plot"] * 5
            >>> pretrainer = SkipGramPretrainer(embedding_dim=8, seed=0)
            >>> history = pretrainer.fit(texts, verbose=0)
            >>> [word for word, _ in pretrainer.most_similar(["cold", "boring"], negative="warm", top_n=1)]
            ['plot']
        """
        self._check_vocabulary("most_similar")
        top_n = check_number(top_n, "top_n", 1, kind=int)
        items = [(item, 1.0) for item in self._items(positive)] + [(item, -1.0) for item in self._items(negative)]
        if not items:
            raise ValueError("`most_similar` received no word or vector. Pass at least one as `positive`.")
        vectors = _unit(self.vectors)
        query, given = np.zeros(vectors.shape[1], "float32"), {0}
        for item, sign in items:
            if isinstance(item, Hashable):
                if item in self.encoder:
                    given.add(self.encoder.word_id(item))
                query += sign * _unit(self._rows([item])[0])
            elif not hasattr(item, "ndim"):
                raise TypeError(
                    f"`most_similar` expects words and vectors. Received {short(item)} of type {type(item).__name__}. "
                    "Pass one flat list; a vector is a NumPy array of one dimension."
                )
            elif np.shape(item) != query.shape or not np.isfinite(item).all():
                raise ValueError(
                    f"`most_similar` expects vectors of {len(query)} finite numbers. Received {short(item)}. Take one "
                    "from `vector`, or a row of `vectors`."
                )
            else:
                query += sign * _unit(np.float32(item))
        cosine = vectors @ _unit(query)
        cosine[list(given)] = -np.inf
        words = self.encoder.vocabulary
        best = np.argsort(-cosine, kind="stable")[: min(top_n, len(words) - len(given))]
        return [(words[i], float(cosine[i])) for i in best]

    def analogy(self, a, b, c, top_n: int = 1) -> list[tuple[Any, float]]:
        """Answers "`a` is to `b` as `c` is to ...?" by the words nearest to `b - a + c`.

        Args:
            a: word, such as "man".
            b: word, such as "king".
            c: word, such as "woman".
            top_n: int. How many answers.

        Returns:
            list of `(word, cosine similarity)`, the best first; `a`, `b` and `c` are left out.

        Raises:
            KeyError: a word is not in the vocabulary.

        References:
            Mikolov, Yih and Zweig (2013), https://aclanthology.org/N13-1090.
        """
        return self.most_similar(positive=[b, c], negative=[a], top_n=top_n)

    def evaluate_word_pairs(self, path, delimiter: str | None = None) -> dict[str, float]:
        """Compares the cosines of pairs of words with how similar people find them.

        Args:
            path: file with a line `word word score` a pair, such as WordSim-353 or SimLex-999. Lines that begin
                with #, a line of headings and further columns are skipped.
            delimiter: str or None. What is between the columns; None is a tab, else a comma, else white space.

        Returns:
            dict of `spearman` and `pearson`, the correlations; `pairs`, how many pairs they are of; and `missing`,
            how many were left out because a word is not in the vocabulary.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a line without two words and a number, or fewer than two different known pairs.

        References:
            Finkelstein et al. (2002), https://doi.org/10.1145/503104.503110 (WordSim-353). Hill, Reichart and
            Korhonen (2015), https://doi.org/10.1162/COLI_a_00237 (SimLex-999).
        """
        self._check_vocabulary("evaluate_word_pairs")
        pairs = _read_pairs(os.fspath(path), delimiter, self.encoder.lowercase)
        known = [pair for pair in pairs if pair[0] in self.encoder and pair[1] in self.encoder]
        first, second = (_unit(self._rows([pair[i] for pair in known])) for i in (0, 1))
        cosines, scores = np.float64((first * second).sum(axis=1)), np.array([pair[2] for pair in known])
        if not pairs:
            raise ValueError(f"{os.path.basename(path)} holds no pair. Expected a line `word word score` for each.")
        if not known or not (np.ptp(cosines) and np.ptp(scores)):
            raise ValueError(
                f"{os.path.basename(path)}: {len(known)} of {len(pairs)} pairs have both words in the vocabulary; a "
                "correlation needs two or more that differ. Pretrain on more text, or take pairs of its domain."
            )
        spearman = np.corrcoef(_ranks(cosines), _ranks(scores))[0, 1]
        correlations = {"spearman": float(spearman), "pearson": float(np.corrcoef(cosines, scores)[0, 1])}
        return {**correlations, "pairs": len(known), "missing": len(pairs) - len(known)}

    def plot(self, words=None, ax=None):
        """Draws words as points, in the plane of the first two principal components of their unit vectors.

        Args:
            words: list of words; None takes the 50 most frequent.
            ax: `matplotlib.axes.Axes` to draw into; None makes a figure.

        Returns:
            The `matplotlib.axes.Axes`. Save the picture with `ax.figure.savefig("words.png")`.

        Raises:
            ImportError: matplotlib is not installed.
            KeyError: a word is not in the vocabulary.
            ValueError: fewer than two words.
        """
        self._check_vocabulary("plot")
        words = self.encoder.vocabulary[1:51] if words is None else list(dict.fromkeys(self._items(words)))
        if len(words) < 2:
            raise ValueError(f"`plot` needs at least two words. Received {short(words)}. Pass a list of words.")
        unit = np.float64(_unit(self._rows(words)))
        try:
            from matplotlib import pyplot
        except ImportError:
            raise ImportError("`plot` needs matplotlib: pip install keras-transfer-sentiment[plot]") from None
        left, scale, _ = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
        points = np.pad(left * scale, [(0, 0), (0, 1)])[:, :2]
        points *= np.where(points[np.abs(points).argmax(axis=0), [0, 1]] < 0, -1, 1)  # the sign is free: fix it
        ax = pyplot.subplots(figsize=(9, 7), layout="constrained")[1] if ax is None else ax
        ax.scatter(*points.T, s=12)
        ax.set(xticks=[], yticks=[], xlabel="first principal component", ylabel="second principal component")
        ax.set_aspect("equal", "datalim")
        ax.margins(0.08)
        _label(ax, points, [str(word) for word in words])
        return ax

    def save_vectors(self, path, file_format: str = "auto") -> None:
        """Writes the vectors to a file for gensim, or for the tools of word2vec, fastText and GloVe.

        Args:
            path: str or path, as in `vector_files.write_vectors`.
            file_format: `"word2vec"`, `"word2vec-binary"`, `"glove"`, or `"auto"`: `.bin` is binary, `.vec` text.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: a name that does not tell the format, or a word that has white space in it or is no str.

        Examples:
            >>> pretrainer = SkipGramPretrainer(embedding_dim=2, seed=0)
            >>> pretrainer.adapt(["a warm and funny film", "a cold film"])
            >>> path = os.path.join(tempfile.mkdtemp(), "words.vec")
            >>> pretrainer.save_vectors(path)
            >>> with open(path) as file:
            ...     file.readline()
            '4 2\\n'
        """
        self._check_vocabulary("save_vectors")
        words = self.encoder.vocabulary[1:]
        if other := [word for word in words if not isinstance(word, str)]:
            raise ValueError(
                f"Files of word vectors hold str only. The vocabulary has {short(other[0])} of type "
                f"{type(other[0]).__name__}. Map such words to str, and pass them with `vectors[1:]` to "
                "`keras_transfer_sentiment.vectors.files.write_vectors`."
            )
        write_vectors(path, words, self.vectors[1:], file_format)

    def save_projector(self, folder, max_words: int = 10_000) -> None:
        """Writes the files of TensorBoard's projector, for `tensorboard --logdir folder`.

        Args:
            folder: str or path, made if it is not there. Gets `vectors.tsv`, `metadata.tsv` and
                `projector_config.pbtxt`; https://projector.tensorflow.org takes the first two.
            max_words: int. Only the most frequent so many are written.
        """
        self._check_vocabulary("save_projector")
        end = check_number(max_words, "max_words", 1, kind=int) + 1
        escapes = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
        config = 'tensor_name: "words" tensor_path: "vectors.tsv" metadata_path: "metadata.tsv"'
        files = {
            "vectors.tsv": ("\t".join(f"{number:.9g}" for number in row) for row in self.vectors[1:end].tolist()),
            "metadata.tsv": (str(word).translate(escapes) for word in self.encoder.vocabulary[1:end]),
            "projector_config.pbtxt": [f"embeddings {{ {config} }}"],
        }
        os.makedirs(folder, exist_ok=True)
        for name, lines in files.items():
            path = os.path.join(folder, name)
            with naming(path), open(path, "w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines)

    def drift(self, other, top_n: int = 20, align: bool = False, min_count: int = 5) -> list[tuple[Any, float]]:
        """Returns the words whose vectors turned most between an earlier model and this one.

        Args:
            other: the earlier model, with `vectors` and `encoder`, of the same `embedding_dim`.
            top_n: int. How many.
            align: bool. Whether `other` is first rotated to fit the common words best (orthogonal Procrustes).
                Models trained apart need that; one that went on training from `other` does not.
            min_count: int. Words that this model's encoder counted less often are left out: they are mostly noise.

        Returns:
            list of `(word, cosine distance)`, from 0 to 2, the largest first.

        Raises:
            TypeError: `other` has no vectors.
            ValueError: vectors of different lengths (also with `align`), or no common word.

        References:
            Hamilton, Leskovec and Jurafsky (2016), https://aclanthology.org/P16-1141.
        """
        self._check_vocabulary("drift")
        top_n, least = check_number(top_n, "top_n", 1, kind=int), check_number(min_count, "min_count", 0, kind=int)
        if not (hasattr(other, "vectors") and hasattr(other, "encoder")):
            raise TypeError(f"`drift` expects a pretrainer as `other`. Received {short(other)}. Load it first.")
        now, before = self.vectors, other.vectors
        if now.shape[1] != before.shape[1]:
            raise ValueError(
                f"`drift` compares vectors of one length, also with `align=True`. Received {before.shape[1]} in "
                f"`other` and {now.shape[1]} here. Train both with the same `embedding_dim`."
            )
        counted = zip(self.encoder.vocabulary[1:], self.encoder.counts[1:], strict=True)
        words = [word for word, count in counted if count >= least and word in other.encoder]
        if not words:
            raise ValueError(
                f"`drift` found no word that both models know and that occurs {least} times or more here. Lower "
                "`min_count`, or compare models of the same language and domain."
            )
        now = _unit(now[[self.encoder.word_id(word) for word in words]])
        before = _unit(before[[other.encoder.word_id(word) for word in words]])
        if align:
            left, _, right = np.linalg.svd(before.T @ now)
            before = before @ (left @ right)
        distance = np.clip(1.0 - (now * before).sum(axis=1), 0.0, 2.0)
        return [(words[i], float(distance[i])) for i in np.argsort(-distance, kind="stable")[:top_n]]

    def _rows(self, words):
        return self.vectors[np.array([self.encoder.word_id(word) for word in words], int)]

    def _items(self, given):
        """Returns the list of words and vectors that is given, or one of them as a list."""
        if isinstance(given, (str, bytes)) or (
            getattr(given, "ndim", 0) == 1 and np.asarray(given).dtype.kind in "fiu"
        ):
            return [given]
        try:
            is_word = given in self.encoder
        except TypeError:  # not hashable: a list, or a tuple of vectors
            is_word = False
        return [given] if is_word or not isinstance(given, Iterable) else list(given)


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _ranks(values):
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]  # equal values share their mean rank


def _read_pairs(path, delimiter, lowercase):
    """Returns `(word, word, score)` of each line of a file."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No file of word pairs at {short(path)}. Check the path.")
    pairs, headings = [], True
    with opened(path, "rb") as file:
        for number, raw in enumerate(file, 1):
            place = f"{os.path.basename(path)}, line {number}"
            line = decoded(raw, place).strip("\ufeff \r\n\t")
            if not line or line.startswith("#"):
                continue
            mark = delimiter or next((mark for mark in "\t," if mark in line), None)
            fields = [field.strip().strip('"') for field in line.split(mark)]
            if len(fields) > 2 and is_number(fields[2]) and np.isfinite(float(fields[2])):
                first, second = (word.lower() if lowercase else word for word in fields[:2])
                pairs.append((first, second, float(fields[2])))
            elif not headings or len(fields) < 3:
                fix = "Put a tab, a comma or a space between the three, or pass `delimiter`."
                raise wrong(place, f"{short(line)}, expected two words and a number", fix)
            headings = False
    return pairs


def _label(ax, points, labels):
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


def transferred(vectors: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Returns the word vectors as the embedding takes them: centred, and long ones shortened.

    Args:
        vectors: float32 `(vocabulary, dim)`.
        counts: int64 `(vocabulary,)`: how often each word was seen.

    Without the mean vector of running text, what all texts have in common, the differences count. A vector's length
    says how topical its word is rather than how polar; its square root is left.
    """
    table = vectors - (counts / counts.sum()) @ vectors
    table /= np.sqrt(np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12))
    table[0] = 0.0
    return table.astype("float32")
