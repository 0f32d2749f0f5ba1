"""The lab in printable ASCII alone (`--ascii`): what stands for each character that a plain terminal does not have.

Pictures are made as ever, in rows of text with roles; on its way to the screen a canvas asks `in_ascii` what to draw in
their place. The eight dots of a braille cell become its upper and its lower half, as ' . or :, and each run of a
comparison has characters of its own for these. Whatever else is on the screen, borders and sheets and what somebody has
typed, goes through `AsciiFilter` at the very end. What takes one cell takes one cell in ASCII too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from tui.terminal.encoding import ALL, Characters

UNKNOWN = "?"
BRAILLE = range(0x2800, 0x2900)
UPPER, LOWER = 0x1B, 0xE4  # the bits of a braille cell's upper two rows of dots, and of its lower two

#: What the upper half of a cell, its lower half and both are in a curve: the same dots on a grid of one column and two rows.
Halves = tuple[str, str, str]
HALVES: Halves = ("'", ".", ":")

#: Curves that must be told from others, by their roles; what stands for a line in a legend is the last of the three.
CURVES: dict[str, Halves] = {
    "run-2": ('"', ",", ";"),
    "run-3": ("~", "-", "="),
    "run-4": ("#", "#", "#"),
    "run-5": ("%", "%", "%"),
    "run-6": ("&", "&", "&"),
    "ghost": ("~", "-", "="),
    "band": (",", ",", ","),
    "axis": (".", ".", "."),
    "faint": (",", ",", ","),
    "dim": (".", ".", "."),
    **{f"class-2{shade}": ("~", "~", "~") for shade in ("", "-faint", "-medium", "-strong")},  # numbers below zero
}
WAY = ("*", "*", "*")  # a line over a map of shades
OF_CURVES = ("train", "run-", "ghost")  # roles in which ─ is what a legend calls a line
RAMPS = ("shade-", "heat-")
RAMP = " .:+%#"  # of the six shades, from the faintest
SCROLLS = "▁▂▃▄▅▆▇▏▎▍▌▋▊▉"  # the rounded ends of a scroll bar


class Spelling(dict[int, str]):
    """For `str.translate`: one character or, of a wide one, two for each that is not in the table."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _nearest(chr(code))
        return found


def _table(signs: str, spelt: str) -> dict[int, str]:
    return dict(zip(map(ord, signs), spelt, strict=True))


#: All characters that descent draws, and Textual's. Others are found by their Unicode names.
SPELT = Spelling(
    _table("─━╌·…↻", "-=~.~r")
    | _table("▁▂▃▄▅▆▇█", "_,-=+*%#")  # rising
    | _table("░▒▓▀", '.+%"')  # darker; the upper half
    | _table("▌▐▎▏▕▊▔", "||||||-")  # the edges of Textual's sheets
    | _table("→←↑↓↗↘↙↖", "><^v/\\/\\")
    | _table("•●▲▼▶◀±", "*@^v><~")
    | _table("\u2018\u2019\u201c\u201d\u2013\u2014\u2212\u00d7", "''\"\"---x")  # quotes, dashes, minus, times
)


@cache
def _nearest(character: str) -> str:
    """What is like a character, in as many cells as it takes."""
    if " " <= character <= "~":
        return character
    size, code = cell_len(character), ord(character)
    if code in BRAILLE:
        return _halved(code, HALVES)
    if not size:
        return ""
    if 0x2500 <= code < 0x2580:  # lines of boxes
        name = unicodedata.name(character)
        if "DIAGONAL" in name:
            return "x" if "CROSS" in name else "/" if "UPPER RIGHT TO" in name else "\\"
        across, down = ("HORIZONTAL" in name or "LEFT" in name), ("VERTICAL" in name or "UP" in name)
        crossing = " AND " in name or "ARC" in name or (across and down)
        return "+" if crossing else "|" if down or "DOWN" in name else "-"
    if 0x2580 <= code < 0x25A0:  # parts of a block
        return "#"
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if " " <= part <= "~")  # é is e
    return plain if len(plain) == size else UNKNOWN * size


def _halved(code: int, halves: Halves) -> str:
    upper, lower = code & UPPER, code & LOWER
    return halves[2] if upper and lower else halves[0] if upper else halves[1] if lower else " "


@lru_cache(maxsize=4096)
def spelled(text: str) -> str:
    """The text in printable ASCII, in as many cells."""
    return _translated(text, SPELT)


def _translated(text: str, table: Spelling) -> str:
    found = text.translate(table)
    if len(found) != cell_len(text):  # several characters make one sign, as in a flag
        found = ""
        for end, character in enumerate(text, 1):
            size = cell_len(text[:end])
            found = (found + character.translate(table))[:size].ljust(size)
    return found


@cache
def _spelling(role: str) -> Spelling:
    """The table for what is drawn in a role."""
    table = Spelling(SPELT)
    front, _, back = role.partition("/")
    if halves := CURVES.get(front):
        table.update({code: _halved(code, halves) for code in BRAILLE})
    if front.startswith(OF_CURVES):
        table[ord("─")] = CURVES.get(front, HALVES)[2]
    if front == "ghost":
        table[ord("▒")] = CURVES["band"][2]  # in the legend of the band
    if front.startswith(RAMPS):
        table.update(_table("░▀▄", ":" + 2 * RAMP[int(front[-1]) - 1]))
    elif back.startswith(RAMPS):
        table.update({code: _halved(code, WAY) for code in BRAILLE})
    return table


def _of_one_colour(role: str) -> str:
    """The role of a cell whose halves have two: between the two shades, else the front one's."""
    front, _, back = role.partition("/")
    if front.startswith(RAMPS) and back.startswith(RAMPS):
        front = f"{front[:-1]}{(int(front[-1]) + int(back[-1]) + 1) // 2}"
    return f"{front}/{front}"


def in_ascii(text: str, role: str) -> tuple[str, str]:
    """What to draw for a span of a canvas, and its role: a cell that is parted in two colours is in that of its front."""
    if text.isascii():
        return text, role
    if "/" in role and text[0] in "▀▄":
        role = _of_one_colour(role)
    return _translated(text, _spelling(role)), role


class AsciiFilter(LineFilter):
    """Textual asks it about every line that goes to the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The line in printable ASCII."""
        return [one if one.text.isascii() and one.text.isprintable() else self._spelled(one) for one in segments]

    def _spelled(self, one: Segment) -> Segment:
        text, style, control = one
        if text[0] in SCROLLS and style is not None and "@mouse.down" in style.meta:
            return Segment(" " * len(text), style, control)
        return Segment(spelled(text), style, control)


_FILTER = AsciiFilter()


class DrawsCharacters(App[Any]):
    """An app of which it is known which characters its terminal has."""

    characters: Characters = ALL

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's, and ours where only ASCII is drawn."""
        usual = super().get_line_filters()
        return (*usual, _FILTER) if self.characters.ascii_only else usual


def only_ascii(app: App[Any]) -> bool:
    """Whether an app draws only ASCII."""
    return isinstance(app, DrawsCharacters) and app.characters.ascii_only
