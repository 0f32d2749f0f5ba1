"""However the lab ends, the terminal is as it was found: its flags, its modes, its colours, its cursor, its own screen."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal, unusual

from tui.terminal import modes
from tui.terminal.writer import Writer

DESCENT = str(Path(sys.executable).with_name("descent"))
LONG = ("recipe", "--pace", "max", "--set", "training.epochs=100000")


class Lab(PseudoTerminal):
    """The lab in a terminal, or what else is to be run there."""

    def __init__(self, *arguments: str, command: list[str] | None = None, size: tuple[int, int] = (80, 24)) -> None:
        super().__init__(command or [DESCENT, *(arguments or LONG)], *size)
        self.found = self.flags()

    def train(self) -> None:
        self.shows("READY")
        self.press(b" ")
        self.shows("RUNNING")

    def stopped(self) -> bool:
        return state(self.process.pid) == "T"

    def is_as_it_was(self) -> None:
        assert self.flags() == self.found
        assert "echo " in self.found and "-echo " not in self.flags()
        assert self.unusual() == set()
        assert self.written.count(b"\x1b[?1049h") == self.written.count(b"\x1b[?1049l")
        assert self.written.rindex(b"\x1b[<u") < self.written.rindex(b"\x1b[?1049l")  # that is the lab's screen's own
        assert b"Traceback" not in self.written

    def last_words(self) -> str:
        """What was written after the terminal was given back."""
        return self.written.rpartition(b"\x1b[?25h")[2].decode()


def state(process: int) -> str:
    """`R`, `S`, `T` (stopped), `Z` (ended) ... of a process; empty where there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def below(process: int) -> int:
    """The newest process that came from this one."""
    while children := Path(f"/proc/{process}/task/{process}/children").read_text().split():
        process = int(children[-1])
    return process


@pytest.mark.parametrize(
    ("number", "code", "training"), [("SIGTERM", 143, True), ("SIGHUP", 129, False), ("SIGINT", 130, True)]
)
def test_a_signal_ends_the_lab_as_its_key_does_and_a_shell_is_told_which(number, code, training):
    with Lab() as lab:
        lab.train() if training else lab.shows("READY")
        lab.process.send_signal(getattr(signal, number))
        assert lab.end() == code
        lab.is_as_it_was()
        assert lab.last_words() == ""


def test_a_lab_that_is_stopped_lends_the_terminal_and_takes_it_again():
    with Lab() as lab:
        lab.train()
        lab.process.send_signal(signal.SIGTSTP)
        lab.until(lab.stopped)
        lab.listen(0.1)
        lab.is_as_it_was()
        lab.process.send_signal(signal.SIGCONT)
        before = len(lab.written)
        lab.until(lambda: b"\x1b[?1049h" in lab.written[before:])
        lab.until(lambda: all(word in lab.written[before:] for word in (b"Settings", b"Progress", b"keys")))  # all of it
        lab.press(b" ")
        lab.shows("PAUSED")
        # stopped by what nobody can hear: the shell sets the terminal as it likes it, and the lab finds it so
        made = termios.tcgetattr(lab.slave)
        lab.process.send_signal(signal.SIGSTOP)
        lab.until(lab.stopped)
        termios.tcsetattr(lab.slave, termios.TCSANOW, lab.before)
        lab.process.send_signal(signal.SIGCONT)
        lab.until(lambda: termios.tcgetattr(lab.slave) == made)
        lab.press(b"\x1b[C")
        lab.shows("0.001 → 0.002")
        # ended while it is stopped, as by `kill %1`
        lab.process.send_signal(signal.SIGTSTP)
        lab.until(lab.stopped)
        lab.process.send_signal(signal.SIGQUIT)
        lab.process.send_signal(signal.SIGCONT)
        assert lab.end() == 131
        lab.is_as_it_was()


