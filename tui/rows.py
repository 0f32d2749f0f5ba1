"""Rows of styled text as pure values: made, measured, cut and wrapped, without a screen.

A row is (text, role) pairs. Ids of keys in a text become the keys in force (`tui.keyboard.named`) wherever it is measured,
so whoever makes rows need not know them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size

from tui.keyboard.named import named

Span = tuple[str, str]  # text, role
Row = tuple[Span, ...]


def row(*spans: Span | str) -> Row:
    """A row from spans; a bare string has the role 'text'."""
    return tuple((span, "text") if isinstance(span, str) else span for span in spans)


def plain(rows: Iterable[Row]) -> str:
    """The rows as text alone."""
    return "\n".join("".join(text for text, _ in filled(spans)).rstrip() for spans in rows)


def filled(spans: Row) -> Row:
    """The row with the keys in force in the place of their ids."""
    return tuple((named(text), role) for text, role in spans) if any("<" in text for text, _ in spans) else spans


def width_of(spans: Row) -> int:
    """How many cells a row takes."""
    return sum(cell_len(named(text)) for text, _ in spans)


def fit(spans: Row, width: int) -> Row:
    """The row cut to `width` cells, with an ellipsis where something is lost."""
    spans = filled(spans)
    if width_of(spans) <= width:
        return spans
    kept: list[Span] = []
    left = width - 1
    for text, role in spans:
        size = cell_len(text)
        if size > left:
            kept.append((set_cell_size(text, left).rstrip() + "…", role))
            break
        kept.append((text, role))
        left -= size
    return tuple(kept) if width > 0 else ()


def first_shown(at: int, count: int, room: int) -> int:
    """The first in sight of `count` lines, so that line `at` is in the middle of the `room` there is, as far as can be."""
    return max(0, min(at - room // 2, count - room))


def ends(left: Row, right: Row, width: int) -> Row:
    """`left` and `right` at the two ends of a row; what does not fit is cut from the left part's end."""
    right = fit(right, width)
    left = fit(left, max(0, width - width_of(right) - (1 if right else 0)))
    gap = width - width_of(left) - width_of(right)
    return (*left, (" " * gap, "text"), *right)


def heading(title: Row, width: int, focused: bool) -> Row:
    """The rule at the top of a pane, with its title in it."""
    role = "title-focus" if focused else "title"
    rule = "━" if focused else "─"
    while len(title) > 1 and title[-1][1] == "dim" and width_of(title) > width - 5:
        title = title[:-1]  # what only explains gives way first, and whole
    spans = fit(((f"{rule} ", role), *((text, role if kind == "text" else kind) for text, kind in title)), width - 2)
    return (*spans, (" " + rule * max(0, width - width_of(spans) - 1), role))


def wrapped(text: str, width: int, indent: int, role: str) -> list[Row]:
    """The text in lines of at most `width` cells, each with so many blanks before it as a span of their own."""
    lines = [line for part in named(text).split("\n") for line in textwrap.wrap(part, max(8, width - indent - 1))]
    return [((" " * indent, "text"), (line, role)) for line in lines or [""]]


def failing_rows(failed: str, width: int, height: int, focused: bool = False) -> list[Row]:
    """What stands in the place of a pane that could not be drawn: what went wrong, and what can be done."""
    if height < 3:
        return [fit(row((f" Not drawn: {failed}. <app.redraw> tries again", "bad")), width)][:height]
    rows = [heading((("This pane failed", "bad"),), width, focused), *wrapped(failed, width, 1, "text")]
    rows += [()] if len(rows) + 3 <= height else []
    said = (("Everything else goes on.", "text"), ("<app.redraw> tries again", "dim"))
    return [*rows, *(line for text, role in said for line in wrapped(text, width, 1, role))][:height]
