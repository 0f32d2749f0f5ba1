"""Training a run with many seeds from the lab, without freezing it: asked for, watched, cancelled, and then a band."""

from __future__ import annotations

import time
from dataclasses import replace

from engine import History, Run, stream
from engine.in_turns import train_in_turns, turns_of
from tui.comparing.seeds import COUNTS, band_of
from tui.figures import count
from tui.live_edit import refused
from tui.screens.sheets import Choice
from tui.screens.viewing import LooksAt
from tui.session import Session

NONE = "no band"
BANDS = 6  # that are remembered
BAR = 12  # cells of the bar that shows how far it is
EVERY = 0.2  # seconds between two words on how far it is


class TrainsSeeds(LooksAt):
    """The part of the lab that trains with more seeds."""

    seeding = ""  # how far the seeds are, in words; empty where none are trained

    def action_view(self, name: str) -> None:
        """Take an entry of the views sheet, by its id."""
        if name == "seeds":
            self.action_seeds()
        else:
            super().action_view(name)

    def action_seeds(self) -> None:
        """Ask with how many seeds; while they train, give them up."""
        session = self.session
        if self.seeding:
            self.stop_seeds()
            return
        if session.trainer.run.surface is not None:
            self.say("On a surface nothing is drawn by chance: every seed walks the same way", role="warn")
            return
        if refused(session.trainer):
            self.say("This run is refused for memory, with every seed", role="warn")
            return
        words = [count(each, "seed") for each in COUNTS]
        there = any(one.is_of(session.trainer.run) for one in session.bands)

        def chosen(word: str | None) -> None:
            if word == NONE:
                session.bands.clear()
                self.say("The band is put away")
                self.frame()
            elif word is not None:
                self.train_seeds(COUNTS[words.index(word)])

        self.app.push_screen(Choice("Train this run with", [*words, NONE] if session.bands else words, words[1]), chosen)
        if there:
            self.say("There is a band of this run; another one takes its place")

    def train_seeds(self, amount: int) -> None:
        """Train the selected run, as it was begun, with seeds 0 to `amount` - 1, and draw the band of them."""
        self.run_worker(self._train_seeds(self.session, self.session.trainer.run, amount), group="seeds", exclusive=True)

    def stop_seeds(self) -> None:
        """Give up the seeds that are trained."""
        self.workers.cancel_group(self, "seeds")
        self._seeds_said("")
        self.say("Seeds given up: nothing of them is kept")

    async def _train_seeds(self, session: Session, run: Run, amount: int) -> None:
        histories: list[History] = []
        following, turns, whole = 0.0, 0, turns_of(run, amount)
        self._seeds_said(_far(0, amount, 0.0))
        try:
            async for over in stream(train_in_turns([replace(run, seed=seed) for seed in range(amount)])):
                if self.session is not session:  # another preset was opened
                    return
                histories += [trainer.history for trainer in over]
                turns += 1
                if over or time.perf_counter() >= following:
                    self._seeds_said(_far(len(histories), amount, turns / whole))
                    following = time.perf_counter() + EVERY
        finally:
            self._seeds_said("")
        band = band_of(run, histories)
        session.bands = [*(one for one in session.bands if not one.is_of(run)), band][-BANDS:]
        lost = f", {band.diverged} diverged" if band.diverged else ""
        drawn = "the line is their median, eight of ten lie in the band"
        self.say(f"{amount} seeds{lost}: {drawn}. <show.views> <view.seeds> puts it away")
        self.frame()

    def show_differing(self) -> None:
        """How far the seeds are has changed: show it, in the line of what differs."""
        raise NotImplementedError

    def _seeds_said(self, text: str) -> None:
        self.seeding = text
        self.show_differing()

    def action_back(self) -> None:
        """Escape: first the seeds that train are given up."""
        if self.seeding:
            self.stop_seeds()
        else:
            super().action_back()


def _far(over: int, amount: int, share: float) -> str:
    done = min(BAR, int(share * BAR))
    return f"seeds {over}/{amount}  {'█' * done}{'░' * (BAR - done)} {min(99, int(100 * share))}%"
