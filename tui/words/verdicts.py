"""What the lab says of the selected run in a word, with what a teacher hides left out: the line, and what lies behind it.

The verdict itself is found without a screen (`found.py`); here it is covered where it would give something away, and made
a line.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.verdict import Kind
from tui.canvas import Row, Span, ends, fit, width_of
from tui.hidden import UNCOVERS
from tui.keyboard.named import named
from tui.session import Session
from tui.words.found import Found

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
MOST = 160  # epochs that are looked at in a frame: 4 ms; of a run that is quicker the line comes after


@dataclass(frozen=True, slots=True)
class Shown:
    """A verdict as the line has it; `run` is empty where there is one run only, `hint` what the key w does."""

    mark: str
    role: str
    words: tuple[str, ...]
    run: str = ""
    hint: str = HINT
    says: bool = True  # something, and not that it is too early


class Verdicts(Found):
    """The verdicts on the runs of a session, as the lab says them."""

    def follow(self, session: Session) -> None:
        """Look at a few of the newest epochs of the selected run; its verdict is shown later."""
        if not session.hidden.verdict:
            self.look(session.trainer, not session.hidden.validation, MOST)

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
