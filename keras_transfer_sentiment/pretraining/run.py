"""One training: its schedule, the stream of step groups, the engine, and the backup."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from keras_transfer_sentiment.pretraining import blocks, skipgram
from keras_transfer_sentiment.pretraining.backup import TrainingBackup
from keras_transfer_sentiment.pretraining.engine import Engine, make_engine
from keras_transfer_sentiment.pretraining.tables import TrainingState, damp_first_steps
from keras_transfer_sentiment.text.encoded import EncodedCorpus
from keras_transfer_sentiment.vectors.subwords import NgramRows


class Settings(NamedTuple):
    """The settings of skip-gram, see `SkipGramPretrainer`."""

    window: int | None
    negative_samples: int
    subsample: float | None
    learning_rate: float


class Schedule(NamedTuple):
    """How often a corpus is gone through, and in what steps.

    Attributes:
        layout: how the corpus is cut into steps.
        epochs: number of the last epoch.
        initial_epoch: number of the epochs before the first one.
        passes: passes over the corpus per epoch.
    """

    layout: blocks.BlockLayout
    epochs: int
    initial_epoch: int
    passes: int

    @property
    def steps_per_epoch(self) -> int:
        """Training steps per epoch."""
        return self.passes * self.layout.steps

    @property
    def groups_per_epoch(self) -> int:
        """Step groups per epoch."""
        return self.passes * blocks.groups_per_pass(self.layout)

    @property
    def groups(self) -> int:
        """Step groups of all epochs."""
        return (self.epochs - self.initial_epoch) * self.groups_per_epoch

    @property
    def total_passes(self) -> int:
        """Passes of all epochs."""
        return (self.epochs - self.initial_epoch) * self.passes


def make_schedule(words: float, window: int | None, rows: int | None, epochs: int | None, first: int) -> Schedule:
    """Returns the schedule of a training.

    Args:
        words: number of words that a pass is expected to keep.
        window: reach of a word to either side, or None for its whole text.
        rows: rows per step, or None to choose them.
        epochs: number of the last epoch, or None to take as many as the corpus needs.
        first: number of the epochs before the first one.
    """
    layout = blocks.plan_layout(words, window, rows)
    if epochs is not None:
        return Schedule(layout, epochs, first, 1)
    needed, passes = blocks.plan_epochs(words)
    return Schedule(layout, first + needed, first, passes)


class TrainingRun:
    """One training of a state on a corpus, from a schedule; a context manager, which ends it.

    Engine and stream begin with the first step group: until then a callback may put back an earlier state.

    Args:
        state: the tables and the progress. They are changed.
        settings: the settings of skip-gram.
        corpus: the encoded texts.
        counts: int64 `(vocabulary,)`. How often each word was seen, for the noise.
        rows: rows per step, or None to choose them.
        epochs, initial_epoch: see `make_schedule`.
        ngram_rows: the n-grams of each word, or None.
        run_eagerly: see `make_engine`.
        backup: a file and the settings by name, in JSON's types, that must be the same for a training to go on; or
            None. The training goes on from the file, if there is one, and its state is saved there from time to time.

    Raises:
        ValueError: the backup has other settings, is of another training, or is damaged; the state is as it was then.
    """

    def __init__(
        self,
        state: TrainingState,
        settings: Settings,
        corpus: EncodedCorpus,
        counts: np.ndarray,
        *,
        rows: int | None = None,
        epochs: int | None = None,
        initial_epoch: int = 0,
        ngram_rows: NgramRows | None = None,
        run_eagerly: bool = False,
        backup: tuple[Path, dict[str, Any]] | None = None,
    ):
        there = corpus.counts(len(counts))
        self._keep = skipgram.keep_probability(there, settings.subsample)
        words = float(self._keep @ there)
        self.schedule = make_schedule(words, settings.window, rows, epochs, initial_epoch)
        shared = blocks.shared_negatives(self.schedule.layout.length)
        noise = skipgram.noise_tables(counts, settings.window)
        self._objective = skipgram.Objective(settings.window, settings.negative_samples, shared, noise)
        self._state = state
        self._corpus = corpus
        self._learning_rate = settings.learning_rate
        self._ngram_rows = ngram_rows
        self._run_eagerly = run_eagerly
        self._engine: Engine | None = None
        self._stream: Iterator[tuple[np.ndarray, np.ndarray]] | None = None
        self._backup: TrainingBackup | None = None
        if backup is None or not self._go_on(*backup):
            total = self.schedule.total_passes * self.schedule.layout.steps
            state.progress = state.progress._replace(first_step=state.progress.step, total_steps=total)
            damp_first_steps(state.tables, settings.window, self.schedule.total_passes)

    def __enter__(self) -> "TrainingRun":
        return self

    def __exit__(self, *error: object) -> None:
        self.release()
        self._stream = None

    @property
    def next_epoch(self) -> int:
        """Number of the epochs that are done."""
        progress = self._state.progress
        return self.schedule.initial_epoch + (progress.step - progress.first_step) // self.schedule.steps_per_epoch

    def _go_on(self, path, key):
        """Opens the backup; takes over what it holds and returns whether it holds anything."""
        schedule, progress, arrays = self.schedule, self._state.progress, self._state.arrays()
        plan = {"epochs": schedule.epochs, "initial_epoch": schedule.initial_epoch, **schedule.layout._asdict()}
        first_steps = [progress.step]
        if progress.step < progress.first_step + progress.total_steps:  # an interruption left it in the middle
            first_steps.append(progress.first_step)
        self._backup = TrainingBackup(path, {**key, **plan}, first_steps)
        if not self._backup.restore(arrays):
            return False
        self._state.assign(arrays)
        return True

    def delete_backup(self) -> None:
        """Deletes the backup: the training is at its end."""
        if self._backup is not None:
            self._backup.delete()

    def train_group(self) -> tuple[float, float]:
        """Trains on the next step group; returns the summed loss of its pairs, and the sum of their weights."""
        if self._stream is None:
            self._stream = self._groups()
        ids, texts = next(self._stream)
        sums = (0.0, 0.0)
        if len(ids):
            if self._engine is None:
                self._engine = make_engine(
                    self._state.tables, self._objective, self.schedule.layout, self._ngram_rows, self._run_eagerly
                )
            progress = self._state.progress
            done = np.arange(len(ids)) + (progress.step - progress.first_step)
            left = np.maximum(1.0 - done / max(progress.total_steps, 1), skipgram.RATE_FLOOR)
            rates = (self._learning_rate * left).astype("float32")
            sums = self._engine.train(ids, texts, rates, progress.seed, progress.step)
            self._state.progress = progress._replace(step=progress.step + len(ids))
        if self._backup is not None:
            self._backup.save_if_due(self._written_back)
        return sums

    def write_back(self) -> None:
        """Sets the tables of the state to what was learned."""
        if self._engine is not None:
            self._engine.write_back()

    def release(self) -> None:
        """Sets the tables to what was learned and gives them free for others to write to."""
        if self._engine is not None:
            self._engine.write_back()
            self._engine.close()
            self._engine = None

    def _written_back(self):
        self.write_back()
        return self._state.arrays()

    def _groups(self):
        progress = self._state.progress
        epoch, done = divmod(progress.step - progress.first_step, self.schedule.steps_per_epoch)
        seed = [progress.seed, progress.first_step]
        groups = blocks.step_groups(
            self._corpus, self._keep, self.schedule.layout, seed, epoch * self.schedule.passes, done
        )
        return blocks.made_ahead(groups)
