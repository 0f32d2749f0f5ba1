"""The second plot of a run on a surface: the landscape, and the way that the run has taken through it.

Of one parameter the landscape is a curve and the way are marks on it. Of two the plane is seen from above: the way is a
line in it, over lines of equal height. The newest place of a run has a mark of its own, so nothing needs colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import Trainer
from engine.surfaces import Surface
from tui.canvas import Row, Span
from tui.names import labels, letters
from tui.plots.pictures import Picture
from tui.plots.plot import DOTS, PATH, Axes, Series
from tui.plots.ticks import Floats, nice_step, step_ticks
from tui.walk import Walk, position, same_landscape, walk_of

Drawn = tuple[Walk, str, str, str, str]  # a way, its role, the mark of its newest place, its name, the mark of the others

BALL = "●"
ARROWS = "→↗↑↖←↙↓↘"  # from the right against the clock
ARROW = 0.22  # how long the arrow of the slope is, in times the range
SHAPE = 3.0  # how much wider than high a plot is, roughly
WIDENED = 0.3  # how far a way that leaves the usual range widens it, in times that range on either side
MOST = 600  # places of a way that are drawn
LEVELS = 4  # lines of equal height


@dataclass(frozen=True, slots=True)
class Ball:
    """How much of its newest step a ball has done (0 to 1), and whether the slope under it is drawn."""

    rolled: float = 1.0
    slope: bool = False


AT_REST = Ball()


def surface_picture(trainers: Sequence[Trainer], selected: int, ball: Ball = AT_REST) -> Picture:
    """The surface of the selected run, with the ways of all runs that are on one of its kind and shape."""
    shown = walk_of(trainers[selected])
    assert shown is not None
    marks, names = letters([one.run.name for one in trainers]), labels([one.run.name for one in trainers])
    walks: list[Drawn] = []
    for index, trainer in enumerate(trainers):
        walk = walk_of(trainer)
        if walk is not None and same_landscape(walk.surface, shown.surface):
            alone = len(trainers) == 1
            role = "train" if alone else f"run-{index % 6 + 1}"
            way = "o" if index == selected else "."
            mark = BALL if index == selected else marks[index]
            name = names[index] if index != selected else f"{marks[index]} {names[index]}"
            walks.append((walk, role, mark, name, way))
    return (_from_the_side if len(shown.surface.axes) == 1 else _from_above)(walks, shown, ball)


def _from_the_side(walks: Sequence[Drawn], shown: Walk, ball: Ball) -> Picture:
    surface = shown.surface
    low, high, step = _range([walk for walk, *_ in walks], surface, 0)
    grid = np.linspace(low, high, 241)
    heights = _heights(surface, grid)
    series = [Series(grid, heights, "axis")]
    bottom = top = float(heights.min())  # as high as the ways come: the walls beside them would make all else flat
    newest = []
    for walk, role, mark, _, place in _selected_last(walks):
        way = np.sort(_sparse(walk.path[: _left(walk, ball)])[:, 0])
        way = way[(way >= low) & (way <= high)]
        series.append(Series(way, _heights(surface, way), role, place))
        top = max([top, *series[-1].y.tolist()])
        last = _now(walk, ball)[:1]
        if low <= last[0] <= high:
            newest.append(Series(last, _heights(surface, last), "validation" if len(walks) == 1 else role, mark))
    limits = (bottom, top + 0.1 * (top - bottom))
    if ball.slope:
        here = _now(shown, ball)
        slope = float(_gradient(shown, here)[0])
        toward = np.array([-math.copysign(1.0, slope), -abs(slope)]) if slope else np.zeros(2)
        start = np.array([here[0], float(_heights(surface, here[:1])[0])])
        newest = [*_arrow(start, toward, (low, high), limits), *newest]
    axes = Axes(low, high, step_ticks(low, high, step), y_limits=limits)
    return Picture(_titles(walks, shown, "o"), (*series, *newest), axes)


def _from_above(walks: Sequence[Drawn], shown: Walk, ball: Ball) -> Picture:
    surface = shown.surface
    ways = [walk for walk, *_ in walks]
    (low, high, step), (bottom, top, _) = (_range(ways, surface, axis) for axis in (0, 1))
    series = _level_lines(surface, (low, high), (bottom, top))
    points = [Series(np.array([place[0]]), np.array([place[1]]), "strong", "+") for place in surface.minima]
    for walk, role, mark, *_ in _selected_last(walks):
        way = np.concatenate([_sparse(walk.path[: _left(walk, ball)]), _now(walk, ball)[None]])
        # a line that leaves the frame by far would be walked cell by cell
        u, v = np.clip(way[:, 0], 3 * low - 2 * high, 3 * high - 2 * low), way[:, 1]
        series.append(Series(u, v, role, PATH))
        points.append(Series(u[-1:], v[-1:], "validation" if len(walks) == 1 else role, mark))
    if ball.slope:
        here = _now(shown, ball)
        points = [*_arrow(here, -_gradient(shown, here), (low, high), (bottom, top)), *points]
    axes = Axes(low, high, step_ticks(low, high, step), y_limits=(bottom, top))
    return Picture(_titles(walks, shown, "─"), (*series, *points), axes)


def _selected_last(walks: Sequence[Drawn]) -> list[Drawn]:
    """So that it is drawn over all others."""
    return sorted(walks, key=lambda drawn: drawn[2] == BALL)


def _left(walk: Walk, ball: Ball) -> int:
    """How many places of its way the ball has behind it: all but the newest while it rolls there, all of them at rest."""
    return len(walk.path) - (ball.rolled < 1.0 and len(walk.path) > 1)


def _now(walk: Walk, ball: Ball) -> Floats:
    """Where the ball is (parameters,)."""
    before, newest = walk.path[-2 if len(walk.path) > 1 else -1].astype(np.float64), walk.path[-1].astype(np.float64)
    with np.errstate(all="ignore"):
        now: Floats = newest if ball.rolled >= 1.0 else before + ball.rolled * (newest - before)
    return now


def _gradient(walk: Walk, place: Floats) -> Floats:
    slope = np.zeros_like(place)
    with np.errstate(all="ignore"):
        walk.surface.gradient(place, slope)
    return slope


def _arrow(start: Floats, toward: Floats, x: tuple[float, float], y: tuple[float, float]) -> list[Series]:
    """A line from a place downhill, with a head; as long on the screen wherever it points."""
    spans = np.array([x[1] - x[0], y[1] - y[0]])
    with np.errstate(all="ignore"):
        seen = toward / spans  # in shares of the picture
        length = float(np.hypot(*seen))
    if not (math.isfinite(length) and length > 0.0 and np.isfinite(start).all() and x[0] <= start[0] <= x[1]):
        return []
    tip = start + ARROW * toward / length
    line = np.linspace(start, tip, 30)
    line = line[(line[:, 0] >= x[0]) & (line[:, 0] <= x[1]) & (line[:, 1] >= y[0]) & (line[:, 1] <= y[1])]
    head = ARROWS[round(math.atan2(seen[1], SHAPE * seen[0]) / (math.pi / 4)) % 8]
    end = line[-1:] if len(line) else tip[None]
    return [Series(line[:, 0], line[:, 1], "lit", DOTS), Series(end[:, 0], end[:, 1], "lit", head)]


def _titles(walks: Sequence[Drawn], shown: Walk, way: str) -> tuple[Row, ...]:
    axes = shown.surface.axes
    start: Span = ("Surface", "text")
    if len(walks) == 1:
        now: Span = (f"  {BALL} {position(axes, shown.path[-1])}", "validation")
        brief: Row = (start, (f"  {way} way", "train"), now)
    else:
        brief = (start, *((f"  {mark} {name}", role) for _, role, mark, name, _ in walks))
    what = f"  {axes[1]} over {axes[0]}, + lowest" if len(axes) == 2 else f"  height over {axes[0]}"
    return (*brief, (what, "dim")), brief, brief[:1] + brief[2:] if len(walks) == 1 else brief


def _range(walks: Sequence[Walk], surface: Surface, axis: int) -> tuple[float, float, float]:
    """What is shown of an axis, in whole steps, and the step: all lowest points and starts, and the ways as far as that is
    not far away."""
    lowest, starts = [place[axis] for place in surface.minima], [float(walk.path[0][axis]) for walk in walks]
    # and the other side of the lowest point next to a start, where an overshoot lands
    mirrored = [2.0 * _nearest(lowest, start) - start for start in starts]
    low, high = min(*lowest, *starts, *mirrored), max(*lowest, *starts, *mirrored)
    span = (high - low) or 1.0
    low, high = low - 0.05 * span, high + 0.05 * span
    for walk in walks:
        seen = walk.path[:, axis]
        seen = seen[np.isfinite(seen)]
        low = min(low, max(float(seen.min()), low - WIDENED * span)) if len(seen) else low
        high = max(high, min(float(seen.max()), high + WIDENED * span)) if len(seen) else high
    step = nice_step((high - low) / 8)
    half = step / 2  # steps of a kind, so that it stands still while a way grows a little
    return math.floor(low / half + 1e-9) * half, math.ceil(high / half - 1e-9) * half, step


def _nearest(places: Sequence[float], to: float) -> float:
    return min(places, key=lambda place: abs(place - to))


def _level_lines(surface: Surface, u_range: tuple[float, float], v_range: tuple[float, float]) -> list[Series]:
    """Lines of equal height, as dots: where the height passes a level between two neighbours of a fine grid."""
    (bottom, top), beyond = v_range, (v_range[1] - v_range[0]) / 2  # the axis of v is widened to whole steps
    u, v = np.linspace(*u_range, 161), np.linspace(bottom - beyond, top + beyond, 321)
    heights = surface.height(np.stack(np.meshgrid(u, v), axis=-1))
    floor, roof = float(heights.min()), float(heights[(v >= bottom) & (v <= top)].max())
    shares = (np.arange(1, LEVELS + 1) / (LEVELS + 1)) ** 2  # closer together near the bottom, where the way goes
    xs, ys = [], []
    for level in floor + shares * (roof - floor):
        over = heights > level
        rows, columns = np.nonzero(over[:, 1:] != over[:, :-1])
        xs += [(u[columns] + u[columns + 1]) / 2]
        ys += [v[rows]]
        rows, columns = np.nonzero(over[1:] != over[:-1])
        xs += [u[columns]]
        ys += [(v[rows] + v[rows + 1]) / 2]
    return [Series(np.concatenate(xs), np.concatenate(ys), "dim", DOTS)]


def _sparse(path: NDArray[np.floating[Any]]) -> Floats:
    """The way in at most MOST places: the first half of them one by one, where most happens, then evenly, and the last."""
    way = path.astype(np.float64)
    if len(way) <= MOST:
        return way
    rest = way[MOST // 2 :]
    return np.concatenate([way[: MOST // 2], rest[:: -(-len(rest) // (MOST // 2 - 1))], way[-1:]])


def _heights(surface: Surface, way: Floats) -> Floats:
    with np.errstate(all="ignore"):  # a ball that is far beyond the frame has no height
        found: Floats = surface.height(way[:, None]).astype(np.float64)
    return found
