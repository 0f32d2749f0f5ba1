"""The network: passes worked by hand, its memory, dropout, its first weights. Its derivatives are in test_gradients.py."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.datasets import CatsDogs
from engine.layers import (
    INITIALIZERS,
    Architecture,
    Dropout,
    Network,
    Workspace,
    count_parameters,
    initial_parameters,
    with_ones,
)
from engine.run import Run, Training
from engine.trainer import Trainer

every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


def network(sizes, activation="relu", seed=0, dtype="float64", **more):
    architecture = Architecture(hidden=sizes[1:-1], activation=activation, **more)
    parameters = initial_parameters(sizes, architecture, np.random.default_rng(seed), dtype)
    return Network(sizes, architecture, parameters, np.full_like(parameters, np.nan)), architecture


def columns(rows, dtype="float64"):
    """Samples (rows, inputs) as a network takes them: (inputs + 1, rows), with a row of ones."""
    return with_ones(np.array(rows), dtype).T


def workspace(net, architecture, samples, dtype="float64", stack=()):
    return Workspace(net.sizes, architecture, samples, dtype, stack)


# Forward and backward by hand -----------------------------------------------------------------------------------------


def test_a_network_of_one_hidden_layer_worked_by_hand():
    net, architecture = network((2, 2, 1))
    # h = relu([x1 + 2 x2 + 0.5, -x1 + x2]), y = 3 h1 - h2 + 1
    net.parameters[...] = [1, -1, 2, 1, 0.5, 0, 3, -1, 1]
    work, x = workspace(net, architecture, 2), columns([[1.0, 1.0], [2.0, 0.0]])
    # sample 1: z = (3.5, 0), h = (3.5, 0), y = 11.5;  sample 2: z = (2.5, -2), h = (2.5, 0), y = 8.5
    assert net.forward(x, work).tolist() == [[11.5, 8.5]]
    assert work.z[0].tolist() == [[3.5, 2.5], [0.0, -2.0]]
    assert work.a[0].tolist() == work.through[0].tolist() == [[3.5, 2.5], [0.0, 0.0]]
    assert work.inputs[0].tolist() == [[3.5, 2.5], [0.0, 0.0], [1.0, 1.0]]
    work.delta[-1][...] = [[1.0, 10.0]]
    net.backward(x, work)
    # output layer: dW = h delta^T = (3.5 + 25, 0), db = 11
    # hidden: W delta = (3, -1), (30, -10); h2 is off in both samples: dz = (3, 0), (30, 0)
    # dW = x dz^T = [[3 + 60, 0], [3 + 0, 0]], db = (33, 0)
    assert net.gradients.tolist() == [63, 0, 3, 0, 33, 0, 28.5, 0, 11]


def test_without_hidden_layers_it_is_a_linear_model():
    net, architecture = network((3, 2))
    x = np.random.default_rng(0).normal(size=(5, 3))
    net.layers[0].bias[...] = [1.0, -2.0]
    found = net.forward(columns(x), workspace(net, architecture, 5))
    np.testing.assert_allclose(found.T, x @ net.layers[0].weights + [1.0, -2.0], rtol=1e-14)


def test_the_last_layer_is_not_bent_by_the_activation():
    net, architecture = network((1, 1, 1))
    net.parameters[...] = [1, 0, -5, 0]
    assert net.forward(columns([[1.0]]), workspace(net, architecture, 1)).item() == -5.0


@every_dtype
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_it_is_the_plain_network_of_the_textbook(activation, dtype):
    """One product a layer, with the bias inside, against W^T x + b layer by layer."""
    net, architecture = network((4, 6, 5, 3), activation, dtype=dtype)
    rng = np.random.default_rng(1)
    for layer in net.layers:
        layer.bias[...] = rng.normal(size=layer.bias.shape)
    rows = rng.normal(size=(7, 4))
    found = net.forward(columns(rows, dtype), workspace(net, architecture, 7, dtype))
    a = rows.T
    for index, layer in enumerate(net.layers):
        z = layer.weights.T.astype(float) @ a + layer.bias[:, None].astype(float)
        a = np.empty_like(z)
        ACTIVATIONS[activation if index < 2 else "identity"].forward(z, a, [np.zeros_like(z)])
    assert found.dtype == dtype
    np.testing.assert_allclose(found, a, rtol=1e-13 if dtype == "float64" else 1e-5, atol=1e-5 if dtype == "float32" else 0)


def passed(net, work, x, dropout=None):
    """Outputs and gradients, as bytes, of a pass in which the outputs less 1 are what comes back."""
    outputs = net.forward(x, work, dropout).copy()
    work.delta[-1][...] = outputs - 1.0
    net.backward(x, work)
    return outputs.tobytes(), net.gradients.tobytes()


def test_a_gradient_replaces_the_one_before_it():
    net, architecture = network((2, 3, 2), "tanh")
    x, work = columns(np.random.default_rng(0).normal(size=(4, 2))), workspace(net, architecture, 4)
    assert passed(net, work, x) == passed(net, work, x)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_small_batch_after_a_large_one_gives_what_fresh_memory_gives(activation):
    net, architecture = network((2, 4, 4, 1), activation)
    rng = np.random.default_rng(1)
    used = workspace(net, architecture, 9)
    large, small = columns(rng.normal(size=(9, 2))), columns(rng.normal(size=(2, 2)))
    expected = passed(net, workspace(net, architecture, 9), large), passed(net, workspace(net, architecture, 2), small)
    for _ in range(2):
        assert passed(net, used, large) == expected[0]
        assert passed(net, used.part(2), small) == expected[1]


@every_dtype
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_runs_in_a_stack_are_what_each_is_alone(activation, dtype):
    sizes, runs, samples = (3, 5, 4, 2), 6, 7
    architecture = Architecture(hidden=(5, 4), activation=activation)
    rng = np.random.default_rng(0)
    parameters = rng.normal(0.0, 0.7, (runs, count_parameters(sizes))).astype(dtype)
    stack = Network(sizes, architecture, parameters, np.full_like(parameters, np.nan))
    work = Workspace(sizes, architecture, samples, dtype, (runs,))
    x = with_ones(rng.normal(size=(runs, samples, 3)), dtype).mT
    outputs = stack.forward(x, work)
    assert outputs.shape == (runs, 2, samples)
    work.delta[-1][...] = outputs - 1.0
    stack.backward(x, work)
    tiny = 1e-13 if dtype == "float64" else 1e-5
    for run in range(runs):
        alone = Network(sizes, architecture, parameters[run].copy(), np.empty_like(parameters[run]))
        one = Workspace(sizes, architecture, samples, dtype)
        np.testing.assert_allclose(outputs[run], alone.forward(x[run], one), rtol=tiny, atol=tiny)
        one.delta[-1][...] = one.z[-1] - 1.0
        alone.backward(x[run], one)
        np.testing.assert_allclose(stack.gradients[run], alone.gradients, rtol=tiny, atol=100 * tiny)


# Memory ---------------------------------------------------------------------------------------------------------------


def test_a_part_of_a_workspace_is_made_once_for_each_size_in_turn():
    architecture = Architecture(hidden=(3,))
    work = Workspace((2, 3, 1), architecture, 8, "float32")
    part = work.part(5)
    assert work.part(8) is work
    assert work.part(5) is part
    assert part.part(5) is part
    assert part.samples == 5
    assert work.part(4).samples == 4
    for name in ("z", "a", "delta", "inputs", "through", "mask"):
        for whole, rows in zip(getattr(work, name), getattr(part, name), strict=True):
            assert rows.shape == (*whole.shape[:-1], 5)
            assert rows.dtype == np.float32
    assert [array.shape for scratch in part.scratch for array in scratch] == [(3, 5)]


@every_dtype
def test_layers_are_views_of_one_vector_weights_before_bias_layer_by_layer(dtype):
    net, _ = network((2, 3, 1), dtype=dtype)
    assert net.parameters.shape == net.gradients.shape == (13,)
    assert net.parameters.dtype == net.gradients.dtype == dtype
    net.parameters[...] = range(13)
    net.gradients[...] = range(100, 113)
    first, second = net.layers
    assert first.block.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert first.weights.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert first.bias.tolist() == [6, 7, 8]
    assert second.weights.tolist() == [[9], [10], [11]]
    assert second.bias.tolist() == [12]
    assert first.weights_gradient.tolist() == [[100, 101, 102], [103, 104, 105]]
    assert second.bias_gradient.tolist() == [112]


@pytest.mark.parametrize(("sizes", "count"), [((144, 16, 1), 2337), ((64, 32, 32, 10), 3466), ((1, 1), 2)])
def test_weights_and_biases_are_counted(sizes, count):
    assert count_parameters(sizes) == count == network(sizes)[0].parameters.size


@every_dtype
def test_inputs_get_a_column_of_ones(dtype):
    found = with_ones(np.array([[3, 4], [5, 6]]), dtype)
    assert found.tolist() == [[3, 4, 1], [5, 6, 1]]
    assert found.dtype == dtype
    assert with_ones(np.zeros((7, 5, 2)), dtype).shape == (7, 5, 3)
    assert with_ones(np.zeros((0, 2)), dtype).shape == (0, 3)


# Dropout --------------------------------------------------------------------------------------------------------------


@every_dtype
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_hides_its_share_of_units_and_scales_up_the_others(rate, dtype):
    a, mask, out = (np.full((300, 400), 3.0, dtype) for _ in range(3))
    Dropout(rate, np.random.default_rng(0)).forward(a, mask, out)
    deviation = math.sqrt(rate * (1 - rate) / a.size)
    assert abs((out == 0.0).mean() - rate) < 5 * deviation
    np.testing.assert_allclose(out[out != 0.0], 3.0 / (1.0 - rate), rtol=1e-6)
    assert out.mean() == pytest.approx(3.0, rel=5 * deviation / (1 - rate))  # so on average nothing changes
    np.testing.assert_array_equal(out, a * mask)
    assert mask.dtype == dtype
    assert (a == 3.0).all()


def test_units_and_samples_are_hidden_independently_and_anew_each_time():
    dropout = Dropout(0.5, np.random.default_rng(0))
    masks = np.empty((50, 20, 30))
    for mask in masks:
        dropout.forward(np.ones((20, 30)), mask, np.empty((20, 30)))
    hidden = masks == 0.0
    for axes in ((0, 1), (0, 2), (1, 2)):  # each sample, each unit and each time hides about half of the rest
        shares = hidden.mean(axis=axes)
        assert shares.min() > 0.35 and shares.max() < 0.65
    assert len({mask.tobytes() for mask in masks}) == 50


def test_the_mask_of_the_forward_pass_is_that_of_the_backward_pass():
    net, architecture = network((2, 40, 1), "identity", dropout=0.5)
    work, x = workspace(net, architecture, 3), columns(np.random.default_rng(0).normal(size=(3, 2)))
    net.forward(x, work, Dropout(0.5, np.random.default_rng(0)))
    mask = work.mask[0].copy()
    assert set(np.unique(mask)) == {0.0, 2.0}
    np.testing.assert_array_equal(work.through[0], work.a[0] * mask)
    assert (work.inputs[0][-1] == 1.0).all()  # a bias is never hidden
    work.delta[-1][...] = 1.0
    net.backward(x, work)
    np.testing.assert_array_equal(work.mask[0], mask)
    np.testing.assert_allclose(work.delta[0], net.layers[1].weights * mask, rtol=1e-15)
    np.testing.assert_allclose(net.layers[1].weights_gradient[:, 0], (work.a[0] * mask).sum(axis=1), rtol=1e-12)


def test_partial_batches_go_on_with_the_same_generator():
    net, architecture = network((2, 5, 1), dropout=0.5)
    work, dropout = workspace(net, architecture, 8), Dropout(0.5, np.random.default_rng(0))
    generator = np.random.default_rng(0)
    for samples in (8, 3, 8):
        net.forward(columns(np.ones((samples, 2))), work.part(samples), dropout)
        expected = (generator.random((5, samples)) >= 0.5) * 2.0
        np.testing.assert_array_equal(work.part(samples).mask[0], expected)


def trained(**more):
    run = Run(
        data=CatsDogs(samples=50, validation=20),
        network=Architecture(hidden=(6, 5), **more),
        training=Training(loss="binary_cross_entropy", epochs=2, batch_size=16),
    )
    return Trainer(run)


def test_whole_sets_are_seen_without_dropout_and_no_other_chance_is_touched():
    plain, dropped = trained(), trained(dropout=0.5)
    assert dropped.parameters.tobytes() == plain.parameters.tobytes()
    assert dropped.history.initial == plain.history.initial
    assert dropped.history.initial_validation == plain.history.initial_validation
    rows = plain.table.validation_inputs
    assert dropped.predict(rows).tobytes() == plain.predict(rows).tobytes() == dropped.predict(rows).tobytes()
    for one, other in zip(plain, dropped, strict=True):
        assert dropped.objective.batches.order.tobytes() == plain.objective.batches.order.tobytes()
        assert one.batch_loss != other.batch_loss
    before = dropped.objective.state()
    assert dropped.objective.evaluate() == dropped.objective.evaluate()
    assert dropped.objective.state()["generators"] == before["generators"]


def test_what_is_hidden_is_the_seed_s():
    first, again = ([metrics.batch_loss for metrics in trained(dropout=0.5)] for _ in range(2))
    assert first == again


# First weights --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_first_weights_are_the_seed_s(initializer):
    one, same, other = (network((5, 7, 2), seed=seed, initializer=initializer)[0] for seed in (3, 3, 4))
    assert one.parameters.tobytes() == same.parameters.tobytes()
    assert (one.parameters.tobytes() != other.parameters.tobytes()) == (initializer != "zeros")
    for layer in one.layers:
        assert layer.weights.all() == (initializer != "zeros")
        assert layer.bias.all() == (initializer == "pytorch")
        assert layer.bias.any() == (initializer == "pytorch")


def test_zeros_are_zeros():
    assert not network((5, 7, 2), initializer="zeros")[0].parameters.any()


@pytest.mark.parametrize(("initializer", "variance"), [("he_normal", 2 / 50), ("glorot_normal", 2 / 4050)])
def test_normal_weights_have_their_variance(initializer, variance):
    weights = INITIALIZERS[initializer](np.random.default_rng(0), 50, 4000)
    assert weights.shape == (50, 4000)
    assert abs(weights.mean()) < 5 * math.sqrt(variance / weights.size)
    assert weights.var() == pytest.approx(variance, rel=0.02)
    assert np.abs(weights).max() > 4 * math.sqrt(variance)  # a bell, no box


@pytest.mark.parametrize(
    ("initializer", "limit"),
    [
        ("he_uniform", math.sqrt(6 / 50)),
        ("glorot_uniform", math.sqrt(6 / 4050)),
        ("pytorch", 1 / math.sqrt(50)),
    ],
)
def test_uniform_weights_fill_their_interval_evenly(initializer, limit):
    weights = INITIALIZERS[initializer](np.random.default_rng(0), 50, 4000)
    assert weights.shape == (50, 4000)
    assert limit * 0.999 < weights.max() <= limit
    assert -limit <= weights.min() < -limit * 0.999
    assert weights.var() == pytest.approx(limit**2 / 3, rel=0.02)
    quarters = np.histogram(weights, 4, (-limit, limit))[0] / weights.size
    np.testing.assert_allclose(quarters, 0.25, atol=0.01)


def test_pytorch_s_biases_fill_the_interval_of_their_layer_s_inputs():
    net, _ = network((9, 500, 900), initializer="pytorch")
    for layer, (inputs, _) in zip(net.layers, pairwise(net.sizes), strict=True):
        limit = 1 / math.sqrt(inputs)
        assert limit * 0.99 < layer.bias.max() <= limit
        assert -limit <= layer.bias.min() < -limit * 0.99
        assert layer.bias.var() == pytest.approx(limit**2 / 3, rel=0.1)


@every_dtype
def test_first_parameters_may_be_given_as_written(dtype):
    given = tuple(range(9))
    architecture = Architecture(hidden=(2,), initial_parameters=given, initializer="he_normal")
    found = initial_parameters((2, 2, 1), architecture, np.random.default_rng(0), dtype)
    assert found.tolist() == list(given)
    assert found.dtype == dtype


def test_the_first_weights_depend_neither_on_the_activation_nor_on_dropout():
    relu, tanh, dropped = network((4, 3, 2)), network((4, 3, 2), "tanh"), network((4, 3, 2), dropout=0.5)
    assert relu[0].parameters.tobytes() == tanh[0].parameters.tobytes() == dropped[0].parameters.tobytes()


def test_float32_begins_with_the_rounded_weights_of_float64():
    double, single = network((4, 3, 2))[0], network((4, 3, 2), dtype="float32")[0]
    assert single.parameters.tobytes() == double.parameters.astype("float32").tobytes()


def test_more_than_16_hidden_layers_are_refused():
    assert Architecture(hidden=(1,) * 16).hidden == (1,) * 16
    with pytest.raises(ValueError, match="17 layers"):
        Architecture(hidden=(1,) * 17)
