"""What a run says about itself: frozen events.

One `IterationMetrics` after every batch and one `EpochMetrics` after every epoch are all that anybody outside the trainer
needs to draw a run, to save it or to judge it; engine/history.py keeps them. NaN and infinity are data like any number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

#: Why a run ended.
Reason = Literal["completed", "early_stopping", "diverged", "out_of_memory", "interrupted"]


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

    @staticmethod
    def quick(
        epoch: int,
        iteration: int,
        batch: int,
        batches: int,
        samples_seen: int,
        batch_loss: float,
        batch_accuracy: float | None,
        penalty: float,
        learning_rate: float,
        gradient_norm: float,
        update_norm: float,
        weight_norm: float,
        seconds: float,
    ) -> IterationMetrics:
        """What `IterationMetrics(...)` makes, in a fifth of the time: the trainer makes one after every batch.

        A frozen dataclass writes each field through `object.__setattr__`, which alone would be a twentieth of a step of a
        small network. This fills an object of a class that has the same slots and is not frozen, and then makes it one.
        """
        made = _Unfrozen()
        made.epoch = epoch
        made.iteration = iteration
        made.batch = batch
        made.batches = batches
        made.samples_seen = samples_seen
        made.batch_loss = batch_loss
        made.batch_accuracy = batch_accuracy
        made.penalty = penalty
        made.learning_rate = learning_rate
        made.gradient_norm = gradient_norm
        made.update_norm = update_norm
        made.weight_norm = weight_norm
        made.seconds = seconds
        made.__class__ = IterationMetrics
        return made  # type: ignore[no-any-return]


#: Python lets an object change to a class whose slots have the same names in the same layout.
_Unfrozen: Any = type("_Unfrozen", (), {"__slots__": IterationMetrics.__slots__})


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
    message: str = ""  # of a run that was refused: the arithmetic


@dataclass(frozen=True, slots=True)
class Restored:
    """The weights that early stopping went back to: those after `epoch`, and both sets seen with them."""

    epoch: int
    train: Evaluation
    validation: Evaluation | None  # None where training is blind
