"""A line in which a setting is given several values: each becomes a run, and they are trained side by side."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui.comparing.side_by_side import setting_line, told
from tui.form import Field
from tui.keyboard.named import named
from tui.screens.sheets import Sheet, hint, typing_line
from tui.session import Session


class Several(Sheet[tuple[Field, list[Any]]]):
    """Gives back the setting and its values."""

    def __init__(self, session: Session, begun: str = "") -> None:
        super().__init__("several")
        self.session, self.begun = session, begun

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("One setting with several values", classes="sheet-title", markup=False)
            yield typing_line(self.begun, "learning_rate = 0.1, 0.01, 0.001")
            yield Static(id="several-said", markup=False)
            yield hint("Enter makes a run of each   <sheet.escape> closes")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))
        self._look(self.begun)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._look(event.value)

    def _look(self, text: str) -> None:
        """Say what the line comes to, or what is wrong with it."""
        try:
            said = told(*setting_line(self.session, text))
        except ValueError as error:
            said = str(error)
        self.query_one("#several-said", Static).update(named(said))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            self.dismiss(setting_line(self.session, event.value))
        except ValueError:
            self.app.bell()  # stays open: what was typed is not lost
