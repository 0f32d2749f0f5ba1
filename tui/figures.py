"""Numbers and names as people read them: as many digits as say something, always the same width where they change fast, and
names cut to the room there is, counted in cells of the terminal (a character of Chinese takes two)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from presets.reading import printable as printable  # for all that is shown

LONGEST = 700  # characters of a line of an error


def short(value: float | None) -> str:
    """A loss or rate in at most 7 characters, of a fixed form so that it does not jump while it changes: 0.040, 18.34, 3842,
    9.1e-04, NaN."""
    if value is None:
        return "-"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0.0:
        return "0.000"
    if size < 0.001 or size >= 99_999.5:
        text = f"{value:.1e}"
        if len(text) > 7:  # three digits of exponent
            text = text.replace("e+", "e") if size > 1 else f"{value:.0e}"
        return text
    if size < 9.9995:
        return f"{value:.3f}"
    if size < 99.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if size < 999.95 else f"{value:.0f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A fraction as a percentage; 100 % only where it is all of them."""
    if value is None:
        return "-"
    text = f"{100 * value:.{digits}f}"
    if value < 1.0 and float(text) == 100.0:
        text = f"{100 - 10**-digits:.{digits}f}"
    return f"{text}%"


def count(amount: int, noun: str) -> str:
    """'1 epoch', '2 epochs'."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def tidy(text: str) -> str:
    """An error as it may be shown: printable lines, of which nobody has to read thousands of characters."""
    lines = map(printable, text.split("\n"))
    return "\n".join(
        line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} ... {line[-LONGEST // 3 :]}" for line in lines
    )


def cells_of(text: str) -> int:
    """How many cells a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # here, since help and lists of names, which are plain letters, appear without Rich

    return cell_len(text)


def cut(text: str, width: int, sign: str = "…") -> str:
    """The text in at most `width` cells, with a sign for what had no room."""
    if cells_of(text) <= width:
        return text
    room = max(0, width - len(sign))
    if not text.isascii():
        from rich.cells import set_cell_size

        return set_cell_size(text, room).rstrip() + sign[: max(0, width)]
    return text[:room].rstrip() + sign[: max(0, width)]


def padded(text: str, width: int) -> str:
    """The text in exactly `width` cells, so that what follows stands in a column; a `?` for each control character."""
    text = cut(printable(text), width)
    return text + " " * (width - cells_of(text))


def widest(texts: Iterable[str]) -> int:
    """The cells of the widest text; 0 of none."""
    return max(map(cells_of, texts), default=0)


def cut_name(name: str, width: int) -> str:
    """The name of a column in at most `width` cells; its unit gives way first: 'petal length (cm)', 'petal length'."""
    bare = name[: name.rindex(" (")] if name.endswith(")") and " (" in name else name
    return name if cells_of(name) <= width else cut(bare, width)


def exact(value: float | str) -> str:
    """A setting as one would type it: 0.001, 1e-05, 32."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """Time left: 13 s, 4 min, 2 h."""
    if not math.isfinite(seconds):
        return ""
    if seconds < 100:
        return f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} min" if seconds < 6000 else f"{math.ceil(seconds / 3600)} h"


def rate(per_second: float) -> str:
    """Iterations a second: 4.6 it/s, 107 it/s, 12k it/s."""
    if per_second < 9.95:
        return f"{per_second:.1f} it/s"
    return f"{per_second:.0f} it/s" if per_second < 9950 else f"{per_second / 1000:.0f}k it/s"


def written(size: float, frames: float, long: bool) -> str:
    """What goes to a terminal in a second, in KB of 1000 bytes: 12.3 KB/s 9.8 frames/s, or shorter, 12.3 KB/s 9.8 fps."""
    return f"{size / 1000:.1f} KB/s {frames:.1f} {'frames/s' if long else 'fps'}"
