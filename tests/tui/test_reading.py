"""Somebody reads the curves like an instrument: a cursor, zoom and pan, other units, other scales, and more curves."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from tui.canvas import plain
from tui.figures import percent, short
from tui.panes.curves import Curves
from tui.plots.legends import exactly
from tui.viewing import Lit

SIZES = [(80, 24), (120, 40), (200, 50)]
at_every_size = pytest.mark.parametrize("size", SIZES)


async def trained(person, iterations: int) -> None:
    """So many batches, and the focus on the loss."""
    for _ in range(iterations):
        for _ in person.session.one_batch():
            pass
    person.lab.frame()
    person.lab.query_one("#loss").focus()
    await person.until(lambda: person.focus == "loss")
    await person.settle()


def title(person, name: str = "loss") -> str:
    return person.read(name).splitlines()[0]


def area(person, name: str = "loss") -> list[str]:
    """What is drawn between the axes."""
    lines = person.read(name).splitlines()[1:]
    left, right = lines[0].index("┌") + 1, lines[0].index("┐")
    bottom = next(number for number, each in enumerate(lines) if "└" in each)
    return [each.ljust(right)[left:right] for each in lines[1:bottom]]


def cursor_column(person, name: str = "loss") -> int | None:
    """The column that the cursor's line is in."""
    found = {at for row in area(person, name) for at, cell in enumerate(row) if cell == "│"}
    assert len(found) <= 1
    return found.pop() if found else None


def ticks(person, name: str = "loss") -> list[str]:
    return person.read(name).splitlines()[-1].split()


# The cursor -------------------------------------------------------------------------------------------------------------


@at_every_size
async def test_the_cursor_reads_exact_values_on_both_plots(lab, size):
    async with lab("recipe", epochs=4, size=size) as person:
        await trained(person, 70)
        before = area(person), area(person, "second")
        await person.press("left")
        history = person.session.trainer.history
        assert person.lab.viewing.cursor == 70
        newest = history[69]
        for name, value in (("loss", exactly(newest.batch_loss)), ("second", percent(newest.batch_accuracy, 2))):
            assert value in title(person, name)
            assert re.search(r"(it|iteration) 70\b", title(person, name))
        assert cursor_column(person) is not None
        assert exactly(history.epochs[1].validation.loss) in title(person)  # epoch 3 has not ended
        await person.press("left", "left", "left")
        at = person.lab.viewing.cursor
        assert 60 < at < 70
        assert exactly(history[at - 1].batch_loss) in title(person)
        # the cursor's line alone is new: nothing else has moved
        for name, old in zip(("loss", "second"), before, strict=True):
            column = cursor_column(person, name)
            for was, now in zip(old, area(person, name), strict=True):
                assert now == was[:column] + (was[column] if was[column] != " " else "│") + was[column + 1 :]


async def test_left_and_right_go_by_columns_and_back(lab):
    async with lab("recipe", epochs=20, size=(80, 24)) as person:
        await trained(person, 500)  # so that several iterations share a column
        await person.press("left")
        places = [person.lab.viewing.cursor]
        columns = [cursor_column(person)]
        for _ in range(6):
            await person.press("left")
            places.append(person.lab.viewing.cursor)
            columns.append(cursor_column(person))
        assert all(before - after >= 2 for before, after in pairwise(places))
        assert [before - after for before, after in pairwise(columns)] == [1] * 6
        for expected in reversed(places[:-1]):
            await person.press("right")
            assert person.lab.viewing.cursor == expected
        await person.press("right")
        assert person.lab.viewing.cursor == places[0]  # there is nothing newer


async def test_home_is_the_first_and_end_goes_along_with_the_newest(lab):
    async with lab("recipe", epochs=4, size=(120, 40)) as person:
        await trained(person, 40)
        await person.press("home")
        assert person.lab.viewing.cursor == 1
        await person.press("end")
        assert person.lab.viewing.cursor == 40
        await person.press("n", "n")
        assert person.lab.viewing.cursor == 42
        assert exactly(person.session.trainer.history[41].batch_loss) in title(person)
        await person.press("left", "n")
        assert person.lab.viewing.cursor < 42  # left alone, it stays


