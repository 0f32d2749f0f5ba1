"""From a session to what panes show: pure functions, so that a test can read every line without a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine import History, PresetError, Run, Trainer
from tui import endings, form
from tui.figures import count, percent, short
from tui.form import Field
from tui.landscape import surface_picture
from tui.live_edit import completed, refused, why_refused
from tui.names import labels, letters
from tui.pace import Pace
from tui.panes.bars import Standing
from tui.panes.progress_tree import Branch
from tui.panes.settings import MARK_LIVE, MARK_RESTART, Check, FormRow
from tui.panes.training_loop import PHASES, Moment
from tui.pictures import Picture, accuracy_picture, error_picture, fit_picture, loss_picture, refused_picture
from tui.session import Session, settings_line, why_not
from tui.walk import position, walk_of

EASY = 25.0  # steps a second up to which each phase is shown in turn; above that, one a frame
NAMES = {
    "cats_dogs": "pictures",
    "digits": "digits",
    "study_hours": "rows",
    "study_class": "students",
    "iris": "flowers",
    "wine": "wines",
    "diabetes": "patients",
    "rows": "rows",
    "file": "rows",
    **dict.fromkeys(("blobs", "xor", "circles", "moons", "spirals", "hundred", "line", "linreg", "sine"), "points"),
}


class Told:
    """What has been said of runs already, by their histories."""

    def __init__(self) -> None:
        self.diverged: set[History] = set()
        self.reduced: dict[History, float] = {}

    def clear(self) -> None:
        """Runs that have diverged are told of once more."""
        self.diverged.clear()


def form_rows(session: Session) -> list[FormRow]:
    """The rows of the settings form."""
    document, waiting, fields = session.document, session.waiting, session.fields
    live = {field for field in fields if field.live}
    if "training.optimizer.name" in waiting:  # settings of another optimizer than the one that trains wait with it
        live = {field for field in live if not field.key.startswith("training.optimizer.")}
    return [
        FormRow(
            field.key,
            field.label,
            form.written(session.value(field)),
            MARK_LIVE if field in live else MARK_RESTART,
            chosen=bool(form.choices(field, document)),
            waiting=field.key in waiting,
            differs=session.differs(field),
            below=rate_now(session) if field.key == form.RATE else "",
        )
        for field in fields
    ]


def rate_now(session: Session) -> str:
    """'now 0.042 (cosine)', the rate that a schedule has made of the one in the form; empty without a schedule."""
    trainer, schedule = session.trainer, session.trainer.run.training.schedule
    if not scheduled(trainer) or session.run.training.schedule != schedule:
        return ""
    warming = trainer.iteration < schedule.warmup_iterations
    name = "warm-up" if warming else {"reduce_on_plateau": "on plateau"}.get(schedule.name, schedule.name)
    return f"now {short(trainer.learning_rate)} ({name.replace('_', ' ')})"


def scheduled(trainer: Trainer) -> bool:
    """Whether the learning rate changes by itself."""
    schedule = trainer.run.training.schedule
    return schedule.name != "constant" or schedule.warmup_iterations > 0


def check(session: Session, field: Field, text: str) -> Check:
    """What typing comes to: what would follow from it, what is allowed, and what is wrong."""
    allowed = form.allowed(field, session.document)
    try:
        run = session.tried(field, form.typed(field, session.document, text))
    except ValueError as error:
        return Check(("", ""), allowed, str(error))
    except PresetError as error:
        return Check(("", ""), allowed, why_not(error))
    return Check(derived(run), allowed)


def derived(run: Run) -> tuple[str, str]:
    """What follows from the settings: iterations per epoch and in all, and the number of parameters."""
    if run.surface is not None:
        lowest = position(run.surface.axes, np.array(run.surface.minima[0]))
        return f"lowest at {lowest}", count(run.parameters, "parameter")
    per_epoch = run.iterations_per_epoch()
    return f"{per_epoch}/epoch, {per_epoch * run.training.epochs} in all", f"{run.parameters} parameters"


def standing(session: Session, speed: float, left: float) -> Standing:
    """The line at the top, of the selected run."""
    trainer, run = session.trainer, session.run
    name = session.preset.name if len(session.runs) == 1 else f"{session.preset.name}, {run.name}"
    state: str = session.state
    if session.done and refused(trainer):
        state = "refused"
    elif session.done and trainer.history.diverged:
        state = "diverged"
    return Standing(
        name,
        settings_line(trainer, short=False),
        settings_line(trainer, short=True),
        state,
        trainer.epoch,
        trainer.epochs,
        trainer.iteration,
        trainer.iterations,
        speed,
        left,
        trainer.run.surface is not None,
    )


def branches(session: Session) -> list[Branch]:
    """The runs of the tree: those kept from before, then those of now."""
    kept = [Branch(one.name, one.history, kept=True, walk=one.walk) for one in session.kept]
    if len(session.trainers) == 1:
        only = session.trainer
        name = only.run.name if only.run.surface else f"{only.run.name}, seed {only.run.seed}"
        return [*kept, Branch(name, only.history, only.batches, walk=walk_of(only))]
    full = [trainer.run.name for trainer in session.trainers]
    called = [
        label if label.startswith(letter) else f"{letter} {label}"
        for letter, label in zip(letters(full), labels(full), strict=True)
    ]
    found = zip(called, session.trainers, strict=True)
    return kept + [Branch(name, one.history, one.batches, walk=walk_of(one)) for name, one in found]


def pictures(session: Session) -> tuple[Picture, Picture]:
    """The loss, and what stands under it."""
    trainers, selected = session.trainers, session.selected
    loss = loss_picture(trainers, selected, session.preset.sheet.show.loss_axis == "log")
    if session.state == "refused":
        loss = refused_picture(session.trainer)
    if session.trainer.run.surface is not None:
        return loss, surface_picture(trainers, selected)
    if session.trainer.run.facts.classes:
        return loss, accuracy_picture(trainers, selected)
    if session.preset.second == "fit" and session.trainer.run.facts.features == 1:
        one_input = [one for one in trainers if one.table is not None and one.run.facts.features == 1]
        return loss, fit_picture(one_input, 0)
    return loss, error_picture(trainers, selected)


def news(session: Session, told: Told) -> tuple[str, str]:
    """What has happened by itself and is not `told` yet (and now is), in a line, and its role; ("", "") for nothing."""
    for trainer in session.trainers:
        history, who = trainer.history, f"{trainer.run.name} " if len(session.trainers) > 1 else ""
        if history.diverged is not None and history not in told.diverged:
            told.diverged.add(history)
            return f"{who}{endings.diverged(trainer)}: loss {short(history.diverged.loss)}. , lowers the rate", "bad"
        if trainer.plateau is not None and trainer.plateau.factor != told.reduced.get(history, 1.0):
            told.reduced[history] = trainer.plateau.factor
            return f"{who}{endings.unit(trainer)} {trainer.epoch}: {endings.reduced(trainer)}", "warn"
    return "", ""


def moment(session: Session, phase: int, speed: float, left: float, pace: str) -> Moment:
    """The training loop, of the selected run."""
    history = session.trainer.history
    newest = history[-1] if len(history) else None
    samples = NAMES.get(session.trainer.run.source.name, "samples")
    return Moment(phase, newest, speed, left, pace, samples, walk_of(session.trainer), session.state == "refused")


def lit_phase(pace: Pace, steps: int, before: int) -> int:
    """Which of the four phases is lit: through the time of one step where that is long enough to see, else one a frame."""
    interval = pace.interval(steps)
    if interval > 1 / EASY:
        passed = 1.0 - min(1.0, max(0.0, pace.wait(steps) / interval))
        return min(len(PHASES) - 1, int(passed * len(PHASES)))
    return (before + 1) % len(PHASES)


def speed(seen: Sequence[tuple[float, int]]) -> float:
    """Steps a second over the last second or so of (time, steps)."""
    if len(seen) < 2:
        return 0.0
    last_time, last_steps = seen[-1]
    first_time, first_steps = next(((at, steps) for at, steps in seen if last_time - at <= 1.0), seen[0])
    return (last_steps - first_steps) / (last_time - first_time) if last_time > first_time else 0.0


def time_left(session: Session, pace: Pace, measured: float) -> float:
    """Seconds until all runs are over, at the pace or, as fast as it goes, at the measured speed; 0: nothing to say."""
    if not session.running:
        return 0.0
    todo = session.all_steps - session.steps
    if math.isinf(pace.speed):
        return todo / measured if measured > 0 else 0.0
    return pace.left(session.steps, session.all_steps)


def stepped(session: Session) -> str:
    """What a single batch, or step on a surface, was: of the selected run, or where that is refused of another one."""
    trainer = session.trainer if len(session.trainer.history) else max(session.trainers, key=lambda one: one.iteration)
    newest = trainer.history[-1]
    if (walk := walk_of(trainer)) is not None:
        return f"One step: from {walk.at(-2)} to {walk.at(-1)}. n takes the next"
    return f"One batch: epoch {newest.epoch}, batch {newest.batch} of {newest.batches}. n takes the next"


def over(session: Session) -> str:
    """That nothing is left to train, and what to do."""
    more = f"; more {endings.unit(session.trainer)}s let it go on" if all(map(completed, session.trainers)) else ""
    return f"The run is over. space or r starts it again{more}"


def outcome(session: Session) -> tuple[str, ...]:
    """How the runs ended, in a line: from the longest wording to the shortest."""
    if len(session.trainers) > 1:
        parts = [f"{one.run.name} {_brief(one)}" for one in session.trainers]
        blind = all(one.history.initial_validation is None for one in session.trainers)
        said = f"Done. {'Training' if blind else 'Validation'} loss: {', '.join(parts)}"
        return f"{said}. r starts again", said
    trainer = session.trainer
    if refused(trainer):
        return refusal(session)
    if long := endings.early(trainer):
        words = [f"{text[0].upper()}{text[1:]}" for text in (long, endings.early(trainer, brief=True))]
        return f"{words[0]}. r starts again", *words
    if trainer.history.diverged is not None:
        return (f"Done: {endings.diverged(trainer)}. r starts again",)
    last = trainer.history.epochs[-1]
    said = f"training loss {short(last.train.loss)}"
    if last.validation is not None:
        said += f", validation {short(last.validation.loss)}"
        said += f" ({percent(last.validation.accuracy)} right)" if last.validation.accuracy is not None else ""
    if (walk := walk_of(trainer)) is not None:
        said = f"loss {short(last.train.loss)} at {walk.at(-1)}"
    back = endings.restored(trainer)
    said += f"; {back}" if back else ""
    return f"Done: {said}. r starts again", f"Done: {said}"


def refusal(session: Session) -> tuple[str, ...]:
    """Why the selected run may not begin, in a line, and what to do."""
    run = session.trainer.run
    why = why_refused(run, run.batch_size)
    return f"Refused: {why}. Set it and space starts", f"Refused: {why}", why


def _brief(trainer: Trainer) -> str:
    history = trainer.history
    if refused(trainer):
        return "refused"
    if history.diverged is not None:
        return endings.diverged(trainer)
    last = history.epochs[-1]
    return short((last.validation or last.train).loss)
