"""A verdict in words: what the curves show, as figures with their epochs and not as blame.

Every line has several wordings, from the longest to the shortest, since nobody here knows how much room there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.byte_sizes import parse_size
from engine.course import ARRIVED, Course
from engine.diagnosis_advice import advice_on
from engine.diagnosis_figures import accuracy, change, counted, guessing, number, share, training, unit_of, validation
from engine.diagnosis_rates import Told, changed, diverging, from_to, noisy, rate_high, rate_low, words_for
from engine.diagnosis_signs import AGAIN, HOLDS, again, by_heart, shakes, too_narrow, turned_with
from engine.memory import largest_batch, step_memory
from engine.verdict import Evidence, Kind, Verdict

#: The settings that a kind of verdict gives away.
TELLS: dict[Kind, tuple[str, ...]] = {
    "learning_rate_too_high": ("learning_rate",),
    "learning_rate_too_low": ("learning_rate",),
    "noisy": ("batch_size",),
    "refused": ("batch_size",),
    "dead_units": ("activation",),
    "still_improving": ("epochs", "steps"),
}


#: What another verdict on a healthy run is called before it is sure.
LOOKS_LIKE: dict[Kind, str] = {
    "overfitting": "overfitting",
    "underfitting": "underfitting",
    "learning_rate_too_high": "a rate that is too high",
    "noisy": "the noise of small batches",
}


def tell(kind: Kind, course: Course, dead_share: float | None = None) -> Verdict:
    """The verdict of this kind on a run as it is now."""
    words, evidence = _TELLERS[kind](course) if dead_share is None else _dead(course, dead_share)
    advice, tells = advice_on(kind, course), TELLS.get(kind, ())
    if kind in ("overfitting", "diverging") and course.altered is not None:
        tells += (course.altered.key,)
    if kind == "underfitting" and too_narrow(course):
        tells += ("hidden",)
    return Verdict(kind, course.epoch, words, tuple(evidence), advice.lesson, advice.suggestion, advice.unchanged, tells)


def tell_doubt(course: Course, until: int, other: Kind, times: int) -> Verdict:
    """A run that was healthy `until` an epoch; after it another verdict was true, not yet often enough to be sure."""
    unit, verdict = unit_of(course), tell("healthy", course)
    if course.epoch == until or other not in LOOKS_LIKE:
        return verdict
    brief, like = f"Healthy until {unit} {until}", LOOKS_LIKE[other]
    last = f"the last {times} look" if times > 1 else "the last one looks"
    now, best = number(course.validation), f"best {number(course.best)} at {unit} {course.best_epoch}"
    words: tuple[str, ...] = (f"{brief}: then {like}?", brief)
    if course.run.surface is None:
        figures = f"validation {now}, {best}"
        words = (f"{brief}: {figures}; {last} like {like}.", f"{brief}: then {like}? {figures.capitalize()}.", *words)
    evidence = (*verdict.evidence, Evidence(f"{unit}s in a row that look like {like}", f"{times} of {HOLDS}"))
    return replace(verdict, words=words, evidence=evidence, tells=TELLS.get(other, ()))


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


def _overfitting(course: Course) -> Told:
    if by_heart(course):
        held, guess = number(course.validation), number(course.scale)
        hardly = "hardly better" if course.best < course.scale else "no better"
        long = (
            f"Overfitting: training loss {number(course.train)}, yet validation loss {held}, at best {hardly} than guessing."
        )
        brief = f"Overfitting: training {number(course.train)}, validation {held}, guessing {guess}"
        return (long, brief, "Overfitting"), [training(course), *validation(course), *guessing(course), *accuracy(course)]
    since, up, down = course.best_epoch, change(course.best, course.validation), change(course.train_at_best, course.train)
    long = f"Overfitting since epoch {since}: validation loss {up} over its best while training loss fell {down[1:]}."
    brief = f"Overfitting since epoch {since}: validation {up}, training {down}"
    by_hand = turned_with(course)
    if by_hand is not None:
        what, was = words_for(by_hand), f"from {by_hand.old:g} to {by_hand.new:g} at epoch {by_hand.epoch}"
        long = f"Overfitting since the {what} was changed {was}: validation {up}, training {down}."
        brief = f"Overfitting since epoch {by_hand.epoch}, when {what} {from_to(by_hand)}"
    evidence = [
        *validation(course),
        Evidence(
            f"training loss, epoch {since} -> {course.epoch}", f"{number(course.train_at_best)} -> {number(course.train)}"
        ),
        *accuracy(course),
        *([] if by_hand is None else [changed(by_hand, course)]),
    ]
    kept = course.history.restored
    if kept is not None:
        evidence.append(Evidence("early stopping went back to the weights of", f"epoch {kept.epoch}"))
    return (long, brief, f"Overfitting since epoch {since}"), evidence


def _underfitting(course: Course) -> Told:
    now, unit = number(course.train), unit_of(course)
    known = course.scale != course.initial
    against = f"guessing costs {number(course.scale)}" if known else f"it began at {number(course.initial)}"
    evidence = [training(course), *guessing(course), *accuracy(course)]
    if too_narrow(course):
        units, classes = min(course.run.network.hidden), course.run.facts.classes
        evidence.append(Evidence("units of the narrowest layer, and classes to tell apart", f"{units}, {classes}"))
        against = f"{counted(units, 'unit')} for {classes} classes"
    said = f"Underfitting: after {counted(course.epoch, unit)} the training loss is still {now}; {against}."
    return (said, f"Underfitting: training loss still {now}; {against}", "Underfitting"), evidence


def _plateau(course: Course) -> Told:
    now, unit = number(course.train + course.floor), unit_of(course)
    if course.run.surface is not None:
        said = f"Plateau: it has come to rest at {now}; the deepest point lies at {number(course.floor)}."
        evidence = [training(course), Evidence("height of the deepest point", number(course.floor))]
        return (said, f"Plateau: at rest at {now}, the deepest is {number(course.floor)}", "Plateau"), evidence
    first = course.epoch - course.recent + 1
    moved = change(course.mean("train", first, first), course.train)
    more = change(1.0, max(0.0, 1.0 - again(course)))
    said = f"Plateau: the training loss lies level near {now} ({moved} since {unit} {first})."
    evidence = [training(course), Evidence(f"training loss, {unit} {first} -> {course.epoch}", moved)]
    if abs(again(course)) < AGAIN:
        said = f"Plateau: the training loss is at rest near {now} ({moved} in the last {counted(course.recent, unit)})."
    evidence.append(Evidence(f"at the pace of these, {counted(course.epoch, unit)} more would bring", more))
    if shakes(course):
        jump = share(course.roughness[0] / course.train)
        evidence.append(Evidence(f"mean change from {unit} to {unit}, up as well as down", jump))
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
    if course.altered is not None:
        evidence.append(changed(course.altered, course))
    return (said, f"Dead units: {share(dead_share)} of a layer gives only 0", "Dead units"), evidence


_TELLERS: dict[Kind, Callable[[Course], Told]] = {
    "too_early": _early,
    "refused": _refused,
    "diverging": diverging,
    "overfitting": _overfitting,
    "learning_rate_too_high": rate_high,
    "learning_rate_too_low": rate_low,
    "noisy": noisy,
    "underfitting": _underfitting,
    "plateau": _plateau,
    "still_improving": _improving,
    "training_blind": _blind,
    "healthy": _healthy,
}
