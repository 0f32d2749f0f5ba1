"""What can be said of a run in a word, and what is said with it: the evidence, a lesson on it, a setting to try.

Plain frozen values that a screen, a report or a program can show as it likes; engine/diagnosis.py finds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal[
    "too_early", "healthy", "still_improving", "plateau", "overfitting", "underfitting", "learning_rate_too_high",
    "learning_rate_too_low", "diverging", "noisy", "training_blind", "dead_units", "refused",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)

#: What each kind is called.
NAMES: dict[Kind, str] = {
    "too_early": "Too early to say",
    "healthy": "Healthy",
    "still_improving": "Still improving",
    "plateau": "Plateau",
    "overfitting": "Overfitting",
    "underfitting": "Underfitting",
    "learning_rate_too_high": "Learning rate too high",
    "learning_rate_too_low": "Learning rate too low",
    "diverging": "Diverging",
    "noisy": "Noisy: small batches",
    "training_blind": "Training blind",
    "dead_units": "Dead units",
    "refused": "Refused for memory",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact: `what` was looked at, with its epochs, and the `figure` that was seen there."""

    what: str
    figure: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A setting to try next: its dotted `key` in a preset, the `value` (a number, a word, or a list), and the `reason`."""

    key: str
    value: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run's curves show at the end of `epoch` (0: before training).

    `words` is the verdict in one line, in several wordings from the longest to the shortest. `lesson` is a preset on the
    subject (empty: none is). Where there is no `suggestion`, `unchanged` says why. `tells` are the settings that it gives
    away, by the last word of their keys: where one of these is hidden, so is the verdict.
    """

    kind: Kind
    epoch: int
    words: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    lesson: str = ""
    suggestion: Suggestion | None = None
    unchanged: str = ""
    tells: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the kind is called."""
        return NAMES[self.kind]
