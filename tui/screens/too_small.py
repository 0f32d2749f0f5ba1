"""What stands there where a terminal is too small for the lab: how large it should be, and how one leaves."""

from __future__ import annotations

import textwrap

from tui.canvas import Pane, row

LEAST = (60, 20)  # columns and lines


def words(width: int, height: int, quits: str, standing: str) -> str:
    """What is said in a terminal of that size; `standing` is what goes on meanwhile."""
    columns, lines = LEAST
    said = f"descent needs {columns}x{lines}, this terminal is {width}x{height}: make it larger, {quits} quits."
    return f"{said} {standing}".strip()


class TooSmall(Pane):
    """Attributes down: `show`."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.said = ""

    def show(self, said: str) -> None:
        """Say this."""
        self.said = said
        self.draw()

    def fill(self) -> None:
        """Paint it in the middle of what there is."""
        width, height = self.size.width, self.size.height
        if width < 4 or not height:
            return
        lines = textwrap.wrap(self.said, width - 2)[:height]
        above = max(0, (height - len(lines)) // 2)
        self.paint([row("")] * above + [row((f" {line}", "strong")) for line in lines])
