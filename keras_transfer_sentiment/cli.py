"""The command line: `keras-transfer-sentiment demo`."""

import argparse
import importlib.util
import json
import sys
from pathlib import Path

from keras_transfer_sentiment.native_logs import leave_out_native_logs


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
    from rich.console import Console
    from rich.progress import Progress

    print_text = (lambda *lines: None) if options.json else (lambda *lines: print(*lines, sep="\n", flush=True))
    print_text(
        "Word vectors are learned from 62 film comments without labels, then sentiment from 8 with labels:",
        f"{options.seeds} times from scratch and with transfer. With 50 seeds that takes about a minute on two cores.",
        "",
    )
    with (
        leave_out_native_logs(),
        Progress(console=Console(stderr=True), transient=True, refresh_per_second=2) as progress,
    ):
        bar = progress.add_task("Training both ways", total=options.seeds)
        from keras_transfer_sentiment import demo

        def show(scratch, transfer):
            if progress.tasks[0].completed == 0:
                print_text("One seed:", "", *_comment_lines(demo.film_comments().test_texts, scratch, transfer), "")
            progress.advance(bar)

        result = demo.run(options.seeds, on_seed=show)
    summary = result.summary()
    if options.plot:
        demo.plot(result, options.plot)
    if options.json:
        print(json.dumps(summary, ensure_ascii=False))
        return 0
    comments = summary["comments"]
    columns = ([comment[name] for comment in comments] for name in ("text", "scratch", "transfer"))
    print_text(
        f"Means of {summary['seeds']} seeds:",
        "",
        *_comment_lines(*columns),
        "",
        f"  accuracy from scratch    {summary['scratch']:.2f}",
        f"  accuracy with transfer   {summary['transfer']:.2f}",
    )
    if options.plot:
        print_text("", f"Plot: {options.plot}")
    return 0


def _comment_lines(texts, scratch, transfer):
    yield "  Probability of positive                    scratch   transfer"
    for text, without, with_transfer in zip(texts, scratch, transfer, strict=True):
        yield f"  {text:<42} {without:.2f}      {with_transfer:.2f}"


if __name__ == "__main__":
    sys.exit(main())
