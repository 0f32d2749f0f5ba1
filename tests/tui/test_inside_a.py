"""Views b, n and h of the views sheet: what numbers become which cells, and what somebody who presses the keys sees."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

import numpy as np
import pytest

from engine import Trainer, load_preset
from engine.film import Film
from engine.preset import read_run
from presets import text as text_of
from tui.canvas import ROLES, plain, width_of
from tui.inside.boundary import BOUNDARY, Curve, chosen_pair
from tui.inside.cells import Braille, Cells
from tui.inside.diagram import NETWORK
from tui.inside.histograms import HISTOGRAMS, by_powers, by_size, sparkline
from tui.inside.marks import class_letters, grid_size, outputs_as_chances, resized, said, separating, signed, signed_text
from tui.inside.registry import INSIDE
from tui.inside.scene import Scene, Spot
from tui.inside.units import unit_maps
from tui.views import VIEWS

PRESETS = sorted(path.name[:-5] for path in files("presets").iterdir() if path.name.endswith(".toml"))
MINE = ("boundary", "network", "histograms")
SIZES = ((40, 6), (41, 7), (57, 13), (118, 36), (200, 45), (10, 3), (5, 1))
SPOTS = (Spot(), Spot(1, 1, 1), Spot(-3, -2, 2), Spot(2, 5, 3))


def trainer_of(preset: str, batches: int = 0, **settings) -> Trainer:
    trainer = Trainer(load_preset(preset, [(key.replace("__", "."), [value]) for key, value in settings.items()]).runs[0])
    for _ in range(batches):
        if not trainer.done:
            trainer.step()
    return trainer


def rows_trainer(inputs, targets, parameters, hidden=(), activation="relu", validation=0, task="classes") -> Trainer:
    """A network on rows that are written down, with the weights that are written down as well (layer by layer, biases
    last)."""
    data = {"name": "rows", "inputs": inputs, "targets": targets, "task": task, "validation": validation}
    network = {"hidden": list(hidden), "activation": activation, "initial_parameters": parameters}
    return Trainer(read_run({"data": data, "network": network}, "run"))


CORNERS = [[-1, -1], [-1, 1], [1, -1], [1, 1]]


def upright() -> Trainer:
    """The logit of the second class is 10 x: the boundary is the line x = 0. The last row is on the wrong side of it."""
    return rows_trainer(CORNERS, [0, 0, 1, 0], [10.0, 0.0, 0.0])


def scene(trainer: Trainer, *spot: int, blind: bool = False, film: Film | None = None) -> Scene:
    return Scene(trainer, film or Film(trainer), Spot(*spot), blind)


def cells_of(rows) -> list[list[tuple[str, str]]]:
    return [[(character, role) for text, role in spans for character in text] for spans in rows]


# what numbers become ----------------------------------------------------------------------------------------------------


def test_a_linear_boundary_is_where_the_logit_is_zero_and_faint_beside_it():
    plane = BOUNDARY.look(scene(upright()))
    rows = plane.rows(24, 4)  # x from -1.2 to 1.2, a cell is 0.1 wide: logits at the middles 0.5 1.5 2.5 3.5 ...
    kinds = [role.split("/")[-1] for _, role in cells_of(rows)[1]]
    assert kinds == (
        ["class-1-strong"] * 9
        + ["class-1-medium"] * 2
        + ["class-1-faint"]
        + ["class-2-faint"]
        + ["class-2-medium"] * 2
        + ["class-2-strong"] * 9
    )


def test_the_colours_of_classes_are_told_by_a_line_names_and_grounds_as_well():
    """In front of a colour is what stands for it, in the same colour: not to be seen, but there without any."""
    first, second, third, _ = plain(BOUNDARY.look(scene(upright())).rows(24, 4)).split("\n")
    assert first == " •         ⢸░░░░░░░░░░x░"
    assert second == "           ⢸░░░░░░░░░░░░"
    assert third == "     0     ⢸░░░░ 1 ░░░░░"  # classes called 0 and 1
    key = BOUNDARY.look(scene(upright())).rows(60, 12)[-1]
    assert plain([key]).split() == ["0", "░░", "1", "•", "right", "x", "wrong"]
    assert ("░░", "class-2-strong/class-2-strong") in key


def test_rows_stand_where_they_are_and_a_wrong_one_is_an_x_in_its_own_class_on_the_others_field():
    marks = {
        (x, y): cell
        for y, line in enumerate(cells_of(BOUNDARY.look(scene(upright())).rows(22, 4)))
        for x, cell in enumerate(line)
        if cell[0] in "•ox"
    }
    assert marks == {
        (1, 0): ("•", "class-1/class-1-strong"),
        (1, 3): ("•", "class-1/class-1-strong"),
        (20, 0): ("x", "class-1/class-2-strong"),
        (20, 3): ("•", "class-2/class-2-strong"),
    }


def test_the_same_in_characters_has_the_boundary_as_a_line_letters_and_capitals():
    trainer = upright()
    rows = BOUNDARY.look(scene(trainer, 0, 0, 1)).rows(22, 4)
    text = plain(rows).split("\n")
    assert {line[10] for line in text} == {"⢸"}  # the last column of dots before x = 0
    assert (text[0][1], text[0][20], text[3][1], text[3][20]) == ("0", "x", "0", "1")  # classes called 0 and 1
    assert not any("▀" in line for line in text)


def test_validation_rows_are_o_and_left_out_where_validation_is_hidden():
    trainer = rows_trainer([*CORNERS, [-0.1, 0.1]], [0, 0, 1, 1, 0], [10.0, 0.0, 0.0], validation=1)
    seen, hidden = (plain(BOUNDARY.look(scene(trainer, blind=blind)).rows(80, 20)) for blind in (False, True))
    assert "".join(seen.split("\n")[:-2]).count("o") == 1
    assert "o" not in "".join(hidden.split("\n")[:-2])
    assert "(o X validation)" in seen
    assert "validation" not in hidden
    assert any("hidden" in text for text, _ in BOUNDARY.look(scene(trainer, blind=True)).titles[0])


def test_the_axes_have_the_tables_own_units_and_a_key():
    text = plain(BOUNDARY.look(scene(trainer_of("iris"))).rows(60, 12)).split("\n")
    assert text[0].startswith(" 2.74 ")  # petal width 0.1 to 2.5 cm and a tenth of that beyond
    assert text[9].startswith("-0.14 ")
    assert text[10].split()[0] == "0.41"
    assert text[10].split()[-1] == "7.49"
    assert "→ petal length (cm)   ↑ petal width (cm)" in text[10]
    assert "setosa" in text[11]
    assert "versicolor" in text[11]


def test_the_arrows_go_through_all_pairs_of_features_and_never_one_against_itself():
    trainer = trainer_of("iris")
    pairs = {chosen_pair(scene(trainer, x, y), trainer.table) for x in range(4) for y in range(4)}
    assert all(across != up for across, up in pairs)
    assert {across for across, _ in pairs} == {up for _, up in pairs} == {0, 1, 2, 3}
    title = "".join(text for text, _ in BOUNDARY.look(scene(trainer, 1, 0)).titles[0])
    assert "the other 2 at their mean" in title


def test_the_features_that_come_first_are_those_that_part_the_classes():
    names = [trainer_of("iris").table.features[index] for index in separating(trainer_of("iris").table)]
    assert sorted(names) == ["petal length (cm)", "petal width (cm)"]
    diabetes = trainer_of("diabetes").table
    assert diabetes.features[separating(diabetes)[0]] == "body mass index"


def test_a_regression_of_two_features_is_a_map_from_the_lowest_to_the_highest_target():
    # the prediction is x: -1 to 1 are the targets, so the colours change at thirds of that
    trainer = rows_trainer(CORNERS, [-1, -1, 1, 0], [1.0, 0.0, 0.0], task="regression")
    line = cells_of(BOUNDARY.look(scene(trainer)).rows(24, 4))[1]
    names = [role.split("/")[-1] for _, role in line]
    runs = [(name, names.count(name)) for name in dict.fromkeys(names)]
    assert [name for name, _ in runs] == [
        "class-2-strong", "class-2-medium", "class-2-faint", "class-1-faint", "class-1-medium", "class-1-strong",
    ]  # fmt: skip
    assert [count for _, count in runs] == [5, 4, 3, 3, 4, 5]  # 0.1 a cell: |x| up to 1/3, 2/3 and 1.2
    marks = [character for row in cells_of(BOUNDARY.look(scene(trainer)).rows(24, 4)) for character, _ in row]
    assert marks.count("•") == 3
    assert marks.count("-") == 1  # (1, 1) is truly 0, and the network says 1


def test_one_feature_and_classes_are_a_curve_of_the_probability_with_rows_at_its_ends():
    trainer = rows_trainer([[-2], [-1], [1], [2]], [0, 0, 1, 0], [50.0, 0.0])
    curve = BOUNDARY.look(scene(trainer))
    assert isinstance(curve, Curve)
    text = plain(curve.rows(60, 14)).split("\n")
    assert text[0].startswith("    ┌") or "┌" in text[0]
    top, bottom = "".join(text[:4]), "".join(text[8:])
    assert "1" in top  # the row of class 1 is right, at the top
    assert "x" in bottom  # the last row is of class 0, and the network says 1
    (line,) = [one for one in curve.series if one.marker == "line"]
    assert line.y[0] < 1e-6
    assert line.y[-1] > 1 - 1e-6


def test_regression_on_one_feature_is_the_fitted_curve_of_the_second_plot():
    from tui.plots.fit import fit_picture

    trainer = trainer_of("day79-study-hours", 3)
    curve = BOUNDARY.look(scene(trainer))
    assert curve.titles == fit_picture([trainer], 0).titles
    assert "score over hours" in "".join(text for text, _ in curve.titles[0])


def test_units_have_maps_of_their_own_and_a_dead_one_says_so():
    # unit 1 is relu(x), unit 2 relu(-5): never above 0 for any row
    trainer = rows_trainer(CORNERS, [0, 0, 1, 1], [1.0, 0.0, 0.0, 0.0, 0.0, -5.0, 1.0, 1.0, 0.0], hidden=[2])
    maps = unit_maps(scene(trainer))
    assert maps.dead.tolist() == [False, True]
    text = plain(maps.rows(50, 10)).split("\n")
    assert text[1].split() == ["1", "2", "dead"]
    tall = 8
    map_line = cells_of(maps.rows(50, 10))[3][: 2 * tall]
    assert {role for _, role in map_line[: tall - 1]} == {"text"}  # blank left of x = 0
    assert {role.split("/")[0] for _, role in map_line[tall + 1 :]} == {"class-1-faint", "class-1-medium", "class-1-strong"}
    letters = plain(unit_maps(scene(trainer), characters=True).rows(50, 10)).split("\n")[3]
    assert letters[: tall - 1].strip() == ""
    assert set(letters[tall + 1 : 2 * tall]) <= {"+", "#"}


def test_where_units_have_no_room_the_strongest_are_shown_and_counted():
    maps = unit_maps(scene(trainer_of("too-few-epochs", 5)))
    text = plain(maps.rows(40, 6))
    shown = sum(word.isdigit() for word in text.split("\n")[1].split())
    assert f"{shown} of 32 shown, strongest" in text


@cache
def small() -> Trainer:
    """Two inputs, two relu units (the second dead), one output: weights +2 and -1 into unit 1, 0 into unit 2."""
    return rows_trainer(CORNERS, [0, 0, 1, 1], [2.0, 0.0, -1.0, 0.0, 0.5, -5.0, 3.0, 1.0, -0.25], hidden=[2])


def test_the_diagram_has_a_column_a_layer_and_marks_dead_units():
    look = NETWORK.look(scene(small()))
    text = plain(look.rows(60, 12)).split("\n")
    assert "2 inputs" in text[0]
    assert "2 relu, 1 dead" in text[0]
    assert "1 output" in text[0]
    places = [[(x, y) for y, line in enumerate(text[1:9], 1) for x, c in enumerate(line) if c == mark] for mark in "@xo"]
    assert len(places[0]) == 1
    assert len([place for place in places[1] if place[0] == places[0][0][0]]) == 1  # the dead unit, below the chosen one
    assert "1 dead unit" in "".join(text for text, _ in look.titles[0])


def test_names_of_features_are_cut_only_where_the_lines_have_no_room_left():
    look = NETWORK.look(scene(trainer_of("diabetes")))
    for width, whole in ((57, True), (46, False)):
        assert ("log of triglycerides o" in plain(look.rows(width, 40))) == whole, width


def test_positive_weights_are_solid_lines_and_negative_ones_broken():
    rows = NETWORK.look(scene(small())).rows(60, 12)
    positive = [c for line in cells_of(rows) for c, role in line if role.startswith("class-1") and 0x2800 < ord(c) < 0x2900]
    negative = [c for line in cells_of(rows) for c, role in line if role.startswith("class-2") and 0x2800 < ord(c) < 0x2900]
    assert positive
    assert negative
    alone = Braille(20, 1)
    alone.line((0, 0), (39, 0), "a", dashed=True)
    sheet = Cells(20, 1)
    alone.onto(sheet)
    assert plain(sheet.rows()) == ("⠉ " * 10).rstrip()  # two dots, then two left out


def test_the_chosen_unit_is_told_with_its_weights_by_name():
    about = plain(NETWORK.look(scene(small())).rows(60, 12)).split("\n")[9:]
    assert about[0].startswith("Unit 1 of 2, layer 1  bias +0.500")
    # relu(2 x - y + 0.5) at the corners: 0, 0, 3.5, 1.5
    assert "mean output 1.250" in about[0]
    features = small().table.features
    assert about[1].startswith(f"listens to  {features[0]} +2.000   {features[1]} -1.000")


def test_up_and_down_choose_a_unit_left_and_right_a_layer():
    second = plain(NETWORK.look(scene(small(), 0, 1)).rows(60, 12))
    assert "Unit 2 of 2, layer 1" in second
    assert "dead: 0 for every row" in second
    output = plain(NETWORK.look(scene(small(), 1, 0)).rows(60, 12))
    assert "Output 1" in output
    assert "unit 1 +3.000   unit 2 +1.000" in output
    assert plain(NETWORK.look(scene(small(), 2, 2)).rows(60, 12)) == plain(NETWORK.look(scene(small())).rows(60, 12))


def test_its_lines_alone_are_fewer_lines():
    def lit(mode: int) -> int:
        trainer = trainer_of("digits", 3)
        return sum(0x2800 < ord(c) < 0x2900 for c in plain(NETWORK.look(scene(trainer, 0, 4, mode)).rows(118, 30)))

    assert 0 < lit(1) < lit(0)


def test_layers_wider_than_the_room_show_their_strongest_and_the_chosen_one():
    trainer = trainer_of("keras-example", 3)  # 100-64-10
    for unit in range(0, 64, 7):
        text = plain(NETWORK.look(scene(trainer, 0, unit)).rows(80, 16))
        assert "12 of 64" in text
        assert text.count("@") + text.count("X ") == 1
        assert f"Unit {unit + 1} of 64" in text


def test_a_pictures_pixels_weigh_on_a_unit_in_the_shape_of_the_picture():
    trainer = trainer_of("digits", 5)
    look = NETWORK.look(scene(trainer, 0, 2))
    panel = look.about.panel(34, 30)
    weights = trainer.snapshot().layers[0].weights[:, 2].reshape(8, 8)
    drawn = np.array([[c for c, _ in line[:16:2]] for line in cells_of(panel)[4:12]])
    bright = np.abs(weights) > np.abs(weights).max() / 12
    assert ((drawn == "+") | (drawn == "#")).tolist() == (bright & (weights > 0)).tolist()
    assert ((drawn == "-") | (drawn == "=")).tolist() == (bright & (weights < 0)).tolist()


def test_histograms_of_known_weights():
    # four weights of the first layer: two at 2, one at -2, one at 0
    trainer = rows_trainer(CORNERS, [0, 0, 1, 1], [2.0, 2.0, -2.0, 0.0, 0.0, 0.0, 3.0, 1.0, 0.0], hidden=[2])
    look = HISTOGRAMS.look(scene(trainer, 1, 0, 0))
    lines = [plain([line]) for line in look.rows(40, 8)]
    assert lines[0].startswith(" 2 ┤█")
    assert lines[3].startswith(" 0 ┤▓")  # half as many: the root of a half is 0.71
    assert lines[6].startswith("-2 ┤▓")
    assert [line[4:].strip() for line in (lines[1], lines[2], lines[4], lines[5])] == [""] * 4
    assert "|w| 3.464" in "".join(text for text, _ in look.titles[0])


def test_enter_shows_gradients_by_powers_of_ten_and_norms_in_the_title():
    trainer = trainer_of("healthy-training")
    film = Film(trainer)
    before = HISTOGRAMS.look(scene(trainer, 0, 0, 1, film=film))
    assert "no gradient before the first batch" in plain(before.rows(57, 13))
    for _ in range(20):
        trainer.step()
        film.take()
    look = HISTOGRAMS.look(scene(trainer, 0, 1, 1, film=film))
    norm = float(np.linalg.norm(trainer.snapshot().layers[1].weights_gradient))
    title = "".join(text for text, _ in look.titles[0])
    assert title.startswith("Gradients of layer 2 of 2")
    assert f"|g| {norm:.3f}" in title
    assert "1e-2" in plain(look.rows(57, 13))
    assert look.iterations == tuple(range(1, 21))


def test_powers_of_ten_keep_the_sign_and_count_what_is_tiny_as_zero():
    (scaled,), ticks = by_powers([np.array([1.0, -1.0, 1e-3, -1e-3, 1e-9, 0.0])], 1.0)
    assert scaled == pytest.approx([1.0, -1.0, 0.5, -0.5, 0.0, 0.0])
    assert ticks[0] == (1.0, "1e0")
    (scaled,), ticks = by_size([np.array([4.0, -1.0])], 4.0)
    assert scaled.tolist() == [1.0, -0.25]
    assert dict(ticks)[-0.5] == "-2"


def test_what_is_not_a_number_is_told_and_marked_where_it_began():
    trainer = trainer_of("recipe")
    film = Film(trainer)
    for iteration in range(1, 9):
        trainer.step()
        if iteration == 5:
            trainer.parameters[:] = np.nan
        film.take()
    look = HISTOGRAMS.look(scene(trainer, film=film))
    text = plain(look.rows(57, 13))
    assert "x: not a number from iteration 5 on" in text
    middle = plain(look.rows(57, 13)).split("\n")[6]
    assert middle.rstrip().endswith("x" * 10)
    assert "NaN" in "".join(text for text, _ in look.titles[0])


def test_with_few_rows_every_layer_is_a_line():
    look = HISTOGRAMS.look(scene(trainer_of("digits", 3)))
    lines = plain(look.rows(60, 4)).split("\n")
    assert [line.split()[-1 - 0] != "" for line in lines[:3]] == [True] * 3
    assert lines[0].startswith("> layer 1  64→32")
    assert lines[2].startswith("  layer 3  32→10")


def test_sparklines():
    assert sparkline((0.0, 0.5, 1.0), 3) == "▁▅█"
    assert sparkline((1.0, math.nan), 5) == "█x"
    assert sparkline((), 5) == ""
    assert len(sparkline(tuple(range(100)), 7)) == 7


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (("upper", "lower"), ["u", "l"]),
        (("cultivar 1", "cultivar 2", "cultivar 3"), ["1", "2", "3"]),
        (tuple("0123456789"), list("0123456789")),
        (("setosa", "versicolor", "virginica"), ["a", "b", "c"]),
        (("", "x"), ["a", "b"]),
        (("Äpfel", "Birnen"), ["a", "b"]),
    ],
)
def test_letters_of_classes(names, letters):
    assert class_letters(names) == letters


def test_chances_are_those_of_the_softmax_and_nan_is_no_class():
    logits = np.array([[0.0, math.log(3.0)], [math.inf, 0.0], [math.nan, 0.0]])
    chances = outputs_as_chances(logits)
    assert np.exp(chances[0]) == pytest.approx([0.25, 0.75])
    assert np.exp(chances[1]) == pytest.approx([1.0, 0.0])
    assert said(chances)[0].tolist() == [1, 0, -1]
    assert said(chances)[1].tolist() == [1, 2, -1]  # 0.75 is half of the way from a guess to certainty
    assert np.exp(outputs_as_chances(np.array([[math.log(3.0)]]))) == pytest.approx(np.array([[0.25, 0.75]]))


def test_a_grid_shrinks_where_a_network_is_wide():
    assert grid_size((2, 32, 32, 1), 96, 56) == (96, 56)
    columns, rows = grid_size((64, 64, 64, 10), 96, 56)
    assert columns * rows * 202 < 750_000
    assert columns / rows == pytest.approx(96 / 56, rel=0.05)
    assert grid_size((10**7, 1), 96, 56) == (6, 4)


def test_numbers_with_signs():
    values = np.array([[-1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0, math.nan]])
    assert signed(values).tolist() == [[0, 1, 2, -1, 3, 4, 5, -1]]
    assert signed_text(values) == ["==- +## "]


def test_a_plane_stays_a_plane_when_it_is_resized():
    x, y = np.meshgrid(np.linspace(0, 1, 7), np.linspace(0, 1, 5))
    wide = resized(2 * x + 3 * y, 4, 10)
    assert wide == pytest.approx(2 * (np.arange(10) + 0.5) / 10 + 3 * (np.arange(4)[:, None] + 0.5) / 4)


def test_cells_keep_their_width_whatever_is_written_over_what():
    cells = Cells(6, 1)
    cells.put(0, 0, "日本語")
    cells.put(1, 0, "a")  # over the second half of a wide character
    cells.put(5, 0, "語")  # half outside
    cells.put(-1, 0, "bc")
    (row,) = cells.rows()
    assert width_of(row) == 6
    assert plain([row]) == "ca本語"
    cells.put(0, 9, "outside")
    assert plain(cells.rows()) == "ca本語"


def test_a_blank_beside_a_half_block_takes_no_colour_of_it():
    cells = Cells(2, 1)
    cells.halves(0, 0, np.array([[0, -1], [1, -1]]), ["class-1", "class-2"], "ab")
    cells.put(1, 0, " ")
    (row,) = cells.rows()
    assert row[0] == ("▀", "class-1/class-2")
    assert row[1:] == ((" ", "text"),)


# every preset ----------------------------------------------------------------------------------------------------------


def drawn(trainer: Trainer, film: Film, sizes=SIZES) -> None:
    for name in MINE:
        view = INSIDE[name]
        if trainer.run.surface is not None:
            assert view.why_not(trainer)
            continue
        assert view.why_not(trainer) == ""
        for spot in SPOTS:
            look = view.look(Scene(trainer, film, spot, blind=bool(spot.mode)))
            assert look.titles
            for width, height in sizes:
                rows = look.rows(width, height)
                assert len(rows) <= height, (name, spot, width, height)
                for spans in rows:
                    assert width_of(spans) <= width, (name, spot, width, height, plain([spans]))
                roles = {part for spans in rows for _, role in spans for part in role.split("/")}
                assert roles <= set(ROLES), roles - set(ROLES)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_view_of_every_preset_fits_before_during_and_after_it_has_blown_up(preset):
    trainer = trainer_of(preset)
    film = Film(trainer)
    drawn(trainer, film, SIZES[:3])
    for _ in range(12):
        if not trainer.done:
            trainer.step()
            film.take()
    drawn(trainer, film)
    with np.errstate(all="ignore"):
        trainer.parameters[:] = trainer.parameters * 1e300
        trainer.gradients[:] = -np.inf
    drawn(trainer, film, SIZES[:3])
    trainer.parameters[:] = np.nan
    drawn(trainer, film, SIZES[:3])


def test_a_refused_run_shows_its_first_weights():
    refused = [run for run in load_preset("batch-out-of-memory").runs if Trainer(run).done]
    assert refused
    trainer = Trainer(refused[0])
    drawn(trainer, Film(trainer))


def test_a_run_that_diverged_by_itself():
    trainer = trainer_of("lr-explodes-fix", 400)
    assert trainer.history.diverged
    drawn(trainer, Film(trainer))


@pytest.mark.parametrize("hidden", [[], [1], [200], [3] * 16], ids=["linear", "one unit", "wide", "deep"])
@pytest.mark.parametrize("preset", ["iris", "healthy-training", "day79-study-hours", "digits", "diabetes"])
def test_every_shape_of_network(preset, hidden):
    trainer = trainer_of(preset, 3, network__hidden=hidden)
    drawn(trainer, Film(trainer), SIZES[:4])


def test_each_is_an_entry_of_the_sheet_with_its_letter():
    letters = {entry.id: entry.letter for entry in VIEWS}
    assert [letters[name] for name in MINE] == ["b", "n", "h"]


# at the keyboard --------------------------------------------------------------------------------------------------------


def inside(person) -> str:
    return person.read("inside")


async def sees(person, *texts: str) -> None:
    """Each of these words comes to stand in the pane."""
    for text in texts:
        await person.until(lambda text=text: text in inside(person))


async def chooses(person, letter: str) -> None:
    """v, and a letter on the sheet; then the pane has the focus."""
    await person.press("v")
    await person.until(lambda: person.app.screen is not person.lab)
    await person.press(letter)
    await person.until(lambda: person.app.screen is person.lab and inside(person))
    person.lab.query_one("#inside").focus()
    await person.settle()


async def test_v_b_shows_the_boundary_and_enter_goes_through_letters_and_units(lab, fast):
    async with lab("healthy-training", epochs=2, pace=fast) as person:
        await chooses(person, "b")
        await sees(person, "Boundary  y over x")
        assert inside(person).count("░") > 100
        before = inside(person)
        await person.press("enter")
        await person.until(lambda: "░" not in inside(person))
        await sees(person, " upper ")
        await person.press("enter")
        await sees(person, "Units of the hidden layer  16 tanh")
        await person.press("enter", "enter")
        assert inside(person).split("\n")[1:] == before.split("\n")[1:]
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.settle()
        assert inside(person) != before  # it has learned
        await person.press("v", "a")
        await person.settle()
        assert not person.lab.query_one("#inside").display


async def test_without_colour_views_are_drawn_in_characters_by_themselves(lab, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with lab("healthy-training", epochs=2) as person:
        await chooses(person, "b")
        await sees(person, "Boundary  y over x  Enter: units")
        assert "A capital is wrong" in inside(person)
        assert not set("░▀") & set(inside(person))
        await person.press("enter")
        await sees(person, "Units of the hidden layer")
        assert set("+-#=") & set(inside(person).split("\n")[4])
        await person.press("enter")
        await sees(person, "Boundary")
        await chooses(person, "h")
        assert "shades" not in inside(person)
        assert "▀" not in inside(person)
        for role in ("heat-3/heat-3", "class-1-faint/class-1-faint"):  # their greys would be told apart by nobody
            style = person.lab.query_one("#inside").style_of(role)
            assert style.color.triplet != style.bgcolor.triplet


async def test_the_screen_as_text_has_the_letters_and_the_screen_keeps_its_colours(lab):
    async with lab("healthy-training", epochs=2) as person:
        await chooses(person, "b")
        await sees(person, "Boundary  y over x")
        before = inside(person)
        text = "\n".join(person.lab.taken().screen)
        assert "A capital is wrong" in text
        assert "o right" not in text
        assert inside(person) == before


async def test_v_b_on_iris_the_arrows_choose_the_features(lab):
    async with lab("iris", size=(160, 45)) as person:
        await chooses(person, "b")
        await sees(person, "petal width (cm) over petal length (cm)")
        await person.press("right")
        await person.until(lambda: "petal width (cm) over petal length (cm)" not in inside(person))
        await person.press("left")
        await sees(person, "petal width (cm) over petal length (cm)")
        await person.press("up")
        await person.until(lambda: "petal width (cm) over petal length (cm)" not in inside(person))


async def test_v_n_shows_the_network_and_the_arrows_choose_a_unit_also_when_it_is_large(lab):
    async with lab("digits", size=(120, 40)) as person:
        await chooses(person, "n")
        await sees(person, "Network  64-32-32-10")
        await sees(person, "Unit 1 of 32, layer 1")
        await person.press("down", "down", "right")
        await sees(person, "Unit 3 of 32, layer 2")
        await person.press("left", "z")
        await sees(person, "its weights, + and -")
        await person.press("n")
        await person.settle()
        assert person.session.trainer.iteration == 1
        await person.press("escape", "enter")
        await sees(person, "Unit 3 of 32, layer 1")


async def test_v_h_shows_weights_and_enter_their_gradients(lab):
    async with lab("digits", size=(120, 40)) as person:
        await chooses(person, "h")
        await sees(person, "Weights of layer 1 of 3")
        await person.press("n", "n", "n")
        await person.press("down", "enter")
        await sees(person, "Gradients")
        await sees(person, "layer 2")
        norm = float(np.linalg.norm(person.session.trainer.snapshot().layers[1].weights_gradient))
        await sees(person, f"|g| {norm:.3f}")
        await person.press("left")
        assert set("░▒▓█") & set(inside(person))
        await person.until(lambda: "▀" not in inside(person))


async def test_what_a_teacher_hides_of_validation_is_in_none_of_them(lab):
    async with lab("no-validation") as person:
        for letter in "bnh":
            await chooses(person, letter)
            assert "(o X validation)" not in inside(person)
        await chooses(person, "b")
        hidden = inside(person)
        await person.press("w")
        await person.until(lambda: inside(person) != hidden)


async def test_a_view_that_tells_a_hidden_setting_is_covered_until_it_is_uncovered(lab, tmp_path):
    path = tmp_path / "covered.toml"
    path.write_text(text_of("iris").replace("[show]", '[show]\nhide = ["settings.hidden"]'))
    async with lab(load_preset(path)) as person:
        await person.press("v")
        await person.until(lambda: person.app.screen is not person.lab)
        assert person.seen().count("hidden is hidden: w shows it") == 3
        await person.press("n", "escape")
        await person.until(lambda: person.app.screen is person.lab)
        await person.press("w", "escape")
        await chooses(person, "n")
        await sees(person, "4-3")
        await person.press("z", "w", "w")
        await person.until(lambda: not person.lab.query_one("#inside").display)
        assert person.lab.query_one("#second").display
        await person.press("w", "escape")
        await person.until(lambda: person.lab.query_one("#inside").display)


async def test_another_preset_that_has_no_such_view_leaves_no_hole(lab):
    async with lab("iris") as person:
        await chooses(person, "h")
        await person.press("z")
        person.lab.open_preset("valley")
        await person.settle()
        assert not person.lab.query_one("#inside").display
        assert person.lab.query_one("#loss").display
        person.lab.open_preset("digits")
        await person.until(lambda: person.lab.query_one("#inside").display)


async def test_a_surface_has_none_of_them_and_the_sheet_says_why(lab):
    async with lab("valley", epochs=None) as person:
        await person.press("v")
        await person.until(lambda: "v a shows it" in person.seen())
        screen = person.seen()
        for why in ("a surface has no features", "a surface has no network", "a surface has no layers"):
            assert why in screen
        await person.press("b", "l", "escape")
        assert not person.lab.query_one("#inside").display
        assert person.lab.viewing.second == "own"


async def test_shades_of_a_class_differ_from_each_other_and_from_the_background(lab):
    async with lab("iris") as person:
        for theme in ("textual-dark", "textual-light"):
            person.app.theme = theme
            await person.settle()
            canvas = person.canvas("inside")
            background = canvas.style_of("text").bgcolor
            for number in range(1, 9):
                names = [f"class-{number}{shade}" for shade in ("", "-strong", "-medium", "-faint")]
                colours = [canvas.style_of(name).color for name in names]
                assert len({*colours, background}) == 5
            both = canvas.style_of("class-1/class-2-faint")
            assert both.color == canvas.style_of("class-1").color
            assert both.bgcolor == canvas.style_of("class-2-faint").color
