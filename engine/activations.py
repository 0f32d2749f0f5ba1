"""What bends the result of a layer: without it, many layers in a row could do no more than one.

An activation is an elementwise function. Each writes into arrays that exist already, and finds its derivative from what
the forward pass left behind: from its own result `a` where that is enough, else from `z`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


class Activation:
    """An elementwise function f and its derivative f'; arrays are (units, samples)."""

    needs_scratch: ClassVar[bool] = False

    def forward(self, z: Array, out: Array, scratch: Sequence[Array]) -> None:
        """out = f(z). Where `needs_scratch`, scratch[0] is an array of zeros at first."""
        raise NotImplementedError

    def backward(self, delta: Array, a: Array, z: Array, scratch: Sequence[Array]) -> None:
        """delta *= f'(z), with a = f(z). z may be overwritten, and so may scratch[0] where `needs_scratch`."""
        raise NotImplementedError


class Identity(Activation):
    """f(z) = z."""

    def forward(self, z: Array, out: Array, scratch: Sequence[Array]) -> None:
        np.copyto(out, z)

    def backward(self, delta: Array, a: Array, z: Array, scratch: Sequence[Array]) -> None:
        pass


class ReLU(Activation):
    """f(z) = max(0, z); f'(0) = 0, as in PyTorch (Nair and Hinton 2010)."""

    needs_scratch = True  # it stays at zero: two arrays are compared in half of the time that an array and a number take

    def forward(self, z: Array, out: Array, scratch: Sequence[Array]) -> None:
        np.maximum(z, scratch[0], out=out)

    def backward(self, delta: Array, a: Array, z: Array, scratch: Sequence[Array]) -> None:
        np.sign(a, out=z)  # a >= 0, so its sign is the derivative: 0 where the unit is off, else 1
        delta *= z


class LeakyReLU(Activation):
    """f(z) = z for z > 0, else 0.01 z; f'(0) = 0.01, as in PyTorch (Maas et al. 2013)."""

    slope = 0.01

    def forward(self, z: Array, out: Array, scratch: Sequence[Array]) -> None:
        np.multiply(z, self.slope, out=out)
        np.maximum(z, out, out=out)

    def backward(self, delta: Array, a: Array, z: Array, scratch: Sequence[Array]) -> None:
        np.heaviside(a, 0.0, out=z)
        z *= 1.0 - self.slope
        z += self.slope
        delta *= z


class Tanh(Activation):
    """f(z) = tanh(z); f' = 1 - f^2."""

    def forward(self, z: Array, out: Array, scratch: Sequence[Array]) -> None:
        np.tanh(z, out=out)

    def backward(self, delta: Array, a: Array, z: Array, scratch: Sequence[Array]) -> None:
        np.multiply(a, a, out=z)
        z *= delta
        delta -= z


class Sigmoid(Activation):
    """f(z) = 1 / (1 + exp(-z)), computed as (1 + tanh(z/2)) / 2, which cannot overflow; f' = f (1 - f)."""

    def forward(self, z: Array, out: Array, scratch: Sequence[Array]) -> None:
        np.multiply(z, 0.5, out=out)
        np.tanh(out, out=out)
        out += 1.0
        out *= 0.5

    def backward(self, delta: Array, a: Array, z: Array, scratch: Sequence[Array]) -> None:
        np.multiply(a, a, out=z)
        np.subtract(a, z, out=z)
        delta *= z


class Softplus(Activation):
    """f(z) = log(1 + exp(z)), a ReLU without its corner; f' = 1 / (1 + exp(-z)) = 1 - exp(-f) (Dugas et al. 2001)."""

    def forward(self, z: Array, out: Array, scratch: Sequence[Array]) -> None:
        np.logaddexp(0.0, z, out=out)

    def backward(self, delta: Array, a: Array, z: Array, scratch: Sequence[Array]) -> None:
        np.negative(a, out=z)
        np.expm1(z, out=z)  # exp(-f) - 1, exact also where f is nearly 0
        np.negative(z, out=z)
        delta *= z


class GELU(Activation):
    """f(z) = z P, P = (1 + tanh(c z (1 + k z^2))) / 2, c = sqrt(2 / pi), k = 0.044715 (Hendrycks and Gimpel 2016).

    That is their tanh form, torch's GELU(approximate="tanh"): NumPy has no error function for the exact one.
    f' = P + 2 c (1 + 3 k z^2) (1 - P) f.
    """

    needs_scratch = True
    c, k = math.sqrt(2.0 / math.pi), 0.044715

    def _share(self, z: Array, out: Array) -> None:
        """out = P."""
        np.multiply(z, z, out=out)
        out *= self.c * self.k
        out += self.c
        out *= z
        np.tanh(out, out=out)
        out += 1.0
        out *= 0.5

    def forward(self, z: Array, out: Array, scratch: Sequence[Array]) -> None:
        self._share(z, out)
        out *= z

    def backward(self, delta: Array, a: Array, z: Array, scratch: Sequence[Array]) -> None:
        share = scratch[0]
        self._share(z, share)
        np.subtract(1.0, share, out=share)  # 1 - P
        np.multiply(z, z, out=z)
        z *= 6.0 * self.c * self.k
        z += 2.0 * self.c
        z *= share  # before f: where f is large this is 0, and their product with z^2 would overflow
        z *= a
        z -= share
        z += 1.0
        delta *= z


#: Every activation by its name: the list of allowed values.
ACTIVATIONS: dict[str, Activation] = {
    "relu": ReLU(),
    "leaky_relu": LeakyReLU(),
    "tanh": Tanh(),
    "sigmoid": Sigmoid(),
    "gelu": GELU(),
    "softplus": Softplus(),
    "identity": Identity(),
}
