"""Many seeds of a run: their numbers against NumPy's percentiles, the band on the curves, and training them in the lab."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import Trainer, load_preset
from tui.comparing.seeds import band_of, curve_of
from tui.plots.band import band_for, stipple
from tui.plots.plot import Axes

SIZES = [(80, 24), (120, 40), (200, 50)]


def histories(preset: str, seeds: int, *settings):
    run = load_preset(preset, [("training.epochs", [3]), *settings]).runs[0]
    found = []
    for seed in range(seeds):
        trainer = Trainer(replace(run, seed=seed))
        for _ in trainer:
            pass
        found.append(trainer.history)
    return run, found


# Numbers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [2, 5, 10])
def test_the_band_is_what_numpys_percentiles_are(seeds):
    run, found = histories("recipe", seeds)
    band = band_of(run, found)
    assert (band.seeds, band.diverged) == (seeds, 0)
    for part in ("train", "validation"):
        for figure in ("loss", "accuracy"):
            values = np.array([one.evaluations(part, figure)[:, 1] for one in found])
            curve = band.curves[part, figure]
            assert curve.iterations.tolist() == [0.0, 32.0, 64.0, 96.0]
            for made, percentile in ((curve.low, 10), (curve.median, 50), (curve.high, 90)):
                assert made.tolist() == np.percentile(values, percentile, axis=0).tolist()


def test_a_seed_that_stopped_early_or_is_no_number_is_not_in_what_it_has_no_value_for():
    ways = [np.array([[0.0, 1.0], [8.0, 3.0]]), np.array([[0.0, 2.0]]), np.array([[0.0, np.nan], [8.0, 5.0]])]
    curve = curve_of(ways)
    assert curve.median.tolist() == [1.5, 4.0]
    assert curve.low.tolist() == [np.percentile([1.0, 2.0], 10), np.percentile([3.0, 5.0], 10)]
    assert curve_of([np.array([[0.0, np.nan]])]) is None


def test_regression_has_a_band_of_its_error_and_none_of_accuracy():
    band = band_of(*histories("day79-study-hours", 3))
    assert ("validation", "mean_absolute_error") in band.curves
    assert ("validation", "accuracy") not in band.curves


def test_the_dots_lie_between_both_edges_and_on_them():
    x = np.array([0.0, 10.0])
    low, high = np.array([1.0, 2.0]), np.array([5.0, 4.0])
    xs, ys = stipple(x, low, high, Axes(0.0, 10.0), (0.0, 6.0))
    edges = [np.interp(xs, x, edge) for edge in (low, high)]
    assert (ys >= edges[0] - 1e-12).all()
    assert (ys <= edges[1] + 1e-12).all()
    assert {1.0, 5.0} <= set(ys[xs == 0.0].tolist())
    assert len(ys) > 1000  # a shade, not two lines
    logarithmic = stipple(x, low, high, Axes(0.0, 10.0, log_y=True), (0.0, 1.0))[1]
    assert logarithmic.min() == pytest.approx(1.0)
    assert logarithmic.max() == pytest.approx(5.0)


# In the lab -----------------------------------------------------------------------------------------------------------


async def seeds_of(person, row: int = 0) -> None:
    """`v s`, the choice at this row, and wait until they are trained."""
    await person.press("v", "s", "home", *["down"] * row, "enter")
    await person.until(lambda: person.session.bands and not person.lab.seeding)
    await person.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_more_seeds_are_a_band_behind_the_run_on_both_plots_with_its_numbers_in_the_legend(lab, fast, size):
    async with lab("recipe", pace=fast, size=size) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await seeds_of(person)
        (band,) = person.session.bands
        run, found = histories("recipe", 5)
        for key, curve in band_of(run, found).curves.items():  # the same seeds, the same band
            assert band.curves[key].median.tolist() == curve.median.tolist()
            assert band.curves[key].high.tolist() == curve.high.tolist()
        for pane in ("loss", "second"):
            picture = person.lab.query_one(f"#{pane}").picture
            assert [one.role for one in picture.series[:2]] == ["band", "ghost"]  # behind everything else
            assert any("10-90 %" in text for title in picture.titles for text, _ in title)
        assert "▒" in person.read("loss").splitlines()[0]
        curve = band.curves["validation", "loss"]
        assert f"{curve.low[-1]:.3f}-{curve.high[-1]:.3f}" in person.read("loss").splitlines()[0].replace("10-90 %: ", "")
        assert "eight of ten" in person.note


async def test_while_seeds_train_the_lab_goes_on_shows_how_far_they_are_and_escape_gives_them_up(lab):
    async with lab("recipe", epochs=50) as person:
        await person.press("v", "s", "end", "enter")
        await person.until(lambda: "seeds 0/30" in person.read("differs"))
        assert "Escape gives them up" in person.read("differs")
        await person.press("space")
        await person.until(lambda: person.session.steps >= 3)  # both at once
        assert person.lab.seeding
        await person.press("escape")
        await person.settle()
        assert person.note.startswith("Seeds given up")
        assert not person.canvas("differs").display
        assert person.session.bands == []
        steps = person.session.steps
        await person.until(lambda: person.session.steps > steps)  # the run itself goes on
        await person.press("escape")
        assert person.state == "running"


async def test_leaving_the_preset_or_the_app_ends_the_seeds(lab, tasks):
    before = tasks()
    async with lab("recipe", epochs=50) as person:
        await person.press("v", "s", "end", "enter")
        await person.until(lambda: person.lab.seeding)
        session = person.session
        person.lab.open_preset("digits")
        await person.until(lambda: not person.lab.seeding)
        assert session.bands == person.session.bands == []
        await person.press("v", "s", "end", "enter")
        await person.until(lambda: person.lab.seeding)
        await person.press("q")
    assert tasks() - before == set()


async def test_the_band_of_another_rate_says_so_and_is_put_away(lab, fast):
    async with lab("recipe", pace=fast, size=(200, 50)) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await seeds_of(person)
        await person.at_row("learning_rate")
        await person.type("0.1")
        await person.press("enter", "r")
        await person.until(lambda: person.state == "finished" and person.session.trainer.base_rate == 0.1)
        await person.settle()
        assert "5 seeds of learning_rate 0.001" in person.read("loss").splitlines()[0]
        await person.press("v", "s", "end", "enter")
        await person.settle()
        assert person.session.bands == []
        assert "▒" not in person.read("loss")


async def test_each_run_of_a_comparison_has_its_own_band_and_that_of_the_selected_one_is_shown(lab, fast):
    async with lab("lr-big-medium-tiny", pace=fast) as person:
        await seeds_of(person)
        person.session.selected = 1
        await person.press("v", "s", "home", "enter")
        await person.until(lambda: len(person.session.bands) == 2)
        assert band_for(person.session).run.name == "medium"
        person.session.selected = 0
        assert band_for(person.session).run.name == "big"


async def test_where_seeds_change_nothing_it_says_so(lab):
    async with lab("ravine-momentum", epochs=None) as person:
        await person.press("v", "s")
        assert person.note.startswith("On a surface nothing is drawn by chance")
        assert person.app.screen is person.lab


async def test_a_hidden_validation_set_is_not_in_the_band(lab, fast, tmp_path):
    from presets import text

    path = tmp_path / "hidden.toml"
    path.write_text(text("recipe").replace("[[claim]]", '[show]\nhide = ["validation"]\n\n[[claim]]', 1))
    preset = load_preset(path, [("training.epochs", [3])])
    async with lab(preset, pace=fast, epochs=None, size=(200, 50)) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await seeds_of(person)
        curve = person.session.bands[0].curves["train", "loss"]
        assert f"5 seeds {curve.median[-1]:.3f}" in person.read("loss").splitlines()[0]
        await person.press("w")
        await person.settle()
        curve = person.session.bands[0].curves["validation", "loss"]
        assert f"5 seeds {curve.median[-1]:.3f}" in person.read("loss").splitlines()[0]
