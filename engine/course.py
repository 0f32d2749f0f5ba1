"""The course of a run so far, in facts that stay small however long it trains: how far it fell, how fast, how roughly.

Epochs are taken in one after another. Up to 64 are kept one by one; of longer runs neighbours are put together, two, four,
eight at a time, so that a stretch of the last fifth of a run costs the same after ten thousand epochs as after fifty. And
long runs are judged less often: see `Course.due`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.history import History
from engine.metrics import Changed, EpochMetrics
from engine.run import Run

MOST_BLOCKS = 64
FINE = 8  # epochs to a block from which on not every epoch is judged: 512 epochs and more
RECENT = 0.2  # of the epochs so far are "recent"
FEWEST_RECENT = 4  # but at least so many
ARRIVED = 0.01  # on a surface: of the height of the start above the deepest point
LOW = 0.2  # of the scale: a level that is settled
USUAL_RATE = {"sgd": 0.5, "momentum": 0.1, "nesterov": 0.1}  # the most that is usual; the others scale their steps: 0.03
UPWARDS = 0.25  # share of its changes that goes upwards, of a jumping loss
SHAKES = 0.02  # of its level, from epoch to epoch: smaller jumps do not count
TURN = 1.9  # a rate that changes by such a factor from one epoch to the next begins a new stretch


@dataclass(frozen=True, slots=True)
class Block:
    """Some epochs in a row: sums of both losses, and of the changes of the training loss from epoch to epoch."""

    first: int
    last: int
    train: float
    validation: float
    up: float
    change: float

    @property
    def count(self) -> int:
        """How many epochs."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Altered:
    """A learning rate or batch size that somebody changed while it trained: its key, what it was and what it became.

    It holds after `epoch`. Until then the training loss fell by the share `pace` of itself an epoch, and it was `calm`: its
    changes went down, or were small beside it.
    """

    epoch: int
    key: str
    old: float
    new: float
    pace: float
    calm: bool


