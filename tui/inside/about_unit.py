"""What there is to say of one unit: its bias, how it answers, what it listens to most, and for pictures, to which pixels.

The numbers of its weights stand in order of size; the pixels' weights are drawn in the shape of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.canvas import Row, Span, fit, width_of
from tui.figures import cut, cut_name, short
from tui.inside.cells import Cells
from tui.inside.marks import NEGATIVE, POSITIVE, SIGNED_GLYPHS, in_pairs, signed, signed_roles, signed_text

BAR = 8  # cells


@dataclass(frozen=True, slots=True, eq=False)
class AboutUnit:
    """`weights` (inputs,) are what comes in from units or features called `names`; `mean` is of its outputs over the rows
    looked at; `picture` (rows, columns) where the inputs are pixels; `plain` where there are no colours."""

    name: str
    activation: str
    bias: float
    mean: float
    dead: bool
    weights: NDArray[np.float64]
    names: tuple[str, ...]
    picture: tuple[int, int] | None
    plain: bool = False

    @property
    def strongest(self) -> list[int]:
        """The inputs from the largest weight on; NaN last."""
        return [int(index) for index in np.argsort(-np.nan_to_num(np.abs(self.weights), nan=-1.0), kind="stable")]

    def lines(self, width: int, height: int) -> list[Row]:
        """In one to three lines."""
        state: Span = ("  dead: 0 for every row", "bad") if self.dead else (f"  mean output {short(self.mean)}", "text")
        bias: Span = (f"  bias {with_sign(self.bias)}", "text")
        words: list[Span] = [(self.name, "strong"), bias, state]
        found: list[Row] = [fit(tuple(words if len(self.name + bias[0] + state[0]) <= width else words[::2]), width)]
        spans: list[Span] = [("listens to  ", "dim")]
        for index in self.strongest:
            spans.append((f"{cut_name(self.names[index], 15)} {with_sign(self.weights[index])}", _role(self.weights[index])))
            spans.append(("   ", "dim"))
            if width_of(tuple(spans)) > width * (height - 1):
                break
        line: list[Span] = []
        for text, role in spans:
            if width_of(tuple(line)) + len(text.rstrip()) > width:
                found.append(tuple(line))
                line = [(" " * 12, "dim")] if text.strip() else []
            line.append((cut(text, max(0, width - width_of(tuple(line)))), role))
        found.append(tuple(line))
        return found[:height]

    def panel(self, width: int, height: int) -> list[Row]:
        """In a column of its own: words, the strongest weights with bars, the picture of the weights."""
        kind = f"{self.activation}  " if self.activation else ""
        cells = Cells(width, height)
        cells.put(0, 0, cut(self.name, width), "strong")
        cells.put(0, 1, cut(f"{kind}bias {with_sign(self.bias)}", width))
        if self.dead:
            cells.put(0, 2, cut("dead: 0 for every row", width), "bad")
        else:
            cells.put(0, 2, cut(f"mean output {short(self.mean)}", width))
        top = 4
        if self.picture is not None:
            top = self._picture(cells, top) + 1
        left = height - top - 1
        if left >= 2:
            cells.put(0, top, cut("It listens most to", width), "dim")
            self._bars(cells, top + 1, min(left, len(self.weights), 12))
        return cells.rows()

    def _bars(self, cells: Cells, top: int, count: int) -> None:
        with np.errstate(invalid="ignore"):
            largest = float(np.nanmax(np.abs(self.weights), initial=0.0))
        numbers = 8
        bar = BAR if cells.width >= 30 else 0
        for row, index in enumerate(self.strongest[:count]):
            weight = float(self.weights[index])
            cells.put(0, top + row, cut_name(self.names[index], cells.width - numbers - bar - 1))
            text = with_sign(weight)
            cells.put(cells.width - bar - 1 - len(text), top + row, text, _role(weight))
            length = round(abs(weight) / largest * BAR) if np.isfinite(weight) and 0 < largest < np.inf else 0
            if bar:
                cells.put(cells.width - bar, top + row, ("█" if weight >= 0 else "▒") * length, _role(weight))

    def _picture(self, cells: Cells, top: int) -> int:
        """The weights in the shape of the picture, two cells a pixel where there is room; the line below it."""
        assert self.picture is not None
        rows, columns = self.picture
        largest = float(np.abs(self.weights[np.isfinite(self.weights)]).max(initial=0.0)) or 1.0
        shaped: NDArray[Any] = (self.weights / largest).reshape(rows, columns)
        roles = signed_roles()
        if 2 * columns <= cells.width and top + rows + 6 <= cells.height:
            cells.put(0, top - 1, cut("its weights, + and -", cells.width), "dim")
            codes, texts = signed(shaped), signed_text(shaped)
            for y in range(rows):
                for x in range(columns):
                    code = int(codes[y, x])
                    if code >= 0:
                        front = POSITIVE if code >= 3 else NEGATIVE
                        cells.put(2 * x, top + y, texts[y][x] * 2, f"{front}/{roles[code]}")
                    else:
                        cells.put(2 * x, top + y, "··", "dim")
            return top + rows
        if columns <= cells.width and top + rows // 2 + 1 <= cells.height:
            cells.put(0, top - 1, cut("its weights", cells.width), "dim")
            whole = np.vstack([shaped, np.zeros((rows % 2, columns))])
            cells.halves(0, top, signed(in_pairs(whole) if self.plain else whole), roles, SIGNED_GLYPHS)
            return top + len(whole) // 2
        return top - 1


def with_sign(value: float) -> str:
    """+0.123, -0.123, NaN."""
    return f"+{short(value)}" if value >= 0 else short(float(value))


def _role(value: float) -> str:
    return POSITIVE if value >= 0 else NEGATIVE if value < 0 else "bad"
