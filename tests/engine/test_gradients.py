"""Every derivative against central differences: each activation with each loss and each penalty, in shapes of all kinds.

Near a kink a difference measures nothing, so examples with one are turned away; what stands exactly on a kink is tested
apart, by value: there the engine takes the subgradient that PyTorch takes.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.activations import ACTIVATIONS
from engine.layers import Architecture, Dropout, Network, Workspace, count_parameters, with_ones
from engine.losses import LOSSES, Scratch
from engine.penalties import Penalty

CLOSE = 1e-6  # relative error of a gradient
STEP = 1e-5  # of the central differences
KINK = 1e-3  # what is nearer to a kink than this is not compared: STEP could carry it over
SMALLEST = 1e-3  # a gradient's norm below this is measured by the rounding of the loss, divided by STEP

PENALTIES = {"none": (0.0, 0.0), "l1": (0.03, 0.0), "l2": (0.0, 0.2), "both": (0.03, 0.2)}
SHAPES = {
    "inputs": st.integers(1, 6),
    "hidden": st.lists(st.integers(1, 6), max_size=3),
    "outputs": st.integers(2, 6),
    "samples": st.integers(1, 6),
    "seed": st.integers(0, 2**32 - 1),
}


class Case:
    """A network with random parameters, a batch for it, a loss and a penalty."""

    def __init__(self, activation, loss, prices, inputs, hidden, outputs, samples, seed, dropout=0.0):
        rng = np.random.default_rng(seed)
        self.name, self.loss, self.prices, self.samples, self.seed = loss, LOSSES[loss], prices, samples, seed
        self.sizes = (inputs, *hidden, 1 if loss == "binary_cross_entropy" else outputs)
        self.architecture = Architecture(hidden=tuple(hidden), activation=activation, dropout=dropout)
        self.x = with_ones(rng.normal(size=(samples, inputs)), "float64").T
        if self.loss.task == "regression":
            self.targets = rng.normal(0.0, 1.5, (self.sizes[-1], samples))
        else:
            classes = rng.integers(0, max(2, self.sizes[-1]), samples)
            self.targets = np.ascontiguousarray(self.loss.prepare(classes, max(2, self.sizes[-1]), "float64").T)
        # no parameter near 0, where L1 has its kink; biases too, which begin at 0 and would hide what depends on them
        drawn = rng.normal(0.0, 0.7, count_parameters(self.sizes))
        self.parameters = drawn + np.copysign(2 * KINK, drawn)

    def gradients(self):
        """As the engine has them; notes whether anything is `near_a_kink`."""
        network = Network(self.sizes, self.architecture, self.parameters, np.full_like(self.parameters, np.nan))
        work = Workspace(self.sizes, self.architecture, self.samples, "float64")
        scratch = Scratch((self.sizes[-1], self.samples), "float64")
        outputs = network.forward(self.x, work, self.dropout())
        error = np.abs(outputs - self.targets)
        kinks = work.z[:-1] if self.architecture.activation in ("relu", "leaky_relu") else []
        kinks += {"mean_absolute_error": [error], "huber": [error - 1.0]}.get(self.name, [])
        self.near_a_kink = any(np.abs(distance).min() <= KINK for distance in kinks)
        self.loss.value_and_gradient(outputs, self.targets, work.delta[-1], scratch)
        network.backward(self.x, work)
        Penalty(*self.prices, self.sizes, self.parameters).value_and_gradient(self.parameters, network.gradients)
        return network.gradients

    def slopes(self):
        """As central differences have them: all parameters of all moved networks in one stack."""
        step = STEP * np.eye(len(self.parameters))
        moved = np.concatenate([self.parameters + step, self.parameters - step])
        count = len(moved)
        # with dropout one after the other, so that each has the same mask
        dropped = self.architecture.dropout > 0.0
        values = np.array([self.value(each) for each in moved]) if dropped else self.value(moved, (count,))
        return (values[: count // 2] - values[count // 2 :]) / (2 * STEP)

    def value(self, parameters, stack=()):
        """The loss with its penalty, one a row of parameters."""
        network = Network(self.sizes, self.architecture, parameters, np.empty_like(parameters))
        work = Workspace(self.sizes, self.architecture, self.samples, "float64", stack)
        outputs = network.forward(self.x, work, self.dropout())
        targets = np.broadcast_to(self.targets, outputs.shape)
        penalty = Penalty(*self.prices, self.sizes, parameters)
        value = self.loss.value(outputs, targets, Scratch(outputs.shape, "float64"))
        return value + penalty.value_and_gradient(parameters, np.zeros_like(parameters))

    def dropout(self):
        """One that always hides the same units; None where there is none."""
        rate = self.architecture.dropout
        return Dropout(rate, np.random.default_rng(self.seed)) if rate else None


def assert_close(found, expected):
    size = max(np.linalg.norm(found), np.linalg.norm(expected), SMALLEST)
    assert np.linalg.norm(found - expected) <= CLOSE * size


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@settings(max_examples=14, deadline=None, derandomize=True)
@given(**SHAPES)
def test_gradients_are_the_slopes_that_central_differences_measure(activation, loss, penalty, **shape):
    case = Case(activation, loss, PENALTIES[penalty], **shape)
    found = case.gradients()
    assume(not case.near_a_kink)
    assert_close(found, case.slopes())


@pytest.mark.parametrize("loss", ["huber", "cross_entropy"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(**SHAPES | {"hidden": st.lists(st.integers(1, 4), min_size=1, max_size=2)}, rate=st.sampled_from([0.2, 0.5, 0.8]))
def test_with_dropout_they_are_the_slopes_for_the_same_hidden_units(activation, loss, rate, **shape):
    case = Case(activation, loss, PENALTIES["both"], dropout=rate, **shape)
    found = case.gradients()
    assume(not case.near_a_kink)
    assert_close(found, case.slopes())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_wrong_derivative_would_be_seen(activation, monkeypatch):
    kind = type(ACTIVATIONS[activation])
    right = kind.backward

    def wrong(self, delta, a, z, scratch):
        right(self, delta, a, z, scratch)
        delta *= 1.0 + 1e-5

    monkeypatch.setattr(kind, "backward", wrong)
    case = Case(activation, "mean_squared_error", (0.0, 0.0), 2, [3], 2, 4, seed=0)
    found = case.gradients()
    assert not case.near_a_kink
    with pytest.raises(AssertionError):
        assert_close(found, case.slopes())


# Exactly on a kink ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "expected"),
    [("relu", [0.0, 0.0, 0.0, 1.0]), ("leaky_relu", [0.01, 0.01, 0.01, 1.0])],
)
def test_at_0_a_unit_counts_as_off(activation, expected):
    # torch.relu(z).backward() at 0 gives 0, torch.nn.functional.leaky_relu(z) its negative_slope
    z = np.array([[-1.0, -0.0, 0.0, 1e-300]])
    a, delta, scratch = np.empty_like(z), np.ones_like(z), [np.zeros_like(z)]
    ACTIVATIONS[activation].forward(z, a, scratch)
    ACTIVATIONS[activation].backward(delta, a, z, scratch)
    np.testing.assert_allclose(delta, [expected], rtol=1e-15)


@pytest.mark.parametrize(
    ("loss", "errors", "expected"),
    [
        # torch.nn.L1Loss: sign(error), 0 at 0
        ("mean_absolute_error", [-2.0, -0.0, 0.0, 1e-300], [-1.0, 0.0, 0.0, 1.0]),
        # torch.nn.HuberLoss(delta=1): both sides meet at 1
        ("huber", [-1.0, 1.0, 0.0, -1.0 - 2**-52], [-1.0, 1.0, 0.0, -1.0]),
    ],
)
def test_at_its_kinks_a_loss_has_the_gradient_that_pytorch_gives(loss, errors, expected):
    outputs, out = np.array([errors]), np.empty((1, 4))
    LOSSES[loss].value_and_gradient(outputs, np.zeros((1, 4)), out, Scratch((1, 4), "float64"))
    assert (4.0 * out).tolist() == [expected]


def test_a_weight_of_exactly_0_is_not_pushed_by_l1():
    # torch.abs(w).backward() at 0 gives 0
    parameters, gradients = np.array([0.0, -0.0, 1e-300, -2.0, 9.0]), np.zeros(5)  # four weights and a bias
    Penalty(0.5, 0.0, (4, 1), parameters).value_and_gradient(parameters, gradients)
    assert gradients.tolist() == [0.0, 0.0, 0.5, -0.5, 0.0]


def test_nothing_is_learned_through_units_that_stand_exactly_at_0():
    architecture, sizes = Architecture(hidden=(3,)), (2, 3, 1)
    network = Network(sizes, architecture, np.ones(13), np.empty(13))
    network.layers[0].block[...] = 0.0
    x, work = np.ones((3, 4)), Workspace(sizes, architecture, 4, "float64")
    network.forward(x, work)
    work.delta[-1][...] = 1.0
    network.backward(x, work)
    assert not network.layers[0].gradient.any()
    assert network.layers[1].gradient.tolist() == [[0.0], [0.0], [0.0], [4.0]]
