"""An iteration in parts is the iteration to the bit, whoever does the parts; what is in flight lands before all else."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import numpy as np
import pytest

from engine import Trainer, load_preset
from engine.in_parts import LONG, guessed, step_in_parts, takes_long
from engine.stream import Drive, stream


def runs():
    """Runs that end, evaluate and stop in different ways."""
    recipe = load_preset("recipe").runs[0]
    small = replace(recipe.training, epochs=3, batch_size=100)
    yield replace(recipe, training=small)
    yield replace(recipe, training=replace(small, evaluate="iteration"))
    yield replace(recipe, training=replace(small, batch_size="full", drop_last=True))
    yield replace(recipe, network=replace(recipe.network, dropout=0.3), training=small)
    optimizer = replace(small.optimizer, learning_rate=1e6)
    yield replace(recipe, training=replace(small, optimizer=optimizer))


def in_parts(trainer: Trainer):
    """Its metrics, with every part done in a thread of its own."""
    while not trainer.done:
        for part in step_in_parts(trainer):
            if callable(part):
                thread = threading.Thread(target=part)
                thread.start()
                thread.join()
            else:
                yield part


@pytest.mark.parametrize("run", runs())
def test_in_parts_it_is_the_same_training_to_the_bit(run):
    whole, parted = Trainer(run), Trainer(run)
    assert list(whole) == list(in_parts(parted))
    assert whole.history.epochs == parted.history.epochs
    assert whole.history.stopped == parted.history.stopped
    assert whole.history.diverged == parted.history.diverged
    assert whole.parameters.tobytes() == parted.parameters.tobytes()


def test_an_iteration_that_was_begun_by_phases_is_finished_in_parts():
    run = next(runs())
    whole, parted = Trainer(run), Trainer(run)
    whole.step()
    parted.step_phase()
    parted.step_phase()
    *parts, metrics = (part() if callable(part) else part for part in step_in_parts(parted))
    assert len(parts) == 1  # backward
    assert metrics == whole.history[-1]


def test_a_run_that_is_over_has_no_more_parts():
    trainer = Trainer(next(runs()))
    trainer.stop("interrupted")
    with pytest.raises(RuntimeError, match="over"):
        next(step_in_parts(trainer))


def test_long_is_what_took_long_the_last_time_and_before_that_what_the_products_say():
    trainer = Trainer(next(runs()))
    assert guessed(trainer, True) > guessed(trainer, False) > 0.0
    assert not takes_long(trainer)
    trainer.took = [0.0, 2 * LONG]
    assert not takes_long(trainer)
    for _ in range(9):  # of ten iterations
        trainer.step()
    trainer.took = [0.0, 2 * LONG]
    assert takes_long(trainer)  # the next one ends the epoch
    big = replace(trainer.run, data=replace(trainer.run.data, samples=50_000), training=replace(trainer.run.training))
    big = replace(big, training=replace(big.training, batch_size="full"))
    assert takes_long(Trainer(replace(big, network=replace(big.network, hidden=(64, 64)))))


class Sluggish:
    """Two items, each after a function that waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.made: list[str] = []

    def __iter__(self):
        for name in ("one", "two"):
            yield self.work
            self.made.append(name)
            yield name

    def work(self) -> None:
        assert threading.current_thread() is not threading.main_thread() or self.go.is_set()
        assert self.go.wait(20.0)


async def test_the_loop_goes_on_while_long_work_is_done():
    source, turns = Sluggish(), 0
    drive = asyncio.create_task(Drive(source).run())
    while turns < 5:
        await asyncio.sleep(0.001)
        turns += 1
    assert source.made == []
    source.go.set()
    await drive
    assert source.made == ["one", "two"]
    assert [item async for item in stream(source)] == ["one", "two"]


async def in_flight(source: Sluggish) -> tuple[Drive, asyncio.Task[None]]:
    """It is under way, and its first function is in the thread."""
    drive = Drive(source)
    task = asyncio.create_task(drive.run())
    while not drive.in_flight:
        await asyncio.sleep(0.001)
    return drive, task


async def test_what_is_in_flight_lands_when_it_is_cancelled_and_nothing_after_it():
    source = Sluggish()
    _, task = await in_flight(source)
    task.cancel()
    await asyncio.sleep(0.01)
    assert not task.done()
    source.go.set()
    await task
    assert source.made == ["one"]


async def test_whoever_needs_it_at_rest_lands_it_and_then_it_goes_on():
    source = Sluggish()
    drive, task = await in_flight(source)
    threading.Timer(0.02, source.go.set).start()
    drive.land()
    assert source.made == ["one"]
    assert not drive.in_flight
    drive.land()  # nothing is in flight
    await task
    assert source.made == ["one", "two"]


async def test_what_goes_wrong_in_the_thread_is_raised_where_it_was_asked_for():
    def source():
        yield lambda: np.zeros(1)[5]
        yield "never"

    with pytest.raises(IndexError):
        await Drive(source()).run()
