"""The update of one weight as its optimizer's own formula, from the state that the optimizer had before.

Symbols: g is the gradient (after penalties and clipping), w the weight, t the number of the step. The formulas are those of
`engine.optimizers`, in the form in which textbooks and PyTorch give them.
"""

from __future__ import annotations

import math
from typing import Any

from engine.optimizers import SGD, Adagrad, Adam, Momentum, Nesterov, RMSProp
from engine.phases import Phase
from tui.formulas.parts import Equation, Expr, equation, given, joined, number


def update_equations(phase: Phase, index: int, digits: int, room: int, name: str = "w") -> list[Equation]:
    """How parameter `index` of the flat vector moved, and before that what the optimizer remembers of it.

    Each equation takes the results of those before it as they are, not as they are printed.
    """
    assert phase.gradients is not None and phase.updates is not None and phase.new is not None
    optimizer: Any = phase.optimizer
    g, w, rate = float(phase.gradients[index]), float(phase.old[index]), float(phase.learning_rate or 0.0)
    memory = [float(vector[index]) for vector in phase.memory]
    called = "learning_rate" if room >= 64 else "rate"
    found: list[Equation] = []
    squares, velocity = ("v", "v") if name not in ("u", "v") else ("s", "speed")  # a surface may have a v of its own
    if isinstance(optimizer, Adam):
        found, step = _adam(optimizer, memory, phase.steps + 1, g, rate, digits, squares)
        symbols = f"*m_hat/(sqrt({squares}_hat) + epsilon)"
    elif isinstance(optimizer, Momentum | Nesterov):
        v = optimizer.momentum * memory[0] + g
        before = joined(optimizer.momentum, "*", memory[0], " + ", g, compute=lambda m, v, g: m * v + g)
        found = [equation(velocity, f"momentum*{velocity} + g", before, v, digits=digits, sign=":=")]
        if isinstance(optimizer, Momentum):
            step, symbols = joined(rate, "*", v, compute=lambda r, v: r * v), f"*{velocity}"
        else:
            step = joined(rate, "*(", g, " + ", optimizer.momentum, "*", v, ")", compute=lambda r, g, m, v: r * (g + m * v))
            symbols = f"*(g + momentum*{velocity})"
    elif isinstance(optimizer, RMSProp | Adagrad):
        (s,) = memory
        if isinstance(optimizer, RMSProp):
            alpha = optimizer.alpha
            now = alpha * s + (1.0 - alpha) * g * g
            mean = joined(alpha, "*", s, " + ", _rest(alpha), "*", g, "^2", compute=lambda a, s, b, g: a * s + b * g * g)
            found = [equation("s", "alpha*s + (1 - alpha)*g^2", mean, now, digits=digits, note="mean of squares", sign=":=")]
        else:
            now = s + g * g
            more = joined(s, " + ", g, "^2", compute=lambda s, g: s + g * g)
            found = [equation("s", "s + g^2", more, now, digits=digits, note="sum of squares", sign=":=")]
        step = _over_root(rate, g, now, optimizer.epsilon)
        symbols = "*g/(sqrt(s) + epsilon)"
    else:
        assert isinstance(optimizer, SGD)
        step, symbols = joined(rate, "*", g, compute=lambda r, g: r * g), "*g"
    return [*found, _moved(phase, index, step, f"{name} - {called}{symbols}", name, called, digits, w, rate)]


def _moved(
    phase: Phase, index: int, step: Expr, symbols: str, name: str, called: str, digits: int, w: float, rate: float
) -> Equation:
    """w := w - step, with as many digits of w as it takes to see it move."""
    assert phase.new is not None and phase.updates is not None and phase.optimizer is not None
    change, new, decay = float(phase.updates[index]), float(phase.new[index]), phase.optimizer.weight_decay
    seen = digits
    if change and w and math.isfinite(change) and math.isfinite(w):
        seen = min(12, max(digits, math.ceil(math.log10(max(abs(w), abs(change)) / abs(change))) + 3))
    old = given(w, digits=seen - digits)
    expr = joined(old, " - ", step, compute=lambda w, step: w - step)
    if decay > 0.0:
        symbols += f" - {called}*weight_decay*{name}"
        expr = joined(expr, " - ", rate, "*", decay, "*", given(w), compute=lambda moved, r, d, w: moved - r * d * w)
    note = f"moved by {number(change, digits)}" if change else "not moved"
    return equation(name, symbols, expr, new, digits=seen, note=note, sign=":=", rank=0)


def _adam(
    optimizer: Adam, memory: list[float], t: int, g: float, rate: float, digits: int, name: str
) -> tuple[list[Equation], Expr]:
    one, two = optimizer.beta1, optimizer.beta2
    # the engine keeps both without the factor 1 - beta
    m_before, v_before = memory[0] * (1.0 - one), memory[1] * (1.0 - two)
    m, v = one * m_before + (1.0 - one) * g, two * v_before + (1.0 - two) * g * g
    m_hat, v_hat = m / (1.0 - one**t), v / (1.0 - two**t)
    mean = joined(one, "*", m_before, " + ", _rest(one), "*", g, compute=lambda a, m, b, g: a * m + b * g)
    square = joined(two, "*", v_before, " + ", _rest(two), "*", g, "^2", compute=lambda a, v, b, g: a * v + b * g * g)

    def corrected(value: float, beta: float) -> Expr:
        return joined(value, "/(1 - ", beta, f"^{t})", compute=lambda value, beta: value / (1.0 - beta**t))

    found = [
        equation("m", "beta1*m + (1 - beta1)*g", mean, m, digits=digits, note="mean of gradients", sign=":="),
        equation(name, f"beta2*{name} + (1 - beta2)*g^2", square, v, digits=digits, note="mean of squares", sign=":="),
        equation("m_hat", "m/(1 - beta1^t)", corrected(m, one), m_hat, digits=digits, note=f"step t = {t}", rank=2),
        equation(f"{name}_hat", f"{name}/(1 - beta2^t)", corrected(v, two), v_hat, digits=digits, rank=2),
    ]
    return found, _over_root(rate, m_hat, v_hat, optimizer.epsilon)


def _rest(share: float) -> float:
    """1 - share, as one writes it."""
    return round(1.0 - share, 15)


def _over_root(rate: float, above: float, square: float, epsilon: float) -> Expr:
    return joined(
        rate, "*", above, "/(sqrt(", square, ") + ", epsilon, ")",
        compute=lambda r, a, s, e: r * a / (math.sqrt(s) + e),
    )  # fmt: skip
