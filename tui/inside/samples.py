"""What the network says of single samples, the wrong ones first: pictures as pictures, other rows by their most telling
features, and for a regression what is predicted beside what is true.

The choice of sample is by its rank in that order, so while it trains the same place may show another sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np

from engine import Trainer
from engine.answers import Answers, answers
from engine.table import Floats, Table
from tui.canvas import Row, Span, width_of
from tui.figures import short
from tui.inside.gallery import gallery
from tui.inside.listing import listing
from tui.inside.parts import WORDS, briefly, other, part_of, table_of, things
from tui.inside.scene import Scene, Spot

GREYS = 8, 97  # of a hundred values: what is darker is black, what is lighter white
MOST = 4096  # rows by which the features are judged, and pictures by which the greys are chosen


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What is known of a table for good: its features, the most telling first, and which values are black and white."""

    features: tuple[int, ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class SamplesLook:
    """`answers` to the rows of one part of `table`, whose raw inputs are made when a row is drawn."""

    table: Table
    answers: Answers
    facts: Facts
    spot: Spot
    titles: tuple[Row, ...]
    hint: str

    def rows(self, width: int, height: int) -> list[Row]:
        if not len(self.answers.order) or width < 1 or height < 1:
            return []
        draw = gallery if self.table.picture else listing
        return draw(self, width, height)

    def raw(self, sample: int) -> Floats:
        """The inputs (features,) of a row of the part, in the table's own units."""
        table = self.table
        inputs = table.inputs if self.answers.part == "train" else table.validation_inputs
        raw: Floats = inputs[sample] * table.input_scale + table.input_offset
        return raw


def facts_of(table: Table) -> Facts:
    """The features by how much of them is due to the class, or how much they go with the target: the share of a column's
    variance that lies between the classes (eta squared), or the squared correlation with the target; training rows."""
    inputs = table.inputs[:MOST] * table.input_scale + table.input_offset
    targets = table.targets[:MOST]
    apart = inputs - inputs.mean(axis=0)
    whole = (apart**2).sum(axis=0)
    between = np.zeros(inputs.shape[1])
    with np.errstate(all="ignore"):
        if table.classes:
            for label in range(len(table.classes)):
                members = apart[targets == label]
                if len(members):
                    between += len(members) * members.mean(axis=0) ** 2
        else:
            wanted = targets[:, 0] - targets[:, 0].mean()
            between = (apart * wanted[:, None]).sum(axis=0) ** 2 / (wanted @ wanted)
        telling = np.nan_to_num(between / whole, nan=0.0, posinf=0.0)
    low, high = (float(edge) for edge in np.percentile(inputs, GREYS)) if table.picture else (0.0, 1.0)
    return Facts(tuple(int(index) for index in np.argsort(-telling, kind="stable")), low, high)


@dataclass(slots=True)
class SamplesView:
    """Predictions on the validation rows, or on the training rows."""

    _facts: WeakKeyDictionary[Trainer, Facts] = field(default_factory=WeakKeyDictionary)

    def why_not(self, trainer: Trainer) -> str:
        return "a surface has no samples, its loss is a formula" if trainer.table is None else ""

    def look(self, scene: Scene) -> SamplesLook:
        trainer, table = scene.trainer, table_of(scene.trainer)
        part, forced = part_of(scene)
        seen = answers(trainer, part)
        facts = self._facts.get(trainer) or self._facts.setdefault(trainer, facts_of(table))
        choose = other(part, forced)
        hint = "<arrows inside>: choose" + (f"   {choose}" if choose else "")
        return SamplesLook(table, seen, facts, scene.spot, _titles(table, seen, forced), hint)


def _titles(table: Table, seen: Answers, forced: str) -> tuple[Row, ...]:
    count = len(seen.order)
    long: Row = ((f"Predictions, {WORDS[seen.part]}", "text"),)
    start: Row = (("Predictions", "text"),)
    why: Row = ((f"  {forced}", "dim"),) if forced else ()
    of = f"the first {count:,}" if count < seen.rows else f"{count:,}"
    if seen.probabilities is None:
        error = np.abs(seen.error)
        known = error[np.isfinite(error)]
        mean = f"  {things(table, count)}, off by {short(float(known.mean()))} on average" if len(known) else ""
        amount: Span = (mean, "strong") if len(known) else ("  no numbers: it has diverged", "bad")
        order = "the largest error first"
    else:
        wrong = int(seen.wrong.sum())
        amount = (f"  {wrong:,} of {of} wrong", "strong" if wrong else "good")
        order = "wrong ones first" if wrong else "the least sure first"
        if count and (seen.guess < 0).all():
            amount, order = (f"  no answer to any of {of}: it has diverged", "bad"), ""
    sorting: Row = ((f"  {order}", "dim"),) if order else ()
    brief: Row = ((f"  {briefly(forced)}", "dim"),) if forced else ()
    wordings = [
        (*long, amount, *why, *sorting),
        (*long, amount, *why),
        (*long, amount, *brief),
        (*start, amount, *brief),
        *(() if forced else ((*long, amount),)),
        (*start, amount),
        ((amount[0].strip(), amount[1]),),
    ]
    return tuple(sorted(wordings, key=width_of, reverse=True))


SAMPLES = SamplesView()
