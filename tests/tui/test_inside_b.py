"""Views of the inside of a model: what the network says of samples, what it confuses, and the loss around its weights."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from engine import Trainer, load_preset
from engine.answers import answers
from engine.film import Film
from engine.layers import Architecture
from engine.loss_slice import Plane
from engine.own_table import OwnTable
from engine.run import Run
from tui import predicting
from tui.canvas import ROLES, plain, width_of
from tui.console import tables
from tui.console.records import run_record
from tui.figures import cut, padded
from tui.inside import slice as slice_module
from tui.inside.confusion import CONFUSION, ConfusionLook, abbreviated
from tui.inside.registry import INSIDE
from tui.inside.samples import SAMPLES
from tui.inside.scene import Scene, Spot, unfinished
from tui.inside.shading import GLYPHS, cells, joined, levels_of, shrunk
from tui.inside.slice import SliceLook, SliceView, legend, levels_between, line_of_dots
from tui.keyboard.named import named

OURS = ("samples", "confusion", "slice")
PRESETS = sorted(path.name.removesuffix(".toml") for path in files("presets").iterdir() if path.name.endswith(".toml"))
SIZES = [(40, 6), (53, 10), (57, 11), (118, 34), (200, 45), (24, 3), (7, 2), (1, 1)]


def scenes(name: str, run: int = 0, steps: int = 0, settings=()) -> Scene:
    trainer = Trainer(load_preset(name, list(settings)).runs[run])
    film = Film(trainer)
    for _ in range(steps):
        if trainer.done:
            break
        trainer.step()
        film.take()
    return Scene(trainer, film)


def seen(view, scene: Scene, width: int = 80, height: int = 16) -> str:
    return plain(view.look(scene).rows(width, height))


# Every view on every preset ---------------------------------------------------------------------------------------------


def fits(look, scene: Scene, view: str) -> None:
    first = look.rows(*SIZES[0])
    for width, height in SIZES:
        rows = look.rows(width, height)
        where = f"{view} of {scene.trainer.run.name} at {width}x{height}"
        assert len(rows) <= height, where
        assert max(map(width_of, rows), default=0) <= width, where
        roles = {part for line in rows for text, role in line for part in role.split("/")}
        assert roles <= set(ROLES), where
    assert look.rows(*SIZES[0]) == first, "drawing is pure, whatever was drawn in between"
    assert all(look.titles)
    assert look.titles[-1][0][0].isprintable()
    lengths = [width_of(title) for title in look.titles]
    assert lengths == sorted(lengths, reverse=True), look.titles


@pytest.mark.parametrize("name", PRESETS)
def test_every_view_takes_every_preset_in_every_state(name, monkeypatch):
    monkeypatch.setattr(slice_module, "BUDGET", 0.002)
    preset = load_preset(name)
    for run in {0, len(preset.runs) - 1}:
        scene = scenes(name, run)
        trainer = scene.trainer
        for state in ("before", "trained", "diverged"):
            if state == "trained":
                for _ in range(3):
                    if not trainer.done:
                        trainer.step()
                        scene.film.take()
            elif state == "diverged":
                trainer.parameters[...] = np.nan
            for view in OURS:
                why_not = INSIDE[view].why_not(trainer)
                if why_not:
                    assert "\n" not in why_not and len(why_not) < 80
                    continue
                for spot, blind in ((Spot(), False), (Spot(5, -3, 1), False), (Spot(-40, 7, 3), True)):
                    fits(INSIDE[view].look(Scene(trainer, scene.film, spot, blind)), scene, view)


def test_wide_characters_in_names_break_no_column(tmp_path):
    names = ["猫が好きです", "犬", "cat"]
    scene = own_scene(tmp_path, names)

    def ends(lines) -> list[int]:
        """After how many cells the first percentage of each line ends."""
        return [cell_len(text[: text.index("%")]) for text in map(plain, ([line] for line in lines)) if "%" in text]

    listed = SAMPLES.look(scene).rows(60, 16)
    guesses, bars = ends(listed[:-4]), ends(listed[-4:])
    assert len(guesses) >= 9 and len(set(guesses)) == 1, plain(listed)
    assert len(bars) == 3 and len(set(bars)) == 1, plain(listed)
    said = ends(predicting.answers([scene.trainer], predicting.read(scene.trainer, "0.1 0.2", False), 60))
    assert len(said) == 3 and len(set(said)) == 1
    scene.trainer.interrupt()
    printed = tables.comparison([{**run_record(scene.trainer), "name": name} for name in names])
    assert len({cell_len(line[: line.index("none")]) for line in printed[1:]}) == 1


@pytest.mark.parametrize(
    ("text", "width", "cells"),
    [("cats", 4, "cats"), ("cats", 3, "ca…"), ("a cat", 3, "a…"), ("猫が好き", 8, "猫が好き"), ("猫が好き", 7, "猫が好…"),
     ("猫が好き", 6, "猫が…"), ("猫が好き", 2, "…"), ("猫が好き", 1, "…"), ("cats", 0, ""), ("cats", -2, ""), ("", 0, "")],
)  # fmt: skip
def test_a_text_is_cut_to_cells(text, width, cells):
    assert cut(text, width) == cells
    assert cell_len(padded(text, width)) == max(0, width)


def own_scene(folder: Path, names: list[str], rows: int = 300) -> Scene:
    """A table of one's own, with these names of classes."""
    rng = np.random.default_rng(0)
    lines = [
        "größe des 树,b\x1b[31m,kind",
        *(f"{rng.normal():.3f},{rng.normal():.3f},{names[i % len(names)]}" for i in range(rows)),
    ]
    file = folder / "own.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    run = Run(data=OwnTable(file=str(file), target="kind", task="classes"), network=Architecture(hidden=(4,)))
    trainer = Trainer(run)
    film = Film(trainer)
    for _ in range(6):
        trainer.step()
        film.take()
    return Scene(trainer, film)


