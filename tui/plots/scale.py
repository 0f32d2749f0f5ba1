"""What x counts on the curves: iterations, epochs, samples or seconds, and where an iteration of a run stands on it.

The same holds for a run that trains and for the history of one that is over. The axis doubles whenever it is full, up to
the whole run, so that the curve is not squeezed a little, and repainted, at each step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine import History, Trainer
from tui.plots.ticks import Floats, Ticks, epoch_ticks, number_ticks
from tui.viewing import Unit

FAR_APART = 20  # where one run has so many times the epochs of another, x counts iterations, or the other would be a dot
NUMBERS: dict[Unit, str] = {"iteration": "iteration", "samples": "samples_seen", "seconds": "seconds"}


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """An axis of x: `unit` is what somebody asked for, `counts` what x really counts.

    Epochs are told by ticks on an axis of iterations, so that every batch has its own place; x counts epochs themselves
    only where runs differ in how many iterations an epoch has. `low` and `high` are the limits of all there is to see, and
    `epochs` are epochs (rising; those between two are evenly apart) with the x at which each ends. With `log` the axis is
    logarithmic, and begins at the first iteration.
    """

    unit: Unit
    counts: Unit
    low: float
    high: float
    epochs: tuple[Floats, Floats]
    log: bool = False

    def x_of(self, history: History, iterations: Floats) -> Floats:
        """The x (n,) of iterations (n,) of a run, counted from 1; 0 is before the first one.

        Of iterations that are no longer exact it lies between those that are known.
        """
        if self.counts == "iteration":
            return iterations
        if self.counts == "epoch":
            return epochs_of(history, iterations)
        known, values = history.series(NUMBERS[self.counts])
        if len(known) and len(iterations) == len(known) and iterations[0] == known[0] and iterations[-1] == known[-1]:
            if len(known) == known[-1] - known[0] + 1:  # all of them, one by one
                return values
        x: Floats = np.interp(iterations, np.append(0.0, known), np.append(0.0, values))
        return x

    def iteration_at(self, history: History, x: float) -> int:
        """The newest iteration (from 1) that is not right of x; the first one left of all, 0 where there is none yet."""
        if not len(history):
            return 0
        if self.counts == "iteration":
            found = x + 1e-9 * abs(x)
        elif self.counts == "epoch":
            known, values = _epoch_marks(history)
            found = float(np.interp(x, values, known)) + 1e-6
        else:
            known, values = history.series(NUMBERS[self.counts])
            at = int(np.searchsorted(values, x * (1 + 1e-12), side="right")) - 1
            found = float(known[at]) if at >= 0 else 1.0
        return int(min(max(1.0, found), len(history)))

    def ticks(self, low: float, high: float, columns: int) -> Ticks:
        """Ticks from `low` to `high`, as many as have room in so many columns."""
        if self.unit == "epoch":
            numbers, ends = self.epochs
            found = epoch_ticks(ends, low, high, columns, numbers, self.log)
            inside = low > self.low or high < self.high  # within an epoch or two its iterations say more
            if len(found) > 1 or not inside:
                return found
            one = self.counts == "iteration"
            return number_ticks(low, high, columns, self.log, 1.0 if one else 0.0, "it " if one else "")
        return number_ticks(low, high, columns, self.log, 0.0 if self.counts == "seconds" else 1.0)


def scale_of(
    trainers: Sequence[Trainer], selected: int, unit: Unit = "epoch", log: bool = False, ghosts: Sequence[History] = ()
) -> Scale:
    """The axis for these runs, with the epochs of the selected one; `ghosts` are earlier runs that are shown behind them."""
    shown = trainers[selected]
    lengths = [trainer.run.iterations_per_epoch(trainer.batch_size) for trainer in trainers]
    planned = [trainer.epochs for trainer in trainers] + [max(1, history.epochs_begun) for history in ghosts]
    all_lengths = {*lengths, *(int(history.column("batches")[-1]) for history in ghosts if len(history))}
    even = len(all_lengths) == 1 or max(planned) >= FAR_APART * min(planned)
    counts: Unit = unit if unit != "epoch" else "iteration" if even else "epoch"
    scale = Scale(unit, counts, 0.0, 1.0, (np.empty(0), np.empty(0)), log)
    horizon = _horizon(scale, trainers)
    low = 0.0
    if log:  # it has no zero: it begins with the first iteration
        one = np.ones(1)
        first = [float(scale.x_of(each.history, one)[0]) for each in trainers if each.iteration]
        low = min([at for at in first if at > 0], default=horizon / 10)
        low = low if low < horizon else horizon / 10
    return Scale(unit, counts, low, horizon, _epochs(scale, shown, horizon), log)


def epochs_of(history: History, iterations: Floats) -> Floats:
    """How many epochs (n,) a run had had after so many iterations (n,), in parts of an epoch too."""
    known, values = _epoch_marks(history)
    epochs: Floats = np.interp(iterations, known, values)
    return epochs


def _epoch_marks(history: History) -> tuple[Floats, Floats]:
    """Iterations, and epochs after them, between which the way is even: 0, the ends of epochs, and that of the newest."""
    numbers, ends = history.epoch_ends()
    numbers, ends = np.append(0.0, numbers), np.append(0.0, ends)
    if len(history) > ends[-1]:  # an epoch is in progress
        newest = history[-1]
        numbers = np.append(numbers, numbers[-1] + 1.0)
        ends = np.append(ends, float(len(history) + newest.batches - newest.batch))
    return ends, numbers


def _samples(trainer: Trainer) -> int:
    """Samples of an epoch, with the batch size as it is now."""
    samples = trainer.run.facts.samples
    return samples // trainer.batch_size * trainer.batch_size if trainer.run.training.drop_last else samples


def _horizon(scale: Scale, trainers: Sequence[Trainer]) -> float:
    """How far x goes now: two epochs (a moment of seconds) doubled until all runs are in it, but no more than all of it."""
    counts = scale.counts
    if counts == "seconds":
        reached = max(trainer.seconds for trainer in trainers)
        total = reached if all(trainer.done for trainer in trainers) else math.inf
        horizon = least = 0.001
    elif counts == "samples":
        reached = float(max(trainer.samples_seen for trainer in trainers))
        total = float(max(_all_samples(trainer) for trainer in trainers))
        horizon, least = 2.0 * max(_samples(trainer) for trainer in trainers), 1.0
    else:
        per = [trainer.run.iterations_per_epoch(trainer.batch_size) for trainer in trainers]
        ratios = [1.0] * len(trainers) if counts == "iteration" else [1.0 / each for each in per]
        reached = max(trainer.iteration * ratio for trainer, ratio in zip(trainers, ratios, strict=True))
        total = max(trainer.iterations * ratio for trainer, ratio in zip(trainers, ratios, strict=True))
        if counts == "epoch":  # a batch size that was changed: the epochs there really were
            at = [float(epochs_of(one.history, np.array([float(one.iteration)]))[0]) for one in trainers]
            reached = max(at)
            left = [(one.iterations - one.iteration) * ratio for one, ratio in zip(trainers, ratios, strict=True)]
            total = max(a + b for a, b in zip(at, left, strict=True))
        horizon, least = (2.0 * max(per) if counts == "iteration" else 2.0), 1.0
    while horizon < reached * (1 - 1e-12):
        horizon *= 2.0
    return max(least, min(horizon, total))


def _all_samples(trainer: Trainer) -> int:
    """Samples of the whole run, as the settings are now."""
    if trainer.done:
        return trainer.samples_seen
    left = min(trainer.batches_left * trainer.batch_size, _samples(trainer)) if trainer.epoch else 0
    begun = trainer.epoch
    return trainer.samples_seen + left + _samples(trainer) * max(0, trainer.epochs - begun)


def _epochs(scale: Scale, shown: Trainer, horizon: float) -> tuple[Floats, Floats]:
    """The epochs of a run and where they end on x: those that are over, the one in progress, and those to come."""
    history = shown.history
    numbers, iterations = history.epoch_ends()
    if scale.unit != "epoch":
        return numbers, scale.x_of(history, iterations)
    if shown.epoch > len(history.epochs):  # the epoch in progress may have another number of batches
        numbers = np.append(numbers, shown.epoch)
        iterations = np.append(iterations, shown.iteration + shown.batches - shown.batch)
    ends = iterations if scale.counts == "iteration" else numbers
    step = shown.run.iterations_per_epoch(shown.batch_size) if scale.counts == "iteration" else 1.0
    at = float(ends[-1]) if len(ends) else 0.0
    left = max(0, math.floor((horizon + 1e-9 - at) / step))
    more = np.array(sorted({1, left})) if left else np.empty(0)  # the first and the last of those to come
    return np.append(numbers, shown.epoch + more), np.append(ends, at + step * more)
