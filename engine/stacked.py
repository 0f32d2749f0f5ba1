"""Many runs that differ only in seed or learning rate, trained one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.run import Run
from engine.trainer import Trainer


def train_together(runs: Sequence[Run], interrupted: Callable[[], bool]) -> list[Trainer]:
    """A trainer for each of `runs`, in their order, trained to the end; `interrupted` once `interrupted()` is true."""
    trainers = [Trainer(run) for run in runs]
    for trainer in trainers:
        while not trainer.done:
            if interrupted():
                trainer.interrupt()
            else:
                trainer.step()
    return trainers