@at_every_size
async def test_all_runs_of_a_comparison_are_read_at_once_by_letter(lab, size):
    async with lab("lr-big-medium-tiny", epochs=3, size=size) as person:
        await trained(person, 50)
        await person.press("home", *["right"] * 12)
        at = person.lab.viewing.cursor
        assert 1 < at < 50
        for letter, trainer in zip("bmt", person.session.trainers, strict=True):
            assert f"{letter} {exactly(trainer.history[at - 1].batch_loss)}" in title(person)
            assert f"{letter} {percent(trainer.history[at - 1].batch_accuracy, 2)}" in title(person, "second")


async def test_runs_with_other_batch_sizes_are_read_at_the_same_epoch(lab):
    async with lab("batch-8-32-128", epochs=3, size=(200, 50)) as person:
        session = person.session
        while min(len(one.history.epochs) for one in session.trainers) < 2:
            session.advance()
        await trained(person, 0)
        await person.press("home", *["right"] * 30)
        sight = person.canvas("loss").picture.sight
        for letter, trainer in zip("abc", session.trainers, strict=True):
            iteration = sight.scale.iteration_at(trainer.history, sight.at)
            per_epoch = trainer.run.iterations_per_epoch()
            assert iteration / per_epoch == pytest.approx(sight.at, abs=1.01 / per_epoch)
            assert f"{letter} {exactly(trainer.history[iteration - 1].batch_loss)}" in title(person)


async def test_escape_puts_away_first_the_cursor_then_the_window_then_the_zoom_of_the_pane(lab):
    async with lab("recipe", epochs=4, size=(120, 40)) as person:
        await trained(person, 60)
        await person.press("z", "left", "up")
        viewing = person.lab.viewing
        assert viewing.cursor is not None
        assert viewing.window is not None
        assert person.lab.zoomed is not None
        await person.press("escape")
        assert (person.lab.viewing.cursor, person.lab.viewing.window) == (None, viewing.window)
        assert cursor_column(person) is None
        await person.press("escape")
        assert person.lab.viewing.window is None
        assert person.lab.zoomed is not None
        await person.press("escape")
        assert person.lab.zoomed is None


async def test_others_are_told_where_the_cursor_is(lab, monkeypatch):
    told = []
    async with lab("recipe", epochs=2, size=(120, 40)) as person:
        post = Curves.post_message

        def spy(pane, message):
            told.append(message.iteration) if isinstance(message, Curves.CursorMoved) else None
            return post(pane, message)

        monkeypatch.setattr(Curves, "post_message", spy)
        await trained(person, 30)
        await person.press("left", "home", "n", "escape")
        assert told == [30, 1, None]


async def test_every_key_of_a_plot_has_an_answer_where_there_is_nothing_to_read(lab):
    async with lab("recipe", epochs=2, size=(120, 40)) as person:
        person.lab.query_one("#loss").focus()
        for key in ("left", "right", "home", "end", "up", "down", "pageup", "pagedown", "enter"):
            person.lab.say("nothing yet")
            await person.press(key)
            assert person.note.startswith("There is nothing to read yet")
        assert person.lab.viewing.cursor is None
    async with lab("gd-variants", epochs=2, size=(120, 40)) as person:
        await trained(person, 5)
        assert person.canvas("second").picture.sight is None
        person.lab.query_one("#second").focus()
        await person.press("left")
        assert "Tab goes to the loss" in person.note


async def test_the_keys_are_told_in_the_title_of_the_focused_pane_where_there_is_room(lab):
    async with lab("recipe", epochs=2, size=(200, 50)) as person:
        await trained(person, 20)
        assert "← → cursor" in title(person)
        assert "← →" not in title(person, "second")
        await person.press("left")
        assert "Esc" in title(person)
        await person.resize(80, 24)
        assert "Esc" not in title(person)


# Zoom and pan -----------------------------------------------------------------------------------------------------------


@at_every_size
async def test_zooming_in_keeps_the_cursor_where_it_is_and_ends_at_single_iterations(lab, size):
    async with lab("recipe", epochs=8, size=size) as person:
        await trained(person, 200)
        await person.press("home", *["right"] * 15)
        at, column = person.lab.viewing.cursor, cursor_column(person)
        widths = [200.0]
        for _ in range(12):
            await person.press("up")
            low, high = person.lab.viewing.window
            assert low <= at <= high
            widths.append(high - low)
        assert abs(cursor_column(person) - column) <= 1
        assert widths[2] == pytest.approx(widths[1] / 2)
        assert widths[-1] >= 3
        assert person.note == "This is as close as it goes"
        assert all(label == "it" or label.isdigit() for label in ticks(person))
        await person.press("left")
        assert person.lab.viewing.cursor == at - 1
        await person.press("right", "right")
        assert person.lab.viewing.cursor == at + 1
        for _ in range(12):
            await person.press("left")
        assert person.lab.viewing.cursor == at - 11
        low, high = person.lab.viewing.window
        assert low <= at - 11 <= high  # the window goes along
        await person.press("enter")
        assert person.lab.viewing.window is None
        await person.press("down")
        assert person.note == "All of it is in sight"


