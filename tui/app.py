"""The Textual app: it opens the lab on a preset and fills the command palette; everything else is the lab's."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine import Preset
from tui.keys import KEYS
from tui.screens.lab import LabScreen
from tui.screens.sheets import Ask
from tui.session import Session


class DescentApp(App[None], inherit_bindings=False):
    """descent on a terminal."""

    TITLE = "descent"
    CSS_PATH = "app.tcss"
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", show=False, priority=True, id="app.leave"),
    ]

    def __init__(
        self, preset: Preset, pace: float = 1.0, folder: Path | None = None, recorded: tuple[str, Session] | None = None
    ) -> None:
        super().__init__()
        self.lab = LabScreen(preset, pace)
        self.lab.folder = folder
        self.recorded = recorded
        if recorded is not None:
            self.lab.conductor.session = recorded[1]

    def on_mount(self) -> None:
        if self.console.color_system == "standard" and "TEXTUAL_THEME" not in os.environ:
            self.theme = "ansi-dark"  # the nearest of 16 colours to another theme's is mostly grey
        self.push_screen(self.lab)
        if self.lab.folder is not None:
            self.call_after_refresh(self.lab.action_presets, of_folder=True)
        if self.recorded is not None:
            self.call_after_refresh(self.lab.came_from, self.recorded[0])

    def action_leave(self) -> None:
        """Quit, from any screen; asks only while training."""
        if isinstance(self.screen, Ask):
            self.screen.dismiss(True)
            return
        if self.screen is not self.lab:
            self.screen.dismiss()
        self.lab.action_leave()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every key of the table, every preset, and what has no key."""
        for key in KEYS:
            if key.action and not key.action.startswith("app.") and key.action not in ("palette", "back"):
                yield SystemCommand(key.help, f"key {key.shown}", self._runner(key.action))
        yield SystemCommand("Predict: type an input", "What the network says to it now", self._runner("predict"))
        yield SystemCommand("Record the runs in a file", "descent FILE.npz goes on from there", self._runner("record"))
        yield SystemCommand("Compare: one setting with several values", "Each a run, side by side", self._runner("several"))
        yield SystemCommand("Compare: the table of all runs", "Of now and kept, sorted, marked", self._runner("runs"))
        yield SystemCommand("Train with more seeds", "Their median and a band behind the curves", self._runner("seeds"))
        yield SystemCommand("Theme: colours, dark and light", "Choose a theme", self.action_change_theme)
        for entry in self.lab.entries():
            yield SystemCommand(f"Open {entry.title}", entry.summary, lambda name=entry.name: self.lab.open_preset(name))

    def _runner(self, action: str):  # type: ignore[no-untyped-def]  # a coroutine function, as SystemCommand takes it
        async def run() -> None:
            await self.lab.run_action(action)

        return run


def run_lab(
    preset: Preset, pace: float = 1.0, folder: Path | None = None, recorded: tuple[str, Session] | None = None
) -> None:
    """Open the lab on this terminal; `pace` multiplies the default speed, infinity is as fast as it goes.

    With a `folder`, the picker of its presets opens first. `recorded` is a file and the session that was recorded in it.
    """
    app = DescentApp(preset, pace, folder, recorded)
    app.run(mouse=False)
    if app.return_code:
        raise SystemExit(app.return_code)
