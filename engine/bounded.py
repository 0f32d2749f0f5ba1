"""A table of numbers that only ever gets new rows, and never more than a fixed number of bytes.

The newest rows are exact. Older ones are summed up in buckets of consecutive rows: in each column the smallest and the
largest value with the places where they were, so that no spike ever vanishes, and the first place that held no number.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FIRST = 64  # rows that a new table has room for
LOW, LOW_AT, HIGH, HIGH_AT, LOST_AT, TOTAL = range(6)  # what a bucket knows of a column; `at` are values of the column of x


class BoundedTable:
    """Rows of float64 numbers: at least the newest `capacity` are exact, older ones lie in at most `buckets` buckets.

    One of the columns, `x`, rises from row to row; places are told by it. Up to `capacity + capacity // 8` rows are exact,
    so that not every new row moves all others. Which are exact depends on how many there were, never on who read when.
    New rows wait in a buffer, `stage_rows` of them: handing NumPy one row takes as long as handing it two hundred.
    Raises ValueError for a table that could hold nothing.
    """

    def __init__(self, columns: int, x: int, capacity: int, buckets: int, stage_rows: int = 256) -> None:
        if not 0 <= x < columns or capacity < 1 or buckets < 2 or stage_rows < 1:
            raise ValueError(f"no table has {columns} columns (x: {x}), {capacity} rows and {buckets} buckets")
        self.width, self._x = columns, x
        self.capacity, self._block = capacity, max(1, capacity // 8)
        self._format = f"{columns}d"
        #: Rows not yet in the table, and how many: public because `History.add` writes there itself.
        self.stage = bytearray(stage_rows * 8 * columns)
        self.stage_rows, self.staged = stage_rows, 0
        self._buckets = Buckets(columns, x, buckets)
        self._used = 0
        # an array a column: moving them one after the other needs little room, and a view that was taken stays as it was
        self._columns: list[Floats] = [np.empty(min(FIRST, capacity + self._block)) for _ in range(columns)]

    def __len__(self) -> int:
        """How many rows there ever were."""
        return self._buckets.rows + self._used + self.staged

    @property
    def first(self) -> int:
        """The index of the oldest row that is exact: so many are no longer."""
        self.flush()
        return self._buckets.rows

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(column.nbytes for column in self._columns) + self._buckets.nbytes + len(self.stage)

    def append(self, row: Sequence[float]) -> None:
        """Add a row, a number for each column."""
        struct.pack_into(self._format, self.stage, self.staged * 8 * self.width, *row)
        self.staged += 1
        if self.staged == self.stage_rows:
            self.flush()

    def flush(self) -> None:
        """Take the staged rows into the table."""
        if not self.staged:
            return
        rows = np.frombuffer(self.stage).reshape(self.stage_rows, self.width)[: self.staged]
        self.staged = 0
        self._take(rows)

    def extend(self, rows: Floats) -> None:
        """Add many rows, (rows, columns)."""
        self.flush()
        self._take(rows)

    def _take(self, rows: Floats) -> None:
        while len(rows):
            if self._used == len(self._columns[0]):
                self._make_room()
            count = min(len(rows), len(self._columns[0]) - self._used)
            for column, values in zip(self._columns, rows[:count].T, strict=True):
                column[self._used : self._used + count] = values
            self._used += count
            rows = rows[count:]

    def _make_room(self) -> None:
        largest = self.capacity + self._block
        if self._used < largest:
            self._move(0, min(2 * self._used, largest))
        else:
            self._buckets.add([column[: self._block] for column in self._columns])
            self._move(self._block, largest)

    def _move(self, dropped: int, size: int) -> None:
        """Move all rows but the oldest `dropped` into arrays of `size` rows; a view of the old arrays keeps what it had."""
        left = self._used - dropped
        for index, column in enumerate(self._columns):
            self._columns[index] = np.empty(size)
            self._columns[index][:left] = column[dropped : self._used]
        self._used = left

    def row(self, index: int) -> tuple[float, ...]:
        """The row at `index` (from 0). Raises LookupError where it is no longer exact."""
        waiting = index - self._buckets.rows - self._used
        if waiting >= 0:
            row: tuple[float, ...] = struct.unpack_from(self._format, self.stage, waiting * 8 * self.width)
            return row
        place = self._place(index)
        return tuple([column.item(place) for column in self._columns])

    def block(self, first: int, end: int) -> Floats:
        """(rows, columns) float64: the rows at `first` to before `end`, copied. Raises LookupError where one is no longer
        exact."""
        begin = self._place(first)
        return np.stack([column[begin : min(end - self.first, self._used)] for column in self._columns], axis=1)

    def _place(self, index: int) -> int:
        """Where the row at `index` is in the columns. Raises LookupError where it is no longer exact."""
        if index < self.first:
            raise LookupError(f"row {index} is no longer kept, the oldest one that is has index {self.first}")
        return index - self.first

    def column(self, index: int) -> Floats:
        """(rows,) float64, contiguous: a column of the exact rows. A read-only view."""
        self.flush()
        view = self._columns[index][: self._used]
        view.flags.writeable = False
        return view

    def series(self, index: int) -> tuple[Floats, Floats]:
        """Two (points,) float64: x and a column over all rows that ever were, x rising. Not to be written to.

        Every point is a row that was: all exact ones, and of each older bucket those with its smallest and its largest value
        and the first that was NaN.
        """
        x, y = self.column(self._x), self.column(index)
        if not self._buckets.rows:
            return x, y
        old_x, old_y = self._buckets.points(index)
        return np.concatenate([old_x, x]), np.concatenate([old_y, y])

    def means(self, index: int) -> tuple[Floats, Floats]:
        """Two (buckets,) float64: the mean x and the mean of a column in each bucket; empty while all rows are exact."""
        self.flush()
        return self._buckets.means(self._x), self._buckets.means(index)

    @property
    def last_dropped(self) -> float:
        """x of the newest row that is no longer exact; NaN where all are."""
        return self._buckets.last_x if self.first else math.nan

    def state(self) -> dict[str, Any]:
        """All that is needed to go on from here: arrays, and whole numbers. The rows are a view of each column, which the
        table writes to no more: nobody waits until a hundred thousand are copied."""
        self.flush()
        rows = [column[: self._used] for column in self._columns]
        old = self._buckets
        return {"rows": rows, "buckets": old.used.copy(), "size": old.size, "dropped": old.rows}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state()` was taken from, a table with the same capacity and number of buckets."""
        rows = np.asarray(state["rows"], dtype=np.float64)
        self.staged, self._used = 0, rows.shape[1]
        size = len(self._columns[0])
        while size < self._used:
            size *= 2
        self._columns = [np.empty(min(size, self.capacity + self._block)) for _ in range(self.width)]
        for column, values in zip(self._columns, rows, strict=True):
            column[: self._used] = values
        self._buckets.restore(state["buckets"], state["size"], state["dropped"])