async def test_pages_move_the_window_and_never_out_of_what_there_is(lab):
    async with lab("recipe", epochs=8, size=(120, 40)) as person:
        await trained(person, 200)
        await person.press("up", "up", "pageup")
        low, high = person.lab.viewing.window
        for _ in range(10):
            await person.press("pageup")
        first = person.lab.viewing.window
        assert first == (0.0, pytest.approx(high - low))
        assert "nothing further" in person.note
        await person.press("pagedown")
        assert person.lab.viewing.window == (pytest.approx((high - low) / 2), pytest.approx(1.5 * (high - low)))
        await person.press("enter", "pageup")
        assert "Up zooms in first" in person.note


async def test_a_window_at_the_newest_goes_along_with_it_and_one_before_it_stays(lab, fast):
    async with lab("recipe", epochs=8, size=(120, 40), pace=fast) as person:
        await trained(person, 60)
        await person.press("up", "up")
        low, high = person.lab.viewing.window
        assert low < 60 < high
        person.lab.query_one("#loss")
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.settle()
        sight = person.canvas("loss").picture.sight
        assert sight.low < person.session.trainer.iteration <= sight.high
        assert sight.high - sight.low == pytest.approx(high - low)
        await person.press("pageup", "pageup", "pageup")
        assert not person.lab.viewing.follow
    async with lab("recipe", epochs=8, size=(120, 40)) as person:
        await trained(person, 60)
        await person.press("home", "up", "up")
        window = person.lab.viewing.window
        assert window[1] < 60
        await trained(person, 40)
        sight = person.canvas("loss").picture.sight
        assert (sight.low, sight.high) == window


async def test_starting_again_shows_all_of_it_and_keeps_the_ways_to_draw(lab):
    async with lab("recipe", epochs=4, size=(120, 40)) as person:
        await trained(person, 60)
        await person.view("e", "X")
        await person.press("left", "up")
        await person.press("r", "space")
        viewing = person.lab.viewing
        assert (viewing.cursor, viewing.window, viewing.follow, viewing.lit) == (None, None, True, None)
        assert (viewing.smoothing, viewing.log_x) == (0.6, True)


# Units and scales -------------------------------------------------------------------------------------------------------


@at_every_size
async def test_x_is_epochs_iterations_samples_or_seconds(lab, size):
    async with lab("recipe", epochs=4, size=size) as person:
        await trained(person, 128)
        trainer = person.session.trainer
        assert ticks(person)[-1] == "4"
        plots = [area(person)]
        await person.view("x")
        assert ticks(person)[-1] in ("120", "125", "100")
        assert "x: iterations" in title(person)
        assert area(person) == plots[0]  # an axis of epochs is one of iterations, with other words on it
        await person.view("x")
        assert ticks(person)[-1] == "4000"
        await person.press("end")
        sight = person.canvas("loss").picture.sight
        assert sight.at == trainer.samples_seen == 4000
        await person.view("x")
        sight = person.canvas("loss").picture.sight
        assert sight.at == trainer.history[127].seconds
        assert sight.high == pytest.approx(trainer.seconds)
        assert sight.scale.iteration_at(trainer.history, sight.at) == 128
        await person.view("x")
        assert ticks(person)[-1] == "4"


async def test_logarithmic_axes_and_back(lab):
    async with lab("recipe", epochs=4, size=(120, 40)) as person:
        await trained(person, 128)
        linear = area(person), area(person, "second")
        await person.view("y")
        labels = re.findall(r"^ *([\d.e-]+)┤", person.read("loss"), re.MULTILINE)
        assert "0.1" in labels
        assert area(person, "second") == linear[1]
        await person.view("y", "X")
        axes = person.canvas("loss").picture.axes
        assert axes.log_x
        assert axes.x_low == 1.0
        assert area(person, "second") != linear[1]
        await person.view("X")
        assert (area(person), area(person, "second")) == linear


