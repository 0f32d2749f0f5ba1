"""From a session to what panes show: pure functions, so that a test can read every line without a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine import PresetError, Run, Trainer
from tui import form
from tui.figures import count, short
from tui.form import Field
from tui.hidden import NOTHING, WORD, Hidden, why_hidden
from tui.live_edit import refused
from tui.names import labels, letters, marked
from tui.pace import Pace
from tui.panes.bars import Standing
from tui.panes.settings import MARK_FIXED, MARK_LIVE, MARK_RESTART, Check, FormRow
from tui.panes.training_loop import PHASES, EpochDone, Moment
from tui.plots.band import banded
from tui.plots.fit import fit_picture
from tui.plots.ghosts import behind
from tui.plots.landscape import surface_picture
from tui.plots.more_curves import MORE, more_picture
from tui.plots.more_curves import why_not as more_why_not
from tui.plots.pictures import Picture, accuracy_picture, error_picture, loss_picture
from tui.plots.refusal import refused_picture
from tui.plots.sight import sight_of
from tui.session import Session, why_not
from tui.tree.in_batch import samples_of
from tui.tree.rows import Branch
from tui.viewing import AS_IT_IS, Viewing
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


def form_rows(session: Session) -> list[FormRow]:
    """The rows of the settings form."""
    document, waiting, fields = session.document, session.waiting, session.fields
    live = {field for field in fields if field.live}
    if "training.optimizer.name" in waiting:  # settings of another optimizer than the one that trains wait with it
        live = {field for field in live if not field.key.startswith("training.optimizer.")}
    fixed, hidden = {field: session.fixed(field) for field in fields}, session.hidden
    return [
        FormRow(
            field.key,
            field.label,
            hidden.of(field.label, form.written(session.value(field))),
            MARK_FIXED if fixed[field] else MARK_LIVE if field in live else MARK_RESTART,
            chosen=bool(form.choices(field, document)),
            waiting=field.key in waiting,
            differs=session.differs(field),
            below=rate_now(session) if field.key == form.RATE and not hidden.setting(field.label) else "",
            fixed=fixed[field],
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
    return Check(derived(run, session.hidden), allowed)


def derived(run: Run, hidden: Hidden = NOTHING) -> tuple[str, str]:
    """What follows from the settings: iterations per epoch and in all, and the number of parameters."""
    if run.surface is not None:
        lowest = position(run.surface.axes, np.array(run.surface.minima[0]))
        return f"lowest at {lowest}", count(run.parameters, "parameter")
    per_epoch = run.iterations_per_epoch()
    iterations = f"{per_epoch}/epoch, {per_epoch * run.training.epochs} in all"
    if hidden.setting("batch_size", "epochs"):
        iterations = f"iterations {WORD}"
    return iterations, f"parameters {WORD}" if hidden.setting("hidden") else f"{run.parameters} parameters"


def standing(session: Session, speed: float, left: float) -> Standing:
    """The line at the top, of the selected run."""
    trainer, run, hidden = session.trainer, session.run, session.hidden
    endless, even = hidden.setting("epochs", "steps"), not hidden.setting("epochs", "batch_size")
    name = session.preset.name if len(session.runs) == 1 else f"{session.preset.name}, {run.name}"
    state: str = "watching" if session.elsewhere and session.running else session.state
    if session.done and refused(trainer):
        state = "refused"
    elif session.done and trainer.history.diverged:
        state = "diverged"
    return Standing(
        name,
        settings_line(trainer, short=False, hidden=hidden),
        settings_line(trainer, short=True, hidden=hidden),
        state,
        trainer.epoch,
        0 if endless else trainer.epochs,
        trainer.iteration,
        trainer.iterations if even else 0,
        speed,
        left,
        trainer.run.surface is not None,
    )


def settings_line(trainer: Trainer, short: bool, hidden: Hidden = NOTHING) -> str:
    """'learning rate 0.001, batch 32, 50 epochs', or '0.001, 32, 50', as it trains now; the rate before its schedule."""
    rate, walk = hidden.of("learning_rate", form.written(trainer.base_rate)), trainer.run.surface is not None
    noun = "step" if walk else "epoch"
    covered = hidden.setting(f"{noun}s")
    epochs = WORD if covered else str(trainer.epochs)
    counted = f"{noun}s {WORD}" if covered else count(trainer.epochs, noun)
    if walk:
        return f"{rate}, {epochs}" if short else f"learning rate {rate}, {counted}"
    whole = trainer.run.training.batch_size == "full" and trainer.batch_size == trainer.run.batch_size
    batch = hidden.of("batch_size", "full" if whole else str(trainer.batch_size))
    if short:
        return f"{rate}, {batch}, {epochs}"
    return f"learning rate {rate}, batch {batch}, {counted}"


def branches(session: Session) -> list[Branch]:
    """The runs of the tree: those kept from before, then those of now."""
    hidden = session.hidden
    kept = [Branch(one.called, one.history, 0, True, one.walk, samples_of(one.history), hidden) for one in session.kept]

    def live(name: str, one: Trainer) -> Branch:
        return Branch(name, one.history, one.batches, False, walk_of(one), samples_of(one.history, one), hidden)

    if len(session.trainers) == 1:
        only = session.trainer
        seedless = only.run.surface is not None or session.hidden.setting("seed")
        name = only.run.name if seedless else f"{only.run.name}, seed {only.run.seed}"
        return [*kept, live(name, only)]
    full = [trainer.run.name for trainer in session.trainers]
    names = map(marked, letters(full), labels(full))
    return kept + [live(name, one) for name, one in zip(names, session.trainers, strict=True)]


def pictures(session: Session, viewing: Viewing = AS_IT_IS) -> tuple[Picture, Picture]:
    """The loss, and what stands under it, with ghosts and the band of many seeds behind the runs of now."""
    return banded(session, behind(session, _pictures(session, viewing)))


def _pictures(session: Session, viewing: Viewing) -> tuple[Picture, Picture]:
    trainers, selected, blind = session.trainers, session.selected, session.hidden.validation
    log = session.preset.sheet.show.loss_axis == "log" if viewing.log_y is None else viewing.log_y
    sight = sight_of(trainers, selected, viewing, session.hidden, [one.history for one in session.ghosts])
    loss = loss_picture(trainers, selected, log, blind, sight)
    if session.state == "refused":
        loss = refused_picture(session.trainer)
        if session.hidden.setting("batch_size"):
            loss = replace(loss, text=(f"A step needs too much memory; {why_hidden('batch_size')}",))
    if viewing.second in MORE and not more_why_not(viewing.second, session.trainer, session.hidden):
        return loss, more_picture(viewing.second, trainers, selected, sight)
    if session.trainer.run.surface is not None:
        return loss, surface_picture(trainers, selected)
    if session.trainer.run.facts.classes:
        return loss, accuracy_picture(trainers, selected, blind, sight)
    if session.preset.second == "fit" and session.trainer.run.facts.features == 1:
        one_input = [one for one in trainers if one.table is not None and one.run.facts.features == 1]
        return loss, fit_picture(one_input, 0, blind)
    return loss, error_picture(trainers, selected, blind, sight)


def moment(session: Session, phase: int, speed: float, left: float, pace: str) -> Moment:
    """The training loop, of the selected run."""
    history = session.trainer.history
    newest = history[-1] if len(history) else None
    trainer, hidden = session.trainer, session.hidden
    samples = "samples" if hidden.setting("data") else NAMES.get(trainer.run.source.name, "samples")
    trains = not refused(trainer)  # the selected run may be, where others of a comparison train
    return Moment(
        phase if trains else -1, newest, speed, left, pace, samples, walk_of(trainer), not trains, epoch_done(trainer),
        counted=not hidden.setting("batch_size"),
    )  # fmt: skip


def epoch_done(trainer: Trainer) -> EpochDone | None:
    """The newest epoch that is over, as the lesson prints it; None before, and on a surface."""
    history = trainer.history
    if not history.epochs or trainer.run.surface is not None:
        return None
    entry = history.epochs[-1]
    if entry.iteration - 1 not in history.kept:
        return None
    last = history[entry.iteration - 1].batch_loss
    return EpochDone(entry.epoch, last, entry.train.loss, trainer.run.facts.samples)


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
