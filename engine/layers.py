"""The network: what it is made of and how numbers run through it in both directions.

A `Linear` layer multiplies by its weights and adds its bias; an activation bends the result; dropout, where it is asked
for, hides some of it while the network learns. `Network` puts layers in a row over ONE flat vector of parameters (and one
of gradients), so that an optimizer needs no loop over layers. A sample is a COLUMN here, as in the textbooks' z = W x + b.
A bias is the weight of an input that is always 1: inputs and activations carry a last row of ones, and a layer is a
single product (Bishop 2006, section 3.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.activations import ACTIVATIONS
from engine.ranges import STRICT, Range

Array = NDArray[np.floating[Any]]


def _normal(rng: np.random.Generator, inputs: int, outputs: int, variance: float) -> NDArray[np.float64]:
    return rng.normal(0.0, math.sqrt(variance), (inputs, outputs))


def _uniform(rng: np.random.Generator, inputs: int, outputs: int, limit: float) -> NDArray[np.float64]:
    return rng.uniform(-1.0, 1.0, (inputs, outputs)) * limit


#: The first weights of a layer, (inputs, outputs), by the name of the rule. Biases begin at 0, except in `pytorch`.
INITIALIZERS: dict[str, Callable[[np.random.Generator, int, int], NDArray[np.float64]]] = {
    "zeros": lambda rng, inputs, outputs: np.zeros((inputs, outputs)),
    # Glorot and Bengio 2010, equations 12 and 16: keeps the size of signals in both directions
    "glorot_normal": lambda rng, inputs, outputs: _normal(rng, inputs, outputs, 2.0 / (inputs + outputs)),
    "glorot_uniform": lambda rng, inputs, outputs: _uniform(rng, inputs, outputs, math.sqrt(6.0 / (inputs + outputs))),
    # He et al. 2015, equation 10: the same for ReLU, which lets half of the signal through
    "he_normal": lambda rng, inputs, outputs: _normal(rng, inputs, outputs, 2.0 / inputs),
    "he_uniform": lambda rng, inputs, outputs: _uniform(rng, inputs, outputs, math.sqrt(6.0 / inputs)),
    # what torch.nn.Linear does by default, for the biases too
    "pytorch": lambda rng, inputs, outputs: _uniform(rng, inputs, outputs, 1.0 / math.sqrt(inputs)),
}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The `[network]` table: `hidden` units per hidden layer (none: a linear model), their activation, first weights.

    `dropout` is the share of hidden units that are hidden in each training step. `initial_parameters` are the first
    weights and biases as written, in the order of `Network.parameters`; without them `initializer` draws them.
    """

    hidden: tuple[Annotated[int, Range(1, 4096)], ...] = (16,)
    activation: Literal["relu", "leaky_relu", "tanh", "sigmoid", "gelu", "softplus", "identity"] = "relu"
    dropout: Annotated[float, Range(0.0, 0.95)] = 0.0
    initializer: Literal["zeros", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "pytorch"] = "he_normal"
    initial_parameters: tuple[Annotated[float, Range(-1e6, 1e6)], ...] | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if len(self.hidden) > 16:
            raise ValueError(f"hidden has {len(self.hidden)} layers, at most 16 are allowed")


class Linear:
    """z = W^T x + b. `block` is (inputs + 1, outputs): the weights W, and the bias as its last row; so is its gradient.

    With a leading axis of runs everything holds for each run by itself, and `product` is `np.matmul`; without one it is
    `np.ndarray.dot`, which comes to the same numbers in a third of the time for small matrices.
    """

    def __init__(self, block: Array, gradient: Array) -> None:
        self.block, self.gradient = block, gradient
        self.weights, self.bias = block[..., :-1, :], block[..., -1, :]
        self.weights_gradient, self.bias_gradient = gradient[..., :-1, :], gradient[..., -1, :]
        self._transposed = block.mT
        self._product: Callable[..., Any] = np.ndarray.dot if block.ndim == 2 else np.matmul

    def forward(self, x: Array, out: Array) -> None:
        """out (outputs, samples) = W^T x + b, for x (inputs + 1, samples) with its row of ones."""
        self._product(self._transposed, x, out)

    def backward(self, x: Array, delta: Array, out: Array | None) -> None:
        """From delta = dL/dz: dL/dW = x delta^T, dL/db = sum over samples of delta, and dL/dx = W delta into `out`."""
        self._product(x, delta.mT, self.gradient)
        if out is not None:
            self._product(self.weights, delta, out)


