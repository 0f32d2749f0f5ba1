"""How somebody looks at the curves and what stands below them: the units of x, the scales, the smoothing, the cursor.

One frozen value that the lab holds and hands to whatever draws; a key makes a new one. Nothing of it changes a number of the
training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["iteration", "epoch", "samples", "seconds"]
UNITS: tuple[Unit, ...] = ("epoch", "iteration", "samples", "seconds")
SMOOTHINGS = (0.0, 0.6, 0.9, 0.97, 0.99)
OWN = "own"  # as the second plot: what the preset asks for


@dataclass(frozen=True, slots=True)
class Lit:
    """A stretch of a run that the tree has its cursor on: iterations `first` to `last` (from 1) of run `run`."""

    run: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Viewing:
    """`second` is the id of the view in place of the second plot; `log_y` None is as the preset says, of the loss.

    `window` holds the limits of x in the unit of x (None: all of it), and with `follow` it moves along with the newest.
    `cursor` is an iteration (from 1; None: there is no cursor) of the selected run; where it is `riding` it goes along with
    the newest. `smoothing` is the weight of the debiased exponential moving
    average, 0 is none. `clipped` leaves outliers out of the scale. `written` shows what goes to the terminal.
    """

    x: Unit = "epoch"
    log_x: bool = False
    log_y: bool | None = None
    smoothing: float = 0.0
    clipped: bool = False
    second: str = OWN
    window: tuple[float, float] | None = None
    follow: bool = True
    cursor: int | None = None
    riding: bool = False
    lit: Lit | None = None
    written: bool = False


#: How a preset is looked at before anybody has pressed a key.
AS_IT_IS = Viewing()