#: What goes wrong, as a change to the program.
FAULTS = {
    "training": """
from engine.trainer import Trainer as Of
name, trouble = "step", lambda self, *_: self.iteration == 40 and 1 / 0
""",
    "reading": """
from tui.terminal.typed import Typed as Of
name, trouble = "feed", lambda self, data, *_: data == b" " and {}["space"]
""",
    "beginning": """
from tui.screens.lab import LabScreen as Of
name, trouble = "on_mount", lambda self, *_: 1 / 0
""",
    "flood": """
import tui.containing
from tui.screens.lab import LabScreen as Of
tui.containing.FLOOD = 1  # what comes so often is a flood
name, trouble = "frame", lambda self, *_: self.session.running and 1 / 0
""",
    "giving up": """
import asyncio
from engine.trainer import Trainer as Of
name = "step"
def trouble(self, *_):
    if self.iteration == 40:
        asyncio.gather(asyncio.sleep(99))  # as Textual does with a text that is still being read
        1 / 0
""",
    "busy": """
import time
from engine.trainer import Trainer as Of
def trouble(self, *_):
    while self.iteration == 40:
        time.sleep(0.01)
name = "step"
""",
}
AROUND = """
before = getattr(Of, name)
setattr(Of, name, lambda self, *given: (trouble(self, *given), before(self, *given))[1])
import sys
from tui.cli import main
sys.argv = ["descent", "recipe", "--pace", "max"]
main()
"""


@pytest.mark.parametrize(
    ("what", "said"),
    [("reading", "KeyError: 'space'"), ("beginning", "ZeroDivision"), ("flood", "ZeroDivision")],
)
def test_a_fault_that_cannot_be_contained_is_one_line_and_exit_code_1(what, said, home):
    with Lab(command=[sys.executable, "-c", FAULTS[what] + AROUND]) as lab:
        if what != "beginning":
            lab.shows("READY")
            lab.press(b" ")
        assert lab.end() == 1
        lab.is_as_it_was()
        words = lab.last_words()
        assert words.startswith("descent: ended by a fault of its own") and said in words
        assert words.count("\n") == 1
        assert '"ended": true' in (home / "faults.jsonl").read_text()


@pytest.mark.parametrize("what", ["training", "giving up"])
def test_a_fault_while_training_leaves_a_lab_that_answers_keys(what, home):
    with Lab(command=[sys.executable, "-c", FAULTS[what] + AROUND]) as lab:
        lab.shows("READY")
        lab.press(b" ")
        lab.shows("ZeroDivisionError", "PAUSED")
        lab.press(b"?")
        lab.shows("type to search")
        lab.press(b"\x1b")
        lab.shows("PAUSED")
        assert termios.tcgetattr(lab.slave) != lab.before  # its keys come one by one still
        lab.press(b"q")
        assert lab.end() == 0
        lab.is_as_it_was()
        assert lab.last_words() == ""
        assert '"ended": false' in (home / "faults.jsonl").read_text()


def test_a_signal_in_a_step_that_does_not_end_sets_the_terminal_back_all_the_same():
    with Lab(command=[sys.executable, "-c", FAULTS["busy"] + AROUND]) as lab:
        lab.shows("READY")
        lab.press(b" ")
        lab.until(lambda: lab.listen(0.5) == b"")  # it is busy, and draws nothing
        lab.process.send_signal(signal.SIGTERM)
        assert lab.end() == 143
        lab.is_as_it_was()


def test_a_link_that_takes_no_byte_keeps_no_signal_waiting():
    with Lab(size=(200, 50)) as lab:
        lab.train()
        for columns in (180, 200) * 20:  # all of the screen each time, which nobody reads
            if not select.select([], [lab.slave], [], 0.0)[1]:
                break
            lab.resize(columns, 50)
            time.sleep(0.1)
        assert not select.select([], [lab.slave], [], 0.0)[1]
        lab.resize(200, 50)
        lab.process.send_signal(signal.SIGTERM)
        assert lab.process.wait(10) == 143
        lab.listen(0.3)
        lab.is_as_it_was()


