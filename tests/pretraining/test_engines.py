"""The training step of both engines: TensorFlow's runs on the processor too."""

import numpy as np
import pytest
import tensorflow as tf

from keras_transfer_sentiment.pretraining import engine, kernels, preparation, skipgram, tensorflow_engine
from keras_transfer_sentiment.pretraining.blocks import BlockLayout
from keras_transfer_sentiment.pretraining.numba_engine import NumbaEngine
from keras_transfer_sentiment.pretraining.tables import ACCUMULATOR_START, Tables
from keras_transfer_sentiment.pretraining.tensorflow_engine import TensorFlowEngine
from keras_transfer_sentiment.vectors.subwords import NgramRows

from ..contracts import run_python

VOCABULARY, DIM, SHARED, NEGATIVES, RATE, BUCKETS = 7, 5, 4, 5, 0.2, 6
ALWAYS_WORD_3 = np.array([0, 0, 0, 9, 0, 0, 0])  # counts that leave no choice of noise


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(x))


def make_tables(rng, ngrams=False):
    words, contexts = rng.normal(scale=0.5, size=(2, VOCABULARY, DIM)).astype("float32")
    words[0] = contexts[0] = 0.0
    squares = np.full((VOCABULARY, 1), ACCUMULATOR_START, "float32")
    more = ()
    if ngrams:
        more = (rng.normal(scale=0.5, size=(BUCKETS, DIM)).astype("float32"), np.full((BUCKETS, 1), 0.1, "float32"))
    return Tables(words, contexts, squares, squares.copy(), *more)


def reference_gradients(words, contexts, ids, texts, window=None):
    """Gradients of skip-gram with negative sampling, pair by pair, in float64."""
    word_gradients, context_gradients = {}, {}
    loss = pairs = 0.0

    def add(gradients, row, value):
        gradients[row] = gradients.get(row, 0.0) + value

    for row in range(len(ids)):
        add(context_gradients, 3, np.zeros(DIM))
        for i, centre in enumerate(ids[row]):
            if not centre:
                continue
            add(word_gradients, centre, np.zeros(DIM))
            add(context_gradients, centre, np.zeros(DIM))
            weights = {
                j: 1.0 if window is None else expected_weight(abs(i - j), window)
                for j, other in enumerate(ids[row])
                if j != i and other and texts[row, j] == texts[row, i] and (window is None or abs(i - j) <= window)
            }
            near = sum(weights.values())
            scale = min(1.0, 6.0 / near) if near and window is None else 1.0
            for j, weight in weights.items():
                other = ids[row, j]
                score = words[centre] @ contexts[other]
                add(word_gradients, centre, scale * weight * (sigmoid(score) - 1) * contexts[other])
                add(context_gradients, other, scale * weight * (sigmoid(score) - 1) * words[centre])
                loss += scale * weight * softplus(-score)
            pairs += scale * near
            push = scale * near * NEGATIVES * sigmoid(words[centre] @ contexts[3])
            add(word_gradients, centre, push * contexts[3])
            add(context_gradients, 3, push * words[centre])
    return word_gradients, context_gradients, loss, pairs


def expected_weight(distance, window):
    return np.sqrt(window + 1 - distance) / np.mean(np.sqrt(np.arange(1, window + 1)))


def adagrad(table, squares, gradients):
    """Updates each row that has a gradient (a dict from id to vector) once, in place."""
    for row, gradient in gradients.items():
        squares[row] += np.mean(gradient**2)
        table[row] -= RATE * gradient / squares[row] ** 0.25


def make_engine(name, tables, shape, window=None, counts=ALWAYS_WORD_3, **options):
    objective = skipgram.Objective(window, NEGATIVES, SHARED, skipgram.noise_tables(counts, window))
    if name == "tensorflow":
        return TensorFlowEngine(tables, objective)
    return NumbaEngine(tables, objective, *shape, **options)


def train(name, tables, ids, texts, window=None, step=0, **options):
    ids, texts = np.int32(ids)[None], np.int32(texts)[None]
    made = make_engine(name, tables, ids.shape[1:], window, **options)
    result = made.train(ids, texts, np.float32([RATE]), 1, step)
    made.write_back()
    made.close()
    return result


def make_block(rng, length):
    ids = rng.integers(1, VOCABULARY, (3, length)).astype("int32")
    ids[2, -2:] = 0
    texts = np.sort(rng.integers(0, 2, (3, length)), axis=1).astype("int32")
    texts[0] = 0
    return ids, texts


both_engines = pytest.mark.parametrize("name", ["numba", "tensorflow"])


