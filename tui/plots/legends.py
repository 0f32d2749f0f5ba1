"""The titles over the curves: what is drawn, with which mark, its newest values, and those at the cursor.

A title comes in several wordings, from the longest to the shortest; a pane takes the first that has room. Spans of the role
"dim" at its end only explain and give way first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine import History, Trainer
from tui.canvas import Row, Span
from tui.hidden import BLIND
from tui.names import labels, letters

Figure = Callable[[float | None], str]
HIDDEN = f"  {BLIND}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A run in a plot of several (or one), and how it is marked there."""

    index: int
    trainer: Trainer
    runs: int
    letter: str

    @property
    def history(self) -> History:
        """All that happened in it."""
        return self.trainer.history

    @property
    def role(self) -> str:
        """How its line is drawn."""
        return "train" if self.runs == 1 else f"run-{self.index % 6 + 1}"

    @property
    def point_role(self) -> str:
        """How its validation points are drawn."""
        return "validation" if self.runs == 1 else self.role

    @property
    def marker(self) -> str:
        """The mark of its validation points."""
        return "o" if self.runs == 1 else self.letter


def drawn(trainers: Sequence[Trainer]) -> list[Drawn]:
    """The runs with their letters."""
    marks = letters([trainer.run.name for trainer in trainers])
    return [Drawn(index, trainer, len(trainers), marks[index]) for index, trainer in enumerate(trainers)]


@dataclass(frozen=True, slots=True)
class Legend:
    """The newest values of a run: of its line, and of its validation (None: there is none yet, or training is blind).

    `best` is the epoch with the smallest validation loss and that loss, where it is marked.
    """

    run: Drawn
    train: float | None
    seen: float | None
    best: tuple[int, float] | None = None


def titles(
    name: str, legends: Sequence[Legend], trainers: Sequence[Trainer], figure: Figure, covered: bool, validated: bool = True
) -> tuple[Row, ...]:
    """The title with its legend, in ever fewer words; a figure may be one that is not `validated`, but of training alone."""
    start: Span = (name, "text")
    if len(trainers) == 1 and legends:
        if not validated:
            value = legends[0].train
            return ((start, (f"  ─ {figure(value)}" if value is not None else "  ─", "train")),)
        return _of_one(start, legends[0], figure, covered)
    names = labels([trainer.run.name for trainer in trainers])

    def entry(one: Legend, called: str) -> Span:
        value = one.seen if one.seen is not None else one.train
        return f"  {one.run.letter}{called}" + (f": {figure(value)}" if value is not None else ""), one.run.role

    long = (start, *(entry(one, f" {names[one.run.index]}") for one in legends))
    brief = (start, *(entry(one, "") for one in legends))
    tight = (start, *((entry(one, "")[0][1:].replace(":", ""), one.run.role) for one in legends))
    least = (start, *((f" {one.run.letter}", one.run.role) for one in legends))  # a run that is not named could not be told
    if covered:
        return (*long, (HIDDEN, "dim")), (*brief, (HIDDEN, "dim")), brief, tight, least
    if all(one.seen is None for one in legends):
        return long, brief, tight, least
    return (*long, ("  line: train, letter: validation", "dim")), long, brief, tight, least


