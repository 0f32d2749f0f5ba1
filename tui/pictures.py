"""What the plots show: loss above, accuracy (or the fitted line, or the error) below, on the run's true iterations.

One run is a braille line of every batch and one `o` an epoch for validation, not joined, so that it never hides the line.
Runs of a comparison are lines of a running mean over a quarter of an epoch, and their validation points are letters:
nothing needs colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine import Trainer
from tui.canvas import Row
from tui.figures import percent, short
from tui.legends import Drawn, Legend, Reading, drawn, exactly, read_out, titles
from tui.plot import SPECKS, Axes, Marks, Series
from tui.scale import Scale
from tui.sight import Sight, sight_of
from tui.smoothing import averaged, smoothed
from tui.ticks import Floats

BEYOND = {False: 10.0, True: 1e4}  # times the initial value, of a linear and of a logarithmic axis: more would hide the rest
OUTER, MARGIN = 5.0, 0.15  # percent of the values at either end that may be outliers, and what is added to the others' range
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


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """A figure of one run: iterations and values as they are, those of what is drawn in their place (or None), and (n, 2) of
    validation."""

    run: Drawn
    at: Floats
    raw: Floats
    smooth_at: Floats | None
    smooth: Floats | None
    seen: Floats

    @property
    def line(self) -> tuple[Floats, Floats]:
        """Iterations and values of the line."""
        if self.smooth is None or self.smooth_at is None:
            return self.at, self.raw
        return self.smooth_at, self.smooth


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
    scale = sight.scale
    curves = [_curve(one, column, attribute, blind, sight.viewing.smoothing) for one in _with(trainers, attribute)]
    lines, points, legends, first = [], [], [], [0.0]
    for one in curves:
        run, history = one.run, one.run.history
        first.append(float(history.evaluations("train", attribute)[0, 1]))
        at, y = one.line
        x = scale.x_of(history, at)
        if one.smooth is not None and len(trainers) == 1:
            lines.append(Series(scale.x_of(history, one.at), one.raw, "faint", SPECKS))
        lines.append(Series(x, y, run.role))
        if len(trainers) > 1:  # the run's letter rides on its line too, or nothing tells lines apart without colour
            points.append(Series(x[-1:], y[-1:], run.role, run.letter))
        points.append(Series(scale.x_of(history, one.seen[:, 0]), one.seen[:, 1], run.point_role, run.marker))
        best = history.best if attribute == "loss" and len(one.seen) else None
        legends.append(
            Legend(
                run,
                float(y[-1]) if len(history) else None,
                float(one.seen[-1, 1]) if len(one.seen) else None,
                (best.epoch, best.validation.loss) if best is not None and best.validation is not None else None,
            )
        )
    points += _best(legends, scale)
    figure = percent if attribute == "accuracy" else short
    axes, notes = _axes(attribute, first, curves, log, sight)
    # points above lines: what comes later is drawn over what comes first
    covered = blind and any(one.history.initial_validation is not None for one in trainers)
    wordings = titles(name, legends, trainers, figure, covered)
    if sight.cursor is not None:
        exact = (lambda value: percent(value, 2)) if attribute == "accuracy" else exactly
        walk = trainers[selected].run.surface is not None
        wordings = read_out(name, _readings(curves, column, selected, sight), exact, said_at(sight), where(sight), walk)
    role = next((one.run.role for one in curves if sight.viewing.lit and one.run.index == sight.viewing.lit.run), "")
    return Picture(
        tuple((*each, *notes) for each in wordings),
        (*lines, *points),
        axes,
        scale.epochs,
        sight=sight,
        marks=sight.marks(role),
    )


def _with(trainers: Sequence[Trainer], attribute: str) -> list[Drawn]:
    """The runs for which a figure exists, by what they learn."""

    def has(trainer: Trainer) -> bool:
        if attribute != "loss" and trainer.run.surface is not None:
            return False
        return attribute == "loss" or bool(trainer.run.facts.classes) == (attribute == "accuracy")

    return [one for one in drawn(trainers) if has(one.trainer)]


def _curve(run: Drawn, column: str | None, attribute: str, blind: bool, weight: float) -> _Curve:
    history = run.history
    train, seen = (history.evaluations(part, attribute) for part in PARTS)
    seen = seen[:0] if blind else seen
    at, raw, smooth_at, smooth = train[:, 0], train[:, 1], None, None
    if column is not None:
        at, raw = history.series(column)
        if weight:
            smooth_at, smooth = averaged(history, column, weight)
        elif run.runs > 1:
            window = max(4, run.trainer.run.iterations_per_epoch(run.trainer.batch_size) // 4)
            smooth_at, smooth = smoothed(history, column, window)
        if not len(seen):  # training blind, there is no point before the first batch: begin with the whole set
            at, raw = np.concatenate([[0.0], at]), np.concatenate([train[:1, 1], raw])
            if smooth is not None and smooth_at is not None:
                smooth_at, smooth = np.concatenate([[0.0], smooth_at]), np.concatenate([train[:1, 1], smooth])
    return _Curve(run, at, raw, smooth_at, smooth, seen)


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


def _axes(attribute: str, first: Sequence[float], curves: Sequence[_Curve], log: bool, sight: Sight) -> tuple[Axes, Row]:
    """Both axes, and what the title must say about them."""
    scale, viewing = sight.scale, sight.viewing
    # a loss scale begins at 0 (unless it is logarithmic), an accuracy scale ends at 1; of a window only what is in it counts
    floor, ceiling = (math.nan, 1.0) if attribute == "accuracy" else (math.nan if log else 0.0, math.nan)
    cap = math.inf if attribute == "accuracy" else BEYOND[log] * max(value for value in first if math.isfinite(value))
    least, notes = -math.inf, unit_note(sight)
    if viewing.window is not None:
        floor = ceiling = math.nan
    if viewing.clipped and (inner := _inner(curves, log, sight)) is not None:
        low, high = inner
        least, cap = max(least, low), min(cap or math.inf, high)
        floor, ceiling = (floor if floor >= low else math.nan), (ceiling if ceiling <= high else math.nan)
        notes = (("  outliers out", "warn"), *notes)
    if viewing.smoothing:
        notes = (*notes, (f"  smoothing {viewing.smoothing:g}", "dim"))
    shown = Axes(sight.low, sight.high, log_x=scale.log, log_y=log, y_floor=floor, y_ceiling=ceiling, y_least=least)
    return replace(shown, y_cap=cap or math.inf), notes


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


def _inner(curves: Sequence[_Curve], log: bool, sight: Sight) -> tuple[float, float] | None:
    """The range of y without the outermost values in sight, and a margin; None where there is nothing to tell from."""
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
    low, high = (10 ** (low - margin), 10 ** (high + margin)) if log else (low - margin, high + margin)
    return float(low), float(high)


# the cursor


def where(sight: Sight) -> str:
    """x at the cursor in its unit, where it is neither epoch nor iteration."""
    if sight.at is None or sight.viewing.x not in ("samples", "seconds"):
        return ""
    return f"{sight.at:.0f} samples" if sight.viewing.x == "samples" else f"{sight.at:.4g} s"


def said_at(sight: Sight) -> str:
    """What happened at the cursor, in words: within so little of x that two places can hardly be told apart."""
    if sight.at is None:
        return ""
    near = (sight.high - sight.low) / 200
    return ", ".join(event.words for event in sight.events if abs(event.x - sight.at) <= near)


def _readings(curves: Sequence[_Curve], column: str | None, selected: int, sight: Sight) -> list[Reading]:
    """The values of every curve at the cursor, those of the selected run first told by its iteration."""
    assert sight.cursor is not None
    assert sight.at is not None
    found = []
    for one in sorted(curves, key=lambda each: each.run.index != selected):
        history = one.run.history
        iteration = sight.cursor if one.run.index == selected else sight.scale.iteration_at(history, sight.at)
        if not iteration:
            continue
        kept = iteration - 1 in history.kept
        epoch = history[iteration - 1].epoch if kept else 0
        if column is not None:
            raw = getattr(history[iteration - 1], column) if kept else None
        else:
            raw, kept = value_at(one.at, one.raw, iteration), True
        smooth = value_at(one.smooth_at, one.smooth, iteration) if one.smooth is not None else None
        seen, seen_epoch = None, 0
        if len(one.seen):
            over = int(np.searchsorted(one.seen[:, 0], iteration))  # the end of its own epoch, or else the newest there is
            seen = float(one.seen[min(over, len(one.seen) - 1), 1])
            seen_epoch = epoch if over < len(one.seen) else len(history.epochs)
        found.append(Reading(one.run, epoch, iteration, raw, smooth, seen, seen_epoch, kept))
    return found


def value_at(at: Floats | None, y: Floats, iteration: int) -> float | None:
    """The newest value that is known at an iteration."""
    if at is None:
        return None
    place = int(np.searchsorted(at, iteration, side="right")) - 1
    return float(y[place]) if place >= 0 else None
