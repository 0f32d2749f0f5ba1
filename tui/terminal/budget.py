"""So many bytes a second and no more: what was written is paid for with time, and a frame waits until all of it is.

Whatever is written counts, the answers to keys as well, but only frames wait. Next to nothing is saved up: after a quiet
minute there is one frame at once, not many.
"""

from __future__ import annotations

SAVED = 0.1  # seconds at most that are paid for before: what is due between two looks of the lab is not lost
LONGEST = 10.0  # seconds without a frame: however small the budget is, one comes then


class Budget:
    """`rate` in bytes a second, above 0."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.debt = 0.0  # bytes that are not paid for yet
        self._written = 0
        self._now = 0.0

    def look(self, now: float, written: int) -> None:
        """It is `now` (seconds), and so many bytes were written so far."""
        self.debt = max(-SAVED * self.rate, self.debt - (now - self._now) * self.rate) + written - self._written
        self._now, self._written = now, written

    def free(self, quiet: float) -> bool:
        """Whether a frame may be drawn, the last one `quiet` seconds ago."""
        return self.debt <= 0.0 or quiet >= LONGEST


def slow_rate(columns: int, lines: int) -> float:
    """Bytes a second of `--slow-link` for a terminal of that size: 5.5 KB at 80x24, 14 KB at 200x50."""
    return 3_500.0 + 1.05 * columns * lines
