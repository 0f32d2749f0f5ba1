"""Pace, pauses, steps by hand and the size of the window never change a number."""

from __future__ import annotations

import math

import pytest

from engine import Trainer, load_preset


def bare(preset: str, epochs: int):
    """The histories of runs that nobody watched."""
    histories = []
    for run in load_preset(preset, [("training.epochs", [epochs])]).runs:
        trainer = Trainer(run)
        for _ in trainer:
            pass
        histories.append(trainer.history)
    return histories


def assert_same(session, histories) -> None:
    assert len(session.trainers) == len(histories)
    for trainer, alone in zip(session.trainers, histories, strict=True):
        watched = trainer.history
        assert list(watched) == list(alone)
        for name in ("batch_loss", "gradient_norm", "update_norm", "weight_norm"):
            assert watched.column(name).tobytes() == alone.column(name).tobytes()  # equal, and NaN equal to itself
        assert (watched.initial, watched.initial_validation) == (alone.initial, alone.initial_validation)
        assert watched.epochs == alone.epochs
        assert watched.column("epoch").tolist() == alone.column("epoch").tolist()
        assert (watched.stopped, watched.diverged) == (alone.stopped, alone.diverged)
        assert {change.key for change in watched.changes} <= {"pace"}  # noted, without an effect on any number


@pytest.mark.parametrize("preset", ["recipe", "digits", "day79-study-hours", "lr-big-medium-tiny"])
async def test_as_fast_as_it_goes(lab, fast, preset):
    async with lab(preset, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert_same(person.session, bare(preset, 3))


@pytest.mark.parametrize("preset", ["recipe", "lr-big-medium-tiny"])
async def test_paced_paused_stepped_and_resized(lab, preset):
    async with lab(preset, pace=8.0) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 5)
        await person.press("space", "n", "n")
        await person.resize(80, 24)
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        await person.press("space", "-")
        await person.resize(200, 50)
        await person.press("tab", "z", "n", "z", "p", "escape", "t", "?", "escape")
        await person.press(*["+"] * 8, "space")
        await person.until(lambda: person.state == "finished")
        assert person.lab.pace.speed == math.inf
        assert_same(person.session, bare(preset, 3))


async def test_again_after_a_restart(lab, fast):
    async with lab(pace=fast) as person:
        await person.press("n", "n", "n", "r")
        await person.until(lambda: person.state == "finished")
        histories = bare("recipe", 3)
        assert_same(person.session, histories)
        assert list(person.session.kept[0].history) == list(histories[0])[:3]


async def test_a_look_at_another_size_of_tree_and_curves_pulls_no_random_number(lab):
    async with lab("day79-study-hours", epochs=6) as person:
        for key in ("n", "N", "n"):
            await person.press(key)
            await person.until(lambda: person.state == "paused")
            for _ in range(3):
                person.lab.frame()  # draws the fit: predictions of the network in training
        await person.press("N", "N", "N")
        await person.until(lambda: person.state != "running")
        while person.state != "finished":
            await person.press("n")
        assert_same(person.session, bare("day79-study-hours", 6))
