import numpy as np
import pytest

from keras_transfer_sentiment.pretraining import products
from keras_transfer_sentiment.pretraining.products import LANES, ROWS, choose_block, padded_columns

from ..contracts import run_python


@pytest.mark.parametrize(
    ("processor", "features", "block"),
    [
        ("znver3", "+avx,+avx2,+fma,-avx512f", (8, 4)),
        ("znver4", "+avx2,+avx512f", (8, 4)),
        ("znver5", "+avx2,+avx512f", (16, 8)),
        ("apple-m1", "+neon", (4, 8)),
        ("generic", "", (4, 4)),
    ],
)
def test_a_block_fills_the_registers_of_the_processor(processor, features, block):
    assert choose_block(processor, features) == block


@pytest.mark.parametrize("columns", [1, 16, 99, 100, 200, 201])
def test_padded_columns_are_whole_vectors(columns):
    padded = padded_columns(columns)
    assert padded % LANES == 0
    assert columns <= padded < max(columns + LANES, 2 * LANES + 1)


def check(product, shape, steps, skip, more, transposed, rng):
    """Compares a product of `ROWS` rows with NumPy's; `a` and `b` begin at some place of theirs."""
    left = rng.normal(size=(ROWS + 1, steps + skip + more)).astype("float32")
    right = rng.normal(size=(steps + skip + more + 2, shape)).astype("float32")
    found = np.full((ROWS + 2, shape), 7.0, "float32")
    stored = np.ascontiguousarray(left.T) if transposed else left
    row, step = (1, len(left)) if transposed else (left.shape[1], 1)
    start = 2 * shape
    product(stored.ravel(), row, row, step, right.ravel(), start, shape, steps, skip, more, found.ravel(), shape, shape)
    some = np.r_[:steps, steps + skip : steps + skip + more]
    np.testing.assert_allclose(found[1:-1], left[1:, some] @ right[2:][some], rtol=1e-4, atol=1e-5)
    assert (found[[0, -1]] == 7.0).all()


@pytest.mark.parametrize("vectors", [2, 3, 4, 5, 6, 7, 13])
@pytest.mark.parametrize(("steps", "skip", "more"), [(1, 0, 0), (14, 0, 0), (9, 18, 32), (0, 3, 5)])
@pytest.mark.parametrize("transposed", [False, True])
def test_products_match_numpy(rng, vectors, steps, skip, more, transposed):
    def product(*arguments):
        products.multiply(*arguments, vectors * LANES)

    check(product, vectors * LANES, steps, skip, more, transposed, rng)


@pytest.mark.parametrize("product", [products.multiply_by_vectors, products.multiply_by_loops])
@pytest.mark.parametrize("vectors", [2, 3])
def test_both_ways_to_multiply_match_numpy(rng, product, vectors):
    check(lambda *arguments: product(*arguments, vectors), vectors * LANES, 9, 18, 32, True, rng)


TRAIN = """
import hashlib
import numba.extending
real, broken = numba.extending.intrinsic, BROKEN

def intrinsic(function):
    if function.__name__ != broken:
        return real(function)

    @real
    def failing(typing_context, *arguments):
        raise RuntimeError("another LLVM")

    return failing

numba.extending.intrinsic = intrinsic
import numpy as np
from keras_transfer_sentiment import compiler
from keras_transfer_sentiment.pretraining import products, skipgram
from keras_transfer_sentiment.pretraining.numba_engine import NumbaEngine
from keras_transfer_sentiment.pretraining.tables import create_tables
tables = create_tables(500, 20, None, [1])
objective = skipgram.Objective(5, 5, 32, skipgram.noise_tables(np.r_[0, np.ones(499, int)], 5))
engine = NumbaEngine(tables, objective, 8, 32, threads=1)
ids = np.random.default_rng(0).integers(0, 500, (3, 8, 32)).astype("int32")
engine.train(ids, np.zeros_like(ids), np.full(3, 0.1, "float32"), 1, 0)
print(compiler.prefetches, products.uses_vectors, hashlib.sha256(tables.words.tobytes()).hexdigest())
print(np.abs(tables.words).sum())
"""


def trained(broken, folder):
    """Returns what a training prints where an intrinsic of this name cannot be built."""
    printed = run_python(TRAIN.replace("BROKEN", repr(broken)), NUMBA_CACHE_DIR=str(folder))
    prefetches, uses_vectors, digest, total = printed.split()
    return prefetches == "True", uses_vectors == "True", digest, float(total)


def test_training_goes_on_where_numba_has_changed_inside(tmp_path):
    whole, without_prefetch, without_kernel = (
        trained(broken, tmp_path / str(broken)) for broken in (None, "_prefetch", "kernel")
    )
    assert whole[:2] == (True, True)
    assert without_prefetch == (False, *whole[1:])
    assert without_kernel[:2] == (True, False)
    np.testing.assert_allclose(without_kernel[3], whole[3], rtol=1e-4)
