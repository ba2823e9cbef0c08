"""The command line: `keras-transfer-sentiment demo`."""

import argparse
import importlib.util
import json
import os
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit status.

    Args:
        arguments: the arguments; None takes those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="keras-transfer-sentiment",
        description="Sentiment classification for people who have much text and few labels.",
    )
    commands = parser.add_subparsers(title="commands", required=True)
    demo = commands.add_parser(
        "demo",
        help="learn word vectors from 62 film comments, then sentiment from 8 labels, with and without transfer",
    )
    demo.add_argument("--seeds", type=_seeds, default=50, help="how many times to train each way (default: 50)")
    demo.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    demo.add_argument("--plot", type=_picture, metavar="FILE", help="draw the words and the accuracies to FILE")
    demo.set_defaults(run=_demo)
    options = parser.parse_args(arguments)
    return options.run(options)


def _seeds(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, received {text!r}")
    return int(text)


def _picture(text):
    path = Path(text)
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise argparse.ArgumentTypeError(f"expected a file name ending in .png, .svg or .pdf, received {text!r}")
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {str(path.parent)!r} to write to")
    if importlib.util.find_spec("matplotlib") is None:
        raise argparse.ArgumentTypeError("needs matplotlib: pip install 'keras-transfer-sentiment[plot]'")
    return path


def _demo(options):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # only has an effect before TensorFlow is loaded
    from rich.console import Console
    from rich.progress import track

    from keras_transfer_sentiment import demo

    ticks = iter(track(range(options.seeds), "Training both ways", console=Console(stderr=True)))
    next(ticks)
    result = demo.run(options.seeds, on_seed=lambda: next(ticks, None))
    summary = result.summary()
    if options.plot:
        demo.plot(result, options.plot)
    if options.json:
        print(json.dumps(summary, ensure_ascii=False))
        return 0
    print(f"8 labelled comments, 62 without labels; means of {summary['seeds']} seeds:\n")
    print(f"  accuracy from scratch    {summary['scratch']:.2f}")
    print(f"  accuracy with transfer   {summary['transfer']:.2f}\n")
    print("Probability that a comment is positive   scratch   transfer")
    for comment in summary["comments"]:
        print(f"  {comment['text']:<42} {comment['scratch']:.2f}       {comment['transfer']:.2f}")
    if options.plot:
        print(f"\nPlot: {options.plot}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
