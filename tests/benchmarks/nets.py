"""The networks and the data that every peer of the benchmark trains on.

Four sizes, from one where Python's overhead is all the cost to one where the matrix products are. The rows are drawn, with
labels from a random linear teacher, so that there is something to learn; how well it is learned is no matter here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.layers import Architecture
from engine.optimizers import Adam
from engine.run import Run, Training
from engine.table import Facts, Table, table_of

LEARNING_RATE = 0.001
FOR_EVER = 1_000_000  # epochs: no timed run ever comes to its end


@dataclass(frozen=True)
class Drawn:
    """`samples` rows of `features` normal numbers, in two classes or more; no validation rows."""

    samples: int
    features: int
    classes: int
    name: str = "drawn"

    def facts(self) -> Facts:
        return Facts(self.samples, 0, self.features, self.classes)

    def generate(self, rng: np.random.Generator) -> Table:
        inputs = rng.normal(size=(self.samples, self.features))
        teacher = rng.normal(size=(self.features, self.classes)) / np.sqrt(self.features)
        labels = (inputs @ teacher + 0.5 * rng.normal(size=(self.samples, self.classes))).argmax(axis=1)
        parts = inputs, labels.astype(np.int64), inputs[:0], labels[:0].astype(np.int64)
        names = [f"x{index}" for index in range(self.features)]
        return table_of(parts, names, "class", [str(label) for label in range(self.classes)])


@dataclass(frozen=True)
class Net:
    """Sizes (inputs, hidden ..., outputs), training rows, and rows per batch; one output means two classes."""

    sizes: tuple[int, ...]
    samples: int
    batch: int

    @property
    def label(self) -> str:
        return "-".join(map(str, self.sizes)) + (" full" if self.batch == self.samples else "")

    @property
    def batches(self) -> int:
        """Steps of an epoch; every batch is whole."""
        return self.samples // self.batch

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer."""
        return list(pairwise(self.sizes))

    def run(self, dtype: str, seed: int = 0) -> Run:
        """What our own trainer trains."""
        return Run(
            seed=seed,
            data=Drawn(self.samples, self.sizes[0], max(2, self.sizes[-1])),
            network=Architecture(hidden=self.sizes[1:-1]),
            training=Training(
                epochs=FOR_EVER, batch_size=self.batch, dtype=dtype, optimizer=Adam(learning_rate=LEARNING_RATE)
            ),
        )

    def rows(self, dtype: str) -> tuple[np.ndarray, np.ndarray]:
        """The same training rows for the others: inputs (samples, inputs) of `dtype`, labels (samples,) int64."""
        run = self.run(dtype)
        table = run.data.generate(np.random.default_rng(run.seed))
        return table.inputs.astype(dtype), table.targets


NETS = (
    Net((2, 16, 8, 1), 1024, 32),
    Net((64, 64, 10), 1792, 64),
    Net((784, 256, 128, 10), 5120, 128),
    Net((784, 256, 128, 10), 5000, 5000),
)
SMALLEST = NETS[0]
STACKED = (SMALLEST, Net((144, 16, 1), 1024, 32))
