"""Files that cannot be written: a full disk, no right, a folder that is gone. One line says so, and nothing is lost."""

from __future__ import annotations

import errno
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from textual.widgets import Input

from tui.home import remembered
from tui.home.remembered import Layout
from tui.recorded import session_from
from tui.screens.lab import LabScreen
from tui.screens.sheets import Sheet


@contextmanager
def full(size: int = 150) -> Iterator[None]:
    """A disk on which no file grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def refusing(number: int) -> Iterator[None]:
    """A system that neither opens files to write them nor puts them in their place."""

    def refused(place, *_, **__):
        raise OSError(number, os.strerror(number), str(place))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.replace", refused)
        patch.setattr("tui.home.replacing.open", refused, raising=False)
        patch.setattr("pathlib.Path.mkdir", refused)
        patch.setattr("tempfile.mkstemp", lambda *_, dir, **__: refused(dir))  # noqa: A006 (its own name)
        yield


@contextmanager
def gone() -> Iterator[None]:
    """The folder that descent was started in is deleted."""
    here = Path.cwd()
    shutil.rmtree(here)
    try:
        yield
    finally:
        here.mkdir()
        os.chdir(here)


TROUBLES = {  # what is wrong, and what is said
    "full": (full, "File too large"),
    "EROFS": (lambda: refusing(errno.EROFS), "Read-only file system"),
    "gone": (gone, ""),
}


def without_runs(monkeypatch) -> None:
    """Runs on disk have tests of their own."""
    for name in ("write_runs", "leave_runs"):
        monkeypatch.setattr(LabScreen, name, lambda *_: None)


def words(person) -> str:
    return " ".join(str(line.content) for line in person.app.screen.query("Static"))


async def wanted(person, way: str, place: Path) -> None:
    """Ask for a file in one of the ways there are, and type its name."""
    if way == "save":
        await person.press("ctrl+s")
    elif way == "record":
        person.lab.action_record()
    else:
        person.lab.action_take_away(way)
    await person.until(lambda: isinstance(person.app.screen, Sheet))
    await person.settle()
    person.app.screen.query_one(Input).value = str(place)
    await person.settle()


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_file_that_cannot_be_written_is_said_in_the_sheet_and_the_next_try_writes_it(
    lab, monkeypatch, tmp_path, home, trouble
):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    broken, why = TROUBLES[trouble]
    without_runs(monkeypatch)
    async with lab("recipe") as person:
        await person.press("n")
        for way, name in (("save", "own.toml"), ("record", "run.npz"), ("csv", "run.csv"), ("report", "run.md")):
            place = Path(name) if trouble == "gone" else here / name
            with broken():
                await wanted(person, way, place if trouble != "gone" or way != "save" else Path("./own.toml"))
                sheet = person.app.screen
                await person.press("enter")
                await person.until(lambda: "!" in words(person))
                if trouble == "gone":
                    assert person.app.screen is sheet
                assert why in words(person), (way, words(person))
                assert sorted(one.name for one in here.glob("*")) == [] if here.exists() else True
            await person.press("enter")
            await person.until(lambda: person.app.screen is person.lab)
            assert [one for one in here.iterdir() if one.name.endswith(Path(name).suffix)]
            shutil.rmtree(here)
            here.mkdir()
            os.chdir(here)
        assert not person.app.faults


@pytest.mark.parametrize("trouble", ["full", "a file in its place"])
async def test_what_is_remembered_cannot_be_written_and_what_was_there_still_is(
    lab, monkeypatch, tmp_path, home, fast, trouble
):
    if trouble == "a file in its place":
        home.write_text("not a folder")
        broken, why = (lambda: full(10_000_000)), "layout.json"
    else:
        remembered.keep(Layout(lesson=True))
        before = remembered.layout_file().read_bytes()
        broken, why = TROUBLES[trouble]
    without_runs(monkeypatch)
    monkeypatch.setattr("tui.screens.homing.SECONDS", 0.0)
    async with lab("recipe", epochs=2, pace=fast) as person:
        with broken():
            await person.press("t")
            await person.until(lambda: why in person.note and "cannot be kept" in person.note)
            await person.press("space")
            await person.until(lambda: person.state == "finished")
        assert not person.app.faults
        if trouble != "a file in its place":
            assert remembered.layout_file().read_bytes() == before
            await person.press("t")
            await person.press("t")
            await person.settle()
        await person.press("p")
        await person.settle()
        assert isinstance(person.app.screen, Sheet)
    if trouble == "a file in its place":
        assert home.read_text() == "not a folder"


async def test_a_preset_whose_file_and_table_are_deleted_meanwhile_trains_on(lab, monkeypatch, tmp_path, fast):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    rows = "\n".join(f"{number},{number * 2},{number * 3 % 7}" for number in range(60))
    Path("points.csv").write_text(f"a,b,c\n{rows}\n")
    Path("own.toml").write_text('[data]\nname = "file"\nfile = "points.csv"\ntarget = "b"\n[training]\nepochs = 3\n')
    async with lab("./own.toml", epochs=None, pace=fast) as person:
        shutil.rmtree(here)
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.press("p")
        await person.settle()
        assert isinstance(person.app.screen, Sheet)
        await person.press("escape", "ctrl+s")
        await person.settle()
        await person.press("enter")
        await person.settle()
        person.lab.action_record()
        await person.settle()
        await person.press("escape", "escape")
        assert not person.app.faults


async def test_a_run_that_was_recorded_before_is_still_there_after_a_full_disk(lab, tmp_path, fast):
    place = tmp_path / "run.npz"
    async with lab("recipe", epochs=2, pace=fast) as person:
        await person.press("n")
        for _ in range(2):
            await wanted(person, "record", place)
            with full(2_000) if place.exists() else full(10_000_000):
                await person.press("enter")
                await person.settle()
                if isinstance(person.app.screen, Sheet) and "there already" in words(person):
                    await person.press("y")
                await person.settle()
        assert "File too large" in words(person)
        assert session_from(place).trainer.iteration == 1