async def test_smoothing_draws_the_average_over_the_raw_curve_and_reads_both(lab):
    async with lab("recipe", epochs=4, size=(120, 40)) as person:
        await trained(person, 100)
        steps = []
        for _ in range(5):
            await person.view("e")
            steps.append(person.lab.viewing.smoothing)
        assert steps == [0.6, 0.9, 0.97, 0.99, 0.0]
        await person.view("e", "e")
        roles = {role for row in person.canvas("loss").rows for _, role in row}
        assert {"faint", "train"} <= roles
        moment = 0.0
        losses = person.session.trainer.history.column("batch_loss").tolist()
        for loss in losses:
            moment = 0.9 * moment + 0.1 * loss
        assert re.search(r"smooth(ing)? 0\.9", title(person))
        await person.press("left")
        assert f"smooth {exactly(moment / (1 - 0.9**100))}" in title(person)
        assert exactly(losses[-1]) in title(person)


async def test_outliers_are_left_out_of_the_scale_and_it_is_said(lab):
    async with lab("recipe", epochs=4, size=(120, 40)) as person:
        await trained(person, 100)
        await person.view("f")
        assert "no outliers" in title(person)
        await person.view("f")
        for rate in (0.5, 0.001):
            person.session.trainer.change("learning_rate", rate)
            await trained(person, 2)
        assert "^" not in "".join(area(person))
        high = float(re.findall(r"^ *([\d.]+)┤", person.read("loss"), re.MULTILINE)[0])
        await person.view("f")
        assert re.search("outliers out|clipped", title(person))
        assert "^" in area(person)[0]
        assert float(re.findall(r"^ *([\d.]+)┤", person.read("loss"), re.MULTILINE)[0]) < high
        await person.view("f")
        assert "outliers" not in title(person)
        assert "^" not in "".join(area(person))


async def test_the_sheet_says_how_the_curves_are_drawn_now(lab):
    async with lab("recipe", epochs=2, size=(120, 40)) as person:
        await person.press("v")
        await person.settle()
        await person.press("x", "x", "e", "X")
        await person.settle()
        seen = person.seen()
        for text in ("Unit of x  samples", "Scale of x  logarithmic", "Smoothing  0.6", "Outliers  in"):
            assert text in seen


# Marks ------------------------------------------------------------------------------------------------------------------


@at_every_size
async def test_a_changed_learning_rate_is_marked_on_both_plots_and_named_at_the_cursor(lab, size):
    async with lab("recipe", epochs=4, size=size) as person:
        await trained(person, 40)
        await person.press(".")
        await trained(person, 40)
        tops = [person.read(name).splitlines()[1] for name in ("loss", "second")]
        assert [top.count("r") for top in tops] == [1, 1]
        await person.press("home")
        while person.lab.viewing.cursor < 41:
            await person.press("right")
        assert "learning_rate 0.001 → 0.002" in title(person)
        await person.press("home")
        assert "learning_rate" not in title(person)


async def test_the_smallest_validation_loss_has_a_mark_and_its_value_where_there_is_room(lab, fast):
    async with lab("recipe", epochs=50, size=(200, 50), pace=fast) as person:
        assert "*" not in "".join(area(person))
        person.lab.query_one("#loss").focus()
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.settle()
        best = person.session.trainer.history.best
        assert best.epoch < 50
        assert "".join(area(person)).count("*") == 1
        assert f"best * {short(best.validation.loss)}" in title(person)
        assert "*" not in "".join(area(person, "second"))


async def test_a_lit_stretch_is_on_both_plots_and_on_the_curve(lab):
    async with lab("recipe", epochs=4, size=(120, 40)) as person:
        await trained(person, 100)
        person.lab.look_at(replace(person.lab.viewing, lit=Lit(0, 33, 64)))
        await person.settle()
        for name in ("loss", "second"):
            bottom = person.read(name).splitlines()[-2]
            marked = len(re.findall("[━┯]", bottom))
            assert marked == pytest.approx(32 / 128 * len(area(person, name)[0]), abs=2)
            lit = [text for row in person.canvas(name).rows[1:-2] for text, role in row if role == "lit"]
            assert lit
        person.lab.look_at(replace(person.lab.viewing, lit=None))
        await person.settle()
        assert "━" not in person.read("second").splitlines()[-2]


