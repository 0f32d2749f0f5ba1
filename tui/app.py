"""The Textual app: it opens the lab on a preset, and leaves it; everything else is the lab's."""

from __future__ import annotations

import asyncio
import gc
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual._context import active_message_pump
from textual.app import ScreenStackError
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.screen import Screen
from textual.worker import WorkerFailed, active_worker

from tui.containing import Contained, Contains, keep
from tui.home import remembered, themes
from tui.keyboard.key_queue import KeysInTurn
from tui.loading import Failed
from tui.screens.curtain import Curtain, Unread
from tui.terminal.ascii import DrawsCharacters
from tui.terminal.differences import WritesDifferences
from tui.terminal.encoding import ALL, Characters
from tui.terminal.fault import bare, fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.command import Provider

    from engine import Preset
    from engine.on_disk.going_on import TakenUp
    from tui.screens.lab import LabScreen
    from tui.session import Session

AGAIN = "Draw the whole screen again, where something else has written on it"
LEAVES = "Quit, whatever is open; asks only while training"


def everything() -> type[Provider]:
    """What the command palette offers; imported when it is first opened."""
    from tui.palette import Everything

    return Everything


class DescentApp(Contained, Contains, DrawsCharacters, WritesDifferences, KeysInTurn, inherit_bindings=False):
    """descent on a terminal.

    With an `Unread` preset a curtain is to be seen, at once, and keys wait until the lab is there: NumPy, the engine and the
    lab take as long to import as Textual does.
    """

    lab: LabScreen

    TITLE = "descent"
    CSS_PATH = "app.tcss"
    COMMAND_PALETTE_BINDING = "ctrl+p"
    COMMANDS = {everything}  # noqa: RUF012 (as Textual declares it)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "redraw", "Draw again", show=False, priority=True, id="app.redraw", tooltip=AGAIN),
        Binding("ctrl+q", "leave", "Quit", show=False, priority=True, id="app.leave", tooltip=LEAVES),
    ]

    def __init__(
        self,
        preset: Preset | Unread,
        pace: float = 1.0,
        folder: Path | None = None,
        recorded: tuple[str, Session] | None = None,
        characters: Characters = ALL,
        taken: Sequence[TakenUp] = (),
        going_on: bool = False,
        out: str | None = None,
    ) -> None:
        super().__init__()
        self.characters = characters
        themes.register(self)
        themes.take(self, remembered.read()[0].theme)  # now: a theme that is set later has all styles worked out twice
        self.pace, self.folder, self.recorded = pace, folder, recorded
        self.taken, self.going_on, self.out = taken, going_on, out
        self.fault = ""  # what went wrong in it, once something has
        self.unread = preset if isinstance(preset, Unread) else None
        if not isinstance(preset, Unread):
            self.make_lab(preset)

    def make_lab(self, preset: Preset) -> None:
        """The lab on this preset, not yet to be seen."""
        from tui.screens.lab import LabScreen

        self.lab = LabScreen(preset, self.pace)
        self.lab.folder = self.folder
        self.lab.keep_runs(self.out)
        if self.recorded is not None:
            self.lab.conductor.session = self.recorded[1]

    def get_driver_class(self) -> type[Driver]:
        """Our own for a terminal, unless something else is asked for (a browser, Windows, a test)."""
        usual = super().get_driver_class()
        if usual.__name__ == "WebDriver":
            from tui.browser.driver import ServedDriver

            return ServedDriver
        if usual.__name__ != "LinuxDriver":
            return usual
        from tui.terminal.driver import TerminalDriver  # it needs termios, which not every system has

        return TerminalDriver

    def on_mount(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._nobody_waited)
        if self.unread is not None:
            self.holding = True
            self.push_screen(Curtain(self.unread))
            return
        self.push_screen(self.lab)
        if self.lab.folder is not None:
            self.call_after_refresh(self.lab.action_presets, of_folder=True)
        if self.recorded is not None:
            self.call_after_refresh(self.lab.came_from, self.recorded[0], self.taken, self.going_on)

    def exit(self, *arguments: Any, **options: Any) -> None:
        """Leave: what trains stops first."""
        if hasattr(self, "lab"):
            self.lab.conductor.close()
        super().exit(*arguments, **options)

    def withstands(self, node: object, error: Exception) -> bool:
        """Contain what `node` has raised: say it, and close the sheet that it was in; False where that cannot be."""
        lab: LabScreen | None = getattr(self, "lab", None)
        if self.lets_through or self._exit or self._closing or lab is None or not lab.is_mounted:
            return False
        if isinstance(error, WorkerFailed):
            node = active_worker.get().node
        elif node is self:  # keys of a sheet are looked up from here
            node = self.screen
        screen = (
            next((one for one in node.ancestors_with_self if isinstance(one, Screen)), None)
            if isinstance(node, DOMNode)
            else None
        )
        sheet = screen if screen is not lab else None
        if sheet is not None and sheet not in self.screen_stack:  # it is being closed: what else is wrong with it is over
            return True
        said = self.note_fault(error, type(screen or node).__name__)
        if said is None:
            return False
        while sheet in self.screen_stack:  # with what it has opened itself
            self.pop_screen()
        if said:
            lab.tell_fault(bare(error), closed=sheet is not None)
        return True

    def _handle_exception(self, error: Exception) -> None:
        """What nobody has caught: contained where that can be, else the end."""
        if not self.withstands(active_message_pump.get(None), error):
            self.end_by(error)

    def end_by(self, error: Exception) -> None:
        """The end, with one line; the traceback is for those who ask for it."""
        if not self._exit:
            keep(error, "", ended=True)
        if self.lets_through or self.is_headless:
            super()._handle_exception(error)
            return
        if not self._return_code:  # a signal has ended it already: what goes wrong on the way out is nobody's concern
            self._return_code = 1
            self.fault = fault(error)
        self._close_messages_no_wait()

    def _nobody_waited(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What failed and nobody waited for: where it was given up on the way out it is nobody's concern, and asyncio would
        write a traceback of it over the terminal that was just given back."""
        error = context.get("exception")
        if isinstance(error, Exception) and self.withstands(None, error):
            return
        if not isinstance(error, asyncio.CancelledError):
            loop.default_exception_handler(context)

    def action_redraw(self) -> None:
        """Draw the whole screen again, and what could not be drawn."""
        super().action_redraw()
        if hasattr(self, "lab") and self.lab.is_mounted:
            self.lab.retry_panes()
            self.lab.redraw()

    def escape_closes(self) -> bool:
        """Whether Escape would now close a sheet, or give up what is being typed."""
        try:
            return self.screen is not self.lab or self.lab.settings.editing
        except (ScreenStackError, AttributeError):  # not there yet, or no more
            return False

    def keep_what_waits(self) -> None:
        """Write down what is kept from one start to the next, where there was no time to leave in order."""
        if hasattr(self, "lab"):
            self.lab.leave_home()

    def action_leave(self) -> None:
        """Quit, from any screen; asks only while training."""
        from tui.screens.sheets import Ask

        if isinstance(self.screen, Curtain):
            self.exit()
            return
        if isinstance(self.screen, Ask):
            self.screen.dismiss(True)
            return
        if self.screen is not self.lab:
            self.screen.dismiss()
        self.lab.action_leave()


def settle() -> None:
    """Have Python never again look for garbage in what is there for good: a whole look takes 50 ms. And have the threads
    that read keys and write frames wait less for the one that trains: usually 5 ms, each."""
    gc.freeze()
    sys.setswitchinterval(0.0005)


def run_lab(
    preset: Preset | Unread,
    pace: float = 1.0,
    folder: Path | None = None,
    recorded: tuple[str, Session] | None = None,
    characters: Characters = ALL,
    taken: Sequence[TakenUp] = (),
    going_on: bool = False,
    out: str | None = None,
) -> None:
    """Open the lab on this terminal; `pace` multiplies the default speed, infinity is as fast as it goes.

    With a `folder`, the picker of its presets opens first. `recorded` is a file and the session that was recorded in it;
    where it came out of run folders, these are `taken`, and it trains at once where it is `going_on`. `characters` are those
    that the terminal can show, `out` is where new runs are kept, if not in the usual place.
    """
    app = DescentApp(preset, pace, folder, recorded, characters, taken, going_on, out)
    settle()
    app.run(mouse=False)
    with suppress(OSError):  # the terminal may be gone
        for line in app.lab.last_words or () if hasattr(app, "lab") else ():
            print(f"descent: {line}", file=sys.stderr)
    if app.fault:
        raise Failed(app.fault)
    if app.return_code:
        raise SystemExit(app.return_code)
