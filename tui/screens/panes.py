"""The sheet that shows and hides panes, each a letter; it stays open, so that one sees what becomes of the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.sheets import Lines, Sheet

LETTERS = {"settings": "s", "tree": "p", "loss": "l", "second": "2", "loop": "o", "lesson": "t"}


class Panes(Sheet[None]):
    """`titles` are those of the panes by their ids; `shown` says which are in sight, `turn` shows or hides one, and says
    why not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "Turn", show=False, id="panes.turn", tooltip="Show or hide the pane, as its letter does"),
    ]

    def __init__(self, titles: Mapping[str, str], shown: Callable[[str], bool], turn: Callable[[str], str]) -> None:
        super().__init__("panes")
        self.titles, self.shown, self.turn = titles, shown, turn

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Panes", classes="sheet-title", markup=False)
            yield Lines(id="panes-list")
            yield Static("", id="panes-said", markup=False)
            yield Static("a letter, space or Enter turns one   Escape closes", classes="sheet-hint", markup=False)

    def on_mount(self) -> None:
        self.list = self.query_one(Lines)
        self._fill(0)
        self.set_focus(self.list)

    def _fill(self, at: int) -> None:
        self.list.clear_options()
        for name, title in self.titles.items():
            mark = "[x]" if self.shown(name) else "[ ]"
            self.list.add_option(Option(Text.assemble(f"{mark} ", (f"{LETTERS[name]} ", "bold"), title), id=name))
        self.list.highlighted = at

    def on_key(self, event: events.Key) -> None:
        """A letter turns its pane."""
        names = [name for name, letter in LETTERS.items() if letter == event.character and name in self.titles]
        if names:
            event.stop()
            event.prevent_default()
            self._turn(names[0])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._turn(event.option_id or "")

    def action_turn(self) -> None:
        """The pane of the line."""
        if self.list.highlighted is not None:
            self._turn(list(self.titles)[self.list.highlighted])

    def _turn(self, name: str) -> None:
        said = self.turn(name)
        self.query_one("#panes-said", Static).update(said)
        self._fill(list(self.titles).index(name))
