"""Where a function has a corner, it has many slopes: ours there are the ones that PyTorch takes, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from engine.layers import Architecture
from engine.optimizers import SGD
from engine.rows import Rows
from engine.run import Run, Training

pytestmark = pytest.mark.parity


def both(referee, run):
    """The gradients of the first batch, ours and PyTorch's."""
    trainer, seen = referee.watched(run)
    theirs = referee.Referee(trainer)
    trainer.step()
    theirs.backward(seen[0])
    return trainer.gradients.copy(), theirs.flat("gradients")


def linear(targets, loss, parameters=(0.0, 0.0), **training) -> Run:
    """One input, 1 in every row, and one output without a hidden layer."""
    data = Rows(inputs=((1.0,),) * len(targets), targets=targets)
    network = Architecture(hidden=(), initial_parameters=parameters)
    return Run(data=data, network=network, training=Training(loss=loss, batch_size="full", shuffle=False, **training))


@pytest.mark.parametrize(("activation", "slope"), [("relu", 0.0), ("leaky_relu", 0.01)])
def test_an_activation_at_zero(referee, agree, activation, slope):
    data = Rows(inputs=((1.0,),), targets=(3.0,))
    # the hidden unit has z = 2 * 1 - 2 = 0, and the output then is 0.5
    network = Architecture(hidden=(1,), activation=activation, initial_parameters=(2.0, -2.0, 4.0, 0.5))
    run = Run(data=data, network=network, training=Training(loss="mean_squared_error", optimizer=SGD()))
    ours, theirs = both(referee, run)
    agree(ours, theirs, tolerance=0.0, besides="at the kinks")
    assert ours == pytest.approx([-20.0 * slope, -20.0 * slope, 0.0, -5.0])


@pytest.mark.parametrize("targets", [(0.0,), (0.0, 0.0, 5.0), (0.0, 2.0, -3.0)])
def test_an_absolute_error_of_zero(referee, agree, targets):
    ours, theirs = both(referee, linear(targets, "mean_absolute_error"))
    agree(ours, theirs, tolerance=0.0, besides="at the kinks")
    assert ours[1] == -np.sign(targets).sum() / len(targets)


@pytest.mark.parametrize(
    "targets", [(1.0,), (-1.0,), (1.0, 1.0, -1.0), (np.nextafter(1.0, 2.0),), (np.nextafter(1.0, 0.0),)]
)
def test_huber_at_an_error_of_one(referee, agree, targets):
    ours, theirs = both(referee, linear(targets, "huber"))
    agree(ours, theirs, tolerance=1e-15, besides="at the kinks")
    assert ours[1] == pytest.approx(-sum(targets) / len(targets), abs=1e-15)


def test_huber_at_an_error_of_zero(referee, agree):
    ours, theirs = both(referee, linear((0.0,), "huber"))
    agree(ours, theirs, tolerance=0.0, besides="at the kinks")


def test_an_l1_price_on_a_weight_of_zero(referee, agree):
    ours, theirs = both(referee, linear((3.0,), "mean_squared_error", l1=0.5))
    agree(ours, theirs, tolerance=0.0, besides="at the kinks")
    assert ours.tolist() == [-6.0, -6.0]  # of the loss alone
