"""The losses as formulas with the numbers of one row put in, and where the chain rule begins: dL/dz of an output.

Symbols: y is an output and t its target; z is a logit and p a probability. The formulas are those of `engine.losses`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.formulas.bend import exp, sigmoid
from tui.formulas.parts import Equation, Expr, equation, given, joined, number, times, total

Floats = NDArray[np.floating[Any]]
SURE = 0.99  # above it a probability is written as 1 - what is left, or it would take many digits


def row_losses(name: str, outputs: Floats, targets: Floats) -> NDArray[np.float64]:
    """The loss of every row (rows,), for outputs and targets (rows, outputs)."""
    y, t = outputs.astype(np.float64), targets.astype(np.float64)
    with np.errstate(all="ignore"):
        if name in ("cross_entropy", "double_softmax"):
            z = y if name == "cross_entropy" else _softmaxes(y)
            top = z.max(axis=1, keepdims=True)
            found = np.log(np.exp(z - top).sum(axis=1)) + top[:, 0] - (z * t).sum(axis=1)
            return np.asarray(found)
        if name == "binary_cross_entropy":
            each = np.logaddexp(0.0, (1.0 - 2.0 * t) * y)
        elif name == "mean_absolute_error":
            each = np.abs(y - t)
        elif name == "huber":
            inside = np.clip(y - t, -1.0, 1.0)
            each = inside * (y - t - inside / 2.0)
        else:
            each = (y - t) ** 2
        return np.asarray(each.mean(axis=1))


def loss_equations(
    name: str, outputs: Floats, targets: Floats, row: int, whole: float, digits: int, room: int
) -> list[Equation]:
    """The loss of the chosen row, and the mean over the batch, which is `whole`."""
    each = row_losses(name, outputs, targets)
    y, t, own = outputs[row].astype(np.float64), targets[row].astype(np.float64), float(each[row])
    found = _of_row(name, y, t, own, digits, room)
    rows = len(each)
    if rows == 1:
        return found
    inside = total([given(float(one)) for one in each], row, room - len(f"loss()/{rows}"), digits=digits)
    mean = joined("(", inside, f")/{rows}", compute=lambda every: every / rows)
    return [*found, equation("loss", f"mean of L over {rows} rows", mean, whole, digits=digits, rank=0)]


def _of_row(name: str, y: Floats, t: Floats, own: float, digits: int, room: int) -> list[Equation]:
    if name == "binary_cross_entropy":
        return _two_classes(float(y[0]), float(t[0]), own, digits)
    if name in ("cross_entropy", "double_softmax"):
        right = int(t.argmax())
        found = [_share("p", y, right, room, digits)]
        p = found[0][1]
        if name == "double_softmax":
            found.append(_share("q", _softmaxes(y[None])[0], right, room, digits))
            p = found[1][1]
        first = found[0][0]
        shares = [first, *(one for one, _ in found[1:])]
        letter = "p" if name == "cross_entropy" else "q"
        expr = joined("-log(", p, ")", compute=lambda p: -math.log(p) if p > 0.0 else math.inf)
        return [*shares, equation("L", f"-log({letter})", expr, own, digits=digits, rank=0)]
    error = joined(float(y[0]), " - ", float(t[0]), compute=lambda y, t: y - t)
    if name == "mean_absolute_error":
        expr = joined("abs(", error, ")", compute=abs)
        return [equation("L", "abs(y - t)", expr, own, digits=digits, rank=0)]
    if name == "huber":
        if abs(error.value) <= 1.0:
            expr = joined("(", error, ")^2/2", compute=lambda e: e * e / 2.0)
            return [equation("L", "(y - t)^2/2", expr, own, digits=digits, note="as abs(y - t) is at most 1", rank=0)]
        expr = joined("abs(", error, ") - 1/2", compute=lambda e: abs(e) - 0.5)
        return [equation("L", "abs(y - t) - 1/2", expr, own, digits=digits, note="as abs(y - t) is above 1", rank=0)]
    expr = joined("(", error, ")^2", compute=lambda e: e * e)
    return [equation("L", "(y - t)^2", expr, own, digits=digits, rank=0)]


def _two_classes(z: float, t: float, own: float, digits: int) -> list[Equation]:
    p = sigmoid(z)
    first = equation("p", "sigmoid(z) = 1/(1 + exp(-z))", p, digits=digits)
    sign = -z if t else z  # 1 - p is a sigmoid as well: so no digits are lost where the network is sure
    expr = joined("log(1 + exp(", sign, "))", compute=lambda u: max(u, 0.0) + math.log1p(math.exp(-abs(u))))
    symbols = "-log(p) = log(1 + exp(-z))" if t else "-log(1 - p) = log(1 + exp(z))"
    return [first, equation("L", symbols, expr, own, digits=digits, note=f"as t = {number(t)}", rank=0)]


def _share(letter: str, z: Floats, at: int, room: int, digits: int) -> tuple[Equation, Expr]:
    """The probability that softmax gives to one output, and how it is written elsewhere."""
    top = float(z.max())
    shift = top if top > 50.0 else 0.0  # or the exponentials would be beyond all numbers
    powers = [joined("exp(", float(each) - shift, ")", compute=exp) for each in z]
    note = f"of its class; softmax, {number(shift)} taken off every z" if shift else "softmax, of the right class"
    others = [power for index, power in enumerate(powers) if index != at]
    above = sum(power.value for power in others)
    name = "p" if letter == "q" else "z"
    symbols = f"exp({name})/(sum of exp({name}))"
    share = powers[at].value / (powers[at].value + above)
    if share > SURE:
        rest = above / (powers[at].value + above)
        written = joined("1 - ", rest, compute=lambda rest: 1.0 - rest)
    else:
        written = given(share)
    below = total(powers, at, room - 16, digits=digits)
    expr = joined(powers[at], "/(", below, ")", compute=lambda one, every: one / every)
    return equation(letter, symbols, expr, share, digits=digits, note=note), written


def delta_expr(name: str, y: Floats, t: Floats, unit: int, room: int) -> tuple[str, Expr]:
    """dL/dz of an output of one row, in symbols and with the numbers put in."""
    own, wanted = float(y[unit]), float(t[unit])
    if name == "binary_cross_entropy":
        return "p - t", joined(sigmoid(own).value, " - ", wanted, compute=lambda p, t: p - t)
    if name == "cross_entropy":
        p = float(_softmaxes(y[None])[0, unit])
        return "p - t", joined(p, " - ", wanted, compute=lambda p, t: p - t)
    if name == "double_softmax":
        p = _softmaxes(y[None])[0]
        g = _softmaxes(p[None])[0] - t
        sums = total([times(float(a), float(b)) for a, b in zip(g, p, strict=True)], unit, room - 22)
        expr = joined(float(p[unit]), "*(", float(g[unit]), " - (", sums, "))", compute=lambda p, g, every: p * (g - every))
        return "p*(g - sum of g*p), g = q - t", expr
    error = joined(own, " - ", wanted, compute=lambda y, t: y - t)
    if name == "mean_absolute_error":
        return "sign(y - t)", joined("sign(", error, ")", compute=lambda e: float(np.sign(e)))
    if name == "huber":
        return "clip(y - t, -1, 1)", joined("clip(", error, ", -1, 1)", compute=lambda e: min(1.0, max(-1.0, e)))
    return "2*(y - t)", joined("2*(", error, ")", compute=lambda e: 2.0 * e)


def _softmaxes(z: Sequence[Sequence[float]] | Floats) -> NDArray[np.float64]:
    powers = np.asarray(z, np.float64)
    with np.errstate(all="ignore"):
        powers = np.exp(powers - powers.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
