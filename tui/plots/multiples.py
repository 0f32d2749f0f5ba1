"""Small multiples: each run on a plot of its own, all with the same axes, so that shapes are compared and not colours.

Where there is height the figure of the second plot stands below the loss of each run; with many runs it is the loss alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine import History
from tui.canvas import Row, fit, heading, width_of
from tui.names import labels, letters
from tui.plots.ghosts import Figure, line_of, said
from tui.plots.pictures import Picture, accuracy_picture, error_picture, loss_picture
from tui.plots.plot import Axes, Series, plot
from tui.plots.scale import Scale
from tui.plots.sight import Sight, sight_of
from tui.session import Session
from tui.viewing import Viewing

LEAST_WIDTH, LEAST_HEIGHT = 26, 8  # cells of a small plot with its title
SHAPE, EMPTY = 3.2, 0.8  # columns to a line of a good plot, and how bad an empty place is
GAP = 1  # cells between two of them


@dataclass(frozen=True, slots=True)
class Small:
    """A run: its mark, name and role, and its plots from above."""

    mark: str
    name: str
    role: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Multiples:
    """All of them, with what their plots show."""

    runs: tuple[Small, ...]
    figures: tuple[str, ...]


def multiples(session: Session, viewing: Viewing) -> Multiples:
    """The runs of now and the ghosts, each on plots of its own with axes that all share."""
    trainers, ghosts, blind = session.trainers, session.ghosts, session.hidden.validation
    sight = sight_of(trainers, session.selected, viewing, session.hidden, [one.history for one in ghosts])
    sight = replace(sight, events=(), cursor=None, at=None)  # of the selected run alone
    log = session.preset.sheet.show.loss_axis == "log" if viewing.log_y is None else viewing.log_y
    figures: tuple[Figure, ...] = ("loss",)
    if session.trainer.run.surface is None:
        figures = ("loss", "accuracy" if session.trainer.run.facts.classes else "mean_absolute_error")
    several = len(trainers) > 1
    full = [one.run.name for one in trainers]
    marks, names = (letters(full), labels(full)) if several else ([""], ["now"])
    columns: list[list[Picture]] = []
    for trainer in trainers:
        loss = loss_picture([trainer], 0, log, blind, sight)
        second = [accuracy_picture if figures[-1] == "accuracy" else error_picture] if len(figures) > 1 else []
        columns.append([loss, *(make([trainer], 0, blind, sight) for make in second)])
    for ghost in ghosts:
        columns.append([of_history(ghost.history, figure, sight, blind, columns[0][0].axes) for figure in figures])
    for at in range(len(figures)):
        shared = shared_axes([each[at] for each in columns])
        for each in columns:
            each[at] = replace(each[at], axes=shared)
    roles = [f"run-{index % 6 + 1}" if several else "train" for index in range(len(trainers))] + ["ghost"] * len(ghosts)
    marks, names = [*marks, *(one.mark for one in ghosts)], [*names, *(one.name for one in ghosts)]
    found = zip(marks, names, roles, columns, strict=True)
    words = {"loss": "loss", "accuracy": "accuracy", "mean_absolute_error": "error"}
    runs = tuple(Small(mark, name, role, tuple(each)) for mark, name, role, each in found)
    return Multiples(runs, tuple(words[each] for each in figures))


def of_history(history: History, figure: Figure, sight: Sight, blind: bool, axes: Axes) -> Picture:
    """The small plot of a run that is over, as those of runs of now are."""
    scale: Scale = sight.scale
    at, y = line_of(history, figure, sight.viewing.smoothing)
    seen = history.evaluations("validation", figure)[: 0 if blind else None]
    value = float(seen[-1, 1]) if len(seen) else float(y[-1]) if len(y) else None
    series = (
        Series(scale.x_of(history, at), y, "train"),
        Series(scale.x_of(history, seen[:, 0]), seen[:, 1], "validation", "o"),
    )
    if figure != "loss":
        axes = replace(axes, log_y=False, y_floor=np.nan, y_ceiling=1.0 if figure == "accuracy" else np.nan, y_cap=np.inf)
    return Picture((((said(figure)(value), "text"),),), series, axes, sight=sight)


def shared_axes(pictures: Sequence[Picture]) -> Axes:
    """The axes of the first, with y so wide that the curves of all of them are in it."""
    axes = replace(pictures[0].axes, y_cap=max(one.axes.y_cap for one in pictures))
    lows, highs = [axes.y_floor], [axes.y_ceiling]
    for picture in pictures:
        for one in picture.series:
            y = np.clip(one.y, axes.y_least, axes.y_cap)[(one.x >= axes.x_low) & (one.x <= axes.x_high)]
            y = y[np.isfinite(y) & ((y > 0) | (not axes.log_y))]
            y = np.log10(y) if axes.log_y else y
            if len(y):
                lows.append(float(y.min()))
                highs.append(float(y.max()))
    return replace(axes, y_floor=float(np.nanmin([np.inf, *lows])), y_ceiling=float(np.nanmax([-np.inf, *highs])))


# in cells -------------------------------------------------------------------------------------------------------------


def grid(runs: int, figures: int, width: int, height: int) -> tuple[int, int] | None:
    """How many small plots beside each other, and how many figures of each run below each other; None: no room."""
    for shown in range(figures, 0, -1):
        best = None
        for columns in range(1, runs + 1):
            rows = -(-runs // columns)
            wide, high = (width - GAP * (columns - 1)) // columns, height // (rows * shown)
            if wide >= LEAST_WIDTH and high >= LEAST_HEIGHT:
                # a plot is wider than it is high, a cell higher than wide; a place that stays empty is ugly
                shape = abs(math.log2(wide / (SHAPE * high))) + EMPTY * (columns * rows - runs)
                best = min(best or (shape, columns), (shape, columns))
        if best is not None:
            return best[1], shown
    return None


def draw_multiples(found: Multiples, width: int, height: int) -> list[Row]:
    """All small plots in so many cells; nothing where they have no room."""
    laid = grid(len(found.runs), len(found.figures), width, height)
    if laid is None:
        return []
    columns, shown = laid
    lines = -(-len(found.runs) // columns)
    wide = (width - GAP * (columns - 1)) // columns
    rows: list[Row] = []
    for line in range(lines):
        runs = found.runs[line * columns : (line + 1) * columns]
        for figure in range(shown):
            at = line * shown + figure
            high = height * (at + 1) // (lines * shown) - height * at // (lines * shown)
            cells = [_cell(one, figure, found.figures[figure], wide, high, height // (lines * shown)) for one in runs]
            rows += [_beside([cell[row] for cell in cells], wide) for row in range(high)]
    return rows


def _cell(one: Small, figure: int, word: str, width: int, height: int, least: int) -> list[Row]:
    """A small plot in so many cells; `least` is the height of the lowest of them, by whose rows all have their ticks."""
    picture = one.pictures[figure]
    title = _title(one, picture, word, width - 5)
    axes = replace(picture.axes, y_rows=least - 1)
    if picture.sight is not None:
        axes = replace(axes, x_ticks=picture.sight.scale.ticks(axes.x_low, axes.x_high, width - 7))
    rows = [heading(title, width, False), *plot(picture.series, axes, width, height - 1).rows]
    return [*rows, *([()] * (height - len(rows)))][:height]


def _title(one: Small, picture: Picture, word: str, width: int) -> Row:
    """The run, what its plot shows, and the newest figures, in the longest wording that has room."""
    mark = f"{one.mark} " if one.mark and not one.name.startswith(one.mark) else ""
    name, what = (f"{mark}{one.name}", one.role), (f"  {word}", "text")
    short = picture.titles[-1]
    values: Row = tuple((text.replace("  train", " "), role) for text, role in short[1:] if role != "dim")
    if len(short) == 1:  # of a run that is over: the figure alone
        values = ((f"  o {short[0][0]}", "validation"),)
    wordings = ((name, what, *values), (name, what, *values[-1:]), (name, *values[-1:]))
    return next((each for each in wordings if width_of(each) <= width), fit(wordings[-1], width))


def _beside(cells: Sequence[Row], wide: int) -> Row:
    spans: list[tuple[str, str]] = []
    for cell in cells:
        if spans:
            spans.append((" " * GAP, "text"))
        spans += cell
        spans.append((" " * max(0, wide - width_of(cell)), "text"))
    return tuple(spans)
