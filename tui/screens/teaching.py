"""The part of the lab that teaches: claims as the run shows them, what is hidden, what to try next, and predictions."""

from __future__ import annotations

from collections.abc import Sequence

import presets
from tui.canvas import Row, Section, wrapped
from tui.comparing.results import results
from tui.listing import Heading
from tui.panes.lesson import Told
from tui.panes.results import ResultsPane
from tui.screens.opening import OpensSheets
from tui.screens.predict import Predict
from tui.words import judged, outcome

NEXT_LINES = 2


class Teaches(OpensSheets):
    """What the lab does for the lesson; `teach` is called once a frame and costs nothing between epochs."""

    over = False  # every run is over, and something was trained
    finished = 0  # how many times that was so, since the preset was opened
    lessons: Sequence[Heading] = ()  # in the order of teaching
    _judged: judged.Progress | None = None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.predicted: dict[str, str] = {}  # by preset, the input that was typed last

    def lesson_opened(self) -> None:
        """Another preset: all answers covered, nothing seen yet."""
        self.over, self.finished, self._judged = False, 0, None
        known = set(presets.names())
        self.lessons = [entry for entry in self.entries() if entry.name in known]
        self.lesson.show(self.session.preset, self._told_now())
        self.teach()

    def teach(self) -> bool:
        """Show what has been seen since the last frame; whether panes must be arranged anew."""
        session = self.session
        before = self.over
        self.over = session.done and session.steps > 0
        if self.over and not before:
            self.finished += 1
        progress = judged.progress(session)
        if progress != self._judged or self.over != before:
            self._judged = progress
            self._tell()
        return self.over != before

    def _told_now(self) -> Told:
        session, name = self.session, self.opened_name
        covered = session.hidden.claims
        return Told(
            judged.unseen(session) if covered else judged.seen_claims(session),
            covered,
            session.edited,
            self._thing(),
            outcome.place(name, self.lessons),
            len(self.lessons),
        )

    def _tell(self) -> None:
        session = self.session
        self.lesson.tell(self._told_now())
        over = self.over and not session.elsewhere
        said = outcome.next_steps(session, self.opened_name, self.finished, self.lessons) if over else []
        self.query_one("#next", Section).show(lambda width: next_rows(said, width))
        compared = self.over and len(session.trainers) > 1
        self.query_one(ResultsPane).show(results(session) if compared else None)

    def _thing(self) -> int:
        """Which thing is to be tried next, from 1; 0 before a run is over."""
        things = len(self.session.preset.sheet.things_to_try)
        return (self.finished - 1) % things + 1 if self.finished and things else 0

    # keys

    def show_covers(self) -> None:
        """What is hidden has changed: show it, or cover it."""
        self._tell()

    def action_predict(self) -> None:
        """Type an input and see what the networks say now."""
        name = self.session.preset.name

        def remember(text: str) -> None:
            self.predicted[name] = text

        self.app.push_screen(Predict(self.session, self.predicted.get(name, ""), remember))


def next_rows(wordings: Sequence[str], width: int) -> list[Row]:
    """What to try next, in at most two lines: in the first of the wordings that has room, else as much as has."""
    lines: list[Row] = []
    for said in wordings:
        lines = wrapped(said, width, 1, "text")
        if len(lines) <= NEXT_LINES:
            return lines
    if lines:
        cut = lines[NEXT_LINES - 1][-1][0]
        lines[NEXT_LINES - 1] = ((" ", "text"), (cut[: width - 3] + "…", "text"))
    return lines[:NEXT_LINES]
