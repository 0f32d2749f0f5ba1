"""Many runs for little more than one: what differs only in seed or learning rate trains as one computation.

Small networks spend their time on asking NumPy for things, not on the arithmetic. Here the same layers, losses and
optimizers work on arrays with one axis more, a slice a run, so that everything is asked for once. Each run stays a
`Trainer` of its own, whose arrays are slices of the common ones: its order of batches, its history, its early stopping
and its state are its own, and its numbers are those that it has alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine import optimizers
from engine.ending import end_epoch, finish_epoch, note_divergence, watch
from engine.history import COLUMNS
from engine.layers import Array, Dropout, Network, Workspace
from engine.losses import Scratch
from engine.objective import Evaluator, NetworkObjective
from engine.optimizers import OptimizerState
from engine.penalties import Penalty
from engine.rate import scheduled_factor
from engine.schedules import ReduceOnPlateau
from engine.trainer import Trainer

BLOCK_BYTES = 64 * 1024  # rows that are copied out of the tables at once
ROWS = 64  # iterations that wait to be written into the histories


class Stack:
    """Trainers that go on in lockstep, all of one network on tables of one size, none of which has begun (or all are
    at the end of the same epoch)."""

    def __init__(self, trainers: Sequence[Trainer], clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self._lay_out(list(trainers))

    def _lay_out(self, trainers: list[Trainer]) -> None:
        """Put the arrays of all trainers side by side, and give each its slice back."""
        self.trainers = trainers
        self.first = trainers[0]
        count, run = len(trainers), self.first.run
        objectives = self.objectives = [_network_objective(trainer) for trainer in trainers]
        first = objectives[0]
        self.parameters, self.gradients, self.updates = (
            np.stack([getattr(trainer, name) for trainer in trainers]) for name in ("parameters", "gradients", "updates")
        )
        states = [trainer.optimizer_state for trainer in trainers]
        vectors = [np.stack(together) for together in zip(*(state.vectors for state in states), strict=True)]
        self.state = OptimizerState(vectors, states[0].numbers, states[0].steps)
        self.network = Network(run.sizes, run.network, self.parameters, self.gradients)
        self.train, self.validation = (
            tuple(np.stack(arrays) for arrays in zip(*(getattr(one, part) for one in objectives), strict=True))
            for part in ("train", "validation")
        )
        for index, (trainer, objective) in enumerate(zip(trainers, objectives, strict=True)):
            _hand_over(trainer, objective, index, self)
        self.dropout = StackedDropout([one.dropout for one in objectives if one.dropout is not None])
        self.evaluator = Evaluator(run, first.loss_function, first.table.target_scale, (count,))
        self.evaluator.target_scales = [one.table.target_scale for one in objectives]
        training = run.training
        self.penalty = None
        if training.l1 > 0.0 or training.l2 > 0.0:
            self.penalty = Penalty(training.l1, training.l2, run.sizes, self.parameters)
        self.decayed = np.empty_like(self.parameters) if self.first.optimizer.weight_decay > 0.0 else None
        samples, width, outputs = self.train[0].shape[1], self.train[0].shape[2], self.train[1].shape[2]
        size = self.size = self.first.batch_size
        self.work = Workspace(run.sizes, run.network, min(size, samples), training.dtype, (count,))
        self.scratch = Scratch((count, outputs, min(size, samples)), training.dtype)
        self.block = min(samples, max(size, BLOCK_BYTES // (self.train[0].itemsize * (width + outputs) * count)))
        self.rows = np.empty((ROWS, len(COLUMNS), count))
        self.waiting = 0
        self.base_rates = np.array([[trainer.base_rate] for trainer in trainers])
        self.offsets = np.arange(count)[:, None] * samples
        self.taken = self._start = self._end = 0
        self.seconds = 0.0

    def step(self) -> None:
        """One iteration of every run; at the end of an epoch, evaluate, and let go of the runs that are over."""
        self.first.quietly(self._step)

    def _step(self) -> None:
        started, first, training = self.clock(), self.first, self.first.run.training
        if not first.in_epoch:
            self._begin_epoch()
        rates = self._rates()
        x, targets = self._take()
        samples = x.shape[-1]
        work, scratch, loss = self.work.part(samples), self.scratch.part(samples), self.objectives[0].loss_function
        outputs = self.network.forward(x, work, self.dropout if self.dropout.members else None)
        value = loss.value_and_gradient(outputs, targets, work.delta[-1], scratch)
        finite = math.isfinite(value.dot(value))  # also not where a loss is beyond 1e154: then each is looked at below
        right = None
        if loss.task == "classes":
            correct = loss.correct if finite else loss.correct_numbers
            right = correct(outputs, targets, scratch)
        self.network.backward(x, work)
        penalty = self.penalty.value_and_gradient(self.parameters, self.gradients) if self.penalty is not None else 0.0
        gradient_norm = norms(self.gradients)
        if training.clip_norm > 0.0:
            optimizers.clip(self.gradients, gradient_norm, training.clip_norm)
        first.optimizer.update(self.gradients, self.state, rates, self.updates)
        if self.decayed is not None:
            optimizers.decay(self.parameters, rates, first.optimizer.weight_decay, self.updates, self.decayed)
        weight_norm = norms(self.parameters)
        np.add(self.parameters, self.updates, out=self.parameters)
        first.batch += 1
        first.iteration += 1
        first.samples_seen += samples
        self.seconds += (self.clock() - started) / len(self.trainers)
        row = self.rows[self.waiting]
        row[0], row[1], row[2], row[3], row[4] = first.epoch, first.iteration, first.batch, self.batches, first.samples_seen
        row[5], row[6] = value, np.nan if right is None else right / samples
        row[7], row[8], row[9] = penalty, rates[:, 0], gradient_norm
        row[10], row[11], row[12] = norms(self.updates), weight_norm, self.seconds
        self.waiting += 1
        if self.waiting == ROWS:
            self.write()
        if not finite or training.evaluate == "iteration":
            self._look_after(value)
        if first.batch == self.batches:
            self._end_epoch()

    def _begin_epoch(self) -> None:
        self._sync()
        for trainer in self.trainers:
            trainer.begin_epoch()
        self.order = np.stack([objective.batches.order for objective in self.objectives]) + self.offsets
        self.taken = self._start = self._end = 0
        self.batches = self.first.batches

    def _take(self) -> tuple[Array, Array]:
        """Inputs (runs, inputs + 1, samples) and targets (runs, outputs, samples) of the next batch of every run."""
        start = self.taken
        end = self.taken = self.objectives[0].batches.taken = min(start + self.size, self.order.shape[1])
        if end > self._end:
            chosen = self.order[:, start : start + self.block]
            flat = [array.reshape(-1, array.shape[2]) for array in self.train]
            self._inputs, self._targets = (array.take(chosen, 0) for array in flat)
            self._start, self._end = start, start + chosen.shape[1]
        cut = slice(start - self._start, end - self._start)
        return self._inputs[:, cut].mT, np.ascontiguousarray(self._targets[:, cut].mT)

    def _rates(self) -> Any:
        """The learning rate of each run, (runs, 1) float64."""
        if self.first.steady:
            return self.base_rates
        if isinstance(self.first.run.training.schedule, ReduceOnPlateau):
            self._sync()
            return np.array([[trainer.learning_rate] for trainer in self.trainers])
        return self.base_rates * scheduled_factor(self.first)

    def _look_after(self, value: Any) -> None:
        """Divergence, seen at an update: of some runs, or asked for after every one of them."""
        self.write()
        training = self.first.run.training
        losses = self.evaluator.losses(self.network, *self.train) if training.evaluate == "iteration" else None
        stopped = False
        for index, trainer in enumerate(self.trainers):
            if not np.isfinite(value[index]):
                note_divergence(trainer, float(value[index]))
            if losses is not None:
                trainer.history.add_train_loss(trainer.iteration, float(losses[index]))
                watch(trainer, float(losses[index]))
            if trainer.history.diverged is not None and training.divergence.stop and self.first.batch < self.batches:
                end_epoch(trainer)
                stopped = True
        if stopped:
            self._let_go()

    def _end_epoch(self) -> None:
        self.write()
        train = self.evaluator.evaluate(self.network, *self.train)
        blind = self.validation[0].shape[1] == 0
        validation = [None] * len(train) if blind else self.evaluator.evaluate(self.network, *self.validation)
        for trainer, seen, unseen in zip(self.trainers, train, validation, strict=True):
            trainer.in_epoch = False
            finish_epoch(trainer, seen, unseen)
        if any(trainer.done for trainer in self.trainers):
            self._let_go()

    def _let_go(self) -> None:
        """Go on with the runs that are not over; what they share is laid out anew."""
        left = [trainer for trainer in self.trainers if not trainer.done]
        for trainer, objective in zip(self.trainers, self.objectives, strict=True):
            if trainer.done:
                _hand_over(trainer, objective, None, self)
        if left:
            kept = (self.taken, self.seconds, getattr(self, "batches", 0))
            self._lay_out(left)
            self.taken, self.seconds, self.batches = kept
            self.order = np.stack([objective.batches.order for objective in self.objectives]) + self.offsets

    def write(self) -> None:
        """Write the iterations that wait into the histories, and the counters into the trainers."""
        self._sync()
        for index, trainer in enumerate(self.trainers):
            trainer.history.extend(self.rows[: self.waiting, :, index])
        self.waiting = 0

    def _sync(self) -> None:
        for trainer, objective in zip(self.trainers, self.objectives, strict=True):
            for name in ("epoch", "batch", "iteration", "samples_seen", "warmup_ended_at"):
                setattr(trainer, name, getattr(self.first, name))
            trainer.seconds, trainer.optimizer_state.steps = self.seconds, self.state.steps
            objective.batches.taken = self.taken


class StackedDropout(Dropout):
    """Dropout with a generator a run, so that each run's masks are those that it has alone."""

    def __init__(self, members: Sequence[Dropout]) -> None:
        self.members = members
        self.rate = members[0].rate if members else 0.0

    def draw(self, mask: Array) -> None:
        for member, own in zip(self.members, mask, strict=True):
            member.draw(own)


