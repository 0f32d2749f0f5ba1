"""Numbers read off a run for a claim's checks: one table says which metrics there are and how each is read.

A run may still be going on, so a reading is known, or not known yet (then with what the number is now), or will never be
known: NaN, which no check lets pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.claims import At, Measure, Over, parse_at, parse_over
from engine.memory import step_memory
from engine.metrics import Evaluation
from engine.objective import NetworkObjective
from engine.run import Run
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
VECTORS = ("prediction", "weight", "gradient")
NUMBERS: dict[str, Callable[[Run, Trainer | None], float]] = {
    "memory_bytes": lambda run, _: step_memory(run, run.batch_size).total,
    "parameters": lambda run, _: run.parameters,
    "iterations_per_epoch": lambda run, _: run.iterations_per_epoch(),
    "iterations": lambda _, trainer: trainer.iteration if trainer else math.nan,
    "epochs_run": lambda _, trainer: len(trainer.history.epochs) if trainer else math.nan,
    "samples_seen": lambda _, trainer: trainer.samples_seen if trainer else math.nan,
}
BEFORE = ("memory_bytes", "parameters", "iterations_per_epoch")  # known before the first step
METRICS = (*EVALUATIONS, "gap", *ITERATIONS, *PLACES, *VECTORS, *NUMBERS)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a measure gives: one number, or several for a list. `known` False: not yet, `values` being what they are now
    (empty where nothing can be said)."""

    values: tuple[float, ...]
    known: bool = True


