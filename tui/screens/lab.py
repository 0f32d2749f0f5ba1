"""The lab: the one screen that people live in. It holds the session and hands each pane what to show.

Attributes go down to panes, messages come up from them. While it trains, everything is drawn once a frame; a batch costs
the screen nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from engine import IterationMetrics, Preset, PresetError
from tui import form, outcome, view
from tui.canvas import Section
from tui.keys import bindings
from tui.pace import Pace
from tui.panes.bars import Bar, header, key_line, note_line
from tui.panes.curves import Curves
from tui.panes.lesson import LessonPane
from tui.panes.progress_tree import ProgressTree
from tui.panes.results import ResultsPane
from tui.panes.settings import Check, SettingsPane
from tui.panes.training_loop import PHASES, TrainingLoop
from tui.screens.conductor import Conductor
from tui.screens.layout import arrange
from tui.screens.sheets import Choice
from tui.screens.teaching import Teaches
from tui.session import Session, why_not


class LabScreen(Teaches):
    """Settings and progress on the left, curves in the middle, the lesson on the right where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())
    AUTO_FOCUS = None

    def __init__(self, preset: Preset, speed: float = 1.0) -> None:
        super().__init__(id="lab")
        self.conductor = Conductor(self, Session(preset), speed, self.frame, self._ended)
        self.lesson_wanted: bool | None = None  # None: where there is room
        self.zoomed: Widget | None = None
        self._told = outcome.Told()

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
                yield ResultsPane(id="results")
            yield LessonPane(id="lesson")
        yield TrainingLoop(id="loop-line")
        yield Bar(id="note")
        yield Section(id="next")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        self.settings = self.query_one(SettingsPane)
        self.progress = self.query_one(ProgressTree)
        self.lesson = self.query_one(LessonPane)
        self.settings.check = self._check
        self.conductor.mount()
        self.settings.focus()
        self.show_form()
        self.settings.go_to(form.RATE)  # what people change first
        self._arrange()
        self.opened()

    def opened(self) -> None:
        """A preset was opened: show all of it."""
        self.conductor.plan()
        self._told.clear()
        self.progress.reset()
        self.call_after_refresh(self.lesson_opened)
        self.say(*outcome.ready(self.session), role="bad" if self.session.state == "refused" else "text")
        self.show_form()
        self.frame()

    # drawing

    def redraw(self) -> None:
        """Draw everything."""
        self.show_form()
        self.frame()

    def frame(self) -> None:
        """Draw everything that training changes."""
        session, conductor = self.session, self.conductor
        conductor.tick()
        turned = self.teach()
        if turned:
            self._arrange()
        while (news := outcome.news(session, self._told))[0]:
            self.say(news[0], role=news[1])
        if turned and self.over:  # how all of it ended says more than the last thing that happened
            self.say(*outcome.outcome(session), role="strong")
        if view.scheduled(session.trainer):
            self.show_form()  # the rate of now stands in it
        speed, left = conductor.speed, conductor.left
        standing, state, steps = view.standing(session, speed, left), session.state, session.trainer.run.surface is not None
        self.query_one("#header", Bar).show(lambda width: header(standing, width))
        self.query_one("#keys", Bar).show(lambda width: key_line(state, width, steps))
        self.progress.show(view.branches(session), len(session.kept) + session.selected)
        loss, second = view.pictures(session)
        self.query_one("#loss", Curves).show(loss)
        self.query_one("#second", Curves).show(second)
        moment = view.moment(session, conductor.phase, speed, left, self.pace.brief)
        for loop in self.query(TrainingLoop):
            loop.show(moment)
        self.remember()

    def show_form(self) -> None:
        """Draw the form and what is worked out from it."""
        session = self.session
        title = session.run.name if len(session.runs) > 1 else ""
        before = self.settings.lines
        self.settings.show(view.form_rows(session), view.derived(session.run, session.hidden), title)
        if self.settings.lines != before:
            self._arrange()

    def say(self, *texts: str, role: str = "text") -> None:
        """The newest word, in the line above the keys; of several wordings, from the longest, the first that has room."""
        self.query_one("#note", Bar).show(lambda width: note_line(texts, role, width))

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        arrange(self, self.lesson_wanted, self.zoomed, self.over)
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
            self.show_form()
        self._begin()

    def _begin(self) -> None:
        """Start, unless every run is refused: then say why."""
        if self.session.state == "refused":
            self.say(*outcome.refusal(self.session), role="bad")
            self.frame()
        else:
            self._start(self.session, paced=True)

    def action_step_batch(self) -> None:
        """One batch of every run."""
        if self._pause_first():
            for _ in self.session.one_batch():
                pass
            self.conductor.phase = len(PHASES) - 1
            self.say(outcome.stepped(self.session))
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
        if self.session.state == "refused":
            self.say(*outcome.refusal(self.session), role="bad")
            self.frame()
        elif self.session.done:
            self.say(outcome.over(self.session))
            self.frame()
        return not self.session.done

    def action_restart(self) -> None:
        """Begin again with the form's settings; the old run is kept in the tree."""
        self.conductor.pause()
        self.session.restart()
        self.progress.reset()
        self.show_form()
        self._begin()

    def _start(self, source: Iterable[IterationMetrics], paced: bool) -> None:
        self.conductor.start(source, paced)
        if paced:
            self.say(f"Training, pace {self.pace}. space pauses, - + change the pace, , . the learning rate")
        self.frame()

    def _ended(self, paced: bool) -> None:
        """Training came to an end by itself: of the run, or of the epoch that was asked for."""
        session = self.session
        if not session.done and not paced:
            self._told.clear()  # a divergence is said once more, since it matters more than this
            what = "Step" if session.trainer.run.surface else "Epoch"
            self.say(f"{what} {session.trainer.epoch} is over. N takes the next one, space goes on")
        self.show_form()
        self.frame()

    # settings

    def _check(self, key: str, text: str) -> Check:
        return view.check(self.session, form.BY_KEY[key], text)

    def _edit(self, key: str, value: object) -> None:
        session = self.session
        if why := session.fixed(form.BY_KEY[key]):
            self.say(why, role="warn")
            return
        try:
            said = session.edit(form.BY_KEY[key], value)
        except PresetError as error:
            self.say(why_not(error), role="bad")
        else:
            if session.state == "refused":
                self.say(*outcome.refusal(session), role="bad")
            else:
                self.say(said)
        self.conductor.plan()
        self.show_form()
        self.frame()

    @on(SettingsPane.Nudged)
    def _nudged(self, message: SettingsPane.Nudged) -> None:
        field, session = form.BY_KEY[message.key], self.session
        if field in session.fields:
            self._edit(field.key, form.nudged(field, session.document, session.value(field), message.up))

    @on(SettingsPane.Typed)
    def _typed(self, message: SettingsPane.Typed) -> None:
        self._edit(message.key, form.typed(form.BY_KEY[message.key], self.session.document, message.text))

    @on(SettingsPane.Choose)
    def _choose(self, message: SettingsPane.Choose) -> None:
        field, session = form.BY_KEY[message.key], self.session
        words = form.choices(field, session.document)

        def chosen(word: str | None) -> None:
            if word is not None:
                self._edit(message.key, word)

        self.app.push_screen(Choice(field.label, words, str(session.value(field))), chosen)

    @on(SettingsPane.Said)
    def _said(self, message: SettingsPane.Said) -> None:
        self.say(message.text, role=message.role)

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
