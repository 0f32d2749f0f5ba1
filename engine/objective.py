"""What is made small: the loss of a network over a table.

An objective has flat `parameters` and `gradients` and is worked through phase by phase: take a batch, forward, loss,
backward. `engine.surfaces` has another kind, a landscape of one or two bare parameters. The trainer knows no difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from engine.batches import Batches
from engine.drawn import drawn
from engine.layers import Array, Dropout, Network, Workspace, initial_parameters, with_ones
from engine.losses import LOSSES, Figure, Loss, Scratch, inner
from engine.metrics import Evaluation
from engine.run import Run
from engine.table import Table

EVALUATION_ROWS = 2048  # a set is evaluated in pieces of this many rows, so that memory does not grow with the data


class Objective(Protocol):
    """What the trainer asks of the thing that it trains."""

    parameters: Array
    gradients: Array

    @property
    def left(self) -> int:
        """Samples of the epoch in progress that no batch has had."""

    def reserve(self, batch_size: int) -> None:
        """Make the buffers for batches of at most this size."""

    def begin_epoch(self) -> None:
        """Start over with all samples."""

    def forward(self, batch_size: int) -> int:
        """Take the next batch and run it through; how many rows it has."""

    def loss(self) -> tuple[float, int | None]:
        """The mean loss of the batch, and how many of its rows are classified right (None where there are no classes)."""

    def backward(self) -> None:
        """Fill `gradients` with the derivative of the loss by every parameter."""

    def moved(self) -> None:
        """The parameters have been updated."""

    def evaluate(self) -> tuple[Evaluation, Evaluation | None]:
        """The whole training set, and the validation set where there is one, with the parameters as they are now."""

    def train_loss(self) -> float:
        """The mean loss of the whole training set."""

    def predict(self, inputs: Array) -> Array:
        """Raw outputs (rows, outputs) for inputs (rows, features) in the table's own units; a copy."""

    def state(self) -> dict[str, Any]:
        """What must be kept beside `parameters` to go on from here; plain values and arrays."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to where `state()` was called."""


