"""Stories: somebody sits before the lab and presses keys; what is asserted is what they read."""

from __future__ import annotations

import asyncio
import math
import re

import pytest

from engine import Changed, Trainer, load_preset
from engine.datasets import DATASETS
from engine.optimizers import OPTIMIZERS
from tui.form import choices
from tui.keyboard.keys import KEYS
from tui.panes.curves import Curves
from tui.panes.lesson import LessonPane
from tui.panes.progress_tree import ProgressTree
from tui.screens.help import Help
from tui.screens.picker import Picker
from tui.screens.sheets import Ask, Choice
from tui.session import Session

PANES = ["settings", "tree", "loss", "second", "lesson"]  # in the order of Tab, where all are in sight


# Opening --------------------------------------------------------------------------------------------------------------


async def test_it_opens_ready_on_the_recipe_with_everything_in_sight(lab):
    async with lab(epochs=None) as person:
        screen = person.seen()
        assert "READY" in screen
        assert "recipe: learning rate 0.001, batch 32, 50 epochs" in screen
        assert "32/epoch, 1600 in all" in screen
        assert "2337 parameters" in screen
        for part in (
            "Settings",
            "Progress",
            "Loss",
            "Accuracy",
            "Training loop",
            "Lesson ",
            "space start",
            "q quit",
        ):
            assert part in screen
        assert person.session.steps == 0
        assert person.focus == "settings"


async def test_at_80x24_everything_but_the_lesson_is_in_sight(lab):
    async with lab(epochs=None, size=(80, 24)) as person:
        screen = person.seen()
        assert "recipe: 0.001, 32, 50" in screen
        assert "32/epoch, 1600 in all" in screen
        assert "2337 parameters" in screen
        for part in ("READY", "Settings", "Progress", "Loss", "Accuracy", "forward", "update", "? keys"):
            assert part in screen
        assert "Lesson" not in screen


async def test_digits_opens_and_learns(lab):
    async with lab("digits", epochs=2) as person:
        assert "45/epoch, 90 in all" in person.read("settings")
        assert "3466 parameters" in person.read("settings")
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        assert "Accuracy" in person.read("second")
        assert "digits seen" in person.read("loop")
        assert person.session.trainer.history.epochs[-1].validation.accuracy > 0.5


# Starting, pausing, stepping ------------------------------------------------------------------------------------------


async def test_space_starts_and_pauses_with_the_focus_in_each_pane_in_turn(lab):
    async with lab(epochs=None) as person:
        visited = []
        for _ in PANES:
            visited.append(person.focus)
            await person.press("space")
            assert person.state == "running", person.focus
            assert "RUNNING" in person.read("header")
            assert "space pause" in person.read("keys")
            before = person.session.steps
            await person.until(lambda before=before: person.session.steps > before)
            await person.press("space")
            assert person.state == "paused", person.focus
            assert "PAUSED" in person.read("header")
            await person.press("tab")
        assert visited == PANES
        assert person.focus == "settings"  # once round
        await person.press("shift+tab")
        assert person.focus == "lesson"


async def test_what_is_trained_is_seen_while_it_trains(lab):
    async with lab(epochs=None) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 3 and "iteration" in person.read("header"))
        await person.press("space")
        done = person.session.steps
        assert f"epoch 1/50  iteration {done}/1600" in person.read("header")
        assert f"{done}/32" in person.read("tree")
        assert f"* {done} " in person.read("tree")
        assert f"batch {done} of 32" in person.read("loop")
        assert f"{32 * done} pictures seen" in person.read("loop")
        newest = person.session.trainer.history[-1]
        assert f"train ─ {newest.batch_loss:.3f}" in person.read("loss")


async def test_a_pause_stands_still(lab):
    async with lab(epochs=None) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 2)
        await person.press("space")
        before = (person.session.steps, person.seen())
        await asyncio.sleep(0.4)
        assert (person.session.steps, person.seen()) == before


async def test_at_the_end_the_outcome_is_told_and_space_begins_again(lab, fast):
    async with lab(pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished" and "DONE" in person.read("header"))
        assert "epoch 3/3  iteration 96/96" in person.read("header")
        last = person.session.trainer.history.epochs[-1]
        assert f"training loss {last.train.loss:.3f}, validation {last.validation.loss:.3f}" in person.note
        assert re.search(rf"v recipe, seed 0 +v {last.validation.loss:.3f}", person.read("tree"))
        assert "space again" in person.read("keys")
        first = list(person.session.trainer.history)
        await person.press("space")
        await person.until(lambda: person.state == "finished" and len(person.session.kept) == 1)
        assert list(person.session.trainer.history) == first


async def test_n_takes_one_batch_from_ready_and_pauses_first_while_running(lab):
    async with lab() as person:
        await person.press("n")
        assert person.session.steps == 1
        assert "PAUSED  epoch 1/3  iteration 1/96" in person.read("header")
        assert "epoch 1, batch 1 of 32" in person.note
        await person.press("n")
        assert person.session.steps == 2
        await person.press("space")
        await person.until(lambda: person.session.steps >= 3)
        await person.press("n")
        assert person.state == "paused"
        done = person.session.steps
        assert f"batch {done} of 32" in person.note
        await asyncio.sleep(0.3)
        assert person.session.steps == done


async def test_one_step_from_a_pause_is_one_step(lab):
    async with lab() as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 1)
        await person.press("space")
        before = person.session.steps
        await person.press("n")
        assert person.session.steps == before + 1


