"""Runs with momentum, schedules, early stopping, a memory limit, and on a surface: what somebody before the lab reads."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine import Preset, PresetError, Trainer
from engine.memory import largest_batch, step_memory
from engine.preset import parse_preset
from tui.form import BY_KEY, nudged, rows_of, typed
from tui.plots.landscape import surface_picture
from tui.session import Session
from tui.view import form_rows, moment, pictures
from tui.walk import walk_of
from tui.words import endings
from tui.words.outcome import Told, news

CATS = """
title = "Cats"
[data]
name = "cats_dogs"
samples = 200
validation = 100
noise = 1.2
[training]
epochs = 30
"""
VALLEY = """
title = "The valley"
[surface]
name = "valley"
steps = 6
[training.optimizer]
name = "sgd"
learning_rate = 0.1
"""
RAVINE = (
    VALLEY.replace("valley", "ravine").replace("0.1", "0.02")
    + """
[[run]]
name = "sgd"
[[run]]
name = "momentum"
training.optimizer = { name = "momentum", learning_rate = 0.02 }
"""
)
REFUSED = CATS.replace("[training]", '[training]\nmemory_limit = "200 KiB"\nbatch_size = 200')
SIZES = [(80, 24), (120, 40), (200, 50)]


def preset(text: str, *settings: tuple[str, object]) -> Preset:
    return parse_preset(text, "mine", "mine.toml", [(key, [value]) for key, value in settings])


def labels(session: Session) -> list[str]:
    return [row.label for row in form_rows(session)]


# The rows of the form -------------------------------------------------------------------------------------------------


def test_only_what_a_run_has_has_a_row():
    session = Session(preset(CATS))
    usual = ["data", "hidden", "activation", "optimizer", "learning_rate", "batch_size", "epochs", "validation", "seed"]
    assert labels(session) == usual
    session.edit(BY_KEY["training.optimizer.name"], "nesterov")
    assert labels(session) == [*usual[:5], "momentum", *usual[5:]]
    session.edit(BY_KEY["training.optimizer.name"], "adamw")
    assert labels(session) == [*usual[:5], "weight_decay", *usual[5:]]


def test_weight_decay_keeps_its_row_when_it_is_set_to_nothing():
    session = Session(preset(CATS, ("training.optimizer.name", "sgd"), ("training.optimizer.weight_decay", 0.01)))
    assert "weight_decay" in labels(session)
    session.edit(BY_KEY["training.optimizer.weight_decay"], 0.0)
    assert "weight_decay" in labels(session)


def test_a_surface_has_a_start_and_steps_and_neither_network_nor_batches():
    assert labels(Session(preset(VALLEY))) == ["surface", "start", "optimizer", "learning_rate", "steps"]


@pytest.mark.parametrize(("text", "value"), [("0", [0.0]), ("-4", [-4.0]), ("[1.5]", [1.5]), ("1e3", [1000.0])])
def test_a_start_is_typed(text, value):
    assert typed(BY_KEY["surface.start"], preset(VALLEY).documents[0], text) == value


def test_a_start_that_is_none_is_refused_and_nudging_moves_it():
    session = Session(preset(VALLEY))
    with pytest.raises(ValueError, match="a number"):
        typed(BY_KEY["surface.start"], session.document, "left")
    with pytest.raises(PresetError, match="takes 1 number"):
        session.edit(BY_KEY["surface.start"], [])
    assert nudged(BY_KEY["surface.start"], session.document, (-4.0,), True) == [-3.5]
    assert nudged(BY_KEY["surface.start"], session.document, (1e6,), True) == (1e6,)


def test_rows_exist_for_every_run_of_a_comparison_on_its_own():
    runs = preset(RAVINE).runs
    assert [any(row.label == "momentum" for row in rows_of(run)) for run in runs] == [False, True]
    session = Session(preset(RAVINE))
    session.edit(BY_KEY["surface.name"], "valley")  # a start of two numbers does not come along
    assert [run.surface.start for run in session.runs] == [(-4.0,), (-4.0,)]


async def test_momentum_and_weight_decay_change_live(lab):
    settings = (("training.optimizer.name", ["momentum"]), ("training.optimizer.weight_decay", [0.01]))
    async with lab(settings=settings, size=(80, 24)) as person:
        await person.press("n")
        await person.at_row("momentum")
        await person.type("0.5")
        await person.press("enter")
        assert "momentum 0.9 → 0.5 from iteration 2 on" in person.note
        await person.at_row("weight_decay")
        await person.press("0", "enter")
        assert person.setting("weight_decay").split()[-2:] == ["0", "~"]
        changes = person.session.trainer.history.changes
        assert [(change.key, change.new) for change in changes] == [("momentum", 0.5), ("weight_decay", 0.0)]
        assert person.session.trainer.optimizer.momentum == 0.5


async def test_the_cursor_stays_on_its_setting_when_rows_come_and_go(lab):
    async with lab() as person:
        await person.at_row("optimizer")
        await person.press("enter", "home", "down", "enter")  # momentum
        assert person.setting("optimizer").startswith("> optimizer")
        await person.at_row("seed")
        person.lab._edit("training.optimizer.name", "sgd")
        assert person.setting("seed").startswith(">")
        assert "momentum" not in person.read("settings")
        assert person.setting("seed") in person.seen()  # and all rows have room


# Pace and schedules ---------------------------------------------------------------------------------------------------


async def test_the_pace_of_a_run_in_progress_is_in_its_history(lab):
    async with lab() as person:
        await person.press("+")  # before it has begun nothing has happened
        assert person.session.trainer.history.changes == []
        await person.press("n", "+", "-", "-")
        changes = [
            (change.iteration, change.key, change.old, change.new) for change in person.session.trainer.history.changes
        ]
        assert changes == [(1, "pace", "2x", "4x"), (1, "pace", "4x", "2x"), (1, "pace", "2x", "1x")]


async def test_a_schedule_shows_the_base_rate_and_the_rate_now(lab):
    async with lab(preset(CATS, ("training.schedule.name", "exponential"), ("training.schedule.gamma", 0.5))) as person:
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        await person.press("n")
        assert person.setting("learning_rate").split()[-2] == "0.1"
        assert "now 0.050 (exponential)" in person.read("settings")
        assert "learning rate 0.1," in person.read("header")
        assert not person.session.waiting
        await person.press(".")  # twice the base rate: twice the rate of now
        assert person.setting("learning_rate").split()[-2] == "0.2"
        assert "now 0.100 (exponential)" in person.read("settings")
        assert not person.session.waiting
        assert person.session.trainer.learning_rate == pytest.approx(0.1)


async def test_a_warm_up_is_a_schedule_too(lab):
    async with lab(
        preset(CATS, ("training.schedule.name", "constant"), ("training.schedule.warmup_iterations", 2))
    ) as person:
        assert "now 0.010 (warm-up)" in person.read("settings")
        await person.press("n", "n", "n")
        assert "now 0.100 (constant)" in person.read("settings")


async def test_without_a_schedule_the_form_has_no_line_more(lab):
    async with lab() as person:
        assert "now" not in person.read("settings")


def test_a_rate_that_the_schedule_has_brought_to_nothing_cannot_be_changed():
    session = Session(preset(CATS, ("training.schedule.name", "step")))
    session.advance()
    session.trainer.__class__ = type("Still", (Trainer,), {"learning_rate": property(lambda self: 0.0)})
    with pytest.raises(PresetError, match="brought it down to 0"):
        session.edit(BY_KEY["training.optimizer.learning_rate"], 0.5)
    assert session.run.training.optimizer.learning_rate == 0.1


def test_a_reduction_on_a_plateau_is_news_once():
    session = Session(preset(CATS, ("training.schedule.name", "reduce_on_plateau"),
                             ("training.schedule.patience_epochs", 0)))  # fmt: skip
    told, said = Told(), []
    for _ in session:
        if (word := news(session, told))[0]:
            said.append(word)
    assert said[0][1] == "warn"
    assert "learning_rate is down to 0.01: validation loss has not fallen for 1 epoch" in said[0][0]
    assert len(said) == len({round(entry.learning_rate, 30) for entry in session.trainer.history.epochs} | {
        session.trainer.learning_rate}) - 1  # fmt: skip


# Memory ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_a_refused_run_says_why_and_trains_once_it_fits(lab, size):
    async with lab(preset(REFUSED), size=size) as person:
        fits = largest_batch(person.session.run)
        assert "REFUSED" in person.read("header")
        assert f"{fits} is the largest that fits" in person.note
        shown = person.read("loss")
        assert "in all" in shown and "204,800 B  allowed by memory_limit 200 KiB" in shown
        assert f"The largest batch_size that fits: {fits}. Set it:" in shown
        assert "refused" in person.read("tree")
        for key in ("space", "n", "N", "r"):
            await person.press(key)
            assert person.state == "refused"
            assert f"{fits} is the largest that fits" in person.note
            assert person.session.steps == 0
        await person.at_row("batch_size")
        await person.type(str(fits))
        await person.press("enter")
        assert person.state == "ready"
        assert "READY" in person.read("header") and "┤" in person.read("loss")
        await person.press("n")
        assert person.session.steps == 1


async def test_a_batch_that_is_too_large_is_refused_while_it_trains_and_the_form_stays(lab):
    async with lab(preset(REFUSED, ("training.batch_size", 32)), size=(80, 24)) as person:
        fits = largest_batch(person.session.run)
        await person.press("n")
        await person.at_row("batch_size")
        for text in ("200", "full"):
            await person.press("enter", *["backspace"] * 4)
            await person.type(text)
            await person.press("enter")
            assert "batch_size stays 32: 200 needs" in person.note
            assert person.note.endswith(f"over 200 KiB; at most {fits} fits")
            assert person.setting("batch_size").split()[-2] == "32"
            assert not person.session.waiting
        assert person.session.trainer.history.changes == []
        await person.type(str(fits))
        await person.press("enter")
        assert person.session.trainer.batch_size == fits


def test_weight_decay_that_needs_too_much_memory_is_refused_and_the_form_stays():
    kind = ("training.optimizer.name", "adamw"), ("training.optimizer.weight_decay", 0.0), ("training.batch_size", 1)
    needed = step_memory(preset(REFUSED, *kind).runs[0], 1).total
    session = Session(preset(REFUSED.replace("200 KiB", f"{needed} B"), *kind))
    session.advance()
    with pytest.raises(PresetError, match="out of memory"):
        session.edit(BY_KEY["training.optimizer.weight_decay"], 0.1)
    assert session.run.training.optimizer.weight_decay == session.trainer.optimizer.weight_decay == 0.0
    assert not session.waiting


async def test_of_a_comparison_the_run_that_fits_trains(lab, fast):
    both = parse_preset(REFUSED, "mine", "mine.toml", [("training.batch_size", [200, 50]), ("training.epochs", [2])])
    async with lab(both, pace=fast) as person:
        assert person.state == "ready"
        await person.press("n")
        assert "One batch" in person.note
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert [trainer.iteration for trainer in person.session.trainers] == [0, 8]
        assert "batch_size 200 refused" in person.note
        assert "REFUSED" in person.read("header")
        await person.press("r")
        await person.until(lambda: person.state == "finished")
        assert len(person.session.kept) == 1  # the one that trained


def test_where_no_batch_fits_it_says_so():
    session = Session(preset(REFUSED.replace("200 KiB", "1 KiB")))
    loss, _ = pictures(session)
    assert any("No size fits" in line for line in loss.text)


# Early stopping -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_an_early_stop_is_told_with_its_reason_and_the_weights_that_are_back(lab, fast, size):
    async with lab(preset(CATS, ("training.early_stopping.patience", 3)), size=size, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        history = person.session.trainer.history
        last, back = len(history.epochs), history.restored.epoch
        assert last == back + 3 < 30
        assert person.note.startswith(f"Stopped early at epoch {last}: ")
        assert f"weights of epoch {back} are back" in person.note
        assert f"epoch {last}/30" in person.read("header")
        assert person.session.steps == person.session.all_steps
        await person.press("n")
        assert "more epochs" not in person.note  # it has not come to its last one
        await person.at_row("epochs")
        await person.press("right")
        assert "epochs 30 → 50: r starts again with it" in person.note
        assert person.state == "finished"


def test_the_words_of_an_early_stop():
    trainer = Trainer(preset(CATS, ("training.early_stopping.patience", 3)).runs[0])
    assert endings.early(trainer) == ""
    for _ in trainer:
        pass
    last, back = len(trainer.history.epochs), trainer.history.restored.epoch
    assert endings.early(trainer) == (
        f"stopped early at epoch {last}: validation loss has not improved for 3 epochs; weights of epoch {back} are back"
    )
    trainer.history.restored = None
    assert endings.early(trainer).endswith("for 3 epochs")


# Surfaces -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_steps_on_a_surface(lab, fast, size):
    async with lab(preset(VALLEY), size=size, pace=fast) as person:
        assert "READY  step 0/6" in person.read("header")
        assert "n step" in person.read("keys") and "epoch" not in person.read("keys")
        await person.press("n")
        assert "One step: from w -4.000 to w -2.600" in person.note
        assert "step 1    31.36 w -2.600" in person.read("tree")
        assert "● w -2.600" in person.read("second")
        loop = person.read("loop") if size[0] > 100 else person.read("loop-line")
        assert "gradient -14.00" in loop and "now w -2.600" in loop
        assert "learning_rate" in person.read("settings") and "batch" not in person.read("settings")
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert "DONE  step 6/6" in person.read("header")
        assert "Done: loss" in person.note and "at w 1.165" in person.note
        assert person.read("second").count("o") >= 5  # "o way" and the places; near the bottom they touch
        assert "epoch" not in person.seen().lower().replace("lesson", "")


async def test_the_tree_of_a_surface_closes_a_step_and_then_the_run(lab, fast):
    async with lab(preset(VALLEY), pace=fast) as person:
        await person.press("n", "n", "tab", "up", "enter", "right")
        assert person.read("tree").count("step ") == 2
        await person.press("left", "left")  # closes the step, then the run
        assert "step " not in person.read("tree")


async def test_a_walk_of_two_parameters_is_seen_from_above(lab, fast):
    async with lab(preset(RAVINE), pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        shown = person.read("second")
        assert "s sgd" in shown and "m momentum" in shown and "v over u, + lowest" in shown
        assert "+" in "".join(shown.splitlines()[1:])
        assert "● s sgd" in shown  # the selected one is the ball, the others have their letters
        assert "●" in "".join(shown.splitlines()[1:]) and "m" in "".join(shown.splitlines()[1:])
        assert person.session.kept == []
        await person.press("r")
        await person.until(lambda: person.state == "finished" and len(person.session.kept) == 2)
        assert person.session.kept[0].walk.path.shape == (7, 2)


async def test_steps_change_live_on_a_surface(lab):
    async with lab(preset(VALLEY)) as person:
        await person.press("n")
        await person.at_row("steps")
        await person.type("9")
        await person.press("enter")
        assert "steps 6 → 9 from step 2 on" in person.note
        assert "step 1/9" in person.read("header")


@pytest.mark.parametrize("rate", [0.1, 0.95, 1.5, 1e3])
@pytest.mark.parametrize("text", [VALLEY, RAVINE, VALLEY.replace("valley", "hilly_park")])
def test_every_picture_of_a_surface_is_finite_and_holds_start_and_minimum(text, rate):
    session = Session(preset(text, ("training.optimizer.learning_rate", rate), ("surface.steps", 400)))
    for _ in session:
        pass
    picture = surface_picture(session.trainers, 0)
    axes, surface = picture.axes, session.run.surface
    assert all(map(math.isfinite, (axes.x_low, axes.x_high, *axes.y_limits)))
    assert axes.x_high - axes.x_low < 100  # a run that flies off does not take the landscape with it
    for place in (surface.start, *surface.minima):
        assert axes.x_low <= place[0] <= axes.x_high
    assert all(len(one.x) == len(one.y) for one in picture.series)


def test_of_a_long_walk_every_early_step_and_the_last_are_drawn():
    session = Session(preset(VALLEY, ("surface.steps", 5000)))
    for _ in session:
        pass
    way = surface_picture(session.trainers, 0).series[1]
    path = walk_of(session.trainer).path[:, 0]
    assert len(way.x) <= 601
    assert set(np.round(path[:300], 12)) <= set(np.round(way.x, 12))
    assert path[-1] in way.x


def test_the_loop_of_a_refused_run_lights_no_phase_while_others_train():
    sizes = '[[run]]\nname = "fits"\ntraining.batch_size = 2\n[[run]]\nname = "does-not"\ntraining.batch_size = 200\n'
    session = Session(parse_preset(CATS + 'memory_limit = "200 KiB"\n' + sizes, "two", "two.toml"))
    session.prepare()
    session.advance()
    assert session.state != "refused"
    loops = []
    for selected in range(2):
        session.selected = selected
        seen = moment(session, 3, 0.0, 0.0, "pace 1x")
        loops.append((seen.phase, seen.refused))
    assert loops == [(3, False), (-1, True)]
