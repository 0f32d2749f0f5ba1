"""Small multiples in the lab: shown and put away from the views sheet, where there is room for them."""

from __future__ import annotations

from tui.panes.multiples import MultiplesPane
from tui.plots.multiples import grid, multiples
from tui.screens.layout import NARROW
from tui.screens.viewing import LooksAt
from tui.views import Entry

BACK = "<show.views> <view.multiples> puts them over each other again"
APART = f"Each run on a plot of its own, all with the same axes. {BACK}"


class Multiplies(LooksAt):
    """The part of the lab that draws each run on plots of its own."""

    small = False  # whether small multiples are wanted

    def action_view(self, name: str) -> None:
        """Take an entry of the views sheet, by its id."""
        if name != "multiples":
            super().action_view(name)
            return
        why_not = self._no_multiples()
        if self.small or not why_not:
            self.small = not self.small
            self.place_panes()
            self.frame()
            self.say(APART if self.small else "The runs are over each other again")
        else:
            self.say(why_not, role="warn")

    def status_of(self, entry: Entry) -> tuple[str, str]:
        """What an entry of the sheet is now, and why it cannot be chosen."""
        return ("shown", "") if entry.id == "multiples" and self.small else super().status_of(entry)

    def _no_multiples(self) -> str:
        """Why small multiples cannot be shown now; empty where they can."""
        runs = len(self.session.trainers) + len(self.session.ghosts)
        if runs < 2:
            return "There is one run on the curves: <run.keep> keeps it as a ghost, a comparison has several"
        middle = self.query_one("#middle").size
        if self.app.size.width < NARROW or grid(runs, 1, middle.width, middle.height - 6) is None:
            return f"No room for {runs} plots: the runs stay over each other"
        return ""

    def place_multiples(self) -> None:
        """After the panes were placed: the small plots in the room of both large ones, while they are wanted and fit."""
        pane = self.query_one(MultiplesPane)
        phases = self.has_class("apart") or self.has_class("on-surface")  # these have the room of a plot
        pane.display = self.small and self.zoomed is None and not phases and not self._no_multiples()
        if pane.display:
            for name in ("#loss", "#second", "#inside", "#curves", "#plots"):
                self.query_one(name).display = False

    def show_curves(self) -> None:
        """Draw both plots, or the small ones in their place."""
        pane = self.query_one(MultiplesPane)
        if pane.display:
            pane.show(multiples(self.session, self.viewing))
        else:
            super().show_curves()
