"""What is said once the runs are over: how each ended, what its curves mean, and what became of the lesson's claims.

And the evidence for a verdict, whenever somebody asks why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from engine import Trainer
from engine.judging import judge
from tui.figures import count
from tui.hidden import Hidden
from tui.narration.sentences import best, blind, ending, evaluated, main_loss, name_of, place, who
from tui.narration.spoken import after, figure, listed, sentence, setting, spoken
from tui.narration.teller import Teller
from tui.session import Session
from tui.words.endings import unit

HELD = {True: "Held", False: "Not held", None: "Not seen"}


def closed(session: Session, teller: Teller) -> Iterator[str]:
    """How the runs ended, their verdicts and their claims."""
    several, hidden = len(session.trainers) > 1, session.hidden
    yield from _endings([one for one in session.trainers if not teller.told_over(one)], hidden, several)
    bests = [(one, said) for one in session.trainers if (said := best(one, hidden))]
    if bests:
        what = f"Best {'training' if blind(session.trainers, hidden) else 'validation'} loss"
        yield sentence(f"{what}: {'; '.join(f'{name_of(one)} {said}' if several else said for one, said in bests)}")
    if several and (least := _lowest(session)):
        yield least
    for trainer in session.trainers:
        verdict = teller.seen(trainer, whole=True)
        if verdict is not None and verdict.kind not in ("too_early", "refused"):
            whose = f", run {name_of(trainer)}" if several else ""
            yield sentence(f"Verdict{whose}: {spoken(verdict.words[0])}")
    yield from claims(session)


def _endings(trainers: Sequence[Trainer], hidden: Hidden, several: bool) -> Iterator[str]:
    """How these runs ended; those that ended alike in one sentence."""
    alike: dict[str, list[Trainer]] = {}
    for trainer in trainers:
        alike.setdefault(ending(trainer, hidden), []).append(trainer)
    for said, those in alike.items():
        if len(those) > 1:
            yield after(f"Runs {listed(map(name_of, those))}: ", said)
        else:
            yield after(who(those[0], several), said)


def _lowest(session: Session) -> str:
    """Which run of a comparison ends with the lowest loss."""
    seen, unseen = [one for one in session.trainers if one.history.epochs], blind(session.trainers, session.hidden)
    losses = [(loss, at) for at, one in enumerate(seen) if math.isfinite(loss := main_loss(one, unseen))]
    if len(losses) < 2:
        return ""
    lowest, at = min(losses)
    what = "loss" if seen[at].run.surface is not None else "training loss" if unseen else "validation loss"
    return f"Run {name_of(seen[at])} ends with the lowest {what}, {figure(lowest)}."


def claims(session: Session) -> Iterator[str]:
    """What became of each claim; a number where it did not hold. Nothing while something is hidden."""
    made = session.preset.sheet.claim
    if not made:
        return
    if session.hidden:
        yield "What the lesson claims is not told while something is hidden: <show.why> uncovers it."
        return
    found = [(claim, judge(claim, session.trainers)) for claim in made]
    held = sum(one.held is True for _, one in found)
    yours = "With your settings, of" if session.edited else "Of"
    yield f"{yours} {count(len(made), 'claim')}, {held} held."
    for claim, one in found:
        saw = "" if one.held else f" Seen: {spoken(one.saw)}"
        yield sentence(sentence(f"{HELD[one.held]}: {spoken(claim.says)}") + saw)


def why(session: Session, teller: Teller) -> Iterator[str]:
    """The evidence for the verdict on the selected run, and what to try; nothing that is hidden."""
    trainer = session.trainer
    verdict = teller.seen(trainer, whole=True)
    if verdict is None:
        yield "The verdict is hidden."
        return
    yield sentence(who(trainer, len(session.trainers) > 1) + spoken(verdict.words[0]))
    for fact in verdict.evidence:
        yield sentence(spoken(f"{fact.what}: {fact.figure}"))
    if verdict.suggestion is not None:
        key, value = verdict.suggestion.key.rpartition(".")[2], verdict.suggestion.value
        said = listed(map(setting, value)) if isinstance(value, list) else setting(value)
        yield sentence(spoken(f"To try: {key} {said}, since {verdict.suggestion.reason}"))


def standing(session: Session) -> Iterator[str]:
    """Where the runs stand, with their figures of now."""
    for trainer in session.trainers:
        yield sentence(f"{who(trainer, len(session.trainers) > 1)}{place(trainer)}{_figures(trainer, session)}")


def _figures(trainer: Trainer, session: Session) -> str:
    history = trainer.history
    if not history.epochs:
        return f": no {unit(trainer)} has ended"
    last = history.epochs[-1]
    return f": {evaluated(trainer, last.train, last.validation, session.hidden)}"