class Dropout:
    """While training, sets each unit to 0 with probability `rate` and scales the others by 1 / (1 - rate).

    (Srivastava et al. 2014, in the "inverted" form that every framework uses: nothing needs scaling afterwards.)
    """

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        self.rate = rate
        self.rng = rng

    def forward(self, a: Array, mask: Array, out: Array) -> None:
        """out = a * mask, with a mask drawn anew into `mask`; all (units, samples)."""
        self.draw(mask)
        np.greater_equal(mask, self.rate, out=mask)
        mask *= 1.0 / (1.0 - self.rate)
        np.multiply(a, mask, out)

    def draw(self, mask: Array) -> None:
        """Numbers drawn evenly from 0 to 1 into `mask`."""
        self.rng.random(dtype=mask.dtype.type, out=mask)


class Workspace:
    """The arrays of one pass over `samples` samples, made once and used again for each batch.

    Per layer z (before the activation), a (after it) and delta (dL/dz), all (units, samples); `inputs` is what the next
    layer sees, with its row of ones, and `through` the same without it: a itself, or with dropout what that let through.
    """

    def __init__(
        self, sizes: tuple[int, ...], architecture: Architecture, samples: int, dtype: str, stack: tuple[int, ...] = ()
    ) -> None:
        self._made_of = (sizes, architecture, dtype, stack)
        self.samples = samples
        hidden = sizes[1:-1]

        def arrays(units: tuple[int, ...]) -> list[Array]:
            return [np.zeros((*stack, count, samples), dtype) for count in units]

        def with_ones() -> list[Array]:
            made = arrays(tuple(count + 1 for count in hidden))
            for array in made:
                array[..., -1, :] = 1.0
            return made

        self.z, self.delta = arrays(sizes[1:]), arrays(sizes[1:])
        dropped = architecture.dropout > 0.0
        before_dropout = with_ones()
        self.a: list[Array] = [array[..., :-1, :] for array in before_dropout]
        self.mask = arrays(hidden if dropped else ())
        self.inputs = with_ones() if dropped else before_dropout
        self.through: list[Array] = [array[..., :-1, :] for array in self.inputs]
        needed = ACTIVATIONS[architecture.activation].needs_scratch
        self.scratch: list[list[Array]] = [
            [array] if needed else [] for array in arrays(hidden if needed else (0,) * len(hidden))
        ]
        self.way: Way | None = None  # see Network
        self._part: Workspace | None = None

    def part(self, samples: int) -> Workspace:
        """A workspace for so many samples: this one, or one for the last, partial batch."""
        if samples == self.samples:
            return self
        if self._part is None or self._part.samples != samples:
            sizes, architecture, dtype, stack = self._made_of
            self._part = Workspace(sizes, architecture, samples, dtype, stack)
        return self._part


