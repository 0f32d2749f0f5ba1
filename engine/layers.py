"""The network: what it is made of and how numbers run through it in both directions.

A `Linear` layer multiplies by its weights and adds its bias; an activation bends the result. `Network` puts layers in a
row over ONE flat vector of parameters (and one of gradients), so that an optimizer needs no loop over layers. Every
intermediate array lies in a `Workspace`, made once and used again for each batch, where anybody may look at it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.ranges import STRICT, Range

Array = NDArray[np.floating[Any]]


class Activation(Protocol):
    """An elementwise function and its derivative, both written into arrays that exist already."""

    def forward(self, z: Array, out: Array) -> None:
        """out = f(z); both (rows, units)."""

    def backward(self, delta: Array, a: Array, scratch: Array) -> None:
        """delta *= f'(z), with f' taken from a = f(z); `scratch` has the same shape and may be overwritten."""


class Identity:
    """f(z) = z."""

    def forward(self, z: Array, out: Array) -> None:
        np.copyto(out, z)

    def backward(self, delta: Array, a: Array, scratch: Array) -> None:
        pass


class ReLU:
    """f(z) = max(0, z); f'(0) = 0, as in PyTorch (Nair and Hinton 2010)."""

    def forward(self, z: Array, out: Array) -> None:
        np.maximum(z, 0.0, out=out)

    def backward(self, delta: Array, a: Array, scratch: Array) -> None:
        np.sign(a, out=scratch)  # a >= 0, so its sign is the derivative: 0 where the unit is off, else 1
        delta *= scratch


class Tanh:
    """f(z) = tanh(z); f' = 1 - f^2."""

    def forward(self, z: Array, out: Array) -> None:
        np.tanh(z, out=out)

    def backward(self, delta: Array, a: Array, scratch: Array) -> None:
        np.multiply(a, a, out=scratch)
        np.subtract(1.0, scratch, out=scratch)
        delta *= scratch


class Sigmoid:
    """f(z) = 1 / (1 + exp(-z)), computed as (1 + tanh(z/2)) / 2, which cannot overflow; f' = f (1 - f)."""

    def forward(self, z: Array, out: Array) -> None:
        np.multiply(z, 0.5, out=out)
        np.tanh(out, out=out)
        out += 1.0
        out *= 0.5

    def backward(self, delta: Array, a: Array, scratch: Array) -> None:
        np.subtract(1.0, a, out=scratch)
        scratch *= a
        delta *= scratch


#: Every activation by its name: the list of allowed values.
ACTIVATIONS: dict[str, Activation] = {"relu": ReLU(), "tanh": Tanh(), "sigmoid": Sigmoid(), "identity": Identity()}

