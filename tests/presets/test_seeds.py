"""What the presets' texts say holds for more than the seed they come with."""

from dataclasses import replace
from itertools import pairwise

import pytest

from engine import History, Trainer, load_preset

pytestmark = pytest.mark.slow
SEEDS = range(10)


def trained(preset: str, seed: int) -> dict[str, History]:
    """The histories of a preset's runs with another seed, by name."""
    histories = {}
    for run in load_preset(preset).runs:
        trainer = Trainer(replace(run, seed=seed))
        for _ in trainer:
            pass
        histories[run.name] = trainer.history
    return histories


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("preset", ["recipe", "digits"])
def test_the_network_reads_pictures_that_it_never_saw(preset: str, seed: int) -> None:
    assert trained(preset, seed)[preset].epochs[-1].validation.accuracy >= 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_the_big_rate_is_quick_and_misses_and_the_tiny_one_hardly_moves(seed: int) -> None:
    runs = trained("lr-big-medium-tiny", seed)
    first = {name: history.epochs[0].train.loss for name, history in runs.items()}
    final = {name: history.epochs[-1].validation.loss for name, history in runs.items()}
    assert first["big"] <= 0.35 * first["medium"]
    assert final["big"] >= 1.5 * final["medium"]
    assert final["tiny"] >= 4 * final["medium"]
    assert runs["tiny"].epochs[-1].train.loss >= 0.6 * runs["tiny"].initial.loss


@pytest.mark.parametrize("seed", SEEDS)
def test_each_epoch_is_less_wrong(seed: int) -> None:
    (history,) = trained("day79-study-hours", seed).values()
    losses = [history.initial_validation.loss, *(entry.validation.loss for entry in history.epochs)]
    assert all(after < before for before, after in pairwise(losses))
    assert 18.34 / 2.4 <= losses[-1] <= 18.34 * 2.4
