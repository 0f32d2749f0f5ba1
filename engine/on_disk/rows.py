"""Rows of figures as lines of a CSV file, and back, without losing a bit.

Numbers have the fewest digits that lead back to the very same float64; what does not exist is empty, and what is no finite
number is `nan`, `inf` or `-inf`. A row of thirteen figures takes about a microsecond, which Python's own conversion of
numbers to text would take four times over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bounded import Floats
from engine.epochs import EPOCH_COLUMNS
from engine.history import COLUMNS, History

Mask = NDArray[np.bool_]

#: The columns of iterations.csv; where the whole training loss is taken after every update, `train_loss` comes last.
ITERATION_COLUMNS = COLUMNS
TRAIN_LOSS = "train_loss"
_PARTS = EPOCH_COLUMNS.index("parts")
#: The columns of epochs.csv: those of the history, but the one that tells which figures exist. Here these are not empty.
EPOCH_FILE_COLUMNS = tuple(name for name in EPOCH_COLUMNS if name != "parts")
_FIGURES = len(EPOCH_COLUMNS) - _PARTS - 1
# stand for NaN and the infinities while JSON, which has none of them, is made: numbers that no training comes by
_STANDS_FOR = {1.0715086071862673e301: "nan", 1.0715086071862675e301: "inf", 1.0715086071862677e301: "-inf"}


class BadLineError(ValueError):
    """A line that is no row: `line` counts from 0 in what was read."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def header(columns: Iterable[str]) -> bytes:
    """The first line of a file."""
    return ",".join(columns).encode() + b"\n"


def encode(rows: Floats, absent: Mask) -> bytes:
    """Rows (n, columns) float64 as n lines; `absent` (n, columns) are the figures that do not exist, all of them NaN."""
    if not len(rows):
        return b""
    import orjson

    lost = ~(np.isfinite(rows) | absent)
    if not lost.any():
        return _lines(rows)
    if np.isin(rows, list(_STANDS_FOR)).any():
        found = zip(rows.tolist(), absent.tolist(), strict=True)
        return "".join(",".join(map(_written, *row)) + "\n" for row in found).encode()
    rows = rows.copy()
    for number, word in _STANDS_FOR.items():
        value = float(word)
        rows[lost & (np.isnan(rows) if word == "nan" else rows == value)] = number
    text = _lines(rows)
    for number, word in _STANDS_FOR.items():
        text = text.replace(orjson.dumps(number), word.encode())
    return text


def _lines(rows: Floats) -> bytes:
    import orjson

    text: bytes = orjson.dumps(np.ascontiguousarray(rows), option=orjson.OPT_SERIALIZE_NUMPY)
    lines = text[2:-2].replace(b"],[", b"\n").replace(b".0,", b",")
    if np.isnan(rows).any():  # rare, and to look for it in the text takes ten times as long
        lines = lines.replace(b"null", b"")
    if (np.signbit(rows) & (rows == 0)).any():
        lines = lines.replace(b"-0,", b"-0.0,")  # an integer has no sign at zero
    return lines + b"\n"


def _written(value: float, absent: bool) -> str:
    return "" if absent else repr(value).removesuffix(".0")


def decode(text: bytes, columns: int) -> tuple[Floats, Mask]:
    """Whole lines as rows (n, columns) float64, and which figures are absent. Raises BadLineError for the first bad one."""
    if not text:
        return np.empty((0, columns)), np.empty((0, columns), np.bool_)
    if b"n" not in text:  # no nan, no inf
        try:
            return _decoded(_json(text), columns)
        except (ValueError, TypeError):
            pass  # the slow way says which line it is
    rows = [_row(line, index, columns) for index, line in enumerate(text.removesuffix(b"\n").split(b"\n"))]
    return _decoded(rows, columns)


def _json(text: bytes) -> Any:
    import orjson

    lines = text.removesuffix(b"\n").replace(b"\n", b"],[")
    json = b"[[" + lines.replace(b",,", b",null,").replace(b",,", b",null,").replace(b",]", b",null]") + b"]]"
    return orjson.loads(json.replace(b",]]", b",null]]"))


def _decoded(rows: Any, columns: int) -> tuple[Floats, Mask]:
    found = np.array(rows, dtype=object)
    if found.ndim != 2 or found.shape[1] != columns:
        raise ValueError(f"not {columns} columns")
    absent = found == None  # noqa: E711  an array of where it is None
    found[absent] = np.nan
    return found.astype(np.float64), absent.astype(np.bool_)


def _row(line: bytes, index: int, columns: int) -> list[float | None]:
    cells = line.split(b",")
    if len(cells) != columns:
        raise BadLineError(index, f"{len(cells)} columns in place of {columns}")
    row: list[float | None] = []
    for cell in cells:
        try:
            row.append(float(cell) if cell else None)
        except ValueError:
            raise BadLineError(index, f"{cell.decode(errors='replace')[:40]!r} is no number") from None
    return row


def iteration_lines(rows: Floats) -> bytes:
    """Iterations as the history has them, (n, 13 or 14): an accuracy or a whole training loss may not exist."""
    absent = np.zeros(rows.shape, np.bool_)
    accuracy = COLUMNS.index("batch_accuracy")
    absent[:, accuracy] = np.isnan(rows[:, accuracy])
    return encode(rows, absent)


def rows_and_losses(history: History, first: int, end: int) -> Floats:
    """Iterations at `first` to before `end` and their losses over the whole training set, (n, 14)."""
    rows = history.rows(first, end)
    losses = np.full((len(rows), 1), np.nan)
    at, values = history.train_losses().T
    places = at - first - 1
    inside = (places >= 0) & (places < len(rows))
    losses[places[inside].astype(np.int64), 0] = values[inside]
    return np.hstack([rows, losses])


def epoch_lines(rows: Floats) -> bytes:
    """Epochs as the history has them, (n, EPOCH_COLUMNS): `parts` says which figures exist."""
    parts = rows[:, _PARTS].astype(np.int64)
    absent = np.zeros((len(rows), len(EPOCH_FILE_COLUMNS)), np.bool_)
    absent[:, _PARTS:] = parts[:, None] >> np.arange(_FIGURES) & 1 == 0
    return encode(np.delete(rows, _PARTS, axis=1), absent)


def epoch_rows(rows: Floats, absent: Mask) -> Floats:
    """What `decode` has read from epochs.csv as the history has it, (n, EPOCH_COLUMNS)."""
    parts = (~absent[:, _PARTS:] * (1 << np.arange(_FIGURES))).sum(axis=1)
    return np.insert(rows, _PARTS, parts, axis=1)
