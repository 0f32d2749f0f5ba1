"""Optimizers: first steps worked by hand, one table of what all of them must do, clipping and weight decay."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import get_args

import numpy as np
import pytest

from engine.optimizers import OPTIMIZERS, SGD, Adagrad, Adam, AdamW, AnyOptimizer, Momentum, Nesterov, RMSProp, clip, decay
from engine.ranges import STRICT
from engine.run import Run, Training
from engine.surfaces import Ravine
from engine.trainer import Trainer

every_optimizer = pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


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

BY_HAND = {
    # nothing of the first step is left in the second
    "sgd": (SGD(), [2.0, -1.0], [-0.2, 0.1]),
    # v = 2; v = 0.5 * 2 - 1 = 0; v = 0.5 * 0 + 4
    "momentum": (Momentum(momentum=0.5), [2.0, -1.0, 4.0], [-0.2, 0.0, -0.4]),
    # v as above, and g + 0.5 v: 2 + 1, -1 + 0, 4 + 2
    "nesterov": (Nesterov(momentum=0.5), [2.0, -1.0, 4.0], [-0.3, 0.1, -0.6]),
    # s = 9, then 9 + 16 = 25, then 25 + 144 = 169: 3 / (3 + 0.5), 4 / (5 + 0.5), -12 / (13 + 0.5)
    "adagrad": (Adagrad(epsilon=0.5), [3.0, 4.0, -12.0], [-0.3 / 3.5, -0.4 / 5.5, 1.2 / 13.5]),
    # s = 0.25 * 4 = 1; s = 0.75 * 1 + 0.25 * 13 = 4; s = 0.75 * 4 + 0.25 * 24 = 9: with epsilon 0.5
    "rmsprop": (
        RMSProp(alpha=0.75, epsilon=0.5),
        [2.0, -math.sqrt(13), math.sqrt(24)],
        [-0.1 * 2 / 1.5, 0.1 * math.sqrt(13) / 2.5, -0.1 * math.sqrt(24) / 3.5],
    ),
    # m = 0.5 * 2 = 1, v = 0.25 * 4 = 1: corrected by 0.5 and 0.25 they are 2 and 4: -0.1 * 2 / (2 + 0.5)
    # m = 0.5 * 1 - 0.5 * 1 = 0; v = 0.75 * 1 + 0.25 * 1 = 1
    # m = 0.5 * 0 + 0.5 * 4 = 2, v = 0.75 * 1 + 0.25 * 16 = 4.75: corrected by 1 - 1/8 and 1 - 27/64: 16/7 and 304/37
    "adam": (
        Adam(beta1=0.5, beta2=0.75, epsilon=0.5),
        [2.0, -1.0, 4.0],
        [-0.08, 0.0, -0.1 * (16 / 7) / (math.sqrt(304 / 37) + 0.5)],
    ),
    # the same: weight decay is no part of `update`
    "adamw": (
        AdamW(beta1=0.5, beta2=0.75, epsilon=0.5, weight_decay=0.3),
        [2.0, -1.0, 4.0],
        [-0.08, 0.0, -0.1 * (16 / 7) / (math.sqrt(304 / 37) + 0.5)],
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_first_steps_are_the_hand_worked_ones(name):
    optimizer, gradients, expected = BY_HAND[name]
    found = steps(optimizer, [[gradient, -gradient, 0.0] for gradient in gradients], learning_rate=0.1)
    for update, number in zip(found, expected, strict=True):
        np.testing.assert_allclose(update, [number, -number, 0.0], rtol=1e-14, atol=1e-16)


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


def textbook_adam(optimizer, gradients, learning_rate):
    """Kingma and Ba's algorithm 1 as it is printed: the plain version of the one that is used."""
    mean = square = 0.0
    for step, g in enumerate(gradients, 1):
        mean = optimizer.beta1 * mean + (1 - optimizer.beta1) * g
        square = optimizer.beta2 * square + (1 - optimizer.beta2) * g**2
        corrected, spread = mean / (1 - optimizer.beta1**step), square / (1 - optimizer.beta2**step)
        yield -learning_rate * corrected / (np.sqrt(spread) + optimizer.epsilon)


