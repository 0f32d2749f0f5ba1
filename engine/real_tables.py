"""Real measurements: a handful of rows that a lesson is about, and five small tables that statistics grew up with.

A part of the rows is kept back for validation, chosen at random, of every class the same share. The network sees each
feature with mean 0 and standard deviation 1 where `standardize` is true, as measured on the training rows alone. Where
the tables come from, and what one may do with them, stands in `data/README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.drawings import pixel_names
from engine.ranges import STRICT, Range
from engine.table import Facts, Floats, Table, random_split, stratified_split, table_of

Share = Annotated[float, Range(0, 0.9)]


def read_table(name: str, *arrays: str) -> tuple[NDArray[Any], ...]:
    """The named arrays of the bundled file `data/<name>.npz`. OSError: the file is missing."""
    with files("engine").joinpath("data", f"{name}.npz").open("rb") as file, np.load(file, allow_pickle=False) as table:
        return tuple(table[array] for array in arrays)


def parted(inputs: Floats, targets: NDArray[Any], kept_back: NDArray[np.bool_]) -> tuple[Any, Any, Any, Any]:
    """Inputs (n, d) and targets (n,) as training and validation rows, in the order they come in; `kept_back` (n,) bool."""
    return inputs[~kept_back], targets[~kept_back], inputs[kept_back], targets[kept_back]


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
        parts = parted(hours, np.array(self.SCORES, dtype=np.float64), kept_back)
        return table_of(parts, ("hours",), "score", unit=float(self.hours_divisor))


@dataclass(frozen=True, kw_only=True)
class _Classes:
    """What the tables in classes have in common; each adds its name and what is known of its file.

    `validation` is the share of every class that is kept back, rounded to whole rows. ValueError: a share above 0 that
    leaves some class no row at all to check against.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: str
    validation: Share = 0.2
    standardize: bool = True

    CLASSES: ClassVar[tuple[str, ...]]
    COUNTS: ClassVar[tuple[int, ...]]  # rows of each class in the file: known here, so that asking reads nothing
    FEATURES: ClassVar[tuple[str, ...]]
    TARGET: ClassVar[str]
    ROW: ClassVar[str]  # what one row is called

    def __post_init__(self) -> None:
        if self.validation and not all(self._kept_back()):
            least = (500 // min(self.COUNTS) + 1) / 1000  # in thousandths; half a row is rounded down
            raise ValueError(
                f"validation = {self.validation:g} keeps back no {self.ROW} of some {self.TARGET}: "
                f"take {least:g} or more, or 0"
            )

    def _kept_back(self) -> list[int]:
        return [round(self.validation * count) for count in self.COUNTS]

    def facts(self) -> Facts:
        """The table's size; the file is not read."""
        validation = sum(self._kept_back())
        return Facts(sum(self.COUNTS) - validation, validation, len(self.FEATURES), len(self.CLASSES))

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of all rows: inputs (n, d) float64, targets (n,) int64.

        `rng` chooses the validation rows; both parts stay in the order of the file, where the classes are mixed.
        OSError: the file is missing.
        """
        inputs, targets = read_table(self.name, "inputs", "targets")
        labels = targets.astype(np.int64)
        parts = parted(inputs, labels, stratified_split(labels, self._kept_back(), rng))
        return table_of(parts, self.FEATURES, self.TARGET, self.CLASSES, standardized=self.standardize)


@dataclass(frozen=True, kw_only=True)
class Iris(_Classes):
    """150 iris flowers of three species, told by four lengths in cm (E. Anderson 1935, R. A. Fisher 1936).

    One species stands apart, the other two reach into each other. `validation` is the share of every species that is
    kept back. ValueError: a share above 0 that leaves some species no flower to check against.
    """

    name: Literal["iris"] = "iris"

    CLASSES: ClassVar[tuple[str, ...]] = ("setosa", "versicolor", "virginica")
    COUNTS: ClassVar[tuple[int, ...]] = (50, 50, 50)
    FEATURES: ClassVar[tuple[str, ...]] = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
    TARGET: ClassVar[str] = "species"
    ROW: ClassVar[str] = "flower"


@dataclass(frozen=True, kw_only=True)
class Wine(_Classes):
    """178 wines of one Italian region: 13 chemical figures tell from which of three cultivars (M. Forina et al. 1988).

    The figures run from 0.1 to 1680: without `standardize` the largest drowns all others. `validation` is the share of
    every cultivar's wines that is kept back. ValueError: a share above 0 that leaves some cultivar no wine.
    """

    name: Literal["wine"] = "wine"

    CLASSES: ClassVar[tuple[str, ...]] = ("cultivar 1", "cultivar 2", "cultivar 3")
    COUNTS: ClassVar[tuple[int, ...]] = (59, 71, 48)
    FEATURES: ClassVar[tuple[str, ...]] = (
        "alcohol", "malic acid", "ash", "alcalinity of ash", "magnesium", "total phenols", "flavanoids",
        "nonflavanoid phenols", "proanthocyanins", "color intensity", "hue", "OD280/OD315 of diluted wines", "proline",
    )  # fmt: skip
    TARGET: ClassVar[str] = "cultivar"
    ROW: ClassVar[str] = "wine"


_NUCLEUS = (
    "radius", "texture", "perimeter", "area", "smoothness",
    "compactness", "concavity", "concave points", "symmetry", "fractal dimension",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BreastCancer(_Classes):
    """569 samples of breast tissue, malignant or benign, by 30 figures of their cells' nuclei (W. Wolberg et al. 1995).

    Ten figures of each nucleus: their mean over the sample, its standard error, and the mean of the three largest
    ("worst"). `validation` is the share of every diagnosis that is kept back. ValueError: a share above 0 that leaves
    some diagnosis no sample.
    """

    name: Literal["breast_cancer"] = "breast_cancer"

    CLASSES: ClassVar[tuple[str, ...]] = ("malignant", "benign")
    COUNTS: ClassVar[tuple[int, ...]] = (212, 357)
    FEATURES: ClassVar[tuple[str, ...]] = tuple(
        f"{kind} {figure}" for kind in ("mean", "error of", "worst") for figure in _NUCLEUS
    )
    TARGET: ClassVar[str] = "diagnosis"
    ROW: ClassVar[str] = "sample"


@dataclass(frozen=True, kw_only=True)
class Digits(_Classes):
    """1797 handwritten digits, 8x8 pixels, ink from 0 to 16 (E. Alpaydin, C. Kaynak 1998).

    The network sees ink / 16. `validation` is the share of every digit's pictures that is kept back, rounded to whole
    pictures. ValueError: a share above 0 that leaves some digit no picture at all to check against.
    """

    name: Literal["digits"] = "digits"
    standardize: bool = False

    CLASSES: ClassVar[tuple[str, ...]] = tuple("0123456789")
    COUNTS: ClassVar[tuple[int, ...]] = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
    FEATURES: ClassVar[tuple[str, ...]] = pixel_names(8, 8)
    TARGET: ClassVar[str] = "digit"
    ROW: ClassVar[str] = "picture"

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of all pictures: inputs (n, 64) float64, row by row, in ink / 16; targets (n,) int64.

        `rng` chooses the validation pictures; both parts stay in the order of the file, where the digits are mixed.
        OSError: the file is missing.
        """
        images, targets = read_table("digits", "images", "labels")
        labels = targets.astype(np.int64)
        parts = parted(images / 16, labels, stratified_split(labels, self._kept_back(), rng))
        return table_of(
            parts, self.FEATURES, self.TARGET, self.CLASSES, picture=(8, 8), unit=16.0, standardized=self.standardize
        )


@dataclass(frozen=True, kw_only=True)
class Diabetes:
    """442 diabetes patients: ten figures, and how far the disease had gone a year later (B. Efron et al. 2004).

    A regression that no network does well: most of what happens in that year is not in the ten figures. `validation` is
    the share of the patients that is kept back, rounded to whole ones. ValueError: a share above 0 that keeps back none.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["diabetes"] = "diabetes"
    validation: Share = 0.2
    standardize: bool = True

    ROWS: ClassVar[int] = 442
    FEATURES: ClassVar[tuple[str, ...]] = (
        "age (years)", "sex (1 or 2)", "body mass index", "mean blood pressure", "total cholesterol", "LDL", "HDL",
        "cholesterol / HDL", "log of triglycerides", "blood sugar",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if self.validation and not self._kept_back():
            raise ValueError(f"validation = {self.validation:g} keeps back no patient: take 0.002 or more, or 0")

    def _kept_back(self) -> int:
        return round(self.validation * self.ROWS)

    def facts(self) -> Facts:
        """The table's size: 10 features, no classes; the file is not read."""
        return Facts(self.ROWS - self._kept_back(), self._kept_back(), len(self.FEATURES), classes=0)

    def generate(self, rng: np.random.Generator) -> Table:
        """A table of all patients: inputs (n, 10) float64, targets (n, 1) float64, 25 to 346 with no unit.

        `rng` chooses the validation patients; both parts stay in the order of the file. OSError: the file is missing.
        """
        inputs, targets = read_table("diabetes", "inputs", "targets")
        parts = parted(inputs, targets, random_split(self.ROWS, self._kept_back(), rng))
        return table_of(parts, self.FEATURES, "progression", standardized=self.standardize)
