"""PyTorch as a peer: `nn.Sequential`, `Adam(fused=True)`, one thread, batches picked by a new random order every epoch.

It is measured twice: training only, where each step asks for the loss and nothing else, and with the metrics that our
trainer gives after every step: loss, accuracy, and the norms of gradient, update and weights.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from nets import LEARNING_RATE, Net
from timing import Peer
from torch import nn
from torch.nn.utils import parameters_to_vector

VERSION = torch.__version__


class Training:
    """A model with its data and its optimizer."""

    def __init__(self, net: Net, dtype: str) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        kind = getattr(torch, dtype)
        inputs, labels = net.rows(dtype)
        self.batch, self.binary = net.batch, net.sizes[-1] == 1
        self.x = torch.from_numpy(inputs)
        self.targets = torch.from_numpy(labels)
        if self.binary:
            self.targets = self.targets.to(kind)[:, None]
        layers: list[nn.Module] = []
        for pair in net.pairs:
            layers += [nn.Linear(*pair), nn.ReLU()]
        self.model = nn.Sequential(*layers[:-1]).to(kind)
        self.parameters = list(self.model.parameters())
        self.loss = nn.BCEWithLogitsLoss() if self.binary else nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.parameters, lr=LEARNING_RATE, fused=True)

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = torch.randperm(len(self.x))
        for start in range(0, len(self.x), self.batch):
            rows = order[start : start + self.batch]
            yield self.x.index_select(0, rows), self.targets.index_select(0, rows)

    def training_only(self, epochs: int) -> None:
        for _ in range(epochs):
            for x, targets in self.batches():
                self.optimizer.zero_grad()
                loss = self.loss(self.model(x), targets)
                loss.backward()
                self.optimizer.step()
                loss.item()

    def with_metrics(self, epochs: int) -> None:
        for _ in range(epochs):
            for x, targets in self.batches():
                self.optimizer.zero_grad()
                outputs = self.model(x)
                loss = self.loss(outputs, targets)
                loss.backward()
                with torch.no_grad():
                    right = (outputs > 0) == (targets > 0.5) if self.binary else outputs.argmax(1) == targets
                    before = parameters_to_vector(self.parameters)
                    gradients = parameters_to_vector([p.grad for p in self.parameters])
                self.optimizer.step()
                with torch.no_grad():
                    update = parameters_to_vector(self.parameters) - before
                    loss.item(), right.sum().item() / len(x)
                    gradients.norm().item(), update.norm().item(), before.norm().item()


def pytorch_peers(net: Net, dtype: str) -> list[Peer]:
    return [
        Peer("PyTorch", Training(net, dtype).training_only, net.batches),
        Peer("PyTorch with metrics", Training(net, dtype).with_metrics, net.batches),
    ]
