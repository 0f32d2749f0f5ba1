"""Reading a CSV file: text in lines, a header of names, cells between commas, semicolons, tabs or bars.

The file is read once, a few thousand rows at a time, and every column kept as numbers as long as it holds nothing else.
Only a column that turns out to be text after it began with numbers costs a second look at the file.
"""

from __future__ import annotations

import csv
import os
from array import array
from collections.abc import Iterator, Sequence
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from engine.columns import (
    GAPS,
    LARGEST,
    MOST_CELLS,
    Column,
    Columns,
    Floats,
    TableError,
    check_names,
    check_size,
    coded,
    not_allowed,
    printable,
    quoted,
    without_dust,
)

DELIMITERS = ("\t", ";", "|", ",")  # where two fit a file equally well, the comma is more likely a part of its numbers
CALLED = {"\t": "tabs", ";": "semicolons", "|": "bars"}
LONGEST_LINE = 2_000_000  # characters: a hundred for each of the columns that are allowed
CHUNK = 200_000  # cells that are held as text at a time
SAMPLE, SAMPLE_CHARACTERS = 20, 2_000_000  # lines by which the delimiter is told, or fewer where they are long


def read_header(path: str, file: str) -> tuple[str, ...]:
    """The names of the columns of the file at `path`, which errors call `file`. Raises TableError, OSError."""
    return _Reader(path, file).names


def read_csv(path: str, file: str, wanted: Sequence[str]) -> Columns:
    """The wanted columns, in the order of the file. Raises TableError where it is no such table, OSError.

    A cell is a number as Python reads one, without `_`; in a file with semicolons also one with a decimal comma.
    """
    reader = _Reader(path, file)
    used = set(wanted)
    builders = [_Builder(name, index, reader) for index, name in enumerate(reader.names) if name in used]
    lines = reader.fill(builders)
    if again := [builder for builder in builders if builder.again]:
        for builder in again:
            builder.reset()
        reader.fill(again)
    notes = (f"columns between {CALLED[reader.delimiter]}",) if reader.delimiter in CALLED else ()
    return Columns(tuple(builder.column() for builder in builders), lines, "line", notes)


