import json
import os
import subprocess
import sys

import pytest

from keras_transfer_sentiment import cli, demo


def run(capsys, *arguments):
    """Returns the exit status, standard output and standard error of one call."""
    try:
        status = cli.main([str(argument) for argument in arguments])
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def test_demo_as_json_with_a_plot(tmp_path):
    picture = tmp_path / "demo.png"
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-m", "keras_transfer_sentiment.cli", "demo", "--seeds", "1", "--json"]
    done = subprocess.run([*command, "--plot", picture], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0
    assert done.stderr.strip() == ""  # no line of TensorFlow's log either
    summary = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert summary["seeds"] == 1
    assert summary["transfer"] == 1.0
    assert 0.0 <= summary["scratch"] <= 1.0
    assert {comment["label"] for comment in summary["comments"]} == {0, 1}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_demo_as_text(capsys, monkeypatch, demo_result, tmp_path):
    asked = []

    def run_demo(seeds, on_seed):
        asked.append(seeds)
        for scratch, transfer in zip(demo_result.scratch, demo_result.transfer, strict=True):
            on_seed(scratch, transfer)
        return demo_result

    monkeypatch.setattr(demo, "run", run_demo)
    status, out, _ = run(capsys, "demo", "--seeds", "2", "--plot", tmp_path / "words.svg")
    assert status == 0
    assert asked == [2]
    assert out.startswith("Word vectors are learned from 62 film comments without labels")
    assert "2 times from scratch and with transfer" in out
    one, means = out.split("Means of 2 seeds:")
    assert f"Tender, witty, charming: a heartfelt gem.  {demo_result.scratch[0, 0]:.2f}" in one
    assert one.endswith(f"{demo_result.transfer[0, 1]:.2f}\n\n")
    assert f"Tender, witty, charming: a heartfelt gem.  {demo_result.scratch[:, 0].mean():.2f}" in means
    assert "accuracy with transfer   1.00" in means
    assert "accuracy from scratch" in means
    assert f"Plot: {tmp_path / 'words.svg'}" in out
    assert (tmp_path / "words.svg").stat().st_size > 10_000


def test_messages_of_python_stay_where_tensorflows_are_left_out(monkeypatch):
    code = (
        "import os, sys\n"
        "from keras_transfer_sentiment import cli, demo\n"
        "def run(seeds, on_seed):\n"
        "    os.write(2, b'a line of native code')\n"
        "    print('a line of Python', file=sys.stderr)\n"
        "    raise ValueError('a reason')\n"
        "demo.run = run\n"
        "cli.main(['demo'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 1
    assert "a line of Python" in done.stderr
    assert "ValueError: a reason" in done.stderr
    assert "native code" not in done.stderr


@pytest.mark.parametrize("seeds", ["0", "-1", "1.5", "many", "", "\u00b2"])
def test_bad_seeds(capsys, seeds):
    status, out, err = run(capsys, "demo", f"--seeds={seeds}")
    assert status == 2
    assert not out
    assert f"argument --seeds: expected a whole number of 1 or more, received {seeds!r}" in err


@pytest.mark.parametrize("name", ["demo.txt", "demo", "png"])
def test_plot_of_an_unknown_kind(capsys, tmp_path, name):
    status, _, err = run(capsys, "demo", "--plot", tmp_path / name)
    assert status == 2
    assert "argument --plot: expected a file name ending in .png, .svg or .pdf" in err


def test_plot_into_a_folder_that_does_not_exist(capsys, tmp_path):
    status, _, err = run(capsys, "demo", "--plot", tmp_path / "missing" / "demo.png")
    assert status == 2
    assert "argument --plot: there is no folder" in err
    assert "missing" in err


def test_plot_without_matplotlib(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    status, _, err = run(capsys, "demo", "--plot", tmp_path / "demo.png")
    assert status == 2
    assert "pip install 'keras-transfer-sentiment[plot]'" in err


@pytest.mark.parametrize("arguments", [(), ("fly",), ("demo", "extra"), ("demo", "--colour")])
def test_bad_arguments_exit_with_a_usage_message(capsys, arguments):
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert not out
    assert "usage: keras-transfer-sentiment" in err
    assert "error:" in err


@pytest.mark.parametrize("arguments", [("--help",), ("demo", "--help")])
def test_help(capsys, arguments):
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert "demo" in out
