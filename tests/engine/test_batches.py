"""Batches: every row once an epoch, whatever the batch size is and however it changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.batches import BLOCK_BYTES, Batches, block_rows

WIDE = BLOCK_BYTES // 8 // 3  # features of which some three rows fill a block


def batches(samples, seed=0, features=1):
    """Rows that can be told apart: row i is i, i, ..., and its target is 1000 + i."""
    rows = np.arange(samples, dtype=float)[:, None]
    rng = None if seed is None else np.random.default_rng(seed)
    return Batches(np.repeat(rows, features + 1, axis=1), rows + 1000.0, rng)


def epoch(source, batch_size, begin=True):
    """The rows of each batch of an epoch, or of what is left of it."""
    if begin:
        source.begin_epoch()
    found = []
    while source.left:
        inputs, targets = source.take(batch_size)
        assert (inputs == inputs[:, :1]).all()
        assert (targets == inputs[:, :1] + 1000.0).all()
        found.append(inputs[:, 0].astype(int).tolist())
    return found


def flat(taken):
    return [row for rows in taken for row in rows]


@pytest.mark.parametrize("features", [1, WIDE])  # many batches in a block, and blocks of less than a batch
@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 7, 19, 20, 21, 1000])
def test_every_row_comes_once_an_epoch_in_batches_of_the_size_asked_for(batch_size, features):
    source = batches(20, features=features)
    source.reserve(batch_size)
    for _ in range(3):
        found = epoch(source, batch_size)
        assert sorted(flat(found)) == list(range(20))
        full, rest = divmod(20, batch_size)
        assert [len(rows) for rows in found] == [batch_size] * full + [rest] * (rest > 0)


def test_the_order_is_the_seed_s_and_new_in_each_epoch():
    one, same, other = batches(50, seed=3), batches(50, seed=3), batches(50, seed=4)
    first, second = flat(epoch(one, 8)), flat(epoch(one, 8))
    assert first != second
    assert [flat(epoch(same, 8)), flat(epoch(same, 8))] == [first, second]
    assert flat(epoch(other, 8)) != first


def test_the_order_is_that_of_one_permutation_whatever_the_batch_size():
    expected = np.random.default_rng(5).permutation(50).tolist()
    for batch_size in (1, 8, 50, 64):
        source = batches(50, seed=5)
        source.reserve(batch_size)
        assert flat(epoch(source, batch_size)) == expected


def test_without_a_generator_the_rows_come_as_they_stand():
    source = batches(10, seed=None)
    source.reserve(4)
    for _ in range(2):
        assert epoch(source, 4) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("features", [1, WIDE])
@given(
    samples=st.integers(1, 40),
    sizes=st.lists(st.tuples(st.integers(1, 45), st.booleans()), min_size=1, max_size=8),
)
def test_a_batch_size_may_change_in_mid_epoch(features, samples, sizes):
    source = batches(samples, features=features)
    source.begin_epoch()
    found, reserved = [], 1
    for size, again in sizes:
        if again or size > reserved:  # a smaller one needs no new buffers
            source.reserve(size)
            reserved = size
        left = source.left
        rows = source.take(size)[0][:, 0].astype(int).tolist()
        assert len(rows) == min(size, left)
        assert source.left == left - len(rows)
        found.append(rows)
    rest = flat(epoch(source, 1, begin=False))
    assert flat(found) + rest == source.order.tolist()
    assert sorted(source.order) == list(range(samples))


def test_an_epoch_may_be_left_and_begun_anew():
    source = batches(10)
    source.reserve(3)
    source.begin_epoch()
    source.take(3)
    assert source.left == 7
    assert sorted(flat(epoch(source, 3))) == list(range(10))


def test_the_data_are_not_touched_and_batches_are_copies_of_them():
    source = batches(10)
    source.reserve(4)
    source.begin_epoch()
    before = source.inputs.copy()
    inputs, targets = source.take(4)
    inputs[...] = targets[...] = -1.0
    assert source.inputs.tobytes() == before.tobytes()
    assert not np.shares_memory(inputs, source.inputs)


def test_no_memory_is_made_for_a_batch():
    source = batches(10)
    source.reserve(4)
    source.begin_epoch()
    for _ in range(2):
        for block, array in zip(source.block, source.take(4), strict=True):
            assert np.shares_memory(block, array)


@pytest.mark.parametrize(
    ("batch_size", "row_bytes", "samples", "rows"),
    [
        (32, 24, 1000, 682),  # as many as 16 KiB hold
        (32, 24, 100, 100),  # no more than there are
        (32, 16384, 1000, 32),  # at least a batch
        (32, 1_000_000, 1000, 32),
        (1, 1_000_000, 1000, 1),
        (2000, 24, 1000, 1000),
    ],
)
def test_rows_of_a_block(batch_size, row_bytes, samples, rows):
    assert block_rows(batch_size, row_bytes, samples) == rows


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_dtype_is_that_of_the_data(dtype):
    source = Batches(np.ones((5, 3), dtype), np.zeros((5, 1), dtype), None)
    assert all(array.dtype == dtype for array in source.take(1))
