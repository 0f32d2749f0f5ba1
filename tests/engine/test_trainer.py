"""The training loop: against a plain one written here, bit for bit against itself, and at all of its edges."""

from __future__ import annotations

import itertools
import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Changed, Diverged, Evaluation, IterationMetrics, Run, Stopped, Trainer, load_preset
from engine.layers import Architecture, Workspace
from engine.optimizers import OPTIMIZERS, SGD, Adam
from engine.points import Moons
from engine.real_tables import Digits, StudyHours
from engine.run import Divergence, Training

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
        "weights": trainer.network.parameters.tobytes(),
    }


def watch(trainer: Trainer) -> list[list[int]]:
    """The rows of every batch that is learned from, in order, while it trains."""
    row_of = {row.tobytes(): index for index, row in enumerate(trainer.inputs)}
    assert len(row_of) == len(trainer.inputs), "the rows cannot be told apart"
    batches: list[list[int]] = []
    backward = trainer.network.backward

    def spy(x, work):
        batches.append([row_of[row.tobytes()] for row in x])
        backward(x, work)

    trainer.network.backward = spy
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
    np.testing.assert_allclose(trainer.network.parameters, ours, rtol=0, atol=1e-12)


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
    before = trainer.network.parameters.copy()
    metrics = trainer.step()
    trainer.network.parameters[...] = before
    assert metrics.batch_loss == pytest.approx(trainer.evaluate(trainer.inputs[48:], trainer.targets[48:]).loss, rel=1e-14)


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
    assert one.inputs.tobytes() != other.inputs.tobytes()
    assert one.network.parameters.tobytes() != other.network.parameters.tobytes()
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
        looked_at.evaluate(looked_at.validation_inputs, looked_at.validation_targets)
        looked_at.evaluate(looked_at.inputs, looked_at.targets)
        looked_at.predict(looked_at.table.inputs[:7])
    assert numbers(looked_at) == numbers(left_alone)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_training_blind_learns_the_same_weights(optimizer):
    seeing, blind = (Trainer(moons(data=Moons(samples=50, validation=count), optimizer=optimizer())) for count in (300, 0))
    assert seeing.inputs.tobytes() == blind.inputs.tobytes()  # or there would be nothing to compare
    assert list(seeing) == list(blind)
    assert seeing.network.parameters.tobytes() == blind.network.parameters.tobytes()
    assert seeing.history.initial_validation
    assert not blind.history.initial_validation
    assert all(entry.validation is None for entry in blind.history.epochs)
    assert [entry.train for entry in seeing.history.epochs] == [entry.train for entry in blind.history.epochs]


def test_the_initial_evaluation_is_of_the_weights_before_the_first_update():
    fresh, trainer = Trainer(moons()), trained(moons())
    assert trainer.history.initial == fresh.evaluate(fresh.inputs, fresh.targets)
    assert trainer.history.initial_validation == fresh.evaluate(fresh.validation_inputs, fresh.validation_targets)


def test_an_epoch_ends_with_both_sets_seen_with_the_weights_as_they_are_then():
    trainer = Trainer(moons())
    for metrics in trainer:
        if metrics.batch == metrics.batches:
            end = trainer.history.epochs[-1]
            assert end.train == trainer.evaluate(trainer.inputs, trainer.targets)
            assert end.validation == trainer.evaluate(trainer.validation_inputs, trainer.validation_targets)
            assert (end.epoch, end.iteration, end.samples_seen) == (metrics.epoch, metrics.iteration, 50 * metrics.epoch)
            assert end.learning_rate == 0.01
        else:
            assert len(trainer.history.epochs) == metrics.epoch - 1
    assert [entry.epoch for entry in trainer.history.epochs] == [1, 2, 3]


