"""The network as a diagram: layers as columns of units, and the strongest connections between them.

A positive weight is a solid line, a negative one a broken line; the larger a weight, the stronger its line. One unit is
chosen by the arrows, and what it listens to is told in numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from engine import Trainer
from engine.objective import NetworkObjective
from tui.canvas import Row
from tui.figures import count, cut, cut_name, printable
from tui.inside.about_unit import AboutUnit
from tui.inside.cells import Braille, Cells
from tui.inside.marks import NEGATIVE, POSITIVE, SHADES, SIGNED_GLYPHS, in_pairs, signed, signed_roles
from tui.inside.scene import Look, Scene

BESIDE = (84, 9)  # columns and rows from which the chosen unit has a column of its own
PER_ROW = 1.2  # lines between two layers for every row of the screen: more would be a web
OWN = 8  # lines to the chosen unit
WEAKEST = 0.12  # of the largest weight between two layers, below which there is no line
BETWEEN = 12  # cells between two layers that names leave for the lines
OPEN, DEAD, CHOSEN, CHOSEN_DEAD = "o", "x", "@", "X"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A layer, or the inputs (before the first): `strength` (units,) ranks its units, `names` is empty where they have none.

    Inputs that are the pixels of a `picture` (rows, columns) are drawn as one, each in the colour of its `pixels` (units,),
    from -1 to 1.
    """

    word: str
    strength: NDArray[np.float64]
    dead: NDArray[np.bool_]
    names: tuple[str, ...] = ()
    picture: tuple[int, int] | None = None
    pixels: NDArray[np.float64] | None = None

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.strength)

    def shown(self, room: int, wanted: int | None) -> list[int]:
        """The strongest units that there is room for, by their numbers; the wanted one is among them."""
        if self.units <= room:
            return list(range(self.units))
        order = np.argsort(-np.nan_to_num(self.strength), kind="stable")[: max(0, room)].tolist()
        if wanted is not None and wanted not in order and order:
            order[-1] = wanted
        return sorted(order)


