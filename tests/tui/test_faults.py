"""Faults inside the lab: what fails says so in its place, everything else goes on, and what was trained is saved."""

from __future__ import annotations

import asyncio
import json
import threading

import numpy as np
import pytest

from engine.trainer import Trainer
from tui.containing import FLOOD
from tui.home import faults, folders
from tui.on_disk import OnDisk
from tui.panes.progress_tree import ProgressTree
from tui.panes.settings import SettingsPane
from tui.recorded import session_from
from tui.screens.help import Help
from tui.screens.lab import LabScreen
from tui.screens.runs import Runs, RunsPane
from tui.screens.sheets import Ask

SMALL, USUAL = (80, 24), (120, 40)
DRAWING = {  # what draws a pane, by the pane's id
    USUAL: {
        "settings": "tui.panes.settings.fit",
        "tree": "tui.panes.progress_tree.run_row",
        "loss": "tui.panes.curves.plot",
        "loop": "tui.panes.training_loop.tall",
        "verdict": "tui.screens.explaining.verdict_line",
        "lesson-claims": "tui.panes.lesson.claim_rows",
        "inside": "tui.panes.inside.heading",
    },
    SMALL: {
        "loop-line": "tui.panes.training_loop.one_line",
        "header": "tui.screens.lab.header",
        "keys": "tui.screens.lab.key_line",
    },
}
MAKING = {  # what makes what a pane is given
    "header": "tui.view.standing",
    "tree": "tui.view.branches",
    "loss": "tui.view.pictures",
    "loop": "tui.view.moment",
    "lesson-claims": "tui.words.outcome.news",
    "settings": "tui.view.form_rows",
    "note": "tui.screens.comparing.differing_line",  # the line of what differs is not there where nothing does
}
ENDLESS = (("training.epochs", [100_000]),)


def kept() -> list[dict]:
    return [json.loads(line) for line in faults.faults_file().read_text().splitlines()]


def forgiven(person) -> None:
    """The faults so far are those that were wanted."""
    assert person.app.faults and all("of this test" in one for one in person.app.faults), person.app.faults
    person.expected = [*person.app.faults]


class Broken:
    """Something that raises, and counts how often it was asked."""

    def __init__(self, *kinds: type[Exception]) -> None:
        self.kinds, self.calls = kinds or (ZeroDivisionError,), 0

    def __call__(self, *_, **__):
        self.calls += 1
        raise self.kinds[0]("of this test")


def words(person, name: str) -> str:
    """What a pane says, wherever its lines end."""
    return " ".join(person.read(name).split())


async def trains_on(person, steps: int = 20) -> None:
    before = person.session.steps
    await person.until(lambda: person.session.steps >= before + steps)
    assert person.state == "running"


@pytest.mark.parametrize("size", DRAWING, ids=["120x40", "80x24"])
async def test_a_pane_that_cannot_be_drawn_says_so_in_its_place_and_the_rest_goes_on(lab, monkeypatch, size, fast):
    async with lab("recipe", size=size, settings=ENDLESS, pace=fast) as person:
        await person.press("space")
        if "inside" in DRAWING[size]:
            await person.view("n")
        for name, place in DRAWING[size].items():
            trouble = Broken()
            with monkeypatch.context() as patch:
                patch.setattr(place, trouble)
                await person.until(lambda name=name: person.canvas(name).failed or person.lab.redraw())
                await trains_on(person)
                for _ in range(5):
                    person.lab.frame()
                said = words(person, name)
                assert "ZeroDivisionError: of this test" in said
                assert trouble.calls <= 2  # not once a frame
                assert [one.id for one in person.lab.query("Canvas") if one.failed] == [name]
                if person.canvas(name).size.height >= 6:
                    assert "This pane failed" in said
                    assert "line" in said and "Everything else goes on." in said and "ctrl+l tries again" in said
            await person.press("ctrl+l")
            await person.settle()
            assert "ZeroDivisionError" not in person.read(name)
            assert not any(one.failed for one in person.lab.query("Canvas"))
        assert len(kept()) == len(person.app.faults) >= len(DRAWING[size])
        forgiven(person)