def test_a_set_larger_than_a_piece_is_evaluated_as_one():
    trainer = Trainer(moons(data=Moons(samples=2048, validation=5001)))
    work = Workspace(trainer.run.sizes, 5001, "float64")
    outputs = trainer.network.forward(trainer.validation_inputs, work)
    found = trainer.history.initial_validation
    assert found.loss == pytest.approx(trainer.loss.value(outputs, trainer.validation_targets), rel=1e-12)
    assert found.accuracy == trainer.loss.correct(outputs, trainer.validation_targets) / 5001


def test_regression_is_judged_by_r2_and_mean_absolute_error():
    trainer = Trainer(line())
    trainer.network.parameters[...] = [10.0, 40.0]  # points = 10 hours + 40: 50 60 70 80 90 100
    # the rows: 45 55 62 71 80 85, so errors 5 5 8 9 10 15; squares 25 25 64 81 100 225 = 520; mean of rows 398 / 6
    variance = sum((score - 398 / 6) ** 2 for score in (45, 55, 62, 71, 80, 85))
    found = trainer.evaluate(trainer.inputs, trainer.targets)
    assert found.accuracy is None
    assert found.loss == pytest.approx(520 / 6, rel=1e-14)
    assert found.mean_absolute_error == pytest.approx(52 / 6, rel=1e-14)
    assert found.r2 == pytest.approx(1 - 520 / variance, rel=1e-13)


def test_classes_are_judged_by_accuracy_alone():
    trainer = Trainer(moons())
    trainer.network.parameters[...] = 0.0
    # logit 0 everywhere: loss ln 2, and all are taken for class 0, which is every other row
    assert trainer.evaluate(trainer.inputs, trainer.targets) == Evaluation(pytest.approx(math.log(2)), accuracy=0.5)


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
        before = trainer.network.parameters.copy()
        metrics = trainer.step()
        after, gradients = trainer.network.parameters, trainer.network.gradients
        assert metrics.weight_norm == pytest.approx(np.linalg.norm(before), rel=1e-14)
        assert metrics.gradient_norm == pytest.approx(np.linalg.norm(gradients), rel=1e-14)
        assert metrics.update_norm == pytest.approx(np.linalg.norm(after - before), rel=1e-12)
        if optimizer.name == "sgd":
            assert metrics.update_norm == pytest.approx(0.3 * metrics.gradient_norm, rel=1e-14)
            np.testing.assert_allclose(after, before - 0.3 * gradients, rtol=1e-14)
        chosen = slice(16 * (number % 4), 16 * (number % 4) + 16)
        after = after.copy()
        trainer.network.parameters[...] = before
        seen = trainer.evaluate(trainer.inputs[chosen], trainer.targets[chosen])
        assert (metrics.batch_loss, metrics.batch_accuracy) == (pytest.approx(seen.loss, rel=1e-13), seen.accuracy)
        trainer.network.parameters[...] = after
        assert metrics.penalty == 0.0
        assert metrics.learning_rate == optimizer.learning_rate


def test_regression_has_no_batch_accuracy():
    assert Trainer(line()).step().batch_accuracy is None


def test_predict_takes_the_units_of_the_table():
    trainer = trained(line(learning_rate=0.01, hours_divisor=20.0, epochs=5))
    slope, bias = trainer.network.parameters
    found = trainer.predict(np.array([[3.0], [10.0]]))  # hours, where the network sees 20ths of them
    np.testing.assert_allclose(found, [[slope * 3 / 20 + bias], [slope * 10 / 20 + bias]], rtol=1e-13)


def test_predict_of_standardized_data_gives_what_the_network_says_of_its_own_rows():
    trainer = trained(moons(data=Moons(samples=50, validation=0, standardize=True)))
    raw = trainer.table.inputs * trainer.table.input_scale + trainer.table.input_offset
    own = trainer.predict(raw)
    assert own.shape == (50, 1)
    expected = trainer.network.forward(trainer.inputs, Workspace(trainer.run.sizes, 50, "float64"))
    np.testing.assert_allclose(own, expected, rtol=1e-12, atol=1e-13)
    before = own.copy()
    trainer.predict(raw * 2)
    assert own.tobytes() == before.tobytes()  # a copy, not the next prediction's memory


