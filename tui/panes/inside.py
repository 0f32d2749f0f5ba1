"""The pane for a view of the inside of a model: it draws the look that it was last shown, and tells its keys."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.canvas import Pane, heading, row, width_of
from tui.inside.scene import Look


class InsidePane(Pane, can_focus=True):
    """Attributes down: `show`. Messages up: `Moved`, for the arrows and Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1, 0, 0)", "Left", show=False, id="inside.left", tooltip="Move in the view"),
        Binding("right", "move(1, 0, 0)", "Right", show=False, id="inside.right", tooltip="Move in the view"),
        Binding("up", "move(0, -1, 0)", "Up", show=False, id="inside.up", tooltip="Move in the view"),
        Binding("down", "move(0, 1, 0)", "Down", show=False, id="inside.down", tooltip="Move in the view"),
        Binding("enter", "move(0, 0, 1)", "The other way to look", show=False, id="inside.enter"),
    ]

    class Moved(Message):
        """The arrows or Enter were pressed: by how much the spot of the view changes."""

        def __init__(self, x: int, y: int, mode: int) -> None:
            self.x, self.y, self.mode = x, y, mode
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self.look: Look | None = None

    def show(self, look: Look) -> None:
        """Draw this look."""
        self.look = look
        self.draw()

    def fill(self) -> None:
        """Paint the look for the room there is."""
        width, height = self.size.width, self.size.height
        if self.look is None or not width or not self.display:
            return
        titles, hint = self.look.titles, self.look.hint if self.has_focus else ""
        title = next((one for one in titles if width_of(one) <= width - 5), titles[-1])
        if hint and width_of(told := (*title, (f"  {hint}", "dim"))) + 6 <= width:
            title = told
        self.paint([heading(title, width, self.has_focus), *(self.look.rows(width, height - 1) or [row("")])])

    def action_move(self, x: int, y: int, mode: int) -> None:
        """An arrow or Enter was pressed."""
        self.post_message(self.Moved(x, y, mode))


if __name__ == "__main__":
    from tui.panes.alone import main

    main(__file__)
