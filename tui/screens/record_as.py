"""The sheet that asks where to record the runs."""

from __future__ import annotations

from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui import recorded
from tui.figures import count, printable
from tui.screens.saving import Overwrite, why_failed
from tui.screens.sheets import Sheet, hint, typing_line
from tui.session import Session

HINT = "Enter records   <sheet.escape> closes"


class RecordAs(Sheet[Path]):
    """Asks for a file and records the runs there, as they stand when it is accepted; gives the file."""

    SAID = "record-where"

    def __init__(self, session: Session) -> None:
        super().__init__("record")
        self.session = session
        self.suggestion = str(recorded.suggested(session))

    def compose(self) -> ComposeResult:
        many = len(self.session.trainers)
        runs = count(many, "run") if many > 1 else "run"
        with Vertical():
            yield Static(f"Record the {runs} in a file", classes="sheet-title", markup=False)
            yield typing_line(self.suggestion)
            yield Static("", id="record-where", markup=False)
            yield hint(HINT)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))

    def on_input_changed(self, event: Input.Changed) -> None:
        try:
            self._say(f"to {recorded.meant(event.value).absolute()}")
        except (OSError, ValueError) as error:
            self._say(str(error))

    @work(exclusive=True)
    async def on_input_submitted(self, event: Input.Submitted) -> None:
        if not self.is_current:  # a second Enter that was on its way
            return
        try:
            place = recorded.meant(event.value)
            question = f"{printable(str(place))} is there already. Replace it?"
            if place.exists() and not await self.app.push_screen_wait(Overwrite(question)):
                return
            recorded.record(self.session, place)
        except (OSError, ValueError) as error:
            self._say(f"! {why_failed(error)}")
        else:
            self.dismiss(place)
