"""The training loop: against a plain one written here, bit for bit against itself, and at all of its edges."""

from __future__ import annotations

import itertools
import math
from dataclasses import fields, replace

import numpy as np
import pytest

from engine import Evaluation, IterationMetrics, Run, Stopped, Trainer, load_preset
from engine.layers import Architecture, Workspace
from engine.losses import LOSSES, Scratch
from engine.optimizers import OPTIMIZERS, SGD, Adam
from engine.points import Moons
from engine.real_tables import Digits, StudyHours
from engine.run import Training

FIFTY = Moons(samples=50, validation=20)
SMALL = Architecture(hidden=(6,))


def moons(data=FIFTY, seed=0, hidden=(6,), **training) -> Run:
    """A small run of 50 points; batch_size 16 makes batches of 16, 16, 16 and 2."""
    training = {"epochs": 3, "batch_size": 16, "optimizer": Adam(learning_rate=0.01), **training}
    return Run(seed=seed, data=data, network=Architecture(hidden=hidden), training=Training(**training))


def line(learning_rate=10.0, hours_divisor=1.0, **training) -> Run:
    """A straight line through six rows of hours up to 6: any rate above 0.07 makes each step worse than the last."""
    training = {"epochs": 150, "batch_size": "full", "optimizer": SGD(learning_rate=learning_rate), **training}
    return Run(data=StudyHours(hours_divisor=hours_divisor), network=Architecture(hidden=()), training=Training(**training))


def trained(run: Run) -> Trainer:
    trainer = Trainer(run)
    for _ in trainer:
        pass
    return trainer


def numbers(trainer: Trainer) -> dict[str, object]:
    """All that a run came to, as bits (NaN is equal to NaN here), without the seconds."""
    history = trainer.history
    names = [entry.name for entry in fields(IterationMetrics) if entry.name != "seconds"]
    return {
        "iterations": {name: history.column(name).tobytes() for name in names},
        "epochs": [repr(replace(entry, seconds=0.0)) for entry in history.epochs],
        "ends": repr((history.initial, history.initial_validation, history.diverged, history.stopped)),
        "weights": trainer.parameters.tobytes(),
    }


def watch(trainer: Trainer) -> list[list[int]]:
    """The rows of every batch that is learned from, in order, while it trains."""
    rows = trainer.objective.train[0]  # with their ones
    row_of = {row.tobytes(): index for index, row in enumerate(rows)}
    assert len(row_of) == len(rows), "the rows cannot be told apart"
    batches: list[list[int]] = []
    backward = trainer.objective.network.backward

    def spy(x, work):
        batches.append([row_of[row.tobytes()] for row in x.T])
        backward(x, work)

    trainer.objective.network.backward = spy
    return batches


def joined(batches: list[list[int]]) -> list[int]:
    """All rows of several batches, in order."""
    return [row for batch in batches for row in batch]


# The plain loop -------------------------------------------------------------------------------------------------------


def test_a_plain_loop_gives_the_same_losses_and_weights_so_the_last_partial_batch_leaves_nothing_behind():
    (run,) = load_preset("recipe", [("training.epochs", [2])], seed=5).runs
    trainer = trained(run)

    table = run.data.generate(np.random.default_rng(5))
    x, t = table.inputs, table.targets[:, None].astype(float)
    rng = np.random.default_rng(10_005)
    w1, b1 = rng.normal(0, math.sqrt(2 / 144), (144, 16)), np.zeros(16)
    w2, b2 = rng.normal(0, math.sqrt(2 / 16), (16, 1)), np.zeros(1)
    weights = [w1, b1, w2, b2]
    means, squares = [[np.zeros_like(part) for part in weights] for _ in range(2)]
    shuffling, losses, sizes, step = np.random.default_rng(20_005), [], [], 0
    for _ in range(2):
        order = shuffling.permutation(1000)
        for start in range(0, 1000, 32):
            chosen = order[start : start + 32]
            z1 = x[chosen] @ w1 + b1
            a1 = np.maximum(z1, 0)
            p = 1 / (1 + np.exp(-(a1 @ w2 + b2)))
            losses.append(-np.mean(t[chosen] * np.log(p) + (1 - t[chosen]) * np.log(1 - p)))
            sizes.append(len(chosen))
            d2 = (p - t[chosen]) / len(chosen)
            d1 = d2 @ w2.T * (z1 > 0)
            gradients = [x[chosen].T @ d1, d1.sum(axis=0), a1.T @ d2, d2.sum(axis=0)]
            step += 1
            for part, g, m, v in zip(weights, gradients, means, squares, strict=True):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                part -= 0.001 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)

    assert sizes == [*[32] * 31, 8] * 2
    assert len(trainer.history) == 64
    np.testing.assert_allclose(trainer.history.column("batch_loss"), losses, rtol=0, atol=1e-12)
    ours = np.concatenate([part.ravel() for part in weights])
    np.testing.assert_allclose(trainer.parameters, ours, rtol=0, atol=1e-12)


