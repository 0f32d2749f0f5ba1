"""What opens on top of the lab: the picker of presets, a list of words, a question, and the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.keys import KEYS
from tui.listing import Heading

Result = TypeVar("Result")


class Sheet(ModalScreen[Result]):
    """A box over the lab; Escape closes it with nothing done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", show=False, id="sheet.escape"),
    ]


class Picker(Sheet[str]):
    """Presets by lesson; typing searches name, title, lesson and summary. Gives the name of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, priority=True, id="picker.down"),
        Binding("up", "move(-1)", "Up", show=False, priority=True, id="picker.up"),
    ]

    def __init__(self, entries: Sequence[Heading], current: str) -> None:
        super().__init__(id="picker")
        self.entries, self.current = entries, current

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Lessons", classes="sheet-title")
            entry = Input(placeholder="type to search", compact=True)
            entry.cursor_blink = False
            yield entry
            yield OptionList()
            yield Static("Enter opens   Up Down choose   Escape closes", classes="sheet-hint", markup=False)

    def on_mount(self) -> None:
        self._fill("")
        self.set_focus(self.query_one(Input))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, words: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        lesson = None
        for entry in found(self.entries, words):
            if entry.lesson != lesson:
                lesson = entry.lesson
                options.add_option(Option(Text(lesson, style="bold"), disabled=True))
            mark = "* " if entry.name == self.current else "  "
            options.add_option(Option(Text(f"{mark}{entry.title}\n    {entry.summary}"), id=entry.name))
        if not options.option_count:
            options.add_option(Option(Text(f"nothing has {words!r} in it"), disabled=True))
        options.highlighted = next((at for at, one in enumerate(options.options) if one.id == self.current), None)
        if options.highlighted is None:
            options.action_first()

    def action_move(self, by: int) -> None:
        """The choice up or down, while the search keeps the focus."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def on_input_submitted(self) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is not None and (name := options.get_option_at_index(options.highlighted).id):
            self.dismiss(name)


def found(entries: Sequence[Heading], words: str) -> list[Heading]:
    """The presets in which every word occurs, in their order."""
    wanted = words.lower().split()
    return [
        entry
        for entry in entries
        if all(word in f"{entry.name} {entry.lesson} {entry.title} {entry.summary}".lower() for word in wanted)
    ]


class Choice(Sheet[str]):
    """One of a list of words, for a setting."""

    def __init__(self, label: str, words: Sequence[str], current: str) -> None:
        super().__init__(id="choice")
        self.label, self.words, self.current = label, words, current

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self.label, classes="sheet-title", markup=False)
            yield OptionList(*(Option(Text(word), id=word) for word in self.words))
            yield Static("Enter takes it   Escape keeps it", classes="sheet-hint", markup=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = self.words.index(self.current) if self.current in self.words else 0
        self.set_focus(options)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


class Ask(Sheet[bool]):
    """A question: Enter or y is yes; Escape or n is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter,q", "dismiss(True)", "Yes", show=False, id="ask.yes"),
        Binding("n", "dismiss(False)", "No", show=False, id="ask.no"),
    ]

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__(id="ask")
        self.question, self.yes, self.no = question, yes, no

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self.question, classes="sheet-title", markup=False)
            yield Static(f"Enter or y: {self.yes}\nEscape or n: {self.no}", markup=False)


class Help(Sheet[None]):
    """All keys, from the one table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,q,space,enter", "dismiss(None)", "Close", show=False, id="help.close"),
    ]

    def __init__(self) -> None:
        super().__init__(id="help")

    def compose(self) -> ComposeResult:
        width = max(len(key.shown) for key in KEYS)
        text = Text()
        for key in KEYS:
            text.append(f"{key.shown:>{width}}", style="bold").append(f"   {key.help}\n")
        text.append("\nIn the settings: Left and Right nudge, Enter or a digit types, Escape restores; ~ takes effect at")
        text.append(" once, ↻ with the next start (r).\nIn the tree: Right opens, Left closes, End follows the newest.")
        with Vertical():
            yield Static("Keys   (arrows scroll, Escape closes)", classes="sheet-title")
            with VerticalScroll():
                yield Static(text)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(VerticalScroll))
