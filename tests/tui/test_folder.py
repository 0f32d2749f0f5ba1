"""A teacher's folder of presets, and the folder of one's own: listed, opened, checked, and never in the way."""

from __future__ import annotations

import json
import math
import sys
import types
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.widgets import OptionList

import presets
from engine import load_preset
from tui import cli
from tui.app import DescentApp
from tui.canvas import Canvas, plain
from tui.listing import headings_in, read_headings
from tui.screens.sheets import Sheet

LESSON = """\
title = "{title}"
lesson = "{lesson}"
order = {order}
summary = "{title}, in a line"
[surface]
name = "valley"
steps = 4
"""


def write(folder: Path, name: str, title: str, order: int, lesson: str = "Ours") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(LESSON.format(title=title, lesson=lesson, order=order), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A teacher's folder in the working folder: two lessons, the later one first by its name."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "lessons", "a-later", "Second", 2)
    write(tmp_path / "lessons", "b-first", "First", 1)
    (tmp_path / "lessons" / "notes.txt").write_text("not a preset", encoding="utf-8")
    (tmp_path / "lessons" / ".hidden.toml").write_text("[", encoding="utf-8")
    (tmp_path / "lessons" / "deeper.toml").mkdir()
    return tmp_path / "lessons"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DESCENT_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "presets"


def descent(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli.main, list(arguments), prog_name="descent")
    return done.exit_code, done.stdout, done.stderr


# descent FOLDER -------------------------------------------------------------------------------------------------------


def test_without_a_terminal_the_folder_is_listed_in_its_order(folder):
    code, out, err = descent("lessons")
    assert (code, err) == (0, "")
    assert out.index("lessons/b-first.toml") < out.index("lessons/a-later.toml")
    assert "First, in a line" in out
    assert "hidden" not in out
    assert "recipe" not in out


@pytest.mark.parametrize("word", ["lessons", "lessons/", "./lessons", ".", "./", ".."])
def test_a_folder_is_one_whatever_way_it_is_written(folder, monkeypatch, word):
    if word[0] == "." and word != "./lessons":
        monkeypatch.chdir(folder)
    if word == "..":
        (folder / "deeper").mkdir()
        monkeypatch.chdir(folder / "deeper")
    code, out, err = descent(word)
    assert (code, err) == (0, "")
    [name, *_] = [line.strip() for line in out.splitlines() if "b-first.toml" in line]
    assert load_preset(name.split()[0]).title == "First"


def test_the_name_of_a_preset_is_no_folder(folder, monkeypatch):
    monkeypatch.setattr(cli, "train", lambda style, preset, *_, **__: print("trains", preset))
    Path("recipe").mkdir()
    assert descent("recipe")[1] == "trains recipe\n"


def test_broken_files_beside_right_ones_are_named(folder):
    (folder / "broken.toml").write_text("title = [", encoding="utf-8")
    code, out, err = descent("lessons")
    assert code == 0
    assert "First" in out
    assert err.startswith("descent: lessons/broken.toml: ")


def test_a_folder_of_broken_files_is_one_error_with_every_problem(folder, monkeypatch):
    (folder / "a-later.toml").write_text("title = [", encoding="utf-8")
    (folder / "b-first.toml").write_text('[data]\nname = "moon"\nsample = 3\n', encoding="utf-8")
    monkeypatch.setattr(cli, "on_a_terminal", lambda: True)
    code, out, err = descent("lessons")
    assert (code, out) == (2, "")
    assert "descent: lessons/a-later.toml: " in err
    assert 'Did you mean "moons"?' in err
    assert 'Did you mean "samples"?' in err


def test_an_empty_folder_says_how_to_begin(folder):
    Path("empty").mkdir()
    message = 'descent: no preset (*.toml) in the folder "empty". descent new empty/NAME.toml writes one.\n'
    assert descent("empty") == (2, "", message)


def test_settings_are_for_one_preset(folder):
    code, _, err = descent("lessons", "--set", "seed=3")
    assert code == 2
    assert "name a file of the folder" in " ".join(err.split())


def test_on_a_terminal_the_lab_opens_on_the_first_that_can_be_opened(folder, monkeypatch):
    (folder / "b-first.toml").write_text('order = 1\nlesson = "Ours"\n[data]\nname = "moon"\n', encoding="utf-8")
    opened = []
    app = types.ModuleType("tui.app")
    app.run_lab = lambda preset, pace, folder, **_: opened.append((preset.title, pace, folder))
    monkeypatch.setitem(sys.modules, "tui.app", app)
    monkeypatch.setattr(cli, "on_a_terminal", lambda: True)
    monkeypatch.setenv("TEXTUAL_FPS", "30")
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    assert descent("lessons", "--pace", "2")[0] == 0
    assert opened == [("Second", 2.0, Path("lessons"))]


def listed(app: DescentApp) -> list[str]:
    return [option.id for option in app.screen.query_one(OptionList).options if option.id]


async def test_the_picker_opens_on_the_folder_and_escape_leaves_one_in_its_first_preset(folder):
    app = DescentApp(load_preset("lessons/b-first.toml"), 1.0, Path("lessons"))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, Sheet)
        assert listed(app) == ["lessons/b-first.toml", "lessons/a-later.toml"]
        await pilot.press("escape")
        assert app.screen is app.lab
        assert app.lab.session.preset.title == "First"
        await pilot.press("p")
        assert listed(app)[:2] == ["lessons/b-first.toml", "lessons/a-later.toml"]
        assert set(listed(app)[2:]) == set(presets.names())  # and the bundled ones below
        highlighted = app.screen.query_one(OptionList).highlighted
        assert app.screen.query_one(OptionList).get_option_at_index(highlighted).id == "lessons/b-first.toml"  # the open one
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.lab.session.preset.title == "Second"
        assert app.lab.session.preset.folder == Path("lessons")