class Buckets:
    """Consecutive rows, `size` to a bucket. Where `limit` buckets are not enough, neighbours become one."""

    def __init__(self, columns: int, x: int, limit: int) -> None:
        self.columns, self._x, self._limit = columns, x, limit
        self.size, self.rows = 1, 0
        self._table: Floats = np.empty((6, columns, 0))  # made when it is first needed: most runs are short

    def __len__(self) -> int:
        return -(-self.rows // self.size)

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return self._table.nbytes

    @property
    def used(self) -> Floats:
        """(6, columns, buckets) float64: what is known, in the order LOW to TOTAL."""
        return self._table[:, :, : len(self)]

    def restore(self, used: Floats, size: int, rows: int) -> None:
        """Take over what `used`, `size` and `rows` were elsewhere."""
        self.size, self.rows = int(size), int(rows)
        if self.rows:
            self._table = np.empty((6, self.columns, self._limit))
            self.used[:] = used

    def add(self, columns: Sequence[Floats]) -> None:
        """Take in the next rows, an array (rows,) of each column."""
        if not self.rows:
            self._table = np.empty((6, self.columns, self._limit))
        count = len(columns[0])
        while -(-(self.rows + count) // self.size) > self._limit:
            self._merge()
        begun = -self.rows % self.size  # rows that the newest bucket has room for
        cuts = [0, min(begun, count), count - max(0, count - begun) % self.size, count]
        with np.errstate(all="ignore"):  # sums of infinities
            for first, end in pairwise(cuts):
                if first == end:
                    continue
                size = min(self.size, end - first)
                place = self.rows // self.size
                full = slice(place, place + (end - first) // size)
                x = columns[self._x][first:end].reshape(-1, size)
                for index, column in enumerate(columns):
                    found = summary(x, column[first:end].reshape(-1, size))
                    if self.rows % self.size:
                        found = joined(self._table[:, index, full], found)
                    self._table[:, index, full] = found
                self.rows += end - first

    def _merge(self) -> None:
        """Make one bucket of every two."""
        used = self.used
        pairs = used.shape[2] // 2
        with np.errstate(all="ignore"):
            merged = joined(used[:, :, 0 : 2 * pairs : 2], used[:, :, 1 : 2 * pairs : 2])
        if used.shape[2] % 2:
            used[:, :, pairs] = used[:, :, -1]
        used[:, :, :pairs] = merged
        self.size *= 2

    @property
    def last_x(self) -> float:
        """x of the newest row, since x rises."""
        return float(self.used[HIGH, self._x, -1])

    def points(self, index: int) -> tuple[Floats, Floats]:
        """x and y of the rows that are known of a column, x rising."""
        low, low_at, high, high_at, lost_at, _ = self.used[:, index]
        lost = lost_at[~np.isnan(lost_at)]
        x, kept = np.unique(np.concatenate([low_at, high_at, lost]), return_index=True)
        return x, np.concatenate([low, high, np.full(len(lost), np.nan)])[kept]

    def means(self, index: int) -> Floats:
        """(buckets,) the mean of a column in each; NaN where a value is."""
        counts = np.full(len(self), float(self.size))
        counts[-1:] -= -self.rows % self.size
        means: Floats = self.used[TOTAL, index] / counts
        return means


def summary(x: Floats, y: Floats) -> Floats:
    """(6, buckets): what is known of x and y, both (buckets, rows of each). NaN is neither smallest nor largest."""
    each, lost = np.arange(len(y)), np.isnan(y)
    low, high = np.where(lost, np.inf, y).argmin(axis=1), np.where(lost, -np.inf, y).argmax(axis=1)
    lost_at = np.where(lost.any(axis=1), x[each, lost.argmax(axis=1)], np.nan)
    return np.stack([y[each, low], x[each, low], y[each, high], x[each, high], lost_at, y.sum(axis=1)])


def joined(before: Floats, after: Floats) -> Floats:
    """(6, ...): what is known of buckets and of those that follow them, as one. The first of equals counts."""
    lower = (after[LOW] < before[LOW]) | (np.isnan(before[LOW]) & ~np.isnan(after[LOW]))
    higher = (after[HIGH] > before[HIGH]) | (np.isnan(before[HIGH]) & ~np.isnan(after[HIGH]))
    one = before.copy()
    one[LOW : LOW_AT + 1] = np.where(lower, after[LOW : LOW_AT + 1], before[LOW : LOW_AT + 1])
    one[HIGH : HIGH_AT + 1] = np.where(higher, after[HIGH : HIGH_AT + 1], before[HIGH : HIGH_AT + 1])
    one[LOST_AT] = np.where(np.isnan(before[LOST_AT]), after[LOST_AT], before[LOST_AT])
    one[TOTAL] = before[TOTAL] + after[TOTAL]
    return one
