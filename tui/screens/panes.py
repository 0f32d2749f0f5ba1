"""The sheet that shows and hides panes, each a letter; it stays open, so that one sees what becomes of the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.home.remembered import PANES
from tui.keyboard.named import named
from tui.screens.sheets import Lines, Sheet, hint

TITLES = {**PANES, "lesson": "Lesson"}
#: The letter that turns each pane, where a keymap has no other.
LETTERS = {"settings": "s", "tree": "p", "loss": "l", "second": "2", "loop": "o", "lesson": "t"}


class Panes(Sheet[None]):
    """`titles` are those of the panes by their ids; `shown` says which are in sight, `turn` shows or hides one, and says
    why not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "Turn", show=False, id="panes.turn", tooltip="Show or hide the pane, as its letter does"),
        *(
            Binding(
                letter,
                f"turn('{name}')",
                name,
                show=False,
                id=f"panes.{name}",
                tooltip=f"Show or hide: {TITLES[name]}",
            )
            for name, letter in LETTERS.items()
        ),
    ]

    def __init__(self, titles: Mapping[str, str], shown: Callable[[str], bool], turn: Callable[[str], str]) -> None:
        super().__init__("panes")
        self.titles, self.shown, self.turn = titles, shown, turn

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Panes", classes="sheet-title", markup=False)
            yield Lines(id="panes-list")
            yield Static("", id="panes-said", markup=False)
            yield hint("a letter, <any panes.turn list.enter> turns one   <sheet.escape> closes")

    def on_mount(self) -> None:
        self.list = self.query_one(Lines)
        self._fill(0)
        self.set_focus(self.list)

    def _fill(self, at: int) -> None:
        self.list.clear_options()
        keys = [named(f"<panes.{name}>") for name in self.titles]
        widest = max(map(len, keys))
        for (name, title), key in zip(self.titles.items(), keys, strict=True):
            mark = "[x]" if self.shown(name) else "[ ]"
            self.list.add_option(Option(Text.assemble(f"{mark} ", (f"{key:<{widest}} ", "bold"), title), id=name))
        self.list.highlighted = at

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._turn(event.option_id or "")

    def action_turn(self, name: str = "") -> None:
        """A pane; '': that of the line."""
        if not name and self.list.highlighted is not None:
            name = list(self.titles)[self.list.highlighted]
        if name in self.titles:
            self._turn(name)

    def _turn(self, name: str) -> None:
        said = self.turn(name)
        self.query_one("#panes-said", Static).update(said)
        self._fill(list(self.titles).index(name))
