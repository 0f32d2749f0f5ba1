"""From gradients to updates, in rising complexity.

An optimizer is a frozen set of hyperparameters. Its memory between steps is made by `init` and lives outside it; `update`
turns gradients into the change of every parameter, as a value that can be measured and shown before it is applied.
All formulas have the form that PyTorch gives them. In each of them, `weight_decay` besides shrinks every parameter by
learning_rate * weight_decay of itself, apart from the gradient and its history ("decoupled", Loshchilov and Hutter 2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.numbers import Numbers
from engine.ranges import STRICT, Range, Tagged

Array = NDArray[np.floating[Any]]
LearningRate = Annotated[float, Range(0.0, 1000.0, above=True)]
Decay = Annotated[float, Range(0.0, 1.0, below=True)]
Epsilon = Annotated[float, Range(0.0, 1.0, above=True)]
WeightDecay = Annotated[float, Range(0.0, 10.0)]
#: A float, or for a stack of runs a column with one rate a run.
Rate = Any


@dataclass(slots=True)
class OptimizerState:
    """What an optimizer remembers: vectors shaped like the parameters, zero at first, and the number of steps taken."""

    vectors: list[Array]
    numbers: Numbers
    steps: int = 0


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """What all of them share. `vectors` is how many vectors of memory the optimizer needs."""

    name: str
    learning_rate: LearningRate = 0.01
    weight_decay: WeightDecay = 0.0
    vectors: ClassVar[int] = 0
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def init(self, parameters: Array) -> OptimizerState:
        """The state before the first step, for a flat vector of parameters (or a stack of them)."""
        return OptimizerState([np.zeros_like(parameters) for _ in range(self.vectors)], Numbers(parameters.dtype))

    def update(self, gradients: Array, state: OptimizerState, learning_rate: Rate, out: Array) -> None:
        """Write the change of each parameter, weight decay left out, into `out`, and carry `state` on."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """update = -learning_rate * g, for the gradient g (Robbins and Monro 1951)."""

    name: Literal["sgd"] = "sgd"
    learning_rate: LearningRate = 0.1

    def update(self, gradients: Array, state: OptimizerState, learning_rate: Rate, out: Array) -> None:
        np.multiply(gradients, state.numbers.filled(-learning_rate), out)


@dataclass(frozen=True, kw_only=True)
class Momentum(Optimizer):
    """v = momentum v + g;  update = -learning_rate * v (Polyak 1964)."""

    name: Literal["momentum"] = "momentum"
    momentum: Decay = 0.9
    vectors: ClassVar[int] = 1

    def update(self, gradients: Array, state: OptimizerState, learning_rate: Rate, out: Array) -> None:
        (velocity,) = state.vectors
        velocity *= state.numbers[self.momentum]
        velocity += gradients
        np.multiply(velocity, state.numbers.filled(-learning_rate), out)


@dataclass(frozen=True, kw_only=True)
class Nesterov(Optimizer):
    """v = momentum v + g;  update = -learning_rate * (g + momentum v): a look ahead along v (Sutskever et al. 2013)."""

    name: Literal["nesterov"] = "nesterov"
    momentum: Decay = 0.9
    vectors: ClassVar[int] = 1

    def update(self, gradients: Array, state: OptimizerState, learning_rate: Rate, out: Array) -> None:
        (velocity,) = state.vectors
        velocity *= state.numbers[self.momentum]
        velocity += gradients
        np.multiply(velocity, state.numbers[self.momentum], out)
        out += gradients
        out *= state.numbers.filled(-learning_rate)


@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer):
    """s = s + g^2;  update = -learning_rate * g / (sqrt(s) + epsilon) (Duchi, Hazan and Singer 2011)."""

    name: Literal["adagrad"] = "adagrad"
    epsilon: Epsilon = 1e-10
    vectors: ClassVar[int] = 1

    def update(self, gradients: Array, state: OptimizerState, learning_rate: Rate, out: Array) -> None:
        (squares,) = state.vectors
        np.multiply(gradients, gradients, out)
        squares += out
        np.sqrt(squares, out)
        out += state.numbers[self.epsilon]
        np.divide(gradients, out, out)
        out *= state.numbers.filled(-learning_rate)


@dataclass(frozen=True, kw_only=True)
class RMSProp(Optimizer):
    """s = alpha s + (1 - alpha) g^2;  update = -learning_rate * g / (sqrt(s) + epsilon) (Tieleman and Hinton 2012)."""

    name: Literal["rmsprop"] = "rmsprop"
    learning_rate: LearningRate = 0.001
    alpha: Decay = 0.99
    epsilon: Epsilon = 1e-8
    vectors: ClassVar[int] = 1

    def update(self, gradients: Array, state: OptimizerState, learning_rate: Rate, out: Array) -> None:
        (squares,) = state.vectors
        squares *= state.numbers[self.alpha]
        np.multiply(gradients, gradients, out)
        out *= state.numbers[1.0 - self.alpha]
        squares += out
        np.sqrt(squares, out)
        out += state.numbers[self.epsilon]
        np.divide(gradients, out, out)
        out *= state.numbers.filled(-learning_rate)


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Kingma and Ba 2015, algorithm 1, with epsilon outside the corrected root as in PyTorch.

    m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
    update = -learning_rate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon).
    The two vectors hold m / (1 - beta1) and v / (1 - beta2), which saves two passes over them; the constants join in the
    factors of the last lines.
    """

    name: Literal["adam"] = "adam"
    learning_rate: LearningRate = 0.001
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    epsilon: Epsilon = 1e-8
    vectors: ClassVar[int] = 2

    def update(self, gradients: Array, state: OptimizerState, learning_rate: Rate, out: Array) -> None:
        state.steps += 1
        (mean, square), numbers = state.vectors, state.numbers
        mean *= numbers[self.beta1]
        mean += gradients
        square *= numbers[self.beta2]
        np.multiply(gradients, gradients, out)
        square += out
        # sqrt(v / (1 - beta2^t)) = sqrt(square) * scale
        scale = math.sqrt((1.0 - self.beta2) / (1.0 - self.beta2**state.steps))
        np.sqrt(square, out)
        out += numbers.filled(self.epsilon / scale)
        np.divide(mean, out, out)
        out *= numbers.filled(learning_rate * (-(1.0 - self.beta1) / (1.0 - self.beta1**state.steps) / scale))


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with weight decay from the start (Loshchilov and Hutter 2019)."""

    name: Literal["adamw"] = "adamw"  # type: ignore[assignment]  # another word for the same field
    weight_decay: WeightDecay = 0.01


AnyOptimizer = Annotated[SGD | Momentum | Nesterov | Adagrad | RMSProp | Adam | AdamW, Tagged()]

#: Every optimizer by its name: the list of allowed values.
OPTIMIZERS: dict[str, type[Any]] = {kind.name: kind for kind in get_args(get_args(AnyOptimizer)[0])}


def norm(vector: Array) -> float:
    """The Euclidean norm of a flat vector."""
    return math.sqrt(vector.dot(vector))


def clip(gradients: Array, norm: Any, limit: float) -> None:
    """Scale gradients down to a Euclidean norm of `limit` where `norm` is above it (Pascanu et al. 2013, algorithm 1).

    The divisor has PyTorch's 1e-6 added; a norm that is no number leaves everything as it is.
    """
    if gradients.ndim == 1:
        factor = limit / (norm + 1e-6)
        if factor < 1.0:
            gradients *= factor
    else:
        factors = np.fmin(1.0, limit / (np.asarray(norm, np.float64) + 1e-6))[:, None]
        np.multiply(gradients, factors, out=gradients, dtype=gradients.dtype)  # rounded like the one factor above


def decay(parameters: Array, learning_rate: Rate, weight_decay: float, out: Array, scratch: Array) -> None:
    """Decoupled weight decay: out -= learning_rate * weight_decay * parameters."""
    np.multiply(parameters, learning_rate * weight_decay, out=scratch, dtype=scratch.dtype)
    out -= scratch