async def test_a_preset_of_the_folder_that_ran_to_its_end_is_done(folder, home):
    app = DescentApp(load_preset("lessons/b-first.toml"), math.inf, Path("lessons"))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert "0 of 2 done" in shown(app)
        await pilot.press("escape", "space")
        for _ in range(200):
            if app.lab.session.done and not app.lab.session.running:
                break
            await pilot.pause(0.02)
        await pilot.press("p")
        assert f"1 of {2 + len(presets.names())} done" in shown(app)


def shown(app: DescentApp) -> str:
    return app.export_screenshot().replace("&#160;", " ")


async def test_a_file_that_went_wrong_meanwhile_is_said_and_the_lab_stays(folder):
    app = DescentApp(load_preset("lessons/b-first.toml"), 1.0, Path("lessons"))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        (folder / "b-first.toml").unlink()
        await pilot.press("enter")
        await pilot.pause()
        assert app.lab.session.preset.title == "First"
        assert "lessons/b-first.toml: No such file or directory" in plain(app.lab.query_one("#note", Canvas).rows)


# One's own ------------------------------------------------------------------------------------------------------------


def test_ones_own_presets_are_listed_and_open_by_their_name(home):
    write(home, "walk", "A walk", 5)
    code, out, err = descent("list")
    assert (code, err) == (0, "")
    assert "  walk" in out
    entries = json.loads(descent("list", "--json")[1])
    assert {"name": "walk", "lesson": "Ours", "title": "A walk", "summary": "A walk, in a line"} in entries
    assert len(entries) == len(presets.names()) + 1
    assert descent("show", "walk")[1].startswith('title = "A walk"\n')
    assert descent("check", "walk") == (0, "walk: ok\n", "")
    assert descent("run", "wolk")[2] == 'descent: no preset "wolk". Did you mean "walk"? descent list names them all.\n'


def test_what_says_no_lesson_is_among_own_presets(home):
    write(home, "walk", "A walk", 5)
    (home / "bare.toml").write_text('[surface]\nname = "valley"\n', encoding="utf-8")
    assert [(one.name, one.lesson) for one in read_headings()[0] if one.name == "bare"] == [("bare", "Own presets")]


def test_a_bundled_name_stays_bundled_and_ones_own_is_called_by_its_path(home):
    path = write(home, "recipe", "My recipe", 5)
    assert load_preset("recipe").title == descent("show", "recipe")[1].split('"')[1] == "The recipe"
    names = {one.title: one.name for one in read_headings()[0]}
    assert (names["The recipe"], names["My recipe"]) == ("recipe", str(path))
    assert descent("show", names["My recipe"])[1].startswith('title = "My recipe"')


def test_broken_files_among_ones_own_are_named_and_stop_nothing(home):
    write(home, "walk", "A walk", 5)
    (home / "broken.toml").write_text("title = [", encoding="utf-8")
    (home / "latin.toml").write_bytes(b'title = "\xe4"')
    (home / "gone.toml").symlink_to("nowhere")
    code, out, err = descent("list")
    assert code == 0
    assert "walk" in out
    assert [line.partition(": ")[2].partition(": ")[0] for line in err.splitlines()] == [
        str(home / "broken.toml"),
        str(home / "latin.toml"),
    ]


def test_a_folder_that_is_a_file_is_no_folder_of_presets(home):
    home.parent.mkdir()
    home.write_text("", encoding="utf-8")
    assert {one.name for one in read_headings()[0]} == set(presets.names())
    assert headings_in(home) == ([], [])


# check ----------------------------------------------------------------------------------------------------------------


def test_check_looks_at_every_file_of_a_folder(folder):
    assert descent("check", "lessons") == (0, "lessons/a-later.toml: ok\nlessons/b-first.toml: ok\n", "")
    (folder / "c.toml").write_text('[surface]\nname = "valey"\n', encoding="utf-8")
    code, out, err = descent("check", "lessons", "recipe")
    assert (code, out) == (2, "lessons/a-later.toml: ok\nlessons/b-first.toml: ok\nrecipe: ok\n")
    assert 'Did you mean "valley"?' in err
    Path("empty").mkdir()
    assert descent("check", "empty") == (2, "", 'descent: no preset (*.toml) in the folder "empty".\n')


def test_check_finds_a_claim_about_nothing(folder):
    claim = '[[claim]]\nsays = "it ends"\n[[claim.check]]\nrun = "other"\nstopped = "completed"\n'
    with (folder / "b-first.toml").open("a", encoding="utf-8") as file:
        file.write(claim)
    code, _, err = descent("check", "lessons")
    assert code == 2
    assert "claim[1].check[1]" in err
