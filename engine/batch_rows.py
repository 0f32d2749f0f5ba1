"""Which training rows were in a batch, told long after it was trained on.

Nothing is written down while a run trains: the order of every epoch is drawn from the run's seed (see `engine.batches`), so
it is drawn once more by a generator of our own, and the history says how far each batch had come in it. Whatever changed on
the way, such as the batch size in mid-epoch, is in the history as well.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.history import History
from engine.objective import NetworkObjective
from engine.run import Run
from engine.trainer import Trainer

Rows = NDArray[np.int64]

#: Rows that are shuffled for one answer at most: about an eighth of a second.
MOST_SHUFFLED = 10_000_000
CALL = 150  # rows in whose time a shuffle of none is done
APART = 1_000_000  # rows shuffled between two places that a later answer can begin from
ORDERS = 4  # of epochs, kept at once


class BatchRows:
    """The rows of the batches of one run on data.

    While the `trainer` of the run is there, the order of its epoch in progress is read from it. Its generator is left alone.
    Raises ValueError for a run on a surface.
    """

    def __init__(self, run: Run, trainer: Trainer | None = None) -> None:
        if run.data is None:
            raise ValueError(f"the surface {run.source.name} has no rows")
        self.run = run
        self._trainer = None if trainer is None else weakref.ref(trainer)  # it may go, and a kept run stay
        self._samples = run.facts.samples
        self._cost = self._samples + CALL
        self._apart = max(1, APART // self._cost)
        start: Any = np.random.default_rng(20_000 + run.seed).bit_generator.state
        self._states: dict[int, Any] = {0: start}  # the generator's, after so many epochs
        self._orders: OrderedDict[int, Rows] = OrderedDict()

    def rows(self, history: History, index: int) -> Rows:
        """(rows,) int64: which training rows (from 0) the iteration at `index` of the run's history had, in order.

        Raises IndexError outside of the run, and LookupError, with why in its text, where it can no longer be told: the
        iteration is no longer kept one by one, or its epoch lies so late that its order would take too long to draw.
        """
        metrics = history[index]
        index %= len(history)
        first = history.epoch_iterations(metrics.epoch).start
        begun = _seen_before(history, first, metrics.epoch)
        before = begun if index == first else history[index - 1].samples_seen
        return self.order(metrics.epoch)[before - begun : metrics.samples_seen - begun]

    def order(self, epoch: int) -> Rows:
        """(samples,) int64: all rows in the order of an epoch (from 1). Raises LookupError where it would take too long."""
        if not self.run.training.shuffle:
            return np.arange(self._samples)
        trainer = self._trainer() if self._trainer is not None else None
        if trainer is not None and trainer.epoch == epoch and isinstance(trainer.objective, NetworkObjective):
            return trainer.objective.batches.order
        if epoch not in self._orders:
            self._orders[epoch] = self._draw(epoch)
            if len(self._orders) > ORDERS:
                self._orders.popitem(last=False)
        self._orders.move_to_end(epoch)
        return self._orders[epoch]

    def _draw(self, epoch: int) -> Rows:
        after = max(at for at in self._states if at < epoch)
        if (epoch - after) * self._cost > MOST_SHUFFLED:
            raise LookupError(f"epoch {epoch} is too late to draw its order again")
        rng = np.random.default_rng(0)
        rng.bit_generator.state = self._states[after]
        order: Rows = np.empty(0, np.int64)
        for done in range(after + 1, epoch + 1):
            order = rng.permutation(self._samples)
            if done % self._apart == 0:
                self._states[done] = rng.bit_generator.state
        return order


def _seen_before(history: History, first: int, epoch: int) -> int:
    """Samples seen before an epoch, whose first iteration has that index."""
    if epoch == 1:
        return 0
    try:
        return history.epochs[epoch - 2].samples_seen
    except LookupError:
        return history[first - 1].samples_seen
