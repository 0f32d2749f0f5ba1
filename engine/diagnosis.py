"""What the curves of a run mean, by rules with evidence: healthy, overfitting since epoch 14, a rate that is too high.

The rules read what a curve shows and a few facts of the run, never the name of a lesson. They are asked once an epoch,
of long runs less often, and a verdict stands until another one has been true three times, so that it can be read before it
changes.
"""

from __future__ import annotations

import math
from typing import Literal

from engine.course import ARRIVED, LOW, UPWARDS, Course
from engine.diagnosis_signs import (
    FALLING,
    GUESSING,
    HOLDS,
    RISE,
    RISE_OF_BEST,
    SHORT,
    SLOW_EPOCH,
    SMOOTH,
    by_heart,
    cut_short,
    few,
    hardly_begun,
    high,
    squeezed,
    strayed,
)
from engine.diagnosis_words import tell, tell_doubt
from engine.history import History
from engine.run import Run
from engine.verdict import Kind, Verdict

FIRST = 2  # the epoch before which nothing is said
AT_ONCE: tuple[Kind, ...] = ("diverging", "refused")
#: What these say is true of every epoch in which they stand; of others the figures are those of the newest that showed it.
RETOLD: tuple[Kind, ...] = ("healthy", "training_blind", "learning_rate_too_low", "underfitting")

# Losses are measured by `Course.scale`, what guessing costs, unless it says otherwise.
LONG, LONG_RISE, LONG_RISE_OF_BEST = 6, 0.02, 0.02  # less is enough where there was no new best for so many epochs
LEARNED_ON = 0.95  # and the training loss has fallen to this share, or lower, since then
ROUGH, ROUGH_OF_LEVEL = 0.006, 0.08  # of the changes of the training loss from epoch to epoch
CLIMB, CLIMB_OF_LEVEL = 0.05, 0.05  # of a training loss that climbs: above its lowest, and lately, as a share of itself
BATCH_NOISE = 0.3  # of the changes of the loss from batch to batch
SMALL_BATCH = 16
SLOW = 0.35  # of the whole way, in all epochs that are planned
STILL, STILL_EPOCH = 0.02, 0.005  # of itself, between the halves of the recent epochs, and an epoch: a loss that lies level
WORTH, WORTH_HELD = 0.06, 0.03  # of the training and the validation loss, as long again at the pace of now: worth going on
LONGER = 0.95  # on a surface, of what the slope promised: a step that brings so much could be far longer
DEAD = 0.9  # share of a layer's units


class Diagnosis:
    """The verdict on one run as it goes on; `verdict` may be asked at any time and looks only at epochs that are new to it.

    It is a fold over the epochs of `history`: with the same history it comes to the same verdict, however often and whenever
    it is asked. There is none before epoch 2, unless the run has already ended by diverging. Another verdict replaces one
    once it has been true for 3 epochs in a row (of those that are judged, see `Course.due`); diverging and refused replace
    any other at once. With `sees_validation` false the validation figures are not looked at, as if they were hidden from
    whoever reads the verdict.

    (The noise of batches is read from those iterations that the history keeps one by one; see `engine.history`.)
    """

    def __init__(self, history: History, run: Run, sees_validation: bool = True) -> None:
        self.history, self.run = history, run
        self.course = Course(history, run, sees_validation)
        self.kind: Kind | None = None
        self._shown: Course | None = None  # the course when it last showed what `kind` says
        self._told: Verdict | None = None  # `kind` in words, made when somebody asks
        #: A verdict that may take its place, and for how many epochs it has been true.
        self._next: tuple[Kind, int] | None = None
        self._true_at = 0  # the newest epoch that showed what `kind` says

    @property
    def can_die(self) -> bool:
        """Whether the verdict depends on the share of units that are dead."""
        dying = self.run.surface is None and self.run.network.hidden and self.run.network.activation == "relu"
        return bool(dying) and self.kind in ("plateau", "underfitting", "learning_rate_too_high")

    @property
    def behind(self) -> int:
        """How many epochs have not been looked at yet."""
        return len(self.history.epochs) - self.course.taken

    def verdict(self, dead_share: float | None = None, most: int | None = None) -> Verdict:
        """What the run shows by now; with `most`, no more epochs are looked at in this call, and some may stay `behind`.

        `dead_share` is the largest share of dead units in a layer, from 0 to 1, as a snapshot shows it
        (`LayerSnapshot.dead_share`); a loss that lies level is put down to them where that is at least 0.9.
        """
        history, course = self.history, self.course
        course.taken = max(course.taken, history.epochs.kept.start)
        new = self.behind if most is None else min(self.behind, most)
        for at in range(course.taken, course.taken + new):
            course.take(history.epochs[at])
            if course.due:
                self._weigh()
        stopped = history.stopped
        if stopped is not None and stopped.reason == "out_of_memory" and not len(history):
            return tell("refused", course)
        if self.kind is None or self._shown is None:
            ended = stopped is not None and stopped.reason != "interrupted"
            return tell("diverging" if ended and history.diverged is not None and course.epoch else "too_early", course)
        if dead_share is not None and dead_share >= DEAD and self.can_die:
            return tell("dead_units", course, dead_share)
        if self._told is None or stopped is not None:  # only at the end early stopping puts weights back
            if self.kind == "healthy" and self._next is not None:
                self._told = tell_doubt(self._shown, self._true_at, *self._next)
            else:
                self._told = tell(self.kind, self._shown)
        return self._told

    def _weigh(self) -> None:
        """Whether what the newest epoch shows changes the verdict."""
        if self.course.epoch < FIRST:
            return
        found = seen(self.course)
        waited = self._next[1] + 1 if self._next is not None and self._next[0] == found else 1
        self._next = (found, waited) if found is not None and found != self.kind else None
        if found is not None and (self.kind is None or found in AT_ONCE or waited >= HOLDS):
            self.kind, self._next = found, None
        if self.kind == found:
            self._true_at = self.course.epoch
        if self.kind is not None and (self.kind == found or self.kind in RETOLD):
            self._shown, self._told = self.course.copy(), None


