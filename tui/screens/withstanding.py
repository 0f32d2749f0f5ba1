"""The part of the lab that lives on when something in it is wrong, and says what that was.

What cannot be drawn says so in its own place and is left alone until something is different: another preset, a restart, a
new size, or the key that draws again. Training that has failed stands still, as if paused, and is saved.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from engine.state import broke_off
from tui import emergency
from tui.canvas import Canvas
from tui.containing import Contains, noted
from tui.figures import cut
from tui.home.folders import shortened
from tui.panes.lesson import LessonPane
from tui.screens.base import Lab
from tui.terminal.fault import told, trace, what

FEW = 48  # characters of what an exception says, where there is little room


class Withstands(Lab):
    """Draws part by part, and tells of faults."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._not_drawn: set[str] = set()  # parts of the screen that have failed

    def part(self, panes: str, draw: Callable[[], None]) -> None:
        """Draw what stands in these panes (a selector); where that fails they say so, and it is not tried again."""
        if panes in self._not_drawn:
            return
        try:
            draw()
        except Exception as error:
            self._not_drawn.add(panes)
            failed = [pane for pane in self.query(panes) if isinstance(pane, Canvas | LessonPane)]
            for pane in failed:
                pane.fail(error)
            if not failed and not noted(self, error):
                raise
            if not any(pane.display and pane.size for pane in failed):  # where nobody would see it
                self.tell_fault(error)

    def keep_writing(self, at_rest: bool = True) -> None:
        """Write down what is new in the runs; where that fails in a way nobody has thought of, training goes on."""
        self.part("#no-pane", lambda: self.write_runs(at_rest))

    def retry_panes(self) -> None:
        """Something is different now: draw again what could not be drawn."""
        self._not_drawn.clear()
        for pane in self.query("Canvas, LessonPane"):
            if isinstance(pane, Canvas | LessonPane) and pane.failed:
                pane.retry()

    def on_resize(self, event: events.Resize) -> None:
        """Another size is something different."""
        self.retry_panes()

    # words

    def tell_fault(self, error: BaseException, closed: bool = False) -> None:
        """Say what was contained; `closed`: a sheet was closed for it."""
        after = "The sheet was closed, everything else goes on" if closed else "Everything else goes on"
        self.say(f"That failed: {told(error)}. {after}", f"That failed: {told(error)}", f"Failed: {_few(error)}", role="bad")

    def training_failed(self, error: Exception) -> None:
        """Training has stopped by a fault: say which, and where what was trained is saved."""
        app = self.app
        if not isinstance(app, Contains) or app.lets_through or app.note_fault(error, "training") is None:
            raise error
        full = told(error)
        for trainer in self.session.trainers:
            broke_off(trainer)
            self.note_event(trainer, "fault", says=full)
        self.keep_writing()
        saved, shorter, brief = self._saved()
        again = "<run.restart> starts again"
        self.say(
            f"Training failed: {full}. {saved}. {again}",
            f"Training failed: {full}. {saved}",
            f"Failed: {_few(error)}. {shorter}",
            f"Failed: {_few(error)}. {brief}",
            f"Failed: {_few(error, FEW // 2)}. {brief}",
            f"Failed: {_few(error, 0)}. {brief}",
            role="bad",
        )
        self.show_form()
        self.frame()

    def _saved(self) -> tuple[str, str, str]:
        """Where the runs are kept, in more and fewer words; they are written now where nothing else keeps them."""
        if kept := self.saved_in():
            return f"Saved in {kept}", f"Saved: {kept}", f"Saved: {kept.rpartition('/')[2]}"
        try:
            made = emergency.save(self.session)
        except Exception as error:  # no memory for it, no room on the disk: what failed first is what is told
            why = getattr(error, "strerror", None) or what(error)
            return f"It could not be saved: {why}", f"Not saved: {why}", f"Not saved: {cut(why, 30)}"
        place = shortened(made)
        return f"Saved in {place}; descent opens it", f"Saved: {place}", f"Saved: {made.name}"


def _few(error: BaseException, room: int = FEW) -> str:
    """'ZeroDivisionError (trainer.py:120)': with as much of what it says as there is room for."""
    lines, said = trace(error), cut(what(error), room) if room else type(error).__name__
    return f"{said} ({lines[-1].rpartition('/')[2]})" if lines else said
