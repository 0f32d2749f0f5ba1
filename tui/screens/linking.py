"""The tree and the curves as one thing: where one of them has its cursor, the other shows the place.

Only what somebody does in one of them moves the other. What is moved by the link posts nothing, so nothing comes back.
"""

from __future__ import annotations

from dataclasses import replace

from textual import on

from tui.panes.curves import Curves
from tui.panes.progress_tree import ProgressTree
from tui.screens.viewing import LooksAt
from tui.viewing import Lit


class Links(LooksAt):
    """The part of the lab that ties the tree to the curves."""

    @on(ProgressTree.Lighted)
    def _lighted(self, message: ProgressTree.Lighted) -> None:
        """The stretch under the tree's cursor is lit on the curves; only runs of now have curves."""
        run = message.index - len(self.session.kept)
        lit = Lit(run, message.first, message.last) if message.first and run >= 0 else None
        if lit != self.viewing.lit:
            self.look_at(replace(self.viewing, lit=lit))

    @on(Curves.CursorMoved)
    def _cursor_moved(self, message: Curves.CursorMoved) -> None:
        """The tree goes where the curves' cursor is, which shows the place better than a stretch that was lit before."""
        if self.viewing.lit is not None:
            self.look_at(replace(self.viewing, lit=None))
        self._lead(message.iteration)

    def show_curves(self) -> None:
        """The curves, and the tree where their cursor has gone along with the newest iteration."""
        super().show_curves()
        if self.viewing.riding and self.progress.led:
            self._lead(self.viewing.cursor)

    def _lead(self, iteration: int | None) -> None:
        self.progress.go_to(len(self.session.kept) + self.session.selected, iteration)
