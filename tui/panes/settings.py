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

from tui.canvas import Pane, Row, Span, fit, heading, row
from tui.figures import cells_of, cut
from tui.keyboard.line import Line

NUDGES = "The value a step down, and up"
EDITS = "Type a value (a digit begins as well) or open the list; Enter accepts, Escape restores"
MARK_LIVE, MARK_RESTART, MARK_FIXED = "~", "↻", "="


@dataclass(frozen=True, slots=True)
class FormRow:
    """One row as it is to be shown; `mark` is MARK_LIVE or MARK_RESTART, `waiting` a change that waits for a start."""

    key: str
    label: str
    value: str
    mark: str
    chosen: bool = False  # from a list of words
    waiting: bool = False
    differs: bool = False  # between the runs of a comparison
    below: str = ""  # a line under it
    fixed: str = ""  # why it cannot be changed


@dataclass(frozen=True, slots=True)
class Check:
    """What typing comes to: the two lines worked out from it, what is allowed, and what is wrong (empty: nothing)."""

    derived: tuple[str, str]
    allowed: str
    wrong: str = ""


class SettingsPane(Pane, can_focus=True):
    """Attributes down: `show` and `check`. Messages up: `Nudged`, `Typed` and `Choose`, each with its row's key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Row up", show=False, id="settings.up", tooltip="Another setting"),
        Binding("down", "move(1)", "Row down", show=False, id="settings.down", tooltip="Another setting"),
        Binding("left", "nudge(False)", "Smaller", show=False, id="settings.left", tooltip=NUDGES),
        Binding("right", "nudge(True)", "Larger", show=False, id="settings.right", tooltip=NUDGES),
        Binding("home", "move(-99)", "First row", show=False, id="settings.home", tooltip="The first setting, and the last"),
        Binding("end", "move(99)", "Last row", show=False, id="settings.end", tooltip="The first setting, and the last"),
        Binding("enter", "edit", "Edit", show=False, id="settings.enter", tooltip=EDITS),
    ]

    class Nudged(Message):
        """Left or Right on a row."""

        def __init__(self, key: str, up: bool) -> None:
            self.key, self.up = key, up
            super().__init__()

    class Typed(Message):
        """A text was typed in a row and accepted."""

        def __init__(self, key: str, text: str) -> None:
            self.key, self.text = key, text
            super().__init__()

    class Choose(Message):
        """Enter on a row whose value is one of a list."""

        def __init__(self, key: str) -> None:
            self.key = key
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
        self.cursor = 0
        self.check: Callable[[str, str], Check] = lambda key, text: Check(("", ""), "")
        self.edits: Sequence[str] = ("enter",)  # the keys that begin typing
        self.line: Line | None = None  # what is being typed
        self._checked: Check | None = None

    def show(self, form: Sequence[FormRow], derived: tuple[str, str], title: str) -> None:
        """Draw these rows, the two lines under them, and whose settings they are. The cursor stays on its setting."""
        keys = [entry.key for entry in form]
        before = self.form[self.cursor].key if self.cursor < len(self.form) else ""
        if before in keys:
            self.cursor = keys.index(before)
        self.form, self.derived, self.title = form, derived, title
        self.cursor = min(self.cursor, max(0, len(form) - 1))
        self.draw()

    def go_to(self, key: str) -> None:
        """The cursor to this setting."""
        self.cursor = [entry.key for entry in self.form].index(key)
        self.draw()

    @property
    def lines(self) -> int:
        """How many lines all of it takes."""
        return len(self.form) + sum(1 for entry in self.form if entry.below) + 4

    @property
    def editing(self) -> bool:
        """Whether a value is being typed."""
        return self.line is not None

    def fill(self) -> None:
        """Paint the form."""
        width = self.size.width
        if not width:
            return
        title: Row = (("Settings", "text"), (f"  {self.title}", "dim")) if self.title else (("Settings", "text"),)
        rows = [heading(title, width, self.has_focus)]
        for index, entry in enumerate(self.form):
            rows.append(self._row(index, entry, width))
            if entry.below:
                rows.append(fit(row((f"{entry.below:>{width - 3}}", "dim")), width))
        checked = self._checked
        for line in checked.derived if checked and not checked.wrong else self.derived:
            rows.append(fit(row((f"  {line}", "dim")), width))
        if checked:
            rows.append(
                fit(row((f"{'!' if checked.wrong else ' '} {checked.allowed}", "bad" if checked.wrong else "text")), width)
            )
        else:
            rows.append(row((f"  {MARK_LIVE} at once  {MARK_RESTART} starts again", "dim")))
        cursor = 1 + self.cursor + sum(1 for entry in self.form[: self.cursor] if entry.below)
        lost = max(0, min(len(rows) - self.size.height, cursor + 2 - self.size.height))  # above, so that the cursor is seen
        self.paint([rows[0], *rows[1 + lost :]])

    def _row(self, index: int, entry: FormRow, width: int) -> Row:
        here = index == self.cursor
        mark: Span = (f" {entry.mark} ", "warn" if entry.waiting else "dim")
        label = f"{'>' if here else ' '} {entry.label}{'*' if entry.waiting else ''}"
        if here and self.line is not None:
            before, at, after = self.line.around(max(6, width - len(label) - 4))
            left = " " * max(1, width - len(label) - len(before + at + after) - 3)
            return ((label + left, "strong"), (before, "strong"), (at, "cursor-focus"), (after, "strong"), mark)
        value = cut(entry.value, width - len(label) - 4)
        gap = " " * max(1, width - len(label) - cells_of(value) - 3)
        role = "strong" if entry.differs else "text"
        if here and self.has_focus:
            return (((label + gap), "cursor-focus"), (value, "cursor-focus"), (mark[0], "cursor-focus"))
        return ((label + gap, "text"), (value, role), mark)

    # keys

    def action_move(self, by: int) -> None:
        """The cursor by so many rows."""
        self.cursor = min(max(0, self.cursor + by), max(0, len(self.form) - 1))
        self.draw()

    def action_nudge(self, up: bool) -> None:
        """The value a step up or down."""
        if not self._fixed():
            self.post_message(self.Nudged(self.form[self.cursor].key, up))

    def _fixed(self) -> bool:
        """Whether the row cannot be changed; then why is said."""
        why = self.form[self.cursor].fixed
        if why:
            self.post_message(self.Said(why, "warn"))
        return bool(why)

    def action_edit(self) -> None:
        """Begin typing, or open the list."""
        if self._fixed():
            return
        if self.form[self.cursor].chosen:
            self.post_message(self.Choose(self.form[self.cursor].key))
        else:
            self._begin(self.form[self.cursor].value)

    def on_key(self, event: events.Key) -> None:
        """Enter or a digit begins typing; while it lasts, keys are the line's."""
        if self._typed(event) if self.editing else self._begins(event):
            event.stop()

    def _begins(self, event: events.Key) -> bool:
        if event.key in self.edits:  # at once, not by its binding: the next key may be there already
            self.action_edit()
            return True
        digit = event.character is not None and event.character.isdigit() and not self.form[self.cursor].chosen
        if digit and not self._fixed():
            self._begin(event.character or "")
        return digit

    def _typed(self, event: events.Key) -> bool:
        line = self.line
        assert line is not None
        if event.key == "enter":
            if self._checked is not None and self._checked.wrong:
                self.app.bell()  # stays open: what was typed is not lost
            else:
                self.close(accept=True)
        elif event.key == "escape":
            self.cancel()
        elif event.key in ("up", "down"):
            self.close(accept=True)
            return False  # and the cursor moves
        elif line.press(event.key, event.character):
            self._look()
        else:
            return False
        return True

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text goes into the line."""
        if self.line is not None:
            self.line.insert(event.text)
            self._look()

    def _begin(self, text: str) -> None:
        self.line = Line(text, len(text))
        self._look()

    def _look(self) -> None:
        """Check what is typed so far, and say it."""
        if self.line is None:
            return
        text = self.line.text
        label, key = self.form[self.cursor].label, self.form[self.cursor].key
        self._checked = self.check(key, text)
        if self._checked.wrong:
            self.post_message(self.Said(f"{label} {text!r}: {self._checked.wrong}", "bad"))
        else:
            self.post_message(self.Said(f"{label}: {self._checked.allowed}. Enter accepts, Escape restores."))
        self.draw()

    def on_blur(self) -> None:
        """Tab accepts and leaves."""
        self.close(accept=True)

    def cancel(self) -> None:
        """Give up typing; the value stays as it was."""
        if self.editing:
            self.close(accept=False)
            shown = self.form[self.cursor]
            self.post_message(self.Said(f"{shown.label} stays {shown.value}"))

    def close(self, accept: bool) -> None:
        """End typing; what is wrong is not taken, and said."""
        line, checked = self.line, self._checked
        if line is None:
            return
        self.line = self._checked = None
        text, shown = line.text, self.form[self.cursor]
        if accept and checked is not None and checked.wrong:
            self.post_message(self.Said(f"{shown.label} {text!r}: {checked.wrong}. It stays {shown.value}", "bad"))
        elif accept and text.strip() != shown.value:
            self.post_message(self.Typed(shown.key, text))
        elif accept:
            self.post_message(self.Said(f"{shown.label} stays {shown.value}"))
        self.draw()


if __name__ == "__main__":
    from tui.panes.alone import main

    main(__file__)
