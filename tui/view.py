"""From a session to what panes show: pure functions, so that a test can read every line without a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import History, PresetError, Run
from tui import form
from tui.figures import percent, short
from tui.form import FIELDS, Field
from tui.names import labels, letters
from tui.pace import Pace
from tui.panes.bars import Standing
from tui.panes.progress_tree import Branch
from tui.panes.settings import MARK_LIVE, MARK_RESTART, Check, FormRow
from tui.panes.training_loop import PHASES, Moment
from tui.pictures import Picture, accuracy_picture, error_picture, fit_picture, loss_picture
from tui.session import Session, settings_line, why_not

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


def form_rows(session: Session) -> list[FormRow]:
    """The rows of the settings form."""
    document, waiting = session.document, session.waiting
    live = {field for field in FIELDS if field.live}
    if "training.optimizer.name" in waiting:  # a rate for another optimizer than the one that trains waits with it
        live = {field for field in live if field.key != "training.optimizer.learning_rate"}
    return [
        FormRow(
            field.label,
            form.written(session.value(field)),
            MARK_LIVE if field in live else MARK_RESTART,
            chosen=bool(form.choices(field, document)),
            waiting=field.key in waiting,
            differs=session.differs(field),
        )
        for field in FIELDS
    ]


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
    per_epoch = run.iterations_per_epoch()
    return f"{per_epoch}/epoch, {per_epoch * run.training.epochs} in all", f"{run.parameters} parameters"


def standing(session: Session, speed: float, left: float) -> Standing:
    """The line at the top, of the selected run."""
    trainer, run = session.trainer, session.run
    name = session.preset.name if len(session.runs) == 1 else f"{session.preset.name}, {run.name}"
    return Standing(
        name,
        settings_line(trainer, short=False),
        settings_line(trainer, short=True),
        "diverged" if session.done and trainer.history.diverged else session.state,
        trainer.epoch,
        trainer.epochs,
        trainer.iteration,
        trainer.iterations,
        speed,
        left,
    )


def branches(session: Session) -> list[Branch]:
    """The runs of the tree: those kept from before, then those of now."""
    kept = [Branch(one.name, one.history, kept=True) for one in session.kept]
    if len(session.trainers) == 1:
        only = session.trainer
        return [*kept, Branch(f"{only.run.name}, seed {only.run.seed}", only.history, only.batches)]
    full = [trainer.run.name for trainer in session.trainers]
    called = [
        label if label.startswith(letter) else f"{letter} {label}"
        for letter, label in zip(letters(full), labels(full), strict=True)
    ]
    return kept + [Branch(name, one.history, one.batches) for name, one in zip(called, session.trainers, strict=True)]


def pictures(session: Session) -> tuple[Picture, Picture]:
    """The loss, and what stands under it."""
    trainers, selected = session.trainers, session.selected
    loss = loss_picture(trainers, selected, session.preset.sheet.show.loss_axis == "log")
    if session.trainer.run.facts.classes:
        return loss, accuracy_picture(trainers, selected)
    if session.preset.second == "fit" and session.trainer.run.facts.features == 1:
        return loss, fit_picture([one for one in trainers if one.run.facts.features == 1], 0)
    return loss, error_picture(trainers, selected)


def news(session: Session, told: list[History]) -> str:
    """That a run has diverged, in a line, unless it is among those that were `told` of (and now is); else nothing."""
    for trainer in session.trainers:
        history = trainer.history
        if history.diverged is not None and all(history is not other for other in told):
            told.append(history)
            who = f"{trainer.run.name} " if len(session.trainers) > 1 else ""
            return f"{who}{history.diverged}: loss {short(history.diverged.loss)}. , lowers the rate"
    return ""


def moment(session: Session, phase: int, speed: float, left: float, pace: str) -> Moment:
    """The training loop, of the selected run."""
    history = session.trainer.history
    newest = history[-1] if len(history) else None
    return Moment(phase, newest, speed, left, pace, NAMES.get(session.trainer.run.source.name, "samples"))


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


def outcome(session: Session) -> str:
    """How the runs ended, in a line."""
    if len(session.trainers) > 1:
        parts = [f"{one.run.name} {_ending(one.history, brief=True)}" for one in session.trainers]
        blind = all(one.history.initial_validation is None for one in session.trainers)
        return f"Done. {'Training' if blind else 'Validation'} loss: {', '.join(parts)}. r starts again"
    return f"Done: {_ending(session.trainer.history, brief=False)}. r starts again"


def _ending(history: History, brief: bool) -> str:
    if history.diverged is not None:
        return str(history.diverged)
    last = history.epochs[-1]
    if brief:
        return short((last.validation or last.train).loss)
    words = f"training loss {short(last.train.loss)}"
    if last.validation is not None:
        words += f", validation {short(last.validation.loss)}"
        words += f" ({percent(last.validation.accuracy)} right)" if last.validation.accuracy is not None else ""
    return words
