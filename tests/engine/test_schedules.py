"""Schedules: every one worked by hand, what holds for all of their settings, and the curve against a plain loop."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from engine.ranges import STRICT
from engine.schedules import (
    SCHEDULES,
    AnySchedule,
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    PlateauState,
    ReduceOnPlateau,
    Step,
    curve,
    factor_at,
    warmup_factor,
)
from engine.schema import describe, hints, range_of

every_schedule = pytest.mark.parametrize("kind", SCHEDULES.values(), ids=SCHEDULES.keys())
PURE = [kind for kind in SCHEDULES.values() if kind is not ReduceOnPlateau]
FROM_ONE = [Constant, Step, Exponential, Cosine]

shares = st.floats(0.0, 1.0)
positive = st.floats(0.0, 1.0, exclude_min=True)
inside = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True)
below_one = st.floats(0.0, 1.0, exclude_max=True)
counts = st.integers(1, 1_000_000)
divisors = st.floats(1.0, 1e9)
OWN = {
    Constant: {},
    Step: {"every_epochs": counts | st.integers(1, 5), "gamma": positive},
    Exponential: {"gamma": positive},
    Cosine: {"over_epochs": st.none() | counts | st.integers(1, 5), "final": shares},
    OneCycle: {"start_divisor": divisors, "end_divisor": divisors, "peak_at": inside},
    ReduceOnPlateau: {
        "monitor": st.sampled_from(["validation_loss", "train_loss"]),
        "gamma": inside,
        "patience_epochs": st.integers(0, 4),
        "min_delta": below_one,
        "cooldown_epochs": st.integers(0, 3),
        "smallest": below_one,
    },
}


NONE = st.just(0)


def of(*kinds: type, warmup=NONE):
    """Any schedule of these kinds, with any legal settings."""
    return st.one_of(*(st.builds(kind, warmup_iterations=warmup, warmup_start=shares, **OWN[kind]) for kind in kinds))


def every_iteration(schedule, epochs, per_epoch):
    """The curve by the schedule's own method alone, where there is no warm-up."""
    return [schedule.factor(iteration / per_epoch, epochs, per_epoch) for iteration in range(epochs * per_epoch)]


# Worked by hand -------------------------------------------------------------------------------------------------------


def test_constant_by_hand():
    assert curve(Constant(), 2, 3).tolist() == [1.0] * 6


