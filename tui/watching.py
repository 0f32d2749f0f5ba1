"""A session of runs that other processes train: it shows them and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from engine.on_disk.following import Follower
from tui.console.taking_up import preset_of_each
from tui.form import Field
from tui.session import Session

READ_ONLY = "another process trains it, so nothing can be changed here"


class Watched(Session):
    """The runs of followers, as a session has them."""

    def __init__(self, followers: Sequence[Follower]) -> None:
        self.followers = list(followers)
        super().__init__(preset_of_each(followers))
        self.uncovered = True
        self.elsewhere = READ_ONLY

    def prepare(self) -> None:
        """The trainers are those that are followed."""
        self.trainers = [one.trainer for one in self.followers]
        self.films = {one.trainer: one.film for one in self.followers}
        self.begun_with, self.promised = list(self.documents), {}
        self.runs = [one.run for one in self.followers]

    def look(self) -> bool:
        """Read what is new in all folders; whether there was anything."""
        changed = [one.look() for one in self.followers]
        was, self.running = self.running, any(one.alive and not one.paused for one in self.followers) and not self.done
        return any(changed) or was != self.running

    def fixed(self, field: Field) -> str:
        return f"{field.label}: {READ_ONLY}"

    @property
    def lost(self) -> list[Follower]:
        """Runs that have not ended, and that nobody trains any more."""
        return [one for one in self.followers if not one.alive and not one.trainer.done]
