"""The learning rate of the next iteration: the optimizer's own, times what the schedule makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.schedules import factor_at

if TYPE_CHECKING:
    from engine.trainer import Trainer


def scheduled_factor(trainer: Trainer) -> float:
    """What the schedule multiplies `trainer.base_rate` by for the iteration about to run."""
    schedule = trainer.run.training.schedule
    done = trainer.epoch - 1 + trainer.batch / trainer.batches if trainer.in_epoch else float(trainer.epoch)
    if trainer.iteration <= schedule.warmup_iterations:
        trainer.warmup_ended_at = done  # until the warm-up is over, its end moves along
    per_epoch = trainer.run.iterations_per_epoch(trainer.batch_size)
    factor = factor_at(schedule, trainer.iteration, done, trainer.warmup_ended_at, trainer.epochs, per_epoch)
    return factor * trainer.plateau.factor if trainer.plateau is not None else factor
