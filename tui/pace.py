"""How fast a watched run goes: slow at first, so that single batches are seen landing, then ever faster.

A lesson trains in a tenth of a second, which nobody can watch. `Pace` says when each step is due; it never touches what a
step computes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

SLOWEST_START = 2.0  # steps a second that a run at least begins with (unless it is even at less)
SPEEDS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, math.inf)


class Curve:
    """Steps done as a function of time, i(t) = (rate / growth) (exp(growth t) - 1): the rate itself grows evenly.

    `steps` take `seconds`, and the first `early` of them a third of that; where that would mean no more than an even pace,
    the pace is even.
    """

    def __init__(self, steps: int, early: int, seconds: float) -> None:
        self.seconds = seconds
        self.rate = steps / seconds if seconds > 0 else math.inf
        self.growth = 0.0
        if seconds <= 0 or steps <= 3 * early:
            return
        # with x = exp(growth seconds / 3): i(seconds) / i(seconds / 3) = (x^3 - 1) / (x - 1) = x^2 + x + 1
        x = (math.sqrt(4.0 * steps / early - 3.0) - 1.0) / 2.0
        growth = 3.0 * math.log(x) / seconds
        if growth * early / (x - 1.0) < SLOWEST_START:
            growth = _growth(steps, seconds) if self.rate > SLOWEST_START else 0.0
        if growth > 0.0:
            self.growth, self.rate = growth, growth * steps / math.expm1(growth * seconds)

    def time(self, step: float) -> float:
        """Seconds from the start at which so many steps are done."""
        if not self.growth:
            return step / self.rate
        return math.log1p(step * self.growth / self.rate) / self.growth


def _growth(steps: int, seconds: float) -> float:
    """The growth with which a run that begins at SLOWEST_START ends in time, by bisection."""
    low, high = 1e-9, 100.0 / seconds
    for _ in range(60):
        middle = (low + high) / 2
        done = SLOWEST_START * math.expm1(middle * seconds) / middle
        low, high = (middle, high) if done < steps else (low, middle)
    return low


class Pace:
    """When the next step is due, at a speed that keys can change; `clock` gives seconds."""

    def __init__(self, speed: float = 1.0, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.speed = speed
        self.curve = Curve(1, 1, 0.0)
        self._position = 0.0  # seconds on the curve when the clock read `_since`
        self._since = clock()

    def plan(self, steps: int, early: int, seconds: float, done: int) -> None:
        """A run of so many steps, of which `done` are done."""
        self.curve = Curve(max(1, steps), max(1, early), seconds)
        self.resume(done)

    def resume(self, done: int) -> None:
        """Go on from the step that is done, now; so a pause, or a step by hand, is never caught up with."""
        self._position, self._since = self.curve.time(done), self.clock()

    def wait(self, done: int) -> float:
        """Seconds until the step after `done` is due; 0 or less: now; minus infinity: as is every step."""
        if math.isinf(self.speed):
            return -math.inf
        due = self.curve.time(done)
        now = self._position + (self.clock() - self._since) * self.speed
        if now > due + 0.25 * max(1.0, self.speed):  # training itself is slower than its plan: do not sprint afterwards
            self.resume(done)
            return 0.0
        return (due - now) / self.speed

    def left(self, done: int, steps: int) -> float:
        """Seconds that the steps still to be done take at this speed; 0 as fast as it goes."""
        return (self.curve.time(steps) - self.curve.time(done)) / self.speed

    def interval(self, done: int) -> float:
        """Seconds between this step and the next."""
        return 0.0 if math.isinf(self.speed) else (self.curve.time(done + 1) - self.curve.time(done)) / self.speed

    def faster(self, done: int) -> None:
        """Twice as fast, at the end as fast as it goes."""
        self._set(min((speed for speed in SPEEDS if speed > self.speed), default=math.inf), done)

    def slower(self, done: int) -> None:
        """Half as fast."""
        self._set(max((speed for speed in SPEEDS if speed < self.speed), default=self.speed), done)

    def _set(self, speed: float, done: int) -> None:
        self.speed = speed
        self.resume(done)

    @property
    def brief(self) -> str:
        """'2x', '1/4x' or 'max'."""
        return "max" if math.isinf(self.speed) else str(self)

    def __str__(self) -> str:
        if math.isinf(self.speed):
            return "as fast as it goes"
        return f"{self.speed:g}x" if self.speed >= 1 else f"1/{1 / self.speed:g}x"
