"""What the terminal shows, cell by cell, so that only what changes is written to it.

Textual repaints whole spans of rows. Of those most cells are as they were; over a slow line each costs its bytes again.
`Shown` takes Textual's updates, compares them with what is there, and says the difference in few bytes: a move to the
first cell that changed, the characters, and the pen only where it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate

from tui.terminal.pens import PLAIN, Pen, after, blank_of, change, pen_of

Cell = tuple[str, Pen]  # a character, with what combines with it; "": the right half of a wide one
Piece = tuple[int, int, Iterable[Segment]]  # line, column, what is written from there

UNKNOWN: Cell = ("\0", PLAIN)  # never painted, so always different
CLOSE = 4  # cells that are written again rather than skipped: a move costs as much


class Shown:
    """A terminal of `columns` by `lines`, whose contents are not known yet."""

    def __init__(self, columns: int, lines: int, colours: ColorSystem | None) -> None:
        self.columns, self.lines = columns, lines
        self.colours = colours or ColorSystem.STANDARD
        self.rows: list[list[Cell]] = [[UNKNOWN] * self.columns for _ in range(self.lines)]
        self._pen: Pen | None = None

    def written(self, pieces: Iterable[Piece]) -> str:
        """The bytes that make the terminal show these pieces; "" if it does already."""
        out: list[str] = []
        self._at: tuple[int, int] | None = None
        for line, column, segments in pieces:
            if 0 <= line < self.lines:
                self._put(out, line, column, self._cells(segments))
        return "".join(out)

    def _cells(self, segments: Iterable[Segment]) -> list[Cell]:
        cells: list[Cell] = []
        for text, style, control in segments:
            if control:
                continue
            pen = pen_of(style, self.colours)
            blank = (" ", blank_of(pen))
            for character in text:
                if character == " ":
                    cells.append(blank)
                elif not character.isprintable():
                    continue  # what a terminal obeys has no cell; who shows a text says where one stood
                elif character < "\x7f" or (size := cells_of(character)) == 1:
                    cells.append((character, pen))
                elif size == 2:
                    cells += [(character, pen), ("", pen)]
                elif cells:
                    cells[-1] = (cells[-1][0] + character, cells[-1][1])
        return cells

    def _put(self, out: list[str], line: int, column: int, new: list[Cell]) -> None:
        """Write the cells that differ from those in this line."""
        row = self.rows[line]
        new = new[: max(0, self.columns - column)]
        if row[column : column + len(new)] == new:
            return
        if row[column][0] == "" and column:
            row[column - 1] = UNKNOWN  # the left half of what is overwritten here
        for index, cell in enumerate(new, column):
            if row[index] == cell:
                continue
            if cell[0] == "":  # what was over its right half goes only with the whole
                index -= 1
                cell = row[index]
            self._write(out, line, index, cell, row)
            row[index] = cell
            if index + 1 < self.columns and cells_of(cell[0][0]) == 2:
                row[index + 1] = ("", cell[1])

    def _write(self, out: list[str], line: int, column: int, cell: Cell, row: list[Cell]) -> None:
        """Go there, take the pen, and write."""
        if self._at != (line, column):
            out.append(self._moved(line, column, row))
        text, pen = cell
        blank = text == " "
        if self._pen is not pen:
            out.append(change(self._pen, pen, blank))
            self._pen = after(self._pen, pen, blank)
        out.append(text)
        wide = len(text) > 1 or cells_of(text) != 1  # terminals do not agree on how wide it is: move anew
        self._at = None if wide or column + 1 == self.columns else (line, column + 1)

    def _moved(self, line: int, column: int, row: list[Cell]) -> str:
        if self._at is None or self._at[0] != line or self._at[1] > column:
            return f"\x1b[{line + 1};{column + 1}H"
        between = row[self._at[1] : column]
        if len(between) <= CLOSE and all(
            len(text) == 1 and text.isascii() and text != "\0" and not change(self._pen, pen, text == " ")
            for text, pen in between
        ):
            return "".join(text for text, _ in between)
        return f"\x1b[{len(between)}C" if len(between) > 1 else "\x1b[C"


@lru_cache(maxsize=4096)
def cells_of(character: str) -> int:
    """How many cells it takes: 0, 1 or 2."""
    return get_character_cell_size(character)


def pieces_of(update: object) -> Iterator[Piece] | None:
    """What an update of Textual's compositor paints, and where; None where it is something else."""
    if isinstance(update, ChopsUpdate):
        return _of_chops(update)
    if isinstance(update, LayoutUpdate):
        return _of_layout(update)
    return None


def _of_layout(update: LayoutUpdate) -> Iterator[Piece]:
    left = update.region.x
    for line, strips in enumerate(update.strips, update.region.y):
        yield line, left, (segment for strip in strips for segment in strip)


def _of_chops(update: ChopsUpdate) -> Iterator[Piece]:
    """Each chop that lies in a span, cut at its end (as `ChopsUpdate.render_segments` does)."""
    for line, first, last in update.spans:
        for end, (column, strip) in zip(update.chop_ends[line], update.chops[line].items(), strict=False):
            if strip is not None and column <= last and end > first:
                yield line, column, strip if end <= last else strip.crop(0, min(end, last) - column)
