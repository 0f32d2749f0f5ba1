"""Tables in plain text: a line of names, then rows, the first column to the left and the others to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(title: str, names: Sequence[str], rows: Iterable[Sequence[object]], note: str = "") -> str:
    """The table with its title above and a note below; what is None is shown as a dash."""
    cells = [list(names), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names))]
    lines = [
        "  ".join(cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(pairs)).rstrip()
        for pairs in (list(zip(row, widths, strict=True)) for row in cells)
    ]
    lines.insert(1, "-" * sum(widths, 2 * (len(widths) - 1)))
    return "\n".join([title, "", *lines, *([note] if note else []), ""])


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}" if value < 1000 else f"{value:.0f}"
    return str(value)
