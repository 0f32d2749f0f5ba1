"""A slice through a loss: how high it is around the weights of a network, in two directions out of thousands.

The plane lies through the newest weights, along the two principal components of the way that training took, which show
most of that way (Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets", section 7). Where the way is too short
for that, along two random directions in which every unit is scaled like its own weights (section 4, "filter
normalization"). The loss is worked out with a network and buffers of its own, so nothing that trains notices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.layers import Network
from engine.objective import Evaluator, NetworkObjective
from engine.trainer import Trainer

Floats = NDArray[np.float64]
Kind = Literal["path", "random"]
Limits = tuple[tuple[float, float], tuple[float, float]]  # of a (across) and of b (up)

MOST_ROWS = 1024  # of the training set that a slice is worked out with; of a larger one, so many, evenly apart
MOST_PARAMETERS = 2_000_000  # a plane keeps three vectors of them in float64
SEED = 0  # of the random directions: the same two every time
ACROSS, UP = 64, 48  # of the finest grid, in steps; the coarser ones have a half, a quarter and an eighth of them
STRIDES = (8, 4, 2, 1)
FLAT = 1e-10  # a way has a second direction where that has this share of the variance at least


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The weights origin + a across + b up, each (parameters,) float64, for every a and b.

    `shares` are those of the way's variance that lie along each axis, 0 to 1; None for random directions.
    """

    origin: Floats
    across: Floats
    up: Floats
    kind: Kind
    shares: tuple[float, float] | None = None

    def at(self, a: float, b: float) -> Floats:
        """The weights (parameters,) of a point."""
        return self.origin + a * self.across + b * self.up

    def project(self, weights: NDArray[np.floating[Any]]) -> Floats:
        """The nearest points (n, 2), a and b, of weights (n, parameters), by least squares; NaN for those that are NaN."""
        axes = np.stack([self.across, self.up])
        with np.errstate(all="ignore"):
            products = (weights.astype(np.float64) - self.origin) @ axes.T
            found: Floats = np.linalg.solve(axes @ axes.T, products.T).T.astype(np.float64)
        found[~np.isfinite(found).all(axis=1)] = np.nan
        return found


def principal_plane(way: Sequence[NDArray[np.floating[Any]]], origin: NDArray[np.floating[Any]]) -> Plane | None:
    """The plane through `origin` (parameters,) along the two principal components of a way of such vectors.

    The directions have length 1, and the way goes from left to right and from below to above. None where the way has fewer
    than three places that are numbers, or no second direction.
    """
    places = np.array([place for place in way if np.isfinite(place).all()], np.float64)
    if len(places) < 3 or not np.isfinite(origin).all():
        return None
    apart = places - places.mean(axis=0)
    # The eigenvectors of A A^T, which is as small as the way is short, lead to those of A^T A (Turk and Pentland 1991).
    values, vectors = np.linalg.eigh(apart @ apart.T)
    first, second, whole = float(values[-1]), float(values[-2]), float(np.trace(apart @ apart.T))
    if not first > 0.0 or second <= FLAT * first:
        return None
    axes = []
    for index in (-1, -2):
        axis = vectors[:, index] @ apart
        axis /= np.linalg.norm(axis)
        axes.append(-axis if (places[-1] - places[0]) @ axis < 0.0 else axis)
    return Plane(origin.astype(np.float64), axes[0], axes[1], "path", (first / whole, second / whole))


def random_plane(weights: NDArray[np.floating[Any]], sizes: tuple[int, ...], seed: int = SEED) -> Plane:
    """The plane through `weights` (parameters,) along two random directions, filter-normalised.

    In each, the weights into a unit, with its bias, are drawn from a normal distribution and then as long as the unit's
    own (1 for a unit whose weights are all 0), so that a step of 1 means as much in every layer. `sizes` are those of
    `engine.layers.Network`. Raises ValueError where the weights are no numbers.
    """
    origin = weights.astype(np.float64)
    if not np.isfinite(origin).all():
        raise ValueError("a slice needs weights that are numbers")
    rng, axes = np.random.default_rng(seed), []
    for _ in range(2):
        axis, start = rng.standard_normal(len(origin)), 0
        for inputs, outputs in pairwise(sizes):
            stop = start + (inputs + 1) * outputs
            block = axis[start:stop].reshape(inputs + 1, outputs)
            lengths = np.linalg.norm(origin[start:stop].reshape(inputs + 1, outputs), axis=0)
            block *= np.where(lengths > 0.0, lengths, 1.0) / np.linalg.norm(block, axis=0)
            start = stop
        axes.append(axis)
    return Plane(origin, axes[0], axes[1], "random")


