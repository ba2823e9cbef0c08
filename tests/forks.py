"""Calls in a forked process."""

import multiprocessing
import queue
import warnings


def in_fork(function, seconds=60):
    """Returns what a function returns in a process forked from this one, or the error that it raises."""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def work():
        try:
            answers.put(function())
        except Exception as error:
            answers.put(error)

    process = context.Process(target=work)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of forks beside threads
        process.start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        raise AssertionError(f"no answer after {seconds} seconds") from None
    finally:
        process.join(1)
        process.kill()
        process.join()
