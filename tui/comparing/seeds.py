"""Many seeds of one run as a band: the median of a figure after every epoch, and between which values most seeds lie.

A single run is one draw of weights, data and batches. How much of its curve is chance is seen by the width of the band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine import History, Run

Floats = NDArray[np.float64]
Part = Literal["train", "validation"]
Figure = Literal["loss", "accuracy", "mean_absolute_error"]
LOW, HIGH = 10.0, 90.0  # percentiles: eight of ten seeds lie between them
MOST = 4000  # places of a curve: of longer runs some epochs are left out
COUNTS = (5, 10, 20, 30)  # of seeds that are offered


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A figure after each epoch, over all seeds that have it there: iterations from 0, and (n,) float64 each."""

    iterations: Floats
    low: Floats
    median: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """`run` trained with seeds 0, 1, ... up to `seeds`, of which `diverged` have diverged; `curves` by part and figure.

    `history` is that of the seed that trained longest: by it a place on x is found.
    """

    run: Run
    seeds: int
    diverged: int
    history: History
    curves: dict[tuple[Part, Figure], Curve]

    def is_of(self, run: Run) -> bool:
        """Whether it is of this run, whatever its seed."""
        return alike(self.run) == alike(run)


def alike(run: Run) -> Run:
    """What runs with other seeds have in common."""
    return replace(run, name="", seed=0)


def band_of(run: Run, histories: Sequence[History]) -> Band:
    """The band of the histories of all seeds."""
    longest = max(histories, key=len)
    curves: dict[tuple[Part, Figure], Curve] = {}
    parts: tuple[Part, ...] = ("train", "validation")
    figures: tuple[Figure, ...] = ("loss", "accuracy", "mean_absolute_error")
    for part in parts:
        for figure in figures:
            made = curve_of([one.evaluations(part, figure) for one in histories])
            if made is not None:
                curves[part, figure] = made
    return Band(run, len(histories), sum(one.diverged is not None for one in histories), longest, curves)


def curve_of(ways: Sequence[Floats]) -> Curve | None:
    """Median and percentiles LOW and HIGH (linear between values, as NumPy's) of ways (evaluations, 2) of one figure.

    A seed that stopped early is not in what came later; a value that is no finite number is left out. None where no seed
    has the figure.
    """
    there = [way[np.isfinite(way[:, 1])] for way in ways]
    at = np.unique(np.concatenate([way[:, 0] for way in there]))
    if not len(at):
        return None
    at = at[np.unique(np.append(np.arange(0, len(at), -(-len(at) // MOST)), len(at) - 1))]
    values = np.full((len(there), len(at)), np.nan)
    for row, way in zip(values, there, strict=True):
        places = np.searchsorted(at, way[:, 0])
        known = (places < len(at)) & (at[np.minimum(places, len(at) - 1)] == way[:, 0])
        row[places[known]] = way[known, 1]
    found = np.empty((3, len(at)))
    whole = np.isfinite(values).all(axis=0)
    found[:, whole] = np.percentile(values[:, whole], (LOW, 50.0, HIGH), axis=0)
    found[:, ~whole] = np.nanpercentile(values[:, ~whole], (LOW, 50.0, HIGH), axis=0)
    return Curve(at, *found)