class _Reader:
    """A file whose header has been read."""

    def __init__(self, path: str, file: str) -> None:
        self.path, self.file = path, file
        with self._open() as text:
            self.delimiter = _delimiter(_sample(self._lines(text)))
        with self._open() as text:
            header = next((row for _, row in self._rows(text)), None)
        if header is None:
            raise self.wrong("is empty" if not os.path.getsize(path) else "holds nothing but blank lines")
        self.names = tuple(name.strip() for name in header)
        if all(_number(name) is not None or name.lower() in GAPS for name in self.names) and any(self.names):
            raise self.wrong("the first line is all numbers: a header with the names of the columns is needed")
        check_names(file, self.names)
        if len(self.names) < 2:
            raise self.wrong(
                f"has one column only, {quoted(self.names[0])}: a target and a feature are needed, "
                "with commas, semicolons, tabs or bars between them"
            )

    def wrong(self, what: str) -> TableError:
        return TableError("data.file", f"{self.file}: {what}")

    def _open(self) -> TextIO:
        return open(self.path, encoding="utf-8-sig", newline="")

    def _lines(self, text: TextIO) -> Iterator[str]:
        """The lines as they stand, each looked at before it is taken apart."""
        number = 0
        while True:
            try:
                line = text.readline(LONGEST_LINE)
            except UnicodeDecodeError:
                raise self._not_text() from None
            if not line:
                return
            number += 1
            if len(line) == LONGEST_LINE:
                raise self.wrong(f"line {number} is longer than {LONGEST_LINE} characters")
            if "\0" in line:
                raise self.wrong(f"line {number} has a zero byte: this is not a CSV file")
            yield line

    def _not_text(self) -> TableError:
        """Which byte is not UTF-8: looked for only once there is one, as the lines come from larger pieces."""
        with open(self.path, "rb") as file:
            if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
                return self.wrong("is text in UTF-16: save it as UTF-8")
            file.seek(0)
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    byte = line[error.start]
                    return self.wrong(f"line {number}: byte 0x{byte:02x} is not text in UTF-8: save the file as UTF-8")
        return self.wrong("is not text in UTF-8")

    def _rows(self, text: TextIO) -> Iterator[tuple[int, list[str]]]:
        """Every row but blank ones, with the line that it ends in."""
        reader = csv.reader(self._lines(text), delimiter=self.delimiter, strict=True, skipinitialspace=True)
        begins = 1
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                where = f"line {reader.line_num}" if reader.line_num == begins else f"lines {begins} to {reader.line_num}"
                what = str(error)
                if "unexpected end" in what or "limit" in what:
                    what = f"a cell is longer than {csv.field_size_limit()} characters, or its quote is never closed"
                elif "expected after" in what:
                    what = "there is text behind a closing quote"
                raise self.wrong(f"{where}: {printable(what)}") from None
            begins = reader.line_num + 1
            if len(row) > 1 or (row and row[0].strip()):
                yield reader.line_num, row

    def fill(self, builders: Sequence[_Builder]) -> NDArray[np.int64]:
        """Read all rows into `builders`; the line of each row."""
        self._look_at_size(len(builders))
        width, lines, chunk = len(self.names), array("q"), list[list[str]]()
        most = max(1, CHUNK // width)
        with self._open() as text:
            rows = self._rows(text)
            next(rows)
            for line, row in rows:
                if len(row) != width:
                    cells = f"{len(row)} cell{'s' if len(row) > 1 else ''}"
                    raise self.wrong(f"line {line} has {cells}; the header names {width} columns")
                lines.append(line)
                chunk.append(row)
                if len(chunk) == most:
                    check_size(self.file, len(lines), len(builders), so_far=True)
                    self._add(builders, chunk, lines)
        check_size(self.file, len(lines), len(builders))
        self._add(builders, chunk, lines)
        if not lines:
            raise self.wrong("has a header and no rows")
        return np.frombuffer(lines, np.int64)

    def _look_at_size(self, columns: int) -> None:
        """Raise TableError at once for a file that has too many rows by its line breaks alone, before any is read."""
        if os.path.getsize(self.path) < MOST_CELLS // columns:  # a row has a line break at least
            return
        rows, before = -1, b""
        with open(self.path, "rb") as file:
            while block := file.read(1 << 20):
                joined = before + block
                if b'"' in block or b"\n\n" in joined or b"\n\r\n" in joined:  # a line may be no row: only reading tells
                    return
                rows, before = rows + block.count(b"\n"), block[-2:]
        check_size(self.file, rows, columns)

    @staticmethod
    def _add(builders: Sequence[_Builder], chunk: list[list[str]], lines: array[int]) -> None:
        for builder in builders:
            index = builder.index
            builder.add([row[index] for row in chunk], lines[len(lines) - len(chunk) :])
        chunk.clear()


class _Builder:
    """A column in the making: numbers until a cell is none, then text."""

    def __init__(self, name: str, index: int, reader: _Reader) -> None:
        self.name, self.index, self.reader = name, index, reader
        self.commas = reader.delimiter == ";"
        self.text = self.again = False
        self.numbers: list[Floats] = []
        self.codes: list[NDArray[np.int32]] = []
        self.texts: dict[str, int] = {}
        self.odd = ""
        self.beyond: tuple[int, str] | None = None  # the first number that is not allowed: its line and how it is written
        self.marks: dict[str, str] = {}  # the first number with "," and with ".", and where, in words

    def reset(self) -> None:
        """Begin again, as text."""
        self.text, self.again, self.numbers = True, False, []

    def add(self, cells: list[str], lines: Sequence[int]) -> None:
        """The next cells."""
        if self.again:
            return
        if not self.text:
            values = self._values(cells, lines)
            if values is not None:
                self.numbers.append(values)
                return
            if any(not np.isnan(part).all() for part in self.numbers):
                self.again = True  # it began with numbers: how these were written is gone
                return
            self.codes = [np.full(len(part), -1, np.int32) for part in self.numbers]
            self.text, self.numbers = True, []
        known = self.texts
        stripped = (cell.strip() for cell in cells)
        codes = [-1 if cell.lower() in GAPS else known.setdefault(cell, len(known)) for cell in stripped]
        self.codes.append(np.array(codes, np.int32))

    def _values(self, cells: list[str], lines: Sequence[int]) -> Floats | None:
        """The cells as numbers, NaN for a gap; None where one of them is neither."""
        joined = "".join(cells)
        try:
            if "_" in joined or not joined.isascii():
                raise ValueError
            values = np.array(list(map(float, cells)))
        except ValueError:
            read = []
            for cell, line in zip(cells, lines, strict=True):
                value = _number(cell, self.commas)
                if value is None and cell.strip().lower() not in GAPS:
                    self.odd = f"{quoted(cell.strip())} in line {line}"
                    return None
                read.append(np.nan if value is None else value)
            values = np.array(read)
        if self.commas:
            self._note_marks(cells, lines, joined)
        beyond = np.abs(values) > LARGEST
        if self.beyond is None and beyond.any():
            first = int(beyond.argmax())
            self.beyond = lines[first], cells[first].strip()
        return values

    def _note_marks(self, cells: list[str], lines: Sequence[int], joined: str) -> None:
        for mark in (",", "."):
            if mark in joined and mark not in self.marks:
                at = next(index for index, cell in enumerate(cells) if mark in cell)
                self.marks[mark] = f"{quoted(cells[at].strip())} in line {lines[at]}"

    def column(self) -> Column:
        """The column; raises TableError where its numbers are not to be trusted."""
        if self.text:
            codes, texts = coded(self.texts, np.concatenate(self.codes))
            return Column(self.name, self.name, np.empty(0), codes, texts, self.odd)
        if self.beyond is not None:
            line, cell = self.beyond
            raise not_allowed(self.reader.file, self.name, f"line {line}", cell)
        if len(self.marks) > 1:
            seen = " and ".join(self.marks.values())
            raise self.reader.wrong(f"column {quoted(self.name)} has {seen}: which mark stands before its decimals?")
        numbers, notes = without_dust(np.concatenate(self.numbers))
        if "," in self.marks:
            notes = ("numbers with a decimal comma", *notes)
        return Column(self.name, self.name, numbers, notes=notes)


def _number(cell: str, commas: bool = False) -> float | None:
    """The number that a cell is, NaN for that word; None for anything else."""
    cell = cell.strip()
    if "_" in cell or not cell.isascii():  # Python's own spellings, and digits of other scripts
        return None
    if commas and cell.count(",") == 1 and "." not in cell:
        cell = cell.replace(",", ".")
    try:
        return float(cell)
    except ValueError:
        return None


def _sample(lines: Iterator[str]) -> list[str]:
    sample = list[str]()
    for line in lines:
        sample.append(line)
        if len(sample) == SAMPLE or sum(map(len, sample)) > SAMPLE_CHARACTERS:
            break
    return sample


def _delimiter(lines: list[str]) -> str:
    """The delimiter that gives all of the first lines the same number of cells, the more the better.

    Where none does, the one that cuts the header most often: the rows that do not fit it are told of later.
    """

    def cells(delimiter: str) -> list[int]:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True) if row]
        except csv.Error:
            return [1]
        return counts[:-1] if len(lines) == SAMPLE and len(counts) > 2 else counts or [1]  # the last row may go on

    found = {delimiter: cells(delimiter) for delimiter in DELIMITERS}
    even = {delimiter: counts[0] for delimiter, counts in found.items() if len(set(counts)) == 1 and counts[0] > 1}
    heads = even or {delimiter: counts[0] for delimiter, counts in found.items()}
    most = max(heads.values())
    if most == 1:
        return ","
    return next(delimiter for delimiter in DELIMITERS if heads.get(delimiter) == most)
