"""An app in which a fault ends no more than what it happened in: a pane, a key, a sheet.

Textual ends the app with whatever nobody has caught, and the part that raised it hears no message any more. So parts that
must live on are `Contained`: what their handlers raise is handed to the app, which says it and goes on. What keeps coming
faster than anybody could press keys cannot be contained: then the app ends after all, in one line.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.message import Message
from textual.message_pump import MessagePump

from tui.home import faults
from tui.terminal import fault

FLOOD, WITHIN = 150, 2.0  # so many faults in so many seconds are no accident
AGAIN = 1.0  # seconds in which the same fault is not said twice


class Contains(App[None]):
    """An app that goes on; `faults` are what was contained, in words, the newest last."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.faults: deque[str] = deque(maxlen=50)
        self._when: deque[float] = deque(maxlen=FLOOD)
        self._known: dict[tuple[str, ...], float] = {}  # when each was there last, by what it is and its lines

    @property
    def lets_through(self) -> bool:
        """Whether faults are to be seen as they are: somebody has asked for that."""
        return "debug" in self.features

    def note_fault(self, error: BaseException, place: str = "") -> bool | None:
        """Take a fault down. True: it is to be said; False: it was said just now; None: it cannot be contained."""
        now = time.monotonic()
        self._when.append(now)
        if len(self._when) == FLOOD and now - self._when[0] < WITHIN:
            return None
        lines = fault.trace(error)
        key = (type(fault.bare(error)).__name__, *lines)
        before = self._known.get(key)
        self._known[key] = now
        if before is None:  # one that comes again and again is not written again and again
            self.faults.append(f"{fault.what(error)} ({', '.join(lines)})")
            keep(error, place, ended=False)
        return before is None or now - before > AGAIN

    def withstands(self, node: object, error: Exception) -> bool:
        """Contain what `node` has raised; False where that cannot be."""
        return False


class Contained(MessagePump):
    """To be put before a widget's or a screen's class: what its handlers raise ends nothing where the app contains it."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not (isinstance(self.app, Contains) and self.app.withstands(self, error)):
                raise


def keep(error: BaseException, place: str, ended: bool) -> None:
    """Put a fault among those that are kept."""
    faults.keep(type(fault.bare(error)).__name__, fault.what(error), fault.trace(error), ended, place)


def noted(node: DOMNode, error: Exception) -> bool:
    """Take down that a part of the screen could not be drawn; False where that is not to be contained here."""
    app = node.app
    if not isinstance(app, Contains) or app.lets_through:
        return False
    return app.note_fault(error, f"drawing {node.id or type(node).__name__}") is not None
