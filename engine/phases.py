"""One iteration taken apart: what each of its four phases did, with every number, for somebody to read.

forward: the batch runs through the network; loss: how wrong it is; backward: the gradient of every parameter; update:
every parameter moves. All arrays are copies, so they stay what they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.metrics import IterationMetrics
from engine.objective import NetworkObjective
from engine.optimizers import Optimizer

if TYPE_CHECKING:
    from engine.trainer import Trainer

Floats = NDArray[np.floating[Any]]
PHASES = ("forward", "loss", "backward", "update")


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A layer's weights (inputs, outputs) and biases (outputs,), or their gradients."""

    weights: Floats
    bias: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """What is known once phase `name` is over; what belongs to a later phase is None.

    inputs (rows, features) and targets (rows, outputs) are the batch as the network sees it; z and activations have an
    array (rows, units) a hidden layer, outputs are (rows, outputs); a surface has none of these. `masks` is what dropout
    multiplied the activations by, (rows, units) a hidden layer, and nothing without dropout; activations are those after it.
    `deltas` (rows, units) are dL/dz of every layer, the outputs' last, of the batch's mean loss. old, gradients and new are
    the flat vectors of all parameters; `layers` cuts such a vector up. `gradients` are those that the update uses, after
    penalties and clipping. `memory` has the optimizer's vectors as they were before the update, and `steps` its steps;
    `optimizer` is the one that made the update, with its settings of then. `batch` counts within the epoch, from 1.
    """

    name: Literal["forward", "loss", "backward", "update"]
    sizes: tuple[int, ...]
    old: Floats
    epoch: int = 1
    iteration: int = 1
    batch: int = 1
    batches: int = 1
    inputs: Floats | None = None
    targets: Floats | None = None
    z: tuple[Floats, ...] = ()
    activations: tuple[Floats, ...] = ()
    masks: tuple[Floats, ...] = ()
    outputs: Floats | None = None
    loss: float | None = None
    accuracy: float | None = None
    deltas: tuple[Floats, ...] = ()
    gradients: Floats | None = None
    penalty: float | None = None
    gradient_norm: float | None = None
    memory: tuple[Floats, ...] = ()
    steps: int = 0
    optimizer: Optimizer | None = None
    updates: Floats | None = None
    new: Floats | None = None
    learning_rate: float | None = None
    metrics: IterationMetrics | None = None

    def layers(self, vector: Floats) -> list[Layer]:
        """A flat vector, layer by layer; empty for a surface."""
        found, start = [], 0
        for inputs, outputs in zip(self.sizes, self.sizes[1:], strict=False):
            middle, end = start + inputs * outputs, start + (inputs + 1) * outputs
            found.append(Layer(vector[start:middle].reshape(inputs, outputs), vector[middle:end]))
            start = end
        return found


def phase_of(trainer: Trainer, seen: Phase | None, metrics: IterationMetrics | None = None) -> Phase:
    """The phase that `trainer` has just finished; `seen` is what the phase before it saw of the same iteration."""
    now: dict[str, Any] = {} if seen is None else {name: getattr(seen, name) for name in Phase.__slots__}
    done = trainer.phase or 4
    now |= {"name": PHASES[done - 1], "sizes": trainer.run.sizes}
    objective = trainer.objective
    if done == 1:
        now |= {
            "old": trainer.parameters.copy(),
            "epoch": trainer.epoch,
            "iteration": trainer.iteration + 1,
            "batch": trainer.batch + 1,
            "batches": trainer.batches,
        }
        if isinstance(objective, NetworkObjective):
            work = objective.work
            now |= {
                "inputs": objective.x[:-1].T.copy(),
                "targets": objective.targets.T.copy(),
                "z": tuple(array.T.copy() for array in work.z[:-1]),
                "activations": tuple(array.T.copy() for array in work.through),
                "masks": tuple(array.T.copy() for array in work.mask),
                "outputs": work.z[-1].T.copy(),
            }
    if done == 2:
        right = trainer.right
        now |= {"loss": trainer.batch_loss, "accuracy": None if right is None else right / trainer.rows}
    if done == 3:
        now |= {
            "gradients": trainer.gradients.copy(),
            "penalty": trainer.penalty,
            "gradient_norm": trainer.gradient_norm,
            "memory": tuple(vector.copy() for vector in trainer.optimizer_state.vectors),
            "steps": trainer.optimizer_state.steps,
        }
        if isinstance(objective, NetworkObjective):
            now["deltas"] = tuple(array.T.copy() for array in objective.work.delta)
    if done == 4 and metrics is not None:
        now |= {
            "updates": trainer.updates.copy(),
            "new": now["old"] + trainer.updates,
            "learning_rate": metrics.learning_rate,
            "optimizer": trainer.optimizer,
            "metrics": metrics,
        }
    return Phase(**now)
