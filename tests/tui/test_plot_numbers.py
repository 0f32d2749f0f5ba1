"""From numbers to cells: the dots are those that plotext sets for every single point, and every value is at its place."""

from __future__ import annotations

import math
import re
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plotext._figure import _figure_class

from engine import Evaluation, History, IterationMetrics
from tui.canvas import plain
from tui.plots.plot import DOTS, LABELS, LINE, PATH, SPECKS, Axes, Marks, Series, column_of, draw, plot
from tui.plots.raster import decimate
from tui.plots.smoothing import averaged, moving_average
from tui.plots.ticks import number_ticks, power_label, round_label

SIZES = [(46, 10), (57, 14), (117, 24), (160, 32)]


def line(ys, xs=None, marker: str = LINE, role: str = "train") -> Series:
    x = np.arange(1.0, len(ys) + 1.0) if xs is None else np.array(xs, dtype=float)
    return Series(x, np.array(ys, dtype=float), role, marker)


def area(rows) -> list[str]:
    """What is drawn between the axes."""
    lines = plain(rows).splitlines()
    left = lines[0].index("┌") + 1
    bottom = next(number for number, each in enumerate(lines) if "└" in each)
    return [each[left : lines[0].index("┐")].ljust(lines[0].index("┐") - left) for each in lines[1:bottom]]


def simple(x, y, axes: tuple[float, float], width: int, height: int, joined: bool = True, widest: str = "0.5") -> list[str]:
    """The same from plotext itself, given every point; y goes from 0 to 1, with labels as wide as `widest`."""
    figure = _figure_class()
    figure.plotsize(width, height)
    figure._set_size(width, height)
    figure.theme("clear")
    (figure.plot if joined else figure.scatter)(list(x), list(y), marker="braille")
    figure.xlim(*axes)
    figure.ylim(0, 1)
    figure.xticks([], [])
    figure.yticks([0.0, 0.5, 1.0], ["", widest.rjust(LABELS), ""])
    lines = re.sub(r"\x1b\[[0-9;]*m", "", figure.build()).rstrip("\n").split("\n")
    return [each[lines[0].index("┌") + 1 : lines[0].index("┐")] for each in lines[1:-1]]


# The fast way and the simple one ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [1, 2, 3, 40, 333, 1000, 5000])
@pytest.mark.parametrize("kind", ["noise", "fall", "steps", "spikes"])
def test_fast_drawing_sets_exactly_the_same_dots_as_the_simple_one(size, count, kind):
    chance = np.random.default_rng(count)
    y = {
        "noise": lambda: chance.random(count),
        "fall": lambda: np.exp(-np.arange(count) / max(1, count / 5)) + 0.02 * chance.random(count),
        "steps": lambda: np.repeat(chance.random(-(-count // 7)), 7)[:count],
        "spikes": lambda: np.where(chance.random(count) < 0.01, 1.0, 0.1),
    }[kind]()
    y = np.clip(y, 0.0, 1.0)
    x = np.arange(1.0, count + 1.0)
    shown = area(draw([line(y)], Axes(0.0, float(count), y_floor=0.0, y_ceiling=1.0), *size))
    assert shown == simple(x, y, (0.0, float(count)), *size)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.floats(0.0, 1.0), st.just(math.nan)), min_size=1, max_size=700),
    st.sampled_from(SIZES[:2]),
    st.integers(0, 50),
)
@example([0.0, math.nan] * 200 + [1.0], (46, 10), 3)
@example([math.nan] * 300 + [0.5] * 300, (46, 10), 0)
def test_the_same_dots_where_numbers_are_missing(ys, size, room):
    if all(value != value for value in ys):
        return
    x, y = np.arange(1.0, len(ys) + 1.0), np.array(ys)
    high = float(len(ys) + room)
    shown = area(draw([line(ys)], Axes(0.0, high, y_floor=0.0, y_ceiling=1.0), *size))
    lost = [index for index, cell in enumerate(shown[0]) if cell == "x"]
    expected = simple(x, y, (0.0, high), *size)
    assert [cell for row in shown for cell in row if cell == "x"] == ["x"] * len(lost)
    assert [[c for at, c in enumerate(row) if at not in lost or number] for number, row in enumerate(shown)] == [
        [c for at, c in enumerate(row) if at not in lost or number] for number, row in enumerate(expected)
    ]


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_same_dots_on_logarithmic_axes(size):
    x = np.arange(1.0, 3001.0)
    y = 10 ** (-2 * np.random.default_rng(0).random(3000))  # 0.01 to 1: two decades are the whole axis
    y[:2] = 1.0, 0.01
    shown = area(draw([line(y)], Axes(1.0, 3000.0, log_x=True, log_y=True), *size))
    assert shown == simple(np.log10(x), (np.log10(y) + 2) / 2, (0.0, math.log10(3000.0)), *size, widest="0.01")


