"""How text looks, and the shortest way to say so to a terminal that writes in another look at present.

A pen is what SGR sequences (ECMA-48, 8.3.117) set: attributes, a colour of the text and one behind it. Textual resets the
pen after each piece of text and says all of it again; three quarters of the bytes of a frame were that. Here only what
differs is said.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

#: Attributes that are seen on a blank too: underline, reverse, strike, double underline, frame, encircle, overline.
ON_BLANKS = frozenset({"4", "7", "9", "21", "51", "52", "53"})

#: What takes an attribute away alone; the others go with a reset.
TAKES_AWAY = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27", "9": "29"}

RESET = "\x1b[m"


class Pen(NamedTuple):
    """Attributes as their SGR codes, the colours of text and background as theirs ("" is the terminal's own)."""

    attributes: frozenset[str] = frozenset()
    front: str = ""
    back: str = ""


PLAIN = Pen()


@lru_cache(maxsize=4096)
def pen_of(style: Style | None, colours: ColorSystem) -> Pen:
    """The pen for a style, in as many colours as the terminal has."""
    if style is None:
        return PLAIN
    codes = Strip.render_ansi(style, colours)
    attributes, front, back = set(), "", ""
    parts = iter(codes.split(";") if codes else ())
    for part in parts:
        if part in ("38", "48"):
            kind = next(parts)
            colour = ";".join([part, kind, *(next(parts) for _ in range(1 if kind == "5" else 3))])
        elif (len(part) > 1 and part[0] in "349") or len(part) == 3:  # 30-49, 90-107
            colour = "" if part in ("39", "49") else part
        else:
            attributes.add(part)
            continue
        if part[0] == "4" or part.startswith("10"):
            back = colour
        else:
            front = colour
    return _one(Pen(frozenset(attributes), front, back))


@lru_cache(maxsize=4096)
def blank_of(pen: Pen) -> Pen:
    """What of a pen is seen on a blank."""
    seen = pen.attributes & ON_BLANKS
    return pen if seen else _one(Pen(back=pen.back))


@lru_cache(maxsize=8192)
def change(now: Pen | None, to: Pen, blank: bool = False) -> str:
    """What makes a terminal that writes with `now` (None: nobody knows) write with `to`.

    On a blank only what is seen there is changed.
    """
    if now is None:
        return RESET + change(PLAIN, to, blank)
    if blank and not to.attributes:
        to = Pen(now.attributes - ON_BLANKS, now.front, to.back)
    if now == to:
        return ""
    full = "\x1b[" + ";".join(["", *sorted(to.attributes), *filter(None, (to.front, to.back))]) + "m"
    gone = now.attributes - to.attributes
    if not gone <= TAKES_AWAY.keys():
        return full
    codes = sorted({TAKES_AWAY[code] for code in gone})
    kept = to.attributes & {"1", "2"} if "22" in codes else frozenset()
    codes += sorted((to.attributes - now.attributes) | kept)
    if to.front != now.front:
        codes.append(to.front or "39")
    if to.back != now.back:
        codes.append(to.back or "49")
    short = "\x1b[" + ";".join(codes) + "m"
    return min(short, full, key=len)


def after(now: Pen | None, to: Pen, blank: bool = False) -> Pen:
    """The pen that `change` leaves."""
    if blank and not to.attributes:
        now = now or PLAIN
        return _one(Pen(now.attributes - ON_BLANKS, now.front, to.back))
    return to


@lru_cache(maxsize=4096)
def _one(pen: Pen) -> Pen:
    """Always the same object for equal pens, so that cells are compared by identity first."""
    return pen
