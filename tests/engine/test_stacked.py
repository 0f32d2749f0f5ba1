"""Runs that train as one computation, against the same runs alone: every number, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import stacked, together
from engine.datasets import DATASETS
from engine.history import COLUMNS
from engine.layers import Architecture
from engine.optimizers import OPTIMIZERS
from engine.run import Run, Training
from engine.schedules import Constant, Cosine, OneCycle, ReduceOnPlateau
from engine.stacked import Stack
from engine.stopping import Divergence, EarlyStopping
from engine.surfaces import Valley
from engine.together import train_together
from engine.trainer import Trainer


def a_run(data: str = "moons", network: Architecture | None = None, rate: float = 0.05, optimizer="adam", **training) -> Run:
    size = {} if data == "iris" else {"samples": 50, "validation": 21}
    training = {"epochs": 4, "batch_size": 8, **training}
    return Run(
        data=DATASETS[data](**size),
        network=network or Architecture(hidden=(6, 4), activation="tanh"),
        training=Training(optimizer=OPTIMIZERS[optimizer](learning_rate=rate), **training),
    )


def seeds(run: Run, count: int = 3) -> list[Run]:
    return [replace(run, seed=seed) for seed in range(count)]


def alone(run: Run) -> Trainer:
    trainer = Trainer(run)
    for _ in trainer:
        pass
    return trainer


def assert_same(together: Trainer, single: Trainer) -> None:
    assert np.array_equal(together.parameters, single.parameters, equal_nan=True)
    for name in COLUMNS:
        if name != "seconds":
            ours, its = together.history.column(name), single.history.column(name)
            assert np.array_equal(ours, its, equal_nan=True), name
    assert list(together.history.epochs) == list(single.history.epochs) or "nan" in repr(list(single.history.epochs))
    for name in ("stopped", "restored", "initial"):
        assert getattr(together.history, name) == getattr(single.history, name)
    assert repr(together.history.diverged) == repr(single.history.diverged)
    assert np.array_equal(together.history.train_losses(), single.history.train_losses(), equal_nan=True)


CASES = {
    "a partial last batch": a_run(),
    "batch 1": a_run(batch_size=1, epochs=2),
    "full batch": a_run(batch_size="full"),
    "drop_last": a_run(drop_last=True),
    "not shuffled": a_run(shuffle=False),
    "dropout": a_run(network=Architecture(hidden=(8, 8), dropout=0.4)),
    "penalties and clipping": a_run(l1=0.01, l2=0.1, clip_norm=0.2),
    "classes": a_run("iris", Architecture(hidden=(5,))),
    "regression": a_run("line", Architecture(hidden=(5,)), rate=0.01),
    "no hidden layer": a_run("linreg", Architecture(hidden=()), optimizer="sgd"),
    "double softmax": a_run("iris", loss="double_softmax"),
    "float32": a_run(dtype="float32"),
    "warm-up and cosine": a_run(schedule=Cosine(warmup_iterations=9)),
    "warm-up and constant": a_run(schedule=Constant(warmup_iterations=3)),
    "one cycle": a_run(schedule=OneCycle()),
    "reduce on plateau": a_run(schedule=ReduceOnPlateau(patience_epochs=0, min_delta=0.3), epochs=8),
    "early stopping at different epochs": a_run(rate=0.5, epochs=40, early_stopping=EarlyStopping(patience=2)),
    "the whole loss after every update": a_run(evaluate="iteration"),
    "divergence that ends the run": a_run(
        "line", rate=3.0, optimizer="sgd", epochs=20, evaluate="iteration", divergence=Divergence(stop=True)
    ),
    "divergence that goes on to NaN": a_run("line", rate=3.0, optimizer="sgd", epochs=20),
    **{f"optimizer {name}": a_run(optimizer=name, rate=0.01) for name in OPTIMIZERS},
}


@pytest.mark.parametrize("run", CASES.values(), ids=CASES)
def test_together_is_alone_to_the_bit(run, monkeypatch):
    monkeypatch.setattr(stacked, "ROWS", 5)  # so that rows are written in the middle of an epoch too
    runs = seeds(run)
    for ours, single in zip(train_together(runs), map(alone, runs), strict=True):
        assert ours.run == single.run
        assert_same(ours, single)


def test_runs_that_differ_in_learning_rate_are_stacked_too(monkeypatch):
    steps = []
    monkeypatch.setattr(Stack, "step", lambda self, step=Stack.step: (steps.append(len(self.trainers)), step(self)))
    rates = (0.3, 0.01, 0.0001)
    runs = [replace(a_run(rate=rate), seed=seed) for seed, rate in enumerate(rates)]
    for ours, single in zip(train_together(runs), map(alone, runs), strict=True):
        assert_same(ours, single)
    assert steps == [3] * 4 * 7


def test_runs_of_all_kinds_come_back_in_their_order():
    surface = Run(surface=Valley(steps=5))
    runs = [a_run(), surface, replace(a_run(), seed=1), a_run(epochs=2), a_run("iris"), replace(surface, name="again")]
    found = train_together(runs)
    assert [trainer.run for trainer in found] == runs
    for ours, single in zip(found, map(alone, runs), strict=True):
        assert_same(ours, single)


def test_what_does_not_fit_side_by_side_is_stacked_in_parts(monkeypatch):
    monkeypatch.setattr(together, "MOST_NUMBERS", 1000)
    runs = seeds(a_run(), 5)
    for ours, single in zip(train_together(runs), map(alone, runs), strict=True):
        assert_same(ours, single)


def test_a_run_of_a_stack_goes_on_alone():
    runs = seeds(a_run(epochs=2))
    for ours, run in zip(train_together(runs), runs, strict=True):
        single = alone(run)
        for trainer in (ours, single):
            trainer.change("epochs", 4)
            for _ in trainer:
                pass
        assert_same(ours, single)


def test_an_interruption_ends_every_run_where_it_is():
    asked = iter([False] * 10 + [True] * 100)
    found = train_together(seeds(a_run()), lambda: next(asked))
    assert [trainer.history.stopped.reason for trainer in found] == ["interrupted"] * 3
    assert [(trainer.iteration, len(trainer.history), trainer.epoch) for trainer in found] == [(10, 10, 2)] * 3
    restored = Trainer.restore(found[1].run, found[1].state())
    restored.history.stopped = None
    single = alone(found[1].run)
    for _ in restored:
        pass
    assert np.array_equal(restored.parameters, single.parameters)


def test_a_refused_run_is_refused_in_a_stack_too():
    found = train_together(seeds(a_run(memory_limit="1 KiB")))
    assert [trainer.history.stopped.reason for trainer in found] == ["out_of_memory"] * 3


def test_a_surface_cannot_be_stacked():
    with pytest.raises(ValueError, match="no network"):
        Stack([Trainer(Run(surface=Valley())), Trainer(Run(surface=Valley()))])
