"""What the plots show: loss above, accuracy (or the fitted line, or the error) below, on the run's true iterations.

One run is a braille line of every batch and one `o` an epoch for validation, not joined, so that it never hides the line.
Runs of a comparison are lines of a running mean over a quarter of an epoch, and their validation points are letters:
nothing needs colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Literal

import numpy as np

from engine import EpochMetrics, History, Trainer
from tui.canvas import Row, Span
from tui.figures import percent, short
from tui.plots.legends import Drawn, Figure, Legend, drawn, exactly, titles
from tui.plots.plot import SPECKS, Axes, Marks, Series
from tui.plots.readings import Curve, read_at_cursor
from tui.plots.scale import Scale
from tui.plots.sight import Sight, sight_of
from tui.plots.smoothing import averaged, smoothed
from tui.plots.ticks import Floats

BEYOND = {False: 10.0, True: 1e4}  # times the initial value, of a linear and of a logarithmic axis: more would hide the rest
OUTER, MARGIN = 5.0, 0.15  # percent of the values at either end that may be outliers, and what is added to the others' range
FEW = (("smoothing ", "smooth "), ("outliers out", "clipped"), ("seconds", "s"))  # what is said of the axes, in few words
PARTS: tuple[Literal["train", "validation"], ...] = ("train", "validation")


@dataclass(frozen=True, slots=True)
class Picture:
    """What a plot shows: its title (from the longest wording to the shortest), its curves, its axes, and epochs (rising;
    those in between are evenly apart) with the x at which each ends. On an axis of x it has a sight, with what is marked."""

    titles: tuple[Row, ...]
    series: tuple[Series, ...]
    axes: Axes
    epochs: tuple[Floats, Floats] | None = None
    text: tuple[str, ...] = ()  # what stands there instead of curves
    sight: Sight | None = None
    marks: Marks | None = None


def loss_picture(
    trainers: Sequence[Trainer], selected: int, log: bool, blind: bool = False, sight: Sight | None = None
) -> Picture:
    """The loss of every run: batches (for one run) or their running mean, and validation after each epoch.

    Here as in the other pictures `blind` leaves out what is known of validation, since that is hidden.
    """
    # on a surface the loss of a "batch" is that of the place that the step leaves: the one it leads to is the newer figure
    column = None if trainers[selected].run.surface is not None else "batch_loss"
    return _picture("Loss", column, "loss", trainers, selected, log, blind, sight)


def accuracy_picture(trainers: Sequence[Trainer], selected: int, blind: bool = False, sight: Sight | None = None) -> Picture:
    """The share of right answers, as `loss_picture`."""
    return _picture("Accuracy", "batch_accuracy", "accuracy", trainers, selected, False, blind, sight)


def error_picture(trainers: Sequence[Trainer], selected: int, blind: bool = False, sight: Sight | None = None) -> Picture:
    """Regression: the mean absolute error after every epoch, over the training set and the validation set."""
    return _picture("Mean absolute error", None, "mean_absolute_error", trainers, selected, False, blind, sight)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a figure is drawn: its name in the title, its numbers in short and exactly, what its axis always holds, and from
    how many times its first value on it is cut off. `brief` is the name where the whole has no room."""

    name: str
    short: Figure
    exact: Figure
    floor: float = math.nan
    ceiling: float = math.nan
    beyond: float = math.inf
    log: bool = False
    validated: bool = True  # there is a figure of the validation set beside it
    brief: str = ""


def _picture(
    name: str,
    column: str | None,
    attribute: str,
    trainers: Sequence[Trainer],
    selected: int,
    log: bool,
    blind: bool,
    sight: Sight | None,
) -> Picture:
    """A figure of every run that has it: of each batch (`column`) or, without one, of the training set after each epoch,
    and of the validation set after each epoch."""
    sight = sight or sight_of(trainers, selected)
    runs = _with(trainers, attribute)
    curves = [_curve(one, column, attribute, blind, sight.viewing.smoothing) for one in runs]
    # a loss scale begins at 0 (unless it is logarithmic), an accuracy scale ends at 1
    if attribute == "accuracy":
        kind = Kind(name, percent, lambda value: percent(value, 2), ceiling=1.0)
    else:
        kind = Kind(name, short, exactly, math.nan if log else 0.0, beyond=BEYOND[log], log=log)
    first = [float(one.history.evaluations("train", attribute)[0, 1]) for one in runs]
    bests = [one.history.best if attribute == "loss" and not blind else None for one in runs]
    covered = blind and any(one.history.initial_validation is not None for one in trainers)
    return compose(kind, curves, trainers, selected, sight, first, bests, covered)


