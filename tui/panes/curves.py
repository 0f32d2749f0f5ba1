"""The curves: loss above, accuracy (or the fitted line, or the error) below, on the run's true iterations.

One run is a braille line of every batch and one `o` an epoch for validation, not joined, so that it never hides the line.
Runs of a comparison are lines of a running mean over a quarter of an epoch, and their validation points are letters:
nothing needs colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from engine import Trainer
from tui.canvas import Pane, Row, Span, heading, width_of
from tui.figures import percent, short
from tui.plot import LINE, Axes, Floats, Series, draw, epoch_ticks, nice_step

PARTS: tuple[Literal["train", "validation"], ...] = ("train", "validation")


@dataclass(frozen=True, slots=True)
class Picture:
    """What a plot shows: the spans of its title (`brief`: where there is little room), its curves, its axes, and the x
    at which each epoch ends."""

    title: Row
    series: tuple[Series, ...]
    axes: Axes
    epochs: Floats | None = None
    brief: Row = ()


class Curves(Pane, can_focus=True):
    """A plot under its title."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self.picture: Picture | None = None

    def show(self, picture: Picture) -> None:
        """Draw this picture."""
        self.picture = picture
        self.draw()

    def draw(self) -> None:
        """Paint the picture for the room there is."""
        if self.picture is None or not self.display or not self.size.width:
            return
        width, height = self.size.width, self.size.height
        axes = self.picture.axes
        if self.picture.epochs is not None:
            ticks = epoch_ticks(self.picture.epochs, axes.x_low, axes.x_high, width - 7)
            axes = Axes(axes.x_low, axes.x_high, ticks, axes.log_y, axes.y_floor, axes.y_ceiling, axes.y_limits)
        plot = draw(self.picture.series, axes, width, height - 1)
        title = self.picture.title
        if self.picture.brief and width_of(title) > width - 5:
            title = self.picture.brief
        self.paint([heading(title, width, self.has_focus), *plot])


def letters(names: Sequence[str]) -> list[str]:
    """A letter a run: its name's own first one where these differ, else a, b, c ..."""
    first = [next((character for character in name if character.isalpha()), "") for name in names]
    return first if all(first) and len(set(first)) == len(first) else [chr(ord("a") + index) for index in range(len(names))]


def loss_picture(trainers: Sequence[Trainer], selected: int, log: bool) -> Picture:
    """The loss of every run: batches (for one run) or their running mean, and validation after each epoch."""
    return _picture("Loss", "batch_loss", "loss", trainers, selected, log)


def accuracy_picture(trainers: Sequence[Trainer], selected: int) -> Picture:
    """The share of right answers, as `loss_picture`."""
    return _picture("Accuracy", "batch_accuracy", "accuracy", trainers, selected, log=False)


def error_picture(trainers: Sequence[Trainer], selected: int) -> Picture:
    """Regression: the mean absolute error after every epoch, over the training set and the validation set."""
    horizon, epochs, scale = _horizon(trainers, selected)
    series: list[Series] = []
    title: list[Span] = [("Mean absolute error", "text")]
    marks = letters([trainer.run.name for trainer in trainers])
    for index, trainer in enumerate(trainers):
        history, role = trainer.history, _role(index, len(trainers))
        train, seen = (history.evaluations(part, "mean_absolute_error") for part in PARTS)
        series.append(Series(train[:, 0] * scale(trainer), train[:, 1], role))
        point = Series(seen[:, 0] * scale(trainer), seen[:, 1], *_points_style(marks, index, len(trainers)))
        series.append(point)
        title += _legend(trainer, marks, index, len(trainers), short(float(train[-1, 1])), point, short)
    return Picture(tuple(title), tuple(series), Axes(0.0, horizon, y_floor=0.0), epochs)


def fit_picture(trainers: Sequence[Trainer], selected: int) -> Picture:
    """Regression on one input: what the network answers over its range, and the rows it learns from and is judged by."""
    table = trainers[selected].table
    scale, offset = table.input_scale[0], table.input_offset[0]
    x_train, x_seen = (inputs[:, 0] * scale + offset for inputs in (table.inputs, table.validation_inputs))
    y_train, y_seen = table.targets[:, 0], table.validation_targets[:, 0]
    everything, targets = np.concatenate([x_train, x_seen]), np.concatenate([y_train, y_seen])
    low, high = float(everything.min()), float(everything.max())
    step = nice_step((high - low) / 5 or 1.0)
    low, high = math.floor((low - 0.1 * step) / step) * step, math.ceil((high + 1.2 * step) / step) * step
    grid = np.linspace(low, high, 121)
    marks = letters([trainer.run.name for trainer in trainers])
    title: list[Span] = [("Fit", "text")]
    series: list[Series] = []
    for index, trainer in enumerate(trainers):
        role = _role(index, len(trainers))
        series.append(Series(grid, trainer.predict(grid[:, None])[:, 0].astype(np.float64), role))
        name = "network" if len(trainers) == 1 else trainer.run.name
        title.append((f"  {name} ─" if len(trainers) == 1 else f"  {marks[index]} {name}", role))
        if len(trainers) > 1:
            series.append(Series(grid[-1 - 3 * index :][:1], series[-1].y[-1 - 3 * index :][:1], role, marks[index]))
    series.append(Series(np.sort(x_train), y_train[np.argsort(x_train)], "strong", "+"))
    title += [("  train +", "strong")]
    if len(x_seen):
        series.append(Series(np.sort(x_seen), y_seen[np.argsort(x_seen)], "validation", "o"))
        title += [("  validation o", "validation")]
    title += [(f"  {table.target} over {table.features[0]}", "dim")]
    spread = float(targets.max() - targets.min()) or 1.0
    limits = (min(0.0, float(targets.min())), float(targets.max()) + 0.25 * spread)
    axes = Axes(low, high, _number_ticks(low, high, step), y_limits=limits)
    return Picture(tuple(title), tuple(series), axes)


