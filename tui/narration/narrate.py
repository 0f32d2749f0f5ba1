"""The lab in words on a terminal: keys in, sentences out, until somebody quits or the terminal is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from engine.state import broke_off
from tui.console.failing import drop_output
from tui.console.interrupted import REQUESTS, heard
from tui.narration.keys import Decoder, read_keys
from tui.narration.narrator import Narrator
from tui.narration.terminal import Terminal
from tui.on_disk import OnDisk
from tui.session import Session

KEEP = 0.1  # seconds between two looks at what is to be written down
ALONE = 0.5  # seconds after which Escape is a key, and not the first byte of one


def narrate(session: Session, speed: float = 1.0) -> int:
    """Tell a session in words on this terminal; gives the exit code. Raises whatever fails, with the terminal as it was."""
    return asyncio.run(_narrate(session, speed))


async def _narrate(session: Session, speed: float) -> int:
    loop = asyncio.get_running_loop()

    def say(line: str) -> None:
        try:
            print(line, flush=True)
        except OSError:  # nobody is there any more
            drop_output()
            narrator.end(130)

    narrator = Narrator(session, speed, read_keys(), say)
    with Terminal(sys.stdin.fileno()) as terminal:
        for request in filter(heard, REQUESTS):
            loop.add_signal_handler(request, narrator.interrupt)
        loop.add_signal_handler(signal.SIGTSTP, terminal.stop)
        loop.set_exception_handler(lambda _, found: narrator.fail(found.get("exception") or RuntimeError(found["message"])))
        narrator.open()
        _listen(loop, terminal.number, narrator)
        on_disk = OnDisk(lambda line: narrator.say([line]))
        tasks = [loop.create_task(narrator.tell()), loop.create_task(_keep(on_disk, session, narrator))]
        for task in tasks:
            task.add_done_callback(narrator.look_at)
        try:
            return await narrator.ended
        finally:
            loop.remove_reader(terminal.number)
            for task in tasks:
                task.cancel()
            if narrator.ended.done() and narrator.ended.exception() is not None:
                for trainer in session.trainers:  # its step may be half done: no checkpoint of that
                    broke_off(trainer)
            else:
                session.at_rest()
            on_disk.follow(session)
            on_disk.leave()


async def _keep(on_disk: OnDisk, session: Session, narrator: Narrator) -> None:
    """Write down what is trained as it goes, as the lab does."""
    session.rested = lambda: on_disk.follow(session)
    while True:
        on_disk.follow(session, not narrator.in_flight)
        await asyncio.sleep(KEEP)


def _listen(loop: asyncio.AbstractEventLoop, terminal: int, narrator: Narrator) -> None:
    """Hand the narrator every key that comes from the terminal."""
    decoder = Decoder()

    def alone() -> None:
        for character in decoder.rest():
            narrator.press(character)

    def come() -> None:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            data = b""
        if not data:  # the terminal is gone
            loop.remove_reader(terminal)
            narrator.interrupt()
        for character in decoder.feed(data):
            narrator.press(character)
        if decoder.waits:
            loop.call_later(ALONE, alone)

    loop.add_reader(terminal, come)