def test_a_terminal_that_is_closed_ends_the_lab():
    with Lab() as lab:
        lab.train()
        os.close(lab.master)
        lab.master = -1
        assert lab.process.wait(10) == 129


def test_a_keyboard_that_is_gone_ends_the_lab_though_it_can_still_write():
    keyboard, keys = pty.openpty()
    command = ["bash", "-c", f'exec "{DESCENT}" </dev/fd/{keys}']
    with Lab(command=["true"]) as lab:
        lab.process.wait()
        environment = os.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        lab.process = subprocess.Popen(
            command, stdout=lab.slave, stderr=lab.slave, pass_fds=[keys], env=environment, start_new_session=True
        )
        lab.shows("READY")
        os.close(keys)
        os.close(keyboard)
        assert lab.end() == 129
        assert lab.unusual() == set()


@pytest.mark.parametrize("nested", [False, True], ids=["the terminal's own", "one in another"])
def test_the_shell_that_started_it_is_killed(nested):
    """The terminal's own: all that runs there is told to hang up. One in another: the outer one takes the terminal."""
    with Lab(command=["bash", "--norc", "-i"]) as lab:
        lab.shows("$") if os.getuid() else lab.shows("#")
        if nested:
            lab.press(b"sh\r")
            lab.until(lambda: below(lab.process.pid) != lab.process.pid)
            lab.quiet()
        lab.press(f"{' '.join([DESCENT, *LONG])}\r".encode())
        lab.train()
        program = below(lab.process.pid)
        shell = int(Path(f"/proc/{program}/stat").read_text().rpartition(")")[2].split()[1])
        assert (shell != lab.process.pid) == nested
        os.kill(shell, signal.SIGKILL)
        lab.until(lambda: state(program) in ("", "Z"))
        lab.listen(0.3)
        assert lab.unusual() <= {2004}  # the outer shell's own, which it sets with its prompt
        if nested:
            lab.press(b"echo it is $((40 + 2))\r")
            lab.shows("it is 42")
        else:
            assert termios.tcgetattr(lab.slave) == lab.before


# without a lab -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["xterm-256color", "screen", "tmux-256color", "linux", "vt100"])
def test_what_sets_a_terminal_back_undoes_all_that_the_lab_sets(term):
    sets = ["\x1b[?1049h", "\x1b[?25l", "\x1b[?1004h", "\x1b[>25u", "\x1b[?2004h", "\x1b[?7l", "\x1b[?2048h", "\x1b[?2026h"]
    written = "".join(each for each in sets if modes.understood(each, term)) + "\x1b[38;5;3mword"
    assert unusual(written.encode()) != set()
    assert unusual((written + modes.back(term, True)).encode()) == set()
    assert ("\x1b[>" in written) == (term not in ("linux", "vt100"))


def test_a_writer_can_be_told_to_give_up_where_nothing_is_read():
    near, far = pty.openpty()
    with open(far, "w", encoding="utf-8") as file:
        writer = Writer(file, lambda: None)
        writer.start()
        threading.Thread(target=lambda: [writer.write("x" * 10_000) for _ in range(40)], daemon=True).start()
        while not writer.behind or len(os.read(near, 10)) == 0:
            time.sleep(0.01)
        writer.give_up(5.0)
        assert not writer.is_alive() and writer.behind
    os.close(near)


def test_a_writer_says_once_that_the_terminal_is_gone_and_keeps_nobody_waiting():
    near, far = pty.openpty()
    told: list[bool] = []
    with open(far, "w", encoding="utf-8") as file:
        writer = Writer(file, lambda: told.append(True))
        writer.start()
        writer.write("\x1b[1mhere\n")
        assert os.read(near, 100) == b"\x1b[1mhere\r\n"
        os.close(near)
        for _ in range(100):
            writer.write("x")
        writer.stop()
        assert told == [True]
