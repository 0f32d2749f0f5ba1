"""What data sets have in common: standardizing, turns, wrong labels and the two ways to keep rows back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.points import Moons
from engine.real_tables import StudyHours
from engine.table import (
    MOST_NUMBERS,
    Table,
    check_size,
    check_spread,
    mislabelled,
    random_split,
    standardize,
    stratified_split,
    table_of,
    taking_turns,
    two_parts,
)


def raw(table: Table, inputs: np.ndarray) -> np.ndarray:
    return inputs * table.input_scale + table.input_offset


# Standardizing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6 / 3])
def test_a_constant_feature_becomes_exactly_zero(constant):
    """The mean of a thousand 0.1 is not 0.1 to the last digit; dividing by that rest would make numbers near 1."""
    inputs = np.column_stack([np.full(1000, constant), np.arange(1000.0)])
    start = Moons(samples=1, validation=0).generate(np.random.default_rng(0))
    table = replace(start, inputs=inputs, validation_inputs=inputs[:2] + 0.5, features=("a", "b"))
    done = standardize(table)
    assert not done.inputs[:, 0].any()
    np.testing.assert_allclose(done.validation_inputs[:, 0], 0.5, rtol=1e-9)  # divided by 1
    np.testing.assert_allclose(raw(done, done.inputs), inputs, atol=1e-9)


def test_standardizing_looks_through_an_earlier_scale():
    done = standardize(StudyHours(hours_divisor=20.0).generate(np.random.default_rng(0)))
    np.testing.assert_allclose(raw(done, done.inputs)[:, 0], [1, 2, 3, 4, 5, 6], rtol=1e-12)
    np.testing.assert_allclose(raw(done, done.validation_inputs)[:, 0], [7, 8], rtol=1e-12)


def test_a_table_in_units_leads_back_to_them():
    parts = np.ones((2, 3)), np.array([0, 1]), np.zeros((1, 3)), np.array([1])
    table = table_of(parts, ("a", "b", "c"), "t", ("no", "yes"), unit=4.0)
    np.testing.assert_array_equal(raw(table, table.inputs), np.full((2, 3), 4.0))
    assert (table.task, table.targets.shape, table.picture) == ("classes", (2,), None)


def test_without_classes_the_targets_of_a_table_are_a_column():
    parts = np.ones((2, 1)), np.array([3.0, 4.0]), np.ones((1, 1)), np.array([5.0])
    table = table_of(parts, ("a",), "t")
    assert (table.task, table.targets.tolist(), table.validation_targets.tolist()) == ("regression", [[3], [4]], [[5]])


# Rows that are drawn --------------------------------------------------------------------------------------------------


def test_the_training_part_is_drawn_before_the_validation_part():
    asked = []

    def draw(count, rng):
        asked.append(count)
        return rng.random((count, 1)), np.zeros(count)

    inputs, _, others, _ = two_parts(draw, 3, 2, np.random.default_rng(0))
    assert asked == [3, 2]
    np.testing.assert_array_equal(np.concatenate([inputs, others])[:, 0], np.random.default_rng(0).random(5))


@given(count=st.integers(0, 200), classes=st.integers(2, 12))
def test_turns_are_balanced_wherever_one_stops(count, classes):
    labels = taking_turns(count, classes)
    counts = np.bincount(labels, minlength=classes)
    assert len(labels) == count and len(counts) == classes
    assert counts.max() - counts.min() <= 1
    assert labels[:classes].tolist() == list(range(min(count, classes)))


@given(count=st.integers(0, 50), classes=st.integers(2, 12), share=st.floats(0, 1), seed=st.integers(0, 100))
def test_wrong_labels_are_labels_and_cost_the_same_chance_whatever_their_share(count, classes, share, seed):
    labels = taking_turns(count, classes)
    rng, other = np.random.default_rng(seed), np.random.default_rng(seed)
    wrong = mislabelled(labels, classes, share, rng)
    assert wrong.shape == labels.shape and wrong.dtype == np.int64
    assert np.isin(wrong, range(classes)).all()
    np.testing.assert_array_equal(mislabelled(labels, classes, 0.0, other), labels)
    assert rng.random() == other.random()  # both generators are as far


def test_a_wrong_label_is_any_of_the_other_classes_evenly():
    labels = np.repeat(np.arange(4), 10_000)
    wrong = mislabelled(labels, 4, 1.0, np.random.default_rng(0))
    assert (wrong != labels).all()
    for label in range(4):
        counts = np.bincount(wrong[labels == label], minlength=4)
        assert (np.abs(np.delete(counts, label) - 10_000 / 3) < 4 * np.sqrt(10_000 * 2 / 9)).all()


def test_more_label_noise_keeps_the_wrong_labels_of_less():
    labels = taking_turns(500, 5)
    less, more = (mislabelled(labels, 5, share, np.random.default_rng(1)) for share in (0.1, 0.4))
    changed = less != labels
    assert 0 < changed.sum() < (more != labels).sum()
    np.testing.assert_array_equal(more[changed], less[changed])


# Rows that are there --------------------------------------------------------------------------------------------------


@given(rows=st.integers(1, 60), data=st.data(), seed=st.integers(0, 100))
def test_a_random_split_keeps_back_as_many_as_it_is_asked_for(rows, data, seed):
    kept_back = data.draw(st.integers(0, rows))
    mask = random_split(rows, kept_back, np.random.default_rng(seed))
    assert mask.shape == (rows,) and mask.dtype == np.bool_ and mask.sum() == kept_back


def test_a_random_split_keeps_back_any_row():
    often = sum(random_split(10, 3, np.random.default_rng(seed)).astype(int) for seed in range(1000))
    assert (np.abs(often - 300) < 4 * np.sqrt(1000 * 0.3 * 0.7)).all()


@given(labels=st.lists(st.integers(0, 3), max_size=60), data=st.data(), seed=st.integers(0, 100))
def test_a_stratified_split_keeps_back_as_many_of_each_class_as_it_is_asked_for(labels, data, seed):
    labels = np.array(labels, dtype=np.int64)
    counts = np.bincount(labels, minlength=4)
    kept_back = [data.draw(st.integers(0, int(count))) for count in counts]
    mask = stratified_split(labels, kept_back, np.random.default_rng(seed))
    assert mask.shape == labels.shape
    np.testing.assert_array_equal(np.bincount(labels[mask], minlength=4), kept_back)


# What cannot be -------------------------------------------------------------------------------------------------------


def test_only_one_sample_that_is_to_be_standardized_is_too_few():
    check_spread(True, 2)
    check_spread(False, 1)
    with pytest.raises(ValueError, match="standardize needs at least 2 training samples"):
        check_spread(True, 1)


def test_a_size_is_refused_above_the_most_and_not_at_it():
    check_size(MOST_NUMBERS // 4, 4)
    with pytest.raises(ValueError, match=f"^features = 4 in {MOST_NUMBERS // 4 + 1} rows make {MOST_NUMBERS + 4} numbers; "):
        check_size(MOST_NUMBERS // 4 + 1, 4)
