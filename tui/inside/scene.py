"""What a view of the inside of a model gets to see, and what it gives back: a look, taken once and drawn for any room.

A view is a module-level object. It says whether it exists for a trainer, and takes its look; taking it costs time, so the
lab does it at the screen's own rate and never more often than the training can bear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine import Trainer
from engine.film import Film
from tui.canvas import Row


@dataclass(frozen=True, slots=True)
class Spot:
    """What the keys of the pane have chosen: Left and Right change `x`, Up and Down `y`, Enter `mode`; a view takes them
    modulo what it has to choose from."""

    x: int = 0
    y: int = 0
    mode: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """`blind`: what is known of validation is hidden, so a view shows the training set alone. `running`: it trains on, so
    another look will be taken soon, of other weights. `plain`: there are no colours, so characters tell everything."""

    trainer: Trainer
    film: Film
    spot: Spot = Spot()
    blind: bool = False
    running: bool = False
    plain: bool = False


class Look(Protocol):
    """What was seen. `titles` go from the longest wording to the shortest; `hint` says what the pane's own keys do."""

    @property
    def titles(self) -> tuple[Row, ...]:
        """The title, in ever fewer words."""
        ...

    @property
    def hint(self) -> str:
        """'Left Right: layer   Enter: gradients', or nothing."""
        ...

    def rows(self, width: int, height: int) -> list[Row]:
        """At most `height` rows of at most `width` cells."""
        ...


def unfinished(look: Look) -> bool:
    """Whether another look would show more although nothing has changed: of a look that says so with `more`."""
    return bool(getattr(look, "more", False))


def tells(view: View) -> tuple[str, ...]:
    """The rows of the form that can be read off a view, so that it is covered where one of them is: the data of all, and
    what a view adds with `tells`."""
    return ("data", *getattr(view, "tells", ()))


class View(Protocol):
    """A view of the inside of a model."""

    def why_not(self, trainer: Trainer) -> str:
        """Why there is none of this trainer, in a line; empty where there is one."""
        ...

    def look(self, scene: Scene) -> Look:
        """Take a look; it keeps nothing that training goes on to write to."""
        ...