async def test_what_a_pane_is_given_may_fail_to_be_made(lab, monkeypatch, fast):
    async with lab("recipe", settings=ENDLESS, pace=fast) as person:
        await person.press("space")
        for number, (name, place) in enumerate(MAKING.items()):
            trouble = Broken()
            with monkeypatch.context() as patch:
                patch.setattr(place, trouble)
                for _ in range(5):
                    person.lab.redraw()
                await trains_on(person)
                assert "of this test" in words(person, name)
                assert trouble.calls <= 2
            await person.press("r" if number % 2 else "ctrl+l")
            await person.settle()
            assert name == "note" or "of this test" not in words(person, name)
            assert person.state == "running"
        forgiven(person)


async def test_the_lesson_fails_and_comes_back_with_another_size_or_preset(lab, monkeypatch):
    async with lab("recipe") as person:
        with monkeypatch.context() as patch:
            patch.setattr("tui.panes.lesson.tally", Broken())
            person.lab.open_preset("digits")
            await person.settle()
            assert "This pane failed" in person.seen()
            assert "tui/panes/lesson.py, line" in " ".join(person.read("lesson-claims").split())
            assert "Everything else goes on" in person.seen()
        await person.resize(130, 40)
        assert "This pane failed" not in person.seen()
        assert "Claims" in person.seen()
        forgiven(person)


async def test_a_line_that_cannot_be_painted_is_no_end_either(lab, monkeypatch, fast):
    async with lab("recipe", settings=ENDLESS, pace=fast) as person:
        await person.press("space")
        rows = [(("what is no role", "of this test"),)]
        person.canvas("loop").paint(rows)
        await person.until(lambda: person.canvas("loop").failed)
        await person.settle()
        assert "KeyError" in person.read("loop")
        await trains_on(person)
        await person.resize(121, 40)
        assert "KeyError" not in person.seen()
        forgiven(person)


async def test_the_panes_of_a_comparison(lab, monkeypatch, fast):
    async with lab("lr-big-medium-tiny", epochs=2, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.session.done)
        for name, place in (("results", "tui.panes.results.table"), ("multiples", "tui.panes.multiples.draw_multiples")):
            if name == "multiples":
                await person.view("m")
            with monkeypatch.context() as patch:
                patch.setattr(place, Broken())
                person.canvas(name).draw()
                assert "ZeroDivisionError: of this test" in words(person, name)
            await person.press("ctrl+l")
            assert "ZeroDivisionError" not in person.read(name)
        forgiven(person)


async def test_what_fails_in_a_sheet_says_so_there_or_closes_it_with_what_it_has_opened(lab, monkeypatch, fast):
    async with lab("recipe", settings=ENDLESS, pace=fast) as person:
        await person.press("space")
        for trouble in ("drawing", "opening", "key", "below", "line"):
            with monkeypatch.context() as patch:
                if trouble == "drawing":
                    patch.setattr(RunsPane, "_order", Broken())
                    person.lab.action_runs()
                elif trouble == "opening":
                    patch.setattr(Help, "compose", Broken())
                    await person.press("?")
                elif trouble == "key":
                    patch.setattr(Runs, "refresh_rows", Broken())
                    person.lab.action_runs()
                elif trouble == "below":
                    person.lab.action_runs()
                    await person.settle()
                    patch.setattr(Ask, "action_dismiss", Broken())
                    person.app.push_screen(Ask("Sure?", "yes", "no"))
                    await person.settle()
                    await person.press("y")
                else:
                    patch.setattr("tui.screens.saving.saving.meant", Broken())
                    await person.press("ctrl+s")
                await person.until(lambda: person.app.faults)
                await person.settle()
            assert person.note.startswith("That failed: ZeroDivisionError: of this test"), trouble
            assert [*person.app.screen_stack][-1] is person.lab or trouble == "below", trouble
            await trains_on(person)
            forgiven(person)
            while person.app.screen is not person.lab:
                await person.press("escape")


def in_step(monkeypatch, at: int, kind: type[Exception]) -> None:
    """The step of a trainer raises, once so many are done."""
    before = Trainer.step

    def step(trainer):
        if trainer.iteration == at:
            raise kind("of this test")
        return before(trainer)

    monkeypatch.setattr(Trainer, "step", step)