async def test_capital_n_goes_to_the_end_of_the_epoch(lab):
    async with lab() as person:
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        assert person.session.steps == 32
        assert "Epoch 1 is over" in person.note
        assert "PAUSED  epoch 1/3  iteration 32/96" in person.read("header")
        await person.press("n", "N")  # from within an epoch: to its end, not a whole one further
        await person.until(lambda: person.state == "paused")
        assert person.session.steps == 64
        await person.press("space")
        await person.until(lambda: person.session.steps > 64)
        await person.press("N")  # while running
        await person.until(lambda: person.state == "finished")
        assert person.session.steps == 96


async def test_when_the_run_is_over_n_and_capital_n_say_so_and_train_nothing(lab, fast):
    async with lab(epochs=1, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        for key in ("n", "N"):
            await person.press(key)
            assert "The run is over" in person.note
            assert person.session.steps == 32
            assert person.state == "finished"


async def test_r_starts_again_and_keeps_the_old_run_in_the_tree(lab):
    async with lab() as person:
        await person.press("n", "n", "n")
        old = person.session.trainer.history
        await person.press("r")
        assert person.state == "running"
        await person.until(lambda: person.session.steps >= 1)
        await person.press("space")
        assert [kept.history for kept in person.session.kept] == [old]
        assert len(old) == 3
        assert old.stopped.reason == "interrupted"
        assert "> recipe #1" in person.read("tree")
        assert "v recipe, seed 0" in person.read("tree")
        await person.press("r")
        await person.press("space")
        assert "recipe #2" in person.read("tree") or len(person.session.kept) == 1  # nothing trained: nothing to keep


# Settings -------------------------------------------------------------------------------------------------------------


async def test_typing_a_learning_rate(lab):
    async with lab() as person:
        await person.press("enter", *["backspace"] * 5)
        await person.type("0.02")
        assert person.session.run.training.optimizer.learning_rate == 0.001  # not before Enter
        await person.press("enter")
        assert person.setting("learning_rate").split()[-2:] == ["0.02", "~"]
        assert person.session.run.training.optimizer.learning_rate == 0.02
        assert "learning_rate 0.001 → 0.02" in person.note
        assert person.focus == "settings"
        assert "learning rate 0.02," in person.read("header")
        await person.press("n")
        assert person.session.trainer.history[-1].learning_rate == 0.02


async def test_a_digit_begins_typing_and_replaces_the_value(lab):
    async with lab() as person:
        await person.type("0.5")
        assert person.typing == "0.5"
        await person.press("enter")
        assert person.setting("learning_rate").split()[-2] == "0.5"


@pytest.mark.parametrize(
    ("keys", "typed"),
    [("0.05", "0.05"), ("5678", "5678"), ("\r" + "\x7f" * 5 + "0.05", "0.05"), ("\r...", "0.001..."), ("\r-5", "0.001-5")],
)
async def test_what_is_typed_in_one_packet_all_goes_into_the_field(lab, keys, typed):
    async with lab() as person:
        await person.burst(keys)
        assert person.typing == typed
        assert person.session.run.training.optimizer.learning_rate == 0.001
        assert person.lab.pace.speed == 1.0


async def test_a_value_and_its_enter_in_one_packet(lab):
    async with lab() as person:
        await person.burst("0.05\r")
        assert person.setting("learning_rate").split()[-2] == "0.05"
        assert person.focus == "settings"
        await person.burst("0.7\x1b")
        assert person.setting("learning_rate").split()[-2] == "0.05"


async def test_escape_restores(lab):
    async with lab() as person:
        await person.type("0.5")
        await person.press("escape")
        assert person.focus == "settings"
        assert person.setting("learning_rate").split()[-2] == "0.001"
        assert "learning_rate stays 0.001" in person.note
        assert person.state == "ready"


async def test_tab_accepts_and_leaves(lab):
    async with lab() as person:
        await person.type("0.5")
        await person.press("tab")
        assert person.focus == "tree"
        assert person.setting("learning_rate").split()[-2] == "0.5"
        assert person.typing is None


@pytest.mark.parametrize(
    ("label", "text", "said"),
    [
        ("learning_rate", "5000", "above 0 to 1000"),
        ("learning_rate", "0", "above 0 to 1000"),
        ("learning_rate", "1x", "a number, above 0 to 1000"),
        ("epochs", "0", "1 to 1000000"),
        ("batch_size", "1.5", "a whole number, 1 to 10000000"),
        ("hidden", "0 4", "1 to 4096"),
        ("validation", "7,", "0 to 100000"),
        ("seed", "-", "a whole number"),
    ],
)
async def test_a_wrong_value_is_named_with_its_range_while_typing_and_stays_open(lab, label, text, said):
    async with lab() as person:
        await person.at_row(label)
        old = person.setting(label).split()[-2]
        await person.press("enter", *["backspace"] * 8)
        await person.type(text)
        assert said in person.note
        assert label in person.note
        assert "! " in person.read("settings")  # beside the form, without colour
        await person.press("enter")
        assert person.typing == text
        await person.press("tab")
        assert person.typing is None
        assert person.setting(label).split()[-2] == old
        assert f"It stays {old}" in person.note
        assert "! " not in person.read("settings")


async def test_nothing_typed_is_wrong_too(lab):
    async with lab() as person:
        await person.press("enter", *["backspace"] * 5, "enter")
        assert person.typing == ""
        assert "above 0 to 1000" in person.note


async def test_derived_numbers_change_while_typing(lab):
    async with lab() as person:
        await person.at_row("epochs")
        assert "32/epoch, 96 in all" in person.read("settings")
        await person.press("1")
        assert "32/epoch, 32 in all" in person.read("settings")
        await person.press("0")
        assert "32/epoch, 320 in all" in person.read("settings")
        await person.press("escape")
        assert "32/epoch, 96 in all" in person.read("settings")
        await person.at_row("hidden")
        await person.type("8")
        assert "1169 parameters" in person.read("settings")
        await person.type(" 8")
        assert "1241 parameters" in person.read("settings")
        await person.press("enter")
        assert person.session.run.parameters == 1241
        await person.at_row("batch_size")
        await person.type("1000")
        assert "1/epoch, 3 in all" in person.read("settings")


async def test_left_and_right_nudge_on_1_2_5(lab):
    async with lab() as person:
        seen = []
        for key in ("right", "right", "right", "left", "left", "left", "left"):
            await person.press(key)
            seen.append(person.setting("learning_rate").split()[-2])
        assert seen == ["0.002", "0.005", "0.01", "0.005", "0.002", "0.001", "0.0005"]
        await person.at_row("activation")
        await person.press("right", "right")
        assert "tanh" in person.setting("activation")
        await person.at_row("batch_size")
        await person.press("left")
        assert person.setting("batch_size").split()[-2] == "16"
        assert "63/epoch, 189 in all" in person.read("settings")


async def test_every_value_of_a_choice_can_be_reached_with_right(lab):
    async with lab(settings=(("data.samples", [60]),)) as person:
        for label in ("data", "activation", "optimizer"):
            words = len(choices(session_field(label), person.session.document))
            await person.at_row(label)
            seen = set()
            for _ in range(words):
                await person.press("right")
                seen.add(person.setting(label).split()[-2])
            assert len(seen) == words, label
        assert person.setting("data").split()[-2] == "cats_dogs"  # once round


async def test_letters_typed_in_a_field_are_letters_and_outside_of_it_keys(lab):
    async with lab() as person:
        await person.at_row("batch_size")
        await person.press("enter", *["backspace"] * 2)
        await person.type("pqrtznN. -+")
        assert person.typing == "pqrtznN. -+"
        assert person.app.screen is person.lab
        assert (person.state, person.session.steps, person.lab.pace.speed) == ("ready", 0, 1.0)
        assert person.session.run.training.optimizer.learning_rate == 0.001
        await person.press(*["backspace"] * 11)
        await person.type("full")
        await person.press("enter")
        assert person.session.run.training.batch_size == "full"
        await person.press("n")
        assert person.session.steps == 1


async def test_enter_on_a_choice_opens_its_list(lab):
    async with lab() as person:
        await person.at_row("optimizer")
        await person.press("enter")
        assert isinstance(person.app.screen, Choice)
        assert "adam" in person.seen()
        await person.press("escape")
        assert person.app.screen is person.lab
        assert "adam" in person.setting("optimizer")
        await person.press("enter", "home", "enter")
        assert person.app.screen is person.lab
        assert "sgd" in person.setting("optimizer")
        assert person.session.run.training.optimizer.name == "sgd"
        assert person.focus == "settings"


async def test_a_digit_on_a_choice_does_nothing(lab):
    async with lab() as person:
        await person.at_row("activation")
        await person.press("7")
        assert person.focus == "settings"
        assert person.state == "ready"


async def test_data_of_another_kind_brings_its_own_second_plot(lab):
    async with lab(epochs=2) as person:
        await person.at_row("data")
        await person.press(*["right"] * (list(DATASETS).index("study_hours") - list(DATASETS).index("cats_dogs")))
        assert "study_hours" in person.setting("data")
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        assert "Accuracy" not in person.read("second")
        assert "Fit" in person.read("second") or "Mean absolute error" in person.read("second")


async def test_the_learning_rate_changes_live_while_training(lab):
    async with lab(epochs=None) as person:
        await person.press("tab")  # whatever has the focus
        await person.press("space")
        await person.until(lambda: person.session.steps >= 2)
        await person.press(".")
        assert person.state == "running"
        changes = person.session.trainer.history.changes
        assert [(change.key, change.old, change.new) for change in changes] == [("learning_rate", 0.001, 0.002)]
        assert f"learning_rate 0.001 → 0.002 from iteration {changes[0].iteration + 1} on" in person.note
        assert person.setting("learning_rate").split()[-2] == "0.002"
        await person.until(lambda: person.session.steps > changes[0].iteration)
        history = person.session.trainer.history
        rates = [metrics.learning_rate for metrics in history]
        assert rates == [0.001] * changes[0].iteration + [0.002] * (len(rates) - changes[0].iteration)
        await person.press("space", ",", ",")
        assert person.setting("learning_rate").split()[-2] == "0.0005"
        assert person.session.trainer.learning_rate == 0.0005


async def test_batch_size_and_epochs_change_live(lab):
    async with lab(epochs=None) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 2)
        await person.at_row("batch_size")
        await person.press("left")
        assert "batch_size 32 → 16 from iteration" in person.note
        at = person.session.trainer.history.changes[-1].iteration
        await person.until(lambda: person.session.steps > at)
        newest = person.session.trainer.history[-1]
        assert newest.samples_seen == 32 * at + 16 * (newest.iteration - at)
        await person.at_row("epochs")
        await person.press("4", "enter")
        assert "epochs 50 → 4 from iteration" in person.note
        assert person.state == "running"
        await person.press("space")
        assert "epoch 1/4" in person.read("header")
        first = at + math.ceil((1000 - 32 * at) / 16)
        assert f"/{first + 3 * 63} " in person.read("header") + " "
        assert person.session.all_steps == first + 3 * 63


