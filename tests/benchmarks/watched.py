"""What an app on a screen costs, seen from the terminal's side: how soon it answers, what it writes, what it takes.

Nothing here knows descent: a `Subject` says how the app is started, what it shows when it is ready, which keys set it to
work, and which keys change the screen in a way that can be recognised. The screen is drawn (by pyte) after the measuring,
from the bytes and their times, so that looking costs nothing while it matters.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from pseudo_terminal import FRAME, PseudoTerminal, UnansweredError

BETWEEN = (0.06, 0.16)  # seconds between two keys: drawn anew each time, so that every moment of a frame is met
PATIENCE = 10.0


@dataclass(frozen=True)
class Subject:
    """An app: its command, a regular expression of what it shows when ready, the keys that set it to work (none: nothing
    does) and what it shows then, and keys with what the screen shows after each (and did not show before it)."""

    command: Sequence[str]
    ready: str
    start: bytes
    working: str
    keys: Sequence[tuple[bytes, str]]
    environment: Mapping[str, str | None] = field(default_factory=dict)

    def open(self, columns: int, lines: int, more: Sequence[str] = ()) -> PseudoTerminal:
        """The app on a terminal of this size, ready."""
        terminal = PseudoTerminal([*self.command, *more], columns, lines, self.environment)
        try:
            terminal.until(lambda: re.search(self.ready, terminal.text))
            terminal.quiet()
        except UnansweredError:
            terminal.close()
            raise
        return terminal

    def work(self, terminal: PseudoTerminal) -> None:
        """Set it to work, and wait until it shows that it does."""
        terminal.press(self.start)
        terminal.until(lambda: re.search(self.working, terminal.text))


@dataclass(frozen=True)
class Answers:
    """Seconds from each key to the bytes that show its answer, sorted."""

    seconds: Sequence[float]

    def percentile(self, share: float) -> float:
        """The time within which that share of the keys was answered."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]

    @property
    def middle(self) -> float:
        return median(self.seconds)

    def __str__(self) -> str:
        worst = self.seconds[-1]
        return f"{1000 * self.middle:.1f} / {1000 * self.percentile(0.99):.1f} / {1000 * worst:.1f}"


def answers(terminal: PseudoTerminal, keys: Sequence[tuple[bytes, str]], count: int, seed: int = 0) -> Answers:
    """Press `count` keys or a few more, so that all of `keys` were pressed equally often, and time each.

    They are taken in turn, at uneven distances; the last has to leave the app as the first has found it.
    """
    draws = random.Random(seed)
    turns = range(-(-count // len(keys)))
    taken = [answer(terminal, *key, draws.uniform(*BETWEEN)) for _ in turns for key in keys]
    return Answers(sorted(taken))


def answer(terminal: PseudoTerminal, key: bytes, shows: str, apart: float) -> float:
    """Seconds from `key` to the bytes with which the screen shows `shows`; UnansweredError if it never does.

    It is looked at for `apart` seconds at least, and drawn piece by piece only after that.
    """
    while terminal.read(0.0):
        pass
    before = terminal.text
    if re.search(shows, before):
        raise UnansweredError(f"{shows!r} was there before {key!r} was pressed:\n{before}")
    first, pressed = len(terminal.came), time.perf_counter()
    terminal.press(key)
    while True:
        terminal.listen(apart)
        for came, count in terminal.came[first:]:
            if re.search(shows, terminal.text_at(count)):
                return came - pressed
        first = len(terminal.came)
        if time.perf_counter() > pressed + PATIENCE:
            raise UnansweredError(f"{key!r} was not answered by {shows!r}:\n{terminal.text}")


@dataclass(frozen=True)
class Traffic:
    """What was written, drawn and taken within so many seconds."""

    seconds: float
    bytes: int
    frames: int
    processor: float

    @property
    def rate(self) -> float:
        """Kilobytes (of 1000 bytes) a second."""
        return self.bytes / self.seconds / 1000.0

    @property
    def share(self) -> float:
        """Of one core."""
        return self.processor / self.seconds


def traffic(terminal: PseudoTerminal, seconds: float) -> Traffic:
    """Watch for so long."""
    started, spent = time.perf_counter(), terminal.cpu()
    data = terminal.listen(seconds)
    took = time.perf_counter() - started
    return Traffic(took, len(data), data.count(FRAME), terminal.cpu() - spent)


@dataclass(frozen=True)
class Growth:
    """Megabytes that were held at times (seconds), evenly apart."""

    times: Sequence[float]
    held: Sequence[float]

    @property
    def slope(self) -> float:
        """Megabytes an hour in the second half, by least squares: what is kept in full first fills up in the first."""
        times, held = self.times[len(self.times) // 2 :], self.held[len(self.held) // 2 :]
        centre, level = sum(times) / len(times), sum(held) / len(held)
        rise = sum((at - centre) * (here - level) for at, here in zip(times, held, strict=True))
        return 3600.0 * rise / sum((at - centre) ** 2 for at in times)

    @property
    def by_the_hour(self) -> float:
        """Megabytes that it will have grown by after an hour: so far, and then on at that slope."""
        return self.held[-1] - self.held[0] + max(0.0, self.slope) * (1.0 - self.times[-1] / 3600.0)


def growth(terminal: PseudoTerminal, seconds: float, looks: int = 40) -> Growth:
    """What it holds, over so many seconds."""
    times, held = [0.0], [terminal.memory()]
    started = time.perf_counter()
    for _ in range(looks):
        terminal.listen(seconds / looks)
        times.append(time.perf_counter() - started)
        held.append(terminal.memory())
    return Growth(times, held)


def by_place(data: bytes, places: Mapping[str, tuple[int, int, int, int]]) -> dict[str, int]:
    """Bytes by where on the screen they were written: `places` are (x, y, columns, lines); colours count with their text.

    What lies in none of them, or moves nothing (a frame's beginning and end), is "elsewhere".
    """
    counts = dict.fromkeys((*places, "elsewhere"), 0)
    x = y = 0
    pending = 0
    for found in re.finditer(rb"\x1b\[(\d*);?(\d*)H|\x1b\[[0-9;?]*m|\x1b[^a-zA-Z]*[a-zA-Z]|[^\x1b]+", data):
        piece = found[0]
        if piece.startswith(b"\x1b"):
            if piece.endswith(b"H"):
                y, x = int(found[1] or 1) - 1, int(found[2] or 1) - 1
            elif piece.endswith(b"C"):
                x += int(piece[2:-1] or 1)
            pending += len(piece)
            continue
        here = next((name for name, (left, top, w, h) in places.items() if left <= x < left + w and top <= y < top + h), "")
        counts[here or "elsewhere"] += pending + len(piece)
        pending = 0
        lines = piece.decode(errors="replace").split("\n")
        y += len(lines) - 1
        x = len(lines[-1]) + (x if len(lines) == 1 else 0)
    counts["elsewhere"] += pending
    return counts
