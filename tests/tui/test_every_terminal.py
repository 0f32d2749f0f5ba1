"""The lab on terminals that nobody chose: each is written only what it can read, and is left as it was found."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pseudo_terminal import COLOURS, PseudoTerminal

DESCENT = str(Path(sys.executable).with_name("descent"))
PLAIN = re.compile(rb"\x1b\[(?![\d;]*[@-~]|\?[\d;]*[hl])|\x1b[^\[]")  # what a VT100 or a Linux console cannot read
PATIENCE = 20.0


def colours(written: bytes) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every colour that was written: `16`, `256` or `rgb`, and its numbers."""
    for said in COLOURS.findall(written):
        codes = [int(code or b"0") for code in said.split(b";")]
        while codes:
            code, *codes = codes
            if code in (38, 48):
                many = 3 if codes[0] == 2 else 1
                yield {2: "rgb", 5: "256"}[codes[0]], tuple(codes[1 : 1 + many])
                codes = codes[1 + many :]
            elif 30 <= code <= 47 or 90 <= code <= 107:
                if code not in (39,):
                    yield "16", (code % 10,)


def is_grey(kind: str, numbers: tuple[int, ...]) -> bool:
    """Whether that is black, white or between them."""
    if kind == "rgb":
        return len(set(numbers)) == 1
    if kind == "256":
        return numbers[0] >= 232 or numbers[0] in (0, 7, 8, 15, 16, 59, 102, 145, 188, 231)
    return numbers[0] in (0, 7)


MATRIX = [
    ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, {"rgb"}),
    ({"TERM": "tmux-256color"}, {"256"}),
    ({"TERM": "screen"}, {"16"}),
    ({"TERM": "linux"}, {"16"}),
    ({"TERM": "vt100"}, {"16"}),
    ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, {"rgb"}),
]


@pytest.mark.parametrize(
    ("environment", "kinds"), MATRIX, ids=lambda each: " ".join(each.values()) if "TERM" in each else None
)
def test_a_terminal_is_written_what_it_can_read_and_is_left_as_it_was(environment, kinds):
    with PseudoTerminal([DESCENT], 80, 24, environment) as lab:
        found = lab.flags()
        lab.shows("READY", "Settings", "> learning_rate", "Loss", "? keys")
        lab.press(b"nn")
        lab.shows("it 2/1600")
        lab.press(b"\x1b[C")
        lab.shows("0.001 → 0.002")
        lab.press(b"?")
        lab.shows("type to search")
        lab.press(b"\x1bq")
        assert lab.end() == 0
        assert lab.flags() == found
        assert lab.unusual() == set()
        seen = set(colours(bytes(lab.written)))
        assert {kind for kind, _ in seen} == kinds
        if "NO_COLOR" in environment:
            assert all(is_grey(*colour) for colour in seen)
        else:
            assert not all(is_grey(*colour) for colour in seen)
        if environment["TERM"] in ("linux", "vt100"):
            assert PLAIN.findall(bytes(lab.written)) == []


def test_a_dumb_terminal_gets_lines():
    with PseudoTerminal([DESCENT, "recipe", "--set", "training.epochs=2"], 80, 24, {"TERM": "dumb"}) as lab:
        assert lab.end() == 0
        assert b"\x1b" not in lab.written
        assert b"epoch" in lab.written.lower()


# sizes ---------------------------------------------------------------------------------------------------------------


