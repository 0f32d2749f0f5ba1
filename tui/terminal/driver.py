"""Textual's driver for a terminal, with what a terminal far away needs: here its pieces are put together.

`sent` knows what was written, and `link` whether there is room for a frame; `typed` takes what is read apart into keys;
`writer` never hangs; `leaving` hears signals, and `modes` knows what sets the terminal back, whatever ended the lab.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.terminal import modes
from tui.terminal.asked import asked
from tui.terminal.leaving import PATIENCE, Leaving, set_back, write_at_once
from tui.terminal.link import Link
from tui.terminal.sent import Sent
from tui.terminal.typed import Kind, Typed, Unit, link
from tui.terminal.writer import Writer

LOOKS = 0.5  # seconds between two looks whether the shell that started this is still there


class TerminalDriver(LinuxDriver):
    """Textual's driver, which counts what it writes, takes keys whole and leaves the terminal as it was."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._writer: Writer | None = None
        super().__init__(*arguments, **options)
        if sys.__stdout__ is not None and not (self._file is not None and self._file.isatty()):
            self._file = sys.__stdout__  # as with 2>errors.txt
        self.sent = Sent()
        self.link = Link(self.sent, self.write, self._taken, asked, self._get_terminal_size)
        self.typed = Typed(*link(os.environ))
        self._parser = XTermParser(self._debug)
        self.leaving = Leaving(self._told, self._paused, self._force)
        self._term = os.environ.get("TERM", "")
        self._kitty = not constants.DISABLE_KITTY_KEY
        self._on = False  # the terminal is the lab's
        self._made: list[Any] | None = None  # its flags then
        self._wakes: tuple[int, int] | None = None  # ends the reading at once
        self._parent = os.getppid()
        self._woken = 0  # how many SIGCONT are this one's own doing
        self._forced = False
        self._closed = False  # Escape may have closed something that was open

    # writing

    @property
    def _writer_thread(self) -> Writer | None:
        """Textual makes one of its own here, and this takes its place."""
        return self._writer

    @_writer_thread.setter
    def _writer_thread(self, made: object) -> None:
        self._writer = None
        if made is not None and self._file is not None:
            self._writer = Writer(self._file, self.leaving.hang_up)

    def write(self, data: str) -> None:
        if self._writer is None or not self._on or not modes.understood(data, self._term):
            return
        if data == modes.ASKS:
            self.typed.asked(time.monotonic())
        self.sent.add(data)
        self._writer.write(data)

    def flush(self) -> None:
        """All of a frame, or of what a key has changed, was written."""
        self.link.drawn()

    def _taken(self) -> bool:
        """Whether there is no room for a frame here: something waits to be written, or the terminal is another's now."""
        return self._writer is None or self._writer.behind or not self._in_front()

    # coming and going

    def start_application_mode(self) -> None:
        self.leaving.begin()
        self._on, self._wakes = True, os.pipe()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        with suppress(termios.error):
            self._made = termios.tcgetattr(self.fileno)
        self.link.begin()

    def disable_input(self) -> None:
        if self._wakes is not None:
            os.write(self._wakes[1], b"\0")
        super().disable_input()
        if self._wakes is not None:
            for end in self._wakes:
                os.close(end)
            self._wakes = None

    def stop_application_mode(self) -> None:
        if not self._on:
            return
        if self.leaving.code != 128 + signal.SIGHUP:  # else nobody is there to answer
            self.link.end()
        self.disable_input()
        set_back(self.fileno, self.attrs_before, self._made)
        self.write(modes.back(self._term, self._kitty))
        self._on = False

    def close(self) -> None:
        self.stop_application_mode()  # where it could not even begin
        super().close()
        if self._forced:
            time.sleep(PATIENCE)  # it is being set back from the other thread, which then ends the process
        self._writer_thread = None
        if not self._woken:
            self.leaving.over()

    # signals: from the thread that hears them

    def _told(self, number: int) -> None:
        with suppress(RuntimeError):  # the loop is closed: what ends is ending
            self._loop.call_soon_threadsafe(lambda: self._app.exit(return_code=128 + number))

    def _paused(self, number: int) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stand_by if number == signal.SIGTSTP else self._go_on)

    def _stand_by(self) -> None:
        """Give the terminal back, stop, and take it again when woken in the foreground."""
        self._woken += 1
        self.suspend_application_mode()
        while not self.leaving.code:
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(0.05)  # what ends it may have come with what wakes it
            if self._in_front():
                break
            time.sleep(0.25)  # stopped again it would hear nothing
            self._woken += not self.leaving.code
        if not self.leaving.code:
            self._resume()

    def _go_on(self) -> None:
        """Woken; where that was by a signal that nobody can hear, the terminal has been somebody else's."""
        if self._woken:
            self._woken -= 1
        elif self._on and not self.leaving.code and self._in_front():
            found, self._woken = self.attrs_before, 1
            self.suspend_application_mode()
            self._resume()
            self.attrs_before, self._woken = found, 0  # a shell hands a job the flags that it was stopped with: ours

    def _resume(self) -> None:
        self.resume_application_mode()
        app: Any = self._app
        app.action_redraw()

    def _in_front(self) -> bool:
        """Whether keys come to this process, not to another one of the same terminal."""
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            return True

    def _force(self, code: int) -> None:
        """The app did not leave in time: set the terminal back from here, and end."""
        self._forced, writer = True, self._writer
        behind = self._on or (writer is not None and writer.behind)
        if writer is not None:
            writer.give_up(0.3)
        if behind and self._file is not None:
            set_back(self.fileno, self.attrs_before, self._made)
            write_at_once(self._file.fileno(), modes.back(self._term, self._kitty))
        with suppress(Exception):
            app: Any = self._app
            app.keep_what_waits()
        with suppress(Exception):
            for child in sys.modules["multiprocessing"].active_children():  # if there are any, it was imported
                child.kill()
        os._exit(code)

    # keys

    def run_input_thread(self) -> None:
        """Read until told to end, or until nothing can come any more."""
        wakes = self._wakes
        assert wakes is not None
        while not self.exit_event.is_set():
            due = self.typed.due(time.monotonic())
            ready = select.select([self.fileno, wakes[0]], [], [], LOOKS if due is None else min(due, LOOKS))[0]
            if wakes[0] in ready:
                return
            if self.fileno in ready:
                try:
                    data = os.read(self.fileno, 4096)
                except OSError:  # the terminal is gone, or is another's and the shell is dead
                    data = b""
                if not data:
                    self.leaving.hang_up()
                    return
                units = self.typed.feed(data, time.monotonic())
            else:
                units = self.typed.tick(time.monotonic())
                if os.getppid() != self._parent and not self._in_front():
                    self.leaving.hang_up()  # the shell that started this is dead, and another one has the terminal
                    return
            for message in self._messages(units):
                if isinstance(message, events.CursorPosition):
                    self.link.answered()
                else:
                    self.process_message(message)

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:
            app: Any = self._app
            app.call_later(app.end_by, error)  # without keys there is no going on

    def _messages(self, units: Iterable[Unit]) -> Iterator[Message]:
        """What Textual calls these. Its parser is only ever given what is whole, so that it waits for nothing."""
        app: Any = self._app
        for unit in units:
            if unit.kind is Kind.ESCAPE:
                self._closed = app.escape_closes()
                yield events.Key("escape", unit.text)
            elif unit.kind is Kind.PASTE:
                yield events.Paste(unit.text.replace("\x00", ""))
            else:
                messages = [*self._parser.feed(unit.text)]
                if not messages:  # it knows no such sequence, and would wait for the rest of it
                    self._parser = XTermParser(self._debug)
                for message in messages:
                    # what the key was meant for was closed by an Escape that nobody pressed
                    if not (unit.late and self._closed and isinstance(message, events.Key)):
                        yield message
