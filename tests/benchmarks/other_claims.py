"""What else is said of the engine's speed: beside an event loop, after a million iterations, and many seeds at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from time import perf_counter

from nets import NETS, SMALLEST, STACKED, Net
from ours import ours, plain, streamed, trainer_of
from tables import table
from timing import Effort, Peer, Ratio, in_turns

from engine import Trainer
from engine.processes import train_all
from engine.stacked import Stack

RUNS = 16


def streaming(dtype: str, effort: Effort) -> str:
    """`async for` over `for`, on the nets whose steps are short."""
    rows = []
    with asyncio.Runner() as runner:
        for net in NETS[:2]:
            found = in_turns([ours(net, dtype), streamed(net, dtype, runner.run)], effort)
            times = found.microseconds("ours"), found.microseconds("async for")
            rows.append((net.label, dtype, *times, found.ratio("async for", "ours")))
    return table(
        "Beside an event loop: `async for metrics in stream(trainer)` over `for metrics in trainer`",
        ("net", "dtype", "for, us", "async for, us", "async for / for"),
        rows,
    )


def long_run(dtype: str, iterations: int, effort: Effort) -> str:
    """What an iteration costs after very many of them, against a run that has just begun, in turns; and the history."""
    old = trainer_of(SMALLEST, dtype)
    for _ in islice(old, iterations):
        pass
    history, reached = old.history.nbytes, old.iteration
    fresh = trainer_of(SMALLEST, dtype)
    found = in_turns([plain(fresh, SMALLEST, "at the start"), plain(old, SMALLEST, "later")], effort)
    return table(
        f"A long run: the cost of an iteration at the start and after {reached} iterations",
        ("net", "dtype", "start, us", "later, us", "later / start", "History.nbytes", "in MB"),
        [
            (
                SMALLEST.label,
                dtype,
                found.microseconds("at the start"),
                found.microseconds("later"),
                found.ratio("later", "at the start"),
                history,
                history / 1e6,
            )
        ],
        "Two trainers of one run, timed in turns; the one at the start ends after some thousand iterations more.",
    )


def stacked(dtype: str, effort: Effort) -> str:
    """Sixteen runs that differ in their seed, stacked, against one run by its trainer."""
    title = f"{RUNS} seeds in one stack against one run"
    rows = []
    for net in STACKED:
        one = stepping("one", Trainer(net.run(dtype)).step, net)
        many = stepping("many", Stack([Trainer(net.run(dtype, seed)) for seed in range(RUNS)]).step, net)
        found = in_turns([one, many], effort)
        rows.append((net.label, dtype, found.microseconds("one"), found.microseconds("many"), found.ratio("many", "one")))
    return table(
        title,
        ("net", "dtype", "one run, us", f"{RUNS} runs, us", f"{RUNS} runs / one run"),
        rows,
        "By `step()`; here the evaluation at the end of every epoch is in both.",
    )


def dealt_out(dtype: str, effort: Effort) -> str:
    """Whole trainings: sixteen runs by `train_all` on all cores, each of which stacks its share, against one run alone."""
    cores, rows = os.cpu_count() or 1, []
    for net in STACKED:
        step = in_turns([stepping("one", Trainer(net.run(dtype)).step, net)], Effort(1, effort.slice_seconds, effort.clock))
        epochs = max(1, int(20 * effort.slice_seconds / (step.microseconds("one") * 1e-6 * net.batches)))
        run = net.run(dtype)
        run = replace(run, training=replace(run.training, epochs=epochs))
        pairs = []
        for _ in range(min(5, effort.rounds)):
            times = []
            for runs, processes in (([run], 1), ([replace(run, seed=seed) for seed in range(RUNS)], cores)):
                started = perf_counter()
                train_all(runs, processes=processes)
                times.append(perf_counter() - started)
            pairs.append((times[1] / times[0], *times))
        ratios = sorted(ratio for ratio, *_ in pairs)
        middle = sorted(pairs)[len(pairs) // 2]
        rows.append((net.label, dtype, epochs, middle[1], middle[2], Ratio(middle[0], ratios[0], ratios[-1])))
    return table(
        f"{RUNS} seeds on {cores} cores against one run on one: whole trainings, evaluation and all",
        ("net", "dtype", "epochs", "one run, s", f"{RUNS} runs, s", f"{RUNS} runs / one run"),
        rows,
        "Seconds passed; starting the processes and sending back what they trained is in it.",
    )


def stepping(name: str, step: Callable[[], object], net: Net) -> Peer:
    """A peer that calls `step` for each batch."""

    def epochs(count: int) -> None:
        for _ in range(count * net.batches):
            step()

    return Peer(name, epochs, net.batches)