@pytest.mark.parametrize(
    "names", [["猫が好きです", "犬", "a name that is far longer than there is room for"], [f"kind {i}" for i in range(60)]]
)
def test_a_table_of_ones_own_with_long_wide_or_many_names_fits_as_well(tmp_path, names):
    scene = own_scene(tmp_path, names)
    for view in OURS:
        for spot in (Spot(), Spot(7, 5, 1), Spot(-3, 50)):
            fits(INSIDE[view].look(replace(scene, spot=spot)), scene, view)
    look = CONFUSION.look(replace(scene, spot=Spot(1, 1)))
    text = plain(look.rows(53, 10))
    assert "[" in text and f"{look.counts[1, 1]}" in text
    assert len(set(abbreviated(look.names, 5))) == len(names)


def test_surfaces_have_none_of_the_three_and_regressions_no_confusion():
    for name in ("valley", "ravine-momentum", "hilly-park"):
        trainer = scenes(name).trainer
        assert all(INSIDE[view].why_not(trainer) for view in OURS)
    assert "v a shows it" in named(INSIDE["slice"].why_not(scenes("valley").trainer))
    diabetes = scenes("diabetes").trainer
    assert "is a number" in CONFUSION.why_not(diabetes) and not SAMPLES.why_not(diabetes)


@pytest.mark.parametrize("name", ["recipe", "digits", "diabetes"])
def test_training_that_is_looked_at_after_every_iteration_is_the_same_to_the_bit(name):
    looked, alone = scenes(name), scenes(name)
    view = SliceView()
    for _ in range(12):
        for one in (SAMPLES, CONFUSION, view):
            if not one.why_not(looked.trainer):
                for mode in (0, 1):
                    one.look(Scene(looked.trainer, looked.film, Spot(0, 0, mode))).rows(60, 12)
        assert looked.trainer.step() == alone.trainer.step()
        looked.film.take()
    assert np.array_equal(looked.trainer.parameters, alone.trainer.parameters)
    assert np.array_equal(looked.trainer.gradients, alone.trainer.gradients)