def test_the_last_partial_batch_counts():
    (run,) = load_preset("recipe").runs
    trainer = Trainer(run)
    first = [trainer.step() for _ in range(32)]
    assert run.iterations_per_epoch() == 32 == first[-1].batch
    assert {metrics.batches for metrics in first} == {32}
    assert [metrics.epoch for metrics in first] == [1] * 32
    assert trainer.step().epoch == 2
    assert np.diff([0, *(metrics.samples_seen for metrics in first)]).tolist() == [*[32] * 31, 8]
    assert first[-1].batch_accuracy * 8 == round(first[-1].batch_accuracy * 8)  # of 8 samples, not of 32
    assert first[-1].update_norm > 0


def test_the_loss_of_the_partial_batch_is_the_mean_over_its_own_samples():
    trainer = Trainer(moons(shuffle=False))
    for _ in range(3):
        trainer.step()
    before = trainer.parameters.copy()
    metrics = trainer.step()
    trainer.parameters[...] = before
    seen = trainer.objective.evaluate_set(*(part[48:] for part in trainer.objective.train))
    assert metrics.batch_loss == pytest.approx(seen.loss, rel=1e-14)


# The same run is the same run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run",
    [
        moons(),
        moons(hidden=(5, 4), dtype="float32", drop_last=True),
        moons(loss="cross_entropy", optimizer=SGD(learning_rate=0.5)),
        line(learning_rate=0.01, hours_divisor=20.0),
        line(),  # which ends in NaN
        Run(data=Digits(), network=SMALL, training=Training(epochs=1, optimizer=Adam())),
    ],
    ids=["moons", "float32", "cross_entropy", "regression", "diverging", "digits"],
)
def test_the_same_run_twice_is_the_same_bit_for_bit(run):
    assert numbers(trained(run)) == numbers(trained(run))


def test_the_same_run_twice_compares_equal_whatever_the_clock():
    slow, quick = (Trainer(moons(), clock=itertools.count(0, step).__next__) for step in (1000, 1))
    assert list(slow) == list(quick)
    assert list(slow.history) == list(quick.history)
    assert slow.history.epochs == quick.history.epochs
    assert slow.history[0].seconds != quick.history[0].seconds


def test_what_a_step_returns_is_what_history_keeps():
    trainer = Trainer(moons())
    returned = list(trainer)
    assert returned == list(trainer.history)
    assert len(returned) == 12
    assert [metrics.seconds for metrics in returned] == trainer.history.column("seconds").tolist()


def test_another_seed_draws_other_data_other_weights_and_another_order():
    one, other = Trainer(moons(seed=0)), Trainer(moons(seed=1))
    assert one.table.inputs.tobytes() != other.table.inputs.tobytes()
    assert one.parameters.tobytes() != other.parameters.tobytes()
    orders = watch(one), watch(other)
    assert one.step() != other.step()
    assert orders[0] != orders[1]


def test_two_trainers_in_turns_share_nothing():
    run = moons()
    alone = trained(run)
    first, second = Trainer(run), Trainer(run)
    for _ in range(12):
        first.step()
        second.step()
    assert numbers(first) == numbers(second) == numbers(alone)


def test_seconds_count_training_and_no_pause():
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1.0
        return now

    trainer = Trainer(moons(), clock)
    before = 0.0
    for _ in range(12):
        metrics = trainer.step()
        assert before < metrics.seconds <= before + 3.0
        before = metrics.seconds
        now += 1000.0  # a pause
    assert trainer.history.epochs[-1].seconds <= trainer.seconds <= 36.0


