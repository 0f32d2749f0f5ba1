"""Training and an event loop in one process, each leaving the other its time.

`stream` lets any source of metrics train for a few milliseconds, then hands the loop its turns until it has nothing left
to do. That is how a key is answered at once while the network trains nearly as fast as without a screen.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

Item = TypeVar("Item")

SLICE = 0.005  # seconds of training between two looks at the event loop
IDLE = 60e-6  # a turn of the loop shorter than this found nothing to do
NAP = 0.02  # seconds at most between two looks at `due`, so that a faster pace is felt at once


class Drive:
    """A source of items on its way beside an event loop: `run` it, and `land` what is in flight where it is needed at rest.

    The source may give functions between its items: long work, to be called before the next is asked for (see
    `engine.in_parts`). They are called in a thread, and the loop has all its time meanwhile. `due` gives the seconds to wait
    before the next item may be made (0 or less: now; minus infinity: it need not be asked again until the loop had its
    turn); without it items come as fast as they can. Neither it nor `clock` changes what the items are.
    """

    def __init__(
        self,
        source: Iterable[object],
        due: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._items = iter(source)
        self._due, self._clock = due or (lambda: -math.inf), clock
        self._flying: Future[object] | None = None
        self._cancelled = False

    async def run(self) -> None:
        """All items, one after another; what is in flight when this is cancelled lands first."""
        async for _ in self._each():
            pass

    async def items(self) -> AsyncIterator[Any]:
        """All items, one by one."""
        async for found in self._each(every=True):
            yield found

    async def _each(self, every: bool = False) -> AsyncIterator[Any]:
        """The loop of both: comes back for `every` item, or at the end alone."""
        items, due, clock = self._items, self._due, self._clock
        slice_ends = clock() + SLICE
        while not self._cancelled:
            while (wait := due()) > 0.0:
                await asyncio.sleep(min(wait, NAP))
                slice_ends = clock() + SLICE
            for item in items:  # every line here is felt where an iteration takes 30 microseconds
                if callable(item):
                    flown = await self._fly(item)
                    slice_ends = -math.inf if self._cancelled else clock() + SLICE
                    if flown:
                        continue  # with what it leads to
                elif every:
                    yield item
                if wait > -math.inf or clock() >= slice_ends:
                    break
            else:
                return
            if clock() >= slice_ends and not self._cancelled:
                await _idle(clock)
                slice_ends = clock() + SLICE

    async def _fly(self, work: Callable[[], object]) -> bool:
        """Do long work in a thread; False where somebody has landed it. A cancellation waits until it is done."""
        self._flying = flying = _thread().submit(work)
        waited = asyncio.wrap_future(flying)
        waited.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is raised below, or by `land`
        while not flying.done():
            try:
                await asyncio.shield(waited)
            except asyncio.CancelledError:
                self._cancelled = True
        if self._flying is not flying:
            return False
        self._flying = None
        flying.result()  # what it raised is raised here
        return True

    @property
    def cancelled(self) -> bool:
        """Whether it was told to end while an item was in flight."""
        return self._cancelled

    @property
    def in_flight(self) -> bool:
        """Whether an item is being made in a thread."""
        return self._flying is not None

    def land(self) -> None:
        """Finish the item in flight here and now, and wait for it; nothing where none is."""
        flying, self._flying = self._flying, None
        if flying is None:
            return
        flying.result()
        for item in self._items:
            if not callable(item):
                return
            item()


async def stream(
    source: Iterable[Item], *, due: Callable[[], float] | None = None, clock: Callable[[], float] = time.perf_counter
) -> AsyncIterator[Item]:
    """Every item of `source` (a `Trainer`, say), in order, none dropped, as `Drive` makes them."""
    async for item in Drive(source, due, clock).items():
        yield item


@cache
def _thread() -> ThreadPoolExecutor:
    """One thread for long work, made when there is some."""
    return ThreadPoolExecutor(1, "step")


async def _idle(clock: Callable[[], float]) -> None:
    """Give the event loop turns until two in a row had nothing to do; a key press needs about ten."""
    quiet = 0
    while quiet < 2:
        before = clock()
        await asyncio.sleep(0)
        quiet = quiet + 1 if clock() - before < IDLE else 0
