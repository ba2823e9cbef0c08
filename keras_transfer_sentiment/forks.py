"""Processes forked from one in which TensorFlow had started: there it has no threads and waits for ever.

A fork copies the memory of a process and only the thread that called it. What TensorFlow hands to its threads is then
never done. Word vectors and the vocabulary need none of them.
"""

import os
import sys
import threading


class LostThreadsError(RuntimeError):
    """A call needs threads of TensorFlow's that this process does not have."""


def check_not_forked(caller: str) -> None:
    """Refuses a call that needs TensorFlow where it would never return.

    Args:
        caller: name of the public method or class, for the message.

    Raises:
        LostThreadsError: this process was forked after TensorFlow had started.
    """
    if _state.lost_threads:
        raise LostThreadsError(
            f"`{caller}` needs TensorFlow, and this process was forked after TensorFlow had started: it would never "
            "return. Load the model in each worker, after the fork, and neither make nor load one in their parent; or "
            "start the workers by `multiprocessing.get_context('spawn')`."
        )


class _State:
    lost_threads = False


_state = _State()


def _tensorflow_has_started():
    """Returns whether TensorFlow's threads were made, which is from when on their number cannot be set."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not hasattr(tensorflow, "config"):
        return False
    settings = tensorflow.config.threading
    number = settings.get_inter_op_parallelism_threads()
    try:
        settings.set_inter_op_parallelism_threads(number + 1)
    except RuntimeError:
        return True
    settings.set_inter_op_parallelism_threads(number)
    return False


def _has_only_pythons_threads():
    """Returns whether native code has no thread in this process, as far as the system tells."""
    try:
        return len(os.listdir("/proc/self/task")) <= threading.active_count()
    except OSError:
        return False


def _look_after_fork():
    _state.lost_threads = _state.lost_threads or _tensorflow_has_started()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_look_after_fork)
    # Nothing has looked where this module is imported after the fork. TensorFlow always has native threads.
    _state.lost_threads = _has_only_pythons_threads() and _tensorflow_has_started()
