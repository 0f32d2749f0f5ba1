"""The rows of a batch, told afterwards: the same that the network had before it, in every kind of run."""

from __future__ import annotations

import gc
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import History, Run, Trainer, load_preset
from engine.batch_rows import MOST_SHUFFLED, BatchRows
from engine.layers import Architecture
from engine.metrics import EpochMetrics, Evaluation, IterationMetrics
from engine.points import Moons
from engine.run import Training
from engine.stopping import EarlyStopping
from engine.surfaces import Valley
from engine.together import train_together


def seen_by(trainer: Trainer, changes=(), until: int = 10**9) -> list[np.ndarray]:
    """Train on, with changes (iteration, key, value), and give the inputs that each batch really had."""
    inputs = []
    while not trainer.done and trainer.iteration < until:
        for at, key, value in changes:
            if at == trainer.iteration and at not in [done.iteration for done in trainer.history.changes]:
                trainer.change(key, value)
        if trainer.done:
            break
        inputs.append(trainer.step_phase().inputs)
        for _ in range(3):
            trainer.step_phase()
    return inputs


def same(found: BatchRows, trainer: Trainer, inputs: list[np.ndarray]) -> None:
    table = trainer.table
    for index, had in enumerate(inputs):
        assert np.array_equal(table.inputs[found.rows(trainer.history, index)].astype(had.dtype), had), index