# Evaluating changes nothing -------------------------------------------------------------------------------------------


def test_evaluating_in_between_changes_nothing_that_is_learned():
    left_alone, looked_at = trained(moons()), Trainer(moons())
    for _ in looked_at:
        looked_at.objective.evaluate()[1]
        looked_at.objective.evaluate()[0]
        looked_at.predict(looked_at.table.inputs[:7])
    assert numbers(looked_at) == numbers(left_alone)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_training_blind_learns_the_same_weights(optimizer):
    seeing, blind = (Trainer(moons(data=Moons(samples=50, validation=count), optimizer=optimizer())) for count in (300, 0))
    assert seeing.table.inputs.tobytes() == blind.table.inputs.tobytes()  # or there would be nothing to compare
    assert list(seeing) == list(blind)
    assert seeing.parameters.tobytes() == blind.parameters.tobytes()
    assert seeing.history.initial_validation
    assert not blind.history.initial_validation
    assert all(entry.validation is None for entry in blind.history.epochs)
    assert [entry.train for entry in seeing.history.epochs] == [entry.train for entry in blind.history.epochs]


def test_the_initial_evaluation_is_of_the_weights_before_the_first_update():
    fresh, trainer = Trainer(moons()), trained(moons())
    assert trainer.history.initial == fresh.objective.evaluate()[0]
    assert trainer.history.initial_validation == fresh.objective.evaluate()[1]


def test_an_epoch_ends_with_both_sets_seen_with_the_weights_as_they_are_then():
    trainer = Trainer(moons())
    for metrics in trainer:
        if metrics.batch == metrics.batches:
            end = trainer.history.epochs[-1]
            assert end.train == trainer.objective.evaluate()[0]
            assert end.validation == trainer.objective.evaluate()[1]
            assert (end.epoch, end.iteration, end.samples_seen) == (metrics.epoch, metrics.iteration, 50 * metrics.epoch)
            assert end.learning_rate == 0.01
        else:
            assert len(trainer.history.epochs) == metrics.epoch - 1
    assert [entry.epoch for entry in trainer.history.epochs] == [1, 2, 3]


def test_a_set_larger_than_a_piece_is_evaluated_as_one():
    trainer = Trainer(moons(data=Moons(samples=2048, validation=5001)))
    inputs, targets = trainer.objective.validation
    work = Workspace(trainer.run.sizes, trainer.run.network, 5001, "float64")
    outputs, scratch = trainer.objective.network.forward(inputs.T, work), Scratch((1, 5001), "float64")
    found = trainer.history.initial_validation
    assert found.loss == pytest.approx(LOSSES["binary_cross_entropy"].value(outputs, targets.T, scratch), rel=1e-12)
    assert found.accuracy == LOSSES["binary_cross_entropy"].correct(outputs, targets.T, scratch) / 5001


def test_regression_is_judged_by_r2_and_mean_absolute_error():
    trainer = Trainer(line())
    trainer.parameters[...] = [10.0, 40.0]  # points = 10 hours + 40: 50 60 70 80 90 100
    # the rows: 45 55 62 71 80 85, so errors 5 5 8 9 10 15; squares 25 25 64 81 100 225 = 520; mean of rows 398 / 6
    variance = sum((score - 398 / 6) ** 2 for score in (45, 55, 62, 71, 80, 85))
    found = trainer.objective.evaluate()[0]
    assert found.accuracy is None
    assert found.loss == pytest.approx(520 / 6, rel=1e-14)
    assert found.mean_absolute_error == pytest.approx(52 / 6, rel=1e-14)
    assert found.r2 == pytest.approx(1 - 520 / variance, rel=1e-13)


def test_classes_are_judged_by_accuracy_alone():
    trainer = Trainer(moons())
    trainer.parameters[...] = 0.0
    # logit 0 everywhere: loss ln 2, and all are taken for class 0, which is every other row
    assert trainer.objective.evaluate()[0] == Evaluation(pytest.approx(math.log(2)), accuracy=0.5)


