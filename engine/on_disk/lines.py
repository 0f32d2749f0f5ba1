"""The CSV files of a run, read: new rows as they come, any stretch of them at once, and how far they can be trusted.

Rows have different lengths, but the first column of a file that counts rises by one from row to row. So a row is found by
halving the file, however long it is: a run of ten million iterations is looked into in a millisecond.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.bounded import Floats
from engine.on_disk.rows import BadLineError, Mask, decode

BLOCK = 1 << 16  # bytes that are read at a time where a row is looked for
MOST = 2.0**53  # whole numbers up to here are exact
STRETCH = 1 << 22  # and where many are wanted


class Lines:
    """A CSV file whose column number `counted` is 1, 2, 3 ... from row to row, or 0, 1, 2 ... where `first` is 0.

    Bytes after the last line break are never looked at: a row is written in one go, but power may fail meanwhile. A row with
    anything but whole numbers in the columns `whole`, or without a figure that is not `optional` (None: all are), is a bad
    one. Raises OSError where the file cannot be opened.
    """

    def __init__(
        self,
        file: Path,
        columns: Sequence[str],
        counted: int,
        first: int = 1,
        whole: Sequence[str] = (),
        optional: Sequence[str] | None = None,
    ) -> None:
        self.file, self.columns, self.first = file, len(columns), first
        self._whole = [columns.index(name) for name in whole]
        self._needed = [at for at, name in enumerate(columns) if optional is not None and name not in optional]
        self._counted = counted
        self.limit: int | None = None  # the offset up to which it is read: what follows may be anything
        self._handle = open(file, "rb", buffering=0)  # noqa: SIM115  it stays open
        head = self._at(4096, 0).partition(b"\n")
        self.begin = len(head[0]) + len(head[1])
        #: Whether its first line is the header that it should have.
        self.headed = bool(head[1]) and head[0].decode(errors="replace").split(",") == list(columns)

    def close(self) -> None:
        """Let go of the file."""
        self._handle.close()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            self.close()

    def _at(self, size: int, offset: int) -> bytes:
        """So many bytes from an offset on, fewer at the end."""
        self._handle.seek(offset)
        return self._handle.read(size)

    @property
    def end(self) -> int:
        """The offset after the last whole line, or after what is trusted (`limit`)."""
        size = os.fstat(self._handle.fileno()).st_size
        if self.limit is not None:
            return min(size, self.limit)
        while size > self.begin:
            block = self._at(min(BLOCK, size - self.begin), max(self.begin, size - BLOCK))
            if (at := block.rfind(b"\n")) >= 0:
                return max(self.begin, size - BLOCK) + at + 1
            size = max(self.begin, size - BLOCK)
        return self.begin

    @property
    def count(self) -> int:
        """How many rows there are, by the last one; 0 where that cannot be read."""
        end = self.end
        if end <= self.begin:
            return 0
        tail = self._at(min(BLOCK, end - self.begin), max(self.begin, end - BLOCK))
        return max(0, self._number(tail.removesuffix(b"\n").rpartition(b"\n")[2]) - self.first + 1)

    def _number(self, line: bytes) -> int:
        try:
            return int(line.split(b",", self._counted + 1)[self._counted])
        except (ValueError, IndexError):
            return self.first - 1

    def offset(self, row: int) -> int:
        """Where the row (from 0) begins, or the end where there is no such row."""
        low, high, wanted = self.begin, self.end, row + self.first
        while low < high:
            middle = (low + high) // 2
            block = self._at(BLOCK, middle - 1)
            start = block.find(b"\n") + 1  # that of a line that begins at the middle itself lies just before it
            line = block[start:].partition(b"\n")[0]
            if not start or middle - 1 + start >= high:
                high = middle
            elif self.first <= self._number(line) < wanted:  # what is no row counts as one that comes later
                low = middle + start + len(line)
            else:
                high = middle
        return low

    def rows(self, first: int, end: int) -> tuple[Floats, Mask]:
        """Rows `first` to before `end`, fewer where there are fewer, and what is absent. Raises BadLineError."""
        begin = self.offset(first)
        return self._decoded(self._read(begin, self.offset(end)))

    def _decoded(self, text: bytes) -> tuple[Floats, Mask]:
        rows, absent = decode(text, self.columns)
        numbers = rows[:, self._whole]
        with np.errstate(invalid="ignore"):
            wrong = absent[:, self._needed].any(axis=1) | ~((numbers == np.floor(numbers)) & (np.abs(numbers) < MOST)).all(
                axis=1
            )
        if wrong.any():
            raise BadLineError(int(np.argmax(wrong)), "a figure is missing, or is no whole number")
        return rows, absent

    def _read(self, begin: int, end: int) -> bytes:
        parts = []
        while begin < end and (part := self._at(min(STRETCH, end - begin), begin)):
            parts.append(part)
            begin += len(part)
        return b"".join(parts)

    def after(self, offset: int, most: int = STRETCH) -> tuple[Floats, Mask, int]:
        """The whole rows from an offset on, about `most` bytes of them, what is absent, and the offset after them. Raises
        BadLineError."""
        content = self._read(offset, offset + most)
        whole = content[: content.rfind(b"\n") + 1]
        return (*self._decoded(whole), offset + len(whole))

    def _after(self, row: int) -> int | None:
        """The offset after a row, if it is there."""
        begin = self.offset(row)
        line, end, _ = self._at(BLOCK, begin).partition(b"\n")
        return begin + len(line) + 1 if end and self._number(line) == row + self.first else None

    def good(self, row: int) -> tuple[int, int]:
        """How many rows can be trusted, and the offset after them, where those before `row` are: a line that is torn, holds
        anything but numbers, or is not the next one, ends them."""
        if not self.headed:
            return 0, 0
        found, offset = 0, self.begin
        for known in (row, min(row, self.count)):  # where these are not there, all that is there is looked at
            if known > 0 and (after := self._after(known - 1)) is not None:
                found, offset = known, after
                break
        while True:
            content = self._read(offset, offset + STRETCH)
            whole = content[: content.rfind(b"\n") + 1]
            if not whole:
                return found, offset
            lines, bad, rows = whole.removesuffix(b"\n").split(b"\n"), False, None
            while rows is None:
                try:
                    rows, _ = self._decoded(b"".join(line + b"\n" for line in lines) if bad else whole)
                except BadLineError as error:  # there may be another one before it, bad in another way
                    bad, lines = True, lines[: error.line]
            wanted = found + self.first + np.arange(len(rows))
            wrong = np.flatnonzero(rows[:, self._counted] != wanted)
            right = int(wrong[0]) if len(wrong) else len(rows)
            offset += sum(map(len, lines[:right])) + right
            found += right
            if bad or right < len(rows):
                return found, offset
