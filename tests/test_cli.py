import json

import pytest

from keras_transfer_sentiment import cli, demo


def run(capsys, *arguments):
    """Returns the exit status, standard output and standard error of one call."""
    try:
        status = cli.main([str(argument) for argument in arguments])
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def test_demo_as_json_with_a_plot(capsys, tmp_path):
    picture = tmp_path / "demo.png"
    status, out, _ = run(capsys, "demo", "--seeds", "1", "--json", "--plot", picture)
    assert status == 0
    summary = json.loads(out)
    assert out.count("\n") == 1
    assert summary["seeds"] == 1
    assert summary["transfer"] == 1.0
    assert 0.0 <= summary["scratch"] <= 1.0
    assert {comment["label"] for comment in summary["comments"]} == {0, 1}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_demo_as_text(capsys, monkeypatch, demo_result, tmp_path):
    asked = []

    def run_demo(seeds, on_seed):
        asked.append(seeds)
        on_seed()
        return demo_result

    monkeypatch.setattr(demo, "run", run_demo)
    status, out, _ = run(capsys, "demo", "--seeds", "2", "--plot", tmp_path / "words.svg")
    assert status == 0
    assert asked == [2]
    assert "accuracy with transfer   1.00" in out
    assert "accuracy from scratch" in out
    assert "Tender, witty, charming" in out
    assert "8 labelled comments, 62 without labels; means of 2 seeds" in out
    assert f"Plot: {tmp_path / 'words.svg'}" in out
    assert (tmp_path / "words.svg").stat().st_size > 10_000


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
