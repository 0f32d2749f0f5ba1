"""Keys one after another: the next is looked at when the one before it is done, also where it has opened a sheet.

Textual hands each key to the widget that has the focus when it comes. Of two keys in one packet, as over a slow line, the
second would then go to the lab although the first has opened a sheet that it was meant for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from textual import events
from textual.app import App
from textual.dom import DOMNode

PATIENCE = 0.5  # seconds: a widget that was closed with a key in its hands does not keep the others waiting longer


class KeysInTurn(App[None]):
    """An app for which a key is done when it has been through the widget with the focus, all around it, and the app."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: deque[events.Key] = deque()  # the first of them is being looked at
        self._turn = 0  # how many keys there were so far
        self.holding = False  # nobody is there yet who could look at keys, so they wait
        self._watched = 0  # the turn that is given up when PATIENCE is over

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        if self.holding and event.key == "ctrl+q":
            self._keys.clear()
            self.holding = False
        self._keys.append(event)
        if self.holding:
            return
        if len(self._keys) == 1:
            await self._look_at_next()
        elif self._watched != self._turn:
            self._watched = self._turn
            self.set_timer(PATIENCE, lambda turn=self._turn: self._done(turn))

    def hold_no_more(self) -> None:
        """Somebody is there now: the keys that have waited have their turn, once the screen is drawn."""
        self.holding = False
        if self._keys:
            self.call_after_refresh(self._look_at_next)

    async def _look_at_next(self) -> None:
        """Hand out the first key, and follow it on its way."""
        self._turn += 1
        way = [*(self.focused or self.screen).ancestors_with_self]
        await super().on_event(self._keys[0])
        self._follow(way, self._turn)

    def _follow(self, way: Sequence[DOMNode], turn: int) -> None:
        """Wait in each one's queue behind the key; then until what it has opened is there."""
        for index, node in enumerate(way):
            if node.call_later(self._follow, way[index + 1 :], turn):
                return
        if not self.screen.call_later(self.call_later, self._done, turn):
            self.call_later(self._done, turn)

    async def _done(self, turn: int) -> None:
        """The key of that turn is done."""
        if turn == self._turn and self._keys:
            self._keys.popleft()
            if self._keys:
                await self._look_at_next()