@pytest.mark.parametrize("name", ["recipe", "iris", "training-loop-step", "batch-8-32-128", "early-stopping"])
@pytest.mark.parametrize("with_trainer", [True, False])
def test_they_are_what_the_network_had_before_it_also_after_a_change_of_the_batch_size_in_mid_epoch(name, with_trainer):
    run = load_preset(name).runs[-1]
    trainer = Trainer(replace(run, training=replace(run.training, epochs=4)))
    per_epoch = trainer.run.iterations_per_epoch()
    middle = per_epoch + max(1, per_epoch // 2)
    inputs = seen_by(trainer, [(middle, "batch_size", 5), (middle + 3, "batch_size", 11)])
    same(BatchRows(trainer.run, trainer if with_trainer else None), trainer, inputs)


@settings(max_examples=60)
@given(
    samples=st.integers(2, 40),
    batch_size=st.integers(1, 45),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    seed=st.integers(0, 3),
    changes=st.lists(
        st.tuples(
            st.integers(0, 30),
            st.sampled_from([("batch_size", 3), ("batch_size", 7), ("batch_size", "full"), ("epochs", 6)]),
        ).map(lambda pair: (pair[0], *pair[1])),
        max_size=3,
        unique_by=lambda change: change[0],
    ),
    from_end=st.booleans(),
)
def test_in_every_kind_of_run(samples, batch_size, shuffle, drop_last, seed, changes, from_end):
    training = Training(epochs=4, batch_size=min(batch_size, samples), shuffle=shuffle, drop_last=drop_last)
    changes = [change for change in changes if not drop_last or change[2] == "full" or change[2] <= samples]
    run = Run(data=Moons(samples=samples, validation=0), network=Architecture(hidden=(2,)), training=training, seed=seed)
    trainer = Trainer(run)
    inputs = seen_by(trainer, changes)
    found = BatchRows(run)
    places = range(len(inputs))
    for index in reversed(places) if from_end else places:
        assert np.array_equal(trainer.table.inputs[found.rows(trainer.history, index)], inputs[index])


def test_a_run_that_stopped_early_one_that_went_on_and_one_that_was_restored():
    early = EarlyStopping(patience=1, min_delta=0.5)
    run = Run(data=Moons(samples=50, validation=20), training=Training(epochs=9, batch_size=16, early_stopping=early))
    trainer = Trainer(run)
    inputs = seen_by(trainer)
    assert trainer.history.stopped.reason == "early_stopping"
    same(BatchRows(run, trainer), trainer, inputs)

    trainer = Trainer(replace(run, training=replace(run.training, epochs=2, early_stopping=None)))
    inputs = seen_by(trainer)
    trainer.change("epochs", 4)
    inputs += seen_by(trainer, until=10)
    again = Trainer.restore(trainer.run, trainer.state())
    inputs += seen_by(again)
    assert len(inputs) == 16
    same(BatchRows(again.run, again), again, inputs)


def test_a_phase_of_the_next_epoch_changes_nothing_of_the_last_one():
    trainer = Trainer(Run(data=Moons(samples=20, validation=0), training=Training(epochs=3, batch_size=8)))
    inputs = seen_by(trainer, until=3)
    trainer.step_phase()  # forward: the next epoch has begun, its history has not
    same(BatchRows(trainer.run, trainer), trainer, inputs)


def test_runs_that_were_trained_as_a_stack():
    run = Run(data=Moons(samples=30, validation=0), training=Training(epochs=3, batch_size=8))
    alone = Trainer(run)
    inputs = seen_by(alone)
    stacked = train_together([run, replace(run, seed=1)])
    found = BatchRows(run, stacked[0])
    for index, had in enumerate(inputs):
        assert np.array_equal(alone.table.inputs[found.rows(stacked[0].history, index)], had)


def test_the_trainer_goes_on_as_if_nobody_had_asked():
    run = Run(data=Moons(samples=50, validation=0), training=Training(epochs=3, batch_size=16))
    asked, left_alone = Trainer(run), Trainer(run)
    found = BatchRows(run, asked)
    for trainer in (asked, left_alone):
        while not trainer.done:
            trainer.step()
            if trainer is asked:
                found.rows(asked.history, asked.iteration - 1)
                found.rows(asked.history, 0)
    assert asked.parameters.tobytes() == left_alone.parameters.tobytes()


def long_history(epochs: int, samples: int, capacity: int) -> History:
    """A run of so many epochs of one batch each, of which only the newest are kept one by one."""
    history = History(capacity)
    nothing = Evaluation(0.5)
    for epoch in range(1, epochs + 1):
        history.add(IterationMetrics(epoch, epoch, 1, 1, epoch * samples, 0.5, None, 0.0, 0.1, 1.0, 1.0, 1.0, 0.0))
        history.add_epoch(EpochMetrics(epoch, epoch, epoch * samples, 0.1, nothing, None, 0.0))
    return history


def test_a_late_epoch_is_quick_and_the_next_question_about_it_quicker():
    run = Run(data=Moons(samples=1000, validation=0), training=Training(batch_size="full", epochs=5000))
    found, history = BatchRows(run), long_history(5000, 1000, 100)
    rng = np.random.default_rng(20_000)
    for _ in range(5000):
        expected = rng.permutation(1000)
    started = time.perf_counter()
    rows = found.rows(history, 4999)
    first = time.perf_counter() - started
    assert np.array_equal(rows, expected)
    found.rows(history, 4999 - 50)
    started = time.perf_counter()
    found.rows(history, 4999 - 60)
    assert time.perf_counter() - started < first  # it begins where the first answer left the generator
    with pytest.raises(LookupError, match="no longer kept"):
        found.rows(history, 10)


def test_what_would_take_too_long_is_said_not_to_be_told_until_something_nearer_was_asked_for():
    samples = 200_000
    run = Run(data=Moons(samples=samples, validation=0), training=Training(batch_size="full", epochs=MOST_SHUFFLED))
    epochs = MOST_SHUFFLED // samples + 1
    history = long_history(epochs, samples, 1000)
    found = BatchRows(run)
    started = time.perf_counter()
    with pytest.raises(LookupError, match=rf"epoch {epochs} is too late"):
        found.rows(history, -1)
    assert time.perf_counter() - started < 0.05
    assert len(found.rows(history, 1)) == samples
    assert len(found.rows(history, epochs // 2)) == samples  # from there on, the last one is near enough
    rng = np.random.default_rng(20_000)
    for _ in range(epochs):
        expected = rng.permutation(samples)
    assert np.array_equal(found.rows(history, -1), expected)


def test_a_trainer_that_is_gone_is_not_held_and_not_needed():
    trainer = Trainer(Run(data=Moons(samples=50, validation=0), training=Training(epochs=2, batch_size=16)))
    list(trainer)
    history = trainer.history
    found, gone = BatchRows(trainer.run, trainer), weakref.ref(trainer)
    before = found.rows(history, -1).copy()
    del trainer
    gc.collect()
    assert gone() is None
    assert np.array_equal(found.rows(history, -1), before)


def test_a_surface_has_no_rows():
    run = Run(surface=Valley())
    with pytest.raises(ValueError, match="valley has no rows"):
        BatchRows(run)
