"""What the plots show: loss above, accuracy (or the fitted line, or the error) below, on the run's true iterations.

One run is a braille line of every batch and one `o` an epoch for validation, not joined, so that it never hides the line.
Runs of a comparison are lines of a running mean over a quarter of an epoch, and their validation points are letters:
nothing needs colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from engine import History, Trainer
from engine.byte_sizes import parse_size
from engine.memory import largest_batch, step_memory
from tui.canvas import Row, Span
from tui.figures import percent, short
from tui.hidden import UNCOVERS
from tui.names import labels, letters
from tui.plot import Axes, Floats, Series, nice_step

BEYOND = {False: 10.0, True: 1e4}  # times the initial value, of a linear and of a logarithmic axis: more would hide the rest
FAR_APART = 20  # where one run has so many times the epochs of another, x counts iterations, or the other would be a dot
Figure = Callable[[float | None], str]
HIDDEN = f"  validation hidden: {UNCOVERS}"
PARTS: tuple[Literal["train", "validation"], ...] = ("train", "validation")


@dataclass(frozen=True, slots=True)
class Picture:
    """What a plot shows: its title (from the longest wording to the shortest), its curves, its axes, and epochs (rising;
    those in between are evenly apart) with the x at which each ends."""

    titles: tuple[Row, ...]
    series: tuple[Series, ...]
    axes: Axes
    epochs: tuple[Floats, Floats] | None = None
    text: tuple[str, ...] = ()  # what stands there instead of curves


def loss_picture(trainers: Sequence[Trainer], selected: int, log: bool, blind: bool = False) -> Picture:
    """The loss of every run: batches (for one run) or their running mean, and validation after each epoch.

    Here as in the other pictures `blind` leaves out what is known of validation, since that is hidden.
    """
    # on a surface the loss of a "batch" is that of the place that the step leaves: the one it leads to is the newer figure
    column = None if trainers[selected].run.surface is not None else "batch_loss"
    return _picture("Loss", column, "loss", trainers, selected, log, blind)


def refused_picture(trainer: Trainer) -> Picture:
    """In place of curves: why a run may not begin, with the arithmetic."""
    run, fits = trainer.run, largest_batch(trainer.run)
    needed, limit = step_memory(run, run.batch_size), run.training.memory_limit or "0 B"
    last = f" + {needed.last_rows:,}" if needed.last_rows else ""  # of the partial batch, which has room of its own
    lines = (
        (needed.itemsize * needed.vectors * needed.parameters,
         f"parameters: {needed.vectors} x {needed.parameters:,} x {needed.itemsize} B"),
        ((needed.rows + needed.last_rows) * needed.row_bytes,
         f"batch: {needed.rows:,}{last} rows x {needed.row_bytes:,} B"),
        (needed.copied_rows * needed.copied_row_bytes + needed.passing_bytes,
         f"copied in: {needed.copied_rows:,} rows x {needed.copied_row_bytes:,} B"),
        (needed.total, "in all"),
        (parse_size(limit), f"allowed by memory_limit {limit}"),
    )  # fmt: skip
    widest = max(len(f"{size:,}") for size, _ in lines)
    text = [f"{size:>{widest},} B  {what}" for size, what in lines]
    hint = f"The largest batch_size that fits: {fits}. Set it:" if fits else "No size fits. Make hidden smaller:"
    title: Row = (("Loss", "text"), ("  refused", "bad"))
    return Picture(
        (title,),
        (),
        Axes(0.0, 1.0),
        text=(f"batch_size {run.batch_size} needs too much memory", "", *text, "", hint, "then space starts the run."),
    )


def accuracy_picture(trainers: Sequence[Trainer], selected: int, blind: bool = False) -> Picture:
    """The share of right answers, as `loss_picture`."""
    return _picture("Accuracy", "batch_accuracy", "accuracy", trainers, selected, log=False, blind=blind)


def error_picture(trainers: Sequence[Trainer], selected: int, blind: bool = False) -> Picture:
    """Regression: the mean absolute error after every epoch, over the training set and the validation set."""
    return _picture("Mean absolute error", None, "mean_absolute_error", trainers, selected, log=False, blind=blind)


def fit_picture(trainers: Sequence[Trainer], selected: int, blind: bool = False) -> Picture:
    """Regression on one input: what the network answers over its range, and the rows it learns from and is judged by."""
    table = trainers[selected].table
    assert table is not None  # a surface has a picture of its own
    scale, offset = table.input_scale[0], table.input_offset[0]
    x_train, x_seen = (inputs[:, 0] * scale + offset for inputs in (table.inputs, table.validation_inputs))
    y_train, y_seen = (
        targets[:, 0] * table.target_scale + table.target_offset for targets in (table.targets, table.validation_targets)
    )
    everything, targets = np.concatenate([x_train, x_seen]), np.concatenate([y_train, y_seen])
    low, high = float(everything.min()), float(everything.max())
    step = nice_step((high - low) / 5 or 1.0)
    low, high = math.floor((low - 0.1 * step) / step) * step, math.ceil((high + 1.2 * step) / step) * step
    grid = np.linspace(low, high, 121)
    lines, points, names = [], [], labels([trainer.run.name for trainer in trainers])
    title: list[Span] = [("Fit", "text")]
    for one in _drawn(trainers):
        lines.append(Series(grid, one.trainer.predict(grid[:, None])[:, 0].astype(np.float64), one.role))
        if len(trainers) == 1:
            title.append(("  network ─", one.role))
        else:
            title.append((f"  {one.letter} {names[one.index]}", one.role))
            at = -1 - 3 * one.index
            points.append(Series(grid[at : at + 1 or None], lines[-1].y[at : at + 1 or None], one.role, one.letter))
    order, seen_order = np.argsort(x_train), np.argsort(x_seen)
    points.append(Series(x_train[order], y_train[order], "strong", "+"))
    title.append(("  train +", "strong"))
    if blind and len(x_seen):
        title.append((HIDDEN, "dim"))
    elif len(x_seen):
        points.append(Series(x_seen[seen_order], y_seen[seen_order], "validation", "o"))
        title.append(("  validation o", "validation"))
    long = (*title, (f"  {table.target} over {table.features[0]}", "dim"))
    spread = float(targets.max() - targets.min()) or 1.0
    limits = (min(0.0, float(targets.min())), float(targets.max()) + 0.25 * spread)
    axes = Axes(low, high, _number_ticks(low, high, step), y_limits=limits)
    return Picture((long, tuple(title)), (*lines, *points), axes)


def _picture(
    name: str, column: str | None, attribute: str, trainers: Sequence[Trainer], selected: int, log: bool, blind: bool
) -> Picture:
    """A figure of every run that has it: of each batch (`column`) or, without one, of the training set after each epoch,
    and of the validation set after each epoch."""
    horizon, epochs, scale = _horizon(trainers, selected)
    drawn = [one for one in _drawn(trainers) if _has(one.trainer, attribute)]
    lines, points, legends, first = [], [], [], [0.0]
    for one in drawn:
        history = one.trainer.history
        train, seen = (history.evaluations(part, attribute) for part in PARTS)
        seen = seen[:0] if blind else seen
        first.append(float(train[0, 1]))
        x, y = train[:, 0], train[:, 1]
        if column is not None:
            x, y = history.series(column)
            if len(trainers) > 1:
                window = max(4, one.trainer.run.iterations_per_epoch(one.trainer.batch_size) // 4)
                x, y = smoothed(history, column, window)
            if not len(seen):  # training blind, there is no point before the first batch: begin with the whole set
                x, y = np.concatenate([[0.0], x]), np.concatenate([train[:1, 1], y])
        lines.append(Series(x * scale(one.trainer), y, one.role))
        if len(trainers) > 1:  # the run's letter rides on its line too, or nothing tells lines apart without colour
            points.append(Series(x[-1:] * scale(one.trainer), y[-1:], one.role, one.letter))
        points.append(Series(seen[:, 0] * scale(one.trainer), seen[:, 1], one.point_role, one.marker))
        legends.append(_Legend(one, float(y[-1]) if len(history) else None, float(seen[-1, 1]) if len(seen) else None))
    figure = percent if attribute == "accuracy" else short
    # a loss scale begins at 0 (unless it is logarithmic), an accuracy scale ends at 1
    floor, ceiling = (math.nan, 1.0) if attribute == "accuracy" else (math.nan if log else 0.0, math.nan)
    cap = math.inf if attribute == "accuracy" else BEYOND[log] * max(value for value in first if math.isfinite(value))
    axes = Axes(0.0, horizon, log_y=log, y_floor=floor, y_ceiling=ceiling, y_cap=cap or math.inf)
    # points above lines: what comes later is drawn over what comes first
    covered = blind and any(one.history.initial_validation is not None for one in trainers)
    return Picture(_titles(name, legends, trainers, figure, covered), (*lines, *points), axes, epochs)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A run in a plot of several (or one), and how it is marked there."""

    index: int
    trainer: Trainer
    runs: int
    letter: str

    @property
    def role(self) -> str:
        return "train" if self.runs == 1 else f"run-{self.index % 6 + 1}"

    @property
    def point_role(self) -> str:
        return "validation" if self.runs == 1 else self.role

    @property
    def marker(self) -> str:
        return "o" if self.runs == 1 else self.letter