def test_float32_trains_in_float32_throughout():
    trainer = trained(moons(dtype="float32", epochs=60))
    for array in (trainer.inputs, trainer.targets, trainer.network.parameters, trainer.updates):
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


# Changes while it trains ----------------------------------------------------------------------------------------------


def test_another_learning_rate_holds_from_the_next_batch_on():
    trainer = Trainer(moons(optimizer=SGD(learning_rate=0.1)))
    for _ in range(5):
        trainer.step()
    assert trainer.change("learning_rate", 0.4) == Changed(5, "learning_rate", 0.1, 0.4)
    metrics = trainer.step()
    assert metrics.learning_rate == 0.4
    assert metrics.update_norm == pytest.approx(0.4 * metrics.gradient_norm)
    list(trainer)
    assert trainer.history.column("learning_rate").tolist() == [0.1] * 5 + [0.4] * 7
    assert [entry.learning_rate for entry in trainer.history.epochs] == [0.1, 0.4, 0.4]
    assert trainer.history.changes == [Changed(5, "learning_rate", 0.1, 0.4)]
    assert str(trainer.history.changes[0]) == "iteration 5: learning_rate 0.1 -> 0.4"


def test_a_rate_changed_there_and_back_between_two_batches_leaves_the_numbers_alone():
    trainer = Trainer(moons())
    trainer.step()
    trainer.change("learning_rate", 5.0)
    trainer.change("learning_rate", 0.01)
    list(trainer)
    assert len(trainer.history.changes) == 2
    assert numbers(trainer) == numbers(trained(moons()))


def test_a_change_before_the_first_batch_makes_the_run_that_was_set_so():
    trainer = Trainer(moons())
    trainer.change("learning_rate", 0.2)
    trainer.change("batch_size", 25)
    trainer.change("epochs", 2)
    assert trainer.iterations == 4
    list(trainer)
    set_so = trained(moons(optimizer=Adam(learning_rate=0.2), batch_size=25, epochs=2))
    assert numbers(trainer) == numbers(set_so)
    assert [change.iteration for change in trainer.history.changes] == [0, 0, 0]


@pytest.mark.parametrize(
    ("size", "left"),
    [(1, [1] * 18), (8, [8, 8, 2]), (17, [17, 1]), (18, [18]), (40, [18]), ("full", [18]), (10_000_000, [18])],
)
def test_a_batch_size_changed_within_an_epoch_still_uses_every_sample_once(size, left):
    trainer = Trainer(moons())
    batches = watch(trainer)
    trainer.step()
    trainer.step()
    number = min(50, size) if size != "full" else 50
    assert trainer.change("batch_size", size) == Changed(2, "batch_size", 16, number)
    assert trainer.batches == 2 + len(left)
    while trainer.epoch == 1 and not trainer.history.epochs:
        assert trainer.step().batches == 2 + len(left)
    assert [len(batch) for batch in batches] == [16, 16, *left]
    assert sorted(joined(batches)) == list(range(50))
    per_epoch = math.ceil(50 / number)
    assert trainer.iterations == 2 + len(left) + 2 * per_epoch
    list(trainer)
    assert len(trainer.history) == 2 + len(left) + 2 * per_epoch
    assert sorted(joined(batches[2 + len(left) : 2 + len(left) + per_epoch])) == list(range(50))


