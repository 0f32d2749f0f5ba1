"""Fields of colour on a terminal with 256 colours: a class has its hue where the network is sure, and a grey where not.

Rich rounds red, green and blue by themselves, which on a dark ground makes of a dull blue and a dull green one teal, and
of a dull orange olive. Here the colour is taken that looks most alike, by its distance in CIE 1976 L*a*b*.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style

STEPS = np.array([0, 95, 135, 175, 215, 255])  # of each part of the cube that xterm's colours 16 to 231 are
GREYS = np.stack([8 + 10 * np.arange(24)] * 3, 1)  # 232 to 255
ALL = np.concatenate([np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"), -1).reshape(-1, 3), GREYS])
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.95047, 1.0, 1.08883])  # D65


def lab(colours: NDArray[np.int64]) -> NDArray[np.float64]:
    """Lightness, green to red, and blue to yellow (n, 3), of red, green and blue (n, 3) from 0 to 255."""
    shares = colours / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    xyz = linear @ TO_XYZ.T / WHITE
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116).T
    found: NDArray[np.float64] = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)
    return found


@lru_cache(maxsize=256)
def nearest(red: int, green: int, blue: int, grey: bool = False) -> tuple[int, int, int]:
    """The colour of the 240, or the grey of the 24, that looks most like this one."""
    among = GREYS if grey else ALL
    apart = ((lab(among) - lab(np.array([[red, green, blue]]))) ** 2).sum(axis=1)
    found = among[int(apart.argmin())].tolist()
    return found[0], found[1], found[2]


def of_256(style: Style, grey: bool = False) -> Style:
    """The style with its colour, not that of its ground, in the nearest of 256."""
    if style.color is None or style.color.triplet is None:
        return style
    return style + Style(color=Color.from_rgb(*nearest(*style.color.triplet, grey)))
