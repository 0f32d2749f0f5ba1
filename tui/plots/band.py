"""Drawing a band: the median of many seeds as a line, and dots where eight of ten of them lie, behind the run of now."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tui.canvas import Span
from tui.comparing.kept import flat
from tui.comparing.results import label_of
from tui.comparing.seeds import HIGH, LOW, Band, Curve
from tui.figures import count
from tui.hidden import Hidden
from tui.plots.ghosts import Figure, figure_of, said, with_legend
from tui.plots.pictures import Picture
from tui.plots.plot import DOTS, Axes, Series
from tui.plots.ticks import Floats
from tui.session import Session

ACROSS, UP = 120, 40  # columns and levels of dots, every second one of which is set
ROLE, MEDIAN = "band", "ghost"
SHADE = "▒"  # what stands for it in the legend


def banded(session: Session, pictures: tuple[Picture, Picture]) -> tuple[Picture, Picture]:
    """Both pictures with the band of the selected run behind, or the newest one there is."""
    band = band_for(session)
    if band is None:
        return pictures
    first, second = (with_band(each, band, session) for each in pictures)
    return first, second


def band_for(session: Session) -> Band | None:
    """The band of the selected run as it was begun, else the newest of another one."""
    run = session.trainer.run
    own = [one for one in session.bands if one.is_of(run)]
    fitting = [one for one in session.bands if (one.run.surface is None) == (run.surface is None)]
    return own[-1] if own else fitting[-1] if fitting else None


def with_band(picture: Picture, band: Band, session: Session) -> Picture:
    """A picture of curves with the band; any other as it is."""
    figure, sight = figure_of(picture), picture.sight
    if figure is None or sight is None:
        return picture
    curve = curve_for(band, figure, session.hidden.validation)
    if curve is None:
        return picture
    x = sight.scale.x_of(band.history, curve.iterations)
    dots = stipple(x, curve.low, curve.high, picture.axes, scope(picture, curve, x))
    series = (Series(*dots, ROLE, DOTS), Series(x, curve.median, MEDIAN))
    spans = legend(band, figure, curve, x, picture, session)
    return replace(picture, series=(*series, *picture.series), titles=with_legend(picture.titles, *spans))


def curve_for(band: Band, figure: Figure, blind: bool) -> Curve | None:
    """The curve of the validation set, or of the training set where there is none or it is hidden."""
    seen = None if blind else band.curves.get(("validation", figure))
    return seen or band.curves.get(("train", figure))


def legend(band: Band, figure: Figure, curve: Curve, x: Floats, picture: Picture, session: Session) -> list[list[Span]]:
    """'▒ 10 seeds 0.053 (0.047-0.061)': the median and both edges at the end of what is in sight, or at the cursor; in
    ever fewer words."""
    sight = picture.sight
    place = sight.at if sight is not None and sight.at is not None else picture.axes.x_high
    at = max(0, int(np.searchsorted(x, place, side="right")) - 1)
    word = said(figure)
    median, edges = word(float(curve.median[at])), f"{word(float(curve.low[at]))}-{word(float(curve.high[at]))}"
    lost = f", {band.diverged} diverged" if band.diverged else ""
    other = "" if band.is_of(session.trainer.run) else f" of {differing(band, session)}"
    seeds = count(band.seeds, "seed")
    wordings = (
        f"{seeds}{other} {median} ({LOW:.0f}-{HIGH:.0f} %: {edges}{lost})", f"{seeds}{other} {median} ({edges})",
        f"{seeds} {median} ({edges})", f"{median} ({edges})", edges,
    )  # fmt: skip
    return [[(f"  {SHADE} {each}", MEDIAN)] for each in wordings]


def differing(band: Band, session: Session) -> str:
    """What another run's band was trained with, as far as that differs from the selected run."""
    ours, theirs = flat(session.trainer.run), flat(band.run)
    keys = [key for key in theirs if key != "seed" and theirs[key] != ours.get(key)]
    told = [f"{label_of(key)} {_covered(key, theirs[key], session.hidden)}" for key in keys[:2]]
    return ", ".join(told) or "another run"


def _covered(key: str, value: object, hidden: Hidden) -> str:
    return hidden.of(label_of(key), f"{value:g}" if isinstance(value, float) else str(value))


# dots -----------------------------------------------------------------------------------------------------------------


def scope(picture: Picture, curve: Curve, x: Floats) -> tuple[float, float]:
    """About the limits of y, as the axis has it: the dots are spread over them."""
    axes = picture.axes
    values = [one.y[(one.x >= axes.x_low) & (one.x <= axes.x_high)] for one in picture.series if one.marker != DOTS]
    values += [edge[(x >= axes.x_low) & (x <= axes.x_high)] for edge in (curve.low, curve.high)]
    found = np.clip(np.concatenate(values), axes.y_least, axes.y_cap)
    found = found[np.isfinite(found) & ((found > 0) | (not axes.log_y))]
    if not len(found):
        return 0.0, 1.0
    found = np.log10(found) if axes.log_y else found
    edges = [edge for edge in (axes.y_floor, axes.y_ceiling) if math.isfinite(edge)]
    return min(float(found.min()), *edges, math.inf), max(float(found.max()), *edges, -math.inf)


def stipple(x: Floats, low: Floats, high: Floats, axes: Axes, limits: tuple[float, float]) -> tuple[Floats, Floats]:
    """Dots between two curves, like a chessboard, and on both of them: x and y, (dots,) float64 each."""
    bottom, top = limits
    step = (top - bottom) / UP or 1.0
    columns = np.arange(ACROSS + 1)
    across = axes.x_low + columns * ((axes.x_high - axes.x_low) / ACROSS)
    if not len(x):
        return np.empty(0), np.empty(0)
    inside = (across >= x[0]) & (across <= x[-1])
    columns, across = columns[inside], across[inside]
    edges = [np.interp(across, x, edge) for edge in (low, high)]
    if axes.log_y:
        edges = [np.log10(np.where(edge > 0.0, edge, np.nan)) for edge in edges]
    levels = np.arange(UP + 1)
    heights = bottom + levels[:, None] * step
    within = (heights >= edges[0]) & (heights <= edges[1]) & ((levels[:, None] + columns) % 2 == 0)
    row, column = np.nonzero(within)
    xs = np.concatenate([across, across, across[column]])
    ys = np.concatenate([*edges, heights[row, 0]])
    there = np.isfinite(ys)
    return xs[there], 10.0 ** ys[there] if axes.log_y else ys[there]
