"""What a teacher's preset keeps covered until key w uncovers it, and which settings it locks.

A class is asked before it is shown: which of the settings did it, what will the validation loss do? Whatever would give
that away asks here first. All of it is covered and uncovered at once.
"""

from __future__ import annotations

from dataclasses import dataclass

WORD = "hidden"  # what stands in the place of a value
UNCOVERS = "<show.why> shows it"
BLIND = f"validation hidden: {UNCOVERS}"  # what is said in the place of its figures


def why_hidden(what: str) -> str:
    """'learning_rate is hidden: w shows it'."""
    return f"{what} is hidden: {UNCOVERS}"


@dataclass(frozen=True, slots=True)
class Hidden:
    """The words of `[show] hide` that are covered now; empty where nothing is."""

    words: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.words)

    @property
    def validation(self) -> bool:
        """Whether every figure of the validation set is covered."""
        return "validation" in self.words

    @property
    def claims(self) -> bool:
        """Whether the claims are covered."""
        return "claims" in self.words

    @property
    def verdict(self) -> bool:
        """Whether it is covered how the lesson's own words fare, and what the curves mean."""
        return "verdict" in self.words

    def setting(self, *labels: str) -> bool:
        """Whether one of these rows of the form is covered."""
        return any(f"settings.{label}" in self.words for label in labels)

    def of(self, label: str, value: str) -> str:
        """The value of a row of the form, or the word that covers it."""
        return WORD if self.setting(label) else value


NOTHING = Hidden()


def listed(hide: tuple[str, ...]) -> str:
    """'validation, claims, learning_rate': what a preset hides, in words."""
    names = {"verdict": "verdicts"}
    return ", ".join(names.get(word, word.removeprefix("settings.")) for word in hide)
