"""From texts to word ids: tokenisers, the vocabulary, the encoder, files of texts. Knows no Keras."""
