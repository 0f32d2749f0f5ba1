"""Numbers read off a run for a claim's checks: one table says which metrics there are and how each is read.

A run may still be going on, so a reading is known, or not known yet (then with what the number is now), or will never be
known: NaN, which no check lets pass, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from engine.claims import At, Measure, parse_at, parse_over
from engine.memory import step_memory
from engine.metrics import Evaluation
from engine.objective import NetworkObjective
from engine.run import Run
from engine.series import (
    EVALUATIONS,
    ITERATIONS,
    PLACES,
    Floats,
    ended,
    kept_for,
    never,
    newest_of,
    over_of,
    places_of,
    reached,
    series_of,
    taken,
    unit_of,
    within,
)
from engine.surfaces import SurfaceObjective

if TYPE_CHECKING:
    from engine.trainer import Trainer

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
    (empty where nothing can be said). `why` tells what keeps a number from being there."""

    values: tuple[float, ...]
    known: bool = True
    why: str = ""


NOT_YET = Reading((), False)
#: Vectors before training, which a run does not keep and is slow to make again.
_BEGINNINGS: WeakKeyDictionary[Trainer, dict[Any, Floats]] = WeakKeyDictionary()


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
    known, why = all(part.known for part in parts), first_of(part.why for part in parts)
    if not known and not all(part.values for part in parts):
        return Reading((), False, why)
    return Reading(tuple(value for part in parts for value in part.values), known, why)


def first_of(reasons: Iterable[str]) -> str:
    """The first one that is not empty."""
    return next((why for why in reasons if why), "")


def _missing(trainer: Trainer, why: str) -> Reading:
    """What a run that is over does not have. One that had been made shorter can still go on: there it is not known."""
    stopped = trainer.history.stopped
    if stopped is not None and stopped.reason == "completed":
        return Reading((), False, why)
    return Reading((math.nan,), why=why)


NOT_KEPT = "it is no longer kept, the run is too long"


# a point of the run


def _point(measure: Measure, at: At, trainer: Trainer) -> Reading:
    is_over = over_of(trainer)
    if at.kind == "best":
        best = trainer.history.best
        if best is None:
            why = "no epoch had a loss that is a number" if len(trainer.history.epochs) else ended(trainer)
            return Reading((math.nan,), why=why) if is_over else NOT_YET
        return Reading((_of_evaluations(measure, best),), is_over)
    if at.kind == "restored":
        restored = trainer.history.restored
        if restored is None:
            return Reading((math.nan,), why="nothing was put back") if is_over else NOT_YET
        return Reading((_of_evaluations(measure, restored),), is_over)
    by_iteration = at.kind == "iteration" or measure.metric in ITERATIONS
    newest = newest_of(measure, trainer, by_iteration)
    number = {"initial": 0, "final": newest}.get(at.kind, at.number)
    if at.kind == "final" and newest == 0:  # a refused run has no end
        return Reading((math.nan,), why=ended(trainer)) if is_over else NOT_YET
    if number <= newest:
        try:
            return Reading((_at(measure, trainer, number, by_iteration),), at.kind != "final" or is_over)
        except LookupError:
            return Reading((), False, NOT_KEPT)
    if is_over:
        return _missing(trainer, ended(trainer))
    return Reading((_at(measure, trainer, newest, by_iteration),), False) if newest else NOT_YET


def _at(measure: Measure, trainer: Trainer, number: int, by_iteration: bool) -> float:
    """A metric at the end of an epoch or iteration (0: before training). Raises LookupError where it is no longer kept."""
    metric, history = str(measure.metric), trainer.history
    if metric in ITERATIONS:
        found = getattr(history[number - 1], metric)
        return math.nan if found is None else float(found)
    if metric in PLACES:
        return float(places_of(measure, trainer, number, number + 1).y[0])
    if number == 0:
        return _of_evaluations(measure, SimpleNamespace(train=history.initial, validation=history.initial_validation))
    if by_iteration and trainer.run.surface is None:
        series = series_of(measure, trainer, "iteration")
        place = int(np.searchsorted(series.x, number))
        if series.x[place] != number:
            raise LookupError(number)
        return float(series.y[place])
    return _of_evaluations(measure, history.epochs[number - 1])


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
    series = series_of(measure, trainer, unit_of(measure, over))
    part = within(series, over)
    known = over_of(trainer)
    if known and (why := never(trainer, series, over)):
        return _missing(trainer, why)
    known = known or reached(series, over)
    if not len(part.x):
        return NOT_YET
    if not kept_for(measure.take, series, part, over):
        return Reading((), False, NOT_KEPT)
    return Reading((taken(measure.take, part),), known)


# vectors


def _vector(measure: Measure, trainer: Trainer) -> Reading:
    is_over = over_of(trainer)
    if measure.at != "initial":
        why = ended(trainer) if is_over and not trainer.iteration else ""
        if measure.at == "restored" and trainer.history.restored is None:
            why = "nothing was put back" if is_over else ""
            if not is_over:
                return NOT_YET
        if why:
            return Reading((math.nan,) * _count(measure, trainer.run), why=why)
        if not trainer.iteration:
            return NOT_YET
    if measure.metric == "prediction":
        values = _with_weights(measure, trainer, partial(_predicted, rows=rows_of(measure)))[:, 0]
    elif measure.metric == "gradient":
        values = trainer.gradients
    else:
        values = _with_weights(measure, trainer, lambda one: one.parameters.copy())
    chosen = values if measure.index is None else values[measure.index : measure.index + 1]
    return Reading(tuple(chosen.astype(float).tolist()), is_over or measure.at == "initial")


def _count(measure: Measure, run: Run) -> int:
    if measure.metric == "prediction":
        return len(rows_of(measure))
    return run.parameters if measure.index is None else 1


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
        kept_here, key = _BEGINNINGS.setdefault(trainer, {}), (measure.metric, measure.input)
        if key not in kept_here:
            run, surface = trainer.run, trainer.run.surface
            kept_here[key] = look(SurfaceObjective(surface, run.training.dtype) if surface else NetworkObjective(run))
        return kept_here[key]
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
        return Reading((), False, reading.why or plus.why)
    added = plus.values * len(values) if len(plus.values) == 1 else plus.values
    return Reading(
        tuple(a + b for a, b in zip(values, added, strict=True)), reading.known and plus.known, reading.why or plus.why
    )
