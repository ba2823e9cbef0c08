"""A head of your own: an LSTM reads the words in their order. It is saved and loaded again."""

import os
import tempfile
import warnings

import keras

from keras_transfer_sentiment import SentimentHead, SkipGramPretrainer, TransferSentimentClassifier, load_model

# Keras saves its variables in a way that NumPy 2 deprecates.
warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)

NAMES = ["film", "story", "plot", "music"]
GOOD = ["good", "warm", "funny"]
BAD = ["bad", "cold", "boring"]


@keras.saving.register_keras_serializable("examples")
class LSTMHead(SentimentHead):
    """An LSTM over the word vectors, then the probability."""

    learning_rate = 0.01

    def __init__(self, units=16, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.lstm = keras.layers.LSTM(units)
        self.probability = keras.layers.Dense(1, activation="sigmoid")

    def call(self, vectors, mask=None, training=None):
        return self.probability(self.lstm(vectors, mask=mask, training=training))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def sentences(names):
    """Returns texts and labels in which "not" turns the word after it: an average cannot tell them apart."""
    pairs = [(good, bad) for good in GOOD for bad in BAD]
    texts, labels = [], []
    for name in names:
        for good, bad in pairs:
            texts += [f"The {name} was {good}, not {bad}.", f"The {name} was {bad}, not {good}."]
            labels += [1, 0]
    return texts, labels


def main():
    keras.utils.set_random_seed(0)
    texts, labels = sentences(NAMES[:3])
    test_texts, test_labels = sentences(NAMES[3:])
    pretrainer = SkipGramPretrainer(embedding_dim=32)
    pretrainer.fit(texts + test_texts, verbose=0)

    average = TransferSentimentClassifier(pretrainer, seed_words=None)
    average.fit(texts, labels, verbose=0)
    classifier = TransferSentimentClassifier(pretrainer, head=LSTMHead(units=16), seed_words=None)
    classifier.fit(texts, labels, epochs=30, verbose=0)
    for name, model in (("average", average), ("LSTM", classifier)):
        accuracy = model.evaluate(test_texts, test_labels, verbose=0, return_dict=True)["accuracy"]
        print(f"{name:8} accuracy {accuracy:.2f}")

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "lstm.keras")
        classifier.save(path)
        loaded = load_model(path)
    same = (loaded.predict(test_texts) == classifier.predict(test_texts)).all()
    print(f"loaded:  {type(loaded.head).__name__} of {loaded.head.units} units, same predictions: {same}")


if __name__ == "__main__":
    main()
