"""Products of small matrices, compiled for the vectors of this processor.

The matrices of a training step have a few dozen rows. A general library spends half of its time on packing such small
ones, and cannot leave out the blocks that a window does not reach. Here a block of the product is summed up in the
processor's registers, as in the inner kernels of BLIS (Van Zee and van de Geijn 2015), straight from where the matrices
lie. The kernel is written in LLVM's instructions, through inner parts of Numba; where it cannot be built, plain loops
take its place.
"""

import llvmlite.binding
import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from keras_transfer_sentiment.compiler import can_compile, compiled


def choose_block(processor: str, features: str) -> tuple[int, int]:
    """Returns how many floats a vector of a processor has, and the rows of a block, whose sums fill its registers.

    Args:
        processor: LLVM's name for it.
        features: what it can do, as LLVM says it: "+avx,+avx2,-avx512f".
    """
    has = set(features.split(","))
    if "+avx512f" in has and processor != "znver4":  # which computes with half a vector at a time
        return 16, 8
    if "+avx2" in has:
        return 8, 4
    return (4, 8) if "+neon" in has else (4, 4)


def _this_processor():
    """Returns the processor that Numba compiles for, which its variables of the environment may set."""
    processor, features = numba.config.CPU_NAME, numba.config.CPU_FEATURES
    if processor is None and features is None:
        try:
            features = llvmlite.binding.get_host_cpu_features().flatten()
        except RuntimeError:  # LLVM does not know them: nor does Numba
            pass
    return processor or llvmlite.binding.get_host_cpu_name(), features or ""


LANES, ROWS = choose_block(*_this_processor())
LENGTH_MULTIPLE = 32  # of the rows and columns of scores, whatever the processor


