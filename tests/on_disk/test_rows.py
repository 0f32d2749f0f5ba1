"""Figures as lines of a file and back: not a bit is lost, whatever they are."""

import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine import EpochMetrics, Evaluation, History
from engine.epochs import EPOCH_COLUMNS, epoch_of, epoch_row
from engine.history import COLUMNS
from engine.on_disk.lines import Lines
from engine.on_disk.rows import (
    _STANDS_FOR,
    EPOCH_FILE_COLUMNS,
    BadLineError,
    decode,
    encode,
    epoch_lines,
    epoch_rows,
    header,
    iteration_lines,
)

figures = st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.0, 1e16, 5e-324, math.nan, math.inf, -math.inf, *_STANDS_FOR])
tables = arrays.arrays(np.float64, st.tuples(st.integers(1, 20), st.just(13)), elements=figures)


def same(some, others) -> bool:
    return bool(((some.view(np.uint64) == others.view(np.uint64)) | (np.isnan(some) & np.isnan(others))).all())


@given(tables, st.integers(0, 2**32))
def test_rows_come_back_to_the_bit(rows, seed):
    absent = np.random.default_rng(seed).random(rows.shape) < 0.1
    rows[absent] = np.nan
    text = encode(rows, absent)
    found, gone = decode(text, 13)
    assert same(found, rows)
    assert (gone == absent).all()
    read = list(csv.reader(io.StringIO(text.decode())))  # as anybody else reads it
    assert same(np.array([[float(cell or "nan") for cell in row] for row in read]), rows)


def test_whole_numbers_have_no_point_and_what_does_not_exist_is_empty():
    row = np.array([[3.0, 96.0, 32.0, 32.0, 3000.0, 0.25, math.nan, 0.0, 0.001, 1.5, 0.5, 7.0, 0.125]])
    assert iteration_lines(row) == b"3,96,32,32,3000,0.25,,0,0.001,1.5,0.5,7,0.125\n"
    row[0, 5] = math.nan  # a loss that is no number is one that is there
    assert iteration_lines(row) == b"3,96,32,32,3000,nan,,0,0.001,1.5,0.5,7,0.125\n"


@pytest.mark.parametrize("validation", [None, Evaluation(math.inf, None, None, 2.0), Evaluation(0.5, 1.0)])
@pytest.mark.parametrize("train", [Evaluation(math.nan, 0.5), Evaluation(0.25, None, math.nan, 1.0)])
def test_an_epoch_comes_back_with_what_does_not_exist(train, validation):
    epoch = EpochMetrics(1, 32, 1000, 0.1, train, validation, 0.5)
    text = epoch_lines(np.array([epoch_row(epoch)]))
    [row] = epoch_rows(*decode(text, len(EPOCH_FILE_COLUMNS)))
    assert repr(epoch_of(tuple(row.tolist()))) == repr(epoch)
    assert len(row) == len(EPOCH_COLUMNS)


@pytest.mark.parametrize(
    ("text", "line"),
    [("1,2\n1,x\n", 1), ("1,2\n1\n", 1), ("1,2\n1,2,3\n", 1), ("\x00\x00\n", 0), ("1,2\n\n", 1)],
)
def test_a_line_that_is_no_row_is_named(text, line):
    with pytest.raises(BadLineError) as error:
        decode(text.encode(), 2)
    assert error.value.line == line


def written(place, rows: int, width: int = 1):
    table = np.arange(1.0, rows + 1)[:, None] * np.array([[1.0, 10.0**width]])
    place.write_bytes(header(("iteration", "figure")) + encode(table, np.zeros(table.shape, bool)))
    return place


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 1000, 30_000])
def test_any_row_of_a_file_is_found(tmp_path, rows):
    with Lines(written(tmp_path / "rows.csv", rows), ("iteration", "figure"), 0) as file:
        assert file.headed
        assert file.count == rows
        for first in {0, 1, rows // 3, rows // 2, max(0, rows - 2)}:
            found, _ = file.rows(first, first + 2)
            assert found[:, 0].tolist() == [float(at + 1) for at in range(first, min(first + 2, rows))]
        assert file.good(0)[0] == file.good(rows)[0] == rows


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_file_that_is_cut_is_good_up_to_its_last_whole_row(tmp_path, cut):
    place = written(tmp_path / "rows.csv", 12)
    whole = place.read_bytes()
    place.write_bytes(whole[:-cut])
    with Lines(place, ("iteration", "figure"), 0) as file:
        rows, end = file.good(0)
    assert rows == whole[:-cut].count(b"\n") - 1
    assert end == whole[:-cut].rfind(b"\n") + 1


@pytest.mark.parametrize("damage", [b"3,x\n4,1\n", b"4,40\n", b"3\n", b"\x00\x00\x00\n", b"3,30,1\n"])
def test_what_follows_a_bad_row_is_not_trusted(tmp_path, damage):
    place = written(tmp_path / "rows.csv", 2)
    before = place.stat().st_size
    with open(place, "ab") as file:
        file.write(damage)
    with Lines(place, ("iteration", "figure"), 0) as file:
        assert file.good(0) == file.good(2) == (2, before)


def test_a_history_reads_old_rows_where_they_are_archived(tmp_path):
    class Shelf:
        def iteration(self, index):
            return (1.0, index + 1.0, *[0.5] * 11)

        def epoch(self, index):
            return epoch_row(EpochMetrics(index + 1, index + 1, 1, 0.1, Evaluation(9.0), None, 0.0))

    history = History(capacity=8, buckets=4)
    history.extend(np.tile(np.arange(1.0, 41.0)[:, None], (1, len(COLUMNS))))
    for index in range(40):
        history.add_epoch(EpochMetrics(index + 1, index + 1, 1, 0.1, Evaluation(1.0), None, 0.0))
    assert history.kept.start and history.epochs.kept.start
    with pytest.raises(LookupError):
        history[0]
    with pytest.raises(LookupError):
        history.epochs[0]
    history.archive = Shelf()
    assert history[0].iteration == 1
    assert history.epochs[0].train.loss == 9.0
    assert history.epochs[-1].train.loss == 1.0
