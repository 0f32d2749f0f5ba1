"""How many bytes a training step needs, said before the first weight changes.

The formula counts every array that a step works in, as `layers`, `losses`, `optimizers` and `batches` allocate them; the
table itself and what evaluating whole sets takes are left out, since no batch size changes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.activations import ACTIVATIONS
from engine.batches import block_rows

if TYPE_CHECKING:
    from engine.run import Run

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def parse_size(text: str) -> int:
    """Bytes of '512 KiB', '1.5 MB' or '4096 B'. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]+)\s*", text)
    units = {unit.lower(): size for unit, size in UNITS.items()}
    if found is None or found[2].lower() not in units or float(found[1]) <= 0.0:
        raise ValueError(f'"{text}" is not a size such as "512 KiB": a number above 0 and one of {", ".join(UNITS)}')
    return int(float(found[1]) * units[found[2].lower()])


@dataclass(frozen=True, slots=True)
class StepMemory:
    """The bytes of a step: `vectors` of `parameters` numbers each, and what the rows of a batch take.

    total = itemsize * vectors * parameters + rows * row_bytes + block_rows * block_row_bytes
    """

    itemsize: int
    parameters: int
    vectors: int  # weights, gradients, updates, the optimizer's memory, and what penalties need
    rows: int
    row_bytes: int  # z, delta and activation of every layer, and what the loss needs
    block_rows: int
    block_row_bytes: int  # the copy of inputs and targets

    @property
    def total(self) -> int:
        """Bytes in all."""
        fixed = self.itemsize * self.vectors * self.parameters
        return fixed + self.rows * self.row_bytes + self.block_rows * self.block_row_bytes

    def __str__(self) -> str:
        """The arithmetic in one line."""
        return (
            f"{self.itemsize} B x {self.vectors} vectors x {self.parameters:,} parameters + {self.rows:,} rows x "
            f"{self.row_bytes:,} B + {self.block_rows:,} rows copied x {self.block_row_bytes:,} B = {self.total:,} B"
        )


def step_memory(run: Run, batch_size: int) -> StepMemory:
    """What a step of `run` with this many rows needs."""
    training = run.training
    item = np.dtype(training.dtype).itemsize
    vectors = 3 + training.optimizer.vectors
    if training.optimizer.weight_decay > 0.0:
        vectors += 1
    if training.l1 > 0.0 or training.l2 > 0.0:
        vectors += 2 + (training.l1 > 0.0)
    if run.surface is not None:
        return StepMemory(item, run.parameters, vectors, 0, 0, 0, 0)
    inputs, *hidden, outputs = run.sizes
    scratch = ACTIVATIONS[run.network.activation].needs_scratch
    dropped = run.network.dropout > 0.0
    numbers = sum(units * (2 + scratch + dropped) + (units + 1) * (1 + dropped) for units in hidden)
    numbers += 2 * outputs  # z and delta of the last layer
    numbers += 4 * outputs + 2  # the loss: terms, product, gradient, ones; row and its ones
    row_bytes = item * numbers + 2 * outputs + 2 * np.dtype(np.intp).itemsize  # and its booleans and class numbers
    block_row_bytes = item * (inputs + 1 + outputs)
    rows = min(batch_size, run.facts.samples)
    return StepMemory(
        item, run.parameters, vectors, rows, row_bytes, block_rows(rows, block_row_bytes, run.facts.samples), block_row_bytes
    )


def refusal(run: Run, batch_size: int) -> str | None:
    """Why a step with this batch size must not be made: the arithmetic, and the largest size that fits. None: it may."""
    limit = run.training.memory_limit
    if limit is None or (needed := step_memory(run, batch_size)).total <= parse_size(limit):
        return None
    fits = largest_batch(run)
    hint = f"the largest batch_size that fits is {fits}" if fits else "no batch_size fits, only a smaller network does"
    return (
        f"out of memory: a step with batch_size {batch_size} needs {needed}, more than memory_limit {limit} "
        f"({parse_size(limit):,} B); {hint}"
    )


def largest_batch(run: Run) -> int:
    """The largest batch size within the memory limit of `run`; 0 where not even 1 fits, all samples without a limit."""
    samples = run.facts.samples
    if run.training.memory_limit is None:
        return samples
    limit, fits, too_many = parse_size(run.training.memory_limit), 0, samples + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if step_memory(run, middle).total <= limit:
            fits = middle
        else:
            too_many = middle
    return fits
