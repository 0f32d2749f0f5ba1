"""Whether the way to the terminal has room for one more frame: the only question that a screen asks of it.

Frames give way, keys never do: what a key changes is written at once, and a frame comes only where everything before it is
on its way (`writer`), the terminal has room for it (`answers`), and the budget allows it (`budget`). A frame that does not
come costs nothing, since the next one shows what both would have. A lab that does not train asks for no frame, and so
nothing is written, not even a question.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from textual.app import App

from tui.terminal.answers import Answers
from tui.terminal.asked import Asked
from tui.terminal.budget import LONGEST, Budget, slow_rate
from tui.terminal.sent import Sent

SLOW = 0.25  # seconds between two frames, at least, with --slow-link
TRAINS = 0.35  # seconds after a frame was asked for in which what is written counts as of training
END = 1.2  # seconds that are waited for answers at the end, at most


class Way(Protocol):
    """What a screen knows of the way to the terminal; `frames` is how many there were."""

    frames: int

    def free(self) -> bool:
        """Whether a frame may be drawn now. Whoever hears yes draws one."""
        ...

    def rates(self) -> tuple[float, float] | None:
        """Bytes and frames a second while it trains, None where that cannot be known."""
        ...


class Open:
    """The way to a terminal that is none, such as a test or a browser: always free."""

    frames = 0

    def free(self) -> bool:
        self.frames += 1
        return True

    def rates(self) -> None:
        return None


class Link:
    """The way to a real terminal.

    `write` sends it characters; `taken` says whether it has no room even here; `size` gives its columns and lines, `clock`
    seconds.
    """

    def __init__(
        self,
        sent: Sent,
        write: Callable[[str], None],
        taken: Callable[[], bool],
        asked: Asked,
        size: Callable[[], tuple[int, int]],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.sent, self.taken, self.asked, self.size, self.clock = sent, taken, asked, size, clock
        self.answers = Answers(write)
        self.budget = Budget(self._rate()) if asked.limited else None
        self.frames = 0
        self._wanted = self._frame = clock() - LONGEST  # when a frame was asked for, and when there was one

    def _rate(self) -> float:
        """Bytes a second that may be written."""
        return min(self.asked.most, slow_rate(*self.size())) if self.asked.slow else self.asked.most

    def begin(self) -> None:
        """The terminal is ours, and nothing has been drawn."""
        self.answers.begin(self.clock())

    def free(self) -> bool:
        self._wanted = now = self.clock()
        if self.taken() or (self.asked.slow and now < self._frame + SLOW):
            return False
        if self.budget is not None:
            self.budget.rate = self._rate()
            self.budget.look(now, self.sent.bytes)
            if not self.budget.free(now - self._frame):
                return False
        if not self.answers.free(now):
            return False
        self._frame = now
        self.frames += 1
        return True

    def drawn(self) -> None:
        """Something was written: a frame, or the answer to a key."""
        now = self.clock()
        if self.budget is not None:
            self.budget.look(now, self.sent.bytes)
        if now < self._wanted + TRAINS:
            self.answers.drawn(now)

    def answered(self) -> None:
        """The terminal has said where its cursor is; this may be another thread."""
        self.answers.answered(self.clock())

    def rates(self) -> tuple[float, float]:
        return self.sent.rates(self.clock(), self.frames)

    def end(self) -> None:
        """Wait for the answers that are still to come: they would be typed into the shell."""
        ends = self.clock() + END
        while self.answers.unanswered and self.clock() < ends:
            time.sleep(0.01)
        self.answers.end()


#: Of all that is no terminal.
OPEN = Open()


def way_of(app: App[object]) -> Way:
    """The way to the terminal that this app is on."""
    link = getattr(app._driver, "link", None)  # Textual has no other name for it
    return link if link is not None else OPEN
