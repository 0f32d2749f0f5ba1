"""What the lab opens: presets, the picker of them, the keys, the palette, and the question before it closes."""

from __future__ import annotations

from collections.abc import Sequence

from textual.screen import Screen

from engine import PresetError, load_preset
from tui.listing import Heading, read_headings
from tui.screens.conductor import Conductor
from tui.screens.sheets import Ask, Help, Picker
from tui.session import Session, why_not


class OpensSheets(Screen[None]):
    """The part of the lab that puts something on top of it, or another preset in it."""

    conductor: Conductor

    @property
    def session(self) -> Session:
        """What is tried out."""
        return self.conductor.session

    def say(self, *texts: str, role: str = "text") -> None:
        """The newest word; the lab says where."""
        raise NotImplementedError

    def opened(self) -> None:
        """A preset was opened; the lab shows it."""
        raise NotImplementedError

    def entries(self) -> Sequence[Heading]:
        """The presets that can be opened."""
        return read_headings()[0]

    def action_presets(self) -> None:
        """The picker."""

        def picked(name: str | None) -> None:
            if name is not None:
                self.open_preset(name)

        self.app.push_screen(Picker(self.entries(), self.session.preset.name), picked)

    def open_preset(self, name: str) -> None:
        """Leave this preset for another one, ready to start."""
        try:
            preset = load_preset(name)
        except PresetError as error:
            self.say(f"{name}: {why_not(error)}", role="bad")
            return
        self.conductor.open(Session(preset))
        self.opened()

    def action_help(self) -> None:
        """All keys."""
        self.app.push_screen(Help())

    def action_palette(self) -> None:
        """The command palette."""
        self.app.action_command_palette()

    def action_leave(self) -> None:
        """Quit; while training, ask first."""
        if not self.session.running:
            self.app.exit()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.conductor.pause()
                self.app.exit()

        self.app.push_screen(Ask("Training is running. Quit?", "quit", "go on training"), answered)
