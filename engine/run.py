"""What one training is: its data, its network, how it is trained, and the seed that all chance comes from.

`Run` is a plain frozen value. A preset file describes one or more of them, the screen edits them, a `Trainer` carries one
out. Two settings that cannot go together are refused here, in words that name the setting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Literal

from engine.byte_sizes import parse_size
from engine.datasets import CatsDogs, Data
from engine.layers import Architecture, count_parameters
from engine.losses import LOSSES, fitting_losses
from engine.optimizers import SGD, AnyOptimizer
from engine.ranges import STRICT, Range
from engine.schedules import AnySchedule, Constant, ReduceOnPlateau
from engine.stopping import Divergence, EarlyStopping
from engine.surfaces import AnySurface
from engine.table import Facts

Epochs = Annotated[int, Range(1, 1_000_000)]
BatchSize = Annotated[int, Range(1, 10_000_000)]
Seed = Annotated[int, Range(0, 1_000_000_000)]
Price = Annotated[float, Range(0.0, 1000.0)]

MOST_PARAMETERS = 20_000_000  # of 8 bytes each, six times over while Adam trains them: about 1 GB


@dataclass(frozen=True, kw_only=True)
class Training:
    """The `[training]` table. A `loss` left out is the usual one for the data; `batch_size` "full" is the whole set.

    `evaluate` is how often the whole training set's loss is taken: after every epoch, or after every iteration (update).
    `clip_norm` is the Euclidean norm that a gradient is scaled down to (0: never). `l1` and `l2` are prices on the weights
    (see `engine.penalties`). `memory_limit` is what a step may need, such as "512 KiB" (see `engine.memory`).
    """

    loss: (
        Literal[
            "mean_squared_error", "mean_absolute_error", "huber", "binary_cross_entropy", "cross_entropy", "double_softmax"
        ]
        | None
    ) = None
    epochs: Epochs = 50
    batch_size: BatchSize | Literal["full"] = 32
    shuffle: bool = True
    drop_last: bool = False
    dtype: Literal["float64", "float32"] = "float64"
    evaluate: Literal["epoch", "iteration"] = "epoch"
    clip_norm: Annotated[float, Range(0.0, 1e9)] = 0.0
    l1: Price = 0.0
    l2: Price = 0.0
    memory_limit: str | None = None
    optimizer: AnyOptimizer = field(default_factory=SGD)
    schedule: AnySchedule = field(default_factory=Constant)
    early_stopping: EarlyStopping | None = None
    divergence: Divergence = field(default_factory=Divergence)
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if self.memory_limit is not None:
            try:
                parse_size(self.memory_limit)
            except ValueError as error:
                raise MisfitError("training.memory_limit", self.memory_limit, str(error)) from None


class MisfitError(ValueError):
    """Two settings that cannot go together: `key` (as in a preset), `value` and what is wrong with it."""

    def __init__(self, key: str, value: object, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.value = value
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training, of a network on `data` or of the bare parameters of a `surface`.

    Raises MisfitError where its settings contradict each other. Where there is a network, its `training.loss` is not None.
    """

    name: str = "run"
    seed: Seed = 0
    data: Data | None = None
    surface: AnySurface | None = None
    network: Architecture = field(default_factory=Architecture)
    training: Training = field(default_factory=Training)
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if self.data is None and self.surface is None:
            object.__setattr__(self, "data", CatsDogs())
        if self.data is not None and self.training.loss is None:
            loss = fitting_losses(self.facts.classes)[0]
            object.__setattr__(self, "training", replace(self.training, loss=loss))  # type: ignore[arg-type]
        for problem in _misfits(self):
            raise problem

    @property
    def source(self) -> Any:
        """What is learned from: the data set, or the surface."""
        return self.surface if self.surface is not None else self.data

    @property
    def facts(self) -> Facts:
        """How many samples, features and classes there are."""
        facts: Facts = self.source.facts()
        return facts

    @property
    def loss(self) -> str:
        """The name of the loss; of a surface, whose height is the loss, its own name."""
        return self.training.loss if self.training.loss is not None else self.source.name

    @property
    def epochs(self) -> int:
        """Epochs that the run begins with; on a surface each is one step."""
        return self.training.epochs if self.surface is None else self.surface.steps

    @property
    def batch_size(self) -> int:
        """Samples per iteration, as a number; never more than there are, unless `drop_last` says that they are too few."""
        samples, size = self.facts.samples, self.training.batch_size
        if size == "full" or self.surface is not None:
            return samples
        return size if self.training.drop_last else min(size, samples)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, hidden units per layer, outputs; of a surface, just its parameters."""
        facts = self.facts
        if self.surface is not None:
            return (facts.features,)
        return (facts.features, *self.network.hidden, LOSSES[self.loss].outputs(facts.classes))

    @property
    def parameters(self) -> int:
        """Weights and biases, or a surface's parameters."""
        return count_parameters(self.sizes) if self.surface is None else self.facts.features

    def iterations_per_epoch(self, batch_size: int | None = None) -> int:
        """ceil(samples / batch_size), the last partial batch kept; floor with `drop_last`."""
        samples, size = self.facts.samples, batch_size or self.batch_size
        return samples // size if self.training.drop_last else -(-samples // size)


