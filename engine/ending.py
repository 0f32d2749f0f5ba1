"""What an update leads to, and the end of an epoch: both sets are evaluated, and the run goes on or ends.

Divergence is noted, the schedule that waits for a plateau and early stopping look at the losses, and the last epoch, or
the one that was one too many, ends the run.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from engine.metrics import Diverged, EpochMetrics, Evaluation, Restored
from engine.schedules import ReduceOnPlateau

if TYPE_CHECKING:
    from engine.trainer import Trainer


def after_update(trainer: Trainer, batch_loss: float, batches: int) -> bool:
    """See what an update led to: divergence, the end of an epoch of so many `batches`, the end of the run. Returns whether a
    set was evaluated."""
    if not math.isfinite(batch_loss):
        note_divergence(trainer, batch_loss)
    evaluated = trainer.run.training.evaluate == "iteration"
    if evaluated:
        loss = trainer.objective.train_loss()
        trainer.history.add_train_loss(trainer.iteration, loss)
        watch(trainer, loss)
    if ends_epoch(trainer, batches):
        end_epoch(trainer)
        evaluated = True
    return evaluated


def ends_epoch(trainer: Trainer, batches: int) -> bool:
    """Whether the iteration that was just done is the last one of an epoch of so many, or of a run that diverged."""
    return trainer.batch == batches or (trainer.history.diverged is not None and trainer.run.training.divergence.stop)


def end_epoch(trainer: Trainer) -> None:
    """Evaluate both sets, and go on or stop."""
    trainer.in_epoch = False
    with np.errstate(all="ignore"):
        train, validation = trainer.objective.evaluate()
    finish_epoch(trainer, train, validation)


def finish_epoch(trainer: Trainer, train: Evaluation, validation: Evaluation | None) -> None:
    """Take in what both sets look like at the end of an epoch, and end the run where that says so."""
    history, training = trainer.history, trainer.run.training
    rate = history[-1].learning_rate if len(history) else trainer.base_rate
    history.add_epoch(
        EpochMetrics(trainer.epoch, trainer.iteration, trainer.samples_seen, rate, train, validation, trainer.seconds)
    )
    watch(trainer, train.loss)
    if isinstance(training.schedule, ReduceOnPlateau) and trainer.plateau is not None:
        seen = train if training.schedule.monitor == "train_loss" or validation is None else validation
        training.schedule.observe(trainer.plateau, seen.loss)
    tired = False
    if training.early_stopping is not None and trainer.patience is not None:
        tired = trainer.patience.observe(training.early_stopping, trainer.epoch, train, validation, trainer.parameters)
    if history.diverged and training.divergence.stop:
        trainer.stop("diverged")
    elif tired:
        trainer.stop("early_stopping")
        restore_best(trainer)
    elif trainer.epoch >= trainer.epochs:
        complete(trainer)


def watch(trainer: Trainer, train_loss: float) -> None:
    """Note divergence where the loss of the whole training set is too high, or no number."""
    assert trainer.history.initial is not None
    initial = trainer.history.initial.loss
    limit = trainer.run.training.divergence.factor * initial if initial > 0.0 else math.inf  # a surface may be below 0
    if not (train_loss <= limit and math.isfinite(train_loss)):  # written so that NaN is over the limit
        note_divergence(trainer, train_loss)


def note_divergence(trainer: Trainer, loss: float) -> None:
    """Record the first place where the run diverged."""
    if trainer.history.diverged is None:
        trainer.history.diverged = Diverged(trainer.epoch, trainer.iteration, loss)


def complete(trainer: Trainer) -> None:
    """End the run with all epochs trained; a network whose loss is no number is not called complete."""
    finite = math.isfinite(trainer.history.epochs[-1].train.loss)
    trainer.stop("completed" if finite else "diverged")
    if finite:
        restore_best(trainer)


def restore_best(trainer: Trainer) -> None:
    """Put the weights of the best epoch back, where early stopping kept them."""
    kept = trainer.patience
    if kept is not None and kept.weights is not None and kept.train is not None:
        trainer.undone = trainer.parameters.copy()
        trainer.parameters[...] = kept.weights
        trainer.history.restored = Restored(kept.epoch, kept.train, kept.validation)


def go_on(trainer: Trainer) -> None:
    """Take up a run again that had completed: with its last weights, where the best ones were put back."""
    trainer.history.stopped = trainer.history.restored = None
    if trainer.undone is not None:
        trainer.parameters[...] = trainer.undone
        trainer.undone = None
