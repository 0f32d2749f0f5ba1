"""The activations and their slopes as formulas with a number put in.

They are those of `engine.activations`, as textbooks write them.
"""

from __future__ import annotations

import math

from engine.activations import GELU, LeakyReLU
from tui.formulas.parts import Expr, given, joined


def exp(value: float) -> float:
    """exp, infinite where Python would refuse."""
    return math.exp(value) if value < 709.0 else math.inf


def sigmoid(z: float) -> Expr:
    """1/(1 + exp(-z))."""
    return joined("1/(1 + exp(", -z, "))", compute=lambda minus: 1.0 / (1.0 + exp(minus)))


def share_of(z: float) -> Expr:
    """P of a GELU: (1 + tanh(c (z + k z^3))) / 2."""
    return joined(
        "(1 + tanh(", GELU.c, "*(", z, " + ", GELU.k, "*", z, "^3)))/2",
        compute=lambda c, one, k, two: (1.0 + math.tanh(c * (one + k * two**3))) / 2.0,
    )  # fmt: skip


def bent(name: str, z: float) -> tuple[str, Expr]:
    """The activation in symbols, and with z put in."""
    if name == "relu":
        return "max(0, z)", joined("max(0, ", z, ")", compute=lambda z: max(0.0, z))
    if name == "leaky_relu":
        slope = LeakyReLU.slope
        symbols = f"max(z, {slope}*z)"
        return symbols, joined("max(", z, f", {slope}*", z, ")", compute=lambda one, two: max(one, slope * two))
    if name == "tanh":
        return "tanh(z)", joined("tanh(", z, ")", compute=math.tanh)
    if name == "sigmoid":
        return "1/(1 + exp(-z))", sigmoid(z)
    if name == "softplus":
        return "log(1 + exp(z))", joined("log(1 + exp(", z, "))", compute=_softplus)
    if name == "gelu":
        return "z*P", joined(z, "*", share_of(z).value, compute=lambda z, share: z * share)
    return "z", given(z)


def slope_of(name: str, z: float) -> tuple[str, Expr]:
    """The derivative of the activation at z, in symbols and with the numbers put in."""
    a = bent(name, z)[1].value
    if name == "relu":
        return "1 where z > 0, else 0", given(1.0 if z > 0.0 else 0.0)
    if name == "leaky_relu":
        return f"1 where z > 0, else {LeakyReLU.slope}", given(1.0 if z > 0.0 else LeakyReLU.slope)
    if name == "tanh":
        return "1 - a^2", joined("1 - ", a, "^2", compute=lambda a: 1.0 - a * a)
    if name == "sigmoid":
        return "a*(1 - a)", joined(a, "*(1 - ", a, ")", compute=lambda one, two: one * (1.0 - two))
    if name == "softplus":
        return "1/(1 + exp(-z))", sigmoid(z)
    if name == "gelu":
        share, c, k = share_of(z).value, 2.0 * GELU.c, 3.0 * GELU.k
        return "P + 2c*(1 + 3k*z^2)*(1 - P)*a", joined(
            share, " + ", c, "*(1 + ", k, "*", z, "^2)*(1 - ", share, ")*", a,
            compute=lambda p, c, k, z, q, a: p + c * (1.0 + k * z * z) * (1.0 - q) * a,
        )  # fmt: skip
    return "1", given(1.0)


def _softplus(z: float) -> float:
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))
