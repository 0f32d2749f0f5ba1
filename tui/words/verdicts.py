"""What the lab says of the selected run in a word, with what a teacher hides left out: the line, and what lies behind it.

The engine finds the verdict; here it is kept per run, so that a frame costs nothing between epochs, and covered where it
would give something away.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from engine import Trainer
from engine.diagnosis import Diagnosis
from engine.verdict import Kind, Verdict
from tui.canvas import Row, Span, ends, fit, width_of
from tui.hidden import UNCOVERS
from tui.keyboard.named import named
from tui.session import Session

#: A character of its own for each kind, so that it can be told without colour, and the role of both.
MARKS: dict[Kind, tuple[str, str]] = {
    "too_early": (".", "dim"),
    "healthy": ("=", "good"),
    "still_improving": ("^", "good"),
    "plateau": ("~", "warn"),
    "overfitting": ("!", "warn"),
    "underfitting": ("_", "warn"),
    "learning_rate_too_high": (">", "warn"),
    "learning_rate_too_low": ("<", "warn"),
    "diverging": ("X", "bad"),
    "noisy": ("%", "warn"),
    "training_blind": ("?", "warn"),
    "dead_units": ("0", "bad"),
    "refused": ("#", "bad"),
}
HINT = "<show.why> = why"
MOST = 200  # epochs that are looked at at once: 10 to 20 ms; of a run that is quicker the line comes after


@dataclass(frozen=True, slots=True)
class Shown:
    """A verdict as the line has it; `run` is empty where there is one run only, `hint` what the key w does."""

    mark: str
    role: str
    words: tuple[str, ...]
    run: str = ""
    hint: str = HINT
    says: bool = True  # something, and not that it is too early


class Verdicts:
    """The verdicts on the runs of a session; each looks at an epoch once."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Trainer, dict[bool, Diagnosis]] = WeakKeyDictionary()
        self._dead: WeakKeyDictionary[Trainer, tuple[int, float]] = WeakKeyDictionary()

    def of(self, trainer: Trainer, sees_validation: bool = True, most: int | None = None) -> Verdict:
        """The verdict on a run as it is now; with `most`, after so many new epochs at most, see `behind`."""
        found = self._diagnosis(trainer, sees_validation)
        verdict = found.verdict(most=most)
        return found.verdict(self._dead_share(trainer), most=0) if found.can_die else verdict

    def behind(self, trainer: Trainer, sees_validation: bool = True) -> bool:
        """Whether there are epochs of a run that have not been looked at."""
        return self._diagnosis(trainer, sees_validation).behind > 0

    def _diagnosis(self, trainer: Trainer, sees_validation: bool) -> Diagnosis:
        known = self._known.setdefault(trainer, {})
        if sees_validation not in known:
            known[sees_validation] = Diagnosis(trainer.history, trainer.run, sees_validation)
        return known[sees_validation]

    def _dead_share(self, trainer: Trainer) -> float:
        """The largest share of dead units in a hidden layer, looked at once an epoch."""
        epochs = len(trainer.history.epochs)
        before = self._dead.get(trainer)
        if before is None or before[0] != epochs:
            before = self._dead[trainer] = (epochs, dead_share(trainer))
        return before[1]

    def shown(self, session: Session) -> Shown:
        """What the line says of the selected run."""
        hidden, trainer = session.hidden, session.trainer
        run = trainer.run.name if len(session.trainers) > 1 else ""
        if hidden.verdict:
            return Shown(
                "?", "dim", ("The verdict is hidden: what would you say?", "Verdict hidden"), run, UNCOVERS, says=False
            )
        verdict = self.of(trainer, not hidden.validation, MOST)
        if hidden.setting(*verdict.tells):
            told = ("What the curve shows would tell a hidden setting", "It would tell a hidden setting")
            return Shown("?", "dim", told, run, UNCOVERS)
        mark, role = MARKS[verdict.kind]
        early = verdict.kind == "too_early"
        return Shown(mark, role, verdict.words, run, UNCOVERS if hidden.validation else "" if early else HINT, not early)


def dead_share(trainer: Trainer) -> float:
    """The largest share of dead units in a hidden layer of a trainer's network; 0 where there is no such layer."""
    return max((layer.dead_share for layer in trainer.snapshot().layers[:-1]), default=0.0)


def final_verdict(trainer: Trainer) -> Verdict:
    """The verdict on a run that is over."""
    found = Diagnosis(trainer.history, trainer.run)
    verdict = found.verdict()
    return found.verdict(dead_share(trainer)) if found.can_die else verdict


def verdict_line(shown: Shown, width: int) -> Row:
    """The line: mark, run, the first wording that has room, and at the right end what the key w does."""
    start: list[Span] = [(f" {shown.mark} ", shown.role)]
    if shown.run:
        start.append((f"{shown.run}  ", "dim"))
    wordings = tuple(map(named, shown.words))
    hint: Row = ((f"{shown.hint} ", "dim"),) if shown.hint else ()
    for right in (hint, ()):  # the key gives way before the last word does
        room = width - width_of(tuple(start)) - width_of(right) - 2
        words = next((words for words in wordings if len(words) <= room), "")
        if words:
            break
    words = words or wordings[-1]
    name, colon, rest = words.partition(":")
    said: list[Span] = [(name + colon, shown.role), (rest, "text")] if colon else [(words, shown.role)]
    return fit(ends((*start, *said), right, width), width)