@pytest.mark.parametrize("marker", [DOTS, PATH])
def test_the_same_dots_where_x_goes_back(marker):
    angle = np.linspace(0.0, 6.0, 400)
    x, y = 0.5 + 0.45 * np.cos(angle), 0.5 + 0.45 * np.sin(angle)
    shown = area(draw([line(y, x, marker)], Axes(0.0, 1.0, y_limits=(0.0, 1.0)), 57, 14))
    assert shown == simple(x, y, (0.0, 1.0), 57, 14, joined=marker == PATH)


def test_a_faint_curve_keeps_its_outermost_dots_and_joins_none():
    y = np.full(2000, 0.5)
    y[777] = 1.0
    shown = area(draw([line(y, marker=SPECKS)], Axes(0.0, 2000.0, y_floor=0.0, y_ceiling=1.0), 57, 14))
    top = [at for at, cell in enumerate(shown[0]) if cell != " "]
    assert len(top) == 1
    assert top[0] == pytest.approx(777 / 2000 * len(shown[0]), abs=1)
    assert all(row[top[0]] == " " for row in shown[1:4])  # not joined


# Spikes and gaps, however x is looked at --------------------------------------------------------------------------------


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize("window", [(1.0, 100_000.0), (40_000.0, 60_000.0), (49_990.0, 50_010.0)])
def test_one_spike_among_a_hundred_thousand_is_in_its_column(log_x, log_y, window):
    y = np.full(100_000, 0.1)
    y[49_999] = 5.0
    drawing = plot([line(y)], Axes(*window, log_x=log_x, log_y=log_y), 80, 14)
    shown = area(drawing.rows)
    column = int(column_of(Axes(*window, log_x=log_x), np.array([50_000.0]), drawing.columns)[0])
    highest = next(row for row in shown if row.strip())
    places = [at for at, cell in enumerate(highest) if cell != " "]
    assert column in places
    assert set(places) <= {column - 1, column}  # the line that leads up to it may begin in the cell before


def test_seconds_that_are_uneven_lose_no_spike():
    x = np.cumsum(np.random.default_rng(1).exponential(size=50_000))
    y = np.full(50_000, 0.1)
    y[31_234] = 9.0
    axes = Axes(0.0, float(x[-1]))
    drawing = plot([line(y, x)], axes, 80, 14)
    highest = next(row for row in area(drawing.rows) if row.strip())
    assert highest.index(highest.strip()[0]) == int(column_of(axes, x[31_234:31_235], drawing.columns)[0])


@pytest.mark.parametrize("log_x", [False, True])
def test_a_gap_is_empty_and_marked_where_it_begins(log_x):
    y = np.full(1000, 0.5)
    y[300:600] = math.nan
    axes = Axes(1.0, 1000.0, log_x=log_x, y_floor=0.0, y_ceiling=1.0)
    drawing = plot([line(y)], axes, 80, 14)
    shown = area(drawing.rows)
    first, last = column_of(axes, np.array([301.0, 600.0]), drawing.columns).astype(int)
    assert [at for at, cell in enumerate(shown[0]) if cell == "x"] == [first]
    assert all(row[at] == " " for row in shown[1:] for at in range(first + 1, last))
    assert any(row[first - 1] != " " for row in shown[1:])
    assert any(row[last + 1] != " " for row in shown[1:])


def test_a_line_goes_up_to_the_edges_of_a_window():
    inside = area(draw([line([0.0, 1.0], [0.0, 100.0])], Axes(40.0, 60.0), 57, 14))
    assert inside[-1][0] != " " or inside[-2][0] != " "
    assert any(row[-1] != " " for row in inside)
    assert area(draw([line([0.0, 1.0], [0.0, 10.0])], Axes(40.0, 60.0), 57, 14)) == [" " * len(inside[0])] * len(inside)


