"""The lab keeps what it trains, opens it again as it was, and watches what another process trains."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading

import numpy as np
import pytest
from click.testing import CliRunner
from pseudo_terminal import PseudoTerminal
from textual.widgets import OptionList
from written_runs import begun, preset_with, trained

from engine import load_preset
from engine.on_disk.folder import Hold, RunFolder
from engine.on_disk.following import Follower
from engine.on_disk.going_on import take_up
from engine.on_disk.store import Limits, Store
from tui import cli
from tui.console import records
from tui.kept_runs import store
from tui.screens.kept_sheet import KeptSheet
from tui.watching import Watched


def folders(place: Store | None = None) -> list[RunFolder]:
    return (place or store()).folders()


def events_of(folder: RunFolder) -> list[str]:
    return [event["event"] for event in folder.events()]


async def test_what_the_lab_trains_is_in_a_folder_from_its_first_batch_on(lab, home):
    async with lab("recipe", epochs=3, pace=math.inf) as person:
        assert folders() == []
        await person.press("n")
        await person.settle()
        [folder] = folders()
        assert folder.path.parent == home / "runs"
        assert folder.state == "training"
        assert str(folder.path) in person.lab.saved_in()
        await person.press("full_stop", "space")
        await person.until(lambda: person.state == "finished")
        await person.until(lambda: folder.result() is not None)
        history = person.session.trainer.history
    rows = np.genfromtxt(folder.file("iterations.csv"), delimiter=",", names=True)
    assert rows["batch_loss"].tolist() == history.column("batch_loss").tolist()
    assert rows["learning_rate"][1] == 0.002
    assert folder.state == "over"
    assert {"changed", "went on", "stopped", "verdict"} <= set(events_of(folder))


async def test_a_pause_and_a_restart_leave_a_run_that_can_be_resumed(lab):
    async with lab("recipe", epochs=50) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps > 3)
        await person.press("space")
        await person.until(lambda: not person.lab.on_disk.behind)
        assert events_of(folders()[0])[-1] == "paused"
        rows = folders()[0].file("iterations.csv").read_text().splitlines()
        assert int(rows[-1].split(",")[1]) == person.session.trainer.iteration
        await person.press("r")
        await person.until(lambda: len(folders()) == 2)
        first, second = folders()
        await person.until(lambda: first.state == "unfinished")
        assert first.file("checkpoint.npz").exists()
        assert second.state == "training"
    assert [one.state for one in folders()] == ["unfinished", "unfinished"]


@pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="holds up fdatasync, which this system has not")
async def test_a_restart_waits_for_no_disk(lab, monkeypatch):
    ready = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda handle: ready.wait(30))
    async with lab("recipe", epochs=50) as person:
        await person.press("n", "r", "n")
        await person.settle()
        first, second = folders()
        assert (first.state, second.state) == ("training", "training")
        assert person.lab.on_disk.behind
        ready.set()
        await person.until(lambda: first.state == "unfinished")  # with nobody pressing a key
        assert first.file("checkpoint.npz").exists()
        assert rows_of(first) == 1
    assert second.state == "unfinished"


async def test_a_run_is_opened_again_from_the_sheet_with_curves_and_tree(lab, home):
    preset = load_preset("lr-big-medium-tiny", [("training.epochs", [3])])
    async with lab(preset, pace=math.inf) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        before = [trainer.history.column("batch_loss").tolist() for trainer in person.session.trainers]
    async with lab("recipe", epochs=3) as person:
        await person.press("n")
        person.lab.action_kept_runs()
        await person.until(lambda: isinstance(person.app.screen, KeptSheet))
        await person.settle()
        options = person.app.screen.query_one(OptionList)
        said = [str(option.prompt) for option in options.options]
        assert "open here" in said[0]
        assert "Learning rate: big, medium, tiny: tiny" in said[1]
        await person.press("down", "s")
        await person.settle()
        assert [folder.id.rpartition(".")[2] for folder in folders() if folder.starred] == ["tiny"]
        await person.press("x")
        assert "starred" in str(person.app.screen.query_one("#kept-said").render())
        await person.press("enter")
        await person.until(lambda: person.session.preset.name == "lr-big-medium-tiny")
        await person.settle()
        assert [trainer.history.column("batch_loss").tolist() for trainer in person.session.trainers] == before
        assert all(name in person.read("tree") for name in ("big", "medium", "tiny"))
        assert person.session.preset.sheet.claim
        assert person.state == "finished"


async def test_a_run_that_was_left_goes_on_in_the_lab_where_it_was(lab):
    writer = begun(store().place, preset_with("recipe", training__epochs=4))
    trained(writer, 70)
    writer.settle()
    writer.close()
    async with lab("recipe", epochs=2, pace=math.inf) as person:
        person.lab.open_folder_of_run(writer.folder)
        await person.until(lambda: person.session.trainer.iteration == 70)
        assert writer.folder.state == "training"  # it is this lab's now
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.until(lambda: writer.folder.result() is not None)
    whole = preset_with("recipe", training__epochs=4)
    again = begun(store().place, whole)
    trained(again)
    assert (
        json.loads(writer.folder.file("result.json").read_text())["final"]["loss"]
        == again.trainer.history.epochs[-1].train.loss
    )
    again.close()


async def test_a_place_that_cannot_be_written_to_is_said_and_training_goes_on(lab, home):
    home.mkdir()
    (home / "runs").write_text("a file in its place")
    async with lab("recipe", epochs=2, pace=math.inf) as person:
        await person.press("n")
        await person.until(lambda: "This run is not kept" in person.read("note"))
        await person.press("space")
        await person.until(lambda: person.state == "finished")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_follower_sees_every_number_and_can_change_none(lab, size, tmp_path):
    preset = preset_with("recipe", training__epochs=4)
    writer = begun(tmp_path, preset)
    trained(writer, 40, [(10, "learning_rate", 0.01)])
    writer.settle()
    session = Watched([Follower(writer.folder)])
    async with lab(session.preset, epochs=None, size=size, recorded=("it", session)) as person:
        await person.until(lambda: session.trainer.iteration == 40)
        assert "WATCHING" in person.read("header")
        assert session.trainer.base_rate == 0.01
        for key in ("space", "n", "N", "s", "r", "full_stop"):
            await person.press(key)
            await person.settle()
            assert "another process trains it" in person.read("note"), key
        assert session.trainer.iteration == 40
        assert "space" not in person.read("keys")
        trained(writer, 100)
        writer.settle()
        await person.until(lambda: session.trainer.iteration == 100)
        follows = session.trainer
        assert follows.history.column("batch_loss").tolist() == writer.trainer.history.column("batch_loss").tolist()
        assert follows.history.epochs == writer.trainer.history.epochs
        await person.until(lambda: np.array_equal(follows.parameters, writer.trainer.parameters))
        writer.close()  # as when its process is killed
        await person.until(lambda: "descent resume" in person.read("note"))
        assert "WATCHING" not in person.read("header")
        writer.settle()


async def test_a_run_that_is_left_to_watch_another_is_put_down(lab):
    writer = begun(store().place, preset_with("recipe", training__epochs=4))
    trained(writer, 40)
    writer.settle()
    async with lab("recipe", epochs=50) as person:
        await person.press("n", "n", "n")
        await person.settle()
        [own] = [folder for folder in folders() if folder.path in person.lab.on_disk.places]
        person.lab.open_folder_of_run(writer.folder)
        await person.until(lambda: "WATCHING" in person.read("header"))
        assert own.state == "unfinished"
        taken = take_up(own, hold=False)
        assert taken.begun_at == rows_of(own) == 3
    writer.close()


async def test_several_are_watched_at_once_and_one_that_ends_is_over(lab, tmp_path):
    writers = [begun(tmp_path, preset_with(name, training__epochs=2)) for name in ("recipe", "digits")]
    for writer in writers:
        trained(writer, 20)
        writer.settle()
    session = Watched([Follower(writer.folder) for writer in writers])
    async with lab(session.preset, epochs=None, recorded=("them", session)) as person:
        tree = person.read("tree")
        assert "recipe" in tree
        assert "digits" in tree
        for writer in writers:
            trained(writer)
            writer.settle(result={"stopped": "completed"})
            writer.close()
        await person.until(lambda: person.state == "finished")
        assert "starts again" not in person.read("note")


def test_looking_takes_no_folder_away(tmp_path):
    writer = begun(tmp_path, preset_with("recipe", training__epochs=2))
    trained(writer, 20)
    writer.settle()
    follower = Follower(writer.folder)
    before = {entry.name: entry.read_bytes() for entry in writer.folder.path.iterdir()}
    for _ in range(3):
        follower.look()
    assert follower.alive
    assert {entry.name: entry.read_bytes() for entry in writer.folder.path.iterdir()} == before
    writer.close()
    follower.look()
    assert not follower.alive
    Hold(writer.folder).let_go()


NO_ROOM = """
import os
def full(handle): raise OSError(28, "No space left on device")
os.fdatasync = os.fsync = full
from tui.__main__ import main
main()
"""


def test_what_cannot_be_written_when_the_lab_is_left_is_said_behind_it(home):
    store().place.mkdir(parents=True)
    writer = begun(store().place, preset_with("recipe", training__epochs=4))
    trained(writer, 70)
    writer.settle()
    writer.close()
    command = [sys.executable, "-c", NO_ROOM, "runs", "open", writer.folder.id]
    with PseudoTerminal(command, 80, 24, {"DESCENT_HOME": str(home)}) as terminal:
        terminal.shows("70")
        terminal.press(b"n")
        terminal.shows("No space left")
        terminal.press(b"q")
        terminal.until(lambda: "descent: Cannot write the run down: No space left on device." in terminal.text)
        assert terminal.end() == 0
    assert "ends with iteration 71" in " ".join(terminal.text.split())
    assert rows_of(writer.folder) == 71


async def test_runs_that_give_way_when_the_lab_is_left_are_told_of(lab, monkeypatch):
    place = store()
    place.place.mkdir(parents=True)
    place.set_limits(Limits(count=1))
    old = begun(place.place, preset_with("recipe", training__epochs=4))
    old.close()
    async with lab("recipe", epochs=50) as person:
        monkeypatch.setattr(person.lab, "write_runs", lambda at_rest=True: None)
        await person.press("n")
        await person.settle()
        assert folders() == [old.folder]
    [said] = person.lab.last_words
    assert said.startswith(f"Deleted the oldest run, {old.folder.id}: 1 run and 4.0 GB are kept; one that is starred")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)])
def test_a_lab_that_is_ended_from_outside_leaves_a_run_that_goes_on_to_the_same_numbers(number, code, home, tmp_path):
    settings = ["--set", "training.epochs=60"]
    command = [sys.executable, "-m", "tui", "recipe", *settings]
    with PseudoTerminal(command, 80, 24, {"DESCENT_HOME": str(home)}) as terminal:
        terminal.shows("READY")
        terminal.press(b" ")
        terminal.until(lambda: folders() and rows_of(folders()[0]) > 20)
        terminal.process.send_signal(number)
        assert terminal.end() == code
    [folder] = folders()
    assert folder.state == "unfinished"
    left = rows_of(folder)
    if number != signal.SIGKILL:  # then it had time for it
        taken = take_up(folder)
        assert taken.begun_at == left
        taken.hold.let_go()
    whole = preset_with("recipe", training__epochs=60)
    resumed = CliRunner().invoke(cli.main, ["resume", "--json"])
    assert resumed.exit_code == 0, resumed.stderr
    [expected] = records.json_document(whole, lambda: False)
    assert json.loads(resumed.stdout)["runs"] == json.loads(expected)["runs"]
    assert rows_of(folder) == 60 * 32


def rows_of(folder: RunFolder) -> int:
    """How many whole rows iterations.csv has."""
    place = folder.file("iterations.csv")
    return place.read_bytes().count(b"\n") - 1 if place.exists() else 0
