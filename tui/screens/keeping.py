"""What is trained in the lab is kept on disk as it goes: in folders that `descent runs` lists, and that open again here."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from textual.timer import Timer

from engine import Trainer
from engine.columns import TableError
from engine.on_disk.folder import RunFolder, RunFolderError
from engine.on_disk.going_on import TakenUp
from tui.aside import Aside
from tui.figures import printable
from tui.home.folders import shortened
from tui.on_disk import OnDisk, session_of_folders
from tui.screens.base import Lab

LOOKS = 10  # a second, at whether a run that is opened has caught up
AGAIN = 0.3  # seconds until what waits is tried again, while nothing trains
AT_ONCE = 0.3  # seconds that nobody minds


class KeepsRuns(Lab):
    """The part of the lab that has its runs written down, and opens those that were."""

    on_disk: OnDisk
    last_words: list[str] | None = None  # what is to be said when the lab is left, and nobody sees it any more
    _opening: tuple[list[RunFolder], Aside[list[TakenUp]]] | None = None
    _looks_at: Timer | None = None
    _again: Timer | None = None

    def keep_runs(self, out: str | None = None) -> None:
        """From now on, in the usual place or in this folder."""
        self.on_disk = OnDisk(self._told, out)
        self._verdicts_noted: WeakKeyDictionary[Trainer, str] = WeakKeyDictionary()

    def _told(self, line: str) -> None:
        if self.last_words is not None:
            self.last_words.append(printable(line))
            return
        self.say(printable(line), role="bad" if line.startswith(("Cannot", "This")) else "text")

    def write_runs(self, at_rest: bool = True) -> None:
        if not self.session.elsewhere:
            self.on_disk.follow(self.session, at_rest)
            if not self.session.running and self._again is None and self.on_disk.behind:
                self._again = self.set_timer(AGAIN, self._write_again)  # nobody may press a key for an hour

    def _write_again(self) -> None:
        self._again = None
        self.write_runs(not self.conductor.in_flight)

    def adopt(self, taken: Sequence[TakenUp]) -> None:
        if taken:
            try:
                self.on_disk.adopt(self.session, taken)
            except OSError as error:
                self.say(f"This run is not kept from here on: {error.strerror or error}", role="bad")

    def note_event(self, trainer: Trainer, name: str, **said: str) -> None:
        self.on_disk.note(trainer, name, **said)

    def note_verdict(self, says: str) -> None:
        trainer, kind = self.session.trainer, says.partition(":")[0]
        if self._verdicts_noted.get(trainer) != kind:  # its figures change with every epoch
            self._verdicts_noted[trainer] = kind
            self.on_disk.note(trainer, "verdict", says=says)

    def saved_in(self) -> str:
        places = self.on_disk.places
        return shortened(places[0]) if places else ""

    def leave_runs(self) -> None:
        """The lab is left: write all there is."""
        self.last_words = []
        if not self.session.elsewhere:
            self.conductor.land()
            self.on_disk.follow(self.session)
            self.on_disk.leave()

    # opening

    def action_kept_runs(self) -> None:
        """The runs that are kept on disk, to open one of them."""
        from tui.screens.kept_sheet import KeptSheet

        def chosen(folder: RunFolder | None) -> None:
            if folder is not None:
                self.open_folder_of_run(folder)

        self.write_runs(not self.conductor.in_flight)
        self.on_disk.let_go()
        own = [place.name for place in self.on_disk.places]
        self.app.push_screen(KeptSheet(self.on_disk.store, own), chosen)

    def open_folder_of_run(self, folder: RunFolder) -> None:
        """Leave this preset for a run that is kept, with the others that it was started with; one that another process
        trains is watched."""
        from engine.on_disk.store import start_of

        if folder.path in self.on_disk.places:
            self.say(f"{folder.id} is the run that is open")
            return
        all_of_it = [one for one in self.on_disk.store.folders() if start_of(one) == start_of(folder)]
        if any(one.state == "training" for one in all_of_it):
            self._watch(all_of_it)
            return
        self.cancel_work()
        aside = Aside(lambda asked: _caught_up(all_of_it, asked))
        self._opening = (all_of_it, aside)
        if aside.wait(AT_ONCE):
            self._run_opened()
        else:
            self._looks_at = self.set_interval(1 / LOOKS, self._look_whether_opened)
            self._look_whether_opened()

    def _look_whether_opened(self) -> None:
        if self._opening is None:
            return
        folders, aside = self._opening
        if aside.over:
            self._run_opened()
        else:
            trains = f"trains again what followed its checkpoint, {aside.seconds:.0f} s"
            self.say(f"{folders[0].id} {trains}. <pane.escape> cancels", role="strong")

    def _run_opened(self) -> None:
        assert self._opening is not None
        folders, aside = self._opening
        self._stop_opening()
        try:
            taken = aside.result()
        except (RunFolderError, TableError) as error:
            self.say(printable(str(error)), role="bad")
            return
        except OSError as error:
            self.say(printable(f"{folders[0].path}: {error.strerror or error}"), role="bad")
            return
        from tui.console.taking_up import preset_of_each

        self.on_disk.turn_away()
        self.conductor.open(session_of_folders(taken, preset_of_each(taken)))
        self.adopt(taken)
        self.opened()
        self.came_from(folders[0].id)

    def _watch(self, folders: Sequence[RunFolder]) -> None:
        from engine.on_disk.following import Follower
        from tui.watching import Watched

        try:
            session = Watched([Follower(folder) for folder in folders])
        except (RunFolderError, TableError, OSError) as error:
            self.say(printable(str(error)), role="bad")
            return
        self.on_disk.leave()  # all of it now: while others train, nothing follows what is written here
        self.conductor.open(session)
        self.opened()
        self.watch_runs()

    def _stop_opening(self) -> None:
        if self._looks_at is not None:
            self._looks_at.stop()
        self._opening = self._looks_at = None

    def cancel_work(self) -> bool:
        """Give up a run that is being opened; whether there was one."""
        if self._opening is None:
            return super().cancel_work()
        folders, aside = self._opening
        aside.given_up = True
        self._stop_opening()
        self.say(f"Opening {folders[0].id} was cancelled")
        return True


def _caught_up(folders: Sequence[RunFolder], asked: Aside[list[TakenUp]]) -> list[TakenUp]:
    """The runs of these folders, held and caught up; none where it was given up."""
    from tui.console.taking_up import let_go, take_all

    taken = take_all(folders)
    try:
        for one in taken:
            for _ in one.catch_up():
                if asked.given_up:
                    let_go(taken)
                    return []
    except BaseException:
        let_go(taken)
        raise
    return taken
