"""Writes what a trainer says into its run folder, beside the training: threads do the writing, and nothing is done for a
batch. Whoever trains calls `follow` some times a second.

New rows are taken from the history, which keeps far more of them than come in between. What cannot be written, on a disk
that is full, waits there, and is tried again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np

from engine.film import Film
from engine.history import History
from engine.json_values import finite, spelt
from engine.on_disk.appending import Appender
from engine.on_disk.archive import Archive
from engine.on_disk.folder import CHECKPOINT, EPOCHS, EVENTS, ITERATIONS, RESULT, Hold, RunFolder, now
from engine.on_disk.rows import (
    EPOCH_FILE_COLUMNS,
    ITERATION_COLUMNS,
    TRAIN_LOSS,
    epoch_lines,
    header,
    iteration_lines,
    rows_and_losses,
)
from engine.preset import Preset
from engine.recording import captured, in_one_step, write_recording
from engine.schema import Document
from engine.trainer import Trainer

EVERY = 0.25  # seconds until new rows are written
SYNC = 0.9  # seconds until what is written survives a power cut
CHECKPOINTS = 5.0  # seconds of training between two checkpoints, at least
SHARE = 0.004  # of the time that may go into checkpoints
PROMPT = 0.1  # seconds: a checkpoint that takes less is written after every change
AGAIN = 1.0  # seconds until what could not be written is tried again
STRETCH = 256  # rows that are made into text without letting anybody else have a turn
MOST = 50_000  # rows that are taken at once: half of what the history keeps


class RunWriter:
    """Keeps a run on disk. `written` is how many rows, epochs and changes are in the files already, `rows` the first of
    these as it grows; `preset` is what the run belongs to, `document` the form's tables and `film` its film, both for the
    checkpoint.

    Everything that can fail is kept in `trouble`, the newest OSError, None while all goes well. Making one raises OSError.
    """

    def __init__(
        self,
        folder: RunFolder,
        hold: Hold,
        trainer: Trainer,
        preset: Preset,
        film: Film | None = None,
        written: tuple[int, int, int] = (0, -1, 0),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.trainer, self.preset, self.film = folder, trainer, preset, film
        self.document: Document | None = None
        self.trouble: OSError | None = None
        self._clock = clock
        self.rows, self._epochs, self._changes = written
        columns = (*ITERATION_COLUMNS, TRAIN_LOSS) if trainer.run.training.evaluate == "iteration" else ITERATION_COLUMNS
        trainer.history.archive = Archive(folder, trainer.run)
        self._events = Appender(folder.file(EVENTS), handle=hold.handle)
        self._iterations = Appender(folder.file(ITERATIONS), header(columns))
        self._epoch_rows = Appender(folder.file(EPOCHS), header(EPOCH_FILE_COLUMNS))
        self._files = (self._events, self._iterations, self._epoch_rows)
        self._losses = len(columns) > len(ITERATION_COLUMNS)
        self._waiting: list[bytes] = []  # events that are not in the file yet
        self._told: list[Any] = [trainer.history.diverged, trainer.history.stopped, trainer.history.restored]
        self._job: Future[None] | None = None
        self._checkpoint: Future[None] | None = None
        self._syncing: Future[None] | None = None
        self._due = self._synced = clock()
        self._checkpoint_due, self._checkpointed = clock() + CHECKPOINTS, -1
        self._cost = 0.0
        self._resting_at, self._wanted = -1, False  # the iteration, and whether its checkpoint is still to be asked for
        self._result: dict[str, Any] | None = None

    def event(self, name: str, **told: Any) -> None:
        """Note something that is no figure; `told` is what JSON can hold."""
        told = spelt({"event": name, "iteration": self.trainer.iteration, "time": now(), **told})
        self._waiting.append(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    def follow(self, at_rest: bool = True) -> None:
        """Write what is new, where it is time; and where the trainer is `at_rest`, now and then a checkpoint."""
        time_now = self._clock()
        if time_now < self._due:
            return
        if self._job is not None and not self._job.done():
            if len(self.trainer.history) - self.rows < MOST:
                return
            self._job.exception()  # the disk is slower than training: wait for it before rows are no longer kept
        self._look_at_jobs()
        self._due = time_now + (EVERY if self.trouble is None else AGAIN)
        self._wanted = self._wanted and self.trainer.iteration == self._resting_at
        self._submit(time_now, sync=self._wanted)
        if at_rest and self._wanted:
            self._put_down()
        elif at_rest and time_now >= self._checkpoint_due and self.trainer.iteration != self._checkpointed:
            self.checkpoint()

    def _jobs(self) -> list[Future[None]]:
        return [job for job in (self._job, self._syncing, self._checkpoint) if job is not None]

    def _look_at_jobs(self) -> None:
        failed = [job for job in self._jobs() if job.done() and job.exception() is not None]
        for job in failed:
            try:
                job.result()
            except OSError as error:
                self.trouble = error
        if self._checkpoint in failed and self._resting_at == self.trainer.iteration:
            self._wanted = True
        if self._job is not None and self._job.done():
            if not failed:
                self.trouble = None
            self._job = None

    def _submit(self, time_now: float, sync: bool = False) -> None:
        """Take what is new, and have it written by the thread."""
        self._note_news()
        history = self.trainer.history
        first = max(self.rows, history.kept.start)  # where the disk was full for too long, some are gone
        count = min(len(history) - first, MOST)
        taken = rows_and_losses if self._losses else History.rows
        rows = taken(history, first, first + count) if count > 0 else None
        known = history.epochs
        start = max(self._epochs, known.kept.start, 0)
        parts = [history.epoch_rows(start, min(len(known), start + MOST))]
        if self._epochs < 0:
            parts.insert(0, np.array([history.before_training()]))
        epoch_rows = np.concatenate(parts)
        events, self._waiting = self._waiting, []
        sync = sync or time_now - self._synced >= SYNC
        if not (events or rows is not None or len(epoch_rows) or sync):
            return
        if sync:
            self._synced = time_now

        def work() -> None:
            try:
                while events:
                    self._events.write(events[0])
                    events.pop(0)
                if rows is not None:
                    for begin in range(0, len(rows), STRETCH):
                        self._iterations.write(iteration_lines(rows[begin : begin + STRETCH]))
                        self.rows = first + min(len(rows), begin + STRETCH)
                for begin in range(0, len(epoch_rows), STRETCH):
                    stretch = epoch_rows[begin : begin + STRETCH]
                    self._epoch_rows.write(epoch_lines(stretch))
                    self._epochs = int(stretch[-1, 0])
            finally:
                self._waiting[:0] = events

        self._job = job = _thread("rows").submit(work)
        if sync and (self._syncing is None or self._syncing.done()):
            self._syncing = _thread("syncs").submit(self._sync, job)  # on a busy disk it takes long, and rows go on

    def _sync(self, rows: Future[None] | None) -> None:
        if rows is not None:
            rows.result()
        for file in self._files:
            file.sync()

    def _note_news(self) -> None:
        """Events for what the history says beside rows."""
        history = self.trainer.history
        if len(history.changes) > self._changes and self._cost < PROMPT:  # then it is known from two files
            self._checkpoint_due = self._clock()
        for change in history.changes[self._changes :]:
            said = asdict(change)
            self.event("changed", **{"iteration": said.pop("iteration"), **said})
        self._changes = len(history.changes)
        for at, (name, found) in enumerate(
            (("diverged", history.diverged), ("stopped", history.stopped), ("restored", history.restored))
        ):
            if found is not None and found != self._told[at]:
                self.event(name, **asdict(found))
            elif found is None and self._told[at] is not None and name == "stopped":
                self.event("went on")
                if self._checkpoint is not None:
                    self._checkpoint.exception()  # it may be followed by the result
                with suppress(OSError):
                    self.folder.file(RESULT).unlink(missing_ok=True)
            self._told[at] = found

    def checkpoint(self) -> None:
        """Write down where the trainer stands, after all rows up to there. It must be at rest: no step of it in a thread."""
        if self.trainer.broken or (self._checkpoint is not None and not self._checkpoint.done()):
            return  # the one there is leads to the same numbers as ever
        begun = time.perf_counter()
        trainer, rows = self.trainer, self._job
        arrays = captured(
            self.preset,
            [trainer],
            None if self.document is None else [self.document],
            [] if self.film is None else [self.film],
        )
        self._checkpointed = trainer.iteration
        here = time.perf_counter() - begun

        def work() -> None:
            self._sync(rows)  # the files are never behind the checkpoint
            begun = time.perf_counter()
            with in_one_step(self.folder.file(CHECKPOINT)) as file:
                np.savez(file, **arrays)  # array by array, and as they are: made smaller it would take thirty times as long
            self._cost = here + time.perf_counter() - begun

        self._checkpoint_due = self._clock() + max(CHECKPOINTS, self._cost / SHARE)
        self._checkpoint = _thread("checkpoints").submit(work)

    def rest(self, result: dict[str, Any] | None = None) -> None:
        """Nothing more may come for a while: have all there is written, with a checkpoint, and what came of the run where it
        is over, without waiting for the disk. `follow` sees to what cannot be done at once."""
        self._want(result)
        self._due = 0.0
        self.follow()

    def _want(self, result: dict[str, Any] | None) -> None:
        self._resting_at, self._result = self.trainer.iteration, result
        self._wanted = result is not None or self._resting_at != self._checkpointed

    def _put_down(self) -> None:
        """The checkpoint and the result of a run that rests, after all of its rows."""
        history, rows, result = self.trainer.history, self._job, self._result
        if (self._checkpoint is not None and not self._checkpoint.done()) or len(history) - self.rows > MOST:
            self._due = 0.0
            return
        self._wanted = False
        self.checkpoint()
        if result is None:
            return
        checkpoint, told = self._checkpoint, result

        def work() -> None:
            for job in (rows, checkpoint):
                if job is not None:
                    job.result()
            write_result(self.folder, told)

        self._checkpoint = _thread("checkpoints").submit(work)

    @property
    def behind(self) -> bool:
        """Whether there is something that is not in the files, or may not last."""
        if self._wanted or not all(job.done() for job in self._jobs()):
            return True
        unsynced = any(file.unsynced for file in self._files)
        return unsynced or bool(self._waiting) or self.rows < len(self.trainer.history)

    def settle(self, checkpoint: bool = True, result: dict[str, Any] | None = None) -> None:
        """Write all there is, as `rest` does, and wait until it is on disk. What fails is in `trouble`."""
        if checkpoint:
            self._want(result)
        while True:
            self._wait()
            self._submit(self._clock(), sync=True)
            if self._wanted:
                self._put_down()
            self._wait()
            if self.trouble is not None or not self.behind:
                break

    def _wait(self) -> None:
        for job in self._jobs():
            job.exception()
        self._look_at_jobs()

    def close(self) -> None:
        """Let go of the folder; what was not written is not."""
        for file in self._files:
            file.close()


def write_result(folder: RunFolder, result: dict[str, Any]) -> None:
    """Write result.json. Raises OSError."""
    text = json.dumps(finite(result), indent=1, ensure_ascii=False)
    write_recording(folder.file(RESULT), text.encode("utf-8", "replace") + b"\n")


@cache
def _thread(name: str) -> ThreadPoolExecutor:
    """A thread for all writers: one for rows, one for syncs, one for checkpoints, so that these keep no row waiting."""
    return ThreadPoolExecutor(1, name)
