"""What is in sight on the curves: the stretch of x that is shown, where the cursor stands, and where something happened.

It is made once for both plots, so that a cursor, a window or a mark means the same place on either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine import History, Trainer
from engine.live import PACE
from tui.figures import exact, short
from tui.hidden import NOTHING, Hidden
from tui.plots.plot import Marks
from tui.plots.scale import Scale, scale_of
from tui.plots.ticks import Floats
from tui.viewing import AS_IT_IS, Viewing

STEP = 1 / 8  # of its width: so far a window jumps that moves along with the newest, or everything would move all the time


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at x: the letter that marks it, and what it was in words."""

    x: float
    letter: str
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """`low` and `high` are the limits of x in sight, `iterations` and `x` where the cursor can stand, rising: those of the
    selected run that are known, and their x. `cursor` is an iteration of it and `at` its x; None: there is no cursor."""

    viewing: Viewing
    scale: Scale
    low: float
    high: float
    iterations: Floats
    x: Floats
    cursor: int | None
    at: float | None
    events: tuple[Event, ...]

    def marks(self, lit_role: str) -> Marks:
        """What is marked on a plot whose lit curve has that role."""
        lit = self.viewing.lit
        stretch = None
        if lit is not None and lit.first:
            first, last = (self.x_at(float(each)) for each in (lit.first, lit.last))
            stretch = first, last
        return Marks(self.at, stretch, lit_role, tuple((event.x, event.letter) for event in self.events))

    def x_at(self, iteration: float) -> float:
        """The x of an iteration of the selected run."""
        if not len(self.x):
            return self.scale.low
        return float(np.interp(iteration, self.iterations, self.x))


def sight_of(
    trainers: Sequence[Trainer],
    selected: int,
    viewing: Viewing = AS_IT_IS,
    hidden: Hidden = NOTHING,
    ghosts: Sequence[History] = (),
) -> Sight:
    """What is in sight of these runs; `ghosts` are earlier runs that are drawn behind them."""
    scale = scale_of(trainers, selected, viewing.x, viewing.log_x, ghosts)
    history = trainers[selected].history
    iterations, _ = history.series("iteration")
    x = scale.x_of(history, iterations)
    low, high = window_of(viewing, scale, float(x[-1]) if len(x) else scale.low)
    cursor = min(viewing.cursor, len(history)) if viewing.cursor is not None and len(history) else None
    at = float(np.interp(cursor, iterations, x)) if cursor is not None else None
    return Sight(viewing, scale, low, high, iterations, x, cursor, at, events_of(history, scale, hidden))


def window_of(viewing: Viewing, scale: Scale, newest: float) -> tuple[float, float]:
    """The limits of x in sight: all of it, or the window, moved by steps until the newest is in it where it follows."""
    if viewing.window is None:
        return scale.low, scale.high
    low, high = (flat(scale, each) for each in viewing.window)
    reached = flat(scale, newest)
    if viewing.follow and reached > high and high > low:
        step = (high - low) * STEP
        moved = math.ceil((reached - high) / step) * step
        low, high = low + moved, high + moved
    return round_again(scale, low), round_again(scale, high)


def flat(scale: Scale, x: float) -> float:
    """x as the axis has it: itself or its logarithm."""
    return math.log10(max(x, 1e-300)) if scale.log else x


def round_again(scale: Scale, place: float) -> float:
    """The x of a place on the axis: what `flat` undoes."""
    return 10.0**place if scale.log else place


def events_of(history: History, scale: Scale, hidden: Hidden = NOTHING) -> tuple[Event, ...]:
    """What happened in a run: settings that were changed, divergence, an early stop, the best weights put back.

    What a teacher hides of the settings is not told.
    """
    found: list[tuple[float, str, str]] = []
    for change in history.changes:
        if change.key == PACE or hidden.setting(change.key):
            continue
        letter = {"learning_rate": "r", "batch_size": "b"}.get(change.key, "c")
        words = f"{change.key} {exact(change.old)} → {exact(change.new)}"
        found.append((min(change.iteration + 1.0, float(max(1, len(history)))), letter, words))
    if history.diverged is not None:
        found.append((float(history.diverged.iteration), "d", f"diverged: loss {short(history.diverged.loss)}"))
    if history.stopped is not None and history.stopped.reason == "early_stopping":
        found.append((float(history.stopped.iteration), "e", "early stop"))
    if history.restored is not None and history.restored.epoch - 1 in history.epochs.kept:
        iteration = float(history.epochs[history.restored.epoch - 1].iteration)
        found.append((iteration, "k", f"weights of epoch {history.restored.epoch} kept"))
    if not found:
        return ()
    x = scale.x_of(history, np.array([at for at, _, _ in found]))
    return tuple(Event(float(at), letter, words) for at, (_, letter, words) in zip(x, found, strict=True))
