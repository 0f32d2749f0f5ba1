"""What a network learns from: rows of numbers and, for each row, the right answer.

Some rows are for training; the others, the validation rows, are never learned from and only say how well the network
does on what it has not seen. Each data set is one small class whose fields are the keys of a preset's `[data]` table.
It draws everything from the one random generator it is given, so the same generator gives the same rows, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.ranges import STRICT, Range, Tagged

Floats = NDArray[np.float64]


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


_ALONE = "standardize needs at least 2 training samples: one alone has no spread to divide by"


def _alternating(count: int) -> NDArray[np.int64]:
    """Class numbers 0 1 0 1 ...: balanced, and in the smallest batch too when nothing is shuffled."""
    return np.arange(count, dtype=np.int64) % 2


def _pixel_names(rows: int, columns: int) -> tuple[str, ...]:
    return tuple(f"row {row} column {column}" for row in range(1, rows + 1) for column in range(1, columns + 1))


# Two generated data sets --------------------------------------------------------------------------------------------
# The training rows are drawn first. So they are the same whether 300 validation rows follow or none, and a run without
# validation can be compared number by number with one that has it.


@dataclass(frozen=True, kw_only=True)
class Moons:
    """Two half circles of points that reach into each other: no straight line parts them, a curved one does.

    With t drawn evenly from 0 to pi, a point of the upper moon is (cos t, sin t), one of the lower (1 - cos t,
    0.5 - sin t); both are moved by (-0.5, -0.25), so that the middle is at 0, and get `noise` times N(0, 1) on x and y.
    The classes take turns. `samples` and `validation` are counts of points. ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["moons"] = "moons"
    samples: Annotated[int, Range(1, 1_000_000)] = 1000
    validation: Annotated[int, Range(0, 1_000_000)] = 300
    noise: Annotated[float, Range(0, 10)] = 0.2
    standardize: bool = False

    def __post_init__(self) -> None:
        if self.standardize and self.samples < 2:
            raise ValueError(_ALONE)

    def facts(self) -> Facts:
        """The table's size: 2 features, 2 classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=2, classes=2)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` points: inputs (n, 2) float64, targets (n,) int64."""
        inputs, targets = self._draw(self.samples, rng)
        validation_inputs, validation_targets = self._draw(self.validation, rng)
        table = Table(
            inputs, targets, validation_inputs, validation_targets, task="classes", classes=("upper", "lower"),
            features=("x", "y"), target="moon", picture=None, input_scale=np.ones(2), input_offset=np.zeros(2),
        )  # fmt: skip
        return standardize(table) if self.standardize else table

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
        labels = _alternating(count)
        t = rng.uniform(0, np.pi, count)
        upper = np.column_stack([np.cos(t), np.sin(t)])
        lower = np.column_stack([1 - np.cos(t), 0.5 - np.sin(t)])
        points = np.where(labels[:, None] == 0, upper, lower) - (0.5, 0.25)
        return points + self.noise * rng.standard_normal((count, 2)), labels


_SIDE = 12  # pixels along each side of a cat or dog


def _soft(t: Floats) -> Floats:
    """1 inside a shape (t > 0), 0 outside, half on its edge: 1 / (1 + exp(-14 t)), in a form that cannot overflow."""
    return 0.5 + 0.5 * np.tanh(7 * t)


def _ellipse(x: Floats, y: Floats, half_width: float, half_height: float) -> Floats:
    """A soft-edged ellipse around the point where x and y are 0: t = 1 - distance, counted in half axes."""
    return _soft(1 - np.hypot(x / half_width, y / half_height))


