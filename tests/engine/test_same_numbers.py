"""The same seed gives the same numbers, whoever trains, watches, pauses or evaluates; another seed gives others."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import IterationMetrics, Run, Trainer, stream
from engine.layers import Architecture
from engine.optimizers import OPTIMIZERS
from engine.points import Moons
from engine.run import Training
from engine.schedules import OneCycle


def run(seed=0, dtype="float64", optimizer="adam", validation=20, **training) -> Run:
    return Run(
        seed=seed,
        data=Moons(samples=50, validation=validation),
        network=Architecture(hidden=(6, 4), dropout=0.2),
        training=Training(
            epochs=3,
            batch_size=16,
            dtype=dtype,
            optimizer=OPTIMIZERS[optimizer](),
            schedule=OneCycle(),
            clip_norm=0.5,
            **training,
        ),
    )


def numbers(trainer: Trainer) -> dict[str, object]:
    """All that a run came to of what is learned from, as bits, without the seconds and the validation set."""
    history = trainer.history
    names = [entry.name for entry in fields(IterationMetrics) if entry.name != "seconds"]
    return {
        "iterations": {name: history.column(name).tobytes() for name in names},
        "epochs": [repr(replace(entry, seconds=0.0, validation=None)) for entry in history.epochs],
        "ends": repr((history.initial, history.diverged, history.stopped)),
        "weights": trainer.parameters.tobytes(),
    }


def trained(run: Run) -> Trainer:
    trainer = Trainer(run)
    list(trainer)
    return trainer


WAYS = ("step", "phase", "evaluate", "loss", "predict", "state", "restore", "read", "iterate", "stream")


@settings(max_examples=60)
@given(ways=st.lists(st.sampled_from(WAYS), max_size=30), dtype=st.sampled_from(["float64", "float32"]))
def test_however_it_is_trained_and_looked_at_it_is_the_same_run(ways, dtype):
    made = run(dtype=dtype)
    trainer = Trainer(made)
    for way in ways:
        if trainer.done:
            break
        if way == "step":
            trainer.step()
        elif way == "phase":
            trainer.step_phase()
        elif way == "evaluate":
            trainer.objective.evaluate()
        elif way == "loss":
            trainer.objective.train_loss()
        elif way == "predict":
            trainer.predict(trainer.table.inputs[:7])
        elif way == "state":
            trainer.state()
        elif way == "restore":
            trainer = Trainer.restore(made, trainer.state())
        elif way == "read":
            _ = trainer.iterations, trainer.batches, trainer.learning_rate, trainer.history.column("batch_loss")
        elif way == "iterate":
            next(iter(trainer))
    list(trainer)
    assert numbers(trainer) == numbers(trained(made))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
async def test_an_event_loop_changes_nothing(dtype):
    streamed = Trainer(run(dtype=dtype))
    async for metrics in stream(streamed):
        if metrics.iteration == 5:
            break
    streamed.step_phase()
    async for _ in stream(streamed, due=lambda: 0.0):
        pass
    assert numbers(streamed) == numbers(trained(run(dtype=dtype)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("validation", [1, 20, 300])
def test_a_validation_set_changes_nothing_that_is_learned(validation, dtype):
    seeing, blind = trained(run(dtype=dtype, validation=validation)), trained(run(dtype=dtype, validation=0))
    assert seeing.history.initial_validation is not None
    assert blind.history.initial_validation is None
    assert numbers(seeing) == numbers(blind)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_evaluating_after_every_iteration_changes_nothing_that_is_learned(optimizer):
    often, seldom = trained(run(optimizer=optimizer, evaluate="iteration")), trained(run(optimizer=optimizer))
    assert len(often.history.train_losses()) == 12
    assert len(seldom.history.train_losses()) == 0
    assert numbers(often) == numbers(seldom)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_another_seed_is_another_run(dtype):
    seen = [trained(run(seed=seed, dtype=dtype)) for seed in range(4)]
    assert len({trainer.parameters.tobytes() for trainer in seen}) == 4
    assert len({trainer.history.column("batch_loss").tobytes() for trainer in seen}) == 4
