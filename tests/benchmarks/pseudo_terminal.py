"""A program in a real pseudo-terminal: keys go in as bytes, what it writes comes out with the time at which it came.

Nothing here knows descent. pyte, a terminal in Python, draws the bytes, and only when the screen is asked for: while
something is measured, reading costs no more than the reading.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import pyte

UNKNOWN = re.compile(rb"\x1b\[[<>=?][0-9;]*u|\x1b\[\?[0-9;]*\$p|\x1b\[>[0-9;]*[mq]")  # pyte would print it
ASKS = re.compile(rb"\x1b\[\?2026\$p|\x1b\[6n")
ANSWERS = {  # as most terminals answer today
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # a frame can be shown all at once
    b"\x1b[6n": b"\x1b[1;1R",  # where the cursor is
}
FRAME = b"\x1b[?2026h"  # what a frame begins with, where the terminal can
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 30.0


MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")
COLOURS = re.compile(rb"\x1b\[([\d;]*)m")
USUAL = {7: True, 25: True}  # lines wrap, the cursor is seen; every other mode is off


def unusual(written: bytes) -> set[object]:
    """What is still set of a terminal that this was written to: modes by their numbers, kitty's keys, a colour."""
    standing = {int(number): to == b"h" for number, to in MODE.findall(written)}
    left: set[object] = {number for number, on in standing.items() if on != USUAL.get(number, False)}
    if written.count(b"\x1b[>") != written.count(b"\x1b[<u"):
        left.add("kitty's keys")
    if [b"0", *COLOURS.findall(written)][-1] not in (b"", b"0"):
        left.add("a colour")
    return left


class UnansweredError(Exception):
    """What was waited for did not come."""


class PseudoTerminal:
    """`command`, in a terminal of so many columns and lines, with `environment` over that of now."""

    def __init__(
        self, command: Sequence[str], columns: int, lines: int, environment: Mapping[str, str | None] | None = None
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._drawn = 0
        self.written = bytearray()
        self.came: list[tuple[float, int]] = []  # when, and how many bytes there were then
        self._answered = 0
        self.master, self.slave = pty.openpty()
        self._size(columns, lines)
        self.before = termios.tcgetattr(self.slave)
        given = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | dict(environment or {})
        hidden = ("TEXTUAL", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR")
        shell = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [*command],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={name: value for name, value in (shell | given).items() if value is not None},
            start_new_session=True,
            preexec_fn=self._own,
        )

    def _own(self) -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # the terminal is the program's own: what closes it sends SIGHUP

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the program, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for end in (self.master, self.slave):
            if end >= 0:
                os.close(end)
        self.master = self.slave = -1

    # size

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def size(self, columns: int, lines: int) -> None:
        """Another size, without a screen drawn for it."""
        self._size(columns, lines)
        self.process.send_signal(signal.SIGWINCH)

    def forget(self) -> None:
        """The screen is empty, whatever was written so far."""
        self.screen.reset()
        self._drawn = len(self.written)

    def resize(self, columns: int, lines: int) -> None:
        self._draw()
        self._size(columns, lines)
        self.screen.resize(lines, columns)
        self.process.send_signal(signal.SIGWINCH)

    # bytes

    def read(self, seconds: float) -> bytes:
        """What was written meanwhile; comes back as soon as something was."""
        if not select.select([self.master], [], [], max(0.0, seconds))[0]:
            return b""
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:  # the other end is closed
            return b""
        self.written += data
        self.came.append((time.perf_counter(), len(self.written)))
        for asked in ASKS.finditer(self.written, self._answered):
            self._answered = asked.end()
            os.write(self.master, ANSWERS[asked[0]])
        return data

    def listen(self, seconds: float) -> bytes:
        """All that is written within so many seconds."""
        before, ends = len(self.written), time.perf_counter() + seconds
        while (left := ends - time.perf_counter()) > 0.0:
            self.read(left)
        return bytes(self.written[before:])

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    # screen

    def _draw(self, count: int | None = None) -> None:
        until = len(self.written) if count is None else max(count, self._drawn)
        self._stream.feed(UNKNOWN.sub(b"", bytes(self.written[self._drawn : until])))
        self._drawn = until

    @property
    def text(self) -> str:
        """What the screen shows, line by line."""
        self._draw()
        return "\n".join(self.screen.display)

    def text_at(self, count: int) -> str:
        """What it showed when so many bytes were written, where that is not drawn over already."""
        self._draw(count)
        return "\n".join(self.screen.display)

    def until(self, holds: Callable[[], object], patience: float = PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not holds():
            if time.monotonic() > deadline:
                raise UnansweredError(f"waited in vain; the screen:\n{self.text}")
            self.read(0.05)

    def shows(self, *texts: str) -> None:
        """Wait until all of this is to be read."""
        self.until(lambda: all(text in self.text for text in texts))

    def quiet(self, seconds: float = 0.3) -> None:
        """Wait until so long nothing was written."""
        self.until(lambda: not self.read(seconds))

    def end(self) -> int:
        """The exit code, once it has ended by itself."""
        self.until(lambda: self.process.poll() is not None)
        while self.read(0.0):
            pass
        return self.process.returncode

    # how it is left

    def flags(self) -> str:
        """`stty -a`, which says what a shell finds there."""
        return subprocess.run(["stty", "-a"], stdin=self.slave, capture_output=True, text=True, check=True).stdout

    def unusual(self) -> set[object]:
        """What is still set of the terminal, by the numbers of its modes, after all that was written to it."""
        return unusual(bytes(self.written))

    # what it costs (Linux)

    def cpu(self) -> float:
        """Seconds of processor time so far, of all its threads."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Megabytes that it holds now."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
