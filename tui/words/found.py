"""The verdicts on the runs of a session, found by the engine and kept, so that a frame costs nothing between epochs.

No screen is needed for them: the lab's line, plain lines, JSON and the narration all have theirs from here.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from engine import Trainer
from engine.diagnosis import Diagnosis
from engine.verdict import Verdict


class Found:
    """The verdicts on the runs of a session; each looks at an epoch once."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Trainer, dict[bool, Diagnosis]] = WeakKeyDictionary()
        self._dead: WeakKeyDictionary[Trainer, tuple[int, float]] = WeakKeyDictionary()

    def of(self, trainer: Trainer, sees_validation: bool = True, most: int | None = None) -> Verdict:
        """The verdict on a run as it is now; with `most`, after so many new epochs at most, see `behind`."""
        found = self._diagnosis(trainer, sees_validation)
        verdict = found.verdict(most=most)
        return found.verdict(self._dead_share(trainer), most=0) if found.can_die else verdict

    def look(self, trainer: Trainer, sees_validation: bool, most: int) -> None:
        """Look at so many of the epochs that are new, at most."""
        self._diagnosis(trainer, sees_validation).verdict(most=most)

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


def dead_share(trainer: Trainer) -> float:
    """The largest share of dead units in a hidden layer of a trainer's network; 0 where there is no such layer."""
    return max((layer.dead_share for layer in trainer.snapshot().layers[:-1]), default=0.0)


def final_verdict(trainer: Trainer) -> Verdict:
    """The verdict on a run that is over."""
    found = Diagnosis(trainer.history, trainer.run)
    verdict = found.verdict()
    return found.verdict(dead_share(trainer)) if found.can_die else verdict
