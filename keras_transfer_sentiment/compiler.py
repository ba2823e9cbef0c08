"""Machine code from Python functions, by Numba, and the two things that it lacks: prefetching and SplitMix64.

Prefetching is an instruction of LLVM's that is reached through inner parts of Numba, which may change. Where it cannot
be built, it does nothing, and whatever asks for it gives the same results, later.
"""

from collections.abc import Callable

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

_CACHE_LINE = 64
# Sums may be taken in another order; infinities and NaN keep their meaning.
_FAST_MATH = {"contract", "reassoc", "nsz", "arcp"}


def compiled(function: Callable) -> Callable:
    """Compiles a function by Numba, without the interpreter's lock; keeps the machine code on disk where it can."""
    options = {"nogil": True, "fastmath": _FAST_MATH, "error_model": "numpy"}
    try:
        return numba.njit(**options, cache=True)(function)
    except RuntimeError:  # no folder to write to
        return numba.njit(**options)(function)


def can_compile(function: Callable, *arguments) -> bool:
    """Returns whether a compiled function can be built and called with these arguments."""
    try:
        function(*arguments)
    except Exception:  # whatever another version of Numba or LLVM may raise
        return False
    return True


@intrinsic
def _prefetch(typing_context, array, position):
    def generate(context, builder, signature, values):
        from llvmlite import ir
        from numba.core import cgutils

        kind = signature.args[0]
        view = context.make_array(kind)(context, builder, values[0])
        size = cgutils.unpack_tuple(builder, view.strides, kind.ndim)[0]
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        function_type = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0")
        start = builder.gep(builder.bitcast(view.data, byte), [builder.mul(values[1], size)])
        to_write, near, data = (ir.Constant(number, value) for value in (1, 3, 1))
        with cgutils.for_range_slice(builder, size.type(0), size, size.type(_CACHE_LINE), size.type) as (line, _):
            builder.call(function, [builder.gep(start, [line]), to_write, near, data])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@compiled
def _prefetch_first(array):
    _prefetch(array, 0)


@compiled
def _do_nothing(array, position):
    pass


# `prefetch(array, position)` asks the processor to fetch `array[position]`, a row where there are rows, for later.
prefetches = can_compile(_prefetch_first, np.zeros((1, 1), "float32"))
prefetch = _prefetch if prefetches else _do_nothing


# Random bits, and hashes, by SplitMix64 (Steele, Lea and Flood 2014).

GAMMA = np.uint64(0x9E3779B97F4A7C15)  # what is added to the state from one draw to the next


@compiled
def splitmix64(state):
    """Returns 64 random bits of a 64-bit state; every bit depends on all of the state's."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
