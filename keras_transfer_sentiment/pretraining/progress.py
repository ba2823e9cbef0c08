"""A progress bar for reading texts, which Keras's cannot show: their number is not known beforehand."""

import contextlib
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def reading_bar(title: str, verbose: str | int) -> Iterator[Callable[[int, float | None], None]]:
    """Shows a bar while texts are read, and takes it away at the end.

    Args:
        title: str. What is done.
        verbose: `"auto"`, 0, 1 or 2, as in Keras; only `"auto"` and 1 show a bar.

    Yields:
        A function to call with the number of texts read so far and the share of all texts, or None where it is unknown.
    """
    if verbose not in ("auto", 1):
        yield lambda texts, share: None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[texts]:,} texts"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress:
        task = progress.add_task(title, total=None, texts=0)

        def report(texts, share):
            progress.update(task, texts=texts, total=None if share is None else 1.0, completed=share or 0.0)

        yield report
