"""What a run says about itself: frozen events, and the history that keeps them.

One `IterationMetrics` after every batch and one `EpochMetrics` after every epoch are all that anybody outside the trainer
needs to draw a run, to save it or to judge it. NaN and infinity are data like any other number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: Why a run ended.
Reason = Literal["completed", "diverged", "interrupted"]


@dataclass(frozen=True, slots=True)
class IterationMetrics:
    """One parameter update. Every figure but `update_norm` belongs to the weights as they were before it."""

    epoch: int  # from 1
    iteration: int  # parameter updates so far in the run, from 1
    batch: int  # within the epoch, from 1
    batches: int  # iterations of this epoch
    samples_seen: int
    batch_loss: float  # mean data loss of this batch
    batch_accuracy: float | None  # fraction right in this batch; None for regression
    penalty: float  # L1 and L2 terms, apart from the data loss
    learning_rate: float  # as scheduled, never bias-corrected
    gradient_norm: float  # Euclidean, before clipping
    update_norm: float
    weight_norm: float
    seconds: float = field(compare=False)  # training time so far, pauses left out


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A whole set seen with one state of the weights. What does not exist for the task is None."""

    loss: float
    accuracy: float | None = None  # classes: fraction right
    r2: float | None = None  # regression: 1 - squared error / variance; None where all targets are equal
    mean_absolute_error: float | None = None  # regression, in the target's unit


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """The end of an epoch: both sets with the weights as they are then."""

    epoch: int
    iteration: int
    samples_seen: int
    learning_rate: float
    train: Evaluation
    validation: Evaluation | None  # None where training is blind
    seconds: float = field(compare=False)


@dataclass(frozen=True, slots=True)
class Changed:
    """A setting changed between two batches; it holds for the iterations after `iteration`."""

    iteration: int
    key: str
    old: float | int | str
    new: float | int | str

    def __str__(self) -> str:
        return f"iteration {self.iteration}: {self.key} {self.old} -> {self.new}"


@dataclass(frozen=True, slots=True)
class Diverged:
    """Where the training loss first left the allowed band, or stopped being a number."""

    epoch: int
    iteration: int
    loss: float

    def __str__(self) -> str:
        return f"diverged at epoch {self.epoch}, iteration {self.iteration}"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end of a run."""

    reason: Reason
    epoch: int
    iteration: int


FIGURES = tuple(entry.name for entry in fields(Evaluation))
COLUMNS = tuple(entry.name for entry in fields(IterationMetrics))
INTEGERS = frozenset(("epoch", "iteration", "batch", "batches", "samples_seen"))


class History:
    """Everything that happened in a run, in order.

    `initial` and `initial_validation` are the evaluations before the first update, `epochs` and `changes` lists of events;
    the iterations lie in one float64 table with a row a figure, since a list of objects would take five times the memory.
    """

    def __init__(self) -> None:
        self.initial: Evaluation | None = None
        self.initial_validation: Evaluation | None = None
        self.epochs: list[EpochMetrics] = []
        self.changes: list[Changed] = []
        self.diverged: Diverged | None = None
        self.stopped: Stopped | None = None
        self.epoch_starts: list[int] = []  # index of the first iteration of each epoch that has one
        self._table: NDArray[np.float64] = np.empty((len(COLUMNS), 256))
        self._count = 0
        self._evaluations: NDArray[np.float64] = np.empty((64, 1 + 2 * len(FIGURES)))
        self._evaluated = 0

    def __len__(self) -> int:
        """How many iterations there were."""
        return self._count

    def __iter__(self) -> Iterator[IterationMetrics]:
        return (self[index] for index in range(self._count))

    def __getitem__(self, index: int) -> IterationMetrics:
        """The iteration at `index` (from 0; negative from the end)."""
        if index < 0:
            index += self._count
        if not 0 <= index < self._count:
            raise IndexError(f"iteration {index} of {self._count}")
        row = dict(zip(COLUMNS, self._table[:, index].tolist(), strict=True))
        for name in INTEGERS:
            row[name] = int(row[name])
        if math.isnan(row["batch_accuracy"]):  # never NaN where it exists: it is a count divided by a count
            row["batch_accuracy"] = None
        return IterationMetrics(**row)

    def add(self, metrics: IterationMetrics) -> None:
        """Append one iteration."""
        if self._count == self._table.shape[1]:
            self._table = np.concatenate([self._table, np.empty_like(self._table)], axis=1)
        if metrics.batch == 1:
            self.epoch_starts.append(self._count)
        accuracy = metrics.batch_accuracy
        self._table[:, self._count] = (
            metrics.epoch,
            metrics.iteration,
            metrics.batch,
            metrics.batches,
            metrics.samples_seen,
            metrics.batch_loss,
            math.nan if accuracy is None else accuracy,
            metrics.penalty,
            metrics.learning_rate,
            metrics.gradient_norm,
            metrics.update_norm,
            metrics.weight_norm,
            metrics.seconds,
        )
        self._count += 1

    def begin(self, train: Evaluation, validation: Evaluation | None) -> None:
        """Note both sets before the first update."""
        self.initial, self.initial_validation = train, validation
        self._add_evaluations(0, train, validation)

    def add_epoch(self, epoch: EpochMetrics) -> None:
        """Append the end of an epoch."""
        self.epochs.append(epoch)
        self._add_evaluations(epoch.iteration, epoch.train, epoch.validation)

    def _add_evaluations(self, iteration: int, train: Evaluation, validation: Evaluation | None) -> None:
        if self._evaluated == len(self._evaluations):
            self._evaluations = np.concatenate([self._evaluations, np.empty_like(self._evaluations)])
        figures = [getattr(seen, name) for seen in (train, validation or Evaluation(math.nan)) for name in FIGURES]
        self._evaluations[self._evaluated] = (iteration, *(math.nan if value is None else value for value in figures))
        self._evaluated += 1

    def evaluations(self, part: Literal["train", "validation"], figure: str) -> NDArray[np.float64]:
        """(evaluations, 2) float64: the iteration after which a set was seen, from 0, and a figure of `Evaluation`.

        Empty for the validation set where training is blind. What does not exist for the task is NaN.
        """
        if part == "validation" and self.initial_validation is None:
            return np.empty((0, 2))
        column = 1 + FIGURES.index(figure) + (len(FIGURES) if part == "validation" else 0)
        return self._evaluations[: self._evaluated, [0, column]]

    def column(self, name: str) -> NDArray[np.float64]:
        """One field of every iteration, (iterations,) float64; a view, not to be written to; None is NaN."""
        view = self._table[COLUMNS.index(name), : self._count]
        view.flags.writeable = False
        return view

    def epoch_iterations(self, epoch: int) -> range:
        """The indices of the iterations of an epoch (from 1); empty where it has not begun."""
        if not 1 <= epoch <= len(self.epoch_starts):
            return range(0)
        last = epoch == len(self.epoch_starts)
        return range(self.epoch_starts[epoch - 1], self._count if last else self.epoch_starts[epoch])

    @property
    def best(self) -> EpochMetrics | None:
        """The epoch with the smallest validation loss (training loss where training is blind); NaN never wins."""
        finite = [entry for entry in self.epochs if math.isfinite((entry.validation or entry.train).loss)]
        return min(finite, key=lambda entry: (entry.validation or entry.train).loss, default=None)
