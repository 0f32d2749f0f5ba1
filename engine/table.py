"""What a network learns from: rows of numbers and, for each row, the right answer.

Some rows are for training; the others, the validation rows, are never learned from and only say how well the network
does on what it has not seen. Here is the table itself, and what the data sets that make one have in common: how rows are
drawn, labelled, split and standardized. Every chance comes from the one random generator that a data set is given, so
the same generator gives the same rows, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

MOST_NUMBERS = 20_000_000  # of 8 bytes each: 160 MB of inputs


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows to learn from and rows to check against; n training rows, m validation rows (m may be 0), d features.

    inputs              (n, d) float64, C-contiguous
    targets             classes: (n,) int64, class numbers from 0; regression: (n, 1) float64
    validation_inputs   (m, d), validation_targets (m,) or (m, 1): the same dtypes
    classes             the names of the class numbers; empty for regression
    features, target    the names of the d columns and of the answer
    picture             (rows, columns) where a row of inputs is a picture, top row first; else None
    input_scale         (d,) float64, with input_offset (d,): raw value in the table's own units
                        = inputs * input_scale + input_offset
    target_scale        with target_offset, regression: raw target = targets * target_scale + target_offset
    """

    inputs: Floats
    targets: NDArray[Any]
    validation_inputs: Floats
    validation_targets: NDArray[Any]
    task: Literal["classes", "regression"]
    classes: tuple[str, ...]
    features: tuple[str, ...]
    target: str
    picture: tuple[int, int] | None
    input_scale: Floats
    input_offset: Floats
    target_scale: float = 1.0
    target_offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known before anything is drawn: training rows, validation rows, columns, classes (0: regression)."""

    samples: int
    validation: int
    features: int
    classes: int


def standardize(table: Table) -> Table:
    """The same table with mean 0 and standard deviation 1 in each input column of the training rows.

    The validation rows are moved by the training rows' figures: their own would be a look at what must stay unseen.
    A column that is constant in training becomes 0 there. `input_scale` and `input_offset` lead back to raw values.
    """
    # Asked for directly: rounding can give the mean of equal numbers a last digit, and a "spread" of 1e-17 with it.
    constant = np.ptp(table.inputs, axis=0) == 0
    mean = np.where(constant, table.inputs[0], table.inputs.mean(axis=0))
    spread = np.where(constant, 1.0, table.inputs.std(axis=0))
    return replace(
        table,
        inputs=(table.inputs - mean) / spread,
        validation_inputs=(table.validation_inputs - mean) / spread,
        input_scale=table.input_scale * spread,
        input_offset=table.input_scale * mean + table.input_offset,
    )


def table_of(
    parts: tuple[Floats, NDArray[Any], Floats, NDArray[Any]],
    features: Sequence[str],
    target: str,
    classes: Sequence[str] = (),
    picture: tuple[int, int] | None = None,
    unit: float = 1.0,
    standardized: bool = False,
) -> Table:
    """A table of `parts` (inputs, targets, validation inputs, validation targets), standardized where asked for.

    Without names of `classes` it is a regression; its targets, (n,), get their second axis here. One unit of an input
    stands for `unit` in the table's own units.
    """
    inputs, targets, validation_inputs, validation_targets = parts
    if not classes:
        targets, validation_targets = targets[:, None], validation_targets[:, None]
    table = Table(
        inputs, targets, validation_inputs, validation_targets, "classes" if classes else "regression", tuple(classes),
        tuple(features), target, picture, np.full(len(features), unit), np.zeros(len(features)),
    )  # fmt: skip
    return standardize(table) if standardized else table


# Rows that are drawn ------------------------------------------------------------------------------------------------


def two_parts(
    draw: Callable[[int, np.random.Generator], tuple[Floats, NDArray[Any]]],
    samples: int,
    validation: int,
    rng: np.random.Generator,
) -> tuple[Floats, NDArray[Any], Floats, NDArray[Any]]:
    """`samples` training rows, then `validation` more, by `draw(count, rng)`, which gives inputs and targets.

    The training rows come first. So they are the same whether 300 validation rows follow or none, and a run without
    validation can be compared number by number with one that has it.
    """
    inputs, targets = draw(samples, rng)
    validation_inputs, validation_targets = draw(validation, rng)
    return inputs, targets, validation_inputs, validation_targets


def taking_turns(count: int, classes: int) -> Labels:
    """Class numbers 0 1 2 0 1 2 ...: balanced, and in the smallest batch too when nothing is shuffled."""
    return np.arange(count, dtype=np.int64) % classes


def mislabelled(labels: Labels, classes: int, share: float, rng: np.random.Generator) -> Labels:
    """`labels`, (n,), each with the chance `share` replaced by one of the other classes, all of them equally likely.

    As many numbers are drawn whatever the share. So a data set that calls this last draws the same inputs for any share.
    """
    wrong = rng.random(len(labels)) < share
    others = (labels + rng.integers(1, classes, len(labels))) % classes
    return np.where(wrong, others, labels)


# Rows that are there ------------------------------------------------------------------------------------------------


def random_split(rows: int, kept_back: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(rows,) bool, true for `kept_back` of them, drawn at random."""
    mask = np.zeros(rows, dtype=np.bool_)
    mask[rng.permutation(rows)[:kept_back]] = True
    return mask


def stratified_split(labels: Labels, kept_back: Sequence[int], rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n,) bool, true for `kept_back[k]` of the rows of class k, drawn at random, for every class."""
    mask = np.zeros(len(labels), dtype=np.bool_)
    for label, count in enumerate(kept_back):
        mask[rng.permutation(np.flatnonzero(labels == label))[:count]] = True
    return mask


# What cannot be -----------------------------------------------------------------------------------------------------


def check_spread(standardized: bool, samples: int) -> None:
    """Raise ValueError where one training sample alone is to be standardized."""
    if standardized and samples < 2:
        raise ValueError("standardize needs at least 2 training samples: one alone has no spread to divide by")


def check_size(rows: int, features: int) -> None:
    """Raise ValueError where a table of so many rows, training and validation, and features is too large to make."""
    if rows * features > MOST_NUMBERS:
        raise ValueError(
            f"features = {features} in {rows} rows make {rows * features} numbers; at most {MOST_NUMBERS} are allowed"
        )
