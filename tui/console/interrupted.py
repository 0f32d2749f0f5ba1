"""Asking a command to end: Ctrl-C, `kill`, and a connection that is gone let it finish its iteration and say what came out.

A second request ends it at once.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: What ends a command. What nobody is to hear, as SIGHUP under `nohup`, stays unheard; Windows has no SIGHUP.
REQUESTS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def catching_interrupts() -> Iterator[Callable[[], bool]]:
    """A request to end only makes the function true that is given; a second one raises KeyboardInterrupt."""
    caught = []

    def note(*_: object) -> None:
        caught.append(True)
        for each in before:
            signal.signal(each, signal.default_int_handler)

    before = {each: signal.getsignal(each) for each in REQUESTS if each == signal.SIGINT or heard(each)}
    for each in before:
        signal.signal(each, note)
    try:
        yield lambda: bool(caught)
    finally:
        for each, handler in before.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)


def heard(request: signal.Signals) -> bool:
    """Whether this program is not told to ignore a request."""
    return signal.getsignal(request) is not signal.SIG_IGN
