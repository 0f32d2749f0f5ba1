"""Arrays in, drawn curves out: the only file that knows plotext.

What plotext must never see is dealt with here: NaN and infinity become gaps with a mark, logarithms are taken before
drawing, and long series are cut down to the smallest and largest value of every column, so that no spike is lost.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from plotext._figure import _figure_class  # its public functions all draw on one global figure; each plot needs its own

from tui.canvas import Row, Span
from tui.figures import short

Floats = NDArray[np.float64]
LINE = "line"
PATH = "path"  # joined like a line, but it may go anywhere: x need not rise, and nothing is left out
DOTS = "dots"  # braille dots that are not joined, anywhere
MARK_LOST = "x"  # where a value is not a number
MARK_OVER = "^"  # where a value is beyond the scale


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: x (rising) and y of one length; `marker` is LINE for a joined braille line or the character of its points.
    With PATH and DOTS x may be in any order.

    NaN in y is a value that is lost (and marked), not one that was never there.
    """

    x: Floats
    y: Floats
    role: str
    marker: str = LINE


@dataclass(frozen=True, slots=True)
class Axes:
    """Both axes: limits of x, the ticks on it, and whether y is logarithmic; `y_floor` and `y_ceiling` are
    always in, and with `y_limits` the rest is cut off there. What rises above `y_cap` is cut off as well, with a mark."""

    x_low: float
    x_high: float
    x_ticks: tuple[tuple[float, str], ...] = ()
    log_y: bool = False
    y_floor: float = math.nan
    y_ceiling: float = math.nan
    y_limits: tuple[float, float] | None = None
    y_cap: float = math.inf


def draw(series: Sequence[Series], axes: Axes, width: int, height: int) -> list[Row]:
    """The plot in a frame, `height` rows of at most `width` cells; nothing where there is no room for one."""
    if width < 12 or height < 4:
        return []
    with np.errstate(all="ignore"):
        found = [_decimated(one, axes, 2 * width) for one in series]
        thin, lost = [one for one, _ in found], [x for _, gone in found for x in gone]
        over = sorted({x for one in thin for x in _begins(one.x, one.y > axes.y_cap, axes)})
        scaled = [_scaled(one, axes) for one in thin]
    low, high, ticks = _y_axis(scaled, axes, height)
    label_width = max(len(label) for _, label in ticks)
    columns = max(2, width - label_width - 2)

    figure = _figure_class()
    figure.plotsize(width, height)
    figure._set_size(width, height)  # without this it is clipped to the size of the terminal it believes in
    figure.theme("clear")
    roles: list[str] = []
    for one in scaled:
        x, y = one.x, one.y
        inside = (x >= axes.x_low) & (x <= axes.x_high)
        if not (inside & ~np.isnan(y)).any():
            continue
        roles.append(one.role)
        if one.marker == DOTS:
            figure.scatter(x[inside].tolist(), y[inside].tolist(), marker="braille", color=len(roles))
        elif one.marker in (LINE, PATH):
            figure.plot(x[inside].tolist(), y[inside].tolist(), marker="braille", color=len(roles))
        else:
            xs, ys = thinned(x[inside], y[inside], (axes.x_high - axes.x_low) * 3 / columns, (high - low) / (height - 3))
            figure.scatter(xs, ys, marker=one.marker, color=len(roles))
    for places, mark in ((over, MARK_OVER), (lost, MARK_LOST)):
        if places:
            roles.append("bad")
            figure.scatter(places, [high] * len(places), marker=mark, color=len(roles))
    figure.xlim(axes.x_low, axes.x_high)
    figure.ylim(low, high)
    figure.xticks([x for x, _ in axes.x_ticks], [label for _, label in axes.x_ticks])
    figure.yticks([y for y, _ in ticks], [label for _, label in ticks])
    if not roles:  # plotext draws no frame around nothing: one point outside of it helps
        figure.scatter([axes.x_low - (axes.x_high - axes.x_low)], [low], marker=" ")
    return [_row(line, roles) for line in figure.build().rstrip("\n").split("\n")[:height]]


def decimate(x: Floats, y: Floats, low: float, high: float, columns: int) -> tuple[Floats, Floats]:
    """At most two points a column between `low` and `high`: the smallest and the largest y there, in their order.

    A column of NaN stays NaN. Short series come back as they are.
    """
    if len(x) <= 2 * columns or high <= low:
        return x, y
    edges = low + np.arange(1, columns) * ((high - low) / columns)
    starts = np.unique(np.concatenate(([0], np.searchsorted(x, edges))))
    starts = starts[starts < len(x)]
    smallest, largest = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    ends = np.append(starts[1:], len(y)) - 1
    rising = ~(y[ends] < y[starts])
    pairs = np.where(rising[:, None], np.stack([smallest, largest], 1), np.stack([largest, smallest], 1))
    places = np.stack([x[starts], np.maximum(x[starts], x[ends])], 1)
    return places.ravel(), pairs.ravel()


def _decimated(one: Series, axes: Axes, columns: int) -> tuple[Series, list[float]]:
    """The curve cut down, NaN where it is lost, and the x where each stretch of lost values begins."""
    finite = np.isfinite(one.y)
    whole = bool(finite.all())
    y = one.y if whole else np.where(finite, one.y, np.nan)
    if one.marker in (PATH, DOTS):
        return Series(one.x, y, one.role, one.marker), []
    thin = Series(*decimate(one.x, y, axes.x_low, axes.x_high, columns), one.role, one.marker)
    return thin, [] if whole else _begins(one.x, ~finite, axes)


