"""What is to be seen while the lab is made: the name of the preset, on the line where it will be.

It imports nothing but Textual, and is there as soon as that is; everything else is imported and read behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from engine import Preset


@dataclass(frozen=True, slots=True)
class Unread:
    """A preset that is known to be there, to be read behind the curtain: its name, and how."""

    name: str
    read: Callable[[], Preset]


class Name(Widget):
    """The first line of the lab, as far as it is known."""

    DEFAULT_CSS = "Name { height: 1; color: $text-primary; background: $background; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(self.text, self.rich_style)]).adjust_cell_length(self.size.width, self.rich_style)


class Curtain(Screen[None]):
    """Shows the name, has the lab made, and gives way to it."""

    AUTO_FOCUS = None

    def __init__(self, unread: Unread) -> None:
        super().__init__()
        self.unread = unread

    def compose(self) -> Iterable[Widget]:
        yield Name(f" descent  {self.unread.name}  opening")

    def on_mount(self) -> None:
        self.call_after_refresh(self.run_worker, self._make, thread=True)

    def _make(self) -> None:
        """In a thread, so that a new size and ctrl+q are heard; what takes long is importing."""
        import tui.screens.lab  # noqa: F401

        preset = self.unread.read()
        self.app.call_from_thread(self._give_way, preset)

    def _give_way(self, preset: Preset) -> None:
        app: Any = self.app
        if app._exit:  # somebody has left before it was there
            return
        app.make_lab(preset)
        app.switch_screen(app.lab)
        app.lab.call_after_refresh(app.hold_no_more)
