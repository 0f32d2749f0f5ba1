"""The four steps of training as a loop that lights up: forward, loss, backward, update, and round again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from textual.binding import Binding, BindingType
from textual.message import Message

from engine import IterationMetrics
from tui.canvas import Pane, Row, Span, ends, heading, row, width_of
from tui.figures import duration, percent, rate, short
from tui.keyboard.named import named
from tui.walk import Walk

PHASES = ("forward", "loss", "backward", "update")


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch that is over: the loss of its last batch, which a loop that prints `loss` after each epoch prints, and that
    of the whole training set of so many samples."""

    epoch: int
    last_batch: float
    whole: float
    samples: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What the loop shows: which phase is lit (-1: none), the newest iteration, and how fast it goes.

    `speed` is in iterations a second (0: not known), `left` in seconds; `samples` is what a row of the data is called.
    `walk` is the way on a surface, where there is one; `refused`: nothing can be trained. `done` is the newest epoch that is
    over; without `counted` the samples seen are hidden.
    """

    phase: int
    newest: IterationMetrics | None
    speed: float
    left: float
    pace: str
    samples: str
    walk: Walk | None = None
    refused: bool = False
    done: EpochDone | None = None
    counted: bool = True


class Phases(Protocol):
    """A phase taken apart, to be drawn below the loop; `hint` says what the pane's own keys choose in it, from the longest
    wording to the shortest."""

    @property
    def hint(self) -> tuple[str, ...]:
        """'Left Right unit   Up Down layer ...'."""
        ...

    def rows(self, width: int, height: int) -> list[Row]:
        """At most `height` rows of at most `width` cells."""
        ...


class TrainingLoop(Pane):
    """Four lines under a heading (three on a surface), or one line without where there is little room.

    While phases are stepped, all that a phase did stands below the loop, and the pane has keys: they post `Chose`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "choose(0, -1, 0, 0)", "The unit before", show=False, id="phase.left"),
        Binding("right", "choose(0, 1, 0, 0)", "The next unit", show=False, id="phase.right"),
        Binding("up", "choose(-1, 0, 0, 0)", "The layer before", show=False, id="phase.up"),
        Binding("down", "choose(1, 0, 0, 0)", "The next layer", show=False, id="phase.down"),
        Binding("enter", "choose(0, 0, 1, 0)", "The next weight of the unit", show=False, id="phase.enter"),
        Binding("pageup", "choose(0, 0, 0, -1)", "The row of the batch before", show=False, id="phase.pageup"),
        Binding("pagedown", "choose(0, 0, 0, 1)", "The next row of the batch", show=False, id="phase.pagedown"),
    ]

    class Chose(Message):
        """Keys moved what is looked at, by so many layers, units, weights and rows."""

        def __init__(self, layer: int, unit: int, weight: int, row: int) -> None:
            self.layer, self.unit, self.weight, self.row = layer, unit, weight, row
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.moment: Moment | None = None
        self.phases: Phases | None = None

    def show(self, moment: Moment) -> None:
        """Draw this moment."""
        self.moment = moment
        self.draw()

    def take_apart(self, phases: Phases | None) -> None:
        """From the next `show` on, also what this phase did; None: the loop alone."""
        self.phases = phases
        self.can_focus = phases is not None
        self.set_class(phases is not None, "pane")

    def fill(self) -> None:
        """Paint the loop for the room there is."""
        if self.moment is None or not self.display:
            return
        width, height = self.size.width, self.size.height
        if self.phases is not None and height > 1:
            self.paint([
                _titled(self.phases.hint, width, self.has_focus),
                loop(self.moment.phase, again="step" if self.moment.walk is not None else "batch"),
                *self.phases.rows(width, height - 2),
            ])  # fmt: skip
        elif height >= 4:
            self.paint([heading((("Training loop", "text"),), width, False), *tall(self.moment, width)])
        else:
            self.paint([one_line(self.moment, width)])

    def action_choose(self, layer: int, unit: int, weight: int, row: int) -> None:
        """A key of the pane was pressed."""
        self.post_message(self.Chose(layer, unit, weight, row))


def _titled(hints: tuple[str, ...], width: int, focused: bool) -> Row:
    """The heading while phases are stepped, with as many words on the keys as have room."""
    longest: Row = (("One phase at a time", "text"),)
    if not focused or not any(hints):
        return heading(longest, width, focused)
    titles = [(*title, (f"  {hint}", "dim")) for hint in hints for title in (longest, (("Phases", "text"),))]
    return heading(next((title for title in titles if width_of(title) <= width - 5), longest), width, focused)


