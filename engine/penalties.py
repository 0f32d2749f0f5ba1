"""A price on large weights, so that a network does not learn every quirk of its training set by heart.

It is added to what is made small, but kept apart from the data loss in every figure, which so stays comparable between
runs with and without it. Biases are free (Goodfellow, Bengio and Courville 2016, section 7.1).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from engine.layers import Array
from engine.losses import Figure


class Penalty:
    """l1 * sum |w| + l2 / 2 * sum w^2 over all weights w; the gradient is l1 * sign(w) + l2 * w, with sign(0) = 0."""

    def __init__(self, l1: float, l2: float, sizes: tuple[int, ...], parameters: Array) -> None:
        self.l1, self.l2 = l1, l2
        self._weights = np.empty_like(parameters)
        self._signs = np.empty_like(parameters) if l1 > 0.0 else None
        self._is_weight = np.concatenate([
            np.repeat(np.array([1.0, 0.0], parameters.dtype), (inputs * outputs, outputs))
            for inputs, outputs in pairwise(sizes)
        ])  # fmt: skip

    def value_and_gradient(self, parameters: Array, gradients: Array) -> Figure:
        """The penalty (one a run for stacked parameters); its gradient is added to `gradients`."""
        weights, value = self._weights, 0.0
        np.multiply(parameters, self._is_weight, out=weights)
        if self.l2 > 0.0:
            value = value + 0.5 * self.l2 * _inner(weights, weights)
        signs = self._signs
        if signs is not None:
            np.sign(weights, out=signs)
            value = value + self.l1 * _inner(weights, signs)
        if self.l2 > 0.0:
            weights *= self.l2
            gradients += weights
        if signs is not None:
            signs *= self.l1
            gradients += signs
        return value


def _inner(a: Array, b: Array) -> Any:
    return float(a.dot(b)) if a.ndim == 1 else np.vecdot(a, b).astype(np.float64)
