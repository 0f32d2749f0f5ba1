"""Zoom and pan: which stretch of x is in sight next.

All of it is worked out in the distances of the axis, so a logarithmic one zooms as evenly as a linear one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tui.plots.sight import Sight, flat, round_again
from tui.viewing import Viewing

ZOOM = 2.0
LEAST = 4  # iterations that stay in sight
PAGE = 0.5  # of what is in sight is a page


def zoomed(sight: Sight, closer: bool) -> Viewing:
    """Half, or twice, as much of x around the cursor; without one around the newest, where that is in sight.

    The same as before where nothing closer can be told apart, or all is in sight already.
    """
    low, high = _edges(sight)
    centre = flat(sight.scale, sight.at) if sight.at is not None else _newest(sight)
    if not low <= centre <= high:
        centre = (low + high) / 2
    factor = 1 / ZOOM if closer else ZOOM
    low, high = centre - (centre - low) * factor, centre + (high - centre) * factor
    if closer and _iterations(sight, low, high) < LEAST:
        return sight.viewing
    return _shown(sight, low, high)


def panned(sight: Sight, pages: int) -> Viewing:
    """So many pages to the right (negative: to the left), no further than there is anything."""
    low, high = _edges(sight)
    return _shown(sight, low + pages * PAGE * (high - low), high + pages * PAGE * (high - low))


def holding(sight: Sight, iteration: int) -> Viewing:
    """What is in sight moved just so far that an iteration is in it."""
    low, high = _edges(sight)
    at, room = flat(sight.scale, sight.x_at(float(iteration))), (high - low) / 8
    if low <= at <= high:
        return sight.viewing
    by = at - room - low if at < low else at + room - high
    return _shown(sight, low + by, high + by)


def whole(viewing: Viewing) -> Viewing:
    """All of it, and the newest followed."""
    return replace(viewing, window=None, follow=True)


def _shown(sight: Sight, low: float, high: float) -> Viewing:
    """These limits, moved into what there is; the window follows where the newest is in it."""
    scale = sight.scale
    first, last = flat(scale, scale.low), flat(scale, scale.high)
    if high - low >= (last - first) * (1 - 1e-9):
        return whole(sight.viewing)
    by = max(0.0, first - low) - max(0.0, high - last)
    low, high = low + by, high + by
    window = round_again(scale, low), round_again(scale, high)
    return replace(sight.viewing, window=window, follow=low <= _newest(sight) <= high)


def _edges(sight: Sight) -> tuple[float, float]:
    return flat(sight.scale, sight.low), flat(sight.scale, sight.high)


def _newest(sight: Sight) -> float:
    return flat(sight.scale, float(sight.x[-1])) if len(sight.x) else flat(sight.scale, sight.low)


def _iterations(sight: Sight, low: float, high: float) -> int:
    """How many iterations that can be pointed at are between two places."""
    first, last = round_again(sight.scale, low), round_again(sight.scale, high)
    return int(np.searchsorted(sight.x, last, side="right") - np.searchsorted(sight.x, first))
