"""What an edit of the form means for runs in progress: which of them can take it at once, and why one of them refuses it.

Nothing is changed here; a change that one trainer refuses is refused for all, so that the form shows what trains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine import PresetError, Run, Trainer
from engine.live import LIVE, OF_OPTIMIZER, at_zero, check_live
from engine.memory import largest_batch, refusal, step_memory
from engine.problems import Problem
from tui import form
from tui.form import Field

Change = tuple[Trainer, str, Any]  # what `trainer.change` is called with


def live_changes(field: Field, runs: Mapping[int, Run], trainers: Sequence[Trainer]) -> list[Change]:
    """The changes that make trainers train with `field` as these runs, by their index, have it.

    Those that are over, or train something else, wait for the next start. Raises PresetError where one refuses.
    """
    changes: list[Change] = []
    name = LIVE.get(field.key)
    for index, run in runs.items():
        trainer, value = trainers[index], form.value_of(run, field)
        more = name == "epochs" and completed(trainer) and value > trainer.epoch
        same_kind = (run.surface is None) == (trainer.run.surface is None)
        if name is None or (trainer.done and not more) or not same_kind:
            continue
        if name in ("learning_rate", *OF_OPTIMIZER) and run.training.optimizer.name != trainer.run.training.optimizer.name:
            continue  # a setting of another optimizer than the one that trains
        if name == "learning_rate":
            value = _rate_now(trainer, value)
        try:
            check_live(trainer, name, value)
        except ValueError as error:
            raise _refused(run, _in_phases(trainer, name) or _too_large(trainer, field, value) or str(error)) from None
        changes.append((trainer, name, value))
    return changes


def completed(trainer: Trainer) -> bool:
    """Whether a run is over because all its epochs are: more of them let it go on."""
    return trainer.history.stopped is not None and trainer.history.stopped.reason == "completed"


def refused(trainer: Trainer) -> bool:
    """Whether a run may not begin, since a step of it needs more memory than it may."""
    return trainer.history.stopped is not None and trainer.history.stopped.reason == "out_of_memory"


def why_refused(run: Run, size: int) -> str:
    """Why a batch of this size needs too much memory, in a line; empty where it does not."""
    if refusal(run, size) is None:
        return ""
    needed, fits = step_memory(run, size).total, largest_batch(run)
    most = f"{fits} is the largest that fits" if fits else "none fits"
    return f"batch_size {size} needs {needed:,} B, over {run.training.memory_limit}; {most}"


def _in_phases(trainer: Trainer, name: str) -> str:
    """Why a setting has to wait while an iteration is taken apart; empty where it has not."""
    if not trainer.phase or name not in ("batch_size", "epochs"):
        return ""
    return f"{name} can change between two iterations: <run.batch> finishes the one in progress"


def _too_large(trainer: Trainer, field: Field, size: Any) -> str:
    if field.key != "training.batch_size":
        return ""
    run, samples = trainer.run, trainer.run.facts.samples
    rows = samples if size == "full" else min(size, samples)
    if refusal(run, rows) is None:
        return ""
    needed, limit = step_memory(run, rows).total, run.training.memory_limit
    return (
        f"batch_size stays {trainer.batch_size}: {rows} needs {needed:,} B, over {limit}; at most {largest_batch(run)} fits"
    )


def _rate_now(trainer: Trainer, base: float) -> float:
    """The rate of the next iteration with another base rate: the schedule goes on from where it is."""
    now = trainer.learning_rate
    if now == trainer.base_rate:
        return base
    if now == 0.0:
        raise _refused(trainer.run, at_zero(trainer))
    return base / trainer.base_rate * now


def _refused(run: Run, message: str) -> PresetError:
    return PresetError(run.name, [Problem("", message)])
