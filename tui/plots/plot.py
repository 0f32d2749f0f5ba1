"""Arrays in, drawn curves out.

NaN and infinity become gaps with a mark, and logarithms are taken before drawing. The dots of curves come from
`tui.plots.raster`, where no spike is lost however long they are, and the frame around them from `tui.plots.frame`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tui.canvas import Row, Span
from tui.plots.frame import frame, in_cells, y_axis
from tui.plots.raster import ACROSS, DOWN, braille, cell_of, decimate, joined, placed
from tui.plots.ticks import Floats, Ticks

LINE = "line"
PATH = "path"  # joined like a line, but it may go anywhere: x need not rise, and nothing is left out
DOTS = "dots"  # braille dots that are not joined, anywhere
SPECKS = "specks"  # dots that are not joined, x rising, of which each column keeps its outermost: a faint curve
ROOMY = 40  # columns
LABELS = 4  # cells of a label of y at least: so two plots begin in one column, and a cursor over both is one line
MARK_LOST = "x"  # where a value is not a number
MARK_OVER = "^"  # where a value is beyond the scale
MARK_UNDER = "v"


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
    """Both axes: limits of x, the ticks on it, and which are logarithmic; `y_floor` and `y_ceiling` are always in, and with
    `y_limits` the rest is cut off there. What is above `y_cap` or below `y_least` is cut off as well, with a mark. With
    `y_rows` y has the ticks of a plot so many rows high, so that plots of about one height have the same."""

    x_low: float
    x_high: float
    x_ticks: Ticks = ()
    log_x: bool = False
    log_y: bool = False
    y_floor: float = math.nan
    y_ceiling: float = math.nan
    y_limits: tuple[float, float] | None = None
    y_cap: float = math.inf
    y_least: float = -math.inf
    y_rows: int = 0


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked on the curves, by x: where the cursor is, a stretch that is lit (and the role of its curve), and
    letters on the upper edge where something happened."""

    cursor: float | None = None
    lit: tuple[float, float] | None = None
    lit_role: str = ""
    events: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot as it was drawn: its rows, and how many columns of cells lie between its axes."""

    rows: list[Row] = field(default_factory=list)
    columns: int = 0


def draw(series: Sequence[Series], axes: Axes, width: int, height: int) -> list[Row]:
    """The plot in a frame, `height` rows of at most `width` cells; nothing where there is no room for one."""
    return plot(series, axes, width, height).rows


def plot(series: Sequence[Series], axes: Axes, width: int, height: int, marks: Marks | None = None) -> Drawing:
    """The plot in a frame, with its marks."""
    if width < 12 or height < 4:
        return Drawing()
    low_x, high_x = along(axes, axes.x_low), along(axes, axes.x_high)
    with np.errstate(all="ignore"):
        shown = [_within(one, axes, low_x, high_x) for one in series]
        known = [(one, _is_plain(one, axes)) for one in shown]
        lost, over, under = _beyond([one for one, is_plain in known if not is_plain], axes, low_x, high_x)
        shown = [one if is_plain else _cut(one, axes) for one, is_plain in known]
        values = _extremes(shown, axes, low_x, high_x)
    low, high, ticks = y_axis(values, axes.log_y, (axes.y_floor, axes.y_ceiling), axes.y_limits, axes.y_rows or height)
    ticks = tuple((at, label.rjust(LABELS if width >= ROOMY else 0)) for at, label in ticks)
    columns = max(2, width - max(len(label) for _, label in ticks) - 2)
    rows = height - (3 if axes.x_ticks else 2)  # without ticks there is no line for their labels
    x_ticks = tuple((along(axes, at), label) for at, label in axes.x_ticks)
    places = in_cells(x_ticks, low_x, high_x, columns, ACROSS), in_cells(ticks, low, high, rows, DOWN)
    cells = [list(line) for line in frame(width, height, (columns, rows), *places)]
    roles = [["axis"] * len(line) for line in cells]
    left = width - columns - 1

    def put(column: int, row: int, character: str, role: str) -> None:
        if 0 <= column < columns and 0 <= row < rows:
            cells[rows - row][left + column], roles[rows - row][left + column] = character, role

    for one in shown:
        x, y = _scaled(one, axes, low_x, high_x, ACROSS * columns)
        if one.marker in (LINE, PATH, DOTS, SPECKS):
            across, up = placed(x, low_x, high_x, ACROSS * columns), placed(y, low, high, DOWN * rows)
            if one.marker in (LINE, PATH):
                dots = joined(across, up)
            else:
                there = ~(np.isnan(across) | np.isnan(up))
                dots = across[there].astype(np.int64), up[there].astype(np.int64)
            for column, row, character in braille(*dots, columns, rows):
                put(column, row, character, one.role)
        else:
            x, y = decimate(x, y, low_x, high_x, columns)  # a mark an epoch: there may be thousands
            xs, ys = thinned(x, y, (high_x - low_x) * 3 / columns, (high - low) / rows)
            points = cell_of(np.array(xs), low_x, high_x, columns, ACROSS), cell_of(np.array(ys), low, high, rows, DOWN)
            for across_at, up_at in zip(*points, strict=True):
                put(int(across_at), int(up_at), one.marker, one.role)
    drawn_lines = {one.role for one in shown if one.marker == LINE}
    for one in shown:
        if one.role in drawn_lines and one.marker.isalpha() and len(one.marker) == 1:
            _keep_letter(cells, roles, one)
    for beyond, mark, row in ((under, MARK_UNDER, 0), (over, MARK_OVER, rows - 1), (lost, MARK_LOST, rows - 1)):
        for column in cell_of(np.array(sorted(beyond)), low_x, high_x, columns, ACROSS).tolist():
            put(int(column), row, mark, "bad")
    if marks is not None:
        _mark(cells, roles, marks, axes, columns)
    return Drawing([_row(line, kinds) for line, kinds in zip(cells, roles, strict=True)], columns)


def _keep_letter(cells: list[list[str]], roles: list[list[str]], one: Series) -> None:
    """Where other letters hide all of a run's own, one is put in the middle of what is seen of its curve."""
    own = [(row, at) for row, line in enumerate(roles) for at, role in enumerate(line) if role == one.role]
    if own and not any(cells[row][at] == one.marker for row, at in own):
        row, at = sorted(own, key=lambda place: place[1])[len(own) // 2]
        cells[row][at] = one.marker


def along(axes: Axes, x: float) -> float:
    """x as the axis has it: itself or its logarithm."""
    return (math.log10(x) if x > 0 else -math.inf) if axes.log_x else x


def column_of(axes: Axes, x: Floats, columns: int) -> Floats:
    """The column of cells (n,) that each x is drawn in."""
    with np.errstate(all="ignore"):
        places = np.log10(x) if axes.log_x else x
    return cell_of(places, along(axes, axes.x_low), along(axes, axes.x_high), columns, ACROSS)


def _within(one: Series, axes: Axes, low: float, high: float) -> Series:
    """The part of a curve that is in sight, with what is lost as NaN, x as the axis has it, and a line up to the edges."""
    x, y = one.x, one.y
    if axes.log_x:
        kept = x > 0
        x, y = np.log10(x[kept]), y[kept]
    if one.marker in (PATH, DOTS) or not len(x) or (low <= x[0] and x[-1] <= high):
        return Series(x, y, one.role, one.marker)
    first, last = int(np.searchsorted(x, low)), int(np.searchsorted(x, high, side="right"))
    x_in, y_in = x[first:last], y[first:last]
    if one.marker == LINE:
        for edge, at, where in ((low, first, 0), (high, last, len(x_in))):
            if 0 < at < len(x) and x[at] > edge > x[at - 1]:
                share = (edge - x[at - 1]) / (x[at] - x[at - 1])
                where = 0 if edge == low else len(x_in)
                x_in, y_in = np.insert(x_in, where, edge), np.insert(y_in, where, y[at - 1] + share * (y[at] - y[at - 1]))
    return Series(x_in, y_in, one.role, one.marker)


def _is_plain(one: Series, axes: Axes) -> bool:
    """Whether all of it is a number within the scale, as nearly always: then nothing is to be cut off or marked."""
    if not len(one.y):
        return True
    least = max(axes.y_least, 1e-300 if axes.log_y else -1e100)
    return bool(least <= one.y.min() and one.y.max() <= min(axes.y_cap, 1e100))  # false where there is a NaN


def _beyond(series: Sequence[Series], axes: Axes, low: float, high: float) -> tuple[set[float], set[float], set[float]]:
    """The x at which stretches begin that are lost, above the scale, and below it."""
    found: tuple[set[float], set[float], set[float]] = set(), set(), set()
    for one in series:
        finite = np.isfinite(one.y)
        if one.marker not in (PATH, DOTS):
            found[0].update(_begins(one.x, ~finite, low, high))
        found[1].update(_begins(one.x, finite & (one.y > axes.y_cap), low, high))
        found[2].update(_begins(one.x, finite & (one.y < axes.y_least), low, high))
    return found


def _cut(one: Series, axes: Axes) -> Series:
    """The curve with NaN for what cannot be drawn, cut off where the scale ends."""
    y = np.clip(one.y, axes.y_least, axes.y_cap) if math.isfinite(axes.y_cap) or math.isfinite(axes.y_least) else one.y
    there = np.isfinite(one.y) & (np.abs(y) < 1e100)
    if axes.log_y:
        there &= y > 0
    return Series(one.x, y if there.all() else np.where(there, y, np.nan), one.role, one.marker)


def _scaled(one: Series, axes: Axes, low: float, high: float, columns: int) -> tuple[Floats, Floats]:
    """x and y to be drawn: thinned to what makes dots, in sight, and y as its axis has it."""
    x, y = one.x, one.y
    if one.marker in (LINE, SPECKS):
        x, y = decimate(x, y, low, high, columns)
    inside = (x >= low) & (x <= high)
    x, y = x[inside], y[inside]
    if axes.log_y:
        y = np.log10(y)
    if axes.y_limits is not None:  # a line that leaves the frame would be walked dot by dot, however far it goes
        low, high = axes.y_limits
        y = np.clip(y, low - (high - low), high + (high - low))
    return x, y


def _begins(x: Floats, where: NDArray[np.bool_], low: float, high: float) -> list[float]:
    """The x at which stretches of true begin, those in the frame, and no more than can be seen."""
    if not where.any():
        return []
    first = where & ~np.concatenate(([False], where[:-1]))
    return [at for at in x[first].tolist() if low <= at <= high][:50]


def thinned(x: Floats, y: Floats, apart: float, row: float) -> tuple[list[float], list[float]]:
    """Points that do not form a wall: at least `apart` from each other, but for those a `row` or more off their neighbour.

    The newest always stays, NaN never does.
    """
    kept: list[tuple[float, float]] = []
    for at, value in zip(reversed(x.tolist()), reversed(y.tolist()), strict=True):
        if value == value and (not kept or kept[-1][0] - at >= apart or abs(kept[-1][1] - value) >= row):
            kept.append((at, value))
    return [at for at, _ in reversed(kept)], [value for _, value in reversed(kept)]


def _extremes(series: Sequence[Series], axes: Axes, low_x: float, high_x: float) -> Floats:
    """The smallest and the largest y of each curve in sight, as the axis has them."""
    found: list[float] = []
    for one in series:
        y = one.y[(one.x >= low_x) & (one.x <= high_x)] if one.marker in (PATH, DOTS) else one.y
        if len(y):
            found += [float(np.fmin.reduce(y)), float(np.fmax.reduce(y))]
    values = np.array(found)
    values = values[~np.isnan(values)]
    scaled: Floats = np.log10(values) if axes.log_y else values
    return scaled


def _mark(cells: list[list[str]], roles: list[list[str]], marks: Marks, axes: Axes, columns: int) -> None:
    """Put the marks into a plot that is drawn: on its edges, and for the cursor down through what is empty."""
    left, bottom = len(cells[0]) - columns - 1, len(cells) - (2 if axes.x_ticks else 1)

    def column(x: float) -> int:
        place = column_of(axes, np.array([x]), columns)[0]
        return left + int(place) if 0 <= place < columns else -1

    if marks.lit is not None:
        first, last = column_of(axes, np.array(marks.lit), columns)
        for at in range(left + max(0, int(first)), left + min(columns - 1, int(last)) + 1):
            cells[bottom][at] = "┯" if cells[bottom][at] == "┬" else "━"
            roles[bottom][at] = "lit"
            for row in range(1, bottom):
                if roles[row][at] == marks.lit_role:
                    roles[row][at] = "lit"
    for x, letter in marks.events:
        if (at := column(x)) >= 0:
            cells[0][at], roles[0][at] = letter, "strong"
    if marks.cursor is not None and (at := column(marks.cursor)) >= 0:
        for row in range(1, bottom):
            if cells[row][at] == " ":
                cells[row][at], roles[row][at] = "│", "cursor"
        roles[0][at] = roles[bottom][at] = "cursor"
        cells[0][at] = "┬" if cells[0][at] == "─" else cells[0][at]
        cells[bottom][at] = {"─": "┴", "┬": "┼", "━": "┷", "┯": "┿"}.get(cells[bottom][at], cells[bottom][at])


def _row(line: Sequence[str], roles: Sequence[str]) -> Row:
    """Cells with their roles as spans; blanks go with what is before them."""
    spans: list[Span] = []
    text, role = "", roles[0] if roles else "axis"
    for character, kind in zip(line, roles, strict=True):
        if kind != role and character != " ":
            spans.append((text, role))
            text, role = "", kind
        text += character
    return (*spans, (text, role)) if text else tuple(spans)
