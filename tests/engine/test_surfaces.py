"""Surfaces: gradients against differences, and walks down them against closed forms and figures measured elsewhere."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.optimizers import OPTIMIZERS, SGD
from engine.run import MisfitError, Run, Training
from engine.stopping import Divergence
from engine.surfaces import SURFACES, HillyPark, Ravine, Valley
from engine.trainer import Trainer

every_surface = pytest.mark.parametrize("kind", SURFACES.values(), ids=SURFACES.keys())


def walk(surface, learning_rate, optimizer=None, **training):
    """A trainer that has walked all steps of a surface."""
    optimizer = replace(optimizer or SGD(), learning_rate=learning_rate)
    trainer = Trainer(Run(surface=surface, training=Training(optimizer=optimizer, **training)))
    for _ in trainer:
        pass
    return trainer


def side_changes(path):
    """How often w changes the side of the valley's lowest point."""
    sides = np.sign(path[:, 0] - 3.0)
    return int((sides[1:] * sides[:-1] < 0).sum())


# Formulas -------------------------------------------------------------------------------------------------------------


@every_surface
@given(position=st.lists(st.floats(-5, 5), min_size=2, max_size=2), factor=st.floats(0.1, 50))
def test_the_gradient_is_the_slope(kind, position, factor):
    surface = {Valley: Valley(curvature=factor), Ravine: Ravine(steepness=factor), HillyPark: HillyPark()}[kind]
    position = np.array(position[: len(surface.axes)])
    found, step = np.full_like(position, np.nan), 1e-4
    before = position.copy()
    surface.gradient(position, found)
    assert position.tolist() == before.tolist()
    steps = step * np.eye(len(position))
    slopes = (surface.height(position + steps) - surface.height(position - steps)) / (2 * step)
    np.testing.assert_allclose(found, slopes, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("surface", "position", "height", "gradient"),
    [
        (Valley(), [-4.0], 49.0, [-14.0]),  # (w - 3)^2, 2 (w - 3)
        (Valley(curvature=19.0), [1.0], 38.0, [-38.0]),  # 9.5 * 4, 19 * -2
        (Ravine(), [-4.0, 1.0], 18.0, [-4.0, 20.0]),  # (16 + 20) / 2
        (Ravine(steepness=3.0), [1.0, -2.0], 6.5, [1.0, -6.0]),
        (HillyPark(), [2.0], 0.6, [0.3]),
        (HillyPark(), [-3.5], 68.0625 / 16 - 1.05, [-6.91875]),  # -3.5 * 8.25 / 4 + 0.3
    ],
)
def test_heights_and_gradients_are_the_hand_worked_ones(surface, position, height, gradient):
    position = np.array(position)
    out = np.empty_like(position)
    surface.gradient(position, out)
    assert surface.height(position) == pytest.approx(height, rel=1e-14)
    np.testing.assert_allclose(out, gradient, rtol=1e-14)


@every_surface
def test_every_minimum_is_one_and_the_deepest_comes_first(kind):
    surface = kind()
    heights = [float(surface.height(np.array(minimum))) for minimum in surface.minima]
    assert heights == sorted(heights)
    for minimum, height in zip(surface.minima, heights, strict=True):
        out = np.empty(len(minimum))
        surface.gradient(np.array(minimum), out)
        np.testing.assert_allclose(out, 0.0, atol=1e-14)
        around = np.array(minimum) + 0.01 * np.concatenate([np.eye(len(minimum)), -np.eye(len(minimum))])
        assert (surface.height(around) > height).all()


@every_surface
def test_heights_of_many_positions_at_once(kind):
    surface = kind()
    grid = np.random.default_rng(0).normal(size=(4, 5, len(surface.axes)))
    found = surface.height(grid)
    assert found.shape == (4, 5)
    assert found[2, 3] == surface.height(grid[2, 3])


@every_surface
def test_a_start_has_as_many_numbers_as_there_are_parameters(kind):
    with pytest.raises(ValueError, match=r"start has 3 numbers; .* takes [12] number"):
        kind(start=(1.0, 2.0, 3.0))


