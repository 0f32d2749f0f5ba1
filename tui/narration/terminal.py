"""The terminal while the lab is told in words: keys come one by one and unseen, and it is given back as it was.

Nothing but text is written to it. What is stopped with Ctrl-Z gives it back too, and takes it again when it goes on.
"""

from __future__ import annotations

import os
import signal
import termios
from contextlib import suppress
from typing import Any


class Terminal:
    """A terminal whose keys arrive at once and are not echoed, inside of `with`; it is given back whatever happens.

    Ctrl-C and Ctrl-Z stay signals; ctrl+s and ctrl+q, which would halt what is written, are keys like others.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._before = termios.tcgetattr(number)

    def __enter__(self) -> Terminal:
        wanted: list[Any] = [*self._before[:6], [*self._before[6]]]
        wanted[0] &= ~termios.IXON
        wanted[3] &= ~(termios.ICANON | termios.ECHO)
        wanted[6][termios.VMIN], wanted[6][termios.VTIME] = 1, 0
        self._set(wanted)
        return self

    def __exit__(self, *_: object) -> None:
        self._set(self._before)

    def stop(self) -> None:
        """Stop this program as Ctrl-Z stops any; comes back when it goes on."""
        self.__exit__()
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, before)
        self.__enter__()

    def _set(self, attributes: list[Any]) -> None:
        with suppress(termios.error):  # it is gone: there is nothing to give back
            termios.tcsetattr(self.number, termios.TCSANOW, attributes)  # never waits for what nobody reads