def loop(phase: int, again: str = "") -> Row:
    """forward > [loss] > backward > update > next `again`; the lit one in brackets, so that it needs no colour."""
    spans: list[Span] = []
    for index, name in enumerate(PHASES):
        spans.append(("[" if index == phase else " ", "lit"))
        spans.append((name, "lit" if index == phase else "text"))
        spans.append(("]" if index == phase else " ", "lit"))
        if index < len(PHASES) - 1 or again:
            spans.append((">", "dim"))
    if again:
        spans.append((f" next {again}", "dim"))
    return tuple(spans)


def figures(moment: Moment) -> str:
    """'6448 pictures seen, 107 it/s, 13 s left'; on a surface 'now w -2.600, ...'."""
    newest = moment.newest
    if moment.walk is not None:
        parts = [f"now {moment.walk.at(-1)}" if newest else "0 steps"]
    else:
        seen = f"{newest.samples_seen if newest else 0} {moment.samples} seen"
        parts = [seen if moment.counted else ""]
    if moment.speed > 0:
        parts.append(rate(moment.speed))
    if moment.left > 0:
        parts.append(f"{duration(moment.left)} left")
    return ", ".join(part for part in parts if part)


def one_line(moment: Moment, width: int) -> Row:
    """The loop and its figures at the two ends of one line; after an epoch its two losses, on a surface where it led."""
    said = figures(moment)
    if moment.done is not None:
        left = f", {duration(moment.left)}" if moment.left > 0 else ""
        words = epoch_line(moment.done, width - 38)
        said = words + left if len(words + left) <= width - 38 else words
    if moment.walk is not None and moment.newest is not None:
        now = moment.walk.at(-1)
        said = f"gradient {moment.walk.gradient(-2)}, now {now}"
        if len(said) > width - 46:
            said = f"now {now}"
    return ends(loop(moment.phase), row((said + " ", "text")), width)


def tall(moment: Moment, width: int) -> list[Row]:
    """The loop, what the newest batch or step was, and the figures."""
    pace = row((f"pace {moment.pace} ", "dim"))
    what = "step" if moment.walk is not None else "batch"
    done = row(f"  {epoch_line(moment.done, width - 2)}") if moment.done else row(("  no epoch is over yet", "dim"))
    return [
        loop(moment.phase, again=what),
        row(f"  {_newest(moment, width)}"),
        *([done] if moment.walk is None else []),
        ends(row(f"  {figures(moment)}"), pace, width),
    ]


def epoch_line(done: EpochDone, width: int) -> str:
    """'Epoch 7 done! Loss: 0.130 (last batch)  0.041 (all 1000)', in as many words as have room."""
    start = f"Epoch {done.epoch} done! Loss: {short(done.last_batch)}"
    whole = short(done.whole)
    wordings = (
        f"{start} (last batch)  {whole} (all {done.samples})",
        f"{start} (batch) {whole} (all)",
        f"{start}, all {whole}",
    )
    return next((words for words in wordings if len(words) <= width), wordings[-1])


def _newest(moment: Moment, width: int) -> str:
    """What the newest batch or step was, in as many words as have room."""
    newest, walk = moment.newest, moment.walk
    if moment.refused:
        return "refused: a step needs more memory than it may"
    if newest is None:
        what = ("step", "one") if walk else ("batch", "one batch")
        return named(f"no {what[0]} yet: <run.toggle> starts, <run.batch> takes {what[1]}")
    if walk is not None:
        start, gradient = f"step {newest.iteration} from {walk.at(-2)}", f"gradient {walk.gradient(-2)}"
        long = f"{start}: loss {short(newest.batch_loss)}, {gradient}"
        return long if len(long) + 2 <= width else f"{start}: {gradient}"
    text = f"batch {newest.batch} of {newest.batches}: loss {short(newest.batch_loss)}"
    if newest.batch_accuracy is not None:
        text += f", {percent(newest.batch_accuracy)} right"
    gradient = f", gradient {short(newest.gradient_norm)}"
    return text + (gradient if len(text) + len(gradient) + 2 <= width else "")


if __name__ == "__main__":
    from tui.panes.alone import main

    main(__file__)
