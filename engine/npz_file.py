"""Reading an NPZ file: arrays by name, as `numpy.savez` writes them.

The rows of a table are the first axis of its arrays. Nothing is unpickled, and nothing is unpacked before its size is known:
a small file can promise a very large array.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib import format as npy

from engine.columns import (
    GAPS,
    LARGEST,
    MOST_BYTES,
    Column,
    Columns,
    TableError,
    check_names,
    check_size,
    coded,
    not_allowed,
    quoted,
    without_dust,
)
from engine.zip_file import Header, header_of, open_zip

MATRICES = ("X", "x", "inputs", "data", "features")  # what a 2-D array of all features is called, as others have it
LONGEST = 1_000_000_000_000  # rows or columns: a larger number need not be multiplied to be refused
WIDEST = 10_000  # characters of a text in an array, each of which takes as many bytes as the longest
ANSWERS = ("y", "Y", "target", "targets", "label", "labels")


def read_headers(path: str, file: str) -> dict[str, Header]:
    """The arrays of the file at `path`, which errors call `file`. Raises TableError, OSError."""
    return {name: header for name, (header, _) in _look(path, file).items()}


def read_npz(path: str, file: str, wanted: Sequence[str]) -> Columns:
    """The wanted arrays, in that order; of a 2-D array `X`, columns named `X[0]`, `X[1]` ... Raises TableError, OSError."""
    found = _look(path, file)
    headers = {name: found[name][0] for name in wanted}
    for name, header in headers.items():
        _check_array(file, name, header, found[name][1])
    rows = {name: header.shape[0] for name, header in headers.items()}
    if len(set(rows.values())) > 1:
        lengths = ", ".join(f"{quoted(name)} has {count}" for name, count in rows.items())
        raise TableError("data.file", f"{file}: the arrays differ in their number of rows: {lengths}")
    if (size := sum(found[name][1] for name in headers)) > MOST_BYTES:
        raise TableError("data.file", f"{file}: takes {size} bytes when unpacked; at most {MOST_BYTES} are allowed")
    count = next(iter(rows.values()))
    if not count or not all(header.columns for header in headers.values()):
        empty = next(name for name, header in headers.items() if not count or not header.columns)
        raise TableError("data.file", f"{file}: array {quoted(empty)} is empty")
    check_size(file, count, sum(header.columns for header in headers.values()))
    columns: list[Column] = []
    for name in wanted:
        columns += _columns(file, name, _load(path, file, name))
    check_names(file, [column.name for column in columns])
    return Columns(tuple(columns), np.arange(1, count + 1), "row")


def _look(path: str, file: str) -> dict[str, tuple[Header, int]]:
    """Every array's header, and the bytes that it has when unpacked."""
    found: dict[str, tuple[Header, int]] = {}
    try:
        with open_zip(path) as archive, warnings.catch_warnings(action="ignore"):
            for entry in archive.infolist():
                if not entry.filename.endswith(".npy"):
                    continue
                with archive.open(entry) as member:
                    found[entry.filename.removesuffix(".npy")] = header_of(member), entry.file_size
    except OSError:
        raise
    except Exception as error:  # damaged bytes make zipfile, zlib and NumPy's reader of headers raise a dozen kinds
        raise TableError("data.file", f"{file}: is not an NPZ file that can be read ({_brief(error)})") from None
    if not found:
        raise TableError("data.file", f"{file}: holds no arrays")
    return found


def _check_array(file: str, name: str, header: Header, size: int) -> None:
    """Raise TableError unless the array is one or more columns, and as long as it says."""
    shape, dtype = header.shape, header.dtype
    characters = dtype.itemsize // (4 if dtype.kind == "U" else 1)

    def wrong(what: str) -> TableError:
        return TableError("data.file", f"{file}: array {quoted(name)} {what}")

    if dtype.hasobject:
        raise wrong("holds Python objects, which are not read: save numbers or text")
    if dtype.kind not in "biufUS":
        raise wrong(f"is of type {dtype}, which is neither numbers nor text")
    if len(shape) not in (1, 2):
        hint = ": reshape it to (rows, columns)" if len(shape) > 2 else ""
        raise wrong(f"has {len(shape)} dimensions; 1 or 2 are allowed{hint}")
    if max(shape) > LONGEST:
        raise wrong("says that it has billions of rows or columns")
    if dtype.kind in "US" and characters > WIDEST:
        raise wrong(f"is text of up to {characters} characters; at most {WIDEST} are allowed")
    if len(shape) == 2 and dtype.kind in "US":
        raise wrong("is text in 2 dimensions: save each column as an array of its own")
    promised = shape[0] * header.columns * dtype.itemsize
    if promised > MOST_BYTES:
        raise wrong(f"takes {promised} bytes; at most {MOST_BYTES} are allowed")
    if not promised <= size <= promised + 100_000:  # with its header
        raise wrong(f"says that it takes {promised} bytes, and takes {size}")


def _load(path: str, file: str, name: str) -> np.ndarray[Any, Any]:
    try:
        with (
            open_zip(path) as archive,
            archive.open(name + ".npy") as member,
            warnings.catch_warnings(action="ignore"),
        ):
            values: np.ndarray[Any, Any] = npy.read_array(member, allow_pickle=False)
            return values
    except OSError:
        raise
    except Exception as error:  # as above
        raise TableError("data.file", f"{file}: array {quoted(name)} cannot be read ({_brief(error)})") from None


def _brief(error: Exception) -> str:
    """The first sentence of somebody else's error; NumPy's tells what may be done about it in Python."""
    text = " ".join(str(error).split()).split(". ")[0]
    return quoted(text)[1:-1] if text else type(error).__name__


def _columns(file: str, name: str, values: np.ndarray[Any, Any]) -> list[Column]:
    if values.dtype.kind in "US":
        return [_text(file, name, values)]
    with np.errstate(all="ignore"):
        numbers = values.astype(np.float64).reshape(len(values), -1)
    width = numbers.shape[1]
    columns = []
    for index in range(width):
        called = name if width == 1 else f"{name}[{index}]"
        part = np.ascontiguousarray(numbers[:, index])
        beyond = np.flatnonzero(np.abs(part) > LARGEST)
        if len(beyond):
            raise not_allowed(file, called, f"row {beyond[0] + 1}", f"{part[beyond[0]]:g}")
        clean, notes = without_dust(part)
        columns.append(Column(called, name, clean, notes=notes))
    return columns


def _text(file: str, name: str, values: np.ndarray[Any, Any]) -> Column:
    try:
        cells = [str(cell).strip() for cell in (np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values)]
    except UnicodeDecodeError:
        raise TableError("data.file", f"{file}: array {quoted(name)} holds bytes that are not text in UTF-8") from None
    known: dict[str, int] = {}
    codes = [-1 if cell.lower() in GAPS else known.setdefault(cell, len(known)) for cell in cells]
    return Column(name, name, np.empty(0), *coded(known, np.array(codes, np.int32)))
