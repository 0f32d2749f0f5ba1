"""Training that is told in words and answers keys: what the lab does with a screen, done without one.

The same session, pace and stream as in the lab: only what is said differs. `say` takes one line at a time.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Iterator

from engine import PresetError
from engine.stream import Drive
from tui import form
from tui.narration import closing, sentences
from tui.narration.keys import Keys
from tui.narration.opening import opened
from tui.narration.sentences import leading
from tui.narration.spoken import listed, sentence, spoken
from tui.narration.teller import Teller
from tui.pace import Pace
from tui.session import Session, why_not

TICK = 0.1  # seconds between two looks at whether there is something to say


class Narrator:
    """A session in words. `press` does what a character does; `ended` has the exit code once somebody has quit.

    It belongs to the event loop that runs when it is made.
    """

    def __init__(
        self,
        session: Session,
        speed: float,
        keys: Keys,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session, self.keys, self.clock = session, keys, clock
        self.pace = Pace(speed, clock)
        self.teller = Teller(session)
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._say = say
        self._asked = False  # whether to quit
        self._hinted = False  # what can be done while it trains
        self._task: asyncio.Task[None] | None = None
        self._drive = Drive(())
        session.at_rest = lambda: self._drive.land()
        self._does: dict[str, Callable[[], Iterable[str]]] = {
            "run.toggle": self._toggle,
            "run.batch": self._batch,
            "run.epoch": self._epoch,
            "run.restart": self._restart,
            "rate.down": lambda: self._rate(up=False),
            "rate.up": lambda: self._rate(up=True),
            "pace.slower": lambda: self._pace(up=False),
            "pace.faster": lambda: self._pace(up=True),
            "show.why": self._why,
            "show.help": self._help,
            "app.quit": self._quit,
        }

    def say(self, lines: Iterable[str]) -> None:
        """Say these lines, with the keys in force."""
        for line in lines:
            self._say(self.keys.named(line))
            self.teller.heard(self.clock())

    def open(self) -> None:
        """Say what is loaded, and what can be done."""
        self._plan()
        self.teller.up_to_now()
        self.say([f"descent in words. {self.keys.problem}".rstrip()])
        self.say(opened(self.session))
        if self.session.begun:
            self.say(closing.standing(self.session))
        self.say(self._ready())

    def _ready(self) -> Iterator[str]:
        if self.session.state == "refused":
            yield "Nothing can be trained. <App.quit> quits."
            return
        what = "step" if self.session.trainer.run.surface is not None else "batch"
        yield f"Ready. <Run.toggle> starts and pauses, <run.batch> takes one {what}."
        yield "<Rate.down> and <rate.up> change the learning rate, <show.help> says all keys, <app.quit> quits."

    # keys

    def press(self, character: str) -> None:
        """Do what a character does, and say so; nothing where it does nothing."""
        if self.ended.done():
            return
        action = self.keys.does(character)
        if self._asked:
            self._asked = False
            if action == "app.quit" or character in "y\n":
                self._leave(0)
            else:
                self.say(["It goes on."])
        elif action:
            self.say(self._does[action]())
        elif character in "123456789" and 1 < len(self.session.trainers) >= int(character):
            self.session.selected = int(character) - 1
            self.say([f"Run {sentences.name_of(self.session.trainer)}."])

    def _toggle(self) -> Iterator[str]:
        session = self.session
        if session.running:
            self._pause()
            yield sentence(f"Paused at {sentences.place(leading(session))}")
            return
        if session.state == "refused":
            yield from self._ready()
            return
        if session.done:
            session.restart()
            self.teller.up_to_now()
        yield from self._begin()

    def _begin(self) -> Iterator[str]:
        hint = "" if self._hinted else " <Run.toggle> pauses, <pace.slower> and <pace.faster> change the pace."
        self._hinted = True
        yield f"Training, {self._pace_said()}.{hint}"
        self._start(self.session.in_parts(), paced=True)

    def _batch(self) -> Iterator[str]:
        if self.session.done:
            yield from self._over()
            return
        self._pause()
        for metrics, trainer in zip(
            self.session.one_batch(), [one for one in self.session.trainers if not one.done], strict=True
        ):
            who = sentences.who(trainer, len(self.session.trainers) > 1)
            yield who + sentences.batch(trainer, metrics, self.session.hidden)
        if self.session.trainer.run.surface is not None:  # a step is an epoch, and was just told
            self.teller.up_to_now()
        yield from self.teller.end()
        if self.session.done:
            yield from self._closing()

    def _epoch(self) -> Iterator[str]:
        if self.session.done:
            yield from self._over()
            return
        self._pause()
        self._start(self.session.epoch_in_parts(), paced=False)

    def _restart(self) -> Iterator[str]:
        self._pause()
        self.session.restart()
        self.teller.up_to_now()
        yield "From the beginning."
        if self.session.state == "refused":
            yield from self._ready()
        else:
            yield from self._begin()

    def _over(self) -> Iterator[str]:
        refused = self.session.state == "refused"
        yield "Nothing can be trained." if refused else "The run is over. <Run.toggle> starts it again."

    def _rate(self, up: bool) -> Iterator[str]:
        session, field = self.session, form.BY_KEY[form.RATE]
        if why := session.fixed(field):
            yield sentence(spoken(why))
            return
        try:
            said = session.edit(field, form.nudged(field, session.document, session.value(field), up))
        except PresetError as error:
            said = why_not(error)
        self._plan()
        of_one = said.startswith(f"{session.run.name}: ")
        yield sentence(spoken(f"Run {said}" if of_one else said))

    def _pace(self, up: bool) -> Iterator[str]:
        change = self.pace.faster if up else self.pace.slower
        change(self.session.steps)
        yield sentence(self._pace_said())

    def _pace_said(self) -> str:
        speed = self.pace.speed
        if math.isinf(speed):
            return "as fast as it goes"
        if speed == 1.0:
            return "at the usual pace"
        return f"at {speed:g} times the usual pace" if speed > 1.0 else f"{1 / speed:g} times slower than usual"

    def _why(self) -> Iterator[str]:
        hidden = bool(self.session.hidden)
        if hidden:
            self.session.uncovered = True
            yield sentence(f"Uncovered: {spoken(listed(self.session.preset.sheet.show.hide))}")
        yield from closing.why(self.session, self.teller)
        if hidden and self.session.done:
            yield from closing.claims(self.session)

    def _help(self) -> Iterator[str]:
        yield "<Run.toggle>: start, pause, go on; once it is over, again."
        if self.session.trainer.run.surface is not None:
            yield "<Run.batch>: one step."
        else:
            yield "<Run.batch>: one batch, with the numbers of its phases. <Run.epoch>: one epoch."
        yield "<Rate.down> and <rate.up>: learning rate down and up, at once: 0.1, 0.2, 0.5, 1 and so on."
        yield "<Pace.slower> and <pace.faster>: half and twice the pace."
        yield "<Show.why>: why, the evidence for the verdict. <Run.restart>: start from the beginning."
        if len(self.session.trainers) > 1:
            yield "A digit chooses the run that <show.why> is about, and whose rate changes where rates differ."
        yield "<Show.help>: these keys. <App.quit>: quit; it asks while it trains."

    def _quit(self) -> Iterator[str]:
        if not self.session.running:
            self._leave(0)
            return
        self._asked = True
        yield f"Training is running, {sentences.place(leading(self.session))}."
        yield "<App.quit> again quits, any other key lets it go on."

    # training

    @property
    def in_flight(self) -> bool:
        """Whether a step is being done in a thread."""
        return self._drive.in_flight

    def _plan(self) -> None:
        session = self.session
        self.pace.plan(session.all_steps, session.early_steps, session.preset.sheet.show.seconds, session.steps)

    def _start(self, source: Iterable[object], paced: bool) -> None:
        self.session.running = True
        self._plan()
        self._drive = Drive(source, (lambda: self.pace.wait(self.session.steps)) if paced else None)
        self._task = asyncio.get_running_loop().create_task(self._train(self._drive))
        self._task.add_done_callback(self.look_at)

    def _pause(self) -> None:
        """Stop after the batch that is done, or in flight in its thread."""
        if self._task is not None:
            self._task.cancel()
        self._task, self.session.running = None, False
        self._drive.land()

    async def _train(self, drive: Drive) -> None:
        await drive.run()  # the histories have what it makes
        if drive is not self._drive or self._task is None:  # paused, while a batch was in flight
            return
        self._task, self.session.running = None, False
        self._asked = False
        self.say(self.teller.end())
        if self.session.done:
            self.say(self._closing())

    def _closing(self) -> Iterator[str]:
        yield from closing.closed(self.session, self.teller)
        yield "<Run.toggle> starts again, <show.why> says why, <app.quit> quits."

    async def tell(self) -> None:
        """Say what happens while it trains, for ever."""
        while True:
            await asyncio.sleep(TICK)
            if self.session.running:
                self.say(list(self.teller.news(self.clock())))

    # leaving

    def interrupt(self) -> None:
        """End as Ctrl-C does: after the iteration in progress, with what came out."""
        self._leave(130)

    def _leave(self, code: int) -> None:
        self._pause()
        self.say(["Interrupted." if code else "Ended."])
        if self.session.begun and not self.session.done:
            self.say(closing.standing(self.session))
        self.end(code)

    def end(self, code: int) -> None:
        """Nothing more is to be done."""
        self._pause()
        if not self.ended.done():
            self.ended.set_result(code)

    def fail(self, error: BaseException) -> None:
        """Something went wrong that ends it all."""
        self._pause()
        if not self.ended.done():
            self.ended.set_exception(error)

    def look_at(self, task: asyncio.Task[None]) -> None:
        """See whether a task that is over went wrong."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)
