"""The arrays in a ZIP file, which is what an NPZ file is, looked at before any of it is unpacked.

A small file can promise a very large array, a hundred thousand of them, or to be unpacked by something that takes gigabytes
for itself. All that is seen from its table of contents.
"""

from __future__ import annotations

import math
import os
import zipfile
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

MOST_CONTENTS = 2_000_000  # bytes of the table of contents, some hundred for an array
MOST_ARRAYS = 5_000
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what NumPy writes; what else there is can ask for any amount of memory

END, END_LARGE = b"PK\x05\x06", b"PK\x06\x07"
END_BYTES, LARGE_BYTES, COMMENT = 22, 20, 1 << 16


@dataclass(frozen=True, slots=True)
class Header:
    """What an array is before it is read; `columns` of it are (n,): 1, or (n, d): d."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def columns(self) -> int:
        """How many columns of a table it is."""
        return self.shape[1] if len(self.shape) == 2 else 1


def open_zip(file: str | os.PathLike[str] | IO[bytes]) -> zipfile.ZipFile:
    """The archive, with no more entries than can be looked at. Raises OSError, ValueError, and what zipfile raises."""
    if isinstance(file, (str, os.PathLike)):
        with open(file, "rb") as opened:
            _check_contents(opened)
    else:
        _check_contents(file)
    archive = zipfile.ZipFile(file)
    try:
        entries = archive.infolist()
        if len(entries) > MOST_ARRAYS:
            raise ValueError(
                f"it has {len(entries)} entries, at most {MOST_ARRAYS} are read: a 2-D array holds many columns"
            )
        if any(entry.compress_type not in PLAIN for entry in entries):
            raise ValueError("it is compressed in a way that NumPy never writes")
    except ValueError:
        archive.close()
        raise
    return archive


def _check_contents(file: IO[bytes]) -> None:
    """Raise ValueError where the table of contents, as the end of the file says, is longer than is read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - COMMENT - END_BYTES - LARGE_BYTES))
    tail = file.read()
    file.seek(0)
    at = len(tail) - END_BYTES
    if not (tail[at : at + 4] == END and tail[-2:] == b"\0\0"):  # else a comment follows
        at = tail.rfind(END)
    if at < 0 or len(tail) < at + END_BYTES:
        return  # no archive: zipfile says so
    contents = int.from_bytes(tail[at + 12 : at + 16], "little")
    if contents > MOST_CONTENTS or tail[max(0, at - LARGE_BYTES) : at].startswith(END_LARGE):
        raise ValueError("it has too many entries")


def header_of(member: IO[bytes]) -> Header:
    """The header of an array, which is not read. Raises ValueError, and what NumPy raises."""
    version = npy.read_magic(member)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"arrays of version {version[0]}.{version[1]}")
    shape, _, dtype = read(member)
    return Header(shape, dtype)


def check_promise(member: IO[bytes], entry: zipfile.ZipInfo) -> None:
    """Raise ValueError where an array says that it is longer than what there is of it: NumPy makes room for it first."""
    header = header_of(member)
    if header.dtype.hasobject:
        raise ValueError("it holds Python objects, which are not read")
    if math.prod(header.shape) * header.dtype.itemsize > entry.file_size:
        raise ValueError(f"{entry.filename} says that it is longer than it is")
