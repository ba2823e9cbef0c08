"""Counters that several threads of compiled code share: they hand out work, and let the threads wait for each other.

A step of training takes a millisecond or two, and its threads meet twice. Where Python brings them together, a tenth
of that time is lost; here they look at a number in memory until it is what they wait for.

The instructions are LLVM's, through inner parts of Numba. Where they cannot be built, `can_share` is false, and only
one thread may use a counter.
"""

import os

import numpy as np
from numba import types
from numba.extending import intrinsic

from keras_transfer_sentiment.compiler import can_compile, compiled

LINE = 8  # counters, of which one is used: two threads that write to the same line of a cache slow each other down
_FAR = np.int64(1) << 40  # more than there can be of anything
_LOOKS = 2000  # before the processor is offered to other threads: some microseconds


def make_counters(*shape: int) -> np.ndarray:
    """Returns counters, 0: int64 `(*shape, LINE)`."""
    return np.zeros((*shape, LINE), "int64")


def give_up(counters: np.ndarray) -> None:
    """Ends all waiting: no work is left, and every thread has arrived."""
    counters[:] = _FAR


@intrinsic
def _add(typing_context, array, amount):
    def generate(context, builder, signature, values):
        view = context.make_array(signature.args[0])(context, builder, values[0])
        return builder.atomic_rmw("add", view.data, values[1], "seq_cst")

    return types.int64(array, types.int64), generate


@intrinsic
def _read(typing_context, array):
    def generate(context, builder, signature, values):
        view = context.make_array(signature.args[0])(context, builder, values[0])
        return builder.load_atomic(view.data, "acquire", 8)

    return types.int64(array), generate


@intrinsic
def _offer_processor(typing_context):
    def generate(context, builder, signature, values):
        from llvmlite import ir
        from numba.core import cgutils

        if os.name == "posix":
            function_type = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, function_type, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), generate


@compiled
def _wait(counter, threads):
    _add(counter, 1)
    looks = 0
    while _read(counter) < threads:
        looks += 1
        if looks > _LOOKS:
            _offer_processor()


@compiled
def _add_alone(counter, amount):
    counter[0] += amount
    return counter[0] - amount


@compiled
def _do_not_wait(counter, threads):
    pass


can_share = can_compile(_wait, make_counters(), 1)
_add_some, _wait_for_all = (_add, _wait) if can_share else (_add_alone, _do_not_wait)


@compiled
def take(counter, amount):
    """Returns the first of the next `amount` things, which no other thread gets; they may be more than there are."""
    return _add_some(counter, amount)


@compiled
def wait_for_all(counter, threads):
    """Returns when this has been called by every thread."""
    _wait_for_all(counter, threads)