class NetworkObjective:
    """A network and a table. Each chance has a generator of its own, for a run with seed s: data s, weights 10000 + s,
    order 20000 + s, dropout 30000 + s.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        assert run.data is not None
        self.table: Table = drawn(run.data, run.seed)
        dtype = self.dtype = run.training.dtype
        self.loss_function: Loss = LOSSES[run.loss]
        self.parameters: Array = initial_parameters(run.sizes, run.network, np.random.default_rng(10_000 + run.seed), dtype)
        self.gradients: Array = np.zeros_like(self.parameters)
        self.network = Network(run.sizes, run.network, self.parameters, self.gradients)
        rate = run.network.dropout
        self.dropout = Dropout(rate, np.random.default_rng(30_000 + run.seed)) if rate > 0.0 and run.network.hidden else None
        with np.errstate(all="ignore"):  # what is too large for float32 becomes infinity, and is shown as such
            classes, table = len(self.table.classes), self.table
            self.train = with_ones(table.inputs, dtype), self.loss_function.prepare(table.targets, classes, dtype)
            self.validation = (
                with_ones(table.validation_inputs, dtype),
                self.loss_function.prepare(table.validation_targets, classes, dtype),
            )
        shuffling = np.random.default_rng(20_000 + run.seed) if run.training.shuffle else None
        self.batches = Batches(*self.train, shuffling)
        self._seeing = Evaluator(run, self.loss_function, table.target_scale)

    @property
    def left(self) -> int:
        return self.batches.left

    def reserve(self, batch_size: int) -> None:
        self.batches.reserve(batch_size)
        self.work = self._work = Workspace(self.run.sizes, self.run.network, batch_size, self.dtype)
        self.scratch = self._scratch = Scratch((self.run.sizes[-1], batch_size), self.dtype)

    def begin_epoch(self) -> None:
        self.batches.begin_epoch()

    def forward(self, batch_size: int) -> int:
        inputs, targets = self.batches.take(batch_size)
        samples = len(inputs)
        if self.work.samples != samples:
            self.work, self.scratch = self._work.part(samples), self._scratch.part(samples)
        self.x, self.targets = inputs.T, targets.T
        if len(self.targets) > 1:  # the loss goes through whole arrays of one layout
            np.copyto(self.scratch.targets, self.targets)
            self.targets = self.scratch.targets
        self.outputs = self.network.forward(self.x, self.work, self.dropout)
        return samples

    def loss(self) -> tuple[float, int | None]:
        loss, scratch = self.loss_function, self.scratch
        value = loss.value_and_gradient(self.outputs, self.targets, self.work.delta[-1], scratch)
        if loss.task == "regression":
            return value, None
        correct = loss.correct if value == value else loss.correct_numbers
        return value, correct(self.outputs, self.targets, scratch)

    def backward(self) -> None:
        self.network.backward(self.x, self.work)

    def moved(self) -> None:
        pass

    def evaluate(self) -> tuple[Evaluation, Evaluation | None]:
        blind = len(self.validation[0]) == 0
        return self.evaluate_set(*self.train), None if blind else self.evaluate_set(*self.validation)

    def evaluate_set(self, inputs: Array, targets: Array) -> Evaluation:
        """A whole set: inputs (n, inputs + 1) with their ones, targets as the loss prepared them."""
        return self._seeing.evaluate(self.network, inputs, targets)[0]

    def train_loss(self) -> float:
        return float(self._seeing.losses(self.network, *self.train))

    def see(self, inputs: Array) -> tuple[Array, Workspace]:
        """Outputs (outputs, samples) for inputs (samples, inputs + 1), ones last, without dropout; and where they lie."""
        work = Workspace(self.run.sizes, replace(self.run.network, dropout=0.0), len(inputs), self.dtype)
        return self.network.forward(inputs.T, work), work

    def predict(self, inputs: Array) -> Array:
        table = self.table
        outputs = self.see(with_ones((inputs - table.input_offset) / table.input_scale, self.dtype))[0].T
        return outputs * table.target_scale + table.target_offset  # 1 and 0 for classes: a copy, and the logits

    def state(self) -> dict[str, Any]:
        rngs = self._generators()
        return {
            "order": self.batches.order.copy(),
            "taken": self.batches.taken,
            "generators": {name: rng.bit_generator.state for name, rng in rngs.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.batches.begin_epoch()
        self.batches.order = np.array(state["order"])
        self.batches.taken = int(state["taken"])
        for name, rng in self._generators().items():
            rng.bit_generator.state = state["generators"][name]

    def _generators(self) -> dict[str, np.random.Generator]:
        found = {} if self.batches.rng is None else {"order": self.batches.rng}
        return found if self.dropout is None else {**found, "dropout": self.dropout.rng}


class Evaluator:
    """Sees whole sets with one state of the weights, dropout left out; for one run, or for a stack of runs at once.

    Sets are inputs (..., samples, inputs + 1) with their ones, and targets (..., samples, outputs) as the loss made them.
    """

    def __init__(self, run: Run, loss: Loss, target_scale: float, stack: tuple[int, ...] = ()) -> None:
        self.loss, self.stack = loss, stack
        self.target_scales = [target_scale] * (stack[0] if stack else 1)
        self._sizes, self._dtype = run.sizes, run.training.dtype
        self._architecture = replace(run.network, dropout=0.0)
        self._reserve(0)  # it grows with the first set that is seen

    def _reserve(self, samples: int) -> None:
        self._work = Workspace(self._sizes, self._architecture, samples, self._dtype, self.stack)
        self._scratch = Scratch((*self.stack, self._sizes[-1], samples), self._dtype)

    def losses(self, network: Network, inputs: Array, targets: Array) -> Figure:
        """The mean loss, or one a run."""
        total = 0.0
        for outputs, wanted, scratch in self._pieces(network, inputs, targets):
            total = total + self.loss.value(outputs, wanted, scratch) * wanted.shape[-1]
        return total / inputs.shape[-2]

    def evaluate(self, network: Network, inputs: Array, targets: Array) -> list[Evaluation]:
        """An evaluation a run; just one without a stack."""
        samples, loss, first, second = inputs.shape[-2], np.zeros(self.stack), np.zeros(self.stack), np.zeros(self.stack)
        classes = self.loss.task == "classes"
        for outputs, wanted, scratch in self._pieces(network, inputs, targets):
            value = self.loss.value(outputs, wanted, scratch)
            loss = loss + value * wanted.shape[-1]
            if classes:
                correct = self.loss.correct if np.isfinite(value).all() else self.loss.correct_numbers
                first = first + correct(outputs, wanted, scratch)
            else:
                np.subtract(outputs, wanted, out=scratch.terms)
                second = second + inner(scratch.terms, scratch.terms)
                first = first + inner(np.abs(scratch.terms, out=scratch.terms), scratch.ones)
        if classes:
            return [
                Evaluation(float(value), accuracy=float(right) / samples) for value, right in _runs(loss / samples, first)
            ]
        spread = ((targets - targets.mean(axis=-2, keepdims=True)) ** 2).sum(axis=(-2, -1))
        return [
            Evaluation(
                float(value),
                r2=1.0 - float(squares) / float(variance) if variance > 0.0 else None,
                mean_absolute_error=float(absolute) * float(scale) / samples,
            )
            for value, absolute, squares, variance, scale in _runs(loss / samples, first, second, spread, self.target_scales)
        ]

    def _pieces(self, network: Network, inputs: Array, targets: Array) -> Iterator[tuple[Array, Array, Scratch]]:
        samples = inputs.shape[-2]
        most = min(samples, EVALUATION_ROWS)
        if self._work.samples < most:
            self._reserve(most)
        for start in range(0, samples, EVALUATION_ROWS):
            x, wanted = (array[..., start : start + EVALUATION_ROWS, :].mT for array in (inputs, targets))
            count = x.shape[-1]
            yield network.forward(x, self._work.part(count)), np.ascontiguousarray(wanted), self._scratch.part(count)


def _runs(*figures: Any) -> Iterator[tuple[Any, ...]]:
    return zip(*(np.atleast_1d(figure) for figure in figures), strict=True)