# Order and batches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 7, 16, 49, 50, 51, "full"])
def test_every_epoch_uses_each_sample_once_in_an_order_of_its_own(batch_size):
    trainer = Trainer(moons(batch_size=batch_size))
    batches = watch(trainer)
    ends = [0, *(metrics.iteration for metrics in trainer if metrics.batch == metrics.batches)]
    orders = [joined(batches[start:end]) for start, end in itertools.pairwise(ends)]
    assert len(orders) == 3
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert orders[0] != orders[1] != orders[2] != orders[0]


def test_without_shuffling_every_epoch_takes_the_rows_as_they_are():
    trainer = Trainer(moons(shuffle=False))
    batches = watch(trainer)
    list(trainer)
    assert joined(batches) == list(range(50)) * 3
    assert [len(batch) for batch in batches] == [16, 16, 16, 2] * 3


@pytest.mark.parametrize("batch_size", [50, 51, 10_000])
def test_a_batch_larger_than_the_data_is_a_full_batch(batch_size):
    assert numbers(trained(moons(batch_size=batch_size))) == numbers(trained(moons(batch_size="full")))


def test_a_full_batch_makes_one_iteration_an_epoch():
    trainer = trained(moons(batch_size="full"))
    assert trainer.run.iterations_per_epoch() == 1
    assert len(trainer.history) == 3
    assert {metrics.batches for metrics in trainer.history} == {1}
    # nothing changes between the end of an epoch and the one batch of the next
    losses = trainer.history.column("batch_loss")
    ends = [trainer.history.initial.loss, *(entry.train.loss for entry in trainer.history.epochs)]
    np.testing.assert_allclose(losses, ends[:3], rtol=1e-13)


def test_batches_of_one_sample_are_one_iteration_each():
    trainer = trained(moons(batch_size=1))
    assert len(trainer.history) == 150
    assert set(trainer.history.column("batch_accuracy")) <= {0.0, 1.0}


@pytest.mark.parametrize(("samples", "batches"), [(48, 3), (50, 3), (16, 1), (31, 1)])
def test_drop_last_leaves_the_partial_batch_out(samples, batches):
    trainer = Trainer(moons(data=Moons(samples=samples, validation=0), drop_last=True))
    taken = watch(trainer)
    assert trainer.run.iterations_per_epoch() == batches
    assert trainer.iterations == 3 * batches
    assert [metrics.batch for metrics in trainer] == list(range(1, batches + 1)) * 3
    assert {len(batch) for batch in taken} == {16}
    assert trainer.samples_seen == 3 * 16 * batches
    assert [entry.epoch for entry in trainer.history.epochs] == [1, 2, 3]


@pytest.mark.parametrize("data", [Moons(samples=1, validation=0), StudyHours(validation=7)], ids=["classes", "regression"])
@pytest.mark.parametrize("batch_size", [1, 32, "full"])
def test_one_sample_is_enough(data, batch_size):
    trainer = trained(moons(data=data, batch_size=batch_size, epochs=20))
    assert len(trainer.history) == 20
    assert trainer.history.stopped == Stopped("completed", 20, 20)
    assert trainer.history.epochs[-1].train.loss < trainer.history.initial.loss
    assert trainer.history.initial.r2 is None  # one target has no variance


@pytest.mark.parametrize("drop_last", [False, True])
def test_iterations_says_at_any_time_how_many_there_will_be(drop_last):
    trainer = Trainer(moons(drop_last=drop_last))
    total = 9 if drop_last else 12
    assert trainer.iterations == total
    for _ in trainer:
        assert trainer.iterations == total
    assert trainer.iteration == total


# What the figures mean ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.3), Adam(learning_rate=0.01)], ids=["sgd", "adam"])
def test_norms_belong_to_the_weights_before_the_update_and_to_what_changed_them(optimizer):
    trainer = Trainer(moons(shuffle=False, optimizer=optimizer))
    for number in range(8):
        before = trainer.parameters.copy()
        metrics = trainer.step()
        after, gradients = trainer.parameters, trainer.gradients
        assert metrics.weight_norm == pytest.approx(np.linalg.norm(before), rel=1e-14)
        assert metrics.gradient_norm == pytest.approx(np.linalg.norm(gradients), rel=1e-14)
        assert metrics.update_norm == pytest.approx(np.linalg.norm(after - before), rel=1e-12)
        if optimizer.name == "sgd":
            assert metrics.update_norm == pytest.approx(0.3 * metrics.gradient_norm, rel=1e-14)
            np.testing.assert_allclose(after, before - 0.3 * gradients, rtol=1e-14)
        chosen = slice(16 * (number % 4), 16 * (number % 4) + 16)
        after = after.copy()
        trainer.parameters[...] = before
        seen = trainer.objective.evaluate_set(*(part[chosen] for part in trainer.objective.train))
        assert (metrics.batch_loss, metrics.batch_accuracy) == (pytest.approx(seen.loss, rel=1e-13), seen.accuracy)
        trainer.parameters[...] = after
        assert metrics.penalty == 0.0
        assert metrics.learning_rate == optimizer.learning_rate