async def test_more_epochs_let_a_finished_run_go_on(lab, fast):
    async with lab(epochs=1, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.at_row("epochs")
        await person.press("2", "enter")
        assert "PAUSED  epoch 1/2  iteration 32/64" in person.read("header")
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert person.session.steps == 64
        assert not person.session.kept


async def test_fewer_epochs_end_a_paused_run(lab):
    async with lab() as person:
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        await person.at_row("epochs")
        await person.press("1", "enter")
        assert person.state == "finished"
        assert "DONE  epoch 1/1  iteration 32/32" in person.read("header")


async def test_hidden_layers_wait_for_r_and_are_marked(lab):
    async with lab() as person:
        await person.press("n")
        await person.at_row("hidden")
        await person.press("8", "enter")
        assert "hidden 16 → 8: r starts again with it" in person.note
        assert person.setting("hidden").split()[1:] == ["hidden*", "8", "↻"]
        assert person.session.trainer.parameters.size == 2337
        await person.press("r", "space")
        assert person.setting("hidden").split()[1:] == ["hidden", "8", "↻"]
        assert person.session.trainer.parameters.size == 1169
        assert "1169 parameters" in person.read("settings")


async def test_before_the_first_batch_every_setting_is_taken_at_once(lab):
    async with lab() as person:
        await person.at_row("hidden")
        await person.press("8", "enter")
        assert "r starts" not in person.note
        assert "*" not in person.setting("hidden")
        assert person.session.trainer.parameters.size == 1169


async def test_a_setting_put_back_is_no_longer_marked_as_waiting(lab):
    async with lab() as person:
        await person.press("n")
        await person.at_row("activation")
        await person.press("right")
        assert "activation*" in person.setting("activation")
        await person.press("left")
        assert "relu" in person.setting("activation")
        assert "activation*" not in person.setting("activation")


async def test_the_learning_rate_that_another_optimizer_brings_is_not_shown_as_if_it_trained(lab):
    async with lab() as person:
        await person.press("n")
        await person.at_row("optimizer")
        await person.press("right")
        assert "optimizer*" in person.setting("optimizer")
        shown = float(person.setting("learning_rate").split()[-2])
        trained = person.session.trainer.learning_rate
        assert shown == trained or "learning_rate*" in person.setting("learning_rate")


# Pace -----------------------------------------------------------------------------------------------------------------


async def test_the_pace_halves_and_doubles_up_to_as_fast_as_it_goes_and_back(lab):
    async with lab() as person:
        seen = []
        for key in ["-"] * 5 + ["+"] * 5 + ["="] * 6:
            await person.press(key)
            seen.append(person.lab.pace.speed)
        assert seen[:5] == [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16]
        assert seen[5:] == [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64, math.inf]
        assert "Pace as fast as it goes" in person.note
        assert "pace max" in person.read("loop")
        await person.press("+")
        assert person.lab.pace.speed == math.inf
        await person.press("-")
        assert person.lab.pace.speed == 64
        assert "pace 64x" in person.read("loop")


async def test_a_faster_pace_is_felt_at_once(lab):
    async with lab(pace=1 / 16) as person:
        await person.press("space")
        for _ in range(11):
            await person.press("+")
        await person.until(lambda: person.state == "finished", patience=5.0)
        assert person.session.steps == 96


# Sheets ---------------------------------------------------------------------------------------------------------------


async def test_the_picker_filters_as_one_types_and_opens_with_enter(lab):
    async with lab() as person:
        await person.press("n")
        await person.press("p")
        assert isinstance(person.app.screen, Picker)
        everything = person.seen()
        assert "* The recipe" in everything  # the one that is open
        await person.type("handwritten digits")
        assert "Handwritten digits" in person.seen()
        assert "The recipe" not in person.seen()
        await person.press("enter")
        await person.until(lambda: "digits" in person.read("header"))
        assert person.app.screen is person.lab
        assert "READY  epoch 0/30" in person.read("header")
        await person.until(lambda: person.lab.lesson.preset.name == "digits")
        await person.press("n")
        assert person.session.steps == 1


async def test_the_picker_closes_with_escape_and_changes_nothing(lab):
    async with lab() as person:
        await person.press("n", "p", "q", "n")  # letters are a search here
        assert isinstance(person.app.screen, Picker)
        assert "nothing has 'qn' in it" in person.seen()
        await person.press("enter")
        assert isinstance(person.app.screen, Picker)
        await person.press("escape")
        assert person.app.screen is person.lab
        assert person.session.preset.name == "recipe"
        assert person.session.steps == 1


async def test_the_arrows_choose_in_the_picker(lab):
    async with lab() as person:
        names = [entry.name for entry in person.lab.entries()]
        await person.press("p", "down", "enter")
        await person.until(lambda: person.app.screen is person.lab)
        assert person.session.preset.name == names[names.index("recipe") + 1]


async def test_another_preset_while_training_stops_the_old_one(lab):
    async with lab(epochs=None) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 2)
        old = person.session
        await person.press("p")
        assert person.state == "running"  # a look at the list is no pause
        await person.type("day79-study-hours")
        await person.press("enter")
        await person.until(lambda: person.session is not old)
        done = old.steps
        await asyncio.sleep(0.3)
        assert old.steps == done
        assert person.state == "ready"
        assert person.session.steps == 0


