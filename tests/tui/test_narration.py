"""`descent --plain` in a real pseudo-terminal: sentences and nothing else, keys that work, a terminal left as it was."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal

from tui.kept_runs import store
from tui.narration.spoken import figure

DESCENT = str(Path(sys.executable).with_name("descent"))
SHORT = ("recipe", "--set", "training.epochs=6")


class Narration(PseudoTerminal):
    """`descent ... --plain` on a terminal."""

    def __init__(self, *arguments: str, term: str = "xterm-256color") -> None:
        super().__init__([DESCENT, *arguments, "--plain"], 80, 24, {"TERM": term})

    @property
    def said(self) -> list[str]:
        return self.written.decode().replace("\r\n", "\n").splitlines()

    def says(self, *starts: str) -> str:
        """Wait until a line begins with each of these, one after the other; gives the last of them."""
        self.until(lambda: self._last(starts) or self.process.poll() is not None)
        found = self._last(starts)
        assert found, (starts, self.said)
        return found

    def _last(self, starts: tuple[str, ...]) -> str:
        lines = iter(self.said)
        line = ""
        for start in starts:
            line = next((line for line in lines if line.startswith(start)), "")
            if not line:
                return ""
        return line

    def left_as_it_was(self) -> bool:
        return termios.tcgetattr(self.slave) == self.before


def test_a_lesson_in_words_with_its_keys():
    with Narration(*SHORT) as lab:
        lab.says(
            "The recipe.", "Optimizer adam, learning rate 0.001, batch size 32, 6 epochs", "Ready.", "Comma and full stop"
        )
        assert not lab.left_as_it_was()  # keys are not echoed
        lab.press(b"n")
        lab.says("Epoch 1, batch 1 of 32. Forward: loss ")
        lab.press(b",.\x1b[A")
        lab.says("Learning rate from 0.001 to 0.0005", "Learning rate from 0.0005 to 0.001 from iteration 2 on.")
        lab.press(b"N")
        lab.says(
            "Epoch 1 of 6: training loss 0.39, lower; validation loss 0.4, lower, the best so far, accuracy 85.3 percent."
        )
        lab.press(b" ")
        lab.says("Training, at the usual pace. Space pauses")
        lab.press(b"q")
        lab.says("Training is running, epoch 2 of 6", "q again quits")
        lab.press(b"x")
        lab.says("q again quits", "It goes on.")
        lab.press(b" ")
        lab.says("Paused at epoch 2 of 6, iteration ")
        lab.press(b"-++")
        lab.says("2 times slower than usual.", "At the usual pace.", "At 2 times the usual pace.")
        lab.press(b"++++++ ")
        lab.says("As fast as it goes.", "Training, as fast as it goes.", "Epochs 2 to 6 of 6: ")
        best = lab.says("All 6 epochs are done.", "Best validation loss: ")
        lab.says("Verdict: ", "With your settings, of 4 claims", "Space starts again")
        lab.press(b"w")
        lab.says("Space starts again", "Validation loss at its best, epoch ")
        lab.press(b"q")
        assert lab.end() == 0
        assert lab.said[-1] == "Ended."
        assert lab.left_as_it_was()
        said = "\n".join(lab.said)
        assert [character for character in said if not character.isprintable() and character != "\n"] == []
        assert lab.written.count(b"\r") == lab.written.count(b"\r\n") == lab.written.count(b"\n")
        assert all(line[0].isalnum() for line in lab.said)  # no box, no bar
    ended = subprocess.run([DESCENT, "run", *SHORT, "--json"], capture_output=True, text=True, check=True)
    run = json.loads(ended.stdout)["runs"][0]
    assert best == f"Best validation loss: {figure(run['best']['validation_loss'])} at epoch {run['best']['epoch']}."
    told = re.findall(r"training loss (?:fell from \S+ to )?([0-9.]+)", said)
    assert figure(run["final"]["loss"]) in told


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_however_it_is_ended_it_says_where_it_was_and_gives_the_terminal_back(name):
    with Narration("recipe", term="dumb") as lab:
        lab.says("Comma and full stop")
        lab.press(b"n ")
        lab.says("Training, ")
        if name == "SIGINT":
            lab.press(b"\x03")
        else:
            lab.process.send_signal(getattr(signal, name))
        assert lab.end() == 130
        assert lab.said[-2] == "Interrupted."
        assert lab.said[-1].startswith("Epoch 1 of 50, iteration ")
        assert lab.left_as_it_was()
    [folder] = store().folders()  # it is kept, and can be gone on with
    rows = folder.file("iterations.csv").read_text().splitlines()
    assert f"iteration {rows[-1].split(',')[1]} " in f"{lab.said[-1]} ".replace(",", " ").replace(".", " ")
    assert folder.file("checkpoint.npz").exists()
    assert folder.state == "unfinished"


def test_stopped_with_ctrl_z_the_shell_has_its_terminal_and_it_goes_on_unseen():
    script = f"set -m; stty -g; {shlex.quote(DESCENT)} recipe --plain; stty -g; fg >/dev/null"
    with PseudoTerminal(["sh", "-c", script], 80, 24) as shell:
        shell.until(lambda: b"q quits." in shell.written)
        shell.press(b"\x1a")
        shell.until(lambda: len(re.findall(rb"(?m)^[0-9a-f:]{40,}\r$", shell.written)) == 2)
        shell.press(b"n")
        shell.until(lambda: b"Epoch 1, batch 1 of 32." in shell.written)
        shell.press(b"q")
        assert shell.end() == 0
        before, stopped = re.findall(rb"(?m)^[0-9a-f:]{40,}\r$", shell.written)
        assert stopped == before
        assert termios.tcgetattr(shell.slave) == shell.before


def test_what_fails_while_it_trains_is_one_line_and_the_terminal_is_given_back():
    code = """
from engine import Trainer
from tui.cli import main
step = Trainer.step
def failing(trainer):
    if trainer.iteration == 3:
        raise RuntimeError("no luck")
    return step(trainer)
Trainer.step = failing
main(["recipe", "--plain", "--pace", "max"], prog_name="descent")
"""
    with PseudoTerminal([sys.executable, "-c", code], 80, 24) as lab:
        lab.until(lambda: b"quits." in lab.written)
        lab.press(b" ")
        assert lab.end() == 1
        assert lab.written.decode().rstrip().splitlines()[-1] == "descent: RuntimeError: no luck"
        assert b"Traceback" not in lab.written
        assert termios.tcgetattr(lab.slave) == lab.before


def test_a_key_that_fails_ends_it_in_one_line_too():
    code = """
from tui.cli import main
from tui.session import Session
def failing(session):
    raise RuntimeError("no luck")
Session.one_batch = failing
main(["recipe", "--plain"], prog_name="descent")
"""
    with PseudoTerminal([sys.executable, "-c", code], 80, 24) as lab:
        lab.until(lambda: b"quits." in lab.written)
        lab.press(b"n")
        assert lab.end() == 1
        assert lab.written.decode().rstrip().splitlines()[-1] == "descent: RuntimeError: no luck"
        assert termios.tcgetattr(lab.slave) == lab.before


def test_it_does_not_wait_for_what_only_a_screen_needs():
    code = "import sys, tui.narration.narrate, tui.loading; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(loaded.stdout.split()) & {"textual", "rich", "plotext"}
