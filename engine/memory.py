"""How many bytes a training step needs, said before the first weight changes.

The formula counts every array that a step works in, as `layers`, `losses`, `optimizers`, `penalties` and `batches` allocate
them. Left out are what no batch size changes (the table, the order of its rows, evaluating whole sets, the history, weights
that early stopping keeps) and constants of a few hundred bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.activations import ACTIVATIONS
from engine.batches import block_rows
from engine.byte_sizes import parse_size
from engine.run import Run


@dataclass(frozen=True, slots=True)
class StepMemory:
    """The bytes of a step: vectors of all parameters, what each row of a batch takes, and rows copied out of the table.

    total = itemsize * vectors * parameters + (rows + last_rows) * row_bytes + copied_rows * copied_row_bytes + passing_bytes
    """

    itemsize: int  # bytes of a number
    parameters: int
    vectors: int  # weights, gradients, updates, the optimizer's memory, and what weight decay and penalties need
    rows: int  # of a batch
    last_rows: int  # of the last, partial batch of an epoch, which has arrays of its own; 0 where there is none
    row_bytes: int  # what every layer and the loss keep for a row
    copied_rows: int
    copied_row_bytes: int  # the inputs, their 1 for the bias, and the targets
    passing_bytes: int  # made and dropped again within a step

    @property
    def total(self) -> int:
        """Bytes in all."""
        fixed = self.itemsize * self.vectors * self.parameters
        kept = (self.rows + self.last_rows) * self.row_bytes
        return fixed + kept + self.copied_rows * self.copied_row_bytes + self.passing_bytes

    def __str__(self) -> str:
        """The arithmetic in one line."""
        return (
            f"{self.itemsize} B x {self.vectors} vectors x {self.parameters:,} parameters + ({self.rows:,} + "
            f"{self.last_rows:,}) rows x {self.row_bytes:,} B + {self.copied_rows:,} rows copied x "
            f"{self.copied_row_bytes:,} B + {self.passing_bytes:,} B in passing = {self.total:,} B"
        )


def step_memory(run: Run, batch_size: int) -> StepMemory:
    """What a step of `run` needs at most, in an epoch of batches of this many rows."""
    return _for_any_batch(run)(batch_size)


def _for_any_batch(run: Run) -> Callable[[int], StepMemory]:
    training, samples, parameters = run.training, run.facts.samples, run.parameters
    item = np.dtype(training.dtype).itemsize
    vectors = 3 + training.optimizer.vectors
    if training.optimizer.weight_decay > 0.0:
        vectors += 1  # what is taken off
    if training.l1 > 0.0 or training.l2 > 0.0:
        vectors += 2 + (training.l1 > 0.0)  # which parameters are weights, those weights, and their signs
    if run.surface is not None:
        return lambda batch_size: StepMemory(item, parameters, vectors, 0, 0, 0, 0, 0, 0)
    inputs, *_, outputs = run.sizes
    row_bytes = _row_bytes(run, item)
    copied_row_bytes = item * (inputs + 1 + outputs)
    argmax = item * outputs if outputs > 1 else 0  # of each row: the outputs in the order that argmax reads them

    def of(batch_size: int) -> StepMemory:
        rows = min(batch_size, samples)
        last_rows = 0 if training.drop_last else samples % rows
        copied_rows = block_rows(rows, copied_row_bytes, samples)
        copied = copied_rows, copied_row_bytes
        return StepMemory(item, parameters, vectors, rows, last_rows, row_bytes, *copied, passing_bytes=argmax * rows)

    return of


def _row_bytes(run: Run, item: int) -> int:
    """What a `Workspace` and a `Scratch` keep for each row."""
    _, *hidden, outputs = run.sizes
    numbers = 2 * outputs  # z and delta of the last layer
    for units in hidden:
        numbers += 2 * units + (units + 1)  # z and delta; a with its 1 for the next layer's bias
        if ACTIVATIONS[run.network.activation].needs_scratch:
            numbers += units
        if run.network.dropout > 0.0:
            numbers += units + (units + 1)  # the mask; a again, as it left dropout
    numbers += 4 * outputs + 2  # the loss: terms, product, gradient and ones; a number a row, and its one
    if outputs > 1:
        numbers += outputs  # the targets in the loss's layout
    booleans, class_numbers = 2 * outputs, 2  # right and wanted; best and best wanted
    return item * numbers + booleans + np.dtype(np.intp).itemsize * class_numbers


def refusal(run: Run, batch_size: int) -> str | None:
    """Why a step with this batch size must not be made: the arithmetic, and the largest size that fits. None: it may."""
    limit = run.training.memory_limit
    if limit is None or (needed := step_memory(run, batch_size)).total <= parse_size(limit):
        return None
    if run.surface is not None:
        return f"out of memory: a step needs {needed}, more than memory_limit {limit} ({parse_size(limit):,} B)"
    fits = largest_batch(run)
    hint = f"the largest batch_size that fits is {fits}" if fits else "no batch_size fits, only a smaller network does"
    return (
        f"out of memory: a step with batch_size {batch_size} needs {needed}, more than memory_limit {limit} "
        f"({parse_size(limit):,} B); {hint}"
    )


def largest_batch(run: Run) -> int:
    """The largest batch size within the memory limit of `run`; 0 where not even 1 fits, all samples without a limit.

    Sizes are tried from the largest down, since a larger batch may need less: where it leaves a smaller partial one.
    """
    samples, needed = run.facts.samples, _for_any_batch(run)
    if run.training.memory_limit is None:
        return samples
    limit = parse_size(run.training.memory_limit)
    most = min(samples, limit // max(1, needed(1).row_bytes))
    return next((size for size in range(most, 0, -1) if needed(size).total <= limit), 0)
