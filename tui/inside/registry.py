"""The views of the inside of a model, by the id that the views sheet calls them."""

from __future__ import annotations

from tui.inside.boundary import BOUNDARY
from tui.inside.confusion import CONFUSION
from tui.inside.diagram import NETWORK
from tui.inside.histograms import HISTOGRAMS
from tui.inside.samples import SAMPLES
from tui.inside.scene import View
from tui.inside.slice import SLICE

INSIDE: dict[str, View] = {
    "boundary": BOUNDARY,
    "network": NETWORK,
    "histograms": HISTOGRAMS,
    "samples": SAMPLES,
    "confusion": CONFUSION,
    "slice": SLICE,
}
