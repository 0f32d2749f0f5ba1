"""The table in which a comparison ends: what each run was, how it ended, and its figures.

What sets the runs apart is found by comparing them setting by setting, so that nobody has to write it into a preset.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine import EpochMetrics, Trainer
from engine.overlay import leaves
from tui import endings
from tui.figures import duration, percent, short
from tui.form import BY_KEY, written
from tui.hidden import Hidden
from tui.live_edit import refused
from tui.names import labels, letters
from tui.session import Session
from tui.walk import walk_of


@dataclass(frozen=True, slots=True)
class Result:
    """A run of a comparison that is over, every figure as text ("-": there is none).

    `quality` is the accuracy, or the mean absolute error, on the validation set where there is one (on a surface, where it
    ends); `best` the epoch with the smallest validation loss and that loss; `ending` is empty where all epochs were trained.
    """

    letter: str
    role: str
    name: str
    differs: str
    train: str
    validation: str
    quality: str
    best: str
    iterations: str
    seconds: str
    ending: str


@dataclass(frozen=True, slots=True)
class Results:
    """The table: what its figure of quality is called, whether validation is there or hidden, and which run (from 0) ends
    with the smallest loss, on the validation set where that is shown (None: none has a number)."""

    runs: tuple[Result, ...]
    quality: str
    validation: bool
    hidden: bool
    unit: str = "epoch"
    winner: int | None = None


def results(session: Session) -> Results:
    """The table of the runs as they are now."""
    trainers, hidden = session.trainers, session.hidden
    full = [trainer.run.name for trainer in trainers]
    marks, names, apart = letters(full), labels(full), differences(trainers, hidden)
    classes = all(trainer.run.facts.classes for trainer in trainers)
    walk = all(trainer.run.surface is not None for trainer in trainers)
    measured = any(trainer.history.initial_validation is not None for trainer in trainers)
    runs = tuple(
        _result(trainer, hidden, marks[index], f"run-{index % 6 + 1}", names[index], apart[index])
        for index, trainer in enumerate(trainers)
    )
    quality = "ends at" if walk else "accuracy" if classes else "error"
    covered = hidden.validation and measured
    shown = measured and not covered
    return Results(runs, quality, shown, covered, endings.unit(trainers[0]), _winner(trainers, shown))


def _winner(trainers: Sequence[Trainer], validation: bool) -> int | None:
    losses = []
    for index, trainer in enumerate(trainers):
        last = trainer.history.epochs[-1] if trainer.history.epochs else None
        seen = None if last is None else last.validation if validation else last.train
        if seen is not None and not math.isnan(seen.loss):
            losses.append((seen.loss, index))
    return min(losses)[1] if losses else None


def _result(trainer: Trainer, hidden: Hidden, letter: str, role: str, name: str, differs: str) -> Result:
    history = trainer.history
    last = history.epochs[-1] if history.epochs else None
    best = history.best
    validation = last.validation if last is not None and not hidden.validation else None
    seen = validation or (last.train if last is not None else None)
    quality = "-"
    if seen is not None:
        quality = percent(seen.accuracy) if seen.accuracy is not None else short(seen.mean_absolute_error)
    if last is not None and (walk := walk_of(trainer)) is not None:
        quality = walk.at(-1)
    return Result(
        letter,
        role,
        name,
        differs,
        short(last.train.loss) if last else "-",
        short(validation.loss) if validation else "-",
        quality,
        _best(best, hidden),
        str(trainer.iteration) if not refused(trainer) else "-",
        _seconds(trainer.seconds) if not refused(trainer) else "-",
        _ending(trainer),
    )


def _best(best: EpochMetrics | None, hidden: Hidden) -> str:
    """'0.026 (41)'; where validation is hidden, nothing: the best epoch is chosen by it."""
    if best is None or (best.validation is not None and hidden.validation):
        return "-"
    return f"{short((best.validation or best.train).loss)} ({best.epoch})"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s" if seconds < 99.95 else duration(seconds)


def _ending(trainer: Trainer) -> str:
    """How a run ended, where that was not with its last epoch."""
    history, unit = trainer.history, endings.unit(trainer)
    if refused(trainer):
        return "refused"
    if history.diverged is not None:
        at = history.diverged.epoch if unit == "epoch" else history.diverged.iteration
        return f"diverged, {unit} {at}"
    if history.stopped is not None and history.stopped.reason == "early_stopping":
        return f"early, {unit} {history.stopped.epoch}"
    return "interrupted" if history.stopped is not None and history.stopped.reason == "interrupted" else ""


# What sets runs apart -------------------------------------------------------------------------------------------------


def differences(trainers: Sequence[Trainer], hidden: Hidden) -> list[str]:
    """For each run, the settings in which it differs from another one: 'learning_rate 0.1, batch_size 8'."""
    tables = [_settings(trainer) for trainer in trainers]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    told = []
    for key in keys:
        values = [table[key] for table in tables if key in table]
        left_out = any(_has(key, table) for table in tables)  # a table that only some of the runs have
        if left_out or any(value != values[0] for value in values):
            told.append(key)
    said = [[_said(key, table[key], hidden) if key in table else _has(key, table) for key in told] for table in tables]
    return [", ".join(filter(None, words)) for words in said]


def _has(key: str, table: dict[str, Any]) -> str:
    """'early_stopping' of a run that has this table, where another one has not."""
    return key.rpartition(".")[2] if any(other.startswith(f"{key}.") for other in table) else ""


def _said(key: str, value: Any, hidden: Hidden) -> str:
    *_, table, name = ("", *key.split("."))
    label = BY_KEY[key].label if key in BY_KEY else table if name == "name" else name
    if hidden.setting(label):
        return f"{label} hidden"
    if value is None:
        return f"no {label}"
    if isinstance(value, bool):
        return label if value else f"no {label}"
    if isinstance(value, (list, tuple)) and any(isinstance(each, (list, tuple)) for each in value):
        return f"own {label}"
    return f"{label} {written(tuple(value) if isinstance(value, list) else value)}"


def _settings(trainer: Trainer) -> dict[str, Any]:
    """All settings of a run by their dotted keys, with those that were changed while it trained as they are at last."""
    tables = {key: value for key, value in asdict(trainer.run).items() if key != "name"}
    flat = {".".join(path): value for path, value in leaves(tables)}
    flat["training.optimizer.learning_rate"] = trainer.base_rate
    if trainer.run.surface is None:
        if trainer.batch_size != trainer.run.batch_size:
            flat["training.batch_size"] = trainer.batch_size
        flat["training.epochs"] = trainer.epochs
    for name in ("momentum", "weight_decay"):
        if (key := f"training.optimizer.{name}") in flat:
            flat[key] = getattr(trainer.optimizer, name)
    return flat
