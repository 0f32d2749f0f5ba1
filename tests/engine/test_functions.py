"""Functions to predict: each formula once more, without noise exactly and with it by its spread."""

from __future__ import annotations

from math import pi, sin

import numpy as np
import pytest

from engine.functions import Line, LinReg, Sine, StudyClass
from engine.table import Table


def drawn(data, seed: int = 0) -> Table:
    return data.generate(np.random.default_rng(seed))


FORMULAS = [
    (Line(noise=0.0), lambda x: 2 * x - 1),
    (Line(noise=0.0, slope=-3.0, intercept=0.5), lambda x: -3 * x + 0.5),
    (Sine(noise=0.0), sin),
    (Sine(noise=0.0, frequency=2.5), lambda x: sin(2.5 * x)),
    (StudyClass(noise=0.0), lambda h: 38 + 7.4 * h - 0.15 * h * h),
]


@pytest.mark.parametrize(("data", "formula"), FORMULAS, ids=lambda value: str(value) if not callable(value) else "")
def test_without_noise_every_row_lies_on_the_curve(data, formula):
    table = drawn(data)
    for inputs, targets in [(table.inputs, table.targets), (table.validation_inputs, table.validation_targets)]:
        assert len(inputs) > 10
        assert targets[:, 0] == pytest.approx([formula(float(x)) for (x,) in inputs], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind", [Line, LinReg, Sine, StudyClass])
def test_noise_has_the_spread_asked_for_and_moves_no_input(kind):
    still, noisy = (drawn(kind(samples=20_000, validation=0, noise=noise)) for noise in (0.0, 3.0))
    np.testing.assert_array_equal(noisy.inputs, still.inputs)
    difference = noisy.targets - still.targets
    assert abs(difference.std() - 3) < 0.06 and abs(difference.mean()) < 0.1
    assert abs(np.corrcoef(difference[:, 0], still.targets[:, 0])[0, 1]) < 0.03


def test_the_inputs_of_a_line_are_standard_normal():
    inputs = drawn(Line(samples=20_000)).inputs
    assert abs(inputs.mean()) < 0.03 and abs(inputs.std() - 1) < 0.03
    assert 0.66 < (np.abs(inputs) < 1).mean() < 0.70


@pytest.mark.parametrize(("data", "low", "high"), [(Sine(samples=20_000), -pi, pi), (StudyClass(samples=20_000), 0, 10)])
def test_the_inputs_are_even_over_their_range(data, low, high):
    inputs = drawn(data).inputs
    assert low <= inputs.min() and inputs.max() <= high
    counts = np.histogram(inputs, bins=10, range=(low, high))[0]
    assert (np.abs(counts - 2000) < 4 * np.sqrt(2000)).all()


def test_the_weights_of_a_linear_regression_are_drawn_first_and_hold_in_both_parts():
    table = drawn(LinReg(noise=0.0, features=7), seed=5)
    weights = np.random.default_rng(5).standard_normal(7)
    np.testing.assert_allclose(table.targets[:, 0], table.inputs @ weights, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(table.validation_targets[:, 0], table.validation_inputs @ weights, rtol=1e-9, atol=1e-12)


def test_the_hours_of_a_class_reach_the_network_as_they_are_unless_standardized():
    table, done = drawn(StudyClass()), drawn(StudyClass(standardize=True))
    assert table.inputs.max() > 9 and table.input_scale.tolist() == [1]
    assert (table.features, table.target) == (("hours",), "score")
    np.testing.assert_allclose(done.inputs * done.input_scale + done.input_offset, table.inputs, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(done.targets, table.targets)
