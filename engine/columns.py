"""What a table of one's own is read into: columns of numbers or of text, with gaps.

A file is somebody else's: every sentence about it names the file, the column and the line, and shows what it found in
there only as printable characters. What is too large to train on here is refused while it is read, with the arithmetic.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from presets.reading import printable as printable  # for all that is shown

Floats = NDArray[np.float64]

GAPS = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "?"))  # what a cell without a value holds, in small letters
LARGEST = 1e100  # of a number: squares and their sums stay numbers
SMALLEST = 1e-100  # of a number that is not 0: what is nearer to 0 counts as 0, since its square would
MOST_BYTES = 200_000_000  # of a file, or of one unpacked array
MOST_CELLS = 5_000_000  # of 8 bytes, a few times over while they are trained on
MOST_COLUMNS = 20_000


class TableError(ValueError):
    """What is wrong with a table or with what is asked of it: `key` (as in a preset) and one sentence."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key
        self.message = message


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of n cells: numbers, or text where `codes` is there.

    source    what a preset calls it: its own name, or that of the array which it is a column of
    numbers   (n,) float64, NaN where there is a gap; empty for text
    codes     (n,) int32, which of `texts` a cell is, -1 where there is a gap; None for numbers
    texts     the different texts, sorted
    odd       in words, the first text of a CSV column and its line: where it began with numbers, perhaps a mistake
    notes     what was guessed about the numbers, as sentences without their subject
    """

    name: str
    source: str
    numbers: Floats
    codes: NDArray[np.int32] | None = None
    texts: tuple[str, ...] = ()
    odd: str = ""
    notes: tuple[str, ...] = ()

    @property
    def gaps(self) -> NDArray[np.bool_]:
        """(n,), true where there is no value."""
        return np.isnan(self.numbers) if self.codes is None else self.codes < 0


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The columns that were asked for, in the order of the file, and where each row stands there.

    places   (rows,) int64: the line of a CSV file, the row (from 1) of an array
    place    what these are called: "line" or "row"
    notes    what was guessed about the file as a whole, as sentences
    """

    columns: tuple[Column, ...]
    places: NDArray[np.int64]
    place: str
    notes: tuple[str, ...] = ()


def quoted(text: str) -> str:
    """A name or a cell in double quotes, cut to 60 printable characters."""
    text = printable(json.dumps(text[:100], ensure_ascii=False))
    return text if len(text) <= 60 else text[:57] + "..."


def listed(names: Sequence[str], most: int = 20) -> str:
    """The names one after the other, without what is too much to read."""
    shown = [printable(name)[:60] for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")


def check_names(file: str, names: Sequence[str]) -> None:
    """Raise TableError where a column has no name, or the name of another one."""
    if len(names) > MOST_COLUMNS:
        raise TableError("data.file", f"{file}: {len(names)} columns are more than the {MOST_COLUMNS} allowed")
    seen: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name:
            raise TableError(
                "data.file", f"{file}: column {number} has no name in the header: give it one, or leave the column out"
            )
        if (before := seen.setdefault(printable(name), number)) != number:
            raise TableError("data.file", f"{file}: columns {before} and {number} are both named {quoted(name)}")


def check_size(file: str, rows: int, columns: int, so_far: bool = False) -> None:
    """Raise TableError where so many cells are too many."""
    if rows * columns > MOST_CELLS:
        raise TableError(
            "data.file",
            f"{file}: {'already ' if so_far else ''}{rows} rows x {columns} columns = {rows * columns} cells; "
            f"at most {MOST_CELLS} are allowed: name fewer features, or keep fewer rows",
        )


def not_allowed(file: str, name: str, place: str, value: str) -> TableError:
    """What is said of infinity and of numbers beyond LARGEST."""
    return TableError(
        "data.file", f"{file}: {quoted(value)} in {place}, column {quoted(name)}, is not a number up to {LARGEST:g} in size"
    )


def without_dust(values: Floats) -> tuple[Floats, tuple[str, ...]]:
    """The numbers with 0 for those below SMALLEST in size, and a note that says how many these were."""
    with np.errstate(invalid="ignore"):
        dust = (np.abs(values) < SMALLEST) & (values != 0)
    count = int(np.count_nonzero(dust))
    if not count:
        return values, ()
    return np.where(dust, 0.0, values), (f"{count} of its numbers, below {SMALLEST:g} in size, count as 0",)


def coded(texts: Iterable[str], codes: NDArray[np.int32]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Codes into `texts` as codes into the same texts, sorted; -1 stays -1."""
    names = list(texts)
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names) + 1, np.int32)
    rank[order] = np.arange(len(names), dtype=np.int32)
    rank[-1] = -1
    return rank[codes], tuple(names[index] for index in order)
