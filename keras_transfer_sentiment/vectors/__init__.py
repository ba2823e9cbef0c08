"""Word vectors with their vocabulary, as a value that trainers make and classifiers take."""
