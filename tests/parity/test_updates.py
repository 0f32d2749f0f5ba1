"""Whole runs of the trainer, 208 updates and more with a partial last batch each, against the same runs in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.functions import Sine
from engine.layers import Architecture
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.points import Blobs, Moons
from engine.run import Run, Training
from engine.schedules import SCHEDULES

pytestmark = pytest.mark.parity

UPDATES = 200
SETTINGS = {  # so that each one acts within the run, several times where it can
    "constant": {},
    "step": {"every_epochs": 10, "gamma": 0.5},
    "exponential": {"gamma": 0.95},
    "cosine": {"final": 0.01},
    "one_cycle": {},
    "reduce_on_plateau": {"monitor": "train_loss", "gamma": 0.5, "patience_epochs": 2, "min_delta": 0.05},
}
RATES = {"sgd": 0.3, "momentum": 0.1, "nesterov": 0.1, "adagrad": 0.1, "rmsprop": 0.005, "adam": 0.02, "adamw": 0.02}


def data_for(loss):
    """50 samples of what suits a loss."""
    if LOSSES[loss].task == "regression":
        return Sine(samples=50, validation=10, noise=1.0)  # noise enough for errors on both sides of Huber's corner
    return Blobs(samples=50, validation=10, classes=2 if loss == "binary_cross_entropy" else 3, sep=1.0)


def run_of(data=None, activation="tanh", hidden=(6, 5), dropout=0.0, **training) -> Run:
    """52 epochs of 16, 16, 16 and 2 samples."""
    training = {"epochs": 52, "batch_size": 16, **training}
    network = Architecture(hidden=hidden, activation=activation, initializer="pytorch", dropout=dropout)
    return Run(
        seed=3, data=data or Moons(samples=50, validation=10, noise=0.3), network=network, training=Training(**training)
    )


def optimizer(name, **settings):
    return OPTIMIZERS[name](**{"learning_rate": RATES[name], **settings})


def compare(referee, agree, run, **names):
    trainer, _, ours, theirs = referee.trained(run)
    assert trainer.iteration >= UPDATES
    assert trainer.run.iterations_per_epoch() == 4
    assert np.ptp(trainer.history.column("batch_loss")) > 0.0
    agree(ours, theirs, **names)
    return trainer


def test_every_schedule_has_settings_here():
    assert set(SETTINGS) == set(SCHEDULES)
    assert set(RATES) == set(OPTIMIZERS)


@pytest.mark.parametrize("warmup", [0, 21], ids=["", "warm-up"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_with_every_schedule(referee, agree, name, schedule, warmup):
    chosen = SCHEDULES[schedule](**SETTINGS[schedule], warmup_iterations=warmup)
    run = run_of(optimizer=optimizer(name), schedule=chosen)
    trainer = compare(referee, agree, run, optimizer=name, schedule=schedule + ", warm-up" * (warmup > 0))
    after_warmup = trainer.history.column("learning_rate")[warmup:]
    assert (len(set(after_warmup)) > 1) == (schedule != "constant")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_with_every_activation(referee, agree, loss, activation):
    run = run_of(data_for(loss), activation, loss=loss, optimizer=optimizer("momentum", learning_rate=0.02))
    compare(referee, agree, run, loss=loss, activation=activation)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradients_of_one_batch(referee, agree, loss, activation):
    trainer, seen = referee.watched(run_of(data_for(loss), activation, loss=loss))
    theirs = referee.Referee(trainer)
    metrics = trainer.step()
    value = theirs.backward(seen[0])
    agree([metrics.batch_loss, *trainer.gradients], [value, *theirs.flat("gradients")], besides="gradients of one batch")
    assert np.count_nonzero(trainer.gradients) > len(trainer.gradients) // 2


@pytest.mark.parametrize("loss", ["mean_squared_error", "binary_cross_entropy", "cross_entropy"])
def test_a_linear_model(referee, agree, loss):
    run = run_of(data_for(loss), hidden=(), loss=loss, optimizer=optimizer("sgd", learning_rate=0.05))
    compare(referee, agree, run, besides="a linear model")


# Around the update ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_clipping_by_norm(referee, agree, name):
    trainer = compare(referee, agree, run_of(optimizer=optimizer(name), clip_norm=0.2), besides="clip_norm")
    norms = trainer.history.column("gradient_norm")
    assert norms.min() < 0.2 < norms.max()


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("price", ["l1", "l2"])
def test_a_penalty(referee, agree, name, price):
    trainer = compare(referee, agree, run_of(optimizer=optimizer(name), **{price: 0.003}), besides=price)
    assert trainer.history.column("penalty").min() > 0.0


def test_both_penalties_and_clipping(referee, agree):
    run = run_of(optimizer=optimizer("momentum"), l1=0.002, l2=0.01, clip_norm=0.2)
    compare(referee, agree, run, besides="l1, l2 and clip_norm")


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_decoupled_weight_decay(referee, agree, name, weight_decay):
    run = run_of(optimizer=optimizer(name, weight_decay=weight_decay), schedule=SCHEDULES["cosine"]())
    compare(referee, agree, run, besides="decoupled weight_decay")


def test_dropout_with_the_same_masks(referee, agree):
    compare(referee, agree, run_of(dropout=0.3, optimizer=optimizer("adam")), besides="dropout, same masks")


def test_the_samples_that_drop_last_leaves_out(referee, agree):
    run = run_of(epochs=70, drop_last=True, optimizer=optimizer("adam"))
    trainer, _, ours, theirs = referee.trained(run)
    assert trainer.iteration == 210
    agree(ours, theirs, besides="drop_last")


@pytest.mark.parametrize("size", [1, "full"])
def test_one_sample_and_all_of_them(referee, agree, size):
    run = run_of(batch_size=size, epochs=5 if size == 1 else 250, optimizer=optimizer("sgd", learning_rate=0.05))
    trainer, _, ours, theirs = referee.trained(run)
    assert trainer.iteration == 250
    agree(ours, theirs, besides=f"batch_size {size}")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float32_as_far_as_it_goes(referee, torch, name):
    _, _, ours, theirs = referee.trained(run_of(dtype="float32", optimizer=optimizer(name)))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)
