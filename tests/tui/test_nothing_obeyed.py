"""Texts of a preset and of a table that a terminal or Textual would obey: they are shown, wherever they are shown at all."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pseudo_terminal import PseudoTerminal

from engine import load_preset
from tui import cli
from tui.exporting.report import report_lines
from tui.loading import load
from tui.session import Session

#: The terminal's title, a clear screen in 7 and in 8 bits, a text turned around, markup, a link of Textual's, a tab, a bell.
HOSTILE = "\x1b]0;OBEYED\x07\x1b[2J\x9b2J\u202e[red]R[/red][@click=app.quit]Q[/]\t\u200b猫"
SHOWN = "[red]R[/red][@click=app.quit]Q[/]"
FORBIDDEN = ("OBEYED\x07", "\x1b]0;", "\x1b]2;", "\x07", "\x9b", "\u202e", "\u200b")


def said(text: str = HOSTILE) -> str:
    return json.dumps(text)


PRESET = f"""
title = {said("T" + HOSTILE)}
lesson = {said("L" + HOSTILE)}
summary = {said("S" + HOSTILE)}
story = {said("# H" + HOSTILE + chr(10) * 2 + "P" + HOSTILE + chr(10) * 2 + "- I" + HOSTILE)}
things_to_try = [{said("Y" + HOSTILE)}]

[data]
name = "rows"
inputs = [[0, 1], [1, 0], [1, 1], [0, 0], [1, 2], [2, 1]]
targets = [0, 1, 0, 1, 0, 1]
features = [{said("f" + HOSTILE)}, {said("g" + HOSTILE)}]
target = {said("t" + HOSTILE)}
validation = 2

[training]
epochs = 2

[[question]]
asks = {said("Q" + HOSTILE)}
answer = {said("A" + HOSTILE)}

[[run]]
name = {said("r" + HOSTILE)}

[[run]]
name = {said("s" + HOSTILE)}
training.optimizer.learning_rate = 0.5

[[claim]]
says = {said("C" + HOSTILE)}
lesson_says = {said("D" + HOSTILE)}
source = {said("E" + HOSTILE)}
verdict = "right"

[[claim.check]]
run = {said("r" + HOSTILE)}
metric = "train_loss"
at = "final"
above = 0.0
"""
TABLE = f'"c{HOSTILE}",d,y\n1,"v{HOSTILE}",a{HOSTILE}\n2,w,b\n3,"v{HOSTILE}",b\n4,w,a{HOSTILE}\n5,w,b\n6,w,b\n'
FILE = "odd\x1b[2J[red]R[@click=x]"


@pytest.fixture(autouse=True)
def odd(tmp_path, monkeypatch) -> None:
    """A folder of odd files; one of them among one's own presets."""
    monkeypatch.chdir(tmp_path)
    Path(f"{FILE}.toml").write_text(PRESET, encoding="utf-8")
    Path(f"{FILE}.csv").write_text(TABLE, encoding="utf-8")
    own = tmp_path / "home-of-descent" / "presets"
    own.mkdir(parents=True)
    (own / f"mine{FILE}.toml").write_text(PRESET, encoding="utf-8")
    (own / f"bad{FILE}.toml").write_text(f"title = {said()}\n\x1b[2J", encoding="utf-8")


def is_tame(text: str, what: object = "") -> None:
    """Nothing in it is obeyed by a terminal."""
    found = sorted({character for character in text if not character.isprintable() and character != "\n"})
    assert found == [], (what, found, [line for line in text.split("\n") if not line.isprintable()][:3])


