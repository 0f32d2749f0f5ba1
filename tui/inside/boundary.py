"""What the network says everywhere: the boundary between classes, the fitted curve, or a map of predictions.

With more than two features two of them are looked at and the others stay at their mean, which is said: then a row may lie in
the colour of another class and still be right. With two features every hidden unit has a small map of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import Trainer
from engine.objective import NetworkObjective
from engine.snapshot import grid
from engine.table import Table
from tui.canvas import Row, Span
from tui.figures import cut, short
from tui.inside.field import Plane, Points, no_numbers
from tui.inside.marks import (
    class_letters,
    class_role,
    grid_size,
    outputs_as_chances,
    said,
    separating,
    wrong_mark,
)
from tui.inside.scene import Look, Scene
from tui.inside.units import UnitMaps, unit_maps
from tui.names import marked
from tui.plots.fit import fit_picture
from tui.plots.legends import HIDDEN
from tui.plots.plot import Axes, Series, draw
from tui.plots.ticks import Floats, nice_step

COLUMNS, ROWS = 96, 56  # of the grid that is asked for predictions; between its points they change evenly
MOST_POINTS = (500, 300)  # training and validation rows that are drawn
ARROWS = "<inside.left> <inside.right>"
CLOSE = 0.1  # of the range of the targets: so near is a prediction right


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A view of which there is nothing to see now, in words."""

    titles: tuple[Row, ...]
    text: str
    hint: str = ""

    def rows(self, width: int, height: int) -> list[Row]:
        """The words."""
        line: Row = ((f"  {cut(self.text, width - 2)}", "bad"),)
        return [line][:height] if width > 4 else []


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Curves over one feature."""

    titles: tuple[Row, ...]
    series: tuple[Series, ...]
    axes: Axes
    hint: str = ""

    def rows(self, width: int, height: int) -> list[Row]:
        """The plot; where there is no room for one, nothing."""
        return draw(self.series, self.axes, width, height)


class Boundary:
    """The view itself; `tells` are rows of the form that can be read off it."""

    tells = ("hidden", "activation")

    def why_not(self, trainer: Trainer) -> str:
        """A surface has no network."""
        return "" if isinstance(trainer.objective, NetworkObjective) else "a surface has no features"

    def look(self, scene: Scene) -> Look:
        """Ask the network about a grid of points, and about the rows."""
        table = scene.trainer.table
        assert table is not None
        if len(table.features) == 1:
            return _chances(scene, table) if table.classes else _fit(scene)
        layered = len(table.features) == 2 and len(scene.trainer.run.sizes) > 2
        shown, characters = divmod(scene.spot.mode, 2)
        if scene.plain:  # there is one way less to look at each
            shown, characters = scene.spot.mode, 1
        if layered and shown % 2:
            hint = f"{ARROWS}: layer   <inside.enter>: boundary"
            return unit_maps(scene, bool(characters), hint=hint)
        return _plane(scene, table, bool(characters), unit_maps(scene, bool(characters)) if layered else None)


BOUNDARY = Boundary()


def _fit(scene: Scene) -> Look:
    picture = fit_picture([scene.trainer], 0, scene.blind)
    return Curve(picture.titles, picture.series, picture.axes)


def _chances(scene: Scene, table: Table) -> Look:
    """Classes by one feature: the probability of each over it, with the rows at 1 of their class's curve, or at 0."""
    places = grid(table, 161, 1)[:, 0].astype(np.float64)
    chances = np.exp(outputs_as_chances(scene.trainer.predict(places[:, None])))
    letters = class_letters(table.classes)
    shown = [1] if len(table.classes) == 2 else list(range(len(table.classes)))
    lines = [Series(places, chances[:, index], class_role(index)) for index in shown]
    points: list[Series] = []
    for inputs, targets, outputs, validation in _parts(scene, table):
        right = said(outputs_as_chances(outputs))[0] == targets
        x = inputs[:, 0] * table.input_scale[0] + table.input_offset[0]
        for index, letter in enumerate(letters):
            up = 1.0 - 0.06 * validation if index in shown else 0.06 * validation
            for held, mark in ((True, letter), (False, wrong_mark(letter))):
                mine = np.sort(x[(targets == index) & (right == held)])
                points.append(Series(mine, np.full(len(mine), up), "bad" if not held else class_role(index), mark))
    low, high = float(places[0]), float(places[-1])
    step = nice_step((high - low) / 6)
    numbers = range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)
    ticks = tuple((number * step, f"{round(number * step, 10):g}") for number in numbers)
    named: list[Span] = [(f"  {marked(letters[index], table.classes[index])}", class_role(index)) for index in shown]
    wrong = "capitals" if letters[0].isalpha() else "x"
    over: Span = (f"  over {table.features[0]}", "dim")
    title: Row = (("Probability of", "text"), *named, over)
    return Curve(
        ((*title, (f"  {wrong}: wrong", "dim")), title, title[:-1]),
        (*lines, *points),
        Axes(low, high, ticks, y_limits=(0.0, 1.0)),
    )


