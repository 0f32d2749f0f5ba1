"""The runs of a session, written into their folders while they train; and a session that is made of such folders again.

Nothing here knows a screen: whoever trains calls `follow` some times a second, and is told in words what a person should
know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine import Preset, Trainer
from engine.on_disk.folder import RunFolder, RunFolderError
from engine.on_disk.going_on import TakenUp
from engine.on_disk.store import start_of
from engine.on_disk.writer import RunWriter
from engine.recording import Recording
from tui.console.records import run_record
from tui.kept_runs import Extent, NoRoomError, begin, store
from tui.live_edit import refused
from tui.recorded import session_of
from tui.session import Session

Say = Callable[[str], None]


class OnDisk:
    """Keeps what a session trains. `out` is the folder of the runs, if not the usual one; `say` is told what went wrong."""

    def __init__(self, say: Say, out: str | None = None) -> None:
        self._say, self.store = say, store(out)
        self._writers: dict[Trainer, RunWriter] = {}
        self._resting: list[RunWriter] = []  # those before them, as long as something of theirs is being written
        self._of: list[Trainer] | None = None  # the trainers that these are of
        self._given_up = False
        self._troubled = self._running = False
        self._ended: set[Trainer] = set()

    def follow(self, session: Session, at_rest: bool = True) -> None:
        """Write what is new; `at_rest`: no step is in a thread, so that there may be a checkpoint."""
        for writer in self._resting:
            writer.follow()
        self._let_go_of([writer for writer in self._resting if not writer.behind])
        if session.trainers is not self._of:
            self.turn_away()
            self._of = session.trainers
        if not self._writers and not self._given_up and session.steps:
            self._begin(session)
        for trainer, writer in self._writers.items():
            turned = session.running != self._running and trainer.iteration and not trainer.done
            if turned:
                writer.event("went on" if session.running else "paused")
            if not trainer.done:
                self._ended.discard(trainer)
            if trainer.done and trainer not in self._ended and at_rest:
                self._ended.add(trainer)
                self._finish(trainer, writer)
            elif turned and at_rest and not session.running:
                writer.rest()
            else:
                writer.follow(at_rest)
        self._running = session.running
        self._look()

    @property
    def behind(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._resting) or any(writer.behind for writer in self._writers.values())

    def turn_away(self) -> None:
        """Other runs take their place: have all there is written, without waiting for the disk."""
        for trainer, writer in self._writers.items():
            if trainer not in self._ended:
                writer.rest()
        self._resting += self._writers.values()
        self._writers, self._ended = {}, set()
        self._of, self._given_up = None, False

    def leave(self) -> None:
        """The lab is left, or only watches: write all there is, and let go of the folders."""
        self.turn_away()
        self.let_go()
        for writer in self._resting:
            assert writer.trouble is not None
            why = writer.trouble.strerror or writer.trouble
            self._say(f"Cannot write the run down: {why}. On disk {writer.folder.id} ends with iteration {writer.rows}")
        self._let_go_of(list(self._resting))
        self._troubled = False

    def let_go(self) -> None:
        """Wait for those that were turned away from, so that their folders can be opened; not for what cannot be written."""
        for writer in self._resting:
            writer.settle(checkpoint=False)
        self._let_go_of([writer for writer in self._resting if writer.trouble is None])

    def _let_go_of(self, writers: Sequence[RunWriter]) -> None:
        for writer in writers:
            writer.close()
            self._resting.remove(writer)

    def adopt(self, session: Session, taken: Sequence[TakenUp]) -> None:
        """The session's runs are those of these folders, and go on there. Raises OSError."""
        self.turn_away()
        self._of = session.trainers
        self._writers = {one.trainer: one.writer() for one in taken}
        self._ended = {one.trainer for one in taken if one.trainer.done}

    @property
    def places(self) -> list[Path]:
        """The folders that are written to."""
        return [writer.folder.path for writer in self._writers.values()]

    def note(self, trainer: Trainer, name: str, **told: str) -> None:
        """An event of a run, such as a verdict; nothing where it is not kept."""
        if (writer := self._writers.get(trainer)) is not None:
            writer.event(name, **told)

    def _begin(self, session: Session) -> None:
        trainers = [one for one in session.trainers if not refused(one)]
        self._running = session.running
        place = self.store
        try:
            extents = [Extent(one.iterations, one.epochs, one.parameters.size) for one in trainers]
            made, gone = begin(place, session.preset, [one.run for one in trainers], "lab", extents)
            for trainer, (folder, hold) in zip(trainers, made, strict=True):
                writer = RunWriter(folder, hold, trainer, session.preset, session.films[trainer])
                writer.document = session.documents[session.trainers.index(trainer)]
                self._writers[trainer] = writer
        except (OSError, NoRoomError, RunFolderError) as error:
            self._given_up = True
            why = f'"{place.place}": {error.strerror or error}' if isinstance(error, OSError) else str(error)
            self._say(f"This run is not kept: {why}")
            return
        for line in gone:
            self._say(line[0].upper() + line[1:])

    def _finish(self, trainer: Trainer, writer: RunWriter) -> None:
        record = run_record(trainer, with_epochs=False)  # they have a file of their own
        stopped = trainer.history.stopped
        if stopped is not None and stopped.reason == "interrupted":
            writer.rest()
            return
        verdict = record["verdict"]
        writer.event("verdict", kind=verdict["kind"], says=verdict["says"])
        writer.rest(record)

    def _look(self) -> None:
        writers = (*self._resting, *self._writers.values())
        trouble = next((one.trouble for one in writers if one.trouble is not None), None)
        if trouble is not None and not self._troubled:
            self._say(f"Cannot write the run down: {trouble.strerror or trouble}. It trains on, and is tried again")
        elif trouble is None and self._troubled:
            self._say("The run is written down again, with all that waited")
        self._troubled = trouble is not None


def session_of_folders(taken: Sequence[TakenUp], preset: Preset) -> Session:
    """A session of runs that were taken up and caught up, paused where they are."""
    trainers, documents, films = zip(*((one.trainer, one.document, one.film) for one in taken), strict=True)
    return session_of(Recording(preset, trainers, documents, films))


def called(folders: Sequence[RunFolder]) -> str:
    """What runs that were opened are called."""
    return folders[0].id if len(folders) == 1 else start_of(folders[0])
