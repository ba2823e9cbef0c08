"""Learning word vectors from unlabelled text."""
