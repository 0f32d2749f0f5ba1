"""The lab on runs that other processes train: it looks at their files some times a second, and says when one is gone."""

from __future__ import annotations

import asyncio
import math
import time

from engine.on_disk.following import Follower
from tui.screens.base import Lab
from tui.screens.conductor import apart
from tui.terminal.link import way_of
from tui.watching import Watched

LOOK = 0.2  # seconds between two looks at the files
WEIGHTS = 2.0  # seconds between two looks at a checkpoint, at least
PATIENCE = 20.0  # times what reading one takes


class Watches(Lab):
    """The part of the lab that follows."""

    _lost: tuple[Follower, ...] = ()
    _next_look = _next_weights = 0.0
    _reading = False

    def watch_runs(self) -> None:
        """Follow the session's runs from now on; nothing where they are trained here."""
        if isinstance(self.session, Watched):
            self.pace.speed = math.inf
            self.say(f"Watching {self._called()}, read-only; it is trained by another process")
            self.set_interval(LOOK, self._look_at_files)
            self._look_at_files(at_once=True)

    def _called(self) -> str:
        assert isinstance(self.session, Watched)
        first, *others = self.session.followers
        return f"{first.folder.id} and {len(others)} more" if others else first.folder.id

    def _look_at_files(self, at_once: bool = False) -> None:
        session, begun = self.session, time.perf_counter()
        if not isinstance(session, Watched) or begun < self._next_look or not way_of(self.app).free():
            return
        if session.look() or at_once:
            self.frame()
        self._say_lost(session)
        now = time.perf_counter()
        self._next_look = begun + max(LOOK, apart(now - begun)) - LOOK / 2
        if now >= self._next_weights and not self._reading:
            self._reading = True
            self.run_worker(self._weights(session), group="weights")

    def _say_lost(self, session: Watched) -> None:
        lost = tuple(session.lost)
        if lost == self._lost:
            return
        self._lost = lost
        if lost:
            one = lost[0]
            at = f"at iteration {one.trainer.iteration}"
            name = one.folder.id
            self.say(
                f"Nobody trains {name} any more: its process ended {at}. descent resume {name} goes on with it",
                f"The process that trained it ended {at}: descent resume goes on",
                role="warn",
            )
        elif session.running:
            self.say(f"{self._called()} is being trained again")

    async def _weights(self, session: Watched) -> None:
        """Newer weights, where there are some; they are read in a thread."""
        begun = time.perf_counter()
        try:
            for one in session.followers:
                found = await asyncio.to_thread(one.read_weights)
                if found is not None and self.session is session:
                    one.take_weights(found)
        finally:
            now = time.perf_counter()
            self._next_weights = now + max(WEIGHTS, PATIENCE * (now - begun))
            self._reading = False
