"""The same training in plain PyTorch: nn.Linear layers, torch.optim and its schedulers, fed with the batches of a Trainer.

Only the first weights, the batches and the dropout masks come from us. Imported by the fixture `referee` alone.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from engine.trainer import Trainer

ACTIVATIONS = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "gelu": nn.GELU(approximate="tanh"),
    "softplus": nn.Softplus(),
    "identity": nn.Identity(),
}


def _cross_entropy(outputs, one_hot):
    return nn.CrossEntropyLoss()(outputs, one_hot.argmax(dim=1))


LOSSES = {
    "mean_squared_error": nn.MSELoss(),
    "mean_absolute_error": nn.L1Loss(),
    "huber": nn.HuberLoss(delta=1.0),
    "binary_cross_entropy": nn.BCEWithLogitsLoss(),
    "cross_entropy": _cross_entropy,
    "double_softmax": lambda outputs, one_hot: _cross_entropy(functional.softmax(outputs, dim=1), one_hot),
}


def make_optimizer(settings, groups):
    """Of torch.optim, for one of ours and parameter groups that may have an l2 of their own."""
    make = {
        "sgd": torch.optim.SGD,
        "momentum": lambda *given, **named: torch.optim.SGD(*given, momentum=settings.momentum, **named),
        "nesterov": lambda *given, **named: torch.optim.SGD(*given, momentum=settings.momentum, nesterov=True, **named),
        "adagrad": lambda *given, **named: torch.optim.Adagrad(*given, eps=settings.epsilon, **named),
        "rmsprop": lambda *given, **named: torch.optim.RMSprop(*given, alpha=settings.alpha, eps=settings.epsilon, **named),
        "adam": lambda *given, **named: torch.optim.Adam(
            *given,
            betas=(settings.beta1, settings.beta2),
            eps=settings.epsilon,
            weight_decay=settings.weight_decay,
            decoupled_weight_decay=True,
            **named,
        ),
        "adamw": lambda *given, **named: torch.optim.AdamW(
            *given, betas=(settings.beta1, settings.beta2), eps=settings.epsilon, weight_decay=settings.weight_decay, **named
        ),
    }[settings.name]
    return make(groups, lr=settings.learning_rate)


class Schedulers:
    """PyTorch's scheduler for one of our schedules, behind LinearLR where there is a warm-up.

    SequentialLR puts the two in a row where both count iterations. It has one clock, so those that count epochs,
    ExponentialLR from the end of the warm-up and ReduceLROnPlateau always, get one of their own.
    """

    def __init__(self, schedule, optimizer, iterations: int, per_epoch: int) -> None:
        self.schedule, self.per_epoch, self.done = schedule, per_epoch, 0
        self.name, self.warmup = schedule.name, schedule.warmup_iterations
        rate = optimizer.param_groups[0]["lr"]
        left = iterations - self.warmup
        make = {
            "constant": partial(ConstantLR, factor=1.0),
            "step": lambda optimizer: StepLR(optimizer, schedule.every_epochs * per_epoch, schedule.gamma),
            "exponential": lambda optimizer: ExponentialLR(optimizer, schedule.gamma),
            "cosine": lambda optimizer: CosineAnnealingLR(optimizer, left, schedule.final * rate),
            "one_cycle": lambda optimizer: OneCycleLR(
                optimizer,
                rate,
                total_steps=left,
                pct_start=schedule.peak_at,
                div_factor=schedule.start_divisor,
                final_div_factor=schedule.end_divisor,
                cycle_momentum=False,
            ),
            "reduce_on_plateau": lambda optimizer: ReduceLROnPlateau(
                optimizer,
                factor=schedule.gamma,
                patience=schedule.patience_epochs,
                threshold=schedule.min_delta,
                cooldown=schedule.cooldown_epochs,
                min_lr=rate * schedule.smallest,
                eps=0.0,
            ),
        }[self.name]
        self.main = make(optimizer)
        self.linear = None
        if self.warmup:
            self.linear = LinearLR(optimizer, schedule.warmup_start, 1.0, self.warmup)
            if self.name not in ("exponential", "reduce_on_plateau"):
                self.main, self.linear = SequentialLR(optimizer, [self.linear, self.main], [self.warmup]), None

    def step(self, train_loss) -> None:
        """After an update; `train_loss()` is the loss of the whole training set."""
        self.done += 1
        after = self.done - self.warmup
        if self.linear is not None and after <= 0:
            self.linear.step()
        if self.name == "reduce_on_plateau":
            if self.done % self.per_epoch == 0:
                self.main.step(train_loss())
        elif self.name != "exponential" or (after > 0 and after % self.per_epoch == 0):
            self.main.step()


@dataclass
class Batch:
    """What one update saw: inputs (rows, features), targets (rows, outputs), a mask (rows, units) a hidden layer."""

    inputs: np.ndarray
    targets: np.ndarray
    masks: list[np.ndarray]


def watched(run) -> tuple[Trainer, list[Batch]]:
    """A trainer, and the list into which it will put each batch that it takes."""
    trainer, seen = Trainer(run), []
    objective = trainer.objective
    take = objective.batches.take

    def spy(batch_size):
        inputs, targets = take(batch_size)
        seen.append(Batch(inputs[:, :-1].copy(), targets.copy(), []))
        return inputs, targets

    objective.batches.take = spy
    if objective.dropout is not None:
        drop = objective.dropout.forward

        def spy_on_masks(a, mask, out):
            drop(a, mask, out)
            seen[-1].masks.append(mask.T.copy())

        objective.dropout.forward = spy_on_masks
    return trainer, seen


class Referee:
    """A network of nn.Linear with the parameters that `trainer` has now, and the loss of its run."""

    def __init__(self, trainer: Trainer) -> None:
        run = self.run = trainer.run
        self.dtype = getattr(torch, run.training.dtype)
        self.activation, self.loss = ACTIVATIONS[run.network.activation], LOSSES[run.loss]
        self.layers, start = [], 0
        for inputs, outputs in pairwise(run.sizes):
            end = start + (inputs + 1) * outputs
            block = self.tensor(trainer.parameters[start:end].reshape(inputs + 1, outputs))
            layer = nn.Linear(inputs, outputs, dtype=self.dtype)
            with torch.no_grad():
                layer.weight.copy_(block[:-1].T)
                layer.bias.copy_(block[-1])
            self.layers.append(layer)
            start = end
        assert start == len(trainer.parameters)
        inputs, targets = trainer.objective.train
        self.train_inputs, self.train_targets = self.tensor(inputs[:, :-1]), self.tensor(targets)
        self.weights = [layer.weight for layer in self.layers]
        self.biases = [layer.bias for layer in self.layers]

    def tensor(self, array) -> torch.Tensor:
        return torch.from_numpy(np.array(array)).to(self.dtype)

    def outputs(self, x, masks=()) -> torch.Tensor:
        *hidden, last = self.layers
        for index, layer in enumerate(hidden):
            x = self.activation(layer(x))
            if masks:
                x = x * self.tensor(masks[index])
        return last(x)

    def batch_loss(self, batch: Batch) -> torch.Tensor:
        return self.loss(self.outputs(self.tensor(batch.inputs), batch.masks), self.tensor(batch.targets))

    def train_loss(self) -> float:
        with torch.no_grad():
            return self.loss(self.outputs(self.train_inputs), self.train_targets).item()

    def flat(self, parts="parameters") -> np.ndarray:
        """All parameters, or all gradients, in our order."""
        blocks = []
        for layer in self.layers:
            weight, bias = (layer.weight, layer.bias) if parts == "parameters" else (layer.weight.grad, layer.bias.grad)
            blocks += [weight.detach().T.reshape(-1), bias.detach()]
        return torch.cat(blocks).numpy()

    def penalized(self, loss: torch.Tensor) -> torch.Tensor:
        """With the price of L1, and of L2 for all but plain SGD, whose weight_decay is the same there."""
        l1, l2 = self.run.training.l1, self.run.training.l2
        if l1 > 0.0:
            loss = loss + l1 * sum(weight.abs().sum() for weight in self.weights)
        if l2 > 0.0 and not self.decays:
            loss = loss + l2 / 2 * sum((weight**2).sum() for weight in self.weights)
        return loss

    @property
    def decays(self) -> bool:
        """Whether the optimizer itself has the L2 price, as the weight_decay of a parameter group; clipping comes first."""
        training = self.run.training
        return training.optimizer.name in ("sgd", "momentum", "nesterov") and training.l2 > 0.0 and training.clip_norm == 0.0

    def backward(self, batch: Batch) -> float:
        """Gradients into the layers; the loss without penalties."""
        for parameter in self.weights + self.biases:
            parameter.grad = None
        loss = self.batch_loss(batch)
        self.penalized(loss).backward()
        return loss.item()

    def train(self, batches: list[Batch]) -> tuple[list[float], list[float]]:
        """One update a batch: the loss of each batch, and the learning rates."""
        training = self.run.training
        l2 = {"weight_decay": training.l2} if self.decays else {}
        optimizer = make_optimizer(training.optimizer, [{"params": self.weights, **l2}, {"params": self.biases}])
        losses, rates = [], []
        with warnings.catch_warnings():
            # that no optimizer has stepped before the scheduler, and that SequentialLR calls what PyTorch deprecates
            warnings.simplefilter("ignore", UserWarning)
            schedulers = Schedulers(training.schedule, optimizer, len(batches), self.run.iterations_per_epoch())
            for batch in batches:
                losses.append(self.backward(batch))
                if training.clip_norm > 0.0:
                    nn.utils.clip_grad_norm_(self.weights + self.biases, training.clip_norm)
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                schedulers.step(self.train_loss)
        return losses, rates


def trained(run) -> tuple[Trainer, Referee, np.ndarray, np.ndarray]:
    """Both sides, each with a whole run behind it, and all their numbers: batch losses, last training loss, parameters."""
    trainer, seen = watched(run)
    referee = Referee(trainer)
    list(trainer)
    losses, rates = referee.train(seen)
    history = trainer.history
    np.testing.assert_allclose(history.column("learning_rate"), rates, rtol=1e-9, atol=0)
    ours = [history.column("batch_loss"), [history.epochs[-1].train.loss], trainer.parameters]
    theirs = [losses, [referee.train_loss()], referee.flat()]
    return trainer, referee, np.concatenate(ours), np.concatenate(theirs)