def compose(
    kind: Kind,
    curves: Sequence[Curve],
    trainers: Sequence[Trainer],
    selected: int,
    sight: Sight,
    first: Sequence[float] = (),
    bests: Sequence[EpochMetrics | None] = (),
    covered: bool = False,
) -> Picture:
    """The picture of a figure of several runs: `first` are its first values, `bests` the epochs to be marked on it, if any;
    `covered` tells that validation is hidden."""
    scale = sight.scale
    lines, points, legends = [], [], []
    for one, best in zip(curves, bests or [None] * len(curves), strict=True):
        run, history = one.run, one.run.history
        at, y = one.line
        x = scale.x_of(history, at)
        if one.smooth is not None and len(trainers) == 1:
            lines.append(Series(scale.x_of(history, one.at), one.raw, "faint", SPECKS))
        lines.append(Series(x, y, run.role))
        if len(trainers) > 1:  # the run's letter rides on its line too, or nothing tells lines apart without colour
            points.append(Series(x[-1:], y[-1:], run.role, run.letter))
        if kind.validated:
            points.append(Series(scale.x_of(history, one.seen[:, 0]), one.seen[:, 1], run.point_role, run.marker))
        newest, seen = float(y[-1]) if len(history) and len(y) else None, float(one.seen[-1, 1]) if len(one.seen) else None
        legends.append(Legend(run, newest, seen, best_to_mark(best, history)))
    points += _best(legends, scale)
    axes, notes = _axes(kind, first, curves, sight)
    # points above lines: what comes later is drawn over what comes first
    if sight.cursor is not None:
        walk = trainers[selected].run.surface is not None
        wordings = read_at_cursor(kind.brief or kind.name, curves, selected, sight, (kind.exact, kind.short), walk)
        if kind.brief:  # what is read has a name as long as there is room for one
            whole = read_at_cursor(kind.name, curves, selected, sight, (kind.exact, None), walk)
            wordings = (*(each for each in whole if each[0][0] == kind.name), *wordings)
        vital = tuple(span for span in notes if span[1] != "dim")  # values before what only explains
        wordings = tuple((*each, *vital, *more) for each in wordings for more in (notes[len(vital) :], ()))
    else:
        wordings = titles(kind.name, legends, trainers, kind.short, covered, kind.validated)
        if kind.brief and len(wordings) > 1:
            wordings = (*wordings[:-1], *titles(kind.brief, legends, trainers, kind.short, covered, kind.validated))
        wordings = _noted(wordings, notes)
    lit = sight.viewing.lit
    role = next((one.run.role for one in curves if lit is not None and one.run.index == lit.run), "")
    return Picture(
        wordings,
        (*lines, *points),
        axes,
        scale.epochs,
        sight=sight,
        marks=sight.marks(role),
    )


def _noted(wordings: tuple[Row, ...], notes: Row) -> tuple[Row, ...]:
    """The wordings with what must be said of the axes: in few words, before the last wording gives its values up."""
    few: list[Span] = []
    for text, role in notes:
        for long, short_one in FEW:
            text = text.replace(long, short_one)
        few.append((text, role))
    *rich, least = wordings
    return (*((*each, *notes) for each in rich), *((*each, *few) for each in rich[-1:]), (*least, *notes), (*least, *few))


def _with(trainers: Sequence[Trainer], attribute: str) -> list[Drawn]:
    """The runs for which a figure exists, by what they learn."""

    def has(trainer: Trainer) -> bool:
        if attribute != "loss" and trainer.run.surface is not None:
            return False
        return attribute == "loss" or bool(trainer.run.facts.classes) == (attribute == "accuracy")

    return [one for one in drawn(trainers) if has(one.trainer)]


def _curve(run: Drawn, column: str | None, attribute: str, blind: bool, weight: float) -> Curve:
    history = run.history
    train, seen = (history.evaluations(part, attribute) for part in PARTS)
    seen = seen[:0] if blind else seen
    if column is None:
        return Curve(run, train[:, 0], train[:, 1], seen)
    at, raw = history.series(column)
    smooth_at, smooth = made_smooth(run, column, weight)
    if not len(seen):  # training blind, there is no point before the first batch: begin with the whole set
        at, raw = np.concatenate([[0.0], at]), np.concatenate([train[:1, 1], raw])
        if smooth is not None and smooth_at is not None:
            smooth_at, smooth = np.concatenate([[0.0], smooth_at]), np.concatenate([train[:1, 1], smooth])
    return Curve(run, at, raw, seen, smooth_at, smooth, attrgetter(column))


