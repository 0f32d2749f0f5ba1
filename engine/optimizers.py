"""From gradients to updates, in rising complexity.

An optimizer is a frozen set of hyperparameters. Its memory between steps is made by `init` and lives outside it; `update`
turns gradients into the change of every parameter, as a value that can be measured and shown before it is applied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.ranges import STRICT, Range, Tagged

Array = NDArray[np.floating[Any]]
LearningRate = Annotated[float, Range(0.0, 1000.0, above=True)]


class Optimizer(Protocol):
    """What the trainer asks of an optimizer; `state` is whatever its `init` returned."""

    @property
    def learning_rate(self) -> float:
        """The rate that a run begins with."""

    def init(self, parameters: Array) -> Any:
        """The state before the first step, for a flat vector of parameters."""

    def update(self, gradients: Array, state: Any, learning_rate: float, out: Array) -> None:
        """Write the change of each parameter into `out` and carry `state` on; all vectors have one shape."""


@dataclass(frozen=True, kw_only=True)
class SGD:
    """update = -learning_rate * gradient (Robbins and Monro 1951)."""

    name: Literal["sgd"] = "sgd"
    learning_rate: LearningRate = 0.1
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def init(self, parameters: Array) -> None:
        return None

    def update(self, gradients: Array, state: None, learning_rate: float, out: Array) -> None:
        np.multiply(gradients, -learning_rate, out=out)


@dataclass(slots=True)
class AdamState:
    """Running means of the gradient (`mean`) and of its square (`square`), and the number of steps taken."""

    mean: Array
    square: Array
    scratch: Array
    steps: int = 0


@dataclass(frozen=True, kw_only=True)
class Adam:
    """Kingma and Ba 2015, algorithm 1, with epsilon outside the corrected root as in PyTorch.

    m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
    update = -learning_rate / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + epsilon).
    """

    name: Literal["adam"] = "adam"
    learning_rate: LearningRate = 0.001
    beta1: Annotated[float, Range(0.0, 1.0, below=True)] = 0.9
    beta2: Annotated[float, Range(0.0, 1.0, below=True)] = 0.999
    epsilon: Annotated[float, Range(0.0, 1.0, above=True)] = 1e-8
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def init(self, parameters: Array) -> AdamState:
        return AdamState(np.zeros_like(parameters), np.zeros_like(parameters), np.zeros_like(parameters))

    def update(self, gradients: Array, state: AdamState, learning_rate: float, out: Array) -> None:
        state.steps += 1
        scratch = state.scratch
        state.mean *= self.beta1
        np.multiply(gradients, 1.0 - self.beta1, out=scratch)
        state.mean += scratch
        state.square *= self.beta2
        np.multiply(gradients, gradients, out=scratch)
        scratch *= 1.0 - self.beta2
        state.square += scratch
        np.sqrt(state.square, out=scratch)
        scratch *= 1.0 / math.sqrt(1.0 - self.beta2**state.steps)
        scratch += self.epsilon
        np.divide(state.mean, scratch, out=out)
        out *= -learning_rate / (1.0 - self.beta1**state.steps)


#: Every optimizer by its name: the list of allowed values.
OPTIMIZERS: dict[str, type[Any]] = {"sgd": SGD, "adam": Adam}
AnyOptimizer = Annotated[SGD | Adam, Tagged()]
