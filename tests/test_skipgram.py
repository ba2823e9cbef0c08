import numpy as np
import pytest
import tensorflow as tf

from keras_transfer_sentiment import EncodedTexts, skipgram

VOCABULARY, DIM, SHARED, NEGATIVES, RATE = 7, 5, 4, 5, 0.2


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(x))


def make_tables(rng):
    words, contexts = rng.normal(scale=0.5, size=(2, VOCABULARY, DIM)).astype("float32")
    squares = np.full((VOCABULARY, 1), skipgram.ACCUMULATOR_START, "float32")
    return skipgram.Tables(*map(tf.Variable, (words, contexts, squares, squares)))


def adagrad(table, squares, gradients):
    """Updates each row that has a gradient (a dict from id to vector) once, in place."""
    for row, gradient in gradients.items():
        squares[row] += np.mean(gradient**2)
        table[row] -= RATE * gradient / np.sqrt(squares[row])


def reference_block(words, contexts, squares, ids, texts, noise_ids):
    """One step of skip-gram with negative sampling, pair by pair: `window=None`, float64 throughout."""
    word_gradients, context_gradients = {}, {}
    loss = pairs = 0.0

    def add(gradients, row, value):
        gradients[row] = gradients.get(row, 0.0) + value

    for row in range(len(ids)):
        for noise_id in noise_ids[row]:
            add(context_gradients, noise_id, np.zeros(DIM))
        for i, centre in enumerate(ids[row]):
            add(word_gradients, centre, np.zeros(DIM))
            add(context_gradients, centre, np.zeros(DIM))
            others = [
                j for j, other in enumerate(ids[row]) if j != i and other and centre and texts[row, j] == texts[row, i]
            ]
            scale = min(1.0, 6.0 / len(others)) if others else 0.0
            for j in others:
                other = ids[row, j]
                score = words[centre] @ contexts[other]
                add(word_gradients, centre, scale * (sigmoid(score) - 1) * contexts[other])
                add(context_gradients, other, scale * (sigmoid(score) - 1) * words[centre])
                loss += scale * softplus(-score)
                pairs += scale
            for noise_id in noise_ids[row]:
                weight = scale * len(others) * NEGATIVES / SHARED * sigmoid(words[centre] @ contexts[noise_id])
                add(word_gradients, centre, weight * contexts[noise_id])
                add(context_gradients, noise_id, weight * words[centre])
    updated = []
    for table, gradients in ((words, word_gradients), (contexts, context_gradients)):
        table, sums = table.copy(), squares.copy()
        adagrad(table, sums, gradients)
        updated.append((table, sums))
    (new_words, word_squares), (new_contexts, context_squares) = updated
    return (new_words, new_contexts, word_squares, context_squares), loss, pairs


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("length", [4, 12])  # the longer row has more than 6 pairs a centre
def test_train_block_matches_a_plain_implementation(rng, length, compiled):
    tables = make_tables(rng)
    ids = rng.integers(1, VOCABULARY, (3, length)).astype("int32")
    ids[2, -2:] = 0
    texts = np.sort(rng.integers(0, 2, (3, length)), axis=1).astype("int32")
    texts[0] = 0
    noise = skipgram.noise_tables(np.array([0, 9, 4, 3, 2, 1, 1]))
    seed = tf.constant([3, 4])
    noise_ids = skipgram.draw_noise(noise, (3, SHARED), seed).numpy()
    before = [np.float64(table) for table in tables]

    loss, pairs = skipgram.train_block(
        tables,
        noise,
        tf.constant(ids),
        tf.constant(texts),
        window=None,
        negative_samples=NEGATIVES,
        shared_negatives=SHARED,
        rate=tf.constant(RATE),
        seed=seed,
        compiled=compiled,
    )

    expected, expected_loss, expected_pairs = reference_block(*before[:3], ids, texts, noise_ids)
    for name, table, value in zip(tables._fields, tables, expected, strict=True):
        np.testing.assert_allclose(table.numpy(), value, rtol=1e-4, atol=1e-6, err_msg=name)
    assert np.abs(tables.words.numpy() - before[0]).max() > 0.01
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    np.testing.assert_allclose(pairs, expected_pairs, rtol=1e-5)


