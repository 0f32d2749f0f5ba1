"""Dots of curves: the same that plotext would set for every single point, but found with NumPy and from few of them.

A cell has 2 x 4 braille dots. Of a long curve the first, smallest, largest and last value of every column of dots stay,
which is enough for exactly the dots of all values (Jugel et al., "M4: A Visualization-Oriented Time Series Data
Aggregation", VLDB 2014). Where a value is NaN the line is broken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui.plots.ticks import Floats

Ints = NDArray[np.int64]
ACROSS, DOWN = 2, 4  # dots of a cell

#: The bit of each dot of a braille character, from the bottom up: of its left column, and of its right one.
BITS = np.array([[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]])


def placed(values: Floats, low: float, high: float, bins: int) -> Floats:
    """The bin (n,) of each value, whole numbers: `low` is in the middle of the first, `high` in that of the last; NaN stays.

    As plotext rounds: to eight digits, halves up, so that a value on the edge between two bins is in the upper one.
    """
    scaled = (0.5 + (bins - 1) * (values - low) / (high - low)) * 1e8
    down = np.floor(scaled)
    bins_of: Floats = np.floor(np.where(scaled - down < 0.5, down, np.ceil(scaled)) * 1e-8)
    return bins_of


def cell_of(values: Floats, low: float, high: float, cells: int, dots: int) -> Floats:
    """The cell (n,) in which the dot of each value is, of cells with so many dots: marks stand where their curve is."""
    return placed(values, low, high, cells * dots) // dots


def decimate(x: Floats, y: Floats, low: float, high: float, columns: int) -> tuple[Floats, Floats]:
    """At most four points a column between `low` and `high`: its first, smallest, largest and last y.

    A stretch of NaN within or between columns stays as one NaN. Short series come back as they are. x must rise.
    """
    if len(x) <= 4 * columns or high <= low:
        return x, y
    new = first_in_bins(x, low, high, columns)
    lost = np.isnan(y)
    if lost.any():
        new = np.union1d(new, np.flatnonzero(lost[1:] != lost[:-1]) + 1)
    starts = np.concatenate(([0], new))
    if 4 * len(starts) >= len(x):
        return x, y
    ends = np.append(new, len(y)) - 1
    points = np.stack([y[starts], np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts), y[ends]], 1)
    places = np.stack([x[starts], x[starts], x[starts], x[ends]], 1)
    return places.ravel(), points.ravel()


def first_in_bins(x: Floats, low: float, high: float, bins: int) -> Ints:
    """The places (n,), rising, of the values that are the first in their bin, but for the first of all; x rises.

    It is where `placed` changes, found without placing all values: only those next to the edge of a bin are looked at.
    """
    ends = placed(x[[0, -1]], low, high, bins)
    if not 0 <= ends[1] - ends[0] <= 4 * bins:  # most of it is far out of sight, or at infinity
        column = placed(x, low, high, bins)
        return np.flatnonzero(column[1:] != column[:-1]) + 1
    number = np.arange(ends[0] + 1, ends[1] + 1)
    edges = low + (number - 0.5) * ((high - low) / max(1, bins - 1))
    near = 1e-7 * (high - low) / bins + 1e-12 * (abs(low) + abs(high))  # as far as rounding may move one
    found, after = np.searchsorted(x, edges - near), np.searchsorted(x, edges + near, side="right")
    for at in np.flatnonzero(found < after).tolist():
        close = placed(x[found[at] : after[at]], low, high, bins)
        found[at] += np.count_nonzero(close < number[at])
    places: Ints = np.unique(found)
    return places[places > 0]


def joined(x: Floats, y: Floats) -> tuple[Ints, Ints]:
    """The dots on the straight lines from point to point, given in whole dots; a NaN has none, and breaks the line."""
    there = ~(np.isnan(x) | np.isnan(y))
    starts = np.flatnonzero(there[:-1] & there[1:])
    x0, y0 = x[starts], y[starts]
    across, up = x[starts + 1] - x0, y[starts + 1] - y0
    steps = np.maximum(np.abs(across), np.abs(up)).astype(np.int64)
    which = np.repeat(np.arange(len(starts)), steps)
    step = np.arange(len(which)) - np.repeat(np.cumsum(steps) - steps, steps)
    with np.errstate(all="ignore"):
        slope_x, slope_y = across / steps, up / steps  # not read where there is no step
    along_x = np.trunc(x0[which] + step * slope_x[which]).astype(np.int64)
    along_y = np.trunc(y0[which] + step * slope_y[which]).astype(np.int64)
    return (
        np.concatenate([along_x, x[there].astype(np.int64)]),
        np.concatenate([along_y, y[there].astype(np.int64)]),
    )


def braille(across: Ints, up: Ints, columns: int, rows: int) -> list[tuple[int, int, str]]:
    """The cells that dots make: column, row (from the bottom), character. Dots outside have none."""
    inside = (across >= 0) & (across < ACROSS * columns) & (up >= 0) & (up < DOWN * rows)
    across, up = across[inside], up[inside]
    cells = np.zeros(columns * rows, np.int64)
    np.bitwise_or.at(cells, up // DOWN * columns + across // ACROSS, BITS[across % ACROSS, up % DOWN])
    found = np.flatnonzero(cells)
    there = zip((found % columns).tolist(), (found // columns).tolist(), cells[found].tolist(), strict=True)
    return [(column, row, chr(0x2800 + bits)) for column, row, bits in there]
