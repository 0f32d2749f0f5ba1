"""The floor: the matrix products of a step and nothing else.

Every forward and backward product of one batch, on arrays made beforehand, without biases, activations, loss, optimizer or
data: no NumPy code that trains with these products can be quicker. It is measured with `np.matmul(..., out=)`, and with
`ndarray.dot`, which gives the same numbers and needs less time to get started.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from nets import Net
from timing import Peer

Product = Callable[[np.ndarray, np.ndarray, np.ndarray], object]


def products(net: Net, dtype: str) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(left, right, out) of each product of a step; a sample is a row. The first layer passes no gradient on."""
    rng = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(dtype)

    found = []
    activations = [array(net.batch, units) for units in net.sizes]
    weights = [array(*pair) for pair in net.pairs]
    deltas = [array(net.batch, units) for units in net.sizes]
    last = len(weights) - 1
    for layer, weight in enumerate(weights):
        found.append((activations[layer], weight, np.empty_like(activations[layer + 1])))
    for layer in range(last, -1, -1):
        found.append((activations[layer].T, deltas[layer + 1], np.empty_like(weights[layer])))
        if layer > 0:
            found.append((deltas[layer + 1], weights[layer].T, np.empty_like(deltas[layer])))
    return found


def floor(name: str, product: Product, net: Net, dtype: str) -> Peer:
    """A step is all products once."""
    work = products(net, dtype)

    def epochs(count: int) -> None:
        for _ in range(count * net.batches):
            for left, right, out in work:
                product(left, right, out)

    return Peer(name, epochs, net.batches)


def matmul_floor(net: Net, dtype: str) -> Peer:
    return floor("matmul floor", np.matmul, net, dtype)


def dot_floor(net: Net, dtype: str) -> Peer:
    return floor("dot floor", np.ndarray.dot, net, dtype)
