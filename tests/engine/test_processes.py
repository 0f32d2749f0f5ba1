"""Runs dealt out to processes: the same trainers as without, whatever becomes of a process."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace

import numpy as np
import pytest

from engine import processes
from engine.datasets import DATASETS
from engine.layers import Architecture
from engine.optimizers import Adam
from engine.processes import estimated_seconds, train_all
from engine.run import Run, Training
from engine.stopping import EarlyStopping
from engine.together import train_together

RUN = Run(
    data=DATASETS["moons"](samples=40, validation=20),
    network=Architecture(hidden=(5,), dropout=0.1),
    training=Training(
        epochs=6,
        batch_size=8,
        optimizer=Adam(learning_rate=0.05),
        early_stopping=EarlyStopping(patience=2, monitor="train_loss"),
    ),
)


def runs(count: int = 5, **training) -> list[Run]:
    return [replace(RUN, seed=seed, training=replace(RUN.training, **training)) for seed in range(count)]


@pytest.fixture
def worth_it(monkeypatch):
    monkeypatch.setattr(processes, "WORTH", 1e-9)


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.run == other.run and list(one.history) == list(other.history)
        assert np.array_equal(one.parameters, other.parameters)
        assert one.history.stopped == other.history.stopped and one.history.restored == other.history.restored
        assert list(one.history.epochs) == list(other.history.epochs)


def test_two_processes_bring_the_same_trainers(worth_it):
    assert_same(train_all(runs(), processes=2), train_together(runs()))
    assert not multiprocessing.active_children()


def test_little_work_starts_no_process(monkeypatch):
    monkeypatch.setattr(multiprocessing, "get_context", lambda kind: pytest.fail("a process"))
    assert_same(train_all(runs(2), processes=8), train_together(runs(2)))


def test_the_estimate_grows_with_epochs_runs_and_size():
    assert estimated_seconds(runs(4)) == pytest.approx(2 * estimated_seconds(runs(2)))
    assert estimated_seconds(runs(2, epochs=60)) == pytest.approx(10 * estimated_seconds(runs(2)))
    large = [replace(run, network=Architecture(hidden=(500, 500))) for run in runs(2)]
    assert estimated_seconds(large) > 10 * estimated_seconds(runs(2))


def test_an_interruption_reaches_every_process(worth_it):
    long = [replace(run, training=replace(run.training, epochs=1_000_000, early_stopping=None)) for run in runs(4)]
    asked = iter([False] * 50)
    found = train_all(long, lambda: next(asked, True), processes=2)
    assert [trainer.history.stopped.reason for trainer in found] == ["interrupted"] * 4
    assert not multiprocessing.active_children()


def test_a_process_that_dies_leaves_its_share_to_us(worth_it, monkeypatch):
    class Dead:
        """Python's own context, but for its processes, which end before they send anything."""

        def __init__(self):
            self.own = multiprocessing.get_context("spawn")

        def __getattr__(self, name):
            return getattr(self.own, name)

        def Process(self, target, args, daemon):  # noqa: N802  # as multiprocessing calls it
            return self.own.Process(target=int, args=("0",), daemon=daemon)

    dead = Dead()
    monkeypatch.setattr(processes.multiprocessing, "get_context", lambda kind: dead)
    assert_same(train_all(runs(), processes=2), train_together(runs()))