@pytest.mark.parametrize("name", ["recipe", "digits", "diabetes"])
def test_a_look_stays_what_it_was_while_training_goes_on(name):
    scene = scenes(name, steps=5)
    looks = [INSIDE[view].look(scene) for view in OURS if not INSIDE[view].why_not(scene.trainer)]
    before = [look.rows(90, 20) for look in looks]
    for _ in range(10):
        scene.trainer.step()
        scene.film.take()
    assert [look.rows(90, 20) for look in looks] == before


# Shades -----------------------------------------------------------------------------------------------------------------


def test_two_numbers_share_a_cell_and_are_told_apart_without_colour():
    drawn = cells(np.array([[0, 5, 5, 2, 1], [0, 5, 0, 2, 4]]), "shade")
    assert "".join(text for text, _ in drawn[0]) == " █▀░▄"
    assert [role for _, role in drawn[0]] == [
        "shade-1/shade-1", "shade-6/shade-6", "shade-6/shade-1", "shade-3/shade-3", "shade-5/shade-2",
    ]  # fmt: skip
    assert len(cells(np.zeros((3, 2), int), "shade")) == 2, "an odd last row stands alone"
    assert joined([("a", "x"), ("b", "x"), ("c", "y")]) == (("ab", "x"), ("c", "y"))


def test_levels_are_even_steps_and_nothing_breaks_them():
    assert levels_of(np.array([0, 1, 2.9, 3.1, 6]), 0.0, 6.0).tolist() == [0, 1, 2, 3, 5]
    assert levels_of(np.array([-9, 99, math.nan, math.inf, -math.inf]), 0.0, 6.0).tolist() == [0, 5, 0, 5, 0]
    assert levels_of(np.array([3.0, 3.0]), 3.0, 3.0).tolist() == [0, 0]


def test_a_picture_that_is_too_large_is_made_smaller_by_means():
    picture = np.arange(16.0).reshape(4, 4)
    assert shrunk(picture, 4, 4) is picture
    assert shrunk(picture, 2, 4).tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert shrunk(np.ones((5, 3)), 2, 9).shape == (3, 2)


# Predictions on samples -------------------------------------------------------------------------------------------------


def captions(text: str) -> list[str]:
    return re.findall(r"x?\s?\b(?:cat|dog|\d)\s+\d+%", text)


def test_pictures_come_with_the_guess_its_certainty_and_the_truth_where_it_is_wrong():
    scene = scenes("recipe", steps=60)
    wrong = answers(scene.trainer, "validation")
    worst = int(wrong.order[0])
    look = SAMPLES.look(scene)
    amount = int(wrong.wrong.sum())
    assert f"{amount} of 300 wrong" in plain(look.titles[:1])
    text = plain(look.rows(57, 11))
    said, truth = (("cat", "dog")[int(of[worst])] for of in (wrong.guess, wrong.truth))
    assert said != truth
    sure = math.floor(100 * float(wrong.certainty[worst]) + 0.5)
    assert f">x {said} {sure}%" in text and f"is {truth}" in text
    assert f"picture {worst + 1} of 300, right answer: {truth}" in text
    assert re.search(rf"\* {truth} █*░+ +{100 - sure}%", text), text


def test_right_ones_have_no_mark_and_no_second_line():
    scene = scenes("recipe", steps=60)
    seen_answers = answers(scene.trainer, "validation")
    at = int(seen_answers.wrong.sum())
    look = SAMPLES.look(Scene(scene.trainer, scene.film, Spot(at + 8)))
    text = plain(look.rows(57, 11))
    chosen = next(line for line in text.splitlines() if ">" in line)
    assert ">cat" in chosen or ">dog" in chosen
    assert " is " not in text and "x " not in text


def test_a_digit_is_drawn_pixel_by_pixel_at_its_true_shape():
    scene = scenes("digits", steps=40)
    look = SAMPLES.look(scene)
    sample = int(look.answers.order[0])
    picture = look.raw(sample).reshape(8, 8)
    assert picture.min() >= 0 and picture.max() <= 16
    levels = levels_of(picture, look.facts.low, look.facts.high)
    rows = look.rows(57, 11)
    for line, expected in zip(rows[:4], cells(levels, "shade"), strict=False):
        assert plain([line]).ljust(8)[:8] == "".join(text for text, _ in expected)


