"""A metric over a whole run, and the stretches of it that a claim is about.

What a history no longer keeps one by one (see `engine.history`) is told apart from what never was: the smallest and the
largest value of the whole run can still be read then, other numbers cannot.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.claims import Measure, Over
from engine.surfaces import SurfaceObjective

if TYPE_CHECKING:
    from engine.trainer import Trainer

Floats = NDArray[np.floating[Any]]

#: Of each metric that is known at the end of an epoch: the set it is seen on and the figure of `Evaluation`.
EVALUATIONS = {
    f"{part}_{word}": (part, figure)
    for part in ("train", "validation")
    for word, figure in (("loss", "loss"), ("accuracy", "accuracy"), ("r2", "r2"), ("error", "mean_absolute_error"))
}
ITERATIONS = ("batch_loss", "batch_accuracy", "penalty", "learning_rate", "gradient_norm", "update_norm", "weight_norm")
PLACES = ("position", "distance", "side")  # of a walk on a surface


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A metric over a run so far: `x` the epochs or iterations (0: before training), rising, `y` its values, (points,)."""

    x: Floats
    y: Floats

    @property
    def whole(self) -> bool:
        """Whether no point between its first and its last is missing."""
        return len(self.x) == 0 or bool(self.x[-1] - self.x[0] == len(self.x) - 1)


def over_of(trainer: Trainer) -> bool:
    """Whether a run has come to an end of its own; one that somebody broke off may still show anything."""
    stopped = trainer.history.stopped
    return stopped is not None and stopped.reason != "interrupted"


def ended(trainer: Trainer) -> str:
    """'the run ended after epoch 6', of one that is over."""
    word = "step" if trainer.run.surface is not None else "epoch"
    if not trainer.iteration:
        return "the run was refused before the first step"
    return f"the run ended after {word} {len(trainer.history.epochs)}"


def unit_of(measure: Measure, over: Over) -> str:
    """Whether a stretch is counted in epochs or iterations: of "last", what the metric is known for."""
    if over.unit != "last":
        return over.unit
    return "iteration" if measure.metric in ITERATIONS else "epoch"


def within(series: Series, over: Over) -> Series:
    """The part of a series that lies in a stretch; of a share of the run, that many epochs or iterations from its end, at
    least one (what was before training is none)."""
    start = int(np.searchsorted(series.x, _first(series, over)))
    end = len(series.x) if over.last is None else int(np.searchsorted(series.x, over.last, side="right"))
    return Series(series.x[start:end], series.y[start:end])


def _first(series: Series, over: Over) -> int:
    """The epoch or iteration with which a stretch begins."""
    if over.unit != "last" or not len(series.x):
        return over.first
    count = int(series.x[-1])
    return max(1, count - last_count(over.share, count) + 1)


def last_count(share: float, count: int) -> int:
    """How many of `count` epochs or iterations are the last `share` of them."""
    return max(1, math.ceil(round(share * count, 6)))  # 0.07 x 100 is a little more than 7


def reached(series: Series, over: Over) -> bool:
    """Whether a run has come to the end of a stretch that has one."""
    return over.last is not None and len(series.x) > 0 and bool(series.x[-1] >= over.last)


def never(trainer: Trainer, series: Series, over: Over) -> str:
    """Why a stretch is not there in the series of a run that is over; empty where it is."""
    if over.last is not None:
        return "" if reached(series, over) else ended(trainer)
    return "" if len(series.x) and series.x[-1] >= max(1, over.first) else ended(trainer)


# one number of a stretch

EXTREMES = ("min", "max", "range", "argmin")  # of a whole run they are kept for ever
SEVERAL = ("std", "range", "std_of_changes", "share_rising", "sign_changes", "changes")  # say nothing about a single value


def _sign_changes(_: Floats, y: Floats) -> float:
    signs = np.sign(y[y != 0])
    return float(np.count_nonzero(signs[1:] != signs[:-1])) if np.isfinite(y).all() else math.nan


def _argmin(x: Floats, y: Floats) -> float:
    return float(x[np.nanargmin(y)]) if not np.isnan(y).all() else math.nan


def _of_numbers(look: Callable[[Floats], Any]) -> Callable[[Floats, Floats], float]:
    """What `look` finds; NaN where one of the values is."""
    return lambda _, y: math.nan if np.isnan(y).any() else float(look(y))


