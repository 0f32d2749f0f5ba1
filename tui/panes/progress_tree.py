"""The progress tree: run, epoch, iteration, each with its loss and accuracy.

It follows the newest iteration until somebody moves in it; End follows again. Rows are drawn straight from the runs'
histories, only those in sight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from engine import History
from tui.canvas import Pane, Row, ends, fit, heading, width_of
from tui.figures import percent, short
from tui.outline import Node, Outline, newest
from tui.walk import Walk


@dataclass(frozen=True, slots=True)
class Branch:
    """A run as the tree shows it: its name, all that happened, and the iterations of the epoch in progress.

    A run that is `kept` from before is over; the others can be selected.
    """

    name: str
    history: History
    batches: int = 0
    kept: bool = False
    walk: Walk | None = None  # on a surface, where an epoch is a step and has nothing in it
    blind: bool = False  # what is known of validation is hidden


class ProgressTree(Pane, can_focus=True):
    """Attributes down: `show`. Messages up: `Selected`, when the cursor comes to another run."""

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

    def show(self, branches: Sequence[Branch], followed: int) -> None:
        """Draw these runs; `followed` is the one that is opened by itself."""
        self.branches, self.followed = branches, followed
        self.draw()

    def reset(self) -> None:
        """Other runs from now on: close all, follow the newest."""
        self.following, self.opened, self._top = True, set(), 0

    def draw(self) -> None:
        """Paint what is in sight."""
        width, height = self.size.width, self.size.height
        hint = "" if self.following else "  End: newest"
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
        outline = Outline(self._histories, self.opened)
        at = outline.index(self.cursor)
        self._top = max(min(self._top, at, len(outline) - 1), at - height + 1, 0)
        return [outline.node(index) for index in range(self._top, min(self._top + height, len(outline)))]

    # keys

    def _browse(self) -> Outline:
        """Leave following, with everything where it was in sight."""
        if self.following:
            self.following = False
            self.opened.add(Node(self.followed))
            if self.cursor.iteration >= 0:
                self.opened.add(self.cursor.parent)
            outline = Outline(self._histories, self.opened)
            self._top = max(0, outline.index(self.cursor) - self.size.height + 2)
            return outline
        return Outline(self._histories, self.opened)

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
        self.draw()

    def action_open(self, wanted: bool | None = None) -> None:
        """Open or close the node under the cursor; closing an iteration closes its epoch."""
        if not self.branches:
            return
        self._browse()
        node = self.cursor
        is_open = node in self.opened and node.iteration < 0
        if wanted is False and not is_open and node.epoch:
            node, is_open = node.parent, True
        if is_open and wanted is not True:
            self.opened.discard(node)
        elif not is_open and wanted is not False and node.iteration < 0 and not (node.epoch and self._flat(node)):
            self.opened.add(node)
        self._go(node)

    def _flat(self, node: Node) -> bool:
        return self.branches[node.run].walk is not None

    def _go(self, node: Node) -> None:
        if node.run != self.cursor.run:
            self.post_message(self.Selected(node.run))
        self.cursor = node
        self.draw()

    # rows

    def _row(self, node: Node, width: int) -> Row:
        branch = self.branches[node.run]
        marked = node == self.cursor and not (self.following and not self.has_focus)
        role = ("cursor-focus" if self.has_focus else "cursor") if marked else "text"
        if node.iteration >= 0:
            spans = iteration_row(branch.history, node)
        elif node.epoch:
            spans = epoch_row(branch, node.epoch, width, node in self.opened)
        else:
            spans = run_row(branch, node in self.opened or (self.following and node.run == self.followed), width)
        text = fit(spans, width)
        if not marked:
            return text
        line = "".join(part for part, _ in text)
        return ((line + " " * max(0, width - width_of(text)), role),)


def run_row(branch: Branch, is_open: bool, width: int) -> Row:
    """'v recipe, seed 0  v 0.037 98.7%': its newest figures, as many as fit, and how it ended if not as planned."""
    history = branch.history
    spans: Row = ((("v " if is_open else "> ") + branch.name, "strong"),)
    if history.diverged is not None:
        return ends(spans, ((f"diverged at {history.diverged.iteration}", "bad"),), width)
    if history.stopped is not None and history.stopped.reason == "out_of_memory":
        return ends(spans, (("refused", "bad"),), width)
    if not history.epochs:
        return spans
    last = history.epochs[-1]
    validation = None if branch.blind else last.validation
    seen = validation or last.train
    loss = f"v {short(seen.loss)}" if validation else short(seen.loss)
    accuracy, rounded = percent(seen.accuracy), percent(seen.accuracy, 0)
    reason = history.stopped.reason if history.stopped is not None else ""
    stopped = {"interrupted": " stopped", "early_stopping": " early"}.get(reason, "")
    both = f"{short(last.train.loss)} {loss}" if validation else loss
    for end in (f"{both} {accuracy}", f"{loss} {accuracy}", f"{loss} {rounded}", loss):
        end = end.removesuffix(" -") + stopped
        if len(branch.name) + len(end) + 4 <= width:
            return (*spans, (end.rjust(width - len(branch.name) - 2), "text"))
    return ends(spans, ((loss, "text"),), width)


def epoch_row(branch: Branch, epoch: int, width: int, is_open: bool) -> Row:
    """'> 5  0.057 v 0.066 99.0%' of an epoch that is over; a bar for the one in progress."""
    history = branch.history
    if branch.walk is not None:
        return step_row(branch, branch.walk, epoch, width)
    digits = len(str(max(10, history.epochs_begun)))
    arrow = "v" if is_open or (epoch > len(history.epochs)) else ">"
    start = f" {arrow} {epoch:<{digits}}"
    if epoch <= history.epochs.kept.start:
        return ((start, "text"), ("  not kept", "dim"))
    if epoch <= len(history.epochs):
        return ((f"{start} {_figures(branch, epoch, width)}", "text"),)
    done = len(history.epoch_iterations(epoch))
    count = f"{done}/{branch.batches}"
    room = max(4, width - len(start) - len(count) - 4)
    filled = min(room, done * room // max(1, branch.batches))
    return ((f"{start}  ", "text"), ("█" * filled, "bar"), ("░" * (room - filled), "dim"), (f"  {count}", "text"))


def step_row(branch: Branch, walk: Walk, step: int, width: int) -> Row:
    """'  step 7  1.230  w -2.100': where a step on a surface led to."""
    history, digits = branch.history, len(str(max(10, branch.history.epochs_begun)))
    if step <= history.epochs.kept.start:
        return ((f"   {step:<{digits}}", "text"), ("  not kept", "dim"))
    loss = short(history.epochs[step - 1].train.loss)
    if len(walk.surface.axes) == 1 and digits <= 5:
        return ((f" step {step:<{digits}} {loss:>7} ", "text"), (walk.at(step), "dim"))
    wide = 12 + digits + 18 <= width
    return ((f" {step:<{digits}} {loss:>7} ", "text"), (walk.at(step) if wide else walk.bare(step), "dim"))


def iteration_row(history: History, node: Node) -> Row:
    """'* 14  0.040  100.0%': an iteration's place in its epoch, its batch's loss and accuracy where they are kept."""
    if node.iteration not in history.kept:
        batch = node.iteration - history.epoch_iterations(node.epoch).start + 1
        return ((f"     {batch:<4}  not kept", "dim"),)
    metrics = history[node.iteration]
    accuracy = percent(metrics.batch_accuracy) if metrics.batch_accuracy is not None else ""
    lost = not math.isfinite(metrics.batch_loss)
    star = "*" if node.iteration == len(history) - 1 else " "
    start = f"   {star} {metrics.batch:<4}"
    return ((start, "dim"), (f"{short(metrics.batch_loss):>7}", "bad" if lost else "text"), (f"  {accuracy:>6}", "dim"))


def _figures(branch: Branch, epoch: int, width: int) -> str:
    """Training loss, validation loss and accuracy at the end of an epoch."""
    entry = branch.history.epochs[epoch - 1]
    text = f"{short(entry.train.loss):>7}"
    validation = None if branch.blind else entry.validation
    seen = validation or entry.train
    if validation is not None:
        text += f" v {short(validation.loss):>6}"
    if seen.accuracy is not None:
        text += f" {percent(seen.accuracy, 1 if width >= 29 else 0):>{6 if width >= 29 else 4}}"
    return text
