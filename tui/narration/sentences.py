"""What is said of runs that train: pure functions from a trainer or an epoch to whole sentences.

What a teacher's preset hides is left out here, as everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from engine import EpochMetrics, Evaluation, IterationMetrics, Trainer
from tui.figures import count
from tui.hidden import Hidden
from tui.live_edit import refused, why_refused
from tui.narration.spoken import figure, ordinal, sentence, setting, share, spoken
from tui.session import Session
from tui.walk import Walk, walk_of
from tui.words.endings import diverged, early, reduced, restored, unit

MOST_RISES = 100  # in a row, that are counted


def name_of(trainer: Trainer) -> str:
    """What a run is called."""
    return spoken(trainer.run.name)


def leading(session: Session) -> Trainer:
    """The selected run, or where that is refused, or not as far, the one that has come furthest."""
    return session.trainer if session.trainer.iteration else max(session.trainers, key=lambda one: one.iteration)


def at(walk: Walk, step: int) -> str:
    """A place on a surface after so many steps (-1: now): 'u minus 3.84, v 0.2'."""
    return ", ".join(f"{axis} {figure(float(each))}" for axis, each in zip(walk.surface.axes, walk.path[step], strict=True))


def who(trainer: Trainer, several: bool = True) -> str:
    """'Run big: ', where there are several."""
    return f"Run {name_of(trainer)}: " if several else ""


# figures


def place(trainer: Trainer, iteration: bool = True) -> str:
    """'epoch 7 of 50, iteration 224 of 1600', or 'step 3 of 40'."""
    where = f"{unit(trainer)} {trainer.epoch} of {trainer.epochs}"
    inside = iteration and trainer.run.surface is None
    return f"{where}, iteration {trainer.iteration} of {trainer.iterations}" if inside else where


def evaluated(trainer: Trainer, train: Evaluation, validation: Evaluation | None, hidden: Hidden) -> str:
    """Both losses and how much is right: 'training loss 0.21, accuracy 93 percent; validation loss 0.35, ...'."""
    if (walk := walk_of(trainer)) is not None:
        return f"loss {figure(train.loss)} at {at(walk, -1)}"
    said = f"training loss {figure(train.loss)}{_quality(train)}"
    if validation is not None and not hidden.validation:
        said += f"; validation loss {figure(validation.loss)}{_quality(validation)}"
    return said


def _quality(seen: Evaluation) -> str:
    if seen.accuracy is not None:
        return f", accuracy {share(seen.accuracy)}"
    return f", mean absolute error {figure(seen.mean_absolute_error)}" if seen.mean_absolute_error is not None else ""


def batch(trainer: Trainer, metrics: IterationMetrics, hidden: Hidden) -> str:
    """A single batch, by its phases: the loss forward, the gradient backward, and what the update moved."""
    if (walk := walk_of(trainer)) is not None:
        where = f"One step: from {at(walk, -2)} to {at(walk, -1)}"
        before = f"Before it: loss {figure(metrics.batch_loss)}, gradient {figure(metrics.gradient_norm)}"
        return f"{where}. {before}."
    right = "" if metrics.batch_accuracy is None else f", accuracy {share(metrics.batch_accuracy)}"
    rate = "" if hidden.setting("learning_rate") else f" with learning rate {setting(metrics.learning_rate)}"
    return " ".join(
        (
            f"Epoch {metrics.epoch}, batch {metrics.batch} of {metrics.batches}.",
            f"Forward: loss {figure(metrics.batch_loss)}{right}.",
            f"Backward: gradient norm {figure(metrics.gradient_norm)}.",
            f"Update: the weights move by {figure(metrics.update_norm)}{rate}.",
        )
    )


# epochs


def epochs(trainer: Trainer, told: int, hidden: Hidden) -> str:
    """What has happened since `told` epochs: of a single one how it compares with that before, of several the way."""
    history = trainer.history
    newest, word = history.epochs[-1], unit(trainer)
    one = len(history.epochs) - told == 1
    between = "and" if newest.epoch == told + 2 else "to"
    when = f"{word} {newest.epoch}" if one else f"{word}s {told + 1} {between} {newest.epoch}"
    parts = []
    if trainer.run.surface is not None:
        part = _compared(trainer, "train", "") if one else _way(trainer, told, "train", "")
        parts.append(f"loss {part}, {evaluated(trainer, newest.train, None, hidden).partition(' at ')[2]}")
    else:
        for name, seen in (("train", newest.train), ("validation", newest.validation)):
            if seen is None or (name == "validation" and hidden.validation):
                continue
            best = _best(trainer, told) if (name == "validation") is (newest.validation is not None) else ""
            how = _compared(trainer, name, best) if one else _way(trainer, told, name, best)
            parts.append(f"{'training' if name == 'train' else name} loss {how}")
        parts[-1] += _quality(newest.validation if newest.validation is not None and not hidden.validation else newest.train)
    return sentence(f"{when} of {trainer.epochs}: {'; '.join(parts)}")


def _losses(trainer: Trainer, name: str) -> Iterator[float]:
    """A loss after each epoch, the newest first, that before training last."""
    history = trainer.history
    for at in reversed(history.epochs.kept):
        yield _seen(history.epochs[at], name).loss
    first = history.initial if name == "train" else history.initial_validation
    if first is not None and not history.epochs.kept.start:
        yield first.loss


def _seen(entry: EpochMetrics, name: str) -> Evaluation:
    seen = entry.train if name == "train" else entry.validation
    assert seen is not None
    return seen


def _compared(trainer: Trainer, name: str, best: str) -> str:
    """'0.35, rose for the third time in a row': the newest loss beside the one before."""
    losses = _losses(trainer, name)
    now, rises = next(losses), 0
    before = after = next(losses, now)
    later = now
    while later > after and rises < MOST_RISES:
        rises += 1
        later, after = after, next(losses, later)
    if rises and math.isfinite(now) and figure(now) != figure(before):
        return f"{figure(now)}, rose {ordinal(rises)}".rstrip() + best
    return f"{figure(now)}{trend(before, now)}{best}"


def trend(before: float, now: float) -> str:
    """', lower', ', higher', ', hardly changed' (where it would be said alike); nothing of what is no number."""
    if not math.isfinite(now):
        return ""
    if figure(now) == figure(before):
        return ", hardly changed"
    return ", lower" if now < before else ", higher"


def _way(trainer: Trainer, told: int, name: str, best: str) -> str:
    """'fell from 0.39 to 0.21', since so many epochs."""
    history = trainer.history
    first = history.initial if name == "train" else history.initial_validation
    at = max(told - 1, history.epochs.kept.start)
    before = first.loss if told == 0 and first is not None else _seen(history.epochs[at], name).loss
    now = _seen(history.epochs[-1], name).loss
    if figure(before) == figure(now):
        return f"stays near {figure(now)}{best}"
    return f"{'fell' if now < before else 'rose'} from {figure(before)} to {figure(now)}{best}"


def _best(trainer: Trainer, told: int) -> str:
    """', the best so far' where the newest epoch is; ', with its best so far, 0.33, at epoch 12' where one since is."""
    best = trainer.history.best
    if best is None or best.epoch <= told:
        return ""
    if best.epoch == len(trainer.history.epochs):
        return ", the best so far"
    return f", with its best so far, {figure((best.validation or best.train).loss)}, at epoch {best.epoch}"


def side_by_side(trainers: Sequence[Trainer], told: Sequence[float], hidden: Hidden) -> str:
    """The newest loss of each run, beside what was told last: 'Epoch 7 of 50, validation loss: big 0.15, higher; ...'."""
    unseen = blind(trainers, hidden)
    places = {(one.epoch, one.epochs) for one in trainers}
    parts = []
    for trainer, before in zip(trainers, told, strict=True):
        now = main_loss(trainer, unseen)
        where = f" at {unit(trainer)} {trainer.epoch} of {trainer.epochs}" if len(places) > 1 else ""
        parts.append(f"{name_of(trainer)} {figure(now)}{where}{trend(before, now)}")
    word = unit(trainers[0])
    when = f"{word} {trainers[0].epoch} of {trainers[0].epochs}, " if len(places) == 1 else ""
    what = "loss" if word == "step" else "training loss" if unseen else "validation loss"
    return sentence(f"{when}{what}: {'; '.join(parts)}")


def blind(trainers: Sequence[Trainer], hidden: Hidden) -> bool:
    """Whether runs are compared by their training losses: the validation set is hidden, or one of them has none."""
    return hidden.validation or any(one.history.initial_validation is None for one in trainers)


def main_loss(trainer: Trainer, blind: bool) -> float:
    """The loss that runs are compared by: on the validation set, or where that is not seen on the training set."""
    history = trainer.history
    last = history.epochs[-1] if history.epochs else None
    train, validation = (last.train, last.validation) if last else (history.initial, history.initial_validation)
    seen = train if blind or validation is None else validation
    assert seen is not None
    return seen.loss


# what happens on the way, and the end


def divergence(trainer: Trainer) -> str:
    """Where a run has diverged, and what its loss is."""
    found = trainer.history.diverged
    assert found is not None
    return sentence(f"{diverged(trainer)}: the loss is {figure(found.loss)}")


def reduction(trainer: Trainer) -> str:
    """That a schedule that waits for a plateau has reduced the rate, and why."""
    return sentence(spoken(f"{unit(trainer)} {trainer.epoch}: {reduced(trainer)}"))


def covers_reduction(trainer: Trainer, hidden: Hidden) -> bool:
    """Whether that would tell what is hidden."""
    monitor = getattr(trainer.run.training.schedule, "monitor", "")
    return hidden.setting("learning_rate") or (hidden.validation and monitor.startswith("validation"))


def ending(trainer: Trainer, hidden: Hidden) -> str:
    """How a run ended."""
    history, rule = trainer.history, trainer.run.training.early_stopping
    stopped = history.stopped
    assert stopped is not None
    if refused(trainer):
        if hidden.setting("batch_size"):
            return "a step needs too much memory"
        return sentence(spoken(why_refused(trainer.run, trainer.run.batch_size)))
    covered = hidden.validation and rule is not None and rule.monitor.startswith("validation")
    if stopped.reason == "early_stopping" and covered:
        return f"It stopped early at {unit(trainer)} {stopped.epoch}; why is hidden."
    if said := early(trainer):
        words = sentence(spoken(said))
    elif stopped.reason == "completed":
        back = "" if covered else restored(trainer)
        words = sentence(f"All {count(stopped.epoch, unit(trainer))} are done" + (f"; {spoken(back)}" if back else ""))
    elif stopped.reason == "interrupted":
        words = f"It was ended at {place(trainer)}."
    else:
        words = divergence(trainer)
    return words


def best(trainer: Trainer, hidden: Hidden) -> str:
    """Its best epoch: '0.036 at epoch 32'; empty where that is hidden, or means nothing."""
    found = trainer.history.best
    if found is None or trainer.run.surface is not None or (found.validation is not None and hidden.validation):
        return ""
    return f"{figure((found.validation or found.train).loss)} at epoch {found.epoch}"
