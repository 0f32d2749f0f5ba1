"""Where others stumble: odd sizes, missing classes, dead units; and a plain loop that the trainer must equal."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine import Run, Stopped, Trainer
from engine.layers import Architecture
from engine.live import check_change
from engine.optimizers import SGD, Adam
from engine.points import Blobs, Moons
from engine.real_tables import Diabetes
from engine.rows import Rows
from engine.run import MisfitError, Training


def trained(run: Run) -> Trainer:
    trainer = Trainer(run)
    list(trainer)
    return trainer


# The plain loop -------------------------------------------------------------------------------------------------------


def plain(run: Run, updates: int) -> tuple[np.ndarray, list[float]]:
    """One hidden layer of tanh units, softmax or squared error, SGD or Adam, as every textbook has it."""
    table = run.data.generate(np.random.default_rng(run.seed))
    x, t = table.inputs, table.targets
    if run.loss == "cross_entropy":
        t = np.eye(run.sizes[-1])[t]
    parameters = Trainer(run).parameters.copy()
    inputs, hidden, outputs = run.sizes
    ends = np.cumsum([inputs * hidden, hidden, hidden * outputs])
    order = np.random.default_rng(20_000 + run.seed)
    m, v, losses, taken, chosen_in_epoch = np.zeros_like(parameters), np.zeros_like(parameters), [], len(x), np.array([])
    for step in range(1, updates + 1):
        if taken >= len(x):
            chosen_in_epoch, taken = order.permutation(len(x)), 0
        rows = chosen_in_epoch[taken : taken + run.batch_size]
        taken += run.batch_size
        w1, b1, w2, b2 = np.split(parameters, ends)
        w1, w2 = w1.reshape(inputs, hidden), w2.reshape(hidden, outputs)
        a = np.tanh(x[rows] @ w1 + b1)
        y = a @ w2 + b2
        if run.loss == "cross_entropy":
            p = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
            losses.append(-(t[rows] * np.log(p)).sum() / len(rows))
            d2 = (p - t[rows]) / len(rows)
        else:
            losses.append(((y - t[rows]) ** 2).mean())
            d2 = 2 * (y - t[rows]) / y.size
        d1 = d2 @ w2.T * (1 - a**2)
        g = np.concatenate([(x[rows].T @ d1).ravel(), d1.sum(axis=0), (a.T @ d2).ravel(), d2.sum(axis=0)])
        if run.training.optimizer.name == "sgd":
            parameters = parameters - run.training.optimizer.learning_rate * g
        else:
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            corrected = m / (1 - 0.9**step), v / (1 - 0.999**step)
            parameters = parameters - run.training.optimizer.learning_rate * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)
    return parameters, losses


THREE, POINTS = Blobs(samples=50, validation=0, classes=3), Diabetes()


@pytest.mark.parametrize(
    ("data", "optimizer"),
    [
        (THREE, SGD(learning_rate=0.05)),
        (THREE, Adam(learning_rate=0.01)),
        (POINTS, SGD(learning_rate=1e-4)),  # targets of about 150: with more it leaps, and every rounding error with it
        (POINTS, Adam(learning_rate=0.01)),
    ],
    ids=["classes by sgd", "classes by adam", "regression by sgd", "regression by adam"],
)
@pytest.mark.parametrize("batch_size", [16, 1])
def test_it_equals_a_plain_loop_over_a_hundred_updates(data, optimizer, batch_size):
    loss = "cross_entropy" if data.facts().classes else "mean_squared_error"
    training = Training(loss=loss, epochs=100, batch_size=batch_size, optimizer=optimizer)
    run = Run(data=data, network=Architecture(hidden=(5,), activation="tanh"), training=training, seed=2)
    trainer = Trainer(run)
    for _ in range(100):
        trainer.step()
    parameters, losses = plain(run, 100)
    np.testing.assert_allclose(trainer.history.column("batch_loss"), losses, rtol=1e-12, atol=1e-12)
    assert np.all(np.abs(trainer.parameters - parameters) <= 1e-12 * np.maximum(1, np.abs(parameters)))


# A last batch that is smaller -----------------------------------------------------------------------------------------

FIVE = Rows(inputs=((1.0,), (2.0,), (3.0,), (4.0,), (5.0,)), targets=(2.0, 1.0, 4.0, 3.0, 7.0))


def line(**training) -> Run:
    """targets = w inputs + b from w = 0.5, b = 1, in the order of the rows."""
    network = Architecture(hidden=(), initial_parameters=(0.5, 1.0))
    settings = {"epochs": 2, "shuffle": False, "optimizer": SGD(learning_rate=0.01), **training}
    return Run(data=FIVE, network=network, training=Training(**settings))


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 5, 6, 1000, "full"])
def test_the_gradient_of_a_partial_batch_is_a_mean_over_its_own_rows(batch_size):
    trainer = trained(line(batch_size=batch_size))
    x, t = np.arange(1.0, 6.0), np.array(FIVE.targets)
    w, b, size = 0.5, 1.0, 5 if batch_size == "full" else batch_size
    losses = []
    for _ in range(2):
        for start in range(0, 5, size):
            error = w * x[start : start + size] + b - t[start : start + size]
            losses.append(np.mean(error**2))
            slopes = np.mean(2 * error * x[start : start + size]), np.mean(2 * error)
            w, b = w - 0.01 * slopes[0], b - 0.01 * slopes[1]
    np.testing.assert_allclose(trainer.history.column("batch_loss"), losses, rtol=1e-13)
    np.testing.assert_allclose(trainer.parameters, [w, b], rtol=1e-13)
    assert trainer.samples_seen == 10


def test_a_batch_larger_than_the_data_is_the_whole_data_with_drop_last_an_error():
    assert trained(line(batch_size=1000)).parameters.tobytes() == trained(line(batch_size="full")).parameters.tobytes()
    with pytest.raises(MisfitError, match="with drop_last no batch is left: batch_size 6 is more than 5 samples") as refused:
        line(batch_size=6, drop_last=True)
    assert refused.value.key == "training.drop_last"
    assert len(trained(line(batch_size=5, drop_last=True)).history) == 2
    with pytest.raises(ValueError, match="batch_size = 6: with drop_last no batch would be left"):
        check_change(line(batch_size=5, drop_last=True), "batch_size", 6)


def test_drop_last_drops_the_same_rows_without_shuffling_and_others_with():
    assert [seen.samples_seen for seen in trained(line(batch_size=2, drop_last=True)).history] == [2, 4, 6, 8]
    still, shuffled = (trained(line(batch_size=4, drop_last=True, shuffle=order, epochs=30)) for order in (False, True))
    assert still.history.epochs[-1].train.loss != shuffled.history.epochs[-1].train.loss
    four = replace(FIVE, inputs=FIVE.inputs[:4], targets=FIVE.targets[:4])
    of_four = trained(replace(line(batch_size=4, epochs=30), data=four))
    assert still.parameters.tobytes() == of_four.parameters.tobytes()  # the fifth row was never seen


# Few and strange samples ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.05), Adam(learning_rate=0.05)], ids=["sgd", "adam"])
@pytest.mark.parametrize("task", ["classes", "regression"])
def test_one_sample_is_learned_by_heart(task, optimizer):
    data = Moons(samples=1, validation=0) if task == "classes" else Rows(inputs=((1.0, 2.0),), targets=(3.0,))
    trainer = trained(Run(data=data, training=Training(epochs=300, optimizer=optimizer)))
    assert len(trainer.history) == 300
    assert trainer.history.epochs[-1].train.loss < 0.02 * trainer.history.initial.loss
    assert trainer.history.initial.r2 is None
    assert trainer.history.epochs[-1].train.accuracy == (1.0 if task == "classes" else None)


def test_a_class_that_the_validation_set_does_not_have_is_still_counted():
    rows = ((0.0,), (1.0,), (2.0,), (0.1,), (1.1,), (2.1,), (0.2,), (1.2,))
    data = Rows(inputs=rows, targets=(0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0), task="classes", validation=2)
    run = Run(
        data=data, network=Architecture(hidden=(8,)), training=Training(epochs=300, optimizer=Adam(learning_rate=0.05))
    )
    assert run.sizes == (1, 8, 3)
    trainer = trained(run)
    assert trainer.predict(np.array([[2.0]])).argmax() == 2
    assert trainer.history.epochs[-1].validation.accuracy == 1.0
    assert math.isfinite(trainer.history.initial_validation.loss)


@pytest.mark.parametrize("standardize", [False, True])
def test_a_feature_that_never_changes_disturbs_nobody(standardize):
    rows = tuple((float(number), 7.0) for number in range(6))
    data = Rows(inputs=rows, targets=(0.0, 0.0, 0.0, 1.0, 1.0, 1.0), task="classes", standardize=standardize)
    trainer = trained(Run(data=data, training=Training(epochs=200, optimizer=Adam(learning_rate=0.05))))
    assert np.isfinite(trainer.parameters).all()
    assert np.isfinite(trainer.objective.train[0]).all()
    assert trainer.history.epochs[-1].train.accuracy == 1.0
    assert np.isfinite(trainer.predict(np.array([[2.0, 9.0]]))).all()


def test_targets_that_never_change_have_no_r2_and_are_learned():
    data = Rows(inputs=((0.0,), (1.0,), (2.0,)), targets=(5.0, 5.0, 5.0))
    trainer = trained(Run(data=data, network=Architecture(hidden=()), training=Training(epochs=300, batch_size=1)))
    assert trainer.history.epochs[-1].train.r2 is None
    assert trainer.history.epochs[-1].train.mean_absolute_error < 1e-3


# Networks that learn little or nothing --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [Moons(samples=30, validation=10), Blobs(samples=30, validation=10, classes=3)], ids=["two", "three"]
)
def test_all_units_dead_only_the_last_bias_learns_and_the_run_goes_on(data):
    run = Run(data=data, network=Architecture(hidden=(4,)), training=Training(epochs=400, batch_size="full"))
    inputs, hidden, outputs = run.sizes
    first = [0.0] * (inputs * hidden) + [-100.0] * hidden + [0.5] * (hidden * outputs) + [0.0] * outputs
    trainer = trained(replace(run, network=replace(run.network, initial_parameters=tuple(first))))
    assert trainer.parameters[:-outputs].tolist() == first[:-outputs]
    assert trainer.history.stopped == Stopped("completed", 400, 400)
    losses = trainer.history.column("batch_loss")
    assert losses[-1] == pytest.approx(losses[-50], rel=1e-6)  # it stands still
    shares = np.unique(trainer.table.targets, return_counts=True)[1] / 30
    assert losses[-1] == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-4)  # the best that a constant can do
    assert 0.0 <= trainer.history.epochs[-1].train.accuracy <= 1.0


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_weights_of_zero_never_leave_it_but_the_last_bias(activation):
    network = Architecture(hidden=(4, 3), activation=activation, initializer="zeros")
    trainer = trained(Run(data=Blobs(samples=30, validation=0), network=network, training=Training(epochs=20)))
    assert not trainer.parameters[:-1].any()
    assert trainer.history.initial.loss == pytest.approx(math.log(2), rel=1e-15)


def test_no_hidden_layer_is_a_linear_model_that_finds_the_least_squares():
    trainer = trained(line(batch_size="full", epochs=3000, optimizer=SGD(learning_rate=0.05)))
    expected = np.polyfit(np.arange(1.0, 6.0), FIVE.targets, 1)
    np.testing.assert_allclose(trainer.parameters, expected, rtol=1e-9)
    assert trainer.run.parameters == 2


def test_no_hidden_layer_and_weights_of_zero_learn_all_the_same():
    network = Architecture(hidden=(), initializer="zeros")
    trainer = trained(Run(data=Blobs(samples=90, validation=0), network=network, training=Training(epochs=50)))
    assert trainer.history.epochs[-1].train.loss < 0.5 * trainer.history.initial.loss


def test_batches_of_one_and_full_batches_end_near_the_same_line():
    one = trained(line(batch_size=1, epochs=4000, optimizer=SGD(learning_rate=0.001)))
    full = trained(line(batch_size="full", epochs=4000, optimizer=SGD(learning_rate=0.01)))
    assert (len(one.history), len(full.history)) == (20_000, 4000)
    np.testing.assert_allclose(one.parameters, full.parameters, atol=0.1)
