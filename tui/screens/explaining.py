"""The part of the lab that says what the curves mean: the line of the verdict, and the sheet with the evidence behind it."""

from __future__ import annotations

import math

from textual import events
from textual.timer import Timer

from engine import PresetError
from engine.verdict import Suggestion
from tui import form
from tui.hidden import listed
from tui.next_run import put, tried
from tui.panes.bars import Bar
from tui.screens.base import Lab
from tui.screens.evidence import EvidenceSheet, Offer
from tui.session import why_not
from tui.words.verdicts import MARKS, Verdicts, verdict_line

BOTH = 30  # lines from which the verdict and the newest word have a line each


class Explains(Lab):
    """With few lines the newest word and the verdict share one: the word comes first and then gives way.

    It stands for some seconds, longer where it tells of trouble; trouble while nothing trains stays until something else is
    said, since nobody may be looking. Where there is no verdict yet the word stays.
    """

    word_seconds = 5.0
    trouble_seconds = 10.0
    _word_timer: Timer | None = None
    _word_stands = True
    _shown_says = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.verdicts = Verdicts()

    # the line

    def show_verdict(self) -> None:
        """Draw the verdict on the selected run."""
        shown = self.verdicts.shown(self.session)
        self.query_one("#verdict", Bar).show(lambda width: verdict_line(shown, width))
        self._shown_says = shown.says
        if shown.says:
            self.note_verdict(shown.words[0])
        self._share_the_line()
        session = self.session
        if not session.running and self.verdicts.behind(session.trainer, not session.hidden.validation):
            self.set_timer(0.05, self.show_verdict)  # the run was quicker than the line

    def heard(self, role: str) -> None:
        """Something was said: it stands for a while."""
        self._word_stands = True
        if self._word_timer is not None:
            self._word_timer.stop()
        seconds = self.word_seconds
        if role in ("bad", "warn"):
            seconds = self.trouble_seconds if self.session.running else math.inf
        self._word_timer = self.set_timer(seconds, self._word_over) if math.isfinite(seconds) else None
        self._share_the_line()

    def on_resize(self, event: events.Resize) -> None:
        """There may be room for both now, or no longer."""
        self._share_the_line()

    def _word_over(self) -> None:
        self._word_stands = False
        self._share_the_line()

    def _share_the_line(self) -> None:
        both = self.app.size.height >= BOTH
        word = both or self._word_stands or not self._shown_says
        for name, shown in (("#note", word), ("#verdict", both or not word)):
            # not `display`: what is put away is drawn on, and is right as soon as it comes back
            self.query_one(name).set_class(not shown, "away")

    # the sheet

    def action_why(self) -> None:
        """The evidence behind the verdict on the selected run; what a teacher hides is uncovered with it."""
        session = self.session
        hide, covered = session.preset.sheet.show.hide, not session.uncovered
        if hide and covered:
            self._set_hidden(False)
        verdict = self.verdicts.of(session.trainer)
        mark, role = MARKS[verdict.kind]
        run = session.trainer.run.name if len(session.trainers) > 1 else ""
        offers = [offer for offer in (self._setting(verdict.suggestion), self._lesson(verdict.lesson)) if offer is not None]
        uncovered = f"Uncovered: {listed(hide)}. <evidence.w> hides it again" if hide else ""
        unit = "step" if session.trainer.run.surface is not None else "epoch"

        def chosen(name: str | None) -> None:
            if name == "hide" and hide:
                self._set_hidden(True)
            elif name == "lesson":
                self.open_preset(verdict.lesson)
            elif name == "setting" and verdict.suggestion is not None:
                self._write(verdict.suggestion)

        elsewhere = without_a_row(verdict.suggestion)
        self.app.push_screen(EvidenceSheet(verdict, mark, role, run, unit, offers, uncovered, elsewhere), chosen)

    def _set_hidden(self, covered: bool) -> None:
        session = self.session
        session.uncovered = not covered
        self.show_covers()
        self.redraw()
        what = listed(session.preset.sheet.show.hide)
        self.say(f"Hidden: {what}" if covered else f"Uncovered: {what}. <evidence.w> hides it again")

    def _lesson(self, name: str) -> Offer | None:
        if not name or name == self.session.preset.name:
            return None
        return Offer("lesson", f"Open the lesson {name}", "a lesson on this")

    def _setting(self, suggestion: Suggestion | None) -> Offer | None:
        """The suggested setting as something to choose; with the reason why not where it cannot be."""
        if suggestion is None:
            return None
        field, session, value = form.BY_KEY.get(suggestion.key), self.session, suggestion.value
        if field is None:
            return None
        now, new = (form.written(tuple(one) if isinstance(one, list) else one) for one in (session.value(field), value))
        if now == new:
            return Offer("setting", f"{field.label} is {new} already", "<run.restart> starts again with it", possible=False)
        why = session.fixed(field) or tried(session, field, value)
        return Offer(
            "setting", f"Set {field.label} {now} → {new} for the next run", why or suggestion.reason, possible=not why
        )

    def _write(self, suggestion: Suggestion) -> None:
        """Write the suggested setting into the form; what trains goes on as it is."""
        session, field = self.session, form.BY_KEY[suggestion.key]
        try:
            said = put(session, field, suggestion.value)
        except PresetError as error:
            self.say(why_not(error), role="bad")
            return
        self.conductor.plan()
        self.redraw()
        self.settings.go_to(field.key)
        self.say(said)


def without_a_row(suggestion: Suggestion | None) -> str:
    """A suggested setting that the form has no row for, with the way to it; empty where it has one."""
    if suggestion is None or suggestion.key in form.BY_KEY:
        return ""
    value = suggestion.value
    said = str(value).lower() if isinstance(value, bool) else form.written(value)  # as a preset has it
    return f"To try: --set {suggestion.key}={said} at the start, since the form has no row for it: {suggestion.reason}."
