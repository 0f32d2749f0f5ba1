"""Whether what a lesson claims was seen: the checks of a claim against the runs of its preset.

Works in mid-run: a claim is not seen yet, then held or not held, and says the numbers that it is about. A claim is held
where all of its checks are, in the same runs; a check that has failed decides it at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.claim_problems import check_problems
from engine.claim_words import label, number, numbers, side_words
from engine.claims import Check, Claim, Measure, Over, Stretch, completed, parse_over
from engine.measures import Reading, Series, over_of, read, scaled, series_of, unit_of, within
from engine.surfaces import SurfaceObjective

if TYPE_CHECKING:
    from engine.trainer import Trainer


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a claim: `held` None while it is not seen yet, and `saw`, the numbers in words.

    `decided` of its `checks` are known.
    """

    held: bool | None
    saw: str
    decided: int
    checks: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one check."""

    held: bool | None
    saw: str


def judge(claim: Claim, trainers: Sequence[Trainer]) -> Judgement:
    """The claim, judged by the trainers of its preset's runs as they stand; their runs tell them apart by name.

    A check that means nothing for these runs (whose settings were changed) can never be seen, and is told so.
    """
    runs = [trainer.run for trainer in trainers]
    seen = []
    for check in claim.check:
        problems = check_problems(check, runs)
        if problems:
            seen.append(Seen(None, f"cannot be seen with these settings: {problems[0][1]}"))
        else:
            seen.append(_checked(check, trainers))
    failed = [one for one in seen if one.held is False]
    waiting = [one for one in seen if one.held is None]
    held = False if failed else None if waiting else True
    told = failed or waiting or seen
    decided = len(seen) - len(waiting)
    return Judgement(held, "; ".join(dict.fromkeys(one.saw for one in told)), decided, len(seen))


def trainer_of(run: str | None, trainers: Sequence[Trainer]) -> Trainer:
    """The trainer of the run of that name; the only one, where none is named."""
    return trainers[0] if run is None else next(one for one in trainers if one.run.name == run)


def _checked(check: Check, trainers: Sequence[Trainer]) -> Seen:
    trainer, several = trainer_of(check.run, trainers), len(trainers) > 1
    if check.stopped is not None:
        return _stopped(check, trainer, several)
    if check.closed_form is not None:
        return _closed_form(check, trainer, several)
    if check.falls is not None:
        return _falls(check, trainer, several)
    if check.same_as is not None:
        return _same(check, check.same_as, trainers)
    return _compared(check, trainers, several)


# numbers against numbers


def value(measure: Measure, trainers: Sequence[Trainer]) -> Reading:
    """What a measure gives, with its `times` and `plus`."""
    plus = side(completed(measure.plus, measure), trainers)
    return scaled(measure, read(measure, trainer_of(measure.run, trainers)), plus)


def side(given: float | tuple[float, ...] | Measure, trainers: Sequence[Trainer]) -> Reading:
    """The other side of a relation: numbers, or what a measure gives."""
    if isinstance(given, Measure):
        return value(given, trainers)
    return Reading(given if isinstance(given, tuple) else (float(given),))


def _compared(check: Check, trainers: Sequence[Trainer], several: bool) -> Seen:
    own, others = value(check, trainers), [(given, side(given, trainers)) for _, given in check.other_sides()]
    words = [side_words(check, given, reading.values, several) for given, reading in others]
    if not own.known or not all(reading.known for _, reading in others):
        now = f" now {numbers(own.values)}" if own.values else ""
        return Seen(None, f"{label(check, several)}{now} ({_progress(check, trainers)})")
    relation = check.relation
    limits = [reading.values for _, reading in others]
    pairs = list(zip(own.values, *(_as_long(limit, len(own.values)) for limit in limits), strict=True))
    held = all(RELATED[relation](check, *pair) for pair in pairs)
    to_within = f" to within {number(check.tolerance)}" if check.tolerance else ""
    phrase = {
        "above": f">= {words[0]}",
        "below": f"<= {words[0]}",
        "between": f"between {' and '.join(words)}",
        "equals": f"= {words[0]}{to_within}",
        "within_factor": f"within {number(check.within_factor or 0.0)} x of {words[0]}",
    }[relation]
    return Seen(held, f"{label(check, several)} {numbers(own.values)} {'' if held else 'not '}{phrase}")


def _as_long(values: tuple[float, ...], count: int) -> tuple[float, ...]:
    return values * count if len(values) == 1 else values


def _equal(check: Check, a: float, b: float) -> bool:
    return a == b or abs(a - b) <= check.tolerance * max(1.0, abs(b))


def _within(check: Check, a: float, b: float) -> bool:
    factor = check.within_factor or 1.0
    low, high = sorted((b / factor, b * factor))
    return low <= a <= high


#: Each relation of one number to another one or two; false where one of them is NaN.
RELATED: dict[str, Callable[..., bool]] = {
    "above": lambda _, a, b: a >= b,
    "below": lambda _, a, b: a <= b,
    "between": lambda _, a, low, high: low <= a <= high,
    "equals": _equal,
    "within_factor": _within,
}


def _progress(check: Check, trainers: Sequence[Trainer]) -> str:
    """How far the run is that has to go furthest: 'epoch 6 of 50'."""
    names = {check.run, *(given.run for _, given in check.other_sides() if isinstance(given, Measure))}
    named = [trainer_of(name, trainers) for name in names]
    return _far(min(named, key=lambda one: 1.0 if over_of(one) else one.iteration / max(1, one.iterations)))


def _far(trainer: Trainer) -> str:
    word = "step" if trainer.run.surface is not None else "epoch"
    return f"{word} {len(trainer.history.epochs)} of {trainer.epochs}"


# whole stretches


def _stretch(check: Measure, over: str | None, unit: str, trainer: Trainer) -> tuple[Series, Over]:
    where = Over("iteration" if unit == "iteration" else "epoch") if over is None else parse_over(over)
    return within(series_of(check, trainer, unit), where), where


def _falls(check: Check, trainer: Trainer, several: bool) -> Seen:
    unit = "iteration" if check.falls == "update" else "epoch"
    series, where = _stretch(check, check.over, unit, trainer)
    word = "step" if trainer.run.surface is not None else check.falls
    name = label(check, several, where=False)
    with np.errstate(all="ignore"):
        changes = np.diff(series.y)
    fell = changes < 0 if check.slack == 0.0 else changes <= check.slack
    if not fell.all():
        at = int(np.flatnonzero(~fell)[0])
        before, after = number(series.y[at]), number(series.y[at + 1])
        verb = "is no number" if math.isnan(series.y[at + 1]) else "does not fall" if check.slack == 0.0 else "rises"
        return Seen(False, f"{name} {verb} at {word} {int(series.x[at + 1])}: {before}, then {after}")
    reached = where.last is not None and len(series.x) > 0 and series.x[-1] >= where.last
    if not reached and not over_of(trainer):
        return Seen(None, f"{name} so far falls at each of {len(changes)} {word}s ({_far(trainer)})")
    if not len(changes):
        return Seen(False, f"{name}: there was no {word}")
    how = "falls" if check.slack == 0.0 else f"never rises by more than {number(check.slack)}"
    return Seen(True, f"{name} {how} at each of {len(changes)} {word}s: {number(series.y[0])} to {number(series.y[-1])}")


def _same(check: Check, other: Stretch, trainers: Sequence[Trainer]) -> Seen:
    mine, theirs = trainer_of(check.run, trainers), trainer_of(other.run or check.run, trainers)
    over = check.over or other.over
    unit = unit_of(check, parse_over(over)) if over is not None else unit_of(check, Over("last"))
    (one, where), (two, _) = _stretch(check, over, unit, mine), _stretch(check, other.over or over, unit, theirs)
    name, names = label(check, True, where=False), f"{other.run or check.run}"
    count = min(len(one.y), len(two.y))
    same = (one.y[:count] == two.y[:count]) | (np.isnan(one.y[:count]) & np.isnan(two.y[:count]))
    if not same.all():
        at = int(np.flatnonzero(~same)[0])
        return Seen(
            False, f"{name} differs from {names} at {unit} {int(one.x[at])}: {float(one.y[at])!r} and {float(two.y[at])!r}"
        )
    ended = all(over_of(each) or _reached(series, where) for each, series in ((mine, one), (theirs, two)))
    if not ended:
        return Seen(None, f"{name} so far the same as {names} over {count} {unit}s")
    if not count or len(one.y) != len(two.y):
        return Seen(False, f"{name} has {len(one.y)} {unit}s, {names} {len(two.y)}")
    return Seen(True, f"{name} is the same as {names}, bit for bit, over {count} {unit}s")


def _reached(series: Series, where: Over) -> bool:
    return where.last is not None and len(series.x) > 0 and bool(series.x[-1] >= where.last)


def _closed_form(check: Check, trainer: Trainer, several: bool) -> Seen:
    """Gradient descent on L = sum of c_i (w_i - m_i)^2 / 2 is at w_t = m + (w_0 - m)(1 - rate c)^t."""
    objective = trainer.objective
    assert isinstance(objective, SurfaceObjective) and check.closed_form is not None
    surface, path = objective.surface, objective.path
    curvatures = np.array(surface.curvatures)  # not empty: `check_problems` has seen to that
    steps = np.arange(len(path), dtype=float)[:, None]
    low = np.array(surface.minima[0])
    rate = trainer.run.training.optimizer.learning_rate
    with np.errstate(all="ignore"):
        wanted = low + (path[0] - low) * (1.0 - rate * curvatures) ** steps
        off = np.abs(path - wanted) / np.maximum(1.0, np.abs(wanted))
    largest = float(off.max())  # NaN where anything is
    name = f"{trainer.run.name}: " if several else ""
    if not largest <= check.closed_form:
        return Seen(False, f"{name}{number(largest)} off the formula at step {int(np.argmax(off.max(axis=1)))}")
    if not over_of(trainer):
        return Seen(None, f"{name}so far at most {number(largest)} off the formula ({_far(trainer)})")
    return Seen(True, f"{name}at most {number(largest)} off the formula in {len(path) - 1} steps")


def _stopped(check: Check, trainer: Trainer, several: bool) -> Seen:
    name = trainer.run.name if several else "the run"
    if not over_of(trainer):
        return Seen(None, f"{name} is not over ({_far(trainer)})")
    assert trainer.history.stopped is not None
    reason = trainer.history.stopped.reason
    at = f" after epoch {trainer.history.stopped.epoch}" if trainer.iteration else " before the first step"
    words = {"out_of_memory": "refused for memory", "early_stopping": "stopped early"}
    said = f"{name} {words.get(reason, reason)}{at if trainer.run.surface is None else ''}"
    wanted = str(check.stopped)
    return Seen(reason == wanted, said if reason == wanted else f"{said}, not {words.get(wanted, wanted)}")