def test_step_by_hand():
    # 2 iterations an epoch, halved every 2 epochs: epochs 0, 1 at 1; 2, 3 at 1/2; 4 at 1/4
    expected = [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert curve(Step(every_epochs=2, gamma=0.5), 5, 2).tolist() == expected


def test_exponential_by_hand():
    # once an epoch, level within it: 1, 0.8, 0.64
    expected = [1, 1, 1, 0.8, 0.8, 0.8, 0.64, 0.64, 0.64]
    np.testing.assert_allclose(curve(Exponential(gamma=0.8), 3, 3), expected, rtol=1e-15)


def test_cosine_by_hand():
    # over 2 epochs of 3 = 6 iterations, to 0.2: 0.2 + 0.4 * (1 + cos(k * 30 degrees)); from iteration 6 on 0.2
    root = math.sqrt(3) / 2
    expected = [1.0, 0.2 + 0.4 * (1 + root), 0.8, 0.6, 0.4, 0.2 + 0.4 * (1 - root), 0.2, 0.2, 0.2]
    np.testing.assert_allclose(curve(Cosine(over_epochs=2, final=0.2), 3, 3), expected, rtol=1e-14)


def test_cosine_without_a_length_reaches_to_the_end_of_the_run():
    # 4 iterations: 1, (1 + 1/sqrt 2) / 2, 1/2, (1 - 1/sqrt 2) / 2; the next one would be at 0
    low = (1 - math.sqrt(0.5)) / 2
    np.testing.assert_allclose(curve(Cosine(), 2, 2), [1.0, 1 - low, 0.5, low], rtol=1e-14)
    assert Cosine().factor(2.0, 2.0, 2) == 0.0
    np.testing.assert_array_equal(curve(Cosine(), 4, 5), curve(Cosine(over_epochs=4), 4, 5))


def test_one_cycle_by_hand():
    # 10 iterations, peak_at 0.3: the peak is iteration 0.3 * 10 - 1 = 2, the last one 9; from 1/4 up to 1, down to 1/40
    #   up: a half cosine over 2: 1/4, (1/4 + 1) / 2, 1
    #   down, over 7: 1/40 + 39/80 * (1 + cos(pi * (k - 2) / 7))
    expected = [0.25, 0.625, 1.0, *(1 / 40 + 39 / 80 * (1 + math.cos(math.pi * k / 7)) for k in range(1, 8))]
    found = curve(OneCycle(start_divisor=4.0, end_divisor=10.0, peak_at=0.3), 5, 2)
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert found[-1] == 1 / 40


def test_one_cycle_where_the_run_is_too_short_for_a_rise():
    # 1 iteration: it is the last one
    assert curve(OneCycle(), 1, 1).tolist() == [pytest.approx(1 / 25 / 1e4, rel=1e-15)]
    # 10 with peak_at 0.1: the peak is iteration 0
    assert curve(OneCycle(peak_at=0.1), 10, 1)[0] == 1.0
    # 2 with peak_at 0.25: the peak would be iteration -1/2, so iteration 0 is a third of the way (1/2 of 3/2) down
    down = 1 / 250_000
    assert curve(OneCycle(peak_at=0.25), 2, 1).tolist() == pytest.approx([down + (1 - down) * 0.75, down], rel=1e-14)


def test_warm_up_by_hand():
    # 4 iterations from 0.2: 0.2, 0.4, 0.6, 0.8, then the schedule's own clock starts: the second epoch of its own,
    # after 3 more iterations, is in the middle of the run's third
    schedule = Step(every_epochs=1, gamma=0.5, warmup_iterations=4, warmup_start=0.2)
    expected = [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    np.testing.assert_allclose(curve(schedule, 4, 3), expected, rtol=1e-15)


def test_a_warm_up_before_one_cycle_climbs_to_where_that_begins():
    # 2 of 12 iterations from a half of 1/4; the other 10 as without it
    schedule = OneCycle(start_divisor=4.0, warmup_iterations=2, warmup_start=0.5)
    found = curve(schedule, 6, 2)
    np.testing.assert_allclose(found[:3], [0.125, 0.1875, 0.25], rtol=1e-15)
    np.testing.assert_allclose(found[2:], curve(replace(schedule, warmup_iterations=0), 5, 2), rtol=1e-13)


def test_cosine_after_a_warm_up_falls_over_what_is_left():
    # 3 epochs of 4, 6 of warm-up: 6 left
    found = curve(Cosine(warmup_iterations=6, warmup_start=0.0), 3, 4)
    fall = [(1 + math.cos(math.pi * k / 6)) / 2 for k in range(6)]
    np.testing.assert_allclose(found, [*(np.arange(6) / 6), *fall], rtol=1e-14)


def test_a_warm_up_longer_than_the_run_is_all_there_is():
    for kind in PURE:
        top = 1 / 25 if kind is OneCycle else 1.0
        found = curve(kind(warmup_iterations=8, warmup_start=0.5), 2, 2)
        np.testing.assert_allclose(found, top * np.array([8, 9, 10, 11]) / 16, rtol=1e-15)


def observed(schedule, losses):
    state = schedule.init()
    reduced = [schedule.observe(state, loss) for loss in losses]
    return state, reduced


def test_reduce_on_plateau_by_hand():
    schedule = ReduceOnPlateau(gamma=0.5, patience_epochs=1, min_delta=0.1, cooldown_epochs=2, smallest=0.3)
    state = schedule.init()
    assert state == PlateauState(best=math.inf, waited=0, cooling=0, factor=1.0)
    story = [
        # loss, reduced, best, waited, cooling, factor
        (1.0, False, 1.0, 0, 0, 1.0),  # anything is better than nothing
        (0.95, False, 1.0, 1, 0, 1.0),  # not below 0.9
        (0.85, False, 0.85, 0, 0, 1.0),  # better: the count starts again
        (0.80, False, 0.85, 1, 0, 1.0),  # not below 0.765
        (0.90, True, 0.85, 0, 2, 0.5),  # 2 > patience 1
        (0.90, False, 0.85, 0, 1, 0.5),  # resting
        (0.90, False, 0.85, 0, 0, 0.5),  # the second epoch of rest
        (0.90, False, 0.85, 1, 0, 0.5),
        (0.90, True, 0.85, 0, 2, 0.3),  # 0.25 would be below the smallest
        (0.40, False, 0.40, 0, 1, 0.3),  # better even at rest
        (0.40, False, 0.40, 0, 0, 0.3),
        (0.40, False, 0.40, 1, 0, 0.3),
        (0.40, False, 0.40, 0, 2, 0.3),  # nothing is left to reduce
    ]
    for loss, *expected in story:
        reduced = schedule.observe(state, loss)
        assert [reduced, state.best, state.waited, state.cooling, state.factor] == expected, loss


def test_where_the_smallest_is_a_power_of_gamma_rounding_makes_no_reduction_more():
    # 0.1 * 0.1 = 0.010000000000000002
    state, reduced = observed(ReduceOnPlateau(gamma=0.1, patience_epochs=0, smallest=0.01), [1.0] * 6)
    assert reduced == [False, True, True, False, False, False]
    assert state.factor == 0.01


def test_no_number_never_counts_as_better():
    schedule = ReduceOnPlateau(gamma=0.5, patience_epochs=2)
    for nothing in (math.nan, math.inf):
        state, reduced = observed(schedule, [nothing] * 7)
        assert reduced == [False, False, True] * 2 + [False]
        assert (state.best, state.factor) == (math.inf, 0.25)
        state, reduced = observed(schedule, [1.0, nothing, nothing, nothing])
        assert reduced == [False, False, False, True]
        assert state.best == 1.0


def test_a_loss_below_zero_has_to_fall_as_well():
    # from -1 on, better is below -1.1
    schedule = ReduceOnPlateau(patience_epochs=0, min_delta=0.1)
    _, reduced = observed(schedule, [-1.0, -1.0, -0.95, -1.05, -1.2, -1.2])
    assert reduced == [False, True, True, True, False, True]


def test_the_same_loss_again_is_no_improvement_though_no_threshold_is_asked():
    _, reduced = observed(ReduceOnPlateau(patience_epochs=0, min_delta=0.0), [0.5, 0.5, math.nextafter(0.5, 0.0), 0.0, 0.0])
    assert reduced == [False, True, False, False, True]


# For all settings -----------------------------------------------------------------------------------------------------


@given(of(*FROM_ONE), st.floats(0.0, 1e6), st.integers(1, 1000))
def test_most_schedules_begin_at_the_optimizers_own_rate(schedule, total, per_epoch):
    assert schedule.factor(0.0, total, per_epoch) == 1.0


@given(of(OneCycle), st.integers(1, 40), st.integers(1, 40))
def test_one_cycle_rises_to_its_peak_and_falls_to_its_end(schedule, epochs, per_epoch):
    found = curve(schedule, epochs, per_epoch)
    low, peak = 1.0 / schedule.start_divisor, schedule.peak_at * len(found) - 1.0  # an iteration, from 0
    rise, fall = found[: math.floor(peak) + 1], found[max(0, math.ceil(peak)) :]
    assert (np.diff(rise) >= -1e-15).all()
    assert (np.diff(fall) <= 1e-15).all()
    assert found[-1] == pytest.approx(low / schedule.end_divisor, rel=1e-12)
    if peak > 0.0:
        assert found[0] == pytest.approx(low, rel=1e-15)
    # within one iteration of its top, a half cosine over `side` iterations has lost no more than this share
    side = min(peak, len(found) - 1 - peak)
    if side > 1.0:
        assert found.max() >= 1.0 - (1.0 - math.cos(math.pi / side)) / 2.0


@given(of(*FROM_ONE), st.integers(1, 40), st.integers(1, 40))
def test_without_warm_up_the_rate_never_rises(schedule, epochs, per_epoch):
    assert (np.diff(curve(schedule, epochs, per_epoch)) <= 1e-15).all()


@given(of(*PURE, warmup=st.integers(0, 60)), st.integers(1, 30), st.integers(1, 30))
@example(Cosine(), 1, 1)
@example(OneCycle(), 1, 1)
@example(OneCycle(peak_at=math.nextafter(1.0, 0.0)), 3, 1)
@example(Cosine(warmup_iterations=1), 1, 1)
@example(OneCycle(warmup_iterations=2), 2, 1)
@example(Exponential(gamma=5e-324), 3, 1)
def test_every_factor_lies_from_zero_to_one_and_the_warm_up_from_its_start(schedule, epochs, per_epoch):
    found = curve(schedule, epochs, per_epoch)
    assert found.shape == (epochs * per_epoch,)
    assert found.dtype == np.float64
    assert ((found >= 0.0) & (found <= 1.0)).all()  # no NaN either
    if schedule.warmup_iterations:
        assert found[0] == warmup_factor(schedule, 0)
        first = 1.0 / schedule.start_divisor if isinstance(schedule, OneCycle) else 1.0
        assert found[0] == pytest.approx(first * schedule.warmup_start, rel=1e-15)


@given(
    of(*SCHEDULES.values(), warmup=st.integers(0, 10_000_000)),
    st.floats(0.0, 2e6),
    st.just(0.0) | st.floats(0.0, 1e6),
    st.just(1) | st.integers(1, 10_000_000),
)
@example(OneCycle(), 0.0, 0.0, 1)
@example(OneCycle(peak_at=0.5), 0.05, 0.05, 10)
@example(Cosine(), 0.0, 0.0, 1)
@example(Cosine(), 5.0, 0.0, 1)
@example(Exponential(gamma=0.01), 2e6, 1.0, 1)
def test_no_legal_question_has_an_answer_out_of_range(schedule, elapsed, total, per_epoch):
    assert 0.0 <= schedule.factor(elapsed, total, per_epoch) <= 1.0


@given(of(*PURE, warmup=st.integers(1, 200)), st.integers(2, 30), st.integers(8, 40))
def test_nothing_jumps_where_the_warm_up_ends(schedule, epochs, per_epoch):
    n, total = schedule.warmup_iterations, epochs * per_epoch
    assume(n < total)
    if isinstance(schedule, OneCycle):
        assume(schedule.peak_at * (total - n) > 1.0 + 1e-6)  # else too short for a rise: it begins at its peak
    found = curve(schedule, epochs, per_epoch)
    step = warmup_factor(schedule, 1) - warmup_factor(schedule, 0)
    assert found[n] - found[n - 1] == pytest.approx(step, abs=1e-12)
    assert found[n] == pytest.approx(warmup_factor(schedule, n), rel=1e-12)
    assert (np.diff(found[: n + 1]) >= 0.0).all()


@given(
    of(Step, Exponential, Cosine, OneCycle),
    st.integers(0, 500),
    st.integers(1, 30),
    st.sampled_from([-1, 1]),
    st.floats(0.0, 9e-10),
)
def test_what_floats_lose_in_subtraction_changes_nothing(schedule, iteration, per_epoch, sign, lost):
    exact = iteration / per_epoch
    off = exact + sign * lost / per_epoch
    assert schedule.factor(off, 20.0 + sign * lost / per_epoch, per_epoch) == schedule.factor(exact, 20.0, per_epoch)


@pytest.mark.parametrize("schedule", [Step(every_epochs=1), Step(every_epochs=3), Exponential()], ids=str)
def test_an_epoch_of_the_schedule_ends_on_time_wherever_the_warm_up_ended(schedule):
    def done(iteration):
        return iteration // 10 + (iteration % 10) / 10

    missed = 0
    for warmup in range(100):
        for epoch in range(1, 13):
            elapsed = done(warmup + 10 * epoch) - done(warmup)
            missed += elapsed < epoch
            assert schedule.factor(elapsed, 50.0, 10) == schedule.factor(float(epoch), 50.0, 10)
    assert missed  # 4.1 - 2.1 = 1.9999999999999996


@given(of(ReduceOnPlateau), st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_reduce_on_plateau_only_ever_goes_down_and_not_below_its_smallest(schedule, losses):
    state = schedule.init()
    for loss in losses:
        before = state.factor
        reduced = schedule.observe(state, loss)
        assert reduced == (state.factor < before)
        assert schedule.smallest <= state.factor <= before
        assert state.waited <= schedule.patience_epochs
        assert not math.isnan(state.best)


@given(of(ReduceOnPlateau), st.integers(1, 300))
def test_on_a_level_loss_it_reduces_after_patience_and_rest(schedule, epochs):
    _, reduced = observed(replace(schedule, smallest=0.0, gamma=0.99), [1.0] * epochs)
    first = schedule.patience_epochs + 1  # the first epoch is the best one
    every = schedule.cooldown_epochs + schedule.patience_epochs + 1
    assert [epoch for epoch, now in enumerate(reduced) if now] == list(range(first, epochs, every))


# The curve ------------------------------------------------------------------------------------------------------------


@given(of(*PURE), st.integers(1, 20), st.integers(1, 20))
def test_without_warm_up_the_curve_is_the_schedule_asked_iteration_by_iteration(schedule, epochs, per_epoch):
    np.testing.assert_allclose(
        curve(schedule, epochs, per_epoch), every_iteration(schedule, epochs, per_epoch), rtol=1e-12, atol=1e-15
    )


@given(of(*PURE, warmup=st.integers(0, 100)), st.integers(1, 12), st.integers(1, 12))
def test_the_curve_is_what_a_plain_training_loop_gets(schedule, epochs, per_epoch):
    found, iteration, ended_at = [], 0, 0.0
    for epoch in range(epochs):
        for batch in range(per_epoch):
            done = epoch + batch / per_epoch
            if iteration == schedule.warmup_iterations:
                ended_at = done
            found.append(factor_at(schedule, iteration, done, ended_at, epochs, per_epoch))
            iteration += 1
    assert found == curve(schedule, epochs, per_epoch).tolist()


def test_after_the_warm_up_the_plateaus_own_factor_is_all_that_counts():
    schedule = ReduceOnPlateau(warmup_iterations=2, warmup_start=0.5)
    assert [factor_at(schedule, i, i / 2, 1.0 if i >= 2 else 0.0, 9, 2) for i in range(5)] == [0.5, 0.75, 1.0, 1.0, 1.0]


def test_a_batch_size_that_changes_live_leaves_a_count_of_epochs_alone():
    # after 2 epochs of 10 batches, and half of the third, batches twice as small: epoch 3 still begins at epochs_done 3
    schedule = Step(every_epochs=3, gamma=0.5)
    assert factor_at(schedule, 25, 2.5, 0.0, 6, 20) == 1.0
    assert factor_at(schedule, 35, 3.0, 0.0, 6, 20) == 0.5
    assert factor_at(Cosine(), 35, 3.0, 0.0, 6, 20) == pytest.approx(0.5, rel=1e-15)


def test_a_run_cut_shorter_than_its_warm_up_has_no_epochs_left():
    class Asked(Constant):
        def factor(self, elapsed, total, per_epoch):
            return elapsed, total, per_epoch

    assert factor_at(Asked(), 30, 3.0, 2.5, 4, 10) == (0.5, 1.5, 10)
    assert factor_at(Asked(), 30, 3.0, 2.5, 2, 10) == (0.5, 0.0, 10)


def test_the_curve_of_reduce_on_plateau_cannot_be_drawn():
    with pytest.raises(ValueError, match="depends on the losses to come"):
        curve(ReduceOnPlateau(), 3, 3)


# As settings ----------------------------------------------------------------------------------------------------------


@every_schedule
def test_it_is_a_frozen_set_of_settings_with_its_name_as_tag(kind):
    assert is_dataclass(kind)
    assert kind.__pydantic_config__ is STRICT
    assert SCHEDULES[kind.name] is kind
    assert all(entry.kw_only for entry in fields(kind))
    with pytest.raises(FrozenInstanceError):
        kind().warmup_iterations = 1


@every_schedule
def test_every_number_has_a_range_that_its_default_lies_in(kind):
    for key, annotation in hints(kind).items():
        if key in ("name", "monitor"):
            continue
        default, allowed = getattr(kind(), key), range_of(annotation)
        assert allowed is not None, key
        assert default is None or allowed.holds(default), key


@every_schedule
def test_its_docstring_says_of_every_key_that_is_a_count_what_it_counts(kind):
    said = kind.__doc__
    for key in hints(kind):
        if key.endswith(("_epochs", "_iterations")):
            assert key in said, key
    assert "epochs" in said
    assert "iterations" in said


def test_the_table_of_names_and_the_union_are_one_list():
    assert list(SCHEDULES.values()) == list(get_args(get_args(AnySchedule)[0]))
    assert all(kind().name == name for name, kind in SCHEDULES.items())
    names = ", ".join(sorted(SCHEDULES))
    assert describe(AnySchedule) == f"a table with name one of {names}"


@given(of(*SCHEDULES.values(), warmup=st.integers(0, 10_000_000)))
def test_it_survives_pickling_and_reading_and_is_equal_and_hashable(schedule):
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert replace(schedule, warmup_iterations=schedule.warmup_iterations ^ 1) != schedule
    document = {entry.name: getattr(schedule, entry.name) for entry in fields(schedule)}
    assert READER.validate_json(json.dumps(document)) == schedule


def test_two_states_share_nothing_and_a_state_survives_pickling():
    schedule = ReduceOnPlateau(patience_epochs=0)
    one, other = schedule.init(), schedule.init()
    for _ in range(2):
        schedule.observe(one, 1.0)
    assert other == PlateauState()
    assert one != other
    assert pickle.loads(pickle.dumps(one)) == one


READER = TypeAdapter(AnySchedule)


@every_schedule
def test_its_name_alone_is_enough(kind):
    read = READER.validate_json(json.dumps({"name": kind.name}))
    assert read == kind()
    assert type(read) is kind


@pytest.mark.parametrize(
    "document",
    [
        {"name": "cosin"},
        {"gamma": 0.5},
        {"name": "constant", "gamma": 0.5},
        {"name": "constant", "warmup_iterations": -1},
        {"name": "constant", "warmup_iterations": 2.0},
        {"name": "constant", "warmup_iterations": "2"},
        {"name": "constant", "warmup_start": 1.1},
        {"name": "constant", "warmup_start": -0.1},
        {"name": "step", "every_epochs": 0},
        {"name": "step", "every_epochs": 1.5},
        {"name": "step", "gamma": 0.0},
        {"name": "step", "gamma": 1.5},
        {"name": "step", "gamma": True},
        {"name": "exponential", "gamma": 0},
        {"name": "cosine", "over_epochs": 0},
        {"name": "cosine", "final": 1.01},
        {"name": "one_cycle", "peak_at": 0},
        {"name": "one_cycle", "peak_at": 1},
        {"name": "one_cycle", "start_divisor": 0.9},
        {"name": "one_cycle", "end_divisor": 0},
        {"name": "reduce_on_plateau", "monitor": "accuracy"},
        {"name": "reduce_on_plateau", "gamma": 1.0},
        {"name": "reduce_on_plateau", "patience_epochs": -1},
        {"name": "reduce_on_plateau", "min_delta": 1.0},
        {"name": "reduce_on_plateau", "smallest": 1.0},
    ],
    ids=json.dumps,
)
def test_what_makes_no_sense_is_refused(document):
    with pytest.raises(ValidationError):
        READER.validate_json(json.dumps(document))
