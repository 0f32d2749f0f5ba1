"""The values at the cursor: what each curve of each run shows there, and what happened at that place."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine import IterationMetrics
from tui.canvas import Row
from tui.plots.legends import Drawn, Figure, Reading, read_out
from tui.plots.scale import epochs_of
from tui.plots.sight import Sight
from tui.plots.ticks import Floats

NEAR = 1 / 200  # of what is in sight: so far off the cursor something still happened at it


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A figure of one run: iterations and values as they are, those of what is drawn in their place (or None), and (n, 2) of
    validation. `of` is the figure of an iteration; without it, it is known for epochs alone."""

    run: Drawn
    at: Floats
    raw: Floats
    seen: Floats
    smooth_at: Floats | None = None
    smooth: Floats | None = None
    of: Callable[[IterationMetrics], float | None] | None = None

    @property
    def line(self) -> tuple[Floats, Floats]:
        """Iterations and values of the line."""
        if self.smooth is None or self.smooth_at is None:
            return self.at, self.raw
        return self.smooth_at, self.smooth


def read_at_cursor(
    name: str, curves: Sequence[Curve], selected: int, sight: Sight, figures: tuple[Figure, Figure | None], walk: bool
) -> tuple[Row, ...]:
    """The title with the values of every curve at the cursor; `figures` write them exactly, and in fewer digits."""
    found = readings(curves, selected, sight)
    return read_out(name, found, figures[0], said_at(sight), where(sight), walk, figures[1])


def where(sight: Sight) -> str:
    """x at the cursor in its unit, where it is neither epoch nor iteration."""
    if sight.at is None or sight.viewing.x not in ("samples", "seconds"):
        return ""
    return f"{sight.at:.0f} samples" if sight.viewing.x == "samples" else f"{sight.at:.4g} s"


def said_at(sight: Sight) -> str:
    """What happened at the cursor, in words."""
    if sight.at is None:
        return ""
    near = (sight.high - sight.low) * NEAR
    return ", ".join(event.words for event in sight.events if abs(event.x - sight.at) <= near)


def readings(curves: Sequence[Curve], selected: int, sight: Sight) -> list[Reading]:
    """The values of every curve at the cursor; it is an iteration of the selected run, and the others are read at its x."""
    if sight.cursor is None or sight.at is None:
        return []
    found = []
    for one in curves:
        history = one.run.history
        iteration = sight.cursor if one.run.index == selected else sight.scale.iteration_at(history, sight.at)
        if not iteration:
            continue
        try:
            metrics = history[iteration - 1]  # of a long run from the disk
            epoch = metrics.epoch
            raw = value_at(one.at, one.raw, iteration) if one.of is None else one.of(metrics)
            kept = True
        except LookupError:
            epoch = math.ceil(epochs_of(history, np.array([float(iteration)]))[0])
            raw = value_at(one.at, one.raw, iteration) if one.of is None else None
            kept = one.of is None
        smooth = value_at(one.smooth_at, one.smooth, iteration) if one.smooth is not None else None
        seen, seen_epoch = None, 0
        if len(one.seen):
            at = int(np.searchsorted(one.seen[:, 0], iteration))  # the end of its own epoch, or else the newest there is
            seen = float(one.seen[min(at, len(one.seen) - 1), 1])
            seen_epoch = epoch if at < len(one.seen) else len(history.epochs)
        found.append(Reading(one.run, epoch, iteration, raw, smooth, seen, seen_epoch, kept))
    return found


def value_at(at: Floats | None, y: Floats, iteration: int) -> float | None:
    """The newest value that is known at an iteration; None where there is none."""
    if at is None:
        return None
    place = int(np.searchsorted(at, iteration, side="right")) - 1
    return float(y[place]) if place >= 0 else None
