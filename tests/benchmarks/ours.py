"""Our own engine as a peer: the real `Trainer`, iterated as everybody iterates it, with all its metrics and history.

Only the evaluation at the end of an epoch is taken out, since the others make none: it gives its last result again.
What one costs is measured apart.
"""

from __future__ import annotations

from itertools import islice

from nets import Net
from timing import Effort, Peer, in_turns

from engine import Trainer
from engine.stream import stream


def trainer_of(net: Net, dtype: str, seed: int = 0) -> Trainer:
    """A trainer that evaluates once, before its first step, and no more."""
    trainer = Trainer(net.run(dtype, seed))
    evaluated = trainer.objective.evaluate()
    trainer.objective.evaluate = lambda: evaluated
    return trainer


def ours(net: Net, dtype: str, name: str = "ours") -> Peer:
    """`for metrics in trainer`."""
    return plain(trainer_of(net, dtype), net, name)


def plain(trainer: Trainer, net: Net, name: str) -> Peer:
    """`for metrics in trainer`, where it stands."""

    def epochs(count: int) -> None:
        for _ in islice(trainer, count * net.batches):
            pass

    return Peer(name, epochs, net.batches)


def streamed(net: Net, dtype: str, run: object) -> Peer:
    """`async for metrics in stream(trainer)`, by the event loop whose `run_until_complete` is `run`."""
    trainer = trainer_of(net, dtype)

    async def watch(count: int) -> None:
        async for _ in stream(islice(trainer, count * net.batches)):
            pass

    def epochs(count: int) -> None:
        run(watch(count))

    return Peer("async for", epochs, net.batches)


def evaluation(net: Net, dtype: str, effort: Effort) -> float:
    """Microseconds that an evaluation of the whole training set takes, the median over all rounds."""
    objective = Trainer(net.run(dtype)).objective

    def evaluations(count: int) -> None:
        for _ in range(count):
            objective.evaluate()

    return in_turns([Peer("evaluation", evaluations, 1)], effort).microseconds("evaluation")
