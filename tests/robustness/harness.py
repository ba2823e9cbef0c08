"""What the scripts of this folder share: their arguments, the table of outcomes, cases that can be run again alone.

A script is a module with a function `run(report, cases)` and, at its end::

    if __name__ == "__main__":
        run_script(__doc__, run, count=1000)

It is started by `python -m tests.robustness.NAME --count 1000 --seed 7`, a single case by `--only 137`.
"""

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

LONGEST_MESSAGE = 400
_PRINTED = 40  # violations


class Report:
    """Counts how cases ended, and keeps what must not happen. It may be used from several threads.

    Attributes:
        seed: int, printed with the table.
        outcomes: how often each outcome came.
        violations: a line for each bound that was broken.
    """

    def __init__(self, seed: int = 0):
        self.seed = seed
        self.outcomes: Counter[str] = Counter()
        self.violations: list[str] = []
        self._lock = threading.Lock()
        self._start = time.monotonic()

    def add(self, outcome: str, case: object = None, problem: str = "") -> None:
        """Counts a case.

        Args:
            outcome: how it ended, in a few words, the same for cases of a kind.
            case: its number or another short name, by which it can be run again.
            problem: the bound that it broke, or `""`.
        """
        with self._lock:
            self.outcomes[outcome] += 1
            if problem:
                self.violations.append(f"case {case} (seed {self.seed}), {outcome}: {problem}"[:1000])

    def table(self) -> str:
        """Returns the table of outcomes, and the violations under it."""
        total = sum(self.outcomes.values())
        lines = [f"seed {self.seed}, {total} cases, {time.monotonic() - self._start:.0f} s"]
        lines += [f"{number:8}  {outcome}" for outcome, number in self.outcomes.most_common()]
        lines += [f"violations: {len(self.violations)}", *self.violations[:_PRINTED]]
        return "\n".join(lines)


def case_rng(seed: int, case: int) -> np.random.Generator:
    """Returns the generator of a case, the same whichever cases ran before it."""
    return np.random.default_rng([seed, case])


def explain_message(error: BaseException, *parts: str) -> str:
    """Returns what is wrong with an error's message, or `""`: it is one line, short, and holds every one of `parts`."""
    message = str(error)
    if len(message) >= LONGEST_MESSAGE:
        return f"a message of {len(message)} characters: {message[:300]!r}"
    if "\n" in message:
        return f"a message of several lines: {message!r}"
    missing = [part for part in parts if part not in message]
    return f"a message without {missing}: {type(error).__name__}: {message!r}" if missing else ""


def run_script(description: str | None, run: Callable[[Report, Sequence[int]], None], count: int) -> None:
    """Runs cases as the command line says, prints their table and leaves with 1 where a bound was broken.

    Args:
        description: the module's docstring.
        run: gets the report, with the seed, and the numbers of the cases.
        count: how many cases there are without `--count`.
    """
    parser = argparse.ArgumentParser(description=(description or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="run this case alone")
    args = parser.parse_args()
    report = Report(args.seed)
    run(report, range(args.count) if args.only is None else [args.only])
    print(report.table(), flush=True)
    sys.exit(1 if report.violations else 0)
