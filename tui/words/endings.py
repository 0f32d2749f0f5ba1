"""How a run ended and what happened on the way, in words: the same on the screen and in plain lines."""

from __future__ import annotations

from engine import Trainer
from engine.schedules import ReduceOnPlateau
from tui.figures import count

MONITORS = {"train": "training", "validation": "validation"}


def unit(trainer: Trainer) -> str:
    """What a run is counted in: epochs, or steps on a surface."""
    return "epoch" if trainer.run.surface is None else "step"


def monitored(monitor: str) -> str:
    """'validation loss' of validation_loss."""
    part, _, figure = monitor.partition("_")
    return f"{MONITORS[part]} {figure}"


def diverged(trainer: Trainer) -> str:
    """Where a run that has diverged did."""
    found = trainer.history.diverged
    assert found is not None
    return str(found) if trainer.run.surface is None else f"diverged at step {found.iteration}"


def restored(trainer: Trainer) -> str:
    """'weights of epoch 14 are back'; empty where the last ones stayed."""
    kept = trainer.history.restored
    what = "weights" if trainer.run.surface is None else "position"
    return "" if kept is None else f"{what} of {unit(trainer)} {kept.epoch} {'are' if what == 'weights' else 'is'} back"


def early(trainer: Trainer, brief: bool = False) -> str:
    """'stopped early at epoch 24: validation loss has not improved for 10 epochs; weights of epoch 14 are back'.

    Empty where a run did not end that way.
    """
    stopped, rule = trainer.history.stopped, trainer.run.training.early_stopping
    if stopped is None or stopped.reason != "early_stopping" or rule is None:
        return ""
    waited = count(rule.patience, unit(trainer))
    why = f"no better for {waited}" if brief else f"{monitored(rule.monitor)} has not improved for {waited}"
    back = restored(trainer)
    return f"stopped early at {unit(trainer)} {stopped.epoch}: {why}" + (f"; {back}" if back else "")


def reduced(trainer: Trainer) -> str:
    """'learning_rate is down to 0.001: validation loss has not fallen for 10 epochs', of reduce-on-plateau."""
    rule = trainer.run.training.schedule
    assert isinstance(rule, ReduceOnPlateau)
    # patience is the number of epochs that are let pass: it is the next one that reduces
    waited = count(rule.patience_epochs + 1, unit(trainer))
    return f"learning_rate is down to {trainer.learning_rate:.6g}: {monitored(rule.monitor)} has not fallen for {waited}"
