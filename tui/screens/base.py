"""What every part of the lab can count on: the session, the three panes that are asked things, and how to draw and to speak.

The lab screen is put together from parts, a file each: it trains, it edits settings, it teaches, it opens sheets. They know
this class and not one another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from engine import Trainer
from engine.on_disk.going_on import TakenUp
from tui.containing import Contained
from tui.pace import Pace
from tui.panes.lesson import LessonPane
from tui.panes.progress_tree import ProgressTree
from tui.panes.settings import SettingsPane
from tui.screens.conductor import Conductor
from tui.session import Session
from tui.words import outcome

Made = TypeVar("Made")


class Lab(Contained, Screen[None]):
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

    def note_event(self, trainer: Trainer, name: str, **said: str) -> None:
        """Something happened to a run that belongs among its events."""

    def note_verdict(self, says: str) -> None:
        """The line says this of the selected run."""

    def watch_runs(self) -> None:
        """The session's runs are trained by others: look at their files from now on."""
        raise NotImplementedError

    def came_from(self, file: str) -> None:
        """Say where runs came from, and how they go on."""
        raise NotImplementedError

    def adopt(self, taken: Sequence[TakenUp]) -> None:
        """The session's runs are those of these folders from now on."""
        raise NotImplementedError

    def action_start_pause(self) -> None:
        """Start, pause, go on; begin again where the run is over."""
        raise NotImplementedError

    def write_runs(self, at_rest: bool = True) -> None:
        """Write down what is new in the runs."""
        raise NotImplementedError

    def cancel_work(self) -> bool:
        """Give up the long work that goes on beside the lab, the newest first; whether there was any."""
        return False

    def saved_in(self) -> str:
        """Where the runs of now are kept, in words such as "~/runs/recipe-1"; "" where they are not."""
        return ""

    def training_failed(self, error: Exception) -> None:
        """Training has stopped by a fault: say which, and where what was trained is saved."""
        raise NotImplementedError

    def trains(self, work: Callable[[], Made]) -> Made | None:
        """Train by hand; None where a fault has stopped it, which is said."""
        try:
            return work()
        except Exception as error:
            self.training_failed(error)
            return None

    def retry_panes(self) -> None:
        """Something is different now: draw again what could not be drawn."""
        raise NotImplementedError

    def place_panes(self) -> None:
        """Show and hide panes as the room and what is wanted have it."""
        raise NotImplementedError
