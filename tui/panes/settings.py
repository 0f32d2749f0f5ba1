"""The settings form: one Tab stop, a row a hyperparameter, checked as it is typed.

Up and Down choose a row, Left and Right nudge its value, Enter or a digit begins typing; Enter accepts, Escape restores,
Tab accepts and leaves. Nothing is taken that the engine would refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui.canvas import Canvas, Row, Span, fit, heading, row

MARK_LIVE, MARK_RESTART = "~", "↻"


@dataclass(frozen=True, slots=True)
class FormRow:
    """One row as it is to be shown; `mark` is MARK_LIVE or MARK_RESTART, `waiting` a change that waits for a start."""

    label: str
    value: str
    mark: str
    chosen: bool = False  # from a list of words
    waiting: bool = False
    differs: bool = False  # between the runs of a comparison


@dataclass(frozen=True, slots=True)
class Check:
    """What typing comes to: the two lines worked out from it, what is allowed, and what is wrong (empty: nothing)."""

    derived: tuple[str, str]
    allowed: str
    wrong: str = ""


class Entry(Input):
    """The field that is typed in, over the value of its row."""

    def __init__(self, value: str) -> None:
        super().__init__(value, compact=True, select_on_focus=False, id="entry")
        self.cursor_blink = False


class SettingsPane(Canvas, can_focus=True):
    """Attributes down: `show` and `check`. Messages up: `Nudged`, `Typed` and `Choose`, each with the number of its row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Row up", show=False, id="settings.up"),
        Binding("down", "move(1)", "Row down", show=False, id="settings.down"),
        Binding("left", "nudge(False)", "Smaller", show=False, id="settings.left"),
        Binding("right", "nudge(True)", "Larger", show=False, id="settings.right"),
        Binding("enter", "edit", "Edit", show=False, id="settings.enter"),
        Binding("home", "move(-99)", "First row", show=False, id="settings.home"),
        Binding("end", "move(99)", "Last row", show=False, id="settings.end"),
    ]

    class Nudged(Message):
        """Left or Right on a row."""

        def __init__(self, index: int, up: bool) -> None:
            self.index, self.up = index, up
            super().__init__()

    class Typed(Message):
        """A text was typed in a row and accepted."""

        def __init__(self, index: int, text: str) -> None:
            self.index, self.text = index, text
            super().__init__()

    class Choose(Message):
        """Enter on a row whose value is one of a list."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    class Said(Message):
        """Something to tell: a range, or what is wrong."""

        def __init__(self, text: str, role: str = "text") -> None:
            self.text, self.role = text, role
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self.form: Sequence[FormRow] = ()
        self.title = ""
        self.derived = ("", "")
        self.cursor = 4  # the learning rate: what people change first
        self.check: Callable[[int, str], Check] = lambda index, text: Check(("", ""), "")
        self._entry: Entry | None = None
        self._checked: Check | None = None

    def show(self, form: Sequence[FormRow], derived: tuple[str, str], title: str) -> None:
        """Draw these rows, the two lines under them, and whose settings they are."""
        self.form, self.derived, self.title = form, derived, title
        self.draw()

    @property
    def editing(self) -> bool:
        """Whether a value is being typed."""
        return self._entry is not None

    def draw(self) -> None:
        """Paint the form."""
        width = self.size.width
        if not width:
            return
        title: Row = (("Settings", "text"), (f"  {self.title}", "dim")) if self.title else (("Settings", "text"),)
        rows = [heading(title, width, self.has_focus or self.editing)]
        rows += [self._row(index, entry, width) for index, entry in enumerate(self.form)]
        checked = self._checked
        for line in checked.derived if checked and not checked.wrong else self.derived:
            rows.append(fit(row((f"  {line}", "dim")), width))
        if checked:
            rows.append(
                fit(row((f"{'!' if checked.wrong else ' '} {checked.allowed}", "bad" if checked.wrong else "text")), width)
            )
        else:
            rows.append(row((f"  {MARK_LIVE} at once  {MARK_RESTART} starts again", "dim")))
        self.paint(rows)

    def _row(self, index: int, entry: FormRow, width: int) -> Row:
        here = index == self.cursor
        mark: Span = (f" {entry.mark} ", "warn" if entry.waiting else "dim")
        label = f"{'>' if here else ' '} {entry.label}{'*' if entry.waiting else ''}"
        room = width - len(label) - 4
        value = entry.value if len(entry.value) <= room else entry.value[: max(0, room - 1)] + "…"
        gap = " " * max(1, width - len(label) - len(value) - 3)
        role = "strong" if entry.differs else "text"
        if here and (self.has_focus or self.editing):
            return (((label + gap), "cursor-focus"), (value, "cursor-focus"), (mark[0], "cursor-focus"))
        return ((label + gap, "text"), (value, role), mark)

    # keys

    def action_move(self, by: int) -> None:
        """The cursor by so many rows."""
        self.cursor = min(max(0, self.cursor + by), max(0, len(self.form) - 1))
        self.draw()

    def action_nudge(self, up: bool) -> None:
        """The value a step up or down."""
        self.post_message(self.Nudged(self.cursor, up))

    def action_edit(self) -> None:
        """Begin typing, or open the list."""
        if self.form[self.cursor].chosen:
            self.post_message(self.Choose(self.cursor))
        else:
            self._begin(self.form[self.cursor].value)

    def on_key(self, event: events.Key) -> None:
        """A digit begins typing."""
        if not self.editing and event.character and event.character.isdigit() and not self.form[self.cursor].chosen:
            event.stop()
            self._begin(event.character)

    def _begin(self, text: str) -> None:
        entry = self.form[self.cursor]
        left = len(entry.label) + 3
        self._entry = Entry(text)
        self._entry.styles.offset = (left, self.cursor + 1)
        self._entry.styles.width = max(6, self.size.width - left - 2)
        self.mount(self._entry)
        self._entry.focus()
        self._look(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.editing:
            self._look(event.value)

    def _look(self, text: str) -> None:
        """Check what is typed so far, and say it."""
        self._checked = self.check(self.cursor, text)
        label = self.form[self.cursor].label
        if self._checked.wrong:
            self.post_message(self.Said(f"{label} {text!r}: {self._checked.wrong}", "bad"))
        else:
            self.post_message(self.Said(f"{label}: {self._checked.allowed}. Enter accepts, Escape restores."))
        self.draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._checked is not None and self._checked.wrong:
            self.app.bell()  # stays open: what was typed is not lost
            return
        self.close(accept=True)
        self.focus()

    def on_input_blurred(self, event: Input.Blurred) -> None:
        event.stop()
        if self.editing:
            self.close(accept=True)

    def cancel(self) -> None:
        """Give up typing; the value stays as it was."""
        if self._entry is not None:
            label = self.form[self.cursor].label
            self.close(accept=False)
            self.post_message(self.Said(f"{label} stays {self.form[self.cursor].value}"))
            self.focus()

    def close(self, accept: bool) -> None:
        """End typing; what is wrong is not taken, and said."""
        entry, checked = self._entry, self._checked
        if entry is None:
            return
        self._entry = self._checked = None
        text = entry.value
        entry.remove()
        shown = self.form[self.cursor]
        if accept and checked is not None and checked.wrong:
            self.post_message(self.Said(f"{shown.label} {text!r}: {checked.wrong}. It stays {shown.value}", "bad"))
        elif accept and text.strip() != shown.value:
            self.post_message(self.Typed(self.cursor, text))
        elif accept:
            self.post_message(self.Said(f"{shown.label} stays {shown.value}"))
        self.draw()

    def on_focus(self) -> None:
        self.draw()

    def on_blur(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        self.draw()
