"""Chinese shop reviews: seed words make a classifier without a single label."""

from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder, TransferSentimentClassifier

UNLABELLED = """
手机很好,屏幕清晰,我很喜欢。
屏幕清晰,手感舒服,非常满意。
质量很好,手感舒服,值得推荐。
物流很快,包装精美,非常满意。
包装精美,颜色漂亮,家人喜欢。
颜色漂亮,质量很好,值得推荐。
手机太差,屏幕模糊,非常失望。
屏幕模糊,经常死机,要求退货。
经常死机,客服态度恶劣,非常失望。
物流太慢,包装破损,要求退货。
包装破损,质量太差,客服不理人。
客服态度恶劣,质量太差,不会再买。
""".strip().splitlines()

SEED_WORDS = {"positive": ["喜欢", "满意", "推荐"], "negative": ["失望", "退货"]}

TEST = ["屏幕清晰,颜色漂亮。", "手感舒服,包装精美。", "经常死机,屏幕模糊。", "客服态度恶劣,物流太慢。"]


def main():
    encoder = TextEncoder("chinese")
    print("Words of the first text:", " ".join(encoder.tokenize(UNLABELLED[0])))
    pretrainer = SkipGramPretrainer(embedding_dim=50, encoder=encoder, seed=0)
    pretrainer.fit(UNLABELLED, verbose=0)

    classifier = TransferSentimentClassifier(pretrainer, seed_words=SEED_WORDS, seed=0)
    classifier.fit(verbose=0)
    for text, probability in zip(TEST, classifier.predict(TEST)[:, 0], strict=True):
        print(f"{probability:.2f}  {text}")


if __name__ == "__main__":
    main()
