"""Training many runs a little at a time gives what training them together, or one by one, gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import Trainer, load_preset
from engine.in_turns import together, train_in_turns, turns_of
from engine.together import train_together


def runs_of(preset: str, seeds: int, *settings):
    run = load_preset(preset, [("training.epochs", [3]), *settings]).runs[0]
    return [replace(run, seed=seed) for seed in range(seeds)]


@pytest.mark.parametrize("preset", ["recipe", "digits", "day79-study-hours"])
def test_the_numbers_are_those_of_each_run_alone(preset):
    runs = runs_of(preset, 4)
    found = [trainer for over in train_in_turns(runs) for trainer in over]
    assert [one.run for one in found] == runs
    for one, run, stacked in zip(found, runs, train_together(runs), strict=True):
        alone = Trainer(run)
        for _ in alone:
            pass
        assert one.history.epochs == alone.history.epochs == stacked.history.epochs
        assert one.history.column("batch_loss").tobytes() == alone.history.column("batch_loss").tobytes()


def test_groups_of_any_size_give_the_same_numbers(monkeypatch):
    runs = runs_of("recipe", 5)
    whole = [one.history.epochs for over in train_in_turns(runs) for one in over]
    monkeypatch.setattr("engine.in_turns.TURN", 1e-9)
    assert together(runs[0]) == 1
    assert [one.history.epochs for over in train_in_turns(runs) for one in over] == whole


def test_it_comes_back_after_every_iteration_so_that_somebody_else_has_a_turn():
    runs = runs_of("recipe", 4)
    assert sum(1 for _ in train_in_turns(runs)) == turns_of(runs[0], 4)
    assert turns_of(runs[0], 4) == 4 + 1 * (
        96 + 1
    )  # a turn a run that is made, one an iteration of all, one that hands over


def test_large_networks_are_stacked_in_small_groups():
    small, large = (runs_of("recipe", 1, ("network.hidden", [hidden]))[0] for hidden in ([4], [1024, 1024]))
    assert together(small) > together(large) >= 1


def test_runs_that_stop_early_or_are_refused_are_handed_over_too():
    runs = runs_of("recipe", 3, ("training.early_stopping.patience", [1]), ("training.early_stopping.min_delta", [0.9]))
    found = [trainer for over in train_in_turns(runs) for trainer in over]
    assert [one.history.stopped.reason for one in found] == ["early_stopping"] * 3
    refused = runs_of("recipe", 2, ("training.batch_size", [1000]), ("training.memory_limit", ["200 KiB"]))
    found = [trainer for over in train_in_turns(refused) for trainer in over]
    assert [one.history.stopped.reason for one in found] == ["out_of_memory"] * 2