async def test_help_opens_with_every_key_and_closes(lab):
    async with lab(size=(120, 50)) as person:
        await person.press("tab", "?")  # from the tree, which shows many words at once
        assert isinstance(person.app.screen, Help)
        screen = person.seen()
        for key in KEYS:
            assert key.help[:60] in screen
        await person.press("escape")
        assert person.app.screen is person.lab


async def test_help_can_be_scrolled_where_it_does_not_fit(lab):
    async with lab(size=(80, 24)) as person:
        await person.press("tab", "?")
        assert "Any of these keys can be another one" not in person.seen()
        await person.press("end")
        await person.until(lambda: "Any of these keys can be another one" in person.seen(), patience=3.0)
        await person.press("?")
        assert person.app.screen is person.lab


@pytest.mark.parametrize("key", [":", "ctrl+p"])
async def test_the_palette_runs_what_it_lists(lab, key):
    async with lab() as person:
        await person.press(key)
        assert person.app.screen is not person.lab
        await person.press("escape")
        assert person.app.screen is person.lab
        await person.press(key)
        await person.type("One batch")
        await person.until(lambda: "One batch (pauses first)" in person.seen())
        await person.press("enter")
        await person.until(lambda: person.session.steps == 1)
        assert person.app.screen is person.lab


async def test_the_palette_over_a_field_that_is_typed_in_does_not_empty_the_screen(lab):
    async with lab() as person:
        await person.press("5", "ctrl+p")
        await person.type("The focused pane")
        await person.until(lambda: "The focused pane on the whole screen" in person.seen())
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)
        await person.settle()
        assert any(person.lab.query_one(f"#{name}").size.width for name in PANES), person.seen()


