"""Schedules against PyTorch's: the same rate for every iteration, to 1e-12 of it.

PyTorch makes most rates from the one before and so gathers rounding errors; ours are computed afresh.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.schedules import Cosine, Exponential, OneCycle, ReduceOnPlateau, Step, curve

pytestmark = pytest.mark.parity

BASE = 0.3
ITERATIONS = 240  # at least, of every comparison

few = settings(max_examples=30)
per_epochs = st.integers(1, 20)
gammas = st.floats(0.5, 1.0)
warmups = st.integers(1, 150)
starts = st.floats(0.01, 1.0)
finals = st.just(0.0) | st.floats(1e-6, 1.0)
spans = st.integers(1, 40)


@pytest.fixture(scope="session")
def schedulers(torch):
    """PyTorch's schedulers, for a test to make one; where PyTorch is missing the test is skipped."""
    return torch.optim.lr_scheduler


def sgd():
    import torch  # only where it is there: see the fixture above

    return torch.optim.SGD([torch.zeros(1, dtype=torch.float64, requires_grad=True)], lr=BASE)


def rates_of_torch(make, iterations, every=1):
    """The rate of each iteration, for the scheduler that `make` puts on an optimizer, stepped every so many iterations."""
    optimizer = sgd()
    found = []
    with warnings.catch_warnings():
        # that no optimizer has stepped before the scheduler, and that SequentialLR calls what PyTorch deprecates
        warnings.simplefilter("ignore", UserWarning)
        scheduler = make(optimizer)
        for iteration in range(1, iterations + 1):
            found.append(optimizer.param_groups[0]["lr"])
            if iteration % every == 0:
                scheduler.step()
    return np.array(found)


def warmed(schedule, make):
    """As `make`, after the linear warm-up that `schedule` asks for."""
    from torch.optim.lr_scheduler import LinearLR, SequentialLR

    n, start = schedule.warmup_iterations, schedule.warmup_start
    return lambda optimizer: SequentialLR(optimizer, [LinearLR(optimizer, start, 1.0, n), make(optimizer)], [n])