#: How one number is made of a stretch: (points,) epochs or iterations and (points,) values, in float64.
TAKES: dict[str, Callable[[Floats, Floats], float]] = {
    "min": lambda _, y: float(y.min()),
    "max": lambda _, y: float(y.max()),
    "mean": lambda _, y: float(y.mean()),
    "std": lambda _, y: float(y.std()),
    "range": lambda _, y: float(y.max() - y.min()),
    "std_of_changes": lambda _, y: float(np.diff(y).std()),
    "share_rising": _of_numbers(lambda y: (y[1:] > y[:-1]).mean()),
    "sign_changes": _sign_changes,
    "argmin": _argmin,
    "not_finite": lambda _, y: float(np.count_nonzero(~np.isfinite(y))),
    "changes": _of_numbers(lambda y: np.count_nonzero(y[1:] != y[:-1])),
}


def taken(take: str, part: Series) -> float:
    """One number of a stretch that is not empty; NaN where a single value does not make one."""
    if take in SEVERAL and len(part.x) < 2:
        return math.nan
    with np.errstate(all="ignore"):
        return TAKES[take](part.x, part.y)


def kept_for(take: str | None, series: Series, part: Series, over: Over) -> bool:
    """Whether what is kept of a stretch, `part` of a series, is enough for this number of it."""
    if not len(part.x) or series.whole:
        return True
    if part.whole and part.x[0] == max(series.x[0], _first(series, over)):
        return True
    return take in EXTREMES and over.unit != "last" and over.first <= 1 and over.last is None


# the series


def series_of(measure: Measure, trainer: Trainer, unit: str) -> Series:
    """The metric over the run so far, by epoch or by iteration, from before training where it exists there."""
    metric, history = measure.metric, trainer.history
    assert metric is not None
    if metric in ITERATIONS:
        return Series(*history.series(metric))
    if metric in PLACES:
        return places_of(measure, trainer)
    if metric == "train_loss" and unit == "iteration" and trainer.run.surface is None:
        losses = history.train_losses()
        first = history.initial.loss if history.initial else math.nan
        return _from_start(losses[:, 0], first, losses[:, 1])
    if metric == "gap":
        validation, train = (_by_epoch(trainer, name) for name in ("validation_loss", "train_loss"))
        both, at, other = np.intersect1d(validation.x, train.x, assume_unique=True, return_indices=True)
        with np.errstate(all="ignore"):
            return Series(both, validation.y[at] - train.y[other])
    return _by_epoch(trainer, metric)


def _from_start(x: Floats, first: float, y: Floats) -> Series:
    found = np.empty((2, len(x) + 1))
    found[:, 0] = 0.0, first
    found[0, 1:], found[1, 1:] = x, y
    return Series(found[0], found[1])


def _by_epoch(trainer: Trainer, metric: str) -> Series:
    part, figure = EVALUATIONS[metric]
    seen = trainer.history.evaluations(part, figure)  # type: ignore[arg-type]
    numbers, iterations = trainer.history.epoch_ends()
    x = np.empty(len(seen))
    if trainer.history.epochs.kept.start:  # of the older ones each figure has others that are left
        x[:] = np.rint(np.interp(seen[:, 0], np.append(0.0, iterations), np.append(0.0, numbers)))
    elif len(seen):
        x[0], x[1:] = 0.0, numbers
    return Series(x, seen[:, 1])


def places_of(measure: Measure, trainer: Trainer, first: int = 0, end: int | None = None) -> Series:
    """A walk on a surface, or its steps from `first` to before `end`."""
    objective, axis = trainer.objective, measure.axis or 0
    assert isinstance(objective, SurfaceObjective)
    path = objective.path[first:end].astype(np.float64, copy=False)
    minima = np.array(objective.surface.minima)
    with np.errstate(all="ignore"):
        if measure.metric == "distance":
            y = np.sqrt(((path[:, None, :] - minima) ** 2).sum(axis=-1)).min(axis=-1)
        else:
            y = path[:, axis] if measure.metric == "position" else np.sign(path[:, axis] - minima[0, axis])
    return Series(np.arange(first, first + len(path), dtype=float), y)


def newest_of(measure: Measure, trainer: Trainer, by_iteration: bool) -> int:
    """The newest epoch or iteration of which a metric is known; 0: none but the moment before training."""
    if measure.metric in ITERATIONS:
        return len(trainer.history)
    if measure.metric in PLACES or (by_iteration and trainer.run.surface is None):
        return trainer.iteration
    return len(trainer.history.epochs)
