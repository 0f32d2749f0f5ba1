"""What became of a network's weights while it trained: a film of them, in memory that stays small however long it trains.

Frames are taken after iterations 0, 1, 2, ... and, whenever the film is full, every second one is thrown away and only every
second further one is taken. Which frames there are depends on the iterations alone, never on a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.trainer import Trainer

MOST_FRAMES = 64
MOST_BYTES = 32 * 2**20  # of all frames together; there are two at least


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """`weights` are the flat vector of all parameters after `iteration`, float32; `gradient` that of the update that led to
    them (of iteration 0: zeros)."""

    iteration: int
    weights: NDArray[np.float32]
    gradient: NDArray[np.float32]


class Film:
    """At most MOST_FRAMES frames of a trainer, evenly apart; `stride` is how many iterations lie between two."""

    def __init__(self, trainer: Trainer) -> None:
        size = max(1, 8 * trainer.parameters.size)
        self.most = max(2, min(MOST_FRAMES, MOST_BYTES // size))
        self.stride = 1
        self.frames: list[Frame] = []
        self._trainer = trainer
        self.take()

    def take(self) -> None:
        """Take a frame, if one is due: to be called after every iteration, at next to no cost where none is."""
        trainer = self._trainer
        iteration = trainer.iteration
        if iteration % self.stride or (self.frames and self.frames[-1].iteration >= iteration):
            return
        if len(self.frames) >= self.most:
            self.stride *= 2
            self.frames = [frame for frame in self.frames if frame.iteration % self.stride == 0]
            if iteration % self.stride:
                return
        self.frames.append(Frame(iteration, _copy(trainer.parameters), _copy(trainer.gradients)))

    def now(self) -> Frame:
        """The trainer as it is, whether a frame is due or not; it is not kept."""
        trainer = self._trainer
        return Frame(trainer.iteration, _copy(trainer.parameters), _copy(trainer.gradients))

    def state(self) -> dict[str, Any]:
        """All of it, to be written down: arrays (frames,) and (frames, parameters), and the stride."""
        return {
            "stride": self.stride,
            "iterations": np.array([frame.iteration for frame in self.frames]),
            "weights": np.stack([frame.weights for frame in self.frames]),
            "gradients": np.stack([frame.gradient for frame in self.frames]),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state()` was taken from, a film of the same run. Raises ValueError where it does not fit."""
        weights, gradients = (np.asarray(state[name], np.float32) for name in ("weights", "gradients"))
        if not weights.shape == gradients.shape == (len(state["iterations"]), self._trainer.parameters.size):
            raise ValueError(f"frames of the shapes {weights.shape} and {gradients.shape}")
        found = zip(state["iterations"], weights, gradients, strict=True)
        self.frames = [Frame(int(iteration), *arrays) for iteration, *arrays in found]
        self.stride = int(state["stride"])


def _copy(vector: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    with np.errstate(all="ignore"):  # what float32 cannot hold is infinite
        return vector.astype(np.float32)
