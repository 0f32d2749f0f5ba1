"""The second plot of a regression on one input: the line that the network has learned, through the rows it learns from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine import Trainer
from tui.canvas import Span
from tui.names import labels
from tui.plots.legends import HIDDEN, drawn
from tui.plots.pictures import Picture
from tui.plots.plot import Axes, Series
from tui.plots.ticks import nice_step, step_ticks


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
    for one in drawn(trainers):
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
    axes = Axes(low, high, step_ticks(low, high, step), y_limits=limits)
    return Picture((long, tuple(title)), (*lines, *points), axes)
