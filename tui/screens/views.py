"""The views sheet: every view and every way to draw the curves, each a letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.sheets import Lines, Sheet, heading
from tui.views import VIEWS, Entry

Status = Callable[[Entry], tuple[str, str]]  # what it is now, and why it cannot be chosen ('': it can)


class Views(Sheet[str]):
    """Gives back the id of a view that was chosen; what `stays` is done at once by `apply`, and the sheet goes on."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, status: Status, apply: Callable[[str], None]) -> None:
        super().__init__("views")
        self.status, self.apply = status, apply

    def compose(self) -> ComposeResult:
        self.list = Lines(id="views-list")
        with Vertical():
            yield Static("Views", classes="sheet-title", markup=False)
            yield self.list
            yield Static("a letter or Enter takes it   Escape closes", classes="sheet-hint", markup=False)

    def on_mount(self) -> None:
        self._fill()
        self.list.highlighted = 1
        self.set_focus(self.list)

    def _fill(self) -> None:
        at = self.list.highlighted
        self.list.clear_options()
        group = ""
        for entry in VIEWS:
            if entry.group != group:
                group = entry.group
                self.list.add_option(heading(group))
            now, why_not = self.status(entry)
            text = Text.assemble((f"{entry.letter} ", "bold"), entry.title, (f"  {now}" if now else "", "bold"))
            text.append(f"  {why_not or entry.help}", "dim")
            self.list.add_option(Option(text, id=entry.id, disabled=bool(why_not)))
        self.list.highlighted = at

    def on_key(self, event: events.Key) -> None:
        """A letter chooses its line."""
        for entry in VIEWS:
            if event.character == entry.letter:
                event.stop()
                event.prevent_default()
                self._choose(entry)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(next(entry for entry in VIEWS if entry.id == event.option_id))

    def _choose(self, entry: Entry) -> None:
        if self.status(entry)[1]:
            return
        if entry.stays:
            self.apply(entry.id)
            self._fill()
        else:
            self.dismiss(entry.id)
