"""What the lab says of runs that are recorded in a file, or came out of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.on_disk.going_on import TakenUp
from tui.figures import printable
from tui.screens.base import Lab


class Records(Lab):
    """The part of the lab that writes its runs to a file, and is told that they came from one."""

    def action_record(self) -> None:
        """Ask where, and record the runs as they are now."""
        from tui.home.folders import shortened
        from tui.screens.record_as import RecordAs

        def done(place: Path | None) -> None:
            if place is not None:
                name = printable(shortened(place))
                self.say(f"Recorded in {name}: descent {name} goes on from here", f"Recorded in {name}", role="strong")

        self.app.push_screen(RecordAs(self.session), done)

    def came_from(self, file: str, taken: Sequence[TakenUp] = (), going_on: bool = False) -> None:
        """Say that the runs were recorded, and how they go on; those of folders are written there from now on."""
        if self.session.elsewhere:
            self.watch_runs()
            return
        self.adopt(taken)
        if going_on and not self.session.done:
            self.action_start_pause()
            return
        session, trainer = self.session, self.session.trainer
        unit = "step" if trainer.run.surface is not None else "iteration"
        many = len(session.trainers) > 1
        what = "the runs as they were recorded" if many else f"as it was recorded, {unit} {trainer.iteration}"
        where = f"{printable(file)}: {what}"
        does = "starts it again" if session.done else "goes on" if session.steps else "starts"
        keys = f"<run.toggle> {does}"
        self.say(f"{where}. {keys}", keys)
