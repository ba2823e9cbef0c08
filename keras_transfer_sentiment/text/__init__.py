"""From texts to word ids: tokenisers, the vocabulary, the encoder, files of texts. Needs NumPy alone."""
