"""A plot under its title: it draws the picture that it was last shown, in the words that its width has room for.

Its keys ask for another iteration under the cursor, or for more or less of x; who holds the curves answers with a new
picture. While there is a cursor the title says the values at it, so that the curves never move.
"""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.canvas import Pane, Row, heading, row, width_of
from tui.keyboard.named import named
from tui.plots.pictures import Picture
from tui.plots.plot import Drawing, column_of, plot
from tui.plots.ticks import Floats

ZOOM, AWAY = "<brief curves.up> <brief curves.down> zoom", "<brief pane.escape> cursor away"
HINT = f"<brief curves.left> <brief curves.right> cursor  {ZOOM}"
HINTS = {
    False: (f"{HINT}  <brief curves.page_up> <brief curves.page_down> move  <curves.enter> fits", HINT),
    True: (f"{ZOOM}  <curves.end> newest  {AWAY}", AWAY),
}


class Curves(Pane, can_focus=True):
    """Attributes down: `show`. Messages up: `CursorMoved`, `Zoomed`, `Panned`, `Fitted`, `Unread`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Cursor left", show=False, id="curves.left"),
        Binding("right", "step(1)", "Cursor right", show=False, id="curves.right"),
        Binding("home", "end(True)", "Cursor to the first iteration", show=False, id="curves.home"),
        Binding("end", "end(False)", "Cursor to the newest, and with it", show=False, id="curves.end"),
        Binding("up", "zoom(True)", "Zoom in", show=False, id="curves.up"),
        Binding("down", "zoom(False)", "Zoom out", show=False, id="curves.down"),
        Binding("pageup", "pan(-1)", "Earlier", show=False, id="curves.page_up"),
        Binding("pagedown", "pan(1)", "Later", show=False, id="curves.page_down"),
        Binding("enter", "fit", "All of it", show=False, id="curves.enter"),
    ]

    class CursorMoved(Message):
        """The cursor came to an iteration (from 1) of the selected run; None: it is put away."""

        def __init__(self, iteration: int | None) -> None:
            self.iteration = iteration
            super().__init__()

    class Zoomed(Message):
        """Half of what is in sight is wanted (`closer`), or twice as much."""

        def __init__(self, closer: bool) -> None:
            self.closer = closer
            super().__init__()

    class Panned(Message):
        """What is so many pages later is wanted in sight."""

        def __init__(self, pages: int) -> None:
            self.pages = pages
            super().__init__()

    class Fitted(Message):
        """All of it is wanted in sight."""

    class Unread(Message):
        """A key was pressed for which there is no curve over time here, or not yet; `empty`: nothing has been trained."""

        def __init__(self, empty: bool) -> None:
            self.empty = empty
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self.picture: Picture | None = None
        self.drawing = Drawing()

    def show(self, picture: Picture) -> None:
        """Draw this picture."""
        self.picture = picture
        self.draw()

    def fill(self) -> None:
        """Paint the picture for the room there is."""
        if self.picture is None or not self.display or not self.size.width:
            return
        width, height = self.size.width, self.size.height
        if self.picture.text:
            lines = [line for text in self.picture.text for line in textwrap.wrap(named(text), width - 4) or [""]]
            if len(lines) > height - 1:
                lines = [line for line in lines if line]
            self.paint([heading(self.picture.titles[0], width, self.has_focus), *(row(f"  {line}") for line in lines)])
            return
        axes, sight = self.picture.axes, self.picture.sight
        if sight is not None:
            axes = replace(axes, x_ticks=sight.scale.ticks(axes.x_low, axes.x_high, width - 7))
        self.drawing = plot(self.picture.series, axes, width, height - 1, self.picture.marks)
        self.paint([heading(self._title(width), width, self.has_focus), *self.drawing.rows])

    def _title(self, width: int) -> Row:
        """The longest wording that has room, and what the keys do where there is room for that too."""
        assert self.picture is not None
        titles, sight = self.picture.titles, self.picture.sight
        title = next((each for each in titles if width_of(each) <= width - 5), titles[-1])
        if self.has_focus and sight is not None and len(sight.x):
            for hint in HINTS[sight.cursor is not None]:
                if width_of(told := (*title, (f"  {hint}", "dim"))) + 5 <= width:
                    return told
        return title

    # keys

    def _ready(self) -> bool:
        """Whether there are curves over time here; else it is said why not."""
        sight = self.picture.sight if self.picture is not None else None
        ready = sight is not None and len(sight.x) > 0
        if not ready:
            self.post_message(self.Unread(empty=sight is not None))
        return ready

    def action_step(self, by: int) -> None:
        """The cursor to the next column that has an iteration; it stands on the newest one of a column, or on one at
        which something happened."""
        if not self._ready():
            return
        assert self.picture is not None
        sight = self.picture.sight
        assert sight is not None
        columns = column_of(self.picture.axes, sight.x, max(2, self.drawing.columns))
        if sight.cursor is None:  # it appears at the newest in sight
            at = int(np.searchsorted(columns, self.drawing.columns)) - 1
        else:
            here = columns[min(int(np.searchsorted(sight.iterations, sight.cursor)), len(columns) - 1)]
            at = int(np.searchsorted(columns, here, side="right")) if by > 0 else int(np.searchsorted(columns, here)) - 1
            at = _place(columns, columns[min(max(0, at), len(columns) - 1)], self._events(columns))
        self.post_message(self.CursorMoved(int(sight.iterations[min(max(0, at), len(columns) - 1)])))

    def _events(self, columns: Floats) -> list[int]:
        """The places, among those where the cursor can stand, at which something happened."""
        assert self.picture is not None
        sight = self.picture.sight
        assert sight is not None
        found = np.searchsorted(sight.x, [event.x * (1 - 1e-12) for event in sight.events])
        return [min(int(each), len(columns) - 1) for each in found]

    def action_end(self, first: bool) -> None:
        """The cursor to the first iteration, or to the newest."""
        if self._ready():
            assert self.picture is not None
            assert self.picture.sight is not None
            self.post_message(self.CursorMoved(int(self.picture.sight.iterations[0 if first else -1])))

    def put_away(self) -> None:
        """No cursor any more."""
        self.post_message(self.CursorMoved(None))

    def action_zoom(self, closer: bool) -> None:
        """More or less of x."""
        if self._ready():
            self.post_message(self.Zoomed(closer))

    def action_pan(self, pages: int) -> None:
        """Earlier or later."""
        if self._ready():
            self.post_message(self.Panned(pages))

    def action_fit(self) -> None:
        """All of it."""
        if self._ready():
            self.post_message(self.Fitted())


def _place(columns: Floats, column: float, events: list[int]) -> int:
    """Where the cursor stands in a column: the place of an event in it, else the newest."""
    here = [each for each in events if columns[each] == column]
    return here[0] if here else int(np.searchsorted(columns, column, side="right")) - 1


if __name__ == "__main__":
    from tui.panes.alone import main

    main(__file__)
