"""The history of a run: nothing lost on the way in and out, bounded however long it gets, and nobody can write into it."""

from __future__ import annotations

import copy
import io
import json
import math
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Trainer, load_preset
from engine.bounded import BoundedTable, Buckets
from engine.history import COLUMNS, INTEGERS, History
from engine.metrics import Changed, Diverged, EpochMetrics, Evaluation, IterationMetrics, Restored, Stopped


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


# Long runs: bounded, with a tiny table that is soon full -------------------------------------------------------------------

TINY = {"capacity": 8, "buckets": 4}
any_number = st.sampled_from([0.0, 1.0, 2.0, -1.0, 1e9, -1e9, math.nan, math.inf, -math.inf]) | number
many = settings(max_examples=150, deadline=None, derandomize=True)
few = settings(max_examples=50, deadline=None, derandomize=True)


def wave(length: int, spikes: list[tuple[int, float]], lost: int) -> list[float]:
    """So many numbers, no two alike, some of them spikes and every so many NaN: lists that hypothesis makes are short."""
    values = [math.nan if lost and at % lost == 0 else math.sin(37.0 * at) for at in range(length)]
    for at, spike in spikes:
        if length:
            values[at % length] = spike
    return values


spikes = st.lists(st.tuples(st.integers(0, 119), any_number), max_size=12)
long_losses = st.builds(wave, st.integers(0, 120), spikes, st.sampled_from([0, 0, 2, 3]))
limits = st.fixed_dictionaries({"capacity": st.sampled_from([1, 8, 24, 40]), "buckets": st.integers(2, 5)})


def tiny(losses, limits=TINY) -> History:
    made = History(**limits)
    for iteration, loss in enumerate(losses, 1):
        made.add(metrics(iteration, batch_loss=loss))
    return made


def assert_same_numbers(one, other) -> None:
    np.testing.assert_array_equal(np.asarray(one, dtype=float), np.asarray(other, dtype=float), strict=True)  # NaN is NaN


def assert_same_state(one: History, other: History) -> None:
    first, second = one.state(), other.state()
    assert first.keys() == second.keys()
    for key, value in first.items():
        if isinstance(value, np.ndarray):
            assert_same_numbers(value, second[key])
        else:
            assert repr(value) == repr(second[key])  # by repr: here NaN is NaN


