"""How the learning rate changes while a run trains.

A schedule is a frozen set of settings and a pure function of how far the run is. It gives a factor: the rate of an
iteration is that factor times the optimizer's own `learning_rate`, so the whole curve can be drawn before training. Only
`ReduceOnPlateau` waits for the losses, and what it remembers lives outside it. A linear warm-up can stand before any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.ranges import STRICT, Range, Tagged

WarmupIterations = Annotated[int, Range(0, 10_000_000)]
WarmupStart = Annotated[float, Range(0.0, 1.0)]
EpochCount = Annotated[int, Range(1, 1_000_000)]
Patience = Annotated[int, Range(0, 1_000_000)]

ROUNDING = 1e-9  # how far by rounding alone a count may be from a whole number, or as a share a factor from another


class Schedule(Protocol):
    """What the trainer asks of a schedule; each also has the two keys of a warm-up.

    `warmup_iterations` counts iterations (0: no warm-up); `warmup_start` is the share of the schedule's first rate that the
    very first iteration has. See `warmup_factor`.
    """

    @property
    def name(self) -> str:
        """The schedule's name in a preset."""

    @property
    def warmup_iterations(self) -> int:
        """Iterations of the warm-up."""

    @property
    def warmup_start(self) -> float:
        """Where the warm-up starts, as a share of the rate it climbs to."""

    def factor(self, elapsed: float, total: float, per_epoch: int) -> float:
        """The learning rate as a multiple of the optimizer's own, in [0, 1].

        `elapsed` counts epochs since the warm-up ended: completed ones, and of the epoch in progress the share of batches
        done; 0.0 for the first iteration. `total` is the same count for the end of the run, at least 0.0, and `per_epoch`
        the iterations of an epoch, at least 1. Counts within 1e-9 of a whole number are that number; `elapsed` may pass
        `total`.
        """


@dataclass(frozen=True, kw_only=True)
class Constant:
    """factor = 1: the optimizer's own learning rate from the end of the warm-up on.

    warmup_iterations counts iterations; no key counts epochs.
    """

    name: Literal["constant"] = "constant"
    warmup_iterations: WarmupIterations = 0
    warmup_start: WarmupStart = 0.1
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def factor(self, elapsed: float, total: float, per_epoch: int) -> float:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """factor = gamma^floor(epochs / every_epochs), as PyTorch's StepLR (He et al. 2016, with gamma 0.1).

    every_epochs counts epochs, warmup_iterations iterations; gamma is what each step multiplies the rate by.
    """

    name: Literal["step"] = "step"
    every_epochs: EpochCount = 10
    gamma: Annotated[float, Range(0.0, 1.0, above=True)] = 0.5
    warmup_iterations: WarmupIterations = 0
    warmup_start: WarmupStart = 0.1
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def factor(self, elapsed: float, total: float, per_epoch: int) -> float:
        steps = math.floor(_settled(elapsed)) // self.every_epochs
        return float(self.gamma**steps)


@dataclass(frozen=True, kw_only=True)
class Exponential:
    """factor = gamma^floor(epochs), as PyTorch's ExponentialLR stepped once an epoch: level within an epoch.

    gamma is what every epoch multiplies the rate by; warmup_iterations counts iterations.
    """

    name: Literal["exponential"] = "exponential"
    gamma: Annotated[float, Range(0.0, 1.0, above=True)] = 0.95
    warmup_iterations: WarmupIterations = 0
    warmup_start: WarmupStart = 0.1
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def factor(self, elapsed: float, total: float, per_epoch: int) -> float:
        return float(self.gamma ** math.floor(_settled(elapsed)))


@dataclass(frozen=True, kw_only=True)
class Cosine:
    """factor = final + (1 - final) / 2 * (1 + cos(pi * t / T)) (Loshchilov and Hutter 2017, equation 5, without restarts).

    t is the iterations since the warm-up, so the rate falls with every iteration; T those of `over_epochs` epochs, or, where
    that is left out, of all that the run has left after the warm-up. From T on the factor is `final`, where PyTorch's
    CosineAnnealingLR would rise again. Without over_epochs no iteration is at T: the last one of the run is at T - 1.
    over_epochs counts epochs (from the end of the warm-up), warmup_iterations iterations; final is a share of the base rate.
    """

    name: Literal["cosine"] = "cosine"
    over_epochs: EpochCount | None = None
    final: Annotated[float, Range(0.0, 1.0)] = 0.0
    warmup_iterations: WarmupIterations = 0
    warmup_start: WarmupStart = 0.1
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def factor(self, elapsed: float, total: float, per_epoch: int) -> float:
        span = total if self.over_epochs is None else self.over_epochs
        done, last = _settled(elapsed * per_epoch), _settled(span * per_epoch)
        if done <= 0.0:  # also where the warm-up leaves nothing to fall in
            return 1.0
        if done >= last:
            return self.final
        return _cosine(1.0, self.final, math.pi * done / last)


