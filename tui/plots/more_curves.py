"""More curves in place of the second plot: learning rate, gradient norm, update-to-weight ratio, and the gap to validation.

They are drawn as the loss is, on the same x, with the same cursor. What would tell something that a teacher hides has a
reason not to be there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from engine import IterationMetrics, Trainer
from tui.figures import percent, short
from tui.hidden import Hidden, why_hidden
from tui.plots.legends import Drawn, drawn, exactly
from tui.plots.pictures import Kind, Picture, compose, made_smooth
from tui.plots.readings import Curve
from tui.plots.sight import Sight
from tui.plots.smoothing import moving_average, running_mean
from tui.plots.ticks import Floats

FAR = 20.0  # times
NOTHING_SEEN = np.empty((0, 2))

MORE = ("rate", "gradient", "ratio", "gap")


def why_not(name: str, trainer: Trainer, hidden: Hidden) -> str:
    """Why there is no such curve, in a line; empty where there is one."""
    if name in ("rate", "ratio") and hidden.setting("learning_rate"):  # a ratio, with the gradient, would tell the rate
        return why_hidden("learning_rate")
    if name == "gap":
        if hidden.validation:
            return why_hidden("validation")
        if trainer.history.initial_validation is None:
            return "there is no validation set"
    return ""


def more_picture(name: str, trainers: Sequence[Trainer], selected: int, sight: Sight) -> Picture:
    """One of `MORE`, of every run."""
    if name == "gap":
        return _gap(trainers, selected, sight)
    if name == "rate":
        apart = _far_apart(trainers)
        kind = Kind(
            "Learning rate", short, exactly, floor=math.nan if apart else 0.0, log=apart, validated=False, brief="Rate"
        )
        of = attrgetter("learning_rate")
        curves = [Curve(one, *one.history.series("learning_rate"), NOTHING_SEEN, of=of) for one in drawn(trainers)]
    elif name == "gradient":
        kind = Kind("Gradient norm", short, exactly, log=True, validated=False, brief="Gradient")
        weight, name = sight.viewing.smoothing, "gradient_norm"
        curves = [
            Curve(one, *one.history.series(name), NOTHING_SEEN, *made_smooth(one, name, weight), attrgetter(name))
            for one in drawn(trainers)
        ]
    else:
        kind = Kind("Update / weights", short, exactly, log=True, validated=False, brief="Ratio")
        curves = [_ratio(one, sight.viewing.smoothing) for one in drawn(trainers)]
    return compose(kind, curves, trainers, selected, sight)


def _far_apart(trainers: Sequence[Trainer]) -> bool:
    """Whether the rates of runs that are compared differ so much that on a linear axis the smaller ones would lie on 0.

    A schedule is read off a linear axis: half a wave looks like one there, and it may end at 0.
    """
    plans = [one.run.training.schedule for one in trainers]
    rates = [one.base_rate for one in trainers if one.base_rate > 0]
    if any(plan.name != "constant" or plan.warmup_iterations > 0 for plan in plans):
        return False
    return len(rates) > 1 and max(rates) >= FAR * min(rates)


def _ratio(run: Drawn, weight: float) -> Curve:
    """||update|| / ||weights||, as they were before it: about 0.001 is common where training goes well."""
    at, updates = run.history.series("update_norm")
    known, weights = run.history.series("weight_norm")
    with np.errstate(all="ignore"):
        ratio = updates / (weights if len(weights) == len(at) else np.interp(at, known, weights))
    if weight:
        return Curve(run, at, ratio, NOTHING_SEEN, at, moving_average(ratio, weight), _ratio_of)
    if run.runs > 1:
        window = max(4, run.trainer.run.iterations_per_epoch(run.trainer.batch_size) // 4)
        return Curve(run, at, ratio, NOTHING_SEEN, at, running_mean(ratio, window), _ratio_of)
    return Curve(run, at, ratio, NOTHING_SEEN, of=_ratio_of)


def _ratio_of(metrics: IterationMetrics) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(metrics.update_norm) / metrics.weight_norm)


def _gap(trainers: Sequence[Trainer], selected: int, sight: Sight) -> Picture:
    """How much better the training set is known than the validation set: by accuracy, or of regression by loss."""
    classes = bool(trainers[selected].run.facts.classes)
    runs = [one for one in drawn(trainers) if one.history.initial_validation is not None]
    runs = [one for one in runs if bool(one.trainer.run.facts.classes) == classes]
    name = "Accuracy gap: training - validation" if classes else "Loss gap: validation - training"
    figures = (percent, _two_digits) if classes else (short, exactly)
    kind = Kind(name, *figures, 0.0, validated=False, brief=name.partition(":")[0])
    return compose(kind, [_gap_of(one, classes) for one in runs], trainers, selected, sight)


def _gap_of(run: Drawn, classes: bool) -> Curve:
    figure = "accuracy" if classes else "loss"
    train, seen = run.history.evaluations("train", figure), run.history.evaluations("validation", figure)
    at, train_y, seen_y = _matched(train, seen)
    return Curve(run, at, train_y - seen_y if classes else seen_y - train_y, NOTHING_SEEN)


def _matched(train: Floats, seen: Floats) -> tuple[Floats, Floats, Floats]:
    """Where both sets are known: of a long run its oldest epochs may be kept for one and not for the other."""
    at, first, second = np.intersect1d(train[:, 0], seen[:, 0], return_indices=True)
    return at, train[first, 1], seen[second, 1]


def _two_digits(value: float | None) -> str:
    return percent(value, 2)
