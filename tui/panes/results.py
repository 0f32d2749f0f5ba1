"""The table in which a comparison ends, in as many columns and lines as there is room for.

Two lines a run say everything where there is height; one line a run drops the columns that say least, from the right.
"""

from __future__ import annotations

from tui.canvas import Pane, Row, Span, fit, heading, row, width_of
from tui.comparing.results import Result, Results
from tui.figures import cut, padded, widest
from tui.hidden import BLIND
from tui.names import marked

MOST = 26  # cells for what sets a run apart, in one line
NARROW = 70  # cells below which a long name is cut short


class ResultsPane(Pane):
    """Attributes down: `show`. It is there once all runs of a comparison are over."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.results: Results | None = None
        self.room = 0  # lines that it may take

    def show(self, results: Results | None) -> None:
        """Draw this table; None: there is none."""
        self.results = results
        self.draw()

    def fill(self) -> None:
        """Paint the table for the room there is."""
        width = self.size.width
        if self.results is None or not width or not self.display:
            return
        unit = self.results.unit
        title: list[Span] = [("Result", "text")]
        if self.results.hidden:
            title.append((f"  {BLIND}", "dim"))
        else:
            title.append((f"  best: smallest {'validation ' * self.results.validation}loss (its {unit})", "dim"))
        rows = [heading(tuple(title), width, False), *table(self.results, width, self.room)]
        self.styles.height = len(rows)
        self.paint(rows)


def table(results: Results, width: int, room: int) -> list[Row]:
    """A heading and the runs, in `room` lines with the title's: one line each with all columns where these fit, two lines
    each where there is height, else one line with fewer columns."""
    whole = _columns(results)
    if _width(results, whole, width < NARROW) <= width:
        return _lines(results, whole, width)[: max(0, room - 1)]
    if 2 * len(results.runs) + 2 <= room:
        brief = [name for name in whole if name not in ("differs", "iterations", "seconds", "ending")]
        rows = _lines(results, _fitting(results, brief, width), width)
        second = [_second(one, results.unit, width) for one in results.runs]
        return [rows[0], *(line for pair in zip(rows[1:], second, strict=True) for line in pair)]
    lines = _lines(results, _fitting(results, whole, width), width)
    if len(lines) > room - 1 > 0:
        left = len(lines) - room + 2
        lines = [*lines[: room - 2], row((f"  and {left} more runs", "dim"))]
    return lines


def _columns(results: Results) -> list[str]:
    """The columns that say something of at least one run."""
    names = ["name", "differs", "train", "validation", "quality", "best", "iterations", "seconds", "ending"]
    empty = {name for name in names if all(getattr(one, name) in ("", "-") for one in results.runs)}
    if all(one.differs.endswith(one.name) for one in results.runs):
        empty.add("differs" if all(one.differs == one.name for one in results.runs) else "")
    return [name for name in names if name not in empty]


def _fitting(results: Results, names: list[str], width: int) -> list[str]:
    """As many of the columns as fit, those that say least dropped first; how a run ended always stays."""
    kept = list(names)
    for name in ("seconds", "iterations", "differs", "best", "quality", "train"):
        if _width(results, kept, width < NARROW) <= width:
            break
        if name in kept:
            kept.remove(name)
    return kept


def _cells(results: Results, name: str, narrow: bool, most: int = MOST) -> list[str]:
    titles = {
        "name": "run", "differs": "what differs", "train": "train", "validation": "valid.", "quality": results.quality,
        "best": "best", "iterations": "steps" if results.unit == "step" else "iterations", "seconds": "time",
        "ending": "ended",
    }  # fmt: skip
    if name == "differs":
        return [titles[name], *(cut(one.differs, most) for one in results.runs)]
    if name == "name":
        return [f"  {titles[name]}", *(_called(one, narrow) for one in results.runs)]
    return [titles[name], *(getattr(one, name) for one in results.runs)]


def _called(one: Result, narrow: bool) -> str:
    return cut(marked(one.letter, one.name), 11 if narrow else 20)


def _width(results: Results, names: list[str], narrow: bool) -> int:
    return sum(widest(_cells(results, name, narrow)) + 2 for name in names) + 1


def _lines(results: Results, names: list[str], width: int) -> list[Row]:
    most = MOST + max(0, width - _width(results, names, width < NARROW))  # the room that is left over is for what differs
    cells = [_cells(results, name, width < NARROW, most) for name in names]
    cells[0] = ["run", *cells[0][1:]]
    wide = [widest(column) for column in cells]
    rows: list[Row] = []
    for index in range(len(results.runs) + 1):
        spans: list[Span] = []
        for name, column, size in zip(names, cells, wide, strict=True):
            text = padded(column[index], size) if name in ("name", "differs", "ending") else column[index].rjust(size)
            role = "dim" if index == 0 else "text"
            if index and name == "name":
                role = results.runs[index - 1].role
            elif index and name == "ending":
                role = "warn"
            elif index - 1 == results.winner and name in ("validation", "train"):
                role = "strong"
            spans.append((f" {text} ", role))
        rows.append(fit(tuple(spans), width))
    return rows


def _second(one: Result, unit: str, width: int) -> Row:
    """Under a run: what differs, iterations, time, and how it ended if not as planned."""
    ending: Row = ((f"   {one.ending}", "warn"),) if one.ending else ()
    word = "steps" if unit == "step" else "iterations"
    amount = f"{one.iterations} {word} in {one.seconds}" if one.iterations != "-" else "nothing trained"
    for text in (f"   {one.differs}: {amount}", f"   {one.differs}", f"   {amount}"):
        if width_of(((text, "dim"), *ending)) <= width and one.differs:
            break
    return fit((*ending, (text, "dim")), width)


if __name__ == "__main__":
    from tui.panes.alone import main

    main(__file__)
