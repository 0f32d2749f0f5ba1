"""The training loop: forward, loss, backward, update, for every batch of every epoch.

`Trainer` is synchronous and deterministic: the same run gives the same numbers bit for bit, however fast it is watched
and however often it pauses, since it may be left alone after any batch, and even between the phases of one. Evaluating a
set uses no random number.
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from engine import memory, optimizers
from engine.ending import after_update
from engine.history import History
from engine.layers import Array
from engine.live import change_trainer
from engine.metrics import Changed, IterationMetrics, Reason, Stopped
from engine.objective import NetworkObjective, Objective
from engine.optimizers import Optimizer, norm
from engine.penalties import Penalty
from engine.phases import Phase, phase_of
from engine.rate import scheduled_factor
from engine.run import Run
from engine.schedules import Constant, ReduceOnPlateau
from engine.snapshot import Snapshot, take_snapshot
from engine.state import restore_trainer, state_of
from engine.stopping import Patience
from engine.surfaces import SurfaceObjective
from engine.table import Table


class Trainer:
    """One training of one `Run`; iterate over it, or call `step` once a batch.

    `history` holds all that happened, `objective` what is trained, with its parameters and gradients. `clock` gives seconds
    and is only ever used for the `seconds` of the metrics. A run that needs more memory than it may is over at once:
    `history.stopped` says why, and no weight has changed.
    """

    def __init__(self, run: Run, clock: Callable[[], float] = time.perf_counter) -> None:
        self.run = run
        self.clock = clock
        self.history: History = History()
        self.epoch = 0  # the epoch in progress or just ended, from 1
        self.iteration: int = 0
        self.samples_seen: int = 0
        self.seconds = 0.0
        # what can change while it trains
        self.optimizer: Optimizer = run.training.optimizer
        self.base_rate = self.optimizer.learning_rate  # what the schedule multiplies
        self.batch_size = run.batch_size
        self.epochs = run.epochs

        self.objective: Objective = (
            SurfaceObjective(run.surface, run.training.dtype) if run.surface is not None else NetworkObjective(run)
        )
        # A run that diverges overflows; that is a result, told by the numbers. Entering a context in which NumPy is quiet
        # about it costs a tenth of what `with np.errstate()` does.
        self._context = contextvars.copy_context()
        self._context.run(np.seterr, all="ignore")
        self.quietly = self._context.run
        self.parameters, self.gradients = self.objective.parameters, self.objective.gradients
        self.updates: Array = np.zeros_like(self.parameters)
        self.optimizer_state = self.optimizer.init(self.parameters)
        self.plateau = run.training.schedule.init() if isinstance(run.training.schedule, ReduceOnPlateau) else None
        self.patience = Patience() if run.training.early_stopping is not None else None
        self.undone: Array | None = None  # the last weights, where the best ones were put back
        l1, l2 = run.training.l1, run.training.l2
        self._penalty = Penalty(l1, l2, run.sizes, self.parameters) if l1 > 0.0 or l2 > 0.0 else None
        self._decayed: Array | None = None
        self.steady = isinstance(run.training.schedule, Constant) and run.training.schedule.warmup_iterations == 0
        self.warmup_ended_at = 0.0
        self.batch = 0  # batches of this epoch
        self.in_epoch = False  # between the first batch of an epoch and its end
        self.phase = 0  # the next one of the iteration in progress: 0 forward, 1 loss, 2 backward, 3 update
        self.marked: dict[str, Any] = {}  # where the objective was before an iteration that is taken apart
        self.apart: Phase | None = None  # the last phase that was done alone
        self.taken_apart = False  # the iteration in progress, phase by phase
        self.content = ""  # of its rows, a fingerprint: `engine.state.content_of`
        self.broken = False  # a step of it has raised: see `engine.state.broke_off`
        self._reserved = 0  # the batch size that there are buffers for
        self.planned = 0  # iterations of the epoch in progress
        self.rows_in_all = 1 if run.surface is not None else run.facts.samples
        self.took: list[float | None] = [None, None]  # seconds of the last step, and of the last one that ended an epoch
        self.computing = self._forward, self._measure, self._backward  # what can be done in another thread: `in_parts`
        self.history.begin(*self.quietly(self.objective.evaluate))
        refusal = memory.refusal(run, self.batch_size)
        if refusal is not None:
            self.stop("out_of_memory", refusal)

    @property
    def table(self) -> Table | None:
        """The data as they were drawn or read; None for a surface."""
        return self.objective.table if isinstance(self.objective, NetworkObjective) else None

    @property
    def done(self) -> bool:
        """Whether the run is over."""
        return self.history.stopped is not None

    @property
    def batches(self) -> int:
        """Iterations of the epoch in progress, with the batch size as it is now."""
        unfinished = 1 if self.phase else 0  # its rows are taken already
        return self.batch + unfinished + self.batches_left

    @property
    def batches_left(self) -> int:
        """Iterations of the epoch that are still to come; of the first one before it has begun."""
        if not self.in_epoch:
            return 0 if self.epoch else self.run.iterations_per_epoch(self.batch_size)
        left = self.objective.left
        return left // self.batch_size if self.run.training.drop_last else -(-left // self.batch_size)

    @property
    def iterations(self) -> int:
        """Iterations that the whole run will have, as the settings are now."""
        per_epoch = self.run.iterations_per_epoch(self.batch_size)
        if self.epoch == 0:
            return per_epoch * self.epochs
        unfinished = 1 if self.phase else 0
        return self.iteration + unfinished + self.batches_left + per_epoch * max(0, self.epochs - self.epoch)

    @property
    def at_epoch_end(self) -> bool:
        """Whether no epoch is in progress: before the first batch, or after the last one of an epoch."""
        return not self.in_epoch

    @property
    def learning_rate(self) -> float:
        """The rate of the next iteration: the optimizer's own, times what the schedule makes of it."""
        return self.base_rate if self.steady else self.base_rate * scheduled_factor(self)

    def __iter__(self) -> Iterator[IterationMetrics]:
        while not self.done:
            yield self.step()

    def step(self) -> IterationMetrics:
        """Train on the next batch (or finish one that was begun by phases); at the end of an epoch, evaluate.

        Raises RuntimeError where the run is over.
        """
        if self.history.stopped is not None:
            raise RuntimeError("this run is over")
        return self.quietly(self._step)

    def _step(self) -> IterationMetrics:
        started = self.clock()
        if self.phase == 0:
            self._forward()
        if self.phase == 1:
            self._measure()
        if self.phase == 2:
            self._backward()
        metrics = self.update(started)
        before, self.seconds = self.seconds, metrics.seconds
        if after_update(self, metrics.batch_loss, self.planned):
            self.seconds = before + self.clock() - started
        self.took[not self.in_epoch] = self.seconds - before
        return metrics

    def step_phase(self) -> Phase:
        """Do the next phase of the iteration alone: forward, loss, backward or update. Raises RuntimeError where it is over.

        The four together are one `step`, to the bit. What each did is in the `Phase` that comes back.
        """
        if self.history.stopped is not None:
            raise RuntimeError("this run is over")
        if self.phase == 3:
            self.apart = phase_of(self, self.apart, self.step())
            return self.apart
        started = self.clock()
        self.taken_apart = True
        self.quietly(self.computing[self.phase])
        self.seconds += self.clock() - started
        self.apart = phase_of(self, self.apart if self.phase > 1 else None)
        return self.apart

    def begin_epoch(self) -> None:
        """Start over with all samples, in a new order."""
        self.epoch += 1
        self.batch = 0
        self.in_epoch = True
        self.objective.begin_epoch()

    def _forward(self) -> None:
        if not self.in_epoch:
            self.begin_epoch()
            self.planned = self.batches
        if self._reserved != self.batch_size:
            self.objective.reserve(self.batch_size)
            self._reserved = self.batch_size
            self.planned = self.batches
        if self.taken_apart:
            self.marked = self.objective.state()
        self.rows = self.objective.forward(self.batch_size)
        self.phase = 1

    def _measure(self) -> None:
        self.batch_loss, self.right = self.objective.loss()
        self.phase = 2

    def _backward(self) -> None:
        self.objective.backward()
        self.penalty = 0.0
        if self._penalty is not None:
            self.penalty = self._penalty.value_and_gradient(self.parameters, self.gradients)
        self.gradient_norm = norm(self.gradients)
        if self.run.training.clip_norm > 0.0:
            optimizers.clip(self.gradients, self.gradient_norm, self.run.training.clip_norm)
        self.phase = 3

    def update(self, started: float) -> IterationMetrics:
        """The last phase of an iteration that began at `started`: move the weights, and note what happened."""
        rate = self.base_rate if self.steady else self.learning_rate
        self.optimizer.update(self.gradients, self.optimizer_state, rate, self.updates)
        if self.optimizer.weight_decay > 0.0:
            if self._decayed is None:
                self._decayed = np.empty_like(self.parameters)
            optimizers.decay(self.parameters, rate, self.optimizer.weight_decay, self.updates, self._decayed)
        weight_norm = norm(self.parameters)
        np.add(self.parameters, self.updates, self.parameters)
        self.objective.moved()
        self.phase, self.taken_apart = 0, False
        self.batch += 1
        self.iteration += 1
        self.samples_seen += self.rows
        metrics = IterationMetrics.quick(
            self.epoch,
            self.iteration,
            self.batch,
            self.planned,
            self.samples_seen,
            self.batch_loss,
            None if self.right is None else self.right / self.rows,
            self.penalty,
            rate,
            self.gradient_norm,
            norm(self.updates),
            weight_norm,
            self.seconds + self.clock() - started,
        )
        self.history.add(metrics)
        return metrics

    def stop(self, reason: Reason, message: str = "") -> None:
        """End the run here."""
        self.history.stopped = Stopped(reason, self.epoch, self.iteration, message)

    def interrupt(self) -> None:
        """End the run here, unless it is over: somebody asked for that."""
        if not self.done:
            self.stop("interrupted")

    def change(self, key: str, value: float | int | str) -> Changed | None:
        """Change a live setting between two batches, as `engine.live` says; None where that changes nothing.

        Raises ValueError for a value that is not allowed; then nothing has changed.
        """
        return change_trainer(self, key, value)

    def note(self, key: str, old: float | int | str, new: float | int | str) -> Changed:
        """Put a change into the history."""
        changed = Changed(self.iteration, key, old, new)
        self.history.changes.append(changed)
        return changed

    def predict(self, inputs: Array) -> Array:
        """Raw outputs (rows, outputs) for inputs (rows, features) in the table's own units; of a surface, its height.

        Raises ValueError for inputs of another shape.
        """
        inputs, features = np.asarray(inputs), self.run.facts.features
        if inputs.ndim != 2 or inputs.shape[1] != features:
            raise ValueError(f"inputs have the shape {inputs.shape}; (rows, {features}) is allowed")
        with np.errstate(all="ignore"):
            return self.objective.predict(inputs)

    def snapshot(self, inputs: Array | None = None, part: Literal["train", "validation"] = "validation") -> Snapshot:
        """Weights, gradients, what the units do, and what is confused in a `part` of the table: see `engine.snapshot`.

        With `inputs` (rows, features) in the table's own units, also what is predicted for them.
        """
        return take_snapshot(self, inputs, part)

    def state(self) -> dict[str, Any]:
        """All that is needed to go on from here, bit for bit: plain values and arrays, see `engine.state`."""
        return state_of(self)

    @classmethod
    def restore(cls, run: Run, state: dict[str, Any], clock: Callable[[], float] = time.perf_counter) -> Trainer:
        """A trainer of `run` where `state()` was called. Raises ValueError where the state belongs to another run."""
        trainer = cls(run, clock)
        restore_trainer(trainer, state)
        return trainer
