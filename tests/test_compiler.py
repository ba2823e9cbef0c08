import numpy as np
import pytest

from keras_transfer_sentiment.compiler import compiled, prefetch


@compiled
def total(array, places):
    found = array[0] * 0
    for i in range(len(places)):
        prefetch(array, places[min(i + 2, len(places) - 1)])
        found = found + array[places[i]]
    return found


@pytest.mark.parametrize("shape", [(50,), (50, 100), (50, 3, 40)])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_prefetching_changes_nothing(rng, shape, dtype):
    array = rng.integers(0, 5, shape).astype(dtype)
    for own in (array, array[::2], array[::-1], np.asfortranarray(array)):
        before, places = own.copy(), rng.integers(len(own), size=30).astype("int32")
        np.testing.assert_array_equal(total(own, places), own[places].sum(0))
        np.testing.assert_array_equal(own, before)


def test_prefetching_past_the_end_is_harmless():
    assert total(np.arange(3), np.array([2, 2])) == 4

    @compiled
    def beyond(array):
        prefetch(array, 1 << 40)
        prefetch(array, -(1 << 40))
        return array[0]

    assert beyond(np.ones((3, 3))).sum() == 3


def test_functions_compile_without_a_folder_for_the_machine_code(monkeypatch):
    import numba

    real = numba.njit

    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(numba, "njit", njit)
    assert compiled(lambda x: x + 1)(1) == 2