def test_what_is_left_out_of_the_scale_is_marked_above_and_below():
    y = np.full(100, 0.5)
    y[20], y[70] = 9.0, -9.0
    axes = Axes(0.0, 100.0, y_cap=0.7, y_least=0.3)
    drawing = plot([line(y)], axes, 80, 14)
    shown = area(drawing.rows)
    columns = column_of(axes, np.array([21.0, 71.0]), drawing.columns).astype(int)
    assert [at for at, cell in enumerate(shown[0]) if cell == "^"] == [columns[0]]
    assert [at for at, cell in enumerate(shown[-1]) if cell == "v"] == [columns[1]]
    assert "9" not in plain(drawing.rows)


# Marks ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("x", [0.0, 1.0, 37.0, 50.0, 100.0])
def test_the_cursor_is_a_line_in_its_column_and_hides_no_curve(size, x):
    one, axes = line(np.linspace(1.0, 0.0, 100)), Axes(0.0, 100.0, ((50.0, "5"),), y_floor=0.0, y_ceiling=1.0)
    before, after = plot([one], axes, *size), plot([one], axes, *size, Marks(cursor=x))
    column = int(column_of(axes, np.array([x]), before.columns)[0])
    for old, new in zip(area(before.rows), area(after.rows), strict=True):
        assert new[column] == ("│" if old[column] == " " else old[column])
        assert new[:column] + new[column + 1 :] == old[:column] + old[column + 1 :]


def test_a_cursor_out_of_sight_draws_nothing():
    one, axes = line(np.linspace(1.0, 0.0, 100)), Axes(50.0, 100.0)
    assert plot([one], axes, 60, 12, Marks(cursor=20.0)).rows == plot([one], axes, 60, 12).rows


def test_a_lit_stretch_is_on_the_axis_and_on_its_own_curve_alone():
    two = [line(np.full(100, 0.2)), line(np.full(100, 0.8), role="run-2")]
    axes = Axes(0.0, 100.0, ((50.0, "5"),), y_floor=0.0, y_ceiling=1.0)
    drawing = plot(two, axes, 80, 14, Marks(lit=(40.0, 60.0), lit_role="train"))
    bottom = plain(drawing.rows).splitlines()[-2]
    assert plain(drawing.rows).splitlines()[-1].split() == ["5"]
    first, last = column_of(axes, np.array([40.0, 60.0]), drawing.columns).astype(int)
    left = bottom.index("└") + 1
    assert [at - left for at, cell in enumerate(bottom) if cell in "━┯"] == list(range(first, last + 1))
    assert bottom.count("┯") == 1  # the tick is still there
    lit = [text for row in drawing.rows[:-2] for text, role in row if role == "lit"]
    assert [len(text.rstrip()) for text in lit] == [last - first + 1]
    assert any(role == "run-2" and len(text) > 60 for row in drawing.rows for text, role in row)


def test_events_stand_on_the_upper_edge():
    drawing = plot([line([1.0, 0.5])], Axes(0.0, 100.0), 80, 14, Marks(events=((0.0, "r"), (100.0, "e"), (500.0, "d"))))
    top = plain(drawing.rows).splitlines()[0]
    assert top.strip() == "┌r" + "─" * (drawing.columns - 2) + "e┐"


# Smoothing --------------------------------------------------------------------------------------------------------------


def plain_loop(values, weight: float) -> list[float]:
    """The formula as it is written, a value at a time."""
    moment, count, found = 0.0, 0, []
    for value in values:
        if math.isfinite(value) and abs(value) < 1e150:
            moment, count = weight * moment + (1 - weight) * value, count + 1
            found.append(moment / (1 - weight**count))
        else:
            found.append(math.nan)
    return found


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.one_of(st.floats(-1e3, 1e3), st.sampled_from([math.nan, math.inf, -math.inf, 1e308])), max_size=300),
    st.sampled_from([0.0, 0.6, 0.9, 0.97, 0.99]),
)
@example([1.0, math.nan, 3.0], 0.9)
def test_the_moving_average_is_the_formula(values, weight):
    np.testing.assert_allclose(moving_average(np.array(values), weight), plain_loop(values, weight), rtol=1e-9, atol=1e-9)