@pytest.mark.parametrize("kind", [ZeroDivisionError, MemoryError, RecursionError])
async def test_a_fault_while_training_stops_it_says_where_it_is_saved_and_the_lab_goes_on(lab, monkeypatch, fast, kind):
    async with lab("recipe", settings=ENDLESS, pace=fast, size=(280, 50)) as person:
        with monkeypatch.context() as patch:
            in_step(patch, 40, kind)
            await person.press("space")
            await person.until(lambda: person.app.faults)
            await person.settle()
            assert person.state == "paused"
            assert person.note.startswith(f"Training failed: {kind.__name__}: of this test (tui/stepping.py, line ")
            assert person.note.endswith("-recipe. r starts again") and "/runs/" in person.note
            for key in ("n", "N", "space"):  # each tries, fails, and says so
                await person.press(key)
                await person.settle()
                assert "failed" in person.note and person.state == "paused"
        folder = next(folders.runs_folder().glob("*-recipe"))
        await person.until(lambda: (folder / "iterations.csv").read_text().count("\n") == 41)  # with its heading
        await person.press("r")
        await trains_on(person, 100)
        forgiven(person)


@pytest.mark.parametrize("phase", ["_forward", "_measure", "_backward"])
async def test_a_fault_in_the_thread_of_a_long_step(lab, monkeypatch, fast, phase):
    monkeypatch.setattr(LabScreen, "write_runs", lambda *_: None)  # so that nothing else keeps it
    async with lab("recipe", settings=ENDLESS, pace=fast) as person:
        monkeypatch.setattr("engine.in_parts.LONG", -1.0)
        await person.press("space")
        await trains_on(person, 40)
        trainer = person.session.trainer
        works = dict(zip(("_forward", "_measure", "_backward"), range(3), strict=True))
        broken = [*trainer.computing]
        broken[works[phase]] = Broken(MemoryError)
        trainer.computing = tuple(broken)
        await person.until(lambda: person.app.faults)
        await person.settle()
        assert person.state == "paused"
        assert person.note.startswith("Failed: MemoryError: of this test") and "Saved: recipe.npz" in person.note
        weights = trainer.parameters.copy()
        saved = session_from(folders.state_folder() / "after-faults" / "recipe.npz").trainer
        assert saved.iteration == trainer.iteration
        assert np.array_equal(saved.parameters, weights)
        before = saved.iteration
        saved.step()
        assert (saved.iteration, saved.phase) == (before + 1, 0)
        await person.press("r")
        await trains_on(person, 40)
        forgiven(person)


async def test_a_step_that_fails_after_it_was_paused_or_when_somebody_waits_for_it(lab, monkeypatch, fast):
    async with lab("recipe", settings=ENDLESS, pace=fast) as person:
        monkeypatch.setattr("engine.in_parts.LONG", -1.0)
        for wait in (False, True):
            await person.press("r")
            await trains_on(person, 10)
            trainer, begun, going = person.session.trainer, threading.Event(), threading.Event()
            calm = trainer.computing

            def slow(begun=begun, going=going):
                begun.set()
                going.wait(10.0)
                raise ZeroDivisionError("of this test")

            trainer.computing = (slow, *calm[1:])
            await person.until(begun.is_set)
            if wait:
                going.set()
                person.session.at_rest()
            else:
                await person.press("space")
                going.set()
            await person.until(lambda: person.state == "paused" and "ZeroDivisionError" in person.note)
            await person.settle()
            assert person.note.count("ZeroDivisionError") == 1
            person.lab.say("")
            await person.settle()
            assert person.note == ""  # it is said once
        assert len(person.app.faults) == 2  # one each way
        forgiven(person)


async def test_where_it_cannot_be_saved_that_is_said(lab, monkeypatch, fast, home):
    monkeypatch.setattr(LabScreen, "write_runs", lambda *_: None)
    async with lab("recipe", settings=ENDLESS, pace=fast, size=(200, 50)) as person:
        in_step(monkeypatch, 5, ValueError)
        home.mkdir(exist_ok=True)
        (home / "after-faults").write_text("a file in the place of the folder")
        await person.press("space")
        await person.until(lambda: "Training failed" in person.note)
        assert "It could not be saved: File exists" in person.note
        forgiven(person)


