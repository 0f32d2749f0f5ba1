"""Everything that happened in a run, in order, in memory that stays small however long it trains.

The newest 100,000 iterations are exact; of older ones the smallest and the largest value of each figure in every stretch
stay, where they were. The same holds for epochs. Appending costs well under a microsecond, after a million as after one.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any, Literal, Protocol

import numpy as np

from engine.bounded import BoundedTable, Floats
from engine.epochs import EPOCH_COLUMNS, Epochs, epoch_row, evaluation_of, not_kept, number, place_of
from engine.metrics import Changed, Diverged, EpochMetrics, Evaluation, IterationMetrics, Restored, Stopped

COLUMNS = tuple(entry.name for entry in fields(IterationMetrics))
INTEGERS = frozenset(("epoch", "iteration", "batch", "batches", "samples_seen"))

_pack_iteration = struct.Struct(f"{len(COLUMNS)}d").pack_into
_ITERATION_BYTES = 8 * len(COLUMNS)
_EPOCH, _ITERATION, _BATCH = (COLUMNS.index(name) for name in ("epoch", "iteration", "batch"))


#: So many of the newest iterations, and epochs, are exact; up to an eighth more, before the oldest are summed up.
CAPACITY = 100_000


class Archive(Protocol):
    """Where iterations and epochs are that a history no longer keeps: `engine.on_disk.archive` is one."""

    def iteration(self, index: int) -> tuple[float, ...]:
        """The iteration at `index`, (COLUMNS). Raises LookupError."""

    def epoch(self, index: int) -> tuple[float, ...]:
        """The epoch at `index` as a row of `engine.epochs`. Raises LookupError."""


class History:
    """What a run has said. Figures are float64; what does not exist is NaN in columns and None in events.

    `initial` and `initial_validation` are the evaluations before the first update, `epochs` those after each epoch,
    `changes` what was changed while it trained. Of iterations, epochs and training losses at least the newest `capacity` are
    exact (`kept`), older ones are summed up in at most `buckets` buckets each.
    """

    def __init__(self, capacity: int = CAPACITY, buckets: int = 2048) -> None:
        self.initial: Evaluation | None = None
        self.initial_validation: Evaluation | None = None
        self.changes: list[Changed] = []
        self.diverged: Diverged | None = None
        self.stopped: Stopped | None = None
        self.restored: Restored | None = None
        #: The epoch with the smallest validation loss (training loss where training is blind), the first of equals;
        #: a loss that is not finite never wins.
        self.best: EpochMetrics | None = None
        self._capacity, self._limit = capacity, buckets
        self._iterations = BoundedTable(len(COLUMNS), _ITERATION, capacity, buckets)
        self._epochs = BoundedTable(len(EPOCH_COLUMNS), EPOCH_COLUMNS.index("iteration"), capacity, buckets, stage_rows=16)
        self._train_losses = BoundedTable(2, 0, capacity, buckets)
        self.epochs = Epochs(self._epochs)
        self._archive: Archive | None = None

    # iterations

    def __len__(self) -> int:
        """How many iterations there were."""
        return len(self._iterations)

    @property
    def kept(self) -> range:
        """The indices of the iterations that are exact: the newest."""
        return range(self._iterations.first, len(self._iterations))

    @property
    def archive(self) -> Archive | None:
        """Reads what is no longer kept one by one, where the run is on disk."""
        return self._archive

    @archive.setter
    def archive(self, archive: Archive | None) -> None:
        """Have it read there from now on."""
        self._archive = self.epochs.archive = archive

    def __iter__(self) -> Iterator[IterationMetrics]:
        """The iterations that are exact, from the oldest."""
        return (self[index] for index in self.kept)

    def __getitem__(self, index: int) -> IterationMetrics:
        """The iteration at `index` (from 0; negative from the end).

        Raises IndexError outside of the run, LookupError where the iteration is no longer exact.
        """
        place = place_of(index, len(self), "iteration")
        try:
            row = self._iterations.row(place)
        except LookupError:
            if self._archive is None:
                raise not_kept("iteration", place, self._iterations.first) from None
            row = self._archive.iteration(place)
        epoch, iteration, batch, batches, samples_seen, loss, accuracy, *others = row
        return IterationMetrics.quick(
            int(epoch),
            int(iteration),
            int(batch),
            int(batches),
            int(samples_seen),
            loss,
            None if math.isnan(accuracy) else accuracy,  # never NaN where it exists: it is a count divided by a count
            *others,
        )

    def add(self, metrics: IterationMetrics) -> None:
        """Append one iteration."""
        # BoundedTable.append written out, since this runs once a batch: a call and a tuple less are a third of its time
        table = self._iterations
        accuracy = metrics.batch_accuracy
        _pack_iteration(
            table.stage,
            table.staged * _ITERATION_BYTES,
            metrics.epoch,
            metrics.iteration,
            metrics.batch,
            metrics.batches,
            metrics.samples_seen,
            metrics.batch_loss,
            math.nan if accuracy is None else accuracy,
            metrics.penalty,
            metrics.learning_rate,
            metrics.gradient_norm,
            metrics.update_norm,
            metrics.weight_norm,
            metrics.seconds,
        )
        table.staged += 1
        if table.staged == table.stage_rows:
            table.flush()

    def extend(self, rows: Floats) -> None:
        """Append many iterations, (iterations, COLUMNS) float64, an accuracy that does not exist as NaN."""
        self._iterations.extend(rows)

    def rows(self, first: int, end: int) -> Floats:
        """(iterations, COLUMNS) float64: those at `first` to before `end`, copied. Raises LookupError where one is no longer
        exact."""
        return self._iterations.block(first, end)

    def column(self, name: str) -> Floats:
        """One field of the iterations in `kept`, (iterations,) float64 and contiguous; a view, not to be written to."""
        return self._iterations.column(COLUMNS.index(name))

    def series(self, name: str) -> tuple[Floats, Floats]:
        """One field over the whole run, to be drawn: two (points,) float64, the iterations (rising) and the values.

        While all iterations are exact these are all of them. Of each older bucket only those with the smallest and with the
        largest value are there, and the first that was NaN: every point is an iteration that was, and no spike is missing.
        """
        return self._iterations.series(COLUMNS.index(name))

    def means(self, name: str) -> tuple[Floats, Floats]:
        """Two (buckets,) float64: the middle iteration of each bucket of older iterations, and the mean of a field in it.

        Empty while all iterations are exact, NaN for a bucket that has a NaN: for drawing what is smoothed.
        """
        return self._iterations.means(COLUMNS.index(name))

    # epochs

    def begin(self, train: Evaluation, validation: Evaluation | None) -> None:
        """Note both sets before the first update."""
        self.initial, self.initial_validation = train, validation

    def add_epoch(self, epoch: EpochMetrics) -> None:
        """Append the end of an epoch."""
        self._epochs.append(epoch_row(epoch))
        loss = (epoch.validation or epoch.train).loss
        if math.isfinite(loss) and (self.best is None or loss < (self.best.validation or self.best.train).loss):
            self.best = epoch

    @property
    def epochs_begun(self) -> int:
        """How many epochs have begun: those that have an iteration."""
        return int(self._iterations.row(len(self) - 1)[_EPOCH]) if len(self) else 0

    def epoch_iterations(self, epoch: int) -> range:
        """The indices of the iterations of an epoch (from 1), whether they are exact or not.

        Empty where it has not begun, and where neither its iterations nor its end are kept.
        """
        if not 1 <= epoch <= self.epochs_begun:
            return range(0)
        first = self._iterations.first
        start, end = (first + int(at) for at in np.searchsorted(self.column("epoch"), (epoch, epoch + 1)))
        if end > start:
            # of the oldest one in the table, batches before that may be gone
            return range(start if start > first else first - int(self.column("batch")[0]) + 1, end)
        try:
            end = self.epochs[epoch - 1].iteration
        except LookupError:
            return range(0)
        try:
            begun_after = self.epochs[epoch - 2].iteration if epoch > 1 else 0
        except LookupError:
            begun_after = int(self._epochs.last_dropped)
        return range(begun_after, end)

    def epoch_ends(self) -> tuple[Floats, Floats]:
        """Two (epochs,) float64: the number of each epoch that has ended, and the iteration with which it did.

        Of epochs that are no longer exact only some are there.
        """
        x, y = self._epochs.series(EPOCH_COLUMNS.index("epoch"))
        return y, x

    def evaluations(self, part: Literal["train", "validation"], figure: str) -> Floats:
        """(evaluations, 2) float64: the iteration after which a set was seen, from 0, and a figure of `Evaluation`.

        The first is the one before training. Of epochs that are no longer exact, those as in `series`. Empty for the
        validation set where training is blind. What does not exist for the task is NaN.
        """
        first = self.initial if part == "train" else self.initial_validation
        if first is None:
            return np.empty((0, 2))
        x, y = self._epochs.series(EPOCH_COLUMNS.index(f"{part}_{figure}"))
        found = np.empty((1 + len(x), 2))
        found[0] = 0, number(getattr(first, figure))
        found[1:, 0], found[1:, 1] = x, y
        return found

    def before_training(self) -> tuple[float, ...]:
        """The evaluations before the first update as a row of the table of epochs (`engine.epochs`), that of epoch 0."""
        assert self.initial is not None  # a trainer begins with it
        return epoch_row(EpochMetrics(0, 0, 0, math.nan, self.initial, self.initial_validation, 0.0))

    def epoch_rows(self, first: int, end: int) -> Floats:
        """The epochs at `first` to before `end` as rows of that table. Raises LookupError where one is no longer exact."""
        return self._epochs.block(first, end)

    # the whole training set after every update

    def add_train_loss(self, iteration: int, loss: float) -> None:
        """Append the loss over the whole training set after an iteration."""
        self._train_losses.append((iteration, loss))

    def train_losses(self) -> Floats:
        """(losses, 2) float64: the iterations and losses that were added; older ones as in `series`."""
        return np.stack(self._train_losses.series(1), axis=1)

    # all of it

    @property
    def nbytes(self) -> int:
        """Bytes of all tables."""
        return self._iterations.nbytes + self._epochs.nbytes + self._train_losses.nbytes

    def state(self) -> dict[str, Any]:
        """All of it, to be written down: arrays under names with a dot, and one entry "events" that JSON can hold."""
        one = ("initial", "initial_validation", "diverged", "stopped", "restored", "best")
        events: dict[str, Any] = {"capacity": self._capacity, "buckets": self._limit}
        for name in one:
            event = getattr(self, name)
            events[name] = None if event is None else asdict(event)
        events["changes"] = [asdict(change) for change in self.changes]
        state: dict[str, Any] = {"events": events}
        for name, table in self._tables().items():
            state |= {f"{name}.{key}": value for key, value in table.state().items()}
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> History:
        """The history that `state()` was taken from, exactly."""
        events = state["events"]
        history = cls(events["capacity"], events["buckets"])
        history.initial = evaluation_of(events["initial"])
        history.initial_validation = evaluation_of(events["initial_validation"])
        history.changes = [Changed(**entry) for entry in events["changes"]]
        history.diverged = Diverged(**events["diverged"]) if events["diverged"] else None
        history.stopped = Stopped(**events["stopped"]) if events["stopped"] else None
        history.restored = Restored(**_with_evaluations(events["restored"])) if events["restored"] else None
        history.best = EpochMetrics(**_with_evaluations(events["best"])) if events["best"] else None
        for name, table in history._tables().items():
            table.restore({key.removeprefix(f"{name}."): state[key] for key in state if key.startswith(f"{name}.")})
        return history

    def _tables(self) -> dict[str, BoundedTable]:
        return {"iterations": self._iterations, "epochs": self._epochs, "train_losses": self._train_losses}


def _with_evaluations(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "train": evaluation_of(entry["train"]), "validation": evaluation_of(entry["validation"])}
