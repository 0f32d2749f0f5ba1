"""What one training is: its data, its network, how it is trained, and the seed that all chance comes from.

`Run` is a plain frozen value. A preset file describes one or more of them, the screen edits them, a `Trainer` carries one
out. Two settings that cannot go together are refused here, in words that name the setting.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Literal

from engine.datasets import CatsDogs, Data
from engine.layers import Architecture, count_parameters
from engine.losses import LOSSES, fitting_losses
from engine.optimizers import SGD, AnyOptimizer, LearningRate
from engine.ranges import STRICT, Range
from engine.schema import range_of

Epochs = Annotated[int, Range(1, 1_000_000)]
BatchSize = Annotated[int, Range(1, 10_000_000)]
Seed = Annotated[int, Range(0, 1_000_000_000)]

MOST_PARAMETERS = 20_000_000  # of 8 bytes each, six times over while Adam trains them: about 1 GB

#: Settings that a trainer can take while it trains, by their key in a preset.
LIVE = {
    "training.optimizer.learning_rate": "learning_rate",
    "training.batch_size": "batch_size",
    "training.epochs": "epochs",
}


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The `[training.divergence]` table: a training loss above `factor` x its initial value, or not finite, is recorded.

    The loss of the whole training set is looked at after every epoch, and that of a batch for being a number at all;
    the run ends there only where `stop` is true.
    """

    factor: Annotated[float, Range(1.0, 1e12, above=True)] = 10.0
    stop: bool = False
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True, kw_only=True)
class Training:
    """The `[training]` table. A `loss` left out is the usual one for the data; `batch_size` "full" is the whole set."""

    loss: Literal["mean_squared_error", "binary_cross_entropy", "cross_entropy"] | None = None
    epochs: Epochs = 50
    batch_size: BatchSize | Literal["full"] = 32
    shuffle: bool = True
    drop_last: bool = False
    dtype: Literal["float64", "float32"] = "float64"
    optimizer: AnyOptimizer = field(default_factory=SGD)
    divergence: Divergence = field(default_factory=Divergence)
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


class MisfitError(ValueError):
    """Two settings that cannot go together: `key` (as in a preset), `value` and what is wrong with it."""

    def __init__(self, key: str, value: object, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.value = value
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training; raises MisfitError where its settings contradict each other. Its `training.loss` is never None."""

    name: str = "run"
    seed: Seed = 0
    data: Data = field(default_factory=CatsDogs)
    network: Architecture = field(default_factory=Architecture)
    training: Training = field(default_factory=Training)
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        facts = self.data.facts()
        fitting = fitting_losses(facts.classes)
        loss = self.training.loss
        if loss is None:
            object.__setattr__(self, "training", replace(self.training, loss=fitting[0]))  # type: ignore[arg-type]
        elif loss not in fitting:
            kind = f"{facts.classes} classes" if facts.classes else "regression"
            raise MisfitError(
                "training.loss", loss, f'"{loss}" does not fit {self.data.name} ({kind}); {" or ".join(fitting)} does'
            )
        if self.parameters > MOST_PARAMETERS:
            raise MisfitError(
                "network.hidden",
                self.network.hidden,
                f"these layers have {self.parameters} parameters; at most {MOST_PARAMETERS} are allowed",
            )
        if self.training.drop_last and self.batch_size > facts.samples:
            raise MisfitError(
                "training.drop_last",
                True,
                f"with drop_last no batch is left: batch_size {self.batch_size} is more than {facts.samples} samples",
            )

    @property
    def loss(self) -> str:
        """The name of the loss."""
        assert self.training.loss is not None  # filled in above
        return self.training.loss

    @property
    def batch_size(self) -> int:
        """Samples per iteration, as a number; never more than there are, unless `drop_last` says that they are too few."""
        samples, size = self.data.facts().samples, self.training.batch_size
        if size == "full":
            return samples
        return size if self.training.drop_last else min(size, samples)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, hidden units per layer, outputs."""
        facts = self.data.facts()
        return (facts.features, *self.network.hidden, LOSSES[self.loss].outputs(facts.classes))

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return count_parameters(self.sizes)

    def iterations_per_epoch(self, batch_size: int | None = None) -> int:
        """ceil(samples / batch_size), the last partial batch kept; floor with `drop_last`."""
        samples, size = self.data.facts().samples, batch_size or self.batch_size
        return samples // size if self.training.drop_last else -(-samples // size)


def check_change(run: Run, key: str, value: object) -> None:
    """Raise ValueError unless `value` may become the live setting `key` of a run."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    annotation = {"learning_rate": LearningRate, "batch_size": BatchSize, "epochs": Epochs}.get(key)
    allowed = range_of(annotation)
    if allowed is None:
        raise ValueError(f"{key} cannot change while a run trains; {', '.join(LIVE.values())} can")
    if key == "batch_size" and value == "full":
        return
    fine = number and (key == "learning_rate" or isinstance(value, int))
    if not fine or not allowed.holds(value):  # type: ignore[arg-type]  # a number by now
        raise ValueError(f"{key} = {value!r}: {allowed} is allowed")
    if key == "batch_size" and run.training.drop_last and value > run.data.facts().samples:  # type: ignore[operator]
        raise ValueError(f"batch_size = {value}: with drop_last no batch would be left")