class Height:
    """The loss of a trainer's training set as a function of the weights; see `MOST_ROWS`. The trainer is left alone.

    `rows` of `samples` are looked at. Without dropout, and without what L1 and L2 cost.
    """

    def __init__(self, trainer: Trainer) -> None:
        objective = trainer.objective
        if not isinstance(objective, NetworkObjective):
            raise TypeError("a surface has no weights to slice through")
        run, (inputs, targets) = trainer.run, objective.train
        self.samples = len(inputs)
        self.rows = min(self.samples, MOST_ROWS)
        if self.rows < self.samples:
            chosen = np.linspace(0, self.samples - 1, self.rows).astype(np.intp)
            inputs, targets = inputs[chosen], targets[chosen]
        self._train = inputs, targets
        self._parameters = np.zeros_like(objective.parameters)
        self._network = Network(run.sizes, run.network, self._parameters, np.zeros_like(self._parameters))
        self._seeing = Evaluator(run, objective.loss_function, objective.table.target_scale)

    def __call__(self, weights: Floats) -> float:
        """The mean loss with these weights (parameters,)."""
        with np.errstate(all="ignore"):
            self._parameters[...] = weights
            return float(self._seeing.losses(self._network, *self._train))


class Survey:
    """The heights over a part of a plane, on a grid that becomes finer as long as somebody asks for more of it.

    `limits` are those of a and b. A grid keeps all that the coarser one had.
    """

    def __init__(self, plane: Plane, height: Callable[[Floats], float], limits: Limits) -> None:
        self.plane, self.limits = plane, limits
        self.measured = 0
        self.grids = 0  # how many grids, each finer than the one before, are complete
        self._height = height
        self._values: Floats = np.full((UP + 1, ACROSS + 1), np.nan)
        self._todo = [_new_points(index) for index in range(len(STRIDES))]
        self._done = 0  # points of the grid that is being made

    @property
    def complete(self) -> bool:
        """Whether there is nothing more to measure."""
        return self.grids == len(STRIDES)

    def measure(self, enough: Callable[[], bool]) -> None:
        """Measure point after point, one at least, until `enough()` or until all is measured."""
        (left, right), (low, high) = self.limits
        while not self.complete:
            for row, column in self._todo[self.grids][self._done :]:
                a, b = left + (right - left) * column / ACROSS, high - (high - low) * row / UP
                self._values[row, column] = self._height(self.plane.at(a, b))
                self.measured += 1
                self._done += 1
                if enough():
                    break
            if self._done == len(self._todo[self.grids]):
                self.grids, self._done = self.grids + 1, 0
            if enough():
                return

    def values(self) -> Floats:
        """The finest complete grid, (rows, columns) with the largest b first; (0, 0) before there is one. A copy."""
        if not self.grids:
            return np.zeros((0, 0))
        stride = STRIDES[self.grids - 1]
        return self._values[::stride, ::stride].copy()


def _new_points(index: int) -> list[tuple[int, int]]:
    """(row, column) of the points of a grid that the one before it does not have."""
    stride = STRIDES[index]
    coarser = STRIDES[index - 1] if index else 0
    return [
        (row, column)
        for row in range(0, UP + 1, stride)
        for column in range(0, ACROSS + 1, stride)
        if not coarser or row % coarser or column % coarser
    ]


def resample(values: Floats, columns: int, rows: int) -> Floats:
    """`values` at (rows, columns) places evenly over the same area, each in the middle of its cell, bilinearly."""
    high, wide = values.shape
    y, x = ((np.arange(count) + 0.5) / count * (size - 1) for count, size in ((rows, high), (columns, wide)))
    top, left = (np.minimum(place.astype(np.intp), size - 2) for place, size in ((y, high), (x, wide)))
    down, over = (y - top)[:, None], x - left
    above = values[top][:, left] * (1.0 - over) + values[top][:, left + 1] * over
    below = values[top + 1][:, left] * (1.0 - over) + values[top + 1][:, left + 1] * over
    found: Floats = above * (1.0 - down) + below * down
    return found


def limits_around(places: Floats, margin: float = 0.25, least: float = 1e-9) -> Limits:
    """The smallest limits that hold all places (n, 2) that are numbers, and a `margin` of that on every side."""
    known = places[np.isfinite(places).all(axis=1)]
    if not len(known):
        return (-1.0, 1.0), (-1.0, 1.0)
    found = []
    for low, high in zip(known.min(axis=0), known.max(axis=0), strict=True):
        wider = margin * max(float(high - low), least)
        found.append((float(low) - wider, float(high) + wider))
    return found[0], found[1]
