"""The part of the lab that takes an iteration apart: one phase at a time, each with its numbers and formulas.

It is shown until training goes on in larger steps. On a surface the ball rolls to where an update by hand has put it; that
takes a few frames, and only then.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from textual import on
from textual.timer import Timer
from textual.widget import Widget

from engine import Trainer
from engine.phases import PHASES
from tui import view
from tui.formulas.network import Recipe
from tui.formulas.rows import Apart, Chosen, Names, Words, first_choice
from tui.panes.curves import Curves
from tui.panes.training_loop import TrainingLoop
from tui.plots.landscape import Ball, surface_picture
from tui.screens.training import Trains
from tui.screens.viewing import LooksAt
from tui.session import Session
from tui.terminal.link import way_of

ROLLS = (0.2, 0.5, 0.8, 1.0)  # the places, as shares of a step, that the ball is seen at
EVERY = 0.06  # seconds between two of them, at the usual pace
WORDS = {
    "forward": "Forward is done: <run.phase> goes on with the loss, <run.batch> finishes the batch",
    "loss": "The loss is known: <run.phase> goes on backward, <run.batch> finishes the batch",
    "backward": "The gradient is known: <run.phase> or <run.batch> updates the weights",
    "update": "Updated. <run.phase> begins the next batch, <run.toggle> trains on, <pane.escape> closes this",
}
ON_SURFACE = {
    "forward": "The ball lies still: <run.phase> looks how high",
    "loss": "Its height is the loss: <run.phase> goes on with the slope, <run.batch> takes the whole step",
    "backward": "The arrow points downhill: <run.phase> or <run.batch> lets the ball go",
    "update": "It rolled. <run.phase> begins the next step, <run.toggle> goes on, <pane.escape> closes this",
}


class Phasing(Trains, LooksAt):
    """The key that steps, and what the pane of the loop shows while phases are stepped."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.chosen = Chosen()
        self._chosen_in: Session | None = None
        self._stepped: list[Trainer] | None = None  # the trainers whose phases are looked at
        self._before: Widget | None = None  # what had the focus
        self._rolled = 1.0  # how much of the newest step the ball has done
        self._rolling: Timer | None = None

    @property
    def apart(self) -> Literal["", "data", "surface"]:
        """Whether phases are looked at, and of what; a restart, another preset and training on end that."""
        if self._stepped is not self.session.trainers or self.session.running:
            return ""
        return "data" if self.session.trainer.run.surface is None else "surface"

    # keys

    def action_step_phase(self) -> None:
        """One phase of every run."""
        if not self._pause_first():
            return
        session, loop, first = self.session, self.query_one("#loop", TrainingLoop), not self.apart
        phase = self.trains(session.one_phase)
        if phase is None:
            return
        self.conductor.phase = phase
        self._stepped = session.trainers
        if self._chosen_in is not session:
            self.chosen, self._chosen_in = first_choice(session.trainer.apart), session
        if phase == len(PHASES) - 1:
            self._roll()
        self.say((ON_SURFACE if self.apart == "surface" else WORDS)[PHASES[phase]])
        self.show_form()
        self.frame()
        if first:
            self.zoomed = None
            self._before = self.focused
            self.place_panes()
            self.set_focus(loop)

    def action_step_batch(self) -> None:
        """One batch of every run; on a surface the ball is seen rolling."""
        self._close()
        if not self.session.done:
            self._roll()
        super().action_step_batch()

    def action_step_epoch(self) -> None:
        """Every run to the end of its epoch."""
        self._close()
        super().action_step_epoch()

    def action_back(self) -> None:
        """Escape: leave the zoom, or the phases."""
        if self.zoomed is None and self.apart:
            self._close()
            self.frame()
        else:
            super().action_back()

    @on(TrainingLoop.Chose)
    def _chose(self, message: TrainingLoop.Chose) -> None:
        chosen = self.chosen
        self.chosen = Chosen(
            chosen.layer + message.layer,
            chosen.unit + message.unit,
            chosen.weight + message.weight,
            chosen.row + message.row,
        )
        self.frame()

    def _close(self) -> None:
        """Put back what gave way to the phases."""
        if self._stepped is None:
            return
        self._stepped = None
        loop = self.query_one("#loop", TrainingLoop)
        focused = loop.has_focus
        loop.take_apart(None)
        self.zoomed = None if self.zoomed is loop else self.zoomed
        if focused and self._before is not None:
            self.set_focus(self._before)
        self.place_panes()

    # drawing

    def show_phases(self) -> None:
        """What the newest phase did, of the selected run; or the loop alone, where training has gone on."""
        if not self.apart:
            self._close()
            return
        self.query_one("#loop", TrainingLoop).take_apart(self._phase())

    def _phase(self) -> Apart | Words:
        session, trainer = self.session, self.session.trainer
        run, phase, table = trainer.run, trainer.apart, trainer.table
        if phase is None or phase.name != PHASES[self.conductor.phase] or (trainer.done and not session.done):
            return Words("this run is over: the phases are those of the others, to be selected in the tree")
        training, network, names = run.training, run.network, Names()
        if table is not None:
            covered = session.hidden.setting("data")
            names = Names(samples="samples" if covered else view.NAMES.get(run.source.name, "samples"))
            names = names if covered else replace(names, features=table.features, classes=table.classes)
        recipe = Recipe(network.activation, run.loss, network.dropout, training.l1, training.l2, training.clip_norm)
        return Apart(phase, recipe, self.chosen, names, run.surface, session.hidden)

    def show_curves(self) -> None:
        """Both plots; of a surface, the ball also on its way, and the slope under it while it is talked of."""
        super().show_curves()
        session = self.session
        slope = self.apart == "surface" and self.conductor.phase == PHASES.index("backward")
        shown = self.apart == "surface" or (session.trainer.run.surface is not None and not self.inside)
        if shown and (slope or self._rolled < 1.0 or self.inside):
            picture = surface_picture(session.trainers, session.selected, Ball(self._rolled, slope))
            self.query_one("#second", Curves).show(picture)

    # the ball

    def _roll(self) -> None:
        """Let the ball be seen on its way to where the next update puts it, unless all is to go as fast as it can."""
        if self._rolling is not None:
            self._rolling.stop()
        seen = self.session.trainer.run.surface is not None and not math.isinf(self.pace.speed)
        self._rolled = ROLLS[0] if seen else 1.0
        self._rolling = self.set_timer(self._between, self._roll_on) if seen else None

    @property
    def _between(self) -> float:
        """Seconds between two places of the ball: a slow pace is slow to look at, and a fast one quick."""
        return EVERY / min(4.0, max(0.25, self.pace.speed))

    def _roll_on(self) -> None:
        self._rolling = None
        if self.session.running:
            self._rolled = 1.0
            return
        if way_of(self.app).free():
            self._rolled = next((share for share in ROLLS if share > self._rolled), 1.0)
            self.show_curves()
        if self._rolled < 1.0:
            self._rolling = self.set_timer(self._between, self._roll_on)
