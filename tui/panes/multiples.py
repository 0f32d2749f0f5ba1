"""The pane of small multiples, in the room of both plots."""

from __future__ import annotations

from tui.canvas import Pane
from tui.plots.multiples import Multiples, draw_multiples


class MultiplesPane(Pane):
    """Attributes down: `show`."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.found: Multiples | None = None

    def show(self, found: Multiples) -> None:
        """Draw these runs."""
        self.found = found
        self.draw()

    def fill(self) -> None:
        """Paint them for the room there is."""
        if self.found is not None and self.display and self.size.width:
            rows = draw_multiples(self.found, self.size.width, self.size.height)
            self.paint(rows or [(("There is no room for a plot of each run", "dim"),)])


if __name__ == "__main__":
    from tui.panes.alone import main

    main(__file__)