@few
@given(long_losses, limits)
def test_the_newest_are_exact_and_the_rest_is_in_few_buckets(losses, limits):
    kept, capacity = tiny(losses, limits), limits["capacity"]
    assert len(kept) == len(losses)
    assert kept.kept.stop == len(losses)
    assert min(len(losses), capacity) <= len(kept.kept) <= capacity + max(1, capacity // 8)
    assert_same_numbers(kept.column("batch_loss"), losses[kept.kept.start :])
    assert repr(list(kept)) == repr([metrics(index + 1, batch_loss=losses[index]) for index in kept.kept])
    x, _ = kept.series("batch_loss")
    assert len(x) <= len(kept.kept) + 3 * limits["buckets"]


@few
@given(long_losses, limits)
def test_no_spike_vanishes_from_the_series_at_any_length(losses, limits):
    kept = History(**limits)
    for iteration, loss in enumerate(losses, 1):
        kept.add(metrics(iteration, batch_loss=loss))
        x, y = kept.series("batch_loss")
        so_far = np.array(losses[:iteration])
        assert (np.diff(x) > 0).all()
        assert_same_numbers(y, so_far[x.astype(int) - 1])  # every point is an iteration that was
        assert_same_numbers(np.fmin.reduce(y), np.fmin.reduce(so_far))
        assert_same_numbers(np.fmax.reduce(y), np.fmax.reduce(so_far))
        assert np.isnan(y).any() == np.isnan(so_far).any()


@few
@given(long_losses, limits)
def test_every_bucket_has_its_extremes_its_nan_and_its_mean(losses, limits):
    kept = tiny(losses, limits)
    dropped = kept.kept.start
    size = 1
    while -(-dropped // size) > limits["buckets"]:
        size *= 2
    x, y = kept.series("batch_loss")
    middles, means = kept.means("batch_loss")
    assert len(middles) == len(means) == -(-dropped // size)
    for at, start in enumerate(range(0, dropped, size)):
        bucket = np.array(losses[start : min(start + size, dropped)])
        seen = y[(x > start) & (x <= start + len(bucket))]
        assert_same_numbers(np.fmin.reduce(seen), np.fmin.reduce(bucket))
        assert_same_numbers(np.fmax.reduce(seen), np.fmax.reduce(bucket))
        assert np.isnan(seen).any() == np.isnan(bucket).any()
        assert middles[at] == start + (len(bucket) + 1) / 2
        with np.errstate(all="ignore"):
            expected = bucket.mean()
            scale = np.abs(bucket).max()
        assert means[at] == pytest.approx(expected, rel=1e-12, abs=1e-12 * scale if scale < math.inf else 0.0, nan_ok=True)


def test_means_are_of_all_that_was_added():
    kept = tiny([1.0] * 60)
    before = kept.means("batch_loss")[0]
    assert len(kept.column("batch_loss")) == 9
    assert before.tolist() == kept.means("batch_loss")[0].tolist() != []


def test_while_nothing_is_dropped_the_series_is_the_column():
    kept = history(5000)
    x, y = kept.series("batch_loss")
    assert x.tolist() == list(range(1, 5001))
    assert np.shares_memory(y, kept.column("batch_loss"))
    assert len(kept.means("batch_loss")[0]) == 0


@few
@given(st.integers(0, 120), st.sets(st.integers(0, 120)), limits)
def test_who_reads_when_changes_nothing(count, reads, limits):
    unread, read = History(**limits), History(**limits)
    for iteration in range(1, count + 1):
        unread.add(metrics(iteration))
        read.add(metrics(iteration))
        if iteration in reads:
            read.series("batch_loss")
    assert unread.kept == read.kept
    assert_same_state(read, unread)


@pytest.mark.parametrize("index", [0, 10, -20])
def test_an_iteration_that_is_no_longer_exact_is_a_lookup_error(index):
    kept = tiny([1.0] * 20)
    assert kept.kept == range(11, 20)
    with pytest.raises(LookupError, match=rf"iteration {index % 20 + 1} is no longer .* from iteration 12 on are") as raised:
        kept[index]
    assert raised.type is LookupError
    assert kept[11].iteration == kept[-9].iteration == 12


@pytest.mark.parametrize("index", [20, -21])
def test_an_iteration_that_never_was_is_an_index_error_in_a_long_run_too(index):
    with pytest.raises(IndexError, match="of 20"):
        tiny([1.0] * 20)[index]


def test_a_column_is_contiguous_and_one_taken_early_is_never_written_to_again():
    kept = tiny([1.0] * 7)
    early, before = kept.column("iteration"), kept.column("iteration").copy()
    assert early.flags.c_contiguous
    for iteration in range(8, 60):
        kept.add(metrics(iteration))
        kept.column("iteration")
    assert early.tolist() == before.tolist() == list(range(1, 8))
    assert kept.column("iteration").tolist() == list(range(kept.kept.start + 1, 60))


def moved_rows(monkeypatch, count: int, **limits) -> int:
    """How many rows were copied from one place to another while so many were appended."""
    moved = 0
    move, merge = BoundedTable._move, Buckets._merge

    def counting_move(self, dropped, size):
        nonlocal moved
        moved += self._used - dropped
        move(self, dropped, size)

    def counting_merge(self):
        nonlocal moved
        moved += len(self)
        merge(self)

    monkeypatch.setattr(BoundedTable, "_move", counting_move)
    monkeypatch.setattr(Buckets, "_merge", counting_merge)
    made = History(**limits)
    row = metrics()
    for _ in range(count):
        made.add(row)
    monkeypatch.undo()
    return moved


def test_appending_costs_no_more_in_a_long_run(monkeypatch):
    limits = {"capacity": 1000, "buckets": 64}
    short, long = (moved_rows(monkeypatch, count, **limits) / count for count in (10_000, 80_000))
    assert 0 < short < long < 9  # each row is moved eight times on its way out, and a little while the table grows
    assert long < 1.2 * short


def test_a_short_run_is_small():
    assert history(1600).nbytes < 260_000  # 166,400 are its numbers
    assert history(20).nbytes < 60_000


@pytest.mark.parametrize("limits", [{"capacity": 0}, {"buckets": 1}])
def test_a_history_that_could_hold_nothing_is_refused(limits):
    with pytest.raises(ValueError, match="no table has"):
        History(**limits)


# Long runs: epochs ----------------------------------------------------------------------------------------------------

figure = st.none() | any_number
seen = st.builds(Evaluation, loss=any_number, accuracy=figure, r2=figure, mean_absolute_error=figure)
epoch_ends = st.builds(
    EpochMetrics, whole, whole, whole, learning_rate=any_number, train=seen, validation=st.none() | seen, seconds=any_number
)


@many
@given(st.lists(epoch_ends, max_size=40))
def test_epochs_come_back_as_they_went_in(entries):
    kept = History()
    for entry in entries:
        kept.add_epoch(entry)
    assert len(kept.epochs) == len(entries)
    assert repr(list(kept.epochs)) == repr(entries)  # by repr: here NaN is NaN
    assert repr([kept.epochs[at] for at in range(-len(entries), len(entries))]) == repr(entries * 2)


def test_epochs_are_a_sequence():
    kept = History()
    entries = [ended(epoch, 1.0 / epoch, 0.5) for epoch in range(1, 41)]
    for entry in entries:
        kept.add_epoch(entry)
    assert kept.epochs == entries
    assert entries == kept.epochs
    assert kept.epochs != entries[:-1]
    assert kept.epochs != 7
    assert kept.epochs[3:30:5] == entries[3:30:5]
    assert kept.epochs[50:] == []
    assert entries[7] in kept.epochs
    assert kept.epochs.index(entries[7]) == 7
    assert list(reversed(kept.epochs)) == entries[::-1]
    assert History().epochs == []
    assert not History().epochs
    with pytest.raises(IndexError, match="epoch 40 of 40"):
        kept.epochs[40]
    with pytest.raises(TypeError):
        hash(kept.epochs)


def long_history(lengths, limits=TINY, validation: bool = True) -> tuple[History, list[range]]:
    """A history with epochs of so many iterations each, and the iterations of each; losses are numbers of epochs."""
    made, iterations = History(**limits), []
    made.begin(Evaluation(0.0), Evaluation(0.0) if validation else None)
    for epoch, length in enumerate(lengths, 1):
        begun = len(made)
        for batch in range(1, length + 1):
            made.add(metrics(len(made) + 1, epoch=epoch, batch=batch, batches=length))
        iterations.append(range(begun, len(made)))
        loss = Evaluation(float(epoch))
        made.add_epoch(EpochMetrics(epoch, len(made), 0, 0.1, loss, loss if validation else None, 0.0))
    return made, iterations


@many
@given(st.lists(st.integers(1, 12), max_size=40), st.integers(0, 12), st.sampled_from([2, 8, 1000]))
def test_the_iterations_of_every_epoch_in_a_long_run(lengths, in_progress, capacity):
    kept, iterations = long_history(lengths, {"capacity": capacity, "buckets": 4})
    for batch in range(1, in_progress + 1):
        kept.add(metrics(len(kept) + 1, epoch=len(lengths) + 1, batch=batch, batches=12))
    if in_progress:
        iterations.append(range(len(kept) - in_progress, len(kept)))
    assert kept.epochs_begun == len(iterations)
    for epoch, expected in enumerate(iterations, 1):
        known = epoch - 1 in kept.epochs.kept or (expected.stop > kept.kept.start)
        assert kept.epoch_iterations(epoch) == (expected if known else range(0))
    assert kept.epoch_iterations(len(iterations) + 1) == range(0)


def test_old_epochs_are_a_lookup_error_and_the_newest_are_there():
    kept, _ = long_history([1] * 20)
    assert len(kept.epochs) == 20
    assert kept.epochs.kept == range(11, 20)
    assert [entry.epoch for entry in kept.epochs] == list(range(12, 21))
    assert [entry.epoch for entry in kept.epochs[-3:]] == [18, 19, 20]
    for index in (0, 10, -20, slice(10, 14)):
        with pytest.raises(LookupError, match=r"epoch \d+ is no longer kept one by one: only those from epoch 12 on are"):
            kept.epochs[index]


@few
@given(long_losses.filter(len), limits)
def test_no_spike_vanishes_from_the_figures_of_evaluations(losses, limits):
    kept = History(**limits)
    kept.begin(Evaluation(0.5), Evaluation(0.25))
    for epoch, loss in enumerate(losses, 1):
        kept.add_epoch(EpochMetrics(epoch, 3 * epoch, 0, 0.1, Evaluation(1.0), Evaluation(loss), 0.0))
        kept.add_train_loss(epoch, loss)
    found = kept.evaluations("validation", "loss")
    assert found[0].tolist() == [0.0, 0.25]
    assert (np.diff(found[:, 0]) > 0).all()
    assert_same_numbers(found[1:, 1], np.array(losses)[found[1:, 0].astype(int) // 3 - 1])
    assert_same_numbers(np.fmax.reduce(found[1:, 1]), np.fmax.reduce(losses))
    assert_same_numbers(np.fmin.reduce(found[1:, 1]), np.fmin.reduce(losses))
    assert np.isnan(found[1:, 1]).any() == np.isnan(losses).any()
    assert kept.evaluations("train", "loss")[0].tolist() == [0.0, 0.5]
    assert set(kept.evaluations("train", "loss")[1:, 1]) == {1.0}
    assert np.isnan(kept.evaluations("train", "accuracy")[:, 1]).all()
    of_updates = kept.train_losses()
    assert_same_numbers(of_updates[:, 1], np.array(losses)[of_updates[:, 0].astype(int) - 1])
    assert_same_numbers(np.fmax.reduce(of_updates[:, 1]), np.fmax.reduce(losses))


def test_the_training_loss_after_every_update_is_exact_in_a_short_run():
    kept = History()
    assert kept.train_losses().shape == (0, 2)
    for iteration in range(1, 601):
        kept.add_train_loss(iteration, 1.0 / iteration)
    assert kept.train_losses().tolist() == [[iteration, 1.0 / iteration] for iteration in range(1, 601)]


def test_the_ends_of_epochs_are_exact_and_of_old_ones_some():
    kept, iterations = long_history([3, 1, 2] * 10)
    numbers, ends = kept.epoch_ends()
    assert numbers[-8:].tolist() == list(range(23, 31))
    assert numbers[0] == 1
    assert [iterations[int(epoch) - 1].stop for epoch in numbers] == ends.tolist()


def test_a_history_that_has_not_begun_has_no_evaluations():
    assert History().evaluations("train", "loss").shape == (0, 2)
    assert History().epochs_begun == 0


@many
@given(st.lists(any_number, max_size=60), st.booleans())
def test_the_best_epoch_stays_known_when_it_is_long_gone(losses, blind):
    kept = History(**TINY)
    entries = [ended(epoch, loss) if blind else ended(epoch, 0.0, loss) for epoch, loss in enumerate(losses, 1)]
    for entry in entries:
        kept.add_epoch(entry)
    finite = [entry for entry, loss in zip(entries, losses, strict=True) if math.isfinite(loss)]
    best = min(finite, key=lambda entry: (entry.validation or entry.train).loss, default=None)
    assert kept.best == best


# Written down and read again ------------------------------------------------------------------------------------------


@few
@given(st.integers(0, 80), st.integers(1, 5), st.booleans(), st.integers(0, 30), limits)
def test_a_history_comes_back_from_its_state_and_goes_on_the_same(count, per_epoch, validation, more, limits):
    kept, _ = long_history([per_epoch] * (count // per_epoch), limits, validation)
    for batch in range(1, count % per_epoch + 1):
        kept.add(metrics(len(kept) + 1, epoch=count // per_epoch + 1, batch=batch))
        kept.add_train_loss(len(kept), math.nan)
    kept.changes.append(Changed(1, "batch_size", "full", 2))
    kept.diverged = Diverged(1, 1, math.inf)
    kept.stopped = Stopped("early_stopping", 1, 4, "why")
    kept.restored = Restored(1, Evaluation(1.0, accuracy=0.5), Evaluation(math.nan, r2=0.5) if validation else None)
    state = kept.state()
    buffer = io.BytesIO()  # as a file would have it: arrays and numbers in one part, events in another
    np.savez(buffer, **{key: value for key, value in state.items() if key != "events"})
    buffer.seek(0)
    back = History.from_state({**np.load(buffer), "events": json.loads(json.dumps(state["events"]))})
    for name in ("initial", "initial_validation", "diverged", "stopped", "restored", "changes", "best"):
        assert repr(getattr(back, name)) == repr(getattr(kept, name))
    assert repr(list(back)) == repr(list(kept))
    assert back.epochs == kept.epochs
    assert (len(back), back.kept, back.epochs.kept) == (len(kept), kept.kept, kept.epochs.kept)
    assert_same_state(back, kept)
    for history in (back, kept):
        for _ in range(more):
            history.add(metrics(len(history) + 1, epoch=99, batch=1))
            history.add_epoch(ended(len(history), 0.5))
            history.add_train_loss(len(history), 0.5)
    assert_same_state(back, kept)


def test_a_state_is_no_view_of_the_history():
    kept = tiny([1.0] * 20)
    state, before = kept.state(), kept.state()
    for iteration in range(21, 60):
        kept.add(metrics(iteration, batch_loss=9.0))
    kept.column("batch_loss")
    for key, value in before.items():
        assert repr(state[key]) == repr(value)


def test_a_copy_goes_its_own_way():
    kept = tiny([1.0] * 20)
    other = copy.deepcopy(kept)
    other.add(metrics(21))
    assert (len(kept), len(other)) == (20, 21)
    assert other[20] == metrics(21)
    assert kept[-1] == metrics(20, batch_loss=1.0)


# A million iterations -------------------------------------------------------------------------------------------------

MILLION = 1_000_000
MEGABYTE = 1_000_000


def test_exactly_100_000_iterations_are_exact():
    kept = History()
    quick = IterationMetrics.quick
    for i in range(1, 100_001):
        kept.add(quick((i - 1) // 32 + 1, i, (i - 1) % 32 + 1, 32, 32 * i, 1.0 / i, None, 0.0, 0.1, 2.0, 3.0, 4.0, i / 1e5))
    assert kept.kept == range(100_000)
    expected = 1.0 / np.arange(1.0, 100_001.0)
    for found in (kept.column("batch_loss"), kept.series("batch_loss")[1]):
        assert found.tobytes() == expected.tobytes()
    assert kept[0].batch_loss == 1.0
    assert kept[49_999].samples_seen == 1_600_000


SPIKES = {
    1: 1e9,
    2: -1e9,
    3: math.nan,
    400_000: math.inf,
    400_003: 7e8,
    555_555: -math.inf,
    887_499: 2e9,
    887_501: -2e9,
    999_999: 3e9,
    1_000_000: math.nan,
}


@pytest.fixture(scope="module")
def million() -> History:
    """A million iterations of loss 0.5 in 31,250 epochs, with spikes."""
    made = History()
    quick, losses = IterationMetrics.quick, SPIKES.get
    usual = (0.5, 0.0, 0.1, 2.0, 3.0, 4.0, 0.0)
    for i in range(1, MILLION + 1):
        made.add(quick((i - 1) // 32 + 1, i, (i - 1) % 32 + 1, 32, 32 * i, losses(i, 0.5), *usual))
    return made


def test_a_spike_anywhere_in_a_million_iterations_is_seen_where_it_was(million):
    x, y = million.series("batch_loss")
    assert len(x) < 112_500 + 3 * 2048
    found = {int(at): value for at, value in zip(x.tolist(), y.tolist(), strict=True) if value != 0.5}
    # two spikes of one direction in one bucket: the higher one stands for both
    assert found.keys() == SPIKES.keys() - {400_003}
    assert repr(found) == repr({at: value for at, value in SPIKES.items() if at in found})


def test_only_what_is_drawn_of_a_million_iterations_is_many_points(million):
    assert million.kept == range(887_500, MILLION)
    assert len(million.means("batch_loss")[0]) <= 2048
    assert million.nbytes < 32 * MEGABYTE


A_MILLION = """
import pathlib, re, resource, sys
from engine.history import History
from engine.metrics import EpochMetrics, Evaluation, IterationMetrics

def most():
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # the other figure is at least that of the process which started this one
        return 1024 * int(re.search("VmHWM:\\s+(\\d+)", status.read_text())[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

per_epoch, entry, quick = int(sys.argv[1]), Evaluation(0.5, accuracy=0.5), IterationMetrics.quick
before = most()
kept = History()
kept.begin(entry, entry)
for i in range(1, 1_000_001):
    batch = (i - 1) % per_epoch + 1
    kept.add(quick((i - 1) // per_epoch + 1, i, batch, per_epoch, 32 * i, 0.5, 0.5, 0.0, 0.1, 2.0, 3.0, 4.0, 0.0))
    kept.add_train_loss(i, 0.5)
    if batch == per_epoch:
        kept.add_epoch(EpochMetrics(i // per_epoch, i, 32 * i, 0.1, entry, entry, 0.0))
print(len(kept), len(kept.epochs), kept.nbytes, most() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("per_epoch", [32, 1])
def test_a_million_iterations_take_less_than_32_megabytes(per_epoch):
    """Of a process of their own, with everything that is there for a moment."""
    done = subprocess.run([sys.executable, "-c", A_MILLION, str(per_epoch)], capture_output=True, text=True, check=True)
    length, epochs, own, grown = map(int, done.stdout.split())
    assert (length, epochs) == (MILLION, MILLION // per_epoch)
    assert own < 32 * MEGABYTE
    assert 0.5 * own < grown < 32 * MEGABYTE
