"""The lab's runs in a file: recorded from the palette, opened again paused where they were, and going on bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from textual.widgets import Input, Static

from engine import Trainer, load_preset
from engine.recording import is_recording, load_recording, save_recording
from tui import cli, recorded
from tui.form import BY_KEY
from tui.screens.record_as import RecordAs
from tui.screens.saving import Overwrite
from tui.session import Session


@pytest.fixture(autouse=True)
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def through(trainer: Trainer) -> tuple[bytes, bytes]:
    while not trainer.done:
        trainer.step()
    return trainer.history.column("batch_loss").tobytes(), trainer.parameters.tobytes()


async def palette(person, words: str) -> None:
    await person.press("colon")
    await person.type(words)
    await person.until(lambda: "Record the runs" in person.seen())
    await person.press("enter")
    await person.until(lambda: isinstance(person.app.screen, RecordAs))


async def test_the_palette_records_and_what_was_recorded_goes_on_to_the_same_numbers(lab, working):
    async with lab("lr-big-medium-tiny", epochs=2) as person:
        for _ in range(5):
            await person.press("n")
        await person.at_row("batch_size")
        await person.press("n", "full_stop", "n", "down")
        trainers = person.session.trainers
        await palette(person, "record")
        assert person.app.screen.query_one(Input).value == "lr-big-medium-tiny-run.npz"
        assert "Record the 3 runs in a file" in person.seen()
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)
        assert "Recorded in lr-big-medium-tiny-run.npz" in person.note
        found = recorded.session_from("lr-big-medium-tiny-run.npz")
        assert found.state == "paused" and found.steps == person.session.steps == 21
        assert found.documents == person.session.documents and found.runs == person.session.runs
        assert found.waiting == person.session.waiting
        for one, again in zip(trainers, found.trainers, strict=True):
            kept, now = person.session.films[one], found.films[again]
            assert now.stride == kept.stride and len(now.frames) == len(kept.frames) == 8
            assert all(frame.iteration == other.iteration for frame, other in zip(kept.frames, now.frames, strict=True))
            assert all((frame.weights == other.weights).all() for frame, other in zip(kept.frames, now.frames, strict=True))
        assert [through(one) for one in found.trainers] == [through(one) for one in trainers]


async def test_the_lab_on_recorded_runs_is_paused_where_they_were(lab, working, fast):
    preset = load_preset("recipe", [("training.epochs", [3])])
    trainer, undisturbed = Trainer(preset.runs[0]), Trainer(preset.runs[0])
    for _ in range(40):
        trainer.step()
    save_recording(Path("run.npz"), preset, [trainer])
    session = recorded.session_from("run.npz")
    async with lab(preset, epochs=None, recorded=("run.npz", session), pace=fast) as person:
        assert "PAUSED" in person.seen()
        assert "40/96" in person.read("header")
        await person.until(lambda: "as it was recorded, iteration 40. space goes on" in person.note)
        assert "v 2" in person.read("tree")
        await person.press("n")
        assert person.session.trainer.iteration == 41
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert through(person.session.trainer) == through(undisturbed)


def test_what_was_recorded_is_kept_with_what_it_was_trained_with_when_it_starts_again(working):
    session = Session(load_preset("recipe"))
    session.advance()
    session.edit(BY_KEY["network.hidden"], [8, 8])  # waits for the next start
    recorded.record(session, Path("run.npz"))
    found = recorded.session_from("run.npz")
    assert found.run.network.hidden == (8, 8) and found.waiting == {"network.hidden"}
    found.restart()
    assert found.kept[0].run == session.trainer.run
    assert found.trainer.run.network.hidden == (8, 8)


async def test_a_refused_and_a_finished_comparison_open_as_they_are(lab, working):
    preset = load_preset("batch-out-of-memory")
    trainers = [Trainer(run) for run in preset.runs]
    assert any(one.done for one in trainers) and not all(one.done for one in trainers)
    for one in trainers:
        through(one)
    save_recording(Path("run.npz"), preset, trainers)
    session = recorded.session_from("run.npz")
    async with lab(preset, epochs=None, recorded=("run.npz", session)) as person:
        assert person.state == "finished"
        assert "refused" in person.read("tree")
        await person.until(lambda: "space starts it again" in person.note)
        assert person.lab.query_one("#results").display


async def test_nothing_is_replaced_unasked_and_what_goes_wrong_is_said_in_the_sheet(lab, working):
    (working / "mine.npz").write_bytes(b"dear to me")
    async with lab("recipe") as person:
        await person.press("n")
        await palette(person, "record the runs")
        line = person.app.screen.query_one(Input)
        line.value = "mine"
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, Overwrite))
        await person.press("enter")  # no slip of the finger replaces it
        assert (working / "mine.npz").read_bytes() == b"dear to me"
        line.value = "nowhere/mine"
        await person.press("enter")
        where = person.app.screen.query_one("#record-where", Static)
        await person.until(lambda: "! not saved: " in str(where.render()))
        line.value = "mine.npz"
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, Overwrite))
        await person.press("y")
        await person.until(lambda: person.app.screen is person.lab)
        assert load_recording("mine.npz").trainers[0].iteration == 1


def test_the_name_that_is_suggested_is_one_that_nothing_has(working):
    session = Session(load_preset("recipe"))
    assert str(recorded.suggested(session)) == "recipe-run.npz"
    Path("recipe-run.npz").touch()
    Path("recipe-run-2.npz").touch()
    assert str(recorded.suggested(session)) == "recipe-run-3.npz"


@pytest.mark.parametrize(
    ("typed", "place"), [("a", "a.npz"), (" b.npz ", "b.npz"), ("c.d", "c.d.npz"), ("/x/y", "/x/y.npz")]
)
def test_what_is_typed_is_a_file_of_that_kind(typed, place):
    assert str(recorded.meant(typed)) == place


@pytest.mark.parametrize(("typed", "message"), [("", "type the name"), ("folder/", "is a folder"), (".", "is a folder")])
def test_what_is_no_file_is_said(typed, message):
    with pytest.raises(ValueError, match=message):
        recorded.meant(typed)


# The command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def run_file(working) -> str:
    preset = load_preset("valley")
    trainer = Trainer(preset.runs[0])
    trainer.step()
    save_recording(Path("run.npz"), preset, [trainer])
    return "run.npz"


@pytest.fixture
def labs(monkeypatch) -> list[tuple]:
    """What the command opened, on a terminal that is not there."""
    calls: list[tuple] = []
    monkeypatch.setattr(cli, "on_a_terminal", lambda: True)
    monkeypatch.setattr("tui.app.run_lab", lambda *args, **named: calls.append((args, named)))
    return calls


def test_the_command_opens_what_was_recorded(run_file, labs):
    ended = CliRunner().invoke(cli.main, [run_file, "--pace", "4"])
    assert ended.exit_code == 0, ended.output
    (((preset, pace), named),) = labs
    file, session = named["recorded"]
    assert (preset.name, pace, file) == ("valley", 4.0, "run.npz")
    assert session.trainer.iteration == 1


def test_a_table_of_ones_own_still_opens_as_one(working, labs):
    np.savez("table.npz", X=np.random.default_rng(0).normal(size=(40, 2)), y=np.arange(40) % 2)
    ended = CliRunner().invoke(cli.main, ["table.npz"])
    assert ended.exit_code == 0, ended.output
    assert labs[0][0][0].title == "table.npz: y"


def test_a_damaged_recording_is_told_in_one_line(run_file, labs):
    content = Path(run_file).read_bytes()
    at = content.index(b"\x93NUMPY") if b"\x93NUMPY" in content else len(content) // 3
    Path(run_file).write_bytes(content[: at + 40] + b"\0" * 60 + content[at + 100 :])
    ended = CliRunner().invoke(cli.main, [run_file])
    assert ended.exit_code == 2
    assert is_recording(run_file)
    assert ended.output.startswith("descent: run.npz: this recording is damaged") and ended.output.count("\n") == 1
    assert not labs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run.npz"], "needs a terminal"),
        (["run.npz", "--seed", "3"], "recorded runs are what they were"),
        (["run", "run.npz"], "open in the lab: descent run.npz"),
        (["show", "run.npz"], "open in the lab: descent run.npz"),
    ],
)
def test_what_cannot_be_done_with_recorded_runs_is_said(run_file, arguments, message):
    ended = CliRunner().invoke(cli.main, arguments)
    assert ended.exit_code == 2
    assert message in ended.output