@dataclass(frozen=True, slots=True, eq=False)
class Diagram:
    """`weights` (inputs, outputs) of each layer; `chosen` is (layer from 1, unit from 0); `alone` draws only its lines."""

    titles: tuple[Row, ...]
    hint: str
    columns: tuple[Column, ...]
    weights: tuple[NDArray[np.float64], ...]
    chosen: tuple[int, int]
    about: AboutUnit
    alone: bool = False

    def rows(self, width: int, height: int) -> list[Row]:
        """The diagram, and what is said of the chosen unit beside or below it."""
        if width < 8 or height < 2:
            return []
        cells = Cells(width, height)
        if width >= BESIDE[0] and height >= BESIDE[1]:
            panel = min(40, width // 3)
            cells.paste(width - panel, 0, self.about.panel(panel, height))
            self._draw(cells, width - panel - 3, height)
        else:
            told = 0 if height < 4 else 1 if height < 7 else 2 if height < 10 else 3
            cells.paste(0, height - told, self.about.lines(width, told) if told else [])
            self._draw(cells, width, height - told)
        return cells.rows()

    def _draw(self, cells: Cells, width: int, height: int) -> None:
        first, last = self.columns[0], self.columns[-1]
        named = width >= 44
        size = _picture_size(first, width // 3, height - 1) if named else 0
        drawn = (first.picture[0] * size, first.picture[1] * size) if first.picture and size else None
        right = min(max((cell_len(name) for name in last.names), default=0), width // 5) + 1 if named else 0
        spare = min(2 * width // 5, width - right - 2 - BETWEEN * len(self.weights))  # names are wide where lines stay long
        left = min(max((cell_len(name) for name in first.names), default=0), max(width // 5, spare)) + 1 if named else 0
        left, right = max(left, 1 if width > 20 else 0), max(right, 1 if width > 20 else 0)
        left = drawn[1] if drawn else left
        inner = max(1, width - left - right - 1)
        xs = [left + round(index * inner / (len(self.columns) - 1)) for index in range(len(self.columns))]
        shown: list[list[int]] = []
        ys: list[list[float]] = []
        for index, column in enumerate(self.columns):
            wanted = self.chosen[1] if index == self.chosen[0] else None
            units = column.shown(height - 1, wanted)
            if drawn and not index:
                units, top = list(range(column.units)), 1 + (height - 1 - (drawn[0] + 1) // 2) // 2
                ys.append([top + (unit * size // drawn[1] + 0.5) * size / 2 - 0.25 for unit in units])
                shown.append(units)
                continue
            shown.append(units)
            ys.append([1 + int((place + 0.5) * (height - 1) / len(units)) for place in range(len(units))])
        braille = Braille(width, height)
        for index in range(len(self.weights)):
            self._lines(braille, index, (xs[index], xs[index + 1]), (shown[index], shown[index + 1]), ys[index : index + 2])
        braille.onto(cells)
        if drawn and first.pixels is not None:
            pixels = first.pixels.reshape(drawn[0] // size, -1).repeat(size, axis=0).repeat(size, axis=1)
            whole = np.vstack([pixels, np.zeros((drawn[0] % 2, drawn[1]))])
            codes = signed(in_pairs(whole) if self.about.plain else whole)
            cells.halves(0, int(ys[0][0]), codes, signed_roles(), SIGNED_GLYPHS)
        for index, column in enumerate(self.columns):
            self._heading(cells, column, xs, index, len(shown[index]), width)
            for unit, y in () if drawn and not index else zip(shown[index], map(int, ys[index]), strict=True):
                chosen, dead = (index, unit) == self.chosen, bool(column.dead[unit])
                mark = (CHOSEN_DEAD if dead else CHOSEN) if chosen else DEAD if dead else OPEN
                cells.put(xs[index], y, mark, "bad" if dead else "lit" if chosen else "text")
        for unit, y in () if drawn else zip(shown[0], map(int, ys[0]), strict=True):
            name = cut_name(first.names[unit], left - 1) if named else ""
            cells.put(left - 1 - cell_len(name), y, name, "dim")
        for unit, y in zip(shown[-1], map(int, ys[-1]), strict=True):
            if named:
                cells.put(xs[-1] + 2, y, cut(last.names[unit], width - xs[-1] - 2), "dim")

    def _heading(self, cells: Cells, column: Column, xs: list[int], index: int, shown: int, width: int) -> None:
        """'16 of 64 relu, 2 dead' over a column, in as many words as there is room for."""
        dead = int(column.dead.sum())
        ill = f", {dead} dead" if dead else ""
        counts = f"{shown} of {column.units}" if shown < column.units else f"{column.units}"
        edges = [0, *((a + b) // 2 for a, b in pairwise(xs)), width]
        room = edges[index + 1] - edges[index] - 1
        texts = (f"{counts} {column.word}{ill}", f"{counts}{ill}", counts, f"{column.units}")
        text = next((one for one in texts if len(one) <= room), "")
        start = min(max(edges[index], xs[index] - len(text) // 2), max(edges[index], edges[index + 1] - len(text)))
        cells.put(start, 0, text, "bad" if dead else "dim")

    def _lines(
        self,
        braille: Braille,
        index: int,
        ends: tuple[int, int],
        shown: tuple[list[int], list[int]],
        ys: list[list[float]],
    ) -> None:
        """The connections between two columns, the weakest first; those that the chosen unit listens to last of all."""
        if ends[1] - ends[0] < 2 or not shown[0] or not shown[1]:
            return
        between = self.weights[index][np.ix_(*shown)]
        size = np.where(np.isfinite(between), np.abs(between), 0.0)
        largest = float(size.max())
        if not largest:
            return
        own = np.zeros(between.shape, bool)
        if index + 1 == self.chosen[0]:
            own[:, shown[1].index(self.chosen[1])] = True
        elif self.alone and index == self.chosen[0]:
            own[shown[0].index(self.chosen[1])] = True
        lines = min(braille.height, max(map(len, ys)))
        budget = min(size.size, max(10, round(PER_ROW * lines)))
        least = max(WEAKEST * largest, float(np.sort(size, axis=None)[-budget]))
        mine = np.sort(size[own])
        least_own = float(mine[-OWN:][0]) if len(mine) else 0.0
        drawn = own & (size > 0) if self.alone else (size >= least) | (own & (size >= least_own) & (size > 0))
        roomy = lines * 2 <= braille.height
        places = np.argwhere(drawn)
        for above, below in places[np.lexsort((size[drawn], own[drawn]))].tolist():
            share, weight = size[above, below] / largest, between[above, below]
            shade = 2 if share > 2 / 3 else 1 if share > 1 / 3 else 0
            role = POSITIVE if weight > 0 else NEGATIVE
            role = role if own[above, below] else f"{role}-{SHADES[shade]}"
            for thick in range(2 if shade == 2 and roomy else 1):
                start = (2 * ends[0] + 3, 4 * ys[0][above] + 1 + thick)
                end = (2 * ends[1] - 2, 4 * ys[1][below] + 1 + thick)
                braille.line(start, end, role, dashed=weight < 0)


class Network:
    """The view itself; `tells` are rows of the form that can be read off it."""

    tells = ("hidden", "activation")

    def why_not(self, trainer: Trainer) -> str:
        """A surface has no network."""
        return "" if isinstance(trainer.objective, NetworkObjective) else "a surface has no network"

    def look(self, scene: Scene) -> Look:
        """Copy the weights, and ask every unit about the training rows."""
        trainer, spot = scene.trainer, scene.spot
        table, architecture = trainer.table, trainer.run.network
        assert table is not None
        layers = trainer.snapshot().layers
        weights = tuple(layer.weights.astype(np.float64) for layer in layers)
        features = tuple(short_name(name) for name in table.features)
        at = spot.x % len(layers)
        with np.errstate(all="ignore"):
            used = np.abs(weights[0]).sum(axis=1)
            pixels = weights[0][:, spot.y % weights[0].shape[1]] if at == 0 else used
            pixels = pixels / np.abs(pixels).max()
        inputs = "input" if len(features) == 1 else "inputs"
        first = Column(inputs, used, np.zeros(len(features), bool), features, table.picture, pixels)
        columns = [first]
        for index, layer in enumerate(layers):
            ended = index == len(layers) - 1
            with np.errstate(all="ignore"):
                heard = np.abs(weights[index]).sum(axis=0) if ended else np.abs(weights[index + 1]).sum(axis=1)
            names = _outputs(table.classes, table.target, len(layer.bias)) if ended else ()
            columns.append(
                Column(
                    ("output" if len(layer.bias) == 1 else "outputs") if ended else architecture.activation,
                    heard,
                    layer.dead,
                    names,
                )
            )
        unit, layer, hidden = spot.y % columns[at + 1].units, layers[at], at < len(layers) - 1
        numbered = tuple(f"unit {number}" for number in range(1, columns[at].units + 1))
        about = AboutUnit(
            f"Unit {unit + 1} of {columns[at + 1].units}, layer {at + 1}" if hidden else f"Output {columns[-1].names[unit]}",
            architecture.activation if hidden else "",
            float(layer.bias[unit]),
            float(layer.means[unit]),
            bool(layer.dead[unit]),
            weights[at][:, unit],
            features if at == 0 else numbered,
            table.picture if at == 0 else None,
            scene.plain,
        )
        alone = bool(spot.mode % 2)
        sizes = "-".join(map(str, trainer.run.sizes))
        dead = sum(int(column.dead.sum()) for column in columns)
        title: Row = (
            ("Network", "text"),
            (f"  {sizes}", "text"),
            *(((f"  {count(dead, 'dead unit')}", "bad"),) if dead else ()),
            ("  ─ positive  ╌ negative  @ chosen", "dim"),
        )
        lines = "all lines" if alone else "its lines alone"
        hint = f"<inside.left> <inside.right>: layer   <inside.up> <inside.down>: unit   <inside.enter>: {lines}"
        return Diagram((title, title[:-1], title[:1]), hint, tuple(columns), weights, (at + 1, unit), about, alone)


NETWORK = Network()


def _picture_size(first: Column, width: int, height: int) -> int:
    """How many half cells a pixel of the inputs has on each side: 2, 1, or 0 where there is no room or no picture."""
    rows, columns = first.picture or (0, 0)
    fitting = (size for size in (2, 1) if columns * size <= width and (rows * size + 1) // 2 <= height)
    return next(fitting, 0) if first.picture else 0


def short_name(name: str) -> str:
    """A feature's name; of a pixel 'r3 c4'."""
    words = printable(name).split(" ")
    if len(words) == 4 and (words[0], words[2]) == ("row", "column"):
        return f"r{words[1]} c{words[3]}"
    return printable(name)


def _outputs(classes: tuple[str, ...], target: str, outputs: int) -> tuple[str, ...]:
    """What each output is about; a single one for two classes is about the second."""
    if not classes:
        return (printable(target),) * outputs
    return tuple(map(printable, classes[-outputs:]))