@pytest.mark.parametrize(
    "adam", [Adam(), AdamW(), Adam(beta1=0.0), Adam(beta2=0.0), Adam(epsilon=1e-3), Adam(beta1=0.99, beta2=0.9)]
)
def test_adam_is_the_one_of_the_textbook(adam):
    gradients = np.random.default_rng(0).normal(size=(500, 20)) * 10.0 ** np.arange(-10, 10)
    found = steps(adam, gradients, 0.01)
    np.testing.assert_allclose(found, list(textbook_adam(adam, gradients, 0.01)), rtol=1e-10)


# Every optimizer ------------------------------------------------------------------------------------------------------


@every_dtype
@every_optimizer
def test_it_minimises_a_quadratic(kind, dtype):
    # L = (x - 1)^2 / 2 + 2 (y + 2)^2, smallest at (1, -2)
    optimizer = kind()
    rate = 0.5 if kind is Adagrad else 0.01
    position = np.array([4.0, 3.0], dtype)
    state, out = optimizer.init(position), np.empty_like(position)
    for _ in range(2000):
        gradients = np.array([position[0] - 1, 4 * (position[1] + 2)], dtype)
        optimizer.update(gradients, state, rate, out)
        position += out
    np.testing.assert_allclose(position, [1.0, -2.0], atol=1e-2)


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
def test_it_does_nothing_where_there_never_was_a_gradient(kind):
    assert not np.any(steps(kind(), [[0.0], [0.0]], learning_rate=1.0))


@every_optimizer
def test_the_rate_that_counts_is_the_one_given_to_update(kind):
    slow = steps(kind(learning_rate=5.0), [[1.0], [2.0]], learning_rate=0.1)
    fast = steps(kind(learning_rate=7.0), [[1.0], [2.0]], learning_rate=0.2)
    for one, two in zip(slow, fast, strict=True):
        assert two.item() == pytest.approx(2 * one.item(), rel=1e-14)


@every_optimizer
def test_a_rate_may_change_between_steps_and_only_scales_the_update(kind):
    gradients = [[1.0, -3.0], [0.5, 0.5], [2.0, 0.0]]
    steady, optimizer = steps(kind(), gradients, 0.1), kind()
    state, out = optimizer.init(np.zeros(2)), np.empty(2)
    for gradient, rate, expected in zip(gradients, (0.1, 0.7, 0.0), steady, strict=True):
        optimizer.update(np.array(gradient), state, rate, out)
        np.testing.assert_allclose(out, expected * (rate / 0.1), rtol=1e-14)


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
        state = optimizer.init(parameters)
        assert len(state.vectors) == kind.vectors
        assert not any(vector.any() for vector in state.vectors)
        optimizer.update(np.array([1.0, 1.0]), state, 0.1, out)
        assert out.tolist() == steps(kind(), [[1.0, 1.0]], 0.1)[0].tolist()


@every_optimizer
def test_float32_stays_float32(kind):
    gradients = [[0.5, -3.0], [0.25, 1.0]]
    found = steps(kind(), gradients, 0.1, "float32")
    assert all(update.dtype == np.float32 for update in found)
    np.testing.assert_allclose(found, steps(kind(), gradients, 0.1), rtol=1e-5)
    assert all(vector.dtype == np.float32 for vector in kind().init(np.zeros(2, "float32")).vectors)


@every_optimizer
def test_nan_in_a_gradient_reaches_the_update(kind):
    (found,) = steps(kind(), [[np.nan, 1.0]], 0.1)
    assert np.isnan(found[0])
    assert np.isfinite(found[1])


@every_dtype
@every_optimizer
def test_runs_in_a_stack_are_bit_for_bit_what_each_is_alone(kind, dtype):
    """A whole step: clipping, update and weight decay, with a learning rate for each run."""
    rng = np.random.default_rng(0)
    optimizer, rates = kind(weight_decay=0.03), np.array([[0.1], [0.01], [0.3], [0.001], [0.07]])
    stack = rng.normal(size=(5, 37)).astype(dtype)
    alone = [row.copy() for row in stack]
    state, states = optimizer.init(stack), [optimizer.init(row) for row in alone]
    out, scratch = np.empty_like(stack), np.empty_like(stack)
    for _ in range(6):
        gradients = rng.normal(size=(5, 37)).astype(dtype)
        each = [row.copy() for row in gradients]
        norms = np.sqrt(np.vecdot(gradients, gradients).astype(float))
        clip(gradients, norms, 6.0)
        optimizer.update(gradients, state, rates, out)
        decay(stack, rates, optimizer.weight_decay, out, scratch)
        stack += out
        for run, (row, gradient) in enumerate(zip(alone, each, strict=True)):
            clip(gradient, float(norms[run]), 6.0)
            update = np.empty_like(row)
            optimizer.update(gradient, states[run], float(rates[run, 0]), update)
            decay(row, float(rates[run, 0]), optimizer.weight_decay, update, np.empty_like(row))
            row += update
    assert stack.dtype == dtype
    assert stack.tobytes() == np.array(alone).tobytes()
    # some were clipped, some not
    assert norms.min() < 6.0 < norms.max()


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
    assert list(OPTIMIZERS) == ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]


