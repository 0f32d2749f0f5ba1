"""What to try after a verdict: one setting, with its reason, and a lesson on it.

A suggestion changes one thing only, so that the next curve shows what that did.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.course import Altered, Course
from engine.diagnosis_capacity import hindrance, longer_steps, steps_are_short, wider
from engine.diagnosis_figures import share, unit_of
from engine.diagnosis_signs import (
    AGAIN,
    CREEPING,
    RATE,
    again,
    by_heart,
    cut_short,
    few,
    high,
    past_its_best,
    raised,
    shakes,
    too_narrow,
    turned_with,
)
from engine.memory import largest_batch, refusal
from engine.verdict import Kind, Suggestion

GAP = 1.2  # validation over training loss: from there on more units would only learn more by heart


@dataclass(frozen=True, slots=True)
class Advice:
    """A lesson (the name of a preset), and a suggestion or why there is none."""

    lesson: str
    suggestion: Suggestion | None = None
    unchanged: str = ""


def advice_on(kind: Kind, course: Course) -> Advice:
    """What to try after a verdict of this kind."""
    return _ADVISERS[kind](course)


def rounded(value: float) -> float:
    """The value with one digit: 0.00032 is 0.0003."""
    return float(f"{value:.1g}")


def whole(value: float) -> int:
    """The nearest of ... 10, 20, 50, 100 ... at or above a count."""
    power = 10 ** math.floor(math.log10(max(1.0, value)))
    return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= value)


def _rate(course: Course, factor: float, reason: str) -> Suggestion:
    return Suggestion(RATE, rounded(course.base_rate * factor), reason)


def _epochs(course: Course, epochs: int, reason: str) -> Suggestion:
    return Suggestion("training.epochs" if course.run.surface is None else "surface.steps", epochs, reason)


def _back(change: Altered, course: Course) -> Suggestion:
    """What a change by hand had done away with."""
    reason = f"what it was until {unit_of(course)} {change.epoch}"
    if change.key == "batch_size":
        return Suggestion("training.batch_size", int(change.old), reason)
    return Suggestion(RATE, change.old, reason)


def _early(course: Course) -> Advice:
    if course.history.stopped is not None and course.planned < 2:
        return Advice("epochs-and-iterations", _epochs(course, 2, "two ends of an epoch are the least that can be compared"))
    return Advice("epochs-and-iterations", unchanged="let it train on first")


def _refused(course: Course) -> Advice:
    fits, lesson = largest_batch(course.run), "batch-out-of-memory"
    if not fits:
        return Advice(lesson, unchanged="no batch_size fits: only a smaller network does, or a higher limit")
    usual = 2 ** (fits.bit_length() - 1)
    if usual == fits or refusal(course.run, usual) is not None:
        return Advice(lesson, Suggestion("training.batch_size", fits, "the largest batch that fits the limit"))
    reason = f"{fits} rows fit the limit, and {usual} is the next usual size below"
    return Advice(lesson, Suggestion("training.batch_size", usual, reason))


def _diverging(course: Course) -> Advice:
    if course.run.surface is not None:
        return Advice(_walk(course), _rate(course, min(1 / 3, _settling(course)), "shorter steps stay in the valley"))
    if (change := raised(course)) is not None:
        return Advice("lr-explodes-fix", _back(change, course))
    return Advice("lr-explodes-fix", _rate(course, 0.1, "a tenth of the rate: each step would go a tenth as far"))


def _settling(course: Course) -> float:
    """By what to multiply a rate that flies away, so that a step along a parabola ends at its lowest point.

    A step multiplies the distance to that point by g = |1 - rate * curvature|, and the height by g^2; beyond it the rate
    wanted is 1 / curvature = rate / (1 + g).
    """
    if not math.isfinite(course.train) or course.initial <= 0.0 or course.train <= course.initial:
        return 1.0
    growth: float = (course.train / course.initial) ** (0.5 / max(1, course.epoch))
    return 1.0 / (1.0 + growth)


def _walk(course: Course) -> str:
    return {"hilly_park": "hilly-park", "ravine": "ravine-momentum"}.get(course.run.loss, "valley")


def _overfitting(course: Course) -> Advice:
    best = course.best_epoch
    if course.history.restored is not None:
        return Advice("early-stopping", unchanged="early stopping has put the weights of its best epoch back")
    change = turned_with(course)
    if change is not None and (change.key == "batch_size" or change.new > change.old):
        return Advice("early-stopping", _back(change, course))
    if course.base_rate > course.usual_rate:
        name, usual = course.run.training.optimizer.name, course.usual_rate
        reason = f"for {name} more than {usual:g} is unusual: shorter steps first, then fewer epochs"
        return Advice("lr-big-medium-tiny", _rate(course, 0.1, reason))
    if by_heart(course):
        return Advice("early-stopping", *_more_samples(course))
    if best < 2:  # a run of one epoch gets no verdict
        reason = "the first epoch was the best: shorter steps show when it turns"
        return Advice("early-stopping", _rate(course, 0.1, reason))
    return Advice("early-stopping", _epochs(course, best, f"the validation loss was lowest after epoch {best}"))


def _more_samples(course: Course) -> tuple[Suggestion | None, str]:
    """More of what it learns too well to say anything of others; tables of files and photographs have no more."""
    samples = getattr(course.run.data, "samples", None)
    if not isinstance(samples, int):
        return None, "no epoch was good for new samples; more samples would help, and this table has no more"
    reason = "no epoch was good for new samples: with more of them it cannot learn each by heart"
    return Suggestion("data.samples", whole(4 * samples), reason), ""


def _rate_high(course: Course) -> Advice:
    if course.run.surface is not None:
        return Advice(_walk(course), _rate(course, 1 / 3, "shorter steps do not jump across"))
    if (change := raised(course)) is not None:
        return Advice("plateau-lower-lr", _back(change, course))
    return Advice("plateau-lower-lr", _rate(course, 0.1, "with a tenth of the rate the loss should come to rest lower"))


def _rate_low(course: Course) -> Advice:
    fallen = 1.0 - course.train / course.from_loss if course.from_loss > 0.0 else 0.0
    power = min(6, max(1, math.floor(-math.log10(max(fallen, 1e-9)))))  # so small a share grows with the rate
    if course.run.surface is not None:
        factor, words = 10.0**power, _times(power)
        return Advice(_walk(course), _rate(course, factor, f"steps {words} times as long"))
    if (change := cut_short(course)) is not None:
        reason = f"what it was until epoch {change.epoch}, when the loss fell by {share(change.pace)} an epoch"
        return Advice("lr-too-low-fix", Suggestion(RATE, change.old, reason))
    power = max(2, power) if fallen < 0.02 else power
    while power > 2 and course.base_rate * 10.0**power > course.usual_rate:
        power -= 1
    reason = f"{_times(power)} times the rate: it fell by {100 * fallen:.2g} % only"
    return Advice("lr-too-low-fix", _rate(course, 10.0**power, reason))


def _times(power: int) -> str:
    return {1: "ten", 2: "a hundred", 3: "a thousand"}.get(power, f"{10**power:,}")


def _noisy(course: Course) -> Advice:
    size = min(4 * course.batch_size, course.run.facts.samples)
    reason = "the noise of a mean halves with four times the samples"
    return Advice("batch-8-32-128", Suggestion("training.batch_size", size, reason))


def _underfitting(course: Course) -> Advice:
    if (found := hindrance(course)) is not None:
        return Advice("wine" if found.key == "data.standardize" else "", found)
    if not too_narrow(course):
        if few(course):
            return Advice("too-few-epochs", _epochs(course, whole(5 * course.planned), "it ended before much was learned"))
        if steps_are_short(course):
            name, usual = course.run.training.optimizer.name, course.usual_rate
            return Advice("lr-too-low-fix", longer_steps(course, f"far below what is usual for {name}, up to {usual:g}"))
    return Advice("iris", *wider(course))


def _plateau(course: Course) -> Advice:
    if course.run.surface is not None:
        if course.gains[1]:
            return Advice(_walk(course), _rate(course, 0.1, "a step went beyond its valley; shorter ones stay in it"))
        return Advice(_walk(course), unchanged="no rate changes this: it rolls down from where it starts")
    if (course.accuracy or 0.0) >= 0.99:
        return Advice("plateau-more-epochs", unchanged="nearly every training sample is right already")
    return Advice("plateau-more-epochs", *_from_rest(course))


def _from_rest(course: Course) -> tuple[Suggestion | None, str]:
    """What may help a loss that lies level: shorter steps where it shakes, epochs where they bring something, or units.

    To divide the rate when the loss is level is usual (He et al. 2016, Deep Residual Learning, 3.4); where the loss does not
    shake, steps are not what keeps it up.
    """
    if course.stepped:
        gone = f"the schedule has brought the rate from {course.base_rate:g} to {course.rate:g}"
        return None, f"{gone}, and a later or smaller step shows whether that was too soon"
    if shakes(course):
        return _rate(course, 0.1, "the loss shakes around its level: shorter steps let it settle"), ""
    found, gap = hindrance(course), course.validation > GAP * course.train
    if found is not None and (high(course) or not gap):
        return found, ""
    if past_its_best(course):
        return None, f"more epochs would not help, the validation loss was best at epoch {course.best_epoch}"
    if again(course) >= AGAIN:
        reason = f"at this pace as many again would take {share(again(course))} off the loss"
        return _epochs(course, whole(2 * course.planned), reason), ""
    if gap:
        return None, "it is at rest with validation above training, where neither epochs nor units help new samples"
    return wider(course)


def _improving(course: Course) -> Advice:
    if course.run.surface is None and course.pace < CREEPING and steps_are_short(course):
        reason = f"it falls evenly, by {share(course.pace)} an epoch: steps ten times as long would take fewer epochs"
        return Advice("lr-too-low-fix", longer_steps(course, reason))
    return Advice("too-few-epochs", _epochs(course, whole(2 * course.planned), "it had not come to rest yet"))


def _blind(course: Course) -> Advice:
    if course.run.facts.validation:
        return Advice("no-validation", unchanged="the validation loss exists, and is hidden")
    known = getattr(course.run.data, "validation", None)
    if known is None:
        return Advice("no-validation", unchanged="this data set has no rows to put aside")
    value: Any = 0.2 if isinstance(known, float) else max(1, course.run.facts.samples // 4)
    return Advice("no-validation", Suggestion("data.validation", value, "samples that are never trained on can judge"))


def _healthy(course: Course) -> Advice:
    lesson = "healthy-training" if course.run.surface is None else _walk(course)
    return Advice(lesson, unchanged="nothing here asks for a change")


def _dead(course: Course) -> Advice:
    if (change := raised(course)) is not None:
        return Advice("lr-explodes-fix", _back(change, course))
    if (found := hindrance(course)) is not None and found.key == "network.initializer":
        return Advice("", found)
    if course.base_rate > course.usual_rate:
        reason = f"more than {course.usual_rate:g} is unusual; long steps push units below 0 for all samples"
        return Advice("lr-explodes-fix", _rate(course, 0.1, reason))
    reason = "leaky_relu lets a little through below 0, so a unit can come back"
    return Advice("lr-explodes-fix", Suggestion("network.activation", "leaky_relu", reason))


_ADVISERS: dict[Kind, Callable[[Course], Advice]] = {
    "too_early": _early,
    "refused": _refused,
    "diverging": _diverging,
    "overfitting": _overfitting,
    "learning_rate_too_high": _rate_high,
    "learning_rate_too_low": _rate_low,
    "noisy": _noisy,
    "underfitting": _underfitting,
    "plateau": _plateau,
    "still_improving": _improving,
    "training_blind": _blind,
    "healthy": _healthy,
    "dead_units": _dead,
}
