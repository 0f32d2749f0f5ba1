"""Where the time of one of our steps goes: each part called by itself, in turns with the whole step.

Parts are called on a trainer that stands in the middle of an epoch, on one batch again and again; what is left over of the
step is calls, counting and attributes. The figures are of warm caches, so they add up to a little less than a step.
"""

from __future__ import annotations

from collections.abc import Callable

from nets import Net
from ours import ours, trainer_of
from tables import table
from timing import Effort, Peer, in_turns

from engine.metrics import IterationMetrics
from engine.optimizers import norm
from engine.trainer import Trainer

CALLS = 100


def parts_of(trainer: Trainer, net: Net) -> dict[str, Callable[[], object]]:
    """Each part of a step as a call without arguments; `trainer` has done a step."""
    objective = trainer.objective
    scratch, work, loss = objective.scratch, objective.work, objective.loss_function
    metrics = trainer.history[-1]
    values = [getattr(metrics, name) for name in IterationMetrics.__slots__]

    def take() -> None:
        if objective.batches.left < net.batch:
            objective.batches.begin_epoch()
        objective.batches.take(net.batch)

    def norms() -> None:
        norm(trainer.gradients), norm(trainer.parameters), norm(trainer.updates)

    return {
        "batch": take,
        "forward": lambda: objective.network.forward(objective.x, work, None),
        "loss": lambda: loss.value_and_gradient(objective.outputs, objective.targets, work.delta[-1], scratch),
        "accuracy": lambda: loss.correct(objective.outputs, objective.targets, scratch),
        "backward": lambda: objective.network.backward(objective.x, work),
        "optimizer": lambda: trainer.optimizer.update(
            trainer.gradients, trainer.optimizer_state, trainer.base_rate, trainer.updates
        ),
        "apply": lambda: trainer.parameters.__iadd__(trainer.updates),
        "norms": norms,
        "metrics": lambda: IterationMetrics.quick(*values),
        "history": lambda: trainer.history.add(metrics),
        "clock": lambda: (trainer.clock(), trainer.clock()),
    }


def component_tables(nets: list[Net], dtypes: list[str], effort: Effort) -> str:
    """Microseconds of each part, for every net and dtype."""
    columns: dict[str, dict[str, float]] = {}
    names: list[str] = []
    for dtype in dtypes:
        for net in nets:
            trainer = trainer_of(net, dtype)
            trainer.step()
            parts = parts_of(trainer, net)
            found = in_turns([ours(net, dtype), *(calling(name, call) for name, call in parts.items())], effort)
            column = {name: found.microseconds(name) for name in parts}
            whole = found.microseconds("ours")
            columns[f"{net.label} {dtype}"] = {**column, "all else": whole - sum(column.values()), "the whole step": whole}
            names = [*parts, "all else", "the whole step"]
    if not columns:
        return ""
    rows = [(name, *(column[name] for column in columns.values())) for name in names]
    return table("Where our microseconds go", ("part", *columns), rows)


def calling(name: str, call: Callable[[], object]) -> Peer:
    """A peer whose step is a call."""

    def epochs(count: int) -> None:
        for _ in range(count * CALLS):
            call()

    return Peer(name, epochs, CALLS)
