"""How the benchmark measures: side by side, in turns, and by ratios.

A round gives each peer one slice of a fraction of a second, one after the other. Other work on the machine slows down a
whole round, so a ratio is only ever taken within one; what counts is the median of these ratios over all rounds.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(frozen=True)
class Effort:
    """How long to measure: `rounds`, and about `slice_seconds` for one slice, by `clock`."""

    rounds: int = 11
    slice_seconds: float = 0.1
    clock: Callable[[], float] = time.perf_counter


@dataclass(frozen=True)
class Peer:
    """Something that takes steps: `work(epochs)` trains so many epochs of `steps` steps each."""

    name: str
    work: Callable[[int], None]
    steps: int


@dataclass(frozen=True)
class Ratio:
    """The median of paired ratios, with the smallest and the largest."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f}-{self.high:.2f})"


@dataclass(frozen=True)
class Timed:
    """Seconds per step of each peer, one number a round."""

    seconds: Mapping[str, list[float]]

    def microseconds(self, name: str) -> float:
        """The median over all rounds."""
        return median(self.seconds[name]) * 1e6

    def ratio(self, name: str, over: str) -> Ratio | None:
        """`name` over `over`; None where one of the two is missing."""
        if name not in self.seconds or over not in self.seconds:
            return None
        ratios = [a / b for a, b in zip(self.seconds[name], self.seconds[over], strict=True)]
        return Ratio(median(ratios), min(ratios), max(ratios))


def in_turns(peers: list[Peer], effort: Effort) -> Timed:
    """Time all peers in rounds; each round begins with another one."""
    clock = effort.clock
    epochs = {peer.name: _epochs_of_a_slice(peer, effort) for peer in peers}
    seconds: dict[str, list[float]] = {peer.name: [] for peer in peers}
    for turn in range(effort.rounds):
        gc.collect()
        first = turn % len(peers)
        for peer in peers[first:] + peers[:first]:
            started = clock()
            peer.work(epochs[peer.name])
            seconds[peer.name].append((clock() - started) / (epochs[peer.name] * peer.steps))
    return Timed(seconds)


def _epochs_of_a_slice(peer: Peer, effort: Effort) -> int:
    """Whole epochs that make about one slice; measuring it warms the peer up too."""
    peer.work(1)
    epochs = 1
    while True:
        started = effort.clock()
        peer.work(epochs)
        taken = effort.clock() - started
        if taken >= effort.slice_seconds / 4:
            return max(1, round(epochs * effort.slice_seconds / taken))
        epochs *= 4
