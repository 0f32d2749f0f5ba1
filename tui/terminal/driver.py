"""Textual's driver for a terminal, with what a terminal far away needs: here its pieces are put together.

`sent` knows what was written, and is asked before a frame is drawn.
"""

from __future__ import annotations

from typing import Any

from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.sent import Sent


class TerminalDriver(LinuxDriver):
    """Textual's driver, which counts what it writes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sent = Sent()

    def write(self, data: str) -> None:
        self.sent.add(data)
        super().write(data)
