"""A run taken up again where its files end: from its last checkpoint, or from the beginning, to the very same numbers.

Rows are on disk sooner than a checkpoint is. What lies between the two is trained again, with every change that was made
there, and compared with its rows: so nothing that was measured is lost, and it shows whether this machine still comes to
the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.bounded import Floats
from engine.film import Film
from engine.history import COLUMNS
from engine.live import PACE
from engine.metrics import Changed, IterationMetrics
from engine.on_disk.archive import lines_of
from engine.on_disk.folder import CHECKPOINT, EPOCHS, EVENTS, ITERATIONS, RUN, Hold, Manifest, RunFolder, RunFolderError
from engine.on_disk.writer import RunWriter
from engine.preset import Preset, load_preset
from engine.recording import RecordingError, load_recording, preset_told
from engine.run import Run
from engine.run_tables import tables_of
from engine.schema import Document
from engine.trainer import Trainer

SECONDS = COLUMNS.index("seconds")


@dataclass
class TakenUp:
    """A run as its folder has it. `trainer` stands at the last checkpoint until `catch_up` was gone through; `until` is the
    iteration up to which there are rows or changes. `document` is what the form said, `damage` what had to be done without,
    a sentence each."""

    folder: RunFolder
    run: Run
    preset: Preset
    trainer: Trainer
    document: Document
    film: Film
    changes: list[Changed]
    until: int
    hold: Hold | None = None
    manifest: Manifest | None = None
    begun_at: int = 0  # the iteration of the checkpoint
    damage: list[str] = field(default_factory=list)
    differs_at: int | None = None  # the first iteration that came out otherwise than its row has it

    def __post_init__(self) -> None:
        self.begun_at = self.trainer.iteration

    def catch_up(self) -> Iterator[IterationMetrics]:
        """Train again what has rows already. Raises RunFolderError where a change cannot be made again."""
        trainer = self.trainer
        for change in self.changes[len(trainer.history.changes) :]:
            while trainer.iteration < change.iteration and not trainer.done:
                yield self._step()
            try:
                if change.key == PACE:
                    trainer.note(change.key, change.old, change.new)
                else:
                    trainer.change(change.key, change.new)
            except ValueError as error:
                place = self.folder.file(EVENTS)
                raise RunFolderError(f"{place}: the change after iteration {change.iteration} fails: {error}") from None
        while trainer.iteration < self.until and not trainer.done:
            yield self._step()

    def _step(self) -> IterationMetrics:
        metrics = self.trainer.step()
        self.film.take()
        return metrics

    def writer(self) -> RunWriter:
        """Writes on from here. What was trained since the checkpoint is compared with its rows; where one differs,
        `differs_at` says so and the rows from there on are written anew. Raises OSError."""
        assert self.hold is not None
        trainer, history = self.trainer, self.trainer.history
        rows = self._agreeing()
        ended = len(history.epochs) + 1  # with the row of before training
        epochs, end = good_rows(self.folder, self.run, EPOCHS, ended)
        if epochs > ended:
            epochs = ended
            with lines_of(self.folder, self.run, EPOCHS) as file:
                file.limit = end
                end = file.offset(epochs)
        cut(self.folder.file(EPOCHS), end)
        cut(self.folder.file(EVENTS), self.folder.whole_events()[1])
        written = (rows, epochs - 1, len(history.changes))
        writer = RunWriter(self.folder, self.hold, trainer, self.preset, self.film, written)
        writer.document = self.document
        if not trainer.done:
            writer.event("resumed", checkpoint=self.begun_at)
        return writer

    def _agreeing(self) -> int:
        """How many rows of iterations.csv can stay; the file has no others afterwards."""
        history = self.trainer.history
        known, end = good_rows(self.folder, self.run, ITERATIONS, self.begun_at)
        first, last = max(self.begun_at, history.kept.start), min(known, len(history))
        if known:
            with lines_of(self.folder, self.run, ITERATIONS) as file:
                file.limit = end
                if last > first:
                    there, _ = file.rows(first, last)
                    differing = np.flatnonzero(~same_bits(there[:, : len(COLUMNS)], history.rows(first, last)))
                    if len(differing):
                        last = first + int(differing[0])
                        self.differs_at = last + 1
                if last < known:
                    end = file.offset(last)
        cut(self.folder.file(ITERATIONS), end)
        return last


def take_up(folder: RunFolder, hold: bool = True, clock: Callable[[], float] | None = None) -> TakenUp:
    """The run of a folder, to be gone on with; with `hold` nobody else can. Raises RunFolderError, BlockingIOError where
    another process trains in it, and OSError."""
    held = Hold(folder) if hold else None
    try:
        found = _taken_up(folder, clock)
    except BaseException:
        if held is not None:
            held.let_go()
        raise
    found.hold = held
    return found


def _taken_up(folder: RunFolder, clock: Callable[[], float] | None) -> TakenUp:
    damage: list[str] = []
    manifest = recording = None
    try:
        manifest = folder.manifest()
    except RunFolderError as error:
        damage.append(str(error))
    with suppress(FileNotFoundError):
        try:
            recording = load_recording(folder.file(CHECKPOINT), clock)
        except RecordingError as error:
            damage.append(str(error))
    if recording is None and manifest is None:
        raise RunFolderError(damage[0])
    changes = changes_of(folder)
    options: list[Any] = [] if clock is None else [clock]
    if recording is not None:
        trainer, document, film = recording.trainers[0], recording.documents[0], recording.films[0]
        preset, run = recording.preset, trainer.run
        stopped = trainer.history.stopped
        if stopped is not None and stopped.reason == "interrupted":
            trainer.history.stopped = None
    else:
        assert manifest is not None
        run, preset = manifest.run, preset_of(folder)
        trainer, document = Trainer(run, *options), tables_of(run)
        film = Film(trainer)
    rows, _ = good_rows(folder, run, ITERATIONS, trainer.iteration)
    if rows < trainer.history.kept.start:  # they are nowhere any more
        damage.append(f"{folder.file(ITERATIONS)}: ends after iteration {rows}; all is trained again from the beginning")
        trainer = Trainer(run, *options)
        film = Film(trainer)
    until = max([rows, *(change.iteration for change in changes)])
    return TakenUp(folder, run, preset, trainer, document, film, changes, until, manifest=manifest, damage=damage)


def preset_of(folder: RunFolder) -> Preset:
    """What a run belongs to, as it was when the run began; without its lesson where that is lost. Raises RunFolderError."""
    for event in folder.events()[:1]:
        with suppress(Exception):  # whatever else the first line may be by now
            return preset_told(event["preset"])
    try:
        return load_preset(folder.file(RUN))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{folder.file(RUN)}: {error}") from None


def changes_of(folder: RunFolder) -> list[Changed]:
    """What was changed while the run trained, in order."""
    found = []
    for event in folder.events():
        if event["event"] != "changed":
            continue
        try:
            found.append(Changed(int(event["iteration"]), str(event["key"]), event["old"], event["new"]))
        except (KeyError, TypeError, ValueError):
            break
    return found


def good_rows(folder: RunFolder, run: Run, name: str, trusted: int) -> tuple[int, int]:
    """How many rows a file has, and the offset after them, where those before `trusted` are taken for good."""
    try:
        with lines_of(folder, run, name) as file:
            return file.good(min(trusted, file.count))
    except FileNotFoundError:
        return 0, 0


def same_bits(some: Floats, others: Floats) -> Any:
    """(rows,) bool: where two tables of iterations say the same to the bit, their clock readings apart; NaN is NaN."""
    equal = (some.view(np.uint64) == others.view(np.uint64)) | (np.isnan(some) & np.isnan(others))
    equal[:, SECONDS] = True
    return equal.all(axis=1)


def cut(file: Path, end: int) -> None:
    """Take away what is torn or trained anew, and a header that is none. Raises OSError."""
    if file.exists() and file.stat().st_size > end:
        with open(file, "r+b") as opened:
            opened.truncate(end)