@dataclass(frozen=True, kw_only=True)
class OneCycle:
    """Up to the peak and far down again, a half cosine each (Smith and Topin 2018, in two phases as PyTorch's OneCycleLR).

    The optimizer's learning_rate is the PEAK: factor 1. It begins at 1 / start_divisor and ends, with the last iteration of
    the run, at 1 / (start_divisor * end_divisor). Of N iterations, counted from 0, the peak is at peak_at * N - 1; where
    that is below 0 the run is too short to rise and begins just beyond the peak, and a single iteration is at the end.
    peak_at is a share of the iterations after the warm-up, warmup_iterations counts iterations; no key counts epochs.
    """

    name: Literal["one_cycle"] = "one_cycle"
    start_divisor: Annotated[float, Range(1.0, 1e9)] = 25.0
    end_divisor: Annotated[float, Range(1.0, 1e9)] = 1e4
    peak_at: Annotated[float, Range(0.0, 1.0, above=True, below=True)] = 0.3
    warmup_iterations: WarmupIterations = 0
    warmup_start: WarmupStart = 0.1
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def factor(self, elapsed: float, total: float, per_epoch: int) -> float:
        done, count = _settled(elapsed * per_epoch), _settled(total * per_epoch)
        peak, last = self.peak_at * count - 1.0, count - 1.0
        start = 1.0 / self.start_divisor
        if done <= peak:
            # where the peak is the first iteration, it is at the peak; PyTorch divides by zero there
            return _cosine(start, 1.0, math.pi * (done / peak)) if peak > 0.0 else 1.0
        if done >= last:
            return start / self.end_divisor
        return _cosine(1.0, start / self.end_divisor, math.pi * ((done - peak) / (last - peak)))


@dataclass(slots=True)
class PlateauState:
    """The lowest loss that counted, epochs without a better one, epochs of rest left, and the factor so far."""

    best: float = math.inf
    waited: int = 0
    cooling: int = 0
    factor: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ReduceOnPlateau:
    """Multiply the rate by gamma when the loss has not fallen for more than patience_epochs, as PyTorch's ReduceLROnPlateau.

    A loss counts as better where it is below best * (1 - min_delta); NaN never is. After a reduction the next
    cooldown_epochs are not counted against it. `smallest` is the share of the base rate below which it does not go.
    monitor "validation_loss" needs a validation set: a run without one refuses it, rather than looking at another loss.
    patience_epochs and cooldown_epochs count epochs, warmup_iterations iterations; gamma, min_delta, smallest are shares.

    The trainer keeps a state, shows it the loss of every epoch with `observe`, and multiplies by `state.factor`. PyTorch
    also leaves out reductions by less than its eps of 1e-8; here each one is made.
    """

    name: Literal["reduce_on_plateau"] = "reduce_on_plateau"
    monitor: Literal["validation_loss", "train_loss"] = "validation_loss"
    gamma: Annotated[float, Range(0.0, 1.0, above=True, below=True)] = 0.1
    patience_epochs: Patience = 10
    min_delta: Annotated[float, Range(0.0, 1.0, below=True)] = 1e-4
    cooldown_epochs: Patience = 0
    smallest: Annotated[float, Range(0.0, 1.0, below=True)] = 0.0
    warmup_iterations: WarmupIterations = 0
    warmup_start: WarmupStart = 0.1
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def factor(self, elapsed: float, total: float, per_epoch: int) -> float:
        """Always 1.0: how far the run is says nothing here, the losses do (see `observe`)."""
        return 1.0

    def init(self) -> PlateauState:
        """The state before the first epoch."""
        return PlateauState()

    def observe(self, state: PlateauState, loss: float) -> bool:
        """Carry `state` on by the loss at the end of an epoch; whether that reduced `state.factor`."""
        # a loss below zero, as a surface may have, must fall too: PyTorch takes one that rises a little for better
        share = 1.0 - self.min_delta if state.best > 0.0 else 1.0 + self.min_delta
        if loss < state.best * share:
            state.best, state.waited = loss, 0
        else:
            state.waited += 1
        if state.cooling > 0:
            state.cooling -= 1
            state.waited = 0
        if state.waited <= self.patience_epochs:
            return False
        state.cooling, state.waited = self.cooldown_epochs, 0
        before, state.factor = state.factor, state.factor * self.gamma
        if state.factor <= self.smallest * (1.0 + ROUNDING):  # 0.1 * 0.1 is a little more than 0.01, not one reduction more
            state.factor = self.smallest
        return state.factor < before


