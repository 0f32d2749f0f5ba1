"""Activations: values worked by hand, derivatives against differences, and what overflows or is no number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.activations import ACTIVATIONS

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)


def forward(name, z):
    """a = f(z), and the scratch that the derivative needs."""
    z = np.atleast_2d(z)
    out, scratch = np.full_like(z, np.nan), [np.zeros_like(z)]
    ACTIVATIONS[name].forward(z, out, scratch)
    return out, scratch


def derivative(name, z):
    z = np.array(z, ndmin=2)  # a copy: the derivative may use z up
    a, scratch = forward(name, z)
    delta = np.ones_like(z)
    ACTIVATIONS[name].backward(delta, a, z, scratch)
    return delta


E1 = math.exp(-1.0)
BY_HAND = {  # values at -1e4, -1, 0, 1, 1e4, then derivatives there
    "relu": ([0, 0, 0, 1, 1e4], [0, 0, 0, 1, 1]),
    "leaky_relu": ([-100, -0.01, 0, 1, 1e4], [0.01, 0.01, 0.01, 1, 1]),
    "identity": ([-1e4, -1, 0, 1, 1e4], [1, 1, 1, 1, 1]),
    "tanh": (
        [-1, -(1 - E1**2) / (1 + E1**2), 0, (1 - E1**2) / (1 + E1**2), 1],
        [0, 4 * E1**2 / (1 + E1**2) ** 2, 1, 4 * E1**2 / (1 + E1**2) ** 2, 0],
    ),
    "sigmoid": ([0, E1 / (1 + E1), 0.5, 1 / (1 + E1), 1], [0, E1 / (1 + E1) ** 2, 0.25, E1 / (1 + E1) ** 2, 0]),
    "softplus": ([0, math.log1p(E1), math.log(2), 1 + math.log1p(E1), 1e4], [0, E1 / (1 + E1), 0.5, 1 / (1 + E1), 1]),
    # at 1: u = sqrt(2/pi) * 1.044715 = 0.833566, tanh u = 0.682384, f = (1 + tanh u) / 2 = 0.841192;
    # f' = f + (1 - tanh^2 u) / 2 * sqrt(2/pi) * (1 + 3 * 0.044715) = 0.841192 + 0.267176 * 0.904918 = 1.082964
    "gelu": (
        [0, -0.15880800939172324, 0, 0.8411919906082768, 1e4],
        [0, -0.08296408384578, 0.5, 1.08296408384578, 1],
    ),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_activation
def test_values_and_derivatives_are_the_hand_worked_ones_and_overflow_nowhere(name, dtype):
    z = np.array([[-1e4, -1.0, 0.0, 1.0, 1e4]], dtype)
    before, (values, slopes) = z.copy(), BY_HAND[name]
    tiny = 1e-13 if dtype == "float64" else 1e-6
    found, _ = forward(name, z)  # a warning would be an error
    np.testing.assert_allclose(found, [values], rtol=tiny, atol=tiny)
    assert found.dtype == dtype
    assert z.tobytes() == before.tobytes()
    slope = derivative(name, z)
    np.testing.assert_allclose(slope, [slopes], rtol=tiny, atol=tiny)
    assert slope.dtype == dtype


@pytest.mark.parametrize("size", [1e6, 1e10, 1e14, 1e18])
@every_activation
def test_huge_values_have_the_derivatives_of_large_ones(name, size):
    z = np.array([[-size, size]], "float32")
    with np.errstate(over="ignore"):  # as in the trainer
        np.testing.assert_allclose(derivative(name, z), [BY_HAND[name][1][::4]], rtol=1e-6, atol=1e-6)


@every_activation
def test_the_derivative_is_the_slope(name):
    z = np.array([[-8.0, -3.0, -1.1, -0.4, -0.003, 0.3, 0.9, 2.7, 8.0]])
    above, below = forward(name, z + 1e-5)[0], forward(name, z - 1e-5)[0]
    np.testing.assert_allclose(derivative(name, z), (above - below) / 2e-5, rtol=1e-8, atol=1e-9)


@every_activation
def test_what_comes_from_above_is_multiplied_not_replaced(name):
    z = np.array([[-0.5, 0.25, 2.0]])
    a, scratch = forward(name, z)
    delta = np.array([[3.0, -2.0, 0.0]])
    ACTIVATIONS[name].backward(delta, a, z.copy(), scratch)
    np.testing.assert_allclose(delta, derivative(name, z) * [[3.0, -2.0, 0.0]], rtol=1e-14)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "sigmoid", "softplus", "identity"])
def test_the_derivative_comes_from_the_result_alone(name):
    z = np.array([[-3.0, -0.4, 0.9, 2.7]])
    a, scratch = forward(name, z)
    delta = np.ones_like(z)
    ACTIVATIONS[name].backward(delta, a, np.full_like(z, np.nan), scratch)
    np.testing.assert_array_equal(delta, derivative(name, z))


@every_activation
def test_scratch_may_be_used_again_and_is_asked_for_where_it_is_needed(name):
    activation = ACTIVATIONS[name]
    z = np.array([[-1.0, 0.5]])
    first, scratch = forward(name, z)
    delta, second = np.ones_like(z), np.empty_like(z)
    activation.backward(delta, first, z.copy(), scratch)
    activation.forward(z, second, scratch if activation.needs_scratch else [])
    assert first.tobytes() == second.tobytes()


@every_activation
def test_nan_stays_nan_in_both_directions(name):
    with np.errstate(invalid="ignore"):  # as in the trainer
        assert np.isnan(forward(name, [np.nan])[0]).all()
        assert np.isnan(derivative(name, [np.nan])).all() or name == "identity"


@every_activation
def test_runs_in_a_stack_are_what_each_is_alone(name):
    z = np.random.default_rng(0).normal(0.0, 2.0, (3, 4, 5))
    out, scratch = np.empty_like(z), [np.zeros_like(z)]
    ACTIVATIONS[name].forward(z, out, scratch)
    delta = np.ones_like(z)
    ACTIVATIONS[name].backward(delta, out, z.copy(), scratch)
    for run in range(3):
        assert out[run].tobytes() == forward(name, z[run])[0].tobytes()
        assert delta[run].tobytes() == derivative(name, z[run]).tobytes()


@given(st.floats(-700, 700))
def test_what_the_smooth_ones_have_in_common(z):
    tanh, sigmoid, softplus = (forward(name, [z])[0].item() for name in ("tanh", "sigmoid", "softplus"))
    assert sigmoid == pytest.approx(1.0 - forward("sigmoid", [-z])[0].item(), abs=1e-15)
    assert tanh == pytest.approx(2.0 * forward("sigmoid", [2 * z])[0].item() - 1.0, abs=1e-15)
    assert softplus - forward("softplus", [-z])[0].item() == pytest.approx(z, rel=1e-15, abs=1e-15)
    assert derivative("softplus", [z]).item() == pytest.approx(sigmoid, abs=1e-15)


def test_softplus_is_exact_where_it_is_nearly_0():
    # log(1 + x) = x - x^2 / 2 + ..., and its derivative s(z) = x / (1 + x), for x = exp(-40)
    assert forward("softplus", [-40.0])[0].item() == pytest.approx(math.exp(-40.0), rel=1e-14)
    assert derivative("softplus", [-40.0]).item() == pytest.approx(math.exp(-40.0), rel=1e-14)