def padded_columns(columns: int) -> int:
    """Returns how long the rows of a matrix have to be for `multiply`: whole vectors, two at least."""
    return max(-(-columns // LANES), 2) * LANES


def _add_outer_products(builder, ir, pointers, steps, start, block):
    """Emits a loop of a kernel; returns the sums of the block, row by row.

    `pointers` and `steps` are pairs: where `a` and `b` are at each step, and the first step and the one after the last.
    """
    rows, vectors, lanes = block
    whole, vector = ir.IntType(64), ir.VectorType(ir.FloatType(), lanes)
    (a, a_row, a_step), (b, b_step) = pointers
    nothing = ir.Constant(vector, ir.Undefined)
    first_lane = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    before = builder.block
    head, body, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
    builder.branch(head)
    builder.position_at_end(head)
    step = builder.phi(whole)
    sums = [builder.phi(vector) for _ in start]
    builder.cbranch(builder.icmp_signed("<", step, steps[1]), body, after)
    builder.position_at_end(body)
    b = builder.gep(b, [builder.mul(step, b_step)])
    right = [
        builder.load(builder.bitcast(builder.gep(b, [whole(v * lanes)]), vector.as_pointer()), align=4)
        for v in range(vectors)
    ]
    a = builder.gep(a, [builder.mul(step, a_step)])
    added = []
    for row in range(rows):
        left = builder.load(builder.gep(a, [builder.mul(a_row, whole(row))]))
        left = builder.shuffle_vector(builder.insert_element(nothing, left, ir.IntType(32)(0)), nothing, first_lane)
        for v in range(vectors):
            product = builder.fmul(left, right[v], flags=("contract",))
            added.append(builder.fadd(sums[row * vectors + v], product, flags=("contract",)))
    for phi, initial, later in zip(
        (step, *sums), (steps[0], *start), (builder.add(step, whole(1)), *added), strict=True
    ):
        phi.add_incoming(initial, before)
        phi.add_incoming(later, body)
    builder.branch(head)
    builder.position_at_end(after)
    return sums


def _kernel(rows: int, vectors: int, lanes: int):
    """Returns an intrinsic that computes a block, `rows` times `vectors * lanes`, of a product; see `multiply`."""

    @intrinsic
    def kernel(typing_context, a, a_at, a_row, a_step, b, b_at, b_step, steps, skip, more, c, c_at, c_row):
        def generate(context, builder, signature, values):
            from llvmlite import ir

            def pointer(argument):
                view = context.make_array(signature.args[argument])(context, builder, values[argument])
                return builder.gep(view.data, [values[argument + 1]])

            vector, whole = ir.VectorType(ir.FloatType(), lanes), ir.IntType(64)
            pointers = (pointer(0), values[2], values[3]), (pointer(4), values[6])
            steps, skip, more = values[7:10]
            sums = [ir.Constant(vector, [0.0] * lanes)] * (rows * vectors)
            sums = _add_outer_products(builder, ir, pointers, (whole(0), steps), sums, (rows, vectors, lanes))
            first = builder.add(steps, skip)
            last = builder.add(first, more)
            sums = _add_outer_products(builder, ir, pointers, (first, last), sums, (rows, vectors, lanes))
            target = pointer(10)
            for i, value in enumerate(sums):
                at = builder.add(builder.mul(values[12], whole(i // vectors)), whole(i % vectors * lanes))
                builder.store(value, builder.bitcast(builder.gep(target, [at]), vector.as_pointer()), align=4)
            return context.get_dummy_value()

        n = types.intp
        return types.void(a, n, n, n, b, n, n, n, n, n, c, n, n), generate

    return kernel


_two_vectors, _three_vectors = _kernel(ROWS, 2, LANES), _kernel(ROWS, 3, LANES)


@compiled
def multiply_by_vectors(a, a_at, a_row, a_step, b, b_at, b_step, steps, skip, more, c, c_at, c_row, vectors):
    """Does what `multiply` does for 2 or 3 vectors of columns."""
    if vectors == 2:
        _two_vectors(a, a_at, a_row, a_step, b, b_at, b_step, steps, skip, more, c, c_at, c_row)
    else:
        _three_vectors(a, a_at, a_row, a_step, b, b_at, b_step, steps, skip, more, c, c_at, c_row)


@compiled
def multiply_by_loops(a, a_at, a_row, a_step, b, b_at, b_step, steps, skip, more, c, c_at, c_row, vectors):
    """Does the same where the kernels cannot be built."""
    columns = vectors * LANES
    for row in range(ROWS):
        sums = c[c_at + row * c_row : c_at + row * c_row + columns]
        sums[:] = np.float32(0)
        for i in range(steps + more):
            step = i if i < steps else i + skip
            left = a[a_at + row * a_row + step * a_step]
            right = b[b_at + step * b_step : b_at + step * b_step + columns]
            for column in range(columns):
                sums[column] += left * right[column]


def _can_build_kernels() -> bool:
    room = np.zeros(ROWS * 3 * LANES, "float32")
    return can_compile(multiply_by_vectors, room, 0, 0, 0, room, 0, 0, 1, 0, 1, room, 0, 3 * LANES, 3)


uses_vectors = _can_build_kernels()
_multiply_some = multiply_by_vectors if uses_vectors else multiply_by_loops


@compiled
def multiply(a, a_at, a_row, a_step, b, b_at, b_step, steps, skip, more, c, c_at, c_row, columns):
    """Sets `ROWS` rows of `c` to rows of a product of two matrices: `c[row, :] = sum(a[row, step] * b[step, :])`.

    Args:
        a, b, c: float32 arrays of one dimension that hold the matrices.
        a_at, b_at, c_at: where each matrix starts.
        a_row, a_step, b_step, c_row: what leads from a row, or a step, to the next.
        steps: number of the first steps, over which the sum goes.
        skip, more: how many steps it leaves out after them, and how many of the following it takes.
        columns: a multiple of `LANES`, twice that or more.
    """
    done = 0
    while done < columns:
        left = (columns - done) // LANES
        vectors = 2 if left in (2, 4) else 3
        _multiply_some(
            a, a_at, a_row, a_step, b, b_at + done, b_step, steps, skip, more, c, c_at + done, c_row, vectors
        )
        done += vectors * LANES