@dataclass(frozen=True, slots=True)
class _Legend:
    """The newest values of a run: of its line, and of its validation (None: there is none yet, or training is blind)."""

    run: _Drawn
    train: float | None
    seen: float | None


def _titles(
    name: str, legends: Sequence[_Legend], trainers: Sequence[Trainer], figure: Figure, covered: bool
) -> tuple[Row, ...]:
    """The title with its legend, in ever fewer words."""
    start: Span = (name, "text")
    if len(trainers) == 1 and legends:
        (one,) = legends
        train = f"─ {figure(one.train)}" if one.train is not None else "─"
        if one.seen is None and one.run.trainer.run.surface is not None:
            return ((start, (f"  {train}", "train"), ("  after each step", "dim")),)
        if one.seen is None:
            why = HIDDEN if covered else "  no validation: training blind"
            return ((start, (f"  train {train}", "train"), (why, "dim")),)
        epoch = len(one.run.trainer.history.epochs)
        long: Row = (start, (f"  train {train}", "train"), (f"  validation o {figure(one.seen)}", "validation"))
        brief: Row = (start, (f"  train {train}", "train"), (f"  o {figure(one.seen)}", "validation"))
        return ((*long, (f" (epoch {epoch})", "dim")), long, brief) if epoch else (long, brief)
    names = labels([trainer.run.name for trainer in trainers])

    def entry(one: _Legend, called: str) -> Span:
        value = one.seen if one.seen is not None else one.train
        return f"  {one.run.letter}{called}" + (f": {figure(value)}" if value is not None else ""), one.run.role

    long = (start, *(entry(one, f" {names[one.run.index]}") for one in legends))
    brief = (start, *(entry(one, "") for one in legends))
    if covered:
        return (*long, (HIDDEN, "dim")), (*brief, (HIDDEN, "dim")), brief
    if all(one.seen is None for one in legends):
        return long, brief
    return ((*long, ("  line: train, letter: validation", "dim")), long, brief)