def made_smooth(run: Drawn, column: str, weight: float) -> tuple[Floats | None, Floats | None]:
    """Iterations and values of the line that is drawn in place of a column's own: an average where one is asked for, and of
    runs that are compared the mean over a quarter of an epoch."""
    if weight:
        return averaged(run.history, column, weight)
    if run.runs > 1:
        return smoothed(run.history, column, max(4, run.trainer.run.iterations_per_epoch(run.trainer.batch_size) // 4))
    return None, None


def best_to_mark(best: EpochMetrics | None, history: History) -> tuple[int, float] | None:
    """The epoch with the smallest validation loss, and that; None where it is the newest, which has a mark already."""
    if best is None or best.validation is None or best.epoch == len(history.epochs):
        return None
    return best.epoch, best.validation.loss


def _best(legends: Sequence[Legend], scale: Scale) -> list[Series]:
    """The smallest validation loss of all, with a mark of its own."""
    known = [one for one in legends if one.best is not None and math.isfinite(one.best[1])]
    if not known:
        return []
    winner = min(known, key=lambda one: one.best[1] if one.best else math.inf)
    best = winner.run.history.best
    assert best is not None
    assert winner.best is not None
    x = scale.x_of(winner.run.history, np.array([float(best.iteration)]))
    return [Series(x, np.array([winner.best[1]]), winner.run.point_role, "*")]


def _axes(kind: Kind, first: Sequence[float], curves: Sequence[Curve], sight: Sight) -> tuple[Axes, Row]:
    """Both axes, and what the title must say about them."""
    scale, viewing, notes = sight.scale, sight.viewing, unit_note(sight)
    floor, ceiling, least = kind.floor, kind.ceiling, -math.inf
    cap = kind.beyond * max([value for value in first if math.isfinite(value)], default=0.0) or math.inf
    if viewing.window is not None:  # of a window only what is in it counts
        floor = ceiling = math.nan
    if viewing.clipped and (inner := _inner(curves, kind.log, sight)) is not None:
        least, cap, any_out = inner[0], min(cap, inner[1]), inner[2]
        floor, ceiling = (floor if floor >= least else math.nan), (ceiling if ceiling <= cap else math.nan)
        notes = (("  outliers out", "warn") if any_out else ("  no outliers", "dim"), *notes)
    if viewing.smoothing and any(one.smooth is not None for one in curves):
        notes = (*notes, (f"  smoothing {viewing.smoothing:g}", "dim"))
    axes = Axes(sight.low, sight.high, log_x=scale.log, log_y=kind.log, y_floor=floor, y_ceiling=ceiling)
    return replace(axes, y_cap=cap if cap == cap else math.inf, y_least=least), notes


def unit_note(sight: Sight) -> Row:
    """What x counts, where it is not as always, and that only a part of it is in sight."""
    viewing, said = sight.viewing, []
    if viewing.x != "epoch" or sight.scale.log:
        said.append(
            f"x: {'log ' if sight.scale.log else ''}{sight.scale.unit}{'s' if viewing.x in ('epoch', 'iteration') else ''}"
        )
    if viewing.window is not None:
        said.append("zoomed")
    return tuple((f"  {each}", "dim") for each in said)


def _inner(curves: Sequence[Curve], log: bool, sight: Sight) -> tuple[float, float, bool] | None:
    """The range of y without the outermost values in sight, with a margin, and whether that leaves any out; None where there
    is nothing to tell from."""
    found = []
    for one in curves:
        for at, y in (one.line, (one.seen[:, 0], one.seen[:, 1])):
            x = sight.scale.x_of(one.run.history, at)
            y = y[(x >= sight.low) & (x <= sight.high) & np.isfinite(y)]
            found.append(np.log10(y[y > 0]) if log else y)
    values = np.concatenate(found) if found else np.empty(0)
    if len(values) < 20:  # a twentieth of fewer is not even one
        return None
    low, high = np.percentile(values, [OUTER, 100.0 - OUTER])
    margin = MARGIN * (high - low)
    low, high = float(low - margin), float(high + margin)
    any_out = bool((values < low).any() or (values > high).any())
    return (10**low, 10**high, any_out) if log else (low, high, any_out)
