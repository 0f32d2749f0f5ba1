"""Penalties: a value worked by hand, biases free, and each run of a stack for itself."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets import CatsDogs
from engine.layers import Architecture, count_parameters
from engine.penalties import Penalty
from engine.run import Run, Training
from engine.trainer import Trainer

SIZES = (2, 2, 1)
#                      weights 2 x 2, biases, weights 2 x 1, bias
PARAMETERS = np.array([1.0, -2.0, 0.0, 3.0, 100.0, -100.0, -0.5, 4.0, 100.0])
BEFORE = np.full(9, 10.0)


@pytest.mark.parametrize(
    ("l1", "l2", "value", "gradient"),
    [
        # 0.1 * (1 + 2 + 0 + 3 + 0.5 + 4)
        (0.1, 0.0, 1.05, [0.1, -0.1, 0.0, 0.1, 0.0, 0.0, -0.1, 0.1, 0.0]),
        # 0.2 / 2 * (1 + 4 + 0 + 9 + 0.25 + 16)
        (0.0, 0.2, 3.025, [0.2, -0.4, 0.0, 0.6, 0.0, 0.0, -0.1, 0.8, 0.0]),
        (0.1, 0.2, 4.075, [0.3, -0.5, 0.0, 0.7, 0.0, 0.0, -0.2, 0.9, 0.0]),
        (0.0, 0.0, 0.0, [0.0] * 9),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_value_and_gradient_are_the_hand_worked_ones(l1, l2, value, gradient, dtype):
    parameters, gradients = PARAMETERS.astype(dtype), BEFORE.astype(dtype)
    penalty = Penalty(l1, l2, SIZES, parameters)
    for times in (1, 2):  # the second time nothing is left of the first
        found = penalty.value_and_gradient(parameters, gradients)
        assert type(found) is float
        assert found == pytest.approx(value, rel=1e-14 if dtype == "float64" else 1e-6)
        np.testing.assert_allclose(gradients, BEFORE + times * np.array(gradient), rtol=1e-6)  # added to what is there
    assert gradients.dtype == dtype
    assert parameters.tolist() == PARAMETERS.tolist()


def test_a_linear_model_has_only_its_bias_free():
    parameters, gradients = np.array([3.0, 4.0, 50.0]), np.zeros(3)
    assert Penalty(0.0, 1.0, (2, 1), parameters).value_and_gradient(parameters, gradients) == 12.5
    assert gradients.tolist() == [3.0, 4.0, 0.0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("l1", "l2"), [(0.1, 0.0), (0.0, 0.2), (0.03, 0.7)])
def test_runs_in_a_stack_are_what_each_is_alone(l1, l2, dtype):
    sizes = (3, 5, 2)
    rng = np.random.default_rng(0)
    parameters, gradients = (rng.normal(size=(4, count_parameters(sizes))).astype(dtype) for _ in range(2))
    alone = gradients.copy()
    values = Penalty(l1, l2, sizes, parameters).value_and_gradient(parameters, gradients)
    assert values.shape == (4,)
    for run in range(4):
        one = Penalty(l1, l2, sizes, parameters[run])
        assert one.value_and_gradient(parameters[run], alone[run]) == values[run]
    assert alone.tobytes() == gradients.tobytes()


def test_nan_in_a_weight_is_nan_in_the_penalty():
    parameters = np.array([np.nan, 1.0, 1.0])
    assert np.isnan(Penalty(0.1, 0.1, (2, 1), parameters).value_and_gradient(parameters, np.zeros(3)))


def test_it_is_reported_apart_from_the_loss_of_the_data():
    def first(**prices):
        training = Training(loss="binary_cross_entropy", epochs=1, batch_size=10, **prices)
        data = CatsDogs(samples=40, validation=0)
        return Trainer(Run(data=data, network=Architecture(hidden=(4,)), training=training))

    plain, priced = first(), first(l2=0.5)
    weights = np.concatenate([layer.weights.ravel() for layer in plain.objective.network.layers])
    one, other = plain.step(), priced.step()
    assert one.batch_loss == other.batch_loss
    assert one.penalty == 0.0
    assert other.penalty == pytest.approx(0.25 * weights.dot(weights), rel=1e-14)
    assert one.gradient_norm != other.gradient_norm
    assert plain.history.initial == priced.history.initial
