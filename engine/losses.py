"""How wrong the network is, as one number, and in which direction each output should move.

Every loss is a mean over the rows of a batch, so its size does not depend on the batch size. Cross-entropy takes logits:
softmax (or the sigmoid) is fused with it, which is quicker and cannot overflow.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Targets = NDArray[Any]


class Loss(Protocol):
    """A loss over outputs (rows, outputs) and targets as `prepare` returned them."""

    @property
    def task(self) -> Literal["classes", "regression"]:
        """Whether targets are classes or numbers."""

    def outputs(self, classes: int) -> int:
        """How many outputs the network needs for so many classes."""

    def prepare(self, targets: Targets, dtype: str) -> Targets:
        """The targets of a `Table` in the form that the other methods take."""

    def value(self, outputs: Array, targets: Targets) -> float:
        """The mean loss."""

    def value_and_gradient(self, outputs: Array, targets: Targets, out: Array) -> float:
        """The mean loss; its derivative by the outputs goes into `out` (rows, outputs)."""

    def correct(self, outputs: Array, targets: Targets) -> int | None:
        """How many rows are classified right, which an output that is no number never is; None for regression."""


class MeanSquaredError:
    """L = mean((y - t)^2) over rows and outputs; dL/dy = 2 (y - t) / count."""

    task: Literal["regression"] = "regression"

    def outputs(self, classes: int) -> int:
        return 1

    def prepare(self, targets: Targets, dtype: str) -> Targets:
        return targets.astype(dtype)

    def value(self, outputs: Array, targets: Targets) -> float:
        error = outputs - targets
        return float(np.vdot(error, error)) / error.size

    def value_and_gradient(self, outputs: Array, targets: Targets, out: Array) -> float:
        np.subtract(outputs, targets, out=out)
        value = float(np.vdot(out, out)) / out.size
        out *= 2.0 / out.size
        return value

    def correct(self, outputs: Array, targets: Targets) -> int | None:
        return None


class BinaryCrossEntropy:
    """Two classes, one logit z, target t in {0, 1}: L = mean(max(z, 0) - z t + log(1 + exp(-|z|))).

    That is -t log s(z) - (1 - t) log(1 - s(z)) with the sigmoid s, written so that no exponential overflows;
    dL/dz = (s(z) - t) / rows.
    """

    task: Literal["classes"] = "classes"

    def outputs(self, classes: int) -> int:
        return 1

    def prepare(self, targets: Targets, dtype: str) -> Targets:
        return targets.reshape(-1, 1).astype(dtype)

    def value(self, outputs: Array, targets: Targets) -> float:
        terms = np.maximum(outputs, 0.0) - outputs * targets + np.log1p(np.exp(-np.abs(outputs)))
        return float(np.add.reduce(terms, axis=None)) / len(terms)

    def value_and_gradient(self, outputs: Array, targets: Targets, out: Array) -> float:
        value = self.value(outputs, targets)
        np.multiply(outputs, 0.5, out=out)
        np.tanh(out, out=out)
        out += 1.0
        out *= 0.5  # the sigmoid of the logits
        out -= targets
        out *= 1.0 / len(out)
        return value

    def correct(self, outputs: Array, targets: Targets) -> int | None:
        return int(np.count_nonzero(np.where(targets > 0.5, outputs > 0.0, outputs <= 0.0)))


class CrossEntropy:
    """K classes, K logits z, target class t: L = mean(log(sum_k exp(z_k)) - z_t); dL/dz = (softmax(z) - onehot(t)) / rows.

    The largest logit of each row is taken off first, which changes nothing but keeps every exponential at most 1.
    """

    task: Literal["classes"] = "classes"

    def outputs(self, classes: int) -> int:
        return classes

    def prepare(self, targets: Targets, dtype: str) -> Targets:
        return targets.astype(np.int64)

    def value(self, outputs: Array, targets: Targets) -> float:
        return self.value_and_gradient(outputs, targets, np.empty_like(outputs))

    def value_and_gradient(self, outputs: Array, targets: Targets, out: Array) -> float:
        rows = np.arange(len(targets))
        np.subtract(outputs, outputs.max(axis=1, keepdims=True), out=out)
        target_logits = out[rows, targets]
        np.exp(out, out=out)
        total = out.sum(axis=1, keepdims=True)
        value = float(np.log(total).sum() - target_logits.sum()) / len(targets)
        out /= total
        out[rows, targets] -= 1.0
        out *= 1.0 / len(targets)
        return value

    def correct(self, outputs: Array, targets: Targets) -> int | None:
        right = outputs.argmax(axis=1) == targets
        return int(np.count_nonzero(right & ~np.isnan(outputs).any(axis=1)))


#: Every loss by its name: the list of allowed values.
LOSSES: dict[str, Loss] = {
    "mean_squared_error": MeanSquaredError(),
    "binary_cross_entropy": BinaryCrossEntropy(),
    "cross_entropy": CrossEntropy(),
}


def fitting_losses(classes: int) -> list[str]:
    """The names of the losses that suit so many classes (0: regression), the usual one first."""
    if classes == 0:
        return [name for name, loss in LOSSES.items() if loss.task == "regression"]
    if classes == 2:
        return ["binary_cross_entropy", "cross_entropy"]
    return ["cross_entropy"]
