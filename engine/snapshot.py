"""A look inside a network as it is now: weights, gradients, how its units answer, what it predicts and confuses.

Scalars are pushed by the trainer, a value a batch; these arrays are pulled by whoever wants to see them, at their own
rate. Taking a snapshot changes nothing that is learned and uses no random number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.objective import EVALUATION_ROWS, NetworkObjective
from engine.table import Table

if TYPE_CHECKING:
    from engine.trainer import Trainer

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of an array's numbers: mean, standard deviation, smallest, largest; NaN where there is none or one is NaN."""

    mean: float
    std: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class LayerSnapshot:
    """A layer: weights (inputs, outputs) and bias (outputs,), with the gradients of the last update, all copies.

    `activations` are the statistics of its units' outputs (for the last layer: the logits or predictions) over the rows
    looked at, `means` (outputs,) the mean of each unit over them; `dead` (outputs,) says which units gave 0 for every one
    of them, and so learn nothing: hidden units only.
    """

    weights: Floats
    bias: Floats
    weights_gradient: Floats
    bias_gradient: Floats
    activations: Statistics
    gradients: Statistics
    means: Floats
    dead: NDArray[np.bool_]

    @property
    def dead_share(self) -> float:
        """The share of units that are dead."""
        return float(self.dead.mean()) if self.dead.size else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """`position` and `gradient` are the flat vectors of all parameters; `layers` cut them up, except for a surface.

    `outputs` (rows, outputs) are the raw predictions for the inputs that were asked about, `probabilities` (rows, classes)
    what they mean; `confusion` (classes, classes) counts rows by true class and predicted class, those left out whose
    outputs are not a number: its diagonal is what the accuracy counts. None where there is none.
    """

    epoch: int
    iteration: int
    position: Floats
    gradient: Floats
    layers: tuple[LayerSnapshot, ...] = ()
    outputs: Floats | None = None
    probabilities: Floats | None = None
    confusion: NDArray[np.int64] | None = None


def grid(table: Table, columns: int, rows: int, features: tuple[int, int] = (0, 1)) -> Floats:
    """Points to ask predictions for: (rows * columns, features) in the table's own units, row by row, the top row first.

    Two features go evenly over the range of all their rows and a tenth beyond; any others stay at their mean. A table of
    one feature has it go over the columns alone. Raises ValueError for a feature that the table does not have.
    """
    raw = np.concatenate([table.inputs, table.validation_inputs]) * table.input_scale + table.input_offset
    across, up = features if raw.shape[1] > 1 else (features[0], None)
    if not all(0 <= index < raw.shape[1] for index in (across, up) if index is not None):
        raise ValueError(f"features {features}: this table has {raw.shape[1]}, counted from 0")
    points = np.tile(raw.mean(axis=0), (rows, columns, 1))
    points[:, :, across] = _spread(raw[:, across], columns)
    if up is not None:
        points[:, :, up] = _spread(raw[:, up], rows)[::-1, None]
    return points.reshape(rows * columns, -1)


def _spread(values: Floats, count: int) -> Floats:
    margin = 0.1 * (float(np.ptp(values)) or 1.0)
    return np.linspace(values.min() - margin, values.max() + margin, count)


def take_snapshot(trainer: Trainer, inputs: Floats | None, part: Literal["train", "validation"]) -> Snapshot:
    """A snapshot of `trainer`; see `Trainer.snapshot`."""
    if part not in ("train", "validation"):
        raise ValueError(f'part = "{part}": "train" or "validation" is allowed')
    objective = trainer.objective
    begin: dict[str, Any] = {
        "epoch": trainer.epoch,
        "iteration": trainer.iteration,
        "position": trainer.parameters.copy(),
        "gradient": trainer.gradients.copy(),
        "outputs": None if inputs is None else trainer.predict(inputs),
    }
    if not isinstance(objective, NetworkObjective):
        return Snapshot(**begin)
    with np.errstate(all="ignore"):
        if begin["outputs"] is not None and objective.loss_function.task == "classes":
            begin["probabilities"] = objective.loss_function.probabilities(begin["outputs"])
        rows = getattr(objective, part)
        if objective.loss_function.task == "classes" and len(rows[0]):
            begin["confusion"] = _confusion(objective, *rows)
        return Snapshot(**begin, layers=_layers(objective))


def _layers(objective: NetworkObjective) -> tuple[LayerSnapshot, ...]:
    """Every layer, its units judged by the training rows (the first 2048 of them)."""
    outputs, work = objective.see(objective.train[0][:EVALUATION_ROWS])
    found = []
    for index, layer in enumerate(objective.network.layers):
        hidden = index < len(objective.network.layers) - 1
        answers = work.a[index] if hidden else outputs
        found.append(
            LayerSnapshot(
                weights=layer.weights.copy(),
                bias=layer.bias.copy(),
                weights_gradient=layer.weights_gradient.copy(),
                bias_gradient=layer.bias_gradient.copy(),
                activations=_statistics(answers),
                gradients=_statistics(layer.gradient),
                means=answers.mean(axis=1),
                dead=(answers == 0.0).all(axis=1) if hidden else np.zeros(len(answers), bool),
            )
        )
    return tuple(found)


def _confusion(objective: NetworkObjective, inputs: Floats, targets: Floats) -> NDArray[np.int64]:
    classes = len(objective.table.classes)
    counts = np.zeros((classes, classes), np.int64)
    for start in range(0, len(inputs), EVALUATION_ROWS):
        rows = slice(start, start + EVALUATION_ROWS)
        outputs, wanted = objective.see(inputs[rows])[0].T, targets[rows]
        if outputs.shape[1] == 1:
            true, seen = wanted[:, 0] > 0.5, outputs[:, 0] > 0.0
        else:
            true, seen = wanted.argmax(axis=1), outputs.argmax(axis=1)
        said = ~np.isnan(outputs).any(axis=1)
        np.add.at(counts, (true[said].astype(np.intp), seen[said].astype(np.intp)), 1)
    return counts


def _statistics(array: Floats) -> Statistics:
    if not array.size:
        return Statistics(*[float("nan")] * 4)
    return Statistics(float(array.mean()), float(array.std()), float(array.min()), float(array.max()))