def diagnose(history: History, run: Run, sees_validation: bool = True, dead_share: float | None = None) -> Verdict:
    """The verdict on what has happened so far; see `Diagnosis`."""
    return Diagnosis(history, run, sees_validation).verdict(dead_share)


def seen(course: Course) -> Kind | None:
    """What the newest epoch shows, by itself; None where a change of the rate is too fresh to be judged."""
    if _diverging(course):
        return "diverging"
    if course.run.surface is not None:
        return _on_a_surface(course)
    if course.sees_validation and (by_heart(course) or _overfitting(course)):
        return "overfitting"
    fresh = course.epoch - course.since < FIRST
    if not fresh and _far_too_high(course):
        return "learning_rate_too_high"
    if not fresh and (rough := _rough(course)):
        return rough
    if not fresh and course.sees_validation and strayed(course):
        return "learning_rate_too_high"
    if not fresh and squeezed(course) and course.epoch - course.since > SHORT:
        return "underfitting"
    if not fresh and not course.stepped and (_too_slow(course) or cut_short(course)):
        return "learning_rate_too_low"
    going = _worth_going_on(course)
    if _too_short(course) and not going:
        return "underfitting"
    if not fresh and (level := _level(course)):
        return level
    if fresh and course.since:
        return None
    if not course.sees_validation:
        return "training_blind"
    return "still_improving" if going else "healthy"


def _diverging(course: Course) -> bool:
    """No number any more; or above the band that the run may move in, and not back below its start; or climbing."""
    if not math.isfinite(course.train):
        return True
    if course.train <= course.initial:
        return False
    climbed = course.train > 1.5 * course.initial and course.fall() < 0.0
    return course.diverged or climbed


