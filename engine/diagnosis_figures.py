"""The figures of a verdict as people read them, and the facts that several kinds of verdict have in common.

What is exact stays in the numbers; what is written here has as many digits as say something.
"""

from __future__ import annotations

import math

from engine.course import Course
from engine.verdict import Evidence


def number(value: float) -> str:
    """A loss as one reads it in a sentence: 0.053, 18.3, 3842, 7.0e+10, NaN (in claims, digits grow until two differ)."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "infinite"
    size = abs(value)
    if size == 0.0:
        return "0"
    if size < 0.001 or size >= 1e6:
        return f"{value:.1e}"
    if size < 10.0:
        return f"{value:.3f}"
    return f"{value:.1f}" if size < 1000.0 else f"{value:.0f}"


def change(before: float, after: float) -> str:
    """'+31 %', '-62 %', and from tenfold on '12 times'."""
    ratio = after / before if before else math.nan
    if not math.isfinite(ratio):
        return "NaN"
    if ratio >= 10.0:
        return times(ratio)
    percent = 100.0 * (ratio - 1.0)
    if abs(percent) < 0.05:
        return "0.0 %"
    if ratio > 0.0:
        percent = max(percent, -99.9)
    if abs(percent) >= 9.5 and not -100.0 < percent < -99.5:
        return f"{percent:+.0f} %"
    return f"{percent:+.1f} %"


def times(ratio: float) -> str:
    """'1.4 times', '12 times', '2,049 times', '1.3e+07 times'."""
    if ratio < 9.95:
        return f"{ratio:.1f} times"
    return f"{ratio:,.0f} times" if ratio < 1e6 else f"{ratio:.1e} times"


def share(value: float) -> str:
    """'0.3 %', '62 %'."""
    percent = 100.0 * value
    if 99.5 <= percent < 100.0:
        return f"{min(percent, 99.9):.1f} %"
    return f"{percent:.0f} %" if percent >= 9.5 else f"{percent:.2g} %"


def unit_of(course: Course) -> str:
    """What an epoch is called."""
    return "epoch" if course.run.surface is None else "step"


def counted(amount: int, noun: str) -> str:
    """'1 epoch', '2 epochs'."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def training(course: Course) -> Evidence:
    """The way of the training loss from before training to now."""
    start, now = course.initial + course.floor, course.train + course.floor
    what = "training loss" if course.run.surface is None else "loss"
    figure = f"{number(start)} -> {number(now)}"
    if start > 0.0 and now > 0.0:
        figure += f" ({change(start, now)})"
    return Evidence(f"{what}, before training -> {unit_of(course)} {course.epoch}", figure)


def validation(course: Course) -> list[Evidence]:
    """The best validation loss and that of now; nothing where it is not seen."""
    if not course.sees_validation or not course.best_epoch:
        return []
    best, now = course.best, course.validation
    evidence = [Evidence(f"validation loss at its best, epoch {course.best_epoch}", number(best))]
    if course.best_epoch != course.epoch:
        evidence.append(Evidence(f"validation loss, epoch {course.epoch}", f"{number(now)} ({change(best, now)})"))
    return evidence


def accuracy(course: Course) -> list[Evidence]:
    """The shares that are right; nothing where there are no classes."""
    if course.accuracy is None:
        return []
    right = f"training {share(course.accuracy)}"
    if course.sees_validation and course.validation_accuracy is not None:
        right += f", validation {share(course.validation_accuracy)}"
    return [Evidence(f"right, epoch {course.epoch}", right)]


def guessing(course: Course) -> list[Evidence]:
    """What somebody's loss is who only guesses, where that is known."""
    classes = course.run.facts.classes
    if classes:
        return [Evidence(f"loss of guessing one of {classes} classes, ln {classes}", number(course.scale))]
    if course.scale != course.initial:
        return [Evidence("loss of saying the mean each time, the variance of the targets", number(course.scale))]
    return []
