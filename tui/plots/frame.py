"""The frame around a plot: its axes with their ticks. It is the only file that knows plotext.

plotext never sees a curve (of NaN or infinity it makes a crash, of long curves slow work), but only where ticks are,
counted in cells.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

import numpy as np
from plotext._figure import _figure_class  # its public functions all draw on one global figure; each frame needs its own

from tui.plots.raster import cell_of
from tui.plots.ticks import Floats, Ticks, nice_step, power_label

LOW = 7  # rows from which two steps have room: a single one may be twice as high as the curve, which then is flat
_CODE = re.compile(r"\x1b\[([0-9;]*)m")


@lru_cache(maxsize=16)
def frame(width: int, height: int, cells: tuple[int, int], x_ticks: Ticks, y_ticks: Ticks) -> tuple[str, ...]:
    """The frame around nothing, so many cells wide and high inside, with its ticks; it stands still most of the time."""
    figure = _figure_class()
    figure.plotsize(width, height)
    figure._set_size(width, height)  # without this it is clipped to the size of the terminal it believes in
    figure.theme("clear")
    figure.xlim(0, max(1, cells[0] - 1))
    figure.ylim(0, max(1, cells[1] - 1))
    x_ticks, labels = _labelled(x_ticks, width - cells[0] - 1, width)
    figure.xticks([x for x, _ in x_ticks], [" " for _ in x_ticks])  # where it puts labels is not the same every time
    figure.yticks([y for y, _ in y_ticks], [label for _, label in y_ticks])
    # plotext draws no frame around nothing: one point outside of it helps
    figure.scatter([-cells[0]], [0], marker=" ")
    lines = [_CODE.sub("", line) for line in figure.build().rstrip("\n").split("\n")[:height]]
    return (*lines[:-1], labels) if x_ticks else tuple(lines)


def _labelled(ticks: Ticks, left: int, width: int) -> tuple[Ticks, str]:
    """The ticks whose labels have room, and the line of these, each in the middle below its tick as far as the frame goes; a
    label that would touch the one before has none."""
    kept, line = [], ""
    for place, label in ticks:
        start = min(left + int(place) - len(label) // 2, width - len(label))
        if start > len(line) or not line:
            kept.append((place, label))
            line = line.ljust(max(0, start)) + label
    return tuple(kept), line.ljust(width)


def in_cells(ticks: Ticks, low: float, high: float, cells: int, dots: int) -> Ticks:
    """Ticks where the dots of their values are, counted in cells."""
    places = cell_of(np.array([at for at, _ in ticks]), low, high, cells, dots)
    return tuple((float(place), label) for place, (_, label) in zip(places, ticks, strict=True))


def y_axis(
    values: Floats, log: bool, always: tuple[float, float], limits: tuple[float, float] | None, height: int
) -> tuple[float, float, Ticks]:
    """The limits of y, widened to whole steps so that the axis stands still while a curve grows, and its ticks.

    `values` are there to be seen, logarithms already on a `log` axis; `always` are a floor and a ceiling (NaN: none) that
    are always in; `limits` hold in place of all that.
    """
    edges = [edge for edge in always if edge == edge]
    if not len(values) and len(edges) == 1:  # nothing to show yet: one unit of scale from the edge that is known
        edges.append(edges[0] + (1.0 if always[0] == always[0] else -1.0))
    values = np.concatenate([values, edges])
    if limits is not None:
        values = np.array(limits)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if high - low < 1e-12 * max(1.0, abs(high)):
        low, high = low - 0.5 * max(1e-6, abs(low)), high + 0.5 * max(1e-6, abs(high))
    if log:
        return _log_axis(low, high, height)
    parts = max(1, min(5, (height - 3) // 3))
    steps = [_steps(low, high, each) for each in ((1, 2) if parts == 1 and height >= LOW else (parts,))]
    low, high, step, count = min(steps, key=lambda found: found[1] - found[0])  # rows are few: none above the curve
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if float(f"{step:.{digits}f}") != float(f"{step:.{digits + 1}f}"):  # 2.5
        digits += 1
    labels = [low + index * step for index in range(count + 1)]
    big = max(abs(low), abs(high)) >= 1e6 or digits > 5
    return low, high, tuple((y, f"{y:.1e}" if big else f"{y + 0.0:.{digits}f}") for y in labels)


def _steps(low: float, high: float, parts: int) -> tuple[float, float, float, int]:
    """Limits in half steps around low and high, a round step so that there are at most so many parts, and how many there
    are; one at least, for one number alone is no scale."""
    step = nice_step((high - low) / parts)
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(2 * high / step - 1e-9) * step / 2
    count = math.floor((high - low) / step + 1e-9)
    return (low, high, step, count) if count else (low, high, step / 2, 1)


def _log_axis(low: float, high: float, height: int) -> tuple[float, float, Ticks]:
    low, high = math.floor(low * 2) / 2, math.ceil(high * 2) / 2
    powers = [float(power) for power in range(math.ceil(low), math.floor(high) + 1)]
    powers = powers[:: max(1, -(-len(powers) // max(2, (height - 3) // 2)))]
    if len(powers) == 1:  # one number alone is no scale: 1-2-5 as well, as many as have a row between them
        row = (high - low) / max(1, height - 4)
        others = [power + math.log10(factor) for power in (powers[0] - 1, powers[0]) for factor in (2, 5)]
        for other in sorted((at for at in others if low <= at <= high), key=lambda at: -abs(at - powers[0])):
            if len(powers) == 1 or min(abs(other - power) for power in powers) >= 2 * row:
                powers.append(other)
    return low, high, tuple((power, power_label(power)) for power in sorted(powers))
