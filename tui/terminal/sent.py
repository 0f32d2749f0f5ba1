"""What was written to the terminal: how many bytes, in how many pieces, and since when."""

from __future__ import annotations


class Sent:
    """Counts what goes to the terminal."""

    def __init__(self) -> None:
        self.bytes = 0
        self.writes = 0

    def add(self, data: str) -> None:
        """So much more was written, as UTF-8."""
        self.bytes += len(data) if data.isascii() else len(data.encode(errors="replace"))
        self.writes += 1
