"""Training with nobody watching: run after run, or one run with many seeds at once, until it is interrupted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from engine import IterationMetrics, Preset, Run, Trainer
from engine.memory import refusal
from tui.console.keeping import Unkept

UNKEPT = Unkept()
Interrupted = Callable[[], bool]
Seeds = Sequence[int]  # of every run; none: each has its own


def with_seeds(run: Run, seeds: Seeds) -> list[Run]:
    """The run once for each seed, or as it is."""
    return [replace(run, seed=seed) for seed in seeds] if seeds else [run]


def trainings(preset: Preset, interrupted: Interrupted, seeds: Seeds = (), keeper: Unkept = UNKEPT) -> Iterator[Trainer]:
    """A trainer for each run of the preset, one after the other; none begins after an interruption."""
    for base in preset.runs:
        for run in with_seeds(base, seeds):
            yield keeper.trainer(run)
            if interrupted():
                return


def steps(trainer: Trainer, interrupted: Interrupted, keeper: Unkept = UNKEPT) -> Iterator[IterationMetrics]:
    """Train to the end, or until `interrupted()`: the iteration in progress is finished first."""
    while not trainer.done:
        if interrupted():
            trainer.interrupt()
        else:
            yield trainer.step()
            keeper.follow()


def trained_together(run: Run, seeds: Seeds, interrupted: Interrupted, keeper: Unkept = UNKEPT) -> list[Trainer]:
    """The run trained with every seed, on all cores; a run that is refused is so with each."""
    from engine.processes import train_all

    runs = with_seeds(run, seeds)
    if refusal(run, run.batch_size) is not None:
        return [Trainer(one) for one in runs]
    folders = keeper.together(runs)
    if folders is not None:
        return train_all(runs, interrupted, cores(), folders)
    trainers = []
    for one in runs:  # these are at different places, and cannot be one computation any more
        trainers.append(keeper.trainer(one))
        for _ in steps(trainers[-1], interrupted, keeper):
            pass
        if interrupted():
            trainers[-1].interrupt()
    return trainers


def cores() -> int:
    """How many processes can run at the same time: the cores that this one may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return (len(allowed(0)) if allowed is not None else os.cpu_count()) or 1
