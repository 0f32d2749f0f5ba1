"""The epochs of a run as a sequence of events, made from the rows of a table when somebody asks for one.

A hundred thousand objects with two evaluations each would take five times the memory of their numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, overload

from engine.bounded import BoundedTable
from engine.metrics import EpochMetrics, Evaluation

FIGURES = tuple(entry.name for entry in fields(Evaluation))
#: A row of the table of epochs; `parts` tells which of the figures are None (see `epoch_row`).
EPOCH_COLUMNS = (
    *("epoch", "iteration", "samples_seen", "learning_rate", "seconds", "parts"),
    *(f"{part}_{figure}" for part in ("train", "validation") for figure in FIGURES),
)


class Epochs(Sequence[EpochMetrics]):
    """The epochs that have ended, from the first one on. Those in `kept` can be read, and are iterated over.

    Reading an older one raises LookupError (a slice too) unless the `archive` has it, reading one that never was IndexError.
    """

    def __init__(self, table: BoundedTable) -> None:
        self._table = table
        self.archive: Any = None  # reads older ones, where the run is on disk: `engine.history.Archive`

    def __len__(self) -> int:
        """How many epochs have ended."""
        return len(self._table)

    @property
    def kept(self) -> range:
        """The indices of those that are exact."""
        return range(self._table.first, len(self._table))

    @overload
    def __getitem__(self, index: int) -> EpochMetrics: ...
    @overload
    def __getitem__(self, index: slice) -> list[EpochMetrics]: ...
    def __getitem__(self, index: int | slice) -> EpochMetrics | list[EpochMetrics]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        place = place_of(index, len(self), "epoch")
        try:
            return epoch_of(self._table.row(place))
        except LookupError:
            if self.archive is None:
                raise not_kept("epoch", place, self._table.first) from None
            return epoch_of(self.archive.epoch(place))

    def __iter__(self) -> Iterator[EpochMetrics]:
        return (self[place] for place in self.kept)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return f"<{len(self)} epochs>"


def place_of(index: int, count: int, what: str) -> int:
    """`index` counted from the beginning."""
    place = index + count if index < 0 else index
    if not 0 <= place < count:
        raise IndexError(f"{what} {index} of {count}")
    return place


def not_kept(what: str, place: int, first: int) -> LookupError:
    """What is said of a row that only its bucket still tells of."""
    return LookupError(f"{what} {place + 1} is no longer kept one by one: only those from {what} {first + 1} on are")


def number(value: float | None) -> float:
    """As a table has it: NaN for what does not exist."""
    return math.nan if value is None else value


def epoch_row(entry: EpochMetrics) -> tuple[float, ...]:
    """An epoch as a row. A figure may be NaN, so which ones are None has a number of its own: a bit for each that is not."""
    figures = [getattr(seen, name, None) for seen in (entry.train, entry.validation) for name in FIGURES]
    parts = sum(1 << at for at, value in enumerate(figures) if value is not None)
    start = (entry.epoch, entry.iteration, entry.samples_seen, entry.learning_rate, entry.seconds, parts)
    return (*start, *map(number, figures))


def epoch_of(row: tuple[float, ...]) -> EpochMetrics:
    """The epoch that `epoch_row` made a row of."""
    epoch, iteration, samples_seen, learning_rate, seconds, parts, *figures = row
    known = int(parts)
    seen = [value if known >> at & 1 else None for at, value in enumerate(figures)]
    train, validation = _seen(seen[: len(FIGURES)]), _seen(seen[len(FIGURES) :])
    assert train is not None
    return EpochMetrics(int(epoch), int(iteration), int(samples_seen), learning_rate, train, validation, seconds)


def _seen(figures: list[float | None]) -> Evaluation | None:
    loss, *others = figures
    return None if loss is None else Evaluation(loss, *others)


def evaluation_of(figures: dict[str, Any] | None) -> Evaluation | None:
    """None where there was none: a set that was seen has a loss."""
    return None if figures is None or figures["loss"] is None else Evaluation(**figures)
