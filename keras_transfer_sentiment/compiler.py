"""How functions are compiled to machine code."""

from collections.abc import Callable

import numba

# Sums may be taken in another order; infinities and NaN keep their meaning.
_FAST_MATH = {"contract", "reassoc", "nsz", "arcp"}


def compiled(function: Callable) -> Callable:
    """Compiles a function by Numba, without the interpreter's lock; keeps the machine code on disk where it can."""
    options = {"nogil": True, "fastmath": _FAST_MATH, "error_model": "numpy"}
    try:
        return numba.njit(**options, cache=True)(function)
    except RuntimeError:  # no folder to write to
        return numba.njit(**options)(function)