class Network:
    """Linear layers with an activation after each but the last, over one flat `parameters` and `gradients` vector.

    `sizes` is (inputs, hidden ..., outputs). Both vectors have sum((inputs + 1) * outputs) elements of `dtype`, layer by
    layer, each layer's weights (row by row) before its bias. A stack of runs has them as the rows of one matrix.
    """

    def __init__(self, sizes: tuple[int, ...], architecture: Architecture, parameters: Array, gradients: Array) -> None:
        self.sizes = sizes
        self.activation = ACTIVATIONS[architecture.activation]
        self.parameters, self.gradients = parameters, gradients
        self.layers: list[Linear] = []
        start = 0
        for inputs, outputs in pairwise(sizes):
            end = start + (inputs + 1) * outputs
            shape = (*parameters.shape[:-1], inputs + 1, outputs)
            self.layers.append(Linear(*(vector[..., start:end].reshape(shape) for vector in (parameters, gradients))))
            start = end

    def forward(self, x: Array, work: Workspace, dropout: Dropout | None = None) -> Array:
        """The outputs (outputs, samples) for x (inputs + 1, samples), ones last; they lie in `work` until its next use.

        A `work` that was made for dropout needs `dropout`; without it, `work` must be made for a rate of 0.
        """
        bend = self.activation.forward
        for layer, z, a, scratch, mask, through, inputs in self._way(work).forward:
            layer(x, z)
            bend(z, a, scratch)
            if dropout is not None:
                dropout.forward(a, mask, through)
            x = inputs
        outputs = work.z[-1]
        self.layers[-1].forward(x, outputs)
        return outputs

    def backward(self, x: Array, work: Workspace) -> None:
        """Fill `gradients`, from dL/doutputs in `work.delta[-1]` and what `forward` left in `work` for the same x.

        The chain rule, last layer first: dL/dz_l = (W_(l+1) dL/dz_(l+1)) * f'(z_l) (Rumelhart et al. 1986). Activations
        may use z, which is not needed any more, for what lies between.
        """
        bend = self.activation.backward
        for layer, inputs, above, delta, mask, a, z, scratch in self._way(work).backward:
            layer(inputs, above, delta)
            if mask is not None:
                delta *= mask
            bend(delta, a, z, scratch)
        self.layers[0].backward(x, work.delta[0], None)

    def _way(self, work: Workspace) -> Way:
        """The way through the layers with the arrays of `work`, looked up once."""
        if work.way is None or work.way.network is not self:
            work.way = Way(self, work)
        return work.way


class Way:
    """Which arrays each hidden layer's functions are given, forward and backward, in the order in which they are called.

    Only there because looking ten of them up in lists takes a small network as long as multiplying them.
    """

    def __init__(self, network: Network, work: Workspace) -> None:
        self.network = network
        hidden = len(network.layers) - 1
        masks: list[Any] = list(work.mask) or [None] * hidden
        self.forward = [
            (network.layers[i].forward, work.z[i], work.a[i], work.scratch[i], masks[i], work.through[i], work.inputs[i])
            for i in range(hidden)
        ]
        self.backward = [
            (
                network.layers[i + 1].backward, work.inputs[i], work.delta[i + 1], work.delta[i],
                masks[i], work.a[i], work.z[i], work.scratch[i],
            )
            for i in reversed(range(hidden))
        ]  # fmt: skip


def initial_parameters(
    sizes: tuple[int, ...], architecture: Architecture, rng: np.random.Generator, dtype: str
) -> NDArray[Any]:
    """The flat vector of first weights and biases, as `Network` lays it out."""
    if architecture.initial_parameters is not None:
        return np.array(architecture.initial_parameters, dtype)
    draw = INITIALIZERS[architecture.initializer]
    parts: list[NDArray[np.float64]] = []
    for inputs, outputs in pairwise(sizes):
        parts.append(draw(rng, inputs, outputs).ravel())
        limit = 1.0 / math.sqrt(inputs)
        parts.append(_uniform(rng, 1, outputs, limit)[0] if architecture.initializer == "pytorch" else np.zeros(outputs))
    return np.concatenate(parts).astype(dtype)


def count_parameters(sizes: tuple[int, ...]) -> int:
    """Weights and biases of a network of these sizes."""
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))


def with_ones(x: NDArray[Any], dtype: str) -> Array:
    """x (..., samples, inputs) as `dtype`, with a column of ones at the end: what bias weights multiply."""
    out = np.ones((*x.shape[:-1], x.shape[-1] + 1), dtype)
    out[..., :-1] = x
    return out