def _of_one(start: Span, one: Legend, figure: Figure, covered: bool) -> tuple[Row, ...]:
    train = f"─ {figure(one.train)}" if one.train is not None else "─"
    if one.seen is None and one.run.trainer.run.surface is not None:
        return ((start, (f"  {train}", "train"), ("  after each step", "dim")),)
    if one.seen is None:
        why = HIDDEN if covered else "  no validation: training blind"
        return ((start, (f"  train {train}", "train"), (why, "dim")),)
    epoch = len(one.run.history.epochs)
    long: Row = (start, (f"  train {train}", "train"), (f"  validation o {figure(one.seen)}", "validation"))
    brief: Row = (start, (f"  train {train}", "train"), (f"  o {figure(one.seen)}", "validation"))
    if not epoch:
        return long, brief
    whole = ((*long, (f" (epoch {epoch})", "dim")), long, brief)
    if one.best is None:
        return whole
    best = f"best * {figure(one.best[1])}"
    named: Row = (*long, (f"  {best}", "validation"))
    return ((*named, (f" (epoch {one.best[0]})", "dim")), named, (*long, (f"  {best[5:]}", "validation")), *whole)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run shows at the cursor: an iteration, the figure there as it is and smoothed, and that of validation at the
    end of an epoch. None is what does not exist; `kept` False: the iteration is no longer known by itself."""

    run: Drawn
    epoch: int
    iteration: int
    raw: float | None
    smooth: float | None
    seen: float | None
    seen_epoch: int
    kept: bool = True


def exactly(value: float | None) -> str:
    """A figure in five digits: 0.040312, 12.345, 3.1416e-05, NaN."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return f"{value:#.5g}" if value else "0.0000"


def read_out(
    name: str,
    readings: Sequence[Reading],
    figure: Figure,
    words: str = "",
    where: str = "",
    walk: bool = False,
    fewer: Figure | None = None,
) -> tuple[Row, ...]:
    """The title while there is a cursor: the values there, in ever fewer words. `words` say what happened at that place,
    `where` says x in its unit; of a `walk` an epoch is a step. `fewer` writes a figure in fewer digits: those of many runs
    have no room otherwise, and a run left out would be worse."""
    if not readings:
        return (((name, "text"), (f"  {where}" if where else "", "dim")),)
    first = readings[0]
    place = f"  {'step' if walk else 'iteration'} {first.iteration}"
    epoch = "" if walk else f"  epoch {first.epoch}"
    brief = f"  {'step' if walk else 'it'} {first.iteration}"
    told: Row = ((f"  {words}", "strong"),) if words else ()
    dim: Row = ((f"  {where}", "dim"),) if where else ()
    if len(readings) == 1 and first.run.runs == 1:
        train = "not kept" if not first.kept else figure(first.raw)
        long: Row = ((f"  ─ {train}", "train"),)
        if first.smooth is not None:
            long = (*long, (f"  smooth {figure(first.smooth)}", "train"))
        if first.seen is not None:
            validation = (f"  validation o {figure(first.seen)}", "validation")
            short: Row = (*long, (f"  o {figure(first.seen)}", "validation"))
            full: Row = (*long, validation, (f" (epoch {first.seen_epoch})", "dim"))
            half: Row = (*long, validation)
        else:
            short = full = half = long
        whole: Row = ((name, "text"), (f"{epoch}{place}", "strong"))
        half_brief: Row = ((name, "text"), (f"{epoch}{brief[1:] if epoch else brief}", "strong"))
        name_brief: Row = ((name, "text"), (brief, "strong"))
        if first.seen is not None:
            longest: Row = (*whole, *full[:-1], *told, *full[-1:], *dim)
        else:
            longest = (*whole, *full, *told, *dim)
        # what happened there is seldom said, and then more than digits that stand on the axis
        news = (
            ((*name_brief, *short, *told), (*name_brief, long[0], *told), ((brief.strip(), "strong"), *told)) if told else ()
        )
        return (
            longest,
            (*whole, *half, *told),
            (*whole, *short, *told),
            (*half_brief, *short, *told),
            *news,
            (*half_brief, *short),
            (*name_brief, *short),
            ((brief.strip(), "strong"), *short),
        )

    def entry(one: Reading, parts: int, figure: Figure = figure) -> Span:
        values = ["not kept" if not one.kept else figure(one.raw)]
        if parts > 1 and one.smooth is not None:
            values.append(f"~{figure(one.smooth)}")
        if parts > 0 and one.seen is not None:
            values.append(f"o {figure(one.seen)}")
        return f"  {one.run.letter} {' '.join(values)}", one.run.role

    rows: list[Row] = []
    starts = (f"{epoch}{place}", f"{epoch}{brief[1:] if epoch else brief}", brief)
    for parts in (2, 1, 0):
        entries = [entry(one, parts) for one in readings]
        rows += [((name, "text"), (start, "strong"), *entries, *told) for start in starts]
    rows[0] = (*rows[0], *dim)
    rows.append(((name, "text"), (brief, "strong"), *(entry(one, 0) for one in readings)))
    rows.append(((brief.strip(), "strong"), *(entry(one, 0) for one in readings)))
    if fewer is not None:
        entries = [entry(one, 0, fewer) for one in readings]
        rows += [((name, "text"), (brief, "strong"), *entries), ((brief.strip(), "strong"), *entries)]
        rows.append(tuple((text[1 + (not place) :], role) for place, (text, role) in enumerate(entries)))
    return tuple(rows)
