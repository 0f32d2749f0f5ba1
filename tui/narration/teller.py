"""What has happened since it was last told, and whether now is the time: at a pace that an ear can follow.

What matters (a divergence, a rate that a schedule has reduced, a run that ended) is told at once. Epochs are told when
the last word is a few seconds old: those that went by since then in one sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine import Trainer
from engine.verdict import Verdict
from tui.hidden import Hidden
from tui.narration import sentences
from tui.narration.spoken import after, figure, sentence, setting, spoken
from tui.session import Session
from tui.words.found import Found

EVERY = 3.0  # seconds between two sentences, about what one takes to be read aloud
SLOW = 6.0  # seconds after which a batch is told where no epoch has ended
MOST = 500  # epochs that a verdict looks at in one go: 30 ms


@dataclass(slots=True)
class Told:
    """What was said of a run."""

    epochs: int = 0
    iteration: int = 0
    loss: float = 0.0  # in a comparison: the one that was said last
    rate: str = ""
    factor: float = 1.0  # that a schedule which waits for a plateau multiplies the rate with
    diverged: bool = False
    over: bool = False


@dataclass
class Teller:
    """What there is to tell of a session."""

    session: Session
    said_at: float = 0.0  # when the last word was said
    told: dict[Trainer, Told] = field(default_factory=dict)
    verdicts: Found = field(default_factory=Found)
    verdict: str = ""  # the kind that was said last

    def up_to_now(self) -> None:
        """Take what there is as told: the epochs, and of new runs all that has happened."""
        blind = self._blind()
        for trainer in self.session.trainers:
            told = self._of(trainer)
            told.epochs, told.iteration = len(trainer.history.epochs), trainer.iteration
            told.loss = sentences.main_loss(trainer, blind)

    def heard(self, now: float) -> None:
        """Something else was said."""
        self.said_at = now

    def news(self, now: float) -> Iterator[str]:
        """What is to be said at this time, in seconds; nothing as a rule."""
        found = list(self.happened())
        if now - self.said_at >= EVERY or found:
            progress = list(self._progress(now))
            found += progress
        if found:
            self.said_at = now
        yield from found

    def end(self) -> Iterator[str]:
        """The epochs that have not been told, and what else has happened by the end."""
        yield from self.happened()
        yield from self._epochs()

    def told_over(self, trainer: Trainer) -> bool:
        """Whether it was said that this run is over."""
        return self._of(trainer).over

    # what happens once

    def happened(self) -> Iterator[str]:
        """What has happened once, and has not been told."""
        several, hidden = len(self.session.trainers) > 1, self.session.hidden
        for trainer in self.session.trainers:
            told, who = self._of(trainer), sentences.who(trainer, several)
            if trainer.history.diverged is not None and not told.diverged:
                told.diverged = True
                yield after(who, sentences.divergence(trainer))
            if trainer.plateau is not None and trainer.plateau.factor != told.factor:
                told.factor = trainer.plateau.factor
                covered = sentences.covers_reduction(trainer, hidden)
                yield after(who, "Learning rate is down." if covered else sentences.reduction(trainer))
                told.rate = _rate(trainer, hidden)
            if several and trainer.done and not told.over and not self.session.done:
                told.over = True
                yield after(who, sentences.ending(trainer, hidden))

    # how it goes

    def _progress(self, now: float) -> Iterator[str]:
        before = [self._of(trainer).epochs for trainer in self.session.trainers]
        yield from self._epochs()
        if before != [self._of(trainer).epochs for trainer in self.session.trainers]:
            yield from self._verdict()
        elif now - self.said_at >= SLOW:
            yield from self._batch()

    def _epochs(self) -> Iterator[str]:
        """The epochs that have ended since they were told."""
        trainers, hidden = self.session.trainers, self.session.hidden
        new = [one for one in trainers if len(one.history.epochs) > self._of(one).epochs]
        if not new:
            return
        if len(trainers) > 1:
            yield sentences.side_by_side(new, [self._of(one).loss for one in new], hidden)
        else:
            yield sentences.epochs(new[0], self._of(new[0]).epochs, hidden) + self._new_rate(new[0])
        self.up_to_now()

    def _new_rate(self, trainer: Trainer) -> str:
        """That a schedule has changed the rate since it was said."""
        told, now = self._of(trainer), _rate(trainer, self.session.hidden)
        before, told.rate = told.rate, now
        return f" Learning rate now {now}." if before and now and before != now and not trainer.done else ""

    def _batch(self) -> Iterator[str]:
        trainer = self.session.trainer
        told = self._of(trainer)
        if trainer.iteration > told.iteration:
            told.iteration = trainer.iteration
            newest = trainer.history[-1]
            if trainer.run.surface is None:
                yield sentence(f"{sentences.place(trainer)}: batch loss {figure(newest.batch_loss)}")

    def _verdict(self) -> Iterator[str]:
        """What the curves mean now, where that is another kind of thing than what was said."""
        if len(self.session.trainers) > 1:
            return
        verdict, sees = self.seen(self.session.trainer), not self.session.hidden.validation
        if self.verdicts.behind(self.session.trainer, sees):
            return
        if verdict is not None and verdict.kind not in (self.verdict, "too_early"):
            self.verdict = verdict.kind
            yield sentence(spoken(f"Verdict: {verdict.words[0]}"))

    def seen(self, trainer: Trainer, whole: bool = False) -> Verdict | None:
        """The verdict on a run, `whole`: on all its epochs, however long that takes. None where it is hidden, or would
        give away what is."""
        hidden = self.session.hidden
        if hidden.verdict:
            return None
        verdict = self.verdicts.of(trainer, not hidden.validation, None if whole else MOST)
        return None if hidden.setting(*verdict.tells) else verdict

    def _blind(self) -> bool:
        return sentences.blind(self.session.trainers, self.session.hidden)

    def _of(self, trainer: Trainer) -> Told:
        """What was said of a run; of a new one nothing but the rate."""
        if trainer not in self.told:
            loss = sentences.main_loss(trainer, self._blind())
            rate = _rate(trainer, self.session.hidden)
            self.told[trainer] = Told(loss=loss, rate=rate, diverged=trainer.history.diverged is not None, over=trainer.done)
        return self.told[trainer]


def _rate(trainer: Trainer, hidden: Hidden) -> str:
    """The rate of now in two digits, as it is said; empty where it is hidden."""
    return "" if hidden.setting("learning_rate") else setting(float(f"{trainer.learning_rate:.2g}"))
