"""The lab through a real sshd: straight, and over a link of 200 ms and 50 KB/s each way, with training at full pace.

Times are asserted with plenty of room; the figures themselves are in the summary of the tests.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from narrow_link import NarrowLink
from pseudo_terminal import PseudoTerminal
from real_ssh import Sshd, why_not

DESCENT = str(Path(sys.executable).with_name("descent"))
ROUND_TRIP, RATE = 0.2, 50_000.0
AT_ONCE = 0.1  # seconds on top of the round trip in which a key is to be answered
LOADED = 1.0  # what else a busy machine may take for one of them
ENDLESS = "training.epochs=100000"
UP, DOWN = (b"\x1b", b"[A"), (b"\x1b", b"[B")


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    missing = why_not()
    if missing and os.environ.get("DESCENT_SSH") == "required":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    with Sshd() as one:
        yield one


@contextmanager
def logged_in(
    sshd: Sshd, home: Path, *command: str, port: int | None = None, size: tuple[int, int] = (80, 24)
) -> Iterator[PseudoTerminal]:
    """A terminal that has logged in and runs a command there."""
    there = {"DESCENT_HOME": str(home), "OMP_NUM_THREADS": "1"}
    there |= {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    with PseudoTerminal(sshd.login([*command], there, port), *size) as terminal:
        yield terminal


def iteration(lab: PseudoTerminal) -> int:
    found = re.search(r" it (\d+)/\d+", lab.text)
    return int(found[1]) if found else -1


def row(lab: PseudoTerminal) -> str:
    """The row of the settings that has the cursor."""
    found = re.search(r"^> (\w+)", lab.text, re.MULTILINE)
    return found[1] if found else ""


def answered(lab: PseudoTerminal, keys: bytes, text: str) -> float:
    """Seconds from these keys until a text is on the screen that was not."""
    while lab.read(0.0):
        pass
    assert text not in lab.text
    pressed = time.perf_counter()
    lab.press(keys)
    lab.until(lambda: text in lab.text)
    return lab.came[-1][0] - pressed


def in_pieces(lab: PseudoTerminal, *keys: tuple[bytes, ...]) -> None:
    """Keys whose bytes come with a pause in the middle, as when a packet was lost."""
    for key in keys:
        for piece in key[:-1]:
            lab.press(piece)
            lab.listen(0.3)
        lab.press(key[-1])


def test_logged_in_it_opens_trains_takes_what_is_typed_and_leaves_the_shell_as_it_was(sshd, home):
    script = f'stty -a; locale charmap; "{DESCENT}"; echo "ended with $?"; stty -a'
    with logged_in(sshd, home, "sh", "-c", script) as lab:
        lab.shows("READY", "Settings", "Progress", "2337 parameters", "? keys")
        lab.press(b" ")
        lab.until(lambda: iteration(lab) >= 2)
        lab.press(b" ")
        lab.shows("PAUSED")
        lab.press(b"\r" + b"\x7f" * 5 + b"0.05\r")
        lab.shows("learning_rate 0.001 → 0.05")
        lab.press(b"q")
        assert lab.end() == 0
        said = lab.written.decode().replace("\r", "")
        assert "ended with 0" in said
        assert "UTF-8" in said.splitlines()  # the locale came along, so braille could be drawn
        assert any("⠀" < letter <= "⣿" for letter in said)
        before, after = (re.search(r"speed .*?(?=UTF-8|\Z)", part, re.DOTALL) for part in said.split("ended with 0"))
        assert before is not None and after is not None
        assert before[0].split() == after[0].split()


def test_over_a_link_that_is_far_and_narrow_keys_are_answered_and_nothing_piles_up(sshd, home, record_property):
    script = f'"{DESCENT}" digits --pace max --set {ENDLESS}; read -r -t 1 -n 40 left; echo "left over: <$left>"'
    with NarrowLink(sshd.port, ROUND_TRIP, RATE) as link, logged_in(sshd, home, "bash", "-c", script, port=link.port) as lab:
        lab.shows("READY")
        lab.quiet(0.3)
        lab.press(b" ")
        lab.until(lambda: iteration(lab) > 500)
        chance, times = random.Random(6), []
        before, begun = len(lab.written), time.perf_counter()
        for press in range(20):
            keys, text = ((b".", "0.002 → 0.005"), (b",", "0.005 → 0.002"))[press % 2]
            times.append(answered(lab, keys, text))
            lab.listen(chance.uniform(0.0, 0.1))
        rate = (len(lab.written) - before) / (time.perf_counter() - begun)
        paused = answered(lab, b" ", "PAUSED")
        pressed = lab.came[-1][0] - paused
        lab.listen(0.8)
        last = lab.came[-1][0] - pressed
        middle, worst = statistics.median(times), max(times)
        waited = max(way.longest for way in link.down)
        record_property(
            "said",
            f"SSH, {1000 * ROUND_TRIP:.0f} ms and {RATE / 1000:.0f} KB/s, 80x24, full pace: {len(times)} keys answered in"
            f" {1000 * middle:.0f} ms (median), {1000 * worst:.0f} ms (worst); {rate / 1000:.1f} KB/s; the last byte"
            f" {1000 * last:.0f} ms after the pause; bytes waited at most {1000 * waited:.0f} ms to go",
        )
        assert ROUND_TRIP <= middle <= ROUND_TRIP + AT_ONCE
        assert worst <= ROUND_TRIP + LOADED
        assert last <= ROUND_TRIP + LOADED  # nothing was still on its way
        assert waited < LOADED

        # arrows in two pieces, and Escape in one piece with the key after it: here, where nothing trains
        assert row(lab) == "learning_rate"
        settings = [line[:25] for line in lab.text.splitlines()[1:13]]
        in_pieces(lab, UP, UP, DOWN, UP)
        lab.until(lambda: row(lab) == "activation")
        in_pieces(lab, DOWN, DOWN)
        lab.until(lambda: row(lab) == "learning_rate")
        assert [line[:25] for line in lab.text.splitlines()[1:13]] == settings
        lab.press(b"7")
        lab.shows("Escape restores")
        done = iteration(lab)
        lab.press(b"\x1bn")  # leaves the field, then takes one batch
        lab.until(lambda: iteration(lab) == done + 1)
        assert [line[:25] for line in lab.text.splitlines()[1:13]] == settings

        # leaving while it trains: no answer of the terminal is left over, to be typed into the shell
        lab.press(b" ")
        lab.until(lambda: iteration(lab) > done + 50)
        lab.press(b"q")
        lab.shows("Quit?")
        lab.press(b"\r")
        assert lab.end() in (0, 1)  # of `read`, which has nothing to read
        assert b"left over: <>" in lab.written


def test_in_tmux_in_ssh(sshd, home):
    if subprocess.run(["sh", "-c", "command -v tmux"], capture_output=True).returncode:
        if os.environ.get("DESCENT_SSH") == "required":
            pytest.fail("no tmux here (Debian: tmux)")
        pytest.skip("no tmux here (Debian: tmux)")
    socket = f"descent-{os.getpid()}"
    tmux = ["tmux", "-f", os.devnull, "-L", socket, "new-session", "-x", "80", "-y", "24"]
    with logged_in(sshd, home, *tmux, f'"{DESCENT}" digits --pace max --set {ENDLESS}', size=(80, 25)) as lab:
        try:
            lab.shows("READY", "Settings", "learning_rate")
            lab.press(b" ")
            lab.until(lambda: iteration(lab) > 500)
            answered(lab, b".", "0.002 → 0.005")
            answered(lab, b" ", "PAUSED")
            in_pieces(lab, UP, DOWN, UP)
            lab.until(lambda: row(lab) == "optimizer")
            lab.press(b"q")
            lab.until(lambda: b"[exited]" in lab.written)
            assert lab.end() == 0
        finally:
            subprocess.run(["tmux", "-L", socket, "kill-server"], capture_output=True)
