"""Between a session and the event loop: when a step is due, when the screen is drawn, and what the speed is.

The only place where training and Textual meet. A batch costs the screen nothing: it is drawn with the next frame.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from textual.screen import Screen
from textual.timer import Timer

from engine.live import PACE
from engine.stream import Drive
from tui import view
from tui.pace import Pace
from tui.panes.training_loop import PHASES
from tui.session import Session
from tui.terminal.link import way_of

FRAMES, FEWEST = 10, 5  # a second at most while it trains, and where drawing is dear
LOOKS = 40  # a second, whether it is time for a frame
SHARE, MOST_SHARE = 0.08, 0.16  # of the time that goes into drawing: for more than the fewest frames, and for these
WORDS = 0.45  # seconds between two looks, while it trains, at what is said in words: nobody reads faster


def apart(cost: float) -> float:
    """Seconds from a frame to the next where drawing one takes `cost` seconds.

    Between the most and the fewest frames they have their share of the time; what is still dearer has fewer than these.
    """
    return max(1 / FRAMES, min(cost / SHARE, max(1 / FEWEST, cost / MOST_SHARE)))


class Conductor:
    """Starts and pauses training on a screen; calls `frame(words)` while it trains, `ended(paced)` when it ends by itself,
    `failed(error)` when it has stopped because something in it was wrong, and `written(at_rest)` many times a second, to
    write down what is new.

    `words`: whether it is time again for what people read, which costs as much as curves and changes as often.
    """

    def __init__(
        self,
        screen: Screen[None],
        session: Session,
        speed: float,
        frame: Callable[[bool], None],
        ended: Callable[[bool], None],
        failed: Callable[[Exception], None],
        written: Callable[[bool], None] = lambda at_rest: None,
    ) -> None:
        self.screen, self.session = screen, session
        self.pace = Pace(speed)
        self.phase = -1  # which of the four phases is lit
        self._frame, self._ended, self._failed, self._written = frame, ended, failed, written
        self._timer: Timer | None = None
        self._seen: deque[tuple[float, int]] = deque(maxlen=40)
        self._next_frame = self._next_words = 0.0
        self._drive: Drive | None = None
        self._closed = False
        self._turn = 0  # which start this is: a worker of an earlier one that ends late is not listened to

    def mount(self) -> None:
        """The screen is there: make its timer, which runs only while it trains."""
        self._listen()
        self._timer = self.screen.set_interval(1 / LOOKS, self._draw, pause=True)

    def _draw(self) -> None:
        """Draw a frame, unless drawing has already had its share of the time, or the terminal has no room for it."""
        self._written(not self.in_flight)
        before = time.perf_counter()
        if before >= self._next_frame and way_of(self.screen.app).free():
            words = before >= self._next_words
            if words:
                self._next_words = before + WORDS
            self._next_frame = before + 1.0  # where this one fails
            self._frame(words)
            now = time.perf_counter()
            self._next_frame = before + apart(now - before) - 0.5 / LOOKS

    def open(self, session: Session) -> None:
        """Another session from now on."""
        self.pause()
        self.session, self.phase = session, -1
        self._listen()
        self.plan()

    def _listen(self) -> None:
        self.session.at_rest = self.land
        self.session.rested = lambda: self._written(True)

    @property
    def in_flight(self) -> bool:
        """Whether a step is being done in a thread."""
        return self._drive is not None and self._drive.in_flight

    def plan(self) -> None:
        """Spread the steps there are now over the seconds that the preset asks for."""
        session = self.session
        self.pace.plan(session.all_steps, session.early_steps, session.preset.sheet.show.seconds, session.steps)

    def start(self, source: Iterable[object], paced: bool) -> None:
        """Train on `source` until it ends or `pause` is called; `paced`: at the pace, else as fast as it goes."""
        if not self._landed():
            return
        self.session.running = True
        self._turn += 1
        self._seen.clear()
        self.plan()
        if self._timer is not None:
            self._timer.resume()
        train: Any = partial(self._train, source, paced, self._turn)  # made when it begins: the lab may end before that
        self.screen.run_worker(train, group="training", exclusive=True)

    def pause(self) -> None:
        """Stop after the batch that is done, or in flight in its thread; nothing where it does not train."""
        if self.session.running:
            self.screen.workers.cancel_group(self.screen, "training")
            self._stop()

    def close(self) -> None:
        """The lab is left: nothing is drawn any more."""
        self._closed = True
        self.pause()

    def land(self) -> None:
        """Finish the batch that is in flight in its thread, if one is: whoever needs trainers at rest waits for it."""
        self._landed()

    def _landed(self) -> bool:
        """The same; whether all went well. What fails stops the training, and whoever waits finds trainers at rest."""
        try:
            if self._drive is not None:
                self._drive.land()
        except Exception as error:
            self._drive = None  # its task ends by itself
            self.pause()
            self._failed(error)
            return False
        return True

    def _stop(self) -> None:
        self.session.running = False
        self._turn += 1
        if self._timer is not None:
            self._timer.pause()

    async def _train(self, source: Iterable[object], paced: bool, turn: int) -> None:
        session = self.session
        self._drive = drive = Drive(source, (lambda: self.pace.wait(session.steps)) if paced else None)
        try:
            await drive.run()  # the histories have what it makes
        except Exception as error:
            if drive is self._drive and self.session is session:  # else it was said, or nobody looks at it any more
                if turn == self._turn:
                    self._stop()
                self._drive = None
                if not self._closed:
                    self._failed(error)
            return
        if drive is not self._drive or (drive.cancelled and turn == self._turn):  # it has failed; or the lab is gone
            return
        if turn == self._turn:
            self._stop()
            self.phase = len(PHASES) - 1
            self._ended(paced)
        elif not self.session.running and self.session is session and not self._closed:
            self._frame(True)  # what was in flight when it was paused

    def tick(self) -> None:
        """Once a frame: look at the clock, light the next phase."""
        if self.session.running:
            self._seen.append((time.perf_counter(), self.session.steps))
            self.phase = view.lit_phase(self.pace, self.session.steps, self.phase)

    @property
    def speed(self) -> float:
        """Steps a second while it trains; 0: not known."""
        return view.speed(self._seen) if self.session.running else 0.0

    @property
    def left(self) -> float:
        """Seconds until all runs are over; 0: nothing to say."""
        return view.time_left(self.session, self.pace, self.speed)

    def change_pace(self, up: bool) -> None:
        """Twice or half as fast; runs in progress note it in their histories, since it is a part of what happened."""
        change, before = self.pace.faster if up else self.pace.slower, self.pace.brief
        change(self.session.steps)
        for trainer in self.session.trainers:
            if trainer.iteration and not trainer.done and self.pace.brief != before:
                trainer.note(PACE, before, self.pace.brief)
