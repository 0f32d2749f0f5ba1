"""The formulas of a surface with the ball's place put in: how high it lies, and how steep the ground is under it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.surfaces import HillyPark, Ravine, Surface, Valley
from tui.formulas.parts import Equation, Expr, equation, joined, number

ACROSS, UP = ("left", "right"), ("down", "up")


def height_equation(surface: Surface, place: Sequence[float], height: float, digits: int) -> Equation:
    """L at the place, which is `height`."""
    symbols, expr = _height(surface, place)
    return equation("L", symbols, expr, height, digits=digits, note="the height of the ball", rank=0)


def gradient_equation(surface: Surface, place: Sequence[float], axis: int, slope: float, digits: int) -> Equation:
    """dL by one coordinate at the place, which is `slope`."""
    symbols, expr = _gradient(surface, place, axis)
    return equation(f"dL/d{surface.axes[axis]}", symbols, expr, slope, digits=digits, rank=0)


def slope_words(surface: Surface, gradient: Sequence[float]) -> str:
    """'the ground rises to the left: downhill is right'."""
    found = []
    for axis, slope in enumerate(gradient):
        if slope != slope:
            return "no slope: the ball is beyond all numbers"
        if slope:
            less, more = ACROSS if axis == 0 else UP
            found.append(less if slope > 0 else more)
    if not found:
        return "level ground: nowhere is downhill"
    steps = zip(filter(None, gradient), found, strict=True)
    return "downhill: " + " and ".join(f"{number(abs(slope), 3)} a unit {way}" for slope, way in steps)


def _height(surface: Surface, place: Sequence[float]) -> tuple[str, Expr]:
    if isinstance(surface, Valley):
        return "curvature/2*(w - 3)^2", joined(
            surface.curvature, "/2*(", place[0], " - 3)^2", compute=lambda c, w: c / 2.0 * (w - 3.0) ** 2
        )
    if isinstance(surface, Ravine):
        return "(u^2 + steepness*v^2)/2", joined(
            "(", place[0], "^2 + ", surface.steepness, "*", place[1], "^2)/2",
            compute=lambda u, steep, v: (u * u + steep * v * v) / 2.0,
        )  # fmt: skip
    assert isinstance(surface, HillyPark)
    return "(w^2 - 4)^2/16 + 0.3*w", joined(
        "(", place[0], "^2 - 4)^2/16 + 0.3*", place[0], compute=lambda w, again: (w * w - 4.0) ** 2 / 16.0 + 0.3 * again
    )


def _gradient(surface: Surface, place: Sequence[float], axis: int) -> tuple[str, Expr]:
    if isinstance(surface, Valley):
        return "curvature*(w - 3)", joined(surface.curvature, "*(", place[0], " - 3)", compute=lambda c, w: c * (w - 3.0))
    if isinstance(surface, Ravine):
        if axis == 0:
            return "u", joined(place[0], compute=lambda u: u)
        return "steepness*v", joined(surface.steepness, "*", place[1], compute=lambda steep, v: steep * v)
    assert isinstance(surface, HillyPark)
    return "w*(w^2 - 4)/4 + 0.3", joined(
        place[0], "*(", place[0], "^2 - 4)/4 + 0.3", compute=lambda w, again: w * (again * again - 4.0) / 4.0 + 0.3
    )
