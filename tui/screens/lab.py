"""The lab: the one screen that people live in. It holds the session and hands each pane what to show.

Attributes go down to panes, messages come up from them. While it trains, everything is drawn once a frame; a batch costs
the screen nothing.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from engine import IterationMetrics, Preset, PresetError, load_preset, stream
from tui import form, view
from tui.canvas import Canvas
from tui.form import FIELDS
from tui.keys import bindings
from tui.listing import Heading, read_headings
from tui.pace import Pace
from tui.panes.bars import Bar, header, key_line, note_line
from tui.panes.curves import Curves
from tui.panes.lesson import LessonPane
from tui.panes.progress_tree import ProgressTree
from tui.panes.settings import Check, SettingsPane
from tui.panes.training_loop import TrainingLoop
from tui.screens.sheets import Ask, Choice, Help, Picker
from tui.session import Session, why_not

FRAMES = 10  # a second, while it trains
NARROW, LESSON_BESIDE, WIDE = 100, 110, 180  # columns


class LabScreen(Screen[None]):
    """Settings and progress on the left, curves in the middle, the lesson on the right where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())
    AUTO_FOCUS = None

    def __init__(self, preset: Preset, speed: float = 1.0) -> None:
        super().__init__(id="lab")
        self.session = Session(preset)
        self.pace = Pace(speed)
        self.lesson_wanted: bool | None = None  # None: where there is room
        self.zoomed: Widget | None = None
        self._note = ("", "text")
        self._timer: Timer | None = None
        self._seen: deque[tuple[float, int]] = deque(maxlen=40)
        self._phase = -1
        self._turn = 0  # which start of training it is: an older worker that ends late is not listened to

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
        self._timer = self.set_interval(1 / FRAMES, self.frame, pause=True)
        self.settings.focus()
        self._arrange()
        self._opened()

    def _opened(self) -> None:
        """A preset was opened: show all of it."""
        self._plan()
        self.progress.reset()
        self.call_after_refresh(self.lesson.show, self.session.preset)
        self.say(f"{self.session.preset.title}. space starts, n takes one batch, ? shows all keys")
        self.show_form()
        self.frame()

    # drawing

    def frame(self) -> None:
        """Draw everything that training changes."""
        session = self.session
        now = time.perf_counter()
        if session.running:
            self._seen.append((now, session.steps))
            self._phase = view.lit_phase(self.pace, session.steps, self._phase)
        speed = view.speed(self._seen) if session.running else 0.0
        left = view.time_left(session, self.pace, speed)
        self._bar("header", lambda width: header(view.standing(session, speed, left), width))
        self._bar("keys", lambda width: key_line(session.state, width))
        self.progress.show(view.branches(session), len(session.kept) + session.selected)
        loss, second = view.pictures(session)
        self.query_one("#loss", Curves).show(loss)
        self.query_one("#second", Curves).show(second)
        moment = view.moment(session, self._phase, speed, left, str(self.pace))
        for loop in self.query(TrainingLoop):
            loop.show(moment)

    def show_form(self) -> None:
        """Draw the form and what is worked out from it."""
        session = self.session
        title = session.run.name if len(session.runs) > 1 else ""
        self.settings.show(view.form_rows(session), view.derived(session.run), title)

    def say(self, text: str, role: str = "text") -> None:
        """The newest word, in the line above the keys."""
        self._note = (text, role)
        self._bar("note", lambda width: note_line(text, role, width))

    def _bar(self, name: str, line: object) -> None:
        bar = self.query_one(f"#{name}", Bar)
        if bar.size.width:
            bar.paint([line(bar.size.width)])  # type: ignore[operator]

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()
        self.call_after_refresh(self._draw_all)

    def _draw_all(self) -> None:
        self.show_form()
        self.say(*self._note)
        self.frame()

    def _arrange(self) -> None:
        """Which panes are in sight, from the size, the zoom and whether the lesson is wanted."""
        width = self.app.size.width
        self.set_class(width < NARROW, "narrow")
        self.set_class(width >= WIDE, "wide")
        beside = width >= LESSON_BESIDE
        lesson = self.lesson_wanted if self.lesson_wanted is not None else beside
        zoom = self.zoomed
        panes: list[Widget] = [self.settings, self.progress, *self.query(Curves)]
        for pane in panes:
            pane.display = zoom is None or pane is zoom
        self.lesson.display = lesson if zoom is None else zoom is self.lesson
        swapped = lesson and not beside  # too narrow for three columns: the lesson takes the left one's place
        self.query_one("#left").display = not swapped if zoom is None else zoom in (self.settings, self.progress)
        self.query_one("#middle").display = zoom is None or isinstance(zoom, Curves)
        self.query_one("#loop").display = zoom is None and width >= NARROW
        self.query_one("#left").styles.width = "1fr" if zoom in (self.settings, self.progress) else None
        self.lesson.styles.width = "1fr" if zoom is self.lesson else (36 if swapped else None)
        self.settings.styles.height = "1fr" if zoom is self.settings else None
        if swapped:
            body = self.query_one("#body")
            body.move_child(self.lesson, before=self.query_one("#middle"))
        else:
            self.query_one("#body").move_child(self.lesson, after=self.query_one("#middle"))

    # training

    def action_start_pause(self) -> None:
        """Start, pause, go on; begin again where the run is over."""
        session = self.session
        if session.running:
            self._pause()
            self.say("Paused. n takes one batch, N one epoch, space goes on")
            self.frame()
            return
        if session.done:
            session.restart()
            self.progress.reset()
        self._start(session, paced=True)

    def action_step_batch(self) -> None:
        """One batch of every run."""
        self._step(self.session.one_batch(), "n")

    def action_step_epoch(self) -> None:
        """Every run to the end of its epoch."""
        if self._pause_first():
            self._start(self.session.one_epoch(), paced=False)

    def _step(self, source: Iterator[IterationMetrics], key: str) -> None:
        if self._pause_first():
            for _ in source:
                pass
            self._phase = 3
            newest = self.session.trainer.history[-1]
            self.say(f"One batch: epoch {newest.epoch}, batch {newest.batch} of {newest.batches}. {key} takes the next")
            self.show_form()
            self.frame()

    def _pause_first(self) -> bool:
        """Pause; False (and a word) where nothing is left to train."""
        if self.session.running:
            self._pause()
        if self.session.done:
            self.say("The run is over. space or r starts it again; more epochs let it go on")
            self.frame()
        return not self.session.done

    def action_restart(self) -> None:
        """Begin again with the form's settings; the old run is kept in the tree."""
        self._pause()
        self.session.restart()
        self.progress.reset()
        self.show_form()
        self._start(self.session, paced=True)

    def _start(self, source: Session | Iterator[IterationMetrics], paced: bool) -> None:
        session = self.session
        session.running = True
        self._turn += 1
        self._plan()
        self._seen.clear()
        assert self._timer is not None
        self._timer.resume()
        self.run_worker(self._train(source, paced, self._turn), group="training", exclusive=True)
        if paced:
            self.say(f"Training, pace {self.pace}. space pauses, - + change the pace, , . the learning rate")
        self.frame()

    def _pause(self) -> None:
        if self.session.running:
            self.session.running = False
            self._turn += 1
            self.workers.cancel_group(self, "training")
            assert self._timer is not None
            self._timer.pause()

    async def _train(self, source: Session | Iterator[IterationMetrics], paced: bool, turn: int) -> None:
        session = self.session
        due = (lambda: self.pace.wait(session.steps)) if paced else None
        async for _ in stream(source, due=due):
            pass  # the histories have it; it is drawn with the next frame
        if turn == self._turn:
            self._ended(paced)

    def _ended(self, paced: bool) -> None:
        """Training came to an end by itself: of the run, or of the epoch that was asked for."""
        session = self.session
        session.running = False
        assert self._timer is not None
        self._timer.pause()
        self._phase = 3
        if session.done:
            self.say(view.outcome(session), "strong")
        elif not paced:
            last = session.trainer.history.epochs[-1]
            self.say(f"Epoch {last.epoch} is over. N takes the next one, space goes on")
        self.show_form()
        self.frame()

    def _plan(self) -> None:
        session = self.session
        self.pace.plan(session.all_steps, session.early_steps, session.preset.sheet.show.seconds, session.steps)

    # settings

    def _check(self, index: int, text: str) -> Check:
        """What typing comes to, for the settings pane."""
        session, field = self.session, FIELDS[index]
        document = session.documents[session.selected]
        try:
            run = session.tried(field, form.typed(field, document, text))
        except ValueError as error:
            return Check(("", ""), form.allowed(field, document), str(error))
        except PresetError as error:
            return Check(("", ""), form.allowed(field, document), why_not(error))
        return Check(view.derived(run), form.allowed(field, document))

    def _edit(self, index: int, value: object) -> None:
        try:
            self.say(self.session.edit(FIELDS[index], value))
        except PresetError as error:
            self.say(why_not(error), "bad")
        self._plan()
        self.show_form()
        self.frame()

    @on(SettingsPane.Nudged)
    def _nudged(self, message: SettingsPane.Nudged) -> None:
        field, session = FIELDS[message.index], self.session
        document = session.documents[session.selected]
        self._edit(message.index, form.nudged(field, document, session.value(field), message.up))

    @on(SettingsPane.Typed)
    def _typed(self, message: SettingsPane.Typed) -> None:
        field = FIELDS[message.index]
        self._edit(message.index, form.typed(field, self.session.documents[self.session.selected], message.text))

    @on(SettingsPane.Choose)
    def _choose(self, message: SettingsPane.Choose) -> None:
        field, session = FIELDS[message.index], self.session
        words = form.choices(field, session.documents[session.selected])

        def chosen(word: str | None) -> None:
            if word is not None:
                self._edit(message.index, word)

        self.app.push_screen(Choice(field.label, words, str(session.value(field))), chosen)

    @on(SettingsPane.Said)
    def _said(self, message: SettingsPane.Said) -> None:
        self.say(message.text, message.role)

    def action_rate(self, up: bool) -> None:
        """The learning rate a step down or up, at once."""
        self._nudged(SettingsPane.Nudged(4, up))

    def action_pace(self, up: bool) -> None:
        """Watch faster or slower."""
        change = self.pace.faster if up else self.pace.slower
        change(self.session.steps)
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
        elif self.focused is None or not self.focused.display:
            self.settings.focus()
        self.call_after_refresh(self._draw_all)

    def action_zoom(self) -> None:
        """The focused pane alone, and back."""
        focused = self.focused
        self.zoomed = None if self.zoomed is not None or focused is None else focused
        self._arrange()
        self.call_after_refresh(self._draw_all)

    def action_back(self) -> None:
        """Escape: cancel typing, else leave the zoom."""
        if self.settings.editing:
            self.settings.cancel()
        elif self.zoomed is not None:
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
        self._pause()
        self.session = Session(preset)
        self._phase = -1
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
                self._pause()
                self.app.exit()

        self.app.push_screen(Ask("Training is running. Quit?", "quit", "go on training"), answered)


def canvases(screen: Screen[None]) -> list[Canvas]:
    """Every canvas of a screen, in the order of the page; a test reads them as text."""
    return list(screen.query(Canvas))
