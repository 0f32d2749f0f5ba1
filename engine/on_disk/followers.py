"""Runs that are trained together, each written into its folder by the process that trains it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from engine.on_disk.folder import Hold, RunFolder
from engine.on_disk.going_on import preset_of
from engine.on_disk.writer import EVERY, RunWriter
from engine.trainer import Trainer


class Followers:
    """Writes trainers of runs that begin into `folders`, one each. What cannot be written is left out: the folder then ends
    where it failed, and training goes on."""

    def __init__(
        self, folders: Sequence[Path], trainers: Sequence[Trainer], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._due = clock, clock()
        self._writers: list[RunWriter] = []
        for path, trainer in zip(folders, trainers, strict=True):
            folder = RunFolder(path)
            with suppress(OSError):
                self._writers.append(RunWriter(folder, Hold(folder), trainer, preset_of(folder)))

    @property
    def due(self) -> bool:
        """Whether it is time to `follow`: then the histories should have all rows."""
        return bool(self._writers) and self._clock() >= self._due

    def follow(self) -> None:
        """Write what is new; all trainers are between two iterations."""
        self._due = self._clock() + EVERY
        for writer in self._writers:
            writer.follow()

    def close(self) -> None:
        """Write all there is, and let go of the folders."""
        for writer in self._writers:
            writer.settle()
            writer.close()
        self._writers.clear()
