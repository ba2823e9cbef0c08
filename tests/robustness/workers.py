"""Runs cases in worker processes with bounds on time and memory, and sees what code they start.

`run_cases(report, "tests.robustness.NAME:prepare", cases)` starts workers that call `prepare(**settings)` once. It
returns a function from a case to `(outcome, problem)`, see `Report.add`, which each worker calls for many cases.
"""

import importlib
import json
import os
import queue
import resource
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from tests.robustness.harness import Report

ROOT = Path(__file__).parents[2]
_GIB = 2**30
_START_SECONDS = 300
# Audit events of Python that start code or open a way out; see docs.python.org/3/library/audit_events.html.
_FORBIDDEN = {
    *("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system", "pty.spawn"),
    *("subprocess.Popen", "pickle.find_class", "ctypes.dlopen", "webbrowser.open"),
}
_ALLOWED_TO_IMPORTS = {"exec", "marshal.loads", "marshal.load", "code.__new__"}


class Guard:
    """Notes audit events that must not happen, while it is armed; a process has one."""

    def __init__(self):
        self.caught: list[str] = []
        self.armed = False
        sys.addaudithook(self._note)

    def _note(self, event, args):
        if not self.armed:
            return
        is_forbidden = event in _FORBIDDEN or event.startswith("socket.") or (event == "open" and _is_outside(*args))
        if is_forbidden or (event in _ALLOWED_TO_IMPORTS and not _is_in_import()):
            self.caught.append(f"{event} {args!r}"[:200])


def _is_outside(path, mode, flags):
    """Returns whether a file is opened to be written in another place than the temporary folder."""
    writes = isinstance(path, str) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    return writes and path != os.devnull and not os.path.realpath(path).startswith(os.path.realpath(gettempdir()))


def _is_in_import():
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


class _Worker:
    """A process that computes one case at a time."""

    def __init__(self, target, settings, gigabytes):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        command = [sys.executable, "-m", "tests.robustness.workers", target, json.dumps(settings), str(gigabytes)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        if self._read(_START_SECONDS) != "ready":
            self.stop()
            raise RuntimeError(f"the worker of {target} did not start; try {' '.join(command)!r}")

    def compute(self, case, seconds) -> dict[str, Any] | None:
        """Returns what the worker says of a case; None where it does not answer in time, or has died."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(case).encode() + b"\n")
        self._process.stdin.flush()
        return self._read(seconds)

    def _read(self, seconds):
        output = self._process.stdout
        assert output is not None
        end, line = time.monotonic() + seconds, b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([output], [], [], max(end - time.monotonic(), 0))
            part = os.read(output.fileno(), 1 << 16) if ready else b""
            if not part:
                return None
            line += part
        return json.loads(line)

    def stop(self) -> str:
        """Ends the process; returns how it had ended by itself, or `""`."""
        try:
            code = self._process.wait(0.2)  # it may be about to end
        except subprocess.TimeoutExpired:
            code = None
        self._process.kill()
        self._process.communicate()
        return "" if code is None else f"exit code {code}"


def run_cases(
    report: Report,
    target: str,
    cases: Iterable,
    settings: dict | None = None,
    *,
    workers: int = 2,
    seconds: float = 30,
    gigabytes: float = 1.0,
) -> None:
    """Runs cases in workers and counts their outcomes.

    Args:
        report: gets the outcomes.
        target: `"module:function"`; see the head of this module.
        cases: values that JSON has.
        settings: keyword arguments of the function, values that JSON has.
        workers: number of processes.
        seconds: the time that a case may take.
        gigabytes: the memory that a case may take beside what the process had before.
    """
    waiting: queue.SimpleQueue = queue.SimpleQueue()
    for case in cases:
        waiting.put(case)

    def serve():
        worker = None
        while True:
            try:
                case = waiting.get_nowait()
            except queue.Empty:
                break
            if worker is None:
                worker = _Worker(target, settings or {}, gigabytes)
            answer = worker.compute(case, seconds)
            if answer is None:
                ended = worker.stop()
                worker = None
                report.add("died" if ended else "hangs", case, ended or f"no answer within {seconds} s")
            else:
                report.add(answer["outcome"], case, answer["problem"])
        if worker is not None:
            worker.stop()

    failures = []

    def serve_and_tell():
        try:
            serve()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=serve_and_tell) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _memory(field):
    """Returns the bytes in use (`VmRSS`), the most since `_forget_peak` (`VmHWM`), or those asked for (`VmData`)."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(f"{field}:")) * 1024


def _forget_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def _serve(target, settings, gigabytes):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever is printed is no answer
    module, _, name = target.partition(":")
    compute = getattr(importlib.import_module(module), name)(**settings)
    guard = Guard()
    limit = int(gigabytes * _GIB)
    # A little more than the bound, so that what is above it is seen as such and yet the machine stays whole.
    resource.setrlimit(resource.RLIMIT_DATA, (_memory("VmData") + 2 * limit, resource.RLIM_INFINITY))
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        case = json.loads(line)
        _forget_peak()
        before = _memory("VmRSS")
        guard.caught, guard.armed = [], True
        try:
            outcome, problem = compute(case)
        except Exception as error:
            outcome, problem = f"the script's own {type(error).__name__}", str(error)
        guard.armed = False
        if guard.caught:
            problem = f"code was run: {guard.caught[:3]}; {problem}"
        taken = _memory("VmHWM") - before
        if taken > limit:
            problem = f"{taken / _GIB:.2f} GiB taken; {problem}"
        print(json.dumps({"outcome": outcome, "problem": problem}), file=answers, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3]))
