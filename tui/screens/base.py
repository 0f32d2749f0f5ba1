"""What every part of the lab can count on: the session, the three panes that are asked things, and how to draw and to speak.

The lab screen is put together from parts, a file each: it trains, it edits settings, it teaches, it opens sheets. They know
this class and not one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from tui.pace import Pace
from tui.panes.lesson import LessonPane
from tui.panes.progress_tree import ProgressTree
from tui.panes.settings import SettingsPane
from tui.screens.conductor import Conductor
from tui.session import Session
from tui.words import outcome


class Lab(Screen[None]):
    """The lab as its parts see it."""

    # Textual would paint all of the screen anew when the focus goes from pane to pane; the two panes see to themselves
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    conductor: Conductor
    told: outcome.Told  # what has been said of runs already
    settings: SettingsPane
    progress: ProgressTree
    lesson: LessonPane
    keymap: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # keys of one's own, by the ids of bindings

    @property
    def session(self) -> Session:
        """What is tried out."""
        return self.conductor.session

    @property
    def pace(self) -> Pace:
        """How fast it is watched."""
        return self.conductor.pace

    def say(self, *texts: str, role: str = "text") -> None:
        """The newest word, in the line above the keys; of several wordings, from the longest, the first that has room."""
        raise NotImplementedError

    def open_preset(self, name: str) -> None:
        """Another preset, by its name."""
        raise NotImplementedError

    def show_covers(self) -> None:
        """What is hidden has changed: show it to the lesson's pane."""
        raise NotImplementedError

    def opened(self) -> None:
        """A preset was opened: show all of it."""
        raise NotImplementedError

    def show_form(self) -> None:
        """Draw the form and what is worked out from it."""
        raise NotImplementedError

    def frame(self) -> None:
        """Draw everything that training changes."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw everything."""
        self.show_form()
        self.frame()

    def action_back(self) -> None:
        """Escape: one step back."""
        raise NotImplementedError

    def cancel_work(self) -> bool:
        """Give up the long work that goes on beside the lab, the newest first; whether there was any."""
        return False

    def place_panes(self) -> None:
        """Show and hide panes as the room and what is wanted have it."""
        raise NotImplementedError
