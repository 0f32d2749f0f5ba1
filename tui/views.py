"""One table of what the views sheet offers, each a letter: it makes the sheet and the palette, so none is out of date.

A view stands in place of the second plot; the rest changes how curves are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the sheet: `id` names the view or the change, `letter` is its usual key, `stays` leaves the sheet
    open after it, to press again."""

    id: str
    letter: str
    title: str
    help: str
    group: str
    stays: bool = False

    @property
    def key_id(self) -> str:
        """The id of its key, by which a keymap can give it another letter."""
        return f"view.{self.id}"


SECOND, AXES, SCREEN = "In place of the second plot", "Axes and lines", "The screen"
RUNS = "Runs"

VIEWS = (
    Entry("own", "a", "Accuracy, fit or error", "What the preset shows", SECOND),
    Entry("boundary", "b", "Boundary or fit", "What the network says everywhere", SECOND),
    Entry("network", "n", "Network", "Units and their strongest weights", SECOND),
    Entry("histograms", "h", "Weights and gradients", "How they are spread, over time", SECOND),
    Entry("samples", "i", "Predictions on samples", "Pictures or rows, the wrong ones first", SECOND),
    Entry("confusion", "c", "Confusion matrix", "Which class is taken for which", SECOND),
    Entry("slice", "l", "Loss surface", "A slice through the weights, and the way over it", SECOND),
    Entry("rate", "r", "Learning rate", "The rate of every update, as the schedule and you have made it", SECOND),
    Entry("gradient", "g", "Gradient norm", "How long the gradient is, before clipping", SECOND),
    Entry("ratio", "u", "Update-to-weight ratio", "How far a step goes, measured by the weights", SECOND),
    Entry("gap", "o", "Accuracy gap", "How much better it knows what it trains on (regression: of the loss)", SECOND),
    Entry("x", "x", "Unit of x", "Epochs, iterations, samples seen or seconds", AXES, stays=True),
    Entry("log-x", "X", "Scale of x", "Logarithmic, and back", AXES, stays=True),
    Entry("log-y", "y", "Scale of the loss", "Logarithmic, and back", AXES, stays=True),
    Entry("smoothing", "e", "Smoothing", "A debiased moving average over the raw curve: 0.6 to 0.99", AXES, stays=True),
    Entry("outliers", "f", "Outliers", "The outermost 5 % at either end left out of the scale", AXES, stays=True),
    Entry("multiples", "m", "Small multiples", "Each run on a plot of its own, all with the same axes", RUNS),
    Entry("seeds", "s", "Seeds as a band", "Train with 5 to 30 seeds: their median, and where eight of ten lie", RUNS),
    Entry("theme", "t", "Theme", "Colours, dark and light, of high contrast, safe for the colour-blind", SCREEN),
    Entry("panes", "p", "Panes", "Show and hide each; it is remembered", SCREEN),
    Entry("written", "w", "What is written", "Bytes and frames a second to the terminal, at the top", SCREEN),
)  # fmt: skip


def entry(id: str) -> Entry:  # noqa: A002
    """The entry of that id. Raises KeyError where there is none."""
    return next((one for one in VIEWS if one.id == id), None) or _missing(id)


def _missing(id: str) -> Entry:  # noqa: A002
    raise KeyError(id)