# Walks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("curvature", "rate", "steps"),
    [
        (2.0, 0.01, 40),
        (2.0, 0.3, 40),
        (2.0, 0.95, 40),
        (2.0, 1.05, 40),
        (19.0, 0.1, 200),
        (19.0, 0.001, 200),
        (19.0, 0.00001, 200),
        (21.0, 0.1, 200),  # 1 - 2.1: away from the valley, to 1e9
    ],
)
def test_the_valley_is_walked_as_its_closed_form_says(curvature, rate, steps):
    trainer = walk(Valley(curvature=curvature, steps=steps), rate)
    t = np.arange(steps + 1)
    expected = 3.0 - 7.0 * (1.0 - rate * curvature) ** t
    path = trainer.objective.path[:, 0]
    assert path.shape == (steps + 1,)
    assert (np.abs(path - expected) <= 1e-9 * np.maximum(1.0, np.abs(expected))).all()
    losses = trainer.history.column("batch_loss")  # before each step
    np.testing.assert_allclose(losses, curvature / 2 * (path[:-1] - 3.0) ** 2, rtol=1e-12, atol=0)


def test_the_valley_with_a_tiny_rate_is_slow():
    path = walk(Valley(), 0.01).objective.path
    assert abs(path[-1, 0] - 3.0) == pytest.approx(3.1199, abs=5e-5)
    assert path[1:3, 0].tolist() == pytest.approx([-3.86, -3.7228], rel=1e-12)
    assert side_changes(path) == 0


def test_the_valley_with_a_good_rate_is_found():
    trainer = walk(Valley(), 0.3)
    assert abs(trainer.objective.path[-1, 0] - 3.0) < 1e-12
    assert trainer.history.diverged is None
    assert trainer.history.stopped.reason == "completed"


def test_the_valley_with_a_large_rate_is_overshot_at_each_step_and_found():
    path = walk(Valley(), 0.95).objective.path
    assert side_changes(path) == 40
    assert abs(path[-1, 0] - 3.0) == pytest.approx(0.10347, abs=5e-6)


def test_the_valley_with_too_large_a_rate_is_overshot_at_each_step_and_left():
    trainer = walk(Valley(), 1.05)
    path = trainer.objective.path
    assert side_changes(path) == 40
    assert abs(path[-1, 0] - 3.0) == pytest.approx(316.81, abs=5e-3)
    # 49 * 1.1^(2 t) is above 490 from t = 13 on
    assert (trainer.history.diverged.epoch, trainer.history.diverged.iteration) == (13, 13)
    stopped = walk(Valley(), 1.05, divergence=Divergence(stop=True))
    assert stopped.history.stopped.reason == "diverged"
    assert stopped.iteration == 13


@pytest.mark.parametrize(
    ("rate", "changes", "distance", "tolerance"),
    [(0.1, 200, 4.94e-9, 5e-12), (0.001, 0, 0.15097, 5e-6), (0.00001, 0, 6.73897, 5e-6)],
)
def test_the_valley_with_the_numbers_of_the_lesson(rate, changes, distance, tolerance):
    path = walk(Valley(curvature=19.0, steps=200), rate).objective.path
    assert side_changes(path) == changes
    assert abs(path[-1, 0] - 3.0) == pytest.approx(distance, abs=tolerance)


@pytest.mark.parametrize(
    ("rate", "end", "zigzags", "loss"),
    [
        (0.002, (-3.547255482187665, 0.0863523144851048), 0, 6.366077950124567),  # slow
        (0.04, (-0.3454092579404192, 1.1529215046068332e-42), 0, 0.059653777735475526),  # good
        (0.095, (-0.010022469507941636, 0.0017970102999144218), 60, 8.251740769879513e-05),  # to and fro, but down
        (0.105, (-0.005145672126909014, 304.48163954142007), 60, 927090.6881915515),  # to and fro, and up
    ],
)
def test_the_ravine(rate, end, zigzags, loss):
    trainer = walk(Ravine(), rate)
    path = trainer.objective.path
    assert path.shape == (61, 2)
    np.testing.assert_allclose(path[-1], end, rtol=1e-9)
    signs = np.sign(path[:, 1])
    assert int((signs[1:] != signs[:-1]).sum()) == zigzags
    assert trainer.history.epochs[-1].train.loss == pytest.approx(loss, rel=1e-9)
    assert (trainer.history.diverged is not None) == (rate == 0.105)


