"""The four steps of training as a loop that lights up: forward, loss, backward, update, and round again."""

from __future__ import annotations

from dataclasses import dataclass

from engine import IterationMetrics
from tui.canvas import Pane, Row, Span, ends, heading, row
from tui.figures import duration, percent, rate, short

PHASES = ("forward", "loss", "backward", "update")


@dataclass(frozen=True, slots=True)
class Moment:
    """What the loop shows: which phase is lit (-1: none), the newest iteration, and how fast it goes.

    `speed` is in iterations a second (0: not known), `left` in seconds; `samples` is what a row of the data is called.
    """

    phase: int
    newest: IterationMetrics | None
    speed: float
    left: float
    pace: str
    samples: str


class TrainingLoop(Pane):
    """Three lines under a heading, or one line without where there is little room."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.moment: Moment | None = None

    def show(self, moment: Moment) -> None:
        """Draw this moment."""
        self.moment = moment
        self.draw()

    def draw(self) -> None:
        """Paint the loop for the room there is."""
        if self.moment is None:
            return
        width, height = self.size.width, self.size.height
        if height >= 4:
            self.paint([heading((("Training loop", "text"),), width, False), *tall(self.moment, width)])
        else:
            self.paint([one_line(self.moment, width)])


def loop(phase: int, again: bool) -> Row:
    """forward > [loss] > backward > update; the lit one in brackets, so that it needs no colour."""
    spans: list[Span] = []
    for index, name in enumerate(PHASES):
        spans.append(("[" if index == phase else " ", "lit"))
        spans.append((name, "lit" if index == phase else "text"))
        spans.append(("]" if index == phase else " ", "lit"))
        if index < len(PHASES) - 1 or again:
            spans.append((">", "dim"))
    if again:
        spans.append((" next batch", "dim"))
    return tuple(spans)


def figures(moment: Moment) -> str:
    """'6448 pictures seen, 107 it/s, 13 s left'."""
    seen = moment.newest.samples_seen if moment.newest else 0
    parts = [f"{seen} {moment.samples} seen"]
    if moment.speed > 0:
        parts.append(rate(moment.speed))
    if moment.left > 0:
        parts.append(f"{duration(moment.left)} left")
    return ", ".join(part for part in parts if part)


def one_line(moment: Moment, width: int) -> Row:
    """The loop and its figures at the two ends of one line."""
    return ends(loop(moment.phase, again=False), row((figures(moment) + " ", "text")), width)


def tall(moment: Moment, width: int) -> list[Row]:
    """The loop, what the newest batch was, and the figures."""
    newest = moment.newest
    if newest is None:
        batch = "no batch yet: space starts, n takes one batch"
    else:
        batch = f"batch {newest.batch} of {newest.batches}: loss {short(newest.batch_loss)}"
        if newest.batch_accuracy is not None:
            batch += f", {percent(newest.batch_accuracy)} right"
        gradient = f", gradient {short(newest.gradient_norm)}"
        batch += gradient if len(batch) + len(gradient) + 2 <= width else ""
    return [
        loop(moment.phase, again=True),
        row(f"  {batch}"),
        ends(row(f"  {figures(moment)}"), row((f"pace {moment.pace} ", "dim")), width),
    ]
