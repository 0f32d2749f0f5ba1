"""The sheet that asks where to save, and what the lab does with the answer.

What is typed stays until it is saved: a folder without the right to write, a full disk or a name that cannot be is said in
the sheet, and another name can be typed.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from engine import PresetError
from engine.columns import TableError
from tui.figures import printable
from tui.home.folders import shortened
from tui.keyboard.named import named
from tui.own_folder import own_presets
from tui.screens.sheets import Sheet, hint, typing_line
from tui.session import Session, why_not
from tui.writing import saving

HINT = "Enter saves   <sheet.escape> closes   a bare word is a name of your own"


class Overwrite(Sheet[bool]):
    """Whether a file that is there may be replaced: y is yes, everything else is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes", show=False, id="overwrite.yes", tooltip="Replace the file"),
        Binding("n,enter", "dismiss(False)", "No", show=False, id="overwrite.no", tooltip="Keep it, and type another name"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__("overwrite")
        self.question = question

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self.question, classes="sheet-title", markup=False)
            keeps = "<any overwrite.no sheet.escape>: keep it, and type another name"
            yield Static(named(f"<any overwrite.yes>: replace it\n{keeps}"), markup=False)


class SaveAs(Sheet[saving.Copy]):
    """Asks for a file and saves the session there; gives what was saved."""

    SAID = "save-where"

    def __init__(self, session: Session) -> None:
        super().__init__("save")
        self.session = session
        self.suggestion = shortened(saving.suggested(session.preset))

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Save what is on the screen as a preset", classes="sheet-title", markup=False)
            yield typing_line(self.suggestion)
            yield Static("", id="save-where", markup=False)
            yield hint(HINT)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))

    def on_input_changed(self, event: Input.Changed) -> None:
        try:
            place = saving.meant(event.value)
            self._say(f"to {place}" if str(place) != event.value.strip() else "")
        except (OSError, ValueError) as error:
            self._say(why_failed(error))

    @work(exclusive=True)
    async def on_input_submitted(self, event: Input.Submitted) -> None:
        if not self.is_current:  # a second Enter that was on its way
            return
        try:
            place = saving.meant(event.value)
            question = question_about(self.session, place)
            if question and not await self.app.push_screen_wait(Overwrite(question)):
                return
            session = self.session
            copy = saving.copy_of(session.preset, session.documents, session.runs, place)
            saving.save(copy, place)
        except (OSError, ValueError, PresetError, TableError) as error:
            self._say(f"! {why_failed(error)}")
        else:
            session.saved_as(copy.preset)
            self.dismiss(copy)


def why_failed(error: Exception) -> str:
    """Why something was not saved, in a line."""
    if isinstance(error, PresetError):
        return f"not saved: {why_not(error)}"
    if isinstance(error, OSError):
        return f"not saved: {error.filename or ''}: {error.strerror or error}"
    return str(error)


def question_about(session: Session, place: Path) -> str:
    """What has to be asked before `place` is written; empty where nothing would be lost."""
    if not place.is_file():
        return ""
    own = saving.own_file(session.preset)
    if own is None or not own.exists() or not place.samefile(own):
        return f"{printable(str(place))} is there already. Replace it?"
    if saving.changed_since(session.preset, place):
        return f"{printable(str(place))} was changed since it was loaded. Replace it?"
    return ""


def saved_lines(copy: saving.Copy) -> tuple[str, ...]:
    """What the lab says of a preset that was saved: in full, and shorter."""
    place, told = Path(copy.preset.source), "".join(f", {word}" for word in copy.told)
    opens = f"; descent {copy.preset.name} opens it" if place == own_presets().get(copy.preset.name) else ""
    where = printable(shortened(place))
    return f"Saved {where}{told}{opens}", f"Saved {where}{told}", f"Saved {printable(place.name)}{told}"
