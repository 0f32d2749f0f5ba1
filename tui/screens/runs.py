"""The table of runs: those of now and those that are kept, sorted by any column, to mark, to make ghosts of and to drop.

It stays open while training goes on, and is drawn anew with every frame of the lab.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from tui.canvas import Pane
from tui.comparing.kept import KEPT, Kept
from tui.comparing.runs_table import Line, Table, draw_table, first_column, lines_of, order, table_of
from tui.hidden import BLIND
from tui.keyboard.named import named
from tui.screens.sheets import Ask, Sheet, hint
from tui.session import Session

MOST_AT_ONCE = 6  # runs of a comparison that is made here
KEYS = (
    "<arrows runs>: run, column   <runs.sort> sorts   <Runs.mark> marks   <runs.compare> trains marked   "
    "<runs.ghost> ghost   <runs.drop> drops   <runs.enter>: settings   <sheet.escape> closes"
)
BRIEF = (
    "<runs.sort> sort  <Runs.mark> mark  <runs.compare> train marked  <runs.ghost> ghost  <runs.drop> drop  "
    "<runs.enter>: settings  <brief sheet.escape>"
)


class RunsPane(Pane, can_focus=True):
    """Attributes down: `show`. Messages up: `Asked`, what a key asks for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Row up", show=False, id="runs.up"),
        Binding("down", "move(1)", "Row down", show=False, id="runs.down"),
        Binding("home", "move(-99)", "The heading", show=False, id="runs.home"),
        Binding("end", "move(99)", "Last row", show=False, id="runs.end"),
        Binding("left", "column(-1)", "Column left", show=False, id="runs.left"),
        Binding("right", "column(1)", "Column right", show=False, id="runs.right"),
        Binding("s", "sort", "Sort by this column, or the other way round", show=False, id="runs.sort"),
        Binding("space", "mark", "Mark the run", show=False, id="runs.mark"),
        Binding("enter", "enter", "Its settings into the form", show=False, id="runs.enter"),
        Binding("g", "ask('ghost')", "A ghost, or no longer one", show=False, id="runs.ghost"),
        Binding("x,delete", "ask('drop')", "Drop the run", show=False, id="runs.drop"),
        Binding("c", "ask('compare')", "Train the marked runs side by side", show=False, id="runs.compare"),
    ]

    class Asked(Message):
        """A key asks for something, of the run under the cursor (None: of no run) and those that are marked."""

        def __init__(self, what: str, line: Line | None, marked: list[Line]) -> None:
            self.what, self.line, self.marked = what, line, marked
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.table: Table | None = None
        self.at, self.column, self._first, self._top = 0, 0, 0, 0  # the row (-1: the heading) and column of the cursor
        self.by, self.reverse = "", False  # the column that sorts, by its title
        self.marked: list[object] = []  # the histories of marked runs

    def show(self, table: Table) -> None:
        """Draw this table; the cursor stays on its run where that is still there."""
        before = self._line().run.history if self.table is not None and self.at >= 0 else None
        self.table = table
        there = [table.lines[index].run.history for index in self._order()]
        self.marked = [one for one in self.marked if one in there]
        self.at = there.index(before) if before in there else min(self.at, len(there) - 1)
        self.column = min(self.column, len(table.columns) - 1)
        self.draw()

    def fill(self) -> None:
        """Paint the rows in sight."""
        width, height = self.size.width, self.size.height
        if self.table is None or not width:
            return
        self._first = first_column(self.table, self.column, self._first, width - 2)
        chosen = {index for index, line in enumerate(self.table.lines) if line.run.history in self.marked}
        title, *rows = draw_table(
            self.table, width, rows=self._order(), at=self.at, column=self.column, first=self._first, marked=chosen,
            by=self._by(), reverse=self.reverse,
        )  # fmt: skip
        room = max(1, height - 1)
        self._top = max(0, min(self._top, self.at, len(rows) - room), self.at - room + 1)
        self.paint([title, *rows[self._top : self._top + room]])

    def _by(self) -> int:
        titles = [one.title for one in self.table.columns] if self.table is not None else []
        return titles.index(self.by) if self.by in titles else -1

    def _order(self) -> list[int]:
        return order(self.table, self._by(), self.reverse) if self.table is not None else []

    def _line(self) -> Line:
        assert self.table is not None
        return self.table.lines[self._order()[max(0, self.at)]]

    # keys

    def action_move(self, by: int) -> None:
        """The cursor by so many rows; above the first one is the heading."""
        if self.table is not None:
            self.at = min(max(-1, self.at + by), len(self.table.lines) - 1)
            self.draw()

    def action_column(self, by: int) -> None:
        """The cursor by so many columns."""
        if self.table is not None:
            self.column = min(max(0, self.column + by), len(self.table.columns) - 1)
            self.draw()

    def action_sort(self) -> None:
        """Sort by the column of the cursor, the smallest first; again: the largest."""
        if self.table is None:
            return
        line, title = self._line().run.history, self.table.columns[self.column].title
        self.by, self.reverse = title, not self.reverse if title == self.by else False
        if self.at >= 0:
            self.at = [self.table.lines[index].run.history for index in self._order()].index(line)
        self.draw()

    def action_mark(self) -> None:
        """Mark the run, or no longer."""
        if self.table is None or self.at < 0:
            return
        history = self._line().run.history
        if history in self.marked:
            self.marked.remove(history)
        else:
            self.marked.append(history)
        self.draw()
        self.action_ask("marked")

    def action_enter(self) -> None:
        """On the heading: sort. On a run: its settings into the form."""
        if self.at < 0:
            self.action_sort()
        else:
            self.action_ask("settings")

    def action_ask(self, what: str) -> None:
        """Ask the sheet for something."""
        if self.table is not None:
            marked = [line for line in self.table.lines if line.run.history in self.marked]
            self.post_message(self.Asked(what, self._line() if self.at >= 0 else None, marked))