def _overfitting(course: Course) -> bool:
    """The validation loss has turned and is clearly above its best, and the training loss has gone on falling since."""
    if course.epoch - course.best_epoch < FIRST or not course.best_epoch:
        return False
    now = course.mean("validation", course.epoch - 1, course.epoch)
    rise = min(now, course.validation) - course.best
    if max(course.train, course.mean("train", course.epoch - 1, course.epoch)) >= LEARNED_ON * course.train_at_best:
        return False
    if rise >= RISE * course.scale and rise >= RISE_OF_BEST * course.best:
        return True
    lately = course.mean("validation", course.epoch - LONG // 2 + 1, course.epoch) - course.best
    long = course.epoch - course.best_epoch >= LONG
    return long and lately >= LONG_RISE * course.scale and lately >= LONG_RISE_OF_BEST * course.best


def _rough(course: Course) -> Literal["noisy", "learning_rate_too_high"] | None:
    """The training loss goes up and down from epoch to epoch, or from batch to batch; by small batches or by long steps."""
    small = course.batch_size <= SMALL_BATCH and 4 * course.batch_size <= course.run.facts.samples
    change, upwards = course.roughness
    first = course.epoch - course.recent + 1
    level = course.mean("train", first, course.epoch)
    size = max(course.scale, course.initial)  # on a curve that begins far above the scale they are not to be seen
    jumps = change >= ROUGH * size and change >= ROUGH_OF_LEVEL * level and upwards >= UPWARDS
    climbs = course.fall() <= -CLIMB_OF_LEVEL and level - course.lowest >= CLIMB * size
    if (jumps or climbs) and course.epoch - course.since > SHORT:
        return "noisy" if small and course.rate <= course.usual_rate else "learning_rate_too_high"
    return "noisy" if small and course.noise >= BATCH_NOISE * course.scale else None


def _far_too_high(course: Course) -> bool:
    """With a rate above the usual: a loss that is still high and goes up as well as down, at any length of the run."""
    return course.rate > course.usual_rate and high(course) and course.roughness[1] > SMOOTH


def _too_slow(course: Course) -> bool:
    """The loss falls, steadily and so slowly that at this pace most of the way is still ahead at the end.

    A first guess can cost far more than guessing the mean does. Then a third of the way is little: what counts is whether it
    will have come below guessing at all.
    """
    done = course.epoch - course.since
    fallen = 1.0 - course.train / course.from_loss if course.from_loss > 0.0 else 0.0
    whole = fallen * (done + course.left) / max(1, done)
    slow = (fallen < SLOW and whole < SLOW) or (1.0 - whole) * course.from_loss >= GUESSING * course.scale
    settled = course.since and course.train < SLOW * course.scale
    if course.altered is not None and course.altered.epoch == course.since and course.altered.pace < FALLING:
        settled = settled or course.from_loss < GUESSING * course.scale  # it was at rest before the change
    if fallen <= 0.0 or not slow or settled or course.roughness[1] > UPWARDS:
        return False
    middle = course.since + done // 2
    half = course.mean("train", middle, middle)
    steady = half - course.train > 0.4 * (course.from_loss - half)
    return steady and fallen / done < SLOW_EPOCH


def _near_end(course: Course) -> bool:
    short = course.left < HOLDS and 2 * course.epoch > course.planned  # else there is no time for a verdict to hold
    return short or course.left <= max(1, round(0.2 * course.planned))


def _level(course: Course) -> Kind | None:
    """The loss lies level: as high as guessing, or lower but not low enough to be called learned."""
    span = course.epoch - course.since
    if span <= SHORT:
        return None
    fall, still, begun = course.fall(), min(STILL, STILL_EPOCH * (course.recent // 2)), not hardly_begun(course)
    change, upwards = course.roughness
    if upwards >= UPWARDS and course.train > 0.0:  # a fall that is less than what it jumps by is none
        still = max(still, change / course.train, 0.0 if begun else CLIMB_OF_LEVEL)
    if high(course) and not begun and fall < still:
        return "learning_rate_too_high" if course.rate > course.usual_rate else "underfitting"
    if fall >= still:
        return None
    return "plateau" if course.sees_validation and course.train > LOW * course.scale else None


def _too_short(course: Course) -> bool:
    """The run is about to end after few epochs, or few updates, with the loss still high."""
    return _near_end(course) and high(course) and few(course)


def _worth_going_on(course: Course) -> bool:
    """The run is about to end, and both losses still fall so much that as many epochs again would be worth having."""
    if not _near_end(course) or course.roughness[1] > SMOOTH:
        return False
    held = not course.sees_validation or _promised(course, "validation") >= WORTH_HELD * course.scale
    return held and _promised(course, "train") >= WORTH * course.scale


def _promised(course: Course, what: str) -> float:
    """How far a loss would fall in as many epochs again at the pace of now."""
    half = max(1, course.recent // 2)
    return course.fall(what) * course.mean(what, course.epoch - half + 1, course.epoch) / half * course.planned


def _on_a_surface(course: Course) -> Kind:
    """Whether a walk has come to the deepest point or another one, jumps across it, or crawls."""
    judged, too_long, gained = course.gains
    still = abs(course.fall()) < 1e-6 and course.epoch > SHORT
    if still and course.train > ARRIVED * course.scale:
        return "plateau"
    change, upwards = course.roughness
    circles = upwards >= UPWARDS and change >= 0.1 * ARRIVED * course.scale
    if circles or (judged >= FIRST and too_long > 0.5 * judged):
        return "learning_rate_too_high"
    if course.train <= ARRIVED * course.scale:
        return "healthy"
    begun = max(1, course.since)
    before = course.mean("train", begun, begun)
    pace = (course.train / before) ** (1.0 / max(1, course.epoch - begun)) if before > 0.0 else 1.0
    if course.train * pace**course.left <= ARRIVED * course.scale:
        return "healthy"
    return "learning_rate_too_low" if judged and gained >= LONGER else "still_improving"
