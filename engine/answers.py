"""What a network answers to the rows that it learns from or is judged by, the worst answers first.

A figure such as the accuracy says how many are wrong; this says which, and how sure the network was of them. Looking
changes nothing that is learned and uses no random number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.objective import EVALUATION_ROWS, NetworkObjective
from engine.trainer import Trainer

Floats = NDArray[np.float64]
MOST = 4096  # rows of a part that are looked at: its first ones


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The first `len(order)` of the `rows` of a part of a table, in the order of the table.

    truth            (n,) class numbers from 0, or for a regression the right numbers in the table's own units
    guess            (n,) the same of the network; class -1 where its outputs are not numbers
    probabilities    (n, classes) float64, or None for a regression
    wrong            (n,) bool: another class than the right one, or none; False for a regression
    order            (n,) the rows, the wrong ones first. Classes: no answer, then wrong with the surest first, then right
                     with the least sure first; a regression: no answer, then the largest error first
    """

    part: Literal["train", "validation"]
    rows: int
    truth: NDArray[Any]
    guess: NDArray[Any]
    probabilities: Floats | None
    wrong: NDArray[np.bool_]
    order: NDArray[np.intp]

    @property
    def certainty(self) -> Floats:
        """(n,) the probability of the guess; NaN where there is none."""
        if self.probabilities is None:
            return np.full(len(self.truth), np.nan)
        said = self.probabilities[np.arange(len(self.guess)), self.guess]
        return np.where(self.guess >= 0, said, np.nan)

    @property
    def error(self) -> Floats:
        """(n,) how much too large the guess of a regression is; NaN for classes."""
        if self.probabilities is not None:
            return np.full(len(self.truth), np.nan)
        error: Floats = self.guess - self.truth
        return error


def answers(trainer: Trainer, part: Literal["train", "validation"]) -> Answers:
    """The answers of `trainer` as it is to a part of its table. Raises ValueError for another part, or for a surface."""
    if part not in ("train", "validation"):
        raise ValueError(f'part = "{part}": "train" or "validation" is allowed')
    objective = trainer.objective
    if not isinstance(objective, NetworkObjective):
        raise ValueError("a surface has no rows to answer to")
    inputs, table = getattr(objective, part)[0], objective.table
    targets = table.targets if part == "train" else table.validation_targets
    seen = min(len(inputs), MOST)
    with np.errstate(all="ignore"):
        pieces = [objective.see(inputs[at : min(seen, at + EVALUATION_ROWS)])[0].T for at in range(0, seen, EVALUATION_ROWS)]
        outputs = np.concatenate(pieces).astype(np.float64) if pieces else np.zeros((0, trainer.run.sizes[-1]))
        if objective.loss_function.task == "classes":
            return _classes(objective, part, len(inputs), outputs, targets[:seen])
        truth = targets[:seen, 0] * table.target_scale + table.target_offset
        guess = outputs[:, 0] * table.target_scale + table.target_offset
        size = np.where(np.isnan(guess), np.inf, np.abs(guess - truth))
    order = np.argsort(-size, kind="stable")
    return Answers(part, len(inputs), truth, guess, None, np.zeros(seen, bool), order)


def _classes(
    objective: NetworkObjective, part: Literal["train", "validation"], rows: int, outputs: Floats, truth: NDArray[np.int64]
) -> Answers:
    guess = (outputs[:, 0] > 0.0).astype(np.int64) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    guess[np.isnan(outputs).any(axis=1)] = -1
    wrong = guess != truth
    probabilities: Floats = np.zeros((0, len(objective.table.classes)))
    if len(outputs):
        probabilities = objective.loss_function.probabilities(outputs).astype(np.float64)
    sure = np.nan_to_num(probabilities[np.arange(len(guess)), guess], nan=1.0)
    rank = np.where(guess < 0, -2.0, np.where(wrong, -sure, sure))  # -2: no answer; -1 to 0: wrong; 0 to 1: right
    return Answers(part, rows, truth, guess, probabilities, wrong, np.argsort(rank, kind="stable"))
