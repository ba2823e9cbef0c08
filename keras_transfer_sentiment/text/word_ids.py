"""Which word has which id: the vocabulary of an encoder, and the rules by which it is learned."""

from collections.abc import Hashable, Iterable

import numpy as np

from keras_transfer_sentiment.checks import NotFittedError, short
from keras_transfer_sentiment.text.codes import WordCodes, WordCounter
from keras_transfer_sentiment.text.encoded import CodedTexts
from keras_transfer_sentiment.text.phrases import join_pair
from keras_transfer_sentiment.text.tokenizers import normalize_word
from keras_transfer_sentiment.text.tokens import has_hash
from keras_transfer_sentiment.text.vocabulary import (
    Translation,
    Vocabulary,
    VocabularyRules,
    WordCounts,
    build_vocabulary,
)


class WordIds:
    """The part of `TextEncoder` that knows the vocabulary, and nothing of how texts are cut.

    Args:
        rules: `VocabularyRules`.
        lowercase: whether words come in lower case only.
    """

    def __init__(self, rules: VocabularyRules, lowercase: bool):
        self._rules, self.lowercase = rules, lowercase
        self._codes: WordCodes | None = None  # of the vocabulary, made when it is needed
        self.set_vocabulary(Vocabulary())

    @property
    def is_adapted(self) -> bool:
        """Whether there is a vocabulary."""
        return bool(self._vocabulary.words)

    @property
    def vocabulary(self) -> list:
        """list: the word of each id; id 0, padding, is `''`.

        Words that `adapt` learned come first, the most frequent one before the others; then those that each `grow`
        added, likewise. Words are str, unless the texts were lists of tokens of other kinds.
        """
        self._check_adapted()
        return list(self._vocabulary.words)

    @property
    def counts(self) -> np.ndarray:
        """int64 array `(len(vocabulary),)`: how often `adapt` and `grow` saw each word; 0 for padding."""
        self._check_adapted()
        return self._vocabulary.counts.copy()

    @property
    def size(self) -> int:
        """int: the number of ids, of the words of the vocabulary and of padding; 0 before `adapt`."""
        return len(self._vocabulary.words)

    def __contains__(self, word) -> bool:
        return self._find_id(word) > 0

    def _find_id(self, word):
        """Returns the id of a word, 0 for none."""
        if not self.is_adapted:
            return 0
        ids = self._word_codes().ids
        try:
            number = ids.get(word)
        except TypeError:  # without a hash it is no word
            return 0
        if number is None and isinstance(word, str):
            number = ids.get(normalize_word(word))
        return max(number or 0, 0)

    def can_produce(self, word: Hashable) -> bool:
        """Returns whether a word can come out of a text.

        Stop words cannot, nor can words in upper case where texts are lower-cased.
        """
        if isinstance(word, str) and (not word or (self.lowercase and word != word.lower())):
            return False
        return has_hash(word) and word not in self._rules.stop_words

    def word_id(self, word: Hashable) -> int:
        """Returns the id of a word.

        Raises:
            KeyError: the word is not in the vocabulary.
            TypeError: what has no hash, such as a list of words.
        """
        return self.find_word(word, "TextEncoder.word_id", "encoder")

    def find_word(self, word: Hashable, caller: str, owner: str) -> int:
        """Does what `word_id` does, for a caller with a name of its own.

        Args:
            word: the word.
            caller: name of the public method, for the message.
            owner: what the user calls this encoder, for the message.

        Raises:
            KeyError: the word is not in the vocabulary.
            TypeError: what has no hash, such as a list of words.
        """
        self._check_adapted()
        if number := self._find_id(word):
            return number
        if not has_hash(word):
            raise TypeError(
                f"`{caller}` takes one word at a time. Received {short(word)} of type {type(word).__name__}. For many "
                "write `[... for word in words]`."
            )
        if word in self._rules.stop_words:
            raise KeyError(
                f"`{caller}`: {short(word)} is a stop word of this `TextEncoder`, so it has no vector. Take another "
                "word, or pretrain with an encoder of other `stop_words`."
            )
        explained = self._explain_unknown(word) or f"See how a text is cut with `{owner}.tokenize(text)`."
        raise KeyError(f"`{caller}`: {short(word)} is not in the vocabulary of {self.size - 1} words. {explained}")

    def start_counting(self, grow: bool = False, expected: int = 0) -> WordCounter:
        """Returns a counter for the words to learn; where the vocabulary is to grow, its words get the first numbers.

        Args:
            grow: whether the words that are there keep their ids.
            expected: how many texts are to be counted, as far as that is known.
        """
        known = self._vocabulary.words[1:] if grow else []
        return WordCounter(WordCounts(known, np.zeros(len(known), "int64")), expected)

    def learn(self, counts: WordCounts, coded: Iterable[CodedTexts] | None = None, grow: bool = False) -> Translation:
        """Sets the vocabulary by the counts of words: the second half of learning.

        Args:
            counts: the words of the texts.
            coded: the texts, which phrases need, see `build_vocabulary`.
            grow: whether the words that are there keep their ids.

        Returns:
            The `Translation` of the numbers of `counts` into ids.

        Raises:
            ValueError: no word can enter the vocabulary.
        """
        vocabulary, translate = build_vocabulary(counts, self._rules, self._vocabulary if grow else None, coded)
        self.set_vocabulary(vocabulary)
        return translate

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Takes over a `Vocabulary`, in place of the one there may have been."""
        self._vocabulary, self._codes = vocabulary, None
        self._phrases = {pair: join_pair(*pair) for pair in vocabulary.phrases}

    def get_vocabulary(self) -> Vocabulary:
        """Returns the vocabulary as a value, which nothing changes."""
        return self._vocabulary

    def get_vocabulary_state(self) -> dict:
        """Returns the vocabulary: `words` (list), `counts` (list of int) and `phrases` (list of lists of two str)."""
        words, counts, phrases = self._vocabulary.words, self._vocabulary.counts, self._vocabulary.phrases
        return {"words": list(words), "counts": counts.tolist(), "phrases": [list(pair) for pair in phrases]}

    def set_vocabulary_state(self, state: dict) -> None:
        """Takes over the result of `get_vocabulary_state`; see `Vocabulary.from_state`."""
        self.set_vocabulary(Vocabulary.from_state(state))

    def _check_adapted(self):
        if not self.is_adapted:
            raise NotFittedError("This `TextEncoder` has no vocabulary yet: call `adapt(texts)` first.")

    def _word_codes(self):
        if self._codes is None:  # large, and pretraining does not need it
            self._codes = WordCodes(self._vocabulary, self._rules.stop_words)
        return self._codes

    def _explain_unknown(self, word):
        return ""

    @property
    def _joins_words(self):
        return self._rules.phrases is not None or bool(self._phrases)