changes = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 14)), max_size=6)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(samples=st.integers(1, 12), size=st.integers(1, 12), drop_last=st.booleans(), changes=changes)
def test_whatever_the_batch_sizes_no_sample_is_used_twice_in_an_epoch_and_every_epoch_ends_once(
    samples, size, drop_last, changes
):
    size = min(size, samples)
    trainer = Trainer(moons(data=Moons(samples=samples, validation=0), batch_size=size, drop_last=drop_last, hidden=()))
    batches, metrics = watch(trainer), []
    for pause, new in changes:
        for _ in range(pause):
            if not trainer.done:
                metrics.append(trainer.step())
        trainer.change("batch_size", min(new, samples))
        assert trainer.iterations >= trainer.iteration
    expected = trainer.iterations
    metrics += list(trainer)
    assert trainer.iteration == expected
    for epoch in (1, 2, 3):
        mine = [batch for batch, seen in zip(batches, metrics, strict=True) if seen.epoch == epoch]
        used = joined(mine)
        assert len(used) == len(set(used))
        assert drop_last or len(used) == samples
        assert [seen.batch for seen in metrics if seen.epoch == epoch] == list(range(1, len(mine) + 1))
    assert [entry.epoch for entry in trainer.history.epochs] == [1, 2, 3]
    assert trainer.history.stopped == Stopped("completed", 3, trainer.iteration)


def test_with_drop_last_an_epoch_ends_where_a_larger_batch_size_finds_too_few_samples_left():
    trainer = Trainer(moons(drop_last=True, shuffle=False))
    trainer.step()
    trainer.change("batch_size", 40)  # 34 are left
    assert trainer.iterations == 1 + 2 * 1
    assert trainer.step().epoch == 2
    list(trainer)
    assert [(entry.epoch, entry.iteration) for entry in trainer.history.epochs] == [(1, 1), (2, 2), (3, 3)]


def test_with_drop_last_a_smaller_batch_size_does_not_wake_an_epoch_that_has_ended():
    trainer = Trainer(moons(drop_last=True))
    for _ in range(3):
        trainer.step()
    trainer.change("batch_size", 2)  # as many as were dropped
    metrics = trainer.step()
    assert (metrics.epoch, metrics.batch) == (2, 1)
    list(trainer)
    assert [entry.epoch for entry in trainer.history.epochs] == [1, 2, 3]


@pytest.mark.parametrize("key", ["batch_size", "epochs"])
def test_a_change_after_an_interruption_leaves_the_run_interrupted(key):
    trainer = Trainer(moons(drop_last=True, shuffle=False))
    trainer.step()
    trainer.interrupt()
    trainer.change(key, 40)  # more than the 34 samples left in the epoch
    assert trainer.history.stopped == Stopped("interrupted", 1, 1)
    assert trainer.history.epochs == []


def test_batches_are_those_of_the_epoch_in_progress():
    trainer = Trainer(moons())
    trainer.step()
    assert trainer.batches == 4
    trainer.change("batch_size", 34)
    assert trainer.batches == 2


def test_fewer_epochs_than_have_begun_end_the_run_with_the_epoch_in_progress():
    trainer = Trainer(moons(epochs=9))
    for _ in range(6):
        trainer.step()
    assert trainer.change("epochs", 1) == Changed(6, "epochs", 9, 1)
    assert not trainer.done
    assert trainer.iterations == 8
    list(trainer)
    assert trainer.history.stopped == Stopped("completed", 2, 8)
    assert len(trainer.history.epochs) == 2


@pytest.mark.parametrize("epochs", [1, 2])
def test_fewer_epochs_between_two_epochs_end_the_run_at_once(epochs):
    trainer = Trainer(moons(epochs=9))
    for _ in range(8):
        trainer.step()
    trainer.change("epochs", epochs)
    assert trainer.history.stopped == Stopped("completed", 2, 8)
    assert list(trainer) == []


def test_more_epochs_let_a_completed_run_go_on_as_if_it_had_been_set_so():
    trainer = trained(moons())
    assert trainer.change("epochs", 5) == Changed(12, "epochs", 3, 5)
    assert not trainer.done
    assert trainer.iterations == 20
    assert [metrics.epoch for metrics in trainer] == [4] * 4 + [5] * 4
    assert numbers(trainer) == numbers(trained(moons(epochs=5)))


def test_fewer_epochs_leave_a_completed_run_completed():
    trainer = trained(moons())
    trainer.change("epochs", 2)
    assert trainer.history.stopped == Stopped("completed", 3, 12)
    trainer.change("epochs", 3)
    assert trainer.done


