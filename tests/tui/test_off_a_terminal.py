"""Off a terminal: lines that a log keeps, one every epoch or second, without a control code, however they are ended."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest

from engine import Trainer, load_preset
from tui.console import plain

DESCENT = str(Path(sys.executable).with_name("descent"))
ENDLESS = ("recipe", "--set", "training.epochs=1000000")


def trained(seconds: float, epochs: int = 2) -> list[str]:
    """The lines of a run of 4 iterations an epoch, each of which takes so many seconds."""
    run = load_preset("recipe", [("training.epochs", [epochs]), ("training.batch_size", [250])]).runs[0]
    trainer = Trainer(run)
    return list(plain.progress(trainer, iter(trainer), clock=lambda: trainer.iteration * seconds))


def starts(lines: list[str]) -> list[str]:
    return [" ".join(line.split()[:4]) + (" batch" if "batch loss" in line else "") for line in lines]


@pytest.mark.parametrize(
    ("seconds", "lines"),
    [
        (0.2, ["epoch 1/2 iteration 4/8", "epoch 2/2 iteration 8/8"]),
        (0.4, ["epoch 1/2 iteration 3/8 batch", "epoch 1/2 iteration 4/8",
               "epoch 2/2 iteration 7/8 batch", "epoch 2/2 iteration 8/8"]),
        (1.5, ["epoch 1/2 iteration 1/8 batch", "epoch 1/2 iteration 2/8 batch", "epoch 1/2 iteration 3/8 batch",
               "epoch 1/2 iteration 4/8", "epoch 2/2 iteration 5/8 batch", "epoch 2/2 iteration 6/8 batch",
               "epoch 2/2 iteration 7/8 batch", "epoch 2/2 iteration 8/8"]),
    ],
)  # fmt: skip
def test_a_slow_epoch_has_a_line_about_every_second(seconds, lines):
    assert starts(trained(seconds)) == lines


def test_a_long_run_has_the_line_of_an_epoch_that_it_would_leave_out_once_a_second_has_gone_by():
    quick, slow = (trained(seconds, epochs=400) for seconds in (0.0, 0.13))
    assert len(quick) == 41  # the first, and every tenth
    shown = [int(line.split()[1].partition("/")[0]) for line in slow]
    assert {after - before for before, after in pairwise(shown)} == {1, 2}  # of half a second each
    assert not any("batch loss" in line for line in slow)


def test_a_line_of_a_batch_stands_in_the_columns_of_the_epochs():
    first, last = trained(0.4)[:2]
    assert first.index("batch loss") == last.index("loss")
    assert first.endswith("%")
    assert len(first) <= plain.WIDTH


def has_controls(text: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Cf") for character in text.replace("\n", ""))


def test_under_tee_and_in_a_file_it_is_the_same_text_without_a_control_code(tmp_path):
    log, file = tmp_path / "log", tmp_path / "file"
    typed = f"{shlex.quote(DESCENT)} recipe --plain --set training.epochs=3"
    script = f"{typed} 2>&1 | tee {log} >{tmp_path / 'through'}; {typed} >{file} 2>&1 </dev/null"
    assert subprocess.run(["sh", "-c", script], stdin=subprocess.DEVNULL, check=False, timeout=60).returncode == 0
    kept = [one.read_text(encoding="utf-8") for one in (log, tmp_path / "through", file)]
    bare = [[line for line in text.splitlines() if not line.startswith("completed after")] for text in kept]
    assert bare[0] == bare[1] == bare[2]
    assert sum(line.startswith("epoch ") for line in bare[0]) == 3
    assert not has_controls(kept[0])


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_what_ends_it_lets_it_say_what_came_out(name):
    with subprocess.Popen([DESCENT, *ENDLESS], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(6):  # its heading, and the first epoch: each line comes as soon as there is something to say
            process.stdout.readline()
        process.send_signal(getattr(signal, name))
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert any(line.startswith("interrupted after ") for line in out.splitlines())
    assert not has_controls(out)


def test_nohup_is_not_overruled():
    arguments = ["sh", "-c", f"trap '' HUP; exec {shlex.quote(DESCENT)} {shlex.join(ENDLESS)}"]
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(6):
            process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        assert process.stdout.readline()  # it goes on
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert "interrupted after " in out


def test_a_reader_who_has_seen_enough_ends_it_quietly():
    script = f"{shlex.quote(DESCENT)} {shlex.join(ENDLESS)} | head -n 3"
    ended = subprocess.run(["sh", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert (ended.stdout.count("\n"), ended.stderr) == (3, "")


def test_a_dumb_terminal_has_plain_lines():
    ours, theirs = os.openpty()
    environment = os.environ | {"TERM": "dumb"}
    arguments = [DESCENT, "recipe", "--set", "training.epochs=2"]
    with subprocess.Popen(arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        said = b""
        try:
            while chunk := os.read(ours, 65536):
                said += chunk
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    text = said.decode().replace("\r\n", "\n")
    assert "epoch 2/2" in text
    assert not has_controls(text)


def test_without_its_extra_serve_says_how_to_install_it():
    code = 'import sys; sys.modules["textual_serve"] = None; from tui.cli import main; main(["serve"], prog_name="descent")'
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "descent: serve needs the extra web: pip install 'descent-tui[web]'\n"