def _drawn(trainers: Sequence[Trainer]) -> list[_Drawn]:
    marks = letters([trainer.run.name for trainer in trainers])
    return [_Drawn(index, trainer, len(trainers), marks[index]) for index, trainer in enumerate(trainers)]


def _has(trainer: Trainer, attribute: str) -> bool:
    """Whether a figure exists for what a run learns."""
    if attribute != "loss" and trainer.run.surface is not None:
        return False
    return attribute == "loss" or bool(trainer.run.facts.classes) == (attribute == "accuracy")


def smoothed(history: History, column: str, window: int) -> tuple[Floats, Floats]:
    """x and the running mean over the last `window` iterations; of iterations that are no longer exact, of their buckets."""
    x, y = history.column("iteration"), running_mean(history.column(column), window)
    old_x, old_y = history.means(column)
    if len(old_x) > 1:
        old_y = running_mean(old_y, round(window / (old_x[1] - old_x[0])))
        begun = min(window, len(x)) - 1  # before that it is a mean of too few
        x, y = np.concatenate([old_x, x[begun:]]), np.concatenate([old_y, y[begun:]])
        y[np.maximum.accumulate(~np.isfinite(y))] = np.nan
    return x, y


def running_mean(values: Floats, window: int) -> Floats:
    """The mean of the last `window` values at each place (of as many as there are at the beginning); NaN stays NaN."""
    if len(values) == 0 or window <= 1:
        return values
    lost = ~np.isfinite(values)
    sums = np.cumsum(np.where(lost, 0.0, values))
    sums[window:] = sums[window:] - sums[:-window]
    counts = np.minimum(np.arange(1, len(values) + 1), window)
    return np.where(np.maximum.accumulate(lost), np.nan, sums / counts)


def _horizon(trainers: Sequence[Trainer], selected: int) -> tuple[float, tuple[Floats, Floats], Any]:
    """How far x goes, epochs and their ends on it, and what turns a trainer's iterations into x.

    x doubles whenever it is full, up to the whole run: so the curve is not squeezed a little, and repainted, at each step.
    x counts iterations; epochs where runs differ in how many iterations an epoch has, unless their epochs are FAR_APART.
    """
    shown = trainers[selected]
    per_epoch = [trainer.run.iterations_per_epoch(trainer.batch_size) for trainer in trainers]
    planned = [trainer.epochs for trainer in trainers]
    even = len(set(per_epoch)) == 1 or max(planned) >= FAR_APART * min(planned)

    def scale(trainer: Trainer) -> float:
        return 1.0 if even else 1.0 / trainer.run.iterations_per_epoch(trainer.batch_size)

    reached = max(trainer.iteration * scale(trainer) for trainer in trainers)
    total = max(trainer.iterations * scale(trainer) for trainer in trainers)
    horizon = 2.0 * max(per_epoch) if even else 2.0  # two epochs
    while horizon < reached:
        horizon *= 2.0
    horizon = max(1.0, min(horizon, total))
    numbers, ends = shown.history.epoch_ends()
    ends = ends * scale(shown)
    if shown.epoch > len(shown.history.epochs):  # the epoch in progress may have another number of batches
        numbers = np.append(numbers, shown.epoch)
        ends = np.append(ends, (shown.iteration + shown.batches - shown.batch) * scale(shown))
    step = shown.run.iterations_per_epoch(shown.batch_size) * scale(shown)
    at = float(ends[-1]) if len(ends) else 0.0
    left = max(0, math.floor((horizon + 1e-9 - at) / step))
    more = np.array(sorted({1, left})) if left else np.empty(0)  # the first and the last of those to come
    return horizon, (np.append(numbers, shown.epoch + more), np.append(ends, at + step * more)), scale


def _number_ticks(low: float, high: float, step: float) -> tuple[tuple[float, str], ...]:
    return tuple((low + index * step, f"{low + index * step:g}") for index in range(round((high - low) / step) + 1))