def test_it_does_not_begin_near_zero_and_a_nan_spoils_nothing_after_it():
    values = np.full(1000, 2.0)
    values[10] = math.nan
    smooth = moving_average(values, 0.99)
    assert np.isnan(smooth[10])
    np.testing.assert_allclose(np.delete(smooth, 10), 2.0, rtol=1e-12)


def test_a_long_series_is_averaged_without_a_loop_over_its_values():
    values = np.random.default_rng(0).random(100_000)
    began = time.perf_counter()
    fast = moving_average(values, 0.97)
    between = time.perf_counter()
    slow = plain_loop(values.tolist(), 0.97)
    ended = time.perf_counter()
    np.testing.assert_allclose(fast, slow, rtol=1e-9)
    assert between - began < (ended - between) / 2


def test_an_average_goes_on_from_iterations_that_are_no_longer_exact():
    short, long = History(capacity=64, buckets=32), History()
    for history in (short, long):
        history.begin(Evaluation(1.0), None)
        for at in range(1, 401):
            loss = 1.0 / at + 0.1 * (at % 2)
            history.add(IterationMetrics(at, at, 1, 1, at, loss, 0.5, 0.0, 0.1, 1.0, 1.0, 1.0, 0.0))
    (at, smooth), (all_at, all_smooth) = averaged(short, "batch_loss", 0.9), averaged(long, "batch_loss", 0.9)
    assert len(at) < 200
    assert (np.diff(at) > 0).all()
    kept = len(short.kept)
    np.testing.assert_allclose(smooth[-kept:], all_smooth[-kept:], atol=0.06)
    np.testing.assert_allclose(smooth[-20:], all_smooth[-20:], atol=1e-3)
    assert at[-1] == all_at[-1] == 400


# Ticks ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exponent", "label"),
    [(3.0, "1000"), (2.0, "100"), (1.0, "10"), (0.0, "1"), (-1.0, "0.1"), (-2.0, "0.01"), (-5.0, "1e-5"), (7.0, "1e7")],
)
def test_a_power_of_ten_is_written_without_needless_zeros(exponent, label):
    assert power_label(exponent) == label


def test_a_logarithmic_axis_reads_so():
    text = plain(draw([line([1000.0, 100.0, 10.0, 1.0, 0.1, 0.01])], Axes(0.0, 6.0, log_y=True), 60, 20))
    assert [row.split("┤")[0].strip() for row in text.splitlines() if "┤" in row] == [
        "1000",
        "100",
        "10",
        "1",
        "0.1",
        "0.01",
    ]


@settings(max_examples=100)
@given(st.floats(0.0, 1e7), st.floats(1e-3, 1e7), st.integers(20, 200), st.booleans())
def test_ticks_are_in_the_frame_rise_and_never_touch(low, width, columns, log):
    low = max(low, 1e-3) if log else low
    high = low + width
    if width < 1e-6 * high:
        return
    ticks = number_ticks(low, high, columns, log)
    assert all(low * (1 - 1e-9) <= x <= high * (1 + 1e-9) for x, _ in ticks)
    scale = (lambda x: math.log10(x / low) / math.log10(high / low)) if log else (lambda x: (x - low) / (high - low))
    middles = [(scale(x) * columns, len(label)) for x, label in ticks]
    for (one, wide), (other, long) in pairwise(middles):
        assert other - one > (wide + long) / 2
    assert len({label for _, label in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("value", "step", "top", "label"),
    [(2000.0, 1000.0, 9000.0, "2000"), (200_000.0, 1e5, 5e5, "200k"), (0.4, 0.2, 1.0, "0.4"), (0.0, 0.5, 2.0, "0.0")],
)
def test_round_numbers_are_short(value, step, top, label):
    assert round_label(value, step, top) == label


def test_cutting_down_keeps_every_dot_of_a_million_with_a_few_points():
    y = np.random.default_rng(3).random(1_000_000)
    x = np.arange(1.0, len(y) + 1.0)
    thin_x, thin_y = decimate(x, y, 0.0, float(len(y)), 200)
    assert len(thin_x) <= 800
    axes = Axes(0.0, float(len(y)), y_floor=0.0, y_ceiling=1.0)
    # the width that has 100 columns of cells, which are the 200 of dots
    width = next(each for each in range(100, 120) if plot([line([0.5])], axes, each, 14).columns == 100)
    assert draw([line(thin_y, thin_x)], axes, width, 14) == draw([line(y)], axes, width, 14)
