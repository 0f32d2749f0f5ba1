"""The lab in words on a terminal: keys in, sentences out, until somebody quits or the terminal is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tui.console.failing import drop_output
from tui.console.interrupted import REQUESTS, heard
from tui.narration.keys import Decoder, read_keys
from tui.narration.narrator import Narrator
from tui.narration.terminal import Terminal
from tui.session import Session

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
        telling = loop.create_task(narrator.tell())
        telling.add_done_callback(narrator.look_at)
        try:
            return await narrator.ended
        finally:
            loop.remove_reader(terminal.number)
            telling.cancel()


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