@both_engines
@pytest.mark.parametrize("window", [None, 1, 5, 20])
@pytest.mark.parametrize("length", [4, 12])  # the longer row has more than 6 pairs a centre
def test_step_matches_a_plain_implementation(rng, name, length, window):
    tables = make_tables(rng)
    ids, texts = make_block(rng, length)
    words, contexts, squares = (np.float64(table) for table in tables[:3])

    loss, pairs = train(name, tables, ids, texts, window)

    *gradients, expected_loss, expected_pairs = reference_gradients(words, contexts, ids, texts, window)
    expected = [words.copy(), contexts.copy(), squares.copy(), squares.copy()]
    adagrad(expected[0], expected[2], gradients[0])
    adagrad(expected[1], expected[3], gradients[1])
    for field, table, value in zip(tables._fields, tables, expected, strict=False):
        np.testing.assert_allclose(table, value, rtol=1e-4, atol=1e-6, err_msg=field)
    assert np.abs(tables.words - words).max() > 0.01
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    np.testing.assert_allclose(pairs, expected_pairs, rtol=1e-5)


def test_step_with_ngrams_matches_a_plain_implementation(rng):
    tables = make_tables(rng, ngrams=True)
    ids, texts = make_block(rng, 12)
    own = [[], [0, 1], [1, 2, 2], [], [5], [0, 3, 4], [2, 5]]
    of_words = NgramRows(np.cumsum([0, *map(len, own)]), np.int32([row for rows in own for row in rows]))
    words, contexts, squares, _, ngrams, ngram_squares = (np.float64(table) for table in tables)

    loss, _ = train("numba", tables, ids, texts, ngram_rows=of_words)

    vectors = np.array([(words[w] + ngrams[own[w]].sum(0)) / (1 + len(own[w])) for w in range(VOCABULARY)])
    whole, context_gradients, expected_loss, _ = reference_gradients(vectors, contexts, ids, texts)
    word_gradients = {word: gradient / (1 + len(own[word])) for word, gradient in whole.items()}
    ngram_gradients = {}
    for word, gradient in word_gradients.items():
        for row in own[word]:
            ngram_gradients[row] = ngram_gradients.get(row, 0.0) + gradient
    expected = [words, contexts, squares.copy(), squares.copy(), ngrams, ngram_squares]
    adagrad(expected[0], expected[2], word_gradients)
    adagrad(expected[1], expected[3], context_gradients)
    adagrad(expected[4], expected[5], ngram_gradients)
    for field, table, value in zip(tables._fields, tables, expected, strict=True):
        np.testing.assert_allclose(table, value, rtol=1e-4, atol=1e-6, err_msg=field)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)


@both_engines
def test_padding_never_moves(rng, name):
    tables = make_tables(rng)
    before = [table[0].copy() for table in tables[:4]]
    train(name, tables, [[1, 2, 0, 0]], np.zeros((1, 4)))
    for table, row in zip(tables[:4], before, strict=True):
        np.testing.assert_array_equal(table[0], row)


@both_engines
def test_window_of_one_pairs_neighbours_only(rng, name):
    _, pairs = train(name, make_tables(rng), [[1, 2, 3, 4, 0, 5]], [[0, 0, 0, 1, 1, 1]], window=1)
    assert pairs == 4.0  # 1-2 and 2-3, both ways; 3-4 cross texts, 4-5 are too far apart


@pytest.mark.parametrize(("window", "length"), [(1, 32), (5, 32), (20, 128), (50, 32), (None, 64)])
def test_pairs_weigh_less_the_further_apart_they_are(window, length):
    weights = skipgram.pair_weights(window, length)
    assert weights.dtype == np.float32
    assert weights[0] == 0.0
    if window is None:
        assert weights.tolist() == [0.0] + [1.0] * (length - 1)
        return
    expected = [expected_weight(distance, window) for distance in range(1, window + 1)]
    np.testing.assert_allclose(weights[1:], expected[: length - 1], rtol=1e-6)
    assert (np.diff(weights[1:]) < 0).all()


@both_engines
def test_words_of_different_texts_have_no_pairs(rng, name):
    tables = make_tables(rng)
    before = tables.words
    assert train(name, tables, [[1, 2, 3]], [[0, 1, 2]]) == (0.0, 0.0)
    np.testing.assert_array_equal(tables.words, before)


# What is particular to one engine.


