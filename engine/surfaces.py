"""Landscapes to walk down: models of one or two bare parameters, whose loss is a formula and not a matter of data.

Here everything can be checked by hand: where the lowest point is, what each step does, and what a learning rate that is
too large leads to. A surface trains through the same trainer as any network; a step down is an epoch of one iteration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from engine.metrics import Evaluation
from engine.ranges import STRICT, Range, Tagged
from engine.table import Facts

Array = NDArray[np.floating[Any]]
Coordinate = Annotated[float, Range(-1e6, 1e6)]
Steps = Annotated[int, Range(1, 1_000_000)]


class Surface(Protocol):
    """A `[surface]` table; positions are (..., parameters)."""

    @property
    def name(self) -> str:
        """The surface's name."""

    @property
    def start(self) -> tuple[float, ...]:
        """The parameters before the first step."""

    @property
    def steps(self) -> int:
        """How many steps are taken."""

    @property
    def axes(self) -> tuple[str, ...]:
        """What the parameters are called."""

    @property
    def minima(self) -> tuple[tuple[float, ...], ...]:
        """The lowest points, the deepest first."""

    @property
    def curvatures(self) -> tuple[float, ...]:
        """The second derivative along each axis, where it is the same everywhere; empty where it is not."""

    def facts(self) -> Facts:
        """One "sample": the surface itself, with a parameter a feature."""

    def height(self, position: Array) -> Array:
        """The loss (...) at each position (..., parameters)."""

    def gradient(self, position: Array, out: Array) -> None:
        """The gradient (parameters,) at one position (parameters,), into `out`."""


@dataclass(frozen=True, kw_only=True)
class Valley:
    """L(w) = curvature / 2 (w - 3)^2, gradient curvature (w - 3), with its lowest point at w = 3.

    Gradient descent with learning rate r is at w_t = 3 + (start - 3) (1 - r curvature)^t: it overshoots from
    r = 1 / curvature on and moves away from r = 2 / curvature on.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["valley"] = "valley"
    start: tuple[Coordinate, ...] = (-4.0,)
    steps: Steps = 40
    curvature: Annotated[float, Range(0.0, 1000.0, above=True)] = 2.0
    axes: ClassVar[tuple[str, ...]] = ("w",)
    minima: ClassVar[tuple[tuple[float, ...], ...]] = ((3.0,),)

    def __post_init__(self) -> None:
        _check_start(self)

    @property
    def curvatures(self) -> tuple[float, ...]:
        return (self.curvature,)

    def facts(self) -> Facts:
        return _facts(self)

    def height(self, position: Array) -> Array:
        return 0.5 * self.curvature * (position[..., 0] - 3.0) ** 2

    def gradient(self, position: Array, out: Array) -> None:
        np.subtract(position, 3.0, out=out)
        out *= self.curvature


@dataclass(frozen=True, kw_only=True)
class Ravine:
    """L(u, v) = (u^2 + steepness v^2) / 2, gradient (u, steepness v): a long valley with steep sides, lowest at (0, 0)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["ravine"] = "ravine"
    start: tuple[Coordinate, ...] = (-4.0, 1.0)
    steps: Steps = 60
    steepness: Annotated[float, Range(0.0, 1000.0, above=True)] = 20.0
    axes: ClassVar[tuple[str, ...]] = ("u", "v")
    minima: ClassVar[tuple[tuple[float, ...], ...]] = ((0.0, 0.0),)

    def __post_init__(self) -> None:
        _check_start(self)

    @property
    def curvatures(self) -> tuple[float, ...]:
        return (1.0, self.steepness)

    def facts(self) -> Facts:
        return _facts(self)

    def height(self, position: Array) -> Array:
        return 0.5 * (position[..., 0] ** 2 + self.steepness * position[..., 1] ** 2)

    def gradient(self, position: Array, out: Array) -> None:
        np.copyto(out, position)
        out[1] *= self.steepness


@dataclass(frozen=True, kw_only=True)
class HillyPark:
    """L(w) = (w^2 - 4)^2 / 16 + 0.3 w, gradient w (w^2 - 4) / 4 + 0.3: two valleys with a hill between them.

    The deep valley is at w = -2.13585, the other at 1.82859, the top of the hill at 0.30725: where the gradient is 0.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["hilly_park"] = "hilly_park"
    start: tuple[Coordinate, ...] = (-3.5,)
    steps: Steps = 100
    axes: ClassVar[tuple[str, ...]] = ("w",)
    minima: ClassVar[tuple[tuple[float, ...], ...]] = ((-2.1358460273793938,), (1.8285946317324258,))

    def __post_init__(self) -> None:
        _check_start(self)

    @property
    def curvatures(self) -> tuple[float, ...]:
        return ()

    def facts(self) -> Facts:
        return _facts(self)

    def height(self, position: Array) -> Array:
        w = position[..., 0]
        return (w**2 - 4.0) ** 2 / 16.0 + 0.3 * w

    def gradient(self, position: Array, out: Array) -> None:
        np.multiply(position, position, out=out)
        out -= 4.0
        out *= position
        out /= 4.0
        out += 0.3


def _check_start(surface: Valley | Ravine | HillyPark) -> None:
    wanted = len(surface.axes)
    if len(surface.start) != wanted:
        count = f"{wanted} number{'s' if wanted > 1 else ''} ({', '.join(surface.axes)})"
        raise ValueError(f"start has {len(surface.start)} numbers; {surface.name} takes {count}")


def _facts(surface: Valley | Ravine | HillyPark) -> Facts:
    return Facts(samples=1, validation=0, features=len(surface.axes), classes=0)


#: A preset's [surface] table: one of these, told apart by its name.
AnySurface = Annotated[Valley | Ravine | HillyPark, Tagged()]
SURFACES: dict[str, type] = {kind.name: kind for kind in get_args(get_args(AnySurface)[0])}


class SurfaceObjective:
    """A surface as something to train: no data, no chance; `path` holds every position so far, the start first."""

    def __init__(self, surface: Surface, dtype: str) -> None:
        self.surface = surface
        self.parameters: Array = np.array(surface.start, dtype)
        self.gradients: Array = np.zeros_like(self.parameters)
        self.left = 1
        self._path: Array = self.parameters[None].copy()
        self._length = 1

    @property
    def path(self) -> Array:
        """Positions (steps so far + 1, parameters); a view."""
        return self._path[: self._length]

    def reserve(self, batch_size: int) -> None:
        pass

    def begin_epoch(self) -> None:
        self.left = 1

    def forward(self, batch_size: int) -> int:
        self.left = 0
        return 1

    def loss(self) -> tuple[float, int | None]:
        return self.train_loss(), None

    def backward(self) -> None:
        self.surface.gradient(self.parameters, self.gradients)

    def moved(self) -> None:
        """Note where the parameters are now."""
        if self._length == len(self._path):
            self._path = np.concatenate([self._path, np.empty_like(self._path)])
        self._path[self._length] = self.parameters
        self._length += 1

    def evaluate(self) -> tuple[Evaluation, Evaluation | None]:
        return Evaluation(self.train_loss()), None

    def train_loss(self) -> float:
        return float(self.surface.height(self.parameters))

    def predict(self, inputs: Array) -> Array:
        """The height (rows, 1) at each position (rows, parameters)."""
        return self.surface.height(np.asarray(inputs, self.parameters.dtype))[:, None]

    def state(self) -> dict[str, Any]:
        return {"left": self.left, "path": self.path.copy()}

    def restore(self, state: dict[str, Any]) -> None:
        self.left = int(state["left"])
        self._path = np.array(state["path"])
        self._length = len(self._path)
