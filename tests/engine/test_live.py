"""What may change between any two batches: what it changes, what is refused, and how it replays."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Changed, IterationMetrics, Run, Stopped, Trainer
from engine.layers import Architecture
from engine.live import replay
from engine.optimizers import OPTIMIZERS, SGD, Adam
from engine.points import Moons
from engine.real_tables import StudyHours
from engine.run import Divergence, Training
from engine.schedules import SCHEDULES, Cosine
from engine.stopping import EarlyStopping

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
    before, was = dict(vars(trainer)), numbers(trainer)
    with pytest.raises(ValueError, match=key):
        trainer.change(key, value)
    assert trainer.history.changes == []
    assert (trainer.learning_rate, trainer.batch_size, trainer.epochs) == (0.01, 16, 3)
    assert vars(trainer).keys() == before.keys()
    assert numbers(trainer) == was


def test_with_drop_last_a_batch_size_above_the_data_is_refused_and_full_is_not():
    trainer = Trainer(moons(drop_last=True))
    with pytest.raises(ValueError, match="drop_last"):
        trainer.change("batch_size", 51)
    assert trainer.change("batch_size", "full") == Changed(0, "batch_size", 16, 50)


# Every setting under every schedule, and once more --------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_rate_is_that_of_the_next_update_and_the_schedule_goes_on_in_proportion(name):
    run = moons(optimizer=SGD(learning_rate=0.1), schedule=SCHEDULES[name](warmup_iterations=2), epochs=4)
    trainer, plain = Trainer(run), trained(run)
    for _ in range(7):
        trainer.step()
    before = trainer.learning_rate
    assert before == plain.history[7].learning_rate
    assert trainer.change("learning_rate", 0.4) == Changed(7, "learning_rate", before, 0.4)
    list(trainer)
    rates, usual = trainer.history.column("learning_rate"), plain.history.column("learning_rate")
    assert rates[7] == pytest.approx(0.4, rel=1e-14)
    if name != "reduce_on_plateau":  # whose losses differ from here on
        np.testing.assert_allclose(rates[7:], usual[7:] * (0.4 / before), rtol=1e-12)
    assert rates[:7].tolist() == usual[:7].tolist()


def test_a_rate_that_the_schedule_has_brought_down_to_zero_stays_there():
    run = moons(schedule=Cosine(over_epochs=1), epochs=3)
    trainer = Trainer(run)
    for _ in range(4):
        trainer.step()
    with pytest.raises(ValueError, match="learning_rate: the schedule has brought it down to 0"):
        trainer.change("learning_rate", 0.1)
    assert trainer.history.changes == []


@pytest.mark.parametrize(("name", "key"), [("momentum", "momentum"), ("nesterov", "momentum"), ("adam", "weight_decay")])
def test_an_optimizers_setting_holds_from_the_next_update_on_and_keeps_its_memory(name, key):
    optimizer = OPTIMIZERS[name](learning_rate=0.02)
    trainer = Trainer(moons(optimizer=optimizer))
    for _ in range(5):
        trainer.step()
    kept = [vector.copy() for vector in trainer.optimizer_state.vectors]
    old = getattr(optimizer, key)
    assert str(trainer.change(key, 0.5)) == f"iteration 5: {key} {old} -> 0.5"
    assert [vector.tobytes() for vector in trainer.optimizer_state.vectors] == [vector.tobytes() for vector in kept]
    before = trainer.parameters.copy()
    trainer.step()
    if key == "momentum":
        (velocity,) = trainer.optimizer_state.vectors
        np.testing.assert_allclose(velocity, 0.5 * kept[0] + trainer.gradients, rtol=1e-14)
    else:
        undecayed = Trainer(moons(optimizer=optimizer))
        for _ in range(6):
            undecayed.step()
        np.testing.assert_allclose(trainer.parameters, undecayed.parameters - 0.02 * 0.5 * before, rtol=1e-12)
    for value in (-0.1, 11.0, math.nan, "0.5", True):
        with pytest.raises(ValueError, match=key):
            trainer.change(key, value)
    assert len(trainer.history.changes) == 1


def test_the_pace_is_noted_and_changes_no_number():
    trainer = Trainer(moons())
    for metrics in trainer:
        if metrics.iteration in (1, 6, 12):
            trainer.note("pace", "1 / s", "as fast as it can")
    assert numbers(trainer) == numbers(trained(moons()))
    assert [str(change) for change in trainer.history.changes][1] == "iteration 6: pace 1 / s -> as fast as it can"


CHANGES = [
    *[("learning_rate", value) for value in (0.5, 0.003)],
    *[("momentum", value) for value in (0.0, 0.5)],
    *[("weight_decay", value) for value in (0.0, 0.3)],
    *[("batch_size", value) for value in (1, 7, 25, "full")],
    *[("epochs", value) for value in (1, 2, 5)],
    ("pace", 1),
]


@settings(max_examples=100)
@given(
    made=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(CHANGES)), max_size=8),
    schedule=st.sampled_from(sorted(SCHEDULES)),
    drop_last=st.booleans(),
    stopping=st.sampled_from([None, EarlyStopping(patience=2), EarlyStopping(patience=1, min_delta=0.05)]),
)
def test_a_run_is_replayed_with_all_its_changes_bit_for_bit(made, schedule, drop_last, stopping):
    run = moons(
        optimizer=OPTIMIZERS["momentum"](learning_rate=0.05),
        schedule=SCHEDULES[schedule](warmup_iterations=3),
        drop_last=drop_last,
        early_stopping=stopping,
    )
    trainer = Trainer(run)
    for pause, (key, value) in made:
        for _ in range(pause):
            if not trainer.done:
                trainer.step()
        if key == "pace":
            trainer.note("pace", 0, value)
        elif key != "learning_rate" or trainer.learning_rate > 0.0:
            trainer.change(key, value)
    list(trainer)
    again = Trainer(run)
    replay(again, trainer.history.changes)
    assert numbers(again) == numbers(trainer)
    assert again.history.changes == trainer.history.changes
    assert repr(again.history.restored) == repr(trainer.history.restored)


def test_a_rate_of_zero_at_the_start_of_a_warm_up_does_not_stay_there():
    trainer = Trainer(moons(schedule=Cosine(warmup_iterations=3, warmup_start=0.0)))
    with pytest.raises(ValueError, match="the warm-up starts at 0, so it can change from the next iteration on"):
        trainer.change("learning_rate", 0.1)
    trainer.step()
    trainer.change("learning_rate", 0.1)
    assert trainer.step().learning_rate == pytest.approx(0.1, rel=1e-14)


def test_a_refused_change_says_what_is_allowed_and_what_may_have_been_meant():
    trainer = Trainer(moons())
    with pytest.raises(ValueError, match='a whole number or "full", 1 to 10000000, is allowed'):
        trainer.change("batch_size", "ful")
    with pytest.raises(ValueError, match='Did you mean "learning_rate"'):
        trainer.change("lerning_rate", 0.1)


def test_numbers_of_numpy_are_taken_as_pythons():
    trainer = Trainer(moons())
    changes = [trainer.change("batch_size", np.int64(4)), trainer.change("learning_rate", np.float32(0.25))]
    assert changes == [Changed(0, "batch_size", 16, 4), Changed(0, "learning_rate", 0.01, 0.25)]
    assert [type(change.new) for change in changes] == [int, float]
