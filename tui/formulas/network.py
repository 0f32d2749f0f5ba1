"""What one unit of a network does in a phase, as formulas with numbers: forward, and backward by the chain rule.

Symbols: x is an input of the network, a the answer of a hidden unit, z what a unit sums up, y an output, t its target; delta
is dL/dz of one row of the batch alone. The formulas are those of `engine.activations` and `engine.layers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.phases import Phase
from tui.formulas.bend import bent, share_of, slope_of
from tui.formulas.loss import delta_expr
from tui.formulas.parts import Equation, Expr, equation, given, joined, times, total

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """What was chosen, from 0: a layer (the last one has the outputs), a unit of it, an input of that unit (the one after
    the last is its bias), and a row of the batch."""

    layer: int
    unit: int
    source: int
    row: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """Of what a run is trained with, that which changes the formulas."""

    activation: str
    loss: str
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float = 0.0


def index_of(phase: Phase, place: Place) -> int:
    """Where the chosen weight stands in the flat vector of all parameters."""
    sizes = phase.sizes
    start = sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes[: place.layer + 1]))
    return start + place.source * sizes[place.layer + 1] + place.unit


def seen_by(phase: Phase, layer: int) -> Floats:
    """What the layer is given, (rows, inputs)."""
    found = phase.inputs if layer == 0 else phase.activations[layer - 1]
    assert found is not None
    return found


def forward_equations(phase: Phase, recipe: Recipe, place: Place, digits: int, room: int) -> list[Equation]:
    """z of the unit for the row, and what the activation makes of it."""
    layer = phase.layers(phase.old)[place.layer]
    x, w, b = seen_by(phase, place.layer)[place.row], layer.weights[:, place.unit], float(layer.bias[place.unit])
    hidden = place.layer < len(phase.z)
    assert phase.outputs is not None
    z = float((phase.z[place.layer] if hidden else phase.outputs)[place.row, place.unit])
    letter = "x" if place.layer == 0 else "a"
    terms = _products(w, x)
    found = [
        equation(
            "z", f"sum of w*{letter} + b", total(terms, place.source, room - 1, given(b), z, digits), z, digits=digits,
            note="" if hidden else "an output, not bent", rank=0,
        )
    ]  # fmt: skip
    if not hidden:
        return found
    a = float(phase.activations[place.layer][place.row, place.unit])
    name = recipe.activation
    if name == "gelu":
        found.append(equation("P", "", share_of(z), digits=digits))
    symbols, answer = bent(name, z)
    symbols = symbols if symbols == f"{name}(z)" else f"{name}(z) = {symbols}"
    if not phase.masks:
        return [*found, equation("a", symbols, answer, a, digits=digits, rank=0)]
    found.append(equation("a", symbols, answer, digits=digits))
    mask = float(phase.masks[place.layer][place.row, place.unit])
    if mask == 0.0:
        dropped = joined("0*", answer.value, compute=lambda a: 0.0 * a)
        return [*found, equation("a", "", dropped, a, digits=digits, note="dropout hides it in this row", sign=":=", rank=0)]
    kept = joined(answer.value, "/(1 - ", recipe.dropout, ")", compute=lambda a, rate: a / (1.0 - rate))
    return [*found, equation("a", "a/(1 - dropout)", kept, a, digits=digits, note="dropout keeps it", sign=":=", rank=0)]


def backward_equations(phase: Phase, recipe: Recipe, place: Place, digits: int, room: int) -> list[Equation]:
    """The chain rule for the chosen weight: delta of its unit, the gradient of the batch, and what penalty and clipping make
    of it."""
    assert phase.outputs is not None and phase.targets is not None and phase.gradients is not None
    rows = len(phase.outputs)
    delta = rows * phase.deltas[place.layer][:, place.unit].astype(np.float64)
    now = float(delta[place.row])
    if place.layer < len(phase.z):
        found = _hidden_delta(phase, recipe, place, now, digits, room)
    else:
        y, t = (array[place.row].astype(np.float64) for array in (phase.outputs, phase.targets))
        symbols, expr = delta_expr(recipe.loss, y, t, place.unit, room - 5)
        found = [equation("delta", f"dL/dz = {symbols}", expr, now, digits=digits)]
    x = seen_by(phase, place.layer)
    bias = place.source == x.shape[1]
    letter = "x" if place.layer == 0 else "a"
    column = np.ones(rows) if bias else x[:, place.source].astype(np.float64)
    index = index_of(phase, place)
    used = float(phase.gradients[index])
    whole = float(delta @ column) / rows
    name = "dL/db" if bias else "dL/dw"
    plain = recipe.l1 == recipe.l2 == recipe.clip_norm == 0.0
    exact = used if plain else whole
    what = "delta" if bias else f"delta*{letter}"
    if rows == 1:
        expr = given(now) if bias else times(now, float(column[0]))
        found.append(equation(name, what, expr, exact, digits=digits, rank=0))
    else:
        terms = [given(float(each)) for each in delta] if bias else _products(delta, column)
        inside = total(terms, place.row, room - len(f"{name}()/{rows}"), digits=digits)
        mean = joined("(", inside, f")/{rows}", compute=lambda every: every / rows)
        found.append(equation(name, f"mean over rows of {what}", mean, exact, digits=digits, rank=0))
    if plain:
        return found
    return found + _priced_and_clipped(phase, recipe, place, whole, used, bias, digits)


def _priced_and_clipped(
    phase: Phase, recipe: Recipe, place: Place, whole: float, used: float, bias: bool, digits: int
) -> list[Equation]:
    """What a penalty adds to the gradient, and what clipping leaves of it."""
    found: list[Equation] = []
    gradient = whole
    if not bias and (recipe.l1 or recipe.l2):
        w = float(phase.old[index_of(phase, place)])
        expr, symbols = given(whole), "dL/dw"
        if recipe.l2:
            expr = joined(expr, " + ", recipe.l2, "*", w, compute=lambda g, l2, w: g + l2 * w)
            symbols += " + l2*w"
        if recipe.l1:
            sign = float(np.sign(w))
            expr = joined(expr, " + ", recipe.l1, "*", sign, compute=lambda g, l1, sign: g + l1 * sign)
            symbols += " + l1*sign(w)"
        gradient = expr.value
        found.append(equation("g", symbols, expr, digits=digits, note="with the penalty"))
    norm = float(phase.gradient_norm or 0.0)
    if recipe.clip_norm and recipe.clip_norm / (norm + 1e-6) < 1.0:
        expr = joined(
            gradient,
            "*",
            recipe.clip_norm,
            "/(",
            norm,
            " + 1e-06)",
            compute=lambda g, limit, norm: g * limit / (norm + 1e-6),
        )
        found.append(equation("g", "g*clip_norm/(norm + 1e-06)", expr, used, digits=digits, note="clipped", sign=":="))
    return found


def _hidden_delta(phase: Phase, recipe: Recipe, place: Place, now: float, digits: int, room: int) -> list[Equation]:
    """delta of a hidden unit: what comes back from the layer above, times the slope of the activation."""
    assert phase.outputs is not None
    rows = len(phase.outputs)
    above = rows * phase.deltas[place.layer + 1][place.row].astype(np.float64)
    w = phase.layers(phase.old)[place.layer + 1].weights[place.unit]
    z = float(phase.z[place.layer][place.row, place.unit])
    mask = float(phase.masks[place.layer][place.row, place.unit]) if phase.masks else 1.0
    found = []
    symbols, slope = slope_of(recipe.activation, z)
    if len(slope.parts) > 1:
        found.append(equation("slope", f"{recipe.activation}'(z) = {symbols}", slope, digits=digits))
    factor = given(slope.value)
    tail = "*slope" if len(slope.parts) > 1 else f"*{recipe.activation}'(z)"
    if phase.masks:
        factor = joined(slope.value, "*", mask, compute=lambda slope, mask: slope * mask)
        tail += "*dropout"
    terms = _products(w, above)
    back = total(terms, 0, room - 22, digits=digits)
    expr = joined("(", back, ")*", factor, compute=lambda back, factor: back * factor)
    return [*found, equation("delta", f"(sum of w*delta above){tail}", expr, now, digits=digits)]


def _products(one: Floats, other: Floats) -> list[Expr]:
    return [times(float(a), float(b)) for a, b in zip(one, other, strict=True)]
