"""Curves: no spike vanishes, nothing that a network can say breaks them, and the frame has the size that was asked for."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.canvas import plain, width_of
from tui.plots.plot import LINE, Axes, Series, draw
from tui.plots.raster import decimate, first_in_bins, placed
from tui.plots.ticks import epoch_ticks, nice_step

ODD = [math.nan, math.inf, -math.inf, 1e308, -1e308, 1e99, 1e-300, 5e-324, 0.0, -0.0, -1.0, 0.5, 3.0]
values = st.one_of(st.sampled_from(ODD), st.floats(allow_nan=True, allow_infinity=True))
some_values = st.lists(values, max_size=60)


def line(ys, marker: str = LINE, role: str = "train") -> Series:
    return Series(np.arange(1, len(ys) + 1, dtype=float), np.array(ys, dtype=float), role, marker)


def drawn(ys, width: int = 60, height: int = 14, **axes) -> str:
    return plain(draw([line(ys)], Axes(0.0, max(1.0, len(ys)), **axes), width, height))


# Decimation -----------------------------------------------------------------------------------------------------------


@given(st.lists(values, min_size=1, max_size=400), st.integers(1, 40))
@example([0.0] * 50 + [9.0] + [0.0] * 50, 10)
@example([math.nan] * 30 + [1.0] + [math.nan] * 30, 3)
def test_the_outermost_and_the_end_values_of_every_column_are_kept(ys, columns):
    one = line([value if math.isfinite(value) else math.nan for value in ys])
    high = float(len(ys))
    x, y = decimate(one.x, one.y, 0.0, high, columns)
    assert len(x) == len(y) <= len(ys)
    if not np.isnan(one.y).any() and len(ys) > 4 * columns:
        assert len(x) <= 4 * columns
    before, after = placed(one.x, 0.0, high, columns), placed(x, 0.0, high, columns)
    for column in set(before.tolist()):
        all_of_it, rest = one.y[before == column], y[after == column]
        there, left = all_of_it[~np.isnan(all_of_it)].tolist(), rest[~np.isnan(rest)].tolist()
        assert (there[:1], there[-1:]) == (left[:1], left[-1:])
        assert (min(there, default=0), max(there, default=0)) == (min(left, default=0), max(left, default=0))
        assert np.isnan(all_of_it).any() == np.isnan(rest).any()


@given(st.lists(st.floats(-1e6, 1e6), min_size=100, max_size=400), st.integers(1, 40))
def test_decimated_points_are_true_values_in_rising_order_of_x(ys, columns):
    one = line(ys)
    x, y = decimate(one.x, one.y, 0.0, float(len(ys)), columns)
    assert (np.diff(x) >= 0).all()
    assert set(y.tolist()) <= set(ys)


@given(
    st.lists(st.floats(0.0, 1e9) | st.integers(0, 60).map(float), min_size=2, max_size=300).map(sorted),
    st.integers(1, 60),
    st.tuples(st.floats(-0.5, 1.0), st.floats(0.01, 2.0)),
)
@example([1.0, 2.0, 2.0, 2.0, 3.0], 3, (0.0, 1.0))
@example([float(at) for at in range(1, 201)], 50, (0.0, 1.0))
@example([0.0, 1e9], 5, (0.0, 1e-9))
def test_the_first_values_of_bins_are_found_without_placing_all(xs, bins, stretch):
    x, size = np.array(xs), max(1.0, xs[-1] - xs[0])
    low = xs[0] + stretch[0] * size
    high = low + stretch[1] * size
    column = placed(x, low, high, bins)
    assert first_in_bins(x, low, high, bins).tolist() == (np.flatnonzero(np.diff(column)) + 1).tolist()


def test_a_column_is_drawn_in_the_direction_in_which_it_went():
    one = line([5.0, 9.0, 7.0, 1.0, 2.0])
    assert decimate(one.x, one.y, 0.0, 5.0, 1)[1].tolist() == [5.0, 1.0, 9.0, 2.0]


def test_a_short_series_is_left_alone():
    one = line([3.0, math.nan, 2.0])
    x, y = decimate(one.x, one.y, 0.0, 3.0, 2)
    assert x is one.x
    assert y is one.y


def test_one_spike_among_a_million_is_on_the_screen():
    ys = np.full(1_000_000, 0.1)
    ys[734_567] = 5.0
    rows = drawn(ys).splitlines()
    top = next(index for index, row in enumerate(rows) if any("⠀" < character <= "⣿" for character in row))
    assert top <= 1  # just under the frame's upper edge


# Drawing --------------------------------------------------------------------------------------------------------------


@settings(max_examples=120)
@given(
    some_values,
    some_values,
    st.integers(1, 200),
    st.integers(1, 60),
    st.booleans(),
    st.sampled_from([math.nan, 0.0]),
    st.sampled_from([None, (0.0, 1.0), (-3.0, 1e6)]),
)
@example([1e308, -1e308], [], 40, 10, False, math.nan, None)
@example([math.nan] * 5, [math.inf], 40, 10, True, 0.0, None)
@example([5e-324], [], 40, 10, False, 0.0, None)
@example([0.0, -1.0], [0.0], 40, 10, True, math.nan, None)
@example([], [], 40, 10, True, math.nan, (-3.0, 1e6))
def test_nothing_that_a_network_can_say_breaks_it(ys, points, width, height, log, floor, limits):
    horizon = max(1.0, len(ys), len(points))
    axes = Axes(0.0, horizon, ((horizon / 2, "1"), (horizon, "2")), log_y=log, y_floor=floor, y_limits=limits)
    rows = draw([line(ys), line(points, "o", "validation")], axes, width, height)
    if width < 12 or height < 4:
        assert rows == []
        return
    assert len(rows) == height
    assert all(width_of(row) <= width for row in rows)
    assert max(width_of(row) for row in rows) == width
    assert "\x1b" not in plain(rows)


@pytest.mark.parametrize("size", [(1, 1), (11, 40), (12, 4), (13, 5), (20, 6), (52, 9), (117, 24), (200, 60)])
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "ys",
    [
        [],
        [math.nan],
        [math.inf],
        [1e308],
        [-1e308, 1e308],
        [0.0],
        [-5.0],
        [0.7],
        [1e-12],
        [1e-300, 1e-310],
        [0.5, math.nan, math.inf, 1e308, 0.0, -1.0, 0.1],
        [1.0 + 1e-15, 1.0],
        [123456789.0, 123456790.0],
        [10.0**power for power in range(-300, 300, 7)],
    ],
)
def test_every_odd_series_at_every_size(size, log, ys):
    width, height = size
    rows = draw([line(ys)], Axes(0.0, max(1.0, len(ys)), log_y=log), width, height)
    assert len(rows) == (height if width >= 12 and height >= 4 else 0)
    assert all(width_of(row) <= width for row in rows)


@pytest.mark.parametrize("size", [(12, 4), (52, 9), (117, 24), (200, 60)])
def test_the_frame_is_closed_at_every_size(size):
    width, height = size
    lines = plain(draw([line([0.9, 0.5, 0.4])], Axes(0.0, 3.0, ((1.0, "1"), (2.0, "2"))), width, height)).splitlines()
    assert len(lines) == height
    assert lines[-1].split() == ["1", "2"]
    assert lines[0].endswith("┐")
    assert lines[height - 2].endswith("┘")
    assert all(cell_len(row) == width for row in lines[: height - 1])
    assert all(row.endswith(("│", "┐", "┘")) for row in lines[: height - 1])


@pytest.mark.parametrize("lost", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_lost_is_marked(lost):
    rows = draw([line([1.0, 0.5, lost, 0.4])], Axes(0.0, 4.0), 60, 14)
    assert plain(rows).count("x") == 1
    assert any(role == "bad" and "x" in text for row in rows for text, role in row)
    assert "x" not in drawn([1.0, 0.5, 0.45, 0.4])


def test_a_stretch_of_lost_values_is_marked_where_it_begins():
    rows = drawn([0.5] * 10 + [math.nan] * 30).splitlines()
    marks = [(y, row.index("x")) for y, row in enumerate(rows) if "x" in row]
    assert len(marks) == 1
    left = rows[0].index("┌") + 1
    assert abs(marks[0][1] - (left + 11 / 40 * (60 - left))) <= 2


def test_infinity_is_kept_out_of_the_axis():
    assert drawn([0.2, 0.9, math.inf]).splitlines()[1:-2] != []
    labels = [row.split("┤")[0].strip() for row in drawn([0.2, 0.9, math.inf]).splitlines() if "┤" in row]
    assert max(float(label) for label in labels) <= 1.0


def test_a_log_axis_says_the_loss_and_not_its_logarithm():
    text = drawn([1000.0, 100.0, 10.0, 1.0], log_y=True)
    labels = [row.split("┤")[0].strip() for row in text.splitlines() if "┤" in row]
    assert [float(label) for label in labels] == [1000.0, 100.0, 10.0, 1.0]
    assert drawn([1000.0, 100.0, 10.0, 1.0], log_y=True) == text  # drawn twice, logged once


@pytest.mark.parametrize("height", [6, 8, 14, 30])
@pytest.mark.parametrize(
    ("low", "high"), [(12_000, 21_000), (0.2, 0.4), (5e-6, 6e-6), (900, 1100), (1, 1e6), (5e-300, 6e-300)]
)
def test_a_log_axis_has_two_numbers_at_least_for_one_alone_is_no_scale(low, high, height):
    text = drawn([high, low], log_y=True, height=height)
    labels = [float(row.split("┤")[0]) for row in text.splitlines() if "┤" in row]
    assert len(labels) >= 2
    assert labels == sorted(labels, reverse=True)
    assert all(f"{label:.0e}"[0] in "125" for label in labels)


def test_plots_of_about_one_height_can_have_the_same_ticks():
    def labels(height: int, **axes) -> list[str]:
        return [row.split("┤")[0] for row in drawn([0.0, 4.7], height=height, **axes).splitlines() if "┤" in row]

    assert labels(11) != labels(12)
    assert labels(11) == labels(11, y_rows=11) == labels(12, y_rows=11)


def test_a_letter_that_others_hide_stands_where_its_own_curve_is_free():
    x = np.arange(1.0, 41.0)
    down, up = Series(x, np.append(np.linspace(1, 0.2, 39), 0.5), "run-1"), Series(x, np.full(40, 0.5), "run-2")
    ends = [Series(x[-1:], one.y[-1:], one.role, mark) for one, mark in ((down, "a"), (up, "b"))]
    rows = draw([down, up, *ends], Axes(0.0, 40.0), 60, 14)
    assert plain(rows).count("a") == plain(rows).count("b") == 1
    assert any(role == "run-1" and "a" in text for row in rows for text, role in row)


def test_points_are_not_joined_and_stand_over_the_line():
    train, seen = line([1.0] * 40), Series(np.array([10.0, 20.0, 30.0]), np.ones(3), "validation", "o")
    rows = draw([train, seen], Axes(0.0, 40.0, y_floor=0.0), 60, 14)
    assert plain(rows).count("o") == 3
    assert [text for row in rows for text, role in row if role == "validation"] == ["o"] * 3


def test_an_axis_stands_still_while_a_curve_grows_within_its_step():
    def labels(ys):
        text = plain(draw([line(ys)], Axes(0.0, 64.0, y_floor=0.0), 60, 14))
        return [row.split("┤")[0] for row in text.splitlines() if "┤" in row]

    assert labels([0.71, 0.65]) == labels([0.71, 0.65, 0.74, 0.40, 0.31])


# Ticks ----------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 3000), st.integers(1, 40), st.integers(5, 200))
def test_the_labels_of_epochs_never_overlap(epochs, per_epoch, columns):
    ends = np.arange(1, epochs + 1) * float(per_epoch)
    high = float(epochs * per_epoch)
    ticks = epoch_ticks(ends, 0.0, high, columns)
    places = [(round(x / high * columns) - len(label) // 2, len(label)) for x, label in ticks]
    assert all(start + size < following for (start, size), (following, _) in pairwise(places))
    numbers = [int(label) for _, label in ticks]
    assert len({b - a for a, b in pairwise(numbers)}) <= 1
    assert all(x == int(label) * per_epoch for x, label in ticks)


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 10, 16, 50, 64, 100, 128, 999, 1000, 4096, 20_000])
@pytest.mark.parametrize("width", [30, 52, 57, 82, 117])
def test_the_labels_of_epochs_can_be_read_in_the_plot(epochs, width):
    ticks = epoch_ticks(32.0 * np.arange(1, epochs + 1), 0.0, 32.0 * epochs, width - 7)
    assert ticks
    rows = plain(draw([line([0.9, 0.1])], Axes(0.0, 32.0 * epochs, ticks), width, 12)).splitlines()
    assert rows[-1].split() == [label for _, label in ticks]


@pytest.mark.parametrize(("low", "high", "columns"), [(0.0, 0.0, 50), (0.0, 10.0, 0), (5.0, 1.0, 50)])
def test_ticks_without_room_are_none_or_few(low, high, columns):
    assert len(epoch_ticks(np.array([1.0, 2.0]), low, high, columns)) <= 1


@pytest.mark.parametrize(
    ("least", "step"),
    [(1.0, 1.0), (1.1, 2.0), (2.0, 2.0), (2.1, 5.0), (5.0, 5.0), (5.1, 10.0), (0.011, 0.02), (0.3, 0.5), (99.0, 100.0)],
)
def test_nice_steps(least, step):
    assert nice_step(least) == pytest.approx(step)


@given(st.floats(1e-90, 1e90))
def test_a_nice_step_is_1_2_or_5_and_no_longer_than_it_must_be(least):
    step = nice_step(least)
    assert least * (1 - 1e-6) <= step <= least * 2.5 * (1 + 1e-6)
    assert f"{step:.0e}"[0] in "125"


def test_what_rises_beyond_the_scale_is_cut_off_with_a_mark():
    rows = drawn([0.5, 0.4, 1e90, 0.3], y_floor=0.0, y_cap=5.0)
    assert "^" in rows
    assert "e+" not in rows
    assert "4┤" in rows
    assert "^" not in drawn([0.5, 0.4, 4.9, 0.3], y_floor=0.0, y_cap=5.0)


@pytest.mark.parametrize(("axes", "labels"), [({"y_floor": 0.0}, ("0.0", "1.0")), ({"y_ceiling": 1.0}, ("0.0", "1.0"))])
def test_a_frame_around_nothing_has_one_unit_of_scale(axes, labels):
    rows = drawn([], **axes)
    assert all(label in rows for label in labels)
    assert "-" not in rows
