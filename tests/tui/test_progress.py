"""What is done: kept in one small file that two labs may write at once, and never worth an error."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from engine import Trainer, load_preset
from tui.home import progress
from tui.home.progress import Done

SHORT = """
title = "Short"
[data]
name = "xor"
[network]
hidden = [2]
[training]
epochs = 2
loss = "binary_cross_entropy"
"""


def trained(preset) -> list[Trainer]:
    trainers = [Trainer(run) for run in preset.runs]
    for trainer in trainers:
        for _ in trainer:
            pass
    return trainers


# The file -------------------------------------------------------------------------------------------------------------


def test_where_nothing_is_done_nothing_is_read_and_nothing_made(home):
    assert progress.read() == {}
    assert not home.exists()


def test_what_is_noted_is_read_again_and_the_newest_counts(home):
    assert progress.note("recipe", 2, 3) == ""
    assert progress.note("digits", 0, 0) == ""
    assert progress.note("recipe", 3, 3) == ""
    assert progress.read() == {"recipe": Done(3, 3), "digits": Done(0, 0)}
    assert progress.done_file() == home / "done.json"
    assert sorted(path.name for path in home.iterdir()) == ["done.json", "done.lock"]  # nothing is left beside them


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", '{"presets": 3}', "null", "\x00", "[" * 100_000, '{"presets": {"a": 1}}']
)
def test_a_broken_file_counts_as_none_and_is_replaced(home, content):
    home.mkdir()
    (home / "done.json").write_text(content)
    assert progress.read() == {}
    assert progress.note("recipe", 1, 1) == ""
    assert progress.read() == {"recipe": Done(1, 1)}


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"claims": 3},
        {"claims_held": "3", "claims": 3},
        {"claims_held": 4, "claims": 3},
        {"claims_held": True, "claims": 1},
        {"claims_held": -1, "claims": 3},
        None,
        [],
    ],
)
def test_an_odd_entry_is_left_out_and_the_others_are_read(home, entry):
    home.mkdir()
    (home / "done.json").write_text(json.dumps({"presets": {"odd": entry, "good": {"claims_held": 0, "claims": 2}}}))
    assert progress.read() == {"good": Done(0, 2)}


def test_bytes_that_are_no_text_are_no_error(home):
    home.mkdir()
    (home / "done.json").write_bytes(b"\xff\xfe\x00")
    assert progress.read() == {}


def test_where_it_cannot_be_kept_a_word_says_so(home):
    home.write_text("a file where the folder should be")
    why = progress.note("recipe", 1, 1)
    assert why.startswith(f"what is done cannot be kept in {home / 'done.json'}: ")
    assert progress.read() == {}


def test_a_folder_in_its_place_is_no_error(home):
    (home / "done.json" / "x").mkdir(parents=True)
    assert progress.note("recipe", 1, 1)
    assert progress.read() == {}
    assert [path.name for path in home.iterdir() if path.name.startswith(".")] == []


def _note_many(who: int) -> None:
    for number in range(15):
        assert progress.note(f"{who}-{number}", number, number) == ""


def test_labs_that_write_at_once_do_not_lose_each_others_entries(home):
    labs = [multiprocessing.get_context("spawn").Process(target=_note_many, args=(who,)) for who in range(3)]
    for lab in labs:
        lab.start()
    for lab in labs:
        lab.join()
    assert [lab.exitcode for lab in labs] == [0, 0, 0]
    assert progress.read() == {f"{who}-{number}": Done(number, number) for who in range(3) for number in range(15)}


def test_a_lab_that_never_lets_go_does_not_hold_up_the_others(home):
    fcntl = pytest.importorskip("fcntl")
    home.mkdir()
    with (home / "done.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert progress.note("recipe", 1, 1) == ""
    assert progress.read() == {"recipe": Done(1, 1)}


# What counts as done --------------------------------------------------------------------------------------------------


@pytest.fixture
def short(tmp_path: Path) -> Path:
    path = tmp_path / "short.toml"
    path.write_text(SHORT)
    return path


def test_a_preset_of_ones_own_is_kept_by_its_file(short):
    preset = load_preset(short)
    assert progress.remember(preset, trained(preset)) == ""
    assert progress.read() == {str(short.resolve()): Done(0, 0)}


def test_a_preset_that_comes_with_descent_is_kept_by_its_name():
    assert progress.name_of("recipe", "presets/recipe.toml") == "recipe"
    assert progress.name_of("recipe", "recipe.toml") == os.path.abspath("recipe.toml")
    assert progress.name_of("mine", "presets/mine.toml") == os.path.abspath("presets/mine.toml")


def test_a_run_that_is_not_over_is_not_done(short):
    preset = load_preset(short)
    trainers = [Trainer(run) for run in preset.runs]
    trainers[0].step()
    progress.remember(preset, trainers)
    assert progress.read() == {}


def test_other_settings_than_the_presets_own_are_not_done(short):
    preset = load_preset(short, [("training.epochs", [1])])
    progress.remember(preset, trained(preset))
    assert progress.read() == {}


def test_a_change_on_the_way_is_not_done_but_another_pace_is(short):
    preset = load_preset(short)
    trainer = Trainer(preset.runs[0])
    trainer.step()
    trainer.change("learning_rate", 0.5)
    for _ in trainer:
        pass
    progress.remember(preset, [trainer])
    assert progress.read() == {}
    trainer = Trainer(preset.runs[0])
    trainer.step()
    trainer.note("pace", "1x", "2x")
    for _ in trainer:
        pass
    progress.remember(preset, [trainer])
    assert list(progress.read()) == [str(short.resolve())]


def test_a_file_that_is_gone_or_broken_meanwhile_is_no_error(short):
    preset = load_preset(short)
    trainers = trained(preset)
    short.write_text("[")
    assert progress.remember(preset, trainers) == ""
    short.unlink()
    assert progress.remember(preset, trainers) == ""
    assert progress.read() == {}


# In the lab -----------------------------------------------------------------------------------------------------------


async def test_a_preset_that_ran_to_its_end_is_done(lab, fast, short):
    async with lab(load_preset(short), pace=fast) as person:
        await person.press("n")
        assert progress.read() == {}
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.until(lambda: str(short.resolve()) in progress.read())


async def test_the_last_batch_by_key_counts_as_well(lab, short):
    async with lab(load_preset(short)) as person:
        while not person.session.done:
            await person.press("n")
        assert str(short.resolve()) in progress.read()


async def test_with_the_forms_settings_it_is_not_done(lab, fast):
    async with lab("recipe", epochs=1, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.settle()
        assert progress.read() == {}


async def test_where_it_cannot_be_kept_the_lab_goes_on_and_the_picker_says_why(lab, fast, short, home):
    home.write_text("in the way")
    async with lab(load_preset(short), pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert "Done: training loss" in person.note
        await person.press("p")
        assert "what is done cannot be kept" in person.seen()


CLAIMS = """
[[claim]]
says = "Two epochs are two epochs"
[[claim.check]]
metric = "epochs_run"
equals = 2

[[claim]]
says = "It has a thousand of them"
[[claim.check]]
metric = "epochs_run"
equals = 1000
"""


def test_the_claims_that_held_are_counted(short):
    short.write_text(SHORT + CLAIMS)
    preset = load_preset(short)
    progress.remember(preset, trained(preset))
    assert progress.read() == {str(short.resolve()): Done(1, 2)}


async def test_a_run_in_the_lab_keeps_how_many_claims_held(lab, fast, short):
    short.write_text(SHORT + CLAIMS)
    async with lab(load_preset(short), pace=fast) as person:
        await person.press("space")
        await person.until(lambda: progress.read() == {str(short.resolve()): Done(1, 2)})