# What is in sight -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", ["z", "escape"])
async def test_z_gives_each_pane_the_whole_screen_and_takes_it_back(lab, back):
    async with lab() as person:
        await person.press("n")
        whole = person.seen()
        for name in PANES:
            assert person.focus == name
            await person.press("z")
            await person.settle()
            sizes = {one: person.lab.query_one(f"#{one}").size for one in PANES}
            assert sizes[name].width >= 117
            assert sizes[name].height >= 36
            assert not any(size.width for one, size in sizes.items() if one != name)
            assert person.focus == name
            await person.press("n")  # keys work, and a curve is drawn for its new size
            if name in ("loss", "second"):
                assert max(map(len, person.read(name).splitlines())) == sizes[name].width
            await person.press(back)
            await person.settle()
            assert all(person.lab.query_one(f"#{one}").size.width for one in PANES)
            assert len(person.seen().splitlines()) == len(whole.splitlines())
            await person.press("tab")


async def test_t_hides_and_shows_the_lesson_beside_the_lab(lab):
    async with lab() as person:
        before = person.lab.query_one("#loss").size.width
        await person.press("t")
        await person.settle()
        assert "Lesson" not in person.seen()
        assert person.lab.query_one("#loss").size.width > before + 25
        await person.press("t")
        await person.settle()
        assert "Lesson " in person.seen()
        assert person.focus == "lesson"
        assert person.lab.query_one("#loss").size.width == before


async def test_t_swaps_the_left_column_for_the_lesson_at_80x24(lab):
    async with lab(size=(80, 24)) as person:
        await person.press("t")
        await person.settle()
        screen = person.seen()
        assert "Lesson " in screen
        assert "Loss" in screen
        assert "Settings" not in screen
        assert screen.splitlines()[1].lstrip("│").startswith("━ Lesson")  # it stands at the left
        await person.press("space")
        assert person.state == "running"
        await person.press("space", "t")
        await person.settle()
        assert "Lesson" not in person.seen()
        assert "Settings" in person.seen()
        assert person.focus == "settings"


async def test_enter_in_the_lesson_uncovers_one_answer_after_another(lab):
    async with lab() as person:
        questions = person.session.preset.sheet.question
        person.lab.lesson.focus()
        for uncovered in (*range(len(questions) + 1), 0):
            shown = " ".join(person.read("lesson-questions").split())
            assert [question.answer in shown for question in questions] == [
                index < uncovered for index in range(len(questions))
            ]
            assert all(question.asks in shown for question in questions)
            await person.press("enter")


