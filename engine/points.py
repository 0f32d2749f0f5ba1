"""Points in classes, drawn from a formula: the shapes that show what a network can and cannot tell apart.

From clouds that a straight line parts to spirals that need hidden layers, and last the same in a hundred dimensions,
where nothing can be drawn any more. The classes take turns, so they are balanced. `samples` and `validation` are counts
of points, and `label_noise` is the chance that a label, in training and in validation, names another class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.ranges import STRICT, Range
from engine.table import (
    Facts,
    Floats,
    Labels,
    Table,
    check_size,
    check_spread,
    mislabelled,
    table_of,
    taking_turns,
    two_parts,
)

Samples = Annotated[int, Range(1, 1_000_000)]
Validation = Annotated[int, Range(0, 1_000_000)]
Noise = Annotated[float, Range(0, 10)]
LabelNoise = Annotated[float, Range(0, 0.5)]


def _numbered(word: str, count: int) -> tuple[str, ...]:
    return tuple(f"{word} {number}" for number in range(1, count + 1))


@dataclass(frozen=True, kw_only=True)
class Blobs:
    """Round clouds of points: with two of them, well apart, a straight line does.

    Two clouds have their centres at (-sep, 0) and (sep, 0); more have them evenly on the circle of radius `sep`, cloud k
    of K, from 0, at the angle pi + 2 pi k / K. A point is its centre plus `std` times N(0, 1) on x and y.
    ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["blobs"] = "blobs"
    samples: Samples = 400
    validation: Validation = 200
    classes: Annotated[int, Range(2, 10)] = 2
    sep: Annotated[float, Range(0, 100)] = 2.0
    std: Annotated[float, Range(0, 100)] = 1.0
    label_noise: LabelNoise = 0.0
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)

    def facts(self) -> Facts:
        """The table's size: 2 features, `classes` classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=2, classes=self.classes)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` points: inputs (n, 2) float64, targets (n,) int64."""
        parts = two_parts(self._draw, self.samples, self.validation, rng)
        return table_of(parts, ("x", "y"), "blob", _numbered("blob", self.classes), standardized=self.standardize)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
        labels = taking_turns(count, self.classes)
        angle = np.pi + 2 * np.pi * labels / self.classes
        centres = self.sep * np.column_stack([np.cos(angle), np.sin(angle)])
        points = centres + self.std * rng.standard_normal((count, 2))
        return points, mislabelled(labels, self.classes, self.label_noise, rng)


@dataclass(frozen=True, kw_only=True)
class Xor:
    """Exclusive or: a point's class says whether its x and y have the same sign. No single line parts them, two do.

    |x| and |y| are drawn evenly from 0 to 1, and each of the two quadrants of a class is as likely as the other; then x
    and y get `noise` times N(0, 1), which carries some points over an axis. ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["xor"] = "xor"
    samples: Samples = 1000
    validation: Validation = 300
    noise: Noise = 0.05
    label_noise: LabelNoise = 0.0
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)

    def facts(self) -> Facts:
        """The table's size: 2 features, 2 classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=2, classes=2)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` points: inputs (n, 2) float64, targets (n,) int64."""
        parts = two_parts(self._draw, self.samples, self.validation, rng)
        return table_of(parts, ("x", "y"), "signs", ("same", "different"), standardized=self.standardize)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
        labels = taking_turns(count, 2)
        points = rng.uniform(0, 1, (count, 2))
        points *= np.where(rng.random(count) < 0.5, 1, -1)[:, None]
        points[:, 1] *= 1 - 2 * labels
        points += self.noise * rng.standard_normal((count, 2))
        return points, mislabelled(labels, 2, self.label_noise, rng)


@dataclass(frozen=True, kw_only=True)
class Circles:
    """A ring of points around a smaller one: the line that parts them is closed.

    With t drawn evenly from 0 to 2 pi, a point of the outer ring is (cos t, sin t), one of the inner `ratio` times that;
    x and y get `noise` times N(0, 1). As make_circles of scikit-learn, whose angles are evenly spaced and not drawn.
    ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["circles"] = "circles"
    samples: Samples = 1000
    validation: Validation = 300
    noise: Noise = 0.1
    ratio: Annotated[float, Range(0, 1, above=True, below=True)] = 0.5
    label_noise: LabelNoise = 0.0
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)

    def facts(self) -> Facts:
        """The table's size: 2 features, 2 classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=2, classes=2)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` points: inputs (n, 2) float64, targets (n,) int64."""
        parts = two_parts(self._draw, self.samples, self.validation, rng)
        return table_of(parts, ("x", "y"), "ring", ("outer", "inner"), standardized=self.standardize)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
        labels = taking_turns(count, 2)
        t = rng.uniform(0, 2 * np.pi, count)
        radius = np.where(labels == 0, 1.0, self.ratio)
        points = radius[:, None] * np.column_stack([np.cos(t), np.sin(t)])
        points += self.noise * rng.standard_normal((count, 2))
        return points, mislabelled(labels, 2, self.label_noise, rng)


