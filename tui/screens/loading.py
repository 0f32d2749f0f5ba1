"""Another preset in the lab: at once where it is small; where it takes long, beside the lab, which goes on meanwhile."""

from __future__ import annotations

from textual.timer import Timer

from engine import PresetError, load_preset
from engine.columns import TableError
from tui.aside import Aside
from tui.figures import printable
from tui.own_folder import source_of
from tui.screens.opening import OpensSheets
from tui.session import Session, why_not

AT_ONCE = 0.3  # seconds that nobody minds
LOOKS = 10  # a second, at whether it is there


class Loads(OpensSheets):
    """The part of the lab that loads presets."""

    _loading: tuple[str, Aside[Session]] | None = None
    _looks: Timer | None = None

    def open_preset(self, name: str) -> None:
        """Leave this preset for another one, ready to start; one that is still being loaded is given up."""
        self._stop_loading()
        aside = Aside(lambda _: Session(load_preset(source_of(name))))
        if aside.wait(AT_ONCE):
            self._loaded(name, aside)
            return
        self._loading = (name, aside)
        self._looks = self.set_interval(1 / LOOKS, self._look_whether_loaded)
        self._look_whether_loaded()

    def _look_whether_loaded(self) -> None:
        if self._loading is None:
            return
        name, aside = self._loading
        if aside.over:
            self._stop_loading()
            self._loaded(name, aside)
        else:
            self.say(f"Loading {printable(name)} ... {aside.seconds:.0f} s. <pane.escape> cancels", role="strong")

    def _loaded(self, name: str, aside: Aside[Session]) -> None:
        try:
            session = aside.result()
        except PresetError as error:
            self.say(f"{name}: {why_not(error)}", role="bad")
        except (OSError, TableError) as error:
            self.say(f"{name}: {getattr(error, 'strerror', None) or error}", role="bad")
        except MemoryError:
            self.say(f"{name}: there is not enough memory for it", role="bad")
        else:
            self.conductor.open(session)
            self.opened()

    def _stop_loading(self) -> None:
        if self._looks is not None:
            self._looks.stop()
        if self._loading is not None:
            self._loading[1].given_up = True
        self._looks = self._loading = None

    def action_back(self) -> None:
        """Escape: give up long work before anything else, since that is what it says."""
        if not self.cancel_work():
            super().action_back()

    def cancel_work(self) -> bool:
        """Give up what is being loaded; whether there was something."""
        if self._loading is None:
            return super().cancel_work()
        name = self._loading[0]
        self._stop_loading()
        self.say(f"Loading {printable(name)} was cancelled: {printable(self.session.preset.name)} is open still")
        return True
