"""Training beside other tasks: every item, the same numbers, and turns for the others."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import aclosing

import pytest

from engine import Run, Stopped, Trainer, stream
from engine.layers import Architecture
from engine.optimizers import Adam
from engine.points import Moons
from engine.run import Training
from engine.stream import IDLE, NAP, SLICE


def trainer(epochs: int = 5) -> Trainer:
    training = Training(epochs=epochs, batch_size=16, optimizer=Adam(learning_rate=0.01))
    return Trainer(Run(data=Moons(samples=100, validation=20), network=Architecture(hidden=(6,)), training=training))


def outcome(one: Trainer) -> tuple:
    history = one.history
    return list(history), history.epochs, history.stopped, one.parameters.tobytes()


def through() -> Trainer:
    made = trainer()
    for _ in made:
        pass
    return made


class Clock:
    """Seconds that pass only when told; `asyncio.sleep` tells it too."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        sleep = asyncio.sleep

        async def recorded(seconds: float) -> None:
            self.slept.append(seconds)
            self.now += seconds
            await sleep(0)

        monkeypatch.setattr(asyncio, "sleep", recorded)

    def __call__(self) -> float:
        return self.now


async def test_it_is_what_for_gives_and_none_is_dropped():
    streamed = trainer()
    items = [metrics async for metrics in stream(streamed)]
    assert items == list(streamed.history)
    assert len(items) == 35
    assert outcome(streamed) == outcome(through())


@pytest.mark.parametrize("items", [[], [1], list(range(10_000))])
async def test_any_source_will_do(items):
    assert [item async for item in stream(items)] == items


async def test_an_error_of_the_source_comes_through():
    def source():
        yield 1
        raise OSError("disk full")

    items = stream(source())
    assert await anext(items) == 1
    with pytest.raises(OSError, match="disk full"):
        await anext(items)


async def test_waiting_before_items_changes_none_of_them(monkeypatch):
    clock, waits, streamed = Clock(monkeypatch), itertools.cycle([0.5, 0.01, 0.0, -1.0]), trainer()
    items = [metrics async for metrics in stream(streamed, due=lambda: next(waits), clock=clock)]
    assert items == list(streamed.history)
    assert outcome(streamed) == outcome(through())


async def test_no_item_is_made_before_it_is_due(monkeypatch):
    clock, made, times = Clock(monkeypatch), [], []

    def source():
        for number in range(5):
            made.append(clock.now)
            yield number

    async for number in stream(source(), due=lambda: 0.1 * len(made) - clock.now, clock=clock):
        times.append(number)
    assert times == [0, 1, 2, 3, 4]
    assert made == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


async def test_a_long_wait_is_slept_in_naps_so_that_a_faster_pace_is_felt_at_once(monkeypatch):
    clock, wait = Clock(monkeypatch), [3600.0]

    def due() -> float:
        if len(clock.slept) == 3:
            wait[0] = 0.0  # somebody pressed +
        return wait[0]

    assert [item async for item in stream([1], due=due, clock=clock)] == [1]
    assert clock.slept[:3] == [NAP] * 3
    assert clock.now < 1.0


async def test_a_short_wait_is_not_made_longer(monkeypatch):
    clock = Clock(monkeypatch)
    ready = [0.004]
    async for _ in stream([1], due=lambda: ready[0] - clock.now, clock=clock):
        pass
    assert clock.slept == [0.004]


async def test_other_tasks_get_turns_while_it_trains():
    ticks, streamed = 0, trainer(epochs=1_000_000)

    async def other():
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    ticks, marks = 0, set()
    async for metrics in stream(streamed):
        marks.add(ticks)
        if metrics.iteration == 4000:  # about 0.2 s of computing: 40 slices, more on a busy machine
            break
    task.cancel()
    assert len(marks) > 5  # all through the training, not once
    assert ticks >= 2 * (len(marks) - 1)  # until two turns had nothing to do
    assert len(marks) < 2000  # and training has its slices: no turn after every batch


async def test_turns_are_given_once_a_slice_and_until_two_in_a_row_found_nothing_to_do():
    now, turns, busy = 0.0, [], 7  # the first 7 turns of the loop have work, the others none

    def clock() -> float:
        return now

    async def other():
        nonlocal now, busy
        while True:
            turns.append(number)
            if busy:
                busy -= 1
                now += 2 * IDLE
            await asyncio.sleep(0)

    number, task = 0, asyncio.create_task(other())
    async for number in stream(range(1, 101), clock=clock):
        if number == 50:
            now += 2 * SLICE  # a slice has passed at the 50th item, and at no other
    task.cancel()
    assert set(turns) <= {0, 50, 100}
    assert turns.count(50) >= 7 + 2
    assert turns.count(0) <= 1
    assert turns.count(100) <= 1


async def test_leaving_early_leaves_the_trainer_usable():
    streamed = trainer()
    async for metrics in stream(streamed):
        if metrics.iteration == 9:
            break
    assert len(streamed.history) == 9
    assert not streamed.done
    streamed.step()
    async for metrics in stream(streamed):
        if metrics.iteration == 20:
            break
    for _ in streamed:
        pass
    assert outcome(streamed) == outcome(through())


async def test_a_cancelled_task_leaves_the_trainer_usable():
    streamed, started = trainer(), asyncio.Event()

    async def watch():
        async with aclosing(stream(streamed, due=lambda: 0.0 if len(streamed.history) < 9 else 3600.0)) as items:
            async for metrics in items:
                if metrics.iteration == 9:
                    started.set()

    task = asyncio.create_task(watch())
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(streamed.history) == 9
    assert [metrics.iteration async for metrics in stream(streamed)] == list(range(10, 36))
    assert outcome(streamed) == outcome(through())


async def test_interrupting_while_it_streams_ends_the_loop():
    streamed = trainer()
    async for metrics in stream(streamed):
        if metrics.iteration == 9:
            streamed.interrupt()
    assert len(streamed.history) == 9
    assert streamed.history.stopped == Stopped("interrupted", 2, 9)


async def test_a_change_while_it_streams_holds_from_the_next_batch_on():
    streamed = trainer()
    rates = []
    async for metrics in stream(streamed):
        rates.append(metrics.learning_rate)
        if metrics.iteration == 9:
            streamed.change("learning_rate", 0.5)
    assert rates == [0.01] * 9 + [0.5] * 26


async def test_a_run_that_is_over_streams_nothing():
    assert [metrics async for metrics in stream(through())] == []


async def test_two_streams_side_by_side_train_as_if_alone():
    first, second = trainer(), trainer()

    async def watch(one):
        return [metrics async for metrics in stream(one, due=lambda: 0.0)]

    await asyncio.gather(watch(first), watch(second))
    assert outcome(first) == outcome(second) == outcome(through())
