"""The sample that the keys have chosen, in words and bars: shared by the gallery of pictures and the list of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from engine.answers import Answers
from engine.table import Floats, Table
from tui.canvas import Row, fit, row, width_of
from tui.figures import cells_of, cut, padded, percent, widest
from tui.inside.scene import Spot

PANEL = 30  # cells of the chosen sample's bars, where they stand beside the others
PANEL_FROM = 78  # cells of a pane from which they do
BARS = 3  # classes


class Greys(Protocol):
    """Which values are black and white."""

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...

    @property
    def features(self) -> tuple[int, ...]: ...


class Seen(Protocol):
    """What a gallery or a listing is drawn from."""

    @property
    def table(self) -> Table: ...

    @property
    def answers(self) -> Answers: ...

    @property
    def facts(self) -> Greys: ...

    @property
    def spot(self) -> Spot: ...

    def raw(self, sample: int) -> Floats:
        """The inputs of a row."""
        ...


def guess_words(name: str, certainty: float, width: int) -> str:
    """'versicolor 93%', the name cut where there is no room for it."""
    sure = "" if np.isnan(certainty) else f" {percent(certainty, 0)}"
    return cut(name, max(1, width - len(sure))) + sure


def details(seen: Seen, sample: int, width: int, height: int) -> list[Row]:
    """The chosen sample in words, and its likeliest classes as bars, in at most `height` rows."""
    answers, names = seen.answers, seen.table.classes
    what = "picture" if seen.table.picture else "row"
    head = f"{what} {sample + 1} of {answers.rows:,}"
    truth = names[int(answers.truth[sample])]
    found: list[Row] = [fit(((head, "strong"), (f", right answer: {truth}", "text")), width)]
    if width < len(head) + cells_of(truth) + 17:
        found = [fit(row((head, "strong")), width), fit(row(f"right answer: {truth}"), width)]
    assert answers.probabilities is not None
    shares = answers.probabilities[sample]
    if not np.isfinite(shares).all():
        return [*found, row(("no number (NaN)", "bad"))][: max(0, height)]
    return [*found, *bars(names, shares, int(answers.truth[sample]), width)][: max(0, height)]


def bars(names: Sequence[str], shares: Floats, truth: int, width: int) -> list[Row]:
    """The likeliest classes, one a row: the name, a bar and the probability."""
    order = np.argsort(-shares, kind="stable")[:BARS]
    longest = min(widest(names[at] for at in order), max(3, width - 14))
    room = max(0, min(24, width - longest - 9))
    found: list[Row] = []
    for at in order:
        filled = round(room * float(shares[at]))
        mark, role = ("*", "strong") if at == truth else (" ", "text")
        label = f"{mark} {padded(names[at], longest)} "
        spans: Row = ((label, role), ("█" * filled, "bar"), ("░" * (room - filled), "dim"))
        found.append(fit((*spans, (f" {percent(float(shares[at]), 0):>4}", role)), width))
    return found


def in_a_line(seen: Seen, sample: int, width: int) -> Row:
    """All of that in one line, with as many classes as there is room for."""
    answers, names = seen.answers, seen.table.classes
    assert answers.probabilities is not None
    what = "picture" if seen.table.picture else "row"
    head = f"{what} {sample + 1}, right answer {names[int(answers.truth[sample])]}:"
    if width < cells_of(head) + 12:
        head = f"right answer {names[int(answers.truth[sample])]}:"
    shares = answers.probabilities[sample]
    if not np.isfinite(shares).all():
        return row((head, "strong"), (" no number (NaN)", "bad"))
    order = np.argsort(-shares, kind="stable")[:BARS]
    said = [f"{names[at]} {percent(float(shares[at]), 0)}" for at in order]
    while len(said) > 1 and cells_of(f"{head} {', '.join(said)}") > width:
        said.pop()
    return row((head, "strong"), f" {', '.join(said)}")


def side_by_side(left: list[Row], right: list[Row], width: int, panel: int, height: int) -> list[Row]:
    """Two columns with a rule between them."""
    found: list[Row] = []
    for index in range(min(height, max(len(left), len(right)))):
        here = left[index] if index < len(left) else ()
        there = right[index] if index < len(right) else ()
        gap = width - panel - width_of(here)
        found.append((*here, (" " * max(0, gap), "text"), (" │ ", "axis"), *there))
    return found
