"""The order in which a training set is looked at: shuffled anew for every epoch, and cut into batches.

Rows are copied out of the set in blocks, each a batch or, where batches are small, several of them at once: one copy of
16 KiB costs hardly more than one of a few hundred bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array

BLOCK_BYTES = 16 * 1024


def block_rows(batch_size: int, row_bytes: int, samples: int) -> int:
    """Rows that are copied at once: at least one batch, never more than there are."""
    return min(samples, max(batch_size, BLOCK_BYTES // row_bytes))


class Batches:
    """Batches of `inputs` (n, inputs + 1) and `targets` (n, outputs), in an order drawn from `rng`, or as they stand."""

    def __init__(self, inputs: Array, targets: Array, rng: np.random.Generator | None) -> None:
        self.inputs, self.targets = inputs, targets
        self.rng = rng
        self.order: NDArray[np.int64] = np.arange(len(inputs))
        self.taken = 0  # rows of this epoch already used
        self.reserve(1)

    def reserve(self, batch_size: int) -> None:
        """Make the buffers for batches of at most this size."""
        row_bytes = self.inputs[:1].nbytes + self.targets[:1].nbytes
        rows = block_rows(batch_size, row_bytes, len(self.inputs))
        self.block: tuple[Array, Array] = tuple(  # type: ignore[assignment]
            np.empty((rows, array.shape[1]), array.dtype) for array in (self.inputs, self.targets)
        )
        self._first = self._end = 0  # which places of `order` are in the block

    @property
    def left(self) -> int:
        """Rows of this epoch that no batch has had."""
        return len(self.order) - self.taken

    def begin_epoch(self) -> None:
        """Back to the first row, of a new order."""
        self.taken = self._first = self._end = 0
        if self.rng is not None:
            self.order = self.rng.permutation(len(self.inputs))

    def take(self, batch_size: int) -> tuple[Any, Any]:
        """Inputs (rows, inputs + 1) and targets (rows, outputs) of the next batch; valid until the next call."""
        start = self.taken
        end = self.taken = min(start + batch_size, len(self.order))
        inputs, targets = self.block
        if end > self._end:
            chosen = self.order[start : start + len(inputs)]
            self._first, self._end = start, start + len(chosen)
            # "clip" never clips here; it lets take() write into the buffer without a copy of its own
            self.inputs.take(chosen, 0, inputs[: len(chosen)], "clip")
            self.targets.take(chosen, 0, targets[: len(chosen)], "clip")
        start -= self._first
        end -= self._first
        return inputs[start:end], targets[start:end]
