"""The sheet from which pictures, numbers and a report are taken away as files.

The arrows choose what, a line has the name, Enter writes. A file that is there is replaced only after a question, and what
goes wrong is said in the sheet, where another name can be typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.exporting import files, numbers
from tui.exporting.kinds import KINDS, Taken, kind
from tui.figures import count, printable
from tui.home.folders import shortened
from tui.keyboard.named import named
from tui.screens.saving import Overwrite
from tui.screens.sheets import Choices, Sheet, choosing, hint, typing_line

TURN = 2000  # lines after which keys and training have their turn


class TakeAway(Sheet[str]):
    """Gives a line on what was written. `taken` is the lab as it was when this was asked for, `first` the kind to begin
    with."""

    SAID = "taking-said"
    BINDINGS: ClassVar[list[BindingType]] = choosing("taking")

    def __init__(self, taken: Taken, first: str = KINDS[0].id) -> None:
        super().__init__("taking")
        self.taken, self.first = taken, first
        self._suggested = ""

    def compose(self) -> ComposeResult:
        self.list = Choices(id="taking-list")
        with Vertical():
            yield Static("Take it away", classes="sheet-title", markup=False)
            yield self.list
            yield typing_line()
            yield Static("", id="taking-said", markup=False)
            yield hint("<taking.up> <taking.down> choose   Enter writes it   <sheet.escape> closes")

    def on_mount(self) -> None:
        for one in KINDS:
            why_not = one.why_not(self.taken.session)
            text = Text.assemble((one.title, "bold"), (f"  {named(why_not) or one.help}", "dim"))
            self.list.add_option(Option(text, id=one.id, disabled=bool(why_not)))
        names = [one.id for one in KINDS]
        self.list.highlighted = names.index(self.first) if self.first in names else 0
        self._suggest()
        self.set_focus(self.query_one(Input))

    @property
    def chosen(self) -> str:
        """The id of the kind that is chosen."""
        at = self.list.highlighted
        return KINDS[at if at is not None else 0].id

    def action_choose(self, move: str) -> None:
        """Another kind; the name follows it, unless one was typed."""
        getattr(self.list, f"action_{move}")()
        self._suggest()

    def _suggest(self) -> None:
        """Offer a name for the kind, where none has been typed."""
        line, offered = self.query_one(Input), files.suggested(kind(self.chosen), self.taken.session.preset.name)
        if line.value in ("", self._suggested):
            line.value = offered
            line.cursor_position = len(offered)
        self._suggested = offered
        self._say("")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._suggest()

    @work(exclusive=True)
    async def on_input_submitted(self, event: Input.Submitted) -> None:
        if not self.is_current:  # a second Enter that was on its way
            return
        one, taken = kind(self.chosen), self.taken
        if why_not := one.why_not(taken.session):
            self._say(f"! {why_not}")
            return
        try:
            stem = Path(event.value.strip()).name.removesuffix(one.ending)
            made = one.make(taken, stem)
            places = files.places(one, event.value, made)
            before = files.there(places)
            if before and not await self.app.push_screen_wait(Overwrite(question(before))):
                return
            for ending, lines in made.items():
                whole = lines if isinstance(lines, bytes) else await self._text(lines)
                files.write(places[ending], whole, replace=places[ending] in before)
        except (OSError, ValueError) as error:
            self._say(f"! {why_failed(error)}")
        else:
            self.dismiss(self._said(list(places.values())))

    async def _text(self, lines: Iterable[str]) -> str:
        """The lines as one text; where there are many, the rest of the lab has its turn in between."""
        parts: list[str] = []
        for line in lines:
            parts.append(line)
            if len(parts) % TURN == 0:
                self._say(f"{len(parts)} lines ...")
                await asyncio.sleep(0)
        return "\n".join(parts) + "\n"

    def _said(self, written: list[Path]) -> str:
        session = self.taken.session
        said = f"Written: {' and '.join(shortened(place) for place in written)}"
        if session.hidden:
            said += ", without what is hidden"
        gone = numbers.left_out([*session.trainers, *session.kept]) if self.chosen in ("csv", "jsonl") else 0
        return said + (f", without the first {count(gone, 'iteration')}, known in sums alone" if gone else "")


def question(before: list[Path]) -> str:
    """What is asked before files are replaced."""
    names = " and ".join(printable(str(place)) for place in before)
    return f"{names} {'is' if len(before) == 1 else 'are'} there already. Replace {'it' if len(before) == 1 else 'them'}?"


def why_failed(error: Exception) -> str:
    """Why something was not written, in a line."""
    if isinstance(error, OSError):
        return f"not written: {error.filename or ''}: {error.strerror or error}"
    return str(error)
