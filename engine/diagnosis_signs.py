"""Signs that the rules, the words and the advice ask for alike: learned by heart, changed by hand, too narrow, at rest.

Each looks at a `Course` as it is now. Losses are measured by its `scale`, what guessing costs, unless it says otherwise.
"""

from __future__ import annotations

import math
from dataclasses import fields

from engine.course import LOW, SHAKES, UPWARDS, Altered, Course

RATE = "training.optimizer.learning_rate"

HOLDS = 3  # epochs that another verdict must be true for before it takes the place of one
GUESSING = 0.8  # a level that is hardly better than guessing
GETTING = 0.7  # a level that is clearly better than guessing
SHORT = 3  # epochs that are too few to tell jumps from a turn
HIGH = 0.5  # a level that is far from learned
RIGHT = 0.95  # accuracy of a network that does not underfit
RISE, RISE_OF_BEST = 0.03, 0.10  # of the validation loss over its best, of the scale and of that best: a clear one
SMOOTH = 0.1  # share of the changes that goes upwards, at most of a smooth loss
SLOW_EPOCH = 0.0125  # of the loss, in an epoch
FALLING = 0.01  # of itself in an epoch: a loss that is on its way
CREEPING = 0.005  # of itself in an epoch: a steady fall that longer steps could do in less time
CUT = 0.1  # of its pace before: what is left of it after a cut that came too soon
AGAIN = 0.1  # of the loss, in as many epochs again: worth as many
FEW, FEW_UPDATES = 10, 100  # planned epochs, or updates, that may just be too few


def by_heart(course: Course) -> bool:
    """What it trains on is learned, and no epoch was much better than guessing for what it does not train on.

    The same holds where it is being learned, and the validation loss was never below guessing and has its best behind it.
    """
    hardly = course.train <= LOW * course.scale and course.best >= GUESSING * course.scale
    never = course.train <= GETTING * course.scale and course.best >= course.scale and past_its_best(course)
    return (hardly or never) and course.best < math.inf


def strayed(course: Course) -> bool:
    """With a rate above the usual: whether the validation loss lies clearly over a best that is long past."""
    rise = course.mean("validation", course.epoch - 2, course.epoch) - course.best
    above = rise >= RISE * course.scale and rise >= RISE_OF_BEST * course.best
    return course.rate > course.usual_rate and 0 < course.best_epoch <= course.epoch - 6 and above


def hardly_begun(course: Course) -> bool:
    """Whether the training loss lies where guessing would, lately as well as now."""
    lately = course.mean("train", course.epoch - course.recent + 1, course.epoch)
    return min(lately, course.train) >= GUESSING * course.scale


def high(course: Course) -> bool:
    """Whether the training loss is far from learned."""
    return course.train >= HIGH * course.scale and (course.accuracy or 0.0) < RIGHT


def few(course: Course) -> bool:
    """Whether so few epochs, or updates, are planned that they may just be too few."""
    updates = course.planned * course.run.iterations_per_epoch(course.batch_size)
    return course.planned <= FEW or updates <= FEW_UPDATES


def unscaled(course: Course) -> bool:
    """Whether somebody has switched off the standardising that is usual for the table.

    Columns of very different sizes saturate units, and make the loss a ravine (LeCun et al. 1998, Efficient BackProp, 4.3).
    """
    data = course.run.data
    usual = data is not None and any(field.name == "standardize" and field.default is True for field in fields(data))
    return usual and not getattr(data, "standardize", True)


# changed by hand


def raised(course: Course) -> Altered | None:
    """The newest change by hand, if it raised the rate while the loss fell or lay calmly, and nothing has changed since."""
    change = course.altered
    if change is None or change.key != "learning_rate" or change.new <= change.old:
        return None
    latest = change.epoch == course.since
    if not math.isfinite(course.train):  # what is no number begins anew each epoch
        noted = course.history.diverged
        latest = noted is not None and 0 < noted.epoch - change.epoch <= SHORT
    return change if latest and change.pace > -FALLING and change.calm else None


def cut_short(course: Course) -> Altered | None:
    """The newest change by hand, if it lowered the rate while the loss was on its way, which it has hardly gone on since.

    The validation loss must have been on its way too, and what the pace of before would have brought must count.
    """
    change = course.altered
    if change is None or change.key != "learning_rate" or change.new >= change.old or change.epoch != course.since:
        return None
    if change.pace < FALLING or not change.calm or not course.from_loss > 0.0:
        return None
    done = course.epoch - change.epoch
    fallen, missed = 1.0 - course.train / course.from_loss, min(1.0, change.pace * done) * course.from_loss
    turned = course.sees_validation and course.best_epoch < change.epoch
    hardly = 0.0 <= fallen < CUT * min(1.0, change.pace * done)
    return change if hardly and missed >= RISE * course.scale and not turned else None


def turned_with(course: Course) -> Altered | None:
    """The newest change by hand, if the validation loss had its best just then."""
    change = course.altered
    return change if change is not None and change.epoch and 0 <= course.best_epoch - change.epoch <= 1 else None


# the network and the time it has


def too_narrow(course: Course) -> bool:
    """Whether a layer has fewer units than it takes to give every class a pattern of its own, each unit being on or off.

    n units that are on or off have 2^n patterns, so that ten classes want four units: what a layer does not tell apart, none
    after it can.
    """
    hidden, classes = course.run.network.hidden, course.run.facts.classes
    return bool(hidden and classes) and min(hidden) < math.log2(classes)


def squeezed(course: Course) -> bool:
    """Whether the loss is high and hardly falls in a network that is too narrow."""
    return too_narrow(course) and high(course) and course.pace < SLOW_EPOCH


def again(course: Course) -> float:
    """By what share of itself the training loss would fall in as many epochs again, at the pace of the recent ones."""
    return course.pace * course.epoch


def shakes(course: Course) -> bool:
    """Whether a loss that lies level goes up and down around its level."""
    change, upwards = course.roughness
    level = course.mean("train", course.epoch - course.recent + 1, course.epoch)
    return upwards >= UPWARDS and change >= SHAKES * level


def past_its_best(course: Course) -> bool:
    """Whether the validation loss had its best before the recent epochs, and lies above it."""
    long_ago = 0 < course.best_epoch <= course.epoch - course.recent
    return course.sees_validation and long_ago and course.validation > course.best
