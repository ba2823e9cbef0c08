import os
import sys
import time

import numpy as np
import pytest

from .harness import Report, case_rng, explain_message, run_script
from .workers import run_cases

HERE = "tests.robustness.test_harness:prepare"


def prepare():
    """Returns what the workers of the test below do with a case."""
    do = {
        "fine": lambda: None,
        "hang": lambda: time.sleep(60),
        "die": lambda: os._exit(3),
        "memory": lambda: np.ones(30 << 20, "uint8"),
        "system": lambda: os.system("true"),
        "exec": lambda: exec("x = 1"),
        "fail": lambda: {}["absent"],
    }

    def compute(case):
        do[case]()
        return "ends", ""

    return compute


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux gives it")
def test_workers_see_what_must_not_happen():
    report = Report(seed=5)
    cases = ["fine", "hang", "die", "memory", "system", "exec", "fail", "fine"]
    run_cases(report, HERE, cases, workers=1, seconds=1, gigabytes=20 / 1024)
    assert report.outcomes == {"ends": 5, "hangs": 1, "died": 1, "the script's own KeyError": 1}
    expected = {
        "hang": "no answer within 1 s",
        "die": "exit code 3",
        "memory": "0.03 GiB taken",
        "system": "os.system",
        "exec": "exec (<code object",
        "fail": "absent",
    }
    assert len(report.violations) == len(expected)
    for case, part in expected.items():
        (line,) = [line for line in report.violations if line.startswith(f"case {case} (seed 5), ")]
        assert part in line


def test_the_table_has_outcomes_and_violations():
    report = Report(seed=3)
    for case in range(3):
        report.add("loads", case)
    report.add("ValueError", 3, "a message of 500 characters")
    lines = report.table().splitlines()
    assert lines[0].startswith("seed 3, 4 cases")
    assert lines[1:] == [
        "       3  loads",
        "       1  ValueError",
        "violations: 1",
        "case 3 (seed 3), ValueError: a message of 500 characters",
    ]


@pytest.mark.parametrize(
    ("arguments", "cases", "code"),
    [(["--count", "3", "--seed", "2"], [0, 1, 2], 0), (["--only", "7"], [7], 1), ([], [0], 0)],
)
def test_scripts_take_count_seed_and_case(monkeypatch, capsys, arguments, cases, code):
    seen = []

    def run(report, numbers):
        seen.extend(numbers)
        report.add("done", 7, "broken" if 7 in numbers else "")

    monkeypatch.setattr(sys, "argv", ["script", *arguments])
    with pytest.raises(SystemExit, match=str(code)):
        run_script("A script.", run, count=1)
    assert seen == cases
    assert f"seed {2 if '--seed' in arguments else 0}, 1 cases" in capsys.readouterr().out


def test_a_case_is_the_same_whichever_ran_before():
    assert case_rng(1, 5).integers(1 << 30) == case_rng(1, 5).integers(1 << 30) != case_rng(1, 6).integers(1 << 30)


def test_messages_are_one_short_line_with_their_parts():
    assert explain_message(ValueError("'a' is damaged"), "damaged") == ""
    assert explain_message(ValueError("x" * 400)).startswith("a message of 400 characters")
    assert explain_message(ValueError("a\nb")) == "a message of several lines: 'a\\nb'"
    assert explain_message(ValueError("it"), "'m.keras'") == "a message without [\"'m.keras'\"]: ValueError: 'it'"
