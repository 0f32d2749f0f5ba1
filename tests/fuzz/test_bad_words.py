"""Command lines and keymaps with anything in them: all end in words, on stderr, with exit code 2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.problems import PresetError
from tui import cli
from tui.keyboard import keymap
from tui.keyboard.places import places

quickly = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=250)
HOSTILE = [
    "\x1b]0;title\x07",
    "\x9b2J",
    "\u202egnp.exe",
    "[red]x[/]",
    "a\nb",
    "\udcff\udcfe",
    "\x00",
    "猫" * 90,
    "x" * 5000,
    "-",
    "--",
    "",
]

text = st.text(st.sampled_from("ab .=,[]{}'\"/-~%\n\t\x1b\x9b\u202e\udcff1e"), max_size=8) | st.sampled_from(HOSTILE)
options = st.sampled_from(
    [
        "--set",
        "--seed",
        "--seeds",
        "--pace",
        "--target",
        "--max-kbps",
        "--json",
        "--jsonl",
        "--plain",
        "--slow-link",
        "--ascii",
        "--from",
        "--toml",
        "--sed",
        "--verson",
        "-x",
        "-h=1",
    ]
)
values = st.one_of(
    text,
    st.sampled_from(
        [
            "0",
            "-1",
            "1e400",
            "nan",
            "inf",
            "max",
            "3-7",
            "7-3",
            "0-99999999999999999999",
            "16x",
            "١٢",
            "1_0",
            "+3",
            "0x10",
            "--set",
            "=",
            "a=",
            "=a",
            "seed",
            "seed=",
            "seed=1",
            "seed=1,1",
            "seed=,",
            "9" * 5000,
            "training.epochs=0",
            "training.epoch=3",
            "data.name=[[[",
            "network.hidden=" + "[" * 3000,
            "title=\x1b[2J",
            "seed=0x" + "f" * 5000,
            "title={" + "a." * 60 + "b=1}",
            "seed=" + ",".join(map(str, range(900))),
        ]
    ),
)
files = st.one_of(
    text,
    text.map("./{}".format),
    text.map("{}.toml".format),
    text.map("./{}.csv".format),
    st.sampled_from(
        [
            "recip",
            "lst",
            "/dev/zero",
            "/dev/null",
            "..",
            "./",
            "~",
            "loop.toml",
            "pipe.csv",
            "folder.toml",
            "folder.csv",
            "far.csv",
        ]
    ),
    st.sampled_from(
        [
            "odd\x1b[2J.toml",
            "bad.toml",
            "bad.csv",
            "bad.npz",
            "closed/",
            "empty/",
            "bad/",
            "ok.csv",
            "/proc/self/mem",
            "a" * 300,
        ]
    ),
)
commands = st.sampled_from(["run", "show", "check", "verify", "new", "keys", "list", "schema"])
mistakes = st.one_of(
    st.tuples(commands, files.filter(lambda word: word not in ("", "~"))),
    st.tuples(commands, files, options, values),
    st.tuples(st.sampled_from(["run", "show"]), st.just("recipe"), options, values),
    st.tuples(st.sampled_from(["run", "show"]), st.just("recipe"), st.just("--set"), values),
    st.tuples(st.sampled_from(["run", "show"]), st.just("ok.csv"), st.just("--target"), values),
    st.tuples(commands, text, text),
)


@pytest.fixture
def somewhere(tmp_path, monkeypatch) -> Path:
    """A folder with what there may be in a folder."""
    monkeypatch.chdir(tmp_path)
    Path("loop.toml").symlink_to("loop.toml")
    os.mkfifo("pipe.csv")
    for folder in ("folder.toml", "folder.csv", "empty", "bad"):
        Path(folder).mkdir()
    for name in ("bad.toml", "bad/one.toml", "odd\x1b[2J.toml"):
        Path(name).write_text('title = "\\u001b[2J"\n[data]\nname = "moon"\n"\\u001b[31m" = 3\n')
    Path("bad.csv").write_text("a,b\n1\n")
    Path("ok.csv").write_text("a,\x1b[31mb,y\n1,2,3\n4,5,6\n7,8,9\n")
    Path("far.csv").symlink_to("/nowhere/at/all")
    Path("bad.npz").write_bytes(b"PK\x03\x04nothing")
    return tmp_path


def test_command_lines(judge, somewhere, monkeypatch):
    monkeypatch.setattr("tui.console.running._print_all", lambda *_: None)  # what is loaded is not trained
    monkeypatch.setattr("tui.console.verifying.report", lambda *_: True)  # `verify -- ` is right, and takes minutes

    @quickly
    @given(st.lists(mistakes, min_size=8, max_size=8))
    def fuzz(lines):
        for words in lines:
            before = set(os.listdir())
            ended = judge.judge(lambda words=words: CliRunner().invoke(cli.main, list(words), prog_name="descent"), ())
            assert ended.exit_code in (0, 2), (words, ended.exit_code, ended.stderr, ended.exception)
            assert ended.exception is None or isinstance(ended.exception, SystemExit), (words, ended.exception)
            assert ended.stdout.replace("\n", "").replace("\t", "").isprintable(), words
            if ended.exit_code == 2:
                judge.refused += 1
            if ended.stderr:
                judge.say(ended.stderr)
            for made in set(os.listdir()) - before:
                os.unlink(made)  # by `new`, under whatever name it was asked for

    fuzz()


ids = st.sampled_from([binding.id for place in places() for binding in place.bindings]) | text.filter(
    lambda word: "\udcff" not in word
)
keys = st.sampled_from(
    [
        "n",
        "N",
        "up",
        "Up",
        "space",
        "ctrl+a",
        "ctrl+q",
        "ctrl+",
        "alt+x",
        "f5",
        "F99",
        "shift+n",
        "[",
        "]",
        "O",
        "7",
        "spcae",
        ".",
        "é",
        "猫",
        "",
        "\x1b",
        "\n",
        "x" * 3000,
    ]
)
said = st.one_of(
    keys,
    st.lists(keys | st.integers(), max_size=4),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dictionaries(keys, keys, max_size=2),
    st.just([[["n"]]]),
)


def test_keymaps_as_tables(judge):
    @settings(quickly, max_examples=250)
    @given(st.lists(st.dictionaries(ids, said, max_size=3), min_size=8, max_size=8))
    def fuzz(tables):
        for table in tables:
            found = judge.judge(lambda table=table: keymap.checked(table, "keymap.toml"), (PresetError,), "keymap.toml")
            if found is not None:
                assert found.keys() <= table.keys()

    fuzz()


pieces = st.sampled_from(
    [
        '"run.toggle" = "x"\n',
        "[run]\ntoggle = 'x'\n",
        "run.toggle = 3\n",
        "[",
        "]",
        '"',
        "'",
        "=",
        "a." * 30,
        "\x00",
        "\x1b[2J",
        "#",
        "\n",
        "x = [" * 40,
        "x = 0x" + "f" * 400 + "\n",
        "run = 3\n",
        '"a b" = ["n", 3]\n',
        "\u202e",
        "'''",
        '"""\n',
        "1 = 1\n",
        "k = 1979-05-27\n",
    ]
)


def test_keymaps_as_text(judge, tmp_path):
    file = tmp_path / "keymap.toml"

    @settings(quickly, max_examples=250)
    @given(st.lists(st.lists(pieces, max_size=5).map("".join) | st.binary(max_size=30), min_size=8, max_size=8))
    def fuzz(texts):
        for content in texts:
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
            judge.judge(lambda: keymap.read(file), (PresetError,), "keymap.toml")

    fuzz()