def test_arrows_choose_and_pages_follow():
    scene = scenes("digits", steps=40)
    order = answers(scene.trainer, "validation").order

    def chosen(x: int, y: int) -> int:
        text = plain(SAMPLES.look(Scene(scene.trainer, scene.film, Spot(x, y))).rows(57, 11))
        assert len(re.findall("^.*>", text, re.MULTILINE)) == 1
        return int(re.search(r"picture (\d+) of 359", text)[1]) - 1

    assert chosen(0, 0) == order[0] and chosen(1, 0) == order[1] and chosen(-1, 0) == order[-1]
    below = list(order).index(chosen(0, 1))
    assert below > 1, "a line of pictures further"
    assert chosen(359, 0) == order[0], "round and round"


def test_enter_shows_the_training_rows_and_hidden_validation_stays_hidden():
    scene = scenes("recipe", steps=10)
    other = SAMPLES.look(Scene(scene.trainer, scene.film, Spot(mode=1)))
    assert (
        other.answers.part == "train"
        and "of 1,000 wrong" in plain(other.titles)
        and "Enter: validation" in named(other.hint)
    )
    for mode in (0, 1):
        blind = SAMPLES.look(Scene(scene.trainer, scene.film, Spot(mode=mode), blind=True))
        assert blind.answers.part == "train"
        assert "validation hidden: w shows it" in plain(blind.titles) and "Enter" not in named(blind.hint)
        assert all("validation hidden" in plain([title]) for title in blind.titles if width_of(title) >= 47)
        matrix = CONFUSION.look(Scene(scene.trainer, scene.film, Spot(mode=mode), blind=True))
        assert matrix.counts.sum() == 1000 and "validation hidden" in plain(matrix.titles)
    without = SAMPLES.look(scenes("training-loop-step"))
    assert without.answers.part == "train" and "there are no validation rows" in plain(without.titles)


def test_rows_of_a_table_show_the_features_that_tell_most():
    scene = scenes("iris", steps=30)
    text = seen(SAMPLES, scene, 110, 12)
    head, first, *_ = text.splitlines()
    assert "guess" in head and "petal length" in head and head.index("petal length") < head.index("petal width")
    names = [scene.trainer.table.features[index] for index in SAMPLES.look(scene).facts.features]
    assert {*names[:2]} == {"petal length (cm)", "petal width (cm)"}, "as every textbook says"
    worst = answers(scene.trainer, "validation")
    row = int(worst.order[0])
    raw = scene.trainer.table.validation_inputs[row] * scene.trainer.table.input_scale + scene.trainer.table.input_offset
    assert f"{raw[2]:.3f}" in first and scene.trainer.table.classes[int(worst.guess[row])] in first


def test_a_regression_shows_the_largest_error_first_and_on_which_side_it_is():
    scene = scenes("day79-study-hours", steps=100)
    table = scene.trainer.table
    text = seen(SAMPLES, Scene(scene.trainer, scene.film, Spot(mode=1)), 70, 12)
    lines = text.splitlines()
    guess = scene.trainer.predict(table.inputs * table.input_scale + table.input_offset)[:, 0]
    errors = guess - table.targets[:, 0]
    order = np.argsort(-np.abs(errors))
    assert len(lines) == 7
    for line, row in zip(lines[1:], order, strict=True):
        numbers = [float(word) for word in re.findall(r"[-+]?\d+\.\d+", line)]
        assert numbers[0] == pytest.approx(guess[row], abs=0.005)
        assert numbers[2] == pytest.approx(errors[row], abs=0.005)
        before, after = line.split("│")
        assert ("█" in before) == (errors[row] < 0 and "█" in line) and ("█" in after) == (errors[row] > 0 and "█" in line)
    assert "off by" in plain(SAMPLES.look(scene).titles)


