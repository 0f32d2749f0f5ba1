"""The lab: the one screen that people live in. It holds the session and hands each pane what to show.

Attributes go down to panes, messages come up from them. While it trains, everything is drawn once a frame; a batch costs
the screen nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical

from engine import Preset
from tui import form, view
from tui.canvas import Section
from tui.keyboard.keys import bindings
from tui.keyboard.named import named
from tui.panes.bars import Bar, header, key_line, note_line
from tui.panes.curves import Curves
from tui.panes.inside import InsidePane
from tui.panes.lesson import LessonPane
from tui.panes.multiples import MultiplesPane
from tui.panes.progress_tree import ProgressTree
from tui.panes.results import ResultsPane
from tui.panes.settings import SettingsPane
from tui.panes.training_loop import TrainingLoop
from tui.screens.comparing import Compares
from tui.screens.conductor import Conductor
from tui.screens.editing import Edits
from tui.screens.explaining import Explains
from tui.screens.exporting import TakesAway
from tui.screens.homing import AtHome
from tui.screens.keeping import KeepsRuns
from tui.screens.layout import arrange
from tui.screens.linking import Links
from tui.screens.loading import Loads
from tui.screens.multiples import Multiplies
from tui.screens.phasing import Phasing
from tui.screens.proving import Proves
from tui.screens.reading import Reads
from tui.screens.recording import Records
from tui.screens.seeds import TrainsSeeds
from tui.screens.too_small import TooSmall
from tui.screens.training import Trains
from tui.screens.watching import Watches
from tui.screens.withstanding import Withstands
from tui.session import Session
from tui.terminal.link import way_of
from tui.words import outcome


class LabScreen(
    Links, Loads, Proves, TakesAway, Records, Compares, TrainsSeeds, Multiplies, Phasing, Trains, Edits, Reads, AtHome,
    Explains, Withstands, KeepsRuns, Watches,
):  # fmt: skip
    """Settings and progress on the left, curves in the middle, the lesson on the right where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())
    AUTO_FOCUS = None

    def __init__(self, preset: Preset, speed: float = 1.0) -> None:
        super().__init__(id="lab")
        self.conductor = Conductor(
            self, Session(preset), speed, self.frame, self._ended, self.training_failed, self.keep_writing
        )
        self.keep_runs()
        self.told = outcome.Told()

    def compose(self) -> ComposeResult:
        yield Bar(id="header")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield SettingsPane(id="settings")
                yield ProgressTree(id="tree")
            with Vertical(id="middle"):
                with Container(id="plots"):
                    with Vertical(id="curves"):
                        yield Curves(id="loss")
                        yield Curves(id="second")
                    yield InsidePane(id="inside")
                yield MultiplesPane(id="multiples")
                yield Bar(id="differs")
                yield TrainingLoop(id="loop")
                yield ResultsPane(id="results")
            yield LessonPane(id="lesson")
        yield TrainingLoop(id="loop-line")
        yield TooSmall(id="too-small")
        yield Bar(id="verdict")
        yield Bar(id="note")
        yield Section(id="next")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        self.settings = self.query_one(SettingsPane)
        self.progress = self.query_one(ProgressTree)
        self.lesson = self.query_one(LessonPane)
        self.settings.check = self._check
        self.come_home()
        self.conductor.mount()
        self.settings.focus()
        self.show_form()
        self.settings.go_to(form.RATE)  # what people change first
        self.place_panes()
        self.opened()
        self.say_troubles()

    def on_unmount(self) -> None:
        self.leave_runs()
        self.leave_home()

    def opened(self) -> None:
        """A preset was opened: show all of it."""
        self.conductor.plan()
        self.told.clear()
        self.progress.reset()
        self.retry_panes()
        self.call_after_refresh(self.lesson_opened)
        self.say(*outcome.ready(self.session), role="bad" if self.session.state == "refused" else "text")
        self.show_form()
        self.frame()

    # drawing

    def frame(self, words: bool = True) -> None:
        """Draw everything that training changes; without `words`, but for what is read in sentences."""
        self.conductor.tick()
        self.keep_writing(not self.conductor.in_flight)
        self.part("#lesson", lambda: self._show_news(words))
        if view.scheduled(self.session.trainer):
            self.show_form()  # the rate of now stands in it
        self.part("#header, #keys", self._show_edges)
        self.part("#tree", self._show_tree)
        self.part("#loss, #second, #inside", self.show_curves)
        self.part("#differs", self.compare_frame)
        self.part("#loop, #loop-line", self._show_loop)
        self.part("#verdict", self.show_verdict if words else lambda: self.verdicts.follow(self.session))
        self.remember()

    def _show_news(self, words: bool) -> None:
        session = self.session
        turned = self.teach() if words or session.done else False
        if turned:
            self.place_panes()
        while (news := outcome.news(session, self.told))[0]:
            self.say(news[0], role=news[1])
        if turned and self.over:  # how all of it ended says more than the last thing that happened
            self.say(*outcome.outcome(session), role="strong")

    def _show_edges(self) -> None:
        session, speed, left = self.session, self.conductor.speed, self.conductor.left
        standing, state, steps = view.standing(session, speed, left), session.state, session.trainer.run.surface is not None
        if self.viewing.written and session.running:
            standing = replace(standing, written=way_of(self.app).rates() or (0.0, 0.0))
        self.query_one("#header", Bar).show(lambda width: header(standing, width))
        does = "watching" if session.elsewhere else state
        self.query_one("#keys", Bar).show(lambda width: key_line(does, width, steps, self.keys))

    def _show_tree(self) -> None:
        session = self.session
        self.progress.show(view.branches(session), len(session.kept) + session.selected)

    def _show_loop(self) -> None:
        conductor = self.conductor
        moment = view.moment(self.session, conductor.phase, conductor.speed, conductor.left, self.pace.brief)
        self.show_phases()
        for loop in self.query(TrainingLoop):
            loop.show(moment)

    def show_form(self) -> None:
        """Draw the form and what is worked out from it."""
        self.part("#settings", self._show_form)

    def _show_form(self) -> None:
        session = self.session
        title = session.run.name if len(session.runs) > 1 else ""
        before = self.settings.lines
        self.settings.show(view.form_rows(session), view.derived(session.run, session.hidden), title)
        if self.settings.lines != before:
            self.place_panes()

    def say(self, *texts: str, role: str = "text") -> None:
        """The newest word, in the line above the keys; of several wordings, from the longest, the first that has room."""
        said = tuple(map(named, texts))
        self.query_one("#note", Bar).show(lambda width: note_line(said, role, width))
        self.heard(role)

    def on_resize(self, event: events.Resize) -> None:
        self.place_panes()

    def place_panes(self) -> None:
        arrange(self, self.lesson_wanted, self.zoomed, self.over, self.inside, self.hidden_panes, self.apart)
        self.place_multiples()
        self.keep_layout()
        self.say_too_small()
        shown = [pane for pane in self.query(".pane") if all(one.display for one in pane.ancestors_with_self)]
        if shown and not any(pane.has_focus_within for pane in shown):
            shown[0].focus()

    # panes and sheets

    @on(ProgressTree.Selected)
    def _selected(self, message: ProgressTree.Selected) -> None:
        index = message.index - len(self.session.kept)
        if index >= 0:
            self.session.selected = index
            self.show_form()
            self.frame()
