"""What every hidden unit has learned to see: a small map of each over the two features, and which of them are dead.

A unit answers each point of the plane with a number; one colour is above zero, the other below. What the network draws as
its boundary is put together from these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.layers import with_ones
from engine.objective import NetworkObjective
from engine.snapshot import grid
from tui.canvas import Row
from tui.inside.cells import Cells
from tui.inside.marks import SIGNED_GLYPHS, grid_size, resized, signed, signed_roles, signed_text
from tui.inside.scene import Scene

COLUMNS, ROWS = 32, 24
TALLEST = 9  # rows of a map


@dataclass(frozen=True, slots=True, eq=False)
class UnitMaps:
    """`maps` (units, h, w) are a layer's answers, each unit's divided by its own largest; `order` names the units from the
    one that the next layer listens to most. A unit that is `dead` answers 0 to every training row."""

    titles: tuple[Row, ...]
    hint: str
    caption: str
    maps: NDArray[np.float64]
    dead: NDArray[np.bool_]
    order: NDArray[np.intp]
    characters: bool = False

    def rows(self, width: int, height: int) -> list[Row]:
        """A line of words, then as many maps as there is room for, the strongest units; in the order of their numbers."""
        if width < 8 or height < 2:
            return []
        cells = Cells(width, height)
        tall, columns, shown = _tiles(len(self.maps), width, height - 1)
        few = f", {shown} of {len(self.maps)} shown, strongest" if shown < len(self.maps) else ""
        words = (f"{self.caption}: where it is above and below 0{few}", f"{self.caption}{few}", few[2:] or self.caption)
        cells.put(0, 0, next((text for text in words if len(text) <= width), words[-1]), "dim")
        roles = signed_roles()
        for place, unit in enumerate(sorted(self.order[:shown].tolist())):
            x, y = place % columns * (2 * tall + 2), 1 + place // columns * (tall + 1)
            dead = bool(self.dead[unit])
            cells.put(x, y, f"{unit + 1} dead" if dead else f"{unit + 1}", "bad" if dead else "text")
            if dead:
                for row in range(tall):
                    cells.put(x, y + 1 + row, "·" * (2 * tall), "dim")
            elif self.characters:
                for row, line in enumerate(signed_text(resized(self.maps[unit], tall, 2 * tall))):
                    cells.put(x, y + 1 + row, line, "text")
            else:
                cells.halves(x, y + 1, signed(resized(self.maps[unit], 2 * tall, 2 * tall)), roles, SIGNED_GLYPHS)
        return cells.rows()


def _tiles(units: int, width: int, height: int) -> tuple[int, int, int]:
    """How many rows a map has, how many stand side by side, and how many there are in all."""
    best = (1, max(1, (width + 2) // 4), 0)
    for tall in range(min(TALLEST, height - 1), 0, -1):
        columns, lines = (width + 2) // (2 * tall + 2), height // (tall + 1)
        shown = min(units, columns * lines)
        if shown == units:
            return tall, columns, shown
        if tall >= 3 or shown > 4 * best[2]:  # rather fewer units than maps of which nothing can be seen
            best = max(best, (tall, columns, shown), key=lambda one: one[2])
    return best


def unit_maps(scene: Scene, characters: bool = False, hint: str = "") -> UnitMaps:
    """The maps of the hidden layer that is chosen, of a network with two features and a hidden layer."""
    trainer = scene.trainer
    objective, table = trainer.objective, trainer.table
    assert isinstance(objective, NetworkObjective)
    assert table is not None
    hidden = len(trainer.run.sizes) - 2
    layer = scene.spot.x % hidden
    columns, rows = grid_size(trainer.run.sizes, COLUMNS, ROWS)
    points = (grid(table, columns, rows) - table.input_offset) / table.input_scale
    with np.errstate(all="ignore"):
        answers = objective.see(with_ones(points, objective.dtype))[1].a[layer].astype(np.float64)
        if trainer.run.network.activation == "sigmoid":
            answers = 2 * answers - 1
        largest = np.abs(answers).max(axis=1, keepdims=True)
        maps = np.where(largest > 0, answers / largest, 0.0).reshape(-1, rows, columns)
        layers = trainer.snapshot().layers
        heard = np.abs(layers[layer + 1].weights).sum(axis=1) * answers.std(axis=1)
    dead = layers[layer].dead
    name = f"Units of layer {layer + 1} of {hidden}" if hidden > 1 else "Units of the hidden layer"
    counted = f"{len(maps)} {trainer.run.network.activation}" + (f", {int(dead.sum())} dead" if dead.any() else "")
    title: Row = ((name, "text"), (f"  {counted}", "dim"))
    return UnitMaps(
        (title, title[:1]),
        hint,
        name.replace("Units of", "Each unit of"),
        maps,
        dead,
        np.argsort(-np.nan_to_num(heard)),
        characters,
    )
