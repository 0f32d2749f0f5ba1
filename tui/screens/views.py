"""The views sheet: every view and every way to draw the curves, each a letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.keyboard.named import named
from tui.screens.sheets import Lines, Sheet, heading, hint
from tui.views import VIEWS, Entry, entry

Status = Callable[[Entry], tuple[str, str]]  # what it is now, and why it cannot be chosen ('': it can)


class Views(Sheet[str]):
    """Gives back the id of a view that was chosen; what `stays` is done at once by `apply`, and the sheet goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            each.letter,
            f"take('{each.id}')",
            each.title,
            show=False,
            id=each.key_id,
            tooltip=f"{each.title}: {each.help[0].lower()}{each.help[1:]}",
        )
        for each in VIEWS
    ]

    def __init__(self, status: Status, apply: Callable[[str], None]) -> None:
        super().__init__("views")
        self.status, self.apply = status, apply

    def compose(self) -> ComposeResult:
        self.list = Lines(id="views-list")
        with Vertical():
            yield Static("Views", classes="sheet-title", markup=False)
            yield self.list
            yield hint("a letter or <list.enter> takes it   <sheet.escape> closes")

    def on_mount(self) -> None:
        self._fill()
        self.list.highlighted = 1
        self.set_focus(self.list)

    def _fill(self) -> None:
        at = self.list.highlighted
        self.list.clear_options()
        group = ""
        keys = [named(f"<{one.key_id}>") for one in VIEWS]
        widest = max(map(len, keys))
        for one, key in zip(VIEWS, keys, strict=True):
            if one.group != group:
                group = one.group
                self.list.add_option(heading(group))
            now, why_not = self.status(one)
            text = Text.assemble((f"{key:<{widest}} ", "bold"), one.title, (f"  {now}" if now else "", "bold"))
            text.append(f"  {named(why_not) or one.help}", "dim")
            self.list.add_option(Option(text, id=one.id, disabled=bool(why_not)))
        self.list.highlighted = at

    def action_take(self, name: str) -> None:
        """A letter was pressed: it chooses its line."""
        self._choose(entry(name))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(entry(event.option_id or ""))

    def _choose(self, one: Entry) -> None:
        if self.status(one)[1]:
            return
        if one.stays:
            self.apply(one.id)
            self._fill()
        else:
            self.dismiss(one.id)