def _plane(scene: Scene, table: Table, characters: bool, maps: UnitMaps | None) -> Look:
    """Two features seen from above."""
    across, up = chosen_pair(scene, table)
    columns, rows = grid_size(scene.trainer.run.sizes, COLUMNS, ROWS)
    asked = grid(table, columns, rows, (across, up))
    outputs = scene.trainer.predict(asked)
    limits = ((float(asked[0, across]), float(asked[-1, across])), (float(asked[-1, up]), float(asked[0, up])))
    names = (table.features[across], table.features[up])
    more = len(table.features) - 2
    kind = "Boundary" if table.classes else "Prediction"
    start: Row = ((kind, "text"), (f"  {names[1]} over {names[0]}", "dim"))
    rest: Row = ((f"  the other {more} at their mean" if more > 1 else "  the other at its mean", "dim"),) if more else ()
    hidden: Row = ((HIDDEN, "dim"),) if scene.blind and len(table.validation_inputs) else ()
    titles: tuple[Row, ...] = ((*start, *rest, *hidden), (*start[:1], *rest, *hidden), (*start[:1], *rest), start[:1])
    if not more:
        titles = ((*start, *hidden), start, start[:1])
    other = "colours" if characters else "letters" if table.classes else "shades"
    other = "units" if characters and maps is not None else other
    arrows = (
        f"{ARROWS} <inside.up> <inside.down>: features   "
        if more
        else f"{ARROWS}: units' layer   " * (len(scene.trainer.run.sizes) > 3)
    )
    hint = arrows.rstrip() if scene.plain and maps is None else f"{arrows}<inside.enter>: {other}"
    if no_numbers(outputs):
        return Said(titles, "The network answers with no number any more: nothing to draw", hint)
    points, close, scale = _points(scene, table, (across, up), limits)
    values = outputs_as_chances(outputs)
    if not table.classes:
        low, high = scale
        with np.errstate(all="ignore"):
            values = np.clip((outputs.astype(np.float64) - low) / ((high - low) or 1.0) * 2 - 1, -2, 2)
    return Plane(
        titles,
        hint,
        values.reshape(rows, columns, -1),
        points,
        names,
        limits,
        table.classes,
        tuple(class_letters(table.classes)),
        scale,
        close,
        characters,
        (f"the other {more} at their mean" if more > 1 else "the other at its mean") if more else "",
        None if maps is None else maps.rows,
    )


def chosen_pair(scene: Scene, table: Table) -> tuple[int, int]:
    """The features across and upwards: at first those that tell most, then as many further as keys were pressed."""
    features = len(table.features)
    first, second = separating(table)
    if features == 2:
        return first, second
    across, up = (first + scene.spot.x) % features, (second - scene.spot.y) % features
    return across, (up + 1) % features if up == across else up


def _parts(scene: Scene, table: Table) -> list[tuple[Floats, NDArray[Any], Floats, int]]:
    """Inputs, targets, raw outputs of rows of the training set, evenly taken, and of the validation set unless that is
    hidden."""
    objective = scene.trainer.objective
    assert isinstance(objective, NetworkObjective)
    sets = [(table.inputs, table.targets, objective.train[0], 0)]
    if len(table.validation_inputs) and not scene.blind:
        sets.append((table.validation_inputs, table.validation_targets, objective.validation[0], 1))
    found = []
    for inputs, targets, prepared, validation in sets:
        rows = np.unique(np.linspace(0, len(inputs) - 1, min(len(inputs), MOST_POINTS[validation])).astype(np.intp))
        with np.errstate(all="ignore"):
            outputs = objective.see(prepared[rows])[0].T.astype(np.float64)
        found.append((inputs[rows], targets[rows], outputs, validation))
    return found


def _points(
    scene: Scene, table: Table, pair: tuple[int, int], limits: tuple[tuple[float, float], tuple[float, float]]
) -> tuple[Points, float, tuple[float, float]]:
    """The rows in the plane, and of a regression how near is right, and the range of the targets."""
    low = high = close = 0.0
    if not table.classes:
        known = table.targets[:, 0] * table.target_scale + table.target_offset
        low, high = float(known.min()), float(known.max())
        close = float(short(CLOSE * (high - low) or 0.1))
    places, kinds, offs, seen = [], [], [], []
    for inputs, targets, outputs, validation in _parts(scene, table):
        places.append((inputs * table.input_scale + table.input_offset)[:, pair])
        if table.classes:
            kinds.append(targets.astype(np.intp))
            offs.append((said(outputs_as_chances(outputs))[0] != targets).astype(np.intp))
        else:
            with np.errstate(all="ignore"):
                error = ((targets - outputs) * table.target_scale)[:, 0]
                offs.append(np.where(error > close, 1, np.where(error < -close, -1, 0)))
            kinds.append(np.zeros(len(inputs), np.intp))
        seen.append(np.full(len(inputs), bool(validation)))
    (left, right), (bottom, top) = limits
    where = np.concatenate(places)
    x, y = (where[:, 0] - left) / (right - left), (top - where[:, 1]) / (top - bottom)
    return Points(x, y, np.concatenate(kinds), np.concatenate(offs), np.concatenate(seen)), close, (low, high)