async def test_resizing_while_training_keeps_everything_in_sight_and_loses_no_iteration(lab):
    async with lab(epochs=None) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 2)
        for width, height in ((80, 24), (200, 50), (120, 40), (79, 23), (120, 40)):
            before = person.session.steps
            await person.resize(width, height)
            await person.until(lambda before=before: person.session.steps > before)
            lines = person.seen().splitlines()
            assert len(lines) == height
            assert max(map(len, lines)) <= width
            for part in ("RUNNING", "Settings", "Progress", "Loss", "Accuracy", "forward", "? keys"):
                assert part in "\n".join(lines), (part, width, height)
            assert ("Lesson " in "\n".join(lines)) == (width >= 110)
            for name in ("loss", "second"):
                pane = person.canvas(name)
                drawn = person.read(name).splitlines()
                assert len(drawn) == pane.size.height
                assert max(map(len, drawn)) == pane.size.width
        await person.press("space")
        history = person.session.trainer.history
        assert [metrics.iteration for metrics in history] == list(range(1, len(history) + 1))
        alone = Trainer(load_preset("recipe").runs[0])
        assert list(history) == [alone.step() for _ in range(len(history))]


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 12), (300, 90)])
async def test_no_size_breaks_it(lab, size):
    async with lab() as person:
        await person.press("n")
        await person.resize(*size)
        await person.press("n", "tab", "z", "n", "t", "n")
        await person.resize(120, 40)
        assert person.session.steps == 4
        assert "iteration 4/96" in person.read("header")


async def test_when_the_pane_with_the_focus_goes_out_of_sight_another_one_has_it(lab):
    async with lab() as person:
        person.lab.lesson.focus()
        await person.settle()
        await person.resize(80, 24)
        assert person.focus in ("settings", "tree", "loss", "second")


async def test_another_theme_is_drawn_at_once(lab):
    async with lab() as person:
        await person.press("n")
        heading = person.canvas("settings")

        def colours():
            return [segment.style.color for segment in heading.render_line(0) if segment.style], heading.rich_style.bgcolor

        before, text = colours(), person.read("settings")
        person.app.theme = "textual-light"
        await person.until(lambda: colours() != before)
        assert colours()[1] != before[1]
        assert person.read("settings") == text
        assert "READY" not in person.seen()
        assert "PAUSED" in person.seen()


# The tree -------------------------------------------------------------------------------------------------------------


async def test_the_tree_follows_until_somebody_moves_and_again_after_end(lab):
    async with lab(size=(80, 24)) as person:
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        await person.press("n", "n", "n", "n", "n", "n", "n")
        assert "* 7 " in person.read("tree")
        await person.press("tab", "home")
        assert "End" in person.read("tree").splitlines()[0]  # how one comes back
        await person.press("n")
        assert "* 8 " not in person.read("tree")
        await person.press("down", "enter")  # open the first epoch
        assert "v 1 " in person.read("tree")
        assert "     1 " in person.read("tree")
        await person.press("left")
        assert "> 1 " in person.read("tree")
        await person.press("end")
        assert "* 8 " in person.read("tree")
        assert person.lab.progress.following


async def test_every_row_of_the_tree_can_be_reached(lab, fast):
    async with lab(epochs=2, size=(80, 24), pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.press("tab", "home", "down", "right")
        tree = person.lab.query_one(ProgressTree)
        batches = []
        for _ in range(34):
            tree.action_move(1)
            batches.append(tree.cursor)
        assert [node.iteration for node in batches[:32]] == list(range(32))
        assert (batches[32].epoch, batches[32].iteration) == (2, -1)
        assert tree.following  # below the last row


# Quitting -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_q_quits_at_once_when_paused(lab, key):
    async with lab() as person:
        await person.press("n", key)
        assert person.app.return_code == 0


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_q_asks_while_training(lab, tasks, key):
    before = tasks()
    async with lab(epochs=None) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 1)
        await person.press(key)
        assert isinstance(person.app.screen, Ask)
        assert "Training is running. Quit?" in person.seen()
        done = person.session.steps
        await person.until(lambda: person.session.steps > done)  # the question does not pause
        await person.press("n")
        assert person.app.screen is person.lab
        assert person.state == "running"
        assert person.app.return_code is None
        await person.press(key, "escape")
        assert person.app.return_code is None
        await person.press(key, "enter")
        assert person.app.return_code == 0
        assert person.state != "running"
        done = person.session.steps
    await asyncio.sleep(0.1)
    assert person.session.steps == done
    assert tasks() == before


async def test_the_app_can_be_ended_in_the_midst_of_training(lab, tasks, fast):
    before = tasks()
    async with lab(epochs=None, pace=fast, settings=(("training.epochs", [100_000]),)) as person:
        person.lab.action_start_pause()
        await person.until(lambda: person.session.steps > 100)
        person.app.exit()
    done = person.session.steps
    await asyncio.sleep(0.05)
    assert person.session.steps == done
    assert tasks() == before


