"""Runs that are trained with nobody watching, kept on disk as they go; or taken up again where their folders end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import Preset, Run, Trainer
from engine.on_disk.facts import differing
from engine.on_disk.folder import RESULT, Hold, RunFolder, RunFolderError
from engine.on_disk.going_on import TakenUp
from engine.on_disk.store import start_of
from engine.on_disk.writer import EVERY, RunWriter, write_result
from tui.home.folders import runs_folder
from tui.kept_runs import NoRoomError, begin, extent_of, store
from tui.loading import Refused

Say = Callable[[str], None]


class Unkept:
    """Trains every run from its beginning, and keeps nothing."""

    def trainer(self, run: Run) -> Trainer:
        """A trainer for a run; the one that is trained until the next is asked for."""
        return Trainer(run)

    def follow(self) -> None:
        """An iteration was done."""

    def together(self, runs: Sequence[Run]) -> list[Path] | None:
        """The folders that runs which are trained as one are written to (none: they are not kept); None where each is to be
        asked for as a `trainer`."""
        return []

    def over(self, trainer: Trainer, record: dict[str, Any]) -> None:
        """A run has ended, and this came of it."""

    def close(self) -> None:
        """All is over."""

    def left(self) -> list[str]:
        """What is to be said where it was interrupted."""
        return []


class Kept(Unkept):
    """Writes each run into its folder. `say` tells what a person should know; it is asked once for each thing."""

    def __init__(self, preset: Preset, folders: Sequence[tuple[Run, RunFolder, Hold | None]], say: Say) -> None:
        self._preset, self._say = preset, say
        self._places = {(run.name, run.seed): (folder, hold) for run, folder, hold in folders}
        self._taken: dict[tuple[str, int], TakenUp] = {}
        self.writer: RunWriter | None = None
        self._due = 0.0
        self._troubled = False

    @classmethod
    def resumed(cls, preset: Preset, taken: Sequence[TakenUp], say: Say) -> Kept:
        """Runs that go on where they are."""
        made = cls(preset, [(one.run, one.folder, one.hold) for one in taken], say)
        made._taken = {(one.run.name, one.run.seed): one for one in taken}
        return made

    def trainer(self, run: Run) -> Trainer:
        self._let_go()
        folder, hold = self._places[run.name, run.seed]
        taken = self._taken.get((run.name, run.seed))
        trainer = taken.trainer if taken is not None else Trainer(run)
        try:
            if taken is not None:
                self.writer = taken.writer()
                if taken.differs_at is not None:
                    self._say(_differs(taken))
            elif hold is not None:
                self.writer = RunWriter(folder, hold, trainer, self._preset)
        except OSError as error:
            self._tell(folder, error)
        else:
            self._places[run.name, run.seed] = folder, None  # its writer has it, and lets go of it
        return trainer

    def follow(self) -> None:
        now = time.monotonic()
        if now >= self._due and self.writer is not None:
            self._due = now + EVERY
            self.writer.follow()
            self._look()

    def together(self, runs: Sequence[Run]) -> list[Path] | None:
        if self._taken:
            return None
        places = []
        for run in runs:
            folder, hold = self._places[run.name, run.seed]
            if hold is not None:  # whoever trains it takes it
                hold.let_go()
                self._places[run.name, run.seed] = folder, None
            places.append(folder.path)
        return places

    def over(self, trainer: Trainer, record: dict[str, Any]) -> None:
        record = {key: value for key, value in record.items() if key != "epochs"}  # they have a file of their own
        folder, _ = self._places[trainer.run.name, trainer.run.seed]
        stopped = trainer.history.stopped
        ended = stopped is not None and stopped.reason != "interrupted"
        if self.writer is not None:
            if ended:
                self.writer.settle(result=record)
            else:
                self.writer.settle()
            self._look()
        elif ended and not folder.file(RESULT).exists():
            try:
                write_result(folder, record)
            except OSError as error:
                self._tell(folder, error)

    def _look(self) -> None:
        assert self.writer is not None
        if self.writer.trouble is not None and not self._troubled:
            self._tell(self.writer.folder, self.writer.trouble)
        elif self.writer.trouble is None and self._troubled:
            self._say(f"{self.writer.folder.id}: is written again")
        self._troubled = self.writer.trouble is not None

    def _tell(self, folder: RunFolder, error: OSError) -> None:
        self._say(f"{folder.id}: cannot be written to {folder.path} ({error.strerror or error}); training goes on")

    def _let_go(self) -> None:
        if self.writer is not None:
            self.writer.settle()
            self.writer.close()
            self.writer = None

    def close(self) -> None:
        """Let go of all folders, whatever has become of the runs; those that have not ended can be resumed."""
        self._let_go()
        for key, (folder, hold) in self._places.items():
            if hold is not None:
                hold.let_go()
            self._places[key] = folder, None

    def left(self) -> list[str]:
        unfinished = [folder for folder, _ in self._places.values() if not folder.file(RESULT).exists()]
        if not unfinished:
            return []
        usual = unfinished[0].path.parent == runs_folder()
        return [f"descent resume {start_of(unfinished[0]) if usual else unfinished[0].path} goes on there"]


def kept_from_now(preset: Preset, seeds: Sequence[int], out: str | None, say: Say) -> Unkept:
    """Keeps the runs of a preset, each with all seeds, from their beginning on. Where that is not possible it is said, and
    training goes on without; where a folder was asked for, Refused is raised."""
    runs = [replace(run, seed=seed) for run in preset.runs for seed in seeds] if seeds else list(preset.runs)
    place = store(out)
    try:
        made, gone = begin(place, preset, runs, "run", [*map(extent_of, runs)], bool(seeds))
    except NoRoomError as error:
        raise Refused(f"descent: {error}. --no-keep trains without keeping it.") from None
    except RunFolderError as error:
        raise Refused(f"descent: {error}") from None
    except OSError as error:
        said = f'cannot keep the run in "{place.place}": {error.strerror or error}'
        if out is not None:
            raise Refused(f"descent: {said}") from None
        say(f"{said}; it is trained all the same")
        return Unkept()
    for line in gone:
        say(line)
    return Kept(preset, [(run, *one) for run, one in zip(runs, made, strict=True)], say)


def _differs(taken: TakenUp) -> str:
    there = differing(taken.manifest.facts) if taken.manifest is not None else []
    why = f" ({'; '.join(there)})" if there else ""
    return f"{taken.folder.id}: from iteration {taken.differs_at} on the numbers are not those of before{why}"


def caught_up(taken: Sequence[TakenUp], interrupted: Callable[[], bool]) -> Iterator[float]:
    """Train again what has rows already; the share of it that is done, now and then."""
    whole = sum(max(0, one.until - one.begun_at) for one in taken)
    done, shown = 0, time.monotonic()
    for one in taken:
        for _ in one.catch_up():
            done += 1
            if time.monotonic() - shown > 0.1:
                shown = time.monotonic()
                yield done / max(1, whole)
            if interrupted():
                return
