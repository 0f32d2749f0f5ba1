"""The rows of the progress tree, counted rather than built.

run -> epoch -> iteration is a tree of a million rows, of which a screen shows twenty. Closed epochs are a range of numbers
and so are the iterations of an open one; a row is worked out from its place when it is to be drawn, and never kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engine import History


@dataclass(frozen=True, slots=True)
class Node:
    """A row: a run (from 0), an epoch of it (from 1; 0: the run itself), an iteration's index in its history (-1: none)."""

    run: int
    epoch: int = 0
    iteration: int = -1

    @property
    def parent(self) -> Node:
        """The epoch of an iteration, the run of an epoch."""
        return Node(self.run, self.epoch) if self.iteration >= 0 else Node(self.run)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows in a row: `count` epochs or iterations that begin with `first`."""

    first: Node
    count: int

    def node(self, offset: int) -> Node:
        first = self.first
        if first.iteration >= 0:
            return Node(first.run, first.epoch, first.iteration + offset)
        return Node(first.run, first.epoch + offset) if first.epoch else first


class Outline:
    """All rows of these runs, where the runs and epochs in `opened` show what is in them."""

    def __init__(self, histories: Sequence[History], opened: set[Node]) -> None:
        self._stretches: list[_Stretch] = []
        for run, history in enumerate(histories):
            self._stretches.append(_Stretch(Node(run), 1))
            if Node(run) not in opened:
                continue
            following = 1
            for epoch in sorted(node.epoch for node in opened if node.run == run and node.epoch):
                iterations = history.epoch_iterations(epoch)
                if not iterations:
                    continue
                self._stretches.append(_Stretch(Node(run, following), epoch - following + 1))
                self._stretches.append(_Stretch(Node(run, epoch, iterations.start), len(iterations)))
                following = epoch + 1
            if (left := history.epochs_begun - following + 1) > 0:
                self._stretches.append(_Stretch(Node(run, following), left))
        self._starts = [0]
        for stretch in self._stretches:
            self._starts.append(self._starts[-1] + stretch.count)

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
            first = stretch.first
            if (
                first.run != node.run
                or (first.iteration >= 0) != (node.iteration >= 0)
                or bool(first.epoch) != bool(node.epoch)
            ):
                continue
            offset = node.iteration - first.iteration if node.iteration >= 0 else node.epoch - first.epoch
            if 0 <= offset < stretch.count and (node.iteration < 0 or first.epoch == node.epoch):
                return self._starts[at] + offset
        return self.index(node.parent) if node.epoch else 0


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
