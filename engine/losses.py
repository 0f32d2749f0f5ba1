"""How wrong the network is, as one number, and in which direction each output should move.

Every loss is a mean over the samples of a batch, so its size does not depend on the batch size. Cross-entropy takes logits:
softmax (or the sigmoid) is fused with it, which is quicker and cannot overflow. Arrays are (outputs, samples); with a
leading axis of runs, each figure is an array with one number a run. What lies between is in a `Scratch`, made once.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.numbers import Numbers

Array = NDArray[np.floating[Any]]
#: A float, or with a leading axis of runs an array of one number a run.
Figure = Any


class Scratch:
    """What a loss needs beside its arguments, for outputs (..., outputs, samples)."""

    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        *stack, _, samples = shape
        self.samples = samples
        self.numbers = Numbers(dtype)
        self.terms, self.product, self.gradient = (np.empty(shape, dtype) for _ in range(3))
        self.ones = np.ones(shape, dtype)
        self.targets = np.empty(shape if shape[-2] > 1 else (0,), dtype)  # see NetworkObjective
        self.row, self.row_ones = np.empty((*stack, 1, samples), dtype), np.ones((*stack, 1, samples), dtype)
        self.column = np.ones((*stack, 1, shape[-2]), dtype)
        self.right, self.wanted = np.empty(shape, bool), np.empty(shape, bool)
        self.best, self.best_wanted = np.empty((*stack, samples), np.intp), np.empty((*stack, samples), np.intp)
        self._part: Scratch | None = None

    def part(self, samples: int) -> Scratch:
        """A scratch for so many samples: this one, or one for the last, partial batch."""
        if samples == self.samples:
            return self
        if self._part is None or self._part.samples != samples:
            self._part = Scratch((*self.terms.shape[:-1], samples), self.terms.dtype.name)
        return self._part


def inner(a: Array, b: Array) -> Figure:
    """The sum of a * b over the last two axes; both C-contiguous."""
    if a.ndim == 2:
        return float(a.ravel().dot(b.ravel()))
    return np.vecdot(a.reshape(len(a), -1), b.reshape(len(b), -1)).astype(
        np.float64, copy=False
    )  # like float(): what follows is exact


def sums(a: Array, scratch: Scratch) -> None:
    """The sum over the outputs of each sample, into `scratch.row`: a product with ones is the quickest sum there is."""
    if a.ndim == 2:
        scratch.column.dot(a, scratch.row)
    else:
        np.matmul(scratch.column, a, scratch.row)


def count(right: NDArray[np.bool_]) -> Figure:
    """How many are true over the last two axes."""
    return int(np.count_nonzero(right)) if right.ndim == 2 else np.count_nonzero(right, axis=(-2, -1))


class Loss:
    """A loss over outputs (outputs, samples) and targets as `prepare` returned them, both floats of one shape."""

    task: ClassVar[Literal["classes", "regression"]]

    def outputs(self, classes: int) -> int:
        """How many outputs the network needs for so many classes (0: regression)."""
        return 1

    def prepare(self, targets: NDArray[Any], classes: int, dtype: str) -> Array:
        """The targets of a `Table`, (samples,) class numbers or (samples, 1) numbers, as (samples, outputs) of `dtype`."""
        return np.ascontiguousarray(targets.reshape(len(targets), 1), dtype)

    def value_and_gradient(self, outputs: Array, targets: Array, out: Array, scratch: Scratch) -> Figure:
        """The mean loss; its derivative by the outputs goes into `out` (outputs, samples)."""
        raise NotImplementedError

    def value(self, outputs: Array, targets: Array, scratch: Scratch) -> Figure:
        """The mean loss."""
        return self.value_and_gradient(outputs, targets, scratch.gradient, scratch)

    def probabilities(self, outputs: Array) -> Array:
        """What outputs (samples, outputs) say of each class: (samples, classes), rows of sum 1; only for classes."""
        raise NotImplementedError

    def correct(self, outputs: Array, targets: Array, scratch: Scratch) -> Figure:
        """How many samples are classified right; only for classes, and where no output is NaN."""
        raise NotImplementedError

    def correct_numbers(self, outputs: Array, targets: Array, scratch: Scratch) -> Figure:
        """The same where some outputs are NaN: a sample with such an output is never right. Slow, and seldom needed."""
        numbers = ~np.isnan(outputs).any(axis=-2, keepdims=True)
        self.correct(outputs, targets, scratch)
        return count(scratch.right[..., :1, :] & numbers)


class MeanSquaredError(Loss):
    """L = mean((y - t)^2) over samples and outputs; dL/dy = 2 (y - t) / count."""

    task = "regression"

    def value_and_gradient(self, outputs: Array, targets: Array, out: Array, scratch: Scratch) -> Figure:
        number = outputs.shape[-2] * outputs.shape[-1]
        np.subtract(outputs, targets, out)
        value = inner(out, out) / number
        out *= 2.0 / number
        return value


class MeanAbsoluteError(Loss):
    """L = mean(|y - t|) over samples and outputs; dL/dy = sign(y - t) / count, 0 at y = t."""

    task = "regression"

    def value_and_gradient(self, outputs: Array, targets: Array, out: Array, scratch: Scratch) -> Figure:
        number = outputs.shape[-2] * outputs.shape[-1]
        np.subtract(outputs, targets, scratch.terms)
        np.sign(scratch.terms, out)
        value = inner(scratch.terms, out) / number
        out *= 1.0 / number
        return value


class Huber(Loss):
    """Squared near the target, absolute beyond 1 (Huber 1964, with delta = 1): for e = y - t and c = clip(e, -1, 1),

    L = mean(c (e - c / 2)), which is e^2 / 2 inside and |e| - 1/2 outside; dL/dy = c / count.
    """

    task = "regression"

    def value_and_gradient(self, outputs: Array, targets: Array, out: Array, scratch: Scratch) -> Figure:
        number = outputs.shape[-2] * outputs.shape[-1]
        error = scratch.terms
        np.subtract(outputs, targets, error)
        np.maximum(error, scratch.numbers[-1.0], out=out)
        np.minimum(out, scratch.numbers[1.0], out=out)
        value = inner(error, out)
        value -= inner(out, out) / 2.0
        out *= 1.0 / number
        return value / number


class BinaryCrossEntropy(Loss):
    """Two classes, one logit z, target t in {0, 1}: L = mean(log(1 + exp(u))) with u = (1 - 2 t) z, the wrong side of z.

    That is -t log s(z) - (1 - t) log(1 - s(z)) with the sigmoid s(z) = exp(z - log(1 + exp(z))), free of overflow, and
    exact where it is nearly 0: no two large numbers are taken from each other. dL/dz = (1 - 2 t) s(u) / samples, which
    is (s(z) - t) / samples.
    """

    task = "classes"

    def value_and_gradient(self, outputs: Array, targets: Array, out: Array, scratch: Scratch) -> Figure:
        samples, sign, softplus = outputs.shape[-1], scratch.product, scratch.terms
        np.multiply(targets, scratch.numbers[-2.0], sign)
        sign += scratch.numbers[1.0]
        np.multiply(outputs, sign, out)
        np.logaddexp(scratch.numbers[0.0], out, softplus)
        value = inner(softplus, scratch.ones)
        out -= softplus
        np.exp(out, out)
        out *= sign
        out *= scratch.numbers[1.0 / samples]
        return value / samples

    def probabilities(self, outputs: Array) -> Array:
        second = 0.5 * (1.0 + np.tanh(0.5 * outputs))
        return np.hstack([1.0 - second, second])

    def correct(self, outputs: Array, targets: Array, scratch: Scratch) -> Figure:
        np.greater(outputs, scratch.numbers[0.0], scratch.right)
        np.greater(targets, scratch.numbers[0.5], scratch.wanted)
        np.equal(scratch.right, scratch.wanted, scratch.right)
        return count(scratch.right)


class CrossEntropy(Loss):
    """K classes, K logits z, one-hot target t: L = mean(log(sum_k exp(z_k)) - z t); dL/dz = (softmax(z) - t) / samples.

    The largest logit of each row is taken off first, which changes nothing but keeps every exponential at most 1.
    """

    task = "classes"

    def outputs(self, classes: int) -> int:
        return classes

    def prepare(self, targets: NDArray[Any], classes: int, dtype: str) -> Array:
        one_hot: Array = np.eye(classes, dtype=dtype)[targets]
        return one_hot

    def value_and_gradient(self, outputs: Array, targets: Array, out: Array, scratch: Scratch) -> Figure:
        samples = outputs.shape[-1]
        at_target = self.softmax(outputs, targets, out, scratch)
        np.log(scratch.row, scratch.row)
        value = inner(scratch.row, scratch.row_ones)
        value -= at_target
        out -= targets
        out *= scratch.numbers[1.0 / samples]
        return value / samples

    def softmax(self, outputs: Array, targets: Array, out: Array, scratch: Scratch) -> Figure:
        """out = softmax(outputs), the sums of exponentials into `scratch.row`; returns the sum of z t over all samples."""
        np.maximum.reduce(outputs, axis=-2, keepdims=True, out=scratch.row)
        np.subtract(outputs, scratch.row, out)
        at_target = inner(out, targets)
        np.exp(out, out)
        sums(out, scratch)
        out /= scratch.row
        return at_target

    def probabilities(self, outputs: Array) -> Array:
        powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        shares: Array = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def correct(self, outputs: Array, targets: Array, scratch: Scratch) -> Figure:
        outputs.argmax(axis=-2, out=scratch.best)
        targets.argmax(axis=-2, out=scratch.best_wanted)
        right = scratch.right[..., :1, :]
        np.equal(scratch.best[..., None, :], scratch.best_wanted[..., None, :], right)
        return count(right)


class DoubleSoftmax(CrossEntropy):
    """The mistake of softmax in the network AND in the loss: cross-entropy of p = softmax(z) taken for logits.

    With K classes it can never fall below log(1 + (K - 1) / e): 1.4612 for ten. With g the gradient of cross-entropy
    at p, dL/dz = p (g - sum_k g_k p_k), which is small wherever the network is sure, right or wrong.
    """

    def value_and_gradient(self, outputs: Array, targets: Array, out: Array, scratch: Scratch) -> Figure:
        p = scratch.terms
        self.softmax(outputs, targets, p, scratch)
        value = super().value_and_gradient(p, targets, out, scratch)
        np.multiply(out, p, scratch.product)
        sums(scratch.product, scratch)
        out -= scratch.row
        out *= p
        return value


#: Every loss by its name: the list of allowed values.
LOSSES: dict[str, Loss] = {
    "mean_squared_error": MeanSquaredError(),
    "mean_absolute_error": MeanAbsoluteError(),
    "huber": Huber(),
    "binary_cross_entropy": BinaryCrossEntropy(),
    "cross_entropy": CrossEntropy(),
    "double_softmax": DoubleSoftmax(),
}


def fitting_losses(classes: int) -> list[str]:
    """The names of the losses that suit so many classes (0: regression), the usual one first."""
    if classes == 0:
        return [name for name, loss in LOSSES.items() if loss.task == "regression"]
    several = ["cross_entropy", "double_softmax"]
    return ["binary_cross_entropy", *several] if classes == 2 else several
