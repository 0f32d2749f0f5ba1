"""Checks of a whole stretch of a run: a metric that falls all the way, one that is the same in two runs, and a walk that
follows its formula."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from engine.claim_words import digits_apart, given_number, label, number, unit_of_number
from engine.claims import Check, Over, Stretch, parse_over
from engine.measures import NOT_KEPT
from engine.series import Series, ended, kept_for, never, over_of, reached, series_of, unit_of, within
from engine.surfaces import SurfaceObjective

if TYPE_CHECKING:
    from engine.trainer import Trainer


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one check."""

    held: bool | None
    saw: str


def trainer_of(run: str | None, trainers: Sequence[Trainer]) -> Trainer:
    """The trainer of the run of that name; the only one, where none is named."""
    return trainers[0] if run is None else next(one for one in trainers if one.run.name == run)


def far(trainer: Trainer) -> str:
    """How far a run is: 'epoch 6 of 50'."""
    word = "step" if trainer.run.surface is not None else "epoch"
    return f"{word} {len(trainer.history.epochs)} of {trainer.epochs}"


def _stretch(check: Check, over: str | None, unit: str, trainer: Trainer) -> tuple[Series, Over, bool, str]:
    """A stretch of the metric, and whether all of it is there; or why it never will be."""
    where = Over("iteration" if unit == "iteration" else "epoch") if over is None else parse_over(over)
    series = series_of(check, trainer, unit)
    part, is_over = within(series, where), over_of(trainer)
    why = never(trainer, series, where) if is_over else ""
    if not why and not kept_for(None, series, part, where):
        why = NOT_KEPT
    return part, where, is_over or reached(series, where), why


def _lost(name: str, why: str, *trainers: Trainer) -> Seen:
    """What a run that is over does not have: not held, unless it could still be there (see `measures`)."""
    stopped = [trainer.history.stopped for trainer in trainers]
    open_ = why == NOT_KEPT or any(stop is None or stop.reason == "completed" for stop in stopped)
    return Seen(None if open_ else False, f"{name}: {why}")


def falls(check: Check, trainer: Trainer, several: bool) -> Seen:
    """Whether a metric falls at every epoch or update of a stretch, or rises by no more than the slack."""
    unit = "iteration" if check.falls == "update" else "epoch"
    series, where, known, why = _stretch(check, check.over, unit, trainer)
    word = "step" if trainer.run.surface is not None else check.falls
    name, kind = label(check, several, where=False), unit_of_number(check)
    with np.errstate(all="ignore"):
        changes = np.diff(series.y)
    fell = changes < 0 if check.slack == 0.0 else changes <= check.slack
    if not fell.all() and (known or where.unit != "last") and why != NOT_KEPT:
        at = int(np.flatnonzero(~fell)[0])
        before, after = _two(float(series.y[at]), float(series.y[at + 1]), kind)
        verb = "is no number" if math.isnan(series.y[at + 1]) else "does not fall" if check.slack == 0.0 else "rises"
        return Seen(False, f"{name} {verb} at {word} {int(series.x[at + 1])}: {before}, then {after}")
    if why:
        return _lost(name, why, trainer)
    if not known:
        so_far = f" so far falls at each of {len(changes)} {word}s" if fell.all() and len(changes) else ""
        return Seen(None, f"{name}{so_far} ({far(trainer)})")
    if not len(changes):
        return Seen(False, f"{name}: there was no {word}")
    slack = given_number(check.slack, " points" if kind else "")
    how = "falls" if check.slack == 0.0 else f"never rises by more than {slack}"
    first, last = _two(float(series.y[0]), float(series.y[-1]), kind)
    return Seen(True, f"{name} {how} at each of {len(changes)} {word}s: {first} to {last}")


def _two(one: float, other: float, unit: str) -> tuple[str, str]:
    """Two numbers that do not look equal where they are not."""
    digits = digits_apart([(one, other)], unit, exact=False)
    return number(one, unit, digits), number(other, unit, digits)


