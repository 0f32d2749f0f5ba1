"""`descent bugreport`: what helps is in it, what is private is not, and no file is ever replaced."""

from __future__ import annotations

import json
import os
import re
import resource
from pathlib import Path

import pytest
from click.testing import CliRunner

from tui.cli import main
from tui.console import bugreport, harmless
from tui.home import faults, folders

USER, HOST, FOLDER, COLUMN, PRESET = "zaphodb", "heartofgold", "betelgeuse-five", "towel_count", "pan galactic gargle"
PLANTED = (USER, HOST, FOLDER, COLUMN, "towel", "galactic", "gargle", "babelfish", "42424242", "vogon")


@pytest.fixture
def planted(monkeypatch, home: Path) -> Path:
    """A machine, a user, a run and faults whose names are known."""
    for name in ("USER", "LOGNAME"):
        monkeypatch.setenv(name, USER)
    monkeypatch.setenv("HOME", f"/home/{USER}/{FOLDER}")
    monkeypatch.setattr("socket.gethostname", lambda: f"{HOST}.example.org")
    monkeypatch.setattr("platform.node", lambda: HOST)
    monkeypatch.setattr("platform.release", lambda: f"6.8.0-{HOST}-generic")
    monkeypatch.setattr("os.getcwd", lambda: f"/home/{USER}")
    monkeypatch.setenv("TERM", f"xterm-{USER}")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM_PROGRAM", f"/opt/{FOLDER}/vogon")
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.9 50000 203.0.113.1 22")
    monkeypatch.setenv("MY_SECRET_TOKEN", "babelfish")
    monkeypatch.setenv("TEXTUAL_THEME", "\x1b[31mvogon")
    secrets = [
        f"KeyError: '{COLUMN}'",
        f"FileNotFoundError: [Errno 2] No such file or directory: '/home/{USER}/{FOLDER}/towels.csv'",
        f"ValueError: could not convert string to float: '42424242' in column {COLUMN} of {HOST}",
        f"ValueError: {USER} {COLUMN} babelfish towel 42424242 /home/{USER}",
        f"OSError: {FOLDER}/vogon.toml",
        f"XmlError: {PRESET}",
    ]
    for said in secrets:
        faults.keep(said.partition(":")[0], said, [f"/home/{USER}/tui/app.py:1", "tui/app.py:118"], ended=True, place=FOLDER)
    faults.keep(USER, "said: division by zero", ["engine/trainer.py:120", f"tui/{COLUMN} vogon.py:3"], ended=False)
    faults.keep("ZeroDivisionError", "ZeroDivisionError: division by zero", ["engine/trainer.py:120"], ended=False)
    folder = folders.runs_folder() / f"20261122-{FOLDER}"
    folder.mkdir(parents=True)
    (folder / "run.toml").write_text(f'preset = "{PRESET}"\n')
    events = [
        {"event": "started", "iteration": 0, "time": "2026-11-22T07:00:00Z", "preset": {"name": PRESET, "text": COLUMN}},
        {"event": "changed", "iteration": 7, "time": "2026-11-22T07:00:01Z", "key": "learning_rate", "old": 0.1, "new": 0.2},
        {"event": "changed", "iteration": 8, "time": USER, "key": COLUMN, "old": COLUMN, "new": "babelfish"},
        {"event": "verdict", "iteration": 9, "kind": "healthy", "says": f"{COLUMN} learns well"},
        {"event": HOST, "iteration": "42424242", COLUMN: 1, "message": PRESET, "reason": FOLDER, "kind": [COLUMN]},
    ]
    lines = "".join(f"{json.dumps(event)}\n" for event in events)
    (folder / "events.jsonl").write_text(f"{lines}[1]\n\x00{{torn {COLUMN}")
    return home


def made(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["bugreport", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_nothing_private_is_in_it_and_what_helps_is(planted):
    text = made("-")
    lower = text.lower()
    assert [word for word in (*PLANTED, "203.0.113", str(planted).lower(), "/home") if word in lower] == []
    assert "\x1b" not in text
    for line in ("COLORTERM=truecolor", "LANG=en_GB.UTF-8", "TERM=..."):
        assert f"\n{line}\n" in text
    for name in ("descent-tui", "textual", "numpy"):
        assert re.search(rf"^{name}: \d", text, re.MULTILINE)
    assert "kernel 6.8.0\n" in text
    assert "SSH_CONNECTION" in text.partition("\nset: ")[2].partition(" (of")[0]
    assert "contained: ZeroDivisionError: division by zero\n    engine/trainer.py:120\n" in text
    assert "FileNotFoundError: [Errno 2] No such file or directory: ..." in text
    assert "ValueError: could not convert string to float: ... in ... of ...\n    ...\n    tui/app.py:118" in text
    assert "2026-11-22T07:00:01Z changed key=learning_rate iteration=7 old=0.1 new=0.2\n" in text
    assert "verdict kind=healthy iteration=9" in text
    assert text.rstrip().endswith("Nothing was sent anywhere: read it, and send it yourself if you like.")


def test_files_are_never_replaced_and_what_cannot_be_written_is_said_in_a_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert made().startswith("descent-bugreport.txt: written.")
    before = Path("descent-bugreport.txt").read_text()
    assert "descent bug report" in before and made().startswith("descent-bugreport-2.txt: written.")
    assert Path("descent-bugreport.txt").read_text() == before
    assert made("mine.txt").startswith("mine.txt: written.")
    Path("file").write_text("")
    for place in ("no/such/folder.txt", "file/below.txt", "\0"):
        said = made(place, code=2)
        assert said.startswith("descent: cannot write") and said.count("\n") == 1 and "descent bugreport - prints it" in said
    folder = Path("folder.txt")
    folder.mkdir()
    assert made("folder.txt").startswith("folder-2.txt: written.")
    assert sorted(os.listdir()) == [
        "descent-bugreport-2.txt", "descent-bugreport.txt", "file", "folder-2.txt", "folder.txt", "mine.txt",
    ]  # fmt: skip
    assert "never replaced" in made("--help")


def test_a_disk_that_is_full_leaves_no_half_of_a_file(tmp_path):
    before, usual = resource.getrlimit(resource.RLIMIT_FSIZE), tmp_path / "report.txt"
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        said = made(str(usual), code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert said.startswith(f'descent: cannot write "{usual}": File too large')
    assert not usual.exists()


@pytest.mark.parametrize("part", ["_versions", "_terminal", "_faults", "_events"])
def test_a_part_that_cannot_be_made_says_so_and_the_others_are_there(monkeypatch, part):
    def broken():
        raise RuntimeError(f"something of {USER}")
        yield ""

    monkeypatch.setattr(bugreport, part, broken)
    text = made("-")
    assert text.count("cannot be told: RuntimeError") == 1
    assert USER not in text and "Nothing was sent" in text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("division by zero", "division by zero"),
        ("shapes (3,4) and (5,) not aligned: 4 (dim 1) != 5 (dim 0)", None),
        ("operands could not be broadcast together with shapes (3,) (4,)", None),
        ("Alice Smith", "..."),
        ("'int' object is not iterable", "... object is not iterable"),
        ("could not open C:\\Users\\x", None),
        (None, "..."),
    ],
)
def test_what_an_exception_says_is_taken_apart(said, shown):
    found = harmless.message(said)
    assert shown is None or found == shown
    assert not re.search(r"Users|Alice|Smith", found)
    if said and said.startswith("operands"):
        assert found == said
