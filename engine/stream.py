"""Training and an event loop in one process, each leaving the other its time.

`stream` lets any source of metrics train for a few milliseconds, then hands the loop its turns until it has nothing left
to do. That is how a key is answered at once while the network trains nearly as fast as without a screen.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")

SLICE = 0.005  # seconds of training between two looks at the event loop
IDLE = 60e-6  # a turn of the loop shorter than this found nothing to do
NAP = 0.02  # seconds at most between two looks at `due`, so that a faster pace is felt at once


async def stream(
    source: Iterable[Item], *, due: Callable[[], float] | None = None, clock: Callable[[], float] = time.perf_counter
) -> AsyncIterator[Item]:
    """Every item of `source` (a `Trainer`, say), in order, none dropped.

    `due` gives the seconds to wait before the next item may be made (0 or less: now); without it items come as fast as
    they can. Neither it nor `clock` changes what the items are.
    """
    items = iter(source)
    slice_ends = clock() + SLICE
    while True:
        while due is not None and (wait := due()) > 0.0:
            await asyncio.sleep(min(wait, NAP))
            slice_ends = clock() + SLICE
        try:
            item = next(items)
        except StopIteration:
            return
        yield item
        if clock() >= slice_ends:
            await _idle(clock)
            slice_ends = clock() + SLICE


async def _idle(clock: Callable[[], float]) -> None:
    """Give the event loop turns until two in a row had nothing to do; a key press needs about ten."""
    quiet = 0
    while quiet < 2:
        before = clock()
        await asyncio.sleep(0)
        quiet = quiet + 1 if clock() - before < IDLE else 0
