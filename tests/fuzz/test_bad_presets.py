"""Presets with anything wrong in them: bundled ones spoilt in one or more places, as tables and as bytes."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spoilt_places import inner

import presets
from engine import PresetError, load_preset
from engine.overlay import copied, parse_setting
from engine.preset import parse_preset
from presets.reading import read_toml
from tui.console.plain import about
from tui.writing.written import toml_text

NAMES = sorted(presets.names())
SHORT = sorted(NAMES, key=lambda name: len(presets.text(name)))[:6]
ODD = "\x00\x07\x1b\x7f\x85\x9b\u200b\u200d\u202e\u2066\ufeff\ud7ff\ue000\U000e0001"
HOSTILE = [
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\x9b31m",
    "\u202egnp.exe",
    "[red]x[/]",
    "[@click=app.quit]x[/]",
    "a\nb\tc\r",
    "猫" * 40,
]

text = st.text(st.sampled_from("ab .[]{}='\"#\n\\%/-_猫é" + ODD), max_size=12) | st.sampled_from(HOSTILE)
words = st.sampled_from(
    [
        "sgd",
        "adam",
        "moons",
        "digits",
        "file",
        "rows",
        "recipe",
        "full",
        "classes",
        "constant",
        "cosine",
        "accuracy",
        "../x.csv",
        "/dev/zero",
        "a.csv",
        "final",
        "epoch:3",
    ]
)
numbers = st.sampled_from(
    [
        0,
        1,
        -1,
        3,
        10**6,
        10**9,
        10**12,
        -(10**12),
        2**63,
        2**64,
        10**30,
        10**299,
        0.5,
        -0.0,
        1e-320,
        1e308,
        -1e308,
        math.nan,
        math.inf,
        -math.inf,
    ]
)
simple = numbers | words | text | st.booleans() | st.sampled_from(["", "x" * 5000, "9" * 400])
junk = st.recursive(
    simple,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "a", "run", "", "x y", "é"]), inner, max_size=3)
    ),
    max_leaves=6,
) | st.sampled_from([[0] * 100, [[1.0, 2.0]] * 40, ["a"] * 60, [{}] * 60, {"a": {"b": {"c": {"d": {}}}}}])
keys = st.sampled_from(
    [
        "data",
        "training",
        "network",
        "show",
        "run",
        "claim",
        "question",
        "title",
        "seed",
        "name",
        "epochs",
        "batch_size",
        "optimizer",
        "file",
        "target",
        "hidden",
        "check",
        "above",
        "at",
        "over",
        "input",
        "plus",
        "tolerance",
        "",
        "a.b",
        "a[1]",
        "x]",
        "[",
        "é",
        "\x1b[31m",
        "a" * 300,
        "__class__",
        "model_config",
    ]
)
place = st.integers(0, 10**6)
edits = st.one_of(
    st.tuples(st.just("set"), place, junk),
    st.tuples(st.just("set"), place, simple),
    st.tuples(st.just("add"), place, keys, junk),
    st.tuples(st.just("drop"), place),
    st.tuples(st.just("rename"), place, keys),
    st.tuples(st.just("again"), place, place),
)
pieces = st.sampled_from(
    [
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"[",
        b"]",
        b"[[",
        b"{",
        b"}",
        b'"',
        b'"""',
        b"'",
        b"=",
        b"\n",
        b"\r",
        b".",
        b",",
        b"#",
        b"[data]\n",
        b"[[run]]\n",
        b"\n[training]\n",
        b"0x" + b"f" * 400,
        b"1e999",
        b"-",
        b"\\u0000",
        b"\\ud800",
        b"." * 50,
        b"a." * 40,
        b"[" * 60,
        b"{a=" * 40,
        b"\x1b[31m",
        "\u202e".encode(),
        b"1979-05-27T07:32:00Z",
        b"true",
        b"nan",
        b"x" * 3000,
    ]
)
cuts = st.one_of(
    st.tuples(st.just("flip"), place, st.integers(1, 255)),
    st.tuples(st.just("cut"), place),
    st.tuples(st.just("put"), place, pieces),
    st.tuples(st.just("swap"), place, place, st.integers(1, 60)),
)


@cache
def document(name: str) -> dict[str, Any]:
    """A bundled preset with one of whatever it has many of, since most of the time goes into reading it."""
    tables = read_toml(presets.text(name))
    for key in ("things_to_try", "question", "claim"):
        tables[key] = tables.get(key, [])[:1]
    return {**tables, "story": tables.get("story", "")[:60], **({"run": tables["run"][:2]} if "run" in tables else {})}


def spoilt(node: dict[str, Any], edit: tuple[Any, ...]) -> None:
    places = inner(node)
    if not places:
        return
    (holder, key), (what, _, *rest) = places[edit[1] % len(places)], edit
    if what == "set":
        holder[key] = copied(rest[0])
    elif what == "add":
        target = holder[key] if isinstance(holder[key], dict) else node
        target[rest[0]] = copied(rest[1])
    elif what == "drop":
        del holder[key]
    elif what == "rename" and isinstance(holder, dict):
        holder[rest[0]] = holder.pop(key)
    elif what == "again":
        holder[key] = copied(places[rest[0] % len(places)][0])


