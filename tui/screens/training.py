"""What the keys do to training: start and pause, one batch, one epoch, start again, faster and slower."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tui.panes.training_loop import PHASES
from tui.screens.base import Lab
from tui.words import outcome


class Trains(Lab):
    """The part of the lab that trains; the conductor does it, this says what it is and what came of it."""

    def action_start_pause(self) -> None:
        """Start, pause, go on; begin again where the run is over."""
        session = self.session
        if self.elsewhere():
            return
        if session.running:
            self.conductor.pause()
            self.say("Paused. <run.batch> takes one batch, <run.epoch> one epoch, <run.toggle> goes on")
            self.frame()
            return
        if session.done:
            session.restart()
            self.progress.reset()
            self.show_form()
        self._begin()

    def _begin(self) -> None:
        """Start, unless every run is refused: then say why."""
        if self.session.state == "refused":
            self.say(*outcome.refusal(self.session), role="bad")
            self.frame()
        else:
            self._start(self.session.in_parts(), paced=True)

    def action_step_batch(self) -> None:
        """One batch of every run."""
        if self._pause_first():
            if self.trains(lambda: [*self.session.one_batch()]) is None:
                return
            self.conductor.phase = len(PHASES) - 1
            self.say(outcome.stepped(self.session))
            self.show_form()
            self.frame()

    def action_step_epoch(self) -> None:
        """Every run to the end of its epoch."""
        if self._pause_first():
            self._start(self.session.epoch_in_parts(), paced=False)

    def _pause_first(self) -> bool:
        """Pause, and have trainers at rest; False (and a word) where nothing is left to train."""
        if self.elsewhere():
            return False
        self.conductor.pause()
        self.session.at_rest()
        if self.session.state == "refused":
            self.say(*outcome.refusal(self.session), role="bad")
            self.frame()
        elif self.session.done:
            self.say(outcome.over(self.session))
            self.frame()
        return not self.session.done

    def action_restart(self) -> None:
        """Begin again with the form's settings; the old run is kept in the tree."""
        if self.elsewhere():
            return
        self.conductor.pause()
        self.session.restart()
        self.progress.reset()
        self.retry_panes()
        self.show_form()
        self._begin()

    def elsewhere(self) -> bool:
        """Whether another process trains what is shown: then it is said, and nothing else is done."""
        if self.session.elsewhere:
            self.say(f"Read-only: {self.session.elsewhere}")
        return bool(self.session.elsewhere)

    def _start(self, source: Iterable[object], paced: bool) -> None:
        self.conductor.start(source, paced)
        if paced:
            changes = "<pace.slower> <pace.faster> change the pace, <rate.down> <rate.up> the learning rate"
            self.say(f"Training, pace {self.pace}. <run.toggle> pauses, {changes}")
        self.frame()

    def _ended(self, paced: bool) -> None:
        """Training came to an end by itself: of the run, or of the epoch that was asked for."""
        session = self.session
        if not session.done and not paced:
            self.told.clear()  # a divergence is said once more, since it matters more than this
            what = "Step" if session.trainer.run.surface else "Epoch"
            self.say(f"{what} {session.trainer.epoch} is over. <run.epoch> takes the next one, <run.toggle> goes on")
        self.show_form()
        self.frame()

    def action_pace(self, up: bool) -> None:
        """Watch faster or slower."""
        self.conductor.change_pace(up)
        self.say(f"Pace {self.pace}" + ("" if not math.isinf(self.pace.speed) else ": <pace.slower> slows down again"))
        self.frame()
