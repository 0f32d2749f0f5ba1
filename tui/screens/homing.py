"""The lab at home on a terminal: keys of one's own, panes that hide, the theme, and how all of that was left the last time.

What is changed here is kept at once, though not more often than every two seconds, and at the end.
"""

from __future__ import annotations

import time

from textual.theme import Theme
from textual.timer import Timer
from textual.widget import Widget

from tui.figures import count
from tui.home import remembered
from tui.home.remembered import PANES, Layout
from tui.keyboard import keymap, named
from tui.keyboard.keys import KEYS, Key, in_force
from tui.screens.too_small import TooSmall, words
from tui.screens.viewing import LooksAt
from tui.viewing import Viewing
from tui.views import Entry

SECONDS = 2.0  # between two times that the layout is written


class AtHome(LooksAt):
    """The part of the lab that knows the person's own ways."""

    keys: tuple[Key, ...] = KEYS  # the table with the keys in force
    hidden_panes: frozenset[str] = frozenset()
    _focus_before: Widget | None = None  # before the terminal was too small
    _told_why = ""  # why the layout cannot be kept, once that was said

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._layout, self._troubles = Layout(), list[str]()
        self._written = 0.0
        self._theme_now = ""
        self._later: Timer | None = None

    def come_home(self) -> None:
        """Take what was left the last time, before anything is drawn."""
        layout, damaged = remembered.read()
        self._layout = layout
        self.viewing, self.lesson_wanted, self.hidden_panes = layout.viewing, layout.lesson, layout.hidden
        if damaged:
            self._troubles.append(damaged)
        try:
            self.keymap = keymap.read()
        except keymap.KeymapError as error:
            problems = count(len(error.problems), "problem")
            self._troubles.append(f"keymap.toml: {problems}, so all keys are as usual. descent keys lists them")
        self.keys = in_force(self.keymap)
        named.put_in_force(self.keymap)
        self.settings.edits = self.keymap.get("settings.enter", ("enter",))
        self.app.set_keymap({name: ",".join(keys) for name, keys in self.keymap.items()})
        self._theme_now = self.app.theme
        self.app.theme_changed_signal.subscribe(self, self._theme_chosen)

    def say_troubles(self) -> None:
        """Say what of one's own could not be taken."""
        if self._troubles:
            self.say(" ".join(self._troubles), *self._troubles, role="bad")

    # keeping

    def _theme_chosen(self, theme: Theme) -> None:
        if theme.name != self._theme_now:  # the one it begins with was not chosen now
            self._theme_now = theme.name
            self.keep_layout(theme.name)

    def keep_layout(self, theme: str | None = None) -> None:
        """Write how the screen is now, where that is something else than what is kept."""
        theme = self._layout.theme if theme is None else theme
        layout = Layout(theme, self.lesson_wanted, self.hidden_panes, self.viewing)
        same = all(getattr(layout.viewing, key) == getattr(self._layout.viewing, key) for key in remembered.KEPT)
        if same and (theme, layout.lesson, layout.hidden) == (self._layout.theme, self._layout.lesson, self._layout.hidden):
            return
        self._layout = layout
        wait = self._written + SECONDS - time.monotonic()
        if self._later is None and wait > 0:
            self._later = self.set_timer(wait, self._write_layout)
        elif self._later is None:
            self._write_layout()

    def _write_layout(self) -> None:
        self._later, self._written = None, time.monotonic()
        why = remembered.keep(self._layout)
        if why and why != self._told_why:
            self._told_why = why
            self.say(why, role="warn")

    def leave_home(self) -> None:
        """The end: write what waits to be written; the keys have their usual names again."""
        named.put_in_force({})
        if self._later is not None:
            self._later.stop()
            self._later = None
            remembered.keep(self._layout)

    def say_too_small(self) -> None:
        """Where the terminal is too small for anything else, say so; once it is larger, the focus is where it was."""
        width, height = self.app.size
        if self.query_one(TooSmall).display:
            self._focus_before = self._focus_before or self.focused
        elif self._focus_before is not None:
            self.set_focus(self._focus_before)
            self.call_after_refresh(self.redraw)  # panes that are as large as before are told nothing
            self._focus_before = None
        going = "Training goes on meanwhile." if self.session.running else ""
        quits = next(key.shown for key in self.keys if key.id == "app.quit")
        self.query_one(TooSmall).show(words(width, height, quits, going))

    def look_at(self, viewing: Viewing) -> None:
        """Look at things that way from now on, and the next time."""
        super().look_at(viewing)
        self.keep_layout()

    # the views sheet

    def status_of(self, entry: Entry) -> tuple[str, str]:
        """What an entry of the sheet is now, and why it cannot be chosen."""
        if entry.id == "theme":
            return self.app.theme, ""
        if entry.id == "panes":
            return f"{len(self.hidden_panes)} hidden" if self.hidden_panes else "", ""
        return super().status_of(entry)

    def action_view(self, name: str) -> None:
        """Take an entry of the views sheet, by its id."""
        if name == "theme":
            self.app.action_change_theme()
        elif name == "panes":
            self.action_panes()
        else:
            super().action_view(name)
            if "second" in self.hidden_panes and self.viewing.second == name:  # asked for, so it is to be seen
                self.turn_pane("second")

    def action_panes(self) -> None:
        """Show and hide panes."""
        from tui.screens.panes import Panes

        self.app.push_screen(Panes(self.panes(), self.pane_shown, self.turn_pane))

    def panes(self) -> dict[str, str]:
        """The titles of the panes that can be put away, by their ids."""
        return {**PANES, "lesson": "Lesson"}

    def take_pane(self, name: str) -> None:
        """Show a pane, or hide it, from the palette."""
        if why_not := self.turn_pane(name):
            self.say(why_not, role="warn")

    def pane_shown(self, name: str) -> bool:
        """Whether a pane is in sight, or would be if there were room."""
        return bool(self.lesson.display) if name == "lesson" else name not in self.hidden_panes

    def turn_pane(self, name: str) -> str:
        """Show a pane, or hide it; says why not, or ''."""
        if name == "lesson":
            self.lesson_wanted = not self.lesson.display
        elif name in self.hidden_panes:
            self.hidden_panes -= {name}
        elif PANES.keys() - self.hidden_panes == {name}:
            return f"{PANES[name]} is the last pane there is: it stays"
        else:
            self.hidden_panes |= {name}
        self.zoomed = None
        self.place_panes()
        self.frame()
        return ""
