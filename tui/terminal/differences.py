"""An app that writes to the terminal only what differs from what is there; how is `tui.terminal.shown`'s.

Textual composes each update of all widgets that overlap the smallest box around what changed: with one line changed at
the top and one at the bottom that is all of them, ten times a second. A widget that lies open on the screen may be painted
`at_once` instead, its own lines alone; whatever else is updated is taken over from `App._display`, through the same
comparison. A terminal whose size changes, or that was lent to another program, shows nobody knows what: the next update is
then written as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.shown import Shown, pieces_of


class WritesDifferences(App[None]):
    """An app on a terminal of its own; without one (tests, pictures) it is as any other."""

    _shown: Shown | None = None  # None: what the terminal shows is not known
    _visible: object = None  # Textual's map of what is visible where, made anew with each layout
    _places: dict[Widget, Region | None]
    _pending: list[str] | None = None

    def on_resize(self, event: events.Resize) -> None:
        """Also sent where the terminal comes back from another program."""
        self._shown = None

    def action_redraw(self) -> None:
        """Draw the whole screen again."""
        self._shown = None
        self.screen.refresh(layout=True)

    def lies_open(self, widget: Widget) -> bool:
        """Whether lines of it can be painted at once: all of it is to be seen, and what is on the screen is known."""
        return self._place(widget) is not None

    def at_once(self, widget: Widget, lines: Iterable[tuple[int, Strip]]) -> None:
        """Write these lines of a widget that lies open, by number, with all else of this turn of the event loop."""
        place = self._place(widget)
        if place is None or self._shown is None:
            return
        written = self._shown.written((place.y + y, place.x, strip) for y, strip in lines if y < place.height)
        if written and self._pending is None:
            self._pending = []
            asyncio.get_running_loop().call_soon(self._write_pending)
        if written and self._pending is not None:
            self._pending.append(written)

    def _place(self, widget: Widget) -> Region | None:
        screen = widget.screen
        if self._shown is None or screen is not self.screen or self._batch_count or self._closed:
            return None
        visible = screen._compositor.visible_widgets
        if visible is not self._visible:
            self._visible, self._places = visible, {}
        if widget not in self._places:
            self._places[widget] = open_place(widget, visible)
        return self._places[widget]

    def _write_pending(self) -> None:
        pending, self._pending = self._pending, None
        driver = self._driver
        if not pending or driver is None or self._closed:
            return
        self._begin_update()
        driver.write("".join(pending))
        self._end_update()
        driver.flush()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        driver, pieces = self._driver, pieces_of(renderable)
        idle = self._batch_count or not self._running or self._closed
        if idle or pieces is None or driver is None or self.is_headless or driver.is_inline:
            super()._display(screen, renderable)
            return
        columns, lines = self.size  # not the console's: in a browser it has another
        if self._shown is None or (self._shown.columns, self._shown.lines) != (columns, lines):
            self._shown, self._pending = Shown(columns, lines, self.console._color_system), None
        try:
            written = self._shown.written(pieces)
        except Exception as error:  # as in what is taken over: a widget that cannot be painted ends the app in words
            self._handle_exception(error)
            return
        if written:
            self._pending = [*(self._pending or ()), written]  # the order is that in which they were compared
            self._write_pending()
        self.post_display_hook()


def open_place(widget: Widget, visible: dict[Widget, tuple[Region, Region]]) -> Region | None:
    """The region of a widget that nothing covers or cuts; None where something does, or it is not there.

    `visible` maps widgets to their regions and what they are clipped to, those in front first.
    """
    if widget not in visible or widget.opacity != 1.0 or widget.gutter:
        return None
    region, clip = visible[widget]
    if region.intersection(clip) != region:
        return None
    for other, (where, cut) in visible.items():
        if other is widget:
            return region
        seen = where.intersection(cut)
        if seen.area and seen.overlaps(region):
            return None
    return None
