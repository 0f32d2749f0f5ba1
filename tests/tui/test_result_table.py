"""A comparison ends in a table: what differs, every figure, and how a run ended that did not end as planned."""

from __future__ import annotations

import re

import pytest

from engine import Trainer, load_preset
from tui.canvas import plain
from tui.comparing.results import differences, results
from tui.figures import percent, short
from tui.hidden import NOTHING, Hidden
from tui.panes.results import table
from tui.session import Session

RATES = ("training.optimizer.learning_rate", [0.1, 0.001])


def trained(name: str, *settings) -> Session:
    session = Session(load_preset(name, [("training.epochs", [3]), *settings]))
    for _ in session:
        pass
    return session


def apart(*settings, name: str = "recipe", hidden: Hidden = NOTHING) -> list[str]:
    return differences([Trainer(run) for run in load_preset(name, list(settings)).runs], hidden)


# What differs ---------------------------------------------------------------------------------------------------------


def test_what_sets_runs_apart_is_found_by_comparing_them():
    assert apart(RATES) == ["learning_rate 0.1", "learning_rate 0.001"]
    assert apart(("network.hidden", [[4], [8, 8], []])) == ["hidden 4", "hidden 8 8", "hidden none"]
    assert apart(("training.optimizer.name", ["sgd", "momentum"])) == [
        "optimizer sgd, learning_rate 0.1",
        "optimizer momentum, learning_rate 0.01",
    ]
    assert apart(("training.schedule.name", ["constant", "cosine"])) == ["schedule constant", "schedule cosine"]
    assert apart(("training.shuffle", [True, False])) == ["shuffle", "no shuffle"]
    assert set(apart(RATES, ("training.batch_size", [8, 32]))[0].split(", ")) == {"batch_size 8", "learning_rate 0.1"}