class Course:
    """What a run has come to by the newest epoch taken in.

    Losses are those of whole sets at the ends of epochs; NaN where there is none. `scale` is what a loss is measured by:
    that of somebody who only guesses (ln of the number of classes, the variance of the targets), where that is known, else
    the loss before training; on a surface the height of the start above the deepest point. Of a run with more epochs than
    `History` keeps one by one, those that are kept are taken in.
    """

    def __init__(self, history: History, run: Run, sees_validation: bool = True) -> None:
        assert history.initial is not None
        self.history, self.run = history, run
        first = history.initial_validation if sees_validation else None
        self.sees_validation = first is not None
        self.floor = deepest(run)
        self.initial = history.initial.loss - self.floor
        self.initial_validation = first.loss if first is not None else math.nan
        self.scale = self._scale()
        self.epoch = self.taken = 0
        self.train = self.initial
        self.validation = self.initial_validation
        self.accuracy: float | None = history.initial.accuracy
        self.validation_accuracy: float | None = first.accuracy if first is not None else None
        self.rate = math.nan
        self.batch_size, self.planned = run.batch_size, run.epochs
        self.best, self.best_epoch, self.train_at_best = math.inf, 0, math.nan
        self.lowest, self.lowest_epoch = math.inf, 0  # of the training loss
        self.since = 0  # the epoch after which the rate and the batch size stay as they are now
        self.from_loss = self.initial  # the training loss then
        self.altered: Altered | None = None  # the newest change of the rate or the batch size by hand
        self.stepped = False  # whether a schedule has changed the rate at a stroke
        self.base_rate = run.training.optimizer.learning_rate  # what the schedule multiplies, with all live changes
        self.diverged = False
        self.blocks: list[Block] = []
        self.stride = 1
        self.noises: list[float] = []  # of the batch losses, of the last three epochs that were judged
        self.gains: tuple[int, int, float] = (0, 0, math.nan)  # on a surface: steps judged, those too long, the last share
        self._changes = 0

    def _scale(self) -> float:
        first, run = self.history.initial, self.run
        assert first is not None
        if run.facts.classes:
            return math.log(run.facts.classes)
        if run.surface is None and run.loss == "mean_squared_error" and first.r2 is not None and first.r2 < 1.0:
            return first.loss / (1.0 - first.r2)  # r2 = 1 - loss / variance
        return self.initial

    # taking epochs in

    def take(self, entry: EpochMetrics) -> None:
        """Take in the end of the next epoch."""
        before = self.train
        changed = self._take_changes(entry)
        if not changed and self.rate > 0.0 and not 1.0 / TURN < entry.learning_rate / self.rate < TURN:
            self.since, self.from_loss, self.stepped = self.epoch, self.train, True
        self.rate = entry.learning_rate
        self.taken += 1
        self.epoch, self.train = entry.epoch, entry.train.loss - self.floor
        self.accuracy = entry.train.accuracy
        if self.sees_validation and entry.validation is not None:
            self.validation, self.validation_accuracy = entry.validation.loss, entry.validation.accuracy
        noted = self.history.diverged
        self.diverged = noted is not None and noted.iteration <= entry.iteration
        if self.run.surface is not None:
            self._take_step(entry, before)
        if self.validation < self.best:
            self.best, self.best_epoch, self.train_at_best = self.validation, self.epoch, self.train
        if self.train < self.lowest:
            self.lowest, self.lowest_epoch = self.train, self.epoch
        if not math.isfinite(self.train):
            self.since, self.from_loss = self.epoch, math.nan  # nothing is compared with what is no number
        change = self.train - before if self.epoch > 1 else 0.0
        self._append(Block(self.epoch, self.epoch, self.train, self.validation, max(0.0, change), abs(change)))
        if self.due:
            self._take_noise(entry)

    @property
    def due(self) -> bool:
        """Whether the newest epoch is one that is judged: every one up to 512, every second up to 1024, and so on; and the
        last one that is planned, any that ended the run, and any whose loss is no number.

        A tiny network ends a thousand epochs a second: judging each would cost as much as drawing it.
        """
        stopped = self.history.stopped
        if self.epoch % max(1, self.stride // FINE) == 0 or self.epoch == self.planned or not math.isfinite(self.train):
            return True
        return stopped is not None and stopped.reason != "interrupted" and stopped.epoch == self.epoch

    def _take_changes(self, entry: EpochMetrics) -> bool:
        """Live changes that were made before the last iteration of this epoch; whether the rate was among them."""
        changes: list[Changed] = self.history.changes
        rates = 0
        while self._changes < len(changes) and changes[self._changes].iteration < entry.iteration:
            change = changes[self._changes]
            self._changes += 1
            if change.key == "epochs":
                self.planned = int(change.new)
            elif change.key in ("learning_rate", "batch_size"):
                self._alter(change)
                self.since, self.from_loss = self.epoch, self.train
                if change.key == "batch_size":
                    self.batch_size = int(change.new)
                else:
                    rates += 1
                    self.base_rate *= float(change.new) / float(change.old)
        return rates > 0

    def _alter(self, change: Changed) -> None:
        last, old, new = self.altered, float(change.old), float(change.new)
        if last is not None and last.key == change.key and last.epoch == self.epoch:  # a key that was pressed several times
            self.altered = replace(last, new=new)
        else:
            (jump, upwards), level = self.roughness, self.mean("train", self.epoch - self.recent + 1, self.epoch)
            calm = upwards < UPWARDS or jump < SHAKES * level
            self.altered = Altered(self.epoch, change.key, old, new, self.pace, calm)

    def _take_noise(self, entry: EpochMetrics) -> None:
        """How much the loss changes from one batch to the next: the standard deviation over this epoch."""
        noise = math.nan
        if self.run.surface is None and self.batch_size < self.run.facts.samples:
            kept, indices = self.history.kept.start, self.history.epoch_iterations(entry.epoch)
            if len(indices) > 3 and indices.start >= kept:
                losses = self.history.column("batch_loss")[indices.start - kept : indices.stop - kept]
                with np.errstate(all="ignore"):
                    noise = float(np.diff(losses).std())
        self.noises = [*self.noises[-2:], noise]

    def _take_step(self, entry: EpochMetrics, before: float) -> None:
        """A step on a surface: the share of the descent that the slope promised, which it really brought.

        Along the step s from a place with gradient g a parabola falls by g s - c s^2 / 2. Where that is less than half of
        g s, the step went beyond the lowest point of its line (Goldstein 1965; Nocedal and Wright, Numerical Optimization,
        3.1). This holds for steps along the gradient: plain gradient descent.
        """
        place = entry.iteration - 1
        if self.run.training.optimizer.name != "sgd" or place not in self.history.kept:
            return
        step = self.history[place]
        promised, brought = step.gradient_norm * step.update_norm, before - self.train
        if not (promised > 1e-12 * abs(self.scale) and math.isfinite(brought)):
            return
        judged, too_long, _ = self.gains if self.since < self.epoch - 1 else (0, 0, 0.0)
        share = brought / promised
        self.gains = (judged + 1, too_long + (share < 0.5), share)

    def _append(self, block: Block) -> None:
        last = self.blocks[-1] if self.blocks else None
        if last is not None and last.count < self.stride:
            self.blocks[-1] = _joined(last, block)
            return
        self.blocks.append(block)
        if len(self.blocks) > MOST_BLOCKS:
            pairs = zip(self.blocks[::2], self.blocks[1::2], strict=False)
            odd = self.blocks[-1:] if len(self.blocks) % 2 else []
            self.blocks = [*(_joined(*pair) for pair in pairs), *odd]
            self.stride *= 2

    def copy(self) -> Course:
        """The course as it is now, which stays as it is; of the history it shows what has happened since, too."""
        copied = object.__new__(Course)
        copied.__dict__.update(self.__dict__)
        copied.blocks = self.blocks[:]
        return copied

    # stretches

    @property
    def recent(self) -> int:
        """How many of the newest epochs are recent; of those since the rate changed, where there are fewer."""
        return min(max(FEWEST_RECENT, math.ceil(RECENT * self.epoch)), max(1, self.epoch - self.since))

    @property
    def usual_rate(self) -> float:
        """The largest learning rate that is usual for the optimizer."""
        return USUAL_RATE.get(self.run.training.optimizer.name, 0.03)

    @property
    def left(self) -> int:
        """Epochs that are still to come, as it is planned."""
        return max(0, self.planned - self.epoch)

    def mean(self, what: str, first: int, last: int) -> float:
        """The mean of the "train" or "validation" loss over the epochs from `first` to `last`, as near as blocks allow."""
        return self._over(first, last, lambda block: getattr(block, what))

    def _over(self, first: int, last: int, of: Callable[[Block], float]) -> float:
        total, count = 0.0, 0
        for block in reversed(self.blocks):
            if block.first > last:
                continue
            if block.last < first:
                break
            total, count = total + of(block), count + block.count
        return total / count if count else math.nan

    def fall(self, what: str = "train") -> float:
        """By what share of itself a mean loss fell from the first to the second half of the recent epochs."""
        first, half = self.epoch - self.recent + 1, max(1, self.recent // 2)
        before, now = self.mean(what, first, first + half - 1), self.mean(what, self.epoch - half + 1, self.epoch)
        return 1.0 - now / before if before > 0.0 else 0.0

    @property
    def pace(self) -> float:
        """By what share of itself the training loss falls in an epoch, of late."""
        return self.fall() / max(1, self.recent - max(1, self.recent // 2))

    @property
    def roughness(self) -> tuple[float, float]:
        """Of the recent epochs: how much the training loss changes from one to the next in the mean, and the share of that
        which goes upwards."""
        first = max(self.epoch - self.recent + 1, self.since + 2)
        change, up = self._over(first, self.epoch, lambda one: one.change), self._over(first, self.epoch, lambda one: one.up)
        return change, up / change if change > 0.0 else 0.0

    @property
    def noise(self) -> float:
        """How much the loss changes from batch to batch, in the calmest of the last three epochs that were judged; NaN where
        not known."""
        known = [noise for noise in self.noises if math.isfinite(noise)]
        return min(known) if len(known) == 3 else math.nan


def deepest(run: Run) -> float:
    """The height of a surface's deepest point; 0 where there is none."""
    if run.surface is None:
        return 0.0
    lowest: Any = run.surface.height(np.array(run.surface.minima[0]))
    return float(lowest)


def _joined(block: Block, after: Block) -> Block:
    return Block(
        block.first,
        after.last,
        block.train + after.train,
        block.validation + after.validation,
        block.up + after.up,
        block.change + after.change,
    )
