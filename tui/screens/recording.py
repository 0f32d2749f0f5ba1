"""The sheet that asks where to record the runs, and what the lab says of runs that came out of such a file."""

from __future__ import annotations

from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui import recorded
from tui.figures import count, printable
from tui.screens.base import Lab
from tui.screens.saving import Overwrite, shortened, why_failed
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


class Records(Lab):
    """The part of the lab that writes its runs to a file, and is told that they came from one."""

    def action_record(self) -> None:
        """Ask where, and record the runs as they are now."""

        def done(place: Path | None) -> None:
            if place is not None:
                name = printable(shortened(place))
                self.say(f"Recorded in {name}: descent {name} goes on from here", f"Recorded in {name}", role="strong")

        self.app.push_screen(RecordAs(self.session), done)

    def came_from(self, file: str) -> None:
        """Say that the runs were recorded, and how they go on."""
        session, trainer = self.session, self.session.trainer
        unit = "step" if trainer.run.surface is not None else "iteration"
        many = len(session.trainers) > 1
        what = "the runs as they were recorded" if many else f"as it was recorded, {unit} {trainer.iteration}"
        where = f"{printable(file)}: {what}"
        does = "starts it again" if session.done else "goes on" if session.steps else "starts"
        keys = f"<run.toggle> {does}"
        self.say(f"{where}. {keys}", keys)
