"""The thread that writes to the terminal, which never hangs there: a link may take no byte for as long as it likes.

Textual's own waits inside the system's call, out of which nothing brings it. This one waits for room first, so it can be
told to give up; and a terminal that is gone is noticed once, after which what is written goes nowhere.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty
from typing import TextIO

from textual.drivers._writer_thread import WriterThread

PIECE = 4096  # bytes at a time where a full terminal says so
SMALL = 256  # where it would be waited for: as many as there is room for whenever there is any
LOOKS = 0.1  # seconds between two looks whether it is to give up, while there is no room


class Writer(WriterThread):
    """Writes what it is handed to `file`; calls `gone` from its own thread once that cannot be written to any more."""

    def __init__(self, file: TextIO, gone: Callable[[], None]) -> None:
        super().__init__(file)
        self._text = file
        self._tell = gone
        self._given_up = False
        self._queue.maxsize = 0  # where it were full, the event loop would wait for it, and with that every key
        self._left = 0  # bytes in its hands that are not written yet

    def write(self, text: str) -> None:
        if not self._given_up:
            super().write(text)

    @property
    def behind(self) -> bool:
        """Whether something that it was handed is not written yet."""
        return self._left > 0 or not self._queue.empty()

    def give_up(self, patience: float) -> None:
        """Write nothing more, and end within so many seconds."""
        self._given_up = True
        with suppress(Exception):  # full: it is emptied by itself
            self._queue.put_nowait(None)
        self.join(patience)

    def run(self) -> None:
        fd, own = self._open()
        try:
            while (text := self._queue.get()) is not None:
                texts, ends = [text], False
                with suppress(Empty):  # what waits goes out together
                    while not ends:
                        more = self._queue.get_nowait()
                        ends = more is None
                        texts += [more] if more is not None else []
                self._put(fd, own, "".join(texts))
                if ends:
                    return
        except Exception:  # nothing can be shown any more, whatever it was
            self._given_up = True
            self._tell()
        finally:
            if own:
                os.close(fd)

    def _open(self) -> tuple[int, bool]:
        """The terminal, opened once more: only so does it never wait, and what others have open stays as it is."""
        fd = self._file.fileno()
        with suppress(OSError):
            return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK), True
        return fd, False

    def _put(self, fd: int, own: bool, text: str) -> None:
        data = memoryview(text.encode(self._text.encoding or "utf-8", self._text.errors or "replace"))
        self._left = len(data)
        try:
            while data and not self._given_up:
                if not select.select([], [fd], [], LOOKS)[1]:
                    continue
                try:
                    data = data[os.write(fd, data[: PIECE if own else SMALL]) :]
                except BlockingIOError:  # somebody else writes at this moment
                    time.sleep(0.001)
                self._left = len(data)
        except OSError:
            self._given_up = True
            self._tell()
