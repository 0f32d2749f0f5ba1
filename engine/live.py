"""What may change while a run trains, between any two batches, and how a run's changes are made again.

A change is checked against the same ranges as a preset; one that is refused changes nothing. Those made are in the run's
history, and `replay` trains a run with them once more, to the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.ending import complete, end_epoch, go_on
from engine.memory import refusal
from engine.metrics import Changed
from engine.optimizers import LearningRate
from engine.run import BatchSize, Epochs, Run
from engine.schema import guess, hints, range_of

if TYPE_CHECKING:
    from engine.trainer import Trainer

#: Settings that a trainer can take while it trains, by their key in a preset.
LIVE = {
    "training.optimizer.learning_rate": "learning_rate",
    "training.optimizer.momentum": "momentum",
    "training.optimizer.weight_decay": "weight_decay",
    "training.batch_size": "batch_size",
    "training.epochs": "epochs",
    "surface.steps": "epochs",
}
BETWEEN = ("batch_size", "epochs")  # these change between two iterations alone
OF_OPTIMIZER = ("momentum", "weight_decay")
PACE = "pace"  # how fast a run is watched: noted among the changes, without an effect on any number


def check_change(run: Run, key: str, value: object) -> None:
    """Raise ValueError unless `value` may become the live setting `key` of a run."""
    optimizer = run.training.optimizer
    annotation: Any = {"learning_rate": LearningRate, "batch_size": BatchSize, "epochs": Epochs}.get(key)
    if key in OF_OPTIMIZER and key in (field.name for field in fields(optimizer)):
        kind: Any = type(optimizer)
        annotation = hints(kind)[key]
    allowed = range_of(annotation)
    if allowed is None:
        able = [name for name in dict.fromkeys(LIVE.values()) if name not in OF_OPTIMIZER or hasattr(optimizer, name)]
        raise ValueError(f"{key} cannot change while a run trains; {', '.join(able)} can.{guess(str(key), able)}")
    if key == "batch_size":
        if run.surface is not None:
            raise ValueError(f"batch_size: the surface {run.surface.name} has no batches")
        if value != "full":
            _check_number(key, value, allowed, 'a whole number or "full"')
        size = run.facts.samples if value == "full" else int(value)  # type: ignore[call-overload]  # a number by now
        if run.training.drop_last and size > run.facts.samples:
            raise ValueError(f"batch_size = {value}: with drop_last no batch would be left")
        if (message := refusal(run, size)) is not None:
            raise ValueError(message)
        return
    _check_number(key, value, allowed, "a whole number" if key == "epochs" else "a number")


def _check_number(key: str, value: object, allowed: Any, kind: str) -> None:
    number = isinstance(value, int if "whole" in kind else (int, float)) and not isinstance(value, bool)
    if not number or not allowed.holds(value):
        raise ValueError(f"{key} = {value!r}: {kind}, {allowed}, is allowed")


def at_zero(trainer: Trainer) -> str:
    """Why the rate of the next iteration cannot change where the schedule multiplies it by 0."""
    if trainer.iteration < trainer.run.training.schedule.warmup_iterations:
        return "learning_rate: the warm-up starts at 0, so it can change from the next iteration on"
    return "learning_rate: the schedule has brought it down to 0, and there it stays"


def live_value(trainer: Trainer, key: str) -> Any:
    """What a live setting is now; None where the trainer has no such setting."""
    return getattr(trainer.optimizer if key in OF_OPTIMIZER else trainer, key, None)


def change_trainer(trainer: Trainer, key: str, value: float | int | str) -> Changed | None:
    """Change a live setting of `trainer` and note it; None where that changes nothing.

    A learning rate is that of the next update, and the schedule goes on from there in proportion. A new batch size holds
    from the next batch on, also within an epoch. Fewer epochs than have begun end the run with the epoch in progress;
    more epochs let a run that had completed go on.
    """
    if isinstance(value, np.generic):
        value = value.item()  # NumPy's own numbers are as good as Python's
    check_live(trainer, key, value)
    value = _as_trained(trainer, key, value)
    old = live_value(trainer, key)
    if value == old:
        return None
    if key == "learning_rate":
        trainer.base_rate *= float(value) / old
    elif key in OF_OPTIMIZER:
        values: dict[str, Any] = {key: float(value)}
        trainer.optimizer = replace(trainer.optimizer, **values)
    else:
        setattr(trainer, key, int(value))
    changed = trainer.note(key, old, value)
    if key == "batch_size" and trainer.in_epoch and not trainer.done and not trainer.phase and not trainer.batches_left:
        end_epoch(trainer)  # with drop_last, what is left of the epoch may make no batch of the new size
    if key == "epochs":
        _epochs_changed(trainer)
    return changed


def check_live(trainer: Trainer, key: str, value: object) -> None:
    """Raise ValueError unless `value` may become the live setting `key` of this trainer as it stands; changes nothing."""
    check_change(trainer.run, key, value)
    if trainer.phase and key in BETWEEN:
        # its rows are taken already, and the schedule's place in the run must not move below it: it could not be replayed
        raise ValueError(f"{key} changes between two iterations: finish the phases of the one in progress first")
    new = _as_trained(trainer, key, value)  # type: ignore[arg-type]  # checked to be one of these
    old = live_value(trainer, key)
    if key == "learning_rate" and old == 0.0:
        raise ValueError(at_zero(trainer))
    if key in ("batch_size", "weight_decay") and new != old:
        _check_memory(trainer, key, new)


def _as_trained(trainer: Trainer, key: str, value: float | int | str) -> float | int | str:
    """The value as the trainer keeps it: a batch size is a number, and no more than there are samples."""
    if key != "batch_size":
        return value
    samples = trainer.run.facts.samples
    return samples if value == "full" else min(int(value), samples)


def _check_memory(trainer: Trainer, key: str, value: float | int | str) -> None:
    """Raise ValueError where a step would need too much, with all changes so far: weight decay has a vector of its own."""
    optimizer: Any = trainer.optimizer
    if key == "weight_decay":
        optimizer = replace(optimizer, weight_decay=float(value))
    run = replace(trainer.run, training=replace(trainer.run.training, optimizer=optimizer))
    if (message := refusal(run, int(value) if key == "batch_size" else trainer.batch_size)) is not None:
        raise ValueError(f"{key} = {value}: {message}")


def _epochs_changed(trainer: Trainer) -> None:
    stopped = trainer.history.stopped
    if stopped is not None and stopped.reason == "completed" and trainer.epoch < trainer.epochs:
        go_on(trainer)
    elif stopped is None and trainer.epoch and trainer.at_epoch_end and trainer.epoch >= trainer.epochs:
        complete(trainer)


def replay(trainer: Trainer, changes: Iterable[Changed]) -> None:
    """Train to the end, making each change after the iteration after which it was made the first time.

    Changes of the pace are noted but wait for nothing.
    """
    for change in changes:
        while trainer.iteration < change.iteration and not trainer.done:
            trainer.step()
        if change.key == PACE:
            trainer.note(change.key, change.old, change.new)
        else:
            trainer.change(change.key, change.new)
    while not trainer.done:
        trainer.step()
