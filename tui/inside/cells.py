"""A sheet of cells to draw on in any order: characters with roles, half blocks, and dots of braille.

What is drawn outside of it is not there, so a picture never grows wider or higher than its room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tui.canvas import SHOWN, Row, Span

BLANK: Span = (" ", "text")
#: The dot of braille at (row, column) of a cell of four rows and two columns.
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


class Cells:
    """`height` rows of `width` cells, blank at first."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self._cells: list[list[Span]] = [[BLANK] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, role: str = "text") -> None:
        """Write the text from cell (x, y) on to the right."""
        if not 0 <= y < self.height:
            return
        line = self._cells[y]
        for character in text.translate(SHOWN):
            size = cell_len(character)
            if x >= 0 and x + size <= self.width and size:
                if not line[x][0]:  # the second half of a wide character, whose first half goes with it
                    line[x - 1] = BLANK
                if x + size < self.width and not line[x + size][0]:
                    line[x + size] = BLANK
                line[x : x + size] = [(character, role), *[("", role)] * (size - 1)]
            x += size

    def set(self, x: int, y: int, character: str, role: str) -> None:
        """Put one narrow character where nothing wide stands."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self._cells[y][x] = (character, role)

    def over(self, x: int, y: int, text: str, role: str) -> None:
        """Write the text from cell (x, y) on to the right, each character in front of the colour that is there."""
        for character in text:
            here = self._cells[y][x][1] if 0 <= x < self.width and 0 <= y < self.height else ""
            under = here.partition("/")[2]
            self.put(x, y, character, f"{role}/{under}" if under else role)
            x += cell_len(character)

    def centred(self, middle: float, y: int, text: str, role: str = "text") -> None:
        """Write the text around a column, moved as far as it must be to stay on the sheet."""
        size = cell_len(text)
        self.put(max(0, min(self.width - size, round(middle - size / 2))), y, text, role)

    def halves(self, left: int, top: int, codes: NDArray[Any], roles: Sequence[str], glyphs: str) -> None:
        """Fill half cells from (left, top) on: `codes` (2 x rows, columns) counts in `roles`, below 0 stays blank.

        A cell whose halves are alike is the character of its code in `glyphs`, on its own colour: not to be seen, but there
        where there is no colour.
        """
        for below, (upper, lower) in enumerate(zip(codes[::2].tolist(), codes[1::2].tolist(), strict=True)):
            line = [_half(*pair, roles, glyphs) for pair in zip(upper, lower, strict=True)]
            if 0 <= top + below < self.height:
                self._cells[top + below][left : left + len(line)] = line[: self.width - left]

    def filled(self, x: int, y: int) -> bool:
        """Whether something stands in a cell."""
        return self._cells[y][x][0] != " "

    def paste(self, x: int, y: int, rows: Sequence[Row]) -> None:
        """Write rows with their upper left corner at (x, y)."""
        for below, spans in enumerate(rows):
            right = x
            for text, role in spans:
                self.put(right, y + below, text, role)
                right += cell_len(text)

    def rows(self) -> list[Row]:
        """What was drawn, cells of one role together."""
        found = []
        for line in self._cells:
            spans: list[Span] = []
            role, texts = "text", list[str]()
            for text, kind in line:
                if kind != role and (text != " " or "/" in role + kind):  # a blank looks the same in front of nothing
                    if texts:
                        spans.append(("".join(texts), role))
                    role, texts = kind, []
                texts.append(text)
            spans.append(("".join(texts), role))
            found.append(tuple(span for span in spans if span[0]))
        return found


def _half(upper: int, lower: int, roles: Sequence[str], glyphs: str) -> Span:
    if upper == lower >= 0:
        return glyphs[upper], f"{roles[upper]}/{roles[upper]}"
    if upper >= 0 and lower >= 0:
        return "▀", f"{roles[upper]}/{roles[lower]}"
    if upper < 0 and lower < 0:
        return BLANK
    return ("▀", roles[upper]) if upper >= 0 else ("▄", roles[lower])


class Braille:
    """Dots, four rows and two columns of them a cell, each cell in the role of what was drawn there last."""

    def __init__(self, width: int, height: int) -> None:
        self.height = height
        self._lit = np.zeros((max(0, height) * 4, max(0, width) * 2), bool)
        self._role = np.full((max(0, height), max(0, width)), -1)
        self._roles: list[str] = []

    def dots(self, x: NDArray[Any], y: NDArray[Any], role: str) -> None:
        """Set dots at whole numbers, counted from the upper left; those outside are left out."""
        rows, columns = self._lit.shape
        inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        x, y = x[inside], y[inside]
        if role not in self._roles:
            self._roles.append(role)
        self._lit[y, x] = True
        self._role[y // 4, x // 2] = self._roles.index(role)

    def line(self, start: tuple[float, float], end: tuple[float, float], role: str, dashed: bool = False) -> None:
        """A straight line between two dots; `dashed` leaves out two of every four."""
        steps = int(max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)) + 1
        x, y = (np.rint(np.linspace(a, b, steps)).astype(np.intp) for a, b in zip(start, end, strict=True))
        if dashed:
            kept = np.arange(steps) % 4 < 2
            x, y = x[kept], y[kept]
        self.dots(x, y, role)

    def onto(self, cells: Cells, left: int = 0, top: int = 0) -> None:
        """Write every cell that has a dot, over what is there."""
        rows, columns = self._role.shape
        codes = (self._lit.reshape(rows, 4, columns, 2) * _DOTS[:, None, :]).sum(axis=(1, 3))
        for y, x in zip(*(places.tolist() for places in np.nonzero(codes)), strict=True):
            cells.over(left + x, top + y, chr(0x2800 + int(codes[y, x])), self._roles[int(self._role[y, x])])
