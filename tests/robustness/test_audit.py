import sys

import pytest

from ..contracts import run_python
from . import audit
from .harness import Report


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are looked up as Linux gives them")
def test_no_socket_no_pickle_no_process_and_nothing_written_elsewhere():
    report = Report(seed=3)
    audit.run(report, [0])
    assert report.violations == [], report.table()
    assert report.outcomes["all calls"] == 1


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("import socket; socket.socket()", "socket.__new__"),
        ("import pickle; pickle.loads(pickle.dumps(print))", "pickle.find_class"),
        ("import os; os.system('true')", "os.system"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("open('elsewhere', 'w')", "open"),
        ("import os; os.mkdir('folder')", "os.mkdir"),
    ],
)
def test_the_watch_sees(code, caught, tmp_path):
    watched = f"""
from tests.robustness.audit import Watch
import sys
watch = Watch([sys.argv[1] + "/given"])
{code}
print(*sorted(watch.caught))
"""
    shown = run_python(
        f"import os, sys; sys.path.insert(0, {str(audit.ROOT)!r}); os.chdir(sys.argv[1])\n{watched}", tmp_path
    )
    assert shown.startswith(caught)