def test_a_table_that_only_some_have_is_told_by_its_name(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(
        '[data]\nname = "moons"\n[training]\nepochs = 2\n[[run]]\nname = "with"\ntraining.early_stopping.patience = 3\n'
        '[[run]]\nname = "without"\n'
    )
    assert differences([Trainer(run) for run in load_preset(path).runs], NOTHING) == ["early_stopping", "no early_stopping"]


def test_a_setting_that_was_changed_while_it_trained_counts_as_it_is():
    made = [Trainer(run) for run in load_preset("recipe", [("seed", [0, 1])]).runs]
    made[0].step()
    made[0].change("learning_rate", 0.5)
    told = [set(words.split(", ")) for words in differences(made, NOTHING)]
    assert told == [{"seed 0", "learning_rate 0.5"}, {"seed 1", "learning_rate 0.001"}]


def test_a_hidden_setting_is_not_told():
    hidden = Hidden(frozenset(["settings.learning_rate"]))
    assert apart(RATES, hidden=hidden) == ["learning_rate hidden", "learning_rate hidden"]


# The figures ----------------------------------------------------------------------------------------------------------


def test_every_figure_is_that_of_the_history():
    session = trained("lr-big-medium-tiny")
    found = results(session)
    assert (found.quality, found.validation, found.unit) == ("accuracy", True, "epoch")
    for one, trainer in zip(found.runs, session.trainers, strict=True):
        last, best = trainer.history.epochs[-1], trainer.history.best
        assert one.name == trainer.run.name
        assert one.train == short(last.train.loss)
        assert one.validation == short(last.validation.loss)
        assert one.quality == percent(last.validation.accuracy)
        assert one.best == f"{short(best.validation.loss)} ({best.epoch})"
        assert one.iterations == "96"
        assert re.fullmatch(r"\d+\.\d\d s", one.seconds)
        assert one.ending == ""


def test_refused_diverged_and_early_stopped_runs_say_so():
    found = results(trained("recipe", ("training.batch_size", [8, 1000]), ("training.memory_limit", ["200 KiB"])))
    assert [one.ending for one in found.runs] == ["", "refused"]
    assert (found.runs[1].train, found.runs[1].iterations, found.runs[1].best) == ("-", "-", "-")
    session = trained("day79-study-hours", ("training.optimizer.learning_rate", [0.01, 0.5]), ("training.epochs", [30]))
    at = session.trainers[1].history.diverged.epoch
    assert [one.ending for one in results(session).runs] == ["", f"diverged, epoch {at}"]
    session = trained("recipe", ("training.early_stopping.patience", [1, 9]), ("training.early_stopping.min_delta", [0.9]))
    at = session.trainers[0].history.stopped.epoch
    assert [one.ending for one in results(session).runs] == [f"early, epoch {at}", ""]


def test_regression_has_an_error_in_place_of_accuracy():
    session = trained("day79-study-hours", ("training.optimizer.learning_rate", [0.01, 0.005]))
    found = results(session)
    assert found.quality == "error"
    error = session.trainers[0].history.epochs[-1].validation.mean_absolute_error
    assert found.runs[0].quality == short(error)
    assert "error" in plain(table(found, 110, 20))


def test_on_a_surface_the_table_says_where_each_run_ended(tmp_path):
    path = tmp_path / "walk.toml"
    path.write_text(
        '[surface]\nname = "valley"\nsteps = 9\n[training.optimizer]\nname = "sgd"\n'
        "[[run]]\nname = 'slow'\ntraining.optimizer.learning_rate = 0.01\n"
        "[[run]]\nname = 'good'\ntraining.optimizer.learning_rate = 0.3\n"
    )
    session = Session(load_preset(path))
    for _ in session:
        pass
    found = results(session)
    assert (found.quality, found.unit, found.validation) == ("ends at", "step", False)
    for one, trainer in zip(found.runs, session.trainers, strict=True):
        assert one.quality == f"w {float(trainer.parameters[0]):.3f}"
        assert one.iterations == "9"
    rows = plain(table(found, 112, 20)).splitlines()
    assert "valid." not in rows[0]
    assert rows[0].split()[-4:] == ["at", "best", "steps", "time"]


# Rows -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 52, 57, 80, 112])
@pytest.mark.parametrize("room", [5, 10, 18, 24])
@pytest.mark.parametrize("runs", [2, 3, 8])
def test_rows_keep_to_the_room_and_every_run_has_its_name_and_ending(width, room, runs):
    rates = [0.1 / 3**power for power in range(runs)]
    session = trained("recipe", ("training.optimizer.learning_rate", rates), ("training.epochs", [2]))
    session.trainers[1].history.stopped = type(session.trainers[1].history.stopped)("early_stopping", 2, 64)
    rows = plain(table(results(session), width, room)).splitlines()
    assert len(rows) <= room - 1
    assert max(map(len, rows)) <= width
    if room > runs + 1:
        for letter in "abcdefgh"[:runs]:
            assert [row for row in rows if row.startswith(f" {letter} ")], (letter, rows)
        assert sum("early, epoch 2" in row for row in rows) == 1
        assert "valid." in rows[0]
    else:
        assert "more runs" in rows[-1]


def test_wide_enough_it_has_every_column_in_one_line_a_run():
    rows = plain(table(results(trained("recipe", RATES)), 112, 20)).splitlines()
    assert len(rows) == 3
    assert rows[0].split() == ["run", "what", "differs", "train", "valid.", "accuracy", "best", "iterations", "time"]


def test_eight_runs_are_read_at_80x24():
    rates = [0.5 / 2**power for power in range(8)]
    rows = plain(table(results(trained("recipe", ("training.optimizer.learning_rate", rates))), 52, 10)).splitlines()
    assert len(rows) == 9
    assert rows[0].split()[:3] == ["run", "train", "valid."]


# In the lab -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_table_comes_with_the_end_and_goes_with_the_next_start(lab, fast, size):
    async with lab("lr-big-medium-tiny", pace=fast, size=size) as person:
        pane = person.canvas("results")
        assert not pane.display
        await person.press("space")
        await person.until(lambda: person.state == "finished" and pane.display)
        await person.settle()
        shown, seen = person.read("results"), person.seen()
        assert "Result" in shown.splitlines()[0]
        for name, trainer in zip(("big", "medium", "tiny"), person.session.trainers, strict=True):
            (line,) = [line for line in shown.splitlines() if line.startswith(f" {name} ")]
            last = trainer.history.epochs[-1]
            assert short(last.train.loss) in line
            assert short(last.validation.loss) in line
            assert percent(last.validation.accuracy) in line
            assert line.strip() in seen  # all of it in sight
        assert "learning_rate 1e-05" in seen
        assert "Loss" in seen
        assert ("Accuracy" in seen) == (size[1] > 30)  # where there are few lines the table takes its place
        assert len(seen.splitlines()) == size[1]
        person.session.restart()
        person.lab.redraw()
        await person.settle()
        assert not pane.display
        assert "Accuracy" in person.seen()


async def test_a_run_alone_has_no_table(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished" and "DONE" in person.read("header"))
        assert not person.canvas("results").display
        assert person.canvas("loop").display


async def test_the_table_fits_again_when_the_terminal_changes(lab, fast):
    async with lab("lr-big-medium-tiny", pace=fast, size=(200, 50)) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished" and person.canvas("results").display)
        for size in ((80, 24), (120, 40), (200, 50), (80, 24)):
            await person.resize(*size)
            lines = person.read("results").splitlines()
            assert len(lines) == person.canvas("results").size.height
            assert [line for line in lines if line.startswith(" tiny ")]
            assert "tiny" in person.seen()


def test_what_differs_is_not_cut_where_there_is_room():
    session = trained("optimizers-compared")
    found = results(session)
    wide = plain(table(found, 118, 10)).splitlines()
    for line, run in zip(wide[1:], session.runs, strict=True):
        assert f"learning_rate {run.training.optimizer.learning_rate:g}" in line
    assert all(len(line) <= 118 for line in wide)
    assert "…" in plain(table(found, 98, 10))