async def test_keys_are_answered_while_it_trains_as_fast_as_it_goes(lab, fast):
    async with lab(epochs=None, pace=fast, settings=(("training.epochs", [100_000]),)) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps > 100)
        await person.press("space")
        assert person.state == "paused"
        assert 100 < person.session.steps < 3_200_000
        assert f"iteration {person.session.steps}/3200000" in person.read("header")


# Comparisons, regression, divergence ----------------------------------------------------------------------------------


async def test_three_runs_stand_in_the_tree_and_in_the_curves_under_their_letters(lab, fast):
    async with lab("lr-big-medium-tiny", pace=fast) as person:
        tree = person.read("tree").splitlines()
        assert [line.split()[1] for line in tree[1:4]] == ["big", "medium", "tiny"]
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        final = [f"{trainer.history.epochs[-1].validation.loss:.3f}" for trainer in person.session.trainers]
        loss = person.read("loss").splitlines()
        assert (
            "  ".join(f"{name}: {value}" for name, value in zip(("b big", "m medium", "t tiny"), final, strict=True))
            in loss[0]
        )
        assert all(any(letter in line for line in loss[1:]) for letter in "bmt")
        told = (f"{name} {value}" for name, value in zip(("big", "medium", "tiny"), final, strict=True))
        assert f"Validation loss: {', '.join(told)}" in person.note
        await person.resize(200, 50)  # room for the names
        assert "line: train, letter: validation" in person.read("loss")
        await person.resize(80, 24)  # and for the letters alone
        assert "  ".join(f"{letter}: {value}" for letter, value in zip("bmt", final, strict=True)) in person.read("loss")
        assert [trainer.iteration for trainer in person.session.trainers] == [96, 96, 96]


async def test_a_comparison_goes_forward_evenly(lab):
    async with lab("lr-big-medium-tiny") as person:
        await person.press("n")
        assert [trainer.iteration for trainer in person.session.trainers] == [1, 1, 1]
        await person.press("space")
        await person.until(lambda: person.session.steps >= 8)
        await person.press("space")
        iterations = [trainer.iteration for trainer in person.session.trainers]
        assert max(iterations) - min(iterations) <= 1


async def test_selecting_a_run_shows_its_rate_and_an_edit_where_runs_differ_is_its_own(lab):
    async with lab("lr-big-medium-tiny") as person:
        assert person.setting("learning_rate").split()[-2] == "0.1"
        await person.press("tab", "home", "down", "down")
        assert person.setting("learning_rate").split()[-2] == "1e-05"
        assert "Settings  tiny" in person.read("settings")
        assert "tiny" in person.read("header")
        await person.at_row("learning_rate")
        await person.press("0")
        await person.type(".3")
        await person.press("enter")
        assert "tiny: learning_rate 1e-05 → 0.3" in person.note
        assert [run.training.optimizer.learning_rate for run in person.session.runs] == [0.1, 0.001, 0.3]
        await person.at_row("epochs")
        await person.press("4", "enter")
        assert "epochs 3 → 4" in person.note
        assert "tiny" not in person.note
        assert [run.training.epochs for run in person.session.runs] == [4, 4, 4]
        await person.press("n", ".")
        assert [trainer.learning_rate for trainer in person.session.trainers] == [0.1, 0.001, 0.5]


async def test_day79_shows_the_fitted_curve_over_its_points(lab, fast):
    async with lab("day79-study-hours", epochs=None, pace=fast) as person:
        second = person.read("second")
        assert second.splitlines()[0].startswith("─ Fit")
        assert "train +" in second
        assert "validation o" in second
        plot = second.splitlines()[1:]
        assert sum(line.count("+") for line in plot) == 6
        assert sum(line.count("o") for line in plot) == 2
        before = plot
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert person.read("second").splitlines()[1:] != before
        assert "1/epoch, 50 in all" in person.read("settings")
        assert "epoch 50/50  iteration 50/50" in person.read("header")


async def test_a_run_that_diverges_says_so_and_nothing_breaks(lab, fast):
    settings = (("training.optimizer.learning_rate", [1.0]),)
    async with lab("day79-study-hours", epochs=100, pace=fast, settings=settings) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        diverged = person.session.trainer.history.diverged
        assert diverged is not None
        assert f"diverged at epoch {diverged.epoch}, iteration {diverged.iteration}" in person.note
        assert f"diverged at {diverged.iteration}" in person.read("tree")
        assert "x" in "".join(person.read("loss").splitlines()[1:])  # where the numbers are lost
        for width, height in ((80, 24), (200, 50)):
            await person.resize(width, height)
            assert f"diverged at {diverged.iteration}" in person.seen()
        await person.press("n", "r")
        await person.until(lambda: person.state == "finished")
        assert person.read("tree").count("diverged") == 2


# Kept honest ----------------------------------------------------------------------------------------------------------


async def test_panes_are_the_stops_of_tab(lab):
    async with lab() as person:
        stops = [widget.id for widget in person.lab.focus_chain]
        assert stops == PANES
        assert isinstance(person.lab.query_one("#lesson"), LessonPane)
        assert all(isinstance(person.lab.query_one(f"#{name}"), Curves) for name in ("loss", "second"))


