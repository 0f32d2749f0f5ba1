"""A plane of two features in colours: what the network says everywhere in it, with the rows that it learns from.

Colours are half a cell high, so the picture has twice the rows of the screen. The boundary is a line and each class's region
has its name, so that it can be seen without telling the colours apart; the other way to look needs no colour at all, since
each row's letter says its class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tui.canvas import Row, Span
from tui.figures import cells_of, cut, cut_name
from tui.inside.cells import Braille, Cells
from tui.inside.marks import (
    class_glyph,
    class_role,
    class_roles,
    number_text,
    resized,
    said,
    signed,
    signed_roles,
    wrong_mark,
)
from tui.inside.shading import GLYPHS

LABELLED, NAMED, KEYED = 34, 5, 8  # columns from which y has labels, rows from which x has, and from which there is a key
SHADE = " ░▒▓█"
Side = Callable[[int, int], list[Row]]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Rows of the table: where they lie, 0 to 1 from the left and from the top, and whether they are validation rows.

    `kind` (n,) is the class of each. `off` (n,) is 0 where the network is right, and else which way it is wrong: 1, or for
    a regression 1 where the true value is higher than what the network says, -1 where it is lower.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    kind: NDArray[np.intp]
    off: NDArray[np.intp]
    seen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """`values` (h, w, classes) are log probabilities on a grid from edge to edge, the top row first; of a regression
    (h, w, 1), predictions from -1 to 1 of `scale`, the lowest and highest number that has a colour of its own.

    `limits` are of x and of y, in the table's own units; `beside` draws what stands on the right where there is room.
    """

    titles: tuple[Row, ...]
    hint: str
    values: NDArray[np.float64]
    points: Points
    names: tuple[str, str]
    limits: tuple[tuple[float, float], tuple[float, float]]
    classes: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    scale: tuple[float, float] = (0.0, 1.0)
    close: float = 0.0  # a prediction so near to the true value counts as right
    characters: bool = False
    remark: str = ""
    beside: Side | None = None

    def rows(self, width: int, height: int) -> list[Row]:
        """The plane with its axes and its key, as high and as wide as there is room."""
        if width < 4 or height < 1:
            return []
        cells = Cells(width, height)
        field = width
        if self.beside is not None and width >= 96 and height >= 10:
            field = min(width - 34, max(60, round(2.6 * height)))
            cells.paste(field + 3, 0, self.beside(width - field - 3, height))
        keyed, named = height >= KEYED, height >= NAMED
        low, high = (number_text(edge) for edge in self.limits[1])
        left = max(len(low), len(high)) + 1 if width >= LABELLED else 0
        columns, lines = field - left, height - keyed - named
        if left:
            cells.put(left - 1 - len(high), 0, high, "axis")
            cells.put(left - 1 - len(low), lines - 1, low, "axis")
        (self._characters if self.characters else self._colours)(cells, left, columns, lines)
        if named:
            self._axis(cells, left, columns, lines)
        if keyed:
            cells.paste(left, height - 1, [_fitting(self._key(), columns)])
        return cells.rows()

    # the field

    def _colours(self, cells: Cells, left: int, columns: int, lines: int) -> None:
        values = resized(self.values, 2 * lines, columns)
        if self.classes:
            best, sure = said(values)
            codes, roles = np.where(best < 0, -1, 3 * best + sure), class_roles(len(self.classes))
            glyphs = "".join(class_glyph(code // 3) for code in range(len(roles)))
        else:
            codes, roles = signed(np.clip(values[:, :, 0], -1, 1), rest=-1.0), signed_roles()
            glyphs = GLYPHS
        cells.halves(left, 0, codes, roles, glyphs)
        if self.classes:
            fine = said(resized(self.values, 4 * lines, 2 * columns))[0]
            _border(fine, "text").onto(cells, left)
        for x, y, index in self._placed(columns, lines):
            kind, off, seen = int(self.points.kind[index]), int(self.points.off[index]), bool(self.points.seen[index])
            if self.classes:
                mark = ("X" if off else "o") if seen else ("x" if off else "•")
                role = class_role(kind)
            else:
                mark, role = "-o+"[off + 1] if seen else "-•+"[off + 1], "strong"
            cells.over(left + x, y, mark, role)
        for index, name in enumerate(self.classes):
            self._label(cells, left, codes[::2] // 3 == index, f" {cut(name, 16)} ", "strong")

    def _characters(self, cells: Cells, left: int, columns: int, lines: int) -> None:
        if not self.classes:
            values = np.clip(resized(self.values, lines, columns)[:, :, 0], -1, 1)
            shades = np.where(np.isnan(values), 0, np.floor((np.nan_to_num(values) + 1) / 2.0001 * len(SHADE)))
            for y, line in enumerate(shades.astype(np.intp).tolist()):
                cells.put(left, y, "".join(SHADE[shade] for shade in line), "dim")
            for x, y, index in self._placed(columns, lines):
                cells.put(left + x, y, "-•+"[int(self.points.off[index]) + 1], "strong")
            return
        fine = said(resized(self.values, 4 * lines, 2 * columns))[0]
        braille = _border(fine, "strong")
        for x, y, index in self._placed(columns, lines):
            kind, off = int(self.points.kind[index]), int(self.points.off[index])
            letter = self.letters[kind]
            cells.put(left + x, y, wrong_mark(letter) if off else letter, "bad" if off else f"{class_role(kind)}")
        braille.onto(cells, left)
        for index, name in enumerate(self.classes):
            self._label(cells, left, fine[2::4, 1::2] == index, f" {cut(name, 16)} ", class_role(index))

    def _label(self, cells: Cells, left: int, mask: NDArray[np.bool_], text: str, role: str) -> None:
        """The name of a class where its region is widest, if there is room for it."""
        run, best = np.zeros(mask.shape[0], np.intp), np.zeros(mask.shape, np.intp)
        for column in range(mask.shape[1]):
            run = np.where(mask[:, column], run + 1, 0)
            best[:, column] = run
        length = int(best.max())
        if length >= len(text) + 2:
            same = np.flatnonzero(best.max(axis=1) >= 0.9 * length)  # in the middle of the rows that are about as wide
            row = int(same[len(same) // 2])
            end = int(best[row].argmax())
            start = left + end + 1 - int(best[row, end])
            cells.over(start + (int(best[row, end]) - cell_len(text)) // 2, row, text, role)

    def _placed(self, columns: int, lines: int) -> list[tuple[int, int, int]]:
        """(x, y, point): wrong ones first, then right ones, as many as do not form a wall."""
        points = self.points
        x = np.minimum((points.x * columns).astype(np.intp), columns - 1).tolist()
        y = np.minimum((points.y * lines).astype(np.intp), lines - 1).tolist()
        found: dict[tuple[int, int], int] = {}
        right = points.off == 0
        turn = np.empty(len(right))  # wrong before right, and of each kind validation and training rows in turn
        for part in (points.seen, ~points.seen):
            turn[part] = (np.arange(part.sum()) + 0.5) / max(1, part.sum())
        for index in np.lexsort((turn, right)).tolist():
            at = (y[index], x[index])
            around = _AROUND if right[index] else _BESIDE
            if at not in found and not any((at[0] + up, at[1] + aside) in found for up, aside in around):
                found[at] = index
        return [(column, row, index) for (row, column), index in found.items()]

    # around it

    def _axis(self, cells: Cells, left: int, columns: int, y: int) -> None:
        low, high = (number_text(edge) for edge in self.limits[0])
        cells.put(left, y, low, "axis")
        cells.put(left + columns - len(high), y, high, "axis")
        across, up = (cut_name(name, max(6, columns // 2 - 10)) for name in self.names)
        room = columns - len(low) - len(high) - 2
        name = next((one for one in (f"→ {across}   ↑ {up}", f"→ {cut(across, room - 2)}") if cells_of(one) <= room), "")
        cells.put(left + len(low) + 1 + max(0, room - cells_of(name)) // 2, y, name, "dim")

    def _key(self) -> list[Span]:
        if not self.classes:
            near = number_text(self.close)
            low, high = (number_text(edge) for edge in self.scale)
            swatches: list[Span] = [(glyph, f"{role}/{role}") for glyph, role in zip(GLYPHS, signed_roles(), strict=True)]
            scale = [(SHADE, "dim")] if self.characters else swatches
            marks: list[Span] = [(f"   • ±{near}", "dim"), ("  + truly higher  - lower", "dim")]
            return [(f"{low} ", "dim"), *scale, (f" {high}", "dim"), *marks, (self._aside(), "dim")]
        found: list[Span] = []
        for index, name in enumerate(self.classes):
            role, letter, called = class_role(index), self.letters[index], cut(name, 16)
            if self.characters:
                found += [(f"{letter} ", role), *([(f"{called}  ", "text")] if name != letter else [])]
            else:
                swatch, few = (class_glyph(index), f"{role}-strong/{role}-strong"), len(self.classes) <= 4
                found += [swatch, *([swatch, (f" {called}  ", "text")] if few else [(f"{called} ", "text")])]
        validation = bool(self.points.seen.any())
        if self.characters:
            found.append(("A capital" if self.letters[0].isalpha() else "x", "bad"))
            return [*found, (" is wrong", "dim"), (self._aside(), "dim")]
        marks = [("• o right  x X wrong", "dim"), ("  (o X validation)", "dim")]
        return [*found, *(marks if validation else [("• right  x wrong", "dim")]), (self._aside(), "dim")]

    def _aside(self) -> str:
        return f"   {self.remark}" if self.remark else ""


#: Where another mark would be too near, as (rows, columns) away: of a wrong row, and of a right one.
_BESIDE = [(0, -1), (0, 1)]
_AROUND = [(0, -2), (0, -1), (0, 1), (0, 2), (-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]


def _border(best: NDArray[np.intp], role: str) -> Braille:
    """A line wherever the likeliest class (4 x rows, 2 x columns) is another than beside or below."""
    edge = np.zeros(best.shape, bool)
    edge[:, :-1] |= best[:, :-1] != best[:, 1:]
    edge[:-1] |= best[:-1] != best[1:]
    braille = Braille(best.shape[1] // 2, best.shape[0] // 4)
    down, across = np.nonzero(edge)
    braille.dots(across, down, role)
    return braille


def _fitting(spans: list[Span], width: int) -> Row:
    """As many spans as fit; what has no room is left out whole."""
    found: list[Span] = []
    for text, role in spans:
        if sum(cells_of(one) for one, _ in found) + cells_of(text.rstrip()) > width:
            break
        found.append((text, role))
    return tuple(found)


def no_numbers(values: NDArray[Any]) -> bool:
    """Whether not one of the values is a number."""
    return not bool(np.isfinite(values).any())
