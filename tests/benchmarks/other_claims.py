"""What else is said of the engine's speed: beside an event loop, after a million iterations, and many seeds at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from itertools import islice

from nets import NETS, SMALLEST, STACKED, Net
from ours import ours, plain, streamed, trainer_of
from tables import table
from timing import Effort, Peer, in_turns

from engine import Trainer

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
    if find_spec("engine.stacked") is None:
        return f"{title}\n\nnot there yet\n"
    stack = import_module("engine.stacked").Stack
    rows = []
    for net in STACKED:
        one = stepping("one", Trainer(net.run(dtype)).step, net)
        many = stepping("many", stack([Trainer(net.run(dtype, seed)) for seed in range(RUNS)]).step, net)
        found = in_turns([one, many], effort)
        rows.append((net.label, dtype, found.microseconds("one"), found.microseconds("many"), found.ratio("many", "one")))
    return table(
        title,
        ("net", "dtype", "one run, us", f"{RUNS} runs, us", f"{RUNS} runs / one run"),
        rows,
        "By `step()`; here the evaluation at the end of every epoch is in both.",
    )


def stepping(name: str, step: Callable[[], object], net: Net) -> Peer:
    """A peer that calls `step` for each batch."""

    def epochs(count: int) -> None:
        for _ in range(count * net.batches):
            step()

    return Peer(name, epochs, net.batches)
