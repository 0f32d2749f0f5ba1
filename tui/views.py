"""One table of what the views sheet offers, each a letter: it makes the sheet and the palette, so none is out of date.

A view stands in place of the second plot; the rest changes how curves are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the sheet: `id` names the view or the change, `stays` leaves the sheet open after it, to press again."""

    id: str
    letter: str
    title: str
    help: str
    group: str
    stays: bool = False


SECOND, AXES, SCREEN = "In place of the second plot", "Axes and lines", "The screen"
RUNS = "Runs"

VIEWS = (
    Entry("own", "a", "Accuracy, fit or error", "What the preset shows", SECOND),
    Entry("multiples", "m", "Small multiples", "Each run on a plot of its own, all with the same axes", RUNS),
    Entry("seeds", "s", "Seeds as a band", "Train with 5 to 30 seeds: their median, and where eight of ten lie", RUNS),
)  # fmt: skip


def entry(id: str) -> Entry:  # noqa: A002
    """The entry of that id. Raises KeyError where there is none."""
    return next((one for one in VIEWS if one.id == id), None) or _missing(id)


def _missing(id: str) -> Entry:  # noqa: A002
    raise KeyError(id)
