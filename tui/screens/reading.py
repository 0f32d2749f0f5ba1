"""Reading the curves: the cursor, zoom and pan, and the ways to draw them that the views sheet offers.

What the keys of either plot ask for holds for both. Whoever starts again, or opens another preset, sees all of it again.
"""

from __future__ import annotations

from dataclasses import replace

from textual import on

from tui.panes.curves import Curves
from tui.plots import windows
from tui.plots.sight import Sight, sight_of
from tui.screens.viewing import LooksAt
from tui.terminal.link import way_of
from tui.viewing import SMOOTHINGS, UNITS, Unit, Viewing
from tui.views import Entry


class Reads(LooksAt):
    """The part of the lab that answers the keys of the curves."""

    _watched: object = None
    _opened: object = None

    def show_curves(self) -> None:
        """Draw both plots; where other runs are trained than before, all of them is in sight."""
        if self.session.trainers is not self._watched:
            self._watched = self.session.trainers
            self.viewing = replace(self.viewing, window=None, follow=True, cursor=None, riding=False, lit=None)
        if self.session is not self._opened:
            self._opened = self.session
            self.viewing = replace(self.viewing, log_y=None, x=self._unit(self.viewing.x))
        if self.viewing.riding:
            self.viewing = replace(self.viewing, cursor=max(1, len(self.session.trainer.history)))
        super().show_curves()

    @property
    def _sight(self) -> Sight:
        session = self.session
        return sight_of(session.trainers, session.selected, self.viewing, session.hidden)

    # the keys of the curves

    @on(Curves.CursorMoved)
    def _cursor_goes(self, message: Curves.CursorMoved) -> None:
        """The cursor to an iteration, with as much of x in sight as before; at the newest it goes along with it."""
        if message.iteration is None:
            self.look_at(replace(self.viewing, cursor=None, riding=False))
            return
        newest = message.iteration >= len(self.session.trainer.history)
        moved = windows.holding(self._sight, message.iteration)
        self.look_at(replace(moved, cursor=message.iteration, riding=newest))

    @on(Curves.Zoomed)
    def _zoomed(self, message: Curves.Zoomed) -> None:
        before = self.viewing.window
        self.look_at(windows.zoomed(self._sight, message.closer))
        if self.viewing.window == before:
            self.say("This is as close as it goes" if message.closer else "All of it is in sight")

    @on(Curves.Panned)
    def _panned(self, message: Curves.Panned) -> None:
        before = self.viewing.window
        self.look_at(windows.panned(self._sight, message.pages))
        if self.viewing.window == before:
            self.say("There is nothing further that way" if before else "All of it is in sight: <curves.up> zooms in first")

    @on(Curves.Fitted)
    def _fitted(self) -> None:
        self.look_at(windows.whole(self.viewing))

    @on(Curves.Unread)
    def _unread(self, message: Curves.Unread) -> None:
        empty = "There is nothing to read yet: <run.toggle> starts the training"
        self.say(empty if message.empty else "These keys read curves over time: <pane.next> goes to the loss, which is one")

    def action_back(self) -> None:
        """Escape: put the cursor away, then see all of x again, then leave the zoom of the pane."""
        if self.viewing.cursor is not None:
            self.query_one("#loss", Curves).put_away()
        elif self.viewing.window is not None:
            self._fitted()
        else:
            super().action_back()

    # the views sheet

    def status_of(self, entry: Entry) -> tuple[str, str]:
        """What a way to draw the curves is now, and why it cannot be chosen."""
        viewing = self.viewing
        if entry.id == "smoothing":
            return f"{viewing.smoothing:g}" if viewing.smoothing else "none", ""
        if entry.id == "written":
            nothing = "" if way_of(self.app).rates() is not None else "Not known here: this is no terminal of ours"
            return "shown" if viewing.written else "", nothing
        now = {
            "x": viewing.x if viewing.x == "seconds" else viewing.x.removesuffix("s") + "s",
            "log-x": "logarithmic" if viewing.log_x else "linear",
            "log-y": "logarithmic" if self._log_y else "linear",
            "outliers": "out" if viewing.clipped else "in",
        }
        return (now[entry.id], "") if entry.id in now else super().status_of(entry)

    def action_view(self, name: str) -> None:
        """Take an entry of the views sheet, by its id."""
        changed = self._changed(name)
        if changed is None:
            super().action_view(name)
        else:
            self.look_at(changed)

    def _changed(self, name: str) -> Viewing | None:
        """The viewing with one of the ways to draw changed; None where that is no such way."""
        viewing = self.viewing
        if name == "x":
            after = UNITS[(UNITS.index(viewing.x) + 1) % len(UNITS)]
            return replace(viewing, x=self._unit(after), window=None, follow=True)
        if name == "log-x":
            return replace(viewing, log_x=not viewing.log_x, window=None, follow=True)
        if name == "log-y":
            return replace(viewing, log_y=not self._log_y)
        if name == "smoothing":
            place = SMOOTHINGS.index(viewing.smoothing) if viewing.smoothing in SMOOTHINGS else 0
            return replace(viewing, smoothing=SMOOTHINGS[(place + 1) % len(SMOOTHINGS)])
        if name == "outliers":
            return replace(viewing, clipped=not viewing.clipped)
        if name == "written":
            return replace(viewing, written=not viewing.written)
        return None

    @property
    def _log_y(self) -> bool:
        return self.session.preset.sheet.show.loss_axis == "log" if self.viewing.log_y is None else self.viewing.log_y

    def _unit(self, wanted: Unit) -> Unit:
        """The unit, or the next one where it would tell what a teacher hides: samples tell the batch size."""
        hidden = self.session.hidden.setting("batch_size", "data")
        return "seconds" if wanted == "samples" and hidden else wanted
