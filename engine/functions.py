"""Numbers to predict, drawn from a function that is known: how near the network comes to it can be checked.

A straight line, the same in twenty dimensions, a wave, and a class of students whose effort pays less and less. Each
target is the function's value plus `noise` times N(0, 1), in the target's units: no network can do better on new rows
than a mean squared error of noise squared. `samples` and `validation` are counts of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.ranges import STRICT, Range
from engine.table import Facts, Floats, Table, check_size, check_spread, table_of, two_parts

Samples = Annotated[int, Range(1, 1_000_000)]
Validation = Annotated[int, Range(0, 1_000_000)]
Coefficient = Annotated[float, Range(-1000, 1000)]
Noise = Annotated[float, Range(0, 1000)]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A straight line: y = slope x + intercept + noise N(0, 1), with x from N(0, 1).

    ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["line"] = "line"
    samples: Samples = 200
    validation: Validation = 100
    slope: Coefficient = 2.0
    intercept: Coefficient = -1.0
    noise: Noise = 0.5
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)

    def facts(self) -> Facts:
        """The table's size: 1 feature, no classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=1, classes=0)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` rows: inputs (n, 1) float64, targets (n, 1) float64."""
        parts = two_parts(self._draw, self.samples, self.validation, rng)
        return table_of(parts, ("x",), "y", standardized=self.standardize)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        x = rng.standard_normal(count)
        return x[:, None], self.slope * x + self.intercept + self.noise * rng.standard_normal(count)


@dataclass(frozen=True, kw_only=True)
class LinReg:
    """Linear regression in many dimensions: y = X w + noise N(0, 1), with X and the weights w from N(0, 1).

    The weights are drawn first: training and validation share them. ValueError: standardize with 1 sample; a table of
    more than 20 million numbers.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["linreg"] = "linreg"
    samples: Samples = 500
    validation: Validation = 200
    features: Annotated[int, Range(1, 1000)] = 20
    noise: Noise = 1.0
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)
        check_size(self.samples + self.validation, self.features)

    def facts(self) -> Facts:
        """The table's size: `features` as it is set, no classes; nothing is drawn."""
        return Facts(self.samples, self.validation, self.features, classes=0)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` rows: inputs (n, features) float64, targets (n, 1) float64."""
        weights = rng.standard_normal(self.features)

        def draw(count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
            inputs = rng.standard_normal((count, self.features))
            return inputs, inputs @ weights + self.noise * rng.standard_normal(count)

        features = tuple(f"x {number}" for number in range(1, self.features + 1))
        parts = two_parts(draw, self.samples, self.validation, rng)
        return table_of(parts, features, "y", standardized=self.standardize)


@dataclass(frozen=True, kw_only=True)
class Sine:
    """A wave: y = sin(frequency x) + noise N(0, 1), with x drawn evenly from -pi to pi: `frequency` waves in all.

    ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["sine"] = "sine"
    samples: Samples = 200
    validation: Validation = 100
    frequency: Annotated[float, Range(0, 20, above=True)] = 1.0
    noise: Noise = 0.1
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)

    def facts(self) -> Facts:
        """The table's size: 1 feature, no classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=1, classes=0)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` rows: inputs (n, 1) float64 in radians, targets (n, 1) float64."""
        parts = two_parts(self._draw, self.samples, self.validation, rng)
        return table_of(parts, ("x",), "y", standardized=self.standardize)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        x = rng.uniform(-np.pi, np.pi, count)
        return x[:, None], np.sin(self.frequency * x) + self.noise * rng.standard_normal(count)


@dataclass(frozen=True, kw_only=True)
class StudyClass:
    """A made-up class of students: score = 38 + 7.4 h - 0.15 h^2 + noise N(0, 1) after h hours of study.

    h is drawn evenly from 0 to 10. The hours reach the network as they are, which is what makes a large learning rate
    explode here, unless `standardize` is true; the scores always do. ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["study_class"] = "study_class"
    samples: Samples = 200
    validation: Validation = 100
    noise: Noise = 4.0
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)

    def facts(self) -> Facts:
        """The table's size: 1 feature, no classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=1, classes=0)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` students: inputs (n, 1) float64 in hours, targets (n, 1) in points."""
        parts = two_parts(self._draw, self.samples, self.validation, rng)
        return table_of(parts, ("hours",), "score", standardized=self.standardize)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        hours = rng.uniform(0, 10, count)
        scores = 38 + 7.4 * hours - 0.15 * hours**2
        return hours[:, None], scores + self.noise * rng.standard_normal(count)
