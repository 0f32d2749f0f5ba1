"""What the lab says by itself: how runs ended, what happened on the way, and what to try next.

Each is a line in several wordings, from the longest to the shortest, since nobody knows how wide a terminal is.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import History, Trainer
from tui.figures import percent, short
from tui.hidden import BLIND, UNCOVERS, why_hidden
from tui.listing import Heading
from tui.live_edit import completed, refused, why_refused
from tui.session import Session
from tui.walk import walk_of
from tui.words import endings

AGAIN = ". <run.restart> starts again"


def ready(session: Session) -> tuple[str, ...]:
    """What a preset that was opened waits for: a key, or less memory."""
    if session.state == "refused":
        return refusal(session)
    what = "step" if session.trainer.run.surface else "batch"
    hidden = ", <show.why> shows what is hidden" if session.hidden else ""
    keys = f"<run.toggle> starts, <run.batch> takes one {what}, <show.help> explains keys and words{hidden}"
    return f"{session.preset.title}. {keys}", keys


class Told:
    """What has been said of runs already, by their histories."""

    def __init__(self) -> None:
        self.diverged: set[History] = set()
        self.reduced: dict[History, float] = {}

    def clear(self) -> None:
        """Runs that have diverged are told of once more."""
        self.diverged.clear()


def news(session: Session, told: Told) -> tuple[str, str]:
    """What has happened by itself and is not `told` yet (and now is), in a line, and its role; ("", "") for nothing."""
    for trainer in session.trainers:
        history, who = trainer.history, f"{trainer.run.name} " if len(session.trainers) > 1 else ""
        if history.diverged is not None and history not in told.diverged:
            told.diverged.add(history)
            how = f"{endings.diverged(trainer)}: loss {short(history.diverged.loss)}"
            return f"{who}{how}. <rate.down> lowers the rate", "bad"
        if trainer.plateau is not None and trainer.plateau.factor != told.reduced.get(history, 1.0):
            told.reduced[history] = trainer.plateau.factor
            said = f"learning_rate is down: {UNCOVERS}" if _covers_reduction(session, trainer) else endings.reduced(trainer)
            return f"{who}{endings.unit(trainer)} {trainer.epoch}: {said}", "warn"
    return "", ""


def _covers_reduction(session: Session, trainer: Trainer) -> bool:
    """Whether why and to what a plateau has reduced the rate would tell what is hidden."""
    monitor = getattr(trainer.run.training.schedule, "monitor", "")
    seen = session.hidden.validation and monitor.startswith("validation")
    return seen or session.hidden.setting("learning_rate")


def stepped(session: Session) -> str:
    """What a single batch, or step on a surface, was: of the selected run, or where that is refused of another one."""
    trainer = session.trainer if len(session.trainer.history) else max(session.trainers, key=lambda one: one.iteration)
    newest = trainer.history[-1]
    if (walk := walk_of(trainer)) is not None:
        return f"One step: from {walk.at(-2)} to {walk.at(-1)}. <run.batch> takes the next"
    return f"One batch: epoch {newest.epoch}, batch {newest.batch} of {newest.batches}. <run.batch> takes the next"


def over(session: Session) -> str:
    """That nothing is left to train, and what to do."""
    more = f"; more {endings.unit(session.trainer)}s let it go on" if all(map(completed, session.trainers)) else ""
    return f"The run is over. <run.toggle> or <run.restart> starts it again{more}"


def outcome(session: Session) -> tuple[str, ...]:
    """How the runs ended, in a line: from the longest wording to the shortest; with how they start again, where they can."""
    said = _outcome(session)
    return tuple(text.removesuffix(AGAIN) for text in said) if session.elsewhere else said


def _outcome(session: Session) -> tuple[str, ...]:
    if len(session.trainers) > 1:
        blind = all(one.history.initial_validation is None for one in session.trainers) or session.hidden.validation
        parts = [f"{one.run.name} {_brief(one, blind)}" for one in session.trainers]
        said = f"Done. {'Training' if blind else 'Validation'} loss: {', '.join(parts)}"
        return f"{said}{AGAIN}", said
    trainer = session.trainer
    if refused(trainer):
        return refusal(session)
    stopped, rule = trainer.history.stopped, trainer.run.training.early_stopping
    covered = session.hidden.validation and rule is not None and rule.monitor.startswith("validation")
    if covered and stopped is not None and stopped.reason == "early_stopping":
        return (f"Stopped early at {endings.unit(trainer)} {stopped.epoch}; why is hidden: {UNCOVERS}",)
    if long := endings.early(trainer):
        words = [f"{text[0].upper()}{text[1:]}" for text in (long, endings.early(trainer, brief=True))]
        return f"{words[0]}{AGAIN}", *words
    if trainer.history.diverged is not None:
        return (f"Done: {endings.diverged(trainer)}{AGAIN}",)
    last = trainer.history.epochs[-1]
    said = f"training loss {short(last.train.loss)}"
    if last.validation is not None and session.hidden.validation:
        said += f" ({BLIND})"
    elif last.validation is not None:
        said += f", validation {short(last.validation.loss)}"
        said += f" ({percent(last.validation.accuracy)} right)" if last.validation.accuracy is not None else ""
    if (walk := walk_of(trainer)) is not None:
        said = f"loss {short(last.train.loss)} at {walk.at(-1)}"
    back = "" if covered else endings.restored(trainer)
    said += f"; {back}" if back else ""
    return f"Done: {said}{AGAIN}", f"Done: {said}"


def refusal(session: Session) -> tuple[str, ...]:
    """Why the selected run may not begin, in a line, and what to do."""
    run = session.trainer.run
    if session.hidden.setting("batch_size"):
        return (f"Refused: a step needs too much memory. {why_hidden('batch_size')}",)
    why = why_refused(run, run.batch_size)
    return f"Refused: {why}. Set it and <run.toggle> starts", f"Refused: {why}", why


def _brief(trainer: Trainer, blind: bool) -> str:
    history = trainer.history
    if refused(trainer):
        return "refused"
    if history.diverged is not None:
        return endings.diverged(trainer)
    last = history.epochs[-1]
    return short((last.train if blind else last.validation or last.train).loss)


def next_steps(session: Session, name: str, finished: int, entries: Sequence[Heading]) -> list[str]:
    """What to do after a run: the next of the things to try, one after another with each of `finished` runs (from 1), and
    the lesson that comes after this one, `name`, in ever fewer words. Empty where there is neither."""
    things, following = session.preset.sheet.things_to_try, following_preset(name, entries)
    tries = [f"Try next: {things[(finished - 1) % len(things)].rstrip()}"] if things else []
    lessons = [f"<show.presets>: next lesson{after}" for after in (f", {following.title}", "")] if following else []
    if tries and lessons:
        return [*(f"{tries[0]}   {lesson}" for lesson in lessons), *tries]
    return tries or lessons


def place(name: str, entries: Sequence[Heading]) -> int:
    """Which lesson a preset is in the order of teaching, from 1; 0 where it is not among them."""
    return next((number for number, entry in enumerate(entries, 1) if entry.name == name), 0)


def following_preset(name: str, entries: Sequence[Heading]) -> Heading | None:
    """The preset after this one in the order of teaching."""
    at = place(name, entries)
    return entries[at] if 0 < at < len(entries) else None