def test_regression_has_no_batch_accuracy():
    assert Trainer(line()).step().batch_accuracy is None


def test_predict_takes_the_units_of_the_table():
    trainer = trained(line(learning_rate=0.01, hours_divisor=20.0, epochs=5))
    slope, bias = trainer.parameters
    found = trainer.predict(np.array([[3.0], [10.0]]))  # hours, where the network sees 20ths of them
    np.testing.assert_allclose(found, [[slope * 3 / 20 + bias], [slope * 10 / 20 + bias]], rtol=1e-13)


def test_predict_of_standardized_data_gives_what_the_network_says_of_its_own_rows():
    trainer = trained(moons(data=Moons(samples=50, validation=0, standardize=True)))
    raw = trainer.table.inputs * trainer.table.input_scale + trainer.table.input_offset
    own = trainer.predict(raw)
    assert own.shape == (50, 1)
    work = Workspace(trainer.run.sizes, trainer.run.network, 50, "float64")
    expected = trainer.objective.network.forward(trainer.objective.train[0].T, work)
    np.testing.assert_allclose(own, expected.T, rtol=1e-12, atol=1e-13)
    before = own.copy()
    trainer.predict(raw * 2)
    assert own.tobytes() == before.tobytes()  # a copy, not the next prediction's memory


def test_float32_trains_in_float32_throughout():
    trainer = trained(moons(dtype="float32", epochs=60))
    for array in (*trainer.objective.train, trainer.parameters, trainer.gradients, trainer.updates):
        assert array.dtype == np.float32
    assert trainer.predict(np.zeros((1, 2))).dtype == np.float32
    assert trainer.history.epochs[-1].train.loss < 0.8 * trainer.history.initial.loss
    double = trained(moons(epochs=60))
    assert trainer.history.epochs[-1].train.loss == pytest.approx(double.history.epochs[-1].train.loss, rel=1e-2)
    assert numbers(trainer) != numbers(double)


def test_a_run_of_the_regression_lesson_learns_the_points():
    (run,) = load_preset("day79-study-hours").runs
    trainer = trained(run)
    assert trainer.history.epochs[-1].train.loss < 0.05 * trainer.history.initial.loss


# Pausing, ending ------------------------------------------------------------------------------------------------------


def test_stepping_by_hand_with_pauses_is_the_same_run():
    through, stepped = trained(moons()), Trainer(moons())
    source = iter(stepped)
    for _ in range(5):
        next(source)
    for _ in stepped:  # another iterator goes on where the first was left
        break
    while not stepped.done:
        stepped.step()
    assert numbers(stepped) == numbers(through)


def test_a_run_ends_completed_and_a_step_more_is_an_error():
    trainer = trained(moons())
    assert trainer.done
    assert trainer.history.stopped == Stopped("completed", 3, 12)
    before = numbers(trainer)
    with pytest.raises(RuntimeError, match="over"):
        trainer.step()
    assert list(trainer) == []
    assert numbers(trainer) == before


@pytest.mark.parametrize("after", [0, 1, 4, 6])
def test_an_interrupted_run_is_over_where_it_was(after):
    trainer = Trainer(moons())
    for _ in range(after):
        trainer.step()
    trainer.interrupt()
    assert trainer.history.stopped == Stopped("interrupted", math.ceil(after / 4), after)
    with pytest.raises(RuntimeError, match="over"):
        trainer.step()
    assert len(trainer.history) == after
    assert len(trainer.history.epochs) == after // 4


def test_interrupting_a_run_that_is_over_changes_nothing():
    trainer = trained(moons())
    trainer.interrupt()
    assert trainer.history.stopped == Stopped("completed", 3, 12)