def rates(schedule, iterations, per_epoch):
    """Ours, of a run of at least so many iterations."""
    return BASE * curve(schedule, -(-iterations // per_epoch), per_epoch)[:iterations]


def difference(ours, theirs):
    """The largest relative difference; where theirs is 0, ours has to be as well."""
    assert len(ours) == len(theirs)
    assert (ours[theirs == 0.0] == 0.0).all()
    there = theirs != 0.0
    return float(np.max(np.abs(ours[there] - theirs[there]) / np.abs(theirs[there])))


def assert_same(ours, theirs):
    assert difference(ours, theirs) <= 1e-12


@few
@given(st.integers(1, 10), gammas, per_epochs)
def test_step(schedulers, every, gamma, per_epoch):
    ours = rates(Step(every_epochs=every, gamma=gamma), ITERATIONS, per_epoch)
    assert_same(
        ours, rates_of_torch(lambda optimizer: schedulers.StepLR(optimizer, every, gamma), ITERATIONS, every=per_epoch)
    )


@few
@given(gammas, per_epochs)
def test_exponential(schedulers, gamma, per_epoch):
    ours = rates(Exponential(gamma=gamma), ITERATIONS, per_epoch)
    assert_same(
        ours, rates_of_torch(lambda optimizer: schedulers.ExponentialLR(optimizer, gamma), ITERATIONS, every=per_epoch)
    )


@few
@given(spans, finals, per_epochs)
def test_cosine_as_far_as_it_falls(schedulers, span, final, per_epoch):
    steps = span * per_epoch
    ours = rates(Cosine(over_epochs=span, final=final), max(ITERATIONS, steps + 1), per_epoch)
    theirs = rates_of_torch(lambda optimizer: schedulers.CosineAnnealingLR(optimizer, steps, final * BASE), steps + 1)
    assert_same(ours[: steps + 1], theirs)
    assert (ours[steps:] == BASE * final).all()  # where PyTorch's rises again


@pytest.mark.parametrize("final", [0.0, 0.05])
def test_cosine_over_the_whole_run(schedulers, final):
    ours = rates(Cosine(final=final), 600, 20)
    assert_same(ours, rates_of_torch(lambda optimizer: schedulers.CosineAnnealingLR(optimizer, 600, final * BASE), 600))


@few
@given(st.floats(1.0, 1e3), st.floats(1.0, 1e5), st.floats(0.05, 0.95), st.integers(12, 30), st.integers(20, 40))
def test_one_cycle(schedulers, start_divisor, end_divisor, peak_at, epochs, per_epoch):
    schedule = OneCycle(start_divisor=start_divisor, end_divisor=end_divisor, peak_at=peak_at)
    theirs = rates_of_torch(one_cycle_of_torch(schedule, epochs * per_epoch), epochs * per_epoch)
    assert_same(rates(schedule, epochs * per_epoch, per_epoch), theirs)


@pytest.mark.parametrize("iterations", [1, 2, 3, 4, 5, 10])
@pytest.mark.parametrize("peak_at", [0.3, 0.6, 0.9])
def test_one_cycle_of_a_few_iterations(schedulers, iterations, peak_at):
    schedule = OneCycle(peak_at=peak_at)
    theirs = rates_of_torch(one_cycle_of_torch(schedule, iterations), iterations)
    assert_same(rates(schedule, iterations, 1), theirs)


def one_cycle_of_torch(schedule, iterations):
    from torch.optim.lr_scheduler import OneCycleLR

    return lambda optimizer: OneCycleLR(
        optimizer,
        BASE,
        total_steps=iterations,
        pct_start=schedule.peak_at,
        div_factor=schedule.start_divisor,
        final_div_factor=schedule.end_divisor,
        cycle_momentum=False,
    )


# After a warm-up ------------------------------------------------------------------------------------------------------


@few
@given(st.integers(1, 10), gammas, per_epochs, warmups, starts)
def test_step_after_a_warm_up(schedulers, every, gamma, per_epoch, n, start):
    schedule = Step(every_epochs=every, gamma=gamma, warmup_iterations=n, warmup_start=start)
    make = warmed(schedule, lambda optimizer: schedulers.StepLR(optimizer, every * per_epoch, gamma))
    assert_same(rates(schedule, n + ITERATIONS, per_epoch), rates_of_torch(make, n + ITERATIONS))


@few
@given(gammas, warmups, starts)
def test_exponential_after_a_warm_up(schedulers, gamma, n, start):
    # SequentialLR has one clock for both: an iteration is an epoch
    schedule = Exponential(gamma=gamma, warmup_iterations=n, warmup_start=start)
    make = warmed(schedule, lambda optimizer: schedulers.ExponentialLR(optimizer, gamma))
    assert_same(rates(schedule, n + ITERATIONS, 1), rates_of_torch(make, n + ITERATIONS))


@few
@given(spans, finals, per_epochs, warmups, starts)
def test_cosine_after_a_warm_up(schedulers, span, final, per_epoch, n, start):
    steps = span * per_epoch
    schedule = Cosine(over_epochs=span, final=final, warmup_iterations=n, warmup_start=start)
    make = warmed(schedule, lambda optimizer: schedulers.CosineAnnealingLR(optimizer, steps, final * BASE))
    ours = rates(schedule, n + max(ITERATIONS, steps + 1), per_epoch)
    assert_same(ours[: n + steps + 1], rates_of_torch(make, n + steps + 1))


@few
@given(per_epochs, warmups, starts)
def test_cosine_over_what_a_warm_up_leaves_of_the_run(schedulers, per_epoch, n, start):
    epochs = -(-(n + ITERATIONS) // per_epoch)
    steps = epochs * per_epoch - n
    schedule = Cosine(warmup_iterations=n, warmup_start=start)
    make = warmed(schedule, lambda optimizer: schedulers.CosineAnnealingLR(optimizer, steps))
    assert_same(rates(schedule, n + steps, per_epoch), rates_of_torch(make, n + steps))


@few
@given(per_epochs, warmups, starts, st.floats(0.05, 0.95))
def test_one_cycle_after_a_warm_up(schedulers, per_epoch, n, start, peak_at):
    epochs = -(-(n + ITERATIONS) // per_epoch)
    steps = epochs * per_epoch - n
    schedule = OneCycle(peak_at=peak_at, warmup_iterations=n, warmup_start=start)
    make = warmed(schedule, one_cycle_of_torch(schedule, steps))
    assert_same(rates(schedule, n + steps, per_epoch), rates_of_torch(make, n + steps))


# Reduce on plateau ----------------------------------------------------------------------------------------------------


@st.composite
def losses_with_plateaus(draw, min_delta):
    """Losses of at least 240 epochs: level, noisy, falling, just at the threshold of what is better, or no number."""
    noise = np.random.default_rng(draw(st.integers(0, 2**32)))
    found, level = [], draw(st.floats(0.1, 10.0))
    while len(found) < ITERATIONS:
        length = draw(st.integers(1, 60))
        kind = draw(st.sampled_from(["level", "noisy", "falling", "threshold", "nan"]))
        for _ in range(1 if kind == "nan" else length):
            if kind == "falling":
                level *= 0.9
            elif kind == "threshold":
                level *= 1.0 - min_delta * noise.integers(0, 2)
            found.append({"noisy": level * noise.uniform(0.9, 1.1), "nan": np.nan}.get(kind, level))
    return found


@settings(max_examples=200)
@given(st.data())
def test_reduce_on_plateau(schedulers, data):
    schedule = ReduceOnPlateau(
        gamma=data.draw(st.sampled_from([0.1, 0.5]) | st.floats(0.1, 0.99)),
        patience_epochs=data.draw(st.integers(0, 12)),
        min_delta=data.draw(st.sampled_from([0.0, 1e-4, 0.01, 0.5])),
        cooldown_epochs=data.draw(st.integers(0, 5)),
        smallest=data.draw(st.sampled_from([0.0, 0.01, 0.2])),
    )
    losses = data.draw(losses_with_plateaus(schedule.min_delta))
    optimizer = sgd()
    referee = schedulers.ReduceLROnPlateau(
        optimizer,
        factor=schedule.gamma,
        patience=schedule.patience_epochs,
        threshold=schedule.min_delta,
        cooldown=schedule.cooldown_epochs,
        min_lr=BASE * schedule.smallest,
        eps=0.0,
    )
    state, ours, theirs = schedule.init(), [], []
    for loss in losses:
        before = optimizer.param_groups[0]["lr"]
        referee.step(loss)
        theirs.append(optimizer.param_groups[0]["lr"])
        assert schedule.observe(state, loss) == (theirs[-1] < before * (1.0 - 1e-12))
        ours.append(BASE * state.factor)
        assert (state.best, state.waited, state.cooling) == (referee.best, referee.num_bad_epochs, referee.cooldown_counter)
    assert_same(np.array(ours), np.array(theirs))
