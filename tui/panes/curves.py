"""A plot under its title: it draws the picture that it was last shown, in the words that its width has room for."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from textual.message import Message

from tui.canvas import Pane, heading, row, width_of
from tui.pictures import Picture
from tui.plot import plot


class Curves(Pane, can_focus=True):
    """Attributes down: `show`. Messages up: `CursorMoved`."""

    class CursorMoved(Message):
        """The cursor came to an iteration (from 1) of the selected run; None: it is put away."""

        def __init__(self, iteration: int | None) -> None:
            self.iteration = iteration
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self.picture: Picture | None = None

    def show(self, picture: Picture) -> None:
        """Draw this picture."""
        self.picture = picture
        self.draw()

    def draw(self) -> None:
        """Paint the picture for the room there is."""
        if self.picture is None or not self.display or not self.size.width:
            return
        width, height = self.size.width, self.size.height
        if self.picture.text:
            lines = [line for text in self.picture.text for line in textwrap.wrap(text, width - 4) or [""]]
            if len(lines) > height - 1:
                lines = [line for line in lines if line]
            self.paint([heading(self.picture.titles[0], width, self.has_focus), *(row(f"  {line}") for line in lines)])
            return
        axes = self.picture.axes
        if self.picture.sight is not None:
            axes = replace(axes, x_ticks=self.picture.sight.scale.ticks(axes.x_low, axes.x_high, width - 7))
        plot_ = plot(self.picture.series, axes, width, height - 1, self.picture.marks)
        fitting = (title for title in self.picture.titles if width_of(title) <= width - 5)
        title = next(fitting, self.picture.titles[-1])
        self.paint([heading(title, width, self.has_focus), *plot_.rows])
