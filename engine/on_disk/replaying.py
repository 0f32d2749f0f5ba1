"""A run trained again from run.toml and events.jsonl, and compared with its files number by number: the proof that it can be
reproduced, or the first place where it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.bounded import Floats
from engine.epochs import EPOCH_COLUMNS
from engine.history import COLUMNS
from engine.live import PACE
from engine.metrics import Changed
from engine.on_disk.archive import lines_of
from engine.on_disk.facts import differing
from engine.on_disk.folder import EPOCHS, EVENTS, ITERATIONS, RunFolder, RunFolderError
from engine.on_disk.going_on import changes_of, good_rows
from engine.on_disk.lines import Lines
from engine.on_disk.rows import epoch_rows
from engine.trainer import Trainer

STRETCH = 512  # iterations between two looks at the files


@dataclass(frozen=True)
class Difference:
    """The first figure that came out otherwise: in `iteration` (of epochs.csv: the last of epoch `epoch`), `name` was
    `there` in the file and is `here`. Both NaN where the run ended sooner on one side."""

    iteration: int
    epoch: int
    name: str
    there: float
    here: float


@dataclass
class Replay:
    """What a comparison came to: so many `iterations` and `epochs` are the same to the bit, `first` is what differs (None:
    nothing). `facts` are the versions and the machine that differ, a line each; `interrupted`: it was not gone through."""

    iterations: int = 0
    epochs: int = 0
    first: Difference | None = None
    facts: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def same(self) -> bool:
        """Whether all was compared and nothing differs."""
        return self.first is None and not self.interrupted


def replay_folder(folder: RunFolder, interrupted: Callable[[], bool] = lambda: False) -> Iterator[tuple[float, Replay]]:
    """Train the run of a folder again; yields the share that is done and what was found so far, at last all of it. Raises
    RunFolderError where it cannot be read, and what reading its data raises."""
    manifest = folder.manifest()
    found = Replay(facts=tuple(differing(manifest.facts)))
    run, changes = manifest.run, changes_of(folder)
    rows, rows_end = good_rows(folder, run, ITERATIONS, 0)
    known, known_end = good_rows(folder, run, EPOCHS, 0)
    if not rows:
        raise RunFolderError(f"{folder.file(ITERATIONS)}: has no rows to compare with")
    trainer = Trainer(run)
    with lines_of(folder, run, ITERATIONS) as iterations, ExitStack() as opened:
        epochs = opened.enter_context(lines_of(folder, run, EPOCHS)) if known else None
        iterations.limit = rows_end
        if epochs is not None:
            epochs.limit = known_end
            _compare_start(found, trainer, epochs)
        for _ in _trained(folder, trainer, changes, rows):
            if len(trainer.history) - found.iterations >= STRETCH or trainer.done or len(trainer.history) >= rows:
                _compare(found, trainer, iterations, min(rows, len(trainer.history)))
                if epochs is not None:
                    _compare_epochs(found, trainer, epochs, min(known - 1, len(trainer.history.epochs)))
                yield found.iterations / rows, found
            if found.first is not None or found.interrupted:
                return
            found.interrupted = interrupted()
    if found.iterations < rows and found.first is None and not found.interrupted:
        missing = found.iterations + 1
        found.first = Difference(missing, trainer.epoch, "the end of the run", np.nan, np.nan)
    yield 1.0, found


def _trained(folder: RunFolder, trainer: Trainer, changes: list[Changed], rows: int) -> Iterator[None]:
    """Iteration by iteration, with what was changed after it made again."""
    for change in changes:
        while trainer.iteration < min(change.iteration, rows) and not trainer.done:
            trainer.step()
            yield
        if trainer.iteration < change.iteration:
            return
        try:
            if change.key != PACE:
                trainer.change(change.key, change.new)
        except ValueError as error:
            place = folder.file(EVENTS)
            raise RunFolderError(f"{place}: the change after iteration {change.iteration} fails: {error}") from None
    while trainer.iteration < rows and not trainer.done:
        trainer.step()
        yield


def _compare_start(found: Replay, trainer: Trainer, file: Lines) -> None:
    there = epoch_rows(*file.rows(0, 1))
    here = np.array([trainer.history.before_training()])
    found.first = _first(there, here, EPOCH_COLUMNS, lambda row: (0, 0))


def _compare(found: Replay, trainer: Trainer, file: Lines, end: int) -> None:
    """The iterations that were not compared yet, to before `end`."""
    if found.first is not None or end <= found.iterations:
        return
    there, _ = file.rows(found.iterations, end)
    here = trainer.history.rows(found.iterations, end)
    first = _first(there[:, : len(COLUMNS)], here, COLUMNS, lambda row: (int(row[1]), int(row[0])))
    found.first = first
    found.iterations = end if first is None else first.iteration - 1


def _compare_epochs(found: Replay, trainer: Trainer, file: Lines, end: int) -> None:
    if found.first is not None or end <= found.epochs:
        return
    there = epoch_rows(*file.rows(found.epochs + 1, end + 1))
    here = trainer.history.epoch_rows(found.epochs, end)
    first = _first(there, here, EPOCH_COLUMNS, lambda row: (int(row[1]), int(row[0])))
    found.first = first
    found.epochs = end if first is None else first.epoch - 1


def _first(
    there: Floats, here: Floats, names: tuple[str, ...], place: Callable[[Any], tuple[int, int]]
) -> Difference | None:
    """The first figure that differs by a bit, clock readings apart; NaN is NaN."""
    same = (there.view(np.uint64) == here.view(np.uint64)) | (np.isnan(there) & np.isnan(here))
    same[:, names.index("seconds")] = True
    if same.all():
        return None
    row, column = (int(at) for at in np.argwhere(~same)[0])
    iteration, epoch = place(here[row])
    return Difference(iteration, epoch, names[column], float(there[row, column]), float(here[row, column]))
