"""The runs that are kept on disk, as the lab and the commands mean them: where they lie, what a new one is written with,
and whether there is room for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import Preset, Run
from engine.byte_sizes import written_size
from engine.on_disk.folder import Hold, Manifest, RunFolder, now
from engine.on_disk.store import EPOCH_ROW, ROW, Store, expected_bytes
from engine.recording import told_of
from tui.home.folders import runs_folder

SPARE = 50_000_000  # bytes of the disk that no run takes


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is of a run, if nothing ends it early."""

    iterations: int
    epochs: int
    parameters: int

    @property
    def nbytes(self) -> int:
        """About how many bytes its folder takes when it is over."""
        return expected_bytes(self.iterations, self.epochs, self.parameters)


class NoRoomError(Exception):
    """Runs that cannot be kept, in a sentence with the arithmetic."""


def store(out: str | Path | None = None) -> Store:
    """The runs in a folder, or in the usual one."""
    return Store(Path(out).expanduser() if out is not None else runs_folder())


def begin(
    place: Store, preset: Preset, runs: Sequence[Run], by: str, extents: Sequence[Extent], seeds: bool = False
) -> tuple[list[tuple[RunFolder, Hold]], list[str]]:
    """A folder for each of these runs of a preset, and what has to be said: which older ones went to make room. Raises
    NoRoomError where the disk is too small for them, or they are more than are kept, and OSError."""
    limits = place.limits()
    if len(runs) > limits.count:
        raise NoRoomError(f"{len(runs)} runs are more than the {limits.count} that are kept (descent runs limit --count)")
    place.place.mkdir(parents=True, exist_ok=True)
    free, coming = shutil.disk_usage(place.place).free, sum(one.nbytes for one in extents)
    if coming > free - SPARE:
        raise NoRoomError(f"{arithmetic(extents)}, and {written_size(free)} of the disk are free")
    gone = place.make_room(len(runs))
    manifests = [
        Manifest(run, preset.name, preset.title, "", index, len(runs), by, seeds, now()) for index, run in enumerate(runs)
    ]
    return place.begin(manifests, told_of(preset)), [went(folder, place) for folder in gone]


def went(folder: RunFolder, place: Store) -> str:
    """What is said of a run that was deleted to make room."""
    limits = place.limits()
    most = f"{limits.count} run{'s' if limits.count > 1 else ''} and {written_size(limits.size)} are kept"
    return f"deleted the oldest run, {folder.id}: {most}; one that is starred stays (descent runs star)"


def extent_of(run: Run) -> Extent:
    """That of a run which is trained to its end."""
    return Extent(run.epochs * run.iterations_per_epoch(), run.epochs, run.parameters)


def arithmetic(extents: Sequence[Extent]) -> str:
    """Why runs would take so many bytes on disk."""
    iterations, epochs = sum(one.iterations for one in extents), sum(one.epochs for one in extents)
    rows = f"{iterations:,} iterations x {ROW} bytes + {epochs:,} epochs x {EPOCH_ROW} bytes + weights"
    return f"on disk it may take {written_size(sum(one.nbytes for one in extents))} ({rows})"