def same(check: Check, other: Stretch, trainers: Sequence[Trainer]) -> Seen:
    """Whether a metric is bit for bit the same in two stretches. NaN is the same as NaN, but not all of it may be."""
    names = str(check.run if other.run is None else other.run)
    mine, theirs = trainer_of(check.run, trainers), trainer_of(check.run if other.run is None else other.run, trainers)
    over = check.over or other.over
    unit = unit_of(check, parse_over(over)) if over is not None else unit_of(check, Over("last"))
    one, where, known, why = _stretch(check, over, unit, mine)
    two, _, theirs_known, their_why = _stretch(check, other.over or over, unit, theirs)
    name = label(check, True, where=False)
    count = min(len(one.y), len(two.y))
    alike = (one.y[:count] == two.y[:count]) | (np.isnan(one.y[:count]) & np.isnan(two.y[:count]))
    all_there = known and theirs_known
    if not alike.all() and (all_there or where.unit != "last") and NOT_KEPT not in (why, their_why):
        at = int(np.flatnonzero(~alike)[0])
        values = f"{float(one.y[at])!r} and {float(two.y[at])!r}"
        return Seen(False, f"{name} differs from {names} at {unit} {int(one.x[at])}: {values}")
    if why or their_why:
        return _lost(name if why else names, why or their_why, *([mine] if why else []), *([theirs] if their_why else []))
    if not all_there:
        return Seen(None, f"{name} so far the same as {names} over {count} {unit}s")
    if len(one.y) != len(two.y):
        return Seen(False, f"{name} has {len(one.y)} {unit}s, {names} {len(two.y)}")
    if np.isnan(one.y).all():
        return Seen(False, f"{name}: there is no number")
    return Seen(True, f"{name} is the same as {names}, bit for bit, over {count} {unit}s")


def closed_form(check: Check, trainer: Trainer, several: bool) -> Seen:
    """Gradient descent on L = sum of c_i (w_i - m_i)^2 / 2 is at w_t = m + (w_0 - m)(1 - rate c)^t."""
    assert check.closed_form is not None
    steps, largest, at = _FOLLOWED[trainer] = _followed(trainer, *_FOLLOWED.get(trainer, (0, 0.0, 0)))
    name = f"{trainer.run.name}: " if several else ""
    if not largest <= check.closed_form:
        return Seen(False, f"{name}{number(largest)} off the formula at step {at}")
    if not trainer.iteration and over_of(trainer):
        return Seen(False, f"{name}{ended(trainer)}")
    if not over_of(trainer):
        return Seen(None, f"{name}so far at most {number(largest)} off the formula ({far(trainer)})")
    return Seen(True, f"{name}at most {number(largest)} off the formula in {steps - 1} steps")


#: Of walks: how many positions have been compared with the formula, how far off they are at most, and at which step.
_FOLLOWED: WeakKeyDictionary[Trainer, tuple[int, float, int]] = WeakKeyDictionary()


def _followed(trainer: Trainer, seen: int, largest: float, at: int) -> tuple[int, float, int]:
    """The same with the positions that are new."""
    objective = trainer.objective
    assert isinstance(objective, SurfaceObjective)
    surface, path = objective.surface, objective.path
    if seen == len(path):
        return seen, largest, at
    curvatures = np.array(surface.curvatures)  # not empty: `check_problems` has seen to that
    low, rate = np.array(surface.minima[0]), trainer.run.training.optimizer.learning_rate
    with np.errstate(all="ignore"):
        factor = (1.0 - rate * curvatures) ** np.arange(seen, len(path), dtype=float)[:, None]
        wanted = low + (path[0] - low) * factor
        off = (np.abs(path[seen:] - wanted) / np.maximum(1.0, np.abs(wanted))).max(axis=1)
    worst = int(np.argmax(off))  # NaN counts as the largest
    if not math.isnan(largest) and not off[worst] <= largest:
        largest, at = float(off[worst]), seen + worst
    return len(path), largest, at