async def test_paint_asks_for_no_more_than_what_changed(lab):
    async with lab() as person:
        await person.press("n")
        person.lab.frame()
        asked = []
        for canvas in person.lab.query("Canvas"):
            canvas.refresh = lambda *regions, name=canvas.id, **_: asked.append((name, regions))
        person.lab.frame()
        person.lab.show_form()
        assert asked == []
        next(person.session.one_batch())
        person.lab.frame()
        assert {name for name, _ in asked} >= {"header", "tree", "loss", "second", "loop"}
        assert "settings" not in {name for name, _ in asked}
        assert all(region.height == 1 for _, regions in asked for region in regions)
        assert sum(len(regions) for name, regions in asked if name == "header") == 1


def test_a_change_in_the_session_is_the_same_event_that_the_trainer_records():
    session = Session(load_preset("recipe"))
    session.advance()
    session.edit(session_field("learning_rate"), 0.5)
    assert session.trainer.history.changes == [Changed(1, "learning_rate", 0.001, 0.5)]


def session_field(label: str):
    from tui.form import FIELDS

    return next(field for field in FIELDS if field.label == label)


async def test_control_characters_of_a_preset_are_shown_and_never_obeyed(lab):
    title = "red\x1b[31m\x07 and\x9b2J more"
    async with lab("recipe", settings=(("title", [title]),)) as person:
        assert "red?[31m? and?2J more" in person.note
        note = person.canvas("note")
        drawn = "".join(segment.text for segment in note.render_line(0))
        assert "red?[31m? and?2J more" in drawn
        assert all(character.isprintable() for character in drawn)


# Comparisons and divergence, as a reviewer met them --------------------------------------------------------------------


async def test_runs_made_by_set_are_told_apart_in_tree_and_curves_at_every_size(lab):
    rates = (("training.optimizer.learning_rate", [0.1, 0.01, 0.001]),)
    async with lab(settings=rates) as person:
        await person.press("n")
        for size in ((120, 40), (80, 24), (200, 50)):
            await person.resize(*size)
            tree = person.read("tree")
            assert all(name in tree for name in ("a 0.1", "b 0.01", "c 0.001"))
            assert all(f"{letter} " in person.read("loss") or f"{letter}:" in person.read("loss") for letter in "abc")
        assert "a 0.1: " in person.read("loss")


async def test_while_following_the_arrows_go_from_run_to_run(lab):
    async with lab("lr-big-medium-tiny", epochs=20) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 6)
        person.lab.progress.focus()
        for name, rate in (("medium", "0.001"), ("tiny", "1e-05")):
            await person.press("down")
            await person.until(lambda name=name: person.session.run.name == name)
            assert person.lab.progress.following
            assert person.setting("learning_rate").split()[-2] == rate
        await person.press("full_stop")
        assert person.session.trainers[2].learning_rate == 2e-05
        assert [trainer.learning_rate for trainer in person.session.trainers[:2]] == [0.1, 0.001]
        await person.press("up")
        await person.until(lambda: person.session.run.name == "medium")


async def test_a_divergence_is_said_once_and_at_the_end_stands_in_the_header(lab, fast):
    settings = (("training.optimizer.name", ["sgd"]), ("training.optimizer.learning_rate", [100.0]))
    async with lab(settings=(*settings, ("network.activation", ["identity"])), pace=fast) as person:
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        diverged = person.session.trainer.history.diverged
        assert diverged is not None
        assert f"diverged at epoch {diverged.epoch}, iteration {diverged.iteration}" in person.note
        assert "^" in person.read("loss")
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert "DIVERGED" in person.read("header")


async def test_the_header_says_what_trains_and_the_form_what_waits(lab):
    async with lab() as person:
        await person.press("n")
        await person.at_row("optimizer")
        await person.press("left", "left")
        assert "learning rate 0.001, batch 32" in person.read("header")
        assert "0.01 ↻" in person.setting("learning_rate")


async def test_a_setting_without_a_row_is_told_by_the_row_of_its_table(lab):
    async with lab(settings=(("training.optimizer.beta1", [0.5]),)) as person:
        await person.press("n")
        await person.at_row("optimizer")
        await person.press(*["right"] * len(OPTIMIZERS))
        assert "adam" in person.setting("optimizer")
        assert "optimizer*" in person.setting("optimizer")  # beta1 is back at its default


async def test_an_accuracy_that_does_not_exist_is_not_drawn(lab, fast):
    async with lab(settings=(("data.name", ["moons", "study_hours"]),), pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert "nan" not in person.read("second").lower()
        assert "study_hours" not in person.read("second")
        assert "study_hours" in person.read("loss")


async def test_without_validation_the_first_frame_is_not_empty(lab):
    async with lab(settings=(("data.validation", [0]),)) as person:
        assert "training blind" in person.read("loss")
        assert "1.0┤" in person.read("second")
        assert "-" not in person.read("loss").splitlines()[2]


async def test_runs_that_stopped_within_an_epoch_come_to_its_end_together(lab):
    async with lab("lr-big-medium-tiny") as person:
        session = person.session
        steps = session.one_epoch()
        for _ in range(40):
            next(steps)
        for _ in session.one_epoch():
            pass
        assert [trainer.epoch for trainer in session.trainers] == [1, 1, 1]
        assert all(trainer.at_epoch_end for trainer in session.trainers)
