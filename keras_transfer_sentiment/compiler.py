"""How functions are compiled to machine code."""

from collections.abc import Callable

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
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


@intrinsic
def prefetch(typing_context, array, place):
    """Asks the processor to fetch `array[place]`, a row where there are rows, to be there when it is needed."""

    def generate(context, builder, signature, values):
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


# Random bits, and hashes, by SplitMix64 (Steele, Lea and Flood 2014).

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # what is added to the state from one draw to the next


@compiled
def mixed(state):
    """Returns 64 random bits of a 64-bit state; every bit depends on all of the state's."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
