"""Restaurant reviews: word vectors from 14 texts without labels, then sentiment from 4 labels."""

from keras_transfer_sentiment import SkipGramPretrainer, TransferSentimentClassifier

UNLABELLED = """
A lovely evening with a fresh and delicious soup.
Delicious, tasty and fresh, such a lovely place.
The friendly waiter brought tasty, delicious cake.
Happy children, friendly people, lovely music.
Fresh, tasty, and the owner was friendly and happy.
We were happy: a lovely view and delicious wine.
A friendly smile, a tasty lunch, happy guests.
A greasy plate with burnt and stale fish.
Stale, bland and greasy, such a dirty place.
The rude waiter brought bland, stale bread.
Angry guests, rude people, dirty tables.
Burnt, bland, and the cook was rude and angry.
We were angry: a dirty fork and greasy chips.
A rude answer, a burnt pizza, angry guests.
""".strip().splitlines()

TEXTS, LABELS = ["Delicious!", "Friendly.", "Rude.", "So bland."], [1, 1, 0, 0]

# No word of these is in a labelled text.
TEST = ["Tasty and fresh.", "A lovely place, happy people.", "Burnt and stale.", "Dirty tables, greasy chips."]


def main():
    pretrainer = SkipGramPretrainer(embedding_dim=50, seed=0)
    pretrainer.fit(UNLABELLED, verbose=0)
    classifier = TransferSentimentClassifier(pretrainer, seed_words=None, seed=0)
    classifier.fit(TEXTS, LABELS, verbose=0)
    print("Probability of positive, learned from:", ", ".join(TEXTS))
    for text, probability in zip(TEST, classifier.predict(TEST)[:, 0], strict=True):
        print(f"{probability:.2f}  {text}")


if __name__ == "__main__":
    main()
