"""The network: its derivatives against central differences, its memory, its first weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.layers import ACTIVATIONS, INITIALIZERS, Architecture, Network, Workspace, count_parameters
from engine.losses import LOSSES

CLOSE = 1e-6  # relative error of a gradient against central differences
STEP = 1e-6  # of the central differences
KINK = 1e-4  # a ReLU unit nearer to 0 than this could be switched by STEP: there is no derivative to compare with


def network(sizes: tuple[int, ...], activation: str = "relu", seed: int = 0, **more) -> Network:
    architecture = Architecture(hidden=sizes[1:-1], activation=activation, **more)
    return Network(sizes, architecture, np.random.default_rng(seed), "float64")


def some_targets(name: str, rows: int, outputs: int, rng: np.random.Generator) -> np.ndarray:
    if name == "mean_squared_error":
        return rng.normal(size=(rows, outputs))
    return rng.integers(0, 2 if name == "binary_cross_entropy" else outputs, rows)


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    # below 1e-3 it would be the rounding of the loss that is measured, divided by 2 STEP
    return float(np.linalg.norm(found - expected)) / max(np.linalg.norm(found), np.linalg.norm(expected), 1e-3)


# Derivatives --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    inputs=st.integers(1, 4),
    hidden=st.lists(st.integers(1, 5), max_size=3),
    outputs=st.integers(2, 4),
    rows=st.integers(1, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_gradients_are_the_slopes_that_central_differences_measure(activation, name, inputs, hidden, outputs, rows, seed):
    rng = np.random.default_rng(seed)
    loss = LOSSES[name]
    if name == "binary_cross_entropy":
        outputs = 1
    sizes = (inputs, *hidden, outputs)
    net = network(sizes, activation, seed)
    for layer in net.layers:
        layer.bias[...] = rng.normal(size=layer.bias.shape)  # 0 at first, which would hide what depends on it
    x = rng.normal(size=(rows, inputs))
    targets = loss.prepare(some_targets(name, rows, outputs, rng), "float64")
    work = Workspace(sizes, rows, "float64")

    results = net.forward(x, work)
    if activation == "relu":
        assume(all(np.abs(z).min() > KINK for z in work.z[:-1]))
    loss.value_and_gradient(results, targets, work.delta[-1])
    net.backward(x, work)
    found = net.gradients.copy()

    slopes = np.empty_like(found)
    for index, value in enumerate(net.parameters.copy()):
        around = []
        for moved in (value + STEP, value - STEP):
            net.parameters[index] = moved
            around.append(loss.value(net.forward(x, work), targets))
        net.parameters[index] = value
        slopes[index] = (around[0] - around[1]) / (2 * STEP)
    assert relative_error(found, slopes) <= CLOSE


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_derivative_of_every_activation_is_its_slope(activation):
    function = ACTIVATIONS[activation]
    z = np.array([[-3.0, -1.1, -0.4, 0.3, 0.9, 2.7]])
    a, above, below, delta = (np.empty_like(z) for _ in range(4))
    function.forward(z, a)
    function.forward(z + 1e-5, above)
    function.forward(z - 1e-5, below)
    delta[...] = 3.0  # what comes from above is multiplied, not replaced
    function.backward(delta, a, np.full_like(z, np.nan))
    np.testing.assert_allclose(delta, 3.0 * (above - below) / 2e-5, rtol=1e-8, atol=1e-9)


def test_the_derivative_of_relu_at_exactly_0_is_0():
    relu = ACTIVATIONS["relu"]
    a, delta = np.empty((1, 3)), np.ones((1, 3))
    relu.forward(np.array([[-0.0, 0.0, 5e-324]]), a)
    relu.backward(delta, a, np.empty_like(a))
    assert delta.tolist() == [[0.0, 0.0, 1.0]]


def test_nothing_is_learned_through_units_that_stand_exactly_at_0():
    net = network((2, 3, 1))
    net.layers[0].weights[...] = 0.0
    work = Workspace(net.sizes, 4, "float64")
    net.forward(np.ones((4, 2)), work)
    work.delta[-1][...] = 1.0
    net.backward(np.ones((4, 2)), work)
    assert not net.layers[0].weights_gradient.any()
    assert not net.layers[0].bias_gradient.any()
    assert net.layers[1].bias_gradient.tolist() == [4.0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", [0.0, 0.0, 0.0, 1.0, 1e4]),
        ("tanh", [-1.0, -0.7615941559557649, 0.0, 0.7615941559557649, 1.0]),
        ("sigmoid", [0.0, 0.2689414213699951, 0.5, 0.7310585786300049, 1.0]),
        ("identity", [-1e4, -1.0, 0.0, 1.0, 1e4]),
    ],
)
def test_activations_are_right_and_overflow_nowhere(name, expected):
    z = np.array([[-1e4, -1.0, 0.0, 1.0, 1e4]])
    a = np.empty_like(z)
    ACTIVATIONS[name].forward(z, a)  # a warning would be an error
    np.testing.assert_allclose(a[0], expected, rtol=1e-15, atol=1e-16)
    assert z.tolist() == [[-1e4, -1.0, 0.0, 1.0, 1e4]]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_stays_nan_in_both_directions(name):
    a, delta = np.empty((1, 1)), np.ones((1, 1))
    ACTIVATIONS[name].forward(np.full((1, 1), np.nan), a)
    assert np.isnan(a).all()
    ACTIVATIONS[name].backward(delta, a, np.empty_like(a))
    assert np.isnan(delta).all() or name == "identity"


# Forward and backward by hand -----------------------------------------------------------------------------------------


def test_a_network_of_one_hidden_layer_worked_by_hand():
    net = network((2, 2, 1))
    # h = relu([x1 + 2 x2 + 0.5, -x1 + x2]), y = 3 h1 - h2 + 1
    net.parameters[...] = [1, -1, 2, 1, 0.5, 0, 3, -1, 1]
    work = Workspace(net.sizes, 2, "float64")
    x = np.array([[1.0, 1.0], [2.0, 0.0]])
    # row 1: z = (3.5, 0), h = (3.5, 0), y = 11.5;  row 2: z = (2.5, -2), h = (2.5, 0), y = 8.5
    assert net.forward(x, work).tolist() == [[11.5], [8.5]]
    work.delta[-1][...] = [[1.0], [10.0]]
    net.backward(x, work)
    # output layer: dW = h^T delta = (3.5 + 25, 0), db = 11
    # hidden: delta W^T = (3, -1), (30, -10); h2 is off in both rows: dz = (3, 0), (30, 0)
    # dW = x^T dz = [[3 + 60, 0], [3 + 0, 0]], db = (33, 0)
    assert net.gradients.tolist() == [63, 0, 3, 0, 33, 0, 28.5, 0, 11]


def test_without_hidden_layers_it_is_a_linear_model():
    net = network((3, 2))
    x = np.random.default_rng(0).normal(size=(5, 3))
    net.layers[0].bias[...] = [1.0, -2.0]
    found = net.forward(x, Workspace(net.sizes, 5, "float64"))
    np.testing.assert_allclose(found, x @ net.layers[0].weights + [1.0, -2.0], rtol=1e-14)


def test_the_last_layer_is_not_bent_by_the_activation():
    net = network((1, 1, 1))
    net.parameters[...] = [1, 0, -5, 0]
    assert net.forward(np.ones((1, 1)), Workspace(net.sizes, 1, "float64")).item() == -5.0


def test_a_gradient_replaces_the_one_before_it():
    net = network((2, 3, 2), "tanh")
    x = np.random.default_rng(0).normal(size=(4, 2))
    found = []
    for _ in range(2):
        work = Workspace(net.sizes, 4, "float64")
        net.forward(x, work)
        work.delta[-1][...] = 1.0
        net.backward(x, work)
        found.append(net.gradients.tobytes())
    assert found[0] == found[1]


def test_a_small_batch_in_memory_used_by_a_large_one_gives_what_fresh_memory_gives():
    net = network((2, 4, 4, 1), "sigmoid")
    rng = np.random.default_rng(1)
    used, results = Workspace(net.sizes, 9, "float64"), []
    large, small = rng.normal(size=(9, 2)), rng.normal(size=(2, 2))
    for x, work in ((large, used), (small, used.rows(2)), (small, Workspace(net.sizes, 2, "float64"))):
        outputs = net.forward(x, work).copy()
        work.delta[-1][...] = outputs - 1.0
        net.backward(x, work)
        results.append((outputs.tobytes(), net.gradients.tobytes()))
    assert results[1] == results[2] != results[0]


# Memory ---------------------------------------------------------------------------------------------------------------


def test_a_part_of_a_workspace_is_the_same_memory_and_made_once():
    work = Workspace((2, 3, 1), 8, "float32")
    part = work.rows(5)
    assert work.rows(8) is work
    assert work.rows(5) is part
    assert part.size == 5
    assert part.rows(5) is part
    for name in ("z", "a", "delta", "scratch"):
        for whole, rows in zip(getattr(work, name), getattr(part, name), strict=True):
            assert np.shares_memory(whole, rows)
            assert len(rows) == 5
            assert rows.dtype == np.float32
            assert rows.flags.c_contiguous


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_layers_are_views_of_one_vector_weights_before_bias_layer_by_layer(dtype):
    net = Network((2, 3, 1), Architecture(hidden=(3,)), np.random.default_rng(0), dtype)
    assert net.parameters.shape == net.gradients.shape == (13,)
    assert net.parameters.dtype == net.gradients.dtype == dtype
    net.parameters[...] = range(13)
    net.gradients[...] = range(100, 113)
    first, second = net.layers
    assert first.weights.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert first.bias.tolist() == [6, 7, 8]
    assert second.weights.tolist() == [[9], [10], [11]]
    assert second.bias.tolist() == [12]
    assert first.weights_gradient.tolist() == [[100, 101, 102], [103, 104, 105]]
    assert second.bias_gradient.tolist() == [112]


@pytest.mark.parametrize(("sizes", "count"), [((144, 16, 1), 2337), ((64, 32, 32, 10), 3466), ((1, 1), 2)])
def test_weights_and_biases_are_counted(sizes, count):
    assert count_parameters(sizes) == count == network(sizes).parameters.size


# First weights --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_first_weights_are_the_seed_s_and_biases_are_0(initializer):
    one, same, other = (network((5, 7, 2), seed=seed, initializer=initializer) for seed in (3, 3, 4))
    assert one.parameters.tobytes() == same.parameters.tobytes() != other.parameters.tobytes()
    assert all(layer.weights.all() and not layer.bias.any() for layer in one.layers)


def test_he_normal_has_variance_2_over_inputs():
    weights = INITIALIZERS["he_normal"](np.random.default_rng(0), 50, 4000)
    assert weights.shape == (50, 4000)
    assert abs(weights.mean()) < 0.002
    assert weights.std() == pytest.approx(math.sqrt(2 / 50), rel=0.01)
    assert np.abs(weights).max() > 4 * math.sqrt(2 / 50)  # a bell, no box


def test_glorot_uniform_fills_its_interval_evenly():
    limit = math.sqrt(6 / (50 + 4000))
    weights = INITIALIZERS["glorot_uniform"](np.random.default_rng(0), 50, 4000)
    assert weights.shape == (50, 4000)
    assert limit * 0.999 < weights.max() <= limit
    assert -limit <= weights.min() < -limit * 0.999
    assert weights.std() == pytest.approx(limit / math.sqrt(3), rel=0.01)


def test_the_first_weights_do_not_depend_on_the_activation():
    relu, tanh = network((4, 3, 2), "relu"), network((4, 3, 2), "tanh")
    assert relu.parameters.tobytes() == tanh.parameters.tobytes()


def test_more_than_16_hidden_layers_are_refused():
    assert Architecture(hidden=(1,) * 16).hidden == (1,) * 16
    with pytest.raises(ValueError, match="17 layers"):
        Architecture(hidden=(1,) * 17)
