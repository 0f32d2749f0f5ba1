"""Textual's driver for a terminal, with what a terminal far away needs: here its pieces are put together.

`sent` knows what was written, `link` whether there is room for a frame.
"""

from __future__ import annotations

from typing import Any

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.terminal.asked import asked
from tui.terminal.link import Link
from tui.terminal.sent import Sent, Taken


class TerminalDriver(LinuxDriver):
    """Textual's driver, which counts what it writes, and lets the terminal say how far it is."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sent = Sent()
        self.link = Link(self.sent, self.write, asked, self._get_terminal_size)
        self._file: Any = Taken(self._file, self.sent)

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:
            self._writer_thread._queue.maxsize = 0  # where it were full, the event loop would wait, and with it every key
            self.link.begin()

    def stop_application_mode(self) -> None:
        self.link.end()
        super().stop_application_mode()

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.CursorPosition):
            self.link.answered()
        else:
            super().process_message(message)

    def write(self, data: str) -> None:
        self.sent.add(data)
        super().write(data)