def norms(stack: Array) -> Any:
    """The Euclidean norm of each row, (runs,)."""
    return np.sqrt(np.vecdot(stack, stack).astype(np.float64, copy=False))


def _network_objective(trainer: Trainer) -> NetworkObjective:
    objective = trainer.objective
    if not isinstance(objective, NetworkObjective):
        raise ValueError(f"the run {trainer.run.name} has no network: it cannot be stacked")
    return objective


def _hand_over(trainer: Trainer, objective: NetworkObjective, index: int | None, stack: Stack) -> None:
    """Make a trainer's arrays the slice `index` of the stack's; or, for None, copies of what they are."""
    own = [trainer.parameters, trainer.gradients, trainer.updates, *trainer.optimizer_state.vectors]
    common = [stack.parameters, stack.gradients, stack.updates, *stack.state.vectors]
    arrays = [array.copy() for array in own] if index is None else [array[index] for array in common]
    trainer.parameters, trainer.gradients, trainer.updates, *trainer.optimizer_state.vectors = arrays
    objective.parameters, objective.gradients = trainer.parameters, trainer.gradients
    objective.network = Network(trainer.run.sizes, trainer.run.network, trainer.parameters, trainer.gradients)
    for name in ("train", "validation"):
        kept = [array.copy() for array in getattr(objective, name)] if index is None else []
        slices = kept if index is None else [array[index] for array in getattr(stack, name)]
        setattr(objective, name, tuple(slices))
    objective.batches.inputs, objective.batches.targets = objective.train
