"""The loss around the weights, as a map seen from above: a slice in two directions, and the way that training took over it.

A map is measured bit by bit, with every look a little more, on grids that become finer; as long as the way stays on it
the map stays as it is, so that a training in progress is followed and not measured anew with every frame.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from engine import Trainer
from engine.loss_slice import (
    MOST_PARAMETERS,
    Floats,
    Height,
    Limits,
    Plane,
    Survey,
    limits_around,
    principal_plane,
    random_plane,
    resample,
)
from tui.canvas import Row, Span, row, width_of
from tui.figures import percent, short
from tui.inside.scene import Scene
from tui.inside.shading import GLYPHS, LEVELS, cells, joined

BUDGET = 0.02  # seconds that a look may measure
STALE = 1.25  # a map is made anew when the run has come so much further than it had when the map was made
ENOUGH = 2  # grids that a new map needs before it takes the place of one that is still good
MARGIN, ROOM = 0.25, 0.6  # of the way, on every side of it: where it stands, and while it goes on
FLOOR = 1e-6  # of the highest loss: what is lower is drawn like that
WAYS = 4  # kinds of plane and zooms of which a trainer's maps are kept
START, NOW = "o", "@"
BRAILLE = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # the bit of each dot of a braille character, from above
BEYOND = 1e4  # cells: a place that is further away is taken to be there
MOST_STEPS = 20_000  # of a line, dots that are not on the map included


@dataclass(frozen=True, slots=True, eq=False)
class SliceLook:
    """`values` (rows, columns) are losses over `limits`, the largest b first; `way` (n, 2) places a, b in rising order of
    iterations, NaN where there were no numbers; `lost` says that the weights of now are none. `more`: it is not all
    measured yet, so it is worth another look."""

    values: Floats
    limits: Limits
    way: Floats
    shares: tuple[float, float] | None
    titles: tuple[Row, ...]
    hint: str
    more: bool
    waiting: str = ""

    def rows(self, width: int, height: int) -> list[Row]:
        if width < 4 or height < 2 or not self.values.size:
            return [row((self.waiting[:width], "dim"))][: max(0, height)]
        thresholds = levels_between(self.values)
        map_height = height - 1
        with np.errstate(all="ignore"):
            known = np.nan_to_num(self.values, nan=np.inf, posinf=np.inf)
            logs = np.log(np.clip(known, thresholds[0] * 1e-3, 1e300))
        fine = resample(logs, width, 2 * map_height)
        board = cells(np.searchsorted(np.log(thresholds), fine, side="right").astype(np.intp), "heat")
        self._draw_way(board, width, map_height)
        return [*map(joined, board), legend(thresholds, width)]

    def _draw_way(self, board: list[list[Span]], width: int, height: int) -> None:
        """The way as a line from the start to now, over the map."""
        (left, right), (low, high) = self.limits
        known = self.way[np.isfinite(self.way).all(axis=1)]
        if not len(known):
            return
        x = (known[:, 0] - left) / (right - left) * width
        y = (high - known[:, 1]) / (high - low) * height
        # its ends can lie exactly between two cells, where the last digit, another on another processor, would choose
        places = np.clip(np.stack([x, y], axis=1), -BEYOND, BEYOND).round(3).tolist()
        for (column, line), dots in line_of_dots(places, width, height).items():
            _mark(board, column, line, chr(BRAILLE + dots))
        for (across, down), mark in ((places[0], START), (places[-1], NOW)):
            _mark(board, math.floor(across), math.floor(down), mark)


def line_of_dots(places: list[list[float]], width: int, height: int) -> dict[tuple[int, int], int]:
    """The braille dots of a line through places in cells: (column, line) to the bits of that cell, on the map alone."""
    found: dict[tuple[int, int], int] = {}
    for (x0, y0), (x1, y1) in pairwise(places):
        steps = min(MOST_STEPS, max(1, math.ceil(max(2 * abs(x1 - x0), 4 * abs(y1 - y0)))))
        for step in range(steps + 1):
            x, y = x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps
            if 0 <= x < width and 0 <= y < height:
                cell = int(x), int(y)
                found[cell] = found.get(cell, 0) | DOTS[int(4 * (y % 1))][int(2 * (x % 1))]
    return found


def levels_between(values: Floats) -> Floats:
    """LEVELS - 1 rising losses, evenly apart in their logarithms, between the lowest and the highest value."""
    known = values[np.isfinite(values)]
    high = float(known.max()) if len(known) else 1.0
    high = high if high > 0.0 else 1.0
    low = max(float(known.min()) if len(known) else 0.0, FLOOR * high)
    high = max(high, low * (1.0 + 1e-6))
    found: Floats = np.exp(np.log(low) + np.arange(1, LEVELS) / LEVELS * (math.log(high) - math.log(low)))
    return found


def legend(thresholds: Floats, width: int) -> Row:
    """' 0.008 · 0.020 ░ 0.053 ▒ 0.12', each shade with the loss that it begins at, as many as there is room for."""
    begins = [float(thresholds[0] ** 2 / thresholds[1]), *thresholds.tolist()]
    swatch, gap = (2, "  ") if width >= 70 else (1, " ")
    spans: list[Span] = []
    for index, loss in enumerate(begins):
        role = f"heat-{index + 1}"
        spans += [(GLYPHS[index] * swatch, f"{role}/{role}"), (f" {short(loss)}{gap}", "text")]
    while spans and width_of(tuple(spans)) > width:
        del spans[-2:]
    return tuple(spans)


def _mark(board: list[list[Span]], x: int, y: int, mark: str) -> None:
    """A mark in the place of a cell, on the colour of its upper half."""
    if 0 <= y < len(board) and 0 <= x < len(board[y]):
        under = board[y][x][1].rpartition("/")[2]
        board[y][x] = (mark, f"strong/{under}")


@dataclass(slots=True)
class _Map:
    """A survey, and where the run was when it was begun."""

    survey: Survey
    iteration: int


@dataclass(slots=True)
class _Kept:
    """What is kept of a trainer between two looks, for one kind of plane and one zoom."""

    shown: _Map | None = None
    coming: _Map | None = None


@dataclass(slots=True)
class SliceView:
    """The slice of each trainer that was looked at, as long as the trainer lives."""

    clock: Callable[[], float] = time.perf_counter
    _heights: WeakKeyDictionary[Trainer, Height] = field(default_factory=WeakKeyDictionary)
    _kept: WeakKeyDictionary[Trainer, dict[tuple[bool, int], _Kept]] = field(default_factory=WeakKeyDictionary)

    def why_not(self, trainer: Trainer) -> str:
        if trainer.run.surface is not None:
            return "this preset is a landscape itself: <show.views> <view.own> shows it"
        if trainer.parameters.size > MOST_PARAMETERS:
            return f"{trainer.parameters.size:,} weights are too many: {MOST_PARAMETERS:,} are allowed"
        return ""

    def look(self, scene: Scene) -> SliceLook:
        trainer, film = scene.trainer, scene.film
        now = film.now()
        frames = [*(frame.weights for frame in film.frames if frame.iteration < now.iteration), now.weights]
        numbers = [weights for weights in frames if np.isfinite(weights).all()]
        lost = not np.isfinite(now.weights).all()
        zoom, randomly = max(-6, min(6, -scene.spot.y)), bool(scene.spot.mode % 2)
        if not numbers:
            return self._nothing(randomly)
        kept = self._of(trainer, (randomly, zoom))
        height = self._heights.get(trainer) or self._heights.setdefault(trainer, Height(trainer))
        if self._outdated(kept, trainer.iteration, numbers, scene.running):
            plane, newest = self._plane(trainer, numbers, randomly), kept.coming or kept.shown
            # as long as the way is too short for a plane of its own, a random one as good as this is there already
            again = newest is not None and newest.survey.plane.kind == plane.kind == "random" and not randomly
            if not (again and scene.running):
                kept.coming = _Map(
                    Survey(plane, height, self._limits(plane, numbers, zoom, scene.running)), trainer.iteration
                )
        self._measure(kept, numbers[-1])
        current = kept.shown or kept.coming
        assert current is not None
        plane = current.survey.plane
        return SliceLook(
            values=current.survey.values(),
            limits=current.survey.limits,
            way=plane.project(np.array(numbers)),
            shares=plane.shares,
            titles=_titles(plane, lost, zoom, height, trainer.iteration, randomly),
            hint=f"<inside.up> <inside.down>: zoom{_switch(plane, randomly)}",
            more=kept.coming is not None or not current.survey.complete,
            waiting=f"Measuring the loss around the weights: {current.survey.measured} places so far",
        )

    def _of(self, trainer: Trainer, way: tuple[bool, int]) -> _Kept:
        """What is kept of a trainer for a way to look at it; the last few ways are."""
        ways = self._kept.setdefault(trainer, {})
        kept = ways[way] = ways.pop(way) if way in ways else _Kept()
        while len(ways) > WAYS:
            del ways[next(iter(ways))]
        return kept

    def _outdated(self, kept: _Kept, iteration: int, numbers: list[NDArray[np.float32]], running: bool) -> bool:
        newest = kept.coming or kept.shown
        if newest is None:
            return True
        if iteration == newest.iteration:
            return False
        if iteration < newest.iteration or not running:  # it stands: the map goes through where it stands
            return True
        if kept.coming is not None:
            return False
        return iteration > STALE * newest.iteration or not _holds(newest.survey, numbers[-1])

    def _plane(self, trainer: Trainer, numbers: list[NDArray[np.float32]], randomly: bool) -> Plane:
        plane = None if randomly else principal_plane(numbers, numbers[-1])
        return plane or random_plane(numbers[-1], trainer.run.sizes)

    def _limits(self, plane: Plane, numbers: list[NDArray[np.float32]], zoom: int, running: bool) -> Limits:
        """Around the way, with room to go on while it trains, or a step of 1 each way where the directions are random;
        zoomed towards the newest place."""
        limits = ((-1.0, 1.0), (-1.0, 1.0))
        places = plane.project(np.array(numbers))
        if plane.kind == "path":
            limits = limits_around(places, ROOM if running else MARGIN)
        factor, found = 2.0 ** (-zoom / 2), []
        for (low, high), centre in zip(limits, places[-1].tolist(), strict=True):
            found.append((centre + (low - centre) * factor, centre + (high - centre) * factor))
        return found[0], found[1]

    def _measure(self, kept: _Kept, newest: NDArray[np.floating[Any]]) -> None:
        until = self.clock() + BUDGET
        target = kept.coming or kept.shown
        assert target is not None
        target.survey.measure(lambda: self.clock() >= until)
        if kept.coming is not None:
            shown = kept.shown.survey if kept.shown is not None else None
            good = shown is not None and shown.plane.kind == kept.coming.survey.plane.kind and _holds(shown, newest)
            if shown is None or kept.coming.survey.grids >= (ENOUGH if good else 1):
                kept.shown, kept.coming = kept.coming, None

    def _nothing(self, randomly: bool) -> SliceLook:
        words = "The weights are no numbers (NaN), so there is no loss around them"
        title = ((("Loss surface", "text"), ("  the weights are no numbers", "bad")),)
        return SliceLook(np.zeros((0, 0)), ((-1.0, 1.0), (-1.0, 1.0)), np.zeros((0, 2)), None, title, "", False, words)


def _holds(survey: Survey, weights: NDArray[np.floating[Any]]) -> bool:
    """Whether these weights (parameters,) lie on the map."""
    (left, right), (low, high) = survey.limits
    a, b = survey.plane.project(weights[None])[0]
    return bool(left <= a <= right and low <= b <= high)


def _switch(plane: Plane, randomly: bool) -> str:
    if randomly:
        return "   <inside.enter>: along the way"
    return "   <inside.enter>: random directions" if plane.kind == "path" else ""


def _titles(plane: Plane, lost: bool, zoom: int, height: Height, iteration: int, randomly: bool) -> tuple[Row, ...]:
    start: Row = (("Loss surface", "text"),)
    marks: Row = ((f"  {START} start", "text"), (f"  {NOW} {'before NaN' if lost else 'now'}", "validation"))
    if plane.shares is not None:
        first, second = (percent(share, 0).replace("%", " %") for share in plane.shares)
        what, brief = f"  {first} + {second} of the way", f"  {first} + {second}"
    elif iteration and not randomly:
        what, brief = "  random directions: the way is too straight", "  random directions"
    elif iteration == 0:
        what, brief = "  random directions: there is no way yet", "  random directions"
    else:
        what, brief = "  random directions, in which the way hardly shows", "  random directions"
    part = f"{height.rows:,} of {height.samples:,}" if height.rows < height.samples else "all"
    larger = f"  zoom {2 ** (zoom / 2):.2g}x" if zoom else ""
    extra: Row = ((larger, "text"),) if larger else ()
    wordings: list[Row] = [
        (*start, (what, "train"), *marks, *extra, (f"  {part} training rows", "dim")),
        (*start, (what, "train"), *marks, *extra),
        (*start, (what, "train"), *marks[1:], *extra),
        (*start, (what, "train"), *extra),
        (*start, (brief, "train"), *marks[1:], *extra),
        (*start, (brief, "train"), *extra),
        (*start, *extra),
    ]
    return tuple(sorted(wordings, key=width_of, reverse=True))


SLICE = SliceView()
