"""The sheet in which an input is typed, and what the network of each run says to it now, while it trains."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui.canvas import Canvas, Row, row
from tui.predicting import answers, hint, read
from tui.screens.sheets import Sheet, typing_line
from tui.screens.sheets import hint as sheet_hint
from tui.session import Session
from tui.terminal.link import way_of

FRAMES = 5  # a second


class Predict(Sheet[None]):
    """`typed` is the input to begin with; every other one that is typed is told to `remember`."""

    def __init__(self, session: Session, typed: str, remember: Callable[[str], None]) -> None:
        super().__init__("predict")
        self.session, self.typed, self.remember = session, typed, remember
        self._shown: tuple[object, ...] = ()
        self._frames = -1  # of the lab, which trains behind this sheet

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Predict: what the network says now", classes="sheet-title", markup=False)
            yield typing_line(self.typed, "type an input")
            yield Static(hint(self.session.trainer, self.session.hidden.validation), classes="sheet-hint", markup=False)
            yield Canvas(id="answers")
            yield sheet_hint("It follows the training. <sheet.escape> closes")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))
        self.set_interval(1 / FRAMES, self._follow)
        self.call_after_refresh(self._draw)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.remember(event.value)
        self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _follow(self) -> None:
        """Draw again where training has gone on, and the terminal had room for a frame."""
        session, frames = self.session, way_of(self.app).frames
        if session.running and frames == self._frames:
            return
        self._frames = frames
        now = (session.steps, session.trainer.iteration, len(session.trainer.history.changes), id(session.trainer))
        if now != self._shown:
            self._shown = now
            self._draw()

    def _draw(self) -> None:
        canvas = self.query_one("#answers", Canvas)
        rows = self.rows(self.query_one(Input).value, canvas.size.width or 60)
        canvas.styles.height = max(6, len(rows))
        canvas.paint(rows)

    def rows(self, text: str, width: int) -> list[Row]:
        """What stands under the input: the answers, or what is wrong with it."""
        session = self.session
        try:
            asked = read(session.trainer, text, session.hidden.validation)
        except ValueError as error:
            return [row((str(error), "bad"))] if text.strip() else [row(("No input yet", "dim"))]
        return answers(session.trainers, asked, width)
