"""Runs that are written into folders, and what their files say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine import Preset, Trainer, load_preset
from engine.film import Film
from engine.on_disk.folder import Manifest, RunFolder
from engine.on_disk.store import Store
from engine.on_disk.writer import RunWriter
from engine.recording import told_of


class Clock:
    """Seconds that pass only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def preset_with(name: str = "recipe", **settings) -> Preset:
    """A preset with other settings."""
    return load_preset(name, [(key.replace("__", "."), [value]) for key, value in settings.items()])


def begun(place: Path, preset: Preset, clock: Callable[[], float] | None = None) -> RunWriter:
    """A run of this preset that has just begun to be written."""
    run = preset.runs[0]
    [(folder, hold)] = Store(place).begin([Manifest(run, preset.name, preset.title, "")], told_of(preset))
    trainer = Trainer(run, lambda: 0.0)
    options = {} if clock is None else {"clock": clock}
    return RunWriter(folder, hold, trainer, preset, Film(trainer), **options)


def trained(writer: RunWriter, until: int | None = None, changes=()) -> None:
    """Train on, with (iteration, key, value) changed on the way."""
    trainer = writer.trainer
    while not trainer.done and (until is None or trainer.iteration < until):
        for at, key, value in changes:
            if at == trainer.iteration:
                trainer.change(key, value)
        trainer.step()
        writer.film.take()
        writer.follow()


def same_run(some: Trainer, other: Trainer) -> bool:
    """Whether two trainers came the same way, to the bit."""
    rows = [one.history.rows(0, len(one.history)) for one in (some, other)]
    return (
        np.array_equal(*rows, equal_nan=True)
        and repr(list(some.history.epochs)) == repr(list(other.history.epochs))  # NaN is NaN
        and some.history.changes == other.history.changes
        and np.array_equal(some.parameters, other.parameters, equal_nan=True)
    )


def text_of(folder: RunFolder, name: str) -> bytes:
    """What a file of a folder holds; nothing where it is not there."""
    place = folder.file(name)
    return place.read_bytes() if place.exists() else b""