NOT_YET = Reading((), False)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A metric over a run so far: `x` the epochs or iterations (0: before training), `y` its values, both (points,)."""

    x: Floats
    y: Floats


def over_of(trainer: Trainer) -> bool:
    """Whether a run has come to an end of its own; one that somebody broke off may still show anything."""
    stopped = trainer.history.stopped
    return stopped is not None and stopped.reason != "interrupted"


def read(measure: Measure, trainer: Trainer) -> Reading:
    """What `measure` gives on this run as it stands, without its `times` and `plus`. It has been found to fit the run."""
    assert measure.metric is not None
    if measure.metric in NUMBERS:
        value = NUMBERS[measure.metric](trainer.run, trainer)
        return Reading((float(value),), measure.metric in BEFORE or over_of(trainer))
    if measure.over is not None:
        return _stretch(measure, trainer)
    if measure.metric in VECTORS:
        return _vector(measure, trainer)
    parts = [_point(measure, parse_at(text), trainer) for text in measure.points]
    known = all(part.known for part in parts)
    if not known and not all(part.values for part in parts):
        return Reading((), False)
    return Reading(tuple(value for part in parts for value in part.values), known)


# a point of the run


def _point(measure: Measure, at: At, trainer: Trainer) -> Reading:
    ended = over_of(trainer)
    if at.kind == "best":
        best = trainer.history.best
        if best is None:
            return Reading((math.nan,)) if ended else NOT_YET
        return Reading((_of_evaluations(measure, best),), ended)
    if at.kind == "restored":
        restored = trainer.history.restored
        return Reading((_of_evaluations(measure, restored) if restored else math.nan,)) if ended else NOT_YET
    unit = "iteration" if at.kind == "iteration" or measure.metric in ITERATIONS else "epoch"
    series = series_of(measure, trainer, unit)
    if at.kind in ("initial", "final"):
        if at.kind == "initial":
            return Reading((float(series.y[0]),))
        begun = len(series.x) > 0 and series.x[-1] > 0  # a refused run has no end
        if not begun:
            return Reading((math.nan,)) if ended else NOT_YET
        return Reading((float(series.y[-1]),), ended)
    found = np.flatnonzero(series.x == at.number)
    if len(found):
        return Reading((float(series.y[found[0]]),))
    return Reading((math.nan,)) if ended else _now(series)


def _now(series: Series) -> Reading:
    return Reading((float(series.y[-1]),), False) if len(series.y) else NOT_YET


def _of_evaluations(measure: Measure, seen: Any) -> float:
    """A metric of an event that has `train` and `validation`."""
    if measure.metric == "gap":
        return float(seen.validation.loss - seen.train.loss)
    assert measure.metric is not None
    part, figure = EVALUATIONS[measure.metric]
    evaluation: Evaluation | None = getattr(seen, part)
    value = None if evaluation is None else getattr(evaluation, figure)
    return math.nan if value is None else float(value)


# a stretch of the run


def _stretch(measure: Measure, trainer: Trainer) -> Reading:
    assert measure.over is not None and measure.take is not None
    over = parse_over(measure.over)
    part = within(series_of(measure, trainer, unit_of(measure, over)), over)
    known = over_of(trainer) or (over.last is not None and len(part.x) > 0 and part.x[-1] >= over.last)
    if not len(part.x):
        return Reading((math.nan,)) if known else NOT_YET
    with np.errstate(all="ignore"):
        return Reading((TAKES[measure.take](part.x, part.y),), known)


def unit_of(measure: Measure, over: Over) -> str:
    """Whether a stretch is counted in epochs or iterations: of "last", what the metric is known for."""
    if over.unit != "last":
        return over.unit
    return "iteration" if measure.metric in ITERATIONS else "epoch"


def within(series: Series, over: Over) -> Series:
    """The part of a series that lies in a stretch; of a share of it, that much from its end, at least one point."""
    if over.unit == "last":
        count = max(1, math.ceil(len(series.x) * over.share))
        return Series(series.x[-count:], series.y[-count:])
    inside = series.x >= over.first
    if over.last is not None:
        inside &= series.x <= over.last
    return Series(series.x[inside], series.y[inside])


def _rising(_: Floats, y: Floats) -> float:
    return float((np.diff(y) > 0).mean()) if len(y) > 1 else math.nan


def _sign_changes(_: Floats, y: Floats) -> float:
    signs = np.sign(y[y != 0])
    return float(np.count_nonzero(signs[1:] != signs[:-1])) if np.isfinite(y).all() else math.nan


def _argmin(x: Floats, y: Floats) -> float:
    return float(x[np.nanargmin(y)]) if not np.isnan(y).all() else math.nan


#: How one number is made of a stretch: (points,) epochs or iterations and (points,) values, in float64.
TAKES: dict[str, Callable[[Floats, Floats], float]] = {
    "min": lambda _, y: float(y.min()),
    "max": lambda _, y: float(y.max()),
    "mean": lambda _, y: float(y.mean()),
    "std": lambda _, y: float(y.std()),
    "range": lambda _, y: float(y.max() - y.min()),
    "std_of_changes": lambda _, y: float(np.diff(y).std()) if len(y) > 1 else math.nan,
    "share_rising": _rising,
    "sign_changes": _sign_changes,
    "argmin": _argmin,
    "not_finite": lambda _, y: float(np.count_nonzero(~np.isfinite(y))),
    "changes": lambda _, y: float(np.count_nonzero(y[1:] != y[:-1])),
}


# series


def series_of(measure: Measure, trainer: Trainer, unit: str) -> Series:
    """The metric over the run so far, by epoch or by iteration, from before training where it exists there."""
    metric, history = measure.metric, trainer.history
    assert metric is not None
    if metric in ITERATIONS:
        x, y = history.series(metric)
        return Series(x, y)
    if metric in PLACES:
        return _places(measure, trainer)
    if metric == "train_loss" and unit == "iteration" and trainer.run.surface is None:
        losses = history.train_losses()
        first = history.initial.loss if history.initial else math.nan
        return Series(np.r_[0.0, losses[:, 0]], np.r_[first, losses[:, 1]])
    ends = np.r_[0.0, history.epoch_ends()[0]]
    if metric == "gap":
        validation, train = (_evaluations(trainer, name) for name in ("validation_loss", "train_loss"))
        with np.errstate(all="ignore"):
            return Series(ends, validation - train)
    return Series(ends, _evaluations(trainer, metric))


def _evaluations(trainer: Trainer, metric: str) -> Floats:
    part, figure = EVALUATIONS[metric]
    return trainer.history.evaluations(part, figure)[:, 1]  # type: ignore[arg-type]


def _places(measure: Measure, trainer: Trainer) -> Series:
    objective, axis = trainer.objective, measure.axis
    assert isinstance(objective, SurfaceObjective)
    path = objective.path
    minima = np.array(objective.surface.minima)
    with np.errstate(all="ignore"):
        if measure.metric == "distance":
            y = np.sqrt(((path[:, None, :] - minima) ** 2).sum(axis=-1)).min(axis=-1)
        else:
            y = path[:, axis] if measure.metric == "position" else np.sign(path[:, axis] - minima[0, axis])
    return Series(np.arange(len(path), dtype=float), y)


# vectors


def _vector(measure: Measure, trainer: Trainer) -> Reading:
    known = over_of(trainer) or measure.at == "initial"
    if measure.metric == "prediction":
        rows = rows_of(measure)
        found = _with_weights(measure, trainer, partial(_predicted, rows=rows))
        return Reading(tuple(map(float, found[:, 0])), known)
    if measure.metric == "gradient":
        values = trainer.gradients if trainer.iteration else np.full_like(trainer.gradients, math.nan)
    else:
        values = _with_weights(measure, trainer, lambda one: one.parameters.copy())
    chosen = values if measure.index is None else values[measure.index : measure.index + 1]
    return Reading(tuple(map(float, chosen)), known)


def rows_of(measure: Measure) -> Floats:
    """The inputs of a prediction, (rows, features): one row or several."""
    given: Any = measure.input
    return np.array(given if isinstance(given[0], tuple) else (given,), float)


def _predicted(trainer: Any, rows: Floats) -> Floats:
    with np.errstate(all="ignore"):
        found: Floats = trainer.predict(rows)
    return found


def _with_weights(measure: Measure, trainer: Trainer, look: Callable[[Any], Floats]) -> Floats:
    """`look` at the objective with the weights that `measure.at` asks for; where the best were put back, "final" are those
    before that and "restored" the ones there are."""
    if measure.at == "initial":
        surface = trainer.run.surface
        return look(SurfaceObjective(surface, trainer.run.training.dtype) if surface else NetworkObjective(trainer.run))
    if measure.at == "restored" and trainer.history.restored is None:
        return np.full_like(look(trainer.objective), math.nan)
    if measure.at == "final" and trainer.undone is not None:
        kept = trainer.parameters.copy()
        try:
            trainer.parameters[...] = trainer.undone
            return look(trainer.objective)
        finally:
            trainer.parameters[...] = kept
    return look(trainer.objective)


def scaled(measure: Measure, reading: Reading, plus: Reading) -> Reading:
    """times x the reading + plus; a single number is added to each of several."""
    values = [measure.times * value for value in reading.values]
    if not values or not plus.values:
        return replace(reading, values=(), known=False)
    added = plus.values * len(values) if len(plus.values) == 1 else plus.values
    return Reading(tuple(a + b for a, b in zip(values, added, strict=True)), reading.known and plus.known)
