"""Verdicts on the rate and the batches in words: diverging, learning rate too high or too low, noisy.

Where somebody changed the rate while it trained and the curve answers to that, the change is named: it is evidence.
"""

from __future__ import annotations

import math

from engine.course import Altered, Course
from engine.diagnosis_figures import change, counted, guessing, number, share, times, training, unit_of, validation
from engine.diagnosis_signs import cut_short, hardly_begun, raised, strayed
from engine.verdict import Evidence

Told = tuple[tuple[str, ...], list[Evidence]]


def changed(altered: Altered, course: Course) -> Evidence:
    """The fact that a setting was changed."""
    return Evidence(f"{words_for(altered)} changed at {unit_of(course)} {altered.epoch}", from_to(altered))


def words_for(altered: Altered) -> str:
    """'learning rate', 'batch size'."""
    return altered.key.replace("_", " ")


def from_to(altered: Altered) -> str:
    """'0.01 -> 1e-06'."""
    return f"{altered.old:g} -> {altered.new:g}"


def diverging(course: Course) -> Told:
    """The loss climbs, or is no number: since when, and how far."""
    now, start, unit = course.train + course.floor, course.initial + course.floor, unit_of(course)
    loss = "training loss" if course.run.surface is None else "loss"
    noted = course.history.diverged if course.diverged or not math.isfinite(course.train) else None
    if math.isfinite(now) and start > 0.0:
        long = f"Diverging: the {loss} is {number(now)}, {times(now / start)} what it was before training."
        brief = f"Diverging: loss {number(now)}, {times(now / start)} its start"
    else:
        long = f"Diverging: the {loss} is {number(now)}."
        brief = f"Diverging: loss {number(now)}"
    evidence, by_hand = [training(course)], raised(course)
    if by_hand is not None:
        since, where = f"from {by_hand.old:g} to {by_hand.new:g}", f"at {unit} {by_hand.epoch}"
        long = f"Diverging since the learning rate was changed {since} {where}: {loss} {number(now)}."
        brief = f"Diverging since the rate went {since} {where}"
        evidence.append(changed(by_hand, course))
    if noted is not None:
        where = f"{unit} {noted.epoch}" + (f", iteration {noted.iteration}" if unit == "epoch" else "")
        factor = course.run.training.divergence.factor
        evidence.append(Evidence(f"above {factor:g} times its start, or no number, from {where}", number(noted.loss)))
    evidence.append(Evidence("learning rate", f"{course.rate:g}"))
    return tuple(sorted((long, brief, "Diverging"), key=len, reverse=True)), evidence


def rate_high(course: Course) -> Told:
    """Steps too long: what shows it, and since when where somebody made them longer."""
    words, evidence = _rate_high(course)
    by_hand = raised(course)
    if by_hand is None:
        return words, evidence
    fact, name = words[-2].partition(": ")[2].replace("training loss", "loss"), "Learning rate too high"
    when = f"{unit_of(course)} {by_hand.epoch}"
    fact = fact.removesuffix(f" since {when}")
    long = f"{name} since it was changed from {by_hand.old:g} to {by_hand.new:g} at {when}: {fact}."
    return (long, f"{name} since {when}, when {from_to(by_hand)}", name), [*evidence, changed(by_hand, course)]


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
        and hardly_begun(course)
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
    if strayed(course) and not (upwards >= 0.25 and jump >= 0.08 * level):
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


def rate_low(course: Course) -> Told:
    """A steady fall that takes too long, or one that a change of the rate has ended."""
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
    if (by_hand := cut_short(course)) is not None:
        was = f"from {by_hand.old:g} to {by_hand.new:g} at epoch {by_hand.epoch}"
        said = f"Learning rate too low: since it was changed {was}, the {loss} has fallen {fallen}."
        brief = f"Learning rate too low since epoch {by_hand.epoch}, when {from_to(by_hand)}"
        evidence += [changed(by_hand, course), Evidence(f"until then the {loss} fell in an epoch by", share(by_hand.pace))]
    return (said, brief, "Learning rate too low"), evidence


def noisy(course: Course) -> Told:
    """A loss that goes up and down with what few samples say."""
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