def test_more_epochs_do_not_wake_a_run_that_was_interrupted_or_diverged():
    interrupted = Trainer(moons())
    interrupted.interrupt()
    diverged = trained(line(divergence=Divergence(stop=True)))
    for trainer in (interrupted, diverged):
        trainer.change("epochs", 500)
        assert trainer.done


def test_a_change_to_what_is_so_already_is_no_change():
    trainer = Trainer(moons())
    assert trainer.change("learning_rate", 0.01) is None
    assert trainer.change("batch_size", 16) is None
    assert trainer.change("epochs", 3) is None
    trainer.change("batch_size", "full")
    assert trainer.change("batch_size", 50) is None
    assert trainer.change("batch_size", 51) is None
    assert len(trainer.history.changes) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("learning_rate", value) for value in (0, 0.0, -1.0, 1000.1, math.nan, math.inf, "0.1", True, None)],
        *[("batch_size", value) for value in (0, -5, 2.0, 1.5, math.nan, 10_000_001, "half", "16", True, None)],
        *[("epochs", value) for value in (0, -1, 3.0, 1_000_001, "full", "3", False, None)],
        *[(key, 1) for key in ("momentum", "seed", "network.hidden", "training.epochs", "history", "iteration")],
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(key, value):
    trainer = Trainer(moons())
    trainer.step()
    before = dict(vars(trainer))
    with pytest.raises(ValueError, match=key):
        trainer.change(key, value)
    assert trainer.history.changes == []
    assert (trainer.learning_rate, trainer.batch_size, trainer.epochs) == (0.01, 16, 3)
    assert vars(trainer).keys() == before.keys()
    assert trainer._work is before["_work"]


def test_with_drop_last_a_batch_size_above_the_data_is_refused_and_full_is_not():
    trainer = Trainer(moons(drop_last=True))
    with pytest.raises(ValueError, match="drop_last"):
        trainer.change("batch_size", 51)
    assert trainer.change("batch_size", "full") == Changed(0, "batch_size", 16, 50)


# Divergence -----------------------------------------------------------------------------------------------------------


def test_a_loss_above_the_limit_is_recorded_where_it_was_first_seen_and_the_run_goes_on():
    trainer = trained(line(learning_rate=1.0, epochs=5))
    assert trainer.history.diverged == Diverged(1, 1, trainer.history.epochs[0].train.loss)
    assert 10 * trainer.history.initial.loss < trainer.history.epochs[0].train.loss < math.inf
    assert trainer.history.stopped == Stopped("completed", 5, 5)  # to its last epoch, the loss still a number


def test_a_run_that_stays_below_the_limit_has_not_diverged():
    assert trained(line(learning_rate=0.01, epochs=5)).history.diverged is None
    lenient = trained(line(learning_rate=1.0, epochs=1, divergence=Divergence(factor=1e12)))
    assert lenient.history.diverged is None


def test_the_factor_counts_from_the_initial_loss():
    first = trained(line(learning_rate=1.0, epochs=1))
    ratio = first.history.epochs[0].train.loss / first.history.initial.loss
    for factor, diverged in ((ratio * 0.999, True), (ratio * 1.001, False)):
        trainer = trained(line(learning_rate=1.0, epochs=1, divergence=Divergence(factor=factor)))
        assert (trainer.history.diverged is not None) == diverged


def test_with_stop_the_run_ends_where_it_diverged():
    trainer = trained(line(divergence=Divergence(stop=True)))
    assert trainer.history.stopped == Stopped("diverged", 1, 1)
    assert trainer.history.diverged == Diverged(1, 1, trainer.history.epochs[0].train.loss)
    with pytest.raises(RuntimeError, match="over"):
        trainer.step()


