"""The way that a run on a surface has taken: its positions, and each of them in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import Trainer
from engine.surfaces import Surface, SurfaceObjective
from tui.figures import short


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """`path` holds positions (steps so far + 1, parameters), the start first."""

    surface: Surface
    path: NDArray[np.floating[Any]]

    def at(self, step: int) -> str:
        """'w -2.600', or 'u -3.840 v 0.200', after so many steps (-1: now)."""
        return position(self.surface.axes, self.path[min(step, len(self.path) - 1)])

    def bare(self, step: int) -> str:
        """'-3.840 0.200': the same without the names."""
        return " ".join(_number(float(each)) for each in self.path[min(step, len(self.path) - 1)])

    def gradient(self, step: int) -> str:
        """The gradient at that place: '-14.00', or '-4.000 20.00'."""
        slope = np.zeros_like(self.path[step])
        with np.errstate(all="ignore"):
            self.surface.gradient(self.path[step], slope)
        return " ".join(short(float(each)) for each in slope)


def walk_of(trainer: Trainer) -> Walk | None:
    """The way of a run so far; None where it has data and no surface."""
    objective = trainer.objective
    return Walk(objective.surface, objective.path) if isinstance(objective, SurfaceObjective) else None


def same_landscape(one: Surface, other: Surface) -> bool:
    """Whether two surfaces are of one shape, wherever the runs start and however far they go."""
    shape = ("name", "curvature", "steepness")
    return all(getattr(one, key, None) == getattr(other, key, None) for key in shape)


def position(axes: Sequence[str], place: NDArray[np.floating[Any]]) -> str:
    """A place in words."""
    return " ".join(f"{axis} {_number(float(each))}" for axis, each in zip(axes, place, strict=True))


def _number(value: float) -> str:
    """Three decimals, so that figures below each other stay where they are; a large one as `short` has it."""
    return f"{round(value, 3) + 0.0:.3f}" if abs(value) < 100.0 else short(value)
