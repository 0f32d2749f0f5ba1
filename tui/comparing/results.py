"""The figures of runs that are compared: what each was, how it ended, and what sets it apart from the others.

What sets runs apart is found by comparing them setting by setting, so that nobody has to write it into a preset. Both
tables of runs are made of these figures: that in which a comparison ends, and that of all runs that are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine import EpochMetrics, Trainer
from tui.comparing.kept import Kept, kept_of
from tui.figures import duration, percent, short
from tui.form import BY_KEY, written
from tui.hidden import Hidden
from tui.names import labels, letters
from tui.session import Session


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
    runs, hidden = [kept_of(trainer) for trainer in session.trainers], session.hidden
    full = [one.name for one in runs]
    marks, names, apart = letters(full), labels(full), differences(runs, hidden)
    classes = all(one.run.facts.classes for one in runs)
    walk = all(one.run.surface is not None for one in runs)
    measured = any(one.history.initial_validation is not None for one in runs)
    found = tuple(
        result_of(one, hidden, marks[index], f"run-{index % 6 + 1}", names[index], apart[index])
        for index, one in enumerate(runs)
    )
    quality = "ends at" if walk else "accuracy" if classes else "error"
    covered = hidden.validation and measured
    shown = measured and not covered
    return Results(found, quality, shown, covered, unit_of(runs[0]), _winner(runs, shown))


def _winner(runs: Sequence[Kept], validation: bool) -> int | None:
    losses = []
    for index, one in enumerate(runs):
        last = one.history.epochs[-1] if one.history.epochs else None
        seen = None if last is None else last.validation if validation else last.train
        if seen is not None and not math.isnan(seen.loss):
            losses.append((seen.loss, index))
    return min(losses)[1] if losses else None


def result_of(one: Kept, hidden: Hidden, letter: str, role: str, name: str, differs: str) -> Result:
    """The figures of a run; the last four are what the table calls it, and what sets it apart."""
    history = one.history
    last = history.epochs[-1] if history.epochs else None
    validation = last.validation if last is not None and not hidden.validation else None
    seen = validation or (last.train if last is not None else None)
    quality = "-"
    if seen is not None:
        quality = percent(seen.accuracy) if seen.accuracy is not None else short(seen.mean_absolute_error)
    if last is not None and one.walk is not None:
        quality = one.walk.at(-1)
    return Result(
        letter,
        role,
        name,
        differs,
        short(last.train.loss) if last else "-",
        short(validation.loss) if validation else "-",
        quality,
        best_of(history.best, hidden),
        str(one.iterations) if not one.refused else "-",
        seconds_of(one.seconds) if not one.refused else "-",
        ending_of(one),
    )


def best_of(best: EpochMetrics | None, hidden: Hidden) -> str:
    """'0.026 (41)'; where validation is hidden, nothing: the best epoch is chosen by it."""
    if best is None or (best.validation is not None and hidden.validation):
        return "-"
    return f"{short((best.validation or best.train).loss)} ({best.epoch})"


def seconds_of(seconds: float) -> str:
    """A time of training: 0.42 s, 12.3 s, 4 min."""
    return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s" if seconds < 99.95 else duration(seconds)


def unit_of(one: Kept) -> str:
    """What a run is counted in: epochs, or steps on a surface."""
    return "epoch" if one.run.surface is None else "step"


def ending_of(one: Kept) -> str:
    """How a run ended, where that was not with its last epoch."""
    history, unit = one.history, unit_of(one)
    if one.refused:
        return "refused"
    if history.diverged is not None:
        at = history.diverged.epoch if unit == "epoch" else history.diverged.iteration
        return f"diverged, {unit} {at}"
    if history.stopped is not None and history.stopped.reason == "early_stopping":
        return f"early, {unit} {history.stopped.epoch}"
    return "interrupted" if history.stopped is not None and history.stopped.reason == "interrupted" else ""


# What sets runs apart -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Apart:
    """A setting in which runs differ: its dotted key, what the form calls it, and of each run the value as one would type
    it ("": it has none) and, to sort by, as it is (None where it is hidden or there is none)."""

    key: str
    label: str
    values: tuple[str, ...]
    bare: tuple[Any, ...]
    said: tuple[str, ...]


def apart(runs: Sequence[Kept], hidden: Hidden) -> list[Apart]:
    """The settings in which at least two of the runs differ."""
    tables = [one.settings for one in runs]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    inner = [_tables_in(table) for table in tables]
    found: list[Apart] = []
    for key in keys:
        values = [table[key] for table in tables if key in table]
        has = [key.rpartition(".")[2] if key in names else "" for names in inner]  # 'early_stopping', where others have not
        left_out = any(has)  # a table that only some of the runs have
        if left_out or any(value != values[0] for value in values):
            label = label_of(key)
            tells = f"{key.rpartition('.')[0]}.name"  # what only Adam has tells the optimizer
            if key not in BY_KEY and tells in BY_KEY and hidden.setting(label_of(tells)):
                label = label_of(tells)
            covered = hidden.setting(label)
            if covered and any(one.label == label for one in found):
                continue
            bare = tuple(None if covered else _plain(table.get(key)) for table in tables)
            said = tuple(
                f"{label} hidden" if covered else _said(label, table[key]) if key in table else name
                for table, name in zip(tables, has, strict=True)
            )
            texts = tuple(
                "hidden" if covered else _text(table[key]) if key in table else "yes" if name else ""
                for table, name in zip(tables, has, strict=True)
            )
            found.append(Apart(key, label, texts, bare, said))
    return found


def differences(runs: Sequence[Kept | Trainer], hidden: Hidden) -> list[str]:
    """For each run, the settings in which it differs from another one: 'learning_rate 0.1, batch_size 8'."""
    compared = [one if isinstance(one, Kept) else kept_of(one) for one in runs]
    found = apart(compared, hidden)
    return [", ".join(filter(None, (each.said[index] for each in found))) for index in range(len(compared))]


def label_of(key: str) -> str:
    """What a setting is called: as in the form, else by its key, a name by that of its table."""
    *_, table, name = ("", *key.split("."))
    return BY_KEY[key].label if key in BY_KEY else table if name == "name" else name


def _tables_in(table: dict[str, Any]) -> set[str]:
    """The dotted names of the tables in a table whose keys are dotted."""
    return {key[:end] for key in table for end, character in enumerate(key) if character == "."}


def _said(label: str, value: Any) -> str:
    if value is None:
        return f"no {label}"
    if isinstance(value, bool):
        return label if value else f"no {label}"
    if _nested(value):
        return f"own {label}"
    return f"{label} {_text(value)}"


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "yes" if value else "no"
    return "own" if _nested(value) else written(_plain(value))


def _nested(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(each, (list, tuple)) for each in value)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
