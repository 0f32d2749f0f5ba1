"""What may open on top of the lab: a box that Escape closes, a list of words, and a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from rich.segment import Segment
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.containing import Contained
from tui.figures import printable
from tui.keyboard.keys import told
from tui.keyboard.named import named

Result = TypeVar("Result")


class Sheet(Contained, ModalScreen[Result]):
    """A box over the lab; Escape closes it with nothing done."""

    SAID: ClassVar[str] = ""  # the id of the line in which it answers, where there is one
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (as Textual declares it)
        (0, "-small"),
        (70, "-roomy"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", show=False, id="sheet.escape", tooltip="Close it, with nothing done"),
    ]

    def __init_subclass__(cls, **options: Any) -> None:
        if "BINDINGS" in vars(cls):
            cls.BINDINGS = told(cls.BINDINGS)
        super().__init_subclass__(**options)

    def __init__(self, kind: str) -> None:
        # a class and no id: one that is closing may still be there when the same key opens it again
        super().__init__(classes=kind)

    def _say(self, text: str) -> None:
        """Answer in the sheet's own line."""
        self.query_one(f"#{self.SAID}", Static).update(printable(named(text)))


class Choices(Contained, OptionList):
    """A list whose chosen line has a `>` before it, as the lab's tables have, so that no colour is needed to see it."""

    def _get_left_gutter_width(self) -> int:
        return 2

    def render_line(self, y: int) -> Strip:
        """Textual's line, moved to the right for its mark; headings stand at the left."""
        strip, line = super().render_line(y), self.scroll_offset.y + y
        if line >= len(self._lines) or not strip.cell_length:
            return strip
        index, below = self._lines[line]
        option, style = self.options[index], next((segment.style for segment in strip), None)
        gap = Segment("> " if index == self.highlighted and not below and not option.disabled else "  ", style)
        return Strip([*strip, gap] if option.disabled and option.id is None else [gap, *strip])


class Lines(Choices, inherit_bindings=False):
    """A list that has the focus; as Textual's, but each of its keys has an id, so that a keymap can name it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False, id="list.up", tooltip="Another line"),
        Binding("down", "cursor_down", "Down", show=False, id="list.down", tooltip="Another line"),
        Binding("pageup", "page_up", "Page up", show=False, id="list.page_up", tooltip="A page further"),
        Binding("pagedown", "page_down", "Page down", show=False, id="list.page_down", tooltip="A page further"),
        Binding("home", "first", "First", show=False, id="list.home", tooltip="The first line, and the last"),
        Binding("end", "last", "Last", show=False, id="list.end", tooltip="The first line, and the last"),
        Binding("enter", "select", "Take it", show=False, id="list.enter", tooltip="Take the line"),
    ]


def typing_line(value: str = "", placeholder: str = "") -> Input:
    """A line to type in, whose cursor does not blink: over SSH every blink is sent."""
    made = Input(printable(value), placeholder=printable(placeholder), compact=True)
    made.cursor_blink = False
    return made


def hint(text: str = "", id: str | None = None) -> Static:  # noqa: A002 (Textual's own name)
    """The line under a sheet that says what its keys do."""
    return Static(named(text), id=id, classes="sheet-hint", markup=False)


def heading(text: str) -> Option:
    """A line of a list that cannot be chosen."""
    return Option(Content.styled(printable(text), "$text-primary"), disabled=True)


def choosing(sheet: str) -> list[BindingType]:
    """The arrows choose from a list, by the sheet's `action_choose`, while its search keeps the focus."""
    moves = {
        "down": "cursor_down", "up": "cursor_up", "pagedown": "page_down", "pageup": "page_up", "home": "first",
        "end": "last",
    }  # fmt: skip
    return [
        Binding(
            key,
            f"choose('{move}')",
            move.replace("_", " "),
            show=False,
            priority=True,
            id=f"{sheet}.{key}",
            tooltip="Another line of the list, while one types",
        )
        for key, move in moves.items()
    ]


class Choice(Sheet[str]):
    """One of a list of words, for a setting."""

    def __init__(self, label: str, words: Sequence[str], current: str) -> None:
        super().__init__("choice")
        self.label, self.words, self.current = label, words, current

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self.label, classes="sheet-title", markup=False)
            yield Lines(*(Option(Text(word), id=word) for word in self.words))
            yield hint("<list.enter> takes it   <sheet.escape> keeps it")

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = self.words.index(self.current) if self.current in self.words else 0
        self.set_focus(options)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


class Ask(Sheet[bool]):
    """A question: Enter or y is yes; Escape or n is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss(True)", "Yes", show=False, id="ask.yes"),
        Binding("q", "dismiss(True)", "Yes, quit", show=False, id="ask.quit", tooltip="Yes: the key that quits, once more"),
        Binding("n", "dismiss(False)", "No", show=False, id="ask.no"),
    ]

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__("ask")
        self.question, self.yes, self.no = question, yes, no

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self.question, classes="sheet-title", markup=False)
            yield Static(named(f"<any ask.yes>: {self.yes}\n<any sheet.escape ask.no>: {self.no}"), markup=False)
