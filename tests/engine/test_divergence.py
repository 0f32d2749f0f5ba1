"""Divergence: the first such epoch and iteration are always told, and the run ends there only where it should."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine import Diverged, Run, Stopped, Trainer
from engine.layers import Architecture
from engine.optimizers import SGD, Adam
from engine.points import Moons
from engine.real_tables import StudyHours
from engine.run import Divergence, Training
from engine.surfaces import HillyPark, Valley

FIFTY = Moons(samples=50, validation=20)


def moons(data=FIFTY, seed=0, hidden=(6,), **training) -> Run:
    """A small run of 50 points; batch_size 16 makes batches of 16, 16, 16 and 2."""
    training = {"epochs": 3, "batch_size": 16, "optimizer": Adam(learning_rate=0.01), **training}
    return Run(seed=seed, data=data, network=Architecture(hidden=hidden), training=Training(**training))


def line(learning_rate=10.0, hours_divisor=1.0, **training) -> Run:
    """A straight line through six rows of hours up to 6: any rate above 0.07 makes each step worse than the last."""
    training = {"epochs": 150, "batch_size": "full", "optimizer": SGD(learning_rate=learning_rate), **training}
    return Run(data=StudyHours(hours_divisor=hours_divisor), network=Architecture(hidden=()), training=Training(**training))


def trained(run: Run) -> Trainer:
    trainer = Trainer(run)
    for _ in trainer:
        pass
    return trainer


def test_a_loss_above_the_limit_is_recorded_where_it_was_first_seen_and_the_run_goes_on():
    trainer = trained(line(learning_rate=1.0, epochs=5))
    assert trainer.history.diverged == Diverged(1, 1, trainer.history.epochs[0].train.loss)
    assert 10 * trainer.history.initial.loss < trainer.history.epochs[0].train.loss < math.inf
    assert trainer.history.stopped == Stopped("completed", 5, 5)  # to its last epoch, the loss still a number


def test_a_run_that_stays_below_the_limit_has_not_diverged():
    assert trained(line(learning_rate=0.01, epochs=5)).history.diverged is None
    lenient = trained(line(learning_rate=1.0, epochs=1, divergence=Divergence(factor=1e12)))
    assert lenient.history.diverged is None


def test_the_factor_counts_from_the_initial_loss():
    first = trained(line(learning_rate=1.0, epochs=1))
    ratio = first.history.epochs[0].train.loss / first.history.initial.loss
    for factor, diverged in ((ratio * 0.999, True), (ratio * 1.001, False)):
        trainer = trained(line(learning_rate=1.0, epochs=1, divergence=Divergence(factor=factor)))
        assert (trainer.history.diverged is not None) == diverged


def test_with_stop_the_run_ends_where_it_diverged():
    trainer = trained(line(divergence=Divergence(stop=True)))
    assert trainer.history.stopped == Stopped("diverged", 1, 1)
    assert trainer.history.diverged == Diverged(1, 1, trainer.history.epochs[0].train.loss)
    with pytest.raises(RuntimeError, match="over"):
        trainer.step()


def test_without_stop_it_goes_on_until_nan_and_nan_is_kept():
    trainer = trained(line())
    losses = trainer.history.column("batch_loss")
    assert len(trainer.history) == 150
    assert len(trainer.history.epochs) == 150
    assert trainer.history.diverged.iteration == 1  # the first, not the last
    assert np.isfinite(losses[:20]).all()
    assert np.isinf(losses).any()
    assert np.isnan(losses[-1])
    assert math.isnan(trainer.history[149].batch_loss)
    assert math.isnan(trainer.history.epochs[-1].train.loss)
    assert trainer.history.stopped == Stopped("diverged", 150, 150)  # not completed: there is no result
    assert not np.isfinite(trainer.predict(np.array([[5.0]]))).any()


@pytest.mark.parametrize("stop", [False, True])
def test_a_batch_loss_that_is_no_number_is_recorded_within_the_epoch(stop):
    # batches of one row, float32: each step multiplies the error by about 1000 h^2, past 3e38 in the first epoch
    trainer = Trainer(line(1000.0, batch_size=1, dtype="float32", epochs=2, divergence=Divergence(stop=stop)))
    list(trainer)
    losses = trainer.history.column("batch_loss")
    first = int(np.flatnonzero(~np.isfinite(losses))[0])
    assert 0 < first < 5
    diverged = trainer.history.diverged
    assert (diverged.epoch, diverged.iteration) == (1, first + 1)
    assert diverged.loss == losses[first]
    if stop:
        assert trainer.history.stopped == Stopped("diverged", 1, first + 1)
        assert len(trainer.history) == first + 1
        assert len(trainer.history.epochs) == 1
        assert trainer.history.epochs[0].iteration == first + 1
    else:
        assert trainer.history.stopped == Stopped("diverged", 2, 12)
        assert len(trainer.history.epochs) == 2


def test_nan_at_the_end_of_an_epoch_is_divergence_although_no_batch_saw_it():
    trainer = Trainer(line(epochs=1))
    trainer.base_rate = math.nan
    assert math.isfinite(trainer.step().batch_loss)
    assert math.isnan(trainer.history.epochs[0].train.loss)
    assert (trainer.history.diverged.epoch, trainer.history.diverged.iteration) == (1, 1)
    assert trainer.history.stopped == Stopped("diverged", 1, 1)


def test_the_best_epoch_is_never_nan():
    trainer = trained(line())
    best = trainer.history.best
    assert math.isfinite(best.validation.loss)
    assert best.validation.loss == min(
        entry.validation.loss for entry in trainer.history.epochs if math.isfinite(entry.validation.loss)
    )


def test_where_every_epoch_is_nan_none_is_the_best():
    trainer = Trainer(moons())
    trainer.parameters[...] = np.nan
    list(trainer)
    assert len(trainer.history.epochs) == 3
    assert trainer.history.best is None
    assert trainer.history.diverged.epoch == trainer.history.diverged.iteration == 1


def test_fewer_epochs_do_not_call_a_run_of_nan_completed():
    trainer = Trainer(moons())
    trainer.parameters[...] = np.nan
    for _ in range(8):
        trainer.step()
    trainer.change("epochs", 2)
    assert trainer.history.stopped == Stopped("diverged", 2, 8)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_run_whose_first_weights_overflow_already_can_still_be_made(dtype):
    trainer = Trainer(line(hours_divisor=1e-300, epochs=2, dtype=dtype))  # inputs of 1e300; a warning is an error here
    list(trainer)
    assert trainer.history.diverged.iteration == 1
    assert trainer.history.stopped.reason == "diverged"


def test_evaluating_and_predicting_a_diverged_run_warns_of_nothing():
    trainer = trained(line())
    assert math.isnan(trainer.objective.evaluate()[0].loss)
    trainer.parameters[...] = 1e300
    with np.errstate(all="ignore"):
        assert trainer.objective.evaluate()[0].loss == math.inf
    assert np.isinf(trainer.predict(np.array([[1e10]]))).all()


@pytest.mark.parametrize(("evaluate", "iteration"), [("epoch", 6), ("iteration", 1)])
@pytest.mark.parametrize("stop", [False, True])
def test_whoever_evaluates_after_every_iteration_sees_it_at_the_update_and_not_at_the_end_of_the_epoch(
    evaluate, iteration, stop
):
    # batches of one of the six rows
    trainer = trained(line(1.0, batch_size=1, epochs=2, evaluate=evaluate, divergence=Divergence(stop=stop)))
    diverged = trainer.history.diverged
    assert (diverged.epoch, diverged.iteration) == (1, iteration)
    assert diverged.loss > 10 * trainer.history.initial.loss
    assert trainer.history.stopped == (Stopped("diverged", 1, iteration) if stop else Stopped("completed", 2, 12))
    losses = trainer.history.train_losses()
    assert losses[:, 0].tolist() == ([] if evaluate == "epoch" else list(range(1, len(trainer.history) + 1)))
    if evaluate == "iteration":
        assert losses[0, 1] == diverged.loss
        assert losses[-1, 1] == trainer.history.epochs[-1].train.loss
        assert len(trainer.history.epochs) == (1 if stop else 2)


@pytest.mark.parametrize("stop", [False, True])
def test_a_surface_diverges_at_the_step_that_can_be_worked_out_by_hand(stop):
    # w - 3 is multiplied by 1 - 1.1 * 2 = -1.2 a step, the height by 1.44: 1.44^6 = 8.9 and 1.44^7 = 12.8
    training = Training(optimizer=SGD(learning_rate=1.1), divergence=Divergence(stop=stop))
    trainer = trained(Run(surface=Valley(steps=20), training=training))
    assert trainer.history.diverged == Diverged(7, 7, pytest.approx(49 * 1.44**7, rel=1e-12))
    assert trainer.history.stopped == (Stopped("diverged", 7, 7) if stop else Stopped("completed", 20, 20))


def test_a_height_below_zero_has_no_multiple_and_diverges_only_where_it_is_no_number():
    park = HillyPark(start=(-2.0,), steps=30)
    calm = trained(Run(surface=park, training=Training(optimizer=SGD(learning_rate=1.0))))
    assert calm.history.initial.loss == pytest.approx(-0.6)
    assert max(entry.train.loss for entry in calm.history.epochs) < 0.0
    assert calm.history.diverged is None
    wild = trained(Run(surface=park, training=Training(optimizer=SGD(learning_rate=100.0))))
    first = next(entry for entry in wild.history.epochs if not math.isfinite(entry.train.loss))
    assert (wild.history.diverged.epoch, wild.history.diverged.iteration) == (first.epoch, first.iteration)
    assert wild.history.epochs[0].train.loss > 10.0  # large, and allowed
    assert wild.history.stopped == Stopped("diverged", 30, 30)