def _misfits(run: Run) -> Iterator[MisfitError]:
    """What cannot go together, in the order of the tables."""
    training, facts = run.training, run.facts
    if run.surface is not None:
        yield from _surface_misfits(run)
    else:
        yield from _network_misfits(run)
        if training.drop_last and run.batch_size > facts.samples:
            message = f"with drop_last no batch is left: batch_size {run.batch_size} is more than {facts.samples} samples"
            yield MisfitError("training.drop_last", True, message)
    monitors = [("early_stopping", training.early_stopping)] if training.early_stopping else []
    if isinstance(training.schedule, ReduceOnPlateau):
        monitors.append(("schedule", training.schedule))  # type: ignore[arg-type]  # it has a monitor as well
    for table, rule in monitors:
        key, monitor = f"training.{table}.monitor", rule.monitor
        if monitor.startswith("validation") and not facts.validation:
            instead = monitor.replace("validation", "train")
            yield MisfitError(key, monitor, f'"{monitor}" needs validation samples and there are none; "{instead}" does not')
        elif monitor.endswith("accuracy") and not facts.classes:
            instead = monitor.replace("accuracy", "loss")
            yield MisfitError(
                key, monitor, f'"{monitor}" does not exist for {run.source.name}, which is regression; "{instead}" does'
            )


def _surface_misfits(run: Run) -> Iterator[MisfitError]:
    assert run.surface is not None
    name, training, default = run.surface.name, run.training, Training()
    if run.data is not None:
        yield MisfitError("surface", name, "a run has [data] or a [surface], not both")
    if run.network != Architecture():
        yield MisfitError("network", None, f"the surface {name} has no network: take [network] out")
    for key in ("loss", "batch_size", "shuffle", "drop_last", "l1", "l2"):
        if getattr(training, key) != getattr(default, key):
            yield MisfitError(f"training.{key}", getattr(training, key), f"means nothing on the surface {name}: take it out")
    if training.epochs != default.epochs:
        yield MisfitError("training.epochs", training.epochs, f"the surface {name} counts steps: set surface.steps")


def _network_misfits(run: Run) -> Iterator[MisfitError]:
    facts, network, loss = run.facts, run.network, run.training.loss
    fitting = fitting_losses(facts.classes)
    if loss not in fitting:
        kind = f"{facts.classes} classes" if facts.classes else "regression"
        message = f'"{loss}" does not fit {run.source.name} ({kind}); {" or ".join(fitting)} does'
        yield MisfitError("training.loss", loss, message)
        return
    if run.parameters > MOST_PARAMETERS:
        message = f"these layers have {run.parameters} parameters; at most {MOST_PARAMETERS} are allowed"
        yield MisfitError("network.hidden", network.hidden, message)
    if network.dropout > 0.0 and not network.hidden:
        yield MisfitError("network.dropout", network.dropout, "there is no hidden layer to drop units of")
    given = network.initial_parameters
    if given is not None and len(given) != run.parameters:
        sizes = "-".join(map(str, run.sizes))
        message = f"{len(given)} numbers; a {sizes} network has {run.parameters} parameters"
        yield MisfitError("network.initial_parameters", len(given), message)
