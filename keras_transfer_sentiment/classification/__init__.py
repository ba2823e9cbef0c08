"""From word vectors and labels to probabilities."""
