"""One phase of an iteration as rows of text: the numbers of its batch, what was chosen of the network, and the formulas.

A pure function of numbers, for any width and height; where there is little room, what only explains goes first, and the
newest result stays. What a teacher hides is left out together with every figure that it could be worked out from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.phases import Phase
from engine.surfaces import Surface
from tui.canvas import Row, fit, row, wrapped
from tui.figures import cut
from tui.formulas.network import Place, Recipe
from tui.formulas.words import bars_of, in_network, on_surface
from tui.hidden import NOTHING, UNCOVERS, Hidden

NEEDS = {  # the settings that a phase's formulas would tell
    "forward": ("hidden", "activation", "batch_size"),
    "loss": ("batch_size",),
    "backward": ("hidden", "activation", "batch_size"),
    "update": ("optimizer", "learning_rate", "momentum", "weight_decay", "hidden"),
}
UNIT, LAYER = "<brief phase.left phase.right>", "<brief phase.up phase.down>"
BETWEEN = 6  # the rank of blank rows between formulas
Ranked = tuple[int, Row]  # where rows are few, those of the highest rank go first


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the keys chose, each counted from where it began and taken modulo what there is."""

    layer: int = 0
    unit: int = 0
    weight: int = 0
    row: int = 0


def first_choice(phase: Phase | None) -> Chosen:
    """What to look at where nobody has chosen: of row 1, the unit that answers loudest, and the weight that tells it most.

    Many a unit is off in many a row, and many a pixel is always blank: all of their numbers would be 0.
    """
    if phase is None or phase.inputs is None or phase.outputs is None:
        return Chosen()
    answers = phase.activations[0] if phase.activations else phase.outputs
    unit = int(np.abs(answers[0]).argmax())
    weights = phase.layers(phase.old)[0].weights[:, unit]
    return Chosen(unit=unit, weight=int(np.abs(weights * phase.inputs[0]).argmax()))


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called: the columns of the data, the classes, and a row of it in the plural."""

    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    samples: str = "samples"


@dataclass(frozen=True, slots=True)
class Words:
    """In place of a phase, where there is none: why."""

    said: str
    hint: tuple[str, ...] = ()

    def rows(self, width: int, height: int) -> list[Row]:
        """The words, where there is a row for them."""
        return wrapped(self.said, width, 2, "text")[: max(0, height)]


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """A phase to be shown: `recipe` is what the run trains with, `surface` what it trains on without data."""

    phase: Phase
    recipe: Recipe
    chosen: Chosen = Chosen()
    names: Names = Names()
    surface: Surface | None = None
    hidden: Hidden = field(default=NOTHING)

    @property
    def place(self) -> Place:
        """What was chosen, as far as there is that."""
        sizes, chosen = self.phase.sizes, self.chosen
        layer = chosen.layer % (len(sizes) - 1)
        rows = 1 if self.phase.inputs is None else len(self.phase.inputs)
        return Place(layer, chosen.unit % sizes[layer + 1], chosen.weight % (sizes[layer] + 1), chosen.row % rows)

    @property
    def axis(self) -> int:
        """On a surface, which coordinate was chosen."""
        return self.chosen.unit % len(self.surface.axes) if self.surface is not None else 0

    @property
    def hint(self) -> tuple[str, ...]:
        """What the keys of the pane choose, from the longest wording to the shortest."""
        if self.surface is not None:
            return (
                (f"<phase.left> <phase.right>: {' or '.join(self.surface.axes)}",) if len(self.surface.axes) > 1 else ("",)
            )
        rest = "<phase.enter> weight   <brief phase.pageup phase.pagedown> row"
        return (
            f"<phase.left> <phase.right> unit   <phase.up> <phase.down> layer   {rest}   <pane.escape> closes",
            f"{UNIT} unit   {LAYER} layer   {rest}",
            f"{UNIT} unit {LAYER} layer <phase.enter> weight <brief phase.pagedown> row",
            f"{UNIT} {LAYER} <phase.enter> <brief phase.pagedown> choose",
        )

    def rows(self, width: int, height: int) -> list[Row]:
        """At most `height` rows of at most `width` cells, below the loop itself."""
        found = self._ranked(width, brief=False)
        if len([one for _, one in found if one]) > height:
            found = self._ranked(width, brief=True)
        return [fit(one, width) for one in fitted(found, height)]

    def _ranked(self, width: int, brief: bool) -> list[Ranked]:
        surface, phase = self.surface, self.phase
        needs = NEEDS[phase.name]
        if surface is not None:
            needs = ("surface", "start", *(needs if phase.name == "update" else ()))
        if covered := [label for label in needs if self.hidden.setting(label)]:
            words = f"{covered[0]} is hidden, and what would tell it is: {UNCOVERS}"
            return [(1, row(f"  {self.counted}")), *((0, line) for line in wrapped(words, width, 2, "dim"))]
        said, equations = (on_surface if surface is not None else in_network)(self, width)
        found: list[Ranked] = [(2 + at, row(f"  {first_fitting(words, width - 3)}")) for at, words in enumerate(said)]
        for one in equations:
            gap = BETWEEN if one is not equations[0] else BETWEEN - 1
            found += [(gap, ()), *((one.rank, line) for line in (one.brief if brief else one).rows(width))]
        if bars := bars_of(self, width):
            found += [(BETWEEN, ()), (3, bars)]
        return found

    @property
    def counted(self) -> str:
        """'batch 3 of 32', or as much of it as may be told; 'step 3' on a surface."""
        phase, steps = self.phase, self.surface is not None
        if steps or self.hidden.setting("batch_size"):
            return f"step {phase.iteration}" if steps else f"batch {phase.batch}"
        return f"batch {phase.batch} of {phase.batches}"


def fitted(ranked: Sequence[Ranked], height: int) -> list[Row]:
    """At most so many rows, in their order: those of the highest rank go first, of one rank the last."""
    kept = list(ranked)
    while len(kept) > max(0, height):
        worst = max(rank for rank, _ in kept)
        if worst == BETWEEN:  # all of them or none
            kept = [one for one in kept if one[0] != worst]
        else:
            kept.pop(max(at for at, (rank, _) in enumerate(kept) if rank == worst))
    return [one for _, one in kept]


def first_fitting(wordings: Sequence[str], width: int) -> str:
    """The first wording that has room, else as much as has of the last one."""
    return next((words for words in wordings if len(words) <= width), cut(wordings[-1], width))