def test_a_diverged_network_is_told_as_one():
    for name in ("recipe", "diabetes"):
        scene = scenes(name, steps=2)
        scene.trainer.parameters[...] = np.nan
        look = SAMPLES.look(scene)
        assert "diverged" in plain(look.titles[:1]) and "NaN" in plain(look.rows(80, 14))


# The confusion matrix ---------------------------------------------------------------------------------------------------


def test_every_count_is_where_it_belongs():
    scene = scenes("digits", steps=150)
    counts = scene.trainer.snapshot(part="validation").confusion
    lines = seen(CONFUSION, scene, 116, 15).splitlines()
    assert lines[0].split() == ["is", *"0123456789", "all", "recall"]
    for true, line in enumerate(lines[1:11]):
        cleaned = re.sub(r"[█▓▒░\[\]]", " ", line)
        *cells_, recall = cleaned.split()
        values = [0 if word == "·" else int(word) for word in cells_]
        assert values == [true, *counts[true], counts[true].sum()]
        assert recall == f"{100 * counts[true, true] / counts[true].sum():.1f}%"
    assert lines[11].split()[1:11] == [str(value) for value in counts.sum(axis=0)]
    assert lines[12].split()[1] == f"{100 * counts[0, 0] / counts[:, 0].sum():.1f}%"


def test_ten_classes_fit_into_ten_lines_and_fewer_lines_follow_the_cursor():
    scene = scenes("digits", steps=150)
    ten = seen(CONFUSION, scene, 53, 10).splitlines()
    assert [line.split()[0] for line in ten] == list("0123456789")
    nine = plain(CONFUSION.look(Scene(scene.trainer, scene.film, Spot(0, 9))).rows(52, 9)).splitlines()
    assert [line.split()[0] for line in nine] == list("is"[:0]) + list("123456789")
    assert "↑" in nine[0]
    assert "↓" in seen(CONFUSION, scene, 52, 9).splitlines()[-1]


def test_the_cursor_names_its_cell_in_words():
    scene = scenes("digits", steps=150)
    counts = scene.trainer.snapshot(part="validation").confusion
    pairs = [(int(i), int(j)) for i, j in np.argwhere(counts > 1) if i != j]
    assert pairs
    for true, said in pairs:
        look = CONFUSION.look(Scene(scene.trainer, scene.film, Spot(said, true)))
        title = plain(look.titles[:1])
        assert f"{counts[true, said]} pictures that are {true} are taken for {said}" in title
        assert f"[{counts[true, said]}]" in plain(look.rows(80, 14))
    true, said = (int(place) for place in np.argwhere(counts == 0)[0])
    title = plain(CONFUSION.look(Scene(scene.trainer, scene.film, Spot(said, true))).titles[:1])
    assert f"no picture that is {true} is taken for {said}" in title
    right = plain(CONFUSION.look(scene).titles[:1])
    assert f"{counts[0, 0]} pictures that are 0 are recognised" in right


def test_the_shade_grows_with_the_share_of_the_row():
    counts = np.array([[100, 0, 0], [20, 40, 40], [1, 60, 39]])
    look = ConfusionLook(counts, np.zeros(3, int), ("a", "b", "c"), (0, 1), (((("t", "text"),)),), "")
    drawn = plain(look.rows(60, 6)).splitlines()[1:4]
    glyphs = [[GLYPHS.index(mark) for mark in re.findall(r"([░▒▓█])\s?\[?\d", line)] for line in drawn]
    assert glyphs == [[5], [2, 3, 3], [2, 4, 3]]


@pytest.mark.parametrize(
    ("names", "width", "brief"),
    [
        (("cat", "dog"), 8, ["cat", "dog"]),
        (("setosa", "versicolor", "virginica"), 5, ["seto…", "vers…", "virg…"]),
        (("cloud 1", "cloud 2", "cloud 10"), 4, ["1", "2", "10"]),
        (("cloud 1", "cloud 2", "cloud 10"), 9, ["cloud 1", "cloud 2", "cloud 10"]),
        (("versicolor", "virginica"), 2, ["1", "2"]),
        (("one and the same", "one and the other"), 3, ["sa…", "ot…"]),
        (("cat", "cat food"), 3, ["cat", "ca…"]),
        (("catch", "cat food"), 3, ["1", "2"]),
    ],
)
def test_names_are_abbreviated_so_that_they_stay_different(names, width, brief):
    assert abbreviated(names, width) == brief


