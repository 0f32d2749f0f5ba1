"""A file that only ever grows by whole lines: what is handed over is in it afterwards, or nothing of it is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.on_disk.folder import APPENDING


class Appender:
    """Appends to a file, made with `head` where it is new or empty. A `handle` that is open for appending is taken over.
    Raises OSError, also where half a line cannot be taken back. `unsynced`: a power cut could take some of it."""

    def __init__(self, file: Path, head: bytes = b"", handle: int | None = None) -> None:
        self._handle = os.open(file, APPENDING, 0o644) if handle is None else handle
        self._end = os.fstat(self._handle).st_size
        self.unsynced = False
        if not self._end:
            self.write(head)

    def write(self, data: bytes) -> None:
        """Append all of it. Where that fails the file ends as before, and OSError is raised."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._handle, self._end)
            raise
        self._end += len(data)
        self.unsynced = self.unsynced or bool(data)

    def sync(self) -> None:
        """Have what is in it survive a power cut; another thread may write on. Raises OSError."""
        if self.unsynced:
            self.unsynced = False
            try:
                getattr(os, "fdatasync", os.fsync)(self._handle)
            except OSError:
                self.unsynced = True
                raise

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)