def test_what_is_printed(capfd):
    file, table = f"./{FILE}.toml", f"./{FILE}.csv"
    commands = [
        ["list"],
        ["list", "--json"],
        ["check", file],
        ["check", "."],
        ["."],
        ["show", file],
        ["show", table, "--target", "y"],
        ["run", file],
        ["run", file, "--json"],
        ["run", file, "--jsonl"],
        ["run", file, "--seeds", "2"],
        ["verify", file],
        ["run", table, "--target", "y"],
        ["run", table, "--target", "y", "--json"],
        ["run", table],
        ["run", table, "--target", HOSTILE],
        ["run", HOSTILE],
        ["run", f"./{HOSTILE}.toml"],
        ["run", file, "--set", HOSTILE],
        ["run", file, f"--{HOSTILE}"],
        [HOSTILE, HOSTILE],
        ["run", file, "--set", f"title={HOSTILE}"],
        ["run", "recipe", "--seeds", HOSTILE],
        ["--pace", HOSTILE],
        ["new", HOSTILE],
        ["new", f"copy{FILE}.toml", "--from", file],
        ["new", f"own{FILE}.toml"],
        ["show", "recipe", "--set", f"title={HOSTILE}"],
        ["run", "recipe", "--set", f"data.file={HOSTILE}"],
        ["check", HOSTILE, f"./{HOSTILE}/"],
    ]
    for command in commands:
        ended = CliRunner().invoke(cli.main, command, prog_name="descent")
        assert ended.exit_code in (0, 1, 2) and (ended.exception is None or isinstance(ended.exception, SystemExit)), command
        is_tame(ended.stdout, command)
        is_tame(ended.stderr, command)
    assert SHOWN in CliRunner().invoke(cli.main, ["run", file]).stdout
    assert SHOWN in CliRunner().invoke(cli.main, ["list"]).stdout.replace("\n", "").replace("     ", "")


def test_what_is_shown_can_be_read_again():
    shown = CliRunner().invoke(cli.main, ["show", f"./{FILE}.csv", "--target", "y"]).stdout
    Path("again.toml").write_text(shown, encoding="utf-8")
    assert load_preset("./again.toml").runs[0].data.facts() == load(f"./{FILE}.csv", target="y").runs[0].data.facts()


def test_what_is_exported():
    session = Session(load_preset(f"./{FILE}.toml"))
    for trainer in session.trainers:
        for _ in trainer:
            pass
    is_tame("\n".join(report_lines(session, ())))


EVERYWHERE = (
    *(
        "n",
        "tab",
        "down",
        "enter",
        "escape",
        "tab",
        "down",
        "enter",
        "down",
        "tab",
        "left",
        "tab",
        "tab",
        "t",
        "end",
        "enter",
    ),
    *("k", "k", "escape", "w", "escape", "v", "escape", "p", *"odd", "down", "escape", "escape", "question_mark", "escape"),
    *("colon", *"pred", "enter", "down", "escape", "escape", "colon", *"runs", "enter", "escape", "ctrl+s", "escape", "q"),
)


@pytest.mark.parametrize(
    ("file", "size"), [(f"./{FILE}.toml", (120, 40)), (f"./{FILE}.csv", (80, 24)), (f"./{FILE}.csv", (200, 50))]
)
async def test_in_the_lab(lab, fast, file, size):
    preset = load(file, target="y" if file.endswith("csv") else None)
    seen = set()
    async with lab(preset, epochs=None, size=size, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        for key in EVERYWHERE:
            await person.press(key)
            if person.app._exit:
                break
            screen = person.seen()
            is_tame(screen, key)
            assert len(screen.splitlines()) <= size[1]
            seen |= set(screen.splitlines())
    assert [line for line in seen if "[red]R[/red]" in line]  # shown as it stands, by at least the heading


def test_in_a_real_terminal():
    file = f"./{FILE}.toml"
    with PseudoTerminal([sys.executable, "-m", "tui", file, "--pace", "max"], 120, 40) as lab:
        lab.shows("READY")
        lab.press(b" ")
        lab.shows("DONE")
        for keys in (
            b"t",
            b"p",
            b"\x1b",
            b"k",
            b"k",
            b"\x1b",
            b"w",
            b"\x1b",
            b":",
            b"\x1b",
            b"\x13",
            b"\x1b",
            b"?",
            b"\x1b",
        ):
            lab.press(keys)
            lab.listen(0.25)
        assert "[red]R[/red]" in lab.text or "[red]R" in lab.text
        lab.press(b"\x11")
        lab.end()
        written = lab.written.decode()
    assert [word for word in FORBIDDEN if word in written] == []
    assert not re.search(r"\x1b\[2J\?*\[red\]", written)