def test_padding_never_moves(rng):
    tables = make_tables(rng)
    before = [table.numpy()[0].copy() for table in tables]
    ids, texts = np.array([[1, 2, 0, 0]], "int32"), np.zeros((1, 4), "int32")
    run_block(tables, ids, texts, window=None)
    for table, row in zip(tables, before, strict=True):
        np.testing.assert_array_equal(table.numpy()[0], row)


def run_block(tables, ids, texts, window, seed=0):
    return skipgram.train_block(
        tables,
        skipgram.noise_tables(np.r_[0, np.ones(VOCABULARY - 1, int)]),
        tf.constant(ids),
        tf.constant(texts),
        window=window,
        negative_samples=NEGATIVES,
        shared_negatives=SHARED,
        rate=tf.constant(RATE),
        seed=tf.constant([1, seed]),
    )


def test_window_of_one_pairs_neighbours_only(rng):
    ids = np.array([[1, 2, 3, 4, 0, 5]], "int32")
    texts = np.array([[0, 0, 0, 1, 1, 1]], "int32")
    _, pairs = run_block(make_tables(rng), ids, texts, window=1)
    assert float(pairs) == 4.0  # 1-2 and 2-3, both ways; 3-4 cross texts, 4-5 are too far apart


def test_window_draws_its_reach_from_one_to_window(rng):
    ids, texts = np.full((1, 64), 1, "int32"), np.zeros((1, 64), "int32")
    means = [float(run_block(make_tables(rng), ids, texts, window=3, seed=seed)[1]) / 64 for seed in range(0, 90, 3)]
    assert min(means) > 2.0
    assert max(means) < 6.0
    assert 3.6 < np.mean(means) < 4.2  # 2 * mean(1, 2, 3), less what the ends of the row lack


def test_words_of_different_texts_have_no_pairs(rng):
    tables = make_tables(rng)
    before = tables.words.numpy()
    loss, pairs = run_block(tables, np.array([[1, 2, 3]], "int32"), np.array([[0, 1, 2]], "int32"), window=None)
    assert float(loss) == float(pairs) == 0.0
    np.testing.assert_array_equal(tables.words.numpy(), before)


# Subsampling and noise.


@pytest.mark.parametrize("subsample", [1e-4, 1e-2])
def test_keep_probability_matches_word2vec(subsample):
    counts = np.array([0, 500_000, 30_000, 3_000, 100, 1])
    keep = skipgram.keep_probability(counts, subsample)
    threshold = max(subsample * counts.sum(), 40.0)
    expected = [min(1.0, np.sqrt(threshold / c) + threshold / c) for c in counts[1:]]
    np.testing.assert_allclose(keep[1:], expected, rtol=1e-6)
    assert keep.dtype == np.float32
    assert keep[1] < 0.2
    assert keep[4] == keep[5] == 1.0


def test_keep_probability_thins_nothing_in_a_few_sentences_or_when_off():
    assert skipgram.keep_probability(np.array([0, 100, 50, 1]), 1e-4).tolist() == [1.0] * 4
    assert skipgram.keep_probability(np.array([0, 10**9, 1]), None).tolist() == [1.0] * 3


@pytest.mark.parametrize("counts", [[1], [7, 7, 7], [1000, 300, 10, 9, 5, 1, 1, 1], list(range(2000, 0, -1))])
def test_noise_tables_hold_exactly_the_distribution(counts):
    threshold, alias = skipgram.noise_tables(np.array([0, *counts]))
    size = len(counts)
    drawn = np.zeros(size)
    np.add.at(drawn, np.arange(size), threshold / size)
    np.add.at(drawn, alias - 1, (1.0 - threshold.astype("float64")) / size)
    weights = np.array(counts) ** 0.75
    np.testing.assert_allclose(drawn, weights / weights.sum(), rtol=1e-4, atol=1e-8)
    assert threshold.min() >= 0.0
    assert threshold.max() <= 1.0
    assert alias.min() >= 1
    assert alias.max() <= size


