"""The views of the inside of a model, by the id that the views sheet calls them."""

from __future__ import annotations

from tui.inside.boundary import BOUNDARY
from tui.inside.diagram import NETWORK
from tui.inside.histograms import HISTOGRAMS
from tui.inside.scene import View

INSIDE: dict[str, View] = {
    "boundary": BOUNDARY,
    "network": NETWORK,
    "histograms": HISTOGRAMS,
}
