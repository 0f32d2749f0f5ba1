"""The rows of the progress tree, drawn straight from the histories of the runs.

A run has its newest figures, an epoch its two losses and its accuracy, an iteration the loss and accuracy of its batch; what
an opened iteration shows below it is `tui.tree.in_batch`'s.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass

from engine import History
from tui.canvas import Row, ends
from tui.figures import percent, short
from tui.hidden import NOTHING, Hidden
from tui.tree.in_batch import Samples, batch_rows, step_rows
from tui.tree.outline import Node
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
    samples: Samples | None = None  # what its training rows are called
    hidden: Hidden = NOTHING

    def details(self, node: Node, width: int, opened: int = 0) -> list[Row]:
        """The rows below an opened iteration, the rest of its samples `opened` so many times; on a surface below an opened
        step, where an epoch is one."""
        if self.walk is None:
            found = node.iteration >= 0
            return batch_rows(self.history, self.samples, node.iteration, width, self.hidden, opened) if found else []
        return step_rows(self.history, self.walk, node.epoch, width, self.hidden) if node.epoch else []


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
    validation = None if branch.hidden.validation else last.validation
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
        return step_row(branch, branch.walk, epoch, width, is_open)
    digits = len(str(max(10, history.epochs_begun)))
    arrow = "v" if is_open or (epoch > len(history.epochs)) else ">"
    start = f" {arrow} {epoch:<{digits}}"
    if epoch <= len(history.epochs):
        try:
            figures, room = _figures(branch, epoch, width), width - len(start) - 1
        except LookupError:
            return ((start, "text"), ("  not kept", "dim"))
        if len(figures) > room:  # of a hundred epochs and more: without the blanks that keep the columns apart
            figures = " ".join(figures.split()).rjust(room)
        return ((f"{start} {figures}", "text"),)
    done = len(history.epoch_iterations(epoch))
    count = f"{done}/{branch.batches}"
    room = max(4, width - len(start) - len(count) - 4)
    filled = min(room, done * room // max(1, branch.batches))
    return ((f"{start}  ", "text"), ("█" * filled, "bar"), ("░" * (room - filled), "dim"), (f"  {count}", "text"))


def step_row(branch: Branch, walk: Walk, step: int, width: int, is_open: bool = False) -> Row:
    """'  step 7  1.230  w -2.100': where a step on a surface led to."""
    history, digits = branch.history, len(str(max(10, branch.history.epochs_begun)))
    arrow = "v" if is_open else " "
    try:
        loss = short(history.epochs[step - 1].train.loss)
    except LookupError:
        return ((f"   {step:<{digits}}", "text"), ("  not kept", "dim"))
    if len(walk.surface.axes) == 1 and digits <= 5:
        return ((f"{arrow}step {step:<{digits}} {loss:>7} ", "text"), (walk.at(step), "dim"))
    wide = 12 + digits + 18 <= width
    return ((f"{arrow}{step:<{digits}} {loss:>7} ", "text"), (walk.at(step) if wide else walk.bare(step), "dim"))


def iteration_row(history: History, node: Node, is_open: bool = False) -> Row:
    """'* 14  0.040  100.0%': an iteration's place in its epoch, its batch's loss and accuracy where they are kept."""
    try:
        metrics = history[node.iteration]
    except LookupError:
        batch = node.iteration - history.epoch_iterations(node.epoch).start + 1
        return ((f"     {batch:<4}  not kept", "dim"),)
    accuracy = percent(metrics.batch_accuracy) if metrics.batch_accuracy is not None else ""
    lost = not math.isfinite(metrics.batch_loss)
    star = "v" if is_open else "*" if node.iteration == len(history) - 1 else " "
    start = f"   {star} {metrics.batch:<4}"
    return ((start, "dim"), (f"{short(metrics.batch_loss):>7}", "bad" if lost else "text"), (f"  {accuracy:>6}", "dim"))


def _figures(branch: Branch, epoch: int, width: int) -> str:
    """Training loss, validation loss and accuracy at the end of an epoch."""
    entry = branch.history.epochs[epoch - 1]
    text = f"{short(entry.train.loss):>7}"
    validation = None if branch.hidden.validation else entry.validation
    seen = validation or entry.train
    if validation is not None:
        text += f" v {short(validation.loss):>6}"
    if seen.accuracy is not None:
        text += f" {percent(seen.accuracy, 1 if width >= 29 else 0):>{6 if width >= 29 else 4}}"
    return text


def epoch_of(history: History, iteration: int) -> int | None:
    """The epoch (from 1) that an iteration (from 1) was in; None where it is too old to be told."""
    with suppress(LookupError):
        return history[iteration - 1].epoch
    kept = history.epochs.kept
    at = bisect_left(kept, iteration, key=lambda place: history.epochs[place].iteration)
    return kept[at] + 1 if at < len(kept) and iteration in _iterations(history, kept[at] + 1) else None


def _iterations(history: History, epoch: int) -> range:
    found = history.epoch_iterations(epoch)
    return range(found.start + 1, found.stop + 1)