def test_rows_without_an_answer_are_counted_apart():
    scene = scenes("digits", steps=1)
    scene.trainer.parameters[...] = np.nan
    look = CONFUSION.look(scene)
    assert look.counts.sum() == 0 and look.unsaid.sum() == 359
    assert "359 of 359 wrong" in plain(look.titles[:1]) and "without an answer" in plain(look.titles[:1])


# The loss surface -------------------------------------------------------------------------------------------------------


def measured(view: SliceView, scene: Scene) -> SliceLook:
    """The look that there is once there is nothing more to measure."""
    for _ in range(5000):
        look = view.look(scene)
        if not unfinished(look):
            return look
    raise AssertionError("it never ends")


def quick() -> SliceView:
    """A view whose clock stands still, so that a look measures all there is."""
    return SliceView(clock=lambda: 0.0)


def test_the_levels_are_evenly_apart_in_their_logarithms():
    values = np.array([[1.0, 64.0], [8.0, math.nan]])
    assert levels_between(values) == pytest.approx([2.0, 4.0, 8.0, 16.0, 32.0])
    assert (np.diff(levels_between(np.full((2, 2), 3.0))) > 0).all()
    assert (levels_between(np.array([[0.0, 1.0]])) >= 1e-6).all()
    assert np.isfinite(levels_between(np.full((2, 2), math.nan))).all()
    text = plain([legend(levels_between(values), 80)])
    assert [float(word) for word in re.findall(r"\d+\.\d+", text)] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert width_of(legend(levels_between(values), 20)) <= 20


def test_the_map_shows_a_bowl_and_the_way_into_it():
    y, x = np.mgrid[-1:1:25j, -1:1:33j]
    look = SliceLook(
        values=0.01 + x**2 + y**2,
        limits=((-1.0, 1.0), (-1.0, 1.0)),
        way=np.array([[-0.9, -0.9], [-0.5, 0.5], [np.nan, np.nan], [0.0, 0.0]]),
        shares=(0.8, 0.2),
        titles=((("t", "text"),),),
        hint="",
        more=False,
    )
    lines = plain(look.rows(41, 12)).splitlines()
    assert lines[10][2] == "o" and lines[5][20] == "@", lines
    assert lines[0][0] == lines[0][40] == "█" and lines[5][21] == " ", "high at the corners, low in the middle"
    assert "· 0.024 ░ 0.059" in lines[-1], "six levels from 0.01 to 2.01, even in their logarithms"
    assert "\u2800" < lines[6][6] <= "\u28ff", "half of the first stretch, at (-0.7, -0.2)"
    assert not any("\u2800" < mark <= "\u28ff" for mark in lines[0] + lines[11 - 1])


@pytest.mark.parametrize(
    ("places", "dots"),
    [
        ([[0.2, 0.1], [2.9, 0.1]], {(0, 0): 0x09, (1, 0): 0x09, (2, 0): 0x09}),
        ([[0.2, 0.0], [0.2, 0.9]], {(0, 0): 0x47}),
        ([[0.7, 0.9]] * 2, {(0, 0): 0x80}),
        ([[1.1, 0.1], [-8.0, 0.1]], {(1, 0): 0x01, (0, 0): 0x09}),  # it leaves the map
        ([[50.0, 50.0], [60.0, 60.0]], {}),
        ([[0.5, 0.5]], {}),
    ],
)
def test_the_dots_of_a_line(places, dots):
    assert line_of_dots(places, 3, 1) == dots


