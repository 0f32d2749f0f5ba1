"""How the lab is looked at: which pane is alone, which view stands below the loss, and how curves are drawn."""

from __future__ import annotations

import time
from dataclasses import replace

from textual import on
from textual.widget import Widget

from tui import view
from tui.hidden import why_hidden
from tui.inside.registry import INSIDE
from tui.inside.scene import Look, Scene, Spot, tells, unfinished
from tui.panes.curves import Curves
from tui.panes.inside import InsidePane
from tui.plots import more_curves
from tui.plots.more_curves import MORE
from tui.screens.base import Lab
from tui.terminal.ascii import only_ascii
from tui.terminal.link import way_of
from tui.viewing import AS_IT_IS, OWN, Viewing
from tui.views import VIEWS, Entry

SHARE = 0.1  # of the time, at most, goes into looks at the inside of a model
GLANCE = 0.04  # seconds between two looks of which the second shows more, while nothing trains: keys go first
ON = "<show.zoom> makes it large, <show.views> <view.own> goes back"


class LooksAt(Lab):
    """The part of the lab for which nothing trains differently."""

    viewing = AS_IT_IS
    lesson_wanted: bool | None = None  # None: where there is room
    zoomed: Widget | None = None
    _next_look = 0.0
    _looked: tuple[object, ...] = ()
    _more_to_see = _glancing = _placed_inside = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.spots: dict[str, Spot] = {}  # where each view of the inside was left

    # drawing

    def show_curves(self) -> None:
        """Draw both plots, and the view that stands in place of the second, or beside it."""
        loss, second = view.pictures(self.session, self.viewing)
        self.query_one("#loss", Curves).show(loss)
        self.query_one("#second", Curves).show(second)
        inside = self.inside
        if inside != self._placed_inside:  # another preset was opened, or something uncovered
            self._placed_inside = inside
            if not inside and isinstance(self.zoomed, InsidePane):
                self.zoomed = None
            self.place_panes()
        if inside:
            self._look_inside()

    @property
    def inside(self) -> bool:
        """Whether a view of the inside of the model is in sight."""
        return self.viewing.second in INSIDE and not self._why_not_inside(self.viewing.second)

    def _why_not_inside(self, name: str) -> str:
        """Why a view of the inside cannot be seen: there is none of this model, or it would tell what a teacher hides."""
        given_away = [label for label in tells(INSIDE[name]) if self.session.hidden.setting(label)]
        return why_hidden(given_away[0]) if given_away else INSIDE[name].why_not(self.session.trainer)

    def _look_inside(self) -> None:
        """Take a look and draw it, unless nothing has changed or looks have had their share of the time."""
        pane, name, session = self.query_one("#inside", InsidePane), self.viewing.second, self.session
        spot = self.spots.get(name, Spot())
        now = (session.trainer, name, spot, session.hidden.validation)
        started = time.perf_counter()
        same = now == self._looked[:-1]
        nothing_new = self._looked[-1:] == (session.trainer.iteration,) and not self._more_to_see
        if same and (nothing_new or (session.running and started < self._next_look)):
            return
        look = self._look(self.app.no_color or only_ascii(self.app))
        pane.show(look)
        self._looked, self._more_to_see = (*now, session.trainer.iteration), unfinished(look)
        ended = time.perf_counter()
        self._next_look = ended + (ended - started) / SHARE
        if self._more_to_see and not session.running and not self._glancing:  # while it trains, the next frame looks
            self._glancing = True
            self.set_timer(GLANCE, self._look_again)

    def _look(self, plain: bool) -> Look:
        session, name = self.session, self.viewing.second
        spot, film = self.spots.get(name, Spot()), session.films[session.trainer]
        return INSIDE[name].look(Scene(session.trainer, film, spot, session.hidden.validation, session.running, plain))

    def in_plain_lines(self) -> list[str]:
        """The screen as text, with the view of the inside drawn as where there are no colours."""
        pane = self.query_one("#inside", InsidePane)
        shown = pane.look if self.inside else None
        if shown is not None:
            pane.show(self._look(plain=True))
        lines = [strip.text.rstrip() for strip in self._compositor.render_strips()]
        if shown is not None:
            pane.show(shown)
        return lines

    def _look_again(self) -> None:
        """Go on with a look that takes its time, while nothing trains."""
        self._glancing = False
        if self.inside and self._more_to_see and not self.session.running:
            if way_of(self.app).free():
                self._look_inside()
            else:
                self._glancing = True
                self.set_timer(GLANCE, self._look_again)

    @on(InsidePane.Moved)
    def _moved_inside(self, message: InsidePane.Moved) -> None:
        name = self.viewing.second
        spot = self.spots.get(name, Spot())
        self.spots[name] = Spot(spot.x + message.x, spot.y + message.y, spot.mode + message.mode)
        self._look_inside()

    # the views sheet

    def action_views(self) -> None:
        """Every view and every way to draw the curves, each a letter."""
        from tui.screens.views import Views

        def chosen(name: str | None) -> None:
            if name is not None:
                self.action_view(name)

        self.app.push_screen(Views(self.status_of, self.action_view), chosen)

    def status_of(self, entry: Entry) -> tuple[str, str]:
        """What an entry of the sheet is now, and why it cannot be chosen."""
        why_not = self._why_not_inside(entry.id) if entry.id in INSIDE else ""
        if entry.id in MORE:
            why_not = more_curves.why_not(entry.id, self.session.trainer, self.session.hidden)
        return "shown" if entry.id == self.viewing.second else "", why_not

    def action_view(self, name: str) -> None:
        """Take an entry of the views sheet, by its id."""
        if name == OWN or name in INSIDE or name in MORE:
            self.look_at(replace(self.viewing, second=name))
            self.zoomed = None if isinstance(self.zoomed, Curves | InsidePane) else self.zoomed
            self.place_panes()
            if self.inside:
                self.query_one(InsidePane).focus()  # its arrows and Enter are what is wanted next
            self._say_shown(next(entry.title for entry in VIEWS if entry.id == name))

    def _say_shown(self, title: str) -> None:
        """Which view is shown, and its own keys: above it, in a narrow pane, there is no room for them."""
        if self.viewing.second == OWN:
            self.say(f"{title}, as the preset has it")
            return
        words = [f"{title}. {ON}"]
        look = self.query_one("#inside", InsidePane).look if self.inside else None
        if look is not None and look.hint:
            words = [
                f"{title}. {look.hint}   {ON}",
                f"{look.hint}   <show.zoom>: large   <show.views> <view.own>: back",
                *words,
            ]
        self.say(*words)

    def look_at(self, viewing: Viewing) -> None:
        """Look at things that way from now on."""
        other_pane = viewing.second != self.viewing.second
        self.viewing = viewing
        if other_pane:  # else nothing moves, and the terminal need not be sent all of the screen for a cursor
            self.place_panes()
        self.frame()

    # panes

    def action_lesson(self) -> None:
        """Show or hide the lesson."""
        self.lesson_wanted = not self.lesson.display
        self.zoomed = None
        self.place_panes()
        if self.lesson.display:
            self.lesson.focus()

    def action_zoom(self) -> None:
        """The focused pane alone, and back."""
        self.zoomed = None if self.zoomed is not None else self.focused
        self.place_panes()

    def action_back(self) -> None:
        """Escape: leave the zoom."""
        if self.zoomed is not None:
            self.action_zoom()