def test_any_number_of_threads_gives_the_same_bits(rng):
    ids = rng.integers(1, VOCABULARY, (3, 40, 32)).astype("int32")
    texts = np.broadcast_to(np.arange(40, dtype="int32")[:, None] // 3, ids.shape)
    start = make_tables(rng)
    results = []
    for threads in (1, 2, 3, 5):
        tables = Tables(*(table.copy() for table in start[:4]))
        made = make_engine("numba", tables, (40, 32), window=5, counts=np.r_[0, np.ones(6, int)], threads=threads)
        assert made.threads == threads
        sums = made.train(ids, texts, np.float32([0.2, 0.1, 0.05]), 1, 0)
        made.close()
        results.append((sums, [table.tobytes() for table in tables[:4]]))
    assert all(result == results[0] for result in results)


def test_tensorflow_changes_the_tables_when_it_writes_back(rng):
    tables = make_tables(rng)
    before = tables.words.copy()
    ids, texts = make_block(rng, 4)
    made = make_engine("tensorflow", tables, ids.shape)
    made.train(ids[None], texts[None], np.float32([RATE]), 1, 0)
    np.testing.assert_array_equal(tables.words, before)
    made.write_back()
    assert (tables.words != before).any()


@pytest.mark.parametrize(
    ("gpus", "ngrams", "kind"), [(1, False, TensorFlowEngine), (1, True, NumbaEngine), (0, False, NumbaEngine)]
)
def test_tensorflow_trains_where_it_sees_a_gpu(rng, monkeypatch, gpus, ngrams, kind):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["gpu"] * gpus)
    of_words = NgramRows(np.zeros(VOCABULARY + 1, "int64"), np.zeros(0, "int32")) if ngrams else None
    objective = skipgram.Objective(None, NEGATIVES, SHARED, skipgram.noise_tables(ALWAYS_WORD_3, None))
    made = engine.make_engine(make_tables(rng, ngrams), objective, BlockLayout(32, 2, 1), of_words)
    assert type(made) is kind
    made.close()


def test_sigmoid_is_exact_to_single_precision():
    x = np.linspace(-30, 30, 5001).astype("float32")
    got = np.array([kernels.sigmoid(value) for value in x])
    np.testing.assert_allclose(got, sigmoid(x.astype("float64")), atol=3e-7)


def test_log_is_exact_to_single_precision():
    x = np.r_[np.geomspace(1.2e-38, 1e38, 5001), np.linspace(0.5, 1.5, 5001)].astype("float32")
    got = np.array([kernels.log(value) for value in x])
    np.testing.assert_allclose(got, np.log(x.astype("float64")), rtol=2e-7, atol=1e-7)


def drawn_by_numba(counts, step):
    shape = (1, 200, 500)
    columns = np.empty(shape, "int32")
    ids = np.zeros((1, 200, 1), "int32")
    groups = [preparation.empty_groups(1, 200), preparation.empty_groups(1, 200 * 500)]
    draw = (*skipgram.noise_tables(counts, None), np.uint64(1), np.uint64(step), 499)
    preparation.prepare_steps(0, 1, ids, columns, draw, np.full(len(counts), -1, "int32"), *groups)
    return columns[..., 1:]


def drawn_by_tensorflow(counts, step):
    return tensorflow_engine.draw_noise(skipgram.noise_tables(counts, None), (200, 500), tf.constant([1, step])).numpy()


@pytest.mark.parametrize("draw", [drawn_by_numba, drawn_by_tensorflow])
def test_noise_follows_the_distribution_and_the_seed(draw):
    counts = np.array([0, 81, 16, 1])
    drawn = draw(counts, 2)
    share = np.bincount(drawn.ravel(), minlength=4) / drawn.size
    np.testing.assert_allclose(share, [0, 27 / 36, 8 / 36, 1 / 36], atol=0.005)
    np.testing.assert_array_equal(drawn, draw(counts, 2))
    assert (drawn != draw(counts, 5)).any()


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
@pytest.mark.parametrize(("window", "power"), [(None, 0.75), (5, 0.5)])
def test_noise_tables_hold_exactly_the_distribution(counts, window, power):
    threshold, alias = skipgram.noise_tables(np.array([0, *counts]), window)
    size = len(counts)
    drawn = np.zeros(size)
    np.add.at(drawn, np.arange(size), threshold / size)
    np.add.at(drawn, alias - 1, (1.0 - threshold.astype("float64")) / size)
    weights = np.array(counts) ** power
    np.testing.assert_allclose(drawn, weights / weights.sum(), rtol=1e-4, atol=1e-8)
    assert threshold.min() >= 0.0
    assert threshold.max() <= 1.0
    assert alias.min() >= 1
    assert alias.max() <= size


def test_the_numba_engine_needs_no_tensorflow():
    run_python(
        "import sys\n"
        "from keras_transfer_sentiment.pretraining import numba_engine\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
