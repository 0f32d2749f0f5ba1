"""Small grey pictures drawn from a formula: cats and dogs.

Soft-edged drawings by this project's own generator; no photographs are behind them. They are the first thing here whose
single numbers mean nothing: only many pixels together tell which animal it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.ranges import STRICT, Range
from engine.table import Facts, Floats, Labels, Table, check_spread, mislabelled, table_of, taking_turns, two_parts

SIDE = 12  # pixels along each side of a cat or dog


def pixel_names(rows: int, columns: int) -> tuple[str, ...]:
    """The names of a picture's pixels as features, row by row from the top."""
    return tuple(f"row {row} column {column}" for row in range(1, rows + 1) for column in range(1, columns + 1))


def _soft(t: Floats) -> Floats:
    """1 inside a shape (t > 0), 0 outside, half on its edge: 1 / (1 + exp(-14 t)), in a form that cannot overflow."""
    return 0.5 + 0.5 * np.tanh(7 * t)


def _ellipse(x: Floats, y: Floats, half_width: float, half_height: float) -> Floats:
    """A soft-edged ellipse around the point where x and y are 0: t = 1 - distance, counted in half axes."""
    return _soft(1 - np.hypot(x / half_width, y / half_height))


@dataclass(frozen=True, kw_only=True)
class CatsDogs:
    """Grey 12x12 pictures of cats (pointed ears up) and dogs (ears hanging down), no two alike.

    The picture spans -1 to 1 from left to right (x) and from top to bottom (y). Each is moved by up to 0.1 either way,
    sized by 0.9 to 1.1, lit by 0.8 to 1.2, gets `noise` times N(0, 1) on every pixel, and is lowered by 0.35.
    `label_noise` is the chance that a label, in training and in validation, names the other animal. The animals take
    turns. `samples` and `validation` are counts of pictures. ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["cats_dogs"] = "cats_dogs"
    samples: Annotated[int, Range(1, 100_000)] = 1000
    validation: Annotated[int, Range(0, 100_000)] = 300
    noise: Annotated[float, Range(0, 10)] = 0.5
    label_noise: Annotated[float, Range(0, 0.5)] = 0.0
    standardize: bool = False

    def __post_init__(self) -> None:
        check_spread(self.standardize, self.samples)

    def facts(self) -> Facts:
        """The table's size: 144 features, 2 classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=SIDE * SIDE, classes=2)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` pictures: inputs (n, 144) float64, row by row; targets (n,) int64."""
        parts, features = two_parts(self._draw, self.samples, self.validation, rng), pixel_names(SIDE, SIDE)
        return table_of(parts, features, "animal", ("cat", "dog"), (SIDE, SIDE), standardized=self.standardize)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
        labels = taking_turns(count, 2)
        move_x, move_y = rng.uniform(-0.1, 0.1, (2, count, 1, 1))
        size = rng.uniform(0.9, 1.1, (count, 1, 1))
        light = rng.uniform(0.8, 1.2, (count, 1, 1))
        # One axis of pictures, one of rows, one of columns: every step below draws all pictures at once.
        centres = (2 * np.arange(SIDE) + 1) / SIDE - 1
        # A face is the same left and right: folded at its middle, two ears or eyes are drawn as one.
        x = np.abs((centres - move_x) / size)
        y = (centres[:, None] - move_y) / size

        face = _ellipse(x, y - 0.15, 0.55, 0.55)
        cats, dogs = slice(0, None, 2), slice(1, None, 2)
        # A cat's ear is a triangle, its tip at (0.40, -0.90), cut off at -0.05: inside both slopes and above the cut.
        inside = 0.30 * (y[cats] + 0.90) / 0.80 - np.abs(x[cats] - 0.40)
        face[cats] = np.maximum(face[cats], _soft(np.minimum(inside, -0.05 - y[cats])))
        # A dog's is a long ellipse beside the face, a little darker than it.
        face[dogs] = np.maximum(face[dogs], 0.75 * _ellipse(x[dogs] - 0.66, y[dogs] - 0.10, 0.20, 0.50))
        face *= 1 - 0.9 * _ellipse(x - 0.22, y - 0.05, 0.10, 0.10)  # eyes
        face *= 1 - 0.9 * _ellipse(x, y - 0.36, 0.12, 0.12)  # nose
        pictures = (face * light - 0.35).reshape(count, SIDE * SIDE)
        pictures += self.noise * rng.standard_normal(pictures.shape)
        return pictures, mislabelled(labels, 2, self.label_noise, rng)