def test_the_way_is_where_its_projection_is_and_the_title_says_how_much_of_it_is_seen():
    scene = scenes("recipe", steps=40)
    look = measured(quick(), scene)
    frames = np.array([frame.weights for frame in scene.film.frames], np.float64)
    assert look.way[-1] == pytest.approx([0.0, 0.0], abs=1e-5), "the map goes through the weights of now"
    apart = frames - frames.mean(axis=0)
    sizes = np.linalg.svd(apart, compute_uv=False) ** 2
    assert look.shares == pytest.approx(tuple(sizes[:2] / sizes.sum()))
    first, second = (f"{share:.0%}".replace("%", " %") for share in look.shares)
    assert f"{first} + {second} of the way" in plain(look.titles[:1])
    assert look.values.shape == (49, 65)
    (left, right), (low, high) = look.limits
    assert (look.way[:, 0] > left).all() and (look.way[:, 0] < right).all()
    assert (look.way[:, 1] > low).all() and (look.way[:, 1] < high).all()


def test_before_there_is_a_way_and_on_request_the_directions_are_random_and_it_says_so():
    scene = scenes("iris")
    assert "random directions: there is no way yet" in plain(measured(quick(), scene).titles[:1])
    scene = scenes("iris", steps=20)
    look = measured(quick(), Scene(scene.trainer, scene.film, Spot(mode=1)))
    assert "random directions" in plain(look.titles[:1]) and look.shares is None
    assert "along the way" in look.hint
    assert look.limits[0][1] - look.limits[0][0] == pytest.approx(2.0)
    assert "Enter: random directions" in named(measured(quick(), scene).hint)
    assert "Enter" not in named(quick().look(scenes("iris")).hint), "there is no other way to look yet"


def test_many_rows_are_not_all_looked_at_and_that_is_said():
    for name, words in (("digits", "1,024 of 1,438 training rows"), ("recipe", "all training rows")):
        look = SliceView(clock=itertools.count().__next__).look(scenes(name, steps=3))
        assert words in plain(look.titles[:1])


def test_up_and_down_zoom_around_now():
    scene = scenes("iris", steps=40)
    view = quick()
    near, usual, far = (measured(view, Scene(scene.trainer, scene.film, Spot(y=y))) for y in (-2, 0, 2))
    for axis in (0, 1):
        spans = [look.limits[axis][1] - look.limits[axis][0] for look in (near, usual, far)]
        assert spans[0] * 2 == pytest.approx(spans[1]) and spans[1] * 2 == pytest.approx(spans[2])
    assert "zoom 2x" in plain(near.titles[:1])
    assert near.values.max() < usual.values.max() < far.values.max()


def test_a_look_costs_no_more_than_its_budget_and_the_map_becomes_finer_with_every_look():
    clock = [0.0]

    def ticking() -> float:
        clock[0] += slice_module.BUDGET / 10
        return clock[0]

    view, scene = SliceView(clock=ticking), scenes("recipe", steps=20)
    first = view.look(scene)
    assert unfinished(first) and not first.values.size
    assert "Measuring" in plain(first.rows(80, 10))
    shapes = [first.values.shape]
    for _ in range(500):
        before = clock[0]
        look = view.look(scene)
        assert clock[0] - before < 2 * slice_module.BUDGET
        if look.values.shape != shapes[-1]:
            shapes.append(look.values.shape)
        if not unfinished(look):
            break
    assert shapes == [(0, 0), (7, 9), (13, 17), (25, 33), (49, 65)]


def test_a_running_training_is_followed_on_the_map_that_there_is(monkeypatch):
    scene, view = scenes("iris", steps=40), quick()
    first = measured(view, scene)
    scene.trainer.step()
    scene.film.take()
    running = replace(scene, running=True)
    for _ in range(2):  # also where it looks twice at the same iteration
        second = view.look(running)
        assert second.limits == first.limits and np.array_equal(second.values, first.values)
        assert len(second.way) == len(first.way) + 1
    again = view.look(scene)  # it stands: now the map is made for where it stands
    assert not np.array_equal(again.values, first.values)
    assert again.way[-1] == pytest.approx([0.0, 0.0], abs=1e-5)


