"""Ghosts: the curves of runs that are kept, faint and behind those of now, each with its digit on its line.

A ghost's line is the running mean of its batches, its validation a few digits along the way. What is drawn of a run that is
over never changes, so it is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np

from engine import History
from engine.surfaces import Surface
from tui.canvas import Row, Span
from tui.comparing.kept import Kept
from tui.figures import percent, short
from tui.plots.pictures import Picture
from tui.plots.plot import PATH, Series
from tui.plots.raster import decimate
from tui.plots.readings import value_at
from tui.plots.scale import Scale
from tui.plots.smoothing import averaged, smoothed
from tui.plots.ticks import Floats
from tui.session import Session
from tui.walk import same_landscape

Figure = Literal["loss", "accuracy", "mean_absolute_error"]
FIGURES: dict[str, Figure] = {"Loss": "loss", "Accuracy": "accuracy", "Mean absolute error": "mean_absolute_error"}
COLUMNS: dict[Figure, str] = {"loss": "batch_loss", "accuracy": "batch_accuracy"}
COLUMNS_KEPT = 240  # of a ghost's line: four points each, as many columns of dots as a wide terminal has
POINTS = 6  # digits of a ghost's validation
ROLE = "ghost"
_lines: WeakKeyDictionary[History, dict[tuple[str, float, int], tuple[Floats, Floats]]] = WeakKeyDictionary()


def behind(session: Session, pictures: tuple[Picture, Picture]) -> tuple[Picture, Picture]:
    """Both pictures with the ghosts of the session behind what they show."""
    ghosts = session.ghosts
    if not ghosts:
        return pictures
    blind = session.hidden.validation
    first, second = (with_ghosts(each, ghosts, blind) for each in pictures)
    surface = session.trainer.run.surface
    if surface is None or second.titles[0][0][0] != "Surface":  # on a surface, other curves may be in its place
        return first, second
    return first, with_walks(second, ghosts, surface)


def with_ghosts(picture: Picture, ghosts: Sequence[Kept], blind: bool) -> Picture:
    """A picture of curves with ghosts; any other as it is."""
    figure = figure_of(picture)
    if figure is None or picture.sight is None:
        return picture
    scale, weight = picture.sight.scale, picture.sight.viewing.smoothing
    lines, digits, ends, spans = [], [], [], []
    for one in ghosts:
        at, y = line_of(one.history, figure, weight)
        if not len(at):
            continue
        x = scale.x_of(one.history, at)
        lines.append(Series(x, y, ROLE))
        seen = one.history.evaluations("validation", figure)[: 0 if blind else None]
        seen_x = scale.x_of(one.history, seen[:, 0])
        few = spread(seen_x, picture.axes.x_low, picture.axes.x_high, POINTS)
        digits.append(Series(seen_x[few], seen[few, 1], ROLE, one.mark))
        there = np.flatnonzero((x <= picture.axes.x_high) & np.isfinite(y))
        ends.append(Series(x[there[-1:]], y[there[-1:]], ROLE, one.mark))
        value = _value(picture, one.history, scale, (at, y), seen)
        spans.append((f"  {one.mark} {said(figure)(value)}", ROLE))
    # behind the curves of now, but for the digits at the ends of lines: they are what tells ghosts apart
    return replace(picture, series=(*lines, *digits, *picture.series, *ends), titles=with_legend(picture.titles, spans))


def figure_of(picture: Picture) -> Figure | None:
    """What a picture shows after every epoch; None where it shows something else."""
    return FIGURES.get(picture.titles[0][0][0]) if picture.titles and picture.series else None


def said(figure: Figure) -> Callable[[float | None], str]:
    """How a figure is written in a legend."""
    return percent if figure == "accuracy" else short


def _value(picture: Picture, history: History, scale: Scale, line: tuple[Floats, Floats], seen: Floats) -> float | None:
    """What the legend says of a ghost, at the cursor or at its end: of validation where that is known."""
    at, y = (seen[:, 0], seen[:, 1]) if len(seen) else line
    sight = picture.sight
    if sight is None or sight.at is None:
        return float(y[-1]) if len(y) else None
    iteration = scale.iteration_at(history, sight.at)
    return value_at(at, y, iteration)


def line_of(history: History, figure: Figure, weight: float) -> tuple[Floats, Floats]:
    """Iterations and values of the line of a run that is over: its batches, smoothed, or without these its training set."""
    key = (figure, weight, len(history))
    known = _lines.setdefault(history, {})
    if key not in known:
        train = history.evaluations("train", figure)
        found = (train[:, 0], train[:, 1])
        column = COLUMNS.get(figure, "")
        if column and len(history) and np.isfinite(history.column(column)).any():
            window = max(4, int(history.column("batches")[-1]) // 4)
            found = averaged(history, column, weight) if weight else smoothed(history, column, window)
        if np.isnan(found[1]).all():
            found = (np.empty(0), np.empty(0))
        if len(known) > 8:
            known.clear()
        known[key] = decimate(*found, 0.0, float(max(1, len(history))), COLUMNS_KEPT)
    return known[key]


def spread(x: Floats, low: float, high: float, most: int) -> list[int]:
    """At most so many places among the x in sight, evenly over them, the last always."""
    inside = np.flatnonzero((x > low) & (x <= high))
    if len(inside) <= most:
        return [int(each) for each in inside]
    return [int(inside[round(place)]) for place in np.linspace(len(inside) / most - 1, len(inside) - 1, most)]


def with_legend(titles: tuple[Row, ...], *wordings: Sequence[Span]) -> tuple[Row, ...]:
    """Each title with the first wording after it, then each with the next, and at last the titles alone."""
    if not all(wordings):
        return titles
    return (*((*title, *spans) for spans in wordings for title in titles), *titles)


# On a surface ---------------------------------------------------------------------------------------------------------


def with_walks(picture: Picture, ghosts: Sequence[Kept], surface: Surface) -> Picture:
    """The picture of a surface with the ways of ghosts on the same one, each with its digit at its end."""
    ways, ends, spans = [], [], []
    low, high = picture.axes.x_low, picture.axes.x_high
    for one in ghosts:
        if one.walk is None or not same_landscape(one.walk.surface, surface):
            continue
        path = one.walk.path.astype(np.float64)
        path = path[np.isfinite(path).all(axis=1)]
        thin = path[:: max(1, len(path) // 300)]
        if path.shape[1] == 2:
            u = np.clip(thin[:, 0], 3 * low - 2 * high, 3 * high - 2 * low)  # a line far out would be walked dot by dot
            ways.append(Series(u, thin[:, 1], ROLE, PATH))
            ends.append(Series(path[-1:, 0], path[-1:, 1], ROLE, one.mark))
        else:
            way = np.sort(thin[(thin[:, 0] >= low) & (thin[:, 0] <= high), 0])
            ways.append(Series(way, one.walk.surface.height(way[:, None]).astype(np.float64), ROLE, "."))
            last = path[-1:, 0]
            ends.append(Series(last, one.walk.surface.height(last[:, None]).astype(np.float64), ROLE, one.mark))
        spans.append((f"  {one.mark} {one.walk.at(-1)}", ROLE))
    return replace(
        picture, series=(*picture.series[:1], *ways, *picture.series[1:], *ends), titles=with_legend(picture.titles, spans)
    )