def thinned(x: Floats, y: Floats, apart: float, row: float) -> tuple[list[float], list[float]]:
    """Points that do not form a wall: at least `apart` from each other, but for those a `row` or more off their neighbour.

    The newest always stays, NaN never does.
    """
    kept: list[tuple[float, float]] = []
    for at, value in zip(reversed(x.tolist()), reversed(y.tolist()), strict=True):
        if value == value and (not kept or kept[-1][0] - at >= apart or abs(kept[-1][1] - value) >= row):
            kept.append((at, value))
    return [at for at, _ in reversed(kept)], [value for _, value in reversed(kept)]


def epoch_ticks(
    ends: Floats, low: float, high: float, columns: int, numbers: Floats | None = None
) -> tuple[tuple[float, str], ...]:
    """Ticks at the ends of epochs, thinned on 1-2-5 until their labels have room.

    `ends` are those of epochs 1, 2, 3, ... or, rising, of the epochs in `numbers`; between them epochs are evenly apart.
    """
    room = columns / (high - low) if high > low else 0.0
    numbers = np.arange(1.0, len(ends) + 1.0) if numbers is None else numbers
    last = int(numbers[-1]) if len(numbers) else 0
    for step in (factor * 10**power for power in range(8) for factor in (1, 2, 5)):
        if last // step > max(1, columns):  # not even a digit of each has room: don't look at them one by one
            continue
        places = np.interp(np.arange(step, last + 1.0, step), numbers, ends) if last else ends
        widest = len(str(len(places) * step))
        inside = (places > low) & (places <= high)
        if not inside.any():
            break
        if len(places) < 2 or float(np.diff(places[inside]).min(initial=np.inf)) * room - widest >= 2:
            return tuple((float(places[at]), str((at + 1) * step)) for at in np.flatnonzero(inside).tolist())
    return ()


def _scaled(one: Series, axes: Axes) -> Series:
    y = np.minimum(one.y, axes.y_cap)
    if axes.log_y:
        y = np.where(y > 0, np.log10(np.where(y > 0, y, 1.0)), np.nan)
    if axes.y_limits is not None:  # plotext would walk a line that leaves the frame cell by cell, however far it goes
        low, high = axes.y_limits
        y = np.clip(y, low - (high - low), high + (high - low))
    return Series(one.x, np.where(np.abs(y) < 1e100, y, np.nan), one.role, one.marker)


def _begins(x: Floats, where: NDArray[np.bool_], axes: Axes) -> list[float]:
    """The x at which stretches of true begin, those in the frame, and no more than can be seen."""
    first = where & ~np.concatenate(([False], where[:-1]))
    return [at for at in x[first].tolist() if axes.x_low <= at <= axes.x_high][:50]


def _y_axis(series: Sequence[Series], axes: Axes, height: int) -> tuple[float, float, list[tuple[float, str]]]:
    """The limits of y, widened to whole steps so that the axis stands still while a curve grows, and its ticks."""
    inside = [one.y[(one.x >= axes.x_low) & (one.x <= axes.x_high)] for one in series]
    values = np.concatenate([np.empty(0), *inside])
    values = values[~np.isnan(values)]
    edges = [edge for edge in (axes.y_floor, axes.y_ceiling) if edge == edge]
    if not len(values) and len(edges) == 1:  # nothing to show yet: one unit of scale from the edge that is known
        edges.append(edges[0] + (1.0 if axes.y_floor == axes.y_floor else -1.0))
    values = np.concatenate([values, edges])
    if axes.y_limits is not None:
        values = np.array(axes.y_limits)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if high - low < 1e-12 * max(1.0, abs(high)):
        low, high = low - 0.5 * max(1e-6, abs(low)), high + 0.5 * max(1e-6, abs(high))
    if axes.log_y:
        return _log_axis(low, high, height)
    step = nice_step((high - low) / max(1, min(5, (height - 3) // 3)))
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(2 * high / step - 1e-9) * step / 2
    count = math.floor((high - low) / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    labels = [low + index * step for index in range(count + 1)]
    big = max(abs(low), abs(high)) >= 1e6 or digits > 5
    return low, high, [(y, f"{y:.1e}" if big else f"{y + 0.0:.{digits}f}") for y in labels]


def _log_axis(low: float, high: float, height: int) -> tuple[float, float, list[tuple[float, str]]]:
    low, high = math.floor(low * 2) / 2, math.ceil(high * 2) / 2
    powers = [float(power) for power in range(math.ceil(low), math.floor(high) + 1)]
    step = max(1, -(-len(powers) // max(1, (height - 3) // 2)))
    powers = powers[::step] if powers else [low, high]
    return low, high, [(power, _power(power)) for power in powers]


def _power(exponent: float) -> str:
    return short(10.0**exponent) if not exponent.is_integer() or -3 <= exponent <= 4 else f"1e{exponent:.0f}"


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


_CODE = re.compile(r"\x1b\[([0-9;]*)m")


def _row(line: str, roles: list[str]) -> Row:
    """One line of plotext's output, its colour numbers turned into the roles that were drawn with them."""
    spans: list[Span] = []
    role = "axis"
    for index, part in enumerate(_CODE.split(line)):
        if index % 2:  # the code between two texts
            number = part.rpartition(";")[2]
            role = roles[int(number) - 1] if part.startswith("38;5;") else "axis"
        elif part:
            spans.append((part, role))
    merged: list[Span] = []
    for text, kind in spans:
        if merged and (merged[-1][1] == kind or not text.strip()):
            merged[-1] = (merged[-1][0] + text, merged[-1][1])
        else:
            merged.append((text, kind))
    return tuple(merged)
