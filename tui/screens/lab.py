"""The lab: the one screen that people live in. It holds the session and hands each pane what to show.

Attributes go down to panes, messages come up from them. While it trains, everything is drawn once a frame; a batch costs
the screen nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from engine import History, IterationMetrics, Preset, PresetError, load_preset
from tui import form, view
from tui.form import FIELDS
from tui.keys import bindings
from tui.listing import Heading, read_headings
from tui.pace import Pace
from tui.panes.bars import Bar, header, key_line, note_line
from tui.panes.curves import Curves
from tui.panes.lesson import LessonPane
from tui.panes.progress_tree import ProgressTree
from tui.panes.settings import Check, SettingsPane
from tui.panes.training_loop import PHASES, TrainingLoop
from tui.screens.conductor import Conductor
from tui.screens.layout import arrange
from tui.screens.sheets import Ask, Choice, Help, Picker
from tui.session import Session, why_not


class LabScreen(Screen[None]):
    """Settings and progress on the left, curves in the middle, the lesson on the right where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())
    AUTO_FOCUS = None

    def __init__(self, preset: Preset, speed: float = 1.0) -> None:
        super().__init__(id="lab")
        self.conductor = Conductor(self, Session(preset), speed, self.frame, self._ended)
        self.lesson_wanted: bool | None = None  # None: where there is room
        self.zoomed: Widget | None = None
        self._told: list[History] = []  # runs whose divergence has been said

    @property
    def session(self) -> Session:
        """What is tried out."""
        return self.conductor.session

    @property
    def pace(self) -> Pace:
        """How fast it is watched."""
        return self.conductor.pace

    def compose(self) -> ComposeResult:
        yield Bar(id="header")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield SettingsPane(id="settings")
                yield ProgressTree(id="tree")
            with Vertical(id="middle"):
                yield Curves(id="loss")
                yield Curves(id="second")
                yield TrainingLoop(id="loop")
            yield LessonPane(id="lesson")
        yield TrainingLoop(id="loop-line")
        yield Bar(id="note")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        self.settings = self.query_one(SettingsPane)
        self.progress = self.query_one(ProgressTree)
        self.lesson = self.query_one(LessonPane)
        self.settings.check = self._check
        self.settings.cursor = form.RATE  # what people change first
        self.conductor.mount()
        self.settings.focus()
        self._arrange()
        self._opened()

    def _opened(self) -> None:
        """A preset was opened: show all of it."""
        self.conductor.plan()
        self._told.clear()
        self.progress.reset()
        self.call_after_refresh(self.lesson.show, self.session.preset)
        self.say(f"{self.session.preset.title}. space starts, n takes one batch, ? shows all keys")
        self.show_form()
        self.frame()

    # drawing

    def frame(self) -> None:
        """Draw everything that training changes."""
        session, conductor = self.session, self.conductor
        conductor.tick()
        if word := view.news(session, self._told):
            self.say(word, "bad")
        speed, left = conductor.speed, conductor.left
        standing, state = view.standing(session, speed, left), session.state
        self.query_one("#header", Bar).show(lambda width: header(standing, width))
        self.query_one("#keys", Bar).show(lambda width: key_line(state, width))
        self.progress.show(view.branches(session), len(session.kept) + session.selected)
        loss, second = view.pictures(session)
        self.query_one("#loss", Curves).show(loss)
        self.query_one("#second", Curves).show(second)
        moment = view.moment(session, conductor.phase, speed, left, self.pace.brief)
        for loop in self.query(TrainingLoop):
            loop.show(moment)

    def show_form(self) -> None:
        """Draw the form and what is worked out from it."""
        session = self.session
        title = session.run.name if len(session.runs) > 1 else ""
        self.settings.show(view.form_rows(session), view.derived(session.run), title)

    def say(self, text: str, role: str = "text") -> None:
        """The newest word, in the line above the keys."""
        self.query_one("#note", Bar).show(lambda width: note_line(text, role, width))

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        arrange(self, self.lesson_wanted, self.zoomed)
        shown = [pane for pane in self.query(".pane") if all(one.display for one in pane.ancestors_with_self)]
        if shown and not any(pane.has_focus_within for pane in shown):
            shown[0].focus()

    # training

    def action_start_pause(self) -> None:
        """Start, pause, go on; begin again where the run is over."""
        session = self.session
        if session.running:
            self.conductor.pause()
            self.say("Paused. n takes one batch, N one epoch, space goes on")
            self.frame()
            return
        if session.done:
            session.restart()
            self.progress.reset()
        self._start(session, paced=True)

    def action_step_batch(self) -> None:
        """One batch of every run."""
        if self._pause_first():
            for _ in self.session.one_batch():
                pass
            self.conductor.phase = len(PHASES) - 1
            newest = self.session.trainer.history[-1]
            self.say(f"One batch: epoch {newest.epoch}, batch {newest.batch} of {newest.batches}. n takes the next")
            self.show_form()
            self.frame()

    def action_step_epoch(self) -> None:
        """Every run to the end of its epoch."""
        if self._pause_first():
            self._start(self.session.one_epoch(), paced=False)

    def _pause_first(self) -> bool:
        """Pause; False (and a word) where nothing is left to train."""
        if self.session.running:
            self.conductor.pause()
        if self.session.done:
            self.say("The run is over. space or r starts it again; more epochs let it go on")
            self.frame()
        return not self.session.done

    def action_restart(self) -> None:
        """Begin again with the form's settings; the old run is kept in the tree."""
        self.conductor.pause()
        self.session.restart()
        self.progress.reset()
        self.show_form()
        self._start(self.session, paced=True)

    def _start(self, source: Iterable[IterationMetrics], paced: bool) -> None:
        self.conductor.start(source, paced)
        if paced:
            self.say(f"Training, pace {self.pace}. space pauses, - + change the pace, , . the learning rate")
        self.frame()

    def _ended(self, paced: bool) -> None:
        """Training came to an end by itself: of the run, or of the epoch that was asked for."""
        session = self.session
        if session.done:
            self.say(view.outcome(session), "strong")
        elif not paced:
            self._told.clear()  # a divergence is said once more, since it matters more than this
            self.say(f"Epoch {session.trainer.epoch} is over. N takes the next one, space goes on")
        self.show_form()
        self.frame()

    # settings

    def _check(self, index: int, text: str) -> Check:
        return view.check(self.session, FIELDS[index], text)

    def _edit(self, index: int, value: object) -> None:
        try:
            self.say(self.session.edit(FIELDS[index], value))
        except PresetError as error:
            self.say(why_not(error), "bad")
        self.conductor.plan()
        self.show_form()
        self.frame()

    @on(SettingsPane.Nudged)
    def _nudged(self, message: SettingsPane.Nudged) -> None:
        field, session = FIELDS[message.index], self.session
        self._edit(message.index, form.nudged(field, session.document, session.value(field), message.up))

    @on(SettingsPane.Typed)
    def _typed(self, message: SettingsPane.Typed) -> None:
        self._edit(message.index, form.typed(FIELDS[message.index], self.session.document, message.text))

    @on(SettingsPane.Choose)
    def _choose(self, message: SettingsPane.Choose) -> None:
        field, session = FIELDS[message.index], self.session
        words = form.choices(field, session.document)

        def chosen(word: str | None) -> None:
            if word is not None:
                self._edit(message.index, word)

        self.app.push_screen(Choice(field.label, words, str(session.value(field))), chosen)

    @on(SettingsPane.Said)
    def _said(self, message: SettingsPane.Said) -> None:
        self.say(message.text, message.role)

    def action_rate(self, up: bool) -> None:
        """The learning rate a step down or up, at once."""
        self._nudged(SettingsPane.Nudged(form.RATE, up))

    def action_pace(self, up: bool) -> None:
        """Watch faster or slower."""
        self.conductor.change_pace(up)
        self.say(f"Pace {self.pace}" + ("" if not math.isinf(self.pace.speed) else ": - slows down again"))
        self.frame()

    # panes and sheets

    @on(ProgressTree.Selected)
    def _selected(self, message: ProgressTree.Selected) -> None:
        index = message.index - len(self.session.kept)
        if index >= 0:
            self.session.selected = index
            self.show_form()
            self.frame()

    def action_lesson(self) -> None:
        """Show or hide the lesson."""
        self.lesson_wanted = not self.lesson.display
        self.zoomed = None
        self._arrange()
        if self.lesson.display:
            self.lesson.focus()

    def action_zoom(self) -> None:
        """The focused pane alone, and back."""
        self.zoomed = None if self.zoomed is not None else self.focused
        self._arrange()

    def action_back(self) -> None:
        """Escape: leave the zoom."""
        if self.zoomed is not None:
            self.action_zoom()

    def entries(self) -> Sequence[Heading]:
        """The presets that can be opened."""
        return read_headings()[0]

    def action_presets(self) -> None:
        """The picker."""

        def picked(name: str | None) -> None:
            if name is not None:
                self.open_preset(name)

        self.app.push_screen(Picker(self.entries(), self.session.preset.name), picked)

    def open_preset(self, name: str) -> None:
        """Leave this preset for another one, ready to start."""
        try:
            preset = load_preset(name)
        except PresetError as error:
            self.say(f"{name}: {why_not(error)}", "bad")
            return
        self.conductor.open(Session(preset))
        self._opened()

    def action_help(self) -> None:
        """All keys."""
        self.app.push_screen(Help())

    def action_palette(self) -> None:
        """The command palette."""
        self.app.action_command_palette()

    def action_leave(self) -> None:
        """Quit; while training, ask first."""
        if not self.session.running:
            self.app.exit()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.conductor.pause()
                self.app.exit()

        self.app.push_screen(Ask("Training is running. Quit?", "quit", "go on training"), answered)