@dataclass(frozen=True, kw_only=True)
class CatsDogs:
    """Grey 12x12 pictures of cats (pointed ears up) and dogs (ears hanging down), no two alike.

    A soft-edged drawing by this project's own generator; no photographs are behind it. The picture spans -1 to 1 from
    left to right (x) and from top to bottom (y). Each is moved by up to 0.1 either way, sized by 0.9 to 1.1, lit by
    0.8 to 1.2, gets `noise` times N(0, 1) on every pixel, and is lowered by 0.35. `label_noise` is the chance that a
    label, in training and in validation, names the other animal. The animals take turns. `samples` and `validation`
    are counts of pictures. ValueError: standardize with 1 sample.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["cats_dogs"] = "cats_dogs"
    samples: Annotated[int, Range(1, 100_000)] = 1000
    validation: Annotated[int, Range(0, 100_000)] = 300
    noise: Annotated[float, Range(0, 10)] = 0.5
    label_noise: Annotated[float, Range(0, 0.5)] = 0.0
    standardize: bool = False

    def __post_init__(self) -> None:
        if self.standardize and self.samples < 2:
            raise ValueError(_ALONE)

    def facts(self) -> Facts:
        """The table's size: 144 features, 2 classes; nothing is drawn."""
        return Facts(self.samples, self.validation, features=_SIDE * _SIDE, classes=2)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of `samples` and `validation` pictures: inputs (n, 144) float64, row by row; targets (n,) int64."""
        inputs, targets = self._draw(self.samples, rng)
        validation_inputs, validation_targets = self._draw(self.validation, rng)
        table = Table(
            inputs, targets, validation_inputs, validation_targets, task="classes", classes=("cat", "dog"),
            features=_pixel_names(_SIDE, _SIDE), target="animal", picture=(_SIDE, _SIDE),
            input_scale=np.ones(_SIDE * _SIDE), input_offset=np.zeros(_SIDE * _SIDE),
        )  # fmt: skip
        return standardize(table) if self.standardize else table

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
        labels = _alternating(count)
        move_x, move_y = rng.uniform(-0.1, 0.1, (2, count, 1, 1))
        size = rng.uniform(0.9, 1.1, (count, 1, 1))
        light = rng.uniform(0.8, 1.2, (count, 1, 1))
        # One axis of pictures, one of rows, one of columns: every step below draws all pictures at once.
        centres = (2 * np.arange(_SIDE) + 1) / _SIDE - 1
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
        pictures = (face * light - 0.35).reshape(count, _SIDE * _SIDE)
        pictures += self.noise * rng.standard_normal(pictures.shape)

        # Last, and whatever the chance: then another label_noise changes labels and not one pixel.
        wrong = rng.random(count) < self.label_noise
        return pictures, np.where(wrong, 1 - labels, labels)


# Two real tables ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class StudyHours:
    """Eight pupils: hours of study and the score in the exam. One feature, one number to predict.

    `validation` rows (0 to 7) are kept back: the last ones, which asks for a guess beyond all hours seen, or random
    ones. The network sees hours / `hours_divisor`, a small number; the table's `input_scale` leads back to hours.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["study_hours"] = "study_hours"
    validation: Annotated[int, Range(0, 7)] = 2
    split: Literal["last", "random"] = "last"
    hours_divisor: Annotated[float, Range(0, 1000, above=True)] = 20.0

    SCORES: ClassVar[tuple[int, ...]] = (45, 55, 62, 71, 80, 85, 91, 97)  # after 1, 2, ... 8 hours

    def facts(self) -> Facts:
        """The table's size: 1 feature, no classes."""
        return Facts(len(self.SCORES) - self.validation, self.validation, features=1, classes=0)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of the eight rows: inputs (n, 1) float64 in hours / hours_divisor, targets (n, 1) float64 in points.

        Only a random split draws from `rng`. Both parts stay in the order of the hours.
        """
        rows = np.arange(len(self.SCORES))
        order = rng.permutation(rows) if self.split == "random" else rows
        kept_back = np.isin(rows, order[len(rows) - self.validation :])
        hours = np.arange(1.0, len(self.SCORES) + 1)[:, None] / self.hours_divisor
        scores = np.array(self.SCORES, dtype=np.float64)[:, None]
        return Table(
            hours[~kept_back], scores[~kept_back], hours[kept_back], scores[kept_back], task="regression", classes=(),
            features=("hours",), target="score", picture=None,
            input_scale=np.full(1, float(self.hours_divisor)), input_offset=np.zeros(1),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Digits:
    """1797 handwritten digits, 8x8 pixels, ink from 0 to 16 (E. Alpaydin, C. Kaynak, 1998; see data/README.md).

    The network sees ink / 16. `validation` is the share of every digit's pictures that is kept back, rounded to whole
    pictures. ValueError: a share above 0 that leaves some digit no picture at all to check against.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["digits"] = "digits"
    validation: Annotated[float, Range(0, 0.9)] = 0.2
    standardize: bool = False

    #: Pictures of 0, 1, ... 9 in the file: known here, so that asking for the size reads nothing.
    COUNTS: ClassVar[tuple[int, ...]] = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)

    def __post_init__(self) -> None:
        if self.validation and not all(self._kept_back()):
            raise ValueError(
                f"validation = {self.validation:g} keeps back no picture of some digit: take 0.003 or more, or 0"
            )

    def _kept_back(self) -> list[int]:
        return [round(self.validation * count) for count in self.COUNTS]

    def facts(self) -> Facts:
        """The table's size: 64 features, 10 classes; the file is not read."""
        validation = sum(self._kept_back())
        return Facts(sum(self.COUNTS) - validation, validation, features=64, classes=10)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of all pictures: inputs (n, 64) float64, row by row, in ink / 16; targets (n,) int64.

        `rng` chooses the validation pictures; both parts stay in the order of the file, where the digits are mixed.
        OSError: the file is missing.
        """
        path = files("engine").joinpath("data", "digits.npz")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as table:
            images, labels = table["images"] / 16, table["labels"].astype(np.int64)
        kept_back = np.zeros(len(labels), dtype=bool)
        for digit, count in enumerate(self._kept_back()):
            kept_back[rng.permutation(np.flatnonzero(labels == digit))[:count]] = True
        digits = Table(
            images[~kept_back], labels[~kept_back], images[kept_back], labels[kept_back], task="classes",
            classes=tuple("0123456789"), features=_pixel_names(8, 8), target="digit", picture=(8, 8),
            input_scale=np.full(64, 16.0), input_offset=np.zeros(64),
        )  # fmt: skip
        return standardize(digits) if self.standardize else digits


from engine.own_table import OwnTable  # noqa: E402  # it stands on Table, above

#: A preset's [data] table: one of these, told apart by its name. A new data set is added here and nowhere else.
Data = Annotated[CatsDogs | Moons | StudyHours | Digits | OwnTable, Tagged()]

DATASETS: dict[str, type] = {kind.name: kind for kind in get_args(get_args(Data)[0])}
