"""Points in classes: each formula once more in a few lines, and what its noise adds."""

from __future__ import annotations

from math import cos, hypot, pi, sin

import numpy as np
import pytest

from engine.points import Blobs, Circles, Hundred, Moons, Spirals, Xor
from engine.table import Table


def drawn(data, seed: int = 0) -> Table:
    return data.generate(np.random.default_rng(seed))


@pytest.mark.parametrize("kind", [Circles, Moons, Spirals, Xor])
def test_noise_is_added_on_both_axes_with_the_spread_asked_for_and_moves_nothing_else(kind):
    still, noisy = (drawn(kind(samples=20_000, validation=0, noise=noise)) for noise in (0.0, 0.3))
    difference = noisy.inputs - still.inputs
    np.testing.assert_allclose(difference.std(axis=0), 0.3, rtol=0.02)
    np.testing.assert_allclose(difference.mean(axis=0), 0, atol=0.01)
    assert abs(np.corrcoef(difference.T)[0, 1]) < 0.03
    np.testing.assert_array_equal(noisy.targets, still.targets)


# blobs ----------------------------------------------------------------------------------------------------------------


def test_two_blobs_lie_left_and_right_of_the_middle():
    table = drawn(Blobs(sep=3.0, std=0.0))
    np.testing.assert_allclose(table.inputs[table.targets == 0], [[-3.0, 0.0]] * 200, atol=1e-15)
    np.testing.assert_allclose(table.inputs[table.targets == 1], [[3.0, 0.0]] * 200, atol=1e-15)


@pytest.mark.parametrize("classes", [3, 4, 7, 10])
def test_more_blobs_lie_evenly_on_a_circle(classes):
    table = drawn(Blobs(classes=classes, sep=2.0, std=0.0, samples=classes))
    for label, point in enumerate(table.inputs):
        angle = pi + 2 * pi * label / classes
        assert point == pytest.approx([2 * cos(angle), 2 * sin(angle)], abs=1e-14)
    neighbours = np.hypot(*(table.inputs - np.roll(table.inputs, 1, axis=0)).T)
    np.testing.assert_allclose(neighbours, 4 * sin(pi / classes), rtol=1e-12)
    assert table.classes[-1] == f"blob {classes}"


def test_a_blob_is_round_and_as_wide_as_asked_for():
    table = drawn(Blobs(samples=40_000, std=0.7, sep=5.0))
    for label, centre in enumerate([(-5, 0), (5, 0)]):
        points = table.inputs[table.targets == label]
        np.testing.assert_allclose(points.mean(axis=0), centre, atol=0.02)
        np.testing.assert_allclose(points.std(axis=0), 0.7, rtol=0.02)
        assert abs(np.corrcoef(points.T)[0, 1]) < 0.03


# xor ------------------------------------------------------------------------------------------------------------------


def test_xor_is_a_matter_of_signs():
    table = drawn(Xor(noise=0.0, samples=4000))
    assert table.classes == ("same", "different")
    np.testing.assert_array_equal(table.targets, np.prod(table.inputs, axis=1) < 0)
    assert np.abs(table.inputs).max() <= 1
    np.testing.assert_allclose(np.abs(table.inputs).mean(axis=0), 0.5, atol=0.03)  # even from 0 to 1
    quadrants = np.bincount(2 * (table.inputs[:, 0] > 0) + (table.inputs[:, 1] > 0))
    assert (np.abs(quadrants - 1000) < 4 * np.sqrt(2000 / 4)).all()


# circles --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [0.3, 0.8])
def test_points_lie_on_two_circles(ratio):
    table = drawn(Circles(noise=0.0, ratio=ratio, samples=4000))
    radius = np.hypot(*table.inputs.T)
    np.testing.assert_allclose(radius[table.targets == 0], 1, rtol=1e-12)
    np.testing.assert_allclose(radius[table.targets == 1], ratio, rtol=1e-12)
    assert table.classes == ("outer", "inner")
    turn = np.arctan2(*table.inputs.T)
    sectors = np.histogram(turn, bins=8, range=(-pi, pi))[0]
    assert (np.abs(sectors - 500) < 4 * np.sqrt(4000 / 8 * 7 / 8)).all()  # all the way round, evenly


# moons ----------------------------------------------------------------------------------------------------------------


def test_points_lie_on_two_half_circles():
    table = drawn(Moons(noise=0.0))
    points = table.inputs + np.array([0.5, 0.25])
    upper, lower = points[table.targets == 0], points[table.targets == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1, rtol=1e-12)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1, rtol=1e-12)
    assert (upper[:, 1] >= 0).all() and (lower[:, 1] <= 0.5).all()
    assert np.ptp(upper[:, 0]) > 1.9 and np.ptp(lower[:, 0]) > 1.9  # whole half circles
    assert table.classes == ("upper", "lower")


# spirals --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arms", "turns"), [(2, 1.0), (3, 0.5), (5, 2.5), (2, 0.0)])
def test_points_lie_on_their_arm(arms, turns):
    table = drawn(Spirals(arms=arms, turns=turns, noise=0.0))
    for (x, y), arm in zip(table.inputs, table.targets, strict=True):
        radius = hypot(x, y)
        angle = 2 * pi * (turns * radius + arm / arms)
        assert (x, y) == pytest.approx((radius * cos(angle), radius * sin(angle)), abs=1e-12)
    assert table.classes == tuple(f"arm {number}" for number in range(1, arms + 1))


def test_an_arm_is_as_dense_outside_as_inside():
    squares = (drawn(Spirals(noise=0.0, samples=20_000)).inputs ** 2).sum(axis=1)
    assert 0.02 <= squares.min() < 0.021 and 0.999 < squares.max() <= 1
    counts = np.histogram(squares, bins=10, range=(0.02, 1))[0]
    assert (np.abs(counts - 2000) < 4 * np.sqrt(2000)).all()


# hundred --------------------------------------------------------------------------------------------------------------


def test_clouds_have_the_centres_that_are_drawn_first_in_both_parts():
    table = drawn(Hundred(samples=4000, validation=2000), seed=7)
    centres = 0.4 * np.random.default_rng(7).standard_normal((10, 100))
    for inputs, targets in [(table.inputs, table.targets), (table.validation_inputs, table.validation_targets)]:
        rest = inputs - centres[targets]
        assert abs(rest.mean()) < 0.01 and abs(rest.std() - 1) < 0.01
        means = np.stack([rest[targets == label].mean(axis=0) for label in range(10)])
        assert np.abs(means).max() < 5 / np.sqrt(len(inputs) / 10)


def test_without_separation_all_clouds_are_one():
    table = drawn(Hundred(sep=0.0, samples=20_000, validation=0, features=3, classes=2))
    means = [table.inputs[table.targets == label].mean(axis=0) for label in (0, 1)]
    np.testing.assert_allclose(means, np.zeros((2, 3)), atol=0.05)
    assert table.classes == ("cloud 1", "cloud 2") and table.features == ("x 1", "x 2", "x 3")


def test_ten_clouds_in_a_hundred_dimensions_are_told_by_their_means():
    table = drawn(Hundred())
    means = np.stack([table.inputs[table.targets == label].mean(axis=0) for label in range(10)])
    distance = ((table.validation_inputs[:, None, :] - means) ** 2).sum(axis=2)
    assert (distance.argmin(axis=1) == table.validation_targets).mean() >= 0.9
