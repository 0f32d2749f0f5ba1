"""Optimizers: first steps worked by hand, and one table test that each of them goes downhill."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import get_args

import numpy as np
import pytest

from engine.optimizers import OPTIMIZERS, SGD, Adam, AnyOptimizer
from engine.ranges import STRICT

every_optimizer = pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())


def steps(optimizer, gradients, learning_rate, dtype="float64"):
    """The updates for gradients given one after the other."""
    gradients = [np.array(gradient, dtype) for gradient in gradients]
    state, found = optimizer.init(np.zeros_like(gradients[0])), []
    for gradient in gradients:
        out = np.full_like(gradient, np.nan)
        optimizer.update(gradient, state, learning_rate, out)
        found.append(out)
    return found


# Worked by hand -------------------------------------------------------------------------------------------------------


def test_sgd_by_hand():
    first, second = steps(SGD(), [[1.0, -2.0, 0.0], [0.5, 0.5, -4.0]], learning_rate=0.1)
    np.testing.assert_allclose(first, [-0.1, 0.2, 0.0], rtol=1e-15)  # -0.1 * (1, -2, 0)
    np.testing.assert_allclose(second, [-0.05, -0.05, 0.4], rtol=1e-15)  # nothing of the first step is left


def test_adam_by_hand():
    # beta1 = 0.5, beta2 = 0.75, epsilon = 0.5, learning_rate = 0.1; g1 = 2, g2 = -1
    # step 1: m = 0.5 * 2 = 1          v = 0.25 * 4 = 1
    #         m / (1 - 0.5) = 2        sqrt(v / (1 - 0.75)) = sqrt(4) = 2
    #         -0.1 * 2 / (2 + 0.5) = -0.08
    # step 2: m = 0.5 * 1 + 0.5 * -1 = 0, so the update is 0;   v = 0.75 * 1 + 0.25 * 1 = 1
    # step 3, g3 = 4: m = 0.5 * 0 + 0.5 * 4 = 2;   v = 0.75 * 1 + 0.25 * 16 = 4.75
    #         m / (1 - 0.125) = 16/7;  v / (1 - 27/64) = 4.75 * 64/37 = 304/37
    #         -0.1 * (16/7) / (sqrt(304/37) + 0.5)
    adam = Adam(beta1=0.5, beta2=0.75, epsilon=0.5)
    first, second, third = steps(adam, [[2.0], [-1.0], [4.0]], learning_rate=0.1)
    assert first.item() == pytest.approx(-0.08, rel=1e-15)
    assert second.item() == 0.0
    assert third.item() == pytest.approx(-0.1 * (16 / 7) / (math.sqrt(304 / 37) + 0.5), rel=1e-15)


def test_adam_by_hand_with_its_usual_settings():
    # step 1: m = 0.1 g, v = 0.001 g^2; corrected m = g, v = g^2: -0.001 * g / (|g| + 1e-8), about -0.001 * sign(g)
    # step 2, the same g = 3: m = 0.9 * 0.3 + 0.1 * 3 = 0.57 = 0.19 * 3, 1 - 0.9^2 = 0.19: corrected 3, again
    #         v = 0.999 * 0.009 + 0.001 * 9 = 0.017991 = 0.001999 * 9, 1 - 0.999^2 = 0.001999: corrected 9
    for gradients in ([[3.0], [3.0]], [[-1e-3], [-1e-3]]):
        size = abs(gradients[0][0])
        expected = -math.copysign(0.001 * size / (size + 1e-8), gradients[0][0])
        for found in steps(Adam(), gradients, learning_rate=0.001):
            assert found.item() == pytest.approx(expected, rel=1e-12)


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_size_of_the_gradient():
    (found,) = steps(Adam(), [[1e-3, -1.0, 1e6]], learning_rate=0.01)
    np.testing.assert_allclose(found, [-0.01, 0.01, -0.01], rtol=2e-5)


def test_adam_does_nothing_where_there_is_no_gradient():
    assert [found.tolist() for found in steps(Adam(), [[0.0], [0.0]], learning_rate=1.0)] == [[-0.0], [-0.0]]


# Every optimizer ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_optimizer
def test_it_minimises_a_quadratic(kind, dtype):
    # L = (x - 1)^2 / 2 + 2 (y + 2)^2, smallest at (1, -2)
    optimizer = kind()
    position = np.array([4.0, 3.0], dtype)
    state, out = optimizer.init(position), np.empty_like(position)
    for _ in range(800):
        gradients = np.array([position[0] - 1, 4 * (position[1] + 2)], dtype)
        optimizer.update(gradients, state, 0.05, out)
        position += out
    np.testing.assert_allclose(position, [1.0, -2.0], atol=1e-3)


@every_optimizer
def test_update_writes_into_out_and_leaves_parameters_and_gradients_alone(kind):
    optimizer = kind()
    parameters, gradients, out = np.array([1.0, 2.0]), np.array([0.5, -0.25]), np.array([np.nan, np.nan])
    state = optimizer.init(parameters)
    for _ in range(3):
        assert optimizer.update(gradients, state, 0.1, out) is None
        assert (np.sign(out) == [-1, 1]).all()  # against the gradient
    assert parameters.tolist() == [1.0, 2.0]
    assert gradients.tolist() == [0.5, -0.25]


@every_optimizer
def test_the_rate_that_counts_is_the_one_given_to_update(kind):
    slow = steps(kind(learning_rate=5.0), [[1.0], [2.0]], learning_rate=0.1)
    fast = steps(kind(learning_rate=7.0), [[1.0], [2.0]], learning_rate=0.2)
    for one, two in zip(slow, fast, strict=True):
        assert two.item() == pytest.approx(2 * one.item(), rel=1e-14)


@every_optimizer
def test_two_states_of_one_optimizer_share_nothing(kind):
    optimizer, parameters = kind(), np.zeros(2)
    gradients = [np.array([1.0, -3.0]), np.array([0.5, 0.5]), np.array([2.0, 0.0])]

    def train(state, gradient):
        out = np.empty(2)
        optimizer.update(gradient, state, 0.1, out)
        return out.tobytes()

    alone = optimizer.init(parameters)
    expected = [train(alone, gradient) for gradient in gradients]
    one, other = optimizer.init(parameters), optimizer.init(parameters)
    found = []
    for gradient in gradients:
        found.append(train(one, gradient))
        train(other, 100 * gradient)
    assert found == expected


@every_optimizer
def test_a_state_keeps_nothing_of_the_parameters_it_was_made_for(kind):
    for parameters in (np.zeros(2), np.array([5.0, -7.0])):
        optimizer, out = kind(), np.empty(2)
        optimizer.update(np.array([1.0, 1.0]), optimizer.init(parameters), 0.1, out)
        assert out.tolist() == steps(kind(), [[1.0, 1.0]], 0.1)[0].tolist()


@every_optimizer
def test_float32_stays_float32(kind):
    (found,) = steps(kind(), [[0.5, -3.0]], 0.1, "float32")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, steps(kind(), [[0.5, -3.0]], 0.1)[0], rtol=1e-6)


@every_optimizer
def test_nan_in_a_gradient_reaches_the_update(kind):
    (found,) = steps(kind(), [[np.nan, 1.0]], 0.1)
    assert np.isnan(found[0])
    assert np.isfinite(found[1])


@every_optimizer
def test_it_is_a_frozen_set_of_settings_with_its_name_as_tag(kind):
    assert is_dataclass(kind)
    assert kind.__pydantic_config__ is STRICT
    assert OPTIMIZERS[kind.name] is kind
    assert all(entry.kw_only for entry in fields(kind))
    with pytest.raises(FrozenInstanceError):
        kind().learning_rate = 1.0


def test_the_table_of_names_and_the_union_are_one_list():
    assert set(OPTIMIZERS.values()) == set(get_args(get_args(AnyOptimizer)[0]))
