"""A run that another process trains, followed by its files alone: a trainer that never trains, and whose history is what the
files say. Looking at them changes nothing in them, and any number of followers may look.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from engine.bounded import Floats
from engine.epochs import epoch_of, evaluation_of
from engine.film import Film
from engine.history import COLUMNS
from engine.live import OF_OPTIMIZER, PACE
from engine.metrics import Changed, Diverged, IterationMetrics, Restored, Stopped
from engine.on_disk.archive import Archive, iteration_columns, lines_of
from engine.on_disk.folder import CHECKPOINT, EPOCHS, ITERATIONS, RunFolder
from engine.on_disk.going_on import preset_of
from engine.on_disk.lines import Lines
from engine.on_disk.rows import BadLineError, epoch_rows
from engine.preset import Preset
from engine.recording import RecordingError, load_recording
from engine.run import Run
from engine.trainer import Trainer

COUNTERS = ("epoch", "iteration", "samples_seen", "seconds", "base_rate", "batch_size", "epochs", "batch", "in_epoch")
_EPOCH, _ITERATION, _BATCH, _BATCHES, _SEEN = (
    COLUMNS.index(name) for name in ("epoch", "iteration", "batch", "batches", "samples_seen")
)


class Followed(Trainer):
    """Stands where another process has trained to."""

    @property
    def batches(self) -> int:
        """Iterations of the epoch in progress, as its rows say."""
        return self.planned or super().batches

    @property
    def batches_left(self) -> int:
        """Iterations of it that are still to come."""
        return max(0, self.planned - self.batch) if self.in_epoch else super().batches_left

    def step(self) -> IterationMetrics:
        """Raises RuntimeError: it is trained elsewhere."""
        raise RuntimeError("this run is trained by another process")


class Follower:
    """The run of a folder as `trainer`, up to date after every `look`. `alive` tells whether a process trains it, `paused`
    whether that has paused. Raises RunFolderError, what reading its data raises, and OSError."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.manifest = folder.manifest()
        self.run: Run = self.manifest.run
        self.preset: Preset = preset_of(folder)
        self.trainer = Followed(self.run)
        self.film = Film(self.trainer)
        self.alive = self.paused = False
        self._files: dict[str, tuple[Lines, int]] = {}
        self._events = 0
        self._weights_of = 0.0  # when the checkpoint was written that the weights are of
        self._losses = len(iteration_columns(self.run)) > len(COLUMNS)
        self.trainer.history.archive = Archive(folder, self.run)
        self._begin_with_checkpoint()
        self.look()

    def _begin_with_checkpoint(self) -> None:
        """Take over its history: of a long run, reading all rows would take a while."""
        if self.trainer.done:  # refused
            return
        found = self.read_weights()
        if found is None:
            return
        history = found.history
        history.archive, history.stopped = self.trainer.history.archive, None
        self.trainer.history = history
        for name in COUNTERS:
            setattr(self.trainer, name, getattr(found, name))
        self.trainer.optimizer = found.optimizer
        if len(history):
            self.trainer.planned = history[-1].batches
        self.take_weights(found)

    def read_weights(self) -> Trainer | None:
        """The trainer of a checkpoint that is newer than the weights are; None where there is none. It takes as long as
        making a trainer, and may be done in another thread."""
        place = self.folder.file(CHECKPOINT)
        try:
            written = place.stat().st_mtime
            if written == self._weights_of:
                return None
            recording = load_recording(place)
        except (OSError, RecordingError):  # there is none yet, or it is being replaced: the next one will do
            return None
        self._weights_of = written
        self._film = recording.films[0]
        return recording.trainers[0]

    def take_weights(self, found: Trainer) -> None:
        """Have the weights of what `read_weights` gave, which are a little older than the newest rows."""
        trainer = self.trainer
        with suppress(ValueError):  # of another shape: somebody has changed the folder
            trainer.parameters[...] = found.parameters
            trainer.gradients[...] = found.gradients
            trainer.objective.restore(found.objective.state())
            self.film.restore(self._film.state())

    def look(self) -> bool:
        """Read what is new; whether there was anything."""
        before = (self.alive, self.paused, self.trainer.iteration, len(self.trainer.history.epochs), self._events)
        self.alive = self.folder.held
        changes = self._new_events()
        self._new_iterations()
        self._new_epochs()
        for event in changes:
            self._take(event)
        return before != (self.alive, self.paused, self.trainer.iteration, len(self.trainer.history.epochs), self._events)

    def _new_events(self) -> list[dict[str, Any]]:
        found, self._events = self.folder.whole_events(self._events)
        return found

    def _file(self, name: str, have: int) -> tuple[Lines, int] | None:
        """A file and the offset to read on from, where `have` rows are known."""
        if name not in self._files:
            try:
                file = lines_of(self.folder, self.run, name)
            except OSError:  # not there yet
                return None
            if not file.headed:
                return None
            self._files[name] = file, file.offset(have)
        return self._files[name]

    def _new_iterations(self) -> None:
        history = self.trainer.history
        while (found := self._rows(ITERATIONS, len(history))) is not None:
            rows, _ = found
            rows = rows[rows[:, _ITERATION] > len(history)]
            if not len(rows):
                continue
            if self._losses:
                for row in rows[~np.isnan(rows[:, -1])]:
                    history.add_train_loss(int(row[_ITERATION]), float(row[-1]))
            history.extend(np.ascontiguousarray(rows[:, : len(COLUMNS)]))
            self._stand_at(rows[-1])

    def _new_epochs(self) -> None:
        history = self.trainer.history
        while (found := self._rows(EPOCHS, len(history.epochs) + 1)) is not None:
            for row in epoch_rows(*found):
                if row[0] == len(history.epochs) + 1:
                    history.add_epoch(epoch_of(tuple(row.tolist())))
        trainer = self.trainer
        if history.epochs:
            trainer.in_epoch = trainer.epoch > len(history.epochs)

    def _rows(self, name: str, have: int) -> tuple[Floats, Any] | None:
        """The next rows of a file, some thousands of them; None where there are no more."""
        if (found := self._file(name, have)) is None:
            return None
        file, offset = found
        try:
            rows, absent, after = file.after(offset)
        except BadLineError:  # torn when its trainer died; whoever resumes it cuts that away
            return None
        if after == offset:
            return None
        self._files[name] = file, after
        return rows, absent

    def _stand_at(self, row: Floats) -> None:
        trainer = self.trainer
        trainer.epoch, trainer.iteration, trainer.batch = int(row[_EPOCH]), int(row[_ITERATION]), int(row[_BATCH])
        trainer.planned, trainer.samples_seen = int(row[_BATCHES]), int(row[_SEEN])
        trainer.seconds, trainer.in_epoch = float(row[COLUMNS.index("seconds")]), True

    def _take(self, event: dict[str, Any]) -> None:
        """What an event says; one that is not understood says nothing."""
        history, name = self.trainer.history, event["event"]
        with suppress(KeyError, TypeError, ValueError):
            if name == "changed":
                self._changed(Changed(event["iteration"], event["key"], event["old"], event["new"]))
            elif name == "diverged":
                history.diverged = Diverged(event["epoch"], event["iteration"], float(event["loss"]))
            elif name == "stopped" and event["reason"] != "interrupted":
                history.stopped = Stopped(event["reason"], event["epoch"], event["iteration"], event["message"])
            elif name == "restored":
                train, validation = evaluation_of(event["train"]), evaluation_of(event["validation"])
                assert train is not None
                history.restored = Restored(event["epoch"], train, validation)
            elif name in ("paused", "went on", "resumed"):
                self.paused = name == "paused"
                history.stopped = None

    def _changed(self, change: Changed) -> None:
        trainer = self.trainer
        if change in trainer.history.changes:  # it was in the checkpoint
            return
        trainer.history.changes.append(change)
        if change.key == "learning_rate" and change.old:
            trainer.base_rate *= float(change.new) / float(change.old)
        elif change.key in OF_OPTIMIZER:
            from dataclasses import replace

            values: dict[str, Any] = {change.key: float(change.new)}
            trainer.optimizer = replace(trainer.optimizer, **values)
        elif change.key != PACE:
            setattr(trainer, change.key, int(change.new))
