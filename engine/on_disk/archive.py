"""The iterations and epochs that a long run's history no longer keeps one by one, read from the files of its folder."""

from __future__ import annotations

from engine.bounded import Floats
from engine.epochs import EPOCH_COLUMNS
from engine.history import COLUMNS, INTEGERS
from engine.on_disk.folder import EPOCHS, ITERATIONS, RunFolder
from engine.on_disk.lines import Lines
from engine.on_disk.rows import EPOCH_FILE_COLUMNS, TRAIN_LOSS, BadLineError, epoch_rows
from engine.run import Run

AROUND = 256  # rows that are read at once: a tree is scrolled through


def iteration_columns(run: Run) -> tuple[str, ...]:
    """The columns of iterations.csv of a run."""
    return (*COLUMNS, TRAIN_LOSS) if run.training.evaluate == "iteration" else COLUMNS


def lines_of(folder: RunFolder, run: Run, name: str) -> Lines:
    """iterations.csv or epochs.csv of a run. Raises OSError."""
    if name == ITERATIONS:
        columns, whole = iteration_columns(run), sorted(INTEGERS)
        return Lines(folder.file(ITERATIONS), columns, COLUMNS.index("iteration"), 1, whole, ("batch_accuracy", TRAIN_LOSS))
    whole, at = ["epoch", "iteration", "samples_seen"], EPOCH_FILE_COLUMNS.index("epoch")
    figures = [name for name in EPOCH_FILE_COLUMNS if name.startswith(("train_", "validation_")) and name != TRAIN_LOSS]
    return Lines(folder.file(EPOCHS), EPOCH_FILE_COLUMNS, at, 0, whole, figures)


class Archive:
    """Rows of a run folder by their index, from 0, as the history has them. Each file is opened when it is first asked."""

    def __init__(self, folder: RunFolder, run: Run) -> None:
        self._folder, self._run = folder, run
        self._files: dict[str, Lines] = {}
        self._blocks: dict[str, tuple[int, Floats]] = {}

    def iteration(self, index: int) -> tuple[float, ...]:
        """The iteration at `index`. Raises LookupError where it cannot be read."""
        return self._row(ITERATIONS, index)[: len(COLUMNS)]

    def epoch(self, index: int) -> tuple[float, ...]:
        """The epoch at `index` as a row of `engine.epochs`. Raises LookupError where it cannot be read."""
        return self._row(EPOCHS, index + 1)  # the first is that of before training

    def _row(self, name: str, index: int) -> tuple[float, ...]:
        first, rows = self._blocks.get(name, (0, None))
        if rows is None or not first <= index < first + len(rows):
            first = index - index % AROUND
            try:
                if name not in self._files:
                    self._files[name] = lines_of(self._folder, self._run, name)
                rows, absent = self._files[name].rows(first, first + AROUND)
            except (OSError, BadLineError) as error:
                raise LookupError(str(error)) from None
            if name == EPOCHS:
                rows = epoch_rows(rows, absent)
            self._blocks[name] = first, rows
        if not index - first < len(rows):
            raise LookupError(f"row {index} is not in {name}")
        row = tuple(rows[index - first].tolist())
        at = EPOCH_COLUMNS.index("epoch") if name == EPOCHS else COLUMNS.index("iteration")
        if row[at] != index + (name == ITERATIONS):
            raise LookupError(f"row {index} of {name} is another one")
        return row
