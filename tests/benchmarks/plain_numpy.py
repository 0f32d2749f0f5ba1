"""A plain NumPy training loop, as a tutorial writes it: obvious, one array per weight, a new array for every result.

It works out the loss of every batch and no other metric. A sample is a row here.
"""

from __future__ import annotations

import numpy as np
from nets import LEARNING_RATE, Net
from timing import Peer


class PlainNetwork:
    """ReLU between the layers, cross-entropy (or with one output the binary one) on logits, Adam."""

    def __init__(self, net: Net, dtype: str) -> None:
        self.x, labels = net.rows(dtype)
        targets = labels[:, None] if net.sizes[-1] == 1 else np.eye(net.sizes[-1])[labels]
        self.targets = targets.astype(dtype)
        self.batch = net.batch
        rng = np.random.default_rng(0)
        self.parameters = []
        for inputs, outputs in net.pairs:
            self.parameters.append(rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(dtype))
            self.parameters.append(np.zeros(outputs, dtype))
        self.means = [np.zeros_like(p) for p in self.parameters]
        self.squares = [np.zeros_like(p) for p in self.parameters]
        self.steps = 0
        self.rng = rng

    def loss_and_gradients(self, x: np.ndarray, targets: np.ndarray) -> tuple[float, list[np.ndarray]]:
        weights, biases = self.parameters[::2], self.parameters[1::2]
        activations = [x]
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            activations.append(np.maximum(activations[-1] @ w + b, 0))
        z = activations[-1] @ weights[-1] + biases[-1]
        if z.shape[1] == 1:
            loss = np.mean(np.logaddexp(0, z) - z * targets)
            probabilities = 1 / (1 + np.exp(-z))
        else:
            shifted = z - z.max(axis=1, keepdims=True)
            exponentials = np.exp(shifted)
            sums = exponentials.sum(axis=1, keepdims=True)
            loss = np.mean(np.log(sums) - (shifted * targets).sum(axis=1, keepdims=True))
            probabilities = exponentials / sums
        delta = (probabilities - targets) / len(x)
        gradients = []
        for layer in range(len(weights) - 1, -1, -1):
            gradients += [delta.sum(axis=0), activations[layer].T @ delta]
            if layer > 0:
                delta = (delta @ weights[layer].T) * (activations[layer] > 0)
        return float(loss), gradients[::-1]

    def step(self, x: np.ndarray, targets: np.ndarray) -> float:
        loss, gradients = self.loss_and_gradients(x, targets)
        self.steps += 1
        for p, g, m, v in zip(self.parameters, gradients, self.means, self.squares, strict=True):
            m[...] = 0.9 * m + 0.1 * g
            v[...] = 0.999 * v + 0.001 * g**2
            p -= LEARNING_RATE * (m / (1 - 0.9**self.steps)) / (np.sqrt(v / (1 - 0.999**self.steps)) + 1e-8)
        return loss

    def epochs(self, count: int) -> None:
        for _ in range(count):
            order = self.rng.permutation(len(self.x))
            for start in range(0, len(self.x), self.batch):
                rows = order[start : start + self.batch]
                self.step(self.x[rows], self.targets[rows])


def plain_numpy(net: Net, dtype: str) -> Peer:
    return Peer("plain NumPy", PlainNetwork(net, dtype).epochs, net.batches)