def test_without_stop_it_goes_on_until_nan_and_nan_is_kept():
    trainer = trained(line())
    losses = trainer.history.column("batch_loss")
    assert len(trainer.history) == 150
    assert len(trainer.history.epochs) == 150
    assert trainer.history.diverged.iteration == 1  # the first, not the last
    assert np.isfinite(losses[:20]).all()
    assert np.isinf(losses).any()
    assert np.isnan(losses[-1])
    assert math.isnan(trainer.history[149].batch_loss)
    assert math.isnan(trainer.history.epochs[-1].train.loss)
    assert trainer.history.stopped == Stopped("diverged", 150, 150)  # not completed: there is no result
    assert not np.isfinite(trainer.predict(np.array([[5.0]]))).any()


@pytest.mark.parametrize("stop", [False, True])
def test_a_batch_loss_that_is_no_number_is_recorded_within_the_epoch(stop):
    # batches of one row, float32: each step multiplies the error by about 1000 h^2, past 3e38 in the first epoch
    trainer = Trainer(line(1000.0, batch_size=1, dtype="float32", epochs=2, divergence=Divergence(stop=stop)))
    list(trainer)
    losses = trainer.history.column("batch_loss")
    first = int(np.flatnonzero(~np.isfinite(losses))[0])
    assert 0 < first < 5
    diverged = trainer.history.diverged
    assert (diverged.epoch, diverged.iteration) == (1, first + 1)
    assert diverged.loss == losses[first]
    if stop:
        assert trainer.history.stopped == Stopped("diverged", 1, first + 1)
        assert len(trainer.history) == first + 1
        assert len(trainer.history.epochs) == 1
        assert trainer.history.epochs[0].iteration == first + 1
    else:
        assert trainer.history.stopped == Stopped("diverged", 2, 12)
        assert len(trainer.history.epochs) == 2


def test_nan_at_the_end_of_an_epoch_is_divergence_although_no_batch_saw_it():
    trainer = Trainer(line(epochs=1))
    trainer.learning_rate = math.nan
    assert math.isfinite(trainer.step().batch_loss)
    assert math.isnan(trainer.history.epochs[0].train.loss)
    assert (trainer.history.diverged.epoch, trainer.history.diverged.iteration) == (1, 1)
    assert trainer.history.stopped == Stopped("diverged", 1, 1)


def test_the_best_epoch_is_never_nan():
    trainer = trained(line())
    best = trainer.history.best
    assert math.isfinite(best.validation.loss)
    assert best.validation.loss == min(
        entry.validation.loss for entry in trainer.history.epochs if math.isfinite(entry.validation.loss)
    )


def test_where_every_epoch_is_nan_none_is_the_best():
    trainer = Trainer(moons())
    trainer.network.parameters[...] = np.nan
    list(trainer)
    assert len(trainer.history.epochs) == 3
    assert trainer.history.best is None
    assert trainer.history.diverged.epoch == trainer.history.diverged.iteration == 1


def test_fewer_epochs_do_not_call_a_run_of_nan_completed():
    trainer = Trainer(moons())
    trainer.network.parameters[...] = np.nan
    for _ in range(8):
        trainer.step()
    trainer.change("epochs", 2)
    assert trainer.history.stopped == Stopped("diverged", 2, 8)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_run_whose_first_weights_overflow_already_can_still_be_made(dtype):
    trainer = Trainer(line(hours_divisor=1e-300, epochs=2, dtype=dtype))  # inputs of 1e300; a warning is an error here
    list(trainer)
    assert trainer.history.diverged.iteration == 1
    assert trainer.history.stopped.reason == "diverged"


def test_evaluating_and_predicting_a_diverged_run_warns_of_nothing():
    trainer = trained(line())
    assert math.isnan(trainer.evaluate(trainer.inputs, trainer.targets).loss)
    trainer.network.parameters[...] = 1e300
    assert trainer.evaluate(trainer.inputs * 1e10, trainer.targets).loss == math.inf
    assert np.isinf(trainer.predict(np.array([[1e10]]))).all()