def as_toml(value: Any) -> str:
    """A value as TOML writes it, tables in line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "nan" if math.isnan(value) else f"{'-' if value < 0 else ''}inf" if math.isinf(value) else repr(value)
    if isinstance(value, str):
        return json.dumps(value).replace("\\/", "/") if value.isascii() and "\x7f" not in value else _basic(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_toml(key)} = {as_toml(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return str(value)


def _basic(value: str) -> str:
    return '"' + "".join(c if c.isalnum() and ord(c) > 127 else f"\\U{ord(c):08x}" for c in value) + '"'


def as_text(tables: dict[str, Any]) -> str:
    return "".join(f"{as_toml(key)} = {as_toml(value)}\n" for key, value in tables.items())


def works(judge: Any, found: Any) -> None:
    """An accepted preset can be listed, described and shown: nothing in it is obeyed by a terminal."""
    assert 1 <= len(found.runs) <= 24
    for shown in (found.title, found.name, found.sheet.summary, found.sheet.lesson, *(run.name for run in found.runs)):
        assert shown.isprintable()
    assert found.sheet.story.replace("\n", "").isprintable()
    for run in found.runs[:2]:
        assert all(line.isprintable() for line in about(found.title, run))
    if judge.tried % 10 == 0:
        assert [run.seed for run in parse_preset(toml_text(found), "again", "again.toml").runs] == [
            r.seed for r in found.runs
        ]


def looked_at(judge: Any, written: str, changes: Any = ()) -> None:
    found = judge.judge(
        lambda: parse_preset(written, "mine", "lessons/mine.toml", changes, None, Path("lessons")),
        (PresetError,),
        "lessons/mine.toml",
    )
    if found is not None:
        works(judge, found)


quickly = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=250)


def test_presets_with_spoilt_tables(judge):
    @quickly
    @given(st.sampled_from(NAMES), st.lists(edits, min_size=8, max_size=8), st.booleans())
    def fuzz(name, several, together):
        tables = copied(document(name))
        for edit in several:
            if not together:
                tables = copied(document(name))
            spoilt(tables, edit)
            looked_at(judge, as_text(tables))

    fuzz()


def test_presets_with_spoilt_bytes(judge, tmp_path):
    file = tmp_path / "mine.toml"

    @quickly
    @given(st.sampled_from(SHORT), st.lists(cuts, min_size=8, max_size=8), st.booleans())
    def fuzz(name, several, together):
        content = presets.text(name).encode()
        for what, at, *rest in several:
            if not together:
                content = presets.text(name).encode()
            at %= len(content) + 1
            if what == "flip" and at < len(content):
                content = content[:at] + bytes([content[at] ^ rest[0]]) + content[at + 1 :]
            elif what == "cut":
                content = content[: max(at, 1)]
            elif what == "put":
                content = content[:at] + rest[0] + content[at:]
            elif what == "swap":
                other = rest[0] % len(content)
                content = content[:at] + content[other : other + rest[1]] + content[at + rest[1] :] or b" "
            file.write_bytes(content)
            found = judge.judge(lambda: load_preset(file), (PresetError,), "mine.toml")
            if found is not None:
                works(judge, found)

    fuzz()


settable = (
    st.sampled_from(
        [
            "seed",
            "data.name",
            "data.samples",
            "data.noise",
            "data.file",
            "data.target",
            "data.features",
            "data.inputs",
            "training.epochs",
            "training.batch_size",
            "training.loss",
            "training.optimizer.name",
            "training.optimizer.learning_rate",
            "training.schedule.name",
            "network.hidden",
            "network.activation",
            "network.initial_parameters",
            "title",
            "show.second",
            "show.hide",
            "order",
            "question",
            "claim",
            "surface.name",
            "surface.start",
            "training.early_stopping",
            "training.memory_limit",
        ]
    )
    | keys
)


def test_settings_on_the_command_line(judge):
    @settings(quickly, max_examples=250)
    @given(
        st.sampled_from(SHORT),
        st.lists(st.tuples(settable, st.lists(simple | junk.map(as_toml), min_size=1, max_size=4)), min_size=8, max_size=8),
    )
    def fuzz(name, several):
        for key, values in several:
            word = f"{key}={','.join(map(str, values))}"
            try:
                change = parse_setting(word)
            except ValueError as error:
                judge.tried, judge.refused = judge.tried + 1, judge.refused + 1
                judge.say(str(error))
            else:
                found = judge.judge(lambda change=change: load_preset(name, [change]), (PresetError,), f"{name}.toml")
                if found is not None:
                    works(judge, found)

    fuzz()


@pytest.mark.parametrize("name", ["__import__('os').system('touch ran')", "!!python/object/apply:os.system ['touch ran']"])
def test_a_preset_runs_no_code(name, tmp_path, monkeypatch, judge):
    monkeypatch.chdir(tmp_path)
    for where in ("title", "story", "data.name", "data.file", "training.memory_limit", "network.activation", "show.second"):
        tables: dict[str, Any] = {"data": {"name": "moons"}}
        *above, last = where.split(".")
        (tables.setdefault(above[0], {}) if above else tables)[last] = name
        looked_at(judge, as_text(tables))
    assert not re.search("ran", " ".join(path.name for path in tmp_path.iterdir()))