# Weight decay ---------------------------------------------------------------------------------------------------------


def test_only_adamw_decays_unless_asked():
    assert {name for name, kind in OPTIMIZERS.items() if kind().weight_decay > 0.0} == {"adamw"}
    assert AdamW().weight_decay == 0.01


@every_dtype
def test_weight_decay_shrinks_every_parameter_by_its_share(dtype):
    parameters, updates = np.array([10.0, -2.0, 0.0], dtype), np.array([1.0, 1.0, 1.0], dtype)
    decay(parameters, 0.5, 0.1, updates, np.empty_like(updates))
    np.testing.assert_allclose(updates, [0.5, 1.1, 1.0], rtol=1e-6)  # 1 - 0.5 * 0.1 * parameter
    assert updates.dtype == dtype
    np.testing.assert_array_equal(parameters, [10.0, -2.0, 0.0])


@every_optimizer
def test_weight_decay_is_apart_from_the_gradient_and_its_history(kind):
    gradients = [[1.0, -3.0], [0.5, 0.5], [2.0, 0.0]]
    with_decay, without = kind(weight_decay=0.5), kind(weight_decay=0.0)
    found, plain = steps(with_decay, gradients, 0.1), steps(without, gradients, 0.1)
    assert [update.tolist() for update in found] == [update.tolist() for update in plain]


@every_optimizer
def test_a_trainer_takes_it_off_with_the_rate_of_the_step(kind):
    def first(weight_decay):
        optimizer = kind(learning_rate=0.25, weight_decay=weight_decay)
        trainer = Trainer(Run(surface=Ravine(), training=Training(optimizer=optimizer)))
        trainer.step()
        return trainer.updates

    np.testing.assert_allclose(first(0.5) - first(0.0), [0.5, -0.125], rtol=1e-12)  # -0.25 * 0.5 * (-4, 1)


# Clipping -------------------------------------------------------------------------------------------------------------


def clipped(values, norm, limit=2.0, dtype="float64"):
    gradients = np.array(values, dtype)
    assert clip(gradients, norm, limit) is None
    assert gradients.dtype == dtype
    return gradients


@every_dtype
def test_a_norm_above_the_limit_is_brought_down_to_it_in_the_same_direction(dtype):
    found = clipped([6.0, -8.0], 10.0, dtype=dtype)
    np.testing.assert_allclose(found, [1.2, -1.6], rtol=1e-6)
    assert found.tolist() == pytest.approx([12.0 / 10.000001, -16.0 / 10.000001], rel=1e-15 if dtype == "float64" else 1e-7)


def test_a_norm_at_or_below_the_limit_is_left_as_it_is():
    assert clipped([0.6, -0.8], 1.0).tolist() == [0.6, -0.8]
    assert clipped([0.0, 0.0], 0.0).tolist() == [0.0, 0.0]
    # 1e-6 is added to the norm as in PyTorch, so exactly at the limit it is a little less
    assert clipped([0.0, 2.0], 2.0).tolist() == pytest.approx([0.0, 2.0 - 1e-6], rel=1e-12)


def test_a_norm_that_is_no_number_leaves_gradients_as_they_are():
    found = clipped([np.nan, 5.0], math.nan)
    assert np.isnan(found[0])
    assert found[1] == 5.0


@every_dtype
def test_in_a_stack_each_run_has_its_own_norm(dtype):
    values = [[6.0, -8.0], [0.6, -0.8], [np.nan, 5.0], [0.0, 0.0]]
    norms = np.array([10.0, 1.0, math.nan, 0.0], dtype)
    expected = [clipped(row, float(norm), dtype=dtype) for row, norm in zip(values, norms, strict=True)]
    assert clipped(values, norms, dtype=dtype).tobytes() == np.array(expected).tobytes()
