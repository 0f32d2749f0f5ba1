"""A line on a terminal that says how far long work has come, and is gone when it is done.

Nothing in it but a carriage return moves the cursor, so any terminal will do; what is no terminal gets nothing at all.
"""

from __future__ import annotations

import os
from typing import TextIO

WIDEST = 80


class Bar:
    """'[########........]  50%  17 of 34 presets' in the last line of `stream`, which should be the one for messages."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream if stream is not None and stream.isatty() else None
        self._drawn = 0  # columns

    def show(self, share: float, text: str) -> None:
        """Draw it with this `share` of the work done, from 0 to 1; nothing where the terminal is too narrow."""
        if self._stream is None:
            return
        line = bar_line(share, text, self._columns())
        self._write(line.ljust(self._drawn) + "\r")
        self._drawn = len(line)

    def clear(self) -> None:
        """Make room for other lines."""
        if self._drawn:
            self._write(" " * self._drawn + "\r")
            self._drawn = 0

    def _write(self, text: str) -> None:
        assert self._stream is not None
        self._stream.write(text)
        self._stream.flush()

    def _columns(self) -> int:
        """Those of the terminal but the last, where a cursor wraps; never less than what is drawn already needs."""
        assert self._stream is not None
        return max(min(columns_of(self._stream), WIDEST) - 1, self._drawn)


def columns_of(stream: TextIO) -> int:
    """The width of the terminal that a stream writes to; 80 where there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or WIDEST
    except (OSError, ValueError, AttributeError):
        return WIDEST


def bar_line(share: float, text: str, columns: int) -> str:
    """The bar in at most `columns`: with less room shorter, then only the percentage and the text, then less of these."""
    said = f"{int(100 * share):3d}%  {text}"
    room = columns - len(said) - len("[]  ")
    if room < 5:
        return said[: max(0, columns)]
    room = min(room, 40)
    filled = int(room * share)
    return f"[{'#' * filled}{'.' * (room - filled)}]  {said}"
