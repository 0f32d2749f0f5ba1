"""The data sets there are, in one list: a new one is added here and nowhere else.

Each is a small frozen class whose fields are the keys of a preset's `[data]` table, whose `facts()` say how large the
table will be, and whose `generate(rng)` makes it. Points and functions are drawn from formulas, so are the pictures of
cats and dogs; the real tables come with this package; rows are written in the preset.
"""

from __future__ import annotations

from typing import Annotated, get_args

from engine.drawings import CatsDogs
from engine.functions import Line, LinReg, Sine, StudyClass
from engine.own_table import OwnTable
from engine.points import Blobs, Circles, Hundred, Moons, Spirals, Xor
from engine.ranges import Tagged
from engine.real_tables import BreastCancer, Diabetes, Digits, Iris, StudyHours, Wine
from engine.rows import Rows
from engine.table import Facts, Table

__all__ = ["DATASETS", "CatsDogs", "Data", "Facts", "Table"]

#: A preset's [data] table: one of these, told apart by its name.
Data = Annotated[
    CatsDogs
    | Blobs
    | Xor
    | Circles
    | Moons
    | Spirals
    | Hundred
    | Line
    | LinReg
    | Sine
    | StudyClass
    | StudyHours
    | Iris
    | Wine
    | BreastCancer
    | Digits
    | Diabetes
    | Rows
    | OwnTable,
    Tagged(),
]

DATASETS: dict[str, type] = {kind.name: kind for kind in get_args(get_args(Data)[0])}
