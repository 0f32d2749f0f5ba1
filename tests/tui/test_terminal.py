"""The installed `descent` in a real pseudo-terminal: keys go in as bytes, and a terminal (pyte) draws what comes out."""

from __future__ import annotations

import re
import sys
import termios
import time
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal

DESCENT = str(Path(sys.executable).with_name("descent"))


class Terminal(PseudoTerminal):
    """A terminal of so many columns and lines with `descent` running in it."""

    def __init__(self, columns: int, lines: int, *arguments: str) -> None:
        super().__init__([DESCENT, *arguments], columns, lines)

    def iteration(self) -> int:
        found = re.search(r"(?:it|iteration) (\d+)/\d+", self.text)
        return int(found[1]) if found else -1


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)])
def test_it_trains_answers_keys_and_leaves_the_terminal_as_it_was(columns, lines):
    with Terminal(columns, lines) as lab:
        lab.shows("READY", "Settings", "Progress", "Loss", "Accuracy", "2337 parameters", "? keys")
        assert "0/1600" in lab.text
        lab.press(b" ")
        lab.shows("RUNNING", "space pause")
        before = lab.iteration()
        lab.until(lambda: lab.iteration() > before + 2)
        lab.press(b".")
        lab.shows("0.001 → 0.002")
        lab.until(lambda: re.search(r"learning_rate +0\.002 ~", lab.text))
        lab.press(b" ")
        lab.shows("PAUSED")
        done = lab.iteration()
        lab.press(b"n")
        lab.until(lambda: lab.iteration() == done + 1)
        lab.press(b"N")
        lab.until(lambda: re.search(r"PAUSED +epoch 1/50 +(it|iteration) 32/1600", lab.text))
        lab.press(b"\x1b[Z")  # shift+Tab: away from the settings
        lab.press(b"q")
        assert lab.end() == 0
        assert termios.tcgetattr(lab.slave) == lab.before
        assert b"\x1b[?1049h" in lab.written  # it had a screen of its own, and gave it back
        assert lab.written.rindex(b"\x1b[?1049l") > lab.written.rindex(b"\x1b[?1049h")
        assert lab.written.rindex(b"\x1b[?25h") > lab.written.rindex(b"\x1b[?25l")
        assert b"Traceback" not in lab.written


@pytest.mark.parametrize("keys", [b"", b" ", b"5"], ids=["ready", "paused", "typing"])
def test_where_nothing_happens_no_byte_is_written(keys):
    with Terminal(80, 24) as lab:
        lab.shows("READY")
        if keys == b" ":
            lab.press(b" ")
            lab.until(lambda: lab.iteration() >= 2)
        lab.press(keys)
        lab.shows({b"": "READY", b" ": "PAUSED", b"5": "Escape restores"}[keys])
        lab.quiet()
        assert lab.read(1.0) == b""


def test_a_learning_rate_typed_in_bytes():
    with Terminal(120, 40) as lab:
        lab.shows("READY")
        lab.press(b"\r" + b"\x7f" * 5 + b"0.05")
        lab.until(lambda: re.search(r"learning_rate +0\.05 ", lab.text))
        lab.press(b"\r")
        lab.shows("learning_rate 0.001 → 0.05", "recipe: learning rate 0.05")
        lab.press(b"\x1b[B\x1b[B7\x1b")  # down, down, a digit, Escape
        lab.shows("epochs stays 50")
        lab.press(b"q")
        assert lab.end() == 0


def test_a_window_that_changes_its_size_while_training():
    with Terminal(120, 40) as lab:
        lab.shows("READY")
        lab.press(b" ")
        lab.shows("RUNNING")
        lab.resize(80, 24)
        lab.until(lambda: re.search(r" it [1-9]\d*/1600", lab.text))
        lab.shows("Settings", "Progress", "Loss", "Accuracy", "forward", "? keys")
        before = lab.iteration()
        lab.until(lambda: lab.iteration() > before)
        lab.resize(120, 40)
        lab.shows("Lesson ", "iteration", "Training loop", "q quit")
        lab.press(b"q")
        lab.shows("Training is running. Quit?")
        lab.press(b"n")
        lab.until(lambda: "Quit?" not in lab.text)
        before = lab.iteration()
        lab.until(lambda: lab.iteration() > before)
        lab.press(b"q")
        lab.shows("Training is running. Quit?")
        lab.press(b"\r")
        assert lab.end() == 0
        assert termios.tcgetattr(lab.slave) == lab.before


def test_a_preset_that_does_not_exist_is_refused_in_one_line():
    with Terminal(80, 24, "recipee") as lab:
        assert lab.end() == 2
        assert b"\x1b" not in lab.written
        assert lab.written.decode().strip().count("\n") == 0
        assert 'Did you mean "recipe"?' in lab.written.decode()
        assert termios.tcgetattr(lab.slave) == lab.before


def test_a_slow_link_gets_sixteen_colours_and_no_more_than_its_budget_and_the_line_at_the_top_says_so(home):
    kept = home / "layout.json"
    home.mkdir()
    kept.write_text('{"viewing": {"written": true}}', encoding="utf-8")
    endless = ("--set", "training.epochs=99999", "--pace", "max")
    with Terminal(80, 24, "digits", *endless, "--slow-link", "--max-kbps", "2") as lab:
        lab.shows("READY")
        lab.press(b" ")
        lab.until(lambda: re.search(r"RUNNING .* \d\.\d KB/s \d\.\d fps", lab.text.splitlines()[0]))
        began, before = time.perf_counter(), len(lab.written)
        lab.listen(2.0)
        assert before < len(lab.written) <= before + 2000 * (time.perf_counter() - began) + 3000  # a frame and a bit
        assert b"38;2;" not in lab.written and b"38;5;" not in lab.written
        lab.press(b" ")
        lab.shows("PAUSED")
        lab.quiet()
        assert lab.read(0.5) == b""
        assert "KB/s" not in lab.text
        lab.press(b"vw")
        lab.until(lambda: '"written": false' in kept.read_text(encoding="utf-8"))
