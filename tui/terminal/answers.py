"""The terminal says when a frame is there: after each it is asked where its cursor is, which it answers in a few bytes.

A terminal does everything in the order in which it comes, so its answer means that all before it has been shown. Without
that, a slow line would be found out too late: the buffers on the way take seconds of frames before anything holds, and what
a key changes would wait behind all of them. Three things are made of the answers.

The smallest time to an answer is the round trip. A question with nothing before it goes at the start and every ten seconds,
and the smallest since the last but two of these counts, so that another way to the terminal is noticed. What an
answer is later than that is how long the frame has kept the link busy. The link then rests for as long: a key finds it
idle at least half of the time, and at most one frame before it. And where an answer does not come when it should, nothing
is drawn until it does.

A terminal that does not answer is found out at the start, or by three questions that are lost; then frames come as if there
were none of this. Where the link is near, it is asked twice a second only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

QUESTION = "\x1b[6n"  # DSR 6, where the cursor is: older than all terminals of today; the answer is like \x1b[24;80R
MARGIN = 0.05  # seconds that an answer may be late before anything is held
PATIENCE = 2.0  # seconds until the first question counts as not answered
LOST = 5.0  # seconds until any other does
LOSSES = 3  # so many in a row, and it is not asked any more
PROBE = 10.0  # seconds between two questions with nothing before them
PROBES = 3  # so many of them are remembered
NEAR = 0.02  # seconds of round trip and of a frame's way below which there is no need to ask after each
SELDOM = 0.5  # seconds between two questions then
MOST = 8  # questions under way, at most
BARE = -1


class Answers:
    """`write` sends the question to the terminal. `answered` may be called from another thread; times are in seconds."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write
        self.works = True  # as far as is known
        self.busy = 0.0  # seconds that a frame keeps the link busy
        self._asked: deque[tuple[float, int]] = deque()  # when, and after which frame; BARE: with nothing before it
        self._smallest: deque[float] = deque(maxlen=PROBES)
        self._probed = self._last = self._frame = self._came = 0.0
        self._lost = 0
        self._frames = self._answering = 0  # the frame that was drawn last, and that of the newest answer
        self._sum = 0.0  # seconds of the link that this one, and what keys wrote after it, have taken so far

    @property
    def round_trip(self) -> float | None:
        """How long an answer takes with nothing before it; None: there was none yet."""
        return min(self._smallest, default=None)

    @property
    def unanswered(self) -> int:
        """How many questions are under way that will be answered."""
        return len(self._asked) if self.works else 0

    def _ask(self, now: float, after: int) -> None:
        self._asked.append((now, after))
        self._last = now
        if after == BARE:
            self._probed = now
        self.write(QUESTION)

    def begin(self, now: float) -> None:
        """Nothing has been drawn yet: ask for the first time."""
        self._asked.clear()
        self._lost, self.works = 0, True
        self._ask(now, BARE)

    def free(self, now: float) -> bool:
        """Whether the link has room for a frame, which then begins."""
        if not self.works:
            return True
        oldest = now - self._asked[0][0] if self._asked else 0.0
        base = self.round_trip
        if base is None:
            self.works = oldest <= PATIENCE  # until an answer comes all the same
            return True
        if oldest > max(LOST, 4 * base):
            self._asked.clear()
            self._lost += 1
            self.works = self._lost < LOSSES
        elif oldest > base + self.busy + MARGIN or now < self._frame + min(2 * self.busy, LOST):
            return False
        if self.works and not self._asked and now > self._probed + PROBE:
            self._ask(now, BARE)
        self._frame = now
        self._frames += 1
        return True

    def drawn(self, now: float) -> None:
        """Something was written while it trains: ask, unless that is of no use."""
        base = self.round_trip
        if not self.works or base is None or len(self._asked) >= MOST:
            return
        if max(base, self.busy) < NEAR and now < self._last + SELDOM:
            return
        self._ask(now, self._frames)

    def end(self) -> None:
        """Ask no more."""
        self.works = False
        self._asked.clear()

    def answered(self, now: float) -> None:
        """An answer came, to the oldest question."""
        try:
            asked, after = self._asked.popleft()
        except IndexError:
            return  # it was given up, or nobody has asked
        took = now - asked
        self.works, self._lost = True, 0
        if after == BARE or not self._smallest:
            self._smallest.append(took)
        else:
            self._smallest[-1] = min(self._smallest[-1], took)
        if after != BARE:
            if after != self._answering:  # all of the one before it has been answered
                self.busy = max(self._sum, (self.busy + self._sum) / 2)  # quick to give way, slower to come back
                self._answering, self._sum = after, 0.0
            self._sum += max(0.0, now - max(asked + min(self._smallest), self._came))
            self.busy = max(self.busy, self._sum)
        self._came = now