@dataclass(frozen=True, kw_only=True)
class Moons:
    """Two half circles of points that reach into each other: no straight line parts them, a curved one does.

    With t drawn evenly from 0 to pi, a point of the upper moon is (cos t, sin t), one of the lower (1 - cos t,
    0.5 - sin t); both are moved by (-0.5, -0.25), so that the middle is at 0, and get `noise` times N(0, 1) on x and y.
    ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["moons"] = "moons"
    samples: Samples = 1000
    validation: Validation = 300
    noise: Noise = 0.2
    label_noise: LabelNoise = 0.0
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)

    def facts(self) -> Facts:
        """The table's size: 2 features, 2 classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=2, classes=2)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` points: inputs (n, 2) float64, targets (n,) int64."""
        parts = two_parts(self._draw, self.samples, self.validation, rng)
        return table_of(parts, ("x", "y"), "moon", ("upper", "lower"), standardized=self.standardize)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
        labels = taking_turns(count, 2)
        t = rng.uniform(0, np.pi, count)
        upper = np.column_stack([np.cos(t), np.sin(t)])
        lower = np.column_stack([1 - np.cos(t), 0.5 - np.sin(t)])
        points = np.where(labels[:, None] == 0, upper, lower) - (0.5, 0.25)
        points += self.noise * rng.standard_normal((count, 2))
        return points, mislabelled(labels, 2, self.label_noise, rng)


@dataclass(frozen=True, kw_only=True)
class Spirals:
    """Arms of points that wind around the middle and around each other: hidden layers and patience are needed.

    A point of arm y, from 0, lies at the radius r = sqrt(U(0.02, 1)), so that the arms are as dense outside as inside,
    and at the angle 2 pi (turns r + y / arms); x and y get `noise` times N(0, 1). ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["spirals"] = "spirals"
    samples: Samples = 1000
    validation: Validation = 300
    arms: Annotated[int, Range(2, 5)] = 2
    turns: Annotated[float, Range(0, 10)] = 1.0
    noise: Noise = 0.05
    label_noise: LabelNoise = 0.0
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)

    def facts(self) -> Facts:
        """The table's size: 2 features, a class for each of the `arms`; nothing is drawn."""
        return Facts(self.samples, self.validation, features=2, classes=self.arms)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` points: inputs (n, 2) float64, targets (n,) int64."""
        parts = two_parts(self._draw, self.samples, self.validation, rng)
        return table_of(parts, ("x", "y"), "arm", _numbered("arm", self.arms), standardized=self.standardize)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
        labels = taking_turns(count, self.arms)
        radius = np.sqrt(rng.uniform(0.02, 1, count))
        angle = 2 * np.pi * (self.turns * radius + labels / self.arms)
        points = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        points += self.noise * rng.standard_normal((count, 2))
        return points, mislabelled(labels, self.arms, self.label_noise, rng)


@dataclass(frozen=True, kw_only=True)
class Hundred:
    """Ten clouds of points in a hundred dimensions, unless `classes` and `features` say otherwise.

    The centre of each cloud is `sep` times N(0, 1) in every dimension, and a point is its centre plus N(0, 1). The
    centres are drawn first: training and validation share them. ValueError: standardize with 1 sample; a table of more
    than 20 million numbers.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["hundred"] = "hundred"
    samples: Samples = 1000
    validation: Validation = 300
    features: Annotated[int, Range(1, 1000)] = 100
    classes: Annotated[int, Range(2, 100)] = 10
    sep: Annotated[float, Range(0, 100)] = 0.4
    label_noise: LabelNoise = 0.0
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)
        check_size(self.samples + self.validation, self.features)

    def facts(self) -> Facts:
        """The table's size: `features` and `classes` as they are set; nothing is drawn."""
        return Facts(self.samples, self.validation, self.features, self.classes)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` points: inputs (n, features) float64, targets (n,) int64."""
        centres = self.sep * rng.standard_normal((self.classes, self.features))

        def draw(count: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
            labels = taking_turns(count, self.classes)
            points = centres[labels] + rng.standard_normal((count, self.features))
            return points, mislabelled(labels, self.classes, self.label_noise, rng)

        parts, features = two_parts(draw, self.samples, self.validation, rng), _numbered("x", self.features)
        return table_of(parts, features, "cloud", _numbered("cloud", self.classes), standardized=self.standardize)