def test_a_map_from_before_the_way_began_gives_place_soon_while_it_trains_slowly():
    clock = [0.0]

    def ticking() -> float:
        clock[0] += slice_module.BUDGET / 40
        return clock[0]

    scene, view = replace(scenes("recipe"), running=True), SliceView(clock=ticking)
    for _ in range(5):
        view.look(scene)
    kinds = []
    for _ in range(6):
        scene.trainer.step()
        scene.film.take()
        for _ in range(5):  # five frames an iteration
            kinds.append(view.look(scene).shares is not None)
    assert not kinds[0] and kinds[-1], kinds
    assert kinds == sorted(kinds)


def test_the_map_of_a_diverged_run_ends_at_the_last_numbers():
    scene = scenes("recipe", steps=20)
    scene.trainer.parameters[...] = np.nan
    look = measured(quick(), scene)
    assert "@ before NaN" in plain(look.titles[:1])
    assert np.isfinite(look.values).all()


def test_a_plane_is_kept_only_for_the_last_few_ways_to_look():
    scene, view = scenes("recipe", steps=20), SliceView(clock=itertools.count().__next__)  # one place a look
    for y in range(-6, 7):
        view.look(Scene(scene.trainer, scene.film, Spot(y=y)))
    assert len(view._kept[scene.trainer]) == slice_module.WAYS
    assert isinstance(next(iter(view._kept[scene.trainer].values())).shown.survey.plane, Plane)


# In the lab -------------------------------------------------------------------------------------------------------------


async def test_v_i_shows_predictions_and_its_keys_choose(lab):
    async with lab("digits", epochs=1, size=(120, 40)) as person:
        await person.press("n", "v", "i")
        await person.until(lambda: "Predictions" in person.read("inside"))
        assert person.focus == "inside"
        await person.until(lambda: "picture " in person.read("inside"))
        first = person.read("inside")
        await person.press("right")
        await person.until(lambda: person.read("inside") != first)
        await person.press("enter")
        await person.until(lambda: "training" in person.read("inside"))
        await person.press("z")
        await person.until(lambda: person.canvas("inside").size.height > 30)
        await person.press("z", "v", "a")
        await person.until(lambda: not person.canvas("inside").display)


async def test_v_c_shows_the_confusion_matrix(lab):
    async with lab("recipe", epochs=1, size=(80, 24)) as person:
        await person.press("v", "c")
        await person.until(lambda: "cat" in person.read("inside"))
        await person.press("right")
        await person.until(lambda: "taken for dog" in person.read("inside"))
        await person.press("n")
        await person.until(lambda: person.session.steps == 1)
        counts = person.session.trainer.snapshot().confusion
        await person.until(lambda: f"[{counts[0, 1]}]" in person.read("inside"))


async def test_v_l_measures_until_the_map_is_complete_although_nothing_trains(lab):
    async with lab("training-loop-step", epochs=None, size=(120, 40)) as person:
        await person.press("n", "n", "n", "v", "l")
        await person.until(lambda: " · 0." in person.read("inside"))
        await person.until(lambda: not unfinished(person.canvas("inside").look))
        assert person.canvas("inside").look.values.shape == (49, 65)
        assert "@" in person.read("inside")
        await person.press("enter")
        await person.until(lambda: "random directions" in person.read("inside"))
        await person.press("up")
        await person.until(lambda: "zoom" in person.read("inside"))


async def test_with_sixteen_colours_the_characters_tell_the_shades(lab):
    async with lab("digits", epochs=1, size=(80, 24)) as person:
        await person.press("n", "n", "n", "n", "v", "l")
        await person.until(lambda: " · " in person.read("inside"))
        canvas = person.canvas("inside")
        fields = [f"{ramp}-{level}/{ramp}-{level}" for ramp in ("shade", "heat") for level in range(1, 7)]
        person.app.theme = "textual-dark"
        await person.settle()
        assert not any(canvas.style_of(role).bgcolor.is_default for role in fields)
        person.app.theme = "ansi-dark"
        await person.settle()
        styles = [canvas.style_of(role) for role in [*fields, "strong/heat-3", "heat-6/heat-1"]]
        assert all(style.bgcolor is None or style.bgcolor.is_default for style in styles)
        assert len({style.color for style in styles}) == 1
