import subprocess
import sys


def test_killed_runs_lose_nothing():
    """In a process of its own: it forks, which one that has started TensorFlow must not."""
    command = [sys.executable, "-m", "tests.robustness.kills", "--count", "8"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "violations: 0" in done.stdout