def test_a_thousand_sizes_while_training_and_the_screen_is_right_for_the_last():
    with PseudoTerminal([DESCENT, "--pace", "max", "--set", "training.epochs=100000"], 120, 40) as lab:

        def iteration() -> int:
            found = re.search(r"it(?:eration)? (\d+)/3200000", lab.text)
            return int(found[1]) if found else -1

        lab.shows("READY")
        lab.press(b" ")
        lab.shows("RUNNING")
        lab.until(lambda: iteration() > 0)
        before, memory, sizes = iteration(), lab.memory(), random.Random(6)
        for _ in range(1000):
            lab.size(sizes.randint(60, 200), sizes.randint(20, 50))
            lab.read(0.003)
        lab.forget()
        lab.resize(100, 30)
        lab.shows("RUNNING", "Settings", "Progress", "Training loop", "? keys")
        lab.until(lambda: iteration() > before)

        def is_right() -> bool:
            lines = lab.text.splitlines()
            starts = {0: " descent  recipe", 1: "━ Settings", 29: " space pause"}
            return all(lines[at].startswith(start) for at, start in starts.items())

        lab.until(is_right)
        assert lab.memory() - memory < 60.0
        lab.resize(59, 19)
        lab.shows("descent needs 60x20, this terminal is 59x19", "q quits. Training goes on meanwhile.")
        lab.resize(400, 100)
        lab.shows("RUNNING", "Settings", "Lesson ", "q quit")
        lab.until(lambda: lab.text.splitlines()[99].lstrip().startswith("space pause"))
        lab.resize(60, 20)
        lab.shows("RUNNING", "> learning_rate", "? keys")
        lab.press(b" ")
        lab.shows("PAUSED")
        lab.quiet()
        seen = lab.text
        lab.press(b"\x0c")  # draws all of it again: nothing was left of another size
        lab.quiet()
        assert lab.text == seen
        lab.press(b"q")
        assert lab.end() == 0


# a terminal in a terminal --------------------------------------------------------------------------------------------


def test_in_tmux(tmp_path):
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"} | {"TMUX_TMPDIR": str(tmp_path)}

    def tmux(*words: str) -> str:
        command = ["tmux", "-f", os.devnull, *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def shows(*texts: str) -> None:
        until(lambda: all(text in tmux("capture-pane", "-p") for text in texts), lambda: tmux("capture-pane", "-p"))

    line = f'stty -a >{tmp_path}/found; "{DESCENT}"; echo "it was $?"; stty -a >{tmp_path}/left; read -r _'
    tmux("-u", "new-session", "-d", "-x", "100", "-y", "30", f"sh -c {_quoted(line)}")
    try:
        shows("READY", "Settings", "? keys")
        tmux("send-keys", "Space")
        shows("RUNNING")
        tmux("send-keys", "Space")
        shows("PAUSED")
        tmux("send-keys", "5")
        shows("Escape restores")
        tmux("send-keys", "Escape", ".")
        shows("0.001 → 0.002")
        tmux("send-keys", "Left")
        shows("0.002 → 0.001")
        tmux("resize-window", "-x", "80", "-y", "24")
        shows("PAUSED", "? keys")
        screen = tmux("capture-pane", "-p").splitlines()
        assert screen[0].startswith(" descent  recipe") and max(map(len, screen)) <= 80
        assert not re.search(r"\[\?|\$p|>\d+u|22;default", "\n".join(screen))
        tmux("send-keys", "q")
        shows("it was 0")
        assert tmux("capture-pane", "-p").strip() == "it was 0"
        left = tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag} #{mouse_any_flag} #{keypad_flag}")
        assert left.split() == ["0", "1", "1", "0", "0"]
        until(lambda: (tmp_path / "left").exists() and (tmp_path / "left").read_text())
        found, size = (tmp_path / "found").read_text(), "rows 24; columns 80"
        assert (tmp_path / "left").read_text() == found.replace("rows 30; columns 100", size)
    finally:
        tmux("kill-server")


def test_in_screen(tmp_path):
    """GNU screen, which knows fewer sequences than most and has no second screen unless it is told to."""
    if shutil.which("screen") is None:
        pytest.skip("GNU screen is not installed")
    own = tmp_path / "screens"
    own.mkdir(mode=0o700)
    command = ["screen", "-U", "-c", os.devnull, DESCENT]
    with PseudoTerminal(command, 100, 30, {"SCREENDIR": str(own), "STY": None}) as lab:
        lab.until(lambda: "READY" in lab.text or lab.press(b"\r") or lab.listen(0.5))  # it may greet
        lab.shows("READY", "Settings", "? keys")
        lab.press(b"n\x1b.")
        lab.shows("0.001 → 0.002")
        assert not re.search(r"\[\?|\$p|>\d+u|22;default", lab.text)
        lab.press(b"q")
        assert lab.end() == 0


def _quoted(line: str) -> str:
    return "'" + line.replace("'", "'\\''") + "'"


def until(holds: Callable[[], object], said: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, said()
        time.sleep(0.05)