def test_the_hilly_park_with_a_good_rate_ends_in_the_deep_valley():
    trainer = walk(HillyPark(), 0.05)
    assert trainer.objective.path[-1, 0] == pytest.approx(-2.13585, abs=1e-4)
    assert trainer.history.epochs[-1].train.loss == pytest.approx(-0.62103, abs=1e-5)
    assert trainer.objective.path[1:4, 0].tolist() == pytest.approx(
        [-3.1540625, -2.9345536062786106, -2.780391085072589], rel=1e-12
    )
    assert trainer.history.diverged is None


def test_the_hilly_park_with_a_large_rate_is_jumped_over_into_the_worse_valley():
    trainer = walk(HillyPark(), 0.8)
    path = trainer.objective.path[:, 0]
    assert path[1] == pytest.approx(2.035, rel=1e-12)
    assert path[-1] == pytest.approx(1.82859, abs=5e-6)
    assert trainer.history.epochs[-1].train.loss == pytest.approx(0.57549, abs=5e-6)


def test_the_hilly_park_with_a_tiny_rate_is_still_on_the_slope():
    assert walk(HillyPark(), 0.0005).objective.path[-1, 0] == pytest.approx(-3.2122, abs=5e-5)


def test_the_hilly_park_with_a_huge_rate_is_flown_out_of():
    trainer = walk(HillyPark(), 1.2)  # without a warning: those would be errors
    path = trainer.objective.path[:, 0]
    assert path[1:4].tolist() == pytest.approx([4.8025, -23.023967004687506, 3610.509858089921], rel=1e-12)
    assert not math.isfinite(path[-1])
    assert not math.isfinite(trainer.history.epochs[-1].train.loss)
    assert trainer.history.stopped.reason == "diverged"
    assert trainer.history.diverged.iteration == 2  # 4.8025 is at a height of 24.1, less than 10 times the start's 3.2
    assert len(path) == 101


# Through the trainer of any network -----------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_walks_down_the_valley(optimizer):
    trainer = walk(Valley(steps=300), 0.15, OPTIMIZERS[optimizer]())
    assert trainer.history.epochs[-1].train.loss < trainer.history.initial.loss / 2
    assert trainer.iteration == trainer.epoch == 300


def test_the_path_is_kept_over_a_state_and_goes_on_to_the_bit():
    run = Run(surface=Ravine(), training=Training(optimizer=OPTIMIZERS["momentum"](learning_rate=0.01)))
    whole = Trainer(run)
    for _ in whole:
        pass
    first = Trainer(run)
    for _ in range(23):
        first.step()
    second = Trainer.restore(run, first.state())
    assert second.objective.path.tobytes() == first.objective.path.tobytes()
    for _ in second:
        pass
    assert second.objective.path.tobytes() == whole.objective.path.tobytes()
    assert len(second.objective.path) == 61


def test_predictions_are_heights():
    trainer = walk(Ravine(steps=1), 0.01)
    assert trainer.predict(np.array([[-4.0, 1.0], [0.0, 0.0]])).tolist() == [[18.0], [0.0]]


def test_float32_stays_float32():
    trainer = walk(Valley(), 0.3, dtype="float32")
    assert trainer.objective.path.dtype == trainer.gradients.dtype == np.float32
    assert trainer.objective.path[-1, 0] == pytest.approx(3.0, abs=1e-6)


def test_an_order_that_a_surface_does_not_have_is_refused():
    with pytest.raises(MisfitError, match="shuffle: means nothing on the surface valley"):
        Run(surface=Valley(), training=Training(shuffle=False))
