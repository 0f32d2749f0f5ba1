"""Many runs trained together a little at a time, so that whoever asks for them stays free to do something else.

What differs only in seed or learning rate is stacked, in groups so small that an iteration of a group takes a few
milliseconds. The numbers are those of each run alone, however the groups are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.processes import estimated_seconds
from engine.run import Run
from engine.stacked import Stack
from engine.together import stackable
from engine.trainer import Trainer

TURN = 0.004  # seconds that an iteration of a group may take, about


def train_in_turns(runs: Sequence[Run]) -> Iterator[list[Trainer]]:
    """Train all runs to the end; yields after every iteration of a group: the trainers that are over since, often none.

    The runs differ in seed or learning rate alone (others are trained one by one). Trainers come in the order of the runs.
    """
    size = together(runs[0]) if runs else 1
    for start in range(0, len(runs), size):
        members: list[Trainer] = []
        for run in runs[start : start + size]:
            members.append(Trainer(run))
            yield []
        for group in stackable(members):
            stack = Stack(group) if len(group) > 1 else None
            while not all(trainer.done for trainer in group):
                if stack is not None:
                    stack.step()
                else:
                    group[0].step()
                yield []
            yield group


def turns_of(run: Run, amount: int) -> int:
    """How many times `train_in_turns` yields for so many runs like this one, where none of them ends early."""
    groups = -(-amount // together(run))
    iterations = run.epochs * (run.iterations_per_epoch() if run.surface is None else 1)
    return amount + groups * (iterations + 1)


def together(run: Run) -> int:
    """How many runs like this one may be stacked, so that an iteration of all of them takes about TURN seconds."""
    iterations = run.epochs * (run.iterations_per_epoch() if run.surface is None else 1)
    each = estimated_seconds([run]) / max(1, iterations) if run.surface is None else TURN
    return max(1, int(TURN / each))
