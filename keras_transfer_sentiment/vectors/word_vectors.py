"""Word vectors as a value: the vocabulary with the settings it was learned by, and a vector for each word."""

import functools
import os
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from keras_transfer_sentiment.checks import check_count, check_flag, check_path, short
from keras_transfer_sentiment.text.encoded import EncodedTexts, check_ids
from keras_transfer_sentiment.text.encoder import TextEncoder, check_encoder
from keras_transfer_sentiment.text.tokens import check_words
from keras_transfer_sentiment.vectors import evaluation, files, native_file, plotting
from keras_transfer_sentiment.vectors.arithmetic import mean_vectors, scale_to_unit_length
from keras_transfer_sentiment.vectors.subwords import CharNgrams, NearestWords
from keras_transfer_sentiment.vectors.word_mapping import WordMapping, check_matrix, read_rows

_ZIPF_WORDS = 1_000_000  # count of the most frequent word, where counts are not known


class WordVectors(WordMapping):
    """Word vectors with their vocabulary: what a pretrainer makes and a classifier takes.

    It is a value: nothing changes it. It reads like a dict from words to vectors (`vectors["film"]`, `"film" in
    vectors`, `len(vectors)`, iteration over the words, the most frequent first), and it needs NumPy alone, neither
    Keras nor TensorFlow.

    With `char_ngrams`, a word outside the vocabulary has a vector too, the mean of those of its character n-grams:
    `vectors["borring"]` works, while `"borring" in vectors` stays False.

    Args:
        encoder: `TextEncoder` with a vocabulary. It is copied.
        matrix: float array `(encoder.size, embedding_dim)`: the vector of each id. Row 0 belongs to padding and is 0.
        char_ngrams: `CharNgrams` or None. The vectors of character n-grams.

    Attributes:
        encoder: `TextEncoder`. How texts become words. Change nothing in it: copy it with `encoder.copy()`.
        matrix: float32 array `(encoder.size, embedding_dim)`, read-only.
        char_ngrams: `CharNgrams` or None.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a matrix of another shape than the vocabulary's, with values that are not finite, or with a vector
            for padding.

    Examples:
        >>> vectors = WordVectors.from_words(["film", "good", "fine"], [[0.0, 1.0], [3.0, 4.0], [3.0, 3.0]])
        >>> vectors["good"].tolist(), "bad" in vectors, len(vectors), list(vectors)
        ([3.0, 4.0], False, 3, ['film', 'good', 'fine'])
        >>> vectors.transform(["A good film.", "unseen"]).tolist()
        [[1.5, 2.5], [0.0, 0.0]]
        >>> vectors.most_similar("good", top_n=1)[0][0]
        'fine'
    """

    def __init__(self, encoder: TextEncoder, matrix: np.ndarray, char_ngrams: CharNgrams | None = None):
        size = len(check_encoder(encoder).vocabulary)  # an error if there is none
        matrix = check_matrix(matrix, size)
        if char_ngrams is not None and not isinstance(char_ngrams, CharNgrams):
            raise TypeError(
                f"`char_ngrams` must be `CharNgrams` or None. Received {short(char_ngrams)} of type "
                f"{type(char_ngrams).__name__}. Take those of other word vectors: `vectors.char_ngrams`."
            )
        if char_ngrams is not None and np.shape(char_ngrams.table)[1:] != matrix.shape[1:]:
            raise ValueError(
                f"`char_ngrams` must have vectors of the length of the words', {matrix.shape[1]}. Received a table of "
                f"shape {np.shape(char_ngrams.table)}. Take both from one model."
            )
        super().__init__(encoder.copy(), matrix, char_ngrams)

    @classmethod
    def from_words(
        cls,
        words: Sequence[Hashable],
        matrix: np.ndarray,
        counts: Sequence[int] | None = None,
        encoder: TextEncoder | None = None,
    ) -> "WordVectors":
        """Returns word vectors from words and an array, such as those of another library.

        Words that the encoder never gives, stop words and words in upper case, are left out.

        Args:
            words: words, all different, the most frequent first.
            matrix: float array `(len(words), embedding_dim)`.
            counts: ints `(len(words),)` or None. How often each word was seen, which says how much it weighs in the
                mean vector of running text. None takes counts that fall as one over the place of a word (Zipf's law).
            encoder: `TextEncoder` without vocabulary, or None. How texts become words; None is the default one.

        Raises:
            ValueError: an encoder that has a vocabulary or joins phrases, lengths that differ, a word that comes
                twice, or no word that the encoder could give.
        """
        encoder = TextEncoder() if encoder is None else check_encoder(encoder).copy()
        if encoder.is_adapted:
            raise ValueError(
                f"`WordVectors` take the vocabulary from the words. Received an `encoder` that has one of "
                f"{encoder.size - 1} words. Pass a new `TextEncoder` with the same settings."
            )
        if encoder.phrases:
            raise ValueError("A list of word vectors does not say which words are phrases. Leave out `phrases`.")
        words = check_words(words, "words")
        table = read_rows(matrix, len(words), "WordVectors.from_words")
        seen = None if counts is None else _read_counts(counts, len(words))
        if len(set(words)) < len(words):
            raise ValueError(f"{len(words) - len(set(words))} of the words are repeated. Pass each word once.")
        usable = [i for i, word in enumerate(words) if encoder.can_produce(word)]
        if not usable:
            raise ValueError(
                f"None of the {len(words)} words can come out of a text by this `encoder`: {short(words)}. Look at its "
                "`lowercase` and `stop_words`, or pass another one."
            )
        kept = np.maximum(1, _ZIPF_WORDS // np.arange(1, len(usable) + 1)) if seen is None else seen[usable]
        encoder.set_vocabulary_state({"words": ["", *(words[i] for i in usable)], "counts": [0, *kept.tolist()]})
        rows = np.zeros((len(usable) + 1, table.shape[1]), "float32")
        with np.errstate(over="ignore"):  # what is too large for a float32 is refused
            rows[1:] = table[usable]
        rows.flags.writeable = False  # so that it need not be copied
        return cls(encoder, rows)

    # Files.

    @classmethod
    def load(
        cls,
        path: str | os.PathLike,
        *,
        file_format: str = "auto",
        encoder: TextEncoder | None = None,
        max_words: int | None = None,
        memory_map: bool = False,
    ) -> "WordVectors":
        """Returns the word vectors of a file: of `save`, word2vec, GloVe or fastText (`.vec`).

        The format is told by the content. `save` keeps everything. The other formats hold words and numbers alone:
        see `from_words` for the counts and the words that are left out.

        Args:
            path: path of the file; those of others may end in `.gz` or `.xz`.
            file_format: `"auto"`, `"safetensors"` (that of `save`), `"word2vec"` (and fastText's `.vec`),
                `"word2vec-binary"` or `"glove"`.
            encoder: `TextEncoder` without vocabulary, or None. How texts become words; None takes that of the file,
                or the default one where the file has none.
            max_words: int or None. At most this many words are read, the first and most frequent ones.
            memory_map: bool. Whether the numbers stay in the file, to be read when they are used. For `save`'s format
                only; the file must not change as long as the vectors are in use, and their digest is not compared.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is broken, or of another format.

        Examples:
            >>> path = os.path.join(tempfile.mkdtemp(), "tiny.vec")
            >>> with open(path, "w") as file:
            ...     _ = file.write("3 2\\nwarm 0.5 1\\ncold -0.5 1\\nfunny 0.5 0.75\\n")
            >>> WordVectors.load(path).most_similar("warm", top_n=1)[0][0]
            'funny'
        """
        encoder = encoder if encoder is None else check_encoder(encoder)
        if files.tell_format(path, file_format) != "safetensors":
            return cls.from_words(*files.read_vectors(path, file_format, max_words), encoder=encoder)
        limit = max_words if max_words is None else check_count(max_words, "max_words")
        content = native_file.read(path, check_flag(memory_map, "memory_map"))
        return cls(*content.first(limit).with_encoder(encoder, path))

    def save(self, path: str | os.PathLike, file_format: str = "auto") -> None:
        """Writes the vectors to a file. A write that fails leaves the file that was there before.

        Args:
            path: path of the file. `.safetensors` is this library's format: one file with the settings of the encoder,
                the vocabulary, counts, phrases and n-grams, without pickle. `.vec` and `.txt` (word2vec's text) and
                `.bin` (its binary format) are for gensim and other tools, and hold words and numbers alone; `.gz` or
                `.xz` after them compresses.
            file_format: `"auto"`, which goes by the name; `"safetensors"`, `"word2vec"`, `"word2vec-binary"` or
                `"glove"`.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: a name that does not tell the format, or, for the formats of others, a word that has white
                space in it or is no str.
            TypeError: words that the format cannot hold, or, for `.safetensors`, a `tokenizer` of your own.

        Examples:
            >>> vectors = WordVectors.from_words(["film", "good"], [[0.0, 1.0], [3.0, 4.0]])
            >>> path = os.path.join(tempfile.mkdtemp(), "words.safetensors")
            >>> vectors.save(path)
            >>> WordVectors.load(path) == vectors
            True
        """
        if files.format_of_name(path, file_format) == "safetensors":
            native_file.write(path, self.encoder, self.matrix, self.char_ngrams)
            return
        words = self.encoder.vocabulary[1:]
        if other := [word for word in words if not isinstance(word, str)]:
            raise ValueError(
                f"Files of word vectors hold str only. The vocabulary has {short(other[0])} of type "
                f"{type(other[0]).__name__}. Save as `.safetensors`, or map such words to str."
            )
        files.write_vectors(path, words, self.matrix[1:], file_format)

    def __eq__(self, other: object) -> bool:
        """Tells whether words, counts, settings, vectors and n-grams are the same."""
        if not isinstance(other, WordVectors):
            return NotImplemented
        mine, others = (
            (vectors.encoder.get_config(), vectors.encoder.get_vocabulary_state()) for vectors in (self, other)
        )
        return mine == others and np.array_equal(self.matrix, other.matrix) and (self.char_ngrams == other.char_ngrams)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        ngrams = "" if self.char_ngrams is None else f", char_ngrams={self.char_ngrams.lengths}"
        return f"WordVectors({len(self):,} words, embedding_dim={self.embedding_dim}{ngrams})"

    # Texts.

    @functools.cached_property
    def nearest_words(self) -> NearestWords | None:
        """`NearestWords` or None: finds the known word most like an unknown one; None without `char_ngrams`."""
        return None if self.char_ngrams is None else NearestWords(self.matrix, self.char_ngrams)

    def encode(self, texts: Sequence) -> EncodedTexts:
        """Returns texts as word ids; with `char_ngrams`, unknown words count as the known word most like them.

        Args:
            texts: batch of str or of lists of tokens: list, tuple, 1D NumPy array, Series.

        Raises:
            TypeError: not a batch of texts.
        """
        return self._encode(texts, "encode")

    def transform(self, texts: Sequence) -> np.ndarray:
        """Returns the mean word vector of each text, float32 `(len(texts), embedding_dim)`.

        A text without a known word has the zero vector.

        Args:
            texts: batch of str or of lists of tokens, or `EncodedTexts` of this vocabulary.

        Raises:
            TypeError: not a batch of texts.
        """
        if isinstance(texts, EncodedTexts):
            encoded = check_ids(texts, self.encoder.size, "WordVectors.transform")
        else:
            encoded = self._encode(texts, "transform")
        return mean_vectors(self.matrix, encoded)

    def _encode(self, texts, caller):
        checked = self.encoder.check(texts, f"WordVectors.{caller}", "texts", allow_empty=True)
        return self.encoder.encode_checked(checked, self.nearest_words)

    # Figures and pictures.

    def evaluate_word_pairs(self, path: str | os.PathLike, delimiter: str | None = None) -> dict[str, float]:
        """Compares the cosines of pairs of words with how similar people find them.

        Args:
            path: file with a line `word word score` for each pair, such as WordSim-353 or SimLex-999. Lines that
                begin with #, a line of headings and further columns are skipped.
            delimiter: str or None. The mark between the columns; None is a tab, else a comma, else white space.

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
        pairs = evaluation.read_word_pairs(path, delimiter, self.encoder.lowercase)
        known = [pair for pair in pairs if pair[0] in self.encoder and pair[1] in self.encoder]
        first, second = (
            scale_to_unit_length(self._rows([pair[i] for pair in known], "WordVectors.evaluate_word_pairs"))
            for i in (0, 1)
        )
        cosines = (first * second).sum(axis=1).astype("float64")
        return evaluation.correlate(cosines, np.array([pair[2] for pair in known]), len(pairs), path)

    def drift(
        self, other: "WordVectors", top_n: int = 20, align: bool = False, min_count: int = 5
    ) -> list[tuple[Any, float]]:
        """Returns the words whose vectors turned most between earlier vectors and these.

        Args:
            other: the earlier `WordVectors`, of the same `embedding_dim`.
            top_n: int. How many.
            align: bool. Whether `other` is first rotated to fit the common words best (orthogonal Procrustes).
                Vectors trained apart need that; those that were trained on from `other` do not.
            min_count: int. Words that were counted less often here are left out: they are mostly noise.

        Returns:
            list of `(word, cosine distance)`, from 0 to 2, the largest first.

        Raises:
            TypeError: `other` is not `WordVectors`.
            ValueError: vectors of different lengths (also with `align`), or no common word.

        References:
            Hamilton, Leskovec and Jurafsky (2016), https://aclanthology.org/P16-1141.
        """
        align = check_flag(align, "align")
        top_n, least = check_count(top_n, "top_n"), check_count(min_count, "min_count", 0)
        if not isinstance(other, WordVectors):
            raise TypeError(
                f"`drift` expects `WordVectors` as `other`. Received {short(other)} of type {type(other).__name__}. "
                "Pass the `word_vectors` of a pretrainer."
            )
        if other.embedding_dim != self.embedding_dim:
            raise ValueError(
                f"`drift` compares vectors of one length, also with `align=True`. Received {other.embedding_dim} in "
                f"`other` and {self.embedding_dim} here. Train both with the same `embedding_dim`."
            )
        counted = zip(self, self.counts[1:], strict=True)
        words = [word for word, count in counted if count >= least and word in other]
        if not words:
            raise ValueError(
                f"`drift` found no word that is in both vocabularies and occurs {least} times or more here. Lower "
                "`min_count`, or compare vectors of the same language and domain."
            )
        now, before = (vectors.matrix[[vectors.encoder.word_id(word) for word in words]] for vectors in (self, other))
        distance = evaluation.cosine_distances(now, before, align)
        return [(words[i], float(distance[i])) for i in np.argsort(-distance, kind="stable")[:top_n]]

    def plot(self, words: Any = None, ax: Any = None) -> Any:
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
        if words is not None:
            words = [words] if isinstance(words, str) else check_words(words, "words")
        words = self.vocabulary[1:51] if words is None else list(dict.fromkeys(words))
        if len(words) < 2:
            raise ValueError(f"`plot` needs at least two words. Received {short(words)}. Pass a list of words.")
        return plotting.draw_words(words, self._rows(words, "WordVectors.plot"), ax)

    def save_projector(self, folder: str | os.PathLike, max_words: int = 10_000) -> None:
        """Writes the files of TensorBoard's projector, for `tensorboard --logdir folder`.

        Args:
            folder: path, made if it is not there. Gets `vectors.tsv`, `metadata.tsv` and `projector_config.pbtxt`;
                https://projector.tensorflow.org takes the first two.
            max_words: int. At most this many words are written, the most frequent ones.

        Raises:
            ValueError: `max_words` below 1.
            OSError: the folder cannot be written to.
        """
        end = check_count(max_words, "max_words") + 1
        folder = check_path(folder, "folder", "logs")
        plotting.write_projector(folder, self.vocabulary[1:end], self.matrix[1:end])


def _read_counts(counts, size):
    """Returns how often words were seen, an int64 array `(size,)`, checked."""
    try:
        found = np.asarray(counts)
    except ValueError:
        found = np.empty(0, object)
    if found.shape != (size,) or found.dtype.kind not in "iu" or (found < 0).any() or not found.any():
        raise ValueError(
            f"`counts` must be ints of 0 or more, one for each of {size} words, and not all 0. Received "
            f"{short(counts)}. Pass None where they are not known."
        )
    return found.astype("int64")