#: Standard deviation of the first weights, from the number of inputs and outputs of the layer.
INITIALIZERS: dict[str, Callable[[np.random.Generator, int, int], NDArray[np.float64]]] = {
    # He et al. 2015, equation 10: keeps the size of activations through ReLU layers
    "he_normal": lambda rng, inputs, outputs: rng.normal(0.0, math.sqrt(2.0 / inputs), (inputs, outputs)),
    # Glorot and Bengio 2010, equation 16
    "glorot_uniform": lambda rng, inputs, outputs: (
        rng.uniform(-1.0, 1.0, (inputs, outputs)) * math.sqrt(6.0 / (inputs + outputs))
    ),
}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The `[network]` table: `hidden` units per hidden layer (none: a linear model), their activation, first weights."""

    hidden: tuple[Annotated[int, Range(1, 4096)], ...] = (16,)
    activation: Literal["relu", "tanh", "sigmoid", "identity"] = "relu"
    initializer: Literal["he_normal", "glorot_uniform"] = "he_normal"
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if len(self.hidden) > 16:
            raise ValueError(f"hidden has {len(self.hidden)} layers, at most 16 are allowed")


class Linear:
    """y = x W + b, with weights (inputs, outputs), bias (outputs,) and their gradients as views of flat vectors."""

    def __init__(self, weights: Array, bias: Array, weights_gradient: Array, bias_gradient: Array) -> None:
        self.weights = weights
        self.bias = bias
        self.weights_gradient = weights_gradient
        self.bias_gradient = bias_gradient

    def forward(self, x: Array, out: Array) -> None:
        """out (rows, outputs) = x (rows, inputs) W + b."""
        np.matmul(x, self.weights, out=out)
        out += self.bias

    def backward(self, x: Array, delta: Array, out: Array | None) -> None:
        """From delta = dL/dy: dL/dW = x^T delta, dL/db = sum over rows of delta, and dL/dx = delta W^T into `out`."""
        np.matmul(x.T, delta, out=self.weights_gradient)
        np.add.reduce(delta, axis=0, out=self.bias_gradient)
        if out is not None:
            np.matmul(delta, self.weights.T, out=out)


class Workspace:
    """The arrays of one pass over at most `rows` rows: per layer z (before the activation), a (after), delta (dL/dz)."""

    def __init__(self, sizes: tuple[int, ...], rows: int, dtype: str) -> None:
        self.size = rows
        self.z, self.a, self.delta, self.scratch = (
            [np.zeros((rows, units), dtype) for units in sizes[1:]] for _ in range(4)
        )
        self._smaller: dict[int, Workspace] = {}

    def rows(self, count: int) -> Workspace:
        """The same memory seen as `count` rows: for the last, partial batch."""
        if count == self.size:
            return self
        if count not in self._smaller:
            part = object.__new__(Workspace)
            part.size = count
            part._smaller = {}
            for name in ("z", "a", "delta", "scratch"):
                setattr(part, name, [array[:count] for array in getattr(self, name)])
            self._smaller[count] = part
        return self._smaller[count]


class Network:
    """Linear layers with an activation after each but the last, over one flat `parameters` and `gradients` vector.

    `sizes` is (inputs, hidden ..., outputs). Both vectors have sum((inputs + 1) * outputs) elements of `dtype`, layer by
    layer, each layer's weights (row by row) before its bias.
    """

    def __init__(self, sizes: tuple[int, ...], architecture: Architecture, rng: np.random.Generator, dtype: str) -> None:
        self.sizes = sizes
        self.dtype = dtype
        self.activation = ACTIVATIONS[architecture.activation]
        self.parameters: Array = np.zeros(count_parameters(sizes), dtype)
        self.gradients: Array = np.zeros_like(self.parameters)
        self.layers: list[Linear] = []
        start = 0
        for inputs, outputs in pairwise(sizes):
            middle, end = start + inputs * outputs, start + (inputs + 1) * outputs
            weights, bias, weights_gradient, bias_gradient = (
                part
                for vector in (self.parameters, self.gradients)
                for part in (vector[start:middle].reshape(inputs, outputs), vector[middle:end])
            )
            weights[...] = INITIALIZERS[architecture.initializer](rng, inputs, outputs)
            self.layers.append(Linear(weights, bias, weights_gradient, bias_gradient))
            start = end

    def forward(self, x: Array, work: Workspace) -> Array:
        """The network's outputs (rows, outputs) for x (rows, inputs); they lie in `work` until its next use."""
        last = len(self.layers) - 1
        for index, layer in enumerate(self.layers):
            layer.forward(x, work.z[index])
            if index == last:
                break
            self.activation.forward(work.z[index], work.a[index])
            x = work.a[index]
        return work.z[last]

    def backward(self, x: Array, work: Workspace) -> None:
        """Fill `gradients`, from dL/doutputs in `work.delta[-1]` and what `forward` left in `work` for the same x.

        The chain rule, last layer first: dL/dz_l = (dL/dz_(l+1) W_(l+1)^T) * f'(z_l) (Rumelhart et al. 1986).
        """
        for index in reversed(range(len(self.layers))):
            below = work.a[index - 1] if index else x
            out = work.delta[index - 1] if index else None
            self.layers[index].backward(below, work.delta[index], out)
            if out is not None:
                self.activation.backward(out, below, work.scratch[index - 1])


def count_parameters(sizes: tuple[int, ...]) -> int:
    """Weights and biases of a network of these sizes."""
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
