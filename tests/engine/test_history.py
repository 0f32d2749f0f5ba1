"""The history of a run: nothing lost on the way in and out, bounded however long it gets, and nobody can write into it."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Trainer, load_preset
from engine.history import COLUMNS, INTEGERS, History
from engine.metrics import EpochMetrics, Evaluation, IterationMetrics


def metrics(iteration: int = 1, batches: int = 4, **changes) -> IterationMetrics:
    made = IterationMetrics(
        epoch=(iteration - 1) // batches + 1,
        iteration=iteration,
        batch=(iteration - 1) % batches + 1,
        batches=batches,
        samples_seen=32 * iteration,
        batch_loss=1.0 / iteration,
        batch_accuracy=0.5,
        penalty=0.25,
        learning_rate=0.001,
        gradient_norm=2.0,
        update_norm=3.0,
        weight_norm=4.0,
        seconds=iteration / 1000,
    )
    return replace(made, **changes)


def history(count: int, batches: int = 4) -> History:
    made = History()
    for iteration in range(1, count + 1):
        made.add(metrics(iteration, batches))
    return made


def ended(epoch: int, train: float, validation: float | None = None) -> EpochMetrics:
    seen = None if validation is None else Evaluation(validation)
    return EpochMetrics(epoch, 4 * epoch, 128 * epoch, 0.001, Evaluation(train), seen, 0.0)


# Rows -----------------------------------------------------------------------------------------------------------------

whole = st.integers(1, 2**53)  # what float64 holds exactly
number = st.floats(allow_nan=True, allow_infinity=True, width=64)
rows = st.builds(
    IterationMetrics,
    **dict.fromkeys(INTEGERS, whole),
    **{name: number for name in COLUMNS if name not in INTEGERS and name != "batch_accuracy"},
    batch_accuracy=st.none() | st.floats(0, 1),
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(rows, min_size=1, max_size=5))
def test_rows_come_back_as_they_went_in(entries):
    kept = History()
    for entry in entries:
        kept.add(entry)
    assert [repr(entry) for entry in kept] == [repr(entry) for entry in entries]  # by repr: here NaN is NaN


def test_a_row_comes_back_with_the_types_it_went_in_with():
    kept = history(1)[0]
    types = {entry.name: type(getattr(kept, entry.name)) for entry in fields(IterationMetrics)}
    assert {name for name, found in types.items() if found is int} == INTEGERS
    assert {name for name, found in types.items() if found is float} == set(COLUMNS) - INTEGERS


def test_an_accuracy_that_does_not_exist_stays_none():
    kept = History()
    for accuracy in (None, 0.0, 1.0):
        kept.add(metrics(batch_accuracy=accuracy))
    assert [entry.batch_accuracy for entry in kept] == [None, 0.0, 1.0]
    column = kept.column("batch_accuracy")
    assert math.isnan(column[0])
    assert column[1:].tolist() == [0.0, 1.0]


def test_nan_and_infinity_are_data_like_any_other():
    kept = History()
    for loss in (math.nan, math.inf, -math.inf):
        kept.add(metrics(batch_loss=loss))
    assert math.isnan(kept[0].batch_loss)
    assert [entry.batch_loss for entry in kept][1:] == [math.inf, -math.inf]


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 512, 513, 5000])
def test_it_grows_and_nothing_is_lost(count):
    kept = history(count)
    assert len(kept) == count
    assert list(kept) == [metrics(iteration) for iteration in range(1, count + 1)]
    assert kept.column("iteration").tolist() == list(range(1, count + 1))


def test_an_index_counts_from_0_and_backwards_from_the_end():
    kept = history(300)
    assert kept[0].iteration == 1
    assert kept[299].iteration == 300
    assert kept[-1].iteration == 300
    assert kept[-300].iteration == 1


@pytest.mark.parametrize(("count", "index"), [(0, 0), (0, -1), (3, 3), (3, -4), (300, 300), (256, 256)])
def test_an_index_outside_is_an_index_error(count, index):
    with pytest.raises(IndexError, match=f"of {count}"):
        history(count)[index]


def test_iterating_ends_with_what_was_there_at_the_end():
    kept = history(3)
    seen = iter(kept)
    assert [next(seen).iteration for _ in range(3)] == [1, 2, 3]
    with pytest.raises(StopIteration):
        next(seen)


# Columns --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_holds_that_field_of_every_iteration(name):
    kept = history(300)
    column = kept.column(name)
    assert column.dtype == np.float64
    assert column.shape == (300,)
    assert column.tolist() == [getattr(entry, name) for entry in kept]


def test_the_columns_are_the_fields():
    assert tuple(entry.name for entry in fields(IterationMetrics)) == COLUMNS


def test_a_column_cannot_be_written_to_and_history_still_can():
    kept = history(3)
    column = kept.column("batch_loss")
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 7.0
    kept.add(metrics(4))
    assert len(kept) == 4
    assert kept[3] == metrics(4)


def test_a_column_taken_early_keeps_what_it_had_while_the_history_grows():
    kept = history(200)
    early = kept.column("iteration")
    for iteration in range(201, 2000):
        kept.add(metrics(iteration))
    assert early.tolist() == list(range(1, 201))


def test_a_column_is_a_view_and_no_copy():
    kept = history(3)
    assert np.shares_memory(kept.column("batch_loss"), kept.column("batch_loss"))


def test_a_column_that_does_not_exist_is_a_value_error():
    with pytest.raises(ValueError, match="tuple"):
        history(1).column("loss")


# Epochs ---------------------------------------------------------------------------------------------------------------


def test_the_iterations_of_an_epoch_also_of_one_in_progress():
    kept = history(10)  # epochs of 4, 4 and 2 so far
    assert [kept.epoch_iterations(epoch) for epoch in (1, 2, 3)] == [range(4), range(4, 8), range(8, 10)]
    for epoch in (1, 2, 3):
        assert {kept[index].epoch for index in kept.epoch_iterations(epoch)} == {epoch}


@pytest.mark.parametrize("epoch", [-1, 0, 4, 99])
def test_an_epoch_that_has_not_begun_has_no_iterations(epoch):
    assert len(history(10).epoch_iterations(epoch)) == 0


def test_a_run_that_has_not_begun_has_no_epoch():
    assert len(History().epoch_iterations(1)) == 0
    assert History().best is None


def test_epochs_may_differ_in_length():
    kept = History()
    for epoch, batches in ((1, 3), (2, 1), (3, 2)):
        for batch in range(1, batches + 1):
            kept.add(metrics(epoch=epoch, batch=batch, batches=batches))
    assert [list(kept.epoch_iterations(epoch)) for epoch in (1, 2, 3)] == [[0, 1, 2], [3], [4, 5]]


@pytest.mark.parametrize(
    ("epochs", "best"),
    [
        ([ended(1, 0.1, 0.5), ended(2, 0.3, 0.2), ended(3, 0.05, 0.4)], 2),  # by validation, not by training
        ([ended(1, 0.3), ended(2, 0.1), ended(3, 0.2)], 2),  # blind: by training
        ([ended(1, 1.0, math.nan), ended(2, 1.0, 9.0), ended(3, 1.0, math.nan)], 2),
        ([ended(1, 1.0, -math.inf), ended(2, 1.0, math.inf), ended(3, math.nan, 9.0)], 3),
        ([ended(1, 1.0, 0.5), ended(2, 1.0, 0.5)], 1),  # the first of equals
        ([ended(1, 1.0, math.nan), ended(2, 1.0, math.inf)], None),
    ],
)
def test_the_best_epoch_has_the_smallest_loss_that_is_a_number(epochs, best):
    kept = History()
    for entry in epochs:
        kept.add_epoch(entry)
    assert (kept.best.epoch if kept.best else None) == best


def test_the_figures_of_evaluations_can_be_had_as_columns():
    trainer = Trainer(load_preset("recipe", [("training.epochs", [70])]).runs[0])  # more than fit in the first table
    for _ in trainer:
        pass
    history = trainer.history
    seen = history.evaluations("validation", "loss")
    assert seen[:, 0].tolist() == [0, *(entry.iteration for entry in history.epochs)]
    assert seen[:, 1].tolist() == [history.initial_validation.loss, *(entry.validation.loss for entry in history.epochs)]
    accuracy = history.evaluations("train", "accuracy")
    assert accuracy[:, 1].tolist() == [history.initial.accuracy, *(entry.train.accuracy for entry in history.epochs)]
    assert np.isnan(history.evaluations("train", "r2")[:, 1]).all()


def test_a_blind_run_has_no_figures_of_validation():
    trainer = Trainer(load_preset("recipe", [("data.validation", [0]), ("training.epochs", [1])]).runs[0])
    for _ in trainer:
        pass
    assert trainer.history.evaluations("validation", "loss").shape == (0, 2)
    assert trainer.history.evaluations("train", "loss").shape == (2, 2)
