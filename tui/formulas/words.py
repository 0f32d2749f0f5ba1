"""What a phase has to say, in words and formulas: of a network for the unit that was chosen, of a surface for the ball.

Each line comes in several wordings, from the longest; `tui.formulas.rows` takes those that have room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.surfaces import Surface
from tui.canvas import Row, width_of
from tui.formulas.loss import loss_equations, row_losses
from tui.formulas.network import backward_equations, forward_equations, index_of, seen_by
from tui.formulas.parts import Equation, number
from tui.formulas.surface import gradient_equation, height_equation, slope_words
from tui.formulas.update import update_equations

if TYPE_CHECKING:
    from tui.formulas.rows import Apart

HEIGHTS = "▁▂▃▄▅▆▇█"
NARROW = 64  # cells below which numbers have three digits


def digits_for(width: int) -> int:
    """How many digits a number has, unless it needs more."""
    return 3 if width < NARROW else 4


Told = tuple[list[tuple[str, ...]], list[Equation]]  # lines, each in several wordings, and the formulas below them


def in_network(apart: Apart, width: int) -> Told:
    phase, place, recipe, digits, room = apart.phase, apart.place, apart.recipe, digits_for(width), width - 5
    assert phase.outputs is not None and phase.targets is not None and phase.inputs is not None
    rows, start = len(phase.outputs), apart.counted
    known = "" if apart.hidden.setting("hidden") else f" over {len(phase.old)} parameters"
    if phase.name == "loss":
        right = "" if phase.accuracy is None else f", {round(phase.accuracy * rows)} of {rows} right"
        loss = float(phase.loss or 0.0)
        said = [(f"{start}: loss {number(loss, digits)}{right}",), _answer(apart, width)]
        return said, loss_equations(recipe.loss, phase.outputs, phase.targets, place.row, loss, digits, room)
    if phase.name == "forward":
        numbers = phase.inputs.shape[1]
        each = f", {numbers} number{'s' if numbers > 1 else ''} each" if not apart.hidden.setting("data") else ""
        few = f"{start}: {rows} {apart.names.samples}"
        said = [(f"{few} go through together{each}", few)]
        return [*said, _unit(apart, width)], forward_equations(phase, recipe, place, digits, room)
    if phase.name == "backward":
        norm, limit = float(phase.gradient_norm or 0.0), recipe.clip_norm
        clipped = ""
        if limit:
            clipped = f", clipped to {number(limit)}" if norm > limit else f", not above clip_norm {number(limit)}"
        penalty = f", penalty {number(float(phase.penalty or 0.0), digits)}" if recipe.l1 or recipe.l2 else ""
        brief = f"{start}: gradient norm {number(norm, digits)}"
        said = [(f"{brief}{known}{clipped}{penalty}", f"{brief}{clipped}{penalty}", f"{brief}{clipped}", brief)]
        return [*said, _unit(apart, width)], backward_equations(phase, recipe, place, digits, room)
    moved = float(phase.metrics.update_norm) if phase.metrics is not None else 0.0
    name = phase.optimizer.name if phase.optimizer is not None else ""
    rate = f"{name}, learning_rate {number(float(phase.learning_rate or 0.0))}"
    said = [(f"{start}: {rate}, update norm {number(moved, digits)}{known}", f"{start}: {rate}", rate)]
    index = index_of(phase, place)
    letter = "b" if place.source == phase.sizes[place.layer] else "w"
    return [*said, _unit(apart, width)], update_equations(phase, index, digits, room, letter)


def _answer(apart: Apart, width: int) -> tuple[str, ...]:
    """What the network said of the chosen row, and what would have been right."""
    phase, place, names = apart.phase, apart.place, apart.names
    assert phase.outputs is not None and phase.targets is not None
    digits, rows = digits_for(width), len(phase.outputs)
    said, wanted = phase.outputs[place.row], phase.targets[place.row]
    start = f"row {place.row + 1} of {rows}: "
    if len(said) > 1:
        right = int(wanted.argmax())
        called = f" ({names.classes[right]})" if right < len(names.classes) else ""
        numbers = [number(float(one), digits) for one in said]
        few = f"{start}z of its class = {numbers[right]}{called}"
        return (f"{start}z = {', '.join(numbers)}; right is number {right + 1}{called}", few, few.removesuffix(called))
    y, t = number(float(said[0]), digits), number(float(wanted[0]), digits)
    if names.classes:
        called = f" ({names.classes[int(wanted[0])]})" if int(wanted[0]) < len(names.classes) else ""
        return (f"{start}logit z = {y}, target t = {t}{called}", f"{start}logit z = {y}, target t = {t}")
    return (f"{start}output y = {y}, target t = {t}",)


def _unit(apart: Apart, width: int) -> tuple[str, ...]:
    """Which unit, weight and row were chosen, in ever fewer words."""
    phase, place, names = apart.phase, apart.place, apart.names
    sizes, digits = phase.sizes, digits_for(width)
    hidden, units, inputs = len(sizes) - 2, sizes[place.layer + 1], sizes[place.layer]
    layer, brief = f"hidden layer {place.layer + 1} of {hidden}", f"layer {place.layer + 1}"
    if hidden == 1:
        layer = brief = "hidden layer"
    unit, tiny = f"unit {place.unit + 1} of {units}", brief.removesuffix(" layer")
    if place.layer == hidden:
        layer = brief = tiny = "outputs" if units > 1 else "output"
        called = f" ({names.classes[place.unit]})" if 1 < units == len(names.classes) else ""
        unit = f"{place.unit + 1} of {units}{called}" if units > 1 else ""
    row_of = f"row {place.row + 1} of {len(phase.outputs)}" if phase.outputs is not None and phase.name != "update" else ""
    value = float(phase.old[index_of(phase, place)])
    if place.source == inputs:
        weight = f"its bias: b = {number(value, digits)}"
        short = f"bias: b = {number(value, digits)}"
    else:
        from_input = place.layer == 0
        source = f"{'input' if from_input else 'unit'} {place.source + 1} of {inputs}"
        if from_input and place.source < len(names.features):
            source += f" ({names.features[place.source]})"
        weight = f"weight from {source}: w = {number(value, digits)}"
        if phase.name != "update":
            given = number(float(seen_by(phase, place.layer)[place.row, place.source]), digits)
            weight += f", {'x' if from_input else 'a'} = {given}"
        short = f"weight {place.source + 1} of {inputs}: w = {number(value, digits)}"
    return (
        ", ".join(filter(None, (layer, unit, row_of, weight))),
        ", ".join(filter(None, (brief, unit, row_of, weight))),
        ", ".join(filter(None, (brief, unit, row_of, short))),
        ", ".join(filter(None, (tiny, unit, row_of, short))).replace(" of ", "/"),
        ", ".join(filter(None, (tiny, unit, row_of, short.partition(":")[0]))).replace(" of ", "/"),
    )


def bars_of(apart: Apart, width: int) -> Row:
    """The chosen unit among those of its layer (the chosen row among those of its batch), as bars; () where there is one
    alone, or too many for a line."""
    phase = apart.phase
    if phase.outputs is None or phase.targets is None:
        return ()
    place, rows = apart.place, len(phase.outputs)
    at, units, values = place.unit, f"{phase.sizes[place.layer + 1]} units", np.zeros(0)
    if phase.name == "forward" and place.layer < len(phase.z):
        what, values = f"a of all {units}", phase.activations[place.layer][place.row]
    elif phase.name == "loss":
        what, at = f"L of all {rows} rows", place.row
        values = row_losses(apart.recipe.loss, phase.outputs, phase.targets)
    elif phase.name == "backward" and place.layer < len(phase.z):
        what, values = f"delta of all {units}", rows * phase.deltas[place.layer][place.row]
    sizes = np.abs(np.asarray(values, np.float64))
    if len(sizes) < 2 or not np.isfinite(sizes).all():
        return ()
    largest = float(sizes.max())
    steps = np.ceil(sizes / largest * len(HEIGHTS)).astype(int) if largest > 0.0 else np.zeros(len(sizes), int)
    drawn = ["·" if step == 0 else HEIGHTS[step - 1] for step in steps]
    spans: Row = (
        (f"  {what}  ", "dim"),
        ("".join(drawn[:at]), "train"), (f"[{drawn[at]}]", "lit"), ("".join(drawn[at + 1 :]), "train"),
        (f"  largest {number(largest, digits_for(width))}", "dim"),
    )  # fmt: skip
    return spans if width_of(spans) <= width else spans[:-1] if width_of(spans[:-1]) <= width else ()


def on_surface(apart: Apart, width: int) -> Told:
    said: list[tuple[str, ...]]
    phase, surface, digits, room = apart.phase, apart.surface, digits_for(width), width - 5
    assert surface is not None
    place = [float(each) for each in phase.old]
    start, now = apart.counted, _at(surface, place, digits)
    if phase.name == "forward":
        return [(f"{start}: the ball lies at {now}",), ("no data here: this place is all that is trained",)], []
    if phase.name == "loss":
        height = float(phase.loss or 0.0)
        return [(f"{start}: the ball lies at {now}",)], [height_equation(surface, place, height, digits)]
    assert phase.gradients is not None
    slope = [float(each) for each in phase.gradients]
    if phase.name == "backward":
        axes = [apart.axis, *(axis for axis in range(len(place)) if axis != apart.axis)]
        words = (f"{start}, at {now}: {slope_words(surface, slope)}", slope_words(surface, slope))
        return [words], [gradient_equation(surface, place, axis, slope[axis], digits) for axis in axes]
    assert phase.new is not None
    new = [float(each) for each in phase.new]
    low = float(surface.height(phase.new))
    rolls = f"{start}: the ball rolls from {now} to {_at(surface, new, digits)}"
    heights = f"height {number(float(phase.loss or 0.0), digits)} → {number(low, digits)}"
    said = [(f"{rolls}, {heights}", rolls, f"the ball rolls to {_at(surface, new, digits)}")]
    return said, update_equations(phase, apart.axis, digits, room, surface.axes[apart.axis])


def _at(surface: Surface, place: Sequence[float], digits: int) -> str:
    return ", ".join(f"{axis} = {number(each, digits)}" for axis, each in zip(surface.axes, place, strict=True))
