"""How a signal ends the lab: as `q` does where that is possible, and by force where it is not.

Signals are looked at in a thread of their own, to which the system's handler writes the number. So one is heard while the
event loop is in a long step, or stuck in a link that takes nothing; and nothing of the app is touched in the middle of
whatever it was doing. The app is asked to leave; when it has not after a while, the terminal is set back directly.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
PAUSES = (signal.SIGTSTP, signal.SIGCONT)
PATIENCE = 1.5  # seconds until the app has left by itself
AGAIN = 0.3  # seconds from a second signal on


def _note(_number: int, _frame: FrameType | None) -> None:
    """Python needs a handler to be there, so that the number is written for the thread."""


class Leaving:
    """Listens while the lab is on a terminal.

    `leave(number)` asks for an ordinary end, `pause(number)` is told of ctrl+z from outside and of its end; `force(code)`
    ends the process. All are called from the thread.
    """

    def __init__(self, leave: Callable[[int], None], pause: Callable[[int], None], force: Callable[[int], None]) -> None:
        self._leave, self._pause, self._force = leave, pause, force
        self.code = 0  # with which the process is to end: 128 and the signal, as a shell has it
        self._before: dict[int, Any] = {}
        self._ends: tuple[int, int] | None = None
        self._wakeup = -1

    def begin(self) -> None:
        """Listen from now on; nothing where it does already. To be called from the main thread."""
        if self._ends is not None:
            return
        self._ends = os.pipe()
        for end in self._ends:
            os.set_blocking(end, end == self._ends[0])
        for number in (*ENDS, *PAUSES):
            if signal.getsignal(number) != signal.SIG_IGN:  # what started it, such as nohup, wants that to go by
                self._before[number] = signal.signal(number, _note)
        self._wakeup = signal.set_wakeup_fd(self._ends[1], warn_on_full_buffer=False)
        os.register_at_fork(after_in_child=self._in_child)
        threading.Thread(target=self._listen, args=(self._ends[0],), name="signals", daemon=True).start()

    def over(self) -> None:
        """The terminal is as it was: from now on signals do what they did. What has to end still ends in time."""
        if self._ends is None or self.code:
            return
        for number, before in self._before.items():
            signal.signal(number, before if before is not None else signal.SIG_DFL)
        self._before.clear()
        signal.set_wakeup_fd(self._wakeup)
        os.write(self._ends[1], b"\0")
        os.close(self._ends[1])
        self._ends = None

    def _in_child(self) -> None:
        """A process made from this one: what ends that one is not to be heard here."""
        if self._ends is not None:
            signal.set_wakeup_fd(-1)
            for number in self._before:
                signal.signal(number, signal.SIG_DFL)
            self._ends = None

    def hang_up(self) -> None:
        """As if SIGHUP had come: there are no more keys, or nothing can be shown any more. From any thread."""
        ends = self._ends
        if ends is not None:
            with suppress(OSError):
                os.write(ends[1], bytes([signal.SIGHUP]))

    def _listen(self, pipe: int) -> None:
        deadline: float | None = None
        while True:
            wait = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([pipe], [], [], wait)[0]:
                self._force(self.code)
                return
            for number in os.read(pipe, 64):
                if number == 0:
                    os.close(pipe)
                    return
                if number in PAUSES:
                    self._pause(number)
                elif number in ENDS:
                    patience = AGAIN if self.code else PATIENCE
                    if not self.code:
                        self.code = 128 + number
                        self._leave(number)
                    deadline = min(deadline or float("inf"), time.monotonic() + patience)


def set_back(fd: int, found: list[Any] | None, made: list[Any] | None) -> None:
    """The terminal's flags as they were found, unless somebody has changed them since they were `made` so.

    Also from the background, where a shell that has died leaves what it had started: there the system would stop the
    process for it, unless this signal is blocked.
    """
    if found is None:
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        if made is None or termios.tcgetattr(fd)[:4] == made[:4]:
            termios.tcsetattr(fd, termios.TCSANOW, found)
    except (termios.error, OSError):
        pass  # it is gone
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def write_at_once(fd: int, text: str, patience: float = 0.5) -> None:
    """Write this to a terminal that may take nothing: what still waits for it is thrown away where it must be."""
    with suppress(OSError, termios.error):
        own = os.open(os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            data, until, thrown = text.encode(), time.monotonic() + patience, False
            while data and time.monotonic() < until:
                try:
                    data = data[os.write(own, data) :]
                except BlockingIOError:
                    if thrown:
                        time.sleep(0.01)
                    else:
                        termios.tcflush(own, termios.TCOFLUSH)
                        thrown = True
        finally:
            os.close(own)
