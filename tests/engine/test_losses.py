"""Losses: against numbers worked by hand, at logits that would overflow, what counts as right, and stacks of runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.losses import LOSSES, Scratch, count, fitting_losses, inner, sums

MSE, MAE, HUBER, BCE, CE, DOUBLE = LOSSES.values()
LN2, LN3, E = math.log(2), math.log(3), math.e

every_loss = pytest.mark.parametrize("name", LOSSES)
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
for_classes = pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.task == "classes"])


def prepared(loss, targets, outputs, dtype="float64"):
    """Targets (outputs, samples): class numbers, or for regression the numbers themselves."""
    targets = np.array(targets)
    if targets.ndim == 2:
        return targets.astype(dtype)
    return np.ascontiguousarray(loss.prepare(targets, max(2, outputs), dtype).T)


def measured(loss, outputs, targets, dtype="float64"):
    """The value, the gradient and the scratch for outputs (outputs, samples)."""
    outputs = np.array(outputs, dtype)
    out, scratch = np.full_like(outputs, np.nan), Scratch(outputs.shape, dtype)
    value = loss.value_and_gradient(outputs, prepared(loss, targets, len(outputs), dtype), out, scratch)
    return value, out, scratch


def right(loss, outputs, targets, method="correct"):
    outputs = np.array(outputs, float)
    return getattr(loss, method)(outputs, prepared(loss, targets, len(outputs)), Scratch(outputs.shape, "float64"))


def some(name, samples, rng, scale=1.0):
    """Random outputs (outputs, samples) and targets for a loss."""
    units = 1 if name == "binary_cross_entropy" else 3
    outputs = rng.normal(0.0, scale, (units, samples))
    if LOSSES[name].task == "regression":
        return outputs, rng.normal(size=(units, samples))
    return outputs, prepared(LOSSES[name], rng.integers(0, max(units, 2), samples), units)


# loss, outputs (outputs, samples), targets, value, gradient
BY_HAND = [
    # errors 1, -2, 0, 3: (1 + 4 + 0 + 9) / 4 = 3.5; gradient 2 * error / 4
    (MSE, [[3, 2], [1, 7]], [[2.0, 2.0], [3.0, 4.0]], 3.5, [[0.5, 0.0], [-1.0, 1.5]]),
    # one sample, one output: error -10
    (MSE, [[80]], [[90.0]], 100.0, [[-20.0]]),
    # the same errors: (1 + 2 + 0 + 3) / 4; gradient sign / 4
    (MAE, [[3, 2], [1, 7]], [[2.0, 2.0], [3.0, 4.0]], 1.5, [[0.25, 0.0], [-0.25, 0.25]]),
    # errors 0.5, -3, 1, 0: (0.125 + 2.5 + 0.5 + 0) / 4; gradient clipped error / 4
    (HUBER, [[0.5, -3.0, 1.0, 0.0]], [[0.0, 0.0, 0.0, 0.0]], 3.125 / 4, [[0.125, -0.25, 0.25, 0.0]]),
    # s(0) = 1/2: -ln(1/2) for either class; gradient (1/2 - t) / 2 samples
    (BCE, [[0, 0]], [0, 1], LN2, [[0.25, -0.25]]),
    # s(ln 3) = 3/4: class 1 costs -ln(3/4), class 0 costs -ln(1/4); mean (ln 4 - ln 3 + ln 4) / 2
    (BCE, [[LN3, LN3]], [1, 0], 2 * LN2 - LN3 / 2, [[-0.125, 0.375]]),
    # softmax(0, ln 3) = (1/4, 3/4): class 1 costs ln 4 - ln 3
    (CE, [[0], [LN3]], [1], 2 * LN2 - LN3, [[0.25], [-0.25]]),
    # softmax(0, 0, ln 2) = (1/4, 1/4, 1/2): class 0 costs ln 4; softmax(5, 5, 5): any class costs ln 3
    (CE, [[0, 5], [0, 5], [LN2, 5]], [0, 2], LN2 + LN3 / 2, [[-3 / 8, 1 / 6], [1 / 8, 1 / 6], [1 / 4, -1 / 3]]),
    # p = softmax(0, 0) = (1/2, 1/2), and softmax(p) the same: ln 2; g = (-1/2, 1/2), g p summed = 0: p g = (-1/4, 1/4)
    (DOUBLE, [[0], [0]], [0], LN2, [[-0.25], [0.25]]),
    # p = softmax(0, ln 3) = (1/4, 3/4); class 1: ln(1 + exp(-1/2)); g = q (1, -1) with q = 1 / (1 + exp(1/2)),
    # g p summed = -q / 2: p (g + q / 2) = q (3/8, -3/8)
    (DOUBLE, [[0], [LN3]], [1], math.log1p(math.exp(-0.5)), [[0.375 / (1 + E**0.5)], [-0.375 / (1 + E**0.5)]]),
]
# logits of +-1000: outputs, target, value, gradient
EXTREME = [
    (MSE, [[1e3]], [[-1e3]], 4e6, [[4e3]]),
    (MAE, [[1e3]], [[-1e3]], 2e3, [[1.0]]),
    (HUBER, [[-1e3]], [[1e3]], 1999.5, [[-1.0]]),
    (BCE, [[1e3]], [1], 0.0, [[0.0]]),
    (BCE, [[1e3]], [0], 1e3, [[1.0]]),
    (BCE, [[-1e3]], [0], 0.0, [[0.0]]),
    (BCE, [[-1e3]], [1], 1e3, [[-1.0]]),
    (BCE, [[1e3, -1e3]], [0, 1], 1e3, [[0.5, -0.5]]),
    (CE, [[1e3], [-1e3]], [0], 0.0, [[0.0], [0.0]]),
    (CE, [[1e3], [-1e3]], [1], 2e3, [[1.0], [-1.0]]),
    (CE, [[-1e3], [-1e3], [-1e3]], [1], LN3, [[1 / 3], [-2 / 3], [1 / 3]]),
    (CE, [[1e3], [1e3], [-1e3]], [0], LN2, [[-0.5], [0.5], [0.0]]),
    # p = (1, 0): surely right costs ln(1 + 1/e), surely wrong ln(1 + e), and neither teaches anything
    (DOUBLE, [[1e3], [-1e3]], [0], math.log1p(1 / E), [[0.0], [0.0]]),
    (DOUBLE, [[1e3], [-1e3]], [1], math.log1p(E), [[0.0], [0.0]]),
]


@every_dtype
@pytest.mark.parametrize(("loss", "outputs", "targets", "value", "gradient"), BY_HAND + EXTREME)
def test_value_and_gradient_are_the_hand_worked_ones(loss, outputs, targets, value, gradient, dtype):
    found, out, _ = measured(loss, outputs, targets, dtype)
    tiny = 1e-14 if dtype == "float64" else 1e-6
    assert type(found) is float
    assert found == pytest.approx(value, rel=tiny, abs=tiny)
    np.testing.assert_allclose(out, gradient, rtol=tiny, atol=tiny)
    assert out.dtype == dtype


@every_loss
@given(samples=st.integers(1, 9), seed=st.integers(0, 10**6), scale=st.sampled_from([1e-3, 1.0, 30.0, 1e4]))
@settings(max_examples=40)
def test_value_is_the_value_of_value_and_gradient(name, samples, seed, scale):
    outputs, targets = some(name, samples, np.random.default_rng(seed), scale)
    before, scratch = (outputs.copy(), targets.copy()), Scratch(outputs.shape, "float64")
    value = LOSSES[name].value_and_gradient(outputs, targets, np.empty_like(outputs), scratch)
    assert LOSSES[name].value(outputs, targets, scratch) == value  # a scratch may be used again
    assert outputs.tobytes() == before[0].tobytes()
    assert targets.tobytes() == before[1].tobytes()


@every_loss
def test_the_loss_is_a_mean_so_twice_the_samples_cost_the_same(name):
    outputs, targets = some(name, 4, np.random.default_rng(0))
    once, gradient, _ = measured(LOSSES[name], outputs, targets)
    twice, halves, _ = measured(LOSSES[name], np.tile(outputs, 2), np.tile(targets, 2))
    assert twice == pytest.approx(once, rel=1e-14)
    np.testing.assert_allclose(halves, np.tile(gradient, 2) / 2, rtol=1e-13, atol=1e-16)


@every_dtype
@every_loss
@settings(max_examples=30)
@given(samples=st.integers(1, 40), seed=st.integers(0, 10**6), scale=st.sampled_from([1e-3, 1.0, 30.0]))
def test_it_is_what_its_formula_says(name, dtype, samples, seed, scale):
    outputs, targets = (array.astype(dtype) for array in some(name, samples, np.random.default_rng(seed), scale))
    y, t = outputs.astype(float), targets.astype(float)

    def softmax(z):
        return np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(axis=0)

    def cross_entropy(z):
        return (np.log(np.exp(z - z.max(axis=0)).sum(axis=0)) + z.max(axis=0) - (z * t).sum(axis=0)).mean()

    plain = {
        "mean_squared_error": lambda: ((y - t) ** 2).mean(),
        "mean_absolute_error": lambda: np.abs(y - t).mean(),
        "huber": lambda: np.where(np.abs(y - t) < 1, (y - t) ** 2 / 2, np.abs(y - t) - 0.5).mean(),
        "binary_cross_entropy": lambda: np.where(t > 0.5, np.logaddexp(0.0, -y), np.logaddexp(0.0, y)).mean(),
        "cross_entropy": lambda: cross_entropy(y),
        "double_softmax": lambda: cross_entropy(softmax(y)),
    }
    found, _, _ = measured(LOSSES[name], outputs, targets, dtype)
    tiny = 1e-12 if dtype == "float64" else 1e-5
    assert found == pytest.approx(plain[name](), rel=tiny, abs=tiny)


def test_cross_entropy_of_two_logits_is_binary_cross_entropy_of_their_difference():
    rng = np.random.default_rng(0)
    logits, classes = rng.normal(0, 5, (2, 50)), rng.integers(0, 2, 50)
    value, two, _ = measured(CE, logits, classes)
    found, one, _ = measured(BCE, logits[1:] - logits[:1], classes)
    assert found == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(two[1:], one, rtol=1e-11, atol=1e-16)
    np.testing.assert_allclose(two.sum(axis=0), 0.0, atol=1e-16)


def test_a_class_that_is_surely_right_still_has_a_loss_and_a_gradient_of_the_right_size():
    for side, right_class in ((-30.0, 0), (30.0, 1)):
        value, out, _ = measured(BCE, [[side]], [right_class])
        assert abs(out.item()) == pytest.approx(math.exp(-30), rel=1e-9)
        assert value == pytest.approx(math.exp(-30), rel=1e-9)


@every_dtype
@pytest.mark.parametrize("classes", [0, 1])
def test_many_surely_right_samples_cost_little_but_never_less_than_nothing(classes, dtype):
    logits = (2 * classes - 1) * np.random.default_rng(0).normal(15.0 if dtype == "float32" else 36.0, 3.0, (1, 2048))
    found, out, _ = measured(BCE, logits, [classes] * 2048, dtype)
    tiny = 1e-12 if dtype == "float64" else 1e-4
    wrong = np.exp(-np.abs(logits))  # a sample costs log(1 + wrong), and s(u) = wrong / (1 + wrong)
    assert found == pytest.approx(np.log1p(wrong).mean(), rel=tiny)
    np.testing.assert_allclose(np.abs(out), wrong / (1.0 + wrong) / 2048, rtol=tiny)
    assert (np.sign(out) == 1 - 2 * classes).all()


@every_dtype
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_two_softmaxes_never_cost_less_than_their_floor(classes, dtype):
    # p is 1 for the right class and 0 for the others at best: -log(e / (e + K - 1))
    floor = math.log(1 + (classes - 1) / E)
    assert math.log(1 + 9 / E) == pytest.approx(1.46115, abs=5e-6)
    targets = np.arange(classes)
    found, out, _ = measured(DOUBLE, 1e3 * np.eye(classes), targets, dtype)
    assert found == pytest.approx(floor, rel=1e-6)
    assert not out.any()
    rng = np.random.default_rng(0)
    for scale in (0.1, 1.0, 10.0):
        logits = rng.normal(0, scale, (classes, classes)) + scale * np.eye(classes)
        assert measured(DOUBLE, logits, targets, dtype)[0] >= floor - 1e-6
        assert measured(DOUBLE, logits, targets, dtype)[0] <= math.log(classes - 1 + E)  # nor more than this


@every_loss
def test_nan_in_is_nan_out(name):
    units = 1 if name == "binary_cross_entropy" else 2
    outputs = np.zeros((units, 2))
    outputs[0, 0] = np.nan
    targets = np.zeros((units, 2)) if LOSSES[name].task == "regression" else [0, 0]
    with np.errstate(invalid="ignore"):  # as in the trainer
        value, out, _ = measured(LOSSES[name], outputs, targets)
    assert math.isnan(value)
    assert np.isnan(out[0, 0])
    assert not np.isnan(out[:, 1]).any()


@pytest.mark.parametrize("name", ["mean_squared_error", "mean_absolute_error", "huber"])
def test_an_infinite_error_is_an_infinite_loss(name):
    assert measured(LOSSES[name], [[math.inf, 0.0]], [[0.0, 0.0]])[0] == math.inf


# What counts as right -------------------------------------------------------------------------------------------------


def test_binary_cross_entropy_is_right_where_the_logit_has_the_side_of_its_class():
    outputs = [[2.0, -1.0, 0.1, -0.1, 0.0]]
    assert right(BCE, outputs, [1, 0, 0, 1, 0]) == 3  # 0 is on the side of class 0
    assert right(BCE, outputs, [0, 1, 1, 0, 1]) == 2


@pytest.mark.parametrize("loss", [CE, DOUBLE])
def test_softmax_is_right_where_the_class_has_the_largest_logit(loss):
    outputs = [[1.0, 5.0, -3.0], [2.0, 4.9, -2.0], [0.0, -1.0, -1.0]]
    assert right(loss, outputs, [1, 0, 2]) == 3
    assert right(loss, outputs, [1, 1, 0]) == 1


@pytest.mark.parametrize(("loss", "units", "classes"), [(BCE, 1, 2), (CE, 4, 4), (DOUBLE, 4, 4)])
@pytest.mark.parametrize("level", [0.0, -1e3])
def test_where_all_logits_are_equal_the_first_class_is_taken(loss, units, classes, level):
    if loss is BCE:
        level = 0.0
    targets = [*range(classes), 0]
    assert right(loss, np.full((units, classes + 1), level), targets) == 2  # the two samples of class 0, and no others
    assert right(loss, np.full((units, classes + 1), level), targets, "correct_numbers") == 2


@pytest.mark.parametrize(("loss", "units"), [(BCE, 1), (CE, 3), (DOUBLE, 3)])
def test_a_sample_with_an_output_that_is_no_number_is_never_right(loss, units):
    outputs = np.full((units, 4), -1.0)
    outputs[0, 1] = outputs[-1, 2] = np.nan
    for classes in ([0, 0, 0, 0], [1, 1, 1, 1]):
        found = right(loss, outputs, classes, "correct_numbers")
        assert found == (2 if classes[0] == 0 else 0)
    assert right(loss, np.full((units, 4), np.nan), [0, 1, 0, 1], "correct_numbers") == 0


@for_classes
def test_where_there_are_only_numbers_both_ways_of_counting_agree(name):
    rng = np.random.default_rng(0)
    outputs, targets = some(name, 200, rng)
    scratch = Scratch(outputs.shape, "float64")
    found = LOSSES[name].correct(outputs, targets, scratch)
    assert LOSSES[name].correct_numbers(outputs, targets, scratch) == found
    assert 0 < found < 200


@for_classes
def test_a_count_of_right_samples_is_an_int(name):
    loss = LOSSES[name]
    units = loss.outputs(2)
    assert type(right(loss, np.ones((units, 3)), [0, 1, 1])) is int
    assert type(right(loss, np.ones((units, 3)), [0, 1, 1], "correct_numbers")) is int


def test_regression_has_no_right_and_wrong():
    for loss in (MSE, MAE, HUBER):
        with pytest.raises(NotImplementedError):
            right(loss, [[1.0]], [[1.0]])


# Stacks and scratch ---------------------------------------------------------------------------------------------------


@every_dtype
@every_loss
def test_runs_in_a_stack_are_what_each_is_alone(name, dtype):
    loss, rng = LOSSES[name], np.random.default_rng(0)
    outputs, targets = (np.array(arrays, dtype) for arrays in zip(*(some(name, 7, rng, 2.0) for _ in range(5)), strict=True))
    out, scratch = np.empty_like(outputs), Scratch(outputs.shape, dtype)
    values = loss.value_and_gradient(outputs, targets, out, scratch)
    assert values.shape == (5,)
    assert out.dtype == dtype
    tiny = 1e-14 if dtype == "float64" else 1e-6
    for run in range(5):
        value, gradient, alone = measured(loss, outputs[run], targets[run], dtype)
        assert values[run] == pytest.approx(value, rel=tiny)
        np.testing.assert_allclose(out[run], gradient, rtol=tiny, atol=tiny)
        if loss.task == "classes":
            assert loss.correct(outputs, targets, scratch)[run] == loss.correct(outputs[run], targets[run], alone)
    if loss.task == "classes":
        outputs[2, 0, :] = np.nan
        found = loss.correct_numbers(outputs, targets, scratch)
        assert found.shape == (5,)
        assert found[2] == 0
        assert found[3] == loss.correct(outputs[3], targets[3], alone)


@every_loss
def test_a_partial_batch_in_a_scratch_is_what_it_is_alone(name):
    loss, rng = LOSSES[name], np.random.default_rng(0)
    outputs, targets = some(name, 8, rng)
    large = Scratch(outputs.shape, "float64")
    loss.value(outputs, targets, large)
    small = large.part(3)
    assert large.part(8) is large
    assert large.part(3) is small
    assert small.samples == 3
    few, wanted = np.ascontiguousarray(outputs[:, :3]), np.ascontiguousarray(targets[:, :3])
    assert loss.value(few, wanted, small) == measured(loss, few, wanted)[0]
    assert large.part(5).terms.shape == (len(outputs), 5)  # a last batch of another size


@every_dtype
def test_sums_are_those_of_numpy(dtype):
    rng = np.random.default_rng(0)
    for shape in ((3, 5), (4, 3, 5)):
        a, b = (rng.normal(size=shape).astype(dtype) for _ in range(2))
        scratch = Scratch(shape, dtype)
        sums(a, scratch)
        np.testing.assert_allclose(scratch.row, a.sum(axis=-2, keepdims=True), rtol=1e-5)
        np.testing.assert_allclose(inner(a, b), (a * b).sum(axis=(-2, -1)), rtol=1e-4)
        np.testing.assert_array_equal(count(a > 0), (a > 0).sum(axis=(-2, -1)))
    assert inner(a, b).dtype == np.float64  # like the float of one run


# Shapes and fit -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "classes", "outputs"),
    [
        ("mean_squared_error", 0, 1),
        ("mean_absolute_error", 0, 1),
        ("huber", 0, 1),
        ("binary_cross_entropy", 2, 1),
        ("cross_entropy", 2, 2),
        ("cross_entropy", 10, 10),
        ("double_softmax", 10, 10),
    ],
)
def test_a_loss_knows_how_many_outputs_it_needs(name, classes, outputs):
    assert LOSSES[name].outputs(classes) == outputs


@every_dtype
def test_targets_are_prepared_in_the_shape_of_the_outputs(dtype):
    classes = np.array([0, 1, 1])
    assert BCE.prepare(classes, 2, dtype).tolist() == [[0.0], [1.0], [1.0]]
    assert CE.prepare(classes, 3, dtype).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
    assert MSE.prepare(np.array([[45.0], [55.0]]), 0, dtype).tolist() == [[45.0], [55.0]]
    for loss in (BCE, CE):
        assert loss.prepare(classes, 2, dtype).dtype == dtype
        assert loss.prepare(classes[:0], 2, dtype).shape == (0, loss.outputs(2))


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (0, ["mean_squared_error", "mean_absolute_error", "huber"]),
        (2, ["binary_cross_entropy", "cross_entropy", "double_softmax"]),
        (3, ["cross_entropy", "double_softmax"]),
        (10, ["cross_entropy", "double_softmax"]),
    ],
)
def test_losses_fit_the_number_of_classes_the_usual_one_first(classes, names):
    assert fitting_losses(classes) == names


def test_every_loss_fits_something_and_says_for_which_task():
    assert {name for classes in (0, 2, 3) for name in fitting_losses(classes)} == set(LOSSES)
    assert all((loss.task == "regression") == (name in fitting_losses(0)) for name, loss in LOSSES.items())