def test_draw_noise_follows_the_distribution_and_the_seed():
    counts = np.array([0, 81, 16, 1])
    noise = skipgram.noise_tables(counts)
    drawn = skipgram.draw_noise(noise, (200, 500), tf.constant([1, 2])).numpy()
    share = np.bincount(drawn.ravel(), minlength=4) / drawn.size
    np.testing.assert_allclose(share, [0, 27 / 36, 8 / 36, 1 / 36], atol=0.005)
    np.testing.assert_array_equal(drawn, skipgram.draw_noise(noise, (200, 500), tf.constant([1, 2])).numpy())
    assert (drawn != skipgram.draw_noise(noise, (200, 500), tf.constant([1, 5])).numpy()).any()


# Cutting the corpus.


@pytest.mark.parametrize("words", [1.0, 50.0, 5_000.0, 3e6])
@pytest.mark.parametrize("window", [None, 1, 5, 8, 255])
def test_layout_has_room_for_the_corpus(words, window):
    layout = skipgram.plan_layout(words, window)
    assert layout.length * layout.rows * layout.steps >= words + layout.length
    assert layout.length >= (2 if window is None else min(2 * window, 256))
    assert layout.length * layout.rows <= 8192


def test_layout_takes_the_rows_of_the_user():
    assert skipgram.plan_layout(100_000, None, rows=10).rows <= 10
    assert skipgram.plan_layout(100_000, None, rows=10).steps >= 156


def test_passes_hold_every_kept_word_once_a_pass(rng):
    lengths = rng.integers(0, 30, 40)
    ids = rng.integers(1, 50, lengths.sum()).astype("int32")
    corpus = EncodedTexts(ids, np.r_[0, np.cumsum(lengths)], np.zeros(40, "int32"))
    layout = skipgram.plan_layout(len(ids), None)
    chunks_a_pass = -(-layout.steps // skipgram.STEPS_PER_CHUNK)
    stream = skipgram.passes(corpus, np.ones(50, "float32"), layout, seed=1)
    text_of_word = np.repeat(np.arange(40), lengths)
    seen = []
    for _ in range(3):
        chunks = [next(stream) for _ in range(chunks_a_pass)]
        grid, texts = (np.concatenate(parts).reshape(-1, layout.length) for parts in zip(*chunks, strict=True))
        assert grid.dtype == texts.dtype == np.int32
        real = grid > 0
        assert sorted(zip(grid[real], texts[real], strict=True)) == sorted(zip(ids, text_of_word, strict=True))
        seen.append(grid)
    assert (seen[0] != seen[1]).any()


def test_passes_thin_out_frequent_words():
    corpus = EncodedTexts(np.tile(np.int32([1, 2]), 5000), np.array([0, 10_000]), np.zeros(1, "int32"))
    keep = np.float32([1.0, 0.25, 1.0])
    layout = skipgram.plan_layout(float(keep[corpus.ids].sum()), None)
    ids, _ = next(skipgram.passes(corpus, keep, layout, seed=1))
    counts = np.bincount(ids.ravel())
    assert counts[2] == 5000
    assert 1100 < counts[1] < 1400


def test_passes_are_made_by_the_seed():
    corpus = EncodedTexts(np.arange(1, 500, dtype="int32"), np.array([0, 499]), np.zeros(1, "int32"))
    layout = skipgram.plan_layout(499, 5)
    first, again, other = (
        next(skipgram.passes(corpus, np.ones(500, "float32"), layout, seed))[0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
