"""Numbers as shades: two of them in a cell, one above the other, for pictures of samples and for maps.

A cell is a half block in two roles where its halves differ, and a shade character where they do not. So with colours the
map is exact, and without any it can still be read.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.canvas import Row, Span

LEVELS = 6
GLYPHS = " ·░▒▓█"  # of the levels, from the lowest
Levels = NDArray[np.intp]


def levels_of(values: NDArray[np.floating[Any]], low: float, high: float) -> Levels:
    """The level 0 to LEVELS - 1 of each value, in even steps from `low` to `high`; what is no number is the lowest."""
    span = high - low if high > low else 1.0
    with np.errstate(all="ignore"):
        steps = np.nan_to_num((values - low) / span * LEVELS, nan=0.0)
    levels: Levels = np.clip(steps, 0, LEVELS - 1).astype(np.intp)
    return levels


def cells(levels: Levels, ramp: str) -> list[list[Span]]:
    """Rows of cells for levels (2 * rows, columns) in the roles `ramp`-1 to `ramp`-6; an odd last row stands alone."""
    if len(levels) % 2:
        levels = np.vstack([levels, np.zeros_like(levels[:1])])
    return [
        [_cell(int(top), int(bottom), ramp) for top, bottom in zip(above, below, strict=True)]
        for above, below in zip(levels[::2], levels[1::2], strict=True)
    ]


def _cell(top: int, bottom: int, ramp: str) -> Span:
    above, below = f"{ramp}-{top + 1}", f"{ramp}-{bottom + 1}"
    if top == bottom:
        return GLYPHS[top], f"{above}/{above}"
    return ("▀", f"{above}/{below}") if top > bottom else ("▄", f"{below}/{above}")


def joined(line: list[Span]) -> Row:
    """The cells as a row, neighbours of one role in one span."""
    return tuple(("".join(text for text, _ in run), role) for role, run in groupby(line, key=lambda span: span[1]))


def shrunk(picture: NDArray[np.floating[Any]], columns: int, rows: int) -> NDArray[np.floating[Any]]:
    """The picture made smaller by a whole number, by means, until it has at most so many columns and rows."""
    high, wide = picture.shape
    by = max(1, -(-wide // max(1, columns)), -(-high // max(1, rows)))
    if by == 1:
        return picture
    padded = np.pad(picture, ((0, -high % by), (0, -wide % by)), mode="edge")
    means: NDArray[np.floating[Any]] = padded.reshape(len(padded) // by, by, -1, by).mean(axis=(1, 3))
    return means
