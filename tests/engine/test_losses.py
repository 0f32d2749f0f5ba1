"""Losses: against numbers worked by hand, at logits that would overflow, and what counts as right."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.losses import LOSSES, fitting_losses

MSE, BCE, CE = (LOSSES[name] for name in ("mean_squared_error", "binary_cross_entropy", "cross_entropy"))
LN2, LN3 = math.log(2), math.log(3)

# loss, outputs, targets as a table has them, value, gradient
BY_HAND = [
    # errors 1, -2, 0, 3: (1 + 4 + 0 + 9) / 4 = 3.5; gradient 2 * error / 4
    (MSE, [[3, 1], [2, 7]], [[2.0, 3.0], [2.0, 4.0]], 3.5, [[0.5, -1.0], [0.0, 1.5]]),
    # one row, one output: error -10
    (MSE, [[80]], [[90.0]], 100.0, [[-20.0]]),
    # s(0) = 1/2: -ln(1/2) for either class; gradient (1/2 - t) / 2 rows
    (BCE, [[0], [0]], [0, 1], LN2, [[0.25], [-0.25]]),
    # s(ln 3) = 3/4: class 1 costs -ln(3/4), class 0 costs -ln(1/4); mean (ln 4 - ln 3 + ln 4) / 2
    (BCE, [[LN3], [LN3]], [1, 0], 2 * LN2 - LN3 / 2, [[-0.125], [0.375]]),
    # softmax(0, ln 3) = (1/4, 3/4): class 1 costs ln 4 - ln 3
    (CE, [[0, LN3]], [1], 2 * LN2 - LN3, [[0.25, -0.25]]),
    # softmax(0, 0, ln 2) = (1/4, 1/4, 1/2): class 0 costs ln 4; softmax(5, 5, 5): any class costs ln 3
    (CE, [[0, 0, LN2], [5, 5, 5]], [0, 2], LN2 + LN3 / 2, [[-3 / 8, 1 / 8, 1 / 4], [1 / 6, 1 / 6, -1 / 3]]),
]
# outputs, target, value, gradient
EXTREME = [
    (BCE, [[1e4]], [1], 0.0, [[0.0]]),
    (BCE, [[1e4]], [0], 1e4, [[1.0]]),
    (BCE, [[-1e4]], [0], 0.0, [[0.0]]),
    (BCE, [[-1e4]], [1], 1e4, [[-1.0]]),
    (BCE, [[1e4], [-1e4]], [0, 1], 1e4, [[0.5], [-0.5]]),
    (CE, [[1e4, -1e4]], [0], 0.0, [[0.0, 0.0]]),
    (CE, [[1e4, -1e4]], [1], 2e4, [[1.0, -1.0]]),
    (CE, [[-1e4, -1e4, -1e4]], [1], LN3, [[1 / 3, -2 / 3, 1 / 3]]),
    (CE, [[1e4, 1e4, -1e4]], [0], LN2, [[-0.5, 0.5, 0.0]]),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("loss", "outputs", "targets", "value", "gradient"), BY_HAND + EXTREME)
def test_value_and_gradient_are_the_hand_worked_ones(loss, outputs, targets, value, gradient, dtype):
    outputs = np.array(outputs, dtype)
    prepared = loss.prepare(np.array(targets), dtype)
    out = np.full_like(outputs, np.nan)
    before = outputs.copy()
    found = loss.value_and_gradient(outputs, prepared, out)
    tiny = 1e-14 if dtype == "float64" else 1e-6
    assert type(found) is float
    assert found == pytest.approx(value, rel=tiny, abs=tiny)
    np.testing.assert_allclose(out, gradient, rtol=tiny, atol=tiny)
    assert out.dtype == dtype
    assert outputs.tobytes() == before.tobytes()


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(rows=st.integers(1, 9), seed=st.integers(0, 10**6), scale=st.sampled_from([1e-3, 1.0, 30.0, 1e4]))
def test_value_is_the_value_of_value_and_gradient(name, rows, seed, scale):
    loss, rng = LOSSES[name], np.random.default_rng(seed)
    columns = 1 if name == "binary_cross_entropy" else 3
    outputs = rng.normal(0, scale, (rows, columns))
    raw = rng.normal(size=(rows, columns)) if name == "mean_squared_error" else rng.integers(0, max(columns, 2), rows)
    targets = loss.prepare(raw, "float64")
    assert loss.value(outputs, targets) == loss.value_and_gradient(outputs, targets, np.empty_like(outputs))


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_is_a_mean_so_twice_the_rows_cost_the_same(name):
    loss, rng = LOSSES[name], np.random.default_rng(0)
    outputs = rng.normal(size=(4, 1 if name == "binary_cross_entropy" else 3))
    raw = rng.normal(size=outputs.shape) if name == "mean_squared_error" else np.array([0, 1, 1, 0])
    once = loss.value(outputs, loss.prepare(raw, "float64"))
    twice = loss.value(np.concatenate([outputs] * 2), loss.prepare(np.concatenate([raw] * 2), "float64"))
    assert twice == pytest.approx(once, rel=1e-14)


def test_cross_entropy_of_two_logits_is_binary_cross_entropy_of_their_difference():
    rng = np.random.default_rng(0)
    logits, classes = rng.normal(0, 5, (50, 2)), rng.integers(0, 2, 50)
    two, one = np.empty((50, 2)), np.empty((50, 1))
    value = CE.value_and_gradient(logits, CE.prepare(classes, "float64"), two)
    difference = np.ascontiguousarray(logits[:, 1:] - logits[:, :1])
    assert BCE.value_and_gradient(difference, BCE.prepare(classes, "float64"), one) == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(two[:, 1:], one, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(two.sum(axis=1), 0.0, atol=1e-16)


def test_a_class_that_is_surely_right_still_has_a_gradient_of_the_right_size():
    out = np.empty((1, 1))
    BCE.value_and_gradient(np.array([[-30.0]]), BCE.prepare(np.array([0]), "float64"), out)
    assert out.item() == pytest.approx(math.exp(-30), rel=1e-2)  # tanh loses digits here, not the size
    assert BCE.value(np.array([[-30.0]]), BCE.prepare(np.array([0]), "float64")) == pytest.approx(math.exp(-30), rel=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_nan_in_is_nan_out(name):
    loss = LOSSES[name]
    outputs = np.array([[np.nan], [0.0]] if name != "cross_entropy" else [[np.nan, 0.0], [0.0, 0.0]])
    raw = np.array([[0.0], [0.0]]) if name == "mean_squared_error" else np.array([0, 0])
    out = np.empty_like(outputs)
    assert math.isnan(loss.value_and_gradient(outputs, loss.prepare(raw, "float64"), out))
    assert np.isnan(out[0]).all()
    assert not np.isnan(out[1]).any()


# What counts as right -------------------------------------------------------------------------------------------------


def test_binary_cross_entropy_is_right_where_the_logit_has_the_side_of_its_class():
    outputs = np.array([[2.0], [-1.0], [0.1], [-0.1], [0.0]])
    assert BCE.correct(outputs, BCE.prepare(np.array([1, 0, 0, 1, 0]), "float64")) == 3  # 0 is on the side of class 0
    assert BCE.correct(outputs, BCE.prepare(np.array([0, 1, 1, 0, 1]), "float64")) == 2


def test_cross_entropy_is_right_where_the_class_has_the_largest_logit():
    outputs = np.array([[1.0, 2.0, 0.0], [5.0, 4.9, -1.0], [-3.0, -2.0, -1.0]])
    assert CE.correct(outputs, CE.prepare(np.array([1, 0, 2]), "float64")) == 3
    assert CE.correct(outputs, CE.prepare(np.array([1, 1, 0]), "float64")) == 1


def test_regression_has_no_right_and_wrong():
    assert MSE.correct(np.zeros((2, 1)), np.zeros((2, 1))) is None


@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_a_count_of_right_rows_is_an_int(name):
    loss = LOSSES[name]
    assert type(loss.correct(np.ones((3, loss.outputs(2))), loss.prepare(np.array([0, 1, 1]), "float64"))) is int


# Shapes and fit -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "classes", "outputs"),
    [("mean_squared_error", 0, 1), ("binary_cross_entropy", 2, 1), ("cross_entropy", 2, 2), ("cross_entropy", 10, 10)],
)
def test_a_loss_knows_how_many_outputs_it_needs(name, classes, outputs):
    assert LOSSES[name].outputs(classes) == outputs


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_targets_are_prepared_as_copies_in_the_shape_of_the_outputs(dtype):
    classes = np.array([0, 1, 1])
    assert BCE.prepare(classes, dtype).tolist() == [[0.0], [1.0], [1.0]]
    assert BCE.prepare(classes, dtype).dtype == dtype
    assert CE.prepare(classes, dtype).dtype == np.int64
    numbers = np.array([[45.0], [55.0]])
    prepared = MSE.prepare(numbers, dtype)
    assert prepared.dtype == dtype
    assert not np.shares_memory(prepared, numbers)


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (0, ["mean_squared_error"]),
        (2, ["binary_cross_entropy", "cross_entropy"]),
        (3, ["cross_entropy"]),
        (10, ["cross_entropy"]),
    ],
)
def test_losses_fit_the_number_of_classes_the_usual_one_first(classes, names):
    assert fitting_losses(classes) == names


def test_every_loss_fits_something_and_says_for_which_task():
    assert {name for classes in (0, 2, 3) for name in fitting_losses(classes)} == set(LOSSES)
    assert all((loss.task == "regression") == (name in fitting_losses(0)) for name, loss in LOSSES.items())
