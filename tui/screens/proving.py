"""Whether the claims of the lesson that is open hold with many seeds: trained beside the lab, told in the lesson."""

from __future__ import annotations

import sys
from contextlib import redirect_stderr
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.timer import Timer

from engine import Preset
from tui.aside import Aside
from tui.figures import count
from tui.hidden import UNCOVERS
from tui.keyboard.named import named
from tui.panes.lesson import Told
from tui.screens.teaching import Teaches

if TYPE_CHECKING:
    from engine.verifying import Finding

LOOKS = 5  # a second, at how far it is
BAR = 60  # columns


def found_with(preset: Preset, seeds: int, aside: Aside[list[Finding]]) -> list[Finding]:
    """How each claim fared with seeds 0 to `seeds` - 1; empty where it was given up."""
    from multiprocessing import resource_tracker

    from engine.verifying import verify
    from tui.console.unwatched import cores

    def progress(share: float) -> None:
        aside.share = share

    with redirect_stderr(sys.__stderr__):  # a process is started with a real one, which Textual's is not
        resource_tracker.ensure_running()
    made: list[Finding] = []
    for _, findings in verify([preset], range(seeds), lambda: aside.given_up, cores(), progress):
        made = findings
    return made


class Proves(Teaches):
    """The part of the lab that verifies."""

    _proving: tuple[Preset, int, Aside[list[Finding]]] | None = None
    _proved: tuple[Preset, list[Finding]] | None = None
    _proof_looks: Timer | None = None

    def action_verify(self, seeds: int) -> None:
        """Begin, unless the claims are covered or there is none."""
        preset = self.session.preset
        if not preset.sheet.claim:
            self.say("This preset claims nothing, so there is nothing to verify")
        elif self.session.hidden.claims:
            self.say(f"The claims are hidden: {UNCOVERS}", role="warn")
        else:
            self._stop_proving()
            self._proving = (preset, seeds, Aside(lambda aside: found_with(preset, seeds, aside)))
            self._proof_looks = self.set_interval(1 / LOOKS, self._look_whether_proved)
            self._look_whether_proved()

    def _look_whether_proved(self) -> None:
        from tui.console.bar import bar_line

        if self._proving is None:
            return
        preset, seeds, aside = self._proving
        if not aside.over:
            said = named(f"verifying with {seeds} seeds, {aside.seconds:.0f} s. <pane.escape> cancels")
            self.say(bar_line(aside.share, said, BAR + len(said) // 2), said, role="strong")
            return
        self._stop_proving()
        try:
            findings = aside.result()
        except Exception as error:
            self.say(f"Verifying failed: {error}", role="bad")
            return
        self._proved = (preset, findings)
        held = sum(bool(finding.held) for finding in findings)
        self.say(f"{count(len(findings), 'claim')} with {seeds} seeds: {held} held. The lesson says in how many seeds")
        self.lesson.tell(self._told_now())

    def _told_now(self) -> Told:
        told = super()._told_now()
        if told.covered or self._proved is None or self._proved[0] is not self.session.preset:
            return told
        claims = [
            replace(seen, seeds=f"held in {finding.held_in} seeds, needed {finding.claim.in_seeds:g} of them")
            for seen, finding in zip(told.claims, self._proved[1], strict=True)
        ]
        return replace(told, claims=tuple(claims))

    def _stop_proving(self) -> None:
        if self._proof_looks is not None:
            self._proof_looks.stop()
        if self._proving is not None:
            self._proving[2].given_up = True
        self._proof_looks = self._proving = None

    def cancel_work(self) -> bool:
        """Give up verifying; whether there was something."""
        if self._proving is None:
            return super().cancel_work()
        self._stop_proving()
        self.say("Verifying was cancelled")
        return True