#: Every schedule by its name: the list of allowed values.
SCHEDULES: dict[str, type[Any]] = {
    "constant": Constant,
    "step": Step,
    "exponential": Exponential,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "reduce_on_plateau": ReduceOnPlateau,
}
AnySchedule = Annotated[Constant | Step | Exponential | Cosine | OneCycle | ReduceOnPlateau, Tagged()]


def warmup_factor(schedule: Schedule, iteration: int) -> float:
    """The factor of iteration `iteration` (from 0) of a warm-up: first * (start + (1 - start) * min(i, n) / n).

    n is warmup_iterations and start warmup_start; `first` is what the schedule itself begins with, 1 / start_divisor for
    one-cycle and 1 for all others, so the rate makes no jump where the warm-up ends. The gradual warm-up of Goyal et al.
    2017, as PyTorch's SequentialLR([LinearLR(start_factor=start, total_iters=n), schedule], milestones=[n]).
    """
    first = 1.0 / schedule.start_divisor if isinstance(schedule, OneCycle) else 1.0
    count = schedule.warmup_iterations
    if iteration >= count:
        return first
    return first * (schedule.warmup_start + (1.0 - schedule.warmup_start) * iteration / count)


def factor_at(
    schedule: Schedule, iteration: int, epochs_done: float, warmup_ended_at: float, epochs: int, per_epoch: int
) -> float:
    """The factor of the iteration about to run: of the warm-up, or of the schedule, whose clock starts at its end.

    So the epochs that a schedule counts may begin in the middle of an epoch of the run. All of it is a pure function:
    `iteration` is its index from 0; `epochs_done` the completed epochs, and of the epoch in progress batches done / batches
    (so it keeps its meaning where the batch size changes); `warmup_ended_at` the `epochs_done` of iteration
    `warmup_iterations`, 0.0 without a warm-up and unused before its end; `epochs` those of the whole run, `per_epoch` the
    iterations of one. For reduce-on-plateau, multiply by `state.factor`.
    """
    if iteration < schedule.warmup_iterations:
        return warmup_factor(schedule, iteration)
    return schedule.factor(epochs_done - warmup_ended_at, max(0.0, epochs - warmup_ended_at), per_epoch)


def curve(schedule: Schedule, epochs: int, per_epoch: int) -> NDArray[np.float64]:
    """The factor of every iteration of a run whose batch size stays as it is: (epochs * per_epoch,), float64.

    Raises ValueError for reduce-on-plateau.
    """
    if isinstance(schedule, ReduceOnPlateau):
        raise ValueError("the curve of reduce_on_plateau cannot be drawn before training: it depends on the losses to come")
    factors = np.empty(epochs * per_epoch)
    warmup_ended_at = 0.0
    for iteration in range(len(factors)):
        epoch, batch = divmod(iteration, per_epoch)
        epochs_done = epoch + batch / per_epoch
        if iteration == schedule.warmup_iterations:
            warmup_ended_at = epochs_done
        factors[iteration] = factor_at(schedule, iteration, epochs_done, warmup_ended_at, epochs, per_epoch)
    return factors


def _settled(count: float) -> float:
    """`count`, or the whole number that it misses by rounding: what was subtracted to get it were floats."""
    whole = round(count)
    return float(whole) if abs(count - whole) <= ROUNDING else count


def _cosine(start: float, end: float, angle: float) -> float:
    """From `start` at angle 0 to `end` at angle pi along a half cosine, rounded in the order that PyTorch does."""
    return end + (start - end) / 2.0 * (1.0 + math.cos(angle))
