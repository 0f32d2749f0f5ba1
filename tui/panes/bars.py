"""The lines at the edges of the lab: what runs and how far it is, the newest word, and the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui.canvas import Pane, Row, Span, ends, fit, row, width_of
from tui.figures import duration, rate, written
from tui.keyboard.keys import KEYS, Key, footer


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the selected run is; `speed` in iterations a second and `left` in seconds are 0 where they say nothing, and so
    are `epochs` and `iterations` where how many there will be is hidden. `written` is in bytes and frames a second, to the
    terminal."""

    name: str
    settings: str
    settings_short: str
    state: str
    epoch: int
    epochs: int
    iteration: int
    iterations: int
    speed: float
    left: float
    steps: bool = False  # on a surface, where an epoch is a step
    written: tuple[float, float] = (0.0, 0.0)


MARKS = {
    "ready": ("READY", "title"),
    "running": ("RUNNING", "good"),
    "watching": ("WATCHING", "good"),
    "paused": ("PAUSED", "warn"),
    "finished": ("DONE", "strong"),
    "diverged": ("DIVERGED", "bad"),
    "refused": ("REFUSED", "bad"),
}


def header(standing: Standing, width: int) -> Row:
    """The line at the top."""
    word, role = MARKS[standing.state]
    wide = width >= 110
    epoch, iteration = _of(standing.epoch, standing.epochs), _of(standing.iteration, standing.iterations)
    counts = f"  epoch {epoch}  {'iteration' if wide else 'it'} {iteration}"
    if standing.steps:
        counts = f"  step {epoch}"
    speed = f"  {rate(standing.speed)}" if standing.speed > 0 else ""
    time = f"  {duration(standing.left)}" if standing.left > 0 and wide else ""
    costs = f"  {written(*standing.written, wide)}" if standing.written[0] > 0 else ""
    right: Row = ((word, role), (f"{counts}{speed}{time}{costs} ", "text"))
    left: Row = ()
    for settings in (f": {standing.settings}", f": {standing.settings_short}", ""):
        left = ((" descent  ", "title"), (standing.name, "strong"), (settings, "text"))
        if width_of(left) + width_of(right) + 2 <= width:
            return ends(left, right, width)
    if costs:  # what was asked for comes before the app's own name, and before the speed
        left = ((f" {standing.name}", "strong"),)
        if width_of(left) + width_of(right) + 2 > width:
            right = ((word, role), (f"{counts}{costs} ", "text"))
    return ends(left, right, width)


def _of(done: int, all_of_them: int) -> str:
    return f"{done}/{all_of_them}" if all_of_them else str(done)


def key_line(state: str, width: int, steps: bool = False, table: Sequence[Key] = KEYS) -> Row:
    """The line at the bottom: keys of the table and what they do; on a surface, n takes a step."""
    spans: list[Span] = []
    for keys, word in footer(state, width - 1, steps, table):
        spans += [(" " + keys, "key"), (f" {word} ", "dim")]
    return fit(tuple(spans), width)


def note_line(texts: tuple[str, ...], role: str, width: int) -> Row:
    """The newest word from the lab: what a key did, what went wrong; the first wording that has room."""
    text = next((text for text in texts if len(text) + 1 <= width), texts[-1])
    return fit(row((f" {text}", role)), width)


class Bar(Pane):
    """One line, made for whatever width there is."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._line: Callable[[int], Row] = lambda width: ()

    def show(self, line: Callable[[int], Row]) -> None:
        """Draw this line, given the width."""
        self._line = line
        self.draw()

    def fill(self) -> None:
        """Paint the line for the room there is."""
        if self.size.width:
            self.paint([self._line(self.size.width)])


if __name__ == "__main__":
    from tui.panes.alone import main

    main(__file__)
