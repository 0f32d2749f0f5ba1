"""The training loop: forward, loss, backward, update, for every batch of every epoch.

`Trainer` is synchronous and deterministic: the same run gives the same numbers bit for bit, however fast it is watched
and however often it pauses, since it may be left alone after any batch. Evaluating a set uses no random number.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.datasets import Table
from engine.history import History
from engine.layers import Array, Network, Workspace
from engine.losses import LOSSES, Targets
from engine.metrics import Changed, Diverged, EpochMetrics, Evaluation, IterationMetrics, Reason, Stopped
from engine.optimizers import Optimizer
from engine.run import Run, check_change

EVALUATION_ROWS = 2048  # a set is evaluated in pieces of this many rows, so that memory does not grow with the data


class Trainer:
    """One training of one `Run`; iterate over it, or call `step` once a batch.

    `history` holds all that happened. `clock` gives seconds and is only ever used for the `seconds` of the metrics.
    """

    def __init__(self, run: Run, clock: Callable[[], float] = time.perf_counter) -> None:
        self.run = run
        self.clock = clock
        self.history = History()
        self.epoch = 0  # the epoch in progress or just ended, from 1
        self.iteration = 0
        self.samples_seen = 0
        self.seconds = 0.0
        # what can change while it trains
        self.learning_rate = run.training.optimizer.learning_rate
        self.batch_size = run.batch_size
        self.epochs = run.training.epochs

        dtype = run.training.dtype
        self.table: Table = run.data.generate(np.random.default_rng(run.seed))
        self.loss = LOSSES[run.loss]
        with np.errstate(all="ignore"):  # what is too large for float32 becomes infinity, and is shown as such
            self.inputs: Array = self.table.inputs.astype(dtype)
            self.targets = self.loss.prepare(self.table.targets, dtype)
            self.validation_inputs: Array = self.table.validation_inputs.astype(dtype)
            self.validation_targets = self.loss.prepare(self.table.validation_targets, dtype)
        self.network = Network(run.sizes, run.network, np.random.default_rng(10_000 + run.seed), dtype)
        self.optimizer: Optimizer = run.training.optimizer
        self.optimizer_state = self.optimizer.init(self.network.parameters)
        self.updates: Array = np.zeros_like(self.network.parameters)

        self._shuffling = np.random.default_rng(20_000 + run.seed)
        self._order: NDArray[np.int64] = np.arange(len(self.inputs))
        self._taken = 0  # samples of this epoch already used
        self._batch = 0
        self._in_epoch = False  # between the first batch of an epoch and its end
        self._evaluation_work = Workspace(run.sizes, 0, dtype)  # grows with the first set that is evaluated
        self._reserve(self.batch_size)
        self.history.begin(*self._evaluate_both())

    @property
    def done(self) -> bool:
        """Whether the run is over."""
        return self.history.stopped is not None

    @property
    def batches(self) -> int:
        """Iterations of the epoch in progress, with the batch size as it is now."""
        return self._batch + self._batches_left

    @property
    def _batches_left(self) -> int:
        if self.epoch and not self._in_epoch:
            return 0
        left = len(self.inputs) - self._taken
        return left // self.batch_size if self.run.training.drop_last else -(-left // self.batch_size)

    @property
    def iterations(self) -> int:
        """Iterations that the whole run will have, as the settings are now."""
        per_epoch = self.run.iterations_per_epoch(self.batch_size)
        if self.epoch == 0:
            return per_epoch * self.epochs
        return self.iteration + self._batches_left + per_epoch * max(0, self.epochs - self.epoch)

    @property
    def at_epoch_end(self) -> bool:
        """Whether no epoch is in progress: before the first batch, or after the last one of an epoch."""
        return not self._in_epoch

    def __iter__(self) -> Iterator[IterationMetrics]:
        while not self.done:
            yield self.step()

    def step(self) -> IterationMetrics:
        """Train on the next batch; at the end of an epoch, evaluate. Raises RuntimeError where the run is over."""
        if self.done:
            raise RuntimeError("this run is over")
        started = self.clock()
        with np.errstate(all="ignore"):  # a run that diverges overflows; that is a result, told by the numbers
            if self.at_epoch_end:
                self._begin_epoch()
            metrics = self._train_batch(started)
            self.history.add(metrics)
            if not math.isfinite(metrics.batch_loss):
                self._note_divergence(metrics.batch_loss)
            if self._batches_left == 0 or (self.history.diverged and self.run.training.divergence.stop):
                self._end_epoch()
        self.seconds += self.clock() - started
        return metrics

    def _begin_epoch(self) -> None:
        self.epoch += 1
        self._batch = self._taken = 0
        self._in_epoch = True
        if self.run.training.shuffle:
            self._order = self._shuffling.permutation(len(self.inputs))

    def _train_batch(self, started: float) -> IterationMetrics:
        batches = self.batches
        chosen = self._order[self._taken : self._taken + self.batch_size]
        rows = len(chosen)
        x = np.take(self.inputs, chosen, axis=0, out=self._x[:rows], mode="clip")
        targets = np.take(self.targets, chosen, axis=0, out=self._targets[:rows], mode="clip")
        work = self._work.rows(rows)

        outputs = self.network.forward(x, work)
        loss = self.loss.value_and_gradient(outputs, targets, work.delta[-1])
        self.network.backward(x, work)
        self.optimizer.update(self.network.gradients, self.optimizer_state, self.learning_rate, self.updates)
        right = self.loss.correct(outputs, targets)
        weight_norm = norm(self.network.parameters)
        self.network.parameters += self.updates

        self._taken += rows
        self._batch += 1
        self.iteration += 1
        self.samples_seen += rows
        return IterationMetrics.quick(
            self.epoch,
            self.iteration,
            self._batch,
            batches,
            self.samples_seen,
            loss,
            None if right is None else right / rows,
            0.0,  # penalty
            self.learning_rate,
            norm(self.network.gradients),
            norm(self.updates),
            weight_norm,
            self.seconds + self.clock() - started,
        )

    def _end_epoch(self) -> None:
        self._in_epoch = False
        train, validation = self._evaluate_both()
        self.history.add_epoch(
            EpochMetrics(self.epoch, self.iteration, self.samples_seen, self.learning_rate, train, validation, self.seconds)
        )
        assert self.history.initial is not None
        limit = self.run.training.divergence.factor * self.history.initial.loss
        if not train.loss <= limit:  # written so that NaN is over the limit
            self._note_divergence(train.loss)
        if self.history.diverged and self.run.training.divergence.stop:
            self._stop("diverged")
        elif self.epoch >= self.epochs:
            self._complete()

    def _evaluate_both(self) -> tuple[Evaluation, Evaluation | None]:
        train = self.evaluate(self.inputs, self.targets)
        blind = len(self.validation_inputs) == 0
        return train, None if blind else self.evaluate(self.validation_inputs, self.validation_targets)

    def _note_divergence(self, loss: float) -> None:
        if self.history.diverged is None:
            self.history.diverged = Diverged(self.epoch, self.iteration, loss)

    def _complete(self) -> None:
        """All epochs are trained; a network whose loss is no number is not called complete."""
        self._stop("completed" if math.isfinite(self.history.epochs[-1].train.loss) else "diverged")

    def _stop(self, reason: Reason) -> None:
        self.history.stopped = Stopped(reason, self.epoch, self.iteration)

    def interrupt(self) -> None:
        """End the run here, unless it is over: somebody asked for that."""
        if not self.done:
            self._stop("interrupted")

    def change(self, key: str, value: float | int | str) -> Changed | None:
        """Change `learning_rate`, `batch_size` or `epochs` between two batches; None where that changes nothing.

        A new batch size holds from the next batch on, also within an epoch. Fewer epochs than have begun end the run with
        the epoch in progress; more epochs let a run that had completed go on. Raises ValueError for a value out of range.
        """
        check_change(self.run, key, value)
        if key == "batch_size":
            value = min(int(value), len(self.inputs)) if value != "full" else len(self.inputs)
        old = getattr(self, key)
        if value == old:
            return None
        setattr(self, key, value)
        changed = Changed(self.iteration, key, old, value)
        self.history.changes.append(changed)
        if key == "batch_size":
            self._reserve(self.batch_size)
            # with drop_last, what is left of the epoch may make no batch of the new size
            if self._in_epoch and not self.done and self._batches_left == 0:
                self._end_epoch()
        if key == "epochs":
            stopped = self.history.stopped
            if stopped and stopped.reason == "completed" and self.epoch < self.epochs:
                self.history.stopped = None
            elif not stopped and self.epoch and self.at_epoch_end and self.epoch >= self.epochs:
                self._complete()
        return changed

    @np.errstate(all="ignore")  # as in a step: a network that diverged has figures too
    def evaluate(self, inputs: Array, targets: Targets) -> Evaluation:
        """A whole set with the weights as they are now; `targets` as the loss prepared them."""
        count = len(inputs)
        loss = right = 0.0
        absolute = squares = 0.0
        if self._evaluation_work.size < min(count, EVALUATION_ROWS):
            self._evaluation_work = Workspace(self.run.sizes, min(count, EVALUATION_ROWS), self.network.dtype)
        for start in range(0, count, EVALUATION_ROWS):
            x, t = inputs[start : start + EVALUATION_ROWS], targets[start : start + EVALUATION_ROWS]
            outputs = self.network.forward(x, self._evaluation_work.rows(len(x)))
            loss += self.loss.value(outputs, t) * len(x)
            if self.loss.task == "classes":
                right += self.loss.correct(outputs, t) or 0
            else:
                error = outputs - t
                absolute += float(np.abs(error).sum())
                squares += float(np.vdot(error, error))
        if self.loss.task == "classes":
            return Evaluation(loss / count, accuracy=right / count)
        variance = float(((targets - targets.mean()) ** 2).sum())
        r2 = 1.0 - squares / variance if variance > 0.0 else None
        return Evaluation(loss / count, r2=r2, mean_absolute_error=absolute / targets.size * self.table.target_scale)

    @np.errstate(all="ignore")
    def predict(self, inputs: Array) -> Array:
        """The network's outputs (rows, outputs) for inputs (rows, features) in the table's own units; a copy.

        Logits for classes; for regression, predictions in the target's own units.
        """
        x = ((inputs - self.table.input_offset) / self.table.input_scale).astype(self.inputs.dtype)
        outputs = self.network.forward(x, Workspace(self.run.sizes, len(x), self.network.dtype))
        return outputs * self.table.target_scale + self.table.target_offset

    def _reserve(self, rows: int) -> None:
        """Make the buffers of a batch."""
        self._work = Workspace(self.run.sizes, rows, self.network.dtype)
        self._x: Array = np.empty((rows, self.inputs.shape[1]), self.inputs.dtype)
        self._targets = np.empty((rows, *self.targets.shape[1:]), self.targets.dtype)


def norm(vector: Array) -> float:
    """The Euclidean norm of a flat vector."""
    return math.sqrt(float(vector.dot(vector)))
