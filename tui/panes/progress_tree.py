"""The progress tree: run, epoch, iteration, each with its loss and accuracy, and in an opened iteration its batch.

It follows the newest iteration until somebody moves in it; End follows again. Rows are drawn straight from the runs'
histories, only those in sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from engine import History
from tui.canvas import Pane, Row, fit, heading, width_of
from tui.tree.in_batch import has_rest
from tui.tree.outline import Node, Outline, newest
from tui.tree.rows import Branch, epoch_of, epoch_row, iteration_row, run_row


class ProgressTree(Pane, can_focus=True):
    """Attributes down: `show` and `go_to`. Messages up: `Selected`, when the cursor comes to another run, and `Lighted`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="tree.up", tooltip="Another row"),
        Binding("down", "move(1)", "Down", show=False, id="tree.down", tooltip="Another row"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="tree.page_up", tooltip="A page further"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="tree.page_down", tooltip="A page further"),
        Binding("home", "first", "To the top", show=False, id="tree.home"),
        Binding("end", "follow", "Follow the newest", show=False, id="tree.end"),
        Binding("enter", "open", "Open or close", show=False, id="tree.enter"),
        Binding("right", "open(True)", "Open", show=False, id="tree.right"),
        Binding("left", "open(False)", "Close", show=False, id="tree.left"),
    ]

    class Selected(Message):
        """The cursor came to another run: `index` among the runs that `show` was given."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    class Lighted(Message):
        """The cursor came to a stretch of a run: iterations `first` to `last` (from 1); run `index` as in `Selected`.

        `first` 0: to nothing in particular, such as a whole run, or the newest again.
        """

        def __init__(self, index: int, first: int, last: int) -> None:
            self.index, self.first, self.last = index, first, last
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self.branches: Sequence[Branch] = ()
        self.followed = 0
        self.following = True
        self.cursor = Node(0)
        self.opened: set[Node] = set()
        self._top = 0  # the first row in sight while somebody moves in the tree
        self._lit = (0, 0, 0)  # what was said last to be under the cursor
        self.led = False  # the cursor is where `go_to` has put it
        self._followed_before = False  # and has taken it away from the newest
        self._lent: Node | None = None  # the epoch that `go_to` has opened
        self._details: dict[tuple[Node, int], list[Row]] = {}
        self._details_of: tuple[object, ...] = ()  # what these were made of

    def show(self, branches: Sequence[Branch], followed: int) -> None:
        """Draw these runs; `followed` is the one that is opened by itself."""
        self.branches, self.followed = branches, followed
        self.draw()

    def reset(self) -> None:
        """Other runs from now on: close all, follow the newest."""
        self.following, self.opened, self._top = True, set(), 0
        self._lead_no_more()
        self._light()

    def go_to(self, run: int, iteration: int | None) -> None:
        """The cursor to an iteration (from 1) of a run, in its epoch opened; None: where it followed before, it does again.

        It is somebody else who moves, so nothing is posted, and an epoch opened for it is closed when it has left.
        """
        if iteration is None:
            if self._followed_before:
                self._close_lent()
                self.following = True
                self.draw()
            self._lead_no_more()
            return
        if not 0 <= run < len(self.branches) or not 1 <= iteration <= len(self.branches[run].history):
            return
        self._followed_before = self._followed_before or self.following
        self.following, self.led, self._lit = False, True, (run, 0, 0)
        node = self._node_of(run, iteration)
        epoch = node if node.iteration < 0 else node.parent
        if self._lent != epoch:
            self._close_lent()
            if node.iteration >= 0 and epoch not in self.opened:
                self.opened.add(epoch)
                self._lent = epoch
        if node.epoch:
            self.opened.add(Node(run))
        self.cursor = node
        self.draw()

    def _node_of(self, run: int, iteration: int) -> Node:
        """The row of an iteration: itself, its epoch where it is a step on a surface, or the run where it is too old."""
        branch = self.branches[run]
        epoch = epoch_of(branch.history, iteration)
        if epoch is None:
            return Node(run)
        return Node(run, epoch) if branch.walk is not None else Node(run, epoch, iteration - 1)

    def _lead_no_more(self) -> None:
        """Whoever moves in the tree has it from now on, with what was opened."""
        self.led, self._followed_before, self._lent = False, False, None

    def _close_lent(self) -> None:
        if self._lent is not None:
            self.opened.discard(self._lent)
            self._lent = None

    def fill(self) -> None:
        """Paint what is in sight."""
        width, height = self.size.width, self.size.height
        hint = "" if self.following else "  <tree.end>: newest"
        rows = [heading((("Progress", "text"), (hint, "dim")), width, self.has_focus)]
        rows += [self._row(node, width) for node in self._in_sight(height - 1)]
        self.paint(rows)

    @property
    def _live(self) -> list[int]:
        return [index for index, branch in enumerate(self.branches) if not branch.kept]

    @property
    def _histories(self) -> list[History]:
        return [branch.history for branch in self.branches]

    def _in_sight(self, height: int) -> list[Node]:
        if not self.branches or height < 1:
            return []
        if self.following:
            nodes = newest(self._histories, self.followed, height, flat=self.branches[self.followed].walk is not None)
            self.cursor = next((node for node in reversed(nodes) if node.run == self.followed), Node(self.followed))
            return nodes
        outline = self._outline()
        at = outline.index(self.cursor)
        self._top = max(min(self._top, at, len(outline) - height), at - height + 1, 0)
        return [outline.node(index) for index in range(self._top, min(self._top + height, len(outline)))]

    # keys

    def _browse(self) -> Outline:
        """Leave following, with everything where it was in sight."""
        if self.following:
            self.following = False
            self.opened.add(Node(self.followed))
            if self.cursor.iteration >= 0:
                self.opened.add(self.cursor.parent)
            outline = self._outline()
            self._top = max(0, outline.index(self.cursor) - self.size.height + 2)
            return outline
        self._lead_no_more()
        return self._outline()

    def _outline(self) -> Outline:
        return Outline(self._histories, self.opened, lambda node: len(self._rows_below(node)))

    def _rows_below(self, node: Node) -> list[Row]:
        """The details of a node, made once: what has happened stays as it was."""
        branch = self.branches[node.run]
        made_of = (self.size.width, branch.hidden, *(id(history) for history in self._histories))
        if made_of != self._details_of:
            self._details, self._details_of = {}, made_of
        opened = len(self._opened_in(node))
        if (node, opened) not in self._details:
            self._details[node, opened] = branch.details(node, self.size.width, opened)
        return self._details[node, opened]

    def _opened_in(self, node: Node) -> set[Node]:
        """The details of a node that are opened: those at whose end the rest of its samples is."""
        return {one for one in self.opened if one.detail >= 0 and one.parent == node}

    def action_move(self, by: int) -> None:
        """The cursor by so many rows; below the last one the tree follows again.

        While several runs are followed it goes from run to run, since an epoch that grows could not be left.
        """
        if not self.branches:
            return
        other = self.followed + by
        if self.following and len(self._live) > 1 and other in self._live:
            self.post_message(self.Selected(other))
            return
        outline = self._browse()
        at = outline.index(self.cursor) + by
        if at >= len(outline):
            self.action_follow()
            return
        self._go(outline.node(max(0, at)))

    def action_page(self, pages: int) -> None:
        """The cursor by a page."""
        if self.branches:
            outline = self._browse()
            at = outline.index(self.cursor) + pages * max(1, self.size.height - 2)
            self._go(outline.node(min(max(0, at), len(outline) - 1)))

    def action_first(self) -> None:
        """The cursor to the top."""
        if self.branches:
            self._go(self._browse().node(0))

    def action_follow(self) -> None:
        """Follow the newest iteration."""
        self.following = True
        self._lead_no_more()
        self._light()
        self.draw()

    def action_open(self, wanted: bool | None = None) -> None:
        """Open or close the node under the cursor; closing what is closed, or cannot be opened, closes what it is in."""
        if not self.branches:
            return
        self._browse()
        node = self.cursor
        is_open = node in self.opened
        if wanted is False and not is_open and node.epoch:
            node, is_open = node.parent, True
        if is_open and wanted is not True:
            inside = self._opened_in(node if node.detail < 0 else node.parent)
            self.opened -= {node, *(one for one in inside if one.detail > node.detail)}
        elif not is_open and wanted is not False and self._has_rows(node):
            self.opened.add(node)
            self._show_below(node)
        self._go(node)

    def _show_below(self, node: Node) -> None:
        """Scroll so far that what was opened is in sight, as far as there is room."""
        at, height = self._outline().index(node), self.size.height - 1
        below = len(self._rows_below(node)) if node.detail < 0 else len(self._rows_below(node.parent)) - node.detail - 1
        self._top = max(self._top, min(at, at + 1 + below - height))

    def _has_rows(self, node: Node) -> bool:
        """Whether there is something in a node that can be opened."""
        if node.detail >= 0:
            return has_rest(self._rows_below(node.parent)[node.detail])
        within = node.iteration < 0 and not (node.epoch and self.branches[node.run].walk is not None)
        return within or bool(self._rows_below(node))

    def _go(self, node: Node) -> None:
        if node.run != self.cursor.run:
            self.post_message(self.Selected(node.run))
        self.cursor = node
        self._light()
        self.draw()

    def _light(self) -> None:
        """Say which stretch the cursor is on, if that has changed."""
        node, lit = self.cursor, (self.cursor.run, 0, 0)
        if not self.following and node.iteration >= 0:
            lit = (node.run, node.iteration + 1, node.iteration + 1)
        elif not self.following and node.epoch:
            stretch = self.branches[node.run].history.epoch_iterations(node.epoch)
            lit = (node.run, stretch.start + 1, stretch.stop) if stretch else lit
        if lit != self._lit and (lit[1] or self._lit[1]):
            self.post_message(self.Lighted(*lit))
        self._lit = lit

    # rows

    def _row(self, node: Node, width: int) -> Row:
        branch = self.branches[node.run]
        marked = node == self.cursor and not (self.following and not self.has_focus)
        role = ("cursor-focus" if self.has_focus else "cursor") if marked else "text"
        if node.detail >= 0:
            below = self._rows_below(node.parent)
            spans = below[node.detail] if node.detail < len(below) else ()
        elif node.iteration >= 0:
            spans = iteration_row(branch.history, node, node in self.opened)
        elif node.epoch:
            spans = epoch_row(branch, node.epoch, width, node in self.opened)
        else:
            spans = run_row(branch, node in self.opened or (self.following and node.run == self.followed), width)
        text = fit(spans, width)
        if not marked:
            return text
        line = "".join(part for part, _ in text) + " " * max(0, width - width_of(text))
        return ((f">{line[1:]}" if line.startswith(" ") else line, role),)  # for whoever sees no colour


if __name__ == "__main__":
    from tui.panes.alone import main

    main(__file__)
