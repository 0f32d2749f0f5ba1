"""Rows written out in the preset itself: a truth table, a worked example, the few numbers of an exercise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.columns import printable
from engine.ranges import STRICT, Range
from engine.table import Facts, Table, check_spread, table_of

MOST = 10_000  # numbers, inputs and targets together: more belong into a file of their own

Number = Annotated[float, Range(-1e100, 1e100)]  # whose square is a number too


@dataclass(frozen=True, kw_only=True)
class Rows:
    """`inputs`, a list of rows of equally many numbers, and `targets`, one number for each row.

    With `task` "classes" the targets are class numbers: 0, 1, 2 ... with none left out. The last `validation` rows are
    kept back. `features` names the columns, `target` the answer. ValueError, naming the key: no rows, rows of different
    length, more or fewer targets than rows, more than 10000 numbers, classes that are not numbered so, no row left to
    train on, a wrong number of names or one given twice, standardize with one row.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["rows"] = "rows"
    inputs: tuple[tuple[Number, ...], ...]
    targets: tuple[Number, ...]
    task: Literal["regression", "classes"] = "regression"
    validation: Annotated[int, Range(0, MOST)] = 0
    features: tuple[str, ...] = ()
    target: str = "target"
    standardize: bool = False

    def __post_init__(self) -> None:
        self._check_shape()
        if self.task == "classes":
            self._check_classes()
        rows, columns = len(self.inputs), len(self.inputs[0])
        if self.validation >= rows:
            raise ValueError(f"validation = {self.validation} of {rows} rows in inputs leaves none to train on")
        if self.features and len(self.features) != columns:
            raise ValueError(f"features is of length {len(self.features)}, a row of inputs of length {columns}")
        twice = [name for index, name in enumerate(self.features) if name in self.features[:index]]
        if twice:
            raise ValueError(f'features names "{twice[0]}" twice')
        check_spread(self.standardize, rows - self.validation)

    def _check_shape(self) -> None:
        if not self.inputs or not self.inputs[0]:
            raise ValueError("inputs has no numbers: write it as a list of rows, such as [[0, 0], [0, 1]]")
        columns = len(self.inputs[0])
        for number, row in enumerate(self.inputs, 1):
            if len(row) != columns:
                raise ValueError(f"inputs: row 1 is of length {columns}, row {number} of length {len(row)}")
        if len(self.targets) != len(self.inputs):
            raise ValueError(f"targets is of length {len(self.targets)}, inputs of length {len(self.inputs)}")
        if (numbers := len(self.inputs) * (columns + 1)) > MOST:
            raise ValueError(f"inputs and targets have {numbers} numbers; at most {MOST} are allowed here")

    def _check_classes(self) -> None:
        for number, value in enumerate(self.targets, 1):
            if value < 0 or value % 1 != 0:
                raise ValueError(f"targets has {value:g} in row {number}: a class is one of the whole numbers 0, 1, 2 ...")
        found = set(self.targets)
        missing = next(label for label in range(len(found) + 1) if label not in found)
        if missing <= max(*found, 1):
            raise ValueError(f"targets has no row of class {missing}: classes are numbered 0, 1, 2 ... with none left out")

    def facts(self) -> Facts:
        """The table's size, counted in the rows that are written."""
        classes = len(set(self.targets)) if self.task == "classes" else 0
        return Facts(len(self.inputs) - self.validation, self.validation, len(self.inputs[0]), classes)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of the rows in the order they are written: inputs (n, d) float64; nothing is drawn from `rng`.

        Targets are (n,) int64 for classes, (n, 1) float64 for regression.
        """
        facts = self.facts()
        inputs = np.array(self.inputs, dtype=np.float64)
        targets = np.array(self.targets, dtype=np.int64 if facts.classes else np.float64)
        parts = inputs[: facts.samples], targets[: facts.samples], inputs[facts.samples :], targets[facts.samples :]
        features = tuple(map(printable, self.features)) or tuple(f"x {number}" for number in range(1, facts.features + 1))
        classes = tuple(map(str, range(facts.classes)))
        return table_of(parts, features, printable(self.target), classes, standardized=self.standardize)