async def test_faults_in_keys_messages_timers_and_workers_are_said_and_everything_else_goes_on(lab, monkeypatch):
    async with lab("recipe", settings=ENDLESS, size=(200, 50)) as person:
        await person.press("space")
        lab_screen, loop = person.lab, asyncio.get_running_loop()

        async def fails():
            raise ZeroDivisionError("of this test")

        ways = {
            "key": lambda: person.press("k"),
            "arrow": lambda: person.press("tab", "down"),
            "timer": lambda: lab_screen.set_timer(0.001, Broken()),
            "later": lambda: lab_screen.call_after_refresh(Broken()),
            "next": lambda: lab_screen.call_next(Broken()),
            "app": lambda: person.app.call_later(Broken()),
            "worker": lambda: lab_screen.run_worker(fails()),
            "nobody": lambda: loop.call_soon(Broken()),
            "typed": lambda: lab_screen.settings.post_message(SettingsPane.Nudged("no such key: of this test", up=True)),
        }
        with monkeypatch.context() as patch:
            patch.setattr(type(lab_screen), "action_keep", Broken())
            patch.setattr(ProgressTree, "action_move", Broken())
            for way, begin in ways.items():
                person.app._known.clear()
                lab_screen.say("")
                begun = begin()
                if asyncio.iscoroutine(begun):
                    await begun
                await person.until(lambda: person.note)
                assert person.note.startswith("That failed: ") and "of this test" in person.note, way
                assert person.note.endswith("Everything else goes on"), way
        assert person.state == "running"
        await person.press("space")
        assert person.state == "paused"
        forgiven(person)


async def test_what_writes_the_run_down_may_fail_in_a_way_nobody_has_thought_of(lab, monkeypatch, fast):
    async with lab("recipe", settings=ENDLESS, pace=fast, size=(200, 50)) as person:
        trouble = Broken(TypeError)
        with monkeypatch.context() as patch:
            patch.setattr(OnDisk, "follow", trouble)
            await person.press("space")
            await person.until(lambda: "That failed: TypeError: of this test (tui/screens/keeping.py" in person.note)
            await trains_on(person, 100)
            assert trouble.calls == 1
        await person.press("ctrl+l")
        await person.until(lambda: person.lab.saved_in())
        forgiven(person)


async def test_one_fault_in_every_frame_is_written_once_and_a_flood_is_the_end(lab, monkeypatch):
    async with lab("recipe", settings=ENDLESS) as person:
        await person.press("space")
        monkeypatch.setattr(type(person.lab), "part", Broken())
        await person.until(lambda: person.app.faults)
        calls = person.lab.part.calls if hasattr(person.lab.part, "calls") else 0
        await asyncio.sleep(0.5)
        assert len(kept()) == 1
        assert calls < 10
        app = person.app
        error = ZeroDivisionError("of this test")
        monkeypatch.setattr("tui.containing.WITHIN", 1e9)
        assert [app.note_fault(error) is None for _ in range(FLOOD)][-1]
        assert not app.withstands(person.lab, error)
        monkeypatch.setattr("tui.containing.WITHIN", 0.0)
        forgiven(person)


def test_the_newest_twenty_are_kept_and_a_damaged_file_is_no_trouble(home):
    faults.keep("Early", "before there was a folder", ["tui/app.py:1"], ended=False)
    faults.faults_file().write_bytes(faults.faults_file().read_bytes() + b'{"torn\n[1]\n\xff\n')
    for number in range(25):
        faults.keep("Kind", str(number), [], ended=True, place="drawing")
    found = faults.read()
    assert [one["message"] for one in found] == [str(number) for number in range(5, 25)]
    assert found[-1].keys() == {"time", "kind", "message", "place", "ended", "trace"}
    faults.faults_file().unlink()
    faults.faults_file().mkdir()
    faults.keep("Kind", "nowhere to write it", [], ended=True)
    assert faults.read() == []
