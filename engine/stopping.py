"""When a run should end before its last epoch: because it gets no better, or because it blew up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.metrics import Evaluation
from engine.ranges import STRICT, Range

Monitored = Literal["validation_loss", "validation_accuracy", "train_loss", "train_accuracy"]


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The `[training.divergence]` table: a training loss above `factor` x its initial value, or not finite, is recorded.

    The loss of the whole training set is looked at after every epoch (after every update with `evaluate = "iteration"`),
    and that of a batch for being a number at all; the run ends there only where `stop` is true.
    """

    factor: Annotated[float, Range(1.0, 1e12, above=True)] = 10.0
    stop: bool = False
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True, kw_only=True)
class EarlyStopping:
    """The `[training.early_stopping]` table (Prechelt 1998): end the run once `monitor` has not improved for a while.

    `monitor` is looked at after every epoch. It improves where it is better than its best so far by more than `min_delta`
    (in its own unit); after `patience` epochs in a row without that, the run ends. `restore_best` puts the weights of
    the best epoch back when the run ends, also where it ends because all epochs are trained.
    """

    monitor: Monitored = "validation_loss"
    patience: Annotated[int, Range(1, 1_000_000)] = 10
    min_delta: Annotated[float, Range(0.0, 1e6)] = 0.0
    restore_best: bool = True
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(slots=True)
class Patience:
    """What early stopping remembers: the best figure (larger is better: losses are negated), its epoch, and the weights."""

    best: float = -math.inf
    epoch: int = 0
    waited: int = 0
    weights: NDArray[Any] | None = None
    train: Evaluation | None = None
    validation: Evaluation | None = None

    def observe(
        self,
        rule: EarlyStopping,
        epoch: int,
        train: Evaluation,
        validation: Evaluation | None,
        weights: NDArray[Any],
    ) -> bool:
        """Take in the end of an epoch; whether the run should stop. A figure that is NaN is never an improvement."""
        part, _, figure = rule.monitor.partition("_")
        seen = train if part == "train" else validation
        value = getattr(seen, figure)
        assert value is not None  # Run refuses what does not exist
        score = -value if figure == "loss" else value
        if score > self.best + (rule.min_delta if math.isfinite(self.best) else 0.0):
            self.best, self.epoch, self.waited = score, epoch, 0
            self.train, self.validation = train, validation
            if rule.restore_best:
                self.weights = weights.copy() if self.weights is None else _copied(weights, self.weights)
        else:
            self.waited += 1
        return self.waited >= rule.patience


def _copied(source: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
    np.copyto(out, source)
    return out
