"""The rows of the progress tree, counted rather than built.

run -> epoch -> iteration is a tree of a million rows, of which a screen shows twenty. Closed epochs are a range of numbers
and so are the iterations of an open one; a row is worked out from its place when it is to be drawn, and never kept. An
opened iteration (on a surface an opened step, where an epoch has nothing else in it) has rows of details below it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine import History


@dataclass(frozen=True, slots=True)
class Node:
    """A row: a run (from 0), an epoch of it (from 1; 0: the run itself), an iteration's index in its history (-1: none), and
    which row of the details below that (from 0; -1: none of them)."""

    run: int
    epoch: int = 0
    iteration: int = -1
    detail: int = -1

    @property
    def parent(self) -> Node:
        """What it is a detail of, the epoch of an iteration, the run of an epoch."""
        if self.detail >= 0:
            return replace(self, detail=-1)
        return Node(self.run, self.epoch) if self.iteration >= 0 else Node(self.run)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows in a row: `count` epochs, iterations or details that begin with `first`."""

    first: Node
    count: int

    def node(self, offset: int) -> Node:
        first = self.first
        if first.detail >= 0:
            return replace(first, detail=first.detail + offset)
        if first.iteration >= 0:
            return Node(first.run, first.epoch, first.iteration + offset)
        return Node(first.run, first.epoch + offset) if first.epoch else first


class Outline:
    """All rows of these runs, where the runs, epochs and iterations in `opened` show what is in them.

    `details` says how many rows of details a node has; an epoch that has some (on a surface) shows these, not iterations.
    """

    def __init__(
        self, histories: Sequence[History], opened: set[Node], details: Callable[[Node], int] = lambda node: 0
    ) -> None:
        self._stretches: list[_Stretch] = []
        within: dict[tuple[int, int], list[Node]] = {}  # opened iterations, by run and epoch
        for node in sorted((one for one in opened if one.iteration >= 0 > one.detail), key=lambda one: one.iteration):
            within.setdefault((node.run, node.epoch), []).append(node)
        for run, history in enumerate(histories):
            self._stretches.append(_Stretch(Node(run), 1))
            if Node(run) not in opened:
                continue
            following = 1
            for epoch in sorted(node.epoch for node in opened if node.run == run and node.epoch and node.iteration < 0):
                iterations = history.epoch_iterations(epoch)
                if not iterations:
                    continue
                self._stretches.append(_Stretch(Node(run, following), epoch - following + 1))
                if count := details(Node(run, epoch)):
                    self._stretches.append(_Stretch(Node(run, epoch, detail=0), count))
                else:
                    self._add_iterations(run, epoch, iterations, within.get((run, epoch), []), details)
                following = epoch + 1
            if (left := history.epochs_begun - following + 1) > 0:
                self._stretches.append(_Stretch(Node(run, following), left))
        self._starts = [0]
        for stretch in self._stretches:
            self._starts.append(self._starts[-1] + stretch.count)

    def _add_iterations(
        self, run: int, epoch: int, iterations: range, opened: list[Node], details: Callable[[Node], int]
    ) -> None:
        start = iterations.start
        for node in opened:
            if node.iteration in iterations and (count := details(node)):
                self._stretches.append(_Stretch(Node(run, epoch, start), node.iteration - start + 1))
                self._stretches.append(_Stretch(replace(node, detail=0), count))
                start = node.iteration + 1
        if start < iterations.stop:
            self._stretches.append(_Stretch(Node(run, epoch, start), iterations.stop - start))

    def __len__(self) -> int:
        return self._starts[-1]

    def node(self, index: int) -> Node:
        """The node of a row, counted from 0."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        at = bisect_right(self._starts, index) - 1
        return self._stretches[at].node(index - self._starts[at])

    def index(self, node: Node) -> int:
        """The row of a node; of what it is hidden in, where that is closed."""
        for at, stretch in enumerate(self._stretches):
            offset = _offset(stretch.first, node)
            if offset is not None and 0 <= offset < stretch.count:
                return self._starts[at] + offset
        return self.index(node.parent) if node.epoch else 0


def _offset(first: Node, node: Node) -> int | None:
    """How many rows `node` lies behind `first`, if it is of the same kind and below the same parent."""
    if node.detail >= 0:
        return node.detail - first.detail if first.detail >= 0 and first.parent == node.parent else None
    if first.detail >= 0 or first.run != node.run:
        return None
    if node.iteration >= 0:
        return node.iteration - first.iteration if first.iteration >= 0 and first.epoch == node.epoch else None
    if first.iteration >= 0 or bool(first.epoch) != bool(node.epoch):
        return None
    return node.epoch - first.epoch


def newest(histories: Sequence[History], run: int, height: int, flat: bool = False) -> list[Node]:
    """The rows to show while following a run: all runs, and of this one its last epochs and newest iterations.

    About half of the room below the runs goes to the iterations of the epoch in progress; none where it is `flat`.
    """
    history = histories[run]
    epochs = history.epochs_begun
    before, after = [Node(other) for other in range(run)], [Node(other) for other in range(run + 1, len(histories))]
    room = height - len(histories) - 1
    if epochs == 0 or room < 0:
        return [*before, Node(run), *after][max(0, run - height + 1) :][:height]
    over = flat or history.stopped is not None
    iterations = range(0) if over else history.epoch_iterations(epochs)
    shown_epochs = min(epochs - 1, max(room // 2, room - len(iterations)))
    shown = iterations[len(iterations) - min(len(iterations), room - shown_epochs) :]
    return [
        *before,
        Node(run),
        *(Node(run, epoch) for epoch in range(epochs - shown_epochs, epochs + 1)),
        *(Node(run, epochs, index) for index in shown),
        *after,
    ]
