"""Which of many runs are trained as one computation, and all of them trained to the end.

Runs that differ in name, seed and learning rate alone are stacked (`engine/stacked.py`), as many as fit in memory side by
side; every other run trains for itself. Nobody sees a difference in the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.objective import NetworkObjective
from engine.run import Run
from engine.stacked import Stack
from engine.trainer import Trainer

if TYPE_CHECKING:
    from engine.on_disk.followers import Followers

MOST_NUMBERS = 16_000_000  # of all tables together: 128 MB that are copied to lie side by side


def train_together(
    runs: Sequence[Run], interrupted: Callable[[], bool] = lambda: False, folders: Sequence[Path] = ()
) -> list[Trainer]:
    """Train all runs to the end, stacking those that allow it; the trainers come in the order of the runs.

    Where `interrupted()` is true, every run that is not over ends as interrupted. With `folders`, one for each run, they are
    written there (`engine.on_disk`) as they go.
    """
    groups: dict[Run, list[Trainer]] = {}
    trainers = []
    for run in runs:
        trainers.append(Trainer(run))
        groups.setdefault(_common(run), []).append(trainers[-1])
    places = dict(zip(trainers, folders, strict=True)) if folders else {}
    for together in groups.values():
        for members in stackable(together):
            _train(members, interrupted, [places[one] for one in members] if folders else [])
    return trainers


def _train(members: list[Trainer], interrupted: Callable[[], bool], folders: Sequence[Path]) -> None:
    """Train what fits in one stack, or the one trainer there is."""
    stack = Stack(members) if len(members) > 1 else None
    followers = _followers(folders, members)
    while not all(trainer.done for trainer in members):
        if interrupted():
            if stack is not None:
                stack.write()
            for trainer in members:
                trainer.interrupt()
        elif stack is not None:
            stack.step()
        else:
            members[0].step()
        if followers is not None and followers.due:
            if stack is not None:
                stack.write()
            followers.follow()
    if followers is not None:
        followers.close()


def _followers(folders: Sequence[Path], members: list[Trainer]) -> Followers | None:
    if not folders:
        return None
    from engine.on_disk.followers import Followers

    return Followers(folders, members)


def _common(run: Run) -> Run:
    """What runs must share to be stacked: all but name, seed and learning rate."""
    training = replace(run.training, optimizer=replace(run.training.optimizer, learning_rate=1.0))
    return replace(run, name="", seed=0, training=training)


def stackable(trainers: list[Trainer]) -> list[list[Trainer]]:
    """Trainers in groups that fit in memory side by side; each alone where it has no network or not the same rows."""
    objectives = [trainer.objective for trainer in trainers]
    shapes = {
        tuple(array.shape for array in (*objective.train, *objective.validation))
        for objective in objectives
        if isinstance(objective, NetworkObjective)
    }
    if len(shapes) != 1 or not isinstance(objectives[0], NetworkObjective) or trainers[0].done:
        return [[trainer] for trainer in trainers]
    numbers = (
        sum(array.size for array in (*objectives[0].train, *objectives[0].validation)) + 6 * objectives[0].parameters.size
    )
    size = max(1, MOST_NUMBERS // numbers)
    return [trainers[start : start + size] for start in range(0, len(trainers), size)]