class Runs(Sheet[tuple[str, list[Kept]]]):
    """Gives back what is to be done with which runs: their settings taken, or trained side by side."""

    SAID = "runs-said"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "dismiss(None)", "Close", show=False, id="runs.close"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__("runs")
        self.session = session
        self.pane = RunsPane(id="runs-table")
        self._there = False  # a frame may come before it is put together

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(id="runs-title", classes="sheet-title", markup=False)
            yield self.pane
            yield Static(id="runs-said", markup=False)
            yield hint(id="runs-hint")

    def on_mount(self) -> None:
        self._there = True
        self.refresh_rows()
        self.set_focus(self.pane)
        self._say("")

    def on_resize(self) -> None:
        room = self.size.width - 4
        self.query_one("#runs-hint", Static).update(keys if len(keys := named(KEYS)) <= room else named(BRIEF))

    def refresh_rows(self) -> None:
        """Draw the runs as they are now."""
        if not self._there:
            return
        session = self.session
        lines = lines_of(session.now(), session.kept, session.state)
        table = table_of(lines, session.hidden, session.state)
        covered = f"   {BLIND}" if table.covered else ""
        full = f"   {KEPT} are kept, {session.next_to_go.name} goes next" if len(session.kept) >= KEPT else ""
        self.query_one("#runs-title", Static).update(named(f"Runs   * best of its column{covered}{full}"))
        self.pane.styles.height = len(lines) + 1
        self.pane.show(table)

    def on_runs_pane_asked(self, message: RunsPane.Asked) -> None:
        """Do what can be done here, hand back the rest."""
        line, marked = message.line, message.marked
        if not self.is_current:  # keys that came in one packet with the one that put something over this
            return
        if message.what == "marked":
            told = "them side by side" if len(marked) > 1 else "it alone; mark more to compare them"
            self._say(f"{len(marked)} marked: <runs.compare> trains {told}" if marked else "")
        elif message.what == "compare":
            self._compare(marked)
        elif line is not None:
            {"ghost": self._ghost, "drop": self._drop, "settings": self._settings}[message.what](line)

    def _compare(self, marked: list[Line]) -> None:
        if not marked:
            self._say("<Runs.mark> marks runs; <runs.compare> trains those that are marked side by side, from the start")
        elif len(marked) > MOST_AT_ONCE:
            self._say(
                f"{len(marked)} are marked: at most {MOST_AT_ONCE} runs are trained side by side. <Runs.mark> unmarks one"
            )
        else:
            self.dismiss(("compare", [line.run for line in marked]))

    def _settings(self, line: Line) -> None:
        self.dismiss(("settings", [line.run]))

    def _ghost(self, line: Line) -> None:
        session = self.session
        if not line.now:
            said = session.toggle_ghost(line.run)
        else:
            index = next(at for at, one in enumerate(session.trainers) if one.history is line.run.history)
            if session.trainers[index] in session.promised:
                del session.promised[session.trainers[index]]
                said = f"{line.name} will be no ghost"
            else:
                said = session.keep_ghost(index)
        self.refresh_rows()
        self._say(said)

    def _drop(self, line: Line) -> None:
        if line.now:
            self._say("A run of now cannot be dropped: <run.restart> starts another one in its place")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.session.let_go(line.run)
                self.refresh_rows()
                self._say(f"{line.name} is gone")

        what = f"{line.name} (ghost {line.mark})" if line.mark else line.name
        self.app.push_screen(Ask(f"Drop {what}? What it has trained is lost.", "drop it", "keep it"), answered)
