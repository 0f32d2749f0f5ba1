"""What was written to the terminal: how many bytes, in how many pieces, and how fast."""

from __future__ import annotations

from collections import deque

SECONDS = 4.0  # over which a rate is worked out
OFTEN = 1.0  # seconds between two values of it: it is on the screen, and costs bytes itself


class Sent:
    """Counts what goes to the terminal."""

    def __init__(self) -> None:
        self.bytes = 0
        self.writes = 0
        self._seen: deque[tuple[float, int, int]] = deque()
        self._rates = (0.0, 0.0)

    def add(self, data: str) -> None:
        """So much more was written, as UTF-8."""
        self.bytes += len(data) if data.isascii() else len(data.encode(errors="replace"))
        self.writes += 1

    def rates(self, now: float, frames: int) -> tuple[float, float]:
        """Bytes and frames a second, over the last few; `frames` there were so far. To be asked with every frame: after a
        longer time in which nobody asked it begins anew, with (0, 0), which is nothing to say."""
        seen = self._seen
        if seen and now < seen[-1][0] + OFTEN:
            return self._rates
        if seen and now > seen[-1][0] + SECONDS:
            seen.clear()
        seen.append((now, self.bytes, frames))
        while now > seen[0][0] + SECONDS + OFTEN / 2:
            seen.popleft()
        past = now - seen[0][0]
        self._rates = ((self.bytes - seen[0][1]) / past, (frames - seen[0][2]) / past) if past else (0.0, 0.0)
        return self._rates