def _picture(name: str, column: str, attribute: str, trainers: Sequence[Trainer], selected: int, log: bool) -> Picture:
    horizon, epochs, scale = _horizon(trainers, selected)
    figure = percent if attribute == "accuracy" else short
    marks = letters([trainer.run.name for trainer in trainers])
    series: list[Series] = []
    title: list[Span] = [(name, "text")]
    for index, trainer in enumerate(trainers):
        history = trainer.history
        values = history.column(column)
        if len(trainers) > 1:
            values = running_mean(values, max(4, trainer.run.iterations_per_epoch(trainer.batch_size) // 4))
        places = np.arange(1, len(values) + 1) * scale(trainer)
        series.append(Series(places, values, _role(index, len(trainers))))
        seen = history.evaluations("validation", attribute)
        point = Series(seen[:, 0] * scale(trainer), seen[:, 1], *_points_style(marks, index, len(trainers)))
        newest = figure(float(values[-1])) if len(values) else "-"
        title += _legend(trainer, marks, index, len(trainers), newest, point, figure)
        series.append(point)
    # a loss scale begins at 0 (unless it is logarithmic), an accuracy scale ends at 1
    floor, ceiling = (math.nan, 1.0) if attribute == "accuracy" else (math.nan if log else 0.0, math.nan)
    brief: Row = ()
    if len(trainers) > 1:
        brief = (
            title[0],
            *((text.replace(f" {one.run.name}", ""), role) for one, (text, role) in zip(trainers, title[1:], strict=True)),
        )
        title.append(("  line: train, letter: validation", "dim"))
    # points above lines: what comes later is drawn over what comes first
    ordered = [one for one in series if one.marker == LINE] + [one for one in series if one.marker != LINE]
    return Picture(
        tuple(title), tuple(ordered), Axes(0.0, horizon, log_y=log, y_floor=floor, y_ceiling=ceiling), epochs, brief
    )


def running_mean(values: Floats, window: int) -> Floats:
    """The mean of the last `window` values at each place (of as many as there are at the beginning); NaN stays NaN."""
    if len(values) == 0 or window <= 1:
        return values
    lost = ~np.isfinite(values)
    sums = np.cumsum(np.where(lost, 0.0, values))
    sums[window:] = sums[window:] - sums[:-window]
    counts = np.minimum(np.arange(1, len(values) + 1), window)
    return np.where(np.maximum.accumulate(lost), np.nan, sums / counts)


def _horizon(trainers: Sequence[Trainer], selected: int) -> tuple[float, Floats, Any]:
    """How far x goes, the ends of epochs on it, and what turns a trainer's iterations into x.

    x doubles whenever it is full, up to the whole run: so the curve is not squeezed a little, and repainted, at each step.
    x counts iterations; epochs where runs differ in how many iterations an epoch has.
    """
    shown = trainers[selected]
    per_epoch = [trainer.run.iterations_per_epoch(trainer.batch_size) for trainer in trainers]
    even = len(set(per_epoch)) == 1

    def scale(trainer: Trainer) -> float:
        return 1.0 if even else 1.0 / trainer.run.iterations_per_epoch(trainer.batch_size)

    reached = max(trainer.iteration * scale(trainer) for trainer in trainers)
    total = max(trainer.iterations * scale(trainer) for trainer in trainers)
    horizon = 2.0 * max(per_epoch) * (1.0 if even else 1.0 / max(per_epoch))
    while horizon < reached:
        horizon *= 2.0
    horizon = max(1.0, min(horizon, total))
    ends = shown.history.evaluations("train", "loss")[1:, 0] * scale(shown)
    if shown.epoch > len(ends):  # the epoch in progress may have another number of batches
        ends = np.append(ends, (shown.iteration + shown.batches - shown.history[-1].batch) * scale(shown))
    step = shown.run.iterations_per_epoch(shown.batch_size) * scale(shown)
    at = ends[-1] if len(ends) else 0.0
    return horizon, np.concatenate([ends, np.arange(at + step, horizon + 1e-9, step)]), scale


def _role(index: int, runs: int) -> str:
    return "train" if runs == 1 else f"run-{index % 6 + 1}"


def _points_style(marks: Sequence[str], index: int, runs: int) -> tuple[str, str]:
    return ("validation", "o") if runs == 1 else (_role(index, runs), marks[index])


def _legend(
    trainer: Trainer, marks: Sequence[str], index: int, runs: int, newest: str, points: Series, figure: Any
) -> list[Span]:
    """A run's part of the title, with the newest values."""
    seen = figure(float(points.y[-1])) if len(points.y) else None
    if runs > 1:
        return [(f"  {marks[index]} {trainer.run.name} {seen or newest}", _role(index, runs))]
    spans: list[Span] = [(f"  train ─ {newest}".removesuffix(" -"), "train")]
    if seen is not None:
        spans.append((f"  validation o {seen}", "validation"))
        if epoch := len(trainer.history.epochs):
            spans.append((f" (epoch {epoch})", "dim"))
    else:
        spans.append(("  no validation: training blind", "dim"))
    return spans


def _number_ticks(low: float, high: float, step: float) -> tuple[tuple[float, str], ...]:
    return tuple((low + index * step, f"{low + index * step:g}") for index in range(round((high - low) / step) + 1))
