"""A verdict in words: what the curves show, as figures with their epochs and not as blame.

Every line has several wordings, from the longest to the shortest, since nobody here knows how much room there is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.byte_sizes import parse_size
from engine.course import ARRIVED, Course
from engine.diagnosis_advice import advice_on
from engine.diagnosis_figures import accuracy, change, counted, guessing, number, share, times, training, unit_of, validation
from engine.memory import largest_batch, step_memory
from engine.verdict import Evidence, Kind, Verdict

Told = tuple[tuple[str, ...], list[Evidence]]

#: The settings that a kind of verdict gives away.
TELLS: dict[Kind, tuple[str, ...]] = {
    "learning_rate_too_high": ("learning_rate",),
    "learning_rate_too_low": ("learning_rate",),
    "noisy": ("batch_size",),
    "refused": ("batch_size",),
    "dead_units": ("activation",),
    "still_improving": ("epochs", "steps"),
}


def tell(kind: Kind, course: Course, dead_share: float | None = None) -> Verdict:
    """The verdict of this kind on a run as it is now."""
    words, evidence = _TELLERS[kind](course) if dead_share is None else _dead(course, dead_share)
    advice = advice_on(kind, course)
    return Verdict(
        kind, course.epoch, words, tuple(evidence), advice.lesson, advice.suggestion, advice.unchanged, TELLS.get(kind, ())
    )


# each kind


def _early(course: Course) -> Told:
    unit = unit_of(course)
    over = course.history.stopped is not None
    if over and course.epoch:
        said = f"Too early to say: the run ended after {counted(course.epoch, unit)}, and a verdict needs 2."
    else:
        said = f"Too early to say: a verdict needs 2 {unit}s."
    return (said, "Too early to say"), [training(course)] if course.epoch else []


def _refused(course: Course) -> Told:
    run = course.run
    limit = run.training.memory_limit or "0 B"
    needed, fits = step_memory(run, run.batch_size).total, largest_batch(run)
    short = f"Refused for memory: batch_size {run.batch_size} needs {needed:,} B of {limit}"
    evidence = [
        Evidence(f"a step with batch_size {run.batch_size} needs", f"{needed:,} B"),
        Evidence(f"memory_limit {limit}", f"{parse_size(limit):,} B"),
        Evidence("the largest batch_size that fits", str(fits) if fits else "none: only a smaller network does"),
    ]
    more = f"; {fits} rows fit." if fits else "; no batch fits."
    return (short + more, short, "Refused for memory"), evidence


def _diverging(course: Course) -> Told:
    now, start, unit = course.train + course.floor, course.initial + course.floor, unit_of(course)
    loss = "training loss" if course.run.surface is None else "loss"
    noted = course.history.diverged if course.diverged or not math.isfinite(course.train) else None
    if math.isfinite(now) and start > 0.0:
        long = f"Diverging: the {loss} is {number(now)}, {times(now / start)} what it was before training."
        brief = f"Diverging: loss {number(now)}, {times(now / start)} its start"
    else:
        long = f"Diverging: the {loss} is {number(now)}."
        brief = f"Diverging: loss {number(now)}"
    evidence = [training(course)]
    if noted is not None:
        where = f"{unit} {noted.epoch}" + (f", iteration {noted.iteration}" if unit == "epoch" else "")
        factor = course.run.training.divergence.factor
        evidence.append(Evidence(f"above {factor:g} times its start, or no number, from {where}", number(noted.loss)))
    evidence.append(Evidence("learning rate", f"{course.rate:g}"))
    return (long, brief), evidence


def _overfitting(course: Course) -> Told:
    if course.by_heart:
        held, guess = number(course.validation), number(course.scale)
        hardly = "hardly better" if course.best < course.scale else "no better"
        long = (
            f"Overfitting: training loss {number(course.train)}, yet validation loss {held}, at best {hardly} than guessing."
        )
        brief = f"Overfitting: training {number(course.train)}, validation {held}, guessing {guess}"
        return (long, brief, "Overfitting"), [training(course), *validation(course), *guessing(course), *accuracy(course)]
    since, up, down = course.best_epoch, change(course.best, course.validation), change(course.train_at_best, course.train)
    long = f"Overfitting since epoch {since}: validation loss {up} over its best while training loss changed by {down}."
    if down.startswith("-"):
        long = f"Overfitting since epoch {since}: validation loss {up} over its best while training loss fell {down[1:]}."
    brief = f"Overfitting since epoch {since}: validation {up}, training {down}"
    evidence = [
        *validation(course),
        Evidence(
            f"training loss, epoch {since} -> {course.epoch}", f"{number(course.train_at_best)} -> {number(course.train)}"
        ),
        *accuracy(course),
    ]
    kept = course.history.restored
    if kept is not None:
        evidence.append(Evidence("early stopping went back to the weights of", f"epoch {kept.epoch}"))
    return (long, brief, f"Overfitting since epoch {since}"), evidence


def _rate_high(course: Course) -> Told:
    unit, (judged, too_long, _) = unit_of(course), course.gains
    rate = Evidence("learning rate", f"{course.rate:g}")
    if too_long > 0.5 * judged:
        said = f"Learning rate too high: {too_long} of {counted(judged, 'step')} went beyond the lowest point of their line."
        brief = f"Learning rate too high: {too_long} of {judged} steps overshot"
        what = "steps that brought less than half of what the slope promised"
        return (said, brief, "Learning rate too high"), [training(course), Evidence(what, f"{too_long} of {judged}"), rate]
    (jump, upwards), first = course.roughness, course.epoch - course.recent + 1
    level = course.mean("train", first, course.epoch)
    if (
        course.run.surface is None
        and course.hardly_begun
        and course.rate > course.usual_rate
        and course.train < 1.5 * course.scale
    ):
        now, usual = number(course.train), Evidence("the most that is usual for the optimizer", f"{course.usual_rate:g}")
        said = f"Learning rate too high: after {counted(course.epoch, unit)} the training loss is {now}, as if by guessing."
        brief = f"Learning rate too high: training loss {now}, as if by guessing"
        return (said, brief, "Learning rate too high"), [training(course), *guessing(course), rate, usual]
    stretch = f"{unit}s {first}-{course.epoch}"
    loss = "training loss" if course.run.surface is None else "loss"
    lowest = f"{number(course.lowest + course.floor)} at {unit} {course.lowest_epoch}"
    rose = f"{lowest} to {number(course.train + course.floor)}"
    if upwards > 0.9:
        said = f"Learning rate too high: the {loss} has climbed from {rose}."
        evidence = [training(course), Evidence(f"lowest {loss}", lowest), rate]
        return (
            said,
            f"Learning rate too high: {loss} up from {number(course.lowest + course.floor)}",
            "Learning rate too high",
        ), evidence
    if course.strayed and not (upwards >= 0.25 and jump >= 0.08 * level):
        up, where = change(course.best, course.validation), course.best_epoch
        since = f"of epoch {where}, training loss still {number(level)}."
        said = f"Learning rate too high: validation loss {up} over its best {since}"
        brief = f"Learning rate too high: validation {up} since epoch {where}"
        usual = Evidence("the most that is usual for the optimizer", f"{course.usual_rate:g}")
        return (said, brief, "Learning rate too high"), [training(course), *validation(course), rate, usual]
    said = f"Learning rate too high: the {loss} jumps by {share(jump / level)} from {unit} to {unit}, up as well as down."
    brief = f"Learning rate too high: {loss} jumps by {share(jump / level)} each {unit}"
    evidence = [
        training(course),
        Evidence(f"mean change from {unit} to {unit}, {stretch}", f"{number(jump)} at a loss of {number(level)}"),
        Evidence("share of these changes that goes up", share(upwards)),
        rate,
    ]
    return (said, brief, "Learning rate too high"), evidence


def _rate_low(course: Course) -> Told:
    unit, start, now = unit_of(course), course.from_loss, course.train
    loss = "training loss" if course.run.surface is None else "loss"
    fallen = share(max(0.0, 1.0 - now / start)) if start > 0.0 else share(0.0)
    done = course.epoch - course.since
    since = f"since {unit} {course.since} " if course.since else ""
    said = f"Learning rate too low: in {counted(done, unit)} the {loss} has fallen {fallen}, steadily."
    if course.run.surface is not None:
        said = f"Learning rate too low: {counted(done, unit)} have come {fallen} of the way down."
    evidence = [training(course)]
    if course.gains[0]:
        evidence.append(Evidence("of what the slope promised, the last step brought", share(course.gains[2])))
    if since:
        evidence.append(Evidence(f"{loss}, {unit} {course.since} -> {course.epoch}", f"{number(start)} -> {number(now)}"))
    evidence += [*guessing(course), Evidence("learning rate", f"{course.rate:g}")]
    brief = f"Learning rate too low: loss fell {fallen} in {counted(done, unit)}"
    brief = (
        f"Learning rate too low: {fallen} of the way in {counted(done, unit)}" if course.run.surface is not None else brief
    )
    return (said, brief, "Learning rate too low"), evidence


def _noisy(course: Course) -> Told:
    size, (jump, _) = course.batch_size, course.roughness
    first = course.epoch - course.recent + 1
    rows = f"batches of {size}" if size > 1 else "batches of 1 sample"
    by_batch = math.isfinite(course.noise)
    step, amount = ("batch", course.noise) if by_batch else ("epoch", jump)
    said = f"Noisy: with {rows} the loss changes by {number(amount)} from one {step} to the next."
    evidence = [training(course)]
    if by_batch:
        evidence.append(Evidence(f"change from batch to batch, epochs up to {course.epoch}", number(course.noise)))
    evidence += [
        Evidence(f"mean change of the training loss from epoch to epoch, {first}-{course.epoch}", number(jump)),
        Evidence("batch_size", f"{size} of {course.run.facts.samples} samples"),
    ]
    return (said, f"Noisy: {rows}; the loss changes by {number(amount)} a {step}", "Noisy: small batches"), evidence


def _underfitting(course: Course) -> Told:
    now, unit = number(course.train), unit_of(course)
    known = course.scale != course.initial
    against = f"guessing costs {number(course.scale)}" if known else f"it began at {number(course.initial)}"
    said = f"Underfitting: after {counted(course.epoch, unit)} the training loss is still {now}; {against}."
    return (
        (said, f"Underfitting: training loss still {now}; {against}", "Underfitting"),
        [training(course), *guessing(course), *accuracy(course)],
    )


def _plateau(course: Course) -> Told:
    now, unit = number(course.train + course.floor), unit_of(course)
    if course.run.surface is not None:
        said = f"Plateau: it has come to rest at {now}; the deepest point lies at {number(course.floor)}."
        evidence = [training(course), Evidence("height of the deepest point", number(course.floor))]
        return (said, f"Plateau: at rest at {now}, the deepest is {number(course.floor)}", "Plateau"), evidence
    first = course.epoch - course.recent + 1
    moved = change(course.mean("train", first, first), course.train)
    said = f"Plateau: the training loss lies level near {now} ({moved} since {unit} {first})."
    evidence = [training(course), Evidence(f"training loss, {unit} {first} -> {course.epoch}", moved)]
    evidence += [*validation(course), *accuracy(course)]
    return (said, f"Plateau: training loss near {now} since {unit} {first}", "Plateau"), evidence


def _improving(course: Course) -> Told:
    unit, first = unit_of(course), course.epoch - course.recent + 1
    ended = f"at {unit} {course.epoch} of {course.planned}"
    if course.run.surface is not None:
        said = f"Still improving: the loss is {number(course.train + course.floor)} and falling {ended}."
        return (said, f"Still improving: loss {number(course.train + course.floor)}", "Still improving"), [training(course)]
    fell = change(course.mean("train", first, first), course.train)
    both = "both losses fall" if course.sees_validation else "the training loss falls"
    said = f"Still improving: {both} {ended}; training loss {fell} since {unit} {first}."
    evidence = [training(course), Evidence(f"training loss, {unit} {first} -> {course.epoch}", fell), *validation(course)]
    brief = f"Still improving {ended}: training {fell} since {first}"
    return (said, brief, "Still improving"), evidence


def _blind(course: Course) -> Told:
    now, hidden = number(course.train), course.run.facts.validation > 0
    if hidden:
        said = f"By the training loss alone, {now}: it falls. What new samples would say is hidden."
        return (said, f"Training loss {now}; validation is hidden", "Validation is hidden"), [training(course)]
    said = f"Training blind: training loss {now}, and nothing shows whether it holds for new samples."
    evidence = [training(course), Evidence("validation samples", "0")]
    return (said, f"Training blind: loss {now}, no validation to judge it", "Training blind"), evidence


def _healthy(course: Course) -> Told:
    unit = unit_of(course)
    if course.run.surface is not None:
        now = number(course.train + course.floor)
        evidence = [training(course), Evidence("height of the deepest point", number(course.floor))]
        if course.train <= ARRIVED * course.scale:
            said = f"Healthy: it has come to the deepest point, loss {now}."
            return (said, "Healthy: at the deepest point", "Healthy"), evidence
        return (f"Healthy: the loss falls, {now} now.", "Healthy: it falls", "Healthy"), evidence
    best, now = number(course.best), number(course.validation)
    evidence = [training(course), *validation(course), *accuracy(course)]
    if course.best_epoch == course.epoch:
        newest = f"validation {best} at epoch {course.epoch} is its best so far."
        brief = f"Healthy: both losses fall; validation {best} is its best so far."
        return (
            f"Healthy: training and validation loss fall together; {newest}",
            brief,
            "Healthy: both losses fall",
        ), evidence
    where = f"its best was {best} at {unit} {course.best_epoch}"
    long = f"Healthy: training loss {number(course.train)}, validation loss {now}; {where}."
    return (long, f"Healthy: validation {now}, best {best} at epoch {course.best_epoch}", "Healthy"), evidence


def _dead(course: Course, dead_share: float) -> Told:
    said = f"Dead units: {share(dead_share)} of a hidden layer's units give 0 for every sample, and learn nothing."
    evidence = [
        Evidence(f"units of a layer that give 0 for every training sample, epoch {course.epoch}", share(dead_share)),
        training(course),
        *guessing(course),
        Evidence("learning rate", f"{course.rate:g}"),
    ]
    return (said, f"Dead units: {share(dead_share)} of a layer gives only 0", "Dead units"), evidence


_TELLERS: dict[Kind, Callable[[Course], Told]] = {
    "too_early": _early,
    "refused": _refused,
    "diverging": _diverging,
    "overfitting": _overfitting,
    "learning_rate_too_high": _rate_high,
    "learning_rate_too_low": _rate_low,
    "noisy": _noisy,
    "underfitting": _underfitting,
    "plateau": _plateau,
    "still_improving": _improving,
    "training_blind": _blind,
    "healthy": _healthy,
}
