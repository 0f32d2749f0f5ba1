"""The picker: every preset by lesson, in the order in which one would teach them, with what is done already.

Typing searches; the arrows choose while the search keeps the focus. What a preset's heading has comes first, then presets
that have the words only in their text, so that "overfitting" finds the story that explains it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.figures import count, exact, printable
from tui.home.progress import Done
from tui.listing import Heading
from tui.screens.sheets import Choices, Sheet, choosing, heading, hint, typing_line

HINT = (
    "Enter opens   <picker.up> <picker.down> choose   <sheet.escape> closes\n"
    "* open   done: ran to the end   claims 2/3: 2 of 3 held"
)


class Picker(Sheet[str]):
    """Gives the name of the chosen preset. `done` is what is done by name; `trouble` why that could not be kept, or ''."""

    BINDINGS: ClassVar[list[BindingType]] = choosing("picker")

    def __init__(self, entries: Sequence[Heading], current: str, done: Mapping[str, Done], trouble: str) -> None:
        super().__init__("picker")
        self.entries, self.current, self.done, self.trouble = entries, current, done, trouble

    def compose(self) -> ComposeResult:
        number = sum(entry.name in self.done for entry in self.entries)
        with Vertical():
            yield Static(f"Lessons   {number} of {len(self.entries)} done", classes="sheet-title", markup=False)
            yield typing_line(placeholder="type to search")
            yield Choices()
            yield hint(HINT)
            if self.trouble:
                yield Static(printable(self.trouble), classes="sheet-hint", markup=False)

    def on_mount(self) -> None:
        self._fill("", self.current)  # at once: the next key may be there already
        self.set_focus(self.query_one(Input))

    def on_resize(self) -> None:
        self.call_after_refresh(self._refill)

    def _refill(self) -> None:
        chosen = self._chosen or self.current
        self._fill(self.query_one(Input).value, chosen)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value, "" if event.value.strip() else self.current)

    @property
    def _chosen(self) -> str | None:
        """The name of the highlighted preset."""
        options = self.query_one(OptionList)
        return None if options.highlighted is None else options.get_option_at_index(options.highlighted).id

    def _fill(self, words: str, chosen: str) -> None:
        """Show what was found, with the preset `chosen` highlighted, or the first where it is not among them."""
        options = self.query_one(OptionList)
        width = (options.scrollable_content_region.width or self.app.size.width) - 4
        options.clear_options()
        direct, in_text = found(self.entries, words)
        lesson = None
        for entry in direct:
            if entry.lesson != lesson:
                lesson = entry.lesson
                options.add_option(heading(lesson))
            options.add_option(self._option(entry, width))
        if in_text:
            options.add_option(heading("In the text of"))
            options.add_options(self._option(entry, width) for entry in in_text)
        if not options.option_count:
            options.add_option(heading(f"nothing has {words!r} in it"))
        options.highlighted = next((at for at, one in enumerate(options.options) if one.id and one.id == chosen), None)
        if options.highlighted is None:
            options.action_first()
            options.scroll_home(animate=False)
        else:
            self.call_after_refresh(self._in_sight)

    def _in_sight(self) -> None:
        """The highlighted preset is in sight, with what comes before and after it."""
        options = self.query_one(OptionList)
        options.scroll_to_highlight(top=True)
        options.scroll_relative(y=-(options.size.height // 3), animate=False, immediate=True)
        options.scroll_to_highlight()  # at the end of the list that was too far back

    def _option(self, entry: Heading, width: int) -> Option:
        return Option(described(entry, self.done.get(entry.name), entry.name == self.current, width), id=entry.name)

    def action_choose(self, move: str) -> None:
        """The choice somewhere else, while the search keeps the focus."""
        options = self.query_one(OptionList)
        getattr(options, f"action_{move}")()
        if move == "first":
            options.scroll_home(animate=False)  # with the lesson's name above it

    def on_input_submitted(self) -> None:
        if name := self._chosen:
            self.dismiss(name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


def found(entries: Sequence[Heading], words: str) -> tuple[list[Heading], list[Heading]]:
    """The presets in which every word occurs: in their headings, and those that need their text for it."""
    wanted = words.lower().split()
    begins = [re.compile(rf"(?<!\w){re.escape(word)}") for word in wanted]  # "lr" is not in "already"
    direct, in_text = [], []
    for entry in entries:
        head = f"{entry.name} {entry.lesson} {entry.title} {entry.summary}".lower()
        if all(word in head for word in wanted):
            direct.append(entry)
        elif all(word in head or begin.search(entry.text.lower()) for word, begin in zip(wanted, begins, strict=True)):
            in_text.append(entry)
    return direct, in_text


def described(entry: Heading, done: Done | None, current: bool, width: int) -> Content:
    """Title and what is done in the first line, then name, length and summary; `*` before the one that is open."""
    mark = told(done)
    title = f"{'*' if current else ' '} {printable(entry.title)}"
    gap = width - cell_len(title) - cell_len(mark)
    beside = bool(mark) and gap >= 2
    about = f"{entry.name}, {length(entry)}. {entry.summary}"
    about = printable(about if beside or not mark else f"[{mark}] {about}")
    first = [(title, "bold"), " " * gap, (mark, "bold")] if beside else [(title, "bold")]
    lines = textwrap.wrap(about, max(20, width), initial_indent="    ", subsequent_indent="    ")
    return Content.assemble(*first, "\n" + "\n".join(lines))


def told(done: Done | None) -> str:
    """'done', 'claims 2/3', or nothing."""
    if done is None:
        return ""
    return f"claims {done.claims_held}/{done.claims}" if done.claims else "done"


def length(entry: Heading) -> str:
    """How much there is to watch: '3 runs, 15 s'."""
    return f"{count(entry.runs, 'run')}, {exact(entry.seconds)} s"