# More curves ------------------------------------------------------------------------------------------------------------


@at_every_size
async def test_more_curves_in_place_of_the_second_plot(lab, size):
    async with lab("recipe", epochs=4, size=size) as person:
        await trained(person, 70)
        newest = person.session.trainer.history[69]
        epoch = person.session.trainer.history.epochs[1]
        expected = {
            "r": ("Learning rate", exactly(newest.learning_rate)),
            "g": ("Gradient norm", exactly(newest.gradient_norm)),
            "u": ("Update / weights", exactly(newest.update_norm / newest.weight_norm)),
            "o": ("Accuracy gap", percent(epoch.train.accuracy - epoch.validation.accuracy, 2)),
        }
        await person.press("left")
        for letter, (name, value) in expected.items():
            await person.view(letter)
            assert title(person, "second").lstrip("─━ ").startswith((name, "it 70"))
            assert value in title(person, "second")
            assert any(cell not in " │" for row in area(person, "second") for cell in row)
        await person.view("a")
        assert title(person, "second").lstrip("─━ ").startswith("Accuracy  ")


async def test_the_gap_of_a_regression_is_one_of_losses(lab):
    async with lab("day79-study-hours", epochs=4, size=(120, 40)) as person:
        for _ in person.session.one_epoch():
            pass
        await trained(person, 0)
        await person.view("o")
        epoch = person.session.trainer.history.epochs[0]
        assert "Loss gap" in title(person, "second")
        assert short(epoch.validation.loss - epoch.train.loss) in title(person, "second")


@pytest.mark.parametrize("letter", ["r", "g", "u"])
async def test_more_curves_of_a_run_on_a_surface(lab, letter):
    async with lab("hilly-park", epochs=None, size=(120, 40)) as person:
        await trained(person, 10)
        await person.view(letter)
        assert any(cell != " " for row in area(person, "second") for cell in row)


# What a teacher hides ---------------------------------------------------------------------------------------------------


async def test_what_is_hidden_is_in_no_curve_no_mark_and_no_reading(lab, tmp_path):
    from presets import text

    document = re.sub(r"(?ms)^\[(show|\[claim\]|\[claim\.check\])\]\n.*?(?=^\[|\Z)", "", text("recipe"))
    hide = '["validation", "settings.learning_rate", "settings.batch_size"]'
    path = tmp_path / "mine.toml"
    path.write_text(f"{document}\n[show]\nhide = {hide}\n")
    async with lab(str(path), epochs=4, size=(200, 50)) as person:
        await trained(person, 40)
        person.session.trainer.change("learning_rate", 0.007)
        await trained(person, 40)
        for letter in "rou":
            await person.view(letter)
            assert person.lab.viewing.second == "own"
        await person.press("home")
        seen = ""
        while person.lab.viewing.cursor < 36:
            await person.press("right")
        for _ in range(8):
            seen += title(person) + title(person, "second")
            await person.press("right")
        assert person.lab.viewing.cursor > 42  # the change is behind it
        for secret in ("0.007", "learning_rate", " o "):
            assert secret not in seen
        assert "r" not in person.read("loss").splitlines()[1]
        units = set()
        for _ in range(4):
            await person.view("x")
            units.add(person.lab.viewing.x)
        assert "samples" not in units
        await person.press("w")
        await person.settle()
        if person.app.screen is not person.lab:  # the evidence of a verdict
            await person.press("escape")
            await person.settle()
        assert "r" in person.read("loss").splitlines()[1]
        await person.view("r")
        assert "0.007" in title(person, "second")


# A long run -------------------------------------------------------------------------------------------------------------


def test_an_iteration_that_is_no_longer_kept_says_so_and_the_curve_is_read_beside_it():
    from tests.tui.test_long_runs import trained as long_run
    from tui.plots.pictures import loss_picture
    from tui.plots.sight import sight_of
    from tui.viewing import Viewing

    trainer = long_run([0.5] * 200)
    old = loss_picture([trainer], 0, log=False, sight=sight_of([trainer], 0, Viewing(cursor=20)))
    new = loss_picture([trainer], 0, log=False, sight=sight_of([trainer], 0, Viewing(cursor=200)))
    assert "not kept" in plain([old.titles[0]])
    assert "epoch 10 " in plain([old.titles[0]])
    assert "0.50000" in plain([new.titles[0]])
