"""Log lines of native code, which no setting of Python's turns off."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def leave_out_native_logs() -> Iterator[None]:
    """Keeps the lines that TensorFlow writes past Python out of what the user sees; Python's own messages stay.

    TensorFlow logs to the file descriptor of standard error, some of it before its level of logging can be set. Where
    the user has set `TF_CPP_MIN_LOG_LEVEL`, nothing is left out.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:  # asked for by the user
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # for other processes
    descriptor, stream = os.dup(2), sys.stderr
    with open(os.devnull, "wb") as nowhere, open(descriptor, "w", encoding="utf-8", errors="replace") as error:
        sys.stderr = error if _writes_to(stream, 2) else stream
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr = stream
            os.dup2(descriptor, 2)
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]


def _writes_to(stream, descriptor):
    try:
        return stream.fileno() == descriptor
    except (AttributeError, OSError):  # a stream in memory
        return False
